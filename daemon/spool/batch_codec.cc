#include "daemon/spool/batch_codec.h"

#include <bit>
#include <cstring>

#include "daemon/spool/crc32c.h"

namespace redactd {
namespace {

static_assert(std::endian::native == std::endian::little, "the numbers would have to be swapped");

constexpr std::string_view kMagic = "RSB1";
constexpr size_t kSumsFrom = 8;  // what the header's CRC is of

struct Header {
  uint32_t payload_crc = 0;
  uint32_t payload_size = 0;
  uint64_t first = 0;
  uint64_t stream = 0;
  uint32_t records = 0;
  uint32_t framing = 0;
};
static_assert(sizeof(Header) == kBatchHeaderBytes - kSumsFrom);

std::string_view bytes_of(const Header& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

uint32_t header_crc(std::string_view header, uint64_t salt) {
  return crc32c(header, crc32c({reinterpret_cast<const char*>(&salt), sizeof salt}));
}

/// Whether a sound header stands there, of which there are enough bytes.
bool read_header(std::string_view bytes, uint64_t salt, Header& header) {
  if (!bytes.starts_with(kMagic)) return false;
  uint32_t crc;
  std::memcpy(&crc, bytes.data() + kMagic.size(), sizeof crc);
  std::memcpy(&header, bytes.data() + kSumsFrom, sizeof header);
  return crc == header_crc(bytes_of(header), salt);
}

bool sound(const StoredBatch& batch) {
  uint32_t before = 0;
  for (uint32_t end : batch.encoded.ends) {
    if (end <= before) return false;
    before = end;
  }
  return before == batch.encoded.bytes.size();
}

/// False when it contradicts itself, though its CRC is right.
bool read_payload(const Header& header, std::string_view payload, StoredBatch& batch) {
  if (header.records == 0 || header.records > payload.size() / sizeof(uint32_t)) return false;
  if (header.framing > static_cast<uint32_t>(Framing::nul)) return false;
  batch.first = header.first;
  batch.stream = header.stream;
  batch.framing = static_cast<Framing>(header.framing);
  batch.encoded.ends.resize(header.records);
  size_t ends_bytes = header.records * sizeof(uint32_t);
  std::memcpy(batch.encoded.ends.data(), payload.data(), ends_bytes);
  batch.encoded.bytes = payload.substr(ends_bytes);
  return batch.framing != Framing::automatic && sound(batch);
}

}  // namespace

std::string encode_batch_head(uint64_t first, uint64_t stream, Framing framing,
                              const Encoded& encoded, uint64_t salt) {
  std::string_view ends(reinterpret_cast<const char*>(encoded.ends.data()),
                        encoded.ends.size() * sizeof(uint32_t));
  Header header;
  header.payload_crc = crc32c(encoded.bytes, crc32c(ends));
  header.payload_size = static_cast<uint32_t>(ends.size() + encoded.bytes.size());
  header.first = first;
  header.stream = stream;
  header.records = static_cast<uint32_t>(encoded.ends.size());
  header.framing = static_cast<uint32_t>(framing);
  uint32_t crc = header_crc(bytes_of(header), salt);
  std::string head(kMagic);
  head.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  head += bytes_of(header);
  head += ends;
  return head;
}

ReadBatch read_batch(std::string_view bytes, uint64_t salt) {
  ReadBatch read;
  std::string_view magic = kMagic.substr(0, bytes.size());
  if (bytes.size() < kBatchHeaderBytes) {
    read.result = bytes.starts_with(magic) ? ReadBatch::Result::short_ : ReadBatch::Result::damaged;
    if (read.result == ReadBatch::Result::short_) read.size = kBatchHeaderBytes;
    return read;
  }
  Header header;
  if (!read_header(bytes, salt, header)) return read;
  read.size = kBatchHeaderBytes + header.payload_size;
  if (bytes.size() < read.size) {
    read.result = ReadBatch::Result::short_;
    return read;
  }
  std::string_view payload = bytes.substr(kBatchHeaderBytes, header.payload_size);
  if (crc32c(payload) == header.payload_crc && read_payload(header, payload, read.batch))
    read.result = ReadBatch::Result::whole;
  return read;
}

size_t find_batch(std::string_view bytes, size_t from, uint64_t salt) {
  Header ignored;
  for (size_t at = bytes.find(kMagic[0], from); at != std::string_view::npos;
       at = bytes.find(kMagic[0], at + 1)) {
    std::string_view rest = bytes.substr(at);
    if (!rest.starts_with(kMagic.substr(0, rest.size()))) continue;
    if (rest.size() < kBatchHeaderBytes || read_header(rest, salt, ignored)) return at;
  }
  return std::string_view::npos;
}

}  // namespace redactd
