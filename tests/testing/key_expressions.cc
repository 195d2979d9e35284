#include "tests/testing/key_expressions.h"

#include "filters/spans/value/key.h"

namespace redactd::test {
namespace {

// An expression with hundreds of alternatives takes minutes to compile.
constexpr size_t kManyKeys = 64;
constexpr size_t kKeysInExpression = 16;

}  // namespace

std::vector<std::string> key_expressions(const Rule& rule) {
  static constexpr const char* kAfter[] = {R"([\\"'`\]=:%>#\x1b \t\r\n&(,<])",
                                           R"((?:[\\"'`\]=:%>#\x1b\r\n]|[ \t]{1,3}[=:i]))",
                                           R"([\\\x1b \t\r\n])"};
  const KeySeparator separator = key_separator(rule);
  const std::string after = kAfter[static_cast<size_t>(separator)];
  std::vector<std::string> expressions;
  std::string keys;
  size_t count = 0;
  auto finish = [&] {
    std::string key = "(?:" + keys + ")(?:_?[0-9]{1,3})?";
    if (count > 0) expressions.push_back("(?i)" + key + after);
    if (count > 0 && separator == KeySeparator::mark)
      expressions.push_back("(?i)-[a-z0-9_.-]{0,40}" + key + "[ \\t]");
    keys.clear();
    count = 0;
  };
  for (const std::string& key : distinct_keys(rule.keys)) {
    if (!keys.empty()) keys += '|';
    for (char c : key) keys += c == '_' ? std::string("[-_. ]?") : std::string(1, c);
    if (++count == kKeysInExpression && rule.keys.size() > kManyKeys) finish();
  }
  finish();
  return expressions;
}

}  // namespace redactd::test
