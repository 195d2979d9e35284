#include "daemon/process/system_calls.h"

#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

namespace redactd {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

/// A call that is allowed with some arguments only. Each is one way to be allowed.
struct Condition {
  std::string_view call;
  scmp_arg_cmp argument;
};

constexpr scmp_arg_cmp equal(unsigned number, scmp_datum_t value) {
  return {number, SCMP_CMP_EQ, value, 0};
}

/// The bits of `mask` are those of `value`.
constexpr scmp_arg_cmp bits(unsigned number, scmp_datum_t mask, scmp_datum_t value) {
  return {number, SCMP_CMP_MASKED_EQ, mask, value};
}

std::vector<Condition> conditions() {
  return {
      {"clone", bits(0, CLONE_THREAD, CLONE_THREAD)},  // a thread, never a process
      {"ioctl", equal(1, FIONBIO)},
      {"ioctl", equal(1, FIONREAD)},
      {"ioctl", equal(1, SIOCGIFINDEX)},  // the zone of a link-local address
      {"ioctl", equal(1, SIOCGIFNAME)},
      {"ioctl", equal(1, SIOCOUTQ)},
      {"ioctl", equal(1, TCGETS)},
      {"ioctl", equal(1, TCSETS)},
      {"ioctl", equal(1, TCSETSW)},
      {"ioctl", equal(1, TCSETSF)},
      {"ioctl", equal(1, TIOCGPGRP)},
      {"ioctl", equal(1, TIOCGWINSZ)},
      {"ioctl", equal(1, TIOCSWINSZ)},
      // Libraries may still be loaded, but nothing that is written becomes code.
      {"mmap", bits(2, PROT_EXEC, 0)},
      {"mmap", bits(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)},
      {"mprotect", bits(2, PROT_EXEC, 0)},
      {"prctl", equal(0, PR_SET_NAME)},
      {"prctl", equal(0, PR_GET_DUMPABLE)},
      {"prlimit64", equal(2, 0)},  // asked, not set
      {"socket", equal(0, AF_INET)},
      {"socket", equal(0, AF_INET6)},
      {"socket", equal(0, AF_UNIX)},
      {"tgkill", equal(0, static_cast<scmp_datum_t>(getpid()))},  // abort() and raise()
  };
}

bool has(Confinement confinement, const SystemCallGroup& group) {
  if (group.least == Confinement::runner) return confinement == Confinement::runner;
  return confinement >= group.least;
}

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise), seccomp_release) {
    if (!context_) throw std::bad_alloc();
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_LOG, 1);
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree: half the time of a long list
  }

  /// Calls that this architecture or this libseccomp does not know are left out.
  void add(uint32_t action, std::string_view call, const std::vector<Condition>& conditions = {}) {
    int number = seccomp_syscall_resolve_name(std::string(call).c_str());
    if (number == __NR_SCMP_ERROR) return;
    bool limited = false;
    for (const Condition& condition : conditions) {
      if (condition.call != call) continue;
      limited = true;
      check(seccomp_rule_add_array(context_.get(), action, number, 1, &condition.argument));
    }
    if (!limited) check(seccomp_rule_add(context_.get(), action, number, 0));
  }

  std::string load() {
    if (result_ == 0) result_ = seccomp_load(context_.get());
    return result_ == 0 ? std::string() : std::strerror(result_ < 0 ? -result_ : result_);
  }

 private:
  void set(scmp_filter_attr attribute, uint32_t value) {
    check(seccomp_attr_set(context_.get(), attribute, value));
  }
  void check(int result) {
    if (result != 0 && result_ == 0) result_ = result;
  }

  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int result_ = 0;  // the first that went wrong
};

}  // namespace

