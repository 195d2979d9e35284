#include "config/rules/gitleaks_reader.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>

#include "config/whole_file.h"
#include "filters/byte_class.h"
#include "filters/spans/regex_span.h"

namespace redactd {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostExtended = 2;  // files behind the first one; gitleaks does not follow more

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

/// Reads one file, and what it extends.
class Reader {
 public:
  Reader(Diagnostics& diagnostics, std::vector<Diagnostic>& remarks)
      : diagnostics_(diagnostics), remarks_(remarks) {}

  GitleaksFile read(const std::string& path, size_t depth) {
    GitleaksFile file;
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

  void read_rules(const TomlReader& rules, GitleaksFile& file) {
    for (const TomlReader& table : rules.tables()) {
      GitleaksDraft draft = read_rule(table);
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

  static std::vector<GitleaksDraft>::iterator find(std::vector<GitleaksDraft>& rules,
                                                   const std::string& id) {
    return std::find_if(rules.begin(), rules.end(),
                        [&](const GitleaksDraft& rule) { return rule.id == id; });
  }

  GitleaksDraft read_rule(const TomlReader& table) {
    note_unknown_keys(table, kRuleKeys);
    GitleaksDraft draft(table);
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
  std::vector<GitleaksAllowlist> read_allowlists(const TomlReader& table) {
    std::vector<GitleaksAllowlist> lists;
    if (table["allowlist"].present() && table["allowlists"].present())
      table["allowlist"].fail("stands beside allowlists; gitleaks takes one of the two");
    for (const char* key : {"allowlist", "allowlists"}) {
      for (const TomlReader& list : table[key].tables()) lists.push_back(read_allowlist(list));
    }
    return lists;
  }

  GitleaksAllowlist read_allowlist(const TomlReader& table) {
    note_unknown_keys(table, kAllowKeys);
    GitleaksAllowlist list(table);
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

  void read_base(const TomlReader& extend, const fs::path& folder, size_t depth,
                 GitleaksFile& file) {
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
  void merge(GitleaksFile base, const std::vector<std::string>& disabled, GitleaksFile& file) {
    for (const std::string& id : disabled)
      std::erase_if(base.rules, [&](const GitleaksDraft& rule) { return rule.id == id; });
    for (GitleaksDraft& own : file.rules) {
      auto inherited = find(base.rules, own.id);
      if (inherited == base.rules.end()) {
        base.rules.push_back(std::move(own));
      } else {
        *inherited = overridden(std::move(*inherited), std::move(own));
      }
    }
    for (GitleaksAllowlist& list : base.allow) file.allow.push_back(std::move(list));
    file.rules = std::move(base.rules);
    file.extends_default = file.extends_default || base.extends_default;
  }

  static GitleaksDraft overridden(GitleaksDraft base, GitleaksDraft own) {
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

}  // namespace

GitleaksFile read_gitleaks(const std::string& path, Diagnostics& diagnostics,
                           std::vector<Diagnostic>& remarks) {
  return Reader(diagnostics, remarks).read(path, 0);
}

}  // namespace redactd
