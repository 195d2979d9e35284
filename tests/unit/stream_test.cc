// From the bytes of a connection to the records that its sinks get, without a socket.

#include "daemon/pipeline/stream.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "daemon/known/add_mask.h"
#include "tests/testing/generation.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

/// Keeps what is pushed.
class KeptRecords : public Sink {
 public:
  explicit KeptRecords(SinkConfig config) : Sink(std::move(config)) {}

  void push(Batch batch) override {
    size_t begin = 0;
    for (size_t end : batch.encoded->ends) {
      records.push_back(batch.encoded->bytes.substr(begin, end - begin));
      begin = end;
    }
    EXPECT_EQ(begin, batch.encoded->bytes.size());
  }
  void when_room(std::function<void()> wake) override { wake(); }
  void close(std::chrono::steady_clock::time_point, std::function<void()> done) override { done(); }

  std::vector<std::string> records;
};

/// A stream of a source with one sink.
struct Pipeline {
  explicit Pipeline(Framing in, Framing out = Framing::newline, Rules rules = builtin()) {
    SinkConfig config;
    config.framing = out;
    sink = std::make_shared<KeptRecords>(config);
    settings.framing.framing = in;
    settings.framing.max_record = 4096;
    generation = generation_to(sink, std::move(rules), metrics);
  }

  void open() {
    stream.emplace(settings, generation,
                   StreamThread{0, scratch, buffers, metrics.worker(0), share},
                   metrics.source("in", 0), 1);
  }
  /// As connections do, in turn: a read into the stream's room, or elsewhere as with TLS.
  FrameError feed(std::string_view bytes) {
    stream->borrow_buffers();
    if (std::exchange(in_place, !in_place)) {
      std::span<char> room = stream->room(bytes.size());
      std::copy(bytes.begin(), bytes.end(), room.begin());
      bytes = {room.data(), bytes.size()};
    }
    FrameError error = stream->feed(bytes, std::chrono::steady_clock::now());
    stream->return_buffers();
    return error;
  }
  void finish() { stream->finish(std::chrono::steady_clock::now()); }

  std::vector<std::string> run(std::string_view bytes, const std::vector<size_t>& cuts = {}) {
    sink->records.clear();
    open();
    size_t begin = 0;
    FrameError error = FrameError::none;
    for (size_t cut : cuts) {
      if (error == FrameError::none) error = feed(bytes.substr(begin, cut - begin));
      begin = cut;
    }
    if (error == FrameError::none) error = feed(bytes.substr(begin));
    finish();
    stream.reset();
    return sink->records;
  }

  Metrics metrics{1};
  MatchScratch scratch;
  StreamBuffers buffers;
  std::shared_ptr<KeptRecords> sink;
  StreamSettings settings;
  std::shared_ptr<const Generation> generation;
  std::optional<Stream> stream;
  bool in_place = true;
  ScanShare* share = nullptr;
};

std::string counted(const std::string& body) { return std::to_string(body.size()) + ' ' + body; }

const std::string kSecret = "password=correct-horse-battery-staple";
const std::string kMasked = "password=[REDACTED:password]";

/// The same records however the bytes are cut.
void expect_at_every_cut(Pipeline& pipeline, const std::string& bytes,
                         const std::vector<std::string>& expected) {
  ASSERT_EQ(pipeline.run(bytes), expected);
  std::vector<size_t> each;
  for (size_t cut = 1; cut < bytes.size(); ++cut) {
    ASSERT_EQ(pipeline.run(bytes, {cut}), expected) << "cut at " << cut;
    each.push_back(cut);
  }
  ASSERT_EQ(pipeline.run(bytes, each), expected) << "byte by byte";
}

TEST(Stream, LinesComeOutAsLines) {
  Pipeline pipeline(Framing::newline);
  expect_at_every_cut(pipeline, "<13>one\n<13>two " + kSecret + " end\n<13>three\n",
                      {"<13>one\n", "<13>two " + kMasked + " end\n", "<13>three\n"});
}

/// A stream that obeys ::add-mask:: lines.
struct ObeyingPipeline : Pipeline {
  explicit ObeyingPipeline(Framing in)
      : Pipeline(in, Framing::newline, known_values({"not-asked-for"})) {
    settings.commands = &commands;
  }

