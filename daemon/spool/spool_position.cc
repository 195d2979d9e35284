#include "daemon/spool/spool_position.h"

#include <array>
#include <cstring>
#include <string_view>

#include "daemon/spool/crc32c.h"

namespace redactd {
namespace {

struct Slot {
  uint64_t record = 0;
  uint32_t crc = 0;
  uint32_t zero = 0;
};
constexpr uint64_t kSlotDistance = 512;  // a sector: a torn write spares the other slot

uint32_t crc_of(uint64_t record) {
  return crc32c({reinterpret_cast<const char*>(&record), sizeof record}, 1);
}

}  // namespace

SpoolPosition::SpoolPosition(SpoolDirectory& directory, bool exists) : directory_(directory) {
  if (!exists) return;
  file_ = directory.open(kName);
  for (unsigned i = 0; i < 2; ++i) {
    std::array<char, sizeof(Slot)> bytes;
    if (file_->read(i * kSlotDistance, bytes) < bytes.size()) break;
    Slot slot;
    std::memcpy(&slot, bytes.data(), sizeof slot);
    if (slot.crc != crc_of(slot.record) || slot.record < record_) continue;
    record_ = slot.record;
    slot_ = 1 - i;
  }
}

void SpoolPosition::save(uint64_t record) {
  if (!file_) file_ = directory_.create(kName);
  Slot slot{record, crc_of(record), 0};
  std::string_view bytes(reinterpret_cast<const char*>(&slot), sizeof slot);
  file_->write(slot_ * kSlotDistance, {&bytes, 1});
  record_ = record;
  slot_ = 1 - slot_;
}

}  // namespace redactd
