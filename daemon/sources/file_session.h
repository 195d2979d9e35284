#pragma once

// A file that is followed: what comes of it goes to one stream, over all its rotations, on one
// worker.

#include <memory>
#include <optional>
#include <string>

#include "daemon/framing/container_log.h"
#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/sources/checkpoints.h"
#include "daemon/sources/file_follower.h"
#include "daemon/sources/file_watch.h"
#include "daemon/sources/room_wait.h"
#include "daemon/sources/source.h"

namespace redactd {

/// What a session follows.
struct FollowedFile {
  std::string path;
  SourceConfig::StartAt start_at = SourceConfig::StartAt::beginning;
  std::optional<Position> saved = std::nullopt;
  std::shared_ptr<Checkpoints> checkpoints = nullptr;  // null: no position is kept
  /// What makes records of a container's log. Nothing: its lines are records.
  std::optional<ContainerLog> container = std::nullopt;
};

/// Keeps itself alive until it is stopped. All of it runs on its worker's thread.
class FileSession : public Session, public std::enable_shared_from_this<FileSession> {
 public:
  FileSession(std::shared_ptr<SourceSetup> setup, Worker& worker, FollowedFile file);
  ~FileSession() override;

  void start();
  /// Nothing more will be written: reads to the end of what there is, puts everything out, and
  /// ends.
  void finish();
  void tick(std::chrono::steady_clock::time_point now) override;
  void adopt() override;
  /// What is held of an open line is put out if its bytes could not be read again; else they are,
  /// at the next start.
  void stop() override;

 private:
  using Time = std::chrono::steady_clock::time_point;
  using Receipt = std::shared_ptr<Checkpoints::Checkpoint>;  // null: no position is kept

  static Awaitable<void> run(std::shared_ptr<FileSession> self);
  static Awaitable<void> watch(std::shared_ptr<FileSession> self);
  Awaitable<void> read();
  FileFollower::Step read_once();
  std::span<char> room();
  void feed(std::string_view bytes, uint64_t line_begin);
  void replay(std::string_view bytes, uint64_t line_begin);
  void end_line();
  std::string_view records_of(std::string_view bytes);
  void note_block(uint64_t line_begin);
  void end();
  Awaitable<void> until_change(FileFollower::Duration at_most);
  Receipt open_receipt();
  void set_position(const Receipt& receipt);
  std::optional<Position> settled_position();

  const std::shared_ptr<SourceSetup> setup_;
  Worker& worker_;
  SourceCounters& counters_;
  const uint64_t number_;
  const std::shared_ptr<Checkpoints> checkpoints_;
  FileFollower follower_;
  std::optional<ContainerLog> container_;
  SecretText records_;                  // that container_ has made, for one call
  uint64_t epoch_bytes_ = 0;            // read since the epoch began
  std::optional<Position> settled_at_;  // where container_ held nothing, last
  std::optional<FileWatch> watch_;      // a container's log has none: there are too many
  std::optional<Stream> stream_;
  std::optional<uint64_t> block_from_;  // where the line begins that opened a block, or before it
  uint64_t epoch_ = 0;
  Timer wake_;  // of until_change()
  RoomWait room_;
  Time last_read_ = {};
  bool changed_ = false;  // since the file was looked at
  bool idle_ = false;     // waits for a change
  bool last_ = false;     // nothing more will be written
  bool stopped_ = false;
};

}  // namespace redactd
