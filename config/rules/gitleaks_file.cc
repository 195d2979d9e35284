#include "config/rules/gitleaks_file.h"

#include <algorithm>
#include <set>

#include "config/rules/gitleaks_reader.h"
#include "filters/byte_class.h"
#include "filters/spans/regex_span.h"

namespace redactd {
namespace {

constexpr size_t kLongestId = 64;

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
  for (char letter : id) {
    const char c = to_lower(letter);
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
  Translation(const GitleaksFile& file, GitleaksRules& result, std::set<std::string>& taken)
      : file_(file), result_(result), taken_(taken) {}

  void run() {
    for (const GitleaksDraft& draft : file_.rules) translate(draft);
    for (const GitleaksAllowlist& list : file_.allow) check_global(list);
  }

 private:
  void translate(const GitleaksDraft& draft) {
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

  std::string refuse(const GitleaksDraft& draft) const {
    bool regex = draft.regex && !draft.regex->empty();
    if (!regex && !draft.path.empty()) return "looks at paths only, and a stream has none";
    if (!regex && file_.extends_default)
      return "takes its regex from gitleaks' own rules, which are no part of redactd";
    if (draft.skipped) return "gitleaks does not report it by itself (skipReport)";
    return {};
  }

  std::optional<LoadedRule> make_rule(const GitleaksDraft& draft) {
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
    for (const GitleaksAllowlist* list : lists_of(draft)) {
      if (!list->empty) rule.allow.push_back(list->allowance);
    }
    return loaded;
  }

  std::vector<const GitleaksAllowlist*> lists_of(const GitleaksDraft& draft) const {
    std::vector<const GitleaksAllowlist*> lists;
    for (const GitleaksAllowlist& list : draft.allow) lists.push_back(&list);
    for (const GitleaksAllowlist& list : file_.allow) {
      bool meant = list.rules.empty() ||
                   std::find(list.rules.begin(), list.rules.end(), draft.id) != list.rules.end();
      if (meant) lists.push_back(&list);
    }
    return lists;
  }

  std::vector<std::string> deviations(const GitleaksDraft& draft) const {
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
                               [](const GitleaksAllowlist& list) { return list.by_file; });
    if (by_file) reasons.push_back("lets nothing pass by path or commit");
    return reasons;
  }

  void check_global(const GitleaksAllowlist& list) {
    if (list.by_file) {
      result_.remarks.push_back({list.reader.location(), list.reader.path(),
                                 "lets nothing pass by path or commit: a stream has neither"});
    }
    for (const std::string& id : list.rules) {
      bool known = std::any_of(file_.rules.begin(), file_.rules.end(),
                               [&](const GitleaksDraft& rule) { return rule.id == id; });
      if (known || file_.extends_default) continue;
      list.reader["targetRules"].fail("names '" + id + "', which is no rule of the file");
    }
  }

  const GitleaksFile& file_;
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
    GitleaksFile file = read_gitleaks(path, diagnostics, result.remarks);
    Translation(file, result, taken).run();
  }
  return result;
}

}  // namespace redactd
