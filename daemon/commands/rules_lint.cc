#include "daemon/commands/rules_lint.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "config/rules/builtin_pack.h"
#include "config/rules/rule_loader.h"
#include "config/whole_file.h"
#include "daemon/commands/pack_rules.h"
#include "daemon/exit_code.h"
#include "filters/example.h"
#include "filters/redactor.h"
#include "filters/spans/regex_span.h"

namespace redactd {
namespace {

constexpr size_t kSampleBytes = 1 << 20;
constexpr size_t kMostSampleBytes = 16 << 20;  // of a log that is given
constexpr size_t kLargestSample = size_t{1} << 30;
constexpr size_t kReadBytes = 128 * 1024;
constexpr int kRounds = 3;
constexpr double kManyHits = 2000;  // a MB: a rule that looks at every tenth line or so

/// Lines of ordinary services, without a secret.
constexpr const char* kSampleLines[] = {
    R"(10.{digits:2}.3.{digits:2} - - [03/Mar/2026:09:14:{digits:2} +0000] "GET /v1/items/{digits:6} HTTP/1.1" 200 {digits:4} "-" "okhttp/4.12.0")",
    R"(2026-03-03T09:14:{digits:2}.{digits:3}Z INFO  [http-{digits:2}] c.e.cart.Handler - flushed {digits:5} rows to segment)",
    R"(time=2026-03-03T09:14:{digits:2}Z level=info svc=stock span={hex:16} msg="cache hit ratio 0.{digits:2}" took={digits:3}ms)",
    R"(Mar  3 09:14:{digits:2} node-{digits:2} kubelet[{digits:4}]: password policy unchanged, token bucket has {digits:2} left)",
    R"({"level":"info","ts":17900{digits:5}.5,"caller":"sync/loop.go:{digits:3}","msg":"lease renewed","trace_id":"{hex:32}","span_id":"{hex:16}"})",
    R"({"time":"2026-03-03T09:14:{digits:2}Z","method":"GET","uri":"/find?q=lamp&page={digits:2}","status":200,"request_id":"{uuid}"})",
    R"({"log":"I0303 09:14:{digits:2}.{digits:6}  {digits:4} pod.go:{digits:3}] health probe ok\n","stream":"stderr","time":"2026-03-03T09:14:{digits:2}Z"})",
    R"(	at com.example.shop.auth.TokenFilter.doFilter(TokenFilter.java:{digits:3}))",
    R"(2026-03-03 09:14:{digits:2} UTC [{digits:5}] LOG:  duration: {digits:2}.{digits:3} ms  statement: SELECT id, key FROM items WHERE owner = {digits:6})",
    R"(pulled registry.example/shop/api@sha256:{hex:64} in {digits:1}.{digits:2}s)",
};

std::string made_up_sample() {
  std::string text;
  for (size_t line = 0; text.size() < kSampleBytes; ++line) {
    const char* source = kSampleLines[line % std::size(kSampleLines)];
    text += fill_example(source, "line " + std::to_string(line)).text + '\n';
  }
  return text;
}

/// What was found out about one rule.
struct Lint {
  const LoadedRule* rule = nullptr;
  double megabytes_per_second = 0;  // of the sample, with this rule alone
  double hits = 0;                  // a MB: matches that have to be looked at
  size_t masks = 0;                 // in the sample
  size_t stream_bytes = 0;          // what it alone keeps for an open stream
  std::vector<std::string> notes;
};

/// How rules fare on the sample.
struct Cost {
  double megabytes_per_second = 0;
  double hits = 0;
  size_t masks = 0;
  size_t stream_bytes = 0;
  size_t database_bytes = 0;
};

size_t count_hits(const RuleSet& rules, std::string_view padded, MatchScratch& scratch) {
  std::vector<Match> matches;
  for (const std::shared_ptr<const MatchDatabase>& database : rules.databases()) {
    scratch.fit(*database);
    MatchStream stream(*database);
    stream.scan(padded.substr(kScanPadding, padded.size() - 2 * kScanPadding), scratch, matches);
  }
  return matches.size();
}

Cost measure(const std::shared_ptr<const RuleSet>& rules, const std::string& sample) {
  Cost cost;
  MatchScratch scratch;
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    Redactor redactor(rules, scratch);
    auto start = std::chrono::steady_clock::now();
    for (size_t at = 0; at < sample.size(); at += kReadBytes) {
      std::string_view bytes = std::string_view(sample).substr(at, kReadBytes);
      std::span<char> room = redactor.prepare(bytes.size());
      std::copy(bytes.begin(), bytes.end(), room.begin());
      redactor.commit(bytes.size());
    }
    redactor.finish();
    best = std::min(
        best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    cost.masks = redactor.counters().masks;
  }
  double megabytes = static_cast<double>(sample.size()) / 1e6;
  cost.megabytes_per_second = megabytes / best;
  std::string padding(kScanPadding, '\0');
  cost.hits =
      static_cast<double>(count_hits(*rules, padding + sample + padding, scratch)) / megabytes;
  for (const std::shared_ptr<const MatchDatabase>& database : rules->databases()) {
    cost.stream_bytes += database->stream_bytes();
    cost.database_bytes += database->bytes();
  }
  return cost;
}

std::shared_ptr<const RuleSet> compile(std::vector<RuleGroup> groups,
                                       const RuleSet* previous = nullptr) {
  std::vector<RuleError> errors;
  return RuleSet::compile(std::move(groups), {}, errors, previous);
}

/// The rule by itself, without the mask of its own, which might need a key.
Rule bare(const Rule& rule) {
  Rule copy = rule;
  copy.mask.reset();
  return copy;
}

class Linter {
 public:
  Linter(const std::vector<LoadedRule>& rules, bool built_in, std::string sample)
      : rules_(rules), sample_(std::move(sample)) {
    RuleGroup group;
    for (const LoadedRule& rule : rules) group.rules.push_back(bare(rule.rule));
    if (built_in) {
      group.embedded = builtin_databases();
    } else {
      groups_.push_back({builtin_rules(), {}, builtin_databases()});
      for (Rule& rule : groups_[0].rules) rule.mask.reset();
    }
    groups_.push_back(std::move(group));
  }

