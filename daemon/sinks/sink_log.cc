#include "daemon/sinks/sink_log.h"

namespace redactd {

void log_sink_event(Log& log, const std::string& sink, const SinkEvent& event) {
  const LogField name{"sink", configured(sink)};
  const LogField endpoint{"endpoint", configured(event.endpoint)};
  const LogField reason{"reason", error_text(event.reason)};
  switch (event.kind) {
    case SinkEvent::Kind::connected:
      return log.info("sink connected", {name, endpoint});
    case SinkEvent::Kind::disconnected:
      return log.warning("sink lost its connection", {name, endpoint, reason});
    case SinkEvent::Kind::connect_failed:
      return log.warning("sink cannot connect", {name, endpoint, reason});
    case SinkEvent::Kind::returned:
      return log.info("sink is back at its first endpoint", {name, endpoint});
    case SinkEvent::Kind::unverified:
      return log.warning("TLS WITHOUT VERIFICATION: anybody may be at the other end",
                         {name, endpoint});
    case SinkEvent::Kind::record_too_long:
      return log.warning("record dropped: too long for a datagram", {name, endpoint});
    case SinkEvent::Kind::write_failed:
      return log.error("sink cannot write; its records wait", {name, endpoint, reason});
    case SinkEvent::Kind::write_recovered:
      return log.info("sink writes again", {name, endpoint});
    case SinkEvent::Kind::reopened:
      return log.info("sink reopened", {name, endpoint});
    case SinkEvent::Kind::reopen_failed:
      return log.error("sink cannot reopen; the old one is used on", {name, endpoint, reason});
    case SinkEvent::Kind::certificates_read:
      return log.info("sink has read its certificates again", {name});
    case SinkEvent::Kind::certificates_failed:
      return log.error("sink cannot read its certificates again; the old ones are used on",
                       {name, reason});
    case SinkEvent::Kind::queue_drops:
      return log.warning("queue is full; records are dropped, as when_full says", {name, endpoint});
    case SinkEvent::Kind::dropped_at_exit:
      return log.error("records were left when the time to drain was over",
                       {name, endpoint, {"left", error_text(event.reason)}});
    case SinkEvent::Kind::spool_replays:
      return log.info("spool has records of before to send", {name, endpoint, reason});
    case SinkEvent::Kind::spool_keeps:
      return log.info("records stay in the spool", {name, endpoint, reason});
    case SinkEvent::Kind::spool_torn:
      return log.warning("spool cut off a write that was not finished", {name, endpoint, reason});
    case SinkEvent::Kind::spool_damaged:
      return log.error("spool is damaged; records are lost", {name, endpoint, reason});
    case SinkEvent::Kind::spool_full:
      return log.warning("spool is full; sources wait", {name, endpoint});
    case SinkEvent::Kind::spool_drops:
      return log.error("spool is full; its oldest records are dropped", {name, endpoint});
    case SinkEvent::Kind::spool_failed:
      return log.error("spool's disk fails; sources wait", {name, endpoint, reason});
    case SinkEvent::Kind::spool_recovered:
      return log.info("spool's disk works again", {name, endpoint});
  }
}

}  // namespace redactd
