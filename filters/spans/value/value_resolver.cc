#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/label.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/named_member.h"
#include "filters/spans/value/separator.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// `{{ name }}` and `${{ name }}` hold blanks, which end other values. Npos when there is none at
/// `at`.
size_t template_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 80;
  if (text.substr(at, 2) != "{{" && text.substr(at, 3) != "${{") return kNone;
  size_t close = text.substr(0, std::min(text.size(), at + kLongest)).find("}}", at);
  return close == kNone ? kNone : close + 2;
}

/// An element's text goes on to the next tag, blanks included. Npos when there is none near.
size_t markup_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 1024;
  size_t close = text.substr(0, std::min(text.size(), at + kLongest)).find('<', at);
  return close == at ? kNone : close;
}

/// Past the `[` of a list, or the `[]string{` of Go's; npos when there is none at `at`.
size_t list_begin(std::string_view text, size_t at) {
  constexpr std::string_view kGo = "[]string{";
  if (at >= text.size() || text[at] != '[') return kNone;
  return at + (text.substr(at).starts_with(kGo) ? kGo.size() : 1);
}

/// `realm=` before the quote at `at`, not the padding of `Basic dXNlcjpw…=`.
bool names_parameter(std::string_view text, size_t at) {
  constexpr size_t kLongest = 32;
  size_t name = at - 1;  // on the =
  size_t capitals = 0;
  while (name > 0 && at - name < kLongest &&
         (is_letter(text[name - 1]) || text[name - 1] == '_' || text[name - 1] == '-'))
    capitals += is_upper(text[--name]);
  if (name + 1 == at || !is_lower(text[name]) || capitals > 1) return false;  // keyId
  return name == 0 || is_blank(text[name - 1]) || text[name - 1] == ',' || text[name - 1] == ':';
}

/// The first of `['required', 'string', 'min:8']`, the rules for a form's field.
bool is_field_rule(std::string_view value) {
  return value == "required" || value == "nullable" || value == "sometimes";
}

/// How many times check_value() looks through the value, about.
size_t passes_over(Strength strength) {
  switch (strength) {
    case Strength::strong:
      return 1;
    case Strength::medium:
      return 2;
    case Strength::weak:
    case Strength::random:
      break;
  }
  return 4;
}

/// `password:  16 bytes`, as kubectl describes a Secret.
bool is_count_of_bytes(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 5;
  std::string_view value = text.substr(begin, end - begin);
  return value.size() <= kMostDigits && std::all_of(value.begin(), value.end(), is_digit) &&
         text.substr(end, 6) == " bytes";
}

/// `reason = Invalid password : server = 10.0.0.1`: what follows is a key with a value of its own.
bool is_next_key(std::string_view text, size_t begin, size_t end, const Opening& opening) {
  constexpr size_t kLongest = 24;
  return opening.sentence && end - begin <= kLongest && text.substr(end, 3) == " = " &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                     text.begin() + static_cast<std::ptrdiff_t>(end), is_lower);
}

/// `password` of {{resolve:secretsmanager:db:SecretString:password}}, which names where the secret
/// of a stack is kept.
bool is_in_dynamic_reference(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kFarthest = 160;
  if (text.substr(end, 2) != "}}") return false;
  const size_t first = begin - std::min(begin, kFarthest);
  std::string_view before = text.substr(first, begin - first);
  const size_t open = before.rfind("{{resolve:");
  return open != kNone && before.find_first_of(" }\"'", open) == kNone;
}

/// Nothing but blanks stands before the key with dots that ends at `end`.
bool key_begins_line(const RecordView& record, size_t end) {
  std::string_view text = record.text;
  constexpr size_t kLongest = 128;
  const size_t first = end - std::min(end, kLongest);
  while (end > first && (is_name_byte(text[end - 1]) || text[end - 1] == '.')) --end;
  while (end > first && is_blank(text[end - 1])) --end;
  return end == 0 ? record.starts_record : text[end - 1] == '\n';
}

