#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/code_around.h"
#include "filters/spans/value/label.h"
#include "filters/spans/value/program_words.h"
#include "filters/spans/value/reported_value.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/value/value_resolver.h"
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

/// `expired password: 2 grace logins` of OpenLDAP.
bool is_count_of_logins(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 2;
  std::string_view value = text.substr(begin, end - begin);
  return value.size() <= kMostDigits && std::all_of(value.begin(), value.end(), is_digit) &&
         text.substr(end).starts_with(" grace login");
}

/// `copied` of `is copied to …`, `encrypted`: a participle.
bool is_participle(std::string_view word) {
  constexpr size_t kShortest = 6;
  constexpr size_t kLongest = 16;
  return word.size() >= kShortest && word.size() <= kLongest && word.ends_with("ed") &&
         std::all_of(word.begin(), word.end(), is_lower);
}

/// `is correct`, `is locked.`, `is copied to …`: what is said of a password, where nothing goes on
/// behind it that may be a part of one.
bool is_said_of_it(std::string_view text, size_t begin, size_t end) {
  static constexpr WordList kAdjectives(kSaidOfPasswords);
  static constexpr ByteClass kEnds = ByteClass::of(".,;!?)'\"\\\r\n");
  if (!starts_with_ignoring_case(text.substr(begin - std::min<size_t>(begin, 3)), "is "))
    return false;
  while (end > begin && text[end - 1] == '.') --end;
  std::string_view rest = text.substr(end);
  const bool adjective = kAdjectives.has(text.substr(begin, end - begin));
  if (!adjective && !is_participle(text.substr(begin, end - begin))) return false;
  return (adjective && (rest.empty() || kEnds.has(rest[0]))) ||
         std::any_of(std::begin(kSentenceGoesOn), std::end(kSentenceGoesOn),
                     [&](std::string_view word) { return rest.starts_with(word); });
}

/// `Password: managed by your organization`, `Password: hashed with argon2id`
bool is_done_to_it(std::string_view text, size_t begin, size_t end) {
  std::string_view rest = text.substr(end);
  return text.substr(begin - std::min<size_t>(begin, 2), 2) == ": " &&
         is_participle(text.substr(begin, end - begin)) &&
         (rest.starts_with(" by ") || rest.starts_with(" with "));
}

/// `pam_unix(gdm-password:session)`: the service, and what PAM is asked for.
bool is_function_of_pam(std::string_view text, size_t begin, size_t end) {
  static constexpr WordList kFunctions(kPamFunctions);
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
  static constexpr ByteClass kFirsts = first_bytes(kProgramPhrases);
  if (!kFirsts.has(rest[0]) || rest.size() < 3 || !is_lower(rest[1])) return false;
  if (!is_lower(rest[2]) && rest[2] != ' ') return false;
  return std::any_of(
      std::begin(kProgramPhrases), std::end(kProgramPhrases), [&](std::string_view phrase) {
        return rest[0] == phrase[0] && rest[1] == phrase[1] && rest.starts_with(phrase);
      });
}

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
  return open != kNone && before.find_first_of(" \"'", open) == kNone &&
         before.find("}}", open) == kNone;
}

/// `"update_password": "always"` of Ansible: when, not what.
bool is_when_to_update(std::string_view value) {
  return std::find(std::begin(kWhenToUpdate), std::end(kWhenToUpdate), value) !=
         std::end(kWhenToUpdate);
}

bool is_ordinary_in_sentence(std::string_view text, size_t begin, size_t end, bool whole) {
  return is_count_of_bytes(text, begin, end) || is_count_of_logins(text, begin, end) ||
         (whole && (is_said_of_it(text, begin, end) || is_done_to_it(text, begin, end)));
}

bool is_ordinary_without_quotes(std::string_view text, size_t begin, size_t end) {
  return is_function_of_pam(text, begin, end) || is_phrase(text.substr(begin)) ||
         is_call_in_code(text, begin, end) || is_switch(text, begin, end) ||
         is_type_in_code(text, begin, end);
}

}  // namespace

/// Whether the value does not go on behind what there is of the record.
bool ValueResolver::is_whole(size_t end) const { return end < text_.size() || record_.ends_record; }

/// The key again or another one, where the value would be.
bool ValueResolver::is_name(size_t begin, size_t end, const Opening& opening) const {
  const bool own = opening.quote.none() && begin < end && !rule_.keys.empty() &&
                   is_own_name(text_, begin, end, key_end());
  return own || is_next_key(text_, begin, end, opening);
}

/// Something that what stands around it shows to be no secret.
bool ValueResolver::is_ordinary(size_t begin, size_t end, const Opening& opening) const {
  const bool bare = opening.quote.none();
  if (opening.sentence && is_ordinary_in_sentence(text_, begin, end, is_whole(end))) return true;
  if (bare && is_ordinary_without_quotes(text_, begin, end)) return true;
  if (opening.quote.mark == '`' && is_command(text_, begin, end)) return true;
  if (opening.quote.mark == '\'' && is_comment_on_column(text_, begin, key_end())) return true;
  if (is_whole(end) && is_reported(text_, key_end(), begin, end, opening)) return true;
  if (is_when_to_update(text_.substr(begin, end - begin)) &&
      text_.substr(0, key_end()).ends_with("update_password"))
    return true;
  if (may_begin_label(text_[begin]) && is_whole(end) &&
      is_label_of_field(record_, begin, end, key_end(), !bare))
    return true;
  return is_in_dynamic_reference(text_, begin, end);
}

/// Whether the key stands in a mask.
bool ValueResolver::stands_in_mask() const {
  const size_t at = anchor_end_ - 1;
  return record_.brackets.stands_in(text_, at - std::min(at, kMaskReach), at) &&
         inside_mask(text_, at);
}

}  // namespace redactd
