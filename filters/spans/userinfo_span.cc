#include "filters/spans/userinfo_span.h"

#include <algorithm>
#include <optional>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/placeholder.h"
#include "filters/spans/value/value_check.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

struct Password {
  size_t begin = 0;
  size_t end = 0;
  size_t user_begin = 0;
};

bool ends_run(char c) { return is_blank(c) || c == '"' || c == '<' || c == '>' || c == '`'; }

size_t run_start(std::string_view text, size_t at) {
  while (at > 0 && !ends_run(text[at - 1])) --at;
  return at;
}

/// How `:` and `@` are written in this URL.
struct Spelling {
  std::string_view colon;
  std::string_view at;
};

struct Slashes {
  size_t colon = kNone;  // where `://` begins; npos: there is none
  size_t end = 0;
  Spelling spelling;
};

/// `//` at `at`, as `\/\/` or with more backslashes where JSON stands in JSON: its end, else npos.
size_t after_slashes(std::string_view text, size_t at) {
  for (int slash = 0; slash < 2; ++slash) {
    while (at < text.size() && text[at] == '\\') ++at;
    if (at >= text.size() || text[at] != '/') return kNone;
    ++at;
  }
  return at;
}

/// The last `://` (or `%3A%2F%2F`) in text[run, anchor).
Slashes find_slashes(std::string_view text, size_t run, size_t anchor) {
  for (size_t at = anchor; at > run; --at) {
    char c = text[at - 1];
    if (c == ':') {
      size_t end = after_slashes(text, at);
      if (end != kNone && end <= anchor) return {at - 1, end, {":", "@"}};
    } else if (c == '%' && starts_with_ignoring_case(text.substr(at - 1, 9), "%3a%2f%2f")) {
      bool upper = text[at + 1] == 'A';
      return {at - 1, at + 8, {upper ? "%3A" : "%3a", "%40"}};
    }
  }
  return {};
}

/// host:8080/path/x@y: what follows the colon is a port.
bool is_port(std::string_view text, size_t at) {
  size_t digits = at;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  return digits > at && digits - at <= 5 && digits < text.size() &&
         (text[digits] == '/' || text[digits] == '?' || text[digits] == '#' ||
          text[digits] == '\\');
}

/// Schemes whose paths may hold an @ (https://host/@scope/name). In a database's URL a later @
/// belongs to the password.
bool is_web_scheme(std::string_view scheme) {
  static constexpr std::string_view kWeb[] = {"http", "https",     "ws",      "wss", "git",
                                              "ssh",  "git+https", "git+ssh", "ftp"};
  return std::any_of(std::begin(kWeb), std::end(kWeb),
                     [&](std::string_view web) { return equals_ignoring_case(scheme, web); });
}

bool url_starts(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && end - at < 32 && (is_alnum(text[end]) || text[end] == '+')) ++end;
  return end > at && text.substr(end, 3) == "://";
}

/// A password may hold an @ itself: the last @ before the path counts, or, where the text between
/// cannot be a host (`host`, `host:5432`) and in URLs whose paths hold none, the last @ of all
/// before the query.
size_t last_at(const RecordView& record, size_t first, std::string_view sign, bool web) {
  std::string_view text = record.text;
  size_t last = first;
  bool host = true;
  bool port = false;
  size_t i = first + sign.size();
  for (; i < text.size(); ++i) {
    char c = text[i];
    if (ends_run(c) || c == '?' || c == '#' || c == '\\' || c == '\'') break;
    if (c == ',' && (web || url_starts(text, i + 1))) break;
    if (c == '/' && web && host) break;
    if (text.substr(i, sign.size()) == sign) {
      last = i;
      i += sign.size() - 1;
      host = true;
      port = false;
    } else {
      host = host && (!port || is_digit(c));
      port = port || c == ':';
    }
  }
  record.work += i - first;
  return last;
}

std::string_view scheme_before(std::string_view text, size_t slashes) {
  size_t begin = slashes;
  while (begin > 0 && slashes - begin < 32 && (is_alnum(text[begin - 1]) || text[begin - 1] == '+'))
    --begin;
  return text.substr(begin, slashes - begin);
}

