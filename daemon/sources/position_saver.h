#pragma once

// Keeps the position file of a source that follows a file, or says what became of it.

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "daemon/sources/checkpoints.h"
#include "daemon/sources/position.h"
#include "daemon/sources/source.h"

namespace redactd {

/// How often positions are saved: what the sinks write in between comes again after a crash.
inline constexpr std::chrono::seconds kSaveInterval{1};

/// Logs and counts a damaged position file; `aside`: its name now, empty if there was none.
void tell_if_set_aside(const SourceSetup& setup, const std::string& aside);

/// Saves what the sinks have written, now and then and at the end. Belongs to the control thread.
class PositionSaver : public std::enable_shared_from_this<PositionSaver> {
 public:
  PositionSaver(const SourceSetup& setup, std::shared_ptr<Checkpoints> checkpoints);

  void start();
  /// The last time; what is written later counts no more.
  void stop();

 private:
  void save();

  const std::string name_;
  Log& log_;
  PositionFile file_;
  const std::shared_ptr<Checkpoints> checkpoints_;
  std::optional<Position> unsaved_;
  bool ever_saved_ = false;
  asio::steady_timer timer_;
};

}  // namespace redactd
