#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/value_object.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr std::string_view kTakesVariable[] = {
    " -e ",        "--env ",       "--env=",       "Environment=", "export ",
    "declare -x ", "--build-arg ", "--build-arg=", "env "};

/// Past the `[` of a list, or the `[]string{` of Go's; npos when there is none at `at`.
size_t list_begin(std::string_view text, size_t at) {
  constexpr std::string_view kGo = "[]string{";
  if (at >= text.size() || text[at] != '[') return kNone;
  return at + (text.substr(at).starts_with(kGo) ? kGo.size() : 1);
}

/// Whether `NAME=` with the quote before it stands before `at`, where a shell or systemd takes a
/// variable: `-e "DB_PASSWORD=…"`, `Environment="DB_PASSWORD=…"`, `export 'DB_PASSWORD=…'`.
bool is_quoted_assignment(std::string_view text, size_t at, const Quote& outer) {
  static constexpr ByteClass kOfVariables = ByteClass::of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  if (at == 0 || text[at - 1] != '=') return false;
  size_t name = at - 1;
  while (name > 0 && kOfVariables.has(text[name - 1])) --name;
  if (name + 1 == at || name < outer.size() || outer.spelling != 0) return false;
  std::string_view before = text.substr(0, name - outer.size());
  return std::any_of(std::begin(kTakesVariable), std::end(kTakesVariable),
                     [before](std::string_view word) { return before.ends_with(word); });
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
    case ValueForm::before:
      return before();
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
  if (opening.quote.none() && end < text_.size() && text_[end] == ' ')
    end = std::max(end, end_with_blanks(at, opening));
  if (at > 0 && text_[at - 1] == '<' && opening.quote.none()) {  // password <…>
    end = std::min(end, text_.find('>', at));
    record_.work += end - at;
  }
  if (is_name(at, end, opening)) return Verdict::plain_word;
  const size_t before = spans_.size();
  Verdict verdict = add(at, end, opening, strength);
  further_values(at, end, opening, spans_.size() > before);
  if (verdict == Verdict::plain_word && opening.quote.none()) fallback_of_code(at, end);
  return verdict;
}

/// Where a value with blanks ends that has no quotes of its own; 0: nothing tells.
size_t ValueResolver::end_with_blanks(size_t at, const Opening& opening) const {
  constexpr size_t kLongest = 128;
  std::string_view near = text_.substr(0, std::min(text_.size(), at + kLongest));
  size_t end = 0;
  if (!opening.outer.none() && is_quoted_assignment(text_, at, opening.outer)) {
    end = quoted_end(near, at, opening.outer);
    if (end == near.size() || near.substr(at, end - at).find('=') != kNone) return 0;
  } else if (near.substr(0, at).ends_with("] => ") && rule_.strength == Strength::strong) {
    // [password] => …, as PHP's print_r() shows an array, a line or a blank for each
    end = std::min({near.find(" [", at), near.find(" )", at), near.find_first_of("\"\\<", at)});
    if (end == kNone && near.size() < text_.size()) return 0;
    end = std::min(end, near.size());
  }
  record_.work += kLongest;
  return end;
}

/// Its values are numbers, which prove no less for what stands between them and the key.
bool ValueResolver::is_code_rule() const {
  return std::any_of(rule_.validators.begin(), rule_.validators.end(),
                     [](const Validator& one) { return one.kind == Validator::Kind::code; });
}

/// `PWD={…};` of ODBC, where `}}` stands for a brace: the closing one; npos when it is none.
size_t ValueResolver::brace_end(size_t at) const {
  static constexpr ByteClass kNotInside = ByteClass::of(" \t\r\n\"'`:=,{");
  static constexpr ByteClass kNotInOdbc = ByteClass::of("\r\n\"'`{");
  constexpr size_t kLongest = 256;
  if (at == 0 || text_[at] != '{' || text_[at - 1] != '=') return kNone;
  const bool odbc =
      at > 4 && text_[at - 5] == ';' && equals_ignoring_case(text_.substr(at - 4, 4), "pwd=");
  const ByteClass& ends = odbc ? kNotInOdbc : kNotInside;
  size_t limit = std::min(text_.size(), at + kLongest);
  for (size_t i = at + 1; i < limit && !ends.has(text_[i]); ++i) {
    if (text_[i] != '}') continue;
    bool doubled = i + 1 < limit && text_[i + 1] == '}';
    if (!doubled) return i;
    ++i;
  }
  return kNone;
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
  if (!is_digit(value[0]) && is_code_rule()) return Verdict::no_code;
  ValueSetting setting;
  setting.strength = strength;
  setting.quoted = !opening.quote.none();
  setting.sentence = opening.sentence;
  if (Verdict verdict = check_value(value, setting); verdict != Verdict::masked) return verdict;
  if (is_ordinary(begin, end, opening)) return Verdict::plain_word;
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
