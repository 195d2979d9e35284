#pragma once

// What a source finds when it is read.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/known/secret.h"

namespace redactd {

/// A value and where it was found, for warnings and lists: `file /run/secrets/db`.
struct FoundValue {
  KnownValue known;
  std::string where;

  bool operator==(const FoundValue&) const = default;
};

/// Something that is not as it should be; shows no value.
struct FoundTrouble {
  std::string where;
  std::string reason;

  auto operator<=>(const FoundTrouble&) const = default;
};

struct Reading {
  std::vector<FoundValue> values;
  std::vector<FoundTrouble> troubles;
  /// What could not be read now though it may be there: its old values stay.
  std::vector<std::string> unread;
};

/// Whether a variable holds a secret, if nothing else is said: by its name (names_secret), or
/// because its value is a URL with a password, as `HTTP_PROXY` or `AMQP_URL` may.
bool is_secret_variable(std::string_view name, std::string_view value);

/// Adds `value`, and the password in it if it is a URL with one
/// (`postgres://user:password@host/db`): programs log the one without the other. An empty value is
/// none.
void add_found(std::vector<FoundValue>& values, std::string_view name, const std::string& where,
               std::string_view value);

}  // namespace redactd
