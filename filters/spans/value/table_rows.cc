#include "filters/spans/value/table_rows.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/block_lines.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_check.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kLongestHeader = 1024;
constexpr size_t kLongestName = 40;  // of a column
constexpr size_t kMostColumns = 8;   // that hold secrets
constexpr ByteClass kMarks = ByteClass::of("*`\"'");
constexpr ByteClass kOfNames = [] {
  ByteClass names = alnum_and(" _-.*`\"'#/()");
  for (unsigned byte = 0x80; byte < 256; ++byte) names.add(static_cast<unsigned char>(byte));
  return names;
}();

bool all_of(const ByteClass& members, std::string_view text) {
  return run_end(text, 0, members) == text.size();
}

bool is_bar(char delimiter) { return delimiter == '|'; }

std::string_view without_blanks(std::string_view cell) {
  while (!cell.empty() && is_blank(cell.front())) cell.remove_prefix(1);
  return without_trailing_blanks(cell);
}

/// `**…**`, a value in backticks or in quotes: what is in them.
std::string_view without_marks(std::string_view cell) {
  cell = without_blanks(cell);
  while (cell.size() > 2 && kMarks.has(cell.front()) && cell.front() == cell.back()) {
    cell.remove_prefix(1);
    cell.remove_suffix(1);
  }
  return cell;
}

/// Where the cell ends that begins at `at`. In CSV, a delimiter in double quotes is none.
size_t cell_end(std::string_view text, size_t at, char delimiter) {
  if (!is_bar(delimiter) && at < text.size() && text[at] == '"') {
    for (size_t quote = text.find('"', at + 1); quote != kNone;) {
      const bool doubled = text.substr(quote + 1, 1) == "\"";
      if (!doubled && (quote + 1 == text.size() || text[quote + 1] == delimiter)) return quote + 1;
      quote = text.find('"', quote + (doubled ? 2 : 1));
    }
  }
  return std::min(text.find(delimiter, at), text.size());
}

/// Whether the cell may be the name of a column. What CSV has no blanks around is none of a list in
/// a sentence or of a call's arguments.
bool is_name(std::string_view cell, char delimiter) {
  std::string_view name = without_marks(cell);
  if (name.empty() || name.size() > kLongestName || is_digit(name.front())) return false;
  if (!all_of(kOfNames, name)) return false;
  return is_bar(delimiter) ||
         (name.find_first_of("()") == kNone && without_blanks(cell).size() == cell.size());
}

struct Header {
  size_t cells = 0;
  size_t column = 0;  // of the key
};

/// The header's cells, if each is a name; the bars around a table's lines make empty ones.
std::optional<Header> read_header(std::string_view text, char delimiter, size_t key) {
  Header header;
  size_t names = 0;
  for (size_t at = 0; at <= text.size(); ++header.cells) {
    const size_t end = cell_end(text, at, delimiter);
    std::string_view cell = text.substr(at, end - at);
    if (key >= at && key < end) header.column = header.cells;
    const bool outside = is_bar(delimiter) && (at == 0 || end == text.size());
    if (is_name(cell, delimiter))
      ++names;
    else if (!outside || (at <= key && key < end) || (at != 0 && !without_blanks(cell).empty()))
      return std::nullopt;
    at = end + 1;
  }
  return names > 1 ? std::optional(header) : std::nullopt;
}

/// What stands around the cell that the key ends; 0: nothing that separates cells.
char delimiter_around(std::string_view text, size_t key_begin, size_t key_end) {
  static constexpr ByteClass kDelimiters = ByteClass::of("|,;\t");
  size_t after = key_end;
  while (after < text.size() && (text[after] == ' ' || kMarks.has(text[after]))) ++after;
  size_t before = key_begin;
  while (before > 0 && kOfNames.has(text[before - 1]) && key_begin - before < kLongestName)
    --before;
  const char last = after < text.size() ? text[after] : '\0';
  const char first = before > 0 ? text[before - 1] : '\0';
  const char delimiter = last == '\0' ? first : last;
  const bool both = first == last || first == '\0' || last == '\0';
  return both && kDelimiters.has(delimiter) ? delimiter : '\0';
}

/// Whether the cell may end behind a key that ends there: the quick look that nearly all keys do
/// not pass.
bool cell_may_end(std::string_view text, size_t key_end) {
  static constexpr ByteClass kBehind = ByteClass::of("|,;\t");
  size_t at = key_end;
  while (at < text.size() && (text[at] == ' ' || kMarks.has(text[at]))) ++at;
  return at >= text.size() || kBehind.has(text[at]);
}

/// `|---|:--|`, `+---+`, `----+----`: the line below a header.
bool is_rule_line(std::string_view text) {
  static constexpr ByteClass kOfLines = ByteClass::of("-+=|: \t");
  return all_of(kOfLines, text) && text.find("--") != kNone;
}

