// A RELP session's bytes: nothing crashes, what comes out does not depend on the reads, every
// command is answered once and in order, and what a record holds is never taken for a command.
//
// The last byte says where the bytes are cut.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/relp/relp_receiver.h"
#include "tests/fuzz/require.h"

namespace redactd::fuzz {
namespace {

struct Session {
  std::string records;
  std::string answers;
  FrameError error = FrameError::none;

  bool operator==(const Session&) const = default;
};

Session receive(std::string_view bytes, size_t piece) {
  RelpReceiver receiver(100);
  Session session;
  std::vector<uint64_t> open;
  while (!bytes.empty() && session.error == FrameError::none) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    RelpReceiver::Taken taken = receiver.take(part);
    session.records += taken.records;
    session.error = taken.error;
    open.insert(open.end(), taken.commands.begin(), taken.commands.end());
  }
  // The later ones first: the answers come in order all the same.
  std::reverse(open.begin(), open.end());
  for (uint64_t command : open) receiver.safe({&command, 1});
  session.answers = receiver.answers();
  require(receiver.unanswered() == 0, "a command has no answer");
  return session;
}

void require_read_back(std::string_view data) {
  std::string frame;
  append_relp(7, "syslog", data, frame);
  const std::string bytes = frame + "8 close 0\n";
  ReadRelp read = read_relp(bytes, data.size());
  require(read.result == ReadRelp::Result::whole && read.size == frame.size(), "no whole frame");
  require(read.frame.number == 7 && read.frame.data == data, "another record was read back");
}

}  // namespace
}  // namespace redactd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd::fuzz;
  if (size == 0) return 0;
  std::string_view bytes(reinterpret_cast<const char*>(data), size - 1);
  const Session whole = receive(bytes, std::max<size_t>(bytes.size(), 1));
  require(receive(bytes, data[size - 1] % 50 + 1) == whole, "the session depends on the reads");
  require(receive(bytes, 1) == whole, "the session depends on reads of one byte");
  require_read_back(bytes);
  return 0;
}
