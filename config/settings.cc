#include "config/settings.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>

#include "config/rules/builtin_pack.h"
#include "config/rules/gitleaks_file.h"
#include "config/rules/rule_loader.h"
#include "config/surroundings.h"
#include "config/whole_file.h"
#include "filters/byte_order_mark.h"
#include "filters/known/known.h"
#include "filters/self_test.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShortestMaskKey = 16;

bool names_rule(const std::string& word, const Rule& rule) {
  return word == "all" || word == rule.id || word == to_string(rule.severity) ||
         std::find(rule.tags.begin(), rule.tags.end(), word) != rule.tags.end();
}

/// Enabled by name beats disabled by tag: the more precise word wins, and --enable wins between
/// equals.
bool is_on(const Settings& settings, const Rule& rule, bool by_default) {
  auto named = [&](const std::vector<std::string>& words, bool by_id) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return by_id ? word == rule.id : word != "all" && word != rule.id && names_rule(word, rule);
    });
  };
  auto all = [](const std::vector<std::string>& words) {
    return std::find(words.begin(), words.end(), "all") != words.end();
  };
  if (named(settings.enable, true)) return true;
  if (named(settings.disable, true)) return false;
  if (named(settings.enable, false)) return true;
  if (named(settings.disable, false)) return false;
  if (all(settings.enable)) return true;
  if (all(settings.disable)) return false;
  return by_default;
}

void mute(RuleGroup& group, const Settings& settings, bool own) {
  group.muted.resize(group.rules.size());
  Settings scope;
  scope.enable = settings.enable;
  scope.disable = settings.disable;
  // --disable all turns the built-in rules off; a pack of one's own is named to be used.
  if (own) std::erase(scope.disable, "all");
  for (size_t i = 0; i < group.rules.size(); ++i) {
    group.muted[i] = !is_on(scope, group.rules[i], group.rules[i].enabled_by_default);
  }
}

/// `shown` stands for `word` in errors.
std::string no_rule(const std::string& word, const std::string& shown,
                    const std::vector<std::string_view>& names) {
  return "'" + shown + "' is no rule and no tag" + did_you_mean(word, names) +
         " (list them with: redactd rules list)";
}

/// Where the configuration gives the value; nothing when the command line does.
const Place* place_of(const Settings& settings, const std::string& path) {
  auto found = settings.places.find(path);
  return found == settings.places.end() ? nullptr : &found->second;
}

/// A value of the file or of the command line, where it is called `option`.
Place place_or(const Settings& settings, const std::string& path, const std::string& option) {
  if (const Place* place = place_of(settings, path)) return *place;
  return {{}, option, {}};
}

/// Of `path`, which is not in the file, where its neighbour stands; else an option's.
Place place_beside(const Settings& settings, const std::string& neighbour, const std::string& path,
                   const std::string& option) {
  if (const Place* place = place_of(settings, neighbour)) return {place->location, path, {}};
  return {{}, option, {}};
}

std::string numbered(const std::string& list, size_t number) {
  return list + "[" + std::to_string(number) + "]";
}

void name_files(const std::vector<std::string>& files, const std::string& list,
                const Settings& settings, Diagnostics& diagnostics) {
  for (size_t i = 0; i < files.size(); ++i) {
    if (const Place* place = place_of(settings, numbered(list, i)))
      diagnostics.name(files[i], *place);
  }
}

/// What names a rule that is there, in alphabetical order.
std::vector<std::string_view> rule_words(const ActiveRules& active) {
  std::set<std::string_view> known = {"all", "low", "medium", "high", "critical"};
  for (const RuleGroup* group :
       {&active.builtin, &active.optional, &active.own, &active.gitleaks, &active.known}) {
    for (const Rule& rule : group->rules) {
      known.insert(rule.id);
      known.insert(rule.tags.begin(), rule.tags.end());
    }
  }
  return {known.begin(), known.end()};
}

