#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The password of `scheme://user:password@host` (RFC 3986 §3.2.1), also `user:password@tcp(host)`
/// (Go's MySQL DSN), `jdbc:oracle:thin:user/password@host`, percent-encoded and JSON-escaped URLs.
/// `anchor_end` is just past the `@` (or the `(` of a DSN). Appends one span, or says why not.
Verdict resolve_userinfo(const RecordView& record, const Rule& rule, uint32_t rule_number,
                         size_t anchor_end, std::vector<Span>& spans);

/// At the end of a window: a `scheme://user:` whose run of bytes has gone on for `least` bytes and
/// more without an @. What follows may be a password whose @ is still to come, so it is masked
/// until then.
void resolve_endless_userinfo(const RecordView& record, uint32_t rule_number, size_t least,
                              std::vector<Span>& spans);

/// Where such a span ends: at the @, or where the run does.
size_t endless_userinfo_end(std::string_view text, size_t from);

}  // namespace redactd
