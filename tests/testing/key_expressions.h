#pragma once

#include <string>
#include <vector>

#include "filters/rule.h"

namespace redactd::test {

/// What KeyTree decides for a rule, as expressions: its reference.
std::vector<std::string> key_expressions(const Rule& rule);

}  // namespace redactd::test
