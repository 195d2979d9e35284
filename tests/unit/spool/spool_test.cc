// The spool on a disk that fails in every way.

#include "daemon/spool/spool.h"

#include <gtest/gtest.h>

#include <random>
#include <system_error>
#include <vector>

#include "tests/testing/fake_disk.h"
#include "tests/testing/numbered.h"

namespace redactd::test {
namespace {

using Numbers = std::vector<uint64_t>;

Numbers from_to(uint64_t from, uint64_t to) {
  Numbers numbers;
  for (uint64_t i = from; i < to; ++i) numbers.push_back(i);
  return numbers;
}

struct SpoolTest : ::testing::Test {
  SpoolTest() {
    config.directory = "/spool";
    config.segment_size = 1000;
    config.max_size = 1 << 20;
    config.fsync = SpoolConfig::Fsync::always;
    open();
  }
  void open() {
    spool.reset();
    spool.emplace(std::make_unique<FakeDirectory>(disk), config);
    damaged_ = dropped_ = 0;
  }
  uint64_t damaged() { return damaged_ += spool->take_damaged_records(); }
  uint64_t dropped() { return dropped_ += spool->take_dropped_records(); }
  void append(size_t count = 3) {
    spool->append(numbered(spool->next_record(), count), 1, Framing::newline);
  }
  void append_synced(size_t batches, size_t count = 3) {
    for (size_t i = 0; i < batches; ++i) {
      append(count);
      spool->sync();
    }
  }
  Numbers read_all() {
    Numbers numbers;
    while (auto batch = spool->read()) {
      EXPECT_EQ(batch->stream, 1u);
      EXPECT_TRUE(numbers_of(batch->encoded, numbers));
    }
    return numbers;
  }
  size_t segments() const {
    size_t count = 0;
    for (const auto& [name, file] : disk.files) count += name.ends_with(".segment") ? 1 : 0;
    return count;
  }
  FakeDisk::File& segment(size_t number) {
    for (const auto& [name, file] : disk.files)
      if (name.ends_with(".segment") && number-- == 0) return *file;
    throw std::out_of_range("no such segment");
  }

