#include "daemon/sinks/sink.h"

#include <unistd.h>

#include <utility>

#include "daemon/sinks/fd_sink.h"
#include "daemon/sinks/spooled_sink.h"
#include "daemon/sinks/stream_sink.h"

namespace redactd {

std::string_view to_string(SinkEvent::Kind kind) {
  using Kind = SinkEvent::Kind;
  switch (kind) {
    case Kind::connected:
      return "connected";
    case Kind::disconnected:
      return "disconnected";
    case Kind::connect_failed:
      return "connect_failed";
    case Kind::returned:
      return "returned";
    case Kind::unverified:
      return "unverified";
    case Kind::record_too_long:
      return "record_too_long";
    case Kind::write_failed:
      return "write_failed";
    case Kind::write_recovered:
      return "write_recovered";
    case Kind::reopened:
      return "reopened";
    case Kind::reopen_failed:
      return "reopen_failed";
    case Kind::certificates_read:
      return "certificates_read";
    case Kind::certificates_failed:
      return "certificates_failed";
    case Kind::queue_drops:
      return "queue_drops";
    case Kind::dropped_at_exit:
      return "dropped_at_exit";
    case Kind::spool_replays:
      return "spool_replays";
    case Kind::spool_keeps:
      return "spool_keeps";
    case Kind::spool_torn:
      return "spool_torn";
    case Kind::spool_damaged:
      return "spool_damaged";
    case Kind::spool_full:
      return "spool_full";
    case Kind::spool_drops:
      return "spool_drops";
    case Kind::spool_failed:
      return "spool_failed";
    case Kind::spool_recovered:
      return "spool_recovered";
  }
  return "unknown";
}

std::shared_ptr<Sink> make_sink(const SinkConfig& config, boost::asio::io_context& home,
                                SinkCounters& counters, SinkOwner owner) {
  switch (config.type) {
    case SinkConfig::Type::stdout_:
    case SinkConfig::Type::file:
      return FdSink::start(config, STDOUT_FILENO, home, counters, std::move(owner));
    case SinkConfig::Type::syslog:
    case SinkConfig::Type::tcp:
    case SinkConfig::Type::relp:
    case SinkConfig::Type::unix_:
      break;
  }
  if (config.spool.on()) return SpooledSink::start(config, home, counters, std::move(owner));
  return StreamSink::start(config, home, counters, std::move(owner));
}

}  // namespace redactd
