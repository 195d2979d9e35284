#include "config/rules/gitleaks_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

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
  return load("[[rules]]\nid = 'r'\nregex = '''" + regex + "'''\n" + more);
}

const std::string kMask = "[REDACTED:gitleaks-r]";

TEST(GitleaksFile, MasksTheSecretThatGitleaksReports) {
  EXPECT_EQ(rule("k=[a-z]+").redact("k=abcd;\n"), kMask + ";\n");
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=abcd;\n"), "k=" + kMask + ";\n");
  EXPECT_EQ(rule("(k)=([a-z]+)", "secretGroup = 2").redact("k=abcd;\n"), "k=" + kMask + ";\n");
}

TEST(GitleaksFile, MasksTheWholeMatchWhereSeveralGroupsMayHoldTheSecret) {
  // For gitleaks the first group that is not empty is the secret: it decides.
  EXPECT_EQ(rule("(k)=([a-z]+)").redact("k=abcd;\n"), kMask + ";\n");
  EXPECT_EQ(rule("(k)=(?P<secret>[a-z]+)").redact("k=abcd;\n"), kMask + ";\n");
  EXPECT_EQ(rule("(z)?(k[a-z])=([a-z]+)", "entropy = 0.5").redact("kk=abcd kl=a;\n"),
            "kk=abcd " + kMask + ";\n");
  EXPECT_THAT(rule("(k)=([a-z]+)").verdict("r").reasons, ElementsAre(HasSubstr("whole match")));
}

TEST(GitleaksFile, MasksEveryMatchOfARecord) {
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=ab k=cd,k=ef\nk=gh\n"),
            "k=" + kMask + " k=" + kMask + ",k=" + kMask + "\nk=" + kMask + "\n");
}

TEST(GitleaksFile, WantsMoreEntropyThanTheThreshold) {
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 2.0").redact("k=abcd\n"), "k=abcd\n");
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 1.99").redact("k=abcd\n"), "k=" + kMask + "\n");
  EXPECT_EQ(rule("k=([a-z]+)", "entropy = 1").redact("k=abcd\n"), "k=" + kMask + "\n");
}

TEST(GitleaksFile, WantsAKeywordInAnyCaseInTheRecord) {
  Loaded loaded = rule("k=([a-z]+)", "keywords = ['Acme']");
  EXPECT_EQ(loaded.redact("k=abcd ACME\nk=abcd\n"), "k=" + kMask + " ACME\nk=abcd\n");
  EXPECT_THAT(loaded.verdict("r").reasons, ElementsAre(HasSubstr("keywords")));
  EXPECT_EQ(rule("(?i)acme_key=([a-z]+)", "keywords = ['acme']").verdict("r").how, How::exact);
}

TEST(GitleaksFile, IgnoresBypassWordsInTheData) {
  EXPECT_EQ(rule("k=([a-z]+)").redact("k=abcd # gitleaks:allow\n"),
            "k=" + kMask + " # gitleaks:allow\n");
}

TEST(GitleaksFile, LetsPassWhatAllowlistsName) {
  auto with = [](const std::string& list) {
    return rule("k=([a-z]+)", "[[rules.allowlists]]\n" + list).redact("ok k=abcd\nk=abcd k=efgh\n");
  };
  const std::string all = "ok k=" + kMask + "\nk=" + kMask + " k=" + kMask + "\n";
  const std::string but_abcd = "ok k=abcd\nk=abcd k=" + kMask + "\n";
  EXPECT_EQ(with("stopwords = ['BC']"), but_abcd);
  EXPECT_EQ(with("stopwords = ['k=']"), all);
  EXPECT_EQ(with("regexes = ['^bc']"), all);
  EXPECT_EQ(with("regexes = ['^ab']"), but_abcd);
  EXPECT_EQ(with("regexTarget = 'match'\nregexes = ['^k=a']"), but_abcd);
  EXPECT_EQ(with("regexTarget = 'match'\nregexes = ['ok']"), all);
  EXPECT_EQ(with("regexTarget = 'line'\nregexes = ['ok']"),
            "ok k=abcd\nk=" + kMask + " k=" + kMask + "\n");
  EXPECT_EQ(with("condition = 'AND'\nstopwords = ['zz']\nregexes = ['ab']"), all);
  EXPECT_EQ(with("condition = 'and'\nstopwords = ['bc']\nregexes = ['ab']"), but_abcd);
}

