#pragma once

// What the daemon takes records from. A source is started and stopped by the control thread; what
// it reads is handled on workers' threads.

#include <functional>
#include <memory>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/log.h"
#include "daemon/metrics/metrics.h"
#include "daemon/pipeline/stream.h"
#include "daemon/pipeline/worker.h"
#include "daemon/process/notify.h"

namespace redactd {

/// What a source gets from the server. References outlive the source.
struct SourceSetup {
  SourceConfig config;
  StreamSettings settings;
  asio::io_context& control;
  const std::vector<std::unique_ptr<Worker>>& workers;
  Metrics& metrics;
  Log& log;
  std::vector<PassedSocket>& passed;  // sockets by systemd that nobody has taken yet
  /// For a source that ends by itself (standard input): called once, on any thread.
  std::function<void()> ended;
};

class Source {
 public:
  virtual ~Source() = default;
  /// Opens what it reads from. Throws std::runtime_error with what, where, and what to do.
  virtual void open() = 0;
  /// Begins to read; the workers run.
  virtual void start() = 0;
  /// Takes nothing new: listening sockets are closed. What is connected is stopped by the workers.
  virtual void stop() = 0;
  /// Certificates, anew from their files. Throws std::runtime_error; the old ones stay in use then.
  virtual void reload_tls(const TlsConfig&) {}
};

/// For a source whose stream has thrown what is none of its reading's errors, and where nobody can
/// connect again: counts it and says so. It stays ended until a restart, which redactd asks for
/// (/healthz).
void note_failed_stream(Worker& worker, const SourceConfig& config, SourceCounters& counters);

/// Every kind that the configuration knows.
std::unique_ptr<Source> make_source(SourceSetup setup);

/// The framing, limits and form of the records of a source. `number` is its place in the list.
StreamSettings stream_settings(const SourceConfig& config, size_t number);

}  // namespace redactd
