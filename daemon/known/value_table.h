#pragma once

// Which values there are, from which source, and for how long. Pure: no I/O, and the time is told.

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/known/found_value.h"
#include "daemon/metrics/metrics.h"

namespace redactd {

/// Belongs to the control thread. Sources are told apart by keys; where several hold the same
/// value, the one whose key comes first names it.
class ValueTable {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Warn = std::function<void(std::string_view source, std::string_view reason)>;

  struct Entry {
    FoundValue found;
    std::optional<Time> expires;
  };

  ValueTable(size_t most, ControlCounters& counters, Warn warn);

  void set_most(size_t most);

  /// Takes what was read for all that the source has; what it could not read stays as it was.
  /// Troubles, and values that are refused, are warned of when they are new. True: values changed.
  bool replace(const std::string& source, Reading reading);
  /// Sources that are not among these retire: their values are no longer handed out, but kept in
  /// case the source comes back. True: values changed.
  bool keep_only(const std::set<std::string>& sources);
  void forget_retired();
  /// Whether the source has been read, and has not been forgotten.
  bool has(const std::string& source) const { return sources_.count(source) != 0; }

  struct Added {
    bool changed = false;  // false: it was there, and has another end now
    std::string refused;   // why; empty: it is there
  };
  Added add(const std::string& source, FoundValue found, std::optional<Time> expires);
  /// How many of the source's values were dropped.
  size_t remove(const std::string& source, const std::function<bool(const KnownValue&)>& which);

  size_t count_of(const std::string& source) const;

  /// Drops what has expired by now. True: something has.
  bool expire(Time now);
  std::optional<Time> next_expiry() const;

  /// No value twice, at most as many as there may be.
  std::vector<KnownValue> values() const;
  std::vector<Entry> entries() const;

 private:
  struct Source {
    std::vector<Entry> entries;
    std::set<FoundTrouble> troubles;  // that were warned of
    bool retired = false;
  };

  void refuse_unfit(Reading& reading, std::set<FoundTrouble>& refused) const;
  void warn_of_unfit(const std::set<FoundTrouble>& refused,
                     const std::set<FoundTrouble>& told) const;
  void count();

  size_t most_;
  ControlCounters& counters_;
  Warn warn_;
  std::map<std::string, Source> sources_;
  size_t total_ = 0;
  bool full_ = false;
};

}  // namespace redactd
