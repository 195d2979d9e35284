#include "daemon/process/hardening.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace redactd {
namespace {

void check(int result, const char* what) {
  if (result != 0) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

void forbid_dumps() {
  check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "cannot switch core dumps off (PR_SET_DUMPABLE)");
}

void harden_process() {
  const rlimit none = {0, 0};
  check(setrlimit(RLIMIT_CORE, &none), "cannot switch core dumps off (RLIMIT_CORE)");
  forbid_dumps();
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "cannot give up new privileges (NO_NEW_PRIVS)");
}

}  // namespace redactd
