#include "filters/structured_data.h"

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr size_t kNone = std::string_view::npos;

/// Past `<PRI>VERSION `, kNone if the text does not begin like this.
size_t skip_priority_and_version(std::string_view text) {
  size_t i = 0;
  auto digits = [&](size_t most) {
    size_t from = i;
    while (i < text.size() && i - from < most && is_digit(text[i])) ++i;
    return i > from;
  };
  auto takes = [&](char c) { return i < text.size() && text[i] == c && ++i != 0; };
  return takes('<') && digits(3) && takes('>') && digits(3) && takes(' ') ? i : kNone;
}

/// Where the structured data of an RFC 5424 message begins, kNone if there is none.
size_t structured_data_begin(std::string_view text) {
  constexpr int kHeaderFields = 5;  // timestamp, hostname, app-name, procid, msgid
  size_t at = skip_priority_and_version(text);
  for (int field = 0; field < kHeaderFields && at != kNone; ++field) {
    at = text.find(' ', at);
    if (at != kNone) ++at;
  }
  return at < text.size() && text[at] == '[' ? at : kNone;
}

}  // namespace

StructuredDataValues::StructuredDataValues(std::string_view record)
    : text_(record), at_(structured_data_begin(record)), ended_(at_ == kNone) {}

bool StructuredDataValues::holds(size_t at) {
  for (; !ended_ && at_ < at && at_ < text_.size(); ++at_) {
    char c = text_[at_];
    if (c == '"') {
      in_value_ = !in_value_;
    } else if (in_value_) {
      if (c == '\\') ++at_;
    } else if (c == ']') {
      ended_ = at_ + 1 == text_.size() || text_[at_ + 1] != '[';
    }
  }
  return in_value_ && !ended_;
}

}  // namespace redactd