/// `bob@example.org`, which no column of passwords has.
bool is_address(std::string_view word) {
  const size_t at = word.find('@');
  const size_t dot = word.rfind('.');
  return at != kNone && dot != kNone && dot > at + 1 && dot + 2 < word.size() &&
         std::all_of(word.begin() + static_cast<std::ptrdiff_t>(dot) + 1, word.end(), is_letter);
}

/// The cells of a row, in order. A delimiter in what other rules mask separates nothing, for behind
/// their mask it will not, either.
class RowCells {
 public:
  RowCells(std::string_view text, char delimiter, const std::vector<Span>& spans)
      : text_(text), delimiter_(delimiter), masked_(spans) {
    std::sort(masked_.begin(), masked_.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
  }

  /// Where the cell ends that begins at `at`, behind the one before.
  size_t end_of(size_t at) {
    size_t end = cell_end(text_, at, delimiter_);
    while (end < text_.size()) {
      while (next_ < masked_.size() && masked_[next_].end <= end) ++next_;
      if (next_ == masked_.size() || masked_[next_].begin > end) break;
      end = std::min(text_.find(delimiter_, masked_[next_].end), text_.size());
    }
    return end;
  }

 private:
  std::string_view text_;
  char delimiter_;
  std::vector<Span> masked_;
  size_t next_ = 0;  // the first of them that ends behind the last cell's end
};

/// Whether what stands in the column is a secret: no more than its place tells.
bool is_secret(std::string_view cell, bool password) {
  constexpr size_t kShortestPassword = 6;
  constexpr size_t kShortestKey = 16;
  if (cell.size() < (password ? kShortestPassword : kShortestKey)) return false;
  if (std::any_of(cell.begin(), cell.end(), is_blank) || mask_at(cell, 0) != 0) return false;
  ValueSetting setting;
  setting.strength = password ? Strength::medium : Strength::random;
  setting.sentence = true;
  return check_value(cell, setting) == Verdict::masked && is_mixed(cell) && !is_address(cell);
}

bool names_password(std::string_view name) {
  for (std::string_view word : {"pass", "pw"}) {
    const bool has = std::search(name.begin(), name.end(), word.begin(), word.end(),
                                 [](char a, char b) { return to_lower(a) == b; }) != name.end();
    if (has) return true;
  }
  return false;
}

}  // namespace

std::optional<BlockMarker> key_in_header(std::string_view text, const ValueRule& value,
                                         size_t anchor_end) {
  const Rule& rule = value.rule;
  if (anchor_end == 0 || text.size() > kLongestHeader || rule.keys.empty()) return std::nullopt;
  const bool tells = rule.strength == Strength::strong || rule.strength == Strength::medium;
  if (rule.form != ValueForm::assign || !tells || !rule.names.empty()) return std::nullopt;
  const size_t key_end = end_of_key(text, std::min(anchor_end, text.size() + 1));
  if (!cell_may_end(text, key_end)) return std::nullopt;
  const size_t begin = key_start(text, key_end, *value.keys);
  if (begin == kNone) return std::nullopt;
  const char delimiter = delimiter_around(text, begin, key_end);
  if (delimiter == '\0' || !read_header(text, delimiter, begin)) return std::nullopt;
  return BlockMarker{begin, key_end, value.number, true, delimiter};
}

void await_rows(std::string_view text, const BlockMarker& key, OpenBlock& open) {
  const std::optional<Header> header = read_header(text, key.delimiter, key.begin);
  if (!header) return;
  if (!open.active || open.columns.empty()) {
    open = OpenBlock{};
    open.active = true;
    open.rule = key.rule;
    open.delimiter = key.delimiter;
    open.cells = header->cells;
  }
  const bool known =
      std::any_of(open.columns.begin(), open.columns.end(),
                  [&](const TableColumn& column) { return column.number == header->column; });
  if (known || open.columns.size() == kMostColumns) return;
  open.columns.push_back(
      {header->column, names_password(text.substr(key.begin, key.end - key.begin))});
}

void take_row(const RecordView& record, OpenBlock& open, std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (record.starts_record && record.ends_record && is_rule_line(text)) return;
  const size_t before = spans.size();
  RowCells row(text, open.delimiter, spans);
  size_t cells = 0;
  for (size_t at = 0; at <= text.size() && cells <= open.cells; ++cells) {
    const size_t end = row.end_of(at);
    for (const TableColumn& column : open.columns) {
      if (column.number != cells) continue;
      std::string_view cell = without_marks(text.substr(at, end - at));
      const auto begin = static_cast<size_t>(cell.data() - text.data());
      if (is_secret(cell, column.password))
        spans.push_back(Span{begin, begin + cell.size(), open.rule, {}});
    }
    at = end + 1;
  }
  if (cells == open.cells && record.starts_record && record.ends_record) return;
  spans.resize(before);
  open.active = false;
}

bool may_hold_value(std::string_view words, const OpenBlock& open) {
  const bool first = std::any_of(open.columns.begin(), open.columns.end(),
                                 [](const TableColumn& column) { return column.number == 0; });
  return first || words.find(open.delimiter) != kNone;
}

}  // namespace redactd
