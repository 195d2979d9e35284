#pragma once

namespace redactd {

/// What nobody catches, without memory above all (or_end.h), ends the process with kRuntimeError
/// and a line on standard error that says why, instead of a SIGABRT: what the system said, else the
/// type of the error alone, for its words may hold bytes of a log. Nothing is written or drained
/// any more: spools and positions hold what was not delivered.
void set_last_words();

}  // namespace redactd
