#pragma once

// The commands that known values come from, each of them run again and again.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/known/command.h"

namespace redactd {

/// Belongs to the control thread. A command runs again after its refresh interval, and sooner after
/// a run that failed.
class CommandLoops {
 public:
  using Command = KnownValuesConfig::Command;
  using Took = std::function<void(const Command&, const CommandResult&)>;

  /// `took` is called after each run, on the control thread, not after stop().
  CommandLoops(boost::asio::io_context& control, Took took)
      : control_(control), took_(std::move(took)) {}
  ~CommandLoops() { stop(); }
  CommandLoops(const CommandLoops&) = delete;
  CommandLoops& operator=(const CommandLoops&) = delete;

  /// What a command is told apart by: another one with its name is another one.
  static std::string key_of(const Command& command);

  /// Runs each once, all at the same time, and returns when the slowest has ended.
  void run_now(const std::vector<Command>& commands);
  /// From now on these, which have just been run.
  void start(const std::vector<Command>& commands);
  /// These instead. What is the same goes on; what has no value yet (`has_value`, by its key) or
  /// failed is run at once, and `first_runs` is let go of when all of those have ended.
  void replace(const std::vector<Command>& commands,
               const std::function<bool(const std::string& key)>& has_value,
               const std::shared_ptr<void>& first_runs);
  /// Ends commands that run, and leaves no work on `control`.
  void stop();

 private:
  /// A command and the coroutine that runs it.
  struct Loop {
    explicit Loop(Command what) : command(std::move(what)) {}
    Command command;
    bool ended = false;
    boost::asio::cancellation_signal end;
    std::shared_ptr<void> first_run;  // held until it has ended
  };

  void start_one(const Command& command, Milliseconds delay, std::shared_ptr<void> first_run);
  static void end_one(Loop& loop);
  boost::asio::awaitable<void> run_again(std::shared_ptr<Loop> loop, Milliseconds delay);
  void take(const Command& command, const CommandResult& result);
  bool is_failing(const Command& command) const { return failing_.count(key_of(command)) != 0; }

  boost::asio::io_context& control_;
  Took took_;
  std::map<std::string, std::shared_ptr<Loop>> loops_;
  std::set<std::string> failing_;  // keys of commands whose last run failed
};

}  // namespace redactd
