// What the admin endpoint answers, without sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/beast/http/error.hpp>
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_response.h"

namespace redactd::test {
namespace {

namespace http = boost::beast::http;
using http::field;
using http::status;
using http::verb;
using testing::HasSubstr;
using testing::Not;

struct Endpoint {
  AdminHooks hooks() const {
    return {[] { return "redactd_x_total 1\n"; }, [this] { return unhealthy; },
            [this] { return not_ready; }, [](const AdminHooks::Reloaded&) {}};
  }
  AdminResponse answer(AdminRequest request) const {
    std::optional<AdminResponse> response = respond(request, token, hooks());
    return response ? *response : reload_response(request, {});
  }
  AdminResponse get(const std::string& target, const std::string& authorization = "") const {
    AdminRequest request(verb::get, target, 11);
    if (!authorization.empty()) request.set(field::authorization, authorization);
    return answer(request);
  }

  std::string token;
  std::vector<std::string> unhealthy;
  std::vector<std::string> not_ready;
};

TEST(Admin, ShowsMetricsInThePrometheusTextFormat) {
  AdminResponse response = Endpoint().get("/metrics");
  EXPECT_EQ(response.result(), status::ok);
  EXPECT_EQ(response[field::content_type], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(response.body(), "redactd_x_total 1\n");
  EXPECT_TRUE(response.keep_alive());
}

TEST(Admin, AHeadHasTheHeaderOfAGetAndNoBody) {
  for (const char* target : {"/", "/metrics", "/healthz", "/readyz", "/version"}) {
    AdminResponse get = Endpoint().get(target);
    AdminResponse head = Endpoint().answer(AdminRequest(verb::head, target, 11));
    EXPECT_EQ(head.result(), get.result());
    EXPECT_EQ(head[field::content_length], get[field::content_length]) << target;
    EXPECT_EQ(head.body(), "");
  }
}

TEST(Admin, ReadinessGivesTheReasonsOneALine) {
  Endpoint endpoint;
  EXPECT_EQ(endpoint.get("/readyz").body(), "ready\n");
  endpoint.not_ready = {"sink central is down for 42 s", "a canary escaped"};
  AdminResponse response = endpoint.get("/readyz");
  EXPECT_EQ(response.result(), status::service_unavailable);
  EXPECT_EQ(response.body(), "sink central is down for 42 s\na canary escaped\n");
}

TEST(Admin, HealthIsApartFromReadiness) {
  Endpoint endpoint;
  endpoint.not_ready = {"sink central is down"};
  EXPECT_EQ(endpoint.get("/healthz").result(), status::ok);
  endpoint.unhealthy = {"worker 1 is stuck"};
  EXPECT_EQ(endpoint.get("/healthz").result(), status::service_unavailable);
  EXPECT_EQ(endpoint.get("/healthz").body(), "worker 1 is stuck\n");
}

TEST(Admin, TheVersionIsJson) {
  AdminResponse response = Endpoint().get("/version");
  EXPECT_EQ(response[field::content_type], "application/json");
  auto json = nlohmann::json::parse(response.body());
  EXPECT_TRUE(json.contains("version") && json.contains("matcher") && json.contains("cpu"));
}

TEST(Admin, ThePageForBrowsersLinksToTheOthersAndLoadsNothing) {
  AdminResponse response = Endpoint().get("/");
  EXPECT_THAT(response.body(), HasSubstr("<a href=\"/metrics\">"));
  EXPECT_THAT(response.body(), Not(HasSubstr("href=\"/-/reload\"")));
  EXPECT_THAT(std::string(response["Content-Security-Policy"]), HasSubstr("default-src 'none'"));
}

TEST(Admin, APageThatDoesNotExistNamesThoseThatDo) {
  for (const char* target :
       {"/metric", "/metrics/", "//metrics", "/../metrics", "*", "x", "", "http://", "/-/config"}) {
    AdminResponse response = Endpoint().get(target);
    EXPECT_EQ(response.result(), status::not_found) << target;
    EXPECT_THAT(response.body(), HasSubstr("/metrics"));
  }
}

TEST(Admin, QueryAndAbsoluteFormDoNotChangeThePage) {
  for (const char* target :
       {"/metrics?x=1", "/metrics?", "http://localhost:9600/metrics", "HTTP://h/metrics?a"}) {
    EXPECT_EQ(Endpoint().get(target).body(), "redactd_x_total 1\n") << target;
  }
  EXPECT_EQ(Endpoint().get("http://h/").result(), status::ok);
}

TEST(Admin, AReloadIsAskedForByPostOnly) {
  Endpoint endpoint;
  AdminRequest post(verb::post, "/-/reload", 11);
  EXPECT_EQ(respond(post, "", endpoint.hooks()), std::nullopt);
  AdminResponse response = endpoint.get("/-/reload");
  EXPECT_EQ(response.result(), status::method_not_allowed);
  EXPECT_EQ(response[field::allow], "POST");
}

TEST(Admin, AReloadAnswersWithAllErrors) {
  AdminRequest post(verb::post, "/-/reload", 11);
  EXPECT_EQ(reload_response(post, {}).result(), status::ok);
  AdminResponse response =
      reload_response(post, {"a.yaml:1:2: sinks: empty\na.yaml:3:1: x: unknown key", ""});
  EXPECT_EQ(response.result(), status::internal_server_error);
  EXPECT_EQ(response.body(),
            "The old configuration stays in force:\na.yaml:1:2: sinks: empty\na.yaml:3:1: x: "
            "unknown key\n");
}

TEST(Admin, AReloadAnswersWithWhatTakesARestart) {
  AdminRequest post(verb::post, "/-/reload", 11);
  AdminResponse response = reload_response(post, {"", "workers has changed\n"});
  EXPECT_EQ(response.result(), status::ok);
  EXPECT_EQ(response.body(), "The new configuration is in force.\nworkers has changed\n");
}

TEST(Admin, AWebPageCannotUseItsReadersBrowserForAReload) {
  AdminRequest post(verb::post, "/-/reload", 11);
  post.set(field::origin, "https://example.org");
  EXPECT_EQ(Endpoint().answer(post).result(), status::forbidden);
}

TEST(Admin, OtherMethodsAreRefusedWithWhatIsAllowed) {
  for (verb method : {verb::post, verb::put, verb::delete_, verb::options, verb::trace,
                      verb::connect, verb::patch}) {
    AdminResponse response = Endpoint().answer(AdminRequest(method, "/metrics", 11));
    EXPECT_EQ(response.result(), status::method_not_allowed);
    EXPECT_EQ(response[field::allow], "GET, HEAD");
  }
}

TEST(Admin, WithATokenNothingShowsWithoutIt) {
  Endpoint endpoint;
  endpoint.token = "made-up-token";
  for (const char* target : {"/", "/metrics", "/version", "/-/reload", "/nothing"}) {
    for (const char* authorization :
         {"", "Bearer", "Bearer ", "Bearer made-up-toke", "Bearer made-up-token2",
          "Bearer  made-up-token", "Basic made-up-token", "made-up-token"}) {
      AdminResponse response = endpoint.get(target, authorization);
      EXPECT_EQ(response.result(), status::unauthorized) << target << ' ' << authorization;
      EXPECT_EQ(response[field::www_authenticate], "Bearer realm=\"redactd\"");
      EXPECT_THAT(response.body(), Not(HasSubstr("made-up")));
    }
  }
  EXPECT_EQ(endpoint.get("/metrics", "Bearer made-up-token").result(), status::ok);
  EXPECT_EQ(endpoint.get("/metrics", "bearer made-up-token").result(), status::ok);
  EXPECT_EQ(endpoint.answer(AdminRequest(verb::post, "/-/reload", 11)).result(),
            status::unauthorized);
}

TEST(Admin, ProbesNeedNoTokenAndGetNoReasonsThen) {
  Endpoint endpoint;
  endpoint.token = "made-up-token";
  endpoint.not_ready = {"sink central is down"};
  endpoint.unhealthy = {"worker 1 is stuck"};
  EXPECT_EQ(endpoint.get("/readyz").result(), status::service_unavailable);
  EXPECT_EQ(endpoint.get("/readyz").body(), "not ready\n");
  EXPECT_EQ(endpoint.get("/healthz").body(), "not healthy\n");
  EXPECT_EQ(endpoint.get("/readyz", "Bearer made-up-token").body(), "sink central is down\n");
}

TEST(Admin, WhatCannotBeReadIsRefusedByKindAndTheConnectionEnds) {
  EXPECT_EQ(refuse(http::error::bad_method).result(), status::bad_request);
  EXPECT_EQ(refuse(http::error::body_limit).result(), status::payload_too_large);
  EXPECT_EQ(refuse(http::error::header_limit).result(), status::request_header_fields_too_large);
  EXPECT_FALSE(refuse(http::error::bad_method).keep_alive());
}

}  // namespace
}  // namespace redactd::test
