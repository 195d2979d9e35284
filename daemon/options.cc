#include "daemon/options.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <string_view>

#include "config/units.h"
#include "daemon/exit_code.h"
#include "filters/matcher.h"

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
  size_t mask_keep = 0;
  std::string mask_key_file;
  std::string mask_key_id;
  std::string max_record;
  std::string ttl;
  std::string linger;
  bool version = false;
};

void add_rule_options(CLI::App& app, Typed& typed) {
  app.add_option("--config", typed.config,
                 "Configuration file (YAML); with sources in it, redactd runs as a daemon")
      ->type_name("FILE")
      ->group("Rules");
  app.add_option("--rules", typed.rules,
                 "Pack of one's own: a YAML file or a folder of them (repeatable)")
      ->type_name("FILE|DIR")
      ->allow_extra_args(false)
      ->group("Rules");
  app.add_option("--gitleaks", typed.gitleaks,
                 "Rules of a gitleaks configuration, besides the others (repeatable)")
      ->type_name("FILE.toml")
      ->allow_extra_args(false)
      ->group("Rules");
  app.add_option("--enable", typed.enable,
                 "Turn rules on by id or tag; 'all' for every one (repeatable)")
      ->type_name("ID|TAG")
      ->allow_extra_args(false)
      ->group("Rules");
  app.add_option("--disable", typed.disable,
                 "Turn rules off by id or tag; 'all' for the built-in ones (repeatable)")
      ->type_name("ID|TAG")
      ->allow_extra_args(false)
      ->group("Rules");
  app.add_option("--known", typed.known,
                 "File of secret values to mask wherever they stand, one a line (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->group("Rules");
}

void add_mask_options(CLI::App& app, Typed& typed) {
  app.add_option("--mask", typed.mask,
                 "label (default), fixed, partial, fingerprint or length; see redactd(1)")
      ->type_name("STYLE")
      ->group("Masks");
  app.add_option("--mask-text", typed.mask_text, "Text of the fixed mask")
      ->type_name("TEXT")
      ->group("Masks");
  app.add_option("--mask-keep", typed.mask_keep,
                 "Bytes that the partial mask shows at each end (never more than a quarter in all)")
      ->type_name("N")
      ->group("Masks");
  app.add_option("--mask-key-file", typed.mask_key_file,
                 "File with the key of the fingerprint mask")
      ->type_name("FILE")
      ->group("Masks");
  app.add_option("--mask-key-id", typed.mask_key_id, "Name of that key, shown in every mask")
      ->type_name("ID")
      ->group("Masks");
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
  static const std::map<std::string, MaskStyle> kStyles = {{"label", MaskStyle::label},
                                                           {"fixed", MaskStyle::fixed},
                                                           {"partial", MaskStyle::partial},
                                                           {"fingerprint", MaskStyle::fingerprint},
                                                           {"length", MaskStyle::length}};
  if (!typed.mask.empty()) {
    auto style = kStyles.find(typed.mask);
    if (style == kStyles.end()) {
      diagnostics.add(
          {}, "--mask",
          "'" + typed.mask + "' is none of label, fixed, partial, fingerprint, length" +
              did_you_mean(typed.mask, {"label", "fixed", "partial", "fingerprint", "length"}));
    } else {
      settings.mask.style = style->second;
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
  if (typed.mask_keep != 0) {
    settings.mask.keep = typed.mask_keep;
    if (typed.mask_keep > 16) diagnostics.add({}, "--mask-keep", "must be 1 to 16");
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
    if (bytes && *bytes >= kLeastMaxRecord && *bytes <= size_t{1} << 30) {
      settings.max_record = *bytes;
    } else {
      diagnostics.add({}, "--max-record",
                      "'" + typed.max_record + "' must be a size from 1KiB to 1GiB");
    }
  }
}

constexpr std::chrono::hours kLongestTtl{24 * 366 * 10};

/// `known` speaks to a daemon, which has rules and masks of its own.
void read_known(const CLI::App& app, const Typed& typed, KnownOptions& known,
                Diagnostics& diagnostics) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0)
      diagnostics.add({}, option->get_name(), "says nothing to the commands of known");
  }
  if (known.socket.empty()) diagnostics.add({}, "--socket", "is empty");
  if (typed.ttl.empty()) return;
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

Command chosen(const Subcommands& commands) {
  if (commands.show->parsed()) return Command::rules_show;
  if (commands.check->parsed()) return Command::rules_check;
  if (commands.test->parsed()) return Command::rules_test;
  if (commands.lint->parsed()) return Command::rules_lint;
  if (commands.diff->parsed()) return Command::rules_diff;
  if (commands.rules->parsed()) return Command::rules_list;
  if (commands.check_config->parsed()) return Command::check;
  if (commands.explain->parsed()) return Command::explain;
  if (commands.scan->parsed()) return Command::scan;
  if (commands.run->parsed()) return Command::run;
  if (commands.known_add->parsed()) return Command::known_add;
  if (commands.known_remove->parsed()) return Command::known_remove;
  if (commands.known_list->parsed()) return Command::known_list;
  return Command::filter;
}

void add_known_commands(CLI::App& app, Subcommands& commands, Options& options, Typed& typed) {
  KnownOptions& known = options.known;
  commands.known = app.add_subcommand("known", "Tell a running daemon values that it has to mask");
  commands.known_add = commands.known->add_subcommand(
      "add", "Add the value on standard input, and return once it is masked");
  commands.known_add->add_option("--name", known.name, "What its mask shows: [REDACTED:known:NAME]")
      ->required()
      ->type_name("NAME");
  commands.known_add->add_option("--ttl", typed.ttl, "How long (default: until it is removed)")
      ->type_name("TIME");
  commands.known_add
      ->add_option("--file", known.file, "File that holds the value, instead of standard input")
      ->type_name("FILE");
  commands.known_remove = commands.known->add_subcommand(
      "remove", "Remove values that were added, by name or by fingerprint");
  CLI::Option* name =
      commands.known_remove->add_option("name", known.name, "Name")->type_name("NAME");
  CLI::Option* fingerprint =
      commands.known_remove->add_option("--fingerprint", known.fingerprint, "As the list shows it")
          ->type_name("HEX")
          ->excludes(name);
  commands.known_remove->callback([name, fingerprint] {
    if (name->empty() && fingerprint->empty()) throw CLI::RequiredError("NAME or --fingerprint");
  });
  commands.known_list = commands.known->add_subcommand(
      "list-fingerprints", "All values: name, fingerprint, time left, source; never the value");
  commands.known_list->add_flag("--json", options.json, "As JSON");
  for (CLI::App* command : {commands.known_add, commands.known_remove, commands.known_list}) {
    command->add_option("--socket", known.socket, "Control socket of the daemon")
        ->type_name("PATH")
        ->capture_default_str();
  }
  commands.known->require_subcommand(1);
}

void add_run_command(CLI::App& app, Subcommands& commands, Options& options, Typed& typed) {
  RunOptions& run = options.run;
  commands.run = app.add_subcommand(
      "run", "Run a program whose output goes through redactd: redactd run -- PROGRAM ARGUMENTS");
  commands.run->add_flag("--pty", run.terminal,
                         "Give it a terminal, so that colours and line by line output stay");
  commands.run->add_flag("--merge", run.merge,
                         "Standard error goes to standard output, in the order of writing");
  commands.run
      ->add_option("--env", run.env,
                   "Mask the value of this environment variable too; * stands for anything "
                   "(repeatable)")
      ->type_name("NAME")
      ->allow_extra_args(false);
  commands.run
      ->add_option("--linger", typed.linger,
                   "How long to wait after its end for what it left running and still writes "
                   "(default: for ever; as process 1: 1s)")
      ->type_name("TIME");
}

Subcommands add_subcommands(CLI::App& app, Options& options, std::string& format, Typed& typed) {
  Subcommands commands;
  add_known_commands(app, commands, options, typed);
  add_run_command(app, commands, options, typed);
  commands.rules = app.add_subcommand("rules", "List, show, check, test, lint and compare rules");
  commands.list = commands.rules->add_subcommand("list", "All rules, one a line");
  commands.list->add_flag("--json", options.json, "As JSON");
  commands.show = commands.rules->add_subcommand("show", "Everything about one rule");
  commands.show->add_flag("--json", options.json, "As JSON");
  commands.show->add_option("id", options.arguments, "Rule ids")->required()->type_name("ID");
  commands.check =
      commands.rules->add_subcommand("check", "Check packs: every error at once, with its place");
  commands.check->add_flag("--json", options.json, "As JSON");
  commands.check
      ->add_option("path", options.arguments,
                   "Pack files or folders; a .toml file is a gitleaks configuration")
      ->required()
      ->type_name("FILE|DIR");
  commands.test = commands.rules->add_subcommand(
      "test", "Run the examples of packs (default: the built-in ones)");
  commands.test->add_flag("--json", options.json, "As JSON");
  commands.test->add_option("path", options.arguments, "Pack files or folders")
      ->type_name("FILE|DIR");
  commands.lint = commands.rules->add_subcommand(
      "lint", "What rules cost, and what is odd about them (default: the built-in ones)");
  commands.lint->add_flag("--json", options.json, "As JSON");
  commands.lint
      ->add_option("--sample", options.sample, "Log to measure on (default: a made-up one)")
      ->type_name("FILE");
  commands.lint
      ->add_option("path", options.arguments,
                   "Pack files or folders; a .toml file is a gitleaks configuration")
      ->type_name("FILE|DIR");
  commands.diff = commands.rules->add_subcommand(
      "diff", "What rules A and B mask differently in files, by place; exit 1 if anything");
  commands.diff->add_flag("--json", options.json, "As JSON lines");
  commands.diff
      ->add_option("path", options.arguments,
                   "A and B: a pack, a folder, a gitleaks .toml, a configuration or built-in; then "
                   "files (- is standard input)")
      ->required()
      ->expected(3, 1000000)
      ->type_name("A B FILE...");
  commands.rules->require_subcommand(0, 1);

  commands.check_config = app.add_subcommand(
      "check", "Check the file of --config: every error at once, with its place; nothing starts");

  commands.explain = app.add_subcommand(
      "explain",
      "Read lines and tell for each what is masked, by which rule, and why near misses stay");
  commands.explain->add_flag("--json", options.json, "As JSON lines");
  commands.explain->add_flag("--reveal", options.reveal, "Show the secrets themselves");
  commands.explain->add_option("file", options.arguments, "Files to read (default: standard input)")
      ->type_name("FILE");

  commands.scan =
      app.add_subcommand("scan", "Look for secrets in files and report them without showing them");
  commands.scan->add_option("--format", format, "text (default), json (a line each) or sarif")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "sarif"}));
  commands.scan->add_option("file", options.arguments, "Files to scan; - is standard input")
      ->required()
      ->type_name("FILE");
  return commands;
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

