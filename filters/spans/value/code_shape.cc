#include "filters/spans/value/code_shape.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/byte_search.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/name_shape.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

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

/// kwargs.get(, response.json()[ and $_POST[' in front of a quote: what is called, or looked into,
/// for the value.
bool is_lookup(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("._$:");
  size_t open = 0;
  bool joined = false;
  while (open < value.size()) {
    if (joined && value.substr(open, 2) == "()") {
      open += 2;
      continue;
    }
    const bool joint = kJoints.has(value[open]);
    if (!is_letter(value[open]) && !joint && value[open] != '!' &&
        (open == 0 || !is_digit(value[open])))  // i18n.t(
      break;
    joined = joined || joint;
    ++open;
  }
  if (open == value.size() || (value[open] != '(' && value[open] != '[')) return false;
  if (!joined) {  // props['password'
    constexpr size_t kShortest = 4;
    if (open < kShortest || value[open] != '[' || open + 1 == value.size()) return false;
  }
  return open + 1 == value.size() || value[open + 1] == '\'' || value[open + 1] == '"';
}

/// settings.API_KEY, config.db.password
bool is_member(std::string_view value) {
  static constexpr std::string_view kOwners[] = {"settings.",   "config.",
                                                 "conf.",       "cfg.",
                                                 "props.",      "options.",
                                                 "opts.",       "args.",
                                                 "params.",     "ctx.",
                                                 "req.",        "request.",
                                                 "kwargs.",     "event.",
                                                 "context.",    "vars.",
                                                 "inputs.",     "secrets.",
                                                 "process.env", "os.environ",
                                                 "os.getenv",   "env.",
                                                 "self.",       "this.",
                                                 "var.",        "local.",
                                                 "data.",       "each.",
                                                 "module.",     "random_password.",
                                                 "import.meta", "Rails.application",
                                                 "DataTypes.",  "Schema.",
                                                 "e.target.",   "event.target."};
  constexpr size_t kDotBefore = 16;  // in every one of them
  if (value.substr(0, kDotBefore).find('.') == kNone) return false;
  return std::any_of(std::begin(kOwners), std::end(kOwners), [&](std::string_view owner) {
    return value[0] == owner[0] && value.size() > owner.size() && value.starts_with(owner) &&
           !is_scrambled(value.substr(owner.size()));
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

/// tokens[i], parts[1], stack[top-1]: an element of what has a name in words.
bool is_element(std::string_view value) {
  constexpr size_t kLongestIndex = 24;
  static constexpr std::string_view kContainers[] = {
      "parts",    "tokens",  "args",   "argv", "fields", "params", "matches", "match",
      "items",    "list",    "array",  "row",  "rows",   "values", "words",   "lines",
      "result",   "results", "groups", "keys", "pair",   "pairs",  "creds",   "split",
      "segments", "chunks",  "data",   "arr",  "vals",   "cells",  "elems",   "entries"};
  static constexpr WordList kNumbered(kContainers);  // summer[24] may be a password
  static constexpr ByteClass kOfIndexes = alnum_and("_.+-");
  static constexpr ByteClass kOfNames = letters_and("_.$");
  const size_t open = value.find('[');
  if (open == kNone || open < 4 || value.back() != ']') return false;
  std::string_view name = value.substr(0, open);
  std::string_view index = value.substr(open + 1, value.size() - open - 2);
  return !index.empty() && index.size() <= kLongestIndex && is_letter(name[0]) &&
         (is_lower(name[0]) || std::none_of(name.begin(), name.end(), is_lower)) &&
         kOfNames.has_all(name) && kOfIndexes.has_all(index) && is_plain_word(name) &&
         (is_digit(index[0]) ? kNumbered.has(name.substr(name.rfind('.') + 1))
                             : !is_scrambled(index));
}

/// Hash, make, b64decode: a word, or small letters and a number.
bool is_part_of_callee(std::string_view part) {
  constexpr size_t kLongest = 12;
  if (part.empty() || !is_letter(part[0])) return false;
  if (std::none_of(part.begin(), part.end(), is_digit)) return is_plain_word(part);
  size_t turns = 0;
  for (size_t i = 1; i < part.size(); ++i) {
    if (is_upper(part[i])) return false;
    turns += is_digit(part[i]) != is_digit(part[i - 1]);
  }
  return part.size() <= kLongest && turns <= 2;
}

/// Hash::make($request->input(, base64.b64decode(secret.data[, JsonWebToken.encode(user_id:, of
/// which a blank or a quote ends the value: a member's call and the beginning of its arguments.
bool is_unfinished_call(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of(".:?>-");
  static constexpr ByteClass kOfArguments = alnum_and("_.$>-('\"[=:,");
  const size_t open = value.find('(');
  if (open == kNone || open < 3) return false;
  size_t parts = 0;
  for (size_t at = 0; at < open; ++parts) {
    size_t end = at;
    while (end < open && !kJoints.has(value[end])) ++end;
    if (!is_part_of_callee(value.substr(at, end - at))) return false;
    at = end;
    while (at < open && kJoints.has(value[at])) ++at;
  }
  std::string_view arguments = value.substr(open + 1);
  static constexpr ByteClass kOfCode = ByteClass::of("$('\"[=:");  // my.pass(word is a password
  constexpr size_t kLong = 8;
  return (parts > 2 || (parts == 2 && kOfCode.any_in(arguments))) &&
         kOfArguments.has_all(arguments) && (arguments.size() < kLong || !is_scrambled(arguments));
}

/// input('Enter: ', getpass(": what asks for the value.
bool is_prompt(std::string_view value) {
  static constexpr std::string_view kCalls[] = {"input(", "raw_input(", "getpass(", "prompt(",
                                                "readline("};
  static constexpr ByteClass kFirsts = first_bytes(kCalls);
  if (!kFirsts.has(value[0])) return false;
  return std::any_of(std::begin(kCalls), std::end(kCalls), [&](std::string_view call) {
    return value.starts_with(call) && value.size() > call.size() &&
           (value[call.size()] == '\'' || value[call.size()] == '"');
  });
}

/// uuid.uuid4().hex, open(path).read().strip(): what is called, and then asked for a member.
bool is_chain_of_calls(std::string_view value) {
  static constexpr ByteClass kOfChains = alnum_and("_.:()");
  constexpr size_t kLongest = 80;
  return value.size() <= kLongest && value.find("().") != kNone && is_letter(value[0]) &&
         kOfChains.has_all(value);
}

/// `$password`, `$rawPassword`: a variable that is named after what it holds. Without the sigil it
/// may be a weak password.
bool is_variable(std::string_view value) {
  static constexpr std::string_view kWords[] = {"password", "passwd", "token", "secret", "key"};
  if (value.size() < 2 || value.size() > 40 || value[0] != '$' || !is_lower(value[1])) return false;
  std::string_view name = value.substr(1);
  if (!std::all_of(name.begin(), name.end(),
                   [](char c) { return is_letter(c) || c == '_' || c == '.'; }))
    return false;  // $login.access_token of PowerShell among them
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    if (name.size() < word.size()) return false;
    size_t at = name.size() - word.size();
    if (!equals_ignoring_case(name.substr(at), word)) return false;
    return at == 0 || name[at - 1] == '_' || name[at - 1] == '.' || is_upper(name[at]);
  });
}

/// Tig3r99x, and no name: letters and digits that take turns thrice.
bool is_picked(std::string_view callee) {
  size_t turns = 0;
  for (size_t i = 1; i < callee.size(); ++i) {
    if (!is_alnum(callee[i])) return false;
    turns += is_digit(callee[i]) != is_digit(callee[i - 1]);
  }
  return turns >= 3;
}

/// Whether a byte without which nothing is code stands in the value.
bool may_be_code(std::string_view value) {
  constexpr size_t kShort = 32;
  static constexpr ByteClass kMarks = ByteClass::of("$.([}");
  return value.size() < kShort ? kMarks.any_in(value) : holds_byte<'$', '.', '(', '[', '}'>(value);
}

}  // namespace

