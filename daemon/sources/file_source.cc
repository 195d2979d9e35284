#include "daemon/sources/file_source.h"

#include <boost/asio/post.hpp>

#include <utility>

#include "daemon/sources/file_session.h"
#include "daemon/sources/position_lock.h"

namespace redactd {

FileSource::FileSource(SourceSetup setup)
    : setup_(std::make_shared<SourceSetup>(std::move(setup))) {}

FileSource::~FileSource() {
  if (saver_) saver_->stop();
}

void FileSource::open() {
  if (setup_->config.position_file.empty()) return;
  lock_ = lock_position(setup_->config.position_file);
  PositionFile file(setup_->config.position_file);
  tell_if_set_aside(*setup_, file.set_aside_if_damaged());
  saved_ = file.load();
  file.check_writable();
  checkpoints_ = std::make_shared<Checkpoints>();
  saver_ = std::make_shared<PositionSaver>(*setup_, checkpoints_);
}

void FileSource::start() {
  if (saver_) saver_->start();
  Worker& worker = *setup_->workers[setup_->settings.source % setup_->workers.size()];
  asio::post(worker.context(), [setup = setup_, &worker, saved = std::move(saved_),
                                checkpoints = checkpoints_]() mutable {
    FollowedFile file{setup->config.path, setup->config.start_at, std::move(saved), checkpoints};
    std::make_shared<FileSession>(setup, worker, std::move(file))->start();
  });
}

}  // namespace redactd
