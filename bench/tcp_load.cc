// Load for a relay of syslog over TCP. Sends records to it and receives what it passes on, both in
// this process, so that one clock times both ends. Prints `listening` as soon as a relay can
// connect, and a JSON object at the end.
//
//     tcp_load throughput --listen PORT --to PORT --connections 8 --repeat 60 [--tls] FILE
//     tcp_load latency    --listen PORT --to PORT --rate 50000 --seconds 20 FILE
//
// FILE holds one record a line. The relay connects to --listen (before or while it takes our
// connections at --to); with the same port for both there is no relay. The receiver counts whole
// records, whatever connection they come on, and gives up when nothing comes any more.
//
// latency is an open loop: record i is due at start + i / rate, whether or not the relay keeps up,
// and its latency counts from then. Each line of FILE needs kSequenceRoom, which becomes i.

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <deque>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "bench/loopback.h"
#include "daemon/descriptor.h"

namespace {

using redactd::Descriptor;
using redactd::bench::loopback;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr size_t kBlock = 256 * 1024;  // bytes of one send or receive
constexpr std::string_view kSequenceRoom = "0000000000";
constexpr milliseconds kConnectPatience{60000};
constexpr int kReceivePatienceMs = 30000;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

ssize_t checked(ssize_t result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

// ---------------------------------------------------------------- sockets

Descriptor tcp_socket() {
  Descriptor made(static_cast<int>(checked(socket(AF_INET, SOCK_STREAM, 0), "socket")));
  int on = 1;
  setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return made;
}

Descriptor listen_on(uint16_t port) {
  Descriptor listener = tcp_socket();
  sockaddr_in address = loopback(port);
  checked(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
  checked(listen(listener.get(), 1024), "listen");
  return listener;
}

/// The relay may still be starting, so refused connections are tried again.
Descriptor connect_to(uint16_t port) {
  sockaddr_in address = loopback(port);
  Clock::time_point deadline = Clock::now() + kConnectPatience;
  while (true) {
    Descriptor made = tcp_socket();
    if (connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      return made;
    }
    if (errno != ECONNREFUSED || Clock::now() > deadline) fail("connect to the relay");
    std::this_thread::sleep_for(milliseconds(5));
  }
}

void watch(const Descriptor& poll, int fd, uint32_t events, uint64_t key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  checked(epoll_ctl(poll.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// ---------------------------------------------------------------- TLS

/// Sends over TLS (1.3, AES-128-GCM, nothing verified: the relay is ours) where it was asked for.
class Transport {
 public:
  Transport(Descriptor socket, bool tls) : socket_(std::move(socket)) {
    if (!tls) return;
    static SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    tls_.reset(SSL_new(context));
    SSL_set_fd(tls_.get(), socket_.get());
    if (SSL_connect(tls_.get()) != 1) throw std::runtime_error("TLS handshake with the relay");
    checked(fcntl(socket_.get(), F_SETFL, O_NONBLOCK), "fcntl");
  }

  int descriptor() const { return socket_.get(); }

  /// Bytes taken; 0: none now.
  size_t send_some(std::string_view bytes) {
    if (tls_) return send_tls(bytes);
    ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return 0;
    return static_cast<size_t>(checked(sent, "send to the relay"));
  }

  /// Ends TLS, so that the relay sees no truncation.
  void finish() {
    if (tls_) SSL_shutdown(tls_.get());
  }

 private:
  struct Free {
    void operator()(SSL* tls) const { SSL_free(tls); }
  };

  size_t send_tls(std::string_view bytes) {
    int sent = SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent > 0) return static_cast<size_t>(sent);
    int error = SSL_get_error(tls_.get(), sent);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ)
      throw std::runtime_error("send over TLS to the relay: error " + std::to_string(error));
    return 0;
  }

  Descriptor socket_;
  std::unique_ptr<SSL, Free> tls_;
};

// ---------------------------------------------------------------- records

enum class Framing { octet_counting, newline };

/// Records as they go over the wire.
struct Corpus {
  std::string bytes;
  std::vector<size_t> begins;  // of each record's body
  std::vector<size_t> ends;    // behind each record and its framing

  std::string_view records(size_t first, size_t last) const {
    size_t begin = first == 0 ? 0 : ends[first - 1];
    return std::string_view(bytes).substr(begin, ends[last - 1] - begin);
  }
};

Corpus read_corpus(const std::string& path, Framing framing) {
  Corpus corpus;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    if (framing == Framing::octet_counting) corpus.bytes += std::to_string(line.size()) + ' ';
    corpus.begins.push_back(corpus.bytes.size());
    corpus.bytes += line;
    if (framing == Framing::newline) corpus.bytes += '\n';
    corpus.ends.push_back(corpus.bytes.size());
  }
  if (corpus.ends.empty()) throw std::runtime_error("no records in " + path);
  return corpus;
}

/// The first record's body in `bytes`; data() is null where it is not complete. `size` becomes what
/// it takes on the wire.
std::string_view next_record(std::string_view bytes, Framing framing, size_t& size) {
  if (framing == Framing::newline) {
    size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return {};
    size = end + 1;
    return bytes.substr(0, end);
  }
  size_t count = 0;
  auto [digits_end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), count);
  if (digits_end == bytes.data() + bytes.size()) return {};
  if (error != std::errc{} || *digits_end != ' ') {
    throw std::runtime_error("what the relay sent is not octet-counted");
  }
  size_t head = static_cast<size_t>(digits_end - bytes.data()) + 1;
  if (bytes.size() < head + count) return {};
  size = head + count;
  return bytes.substr(head, count);
}

// ---------------------------------------------------------------- receiving

/// Accepts what connects and cuts what comes into records. One buffer for all connections, which
/// stays in the processor's cache; a connection keeps only its incomplete record.
class Receiver {
 public:
  Receiver(uint16_t port, Framing framing)
      : listener_(listen_on(port)),
        poll_(static_cast<int>(checked(epoll_create1(0), "epoll_create1"))),
        framing_(framing),
        buffer_(2 * kBlock) {
    watch(poll_, listener_.get(), EPOLLIN, kListener);
    std::cout << "listening" << std::endl;
  }

  /// Keeps every byte that comes, connection after connection.
  void keep(const std::string& path) { kept_path_ = path; }

  /// Calls `on_record(body)` for each record until `expected` have come, and returns how many did.
  /// Fewer: nothing came for kReceivePatienceMs.
  template <typename OnRecord>
  uint64_t receive(uint64_t expected, OnRecord on_record) {
    uint64_t records = 0;
    std::array<epoll_event, 64> events;
    while (records < expected) {
      int ready = epoll_wait(poll_.get(), events.data(), events.size(), kReceivePatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      if (checked(ready, "epoll_wait") == 0) break;
      for (int i = 0; i < ready; ++i) {
        uint64_t key = events[static_cast<size_t>(i)].data.u64;
        if (key == kListener) {
          accept_one();
        } else {
          records += read_from(connections_[key], on_record);
        }
      }
    }
    return records;
  }

  uint64_t bytes() const { return bytes_; }
  size_t connections() const { return connections_.size(); }

  void write_kept() const {
    std::ofstream out(kept_path_, std::ios::binary);
    for (const Connection& connection : connections_) out << connection.kept;
  }

 private:
  static constexpr uint64_t kListener = UINT64_MAX;
  struct Connection {
    Descriptor socket;
    std::string incomplete;
    std::string kept;
  };

  void accept_one() {
    int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK);
    connections_.push_back({Descriptor(static_cast<int>(checked(fd, "accept"))), "", ""});
    watch(poll_, fd, EPOLLIN, connections_.size() - 1);
  }

  template <typename OnRecord>
  uint64_t read_from(Connection& connection, OnRecord& on_record) {
    size_t held = connection.incomplete.size();
    if (held > kBlock) throw std::runtime_error("the relay sent a record that is too large");
    std::memcpy(buffer_.data(), connection.incomplete.data(), held);
    ssize_t got = recv(connection.socket.get(), buffer_.data() + held, kBlock, 0);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) {
      epoll_ctl(poll_.get(), EPOLL_CTL_DEL, connection.socket.get(), nullptr);
      return 0;
    }
    bytes_ += static_cast<uint64_t>(got);
    std::string_view bytes(buffer_.data(), held + static_cast<size_t>(got));
    if (!kept_path_.empty()) connection.kept += bytes.substr(held);
    uint64_t records = 0;
    size_t size = 0;
    for (std::string_view body; (body = next_record(bytes, framing_, size)).data() != nullptr;) {
      on_record(body);
      bytes.remove_prefix(size);
      ++records;
    }
    connection.incomplete = bytes;
    return records;
  }

  Descriptor listener_;
  Descriptor poll_;
  Framing framing_;
  std::vector<char> buffer_;
  std::deque<Connection> connections_;
  uint64_t bytes_ = 0;
  std::string kept_path_;
};

// ---------------------------------------------------------------- throughput

struct Options {
  uint16_t listen = 0;
  uint16_t to = 0;
  Framing framing = Framing::octet_counting;
  size_t connections = 1;
  bool tls = false;
  uint64_t repeat = 1;
  uint64_t rate = 50000;
  double seconds = 10;
  std::string keep;
  std::string file;
};

/// One connection's share of the corpus, sent `repeats` times over.
struct Share {
  Transport relay;
  std::string_view bytes;
  uint64_t repeats;
  size_t offset = 0;
};

std::vector<Share> connect_all(const Options& options, const Corpus& corpus) {
  std::vector<Share> shares;
  size_t records = corpus.ends.size();
  for (size_t i = 0; i < options.connections; ++i) {
    size_t first = i * records / options.connections;
    size_t last = (i + 1) * records / options.connections;
    shares.push_back({Transport(connect_to(options.to), options.tls), corpus.records(first, last),
                      options.repeat});
  }
  return shares;
}

/// → whether the share is done.
bool send_some(Share& share) {
  share.offset += share.relay.send_some(share.bytes.substr(share.offset, kBlock));
  if (share.offset < share.bytes.size()) return false;
  share.offset = 0;
  return --share.repeats == 0;
}

void send_all(std::vector<Share>& shares) {
  Descriptor poll(static_cast<int>(checked(epoll_create1(0), "epoll_create1")));
  for (size_t i = 0; i < shares.size(); ++i) watch(poll, shares[i].relay.descriptor(), EPOLLOUT, i);
  std::array<epoll_event, 64> events;
  for (size_t open = shares.size(); open > 0;) {
    int ready = epoll_wait(poll.get(), events.data(), events.size(), -1);
    if (ready < 0 && errno == EINTR) continue;
    for (int i = 0; i < static_cast<int>(checked(ready, "epoll_wait")); ++i) {
      Share& share = shares[events[static_cast<size_t>(i)].data.u64];
      if (!send_some(share)) continue;
      share.relay.finish();
      epoll_ctl(poll.get(), EPOLL_CTL_DEL, share.relay.descriptor(), nullptr);
      --open;
    }
  }
}

/// Runs `work` and ends the process if it fails: the other thread would wait in vain.
template <typename Work>
auto or_exit(Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    std::cerr << "tcp_load: " << error.what() << std::endl;
    std::_Exit(3);
  }
}

