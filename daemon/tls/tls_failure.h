#pragma once

// Why a TLS handshake failed, in words for the log and as one of a few labels for the metrics.

#include <openssl/types.h>

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace redactd {

enum class TlsFailure : uint8_t {
  timeout,          // the peer did not go on
  closed,           // by the peer, in the middle
  refused_by_peer,  // it sent an alert: it does not like our certificate, say
  no_tls,           // what came is no TLS
  version,          // none that both speak
  no_certificate,   // one is required
  expired,
  not_yet_valid,
  unknown_ca,
  wrong_purpose,  // not for clients
  revoked,
  bad_certificate,  // otherwise
  wrong_name,       // none of peer_names
  other,
};
inline constexpr size_t kTlsFailures = 14;
/// `timeout` …, a metric's label.
std::string_view to_string(TlsFailure failure);

/// What a handshake's `error` comes from.
TlsFailure tls_failure(SSL* tls, const boost::system::error_code& error);
/// In words: for a certificate that was refused what is wrong with it.
std::string tls_failure_text(SSL* tls, const boost::system::error_code& error);

/// The subject alternative names of the peer's certificate, as `DNS:a.example.org, IP:192.0.2.1`.
/// The peer has chosen them: no more than a few hundred printable ASCII bytes.
std::string peer_names_text(SSL* tls);

}  // namespace redactd
