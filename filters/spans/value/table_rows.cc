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

/// Two blanks or more separate the columns of `kubectl get`, `docker ps` and PowerShell.
constexpr char kBlanks = ' ';
constexpr std::string_view kTwoBlanks = "  ";

/// Where the delimiter at `from` or behind it stands, else the text's end.
size_t delimiter_from(std::string_view text, size_t from, char delimiter) {
  return std::min(delimiter == kBlanks ? text.find(kTwoBlanks, from) : text.find(delimiter, from),
                  text.size());
}

/// Where the first cell begins.
size_t first_cell(std::string_view text, char delimiter) {
  return delimiter == kBlanks ? std::min(text.find_first_not_of(' '), text.size()) : 0;
}

/// Where the cell behind the one begins that ends at `end`; behind the text's end when there is
/// none.
size_t next_cell(std::string_view text, size_t end, char delimiter) {
  if (delimiter != kBlanks) return end + 1;
  const size_t next = text.find_first_not_of(' ', end);
  return next == kNone ? text.size() + 1 : next;
}

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

/// `USER`, `Secret Key`: the name of a column that blanks separate from the next.
bool is_title(std::string_view name) {
  static constexpr ByteClass kOfTitles = alnum_and(" _-/");
  constexpr long kMostBlanks = 2;
  return is_letter(name.front()) && all_of(kOfTitles, name) &&
         std::count(name.begin(), name.end(), ' ') <= kMostBlanks;
}

/// Whether the cell may be the name of a column. What CSV has no blanks around is none of a list in
/// a sentence or of a call's arguments.
bool is_name(std::string_view cell, char delimiter) {
  std::string_view name = without_marks(cell);
  if (name.empty() || name.size() > kLongestName || is_digit(name.front())) return false;
  if (!all_of(kOfNames, name)) return false;
  if (delimiter == kBlanks) return is_title(name);
  return is_bar(delimiter) ||
         (name.find_first_of("()") == kNone && without_blanks(cell).size() == cell.size());
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
  if (both && kDelimiters.has(delimiter)) return delimiter;
  const bool ends = last == '\0' || text.substr(key_end, kTwoBlanks.size()) == kTwoBlanks;
  return ends && text.find(kTwoBlanks) != kNone ? kBlanks : '\0';
}

/// Whether the cell may end behind a key that ends there: the quick look that nearly all keys do
/// not pass.
bool cell_may_end(std::string_view text, size_t key_end) {
  static constexpr ByteClass kBehind = ByteClass::of("|,;\t");
  size_t at = key_end;
  if (text.substr(at, kTwoBlanks.size()) == kTwoBlanks) return true;
  while (at < text.size() && (text[at] == ' ' || kMarks.has(text[at]))) ++at;
  return at >= text.size() || kBehind.has(text[at]);
}

