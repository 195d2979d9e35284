#pragma once

// A value alone on the line after its key's: `password:`, `db_password: |`, `- name: DB_PASSWORD`,
// `["password"]=>`, `<token>`.

#include <optional>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/block_span.h"
#include "filters/spans/span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// From where a key's match ends to the end of its line, at most.
constexpr size_t kLongestKeyTail = 12;

/// `{"log":"` of Docker's log files, whose lines end in `\n","stream":"stdout","time":"…"}`.
inline constexpr std::string_view kDockerHead = "{\"log\":\"";

/// Whether a key whose match ended at `anchor_end` may be the last of its line.
bool ends_its_line(std::string_view text, size_t anchor_end);

/// The key whose match ended at `anchor_end`, when it is the last of its record and the next line
/// may be its value. `text` is a whole record.
std::optional<BlockMarker> key_before_its_line(std::string_view text, const ValueRule& value,
                                               size_t anchor_end);

/// Whether a key of `rule` tells more than one of `other`, where both are keys of the same line.
bool proves_more(const Rule& rule, const Rule& other);

/// Opens `open` for the line behind such a key.
void await_next_line(std::string_view text, const BlockMarker& key, OpenBlock& open);

/// The line behind the key: one word that may be its value, and nothing behind it. Blank lines
/// before it do not count; anything else closes `open`.
void take_next_line(const RecordView& record, const Rule& rule, OpenBlock& open,
                    std::vector<Span>& spans);

}  // namespace redactd
