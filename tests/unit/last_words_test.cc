// The end of a process in which something was thrown that nobody can handle.

#include "daemon/last_words.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

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

TEST(LastWords, OfAnyOtherError) {
  EXPECT_EXIT(end_by(std::make_exception_ptr(std::runtime_error("no more numbers"))),
              testing::ExitedWithCode(kRuntimeError), "^redactd: no more numbers; it ends at once");
  EXPECT_EXIT(end_by(std::make_exception_ptr(7)), testing::ExitedWithCode(kRuntimeError),
              "an error without a name");
}

}  // namespace
}  // namespace redactd
