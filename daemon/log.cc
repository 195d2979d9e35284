#include "daemon/log.h"

#include <poll.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

namespace redactd {
namespace {

spdlog::level::level_enum to_spdlog(LogConfig::Level level) {
  switch (level) {
    case LogConfig::Level::trace:
      return spdlog::level::trace;
    case LogConfig::Level::debug:
      return spdlog::level::debug;
    case LogConfig::Level::info:
      return spdlog::level::info;
    case LogConfig::Level::warning:
      return spdlog::level::warn;
    case LogConfig::Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// What stands around our text. journald has a time of its own and takes the level from `<6>`
/// (sd-daemon(3)), which render() puts in front.
const char* pattern(LogConfig::Format format) {
  switch (format) {
    case LogConfig::Format::text:
      return "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    case LogConfig::Format::json:
      return R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
    case LogConfig::Format::journald:
      return "%v";
  }
  return "%v";
}

std::string_view journald_priority(LogConfig::Level level) {
  switch (level) {
    case LogConfig::Level::trace:
    case LogConfig::Level::debug:
      return "<7>";
    case LogConfig::Level::info:
      return "<6>";
    case LogConfig::Level::warning:
      return "<4>";
    case LogConfig::Level::error:
      return "<3>";
  }
  return "<6>";
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (char c : value) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

/// In quotes where it needs them; bytes that could act on a terminal or start a new line are
/// escaped.
void append_value(std::string_view value, std::string& line) {
  if (plain(value)) {
    line += value;
    return;
  }
  line += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
      std::array<char, 5> escaped = {};
      std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
      line += escaped.data();
    } else {
      line += c;
    }
  }
  line += '"';
}

void append_json(std::string_view value, std::string& line) {
  line += nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_field(LogConfig::Format format, std::string_view key, std::string_view value, bool bare,
                  std::string& line) {
  if (format == LogConfig::Format::json) {
    line += ',';
    append_json(key, line);
    line += ':';
    bare ? line.append(value) : (append_json(value, line), line);
  } else {
    line += ' ';
    line += key;
    line += '=';
    append_value(value, line);
  }
}

std::string render(LogConfig::Format format, LogConfig::Level level, std::string_view message,
                   Log::Fields fields, uint64_t suppressed) {
  std::string line;
  if (format == LogConfig::Format::json) {
    line = "\"message\":";
    append_json(message, line);
  } else {
    if (format == LogConfig::Format::journald) line = journald_priority(level);
    line += message;
  }
  for (const LogField& field : fields) {
    append_field(format, field.key.text(), field.value.text(), field.value.bare(), line);
  }
  if (suppressed > 0) {
    append_field(format, "suppressed", std::to_string(suppressed), true, line);
  }
  return line;
}

/// A pipe that is full and a terminal that was stopped take nothing: nobody may ever read them, and
/// records do not wait for a log.
class StandardError : public spdlog::sinks::stderr_sink_mt {
 public:
  /// For a line of the usual length.
  static bool has_room() {
    pollfd room{STDERR_FILENO, POLLOUT, 0};
    return poll(&room, 1, 0) != 0;
  }
};

bool has_room(const spdlog::logger& logger) {
  return dynamic_cast<const StandardError*>(logger.sinks().front().get()) == nullptr ||
         StandardError::has_room();
}

}  // namespace

std::string LogValue::text() const {
  switch (kind_) {
    case Kind::text:
      return std::string(text_);
    case Kind::number:
      return std::to_string(number_);
    case Kind::negative:
      return '-' + std::to_string(number_);
    case Kind::truth:
      return number_ != 0 ? "true" : "false";
    case Kind::error:
      return category_->message(error_);
  }
  return {};
}

LogValue configured(std::string_view text) { return {LogValue::Vouched(), text}; }
LogValue peer(std::string_view address) { return {LogValue::Vouched(), address}; }
LogValue label(std::string_view name) { return {LogValue::Vouched(), name}; }
LogValue error_text(std::string_view text) { return {LogValue::Vouched(), text}; }

Log::Log(const LogConfig& config)
    : Log(config, std::make_shared<StandardError>(),
          [] { return std::chrono::steady_clock::now(); }) {}

Log::Log(const LogConfig& config, std::shared_ptr<spdlog::sinks::sink> to, Clock now)
    : logger_(std::make_shared<spdlog::logger>("redactd", std::move(to))), now_(std::move(now)) {
  configure(config);
}

Log::~Log() = default;

void Log::configure(const LogConfig& config) {
  std::lock_guard lock(mutex_);
  format_ = config.format;
  logger_->set_level(to_spdlog(config.level));
  logger_->set_pattern(pattern(config.format), spdlog::pattern_time_type::utc);
}

bool Log::writes(Level level) const { return logger_->should_log(to_spdlog(level)); }

void Log::write(Level level, LogLiteral message, Fields fields) {
  if (!writes(level)) return;
  std::lock_guard lock(mutex_);
  if (level >= Level::info) {
    Clock::result_type now = now_();
    report_suppressed_until(now);
    if (!admit(level, message.text(), now)) return;
  } else if (!has_room(*logger_)) {
    return;
  }
  logger_->log(to_spdlog(level), render(format_, level, message.text(), fields, 0));
}

bool Log::admit(Level level, std::string_view message, Clock::result_type now) {
  Kind& kind = kinds_[message];
  const bool first = kind.written + kind.suppressed == 0;
  if (first || now - kind.window_start >= kWindow) kind = {level, now, 0, kind.suppressed};
  if (kind.written == kBurst || !has_room(*logger_)) {
    ++kind.suppressed;
    return false;
  }
  ++kind.written;
  return true;
}

void Log::report_suppressed() {
  std::lock_guard lock(mutex_);
  report_suppressed_until(now_());
}

void Log::report_suppressed_until(Clock::result_type now) {
  for (auto& [message, kind] : kinds_) {
    if (kind.suppressed == 0 || now - kind.window_start < kWindow) continue;
    if (!has_room(*logger_)) return;
    logger_->log(to_spdlog(kind.level), render(format_, kind.level, message, {}, kind.suppressed));
    kind = {};
  }
}

}  // namespace redactd
