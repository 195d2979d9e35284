// The rule loader on any text: errors are reported, never thrown, and a pack that is taken can be
// used.

#include <re2/re2.h>

#include "config/rules/rule_loader.h"
#include "tests/fuzz/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  std::string text(reinterpret_cast<const char*>(data), size);
  Diagnostics diagnostics;
  FileReader no_files = [](const std::string&) { return std::nullopt; };
  std::vector<LoadedRule> rules = parse_rules(text, "fuzz.yaml", no_files, diagnostics);
  // Large or nested counts may take the matcher's compiler minutes: that is the author's own time.
  bool quick = size < 800 && !RE2::PartialMatch(text, R"(\{\d*,?\d{3}|[*+}]\)?[*+{])");
  if (diagnostics.empty() && quick) check_rules(rules, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    fuzz::require(!diagnostic.message.empty(), "a diagnostic says nothing");
  }
  return 0;
}
