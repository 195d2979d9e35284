#include "filters/spans/value/separator_words.h"

#include <algorithm>
#include <initializer_list>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

/// `Set API_KEY to …`, `setting the env variable API_KEY to …`, `Resetting password to …`,
/// `overriding db.password with …`: whether a verb stands near before the name.
bool is_set(std::string_view text, size_t name_begin, std::string_view preposition) {
  static constexpr std::string_view kTo[] = {"et ",      "ET ",        "etting ", "hanged ",
                                             "hanging ", "hange ",     "pdated ", "pdating ",
                                             "pdate ",   "verriding ", "esolved "};
  static constexpr std::string_view kWith[] = {"verriding ", "verride ", "eplacing ", "eplaced "};
  constexpr size_t kReach = 32;
  std::string_view before =
      text.substr(name_begin - std::min(name_begin, kReach), std::min(name_begin, kReach));
  while (before.ends_with(' ')) {  // past the words between
    const bool verb =
        std::any_of(preposition == "to " ? std::begin(kTo) : std::begin(kWith),
                    preposition == "to " ? std::end(kTo) : std::end(kWith),
                    [before](std::string_view word) { return before.ends_with(word); });
    if (verb) return true;
    before.remove_suffix(1);
    while (!before.empty() && is_letter(before.back())) before.remove_suffix(1);
  }
  return false;
}

/// Past the first of the words that stands there.
bool skip_any(std::string_view text, size_t& at, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (!text.substr(at).starts_with(word)) continue;
    at += word.size();
    return true;
  }
  return false;
}

/// `is now …`, `is set to …`, `has value …`, `has been changed to …`: where the value begins,
/// else npos.
size_t said_anew(const BehindKey& key) {
  size_t at = key.at;
  const bool now = skip_any(key.text, at, {"is now ", "has value ", "has the value "});
  if (!now) skip_any(key.text, at, {"has been ", "was ", "is "});
  if (skip_any(key.text, at,
               {"set to ", "set to: ", "changed to ", "changed to: ", "reset to ",
                "reset to: ", "updated to ", "resolved to "}))
    return at;
  return now ? at : kNone;
}

/// `Password (plaintext): …`, `Password [bob]: …`: where the value begins, else npos.
size_t behind_remark(const BehindKey& key) {
  constexpr size_t kLongest = 32;
  if (key.rest[0] != '(' && key.rest[0] != '[') return kNone;
  if (mask_at(key.rest, 0) != 0) return kNone;  // of what stood there without brackets
  const size_t close = key.rest.substr(0, kLongest).find(key.rest[0] == '(' ? "): " : "]: ");
  return close == kNone ? kNone : key.at + close + 3;
}

/// Past the `of type String: ` that Spring has before a value.
size_t past_type(const BehindKey& key, size_t at) {
  constexpr size_t kLongest = 40;
  if (!key.text.substr(at).starts_with("of type ")) return at;
  const size_t colon = key.text.substr(at, kLongest).find(": ");
  return colon == kNone ? kNone : at + colon + 2;
}

/// `with value …`, `from .env with value …`, `in PropertySource 'x' with type [String] and value
/// …`: where the value begins, else npos.
size_t behind_with_value(const BehindKey& key) {
  constexpr size_t kReach = 96;
  constexpr std::string_view kWith = "with value ";
  if (key.rest.starts_with(kWith)) return past_type(key, key.at + kWith.size());
  if (!key.rest.starts_with("from ") && !key.rest.starts_with("in ")) return kNone;
  std::string_view near = key.rest.substr(0, kReach);
  for (std::string_view words : {" with value ", " and value "}) {
    if (size_t at = near.find(words); at != kNone)
      return past_type(key, key.at + at + words.size());
  }
  return kNone;
}

/// Quotes prove more than a word in a sentence.
Separator set_to(const BehindKey& key, size_t at) {
  Separator found = Separator::doubtful_words(at);
  found.sentence = quote_at(key.text, at).none();
  return found;
}

/// `changed from …`, `for user bob: …`, `for user bob is …`, `of bob was …`, `for bob set to …`
Separator behind_owner(const BehindKey& key) {
  constexpr size_t kLongest = 64;
  static constexpr ByteClass kFirsts = ByteClass::of("foch");
  if (!kFirsts.has(key.rest[0])) return {};
  size_t at = key.at;
  if (skip_any(key.text, at, {"changed from "})) return Separator::doubtful_words(at);
  if (!skip_any(key.text, at, {"for ", "of ", "für "})) return {};
  while (skip_any(key.text, at, {"the ", "user ", "account ", "Benutzer "})) {
  }
  if (size_t name = at; skip_any(key.text, name, {"user: ", "account: ", "username: "})) {
    const size_t colon = key.text.substr(name, kLongest).find_first_of(" \t:=");
    if (colon != kNone && key.text.substr(name + colon, 2) == ": ") at = name;  // what is behind it
  }
  size_t end =
      key.text.substr(0, std::min(key.text.size(), at + kLongest)).find_first_of(" \t:=", at);
  if (end == kNone || end == at) return {};
  if (key.text[end] == ':' && key.text.substr(end + 1, 1) == " ")
    return Separator::doubtful_words(end + 2);
  if (key.text[end] != ' ') return {};
  at = end + 1;
  if (!skip_any(key.text, at, {"is: ", "is ", "was ", "set to ", "changed to ", "= ", ": "}))
    return {};
  return Separator::doubtful_words(at);
}

}  // namespace

bool prose_follows(std::string_view rest) {
  static constexpr std::string_view kWords[] = {"via ", "is ", "or ", "and ", "flag ", "option "};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [rest](std::string_view word) { return rest.starts_with(word); });
}

Separator behind_words(const BehindKey& key) {
  static constexpr ByteClass kFirsts = ByteClass::of("ihwscrugtfo([IWF");
  if (!kFirsts.has(key.rest[0])) return {};
  if (size_t value = said_anew(key); value != kNone) return set_to(key, value);
  for (std::string_view made :
       {"issued: ", "generated: ", "retrieved: ", "received: ", "obtained: "}) {
    if (key.rest.starts_with(made)) return Separator::doubtful_words(key.at + made.size());
  }
  for (std::string_view is : {"is: ", "is : ", "is "}) {
    if (starts_with_ignoring_case(key.rest, is)) return Separator::words(key.at + is.size());
  }
  if (starts_with_ignoring_case(key.rest, "was ")) return Separator::doubtful_words(key.at + 4);
  for (std::string_view preposition : {"to ", "with "}) {
    if (key.rest.starts_with(preposition) && is_set(key.text, key.place.name_begin, preposition))
      return set_to(key, key.at + preposition.size());
  }
  if (size_t value = behind_remark(key); value != kNone) return Separator::doubtful_words(value);
  if (size_t value = behind_with_value(key); value != kNone) return set_to(key, value);
  if (starts_with_ignoring_case(key.rest, "from ") && is_set(key.text, key.place.name_begin, "to "))
    return set_to(key, key.at + 5);  // changed password from … to …
  return behind_owner(key);
}

Separator set_behind_quotes(const BehindKey& key) {
  if (key.rest.starts_with("changed from ")) return Separator::doubtful(key.at + 13);
  if (size_t value = behind_with_value(key); value != kNone) return set_to(key, value);
  const bool to = key.rest.starts_with("to ") || key.rest.starts_with("TO ");
  if (to && is_set(key.text, key.quote_begin(), "to ")) return set_to(key, key.at + 3);
  const size_t value = said_anew(key);
  return value == kNone ? Separator{} : set_to(key, value);
}

}  // namespace redactd