const std::vector<SystemCallGroup>& allowed_system_calls() {
  static const std::vector<SystemCallGroup> groups = {
      {"memory", Confinement::filter, {"brk", "madvise", "mmap", "mprotect", "mremap", "munmap"}},
      {"threads",
       Confinement::filter,
       {"clone", "exit", "exit_group", "futex", "get_robust_list", "getcpu", "gettid", "membarrier",
        "prctl", "restart_syscall", "rseq", "sched_getaffinity", "sched_yield", "set_robust_list"}},
      {"signals",
       Confinement::filter,
       {"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack",
        "signalfd4", "tgkill"}},
      {"time",
       Confinement::filter,
       {"clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
        "timerfd_create", "timerfd_gettime", "timerfd_settime"}},
      {"streams",
       Confinement::filter,
       {"close",      "dup",      "dup2",  "dup3",    "epoll_create1", "epoll_ctl", "epoll_pwait",
        "epoll_wait", "eventfd2", "fcntl", "fstat",   "ioctl",         "lseek",     "newfstatat",
        "pipe2",      "poll",     "ppoll", "pread64", "preadv",        "pselect6",  "pwrite64",
        "pwritev",    "read",     "readv", "select",  "write",         "writev"}},
      {"itself",
       Confinement::filter,
       {"getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom", "getrlimit", "getrusage",
        "getuid", "prlimit64", "sysinfo", "times", "uname"}},
      {"program", Confinement::runner, {"getpgid", "getpgrp", "kill", "wait4", "waitid"}},
      {"files",
       Confinement::daemon,
       {"access",     "chmod",     "close_range",     "faccessat",  "faccessat2", "fadvise64",
        "fallocate",  "fchmod",    "fchmodat",        "fdatasync",  "flock",      "fstatfs",
        "fsync",      "ftruncate", "getcwd",          "getdents64", "link",       "linkat",
        "lstat",      "mkdir",     "mkdirat",         "open",       "openat",     "readlink",
        "readlinkat", "rename",    "renameat",        "renameat2",  "rmdir",      "stat",
        "statfs",     "statx",     "sync_file_range", "umask",      "unlink",     "unlinkat"}},
      {"watches", Confinement::daemon, {"inotify_add_watch", "inotify_init1", "inotify_rm_watch"}},
      {"network",
       Confinement::daemon,
       {"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
        "listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
        "shutdown", "socket", "socketpair"}},
      {"keys", Confinement::daemon, {"mlock", "mlock2", "munlock"}},
  };
  return groups;
}

const std::vector<std::string_view>& calls_refused_to_programs() {
  // clang-format off
  static const std::vector<std::string_view> calls = {
      "acct", "add_key", "adjtimex", "bpf", "chroot", "clock_adjtime", "clock_settime",
      "delete_module", "fanotify_init", "finit_module", "fsconfig", "fsmount", "fsopen", "fspick",
      "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl",
      "kcmp", "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "mknod", "mknodat",
      "modify_ldt", "mount", "mount_setattr", "move_mount", "name_to_handle_at",
      "open_by_handle_at", "open_tree", "perf_event_open", "personality", "pidfd_getfd",
      "pivot_root", "process_madvise", "process_vm_readv", "process_vm_writev", "ptrace",
      "quotactl", "quotactl_fd", "reboot", "request_key", "setdomainname", "sethostname", "setns",
      "settimeofday", "swapoff", "swapon", "syslog", "umount2", "unshare", "userfaultfd",
      "vhangup"};
  // clang-format on
  return calls;
}

bool confines_system_calls() { return !kSanitized; }

std::string confine_system_calls(Confinement confinement) {
  if (kSanitized) return {};
  const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  if (confinement == Confinement::starts_programs) {
    Filter filter(SCMP_ACT_ALLOW);
    for (std::string_view call : calls_refused_to_programs()) filter.add(refuse, call);
    return filter.load();
  }
  Filter filter(refuse);
  const std::vector<Condition> limits = conditions();
  for (const SystemCallGroup& group : allowed_system_calls()) {
    if (!has(confinement, group)) continue;
    for (std::string_view call : group.calls) filter.add(SCMP_ACT_ALLOW, call, limits);
  }
  // Its flags lie where no filter can look: the C library falls back to clone.
  filter.add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  return filter.load();
}

}  // namespace redactd
