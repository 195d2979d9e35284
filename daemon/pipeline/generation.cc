#include "daemon/pipeline/generation.h"

namespace redactd {

void Route::add(std::shared_ptr<Sink> sink) {
  for (Group& group : groups) {
    if (group.encoding == sink->encoding()) {
      group.sinks.push_back(std::move(sink));
      return;
    }
  }
  Encoding encoding = sink->encoding();
  groups.push_back({std::move(encoding), {std::move(sink)}});
}

Sink* Route::full() const {
  for (const Group& group : groups) {
    for (const std::shared_ptr<Sink>& sink : group.sinks) {
      if (sink->full()) return sink.get();
    }
  }
  return nullptr;
}

bool Route::has(const Sink& sink) const {
  for (const Group& group : groups) {
    for (const std::shared_ptr<Sink>& each : group.sinks) {
      if (each.get() == &sink) return true;
    }
  }
  return false;
}

}  // namespace redactd
