#pragma once

#include <string>

#include "daemon/log.h"
#include "daemon/sinks/sink.h"

namespace redactd {

/// Of the sink's thread.
void log_sink_event(Log& log, const std::string& sink, const SinkEvent& event);

}  // namespace redactd
