// A container's log with any bytes in it: the records do not depend on the reads, each is one line,
// and one in JSON is JSON.

#include <nlohmann/json.hpp>

#include "daemon/framing/container_log.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/schedule.h"

namespace {

using namespace redactd;

constexpr size_t kMaxContent = 100;
const ContainerLog::Origin kOrigin = {"node-1", "shop", "web-0", "app"};

std::string records(std::string_view bytes, const std::vector<size_t>& cuts,
                    ContainerFormat format) {
  ContainerLog log(format, kOrigin, kMaxContent);
  SecretText out;
  size_t from = 0;
  for (size_t cut : cuts) {
    log.feed(bytes.substr(from, cut - from), out);
    from = cut;
    fuzz::require(log.unsettled() <= cut, "more is unsettled than was taken");
  }
  log.feed(bytes.substr(from), out);
  log.end_line(out);
  log.finish(out);
  return std::string(out);
}

/// What came as JSON is passed on as it was, so this is asked of CRI lines only.
void require_json_lines(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (line.starts_with('{'))
      fuzz::require(nlohmann::json::accept(line.begin(), line.end()), "a record is no JSON");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const fuzz::Schedule schedule = fuzz::schedule_of(data, size);
  static constexpr ContainerFormat kFormats[] = {ContainerFormat::as_is, ContainerFormat::json,
                                                 ContainerFormat::rfc5424};
  const ContainerFormat format = kFormats[schedule.options % 3];
  std::vector<size_t> each;
  for (size_t at = 0; at < schedule.bytes.size(); ++at) each.push_back(at);
  const std::string whole = records(schedule.bytes, {}, format);
  fuzz::require(records(schedule.bytes, schedule.cuts, format) == whole,
                "the records depend on the reads");
  fuzz::require(records(schedule.bytes, each, format) == whole,
                "the records depend on reads of one byte");
  fuzz::require(whole.empty() || whole.back() == '\n', "the last record does not end");
  if (format == ContainerFormat::json && schedule.bytes.find('{') == std::string_view::npos)
    require_json_lines(whole);
  return 0;
}
