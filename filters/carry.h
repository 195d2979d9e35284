#pragma once

#include <cstdint>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"
#include "filters/window.h"

namespace redactd {

/// The span that a window of a long record left unfinished at its cut. Its mask came out with that
/// window; in the next ones its bytes are left out until the byte that ends it.
struct Carry {
  uint64_t until = 0;  // bytes of the stream before this are part of it
  Continuation open;
  uint32_t rule = 0;
  bool active = false;

  /// Remembers the one of the window's `spans` that its cut goes through, if there is one.
  void take(const Window& window, const std::vector<Span>& spans);

  /// Puts what of it lies in the window before the window's own `spans`, less those that it covers.
  void go_on(const Window& window, const std::vector<Rule>& rules, std::vector<Span>& spans) const;

 private:
  size_t end_from(std::string_view text, size_t from, const Rule& its_rule) const;
};

}  // namespace redactd
