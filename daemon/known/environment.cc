#include "daemon/known/environment.h"

#include "daemon/known/names.h"

namespace redactd {

Reading read_environment(
    const std::function<bool(std::string_view name, std::string_view value)>& wanted,
    const char* const* environment) {
  Reading found;
  for (; *environment != nullptr; ++environment) {
    std::string_view variable = *environment;
    std::string_view name = variable.substr(0, variable.find('='));
    if (name.size() == variable.size()) continue;
    std::string_view value = variable.substr(name.size() + 1);
    if (!wanted(name, value)) continue;
    add_found(found.values, name, "environment variable " + std::string(name), value);
  }
  return found;
}

Reading read_environment(const std::vector<std::string>& patterns, const char* const* environment) {
  return read_environment(
      [&](std::string_view name, std::string_view) { return matches_any_name(patterns, name); },
      environment);
}

}  // namespace redactd
