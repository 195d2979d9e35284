#pragma once

// Certificates made for a test, gone with its folder.

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

#include "tests/testing/temp_dir.h"

namespace redactd::test {

/// What a certificate says and how good it is.
struct Subject {
  std::string common_name = "somebody";
  std::string alternative_names = {};  // as OpenSSL writes them: DNS:one,IP:127.0.0.1; empty: none
  bool expired = false;
  bool self_signed = false;
};

/// An authority that signs certificates for hosts.
class CertificateAuthority {
 public:
  struct Files {
    std::string certificate;
    std::string key;
  };

  explicit CertificateAuthority(const TempDir& folder) : folder_(folder) {
    certificate_ = make(Subject{"test CA"}, nullptr);
    write(folder.path("ca.pem"), certificate_.get(), PEM_write_X509);
  }

  std::string path() const { return folder_.path("ca.pem"); }

  /// `host`: a name or an address; `file`: the files' name without ending.
  Files issue(const std::string& host, const std::string& file) const {
    bool address = host.find_first_not_of("0123456789.") == std::string::npos ||
                   host.find(':') != std::string::npos;
    return issue(Subject{host, (address ? "IP:" : "DNS:") + host}, file);
  }

  Files issue(const Subject& subject, const std::string& file) const {
    Key key = make_key();
    Certificate certificate = make(subject, key.get());
    Files files{folder_.path(file + ".pem"), folder_.path(file + ".key")};
    write(files.certificate, certificate.get(), PEM_write_X509);
    write(files.key, key.get(), [](std::FILE* to, const EVP_PKEY* from) {
      return PEM_write_PrivateKey(to, from, nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
  }

  /// Writes a list with this certificate in it, and returns its path.
  std::string revoke(const Files& files) const {
    std::FILE* file = std::fopen(files.certificate.c_str(), "r");
    if (file == nullptr) throw std::runtime_error("cannot read " + files.certificate);
    Certificate certificate(PEM_read_X509(file, nullptr, nullptr, nullptr), X509_free);
    std::fclose(file);
    std::shared_ptr<X509_CRL> list(X509_CRL_new(), X509_CRL_free);
    std::shared_ptr<ASN1_TIME> now(X509_gmtime_adj(nullptr, -60), ASN1_TIME_free);
    std::shared_ptr<ASN1_TIME> later(X509_gmtime_adj(nullptr, 3600), ASN1_TIME_free);
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get()));
    X509_CRL_set1_lastUpdate(list.get(), now.get());
    X509_CRL_set1_nextUpdate(list.get(), later.get());
    X509_REVOKED* revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(revoked, now.get());
    X509_CRL_add0_revoked(list.get(), revoked);
    if (X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) == 0)
      throw std::runtime_error("cannot sign");
    write(folder_.path("crl.pem"), list.get(), PEM_write_X509_CRL);
    return folder_.path("crl.pem");
  }

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;

  static Key make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

  static void extend(X509* certificate, int what, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
    if (extension == nullptr) throw std::runtime_error("no certificate extension: " + value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  /// Without a key: the authority's own, signed by itself.
  Certificate make(const Subject& subject, EVP_PKEY* key) const {
    Certificate made(X509_new(), X509_free);
    X509* x509 = made.get();
    static long serial = 1;
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x509), -7200);
    X509_gmtime_adj(X509_getm_notAfter(x509), subject.expired ? -3600 : 3600);
    X509_set_pubkey(x509, key != nullptr ? key : key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.common_name.c_str()),
                               -1, -1, 0);
    if (key == nullptr) {
      extend(x509, NID_basic_constraints, "critical,CA:TRUE");
    } else if (!subject.alternative_names.empty()) {
      extend(x509, NID_subject_alt_name, subject.alternative_names);
    }
    bool by_authority = key != nullptr && !subject.self_signed;
    X509_set_issuer_name(x509, X509_get_subject_name(by_authority ? certificate_.get() : x509));
    EVP_PKEY* signer = subject.self_signed ? key : key_.get();
    if (X509_sign(x509, signer, EVP_sha256()) == 0) throw std::runtime_error("cannot sign");
    return made;
  }

  template <typename Object, typename Write>
  static void write(const std::string& path, Object* object, Write write_pem) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr || write_pem(file, object) != 1)
      throw std::runtime_error("cannot write " + path);
    std::fclose(file);
  }

  const TempDir& folder_;
  Key key_ = make_key();
  Certificate certificate_;
};

}  // namespace redactd::test
