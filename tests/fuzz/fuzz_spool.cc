// A directory of segments with anything in them: nothing crashes, nothing comes out that was not
// put in by the spool itself, and what is read does not depend on what lies around it.
//
// The last byte says how to damage a spool that is sound; what stands before it is records, one a
// line. With a last byte of 255 the bytes are a segment as they are.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/spool/spool.h"
#include "tests/fuzz/require.h"
#include "tests/testing/fake_disk.h"

namespace redactd::fuzz {
namespace {

using test::FakeDirectory;
using test::FakeDisk;

SpoolConfig config() {
  SpoolConfig config;
  config.directory = "/spool";
  config.segment_size = 300;
  config.fsync = SpoolConfig::Fsync::always;
  return config;
}

/// The spool's batches, each as its records' bytes.
std::vector<std::string> read_all(FakeDisk& disk) {
  Spool spool(std::make_unique<FakeDirectory>(disk), config());
  std::vector<std::string> batches;
  while (auto batch = spool.read()) {
    require(
        !batch->encoded.ends.empty() && batch->encoded.ends.back() == batch->encoded.bytes.size(),
        "the ends are not those of the bytes");
    batches.push_back(batch->encoded.bytes);
    require(batches.size() < 100'000, "reading does not end");
  }
  return batches;
}

void read_as_it_is(std::string_view bytes) {
  FakeDisk disk;
  for (const char* name : {"0000000000000000-0000000000000000.segment",
                           "0000000000000007-0000000000000000.segment", "position"}) {
    disk.files[name] = std::make_shared<FakeDisk::File>();
    disk.files[name]->bytes = bytes;
  }
  read_all(disk);
  read_all(disk);  // what the first one has cut off
}

/// A batch for each line.
std::vector<std::string> fill(FakeDisk& disk, std::string_view lines) {
  Spool spool(std::make_unique<FakeDirectory>(disk), config());
  std::vector<std::string> batches;
  while (!lines.empty()) {
    size_t size = std::min(lines.find('\n'), lines.size() - 1) + 1;
    auto encoded = std::make_shared<Encoded>();
    encoded->bytes = lines.substr(0, size);
    encoded->ends.push_back(static_cast<uint32_t>(size));
    batches.push_back(encoded->bytes);
    spool.append(std::move(encoded), batches.size(), Framing::newline);
    lines.remove_prefix(size);
  }
  spool.sync();
  return batches;
}

/// Flips a byte, cuts off, puts a piece in, or takes one away.
void damage(std::string& bytes, unsigned how) {
  if (bytes.empty()) return;
  size_t at = how / 4 * 37 % bytes.size();
  switch (how % 4) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1u << how / 4 % 8));
      return;
    case 1:
      return bytes.resize(at);
    case 2:
      return void(bytes.insert(at, bytes.substr(at / 2, 50)));
    default:
      bytes.erase(at, 9);
  }
}

bool is_part_of(const std::vector<std::string>& some, const std::vector<std::string>& all) {
  size_t at = 0;
  for (const std::string& batch : some) {
    while (at < all.size() && all[at] != batch) ++at;
    if (at++ == all.size()) return false;
  }
  return true;
}

}  // namespace
}  // namespace redactd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd::fuzz;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size - 1);
  unsigned how = data[size - 1];
  if (how == 255) {
    read_as_it_is(bytes);
    return 0;
  }
  FakeDisk disk;
  std::vector<std::string> batches = fill(disk, bytes);
  require(read_all(disk) == batches, "a sound spool gives back something else");
  size_t number = how % std::max<size_t>(disk.files.size(), 1);
  for (auto& [name, file] : disk.files)
    if (number-- == 0) damage(file->bytes, how);
  std::vector<std::string> left = read_all(disk);
  require(is_part_of(left, batches), "damage brings out what was not put in");
  require(read_all(disk) == left, "reading again gives something else");
  return 0;
}
