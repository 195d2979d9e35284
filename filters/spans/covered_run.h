#pragma once

// Keys inside a value that is masked already: `password=token=secret=…`, or inside one that is no
// secret, for it holds neither digits nor capitals: `key=key=key=…`. What they announce lies in the
// same run of bytes, so it need not be looked for, and a line made of keys costs little for each.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// The end of a masked value, or of one in which nothing looks random, in which no byte means
/// anything to bare_end(), up to a byte that ends every value. Of a value that is masked to the end
/// of a record that ends, whatever stands in it. Belongs to one record.
class CoveredRun {
 public:
  /// Whether a value is long enough to hold some keys.
  static bool is_long(const Span& span);

  /// `span` is long, and masked whatever is found next.
  void note(const RecordView& record, const Span& span);
  /// The key that ends at `anchor_end` asks for a value that looks random, and found none.
  void note_plain(const RecordView& record, size_t anchor_end);

  /// Whether all that the key of an anchor which ends at `anchor_end` could mask is masked already,
  /// and its value is on its own line.
  bool covers_value(const RecordView& record, const Rule& rule, size_t anchor_end) const {
    return anchor_end < end_ &&
           (covers_value_before(record, rule, anchor_end) || covers_rest(record, rule, anchor_end));
  }

  /// Whether the key asks for a value that looks random, and has one in which nothing does.
  bool covers_plain(const RecordView& record, const Rule& rule, size_t anchor_end) const {
    return anchor_end < end_ && asks_for_randomness(rule) &&
           covers_value_before(record, rule, anchor_end);
  }
  static bool asks_for_randomness(const Rule& rule) {
    return rule.strength == Strength::weak && rule.names.empty();
  }

 private:
  bool covers_value_before(const RecordView& record, const Rule& rule, size_t anchor_end) const;
  bool covers_rest(const RecordView& record, const Rule& rule, size_t anchor_end) const;
  void begin_run(std::string_view text, size_t least);

  size_t from_ = 0;
  size_t end_ = 0;
  size_t rest_ =
      std::string_view::npos;  // where the value begins that is masked to the record's end
};

/// The last key that lacked its rule's names, with the byte before it at which they are looked for
/// no further: `=key=`, `/key:`, `: key:`. It lacks them wherever it stands behind the same again.
/// Belongs to one record.
class NamelessKey {
 public:
  void note(const RecordView& record, uint32_t rule, size_t anchor_end);
  bool stands_before(const RecordView& record, const Rule& rule, uint32_t number,
                     size_t anchor_end) const {
    return rule_ == number && !key_.empty() && ends_text(record, rule, anchor_end);
  }

 private:
  bool ends_text(const RecordView& record, const Rule& rule, size_t anchor_end) const;

  uint32_t rule_ = 0;
  std::string_view key_;  // with what stands around it; empty: there is none
};

/// What the keys of a record have shown about those behind them. Belongs to one record.
class EarlierKeys {
 public:
  /// Whether the key that ends at `anchor_end` masks nothing more, whatever stands there.
  bool settle(const RecordView& record, const Rule& rule, uint32_t number,
              size_t anchor_end) const {
    return masked_.covers_value(record, rule, anchor_end) ||
           plain_.covers_plain(record, rule, anchor_end) ||
           nameless_.stands_before(record, rule, number, anchor_end);
  }

  /// The key found nothing, for this reason.
  void note_nothing(const RecordView& record, const Rule& rule, uint32_t number, size_t anchor_end,
                    Verdict why) {
    if (why == Verdict::not_random && CoveredRun::asks_for_randomness(rule))
      plain_.note_plain(record, anchor_end);
    if (why == Verdict::name_missing) nameless_.note(record, number, anchor_end);
  }
  /// The value is masked, whatever is found next.
  void note_masked(const RecordView& record, const Span& value) {
    if (CoveredRun::is_long(value)) masked_.note(record, value);
  }

 private:
  CoveredRun masked_;
  CoveredRun plain_;
  NamelessKey nameless_;
};

}  // namespace redactd
