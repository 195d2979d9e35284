#pragma once

// redactd's own log: one line a message on standard error, by spdlog. No byte of what passes
// through redactd may get here. So messages are literals, and a value is a literal, a number, or
// text for which the caller says what it is: there is no way from a plain string into the log.
//
//     log.warning("connection closed", {{"source", configured(name)}, {"cause",
//     label(to_string(error))}});

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

#include "config/daemon/daemon_config.h"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace redactd {

/// Text known when the program is compiled.
class LogLiteral {
 public:
  template <size_t size>
  consteval LogLiteral(const char (&text)[size]) : text_(text, size - 1) {}
  std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

/// Views and numbers only: made into text when the message is written.
class LogValue {
 public:
  template <size_t size>
  consteval LogValue(const char (&literal)[size]) : text_(literal, size - 1) {}
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) LogValue(Number number)
      : kind_(Kind::number), number_(number) {}
  template <std::signed_integral Number>
  LogValue(Number number)
      : kind_(number < 0 ? Kind::negative : Kind::number),
        number_(number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number)) {}
  template <std::same_as<bool> Truth>  // a template, or pointers would become truths
  LogValue(Truth yes) : kind_(Kind::truth), number_(yes ? 1 : 0) {}
  LogValue(char) = delete;
  /// Of the standard library or of Boost; written as the system's text for it.
  template <std::convertible_to<std::error_code> Error>
  LogValue(const Error& error) : kind_(Kind::error) {
    std::error_code code = error;
    category_ = &code.category();
    error_ = code.value();
  }

  std::string text() const;
  /// JSON takes it without quotes.
  bool bare() const { return kind_ != Kind::text && kind_ != Kind::error; }

 private:
  enum class Kind : uint8_t { text, number, negative, truth, error };
  struct Vouched {};
  LogValue(Vouched, std::string_view text) : text_(text) {}
  friend LogValue configured(std::string_view text);
  friend LogValue peer(std::string_view address);
  friend LogValue label(std::string_view name);
  friend LogValue error_text(std::string_view text);

  Kind kind_ = Kind::text;
  std::string_view text_;
  uint64_t number_ = 0;
  const std::error_category* category_ = nullptr;
  int error_ = 0;
};

// Where run-time text may come from. The text has to live until the log call returns.

/// A name, path or address that stands in the configuration or on the command line; never a value
/// that is a secret there.
LogValue configured(std::string_view text);
/// The address of a peer, or what its certificate says of it, made printable.
LogValue peer(std::string_view address);
/// A name out of an enum.
LogValue label(std::string_view name);
/// What a library or the configuration's loader says of an error that no record caused.
LogValue error_text(std::string_view text);

struct LogField {
  LogLiteral key;
  LogValue value;
};

/// Thread-safe. A message that comes more than kBurst times in kWindow is held back until the
/// window has passed and is then reported by its number (`suppressed=…`); debug and trace are not
/// limited.
class Log {
 public:
  using Level = LogConfig::Level;
  using Clock = std::function<std::chrono::steady_clock::time_point()>;  // given in tests
  static constexpr unsigned kBurst = 10;
  static constexpr std::chrono::seconds kWindow{10};

  /// To standard error.
  explicit Log(const LogConfig& config);
  Log(const LogConfig& config, std::shared_ptr<spdlog::sinks::sink> to, Clock now);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Level and format of the messages that follow.
  void configure(const LogConfig& config);

  using Fields = std::initializer_list<LogField>;
  void trace(LogLiteral message, Fields fields = {}) { write(Level::trace, message, fields); }
  void debug(LogLiteral message, Fields fields = {}) { write(Level::debug, message, fields); }
  void info(LogLiteral message, Fields fields = {}) { write(Level::info, message, fields); }
  void warning(LogLiteral message, Fields fields = {}) { write(Level::warning, message, fields); }
  void error(LogLiteral message, Fields fields = {}) { write(Level::error, message, fields); }

  /// Whether a message of this level would be written: saves making its values.
  bool writes(Level level) const;

  /// Reports what was suppressed in windows that have passed. Every message does it, and a timer
  /// should, for a message may have been the last.
  void report_suppressed();

 private:
  struct Kind {
    Level level = Level::info;
    std::chrono::steady_clock::time_point window_start;
    unsigned written = 0;
    uint64_t suppressed = 0;
  };

  void write(Level level, LogLiteral message, Fields fields);
  bool admit(Level level, std::string_view message, Clock::result_type now);
  void report_suppressed_until(Clock::result_type now);

  std::shared_ptr<spdlog::logger> logger_;
  Clock now_;
  std::mutex mutex_;                        // of all below
  std::map<std::string_view, Kind> kinds_;  // by message: literals, so there are only so many
  LogConfig::Format format_ = LogConfig::Format::text;
};

}  // namespace redactd
