#include "daemon/commands/command_line.h"

#include <CLI/CLI.hpp>

namespace redactd {
namespace {

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
    "Exit status: 0 done; 1 secrets found (scan) or a difference (rules diff); 2 wrong usage,\n"
    "configuration or rules, nothing was read; 3 input, output or engine failed, nothing went out\n"
    "unmasked.\n"
    "The options of redactd --help, such as --config and --rules, may stand with its commands "
    "too.\n\nMore: man redactd";

void add_options(CLI::App& app, Options& options, Typed& typed) {
  app.add_flag("-V,--version", typed.version,
               "Version, and the version and instruction set of the matcher");
  app.add_option(
         "--max-record", typed.max_record,
         "Longest line that is held whole (default 1MiB); longer ones are redacted in windows")
      ->type_name("SIZE");
  app.add_flag("--stats", options.stats,
               "At the end: bytes, records, masks per rule, MB/s on standard error");
  app.add_flag("--observe", options.observe, "Count secrets but mask NOTHING");
}

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

constexpr const char* kRunFooter =
    "Exit status: the program's, or 128 and the signal that ended it; 127 it was not found; 126 "
    "it\n"
    "cannot be run; 2 wrong usage, configuration or rules, it was not started; 3 input, output or\n"
    "engine failed, nothing went out unmasked.\n"
    "The options of redactd --help, such as --config and --rules, may stand before the -- too.\n\n"
    "More: man redactd";

void add_run_command(CLI::App& app, Subcommands& commands, Options& options, Typed& typed) {
  RunOptions& run = options.run;
  commands.run = app.add_subcommand(
      "run", "Run a program whose output goes through redactd: redactd run -- PROGRAM ARGUMENTS");
  commands.run->footer(kRunFooter);
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

void add_rules_commands(CLI::App& app, Subcommands& commands, Options& options) {
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
}

void add_other_commands(CLI::App& app, Subcommands& commands, Options& options, Typed& typed) {
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
  commands.scan->add_option("--format", typed.format, "text (default), json (a line each) or sarif")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "sarif"}));
  commands.scan->add_option("file", options.arguments, "Files to scan; - is standard input")
      ->required()
      ->type_name("FILE");
}

}  // namespace

Subcommands declare(CLI::App& app, Options& options, Typed& typed) {
  app.name("redactd");
  app.description(kDescription);
  app.footer(kFooter);
  app.fallthrough();
  app.set_help_flag("-h,--help", "This help");
  add_options(app, options, typed);
  add_rule_options(app, typed);
  add_mask_options(app, typed);
  Subcommands commands;
  add_known_commands(app, commands, options, typed);
  add_run_command(app, commands, options, typed);
  add_rules_commands(app, commands, options);
  add_other_commands(app, commands, options, typed);
  return commands;
}

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

}  // namespace redactd
