#pragma once

// RELP's frames: NUMBER SP COMMAND SP LENGTH [SP DATA] LF. Pure.
// https://github.com/rsyslog/librelp/blob/master/doc/relp.html

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace redactd {

constexpr uint32_t kLastRelpNumber = 999'999'999;

/// Of the command after this one: after the last they begin with 1 again, for 0 is no command's.
inline uint32_t next_relp_number(uint32_t number) {
  return number == kLastRelpNumber ? 1 : number + 1;
}

struct RelpFrame {
  uint32_t number = 0;
  std::string_view command;
  std::string_view data;
};

struct ReadRelp {
  enum class Result : uint8_t { whole, short_, damaged };
  Result result = Result::short_;
  size_t size = 0;  // of the frame
  RelpFrame frame;  // views of the bytes
};
/// The frame that begins with `bytes`. One with more data than `max_data` is damaged, and so is
/// everything that is not in the grammar, as soon as that can be seen.
ReadRelp read_relp(std::string_view bytes, size_t max_data);

void append_relp(uint32_t number, std::string_view command, std::string_view data, std::string& to);

}  // namespace redactd
