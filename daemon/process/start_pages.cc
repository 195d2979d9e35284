#include "daemon/process/start_pages.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace redactd {
namespace {

int let_go_of_object(dl_phdr_info* object, size_t /*size*/, void* /*context*/) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    // What can be written to holds more than its file.
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const uintptr_t first_page = begin / page * page;
    // The loader gives addresses as numbers. NOLINTNEXTLINE(performance-no-int-to-ptr)
    auto* const pages = reinterpret_cast<void*>(first_page);
    // It fails for the kernel's own object, whose pages are no file's.
    madvise(pages, begin + segment.p_memsz - first_page, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void let_go_of_start_pages() { dl_iterate_phdr(let_go_of_object, nullptr); }

}  // namespace redactd
