#include "config/units.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace redactd {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr Unit kByteUnits[] = {{"", 1},          {"B", 1},           {"kB", 1000},
                               {"KB", 1000},     {"KiB", 1 << 10},   {"MB", 1000000},
                               {"MiB", 1 << 20}, {"GB", 1000000000}, {"GiB", 1 << 30}};
constexpr Unit kTimeUnits[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
constexpr uint64_t kMostBytes = uint64_t{1} << 50;
constexpr uint64_t kMostMilliseconds = uint64_t{3660} * 86400000;

/// A whole number and one of `units`.
template <size_t N>
std::optional<uint64_t> parse(std::string_view text, const Unit (&units)[N], uint64_t most) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (name != unit.name) continue;
    if (number > most / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> parse_bytes(std::string_view text) {
  return parse(text, kByteUnits, kMostBytes);
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return Milliseconds(0);
  std::optional<uint64_t> number = parse(text, kTimeUnits, kMostMilliseconds);
  if (!number) return std::nullopt;
  return Milliseconds(*number);
}

std::optional<unsigned> parse_mode(std::string_view text) {
  if (text.size() == 4 && text[0] == '0') text.remove_prefix(1);
  bool octal = text.size() == 3 &&
               std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
  if (!octal) return std::nullopt;
  unsigned mode = 0;
  std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  return mode;
}

std::string bytes_text(size_t bytes) {
  for (const Unit& unit : {Unit{"GiB", 1 << 30}, Unit{"MiB", 1 << 20}, Unit{"KiB", 1 << 10}}) {
    if (bytes != 0 && bytes % unit.factor == 0)
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
  }
  return std::to_string(bytes) + "B";
}

std::string duration_text(Milliseconds duration) {
  auto count = static_cast<uint64_t>(duration.count());
  if (count == 0) return "0";
  for (size_t i = std::size(kTimeUnits); i-- > 0;) {
    const Unit& unit = kTimeUnits[i];
    if (count % unit.factor == 0)
      return std::to_string(count / unit.factor) + std::string(unit.name);
  }
  return {};
}

}  // namespace redactd
