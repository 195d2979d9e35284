#pragma once

#include <string_view>

namespace redactd {

/// Some editors and shells begin a file with the mark of UTF-8, which is no part of what is in it.
inline std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace redactd
