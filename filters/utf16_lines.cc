#include "filters/utf16_lines.h"

#include <algorithm>

namespace redactd {
namespace {

constexpr size_t kContext = 8;  // bytes before a line feed that tell whether it is one of bytes

bool is_ascii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char byte) { return static_cast<unsigned char>(byte - 1) < 0x7f; });
}

}  // namespace

void Utf16Lines::add(std::string_view bytes) {
  const size_t gone = std::max(begin_, put_ - std::min(put_, kContext));
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(gone));
  begin_ -= std::min(begin_, gone);
  put_ -= gone;
  seen_ -= gone;
  if (end_ != 0) end_ -= gone;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<Utf16Part> Utf16Lines::next(bool at_end) {
  if (end_ == 0) find_end(at_end);
  const size_t limit = end_ != 0 ? end_ : buffer_.size();
  if (put_ == limit) return std::nullopt;
  if (!told_ && end_ == 0 && limit - begin_ < kLongest && !at_end) return std::nullopt;
  if (!told_) tell_kind(limit);
  const size_t size = limit - put_;
  if (!units_) return take(size, false);
  if (odd_) {
    odd_ = false;
    return take(1, false);
  }
  if (size > 1) return take(size - size % 2, true);
  if (end_ == 0 && !at_end) return std::nullopt;
  return take(size, false);
}

/// What follows a line feed may tell whether it is one.
void Utf16Lines::find_end(bool at_end) {
  const std::string_view text = waiting();
  for (; end_ == 0; ++seen_) {
    seen_ = std::min(text.find('\n', seen_), text.size());
    if (seen_ == text.size()) return;
    const std::string_view before =
        text.substr(begin_, seen_ - begin_)
            .substr(seen_ - begin_ - std::min(seen_ - begin_, kContext));
    if (!before.empty() && is_ascii(before)) {
      end_ = seen_ + 1;
    } else if (order_ == ByteOrder::big) {
      if (before.ends_with('\0')) end_ = seen_ + 1;
    } else if (seen_ + 1 < text.size()) {
      if (text[seen_ + 1] == '\0') end_ = seen_ + 2;
    } else if (!at_end) {
      return;
    }
  }
}

/// Where most of the zero bytes stand, the high halves of units do.
void Utf16Lines::tell_kind(size_t limit) {
  const std::string_view line = waiting().substr(begin_, std::min(limit - begin_, kLongest));
  size_t zeros[2] = {};
  for (size_t at = 0; at < line.size(); ++at) zeros[at % 2] += line[at] == '\0' ? 1 : 0;
  const size_t high = order_ == ByteOrder::little ? 1 : 0;
  told_ = true;
  units_ = zeros[0] + zeros[1] != 0;
  odd_ = zeros[1 - high] > zeros[high];
}

Utf16Part Utf16Lines::take(size_t size, bool units) {
  const Utf16Part part{waiting().substr(put_, size), units, put_ + size == end_};
  put_ += size;
  if (part.ends_line) {
    begin_ = seen_ = put_;
    end_ = 0;
    told_ = false;
  }
  return part;
}

std::string_view Utf16Text::decode(std::string_view bytes) {
  text_.clear();
  lines_.add(bytes);
  while (const std::optional<Utf16Part> part = lines_.next()) put(*part);
  return text_;
}

std::string_view Utf16Text::finish() {
  text_.clear();
  while (const std::optional<Utf16Part> part = lines_.last()) put(*part);
  return text_;
}

void Utf16Text::put(const Utf16Part& part) {
  const size_t before = text_.size();
  text_.resize(before + Utf16Decoder::most(2 * part.bytes.size()));
  char* const room = text_.data() + before;
  size_t size = part.units ? decoder_.decode(part.bytes, room) : decoder_.finish(room);
  if (!part.units) size += part.bytes.copy(room + size, part.bytes.size());
  text_.resize(before + size);
}

}  // namespace redactd
