#include "daemon/tls/tls_failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cstring>

namespace redactd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int kMostNames = 8;
constexpr size_t kLongestName = 64;

/// OpenSSL's reason; 0: it was not OpenSSL that failed.
int reason_of(const error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return 0;
  return ERR_GET_REASON(static_cast<unsigned long>(error.value()));
}

/// What is wrong with the peer's certificate; X509_V_OK: nothing. OpenSSL's reason may be another,
/// of the signature that did not fit.
long verdict_on_peer(const SSL* tls) {
  return SSL_get_verify_mode(tls) == SSL_VERIFY_NONE ? X509_V_OK : SSL_get_verify_result(tls);
}

TlsFailure by_verdict(long result) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TlsFailure::expired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return TlsFailure::not_yet_valid;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return TlsFailure::unknown_ca;
    case X509_V_ERR_INVALID_PURPOSE:
      return TlsFailure::wrong_purpose;
    case X509_V_ERR_CERT_REVOKED:
      return TlsFailure::revoked;
    case X509_V_ERR_HOSTNAME_MISMATCH:
      return TlsFailure::wrong_name;
    default:
      return TlsFailure::bad_certificate;
  }
}

std::string printable(std::string_view name) {
  std::string text;
  for (char c : name.substr(0, kLongestName)) text += c > ' ' && c <= '~' && c != ',' ? c : '?';
  if (name.size() > kLongestName) text += "...";
  return text;
}

std::string_view view_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::string address_text(std::string_view bytes) {
  asio::ip::address_v4::bytes_type v4;
  asio::ip::address_v6::bytes_type v6;
  if (bytes.size() == v4.size()) {
    std::memcpy(v4.data(), bytes.data(), v4.size());
    return asio::ip::address_v4(v4).to_string();
  }
  if (bytes.size() != v6.size()) return "?";
  std::memcpy(v6.data(), bytes.data(), v6.size());
  return asio::ip::address_v6(v6).to_string();
}

std::string name_text(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return "DNS:" + printable(view_of(name.d.dNSName));
    case GEN_IPADD:
      return "IP:" + address_text(view_of(name.d.iPAddress));
    case GEN_EMAIL:
      return "email:" + printable(view_of(name.d.rfc822Name));
    case GEN_URI:
      return "URI:" + printable(view_of(name.d.uniformResourceIdentifier));
    default:
      return "another kind";
  }
}

}  // namespace

std::string_view to_string(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::timeout:
      return "timeout";
    case TlsFailure::closed:
      return "closed";
    case TlsFailure::refused_by_peer:
      return "refused_by_peer";
    case TlsFailure::no_tls:
      return "no_tls";
    case TlsFailure::version:
      return "version";
    case TlsFailure::no_certificate:
      return "no_certificate";
    case TlsFailure::expired:
      return "expired";
    case TlsFailure::not_yet_valid:
      return "not_yet_valid";
    case TlsFailure::unknown_ca:
      return "unknown_ca";
    case TlsFailure::wrong_purpose:
      return "wrong_purpose";
    case TlsFailure::revoked:
      return "revoked";
    case TlsFailure::bad_certificate:
      return "bad_certificate";
    case TlsFailure::wrong_name:
      return "wrong_name";
    case TlsFailure::other:
      return "other";
  }
  return "other";
}

TlsFailure tls_failure(SSL* tls, const error_code& error) {
  if (error == asio::error::operation_aborted) return TlsFailure::timeout;
  if (long verdict = verdict_on_peer(tls); verdict != X509_V_OK) return by_verdict(verdict);
  const int reason = reason_of(error);
  if (reason == 0) return TlsFailure::closed;
  if (reason > SSL_AD_REASON_OFFSET) return TlsFailure::refused_by_peer;
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return TlsFailure::no_certificate;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return TlsFailure::no_tls;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
      return TlsFailure::version;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return TlsFailure::closed;
    default:
      return TlsFailure::other;
  }
}

std::string tls_failure_text(SSL* tls, const error_code& error) {
  if (error == asio::error::operation_aborted) return "handshake timed out";
  const long verdict = verdict_on_peer(tls);
  return verdict == X509_V_OK ? error.message() : X509_verify_cert_error_string(verdict);
}

std::string peer_names_text(SSL* tls) {
  const X509* certificate = SSL_get0_peer_certificate(tls);
  if (certificate == nullptr) return "none";
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  std::string text;
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names);
  for (int i = 0; i < count && i < kMostNames; ++i)
    text += (i > 0 ? ", " : "") + name_text(*sk_GENERAL_NAME_value(names, i));
  if (count > kMostNames) text += ", ...";
  GENERAL_NAMES_free(names);
  return text.empty() ? "none" : text;
}

}  // namespace redactd
