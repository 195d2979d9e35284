#include "daemon/commands/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <string_view>

#include "config/rules/mask_reader.h"
#include "config/units.h"
#include "daemon/commands/command_line.h"
#include "daemon/exit_code.h"
#include "daemon/known/control_protocol.h"
#include "filters/matcher/matcher.h"

#ifndef REDACTD_VERSION
#error "the build sets REDACTD_VERSION"
#endif

namespace redactd {
namespace {

std::string version_text() {
  MatcherInfo info = matcher_info();
  return "redactd " REDACTD_VERSION "\nlibhs " + info.version + ", using " + info.cpu +
         " instructions\n";
}

std::string given_but_empty(const CLI::App& app) {
  for (const char* name :
       {"--mask", "--mask-text", "--mask-key-file", "--mask-key-id", "--max-record", "--config"}) {
    const CLI::Option* option = app.get_option(name);
    if (option->count() > 0 && option->as<std::string>().empty()) return name;
  }
  return {};
}

void take_mask(const Typed& typed, Settings& settings, Diagnostics& diagnostics) {
  if (!typed.mask.empty()) {
    settings.places.erase("mask.style");
    auto style = std::find(kMaskStyles.begin(), kMaskStyles.end(), typed.mask);
    if (style == kMaskStyles.end()) {
      diagnostics.add({}, "--mask",
                      "'" + typed.mask + "' is none of label, fixed, partial, fingerprint, length" +
                          did_you_mean(typed.mask, kMaskStyles));
    } else {
      settings.mask.style = static_cast<MaskStyle>(style - kMaskStyles.begin());
    }
  }
  if (!typed.mask_text.empty()) {
    if (typed.mask.empty()) settings.mask.style = MaskStyle::fixed;
    settings.mask.text = typed.mask_text;
    if (std::string why = refuse_mask_text(typed.mask_text); !why.empty())
      diagnostics.add({}, "--mask-text", why);
    if (settings.mask.style != MaskStyle::fixed)
      diagnostics.add({}, "--mask-text", "belongs to --mask fixed only");
  }
  if (typed.mask_keep) {
    settings.mask.keep = *typed.mask_keep;
    if (settings.mask.keep == 0 || settings.mask.keep > kMostMaskKeep)
      diagnostics.add({}, "--mask-keep", "must be 1 to 16");
    if (settings.mask.style != MaskStyle::partial)
      diagnostics.add({}, "--mask-keep", "belongs to --mask partial only");
  }
  auto replace = [&settings](const std::string& given, const char* option, std::string& value) {
    if (given.empty()) return;
    value = given;
    settings.places.erase(option);
  };
  replace(typed.mask_key_file, "mask_key.file", settings.mask_key_file);
  replace(typed.mask_key_id, "mask_key.id", settings.mask_key_id);
}

/// The command line over what the configuration file said.
void merge(const Typed& typed, Settings& settings, Diagnostics& diagnostics) {
  auto append = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(settings.rule_paths, typed.rules);
  append(settings.gitleaks_files, typed.gitleaks);
  append(settings.enable, typed.enable);
  append(settings.disable, typed.disable);
  append(settings.known_files, typed.known);
  take_mask(typed, settings, diagnostics);
  if (!typed.max_record.empty()) {
    std::optional<size_t> bytes = parse_bytes(typed.max_record);
    if (bytes && *bytes >= kLeastMaxRecord && *bytes <= kGreatestMaxRecord) {
      settings.max_record = *bytes;
    } else {
      diagnostics.add({}, "--max-record",
                      "'" + typed.max_record + "' must be a size from 1KiB to 1GiB");
    }
  }
}

/// `known` speaks to a daemon, which has rules and masks of its own.
void read_known(const CLI::App& app, const Typed& typed, KnownOptions& known,
                Diagnostics& diagnostics) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0)
      diagnostics.add({}, option->get_name(), "says nothing to the commands of known");
  }
  if (known.socket.empty()) diagnostics.add({}, "--socket", "is empty");
  if (app.get_subcommand("known")->get_subcommand("add")->count("--ttl") == 0) return;
  known.ttl = parse_duration(typed.ttl);
  if (!known.ttl || *known.ttl <= Milliseconds(0) || *known.ttl > kLongestTtl)
    diagnostics.add({}, "--ttl", "must be a time such as 90s, 10m or 24h, of ten years at most");
}

void read_run(const Typed& typed, RunOptions& run, Diagnostics& diagnostics) {
  if (run.program.empty() || run.program[0].empty())
    diagnostics.add({}, "run", "needs a program: redactd run -- PROGRAM ARGUMENTS");
  if (typed.linger.empty()) return;
  run.linger = parse_duration(typed.linger);
  if (!run.linger) diagnostics.add({}, "--linger", "must be a time such as 0s, 500ms or 10s");
}

