#pragma once

#include "filters/redactor.h"

namespace redactd {

/// A redactor for parts of another one's stream, which are whole records behind its first one. Has
/// a scratch of its own, so that any thread may run it, one at a time.
struct PartRedactor {
  /// On the thread that `of` belongs to.
  explicit PartRedactor(const Redactor& of);

  MatchScratch scratch;
  Redactor redactor;
};

}  // namespace redactd
