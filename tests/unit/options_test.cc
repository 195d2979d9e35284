#include "daemon/commands/options.h"

#include <gtest/gtest.h>

#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

struct Parsed {
  ParsedOptions result;
  std::string out;
  std::string err;
};

Parsed parse(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "redactd");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  Parsed parsed;
  parsed.result = parse_options(static_cast<int>(arguments.size()), argv.data());
  parsed.out = ::testing::internal::GetCapturedStdout();
  parsed.err = ::testing::internal::GetCapturedStderr();
  return parsed;
}

Options accepted(std::vector<std::string> arguments) {
  Parsed parsed = parse(std::move(arguments));
  EXPECT_FALSE(parsed.result.exit) << parsed.err;
  return parsed.result.options;
}

TEST(Options, WithoutAnyItIsAFilter) {
  Options options = accepted({});
  EXPECT_EQ(options.command, Command::filter);
  EXPECT_FALSE(options.stats || options.observe || options.json || options.reveal);
  EXPECT_EQ(options.settings.max_record, size_t{1} << 20);
  EXPECT_EQ(options.settings.mask.style, MaskStyle::label);
}

TEST(Options, ListsRepeat) {
  Options options = accepted({"--rules", "a.yaml", "--rules", "b", "--enable", "x", "--enable", "y",
                              "--disable", "z", "--known", "k"});
  EXPECT_EQ(options.settings.rule_paths, (std::vector<std::string>{"a.yaml", "b"}));
  EXPECT_EQ(options.settings.enable, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(options.settings.disable, std::vector<std::string>{"z"});
  EXPECT_EQ(options.settings.known_files, std::vector<std::string>{"k"});
}

TEST(Options, ChooseTheCommand) {
  EXPECT_EQ(accepted({"rules", "list"}).command, Command::rules_list);
  EXPECT_EQ(accepted({"rules", "show", "jwt"}).command, Command::rules_show);
  EXPECT_EQ(accepted({"rules", "check", "x.yaml"}).command, Command::rules_check);
  EXPECT_EQ(accepted({"rules", "test"}).command, Command::rules_test);
  EXPECT_EQ(accepted({"explain", "--reveal"}).reveal, true);
  EXPECT_EQ(accepted({"explain"}).command, Command::explain);
  Options scan = accepted({"scan", "--format", "sarif", "a.log", "b.log"});
  EXPECT_EQ(scan.command, Command::scan);
  EXPECT_EQ(scan.format, ReportFormat::sarif);
  EXPECT_EQ(scan.arguments, (std::vector<std::string>{"a.log", "b.log"}));
}

TEST(Options, TellADaemonValues) {
  Options add = accepted({"known", "add", "--name", "DB", "--ttl", "10m", "--socket", "/s"});
  EXPECT_EQ(add.command, Command::known_add);
  EXPECT_EQ(add.known.name, "DB");
  EXPECT_EQ(add.known.ttl, std::chrono::minutes(10));
  EXPECT_EQ(add.known.socket, "/s");
  Options list = accepted({"known", "list-fingerprints", "--json"});
  EXPECT_EQ(list.command, Command::known_list);
  EXPECT_TRUE(list.json);
  EXPECT_EQ(list.known.socket, "/run/redactd/known.sock");
  EXPECT_EQ(accepted({"known", "remove", "DB"}).known.name, "DB");
  EXPECT_EQ(accepted({"known", "remove", "--fingerprint", "90a1"}).known.fingerprint, "90a1");
}

TEST(Options, RunAProgramWhoseWordsAreItsOwn) {
  Options run = accepted({"run", "--pty", "--stats", "--linger", "2s", "--env", "*_PIN", "--", "ls",
                          "--stats", "--", "scan", "run", "--help"});
  EXPECT_EQ(run.command, Command::run);
  EXPECT_TRUE(run.run.terminal && run.stats);
  EXPECT_FALSE(run.run.merge);
  EXPECT_EQ(run.run.linger, std::chrono::seconds(2));
  EXPECT_EQ(run.run.env, std::vector<std::string>{"*_PIN"});
  EXPECT_EQ(run.run.program,
            (std::vector<std::string>{"ls", "--stats", "--", "scan", "run", "--help"}));
  EXPECT_FALSE(accepted({"--stats", "run", "--", "x"}).run.linger);
  EXPECT_EQ(accepted({"run", "--linger", "0s", "--", "x"}).run.linger, std::chrono::seconds(0));
}

TEST(Options, GeneralOnesMayFollowTheCommand) {
  EXPECT_EQ(accepted({"scan", "--disable", "weak", "a.log"}).settings.disable,
            std::vector<std::string>{"weak"});
  EXPECT_EQ(accepted({"--disable", "weak", "scan", "a.log"}).settings.disable,
            std::vector<std::string>{"weak"});
}

TEST(Options, ReadMasks) {
  EXPECT_EQ(accepted({"--mask", "length"}).settings.mask.style, MaskStyle::length);
  Options fixed = accepted({"--mask-text", "***"});
  EXPECT_EQ(fixed.settings.mask.style, MaskStyle::fixed) << "a text says which style";
  EXPECT_EQ(fixed.settings.mask.text, "***");
  EXPECT_EQ(accepted({"--mask", "partial", "--mask-keep", "2"}).settings.mask.keep, 2u);
}

TEST(Options, WrongOnesExitWithTwo) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--nosuch"},
                                             {"nosuch"},
                                             {"rules", "nosuch"},
                                             {"rules", "show"},
                                             {"rules", "check"},
                                             {"scan"},
                                             {"scan", "--format", "xml", "a"},
                                             {"--mask", "nosuch"},
                                             {"--mask-text", "a\"b"},
                                             {"--mask-text", "a b"},
                                             {"--mask", "label", "--mask-text", "x"},
                                             {"--mask", "partial", "--mask-keep", "0"},
                                             {"--mask", "partial", "--mask-keep", "99"},
                                             {"--mask-keep", "2"},
                                             {"run"},
                                             {"run", "--"},
                                             {"run", "--", ""},
                                             {"run", "ls"},
                                             {"run", "--nosuch", "--", "ls"},
                                             {"run", "--linger", "soon", "--", "ls"},
                                             {"known"},
                                             {"known", "add"},
                                             {"known", "add", "--name", "DB", "made-up"},
                                             {"known", "add", "--name", "DB", "--ttl", "never"},
                                             {"known", "add", "--name", "DB", "--ttl", "0s"},
                                             {"known", "add", "--name", "DB", "--mask", "fixed"},
                                             {"known", "remove"},
                                             {"known", "remove", "DB", "--fingerprint", "90a1"},
                                             {"known", "list-fingerprints", "--socket", ""},
                                             {"--max-record", "12"},
                                             {"--max-record", "lots"},
                                             {"--max-record", "2GiB"},
                                             {"--max-record"},
                                             {"--rules"},
                                             {"--config", "/nonexistent.yaml"}}) {
    Parsed parsed = parse(arguments);
    EXPECT_TRUE(parsed.result.exit) << arguments[0];
    EXPECT_EQ(parsed.result.exit_code, 2) << arguments[0];
    EXPECT_NE(parsed.err, "") << arguments[0];
    EXPECT_EQ(parsed.out, "") << arguments[0];
  }
}

