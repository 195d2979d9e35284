#pragma once

#include <cstddef>
#include <string_view>

namespace redactd {

/// `482913 is your login code`: a number that the words behind it call a code.
struct CodeBefore {
  size_t begin = 0;
  size_t end = 0;  // 0: there is none
};

/// The last number of `text` that may be one, with a verb behind it, `is`, `ist`, `est`, `es`, `é`
/// or `è`. Words that end more than 128 bytes behind where it ends name it no more.
CodeBefore code_before(std::string_view text);

/// Whether the words that follow `text`, which ends with a blank, may still tell of one.
bool may_become_code(std::string_view text);

}  // namespace redactd
