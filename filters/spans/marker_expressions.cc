#include "filters/spans/marker_expressions.h"

#include <re2/re2.h>

#include <map>
#include <utility>

#include "filters/byte_options.h"
#include "filters/spans/extent.h"

namespace redactd {
namespace {

constexpr size_t kLongestMarker = 256;

}  // namespace

struct MarkerExpressions::Compiled {
  std::map<std::pair<uint32_t, bool>, std::unique_ptr<RE2>> expressions;
  std::map<uint32_t, std::unique_ptr<RE2>> anywhere;  // of begin markers
};

MarkerExpressions::MarkerExpressions() : compiled_(std::make_unique<Compiled>()) {}
MarkerExpressions::~MarkerExpressions() = default;
MarkerExpressions::MarkerExpressions(MarkerExpressions&&) noexcept = default;
MarkerExpressions& MarkerExpressions::operator=(MarkerExpressions&&) noexcept = default;

std::string MarkerExpressions::add(const std::string& expression, uint32_t rule, bool opens) {
  auto regex = std::make_unique<RE2>(byte_expression("(?:" + expression + ")\\z"),
                                     byte_options(kMemoryOfRule));
  if (!regex->ok()) return regex->error();
  compiled_->expressions[{rule, opens}] = std::move(regex);
  if (opens)
    compiled_->anywhere[rule] =
        std::make_unique<RE2>(byte_expression(expression), byte_options(kMemoryOfRule));
  return {};
}

size_t MarkerExpressions::begin_of(std::string_view text, size_t end, uint32_t rule,
                                   bool opens) const {
  auto found = compiled_->expressions.find({rule, opens});
  if (found == compiled_->expressions.end()) return end;
  size_t from = end > kLongestMarker ? end - kLongestMarker : 0;
  re2::StringPiece head(text.data(), end);
  re2::StringPiece marker;
  if (!found->second->Match(head, from, end, RE2::UNANCHORED, &marker, 1)) return end;
  return static_cast<size_t>(marker.data() - text.data());
}

size_t MarkerExpressions::end_of_next(std::string_view text, size_t from, uint32_t rule) const {
  auto found = compiled_->anywhere.find(rule);
  if (found == compiled_->anywhere.end()) return kNone;
  re2::StringPiece whole(text.data(), text.size());
  re2::StringPiece marker;
  if (!found->second->Match(whole, from, text.size(), RE2::UNANCHORED, &marker, 1)) return kNone;
  return static_cast<size_t>(marker.data() - text.data()) + marker.size();
}

}  // namespace redactd
