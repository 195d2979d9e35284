#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace redactd {

/// Finds where the markers of `block` rules begin: the matcher only tells where they end. Immutable
/// and shared by threads once all rules are added.
class MarkerExpressions {
 public:
  MarkerExpressions();
  ~MarkerExpressions();
  MarkerExpressions(MarkerExpressions&&) noexcept;
  MarkerExpressions& operator=(MarkerExpressions&&) noexcept;

  /// Returns why the expression is refused; empty when it is taken.
  std::string add(const std::string& expression, uint32_t rule, bool opens);

  /// The first byte of the marker that ends before `end`.
  size_t begin_of(std::string_view text, size_t end, uint32_t rule, bool opens) const;

  /// The end of the first begin marker of the rule at `from` or later; npos: there is none.
  size_t end_of_next(std::string_view text, size_t from, uint32_t rule) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace redactd
