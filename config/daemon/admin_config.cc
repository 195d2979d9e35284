#include "config/daemon/admin_config.h"

#include <algorithm>

#include "config/daemon/tls_config.h"
#include "config/exposure.h"

namespace redactd {
namespace {

constexpr size_t kShortestToken = 16;

const Words kKeys = {"enabled", "listen", "token", "tls", "allow_remote"};

void read_listen(const YamlReader& listen, AdminConfig& admin) {
  std::optional<std::string> url = listen.text();
  if (!url) return;
  std::string why;
  std::optional<Address> address = parse_address(*url, why, {"tcp", "tls"});
  bool fit = address && (address->transport == Address::Transport::tcp ||
                         address->transport == Address::Transport::tls);
  if (fit) {
    admin.listen = *address;
  } else {
    listen.fail(address ? "must be tcp:// or tls://" : why);
  }
}

void read_token(const YamlReader& token, AdminConfig& admin) {
  std::optional<std::string> text = token.text();
  if (!text) return;
  admin.token = *text;
  for (const std::string& file : token.files_in_text()) {
    std::string why = exposure_of_key(file);
    if (!why.empty()) token.warn(std::string("the file ").append(file).append(" ").append(why));
  }
  bool visible =
      std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (text->size() < kShortestToken || !visible)
    token.fail("must be at least 16 visible ASCII characters (try: openssl rand -hex 32)");
}

/// Metrics and reload are for those who are meant to have them.
void check_reach(const YamlReader& reader, const AdminConfig& admin) {
  if (!admin.on || is_loopback(admin.listen)) return;
  bool secret = admin.listen.transport == Address::Transport::tls;
  bool asks = !admin.token.empty() ||
              admin.tls.client_certificate == TlsConfig::ClientCertificate::required;
  if (secret && asks) return;
  YamlReader place = reader.has("listen") ? reader["listen"] : reader;
  if (admin.allow_remote) {
    place.warn("others than this machine can reach it without TLS and token");
  } else {
    place.fail(
        "can be reached from other machines, which needs tls:// and a token (or required "
        "client certificates); allow_remote: true does without");
  }
}

}  // namespace

AdminConfig read_admin(const YamlReader& reader) {
  AdminConfig admin;
  if (!reader.present() || !reader.expect_map(kKeys)) return admin;
  take(reader["enabled"].boolean(), admin.on);
  read_listen(reader["listen"], admin);
  read_token(reader["token"], admin);
  take(reader["allow_remote"].boolean(), admin.allow_remote);
  if (admin.listen.transport == Address::Transport::tls) {
    admin.tls = read_server_tls(reader);
  } else if (reader.names("tls")) {
    reader["tls"].fail("belongs to listen: tls://");
  }
  check_reach(reader, admin);
  return admin;
}

void add_admin_options(OptionTable& table) {
  table.keys["admin"] = kKeys;
  table.keys["admin.tls"] = kServerTlsKeys;
  table.words["admin.tls.client_certificate"] = kClientCertificates;
  table.words["admin.tls.min_version"] = kTlsVersions;
}

}  // namespace redactd
