#include <algorithm>

#include "daemon/metrics/metrics.h"

namespace redactd {

void Histogram::observe(double seconds, uint64_t count) {
  auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  buckets_[static_cast<size_t>(bound - kBounds.begin())].add(count);
  sum_.fetch_add(seconds * static_cast<double>(count), std::memory_order_relaxed);
}

}  // namespace redactd
