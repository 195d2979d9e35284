#pragma once

// `app | redactd`: standard input to standard output.

#include <memory>

#include "daemon/filter/split_stream.h"
#include "daemon/filter/stats.h"
#include "filters/redactor.h"
#include "filters/rule_set.h"

namespace redactd {

struct FilterOptions {
  Limits limits;
  bool stats = false;    // a summary on stderr at the end
  bool observe = false;  // count, but let everything through unmasked
};

/// One stream from its source to its sink.
struct Copy {
  int from = -1;
  int to = -1;
  int stop = -1;         // the copy ends once it is readable; -1: at the end of input only
  bool drains = false;   // what was there already when it was stopped is read first
  bool observe = false;  // count, but let everything through unmasked
  bool prompts = false;  // someone waits for words before their line ends: see settle_open()
  size_t threads = usable_processors();  // that scan, where input waits
};

struct CopyEnd {
  int read_error = 0;   // errno; 0: the end of input, or stopped
  int write_error = 0;  // errno; EPIPE: the reader is gone
};

/// Copies until the input ends, everything redacted; the last record too. Throws MatchError or
/// std::bad_alloc, after which nothing more has gone out.
CopyEnd copy_redacted(const Copy& copy, Redactor& redactor, Stats& stats);

/// Copies input to output, redacted, until the end of input, SIGINT or SIGTERM. Returns the exit
/// status.
int run_filter(std::shared_ptr<const RuleSet> rules, const FilterOptions& options);

/// The warning of --observe.
void say_that_nothing_is_masked();

/// Which of file descriptors 0 and 1 were open.
struct OpenStreams {
  bool input = false;
  bool output = false;
};

/// Call it before any file is opened: one that is closed becomes /dev/null, so that no opened file
/// takes its place.
OpenStreams hold_standard_streams();

/// Whether what is needed is there; prints what is missing.
bool all_there(const OpenStreams& streams, bool input_needed);

}  // namespace redactd
