#include "daemon/admin/admin_response.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <nlohmann/json.hpp>

#include "filters/matcher/matcher.h"

namespace redactd {
namespace {

namespace http = boost::beast::http;
using http::field;
using http::status;
using http::verb;

constexpr char kPlain[] = "text/plain; charset=utf-8";
constexpr char kPrometheus[] = "text/plain; version=0.0.4; charset=utf-8";

struct Page {
  const char* path;
  const char* what;
};
constexpr Page kPages[] = {
    {"/metrics", "metrics for Prometheus"},
    {"/healthz", "200 while redactd is alive"},
    {"/readyz", "200 while redactd takes and delivers records, else 503 with the reasons"},
    {"/version", "version, matcher and instruction set"},
    {"/-/reload", "POST: reads the configuration again"},
};

AdminResponse make(const AdminRequest& request, status result, const char* type, std::string body) {
  AdminResponse response(result, request.version());
  response.set(field::server, "redactd");
  response.set(field::content_type, type);
  response.set(field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  response.keep_alive(request.keep_alive());
  response.content_length(body.size());
  if (request.method() != verb::head) response.body() = std::move(body);
  return response;
}

AdminResponse plain(const AdminRequest& request, status result, std::string body) {
  return make(request, result, kPlain, std::move(body));
}

AdminResponse index(const AdminRequest& request) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
      "charset=\"utf-8\"><title>redactd</title></head>\n"
      "<body><h1>redactd " REDACTD_VERSION "</h1>\n<ul>\n";
  for (const Page& page : kPages) {
    html += "<li>";
    bool link = std::string_view(page.what).substr(0, 4) != "POST";
    if (link) html.append("<a href=\"").append(page.path).append("\">");
    html += page.path;
    if (link) html += "</a>";
    html.append(": ").append(page.what).append("</li>\n");
  }
  html += "</ul></body></html>\n";
  AdminResponse response = make(request, status::ok, "text/html; charset=utf-8", html);
  response.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  return response;
}

AdminResponse not_found(const AdminRequest& request) {
  std::string body = "There is no such page. There is:\n";
  for (const Page& page : kPages) body.append(page.path).append(": ").append(page.what) += '\n';
  return plain(request, status::not_found, body);
}

AdminResponse version(const AdminRequest& request) {
  MatcherInfo matcher = matcher_info();
  nlohmann::ordered_json json = {
      {"version", REDACTD_VERSION}, {"matcher", matcher.version}, {"cpu", matcher.cpu}};
  return make(request, status::ok, "application/json", json.dump() + "\n");
}

/// 200, or 503 with the reasons, one a line.
AdminResponse probe(const AdminRequest& request, const std::vector<std::string>& reasons,
                    bool with_reasons, const char* good, const char* bad) {
  if (reasons.empty()) return plain(request, status::ok, std::string(good) + "\n");
  std::string body;
  for (const std::string& reason : reasons) body.append(reason) += '\n';
  if (!with_reasons) body = std::string(bad) + "\n";
  return plain(request, status::service_unavailable, body);
}

std::array<unsigned char, SHA256_DIGEST_LENGTH> digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> result = {};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

/// In the same time wherever they differ: digests are compared, so not even the length shows.
bool same_secret(std::string_view a, std::string_view b) {
  auto digest_a = digest(a);
  auto digest_b = digest(b);
  return CRYPTO_memcmp(digest_a.data(), digest_b.data(), digest_a.size()) == 0;
}

bool shows_token(const AdminRequest& request, std::string_view token) {
  if (token.empty()) return true;
  constexpr std::string_view kScheme = "Bearer ";
  auto given = request[field::authorization];
  std::string_view value(given.data(), given.size());
  if (value.size() < kScheme.size() ||
      !boost::beast::iequals(value.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  return same_secret(value.substr(kScheme.size()), token);
}

AdminResponse unauthorized(const AdminRequest& request) {
  AdminResponse response =
      plain(request, status::unauthorized, "Send the token: Authorization: Bearer …\n");
  response.set(field::www_authenticate, "Bearer realm=\"redactd\"");
  return response;
}

AdminResponse wrong_method(const AdminRequest& request, const char* allowed) {
  AdminResponse response = plain(request, status::method_not_allowed,
                                 std::string("Only ") + allowed + " can be done here.\n");
  response.set(field::allow, allowed);
  return response;
}

/// Without scheme, host (RFC 9112 §3.2.2) and query.
std::string_view path_of(const AdminRequest& request) {
  std::string_view path(request.target().data(), request.target().size());
  if (size_t scheme = path.find("://"); scheme != std::string_view::npos && path[0] != '/') {
    path.remove_prefix(std::min(path.find('/', scheme + 3), path.size()));
  }
  return path.substr(0, path.find('?'));
}

}  // namespace

void limit(AdminParser& parser) {
  parser.header_limit(kAdminMaxHeader);
  parser.body_limit(kAdminMaxBody);
}

bool names_one_host(const AdminRequest& request) {
  size_t hosts = request.count(field::host);
  return hosts == 1 || (hosts == 0 && request.version() < 11);
}

std::optional<AdminResponse> respond(const AdminRequest& request, std::string_view token,
                                     const AdminHooks& hooks) {
  std::string_view path = path_of(request);
  bool trusted = shows_token(request, token);
  if (!trusted && path != "/healthz" && path != "/readyz") return unauthorized(request);

  if (path == "/-/reload") {
    if (request.method() != verb::post) return wrong_method(request, "POST");
    // Browsers tell where a POST comes from: some web page wants to use its reader's browser.
    if (request.find(field::origin) != request.end()) {
      return plain(request, status::forbidden, "Web pages cannot ask for a reload.\n");
    }
    return std::nullopt;
  }
  bool known = path == "/" || std::any_of(std::begin(kPages), std::end(kPages),
                                          [&](const Page& page) { return path == page.path; });
  if (!known) return not_found(request);
  if (request.method() != verb::get && request.method() != verb::head) {
    return wrong_method(request, "GET, HEAD");
  }
  if (path == "/metrics") return make(request, status::ok, kPrometheus, hooks.metrics());
  if (path == "/healthz") return probe(request, hooks.unhealthy(), trusted, "ok", "not healthy");
  if (path == "/readyz") return probe(request, hooks.not_ready(), trusted, "ready", "not ready");
  if (path == "/version") return version(request);
  return index(request);
}

AdminResponse reload_response(const AdminRequest& request, const ReloadResult& result) {
  if (result.errors.empty()) {
    return plain(request, status::ok,
                 "The new configuration is in force.\n" + result.until_restart);
  }
  std::string body = "The old configuration stays in force:\n" + result.errors;
  if (body.back() != '\n') body += '\n';
  return plain(request, status::internal_server_error, body);
}

AdminResponse refuse(boost::beast::error_code error) {
  AdminRequest unread;
  unread.keep_alive(false);
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return plain(unread, status::request_header_fields_too_large, "The header is too large.\n");
  }
  if (error == http::error::body_limit) {
    return plain(unread, status::payload_too_large, "The body is too large.\n");
  }
  return plain(unread, status::bad_request, "This is no HTTP request.\n");
}

}  // namespace redactd
