#include "filters/spans/value_span.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/key.h"
#include "filters/spans/value_check.h"
#include "filters/spans/value_opening.h"
#include "filters/validators.h"

namespace redactd {
namespace {

constexpr size_t kLongestCookieName = 256;
constexpr size_t kMostElements = 4096;  // of an array or a cookie header

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

/// Collects the spans of one anchor.
class ValueResolver {
 public:
  ValueResolver(const RecordView& record, const Rule& rule, uint32_t rule_number, size_t anchor_end,
                std::vector<Span>& spans, KeyName name = {})
      : text_(record.text),
        name_(name),
        record_(record),
        rule_(rule),
        rule_number_(rule_number),
        anchor_end_(anchor_end),
        spans_(spans) {}

  Verdict resolve(const Opening& opening) {
    bool header = rule_.form == ValueForm::authorization || rule_.form == ValueForm::cookie;
    bool list = opening.quote.none() && text_.substr(opening.begin, 1) == "[" &&
                mask_at(text_, opening.begin) == 0;
    if (header && list) return header_list(opening);
    return resolve_one(opening);
  }

 private:
  Verdict resolve_one(const Opening& opening) {
    switch (rule_.form) {
      case ValueForm::assign:
        return assign(opening);
      case ValueForm::authorization:
        return authorization(opening);
      case ValueForm::cookie:
        return cookie(opening);
      case ValueForm::credentials:
        return credentials(opening);
      case ValueForm::object:
        return object(opening);
      case ValueForm::rest:
        return add(opening.begin, header_end(opening), opening, Strength::strong);
    }
    return Verdict::no_value;
  }

