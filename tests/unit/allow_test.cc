// `allow` in the configuration and in packs: what passes in clear although a rule describes it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/settings.h"
#include "tests/testing/redact.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using testing::HasSubstr;

const std::string kKey = "0123456789abcdef0123456789abcdef";

/// The rules of a configuration; null, with the errors, when it has some.
Rules rules_of_config(const std::string& yaml, std::string* errors = nullptr) {
  TempDir dir;
  dir.write("key", kKey);
  dir.write("values", "correct-horse-battery\n");
  Settings settings;
  Diagnostics diagnostics;
  load_settings(dir.write("redactd.yaml", yaml), settings, diagnostics);
  Rules rules = build_rule_set(settings, diagnostics);
  std::string text = diagnostics.text();
  for (size_t at = text.find(dir.path()); at != std::string::npos; at = text.find(dir.path()))
    text.erase(at, dir.path().size());
  if (errors != nullptr) {
    *errors = text;
  } else {
    EXPECT_EQ(text, "");
  }
  return rules;
}

std::string errors_of(const std::string& yaml) {
  std::string errors;
  rules_of_config(yaml, &errors);
  return errors;
}

TEST(Allow, LetsSecretsPassThatAnExpressionDescribes) {
  Rules rules = rules_of_config("allow: [{secret: '^example-[0-9]+$$'}]\n");
  EXPECT_EQ(redact("password=example-12345678 secret=example-12345678\n", rules),
            "password=example-12345678 secret=example-12345678\n");
  EXPECT_EQ(redact("password=example-12345678x\n", rules), "password=[REDACTED:password]\n");
}

TEST(Allow, HoldsForTheRulesThatItNames) {
  Rules rules = rules_of_config("allow: [{rules: [password], secret: ^example}]\n");
  EXPECT_EQ(redact("password=example12345 api_key=example12345\n", rules).substr(0, 21),
            "password=example12345");
  EXPECT_EQ(count_of(redact("password=example12345 api_key=example12345\n", rules), "REDACTED"),
            1u);
}

TEST(Allow, LooksAtTheRecord) {
  Rules rules = rules_of_config("allow: [{record: ['^probe ', '^check ']}]\n");
  EXPECT_EQ(redact("probe password=hunter2hunter2\ncheck password=hunter2hunter2\n"
                   "real password=hunter2hunter2\n",
                   rules),
            "probe password=hunter2hunter2\ncheck password=hunter2hunter2\n"
            "real password=[REDACTED:password]\n");
}

TEST(Allow, WantsAllThatAnEntrySaysAndOneOfTheEntries) {
  Rules rules =
      rules_of_config("allow:\n  - {record: '^probe ', secret: ^hunter}\n  - {secret: ^example}\n");
  EXPECT_EQ(redact("probe password=hunter2hunter2\n", rules), "probe password=hunter2hunter2\n");
  EXPECT_EQ(redact("password=hunter2hunter2\n", rules), "password=[REDACTED:password]\n");
  EXPECT_EQ(redact("password=example2hunter2\n", rules), "password=example2hunter2\n");
}

TEST(Allow, NeverLetsKnownValuesPass) {
  Rules rules =
      rules_of_config("known: {files: values}\nallow: [{secret: correct}, {record: sent}]\n");
  EXPECT_EQ(redact("sent correct-horse-battery\n", rules), "sent [REDACTED:known]\n");
}

TEST(Allow, MasksWhatAnotherRuleFindsThatIsNotAllowed) {
  Filled line = fill("password=«ghp_{alnum:36}»");
  Rules rules = rules_of_config("allow: [{rules: [github-token], secret: ^ghp}]\n");
  EXPECT_EQ(redact(line.text + "\n", rules), "password=[REDACTED:password]\n");
  rules = rules_of_config("allow: [{secret: ^ghp}]\n");
  EXPECT_EQ(redact(line.text + "\n", rules), line.text + "\n");
}

