#include "daemon/known/known_rules.h"

#include <map>
#include <string>
#include <utility>

#include "filters/known/known.h"

namespace redactd {

RuleGroup rules_of(const std::vector<KnownValue>& values, bool encodings) {
  std::map<std::string, Rule> by_name;
  for (const KnownValue& known : values) {
    Rule& rule = by_name[known_rule_id(known.name)];
    rule.values.emplace_back(known.value.view());
  }
  RuleGroup group;
  for (auto& [id, rule] : by_name) {
    rule.id = id;
    rule.title = "Value that this machine holds";
    rule.kind = RuleKind::known;
    rule.severity = Severity::critical;
    rule.encodings = encodings;
    group.rules.push_back(std::move(rule));
  }
  return group;
}

}  // namespace redactd
