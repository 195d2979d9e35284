#pragma once

namespace redactd {

/// The exit status of every command; documented in redactd(1).
enum ExitCode : int {
  kDone = 0,
  kFindings = 1,      // scan found secrets, rules diff a difference
  kUsage = 2,         // command line, configuration or rules are wrong; nothing was read
  kRuntimeError = 3,  // input, output or engine failed; nothing went out unmasked
};

}  // namespace redactd
