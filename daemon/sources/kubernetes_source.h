#pragma once

// A source that follows the logs of a node's containers, as kubelet keeps them. It looks for new
// ones and for those that are gone; each is followed by a FileSession, on the workers in turn.

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "daemon/descriptor.h"
#include "daemon/sources/checkpoints.h"
#include "daemon/sources/file_session.h"
#include "daemon/sources/pod_logs.h"
#include "daemon/sources/position.h"
#include "daemon/sources/source.h"

namespace redactd {

/// Belongs to the control thread.
class KubernetesSource : public Source {
 public:
  explicit KubernetesSource(SourceSetup setup);
  /// The sinks have taken what they will take: the positions are saved.
  ~KubernetesSource() override;

  /// The folder need not be there.
  void open() override;
  void start() override;
  /// Looks for no more; the sessions are stopped by their workers.
  void stop() override;

 private:
  struct Followed {
    size_t worker = 0;
    std::shared_ptr<std::weak_ptr<FileSession>> session;  // of the worker's thread
    std::shared_ptr<Checkpoints> checkpoints;             // null: no position is kept
  };

  void look();
  void follow(const PodLog& log);
  void let_go(const Followed& followed);
  void forget_all_but(const PodLogs& logs);
  void note_missing_folder();
  void note_unlisted(const PodLogs& logs);
  void collect_written();
  void save();

  const std::shared_ptr<SourceSetup> setup_;
  const std::string node_;  // this machine's name, which is a pod's own in the pod
  const PositionTable table_;
  Descriptor lock_;  // of its file
  PositionTable::Positions positions_;
  std::map<std::string, Followed> followed_;  // by path
  size_t next_worker_ = 0;
  bool was_here_ = false;  // there are positions of an earlier run
  bool first_look_ = true;
  bool folder_missing_ = false;
  int unlisted_error_ = 0;
  bool unsaved_ = false;
  std::chrono::steady_clock::time_point next_save_;
  bool stopped_ = false;
  asio::steady_timer timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace redactd