Verdict find_in_url(const RecordView& record, size_t run, size_t anchor,
                    std::optional<Password>& password) {
  std::string_view text = record.text;
  Slashes slashes = find_slashes(text, run, anchor);
  if (slashes.colon == kNone) return Verdict::no_password;
  const Spelling& spelling = slashes.spelling;
  size_t user = slashes.end;
  if (text.substr(user, 1) == "[") return Verdict::no_password;  // an IPv6 host
  size_t colon = text.substr(0, anchor).find(spelling.colon, user);
  if (colon == kNone) {  // https://TOKEN@host: the user is the secret
    size_t at = anchor - spelling.at.size();
    if (scheme_before(text, slashes.colon) == "enode") return Verdict::no_password;  // a public key
    if (text.substr(user, at - user).find_first_of("/?#") != kNone) return Verdict::no_password;
    password = Password{at, at, user};
    return Verdict::masked;
  }
  if (text.substr(user, colon - user).find_first_of("/?#") != kNone) return Verdict::no_password;
  size_t begin = colon + spelling.colon.size();
  if (is_port(text, begin)) return Verdict::port_number;
  size_t first = text.substr(0, anchor).find(spelling.at, begin);
  if (first == kNone) return Verdict::no_password;
  bool web = is_web_scheme(scheme_before(text, slashes.colon)) || spelling.at != "@";
  password = Password{begin, last_at(record, first, spelling.at, web), user};
  return Verdict::masked;
}

/// user:password@tcp(host:3306)/db
std::optional<Password> find_in_dsn(std::string_view text, size_t run, size_t paren) {
  size_t at = text.substr(run, paren - run).rfind('@');
  if (at == kNone) return std::nullopt;
  at += run;
  // The user's name is a plain word; the run may begin with `dsn=`.
  size_t colon = text.substr(0, at).find(':', run);
  if (colon == kNone) return std::nullopt;
  size_t user = colon;
  while (user > run && (is_alnum(text[user - 1]) || text[user - 1] == '_' ||
                        text[user - 1] == '-' || text[user - 1] == '.')) {
    --user;
  }
  return Password{colon + 1, at, user};
}

/// jdbc:oracle:thin:user/password@host
std::optional<Password> find_in_oracle(std::string_view text, size_t run, size_t anchor) {
  size_t start = text.substr(run, anchor - run).rfind("jdbc:oracle:");
  if (start == kNone) return std::nullopt;
  start += run;
  size_t user = text.substr(0, anchor).find(':', start + 12);
  if (user == kNone) return std::nullopt;
  size_t slash = text.substr(0, anchor).find('/', user);
  if (slash == kNone) return std::nullopt;
  return Password{slash + 1, anchor - 1, user + 1};
}

}  // namespace

Verdict resolve_userinfo(const RecordView& record, const Rule& rule, uint32_t rule_number,
                         size_t anchor_end, std::vector<Span>& spans) {
  std::string_view text = record.text;
  if (anchor_end == 0) return Verdict::crosses_record;
  // One look per authority: the last @ was found from the first one.
  if (!spans.empty() && spans.back().rule == rule_number && spans.back().end + 3 >= anchor_end) {
    return Verdict::masked;
  }
  size_t run = run_start(text, anchor_end);
  record.work += 3 * (anchor_end - run);
  std::optional<Password> password;
  Verdict verdict = Verdict::no_password;
  if (text[anchor_end - 1] == '(') {
    password = find_in_dsn(text, run, anchor_end);
  } else {
    verdict = find_in_url(record, run, anchor_end, password);
    if (!password) password = find_in_oracle(text, run, anchor_end);
  }
  if (!password) return verdict;
  std::string_view secret = text.substr(password->begin, password->end - password->begin);
  size_t begin = password->begin;
  if (secret.empty() || secret == "x-oauth-basic") {
    // Also https://TOKEN:@host and https://TOKEN:x-oauth-basic@host.
    secret = text.substr(password->user_begin, password->end - password->user_begin);
    ValueSetting random;
    random.strength = Strength::random;
    if (check_value(secret.substr(0, secret.find(':')), random) != Verdict::masked) {
      return Verdict::no_password;
    }
    begin = password->user_begin;
  }
  if (is_placeholder(secret)) return Verdict::placeholder;
  if (std::optional<Verdict> failed = failed_validator(rule.validators, secret, false))
    return *failed;
  spans.push_back(Span{begin, password->end, rule_number, {}});
  return Verdict::masked;
}

void resolve_endless_userinfo(const RecordView& record, uint32_t rule_number, size_t least,
                              std::vector<Span>& spans) {
  std::string_view text = record.text;
  size_t run = run_start(text, text.size());
  if (text.size() - run < least) return;
  Slashes slashes = find_slashes(text, run, text.size());
  if (slashes.colon == kNone || text.size() - slashes.colon < least) return;
  size_t colon = text.find(slashes.spelling.colon, slashes.end);
  if (colon == kNone || text.find(slashes.spelling.at, colon) != kNone) return;
  if (text.substr(slashes.end, colon - slashes.end).find_first_of("/?#") != kNone) return;
  size_t begin = colon + slashes.spelling.colon.size();
  if (is_port(text, begin)) return;
  Span span{begin, text.size(), rule_number, {}};
  span.open.how = Continuation::How::url;
  spans.push_back(span);
}

size_t endless_userinfo_end(std::string_view text, size_t from) {
  while (from < text.size() && text[from] != '@' && !ends_run(text[from])) ++from;
  return from;
}

}  // namespace redactd
