#include "config/daemon/tls_check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <vector>

#include "config/daemon/openssl_owner.h"

namespace redactd {
namespace {

BioOwner open(const std::string& pem) {
  return BioOwner(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// The reason of the last error of OpenSSL, which is about the form, not the contents.
std::string last_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

/// All certificates of the text; `broken` when one of them cannot be read.
std::vector<CertificateOwner> read_certificates(const std::string& pem, bool& broken) {
  std::vector<CertificateOwner> all;
  BioOwner bio = open(pem);
  ERR_clear_error();
  while (X509* one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) all.emplace_back(one);
  broken = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
  ERR_clear_error();
  return all;
}

std::string date_text(const ASN1_TIME* time) {
  std::tm when{};
  if (ASN1_TIME_to_tm(time, &when) != 1) return "an unknown date";
  char text[32];
  size_t size = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &when);
  return {text, size};
}

std::string validity(const X509& certificate) {
  const ASN1_TIME* from = X509_get0_notBefore(&certificate);
  const ASN1_TIME* to = X509_get0_notAfter(&certificate);
  if (X509_cmp_current_time(from) > 0) return "is not valid before " + date_text(from);
  if (X509_cmp_current_time(to) < 0) return "has expired on " + date_text(to);
  return {};
}

int no_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

/// TLS itself takes the certificate: the key may be too short for the machine's policy.
std::string refuse_use(const CertificateOwner& certificate) {
  OpenSslOwner<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_method()));
  ERR_clear_error();
  if (context && SSL_CTX_use_certificate(context.get(), certificate.get()) == 1) return {};
  return "cannot be used for TLS: " + last_reason();
}

}  // namespace

PemVerdict check_certificate(const std::string& pem) {
  bool broken = false;
  std::vector<CertificateOwner> chain = read_certificates(pem, broken);
  if (chain.empty()) return {"holds no certificate in PEM form", ""};
  if (broken) return {"holds a certificate that cannot be read", ""};
  return {refuse_use(chain.front()), validity(*chain.front())};
}

PemVerdict check_key(const std::string& pem, const std::string& certificate_pem) {
  bool asked = false;
  BioOwner bio = open(pem);
  ERR_clear_error();
  KeyOwner key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
  ERR_clear_error();
  if (asked) return {"has a passphrase, which nobody is there to type; store it without", ""};
  if (!key) return {"holds no private key in PEM form", ""};
  bool broken = false;
  std::vector<CertificateOwner> chain = read_certificates(certificate_pem, broken);
  if (chain.empty()) return {};  // told at the certificate
  bool fits = X509_check_private_key(chain.front().get(), key.get()) == 1;
  ERR_clear_error();
  return {fits ? "" : "does not belong to the certificate", ""};
}

PemVerdict check_ca(const std::string& pem) {
  bool broken = false;
  std::vector<CertificateOwner> all = read_certificates(pem, broken);
  if (all.empty()) return {"holds no certificate in PEM form", ""};
  if (broken) return {"holds a certificate that cannot be read", ""};
  for (size_t i = 0; i < all.size(); ++i) {
    std::string why = validity(*all[i]);
    if (!why.empty()) return {"", "certificate " + std::to_string(i + 1) + " of the file " + why};
  }
  return {};
}

PemVerdict check_crl(const std::string& pem) {
  BioOwner bio = open(pem);
  CrlOwner crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!crl) return {"holds no list of revoked certificates in PEM form", ""};
  const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
  if (next != nullptr && X509_cmp_current_time(next) < 0)
    return {"", "is out of date: a new list was due on " + date_text(next)};
  return {};
}

}  // namespace redactd
