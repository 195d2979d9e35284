#pragma once

// A slow and obvious redactor: whole input, RE2 only, no Hyperscan, no streaming, no windows. The
// engine has to agree with it byte for byte on every input whose records are shorter than
// Limits::max_record.

#include <string>
#include <string_view>
#include <vector>

#include "filters/resolver.h"
#include "tests/testing/redact.h"

namespace redactd::test {

class Oracle {
 public:
  explicit Oracle(Rules rules);
  ~Oracle();
  Oracle(Oracle&&) noexcept;

  std::string redact(std::string_view text);

  /// Expressions that RE2 does not take, so that the oracle is blind to them; a test wants none.
  const std::vector<std::string>& refused() const { return refused_; }

 private:
  struct Expression;

  std::string redact_record(std::string_view record, bool at_end_of_stream);
  std::vector<RecordMatch> find_matches(std::string_view record) const;

  Rules rules_;
  std::vector<Expression> expressions_;
  std::vector<std::string> refused_;
  Resolver resolver_;
  OpenBlock block_;
};

}  // namespace redactd::test