/// `abcd efgh ijkl mnop`, as mail services show a password for programs, and six such groups, as
/// WordPress does: the end of the last when the first ends at `end`, else `end`.
size_t end_of_groups(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kGroup = 4;
  constexpr size_t kOfMail = 4;
  constexpr size_t kOfBlogs = 6;
  if (end - begin != kGroup) return end;
  size_t groups = 1;
  size_t last = end;
  while (groups <= kOfBlogs && text.substr(last, 1) == " ") {
    size_t next = last + 1;
    while (next < text.size() && is_alnum(text[next])) ++next;
    const bool word = next == text.size() || !is_name_byte(text[next]);  // no smtp_port=
    if (next - last - 1 != kGroup || !word) break;
    last = next;
    ++groups;
  }
  std::string_view all = text.substr(begin, last - begin);
  const bool lower =
      std::all_of(all.begin(), all.end(), [](char c) { return is_lower(c) || c == ' '; });
  return (groups == kOfMail && lower) || (groups == kOfBlogs && is_mixed(all)) ? last : end;
}

}  // namespace

Verdict ValueResolver::resolve(const Opening& opening) {
  bool header = rule_.form == ValueForm::authorization || rule_.form == ValueForm::cookie;
  if (!header) return resolve_one(opening);
  size_t first = opening.quote.none() ? list_begin(text_, opening.begin) : kNone;
  if (first != kNone && mask_at(text_, opening.begin) == 0) return header_list(first);
  return resolve_one(opening);
}

Verdict ValueResolver::resolve_one(const Opening& opening) {
  switch (rule_.form) {
    case ValueForm::assign:
    case ValueForm::spaced:
      return assign(opening);
    case ValueForm::authorization:
      return authorization(opening);
    case ValueForm::cookie:
      return cookie(opening);
    case ValueForm::credentials:
      return credentials(opening);
    case ValueForm::object:
      return object(opening);
    case ValueForm::members:
      return members();
    case ValueForm::columns:
      return columns();
    case ValueForm::piped:
      return piped(opening);
    case ValueForm::rest:
      return add(opening.begin, phrase_end(opening), opening, Strength::strong);
  }
  return Verdict::no_value;
}

Verdict ValueResolver::assign(const Opening& opening) {
  size_t at = opening.begin;
  if (opening.quote.none() && at < text_.size()) {
    if (size_t first = list_begin(text_, at); first != kNone) {
      if (std::optional<Verdict> verdict = array(first, opening)) return *verdict;
    }
    if (std::optional<Opening> member = value_in_object(record_, at, opening))
      return assign(*member);
    if (size_t end = brace_end(at); end != kNone)
      return add(at + 1, end, opening, Strength::medium);
    if (text_[at] == '{' && !opening.bare.markup &&
        (at + 1 >= text_.size() || text_[at + 1] != '{')) {
      return Verdict::no_value;  // an object: its own keys tell
    }
  }
  bool sentence = opening.sentence || (opening.bare.json && opening.quote.none());
  Strength strength = sentence ? rule_.in_sentences.value_or(rule_.strength) : rule_.strength;
  if (name_.number != 0 && (name_.ordinary || !name_.in_key)) strength = Strength::random;
  if (opening.doubt && strength == Strength::strong && !is_code_rule()) strength = Strength::medium;
  size_t end = value_end(opening);
  if (opening.quote.none() && rule_.strength == Strength::random &&
      text_.substr(0, at).ends_with('/')) {  // a segment of a URL's path
    end = record_.path_ends.first_in(text_, at, end);
    record_.work += record_.path_ends.work();
  }
  if (is_own_name(at, end, opening) || is_next_key(text_, at, end, opening))
    return Verdict::plain_word;
  const size_t before = spans_.size();
  Verdict verdict = add(at, end, opening, strength);
  if (spans_.size() > before && opening.quote.none() && rule_.strength == Strength::strong) {
    if (size_t last = end_of_groups(text_, at, end); last > end) spans_.back().end = last;
  }
  if (spans_.size() > before && opening.quote.none()) next_words(at, end, opening);
  if (!opening.quote.none()) changed_value(at, end, opening);
  if (opening.doubt) changed_word(at, end, opening);
  return verdict;
}

