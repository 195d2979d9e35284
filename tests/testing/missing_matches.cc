// Preloaded, a matcher that misses one match in so many as the environment variable
// MISSING_MATCHES tells, and that fails at what holds the text of FAILING_SCANS.

#include <dlfcn.h>
#include <hs.h>

#include <cstdlib>
#include <string_view>

namespace {

struct Caller {
  match_event_handler handler;
  void* context;
};

bool misses_this_one() {
  static const char* const every = std::getenv("MISSING_MATCHES");
  static const unsigned of = every == nullptr ? 0 : static_cast<unsigned>(std::atoi(every));
  static thread_local unsigned number = 1;
  number = number * 1103515245 + 12345;
  return of != 0 && (number >> 16) % of == 0;
}

bool fails_at(std::string_view text) {
  static const char* const what = std::getenv("FAILING_SCANS");
  return what != nullptr && text.find(what) != std::string_view::npos;
}

int pass_on(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
            void* context) {
  if (misses_this_one()) return 0;
  const auto* caller = static_cast<Caller*>(context);
  return caller->handler(id, from, to, flags, caller->context);
}

}  // namespace

extern "C" hs_error_t hs_scan_stream(hs_stream_t* stream, const char* data, unsigned size,
                                     unsigned flags, hs_scratch_t* scratch,
                                     match_event_handler handler, void* context) {
  static const auto call =
      reinterpret_cast<decltype(&hs_scan_stream)>(dlsym(RTLD_NEXT, "hs_scan_stream"));
  if (fails_at({data, size})) return HS_INVALID;
  Caller caller = {handler, context};
  return call(stream, data, size, flags, scratch, handler == nullptr ? nullptr : pass_on, &caller);
}
