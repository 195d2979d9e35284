#include "filters/spans/value_check.h"

#include <algorithm>
#include <array>
#include <span>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/validators.h"

namespace redactd {
namespace {

constexpr size_t kLookedAt = 512;

constexpr std::string_view kDigestNames[] = {"sha1", "sha256", "sha384", "sha512", "md5"};

/// Lower-case words, of which few have to be compared: most values differ from all of them in
/// length or first letter.
class Words {
 public:
  template <size_t N>
  explicit constexpr Words(const std::string_view (&words)[N]) : words_(words) {
    for (std::string_view word : words) firsts_[slot(word.size())] |= bit(word[0]);
  }

  bool has(std::string_view value) const {
    if (value.empty() || (firsts_[slot(value.size())] & bit(to_lower(value[0]))) == 0) return false;
    return std::any_of(words_.begin(), words_.end(),
                       [&](std::string_view word) { return equals_ignoring_case(value, word); });
  }

 private:
  static constexpr size_t slot(size_t size) { return std::min<size_t>(size, 31); }
  static constexpr uint64_t bit(char c) {
    return uint64_t{1} << (static_cast<unsigned char>(c) % 64);
  }

  std::span<const std::string_view> words_;
  std::array<uint64_t, 32> firsts_{};  // of each length, the first letters there are
};

constexpr std::string_view kNothingWords[] = {
    "null", "nil",   "none", "true",  "false",  "undefined", "nan",   "yes",     "no",   "on",
    "off",  "(nil)", "n/a",  "empty", "(none)", "(null)",    "unset", "not set", "void", "0"};
constexpr Words kNothings(kNothingWords);

// What sentences, schemas and configuration listings have where a secret would stand.
constexpr std::string_view kSentenceWords[] = {"a",
                                               "accepted",
                                               "access",
                                               "added",
                                               "an",
                                               "and",
                                               "any",
                                               "api",
                                               "are",
                                               "as",
                                               "at",
                                               "auth",
                                               "authentication",
                                               "auto",
                                               "bad",
                                               "be",
                                               "because",
                                               "blank",
                                               "bool",
                                               "boolean",
                                               "by",
                                               "can",
                                               "cannot",
                                               "change",
                                               "changed",
                                               "check",
                                               "compat",
                                               "configured",
                                               "confirm",
                                               "contains",
                                               "could",
                                               "created",
                                               "default",
                                               "denied",
                                               "did",
                                               "disabled",
                                               "does",
                                               "empty",
                                               "enter",
                                               "enabled",
                                               "error",
                                               "exists",
                                               "expected",
                                               "expired",
                                               "expires",
                                               "failed",
                                               "failure",
                                               "field",
                                               "file",
                                               "files",
                                               "for",
                                               "found",
                                               "from",
                                               "generated",
                                               "given",
                                               "got",
                                               "has",
                                               "have",
                                               "hidden",
                                               "if",
                                               "in",
                                               "incorrect",
                                               "int",
                                               "integer",
                                               "invalid",
                                               "is",
                                               "issued",
                                               "it",
                                               "key",
                                               "length",
                                               "ldap",
                                               "login",
                                               "loaded",
                                               "malformed",
                                               "masked",
                                               "match",
                                               "mismatch",
                                               "missing",
                                               "must",
                                               "needed",
                                               "new",
                                               "not",
                                               "ok",
                                               "object",
                                               "of",
                                               "omitted",
                                               "optional",
                                               "or",
                                               "passwd",
                                               "password",
                                               "permission",
                                               "please",
                                               "policy",
                                               "prompt",
                                               "provided",
                                               "received",
                                               "redacted",
                                               "refresh",
                                               "refreshed",
                                               "rejected",
                                               "renewed",
                                               "repeat",
                                               "required",
                                               "reset",
                                               "retype",
                                               "revoked",
                                               "rotated",
                                               "rotation",
                                               "saved",
                                               "secret",
                                               "secrets",
                                               "see",
                                               "sent",
                                               "set",
                                               "should",
                                               "skipped",
                                               "sss",
                                               "stored",
                                               "str",
                                               "string",
                                               "success",
                                               "successful",
                                               "systemd",
                                               "text",
                                               "that",
                                               "the",
                                               "this",
                                               "to",
                                               "token",
                                               "tokens",
                                               "too",
                                               "unable",
                                               "unauthorized",
                                               "unchanged",
                                               "unknown",
                                               "unspecified",
                                               "update",
                                               "updated",
                                               "used",
                                               "user",
                                               "using",
                                               "valid",
                                               "value",
                                               "verified",
                                               "was",
                                               "were",
                                               "when",
                                               "will",
                                               "with",
                                               "wrong",
                                               "your"};
constexpr Words kInSentences(kSentenceWords);

bool is_plain_word(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return is_letter(c) || c == '-' || c == '_' || c == '.';
  }) && value.size() < 24;
}

