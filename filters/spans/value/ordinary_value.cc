#include "filters/spans/value/value_resolver.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_shape.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/label.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

/// `password:  16 bytes`, as kubectl describes a Secret.
bool is_count_of_bytes(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 5;
  std::string_view value = text.substr(begin, end - begin);
  return value.size() <= kMostDigits && std::all_of(value.begin(), value.end(), is_digit) &&
         text.substr(end, 6) == " bytes";
}

/// `pam_unix(gdm-password:session)`: the service, and what PAM is asked for.
bool is_function_of_pam(std::string_view text, size_t begin, size_t end) {
  static constexpr std::string_view kWords[] = {"auth", "account", "session", "setcred",
                                                "chauthtok"};
  static constexpr WordList kFunctions(kWords);
  constexpr size_t kFarthest = 64;
  if (text.substr(end, 1) != ")" || !kFunctions.has(text.substr(begin, end - begin))) return false;
  const size_t first = begin - std::min(begin, kFarthest);
  std::string_view before = text.substr(first, begin - first);
  const size_t open = before.rfind('(');
  if (open == kNone || before.find_first_of(" \t\"'=", open) != kNone) return false;
  size_t module = open;
  while (module > 0 && is_name_byte(before[module - 1])) --module;
  return before.substr(module, open - module).starts_with("pam_");
}

/// What programs print behind a thing that is named after a secret, of which the value may have the
/// beginning only: how far Terraform is with it, a type of Pulumi's, what a check says of it.
bool is_phrase(std::string_view rest) {
  static constexpr std::string_view kPhrases[] = {"Refreshing state...",
                                                  "Still creating...",
                                                  "Still modifying...",
                                                  "Still destroying...",
                                                  "Still reading...",
                                                  "Creation complete after ",
                                                  "Modifications complete after ",
                                                  "Destruction complete after ",
                                                  "Read complete after ",
                                                  "Creating...",
                                                  "Modifying... [id=",
                                                  "Destroying... [id=",
                                                  "Reading...",
                                                  "Drift detected (",
                                                  "Preparing import...",
                                                  "Plan to create",
                                                  "Provisioning with '",
                                                  "Executing: [",
                                                  "Resource creation Initiated",
                                                  "pam_unix(",
                                                  "pam_sss(",
                                                  "pam_pwquality(",
                                                  "pam_cracklib(",
                                                  "output<string>",
                                                  "in cleartext",
                                                  "entirely numeric",
                                                  "base64 encoded",
                                                  "input too short when revealing password"};
  static constexpr ByteClass kFirsts = first_bytes(kPhrases);
  if (!kFirsts.has(rest[0]) || rest.size() < 3 || !is_lower(rest[1])) return false;
  if (!is_lower(rest[2]) && rest[2] != ' ') return false;
  return std::any_of(std::begin(kPhrases), std::end(kPhrases),
                     [&](std::string_view phrase) { return rest.starts_with(phrase); });
}

/// `is correct`, `is locked.`: what is said of a password, where nothing goes on behind it that may
/// be a part of one.
bool is_said_of_it(std::string_view text, size_t begin, size_t end) {
  static constexpr std::string_view kWords[] = {
      "correct",   "entirely",  "weak",   "strong",   "stale",       "protected",
      "encrypted", "hashed",    "active", "inactive", "compromised", "locked",
      "identical", "mandatory", "shown",  "outdated", "leaked"};
  static constexpr WordList kAdjectives(kWords);
  static constexpr ByteClass kEnds = ByteClass::of(".,;!?)'\"\\\r\n");
  static constexpr std::string_view kGoesOn[] = {" and ", " but ",   " for ",  " in ",
                                                 " to ",  " with ",  " by ",   " once",
                                                 " at ",  " since ", " until "};
  if (!starts_with_ignoring_case(text.substr(begin - std::min<size_t>(begin, 3)), "is "))
    return false;
  while (end > begin && text[end - 1] == '.') --end;
  if (!kAdjectives.has(text.substr(begin, end - begin))) return false;
  std::string_view rest = text.substr(end);
  return rest.empty() || kEnds.has(rest[0]) ||
         std::any_of(std::begin(kGoesOn), std::end(kGoesOn),
                     [&](std::string_view word) { return rest.starts_with(word); });
}

/// `expired password: 2 grace logins` of OpenLDAP.
bool is_count_of_logins(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 2;
  std::string_view value = text.substr(begin, end - begin);
  return value.size() <= kMostDigits && std::all_of(value.begin(), value.end(), is_digit) &&
         text.substr(end).starts_with(" grace login");
}

