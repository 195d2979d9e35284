#pragma once

namespace redactd {

/// The embedded databases have been read, and are not again: gives their pages, 3 MB, back to the
/// program's file. Whoever reads them all the same gets them from there.
void let_go_of_embedded_databases();

}  // namespace redactd
