#include "daemon/known/add_mask.h"

#include "daemon/framing/json_text.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr std::string_view kAddMask = "::add-mask";
constexpr std::string_view kColons = "::";

/// Of the command at the start of `text`, with its properties: `::add-mask key=value::`, whose
/// colons are %3A. 0: there is none.
size_t command_size(std::string_view text) {
  if (!starts_with_ignoring_case(text, kAddMask)) return 0;
  size_t size = kAddMask.size();
  if (text.substr(size).starts_with(' ')) size = text.find_first_of(":\n", size);
  return size < text.size() && text.substr(size).starts_with(kColons) ? size + kColons.size() : 0;
}

/// `<13>`: all there is of a syslog header where a program writes none (RFC 3164 §4.3.3).
bool is_priority(std::string_view text) {
  return text.size() >= 3 && text.size() <= 5 && text.front() == '<' && text.back() == '>' &&
         text.find_first_not_of("0123456789", 1) == text.size() - 1;
}

bool may_begin_message(std::string_view before) {
  if (before.find('{') != std::string_view::npos) return false;
  return before.empty() || before.back() == ' ' || before.back() == '\t' ||
         before.ends_with("\xef\xbb\xbf") || is_priority(before);
}

/// The string of the member `log`, as it stands between its quotes.
std::optional<std::string_view> log_member(std::string_view object) {
  constexpr std::string_view kMember = "\"log\":\"";
  const size_t member = object.find(kMember);
  if (member == std::string_view::npos) return std::nullopt;
  std::string_view text = object.substr(member + kMember.size());
  size_t end = 0;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return text.substr(0, end);
}

/// The byte that the three digits at the start of `text` stand for; nothing: for no other.
std::optional<char> escaped_byte(std::string_view text) {
  std::string_view code = text.substr(0, 3);
  if (code == "%25") return '%';
  if (code == "%0A" || code == "%0a") return '\n';
  if (code == "%0D" || code == "%0d") return '\r';
  return std::nullopt;
}

}  // namespace

size_t find_add_mask(std::string_view text, size_t from) {
  size_t at = text.find(kColons, from);
  while (at != std::string_view::npos && command_size(text.substr(at)) == 0)
    at = text.find(kColons, at + 1);
  return at;
}

std::optional<std::string_view> add_mask_value(std::string_view record) {
  for (size_t at = find_add_mask(record, 0); at != std::string_view::npos;
       at = find_add_mask(record, at + 1)) {
    if (!may_begin_message(record.substr(0, at))) continue;
    std::string_view value = record.substr(at);
    value.remove_prefix(command_size(value));
    while (!value.empty() && (value.back() == '\n' || value.back() == '\r')) value.remove_suffix(1);
    if (value.empty()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

Secret decode_add_mask(std::string_view value) {
  Secret decoded = Secret::of_size(value.size());
  size_t size = 0;
  for (size_t at = 0; at < value.size(); ++size) {
    std::optional<char> byte = escaped_byte(value.substr(at));
    decoded.data()[size] = byte.value_or(value[at]);
    at += byte ? 3 : 1;
  }
  decoded.shrink_to(size);
  return decoded;
}

std::optional<Secret> asked_to_mask(std::string_view record) {
  if (auto value = add_mask_value(record)) return decode_add_mask(*value);
  std::optional<std::string_view> log = log_member(record);
  if (!log) return std::nullopt;
  SecretText line;
  append_plain_text(*log, line);
  while (line.ends_with(' ')) line.pop_back();  // the line's end, as append_plain_text() has it
  std::optional<std::string_view> value = add_mask_value(line);
  return value ? std::optional(decode_add_mask(*value)) : std::nullopt;
}

}  // namespace redactd
