#include <gtest/gtest.h>

#include "tests/testing/expect.h"

namespace redactd::test {
namespace {

TEST(Userinfo, OfEveryScheme) {
  for (const char* scheme : {"postgres",
                             "postgresql",
                             "postgresql+asyncpg",
                             "mysql",
                             "mysql+pymysql",
                             "mariadb",
                             "mongodb",
                             "mongodb+srv",
                             "redis",
                             "rediss",
                             "amqp",
                             "amqps",
                             "http",
                             "https",
                             "ftp",
                             "ftps",
                             "sftp",
                             "smtp",
                             "smtps",
                             "ldap",
                             "ldaps",
                             "jdbc:postgresql",
                             "jdbc:mysql",
                             "jdbc:sqlserver",
                             "nats",
                             "mqtt",
                             "clickhouse",
                             "snowflake",
                             "git+ssh",
                             "x-made-up.scheme"}) {
    expect_exactly_masked(std::string("db ") + scheme +
                          "://admin:«{alnum:14}»@prod-db:5432/app ok");
    expect_exactly_masked(std::string(scheme) + "://admin:«{alnum:14}»@prod-db");
  }
}

TEST(Userinfo, PublicKeysOfNodesStay) {
  expect_kept("peer enode://{hex:128}@10.0.0.1:30303");
  expect_exactly_masked("peer enode://bob:«{alnum:16}»@10.0.0.1:30303");
  expect_exactly_masked("peer https://«{hex:128}»@10.0.0.1:30303");
}

TEST(Userinfo, UserAndHostStayReadable) {
  expect_exactly_masked(
      "url=postgres://admin:«super"
      "secret»@prod-db:5432/app");
}

TEST(Userinfo, WithoutAUser) { expect_exactly_masked("redis://:«{alnum:16}»@cache-0:6379/0"); }

TEST(Userinfo, PasswordsWithSpecialBytes) {
  for (const char* password :
       {"p@{alnum:8}", "p@{alnum:4}@{alnum:4}", "p:{alnum:8}", "p%40{alnum:8}", "p/{alnum:8}",
        "p?{alnum:8}", "p#{alnum:8}", "p!$&()*+,;={alnum:8}", "%21%40{alnum:8}", "p{alnum:8}[",
        "{alnum:4}'{alnum:4}"}) {
    expect_exactly_masked(std::string("x postgres://admin:«") + password + "»@prod-db:5432/app y");
  }
}

TEST(Userinfo, HostsOfEveryForm) {
  for (const char* host : {"10.0.0.1", "10.0.0.1:5432", "[::1]:5432", "[2001:db8::1]",
                           "db.example.com", "db1:5432,db2:5432"}) {
    expect_exactly_masked(std::string("x mongodb://admin:«{alnum:14}»@") + host + "/app y");
  }
}

TEST(Userinfo, AroundItAnyPunctuation) {
  for (const auto& [before, after] : {std::pair{"\"", "\""},
                                      {"'", "'"},
                                      {"(", ")"},
                                      {"<", ">"},
                                      {"[", "]"},
                                      {"`", "`"},
                                      {"url=", ","},
                                      {"{\"url\":\"", "\"}"},
                                      {"{\\\"url\\\":\\\"", "\\\"}"},
                                      {"{'url': '", "'}"},
                                      {"", "."}}) {
    expect_exactly_masked(std::string(before) + "amqp://app:«{alnum:14}»@rabbit:5672/vhost" +
                          after);
  }
}

TEST(Userinfo, SeveralInOneLine) {
  expect_exactly_masked("from postgres://a:«{alnum:14}»@db1/x to postgres://b:«{alnum:14}»@db2/x");
  expect_exactly_masked("postgres://a:«{alnum:14}»@db1/x,postgres://b:«{alnum:14}»@db2/x");
  expect_exactly_masked(R"({"a":"redis://:«{alnum:14}»@h1","b":"redis://:«{alnum:14}»@h2"})");
}

TEST(Userinfo, InEscapedAndEncodedUrls) {
  expect_exactly_masked(R"({"url":"amqp:\/\/app:«{alnum:12}»@rabbit:5672\/vhost"})");
  expect_exactly_masked("to=postgres%3A%2F%2Fadmin%3A«{alnum:14}»%40prod-db%3A5432%2Fapp&x=1");
}

TEST(Userinfo, InDataSourceNames) {
  expect_exactly_masked("dsn=root:«{alnum:12}»@tcp(10.0.0.1:3306)/shop");
  expect_exactly_masked("root:«p@{alnum:8}»@tcp(db:3306)/shop?parseTime=true");
  expect_exactly_masked("root:«{alnum:12}»@unix(/tmp/mysql.sock)/shop");
  expect_exactly_masked("jdbc:oracle:thin:scott/«{alnum:12}»@db:1521:orcl");
  expect_exactly_masked(
      "jdbc:sqlserver://db:1433;databaseName=shop;user=sa;password=«{alnum:12}»;");
  expect_exactly_masked("jdbc:mysql://db:3306/shop?user=root&password=«{alnum:12}»");
}

TEST(Userinfo, ATokenAsTheUser) {
  expect_no_secret_left("git clone https://«{alnum:40}»:x-oauth-basic@github.example/a/b.git");
  expect_no_secret_left("git clone https://«{alnum:20}{digits:8}»:@git.example/a/b.git");
  expect_exactly_masked("git clone https://oauth2:«{alnum:20}»@gitlab.example/a/b.git");
}

TEST(Userinfo, UrlsWithoutAPasswordStay) {
  for (const char* line :
       {"GET http://example.com:8080/users/bob@example.com",
        "clone https://bob@example.com/repo.git", "http://[::1]:8080/a@b",
        "https://example.com/a:b@c", "https://example.com/?q=a:b@c", "https://example.com/#a:b@c",
        "mailto:bob@example.com", "ssh git@github.com:org/repo.git",
        "https://cdn.example.com/npm/@scope/pkg@1.2.3", "time 12:30:01 user@host",
        "see http://example.com:80 and mail bob@example.com", "https://user:@example.com/",
        "http://example.com:8080?mail=a@b.c"}) {
    expect_kept(line);
  }
}

TEST(Userinfo, PlaceholdersStay) {
  for (const char* line :
       {"postgres://app:${DB_PASSWORD}@db/app", "postgres://app:***@db/app",
        "postgres://app:<password>@db/app", "postgres://app:[REDACTED:url-password]@db/app",
        "postgres://app:{{password}}@db/app", "postgres://app:$DB_PASSWORD@db"}) {
    expect_kept(line);
  }
}

}  // namespace
}  // namespace redactd::test
