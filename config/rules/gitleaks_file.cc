#include "config/rules/gitleaks_file.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "config/toml_reader.h"
#include "filters/spans/regex_span.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostExtended = 2;  // files behind the first one; gitleaks does not follow more
constexpr size_t kLongestId = 64;

const std::vector<std::string_view> kFileKeys = {"title",     "description", "minVersion", "extend",
                                                 "allowlist", "allowlists",  "rules"};
const std::vector<std::string_view> kRuleKeys = {
    "id",   "description", "regex",      "secretGroup", "entropy",  "path",
    "tags", "keywords",    "allowlists", "allowlist",   "required", "skipReport"};
const std::vector<std::string_view> kAllowKeys = {"id",      "description", "condition",
                                                  "commits", "paths",       "regexTarget",
                                                  "regexes", "stopwords",   "targetRules"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), to_lower);
  return text;
}

/// An allowlist, as far as it has a meaning here.
struct Allowlist {
  explicit Allowlist(TomlReader table) : reader(std::move(table)) {}

  Allowance allowance;
  bool by_file = false;            // it also names paths or commits
  bool empty = false;              // and nothing else, or needs them to hold
  std::vector<std::string> rules;  // ids; empty: all
  TomlReader reader;
};

/// A rule as the file has it, before it is known what it extends.
struct Draft {
  explicit Draft(TomlReader table) : reader(std::move(table)), regex_reader(reader["regex"]) {}

  TomlReader reader;
  std::string id;
  std::string description;
  std::optional<std::string> regex;
  TomlReader regex_reader;
  std::string path;
  std::optional<size_t> group;
  double entropy = 0;
  std::vector<std::string> keywords;
  std::vector<std::string> tags;
  std::vector<Allowlist> allow;
  bool required = false;
  bool skipped = false;
};

struct File {
  std::vector<Draft> rules;
  std::vector<Allowlist> allow;
  bool extends_default = false;
};

/// Reads one file, and what it extends.
class GitleaksReader {
 public:
  GitleaksReader(Diagnostics& diagnostics, std::vector<Diagnostic>& remarks)
      : diagnostics_(diagnostics), remarks_(remarks) {}

  File read(const std::string& path, size_t depth) {
    File file;
    std::optional<std::string> text = read_whole_file(path, diagnostics_);
    if (!text) return file;
    std::optional<TomlReader> document = TomlReader::parse(*text, path, diagnostics_);
    if (!document) return file;
    note_unknown_keys(*document, kFileKeys);
    read_rules((*document)["rules"], file);
    file.allow = read_allowlists(*document);
    if (TomlReader extend = (*document)["extend"]; extend.present())
      read_base(extend, fs::path(path).parent_path(), depth, file);
    return file;
  }

 private:
  void remark(const TomlReader& at, const std::string& message) {
    remarks_.push_back({at.location(), at.path(), message});
  }

  /// gitleaks passes over keys that it does not know, and those of its next version have to load.
  void note_unknown_keys(const TomlReader& table, const std::vector<std::string_view>& known) {
    for (const std::string& key : table.keys()) {
      bool found = std::any_of(known.begin(), known.end(), [&](std::string_view name) {
        return lower(std::string(name)) == lower(key);
      });
      if (!found)
        remark(table[key], "is not known here and does nothing" + did_you_mean(key, known));
    }
  }

  void read_rules(const TomlReader& rules, File& file) {
    for (const TomlReader& table : rules.tables()) {
      Draft draft = read_rule(table);
      if (draft.id.empty()) {
        table["id"].fail("is missing: a name for the rule");
        continue;
      }
      auto earlier = find(file.rules, draft.id);
      if (earlier == file.rules.end()) {
        file.rules.push_back(std::move(draft));
      } else {
        remark(table, "takes the place of an earlier rule with the id '" + draft.id + "'");
        *earlier = std::move(draft);
      }
    }
  }

  static std::vector<Draft>::iterator find(std::vector<Draft>& rules, const std::string& id) {
    return std::find_if(rules.begin(), rules.end(),
                        [&](const Draft& rule) { return rule.id == id; });
  }

