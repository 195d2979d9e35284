// Values of Authorization and Cookie headers, and `user:password`.

#include "filters/spans/value/value_resolver.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/byte_search.h"
#include "filters/spans/extent.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr size_t kLongestCookieName = 256;

}  // namespace

/// `Bearer …`, `Basic …`, `Digest name="…", …`: the scheme's name stays (RFC 9110 §11.4).
Verdict ValueResolver::authorization(const Opening& opening) {
  size_t end = header_end(opening);
  size_t at = opening.begin;
  if (opening.quote.none() && at < end && text_[at] == '{') return Verdict::no_value;  // an object
  if (opening.bare.percent) return add_word(at, end, opening);
  static constexpr ByteClass kOfSchemes = alnum_and("-");
  const size_t scheme = run_end(text_.substr(0, end), at, kOfSchemes);
  bool named = scheme > at && scheme < end && (text_[scheme] == ' ' || text_[scheme] == '+') &&
               is_letter(text_[at]);
  if (!named) return add_word(at, end, opening);
  size_t value = scheme + 1;
  while (value < end && text_[value] == ' ') ++value;
  std::string_view name = text_.substr(at, scheme - at);
  size_t value_end = std::min(end, credential_end(value, end));
  if (text_.substr(value).starts_with("{{ ")) {  // {{ token }}
    const size_t close = text_.substr(0, end).find("}}", value);
    if (close != kNone) value_end = close + 2;
  }
  record_.work += value_end - at;
  if (is_known_scheme(name)) return add(value, value_end, opening, Strength::strong);
  // Either a scheme of its own, or a token with prose behind it.
  Verdict token = add(at, scheme, opening, Strength::weak);
  const bool was_token = !fixed_mask_.empty() && name == fixed_mask_;  // before it was masked
  if (token != Verdict::masked && !was_token)
    return add(value, value_end, opening, Strength::medium);
  add(value, value_end, opening, Strength::weak);
  return token;
}

/// `["Bearer …", "Basic …"]`: a header as Go and Node print it.
Verdict ValueResolver::header_list(size_t at) {
  Verdict result = Verdict::no_value;
  for (size_t i = 0; i < kMostElements && at < text_.size(); ++i) {
    Opening element = open_value_at(record_, at);
    if (element.quote.none()) {
      // Go's %v prints no quotes: map[Authorization:[Bearer …]]
      return i == 0 ? resolve_one(element) : result;
    }
    if (resolve_one(element) == Verdict::masked) result = Verdict::masked;
    at = value_end(element) + element.quote.size();
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (at >= text_.size() || text_[at] != ',') return result;
    ++at;
  }
  return result;
}

bool ValueResolver::is_known_scheme(std::string_view name) {
  static constexpr std::array<std::string_view, 26> kSchemes = {
      "bearer",       "basic",         "digest",
      "token",        "apikey",        "api-key",
      "key",          "negotiate",     "ntlm",
      "oauth",        "hawk",          "dpop",
      "gnap",         "ssws",          "splunk",
      "geniekey",     "aws",           "aws4-hmac-sha256",
      "sharedkey",    "sharedkeylite", "sharedaccesssignature",
      "signature",    "hmac",          "jwt",
      "privatetoken", "scram-sha-256"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view scheme) { return equals_ignoring_case(name, scheme); });
}

/// A token68, or parameters `name=value, name="value"` as far as they go.
size_t ValueResolver::credential_end(size_t at, size_t end) const {
  BareContext plain;
  plain.escapes = true;
  std::string_view header = text_.substr(0, end);
  while (at < end) {
    static constexpr ByteClass kOfNames = alnum_and("_-");
    const size_t name = run_end(text_.substr(0, end), at, kOfNames);
    size_t stop = 0;
    bool parameter = name > at && name < end && text_[name] == '=' && name + 1 < end &&
                     text_[name + 1] != '=' && !is_blank(text_[name + 1]);
    if (parameter) {
      Quote quote = quote_at(text_, name + 1);
      stop = name + 1;
      if (!quote.none()) stop = quoted_end(header, stop + quote.size(), quote) + quote.size();
      stop = bare_end_before(text_, std::min(stop, end), end, plain);
    } else {
      stop = bare_end_before(text_, at, end, plain);
    }
    if (!parameter || stop >= end || text_[stop] != ',') return stop;
    size_t next = stop + 1;
    while (next < end && text_[next] == ' ') ++next;
    size_t next_name = next;
    while (next_name < end && (is_alnum(text_[next_name]) || text_[next_name] == '_')) ++next_name;
    if (next_name == next || next_name >= end || text_[next_name] != '=') return stop;
    at = next;
  }
  return at;
}

