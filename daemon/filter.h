#pragma once

// `app | redactd`: standard input to standard output.

#include <memory>

#include "filters/redactor.h"
#include "filters/rule_set.h"

namespace redactd {

struct FilterOptions {
  Limits limits;
  bool stats = false;    // a summary on stderr at the end
  bool observe = false;  // count, but let everything through unmasked
};

/// Copies input to output, redacted, until the end of input, SIGINT or SIGTERM. Returns the exit
/// status.
int run_filter(std::shared_ptr<const RuleSet> rules, const FilterOptions& options);

/// Whether file descriptors 0 and 1 are open; call it before any file is opened, for an opened file
/// would take the place of a closed one. Prints what is missing.
bool standard_streams_open();

}  // namespace redactd