  Draft read_rule(const TomlReader& table) {
    note_unknown_keys(table, kRuleKeys);
    Draft draft(table);
    draft.id = table["id"].text().value_or("");
    draft.description = table["description"].text().value_or("");
    draft.regex = table["regex"].text();
    draft.path = table["path"].text().value_or("");
    draft.keywords = table["keywords"].texts();
    for (std::string& keyword : draft.keywords) keyword = lower(keyword);
    std::erase(draft.keywords, "");
    draft.tags = table["tags"].texts();
    draft.entropy = table["entropy"].number().value_or(0);
    if (std::optional<double> group = table["secretGroup"].number(); group && *group >= 1)
      draft.group = static_cast<size_t>(*group);
    draft.required = table["required"].present();
    draft.skipped = table["skipReport"].boolean().value_or(false);
    draft.allow = read_allowlists(table);
    return draft;
  }

  /// Of a rule or of the file: under the name of today, or under the former one.
  std::vector<Allowlist> read_allowlists(const TomlReader& table) {
    std::vector<Allowlist> lists;
    if (table["allowlist"].present() && table["allowlists"].present())
      table["allowlist"].fail("stands beside allowlists; gitleaks takes one of the two");
    for (const char* key : {"allowlist", "allowlists"}) {
      for (const TomlReader& list : table[key].tables()) lists.push_back(read_allowlist(list));
    }
    return lists;
  }

  Allowlist read_allowlist(const TomlReader& table) {
    note_unknown_keys(table, kAllowKeys);
    Allowlist list(table);
    bool any = true;
    std::string condition = lower(table["condition"].text().value_or("or"));
    if (condition == "and" || condition == "&&") {
      any = false;
    } else if (condition != "or" && condition != "||" && !condition.empty()) {
      table["condition"].fail("must be AND or OR");
    }
    list.allowance.any = any;
    read_expressions(table, list.allowance);
    for (const std::string& word : table["stopwords"].texts())
      list.allowance.words.push_back(lower(word));
    list.by_file = !table["paths"].items().empty() || !table["commits"].items().empty();
    list.rules = table["targetRules"].texts();
    const Allowance& allowance = list.allowance;
    bool rest = !allowance.words.empty() || !allowance.secret.empty() || !allowance.match.empty() ||
                !allowance.record.empty();
    list.empty = !rest || (!any && list.by_file);
    if (!rest && !list.by_file) table.fail("names none of regexes, stopwords, paths and commits");
    return list;
  }

  void read_expressions(const TomlReader& table, Allowance& allowance) {
    std::string target = table["regexTarget"].text().value_or("");
    if (!target.empty() && target != "secret" && target != "match" && target != "line")
      table["regexTarget"].fail("must be secret, match or line");
    std::vector<std::string>& expressions = target == "match"  ? allowance.match
                                            : target == "line" ? allowance.record
                                                               : allowance.secret;
    for (const TomlReader& item : table["regexes"].items()) {
      std::optional<std::string> text = item.text();
      if (!text) continue;
      if (std::string why = refuse_search(*text); !why.empty()) {
        item.fail("RE2 refuses it: " + why);
      } else {
        expressions.push_back(*text);
      }
    }
  }

  void read_base(const TomlReader& extend, const fs::path& folder, size_t depth, File& file) {
    std::optional<std::string> path = extend["path"].text();
    bool with_default = extend["useDefault"].boolean().value_or(false);
    if (path && !path->empty() && with_default)
      extend["useDefault"].fail("stands beside path; gitleaks takes one of the two");
    if (with_default) {
      file.extends_default = true;
      remark(extend["useDefault"],
             "gitleaks' own rules are no part of redactd; its built-in rules stand in for them. To "
             "have them too, name their file in extend.path");
    }
    if (!path || path->empty()) return;
    if (depth == kMostExtended) {
      remark(extend["path"], "is not followed: gitleaks goes two files deep");
      return;
    }
    std::string base = (folder / *path).string();
    name(base, extend["path"], *path);
    merge(read(base, depth + 1), extend["disabledRules"].texts(), file);
  }

  /// For errors: `base` is what `place` extends by the text `written`.
  void name(const std::string& base, const TomlReader& place, const std::string& written) {
    const std::string& file = place.location().file;
    const std::string shown = diagnostics_.shown(file);
    diagnostics_.name(
        base, {place.location(), place.path(),
               shown == file ? std::string() : (fs::path(shown).parent_path() / written).string()});
  }

  /// What this file says wins over what it extends; lists are joined.
  void merge(File base, const std::vector<std::string>& disabled, File& file) {
    for (const std::string& id : disabled)
      std::erase_if(base.rules, [&](const Draft& rule) { return rule.id == id; });
    for (Draft& own : file.rules) {
      auto inherited = find(base.rules, own.id);
      if (inherited == base.rules.end()) {
        base.rules.push_back(std::move(own));
      } else {
        *inherited = overridden(std::move(*inherited), std::move(own));
      }
    }
    for (Allowlist& list : base.allow) file.allow.push_back(std::move(list));
    file.rules = std::move(base.rules);
    file.extends_default = file.extends_default || base.extends_default;
  }