/// The daemon and `check` go by the file alone, so that what was checked is what runs.
void refuse_beside_file(const CLI::App& app, Diagnostics& diagnostics) {
  for (const char* name :
       {"--rules", "--gitleaks", "--enable", "--disable", "--known", "--mask", "--mask-text",
        "--mask-keep", "--mask-key-file", "--mask-key-id", "--max-record"}) {
    if (app.get_option(name)->count() > 0)
      diagnostics.add({}, name, "belongs in the file: the daemon and check go by it alone");
  }
  for (const char* name : {"--stats", "--observe"}) {
    if (app.get_option(name)->count() > 0)
      diagnostics.add({}, name, "is for the filter; the daemon has metrics");
  }
}

bool is_known(Command command) {
  return command == Command::known_add || command == Command::known_remove ||
         command == Command::known_list;
}

/// Fills in command and settings from the configuration file and the command line.
void read_config(const CLI::App& app, const Typed& typed, Options& options,
                 Diagnostics& diagnostics) {
  if (is_known(options.command)) return read_known(app, typed, options.known, diagnostics);
  if (options.command == Command::run) read_run(typed, options.run, diagnostics);
  options.config_file = typed.config;
  if (options.command == Command::check) {
    if (typed.config.empty()) diagnostics.add({}, "--config", "is missing: the file to check");
    refuse_beside_file(app, diagnostics);
    return;
  }
  Diagnostics in_file;
  ConfigUse use = ConfigUse::filter;
  if (!typed.config.empty()) use = load_settings(typed.config, options.settings, in_file);
  if (use == ConfigUse::daemon && options.command == Command::filter) {
    options.command = Command::daemon;  // which reads the file itself and tells all its errors
    refuse_beside_file(app, diagnostics);
    return;
  }
  for (const Diagnostic& error : in_file.all())
    diagnostics.add(error.location, error.path, error.message);
  merge(typed, options.settings, diagnostics);
}

/// The program of `run`, everything behind the first `--`; taken off `argc`. Its words are its own:
/// they are never read as options or commands of redactd.
std::vector<std::string> take_program(int& argc, char** argv) {
  char** end = argv + argc;
  char** dashes = std::find(argv, end, std::string_view("--"));
  if (dashes == end || std::find(argv, dashes, std::string_view("run")) == dashes) return {};
  argc = static_cast<int>(dashes - argv);
  return {dashes + 1, end};
}

/// The option or command that the word may be meant to be.
std::string meant(const CLI::App& app, const std::string& word) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  std::vector<std::string> names;
  for (const CLI::App* level = command; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const CLI::App* each : command->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(each->get_name());
  return did_you_mean(word, {names.begin(), names.end()});
}

/// Of words that are left over. Some give a file as an argument, as to cat, or forget the -- of
/// run or the --config of check.
std::string not_expected(const CLI::App& app, const Subcommands& commands) {
  const bool run = commands.run->parsed();
  std::vector<std::string> words = app.remaining(true);
  auto is_option = [](const std::string& word) { return word.starts_with('-'); };
  if (run && !std::all_of(words.begin(), words.end(), is_option))
    return "the program stands behind --: redactd run -- PROGRAM ARGUMENTS";
  auto option = std::find_if(words.begin(), words.end(), is_option);
  if (option != words.end()) {
    std::string name = option->substr(0, option->find('='));
    return "there is no option " + name + meant(app, name);
  }
  const std::string& word = words.front();
  if (commands.check_config->parsed())
    return "the file stands behind --config: redactd check --config " + word;
  std::string suggestion = meant(app, word);
  return "'" + word + "' is not expected here" +
         (suggestion.empty() ? "; redactd reads standard input: redactd < " + word : suggestion);
}

ReportFormat format_of(const std::string& name) {
  if (name == "json") return ReportFormat::json;
  return name == "sarif" ? ReportFormat::sarif : ReportFormat::text;
}

std::string mistake(const CLI::ParseError& error, const CLI::App& app,
                    const Subcommands& commands) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return error.what();
  // The words left over may be a value, given where everybody can read it.
  if (commands.known->parsed()) return "known takes values from standard input or --file only";
  return not_expected(app, commands);
}

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  Typed typed;
  CLI::App app;
  Subcommands commands = declare(app, options, typed);
  options.run.program = take_program(argc, argv);

  parsed.exit = true;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // help
      return parsed;
    }
    std::cerr << "redactd: " << mistake(error, app, commands) << "\nTry: redactd --help\n";
    parsed.exit_code = kUsage;
    return parsed;
  }
  if (typed.version) {
    std::cout << version_text();
    return parsed;
  }
  options.command = chosen(commands);
  options.format = format_of(typed.format);
  Diagnostics diagnostics;
  if (std::string name = given_but_empty(app); !name.empty()) diagnostics.add({}, name, "is empty");
  read_config(app, typed, options, diagnostics);
  if (!diagnostics.empty()) {
    report(diagnostics);
    parsed.exit_code = kUsage;
    return parsed;
  }
  parsed.exit = false;
  return parsed;
}

}  // namespace redactd
