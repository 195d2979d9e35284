#include "daemon/known/known_values.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <set>
#include <utility>

#include "daemon/await.h"
#include "daemon/known/command_loops.h"
#include "daemon/known/control_socket.h"
#include "daemon/known/environment.h"
#include "daemon/known/file_rounds.h"
#include "daemon/known/fingerprint.h"
#include "daemon/known/generations.h"
#include "daemon/known/names.h"
#include "daemon/known/value_files.h"
#include "daemon/known/value_table.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds kInForceTime{60'000};  // until somebody who asked hears that it takes longer
constexpr size_t kMostStreamed = 10'000;

// Keys of the table, in the order in which sources name a value that several hold.
constexpr const char* kEnvironment = "1 environment";
constexpr const char* kSocket = "4 socket";
constexpr const char* kStream = "5 stream";

std::string key_of(const KnownValuesConfig::Path& path) { return "2 file " + path.path; }

std::string key_of_command(const std::string& key) { return "3 command " + key; }

std::string key_of(const KnownValuesConfig::Command& command) {
  return key_of_command(CommandLoops::key_of(command));
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
  if (output.empty()) {  // which is no value, and no sign that the one before has gone
    reading.unread.push_back(where);
    reading.troubles.push_back({where, "put out nothing"});
  }
  add_found(reading.values, command.name, where, output);
  return reading;
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
        file_rounds_(std::make_shared<FileRounds>(
            control, [this] { read_environment_and_files(); }, warn_)),
        commands_(control, [this](const KnownValuesConfig::Command& command,
                                  const CommandResult& result) { take(command, result); }),
        expiry_(control) {
    set_paths();
  }

  void load();
  void reconfigure(const KnownValuesConfig& config, const std::function<void()>& done);
  void restore(const KnownValuesConfig& config);
  void watch(std::function<void()> changed);
  void stop();
  Snapshot values();
  void made(uint64_t generation);
  void in_force(uint64_t generation);
  void failed(uint64_t generation);
  void add_streamed(KnownValue value, const Done& done);

  void read_environment_and_files();

 private:
  void replace_commands(const KnownValuesConfig& config, const std::shared_ptr<void>& first_runs);
  void take_over(const KnownValuesConfig& config);
  void set_paths();
  void open_socket();
  void take(const KnownValuesConfig::Command& command, const CommandResult& result);

  static asio::awaitable<ControlAnswer> answer(std::shared_ptr<Sources> self,
                                               ControlRequest request, Secret value);
  asio::awaitable<ControlAnswer> add(ControlRequest request, Secret value);
  ControlAnswer remove(const ControlRequest& request);
  ControlAnswer list() const;
  asio::awaitable<bool> becomes_in_force();

  void added_one(const ValueTable::Added& added);
  void changed();
  void announce();
  void settled();
  void watch_expiry();

  asio::io_context& control_;
  KnownValuesConfig config_;
  Warn warn_;
  ValueTable table_;
  Fingerprints fingerprints_;

  bool stopped_ = false;
  std::function<void()> changed_;  // empty until watch()
  Generations generations_;
  uint64_t retire_at_ = 0;  // in force then: what was reconfigured last
  bool announced_ = false;  // and not taken since

  std::shared_ptr<FileRounds> file_rounds_;
  CommandLoops commands_;
  asio::steady_timer expiry_;
  std::shared_ptr<ControlSocket> socket_;
};

// Reading

void KnownValues::Sources::load() {
  read_environment_and_files();
  commands_.run_now(config_.exec);
}

void KnownValues::Sources::read_environment_and_files() {
  bool other = table_.replace(kEnvironment, read_environment(config_.environment, environ));
  for (const KnownValuesConfig::Path& path : config_.files)
    other = table_.replace(key_of(path), read_value_path(path, config_.max_values + 1)) || other;
  if (other) changed();
}

void KnownValues::Sources::take(const KnownValuesConfig::Command& command,
                                const CommandResult& result) {
  if (table_.replace(key_of(command), reading_of(command, result))) changed();
}

void KnownValues::Sources::reconfigure(const KnownValuesConfig& config,
                                       const std::function<void()>& done) {
  // The last of the new commands to have run goes on with the rest.
  std::shared_ptr<void> first_runs(nullptr, [weak = weak_from_this(), config, done](void*) {
    std::shared_ptr<Sources> self = weak.lock();
    if (!self) return;
    asio::post(self->control_, [self, config, done] {
      if (!self->stopped_) self->take_over(config);
      if (done) done();
    });
  });
  replace_commands(config, first_runs);
}