TEST(GitleaksFile, LetsPassWhatTheFilesAllowlistsName) {
  const std::string two =
      "[[rules]]\nid='r'\nregex='k=([a-z]+)'\n[[rules]]\nid='q'\nregex='q=([a-z]+)'\n";
  EXPECT_EQ(load("[allowlist]\nregexes=['ab']\n" + two).redact("k=abcd q=abcd k=ef\n"),
            "k=abcd q=abcd k=" + kMask + "\n");
  EXPECT_EQ(
      load("[[allowlists]]\ntargetRules=['q']\nstopwords=['ab']\n" + two).redact("k=abcd q=abcd\n"),
      "k=" + kMask + " q=abcd\n");
}

TEST(GitleaksFile, LetsNothingPassByPathOrCommit) {
  Loaded either = rule("k=([a-z]+)",
                       "[[rules.allowlists]]\npaths = ['x']\ncommits = ['y']\nstopwords = ['ef']");
  EXPECT_EQ(either.redact("k=abcd k=efgh\n"), "k=" + kMask + " k=efgh\n");
  EXPECT_EQ(either.verdict("r").how, How::approximate);
  Loaded both =
      rule("k=([a-z]+)", "[[rules.allowlists]]\ncondition='AND'\npaths=['x']\nstopwords=['ab']");
  EXPECT_EQ(both.redact("k=abcd\n"), "k=" + kMask + "\n");
  Loaded file = load("[allowlist]\npaths = ['x']\n[[rules]]\nid='r'\nregex='k=([a-z]+)'\n");
  EXPECT_EQ(file.verdict("r").how, How::exact);
  ASSERT_EQ(file.rules.remarks.size(), 1u);
  EXPECT_THAT(file.rules.remarks[0].message, HasSubstr("path or commit"));
}

TEST(GitleaksFile, RefusesRulesThatLookAtPathsOnly) {
  Loaded loaded =
      load("[[rules]]\nid='p'\npath='x$'\n[[rules]]\nid='r'\nregex='k=([a-z]+)'\npath='x$'\n");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.verdict("p").how, How::refused);
  EXPECT_EQ(loaded.verdict("p").rule, "");
  EXPECT_THAT(loaded.verdict("p").reasons, ElementsAre(HasSubstr("paths only")));
  EXPECT_EQ(loaded.verdict("r").how, How::approximate);
  EXPECT_EQ(loaded.redact("k=abcd\n"), "k=" + kMask + "\n");
}

TEST(GitleaksFile, SaysWhatIsApproximate) {
  auto reasons = [](const std::string& regex, const std::string& more = "") {
    return rule(regex, more).verdict("r").reasons;
  };
  EXPECT_THAT(reasons("(?i)key\\s*=\\s*([a-z0-9]{20,40})(?:[\\s;]|$)"), IsEmpty());
  EXPECT_THAT(reasons("-BEGIN-[\\s\\S]{10,}-END-"), ElementsAre(HasSubstr("several lines")));
  EXPECT_THAT(reasons("key='([^']+)"), ElementsAre(HasSubstr("several lines")));
  EXPECT_THAT(reasons("key=(.{8})"), ElementsAre(HasSubstr("bytes")));
  EXPECT_THAT(reasons("key=(\\w+)", "[[rules.required]]\nid='q'"),
              ElementsAre(HasSubstr("requires")));
}

TEST(GitleaksFile, MakesIdsOfItsOwn) {
  Loaded loaded = load(
      "[[rules]]\nid='Acme_Key 1'\nregex='a=([a-z]+)'\n"
      "[[rules]]\nid='acme-key-1'\nregex='b=([a-z]+)'\n");
  EXPECT_EQ(loaded.redact("a=x b=y\n"),
            "a=[REDACTED:gitleaks-acme-key-1] b=[REDACTED:gitleaks-acme-key-1-2]\n");
  EXPECT_EQ(loaded.rules.rules[0].rule.title, "Acme_Key 1");
  EXPECT_THAT(loaded.rules.rules[0].rule.tags, ElementsAre("gitleaks"));
}

TEST(GitleaksFile, ReadsKeysInAnyCaseAndTheLastOfTwoRules) {
  Loaded loaded = load("[[Rules]]\nID='r'\nRegex='q'\n[[Rules]]\nID='r'\nRegex='k=([a-z]+)'\n");
  EXPECT_EQ(loaded.redact("q k=b\n"), "q k=" + kMask + "\n");
}

