#include "filters/spans/encoded_digits.h"

#include <algorithm>

#include "filters/give_back.h"
#include "filters/spans/extent.h"
#include "filters/spans/plain_digits.h"

namespace redactd {
namespace {

constexpr size_t kUnitsAfter = 64;  // the rest of a core, and the first bytes of a key

}  // namespace

size_t EncodedDigits::move_to(std::string_view text, size_t hit, TextEncoding encoding) {
  encoding_ = encoding;
  const bool near = units_ && units_->size() < kMostHeld && hit >= units_->begin_of(hit_);
  const size_t number = near ? units_->number_of(hit) : kNone;
  if (number != kNone) {
    const size_t held = units_->size();
    first_new_ = std::max(hit_, number - std::min(number, kDigitsToHit));
    hit_ = number;
    units_->extend(hit_ + kUnitsAfter - std::min(held, hit_ + kUnitsAfter));
    return units_->size() - held;
  }
  units_.emplace(text, hit, encoding, kUnitsBefore, kUnitsAfter);
  for (SecretText& bytes : bytes_) bytes.clear();
  hit_ = units_->before();
  first_new_ = hit_ - std::min(hit_, kDigitsToHit);
  return units_->size();
}

void EncodedDigits::trim() {
  units_.reset();
  near_ = {};
  for (SecretText& bytes : bytes_) give_back(bytes);
}

size_t EncodedDigits::window_begin() const { return hit_ - std::min(hit_, kUnitsBefore); }

EncodedText& EncodedDigits::around() {
  units_->around(hit_, kUnitsBefore, kUnitsAfter, near_);
  return near_;
}

std::string_view EncodedDigits::decoded(size_t phase) const {
  const size_t first = window_begin() + phase;
  const size_t from = first % group_of(encoding_);
  const size_t end = std::min(units_->size(), hit_ + kUnitsAfter);
  const std::string_view bytes = bytes_[from];
  return bytes.substr(units_->first_byte(from, first), units_->whole_bytes(end - first));
}

}  // namespace redactd
