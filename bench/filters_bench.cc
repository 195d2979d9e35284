// The parts of the filter, one at a time. All input is made here from templates: nothing is read.
//
//     filters_bench [--benchmark_filter=Redactor] [--benchmark_min_time=0.5]

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/rules/builtin_pack.h"
#include "config/rules/rule_loader.h"
#include "config/settings.h"
#include "filters/example.h"
#include "filters/mask.h"
#include "filters/matcher/matcher.h"
#include "filters/redactor.h"
#include "filters/resolver.h"

namespace {

using namespace redactd;

constexpr size_t kCorpusBytes = 8 << 20;
constexpr size_t kReadBytes = 128 * 1024;  // as a worker of the daemon (Worker::kReadBytes)

constexpr std::array kCleanLines = {
    R"(10.{digits:2}.3.{digits:2} - - [03/Mar/2026:09:14:{digits:2} +0000] "GET /v1/items/{digits:6} HTTP/1.1" 200 {digits:4} "-" "okhttp/4.12.0")",
    R"(2026-03-03T09:14:{digits:2}.{digits:3}Z INFO  [http-{digits:2}] c.e.cart.Handler - flushed {digits:5} rows to segment)",
    R"(time=2026-03-03T09:14:{digits:2}Z level=info svc=stock span={hex:16} msg="cache hit ratio 0.{digits:2}" took={digits:3}ms)",
    R"(Mar  3 09:14:{digits:2} node-{digits:2} kubelet[{digits:4}]: password policy unchanged, token bucket has {digits:2} left)",
    R"({"level":"info","ts":17900{digits:5}.5,"caller":"sync/loop.go:{digits:3}","msg":"lease renewed","trace_id":"{hex:32}","span_id":"{hex:16}"})",
    R"({"time":"2026-03-03T09:14:{digits:2}Z","method":"GET","uri":"/find?q=lamp&page={digits:2}","status":200,"request_id":"{hex:32}"})",
    R"({"log":"I0303 09:14:{digits:2}.{digits:6}  {digits:4} pod.go:{digits:3}] health probe ok\n","stream":"stderr","time":"2026-03-03T09:14:{digits:2}Z"})",
};

constexpr std::array kSecretLines = {
    R"(2026-03-03T09:14:{digits:2}Z INFO  push with ghp_{alnum:36} accepted)",
    R"(user=bob password={alnum:14} attempt={digits:1})",
    R"(dialing postgres://app:{alnum:16}@db-2.internal:5432/shop)",
    R"(Authorization: Bearer {base64url:43})",
    R"({"level":"info","msg":"signed in","idToken":"{jwt}","span_id":"{hex:16}"})",
    R"({"log":"{\"user\":\"bob\",\"password\":\"{alnum:14}\"}","stream":"stdout"})",
    R"(GET /v1/me?access_token={alnum:32}&v=2 HTTP/1.1)",
};

/// A corpus in which `permille` of 1000 lines hold a secret; made once for each rate.
const std::string& corpus(int64_t permille) {
  static std::map<int64_t, std::string> made;
  std::string& text = made[permille];
  for (size_t line = 0; text.size() < kCorpusBytes; ++line) {
    bool secret =
        static_cast<int64_t>(line * 7919 % 1000) < permille;  // 7919 is prime: spread evenly
    const char* source =
        secret ? kSecretLines[line % kSecretLines.size()] : kCleanLines[line % kCleanLines.size()];
    text += fill_example(source, "line " + std::to_string(line)).text + '\n';
  }
  return text;
}

std::shared_ptr<const RuleSet> compile_builtin(const MaskSettings& masks = {},
                                               bool embedded = true) {
  RuleGroup group;
  group.rules = builtin_rules();
  if (embedded) group.embedded = builtin_databases();
  std::vector<RuleGroup> groups;
  groups.push_back(std::move(group));
  std::vector<RuleError> errors;
  return RuleSet::compile(std::move(groups), masks, errors);
}

const std::shared_ptr<const RuleSet>& builtin() {
  static const std::shared_ptr<const RuleSet> rules = compile_builtin();
  return rules;
}

void count_bytes(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(bytes));
}

/// The matcher alone, in chunks of range(0), over lines of which range(1) in 1000 hold a secret.
void BM_BareScan(benchmark::State& state) {
  auto chunk = static_cast<size_t>(state.range(0));
  const std::string& text = corpus(state.range(1));
  std::string padded = std::string(kScanPadding, ' ') + text + std::string(kScanPadding, ' ');
  std::string_view bytes = std::string_view(padded).substr(kScanPadding, text.size());
  MatchScratch scratch;
  std::vector<MatchStream> streams;
  for (const auto& database : builtin()->databases()) {
    scratch.fit(*database);
    streams.emplace_back(*database);
  }
  std::vector<Match> matches;
  for (auto _ : state) {
    for (size_t at = 0; at < bytes.size(); at += chunk) {
      matches.clear();
      for (MatchStream& stream : streams) stream.scan(bytes.substr(at, chunk), scratch, matches);
      benchmark::DoNotOptimize(matches.data());
    }
  }
  count_bytes(state, bytes.size());
}
BENCHMARK(BM_BareScan)
    ->ArgNames({"chunk", "permille"})
    ->ArgsProduct({{200, 4096, 65536, 131072}, {0}})
    ->ArgsProduct({{131072}, {10, 100, 1000}});

void feed(Redactor& redactor, std::string_view text, size_t chunk) {
  for (size_t at = 0; at < text.size(); at += chunk) {
    std::string_view part = text.substr(at, chunk);
    std::span<char> room = redactor.prepare(chunk);
    std::memcpy(room.data(), part.data(), part.size());
    benchmark::DoNotOptimize(redactor.commit(part.size()).data());
  }
}

