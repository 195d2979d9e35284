// A spool that somebody or something has been at: whatever stands in its directory, what comes out
// was put in, nothing of a segment that is whole is lost, and what is missing is told.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "daemon/spool/disk_directory.h"
#include "daemon/spool/spool.h"
#include "tests/testing/fake_disk.h"
#include "tests/testing/numbered.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace fs = std::filesystem;
using Numbers = std::vector<uint64_t>;

constexpr uint64_t kRecords = 36;
constexpr size_t kPerBatch = 3;
constexpr size_t kBatchBytes = kBatchHeaderBytes + kPerBatch * (sizeof(uint32_t) + 29);

/// The numbers from `from` to `to` that stand in `missing` not at all.
Numbers all_but(const std::set<uint64_t>& missing) {
  Numbers numbers;
  for (uint64_t i = 0; i < kRecords; ++i)
    if (!missing.contains(i)) numbers.push_back(i);
  return numbers;
}

struct Left {
  Numbers numbers;
  uint64_t damaged = 0;
  uint64_t torn_bytes = 0;

  uint64_t told() const { return damaged + torn_bytes; }
};

Left read_all(Spool& spool) {
  Left left;
  left.torn_bytes = spool.torn_bytes();
  while (auto batch = spool.read())
    EXPECT_TRUE(numbers_of(batch->encoded, left.numbers)) << "what was never put in";
  left.damaged = spool.take_damaged_records();
  EXPECT_TRUE(spool.all_read());
  return left;
}

/// A spool of four segments of three batches each.
struct SpoolDamageTest : ::testing::Test {
  SpoolDamageTest() {
    config.directory = "/spool";
    config.segment_size = 3 * kBatchBytes;
    config.fsync = SpoolConfig::Fsync::always;
    Spool spool(std::make_unique<FakeDirectory>(disk), config);
    fill(spool);
    for (const auto& [name, file] : disk.files) {
      names.push_back(name);
      contents[name] = file->bytes;
    }
    EXPECT_EQ(names.size(), 4u);
  }

  /// Of one size, whatever its number.
  static std::string record(uint64_t number) {
    const std::string digits = std::to_string(number);
    return "record " + digits + " " + std::string(20 - digits.size(), 'x') + "\n";
  }
  static void fill(Spool& spool) {
    while (spool.next_record() < kRecords) {
      auto records = std::make_shared<Encoded>();
      for (size_t i = 0; i < kPerBatch; ++i) {
        records->bytes += record(spool.next_record() + i);
        records->ends.push_back(static_cast<uint32_t>(records->bytes.size()));
      }
      spool.append(records, 1, Framing::newline);
      spool.sync();
    }
  }
  static std::set<uint64_t> records_of(size_t segment) {
    std::set<uint64_t> numbers;
    for (uint64_t i = 0; i < kRecords / 4; ++i) numbers.insert(segment * kRecords / 4 + i);
    return numbers;
  }

  /// The spool with these files instead.
  Left open_with(const std::map<std::string, std::string>& files) {
    disk.files.clear();
    for (const auto& [name, bytes] : files) {
      disk.files[name] = std::make_shared<FakeDisk::File>();
      disk.files[name]->bytes = bytes;
    }
    Spool spool(std::make_unique<FakeDirectory>(disk), config);
    Left left = read_all(spool);
    spool.append(numbered(spool.next_record(), kPerBatch), 1, Framing::newline);
    EXPECT_TRUE(spool.read().has_value()) << "it does not go on";
    return left;
  }

  /// What is left when this is done to a segment: all of the others, in order, and nothing twice.
  Left damage(size_t segment, const std::function<void(std::string&)>& how) {
    auto files = contents;
    how(files[names[segment]]);
    Left left = open_with(files);
    std::set<uint64_t> came(left.numbers.begin(), left.numbers.end());
    EXPECT_EQ(came.size(), left.numbers.size()) << "twice";
    EXPECT_TRUE(std::is_sorted(left.numbers.begin(), left.numbers.end()));
    const std::set<uint64_t> hit = records_of(segment);
    for (uint64_t i = 0; i < kRecords; ++i)
      EXPECT_TRUE(came.contains(i) || hit.contains(i)) << i << " of a sound segment is lost";
    const bool last = segment + 1 == names.size();
    if (!last) {
      EXPECT_EQ(left.numbers.size() + left.damaged, kRecords) << "lost and not counted";
    }
    const bool between_batches = files[names[segment]].size() % kBatchBytes == 0;
    if (left.numbers.size() < kRecords && !(last && between_batches)) {  // that is no damage
      EXPECT_GT(left.told(), 0u) << "lost and not told";
    }
    return left;
  }

