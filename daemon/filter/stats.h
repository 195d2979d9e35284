#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "filters/redactor.h"

namespace redactd {

/// The summary of --stats.
class Stats {
 public:
  explicit Stats(bool wanted) : wanted_(wanted), start_(std::chrono::steady_clock::now()) {}

  /// Counts the records in what a commit() or finish() put out.
  void count(std::string_view clean);
  /// Counts so many lines that ended; `in_line`: bytes of another came behind them.
  void count_lines(uint64_t ended, bool in_line);
  /// Prints to stderr: bytes, records, masks a rule, MB/s.
  void print(const RedactorCounters& counters, const RuleSet& rules, bool observing) const;
  /// Those of a stream beside this one, for one summary of both.
  void add(const Stats& other);

 private:
  bool wanted_;
  bool ends_in_record_ = false;
  uint64_t records_ = 0;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace redactd
