#include "config/daemon/tls_check.h"

#include <gtest/gtest.h>

#include "tests/testing/pem.h"

namespace redactd::test {
namespace {

void expect_error(const PemVerdict& verdict, const std::string& text) {
  EXPECT_NE(verdict.error.find(text), std::string::npos) << verdict.error;
}

void expect_fine(const PemVerdict& verdict) {
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.warning, "");
}

TEST(TlsCheck, AcceptsACertificateWithItsKey) {
  Certificate good = make_certificate();
  expect_fine(check_certificate(good.certificate));
  expect_fine(check_key(good.key, good.certificate));
  expect_fine(check_ca(good.certificate));
  expect_fine(check_crl(make_crl(good)));
  std::string chain = good.certificate + make_certificate().certificate;
  expect_fine(check_certificate(chain));
  expect_fine(check_key(good.key, chain));
  expect_fine(check_ca(chain));
}

TEST(TlsCheck, RefusesWhatIsNoPem) {
  for (const std::string& text : {std::string(), std::string("hello"), make_certificate().key,
                                  std::string("-----BEGIN CERTIFICATE-----\nnot base64\n")}) {
    expect_error(check_certificate(text), "certificate");
    expect_error(check_ca(text), "certificate");
    expect_error(check_crl(text), "no list of revoked certificates");
  }
  Certificate good = make_certificate();
  expect_error(check_key("hello", good.certificate), "no private key");
  expect_error(check_key(good.certificate, good.certificate), "no private key");
}

TEST(TlsCheck, RefusesAChainThatIsCutOff) {
  Certificate good = make_certificate();
  std::string cut = good.certificate + good.certificate.substr(0, good.certificate.size() / 2);
  expect_error(check_certificate(cut), "cannot be read");
  expect_error(check_ca(cut), "cannot be read");
}

TEST(TlsCheck, RefusesTheKeyOfAnotherCertificate) {
  expect_error(check_key(make_certificate().key, make_certificate().certificate),
               "does not belong");
}

TEST(TlsCheck, WarnsOfDates) {
  EXPECT_NE(
      check_certificate(make_certificate(-30, -1).certificate).warning.find("has expired on 2"),
      std::string::npos);
  EXPECT_NE(
      check_certificate(make_certificate(1, 30).certificate).warning.find("not valid before 2"),
      std::string::npos);
  std::string two = make_certificate().certificate + make_certificate(-30, -1).certificate;
  EXPECT_NE(check_ca(two).warning.find("certificate 2 of the file has expired"), std::string::npos);
  EXPECT_NE(check_crl(make_crl(make_certificate(), -1)).warning.find("a new list was due on 2"),
            std::string::npos);
}

}  // namespace
}  // namespace redactd::test
