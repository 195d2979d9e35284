#include "filters/mask.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/testing/memory.h"
#include "tests/testing/redact.h"

namespace redactd {
namespace {

const FingerprintKey kKey{"k1", LockedBytes("0123456789abcdef0123456789abcdef")};

Rule named(std::string id) {
  Rule rule;
  rule.id = std::move(id);
  return rule;
}

std::string masked(const MaskSpec& spec, std::string_view secret, const FingerprintKey& key = kKey,
                   const std::string& id = "some-token") {
  Masker masker({named(id)}, spec, key);
  std::string out = "<";
  masker.append(0, secret, out);
  return out + ">";
}

TEST(Mask, LabelNamesTheRule) { EXPECT_EQ(masked({}, "secret"), "<[REDACTED:some-token]>"); }

TEST(Mask, FixedIsTheTextGiven) {
  EXPECT_EQ(masked({MaskStyle::fixed, "***", 4}, "secret"), "<***>");
}

TEST(Mask, LengthKeepsTheNumberOfBytes) {
  EXPECT_EQ(masked({MaskStyle::length, "", 4},
                   "s\xc3\xa9"
                   "cret"),
            "<*******>");
  EXPECT_EQ(masked({MaskStyle::length, "", 4}, ""), "<>");
}

TEST(Mask, PartialShowsBothEnds) {
  MaskSpec spec{MaskStyle::partial, "", 4};
  EXPECT_EQ(masked(spec, "abcdefghijklmnopqrstuvwxyz0123456789"),
            "<abcd****************************6789>");
}

TEST(Mask, PartialNeverShowsMoreThanAQuarter) {
  for (size_t keep : {size_t{1}, size_t{4}, size_t{16}, size_t{1000}}) {
    for (size_t size = 1; size < 200; ++size) {
      std::string out = masked({MaskStyle::partial, "", keep}, std::string(size, 'x'));
      size_t shown = test::count_of(out, "x");
      EXPECT_LE(shown * 4, size) << "keep " << keep << " of " << size;
      EXPECT_EQ(out.size(), size + 2);
    }
  }
}

TEST(Mask, PartialShowsNothingThatNeedsQuoting) {
  std::string secret = "\"\\\n'a`$& bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
  std::string out = masked({MaskStyle::partial, "", 8}, secret);
  EXPECT_EQ(out.find_first_of("\"\\\n'`$& "), std::string::npos) << out;
}

TEST(Mask, FingerprintIsTheSameForTheSameSecret) {
  MaskSpec spec{MaskStyle::fingerprint, "", 4};
  std::string once = masked(spec, "hunter2-hunter2");
  EXPECT_EQ(once, masked(spec, "hunter2-hunter2"));
  EXPECT_TRUE(once.starts_with("<[REDACTED:some-token:k1:")) << once;
  EXPECT_EQ(once.size(), std::string("<[REDACTED:some-token:k1:12345678]>").size());
}

TEST(Mask, FingerprintDependsOnSecretKeyRuleAndKeyId) {
  MaskSpec spec{MaskStyle::fingerprint, "", 4};
  std::string base = masked(spec, "hunter2-hunter2");
  auto digest = [](const std::string& mask) { return mask.substr(mask.size() - 10, 8); };
  EXPECT_NE(digest(base), digest(masked(spec, "hunter2-hunter3")));
  EXPECT_NE(digest(base), digest(masked(spec, "hunter2-hunter2",
                                        {"k1", LockedBytes("another key of some length")})));
  EXPECT_NE(digest(base), digest(masked(spec, "hunter2-hunter2", kKey, "other-token")));
  EXPECT_NE(base, masked(spec, "hunter2-hunter2", {"k2", kKey.secret}));
}

/// RFC 2104 under the rule's id, a NUL and the secret; computed with Python's hmac module.
TEST(Mask, FingerprintIsHmacSha256) {
  MaskSpec spec{MaskStyle::fingerprint, "", 4};
  EXPECT_EQ(masked(spec, "hunter2-hunter2"), "<[REDACTED:some-token:k1:b2e10092]>");
}

TEST(Mask, FingerprintWithoutAKeyIsAnErrorNotADefaultKey) {
  MaskSpec spec{MaskStyle::fingerprint, "", 4};
  EXPECT_THROW(Masker({named("a")}, spec, {}), std::invalid_argument);
  EXPECT_THROW(Masker({named("a")}, spec, {"k1", LockedBytes("")}), std::invalid_argument);
  EXPECT_THROW(Masker({named("a")}, spec, {"", LockedBytes("0123456789abcdef")}),
               std::invalid_argument);
  Rule own = named("a");
  own.mask = spec;
  EXPECT_THROW(Masker({own}, {}, {}), std::invalid_argument)
      << "also where one rule alone asks for it";
}

TEST(Mask, ARulesOwnMaskWins) {
  Rule own = named("own");
  own.mask = MaskSpec{MaskStyle::fixed, "GONE", 4};
  Masker masker({named("other"), own}, {}, {});
  std::string out;
  masker.append(1, "secret", out);
  masker.append(0, "secret", out);
  EXPECT_EQ(out, "GONE[REDACTED:other]");
}

TEST(Mask, RefusesTextsThatCouldBreakWhatIsAround) {
  for (const char* bad :
       {"",    "a\"b", "a'b", "a\\b", "a b", "a\nb", "a\x1b[0m", "a&b", "a=b",      "a;b",
        "a%b", "a$b",  "a`b", "<a>",  "{a}", "a|b",  "a/b",      "a?b", "\xc2\xab", "a\x7f"}) {
    EXPECT_NE(refuse_mask_text(bad), "") << bad;
  }
  for (const char* good : {"***", "[REDACTED]", "(masked)", "X", "a-b_c.d:e"})
    EXPECT_EQ(refuse_mask_text(good), "") << good;
  EXPECT_NE(refuse_mask_text(std::string(10000, 'x')), "");
  EXPECT_THROW(Masker({named("a")}, {MaskStyle::fixed, "\"", 4}, {}), std::invalid_argument);
}

TEST(Mask, RefusesKeyIdsThatWouldNotReadBack) {
  for (const char* bad : {"", "a b", "a:b", "a]b", "a\nb"})
    EXPECT_NE(refuse_key_id(bad), "") << bad;
  EXPECT_NE(refuse_key_id(std::string(1000, 'k')), "");
  EXPECT_EQ(refuse_key_id("k1"), "");
}

TEST(Mask, OfASecretThatHasGotItsFingerprintNoCopyStaysInMemory) {
  const std::string turned = test::turned_over_secret();
  masked({MaskStyle::fingerprint, "", 4}, test::turned_over<SecretText>(turned));
  // What is freed may lose its first bytes.
  EXPECT_EQ(test::copies_in_memory(std::string_view(turned).substr(16)), 0u);
}

}  // namespace
}  // namespace redactd
