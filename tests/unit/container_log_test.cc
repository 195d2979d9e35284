#include "daemon/framing/container_log.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/framing/json_text.h"

namespace redactd::test {
namespace {

const ContainerLog::Origin kOrigin = {"node-1", "shop", "web-0", "app"};

std::string records(std::string_view text, ContainerFormat format = ContainerFormat::as_is,
                    size_t max_content = 1 << 20) {
  ContainerLog log(format, kOrigin, max_content);
  SecretText out;
  log.feed(text, out);
  return std::string(out);
}

TEST(ContainerLog, WholeLinesPassAsTheyAre) {
  const std::string text =
      "2026-01-02T03:04:05.678901234Z stdout F hello\n"
      "2026-01-02T03:04:05.678901235Z stderr F \n"
      "2026-01-02T03:04:05.678901236+02:00 stdout F:x  two blanks \xff\r\n"
      "{\"log\":\"hello\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-02T03:04:05Z\"}\n";
  EXPECT_EQ(records(text), text);
}

TEST(ContainerLog, PiecesOfARecordBecomeOneLine) {
  EXPECT_EQ(records("1T stdout P hel\n2T stdout P lo \n3T stdout F world\n4T stdout F next\n"),
            "1T stdout F hello world\n4T stdout F next\n");
  EXPECT_EQ(records(R"({"log":"hel","stream":"stdout","time":"1"})"
                    "\n"
                    R"({"log":"lo\n","stream":"stdout","time":"2"})"
                    "\n"),
            R"({"log":"hello\n","stream":"stdout","time":"2"})"
            "\n");
}

TEST(ContainerLog, PiecesOfTheOtherStreamDoNotGetBetween) {
  EXPECT_EQ(records("1T stdout P a\n2T stderr P x\n3T stdout F b\n4T stderr F y\n"),
            "1T stdout F ab\n2T stderr F xy\n");
}

TEST(ContainerLog, WhatIsNoContainersLinePassesAsItIs) {
  const std::string text =
      "unknown: runtime\n\nstdout F x\n1T stdboth F x\n1T stdout Q x\nx stdout F y\n"
      "{\"log\":\"no end\n{\"message\":\"other\"}\n{\"log\":\"x\\n\"}\n\xd1\n";
  EXPECT_EQ(records(text), text);
}

TEST(ContainerLog, ABackslashBeforeTheEndIsNoEnd) {
  // The content ends in a backslash and an n, not in a line feed.
  EXPECT_EQ(records(R"({"log":"C:\\n","stream":"stdout","time":"1"})"
                    "\n"),
            "");
}

TEST(ContainerLog, SaysTheSameHoweverItIsCut) {
  const std::string text =
      "1T stdout P a\n2T stderr F x\n3T stdout F b\nopaque\n"
      "{\"log\":\"one\",\"stream\":\"stderr\",\"time\":\"1\"}\n"
      "{\"log\":\"two\\n\",\"stream\":\"stderr\",\"time\":\"2\"}\n";
  for (ContainerFormat format :
       {ContainerFormat::as_is, ContainerFormat::json, ContainerFormat::rfc5424}) {
    std::string whole = records(text, format);
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      ContainerLog log(format, kOrigin, 1 << 20);
      SecretText out;
      log.feed(std::string_view(text).substr(0, cut), out);
      log.feed(std::string_view(text).substr(cut), out);
      ASSERT_EQ(std::string(out), whole) << cut;
    }
  }
}

TEST(ContainerLog, ALineBeyondTheMostSaysTheSameHoweverItIsCut) {
  const std::string text = "1T stdout P " + std::string(80, 'x') + "\n2T stdout F " +
                           std::string(120, 'y') + "\n" + R"({"log":")" + std::string(120, 'z') +
                           R"(\n","stream":"stderr","time":"1"})" + "\n";
  for (ContainerFormat format :
       {ContainerFormat::as_is, ContainerFormat::json, ContainerFormat::rfc5424}) {
    std::string whole = records(text, format, 100);
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      ContainerLog log(format, kOrigin, 100);
      SecretText out;
      log.feed(std::string_view(text).substr(0, cut), out);
      log.feed(std::string_view(text).substr(cut), out);
      ASSERT_EQ(std::string(out), whole) << cut;
    }
  }
}

