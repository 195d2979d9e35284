#pragma once

// Every command and option of redactd, as CLI11 is told of them. What was given is checked in
// options.cc.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "daemon/commands/options.h"

namespace CLI {
class App;
}

namespace redactd {

/// What was given on the command line; the rest comes from the configuration file or the defaults.
struct Typed {
  std::string config;
  std::vector<std::string> rules;
  std::vector<std::string> gitleaks;
  std::vector<std::string> enable;
  std::vector<std::string> disable;
  std::vector<std::string> known;
  std::string mask;
  std::string mask_text;
  std::optional<size_t> mask_keep;
  std::string mask_key_file;
  std::string mask_key_id;
  std::string max_record;
  std::string ttl;
  std::string linger;
  std::string format;
  bool version = false;
};

/// Owned by the app.
struct Subcommands {
  CLI::App* rules = nullptr;
  CLI::App* list = nullptr;
  CLI::App* show = nullptr;
  CLI::App* check = nullptr;
  CLI::App* test = nullptr;
  CLI::App* lint = nullptr;
  CLI::App* diff = nullptr;
  CLI::App* check_config = nullptr;
  CLI::App* explain = nullptr;
  CLI::App* scan = nullptr;
  CLI::App* run = nullptr;
  CLI::App* known = nullptr;
  CLI::App* known_add = nullptr;
  CLI::App* known_remove = nullptr;
  CLI::App* known_list = nullptr;
};

/// Declares them all. What is given goes to `options` where it needs no more than CLI11's own
/// checks, else to `typed`; both outlive the app.
Subcommands declare(CLI::App& app, Options& options, Typed& typed);

/// Once the app has parsed.
Command chosen(const Subcommands& commands);

}  // namespace redactd
