#include <unistd.h>

#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "config/settings.h"
#include "daemon/commands/check.h"
#include "daemon/commands/explain.h"
#include "daemon/commands/options.h"
#include "daemon/commands/rules.h"
#include "daemon/commands/rules_diff.h"
#include "daemon/commands/rules_lint.h"
#include "daemon/commands/scan.h"
#include "daemon/daemon.h"
#include "daemon/exit_code.h"
#include "daemon/filter/filter.h"
#include "daemon/known/known_command.h"
#include "daemon/process/hardening.h"
#include "daemon/run/known_environment.h"
#include "daemon/run/run.h"
#include "filters/matcher/matcher.h"

namespace redactd {
namespace {

/// Those commands that do not begin by reading the rules that mask.
std::optional<int> run_by_itself(const Options& options) {
  switch (options.command) {
    case Command::daemon:
      return run_daemon(options.config_file);
    case Command::check:
      return check_config(options.config_file);
    case Command::known_add:
      return add_known(options);
    case Command::known_remove:
      return remove_known(options);
    case Command::known_list:
      return list_known(options);
    case Command::rules_list:
      return list_rules(options);
    case Command::rules_show:
      return show_rules(options);
    case Command::rules_check:
      return check_packs(options);
    case Command::rules_test:
      return test_packs(options);
    case Command::rules_lint:
      return lint_rules(options);
    case Command::rules_diff:
      return diff_rules(options);
    case Command::filter:
    case Command::explain:
    case Command::scan:
    case Command::run:
      break;
  }
  return std::nullopt;
}

int run_with_rules(const Options& options, const std::shared_ptr<const RuleSet>& rules) {
  FilterOptions filter{{options.settings.max_record}, options.stats, options.observe};
  switch (options.command) {
    case Command::explain:
      return explain(rules, options);
    case Command::scan:
      return scan_files(rules, options);
    case Command::run:
      return run_program(rules, filter, options.run);
    default:
      return run_filter(rules, filter);
  }
}

int run(const Options& options) {
  if (std::optional<int> exit_code = run_by_itself(options)) return *exit_code;
  RuleGroup known;
  if (options.command == Command::run) {
    forbid_dumps();
    known = known_environment(options.run.env, environ);
  }
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> rules =
      build_rule_set(options.settings, diagnostics, std::move(known));
  if (!rules) {
    report(diagnostics);
    return kUsage;
  }
  for (const Diagnostic& warning : diagnostics.warnings())
    std::cerr << "redactd: warning: " << warning.text() << '\n';
  return run_with_rules(options, rules);
}

int run_checked(const Options& options, const OpenStreams& streams) {
  // The program of `run` may do without input.
  if (!all_there(streams, options.command != Command::run)) return kRuntimeError;
  if (std::string why = refuse_matcher(matcher_info().version); !why.empty()) {
    std::cerr << "redactd: " << why << '\n';
    return kRuntimeError;
  }
  return run(options);
}

}  // namespace
}  // namespace redactd

int main(int argc, char** argv) {
  using namespace redactd;
  OpenStreams streams = hold_standard_streams();
  try {
    ParsedOptions parsed = parse_options(argc, argv);
    int exit_code = parsed.exit ? parsed.exit_code : run_checked(parsed.options, streams);
    std::cout.flush();
    if (std::cout) return exit_code;
    std::cerr << "redactd: cannot write to standard output\n";
  } catch (const std::bad_alloc&) {
    std::cerr << "redactd: out of memory; nothing more was written\n";
  } catch (const std::exception& error) {
    std::cerr << "redactd: " << error.what() << '\n';
  }
  return kRuntimeError;
}