/// TestExpiry/token_is_expired, orders/by_customer: names of several words, without a digit.
bool is_compound(std::string_view value) {
  return value.size() < 80 && value.find_first_of("/_") != kNone &&
         std::all_of(value.begin(), value.end(), [](char c) {
           return is_letter(c) || c == '-' || c == '_' || c == '.' || c == '/';
         });
}

bool is_all(std::string_view value, std::string_view members) {
  return value.find_first_not_of(members) == kNone;
}

bool holds_any(std::string_view value, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return value.find(word) != kNone; });
}

/// The value is one pair of delimiters around a name: ${VAR}, $(cmd), {{ name }}, <name>, %NAME%,
/// #{name}.
bool is_template(std::string_view value) {
  struct Delimiters {
    std::string_view open;
    std::string_view close;
  };
  static constexpr std::array<Delimiters, 11> kTemplates = {{{"${{", "}}"},
                                                             {"${", "}"},
                                                             {"$(", ")"},
                                                             {"{{", "}}"},
                                                             {"<|", "|>"},
                                                             {"<", ">"},
                                                             {"%{", "}"},
                                                             {"#{", "}"},
                                                             {"%(", ")s"},
                                                             {"((", "))"},
                                                             {"%", "%"}}};
  static constexpr ByteClass kOpenings = ByteClass::of("${<%#(");
  if (value.empty() || !kOpenings.has(value[0])) return false;
  for (const Delimiters& delimiters : kTemplates) {
    if (value.size() <= delimiters.open.size() + delimiters.close.size() ||
        !value.starts_with(delimiters.open) || !value.ends_with(delimiters.close)) {
      continue;
    }
    std::string_view inner = value.substr(
        delimiters.open.size(), value.size() - delimiters.open.size() - delimiters.close.size());
    // A default (`${VAR:-hunter2}`) may be a secret of its own.
    bool name = std::all_of(inner.begin(), inner.end(), [](char c) {
      return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == ' ' || c == '/' || c == '$';
    });
    if (name) return true;
    bool filtered = delimiters.open == "{{" && inner.find(" | ") != kNone;  // {{ x | quote }}
    bool required = delimiters.open == "${" && inner.find(":?") != kNone;   // ${VAR:?missing}
    if (filtered || required) return true;
  }
  return false;
}

