// From one configuration to the next: what is new is made beside what is in force, then the workers
// change over between two batches.

#include <boost/asio/post.hpp>

#include <atomic>
#include <stdexcept>

#include "config/config_error.h"
#include "daemon/exit_code.h"
#include "daemon/process/notify.h"
#include "daemon/reload/until_restart.h"
#include "daemon/server.h"
#include "daemon/sinks/sink_log.h"

namespace redactd {
namespace {

std::string lines(const std::vector<std::string>& texts, const std::string& before) {
  std::string all;
  for (const std::string& text : texts) all.append(before).append(text) += '\n';
  return all;
}

const ReloadResult kStopping{"redactd is stopping\n", ""};

/// What of a sink an error that shows only when it is made may be about.
std::vector<NamedValue> places_of_sink(const SinkConfig& config, size_t index) {
  const std::string entry = "sinks[" + std::to_string(index) + "].";
  return {{entry + "path", config.path},       {entry + "spool.directory", config.spool.directory},
          {entry + "name", config.name},       {entry + "tls.certificate", config.tls.certificate},
          {entry + "tls.key", config.tls.key}, {entry + "tls.ca", config.tls.ca},
          {entry + "tls.crl", config.tls.crl}};
}

}  // namespace

void Server::reload(Answer answer) {
  if (stopping_) return answer(kStopping);
  waiting_.push_back(std::move(answer));
  file_wanted_ = true;
  build_next();
}

void Server::watch_config() {
  std::string trouble = config_watch_.watch(config_.reload_on_change ? files_of(file_, config_)
                                                                     : std::vector<std::string>{});
  if (!trouble.empty())
    log_.warning("changes of the configuration cannot all be seen; reload by SIGHUP",
                 {{"error", error_text(trouble)}});
}

void Server::warn(const std::vector<Diagnostic>& warnings) {
  for (const Diagnostic& warning : warnings)
    log_.warning("configuration", {{"warning", error_text(warning.text())}});
}

void Server::known_values_changed() {
  known_wanted_ = true;
  build_next();
}

void Server::build_next() {
  const bool file_wanted = file_wanted_ && !stopping_ && !commands_run_;
  if (building_ || sinks_draining_ || !(commanded_ || file_wanted || known_wanted_)) return;
  building_ = true;
  of_file_ = commanded_ || file_wanted;
  known_changed_ = commanded_.has_value();
  known_generation_ = 0;
  until_restart_.clear();
  if (commanded_) return compile(*std::exchange(commanded_, std::nullopt));
  if (!of_file_) return compile(config_);
  file_wanted_ = false;
  answering_ = std::exchange(waiting_, {});
  notify_reloading();
  compiler_.read(file_, [this](Compiled next) { file_read(std::move(next)); });
}

void Server::file_read(Compiled next) {
  warn(next.warnings);
  if (!next.errors.empty()) return fail(next.errors);
  if (std::string why = sandbox_.refusal(next.config); !why.empty()) return fail(why + '\n');
  if (next.config.known_values == config_.known_values) {
    known_.read_again();  // who has changed a file and then asks for a reload wants it in force
    return compile(std::move(next.config));
  }
  run_commands(std::move(next.config));
}

/// Those of a new configuration may take long: values that change or are told come into force
/// meanwhile.
void Server::run_commands(DaemonConfig next) {
  commands_run_ = true;
  building_ = false;
  auto config = std::make_shared<DaemonConfig>(std::move(next));
  known_.reconfigure(config->known_values, [this, config] {
    commands_run_ = false;
    if (sinks_draining_) return answer_all(kStopping);
    commanded_ = std::move(*config);
    build_next();
  });
  build_next();
}

void Server::compile(DaemonConfig config) {
  known_wanted_ = false;
  KnownValues::Snapshot known = known_.values();
  known_generation_ = known.generation;
  compiler_.compile(std::move(config), std::move(known.values), generation_->rules,
                    [this, generation = known.generation](Compiled next) {
                      compiled(std::move(next), generation);
                    });
}

void Server::compiled(Compiled next, uint64_t known_generation) {
  // Too late: they are closed, and nothing is read any more.
  if (sinks_draining_) return answer_all(kStopping);
  if (!next.rules) return fail(next.errors);
  std::vector<std::string> changes = changes_until_restart(config_, next.config);
  std::string errors = lines(keep_until_restart(config_, next.config), file_ + ": ");
  errors += lines(loops_until_restart(next.config), "");
  if (!errors.empty()) return fail(errors);
  Sinks sinks;
  try {
    sinks = make_sinks(next.config);
  } catch (const std::exception& error) {
    return fail(std::string(error.what()) + '\n');
  }
  if (of_file_) {
    warn(next.warnings);
    for (const std::string& change : changes)
      log_.warning("not all of the new configuration is in force",
                   {{"change", configured(change)}});
    until_restart_ = lines(changes, "");
  }
  for (auto& [name, sink] : sinks_) {
    auto kept = sinks.find(name);
    if (kept == sinks.end() || kept->second != sink) take_out(sink);
  }
  retired_.push_back(generation_);
  generation_ = make_generation(next.config, std::move(next.rules), sinks);
  sinks_ = std::move(sinks);
  config_ = std::move(next.config);
  add_mask_ = config_.known_values.add_mask;
  known_.made(known_generation);
  hand_out([this, known_generation] { in_force(known_generation); });
}

/// The workers adopt generation_; `done` is called here when the last one has.
void Server::hand_out(const std::function<void()>& done) {
  auto left = std::make_shared<std::atomic<size_t>>(workers_.size());
  for (auto& worker : workers_) {
    worker->adopt(generation_, [this, left, done] {
      if (left->fetch_sub(1) == 1) asio::post(control_, done);
    });
  }
}

void Server::in_force(uint64_t known_generation) {
  building_ = false;
  let_go_of_old();
  known_in_force_ = known_generation;
  known_.in_force(known_generation);
  auto deadline = std::chrono::steady_clock::now() + config_.drain_timeout;
  for (auto& sink : std::exchange(gone_sinks_, {})) {
    sink->close(deadline, [this, sink] { asio::post(control_, [this, sink] { gone(sink); }); });
  }
  if (of_file_) ++configurations_;
  note_rules();
  if (of_file_) {
    log_.configure(config_.log);
    reload_certificates();
    watch_config();
    for (auto& [name, sink] : sinks_) sink->reopen();
    metrics_.control().reloads_ok.add();
    metrics_.control().last_reload_failed.set(0);
    log_.info("configuration reloaded",
              {{"generation", configurations_}, {"rules", metrics_.control().rules.get()}});
    notify_ready(status());
  }
  if (of_file_) answer_all({"", until_restart_});
  run_self_check();
  build_next();
}

/// From now on until gone() it counts among those that have to drain before the end.
void Server::take_out(const std::shared_ptr<Sink>& sink) {
  gone_sinks_.push_back(sink);
  metrics_.drains(sink->config().name);
  ++sinks_left_;
}

void Server::gone(const std::shared_ptr<Sink>& sink) {
  if (sink->keeps_receipts()) {
    receipt_keepers_.push_back(sink);
    for (auto& worker : workers_) worker->tell_records_dropped();
  }
  metrics_.drained(sink->config().name);
  sink_drained();
}

/// The old configuration stays in force. Its files may have been rotated all the same: that is what
/// SIGHUP is sent for as well.
void Server::fail(const std::string& errors) {
  building_ = false;
  // The file's fault is not theirs: they are made with the old configuration next.
  if (of_file_ && known_generation_ > known_in_force_) {
    known_wanted_ = true;
  } else if (known_generation_ != 0) {
    known_.failed(known_generation_);
  }
  if (known_changed_) known_.restore(config_.known_values);
  if (of_file_) {
    for (auto& [name, sink] : sinks_) sink->reopen();
    metrics_.control().reloads_failed.add();
    metrics_.control().last_reload_failed.set(1);
    notify_ready(status() + "; with the old configuration: the new one is wrong");
  }
  log_.error("the old configuration stays in force", {{"errors", error_text(errors)}});
  if (of_file_) answer_all({errors, ""});
  build_next();
}

void Server::answer_all(const ReloadResult& result) {
  for (Answer& answer : std::exchange(answering_, {})) answer(result);
}

/// What has been asked for and not begun will not be.
void Server::refuse_waiting() {
  for (Answer& answer : std::exchange(waiting_, {})) answer(kStopping);
}

Server::Sinks Server::make_sinks(const DaemonConfig& all) {
  Sinks made;
  for (size_t i = 0; i < all.sinks.size(); ++i) {
    const SinkConfig& config = all.sinks[i];
    auto old = sinks_.find(config.name);
    if (old != sinks_.end() && old->second->config() == config) {
      made.emplace(config.name, old->second);
      continue;
    }
    try {
      made.emplace(config.name, make_new_sink(config));
    } catch (const std::exception& error) {
      close_new(made);
      throw std::runtime_error(config_error(all.settings, places_of_sink(config, i), error.what()));
    }
  }
  return made;
}

std::shared_ptr<Sink> Server::make_new_sink(const SinkConfig& config) {
  // From the last worker down, for connections are dealt from the first one up.
  size_t home = sink_homes_.try_emplace(config.name, sink_homes_.size()).first->second;
  Worker& worker = *workers_[workers_.size() - 1 - home % workers_.size()];
  SinkOwner owner;
  owner.log = [this, name = config.name](const SinkEvent& event) {
    log_sink_event(log_, name, event);
    if (event.kind == SinkEvent::Kind::dropped_at_exit) records_left_ = true;
  };
  owner.reader_gone = [this] {
    asio::post(control_, [this] {
      log_.error("standard output is closed: its reader is gone");
      stop(kRuntimeError);
    });
  };
  return make_sink(config, worker.context(), metrics_.sink(config.name), std::move(owner));
}

/// Those of the sinks that are not in use.
void Server::close_new(const Sinks& made) const {
  for (const auto& [name, sink] : made) {
    auto kept = sinks_.find(name);
    if (kept == sinks_.end() || kept->second != sink)
      sink->close(std::chrono::steady_clock::now(), [] {});
  }
}

std::shared_ptr<const Generation> Server::make_generation(const DaemonConfig& config,
                                                          std::shared_ptr<const RuleSet> rules,
                                                          const Sinks& sinks) {
  auto made = std::make_shared<Generation>();
  made->number = generation_ ? generation_->number + 1 : 1;
  for (const SourceConfig& source : config.sources) {
    Route& route = made->routes.emplace_back();
    for (const auto& [name, sink] : sinks) {
      if (writes_to(source, name)) route.add(sink);
    }
  }
  Route& all = made->routes.emplace_back();  // of the self-check
  for (const auto& [name, sink] : sinks) all.add(sink);
  made->redactions.resize(workers_.size());
  for (size_t worker = 0; worker < workers_.size(); ++worker) {
    for (const Rule& rule : rules->rules())
      made->redactions[worker].push_back(&metrics_.redactions(rule.id, worker));
  }
  made->rules = std::move(rules);
  return made;
}

void Server::reload_certificates() {
  for (size_t i = 0; i < sources_.size(); ++i) {
    try {
      if (!config_.sources[i].tls.certificate.empty())
        sources_[i]->reload_tls(config_.sources[i].tls);
    } catch (const std::exception& error) {
      log_.error(
          "the old certificate stays in use",
          {{"source", configured(config_.sources[i].name)}, {"error", error_text(error.what())}});
    }
  }
  try {
    if (admin_) admin_->reload(config_.admin);
  } catch (const std::exception& error) {
    log_.error("the admin endpoint's old certificate stays in use",
               {{"error", error_text(error.what())}});
  }
}

void Server::note_rules() {
  ControlCounters& counters = metrics_.control();
  const RuleSet& rules = *generation_->rules;
  size_t active = 0;
  for (uint32_t i = 0; i < rules.rules().size(); ++i) {
    if (!rules.is_muted(i) && rules.rules()[i].kind != RuleKind::known) ++active;
  }
  size_t stream_bytes = 0;
  size_t database_bytes = rules.known()->bytes();
  for (const auto& database : rules.databases()) {
    stream_bytes += database->stream_bytes();
    database_bytes += database->bytes();
  }
  counters.generation.set(configurations_);
  counters.rules.set(active);
  counters.stream_state_bytes.set(stream_bytes);
  counters.database_bytes.set(database_bytes);
  std::vector<std::string> sources;
  std::vector<std::string> sinks;
  for (const SourceConfig& source : config_.sources) sources.push_back(source.name);
  for (const SinkConfig& sink : config_.sinks) sinks.push_back(sink.name);
  metrics_.show(sources, sinks);
}

/// Freeing a large rule set takes its time; here it is nobody's.
void Server::let_go_of_old() {
  std::erase_if(retired_, [this](std::shared_ptr<const Generation>& generation) {
    if (generation.use_count() > 1) return false;
    compiler_.discard(generation->rules);
    return true;
  });
}

}  // namespace redactd