void check_words(const std::vector<std::string>& words, const std::string& option,
                 const ActiveRules& active, const Settings& settings, Diagnostics& diagnostics) {
  std::vector<std::string_view> names = rule_words(active);
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    // Values that the machine holds come later, or not at all.
    if (std::binary_search(names.begin(), names.end(), word) || word.starts_with("known:"))
      continue;
    // What the file names stands before what the command line adds.
    Place place = place_or(settings, numbered("rules." + option, i), "--" + option);
    diagnostics.add(place, no_rule(word, place.shown(word), names));
  }
}

/// Gives each rule that an entry of `allow` means its allowance. Known values are meant by none:
/// whoever gives one has said that it is a secret.
void apply_allow(const Settings& settings, ActiveRules& active, Diagnostics& diagnostics) {
  if (settings.allow.empty()) return;
  std::vector<std::string_view> names = rule_words(active);
  for (const AllowEntry& entry : settings.allow) {
    for (const AllowEntry::Word& word : entry.rules) {
      if (!std::binary_search(names.begin(), names.end(), word.text))
        diagnostics.add(word.place, no_rule(word.text, word.place.shown(word.text), names));
    }
    if (!entry.fingerprints.empty()) continue;
    for (RuleGroup* group : {&active.builtin, &active.optional, &active.own, &active.gitleaks}) {
      for (Rule& rule : group->rules) {
        bool meant = entry.rules.empty() ||
                     std::any_of(entry.rules.begin(), entry.rules.end(),
                                 [&](const auto& word) { return names_rule(word.text, rule); });
        if (meant) rule.allow.push_back(entry.allowance);
      }
    }
  }
}

std::vector<SecretFingerprint> allowed_fingerprints(const Settings& settings,
                                                    Diagnostics& diagnostics) {
  std::vector<SecretFingerprint> allowed;
  const std::string id = place_or(settings, "mask_key.id", "").shown(settings.mask_key_id);
  for (const AllowEntry& entry : settings.allow) {
    for (const auto& [fingerprint, word] : entry.fingerprints) {
      if (settings.mask_key_file.empty()) {
        diagnostics.add(word.place, "needs the key that it was made with: mask_key");
      } else if (fingerprint.key != settings.mask_key_id) {
        diagnostics.add(word.place, "was made with the key '" + word.place.shown(fingerprint.key) +
                                        "', and mask_key is '" + id +
                                        "'; make it anew with: redactd explain --config FILE");
      }
      allowed.push_back(fingerprint);
    }
  }
  return allowed;
}

void load_own(const Settings& settings, ActiveRules& active, const RuleSet* previous,
              Diagnostics& diagnostics) {
  if (settings.rule_paths.empty()) return;
  name_files(settings.rule_paths, "rules.files", settings, diagnostics);
  std::vector<LoadedRule> loaded = load_rules(settings.rule_paths, diagnostics);
  active.checked = check_rules(loaded, diagnostics, previous);
  for (LoadedRule& rule : loaded) active.own.rules.push_back(std::move(rule.rule));
}

void load_gitleaks_files(const Settings& settings, ActiveRules& active, Diagnostics& diagnostics) {
  name_files(settings.gitleaks_files, "rules.gitleaks", settings, diagnostics);
  GitleaksRules loaded = load_gitleaks(settings.gitleaks_files, diagnostics);
  for (LoadedRule& rule : loaded.rules) active.gitleaks.rules.push_back(std::move(rule.rule));
  active.remarks = std::move(loaded.remarks);
}