  FakeDisk disk;
  SpoolConfig config;
  std::optional<Spool> spool;
  uint64_t damaged_ = 0;
  uint64_t dropped_ = 0;
};

TEST_F(SpoolTest, GivesBackInOrderWhatWasPutIn) {
  append_synced(50);
  EXPECT_EQ(spool->safe_before(), 150u);
  EXPECT_EQ(read_all(), from_to(0, 150));
  EXPECT_TRUE(spool->all_read());
  EXPECT_GT(segments(), 3u);
  append_synced(1);
  EXPECT_EQ(read_all(), from_to(150, 153));
}

TEST_F(SpoolTest, IsReadOnFromTheFirstThatIsNotAcknowledgedAfterARestart) {
  append_synced(50);
  read_all();
  spool->set_position(60);
  spool->save_position();
  open();
  EXPECT_EQ(spool->replayed_before(), 150u);
  EXPECT_EQ(read_all(), from_to(60, 150));
  append_synced(1);
  EXPECT_EQ(read_all(), from_to(150, 153));
  EXPECT_EQ(damaged(), 0u);
}

TEST_F(SpoolTest, WhatIsPassedOnFromMemoryIsNotReadAgain) {
  append_synced(3);
  read_all();
  for (int i = 0; i < 5; ++i) {
    append_synced(1);
    spool->pass_last();
  }
  append_synced(2);
  EXPECT_EQ(read_all(), from_to(24, 30));
  EXPECT_EQ(damaged(), 0u);
  open();
  EXPECT_EQ(read_all(), from_to(0, 30));
}

TEST_F(SpoolTest, SegmentsGoWhenTheyAreAcknowledged) {
  append_synced(50);
  const size_t before = segments();
  read_all();
  spool->set_position(100);
  spool->remove_acknowledged();
  EXPECT_LT(segments(), before);
  EXPECT_EQ(spool->bytes(), disk.used());
  spool->set_position(150);
  spool->remove_acknowledged();
  EXPECT_EQ(segments(), 1u);  // the one that is written
  spool->remove_acknowledged(true);
  EXPECT_EQ(segments(), 0u);
  EXPECT_EQ(spool->bytes(), 0u);
  append_synced(1);
  EXPECT_EQ(read_all(), from_to(150, 153));
}

TEST_F(SpoolTest, NumbersGoOnAfterAllWasAcknowledged) {
  append_synced(10);
  read_all();
  spool->set_position(30);
  spool->save_position();
  spool->remove_acknowledged(true);
  open();
  EXPECT_EQ(spool->next_record(), 30u);
  EXPECT_TRUE(spool->all_read());
}

TEST_F(SpoolTest, BlocksWhenItIsFullUntilASegmentIsAcknowledged) {
  config.max_size = 2000;
  open();
  while (spool->make_room(stored_size(*numbered(0, 3)))) append_synced(1);
  EXPECT_LE(spool->bytes(), 2000u);
  EXPECT_GT(spool->bytes(), 1800u);
  uint64_t next = spool->next_record();
  EXPECT_EQ(read_all(), from_to(0, next));
  spool->set_position(next / 2 + 3);
  EXPECT_TRUE(spool->make_room(stored_size(*numbered(0, 3))));
  EXPECT_EQ(dropped(), 0u);
}

TEST_F(SpoolTest, IsFullAtItsCapToTheByteAndNotBefore) {
  const size_t batch = stored_size(*numbered(10, 3));
  append_synced(4);  // numbers of one digit
  config.max_size = spool->bytes() + 5 * batch;
  open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(spool->make_room(batch)) << i;
    append_synced(1);
  }
  EXPECT_EQ(spool->bytes(), config.max_size);
  EXPECT_EQ(disk.used(), config.max_size);
  EXPECT_FALSE(spool->make_room(1));
}

TEST_F(SpoolTest, TakesABatchThatIsLargerThanItselfWhenItIsEmpty) {
  config.max_size = 2000;
  open();
  EXPECT_TRUE(spool->make_room(100'000));
  append_synced(1, 3000);
  EXPECT_FALSE(spool->make_room(10));
  read_all();
  spool->set_position(3000);
  EXPECT_TRUE(spool->make_room(10));
}

TEST_F(SpoolTest, DropsTheOldestRecordsAndCountsThem) {
  config.max_size = 2000;
  config.when_full = SpoolConfig::WhenFull::drop_oldest;
  open();
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(spool->make_room(stored_size(*numbered(0, 3))));
    append_synced(1);
    EXPECT_LE(disk.used(), 2000u);
  }
  const uint64_t lost = dropped();
  EXPECT_GT(lost, 200u);
  EXPECT_EQ(read_all(), from_to(lost, 300));
  EXPECT_EQ(damaged(), 0u);
}

TEST_F(SpoolTest, DroppingCountsOnlyWhatWasNotSent) {
  config.max_size = 2000;
  config.when_full = SpoolConfig::WhenFull::drop_oldest;
  open();
  append_synced(5);
  EXPECT_EQ(read_all().size(), 15u);
  for (int i = 0; i < 100 && dropped() == 0; ++i) {
    spool->make_room(200);
    append_synced(1);
  }
  Numbers rest = read_all();
  EXPECT_EQ(rest.front(), 15 + dropped());
  EXPECT_EQ(rest.back() + 1, spool->next_record());
}

// ---- damage

TEST_F(SpoolTest, EveryTornTailIsCutOff) {
  append_synced(1);
  const size_t whole = segment(0).bytes.size();
  append_synced(1);
  const std::string both = segment(0).bytes;
  for (size_t size = whole; size < both.size(); ++size) {
    for (bool zeros : {false, true}) {
      segment(0).bytes = both.substr(0, size);
      if (zeros) segment(0).bytes.append(500, '\0');
      open();
      EXPECT_EQ(spool->torn_bytes(), size - whole + (zeros ? 500 : 0));
      EXPECT_EQ(read_all(), from_to(0, 3)) << size;
      EXPECT_EQ(damaged(), 0u);
      EXPECT_EQ(segment(0).bytes.size(), whole);
    }
  }
}

TEST_F(SpoolTest, EveryFlippedByteLosesItsBatchAloneAndIsCounted) {
  append_synced(3);
  spool.reset();
  const std::string bytes = segment(0).bytes;
  ASSERT_EQ(segments(), 1u);
  open();
  append_synced(1);  // another segment: what is missing at the end of the first is known
  const FakeDisk healthy = disk;
  for (size_t at = 0; at < bytes.size(); ++at) {
    auto file = std::make_shared<FakeDisk::File>();
    file->bytes = bytes;
    file->bytes[at] = static_cast<char>(file->bytes[at] ^ 0x55);
    disk.files = healthy.files;
    disk.files.begin()->second = file;
    open();
    Numbers numbers = read_all();
    Numbers expected;
    size_t hit = at / (bytes.size() / 3);
    for (uint64_t i = 0; i < 12; ++i)
      if (i / 3 != hit) expected.push_back(i);
    ASSERT_EQ(numbers, expected) << at;
    ASSERT_EQ(damaged(), 3u) << at;
  }
}

TEST_F(SpoolTest, DamageIsSteppedOverInEverySegmentAndInTheMiddleOfTheOneThatIsWritten) {
  append_synced(30);
  for (auto& [name, file] : disk.files) file->bytes[file->bytes.size() / 2] ^= 1;
  Numbers numbers = read_all();
  EXPECT_EQ(numbers.size() + damaged(), 90u);
  EXPECT_EQ(damaged(), 3 * segments());
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  EXPECT_TRUE(spool->all_read());
  append_synced(1);
  EXPECT_EQ(read_all(), from_to(90, 93));
}

TEST_F(SpoolTest, AMissingSegmentIsCounted) {
  append_synced(50);
  spool.reset();
  auto second = std::next(disk.files.begin());
  disk.files.erase(second);
  open();
  Numbers numbers = read_all();
  EXPECT_EQ(numbers.size() + damaged(), 150u);
  EXPECT_GT(damaged(), 0u);
}

TEST_F(SpoolTest, FilesOfOthersAreLeftAlone) {
  append_synced(1);
  for (const char* name :
       {"lock", "notes.txt", "0123.segment", "zzzzzzzzzzzzzzzz-0000000000000000.segment"}) {
    disk.files[name] = std::make_shared<FakeDisk::File>();
    disk.files[name]->bytes = "something else";
  }
  open();
  EXPECT_EQ(read_all(), from_to(0, 3));
  EXPECT_EQ(disk.files["notes.txt"]->bytes, "something else");
}

TEST_F(SpoolTest, WithoutAPositionEverythingIsSentAgain) {
  append_synced(10);
  read_all();
  spool->set_position(12);
  spool->save_position();
  for (char& byte : disk.files["position"]->bytes) byte = static_cast<char>(byte ^ 1);
  open();
  EXPECT_EQ(read_all(), from_to(0, 30));
}

TEST_F(SpoolTest, ATornPositionLeavesTheOneBefore) {
  append_synced(10);
  read_all();
  for (uint64_t position : {6, 12}) {
    spool->set_position(position);
    spool->save_position();
  }
  std::string& bytes = disk.files["position"]->bytes;
  bytes[bytes.size() - 10] ^= 1;  // the slot that was written last
  open();
  EXPECT_EQ(read_all(), from_to(6, 30));
}

// ---- errors and power cuts

TEST_F(SpoolTest, ADiskThatIsFullTakesNothingAndIsGoneOnWithWhenThereIsSpaceAgain) {
  append_synced(2);
  disk.space = disk.used() + 100;
  uint64_t next = spool->next_record();
  for (int i = 0; i < 5; ++i) EXPECT_THROW(append_synced(1), std::system_error);
  EXPECT_EQ(spool->next_record(), next);
  disk.space = std::string::npos;
  append_synced(2);
  EXPECT_EQ(read_all(), from_to(0, next + 6));
  open();
  EXPECT_EQ(read_all(), from_to(0, next + 6));
  EXPECT_EQ(damaged(), 0u);
}

/// Does something again until it works.
template <typename Act>
void insist(Act act) {
  for (int i = 0; i < 100; ++i) {
    try {
      return act();
    } catch (const std::system_error&) {
    }
  }
  FAIL() << "it never worked";
}

/// Fails at each operation in turn, once or for some time, and goes on.
TEST_F(SpoolTest, AfterAnErrorAtAnyOperationNothingIsLostAndTheOrderIsKept) {
  for (auto fsync : {SpoolConfig::Fsync::always, SpoolConfig::Fsync::never}) {
    for (size_t at = 0; at < 90; ++at) {
      for (bool stays : {false, true}) {
        disk = {};
        config.fsync = fsync;
        config.segment_size = 400;
        open();
        disk.fail_in = at;
        disk.stays_broken = stays;
        Numbers read;
        for (int i = 0; i < 12; ++i) {
          int tries = 0;
          insist([&] {
            if (++tries > 3) disk.fail_in = std::string::npos;  // it works again
            append(2);
          });
          tries = 0;
          insist([&] {
            if (++tries > 3) disk.fail_in = std::string::npos;
            spool->sync();
          });
          EXPECT_EQ(spool->safe_before(), spool->next_record());
          insist([&] {
            if (++tries > 5) disk.fail_in = std::string::npos;
            while (auto batch = spool->read()) ASSERT_TRUE(numbers_of(batch->encoded, read));
          });
        }
        disk.fail_in = std::string::npos;
        ASSERT_EQ(read, from_to(0, 24)) << "operation " << at;
        ASSERT_EQ(damaged(), 0u);
        open();
        Numbers again = read_all();
        again.erase(std::unique(again.begin(), again.end()), again.end());
        std::sort(again.begin(), again.end());
        again.erase(std::unique(again.begin(), again.end()), again.end());
        ASSERT_EQ(again, from_to(0, 24)) << "operation " << at;
      }
    }
  }
}

/// What was synced is there after the power comes back, and what is there is in order.
TEST_F(SpoolTest, APowerCutLosesNothingThatWasSynced) {
  std::mt19937 random(5);
  for (int round = 0; round < 2000; ++round) {
    disk = {};
    config.segment_size = 500;
    open();
    uint64_t acknowledged = 0;
    if (random() % 3 == 0) {
      disk.fail_in = random() % 60;
      disk.stays_broken = random() % 4 == 0;
    }
    for (int life = 0; life < 3; ++life) {
      uint64_t safe = spool->safe_before();
      for (size_t i = random() % 20; i > 0; --i) {
        try {
          append(random() % 4 + 1);
          if (random() % 2 == 0) spool->sync();
          if (random() % 3 == 0) {
            spool->read();
            spool->set_position(spool->cursor());
            spool->save_position();
            spool->remove_acknowledged(random() % 3 == 0);
          }
        } catch (const std::system_error&) {
        }
        safe = std::max(safe, spool->safe_before());
        acknowledged = std::max(acknowledged, spool->position());
      }
      spool.reset();
      disk.cut_power(random);
      open();
      Numbers numbers = read_all();
      std::sort(numbers.begin(), numbers.end());  // where a sync failed, some come twice
      numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
      for (uint64_t i = acknowledged; i < safe; ++i)
        ASSERT_TRUE(std::binary_search(numbers.begin(), numbers.end(), i))
            << "round " << round << ": " << i << " is lost, safe " << safe;
    }
  }
}

TEST_F(SpoolTest, ASegmentThatCannotBeReadIsGivenUp) {
  append_synced(30);
  disk.fail_in = 0;
  disk.stays_broken = true;
  EXPECT_THROW(spool->read(), std::system_error);
  EXPECT_THROW(spool->read(), std::system_error);
  disk.fail_in = std::string::npos;
  spool->give_up_segment();
  Numbers numbers = read_all();
  EXPECT_GT(damaged(), 0u);
  EXPECT_EQ(numbers, from_to(damaged(), 90));
}

}  // namespace
}  // namespace redactd::test
