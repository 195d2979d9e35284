#include "config/gitleaks_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/all_splits.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using How = GitleaksVerdict::How;

/// A gitleaks file and what came of it. Paths in diagnostics are without the folder.
struct Loaded {
  GitleaksRules rules;
  std::string errors;
  Rules compiled;

  const GitleaksVerdict& verdict(const std::string& id) const {
    for (const GitleaksVerdict& verdict : rules.verdicts) {
      if (verdict.id == id) return verdict;
    }
    throw std::out_of_range(id);
  }
  std::string redact(std::string_view text) const { return test::redact(text, compiled); }
};

Loaded load(TempDir& dir, const std::string& text) {
  Loaded loaded;
  Diagnostics diagnostics;
  loaded.rules = load_gitleaks({dir.write("g.toml", text)}, diagnostics);
  loaded.errors = diagnostics.text();
  for (size_t at = loaded.errors.find(dir.path()); at != std::string::npos;
       at = loaded.errors.find(dir.path()))
    loaded.errors.erase(at, dir.path().size());
  std::vector<Rule> rules;
  for (const LoadedRule& rule : loaded.rules.rules) rules.push_back(rule.rule);
  loaded.compiled = rules_of(rules);
  return loaded;
}

Loaded load(const std::string& text) {
  TempDir dir;
  return load(dir, text);
}

