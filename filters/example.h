#pragma once

// Example lines with templates in place of secrets, so that no real-looking credential stands in a
// file.

#include <string>
#include <string_view>
#include <vector>

#include "filters/rule.h"

namespace redactd {

struct FilledExample {
  std::string text;                  // the line as it would be logged
  std::vector<std::string> secrets;  // the parts that stood between « and »
  std::string error;                 // not empty: the template is malformed
};

/// Fills `{alnum:36}` and its like from a generator seeded with `seed`; the same seed gives the
/// same text. The alphabets stand in docs/rules.md. Braces that are no template are themselves.
FilledExample fill_example(std::string_view source, std::string_view seed);
/// Example `number` of a rule, with the same text wherever it is tried.
FilledExample fill_example(const Rule& rule, size_t number);

}  // namespace redactd