/// `NAME  TOKEN`, `Key  Value`: each name begins with a capital, as few lines of words with blanks
/// between them do.
bool is_capitalized(std::string_view header) {
  for (size_t at = first_cell(header, kBlanks); at < header.size();) {
    if (!is_upper(header[at])) return false;
    at = next_cell(header, delimiter_from(header, at, kBlanks), kBlanks);
  }
  return true;
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
      : text_(text), delimiter_(delimiter), cells_(text, delimiter), masked_(spans) {
    std::sort(masked_.begin(), masked_.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
  }

  /// Where the cell ends that begins at `at`, behind the one before.
  size_t end_of(size_t at) {
    size_t end = cells_.end_of(at);
    while (end < text_.size()) {
      while (next_ < masked_.size() && masked_[next_].end <= end) ++next_;
      if (next_ == masked_.size() || masked_[next_].begin > end) break;
      end = delimiter_from(text_, masked_[next_].end, delimiter_);
    }
    return end;
  }

 private:
  std::string_view text_;
  char delimiter_;
  Cells cells_;
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

size_t Cells::end_of(size_t at) {
  const bool quotes = !is_bar(delimiter_) && delimiter_ != kBlanks;
  if (quotes && at < text_.size() && text_[at] == '"') {
    // Which quotes of the first run are doubled depends on where the cell begins; not so behind it.
    const size_t run = std::min(text_.find_first_not_of('"', at), text_.size());
    const bool closes = (run - at) % 2 == 0 && (run == text_.size() || text_[run] == delimiter_);
    const size_t end = closes ? run : closing_quote(run) + 1;
    if (end <= text_.size()) return end;
  }
  return delimiter_from(text_, at, delimiter_);
}

/// The first quote from `from` on, where none stands, that is not doubled and ends a cell; the
/// text's end: there is none.
size_t Cells::closing_quote(size_t from) {
  if (from < closed_from_ || from > closing_) {
    closed_from_ = from;
    closing_ = text_.find('"', from);
    while (closing_ != kNone) {
      const bool doubled = text_.substr(closing_ + 1, 1) == "\"";
      if (!doubled && (closing_ + 1 == text_.size() || text_[closing_ + 1] == delimiter_)) break;
      closing_ = text_.find('"', closing_ + (doubled ? 2 : 1));
    }
    closing_ = std::min(closing_, text_.size());
  }
  return closing_;
}

std::optional<size_t> TableHeader::column_of(std::string_view text, char delimiter, size_t key) {
  if (delimiter != delimiter_) read(text, delimiter);
  const auto cell = std::upper_bound(ends_.begin(), ends_.end(), key);
  if (cell == ends_.end()) return std::nullopt;
  const size_t begin = cell == ends_.begin() ? 0 : *(cell - 1) + size_t{1};
  if (!is_name(text.substr(begin, *cell - begin), delimiter)) return std::nullopt;
  return static_cast<size_t>(cell - ends_.begin());
}

/// The cells, if each is a name; the bars around a table's lines make empty ones.
void TableHeader::read(std::string_view text, char delimiter) {
  delimiter_ = delimiter;
  ends_.clear();
  Cells cells(text, delimiter);
  size_t names = 0;
  for (size_t at = first_cell(text, delimiter); at <= text.size();) {
    const size_t end = cells.end_of(at);
    const std::string_view cell = text.substr(at, end - at);
    const bool outside = is_bar(delimiter) && (at == 0 || end == text.size());
    if (is_name(cell, delimiter)) {
      ++names;
    } else if (!outside || (at != 0 && !without_blanks(cell).empty())) {
      return ends_.clear();
    }
    ends_.push_back(static_cast<uint16_t>(end));
    at = next_cell(text, end, delimiter);
  }
  if (names < 2) ends_.clear();
}

std::optional<BlockMarker> key_in_header(std::string_view text, const ValueRule& value,
                                         size_t anchor_end, TableHeader& header) {
  const Rule& rule = value.rule;
  if (anchor_end == 0 || text.size() > kLongestHeader || rule.keys.empty()) return std::nullopt;
  const bool tells = rule.strength == Strength::strong || rule.strength == Strength::medium;
  if (rule.form != ValueForm::assign || !tells || !rule.names.empty()) return std::nullopt;
  const size_t key_end = end_of_key(text, std::min(anchor_end, text.size() + 1));
  if (!cell_may_end(text, key_end)) return std::nullopt;
  const size_t begin = key_start(text, key_end, *value.keys);
  if (begin == kNone) return std::nullopt;
  const char delimiter = delimiter_around(text, begin, key_end);
  if (delimiter == '\0') return std::nullopt;
  const std::optional<size_t> column = header.column_of(text, delimiter, begin);
  if (!column) return std::nullopt;
  return BlockMarker{begin, key_end, value.number, true, delimiter, *column, header.cells()};
}

void await_rows(std::string_view text, const BlockMarker& key, OpenBlock& open) {
  if (!open.active || open.columns.empty()) {
    open = OpenBlock{};
    open.active = true;
    open.rule = key.rule;
    open.delimiter = key.delimiter;
    open.cells = key.cells;
    open.ruled = key.delimiter == kBlanks && !is_capitalized(text);
  }
  const bool known =
      std::any_of(open.columns.begin(), open.columns.end(),
                  [&](const TableColumn& column) { return column.number == key.column; });
  if (known || open.columns.size() == kMostColumns) return;
  open.columns.push_back({key.column, names_password(text.substr(key.begin, key.end - key.begin))});
}

void take_row(const RecordView& record, OpenBlock& open, std::vector<Span>& spans) {
  std::string_view text = record.text;
  const size_t before = spans.size();
  const bool whole = record.starts_record && record.ends_record;
  if (whole && is_rule_line(text)) {
    open.ruled = false;
    return;
  }
  open.active = !open.ruled;
  if (!open.active) return;
  RowCells row(text, open.delimiter, spans);
  size_t cells = 0;
  size_t at = first_cell(text, open.delimiter);
  for (; at <= text.size() && cells <= open.cells; ++cells) {
    const size_t end = row.end_of(at);
    for (const TableColumn& column : open.columns) {
      if (column.number != cells) continue;
      std::string_view cell = without_marks(text.substr(at, end - at));
      const auto begin = static_cast<size_t>(cell.data() - text.data());
      if (is_secret(cell, column.password))
        spans.push_back(Span{begin, begin + cell.size(), open.rule, {}});
    }
    at = next_cell(text, end, open.delimiter);
  }
  if (cells == open.cells && whole) return;
  spans.resize(before);
  open.active = false;
}

bool may_hold_value(std::string_view words, const OpenBlock& open) {
  const bool first = std::any_of(open.columns.begin(), open.columns.end(),
                                 [](const TableColumn& column) { return column.number == 0; });
  return first || delimiter_from(words, 0, open.delimiter) < words.size();
}

}  // namespace redactd
