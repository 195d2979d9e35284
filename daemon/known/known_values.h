#pragma once

// The secrets that this machine holds, gathered from where it holds them and kept up to date. All
// of it runs on the control thread; the data path sees only the rule sets that are made of
// values().

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/known/secret.h"
#include "daemon/metrics/metrics.h"

namespace redactd {

/// Lives on the control thread: everything but add() is called there, and every callback comes from
/// there. Values change generation by generation:
///
///     something changed → changed() → the server takes values(), compiles them off the thread, and
///     swaps the rule set in → in_force(generation)
///
/// While one generation is on its way (taken and neither in force nor failed), changed() is not
/// called again: what changes meanwhile goes into the next. So the server must answer every
/// values() with in_force() or failed() of that generation or of a later one.
class KnownValues {
 public:
  /// `source` says where a value comes from and `reason` what is the matter; neither shows a value.
  using Warn = std::function<void(std::string_view source, std::string_view reason)>;
  /// What became of a value. `refused`: it is not to be masked, which is told. `failed`: it is, and
  /// cannot be: the rule set could not be made, or redactd ends.
  enum class Outcome { masked, refused, failed };
  using Done = std::function<void(Outcome)>;

  /// `control` and `counters` must outlive it; `control` does not run any more when it is
  /// destroyed, or runs out of work after stop().
  KnownValues(boost::asio::io_context& control, const KnownValuesConfig& config,
              ControlCounters& counters, Warn warn);
  ~KnownValues();

  /// Reads everything now: environment, files, the first run of each command (all at once, so it
  /// takes as long as the slowest, at most its time-out). What is missing or fails is a warning.
  void load();

  /// Other sources. The commands that are new run first; meanwhile the sources before stay, and may
  /// change. Then environment and files are read, and `done` is called. Values of the socket and of
  /// the stream stay. Values of the sources before are kept aside until the new ones are in force,
  /// so that restore() can undo it with the configuration before, at once.
  void reconfigure(const KnownValuesConfig& config, const std::function<void()>& done);
  void restore(const KnownValuesConfig& config);

  /// Reads environment and files now, whatever the watch has yet to tell of them.
  void read_again();

  /// Watches files, runs commands again and opens the control socket, until stop(). `changed`:
  /// there are other values than the ones last taken.
  void watch(std::function<void()> changed);

  /// Closes and removes the control socket, ends commands that run, and leaves no work on
  /// `control`.
  void stop();

  struct Snapshot {
    uint64_t generation = 0;
    std::vector<KnownValue> values;  // no value twice
  };
  Snapshot values();

  /// The rule set with the values of `generation` has been made and can be taken; some streams may
  /// still have the one before.
  void made(uint64_t generation);
  /// Every record that is read from now on is masked with the values of `generation`.
  void in_force(uint64_t generation);
  /// The values of `generation` could not be compiled; the old ones stay in force.
  void failed(uint64_t generation);

  /// A value found in a stream (`::add-mask::`). Of any thread. `name` is cleaned for its mask.
  /// `done` is called once the rule set with it is made(), or will not be.
  void add(KnownValue value, Done done = {});

 private:
  class Sources;
  boost::asio::io_context& control_;
  std::shared_ptr<Sources> sources_;
};

}  // namespace redactd
