#include "filters/spans/value/placeholder.h"

#include <algorithm>
#include <array>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

/// States among them, which records have where others would print the value (`password=missing`).
constexpr std::string_view kNothingWords[] = {
    "null",    "nil",       "none",     "true",     "false",    "undefined", "nan",
    "yes",     "no",        "on",       "off",      "disabled", "enabled",   "n/a",
    "empty",   "unset",     "not set",  "void",     "0",        "ok",        "set",
    "present", "missing",   "absent",   "wrong",    "invalid",  "incorrect", "valid",
    "changed", "unchanged", "expired",  "provided", "found",    "created",   "updated",
    "rotated", "matched",   "mismatch", "stdin",    "prompt",   "~",         "optional.empty"};
constexpr WordList kNothings(kNothingWords);

/// Masks of other tools, without the brackets and stars around them.
constexpr std::string_view kMaskWords[] = {"redacted", "masked",    "filtered",       "hidden",
                                           "secret",   "sensitive", "removed",        "protected",
                                           "censored", "secure",    "sensitive value"};
constexpr WordList kOtherMasks(kMaskWords);

/// Those that are no passwords without brackets.
constexpr std::string_view kBareMasks[] = {"redacted", "value_specified_in_no_log_parameter",
                                           "not_logging_password",             // Ansible
                                           "hidden_due_to_security_reasons"};  // CloudTrail
constexpr WordList kBare(kBareMasks);

/// What usage lines have in brackets, `token=[token]`.
constexpr std::string_view kNamesInBrackets[] = {
    "token", "password", "passwd", "key", "api_key", "access_token", "api-key", "your_token"};
constexpr WordList kInBrackets(kNamesInBrackets);

/// [redacted], (none), ***masked***, [**removed**]
bool is_wrapped_word(std::string_view value) {
  constexpr size_t kLongest = 32;
  constexpr std::string_view kOpeners = "[(*- ";
  constexpr std::string_view kClosers = "])*-";
  static constexpr ByteClass kLasts = ByteClass::of(kClosers);
  if (value.size() > kLongest || !kLasts.has(value.back())) return false;
  const size_t begin = value.find_first_not_of(kOpeners);
  if (begin == kNone) return false;
  const size_t last = value.find_last_not_of(kClosers);
  if (last == kNone || last + 1 == value.size() || last < begin) return false;
  std::string_view word = value.substr(begin, last + 1 - begin);
  return kOtherMasks.has(word) || kNothings.has(word) ||
         (value[0] == '[' && begin == 1 && kInBrackets.has(word));
}

/// %5Bredacted%5D, %3Cfiltered%3E, %2A%2A%2A%2A: masks of other tools in an address.
bool is_encoded_mask(std::string_view value) {
  constexpr size_t kSize = 3;
  if (value.size() < 2 * kSize || value[0] != '%') return false;
  if (value.starts_with("%2A") || value.starts_with("%2a")) {
    while (value.starts_with("%2A") || value.starts_with("%2a")) value.remove_prefix(kSize);
    return value.empty();
  }
  std::string_view open = value.substr(0, kSize);
  std::string_view close = value.substr(value.size() - kSize);
  const bool brackets = equals_ignoring_case(open, "%5b") && equals_ignoring_case(close, "%5d");
  const bool tag = equals_ignoring_case(open, "%3c") && equals_ignoring_case(close, "%3e");
  return (brackets || tag) && kOtherMasks.has(value.substr(kSize, value.size() - 2 * kSize));
}

