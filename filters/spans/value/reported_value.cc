#include "filters/spans/value/reported_value.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/placeholder.h"
#include "filters/spans/value/program_words.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

bool all_digits(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), is_digit);
}

/// exp, sha1, c32isalnum, 20000105: letters and digits that take turns twice at most.
bool is_part_of_test(std::string_view part) {
  constexpr size_t kLongest = 32;
  constexpr size_t kMostTurns = 2;
  constexpr size_t kLong = 8;  // in fewer letters a turn is much
  if (part.size() > kLongest || (part.size() >= kLong && is_scrambled(part))) return false;
  size_t turns = 0;
  for (size_t i = 1; i < part.size(); ++i) turns += is_digit(part[i]) != is_digit(part[i - 1]);
  return turns <= kMostTurns;
}

/// gdb.base/assign_1.exp, elf/tst-tls1, test-sha1.sh: a path, or a name that says what it is.
bool is_name_of_test(std::string_view value) {
  static constexpr ByteClass kJoints = ByteClass::of("/-_.+");
  static constexpr ByteClass kOfNames = alnum_and("/-_.+");
  if (value.size() > kMostChecked || !kOfNames.has_all(value)) return false;
  const bool path = value.find('/') != kNone && value.find_first_of("-_.") != kNone;
  size_t parts = 0;
  bool test = false;
  for (size_t at = 0; at <= value.size();) {
    size_t end = at;
    while (end < value.size() && !kJoints.has(value[end])) ++end;
    std::string_view part = value.substr(at, end - at);
    if (!is_part_of_test(part)) return false;
    test |= part == "test" || part == "tests" || part == "tst";
    parts += part.empty() ? 0 : 1;
    at = end + 1;
  }
  return parts >= 2 && (path || test);
}

/// `PASS: gdb.base/assign_1.exp: set x`, `XPASS: test-sha1` of DejaGnu and Automake: a test's name.
bool is_result_of_test(std::string_view text, size_t key_end, size_t begin, size_t end) {
  constexpr std::string_view kPassed = "PASS";
  std::string_view before = text.substr(0, key_end);
  if (!before.ends_with(kPassed) || text.substr(key_end, begin - key_end) != ": ") return false;
  before.remove_suffix(kPassed.size());
  if (before.ends_with('X')) before.remove_suffix(1);
  if (!before.empty() && !is_blank(before.back()) && before.back() != '\n') return false;
  if (text[end - 1] == ':') --end;
  return end > begin && is_name_of_test(text.substr(begin, end - begin));
}

/// `pass:12 fail:3`, `pass=12, skipped=0`: how many tests did.
bool is_count_of_tests(std::string_view text, size_t key_end, size_t begin, size_t end) {
  static constexpr WordList kResults(kResultsOfTests);
  constexpr size_t kMostDigits = 7;
  if (end - begin > kMostDigits || !all_digits(text.substr(begin, end - begin))) return false;
  if (key_end < 4 || !equals_ignoring_case(text.substr(key_end - 4, 4), "pass")) return false;
  size_t at = end;
  while (at < text.size() && at < end + 2 && std::string_view(", ;").find(text[at]) != kNone) ++at;
  size_t word = at;
  while (word < text.size() && is_letter(text[word])) ++word;
  if (at == end || !kResults.has(text.substr(at, word - at)) || word + 1 >= text.size())
    return false;
  return (text[word] == ':' || text[word] == '=') &&
         (is_digit(text[word + 1]) ||
          (text[word + 1] == ' ' && word + 2 < text.size() && is_digit(text[word + 2])));
}

/// `Invalid password for user: j0hn`: who could not log in. A generated one may follow the same
/// words, if another one is before them.
bool is_login(std::string_view text, size_t key_end, size_t begin, size_t end) {
  static constexpr WordList kStates(kSaidBeforePassword);
  static constexpr ByteClass kOpeners = ByteClass::of(": '\"(<[");
  constexpr size_t kFarthest = 32;
  constexpr std::string_view kFor = " for ";
  if (begin - key_end < kFor.size() || text.substr(key_end, kFor.size()) != kFor) return false;
  std::string_view between = text.substr(key_end, begin - key_end);
  if (std::none_of(std::begin(kWhosePassword), std::end(kWhosePassword),
                   [&](std::string_view words) {
                     return between.starts_with(words) && between.size() > words.size() &&
                            kOpeners.has_all(between.substr(words.size()));
                   }))
    return false;
  if (end < text.size() && text[end] == ':') return false;
  if (text[end - 1] == ':') return false;
  const size_t first = key_end - std::min(key_end, kFarthest);
  std::string_view before = text.substr(first, key_end - first);
  for (int words = 0; words < 2; ++words) {  // `api key` has two of its own
    const size_t blank = before.rfind(' ');
    if (blank == kNone) return false;
    before = before.substr(0, blank);
    size_t word = before.size();
    while (word > 0 && is_letter(before[word - 1])) --word;
    if (kStates.has(before.substr(word))) return true;
  }
  return false;
}

