#include "daemon/process/heaps.h"

#include <malloc.h>

#include <algorithm>
#include <thread>

namespace redactd {

void share_heaps() {
  const unsigned processors = std::thread::hardware_concurrency();
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, processors / 4)));
}

}  // namespace redactd
