#include "filters/anchor_check.h"

#include "filters/matcher/matcher.h"
#include "filters/matcher/pattern_text.h"

namespace redactd {
namespace {

constexpr size_t kWidestToken = 512;

/// Whether the rule's author wrote the expression, and may have made a mistake.
bool is_written_by_hand(Anchor::Role role) {
  return role == Anchor::Role::token || role == Anchor::Role::value ||
         role == Anchor::Role::userinfo || role == Anchor::Role::block_begin ||
         role == Anchor::Role::block_end;
}

std::string refuse_width(const ExpressionWidth& width) {
  if (width.min != width.max) {
    std::string most = width.max > kWidestToken ? "any number of" : std::to_string(width.max);
    return "matches between " + std::to_string(width.min) + " and " + most +
           " bytes; a token's pattern needs one fixed width (no *, +, ?, {2,5}): keep the prefix "
           "and its first characters, let `extend` take the rest, or list several patterns";
  }
  if (width.max > kWidestToken) return "is wider than " + std::to_string(kWidestToken) + " bytes";
  return {};
}

}  // namespace

std::string refuse_expression(const std::string& expression, const std::vector<Rule>& rules,
                              size_t pattern, Anchor& anchor) {
  if (!is_written_by_hand(anchor.role)) return {};
  ExpressionWidth width = expression_width(expression);
  if (width.min == 0) return "matches the empty string";
  if (anchor.head != nullptr) {  // without line feeds; what stands before is no part of it
    anchor.width = anchor.head->width;
    return {};
  }
  if (std::string why = refuse_line_feed(expression); !why.empty()) return why;
  if (anchor.role != Anchor::Role::token) return {};
  // The prefix may vary in width, the core may not.
  const Rule& rule = rules[anchor.rule];
  if (!rule.prefix.empty()) width = expression_width(rule.patterns[pattern]);
  anchor.width = width.min;
  return refuse_width(width);
}

}  // namespace redactd