RuleGroup load_known(const Settings& settings, Diagnostics& diagnostics) {
  RuleGroup group;
  name_files(settings.known_files, "known.files", settings, diagnostics);
  for (const std::string& file : settings.known_files) {
    std::optional<std::string> text = read_whole_file(file, diagnostics);
    if (!text) continue;
    Rule rule;
    rule.id = "known";
    rule.title = "Value from a list of known secrets";
    rule.kind = RuleKind::known;
    rule.severity = Severity::critical;
    rule.encodings = settings.known_encodings;
    size_t number = 0;
    for (std::string_view rest = without_byte_order_mark(*text); !rest.empty();) {
      ++number;
      size_t end = std::min(rest.size(), rest.find('\n'));
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(std::min(rest.size(), end + 1));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) continue;
      if (std::string why = refuse_known(line); !why.empty()) {
        diagnostics.add({file, number, 1}, "", why + "; leave it out");
        continue;
      }
      rule.values.emplace_back(line);
    }
    wipe(*text);
    if (rule.values.empty()) diagnostics.add({file, 0, 0}, "", "has no value in it");
    group.rules.push_back(std::move(rule));
  }
  return group;
}

/// Not by a stream, whose buffer would keep a copy of it.
std::optional<std::string> read_key(const std::string& path, Diagnostics& diagnostics) {
  std::string why;
  std::optional<std::string> text = this_machine().read_file(path, why);
  if (!text) {
    diagnostics.add({path, 0, 0}, "", "cannot be read: " + why);
  }
  return text;
}

FingerprintKey load_mask_key(const Settings& settings, Diagnostics& diagnostics) {
  FingerprintKey key;
  key.id = settings.mask_key_id;
  if (settings.mask_key_file.empty()) {
    if (!key.id.empty())
      diagnostics.add(
          place_beside(settings, "mask_key.id", "mask_key.file", "--mask-key-file"),
          "is missing; the file with the key that mask_key.id (--mask-key-id) is the name of");
    return key;
  }
  if (const Place* place = place_of(settings, "mask_key.file"))
    diagnostics.name(settings.mask_key_file, *place);
  std::optional<std::string> text = read_key(settings.mask_key_file, diagnostics);
  if (!text) return key;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->size() < kShortestMaskKey) {
    diagnostics.add({settings.mask_key_file, 0, 0}, "",
                    "holds a key of " + std::to_string(text->size()) + " bytes; at least " +
                        std::to_string(kShortestMaskKey) +
                        " are needed (try: openssl rand -hex 32)");
  }
  if (std::string why = refuse_key_id(key.id); !why.empty()) {
    const Place* written = place_of(settings, "mask_key.id");
    diagnostics.add(
        written ? *written : place_beside(settings, "mask_key.file", "mask_key.id", "mask key id"),
        why + "; it stands in every mask, so that keys can be rotated");
  }
  key.secret = LockedBytes(*text);
  wipe(*text);
  if (int error = key.secret.lock_error(); error != 0) {
    diagnostics.warn(
        {settings.mask_key_file, 0, 0}, "",
        "the key may be written to swap, for it cannot be locked in memory (" +
            std::string(std::strerror(error)) +
            "): raise the limit of locked memory (LimitMEMLOCK= of a unit, ulimit -l)");
  }
  return key;
}

void test_matcher(const std::shared_ptr<const RuleSet>& rules, Diagnostics& diagnostics) {
  MatcherInfo matcher = matcher_info();
  for (const std::string& id : self_test(rules)) {
    diagnostics.add({}, "rule " + id,
                    "does not find its own example with libhs " + matcher.version + " (" +
                        matcher.cpu +
                        ") on this machine, so secrets would leak; install another libhs (Debian: "
                        "libhyperscan5)");
  }
}

bool masks_anything(const ActiveRules& active) {
  for (const RuleGroup* group :
       {&active.builtin, &active.optional, &active.own, &active.gitleaks, &active.known}) {
    for (size_t i = 0; i < group->rules.size(); ++i) {
      bool muted = i < group->muted.size() && group->muted[i];
      if (!muted && group->rules[i].id != kSelfCheckRule) return true;
    }
  }
  return false;
}

