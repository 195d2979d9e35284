// The ceiling of the daemon: what a relay costs that scans and does nothing else. Takes
// connections, gives each one of its own to the sink, scans what it reads with the built-in rules'
// compiled expressions and sends it on as it came: no records, no masks, no order between
// connections.
//
//     bare_relay --listen PORT --to PORT               both on 127.0.0.1
//     bare_relay --listen PORT --to PORT --no-scan     without the matcher
//
// Ends on SIGTERM.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/loopback.h"
#include "config/settings.h"
#include "filters/matcher/matcher.h"

namespace {

using redactd::bench::loopback;

// What the daemon reads at once where several connections keep all workers busy.
constexpr size_t kReadBytes = 64 * 1024;

int checked(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
  return result;
}

int connect_to(uint16_t port) {
  const int socket = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const sockaddr_in address = loopback(port);
  checked(connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

int listen_on(uint16_t port) {
  const int socket = checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  const int on = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  checked(bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  checked(listen(socket, 4096), "listen");
  return socket;
}

/// A connection and the one that it is sent on over.
struct Pair {
  Pair(int in, int out, const redactd::RuleSet* rules) : from(in), to(out) {
    if (rules == nullptr) return;
    for (const auto& database : rules->databases()) streams.emplace_back(*database);
  }
  int from;
  int to;
  std::vector<redactd::MatchStream> streams;
};

/// A thread with the connections that it was given. They live as long as the process or their peer.
class Worker {
 public:
  explicit Worker(const redactd::RuleSet* rules)
      : rules_(rules), epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    if (rules_ == nullptr) return;
    for (const auto& database : rules_->databases()) scratch_.fit(*database);
  }

  void add(int from, int to) {
    auto pair = std::make_unique<Pair>(from, to, rules_);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = pair.release();
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, from, &event), "epoll_ctl");
  }

  void run() {
    std::vector<epoll_event> events(64);
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno == EINTR) continue;
      checked(count, "epoll_wait");
      for (int i = 0; i < count; ++i) {
        std::unique_ptr<Pair> pair(static_cast<Pair*>(events[static_cast<size_t>(i)].data.ptr));
        if (pass_on(*pair)) pair.release();
      }
    }
  }

 private:
  /// False: the connection has ended, and with it the one to the sink.
  bool pass_on(Pair& pair) {
    const ssize_t size = recv(pair.from, room(), kReadBytes, 0);
    if (size <= 0) {
      close(pair.from);
      close(pair.to);
      return false;
    }
    std::string_view bytes(room(), static_cast<size_t>(size));
    matches_.clear();
    for (redactd::MatchStream& stream : pair.streams) stream.scan(bytes, scratch_, matches_);
    while (!bytes.empty()) {
      const ssize_t sent = send(pair.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      checked(static_cast<int>(sent), "send");
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  char* room() { return buffer_.data() + redactd::kScanPadding; }

  const redactd::RuleSet* rules_;
  int epoll_;
  redactd::MatchScratch scratch_;
  std::vector<redactd::Match> matches_;
  std::vector<char> buffer_ =
      std::vector<char>(redactd::kScanPadding + kReadBytes + redactd::kScanPadding);
};

/// Connections go to the workers in turn.
[[noreturn]] void relay(uint16_t port, uint16_t sink, const redactd::RuleSet* rules) {
  const int listener = listen_on(port);
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    workers.push_back(std::make_unique<Worker>(rules));
    threads.emplace_back(&Worker::run, workers.back().get());
  }
  for (size_t next = 0;; ++next) {
    const int from = checked(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC), "accept4");
    workers[next % workers.size()]->add(from, connect_to(sink));
  }
}

int run(const std::vector<std::string>& arguments) {
  uint16_t port = 0;
  uint16_t sink = 0;
  bool scans = true;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--no-scan") {
      scans = false;
    } else if (arguments[i] == "--listen" && more) {
      port = static_cast<uint16_t>(std::stoi(arguments[++i]));
    } else if (arguments[i] == "--to" && more) {
      sink = static_cast<uint16_t>(std::stoi(arguments[++i]));
    } else {
      port = 0;
      break;
    }
  }
  if (port == 0 || sink == 0) {
    std::cerr << "usage: bare_relay --listen PORT --to PORT [--no-scan]\n";
    return 2;
  }
  redactd::Diagnostics diagnostics;
  std::shared_ptr<const redactd::RuleSet> rules = redactd::build_rule_set({}, diagnostics);
  if (!rules) {
    std::cerr << diagnostics.text();
    return 2;
  }
  relay(port, sink, scans ? rules.get() : nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "bare_relay: " << error.what() << '\n';
    return 3;
  }
}