/// Cookie and Set-Cookie (RFC 6265 §4): the values of all pairs, not the attributes.
Verdict ValueResolver::cookie(const Opening& opening) {
  constexpr size_t kWorkOfPair = 48;  // what a short pair costs besides its bytes
  size_t end = header_end(opening);
  size_t at = opening.begin;
  Verdict result = Verdict::no_value;
  size_t i = 0;
  for (; i < kMostElements && at < end; ++i) {
    if (i > 0 && walked_before(opening, at, end)) return result;
    const size_t pair = at;
    while (at < end && text_[at] == ' ') ++at;
    size_t name = at;
    while (name < end && name - at < kLongestCookieName && is_cookie_name_byte(text_[name])) ++name;
    record_.work += kWorkOfPair + name - at;
    if (name == at || name >= end || text_[name] != '=') {
      if (i == 0) return add_word(at, end, opening);
      if (name < end && text_[name] == ';') {  // Secure; HttpOnly
        at = name + 1;
        continue;
      }
      at = pair;
      break;
    }
    size_t value = name + 1;
    size_t stop = record_.cookie_ends.first_in(text_, value, end);
    record_.work += record_.cookie_ends.work();
    bool attribute = is_cookie_attribute(text_.substr(at, name - at));
    bool setting =
        is_cookie_setting(text_.substr(at, name - at), text_.substr(value, stop - value));
    if (!attribute && !setting && add(value, stop, opening, Strength::strong) == Verdict::masked) {
      result = Verdict::masked;
    }
    if (attribute) {  // Expires holds blanks and a comma
      while (stop < end && text_[stop] != ';' && text_[stop] != '"') ++stop;
      record_.work += stop - value;
    }
    if (stop >= end || text_[stop] != ';') {
      at = pair;
      break;
    }
    at = stop + 1;
  }
  if (i < kMostElements) remember_walk(opening, at, end);
  return result;
}

/// Whether the header before went through the pairs from `at` on, behind a semicolon, in the same
/// way: no pair holds one, so each of them began one of its own.
bool ValueResolver::walked_before(const Opening& opening, size_t at, size_t end) const {
  const RecordView::PairsMemo& memo = record_.pairs;
  return memo.begin < at && at <= memo.last && memo.header_end == end &&
         memo.rule == rule_number_ && memo.quote == opening.quote && memo.bare == opening.bare &&
         memo.sentence == opening.sentence;
}

/// `last`: where the last pair began that it looked at. A header in a mask adds nothing.
void ValueResolver::remember_walk(const Opening& opening, size_t last, size_t end) const {
  if (!rule_.names.empty() || stands_in_mask()) return;
  record_.pairs = {opening.begin,   last, end, rule_number_, opening.quote, opening.bare,
                   opening.sentence};
}

bool ValueResolver::is_cookie_name_byte(char c) {
  return !is_blank(c) && c != '=' && c != ';' && c != '"' && c != '\'' && c != ',' && c != '\\';
}

/// `theme=dark`, `lang=en-US`, `_gat=1`: a plain word or a small number behind a name that is
/// none of a session's, a user's or a secret's.
bool ValueResolver::is_cookie_setting(std::string_view name, std::string_view value) {
  static constexpr std::string_view kTelling[] = {"sess", "auth", "tok",  "sid",  "user", "pass",
                                                  "key",  "sec",  "csrf", "xsrf", "jwt",  "log",
                                                  "cred", "id",   "acc",  "pwd",  "sig",  "rem"};
  constexpr size_t kLongestWord = 10;
  constexpr size_t kLongestName = 32;
  if (value.empty() || value.size() > kLongestWord || name.size() > kLongestName) return false;
  bool number = value.size() <= 2 && std::all_of(value.begin(), value.end(), is_digit);
  bool word = std::all_of(value.begin(), value.end(),
                          [](char c) { return is_letter(c) || c == '-' || c == '_'; });
  if (!number && !word) return false;
  char folded[kLongestName];
  for (size_t i = 0; i < name.size(); ++i) folded[i] = to_lower(name[i]);
  return !holds_any({folded, name.size()}, kTelling);
}

bool ValueResolver::is_cookie_attribute(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kAttributes = {
      "path", "domain", "expires", "max-age", "samesite", "priority"};
  return std::any_of(kAttributes.begin(), kAttributes.end(), [&](std::string_view attribute) {
    return equals_ignoring_case(name, attribute);
  });
}

/// `user:password`, as after curl's -u.
namespace {

/// `rule:admin_required`, `role:admin` of OpenStack's policies.
bool is_rule_of_policy(std::string_view user, std::string_view password) {
  static constexpr ByteClass kOfNames = letters_and("_");
  while (user.starts_with('(')) user.remove_prefix(1);
  return (user == "rule" || user == "role") && kOfNames.has_all(password);
}

}  // namespace

Verdict ValueResolver::credentials(const Opening& opening) {
  size_t end = value_end(opening);
  size_t colon = record_.colons.first_in(text_, opening.begin, end);
  while (colon < end && inside_mask(text_, colon))
    colon = record_.colons.first_in(text_, colon + 1, end);
  record_.work += record_.colons.work();
  if (colon >= end) return Verdict::no_password;
  if (colon == opening.begin && opening.quote.none()) return Verdict::no_password;
  if (opening.quote.none()) end = bare_value_end(colon + 1, opening);
  std::string_view password = text_.substr(colon + 1, end - colon - 1);
  if (password.size() <= 1) {  // curl -u KEY: and curl -u KEY:X
    const Verdict verdict = add(opening.begin, colon, opening, Strength::weak);
    if (verdict == Verdict::masked || password.empty()) return verdict;
  }
  if (password.starts_with("//")) return Verdict::no_password;
  bool doubtful = rule_.strength == Strength::medium;  // arn:aws:…, file:/run/…
  if (doubtful && holds_byte<':', '/'>(password)) return Verdict::no_password;
  if (doubtful && is_rule_of_policy(text_.substr(opening.begin, colon - opening.begin), password))
    return Verdict::plain_word;
  bool ids = std::all_of(password.begin(), password.end(), is_digit) && password.size() < 6;
  if (ids && !password.empty()) return Verdict::plain_word;  // docker run -u 1000:1000
  return add(colon + 1, end, opening, rule_.strength);
}

}  // namespace redactd