/// What nobody asked for is not compiled, and not scanned for.
void drop_muted(RuleGroup& group) {
  std::vector<Rule> kept;
  for (size_t i = 0; i < group.rules.size(); ++i) {
    if (!group.muted[i]) kept.push_back(std::move(group.rules[i]));
  }
  group.rules = std::move(kept);
  group.muted.assign(group.rules.size(), false);
}

}  // namespace

ActiveRules select_rules(const Settings& settings, Diagnostics& diagnostics,
                         const RuleSet* previous) {
  ActiveRules active;
  active.builtin.rules = builtin_rules();
  active.builtin.embedded = builtin_databases();
  active.optional.rules = optional_rules();
  load_own(settings, active, previous, diagnostics);
  load_gitleaks_files(settings, active, diagnostics);
  active.known = load_known(settings, diagnostics);
  check_words(settings.enable, "enable", active, settings, diagnostics);
  check_words(settings.disable, "disable", active, settings, diagnostics);
  mute(active.builtin, settings, false);
  mute(active.optional, settings, false);
  mute(active.own, settings, true);
  mute(active.gitleaks, settings, true);
  mute(active.known, settings, true);
  std::set<std::string_view> own_ids;
  for (const Rule& rule : active.own.rules) own_ids.insert(rule.id);
  for (RuleGroup* group : {&active.builtin, &active.optional}) {
    for (size_t i = 0; i < group->rules.size(); ++i) {
      if (own_ids.count(group->rules[i].id) != 0) group->muted[i] = true;
    }
  }
  return active;
}

std::shared_ptr<const RuleSet> build_rule_set(const Settings& settings, Diagnostics& diagnostics,
                                              RuleGroup known, const RuleSet* previous) {
  ActiveRules active = select_rules(settings, diagnostics, previous);
  active.known.rules.insert(active.known.rules.end(), std::make_move_iterator(known.rules.begin()),
                            std::make_move_iterator(known.rules.end()));
  mute(active.known, settings, true);
  apply_allow(settings, active, diagnostics);
  drop_muted(active.optional);
  MaskSettings masks{settings.mask, load_mask_key(settings, diagnostics),
                     allowed_fingerprints(settings, diagnostics)};
  if (!diagnostics.empty()) return nullptr;
  if (!settings.known_at_run_time && !masks_anything(active)) {
    diagnostics.add(place_beside(settings, "rules.disable[0]", "rules", "rules"),
                    "none is active, so nothing would be masked; enable some, or use cat");
    return nullptr;
  }
  std::vector<RuleError> errors;
  std::vector<RuleGroup> groups;
  groups.push_back(std::move(active.builtin));
  groups.push_back(std::move(active.optional));
  groups.push_back(std::move(active.own));
  groups.push_back(std::move(active.gitleaks));
  groups.push_back(std::move(active.known));
  std::shared_ptr<const RuleSet> rules;
  try {
    if (previous == nullptr) previous = active.checked.get();
    rules = RuleSet::compile(std::move(groups), masks, errors, previous);
  } catch (const std::invalid_argument& error) {
    diagnostics.add(place_or(settings, "mask.style", "mask"), error.what());
  }
  for (const RuleError& error : errors)
    diagnostics.add({}, "rules[" + std::to_string(error.rule) + "]." + error.field, error.message);
  if (rules && (previous == nullptr || previous->databases() != rules->databases()))
    test_matcher(rules, diagnostics);
  return diagnostics.empty() ? rules : nullptr;
}

std::vector<LoadedRule> parse_builtin_packs(Diagnostics& diagnostics) {
  std::vector<LoadedRule> all;
  for (const PackFile& file : builtin_files()) {
    FileReader no_files = [](const std::string&) { return std::nullopt; };
    std::vector<LoadedRule> rules =
        parse_rules(std::string(file.text), std::string(file.name), no_files, diagnostics);
    all.insert(all.end(), std::make_move_iterator(rules.begin()),
               std::make_move_iterator(rules.end()));
  }
  return all;
}

}  // namespace redactd
