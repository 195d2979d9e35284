// The whole way of a stream's bytes, framer, redactor and encoding, against a plain reading of the
// format and the slow redactor of tests/testing/oracle.h: the same records, masked the same, in
// every read.

#include <optional>
#include <regex>
#include <stdexcept>

#include "daemon/pipeline/stream.h"
#include "tests/fuzz/engine.h"
#include "tests/fuzz/schedule.h"
#include "tests/testing/framed.h"
#include "tests/testing/oracle.h"

namespace redactd::fuzz {
namespace {

constexpr size_t kMaxRecord = 4096;
constexpr size_t kMostBytes = 2000;  // the oracle takes quadratic time

class KeptRecords : public Sink {
 public:
  explicit KeptRecords(const SinkConfig& config) : Sink(config) {}

  void push(Batch batch) override {
    size_t begin = 0;
    for (size_t end : batch.encoded->ends) {
      records.push_back(batch.encoded->bytes.substr(begin, end - begin));
      begin = end;
    }
    require(begin == batch.encoded->bytes.size(), "bytes that belong to no record");
  }
  void when_room(std::function<void()> wake) override { wake(); }
  void close(std::chrono::steady_clock::time_point, std::function<void()> done) override { done(); }

  std::vector<std::string> records;
};

SinkConfig sink_config(Framing framing, bool wrap, std::string_view name = {}) {
  SinkConfig config;
  config.framing = framing;
  config.wrap.on = wrap;
  config.wrap.hostname = wrap ? std::string(name) + "h" : "";
  config.wrap.app_name = name;
  return config;
}

/// One sink with lines, one with counted records behind a header.
struct Sinks {
  explicit Sinks(std::string_view name)
      : lines(std::make_shared<KeptRecords>(sink_config(Framing::newline, false))),
        counted(std::make_shared<KeptRecords>(sink_config(Framing::octet_counting, true, name))) {}

  std::shared_ptr<KeptRecords> lines;
  std::shared_ptr<KeptRecords> counted;
};

std::shared_ptr<const Generation> generation_of(const Sinks& sinks, Metrics& metrics) {
  auto made = std::make_shared<Generation>();
  made->routes.resize(1);
  made->routes[0].add(sinks.lines);
  made->routes[0].add(sinks.counted);
  made->redactions.resize(1);
  for (const Rule& rule : rules()->rules())
    made->redactions[0].push_back(&metrics.redactions(rule.id, 0));
  made->rules = rules();
  return made;
}

StreamSettings settings_of(unsigned options) {
  static constexpr Framing kFramings[] = {Framing::automatic, Framing::octet_counting,
                                          Framing::newline, Framing::nul};
  StreamSettings settings;
  settings.framing.framing = kFramings[options % 4];
  settings.framing.keep_empty = options / 4 % 2 == 1;
  settings.framing.max_record = kMaxRecord;
  settings.framing.max_frame = kMaxRecord;
  settings.plain = true;
  return settings;
}

struct Outcome {
  std::vector<std::string> lines;
  std::vector<std::string> counted;
};

Outcome run(std::string_view bytes, const std::vector<size_t>& cuts, unsigned options) {
  static Metrics metrics{1};
  static MatchScratch scratch;
  static StreamBuffers buffers;
  Sinks sinks(bytes.substr(0, 60));
  const StreamSettings settings = settings_of(options);
  Stream stream(settings, generation_of(sinks, metrics),
                StreamThread{0, scratch, buffers, metrics.worker(0)}, metrics.source("in", 0), 1);
  FrameError error = FrameError::none;
  auto feed = [&](std::string_view read, bool in_place) {
    if (error != FrameError::none || read.empty()) return;
    stream.borrow_buffers();
    if (in_place) {
      std::span<char> room = stream.room(read.size());
      std::copy(read.begin(), read.end(), room.begin());
      read = {room.data(), read.size()};
    }
    error = stream.feed(read, {});
    stream.return_buffers();
  };
  size_t from = 0;
  for (size_t cut : cuts) {
    feed(bytes.substr(from, cut - from), cut % 2 == 0);
    from = cut;
  }
  feed(bytes.substr(from), true);
  if (error == FrameError::none) stream.finish({});
  return {std::move(sinks.lines->records), std::move(sinks.counted->records)};
}

/// What a plain reader of the format and the oracle make of the bytes; nothing where the oracle has
/// no opinion.
std::optional<std::vector<std::string>> expected(std::string_view bytes, unsigned options) {
  static test::Oracle oracle(rules());
  std::string broken;
  const test::Framed framed = test::frame(bytes, {}, settings_of(options).framing, broken);
  std::string text;
  for (const test::FramedRecord& record : framed.records) {
    if (record.cut > 0 || record.skipped > 0) return std::nullopt;
    text += record.body + '\n';
  }
  const bool ends = !framed.records.empty() && !framed.records.back().incomplete &&
                    (framed.framing == Framing::octet_counting ||
                     bytes.ends_with(framed.framing == Framing::nul ? '\0' : '\n'));
  if (framed.error == FrameError::none && !ends && !text.empty()) text.pop_back();
  std::string clean;
  try {
    clean = oracle.redact(text);
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
  if (!clean.ends_with('\n') || !text.ends_with('\n')) clean += '\n';
  std::vector<std::string> bodies;
  size_t from = 0;
  for (const test::FramedRecord& record : framed.records) {
    size_t end = from;
    for (auto left = std::count(record.body.begin(), record.body.end(), '\n'); left >= 0; --left)
      end = clean.find('\n', end) + 1;
    bodies.push_back(clean.substr(from, end - 1 - from));
    from = end;
  }
  return bodies;
}

std::string counted_body(const std::string& record) {
  static const std::regex kHeader(
      R"(<14>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [!-~]{1,255} [!-~]{1,48} - - - )");
  size_t space = record.find(' ');
  require(space != std::string::npos && std::stoul(record) == record.size() - space - 1,
          "the count is not that of the record");
  std::smatch header;
  const std::string rest = record.substr(space + 1);
  require(std::regex_search(rest, header, kHeader, std::regex_constants::match_continuous),
          "no header of RFC 5424");
  return rest.substr(static_cast<size_t>(header.length()));
}

}  // namespace
}  // namespace redactd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  using namespace redactd::fuzz;
  if (size < 2 || size > kMostBytes) return 0;
  const Schedule schedule = schedule_of(data, size);
  const Outcome whole = run(schedule.bytes, {}, schedule.options);
  const Outcome cut = run(schedule.bytes, schedule.cuts, schedule.options);
  require(whole.lines == cut.lines, "L2: the records depend on the reads");
  require(whole.lines.size() == whole.counted.size(), "L3: a sink has another number of records");
  const auto bodies = expected(schedule.bytes, schedule.options);
  if (!bodies) return 0;
  require(bodies->size() == whole.lines.size(), "L3: a record more or less");
  for (size_t i = 0; i < bodies->size(); ++i) {
    Encoded line;
    encode_record({Framing::newline, {}}, (*bodies)[i], false, {}, line);
    require(whole.lines[i] == line.bytes, "L1: not masked as the oracle does");
    require(counted_body(whole.counted[i]) == (*bodies)[i], "L1: sinks differ");
  }
  return 0;
}
