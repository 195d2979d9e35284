#include "daemon/known/known_values.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>

#include "daemon/known/control_protocol.h"
#include "tests/testing/run_until.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;
using Values = std::vector<std::string>;
using Outcome = KnownValues::Outcome;

/// Known values, and a server that puts each generation in force at once unless it is told not to.
class KnownValuesTest : public ::testing::Test {
 protected:
  ~KnownValuesTest() override {
    if (!known) return;
    known->stop();
    context.restart();
    context.run();  // ends, for stop() leaves no work
  }

  void start() {
    known = std::make_unique<KnownValues>(
        context, config, counters, [this](std::string_view source, std::string_view reason) {
          warnings.push_back(std::string(source) + ": " + std::string(reason));
        });
    known->load();
    take();
    known->watch([this] {
      ++changes;
      if (serving) take();
    });
  }
  void take() {
    KnownValues::Snapshot snapshot = known->values();
    values.clear();
    for (const KnownValue& value : snapshot.values)
      values.push_back(value.name + "=" + std::string(value.value.view()));
    generation = snapshot.generation;
    if (serving) known->in_force(snapshot.generation);
  }
  bool become(const Values& wanted) {
    bool done = run_until(context, [&] { return values == wanted; });
    EXPECT_EQ(values, wanted);
    return done;
  }
  bool warned(const std::string& what) const {
    for (const std::string& warning : warnings)
      if (warning.find(what) != std::string::npos) return true;
    return false;
  }

  /// What `redactd known` does, on a thread of its own while the control thread runs here.
  ControlAnswer ask(const std::string& bytes) {
    std::future<std::string> line = std::async(std::launch::async, talk, config.socket, bytes);
    EXPECT_TRUE(run_until(context, [&] { return line.wait_for(0s) == std::future_status::ready; }));
    return parse_answer(line.get()).value_or(ControlAnswer{"no answer", 0, {}});
  }
  ControlAnswer ask(const ControlRequest& request, const std::string& value = "") {
    return ask(to_line(request) + value);
  }
  ControlAnswer add(const std::string& name, const std::string& value,
                    std::optional<Milliseconds> ttl = {}) {
    return ask({ControlRequest::Command::add, name, "", ttl, value.size()}, value);
  }

  static std::string talk(const std::string& path, const std::string& bytes) {
    asio::io_context own;
    asio::local::stream_protocol::socket socket(own);
    boost::system::error_code error;
    socket.connect(path, error);
    if (error) return "";
    asio::write(socket, asio::buffer(bytes), error);
    std::string line;
    asio::read_until(socket, asio::dynamic_buffer(line), '\n', error);
    return line;
  }

  KnownValuesConfig::Command command(const std::string& script, Milliseconds refresh = 100s) const {
    return {"vault", {"sh", "-c", script}, refresh, 20s};
  }

  TempDir dir;
  asio::io_context context;
  KnownValuesConfig config;
  ControlCounters counters;
  std::unique_ptr<KnownValues> known;
  std::vector<std::string> warnings;
  Values values;
  uint64_t generation = 0;
  int changes = 0;
  bool serving = true;
};

// Environment

TEST_F(KnownValuesTest, TakeVariablesByTheirNames) {
  setenv("REDACTD_TEST_PASSWORD", "made-qp one", 1);
  setenv("REDACTD_TEST_NAME", "made-qp two", 1);
  config.environment = {"REDACTD_*_PASSWORD"};
  start();
  EXPECT_EQ(values, Values{"REDACTD_TEST_PASSWORD=made-qp one"});
  EXPECT_EQ(counters.known_values.get(), 1u);
}

// Files

TEST_F(KnownValuesTest, AFileThatAppearsIsRead) {
  config.files = {{dir.path("deep/er/db"), {}, {}}};
  start();
  EXPECT_EQ(values, Values{});
  EXPECT_TRUE(warned("cannot be read: No such file or directory"));
  dir.write("deep/er/db", "made-qp");
  become({"db=made-qp"});
}

