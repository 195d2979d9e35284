#pragma once

// Values in the columns of a table whose header names them: `| user | password |` of Markdown and
// mysql, ` id | password` of psql, `user,password` of CSV, `NAME  TOKEN` of kubectl.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/block_span.h"
#include "filters/spans/span.h"
#include "filters/spans/value/key.h"

namespace redactd {

/// The cells of a text, in order. In CSV a delimiter in double quotes separates nothing.
class Cells {
 public:
  Cells(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}

  /// Where the cell ends that begins at `at`. Each is to begin behind the one before.
  size_t end_of(size_t at);

 private:
  size_t closing_quote(size_t from);

  std::string_view text_;
  char delimiter_;
  // The last closing quote that was found, or the text's end, and from where on it is the first.
  size_t closed_from_ = 0;
  size_t closing_ = 0;
};

/// The last line whose cells were looked at: each of its keys may be a cell of a table's header.
class TableHeader {
 public:
  void forget() { delimiter_ = '\0'; }

  /// The number of the cell in which `key` stands, if that is a name and the others are, too.
  std::optional<size_t> column_of(std::string_view text, char delimiter, size_t key);
  size_t cells() const { return ends_.size(); }

 private:
  void read(std::string_view text, char delimiter);

  char delimiter_ = '\0';       // '\0': nothing is remembered
  std::vector<uint16_t> ends_;  // of the cells; none: no header
};

/// The key whose match ended at `anchor_end`, when it is a cell of what may be a table's header.
/// `text` is a whole record, and so it was in earlier calls since `header.forget()`.
std::optional<BlockMarker> key_in_header(std::string_view text, const ValueRule& value,
                                         size_t anchor_end, TableHeader& header);

/// Opens `open` for the rows behind such a header, or, when an earlier key of it has done so, adds
/// the column.
void await_rows(std::string_view text, const BlockMarker& key, OpenBlock& open);

/// A line behind the header: a row with as many cells, whose values are masked, or the line below
/// the header. Anything else closes `open`.
void take_row(const RecordView& record, OpenBlock& open, std::vector<Span>& spans);

/// Whether words of a row's beginning, up to a blank, may hold a value of the open table.
bool may_hold_value(std::string_view words, const OpenBlock& open);

}  // namespace redactd
