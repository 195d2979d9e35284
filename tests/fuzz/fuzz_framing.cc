// The framer on any bytes: any reads give the same records, which are those that a plain reading of
// the format finds; and what is encoded is read back.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/framing/encoding.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/schedule.h"
#include "tests/testing/framed.h"

namespace redactd::fuzz {
namespace {

using test::Framed;
using test::FramedRecord;

/// The format read byte by byte, all at once: slow, and without a state to get wrong.
class PlainReading {
 public:
  PlainReading(std::string_view bytes, const Framer::Options& options)
      : bytes_(bytes), options_(options) {}

  std::vector<FramedRecord> counted() {
    while (!bytes_.empty()) {
      size_t digits = bytes_.find_first_not_of("0123456789");
      if (digits == 0 || digits > 9 || bytes_.front() == '0' || bytes_[digits] != ' ') break;
      size_t count = std::stoul(std::string(bytes_.substr(0, digits)));
      if (count > options_.max_frame) break;
      bytes_.remove_prefix(digits + 1);
      std::string_view body = bytes_.substr(0, count);
      bytes_.remove_prefix(body.size());
      if (!body.empty()) put(body, body.size() < count);
      if (bytes_.starts_with("\r\n")) bytes_.remove_prefix(1);
      if (bytes_.starts_with("\n")) bytes_.remove_prefix(1);
    }
    return std::move(records_);
  }

  std::vector<FramedRecord> lines(char terminator) {
    while (!bytes_.empty()) {
      std::string_view body = bytes_.substr(0, bytes_.find(terminator));
      const bool ended = body.size() < bytes_.size();
      const bool blank = body.empty() || (terminator == '\n' && body == "\r");
      if (!blank || options_.keep_empty) put(body, false);
      bytes_.remove_prefix(body.size() + (ended ? 1 : 0));
    }
    return std::move(records_);
  }

 private:
  void put(std::string_view body, bool incomplete) {
    const size_t seen = std::min(body.size(), options_.max_record + options_.look_ahead);
    FramedRecord record;
    record.body = body.substr(0, options_.max_record);
    record.cut = seen - record.body.size();
    record.skipped = body.size() - seen;
    record.incomplete = incomplete;
    records_.push_back(std::move(record));
  }

  std::string_view bytes_;
  const Framer::Options& options_;
  std::vector<FramedRecord> records_;
};

std::vector<FramedRecord> read_plainly(std::string_view bytes, Framing framing,
                                       const Framer::Options& options) {
  PlainReading reading(bytes, options);
  if (framing == Framing::octet_counting) return reading.counted();
  return reading.lines(framing == Framing::nul ? '\0' : '\n');
}

Framed read_in(const std::vector<size_t>& cuts, std::string_view bytes,
               const Framer::Options& options) {
  std::string broken;
  Framed framed = test::frame(bytes, cuts, options, broken);
  require(broken.empty(), broken.c_str());
  return framed;
}

/// The records again, through an encoding and back.
void require_read_back(const std::vector<FramedRecord>& records, Framing framing,
                       const std::vector<size_t>& cuts) {
  const char terminator = framing == Framing::nul ? '\0' : '\n';
  Encoded encoded;
  std::vector<std::string> bodies;
  for (const FramedRecord& record : records) {
    if (framing != Framing::octet_counting && record.body.find(terminator) != std::string::npos) {
      continue;
    }
    if (record.body.empty()) continue;
    bodies.push_back(record.body);
    encode_record({framing, {}}, record.body, false, {}, encoded);
  }
  Framer::Options options;
  options.framing = framing;
  options.keep_empty = true;
  options.network = false;
  Framed framed = read_in(cuts, encoded.bytes, options);
  require(framed.error == FrameError::none, "what is encoded is an error");
  require(framed.records.size() == bodies.size(), "a record more or less was read back");
  for (size_t i = 0; i < bodies.size(); ++i) {
    require(framed.records[i].body == bodies[i], "another body was read back");
  }
}

Framer::Options options_of(unsigned choice) {
  static constexpr Framing kFramings[] = {Framing::automatic, Framing::octet_counting,
                                          Framing::newline, Framing::nul};
  Framer::Options options;
  options.framing = kFramings[choice % 4];
  options.keep_empty = choice / 4 % 2 == 1;
  options.network = choice / 8 % 2 == 0;
  options.max_record = choice / 16 % 4 * 20 + 4;
  options.look_ahead = choice / 64 * 3;
  options.max_frame = 1000;
  return options;
}

}  // namespace
}  // namespace redactd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redactd;
  using namespace redactd::fuzz;
  if (size < 2) return 0;
  const Schedule schedule = schedule_of(data, size);
  const std::string_view bytes = schedule.bytes;
  const std::vector<size_t>& cuts = schedule.cuts;
  const Framer::Options options = options_of(schedule.options);
  std::vector<size_t> each;
  for (size_t at = 0; at < bytes.size(); ++at) each.push_back(at);

  const Framed whole = read_in({}, bytes, options);
  require(read_in(cuts, bytes, options) == whole, "the records depend on the reads");
  require(read_in(each, bytes, options) == whole, "the records depend on reads of one byte");
  const bool foreign =
      whole.error == FrameError::tls_handshake || whole.error == FrameError::proxy_header;
  if (!foreign) {
    require(whole.records == read_plainly(bytes, whole.framing, options),
            "the records are not those of the format");
  }
  for (Framing framing : {Framing::octet_counting, Framing::newline, Framing::nul}) {
    require_read_back(whole.records, framing, cuts);
  }
  return 0;
}