TEST(ContainerLog, TheMostCountsOfTheTextThatComesOut) {
  // The framer cuts it further on, and wants to see what stands behind that.
  constexpr size_t kMost = 60;
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += R"({"log":"\"\"\"x","stream":"stdout","time":"1"})"
            "\n";
  text += R"({"log":"end\n","stream":"stdout","time":"1"})"
          "\n";
  std::string record = records(text, ContainerFormat::rfc5424, kMost);
  std::string content = record.substr(record.find("] ") + 2);
  EXPECT_GE(content.size(), kMost) << content;
  EXPECT_EQ(content.substr(0, 8), R"("""x"""x)");
}

TEST(ContainerLog, TellsUpToWhereNothingIsHeld) {
  ContainerLog log(ContainerFormat::as_is, kOrigin, 1 << 20);
  SecretText out;
  log.feed("1T stdout F a\n", out);
  EXPECT_EQ(log.unsettled(), 0u);
  log.feed("2T stdout", out);
  EXPECT_EQ(log.unsettled(), 9u);
  log.feed(" P b\n3T stderr F c\n", out);
  EXPECT_EQ(log.unsettled(), 28u) << "what came between is read again too";
  log.feed("4T stdout F d\n5", out);
  EXPECT_EQ(log.unsettled(), 1u);
}

TEST(ContainerLog, AtTheEndOfAFileTheLastLineMayLackItsLineFeed) {
  ContainerLog log(ContainerFormat::as_is, kOrigin, 1 << 20);
  SecretText out;
  log.feed("1T stdout P half", out);
  log.end_line(out);
  EXPECT_EQ(std::string(out), "") << "a piece, whose record goes on in the next file";
  log.feed("2T stdout F whole\n", out);
  EXPECT_EQ(std::string(out), "1T stdout F halfwhole\n");
}

TEST(ContainerLog, WhatIsHeldAtTheVeryEndComesOutAsAPiece) {
  ContainerLog log(ContainerFormat::as_is, kOrigin, 1 << 20);
  SecretText out;
  log.feed("1T stdout P a\n2T stderr P b\n3T stdout P c", out);
  log.finish(out);
  EXPECT_EQ(std::string(out), "1T stdout P ac\n2T stderr P b\n");
  EXPECT_EQ(log.unsettled(), 0u);
}

TEST(ContainerLog, HoldsNoMoreThanItsBound) {
  ContainerLog log(ContainerFormat::as_is, kOrigin, 100);
  SecretText out;
  for (int i = 0; i < 1000; ++i) log.feed("1T stdout P 0123456789\n", out);
  log.feed("1T stdout F end\n", out);
  EXPECT_EQ(out.size(), std::string("1T stdout F \n").size() + 100);
  out.clear();
  log.feed(std::string(10000, 'x'), out);
  log.feed("\n", out);
  EXPECT_EQ(out.size(), 101u);
}

TEST(ContainerLog, JsonSaysWhoseTheRecordIs) {
  auto parsed = nlohmann::json::parse(
      records("1T stderr F say \"hi\"\\ \x1b[0m\xff \xe2\x82\xac\n", ContainerFormat::json));
  EXPECT_EQ(parsed, (nlohmann::json{{"time", "1T"},
                                    {"stream", "stderr"},
                                    {"namespace", "shop"},
                                    {"pod", "web-0"},
                                    {"container", "app"},
                                    {"log", "say \"hi\"\\ \x1b[0m\xef\xbf\xbd \xe2\x82\xac"}}));
  parsed = nlohmann::json::parse(records(R"({"log":"a \"b\"\u003e\n","stream":"stdout","time":"2"})"
                                         "\n",
                                         ContainerFormat::json));
  EXPECT_EQ(parsed["log"], "a \"b\">");
  EXPECT_EQ(nlohmann::json::parse(records("opaque\n", ContainerFormat::json))["log"], "opaque");
}

TEST(JsonText, IsCutBetweenCharactersAndEscapes) {
  const std::string text = "a\\\\\\\"\\u00e9\\n\\u20ac\xe2\x82\xac\xf0\x9f\x98\x80\\\\";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    std::string part = text.substr(0, whole_json_text(std::string_view(text).substr(0, cut)));
    EXPECT_TRUE(nlohmann::json::accept('"' + part + '"')) << cut << ": " << part;
    EXPECT_GE(part.size() + 5, cut);
  }
}

TEST(ContainerLog, SyslogSaysWhoseTheRecordIs) {
  EXPECT_EQ(records("2026-01-02T03:04:05.678901234Z stderr F hello\n", ContainerFormat::rfc5424),
            "<12>1 2026-01-02T03:04:05.678901Z node-1 app web-0 - [kubernetes@32473 "
            "namespace=\"shop\" pod=\"web-0\" container=\"app\" stream=\"stderr\"] hello\n");
  EXPECT_EQ(records(R"({"log":"a\tb\u00e9\ud83d\ude00\/\n","stream":"stdout","time":"2T"})"
                    "\n",
                    ContainerFormat::rfc5424),
            "<14>1 2T node-1 app web-0 - [kubernetes@32473 namespace=\"shop\" pod=\"web-0\" "
            "container=\"app\" stream=\"stdout\"] a\tb\xc3\xa9\xf0\x9f\x98\x80/\n");
}

}  // namespace
}  // namespace redactd::test
