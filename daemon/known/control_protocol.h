#pragma once

// What `redactd known` and the daemon say to each other over the control socket. Pure.
//
// A request is a line of JSON, at most kLongestHeader bytes with its newline, and then, for `add`,
// as many bytes of the value as the line says. The answer is a line of JSON. Then the connection
// ends.
//
//     {"command":"add","name":"DB_PASSWORD","ttl_ms":600000,"size":24}     and 24 bytes
//     {"command":"remove","name":"DB_PASSWORD"}   {"command":"remove","fingerprint":"90a1…"}
//     {"command":"list"}
//     {"values":[{"name":…,"fingerprint":…,"source":…,"ttl_ms":…}]}   {"removed":1}   {"error":"…"}

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/units.h"
#include "daemon/known/secret.h"

namespace redactd {

inline constexpr size_t kLongestHeader = 4096;
inline constexpr size_t kLargestSentValue = 1 << 20;
inline constexpr Milliseconds kLongestTtl = std::chrono::hours(24 * 366 * 10);

struct ControlRequest {
  enum class Command { add, remove, list };
  Command command = Command::list;
  std::string name;
  std::string fingerprint;          // remove: instead of a name
  std::optional<Milliseconds> ttl;  // add; nothing: for good
  size_t size = 0;                  // add: of the value, which follows
};

struct ListedValue {
  std::string name;
  std::string fingerprint;
  std::string source;
  std::optional<Milliseconds> left;  // of its time to live
};

struct ControlAnswer {
  std::string error;  // empty: it was done
  size_t removed = 0;
  std::vector<ListedValue> values;
};

std::string to_line(const ControlRequest& request);
std::string to_line(const ControlAnswer& answer);
/// Nothing for what is no request; `error` says why, without showing it.
std::optional<ControlRequest> parse_request(std::string_view line, std::string& error);
std::optional<ControlAnswer> parse_answer(std::string_view line);

}  // namespace redactd
