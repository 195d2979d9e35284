#include "daemon/known/names.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

TEST(Names, AStarStandsForAnything) {
  EXPECT_TRUE(matches_name("*_PASSWORD", "DB_PASSWORD"));
  EXPECT_TRUE(matches_name("*_PASSWORD", "_PASSWORD"));
  EXPECT_FALSE(matches_name("*_PASSWORD", "PASSWORD"));
  EXPECT_FALSE(matches_name("*_PASSWORD", "DB_PASSWORD_FILE"));
  EXPECT_TRUE(matches_name("*KEY*", "MY_KEY_ID"));
  EXPECT_TRUE(matches_name("A*B*C", "AxxBxxBxC"));
  EXPECT_FALSE(matches_name("A*B*C", "AxxBxx"));
  EXPECT_TRUE(matches_name("*", ""));
  EXPECT_FALSE(matches_name("", "A"));
  EXPECT_TRUE(matches_name("DATABASE_URL", "DATABASE_URL"));
  EXPECT_FALSE(matches_name("DATABASE_URL", "DATABASE_URLS"));
}

TEST(Names, CaseDoesNotMatter) { EXPECT_TRUE(matches_name("*_Password", "db_passWORD")); }

TEST(Names, ManyStarsTakeNoLongerThanTheirProduct) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(matches_name(pattern + "b", std::string(5000, 'a')));
}

TEST(Names, OfSecretsAreTold) {
  for (const char* name : {"DB_PASSWORD", "PGPASSWORD", "GITHUB_TOKEN", "SECRET_KEY_BASE",
                           "STRIPE_SECRET", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "SENTRY_DSN",
                           "LDAP_BIND_PW", "SSHPASS", "JWT", "HTTP_AUTHORIZATION"})
    EXPECT_TRUE(names_secret(name)) << name;
  for (const char* name : {"PORT", "NODE_ENV", "LOG_LEVEL", "PWD", "DB_HOST", "APP_NAME",
                           "S3_BUCKET", "PUBLIC_URL", "DB_USER", "DB_PASSWORD_FILE",
                           "AWS_WEB_IDENTITY_TOKEN_FILE", "CREDENTIALS_DIR", "SSL_KEY_PATH"})
    EXPECT_FALSE(names_secret(name)) << name;
}

TEST(Names, AreCleanedForTheMask) {
  EXPECT_EQ(mask_name("DB_PASSWORD"), "DB_PASSWORD");
  EXPECT_EQ(mask_name("tls.key-1"), "tls.key-1");
  EXPECT_EQ(mask_name("a b\"c\\d\n/é"), "a_b_c_d____");
  EXPECT_EQ(mask_name(""), "value");
  EXPECT_EQ(mask_name(std::string(100, 'x')), std::string(64, 'x'));
}

}  // namespace
}  // namespace redactd::test