TEST(Options, AMisspeltMaskIsSuggested) {
  EXPECT_NE(parse({"--mask", "fingerprnt"}).err.find("did you mean 'fingerprint'?"),
            std::string::npos);
}

TEST(Options, MisspeltOnesAndCommandsAreSuggested) {
  for (const auto& [arguments, expected] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--confg", "a.yaml"}, "there is no option --confg, did you mean '--config'?"},
           {{"--mak=label"}, "there is no option --mak, did you mean '--mask'?"},
           {{"run", "--ptty", "--", "ls"}, "there is no option --ptty, did you mean '--pty'?"},
           {{"scan", "--fromat", "json", "a"},
            "there is no option --fromat, did you mean '--format'?"},
           {{"chek"}, "'chek' is not expected here, did you mean 'check'?"},
           {{"rules", "lst"}, "'lst' is not expected here, did you mean 'list'?"},
           {{"some.log"},
            "'some.log' is not expected here; redactd reads standard input: redactd < some.log"},
           {{"run", "ls"}, "the program stands behind --: redactd run -- PROGRAM ARGUMENTS"}})
    EXPECT_NE(parse(arguments).err.find(expected), std::string::npos) << parse(arguments).err;
}

TEST(Options, AValueOnTheCommandLineIsNotShownAgain) {
  Parsed parsed = parse({"known", "add", "--name", "DB", "made-up"});
  EXPECT_EQ(parsed.err.find("made-up"), std::string::npos) << parsed.err;
  EXPECT_NE(parsed.err.find("standard input"), std::string::npos);
}

TEST(Options, HelpAndVersionExitWithZero) {
  for (const char* flag : {"--help", "-h", "--version", "-V"}) {
    Parsed parsed = parse({flag});
    EXPECT_TRUE(parsed.result.exit);
    EXPECT_EQ(parsed.result.exit_code, 0);
    EXPECT_NE(parsed.out, "");
    EXPECT_EQ(parsed.err, "");
  }
  EXPECT_NE(parse({"--version"}).out.find("libhs"), std::string::npos);
}

TEST(Options, OnTheCommandLineWinOverTheFile) {
  TempDir dir;
  std::string config = dir.write(
      "redactd.yaml", "mask: {style: length}\nmax_record: 2KiB\nrules: {disable: [weak]}\n");
  Options options = accepted({"--config", config});
  EXPECT_EQ(options.settings.mask.style, MaskStyle::length);
  EXPECT_EQ(options.settings.max_record, 2048u);
  options = accepted(
      {"--config", config, "--mask", "label", "--max-record", "4KiB", "--disable", "generic"});
  EXPECT_EQ(options.settings.mask.style, MaskStyle::label);
  EXPECT_EQ(options.settings.max_record, 4096u);
  EXPECT_EQ(options.settings.disable, (std::vector<std::string>{"weak", "generic"}))
      << "lists add up";
}

}  // namespace
}  // namespace redactd::test