/// `SPF_HELO_PASS=-0.001` of SpamAssassin: what a test counts.
bool is_score(std::string_view text, size_t key_end, std::string_view value) {
  constexpr size_t kMostDigits = 3;
  if (text[key_end] != '=' || !text.substr(0, key_end).ends_with("_PASS")) return false;
  if (value.starts_with('-')) value.remove_prefix(1);
  return value.size() > 2 && value.size() <= 2 + kMostDigits && is_digit(value[0]) &&
         value[1] == '.' && all_digits(value.substr(2));
}

/// What the kubelet and kube-state-metrics print of a Secret: its name, or that of a key in it.
bool is_name_in_kubernetes(std::string_view text, size_t key_end, size_t begin, size_t end) {
  static constexpr ByteClass kOfNames = alnum_and("-._");
  constexpr size_t kFarthest = 256;
  const size_t first = key_end - std::min(key_end, kFarthest);
  std::string_view before = text.substr(first, key_end - first);
  const bool key = before.ends_with(" non-existent secret key");
  if (!key && !before.ends_with(",secret") && !before.ends_with("{secret")) return false;
  if (!kOfNames.has_all(text.substr(begin, end - begin))) return false;
  if (key) return true;
  const size_t brace = before.rfind('{');
  if (brace == kNone || before.find('}', brace) != kNone) return false;
  size_t name = brace;
  while (name > 0 && is_name_byte(before[name - 1])) --name;
  return before.substr(name).starts_with("kube_");
}

/// `ERROR: Wrong password : data.7z`: the file that 7-Zip could not read.
bool is_archive(std::string_view text, size_t begin, size_t end) {
  constexpr size_t kLongestExtension = 5;
  if (!text.substr(0, begin).ends_with("ERROR: Wrong password : ")) return false;
  std::string_view value = text.substr(begin, end - begin);
  const size_t dot = value.rfind('.');
  return dot != kNone && dot > 0 && value.size() - dot <= kLongestExtension &&
         !is_scrambled(value.substr(0, dot));
}

/// `'Cipher key': '512 bits'`
bool is_size(std::string_view value) {
  const size_t blank = value.find(' ');
  return blank != kNone && all_digits(value.substr(0, blank)) &&
         (value.substr(blank) == " bits" || value.substr(blank) == " bytes");
}

/// `passwd  1:4.13+dfsg1-1`: the version of a package that is called so.
bool is_version(std::string_view text, size_t key_end, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 4;
  static constexpr ByteClass kBlanks = ByteClass::of(" \t");
  if (!kBlanks.has_all(text.substr(key_end, begin - key_end))) return false;
  std::string_view value = text.substr(begin, end - begin);
  if (value.size() > 2 && is_digit(value[0]) && value[1] == ':') value.remove_prefix(2);
  const size_t dot = value.substr(0, kMostDigits + 1).find('.');
  if (dot == kNone || !all_digits(value.substr(0, dot))) return false;
  if (dot + 1 >= value.size() || !is_digit(value[dot + 1])) return false;
  return value.find('-') != kNone && std::all_of(value.begin(), value.end(), [](char c) {
           return is_lower(c) || is_digit(c) || std::string_view(".+~-").find(c) != kNone;
         });
}

/// `python3-jwt:amd64`: the architecture of a package that is called so.
bool is_architecture(std::string_view text, size_t key_end, size_t begin, std::string_view value) {
  static constexpr std::string_view kNames[] = {"amd64", "arm64",   "armhf", "armel", "i386",
                                                "s390x", "ppc64el", "any",   "all"};
  return begin == key_end + 1 && text[key_end] == ':' &&
         std::find(std::begin(kNames), std::end(kNames), value) != std::end(kNames);
}

/// `/etc/passwd:3`: the line.
bool is_line_of_file(std::string_view text, size_t key_end, size_t begin, size_t end) {
  constexpr size_t kMostDigits = 5;
  std::string_view value = text.substr(begin, end - begin);
  value = value.substr(0, value.substr(0, kMostDigits + 1).find(':'));
  return begin == key_end + 1 && text[key_end] == ':' && value.size() <= kMostDigits &&
         all_digits(value) && text.substr(0, key_end).ends_with("/etc/passwd");
}

