#include "daemon/known/found_value.h"

#include "daemon/known/names.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

/// RFC 3986 §3.2.1; the last `@` of the authority ends the password, for many are not encoded.
std::string_view url_password(std::string_view value) {
  size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view authority = value.substr(scheme + 3);
  size_t host = authority.find_last_of('@', authority.find_first_of("/?#"));
  if (host == std::string_view::npos) return {};
  size_t colon = authority.find(':');
  return colon < host ? authority.substr(colon + 1, host - colon - 1) : std::string_view();
}

unsigned digit(char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); }

Secret percent_decoded(std::string_view text) {
  Secret decoded = Secret::of_size(text.size());
  size_t size = 0;
  for (size_t at = 0; at < text.size(); ++size) {
    bool coded =
        text[at] == '%' && at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2]);
    decoded.data()[size] =
        coded ? static_cast<char>(digit(text[at + 1]) << 4 | digit(text[at + 2])) : text[at];
    at += coded ? 3 : 1;
  }
  decoded.shrink_to(size);
  return decoded;
}

}  // namespace

bool is_secret_variable(std::string_view name, std::string_view value) {
  return names_secret(name) || !url_password(value).empty();
}

void add_found(std::vector<FoundValue>& values, std::string_view name, const std::string& where,
               std::string_view value) {
  if (value.empty()) return;
  values.push_back({{mask_name(name), Secret(value)}, where});
  std::string_view password = url_password(value);
  if (password.empty()) return;
  values.push_back({{mask_name(name), percent_decoded(password)}, where + ", its password"});
}

}  // namespace redactd