  static Draft overridden(Draft base, Draft own) {
    auto join = [](auto& first, auto& second) {
      first.insert(first.end(), std::make_move_iterator(second.begin()),
                   std::make_move_iterator(second.end()));
    };
    if (!own.description.empty()) base.description = own.description;
    if (own.regex) {
      base.regex = own.regex;
      base.regex_reader = own.regex_reader;
    }
    if (!own.path.empty()) base.path = own.path;
    if (own.group) base.group = own.group;
    if (own.entropy != 0) base.entropy = own.entropy;
    base.required = base.required || own.required;
    base.skipped = base.skipped || own.skipped;
    join(base.keywords, own.keywords);
    join(base.tags, own.tags);
    join(base.allow, own.allow);
    base.reader = own.reader;
    return base;
  }

  Diagnostics& diagnostics_;
  std::vector<Diagnostic>& remarks_;
};

/// What may match over line ends although its author need not have thought of them.
bool reaches_over_lines(const std::string& regex) {
  for (const char* any :
       {"[\\s\\S", "[\\S\\s", "[\\w\\W", "[\\W\\w", "[\\d\\D", "[\\D\\d", "(?s", "(?is", "(?si"}) {
    if (regex.find(any) != std::string::npos) return true;
  }
  for (size_t at = regex.find("[^"); at != std::string::npos; at = regex.find("[^", at + 2)) {
    size_t end = regex.find(']', at + 3);
    if (end == std::string::npos || end + 1 >= regex.size()) break;
    std::string_view members = std::string_view(regex).substr(at, end - at);
    bool many = std::string_view("*+{").find(regex[end + 1]) != std::string_view::npos;
    if (many && members.find("\\n") == std::string::npos &&
        members.find("\\s") == std::string::npos)
      return true;
  }
  return false;
}

bool counts_characters(const std::string& regex) {
  for (const char* wide : {".{", "\\S{", "\\W{", "\\D{", "\\x{", "\\p"}) {
    if (regex.find(wide) != std::string::npos) return true;
  }
  return std::any_of(regex.begin(), regex.end(),
                     [](char c) { return static_cast<signed char>(c) < 0; });
}

/// a-z, 0-9 and single hyphens, at most kLongestId of them, and unique.
std::string rule_id(const std::string& id, std::set<std::string>& taken) {
  std::string result = "gitleaks-";
  for (char c : lower(id)) {
    bool fit = is_lower(c) || is_digit(c);
    if (fit || !result.ends_with('-')) result += fit ? c : '-';
  }
  auto cut = [](std::string text, size_t size) {
    text.resize(std::min(text.size(), size));
    while (text.ends_with('-')) text.pop_back();
    return text;
  };
  std::string unique = cut(result, kLongestId);
  for (size_t number = 2; !taken.insert(unique).second; ++number) {
    std::string suffix = '-' + std::to_string(number);
    unique = cut(result, kLongestId - suffix.size()) + suffix;
  }
  return unique;
}

/// Turns drafts into rules, and says for each how true it is to the file.
class Translation {
 public:
  Translation(const File& file, GitleaksRules& result, std::set<std::string>& taken)
      : file_(file), result_(result), taken_(taken) {}

  void run() {
    for (const Draft& draft : file_.rules) translate(draft);
    for (const Allowlist& list : file_.allow) check_global(list);
  }

 private:
  void translate(const Draft& draft) {
    GitleaksVerdict verdict;
    verdict.id = draft.id;
    verdict.location = draft.reader.location();
    std::string refused = refuse(draft);
    if (!refused.empty()) {
      verdict.how = GitleaksVerdict::How::refused;
      verdict.reasons = {refused};
    } else if (std::optional<LoadedRule> rule = make_rule(draft)) {
      verdict.rule = rule->rule.id;
      verdict.reasons = deviations(draft);
      if (!verdict.reasons.empty()) verdict.how = GitleaksVerdict::How::approximate;
      result_.rules.push_back(std::move(*rule));
    } else {
      return;  // it has a diagnostic
    }
    result_.verdicts.push_back(std::move(verdict));
  }

  std::string refuse(const Draft& draft) const {
    bool regex = draft.regex && !draft.regex->empty();
    if (!regex && !draft.path.empty()) return "looks at paths only, and a stream has none";
    if (!regex && file_.extends_default)
      return "takes its regex from gitleaks' own rules, which are no part of redactd";
    if (draft.skipped) return "gitleaks does not report it by itself (skipReport)";
    return {};
  }

