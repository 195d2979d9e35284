#include "daemon/known/known_command.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/descriptor.h"
#include "daemon/exit_code.h"
#include "daemon/known/control_protocol.h"
#include "daemon/known/secret.h"
#include "filters/byte_order_mark.h"

namespace redactd {
namespace {

constexpr int kAnswerMilliseconds =
    150'000;  // longer than the daemon waits for a value to be in force
constexpr size_t kPieceBytes = 16 * 1024;
constexpr size_t kLargestAnswer = 256 << 20;

std::nullopt_t without(const std::string& why) {
  std::cerr << "redactd: " << why << '\n';
  return std::nullopt;
}

std::string reason() { return std::strerror(errno); }

/// The value, without the newline that editors and echo put at its end. Nothing, with a message,
/// when there is none to be had.
std::optional<Secret> read_value(const std::string& file) {
  const std::string from = file.empty() ? "standard input" : file;
  Descriptor opened;
  if (!file.empty()) opened = Descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  const int input = file.empty() ? STDIN_FILENO : opened.get();
  if (input < 0) return without("cannot read " + from + ": " + reason());
  Secret value;
  Secret piece = Secret::of_size(kPieceBytes);
  while (value.size() <= kLargestSentValue) {
    ssize_t got = read(input, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return without("cannot read " + from + ": " + reason());
    if (got == 0) break;
    value.append(piece.view().substr(0, static_cast<size_t>(got)));
  }
  if (value.view().ends_with('\n')) value.shrink_to(value.size() - 1);
  if (value.view().ends_with('\r')) value.shrink_to(value.size() - 1);
  if (std::string_view text = without_byte_order_mark(value); text.size() < value.size())
    value = Secret(text);
  if (value.empty()) return without("there is no value in " + from);
  if (value.size() > kLargestSentValue)
    return without("the value in " + from + " is larger than 1 MiB");
  return value;
}

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

/// A daemon that will not hear more has answered why, so that is read in any case.
void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string receive_line(int fd) {
  std::string line;
  std::string piece(kPieceBytes, '\0');
  while (!line.ends_with('\n') && line.size() < kLargestAnswer) {
    pollfd ready{fd, POLLIN, 0};
    int polled = poll(&ready, 1, kAnswerMilliseconds);
    if (polled < 0 && errno == EINTR) continue;
    ssize_t got = polled > 0 ? read(fd, piece.data(), piece.size()) : 0;
    if (got <= 0) break;
    line.append(piece, 0, static_cast<size_t>(got));
  }
  return line;
}

/// Nothing, with a message, when it was not done.
std::optional<ControlAnswer> ask(const std::string& path, const ControlRequest& request,
                                 std::string_view value = {}) {
  Descriptor daemon(connect_to(path));
  if (daemon.get() < 0) {
    return without("cannot reach the daemon at " + path + ": " + reason() +
                   " (known_values.socket in its configuration says where it is)");
  }
  send_all(daemon.get(), to_line(request));
  send_all(daemon.get(), value);
  std::optional<ControlAnswer> answer = parse_answer(receive_line(daemon.get()));
  if (!answer) return without("the daemon at " + path + " gave no answer");
  if (!answer->error.empty()) return without(answer->error);
  return answer;
}

std::string time_left(std::optional<Milliseconds> left) {
  if (!left) return "-";
  auto seconds = std::chrono::ceil<std::chrono::seconds>(*left).count();
  if (seconds < 120) return std::to_string(seconds) + "s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + "m";
  return std::to_string(seconds / 3600) + "h";
}

void print_json(const ControlAnswer& answer) {
  nlohmann::json all = nlohmann::json::array();
  for (const ListedValue& value : answer.values) {
    nlohmann::json listed = {
        {"name", value.name}, {"fingerprint", value.fingerprint}, {"source", value.source}};
    if (value.left) listed["ttl_ms"] = value.left->count();
    all.push_back(std::move(listed));
  }
  std::cout << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void print_table(const ControlAnswer& answer) {
  size_t width = 4;
  for (const ListedValue& value : answer.values) width = std::max(width, value.name.size());
  auto row = [&](const std::string& name, const std::string& fingerprint, const std::string& left,
                 const std::string& source) {
    std::cout << std::left << std::setw(static_cast<int>(width)) << name << "  " << std::setw(16)
              << fingerprint << "  " << std::setw(6) << left << "  " << source << '\n';
  };
  row("NAME", "FINGERPRINT", "LEFT", "SOURCE");
  for (const ListedValue& value : answer.values)
    row(value.name, value.fingerprint, time_left(value.left), value.source);
}

}  // namespace

int add_known(const Options& options) {
  std::optional<Secret> value = read_value(options.known.file);
  if (!value) return kRuntimeError;
  ControlRequest request;
  request.command = ControlRequest::Command::add;
  request.name = options.known.name;
  request.ttl = options.known.ttl;
  request.size = value->size();
  return ask(options.known.socket, request, *value) ? kDone : kRuntimeError;
}

int remove_known(const Options& options) {
  ControlRequest request;
  request.command = ControlRequest::Command::remove;
  request.name = options.known.name;
  request.fingerprint = options.known.fingerprint;
  return ask(options.known.socket, request) ? kDone : kRuntimeError;
}

int list_known(const Options& options) {
  std::optional<ControlAnswer> answer = ask(options.known.socket, {});
  if (!answer) return kRuntimeError;
  if (options.json) {
    print_json(*answer);
  } else {
    print_table(*answer);
  }
  return kDone;
}

}  // namespace redactd