/// ****9oWG, sk-proj-********J2L5, ghp_****: what shows the kind of a token and its last four.
bool is_starred_token(std::string_view value) {
  static constexpr std::string_view kHeads[] = {
      "sk-",   "ghp_",  "gho_",     "ghu_",     "ghs_",     "github_pat_", "glpat-",
      "xoxb-", "xoxp-", "sk_live_", "sk_test_", "pk_live_", "pk_test_",    "rk_live_",
      "hf_",   "npm_",  "sk-proj-", "sk-ant-",  "sk-or-",   "sk-svcacct-", "sk-ant-api03-"};
  constexpr size_t kShown = 4;
  constexpr size_t kFewestStars = 3;
  constexpr size_t kLongest = 128;
  if (value.size() <= kFewestStars || value.size() > kLongest) return false;
  size_t end = value.size();
  while (value.size() - end < kShown && end > 1 && value[end - 1] != '*') --end;
  if (value[end - 1] != '*') return false;
  const size_t begin = value.find('*');
  if (end - begin < kFewestStars || value.find_first_not_of('*', begin) < end) return false;
  if (!std::all_of(value.begin() + static_cast<std::ptrdiff_t>(end), value.end(), is_alnum))
    return false;
  std::string_view head = value.substr(0, begin);
  if (head.empty()) return end > kFewestStars;
  return std::find(std::begin(kHeads), std::end(kHeads), head) != std::end(kHeads);
}

/// XXXX-XXXX-XXXX, ****-****-9oWG: a key in groups, of which the last may show.
bool is_masked_in_groups(std::string_view value) {
  constexpr size_t kShortest = 9;
  constexpr size_t kShown = 5;
  const char mark = value[0];
  if (value.size() < kShortest || (mark != '*' && mark != 'X' && mark != 'x')) return false;
  const size_t from = value.size() - (kShown + 1);
  const size_t dash = value.substr(from).rfind('-');
  if (dash == kNone || from + dash < 4) return false;
  const size_t last = from + dash;
  auto all = [&](std::string_view part) {
    return std::all_of(part.begin(), part.end(), [&](char c) { return c == mark || c == '-'; });
  };
  std::string_view shown = value.substr(last + 1);
  return all(value.substr(0, last)) &&
         (all(shown) || (mark == '*' && std::all_of(shown.begin(), shown.end(), is_alnum)));
}

/// eyJhbGci..., eyJ***: the beginning of every JWT.
bool is_beginning_of_jwt(std::string_view value) {
  constexpr size_t kLongest = 16;
  if (value.size() > kLongest || !value.starts_with("eyJ")) return false;
  return value.ends_with("...") || value.ends_with("\u2026") || value.ends_with("***");
}

/// __DB_PASSWORD__, @@DB_PASSWORD@@, @PASSWORD@: what an installer puts the value in place of.
bool is_name_between_marks(std::string_view value) {
  constexpr size_t kShortest = 8;
  if (value.size() < kShortest || (value[0] != '_' && value[0] != '@')) return false;
  const size_t size = value[1] == value[0] ? 2 : 1;
  if ((size == 1 && value[0] == '_') || !value.ends_with(value.substr(0, size))) return false;
  value = value.substr(size, value.size() - 2 * size);
  if (size == 1 && value.find('_') == kNone && !value.ends_with("PASSWORD") &&
      !value.ends_with("TOKEN") && !value.ends_with("SECRET"))
    return false;  // @SUMMER@ may be a password
  return std::all_of(value.begin(), value.end(), [](char c) { return is_upper(c) || c == '_'; });
}

/// ${env:DB_PASSWORD}, ${ssm:/app/db}, {{resolve:secretsmanager:db:SecretString:password}}: a
/// place that a scheme names.
bool is_scheme_in_braces(std::string_view value) {
  static constexpr std::string_view kSchemes[] = {
      "${env:", "${file:", "${vault:", "${ssm:", "${sm:", "$__env{", "$__file{", "$__vault{"};
  if (value.size() >= 256) return false;
  if (value.starts_with("%env(") && value.find(")%") + 2 == value.size()) return true;  // Symfony
  const size_t close = value.find('}');
  if (value.starts_with("{{resolve:")) return value.substr(std::min(close, value.size())) == "}}";
  if (close + 1 != value.size()) return false;  // what stands behind it may be a secret
  return std::any_of(std::begin(kSchemes), std::end(kSchemes), [&](std::string_view scheme) {
    return value.starts_with(scheme) && value.find(":-") == kNone;
  });
}