  std::optional<LoadedRule> make_rule(const Draft& draft) {
    if (!draft.regex || draft.regex->empty()) {
      draft.reader["regex"].fail(
          "is missing: neither it nor path is there, so the rule does nothing");
      return std::nullopt;
    }
    RegexFacts facts = regex_facts(*draft.regex);
    if (!facts.refused.empty()) {
      draft.regex_reader.fail("RE2 refuses it: " + facts.refused);
      return std::nullopt;
    }
    if (draft.group && *draft.group > facts.groups) {
      draft.reader["secretGroup"].fail("is " + std::to_string(*draft.group) + ", but regex has " +
                                       std::to_string(facts.groups) + " groups");
      return std::nullopt;
    }
    LoadedRule loaded;
    loaded.path = draft.reader.path();
    loaded.location = draft.reader.location();
    loaded.keys["pattern"] = draft.regex_reader.location();
    Rule& rule = loaded.rule;
    rule.id = rule_id(draft.id, taken_);
    rule.title = draft.description.empty() ? draft.id : draft.description;
    rule.kind = RuleKind::regex;
    rule.tags = draft.tags;
    rule.tags.insert(rule.tags.begin(), "gitleaks");
    rule.patterns = {*draft.regex};
    rule.secret_group = draft.group.value_or(0);
    rule.mask_match = !draft.group && facts.groups > 1;
    rule.keywords = draft.keywords;
    rule.above_entropy = draft.entropy;
    for (const Allowlist* list : lists_of(draft)) {
      if (!list->empty) rule.allow.push_back(list->allowance);
    }
    return loaded;
  }

  std::vector<const Allowlist*> lists_of(const Draft& draft) const {
    std::vector<const Allowlist*> lists;
    for (const Allowlist& list : draft.allow) lists.push_back(&list);
    for (const Allowlist& list : file_.allow) {
      bool meant = list.rules.empty() ||
                   std::find(list.rules.begin(), list.rules.end(), draft.id) != list.rules.end();
      if (meant) lists.push_back(&list);
    }
    return lists;
  }

  std::vector<std::string> deviations(const Draft& draft) const {
    std::vector<std::string> reasons;
    if (!draft.path.empty()) reasons.push_back("holds for every record, for a stream has no paths");
    if (!draft.group && regex_facts(*draft.regex).groups > 1)
      reasons.push_back(
          "masks the whole match, for the first of its groups need not be all of the secret");
    if (draft.required)
      reasons.push_back("masks whether or not the rules that it requires find something");
    if (!draft.keywords.empty() && !implies_one_of(*draft.regex, draft.keywords))
      reasons.push_back("wants one of its keywords in the record, not somewhere in the file");
    if (reaches_over_lines(*draft.regex))
      reasons.push_back("can match over several lines; here within a record");
    if (counts_characters(*draft.regex)) reasons.push_back("counts bytes, not characters");
    bool by_file = std::any_of(draft.allow.begin(), draft.allow.end(),
                               [](const Allowlist& list) { return list.by_file; });
    if (by_file) reasons.push_back("lets nothing pass by path or commit");
    return reasons;
  }

  void check_global(const Allowlist& list) {
    if (list.by_file) {
      result_.remarks.push_back({list.reader.location(), list.reader.path(),
                                 "lets nothing pass by path or commit: a stream has neither"});
    }
    for (const std::string& id : list.rules) {
      bool known = std::any_of(file_.rules.begin(), file_.rules.end(),
                               [&](const Draft& rule) { return rule.id == id; });
      if (known || file_.extends_default) continue;
      list.reader["targetRules"].fail("names '" + id + "', which is no rule of the file");
    }
  }

  const File& file_;
  GitleaksRules& result_;
  std::set<std::string>& taken_;
};

}  // namespace

std::string_view to_string(GitleaksVerdict::How how) {
  switch (how) {
    case GitleaksVerdict::How::exact:
      return "exact";
    case GitleaksVerdict::How::approximate:
      return "approximate";
    case GitleaksVerdict::How::refused:
      return "refused";
  }
  return "";
}

GitleaksRules load_gitleaks(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  GitleaksRules result;
  std::set<std::string> taken;
  for (const std::string& path : paths) {
    File file = GitleaksReader(diagnostics, result.remarks).read(path, 0);
    Translation(file, result, taken).run();
  }
  return result;
}

}  // namespace redactd
