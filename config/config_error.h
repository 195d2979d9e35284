#pragma once

// What is wrong with a configuration and shows only when it is put to use, told as the loader tells
// its errors: `redactd.yaml:12:5: sinks[1].path: message`.

#include <string>
#include <vector>

#include "config/settings.h"

namespace redactd {

/// An option whose value the message may hold.
struct NamedValue {
  std::string path;  // sinks[1].path
  std::string value;
};

/// The error is the first option's. A value that `${…}` has been put into is shown as it is
/// written.
std::string config_error(const Settings& settings, const std::vector<NamedValue>& options,
                         std::string message);

}  // namespace redactd
