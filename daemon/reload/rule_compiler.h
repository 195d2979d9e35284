#pragma once

// Makes rule sets away from the data: what takes long at a reload runs on a thread of its own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/daemon/daemon_config.h"
#include "daemon/known/secret.h"
#include "filters/rule_set.h"

namespace redactd {

/// What came of a compilation.
struct Compiled {
  DaemonConfig config;
  std::shared_ptr<const RuleSet> rules;  // null: `errors` says why
  std::string errors;                    // one a line, as they are printed
  std::vector<Diagnostic> warnings;      // of the file that was read, or of the rules
};

/// Rules of `config` and of `known`, sharing with `previous` what is the same. Fails closed:
/// anything that is thrown becomes an error.
Compiled compile_rules(DaemonConfig config, const std::vector<KnownValue>& known,
                       const RuleSet* previous);

/// Owned by the control thread, which also gets the results.
class RuleCompiler {
 public:
  explicit RuleCompiler(boost::asio::io_context& control) : control_(control) {}

  /// Reads and checks a configuration file; `rules` of the result is null.
  void read(std::string file, std::function<void(Compiled)> done);
  void compile(DaemonConfig config, std::vector<KnownValue> known,
               std::shared_ptr<const RuleSet> previous, std::function<void(Compiled)> done);

  /// Gives up the caller's share in a rule set there: freeing a large one takes its time.
  void discard(std::shared_ptr<const RuleSet> rules);
  void join() { pool_.join(); }

 private:
  boost::asio::io_context& control_;
  boost::asio::thread_pool pool_{1};
};

}  // namespace redactd
