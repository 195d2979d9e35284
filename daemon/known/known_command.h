#pragma once

// `redactd known …`: tells a running daemon values, or asks it which it has.

#include "daemon/commands/options.h"

namespace redactd {

/// Each prints its result and returns the exit status; done means that the daemon has done it. The
/// value of `add` comes from standard input or from a file, for everybody may read a command line.
int add_known(const Options& options);
int remove_known(const Options& options);
int list_known(const Options& options);

}  // namespace redactd
