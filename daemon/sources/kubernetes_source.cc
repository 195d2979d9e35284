#include "daemon/sources/kubernetes_source.h"

#include <boost/asio/post.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "daemon/framing/encoding.h"
#include "daemon/framing/framer.h"
#include "daemon/sources/position_lock.h"
#include "daemon/sources/position_saver.h"

namespace redactd {
namespace {

// The log of a container that fails at once may be gone soon; a look at 200 pods takes 3 ms.
constexpr std::chrono::milliseconds kLookInterval{500};

bool keeps_positions(const SourceSetup& setup) { return !setup.config.position_file.empty(); }

/// The node's name: given by the manifest (spec.nodeName), else this machine's.
std::string node_name() {
  const char* given = std::getenv("NODE_NAME");
  return given != nullptr && *given != '\0' ? given : host_name();
}

}  // namespace

KubernetesSource::KubernetesSource(SourceSetup setup)
    : setup_(std::make_shared<SourceSetup>(std::move(setup))),
      node_(node_name()),
      table_(setup_->config.position_file),
      timer_(setup_->control) {}

KubernetesSource::~KubernetesSource() {
  if (!keeps_positions(*setup_)) return;
  for (auto& [path, followed] : followed_) followed.checkpoints->close();
  collect_written();
  save();
}

void KubernetesSource::open() {
  if (!keeps_positions(*setup_)) return;
  lock_ = lock_position(setup_->config.position_file);
  tell_if_set_aside(*setup_, table_.set_aside_if_damaged());
  positions_ = table_.load();
  was_here_ = !positions_.empty();
  table_.check_writable();
}

void KubernetesSource::start() { look(); }

void KubernetesSource::stop() {
  stopped_ = true;
  timer_.cancel();
}

void KubernetesSource::look() {
  note_missing_folder();
  const PodLogs logs = find_pod_logs(setup_->config, host_name());
  note_unlisted(logs);
  for (const PodLog& log : logs.found) {
    if (followed_.count(log.path) == 0) follow(log);
  }
  collect_written();
  forget_all_but(logs);
  first_look_ = false;
  auto now = std::chrono::steady_clock::now();
  if (now >= next_save_) {
    save();
    next_save_ = now + kSaveInterval;
  }
  timer_.expires_after(kLookInterval);
  timer_.async_wait([this, alive = std::weak_ptr<int>(alive_)](const boost::system::error_code&) {
    if (!alive.expired() && !stopped_) look();
  });
}

/// Logs that are gone, with their positions, also those from before redactd was started.
void KubernetesSource::forget_all_but(const PodLogs& logs) {
  std::set<std::string> there;
  for (const PodLog& log : logs.found) there.insert(log.path);
  auto gone = [&](const auto& entry) {
    return there.count(entry.first) == 0 && !logs.may_hide(entry.first);
  };
  for (const auto& entry : followed_) {
    if (gone(entry)) let_go(entry.second);
  }
  std::erase_if(followed_, gone);
  if (std::erase_if(positions_, gone) > 0) unsaved_ = true;
}

void KubernetesSource::note_missing_folder() {
  std::error_code error;
  bool missing = !std::filesystem::is_directory(setup_->config.path, error);
  if (missing && !folder_missing_) {
    setup_->log.warning(
        "the folder of the containers' logs is not there; waiting for it",
        {{"source", configured(setup_->config.name)}, {"path", configured(setup_->config.path)}});
  }
  folder_missing_ = missing;
}

void KubernetesSource::note_unlisted(const PodLogs& logs) {
  if (logs.error != 0 && unlisted_error_ != logs.error) {
    setup_->log.warning("a folder of containers' logs cannot be listed; it will be tried again",
                        {{"source", configured(setup_->config.name)},
                         {"error", std::error_code(logs.error, std::generic_category())}});
  }
  unlisted_error_ = logs.error;
}

void KubernetesSource::follow(const PodLog& log) {
  const SourceConfig& config = setup_->config;
  FollowedFile file;
  file.path = log.path;
  // A log that is new since redactd was last here may have been rotated before it was seen.
  bool old = first_look_ && !was_here_ && config.start_at == SourceConfig::StartAt::end;
  file.start_at = old ? SourceConfig::StartAt::end : SourceConfig::StartAt::oldest;
  if (auto saved = positions_.find(log.path); saved != positions_.end()) file.saved = saved->second;
  if (keeps_positions(*setup_)) file.checkpoints = std::make_shared<Checkpoints>();
  // What lies beyond the longest record is cut by the framer, which wants to see some of it.
  constexpr size_t kBeyond = Framer::kLookAhead + 64 * 1024;
  file.container.emplace(config.format,
                         ContainerLog::Origin{node_, log.name_space, log.pod, log.container},
                         config.max_record + kBeyond);
  Followed followed{next_worker_++ % setup_->workers.size(),
                    std::make_shared<std::weak_ptr<FileSession>>(), file.checkpoints};
  Worker& worker = *setup_->workers[followed.worker];
  asio::post(worker.context(),
             [setup = setup_, &worker, file = std::move(file), made = followed.session]() mutable {
               if (worker.stopping()) return;
               auto session = std::make_shared<FileSession>(setup, worker, std::move(file));
               *made = session;
               session->start();
             });
  followed_.emplace(log.path, std::move(followed));
}

/// The log is gone: what was written to it before is put out.
void KubernetesSource::let_go(const Followed& followed) {
  asio::post(setup_->workers[followed.worker]->context(), [session = followed.session] {
    if (std::shared_ptr<FileSession> alive = session->lock()) alive->finish();
  });
}

void KubernetesSource::collect_written() {
  if (!keeps_positions(*setup_)) return;
  for (auto& [path, followed] : followed_) {
    if (std::optional<Position> written = followed.checkpoints->take_written()) {
      positions_[path] = *written;
      unsaved_ = true;
    }
  }
}

void KubernetesSource::save() {
  if (!unsaved_) return;
  try {
    table_.save(positions_);
    unsaved_ = false;
  } catch (const std::exception& error) {
    setup_->log.error(
        "the positions cannot be saved; records will come again after a restart",
        {{"source", configured(setup_->config.name)}, {"error", error_text(error.what())}});
  }
}

}  // namespace redactd