bool is_shell_variable(std::string_view value) {
  return value.size() > 2 && value[0] == '$' && is_upper(value[1]) &&
         std::all_of(value.begin() + 1, value.end(),
                     [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

/// ?, $1, :password, @password: what a statement has where its driver puts the value.
bool is_bind_parameter(std::string_view value) {
  if (value == "?") return true;
  if (value.size() < 2 || (value[0] != '$' && value[0] != ':' && value[0] != '@')) return false;
  std::string_view name = value.substr(1);
  if (value[0] == '$') return name.size() < 4 && std::all_of(name.begin(), name.end(), is_digit);
  static constexpr std::string_view kWords[] = {"pass", "pwd", "token", "secret", "key", "hash"};
  return is_lower(name[0]) && name.size() < 40 && holds_any(name, kWords) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; });
}

bool is_printf(std::string_view value) {
  return value.size() >= 2 && value.size() <= 4 && value[0] == '%' && is_letter(value.back()) &&
         (is_lower(value.back()) || value.back() == 'T') &&
         std::all_of(value.begin() + 1, value.end() - 1, [](char c) {
           return c == '+' || c == '#' || c == 'l' || c == '-' || c == '.';
         });
}

bool is_number(std::string_view value) {
  return !value.empty() && is_all(value, "0123456789.,-+%") && value.size() < 12;
}

/// 0x7f3a2b10c4d0
bool is_address(std::string_view value) {
  if (value.size() > 18 || !(value.starts_with("0x") || value.starts_with("0X"))) return false;
  return std::all_of(value.begin() + 2, value.end(), is_hex);
}

/// /home/bob, /run/secrets/db: but a base64 value may begin with a slash, too.
bool is_path(std::string_view value) {
  if (value.starts_with("./") || value.starts_with("../") || value.starts_with("~/")) return true;
  if (value.empty() || value[0] != '/' || value.size() > 8 * kLookedAt) return false;
  if (value.find_first_of("+=") != kNone) return false;
  bool lower =
      std::none_of(value.begin(), value.end(), [](char c) { return is_upper(c) || is_digit(c); });
  auto slashes = std::count(value.begin(), value.end(), '/');
  return lower || (slashes >= 2 && entropy(value) < 4.2);
}

bool is_path_or_url(std::string_view value) {
  return value.size() <= 8 * kLookedAt && (value.find("://") != kNone || is_path(value));
}

bool is_duration_or_size(std::string_view value) {
  size_t digits = 0;
  while (digits < value.size() && (is_digit(value[digits]) || value[digits] == '.')) ++digits;
  return digits > 0 && value.size() - digits <= 3 && value.size() <= 10 &&
         std::all_of(value.begin() + static_cast<std::ptrdiff_t>(digits), value.end(), is_letter);
}

/// r.secret, n.token||"": what minifiers leave of names.
bool is_minified(std::string_view value) {
  static constexpr std::string_view kNames[] = {"pass",  "Pass", "secret", "Secret", "token",
                                                "Token", "key",  "Key",    "auth",   "Auth"};
  if (value.size() < 4 || !is_letter(value[0]) || value[1] != '.') return false;
  size_t at = 2;
  while (at < value.size() && is_letter(value[at])) ++at;
  if (!holds_any(value.substr(0, at), kNames)) return false;
  return at == value.size() || std::string_view("|&?()[];,}").find(value[at]) != kNone;
}

/// kwargs.get( and $_POST[' in front of a quote: what is called, or looked into, for the value.
bool is_lookup(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("._$:");
  size_t open = 0;
  bool joined = false;
  for (; open < value.size() &&
         (is_letter(value[open]) || kJoints.has(value[open]) || value[open] == '!');
       ++open)
    joined = joined || kJoints.has(value[open]);
  if (!joined || open == value.size() || (value[open] != '(' && value[open] != '[')) return false;
  return open + 1 == value.size() || value[open + 1] == '\'' || value[open + 1] == '"';
}

/// settings.API_KEY, config.db.password
bool is_member(std::string_view value) {
  static constexpr std::string_view kOwners[] = {
      "settings.",   "config.",    "conf.",     "cfg.",  "props.",  "options.",
      "opts.",       "args.",      "params.",   "ctx.",  "req.",    "request.",
      "kwargs.",     "event.",     "context.",  "vars.", "inputs.", "secrets.",
      "process.env", "os.environ", "os.getenv", "env.",  "self.",   "this.",
      "var.",        "local.",     "data.",     "each.", "module.", "random_password."};
  constexpr size_t kDotBefore = 9;  // in every one of them
  if (value.substr(0, kDotBefore).find('.') == kNone) return false;
  return std::any_of(std::begin(kOwners), std::end(kOwners), [&](std::string_view owner) {
    return value.size() > owner.size() && value.starts_with(owner) &&
           !is_scrambled(value.substr(owner.size()));
  });
}

/// `expected_token`, `rawPassword`, `$password`: a variable that is named after what it holds.
bool is_variable(std::string_view value) {
  static constexpr std::string_view kWords[] = {"password", "passwd", "token", "secret", "key"};
  bool sigil = value.starts_with('$');
  if (sigil) value.remove_prefix(1);
  if (value.size() > 40 || value.empty() || !is_lower(value[0])) return false;
  if (!std::all_of(value.begin(), value.end(), [](char c) { return is_letter(c) || c == '_'; }))
    return false;
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    if (value.size() < word.size()) return false;
    size_t at = value.size() - word.size();
    if (!equals_ignoring_case(value.substr(at), word)) return false;
    return at == 0 ? sigil || word.size() > 3 : value[at - 1] == '_' || is_upper(value[at]);
  });
}

