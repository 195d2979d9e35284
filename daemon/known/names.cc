#include "daemon/known/names.h"

#include <algorithm>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr size_t kLongestName = 64;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool matches_name(std::string_view pattern, std::string_view name) {
  size_t at = 0;
  size_t in = 0;
  size_t star =
      std::string_view::npos;  // the last one, which takes more when the rest does not fit
  size_t taken_up_to = 0;
  while (in < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken_up_to = in;
    } else if (at < pattern.size() && lower(pattern[at]) == lower(name[in])) {
      ++at;
      ++in;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      in = ++taken_up_to;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

bool matches_any_name(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_name(pattern, name); });
}

const std::vector<std::string>& secret_names() {
  static const std::vector<std::string> kNames = {"*PASSWORD*",    "*PASSWD*",
                                                  "*PASSPHRASE*",  "*_PASS",
                                                  "PASS",          "*_PWD",
                                                  "*_PW",          "SSHPASS",
                                                  "*JWT*",         "*AUTHORIZATION*",
                                                  "*SECRET*",      "*TOKEN*",
                                                  "*_KEY",         "*_KEY_*",
                                                  "*APIKEY*",      "*CREDENTIAL*",
                                                  "*_AUTH",        "*_DSN",
                                                  "*DATABASE_URL", "*REDIS_URL",
                                                  "*MONGO*_URL",   "*MONGO*_URI",
                                                  "*_SALT",        "*COOKIE*",
                                                  "*WEBHOOK*",     "*CONNECTION_STRING*"};
  return kNames;
}

bool names_secret(std::string_view name) {
  static const std::vector<std::string> kPaths = {"*_FILE", "*_PATH", "*_DIR"};
  return matches_any_name(secret_names(), name) && !matches_any_name(kPaths, name);
}

std::string mask_name(std::string_view name) {
  std::string result;
  for (char c : name.substr(0, kLongestName)) {
    result += is_alnum(c) || c == '_' || c == '-' || c == '.' ? c : '_';
  }
  return result.empty() ? "value" : result;
}

}  // namespace redactd
