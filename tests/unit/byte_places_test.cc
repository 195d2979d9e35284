#include "daemon/framing/byte_places.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace redactd::test {
namespace {

std::vector<size_t> places(std::string_view text, char byte) {
  std::vector<size_t> found;
  for (BytePlaces places(text, byte); places.place() != BytePlaces::kNone; places.advance())
    found.push_back(places.place());
  return found;
}

std::vector<size_t> places_one_by_one(std::string_view text, char byte) {
  std::vector<size_t> found;
  for (size_t at = text.find(byte); at != std::string_view::npos; at = text.find(byte, at + 1))
    found.push_back(at);
  return found;
}

TEST(BytePlaces, AreAllPlacesOfTheByteInOrderWhereverTheyLie) {
  for (size_t size = 0; size < 200; ++size) {
    for (size_t step : {1, 2, 63, 64, 65}) {
      for (const char byte : {'\n', '\0', '\x80', '\xff'}) {
        std::string text(size, 'x');
        for (size_t at = size % 7; at < size; at += step) text[at] = byte;
        EXPECT_EQ(places(text, byte), places_one_by_one(text, byte)) << size << ", " << step;
      }
    }
  }
}

}  // namespace
}  // namespace redactd::test