  Verdict assign(const Opening& opening) {
    size_t at = opening.begin;
    if (opening.quote.none() && at < text_.size()) {
      if (text_[at] == '[') {
        if (std::optional<Verdict> verdict = array(at + 1, opening)) return *verdict;
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
    if (opening.doubt && strength == Strength::strong) strength = Strength::medium;
    size_t end = value_end(opening);
    Verdict verdict = add(at, end, opening, strength);
    if (!opening.quote.none()) changed_value(end + opening.quote.size());
    return verdict;
  }

  /// `PWD={…};` of ODBC, where `}}` stands for a brace: the closing one; npos when it is none.
  size_t brace_end(size_t at) const {
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

  /// `"old" -> "new"`, as Terraform and Kubernetes tools print changes.
  void changed_value(size_t at) {
    while (at < text_.size() && text_[at] == ' ') ++at;
    if (at >= text_.size()) return;
    std::string_view arrow = text_.substr(at, 3);
    if (arrow != "-> " && arrow != "=> ") return;
    Opening next = open_value_at(record_, at + arrow.size());
    if (!next.quote.none()) add(next.begin, value_end(next), next, rule_.strength);
  }

  /// `["a", "b"]`: every element; nothing when it is no array.
  std::optional<Verdict> array(size_t at, const Opening& opening) {
    std::optional<Verdict> result;
    while (at < text_.size() && is_blank(text_[at])) ++at;
    if (text_.substr(at, 1) == "]") return Verdict::no_value;
    for (size_t i = 0; i < kMostElements && at < text_.size(); ++i) {
      Opening element = open_value_at(record_, at);
      element.bare.json = true;
      if (element.quote.none()) {
        char first = element.begin < text_.size() ? text_[element.begin] : ']';
        bool scalar = is_digit(first) || first == '-' || mask_at(text_, element.begin) != 0;
        if (!opening.bare.json || !scalar) return result;
      }
      size_t end = value_end(element);
      Verdict verdict = add(element.begin, end, element, rule_.strength);
      if (!result || verdict == Verdict::masked) result = verdict;
      at = end + (element.quote.none() ? 0 : element.quote.size());
      while (at < text_.size() && is_blank(text_[at])) ++at;
      if (at >= text_.size() || text_[at] != ',') return result;
      ++at;
    }
    return result;
  }

  /// `Bearer …`, `Basic …`, `Digest name="…", …`: the scheme's name stays (RFC 9110 §11.4).
  Verdict authorization(const Opening& opening) {
    size_t end = header_end(opening);
    size_t at = opening.begin;
    size_t scheme = at;
    while (scheme < end && (is_alnum(text_[scheme]) || text_[scheme] == '-')) ++scheme;
    bool named = scheme > at && scheme < end && (text_[scheme] == ' ' || text_[scheme] == '+') &&
                 is_letter(text_[at]);
    if (!named) return add_word(at, end, opening);
    size_t value = scheme + 1;
    while (value < end && text_[value] == ' ') ++value;
    std::string_view name = text_.substr(at, scheme - at);
    size_t value_end = std::min(end, credential_end(value, end));
    record_.work += value_end - at;
    if (is_known_scheme(name)) return add(value, value_end, opening, Strength::strong);
    // Either a scheme of its own, or a token with prose behind it.
    Verdict token = add(at, scheme, opening, Strength::weak);
    if (token != Verdict::masked) return add(value, value_end, opening, Strength::medium);
    add(value, value_end, opening, Strength::weak);
    return token;
  }

  /// `["Bearer …", "Basic …"]`: a header as Go and Node print it.
  Verdict header_list(const Opening& opening) {
    Verdict result = Verdict::no_value;
    size_t at = opening.begin + 1;
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

  static bool is_known_scheme(std::string_view name) {
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
  size_t credential_end(size_t at, size_t end) const {
    BareContext plain;
    plain.escapes = true;
    while (at < end) {
      size_t name = at;
      while (name < end && (is_alnum(text_[name]) || text_[name] == '_' || text_[name] == '-'))
        ++name;
      size_t stop = 0;
      bool parameter = name > at && name < end && text_[name] == '=' && name + 1 < end &&
                       text_[name + 1] != '=' && !is_blank(text_[name + 1]);
      if (parameter) {
        Quote quote = quote_at(text_, name + 1);
        stop = name + 1;
        if (!quote.none()) stop = quoted_end(text_, stop + quote.size(), quote) + quote.size();
        stop = bare_end(text_, std::min(stop, text_.size()), plain);
      } else {
        stop = bare_end(text_, at, plain);
      }
      stop = std::min(stop, end);
      if (!parameter || stop >= end || text_[stop] != ',') return stop;
      size_t next = stop + 1;
      while (next < end && text_[next] == ' ') ++next;
      size_t next_name = next;
      while (next_name < end && (is_alnum(text_[next_name]) || text_[next_name] == '_'))
        ++next_name;
      if (next_name == next || next_name >= end || text_[next_name] != '=') return stop;
      at = next;
    }
    return at;
  }

  /// Cookie and Set-Cookie (RFC 6265 §4): the values of all pairs, not the attributes.
  Verdict cookie(const Opening& opening) {
    size_t end = header_end(opening);
    size_t at = opening.begin;
    Verdict result = Verdict::no_value;
    for (size_t i = 0; i < kMostElements && at < end; ++i) {
      while (at < end && text_[at] == ' ') ++at;
      size_t name = at;
      while (name < end && name - at < kLongestCookieName && is_cookie_name_byte(text_[name]))
        ++name;
      record_.work += name - at;
      if (name == at || name >= end || text_[name] != '=') {
        if (i == 0) return add_word(at, end, opening);
        if (name < end && text_[name] == ';') {  // Secure; HttpOnly
          at = name + 1;
          continue;
        }
        return result;
      }
      size_t value = name + 1;
      size_t stop = value;
      while (stop < end && text_[stop] != ';' && !is_blank(text_[stop]) && text_[stop] != '"' &&
             text_[stop] != '\\') {
        ++stop;
      }
      bool attribute = is_cookie_attribute(text_.substr(at, name - at));
      if (!attribute && add(value, stop, opening, Strength::strong) == Verdict::masked) {
        result = Verdict::masked;
      }
      if (attribute) {  // Expires holds blanks and a comma
        while (stop < end && text_[stop] != ';' && text_[stop] != '"') ++stop;
      }
      if (stop >= end || text_[stop] != ';') return result;
      at = stop + 1;
    }
    return result;
  }

  static bool is_cookie_name_byte(char c) {
    return !is_blank(c) && c != '=' && c != ';' && c != '"' && c != '\'' && c != ',' && c != '\\';
  }

  static bool is_cookie_attribute(std::string_view name) {
    static constexpr std::array<std::string_view, 6> kAttributes = {
        "path", "domain", "expires", "max-age", "samesite", "priority"};
    return std::any_of(kAttributes.begin(), kAttributes.end(), [&](std::string_view attribute) {
      return equals_ignoring_case(name, attribute);
    });
  }

  /// `user:password`, as after curl's -u.
  Verdict credentials(const Opening& opening) {
    size_t end = value_end(opening);
    size_t colon = text_.substr(0, end).find(':', opening.begin);
    while (colon != kNone && inside_mask(text_, colon))
      colon = text_.substr(0, end).find(':', colon + 1);
    if (colon == kNone || colon == opening.begin) return Verdict::no_password;
    if (opening.quote.none()) end = bare_end(text_, colon + 1, opening.bare);
    std::string_view password = text_.substr(colon + 1, end - colon - 1);
    if (password.starts_with("//")) return Verdict::no_password;
    bool ids = std::all_of(password.begin(), password.end(), is_digit) && password.size() < 6;
    if (ids && !password.empty()) return Verdict::plain_word;  // docker run -u 1000:1000
    return add(colon + 1, end, opening, Strength::strong);
  }

  /// `{"name":"…", …}`: every string value, whatever its name (a Secret's data).
  Verdict object(const Opening& opening) {
    if (opening.begin >= text_.size() || text_[opening.begin] != '{') return Verdict::no_value;
    size_t at = opening.begin + 1;
    Verdict result = Verdict::no_value;
    for (size_t i = 0; i < kMostElements && at < text_.size(); ++i) {
      Opening name = open_value_at(record_, at);
      if (name.quote.none()) return result;
      at = quoted_end(text_, name.begin, name.quote) + name.quote.size();
      while (at < text_.size() && is_blank(text_[at])) ++at;
      if (at >= text_.size() || text_[at] != ':') return result;
      Opening value = open_value_at(record_, at + 1);
      value.bare.json = true;
      size_t end = value_end(value);
      if (!value.quote.none() &&
          add(value.begin, end, value, Strength::strong) == Verdict::masked) {
        result = Verdict::masked;
      }
      at = end + (value.quote.none() ? 0 : value.quote.size());
      while (at < text_.size() && is_blank(text_[at])) ++at;
      if (at >= text_.size() || text_[at] != ',') return result;
      ++at;
    }
    return result;
  }

  size_t value_end(const Opening& opening) const {
    size_t end = 0;
    if (opening.quote.none()) {
      end = template_end(text_, opening.begin);
      size_t mask = mask_at(text_, opening.begin);
      if (mask != 0 && text_.substr(opening.begin + mask, 1) == "'") return opening.begin + mask;
      if (end == kNone && opening.bare.markup) end = markup_end(text_, opening.begin);
      if (end == kNone) return bare_value_end(opening);
    } else {
      end = quoted_end(text_, opening.begin, opening.quote);
      record_.work += end - opening.begin;
      if (opening.quote.mark != '"' && opening.quote.spelling == 0)
        return end_of_string_around(text_, opening.begin, end);
    }
    record_.work += end - opening.begin;
    return end;
  }

  size_t bare_value_end(const Opening& opening) const {
    constexpr size_t kLong = 64;
    static constexpr ByteClass kRemembered = ByteClass::of("\\([{)]}>");  // by bare_end()
    RecordView::BareMemo& memo = record_.bare;
    if (memo.from <= opening.begin && opening.begin < memo.end && memo.context == opening.bare)
      return memo.end;
    size_t end = bare_end(text_, opening.begin, opening.bare);
    record_.work += end - opening.begin;
    if (end - opening.begin > kLong &&
        !kRemembered.any_in(text_.substr(opening.begin, end - opening.begin)))
      memo = {opening.begin, end, opening.bare};
    return end;
  }

  /// A header's value goes on to the end of its line, or to the quote around the whole header.
  size_t header_end(const Opening& opening) const {
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
      memo = {opening.begin, line_end(opening), opening.bare.escapes,
              opening.bare.single_quote_ends};
      record_.work += memo.end - memo.from;
    }
    return memo.end;
  }

  /// The end of the line or of the string that the header stands in. Quoted parameters (realm="…")
  /// are passed over.
  size_t line_end(const Opening& opening) const {
    size_t at = opening.begin;
    while (at < text_.size()) {
      char c = text_[at];
      if (c == '\r' || c == '\n' || c == '`') return at;
      if (c != '"' && c != '\'' && c != '\\') {
        ++at;
        continue;
      }
      Quote quote = quote_at(text_, at);
      if (quote.mark == '\'' && !opening.bare.single_quote_ends) {
        at += quote.size();
      } else if (quote.mark != 0 && at > opening.begin && text_[at - 1] == '=') {
        size_t close = quoted_end(text_, at + quote.size(), quote);
        at = std::min(text_.size(), close + quote.size());
      } else if (opening.bare.escapes && (quote.mark != 0 || line_break_at(at))) {
        return at;
      } else {
        ++at;
      }
    }
    return at;
  }

  /// `\n`, `\r` or, in JSON in JSON, `\\n`.
  bool line_break_at(size_t at) const {
    size_t letter = text_.find_first_not_of('\\', at);
    return letter != kNone && letter > at && (text_[letter] == 'n' || text_[letter] == 'r');
  }

  /// A header's value without the form that its name promises.
  Verdict add_word(size_t begin, size_t end, const Opening& opening) {
    if (text_.substr(begin, 1) == "[" && !opening.quote.none()) {
      return add(begin, end, opening, Strength::medium);  // "[Redacted]"
    }
    size_t stop = std::min(end, bare_end(text_, begin, opening.bare));
    record_.work += stop - begin;
    return add(begin, stop, opening, Strength::medium);
  }

  Verdict add(size_t begin, size_t end, const Opening& opening, Strength strength) {
    if (begin >= end) return Verdict::no_value;
    std::string_view value = text_.substr(begin, end - begin);
    ValueSetting setting;
    setting.strength = strength;
    setting.quoted = !opening.quote.none();
    setting.sentence = opening.sentence;
    if (Verdict verdict = check_value(value, setting); verdict != Verdict::masked) return verdict;
    bool cut_off = end == text_.size();
    if (rule_.min != 0 && value.size() < rule_.min && !cut_off) return Verdict::too_short;
    if (std::optional<Verdict> failed = failed_validator(rule_.validators, value, cut_off))
      return *failed;
    if (inside_mask(text_, anchor_end_ - 1)) return Verdict::inside_mask;
    Span span{begin, end, rule_number_, {}, name_.number};
    if (cut_off && !record_.ends_record) {
      span.open.how = setting.quoted ? Continuation::How::quoted : Continuation::How::bare;
      span.open.quote = opening.quote;
      span.open.bare = opening.bare;
    }
    spans_.push_back(span);
    return Verdict::masked;
  }

  std::string_view text_;
  KeyName name_;
  const RecordView& record_;
  const Rule& rule_;
  uint32_t rule_number_;
  size_t anchor_end_;
  std::vector<Span>& spans_;
};

/// PublicKeyToken of an assembly, Sec-WebSocket-Key of a handshake, where a list goes on, the name
/// of a Secret that exists: no secrets, whatever they are called.
bool names_no_secret(std::string_view text, size_t key_end) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "publickeytoken", "secwebsocketkey", "publickey", "continuationtoken", "pagetoken",
      "nexttoken",      "pubkey",          "stoptoken", "resumetoken",       "existingsecret"};
  constexpr size_t kLongest = 20;
  char folded[kLongest];
  size_t size = 0;
  for (size_t at = key_end; at > 0 && size < kLongest; --at) {
    char c = text[at - 1];
    if (is_alnum(c)) {
      folded[kLongest - ++size] = to_lower(c);
    } else if (c != '_' && c != '-') {
      break;
    }
  }
  std::string_view name(folded + kLongest - size, size);
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view known) { return name.ends_with(known); });
}

/// arn:aws:secretsmanager:eu-west-1:123456789012:secret:…: a part of a name, not a key.
bool is_part_of_arn(std::string_view text, size_t key_begin) {
  constexpr size_t kLongest = 96;
  if (key_begin == 0 || text[key_begin - 1] != ':') return false;
  size_t from = key_begin > kLongest ? key_begin - kLongest : 0;
  std::string_view before = text.substr(from, key_begin - from);
  size_t arn = before.rfind("arn:aws");
  return arn != kNone && before.find_first_of(" \t\"'", arn) == kNone;
}

/// Without looking back, as open_value_at() does.
bool quote_follows(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  bool prefix = at + 1 < text.size() && is_letter(text[at]) && !is_letter(text[at + 1]);
  return !quote_at(text, at + (prefix ? 1 : 0)).none();
}

}  // namespace

Verdict resolve_value(const RecordView& record, const Rule& rule, uint32_t rule_number,
                      size_t anchor_end, std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (anchor_end == 0) return Verdict::crosses_record;
  ValueResolver resolver(record, rule, rule_number, anchor_end, spans);
  if (rule.keys.empty()) {
    if (rule.stands == ValueStands::at_once && anchor_end < text.size() &&
        is_blank(text[anchor_end])) {
      return Verdict::no_value;
    }
    if (rule.stands == ValueStands::in_quotes && !quote_follows(text, anchor_end))
      return Verdict::no_value;
    Opening opening = open_value_at(record, anchor_end);
    if (rule.stands == ValueStands::in_quotes && opening.quote.none()) return Verdict::no_value;
    if (rule.form == ValueForm::object)
      opening.begin = anchor_end - 1;  // the pattern ends with the brace
    opening.sentence = opening.quote.none() && is_blank(text[anchor_end - 1]);
    return resolver.resolve(opening);
  }
  size_t key_end = end_of_key(text, anchor_end);
  if (!separator_may_follow(text, key_end)) return Verdict::no_separator;
  size_t start = key_start(text, key_end, rule);
  if (start == kNone) return Verdict::inside_word;
  if (names_no_secret(text, key_end) || is_part_of_arn(text, start)) return Verdict::inside_word;
  std::optional<Opening> opening = open_value(record, start, key_end);
  if (!opening) return Verdict::no_separator;
  if (rule.names.empty()) return resolver.resolve(*opening);
  KeyName name = find_name(text, start, key_end, rule);
  if (name.number == 0 || (name.ordinary && !name.in_key)) return Verdict::name_missing;
  return ValueResolver(record, rule, rule_number, anchor_end, spans, name).resolve(*opening);
}

bool value_lies_behind(std::string_view text, const Rule& rule, size_t anchor_end) {
  if (anchor_end == 0) return true;
  if (rule.keys.empty()) {
    if (rule.form == ValueForm::object) return false;
    bool other = anchor_end < text.size() && rule.stands == ValueStands::in_quotes &&
                 !quote_follows(text, anchor_end);
    if (other) return true;
    return open_value_at(RecordView{text}, anchor_end).begin >= text.size();
  }
  size_t key_end = end_of_key(text, anchor_end);
  if (!separator_may_follow(text, key_end)) return true;
  size_t start = key_start(text, key_end, rule);
  if (start == kNone) return true;
  std::optional<Opening> opening = open_value(RecordView{text}, start, key_end);
  return !opening || opening->begin >= text.size();
}

}  // namespace redactd