/// Its values are numbers, which prove no less for what stands between them and the key.
bool ValueResolver::is_code_rule() const {
  return std::any_of(rule_.validators.begin(), rule_.validators.end(),
                     [](const Validator& one) { return one.kind == Validator::Kind::code; });
}

/// `login(password=password)`, `self.password = password`: the key again, in code. Elsewhere it
/// is a weak password.
bool ValueResolver::is_own_name(size_t begin, size_t end, const Opening& opening) const {
  constexpr size_t kLongest = 256;  // in a line of keys every value is as long as what follows
  if (!opening.quote.none() || begin >= end || rule_.keys.empty()) return false;
  const size_t size = end - begin;
  const size_t key_end = end_of_key(text_, anchor_end_);
  if (size > std::min(key_end, kLongest)) return false;
  std::string_view before = text_.substr(0, key_end - size);
  const bool of_call =
      end < text_.size() && (text_[end] == ')' || text_[end] == ';' || text_[end] == ',');
  const bool of_object = before.ends_with("self.") || before.ends_with("this.");
  return (of_call || of_object) && text_.substr(key_end - size, size) == text_.substr(begin, size);
}

/// Whether a file of translations may have the key: behind `=` a dotted one, never one in capitals.
bool ValueResolver::may_name_label(size_t begin) const {
  static constexpr ByteClass kOfKey = alnum_and("._-");
  const size_t key_end = end_of_key(text_, anchor_end_);
  size_t key_begin = key_end;
  while (key_begin > 0 && kOfKey.has(text_[key_begin - 1])) --key_begin;
  std::string_view key = text_.substr(key_begin, key_end - key_begin);
  if (key.empty() || is_upper(key.back())) return false;
  std::string_view separator = text_.substr(key_end, begin - key_end);
  if (separator.find('=') != kNone) return key.find('.') != kNone;
  return separator.find(':') != kNone;
}

/// Password, or without quotes the rest of a line that its key begins: `label.pin=Your password`.
bool ValueResolver::is_label_of_field(size_t begin, size_t end, const Opening& opening) const {
  constexpr size_t kLongest = 64;
  if (!may_begin_label(text_[begin]) || !may_name_label(begin)) return false;
  if (end == text_.size() && !record_.ends_record) return false;  // may go on
  std::string_view value = text_.substr(begin, end - begin);
  if (is_label(value)) return true;
  if (!opening.quote.none() || std::any_of(value.begin(), value.end(), is_digit)) return false;
  if (!key_begins_line(record_, end_of_key(text_, anchor_end_))) return false;
  const size_t farthest = std::min(text_.size(), begin + kLongest);
  const size_t stop = std::min(text_.substr(0, farthest).find_first_of("\r\n", begin), farthest);
  if (stop == text_.size() && !record_.ends_record) return false;
  if (stop < text_.size() && text_[stop] != '\r' && text_[stop] != '\n') return false;
  return is_label(text_.substr(begin, stop - begin));
}

/// `PWD={…};` of ODBC, where `}}` stands for a brace: the closing one; npos when it is none.
size_t ValueResolver::brace_end(size_t at) const {
  static constexpr ByteClass kNotInside = ByteClass::of(" \t\r\n\"'`:=,{");
  constexpr size_t kLongest = 256;
  if (at == 0 || text_[at] != '{' || text_[at - 1] != '=') return kNone;
  size_t limit = std::min(text_.size(), at + kLongest);
  for (size_t i = at + 1; i < limit && !kNotInside.has(text_[i]); ++i) {
    if (text_[i] != '}') continue;
    bool doubled = i + 1 < limit && text_[i + 1] == '}';
    if (!doubled) return i;
    ++i;
  }
  return kNone;
}