TEST_F(KnownValuesTest, AFileThatChangesIsReadAgain) {
  config.files = {{dir.write("db", "made-qp one"), {}, {}}};
  start();
  EXPECT_EQ(values, Values{"db=made-qp one"});
  auto begun = std::chrono::steady_clock::now();
  dir.write("db", "made-qp two");
  become({"db=made-qp two"});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << "watched, not polled";
  fs::rename(dir.write("new", "made-qp three"), dir.path("db"));
  become({"db=made-qp three"});
  fs::remove(dir.path("db"));
  become({});
  dir.write("db", "made-qp four");
  become({"db=made-qp four"});
}

TEST_F(KnownValuesTest, AFolderIsWatchedWithItsFolders) {
  config.files = {{dir.path("secrets"), {}, {}}};
  dir.write("secrets/a", "made-qp one");
  start();
  dir.write("secrets/b", "made-qp two");
  become({"a=made-qp one", "b=made-qp two"});
  dir.write("secrets/sub/c", "made-qp three");
  become({"a=made-qp one", "b=made-qp two", "sub.c=made-qp three"});
  dir.write("secrets/sub/c", "made-qp four");
  become({"a=made-qp one", "b=made-qp two", "sub.c=made-qp four"});
  fs::remove_all(dir.path("secrets"));
  become({});
  dir.write("secrets/d", "made-qp five");
  become({"d=made-qp five"});
}

TEST_F(KnownValuesTest, AKubernetesSwapIsSeen) {
  auto lay = [&](const std::string& version, const std::string& value) {
    dir.write("mount/.." + version + "/password", value);
    fs::create_symlink(".." + version, dir.path("mount/..data_tmp"));
    fs::rename(dir.path("mount/..data_tmp"), dir.path("mount/..data"));
  };
  lay("one", "made-qp one");
  fs::create_symlink("..data/password", dir.path("mount/password"));
  config.files = {{dir.path("mount"), {}, {}}};
  start();
  EXPECT_EQ(values, Values{"password=made-qp one"});
  lay("two", "made-qp two");
  become({"password=made-qp two"});
  fs::remove_all(dir.path("mount/..one"));
  lay("three", "made-qp three");
  become({"password=made-qp three"});
}

TEST_F(KnownValuesTest, AFileBehindASwappedLinkIsSeen) {
  dir.write("mount/..one/password", "made-qp one");
  fs::create_symlink("..one", dir.path("mount/..data"));
  fs::create_symlink("..data/password", dir.path("mount/password"));
  fs::create_symlink(dir.path("mount/password"), dir.path("link"));
  config.files = {{dir.path("link"), {}, {}}};
  start();
  EXPECT_EQ(values, Values{"link=made-qp one"});
  dir.write("mount/..two/password", "made-qp two");
  fs::create_symlink("..two", dir.path("mount/..data_tmp"));
  fs::rename(dir.path("mount/..data_tmp"), dir.path("mount/..data"));
  become({"link=made-qp two"});
}

TEST_F(KnownValuesTest, ManyChangesMakeFewGenerations) {
  config.files = {{dir.path("secrets"), {}, {}}};
  dir.write("secrets/0", "made-qp value 0");
  start();
  Values wanted;
  for (int i = 0; i < 100; ++i)
    dir.write("secrets/" + std::to_string(i), "made-qp value " + std::to_string(i));
  ASSERT_TRUE(run_until(context, [&] { return values.size() == 100; }));
  EXPECT_LE(changes, 3);
}

TEST_F(KnownValuesTest, AFileWrittenThroughADescriptorThatStaysOpenIsReadAgain) {
  config.files = {{dir.write("db", "made-qp one"), {}, {}}, {dir.path("secrets"), {}, {}}};
  dir.write("secrets/a", "made-qp two");
  start();
  std::ofstream named(dir.path("db"), std::ios::in | std::ios::out);
  named << "made-qp 111" << std::flush;
  auto begun = std::chrono::steady_clock::now();
  become({"db=made-qp 111", "a=made-qp two"});
  std::ofstream in_folder(dir.path("secrets/a"), std::ios::in | std::ios::out);
  in_folder << "made-qp 222" << std::flush;
  become({"db=made-qp 111", "a=made-qp 222"});
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s) << "watched, not polled";
}

