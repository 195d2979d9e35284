// Tokens and private keys in base64, hexadecimal, percent-encoding and other escapes.

#include "filters/spans/encoded_span.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "filters/redactor.h"
#include "filters/spans/encoded_text.h"
#include "tests/testing/all_splits.h"
#include "tests/testing/cpu_seconds.h"
#include "tests/testing/encode.h"
#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

const char* const kTokens[] = {"ghp_{alnum:36}",
                               "glpat-{base64url:20}",
                               "AKIA{UPPERNUM:16}",
                               "npm_{alnum:36}",
                               "xoxb-{digits:11}-{digits:11}-{alnum:24}",
                               "sk-ant-api03-{base64url:93}AA",
                               "sk_live_{alnum:24}",
                               "dckr_pat_{base64url:27}",
                               "hvs.{base64url:90}"};

/// A block in PEM form (RFC 7468), assembled so that no marker stands in the source.
std::string pem_of(const std::string& label) {
  std::string dashes(5, '-');
  return dashes + "BEGIN " + label + dashes +
         fill("\n{base64:64}\n{base64:64}\n{base64:64}\n{base64:42}==\n", label).text + dashes +
         "END " + label + dashes + "\n";
}

/// `secret` must be gone, in clear and in any reading of what is left.
void expect_hidden(const std::string& text, const std::string& encoded,
                   const Rules& rules = builtin()) {
  std::string redacted = redact(text, rules);
  EXPECT_EQ(redacted.find(encoded), std::string::npos) << text << "\n  gave " << redacted;
  EXPECT_NE(redacted.find("[REDACTED:"), std::string::npos) << text;
  EXPECT_EQ(redact(redacted, rules), redacted) << "twice is not once: " << redacted;
}

TEST(EncodedToken, InBase64AtEveryAlignmentIsMaskedWithTheTextAroundIt) {
  for (const char* source : kTokens) {
    std::string token = fill(source).text;
    for (bool url : {false, true}) {
      for (const char* before : {"", "a", "ab", "abc", "{\"auth\": {\"token\": \"", "token="}) {
        for (const char* after : {"", "\n", "\"}}", " and so on"}) {
          if (is_alnum((std::string("x") + before).back()) && *before != 0) continue;
          std::string encoded = base64(before + token + after, url);
          std::string line = "body \"" + encoded + "\" sent";
          EXPECT_EQ(shape_of(redact(line)), "body \"\xc2\xab\xc2\xbb\" sent")
              << before << token << after << '\n'
              << line;
        }
      }
    }
  }
}

TEST(EncodedToken, InsideAWordIsNoTokenInBase64Either) {
  std::string token = fill("ghp_{alnum:36}").text;
  for (const char* before : {"x", "9y", "abc"})
    expect_kept("body " + base64(before + token) + " sent");
}

TEST(EncodedToken, OfAnOwnRuleIsFoundToo) {
  Rules rules = rules_from(R"(
rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: '(?:acme|emca)_[A-Za-z0-9]{8}'
    extend: 'A-Za-z0-9'
    min: 24
    severity: high
    examples: ['«acme_{alnum:24}»']
)");
  for (const char* source : {"acme_{alnum:24}", "emca_{alnum:24}"}) {
    std::string token = fill(source).text;
    for (const char* before : {"", "=", "==", "==="}) {
      expect_hidden("x " + base64(before + token) + " y", base64(before + token), rules);
    }
    expect_hidden("x " + hex(token) + " y", hex(token), rules);
  }
  // What the rule would not mask in clear stays.
  expect_kept(base64("=acme_short") + " y", rules);
  expect_kept(base64("acme-" + fill("{alnum:24}").text) + " y", rules);
}

