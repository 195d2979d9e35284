#pragma once

// The command line, as typed and checked; nothing is done here.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "daemon/run/run_options.h"

namespace redactd {

enum class Command {
  filter,
  daemon,
  check,
  rules_list,
  rules_show,
  rules_check,
  rules_test,
  rules_lint,
  rules_diff,
  explain,
  scan,
  run,
  known_add,
  known_remove,
  known_list
};
enum class ReportFormat { text, json, sarif };

/// Of `redactd known …`.
struct KnownOptions {
  std::string socket = "/run/redactd/known.sock";
  std::string name;
  std::string fingerprint;                       // remove
  std::string file;                              // add; empty: standard input
  std::optional<std::chrono::milliseconds> ttl;  // add; nothing: until it is removed
};

struct Options {
  Command command = Command::filter;
  std::string config_file;  // of --config
  Settings settings;        // daemon, check: not read here
  bool stats = false;
  bool observe = false;
  bool json = false;                         // rules, explain, known
  bool reveal = false;                       // explain
  std::string sample;                        // rules lint: a log to measure on; empty: made up
  ReportFormat format = ReportFormat::text;  // scan
  std::vector<std::string> arguments;        // rule ids, files; of rules diff: A, B and files
  KnownOptions known;
  RunOptions run;
};

struct ParsedOptions {
  Options options;
  bool exit = false;  // --help, --version or an error: leave with exit_code
  int exit_code = 0;
};

/// Reads the command line, and the configuration file that it names, under it: an option given wins
/// over the file. Prints help, version and errors itself.
ParsedOptions parse_options(int argc, char** argv);

}  // namespace redactd
