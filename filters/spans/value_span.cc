#include "filters/spans/value_span.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/key.h"
#include "filters/spans/separator.h"
#include "filters/spans/value_check.h"
#include "filters/spans/value_opening.h"
#include "filters/spans/word_list.h"
#include "filters/validators.h"

namespace redactd {
namespace {

constexpr size_t kLongestCookieName = 256;
constexpr size_t kMostElements = 4096;  // of an array or a cookie header
constexpr size_t kMostMembers = 64;     // of a JSON Web Key
constexpr size_t kFarthest = 8 * 1024;  // from its beginning to its "kty"

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

/// The first of `['required', 'string', 'min:8']`, the rules for a form's field.
bool is_field_rule(std::string_view value) {
  return value == "required" || value == "nullable" || value == "sometimes";
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
    if (is_own_name(at, end, opening)) return Verdict::plain_word;
    Verdict verdict = add(at, end, opening, strength);
    if (!opening.quote.none()) changed_value(end + opening.quote.size());
    if (opening.sentence && opening.doubt) changed_word(at, end, opening);
    return verdict;
  }

  /// `login(password=password)`, `self.password = password`: the key again, in code. Elsewhere it
  /// is a weak password.
  bool is_own_name(size_t begin, size_t end, const Opening& opening) const {
    constexpr size_t kLongest = 256;  // in a line of keys every value is as long as what follows
    if (!opening.quote.none() || begin >= end || rule_.keys.empty()) return false;
    const size_t size = end - begin;
    const size_t key_end = end_of_key(text_, anchor_end_);
    if (size > std::min(key_end, kLongest)) return false;
    std::string_view before = text_.substr(0, key_end - size);
    const bool of_call =
        end < text_.size() && (text_[end] == ')' || text_[end] == ';' || text_[end] == ',');
    const bool of_object = before.ends_with("self.") || before.ends_with("this.");
    return (of_call || of_object) &&
           text_.substr(key_end - size, size) == text_.substr(begin, size);
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

  /// `changed from old to new`
  void changed_word(size_t at, size_t end, const Opening& opening) {
    constexpr std::string_view kTo = " to ";
    if (!text_.substr(0, at).ends_with("changed from ") || text_.substr(end, kTo.size()) != kTo)
      return;
    Opening next = open_value_at(record_, end + kTo.size());
    next.sentence = next.quote.none();
    next.bare = opening.bare;
    add(next.begin, value_end(next), next, Strength::medium);
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
      bool setting =
          is_cookie_setting(text_.substr(at, name - at), text_.substr(value, stop - value));
      if (!attribute && !setting &&
          add(value, stop, opening, Strength::strong) == Verdict::masked) {
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

  /// `theme=dark`, `lang=en-US`, `_gat=1`: a plain word or a small number behind a name that is
  /// none of a session's, a user's or a secret's.
  static bool is_cookie_setting(std::string_view name, std::string_view value) {
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
    if (colon == kNone) return Verdict::no_password;
    if (colon + 1 == end && !opening.quote.none())  // curl -u "KEY:"
      return add(opening.begin, colon, opening, Strength::weak);
    if (colon == opening.begin && opening.quote.none()) return Verdict::no_password;
    if (opening.quote.none()) end = bare_end(text_, colon + 1, opening.bare);
    std::string_view password = text_.substr(colon + 1, end - colon - 1);
    if (password.starts_with("//")) return Verdict::no_password;
    bool doubtful = rule_.strength == Strength::medium;  // arn:aws:…, file:/run/…
    if (doubtful && password.find_first_of(":/") != kNone) return Verdict::no_password;
    bool ids = std::all_of(password.begin(), password.end(), is_digit) && password.size() < 6;
    if (ids && !password.empty()) return Verdict::plain_word;  // docker run -u 1000:1000
    return add(colon + 1, end, opening, rule_.strength);
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

  /// The `{` of the object around the anchor; npos when there is none near.
  size_t object_begin() const {
    size_t floor = anchor_end_ > kFarthest ? anchor_end_ - kFarthest : 0;
    size_t closed = 0;
    for (size_t at = anchor_end_; at > floor; --at) {
      char c = text_[at - 1];
      if (c == '}') ++closed;
      if (c == '{' && closed-- == 0) {
        record_.work += anchor_end_ - at;
        return at - 1;
      }
    }
    record_.work += anchor_end_ - floor;
    return kNone;
  }

  /// The private members of a JSON Web Key (RFC 7518 §6), some of which may stand before its "kty".
  Verdict members() {
    static constexpr std::string_view kPrivate[] = {"d", "p", "q", "dp", "dq", "qi", "k"};
    size_t at = object_begin();
    if (at == kNone) return Verdict::no_value;
    ++at;
    Verdict result = Verdict::no_value;
    for (size_t i = 0; i < kMostMembers && at < text_.size(); ++i) {
      Opening name = open_value_at(record_, skip_line_breaks(text_, at));
      if (name.quote.none()) return result;
      size_t name_end = quoted_end(text_, name.begin, name.quote);
      at = skip_blanks(text_, name_end + name.quote.size());
      if (at >= text_.size() || text_[at] != ':') return result;
      Opening value = open_value_at(record_, at + 1);
      value.bare.json = true;
      bool list = value.quote.none() && text_.substr(value.begin, 1) == "[";
      size_t end = list ? text_.find(']', value.begin) : value_end(value);
      if (end == kNone) return result;
      std::string_view word = text_.substr(name.begin, name_end - name.begin);
      bool secret = std::find(std::begin(kPrivate), std::end(kPrivate), word) != std::end(kPrivate);
      if (secret && !value.quote.none() &&
          add(value.begin, end, value, Strength::strong) == Verdict::masked)
        result = Verdict::masked;
      record_.work += end - at;
      at = end + (list ? 1 : value.quote.none() ? 0 : value.quote.size());
      at = skip_line_breaks(text_, at);
      if (at >= text_.size() || text_[at] != ',') return result;
      ++at;
    }
    return result;
  }

  /// What proves a value of the column of that name a secret; nothing: it is none. Many a key is
  /// one of a cache or a table.
  static std::optional<Strength> column_strength(std::string_view name) {
    static constexpr std::string_view kEnds[] = {
        "password",   "passwd",        "pwd",         "passphrase",  "secret",
        "token",      "api_key",       "apikey",      "private_key", "access_key",
        "secret_key", "password_hash", "passwordhash"};
    static constexpr std::string_view kMarks = "\"`'[]\\ ";
    while (!name.empty() && kMarks.find(name.back()) != kNone) name.remove_suffix(1);
    auto ends_in = [&](std::string_view end) {
      return name.size() >= end.size() &&
             equals_ignoring_case(name.substr(name.size() - end.size()), end);
    };
    if (std::any_of(std::begin(kEnds), std::end(kEnds), ends_in)) return Strength::strong;
    return ends_in("key") ? std::optional(Strength::random) : std::nullopt;
  }

  /// `(name, password) VALUES ('bob', '…'), …`: the values of the columns that names tell.
  Verdict columns() {
    constexpr size_t kLongest = 2048;
    size_t word = anchor_end_ - 1;  // on the parenthesis
    while (word > 0 && text_[word - 1] == ' ') --word;
    word -= std::min<size_t>(word, 6);  // values
    while (word > 0 && is_blank(text_[word - 1])) --word;
    if (word == 0 || text_[word - 1] != ')') return Verdict::no_value;
    size_t from = word > kLongest ? word - kLongest : 0;
    size_t open = text_.substr(from, word - from).rfind('(');
    if (open == kNone) return Verdict::no_value;
    std::string_view names = text_.substr(from + open + 1, word - from - open - 2);
    record_.work += names.size();
    std::vector<std::optional<Strength>> secret;
    while (true) {
      size_t comma = std::min(names.find(','), names.size());
      secret.push_back(column_strength(names.substr(0, comma)));
      if (comma == names.size()) break;
      names.remove_prefix(comma + 1);
    }
    if (std::none_of(secret.begin(), secret.end(), [](const auto& column) { return column; }))
      return Verdict::no_value;
    Verdict result = Verdict::no_value;
    size_t at = anchor_end_;
    for (size_t row = 0; row < kMostElements && at != kNone && at < text_.size(); ++row)
      at = row_of(at, secret, result);
    return result;
  }

  /// One row of values from `at` on. Returns where the next one begins, npos when there is none.
  size_t row_of(size_t at, const std::vector<std::optional<Strength>>& secret, Verdict& result) {
    for (size_t i = 0; at < text_.size(); ++i) {
      Opening value = open_value_at(record_, at);
      size_t end = value.begin;
      if (value.quote.none()) {
        size_t depth = 0;  // of now(), coalesce(a, b)
        while (end < text_.size() && (depth > 0 || (text_[end] != ',' && text_[end] != ')'))) {
          depth += text_[end] == '(';
          depth -= text_[end] == ')';
          ++end;
        }
      } else {
        end = quoted_end(text_, value.begin, value.quote);
        if (i < secret.size() && secret[i] &&
            add(value.begin, end, value, *secret[i]) == Verdict::masked)
          result = Verdict::masked;
      }
      record_.work += end - at;
      at = skip_blanks(text_, end + (value.quote.none() ? 0 : value.quote.size()));
      if (at >= text_.size() || text_[at] != ',') break;
      ++at;
    }
    if (at >= text_.size() || text_[at] != ')') return kNone;
    at = skip_blanks(text_, at + 1);
    if (text_.substr(at, 1) != ",") return kNone;
    at = skip_blanks(text_, at + 1);
    return text_.substr(at, 1) == "(" ? at + 1 : kNone;
  }

  /// Where the header ends, or before the first word that a wallet's phrase has not.
  size_t phrase_end(const Opening& opening) const {
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

  /// `echo … | sudo -S`: what a command is given that reads a password.
  Verdict piped(const Opening& opening) {
    static constexpr std::string_view kReaders[] = {
        "sudo -S",        "sudo -kS",      "sudo --stdin", "password-stdin",
        "passwd --stdin", "passphrase-fd", "kinit",        "cryptsetup",
        "smbpasswd",      "chpasswd",      "ssh-add"};
    constexpr size_t kLongest = 200;
    size_t begin = opening.begin;
    size_t end = value_end(opening);
    size_t pipe = skip_blanks(text_, end + (opening.quote.none() ? 0 : opening.quote.size()));
    if (pipe >= text_.size() || text_[pipe] != '|') return Verdict::no_value;
    std::string_view command = text_.substr(pipe, kLongest);
    if (size_t next = command.find('|', 1); next != kNone) command = command.substr(0, next);
    if (!holds_any(command, kReaders)) return Verdict::no_value;
    size_t colon = text_.substr(0, end).find(':', begin);
    if (command.find("chpasswd") != kNone && colon != kNone) begin = colon + 1;
    return add(begin, end, opening, Strength::strong);
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

  /// Your code is 123456.
  bool is_code_in_sentence(const Opening& opening) const {
    return opening.sentence && rule_.validators.size() == 1 &&
           rule_.validators[0].kind == Validator::Kind::code;
  }

  Verdict add(size_t begin, size_t end, const Opening& opening, Strength strength) {
    if (begin >= end) return Verdict::no_value;
    if (is_code_in_sentence(opening) && text_[end - 1] == '.') --end;
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
/// of a Secret that exists, a call's or message's number: no secrets, whatever they are called.
constexpr std::array<std::string_view, 19> kNoSecrets = {
    "publickeytoken", "secwebsocketkey", "publickey",      "continuationtoken",
    "pagetoken",      "nexttoken",       "pubkey",         "stoptoken",
    "resumetoken",    "existingsecret",  "idempotencykey", "messagesid",
    "callsid",        "smssid",          "accountsid",     "conferencesid",
    "cachekey",       "routingkey",      "partitionkey"};

/// Whether one of them may end there. Each ends in token, key, secret or sid.
constexpr bool may_end_in_no_secret(std::string_view text, size_t key_end) {
  if (key_end < 2 || !is_alnum(text[key_end - 1]) || !is_alnum(text[key_end - 2])) return true;
  const char before = to_lower(text[key_end - 2]);
  switch (to_lower(text[key_end - 1])) {
    case 'n':
    case 'y':
    case 't':
      return before == 'e';
    case 'd':
      return before == 'i';
    default:
      return false;
  }
}
static_assert(std::all_of(kNoSecrets.begin(), kNoSecrets.end(), [](std::string_view name) {
  return may_end_in_no_secret(name, name.size());
}));

bool names_no_secret(std::string_view text, size_t key_end) {
  constexpr size_t kLongest = 20;
  if (!may_end_in_no_secret(text, key_end)) return false;
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
  return std::any_of(kNoSecrets.begin(), kNoSecrets.end(),
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

/// did:key:z6Mk…: a public key that names somebody (W3C).
bool is_did(std::string_view text, size_t key_begin) {
  return key_begin >= 4 && text.substr(key_begin - 4, 4) == "did:";
}

/// Without looking back, as open_value_at() does.
bool quote_follows(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  bool prefix = at + 1 < text.size() && is_letter(text[at]) && !is_letter(text[at + 1]);
  return !quote_at(text, at + (prefix ? 1 : 0)).none();
}

/// `\t`, in JSON in JSON `\\t`, at `at`: its length, else 0.
size_t spelt_tab(std::string_view text, size_t at) {
  size_t letter = text.find_first_not_of('\\', at);
  return letter != kNone && letter > at && text[letter] == 't' ? letter + 1 - at : 0;
}

/// Where the word behind a key and a few blanks begins, when the key is a word of its own; else
/// npos.
size_t spaced_value(std::string_view text, size_t key_begin, size_t key_end) {
  constexpr size_t kMostBlanks = 3;
  static constexpr ByteClass kBefore = ByteClass::of(" \t\"'(=:>");
  if (key_begin > 0 && !kBefore.has(text[key_begin - 1])) return kNone;
  size_t at = key_end;
  while (at < text.size() && at - key_end < kMostBlanks && (text[at] == ' ' || text[at] == '\t'))
    ++at;
  if (at == key_end) at += spelt_tab(text, at);
  return at == key_end ? kNone : at;
}

/// A word as short as this is not looked at further.
bool is_short_word(std::string_view text, size_t at, size_t shortest) {
  if (text.size() - at < shortest) return true;
  for (size_t i = at + shortest; i > at; --i) {
    if (text[i - 1] == ' ' || text[i - 1] == '\t') return true;
  }
  return false;
}

}  // namespace

Verdict resolve_value(const RecordView& record, const ValueRule& value, size_t anchor_end,
                      std::vector<Span>& spans) {
  std::string_view text = record.text;
  const Rule& rule = value.rule;
  if (anchor_end == 0) return Verdict::crosses_record;
  ValueResolver resolver(record, rule, value.number, anchor_end, spans);
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
  size_t start = key_start(text, key_end, *value.keys);
  if (start == kNone) return Verdict::inside_word;
  if (names_no_secret(text, key_end) || is_part_of_arn(text, start) || is_did(text, start))
    return Verdict::inside_word;
  std::optional<Opening> opening = open_value(record, start, key_end);
  if (!opening) return Verdict::no_separator;
  if (rule.names.empty()) return resolver.resolve(*opening);
  KeyName name = find_name(text, start, key_end, value);
  if (name.number == 0 || (name.ordinary && !name.in_key)) return Verdict::name_missing;
  return ValueResolver(record, rule, value.number, anchor_end, spans, name).resolve(*opening);
}

Verdict resolve_spaced(const RecordView& record, const ValueRule& value, size_t anchor_end,
                       std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (anchor_end == 0) return Verdict::crosses_record;
  const size_t key_end = end_of_key(text, anchor_end);
  if (key_end >= text.size()) return Verdict::no_separator;
  const size_t tab = text[key_end] == '\\' ? spelt_tab(text, key_end) : 0;
  if (tab == 0 && !is_blank(text[key_end])) return Verdict::no_separator;
  const size_t first = skip_blanks(text, key_end + tab);
  if (is_short_word(text, first, value.rule.min)) return Verdict::no_value;
  const size_t begin = key_start(text, key_end, *value.keys);
  if (begin == kNone) return Verdict::inside_word;
  const size_t word = spaced_value(text, begin, key_end);
  if (word == kNone) return Verdict::no_separator;
  Opening opening = open_value_at(record, word);
  opening.sentence = opening.quote.none();
  return ValueResolver(record, value.rule, value.number, anchor_end, spans).resolve(opening);
}

namespace {

/// Whether the word behind the blank is there as a whole, and stays.
bool spaced_word_stays(std::string_view text, const ValueRule& value, size_t anchor_end) {
  const size_t key_end = end_of_key(text, anchor_end);
  if (key_end < text.size() && !is_blank(text[key_end])) return spelt_tab(text, key_end) == 0;
  const size_t word = text.find_first_not_of(" \t", key_end);
  if (word == kNone) return true;
  if (!quote_at(text, word).none() || text.find_first_of(" \t", word) == kNone) return false;
  std::vector<Span> found;
  resolve_spaced(RecordView{text}, value, anchor_end, found);
  return found.empty();
}

}  // namespace

bool value_lies_behind(std::string_view text, const ValueRule& value, size_t anchor_end) {
  const Rule& rule = value.rule;
  if (anchor_end == 0) return true;
  if (rule.form == ValueForm::spaced) return spaced_word_stays(text, value, anchor_end);
  if (rule.keys.empty()) {
    if (rule.form == ValueForm::object) return false;
    bool other = anchor_end < text.size() && rule.stands == ValueStands::in_quotes &&
                 !quote_follows(text, anchor_end);
    if (other) return true;
    return open_value_at(RecordView{text}, anchor_end).begin >= text.size();
  }
  size_t key_end = end_of_key(text, anchor_end);
  if (!separator_may_follow(text, key_end)) return true;
  size_t start = key_start(text, key_end, *value.keys);
  if (start == kNone) return true;
  std::optional<Opening> opening = open_value(RecordView{text}, start, key_end);
  return !opening || opening->begin >= text.size();
}

}  // namespace redactd
