// The end of a process in which something was thrown that nobody can handle.

#include "daemon/process/last_words.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

#include "daemon/exit_code.h"
#include "daemon/or_end.h"

namespace redactd {
namespace {

void end_by(const std::exception_ptr& thrown) {
  set_last_words();
  kOrEnd(thrown);
}

TEST(LastWords, WithoutMemory) {
  EXPECT_EXIT(end_by(std::make_exception_ptr(std::bad_alloc())),
              testing::ExitedWithCode(kRuntimeError),
              "^redactd: out of memory; it ends at once, to be started again\n$");
}

TEST(LastWords, OfTheSystem) {
  std::system_error full(ENOSPC, std::generic_category(), "write");
  EXPECT_EXIT(end_by(std::make_exception_ptr(full)), testing::ExitedWithCode(kRuntimeError),
              "^redactd: write: No space left on device; it ends at once");
}

TEST(LastWords, OfAnyOtherErrorAreItsTypeForItsOwnMayQuoteALog) {
  EXPECT_EXIT(end_by(std::make_exception_ptr(std::runtime_error("expected a number: my secret"))),
              testing::ExitedWithCode(kRuntimeError),
              "^redactd: an error of the type std::runtime_error; it ends at once");
  EXPECT_EXIT(end_by(std::make_exception_ptr(7)), testing::ExitedWithCode(kRuntimeError),
              "an error without a name");
}

}  // namespace
}  // namespace redactd
