// The redactor on any bytes: any split gives the same, records keep their number, JSON stays JSON,
// twice is once.
//
// The schedule is at the end of the input, so that seeds read as text: the last byte counts the
// cuts, the two bytes of each stand before it; the byte before those chooses the limit.

#include <nlohmann/json.hpp>

#include "tests/fuzz/engine.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  size_t count =
      std::min<size_t>(static_cast<unsigned char>(bytes.back()) % 16, (bytes.size() - 1) / 2);
  std::string_view schedule = bytes.substr(bytes.size() - 1 - 2 * count, 2 * count);
  std::vector<size_t> cuts;
  for (size_t i = 0; i + 1 < schedule.size(); i += 2) {
    size_t cut = static_cast<unsigned char>(schedule[i]) * 256u +
                 static_cast<unsigned char>(schedule[i + 1]);
    cuts.push_back(cut % (bytes.size() + 1));
  }
  std::sort(cuts.begin(), cuts.end());
  Limits limits;
  if (!schedule.empty() && schedule.front() % 2 == 0) limits.max_record = kLeastMaxRecord;

  std::string whole = fuzz::redact(bytes, {}, limits);
  fuzz::require(fuzz::redact(bytes, cuts, limits) == whole, "L2: the output depends on the cuts");
  fuzz::require(
      std::count(bytes.begin(), bytes.end(), '\n') == std::count(whole.begin(), whole.end(), '\n'),
      "L3: the number of records changed");
  const std::string twice = fuzz::redact(whole, {}, limits);
  // Where one secret hides the end of another, the second pass masks more. Then it has settled.
  const bool masked = whole.find("[REDACTED:") != std::string::npos;
  fuzz::require(twice == whole || (masked && fuzz::redact(twice, {}, limits) == twice),
                "L4: twice is not once");
  bool json = bytes.front() == '{' && bytes.size() < 4096 &&
              nlohmann::json::accept(bytes.begin(), bytes.end());
  if (json) fuzz::require(nlohmann::json::accept(whole), "L3: JSON is JSON no more");
  return 0;
}
