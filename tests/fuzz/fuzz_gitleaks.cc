// The loader of gitleaks' files on any text: errors are reported, never thrown, every rule of the
// file has a verdict, and what is taken has an expression.

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "config/rules/gitleaks_file.h"
#include "tests/fuzz/require.h"

namespace {

using namespace redactd;

/// A file with these bytes that exists as long as this does, and has nothing beside it.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("gitleaks", 0)) {
    bool whole =
        write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    fuzz::require(whole, "no file can be made");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  MemoryFile file({reinterpret_cast<const char*>(data), size});
  Diagnostics diagnostics;
  GitleaksRules loaded = load_gitleaks({file.path()}, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all())
    fuzz::require(!diagnostic.message.empty(), "a diagnostic says nothing");
  for (const LoadedRule& rule : loaded.rules) {
    fuzz::require(!rule.rule.id.empty(), "a rule without an id");
    fuzz::require(!rule.sound || !rule.rule.patterns.empty(), "a rule without an expression");
  }
  for (const GitleaksVerdict& verdict : loaded.verdicts) {
    bool taken = verdict.how != GitleaksVerdict::How::refused;
    fuzz::require(taken == !verdict.rule.empty(), "a refused rule has an id, or a taken one none");
    fuzz::require(verdict.how == GitleaksVerdict::How::exact || !verdict.reasons.empty(),
                  "a verdict without a reason");
  }
  return 0;
}