  std::vector<Lint> run() {
    std::vector<Lint> lints;
    for (const LoadedRule& rule : rules_) lints.push_back(look_at(rule));
    find_duplicates(lints);
    find_shadowed(lints);
    return lints;
  }

  Cost all_together() const { return measure(compile({groups_.back()}), sample_); }

 private:
  Lint look_at(const LoadedRule& loaded) const {
    Lint lint;
    lint.rule = &loaded;
    std::shared_ptr<const RuleSet> alone = compile({RuleGroup{{bare(loaded.rule)}, {}, {}}});
    Cost cost = measure(alone, sample_);
    lint.megabytes_per_second = cost.megabytes_per_second;
    lint.hits = cost.hits;
    lint.masks = cost.masks;
    lint.stream_bytes = cost.stream_bytes;
    look_at_expressions(*alone, loaded.rule, lint);
    if (cost.hits > kManyHits)
      lint.notes.push_back("is looked at " + std::to_string(static_cast<size_t>(cost.hits)) +
                           " times a MB: begin it with something rarer");
    if (cost.masks > 0)
      lint.notes.push_back("masks " + std::to_string(cost.masks) +
                           " times in the sample; see where with redactd explain");
    return lint;
  }

  static void look_at_expressions(const RuleSet& alone, const Rule& rule, Lint& lint) {
    if (alone.looks_at_every_record()) {
      lint.notes.push_back(
          "has no literal of three bytes and is too much for the matcher, so RE2 "
          "reads every record");
      return;
    }
    for (size_t i = 0; i < alone.expressions().size(); ++i) {
      const Anchor::Role role = alone.anchors()[i].role;
      if (role == Anchor::Role::encoded || role == Anchor::Role::key_ending) continue;  // our own
      const std::string& pattern = alone.expressions()[i].pattern;
      if (role == Anchor::Role::regex_literal) {
        lint.notes.push_back("is too much for the matcher, which looks for its literals only");
        return;
      }
      if (!has_literal(pattern))
        lint.notes.push_back("has a pattern without a literal of three bytes: " + pattern);
      // What keys look like is redactd's own affair.
      if (rule.kind != RuleKind::value &&
          expression_width(pattern).max == std::numeric_limits<size_t>::max()) {
        lint.notes.push_back(
            "has a pattern without a bound (*, + or {n,}): the matcher reports "
            "every byte that it may end at");
      }
    }
  }

  /// What makes two rules find the same.
  static std::string essence(const Rule& rule) {
    std::string text(to_string(rule.kind));
    for (const auto* list : {&rule.patterns, &rule.keys}) {
      std::set<std::string> sorted(list->begin(), list->end());
      for (const std::string& item : sorted) text += '\n' + item;
      text += '\n';
    }
    return text + rule.prefix + '\n' + rule.begin + '\n' + rule.end;
  }

  void find_duplicates(std::vector<Lint>& lints) const {
    std::map<std::string, std::string> first;
    if (groups_.size() > 1) {
      for (const Rule& rule : groups_[0].rules)
        first.emplace(essence(rule), "built-in rule " + rule.id);
    }
    std::map<std::string, std::string> keys;
    for (Lint& lint : lints) {
      const Rule& rule = lint.rule->rule;
      auto [earlier, fresh] = first.emplace(essence(rule), rule.id);
      if (!fresh) lint.notes.push_back("looks for the same as " + earlier->second);
      if (rule.form != ValueForm::assign) continue;
      for (const std::string& key : rule.keys) {
        auto [of, only] = keys.emplace(key, rule.id);
        if (!only) lint.notes.push_back("has the key '" + key + "' of " + of->second);
      }
    }
  }