/// `"old" -> "new"`, as Terraform and Kubernetes tools print changes, and `"old":"…","new":"…"`.
void ValueResolver::changed_value(size_t begin, size_t end, const Opening& opening) {
  if (size_t newer = newer_version(text_, begin, end, opening.quote); newer != kNone) {
    Opening next = open_value_at(record_, newer);
    add(next.begin, value_end(next), next, opening.doubt ? Strength::medium : rule_.strength);
    return;
  }
  size_t at = end + opening.quote.size();
  while (at < text_.size() && text_[at] == ' ') ++at;
  if (at >= text_.size() || (text_[at] != '-' && text_[at] != '=')) return;
  std::string_view arrow = text_.substr(at, 3);
  if (arrow != "-> " && arrow != "=> ") return;
  Opening next = open_value_at(record_, at + arrow.size());
  if (!next.quote.none()) add(next.begin, value_end(next), next, rule_.strength);
}

/// `[a, b]` without quotes, and `abcde-fghij, klmno-pqrst` of recovery codes, which look alike: the
/// words behind the first.
void ValueResolver::next_words(size_t at, size_t end, const Opening& opening) {
  constexpr size_t kMost = 64;
  const bool list = text_[at] == '[' || (at > 0 && text_[at - 1] == '[');
  const size_t size = end - at;
  for (size_t i = 0; i < kMost && text_.substr(end).starts_with(", "); ++i) {
    Opening next = open_value_at(record_, end + 2);
    if (!next.quote.none()) return;
    next.bare = opening.bare;
    const size_t word = next.begin;
    end = value_end(next);
    std::string_view value = text_.substr(word, end - word);
    if (!is_mixed(value) || value.find_first_of("=:") != kNone || (!list && value.size() != size))
      return;
    if (add(word, end, next, Strength::medium) != Verdict::masked) return;
  }
}

/// `changed from old to new`, with quotes or without
void ValueResolver::changed_word(size_t at, size_t end, const Opening& opening) {
  constexpr std::string_view kTo = " to ";
  if (!opening.quote.none()) {
    at -= opening.quote.size();
    end += opening.quote.size();
  }
  if (!text_.substr(0, at).ends_with("changed from ") ||
      !text_.substr(std::min(end, text_.size())).starts_with(kTo))
    return;
  Opening next = open_value_at(record_, end + kTo.size());
  next.sentence = next.quote.none();
  next.bare = opening.bare;
  add(next.begin, value_end(next), next, Strength::medium);
}

/// `["a", "b"]`: every element; nothing when it is no array.
std::optional<Verdict> ValueResolver::array(size_t at, const Opening& opening) {
  std::optional<Verdict> result;
  while (at < text_.size() && is_blank(text_[at])) ++at;
  if (at < text_.size() && (text_[at] == ']' || text_[at] == '}')) return Verdict::no_value;
  for (size_t i = 0; i < kMostElements && at < text_.size(); ++i) {
    Opening element = open_value_at(record_, at);
    element.bare.json = true;
    if (element.quote.none()) {
      char first = element.begin < text_.size() ? text_[element.begin] : ']';
      bool scalar = is_digit(first) || first == '-' || mask_at(text_, element.begin) != 0;
      if (!opening.bare.json || !scalar) return result;
    }
    size_t end = value_end(element);
    if (i == 0 && is_field_rule(text_.substr(element.begin, end - element.begin)))
      return Verdict::plain_word;
    Verdict verdict = add(element.begin, end, element, rule_.strength);
    if (!result || verdict == Verdict::masked) result = verdict;
    at = end + (element.quote.none() ? 0 : element.quote.size());
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != ',') return result;
    ++at;
  }
  return result;
}

/// Where the header ends, or before the first word that a wallet's phrase has not.
size_t ValueResolver::phrase_end(const Opening& opening) const {
  constexpr size_t kMostWords = 24;
  constexpr size_t kShortestWord = 3;
  constexpr size_t kLongestWord = 8;
  const size_t end = header_end(opening);
  const bool phrase =
      rule_.validators.size() == 1 && rule_.validators[0].kind == Validator::Kind::phrase;
  if (!phrase) return end;
  size_t last = opening.begin;
  for (size_t words = 0, at = opening.begin; words < kMostWords && at < end; ++words) {
    size_t stop = at;
    while (stop < end && is_lower(text_[stop])) ++stop;
    if (stop - at < kShortestWord || stop - at > kLongestWord) break;
    last = stop;
    if (stop < end && text_[stop] == ',') ++stop;
    if (stop >= end || text_[stop] != ' ') break;
    at = stop + 1;
  }
  return last;
}

