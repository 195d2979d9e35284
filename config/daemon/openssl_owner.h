#pragma once

// Owners of OpenSSL's objects.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace redactd {

template <auto free>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T, auto free>
using OpenSslOwner = std::unique_ptr<T, OpenSslFree<free>>;

using BioOwner = OpenSslOwner<BIO, BIO_free_all>;
using CertificateOwner = OpenSslOwner<X509, X509_free>;
using CrlOwner = OpenSslOwner<X509_CRL, X509_CRL_free>;
using KeyOwner = OpenSslOwner<EVP_PKEY, EVP_PKEY_free>;

}  // namespace redactd
