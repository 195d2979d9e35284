// `regex` rules mask what RE2 finds when it is asked in each record, whatever the matcher is asked
// first, and however much is known of an expression.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/spans/regex_span.h"
#include "filters/spans/regex_text.h"
#include "tests/testing/all_splits.h"

namespace redactd::test {
namespace {

template <typename Choices>
auto one_of(std::mt19937& random, const Choices& choices) {
  return choices[random() % std::size(choices)];
}

std::string repeat(std::mt19937& random) {
  static constexpr const char* kRepeats[] = {"",   "",    "",      "",     "?",  "*",    "+",
                                             "+?", "{2}", "{1,3}", "{2,}", "*?", "{0,2}"};
  return one_of(random, kRepeats);
}

std::string made_up_sequence(std::mt19937& random, int depth);

std::string made_up_term(std::mt19937& random, int depth) {
  static constexpr const char* kAtoms[] = {
      "a",     "b",    "=",   "c", "[ab]",  "[a-c]",        "\\d",   "\\w",
      "[^ ;]", "[^a]", "\\s", ".", "\\x3d", "[[:digit:];]", "(?i:A)"};
  if (depth > 0 && random() % 5 == 0) {
    std::string group = "(?:";
    group += made_up_sequence(random, depth - 1);
    if (random() % 2 == 0) group.append("|").append(made_up_sequence(random, depth - 1));
    return group.append(")").append(repeat(random));
  }
  if (random() % 12 == 0) return "\\b";
  return one_of(random, kAtoms) + repeat(random);
}

std::string made_up_sequence(std::mt19937& random, int depth) {
  std::string sequence;
  for (size_t terms = 1 + random() % 3; terms > 0; --terms) sequence += made_up_term(random, depth);
  return sequence;
}

std::string made_up_expression(std::mt19937& random) {
  auto part = [&] { return random() % 3 == 0 ? std::string() : made_up_sequence(random, 1); };
  std::string expression = random() % 4 == 0 ? "\\b" : "";
  if (random() % 3 == 0) {
    expression += made_up_sequence(random, 2);
  } else {
    expression += part();
    expression.append("(").append(made_up_sequence(random, 1)).append(")");
    expression += part();
  }
  if (random() % 5 == 0) expression += "\\b";
  if (random() % 6 == 0) expression.append("|").append(made_up_sequence(random, 1));
  return expression;
}

std::string made_up_text(std::mt19937& random) {
  static constexpr const char* kPieces[] = {"a", "b", "c",  "=",  "1",  "23", " ",
                                            ";", "A", "aa", "a=", "ab", "c1"};
  std::string text;
  for (int record = 0; record < 12; ++record) {
    for (size_t pieces = random() % 14; pieces > 0; --pieces) text += one_of(random, kPieces);
    text += random() % 4 == 0 ? "\r\n" : "\n";
  }
  return text;
}

/// What RE2 finds in the record between its line feeds, by itself.
class Plain {
 public:
  explicit Plain(const std::string& expression)
      : regex_(record_expression(expression), RE2::Latin1),
        group_(regex_.NumberOfCapturingGroups() == 1 ? 1 : 0) {}

  std::string redact(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      std::string_view record = text.substr(0, end);
      if (record.ends_with('\r')) record.remove_suffix(1);
      out += redact_record(record);
      out += text.substr(record.size(), end + 1 - record.size());
      text.remove_prefix(end + 1);
    }
    return out;
  }

 private:
  std::string redact_record(std::string_view record) const {
    const std::string text = std::string("\n").append(record).append("\n");
    std::string masked(record.size(), ' ');  // x: is masked, |: begins a mask
    re2::StringPiece groups[2];
    size_t from = 0;
    while (from <= text.size() &&
           regex_.Match(text, from, text.size(), RE2::UNANCHORED, groups, group_ + 1)) {
      const size_t begin = static_cast<size_t>(groups[0].data() - text.data());
      const size_t end = begin + groups[0].size();
      const re2::StringPiece secret = groups[group_];
      from = end;
      if (secret.data() != nullptr && !secret.empty()) {
        const size_t secret_begin = static_cast<size_t>(secret.data() - text.data());
        const size_t secret_end = secret_begin + secret.size();
        if (end - secret_end <= 8) from = secret_end;
        mark(masked, std::max<size_t>(secret_begin, 1) - 1,
             std::min(secret_end - 1, record.size()));
      }
      from = std::max(from, begin + 1);
    }
    std::string out;
    for (size_t i = 0; i < record.size(); ++i) {
      if (masked[i] == '|') out += "[REDACTED:re]";
      if (masked[i] == ' ') out += record[i];
    }
    return out;
  }

  static void mark(std::string& masked, size_t begin, size_t end) {
    if (begin >= end) return;
    const bool overlaps = masked[begin] != ' ';
    std::replace(masked.begin() + std::ptrdiff_t(begin), masked.begin() + std::ptrdiff_t(end), ' ',
                 'x');
    if (!overlaps) masked[begin] = '|';
  }

  RE2 regex_;
  int group_;
};

Rules rules_for(const std::string& expression) {
  Rule rule;
  rule.id = "re";
  rule.kind = RuleKind::regex;
  rule.patterns = {expression};
  return rules_of({rule});
}

/// Where RE2 sees another byte behind the record's line feed than the matcher does, it may find
/// what the matcher has not reported.
bool asks_behind_line_end(const std::string& expression) {
  auto holds = [&](const char* part) { return expression.find(part) != std::string::npos; };
  return holds("\\b") && (holds("[^") || holds("\\s"));
}

TEST(Regexes, FindWhatRE2FindsInEachRecord) {
  std::mt19937 random(17);
  for (int i = 0; i < 6000; ++i) {
    const std::string expression = made_up_expression(random);
    if (!refuse_regex(expression).empty() || asks_behind_line_end(expression)) continue;
    const Rules rules = rules_for(expression);
    const Plain plain(expression);
    for (int texts = 0; texts < 6; ++texts) {
      const std::string text = made_up_text(random);
      ASSERT_EQ(first_difference(plain.redact(text), redact(text, rules)), "")
          << "expression: " << expression << "\ntext:\n"
          << text;
    }
  }
}

TEST(Regexes, FindTheSameUnderAnyCut) {
  std::mt19937 random(18);
  for (int i = 0; i < 60; ++i) {
    const std::string expression = made_up_expression(random);
    if (!refuse_regex(expression).empty()) continue;
    expect_same_under_every_cut(made_up_text(random), rules_for(expression));
    if (HasFailure()) FAIL() << "expression: " << expression;
  }
}

}  // namespace
}  // namespace redactd::test
