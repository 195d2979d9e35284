#include "filters/spans/value/quoted_key.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/separator_words.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// `("name"` and `( 'name'`: the name is the first argument of a call, or the first of a pair.
bool is_first_argument(std::string_view text, size_t name_begin, const Quote& quote) {
  if (quote.spelling != 0 || name_begin < quote.size()) return false;
  std::string_view before = text.substr(0, name_begin - quote.size());
  return before.ends_with('(') || before.ends_with("( ");
}

/// `;s:12:` of PHP's serialize() between name and value, else 0.
size_t serialized_string(std::string_view rest) {
  if (!rest.starts_with(";s:")) return 0;
  size_t at = 3;
  while (at < rest.size() && at < 10 && is_digit(rest[at])) ++at;
  return at > 3 && at < rest.size() && rest[at] == ':' ? at + 1 : 0;
}

/// ` a2=` of auditd between two arguments in quotes, else 0.
size_t audited_argument(std::string_view rest) {
  if (!rest.starts_with("a")) return 0;
  size_t at = 1;
  while (at < rest.size() && at < 5 && is_digit(rest[at])) ++at;
  return at > 1 && at < rest.size() && rest[at] == '=' ? at + 1 : 0;
}

/// `name=\"password\"\r\n\r\n`: past the blank line of a form's part, else npos.
size_t form_part(std::string_view text, size_t at) {
  if (at >= text.size() || text[at] != '\\') return kNone;
  size_t value = skip_line_breaks(text, at);
  std::string_view breaks = text.substr(at, value - at);
  if (std::count(breaks.begin(), breaks.end(), 'n') < 2) return kNone;
  const Quote quote = quote_at(text, value);  // with fewer backslashes than a break: the string's
  const size_t run = breaks.find_first_not_of('\\');
  return quote.mark == '"' && quote.spelling == 0 && quote.backslashes < run ? kNone : value;
}

/// `"password","…"` and `["password", "…"]`: the next cell in quotes, if it is none of the names
/// that such a list often goes on with.
bool listed_value(std::string_view text, size_t at, size_t name_begin, const Quote& key_quote) {
  static constexpr std::string_view kNames[] = {"pass",   "Pass", "token", "Token", "secret",
                                                "Secret", "key",  "Key",   "_at",   "_id"};
  constexpr size_t kShortest = 8;
  if (key_quote.spelling != 0 || name_begin < key_quote.size()) return false;
  at = skip_blanks(text, at);
  Quote quote = quote_at(text, at);
  if (quote.mark != key_quote.mark || quote.backslashes != key_quote.backslashes) return false;
  at += quote.size();
  std::string_view value = text.substr(at, quoted_end(text, at, quote) - at);
  return value.size() >= kShortest && value.size() < 256 && is_mixed(value) &&
         value.find(' ') == kNone && !holds_any(value, kNames);
}

/// `,"logger":`: the string behind the comma names a member of the object around.
bool next_member_follows(std::string_view text, size_t comma) {
  constexpr size_t kLongestName = 128;
  size_t at = skip_blanks(text, comma + 1);
  Quote quote = quote_at(text, at);
  if (quote.none()) return false;
  at += quote.size();
  std::string_view near = text.substr(0, std::min(text.size(), at + kLongestName));
  const size_t end = quoted_end(near, at, quote);
  const size_t behind =
      skip_blanks(text, end + quote.size());  // the quote may have lost backslashes
  return end < near.size() && behind < text.size() && text[behind] == ':';
}

/// `slotSetting":false,"` that Azure has before the value of a setting: to the next member's name;
/// `at` when there is none.
size_t skip_slot_setting(std::string_view text, size_t at) {
  constexpr std::string_view kName = "slotSetting";
  constexpr size_t kLongest = 16;
  if (!text.substr(at).starts_with(kName)) return at;
  const size_t from = at + kName.size();
  const size_t comma = text.substr(0, std::min(text.size(), from + kLongest)).find(',', from);
  if (comma == kNone) return at;
  const size_t next = skip_blanks(text, comma + 1);
  return std::min(next + quote_at(text, next).size(), text.size());
}

/// `name="` before the quote at `quote`.
bool has_attribute_before(std::string_view text, size_t quote) {
  for (std::string_view name : {"name=", "key=", "name=\\", "key=\\", "Name=", "Name=\\"}) {
    if (quote >= name.size() && text.substr(quote - name.size(), name.size()) == name) return true;
  }
  return false;
}