TEST(EncodedToken, InHexadecimalOfEitherCase) {
  for (const char* source : kTokens) {
    std::string token = fill(source).text;
    for (bool upper : {false, true}) {
      for (const char* before : {"", "token=", "\n"}) {
        std::string encoded = hex(before + token, upper);
        EXPECT_EQ(shape_of(redact("dump 0x" + encoded + ", end")), "dump 0x\xc2\xab\xc2\xbb, end");
        EXPECT_EQ(shape_of(redact("dump " + encoded + "\n")), "dump \xc2\xab\xc2\xbb\n");
      }
    }
  }
}

TEST(EncodedToken, InEscapesIsMaskedAndNothingAroundIt) {
  for (const char* source : kTokens) {
    std::string token = fill(source).text;
    for (const char* escape : {"%", "\\u00", "\\\\u00", "\\x"}) {
      for (bool upper : {false, true}) {
        std::string all = escaped(token, escape, 1, upper);
        EXPECT_EQ(shape_of(redact("{\"m\":\"at " + all + " now\"}\n")),
                  "{\"m\":\"at \xc2\xab\xc2\xbb now\"}\n")
            << all;
        EXPECT_EQ(shape_of(redact("GET /?a=" + all + "&b=1\n")), "GET /?a=\xc2\xab\xc2\xbb&b=1\n")
            << all;
        for (size_t every : {2, 3, 7}) {
          std::string some = escaped(token, escape, every, upper);
          EXPECT_EQ(shape_of(redact("{\"m\":\"at " + some + "\"}\n")),
                    "{\"m\":\"at \xc2\xab\xc2\xbb\"}\n")
              << some;
        }
      }
    }
  }
}

TEST(EncodedToken, WithOneEscapeAnywhereInIt) {
  std::string token = fill("ghp_{alnum:36}").text;
  for (const char* escape : {"%", "\\u00", "\\x"}) {
    for (size_t at = 0; at < token.size(); ++at) {
      std::string line = "{\"m\":\"at " + token.substr(0, at) + escape + hex(token.substr(at, 1)) +
                         token.substr(at + 1) + "\",\"n\":1}\n";
      EXPECT_EQ(shape_of(redact(line)), "{\"m\":\"at \xc2\xab\xc2\xbb\",\"n\":1}\n") << line;
    }
  }
}

TEST(EncodedToken, WithReservedBytesEscapedAsUrlsAndJsonDo) {
  expect_exactly_masked("q=«%24aact_prod_{alnum:30}»&x=1");
  expect_exactly_masked("q=«access_token%24production%24{lowernum:16}%24{hex:32}»&x=1");
  expect_exactly_masked("{\"t\":\"«github_pat_{alnum:22}\\u005f{alnum:59}»\"}");
  expect_exactly_masked("{\"t\":\"«whsec_{alnum:12}\\/{alnum:10}%2B{alnum:6}%3d»\"}");
}

TEST(EncodedKey, InBase64IsMaskedToItsEnd) {
  for (const char* kind : {"", "RSA ", "EC ", "OPENSSH "}) {
    std::string key = pem_of(std::string(kind) + "PRIVATE KEY");
    for (const char* before : {"", "\n", "k:", "apiVersion: v1\nkey: |\n"}) {
      std::string encoded = base64(before + key);
      EXPECT_EQ(shape_of(redact("client-key-data: " + encoded + "\n")),
                "client-key-data: \xc2\xab\xc2\xbb\n");
      EXPECT_EQ(shape_of(redact("{\"x\":\"" + encoded + "\",\"y\":1}\n")),
                "{\"x\":\"\xc2\xab\xc2\xbb\",\"y\":1}\n");
    }
  }
}

TEST(EncodedKey, InBase64WithEscapedSlashesOrLineBreaks) {
  std::string encoded = base64(pem_of("PRIVATE KEY"));
  std::string slashes;
  for (char c : encoded) slashes += c == '/' ? "\\/" : std::string(1, c);
  EXPECT_EQ(shape_of(redact("{\"x\":\"" + slashes + "\"}\n")), "{\"x\":\"\xc2\xab\xc2\xbb\"}\n");
  std::string wrapped;
  for (size_t at = 0; at < encoded.size(); at += 76) wrapped += encoded.substr(at, 76) + "\\n";
  std::string redacted = redact("{\"x\":\"" + wrapped + "\"}\n");
  EXPECT_EQ(shape_of(redacted), "{\"x\":\"\xc2\xab\xc2\xbb\\n\"}\n");
}

