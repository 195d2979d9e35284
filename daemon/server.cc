#include "daemon/server.h"

#include <boost/asio/post.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "config/config_error.h"
#include "daemon/exit_code.h"
#include "daemon/known/add_mask.h"
#include "daemon/process/notify.h"

namespace redactd {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kTick{1};
constexpr size_t kTicksBetweenSelfChecks = 60;
constexpr std::chrono::milliseconds kOftenestReport{10};
// Who has nothing left to write needs a moment to say so.
constexpr std::chrono::milliseconds kLeastDrain{100};
// For sinks to say farewell after the deadline.
constexpr std::chrono::seconds kLastGrace{2};
// How long a stream waits for the value of an ::add-mask:: line to be in force before it fails
// closed, and how often its worker looks meanwhile whether it has to adopt a configuration.
constexpr std::chrono::seconds kMaskTime{10};
constexpr std::chrono::microseconds kMaskPoll{500};

size_t worker_count(const DaemonConfig& config) {
  if (config.workers > 0) return config.workers;
  return std::max(1u, std::thread::hardware_concurrency());
}

/// What to do about a source's address that cannot be listened on.
std::string_view advice(const Address& address, const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  if (error == errc::address_in_use)
    return "; stop what listens there, or listen elsewhere (who it is: ss -lnp)";
  if (error == errc::address_not_available) return "; this machine has no such address";
  if (error == errc::no_such_file_or_directory) return "; make the folder of the socket first";
  if (error != errc::permission_denied) return "";
  return is_ip(address.transport)
             ? "; a port below 1024 takes CAP_NET_BIND_SERVICE"
             : "; let redactd's user write to the folder of the socket, or listen elsewhere";
}

/// Why the source cannot be opened, with its address, and what to do.
std::string open_error(const SourceConfig& config, const std::exception& error) {
  const auto* system = dynamic_cast<const boost::system::system_error*>(&error);
  if (system == nullptr) return error.what();
  std::string text = to_string(config.listen) + ": " + system->code().message();
  return text.append(advice(config.listen, system->code()));
}

/// The values of `::add-mask::` lines in a batch.
std::vector<Secret> add_masks(std::string_view batch) {
  std::vector<Secret> values;
  for (size_t at = find_add_mask(batch, 0); at != std::string_view::npos;) {
    size_t begin = batch.rfind('\n', at) + 1;
    size_t end = std::min(batch.find('\n', at), batch.size());
    if (auto value = asked_to_mask(batch.substr(begin, end - begin)))
      values.push_back(std::move(*value));
    at = find_add_mask(batch, end);
  }
  return values;
}

/// So that a source's time-out is kept to a tenth of it, down to a 50th of a second.
int looks_a_second(const std::vector<SourceConfig>& sources) {
  constexpr Milliseconds kSecond{1000};
  Milliseconds shortest = 10 * kSecond;
  for (const SourceConfig& source : sources) {
    shortest = std::min(shortest, source.handshake_timeout);
    const Milliseconds idle = source.idle_timeout.value_or(Milliseconds(0));
    if (idle.count() > 0) shortest = std::min(shortest, idle);
  }
  return static_cast<int>(std::clamp<int64_t>(10 * kSecond / shortest, 1, 50));
}

/// `a` may be null.
const std::shared_ptr<const Generation>& newest(const std::shared_ptr<const Generation>& a,
                                                const std::shared_ptr<const Generation>& b) {
  return a && a->number > b->number ? a : b;
}

}  // namespace

Server::Server(std::string file, DaemonConfig config, const Sandbox& sandbox, Log& log)
    : file_(std::move(file)),
      config_(std::move(config)),
      sandbox_(sandbox),
      log_(log),
      metrics_(worker_count(config_)),
      compiler_(control_),
      known_(control_, config_.known_values, metrics_.control(),
             [this](std::string_view source, std::string_view reason) {
               // A kind of its own, so that none is held back for values that are refused.
               const bool command = source.starts_with("command ");
               const std::initializer_list<LogField> fields = {{"source", configured(source)},
                                                               {"reason", error_text(reason)}};
               command ? log_.warning("known value of a command not taken", fields)
                       : log_.warning("known value not taken", fields);
             }),
      self_check_(control_, metrics_.control(), config_.sources.size(),
                  [this] { log_.error("self-check failed: a made-up secret was not masked"); }),
      config_watch_(control_,
                    [this] {
                      if (!stopping_) reload([](const ReloadResult&) {});
                    }),
      health_(config_, worker_count(config_), metrics_, log_),
      signals_(control_),
      tick_(control_),
      watchdog_(control_),
      deadline_(control_) {}

Server::~Server() {
  admin_.reset();
  compiler_.join();
  sources_.clear();
  retired_.clear();
  generation_.reset();
  gone_sinks_.clear();
  sinks_.clear();
  receipt_keepers_.clear();
  for (auto& worker : workers_) worker->join();
}

