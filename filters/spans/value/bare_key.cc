#include "filters/spans/value/bare_key.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/quoted_key.h"
#include "filters/spans/value/separator_words.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// `.password("…")`, `setDbPassword("…")`, `set_password("…")`: a call that is given the value.
bool sets_value(std::string_view text, size_t name_begin, size_t key_begin) {
  if (key_begin > name_begin && text[key_begin - 1] == '_') --key_begin;
  size_t word = key_begin;
  while (word > name_begin && is_alnum(text[word - 1])) --word;
  std::string_view before = text.substr(word, key_begin - word);
  if (before.empty()) return key_begin > 0 && text[key_begin - 1] == '.';
  for (std::string_view verb : {"set", "with"}) {  // setDbPassword
    if (before.starts_with(verb) && (before == verb || is_upper(before[verb.size()]))) return true;
  }
  return false;
}

/// `name: ` before the name.
bool is_name_of_member(std::string_view text, size_t name_begin) {
  size_t at = name_begin;
  while (at > 0 && text[at - 1] == ' ') --at;
  return at < name_begin && text.substr(0, at).ends_with("name:");
}

/// `name=`, `key=` or `field=` before the name: logfmt has its value in the next pair.
bool is_named(std::string_view before) {
  return before.ends_with("name=") || before.ends_with("key=") || before.ends_with("field=");
}

/// Whether what stands in the parentheses looks random: the key may be a function's name.
bool random_argument(const BehindKey& key) {
  constexpr size_t kShortest = 8;
  constexpr size_t kLongest = 256;
  const Quote quote = quote_at(key.text, key.at + 1);
  const size_t begin = key.at + 1 + quote.size();
  std::string_view near = key.text.substr(0, std::min(key.text.size(), begin + kLongest));
  const size_t end =
      quote.none() ? near.find_first_of(")( \t", begin) : quoted_end(near, begin, quote);
  if (end >= near.size() || end - begin < kShortest) return false;
  std::string_view value = near.substr(begin, end - begin);
  return (!quote.none() || near[end] == ')') && value.find(' ') == kNone && is_scrambled(value);
}

/// `[--user, bob, --password, …]` as Java prints a list, `(password,…)` as Scala prints a pair.
bool lists_value(const BehindKey& key) {
  if (is_option(key.text, key.place.name_begin)) return true;
  const size_t open = key.place.name_begin - std::min<size_t>(key.place.name_begin, 1);
  if (key.text.substr(open, 1) != "(" || key.place.name_begin == 0) return false;
  if (key.at + 1 < key.text.size() && is_blank(key.text[key.at + 1]))
    return false;  // of other languages
  return open == 0 || std::string_view(" (,[").find(key.text[open - 1]) != kNone;  // no call
}

/// `Name:DB_PASSWORD Value:…`, `Name:DB_PASSWORD,Value:…` as Go prints a struct,
/// `ParameterKey=DbPassword,ParameterValue=…` and `env[0].name=DB_PASSWORD,env[0].value=…` of
/// command lines, `{name: DB_PASSWORD, value: …}` and `name: DB_PASSWORD\n value: …` of YAML.
size_t behind_value_name(const BehindKey& key, char c) {
  constexpr size_t kLongest = 40;
  constexpr std::string_view kValue = "value";
  size_t name = key.at;
  if (c == ',') name = skip_blanks(key.text, key.at + 1);
  if ((c == '\\' || c == '#') && is_name_of_member(key.text, key.place.name_begin))
    name = skip_line_breaks(key.text, key.at);
  if (name == key.at) {
    if (!key.blank_before) return kNone;
    const bool named = is_named(key.text.substr(0, key.place.name_begin));
    return key.rest.starts_with("Value:") || (named && key.rest.starts_with("value=")) ? key.at + 6
                                                                                       : kNone;
  }
  const size_t limit = std::min(key.text.size(), name + kLongest);
  size_t end = name;
  while (end < limit &&
         (is_name_byte(key.text[end]) || key.text[end] == '[' || key.text[end] == ']'))
    ++end;
  if (end == limit || end - name < kValue.size()) return kNone;
  std::string_view word = key.text.substr(name, end - name);
  if (!equals_ignoring_case(word.substr(word.size() - kValue.size()), kValue)) return kNone;
  const bool equals = key.text[end] == '=';
  if (equals && word == kValue) return end + 1;  // parameter DB_PASSWORD, value=…
  bool pair = key.place.name_begin > 0 && key.text[key.place.name_begin - 1] == '=' && equals;
  return pair || (word.size() == kValue.size() && key.text[end] == ':') ? end + 1 : kNone;
}

}  // namespace

