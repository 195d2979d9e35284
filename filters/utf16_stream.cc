#include "filters/utf16_stream.h"

#include <algorithm>

namespace redactd {

std::string_view Utf16Stream::commit(std::string_view bytes) {
  out_.clear();
  ended_ = 0;
  received_ += bytes.size();
  lines_.add(bytes);
  while (const std::optional<Utf16Part> part = lines_.next()) take(*part);
  sent_ += out_.size();
  return out_;
}

std::string_view Utf16Stream::finish() {
  out_.clear();
  ended_ = 0;
  while (const std::optional<Utf16Part> part = lines_.last()) take(*part);
  end_units();
  out_ += bytes_.finish();
  sent_ += out_.size();
  StreamState state = redactor_.take_state();
  state.counters.add(bytes_.counters());
  state.counters.bytes_in = received_;
  state.counters.bytes_out = sent_;
  redactor_.add_state(std::move(state));
  return out_;
}

void Utf16Stream::take(const Utf16Part& part) {
  if (part.units) {
    const std::span<char> room = redactor_.prepare(Utf16Decoder::most(part.bytes.size()));
    put_text(redactor_.commit(decoder_.decode(part.bytes, room.data())));
  } else {
    end_units();
    put_bytes(part.bytes);
  }
  in_line_ = !part.ends_line;
  if (!part.ends_line) return;
  end_units();
  ++ended_;
}

/// What is held of a line that no line feed of UTF-16 ends.
void Utf16Stream::end_units() {
  const size_t size = decoder_.finish(redactor_.prepare(Utf16Decoder::most(0)).data());
  put_text(redactor_.commit(size));
  if (redactor_.held_bytes() != 0) {
    put_text(redactor_.finish());
    redactor_.resume();
  }
  encoded_.clear();
  encoder_.finish(encoded_);
  put_bytes(encoded_);
}

void Utf16Stream::put_text(std::string_view text) {
  encoded_.clear();
  encoder_.encode(text, encoded_);
  put_bytes(encoded_);
}

/// The half behind a line feed goes out with it, and is no byte of the next line.
void Utf16Stream::put_bytes(std::string_view bytes) {
  constexpr std::string_view kLineFeed("\n\0", 2);
  while (order_ == ByteOrder::little) {
    const size_t at = bytes.find(kLineFeed);
    if (at == std::string_view::npos) break;
    put_whole_bytes(bytes.substr(0, at + 1));
    out_ += '\0';
    bytes.remove_prefix(at + kLineFeed.size());
  }
  put_whole_bytes(bytes);
}

void Utf16Stream::put_whole_bytes(std::string_view bytes) {
  const std::span<char> room = bytes_.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  out_ += bytes_.commit(bytes.size());
}

}  // namespace redactd
