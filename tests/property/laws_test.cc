// L3 (nothing else changes) and L4 (twice is once), on generated logs and on the bytes that break
// text tools.

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "tests/testing/all_splits.h"
#include "tests/testing/corpus.h"
#include "tests/testing/cpu_seconds.h"
#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

const FingerprintKey kKey{"k1", LockedBytes("0123456789abcdef0123456789abcdef")};

struct NamedMask {
  const char* name;
  MaskSpec spec;
};
void PrintTo(const NamedMask& mask, std::ostream* out) { *out << mask.name; }
const NamedMask kMasks[] = {{"label", {}},
                            {"fixed", {MaskStyle::fixed, "[REDACTED]", 4}},
                            {"stars", {MaskStyle::fixed, "***", 4}},
                            {"word", {MaskStyle::fixed, "MASKED-BY-US", 4}},
                            {"partial", {MaskStyle::partial, "", 4}},
                            {"fingerprint", {MaskStyle::fingerprint, "", 4}},
                            {"length", {MaskStyle::length, "", 4}}};

class EveryMask : public ::testing::TestWithParam<NamedMask> {
 protected:
  Rules rules_ = builtin_masking(GetParam().spec, kKey);
};

TEST_P(EveryMask, TwiceIsOnce) {
  for (const PlantedLine& example : builtin_examples()) {
    std::string once = redact(example.text + "\n", rules_);
    EXPECT_EQ(redact(once, rules_), once) << example.rule << ": " << example.text;
  }
  LogWriter writer(31, 0.8);
  for (int i = 0; i < 400; ++i) {
    PlantedLine line = writer.next();
    std::string once = redact(line.text + "\n", rules_);
    EXPECT_EQ(redact(once, rules_), once) << line.rule << ": " << line.text;
  }
}

TEST_P(EveryMask, JsonStaysJson) {
  LogWriter writer(32, 0.9);
  int documents = 0;
  for (int i = 0; i < 600; ++i) {
    PlantedLine line = writer.next();
    if (!line.json) continue;
    ++documents;
    std::string redacted = redact(line.text + "\n", rules_);
    ASSERT_TRUE(nlohmann::json::accept(line.text));
    EXPECT_TRUE(nlohmann::json::accept(redacted))
        << line.rule << ": " << line.text << "\n  gave " << redacted;
  }
  EXPECT_GT(documents, 100);
}

