#include "daemon/embedded_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "config/builtin_pack.h"

namespace redactd {

void let_go_of_embedded_databases() {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const EmbeddedDatabase& database : builtin_databases()) {
    const auto first = reinterpret_cast<uintptr_t>(database.bytes.data());
    const uintptr_t begin = (first + page - 1) / page * page;
    const uintptr_t end = (first + database.bytes.size()) / page * page;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

}  // namespace redactd
