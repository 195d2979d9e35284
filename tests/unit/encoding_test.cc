#include "daemon/framing/encoding.h"

#include <gtest/gtest.h>

#include <random>
#include <stdexcept>
#include <string>

#include "tests/testing/framed.h"

namespace redactd::test {
namespace {

using namespace std::literals;
using Clock = std::chrono::system_clock;

// 2026-03-03T09:14:05.000250Z
constexpr Clock::time_point kNow{std::chrono::microseconds(1772529245000250)};

std::string encode(const Encoding& encoding, std::string_view body, bool plain = false,
                   Clock::time_point now = kNow) {
  Encoded to;
  encode_record(encoding, body, plain, now, to);
  EXPECT_EQ(to.ends, std::vector<uint32_t>{static_cast<uint32_t>(to.bytes.size())});
  return to.bytes;
}

Encoding wrapped(Framing framing = Framing::newline) {
  Encoding encoding;
  encoding.framing = framing;
  encoding.wrap.on = true;
  encoding.wrap.hostname = "node-7";
  encoding.wrap.app_name = "shop";
  return encoding;
}

TEST(Encoding, CountsTheOctetsOfEachRecord) {
  EXPECT_EQ(encode({Framing::octet_counting, {}}, "<13>a\nb"), "7 <13>a\nb");
  EXPECT_EQ(encode({Framing::octet_counting, {}}, std::string(1000, 'x')),
            "1000 " + std::string(1000, 'x'));
}

TEST(Encoding, OfAnEmptyRecordIsNoZeroCount) {
  EXPECT_EQ(encode({Framing::octet_counting, {}}, ""), "1 \n");
  EXPECT_EQ(encode({Framing::newline, {}}, ""), "\n");
  EXPECT_EQ(encode({Framing::nul, {}}, ""), "\0"s);
}

/// OUT2: no body makes two records.
TEST(Encoding, EscapesTheTerminatorInsideTheBody) {
  EXPECT_EQ(encode({Framing::newline, {}}, "a\nb\n\nc"), "a#012b#012#012c\n");
  EXPECT_EQ(encode({Framing::newline, {}}, "a\0b"s), "a\0b\n"s);
  EXPECT_EQ(encode({Framing::nul, {}}, "a\0b\0\0c"s), "a#000b#000#000c\0"s);
  EXPECT_EQ(encode({Framing::nul, {}}, "a\nb"), "a\nb\0"s);
}

TEST(Encoding, TakesATerminatorAtTheEndOfTheBodyForItsOwn) {
  EXPECT_EQ(encode({Framing::newline, {}}, "foobar\n"), "foobar\n");
  EXPECT_EQ(encode({Framing::newline, {}}, "foobar\n\n"), "foobar#012\n");
  EXPECT_EQ(encode({Framing::newline, {}}, "\n"), "\n");
  EXPECT_EQ(encode({Framing::nul, {}}, "foobar\0"s), "foobar\0"s);
  EXPECT_EQ(encode({Framing::octet_counting, {}}, "foobar\n"), "7 foobar\n");
}

TEST(Encoding, AppendsAndTellsWhereEachRecordEnds) {
  Encoded to;
  for (const char* body : {"a", "bc", ""}) encode_record({}, body, false, kNow, to);
  EXPECT_EQ(to.bytes, "a\nbc\n\n");
  EXPECT_EQ(to.ends, (std::vector<uint32_t>{2, 5, 6}));
}

TEST(Wrap, PutsARfc5424HeaderBeforeALine) {
  EXPECT_EQ(encode(wrapped(), "a line", true),
            "<14>1 2026-03-03T09:14:05.000250Z node-7 shop - - - a line\n");
  EXPECT_EQ(encode(wrapped(Framing::nul), "a\nb", true),
            "<14>1 2026-03-03T09:14:05.000250Z node-7 shop - - - a\nb\0"s);
}

TEST(Wrap, CountsTheHeaderToo) {
  const std::string message = "<14>1 2026-03-03T09:14:05.000250Z node-7 shop - - - a line";
  EXPECT_EQ(encode(wrapped(Framing::octet_counting), "a line", true),
            std::to_string(message.size()) + " " + message);
  EXPECT_TRUE(encode(wrapped(Framing::octet_counting), "", true).ends_with("shop - - - "));
}

TEST(Wrap, LeavesRecordsAloneThatHaveAHeader) {
  EXPECT_EQ(encode(wrapped(), "<13>a", false), "<13>a\n");
  EXPECT_EQ(encode({Framing::newline, {}}, "a line", true), "a line\n") << "it is off";
}

TEST(Wrap, MakesThePriorityOfFacilityAndSeverity) {
  Encoding encoding = wrapped();
  encoding.wrap.facility = 23;
  encoding.wrap.severity = 7;
  EXPECT_TRUE(encode(encoding, "x", true).starts_with("<191>1 "));
  encoding.wrap.facility = encoding.wrap.severity = 0;
  EXPECT_TRUE(encode(encoding, "x", true).starts_with("<0>1 "));
}

TEST(Wrap, WritesTimesInUtcWithMicroseconds) {
  auto time = [](int64_t microseconds) {
    return encode(wrapped(), "x", true, Clock::time_point(std::chrono::microseconds(microseconds)))
        .substr(6, 27);
  };
  EXPECT_EQ(time(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(time(951782399999999), "2000-02-28T23:59:59.999999Z");
  EXPECT_EQ(time(951782400000000), "2000-02-29T00:00:00.000000Z");
  EXPECT_EQ(time(4102444799123456), "2099-12-31T23:59:59.123456Z");
  EXPECT_EQ(time(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Wrap, CutsAndCleansNames) {
  Encoding encoding = wrapped();
  encoding.wrap.hostname = std::string(300, 'h');
  encoding.wrap.app_name = std::string(60, 'a');
  EXPECT_EQ(encode(encoding, "x", true), "<14>1 2026-03-03T09:14:05.000250Z " +
                                             std::string(255, 'h') + " " + std::string(48, 'a') +
                                             " - - - x\n");
  encoding.wrap.hostname = "";
  encoding.wrap.app_name = "my app\n\xc3\xa9\x7f";
  EXPECT_EQ(encode(encoding, "x", true),
            "<14>1 2026-03-03T09:14:05.000250Z - my?app???? - - - x\n");
}

TEST(Wrap, TakesTheMachinesNameWhereNoneIsGiven) {
  WrapConfig wrap;
  wrap.on = true;
  EXPECT_NE(resolve_wrap(wrap).hostname, "");
  wrap.hostname = "given";
  EXPECT_EQ(resolve_wrap(wrap), wrap);
  wrap.on = false;
  EXPECT_EQ(resolve_wrap(wrap), WrapConfig{}) << "sinks without it share their bytes";
}

std::string random_body(std::mt19937& random) {
  static constexpr std::string_view kBytes = "\n\0\r 0123456789<>ab\xff#"sv;
  std::string body(random() % 40 + 1, '\0');
  for (char& c : body) c = kBytes[random() % kBytes.size()];
  return body;
}

/// What a receiver gets of `body`.
std::string received(const std::string& body, Framing framing) {
  if (framing == Framing::octet_counting) return body;
  const char terminator = framing == Framing::nul ? '\0' : '\n';
  std::string text;
  for (size_t i = 0; i < body.size(); ++i) {
    if (body[i] != terminator) {
      text += body[i];
    } else if (i + 1 < body.size()) {
      text += framing == Framing::nul ? "#000" : "#012";
    }
  }
  return text;
}

/// A record of 1 GiB can become four times as long, and masks are longer than what they mask.
TEST(Encoding, ABatchBeyondItsPlacesIsAnErrorAndNoOtherPlace) {
  const size_t most = Encoded::kMostBytes;
  Encoded encoded;
  encoded.end_record_at(7);
  encoded.end_record_at(most);
  EXPECT_EQ(encoded.ends, (std::vector<uint32_t>{7, static_cast<uint32_t>(most)}));
  EXPECT_THROW(encoded.end_record_at(most + 1), std::length_error);
  EXPECT_THROW(encoded.end_record_at((size_t{1} << 32) + 7), std::length_error);
  EXPECT_EQ(encoded.ends.size(), 2u);
}

/// OUT1 and OUT2.
TEST(Encoding, OfRandomRecordsIsReadBackAsThem) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    for (Framing framing : {Framing::octet_counting, Framing::newline, Framing::nul}) {
      Encoded encoded;
      std::vector<std::string> bodies;
      for (size_t count = random() % 12; count > 0; --count) {
        std::string body = random_body(random);
        bodies.push_back(received(body, framing));
        encode_record({framing, {}}, body, false, kNow, encoded);
      }
      Framer::Options options;
      options.framing = framing;
      options.network = false;
      options.keep_empty = true;
      std::vector<size_t> cuts = {random() % (encoded.bytes.size() + 1)};
      std::string broken;
      Framed framed = frame(encoded.bytes, cuts, options, broken);
      ASSERT_EQ(broken, "");
      ASSERT_EQ(framed.error, FrameError::none);
      ASSERT_EQ(framed.records.size(), bodies.size());
      ASSERT_EQ(encoded.ends.size(), bodies.size());
      for (size_t i = 0; i < bodies.size(); ++i) ASSERT_EQ(framed.records[i].body, bodies[i]);
    }
  }
}

}  // namespace
}  // namespace redactd::test
