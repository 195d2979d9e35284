#include "daemon/spool/batch_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "daemon/spool/crc32c.h"
#include "daemon/spool/deliveries.h"

namespace redactd::test {
namespace {

constexpr uint64_t kSalt = 0x0123456789abcdef;
using Result = ReadBatch::Result;

Encoded encoded(const std::vector<std::string>& records) {
  Encoded all;
  for (const std::string& record : records) {
    all.bytes += record;
    all.ends.push_back(static_cast<uint32_t>(all.bytes.size()));
  }
  return all;
}

std::string stored(uint64_t first, const std::vector<std::string>& records, uint64_t salt = kSalt) {
  Encoded all = encoded(records);
  return encode_batch_head(first, 7, Framing::newline, all, salt) + all.bytes;
}

TEST(Crc32c, IsThatOfTheStandard) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720 B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
}

TEST(Crc32c, GoesOnFromWhereItWasAndIsTheSameWithoutTheInstruction) {
  std::mt19937 random(1);
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(random());
  for (size_t cut = 0; cut <= bytes.size(); cut += 7) {
    uint32_t before = crc32c(bytes.substr(0, cut));
    EXPECT_EQ(crc32c_portable(bytes.substr(0, cut)), before);
    EXPECT_EQ(crc32c(bytes.substr(cut), before), crc32c(bytes));
    EXPECT_EQ(crc32c_portable(bytes.substr(cut), before), crc32c(bytes));
  }
}

TEST(BatchCodec, ReadsWhatItWrote) {
  std::string bytes = stored(41, {"one\n", "two\n", "three\n"});
  EXPECT_EQ(bytes.size(), stored_size(encoded({"one\n", "two\n", "three\n"})));
  ReadBatch read = read_batch(bytes + "what follows", kSalt);
  ASSERT_EQ(read.result, Result::whole);
  EXPECT_EQ(read.size, bytes.size());
  EXPECT_EQ(read.batch.first, 41u);
  EXPECT_EQ(read.batch.end(), 44u);
  EXPECT_EQ(read.batch.stream, 7u);
  EXPECT_EQ(read.batch.framing, Framing::newline);
  EXPECT_EQ(read.batch.encoded.bytes, "one\ntwo\nthree\n");
  EXPECT_EQ(read.batch.encoded.ends, (std::vector<uint32_t>{4, 8, 14}));
}

TEST(BatchCodec, AsksForMoreUntilTheBatchIsWhole) {
  std::string bytes = stored(0, {"one\n", "two\n"});
  for (size_t size = 0; size < bytes.size(); ++size) {
    ReadBatch read = read_batch(std::string_view(bytes).substr(0, size), kSalt);
    ASSERT_EQ(read.result, Result::short_) << size;
    EXPECT_EQ(read.size, size < kBatchHeaderBytes ? kBatchHeaderBytes : bytes.size());
  }
}

TEST(BatchCodec, FindsEveryFlippedBit) {
  const std::string bytes = stored(5, {"a record of some length\n", "another\n"});
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ReadBatch read = read_batch(flipped, kSalt);
    ASSERT_EQ(read.result, Result::damaged) << "bit " << bit;
    // Damage in the records alone does not hide where the next batch begins.
    EXPECT_EQ(read.size, bit / 8 < kBatchHeaderBytes ? 0 : bytes.size());
  }
}

TEST(BatchCodec, TakesNoBatchOfAnotherSegment) {
  EXPECT_EQ(read_batch(stored(0, {"x\n"}, kSalt + 1), kSalt).result, Result::damaged);
}

TEST(BatchCodec, FindsTheNextBatchBehindDamage) {
  std::string next = stored(9, {"next\n"});
  for (const std::string& damage : {std::string(1, 'R'), std::string("RSRSB1RS"),
                                    std::string(1000, '\0'), stored(0, {"x\n"}, kSalt + 1)}) {
    EXPECT_EQ(find_batch(damage + next, 0, kSalt), damage.size());
    EXPECT_EQ(find_batch(damage + next + "more", 1, kSalt), damage.size());
  }
  EXPECT_EQ(find_batch(std::string(500, 'x'), 0, kSalt), std::string::npos);
  EXPECT_EQ(find_batch(std::string(500, 'x') + next.substr(0, 3), 0, kSalt), 500u);  // cut off
}

TEST(BatchCodec, IsNotFooledByARecordThatLooksLikeABatch) {
  // Whoever writes the log does not know the segment's salt.
  std::string forged = stored(0, {"forged\n"}, 0);
  std::string bytes = stored(0, {"a", forged, "b"});
  bytes[0] = '!';
  EXPECT_EQ(find_batch(bytes, 0, kSalt), std::string::npos);
}

TEST(Deliveries, KnowsUpToWhereAllIsAcknowledged) {
  Deliveries deliveries;
  EXPECT_EQ(deliveries.acknowledged_before(10), 10u);
  uint64_t a = deliveries.open(10);
  uint64_t b = deliveries.open(12);
  uint64_t c = deliveries.open(15);
  EXPECT_EQ(deliveries.acknowledged_before(20), 10u);
  deliveries.acknowledge(b);
  EXPECT_EQ(deliveries.acknowledged_before(20), 10u);
  deliveries.acknowledge(a);
  EXPECT_EQ(deliveries.acknowledged_before(20), 15u);
  deliveries.acknowledge(c);
  EXPECT_EQ(deliveries.acknowledged_before(20), 20u);
  EXPECT_EQ(deliveries.open(20), 3u);
  EXPECT_EQ(deliveries.acknowledged_before(25), 20u);
}

}  // namespace
}  // namespace redactd::test
