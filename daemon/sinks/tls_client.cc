#include "daemon/sinks/tls_client.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <stdexcept>
#include <utility>
#include <vector>

#include "daemon/tls/tls.h"
#include "daemon/tls/tls_failure.h"

namespace redactd {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

void require(const error_code& error, const std::string& what) {
  if (error) throw std::runtime_error(what + ": " + error.message());
}

bool is_address(const std::string& host) {
  error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

/// SNI (RFC 6066 §3); OpenSSL's macro for it is an old-style cast.
void name_server(SSL* ssl, const std::string& host) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
}

/// Where a connection notes that the server wants a certificate.
int asked_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int note_asked(SSL* ssl, void* asked) {
  SSL_set_ex_data(ssl, asked_index(), asked);
  return 1;
}

/// Where a connection has the names of which its peer has to bear one.
int names_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int verify(int trusted, X509_STORE_CTX* chain) {
  if (trusted != 1 || X509_STORE_CTX_get_error_depth(chain) != 0) return trusted;
  const auto* ssl = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto& names =
      *static_cast<const std::vector<std::string>*>(SSL_get_ex_data(ssl, names_index()));
  X509* certificate = X509_STORE_CTX_get_current_cert(chain);
  auto matches = [certificate](const std::string& name) {
    return certificate_has_name(certificate, name);
  };
  if (std::any_of(names.begin(), names.end(), matches)) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

}  // namespace

TlsClient::TlsClient(const TlsConfig& config)
    : config_(config), context_(ssl::context::tls_client) {
  bool only_1_3 = config_.min_version == TlsConfig::Version::tls1_3;
  SSL_CTX_set_min_proto_version(context_.native_handle(),
                                only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context_.native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cert_cb(context_.native_handle(), note_asked, this);
  load_own_certificate();
  if (!config_.verify) return;
  load_authorities();
  load_revocations();
}

void TlsClient::load_own_certificate() {
  if (config_.certificate.empty()) return;
  error_code error;
  context_.use_certificate_chain_file(config_.certificate, error);
  require(error, config_.certificate);
  const std::string& key = config_.key.empty() ? config_.certificate : config_.key;
  context_.use_private_key_file(key, ssl::context::pem, error);
  require(error, key);
}

void TlsClient::load_authorities() {
  error_code error;
  if (config_.ca.empty()) {
    context_.set_default_verify_paths(error);
    require(error, "the system's certificate authorities");
  } else {
    context_.load_verify_file(config_.ca, error);
    require(error, config_.ca);
  }
}

void TlsClient::load_revocations() {
  if (config_.crl.empty()) return;
  X509_STORE* store = SSL_CTX_get_cert_store(context_.native_handle());
  X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
  if (lookup == nullptr ||
      X509_load_crl_file(lookup, config_.crl.c_str(), X509_FILETYPE_PEM) <= 0) {
    throw std::runtime_error(config_.crl + ": no certificate revocation list in PEM form");
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

std::unique_ptr<TlsStream> TlsClient::stream(StreamSocket socket, const std::string& host) {
  auto stream = std::make_unique<TlsStream>(std::move(socket), context_);
  SSL* ssl = stream->session.native_handle();
  if (!is_address(host)) name_server(ssl, without_root(host));
  if (!config_.verify) {
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
    return stream;
  }
  stream->names = config_.peer_names;
  if (stream->names.empty()) stream->names.push_back(host);
  SSL_set_ex_data(ssl, names_index(), &stream->names);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, verify);
  return stream;
}

bool TlsClient::awaits_verdict(TlsStream& stream) {
  SSL* ssl = stream.session.native_handle();
  return SSL_version(ssl) == TLS1_3_VERSION && SSL_get_ex_data(ssl, asked_index()) != nullptr;
}

std::string TlsClient::failure(TlsStream& stream, const error_code& error) {
  return "TLS handshake: " + tls_failure_text(stream.session.native_handle(), error);
}

}  // namespace redactd
