#include "daemon/known/known_values.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "daemon/known/command.h"
#include "daemon/known/control_socket.h"
#include "daemon/known/environment.h"
#include "daemon/known/fingerprint.h"
#include "daemon/known/names.h"
#include "daemon/known/path_watch.h"
#include "daemon/known/value_files.h"
#include "daemon/known/value_table.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr Milliseconds kSettle{200};       // files change in groups and are written piece by piece
constexpr Milliseconds kMostSettle{5000};  // a file that is written without pause is read then
constexpr Milliseconds kPoll{60'000};      // for what inotify does not tell: network file systems
constexpr Milliseconds kPollUnwatched{2000};  // where there is no inotify
constexpr Milliseconds kFirstRetry{1000};     // of a command; doubles up to its refresh interval
constexpr Milliseconds kInForceTime{60'000};  // until somebody who asked hears that it takes longer
constexpr size_t kMostStreamed = 10'000;

// Keys of the table, in the order in which sources name a value that several hold.
constexpr const char* kEnvironment = "1 environment";
constexpr const char* kSocket = "4 socket";
constexpr const char* kStream = "5 stream";

std::string key_of(const KnownValuesConfig::Path& path) { return "2 file " + path.path; }

std::string key_of(const KnownValuesConfig::Command& command) {
  std::string key = "3 command " + command.name;
  for (const std::string& word : command.argv) key += '\0' + word;
  return key;
}

Reading reading_of(const KnownValuesConfig::Command& command, const CommandResult& result) {
  Reading reading;
  std::string where = "command " + command.name;
  if (!result.failure.empty()) {
    reading.unread.push_back(where);
    reading.troubles.push_back({where, result.failure});
    return reading;
  }
  std::string_view output = result.output;
  if (output.ends_with('\n')) output.remove_suffix(1);
  if (output.ends_with('\r')) output.remove_suffix(1);
  if (output.empty()) reading.troubles.push_back({where, "put out nothing"});
  add_found(reading.values, command.name, where, output);
  return reading;
}

asio::awaitable<void> run_into(const KnownValuesConfig::Command& command, CommandResult& result) {
  result = co_await run_command(command.argv, command.timeout);
}

}  // namespace

class KnownValues::Sources : public std::enable_shared_from_this<Sources> {
 public:
  Sources(asio::io_context& control, const KnownValuesConfig& config, ControlCounters& counters,
          Warn warn)
      : control_(control),
        config_(config),
        warn_(std::move(warn)),
        table_(config.max_values, counters, warn_),
        settle_(control),
        poll_(control),
        expiry_(control) {}

  void load();
  void reconfigure(const KnownValuesConfig& config, const std::function<void()>& done);
  void watch(std::function<void()> changed);
  void stop();
  Snapshot values();
  void settled(uint64_t generation, bool in_force);
  void made(uint64_t generation);
  void add_streamed(KnownValue value, const Done& done);

 private:
  /// A command and the coroutine that runs it again and again.
  struct Loop {
    explicit Loop(KnownValuesConfig::Command what) : command(std::move(what)) {}
    KnownValuesConfig::Command command;
    bool ended = false;
    asio::cancellation_signal end;
    std::function<void()> first_run;
  };
  struct Waiter {
    uint64_t generation = 0;
    Done done;
    bool made_only = false;  // else: in force
  };

  void read_environment_and_files();
  void watch_files();
  void file_changed();
  void poll_files();
  void open_socket();
  void start_loop(const KnownValuesConfig::Command& command, Milliseconds delay,
                  std::function<void()> first_run);
  void end_loop(Loop& loop);
  static asio::awaitable<void> run_again(std::shared_ptr<Sources> self, std::shared_ptr<Loop> loop,
                                         Milliseconds delay);
  bool take(const KnownValuesConfig::Command& command, const CommandResult& result);

  static asio::awaitable<ControlAnswer> answer(std::shared_ptr<Sources> self,
                                               ControlRequest request, Secret value);
  asio::awaitable<ControlAnswer> add(ControlRequest request, Secret value);
  ControlAnswer remove(const ControlRequest& request);
  ControlAnswer list() const;
  asio::awaitable<bool> becomes_in_force();
  void wait_for_current(bool made_only, Done done);
  void answer_waiters(uint64_t generation, Outcome outcome, bool made_only);

  void added_one(const ValueTable::Added& added);
  void changed();
  void announce();
  void watch_expiry();

  asio::io_context& control_;
  KnownValuesConfig config_;
  Warn warn_;
  ValueTable table_;
  Fingerprints fingerprints_;

  bool stopped_ = false;
  std::function<void()> changed_;  // empty until watch()
  uint64_t generation_ = 1;        // of the table
  uint64_t taken_ = 0;
  uint64_t settled_ = 0;  // in force or failed
  uint64_t made_ = 0;
  uint64_t in_force_ = 0;
  uint64_t retire_at_ = 0;  // in force then: what was reconfigured last
  bool announced_ = false;  // and not taken since
  std::list<Waiter> waiters_;

  std::unique_ptr<PathWatch> path_watch_;
  asio::steady_timer settle_;
  bool settling_ = false;
  std::chrono::steady_clock::time_point first_change_;  // since settling_
  asio::steady_timer poll_;
  asio::steady_timer expiry_;
  std::map<std::string, std::shared_ptr<Loop>> loops_;
  std::set<std::string> failing_;  // keys of commands whose last run failed
  std::shared_ptr<ControlSocket> socket_;
};

// Reading

void KnownValues::Sources::load() {
  read_environment_and_files();
  asio::io_context context;
  std::vector<CommandResult> results(config_.exec.size());
  for (size_t i = 0; i < results.size(); ++i)
    asio::co_spawn(context, run_into(config_.exec[i], results[i]), asio::detached);
  context.run();
  for (size_t i = 0; i < results.size(); ++i) take(config_.exec[i], results[i]);
}

void KnownValues::Sources::read_environment_and_files() {
  bool other = table_.replace(kEnvironment, read_environment(config_.environment, environ));
  for (const KnownValuesConfig::Path& path : config_.files)
    other = table_.replace(key_of(path), read_value_path(path, config_.max_values + 1)) || other;
  if (other) changed();
}

bool KnownValues::Sources::take(const KnownValuesConfig::Command& command,
                                const CommandResult& result) {
  bool well = result.failure.empty();
  if (well) {
    failing_.erase(key_of(command));
  } else {
    failing_.insert(key_of(command));
  }
  if (table_.replace(key_of(command), reading_of(command, result))) changed();
  return well;
}

void KnownValues::Sources::reconfigure(const KnownValuesConfig& config,
                                       const std::function<void()>& done) {
  bool other_socket = config.socket != config_.socket || config.socket_mode != config_.socket_mode;
  config_ = config;
  std::set<std::string> keys = {kEnvironment, kSocket, kStream};
  for (const KnownValuesConfig::Path& path : config_.files) keys.insert(key_of(path));
  for (const KnownValuesConfig::Command& command : config_.exec) keys.insert(key_of(command));
  table_.set_most(config_.max_values);
  if (table_.keep_only(keys)) changed();
  retire_at_ = generation_;
  watch_files();
  read_environment_and_files();
  if (other_socket) open_socket();

  // The last of the new commands to have run calls `done`.
  std::shared_ptr<void> all_run(nullptr, [this, weak = weak_from_this(), done](void*) {
    if (std::shared_ptr<Sources> self = weak.lock(); self && done) asio::post(control_, done);
  });
  std::map<std::string, std::shared_ptr<Loop>> old;
  old.swap(loops_);
  for (const KnownValuesConfig::Command& command : config_.exec) {
    auto before = old.find(key_of(command));
    if (before != old.end() && before->second->command == command) {
      loops_.insert(old.extract(before));
    } else if (table_.has(key_of(command)) && failing_.count(key_of(command)) == 0) {
      start_loop(command, command.refresh, {});
    } else {
      start_loop(command, Milliseconds(0), [all_run] {});
    }
  }
  for (const auto& [key, loop] : old) end_loop(*loop);
}

// Watching

void KnownValues::Sources::watch(std::function<void()> changed) {
  changed_ = std::move(changed);
  try {
    path_watch_ = std::make_unique<PathWatch>(
        control_, [this] { file_changed(); }, PathWatch::Writes::at_once);
  } catch (const std::system_error& error) {
    warn_("files", std::string("cannot be watched (") + error.what() +
                       "); they are read every 2 seconds instead");
  }
  watch_files();
  // What changed between load() and now.
  read_environment_and_files();
  poll_files();
  for (const KnownValuesConfig::Command& command : config_.exec) {
    bool failing = failing_.count(key_of(command)) != 0;
    start_loop(command, failing ? kFirstRetry : command.refresh, {});
  }
  open_socket();
  watch_expiry();
}

void KnownValues::Sources::watch_files() {
  if (!path_watch_) return;
  std::vector<std::string> paths;
  for (const KnownValuesConfig::Path& path : config_.files) paths.push_back(path.path);
  if (path_watch_->watch(paths)) return;
  warn_("files",
        "cannot all be watched (see fs.inotify.max_user_watches); they are read every 2 "
        "seconds instead");
  path_watch_.reset();
}

/// From the last change on, for what is read before may be half of it.
void KnownValues::Sources::file_changed() {
  const auto now = std::chrono::steady_clock::now();
  if (!std::exchange(settling_, true)) first_change_ = now;
  settle_.expires_at(std::min(now + kSettle, first_change_ + kMostSettle));
  settle_.async_wait([this, weak = weak_from_this()](boost::system::error_code error) {
    std::shared_ptr<Sources> self = weak.lock();
    if (error || !self || stopped_) return;
    settling_ = false;
    watch_files();  // first, so that a change while they are read is not missed
    read_environment_and_files();
  });
}

void KnownValues::Sources::poll_files() {
  poll_.expires_after(path_watch_ ? kPoll : kPollUnwatched);
  poll_.async_wait([this, weak = weak_from_this()](boost::system::error_code error) {
    std::shared_ptr<Sources> self = weak.lock();
    if (error || !self || stopped_) return;
    watch_files();
    read_environment_and_files();
    poll_files();
  });
}

void KnownValues::Sources::start_loop(const KnownValuesConfig::Command& command, Milliseconds delay,
                                      std::function<void()> first_run) {
  auto loop = std::make_shared<Loop>(command);
  loop->first_run = std::move(first_run);
  loops_[key_of(command)] = loop;
  asio::co_spawn(control_, run_again(shared_from_this(), loop, delay),
                 asio::bind_cancellation_slot(loop->end.slot(), asio::detached));
}

void KnownValues::Sources::end_loop(Loop& loop) {
  loop.ended = true;
  loop.first_run = nullptr;
  loop.end.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> KnownValues::Sources::run_again(std::shared_ptr<Sources> self,
                                                      std::shared_ptr<Loop> loop,
                                                      Milliseconds delay) {
  asio::steady_timer timer(self->control_);
  Milliseconds retry = kFirstRetry;
  for (;;) {
    timer.expires_after(delay);
    co_await timer.async_wait(kAwait);
    if (loop->ended) co_return;
    CommandResult result = co_await run_command(loop->command.argv, loop->command.timeout);
    if (loop->ended) co_return;
    bool well = self->take(loop->command, result);
    loop->first_run = nullptr;
    delay = well ? loop->command.refresh : std::min(retry, loop->command.refresh);
    retry = well ? kFirstRetry : retry * 2;
  }
}

void KnownValues::Sources::open_socket() {
  if (socket_) socket_->close();
  socket_.reset();
  if (config_.socket.empty() || !changed_) return;
  try {
    auto answer_one = [weak = weak_from_this()](ControlRequest request, Secret value) {
      return answer(weak.lock(), std::move(request), std::move(value));
    };
    auto warn = [weak = weak_from_this()](std::string_view reason) {
      std::shared_ptr<Sources> self = weak.lock();
      if (self && !self->stopped_) self->warn_("control socket", reason);
    };
    socket_ = ControlSocket::open(control_, config_.socket, config_.socket_mode, answer_one, warn);
  } catch (const std::exception& error) {
    warn_("control socket", std::string("cannot be opened: ") + error.what());
  }
}

void KnownValues::Sources::stop() {
  if (stopped_) return;
  stopped_ = true;
  changed_ = nullptr;
  path_watch_.reset();
  settle_.cancel();
  poll_.cancel();
  expiry_.cancel();
  for (const auto& [key, loop] : loops_) end_loop(*loop);
  loops_.clear();
  if (socket_) socket_->close();
  socket_.reset();
  std::list<Waiter> waiters;
  waiters.swap(waiters_);
  for (Waiter& waiter : waiters) waiter.done(Outcome::failed);
}

// Generations

KnownValues::Snapshot KnownValues::Sources::values() {
  taken_ = generation_;
  announced_ = false;
  return {generation_, table_.values()};
}

void KnownValues::Sources::changed() {
  ++generation_;
  watch_expiry();
  announce();
}

void KnownValues::Sources::announce() {
  if (stopped_ || !changed_ || announced_ || generation_ == taken_ || taken_ > settled_) return;
  announced_ = true;
  asio::post(control_, [this, weak = weak_from_this()] {
    std::shared_ptr<Sources> self = weak.lock();
    // Somebody may have taken them meanwhile.
    if (self && changed_ && announced_) changed_();
  });
}

void KnownValues::Sources::made(uint64_t generation) {
  made_ = std::max(made_, generation);
  answer_waiters(generation, Outcome::masked, true);
}

void KnownValues::Sources::settled(uint64_t generation, bool in_force) {
  settled_ = std::max(settled_, generation);
  if (in_force) in_force_ = std::max(in_force_, generation);
  made_ = std::max(made_, in_force_);
  // Until the sources of a new configuration are in force, the old ones may come back.
  if (in_force_ >= retire_at_) table_.forget_retired();
  answer_waiters(generation, in_force ? Outcome::masked : Outcome::failed, false);
  announce();
}

void KnownValues::Sources::answer_waiters(uint64_t generation, Outcome outcome, bool made_only) {
  std::list<Waiter> ready;
  for (auto waiter = waiters_.begin(); waiter != waiters_.end();) {
    auto next = std::next(waiter);
    if (waiter->generation <= generation && (waiter->made_only || !made_only))
      ready.splice(ready.end(), waiters_, waiter);
    waiter = next;
  }
  for (Waiter& waiter : ready) waiter.done(outcome);
}

/// `made_only`: else it has to be in force.
void KnownValues::Sources::wait_for_current(bool made_only, Done done) {
  if (stopped_) return done(Outcome::failed);
  if ((made_only ? made_ : in_force_) >= generation_) return done(Outcome::masked);
  waiters_.push_back({generation_, std::move(done), made_only});
}

asio::awaitable<bool> KnownValues::Sources::becomes_in_force() {
  struct Wait {
    explicit Wait(asio::io_context& context) : timer(context, kInForceTime) {}
    asio::steady_timer timer;
    bool over = false;
    bool in_force = false;
  };
  auto wait = std::make_shared<Wait>(control_);
  wait_for_current(false, [wait](Outcome outcome) {
    wait->over = true;
    wait->in_force = outcome == Outcome::masked;
    wait->timer.cancel();
  });
  if (!wait->over) co_await wait->timer.async_wait(kAwait);
  co_return wait->in_force;
}

void KnownValues::Sources::watch_expiry() {
  std::optional<ValueTable::Time> next = table_.next_expiry();
  expiry_.cancel();
  if (!next || stopped_) return;
  expiry_.expires_at(*next);
  expiry_.async_wait([this, weak = weak_from_this()](boost::system::error_code error) {
    std::shared_ptr<Sources> self = weak.lock();
    if (error || !self || stopped_) return;
    if (table_.expire(std::chrono::steady_clock::now())) {
      changed();
    } else {
      watch_expiry();
    }
  });
}

// Values that are told

void KnownValues::Sources::add_streamed(KnownValue value, const Done& done) {
  ValueTable::Added added{
      false, "there are " + std::to_string(kMostStreamed) + " values from streams already"};
  if (table_.count_of(kStream) < kMostStreamed) {
    added = table_.add(kStream, {{mask_name(value.name), std::move(value.value)}, "stream"},
                       std::nullopt);
  }
  if (!added.refused.empty()) {
    warn_("::add-mask::", "a value is not masked: " + added.refused);
    if (done) done(Outcome::refused);
    return;
  }
  added_one(added);
  if (done) wait_for_current(true, done);
}

/// Programs say the same again and again: only a new value is worth a new generation.
void KnownValues::Sources::added_one(const ValueTable::Added& added) {
  if (added.changed) {
    changed();
  } else {
    watch_expiry();
  }
}

asio::awaitable<ControlAnswer> KnownValues::Sources::answer(std::shared_ptr<Sources> self,
                                                            ControlRequest request, Secret value) {
  ControlAnswer stopping;
  stopping.error = "redactd is stopping";
  if (!self || self->stopped_) co_return stopping;
  switch (request.command) {
    case ControlRequest::Command::add:
      co_return co_await self->add(std::move(request), std::move(value));
    case ControlRequest::Command::remove:
      co_return self->remove(request);
    case ControlRequest::Command::list:
      co_return self->list();
  }
  co_return stopping;
}

asio::awaitable<ControlAnswer> KnownValues::Sources::add(ControlRequest request, Secret value) {
  ControlAnswer answer;
  std::optional<ValueTable::Time> expires;
  if (request.ttl) expires = std::chrono::steady_clock::now() + *request.ttl;
  std::string name = mask_name(request.name);
  ValueTable::Added added =
      table_.add(kSocket, {{name, std::move(value)}, "control socket"}, expires);
  if (!added.refused.empty()) {
    answer.error = "the value is not masked: " + added.refused;
    warn_("control socket (" + name + ")", answer.error);
    co_return answer;
  }
  added_one(added);
  if (!co_await becomes_in_force())
    answer.error = "the value was taken, but is not in force yet; see redactd's log";
  co_return answer;
}

ControlAnswer KnownValues::Sources::remove(const ControlRequest& request) {
  auto meant = [&](const KnownValue& known) {
    return request.name.empty() ? fingerprints_.of(known.value) == request.fingerprint
                                : known.name == mask_name(request.name);
  };
  ControlAnswer answer;
  answer.removed = table_.remove(kSocket, meant) + table_.remove(kStream, meant);
  if (answer.removed > 0) {
    changed();
    return answer;
  }
  answer.error = "there is no such value";
  for (const ValueTable::Entry& entry : table_.entries()) {
    if (meant(entry.found.known))
      answer.error = "this value comes from " + entry.found.where + "; take it away there";
  }
  return answer;
}

ControlAnswer KnownValues::Sources::list() const {
  ControlAnswer answer;
  ValueTable::Time now = std::chrono::steady_clock::now();
  for (const ValueTable::Entry& entry : table_.entries()) {
    const KnownValue& known = entry.found.known;
    ListedValue listed{known.name, fingerprints_.of(known.value), entry.found.where, {}};
    if (entry.expires) {
      listed.left =
          std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(*entry.expires - now));
    }
    answer.values.push_back(std::move(listed));
  }
  return answer;
}

// The door

KnownValues::KnownValues(asio::io_context& control, const KnownValuesConfig& config,
                         ControlCounters& counters, Warn warn)
    : control_(control),
      sources_(std::make_shared<Sources>(control, config, counters, std::move(warn))) {}

KnownValues::~KnownValues() { stop(); }

void KnownValues::load() { sources_->load(); }

void KnownValues::reconfigure(const KnownValuesConfig& config, const std::function<void()>& done) {
  sources_->reconfigure(config, done);
}

void KnownValues::watch(std::function<void()> changed) { sources_->watch(std::move(changed)); }

void KnownValues::stop() { sources_->stop(); }

KnownValues::Snapshot KnownValues::values() { return sources_->values(); }

void KnownValues::in_force(uint64_t generation) { sources_->settled(generation, true); }

void KnownValues::failed(uint64_t generation) { sources_->settled(generation, false); }

void KnownValues::made(uint64_t generation) { sources_->made(generation); }

void KnownValues::add(KnownValue value, Done done) {
  asio::post(control_, [weak = std::weak_ptr<Sources>(sources_), value = std::move(value),
                        done = std::move(done)]() mutable {
    if (std::shared_ptr<Sources> sources = weak.lock())
      sources->add_streamed(std::move(value), done);
  });
}

}  // namespace redactd
