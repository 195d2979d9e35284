#include "daemon/run/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace redactd {
namespace {

class Spawn {
 public:
  explicit Spawn(const ProgramSetup& setup) {
    posix_spawn_file_actions_init(&files_);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &setup.signals);
    short flags = POSIX_SPAWN_SETSIGMASK;
    if (!setup.terminal.empty()) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&attributes_, flags);
    set_files(setup);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&files_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  int operator()(const std::vector<std::string>& argv, pid_t& pid) const {
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return posix_spawnp(&pid, words[0], &files_, &attributes_, words.data(), environ);
  }

 private:
  void set_files(const ProgramSetup& setup) {
    int output = setup.output;
    if (!setup.terminal.empty()) {
      // The first terminal that a new session opens becomes its own.
      output = setup.input_from_terminal ? STDIN_FILENO : STDOUT_FILENO;
      posix_spawn_file_actions_addopen(&files_, output, setup.terminal.c_str(), O_RDWR, 0);
    }
    if (output != STDOUT_FILENO) posix_spawn_file_actions_adddup2(&files_, output, STDOUT_FILENO);
    int error = setup.error >= 0 ? setup.error : STDOUT_FILENO;
    posix_spawn_file_actions_adddup2(&files_, error, STDERR_FILENO);
  }

  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

int start_program(const std::vector<std::string>& argv, const ProgramSetup& setup, pid_t& pid) {
  Spawn spawn(setup);
  int error = spawn(argv, pid);
  if (error != ENOEXEC) return error;
  std::vector<std::string> script = {"/bin/sh"};
  script.insert(script.end(), argv.begin(), argv.end());
  return spawn(script, pid);
}

int status_of_start_error(int error) { return error == ENOENT ? 127 : 126; }

int shell_status(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace redactd
