#pragma once

// How a batch of records stands in a segment of the spool. Pure; numbers are little-endian.
//
//     0  magic          "RSB1"
//     4  header's CRC   of the segment's salt and of what follows up to the payload
//     8  payload's CRC
//    12  payload's size
//    16  number of the first record
//    24  stream
//    32  how many records
//    36  framing        of the records
//    40  payload        where each record ends, 4 bytes each; then the records, with their framing
//
// Behind damage the next batch is looked for by magic and header. The salt is random and stands
// in the segment's name alone: no record can hold what would be taken for a header.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/framing/encoding.h"

namespace redactd {

constexpr size_t kBatchHeaderBytes = 40;

/// Records are numbered from 0 on over the whole life of a spool.
struct StoredBatch {
  uint64_t first = 0;  // number of the first record
  uint64_t stream = 0;
  Framing framing = Framing::newline;
  Encoded encoded;

  uint64_t end() const { return first + encoded.ends.size(); }
};

/// What stands in front of the records' bytes: header and ends. There is at least one record.
std::string encode_batch_head(uint64_t first, uint64_t stream, Framing framing,
                              const Encoded& encoded, uint64_t salt);
/// Of a batch in a segment.
inline size_t stored_size(const Encoded& encoded) {
  return kBatchHeaderBytes + encoded.ends.size() * sizeof(uint32_t) + encoded.bytes.size();
}

struct ReadBatch {
  enum class Result : uint8_t {
    whole,
    short_,   // `size` bytes are needed to say more
    damaged,  // what stands here
  };
  Result result = Result::damaged;
  size_t size = 0;  // of the batch in the segment
  StoredBatch batch;
};
/// The batch that begins with `bytes`, which may go on behind it.
ReadBatch read_batch(std::string_view bytes, uint64_t salt);

/// Where in `bytes`, from `from` on, something stands that may be a header, whole or cut off by
/// the end; npos if nowhere. Takes time linear in the bytes.
size_t find_batch(std::string_view bytes, size_t from, uint64_t salt);

}  // namespace redactd