/// Where the option begins that ends at `key_end`, with its dashes; npos when it is none.
size_t option_begin(std::string_view text, size_t key_end) {
  size_t key = key_end;
  while (key > 0 && (is_alnum(text[key - 1]) || text[key - 1] == '-' || text[key - 1] == '_'))
    --key;
  return text[key] == '-' && key + 1 < key_end ? key : kNone;
}

/// `mysql --password -u root`, `--api-key, --api_key KEY`: an option without a value, and the next
/// one or its other name.
bool is_next_option(std::string_view value) {
  constexpr size_t kLongest = 40;
  if (value.size() < 2 || value.size() > kLongest || value[0] != '-') return false;
  value.remove_prefix(1);
  if (value.size() == 1) return is_letter(value[0]);
  return value[0] == '-' && value.size() > 3 && is_lower(value[1]) &&
         std::all_of(value.begin(), value.end(),
                     [](char c) { return is_lower(c) || c == '-' || c == '_'; });
}

/// `  -password val       Set the password`: the option begins the line, and what it does follows.
bool is_argument_in_usage(std::string_view text, size_t option, size_t begin, size_t end) {
  size_t line = option;
  while (line > 0 && is_blank(text[line - 1]) && text[line - 1] != '\n') --line;
  return line < option && (line == 0 || text[line - 1] == '\n') && text.substr(end, 2) == "  " &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(begin),
                     text.begin() + static_cast<std::ptrdiff_t>(end), is_lower);
}

/// What stands behind an option that has no value, or none yet.
bool is_behind_option(std::string_view text, size_t key_end, size_t begin, size_t end) {
  static constexpr WordList kWords(kBehindOptions);
  if (!is_blank(text[key_end]) && text[key_end] != ',') return false;
  if (!is_blank(text[begin - 1])) return false;
  const size_t option = option_begin(text, key_end);
  if (option == kNone) return false;
  std::string_view value = text.substr(begin, end - begin);
  if (is_next_option(value) || is_argument_in_usage(text, option, begin, end)) return true;
  if (value.back() == '.') value.remove_suffix(1);
  return kWords.has(value) && text.substr(end, 1) == " ";
}

/// `pkcs11:token=Root%20CA;serial=1`: what the token is called. Its PIN has a key of its own.
bool is_token_of_pkcs11(std::string_view text, size_t key_end) {
  constexpr size_t kFarthest = 256;
  std::string_view before = text.substr(key_end - std::min(key_end, kFarthest), kFarthest);
  before = before.substr(0, std::min(key_end, kFarthest));
  if (!before.ends_with(":token") && !before.ends_with(";token")) return false;
  const size_t uri = before.rfind("pkcs11:");
  return uri != kNone && before.find_first_of(" \t\"'", uri) == kNone;
}

/// `Extended master secret: no.`, `expect_passphrase=False.`, `pass=1: continue`: nothing or a
/// small number, with the mark behind it.
bool is_nothing_and_mark(std::string_view value) {
  constexpr size_t kMostDigits = 2;
  if (value.size() < 2 || (value.back() != '.' && value.back() != ':') || !is_alnum(value[0]))
    return false;
  value.remove_suffix(1);
  return is_placeholder(value) || (value.size() <= kMostDigits && all_digits(value));
}

/// `passwd: winbind files` of nsswitch.conf: where names are looked up.
bool is_source_of_names(std::string_view text, size_t key_end, size_t begin, size_t end) {
  static constexpr WordList kSources(kSourcesOfNames);
  if (text[key_end] != ':') return false;
  if (!kSources.has(text.substr(begin, end - begin)) || text.substr(end, 1) != " ") return false;
  size_t next = end + 1;
  while (next < text.size() && is_lower(text[next])) ++next;
  return kSources.has(text.substr(end + 1, next - end - 1));
}

/// What listings have behind `passwd`, and gcc's `-frandom-seed=…`.
bool is_of_passwd(std::string_view text, size_t key_end, size_t begin, size_t end) {
  std::string_view before = text.substr(0, key_end);
  if (before.ends_with("-frandom-seed")) return true;
  return before.ends_with("passwd") &&
         (is_version(text, key_end, begin, end) || is_line_of_file(text, key_end, begin, end) ||
          is_source_of_names(text, key_end, begin, end));
}

/// `identityToken -> 2sonpk9c|7a35d387`: what c3p0 calls a pool of connections.
bool is_pool(std::string_view text, size_t key_end, std::string_view value) {
  constexpr size_t kMostDigits = 8;
  if (!text.substr(0, key_end).ends_with("identityToken")) return false;
  std::string_view last = value.substr(value.size() - std::min(value.size(), kMostDigits + 1));
  const size_t bar = last.rfind('|');
  return bar != kNone &&
         std::all_of(last.begin() + static_cast<std::ptrdiff_t>(bar) + 1, last.end(), is_hex);
}

