#pragma once

namespace redactd {

/// The start is over, and much of what it looked at is not looked at again: the embedded databases,
/// and the code of the program and its libraries that reads configurations and rules. Gives the
/// pages of all read-only segments back to their files; those that are in use come back at once,
/// from the page cache. Any thread may run meanwhile.
void let_go_of_start_pages();

}  // namespace redactd
