#pragma once

// From the beginning of a token to the expressions that find it in encoded text.

#include <cstddef>
#include <string>
#include <vector>

namespace redactd {

/// The beginning of a token: for each place the bytes that may stand there.
using Prefix = std::vector<std::string>;

/// The base64 digits (of either alphabet, RFC 4648 §4 and §5) that depend on the prefix alone,
/// `before` bytes (0 to 2) standing before it in its group. The digits at its ends that hold bits
/// of its neighbours would make several literals of each for the matcher.
std::string base64_expression(const Prefix& prefix, size_t before);

/// The same where it does not stand behind its own first byte, for one that begins with a letter
/// several times: found once in a run of the letter, where it begins.
std::string base64_run_expression(const Prefix& prefix, size_t before);

/// Its hexadecimal digits, in lower case; where it does not stand behind its own first byte.
std::string hex_run_expression(const Prefix& prefix);
/// Its hexadecimal digits, in lower case.
std::string hex_expression(const Prefix& prefix);

/// Where base64 may go on behind a line break in its spelling (`\n`), which may cut a prefix.
std::string wrap_expression();

/// The prefix as URLs have it, and with `\/` for slashes, where encoders do not leave it as it is.
/// Empty: there is no such byte in it, or too few others.
std::string escaped_expression(const Prefix& prefix);

}  // namespace redactd