/// `DB_PASSWORD:` and `DB_PASSWORD:-`: whose default is nothing.
std::string_view without_empty_default(std::string_view name) {
  if (name.ends_with(":-") || name.ends_with(":=")) return name.substr(0, name.size() - 2);
  if (name.ends_with(":")) return name.substr(0, name.size() - 1);
  return name;
}

/// `${API_TOKEN:?must be set}`, of which the value may have the beginning only.
bool is_required_variable(std::string_view value) {
  size_t end = 2;
  if (!value.starts_with("${")) return false;
  while (end < value.size() && (is_alnum(value[end]) || value[end] == '_')) ++end;
  return end > 2 && value.substr(end).starts_with(":?");
}

/// ` lookup('env', 'DB_PASSWORD') `, ` ENV["DB_PASSWORD"] `: an expression that names where the
/// value stands. A second argument may be a default, a secret of its own.
bool is_lookup(std::string_view expression) {
  static constexpr ByteClass kMarks = ByteClass::of(" _.-/'\"\\()[]:");
  while (expression.starts_with(' ')) expression.remove_prefix(1);
  if (expression.empty() || !is_letter(expression[0])) return false;
  const size_t call = expression.find_first_of("([");
  if (call == kNone) return false;
  const bool two = expression.substr(0, call) == "lookup" || expression.substr(0, call) == "query";
  return std::all_of(expression.begin(), expression.end(),
                     [&](char c) { return is_alnum(c) || kMarks.has(c) || (two && c == ','); });
}

/// `{{ password | default('x') }}`, `{{ default "x" .Values.password | quote }}`, `{{ "x" | b64enc
/// }}`: a template that holds the value itself.
bool holds_default(std::string_view expression) {
  static constexpr std::string_view kDefaults[] = {"default(", "default (", "default ", " d(",
                                                   "|d("};
  constexpr std::string_view kQuotes = "'\"";
  for (size_t at = 0; (at = expression.find_first_of(kQuotes, at)) != kNone; ++at) {
    const size_t inside = expression.find_first_not_of('\\', at + 1);
    if (inside == kNone) return true;
    if (expression[inside] == expression[at]) {  // default('')
      at = inside;
      continue;
    }
    std::string_view before = expression.substr(0, at);
    while (before.ends_with('\\')) before.remove_suffix(1);
    if (before.find_first_not_of(' ') == kNone ||
        std::any_of(std::begin(kDefaults), std::end(kDefaults),
                    [&](std::string_view name) { return before.ends_with(name); }))
      return true;
  }
  return false;
}