/// Sends by `send` on a thread of its own while records are received on this one.
template <typename Send, typename OnRecord>
uint64_t exchange(Send send, Receiver& receiver, uint64_t expected, OnRecord on_record) {
  std::thread sender([send] { or_exit(send); });
  return or_exit([&] {
    uint64_t records = receiver.receive(expected, on_record);
    if (records < expected) {
      throw std::runtime_error(std::to_string(records) + " of " + std::to_string(expected) +
                               " records came");
    }
    sender.join();
    return records;
  });
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

nlohmann::json throughput(const Options& options) {
  Receiver receiver(options.listen, options.framing);
  Corpus corpus = read_corpus(options.file, options.framing);
  if (!options.keep.empty()) receiver.keep(options.keep);
  std::vector<Share> shares = connect_all(options, corpus);
  double cpu_before = cpu_seconds();
  Clock::time_point start = Clock::now();
  uint64_t records = exchange([&shares] { send_all(shares); }, receiver,
                              corpus.ends.size() * options.repeat, [](std::string_view) {});
  double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (!options.keep.empty()) receiver.write_kept();
  return {{"seconds", seconds},
          {"records", records},
          {"bytes", corpus.bytes.size() * options.repeat},
          {"bytes_received", receiver.bytes()},
          {"connections_received", receiver.connections()},
          {"cpu", cpu_seconds() - cpu_before}};
}

// ---------------------------------------------------------------- latency

/// When each record is due.
struct Schedule {
  Clock::time_point start;
  uint64_t rate;

  Clock::time_point due(uint64_t i) const {
    return start + nanoseconds(static_cast<int64_t>(i * 1'000'000'000 / rate));
  }
};

void append_record(std::string& to, const Corpus& corpus, size_t sequence_at, uint64_t i) {
  size_t at = i % corpus.ends.size();
  std::string_view record = corpus.records(at, at + 1);
  size_t body = corpus.ends[at] - corpus.begins[at];
  size_t digits = to.size() + record.size() - body + sequence_at + kSequenceRoom.size();
  to += record;
  for (uint64_t rest = i; rest > 0; rest /= 10) to[--digits] = static_cast<char>('0' + rest % 10);
}

/// Sends in one go what has become due since it was last awake.
void send_when_due(const Descriptor& socket, const Corpus& corpus, size_t sequence_at,
                   const Schedule& schedule, uint64_t records) {
  prctl(PR_SET_TIMERSLACK, 1);
  std::string out;
  for (uint64_t next = 0; next < records;) {
    std::this_thread::sleep_until(schedule.due(next));
    Clock::time_point now = Clock::now();
    out.clear();
    while (next < records && schedule.due(next) <= now && out.size() < kBlock) {
      append_record(out, corpus, sequence_at, next++);
    }
    for (std::string_view rest = out; !rest.empty();) {
      ssize_t sent = send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      rest.remove_prefix(static_cast<size_t>(checked(sent, "send to the relay")));
    }
  }
}

uint64_t sequence_of(std::string_view body, size_t sequence_at) {
  uint64_t i = 0;
  if (body.size() >= sequence_at + kSequenceRoom.size()) {
    const char* begin = body.data() + sequence_at;
    auto [end, error] = std::from_chars(begin, begin + kSequenceRoom.size(), i);
    if (error == std::errc{} && end == begin + kSequenceRoom.size()) return i;
  }
  throw std::runtime_error("the relay changed the sequence number of a record");
}

/// Sorted latencies as percentiles and in buckets whose upper bounds are powers of 2^(1/4) µs.
nlohmann::json described(const std::vector<double>& sorted_us) {
  auto percentile = [&sorted_us](double share) {
    double rank = std::ceil(share * static_cast<double>(sorted_us.size()));
    return sorted_us[std::max<size_t>(static_cast<size_t>(rank), 1) - 1];
  };
  std::map<int, uint64_t> buckets;
  for (double us : sorted_us) ++buckets[static_cast<int>(std::ceil(std::log2(us + 1e-3) * 4))];
  nlohmann::json histogram = nlohmann::json::array();
  for (auto [power, count] : buckets) histogram.push_back({std::exp2(power / 4.0), count});
  return {{"p50_us", percentile(0.5)},  {"p90_us", percentile(0.9)},
          {"p99_us", percentile(0.99)}, {"p999_us", percentile(0.999)},
          {"max_us", sorted_us.back()}, {"histogram", histogram}};
}

nlohmann::json latency(const Options& options) {
  Receiver receiver(options.listen, options.framing);
  Corpus corpus = read_corpus(options.file, options.framing);
  size_t sequence_at = corpus.bytes.find(kSequenceRoom, corpus.begins[0]) - corpus.begins[0];
  for (size_t begin : corpus.begins) {
    if (corpus.bytes.compare(begin + sequence_at, kSequenceRoom.size(), kSequenceRoom) != 0) {
      throw std::runtime_error("a line has no room for its sequence number");
    }
  }
  Descriptor socket = connect_to(options.to);
  auto records = static_cast<uint64_t>(options.seconds * static_cast<double>(options.rate));
  std::vector<double> us;
  us.reserve(records);
  Schedule schedule{Clock::now() + milliseconds(200), options.rate};
  auto send = [&socket, &corpus, sequence_at, schedule, records] {
    send_when_due(socket, corpus, sequence_at, schedule, records);
  };
  auto take = [&us, &schedule, sequence_at](std::string_view body) {
    Clock::duration late = Clock::now() - schedule.due(sequence_of(body, sequence_at));
    us.push_back(std::chrono::duration<double, std::micro>(late).count());
  };
  exchange(send, receiver, records, take);
  std::sort(us.begin(), us.end());
  nlohmann::json result = described(us);
  result["records"] = records;
  result["rate"] = options.rate;
  result["cpu"] = cpu_seconds();
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Load for a relay of syslog over TCP");
  Options options;
  app.require_subcommand(1);
  CLI::App* as_fast_as_it_goes = app.add_subcommand("throughput", "as fast as it goes");
  CLI::App* open_loop = app.add_subcommand("latency", "at a fixed rate");
  const std::map<std::string, Framing> framings{{"octet-counting", Framing::octet_counting},
                                                {"newline", Framing::newline}};
  for (CLI::App* mode : {as_fast_as_it_goes, open_loop}) {
    mode->add_option("--listen", options.listen, "port for what the relay sends")->required();
    mode->add_option("--to", options.to, "the relay's port")->required();
    mode->add_option("--framing", options.framing)->transform(CLI::CheckedTransformer(framings));
    mode->add_option("file", options.file, "one record a line")->required();
  }
  as_fast_as_it_goes->add_option("--connections", options.connections);
  as_fast_as_it_goes->add_flag("--tls", options.tls, "send over TLS");
  as_fast_as_it_goes->add_option("--repeat", options.repeat, "how often the file is sent");
  as_fast_as_it_goes->add_option("--keep", options.keep, "file for what the relay sent");
  open_loop->add_option("--rate", options.rate, "records a second");
  open_loop->add_option("--seconds", options.seconds);
  CLI11_PARSE(app, argc, argv);
  try {
    nlohmann::json result = *as_fast_as_it_goes ? throughput(options) : latency(options);
    std::cout << result.dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "tcp_load: " << error.what() << '\n';
    return 3;
  }
}
