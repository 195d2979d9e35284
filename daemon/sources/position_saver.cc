#include "daemon/sources/position_saver.h"

#include <exception>
#include <utility>

namespace redactd {
namespace {

// There is no position at all until then.
constexpr std::chrono::milliseconds kFirstSave{50};

}  // namespace

PositionSaver::PositionSaver(const SourceSetup& setup, std::shared_ptr<Checkpoints> checkpoints)
    : name_(setup.config.name),
      log_(setup.log),
      file_(setup.config.position_file),
      checkpoints_(std::move(checkpoints)),
      timer_(setup.control) {}

void PositionSaver::start() {
  timer_.expires_after(ever_saved_ ? std::chrono::milliseconds(kSaveInterval) : kFirstSave);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    std::shared_ptr<PositionSaver> self = weak.lock();
    if (error || !self) return;
    self->save();
    self->start();
  });
}

void PositionSaver::stop() {
  timer_.cancel();
  checkpoints_->close();
  save();
}

void PositionSaver::save() {
  if (std::optional<Position> written = checkpoints_->take_written()) unsaved_ = written;
  if (!unsaved_) return;
  try {
    file_.save(*unsaved_);
    unsaved_.reset();
    ever_saved_ = true;
  } catch (const std::exception& error) {
    log_.error("the position cannot be saved; records will come again after a restart",
               {{"source", configured(name_)}, {"error", error_text(error.what())}});
  }
}

void tell_if_set_aside(const SourceSetup& setup, const std::string& aside) {
  if (aside.empty()) return;
  setup.metrics.source(setup.config.name, 0).damaged_positions.add();
  setup.log.error(
      "the position file was damaged and has been set aside; reading begins at start_at: records "
      "come twice or are missing",
      {{"source", configured(setup.config.name)}, {"set_aside", configured(aside)}});
}

}  // namespace redactd
