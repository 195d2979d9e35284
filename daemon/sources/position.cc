#include "daemon/sources/position.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "daemon/filter/stdio.h"

namespace redactd {
namespace {

using nlohmann::json;

constexpr int kVersion = 1;
constexpr char kHexDigits[] = "0123456789abcdef";

std::string to_hex(std::span<const uint8_t> bytes) {
  std::string hex;
  for (uint8_t byte : bytes) {
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 15];
  }
  return hex;
}

void from_hex(const std::string& hex, std::span<uint8_t> bytes) {
  if (hex.size() != 2 * bytes.size() ||
      hex.find_first_not_of(kHexDigits, 0, 16) != std::string::npos)
    throw std::invalid_argument("no hash");
  for (size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
}

json to_json(const Position& position) {
  return {{"version", kVersion},
          {"path", position.path},
          {"device", position.device},
          {"inode", position.inode},
          {"fingerprint",
           {{"bytes", position.fingerprint.bytes}, {"hash", to_hex(position.fingerprint.hash)}}},
          {"offset", position.offset},
          {"replay_from", position.replay_from},
          {"newest", position.newest},
          {"written", position.written}};
}

Position from_json(const json& value) {
  if (value.at("version") != kVersion) throw std::invalid_argument("another version");
  Position position;
  position.path = value.at("path");
  position.device = value.at("device");
  position.inode = value.at("inode");
  position.fingerprint.bytes = value.at("fingerprint").at("bytes");
  from_hex(value.at("fingerprint").at("hash"), position.fingerprint.hash);
  position.offset = value.at("offset");
  position.replay_from = std::min(value.at("replay_from").get<uint64_t>(), position.offset);
  position.newest = value.at("newest");
  position.written = value.value("written", std::numeric_limits<int64_t>::max());
  return position;
}

std::runtime_error failure(const std::string& path, const char* what, int error) {
  return std::runtime_error("position file " + path + ": cannot be " + what + ": " +
                            std::generic_category().message(error));
}

/// A new file of this process alone.
int create(const std::string& path) {
  unlink(path.c_str());  // of a process that was killed
  return open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/// Nothing if there is no such file.
std::optional<std::string> read_whole(const std::string& path) {
  constexpr size_t kStep = 64 * 1024;
  constexpr size_t kMost = 64 << 20;
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0 && errno == ENOENT) return std::nullopt;
  if (descriptor < 0) throw failure(path, "read", errno);
  std::string text;
  ssize_t size = 0;
  do {
    size_t before = text.size();
    text.resize(before + kStep);
    size = read(descriptor, text.data() + before, kStep);
    text.resize(before + static_cast<size_t>(std::max<ssize_t>(size, 0)));
  } while (size > 0 && text.size() < kMost);
  int error = errno;
  ::close(descriptor);
  if (size < 0) throw failure(path, "read", error);
  return text;
}

template <typename From>
auto parse(const std::string& path, const std::string& text, From from) {
  try {
    return from(json::parse(text));
  } catch (const std::exception&) {  // its text would quote the file, whatever that is
    throw std::runtime_error("position file " + path +
                             ": is none that redactd has written; name another one, or remove it "
                             "to begin anew at start_at");
  }
}

PositionTable::Positions table_from_json(const json& value) {
  PositionTable::Positions positions;
  for (const auto& [path, position] : value.at("files").items())
    positions.emplace(path, from_json(position));
  return positions;
}

/// What is left of a file of redactd's: its beginning, or nothing but zeros, as after a power cut.
/// A log that was named by mistake does not look so, not even one of JSON lines.
bool is_of_redactd(std::string_view text) {
  return text.starts_with("{\n") || text.find_first_not_of('\0') == std::string_view::npos;
}

template <typename From>
std::string set_aside(const std::string& path, From from) {
  std::optional<std::string> text = read_whole(path);
  if (!text || !is_of_redactd(*text)) return {};
  try {
    from(json::parse(*text));
    return {};
  } catch (const std::exception&) {
  }
  std::string aside = path + ".damaged";
  if (rename(path.c_str(), aside.c_str()) != 0) throw failure(path, "renamed", errno);
  return aside;
}

/// On the disk when it returns.
void replace(const std::string& path, const json& value) {
  std::string text = value.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
  std::string fresh = path + ".new";
  int descriptor = create(fresh);
  if (descriptor < 0) throw failure(path, "written", errno);
  int error = write_all(descriptor, text);
  if (error == 0 && fsync(descriptor) != 0) error = errno;
  ::close(descriptor);
  if (error == 0 && rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  unlink(fresh.c_str());
  throw failure(path, "written", error);
}

void try_to_replace(const std::string& path) {
  std::string fresh = path + ".new";
  int descriptor = create(fresh);
  if (descriptor < 0) throw failure(path, "written", errno);
  ::close(descriptor);
  unlink(fresh.c_str());
}

}  // namespace

Fingerprint fingerprint_of(std::span<const char> first_bytes) {
  Fingerprint fingerprint;
  fingerprint.bytes = std::min(first_bytes.size(), Fingerprint::kBytes);
  if (fingerprint.bytes == 0) return fingerprint;
  std::array<uint8_t, SHA256_DIGEST_LENGTH> hash;
  SHA256(reinterpret_cast<const unsigned char*>(first_bytes.data()), fingerprint.bytes,
         hash.data());
  std::copy_n(hash.begin(), fingerprint.hash.size(), fingerprint.hash.begin());
  return fingerprint;
}

std::string PositionFile::set_aside_if_damaged() const { return set_aside(path_, from_json); }

std::optional<Position> PositionFile::load() const {
  std::optional<std::string> text = read_whole(path_);
  if (!text) return std::nullopt;
  return parse(path_, *text, from_json);
}

void PositionFile::save(const Position& position) const { replace(path_, to_json(position)); }

void PositionFile::check_writable() const { try_to_replace(path_); }

std::string PositionTable::set_aside_if_damaged() const {
  return set_aside(path_, table_from_json);
}

PositionTable::Positions PositionTable::load() const {
  std::optional<std::string> text = read_whole(path_);
  if (!text) return {};
  return parse(path_, *text, table_from_json);
}

void PositionTable::save(const Positions& positions) const {
  json files = json::object();
  for (const auto& [path, position] : positions) files[path] = to_json(position);
  replace(path_, {{"files", std::move(files)}});
}

void PositionTable::check_writable() const { try_to_replace(path_); }

}  // namespace redactd
