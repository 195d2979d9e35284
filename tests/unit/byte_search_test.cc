#include "filters/byte_search.h"

#include <gtest/gtest.h>

#include <string>

namespace redactd {
namespace {

// Blocks of 32 bytes are looked at at once, so every place of three of them, and of what is left.
constexpr size_t kMostBytes = 100;

TEST(ByteSearch, a_byte_is_found_at_every_place_of_a_text_of_any_length) {
  for (size_t size = 0; size < kMostBytes; ++size) {
    ASSERT_FALSE((holds_byte<'+', '='>(std::string(size, '-')))) << size;
    for (size_t at = 0; at < size; ++at) {
      std::string text(size, '-');
      text[at] = '=';
      ASSERT_TRUE((holds_byte<'+', '='>(text))) << size << ' ' << at;
    }
  }
}

TEST(ByteSearch, only_digits_and_capitals_are_digits_and_capitals) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    for (size_t size : {1u, 40u}) {
      std::string text(size, 'a');
      text.back() = static_cast<char>(byte);
      const bool either = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
      ASSERT_EQ(holds_digit_or_capital(text), either) << byte << ' ' << size;
    }
  }
}

TEST(ByteSearch, the_end_of_a_scheme_is_found_whole_and_inside_the_text) {
  for (size_t size = 0; size < kMostBytes; ++size) {
    ASSERT_FALSE(holds_scheme_end(std::string(size, '/')));
    const std::string before(size, ':');
    ASSERT_TRUE(holds_scheme_end(before + "://"));
    ASSERT_TRUE(holds_scheme_end(before + "://x"));
    ASSERT_FALSE(holds_scheme_end(std::string_view(before + ":/")));
    // What stands behind the text is no part of it.
    const std::string whole = std::string(size, 'x') + "://";
    ASSERT_FALSE(holds_scheme_end(std::string_view(whole).substr(0, size + 2)));
  }
}

}  // namespace
}  // namespace redactd