/// `strings.TrimPrefix(h` and, with the quote behind it, `Configuration[`: the beginning of a call.
bool is_call(std::string_view value) {
  size_t open = 0;
  size_t dot = kNone;
  for (;
       open < value.size() && (is_letter(value[open]) || value[open] == '.' || value[open] == '_');
       ++open) {
    if (value[open] == '.') dot = open;
  }
  if (open < 3 || open == value.size() || (value[open] != '(' && value[open] != '[')) return false;
  if (!is_letter(value[0])) return false;
  bool member = dot != kNone && dot + 1 < open && is_upper(value[dot + 1]);
  return open + 1 == value.size() || value[open + 1] == '$' || (member && value[open] == '(');
}

bool is_code(std::string_view value) {
  if (value.size() > kLookedAt) return false;
  if (is_minified(value) || is_lookup(value) || is_member(value)) return true;
  if (is_call(value)) return true;
  size_t paren = value.find('(');
  return paren != kNone && paren > 0 && value.back() == ')' && is_letter(value[0]);
}

/// PASSWORD, <TOKEN>: what a usage line has where the value goes.
bool is_metavariable(std::string_view value) {
  static constexpr std::string_view kNames[] = {"PASSWORD", "PASS",       "TOKEN",  "SECRET", "KEY",
                                                "API_KEY",  "PASSPHRASE", "STRING", "VALUE"};
  while (!value.empty() && (value.back() == ']' || value.back() == ')')) value.remove_suffix(1);
  return std::find(std::begin(kNames), std::end(kNames), value) != std::end(kNames);
}

/// (sensitive value), (known after apply), of which a blank leaves the first word.
bool is_remark(std::string_view value) {
  return value.size() > 4 && value[0] == '(' &&
         std::all_of(value.begin() + 1, value.end(), is_lower);
}

/// default/web-tls: an object of Kubernetes by its namespace and name.
bool is_object_name(std::string_view value) {
  if (value.size() > 128 || std::count(value.begin(), value.end(), '/') != 1) return false;
  if (!is_lower(value.front()) || value.back() == '/' || is_scrambled(value)) return false;
  if (value.find('-') == kNone) return false;  // winter/summer may be a password
  return std::all_of(value.begin(), value.end(), [](char c) {
    return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == '/';
  });
}

/// sha256:…, hmac-sha256:…: says itself that it is a digest.
bool is_digest(std::string_view value) {
  size_t colon = value.rfind(':');
  return colon < 16 && holds_any(value.substr(0, colon), kDigestNames) &&
         looks_like_hash(value.substr(colon + 1));
}

/// Token{9f4ef63, android.os.BinderProxy@2bd79ce: how objects print themselves.
bool is_object_reference(std::string_view value) {
  size_t at = 0;
  while (at < value.size() &&
         (is_alnum(value[at]) || value[at] == '.' || value[at] == '$' || value[at] == '_'))
    ++at;
  if (at == 0 || at == value.size() || !is_letter(value[0])) return false;
  std::string_view rest = value.substr(at + 1);
  if (value[at] != '{' && value[at] != '@') return false;
  return rest.size() <= 16 &&
         std::all_of(rest.begin(), rest.end(), [](char c) { return is_hex(c) || c == '}'; });
}

/// com.apple.xpc.activity/4505
bool is_dotted_name(std::string_view value) {
  size_t first = value.find('.');
  size_t second = first == kNone ? kNone : value.find('.', first + 1);
  if (second > 32 || first < 2 || second - first < 3) return false;
  bool words = std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(second),
                           [](char c) { return is_lower(c) || c == '.' || c == '-'; });
  return words && value.size() < 80 && std::all_of(value.begin(), value.end(), [](char c) {
           return is_alnum(c) || c == '.' || c == '/' || c == ':' || c == '_' || c == '-' ||
                  c == '$';
         });
}

/// `expires_in=3600` behind a word that is no key of its own: another pair.
bool is_pair(std::string_view value) {
  size_t equals = value.find('=');
  if (equals == kNone || equals < 2 || equals > 32 || equals + 1 >= value.size()) return false;
  if (value.find_first_not_of('=', equals) == kNone) return false;  // padding
  std::string_view name = value.substr(0, equals);
  return is_letter(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter(c) || c == '_' || c == '-';
         });
}

/// invalid_grant, wrong-password: a code of words, shorter than `limit`: words in a row may be a
/// passphrase.
bool is_word_code(std::string_view value, size_t limit) {
  return value.size() < limit && value.find_first_of("_-") != kNone && is_lower(value.front()) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || c == '_' || c == '-'; });
}