/// `keystonemiddleware.auth_token:filter_factory`: a function by its module, as Python's entry
/// points name it.
bool is_entry_point(std::string_view text, size_t key_end, size_t begin, size_t end) {
  constexpr size_t kLongest = 32;
  if (begin != key_end + 1 || text[key_end] != ':' || end - begin > kLongest) return false;
  std::string_view value = text.substr(begin, end - begin);
  size_t module = key_end;
  while (module > 0 && (is_lower(text[module - 1]) || text[module - 1] == '_')) --module;
  return module > 1 && text[module - 1] == '.' && is_lower(text[module - 2]) &&
         value.find('_') != kNone &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_lower(c) || c == '_'; });
}

/// `Setting token to filter:3239235440` of LVM.
bool is_filter_of_lvm(std::string_view text, size_t key_end, std::string_view value) {
  constexpr std::string_view kFilter = "filter:";
  return value.starts_with(kFilter) && all_digits(value.substr(kFilter.size())) &&
         text.substr(0, key_end).ends_with("Setting token");
}

/// `alias: x86cpu:vendor:*:family:*:model:*:feature:*0099*` of modinfo and udev.
bool is_module_alias(std::string_view text, size_t begin, std::string_view value) {
  return (value.starts_with("model:") || value.starts_with("feature:")) &&
         (text.substr(0, begin).ends_with(":family:*:") ||
          text.substr(0, begin).ends_with(":model:*:"));
}

/// `"Sid": "S3ServerAccessLogsPolicy"` of AWS's policies: what a statement is called, in words.
bool is_statement(std::string_view text, size_t key_end, std::string_view value) {
  constexpr size_t kFewestWords = 3;
  constexpr size_t kMostDigits = 2;
  constexpr size_t kShortestWord = 3;
  if (!text.substr(0, key_end).ends_with("\"Sid")) return false;
  size_t words = 0;
  size_t digits = 0;
  for (size_t at = 0; at < value.size();) {
    if (!is_alnum(value[at])) return false;
    digits += is_digit(value[at]);
    size_t end = at + 1;
    while (end < value.size() && is_lower(value[end])) ++end;
    words += is_upper(value[at]) && end - at >= kShortestWord;
    at = end;
  }
  return words >= kFewestWords && digits <= kMostDigits;
}

/// ssh-rsa's and ssh-ed25519's, as ssh-keygen writes them in base64. A private one has other
/// numbers first, or is longer.
bool is_public_key(std::string_view value) {
  constexpr size_t kEd25519 = 68;
  return value.starts_with("AAAAB3NzaC1yc2EAAAADAQABAAA") ||
         (value.size() == kEd25519 && value.starts_with("AAAAC3NzaC1lZDI1NTE5AAAAI"));
}

}  // namespace

bool is_reported(std::string_view text, size_t key_end, size_t begin, size_t end,
                 const Opening& opening) {
  std::string_view value = text.substr(begin, end - begin);
  if ((value[0] == 'm' || value[0] == 'f') && is_module_alias(text, begin, value)) return true;
  if (key_end == 0 || key_end >= begin) return false;
  if (value[0] == 'A' && is_public_key(value)) return true;
  if (text[key_end] == ' ' && (is_login(text, key_end, begin, end) || is_archive(text, begin, end)))
    return true;
  if (value[0] == 'f' && is_filter_of_lvm(text, key_end, value)) return true;
  const char last = text[key_end - 1];  // which spares most keys the rest
  if ((last == 't' || last == 'y') && is_name_in_kubernetes(text, key_end, begin, end)) return true;
  if (last == 'w' && text.substr(0, key_end).ends_with(" -Pw")) return true;  // of grep
  if (!opening.quote.none())
    return (value.back() == 's' && is_size(value)) ||
           (last == 'd' && is_statement(text, key_end, value));
  if (is_behind_option(text, key_end, begin, end)) return true;
  if (value[0] <= 's' && is_architecture(text, key_end, begin, value)) return true;
  if (last == 'd' && is_of_passwd(text, key_end, begin, end)) return true;
  if (last == 'S' && is_score(text, key_end, value)) return true;
  if ((last == 's' || last == 'S') && (is_result_of_test(text, key_end, begin, end) ||
                                       is_count_of_tests(text, key_end, begin, end)))
    return true;
  if (last == 'n' && text[key_end] == '=' && is_token_of_pkcs11(text, key_end)) return true;
  if (last == 'n' && (is_pool(text, key_end, value) || is_entry_point(text, key_end, begin, end)))
    return true;
  return is_nothing_and_mark(value);
}

}  // namespace redactd
