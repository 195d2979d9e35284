#include "filters/spans/value/next_line.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/block_lines.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/value/value_check.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kMostLines = 3;  // blank ones and the value's
constexpr size_t kPrefixBytes = 1024;
constexpr std::string_view kPass = "pass";
/// Of a property list, of a setting of Hadoop, and of web.xml.
constexpr std::string_view kPropertyKeys[] = {"<key>", "<name>", "<param-name>"};
constexpr std::string_view kPropertyEnds[] = {"</key>", "</name>", "</param-name>"};

/// `:protected]=>`, `:"App\User":private]=>`: what PHP's var_dump() has behind a member's name.
bool is_visibility(std::string_view tail) {
  return tail.starts_with(':') &&
         (tail.ends_with(":protected]=>") || tail.ends_with(":private]=>"));
}

/// `- `, the mark of a list's element, and `+ ` and `~ ` as Terraform shows changes.
bool is_mark(std::string_view text, size_t at) {
  static constexpr ByteClass kMarks = ByteClass::of("-+~");
  return at + 1 < text.size() && kMarks.has(text[at]) && text[at + 1] == ' ';
}

/// Whether what begins at `at` is an element of a list in YAML.
bool is_element(std::string_view text, size_t at) {
  return at >= 3 && text.substr(at - 2, 2) == "- " && text[at - 3] == ' ';
}

/// Where the option begins that ends at `end`; npos: it is none.
size_t option_begin(std::string_view text, size_t end) {
  while (end > 0 && is_name_byte(text[end - 1])) --end;
  return text.substr(end, 2) == "--" ? end : kNone;
}

/// `- --password`, an element of arguments in YAML, with nothing behind it.
bool ends_listed_option(std::string_view text, size_t end, std::string_view tail) {
  const size_t begin = option_begin(text, end);
  if (begin == kNone || (!tail.empty() && tail != "\"" && tail != "'")) return false;
  const bool quoted = begin > 0 && (text[begin - 1] == '"' || text[begin - 1] == '\'');
  return is_element(text, begin - (quoted ? 1 : 0));
}

/// `--password` alone on its line, as kubectl describes arguments.
bool is_option_alone(std::string_view text, size_t end) {
  const size_t begin = option_begin(text, end);
  return begin != kNone && without_trailing_blanks(text.substr(0, begin)).empty();
}

/// `"db_password": {` as Terraform prints an output: its value is a member of what follows.
bool opens_object(std::string_view tail) {
  tail.remove_prefix(std::min(tail.find_first_not_of('\\'), tail.size()));
  if (tail.starts_with('"')) tail.remove_prefix(1);
  return tail == ": {" || tail == ":{" || tail == " : {";
}

/// What follows a key whose value the next line may be: `:`, `": |`, ` is:`, `"]=>`, ` = \`,
/// `: Some(`, and what closes the brackets that it stands in.
bool announces_value(std::string_view tail) {
  tail.remove_prefix(std::min(tail.find_first_not_of('\\'), tail.size()));
  bool quoted = !tail.empty() && (tail[0] == '"' || tail[0] == '\'');
  if (quoted) tail.remove_prefix(1);
  if (tail == "]=>" || is_visibility(tail)) return quoted;
  if (tail == ": Some(" || tail == "`):") return true;
  while (tail.ends_with("\\\\")) tail.remove_suffix(1);  // one, in a string
  if (tail == " is:" || tail == " was:" || tail == " =\\" || tail == "=\\" || tail == "= \\" ||
      tail == " = \\")
    return !quoted;
  if (opens_object(tail)) return quoted;
  if (!tail.starts_with(':')) return false;
  size_t style = tail.find_first_not_of(' ', 1);
  if (style == kNone) return true;
  tail.remove_prefix(style);
  return tail == "|" || tail == ">" || tail == "|-" || tail == ">-" || tail == "|+" || tail == ">+";
}

