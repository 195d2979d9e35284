// The redactor on any bytes: any split gives the same, records keep their number, JSON stays JSON,
// twice is once.
//
// The schedule is at the end of the input, so that seeds read as text: the last byte counts the
// cuts, the two bytes of each stand before it; the byte before those chooses the limit.

#include <cctype>
#include <nlohmann/json.hpp>

#include "tests/fuzz/engine.h"

namespace {

/// What stands outside the masks, but for quotes: a mask may get some around it.
std::string left_in(std::string_view text) {
  constexpr std::string_view kMask = "[REDACTED:";
  std::string left;
  while (true) {
    size_t begin = text.find(kMask);
    left += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin + kMask.size());
    const size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_:");
    if (end != std::string_view::npos && text[end] == ']') {
      text.remove_prefix(end + 1);
    } else {
      left += kMask;  // of the input
    }
  }
  std::erase_if(left, [](char c) { return c == '"' || c == '\''; });
  return left;
}

/// A mask stands at the beginning of a word.
bool cuts_a_word(std::string_view text) {
  for (size_t at = text.find("[REDACTED:"); at != std::string_view::npos;
       at = text.find("[REDACTED:", at + 1)) {
    const size_t end = text.find(']', at);
    if (end < text.size() - 1 && std::isalnum(static_cast<unsigned char>(text[end + 1])) != 0)
      return true;
  }
  return false;
}

/// A word, up to the spaces around it, holds more than one mask.
bool share_a_word(std::string_view text) {
  size_t at = text.find("[REDACTED:");
  while (at != std::string_view::npos) {
    const size_t next = text.find("[REDACTED:", at + 1);
    if (next == std::string_view::npos) return false;
    if (text.substr(at, next - at).find_first_of(" \t\r\n") == std::string_view::npos) return true;
    at = next;
  }
  return false;
}

/// `some` has nothing that does not stand in `all`, in the same order.
bool is_part(std::string_view some, std::string_view all) {
  for (char each : all)
    if (!some.empty() && some.front() == each) some.remove_prefix(1);
  return some.empty();
}

}  // namespace

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

  std::string masked;
  std::string whole = fuzz::redact(bytes, {}, limits, &masked);
  fuzz::require(fuzz::redact(bytes, cuts, limits) == whole, "L2: the output depends on the cuts");
  fuzz::require(
      std::count(bytes.begin(), bytes.end(), '\n') == std::count(whole.begin(), whole.end(), '\n'),
      "L3: the number of records changed");
  std::string again;
  const std::string twice = fuzz::redact(whole, {}, limits, &again);
  // A mask does not read as what it hides. Where that is a quote or a bracket, a part of a longer
  // value or the beginning of a word, what is around it is judged anew, and more may be masked.
  const bool hides_opening = masked.find_first_of("\"'`\\()[]{}<>") != std::string::npos;
  const bool is_inside = again.find("[REDACTED:") != std::string::npos || share_a_word(twice);
  fuzz::require(twice == whole || hides_opening || is_inside || cuts_a_word(whole),
                "L4: twice is not once");
  fuzz::require(is_part(left_in(twice), left_in(whole)), "L4: the second pass shows more");
  bool json = bytes.front() == '{' && bytes.size() < 4096 &&
              nlohmann::json::accept(bytes.begin(), bytes.end());
  if (json) fuzz::require(nlohmann::json::accept(whole), "L3: JSON is JSON no more");
  return 0;
}