/// The value is one pair of delimiters around a name: ${VAR}, $(cmd), {{ name }}, <name>, %NAME%,
/// #{name}.
bool is_template(std::string_view value) {
  struct Delimiters {
    std::string_view open;
    std::string_view close;
  };
  static constexpr std::array<Delimiters, 14> kTemplates = {{{"${{", "}}"},
                                                             {"${", "}"},
                                                             {"$(", ")"},
                                                             {"{{", "}}"},
                                                             {"<|", "|>"},
                                                             {"<|", "|"},
                                                             {"<%=", "%>"},
                                                             {"<", ">"},
                                                             {"%{", "}"},
                                                             {"#{", "}"},
                                                             {"#{", "}#"},
                                                             {"%(", ")s"},
                                                             {"((", "))"},
                                                             {"%", "%"}}};
  static constexpr ByteClass kLasts = ByteClass::of("})>|%#s");
  if (!kLasts.has(value.back())) return false;
  for (const Delimiters& delimiters : kTemplates) {
    if (value[0] != delimiters.open[0] ||
        value.size() <= delimiters.open.size() + delimiters.close.size() ||
        !value.starts_with(delimiters.open) || !value.ends_with(delimiters.close)) {
      continue;
    }
    std::string_view inner = value.substr(
        delimiters.open.size(), value.size() - delimiters.open.size() - delimiters.close.size());
    if (delimiters.open == "${") inner = without_empty_default(inner);
    // A default (`${VAR:-hunter2}`) may be a secret of its own.
    const bool lists = delimiters.open == "%{";  // %{string:User-Password} of FreeRADIUS
    bool name = std::all_of(inner.begin(), inner.end(), [&](char c) {
      return is_alnum(c) || c == '_' || c == '.' || c == '-' || c == ' ' || c == '/' || c == '$' ||
             (lists && c == ':');
    });
    if (name) return true;
    bool filtered = delimiters.open == "{{" && inner.find(" | ") != kNone &&  // {{ x | quote }}
                    inner.find("}}") == kNone;
    bool code = delimiters.open == "{{" || delimiters.open == "<%=" || delimiters.open == "#{";
    bool ruby = delimiters.open == "<%=" && inner.find_first_of("'\"%") == kNone;
    if ((filtered || ruby || (code && is_lookup(inner))) && !holds_default(inner)) return true;
  }
  return false;
}

/// arn:aws:secretsmanager:…:secret:db-x7K2pQ, arn:aws:kms:…:key/…: the name of a resource, nothing
/// else.
bool is_arn(std::string_view value) {
  constexpr int kColons = 5;
  static constexpr ByteClass kOfNames = alnum_and(":/_-.*+=@");
  return value.starts_with("arn:aws") && std::count(value.begin(), value.end(), ':') >= kColons &&
         kOfNames.has_all(value);
}

/// projects/12/secrets/db/versions/latest, @Microsoft.KeyVault(SecretUri=…
bool is_name_in_cloud(std::string_view value) {
  if (value[0] == 'a') return is_arn(value);
  return (value.starts_with("projects/") && value.find("/secrets/") != kNone) ||
         value.starts_with("@Microsoft.KeyVault(");
}

/// env:DB_PASSWORD
bool is_name_in_environment(std::string_view value) {
  constexpr std::string_view kScheme = "env:";
  return value.starts_with(kScheme) && value.find('_') != kNone &&
         std::all_of(value.begin() + kScheme.size(), value.end(),
                     [](char c) { return is_upper(c) || c == '_'; });
}

/// op://vault/item/password, vault:secret/data/app#password, ref+vault://…, file:/run/secrets/db:
/// where the secret is kept.
bool is_reference(std::string_view value) {
  static constexpr ByteClass kFirsts = ByteClass::of("apefs@vor");
  if (value.size() >= 256 || !kFirsts.has(value[0])) return false;
  if (is_name_in_cloud(value) || is_name_in_environment(value)) return true;
  if (value.starts_with("file:/") || value.starts_with("ssm:/") || value.starts_with("sm://"))
    return true;
  if (value.starts_with("vault:")) return value.find('/') != kNone;
  return value.starts_with("op://") || (value.starts_with("ref+") && value.find("://") != kNone);
}

/// {token}, {access_token}: a name in braces.
bool is_name_in_braces(std::string_view value) {
  constexpr size_t kLongest = 24;
  return value.size() > 2 && value.size() <= kLongest && value[0] == '{' && value.back() == '}' &&
         std::all_of(value.begin() + 1, value.end() - 1,
                     [](char c) { return is_lower(c) || c == '_'; });
}

/// YOUR_API_KEY, your-token-here: what documentation has in place of a key. `your_password` may be
/// a weak one.
bool is_yours(std::string_view value) {
  static constexpr std::string_view kWords[] = {"key",   "token",  "secret",  "KEY",
                                                "TOKEN", "SECRET", "PASSWORD"};
  if (value.size() > 40 || !starts_with_ignoring_case(value, "your")) return false;
  return value.find_first_of("_-") == 4 && holds_any(value, kWords) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_letter(c) || c == '_' || c == '-'; });
}

