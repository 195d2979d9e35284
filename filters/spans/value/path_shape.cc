#include "filters/spans/value/path_shape.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "filters/byte_class.h"
#include "filters/byte_search.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_check.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// Whether so few different bytes stand in a long value that its entropy is below 4.2 whatever
/// their order, which costs less to tell.
bool has_few_bytes(std::string_view value) {
  constexpr size_t kLong = 64;
  constexpr unsigned kFew = 18;  // 2^4.2 = 18.4
  if (value.size() < kLong) return false;
  std::array<uint8_t, 256> seen{};
#pragma GCC unroll 8
  for (char c : value) seen[static_cast<unsigned char>(c)] = 1;
  return std::accumulate(seen.begin(), seen.end(), 0u) <= kFew;
}

size_t last_of(std::string_view value, char c) {
  const void* found = memrchr(value.data(), c, value.size());
  return found == nullptr ? kNone
                          : static_cast<size_t>(static_cast<const char*>(found) - value.data());
}

}  // namespace

bool is_below_known_folder(std::string_view path) {
  static constexpr std::string_view kFolders[] = {"/run/",  "/var/", "/home/", "/usr/",    "/tmp/",
                                                  "/opt/",  "/srv/", "/root/", "/builds/", "/etc/",
                                                  "/data/", "/mnt/", "/Users/"};
  return std::any_of(std::begin(kFolders), std::end(kFolders), [&](std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder);
  });
}

bool is_path(std::string_view value) {
  if (value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")) return true;
  if (value.empty() || value[0] != '/' || value.size() >= kMostChecked) return false;
  if (holds_byte<'+', '='>(value)) return false;  // of base64
  if (!holds_digit_or_capital(value) || is_below_known_folder(value)) return true;
  const bool two_slashes = value.find('/', 1) != kNone;
  return two_slashes && (has_few_bytes(value) || entropy(value) < 4.2);
}

bool is_path_or_url(std::string_view value) {
  if (value.size() >= kMostChecked || value.find('/') == kNone) return false;
  return is_path(value) || holds_scheme_end(value);
}

bool is_object_path(std::string_view value) {
  static constexpr ByteClass kNotOfBase64 = ByteClass::of("-._");
  return std::count(value.begin(), value.end(), '/') >= 2 && kNotOfBase64.any_in(value);
}

bool is_file_path(std::string_view value) {
  size_t slash = last_of(value, '/');
  if (slash == kNone) return false;
  size_t dot = last_of(value, '.');
  if (dot == kNone || dot < slash + 2 || value.size() - dot > 6) return false;
  std::string_view extension = value.substr(dot + 1);
  return extension.size() >= 2 && std::all_of(extension.begin(), extension.end(), is_lower);
}

}  // namespace redactd
