#include "daemon/last_words.h"

#include <unistd.h>

#include <exception>
#include <new>
#include <string_view>

#include "daemon/exit_code.h"
#include "daemon/stdio.h"

namespace redactd {
namespace {

/// Takes no memory, for there may be none.
[[noreturn]] void end() noexcept {
  try {
    write_all(STDERR_FILENO, "redactd: ");
    if (std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    write_all(STDERR_FILENO, "out of memory");
  } catch (const std::exception& error) {
    write_all(STDERR_FILENO, error.what());
  } catch (...) {
    write_all(STDERR_FILENO, "an error without a name");
  }
  write_all(STDERR_FILENO, "; it ends at once, to be started again\n");
  _exit(kRuntimeError);
}

}  // namespace

void set_last_words() { std::set_terminate(end); }

}  // namespace redactd