/// `<<"password">>,<<"…">>` and `<<"password">> => <<"…">>` of Erlang: to the value, else npos.
size_t behind_binary(const BehindKey& key) {
  const size_t quote = key.quote_begin();
  if (!key.rest.starts_with(">>") || !key.text.substr(0, quote).ends_with("<<")) return kNone;
  const size_t mark = skip_blanks(key.text, key.at + 2);
  for (std::string_view separator : {",", "=>"}) {
    if (!key.text.substr(mark).starts_with(separator)) continue;
    const size_t value = skip_blanks(key.text, mark + separator.size());
    return key.text.substr(value).starts_with("<<") ? value : kNone;
  }
  return kNone;
}

}  // namespace

bool is_option(std::string_view text, size_t name_begin) {
  if (name_begin + 1 >= text.size() || text[name_begin] != '-') return false;
  if (name_begin == 0) return true;
  char before = text[name_begin - 1];
  return is_blank(before) || before == '"' || before == '\'' || before == '[' || before == ',' ||
         before == '(' || before == '=';
}

size_t value_member(std::string_view text, size_t at, const Quote& key_quote) {
  at = skip_blanks(text, at);
  if (at < text.size() && text[at] == ',') at = skip_blanks(text, at + 1);
  Quote quote = quote_at(text, at);
  if (!quote.none()) {
    if (quote.mark != key_quote.mark) return kNone;
    at += quote.size();
  }
  // type="hidden" of HTML's <input>
  constexpr std::string_view kHidden = "type=\"hidden\" ";
  if (text.substr(at).starts_with(kHidden)) at += kHidden.size();
  at = skip_slot_setting(text, at);
  constexpr std::string_view kAndroid = "android:";
  if (text.substr(at).starts_with(kAndroid)) at += kAndroid.size();
  // ParameterKey and ParameterValue, OutputKey and OutputValue of CloudFormation
  if (starts_with_ignoring_case(text.substr(at), "parametervalue")) at += 9;
  if (starts_with_ignoring_case(text.substr(at), "outputvalue")) at += 6;
  bool content = starts_with_ignoring_case(text.substr(at), "content=");  // of HTML's <meta>
  if (!content && !starts_with_ignoring_case(text.substr(at), "value")) return kNone;
  at += content ? 7 : 5;
  if (!quote.none()) {
    Quote closing = quote_at(text, at);
    if (closing.none()) return kNone;
    at += closing.size();
  }
  at = skip_blanks(text, at);
  return at < text.size() && (text[at] == ':' || text[at] == '=') ? at + 1 : kNone;
}

namespace {

/// Past what stands in a list, a call or a member between the name and its value, else npos.
size_t quoted_separator(std::string_view text, size_t at, size_t name_begin,
                        const Quote& key_quote) {
  std::string_view rest = text.substr(at);
  if (size_t member = value_member(text, at, key_quote); member != kNone) return member;
  if (rest.starts_with(',') && !next_member_follows(text, at)) {
    // ["--password", "…"], define('DB_PASSWORD', '…') and headers in a list
    bool header = starts_with_ignoring_case(text.substr(name_begin, 2), "x-");
    bool pair =
        header || is_option(text, name_begin) || is_first_argument(text, name_begin, key_quote);
    if (pair) return at + 1;
    if (listed_value(text, at + 1, name_begin, key_quote)) return at + 1;
  }
  if (size_t length = serialized_string(rest); length != 0) return at + length;
  if (size_t length = audited_argument(rest); length != 0 && is_option(text, name_begin))
    return at + length;
  bool attribute =
      name_begin >= key_quote.size() && has_attribute_before(text, name_begin - key_quote.size());
  return attribute ? form_part(text, at) : kNone;
}

}  // namespace

Separator behind_quoted_name(const BehindKey& key) {
  if (size_t value = behind_binary(key); value != kNone) return Separator::to(value);
  bool attribute = key.place.name_begin >= key.place.quote.size() &&
                   has_attribute_before(key.text, key.place.name_begin - key.place.quote.size());
  if (attribute && key.rest.size() > 1 && key.rest[0] == '>' &&
      (key.rest[1] != '<' || is_value_tag(key.text, key.at + 1)))
    return Separator::tag(key.at + 1);  // <property name="password">…, also with <value> in it
  if (attribute && key.blank_before) {  // <setting name="Password" serializeAs="String"><value>…
    const size_t tag = tag_with_attributes(key.text, key.at);
    const size_t value = tag == kNone ? kNone : skip_line_breaks(key.text, tag);
    if (value != kNone && key.text.substr(value).starts_with("<value>"))
      return Separator::tag(value);
  }
  if (key.blank_before && !attribute && key.rest[0] != ',') {
    if (Separator set = set_behind_quotes(key); set.end != kNone) return set;
  }
  Separator found =
      Separator::to(quoted_separator(key.text, key.at, key.place.name_begin, key.place.quote));
  found.colon = found.end != kNone && key.text[found.end - 1] == ':' && key.rest[0] != ';';
  return found;
}

}  // namespace redactd
