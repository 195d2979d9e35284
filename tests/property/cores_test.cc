// L2: the output does not depend on how many threads scan a stream, nor on where batches end.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <thread>

#include "daemon/filter/filter.h"
#include "daemon/filter/split_stream.h"
#include "daemon/filter/stdio.h"
#include "tests/testing/corpus.h"
#include "tests/testing/redact.h"

namespace {
thread_local bool of_test = false;
std::atomic<long> allocations_left{-1};  // of other threads; -1: any number
}  // namespace

void* operator new(size_t size) {
  if (!of_test && allocations_left >= 0 && allocations_left-- <= 0) {
    allocations_left = 0;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t& /*tag*/) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept { std::free(memory); }

namespace redactd::test {
namespace {

using namespace std::string_literals;

/// Splits a text into batches of about `size` bytes; now and then no more input seems to wait.
struct Splitter {
  size_t threads = 2;
  size_t size = 1000;
  Limits limits = {};
  unsigned seed = 1;
  std::string out = {};
  RedactorCounters counters = {};

  void run(std::string_view text, const Rules& rules) {
    MatchScratch scratch;
    Redactor redactor(rules, scratch, limits);
    SplitStream stream(redactor, threads);
    std::mt19937 random(seed);
    for (size_t at = 0; at < text.size();) {
      bool more = random() % 50 != 0;
      while (stream.busy() && (stream.full() || !more)) out += stream.take();
      size_t part = std::min(size / 2 + random() % size, text.size() - at);
      std::copy_n(text.data() + at, part, stream.prepare(part, more).data());
      out += stream.commit(part);
      at += part;
    }
    while (stream.busy()) out += stream.take();
    out += stream.flush();
    out += redactor.finish();
    counters = redactor.counters();
  }
};

void expect_same_on_any_number_of_cores(std::string_view text, const Rules& rules = builtin(),
                                        Limits limits = {}, size_t least_batch = 200) {
  MatchScratch scratch;
  Redactor alone(rules, scratch, limits);
  std::copy(text.begin(), text.end(), alone.prepare(text.size()).begin());
  std::string expected(alone.commit(text.size()));
  expected += alone.finish();
  for (size_t threads : {1u, 2u, 3u, 4u}) {
    for (size_t size : {least_batch, size_t{5000}, size_t{100'000}}) {
      Splitter splitter{threads, size, limits, static_cast<unsigned>(size)};
      splitter.run(text, rules);
      SCOPED_TRACE(std::to_string(threads) + " threads, batches of " + std::to_string(size));
      EXPECT_EQ(first_difference(expected, splitter.out), "");
      EXPECT_EQ(splitter.counters.bytes_in, text.size());
      EXPECT_EQ(splitter.counters.bytes_out, expected.size());
      EXPECT_EQ(splitter.counters.masks, alone.counters().masks);
      EXPECT_EQ(splitter.counters.masks_by_rule, alone.counters().masks_by_rule);
      EXPECT_EQ(splitter.counters.records_masked_whole, alone.counters().records_masked_whole);
    }
  }
}

/// A private key of so many lines, with or without its end.
std::string key_of(size_t lines, bool ended = true) {
  std::string text = "-----BEGIN PRIVATE"s + " KEY-----\n";
  for (size_t i = 0; i < lines; ++i) text += "{base64:64}\n";
  if (ended) text += "-----END PRIVATE"s + " KEY-----\n";
  return fill(text, std::to_string(lines)).text;
}

/// What comes out first of a text behind which more waits.
std::string first_batch_of(const std::string& text) {
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  SplitStream stream(redactor, 2);
  std::copy(text.begin(), text.end(), stream.prepare(text.size(), true).begin());
  stream.commit(text.size());
  return std::string(stream.take());
}

TEST(Batches, EndBeforeAPrivateKeyWhoseEndHasNotCome) {
  EXPECT_EQ(first_batch_of("a\nb\n" + key_of(9, false)), "a\nb\n");
  EXPECT_EQ(first_batch_of("a\nb\n" + key_of(0, false)), "a\nb\n");
  EXPECT_TRUE(first_batch_of("a\n" + key_of(9)).ends_with("KEY-----\n"));
  EXPECT_EQ(first_batch_of("a\n-----BEGIN X-----\nand so on\n"),
            "a\n-----BEGIN X-----\nand so on\n");
}

TEST(AnyNumberOfCores, OfLogsWithSecrets) {
  for (unsigned seed = 61; seed < 64; ++seed) {
    std::string text = LogWriter(seed, 0.4).lines(2000).text;
    if (seed % 2 == 0) text.pop_back();
    expect_same_on_any_number_of_cores(text);
  }
}

TEST(AnyNumberOfCores, OfEveryExample) {
  std::string text;
  for (const PlantedLine& line : builtin_examples()) text += line.text + '\n';
  for (const PlantedLine& line : builtin_keeps()) text += line.text + '\n';
  expect_same_on_any_number_of_cores(text);
}

TEST(AnyNumberOfCores, OfKeysOverManyBatches) {
  std::string text;
  LogWriter writer(71, 0.2);
  for (size_t i = 0; i < 40; ++i) {
    text += writer.lines(10).text;
    text += key_of(i * 5);
    if (i % 4 == 0) text += key_of(7, false) + key_of(3);  // one begins while one is open
    if (i % 7 == 0) text += "-----END PRIVATE"s + " KEY-----\n";
  }
  expect_same_on_any_number_of_cores(text);
}

TEST(AnyNumberOfCores, OfAKeyThatNeverEnds) {
  std::string text = LogWriter(72, 0.2).lines(100).text + key_of(5000, false);
  expect_same_on_any_number_of_cores(text);
  expect_same_on_any_number_of_cores(text + LogWriter(73, 0.2).lines(500).text);
}

TEST(AnyNumberOfCores, OfLongRecords) {
  LogWriter writer(74, 0.4);
  std::string text;
  for (size_t lines : {3u, 3000u, 2u, 1500u, 1500u, 500u, 5u}) {
    std::string record = writer.lines(lines).text;
    std::replace(record.begin(), record.end(), '\n', ' ');
    text += record + '\n' + writer.lines(20).text;
  }
  text += text.substr(0, text.size() / 3);
  expect_same_on_any_number_of_cores(text, builtin(), {}, 3000);
  expect_same_on_any_number_of_cores(text, builtin(), {kLeastMaxRecord}, 3000);
}

TEST(AnyNumberOfCores, OfValuesOnTheLineBehindTheirKeys) {
  std::mt19937 random(76);
  std::string text;
  for (size_t i = 0; i < 3000; ++i) {
    const std::string value = fill("{alnum:24}", std::to_string(i)).text;
    const std::string lines[] = {"password:\n",
                                 "  db_password: |\n",
                                 "    " + value + '\n',
                                 value + '\n',
                                 "\n",
                                 "  \n",
                                 "- name: DB_PASSWORD\n",
                                 "  value: " + value + '\n',
                                 "token=" + value + '\n',
                                 "ok\n",
                                 "a: " + value + ", password:\n",
                                 "userpwd:userpwd:userpwd:\n"};
    text += lines[random() % std::size(lines)];
    if (i % 100 == 0) text += key_of(i % 7, i % 200 == 0);
  }
  expect_same_on_any_number_of_cores(text);
}

/// What other threads redact is not redacted once more, and they go on in spite of such keys.
TEST(Batches, OfLinesThatEndInKeysAreRedactedOnceButForTheirFirstLines) {
  std::string text;
  while (text.size() < 1'000'000) text += "userpwd:userpwd:userpwd:\n";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  SplitStream stream(redactor, 2);
  for (size_t at = 0; at < text.size();) {
    while (stream.full()) stream.take();
    const size_t part = std::min<size_t>(100'000, text.size() - at);
    std::copy_n(text.data() + at, part, stream.prepare(part, true).data());
    stream.commit(part);
    at += part;
  }
  while (stream.busy()) stream.take();
  stream.flush();
  EXPECT_EQ(redactor.counters().bytes_in, text.size());
  EXPECT_LT(redactor.received(), text.size() / 5);
}

TEST(AnyNumberOfCores, OfOddEnds) {
  for (const std::string& text :
       {""s, "\n"s, "x"s, "\n\n\n"s, std::string(3000, '\n'), std::string(3000, '\0'),
        "password=hunter2hunter2"s, "a\0b\n\0\n"s + std::string(500, 'x')})
    expect_same_on_any_number_of_cores(text);
  std::string text = LogWriter(75, 0.5).lines(500).text;
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 3)
    text.replace(at, 1, "\r\n\0"s);
  expect_same_on_any_number_of_cores(text);
}

TEST(AnyNumberOfCores, OfKnownValuesOfSeveralLines) {
  std::string first = fill("{alnum:20}", "first").text;
  std::string second = fill("{alnum:24}", "second").text;
  Rules rules = known_values({first + "\n" + second, second.substr(4)});
  std::string text;
  for (size_t i = 0; i < 400; ++i) {
    text += std::string(i % 37, '.') + first + '\n' + second + " and\n";
    text += 'x' + second.substr(i % 9) + '\n' + first.substr(i % 5) + "\n\n";
  }
  expect_same_on_any_number_of_cores(text, rules);
}

TEST(AnyNumberOfCores, OfRegexesThatLookAtTheEndsOfRecords) {
  Rules rules = rules_from(
      "rules:\n"
      "  - {id: edges, title: Edges, kind: regex, severity: high,\n"
      "     pattern: '(?:^|\\s)key-(?P<secret>[a-z]{8})(?:\\s|$)', examples: "
      "['key-«abcdefgh»']}\n");
  std::string text;
  for (size_t i = 0; i < 800; ++i)
    text += i % 3 == 0   ? "key-abcdefgh\n"
            : i % 3 == 1 ? "a key-qrstuvwx\nkey-\n"
                         : "xkey-abcdefgh\n";
  expect_same_on_any_number_of_cores(text, rules);
}

/// The descriptor of a file with this text.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(memfd_create("cores_test", 0)) {
    EXPECT_EQ(write_all(descriptor_, text), 0);
    lseek(descriptor_, 0, SEEK_SET);
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  int descriptor() const { return descriptor_; }
  std::string text() const {
    std::string all(static_cast<size_t>(lseek(descriptor_, 0, SEEK_END)), '\0');
    EXPECT_EQ(pread(descriptor_, all.data(), all.size(), 0), static_cast<ssize_t>(all.size()));
    return all;
  }

 private:
  int descriptor_;
};

std::string much_text() {
  std::string text;
  LogWriter writer(81, 0.05);
  while (text.size() < 6'000'000) text += writer.lines(200).text + key_of(text.size() % 100);
  text.replace(3'000'000, 1'500'000, 1'500'000, 'y');
  return text.substr(0, text.size() - 7);
}

TEST(Copies, OfAFileAreTheSameOnAnyNumberOfCores) {
  const std::string text = much_text();
  const std::string expected = redact(text);
  for (size_t threads : {1u, 2u, 3u, 4u}) {
    MemoryFile from(text);
    MemoryFile to("");
    MatchScratch scratch;
    Redactor redactor(builtin(), scratch);
    Stats stats(true);
    Copy copy{from.descriptor(), to.descriptor()};
    copy.threads = threads;
    CopyEnd end = copy_redacted(copy, redactor, stats);
    EXPECT_EQ(end.read_error, 0);
    EXPECT_EQ(end.write_error, 0);
    EXPECT_EQ(first_difference(expected, to.text()), "") << threads << " threads";
    EXPECT_EQ(redactor.counters().bytes_in, text.size());
  }
}

TEST(Copies, OfAPipeAreTheSameWhetherMuchOrLittleWaits) {
  const std::string text = much_text();
  int pipe[2];
  ASSERT_EQ(pipe2(pipe, O_CLOEXEC), 0);
  widen_pipe(pipe[1]);
  std::thread writer([&] {
    std::mt19937 random(82);
    for (std::string_view rest = text; !rest.empty();) {
      size_t part = random() % 4 == 0 ? random() % 1000 + 1 : random() % 1'000'000 + 1;
      part = std::min(part, rest.size());
      EXPECT_EQ(write_all(pipe[1], rest.substr(0, part)), 0);
      rest.remove_prefix(part);
    }
    close(pipe[1]);
  });
  MemoryFile to("");
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  Stats stats(true);
  Copy copy{pipe[0], to.descriptor()};
  copy.threads = 4;
  CopyEnd end = copy_redacted(copy, redactor, stats);
  writer.join();
  close(pipe[0]);
  EXPECT_EQ(end.write_error, 0);
  EXPECT_EQ(first_difference(redact(text), to.text()), "");
}

/// L5: what comes out before an error in another thread is whole records of the right output.
TEST(Copies, EndBehindTheLastGoodBatchWhenAThreadHasNoMemory) {
  of_test = true;
  const std::string text = LogWriter(83, 0.5).lines(4000).text;
  const std::string expected = redact(text);
  size_t failures = 0;
  for (long allocations : {0, 20, 400, 3000}) {
    Splitter splitter{3, 5000};
    allocations_left = allocations;
    try {
      splitter.run(text, builtin());
    } catch (const std::bad_alloc&) {
      ++failures;
      EXPECT_TRUE(splitter.out.empty() || splitter.out.ends_with('\n'));
      EXPECT_LT(splitter.out.size(), expected.size());
    }
    allocations_left = -1;
    EXPECT_EQ(first_difference(expected.substr(0, splitter.out.size()), splitter.out), "");
  }
  EXPECT_GT(failures, 1u);
  of_test = false;
}

}  // namespace
}  // namespace redactd::test