/// `token = serializer.loads(value, max_age=3600)`, `token = jwt.sign({ id: user.id }, secret)`:
/// code, of which the value is what stands before a blank.
bool is_call_in_code(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kFarthest = 120;
  constexpr size_t kLongest = 64;
  std::string_view rest = text.substr(end, kFarthest);
  const bool object = text[end - 1] == '{';
  if (end - begin > kLongest || !rest.starts_with(object ? " " : ", ") ||
      !begins_call(text.substr(begin, end - begin)))
    return false;
  if (!object) return rest.find(')') != kNone;
  size_t name = 1;
  while (name < rest.size() && (is_letter(rest[name]) || rest[name] == '_')) ++name;
  return name > 1 && name < rest.size() && std::string_view(":,").find(rest[name]) != kNone &&
         rest.find('}') != kNone;
}

/// `click.prompt("Password", hide_input=True)`: an argument that has a name.
bool is_switch(std::string_view text, size_t begin, std::string_view value) {
  static constexpr std::string_view kValues[] = {"True",  "False", "None", "true",
                                                 "false", "str",   "int",  "bool"};
  if (begin < 3 || text.substr(begin - 2, 2) != ", ") return false;
  const size_t equals = value.find('=');
  if (equals == kNone || equals < 3) return false;
  while (!value.empty() && value.back() == ')') value.remove_suffix(1);
  std::string_view name = value.substr(0, equals);
  return std::find(std::begin(kValues), std::end(kValues), value.substr(equals + 1)) !=
             std::end(kValues) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_lower(c) || c == '_'; });
}

/// `COMMENT ON COLUMN users.password IS 'bcrypt hash'`
bool is_comment_on_column(std::string_view text, size_t begin, size_t key_end) {
  constexpr size_t kLongest = 128;
  constexpr std::string_view kComment = "COMMENT ON COLUMN ";
  if (text.substr(key_end, begin - key_end) != " IS '") return false;
  const size_t first = key_end - std::min(key_end, kLongest);
  std::string_view before = text.substr(first, key_end - first);
  const size_t blank = before.rfind(' ');
  return blank != kNone && before.substr(0, blank + 1).ends_with(kComment);
}

/// PASSWORD=`kubectl get secret db`: a command of the shell, for what it prints.
bool is_command(std::string_view text, size_t begin, std::string_view value) {
  static constexpr std::string_view kCommands[] = {
      "kubectl ",   "openssl rand ", "pwgen ",   "gcloud ",
      "terraform ", "cat /",         "cat ~",    "cat .",
      "head -",     "aws ssm ",      "aws ecr ", "aws secretsmanager ",
      "vault read", "vault kv ",     "op read ", "op item ",
      "jq ",        "sops -",        "uuidgen",  "gh auth token",
      "az account", "az keyvault"};
  return begin > 1 && text[begin - 2] == '=' &&
         std::any_of(std::begin(kCommands), std::end(kCommands),
                     [&](std::string_view command) { return value.starts_with(command); });
}

/// `"update_password": "always"` of Ansible: when, not what.
bool is_when_to_update(std::string_view value) { return value == "always" || value == "on_create"; }

/// `reason = Invalid password : server = 10.0.0.1`: what follows is a key with a value of its own.
bool is_next_key(std::string_view text, size_t begin, size_t end, const Opening& opening) {
  constexpr size_t kLongest = 24;
  return opening.sentence && end - begin <= kLongest && text.substr(end, 3) == " = " &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                     text.begin() + static_cast<std::ptrdiff_t>(end), is_lower);
}

/// `password` of {{resolve:secretsmanager:db:SecretString:password}}, which names where the secret
/// of a stack is kept.
bool is_in_dynamic_reference(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kFarthest = 160;
  if (text.substr(end, 2) != "}}") return false;
  const size_t first = begin - std::min(begin, kFarthest);
  std::string_view before = text.substr(first, begin - first);
  const size_t open = before.rfind("{{resolve:");
  return open != kNone && before.find_first_of(" }\"'", open) == kNone;
}

/// Nothing but blanks stands before the key with dots that ends at `end`.
bool key_begins_line(const RecordView& record, size_t end) {
  std::string_view text = record.text;
  constexpr size_t kLongest = 128;
  const size_t first = end - std::min(end, kLongest);
  while (end > first && (is_name_byte(text[end - 1]) || text[end - 1] == '.')) --end;
  while (end > first && is_blank(text[end - 1])) --end;
  return end == 0 ? record.starts_record : text[end - 1] == '\n';
}

}  // namespace

