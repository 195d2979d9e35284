#pragma once

// Private keys and their like: everything between a begin and an end marker, over as many records
// as it takes. The markers themselves stay, so that a reader sees what was there.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"

namespace redactd {

/// Where a begin or an end marker of a block rule stands in a record.
struct BlockMarker {
  size_t begin = 0;
  size_t end = 0;
  uint32_t rule = 0;
  bool opens = false;
  char delimiter = 0;  // not 0: a key in a table's header, whose cells it separates
  size_t column = 0;   // of the key, in such a header
  size_t cells = 0;    // of the header
};

/// A column of a table that holds secrets.
struct TableColumn {
  size_t number = 0;      // counted from 0, the empty cell before a first bar included
  bool password = false;  // else a key, which looks random

  friend bool operator==(const TableColumn&, const TableColumn&) = default;
};

/// A stream's memory of a block that an earlier record opened. Copyable; belongs to one stream.
struct OpenBlock {
  bool active = false;
  uint32_t rule = 0;
  std::string prefix;  // the shape of what stood before the begin marker in its record
  size_t lines = 0;
  size_t bytes = 0;
  size_t strangers = 0;  // records in a row that were no part of the block
  /// The secret is the last word of the next line, with nothing behind it: words that a blank
  /// follows are none.
  bool one_word = false;
  bool member = false;   // one_word: behind `value:`
  bool strong = false;   // one_word: of a password
  bool certain = false;  // one_word: nothing but the value stands there
  bool listed = false;   // one_word: an element of a list, and so is what may follow
  size_t indent = 0;     // one_word: of the key
  /// The secrets stand in these columns of the lines that have so many cells.
  std::vector<TableColumn> columns;
  size_t cells = 0;
  char delimiter = 0;
  bool ruled = false;  // a line of dashes has to come first

  friend bool operator==(const OpenBlock&, const OpenBlock&) = default;
};

/// Masks what lies between the markers of one record and carries a block that its end does not
/// close into `open`. `markers` are in order of their position.
void resolve_blocks(const RecordView& record, const std::vector<Rule>& rules,
                    const std::vector<BlockMarker>& markers, OpenBlock& open,
                    std::vector<Span>& spans);

/// Ends each value (with key material in it, it is called a block) that reaches into a marker of
/// dashes where that begins: the marker stays, or a second pass would see no key where this one
/// has. `spans` are merged, `markers` in order of their ends.
void end_values_at_markers(std::string_view text, const std::vector<Rule>& rules,
                           const std::vector<BlockMarker>& markers, std::vector<Span>& spans);

}  // namespace redactd