TEST(EncodedKey, InHexadecimalAndInEscapes) {
  std::string key = pem_of("PRIVATE KEY");
  EXPECT_EQ(shape_of(redact("x " + hex(key) + " y")), "x \xc2\xab\xc2\xbb y");
  std::string body = key.substr(key.find("-----\n") + 6);
  body.resize(body.find("-----"));
  for (const std::string& all : {percent_encoded(key), percent_encoded(key, true),
                                 escaped(key, "%"), escaped(key, "\\u00")}) {
    std::string redacted = redact("{\"m\":\"a=" + all + "&b=1\"}\n");
    EXPECT_EQ(count_of(redacted, "[REDACTED:private-key]"), 1u) << redacted;
    EXPECT_LT(redacted.size(), 600u) << redacted;
    EXPECT_TRUE(redacted.ends_with("&b=1\"}\n")) << redacted;
    EXPECT_TRUE(nlohmann::json::accept(redacted));
  }
}

TEST(EncodedKey, ACertificateIsNoKey) {
  std::string certificate = pem_of("CERTIFICATE");
  expect_kept("ca: " + base64(certificate) + "\n");
  expect_kept("ca: " + hex(certificate) + "\n");
  expect_kept("x " + base64("expected -----BEGIN PRIVATE KEY----- in it, but there was none") +
              "\n");
}

TEST(Encoded, OrdinaryEncodedTextStays) {
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    std::string bytes(3000, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_EQ(redact("img " + base64(bytes) + "\n"), "img " + base64(bytes) + "\n");
    EXPECT_EQ(redact("img " + hex(bytes) + "\n"), "img " + hex(bytes) + "\n");
  }
  expect_kept(
      "q=" + percent_encoded("a b&c=\xe4\xb8\xad\xe6\x96\x87 tokens: 12, ghp_ is a prefix") + "\n");
  expect_kept("{\"html\":\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\u0041\\u0042\"}\n");
}

TEST(Encoded, EveryBuiltInTokenWithADistinctivePrefixIsFoundInBase64AndHex) {
  size_t found = 0;
  for (const Rule& rule : builtin()->rules()) {
    if (rule.kind == RuleKind::token && TokenCores().add(rule, 0, false).size() >= 2) ++found;
  }
  std::printf("%zu token rules are looked for in encoded text\n", found);
  EXPECT_GT(found, 150u);
}

TEST(Encoded, SurvivesAnyCut) {
  std::string token = fill("ghp_{alnum:36}").text;
  for (const std::string& text :
       {"a \"" + base64("{\"t\":\"" + token + "\"}") + "\" b\n", "a " + hex("=" + token) + "\nb",
        "{\"t\":\"" + escaped(token, "\\u00") + "\"}\n", "?t=" + escaped(token, "%", 3) + "&b\n",
        "k: " + base64(pem_of("PRIVATE KEY")).substr(0, 300)}) {
    expect_same_under_every_cut(text);
  }
}

/// The same at the seams of windows, and where the encoded text is longer than a window.
TEST(Encoded, SurvivesTheSeamsOfWindows) {
  constexpr size_t kWindow = 4096;
  std::string token = fill("ghp_{alnum:36}").text;
  std::string encoded = base64("{\"user\":\"bob\",\"token\":\"" + token + "\",\"n\":1}");
  std::string filler(3 * kWindow + 2 * kOverlap, '.');
  for (size_t seam : {2 * kWindow, 2 * kWindow + kOverlap}) {
    for (size_t before = 0; before <= encoded.size() + 2; before += 5) {
      std::string line = filler;
      line.replace(seam - before, encoded.size() + 2, " " + encoded + " ");
      std::string redacted = redact(line + "\n", builtin(), Limits{kWindow});
      ASSERT_EQ(first_difference(redact(line + "\n"), redacted), "") << before;
      ASSERT_EQ(redacted.find(encoded), std::string::npos);
    }
  }
}

