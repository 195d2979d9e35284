#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The password of `scheme://user:password@host` (RFC 3986 §3.2.1), also `user:password@tcp(host)`
/// (Go's MySQL DSN), `jdbc:oracle:thin:user/password@host`, percent-encoded and JSON-escaped URLs.
/// `anchor_end` is just past the `@` (or the `(` of a DSN). Appends one span, or says why not.
Verdict resolve_userinfo(const RecordView& record, const Rule& rule, uint32_t rule_number,
                         size_t anchor_end, std::vector<Span>& spans);

}  // namespace redactd
