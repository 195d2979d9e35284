#include "filters/spans/decoded_text.h"

#include "filters/give_back.h"

namespace redactd {

void DecodedText::trim() {
  forget();
  give_back(closed_);
  view_ = {};
  runs_.trim();
}

void DecodedText::read(const EncodedText& units, size_t phase, bool goes_on) {
  const bool was_closed = closed_.size() > size_;
  closed_.resize(size_);
  units.decode(phase, closed_);
  const bool same = known_ && closed_.size() == size_ && was_closed != goes_on;
  size_ = closed_.size();
  if (!goes_on) closed_ += ' ';
  if (same) return;
  known_ = true;
  view_ = RecordView{closed_};
  runs_.forget();
}

}  // namespace redactd