/// `login(password=password)`, `self.password = password`: the key again, in code. Elsewhere it
/// is a weak password.
bool ValueResolver::is_own_name(size_t begin, size_t end, const Opening& opening) const {
  constexpr size_t kLongest = 256;  // in a line of keys every value is as long as what follows
  if (!opening.quote.none() || begin >= end || rule_.keys.empty()) return false;
  const size_t size = end - begin;
  const size_t key_end = end_of_key(text_, anchor_end_);
  if (size > std::min(key_end, kLongest)) return false;
  std::string_view before = text_.substr(0, key_end - size);
  const bool of_call =
      end < text_.size() && (text_[end] == ')' || text_[end] == ';' || text_[end] == ',');
  const bool of_object = before.ends_with("self.") || before.ends_with("this.");
  return (of_call || of_object) && text_.substr(key_end - size, size) == text_.substr(begin, size);
}

/// Whether a file of translations may have the key: behind `=` a dotted one, never one in capitals.
bool ValueResolver::may_name_label(size_t begin) const {
  static constexpr ByteClass kOfKey = alnum_and("._-");
  const size_t key_end = end_of_key(text_, anchor_end_);
  size_t key_begin = key_end;
  while (key_begin > 0 && kOfKey.has(text_[key_begin - 1])) --key_begin;
  std::string_view key = text_.substr(key_begin, key_end - key_begin);
  if (key.empty() || is_upper(key.back())) return false;
  std::string_view separator = text_.substr(key_end, begin - key_end);
  if (separator.find('=') != kNone) return key.find('.') != kNone;
  return separator.find(':') != kNone;
}

/// Whether the value does not go on behind what there is of the record.
bool ValueResolver::is_whole(size_t end) const { return end < text_.size() || record_.ends_record; }

/// Password, or without quotes the rest of a line that its key begins: `label.pin=Your password`.
bool ValueResolver::is_label_of_field(size_t begin, size_t end, const Opening& opening) const {
  constexpr size_t kLongest = 64;
  if (!may_begin_label(text_[begin]) || !may_name_label(begin)) return false;
  if (!is_whole(end)) return false;
  std::string_view value = text_.substr(begin, end - begin);
  if (is_label(value)) return true;
  if (!opening.quote.none() || std::any_of(value.begin(), value.end(), is_digit)) return false;
  if (!key_begins_line(record_, end_of_key(text_, anchor_end_))) return false;
  const size_t farthest = std::min(text_.size(), begin + kLongest);
  const size_t stop = std::min(text_.substr(0, farthest).find_first_of("\r\n", begin), farthest);
  if (stop == text_.size() && !record_.ends_record) return false;
  if (stop < text_.size() && text_[stop] != '\r' && text_[stop] != '\n') return false;
  return is_label(text_.substr(begin, stop - begin));
}

/// The key again or another one, where the value would be.
bool ValueResolver::is_name(size_t begin, size_t end, const Opening& opening) const {
  return is_own_name(begin, end, opening) || is_next_key(text_, begin, end, opening);
}

/// Something that what stands around it shows to be no secret.
bool ValueResolver::is_ordinary(size_t begin, size_t end, const Opening& opening) const {
  if (opening.sentence &&
      (is_count_of_bytes(text_, begin, end) || is_count_of_logins(text_, begin, end) ||
       (is_whole(end) && is_said_of_it(text_, begin, end))))
    return true;
  if (opening.quote.none() &&
      (is_function_of_pam(text_, begin, end) || is_phrase(text_.substr(begin)) ||
       is_call_in_code(text_, begin, end) ||
       is_switch(text_, begin, text_.substr(begin, end - begin))))
    return true;
  if (opening.quote.mark == '`' && is_command(text_, begin, text_.substr(begin, end - begin)))
    return true;
  if (opening.quote.mark == '\'' &&
      is_comment_on_column(text_, begin, end_of_key(text_, anchor_end_)))
    return true;
  if (is_when_to_update(text_.substr(begin, end - begin)) &&
      text_.substr(0, end_of_key(text_, anchor_end_)).ends_with("update_password"))
    return true;
  return is_label_of_field(begin, end, opening) || is_in_dynamic_reference(text_, begin, end);
}

/// Whether the key stands in a mask.
bool ValueResolver::stands_in_mask() const {
  const size_t at = anchor_end_ - 1;
  return record_.brackets.stands_in(text_, at - std::min(at, kMaskReach), at) &&
         inside_mask(text_, at);
}

}  // namespace redactd
