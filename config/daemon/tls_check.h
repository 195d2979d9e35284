#pragma once

// Whether certificates, keys and lists of revoked certificates can be used, found out before
// anything starts. Messages name no file and show nothing of a key.

#include <string>

namespace redactd {

/// What is wrong with a PEM text, and what will soon be; both empty: nothing.
struct PemVerdict {
  std::string error;
  std::string warning;
};

/// A chain, the certificate of this end first.
PemVerdict check_certificate(const std::string& pem);
/// A private key without a passphrase that fits the certificate.
PemVerdict check_key(const std::string& pem, const std::string& certificate_pem);
/// One or more certificates to believe.
PemVerdict check_ca(const std::string& pem);
PemVerdict check_crl(const std::string& pem);

}  // namespace redactd
