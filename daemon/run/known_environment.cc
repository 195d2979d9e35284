#include "daemon/run/known_environment.h"

#include <iostream>
#include <string_view>
#include <utility>

#include "daemon/known/environment.h"
#include "daemon/known/known_rules.h"
#include "daemon/known/names.h"
#include "filters/known/known.h"

namespace redactd {

RuleGroup known_environment(const std::vector<std::string>& patterns,
                            const char* const* environment) {
  Reading reading = read_environment(
      [&](std::string_view name, std::string_view value) {
        return is_secret_variable(name, value) || matches_any_name(patterns, name);
      },
      environment);
  std::vector<KnownValue> values;
  for (FoundValue& found : reading.values) {
    std::string refused = refuse_known(found.known.value);
    if (refused.empty()) {
      values.push_back(std::move(found.known));
    } else if (matches_any_name(patterns, found.known.name)) {
      std::cerr << "redactd: " << found.where << " is not masked: it " << refused << '\n';
    }
  }
  return rules_of(values, true);
}

}  // namespace redactd
