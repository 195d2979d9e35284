#include "daemon/pipeline/command_pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace redactd::test {
namespace {

/// The pieces of reads, with a bar behind those that a marker ends.
std::string pieces_of(const std::vector<std::string>& reads) {
  CommandPieces pieces("::m::");
  std::string result;
  for (std::string_view left : reads) {
    while (!left.empty()) {
      bool inside = pieces.inside();
      size_t size = pieces.next(left);
      result += left.substr(0, size);
      left.remove_prefix(size);
      if (!inside && pieces.inside()) result += '|';
      if (inside && result.back() == '\n') pieces.record_ended();
    }
  }
  return result;
}

TEST(CommandPieces, WithoutAMarkerNothingIsCut) {
  CommandPieces pieces("::m::");
  EXPECT_EQ(pieces.next("one\ntwo ::m: three\n"), 19u);
  EXPECT_EQ(pieces.next("x"), 1u);
  EXPECT_FALSE(pieces.inside());
}

TEST(CommandPieces, APieceEndsWithTheMarkerAndGoesOnByteByByte) {
  CommandPieces pieces("::m::");
  EXPECT_EQ(pieces.next("one\n::m::value\ntwo"), 9u);
  EXPECT_TRUE(pieces.inside());
  EXPECT_EQ(pieces.next("value\ntwo"), 1u);
  pieces.record_ended();
  EXPECT_EQ(pieces.next("\ntwo"), 4u);
}

TEST(CommandPieces, AreTheSameHoweverTheReadsAreCut) {
  const std::string text = "::m::a\n:::m::b\n::::m::::m::c\n::m:\n:m::\nx::m::";
  const std::string whole = pieces_of({text});
  EXPECT_EQ(whole, "::m::|a\n:::m::|b\n::::m::|::m::c\n::m:\n:m::\nx::m::|");
  std::vector<std::string> bytes;
  for (size_t cut = 0; cut < text.size(); ++cut) {
    bytes.push_back(text.substr(cut, 1));
    EXPECT_EQ(pieces_of({text.substr(0, cut), text.substr(cut)}), whole) << "cut at " << cut;
  }
  EXPECT_EQ(pieces_of(bytes), whole);
}

}  // namespace
}  // namespace redactd::test
