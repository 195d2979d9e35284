#include "filters/known/known.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "filters/matcher/matcher.h"
#include "tests/testing/all_splits.h"
#include "tests/testing/memory.h"
#include "tests/testing/oracle.h"

namespace redactd::test {
namespace {

const std::string kValue = "correct horse/battery+staple?42";

std::string base64(const std::string& text, bool url = false) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  for (char& c : out) {
    if (url && c == '+') c = '-';
    if (url && c == '/') c = '_';
  }
  return out;
}

TEST(Known, IsMaskedWhereverItStands) {
  Rules rules = known_values({"hunter2-hunter2", "Tr0ub4dor&3"});
  EXPECT_EQ(redact("xhunter2-hunter2y Tr0ub4dor&3\n", rules),
            "x[REDACTED:known]y [REDACTED:known]\n");
  EXPECT_EQ(redact("hunter2-hunter2hunter2-hunter2", rules), "[REDACTED:known][REDACTED:known]");
  EXPECT_EQ(redact("Hunter2-hunter2\n", rules), "Hunter2-hunter2\n") << "case matters";
}

TEST(Known, InItsEncodings) {
  Rules rules = known_values({kValue});
  EXPECT_EQ(redact("q=correct%20horse%2Fbattery%2Bstaple%3F42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("q=correct%20horse%2fbattery%2bstaple%3f42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("q=correct+horse%2Fbattery%2Bstaple%3F42&x", rules), "q=[REDACTED:known]&x");
  EXPECT_EQ(redact("x 636f727265637420686f7273652f626174746572792b737461706c653f3432 y", rules),
            "x [REDACTED:known] y");
  EXPECT_EQ(redact("x 636F727265637420686F7273652F626174746572792B737461706C653F3432 y", rules),
            "x [REDACTED:known] y");
  EXPECT_EQ(redact(R"({"p":"correct horse\/battery+staple?42"})", rules),
            R"({"p":"[REDACTED:known]"})");
  Rules quoted = known_values({"a\"quoted\\one\""});
  EXPECT_EQ(redact(R"({"p":"a\"quoted\\one\""})", quoted), R"({"p":"[REDACTED:known]"})");
  EXPECT_EQ(redact(R"({"l":"{\"p\":\"a\\\"quoted\\\\one\\\"\"}"})", quoted),
            R"({"l":"{\"p\":\"[REDACTED:known]\"}"})");
}

TEST(Known, WithSeveralSpecialCharactersAsEachEncoderTreatsThem) {
  Rules rules = known_values({"a~b*c!d'e=f<g.h"});
  for (const char* encoded : {
           "a%7Eb%2Ac%21d%27e%3Df%3Cg.h",    // PHP's urlencode
           "a%7eb*c!d%27e%3df%3cg.h",        // .NET's HttpUtility.UrlEncode
           "a%7Eb%2Ac%21d%27e%3Df%3Cg%2Eh",  // all but letters and digits
           "a%7eb%2ac%21d%27e%3df%3cg%2eh",  //
           R"(a~b*c!d\u0027e=f\u003cg.h)",   // Flask's tojson
           R"(a~b*c!d'e=f\u003Cg.h)",        // Django's json_script
           R"(a\~b\*c\!d\'e\=f\<g.h)",       // Ruby's Shellwords
       })
    EXPECT_EQ(redact(encoded, rules), "[REDACTED:known]") << encoded;
}

TEST(Known, WithControlBytesAsSyslogDaemonsWriteThem) {
  Rules rules = known_values({"a1 b2\x7f-\tc3", "d4\x1b-e5-f6"});
  EXPECT_EQ(redact("a1 b2#177-#011c3 d4#033-e5-f6", rules), "[REDACTED:known] [REDACTED:known]");
}

// What programs print where their output takes no more than ASCII, or bytes.
TEST(Known, BeyondAsciiInItsEncodings) {
  Rules rules = known_values({"pä§s-日🔑<x9>"});
  for (const char* encoded : {
           R"(p\xe4\xa7s-\u65e5\U0001f511<x9>)",       // Python's ascii()
           R"(p&#228;&#167;s-&#26085;&#128273;<x9>)",  // its xmlcharrefreplace
       })
    EXPECT_EQ(redact(encoded, rules), "[REDACTED:known]") << encoded;
  std::string quotemeta;
  for (char c : std::string("pä§s-日🔑<x9>")) {
    if (!std::isalnum(static_cast<unsigned char>(c))) quotemeta += '\\';
    quotemeta += c;
  }
  EXPECT_EQ(redact(quotemeta, rules), "[REDACTED:known]") << quotemeta;
}

TEST(Known, InBase64BehindAndBeforeAnything) {
  Rules rules = known_values({kValue});
  for (const char* before : {"", "a", "ab", "abc", "user:"}) {
    for (const char* after : {"", "x", "xy", "xyz"}) {
      for (bool url : {false, true}) {
        std::string encoded = base64(before + kValue + after, url);
        std::string redacted = redact("h " + encoded + " t", rules);
        EXPECT_NE(redacted.find("[REDACTED:known]"), std::string::npos) << encoded;
        // What is left decodes to nothing of the value but the few bits at its ends.
        EXPECT_LE(redacted.size(), std::string("h [REDACTED:known] t").size() + 16) << redacted;
      }
    }
  }
}

TEST(Known, SpellingsAreWithoutDuplicates) {
  SecretTexts spellings = spellings_of(kValue);
  EXPECT_EQ(std::set<std::string_view>(spellings.begin(), spellings.end()).size(),
            spellings.size());
  EXPECT_EQ(std::count(spellings.begin(), spellings.end(), std::string_view(kValue)), 1);
}

TEST(Known, SpellingsAreNotShorterThanTheValue) {
  for (const SecretText& spelling : spellings_of("abcdef")) EXPECT_GE(spelling.size(), 6u);
}

TEST(Known, TooShortIsRefused) {
  std::vector<RuleError> errors;
  Rule rule;
  rule.id = "known";
  rule.kind = RuleKind::known;
  rule.values = {"e", "12345", "long enough"};
  RuleGroup group;
  group.rules = {rule};
  EXPECT_EQ(RuleSet::compile({group}, {}, errors), nullptr);
  EXPECT_EQ(errors.size(), 2u) << "every one is reported";
}

TEST(Known, OfSeveralLinesIsMaskedLineByLine) {
  Rules rules = known_values({"first line of it\n  second line of it  \r\nthird line of it"});
  EXPECT_EQ(redact("first line of it\n  second line of it\nthird line of it\n", rules),
            "[REDACTED:known]\n  [REDACTED:known]\n[REDACTED:known]\n");
}

TEST(Known, CutOffAtTheEndOfTheStreamIsMasked) {
  Rules rules = known_values({"hunter2-hunter2"});
  EXPECT_EQ(redact("x hunter2-hun", rules), "x [REDACTED:known]");
  EXPECT_EQ(redact("x hunt", rules), "x [REDACTED:known]");
  EXPECT_EQ(redact("x hunter2-hun\n", rules), "x hunter2-hun\n")
      << "the record ended: it is not the value";
  EXPECT_EQ(redact("x hunter2-hunter2hunter2", rules), "x [REDACTED:known][REDACTED:known]");
}

TEST(Known, ThatOverlapAreMaskedTogether) {
  Rules rules = known_values({"abcdefgh", "fghijklm"});
  EXPECT_EQ(redact("xabcdefghijklmy", rules), "x[REDACTED:known]y");
}

TEST(Known, OneInsideAnotherLeavesNoTail) {
  Rules rules = known_values({"s3cret", "s3cret-and-more"});
  EXPECT_EQ(redact("x s3cret-and-more y s3cret z", rules),
            "x [REDACTED:known] y [REDACTED:known] z");
}

TEST(Known, BytesOfAnyValue) {
  std::string value("\xff\x01\x80.*[^$\\#");
  Rules rules = known_values({value});
  EXPECT_EQ(redact("a" + value + "b", rules), "a[REDACTED:known]b");
}

TEST(Known, SurvivesAnyCut) {
  Rules rules = known_values({kValue, "battery+"});
  std::string text =
      "a " + kValue + " " + base64("u:" + kValue) + "\nbattery+x " + kValue.substr(0, 12);
  expect_same_under_every_cut(text, rules);
}

TEST(Known, ThousandsOfValuesCompileAndMatch) {
  std::vector<std::string> values;
  for (int i = 0; i < 2000; ++i) values.push_back(fill("{alnum:24}", std::to_string(i)).text);
  Rules rules = known_values(values);
  for (int i = 0; i < 2000; i += 97) {
    EXPECT_EQ(redact("x " + values[static_cast<size_t>(i)] + " y", rules), "x [REDACTED:known] y");
  }
}

TEST(Known, EscapesEveryByteForTheMatcher) {
  std::string all;
  for (int c = 1; c < 256; ++c) {
    if (c != '\n') all += static_cast<char>(c);
  }
  std::string escaped = escape_expression(all);
  EXPECT_EQ(MatchDatabase::compile({{escaped}}).stream_bytes() > 0, true);
  EXPECT_EQ(expression_width(escaped).min, all.size());
  EXPECT_EQ(expression_width(escaped).max, all.size());
}

TEST(Known, WhatWouldMaskOrdinaryTextIsRefusedAndNotShown) {
  for (const char* value : {"12345",
                            "     x     ",
                            "aaaaaaaa",
                            "********",
                            "1234567",
                            "2026-11-25",
                            "12:34:56",
                            "127.0.0.1",
                            "primary",
                            "disabled",
                            "localhost",
                            "Production",
                            "CHANGEME",
                            "created_at",
                            "not-set",
                            "my-secret-key",
                            "<your-token>",
                            "[REDACTED]",
                            "-----BEGIN PRIVATE KEY-----",
                            "}\n{\n"}) {
    std::string why = refuse_known(value);
    EXPECT_NE(why, "") << value;
    EXPECT_EQ(why.find(value), std::string::npos) << why;
  }
  EXPECT_EQ(refuse_known(""), "is empty");
}

TEST(Known, WhatCouldBeASecretIsTaken) {
  for (const char* value :
       {"hunter2", "Tr0ub4dor&3", "correct horse battery staple", "12345678", "p@ssw0rd!", "s3cret",
        "postgres://app:app@localhost/app", "2026-11-25T10:00", "xK9-default",
        "}\nhunter2hunter2\n{", "admin123", "password123", "hello world", "secret 1"}) {
    EXPECT_EQ(refuse_known(value), "") << value;
  }
}

TEST(Known, OfSeveralLinesTheUnfitOnesAreLeftOut) {
  Rules rules = known_values({"{\n  \"type\": \"key\",\n  hunter2-hunter2\n}"});
  EXPECT_EQ(redact("{ hunter2-hunter2 }\n", rules), "{ [REDACTED:known] }\n");
}

TEST(Known, OfSeveralLinesIsMaskedAsOneWhereItIsEncodedAsOne) {
  std::string value = "-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nq8vXr2\n-----END KEY-----\n";
  Rules rules = known_values({value});
  std::string redacted = redact("k: " + base64(value) + " t", rules);
  EXPECT_TRUE(redacted.starts_with("k: [REDACTED:known]")) << redacted;
  EXPECT_LT(redacted.size(), 40u);
  EXPECT_EQ(redact(R"({"k":"-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nq8vXr2\n-----END KEY-----\n"})",
                   rules),
            R"({"k":"[REDACTED:known]\n"})");
}

TEST(Known, OfAnyLengthIsMaskedWholly) {
  std::string value = fill("{alnum:4000}", "a").text + fill("{alnum:4000}", "b").text +
                      fill("{alnum:2000}", "c").text + "tail!";
  Rules rules = known_values({value});
  std::string redacted = redact("x " + value + " y\n", rules);
  EXPECT_EQ(count_of(redacted, "tail!"), 0u);
  EXPECT_TRUE(redacted.starts_with("x [REDACTED:known]"));
  EXPECT_TRUE(redacted.ends_with("[REDACTED:known] y\n"));
  EXPECT_LT(redacted.size(), 100u);
}

TEST(Known, WithoutEncodingsOnlyAsItIs) {
  Rule rule;
  rule.id = "known";
  rule.kind = RuleKind::known;
  rule.values = {kValue};
  rule.encodings = false;
  Rules rules = rules_of({rule});
  EXPECT_EQ(redact(kValue + "|" + base64(kValue), rules), "[REDACTED:known]|" + base64(kValue));
  EXPECT_EQ(rules->known()->size(), 1u);
}

Rule named(const std::string& name, std::vector<std::string> values) {
  Rule rule;
  rule.id = known_rule_id(name);
  rule.kind = RuleKind::known;
  rule.values = std::move(values);
  return rule;
}

TEST(Known, TheLabelNamesTheSource) {
  EXPECT_EQ(known_rule_id("DB_PASSWORD"), "known:DB_PASSWORD");
  EXPECT_EQ(known_rule_id("tls.key-2"), "known:tls.key-2");
  EXPECT_EQ(known_rule_id("a b/c]\n\xff"), "known:a_b_c___");
  EXPECT_LE(known_rule_id(std::string(1000, 'x')).size(), 120u);
  Rules rules =
      rules_of({named("DB_PASSWORD", {"hunter2hunter2"}), named("a.b-c", {"swordfish9"})});
  EXPECT_EQ(redact("hunter2hunter2 swordfish9\n", rules),
            "[REDACTED:known:DB_PASSWORD] [REDACTED:known:a.b-c]\n");
}

TEST(Known, OfOneValueInTwoPlacesTheFirstNamesTheMask) {
  Rules rules = rules_of({named("FIRST", {"hunter2hunter2"}), named("SECOND", {"hunter2hunter2"})});
  EXPECT_EQ(redact("hunter2hunter2\n", rules), "[REDACTED:known:FIRST]\n");
}

TEST(Known, TwiceIsOnceThoughTheLabelHoldsTheValue) {
  for (const MaskSpec& mask : {MaskSpec{}, MaskSpec{MaskStyle::fingerprint, "", 4}}) {
    Rules rules = rules_of({named("VAULT_K1", {"VAULT_K1", "known:"})},
                           {mask, {"k1", LockedBytes("0123456789abcdef0123456789abcdef")}});
    std::string once = redact("a VAULT_K1 b\n", rules);
    EXPECT_TRUE(once.starts_with("a [REDACTED:known:VAULT_K1")) << once;
    EXPECT_EQ(redact(once, rules), once);
  }
}

TEST(Known, WhatOnlyLooksLikeAMaskHidesNothing) {
  Rules rules = known_values({"hunter2-hunter2"});
  EXPECT_EQ(redact("[REDACTED:hunter2-hunter2]\n", rules), "[REDACTED:[REDACTED:known]]\n");
  EXPECT_EQ(redact("[REDACTED:known:hunter2-hunter2]\n", rules),
            "[REDACTED:known:[REDACTED:known]]\n");
}

TEST(Known, AgreesWithTheOracle) {
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> values;
    for (size_t i = 0; i < 6; ++i) {
      std::string value;
      size_t size = 6 + random() % 20;
      while (value.size() < size) value += "ab\"\\/%'"[random() % 7];
      if (refuse_known(value).empty()) values.push_back(value);
    }
    values.push_back("hunter2" + std::to_string(round));
    Rules rules = known_values(values);
    Oracle oracle(rules);
    std::string text;
    while (text.size() < 600) {
      const std::string& value = values[random() % values.size()];
      SecretTexts spellings = spellings_of(value);
      switch (random() % 4) {
        case 0:
          text += value.substr(random() % 4);
          break;
        case 1:
          text += spellings[random() % spellings.size()];
          break;
        case 2:
          text += "ab\"\\/%\n "[random() % 8];
          break;
        default:
          text += base64("u" + value);
      }
    }
    EXPECT_EQ(first_difference(oracle.redact(text), redact(text, rules)), "") << "round " << round;
    expect_same_under_random_cuts(text, rules, {}, 4, static_cast<unsigned>(round));
  }
}

TEST(Known, AtTheSeamsOfWindowsIsMaskedUnderEverySplit) {
  std::string long_value = fill("{alnum:3000}!{alnum:500}").text;
  Rules rules = known_values({"hunter2-hunter2", long_value});
  std::string text;
  for (size_t i = 0; text.size() < 90'000; ++i) {
    text += std::string(100 + i * 37 % 900, '.') + "hunter2-hunter2";
    if (i % 20 == 0) text += "/" + long_value;
  }
  text += '\n';
  std::string redacted = expect_same_under_random_cuts(text, rules, Limits{1024}, 6);
  EXPECT_EQ(count_of(redacted, "hunter2"), 0u);
  EXPECT_EQ(first_difference(redact(text, rules), redacted), "") << "windows change nothing";
}

std::shared_ptr<const RuleSet> compiled(std::vector<RuleGroup> groups,
                                        const RuleSet* previous = nullptr) {
  std::vector<RuleError> errors;
  auto rules = RuleSet::compile(std::move(groups), {}, errors, previous);
  EXPECT_TRUE(errors.empty());
  return rules;
}

RuleGroup pack(const std::string& pattern) {
  RuleGroup group;
  Rule regex;
  regex.id = "regex";
  regex.kind = RuleKind::regex;
  regex.patterns = {pattern};
  Rule token;
  token.id = "token";
  token.patterns = {"acme_[a-z]{8}"};
  group.rules = {token, regex};
  return group;
}

RuleGroup known_group(const std::string& value) {
  RuleGroup group;
  group.rules = {named("X", {value})};
  return group;
}

TEST(Reload, OtherKnownValuesLeaveTheDatabasesAsTheyAre) {
  auto first = compiled({pack("pin=([0-9]+)"), known_group("hunter2-hunter2")});
  auto second = compiled({pack("pin=([0-9]+)"), known_group("swordfish-9")}, first.get());
  ASSERT_EQ(second->databases().size(), 1u);
  EXPECT_EQ(second->databases()[0], first->databases()[0]);
  EXPECT_EQ(second->regexes()[0], first->regexes()[0]);
  EXPECT_NE(second->known(), first->known());
  EXPECT_EQ(redact("pin=12 acme_abcdefgh hunter2-hunter2 swordfish-9\n", second),
            "pin=[REDACTED:regex] [REDACTED:token] hunter2-hunter2 [REDACTED:known:X]\n");
}

TEST(Reload, OtherRulesLeaveTheKnownValuesAsTheyAre) {
  auto first = compiled({pack("pin=([0-9]+)"), known_group("hunter2-hunter2")});
  RuleGroup more = pack("code=([0-9]+)");
  more.rules.insert(more.rules.begin(), more.rules[0]);
  auto second = compiled({more, known_group("hunter2-hunter2")}, first.get());
  EXPECT_NE(second->databases()[0], first->databases()[0]);
  EXPECT_EQ(second->known(), first->known());
  EXPECT_EQ(redact("code=12 acme_abcdefgh hunter2-hunter2\n", second),
            "code=[REDACTED:regex] [REDACTED:token] [REDACTED:known:X]\n");
}

TEST(Reload, OfUnchangedRulesCompilesNothing) {
  auto first = compiled({pack("pin=([0-9]+)"), known_group("hunter2-hunter2")});
  auto second = compiled({pack("pin=([0-9]+)"), known_group("hunter2-hunter2")}, first.get());
  EXPECT_EQ(second->databases(), first->databases());
  EXPECT_EQ(second->regexes(), first->regexes());
  EXPECT_EQ(second->known(), first->known());
}

TEST(Reload, AMutedRuleIsNoChangeOfItsDatabase) {
  RuleGroup group = pack("pin=([0-9]+)");
  auto first = compiled({group});
  group.muted = {true, false};
  auto second = compiled({group}, first.get());
  EXPECT_EQ(second->databases(), first->databases());
  EXPECT_EQ(redact("pin=12 acme_abcdefgh\n", second), "pin=[REDACTED:regex] acme_abcdefgh\n");
}

TEST(Known, ValuesDoNotStayInTheRules) {
  Rules rules = known_values({"hunter2-hunter2"});
  EXPECT_TRUE(rules->rules()[0].values.empty());
}

TEST(Known, ThousandsOfRulesCostAStreamNothing) {
  std::vector<Rule> all;
  for (int i = 0; i < 5000; ++i)
    all.push_back(named('N' + std::to_string(i), {fill("{alnum:20}", std::to_string(i)).text}));
  std::string value = all[4321].values[0];
  Rules rules = rules_of(all);
  MatchScratch scratch;
  Redactor redactor(rules, scratch);
  EXPECT_TRUE(redactor.counters().masks_by_rule.empty());
  std::string text = "x " + value + " y\n";
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  EXPECT_EQ(redactor.commit(text.size()), "x [REDACTED:known:N4321] y\n");
  ASSERT_EQ(redactor.counters().masks_by_rule.size(), 1u);
  EXPECT_EQ(redactor.counters().masks_by_rule.at(4321), 1u);
}

TEST(Known, OfAValueNoCopyStaysInMemoryWhenItsRulesAreGone) {
  const std::string turned = turned_over_secret();
  RuleGroup group;
  group.rules.push_back(named("X", {}));
  group.rules[0].values.push_back(turned_over<std::string>(turned));
  std::vector<RuleGroup> groups;
  groups.push_back(std::move(group));
  std::vector<RuleError> errors;
  std::shared_ptr<const RuleSet> rules = RuleSet::compile(std::move(groups), {}, errors);
  ASSERT_TRUE(rules);
  EXPECT_EQ(copies_in_memory(turned), 1u) << "the matcher's own";
  rules.reset();
  EXPECT_EQ(copies_in_memory(turned), 0u);
}

}  // namespace
}  // namespace redactd::test