TEST_F(KnownValuesTest, AFileThatIsWrittenWithoutPauseIsReadNowAndThen) {
  using Clock = std::chrono::steady_clock;
  config.files = {{dir.write("db", "made-qp one"), {}, {}}};
  start();
  std::ofstream file(dir.path("db"), std::ios::in | std::ios::out);
  const Clock::time_point begun = Clock::now();
  Clock::time_point last = begun;
  int written = 0;
  int pauses = 0;  // a busy machine makes some, and then the file is read
  EXPECT_TRUE(run_until(context, [&] {
    file.seekp(0);
    file << "made-qp number " << 1'000'000 + written++ << std::flush;
    Clock::time_point now = Clock::now();
    pauses += now - std::exchange(last, now) > 100ms ? 1 : 0;
    return now - begun > 12s && changes > 0;
  }));
  const auto in_time = static_cast<int>((Clock::now() - begun) / 5s);
  EXPECT_LE(changes, 1 + in_time + pauses) << "of " << written << " writes";
}

TEST_F(KnownValuesTest, OtherFilesNearbyChangeNothing) {
  config.files = {{dir.write("db", "made-qp one"), {}, {}}};
  start();
  dir.write("other", "something");
  dir.write("db", "made-qp two");
  become({"db=made-qp two"});
  EXPECT_EQ(changes, 1);
}

// Commands

TEST_F(KnownValuesTest, ACommandsOutputIsAValue) {
  config.exec = {command("echo made-qp")};
  start();
  EXPECT_EQ(values, Values{"vault=made-qp"});
}

TEST_F(KnownValuesTest, CommandsRunAtOnce) {
  // Each waits for the other: one after the other they would not end.
  auto meet = [&](const std::string& mine, const std::string& other) {
    return "touch " + dir.path(mine) + "; while [ ! -e " + dir.path(other) +
           " ]; do sleep 0.01; done; echo made-qp " + mine;
  };
  config.exec = {command(meet("a", "b")), command(meet("b", "a"))};
  start();
  EXPECT_EQ(values.size(), 2u);
}

TEST_F(KnownValuesTest, ACommandIsRunAgain) {
  std::string file = dir.write("value", "made-qp one\n");
  config.exec = {command("cat " + file, 20ms)};
  start();
  EXPECT_EQ(values, Values{"vault=made-qp one"});
  dir.write("value2", "made-qp two\n");
  fs::rename(dir.path("value2"), file);
  become({"vault=made-qp two"});
}

TEST_F(KnownValuesTest, AFailingCommandKeepsItsValueAndWarnsOnce) {
  std::string count = dir.write("count", "");
  std::string gone = dir.path("gone");
  config.exec = {command(
      "echo >> " + count + "; [ -e " + gone + " ] && { echo made-qp noise; exit 7; }; echo made-qp",
      10ms)};
  start();
  EXPECT_EQ(values, Values{"vault=made-qp"});
  dir.write("gone", "");
  ASSERT_TRUE(run_until(context, [&] { return warned("command vault: ended with status 7"); }));
  size_t runs = fs::file_size(count);
  ASSERT_TRUE(run_until(context, [&] { return fs::file_size(count) > runs + 2; }));
  EXPECT_EQ(values, Values{"vault=made-qp"});
  EXPECT_EQ(warnings.size(), 1u);
  EXPECT_FALSE(warned("made-qp"));
}

TEST_F(KnownValuesTest, ACommandThatPutsOutNothingKeepsItsValueAndWarns) {
  std::string empty = dir.path("empty");
  config.exec = {command("[ -e " + empty + " ] || echo made-qp", 10ms)};
  start();
  EXPECT_EQ(values, Values{"vault=made-qp"});
  dir.write("empty", "");
  ASSERT_TRUE(run_until(context, [&] { return warned("command vault: put out nothing"); }));
  EXPECT_EQ(values, Values{"vault=made-qp"});
}

TEST_F(KnownValuesTest, ACommandThatFailsAgainAndAgainIsRunNoMoreOftenThanItsInterval) {
  constexpr size_t kEnoughToOverflow = 70;  // a wait that doubles each time, in milliseconds
  constexpr size_t kTimed = 20;
  constexpr Milliseconds kInterval = 20ms;
  std::string count = dir.write("count", "");
  config.exec = {command("echo >> " + count + "; exit 7", kInterval)};
  start();
  auto has_run = [&](size_t times) {
    return run_until(context, [&] { return fs::file_size(count) >= times; });
  };
  ASSERT_TRUE(has_run(kEnoughToOverflow));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(has_run(kEnoughToOverflow + kTimed + 1));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kTimed * kInterval);
}