bool is_code(std::string_view value) {
  if (value.size() > kLookedAt || !may_be_code(value)) return false;
  if (value.starts_with("$(")) return true;        // $(cat file)
  if (value.starts_with("params[:")) return true;  // params[:password] of Rails
  if (value.starts_with("ENV[") || value == "t(" || value == "getenv(") return true;
  if (value.starts_with("getenv('")) return value.find(')') == kNone;
  if (value.starts_with("$this->")) return true;  // $this->getToken() of PHP
  if (value.starts_with("function(") || is_prompt(value)) return true;
  if (is_minified(value) || is_lookup(value) || is_member(value)) return true;
  if (is_variable(value) || is_call(value) || is_unfinished_call(value)) return true;
  if (value.size() > 3 && is_letter(value[0]) && value[1] == '(' && value.find(')') != kNone &&
      value.find_first_of("0123456789") == kNone)
    return true;  // t(exports)}(this: what minifiers leave of a call
  if (value.size() > 3 && is_letter(value[0]) && value[1] == '}' &&
      std::string_view("(),;=").find(value[2]) != kNone)
    return true;  // t}(this,function(e){
  while (!value.empty() && std::string_view(";?,").find(value.back()) != kNone)
    value.remove_suffix(1);
  if (!value.empty() && is_element(value)) return true;
  if (value.ends_with(")[")) value.remove_suffix(1);  // jsondecode(data.x.secret)["password"]
  // A password may hold parentheses, too, but is no name before them.
  static constexpr ByteClass kOfCallees = alnum_and("_.:<>$[]\"'?/\\-");
  const size_t paren = value.find('(');
  if (paren == kNone || paren == 0 || !is_letter(value[0])) return false;
  std::string_view callee = value.substr(0, paren);
  if (!kOfCallees.has_all(callee) || is_picked(callee)) return false;
  return value.back() == ')' || is_chain_of_calls(value);
}