  std::shared_ptr<const Generation> obey(std::string_view lines) {
    ++asked;
    for (size_t at = find_add_mask(lines, 0); at != std::string_view::npos;
         at = find_add_mask(lines, at)) {
      at += std::string_view("::add-mask::").size();
      values.emplace_back(lines.substr(at, lines.find('\n', at) - at));
    }
    auto next = std::make_shared<Generation>(*generation_to(sink, known_values(values), metrics));
    next->number = ++number;
    return next;
  }

  std::vector<std::string> values;
  size_t asked = 0;
  uint64_t number = 0;
  StreamCommands commands{find_add_mask, [] { return true; },
                          [this](std::string_view lines, size_t) { return obey(lines); }};
};

/// What comes out anew, with nothing known before.
void expect_obeyed_at_every_cut(Framing in, const std::string& bytes,
                                const std::vector<std::string>& expected) {
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ObeyingPipeline pipeline(in);
    ASSERT_EQ(pipeline.run(bytes, {cut}), expected) << "cut at " << cut;
  }
  std::vector<size_t> each;
  for (size_t cut = 1; cut < bytes.size(); ++cut) each.push_back(cut);
  ObeyingPipeline pipeline(in);
  ASSERT_EQ(pipeline.run(bytes, each), expected) << "byte by byte";
}

TEST(Stream, ACommandHoldsFromTheNextRecordOn) {
  expect_obeyed_at_every_cut(
      Framing::newline,
      "v-alue-1\n::add-mask::v-alue-1\nv-alue-1\n::add-mask::v-alue-2\nv-alue-2\n",
      {"v-alue-1\n", "::add-mask::v-alue-1\n", "[REDACTED:known]\n", "::add-mask::v-alue-2\n",
       "[REDACTED:known]\n"});
  expect_obeyed_at_every_cut(
      Framing::octet_counting,
      counted("v-alue-1") + counted("::add-mask::v-alue-1") + counted("x v-alue-1"),
      {"v-alue-1\n", "::add-mask::v-alue-1\n", "x [REDACTED:known]\n"});
}

TEST(Stream, ACommandInOneLineOfARecordHoldsFromTheNextLineOn) {
  expect_obeyed_at_every_cut(
      Framing::octet_counting,
      counted("v-alue-1\n::add-mask::v-alue-1\nthen v-alue-1") + counted("x v-alue-1"),
      {"v-alue-1#012::add-mask::v-alue-1#012then [REDACTED:known]\n", "x [REDACTED:known]\n"});
  expect_obeyed_at_every_cut(
      Framing::octet_counting,
      counted("::add-mask::v-alue-1\nv-alue-1\n::add-mask::v-alue-2\n") + counted("x v-alue-2"),
      {"::add-mask::v-alue-1#012[REDACTED:known]#012::add-mask::v-alue-2\n",
       "x [REDACTED:known]\n"});
}

TEST(Stream, CommandsInARowAreObeyedTogether) {
  const std::string bytes =
      "a v-alue-1\n::add-mask::v-alue-1\nb v-alue-1 ::add-mask::v-alue-2\n::add-mask::v-alue-3\n"
      "c v-alue-1 v-alue-2 v-alue-3\n::add-mask::v-alue-4\nd v-alue-4\n::add-mask::another-one";
  ObeyingPipeline pipeline(Framing::newline);
  const std::vector<std::string> masked = {"a v-alue-1\n",
                                           "::add-mask::v-alue-1\n",
                                           "b [REDACTED:known] ::add-mask::[REDACTED:known]\n",
                                           "::add-mask::[REDACTED:known]\n",
                                           "c [REDACTED:known] [REDACTED:known] [REDACTED:known]\n",
                                           "::add-mask::v-alue-4\n",
                                           "d [REDACTED:known]\n",
                                           "::add-mask::another-one\n"};
  EXPECT_EQ(pipeline.run(bytes), masked);
  EXPECT_EQ(pipeline.asked, 3u) << "two rows, and the one that the end of the stream leaves open";
}

TEST(Stream, ACommandHoldsFromTheNextDatagramOn) {
  ObeyingPipeline pipeline(Framing::newline);
  pipeline.open();
  const std::string records = "v-alue-1\n::add-mask::v-alue-1\nv-alue-1\n";
  std::span<char> room = pipeline.stream->record_room(records.size());
  std::copy(records.begin(), records.end(), room.begin());
  std::vector<RecordEnd> ends = {{9}, {30}, {39}};
  pipeline.stream->take(records.size(), ends, std::chrono::steady_clock::now());
  EXPECT_EQ(
      pipeline.sink->records,
      (std::vector<std::string>{"v-alue-1\n", "::add-mask::v-alue-1\n", "[REDACTED:known]\n"}));
}

