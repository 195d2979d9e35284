#include "filters/spans/value/value_span.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/matcher/key_tree.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/next_line.h"
#include "filters/spans/value/outer_quotes.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/value/value_opening.h"
#include "filters/spans/value/value_resolver.h"
#include "filters/spans/word_list.h"

namespace redactd {
namespace {

/// PublicKeyToken of an assembly, Sec-WebSocket-Key of a handshake, where a list goes on, the name
/// of a Secret that exists, a call's, message's or row's number: no secrets, whatever they are
/// called.
const KeyTree& no_secrets() {
  static const KeyTree kTree = [] {
    KeyTree tree;
    tree.add({"public_key_token",  "sec_web_socket_key",
              "public_key",        "continuation_token",
              "page_token",        "next_token",
              "pub_key",           "stop_token",
              "resume_token",      "existing_secret",
              "image_pull_secret", "idempotency_key",
              "message_sid",       "call_sid",
              "sms_sid",           "account_sid",
              "conference_sid",    "cache_key",
              "routing_key",       "partition_key",
              "sequence_token",    "sync_token",
              "change_token",      "sort_key",
              "shard_key",         "range_key",
              "row_key",           "dedup_key",
              "object_key",        "initial_cluster_token"},
             KeySeparator::any, 0);
    tree.build();
    return tree;
  }();
  return kTree;
}

/// A rule whose own key says more than that, from `key_begin` on, knows better: those of message
/// brokers are names, PAGERDUTY_ROUTING_KEY is a secret.
bool names_no_secret(const RecordView& record, size_t key_begin, size_t key_end) {
  static constexpr ByteClass kOfSentences = ByteClass::of(". ");
  const std::string_view text = record.text;
  RecordView::NoSecretMemo& memo = record.no_secret;
  if (memo.key_end != key_end) memo = {key_end, no_secrets().longest(text, key_end, key_boundary)};
  const size_t begin = memo.begin;
  if (begin == kNone || key_begin < begin) return false;
  std::string_view name = text.substr(begin, key_end - begin);
  return !kOfSentences.any_in(name) || equals_ignoring_case(name, "public key");
}

/// arn:aws:secretsmanager:eu-west-1:123456789012:secret:…: a part of a name, not a key.
bool is_part_of_arn(std::string_view text, size_t key_begin) {
  constexpr size_t kLongest = 96;
  if (key_begin == 0 || text[key_begin - 1] != ':') return false;
  size_t from = key_begin > kLongest ? key_begin - kLongest : 0;
  std::string_view before = text.substr(from, key_begin - from);
  constexpr std::string_view kArn = "arn:aws";
  if (before.find(kArn) == kNone) return false;  // quicker than to look for the last one
  const size_t arn = before.rfind(kArn);
  return before.find_first_of(" \t\"'", arn) == kNone;
}

/// urn:ietf:params:oauth:grant-type:…, also percent-encoded: a part of a name, not a key.
bool is_part_of_urn(std::string_view text, size_t key_begin) {
  std::string_view before = text.substr(0, key_begin);
  for (std::string_view parent : {"ietf:params:", "ietf%3Aparams%3A", "ietf%3aparams%3a"}) {
    if (before.ends_with(parent)) return true;
  }
  return false;
}

/// did:key:z6Mk…: a public key that names somebody (W3C).
bool is_did(std::string_view text, size_t key_begin) {
  return key_begin >= 4 && text.substr(key_begin - 4, 4) == "did:";
}

/// `pw:api`, `pw:browser`: what Playwright's debug log has before its lines.
bool is_debug_channel(std::string_view text, size_t key_begin, size_t key_end) {
  static constexpr std::string_view kChannels[] = {"api",   "browser", "channel",   "protocol",
                                                   "error", "test",    "webserver", "install",
                                                   "proxy", "mcp"};
  if (text.substr(key_begin, key_end + 1 - key_begin) != "pw:") return false;
  std::string_view rest = text.substr(key_end + 1);
  return std::any_of(std::begin(kChannels), std::end(kChannels), [rest](std::string_view channel) {
    return rest.starts_with(channel) &&
           (rest.size() == channel.size() || !is_alnum(rest[channel.size()]));
  });
}

/// Whether the key is a part of a name of another kind.
bool is_part_of_name(std::string_view text, size_t key_begin, size_t key_end) {
  static constexpr ByteClass kBefore = ByteClass::of(":Aa");  // what those end with
  return (key_begin > 0 && kBefore.has(text[key_begin - 1]) &&
          (is_part_of_arn(text, key_begin) || is_part_of_urn(text, key_begin) ||
           is_did(text, key_begin))) ||
         is_debug_channel(text, key_begin, key_end);
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

/// Whether the key ends a name (`adjust_api_token`, `mqttPassword`, `db-password`) that is no part
/// of a path (`GET /reset-password`).
bool ends_name(std::string_view text, size_t key_begin) {
  constexpr size_t kLongest = 64;
  size_t at = key_begin;
  while (at > 0 && key_begin - at < kLongest && is_name_byte(text[at - 1])) --at;
  const bool joint = !is_alnum(text[key_begin - 1]);
  return is_letter(text[at]) && key_begin - at > (joint ? 1 : 0) &&
         (at == 0 || text[at - 1] != '/') && (joint || key_boundary(text, key_begin));
}

/// `Value:…`: a name of letters alone that has a value of its own.
bool is_next_pair(std::string_view text, size_t at) {
  constexpr size_t kLongest = 32;
  size_t end = at;
  while (end < text.size() && end - at < kLongest && is_letter(text[end])) ++end;
  return end > at && end < text.size() && (text[end] == ':' || text[end] == '=');
}

/// Where the word behind a key and blanks begins, when the key is a word of its own or ends a name;
/// else npos.
size_t spaced_value(std::string_view text, size_t key_begin, size_t key_end) {
  constexpr size_t kMostBlanks = 48;  // of a table's columns
  static constexpr ByteClass kBefore = ByteClass::of(" \t\"'(=:>");
  static constexpr ByteClass kBrackets = ByteClass::of("([<{");
  bool part = false;  // of a longer name
  if (key_begin > 0 && !kBefore.has(text[key_begin - 1])) {
    const bool behind_escape = is_alnum(text[key_begin - 1]) && word_starts(text, key_begin);
    part = !behind_escape;
    if (part && !ends_name(text, key_begin)) return kNone;
  }
  size_t at = key_end;
  while (at < text.size() && at - key_end < kMostBlanks && (text[at] == ' ' || text[at] == '\t'))
    ++at;
  if (at == key_end) at += spelt_tab(text, at);
  if (part && at < text.size() && (kBrackets.has(text[at]) || is_next_pair(text, at)))
    return kNone;  // at validatePassword (auth.js:12:7); what brackets show is looked at elsewhere
  return at == key_end ? kNone : at;
}

/// An ordinary word is a provider's name only in the key.
bool counts(const KeyName& name) { return name.number != 0 && (!name.ordinary || name.in_key); }

/// A string ends with the key, and the quote behind it closes that string.
bool ends_outer_string(const RecordView& record, const Opening& opening) {
  return !opening.quote.none() &&
         closes_outer_string(record, opening.begin - opening.quote.size(), opening.quote);
}

/// A word as short as this is not looked at further.
bool is_short_word(std::string_view text, size_t at, size_t shortest) {
  if (text.size() - at < shortest) return true;
  for (size_t i = at + shortest; i > at; --i) {
    if (text[i - 1] == ' ' || text[i - 1] == '\t') return true;
  }
  return false;
}

/// Whether another value may stand behind one: `"old" -> "new"`, `old to new`.
bool another_follows(std::string_view text, size_t value_end) {
  static constexpr ByteClass kBetween = ByteClass::of(" \\\"'`");
  static constexpr ByteClass kMayBegin = ByteClass::of("-=t&%ux");  // that, or a quote spelt out
  const size_t next = run_end(text, value_end, kBetween);
  return next >= text.size() || kMayBegin.has(text[next]);
}

/// Whether a rule that stands before this one found the value of a key that ends there, behind
/// which there is no other.
bool is_found_behind(const RecordView& record, const ValueRule& value, size_t key_end) {
  constexpr size_t kNearEnd = 64;  // where the key may tell of the next line
  const RecordView::MaskedValue& masked = record.masked;
  return masked.key.end == key_end && masked.rule < value.number &&
         value.rule.form == ValueForm::assign && masked.begin > key_end &&
         masked.end + kNearEnd < record.text.size() && !record.text.starts_with(kDockerHead) &&
         !another_follows(record.text, masked.end);
}

/// Whether that was the same key, or one whose value opens as it would for this one. What this one
/// finds is in it.
bool is_found_already(const RecordView& record, const ValueRule& value, size_t key_begin,
                      size_t key_end) {
  const RecordView::MaskedValue& masked = record.masked;
  const bool same_key =
      masked.key.end == key_end &&
      (masked.key.begin == key_begin || (masked.key.begin == record.opening.key.begin &&
                                         opens_last_value(record, key_begin, key_end)));
  return same_key && is_found_behind(record, value, key_end);
}

}  // namespace

const RecordView::TailMemo& look_behind_key(const RecordView& record, size_t key_end) {
  std::string_view text = record.text;
  RecordView::TailMemo& memo = record.tail;
  const size_t limit = std::min(text.size(), key_end + kLongestKeyTail);
  const bool blank = key_end < text.size() && is_blank(text[key_end]);
  memo.key_end = key_end;
  memo.may_spell_break = record.backslashes.stands_in(text, key_end, limit) ||
                         record.number_signs.stands_in(text, key_end, limit);
  memo.separable = !blank || separator_may_follow(text, key_end);
  return memo;
}

bool is_value_masked_for_any_key(const RecordView& record, const ValueRule& value,
                                 size_t anchor_end) {
  const size_t key_end = record.masked.key.end;
  return !value.rule.keys.empty() && end_of_key(record.text, anchor_end) == key_end &&
         any_key_opens_last_value(record, key_end) && is_found_behind(record, value, key_end);
}

Verdict resolve_value(const RecordView& record, const ValueRule& value, size_t anchor_end,
                      std::vector<Span>& spans) {
  std::string_view text = record.text;
  const Rule& rule = value.rule;
  if (anchor_end == 0) return Verdict::crosses_record;
  if (rule.keys.empty()) {
    if (rule.form == ValueForm::before)
      return ValueResolver(record, value, anchor_end, spans).resolve({});
    if (rule.stands == ValueStands::at_once && anchor_end < text.size() &&
        is_blank(text[anchor_end])) {
      return Verdict::no_value;
    }
    if (rule.stands == ValueStands::in_quotes && !quote_follows(text, anchor_end))
      return Verdict::no_value;
    Opening opening = open_value_at(record, anchor_end);
    if (rule.stands == ValueStands::in_quotes && opening.quote.none()) return Verdict::no_value;
    if (ends_outer_string(record, opening)) return Verdict::no_value;
    if (rule.form == ValueForm::object)
      opening.begin = anchor_end - 1;  // the pattern ends with the brace
    opening.sentence = opening.quote.none() && is_blank(text[anchor_end - 1]);
    return ValueResolver(record, value, anchor_end, spans).resolve(opening);
  }
  const size_t key_end = end_of_key(text, anchor_end);
  if (!tail_of_key(record, key_end).separable) return Verdict::no_separator;
  size_t start = key_start(text, key_end, *value.keys);
  if (start == kNone) return Verdict::inside_word;
  if (names_no_secret(record, start, key_end) || is_part_of_name(text, start, key_end))
    return Verdict::inside_word;
  if (is_found_already(record, value, start, key_end)) return Verdict::masked;
  KeyName name;
  if (!rule.names.empty()) {
    name = find_name(text, start, key_end, value);
    if (!counts(name)) return Verdict::name_missing;
  }
  if (rule.form == ValueForm::assign) record.key = {start, key_end};
  std::optional<Opening> opening = open_value(record, start, key_end);
  if (!opening) return Verdict::no_separator;
  return ValueResolver(record, value, anchor_end, spans, name).resolve(*opening);
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
  if (names_no_secret(record, begin, key_end)) return Verdict::inside_word;
  Opening opening = open_value_at(record, word);
  if (ends_outer_string(record, opening)) return Verdict::no_value;
  opening.sentence = opening.quote.none();
  KeyName name;
  if (!value.rule.names.empty()) {
    name = find_name(text, begin, key_end, value);
    if (!counts(name)) return Verdict::name_missing;
  }
  return ValueResolver(record, value, anchor_end, spans, name).resolve(opening);
}

namespace {

/// Whether the key may stand in a tag. Whether that is one may depend on the tag that closes it.
bool may_be_in_tag(std::string_view text, size_t key_begin) {
  constexpr size_t kLongest = 64;  // of the name before the key, and of the tag's mark
  static constexpr std::string_view kMarks[] = {"<", "&lt;", "\\u003c", "\\u003C", "%3C", "%3c"};
  const size_t from = key_begin - std::min(key_begin, kLongest);
  return holds_any(text.substr(from, key_begin - from), kMarks);
}

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
    if (rule.form == ValueForm::object || rule.form == ValueForm::before) return false;
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
  return opening ? opening->begin >= text.size() : !may_be_in_tag(text, start);
}

}  // namespace redactd
