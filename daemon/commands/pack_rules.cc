#include "daemon/commands/pack_rules.h"

#include "config/settings.h"

namespace redactd {

PackRules load_pack_rules(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  PackRules result;
  if (paths.empty()) {
    result.rules = parse_builtin_packs(diagnostics);
    return result;
  }
  std::vector<std::string> packs;
  std::vector<std::string> gitleaks;
  for (const std::string& path : paths)
    (path.ends_with(".toml") ? gitleaks : packs).push_back(path);
  result.rules = load_rules(packs, diagnostics);
  result.gitleaks = load_gitleaks(gitleaks, diagnostics);
  result.rules.insert(result.rules.end(), result.gitleaks.rules.begin(),
                      result.gitleaks.rules.end());
  return result;
}

}  // namespace redactd
