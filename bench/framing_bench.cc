// Where records end, and how they are written: what every byte of the daemon passes besides the
// filter.
//
//     framing_bench [--benchmark_filter=Framer]

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "daemon/framing/encoding.h"
#include "daemon/framing/framer.h"

namespace {

using namespace redactd;

constexpr size_t kReadBytes = 64 * 1024;

/// Records of `size` bytes in about one read, whole.
std::string records(Framing framing, size_t size) {
  std::string body = "<13>" + std::string(size - 4, 'x');
  Encoded encoded;
  while (encoded.bytes.size() < kReadBytes) {
    encode_record({framing, {}}, body, false, {}, encoded);
  }
  return encoded.bytes;
}

void feed(benchmark::State& state, Framing framing) {
  const std::string read = records(framing, static_cast<size_t>(state.range(0)));
  std::vector<char> room(read.size() + 1);
  std::vector<RecordEnd> ends;
  Framer::Options options;
  options.framing = framing;
  Framer framer(options);
  for (auto _ : state) {
    ends.clear();
    benchmark::DoNotOptimize(framer.feed(read, room, ends).size);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(read.size()));
}

void encode(benchmark::State& state, Framing framing, bool wrap) {
  const std::string body(static_cast<size_t>(state.range(0)), 'x');
  Encoding encoding{framing, {}};
  encoding.wrap.on = wrap;
  encoding.wrap.hostname = "node-7.example.org";
  encoding.wrap.app_name = "shop";
  const auto now = std::chrono::system_clock::now();
  Encoded to;
  for (auto _ : state) {
    if (to.bytes.size() > kReadBytes) to.bytes.clear(), to.ends.clear();
    encode_record(encoding, body, true, now, to);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK_CAPTURE(feed, octet_counting, Framing::octet_counting)->Arg(200)->Arg(2000);
BENCHMARK_CAPTURE(feed, newline, Framing::newline)->Arg(200)->Arg(2000);
BENCHMARK_CAPTURE(feed, nul, Framing::nul)->Arg(200)->Arg(2000);
BENCHMARK_CAPTURE(encode, octet_counting, Framing::octet_counting, false)->Arg(200);
BENCHMARK_CAPTURE(encode, newline, Framing::newline, false)->Arg(200);
BENCHMARK_CAPTURE(encode, nul, Framing::nul, false)->Arg(200);
BENCHMARK_CAPTURE(encode, octet_counting_wrapped, Framing::octet_counting, true)->Arg(200);
BENCHMARK_CAPTURE(encode, newline_wrapped, Framing::newline, true)->Arg(200);

}  // namespace

BENCHMARK_MAIN();