/// `<db.password>` behind the key's last letter.
bool is_tag(std::string_view text, size_t key_begin, std::string_view tail) {
  if (tail != ">") return false;
  while (key_begin > 0 && is_name_byte(text[key_begin - 1])) --key_begin;
  return key_begin > 0 && text[key_begin - 1] == '<';
}

/// `<key>Password</key>` behind the key's last letter: its value is the next element.
bool is_property_key(std::string_view text, size_t key_begin, std::string_view tail) {
  if (!tail.starts_with("</")) return false;
  while (key_begin > 0 && is_name_byte(text[key_begin - 1])) --key_begin;
  for (size_t i = 0; i < std::size(kPropertyKeys); ++i) {
    if (tail == kPropertyEnds[i]) return text.substr(0, key_begin).ends_with(kPropertyKeys[i]);
  }
  return false;
}

/// `form-data; name="password"` behind the key's last letter: its value comes after a blank line.
bool is_form_part(std::string_view text, size_t key_begin, std::string_view tail) {
  while (tail.starts_with('\\')) tail.remove_prefix(1);
  if (tail != "\"" && tail != "]\"") return false;
  size_t at = key_begin;
  while (at > 0 && (is_name_byte(text[at - 1]) || text[at - 1] == '[')) --at;
  if (at == 0 || text[at - 1] != '"') return false;
  --at;
  while (at > 0 && text[at - 1] == '\\') --at;
  return text.substr(0, at).ends_with("form-data; name=");
}

/// `name: X_PASSWORD`, `name = "X_PASSWORD"` of Terraform, or `Key: …` and its like of
/// CloudFormation, whose last word ends before `end`: where `name` begins, npos when it is
/// something else that ends a line.
size_t name_before(std::string_view text, size_t end) {
  constexpr size_t kMostBlanks = 2;
  constexpr size_t kMostPadding = 16;  // of PowerShell's lists
  size_t at = end;
  while (at > 0 && is_name_byte(text[at - 1])) --at;
  auto skip_quote = [&] {
    if (at > 0 && (text[at - 1] == '"' || text[at - 1] == '\'')) --at;
  };
  skip_quote();
  for (size_t i = 0; i < kMostBlanks && at > 0 && text[at - 1] == ' '; ++i) --at;
  const bool assigned = at > 0 && text[at - 1] == '=' && text[at] == ' ';  // no attribute
  if (at == 0 || (text[at - 1] != ':' && !assigned)) return kNone;
  --at;
  for (size_t i = 0; i < kMostPadding && at > 0 && text[at - 1] == ' '; ++i) --at;
  skip_quote();
  for (std::string_view name : {"name", "key", "property", "outputkey", "parameterkey"}) {
    if (at < name.size() || !equals_ignoring_case(text.substr(at - name.size(), name.size()), name))
      continue;
    const size_t begin = at - name.size();
    if (begin == 0 || !is_alnum(text[begin - 1])) return begin;
  }
  return kNone;
}

/// Nothing follows such a name but a quote and a comma.
bool is_name_tail(std::string_view tail) {
  if (!tail.empty() && (tail[0] == '"' || tail[0] == '\'')) tail.remove_prefix(1);
  return tail.empty() || tail == ",";
}

/// `value: …`, `value = "…"`, `"value": "…"` and `OutputValue: …`: where the value begins, npos
/// when the line is none.
size_t value_of_member(std::string_view text, size_t at) {
  constexpr std::string_view kValue = "value";
  Quote quote = quote_at(text, at);
  const size_t mark = quote.none() ? 0 : quote.size();
  at += mark;
  for (std::string_view owner : {"output", "parameter"}) {
    if (starts_with_ignoring_case(text.substr(at), owner)) at += owner.size();
  }
  if (!starts_with_ignoring_case(text.substr(at), kValue)) return kNone;
  at = skip_blanks(text, at + kValue.size() + mark);
  if (at >= text.size() || (text[at] != ':' && text[at] != '=')) return kNone;
  return skip_blanks(text, at + 1);
}