size_t typed_assignment(std::string_view text, size_t at) {
  static constexpr ByteClass kOfTypes = alnum_and(".");
  size_t type = at;
  if (type < text.size() && (text[type] == '&' || text[type] == '*')) ++type;
  while (type < text.size() && type - at < 24 && kOfTypes.has(text[type])) ++type;
  if (type == at) return kNone;
  size_t equals = skip_blanks(text, type);
  if (equals >= text.size() || text[equals] != '=') return kNone;
  if (equals == type && !text.substr(at, type - at).ends_with("tring")) return kNone;
  size_t value = skip_blanks(text, equals + 1);
  return quote_at(text, value).none() ? kNone : equals + 1;
}

bool brackets_show_value(const BehindKey& key) {
  constexpr size_t kShortestPassword = 6;
  constexpr size_t kShortestKey = 24;
  constexpr size_t kLongest = 4096;
  static constexpr ByteClass kNotInside = ByteClass::of(" \t\"'`[](){}<>,");
  const size_t kind = std::string_view("[(<").find(key.rest[0]);
  if (kind == kNone || !key.blank_before || !key.place.quote.none()) return false;
  if (mask_at(key.rest, 0) != 0) return false;
  std::string_view inside = key.rest.substr(1, kLongest);
  const auto close =
      std::find_if(inside.begin(), inside.end(), [](char c) { return kNotInside.has(c); });
  if (close == inside.end() || *close != "])>"[kind]) return false;
  std::string_view value = inside.substr(0, static_cast<size_t>(close - inside.begin()));
  std::string_view name = key.text.substr(key.place.key_begin, key.key_end - key.place.key_begin);
  if (name.find("ass") == kNone && name.find("ASS") == kNone)
    return value.size() >= kShortestKey && (is_scrambled(value) || looks_like_hash(value));
  // passwd [-cimB], passwd (1:4.13-1): options and a package's version.
  const bool version = key.rest[0] == '(' && value.find(':') != kNone;
  return value.size() >= kShortestPassword && is_mixed(value) && value[0] != '-' && !version;
}

Separator behind_bare_name(const BehindKey& key) {
  const char c = key.rest[0];
  const char before = key.place.name_begin > 0 ? key.text[key.place.name_begin - 1] : '\0';
  bool quoted_next = !quote_at(key.text, key.at + (c == '(' || c == ',' ? 1 : 0)).none();
  if (quoted_next && c == ',' && before == '{')
    return Separator::to(key.at + 1);  // {password,"…"} of Erlang
  if (c == ',' && (key.rest.starts_with(",<<\"") || key.rest.starts_with(",<<\\") ||
                   key.rest.starts_with(", <<\"")))
    return Separator::to(key.at + 1);  // password,<<"…">>
  if (size_t member = behind_value_name(key, c); member != kNone) return Separator::to(member);
  if (quoted_next && c == '(' && !key.blank_before &&
      sets_value(key.text, key.place.name_begin, key.place.key_begin))
    return Separator::doubtful(key.at + 1);
  if (c == '(' && !key.blank_before && key.place.name_begin == key.place.key_begin &&
      random_argument(key))
    return Separator::doubtful(key.at + 1);  // password("…"), token(…)
  if (quoted_next && key.blank_before && before == ':')
    return Separator::to(key.at);  // {:password "…"}
  if (c == ',' && !key.blank_before && lists_value(key)) return Separator::doubtful(key.at + 1);
  // More than a blank: the column of a help text.
  if (key.at == key.key_end + 1 && is_option(key.text, key.place.name_begin))
    return prose_follows(key.rest) ? Separator{} : Separator::to(key.at);
  if (!key.blank_before) return {};
  if (size_t typed = typed_assignment(key.text, key.at); typed != kNone)
    return Separator::to(typed);
  const Separator words = behind_words(key);
  if (words.end != kNone || !brackets_show_value(key)) return words;
  return Separator::doubtful(key.at + 1);
}

}  // namespace redactd