TEST_F(KnownValuesTest, ACommandThatFailsAtFirstIsTriedAgainSoon) {
  std::string ready = dir.path("ready");
  config.exec = {command("[ -e " + ready + " ] && echo made-qp", 1000s)};
  start();
  EXPECT_EQ(values, Values{});
  dir.write("ready", "");
  become({"vault=made-qp"});
}

// Control socket

TEST_F(KnownValuesTest, AnAddedValueIsInForceWhenTheAnswerComes) {
  config.socket = dir.path("control");
  start();
  serving = false;
  std::string value("made qp\nvalue\0with bytes", 24);
  std::string request =
      to_line(ControlRequest{ControlRequest::Command::add, "DB", "", {}, value.size()}) + value;
  std::future<std::string> line = std::async(std::launch::async, talk, config.socket, request);
  ASSERT_TRUE(run_until(context, [&] { return changes == 1; }));
  take();
  EXPECT_EQ(values, Values{"DB=" + value});
  EXPECT_FALSE(run_until(
      context, [&] { return line.wait_for(0s) == std::future_status::ready; }, 50ms));
  known->in_force(generation);
  ASSERT_TRUE(run_until(context, [&] { return line.wait_for(0s) == std::future_status::ready; }));
  EXPECT_EQ(parse_answer(line.get())->error, "");
}

TEST_F(KnownValuesTest, WhatCannotBeCompiledIsToldToTheClient) {
  config.socket = dir.path("control");
  start();
  serving = false;
  std::string request =
      to_line(ControlRequest{ControlRequest::Command::add, "DB", "", {}, 7}) + "made-qp";
  std::future<std::string> line = std::async(std::launch::async, talk, config.socket, request);
  ASSERT_TRUE(run_until(context, [&] { return changes == 1; }));
  take();
  known->failed(generation);
  ASSERT_TRUE(run_until(context, [&] { return line.wait_for(0s) == std::future_status::ready; }));
  EXPECT_NE(parse_answer(line.get())->error.find("not in force"), std::string::npos);
}

TEST_F(KnownValuesTest, ValuesAreAddedListedAndRemoved) {
  config.files = {{dir.write("db", "made-qp file"), {}, {}}};
  config.socket = dir.path("control");
  start();
  EXPECT_EQ(add("ONE", "made-qp one").error, "");
  EXPECT_EQ(add("TWO", "made-qp two", 1000s).error, "");
  EXPECT_EQ(values, (Values{"db=made-qp file", "ONE=made-qp one", "TWO=made-qp two"}));

  ControlAnswer list = ask(ControlRequest{});
  ASSERT_EQ(list.values.size(), 3u);
  EXPECT_EQ(list.values[0].source, "file " + dir.path("db"));
  EXPECT_EQ(list.values[1].name, "ONE");
  EXPECT_EQ(list.values[1].source, "control socket");
  EXPECT_FALSE(list.values[1].left);
  EXPECT_LE(list.values[2].left, Milliseconds(1000s));
  EXPECT_GT(list.values[2].left, Milliseconds(900s));
  EXPECT_EQ(list.values[1].fingerprint.size(), 16u);
  EXPECT_NE(list.values[1].fingerprint, list.values[2].fingerprint);

  using Command = ControlRequest::Command;
  EXPECT_EQ(ask({Command::remove, "ONE", "", {}, 0}).removed, 1u);
  become({"db=made-qp file", "TWO=made-qp two"});
  EXPECT_EQ(ask({Command::remove, "", list.values[2].fingerprint, {}, 0}).removed, 1u);
  become({"db=made-qp file"});
  EXPECT_EQ(ask({Command::remove, "ONE", "", {}, 0}).error, "there is no such value");
  EXPECT_NE(ask({Command::remove, "db", "", {}, 0}).error.find("comes from file"),
            std::string::npos);
}

TEST_F(KnownValuesTest, ATimeToLiveEnds) {
  config.socket = dir.path("control");
  start();
  EXPECT_EQ(add("ONE", "made-qp one", 50ms).error, "");
  become({});
  EXPECT_EQ(counters.known_values.get(), 0u);
}