TEST(GitleaksFile, SeesLineEndsAsGitleaksDoes) {
  Loaded loaded = rule(R"([\s;]k=([a-z]+)[\s;])");
  const std::string text = "k=ab\nk=cd\r\n;k=ef";
  EXPECT_EQ(loaded.redact(text), "k=" + kMask + "\nk=" + kMask + "\r\n;k=" + kMask);
  expect_same_under_every_cut(text, loaded.compiled);
}

TEST(GitleaksFile, FollowsWhatItExtends) {
  TempDir dir;
  dir.write("base.toml",
            "[allowlist]\nstopwords=['aa']\n"
            "[[rules]]\nid='r'\nregex='(k)=([a-z]+)'\nkeywords=['one']\n"
            "[[rules]]\nid='s'\nregex='s=([a-z]+)'\n[[rules]]\nid='t'\nregex='t=([a-z]+)'\n");
  Loaded loaded = load(dir,
                       "[extend]\npath='base.toml'\ndisabledRules=['s']\n"
                       "[[rules]]\nid='r'\nsecretGroup=2\nkeywords=['two']\n"
                       "[[rules.allowlists]]\nstopwords=['bb']\n"
                       "[[rules]]\nid='u'\nregex='u=([a-z]+)'\n");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.redact("one k=xaax k=xbbx k=cc\ntwo k=cc\nk=cc s=dd t=ee t=aa u=aa u=ff\n"),
            "one k=xaax k=xbbx k=" + kMask + "\ntwo k=" + kMask +
                "\nk=cc s=dd t=[REDACTED:gitleaks-t] t=aa u=aa u=[REDACTED:gitleaks-u]\n");
}

TEST(GitleaksFile, GoesTwoFilesDeepAndNoFurther) {
  TempDir dir;
  dir.write("1.toml", "[extend]\npath='2.toml'\n");
  dir.write("2.toml", "[extend]\npath='3.toml'\n[[rules]]\nid='r'\nregex='k=([a-z]+)'\n");
  dir.write("3.toml", "[[rules]]\nid='deep'\nregex='d=([a-z]+)'\n");
  Loaded loaded = load(dir, "[extend]\npath='1.toml'\n");
  EXPECT_EQ(loaded.redact("k=a d=b\n"), "k=" + kMask + " d=b\n");
  ASSERT_EQ(loaded.rules.remarks.size(), 1u);
  EXPECT_THAT(loaded.rules.remarks[0].message, HasSubstr("two files deep"));
}

TEST(GitleaksFile, StandsWithoutGitleaksOwnRules) {
  Loaded loaded = load(
      "[extend]\nuseDefault=true\n[[rules]]\nid='gitlab-pat'\n"
      "[[rules.allowlists]]\nregexes=['x']\n[[rules]]\nid='r'\nregex='k=([a-z]+)'\n");
  EXPECT_EQ(loaded.errors, "");
  EXPECT_EQ(loaded.redact("k=a\n"), "k=" + kMask + "\n");
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
  std::string errors = load(R"([[rules]]
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
)")
                           .errors;
  for (const char* wanted :
       {"g.toml:3:9: rules[0].regex: RE2 refuses it: ",
        "g.toml:7:15: rules[1].secretGroup: is 2, but regex has 1 groups\n",
        "g.toml:8:1: rules[2].regex: is missing", "g.toml:10:1: rules[3].id: is missing",
        "g.toml:15:11: rules[4].entropy: must be a number\n",
        "g.toml:16:13: rules[4].keywords[0]: must be a string\n",
        "g.toml:21:13: rules[5].allowlists[0].condition: must be AND or OR\n",
        "g.toml:22:15: rules[5].allowlists[0].regexTarget: must be ",
        "g.toml:23:12: rules[5].allowlists[0].regexes[0]: RE2 refuses it: ",
        "g.toml:24:1: rules[5].allowlists[1]: names none of regexes, ",
        "targetRules: names 'nosuch', which is no rule of the file\n"}) {
    EXPECT_THAT(errors, HasSubstr(wanted));
  }
}

TEST(GitleaksFile, ReportsWhatIsNoToml) {
  EXPECT_THAT(load("[[rules]\nid='a'\n").errors, HasSubstr("g.toml:1:9: is no TOML: "));
  TempDir dir;
  Diagnostics diagnostics;
  load_gitleaks({dir.path("nosuch.toml")}, diagnostics);
  EXPECT_THAT(diagnostics.text(), HasSubstr("nosuch.toml: cannot be read"));
}

}  // namespace
}  // namespace redactd::test
