#include "daemon/reload/rule_compiler.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <malloc.h>

#include <exception>
#include <utility>

#include "daemon/known/add_mask.h"
#include "daemon/known/known_rules.h"
#include "daemon/pipeline/self_check.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

}  // namespace

Compiled compile_rules(DaemonConfig config, const std::vector<KnownValue>& known,
                       const RuleSet* previous) {
  Compiled result;
  try {
    Settings settings = config.settings;
    settings.enable.emplace_back(kSelfCheckRule);  // an id wins over whatever is disabled
    if (config.known_values.add_mask) settings.enable.emplace_back(kAddMaskRule);
    Diagnostics diagnostics;
    RuleGroup values = rules_of(known, config.known_values.encodings);
    result.rules = build_rule_set(settings, diagnostics, std::move(values), previous);
    result.errors = diagnostics.text();
    result.warnings = diagnostics.warnings();
    if (!result.rules && result.errors.empty()) result.errors = "the rules cannot be compiled\n";
  } catch (const std::exception& error) {
    result.errors = std::string("the rules cannot be compiled: ") + error.what() + '\n';
    result.rules = nullptr;
  }
  result.config = std::move(config);
  return result;
}

void RuleCompiler::read(std::string file, std::function<void(Compiled)> done) {
  asio::post(pool_, [this, work = asio::make_work_guard(control_), file = std::move(file),
                     done = std::move(done)]() mutable {
    Compiled result;
    try {
      Diagnostics diagnostics;
      result.config = load_daemon_config(file, diagnostics);
      result.errors = diagnostics.text();
      result.warnings = diagnostics.warnings();
    } catch (const std::exception& error) {
      result.errors = file + ": cannot be read: " + error.what() + '\n';
    }
    asio::post(control_, [result = std::move(result), done = std::move(done)]() mutable {
      done(std::move(result));
    });
  });
}

void RuleCompiler::compile(DaemonConfig config, std::vector<KnownValue> known,
                           std::shared_ptr<const RuleSet> previous,
                           std::function<void(Compiled)> done) {
  asio::post(pool_, [this, work = asio::make_work_guard(control_), config = std::move(config),
                     known = std::move(known), previous = std::move(previous),
                     done = std::move(done)]() mutable {
    Compiled result = compile_rules(std::move(config), known, previous.get());
    asio::post(control_, [result = std::move(result), done = std::move(done)]() mutable {
      done(std::move(result));
    });
  });
}

void RuleCompiler::discard(std::shared_ptr<const RuleSet> rules) {
  asio::post(pool_, [rules = std::move(rules)]() mutable {
    rules.reset();
    malloc_trim(0);  // what compiling and the old rules took goes back to the system
  });
}

}  // namespace redactd