TEST(Stream, WhatIsCutOffADatagramIsLookedAtAndGoesNoFurther) {
  Pipeline pipeline(Framing::newline);
  pipeline.open();
  const std::string records = "<13>a " + kSecret + "\n<13>b " + kSecret + "\n";
  std::span<char> room = pipeline.stream->record_room(records.size());
  std::copy(records.begin(), records.end(), room.begin());
  std::vector<RecordEnd> ends = {{records.size() / 2, kSecret.size(), 1, true}, {records.size()}};
  pipeline.stream->take(records.size(), ends, std::chrono::steady_clock::now());
  EXPECT_EQ(pipeline.sink->records,
            (std::vector<std::string>{"<13>a \n", "<13>b " + kMasked + "\n"}));
}

TEST(Stream, AnOlderConfigurationDoesNotComeBack) {
  ObeyingPipeline pipeline(Framing::newline);
  pipeline.open();
  pipeline.feed("::add-mask::v-alue-1\n");
  pipeline.stream->adopt(pipeline.generation);  // the worker has not changed over yet
  pipeline.feed("v-alue-1\n");
  EXPECT_EQ(pipeline.sink->records.back(), "[REDACTED:known]\n");
}

TEST(Stream, ACountIsMadeAnewForTheRedactedRecord) {
  Pipeline pipeline(Framing::automatic, Framing::octet_counting);
  expect_at_every_cut(pipeline, counted("<13>a " + kSecret) + counted("<13>b"),
                      {counted("<13>a " + kMasked), counted("<13>b")});
}

TEST(Stream, LineFeedsInACountedRecordDoNotEndIt) {
  Pipeline pipeline(Framing::octet_counting, Framing::octet_counting);
  expect_at_every_cut(pipeline,
                      counted("<13>a\n" + kSecret + "\nb\n") + counted("\n\n") + counted("c"),
                      {counted("<13>a\n" + kMasked + "\nb\n"), counted("\n\n"), counted("c")});
}

TEST(Stream, LineFeedsInARecordAreEscapedWhereTheSinkHasLines) {
  Pipeline pipeline(Framing::octet_counting, Framing::newline);
  expect_at_every_cut(pipeline, counted("<13>a\n" + kSecret) + counted("b"),
                      {"<13>a#012" + kMasked + "\n", "b\n"});
}

/// A worker that has nothing to do; before help() it does not even come to that.
class IdleWorker {
 public:
  ~IdleWorker() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void help() {
    thread_ = std::thread([this] { context_.run(); });
  }
  ScanShare& share() { return share_; }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{
      context_.get_executor()};
  ScanShare share_{context_};
  std::thread thread_;
};

/// Bodies of some 3 MB: keys over many records, values on the next line, records that are cut.
std::vector<std::string> mixed_bodies(unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::string> bodies;
  for (size_t size = 0; size < 3'000'000; size += bodies.back().size()) {
    switch (random() % 400) {
      case 0:
        bodies.push_back("-----BEGIN RSA PRIVATE KEY-----");
        for (size_t i = random() % 40; i > 0; --i)
          bodies.push_back(std::string(64, static_cast<char>('A' + i % 26)));
        if (random() % 3 > 0) bodies.push_back("-----END RSA PRIVATE KEY-----");
        break;
      case 1:
        bodies.push_back("db_password:");
        bodies.push_back("  horse7battery9staple");
        break;
      case 2:
        bodies.push_back("long " + std::string(random() % 9000, 'x') + ' ' + kSecret);
        break;
      case 3:
        bodies.push_back("two\n" + kSecret + "\nlines");
        break;
      case 4:
        bodies.push_back("<13>a " + kSecret + " b");
        break;
      default:
        bodies.push_back("<13>GET /cart/" + std::to_string(random()) + " 200 " +
                         std::string(random() % 300, 'y'));
    }
  }
  return bodies;
}

std::string framed(const std::vector<std::string>& bodies, Framing framing) {
  std::string bytes;
  for (const std::string& body : bodies)
    bytes += framing == Framing::newline ? body + '\n' : counted(body);
  return bytes;
}

std::vector<size_t> large_reads(size_t bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<size_t> cuts;
  for (size_t at = random() % 900'000; at < bytes; at += 1 + random() % 900'000) cuts.push_back(at);
  return cuts;
}

