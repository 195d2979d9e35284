#pragma once

// The receiving side of a RELP session. Pure. Commands are answered in their order, each once its
// record is safe. Their numbers go up by one from the first on, whichever that is; 0 is for hints,
// which a client has none of.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/framing/framer.h"
#include "daemon/relp/relp_frame.h"
#include "filters/wiping_allocator.h"

namespace redactd {

class RelpReceiver {
 public:
  /// A longer record is an error.
  explicit RelpReceiver(size_t max_record) : max_record_(max_record) {}

  struct Taken {
    std::string_view records;             // in octet counting; valid until the next call
    std::vector<uint64_t> commands;       // theirs: to be told as safe()
    FrameError error = FrameError::none;  // nothing more is understood
  };
  Taken take(std::string_view bytes);

  void safe(std::span<const uint64_t> commands);
  /// What the peer is to be sent now.
  std::string answers();
  /// Commands that have no answer yet.
  size_t unanswered() const { return commands_.size(); }
  /// Of a frame whose end has not come.
  size_t held_bytes() const { return rest_.size(); }

 private:
  struct Command {
    uint32_t number;
    bool done;
    std::string answer;  // without its header
    bool last;           // of the session
  };

  FrameError obey(const RelpFrame& frame, Taken& taken);
  void answer(const RelpFrame& frame, std::string text, bool last = false);

  const size_t max_record_;
  SecretText rest_;     // of a frame whose end has not come
  SecretText records_;  // of the last call
  std::deque<Command> commands_;
  uint64_t passed_ = 0;  // commands in front of commands_
  bool open_ = false;
  uint32_t last_number_ = 0;  // 0: there was none
};

}  // namespace redactd
