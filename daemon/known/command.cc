#include "daemon/known/command.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cerrno>
#include <memory>
#include <system_error>

#include "daemon/await.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

constexpr size_t kPieceBytes = 16 * 1024;

/// What the child gets instead of this process's files and signals.
class SpawnSetup {
 public:
  explicit SpawnSetup(int standard_output) {
    posix_spawn_file_actions_init(&files_);
    posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files_, standard_output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// A child and both ends of its life: its output and its exit. Killed and reaped with the object.
struct Child {
  explicit Child(const asio::any_io_executor& executor)
      : output(executor), exit(executor), timer(executor) {}
  ~Child() {
    if (pid > 0) reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The group's number stays taken until the child has been reaped.
  void kill_group() const {
    if (pid > 0) kill(-pid, SIGKILL);
  }
  int reap() {
    kill_group();
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    pid = 0;
    return status;
  }

  pid_t pid = 0;
  asio::posix::stream_descriptor output;
  asio::posix::stream_descriptor exit;  // readable once the child has ended
  asio::steady_timer timer;
  bool timed_out = false;
};

std::string cannot_start(int error) {
  return "cannot be started: " + std::generic_category().message(error);
}

/// Empty, or why not.
std::string start(Child& child, const std::vector<std::string>& argv) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return cannot_start(errno);
  child.output.assign(ends[0]);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  SpawnSetup setup(ends[1]);
  pid_t pid = 0;
  int error =
      posix_spawnp(&pid, words[0], setup.files(), setup.attributes(), words.data(), environ);
  close(ends[1]);
  if (error != 0) return cannot_start(error);
  child.pid = pid;
  // glibc 2.36 declares pidfd_open() for C only.
  int handle = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (handle < 0) return cannot_start(errno);
  child.exit.assign(handle);
  return {};
}

/// Ends everything that keeps the output open once the child has ended or its time is up.
void watch_over(const std::shared_ptr<Child>& child, Milliseconds timeout) {
  child->timer.expires_after(timeout);
  child->timer.async_wait([weak = std::weak_ptr<Child>(child)](boost::system::error_code error) {
    std::shared_ptr<Child> late = weak.lock();
    if (error || !late) return;
    late->timed_out = true;
    late->kill_group();
    late->output.cancel();
  });
  child->exit.async_wait(asio::posix::descriptor_base::wait_read,
                         [weak = std::weak_ptr<Child>(child)](boost::system::error_code error) {
                           std::shared_ptr<Child> ended = weak.lock();
                           if (!error && ended) ended->kill_group();
                         });
}

std::string failure_of(const Child& child, const CommandResult& result, int status) {
  if (child.timed_out) return "did not end in time and was killed";
  if (result.output.size() > kLargestOutput) return "put out more than 1 MiB and was killed";
  if (WIFSIGNALED(status)) return "was ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "ended with status " + std::to_string(WEXITSTATUS(status));
  if (result.output.view().find('\0') != std::string_view::npos) return "put out no text";
  return {};
}

}  // namespace

asio::awaitable<CommandResult> run_command(std::vector<std::string> argv, Milliseconds timeout) {
  auto child = std::make_shared<Child>(co_await asio::this_coro::executor);
  CommandResult result;
  result.failure = start(*child, argv);
  if (!result.failure.empty()) co_return result;
  watch_over(child, timeout);
  Secret piece = Secret::of_size(kPieceBytes);
  while (result.output.size() <= kLargestOutput) {
    auto [error, got] =
        co_await child->output.async_read_some(asio::buffer(piece.data(), piece.size()), kAwaitAny);
    result.output.append(piece.view().substr(0, got));
    if (error) break;
  }
  if (result.output.size() > kLargestOutput) child->kill_group();
  // A child may close its output and go on.
  co_await child->exit.async_wait(asio::posix::descriptor_base::wait_read, kAwaitAny);
  child->timer.cancel();
  result.failure = failure_of(*child, result, child->reap());
  if (!result.failure.empty()) result.output = {};
  co_return result;
}

}  // namespace redactd