TEST(Stream, ALargeReadIsTheSameRedactedAloneAndTogether) {
  for (Framing framing : {Framing::newline, Framing::octet_counting}) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
      const std::string bytes = framed(mixed_bodies(seed), framing);
      Pipeline alone(framing, seed % 2 == 0 ? Framing::newline : Framing::octet_counting);
      Pipeline together(framing, seed % 2 == 0 ? Framing::newline : Framing::octet_counting);
      IdleWorker other;
      boost::asio::io_context own;
      ScanShare share(own);
      share.ask({&other.share()});
      together.share = &share;
      const std::vector<std::string> expected = alone.run(bytes);
      ASSERT_EQ(together.run(bytes, large_reads(bytes.size(), seed)), expected) << "no help comes";
      ASSERT_FALSE(share.helped());
      other.help();
      ASSERT_EQ(together.run(bytes, large_reads(bytes.size(), seed)), expected) << "seed " << seed;
      for (const Rule& rule : alone.generation->rules->rules()) {
        ASSERT_EQ(together.metrics.redactions(rule.id, 0).get(),
                  2 * alone.metrics.redactions(rule.id, 0).get())
            << rule.id;
      }
    }
  }
}

TEST(Stream, AWorkerThatIsIdleHelpsWithLargeReads) {
  Pipeline pipeline(Framing::newline);
  IdleWorker other;
  boost::asio::io_context own;
  ScanShare share(own);
  share.ask({&other.share()});
  pipeline.share = &share;
  other.help();
  const std::string bytes = framed(mixed_bodies(1), Framing::newline);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!share.helped() && std::chrono::steady_clock::now() < deadline)
    pipeline.run(bytes, {bytes.size() / 3, bytes.size() / 3 * 2});
  EXPECT_TRUE(share.helped());
}

TEST(Stream, AWorkerThatHasMuchToRedactItselfIsNotAskedForHelp) {
  IdleWorker other;
  boost::asio::io_context own;
  ScanShare share(own);
  share.ask({&other.share()});
  const auto now = std::chrono::steady_clock::now();
  EXPECT_TRUE(share.worth(1 << 20, now));
  EXPECT_FALSE(share.worth(1 << 10, now)) << "not worth waking somebody";
  other.share().worth(1 << 10, now);
  EXPECT_TRUE(share.worth(1 << 20, now)) << "of little";
  other.share().worth(1 << 20, now);
  EXPECT_FALSE(share.worth(1 << 20, now + std::chrono::milliseconds(1)));
  EXPECT_TRUE(share.worth(1 << 20, now + std::chrono::seconds(1)));
}

TEST(Stream, TheLastLineNeedsNoEnd) {
  Pipeline pipeline(Framing::newline);
  expect_at_every_cut(pipeline, "a\n" + kSecret, {"a\n", kMasked + "\n"});
}

TEST(Stream, ACountedRecordThatWasCutOffComesOutRedactedAndIsCounted) {
  Pipeline pipeline(Framing::octet_counting, Framing::octet_counting);
  EXPECT_EQ(pipeline.run("100 <13>a\n" + kSecret),
            (std::vector<std::string>{counted("<13>a\n" + kMasked)}));
  EXPECT_EQ(pipeline.metrics.source("in", 0).incomplete_records.get(), 1u);
}

TEST(Stream, WhatCameBeforeAFramingErrorIsPutOut) {
  Pipeline pipeline(Framing::octet_counting);
  pipeline.open();
  EXPECT_EQ(pipeline.feed("3 abc007 x"), FrameError::leading_zero);
  EXPECT_EQ(pipeline.sink->records, std::vector<std::string>{"abc\n"});
  EXPECT_EQ(pipeline.metrics.source("in", 0)
                .frame_errors[static_cast<size_t>(FrameError::leading_zero)]
                .get(),
            1u);
}

/// A record that is longer than max_record (4096) with a secret across the cut.
std::string long_body(char filler) {
  std::string body(4096 - 20, filler);
  for (size_t i = 79; i < body.size(); i += 80) body[i] = ' ';
  return body + " " + kSecret + " " + std::string(200, 'z');
}

