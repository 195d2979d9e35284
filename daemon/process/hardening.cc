#include "daemon/process/hardening.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace redactd {
namespace {

void check(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

void* allocate(size_t size, const char*, int) { return std::malloc(size); }

void wipe_and_free(void* memory, const char*, int) {
  if (memory == nullptr) return;
  explicit_bzero(memory, malloc_usable_size(memory));
  std::free(memory);
}

/// realloc() would leave a copy behind.
void* wipe_and_move(void* memory, size_t size, const char* file, int line) {
  void* moved = size == 0 ? nullptr : std::malloc(size);
  if (size != 0 && moved == nullptr) return nullptr;
  if (memory != nullptr && moved != nullptr)
    std::memcpy(moved, memory, std::min(size, malloc_usable_size(memory)));
  wipe_and_free(memory, file, line);
  return moved;
}

/// What TLS has decrypted lies in its buffers.
void wipe_what_openssl_frees() {
  if (CRYPTO_set_mem_functions(allocate, wipe_and_move, wipe_and_free) == 1) return;
  throw std::system_error(EBUSY, std::generic_category(), "OpenSSL has allocated memory before");
}

}  // namespace

void forbid_dumps() {
  check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "cannot switch core dumps off (PR_SET_DUMPABLE)");
}

void harden_process() {
  wipe_what_openssl_frees();
  const rlimit none = {0, 0};
  check(setrlimit(RLIMIT_CORE, &none), "cannot switch core dumps off (RLIMIT_CORE)");
  forbid_dumps();
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up new privileges (NO_NEW_PRIVS)");
}

}  // namespace redactd