size_t ValueResolver::value_end(const Opening& opening) const {
  size_t end = 0;
  if (opening.quote.none()) {
    end = template_end(text_, opening.begin);
    size_t mask = mask_at(text_, opening.begin);
    if (mask != 0 && text_.substr(opening.begin + mask, 1) == "'") return opening.begin + mask;
    if (end == kNone && opening.bare.markup) end = spelt_markup_end(text_, opening.begin);
    if (end == kNone && opening.bare.markup) end = markup_end(text_, opening.begin);
    if (end == kNone) return bare_value_end(opening.begin, opening);
  } else {
    end = quoted_end(text_, opening.begin, opening.quote);
    record_.work += end - opening.begin;
    if (opening.quote.mark != '"') return end_of_string_around(text_, opening.begin, end);
  }
  record_.work += end - opening.begin;
  return end;
}

/// Where the value without quotes ends that stands at `at`.
size_t ValueResolver::bare_value_end(size_t at, const Opening& opening) const {
  constexpr size_t kLong = 64;
  static constexpr ByteClass kRemembered = ByteClass::of("\\([{)]}>");  // by bare_end()
  RecordView::BareMemo& memo = record_.bare;
  if (memo.from <= at && at < memo.end && memo.context == opening.bare) return memo.end;
  const size_t end = bare_end(text_, at, opening.bare);
  record_.work += end - at;
  if (end - at > kLong && !kRemembered.any_in(text_.substr(at, end - at)))
    memo = {at, end, opening.bare};
  return end;
}

/// A header's value goes on to the end of its line, or to the quote around the whole header.
size_t ValueResolver::header_end(const Opening& opening) const {
  if (!opening.quote.none()) return value_end(opening);
  if (!opening.outer.none()) {
    size_t end = quoted_end(text_, opening.begin, opening.outer);
    record_.work += end - opening.begin;
    if (end < text_.size()) return end;
  }
  RecordView::HeaderMemo& memo = record_.header;
  bool known = memo.from <= opening.begin && opening.begin <= memo.end &&
               memo.escapes == opening.bare.escapes &&
               memo.single_quote_ends == opening.bare.single_quote_ends;
  if (!known) {
    memo = {opening.begin, line_end(opening), opening.bare.escapes, opening.bare.single_quote_ends};
    record_.work += memo.end - memo.from;
  }
  return memo.end;
}

/// The end of the line or of the string that the header stands in. Quoted parameters (realm="…")
/// are passed over.
size_t ValueResolver::line_end(const Opening& opening) const {
  static constexpr ByteClass kPlain = [] {
    constexpr ByteClass kTelling = ByteClass::of("\r\n`\"'\\");
    ByteClass plain;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (!kTelling.has(static_cast<char>(byte))) plain.add(static_cast<unsigned char>(byte));
    }
    return plain;
  }();
  size_t at = opening.begin;
  while (true) {
    at = run_end(text_, at, kPlain);
    if (at >= text_.size()) return at;
    char c = text_[at];
    if (c == '\r' || c == '\n' || c == '`') return at;
    Quote quote = quote_at(text_, at);
    if (quote.mark == '\'' && !opening.bare.single_quote_ends) {
      at += quote.size();
    } else if (quote.mark != 0 && at > opening.begin && text_[at - 1] == '=' &&
               names_parameter(text_, at)) {
      size_t close = quoted_end(text_, at + quote.size(), quote);
      at = std::min(text_.size(), close + quote.size());
    } else if (opening.bare.escapes && (quote.mark != 0 || line_break_at(at))) {
      return at;
    } else {  // what is true of the first of many backslashes is true of all
      at = std::max(at + 1, std::min(text_.find_first_not_of('\\', at), text_.size()));
    }
  }
}

