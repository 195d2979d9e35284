#include "filters/self_test.h"

#include <algorithm>

#include "filters/example.h"
#include "filters/redactor.h"

namespace redactd {
namespace {

constexpr size_t kAlignments = 64;  // of the widest registers that the matcher uses
constexpr size_t kStep = 13;        // has no factor in common with it: every alignment comes up

void feed(Redactor& redactor, std::string_view bytes) {
  std::span<char> room = redactor.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  redactor.commit(bytes.size());
}

/// Whether rule `number` finds its secret in the example, which stands behind `lead` bytes.
bool finds(const std::shared_ptr<const RuleSet>& rules, MatchScratch& scratch, uint32_t number,
           const FilledExample& example, size_t lead) {
  std::vector<Decision> decisions;
  Redactor redactor(rules, scratch);
  redactor.trace(&decisions);
  size_t cut = example.text.find(example.secrets.front()) + example.secrets.front().size() / 2;
  feed(redactor, std::string(lead, '.') + '\n' + example.text.substr(0, cut));
  feed(redactor, std::string_view(example.text).substr(cut));
  redactor.finish();
  return std::any_of(decisions.begin(), decisions.end(), [number](const Decision& decision) {
    return decision.rule == number &&
           (decision.verdict == Verdict::masked || decision.verdict == Verdict::allowed);
  });
}

}  // namespace

std::vector<std::string> self_test(const std::shared_ptr<const RuleSet>& rules) {
  std::vector<std::string> failed;
  MatchScratch scratch;
  size_t lead = 0;
  for (uint32_t number = 0; number < rules->rules().size(); ++number) {
    if (rules->is_muted(number)) continue;
    const Rule& rule = rules->rules()[number];
    bool sound = true;
    for (size_t i = 0; i < rule.examples.size(); ++i) {
      FilledExample example = fill_example(rule, i);
      if (!example.error.empty() || example.secrets.empty()) continue;  // the loader tells of it
      lead = (lead + kStep) % kAlignments;
      sound = sound && finds(rules, scratch, number, example, lead);
    }
    if (!sound) failed.push_back(rule.id);
  }
  return failed;
}

}  // namespace redactd
