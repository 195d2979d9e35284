#include "config/settings.h"

#include <gtest/gtest.h>

#include "config/rules/builtin_pack.h"
#include "config/yaml_reader.h"
#include "tests/testing/redact.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

constexpr const char* kPack = R"(
rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: 'acme_[a-z]{8}'
    severity: high
    tags: [internal]
    examples: ['«acme_{lower:8}»']
)";

std::string errors_of(const std::string& yaml) {
  TempDir dir;
  Settings settings;
  Diagnostics diagnostics;
  load_settings(dir.write("redactd.yaml", yaml), settings, diagnostics);
  std::string text = diagnostics.text();
  for (size_t at = text.find(dir.path()); at != std::string::npos; at = text.find(dir.path()))
    text.erase(at, dir.path().size());
  return text;
}

/// Exit status 2 or a filter: what the program would start with.
std::shared_ptr<const RuleSet> build(const Settings& settings, std::string* errors = nullptr) {
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> rules = build_rule_set(settings, diagnostics);
  EXPECT_EQ(rules == nullptr, !diagnostics.empty());
  if (errors != nullptr) *errors = diagnostics.text();
  return rules;
}

TEST(Settings, ReadsEveryKeyWithPathsBesideTheFile) {
  TempDir dir;
  Settings settings;
  Diagnostics diagnostics;
  load_settings(dir.write("etc/redactd.yaml", R"(
rules:
  files: [packs, /abs/pack.yaml]
  gitleaks: team.toml
  enable: [acme]
  disable: [generic, weak]
known: {files: known.txt, encodings: false}
mask: {style: fingerprint}
mask_key: {id: k7, file: key.bin}
max_record: 64KiB
)"),
                settings, diagnostics);
  ASSERT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_EQ(settings.rule_paths,
            (std::vector<std::string>{dir.path("etc/packs"), "/abs/pack.yaml"}));
  EXPECT_EQ(settings.gitleaks_files, std::vector<std::string>{dir.path("etc/team.toml")});
  EXPECT_EQ(settings.enable, std::vector<std::string>{"acme"});
  EXPECT_EQ(settings.disable, (std::vector<std::string>{"generic", "weak"}));
  EXPECT_EQ(settings.known_files, std::vector<std::string>{dir.path("etc/known.txt")});
  EXPECT_FALSE(settings.known_encodings);
  EXPECT_EQ(settings.mask.style, MaskStyle::fingerprint);
  EXPECT_EQ(settings.mask_key_id, "k7");
  EXPECT_EQ(settings.mask_key_file, dir.path("etc/key.bin"));
  EXPECT_EQ(settings.max_record, 65536u);
}

TEST(Settings, AnEmptyFileSetsNothing) {
  for (const char* text : {"", "# only a comment\n", "---\n"})
    EXPECT_EQ(errors_of(text), "") << text;
}

TEST(Settings, ReportsEveryMistakeAtItsPlace) {
  EXPECT_EQ(errors_of("max_record: 12\nmask: {style: nosuch}\nrulez: {}\n"),
            "redactd.yaml:1:13: max_record: must be 1KiB to 1GiB\n"
            "redactd.yaml:2:15: mask.style: is none of label, fixed, partial, fingerprint, length\n"
            "redactd.yaml:3:1: rulez: is no known key, did you mean 'rules'?\n");
  EXPECT_NE(errors_of("max_record: lots\n"), "");
  EXPECT_NE(errors_of("max_record: 2GiB\n"), "");
  EXPECT_NE(errors_of("- a\n"), "");
  EXPECT_NE(errors_of("mask: label\n"), "");
  EXPECT_NE(errors_of("mask: {style: fixed, text: \"a b\"}\n"), "");
  EXPECT_NE(errors_of("a: [\n"), "");
}

TEST(Settings, AMissingFileIsAnError) {
  Settings settings;
  Diagnostics diagnostics;
  load_settings("/nonexistent/redactd.yaml", settings, diagnostics);
  EXPECT_FALSE(diagnostics.empty());
}

TEST(Settings, SizesHaveUnits) {
  EXPECT_EQ(parse_bytes("4096"), 4096u);
  EXPECT_EQ(parse_bytes("64KiB"), 65536u);
  EXPECT_EQ(parse_bytes("1MiB"), 1048576u);
  EXPECT_EQ(parse_bytes("10kB"), 10000u);
  for (const char* bad :
       {"", "KiB", "-1", "1.5MiB", "1 MiB", "1TiB", "0x10", "99999999999999999999", "1MiBx"})
    EXPECT_FALSE(parse_bytes(bad)) << bad;
}

