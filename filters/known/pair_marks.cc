#include "filters/known/pair_marks.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace redactd {
namespace {

constexpr unsigned kParts = 16;

/// Halves of bytes, a bit for each.
struct Halves {
  unsigned high = 0;
  unsigned low = 0;
};
constexpr unsigned kAll = 0xffff;
constexpr Halves kAny{kAll, kAll};
constexpr Halves kDigit{1 << 3, 0x03ff};
constexpr Halves kLower{3 << 6, kAll};
constexpr Halves kPastHex{1 << 4 | 1 << 6, 0xff80};               // G-O, g-o
constexpr Halves kUpperOrPtoZ{1 << 4 | 1 << 5 | 1 << 7, 0x07ff};  // A-J, P-Z, p-z
constexpr Halves kUpper{3 << 4, 0x07ff};                          // A-J, P-Z
struct Part {
  Halves first;
  Halves second;
};
/// The rarest in logs first.
constexpr Part kFixed[] = {
    {kAny, {1 << 2, 1 << 5 | 1 << 6}},                               // % and &
    {kAny, {1 << 5, 1 << 12}},                                       // backslash
    {kDigit, kPastHex},                                              //
    {kAny, {1 << 2, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 10 | 1 << 11}},  // !#$*+
    {kPastHex, kDigit},                                              //
    {{1 << 3, 1 << 3 | 1 << 6}, {1 << 3, 1 << 3 | 1 << 6}},          // text in hexadecimal
    {kDigit, kUpperOrPtoZ},                                          //
    {kUpperOrPtoZ, kDigit},                                          //
    {kLower, kUpper},                                                //
    {{1 << 6, 0x007e}, kDigit},                                      // a-f: hexadecimal
};
constexpr unsigned kFixedParts = std::size(kFixed);
static_assert(kFixedParts < kParts);

/// How often each byte stands in logs, in 10,000: of 16 kinds (loghub), rounded. It decides only
/// what is quick.
constexpr std::array<uint16_t, 256> kCommon = [] {
  std::array<uint16_t, 256> common = {};
  common.fill(1);
  constexpr uint16_t kPrintable[] = {520, 1,   749, 4,   2,   1,   1,   1,
                                     11,  11,  4,   2,   184, 179, 217, 80,  //  !"#$%&'()*+,-./
                                     401, 362, 308, 196, 195, 208, 198, 172,
                                     175, 167, 374, 5,   1,   31,  1,   1,  // 0-9:;<=>?
                                     8,   24,  9,   20,  21,  45,  19,  18,
                                     15,  48,  7,   6,   13,  32,  35,  27,  // @A-O
                                     19,  1,   40,  42,  63,  18,  9,   13,
                                     3,   6,   21,  32,  3,   36,  1,   57,  // P-Z[\]^_
                                     1,   356, 101, 215, 245, 645, 93,  94,
                                     80,  238, 6,   55,  166, 157, 235, 280,  // `a-o
                                     146, 19,  272, 302, 362, 137, 78,  21,
                                     36,  41,  4,   43,  4,   43,  1};  // p-z{|}~
  for (size_t i = 0; i < std::size(kPrintable); ++i) common[0x20 + i] = kPrintable[i];
  return common;
}();

/// How common the bytes of a part would be together with these.
uint64_t common(const PairMarks::Byte& bytes, unsigned part, Halves more) {
  uint64_t sum = 0;
  for (unsigned high = 0; high < 16; ++high) {
    if (((bytes.high[high] >> part | more.high >> high) & 1) == 0) continue;
    for (unsigned low = 0; low < 16; ++low) {
      if (((bytes.low[low] >> part | more.low >> low) & 1) != 0) sum += kCommon[high * 16 + low];
    }
  }
  return sum;
}

void put(PairMarks::Byte& bytes, unsigned part, Halves halves) {
  for (unsigned half = 0; half < 16; ++half) {
    bytes.high[half] |= static_cast<uint16_t>((halves.high >> half & 1) << part);
    bytes.low[half] |= static_cast<uint16_t>((halves.low >> half & 1) << part);
  }
}

Halves halves_of(char c) {
  auto byte = static_cast<unsigned char>(c);
  return {1u << (byte >> 4), 1u << (byte & 15)};
}

}  // namespace

PairMarks::PairMarks() {
  for (unsigned part = 0; part < kFixedParts; ++part) {
    put(first_, part, kFixed[part].first);
    put(second_, part, kFixed[part].second);
  }
}

void PairMarks::cover(std::string_view text, size_t gram) {
  unsigned parts = 0;
  for (size_t i = 0; i + gram <= text.size(); ++i) parts |= parts_of(text.data() + i);
  if (parts == 0) return widen(text, gram);
  needed_ |= parts & (~parts + 1);
}

