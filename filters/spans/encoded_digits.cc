#include "filters/spans/encoded_digits.h"

namespace redactd {

size_t EncodedDigits::move_to(std::string_view text, size_t hit, TextEncoding encoding) {
  encoding_ = encoding;
  const bool near =
      looked_until_ != 0 && hit <= units_.begin_of(units_.size()) && hit >= units_.begin_of(0);
  if (!near) {
    units_.read(text, hit, encoding, kUnitsBefore, kAhead);
    forget_decoded();
    next_ = units_.before() - std::min(units_.before(), kDigitsToHit);
    next_ = std::max(next_, units_.first_from(looked_until_));
    return units_.size();
  }
  const size_t needed = units_.first_from(hit) + kDigitsInRun + kDigitsOfCore;
  if (units_.ends() || needed <= units_.size()) return 0;
  if (units_.size() > kMostHeld) {
    const size_t groups = (next_ - std::min(next_, kUnitsBefore)) / group_of(encoding);
    units_.drop_front(groups);
    next_ -= groups * group_of(encoding);
    forget_decoded();
  }
  const size_t held = units_.size();
  units_.extend(kAhead);
  return units_.size() - held;
}

void EncodedDigits::pass(size_t place) {
  const size_t unit = units_.first_from(place);
  next_ = std::max(next_, unit - std::min(unit, kDigitsToHit));
  looked_until_ = units_.begin_of(next_);
}

void EncodedDigits::trim() {
  forget();
  units_ = {};
  for (DecodedText& text : decoded_) text.trim();
}

}  // namespace redactd