TEST(Rules, DefaultsMaskWithTheBuiltInPack) {
  auto rules = build({});
  ASSERT_TRUE(rules);
  EXPECT_EQ(redact("password="
                   "hunter2hunter2\n",
                   rules),
            "password=[REDACTED:password]\n");
}

TEST(Rules, OnesOwnPackIsAdded) {
  TempDir dir;
  Settings settings;
  settings.rule_paths = {dir.write("pack.yaml", kPack)};
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  EXPECT_EQ(redact("acme_abcdefgh password=hunter2hunter2\n", rules),
            "[REDACTED:acme] password=[REDACTED:password]\n");
}

TEST(Rules, OnesOwnRuleReplacesTheBuiltInOneOfTheSameId) {
  TempDir dir;
  std::string pack = kPack;
  pack.replace(pack.find("id: acme"), 8, "id: password");
  Settings settings;
  settings.rule_paths = {dir.write("pack.yaml", pack)};
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  EXPECT_EQ(redact("acme_abcdefgh password=hunter2hunter2\n", rules),
            "[REDACTED:password] password=hunter2hunter2\n");
}

TEST(Rules, AreSwitchedByIdAndByTag) {
  TempDir dir;
  Settings settings;
  settings.rule_paths = {dir.write("pack.yaml", kPack)};
  auto with = [&](std::vector<std::string> enable, std::vector<std::string> disable) {
    Settings changed = settings;
    changed.enable = std::move(enable);
    changed.disable = std::move(disable);
    auto rules = build(changed);
    return rules ? redact("acme_abcdefgh password=hunter2hunter2\n", rules) : "refused";
  };
  EXPECT_EQ(with({}, {"acme"}), "acme_abcdefgh password=[REDACTED:password]\n");
  EXPECT_EQ(with({}, {"internal"}), "acme_abcdefgh password=[REDACTED:password]\n");
  EXPECT_EQ(with({}, {"all"}), "[REDACTED:acme] password=hunter2hunter2\n")
      << "one's own packs stay";
  EXPECT_EQ(with({"password"}, {"all"}), "[REDACTED:acme] password=[REDACTED:password]\n");
  EXPECT_EQ(with({"password"}, {"generic"}), "[REDACTED:acme] password=[REDACTED:password]\n")
      << "an id wins over a tag";
}

TEST(Rules, AWordThatNamesNothingIsAnError) {
  Settings settings;
  settings.disable = {"pasword"};
  std::string errors;
  EXPECT_FALSE(build(settings, &errors));
  EXPECT_NE(errors.find("did you mean 'password'?"), std::string::npos) << errors;
}

TEST(Rules, WithoutAnyRuleNothingStarts) {
  Settings settings;
  settings.disable = {"all"};
  std::string errors;
  EXPECT_FALSE(build(settings, &errors));
  EXPECT_NE(errors, "");
}

TEST(Rules, ABrokenPackMasksNothingAndStartsNothing) {
  TempDir dir;
  Settings settings;
  settings.rule_paths = {dir.write("pack.yaml", "rules: [{id: x}]\n")};
  EXPECT_FALSE(build(settings));
  settings.rule_paths = {dir.path("nosuch.yaml")};
  EXPECT_FALSE(build(settings));
}

TEST(Rules, TheEmbeddedDatabaseFitsThoughSomeRulesAreOff) {
  Settings settings;
  settings.disable = {"generic"};
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  ASSERT_NE(std::find(rules->muted().begin(), rules->muted().end(), true), rules->muted().end());
  uint64_t wanted = RuleSet::fingerprint(rules->expressions());
  std::vector<EmbeddedDatabase> embedded = builtin_databases();
  EXPECT_TRUE(std::any_of(embedded.begin(), embedded.end(), [&](const auto& database) {
    return database.fingerprint == wanted;
  })) << "all would be compiled at start";
}

TEST(Rules, PersonalDataIsMaskedOnlyWhenAskedFor) {
  const std::string line = "mail to alice@example.com from 10.0.0.7\n";
  EXPECT_EQ(redact(line, build({})), line);
  Settings settings;
  settings.enable = {"pii"};
  EXPECT_EQ(redact(line, build(settings)),
            "mail to [REDACTED:email-address] from [REDACTED:ipv4-address]\n");
  settings.enable = {"email-address"};
  auto rules = build(settings);
  EXPECT_EQ(redact(line, rules), "mail to [REDACTED:email-address] from 10.0.0.7\n");
  EXPECT_EQ(rules->databases().size(), 2u) << "the optional rules have one of their own";
  EXPECT_EQ(build({})->databases().size(), 1u);
}

