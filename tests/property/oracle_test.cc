// L1: the engine agrees with a slow redactor that knows neither Hyperscan nor streams
// (tests/testing/oracle.h).

#include "tests/testing/oracle.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/testing/corpus.h"
#include "tests/testing/encode.h"

namespace redactd::test {
namespace {

Oracle& builtin_oracle() {
  static Oracle oracle(builtin());
  return oracle;
}

void expect_agreement(Oracle& oracle, const Rules& rules, const std::string& text) {
  EXPECT_EQ(first_difference(oracle.redact(text), redact(text, rules)), "")
      << "input: " << text.substr(0, 2000);
}

TEST(Oracle, UnderstandsEveryExpressionOfThePack) {
  EXPECT_EQ(builtin_oracle().refused(), std::vector<std::string>{});
}

TEST(Oracle, AgreesOnGeneratedLogs) {
  // Many lines a stream, so that blocks and the matcher's state are carried over records.
  for (unsigned seed = 100; seed < 240; ++seed) {
    LogWriter writer(seed, 0.7);
    expect_agreement(builtin_oracle(), builtin(), writer.lines(50).text);
    if (HasFailure()) return;
  }
}

TEST(Oracle, AgreesOnEveryExampleOneAfterTheOther) {
  std::string text;
  for (const PlantedLine& example : builtin_examples()) text += example.text + '\n';
  for (const PlantedLine& keep : builtin_keeps()) text += keep.text + '\n';
  expect_agreement(builtin_oracle(), builtin(), text);
}

TEST(Oracle, AgreesOnExamplesThatAreCutAnywhere) {
  // Truncated logs: the end of a record anywhere in a secret.
  std::mt19937 random(9);
  std::string text;
  for (const PlantedLine& example : builtin_examples()) {
    if (random() % 3 != 0) continue;
    text += example.text.substr(0, random() % example.text.size()) +
            (random() % 4 == 0 ? "\r\n" : "\n");
  }
  expect_agreement(builtin_oracle(), builtin(), text);
}

TEST(Oracle, AgreesOnMutatedExamples) {
  std::mt19937 random(10);
  static constexpr std::string_view kNoise = " \"'\\=:;,&@{}[]()<>/%\t\x1b\xff\x01\r-_.aZ0";
  std::string text;
  for (int round = 0; round < 12; ++round) {
    for (const PlantedLine& example : builtin_examples()) {
      std::string line = example.text;
      if (line.size() > 400) continue;
      for (size_t edits = random() % 4 + 1; edits > 0; --edits) {
        size_t at = random() % line.size();
        char noise = kNoise[random() % kNoise.size()];
        random() % 2 == 0
            ? void(line[at] = noise)
            : void(line.insert(line.begin() + static_cast<std::ptrdiff_t>(at), noise));
      }
      text += line + '\n';
    }
  }
  expect_agreement(builtin_oracle(), builtin(), text);
}

TEST(Oracle, AgreesOnKeysOverManyRecords) {
  std::string begin =
      "-----BEGIN RSA PRIVATE"
      " KEY-----";
  std::string end =
      "-----END RSA PRIVATE"
      " KEY-----";
  std::mt19937 random(12);
  LogWriter writer(12, 0.2);
  std::string text;
  for (int i = 0; i < 120; ++i) {
    // Complete, cut off, nested, interleaved: whatever comes.
    switch (random() % 6) {
      case 0:
        text += "2026-01-02T03:04:05Z INFO " + begin + "\n";
        break;
      case 1:
        text += begin + "\n";
        break;
      case 2:
        text += end + (random() % 2 == 0 ? " tail\n" : "\n");
        break;
      case 3:
        text += writer.next().text + "\n";
        break;
      default:
        text += (random() % 2 == 0 ? "2026-01-02T03:04:06Z INFO " : "") +
                fill("{base64:64}\n", std::to_string(i)).text;
    }
  }
  expect_agreement(builtin_oracle(), builtin(), text);
}

TEST(Oracle, AgreesOnKnownValuesAndTheirEncodings) {
  Rules rules = known_values(
      {"correct horse/battery+staple?42", "hunter2-hunter2", "a\"quoted\\one", "secret-one"});
  Oracle oracle(rules);
  EXPECT_TRUE(oracle.refused().empty());
  std::mt19937 random(13);
  static constexpr std::string_view kPieces[] = {"hunter2-hunter2",
                                                 "hunter2-",
                                                 "hunter2",
                                                 "correct horse/battery+staple?42",
                                                 "correct%20horse%2Fbattery%2Bstaple%3F42",
                                                 "a\\\"quoted\\\\one",
                                                 "secret-one",
                                                 "secret-",
                                                 "\n",
                                                 " ",
                                                 "x",
                                                 "Y29ycmVjdCBob3JzZS9iYXR0ZXJ5K3N0YXBsZT80Mg=="};
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (int piece = 0; piece < 12; ++piece) text += kPieces[random() % std::size(kPieces)];
    expect_agreement(oracle, rules, text);
  }
}

TEST(Oracle, AgreesOnAKnownValueThatIsCutOffAtTheEndOrBehindACarriageReturnThere) {
  Rules rules = known_values({"a-known-value"});
  Oracle oracle(rules);
  for (const char* text : {"says a-kno", "says a-kno\r", "says a\\u002d", "says a\\u002d\r"}) {
    expect_agreement(oracle, rules, text);
    EXPECT_NE(redact(text, rules), text);
  }
  for (const char* text : {"says a-kno\n", "says a-kno\r\n", "says a-kno\r \r"})
    expect_agreement(oracle, rules, text);
}

TEST(Oracle, AgreesOnEncodedTokens) {
  std::string token = fill("ghp_{alnum:36}").text;
  std::string key =
      "-----BEGIN PRIVATE"
      " KEY-----\n" +
      fill("{base64:64}").text;
  const std::vector<std::string> pieces = {base64(token),
                                           base64("=" + token, true),
                                           base64("==" + token),
                                           base64("{\"a\":1}"),
                                           hex(token),
                                           hex(token, true),
                                           escaped(token, "%"),
                                           escaped(token, "\\u00"),
                                           escaped(token, "\\x", 3),
                                           base64(key),
                                           percent_encoded(key),
                                           token,
                                           "Z2hwX",
                                           "6768705f",
                                           "%67hp",
                                           "\\u0067",
                                           "=",
                                           "\n",
                                           " ",
                                           "\"",
                                           "\\/",
                                           "%2B",
                                           "a",
                                           "-----END PRIVATE"
                                           " KEY-----"};
  std::mt19937 random(15);
  std::string text;
  for (int i = 0; i < 1500; ++i)
    text += pieces[random() % pieces.size()] + (i % 9 == 0 ? "\n" : "");
  expect_agreement(builtin_oracle(), builtin(), text);
}

TEST(Oracle, AgreesOnRegexRules) {
  Rule rule;
  rule.id = "re";
  rule.kind = RuleKind::regex;
  rule.patterns = {R"(pin=(\d+))", R"((?i)code[ :]+(?P<secret>[a-z]{3,6}))", R"(\b\d\d-\d\d\b)"};
  Rules rules = rules_of({rule});
  Oracle oracle(rules);
  std::mt19937 random(14);
  static constexpr std::string_view kPieces[] = {"pin=",  "123", "CODE: ", "code", "abc",
                                                 "12-34", "\n",  " ",      "x",    ":"};
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (int piece = 0; piece < 14; ++piece) text += kPieces[random() % std::size(kPieces)];
    expect_agreement(oracle, rules, text);
  }
}

TEST(Oracle, AgreesOnRealLogs) {
  std::ifstream file(std::string(REDACTD_SHARED_DIR) + "/logs/OpenStack_2k.log", std::ios::binary);
  if (!file) GTEST_SKIP() << "no real logs in " << REDACTD_SHARED_DIR << "/logs";
  std::string text;
  std::string line;
  for (int i = 0; i < 150 && std::getline(file, line); ++i) text += line + '\n';
  expect_agreement(builtin_oracle(), builtin(), text);
}

}  // namespace
}  // namespace redactd::test