/// `serializer.loads(value`, `Token::new(kind`, `fake.password(length=12`, `jwt.sign({`: a function
/// and its first argument, a name. Token(value=… may print a secret.
bool begins_call(std::string_view value) {
  static constexpr ByteClass kOfNames = letters_and("_.:");
  static constexpr ByteClass kJoints = ByteClass::of("_.:");
  const size_t open = value.find('(');
  if (open == kNone || !is_letter(value[0]) || !kOfNames.has_all(value.substr(0, open)))
    return false;
  std::string_view callee = value.substr(0, open);
  size_t name = open;
  while (name > 0 && !kJoints.has(callee[name - 1])) --name;
  if (name == open || !is_lower(callee[name])) return false;
  if (name == 0 && std::none_of(callee.begin(), callee.end(), is_upper)) return false;  // createX(
  std::string_view argument = value.substr(open + 1);
  if (argument == "{") return true;
  if (argument.empty() || (!is_letter(argument[0]) && argument[0] != ':')) return false;
  const size_t given = argument.find('=');
  if (given == kNone) return kOfNames.has_all(argument);
  if (!kOfNames.has_all(argument.substr(0, given))) return false;
  argument.remove_prefix(given + 1);
  constexpr size_t kMostDigits = 4;
  const bool number =
      argument.size() <= kMostDigits && std::all_of(argument.begin(), argument.end(), is_digit);
  return number || (argument.find('.') != kNone && kOfNames.has_all(argument));
}

/// !0, !1, !!accessToken: what JavaScript has for true and false.
bool is_negation(std::string_view value) {
  static constexpr std::string_view kWords[] = {"oken", "assword", "ecret", "key", "Key"};
  static constexpr ByteClass kOfNames = letters_and("_.");
  if (value == "!0" || value == "!1") return true;
  return value.size() > 4 && value.starts_with("!!") && kOfNames.has_all(value.substr(2)) &&
         holds_any(value, kWords);
}

/// PASSWORD, <TOKEN>: what a usage line has where the value goes.
bool is_metavariable(std::string_view value) {
  static constexpr std::string_view kNames[] = {"PASSWORD", "PASS",       "TOKEN",  "SECRET", "KEY",
                                                "API_KEY",  "PASSPHRASE", "STRING", "VALUE"};
  while (!value.empty() && (value.back() == ']' || value.back() == ')')) value.remove_suffix(1);
  return std::find(std::begin(kNames), std::end(kNames), value) != std::end(kNames);
}

/// &str, Option<String>, Optional[str], required|min:8: a type, or the rules for a field.
bool is_type(std::string_view value) {
  static constexpr std::string_view kTypes[] = {"&str",    "&'static", "Option<", "Optional[str",
                                                "Vec<",    "[]byte",   "*string", "required|",
                                                "string|", "nullable", "str|",    "sometimes|"};
  static constexpr ByteClass kFirsts = first_bytes(kTypes);
  return !value.empty() && kFirsts.has(value[0]) &&
         std::any_of(std::begin(kTypes), std::end(kTypes),
                     [&](std::string_view type) { return value.starts_with(type); });
}

}  // namespace redactd