TEST(Rules, KnownValuesComeFromFiles) {
  TempDir dir;
  Settings settings;
  settings.known_files = {dir.write("known.txt", "my-own-value-1\r\n\nmy-own-value-2\n")};
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  EXPECT_EQ(redact("x my-own-value-1 my-own-value-2\n", rules),
            "x [REDACTED:known] [REDACTED:known]\n");
}

TEST(Rules, AByteOrderMarkIsNoPartOfAKnownValue) {
  TempDir dir;
  Settings settings;
  settings.known_files = {dir.write("known.txt", "\xef\xbb\xbfmy-own-value-1\n")};
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  EXPECT_EQ(redact("x my-own-value-1\n", rules), "x [REDACTED:known]\n");
}

TEST(Rules, KnownValuesThatAreOrdinaryTextAreRefused) {
  TempDir dir;
  Settings settings;
  settings.known_files = {dir.write("known.txt", "long-enough-one\nproduction\n")};
  std::string errors;
  EXPECT_FALSE(build(settings, &errors));
  EXPECT_NE(errors.find("known.txt:2:1: is made of ordinary words"), std::string::npos) << errors;
}

TEST(Rules, OtherKnownValuesLeaveTheDatabasesAsTheyAre) {
  TempDir dir;
  Settings settings;
  settings.rule_paths = {
      dir.write("pack.yaml",
                "rules:\n  - {id: acme, title: Acme, kind: regex, severity: high, "
                "pattern: 'acme=([0-9]+)', examples: ['acme=«12345»']}\n")};
  settings.known_files = {dir.write("known.txt", "my-own-value-1\n")};
  auto first = build(settings);
  ASSERT_TRUE(first);
  dir.write("known.txt", "my-own-value-2\n");
  Diagnostics diagnostics;
  RuleGroup more;
  more.rules.emplace_back();
  more.rules[0].id = "known:MORE";
  more.rules[0].kind = RuleKind::known;
  more.rules[0].values = {"my-own-value-3"};
  auto second = build_rule_set(settings, diagnostics, more, first.get());
  ASSERT_TRUE(second) << diagnostics.text();
  EXPECT_EQ(second->databases(), first->databases());
  EXPECT_EQ(second->databases().size(), 2u);
  EXPECT_EQ(redact("acme=12345 my-own-value-1 my-own-value-2 my-own-value-3\n", second),
            "acme=[REDACTED:acme] my-own-value-1 [REDACTED:known] [REDACTED:known:MORE]\n");
}

TEST(Rules, KnownValuesThatAreTooShortAreRefusedWithoutBeingShown) {
  TempDir dir;
  Settings settings;
  settings.known_files = {dir.write("known.txt", "e\nlong-enough-one\nq7!zz\n")};
  std::string errors;
  EXPECT_FALSE(build(settings, &errors));
  EXPECT_EQ(count_of(errors, "\n"), 2u) << errors;
  EXPECT_EQ(errors.find("q7!zz"), std::string::npos);
  EXPECT_NE(errors.find("known.txt:3:1"), std::string::npos) << errors;
}

TEST(Rules, AnEmptyListOfKnownValuesIsAnError) {
  TempDir dir;
  Settings settings;
  settings.known_files = {dir.write("known.txt", "\n")};
  EXPECT_FALSE(build(settings));
}

TEST(Rules, TheFingerprintMaskNeedsAKeyAndAnId) {
  TempDir dir;
  Settings settings;
  settings.mask.style = MaskStyle::fingerprint;
  EXPECT_FALSE(build(settings)) << "no default key";
  settings.mask_key_file = dir.write("key", "0123456789abcdef0123456789abcdef\n");
  EXPECT_FALSE(build(settings)) << "no id";
  settings.mask_key_id = "k1";
  auto rules = build(settings);
  ASSERT_TRUE(rules);
  EXPECT_TRUE(
      redact("password=hunter2hunter2\n", rules).starts_with("password=[REDACTED:password:k1:"));
  settings.mask_key_file = dir.write("short", "too short\n");
  std::string errors;
  EXPECT_FALSE(build(settings, &errors));
  EXPECT_EQ(errors.find("too short\n"), std::string::npos) << "the key is not shown: " << errors;
}

}  // namespace
}  // namespace redactd::test
