#pragma once

#include <string>

#include "daemon/log.h"
#include "daemon/sinks/sink.h"

namespace redactd {

/// What has become of a sink, in words. Called on the sink's thread; `sink` is its name.
void log_sink_event(Log& log, const std::string& sink, const SinkEvent& event);

}  // namespace redactd
