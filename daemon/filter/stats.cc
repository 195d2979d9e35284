#include "daemon/filter/stats.h"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

namespace redactd {

void Stats::count(std::string_view clean) {
  if (!wanted_ || clean.empty()) return;
  records_ += static_cast<uint64_t>(std::count(clean.begin(), clean.end(), '\n'));
  ends_in_record_ = clean.back() != '\n';
}

void Stats::count_lines(uint64_t ended, bool in_line) {
  records_ += ended;
  ends_in_record_ = in_line;
}

void Stats::add(const Stats& other) {
  records_ += other.records_ + (other.ends_in_record_ ? 1 : 0);
}

void Stats::print(const RedactorCounters& counters, const RuleSet& rules, bool observing) const {
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  double megabytes = static_cast<double>(counters.bytes_in) / 1e6;
  std::fprintf(stderr, "redactd: %llu bytes, %llu records, %llu %s in %.2f s, %.0f MB/s\n",
               static_cast<unsigned long long>(counters.bytes_in),
               static_cast<unsigned long long>(records_ + (ends_in_record_ ? 1 : 0)),
               static_cast<unsigned long long>(counters.masks),
               observing ? "secrets seen and LET THROUGH" : "masks", seconds,
               seconds > 0 ? megabytes / seconds : 0.0);
  std::vector<std::pair<uint32_t, uint64_t>> by_rule(counters.masks_by_rule.begin(),
                                                     counters.masks_by_rule.end());
  std::sort(by_rule.begin(), by_rule.end(), [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  for (const auto& [rule, masks] : by_rule) {
    std::fprintf(stderr, "redactd: %10llu  %s\n", static_cast<unsigned long long>(masks),
                 rules.rules()[rule].id.c_str());
  }
  if (counters.records_masked_whole != 0) {
    std::fprintf(stderr, "redactd: %10llu  records masked whole: too costly to scan\n",
                 static_cast<unsigned long long>(counters.records_masked_whole));
  }
}

}  // namespace redactd
