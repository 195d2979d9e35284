#include "filters/validators/byte_window.h"

#include <algorithm>

#include "filters/validators/validators.h"

namespace redactd {
namespace {

constexpr size_t kMostHeld = 2 * kMostValidated;  // while it moves
constexpr double kOne = 1ll << 40;                // of the fixed-point numbers

/// By how much n · log2(n) grows with the next n.
const std::array<int64_t, kMostHeld>& growth() {
  static const std::array<int64_t, kMostHeld> kGrowth = [] {
    std::array<int64_t, kMostHeld> growth{};
    for (size_t n = 0; n < growth.size(); ++n)
      growth[n] = std::llround((times_log2(n + 1) - times_log2(n)) * kOne);
    return growth;
  }();
  return kGrowth;
}

constexpr size_t kHeaderBytes = 512;  // of a JSON Web Token's header that are looked at
constexpr size_t kLongestMember = 8;  // digits of a member's name, which has five bytes
constexpr size_t kGroup = 4;          // digits that stand for
constexpr size_t kBytesOfGroup = 3;   // so many bytes

bool holds_member(std::string_view header) {
  static constexpr std::array<std::string_view, 5> kMembers = {"alg", "enc", "typ", "kid", "cty"};
  constexpr size_t kSize = 5;  // with their quotes
  for (size_t quote = header.find('"'); quote != std::string_view::npos;
       quote = header.find('"', quote + 1)) {
    if (quote + kSize > header.size()) return false;
    if (header[quote + kSize - 1] != '"') continue;
    const std::string_view name = header.substr(quote + 1, kSize - 2);
    if (std::find(kMembers.begin(), kMembers.end(), name) != kMembers.end()) return true;
  }
  return false;
}

}  // namespace

template <typename Counts>
size_t MovingWindow<Counts>::move_to(std::string_view text, size_t begin, size_t end) {
  auto& counts = static_cast<Counts&>(*this);
  end = std::min(end, begin + kMostValidated);
  size_t work =
      std::max(begin, begin_) - std::min(begin, begin_) + std::max(end, end_) - std::min(end, end_);
  if (begin >= end_ || end <= begin_ || work > end - begin) {
    counts.clear();
    begin_ = end_ = begin;
    work = end - begin;
  }
  while (begin_ > begin) counts.push_front(text);
  if (end_ < end) counts.push_back(text, end);
  while (begin_ < begin) counts.pop_front(text);
  while (end_ > end) counts.pop_back(text);
  return work;
}

void ByteCounts::clear() {
  counts_.fill(0);
  sum_ = 0;
}

void ByteCounts::count(char c) { sum_ += growth()[counts_[static_cast<unsigned char>(c)]++]; }

void ByteCounts::uncount(char c) { sum_ -= growth()[--counts_[static_cast<unsigned char>(c)]]; }

double ByteCounts::entropy() const {
  if (begin_ == end_) return 0;
  const size_t size = end_ - begin_;
  return (times_log2(size) - static_cast<double>(sum_) / kOne) / static_cast<double>(size);
}

void CaseChanges::clear() { digits_ = letters_ = case_changes_ = changes_ = 0; }

void CaseChanges::push_front(std::string_view text) {
  const uint8_t kind = case_of(text[begin_ - 1]);
  if (begin_ < end_) case_changes_ += redactd::changes_case(text[begin_ - 1], text[begin_]);
  if (kind != kOther) {
    if (holds_any()) changes_ += change(kind, case_of(text[first_]));
    first_ = begin_ - 1;
    if (!holds_any()) last_ = first_;
  }
  count(kind);
  --begin_;
}

/// By far most bytes come in here, so what is counted stays in registers.
void CaseChanges::push_back(std::string_view text, size_t end) {
  CaseChanges counts = *this;
  for (; counts.end_ < end; ++counts.end_) {
    const size_t at = counts.end_;
    const uint8_t kind = case_of(text[at]);
    if (counts.begin_ < at) counts.case_changes_ += redactd::changes_case(text[at - 1], text[at]);
    if (kind == kOther) continue;
    if (counts.holds_any()) {
      counts.changes_ += change(case_of(text[counts.last_]), kind);
    } else {
      counts.first_ = at;
    }
    counts.last_ = at;
    counts.count(kind);
  }
  *this = counts;
}

void CaseChanges::pop_front(std::string_view text) {
  const char c = text[begin_++];
  const uint8_t kind = case_of(c);
  uncount(kind);
  if (begin_ < end_) case_changes_ -= redactd::changes_case(c, text[begin_]);
  if (kind == kOther || !holds_any()) return;
  ++first_;
  while (case_of(text[first_]) == kOther) ++first_;
  changes_ -= change(kind, case_of(text[first_]));
}

void CaseChanges::pop_back(std::string_view text) {
  const char c = text[--end_];
  const uint8_t kind = case_of(c);
  uncount(kind);
  if (begin_ < end_) case_changes_ -= redactd::changes_case(text[end_ - 1], c);
  if (kind == kOther || !holds_any()) return;
  --last_;
  while (case_of(text[last_]) == kOther) --last_;
  changes_ -= change(case_of(text[last_]), kind);
}

bool CaseChanges::is_mixed() const {
  if (digits_ > 0) return letters_ > 0;
  return end_ - begin_ >= kShortestRandomLetters && changes_case_often();
}

bool CaseChanges::is_scrambled() const {
  return redactd::is_scrambled(changes_, digits_ + letters_);
}

bool CaseChanges::changes_case_often() const { return is_often(case_changes_, end_ - begin_); }

template class MovingWindow<ByteCounts>;
template class MovingWindow<CaseChanges>;

bool JwtHeaders::is_jwt(std::string_view text, size_t begin, size_t end, size_t& work) {
  if (!decode_base64(text.substr(begin, std::min<size_t>(end - begin, 2)), 1).starts_with('{'))
    return false;
  end = std::min(end, begin + (kHeaderBytes * kGroup + kBytesOfGroup - 1) / kBytesOfGroup);
  Plain& plain = plain_[begin % kGroup];
  const bool known = plain.begin <= begin && begin < plain.end;
  size_t from = begin;
  if (known && plain.end > begin + kLongestMember)
    from += (plain.end - begin - kLongestMember) / kGroup * kGroup;
  const SecretText header = decode_base64(text.substr(from, end - from),
                                          kHeaderBytes - (from - begin) / kGroup * kBytesOfGroup);
  work += header.size() + kGroup;
  if (holds_member(header)) return true;
  const size_t decoded = from + header.size() * kGroup / kBytesOfGroup;
  plain = {known ? plain.begin : begin, std::max(known ? plain.end : 0, decoded)};
  return false;
}

}  // namespace redactd
