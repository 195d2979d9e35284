// A stream that begins as UTF-16, on any bytes: any split gives the same, and what is not masked
// comes out byte for byte. The first byte chooses the order and the size of the pieces.

#include "filters/utf16_stream.h"
#include "tests/fuzz/engine.h"

namespace {

using namespace redactd;

struct Redacted {
  std::string out;
  uint64_t masks = 0;
};

Redacted redact(std::string_view bytes, ByteOrder order, size_t piece) {
  static MatchScratch scratch;
  Redactor redactor(fuzz::rules(), scratch);
  Utf16Stream stream(redactor, order);
  Redacted redacted;
  for (size_t at = 0; at < bytes.size(); at += piece)
    redacted.out += stream.commit(bytes.substr(at, piece));
  redacted.out += stream.finish();
  redacted.masks = redactor.counters().masks + redactor.counters().records_masked_whole;
  return redacted;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.empty()) return 0;
  const auto choice = static_cast<unsigned char>(bytes.front());
  const ByteOrder order = choice % 2 == 0 ? ByteOrder::little : ByteOrder::big;
  bytes.remove_prefix(1);
  const Redacted whole = redact(bytes, order, std::max<size_t>(bytes.size(), 1));
  fuzz::require(redact(bytes, order, 1 + choice / 2).out == whole.out,
                "L2: the output depends on the cuts");
  fuzz::require(whole.masks != 0 || whole.out == bytes, "what is not masked is other bytes");
  return 0;
}