/// `"slotSetting": false,`: a member that may stand before the value's.
bool is_plain_member(std::string_view text, size_t at) {
  Quote quote = quote_at(text, at);
  if (quote.none() || !text.ends_with(',')) return false;
  at = quoted_end(text, at + quote.size(), quote) + quote.size();
  return at < text.size() && text[at] == ':' && text.find_first_of("{}[]", at) == kNone;
}

/// `"type": "Identifier",`: the object is a token of a parser, and its value no secret.
bool tells_other_type(std::string_view text, size_t at) {
  constexpr std::string_view kType = "\"type\"";
  return text.substr(at, kType.size()) == kType && text.find("\"string\"", at) == kNone &&
         text.find("Secure", at) == kNone;
}

/// A word that stands where no more than a line's place says that it is a secret.
bool looks_picked(std::string_view word) {
  constexpr size_t kShortest = 6;
  return word.size() >= kShortest && is_mixed(word) &&
         word.find_first_of("@:/[](){}<>$=,\\") == kNone;
}

/// Where nothing but a value may stand: one in quotes, or none of `int(5)`, `array(2) {`.
bool is_whole_value(std::string_view word, bool quoted) {
  return quoted || word.find_first_of("(){}[]<>") == kNone;
}

/// The one word of the line from `at` on, without its quotes; empty: the line is another.
std::string_view only_word(std::string_view text, size_t at, bool member, bool& quoted) {
  constexpr std::string_view kElements[] = {"<string>", "<value>", "<param-value>"};
  constexpr std::string_view kElementEnds[] = {"</string>", "</value>", "</param-value>"};
  for (size_t i = 0; i < std::size(kElements); ++i) {
    if (!text.substr(at).starts_with(kElements[i]) || !text.ends_with(kElementEnds[i])) continue;
    at += kElements[i].size();
    text.remove_suffix(kElementEnds[i].size());
  }
  if (at >= text.size() || text[at] == '<') return {};
  size_t end = text.size();
  const bool listed = member || text.substr(at).starts_with('"');  // "…", in Some( of Rust
  if (listed && text[end - 1] == ',') --end;
  const bool dumped = text.substr(at, 7) == "string(";  // of PHP's var_dump()
  if (dumped) {
    size_t wrapped = text.find(") ", at);
    if (wrapped != kNone) at = wrapped + 2;
  }
  Quote quote = quote_at(text, at);
  quoted = !quote.none();
  if (quoted) {
    at += quote.size();
    size_t close = quoted_end(text, at, quote);
    if (close + quote.size() != end) return {};
    end = close;
  }
  std::string_view word = text.substr(at, end - at);
  const bool whole = quoted && (member || dumped);
  bool single = (whole || std::none_of(word.begin(), word.end(), is_blank)) &&
                !word.ends_with(':') && (quoted || !word.ends_with(','));
  return single ? word : std::string_view();
}

/// The line that a record of Docker's log files holds, with its head; other records are their line.
std::string_view logged_line(std::string_view text) {
  constexpr std::string_view kTail = "\\n\",\"stream\":\"";
  constexpr size_t kLongestTail = 128;
  if (!text.starts_with(kDockerHead)) return text;
  const size_t from = text.size() - std::min(text.size(), kLongestTail);
  const size_t tail = text.substr(from).rfind(kTail);
  if (tail == kNone) return text;
  text = text.substr(0, from + tail);
  if (text.ends_with("\\r")) text.remove_suffix(2);
  return text;
}

std::string_view without_trailing_colour(std::string_view text) {
  const size_t escape = text.rfind('\x1b');
  return escape != kNone && skip_colour(text, escape) == text.size() ? text.substr(0, escape)
                                                                     : text;
}