/// Puts the pair of `text` into the set that makes it the least more common.
void PairMarks::widen(std::string_view text, size_t gram) {
  struct {
    uint64_t growth = std::numeric_limits<uint64_t>::max();
    unsigned part = 0;
    Halves first = {};
    Halves second = {};
  } best;
  for (unsigned part = kFixedParts; part < kParts; ++part) {
    for (size_t i = 0; i + gram <= text.size(); ++i) {
      Halves first = halves_of(text[i]);
      Halves second = halves_of(text[i + 1]);
      uint64_t growth = common(first_, part, first) * common(second_, part, second) -
                        common(first_, part, {}) * common(second_, part, {});
      if (growth < best.growth) best = {growth, part, first, second};
    }
  }
  put(first_, best.part, best.first);
  put(second_, best.part, best.second);
  needed_ |= 1u << best.part;
}

void PairMarks::build() {
  auto needed = static_cast<uint16_t>(needed_);
  for (uint16_t& parts : first_.high) parts &= needed;
  for (unsigned byte = 0; byte < 256; ++byte) {
    first_parts_[byte] = static_cast<uint16_t>(first_.parts(static_cast<char>(byte)));
    second_parts_[byte] = static_cast<uint16_t>(second_.parts(static_cast<char>(byte)));
  }
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
      __builtin_cpu_supports("popcnt")) {
    find_ = find_avx2;
  }
#endif
}

size_t PairMarks::rarest(std::string_view text, size_t gram) const {
  size_t place = 0;
  std::pair<int, unsigned> rarest(std::numeric_limits<int>::max(), 0);  // part, how common
  for (size_t i = 0; i + gram <= text.size(); ++i) {
    unsigned parts = parts_of(text.data() + i);
    if (parts == 0) continue;
    unsigned common = 0;
    for (char c : text.substr(i, gram)) common += kCommon[static_cast<unsigned char>(c)];
    std::pair<int, unsigned> here(std::countr_zero(parts), common);
    if (here >= rarest) continue;
    rarest = here;
    place = i;
  }
  return place;
}

size_t PairMarks::find_portable(const PairMarks& marks, const char* text, size_t size,
                                Places& places) {
  auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  size_t count = 0;
  for (size_t i = 0; i < size; ++i) {
    places[count] = static_cast<uint16_t>(i);
    count += (marks.first_parts_[byte(i)] & marks.second_parts_[byte(i + 1)]) != 0 ? 1 : 0;
  }
  return count;
}

#if defined(__x86_64__)

// A byte of a table holds eight parts, so there are two of each.

#define REDACTD_AVX2 __attribute__((target("avx2,bmi,popcnt")))

namespace {

struct Tables {
  __m256i high[2];
  __m256i low[2];
};

REDACTD_AVX2 __m256i table_of(const std::array<uint16_t, 16>& parts, unsigned eight) {
  alignas(16) std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(parts[i] >> eight * 8);
  return _mm256_broadcastsi128_si256(
      _mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data())));
}

REDACTD_AVX2 Tables tables_of(const PairMarks::Byte& byte) {
  return {{table_of(byte.high, 0), table_of(byte.high, 1)},
          {table_of(byte.low, 0), table_of(byte.low, 1)}};
}

/// A bit for each of the 32 places where a pair begins.
REDACTD_AVX2 inline uint32_t pairs_at(const char* text, const Tables& first, const Tables& second) {
  const __m256i half = _mm256_set1_epi8(15);
  __m256i here = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
  __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 1));
  __m256i here_low = _mm256_and_si256(here, half);
  __m256i next_low = _mm256_and_si256(next, half);
  __m256i here_high = _mm256_and_si256(_mm256_srli_epi16(here, 4), half);
  __m256i next_high = _mm256_and_si256(_mm256_srli_epi16(next, 4), half);
  __m256i parts[2];
  for (int i = 0; i < 2; ++i) {
    parts[i] = _mm256_and_si256(_mm256_and_si256(_mm256_shuffle_epi8(first.high[i], here_high),
                                                 _mm256_shuffle_epi8(first.low[i], here_low)),
                                _mm256_and_si256(_mm256_shuffle_epi8(second.high[i], next_high),
                                                 _mm256_shuffle_epi8(second.low[i], next_low)));
  }
  __m256i none = _mm256_cmpeq_epi8(_mm256_or_si256(parts[0], parts[1]), _mm256_setzero_si256());
  return ~static_cast<uint32_t>(_mm256_movemask_epi8(none));
}

}  // namespace

REDACTD_AVX2 size_t PairMarks::find_avx2(const PairMarks& marks, const char* text, size_t size,
                                         Places& places) {
  constexpr size_t kAtOnce = 4;  // written without asking: most words have fewer
  const Tables first = tables_of(marks.first_);
  const Tables second = tables_of(marks.second_);
  size_t count = 0;
  for (size_t at = 0; at < size; at += 64) {
    uint64_t found = pairs_at(text + at, first, second) |
                     uint64_t{pairs_at(text + at + 32, first, second)} << 32;
    if (size - at < 64) found &= (uint64_t{1} << (size - at)) - 1;
    uint16_t* out = places.data() + count;
    count += static_cast<size_t>(_mm_popcnt_u64(found));
    do {
      for (size_t i = 0; i < kAtOnce; ++i, found = _blsr_u64(found))
        out[i] = static_cast<uint16_t>(at + _tzcnt_u64(found));
      out += kAtOnce;
    } while (found != 0);
  }
  return count;
}

#endif

}  // namespace redactd
