// What a long-lived stream needs of the redactor besides its output: places, other rules on the
// way, little memory while it is idle.

#include "filters/redactor.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

std::string_view feed(Redactor& redactor, std::string_view bytes) {
  std::span<char> room = redactor.prepare(bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  return redactor.commit(bytes.size());
}

/// Where the input's byte `at` is in the view, as a reader of edits() finds it.
size_t place_of(const Redactor& redactor, uint64_t at) {
  uint64_t in = redactor.view_begin();
  size_t out = 0;
  for (const Edit& edit : redactor.edits()) {
    if (edit.begin >= at) break;
    in = edit.end;
    out = edit.out_end;
  }
  return at <= in ? out : out + static_cast<size_t>(at - in);
}

Rules token_rules(const std::string& prefix) {
  return rules_from("rules: [{id: made-up, title: t, kind: token, severity: high, pattern: '" +
                    prefix + "[a-z]{8}', extend: 'a-z', examples: ['«" + prefix +
                    "{lower:12}»', '«" + prefix + "{lower:9}»'], keep: ['none']}]");
}

TEST(RedactorEdits, TellWhereEachRecordOfTheInputEndsInTheOutput) {
  const std::string lines[] = {
      "plain\n", "password=correct-horse-battery a\n", "\n",
      "a token " + fill("«ghp_{alnum:36}»").text + " and password=abcdefgh12\n", "last\n"};
  std::string text;
  for (const std::string& line : lines) text += line;
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  std::string out(feed(redactor, text));
  size_t begin = 0;
  uint64_t end = 0;
  for (const std::string& line : lines) {
    end += line.size();
    size_t place = place_of(redactor, end);
    EXPECT_EQ(out.substr(begin, place - begin), redact(line));
    begin = place;
  }
  EXPECT_EQ(begin, out.size());
}

TEST(RedactorEdits, CoverARecordThatWasMaskedWhole) {
  std::string costly;  // every key looks at all that follows
  while (costly.size() < 300'000) costly += "password=(";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  costly += " end";
  std::string text = costly + "\nnext\n";
  std::string out(feed(redactor, text));
  ASSERT_EQ(redactor.counters().records_masked_whole, 1u);
  size_t place = place_of(redactor, costly.size() + 1);
  EXPECT_EQ(out.substr(place), "next\n");
}

TEST(RedactorBudget, CountsACookieThatEachCookieBeforeItLooksAtAgain) {
  std::string costly;
  while (costly.size() < 100'000) costly += "Cookie:a=";
  costly += ";b=" + std::string(100'000, 'x');
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  feed(redactor, costly + "\n");
  EXPECT_EQ(redactor.counters().records_masked_whole, 1u);
}

TEST(RedactorBudget, IsEnoughForAThousandValuesThatAnotherMemberNames) {
  for (const char* entry :
       {R"({"name":"A_PASSWORD","value":"«{alnum:8}»"},)",
        R"({"key":"api_key","v":"«{alnum:20}»"},)", R"({"value":"«{alnum:20}»","name":"token"},)",
        R"({"name":"pwd","x":1},)"}) {
    std::string source;
    for (int i = 0; i < 1000; ++i) source += entry;
    const Filled filled = fill(R"({"env":[)" + source + "{}]}", entry);
    const std::string out = redact(filled.text + "\n");
    EXPECT_EQ(out.find("unscannable"), std::string::npos) << entry;
    for (const std::string& secret : filled.secrets)
      ASSERT_EQ(out.find(secret), std::string::npos) << entry;
  }
}

TEST(RedactorBuffers, StreamsThatShareThemPutOutWhatTheyDoAlone) {
  std::string text = "plain\npassword=correct-horse-battery a\nplain\n" +
                     fill("a token «ghp_{alnum:36}»").text + "\nlong ";
  text += std::string(5000, 'x') + " password=abcdefgh12 " + std::string(3000, 'y') + "\nlast";
  for (size_t piece : {1u, 7u, 64u, 1000u, 4096u, 20000u}) {
    MatchScratch scratch;
    SpareBuffers spare;
    Redactor first(builtin(), scratch, Limits{2048});
    Redactor second(builtin(), scratch, Limits{2048});
    std::string outs[2];
    for (size_t at = 0; at < text.size(); at += piece) {
      for (Redactor* stream : {&first, &second}) {
        stream->borrow_buffers(spare);
        stream->prepare(32768);
        outs[stream == &second] += feed(*stream, std::string_view(text).substr(at, piece));
        if (at % 3 != 0) stream->return_buffers(spare);
      }
    }
    for (Redactor* stream : {&first, &second}) outs[stream == &second] += stream->finish();
    Limits limits{2048};
    EXPECT_EQ(outs[0], outs[1]) << piece;
    EXPECT_EQ(outs[0], redact(text, builtin(), limits)) << piece;
  }
}

TEST(RedactorBuffers, AStreamThatReturnedThemHoldsWhatItHasNotPutOut) {
  MatchScratch scratch;
  SpareBuffers spare;
  Redactor redactor(builtin(), scratch);
  redactor.borrow_buffers(spare);
  redactor.prepare(100'000);
  EXPECT_EQ(feed(redactor, "x\npassword=correct-horse"), "x\n");
  redactor.return_buffers(spare);
  EXPECT_GE(spare.records.size(), 100'000u);
  EXPECT_EQ(feed(redactor, "-battery\n"), redact("password=correct-horse-battery\n"));
}

TEST(RedactorAdopt, NewRulesSeeTheHeldPartOfAnUnfinishedRecord) {
  for (size_t cut : {3u, 6u, 8u, 12u, 20u}) {
    MatchScratch scratch;
    Redactor redactor(token_rules("old_"), scratch);
    std::string text = "a new_abcdefghijkl b old_abcdefghijkl\n";
    EXPECT_EQ(feed(redactor, "x\n" + text.substr(0, cut)), "x\n");
    redactor.adopt(token_rules("new_"));
    EXPECT_EQ(feed(redactor, text.substr(cut)), "a " + label("made-up") + " b old_abcdefghijkl\n")
        << cut;
  }
}

TEST(RedactorAdopt, BetweenRecordsItIsAsIfTheStreamBegan) {
  MatchScratch scratch;
  Redactor redactor(token_rules("old_"), scratch);
  EXPECT_EQ(feed(redactor, "old_abcdefghijkl\n"), label("made-up") + "\n");
  redactor.adopt(builtin());
  EXPECT_EQ(feed(redactor, "old_abcdefghijkl password=abcdefgh12\n"),
            redact("old_abcdefghijkl password=abcdefgh12\n"));
  EXPECT_EQ(redactor.held_bytes(), 0u);
}

TEST(RedactorAdopt, AnOpenPrivateKeyStaysOpen) {
  std::string begin = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
  std::string body = fill("{base64:64}").text + "\n";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  std::string out(feed(redactor, begin + body));
  redactor.adopt(builtin_masking({MaskStyle::fixed, "[GONE]", 4}));
  EXPECT_EQ(feed(redactor, body), "[GONE]\n");
}

std::string shown(std::string_view text, const Rules& rules = builtin()) {
  static MatchScratch scratch;
  Redactor redactor(rules, scratch);
  std::string out(feed(redactor, text));
  out += redactor.settle_open();
  EXPECT_EQ(redactor.settle_open(), "") << "what is out is out";
  std::string rest(redactor.finish());
  EXPECT_EQ(out + rest, redact(text, rules)) << text;
  return out;
}

TEST(RedactorSettleOpen, ShowsPrompts) {
  for (const char* prompt :
       {"Password: ", "> ", ">>> ", "Continue? [y/N] ",
        "[sudo] password for bob: ", "Enter passphrase for key '/home/bob/.ssh/id_ed25519': ",
        "bob@host's password: ", "Password for 'https://bob@github.com': ", "Password:", "login:",
        "line\nName: ", "\x1b[32mbob@host\x1b[0m:~$ ", "Token [default: none]: "})
    EXPECT_EQ(shown(prompt), prompt);
}

TEST(RedactorSettleOpen, ShowsThePromptBehindATableAndNoPartOfARow) {
  EXPECT_EQ(shown("user,password\nbob,x1y2z3w4\n$ "), "user,password\nbob,[REDACTED:password]\n$ ");
  EXPECT_EQ(shown("user | password\nbob | x1y2z3w4 "), "user | password\n");
  EXPECT_EQ(shown("password |user\nx1y2z3w4 "), "password |user\n");
  EXPECT_EQ(shown("USER  PASSWORD\nbob  x1y2z3w4 "), "USER  PASSWORD\n");
}

TEST(RedactorSettleOpen, ShowsProgress) {
  EXPECT_EQ(shown("fetching 3 %\rfetching 7 %\rfetching"), "fetching 3 %\rfetching 7 %\r");
  EXPECT_EQ(shown("building . . "), "building . . ");
}

TEST(RedactorSettleOpen, ShowsNoNumberThatTheNextWordsMayCallACode) {
  EXPECT_EQ(shown("sms: 482913 "), "");
  EXPECT_EQ(shown("sms: 482913 is "), "");
  EXPECT_EQ(shown("sms: 482913 is your "), "");
  EXPECT_EQ(shown("got 1024 KB of 20480 KB\rgot"), "got 1024 KB of 20480 KB\r");
  EXPECT_EQ(shown("2026-11-28 10:12:13 Name: "), "2026-11-28 10:12:13 Name: ");
}

TEST(RedactorSettleOpen, ShowsNoWordBeforeItsEnd) {
  EXPECT_EQ(shown("got gh"
                  "p_abc"),
            "got ");
  EXPECT_EQ(shown("x"), "");
  EXPECT_EQ(shown("at https:"), "at https:");
  EXPECT_EQ(shown("at https://bob:"), "at ");
}

TEST(RedactorSettleOpen, ShowsNothingOfARecordThatHoldsAValue) {
  EXPECT_EQ(shown("password=hunter2hunter2 next? "), "");
  EXPECT_EQ(shown("the password is incorrect, try again: "), "");
  EXPECT_EQ(shown("password=\"correct horse "), "");
  EXPECT_EQ(shown("Authorization: Bearer "), "");
}

TEST(RedactorSettleOpen, ShowsNoPartOfAKnownValue) {
  Rules known = known_values({"correct horse battery"});
  EXPECT_EQ(shown("say correct horse ", known), "");
  EXPECT_EQ(shown("say correct dog ", known), "say correct dog ");
}

TEST(RedactorSettleOpen, ShowsNothingWhereARegexMayLookAtAllOfTheRecord) {
  Rules regex = rules_from(
      "rules: [{id: r, title: t, kind: regex, severity: high, pattern: 'from [a-z]+ to ([a-z]+)', "
      "examples: ['from abc to «{lower:6}»', 'from a to «{lower:5}»'], keep: ['none']}]");
  EXPECT_EQ(shown("from here ", regex), "");
  Rules blanks = rules_from(
      "rules: [{id: r, title: t, kind: token, severity: high, pattern: 'k[0-9 ]{8}', boundary: "
      "none, "
      "examples: ['«k12 45 78»', '«k 2 45 78»'], keep: ['none']}]");
  EXPECT_EQ(shown("a k12 ", blanks), "");
}

TEST(RedactorTrim, KeepsAStreamsStateAndGoesOn) {
  std::string begin = std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\n";
  std::string body = fill("{base64:64}").text + "\n";
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  feed(redactor, begin);
  redactor.trim();
  redactor.trim();
  EXPECT_EQ(feed(redactor, body).find(body.substr(0, 20)), std::string::npos);
  redactor.trim();
  EXPECT_EQ(redactor.finish(), "");
}

TEST(RedactorTrim, LeavesHeldBytesAlone) {
  MatchScratch scratch;
  Redactor redactor(builtin(), scratch);
  feed(redactor, "password=correct-hor");
  redactor.trim();
  EXPECT_EQ(feed(redactor, "se-battery\n"), redact("password=correct-horse-battery\n"));
}

}  // namespace
}  // namespace redactd::test
