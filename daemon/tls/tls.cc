#include "daemon/tls/tls.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

namespace redactd {
namespace {

namespace ssl = boost::asio::ssl;

void refuse_old_protocols(ssl::context& context, TlsConfig::Version least) {
  SSL_CTX* handle = context.native_handle();
  SSL_CTX_set_min_proto_version(
      handle, least == TlsConfig::Version::tls1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
  SSL_CTX_set_max_early_data(handle, 0);
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  // A client that only writes would close with the tickets unread, which resets the connection and
  // destroys what it wrote last.
  SSL_CTX_set_num_tickets(handle, 0);
  // Idle connections give their buffers back.
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
}

void look_up_revoked(ssl::context& context, const std::string& file) {
  context.load_verify_file(file);
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context.native_handle()),
                       X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

}  // namespace

std::shared_ptr<ssl::context> make_server_tls(const TlsConfig& config) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  refuse_old_protocols(*context, config.min_version);
  context->use_certificate_chain_file(config.certificate);
  context->use_private_key_file(config.key, ssl::context::pem);
  using Client = TlsConfig::ClientCertificate;
  if (config.client_certificate == Client::none) return context;
  context->load_verify_file(config.ca);
  if (!config.crl.empty()) look_up_revoked(*context, config.crl);
  context->set_verify_mode(config.client_certificate == Client::required
                               ? ssl::verify_peer | ssl::verify_fail_if_no_peer_cert
                               : ssl::verify_peer);
  return context;
}

std::string without_root(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return name;
}

bool certificate_has_name(X509* certificate, std::string name) {
  constexpr unsigned kFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                              X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
                              X509_CHECK_FLAG_SINGLE_LABEL_SUBDOMAINS;
  int by_address = X509_check_ip_asc(certificate, name.c_str(), 0);
  if (by_address != -2) return by_address == 1;  // -2: it is no address
  name = without_root(std::move(name));
  if (name.starts_with("*.")) name.erase(0, 1);  // OpenSSL writes "any host of" so
  return X509_check_host(certificate, name.c_str(), name.size(), kFlags, nullptr) == 1;
}

bool peer_has_name(SSL* tls, const std::vector<std::string>& names) {
  X509* certificate = SSL_get1_peer_certificate(tls);
  if (certificate == nullptr) return false;
  bool found = std::any_of(names.begin(), names.end(), [certificate](const std::string& name) {
    return certificate_has_name(certificate, name);
  });
  X509_free(certificate);
  return found;
}

}  // namespace redactd