/// What validation says about a field: "must be at least 8 characters", "is required".
bool is_message(std::string_view value) {
  static constexpr std::string_view kWords[] = {"must",     "required", "characters", "doesn't",
                                                "can't",    "cannot",   "too short",  "too long",
                                                "too weak", "invalid",  "incorrect",  "not match"};
  return value.size() < 200 && value.find(' ') != kNone && holds_any(value, kWords);
}

/// &str, Option<String>, Optional[str], required|min:8: a type, or the rules for a field.
bool is_type(std::string_view value) {
  static constexpr std::string_view kTypes[] = {"&str",    "&'static", "Option<", "Optional[str",
                                                "Vec<",    "[]byte",   "*string", "required|",
                                                "string|", "nullable", "str|",    "sometimes|"};
  return std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](std::string_view type) { return value.starts_with(type); });
}

/// db-password: the name of a Secret, of words.
bool is_secret_name(std::string_view value) {
  static constexpr std::string_view kWords[] = {"password", "secret", "token",  "cred",  "key",
                                                "tls",      "cert",   "config", "vault", "auth"};
  return is_word_code(value, 48) && holds_any(value, kWords);
}

/// Words with blanks between them and no digit: a message, not a token.
bool is_prose(std::string_view value) {
  return value.find(' ') != kNone && std::all_of(value.begin(), value.end(), [](char c) {
           return is_letter(c) || std::string_view(" .,:;!?'\"()-_/").find(c) != kNone;
         });
}

Verdict check_medium(std::string_view value, const ValueSetting& setting) {
  if (value.size() < 4) return Verdict::plain_word;
  // One word in a sentence, or a short one anywhere, is more likely a state or a type than a
  // secret.
  bool words =
      is_plain_word(value) && (setting.sentence || value.size() < 12 || kInSentences.has(value));
  bool named =
      setting.sentence && (is_compound(value) || is_pair(value) || is_word_code(value, 20));
  bool word = words || named || (value[0] == '$' && is_variable(value));
  bool plain = word || is_type(value) || is_message(value) || is_number(value) ||
               is_address(value) || is_path_or_url(value) || is_duration_or_size(value) ||
               is_code(value) || is_remark(value) || is_object_reference(value) ||
               is_dotted_name(value) || is_prose(value) || is_digest(value);
  return plain ? Verdict::plain_word : Verdict::masked;
}

/// AWSLogs/2026/03/01/eu-west-1_log.json.gz: base64 has slashes, too, but then no dots or dashes.
bool is_object_path(std::string_view value) {
  return std::count(value.begin(), value.end(), '/') >= 2 && value.find_first_of("-._") != kNone;
}

/// Linux-node-4f0c3a…: a cache's key, words and the digest of what it depends on.
bool ends_in_hash(std::string_view value) {
  size_t last = value.find_last_of("-_:./");
  return last != kNone && value.size() - last > 32 && looks_like_hash(value.substr(last + 1)) &&
         !is_scrambled(value.substr(0, last));
}

Verdict check_weak(std::string_view value) {
  if (is_object_path(value) || ends_in_hash(value)) return Verdict::not_random;
  if (value.size() < 16 || looks_like_hash(value) || is_address(value)) return Verdict::not_random;
  static constexpr ByteClass kNotOfAKey = ByteClass::of(" ()[]{}<>:,;\\@*?|");
  if (kNotOfAKey.any_in(value)) return Verdict::not_random;
  if (!is_mixed(value) || std::none_of(value.begin(), value.end(), is_digit))
    return Verdict::not_random;
  return entropy(value.substr(0, kLookedAt)) >= 3.5 ? Verdict::masked : Verdict::not_random;
}

Verdict check_random(std::string_view value) {
  if (value.size() < 12 || is_address(value)) return Verdict::not_random;
  if (looks_like_hash(value) && value.size() >= 24) return Verdict::masked;
  static constexpr ByteClass kNotRandom = ByteClass::of(" ()[]{}<>,;\\@*?|");
  if (is_pair(value) || kNotRandom.any_in(value) || is_path_or_url(value) ||
      is_object_path(value) || is_dotted_name(value) || is_object_reference(value)) {
    return Verdict::not_random;
  }
  if (std::none_of(value.begin(), value.end(), is_digit) ? value.size() < 20 || !is_mixed(value)
                                                         : !is_scrambled(value))
    return Verdict::not_random;
  return entropy(value.substr(0, kLookedAt)) >= 2.8 ? Verdict::masked : Verdict::not_random;
}

