#include "config/daemon/tls_config.h"

#include <algorithm>

#include "config/daemon/tls_check.h"
#include "config/exposure.h"
#include "filters/byte_class.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

/// The contents of the file that `key` names.
std::optional<std::string> contents(const YamlReader& reader, const std::string& path) {
  if (path.empty()) return std::nullopt;
  std::string why;
  std::optional<std::string> text = reader.surroundings().read_file(path, why);
  if (!text) reader.fail("cannot be read: " + why);
  return text;
}

void tell(const YamlReader& reader, const PemVerdict& verdict) {
  if (!verdict.error.empty()) {
    reader.fail(verdict.error);
  } else if (!verdict.warning.empty()) {
    reader.warn(verdict.warning);
  }
}

void check_files(const YamlReader& tls, const TlsConfig& config) {
  std::optional<std::string> certificate = contents(tls["certificate"], config.certificate);
  if (certificate) tell(tls["certificate"], check_certificate(*certificate));
  if (std::optional<std::string> key = contents(tls["key"], config.key)) {
    tell(tls["key"], check_key(*key, certificate.value_or("")));
    if (std::string why = exposure_of_key(config.key); !why.empty()) tls["key"].warn(why);
    wipe(*key);
  }
  if (std::optional<std::string> ca = contents(tls["ca"], config.ca))
    tell(tls["ca"], check_ca(*ca));
  if (std::optional<std::string> crl = contents(tls["crl"], config.crl))
    tell(tls["crl"], check_crl(*crl));
}

/// A DNS name or an IP address, or `*.` before a name of two labels or more.
bool is_peer_name(const std::string& name) {
  std::string_view rest = name;
  bool wildcard = rest.starts_with("*.");
  if (wildcard) rest.remove_prefix(2);
  return !rest.empty() && rest.size() <= 253 && rest.front() != '.' && rest.front() != '-' &&
         (!wildcard || rest.find('.') != std::string_view::npos) &&
         std::all_of(rest.begin(), rest.end(), [](char c) {
           return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == ':';
         });
}

void read_common(const YamlReader& tls, TlsConfig& config) {
  take(tls["certificate"].file_path(), config.certificate);
  take(tls["key"].file_path(), config.key);
  take(tls["ca"].file_path(), config.ca);
  take(tls["crl"].file_path(), config.crl);
  take(tls["min_version"].one_of(kTlsVersions), config.min_version);
  const std::vector<YamlReader> names = tls["peer_names"].items();
  if (names.empty() && tls.names("peer_names"))
    tls["peer_names"].fail("names nobody; leave it out where every name will do");
  for (const YamlReader& item : names) {
    std::optional<std::string> name = item.text();
    if (!name) continue;
    if (!is_peer_name(*name)) item.fail("must be a host name, *.example.org or an IP address");
    config.peer_names.push_back(*name);
  }
}

void check_server(const YamlReader& tls, const TlsConfig& config) {
  using ClientCertificate = TlsConfig::ClientCertificate;
  if (!tls.has("certificate"))
    tls.fail_missing("certificate", "a PEM file with the server's chain");
  if (!tls.has("key")) tls.fail_missing("key", "a PEM file with the certificate's private key");
  bool asks = config.client_certificate != ClientCertificate::none;
  if (asks && !tls.has("ca"))
    tls.fail_missing("ca", "a PEM file with the authority of the clients' certificates");
  if (asks) return;
  for (std::string_view key : {"ca", "crl", "peer_names"}) {
    if (tls.has(key))
      tls[key].fail(
          "is about clients' certificates; set client_certificate to optional or required");
  }
}

void check_client(const YamlReader& tls, const TlsConfig& config) {
  if (tls.has("certificate") && !tls.has("key"))
    tls.fail_missing("key", "a PEM file with the certificate's private key");
  if (tls.has("key") && !tls.has("certificate"))
    tls.fail_missing("certificate", "a PEM file with the key's certificate");
  if (config.verify) return;
  tls["verify"].warn("whoever answers is believed, so anyone on the way can read the log");
  for (std::string_view key : {"ca", "crl", "peer_names"}) {
    if (tls.has(key)) tls[key].fail("has no effect with verify: false");
  }
}

}  // namespace

const Words kServerTlsKeys = {"certificate",        "key",        "ca",         "crl",
                              "client_certificate", "peer_names", "min_version"};
const Words kClientTlsKeys = {"certificate", "key",         "ca",    "crl",
                              "peer_names",  "min_version", "verify"};
const Words kClientCertificates = {"none", "optional", "required"};
const Words kTlsVersions = {"1.2", "1.3"};

TlsConfig read_server_tls(const YamlReader& owner) {
  TlsConfig config;
  YamlReader tls = owner["tls"];
  if (!tls.present()) {
    owner.fail_missing("tls", "a map with certificate and key, for a tls:// address");
    return config;
  }
  if (!tls.expect_map(kServerTlsKeys)) return config;
  read_common(tls, config);
  take(tls["client_certificate"].one_of(kClientCertificates), config.client_certificate);
  check_server(tls, config);
  check_files(tls, config);
  return config;
}

TlsConfig read_client_tls(const YamlReader& owner) {
  TlsConfig config;
  YamlReader tls = owner["tls"];
  if (!tls.present() || !tls.expect_map(kClientTlsKeys)) return config;
  read_common(tls, config);
  take(tls["verify"].boolean(), config.verify);
  check_client(tls, config);
  check_files(tls, config);
  return config;
}

}  // namespace redactd