TEST(Encoded, AKeyBetweenMegabytesOfBase64IsMaskedToTheEnd) {
  std::string filler;
  for (int i = 0; i < 6000; ++i) filler += "line " + std::to_string(i) + " of a file\n";
  std::string key = pem_of("RSA PRIVATE KEY");
  for (size_t window : {size_t{4096}, size_t{1} << 20}) {
    std::string text = "x " + base64(filler + key + filler) + " y\nnext\n";
    std::string redacted = expect_same_under_random_cuts(text, builtin(), Limits{window}, 3);
    EXPECT_TRUE(redacted.ends_with(" y\nnext\n"));
    std::string rest = redacted.substr(2, redacted.find('[') - 2);
    EXPECT_EQ(text.substr(2, rest.size()), rest);
    EXPECT_EQ(count_of(redacted, "[REDACTED:"), 1u);
    for (size_t at = 0; at + 40 < key.size(); at += 40) {
      for (const char* before : {"", "=", "=="}) {
        std::string part = base64(before + key.substr(at, 40)).substr(4, 40);
        EXPECT_EQ(redacted.find(part), std::string::npos);
      }
    }
  }
}

TEST(Encoded, ATokenBehindManyBeginningsOfOneIsMasked) {
  const std::string token = fill("ghp_{alnum:36}").text;
  const std::string digits = base64("ghp_").substr(0, 5);
  for (size_t many : {1, 9, 40, 800, 1700}) {
    for (size_t shift = 0; shift < 4; ++shift) {
      std::string in_base64 = std::string(shift, 'A');
      std::string in_hex;
      for (size_t i = 0; i < many; ++i) {
        in_base64 += digits;
        in_hex += hex("ghp_") + std::string(shift, '0');
      }
      const std::string secret = base64("token " + token);
      EXPECT_EQ(redact(in_base64 + secret).find(secret.substr(12, 40)), std::string::npos)
          << many << ' ' << shift;
      EXPECT_EQ(redact(in_hex + hex(" " + token)).find(hex(token)), std::string::npos)
          << many << ' ' << shift;
    }
  }
}

/// Behind beginnings that were looked through ahead of the matcher.
TEST(Encoded, ATokenBehindManyBeginningsIsMaskedOverTheEndOfALine) {
  const std::string token = fill("ghp_{alnum:36}").text;
  const std::string digits = base64("ghp_").substr(0, 5);
  std::string beginnings;
  for (size_t i = 0; i < 40; ++i) beginnings += digits;
  const std::string secret = base64("to " + token);
  for (size_t shift = 0; shift < 4; ++shift) {
    const std::string before = "\"" + std::string(shift, 'A') + beginnings;
    for (size_t cut = 1; cut + 16 < secret.size(); ++cut) {
      const std::string wrapped = secret.substr(0, cut) + "\\n" + secret.substr(cut);
      const std::string redacted = redact(before + wrapped + '"');
      EXPECT_EQ(redacted.find(secret.substr(cut, 16)), std::string::npos) << shift << ' ' << cut;
    }
  }
}

