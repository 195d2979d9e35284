#include "daemon/sinks/sink.h"

#include <unistd.h>

#include <utility>

#include "daemon/log.h"
#include "daemon/sinks/fd_sink.h"
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
    case Kind::dropped_at_exit:
      return "dropped_at_exit";
  }
  return "unknown";
}

void log_event(Log& log, const std::string& sink, const SinkEvent& event) {
  using Kind = SinkEvent::Kind;
  const LogField name{"sink", configured(sink)};
  const LogField endpoint{"endpoint", configured(event.endpoint)};
  const LogField reason{"reason", error_text(event.reason)};
  switch (event.kind) {
    case Kind::connected:
      return log.info("sink connected", {name, endpoint});
    case Kind::disconnected:
      return log.warning("sink disconnected", {name, endpoint, reason});
    case Kind::connect_failed:
      return log.warning("sink cannot connect; it tries on", {name, endpoint, reason});
    case Kind::returned:
      return log.info("sink returns to its first endpoint", {name, endpoint});
    case Kind::unverified:
      return log.warning("TLS IS NOT VERIFIED: anybody may read what this sink sends",
                         {name, endpoint});
    case Kind::record_too_long:
      return log.warning("record dropped: no datagram can hold it", {name, endpoint});
    case Kind::write_failed:
      return log.error("sink cannot write; it tries on", {name, endpoint, reason});
    case Kind::write_recovered:
      return log.info("sink writes again", {name, endpoint});
    case Kind::reopened:
      return log.info("sink reopened", {name, endpoint});
    case Kind::reopen_failed:
      return log.error("sink cannot reopen; the old one is used on", {name, endpoint, reason});
    case Kind::dropped_at_exit:
      return log.error("records dropped: the sink did not take them in time", {name, endpoint});
  }
}

std::shared_ptr<Sink> make_sink(const SinkConfig& config, boost::asio::io_context& home,
                                SinkCounters& counters, SinkOwner owner) {
  switch (config.type) {
    case SinkConfig::Type::stdout_:
    case SinkConfig::Type::file:
      return FdSink::start(config, STDOUT_FILENO, home, counters, std::move(owner));
    case SinkConfig::Type::syslog:
    case SinkConfig::Type::tcp:
    case SinkConfig::Type::unix_:
      break;
  }
  return StreamSink::start(config, home, counters, std::move(owner));
}

}  // namespace redactd