/// The whole core; the copy into its buffer stands for the read.
void BM_Redactor(benchmark::State& state) {
  auto chunk = static_cast<size_t>(state.range(0));
  const std::string& text = corpus(state.range(1));
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  for (auto _ : state) feed(redactor, text, chunk);
  count_bytes(state, text.size());
  state.counters["masks"] = benchmark::Counter(static_cast<double>(redactor.counters().masks),
                                               benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_Redactor)
    ->ArgNames({"chunk", "permille"})
    ->ArgsProduct({{200, 4096, 65536, 131072}, {0, 10}})
    ->ArgsProduct({{131072}, {100, 1000}});

/// A record far longer than the limit: windows instead of whole records.
void BM_RedactorWithoutLineFeeds(benchmark::State& state) {
  std::string text = corpus(10);
  std::replace(text.begin(), text.end(), '\n', ' ');
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  for (auto _ : state) feed(redactor, text, kReadBytes);
  count_bytes(state, text.size());
}
BENCHMARK(BM_RedactorWithoutLineFeeds);

/// From the anchors of one record to its spans.
void BM_Resolve(benchmark::State& state, const char* source) {
  std::string line = fill_example(source, "resolve").text;
  std::string padded =
      std::string(kScanPadding, ' ') + line + '\n' + std::string(kScanPadding, ' ');
  MatchScratch scratch;
  std::vector<RecordMatch> anchors;
  for (size_t i = 0; i < builtin()->databases().size(); ++i) {
    const MatchDatabase& database = *builtin()->databases()[i];
    scratch.fit(database);
    MatchStream stream(database);
    std::vector<Match> matches;
    stream.scan(std::string_view(padded).substr(kScanPadding, line.size() + 1), scratch, matches);
    for (const Match& match : matches) {
      anchors.push_back(
          {static_cast<size_t>(match.end), match.expression + builtin()->first_anchor()[i]});
    }
  }
  std::sort(anchors.begin(), anchors.end());
  Resolver resolver(*builtin());
  size_t spans = 0;
  for (auto _ : state) {
    OpenBlock block;
    RecordView record{line};
    spans = resolver.resolve(record, anchors, block).size();
    benchmark::DoNotOptimize(spans);
  }
  state.counters["anchors"] = static_cast<double>(anchors.size());
  state.counters["spans"] = static_cast<double>(spans);
}
BENCHMARK_CAPTURE(BM_Resolve, token, kSecretLines[0]);
BENCHMARK_CAPTURE(BM_Resolve, value_logfmt, kSecretLines[1]);
BENCHMARK_CAPTURE(BM_Resolve, userinfo, kSecretLines[2]);
BENCHMARK_CAPTURE(BM_Resolve, value_authorization, kSecretLines[3]);
BENCHMARK_CAPTURE(BM_Resolve, token_and_value, kSecretLines[4]);
BENCHMARK_CAPTURE(BM_Resolve, value_json_in_json, kSecretLines[5]);
BENCHMARK_CAPTURE(BM_Resolve, value_query, kSecretLines[6]);
BENCHMARK_CAPTURE(BM_Resolve, near_miss, kCleanLines[3]);
BENCHMARK_CAPTURE(
    BM_Resolve, block,
    R"({"key":"-----BEGIN PRIVATE KEY-----\n{base64:64}\n{base64:64}\n-----END PRIVATE KEY-----"})");

/// One mask of each style over a secret of 40 bytes.
void BM_Mask(benchmark::State& state, MaskStyle style) {
  FingerprintKey key;
  key.id = "k1";
  key.secret = LockedBytes(fill_example("{hex:64}", "mask key").text);
  MaskSpec spec;
  spec.style = style;
  Masker masker(builtin()->rules(), spec, key);
  std::string secret = fill_example("{alnum:40}", "masked secret").text;
  std::string out;
  for (auto _ : state) {
    out.clear();
    masker.append(0, secret, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK_CAPTURE(BM_Mask, label, MaskStyle::label);
BENCHMARK_CAPTURE(BM_Mask, fixed, MaskStyle::fixed);
BENCHMARK_CAPTURE(BM_Mask, partial, MaskStyle::partial);
BENCHMARK_CAPTURE(BM_Mask, fingerprint, MaskStyle::fingerprint);
BENCHMARK_CAPTURE(BM_Mask, length, MaskStyle::length);

/// What a start costs: rules from the binary with their database, and what it would cost without.
void BM_StartEmbedded(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(compile_builtin());
}
BENCHMARK(BM_StartEmbedded)->Unit(benchmark::kMillisecond);

void BM_StartCompiled(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(compile_builtin({}, false));
}
BENCHMARK(BM_StartCompiled)->Unit(benchmark::kMillisecond);

void BM_ParseBuiltinPacks(benchmark::State& state) {
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(parse_builtin_packs(diagnostics).data());
  }
}
BENCHMARK(BM_ParseBuiltinPacks)->Unit(benchmark::kMillisecond);

/// A stream opened and closed, as for a new connection.
void BM_OpenStream(benchmark::State& state) {
  MatchScratch scratch;
  for (const auto& database : builtin()->databases()) scratch.fit(*database);
  for (auto _ : state) {
    Redactor redactor(builtin(), scratch);
    benchmark::DoNotOptimize(&redactor);
  }
}
BENCHMARK(BM_OpenStream);

}  // namespace

BENCHMARK_MAIN();