/// Wherever a line ends, in the token's own beginning too, with nothing else that tells of it.
TEST(Encoded, ATokenIsMaskedWhereverItsLinesAreWrapped) {
  const std::string token = fill("ghp_{alnum:36}").text;
  for (const std::string& before : {std::string(), std::string("t "), std::string("to:")}) {
    const std::string text = before + "to " + token + " end";
    const std::string secret = base64(token.substr(6, 24));
    for (const std::string& line_end :
         {std::string("\\n"), std::string("\\r\\n"), std::string("\\\\n")}) {
      for (size_t width = 20; width < 40; ++width) {
        const std::string encoded = base64(text);
        std::string wrapped = encoded.substr(0, width);
        for (size_t at = width; at < encoded.size(); at += width)
          wrapped += line_end + encoded.substr(at, width);
        const std::string redacted = redact("{\"x\":\"" + wrapped + "\"}\n");
        std::string left;
        for (size_t at = 0; at < redacted.size(); ++at) {
          if (redacted.compare(at, line_end.size(), line_end) == 0) at += line_end.size();
          if (at < redacted.size()) left += redacted[at];
        }
        EXPECT_NE(redacted.find("REDACTED"), std::string::npos) << wrapped;
        EXPECT_EQ(left.find(encoded.substr(16, 32)), std::string::npos) << redacted;
        EXPECT_TRUE(redacted.ends_with("\"}\n")) << redacted;
      }
    }
  }
}

/// What stands on the line before may be no base64.
TEST(Encoded, ATokenThatBeginsALineIsMaskedWhateverStandsOnTheLineBefore) {
  const std::string encoded = base64(fill("ghp_{alnum:36}").text);
  std::string word;
  for (char letter = 'a'; letter < 'j'; ++letter) {
    word += letter;
    const std::string redacted = redact("{\"x\":\"" + word + "\\n" + encoded + "\"}\n");
    EXPECT_EQ(redacted.find(encoded.substr(0, 8)), std::string::npos) << redacted;
  }
}

/// All of the blob that the secret is part of goes, its earlier lines too.
TEST(Encoded, EarlierLinesOfWrappedBase64AreMaskedWithTheirSecret) {
  const std::string encoded =
      base64("what stands on the first lines of it is text as well, and then " +
             fill("ghp_{alnum:36}").text);
  std::string wrapped = encoded.substr(0, 20);
  for (size_t at = 20; at < encoded.size(); at += 20) wrapped += "\\n" + encoded.substr(at, 20);
  EXPECT_EQ(shape_of(redact("{\"x\":\"" + wrapped + "\"}\n")), "{\"x\":\"\xc2\xab\xc2\xbb\"}\n");
}

/// Once in a run is what the matcher tells of tokens that begin with one letter several times.
TEST(Encoded, ATokenIsFoundBehindARunOfItsFirstLetter) {
  const std::string token =
      "AAAA" + fill("{base64url:7}").text + ":APA91b" + fill("{alnum:130}").text;
  for (const std::string& before :
       {std::string(), std::string(40, 'A') + ' ', std::string("AA \n"), std::string("%AA"),
        std::string("x\x01"), std::string("\xc1")}) {
    for (size_t shift = 0; shift < 3; ++shift) {
      const std::string text = std::string(shift, ' ') + before + token;
      EXPECT_NE(redact(base64(text)).find("REDACTED"), std::string::npos) << before << shift;
      EXPECT_NE(redact(hex(text)).find("REDACTED"), std::string::npos) << before << shift;
    }
  }
}

TEST(Encoded, TimeIsLinearWhereEverythingLooksLikeTheBeginningOfAToken) {
  for (const std::string& piece :
       {base64("ghp_"), base64("xghp_AAAAAAAA"), std::string("Z2hwX"), std::string("%41"),
        std::string("\\u0067hp_AAAAAAAA."), hex("ghp_"), base64("PRIVATE KEY-")}) {
    std::string line;
    while (line.size() < 150'000) line += piece;
    const double start = cpu_seconds();
    std::string redacted = redact(line + "\nnext\n");
    const double seconds = cpu_seconds() - start;
    EXPECT_TRUE(redacted.ends_with("\nnext\n")) << piece;
    EXPECT_LT(seconds, 5) << piece << " (also without optimisation)";
  }
}

}  // namespace
}  // namespace redactd::test
