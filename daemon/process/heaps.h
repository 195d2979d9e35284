#pragma once

namespace redactd {

/// To be called before there is a second thread. Threads get their memory from a heap for every
/// four processors instead of eight for each: what one has freed, the others use again. Batches are
/// large, so there are few requests to wait for.
void share_heaps();

}  // namespace redactd
