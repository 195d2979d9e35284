// The ceiling: what the matcher alone costs. Reads standard input as the filter does and scans it
// with the same compiled expressions; resolves, masks and writes nothing. The denominator of
// bench/run.
//
//     bare_scan < FILE                      the built-in rules
//     bare_scan --rules PACK.yaml < FILE    the rules of that pack instead (repeatable)
//     bare_scan --read-only < FILE          the reads alone

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "config/settings.h"
#include "filters/matcher/matcher.h"

namespace {

// Half of what the filter reads at once: with 256 KiB the matcher takes the same CPU time.
constexpr size_t kReadBytes = 128 * 1024;

struct Totals {
  uint64_t bytes = 0;
  uint64_t matches = 0;
};

Totals scan_standard_input(const redactd::RuleSet& rules, bool read_only) {
  redactd::MatchScratch scratch;
  std::vector<redactd::MatchStream> streams;
  for (const auto& compiled : rules.databases()) {
    const redactd::MatchDatabase& database = *compiled;
    scratch.fit(database);
    streams.emplace_back(database);
  }
  std::vector<char> buffer(redactd::kScanPadding + kReadBytes + redactd::kScanPadding);
  char* room = buffer.data() + redactd::kScanPadding;
  std::vector<redactd::Match> matches;
  Totals totals;
  while (true) {
    ssize_t size = read(STDIN_FILENO, room, kReadBytes);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw std::runtime_error(std::string("cannot read: ") + std::strerror(errno));
    if (size == 0) return totals;
    totals.bytes += static_cast<uint64_t>(size);
    if (read_only) continue;
    matches.clear();
    for (redactd::MatchStream& stream : streams) {
      stream.scan({room, static_cast<size_t>(size)}, scratch, matches);
    }
    totals.matches += matches.size();
  }
}

int run(const std::vector<std::string>& arguments) {
  redactd::Settings settings;
  bool read_only = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--read-only") {
      read_only = true;
    } else if (arguments[i] == "--rules" && i + 1 < arguments.size()) {
      settings.rule_paths.push_back(arguments[++i]);
      settings.disable = {"all"};
    } else {
      std::cerr << "usage: bare_scan [--read-only] [--rules PACK.yaml]… < FILE\n";
      return 2;
    }
  }
  redactd::Diagnostics diagnostics;
  std::shared_ptr<const redactd::RuleSet> rules = redactd::build_rule_set(settings, diagnostics);
  if (!rules) {
    std::cerr << diagnostics.text();
    return 2;
  }
  auto start = std::chrono::steady_clock::now();
  Totals totals = scan_standard_input(*rules, read_only);
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::fprintf(stderr,
               "bare_scan: %llu bytes, %llu matches of %zu expressions in %.3f s, %.1f MB/s\n",
               static_cast<unsigned long long>(totals.bytes),
               static_cast<unsigned long long>(totals.matches), rules->expressions().size(),
               seconds, static_cast<double>(totals.bytes) / 1e6 / seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "bare_scan: " << error.what() << '\n';
    return 3;
  }
}
