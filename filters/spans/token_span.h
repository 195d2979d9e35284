#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/matcher/literal_head.h"
#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// What the matcher found of a token: `width` bytes up to `end`, its core, or the head of one.
struct TokenHit {
  size_t width = 0;
  size_t end = 0;
  const LiteralHead* head = nullptr;  // whose tail has to follow
};

/// Appends the span of one token, or says why not.
Verdict resolve_token(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      const TokenHit& hit, std::vector<Span>& spans);

/// Where a run of `members` that begins before `from` ends. An escape (`%3D`, `\/`, `\u002b`,
/// `\x2b`) counts as the byte that it stands for.
size_t token_end(std::string_view text, size_t from, const ByteClass& members);

}  // namespace redactd