TEST(Allow, LetsTheSecretPassThatAFingerprintNames) {
  const std::string key = "mask_key: {id: k1, file: key}\n";
  const FingerprintKey same{"k1", LockedBytes(kKey)};
  std::string print = fingerprint(same, "password", "hunter2hunter2").text();
  for (const std::string& spelling : {print, "'[REDACTED:" + print + "]'"}) {
    Rules rules = rules_of_config(key + "allow: [{fingerprint: " + spelling + "}]\n");
    EXPECT_EQ(redact("password=hunter2hunter2 password=hunter2hunter3\n", rules),
              "password=hunter2hunter2 password=[REDACTED:password]\n");
  }
}

TEST(Allow, AFingerprintIsTheOneThatTheMaskShows) {
  const std::string key = "mask: {style: fingerprint}\nmask_key: {id: k1, file: key}\n";
  Filled line = fill("password=«ghp_{alnum:36}»");
  std::string masked = redact(line.text + "\n", rules_of_config(key));
  std::string mask = masked.substr(9, masked.size() - 10);
  Rules rules = rules_of_config(key + "allow: [{fingerprint: '" + mask + "'}]\n");
  EXPECT_EQ(redact(line.text + "\n", rules), line.text + "\n");
}

TEST(Allow, StandsInPacksToo) {
  Rules rules = rules_from(R"(
rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: 'acme_[a-z]{8}'
    severity: high
    allow: [{secret: '^acme_test'}, {record: '^probe '}]
    examples: ['«acme_{lower:8}»']
    keep: ['acme_testabcd', 'probe acme_abcdefgh']
)");
  EXPECT_EQ(redact("acme_abcdefgh acme_testabcd\n", rules), "[REDACTED:acme] acme_testabcd\n");
}

TEST(Allow, OfWhatTheRulesOwnExamplesHoldIsNoFaultOfTheMatcher) {
  EXPECT_TRUE(rules_of_config("allow: [{rules: [password], secret: a}]\n"));
  EXPECT_TRUE(rules_of_config("allow: [{secret: '[0-9a-zA-Z]'}]\n"));
  EXPECT_TRUE(rules_of_config("allow: [{record: '[0-9a-zA-Z]'}]\n"));
}

TEST(Allow, ReportsEveryMistakeAtItsPlace) {
  EXPECT_EQ(errors_of("allow: {secret: x}\n"), "redactd.yaml:1:8: allow: must be a list\n");
  EXPECT_THAT(errors_of("allow: [{rules: [password]}]\n"),
              HasSubstr("redactd.yaml:1:9: allow[0]: needs secret, record or fingerprint"));
  EXPECT_THAT(
      errors_of("allow: [{rules: [pasword], secret: x}]\n"),
      HasSubstr("redactd.yaml:1:18: allow[0].rules[0]: 'pasword' is no rule and no tag, did "
                "you mean 'password'?"));
  EXPECT_THAT(errors_of("allow: [{secret: 'a('}]\n"),
              HasSubstr("redactd.yaml:1:18: allow[0].secret: RE2 refuses it: "));
  EXPECT_THAT(errors_of("allow: [{record: '.*'}]\n"), HasSubstr("lets everything pass"));
  for (const std::string key : {"rules", "secret", "record"}) {
    for (const std::string nothing : {"[]", ""}) {
      std::string other = key == "record" ? "secret" : "record";
      EXPECT_THAT(errors_of("allow: [{" + other + ": x, " + key + ": " + nothing + "}]\n"),
                  HasSubstr("allow[0]." + key + ": has no entry; write one, or leave it out"));
    }
  }
  EXPECT_THAT(errors_of("allow: [{secrets: x}]\n"), HasSubstr("did you mean 'secret'?"));
  EXPECT_THAT(errors_of("allow: [{fingerprint: abc}]\n"), HasSubstr("must be rule:key:digits"));
  EXPECT_THAT(errors_of("allow: [{fingerprint: 'password:k1:0123abcd', secret: x}]\n"),
              HasSubstr("stands beside fingerprint"));
  EXPECT_THAT(errors_of("allow: [{fingerprint: 'password:k1:0123abcd'}]\n"),
              HasSubstr("redactd.yaml:1:23: allow[0].fingerprint: needs the key"));
  EXPECT_THAT(
      errors_of("mask_key: {id: k2, file: key}\nallow: [{fingerprint: 'password:k1:0123abcd'}]\n"),
      HasSubstr("was made with the key 'k1', and mask_key is 'k2'"));
}

}  // namespace
}  // namespace redactd::test
