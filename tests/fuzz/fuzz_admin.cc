// The admin endpoint on any bytes: whatever comes is answered or refused, within the limits, and a
// client without the token gets nothing but the probes' bare answers.

#include <boost/asio/buffer.hpp>

#include "daemon/admin/admin_response.h"
#include "tests/fuzz/require.h"

namespace {

using namespace redactd;
namespace http = boost::beast::http;

constexpr char kToken[] = "made-up-token";
constexpr char kSecretive[] = "for token holders only";

AdminHooks hooks() {
  return {[] { return kSecretive; }, [] { return std::vector<std::string>{kSecretive}; },
          [] { return std::vector<std::string>{kSecretive}; }, [](const AdminHooks::Reloaded&) {}};
}

bool holds_token(const AdminRequest& request) {
  auto given = request[http::field::authorization];
  return std::string(given.data(), given.size()).ends_with(kToken);
}

void answer(const AdminRequest& request) {
  fuzz::require(request.body().size() <= kAdminMaxBody, "a body beyond its limit");
  std::optional<AdminResponse> response = respond(request, kToken, hooks());
  if (!response) {
    fuzz::require(request.method() == http::verb::post, "a reload by another method");
    fuzz::require(holds_token(request), "a reload without the token");
    return;
  }
  if (response->result() != http::status::unauthorized && !holds_token(request)) {
    fuzz::require(response->body().find(kSecretive) == std::string::npos,
                  "shown without the token");
  }
  fuzz::require(response->find(http::field::content_length) != response->end(), "no length");
  respond(request, "", hooks());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  boost::asio::const_buffer left(data, size);
  while (left.size() > 0) {  // requests one behind the other
    AdminParser parser;
    limit(parser);
    parser.eager(true);
    boost::beast::error_code error;
    size_t used = parser.put(left, error);
    if (error == http::error::need_more) return 0;
    if (error) {
      fuzz::require(refuse(error).result_int() >= 400, "an error that is none");
      return 0;
    }
    if (!parser.is_done()) return 0;
    answer(parser.get());
    if (used == 0) return 0;
    left += used;
  }
  return 0;
}