bool Server::start(std::string& errors) {
  signal(SIGPIPE, SIG_IGN);  // a sink whose reader is gone gets an error
  signal(SIGXFSZ, SIG_IGN);  // and so does a log that may not grow
  // Other daemons reopen files on them; here they would end it with records unwritten.
  for (int habit : {SIGUSR1, SIGUSR2}) signal(habit, SIG_IGN);
  passed_ = take_passed_sockets();
  add_mask_ = config_.known_values.add_mask;
  known_.load();
  KnownValues::Snapshot known = known_.values();
  Compiled first = compile_rules(config_, known.values, nullptr);
  if (!first.rules) {
    errors = first.errors;
    return false;
  }
  warn(first.warnings);
  for (size_t i = 0; i < worker_count(config_); ++i)
    workers_.push_back(
        std::make_unique<Worker>(i, metrics_.worker(i), log_, looks_a_second(config_.sources)));
  for (auto& worker : workers_) {
    std::vector<ScanShare*> others;
    for (auto& other : workers_)
      if (other != worker) others.push_back(&other->share());
    worker->share().ask(std::move(others));
  }
  sinks_ = make_sinks(config_);
  open_sources();
  generation_ = make_generation(config_, std::move(first.rules), sinks_);
  start_admin();
  wait_for_signals();  // before a record comes: what was read is written, whenever the end is
  for (auto& worker : workers_) worker->start(generation_);
  for (auto& source : sources_) source->start();
  known_in_force_ = known.generation;
  known_.in_force(known_in_force_);
  known_.watch([this] { known_values_changed(); });
  note_rules();
  watch_config();
  keep_time();
  report_alive();
  run_self_check();
  log_.info("ready", {{"sources", sources_.size()},
                      {"sinks", sinks_.size()},
                      {"rules", metrics_.control().rules.get()},
                      {"workers", workers_.size()}});
  notify_ready(status());
  return true;
}

int Server::run() {
  control_.run();
  if (exit_code_ == kDone && records_left_) return kRuntimeError;
  return exit_code_;
}

/// The control thread finishes one configuration before it makes the next, and that takes this
/// worker to adopt it: so it does while it waits. The sinks of the one before may be gone by then,
/// so that the stream has to go on with what its worker has.
std::shared_ptr<const Generation> Server::obey(std::string_view original, size_t worker) {
  struct Asked {
    std::mutex mutex;
    std::condition_variable come;
    size_t left = 0;
    bool failed = false;
    std::shared_ptr<const Generation> generation;  // the newest when a value was masked
  };
  std::vector<Secret> values = add_masks(original);
  auto asked = std::make_shared<Asked>();
  asked->left = values.size();
  for (Secret& value : values) {
    known_.add({"add-mask", std::move(value)}, [this, asked](KnownValues::Outcome outcome) {
      std::lock_guard lock(asked->mutex);
      if (outcome == KnownValues::Outcome::masked) asked->generation = generation_;
      asked->failed = asked->failed || outcome == KnownValues::Outcome::failed;
      --asked->left;
      asked->come.notify_one();
    });
  }
  const Clock::time_point deadline = Clock::now() + kMaskTime;
  while (true) {
    workers_[worker]->adopt_now();
    std::unique_lock lock(asked->mutex);
    const bool answered = asked->come.wait_for(lock, kMaskPoll, [&] { return asked->left == 0; });
    if (asked->failed || (!answered && Clock::now() > deadline))
      throw MatchError("a value that is to be masked from now on was not taken in time");
    if (answered) return newest(asked->generation, workers_[worker]->generation());
  }
}

void Server::open_sources() {
  for (size_t i = 0; i < config_.sources.size(); ++i) {
    const SourceConfig& config = config_.sources[i];
    StreamSettings settings = stream_settings(config, i);
    settings.commands = &commands_;
    auto ended = [this, name = config.name] {
      asio::post(control_, [this, name] {
        if (++ended_sources_ == sources_.size())
          stop(health_.has_failed(name) ? kRuntimeError : kDone);
      });
    };
    sources_.push_back(
        make_source({config, settings, control_, workers_, metrics_, log_, passed_, ended}));
    try {
      sources_.back()->open();
    } catch (const std::exception& error) {
      const std::string entry = "sources[" + std::to_string(i) + "].";
      throw std::runtime_error(config_error(config_.settings,
                                            {{entry + "listen", to_string(config.listen)},
                                             {entry + "listen", config.listen.path},
                                             {entry + "position_file", config.position_file},
                                             {entry + "path", config.path},
                                             {entry + "name", config.name}},
                                            open_error(config, error)));
    }
  }
  for (const PassedSocket& socket : passed_) {
    log_.warning("systemd has handed over a socket that no source listens on",
                 {{"name", configured(socket.name)}});
  }
}