TEST(Stream, ASecretAcrossTheCutOfALongRecordIsMasked) {
  for (Framing framing : {Framing::newline, Framing::octet_counting}) {
    Pipeline pipeline(framing, Framing::newline);
    std::string body = long_body('x');
    std::string bytes =
        framing == Framing::newline ? body + "\nnext\n" : counted(body) + counted("next");
    std::string kept = body.substr(0, 4096 - 19) + kMasked + "\n";
    std::vector<std::string> expected = {kept, "next\n"};
    EXPECT_EQ(pipeline.run(bytes), expected);
    std::mt19937 random(1);
    for (int i = 0; i < 50; ++i) {
      std::vector<size_t> cuts;
      for (int k = 0; k < 4; ++k) cuts.push_back(1 + random() % (bytes.size() - 1));
      std::sort(cuts.begin(), cuts.end());
      cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
      ASSERT_EQ(pipeline.run(bytes, cuts), expected);
    }
    EXPECT_EQ(pipeline.metrics.source("in", 0).truncated_records.get(), 51u);
    EXPECT_EQ(pipeline.metrics.source("in", 0).truncated_bytes.get(), 51 * (body.size() - 4096));
  }
}

TEST(Stream, ALongCountedRecordOfManyLinesIsCutAtItsLength) {
  Pipeline pipeline(Framing::octet_counting, Framing::octet_counting);
  std::string body;
  while (body.size() < 10000) body += "line " + std::to_string(body.size()) + "\n";
  std::string bytes = counted(body) + counted("next");
  std::vector<std::string> expected = {counted(body.substr(0, 4096)), counted("next")};
  EXPECT_EQ(pipeline.run(bytes), expected);
  for (size_t cut = 1; cut < bytes.size(); cut += 7)
    ASSERT_EQ(pipeline.run(bytes, {cut}), expected);
}

TEST(Stream, AnEndlessLineTakesNoMoreMemoryThanTheLimits) {
  Pipeline pipeline(Framing::newline);
  pipeline.open();
  std::string piece(64 * 1024, 'y');
  for (int i = 0; i < 500; ++i) {
    pipeline.feed(piece);
    ASSERT_LE(pipeline.stream->held_bytes(), 4096 + Framer::kLookAhead + 1);
  }
  pipeline.feed("\nshort\n");
  EXPECT_EQ(pipeline.sink->records,
            (std::vector<std::string>{piece.substr(0, 4096) + "\n", "short\n"}));
}

TEST(Stream, PlainLinesAreWrappedForASinkThatWantsSyslog) {
  Pipeline pipeline(Framing::newline, Framing::newline);
  pipeline.settings.plain = true;
  pipeline.settings.framing.keep_empty = true;
  SinkConfig config;
  config.wrap = {true, "host", "app", 1, 6};
  auto wrapped = std::make_shared<KeptRecords>(config);
  auto both = std::make_shared<Generation>(*pipeline.generation);
  both->routes[0].add(wrapped);
  pipeline.generation = both;
  EXPECT_EQ(pipeline.run("a " + kSecret + "\n\n"),
            (std::vector<std::string>{"a " + kMasked + "\n", "\n"}));
  ASSERT_EQ(wrapped->records.size(), 2u);
  EXPECT_TRUE(wrapped->records[0].starts_with("<14>1 2")) << wrapped->records[0];
  EXPECT_TRUE(wrapped->records[0].ends_with(" host app - - - a " + kMasked + "\n"))
      << wrapped->records[0];
}

TEST(Stream, RulesChangeInTheMidstOfARecord) {
  Pipeline pipeline(Framing::octet_counting, Framing::octet_counting);
  pipeline.open();
  std::string bytes = counted("a\n" + kSecret + "\nb");
  pipeline.feed(bytes.substr(0, 14));
  pipeline.stream->adopt(generation_to(pipeline.sink, builtin_masking({MaskStyle::fixed, "[X]", 4}),
                                       pipeline.metrics));
  pipeline.feed(bytes.substr(14));
  EXPECT_EQ(pipeline.sink->records, std::vector<std::string>{counted("a\npassword=[X]\nb")});
}

TEST(Stream, RedactionsAreCountedByRule) {
  Pipeline pipeline(Framing::newline);
  pipeline.run(kSecret + "\n" + kSecret + "\n");
  EXPECT_EQ(pipeline.metrics.redactions("password", 0).get(), 2u);
  EXPECT_EQ(pipeline.metrics.source("in", 0).records.get(), 2u);
  EXPECT_EQ(pipeline.metrics.source("in", 0).held_bytes.get(), 0u);
}

}  // namespace
}  // namespace redactd::test