TEST_F(KnownValuesTest, UnfitValuesAreRefusedAtTheSocket) {
  config.socket = dir.path("control");
  start();
  EXPECT_NE(add("PIN", "4711").error.find("shorter than 6 bytes"), std::string::npos);
  EXPECT_EQ(counters.known_refused.get(), 1u);
  EXPECT_TRUE(warned("control socket (PIN): the value is not masked"));
  EXPECT_FALSE(warned("4711"));
  EXPECT_EQ(changes, 0);
}

TEST_F(KnownValuesTest, WrongRequestsAreAnswered) {
  config.socket = dir.path("control");
  start();
  EXPECT_NE(ask(std::string("made-qp\n")).error, "");
  EXPECT_NE(ask(std::string(10000, 'x')).error, "") << "longer than a header may be";
  EXPECT_EQ(add("ONE", "made-qp one").error, "") << "and hurt nobody else";
}

TEST_F(KnownValuesTest, TheSocketIsOnesOwn) {
  config.socket = dir.path("control");
  mode_t before = umask(0);
  start();
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat(config.socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  known->stop();
  EXPECT_FALSE(fs::exists(config.socket));
}

TEST_F(KnownValuesTest, ASocketLeftBehindIsReplacedAndAFileIsNot) {
  config.socket = dir.path("control");
  { asio::local::stream_protocol::acceptor left(context, config.socket); }
  ASSERT_TRUE(fs::exists(config.socket));
  start();
  EXPECT_EQ(add("ONE", "made-qp one").error, "");
  known->stop();

  known.reset();
  config.socket = dir.write("file", "something");
  start();
  EXPECT_TRUE(warned("control socket: cannot be opened"));
  EXPECT_EQ(fs::file_size(config.socket), 9u);
}

// Streams

TEST_F(KnownValuesTest, ValuesFromStreamsComeFromAnyThread) {
  start();
  std::atomic<int> in_force{0};
  std::thread([&] {
    for (int i = 0; i < 10; ++i)
      known->add({"add-mask", Secret("made-qp " + std::to_string(i))},
                 [&](Outcome outcome) { in_force += outcome == Outcome::masked; });
    known->add({"add-mask", Secret("4711")},
               [&](Outcome outcome) { in_force += outcome == Outcome::refused ? 10 : 100; });
  }).join();
  ASSERT_TRUE(run_until(context, [&] { return in_force == 20; }));
  EXPECT_EQ(values.size(), 10u);
  EXPECT_LT(changes, 10) << "together";
  EXPECT_EQ(counters.known_refused.get(), 1u);
}

TEST_F(KnownValuesTest, AValueThatIsSaidAgainChangesNothing) {
  start();
  int in_force = 0;
  for (int i = 0; i < 2; ++i) {
    known->add({"add-mask", Secret("made-qp")},
               [&](Outcome outcome) { in_force += outcome == Outcome::masked ? 1 : 100; });
    ASSERT_TRUE(run_until(context, [&] { return in_force == i + 1; }));
  }
  EXPECT_EQ(changes, 1);
}

TEST_F(KnownValuesTest, AValueFromAStreamThatCannotBeMadeHasFailedAndIsNotRefused) {
  start();
  serving = false;
  std::vector<Outcome> outcomes;
  auto note = [&](Outcome outcome) { outcomes.push_back(outcome); };
  known->add({"add-mask", Secret("made-qp one")}, note);
  ASSERT_TRUE(run_until(context, [&] { return changes == 1; }));
  take();
  known->failed(generation);
  EXPECT_EQ(outcomes, std::vector<Outcome>{Outcome::failed});
  known->add({"add-mask", Secret("made-qp two")}, note);
  ASSERT_TRUE(run_until(context, [&] { return changes == 2; }));
  known->stop();
  EXPECT_EQ(outcomes, std::vector<Outcome>(2, Outcome::failed));
  known->add({"add-mask", Secret("made-qp three")}, note);
  ASSERT_TRUE(run_until(context, [&] { return outcomes.size() == 3; }));
  EXPECT_EQ(outcomes.back(), Outcome::failed);
}

// Generations

TEST_F(KnownValuesTest, OneGenerationIsUnderWayAtATime) {
  config.socket = dir.path("control");
  start();
  serving = false;
  known->add({"A", Secret("made-qp one")});
  ASSERT_TRUE(run_until(context, [&] { return changes == 1; }));
  take();
  uint64_t first = generation;
  known->add({"B", Secret("made-qp two")});
  known->add({"C", Secret("made-qp three")});
  EXPECT_FALSE(run_until(
      context, [&] { return changes == 2; }, 50ms));
  known->in_force(first);
  ASSERT_TRUE(run_until(context, [&] { return changes == 2; }));
  take();
  EXPECT_EQ(values.size(), 3u);
  known->failed(generation);
  EXPECT_FALSE(run_until(
      context, [&] { return changes == 3; }, 50ms))
      << "nothing is new";
}

// Reconfiguration

TEST_F(KnownValuesTest, OtherSourcesTakeOver) {
  config.files = {{dir.write("a", "made-qp a"), {}, {}}};
  config.exec = {command("echo made-qp vault")};
  config.socket = dir.path("control");
  start();
  EXPECT_EQ(add("ONE", "made-qp one").error, "");
  EXPECT_EQ(values.size(), 3u);

  config.files = {{dir.write("b", "made-qp b"), {}, {}}};
  KnownValuesConfig::Command more = command("echo made-qp more");
  more.name = "more";
  config.exec.push_back(more);
  fs::path old_socket = config.socket;
  config.socket = dir.path("control2");
  bool done = false;
  known->reconfigure(config, [&] { done = true; });
  ASSERT_TRUE(run_until(context, [&] { return done; }));
  become({"b=made-qp b", "more=made-qp more", "vault=made-qp vault", "ONE=made-qp one"});
  EXPECT_FALSE(fs::exists(old_socket));
  EXPECT_EQ(add("TWO", "made-qp two").error, "");
  dir.write("b", "made-qp c");
  ASSERT_TRUE(run_until(context, [&] { return !values.empty() && values[0] == "b=made-qp c"; }));
}

TEST_F(KnownValuesTest, AConfigurationThatIsTakenBackLeavesNoGap) {
  config.exec = {command("echo made-qp vault; touch " + dir.path("ran") + "; exec 2>/dev/null")};
  start();
  KnownValuesConfig old = config;
  fs::remove(dir.path("ran"));
  serving = false;
  config.exec.clear();
  bool done = false;
  known->reconfigure(config, [&] { done = true; });
  ASSERT_TRUE(run_until(context, [&] { return done; }));
  take();
  EXPECT_EQ(values, Values{});
  known->failed(generation);
  known->restore(old);
  take();
  EXPECT_EQ(values, Values{"vault=made-qp vault"});
  EXPECT_FALSE(fs::exists(dir.path("ran"))) << "it was not run again for that";
}

TEST_F(KnownValuesTest, WhileANewCommandRunsTheSourcesBeforeStayAndChange) {
  const std::string file = dir.write("a", "made-qp a");
  config.files = {{file, {}, {}}};
  config.socket = dir.path("control");
  start();
  config.files.clear();
  config.exec = {
      command("until test -e " + dir.path("go") + "; do sleep 0.01; done; echo made-qp vault")};
  bool done = false;
  known->reconfigure(config, [&] { done = true; });
  EXPECT_EQ(add("TOLD", "made-qp told").error, "");
  become({"a=made-qp a", "TOLD=made-qp told"});
  dir.write("a", "made-qp b");
  become({"a=made-qp b", "TOLD=made-qp told"});
  EXPECT_FALSE(done);
  dir.write("go", "");
  ASSERT_TRUE(run_until(context, [&] { return done; }));
  become({"vault=made-qp vault", "TOLD=made-qp told"});
}

TEST_F(KnownValuesTest, ReconfiguredToTheSameNothingChanges) {
  config.files = {{dir.write("a", "made-qp a"), {}, {}}};
  config.exec = {command("echo made-qp vault")};
  start();
  bool done = false;
  known->reconfigure(config, [&] { done = true; });
  ASSERT_TRUE(run_until(context, [&] { return done; }));
  EXPECT_EQ(changes, 0);
}

}  // namespace
}  // namespace redactd::test
