// The files of Unix sockets: left by a process that has ended, in use, another's by now.

#include "daemon/sources/socket_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>

#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

/// A socket that is bound, and listens if it can.
class Bound {
 public:
  Bound(const std::string& path, int type) : socket_(socket(AF_UNIX, type, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("bind failed");
    if (type == SOCK_STREAM) listen(socket_, 1);
  }
  ~Bound() { close(socket_); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  int socket_;
};

struct SocketPathTest : ::testing::Test {
  bool exists() const { return std::filesystem::exists(path); }
  std::string refusal(int type) const {
    try {
      clear_socket_path(path, type);
      return "";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  TempDir dir;
  std::string path = dir.path("log");
};

TEST_F(SocketPathTest, ThatAnEndedProcessHasLeftIsCleared) {
  for (int type : {SOCK_STREAM, SOCK_DGRAM}) {
    { Bound left(path, type); }
    ASSERT_TRUE(exists());
    EXPECT_EQ(refusal(SOCK_STREAM), "");
    EXPECT_FALSE(exists());
  }
}

TEST_F(SocketPathTest, WhereSomebodyListensIsLeftAlone) {
  for (int theirs : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    for (int ours : {SOCK_STREAM, SOCK_DGRAM}) {
      {
        Bound live(path, theirs);
        EXPECT_THAT(refusal(ours), ::testing::HasSubstr("another process listens"))
            << theirs << " " << ours;
        EXPECT_TRUE(exists());
      }
      unlink(path.c_str());
    }
  }
}

TEST_F(SocketPathTest, GoesWithItsSocket) {
  Bound ours(path, SOCK_DGRAM);
  SocketPath own;
  own.take(path, 0620);
  struct stat is = {};
  ASSERT_EQ(stat(path.c_str(), &is), 0);
  EXPECT_EQ(is.st_mode & 0777u, 0620u);
  own.remove();
  EXPECT_FALSE(exists());
}

TEST_F(SocketPathTest, ThatIsAnothersByNowStays) {
  Bound ours(path, SOCK_DGRAM);
  SocketPath own;
  own.take(path, 0600);
  unlink(path.c_str());
  Bound others(path, SOCK_DGRAM);
  own.remove();
  EXPECT_TRUE(exists());
}

}  // namespace
}  // namespace redactd::test