constexpr const char* kDescription =
    "redactd keeps secrets out of logs. It copies standard input to standard output and masks "
    "tokens,\n"
    "keys, passwords and private keys on the way; everything else passes byte for byte.\n\n"
    "  app 2>&1 | redactd                       mask with the built-in rules\n"
    "  app | redactd --rules mine.yaml          with rules of one's own besides\n"
    "  redactd run -- app --its --arguments     run a program, both its streams masked\n"
    "  redactd --config redactd.yaml            as a daemon: from its sources to its sinks\n"
    "  redactd check --config redactd.yaml      is everything in it right\n"
    "  redactd explain < some.log               why was this masked, why not that\n"
    "  redactd scan *.log                       report secrets, exit 1 if there are any\n";

constexpr const char* kFooter =
    "Exit status: 0 done; 1 secrets found (scan) or a difference (rules diff); 2 wrong usage, "
    "configuration or rules, nothing "
    "was read;\n"
    "3 input, output or engine failed, nothing went out unmasked.\n"
    "The options of redactd --help, such as --config and --rules, may stand with its commands "
    "too.\n\nMore: man redactd";

}  // namespace

ParsedOptions parse_options(int argc, char** argv) {
  ParsedOptions parsed;
  Options& options = parsed.options;
  Typed typed;
  std::string format;
  CLI::App app(kDescription, "redactd");
  app.footer(kFooter);
  app.fallthrough();
  app.set_help_flag("-h,--help", "This help");
  app.add_flag("-V,--version", typed.version,
               "Version, and the version and instruction set of the matcher");
  app.add_option(
         "--max-record", typed.max_record,
         "Longest line that is held whole (default 1MiB); longer ones are redacted in windows")
      ->type_name("SIZE");
  app.add_flag("--stats", options.stats,
               "At the end: bytes, records, masks per rule, MB/s on standard error");
  app.add_flag("--observe", options.observe, "Count secrets but mask NOTHING");
  add_rule_options(app, typed);
  add_mask_options(app, typed);
  Subcommands commands = add_subcommands(app, options, format, typed);
  options.run.program = take_program(argc, argv);

  parsed.exit = true;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);  // help
      return parsed;
    }
    // The words left over may be a value, given where everybody can read it.
    bool left_over = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
    std::cerr << "redactd: "
              << (!left_over ? error.what()
                  : commands.known->parsed()
                      ? "known takes values from standard input or --file only"
                      : not_expected(app, commands))
              << "\nTry: redactd --help\n";
    parsed.exit_code = kUsage;
    return parsed;
  }
  if (typed.version) {
    std::cout << version_text();
    return parsed;
  }
  options.command = chosen(commands);
  options.format = format == "json"    ? ReportFormat::json
                   : format == "sarif" ? ReportFormat::sarif
                                       : ReportFormat::text;
  Diagnostics diagnostics;
  if (std::string name = given_but_empty(app); !name.empty()) diagnostics.add({}, name, "is empty");
  if (app.count("--mask-keep") > 0 && typed.mask_keep == 0)
    diagnostics.add({}, "--mask-keep", "must be 1 to 16");
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
