// Values that are known by what stands beside them: members of an object, columns of a row, the
// command behind a pipe.

#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

constexpr size_t kMostMembers = 64;     // of a JSON Web Key
constexpr size_t kFarthest = 8 * 1024;  // from its beginning to its "kty"

constexpr size_t kBoundReach = 512;

/// `VALUES ($1, $2) -- PARAMETERS: ["bob", "…"]`, as TypeORM, Knex and others print a statement and
/// what is bound to it: where the list begins, else npos.
size_t bound_values(std::string_view text, size_t at) {
  std::string_view near = text.substr(at, kBoundReach);
  for (std::string_view words :
       {"PARAMETERS: [", "arameters: [", "arams: [", "indings: [", "arguments: [", "args=("}) {
    if (const size_t found = near.find(words); found != kNone) return at + found + words.size();
  }
  return kNone;
}

}  // namespace

/// `{"name":"…", …}`: every string value, whatever its name (a Secret's data).
Verdict ValueResolver::object(const Opening& opening) {
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
    if (!value.quote.none() && add(value.begin, end, value, Strength::strong) == Verdict::masked) {
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
size_t ValueResolver::object_begin() const {
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
Verdict ValueResolver::members() {
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
std::optional<Strength> ValueResolver::column_strength(std::string_view name) {
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

/// `(name, password) VALUES ('bob', '…'), …`: the values of the columns that names tell, or what
/// the record says was bound to their places.
Verdict ValueResolver::columns() {
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
  if (result == Verdict::masked) return result;
  record_.work += kBoundReach;
  if (size_t bound = bound_values(text_, anchor_end_); bound != kNone)
    row_of(bound, secret, result);
  return result;
}

/// One row of values from `at` on. Returns where the next one begins, npos when there is none.
size_t ValueResolver::row_of(size_t at, const std::vector<std::optional<Strength>>& secret,
                             Verdict& result) {
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
      end = value_end(value);
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

/// `echo … | sudo -S`: what a command is given that reads a password.
Verdict ValueResolver::piped(const Opening& opening) {
  static constexpr std::string_view kReaders[] = {
      "sudo -S",        "sudo -kS",       "sudo --stdin",   "password-stdin",
      "passwd --stdin", "passphrase-fd",  "kinit",          "cryptsetup",
      "smbpasswd",      "chpasswd",       "ssh-add",        "--with-token",
      "secret put",     "secret set",     "secrets create", "secrets versions add",
      "secret create",  "vercel env add", "vault login"};
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

}  // namespace redactd
