#pragma once

// A source that follows a file by a FileSession. The position that the sinks have written is saved
// on the control thread.

#include <memory>
#include <optional>

#include "daemon/descriptor.h"
#include "daemon/sources/checkpoints.h"
#include "daemon/sources/position.h"
#include "daemon/sources/position_saver.h"
#include "daemon/sources/source.h"

namespace redactd {

class FileSource : public Source {
 public:
  explicit FileSource(SourceSetup setup);
  /// The sinks have taken what they will take: the position is saved.
  ~FileSource() override;

  /// The file itself need not be there.
  void open() override;
  void start() override;
  /// The session is stopped by its worker.
  void stop() override {}

 private:
  const std::shared_ptr<SourceSetup> setup_;
  Descriptor lock_;  // of the position file
  std::optional<Position> saved_;
  std::shared_ptr<Checkpoints> checkpoints_;
  std::shared_ptr<PositionSaver> saver_;
};

}  // namespace redactd
