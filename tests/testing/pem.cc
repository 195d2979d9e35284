#include "tests/testing/pem.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "config/daemon/openssl_owner.h"

namespace redactd::test {
namespace {

void require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL failed");
}

template <class Write>
std::string pem(Write write) {
  BioOwner bio(BIO_new(BIO_s_mem()));
  require(bio && write(bio.get()) == 1);
  char* data = nullptr;
  long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

void set_days(ASN1_TIME* time, int days) {
  require(X509_time_adj_ex(time, days, 0, nullptr) != nullptr);
}

}  // namespace

Certificate make_certificate(int from_days, int to_days) {
  KeyOwner key(EVP_EC_gen("P-256"));
  CertificateOwner certificate(X509_new());
  require(key && certificate);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  set_days(X509_getm_notBefore(certificate.get()), from_days);
  set_days(X509_getm_notAfter(certificate.get()), to_days);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const unsigned char text[] = "redactd test";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return {pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }),
          pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

std::string make_crl(const Certificate& authority, int next_days) {
  BioOwner key_text(BIO_new_mem_buf(authority.key.data(), static_cast<int>(authority.key.size())));
  KeyOwner key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
  BioOwner text(BIO_new_mem_buf(authority.certificate.data(),
                                static_cast<int>(authority.certificate.size())));
  CertificateOwner certificate(PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr));
  CrlOwner crl(X509_CRL_new());
  require(key && certificate && crl);
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate.get()));
  OpenSslOwner<ASN1_TIME, ASN1_TIME_free> time(ASN1_TIME_new());
  set_days(time.get(), -2);
  X509_CRL_set1_lastUpdate(crl.get(), time.get());
  set_days(time.get(), next_days);
  X509_CRL_set1_nextUpdate(crl.get(), time.get());
  require(X509_CRL_sign(crl.get(), key.get(), EVP_sha256()) > 0);
  return pem([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

}  // namespace redactd::test
