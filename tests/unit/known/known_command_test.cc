#include "daemon/known/known_command.h"

#include <gtest/gtest.h>

#include <future>

#include "daemon/exit_code.h"
#include "daemon/known/control_socket.h"
#include "tests/testing/run_until.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

/// A daemon that notes what it is asked and gives the answer it is told to.
class KnownCommandTest : public ::testing::Test {
 protected:
  KnownCommandTest() { options.known.socket = dir.path("control"); }

  void listen() {
    socket = ControlSocket::open(
        context, options.known.socket, 0600,
        [this](ControlRequest request, Secret value) { return note(request, std::move(value)); },
        [](std::string_view) {});
  }
  asio::awaitable<ControlAnswer> note(ControlRequest request, Secret value) {
    asked = request;
    told = std::string(value.view());
    co_return answer;
  }
  int run(int (*command)(const Options&)) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    std::future<int> status = std::async(std::launch::async, command, options);
    EXPECT_TRUE(
        run_until(context, [&] { return status.wait_for(0s) == std::future_status::ready; }));
    out = ::testing::internal::GetCapturedStdout();
    err = ::testing::internal::GetCapturedStderr();
    return status.get();
  }

  TempDir dir;
  asio::io_context context;
  std::shared_ptr<ControlSocket> socket;
  Options options;
  ControlRequest asked;
  std::string told;
  ControlAnswer answer;
  std::string out;
  std::string err;
};

TEST_F(KnownCommandTest, AddSendsTheBytesOfTheFile) {
  listen();
  std::string value = "made up \"one\"\n\xff and two" + std::string(100'000, 'x');
  options.known.name = "DB_PASSWORD";
  options.known.ttl = 10min;
  options.known.file = dir.write("value", value + "\n");
  EXPECT_EQ(run(add_known), kDone) << err;
  EXPECT_EQ(asked.command, ControlRequest::Command::add);
  EXPECT_EQ(asked.name, "DB_PASSWORD");
  EXPECT_EQ(asked.ttl, Milliseconds(10min));
  EXPECT_EQ(told, value) << "without the newline at its end";
  EXPECT_EQ(out + err, "");
}

TEST_F(KnownCommandTest, AByteOrderMarkIsNoPartOfTheValue) {
  listen();
  options.known.name = "DB_PASSWORD";
  options.known.file = dir.write("value", "\xef\xbb\xbfmade up\r\n");
  EXPECT_EQ(run(add_known), kDone) << err;
  EXPECT_EQ(told, "made up");
}

TEST_F(KnownCommandTest, ARefusalIsTheDaemonsToTell) {
  listen();
  options.known.name = "PIN";
  options.known.file = dir.write("value", "4711\n");
  answer.error = "the value is not masked: it is short";
  EXPECT_EQ(run(add_known), kRuntimeError);
  EXPECT_EQ(err, "redactd: the value is not masked: it is short\n");
}

TEST_F(KnownCommandTest, WithoutAValueNothingIsAsked) {
  listen();
  options.known.name = "DB";
  for (const std::string& file :
       {dir.write("empty", ""), dir.write("newline", "\n"), dir.path("none"),
        dir.write("large", std::string((1 << 20) + 1, 'x'))}) {
    options.known.file = file;
    EXPECT_EQ(run(add_known), kRuntimeError);
    EXPECT_NE(err.find(file), std::string::npos) << err;
  }
  EXPECT_EQ(asked.name, "");
}

TEST_F(KnownCommandTest, AFileThatIsNotThereIsToldAsSuch) {
  options.known.name = "DB";
  options.known.file = dir.path("none");
  EXPECT_EQ(run(add_known), kRuntimeError);
  EXPECT_EQ(err, "redactd: cannot read " + dir.path("none") + ": No such file or directory\n");
}

TEST_F(KnownCommandTest, WithoutADaemonItSaysSo) {
  EXPECT_EQ(run(list_known), kRuntimeError);
  EXPECT_NE(err.find("cannot reach the daemon at " + options.known.socket), std::string::npos)
      << err;
  options.known.socket = "/" + std::string(200, 'x');
  EXPECT_EQ(run(list_known), kRuntimeError);
  EXPECT_NE(err.find("File name too long"), std::string::npos) << err;
}

TEST_F(KnownCommandTest, RemoveNamesWhatItMeans) {
  listen();
  options.known.fingerprint = "90a1";
  EXPECT_EQ(run(remove_known), kDone);
  EXPECT_EQ(asked.command, ControlRequest::Command::remove);
  EXPECT_EQ(asked.fingerprint, "90a1");
}

TEST_F(KnownCommandTest, TheListIsATableOrJson) {
  listen();
  answer.values = {{"DB_PASSWORD", "0123456789abcdef", "file /run/secrets/db", {}},
                   {"X", "fedcba9876543210", "control socket", 90'500ms}};
  EXPECT_EQ(run(list_known), kDone);
  EXPECT_EQ(out,
            "NAME         FINGERPRINT       LEFT    SOURCE\n"
            "DB_PASSWORD  0123456789abcdef  -       file /run/secrets/db\n"
            "X            fedcba9876543210  91s     control socket\n");
  options.json = true;
  EXPECT_EQ(run(list_known), kDone);
  EXPECT_NE(out.find("\"ttl_ms\": 90500"), std::string::npos) << out;
}

TEST_F(KnownCommandTest, ASocketThatClosesMakesAnError) {
  listen();
  std::shared_ptr<ControlSocket> closed = socket;
  std::future<int> status;
  ::testing::internal::CaptureStderr();
  status = std::async(std::launch::async, list_known, options);
  // Connected, and not yet served.
  ASSERT_TRUE(run_until(context, [&] {
    closed->close();
    return status.wait_for(0s) == std::future_status::ready;
  }));
  ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(status.get(), kRuntimeError);
}

}  // namespace
}  // namespace redactd::test
