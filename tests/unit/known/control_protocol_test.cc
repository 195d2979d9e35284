#include "daemon/known/control_protocol.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
using Command = ControlRequest::Command;

std::optional<ControlRequest> again(const ControlRequest& request) {
  std::string error;
  return parse_request(to_line(request), error);
}

std::string refused(std::string_view line) {
  std::string error;
  EXPECT_FALSE(parse_request(line, error)) << line;
  return error;
}

TEST(ControlProtocol, ARequestComesThroughAsItWas) {
  std::optional<ControlRequest> add = again({Command::add, "DB_PASSWORD", "", 600'000ms, 24});
  ASSERT_TRUE(add);
  EXPECT_EQ(add->command, Command::add);
  EXPECT_EQ(add->name, "DB_PASSWORD");
  EXPECT_EQ(add->ttl, 600'000ms);
  EXPECT_EQ(add->size, 24u);
  std::optional<ControlRequest> remove = again({Command::remove, "", "90a1", {}, 0});
  ASSERT_TRUE(remove);
  EXPECT_EQ(remove->fingerprint, "90a1");
  EXPECT_FALSE(remove->ttl);
  EXPECT_EQ(again({})->command, Command::list);
}

TEST(ControlProtocol, AnAnswerComesThroughAsItWas) {
  std::optional<ControlAnswer> answer = parse_answer(to_line(
      ControlAnswer{"", 2, {{"A", "90a1", "file /a", {}}, {"B", "90a2", "control socket", 5s}}}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error, "");
  EXPECT_EQ(answer->removed, 2u);
  ASSERT_EQ(answer->values.size(), 2u);
  EXPECT_EQ(answer->values[0].source, "file /a");
  EXPECT_FALSE(answer->values[0].left);
  EXPECT_EQ(answer->values[1].left, 5s);
  EXPECT_EQ(parse_answer(to_line(ControlAnswer{"no", 0, {}}))->error, "no");
  EXPECT_FALSE(parse_answer("what"));
}

TEST(ControlProtocol, ALineIsALineWhateverTheNameHolds) {
  std::string line = to_line(ControlRequest{Command::add, "a\nb\xff\"", "", {}, 1});
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  std::string error;
  EXPECT_TRUE(parse_request(line, error));
}

TEST(ControlProtocol, WrongRequestsAreRefusedWithoutShowingThem) {
  for (const char* line :
       {"", "what made-up", "[]", "7", R"({"command":"made-up"})", R"({"command":7})",
        R"({"command":"add","name":"A"})", R"({"command":"add","name":7,"size":9})",
        R"({"command":"add","name":"A","size":0})", R"({"command":"add","name":"A","size":-1})",
        R"({"command":"add","name":"A","size":1048577})", R"({"command":"add","size":9})",
        R"({"command":"add","name":"A","size":9,"ttl_ms":0})",
        R"({"command":"add","name":"A","size":9,"ttl_ms":-5})",
        R"({"command":"add","name":"A","size":9,"ttl_ms":9223372036854775807})",
        R"({"command":"remove"})", R"({"command":"remove","name":"A","fingerprint":"9"})"}) {
    std::string error = refused(line);
    EXPECT_NE(error, "") << line;
    EXPECT_EQ(error.find("made-up"), std::string::npos);
  }
}

/// Found by fuzz_known: such a number was converted, which has no defined result.
TEST(ControlProtocol, NumbersAreWhole) {
  for (const char* line :
       {R"({"command":"add","name":"N","size":1e300})",
        R"({"command":"add","name":"N","size":1.5})", R"({"command":"add","name":"N","size":-1})",
        R"({"command":"add","name":"N","size":9,"ttl_ms":1e300})"}) {
    std::string error;
    EXPECT_FALSE(parse_request(line, error)) << line;
    EXPECT_FALSE(error.empty()) << line;
  }
  EXPECT_FALSE(parse_answer(R"({"removed":1e300})"));
}

}  // namespace
}  // namespace redactd::test