void KnownValues::Sources::restore(const KnownValuesConfig& config) {
  replace_commands(config, nullptr);
  take_over(config);
}

void KnownValues::Sources::replace_commands(const KnownValuesConfig& config,
                                            const std::shared_ptr<void>& first_runs) {
  auto has_value = [this](const std::string& key) { return table_.has(key_of_command(key)); };
  commands_.replace(config.exec, has_value, first_runs);
}

void KnownValues::Sources::take_over(const KnownValuesConfig& config) {
  bool other_socket = config.socket != config_.socket || config.socket_mode != config_.socket_mode;
  config_ = config;
  std::set<std::string> keys = {kEnvironment, kSocket, kStream};
  for (const KnownValuesConfig::Path& path : config_.files) keys.insert(key_of(path));
  for (const KnownValuesConfig::Command& command : config_.exec) keys.insert(key_of(command));
  table_.set_most(config_.max_values);
  if (table_.keep_only(keys)) changed();
  retire_at_ = generations_.current();
  set_paths();
  read_environment_and_files();
  if (other_socket) open_socket();
}

// Watching

void KnownValues::Sources::watch(std::function<void()> changed) {
  changed_ = std::move(changed);
  file_rounds_->watch();
  commands_.start(config_.exec);
  open_socket();
  watch_expiry();
}

void KnownValues::Sources::set_paths() {
  std::vector<std::string> paths;
  for (const KnownValuesConfig::Path& path : config_.files) paths.push_back(path.path);
  file_rounds_->set_paths(std::move(paths));
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
  file_rounds_->stop();
  expiry_.cancel();
  commands_.stop();
  if (socket_) socket_->close();
  socket_.reset();
  generations_.stop();
}

// Generations

KnownValues::Snapshot KnownValues::Sources::values() {
  announced_ = false;
  return {generations_.take(), table_.values()};
}

void KnownValues::Sources::changed() {
  generations_.change();
  watch_expiry();
  announce();
}

void KnownValues::Sources::announce() {
  if (stopped_ || !changed_ || announced_ || generations_.nothing_to_take()) return;
  announced_ = true;
  asio::post(control_, [this, weak = weak_from_this()] {
    std::shared_ptr<Sources> self = weak.lock();
    // Somebody may have taken them meanwhile.
    if (self && changed_ && announced_) changed_();
  });
}

void KnownValues::Sources::made(uint64_t generation) { generations_.made(generation); }

void KnownValues::Sources::in_force(uint64_t generation) {
  generations_.in_force(generation);
  settled();
}

void KnownValues::Sources::failed(uint64_t generation) {
  generations_.failed(generation);
  settled();
}

void KnownValues::Sources::settled() {
  // Until the sources of a new configuration are in force, the old ones may come back.
  if (generations_.is_in_force(retire_at_)) table_.forget_retired();
  announce();
}

asio::awaitable<bool> KnownValues::Sources::becomes_in_force() {
  struct Wait {
    explicit Wait(asio::io_context& context) : timer(context, kInForceTime) {}
    asio::steady_timer timer;
    bool over = false;
    bool in_force = false;
  };
  auto wait = std::make_shared<Wait>(control_);
  generations_.when_current(Generations::Until::in_force, [wait](Outcome outcome) {
    wait->over = true;
    wait->in_force = outcome == Outcome::masked;
    wait->timer.cancel();
  });
  if (!wait->over) co_await wait->timer.async_wait(kAwaitAny);
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
  if (done) generations_.when_current(Generations::Until::made, done);
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

void KnownValues::restore(const KnownValuesConfig& config) { sources_->restore(config); }

void KnownValues::read_again() { sources_->read_environment_and_files(); }

void KnownValues::watch(std::function<void()> changed) { sources_->watch(std::move(changed)); }

void KnownValues::stop() { sources_->stop(); }

KnownValues::Snapshot KnownValues::values() { return sources_->values(); }

void KnownValues::in_force(uint64_t generation) { sources_->in_force(generation); }

void KnownValues::failed(uint64_t generation) { sources_->failed(generation); }

void KnownValues::made(uint64_t generation) { sources_->made(generation); }

void KnownValues::add(KnownValue value, Done done) {
  asio::post(control_, [weak = std::weak_ptr<Sources>(sources_), value = std::move(value),
                        done = std::move(done)]() mutable {
    if (std::shared_ptr<Sources> sources = weak.lock())
      sources->add_streamed(std::move(value), done);
  });
}

}  // namespace redactd
