#pragma once

#include <memory>

#include "daemon/await.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"

namespace redactd {

/// How a session waits for room in the sinks of its stream. A part of the session; all of it runs
/// on the worker's thread.
class RoomWait {
 public:
  RoomWait(Worker& worker, SourceCounters& counters);

  /// Until there is room in all of them, or stop(). `session`: whose part this is.
  Awaitable<void> wait(Stream& stream, std::weak_ptr<void> session);
  /// The stream has adopted a configuration: a sink that it does not write to any more is waited
  /// for no longer, whatever becomes of it.
  void adopted(const Route& route);
  /// The wait, if there is one, looks at the stream again.
  void wake() { wake_.cancel(); }
  /// Nothing is waited for any more.
  void stop();

 private:
  Worker& worker_;
  SourceCounters& counters_;
  Timer wake_;
  const Sink* full_ = nullptr;  // that is waited for
  bool stopped_ = false;
};

}  // namespace redactd
