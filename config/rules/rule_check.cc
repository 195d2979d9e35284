// Compiles rules and tries their own examples, so that a rule that does not do what its author
// thinks is refused before it meets a log.

#include <algorithm>

#include "config/rules/rule_loader.h"
#include "filters/example.h"
#include "filters/redactor.h"
#include "filters/rule_set.h"

namespace redactd {
namespace {

class ExampleChecker {
 public:
  ExampleChecker(std::shared_ptr<const RuleSet> all, Diagnostics& diagnostics)
      : all_(std::move(all)), diagnostics_(diagnostics) {}

  void check(const LoadedRule& loaded, uint32_t number) {
    for (size_t i = 0; i < loaded.rule.examples.size(); ++i) check_example(loaded, number, i);
    for (size_t i = 0; i < loaded.rule.keep.size(); ++i) check_keep(loaded, number, i);
  }

 private:
  /// Redacts `text` as a stream of its own. Returns whether rule `number` masked something in it:
  /// another rule that happens to mask an example proves nothing.
  bool masks(uint32_t number, std::string_view text, std::string& redacted) {
    std::vector<Decision> decisions;
    Redactor redactor(all_, scratch_);
    redactor.trace(&decisions);
    std::span<char> room = redactor.prepare(text.size());
    std::copy(text.begin(), text.end(), room.begin());
    redacted = redactor.commit(text.size());
    redacted += redactor.finish();
    return std::any_of(decisions.begin(), decisions.end(), [number](const Decision& decision) {
      return decision.rule == number && decision.verdict == Verdict::masked;
    });
  }

  void check_example(const LoadedRule& loaded, uint32_t number, size_t i) {
    std::string key = "examples[" + std::to_string(i) + "]";
    FilledExample example = fill_example(loaded.rule, i);
    if (!example.error.empty()) return fail(loaded, key, "is malformed: " + example.error);
    if (example.secrets.empty())
      return fail(loaded, key, "marks no secret; put it between « and »");
    std::string redacted;
    bool masked = masks(number, example.text, redacted);
    for (const std::string& secret : example.secrets) {
      masked = masked && redacted.find(secret) == std::string::npos;
    }
    if (!masked) fail(loaded, key, "is not masked by this rule (try it with: redactd explain)");
  }

  void check_keep(const LoadedRule& loaded, uint32_t number, size_t i) {
    std::string key = "keep[" + std::to_string(i) + "]";
    FilledExample example = fill_example(loaded.rule.keep[i], loaded.rule.id + key);
    if (!example.error.empty()) return fail(loaded, key, "is malformed: " + example.error);
    std::string redacted;
    if (masks(number, example.text, redacted)) {
      fail(loaded, key, "is changed by this rule, but must pass unchanged");
    }
  }

  void fail(const LoadedRule& loaded, const std::string& key, const std::string& message) {
    diagnostics_.add(loaded.place_of(key), loaded.path + "." + key, message);
  }

  std::shared_ptr<const RuleSet> all_;
  Diagnostics& diagnostics_;
  MatchScratch scratch_;
};

}  // namespace

void check_builtin_examples(const std::vector<LoadedRule>& rules, Diagnostics& diagnostics) {
  auto need = [&](const LoadedRule& loaded, const std::string& key, size_t count, size_t least) {
    if (count >= least) return;
    diagnostics.add(loaded.place_of(key), loaded.path + "." + key,
                    "has " + std::to_string(count) + "; a built-in rule needs at least " +
                        std::to_string(least));
  };
  for (const LoadedRule& loaded : rules) {
    need(loaded, "examples", loaded.rule.examples.size(), 2);
    need(loaded, "keep", loaded.rule.keep.size(), 1);
  }
}

std::shared_ptr<const RuleSet> check_rules(const std::vector<LoadedRule>& rules,
                                           Diagnostics& diagnostics, const RuleSet* previous) {
  RuleGroup group;
  std::vector<const LoadedRule*> sound;
  for (const LoadedRule& loaded : rules) {
    if (!loaded.sound) continue;
    sound.push_back(&loaded);
    group.rules.push_back(loaded.rule);
    group.rules.back().mask.reset();  // checked where it was read; examples look at the span only
  }
  std::vector<RuleError> errors;
  std::shared_ptr<const RuleSet> all = RuleSet::compile({std::move(group)}, {}, errors, previous);
  for (const RuleError& error : errors) {
    const LoadedRule& rule = *sound[error.rule];
    diagnostics.add(rule.place_of(error.field), rule.path + "." + error.field, error.message);
  }
  if (!errors.empty()) {
    // The others are tried without the ones that do not compile.
    std::vector<LoadedRule> others;
    for (uint32_t number = 0; number < sound.size(); ++number) {
      bool failed = std::any_of(errors.begin(), errors.end(),
                                [number](const RuleError& e) { return e.rule == number; });
      if (!failed) others.push_back(*sound[number]);
    }
    return check_rules(others, diagnostics, previous);
  }
  ExampleChecker checker(all, diagnostics);
  for (uint32_t number = 0; number < sound.size(); ++number) checker.check(*sound[number], number);
  return all;
}

}  // namespace redactd
