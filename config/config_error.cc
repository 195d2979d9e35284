#include "config/config_error.h"

namespace redactd {
namespace {

void replace_all(std::string& text, const std::string& old, const std::string& with) {
  if (old.empty()) return;
  for (size_t at = 0; (at = text.find(old, at)) != std::string::npos; at += with.size())
    text.replace(at, old.size(), with);
}

}  // namespace

std::string config_error(const Settings& settings, const std::vector<NamedValue>& options,
                         std::string message) {
  Diagnostic error;
  for (const NamedValue& option : options) {
    auto place = settings.places.find(option.path);
    if (place == settings.places.end()) continue;
    if (!place->second.written.empty()) replace_all(message, option.value, place->second.written);
    if (error.path.empty()) {
      error.location = place->second.location;
      error.path = place->second.path;
    }
  }
  error.message = std::move(message);
  return error.text();
}

}  // namespace redactd