/// $DB_PASSWORD, at the end of a sentence, too.
bool is_shell_variable(std::string_view value) {
  if (value.ends_with('.')) value.remove_suffix(1);
  return value.size() > 2 && value[0] == '$' && is_upper(value[1]) &&
         std::all_of(value.begin() + 1, value.end(),
                     [](char c) { return is_upper(c) || is_digit(c) || c == '_'; });
}

/// @p0, @__password_0 of .NET.
bool is_numbered_parameter(std::string_view value) {
  size_t digits = value.size();
  while (digits > 0 && is_digit(value[digits - 1])) --digits;
  if (digits == value.size() || value.size() - digits > 3 || value[0] != '@') return false;
  std::string_view name = value.substr(1, digits - 1);
  if (name == "p") return true;
  return name.size() > 3 && name.starts_with("__") && name.back() == '_' &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; });
}

/// ?, $1, :password, @password: what a statement has where its driver puts the value.
bool is_bind_parameter(std::string_view value) {
  if (value == "?") return true;
  if (value.size() < 2 || (value[0] != '$' && value[0] != ':' && value[0] != '@')) return false;
  std::string_view name = value.substr(1);
  if (is_numbered_parameter(value)) return true;
  if (value[0] == '$')  // $1, $pw
    return name.size() < 4 && (std::all_of(name.begin(), name.end(), is_digit) ||
                               std::all_of(name.begin(), name.end(), is_lower));
  static constexpr std::string_view kWords[] = {"pass", "pwd", "token", "secret", "key", "hash"};
  return is_lower(name[0]) && name.size() < 40 && holds_any(name, kWords) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || c == '_'; });
}

/// [PAD], [UNK]: a token of a language model, or what a usage line has.
bool is_capitals_in_brackets(std::string_view value) {
  constexpr size_t kLongest = 8;
  return value.size() > 3 && value.size() <= kLongest && value[0] == '[' && value.back() == ']' &&
         std::all_of(value.begin() + 1, value.end() - 1, is_upper);
}

bool is_printf(std::string_view value) {
  return value.size() >= 2 && value.size() <= 4 && value[0] == '%' && is_letter(value.back()) &&
         (is_lower(value.back()) || value.back() == 'T') &&
         std::all_of(value.begin() + 1, value.end() - 1, [](char c) {
           return c == '+' || c == '#' || c == 'l' || c == '-' || c == '.';
         });
}

/// Without the line breaks and other control bytes before it, as syslog daemons print them.
std::string_view behind_control_bytes(std::string_view value) {
  constexpr size_t kSize = 4;  // #012
  while (value.size() >= kSize && value.starts_with("#0") && value[2] >= '0' && value[2] <= '3' &&
         value[3] >= '0' && value[3] <= '7')
    value.remove_prefix(kSize);
  return value;
}

/// Bullets, an ellipsis, and bullets in JSON: one sign repeated.
bool is_repeated_sign(std::string_view value) {
  static constexpr std::string_view kSigns[] = {"\xe2\x80\xa2", "\xe2\x97\x8f", "\xe2\x80\xa6",
                                                "\\u2022",      "\\u25cf",      "\\u25CF",
                                                "\\\\u2022",    "\\\\u25cf"};
  for (std::string_view sign : kSigns) {
    if (value.size() % sign.size() != 0 || !value.starts_with(sign)) continue;
    size_t end = sign.size();
    while (value.substr(end).starts_with(sign)) end += sign.size();
    if (end == value.size()) return true;
  }
  return false;
}

