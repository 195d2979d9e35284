#include "filters/spans/byte_gap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace redactd {
namespace {

TEST(ByteGap, a_byte_stands_in_every_stretch_that_holds_it_and_in_no_other) {
  std::mt19937 source(1);
  for (size_t size : {0u, 1u, 30u, 9000u}) {
    for (size_t bytes : {0u, 1u, 3u, 40u}) {
      std::string text(size, 'a');
      for (size_t i = 0; i < bytes && size > 0; ++i) text[source() % size] = '[';
      ByteGap<'['> gap;
      size_t begin = 0;
      for (int i = 0; i < 2000; ++i) {
        // Mostly a little further on, now and then anywhere.
        begin = source() % 20 == 0 ? source() % (size + 1) : std::min(size, begin + source() % 9);
        const size_t end = begin + std::min<size_t>(size - begin, source() % 300);
        const bool stands = text.substr(begin, end - begin).find('[') != std::string::npos;
        ASSERT_EQ(gap.stands_in(text, begin, end), stands) << begin << ' ' << end;
      }
    }
  }
}

TEST(Gap, tells_the_first_byte_of_a_class_in_every_stretch) {
  std::mt19937 source(2);
  for (size_t bytes : {0u, 1u, 3u, 40u, 2000u}) {
    std::string text(9000, 'a');
    for (size_t i = 0; i < bytes; ++i) text[source() % text.size()] = source() % 2 ? '7' : 'Q';
    Gap<BytesOf<kDigitsAndCapitals>> gap;
    size_t begin = 0;
    for (int i = 0; i < 4000; ++i) {
      begin =
          source() % 20 == 0 ? source() % text.size() : std::min(text.size(), begin + source() % 9);
      const size_t end = begin + std::min<size_t>(text.size() - begin, source() % 300);
      const size_t first = text.substr(0, end).find_first_not_of('a', begin);
      ASSERT_EQ(gap.first_in(text, begin, end), std::min(first, end)) << begin << ' ' << end;
    }
  }
}

}  // namespace
}  // namespace redactd
