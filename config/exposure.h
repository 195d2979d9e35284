#pragma once

#include <string>

namespace redactd {

/// What is wrong with who may read or write a file that holds a key, and what to do: it is readable
/// by everybody, or writable by others than its owner. Empty when nothing is, or it is not there.
std::string exposure_of_key(const std::string& path);

/// The same of a configuration, which others may read.
std::string exposure_of_config(const std::string& path);

}  // namespace redactd