  FakeDisk disk;
  SpoolConfig config;
  std::vector<std::string> names;
  std::map<std::string, std::string> contents;
};

TEST_F(SpoolDamageTest, AnyByteOfAnySegmentFlippedOrZeroOrTakenAwayOrPutIn) {
  for (size_t segment = 0; segment < names.size(); ++segment) {
    const std::string& sound = contents[names[segment]];
    for (size_t at = 0; at < sound.size(); ++at) {
      SCOPED_TRACE("segment " + std::to_string(segment) + ", byte " + std::to_string(at));
      for (unsigned mask : {0x01u, 0x80u, 0xffu}) {
        Left left = damage(segment, [&](std::string& bytes) {
          bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ mask);
        });
        EXPECT_EQ(left.numbers.size(), kRecords - kPerBatch);
      }
      EXPECT_GE(damage(segment, [&](std::string& bytes) { bytes[at] = '\0'; }).numbers.size(),
                kRecords - kPerBatch);
      EXPECT_GE(damage(segment, [&](std::string& bytes) { bytes.erase(at, 1); }).numbers.size(),
                kRecords - kPerBatch);
      EXPECT_GE(
          damage(segment, [&](std::string& bytes) { bytes.insert(at, 1, 'R'); }).numbers.size(),
          kRecords - kPerBatch);
    }
  }
}

TEST_F(SpoolDamageTest, AnySegmentCutOffAnywhereKeepsWhatStandsBeforeTheCut) {
  for (size_t segment = 0; segment < names.size(); ++segment) {
    const size_t size = contents[names[segment]].size();
    for (size_t at = 0; at < size; ++at) {
      SCOPED_TRACE("segment " + std::to_string(segment) + " of " + std::to_string(at) + " bytes");
      const size_t batches = at / kBatchBytes;
      Left left = damage(segment, [&](std::string& bytes) { bytes.resize(at); });
      EXPECT_EQ(left.numbers.size(), kRecords - kRecords / 4 + batches * kPerBatch);
    }
  }
}

TEST_F(SpoolDamageTest, ABatchThatStandsThereTwiceIsSentOnce) {
  for (size_t segment = 0; segment < names.size(); ++segment) {
    Left left = damage(segment, [&](std::string& bytes) {
      bytes.insert(kBatchBytes, bytes.substr(0, kBatchBytes));
      bytes += bytes.substr(0, kBatchBytes);
    });
    EXPECT_EQ(left.numbers, all_but({}));
    EXPECT_EQ(left.told(), 0u);
  }
}

TEST_F(SpoolDamageTest, SegmentsThatHaveChangedTheirNamesAreNeverServed) {
  for (size_t one = 0; one < names.size(); ++one) {
    for (size_t other = one + 1; other < names.size(); ++other) {
      auto files = contents;
      std::swap(files[names[one]], files[names[other]]);
      std::set<uint64_t> missing = records_of(one);
      missing.merge(records_of(other));
      Left left = open_with(files);
      EXPECT_EQ(left.numbers, all_but(missing));
      EXPECT_GE(left.told(), records_of(one).size());
    }
  }
}

TEST_F(SpoolDamageTest, HeadersThatLieAreDamage) {
  auto put = [](std::string& bytes, size_t at, uint64_t number, size_t size) {
    for (size_t i = 0; i < size; ++i, number >>= 8) bytes[at + i] = static_cast<char>(number);
  };
  struct Field {
    size_t at;
    size_t size;
  };
  for (Field field :
       {Field{8, 4}, Field{12, 4}, Field{16, 8}, Field{24, 8}, Field{32, 4}, Field{36, 4}}) {
    for (uint64_t lie : {uint64_t{0}, uint64_t{0x7fffffff}, uint64_t{0xffffffff}, ~uint64_t{0}}) {
      for (size_t segment = 0; segment < names.size(); ++segment)
        damage(segment, [&](std::string& bytes) { put(bytes, field.at, lie, field.size); });
    }
  }
  for (const char* magic : {"RSB0", "RSB2", "rsb1", "\0\0\0\0"})
    EXPECT_EQ(damage(1, [&](std::string& bytes) { bytes.replace(0, 4, magic, 4); }).damaged,
              kPerBatch);
}