/// `\n`, `\r` or, in JSON in JSON, `\\n`.
bool ValueResolver::line_break_at(size_t at) const {
  size_t letter = text_.find_first_not_of('\\', at);
  return letter != kNone && letter > at && (text_[letter] == 'n' || text_[letter] == 'r');
}

/// A header's value without the form that its name promises.
Verdict ValueResolver::add_word(size_t begin, size_t end, const Opening& opening) {
  if (text_.substr(begin, 1) == "[" && !opening.quote.none()) {
    return add(begin, end, opening, Strength::medium);  // "[Redacted]"
  }
  size_t stop = bare_end_before(text_, begin, end, opening.bare);
  record_.work += stop - begin;
  return add(begin, stop, opening, Strength::medium);
}

/// Your code is 123456.
bool ValueResolver::is_code_in_sentence(const Opening& opening) const {
  return opening.sentence && rule_.validators.size() == 1 &&
         rule_.validators[0].kind == Validator::Kind::code;
}

/// Whether the key does.
bool ValueResolver::stands_in_mask() const {
  const size_t at = anchor_end_ - 1;
  return record_.brackets.stands_in(text_, at - std::min(at, kMaskReach), at) &&
         inside_mask(text_, at);
}

/// Whether the value is masked by a rule that stands before this one, so that nothing is left to
/// tell: neither the mask, nor where the value goes on, nor the next line of a key.
bool ValueResolver::is_masked_already(size_t begin, size_t end) const {
  const RecordView::MaskedValue& masked = record_.masked;
  return masked.begin == begin && masked.end == end && masked.rule < rule_number_ &&
         rule_.keys.empty() && (end < text_.size() || record_.ends_record);
}

/// Of small letters alone, as the many values of `key=key=key=` are: nothing random.
bool ValueResolver::is_long_and_plain(size_t begin, size_t end) const {
  constexpr size_t kLong = 24;
  if (end - begin < kLong) return false;
  const bool plain =
      !record_.digits_and_capitals.stands_in(text_, begin, std::min(end, begin + kMostChecked));
  record_.work += record_.digits_and_capitals.work();
  return plain;
}

Verdict ValueResolver::add(size_t begin, size_t end, const Opening& opening, Strength strength) {
  if (begin >= end) return Verdict::no_value;
  if (is_code_in_sentence(opening) && text_[end - 1] == '.') --end;
  if (is_masked_already(begin, end)) return Verdict::masked;
  std::string_view value = text_.substr(begin, end - begin);
  const bool random = strength == Strength::weak || strength == Strength::random;
  if (random && is_long_and_plain(begin, end) &&
      (strength == Strength::weak || !looks_like_hash(value)))
    return Verdict::not_random;
  record_.work += passes_over(strength) * std::min(value.size(), kMostChecked);
  if (!rule_.validators.empty()) record_.work += value.size();
  ValueSetting setting;
  setting.strength = strength;
  setting.quoted = !opening.quote.none();
  setting.sentence = opening.sentence;
  if (Verdict verdict = check_value(value, setting); verdict != Verdict::masked) return verdict;
  if (setting.sentence && is_count_of_bytes(text_, begin, end)) return Verdict::plain_word;
  if (is_label_of_field(begin, end, opening) || is_in_dynamic_reference(text_, begin, end))
    return Verdict::plain_word;
  bool cut_off = end == text_.size();
  if (rule_.min != 0 && value.size() < rule_.min && !cut_off) return Verdict::too_short;
  if (!rule_.validators.empty()) {
    if (std::optional<Verdict> failed = failed_validator(rule_.validators, value, cut_off))
      return *failed;
  }
  if (stands_in_mask()) return Verdict::inside_mask;
  Span span{begin, end, rule_number_, {}, name_.number};
  if (cut_off && !record_.ends_record) {
    span.open.how = setting.quoted ? Continuation::How::quoted : Continuation::How::bare;
    span.open.quote = opening.quote;
    span.open.bare = opening.bare;
  }
  spans_.push_back(span);
  return Verdict::masked;
}

}  // namespace redactd