/// id=npmrc of docker build --secret id=npmrc,src=…
bool is_mount(std::string_view value) {
  return value.starts_with("id=") && value.size() < 40 &&
         std::all_of(value.begin() + 3, value.end(),
                     [](char c) { return is_lower(c) || c == '-' || c == '_'; });
}

/// What schemas, type listings, usage lines, code, debuggers and PAM have behind a key, without
/// quotes and in any position.
bool is_listing(std::string_view value, std::string_view word) {
  // YAML tags, an encrypted value of SOPS, architectures of packages, and a keyword of languages
  static constexpr std::string_view kWords[] = {"!Ref", "!vault",  "!Sub",  "!GetAtt", "!reference",
                                                "!ENV", "!secret", "|",     ">",       "|-",
                                                ">-",   "await",   "amd64", "arm64",   "DEFAULT"};
  if (std::find(std::begin(kWords), std::end(kWords), value) != std::end(kWords)) return true;
  if (value.starts_with("ENC[") || value.starts_with("$(") || is_type(value)) return true;
  bool variable =
      value[0] == '$' && is_variable(value);  // without a sigil it may be a weak password
  return variable || equals_ignoring_case(word, "string") || word == "chauthtok" ||
         is_code(value) || is_metavariable(value) || is_remark(value) || is_address(value) ||
         is_mount(value);
}

}  // namespace

bool is_placeholder(std::string_view value) {
  if (value.empty() || kNothings.has(value)) return true;
  if (size_t mask = mask_at(value, 0); mask == value.size()) return true;
  // Masks of other tools: one character repeated, or a bracketed word.
  static constexpr ByteClass kRepeated = ByteClass::of("*xX.-_#");
  if (kRepeated.has(value[0]) && is_all(value, value.substr(0, 1))) return true;
  static constexpr std::string_view kBullet = "\xe2\x80\xa2";
  if (value.size() % kBullet.size() == 0 && value.starts_with(kBullet)) {
    bool bullets = true;
    for (size_t i = 0; i < value.size(); i += kBullet.size()) {
      bullets = bullets && value.substr(i, kBullet.size()) == kBullet;
    }
    if (bullets) return true;
  }
  static constexpr std::string_view kMaskWords[] = {"value_specified_in_no_log_parameter",
                                                    "***masked***",
                                                    "[redacted]",
                                                    "[masked]",
                                                    "[filtered]",
                                                    "[hidden]",
                                                    "[secret]",
                                                    "(redacted)",
                                                    "(hidden)",
                                                    "(sensitive)",
                                                    "[removed]",
                                                    "redacted",
                                                    "(masked)",
                                                    "[protected]",
                                                    "(sensitive value)"};
  static constexpr Words kOtherMasks(kMaskWords);
  if (kOtherMasks.has(value)) return true;
  return is_template(value) || is_shell_variable(value) || is_printf(value) ||
         is_bind_parameter(value);
}

Verdict check_value(std::string_view value, const ValueSetting& setting) {
  if (value.empty()) return Verdict::no_value;
  if (is_placeholder(value)) return Verdict::placeholder;
  std::string_view word = value;
  while (!word.empty() && (word.back() == '.' || word.back() == ':' || word.back() == '!')) {
    word.remove_suffix(1);
  }
  if (setting.sentence && kInSentences.has(word)) return Verdict::plain_word;
  switch (setting.strength) {
    case Strength::strong:
      if (!setting.quoted && is_listing(value, word)) return Verdict::plain_word;
      if (is_object_name(value) || is_message(value)) return Verdict::plain_word;
      if (setting.quoted && is_type(value)) return Verdict::plain_word;
      if (setting.may_be_name && is_secret_name(value)) return Verdict::plain_word;
      if (is_path(value)) return Verdict::plain_word;  // PWD=/home/bob, password: /run/secrets/db
      return Verdict::masked;
    case Strength::medium:
      return check_medium(value, setting);
    case Strength::weak:
      return check_weak(value);
    case Strength::random:
      return check_random(value);
  }
  return Verdict::masked;
}

}  // namespace redactd
