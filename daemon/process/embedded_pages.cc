#include "daemon/process/embedded_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "config/rules/builtin_pack.h"

namespace redactd {

void let_go_of_embedded_databases() {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const EmbeddedDatabase& database : builtin_databases()) {
    void* begin = const_cast<char*>(database.bytes.data());
    size_t size = database.bytes.size();
    if (std::align(page, page, begin, size) != nullptr)
      madvise(begin, size / page * page, MADV_DONTNEED);
  }
}

}  // namespace redactd
