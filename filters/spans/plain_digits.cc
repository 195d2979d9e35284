#include "filters/spans/plain_digits.h"

#include <algorithm>

#include "filters/spans/digit_values.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kAhead = 512;        // digits that are looked at behind a hit
constexpr size_t kDigitsBefore = 24;  // of a core, which tell whether a word begins
constexpr size_t kBitsOfKey = 8 * TokenCores::kKeyBytes;
constexpr size_t kFirstBits = 32;  // of a run: in one of its phases the text begins there

/// Whether a word may begin behind these bytes, the last of them in the lowest bits. Always where
/// word_starts() says so.
bool word_may_start(uint64_t before) {
  auto back = [before](size_t n) { return static_cast<char>(before >> (8 * (n - 1)) & 0xffu); };
  if (!is_alnum(back(1)) || back(2) == '\\' || back(4) == '#') return true;
  if (kColourEnds.has(back(1)) && (is_digit(back(2)) || back(2) == ';' || back(2) == '['))
    return true;
  return is_hex(back(1)) &&
         (back(3) == '%' || back(5) == '%' || back(4) == '\\' || back(6) == '\\');
}

/// The last digits of a run.
template <size_t kWidth>
class LastDigits {
 public:
  /// Digits that a key and what is before it in its first one take.
  static constexpr size_t kOfKey = (kBitsOfKey + kWidth - 1) / kWidth;
  static constexpr size_t kSpare = kOfKey * kWidth - kBitsOfKey;

  void push(unsigned char value) {
    older_ = older_ << kWidth | bits_ >> (64 - kWidth);
    bits_ = bits_ << kWidth | value;
  }
  /// The bytes that begin `bit` bits behind the first of the last kOfKey digits, and those before.
  uint32_t key(size_t bit) const { return static_cast<uint32_t>(bits_ >> (kSpare - bit)); }
  uint64_t before(size_t bit) const {
    const size_t behind = kBitsOfKey + kSpare - bit;
    return bits_ >> behind | older_ << (64 - behind);
  }

 private:
  uint64_t bits_ = 0;
  uint64_t older_ = 0;
};

template <TextEncoding kEncoding>
class PlainRun {
 public:
  /// Around the hit, from a little before `from` on.
  PlainRun(std::string_view text, size_t hit, size_t from) : text_(text), begin_(hit) {
    const size_t least = from - std::min(from, kDigitsBefore);
    while (begin_ > least && value_at(begin_ - 1) != kNoDigit) --begin_;
    whole_ = begin_ == 0 || value_at(begin_ - 1) == kNoDigit;
  }

  size_t begin() const { return begin_; }
  /// What stands before the run may make escapes of its first bytes.
  bool may_begin_in_escape() const {
    if (!whole_ || begin_ == 0) return false;
    const char c = text_[begin_ - 1];
    const bool letter = kEncoding == TextEncoding::hex && (c == 'x' || c == 'u');
    return c == '\\' || c == '%' || (letter && begin_ > 1 && text_[begin_ - 2] == '\\');
  }

  /// The first place from `from` on at which a core may begin, or up to which there is none.
  size_t first_core(const TokenCores& cores, size_t from, size_t limit) const {
    LastDigits<kWidth> last;
    size_t at = std::max(begin_, from - std::min(from, kDigitsBefore));
    for (; at < limit; ++at) {
      const unsigned char value = value_at(at);
      if (value == kNoDigit && !may_be_escape(at)) return at;
      if (value == kNoDigit) break;
      last.push(value);
      if (at + 1 < from + kOfKey) continue;
      const size_t first = at + 1 - kOfKey;
      for (size_t bit = 0; bit <= last.kSpare; bit += 2) {
        if (cores.may_begin_with(last.key(bit)) && holds_core(cores, first, bit, last))
          return first;
      }
    }
    if (at == text_.size()) return at;
    return std::max(from, at + 1 - std::min(at + 1, kOfKey));
  }

 private:
  static constexpr size_t kWidth = kEncoding == TextEncoding::base64 ? 6 : 4;
  static constexpr size_t kOfKey = LastDigits<kWidth>::kOfKey;

  unsigned char value_at(size_t at) const {
    if (at >= text_.size()) return kNoDigit;
    const auto& values = kEncoding == TextEncoding::base64 ? kBase64Digits : kHexDigits;
    return values[static_cast<unsigned char>(text_[at])];
  }
  /// Base64 may go on in an escape (`\/`, `%2B`), or in another line (`\n`).
  bool may_be_escape(size_t at) const {
    return kEncoding == TextEncoding::base64 && at < text_.size() &&
           (text_[at] == '\\' || text_[at] == '%');
  }

  bool holds_core(const TokenCores& cores, size_t first, size_t bit,
                  const LastDigits<kWidth>& last) const {
    const bool word = (whole_ && (first - begin_) * kWidth + bit < kFirstBits) ||
                      word_may_start(last.before(bit));
    bool unknown = false;  // an escape stands before it
    auto may_stand = [&](size_t number, const ByteClass& members) {
      const size_t from = bit + 8 * number;
      const size_t at = first + from / kWidth;
      const unsigned char high = value_at(at);
      const unsigned char low = value_at(at + 1);
      unknown = unknown ||
                (high == kNoDigit ? may_be_escape(at) : low == kNoDigit && may_be_escape(at + 1));
      if (unknown) return true;
      if (high == kNoDigit || low == kNoDigit) return false;
      const unsigned both = unsigned{high} << kWidth | low;
      return members.has(static_cast<char>(both >> (2 * kWidth - 8 - from % kWidth) & 0xffu));
    };
    return cores.any_begins(last.key(bit), word, may_stand);
  }

  std::string_view text_;
  size_t begin_;
  bool whole_ = false;  // no digit stands before it
};

template <TextEncoding kEncoding>
size_t clear_of_cores_in(const RecordView& record, const TokenCores& cores, size_t hit,
                         size_t from) {
  from = std::max(from, hit - std::min(hit, kDigitsToHit));
  const PlainRun<kEncoding> run(record.text, hit, from);
  if (run.may_begin_in_escape()) return 0;
  from = std::max(from, run.begin());
  const size_t clear = run.first_core(cores, from, std::min(record.text.size(), hit + kAhead));
  record.work += std::max(clear, hit) - run.begin();
  return clear;
}

}  // namespace

size_t clear_of_cores(const RecordView& record, const TokenCores& cores, TextEncoding encoding,
                      size_t hit, size_t from) {
  return encoding == TextEncoding::base64
             ? clear_of_cores_in<TextEncoding::base64>(record, cores, hit, from)
             : clear_of_cores_in<TextEncoding::hex>(record, cores, hit, from);
}

}  // namespace redactd
