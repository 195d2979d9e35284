#include "daemon/pipeline/self_check.h"

#include <boost/asio/post.hpp>

#include <openssl/rand.h>

#include <stdexcept>
#include <utility>

namespace redactd {
namespace {

/// Letters and digits that no canary before it had.
std::string random_text() {
  unsigned char bytes[24];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no random bytes");
  std::string text;
  for (unsigned char byte : bytes) text += "abcdefghijklmnopqrstuvwxyz012345"[byte % 32];
  return text;
}

}  // namespace

SelfCheck::SelfCheck(asio::io_context& control, ControlCounters& counters, size_t source,
                     std::function<void()> escaped)
    : control_(control), counters_(counters), escaped_(std::move(escaped)) {
  settings_.source = source;
  settings_.framing.framing = Framing::newline;
  forget();
}

void SelfCheck::run(Worker& worker, std::shared_ptr<const Generation> generation) {
  counters_.canary_runs.add();
  std::string secret = random_text();
  // On a sink's thread; the control thread judges.
  auto look = std::make_shared<const std::function<void(std::string_view)>>(
      [this, alive = std::weak_ptr<int>(alive_), secret,
       run = std::make_shared<Run>()](std::string_view sent) {
        bool masked = sent.find(secret) == std::string_view::npos && !sent.empty();
        if (alive.expired()) return;
        asio::post(control_, [this, alive, run, masked] {
          if (!alive.expired()) judge(*run, masked);
        });
      });
  asio::post(worker.context(), [this, alive = std::weak_ptr<int>(alive_), &worker,
                                generation = std::move(generation), secret, look] {
    if (alive.expired()) return;
    Stream stream(settings_, generation,
                  StreamThread{worker.number(), worker.stream_thread().scratch,
                               worker.stream_thread().buffers, own_worker_counters_},
                  own_counters_, UINT64_MAX);
    stream.set_canary(look);
    stream.feed("<46>1 - - redactd - - - self-check redactd-self-check-" + secret + "\n",
                std::chrono::steady_clock::now());
  });
}

void SelfCheck::forget() {
  passed_ = true;
  counters_.canary_ok.set(1);
}

/// The verdict of one sink; those of the others count as well.
void SelfCheck::judge(Run& run, bool masked) {
  if (!masked && !std::exchange(run.escaped, true)) {
    counters_.canary_escapes.add();
    escaped_();
  }
  passed_ = !run.escaped;
  counters_.canary_ok.set(passed_ ? 1 : 0);
}

}  // namespace redactd