/// The CRC is of the header as it stands there: only what the numbers say themselves can refuse it.
TEST_F(SpoolDamageTest, NumbersThatNoSpoolHasWrittenNeverEndInMoreThanAnEnd) {
  for (uint64_t first : {uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0} - 1, ~uint64_t{0}}) {
    auto records = numbered(0, kPerBatch);
    for (const std::string& name : {std::string("0000000000000000-0000000000000001.segment"),
                                    std::string("ffffffffffffffff-0000000000000001.segment")}) {
      auto files = contents;
      files[name] = encode_batch_head(first, 1, Framing::newline, *records, 1) + records->bytes;
      disk.files.clear();
      for (const auto& [each, bytes] : files) {
        disk.files[each] = std::make_shared<FakeDisk::File>();
        disk.files[each]->bytes = bytes;
      }
      Spool spool(std::make_unique<FakeDirectory>(disk), config);
      Numbers numbers;
      for (int i = 0; i < 100; ++i) {
        if (auto batch = spool.read()) {
          EXPECT_TRUE(numbers_of(batch->encoded, numbers));
        }
      }
      EXPECT_FALSE(spool.read().has_value());
    }
  }
}

TEST_F(SpoolDamageTest, ABadSectorInTheLastSegmentIsNoReasonNotToStart) {
  disk.unreadable = names.back();
  Spool spool(std::make_unique<FakeDirectory>(disk), config);
  EXPECT_GT(spool.torn_bytes(), 0u);
  Left left = read_all(spool);
  EXPECT_EQ(left.numbers, all_but(records_of(3)));
  EXPECT_TRUE(disk.files.contains(names.back())) << "perhaps somebody can read it yet";
}

// ---- on a disk

struct SpoolFilesTest : ::testing::Test {
  SpoolFilesTest() {
    config.directory = folder.path("spool");
    config.segment_size = 3 * kBatchBytes;
    SpoolDamageTest::fill(*open());
    for (const auto& entry : fs::directory_iterator(config.directory))
      if (entry.path().extension() == ".segment") segments.push_back(entry.path());
    std::sort(segments.begin(), segments.end());
  }
  std::unique_ptr<Spool> open() {
    return std::make_unique<Spool>(open_spool_directory(config.directory), config);
  }
  TempDir folder;
  SpoolConfig config;
  std::vector<fs::path> segments;
};

TEST_F(SpoolFilesTest, WhatIsNoFileIsNoSegmentAndIsLeftAlone) {
  const std::string secret = folder.write("elsewhere", "not the spool's");
  const std::vector<std::function<void(const fs::path&)>> others = {
      [](const fs::path& path) { fs::create_directory(path); },
      [&](const fs::path& path) { fs::create_symlink(secret, path); },
      [](const fs::path& path) { fs::create_symlink("/nowhere", path); },
      [](const fs::path& path) { fs::create_symlink(path, path); },
      [](const fs::path& path) { ASSERT_EQ(mkfifo(path.c_str(), 0600), 0); },
      [](const fs::path& path) { ASSERT_EQ(mknod(path.c_str(), S_IFSOCK | 0600, 0), 0); },
  };
  const fs::path kept = folder.path("kept");
  for (size_t segment = 0; segment < segments.size(); ++segment) {
    for (const auto& put : others) {
      fs::rename(segments[segment], kept);
      put(segments[segment]);
      auto spool = open();
      EXPECT_EQ(spool->no_files(), std::vector<std::string>{segments[segment].filename()});
      Left left = read_all(*spool);
      EXPECT_EQ(left.numbers, all_but(SpoolDamageTest::records_of(segment)));
      if (segment + 1 < segments.size()) {
        EXPECT_EQ(left.damaged, kRecords / 4);
      }
      EXPECT_TRUE(fs::exists(fs::symlink_status(segments[segment])));
      spool.reset();
      fs::remove(segments[segment]);
      fs::rename(kept, segments[segment]);
    }
  }
  EXPECT_EQ(fs::file_size(secret), 15u);
  EXPECT_EQ(read_all(*open()).numbers, all_but({}));
}

TEST_F(SpoolFilesTest, APositionOrALockThatIsNoFileIsRefused) {
  for (const char* name : {"position", "lock"}) {
    const fs::path path = fs::path(config.directory) / name;
    fs::remove(path);
    const std::string elsewhere = folder.write("elsewhere", "0123456789");
    fs::create_symlink(elsewhere, path);
    EXPECT_ANY_THROW(open()) << name;
    EXPECT_EQ(fs::file_size(elsewhere), 10u);
    fs::remove(path);
    fs::create_directory(path);
    EXPECT_ANY_THROW(open()) << name;
    fs::remove(path);
  }
  EXPECT_EQ(read_all(*open()).numbers, all_but({}));
}

}  // namespace
}  // namespace redactd::test
