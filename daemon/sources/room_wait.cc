#include "daemon/sources/room_wait.h"

#include <boost/asio/post.hpp>

namespace redactd {

RoomWait::RoomWait(Worker& worker, SourceCounters& counters)
    : worker_(worker), counters_(counters), wake_(worker.context().get_executor()) {}

Awaitable<void> RoomWait::wait(Stream& stream, std::weak_ptr<void> session) {
  Sink* full = stream.route().full();
  if (full != nullptr) counters_.stalled.add();
  while (full != nullptr && !stopped_) {
    full_ = full;
    wake_.expires_at(Timer::time_point::max());
    // Posted, so it comes after the wait below has begun.
    full->when_room([this, &worker = worker_, session] {
      asio::post(worker.context(), [this, session] {
        if (auto alive = session.lock()) wake();
      });
    });
    co_await wake_.async_wait(kAwait);
    full_ = nullptr;
    stream.adopt(worker_.generation());
    full = stream.route().full();
  }
}

void RoomWait::adopted(const Route& route) {
  if (full_ != nullptr && !route.has(*full_)) wake();
}

void RoomWait::stop() {
  stopped_ = true;
  wake();
}

}  // namespace redactd
