#include "daemon/process/last_words.h"

#include <cxxabi.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <exception>
#include <new>
#include <system_error>
#include <typeinfo>

#include "daemon/exit_code.h"
#include "daemon/filter/stdio.h"

namespace redactd {
namespace {

/// What an error says of itself may quote what was read, a parser's for one. Its type cannot.
void write_type(const std::exception& error) {
  int status = 0;
  const char* name = typeid(error).name();
  const char* readable = abi::__cxa_demangle(name, nullptr, nullptr, &status);  // never freed
  write_all(STDERR_FILENO, "an error of the type ");
  write_all(STDERR_FILENO, readable != nullptr ? readable : name);
}

/// Takes no memory when there may be none.
[[noreturn]] void end() noexcept {
  try {
    write_all(STDERR_FILENO, "redactd: ");
    if (std::exception_ptr thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    write_all(STDERR_FILENO, "out of memory");
  } catch (const std::system_error& error) {  // the system's words, of a file or a call
    write_all(STDERR_FILENO, error.what());
  } catch (const boost::system::system_error& error) {
    write_all(STDERR_FILENO, error.what());
  } catch (const std::exception& error) {
    write_type(error);
  } catch (...) {
    write_all(STDERR_FILENO, "an error without a name");
  }
  write_all(STDERR_FILENO, "; it ends at once, to be started again\n");
  _exit(kRuntimeError);
}

}  // namespace

void set_last_words() { std::set_terminate(end); }

}  // namespace redactd
