#include "filters/validators/validators.h"
#include "filters/validators/personal_data.h"
#include "filters/validators/wallet.h"

#include <gtest/gtest.h>

#include "tests/testing/memory.h"

namespace redactd {
namespace {

TEST(Validators, EntropyIsThatOfShannon) {
  EXPECT_DOUBLE_EQ(entropy(""), 0);
  EXPECT_DOUBLE_EQ(entropy("aaaa"), 0);
  EXPECT_DOUBLE_EQ(entropy("abab"), 1);
  EXPECT_DOUBLE_EQ(entropy("abcdefgh"), 3);
  EXPECT_NEAR(entropy(std::string("\0\xff\x80\x7f", 4)), 2, 1e-9);
}

TEST(Validators, MixedWantsMoreThanWordsOrCamelCase) {
  EXPECT_TRUE(is_mixed("abc123"));
  EXPECT_FALSE(is_mixed("123456"));
  EXPECT_FALSE(is_mixed("colony-optimizer"));
  EXPECT_FALSE(is_mixed("forwardingRuleTableEntry"));
  EXPECT_TRUE(is_mixed("aBcDeFgHiJkLmNoPqR"));
  EXPECT_FALSE(is_mixed("aBcD")) << "too short to tell";
  EXPECT_FALSE(is_mixed(""));
}

TEST(Validators, Base64TakesBothAlphabetsAndPadding) {
  for (const char* good : {"YQ==", "YWI=", "YWJj", "YQ", "a-_b", "a+/b"})
    EXPECT_TRUE(is_base64(good)) << good;
  for (const char* bad : {"", "=", "a", "abcde", "ab c", "a===", "ab=c"})
    EXPECT_FALSE(is_base64(bad)) << bad;
}

TEST(Validators, DecodesBase64UpToTheFirstForeignByteAndTheBound) {
  EXPECT_EQ(decode_base64("dXNlcjpwYXNz", 100), "user:pass");
  EXPECT_EQ(decode_base64("dXNl.cjpw", 100), "use");
  EXPECT_EQ(decode_base64("dXNlcjpwYXNz", 4), "user");
  EXPECT_EQ(decode_base64("_-8", 100), "\xff\xef");
}

TEST(Validators, OfWhatWasDecodedNoCopyStaysInMemory) {
  const std::string turned =
      test::turned_over<std::string>(decode_base64("azRRLW1hZGUtdXA6azRRLW1hZGUtdXAtdG9v", 100));
  ASSERT_EQ(turned.size(), 27u);
  // What is freed may lose its first bytes.
  EXPECT_EQ(test::copies_in_memory(std::string_view(turned).substr(16)), 0u);
}

TEST(Validators, AJwtBeginsWithAHeaderThatNamesItsAlgorithm) {
  const std::string header = std::string("ey") + "JhbGciOiJIUzI1NiJ9";  // {"alg":"HS256"}
  EXPECT_TRUE(is_jwt(header + ".x.y"));
  EXPECT_TRUE(is_jwt(header));
  EXPECT_FALSE(is_jwt("eyJmb28iOiJiYXIifQ.x.y")) << "{\"foo\":\"bar\"}";
  EXPECT_FALSE(is_jwt("eyes.open.wide"));
  EXPECT_FALSE(is_jwt(""));
}

TEST(Validators, LuhnLooksAtDigitsOnly) {
  EXPECT_TRUE(luhn("79927398713"));
  EXPECT_TRUE(luhn("7992-7398-713"));
  EXPECT_FALSE(luhn("79927398710"));
  EXPECT_FALSE(luhn(""));
  EXPECT_FALSE(luhn("no digits"));
}

TEST(Validators, KnowsDigestsAndUuids) {
  EXPECT_TRUE(looks_like_hash("d41d8cd98f00b204e9800998ecf8427e"));
  EXPECT_TRUE(looks_like_hash("4f0c3a9e-9f3b-4c8e-8a35-0f6d2c1b7a90"));
  EXPECT_FALSE(looks_like_hash("d41d8cd98f00b204e9800998ecf8427"));
  EXPECT_FALSE(looks_like_hash("d41d8cd98f00b204e9800998ecf8427g"));
}

TEST(Validators, ScrambledTextIsNoName) {
  EXPECT_TRUE(is_scrambled("q8Zr2LkVt0sB4xYw9Hc1"));
  EXPECT_TRUE(is_scrambled("4f0c3a9e9f3b4c8e8a350f6d"));
  EXPECT_FALSE(is_scrambled("getElementsByTagNameNSCached"));
  EXPECT_FALSE(is_scrambled("constructorPrototypeDefinition2"));
  EXPECT_FALSE(is_scrambled("eu-west-1-node-pool-a"));
  EXPECT_FALSE(is_scrambled("MAXIMUMTRANSFERRATE1"));
}

/// CRC-32 of the nine digits is cbf43926, the check value of its definition.
TEST(Validators, TheChecksumOfATokenIsACrcInBase62) {
  EXPECT_EQ(token_checksum("123456789"), "3jZRME");
  std::string body = "q8Zr2LkVt0sB4xYw9Hc1q8Zr2LkVt0";
  EXPECT_TRUE(has_token_checksum("ghp_" + body + token_checksum(body)));
  EXPECT_FALSE(has_token_checksum("ghp_" + body + "000000"));
  EXPECT_FALSE(has_token_checksum("short"));
}

TEST(Validators, CardsHaveAnIssuerALengthAndACheckDigit) {
  EXPECT_TRUE(is_card("4111 1111 1111 1111"));
  EXPECT_TRUE(is_card("3782-822463-10005"));
  EXPECT_TRUE(is_card("2223003122003222"));
  EXPECT_FALSE(is_card("4111111111111112")) << "the check digit";
  EXPECT_FALSE(is_card("1234567812345670")) << "no issuer";
  EXPECT_FALSE(is_card("37828224631000")) << "too short for its issuer";
}

TEST(Validators, AccountsHaveTheirCountrysLengthAndCheckDigits) {
  EXPECT_TRUE(is_iban("DE89370400440532013000"));
  EXPECT_TRUE(is_iban("GB82 WEST 1234 5698 7654 32"));
  EXPECT_FALSE(is_iban("DE88370400440532013000"));
  EXPECT_FALSE(is_iban("DE8937040044053201300"));
}

/// The first test vector of BIP-39, and a key of which one character was changed.
TEST(Validators, WalletsAreToldByTheirChecksums) {
  std::string phrase;
  for (int i = 0; i < 11; ++i) phrase += "abandon ";
  EXPECT_TRUE(is_bip39_phrase(phrase + "about"));
  EXPECT_FALSE(is_bip39_phrase(phrase + "abandon"));
  EXPECT_FALSE(is_bip39_phrase("the worker is not able to read from the queue again now"));
  std::string key = wif_of(std::string(32, 'k'));
  EXPECT_TRUE(is_wif(key)) << key;
  key[20] = key[20] == 'a' ? 'b' : 'a';
  EXPECT_FALSE(is_wif(key));
}

TEST(Validators, SayWhichOneFailed) {
  auto failed = [](Validator::Kind kind, std::string_view text, bool cut_off = false) {
    return failed_validator({{kind, 3.0}}, text, cut_off);
  };
  using Kind = Validator::Kind;
  EXPECT_EQ(failed(Kind::entropy, "aaaaaaaaaaaaaaaa"), Verdict::low_entropy);
  EXPECT_EQ(failed(Kind::mixed, "wordswordswords"), Verdict::not_mixed);
  EXPECT_EQ(failed(Kind::jwt, "nothing"), Verdict::not_a_jwt);
  EXPECT_EQ(failed(Kind::base64, "no base64!"), Verdict::not_base64);
  EXPECT_EQ(failed(Kind::luhn, "79927398710"), Verdict::luhn_fails);
  EXPECT_EQ(failed(Kind::not_hash, "d41d8cd98f00b204e9800998ecf8427e"), Verdict::looks_like_hash);
  EXPECT_EQ(failed(Kind::scrambled, "constructorPrototypeDefinition2"), Verdict::not_scrambled);
  EXPECT_EQ(failed(Kind::crc32, std::string(36, 'a')), Verdict::wrong_checksum);
  EXPECT_EQ(failed(Kind::userpass, "YWJj"), Verdict::not_userpass);
  EXPECT_EQ(failed(Kind::code, "12345a"), Verdict::no_code);
  EXPECT_EQ(failed(Kind::code, "12"), Verdict::no_code);
  EXPECT_EQ(failed(Kind::code, "123-456"), std::nullopt);
  EXPECT_EQ(failed(Kind::code, "123-456-789"), std::nullopt);
  EXPECT_EQ(failed(Kind::code, "123--456"), Verdict::no_code);
  EXPECT_EQ(failed(Kind::code, "1-2-3-4"), Verdict::no_code);
  EXPECT_EQ(failed(Kind::phrase, "one two three four five six"), Verdict::no_phrase);
  EXPECT_EQ(failed(Kind::phrase, "one two three four five six seven eight nine ten eleven twelve"),
            std::nullopt);
  EXPECT_FALSE(failed(Kind::userpass, "dXNlcjpwYXNz"));
  EXPECT_FALSE(failed(Kind::base64, "no base64!", true)) << "its end was cut off";
  EXPECT_FALSE(failed_validator({}, "anything", false));
}

TEST(Validators, AShortTextNeedsNoMoreEntropyThanItCanHave) {
  EXPECT_FALSE(failed_validator({{Validator::Kind::entropy, 4.5}}, "q8Zr2Lk", false));
}

}  // namespace
}  // namespace redactd
