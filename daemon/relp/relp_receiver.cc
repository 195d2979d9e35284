#include "daemon/relp/relp_receiver.h"

#include <utility>

namespace redactd {
namespace {

constexpr std::string_view kDone = "200 OK";

}  // namespace

RelpReceiver::Taken RelpReceiver::take(std::string_view bytes) {
  Taken taken;
  records_.clear();
  rest_ += bytes;
  std::string_view left = rest_;
  while (taken.error == FrameError::none) {
    ReadRelp read = read_relp(left, max_record_);
    if (read.result == ReadRelp::Result::short_) break;
    const bool whole = read.result == ReadRelp::Result::whole;
    taken.error = whole ? obey(read.frame, taken) : FrameError::bad_relp;
    left.remove_prefix(read.size);
  }
  if (left.size() < rest_.size())
    rest_ = SecretText(left);  // else a long frame would be copied each time
  taken.records = records_;
  return taken;
}

FrameError RelpReceiver::obey(const RelpFrame& frame, Taken& taken) {
  const bool first = last_number_ == 0;
  if (frame.number == 0 || (!first && frame.number != next_relp_number(last_number_)))
    return FrameError::bad_relp_number;
  last_number_ = frame.number;
  if (frame.command == "open") {
    open_ = true;
    answer(frame, std::string(kDone) + "\nrelp_version=0\nrelp_software=redactd\ncommands=syslog");
  } else if (!open_) {
    return FrameError::bad_relp;  // not in a session
  } else if (frame.command == "close") {
    open_ = false;
    answer(frame, "", true);
  } else if (frame.command != "syslog") {
    answer(frame, "500 unknown command");
  } else if (frame.data.empty()) {
    answer(frame, std::string(kDone));
  } else {
    records_ += std::to_string(frame.data.size());
    records_ += ' ';
    records_ += frame.data;
    taken.commands.push_back(passed_ + commands_.size());
    commands_.push_back({frame.number, false, std::string(kDone), false});
  }
  return FrameError::none;
}

void RelpReceiver::answer(const RelpFrame& frame, std::string text, bool last) {
  commands_.push_back({frame.number, true, std::move(text), last});
}

void RelpReceiver::safe(std::span<const uint64_t> commands) {
  for (uint64_t command : commands) commands_[static_cast<size_t>(command - passed_)].done = true;
}

std::string RelpReceiver::answers() {
  std::string all;
  for (; !commands_.empty() && commands_.front().done; commands_.pop_front(), ++passed_) {
    const Command& command = commands_.front();
    append_relp(command.number, "rsp", command.answer, all);
    if (command.last) append_relp(0, "serverclose", "", all);
  }
  return all;
}

}  // namespace redactd