void Server::start_admin() {
  if (!config_.admin.on) return;
  AdminHooks hooks;
  hooks.metrics = [this] { return metrics_.text(); };
  hooks.unhealthy = [this] { return health_.unhealthy(); };
  hooks.not_ready = [this] { return not_ready(); };
  hooks.reload = [this](Answer answer) { reload(std::move(answer)); };
  try {
    admin_ = std::make_unique<AdminServer>(control_, config_.admin, std::move(hooks), log_);
  } catch (const std::exception& error) {
    std::string address = to_string(config_.admin.listen);
    address.erase(0, address.find("//") + 2);
    throw std::runtime_error(
        config_error(config_.settings, {{"admin.listen", address}}, error.what()));
  }
}

std::vector<std::string> Server::not_ready() const {
  std::vector<std::string> reasons = health_.not_ready();
  if (!self_check_.passed()) reasons.emplace_back("a self-check's secret was not masked");
  if (stopping_) reasons.emplace_back("stopping");
  return reasons;
}

void Server::wait_for_signals() {
  for (int number : {SIGINT, SIGTERM, SIGHUP}) signals_.add(number);
  signals_.async_wait([this](const boost::system::error_code& error, int number) {
    if (error) return;
    on_signal(number);
    wait_for_signals();
  });
}

void Server::on_signal(int number) {
  if (number == SIGHUP) {
    if (!stopping_) reload([](const ReloadResult&) {});
    return;
  }
  if (stopping_) _exit(128 + number);  // asked twice: do not wait
  stop(kDone);
}

void Server::keep_time() {
  tick_.expires_after(kTick);
  tick_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    ++ticks_;
    if (ticks_ % kTicksBetweenSelfChecks == 0) run_self_check();
    log_.report_suppressed();
    health_.look();
    tell_of_failed_sources();
    let_go_of_old();
    keep_time();
  });
}

/// The log has said it once; the status goes on to.
void Server::tell_of_failed_sources() {
  std::vector<std::string> failed = health_.failed_sources();
  if (failed == failed_told_) return;
  failed_told_ = std::move(failed);
  notify_status(status());
}

std::string Server::status() const {
  std::string status = "redacting";
  for (const std::string& failed : failed_told_) status += "; " + failed;
  return status;
}

/// Twice as often as the service manager wants to hear of it (sd_watchdog_enabled(3)).
void Server::report_alive() {
  const std::optional<std::chrono::microseconds> interval = watchdog_interval();
  if (!interval) return;
  if (health_.workers_answer()) notify_watchdog();
  watchdog_.expires_after(std::max<Clock::duration>(*interval / 2, kOftenestReport));
  watchdog_.async_wait([this](const boost::system::error_code& error) {
    if (!error) report_alive();
  });
}

void Server::run_self_check() {
  if (!config_.self_check) return self_check_.forget();
  if (!stopping_) self_check_.run(*workers_[ticks_ % workers_.size()], generation_);
}

/// First what comes in, then what goes out.
void Server::stop(int exit_code) {
  if (stopping_) return;
  stopping_ = true;
  exit_code_ = exit_code;
  log_.info("stopping");
  notify_stopping("writing what was read", config_.drain_timeout + 2 * kLastGrace);
  refuse_waiting();
  for (auto& source : sources_) source->stop();
  deadline_.expires_after(std::max(config_.drain_timeout, kLeastDrain));
  deadline_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    log_.warning("connections did not end before drain_timeout");
    records_left_ = true;
    drain_sinks();
  });
  workers_left_ = workers_.size();
  for (auto& worker : workers_) {
    worker->stop_sessions([this] {
      asio::post(control_, [this] {
        if (--workers_left_ == 0) drain_sinks();
      });
    });
  }
}

void Server::drain_sinks() {
  if (!std::exchange(sinks_draining_, true)) {
    known_.stop();  // no sooner: what the streams that ended had read may hold ::add-mask:: lines
    Clock::time_point deadline = std::max(deadline_.expiry(), Clock::now());
    sinks_left_ += sinks_.size();
    for (auto& [name, sink] : sinks_)
      sink->close(deadline, [this] { asio::post(control_, [this] { sink_drained(); }); });
    deadline_.expires_at(deadline + kLastGrace);
    deadline_.async_wait([](const boost::system::error_code& error) {
      if (!error) _exit(kRuntimeError);  // a sink hangs: its records are counted as lost no more
    });
  }
}

/// One of those that run, or one that a reload has taken out.
void Server::sink_drained() {
  if (--sinks_left_ == 0 && sinks_draining_) end();
}

void Server::end() {
  log_.info("stopped");
  admin_.reset();
  control_.stop();
}

}  // namespace redactd