/// The names of classes that var_dump() puts behind a member's may be long.
bool is_near_end(std::string_view text, size_t anchor_end) {
  constexpr size_t kLongestVisibility = 64;
  return anchor_end + kLongestKeyTail >= text.size() ||
         (anchor_end + kLongestVisibility >= text.size() && text.ends_with("]=>"));
}

/// `app[17]:`, `web-1  |`, `stdout F`: what a log's header ends with, not the words of a sentence.
bool ends_header(std::string_view text) {
  text = without_trailing_blanks(without_trailing_colour(text));
  if (text == kDockerHead) return true;
  if (text.size() < 2) return false;
  if (text.ends_with("stdout F") || text.ends_with("stderr F")) return true;  // of CRI
  if (text.back() == 'Z') return is_digit(text[text.size() - 2]);             // a time alone
  return text.back() == ':' || text.back() == ']' || text.back() == '|' || text.ends_with(" -");
}

/// A line begins as the key's did, though the key stood in the middle of a sentence: where its
/// last word begins, or the line's end when nothing stands behind the header. 0: it does not.
size_t behind_header(std::string_view text, std::string_view prefix) {
  std::string_view line = without_trailing_blanks(text);
  auto is_header = [prefix](std::string_view head) {
    return ends_header(head) && matching_prefix(prefix, shape_of_prefix(head)) != 0;
  };
  if (line.size() > kPrefixBytes) return 0;
  if (is_header(line)) return text.size();
  const size_t blank = line.find_last_of(" \t");
  size_t word = blank == kNone ? 0 : blank + 1;
  if (blank == kNone && line.starts_with(kDockerHead)) word = kDockerHead.size();
  word = skip_colour(line, word);
  return is_header(without_trailing_blanks(line.substr(0, word))) ? word : 0;
}

}  // namespace

std::optional<BlockMarker> key_before_its_line(std::string_view text, const ValueRule& value,
                                               size_t anchor_end) {
  text = logged_line(text);
  if (anchor_end == 0 || anchor_end > text.size() + 1 || !is_near_end(text, anchor_end))
    return std::nullopt;
  const Rule& rule = value.rule;
  if (rule.keys.empty() || rule.form != ValueForm::assign) return std::nullopt;
  const size_t key_end = end_of_key(text, anchor_end);
  std::string_view tail = without_trailing_blanks(text.substr(key_end));
  const bool member = is_name_tail(tail) && name_before(text, key_end) != kNone;
  const bool option = !member && ((tail.empty() && is_option_alone(text, key_end)) ||
                                  ends_listed_option(text, key_end, tail));
  if (!member && tail.empty() && !option) return std::nullopt;
  const size_t begin = key_start(text, key_end, *value.keys);
  if (begin == kNone) return std::nullopt;
  if (!member && !option && !announces_value(tail) && !is_tag(text, begin, tail) &&
      !is_property_key(text, begin, tail) && !is_form_part(text, begin, tail))
    return std::nullopt;
  if (!rule.names.empty() && find_name(text, begin, key_end, value).number == 0)
    return std::nullopt;
  return BlockMarker{begin, key_end, value.number, true};
}

bool ends_its_line(std::string_view text, size_t anchor_end) {
  return is_near_end(logged_line(text), anchor_end);
}

bool proves_more(const Rule& rule, const Rule& other) {
  auto rank = [](const Rule& of) {
    if (!of.names.empty()) return 2;
    switch (of.strength) {
      case Strength::strong:
        return 0;
      case Strength::medium:
        return 1;
      case Strength::random:
        return 2;
      case Strength::weak:
        break;
    }
    return 3;
  };
  return rank(rule) < rank(other);
}