/// The quote behind a command or a key that a string of JSON ends with is the string's, and opens
/// no value.
TEST(JsonStaysJson, WhereAStringEndsAtTheKey) {
  using Json = nlohmann::json;
  size_t documents = 0;
  for (const PlantedLine& example : builtin_examples()) {
    for (const std::string& secret : example.secrets) {
      const Json text = example.text.substr(0, example.text.find(secret));
      const std::string string = text.dump(-1, ' ', false, Json::error_handler_t::replace);
      for (const std::string& document :
           {"{\"m\":" + string + "}", "{\"m\":" + string + ",\"n\":86}",
            "[\"b\"," + string + "]"}) {
        ++documents;
        EXPECT_TRUE(Json::accept(redact(document + "\n")))
            << example.rule << ": " << document << "\n  gave " << redact(document);
      }
    }
  }
  EXPECT_GT(documents, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Laws, EveryMask, ::testing::ValuesIn(kMasks),
                         [](const auto& tested) { return tested.param.name; });

/// Shrunk from what the fuzz targets found.
TEST(TwiceIsOnce, OnWhatFuzzingFound) {
  for (const char* text :
       {"-u pw=r", "-u [:]]", "Authorization:t e=\"\"r", "Authorization:@Dig", "Cookie:b3cf",
        "pass':x'", "PASS':L)", "token':YBnUzKLDSXFZ'", "Pass\":l>", "pass\":[3", "pass\":m\"",
        "pass\":7'", "pass\":1\\n", "ApiKey\":rK2IQK .",
        "Authorization: Bearer {b};\xff\xe6-Cooki'e: a={hex:}pOnly",
        "[RED ~: Bearer .REDACTED:jwTED:x]: https:/[/h/"}) {
    std::string once = redact(text);
    EXPECT_EQ(redact(once), once) << text;
  }
}

TEST(TwiceIsOnce, WhereAMaskOfOnesOwnLooksLikeAScheme) {
  const Rules rules = builtin_masking({MaskStyle::fixed, "MASKED-BY-US", 4}, kKey);
  const std::string once = redact(fill("Authorization: sdk-{uuid} node-7").text, rules);
  EXPECT_EQ(once, "Authorization: MASKED-BY-US node-7");
  EXPECT_EQ(redact(once, rules), once);
}

/// A mask that hides a quote or a bracket changes what is in quotes or brackets behind it: the
/// second pass may find more there, and never shows anything. Shrunk from what the fuzz targets
/// found.
TEST(TwiceIsOnce, ButWhereAMaskHidesAQuoteTheSecondPassMayMaskMore) {
  const std::string once =
      redact("<Cookie: siadAuthou'asswosword\x01\"><Cookie: siadAuthou'ord><Cookie: siadAuthou'ie");
  EXPECT_EQ(once.find("asswosword"), std::string::npos) << once;
  std::string before = once;
  for (int pass = 0; pass < 4; ++pass) {
    std::string after = redact(before);
    EXPECT_EQ(after.find("[REDACTED:cookie]"), once.find("[REDACTED:cookie]"));
    EXPECT_LE(std::count(after.begin(), after.end(), '\''),
              std::count(before.begin(), before.end(), '\''));
    before = after;
  }
  EXPECT_EQ(redact(before), before) << "it settles";
}

/// No planted secret survives, in whatever clothes its line came.
TEST(NoLeak, OfPlantedSecrets) {
  LogWriter writer(33, 1.0);
  std::map<std::string, std::string> leaks;  // of each rule the first
  for (int i = 0; i < 12000; ++i) {
    PlantedLine line = writer.next();
    std::string redacted = redact(line.text + "\n");
    for (const std::string& secret : line.secrets) {
      if (redacted.find(secret) != std::string::npos)
        leaks.emplace(line.rule, line.text + "\n  gave " + redacted);
    }
  }
  for (const auto& [rule, line] : leaks) ADD_FAILURE() << rule << " leaks: " << line;
}

/// The masks' places are known from the findings, so every other byte can be compared.
TEST(NothingElseChanges, OutsideTheSpans) {
  LogWriter writer(34, 0.5);
  std::string text = writer.lines(3000).text;
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  std::string redacted(redactor.commit(text.size()));
  size_t in = 0;
  size_t out = 0;
  for (const Finding& finding : redactor.findings()) {
    size_t plain = static_cast<size_t>(finding.begin) - in;
    ASSERT_EQ(first_difference(text.substr(in, plain), redacted.substr(out, plain)), "");
    out += plain;
    std::string mask = label(builtin()->rules()[finding.rule].id);
    size_t begin = redacted.find('[', out);
    if (redacted.compare(begin, mask.size(), mask.substr(0, mask.size() - 1) + ':') == 0)
      mask = redacted.substr(begin, redacted.find(']', begin) + 1 - begin);  // the key's provider
    if (redacted.substr(out, 1) == "\"" && redacted.substr(out + 1, mask.size()) == mask)
      mask = '"' + mask + '"';
    size_t quote = redacted.find_first_not_of('\\', out);
    if (quote > out && redacted[quote] == '"') {  // in JSON in JSON
      std::string spelt = redacted.substr(out, quote + 1 - out);
      mask = spelt + mask + spelt;
    }
    if (redacted.substr(out, 1) == "'") mask = "'" + mask + "'";
    ASSERT_EQ(redacted.substr(out, mask.size()), mask);
    out += mask.size();
    in = static_cast<size_t>(finding.begin + finding.size);
  }
  EXPECT_EQ(text.substr(in), redacted.substr(out));
}

TEST(NothingElseChanges, RecordsKeepTheirNumberAndOrder) {
  LogWriter writer(35, 0.6);
  std::string text;
  size_t records = 0;
  std::string lines = writer.lines(2000).text;
  for (size_t from = 0; from < lines.size(); ++records) {
    size_t end = lines.find('\n', from) + 1;
    text += '#' + std::to_string(records) + "# " + lines.substr(from, end - from);
    from = end;
  }
  std::string redacted = redact(text);
  ASSERT_EQ(count_of(redacted, "\n"), records);
  size_t from = 0;
  for (size_t i = 0; i < records; ++i) {
    ASSERT_TRUE(std::string_view(redacted).substr(from).starts_with('#' + std::to_string(i) + "# "))
        << i;
    from = redacted.find('\n', from) + 1;
  }
}

TEST(NothingElseChanges, InBytesThatAreNoText) {
  std::mt19937 random(36);
  for (int i = 0; i < 30; ++i) {
    std::string text(5000, '\0');
    for (char& c : text) c = static_cast<char>(random());
    // Random bytes hold no secret; a rare accident would be a token of 8 random bytes.
    EXPECT_EQ(first_difference(text, redact(text)), "");
  }
  for (std::string text :
       {std::string("\0\0\0\n\0", 5), std::string("\xff\xfe\xfd\n"), std::string("\r\r\n\n\r"),
        std::string("a\r\nb\r\n"), std::string("\x1b[31mred\x1b[0m\n"),
        std::string("\xf0\x9f\x94\x92 lock\n"),
        std::string("\xef\xbb\xbf"
                    "bom\n"),
        std::string()}) {
    EXPECT_EQ(redact(text), text);
  }
}

TEST(NothingElseChanges, AroundASecretAmongBytesThatAreNoText) {
  std::string junk("\xff\xfe\0\x80\xc3 ", 6);
  EXPECT_EQ(redact(junk + "password=hunter2hunter2" + " " + junk + "\r\n"),
            junk + "password=[REDACTED:password] " + junk + "\r\n");
  Filled token = fill("«ghp_{alnum:36}»");
  EXPECT_EQ(shape_of(redact(junk + token.text + junk)), junk + "\xc2\xab\xc2\xbb" + junk);
}

TEST(NothingElseChanges, CrLfAndLfMaskTheSame) {
  for (const PlantedLine& example : builtin_examples()) {
    std::string unix_text = redact(example.text + "\n");
    std::string dos_text = redact(example.text + "\r\n");
    EXPECT_EQ(unix_text.substr(0, unix_text.size() - 1) + "\r\n", dos_text) << example.rule;
  }
}

TEST(NothingElseChanges, ALineFeedIsNotAdded) {
  EXPECT_EQ(redact("tail"), "tail");
  EXPECT_EQ(redact("password=hunter2hunter2"), "password=[REDACTED:password]");
  EXPECT_EQ(redact("x\n"), "x\n");
}

double seconds_spent(const std::string& line, const Limits& limits = {}) {
  const double start = cpu_seconds();
  redact(line + "\n", builtin(), limits);
  return cpu_seconds() - start;
}

TEST(FailClosed, ARecordBuiltToCostTooMuchIsMaskedNotPassedAndTakesLinearTime) {
  // Every anchor would look at all that follows: quadratic without a budget.
  for (const std::string& piece :
       {std::string("password=\\\""), std::string("password:'"), std::string("://a:b@"),
        std::string("Cookie: a=b;"), std::string("\"password\":["),
        std::string("Authorization: Digest a=\"")}) {
    std::string line;
    while (line.size() < 300'000) line += piece;
    std::string secret = " password=hunter2hunter2 ";
    const double start = cpu_seconds();
    std::string redacted = redact(line + secret + "\nnext line\n");
    const double seconds = cpu_seconds() - start;
    EXPECT_EQ(redacted.find("hunter2hunter2"), std::string::npos) << piece;
    EXPECT_TRUE(redacted.ends_with("\nnext line\n")) << piece;
    EXPECT_LT(seconds, 3) << piece << " (quadratic: twice the bytes would take four times as long)";
  }
}

TEST(FailClosed, TimeIsLinearInTheBytesOfARecord) {
  // Far below a second where each byte is looked at a bounded number of times, also without
  // optimisation.
  for (const char* piece : {"Cookie:", "Authorization:", "Set-Cookie: ", "password:", "Bearer ",
                            "-u a:", "\"data\":{", "x://y:z@(", "jdbc:oracle:thin:a/",
                            "-----BEGIN PRIVATE"
                            " KEY-----"}) {
    std::string line;
    while (line.size() < 60'000) line += piece;
    EXPECT_LT(seconds_spent(line), 1) << piece;
  }
}

TEST(FailClosed, AValueThatIsTheRestOfTheRecordIsNotLookedAtForEachKeyInIt) {
  for (const char* piece : {"?api_key:", "?token=", "a.token:", "key:", "secret_key:ab"}) {
    for (const char* tail : {"", "."}) {
      std::string line;
      while (line.size() < 400'000) line += piece;
      for (int i = 0; i < 400'000 && *tail != '\0'; ++i) line += tail;
      EXPECT_LT(seconds_spent(line), 3) << piece << tail;
    }
  }
}

TEST(FailClosed, AValueThatIsTheRestOfALongRecordIsNotSearchedForEachKeyInIt) {
  std::string line;
  while (line.size() < 6'000'000) line += "%25252525password%25253D";
  EXPECT_LT(seconds_spent(line, Limits{8 << 20}), 3);
}

TEST(FailClosed, ALongValueThatLooksLikeAMaskOrLacksAColonIsNotSearchedForEachKeyInIt) {
  for (const char* piece : {"wachtwoord=*", "creds=-a-b-"}) {
    std::string line;
    while (line.size() < 4'000'000) line += piece;
    EXPECT_LT(seconds_spent(line, Limits{8 << 20}), 3) << piece;
  }
}

TEST(FailClosed, ATablesHeaderIsNotReadAnewForEachKeyInIt) {
  for (const char* cell : {"\"apiToken\t", "password,", "access_token;", "password_hash | "}) {
    std::string line;
    while (line.size() < 1000) line += cell;
    line += '\n';
    std::string lines;
    while (lines.size() < 2'000'000) lines += line;
    EXPECT_LT(seconds_spent(lines), 1) << cell;
  }
}

TEST(FailClosed, ARowIsNotSearchedForAClosingQuoteForEachCellThatOpensOne) {
  std::string header;
  std::string row;
  for (int i = 0; i < 450; ++i) {
    header += "a,";
    row += "\"x,";
  }
  while (row.size() < 400'000) row += "\"a";
  std::string lines;
  for (int i = 0; i < 5; ++i) lines += header + "password\n" + row + "\n";
  EXPECT_LT(seconds_spent(lines), 1);
}

TEST(FailClosed, WhatIsLookedAtForEachKeyIsCountedAgainstTheBudgetOfTheRecord) {
  for (const char* piece :
       {"Cookie:a=", "Cookie:path=", "key=", "key%253D", "pwd=\" ", "pwd=\" pwd=' pwd=\\\" ",
        "Authorization:%22Digest+a=%22", "&quot;:&quot;envclient_secretAuthorization"}) {
    std::string line;
    while (line.size() < 400'000) line += piece;
    EXPECT_LT(seconds_spent(line), 1) << piece;
  }
}

TEST(FailClosed, BackslashesInAHeaderAreNotGoneThroughForEachOfThem) {
  const std::string line = "{\"a\":\"Authorization: -" + std::string(400'000, '\\');
  EXPECT_LT(seconds_spent(line), 2);
}

TEST(FailClosed, TheHostOfAUrlIsNotGoneThroughForEachSlashBehindIt) {
  for (const std::string& host :
       {"a:" + std::string(200'000, '1'), std::string(400'000, 'a') + ':'}) {
    const std::string line = "http://u:hunter2hunter2@" + host + "b" + std::string(400'000, '/');
    const double start = cpu_seconds();
    EXPECT_EQ(redact(line + "\n").find("hunter2"), std::string::npos);
    const double seconds = cpu_seconds() - start;
    EXPECT_LT(seconds, 1);
  }
}

TEST(FailClosed, BlanksBeforeAListAreNotLookedAtForEachOfItsElements) {
  std::string line(1 << 20, ' ');
  const std::string element = fill("ghp_{alnum:36},").text;
  for (line += '['; line.size() < 2 << 20;) line += element;
  const double start = cpu_seconds();
  redact(line + "1]\n", builtin(), Limits{4 << 20});
  const double seconds = cpu_seconds() - start;
  EXPECT_LT(seconds, 3);
}

TEST(FailClosed, ARecordBeyondItsBudgetIsMaskedWholeAndCounted) {
  // Every key looks at all that follows; the brackets make each of them look for itself.
  std::string storm;
  while (storm.size() < 300'000) storm += "password=(";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  std::string text = "before\n" + storm + " end\n{\"x\":\"" + storm + "\"}\nafter\n";
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  std::string redacted(redactor.commit(text.size()));
  EXPECT_EQ(redacted,
            "before\n[REDACTED:unscannable-record]\n\"[REDACTED:unscannable-record]\"\nafter\n");
  EXPECT_EQ(redactor.counters().records_masked_whole, 2u);
}

TEST(FailClosed, AKeyThatBeginsInARecordBeyondItsBudgetIsMaskedAllTheSame) {
  std::string storm;
  while (storm.size() < 300'000) storm += "password=(";
  const std::string body = fill("{base64:64}\n{base64:64}\n{base64:20}==\n").text;
  const std::string begin =
      "-----BEGIN PRIVATE"
      " KEY-----";
  std::string redacted = redact(storm + begin + "\n" + body + "-----END PRIVATE KEY-----\nafter\n");
  for (size_t at = 0; at + 64 < body.size(); at += 65)
    EXPECT_EQ(redacted.find(body.substr(at, 64)), std::string::npos);
  EXPECT_TRUE(redacted.ends_with("-----END PRIVATE KEY-----\nafter\n"));
  const std::string value = fill("{alnum:24}").text;
  redacted = redact(storm + " password:\n  " + value + "\nafter\n");
  EXPECT_EQ(redacted.find(value), std::string::npos) << "alone on the line behind its key";
  EXPECT_TRUE(redacted.ends_with("\nafter\n"));
}

TEST(FailClosed, BehindAWindowBeyondItsBudgetAllOfTheRecordIsMasked) {
  std::string storm;
  while (storm.size() < 150'000) storm += "password=(";
  // So long that its key lies before what the windows of its end look back at.
  std::string secret = fill("{alnum:1000}").text;
  while (secret.size() < 300'000) secret += secret.substr(0, 1000);
  const std::string line = "first " + storm + " {\"password\":\"" + secret + "\"} end\n";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch, Limits{4096});
  const std::string text = line + "a \"b\" c\n";
  std::copy(text.begin(), text.end(), redactor.prepare(text.size()).begin());
  EXPECT_EQ(redactor.commit(text.size()), "[REDACTED:unscannable-record]\na \"b\" c\n");
  EXPECT_EQ(redactor.counters().records_masked_whole, 1u);
}

TEST(FailClosed, OfARecordWhoseLaterWindowIsBeyondItsBudgetAMaskStandsForTheRest) {
  std::string line(200'000, 'x');
  for (size_t at = 99; at < line.size(); at += 100) line[at] = ' ';
  const size_t before = line.size();
  while (line.size() < before + 150'000) line += "password=(";
  std::string redacted = redact(line + " end\nnext\n", builtin(), Limits{4096});
  constexpr std::string_view kEnd = "[REDACTED:unscannable-record]\nnext\n";
  ASSERT_TRUE(redacted.ends_with(kEnd)) << redacted.substr(redacted.size() - 80);
  EXPECT_TRUE(line.starts_with(redacted.substr(0, redacted.size() - kEnd.size())));
}

}  // namespace
}  // namespace redactd::test
