// What known values are read from, on any bytes: requests of the control socket, .env files and
// ::add-mask:: lines. What is understood means the same when it is written again.

#include <string_view>

#include "daemon/known/add_mask.h"
#include "daemon/known/control_protocol.h"
#include "daemon/known/dotenv.h"
#include "tests/fuzz/require.h"

namespace {

using namespace redactd;

void read_request(std::string_view line) {
  std::string error;
  std::optional<ControlRequest> request = parse_request(line, error);
  fuzz::require(request.has_value() == error.empty(), "refused without a reason");
  if (!request) return;
  std::string written = to_line(*request);
  fuzz::require(written.ends_with('\n'), "a request without an end");
  written.pop_back();
  std::optional<ControlRequest> again = parse_request(written, error);
  fuzz::require(again && again->command == request->command && again->name == request->name &&
                    again->fingerprint == request->fingerprint && again->ttl == request->ttl &&
                    again->size == request->size,
                "a request is read otherwise than it is written");
  fuzz::require(request->size <= kLargestSentValue, "a value beyond its limit");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_request(bytes);
  parse_answer(bytes);
  for (const KnownValue& value : parse_dotenv(bytes))
    fuzz::require(!value.name.empty(), "a value without a key");
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  std::optional<Secret> asked = asked_to_mask(line);
  fuzz::require(!asked || asked->size() <= line.size(), "decoding adds bytes");
  if (std::optional<std::string_view> value = add_mask_value(line)) {
    fuzz::require(!value->empty() && value->find('\n') == std::string_view::npos,
                  "no value of one line");
    fuzz::require(decode_add_mask(*value).size() <= value->size(), "decoding adds bytes");
  }
  return 0;
}