void await_next_line(std::string_view text, const BlockMarker& key, OpenBlock& open) {
  text = logged_line(text);
  std::string_view name = text.substr(key.begin, key.end - key.begin);
  const size_t member_name = is_name_tail(without_trailing_blanks(text.substr(key.end)))
                                 ? name_before(text, key.end)
                                 : kNone;
  std::string_view tail = without_trailing_blanks(text.substr(key.end));
  const bool member = member_name != kNone || opens_object(tail);
  size_t before = member_name != kNone ? member_name : key.begin;
  auto belongs = [](char c) {
    return is_name_byte(c) || c == '"' || c == '\'' || c == '<' || c == '[' || c == '\\';
  };
  const size_t head_end = text.starts_with(kDockerHead) ? kDockerHead.size() : 0;
  while (before > head_end && belongs(text[before - 1])) --before;
  for (std::string_view element : kPropertyKeys) {
    if (text.substr(0, before).ends_with(element)) before -= element.size();
  }
  while (before >= 2 && is_mark(text, before - 2)) before -= 2;
  std::string_view head = text.substr(0, std::min(before, kPrefixBytes));
  open = OpenBlock{};
  open.active = true;
  open.rule = key.rule;
  std::string_view prefix = without_trailing_blanks(head);
  open.prefix = shape_of_prefix(prefix);
  open.indent = head.size() - prefix.size();
  open.one_word = true;
  open.member = member;
  open.certain = is_form_part(text, key.begin, tail) || tail.ends_with("]=>") ||
                 ends_listed_option(text, key.end, tail) || opens_object(tail);
  open.strong = std::search(name.begin(), name.end(), kPass.begin(), kPass.end(),
                            [](char a, char b) { return to_lower(a) == b; }) != name.end();
}

void take_next_line(const RecordView& record, const Rule& rule, OpenBlock& open,
                    std::vector<Span>& spans) {
  std::string_view text = logged_line(record.text);
  size_t begin = matching_prefix(text, open.prefix);
  if (begin == 0 && !open.prefix.empty()) begin = behind_header(text, open.prefix);
  size_t first = std::min(text.find_first_not_of(" \t", begin), text.size());
  // `a.b.C - `: the dash at the end of a header was taken for a list's, and is not in the prefix.
  if (!open.prefix.empty() && text.substr(first, 2) == "- ") {
    begin = first + 1;
    first = std::min(text.find_first_not_of(" \t", begin), text.size());
  }
  const bool of_list = is_mark(text, first) && text[first] == '-';
  if (is_mark(text, first)) first = skip_blanks(text, first + 2);
  const bool blank = first == text.size() && record.ends_record;
  open.active = blank && ++open.lines < kMostLines;
  if (blank || !record.ends_record || !record.starts_record || (open.listed && !of_list)) return;
  const size_t value = open.member ? value_of_member(text, first) : first;
  const bool other = open.certain && open.member && tells_other_type(text, first);
  if (value == kNone && !other && is_plain_member(text, first))
    open.active = ++open.lines < kMostLines;
  if (value == kNone || value >= text.size()) return;
  const bool element = text[value] == '<';
  ValueSetting setting;
  std::string_view word = only_word(text, value, open.member, setting.quoted);
  if (word.size() < std::max<size_t>(rule.min, 1) || failed_validator(rule.validators, word, false))
    return;
  // Another option, or the border between the parts of a form.
  if (open.certain && !setting.quoted && word.starts_with("--")) return;
  const bool certain = open.certain && is_whole_value(word, setting.quoted);
  setting.strength = (open.member || certain) && open.strong ? Strength::strong : Strength::medium;
  if (rule.strength == Strength::weak) setting.strength = Strength::weak;
  if (rule.strength == Strength::random || !rule.names.empty()) setting.strength = Strength::random;
  setting.sentence = !open.member && !element && !certain;
  if (check_value(word, setting) != Verdict::masked) return;
  const bool deeper = first - begin > open.indent;
  if (!open.member && !element && !deeper && !certain && !looks_picked(word)) return;
  const auto at = static_cast<size_t>(word.data() - text.data());
  spans.push_back(Span{at, at + word.size(), open.rule, {}});
  open.listed = of_list && !open.member && !open.certain;
  open.active = open.listed;
}

}  // namespace redactd
