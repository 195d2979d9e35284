#include "filters/matcher/written_out.h"

#include <optional>
#include <string_view>

namespace redactd {
namespace {

constexpr size_t kMostPatterns = 16;

/// The members of the class that `text` begins with, if it is a plain list of letters and digits
/// that is not repeated.
std::optional<std::string_view> listed_class(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  const size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  const bool repeated = end + 1 < text.size() &&
                        std::string_view("{*+?").find(text[end + 1]) != std::string_view::npos;
  const std::string_view members = text.substr(1, end - 1);
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (repeated || members.find_first_not_of(kPlain) != std::string_view::npos) return std::nullopt;
  return members;
}

}  // namespace

std::vector<std::string> written_out(const std::string& pattern) {
  const std::string_view text = pattern;
  const auto first = listed_class(text);
  const size_t first_size = first ? first->size() + 2 : 0;
  const auto second = first ? listed_class(text.substr(first_size)) : std::nullopt;
  // An alternation's other branches do not begin with the classes.
  if (!second || first->size() * second->size() > kMostPatterns ||
      text.find('|') != std::string_view::npos)
    return {pattern};
  const std::string_view rest = text.substr(first_size + second->size() + 2);
  std::vector<std::string> patterns;
  for (char a : *first) {
    for (char b : *second) patterns.push_back(std::string{a, b}.append(rest));
  }
  return patterns;
}

}  // namespace redactd