/// A file of one rule `r`.
Loaded rule(const std::string& regex, const std::string& more = "") {
  return load("[[rules]]\nid = 'r'\nregex =  + regex + 
" + more);
}

const std::string kMask = "[REDACTED:gitleaks-r]";

TEST(GitleaksFile, MasksTheSecretThatGitleaksReports) {
  EXPECT_EQ(rule("k=[a-z]+").redact("k=abcd;
"), kMask + ";
");
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=abcd;
"), "k=" + kMask + ";
");
  EXPECT_EQ(rule("(k)=([a-z]+)").redact("k=abcd;
"), kMask + "=abcd;
");
  EXPECT_EQ(rule("(z)?(k)=([a-z]+)").redact("k=abcd;
"), kMask + "=abcd;
");
  EXPECT_EQ(rule("(k)=([a-z]+)", "secretGroup = 2").redact("k=abcd;
"), "k=" + kMask + ";
");
  EXPECT_EQ(rule("(k)=(?P<secret>[a-z]+)").redact("k=abcd;
"), kMask + "=abcd;
");
}

TEST(GitleaksFile, MasksEveryMatchOfARecord) {
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=ab k=cd,k=ef
k=gh
"),
            "k=" + kMask + " k=" + kMask + ",k=" + kMask + "
k=" + kMask + "
");
}

TEST(GitleaksFile, WantsMoreEntropyThanTheThreshold) {
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 2.0").redact("k=abcd
"), "k=abcd
");
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 1.99").redact("k=abcd
"), "k=" + kMask + "
");
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 1").redact("k=abcd
"), "k=" + kMask + "
");
}

TEST(GitleaksFile, WantsAKeywordInAnyCaseInTheRecord) {
  Loaded loaded = rule("k=([a-z]+)", "keywords = ['Acme']");
  EXPECT_EQ(loaded.redact("k=abcd ACME
k=abcd
"), "k=" + kMask + " ACME
k=abcd
");
  EXPECT_THAT(loaded.verdict("r").reasons, ElementsAre(HasSubstr("keywords")));
  EXPECT_EQ(rule("(?i)acme_key=([a-z]+)", "keywords = ['acme']").verdict("r").how, How::exact);
}

TEST(GitleaksFile, IgnoresBypassWordsInTheData) {
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=abcd # gitleaks:allow
"),
            "k=" + kMask + " # gitleaks:allow
");
}

TEST(GitleaksFile, LetsPassWhatAllowlistsName) {
  auto with = [](const std::string& list) {
    return rule("k=([a-z]+)", "[[rules.allowlists]]
" + list).redact("ok k=abcd
k=abcd k=efgh
");
  };
  const std::string all = "ok k=" + kMask + "
k=" + kMask + " k=" + kMask + "
";
  EXPECT_EQ(with("stopwords = ['BC']"), "ok k=abcd
k=abcd k=" + kMask + "
");
  EXPECT_EQ(with("stopwords = ['k=']"), all);
  EXPECT_EQ(with("regexes = ['^bc']"), all);
  EXPECT_EQ(with("regexes = ['^ab']"), "ok k=abcd
k=abcd k=" + kMask + "
");
  EXPECT_EQ(with("regexTarget = 'match'
regexes = ['^k=a']"), "ok k=abcd
k=abcd k=" + kMask + "
");
  EXPECT_EQ(with("regexTarget = 'match'
regexes = ['ok']"), all);
  EXPECT_EQ(with("regexTarget = 'line'
regexes = ['ok']"),
            "ok k=abcd
k=" + kMask + " k=" + kMask + "
");
  EXPECT_EQ(with("condition = 'AND'
stopwords = ['zz']
regexes = ['ab']"), all);
  EXPECT_EQ(with("condition = 'and'
stopwords = ['bc']
regexes = ['ab']"),
            "ok k=abcd
k=abcd k=" + kMask + "
");
}

TEST(GitleaksFile, LetsPassWhatTheFilesAllowlistsName) {
  const std::string two = "[[rules]]
id='r'
regex='k=([a-z]+)'
[[rules]]
id='q'
regex='q=([a-z]+)'
";
  EXPECT_EQ(load("[allowlist]
regexes=['ab']
" + two).redact("k=abcd q=abcd k=ef
"),
            "k=abcd q=abcd k=" + kMask + "
");
  EXPECT_EQ(load("[[allowlists]]
targetRules=['q']
stopwords=['ab']
" + two).redact("k=abcd q=abcd
"),
            "k=" + kMask + " q=abcd
");
}

TEST(GitleaksFile, LetsNothingPassByPathOrCommit) {
  Loaded either = rule("k=([a-z]+)", "[[rules.allowlists]]
paths = ['x']
commits = ['y']
stopwords = ['ef']");
  EXPECT_EQ(either.redact("k=abcd k=efgh
"), "k=" + kMask + " k=efgh
");
  EXPECT_EQ(either.verdict("r").how, How::approximate);
  Loaded both = rule("k=([a-z]+)", "[[rules.allowlists]]
condition='AND'
paths=['x']
stopwords=['ab']");
  EXPECT_EQ(both.redact("k=abcd
"), "k=" + kMask + "
");
  Loaded file = load("[allowlist]
paths = ['x']
[[rules]]
id='r'
regex='k=([a-z]+)'
");
  EXPECT_EQ(file.verdict("r").how, How::exact);
  ASSERT_EQ(file.rules.remarks.size(), 1u);
  EXPECT_THAT(file.rules.remarks[0].message, HasSubstr("path or commit"));
}

TEST(GitleaksFile, RefusesRulesThatLookAtPathsOnly) {
  Loaded loaded = load("[[rules]]
id='p'
path='x$'
[[rules]]
id='r'
regex='k=([a-z]+)'
path='x$'
");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.verdict("p").how, How::refused);
  EXPECT_EQ(loaded.verdict("p").rule, "");
  EXPECT_THAT(loaded.verdict("p").reasons, ElementsAre(HasSubstr("paths only")));
  EXPECT_EQ(loaded.verdict("r").how, How::approximate);
  EXPECT_EQ(loaded.redact("k=abcd
"), "k=" + kMask + "
");
}

TEST(GitleaksFile, SaysWhatIsApproximate) {
  auto reasons = [](const std::string& regex, const std::string& more = "") {
    return rule(regex, more).verdict("r").reasons;
  };
  EXPECT_THAT(reasons("(?i)key\s*=\s*([a-z0-9]{20,40})(?:[\s;]|$)"), IsEmpty());
  EXPECT_THAT(reasons("-BEGIN-[\s\S]{10,}-END-"), ElementsAre(HasSubstr("several lines")));
  EXPECT_THAT(reasons("key='([^']+)'"), ElementsAre(HasSubstr("several lines")));
  EXPECT_THAT(reasons("key=(.{8})"), ElementsAre(HasSubstr("bytes")));
  EXPECT_THAT(reasons("key=(\w+)", "[[rules.required]]
id='q'"), ElementsAre(HasSubstr("requires")));
}

TEST(GitleaksFile, MakesIdsOfItsOwn) {
  Loaded loaded = load(
      "[[rules]]
id='Acme_Key 1'
regex='a=([a-z]+)'
[[rules]]
id='acme-key-1'
regex='b=([a-z]+)'
");
  EXPECT_EQ(loaded.redact("a=x b=y
"),
            "a=[REDACTED:gitleaks-acme-key-1] b=[REDACTED:gitleaks-acme-key-1-2]
");
  EXPECT_EQ(loaded.rules.rules[0].rule.title, "Acme_Key 1");
  EXPECT_THAT(loaded.rules.rules[0].rule.tags, ElementsAre("gitleaks"));
}

TEST(GitleaksFile, ReadsKeysInAnyCaseAndTheLastOfTwoRules) {
  Loaded loaded = load("[[Rules]]
ID='r'
Regex='a'
[[Rules]]
ID='r'
Regex='k=([a-z]+)'
");
  EXPECT_EQ(loaded.redact("a k=b
"), "a k=" + kMask + "
");
}

TEST(GitleaksFile, SeesLineEndsAsGitleaksDoes) {
  Loaded loaded = rule(R"([\s;]k=([a-z]+)[\s;])");
  const std::string text = "k=ab
      k = cd;k=ef";
  EXPECT_EQ(loaded.redact(text), "k=" + kMask + "
k=" + kMask + "
;k=" + kMask);
  expect_same_under_every_cut(text, loaded.compiled);
}

TEST(GitleaksFile, FollowsWhatItExtends) {
  TempDir dir;
  dir.write("base.toml",
            "[allowlist]
stopwords=['aa']
"
            "[[rules]]
id='r'
regex='(k)=([a-z]+)'
keywords=['one']
"
            "[[rules]]
id='s'
regex='s=([a-z]+)'
[[rules]]
id='t'
regex='t=([a-z]+)'
");
  Loaded loaded = load(dir,
                       "[extend]
path='base.toml'
disabledRules=['s']
"
                       "[[rules]]
id='r'
secretGroup=2
keywords=['two']
"
                       "[[rules.allowlists]]
stopwords=['bb']
[[rules]]
id='u'
regex='u=([a-z]+)'
");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.redact("one k=xaax k=xbbx k=cc
two k=cc
k=cc s=dd t=ee t=aa u=aa u=ff
"),
            "one k=xaax k=xbbx k=" + kMask + "
two k=" + kMask +
                "
k=cc s=dd t=[REDACTED:gitleaks-t] t=aa u=aa u=[REDACTED:gitleaks-u]
");
}

TEST(GitleaksFile, GoesTwoFilesDeepAndNoFurther) {
  TempDir dir;
  dir.write("1.toml", "[extend]
path='2.toml'
");
  dir.write("2.toml", "[extend]
path='3.toml'
[[rules]]
id='r'
regex='k=([a-z]+)'
");
  dir.write("3.toml", "[[rules]]
id='deep'
regex='d=([a-z]+)'
");
  Loaded loaded = load(dir, "[extend]
path='1.toml'
");
  EXPECT_EQ(loaded.redact("k=a d=b
"), "k=" + kMask + " d=b
");
  ASSERT_EQ(loaded.rules.remarks.size(), 1u);
  EXPECT_THAT(loaded.rules.remarks[0].message, HasSubstr("two files deep"));
}

TEST(GitleaksFile, StandsWithoutGitleaksOwnRules) {
  Loaded loaded = load(
      "[extend]
useDefault=true
[[rules]]
id='gitlab-pat'
"
      "[[rules.allowlists]]
regexes=['x']
[[rules]]
id='r'
regex='k=([a-z]+)'
");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.redact("k=a
"), "k=" + kMask + "
");
  EXPECT_EQ(loaded.verdict("gitlab-pat").how, How::refused);
  ASSERT_EQ(loaded.rules.remarks.size(), 1u);
  EXPECT_THAT(loaded.rules.remarks[0].message, HasSubstr("extend.path"));
}

TEST(GitleaksFile, RemarksOnKeysThatItDoesNotKnow) {
  Loaded loaded = rule("k=([a-z]+)", "keyword = ['x']");
  EXPECT_EQ(loaded.errors, "");
  ASSERT_EQ(loaded.rules.remarks.size(), 1u);
  EXPECT_THAT(loaded.rules.remarks[0].text(), HasSubstr("g.toml:4:11: rules[0].keyword: "));
  EXPECT_THAT(loaded.rules.remarks[0].text(), HasSubstr("did you mean 'keywords'"));
}

TEST(GitleaksFile, ReportsEveryMistakeAtItsPlace) {
  Loaded loaded = load(R"([[rules]]
id = 'look'
regex = 'a(?=b)'
[[rules]]
id = 'group'
regex = '(a)b'
secretGroup = 2
[[rules]]
id = 'nothing'
[[rules]]
regex = 'c'
[[rules]]
id = 'types'
regex = 'd'
entropy = 'much'
keywords = [1]
[[rules]]
id = 'lists'
regex = 'e'
[[rules.allowlists]]
condition = 'XOR'
regexTarget = 'file'
regexes = ['(']
[[rules.allowlists]]
description = 'nothing'
[[allowlists]]
targetRules = ['nosuch']
stopwords = ['x']
)");
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:3:9: rules[0].regex: RE2 refuses it: "));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:7:15: rules[1].secretGroup: is 2, but regex has 1 groups
"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:8:1: rules[2].regex: is missing"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:10:1: rules[3].id: is missing"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:15:11: rules[4].entropy: must be a number
"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:16:13: rules[4].keywords[0]: must be a string
"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:21:13: rules[5].allowlists[0].condition: must be AND or OR
"));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:22:15: rules[5].allowlists[0].regexTarget: must be "));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:23:12: rules[5].allowlists[0].regexes[0]: RE2 refuses it: "));
  EXPECT_THAT(loaded.errors, HasSubstr("g.toml:24:1: rules[5].allowlists[1]: names none of regexes, "));
  EXPECT_THAT(loaded.errors, HasSubstr("targetRules: names 'nosuch', which is no rule of the file
"));
}

TEST(GitleaksFile, ReportsWhatIsNoToml) {
  EXPECT_THAT(load("[[rules]
id='a'
").errors, HasSubstr("g.toml:1:9: is no TOML: "));
  TempDir dir;
  Diagnostics diagnostics;
  load_gitleaks({dir.path("nosuch.toml")}, diagnostics);
  EXPECT_THAT(diagnostics.text(), HasSubstr("nosuch.toml: cannot be read"));
}

}  // namespace
}  // namespace redactd::test