/// What tells by its first byte what it may be.
bool begins_placeholder(std::string_view value) {
  switch (value[0]) {
    case '*':
    case 'x':
    case 'X':
      return is_masked_in_groups(value);
    case '$':
      return is_template(value) || is_required_variable(value) || is_scheme_in_braces(value) ||
             is_shell_variable(value) || is_bind_parameter(value);
    case '{':
      return is_template(value) || is_scheme_in_braces(value) || is_name_in_braces(value);
    case '%':
      return is_template(value) || is_encoded_mask(value) || is_scheme_in_braces(value) ||
             is_printf(value);
    case '<':
    case '#':
    case '(':
      return is_template(value);
    case '[':
      return is_capitals_in_brackets(value);
    case '?':
    case ':':
      return is_bind_parameter(value);
    case '@':
      return is_name_between_marks(value) || is_bind_parameter(value) || is_reference(value);
    case '_':
      return is_name_between_marks(value);
    case 'y':
    case 'Y':
      return is_yours(value);
    case 'v':
    case 'o':
    case 'r':
      return is_reference(value);
    default:
      return false;
  }
}

}  // namespace

bool is_filled_token(std::string_view token) {
  constexpr size_t kLongestHead = 14;
  constexpr size_t kLongestPath = 24;  // T00000000/B00000000/ of a webhook
  constexpr size_t kFewest = 12;
  constexpr size_t kLongest = 256;
  const char mark = token.empty() ? '\0' : token.back();
  if ((mark != 'x' && mark != 'X') || token.size() < kFewest || token.size() > kLongest)
    return false;
  size_t head = std::min(token.size(), kLongestPath);
  while (head > 0 && token[head - 1] == mark) --head;
  if (token.size() - head < kFewest || token.find_first_not_of(mark, head) != kNone) return false;
  if (head > 0 && token[head - 1] == '/')
    return token.substr(0, head).find_first_not_of("TB0/") == kNone;
  if (head > kLongestHead) return false;
  if (head == 0 || token[head - 1] == '-' || token[head - 1] == '_') return true;
  return head == 4 && std::all_of(token.begin(), token.begin() + 4, is_upper);
}

bool is_placeholder(std::string_view value) {
  value = behind_control_bytes(value);
  while (value.size() > 1 && value.back() == ';') value.remove_suffix(1);
  if (value.empty() || kNothings.has(value) || kBare.has(value)) return true;
  if (to_lower(value.back()) == 'x' && is_filled_token(value)) return true;
  // What all that follows begins with.
  static constexpr ByteClass kFirsts = ByteClass::of("*xX.-_#[\xe2\\${<%(?:@yYvor");
  static constexpr ByteClass kOfReferences = ByteClass::of("aefps");
  static constexpr ByteClass kOfStarred = ByteClass::of("ghnprs");
  if (!kFirsts.has(value[0])) {
    return (kOfReferences.has(value[0]) && is_reference(value)) ||
           (value[0] == 'e' && is_beginning_of_jwt(value)) ||
           (kOfStarred.has(value[0]) && is_starred_token(value));
  }
  if (size_t mask = mask_at(value, 0); mask == value.size()) return true;
  // Secret([REDACTED alloc::string::String]), and the beginning of ERB's <%= … %>
  if (value == "[REDACTED" || value == "<%=" || value == "()") return true;
  static constexpr ByteClass kWrappers = ByteClass::of("[(*-");
  if (kWrappers.has(value[0]) && is_wrapped_word(value)) return true;
  // Masks of other tools: one character repeated.
  static constexpr ByteClass kRepeated = ByteClass::of("*xX.-_#");
  static constexpr ByteClass kSigns = ByteClass::of("\xe2\\");
  if (kRepeated.has(value[0])) {
    const size_t end = value.find_first_not_of(value[0]);
    // *********(redacted), as Spark prints it
    if (end == kNone || (value[0] == '*' && kOtherMasks.has(value.substr(end)))) return true;
  }
  if (kSigns.has(value[0]) && is_repeated_sign(value)) return true;
  if ((value[0] == '*' || value[0] == 'x') && is_starred_token(value)) return true;
  return begins_placeholder(value);
}

}  // namespace redactd