  /// A rule whose every example is masked without it adds nothing but its name.
  void find_shadowed(std::vector<Lint>& lints) const {
    std::shared_ptr<const RuleSet> all = compile(groups_);
    for (size_t number = 0; number < rules_.size(); ++number) {
      const Rule& rule = rules_[number].rule;
      if (rule.examples.empty()) continue;
      std::vector<RuleGroup> others = groups_;
      others.back().muted.resize(rules_.size());
      others.back().muted[number] = true;
      std::set<std::string> shadows;
      if (!masked_by(compile(std::move(others), all.get()), rule, shadows)) continue;
      std::string names;
      for (const std::string& name : shadows) names += (names.empty() ? "" : ", ") + name;
      lints[number].notes.push_back("every example is masked without it, by " + names);
    }
  }

  static bool masked_by(const std::shared_ptr<const RuleSet>& rules, const Rule& rule,
                        std::set<std::string>& shadows) {
    MatchScratch scratch;
    for (size_t i = 0; i < rule.examples.size(); ++i) {
      FilledExample example = fill_example(rule, i);
      Redactor redactor(rules, scratch);
      std::span<char> room = redactor.prepare(example.text.size());
      std::copy(example.text.begin(), example.text.end(), room.begin());
      std::string redacted(redactor.commit(example.text.size()));
      for (const Finding& finding : redactor.findings())
        shadows.insert(rules->rules()[finding.rule].id);
      redacted += redactor.finish();
      for (const Finding& finding : redactor.findings())
        shadows.insert(rules->rules()[finding.rule].id);
      for (const std::string& secret : example.secrets) {
        if (redacted.find(secret) != std::string::npos) return false;
      }
    }
    return true;
  }

  const std::vector<LoadedRule>& rules_;
  std::string sample_;
  std::vector<RuleGroup> groups_;  // the built-in rules, if others are looked at; those looked at
};

void print_text(const std::vector<Lint>& lints, const Cost& all) {
  size_t width = 4;
  for (const Lint& lint : lints) width = std::max(width, lint.rule->rule.id.size());
  std::cout << std::left << std::setw(static_cast<int>(width)) << "RULE"
            << "  KIND      " << std::right << std::setw(7) << "MB/s" << std::setw(10) << "HITS/MB"
            << std::setw(7) << "STATE" << '\n';
  std::cout << std::fixed;
  for (const Lint& lint : lints) {
    std::cout << std::left << std::setw(static_cast<int>(width)) << lint.rule->rule.id << "  "
              << std::setw(8) << to_string(lint.rule->rule.kind) << "  " << std::right
              << std::setprecision(0) << std::setw(7) << lint.megabytes_per_second
              << std::setprecision(1) << std::setw(10) << lint.hits << std::setw(7)
              << lint.stream_bytes << '\n';
  }
  size_t notes = 0;
  for (const Lint& lint : lints) {
    for (const std::string& note : lint.notes) {
      ++notes;
      std::cout << Diagnostic{lint.rule->location, lint.rule->rule.id, note}.text() << '\n';
    }
  }
  std::cout << lints.size() << " rules together: " << std::setprecision(0)
            << all.megabytes_per_second << " MB/s, " << all.stream_bytes << " bytes a stream, "
            << all.database_bytes / 1024 << " KiB of database; " << notes
            << (notes == 1 ? " note\n" : " notes\n");
}

void print_json(const std::vector<Lint>& lints, const Cost& all) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const Lint& lint : lints) {
    rules.push_back({{"id", lint.rule->rule.id},
                     {"kind", to_string(lint.rule->rule.kind)},
                     {"file", lint.rule->location.file},
                     {"line", lint.rule->location.line},
                     {"mb_per_second", std::round(lint.megabytes_per_second)},
                     {"hits_per_mb", std::round(lint.hits * 10) / 10},
                     {"masks", lint.masks},
                     {"stream_bytes", lint.stream_bytes},
                     {"notes", lint.notes}});
  }
  nlohmann::ordered_json out = {{"rules", rules},
                                {"together",
                                 {{"mb_per_second", std::round(all.megabytes_per_second)},
                                  {"stream_bytes", all.stream_bytes},
                                  {"database_bytes", all.database_bytes}}}};
  std::cout << out.dump(2) << '\n';
}

}  // namespace

int lint_rules(const Options& options) {
  Diagnostics diagnostics;
  PackRules packs = load_pack_rules(options.arguments, diagnostics);
  std::string sample;
  if (options.sample.empty()) {
    sample = made_up_sample();
  } else if (std::optional<std::string> text =
                 read_whole_file(options.sample, diagnostics, kLargestSample)) {
    sample = text->substr(0, kMostSampleBytes);
    if (sample.empty()) diagnostics.add({options.sample, 0, 0}, "", "is empty");
  }
  check_rules(packs.rules, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    return kUsage;
  }
  Linter linter(packs.rules, options.arguments.empty(), std::move(sample));
  std::vector<Lint> lints = linter.run();
  options.json ? print_json(lints, linter.all_together())
               : print_text(lints, linter.all_together());
  return kDone;
}

}  // namespace redactd
