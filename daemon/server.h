#pragma once

// Owns everything that runs, and the order in which it comes and goes:
//
//   start     rules → sinks → sources opened → workers → sources read → admin → ready
//   reload    file read and rules compiled on a thread of their own → new sinks → the workers adopt
//             the generation, each between two batches → sinks that are gone drain
//   stop      sources take nothing new → sessions put out what they hold → sinks drain → workers
//   end
//
// All of it but obey() is called on the control thread, which never touches a record.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/admin/admin.h"
#include "daemon/health.h"
#include "daemon/known/add_mask.h"
#include "daemon/known/known_values.h"
#include "daemon/log.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/generation.h"
#include "daemon/pipeline/self_check.h"
#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/process/notify.h"
#include "daemon/process/sandbox.h"
#include "daemon/reload/config_watch.h"
#include "daemon/reload/rule_compiler.h"
#include "daemon/sources/source.h"

namespace redactd {

class Server {
 public:
  Server(std::string file, DaemonConfig config, const Sandbox& sandbox, Log& log);
  ~Server();

  /// Starts everything. Throws std::runtime_error with what, where, and what to do.
  /// False when the rules cannot be compiled; `errors` says why.
  bool start(std::string& errors);
  /// Until it is stopped. Returns the exit status.
  int run();

 private:
  using Answer = AdminHooks::Reloaded;

  // server.cc: coming and going
  void open_sources();
  void start_admin();
  void wait_for_signals();
  void on_signal(int number);
  void keep_time();
  void report_alive();
  void stop(int exit_code);
  void drain_sinks();
  void sink_drained();
  void end();
  std::vector<std::string> not_ready() const;
  void tell_of_failed_sources();
  /// One line for the service manager, while it is up.
  std::string status() const;
  void run_self_check();
  /// What ::add-mask:: lines ask for. On a worker's thread, which waits for it.
  std::shared_ptr<const Generation> obey(std::string_view original, size_t worker);

  // server_reload.cc: one configuration after another
  using Sinks = std::map<std::string, std::shared_ptr<Sink>>;

  void reload(Answer answer);
  void watch_config();
  void known_values_changed();
  void build_next();
  void file_read(Compiled next);
  void run_commands(DaemonConfig next);
  void compile(DaemonConfig config);
  void compiled(Compiled next, uint64_t known_generation);
  void fail(const std::string& errors);
  /// The sinks of `configs`: those in force whose configuration is the same, and new ones. Throws
  /// std::runtime_error.
  Sinks make_sinks(const DaemonConfig& all);
  std::shared_ptr<Sink> make_new_sink(const SinkConfig& config);
  void close_new(const Sinks& made) const;
  std::shared_ptr<const Generation> make_generation(const DaemonConfig& config,
                                                    std::shared_ptr<const RuleSet> rules,
                                                    const Sinks& sinks);
  void hand_out(const std::function<void()>& done);
  void in_force(uint64_t known_generation);
  void take_out(const std::shared_ptr<Sink>& sink);
  void gone(const std::shared_ptr<Sink>& sink);
  void reload_certificates();
  void warn(const std::vector<Diagnostic>& warnings);
  void answer_all(const ReloadResult& result);
  void refuse_waiting();
  void note_rules();
  void let_go_of_old();

  const std::string file_;
  DaemonConfig config_;
  const Sandbox& sandbox_;
  Log& log_;
  asio::io_context control_{1};
  Metrics metrics_;
  RuleCompiler compiler_;
  KnownValues known_;
  SelfCheck self_check_;
  ConfigWatch config_watch_;
  Health health_;
  Sinks sinks_;
  std::map<std::string, size_t> sink_homes_;  // a name's worker, the same over reloads
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<PassedSocket> passed_;
  std::shared_ptr<const Generation> generation_;
  uint64_t configurations_ = 1;  // that have been in force; known values make new generations too
  std::vector<std::shared_ptr<const Generation>> retired_;  // which streams may still hold
  std::vector<std::shared_ptr<Sink>> gone_sinks_;           // until the generation is in force
  // Gone with records that they have not written, for whose receipts the sources have to wait:
  // Sink::keeps_receipts().
  std::vector<std::shared_ptr<Sink>> receipt_keepers_;
  std::unique_ptr<AdminServer> admin_;
  asio::signal_set signals_;
  asio::steady_timer tick_;
  asio::steady_timer watchdog_;
  asio::steady_timer deadline_;

  // One build is under way at most; what is asked for meanwhile is done after it.
  bool building_ = false;
  bool of_file_ = false;  // the one under way reads the file
  bool file_wanted_ = false;
  bool known_wanted_ = false;
  bool commands_run_ = false;              // of the file that was read last, for the first time
  std::optional<DaemonConfig> commanded_;  // their output is there
  std::string until_restart_;      // what of the one under way is not in force before, one a line
  bool known_changed_ = false;     // the one under way has other sources of known values
  uint64_t known_generation_ = 0;  // the one under way has these
  uint64_t known_in_force_ = 0;
  std::vector<Answer> waiting_;    // for the next build
  std::vector<Answer> answering_;  // for the file that was read last

  size_t ended_sources_ = 0;
  std::atomic<bool> add_mask_{false};  // read by the workers
  const StreamCommands commands_{
      find_add_mask, [this] { return add_mask_.load(); },
      [this](std::string_view original, size_t worker) { return obey(original, worker); }};
  std::atomic<bool> records_left_{false};  // at the deadline; written by sinks
  bool stopping_ = false;
  bool sinks_draining_ = false;
  size_t workers_left_ = 0;
  size_t sinks_left_ = 0;
  int exit_code_ = 0;
  std::vector<std::string> failed_told_;  // of the sources, to the service manager
  size_t ticks_ = 0;
};

}  // namespace redactd
