#include "daemon/commands/gitleaks_report.h"

#include <algorithm>
#include <iostream>

namespace redactd {
namespace {

size_t count(const GitleaksRules& loaded, GitleaksVerdict::How how) {
  auto has = [how](const GitleaksVerdict& verdict) { return verdict.how == how; };
  return static_cast<size_t>(std::count_if(loaded.verdicts.begin(), loaded.verdicts.end(), has));
}

}  // namespace

void print_gitleaks(const GitleaksRules& loaded) {
  for (const GitleaksVerdict& verdict : loaded.verdicts) {
    std::string text(to_string(verdict.how));
    for (const std::string& reason : verdict.reasons)
      text += (&reason == &verdict.reasons.front() ? ": " : "; ") + reason;
    std::cout << Diagnostic{verdict.location, verdict.id, text}.text() << '\n';
  }
  for (const Diagnostic& remark : loaded.remarks) std::cout << remark.text() << '\n';
  using How = GitleaksVerdict::How;
  std::cout << loaded.verdicts.size() << " gitleaks rules: " << count(loaded, How::exact)
            << " exact, " << count(loaded, How::approximate) << " approximate, "
            << count(loaded, How::refused) << " refused\n";
}

nlohmann::ordered_json gitleaks_json(const GitleaksRules& loaded) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const GitleaksVerdict& verdict : loaded.verdicts) {
    rules.push_back({{"id", verdict.id},
                     {"rule", verdict.rule},
                     {"file", verdict.location.file},
                     {"line", verdict.location.line},
                     {"verdict", to_string(verdict.how)},
                     {"reasons", verdict.reasons}});
  }
  nlohmann::ordered_json remarks = nlohmann::ordered_json::array();
  for (const Diagnostic& remark : loaded.remarks) remarks.push_back(remark.text());
  return {{"rules", rules}, {"remarks", remarks}};
}

}  // namespace redactd
