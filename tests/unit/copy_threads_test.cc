// Reading ahead and writing behind: the same bytes, ends and errors as without the threads.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "daemon/filter/read_ahead.h"
#include "daemon/filter/stdio.h"
#include "daemon/filter/write_behind.h"

namespace redactd {
namespace {

constexpr size_t kBatch = 256 * 1024;
constexpr size_t kPipe = 1024 * 1024;

/// The tests want the error of a write that nobody reads, not the signal.
class Pipe {
 public:
  Pipe() {
    signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0);
    widen_pipe(ends_[1]);
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  int from() const { return ends_[0]; }
  int to() const { return ends_[1]; }
  void close_end(size_t end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  std::array<int, 2> ends_ = {-1, -1};
};

std::string noise(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// Pieces of 1 byte to 200 KiB, so that slow and fast phases follow each other.
std::vector<std::string> pieces_of(const std::string& bytes) {
  std::mt19937_64 random(1);
  std::vector<std::string> pieces;
  for (size_t at = 0; at < bytes.size();) {
    size_t size = random() % 3 == 0 ? random() % 200000 + 1 : random() % 100 + 1;
    pieces.push_back(bytes.substr(at, size));
    at += size;
  }
  return pieces;
}

std::string read_all(ReadAhead& input, ReadResult& end) {
  std::string room(kBatch, '\0');
  std::string all;
  while (true) {
    end = input.read({room.data(), room.size()});
    if (end.end != ReadEnd::none) return all;
    all.append(room, 0, end.size);
  }
}

TEST(ReadAhead, BringsEveryByteInOrder) {
  Pipe pipe;
  std::string sent = noise(8'000'000);
  std::thread writer([&] {
    for (const std::string& piece : pieces_of(sent)) EXPECT_EQ(write_all(pipe.to(), piece), 0);
    pipe.close_end(1);
  });
  ReadAhead input(pipe.from(), -1, false, kBatch);
  ReadResult end;
  EXPECT_TRUE(read_all(input, end) == sent);
  EXPECT_EQ(end.end, ReadEnd::end_of_input);
  char more = 0;
  EXPECT_EQ(input.read({&more, 1}).end, ReadEnd::end_of_input) << "an end is said again";
  writer.join();
}

TEST(ReadAhead, IsStoppedWhileItWaits) {
  Pipe pipe;
  int stop = eventfd(0, EFD_CLOEXEC);
  std::string sent = noise(200'000);
  ASSERT_EQ(write_all(pipe.to(), sent), 0);
  ReadAhead input(pipe.from(), stop, false, kBatch);
  std::string room(kBatch, '\0');
  size_t received = 0;
  while (received < sent.size()) received += input.read({room.data(), room.size()}).size;
  eventfd_write(stop, 1);
  EXPECT_EQ(input.read({room.data(), room.size()}).end, ReadEnd::stopped);
  close(stop);
}

TEST(ReadAhead, ReadsWhatWasThereBeforeItWasStoppedIfItDrains) {
  for (size_t size : {100u, 400'000u}) {
    Pipe pipe;
    int stop = eventfd(0, EFD_CLOEXEC);
    std::string sent = noise(size);
    ASSERT_EQ(write_all(pipe.to(), sent), 0);
    eventfd_write(stop, 1);
    ReadAhead input(pipe.from(), stop, true, kBatch);
    ReadResult end;
    EXPECT_TRUE(read_all(input, end) == sent) << size;
    EXPECT_EQ(end.end, ReadEnd::stopped);
    close(stop);
  }
}

TEST(ReadAhead, IsGivenUpWhileItsInputIsSilent) {
  Pipe pipe;
  ASSERT_EQ(write_all(pipe.to(), noise(300'000)), 0);
  ReadAhead input(pipe.from(), -1, false, kBatch);
  std::string room(kBatch, '\0');
  EXPECT_GT(input.read({room.data(), room.size()}).size, 0u);
  // The thread waits for a byte that never comes; the destructor does not.
}

TEST(ReadAhead, SaysWhyItCannotRead) {
  int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ReadAhead input(folder, -1, false, kBatch);
  std::string room(kBatch, '\0');
  ReadResult result = input.read({room.data(), room.size()});
  EXPECT_EQ(result.end, ReadEnd::failed);
  EXPECT_EQ(result.error, EISDIR);
  close(folder);
}

TEST(WriteBehind, WritesEveryByteInOrderForASlowReader) {
  Pipe pipe;
  std::string sent = noise(8'000'000);
  std::string received;
  std::thread reader([&] {
    std::string room(70'000, '\0');
    for (ssize_t size; (size = read(pipe.from(), room.data(), room.size())) > 0;) {
      received.append(room, 0, static_cast<size_t>(size));
      if (received.size() % 5 == 0) usleep(200);
    }
  });
  {
    WriteBehind output(pipe.to(), kBatch);
    for (const std::string& piece : pieces_of(sent)) EXPECT_EQ(output.write(piece), 0);
    EXPECT_EQ(output.write(sent), 0) << "longer than all batches together";
    EXPECT_EQ(output.finish(), 0);
  }
  pipe.close_end(1);
  reader.join();
  EXPECT_TRUE(received == sent + sent);
}

TEST(WriteBehind, ASmallBatchIsWrittenWhenTheCallReturns) {
  Pipe pipe;
  WriteBehind output(pipe.to(), kBatch);
  EXPECT_EQ(output.write("a line\n"), 0);
  EXPECT_EQ(bytes_waiting(pipe.from()), 7u);
}

/// As when the matcher fails: an exception passes, and nobody calls finish().
TEST(WriteBehind, GivenUpItDoesNotWaitForAReaderThatStalls) {
  Pipe pipe;
  const std::string sent = noise(4 * kBatch);
  auto start = std::chrono::steady_clock::now();
  {
    WriteBehind output(pipe.to(), kBatch);
    ASSERT_EQ(output.write(sent), 0);  // more than the pipe holds, less than the batches do
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  std::string received(sent.size(), '\0');
  ssize_t size = read(pipe.from(), received.data(), received.size());
  ASSERT_GT(size, 0);
  EXPECT_TRUE(sent.starts_with(received.substr(0, static_cast<size_t>(size))));
  pipe.close_end(0);  // ends the write that is still open
}

TEST(WriteBehind, GivenUpItStillWritesWhatAReaderTakes) {
  Pipe pipe;
  const std::string sent = noise(4 * kBatch);
  std::string received;
  std::thread reader([&] {
    std::string room(70'000, '\0');
    for (ssize_t size; (size = read(pipe.from(), room.data(), room.size())) > 0;)
      received.append(room, 0, static_cast<size_t>(size));
  });
  {
    WriteBehind output(pipe.to(), kBatch);
    ASSERT_EQ(output.write(sent), 0);
  }
  pipe.close_end(1);
  reader.join();
  EXPECT_TRUE(received == sent);
}

TEST(WriteBehind, AReaderThatLeftIsSaidAtTheEndAtLatest) {
  Pipe pipe;
  WriteBehind output(pipe.to(), kBatch);
  std::string much = noise(kPipe);
  std::thread reader([&] {
    char byte = 0;
    EXPECT_EQ(read(pipe.from(), &byte, 1), 1);
    pipe.close_end(0);
  });
  int error = 0;
  for (int i = 0; i < 100 && error == 0; ++i) error = output.write(much);
  EXPECT_EQ(error, EPIPE);
  EXPECT_EQ(output.finish(), EPIPE);
  reader.join();
}

}  // namespace
}  // namespace redactd
