#pragma once

namespace redactd {

/// No core dumps of this process, and no debugger and no /proc/PID/mem for others (dumpable off). A
/// program that is started from here has them again. Throws std::system_error.
void forbid_dumps();

/// Keeps secrets that pass through memory from leaving it: forbid_dumps(), a core limit of
/// zero, OpenSSL overwrites what it frees, and no program started from here gains privileges. The
/// daemon calls it before it reads its configuration, and before anything else of OpenSSL. Throws
/// std::system_error: without it redactd does not start.
void harden_process();

}  // namespace redactd
