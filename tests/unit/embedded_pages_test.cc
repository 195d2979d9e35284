#include "daemon/process/embedded_pages.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "config/rules/builtin_pack.h"

namespace redactd::test {
namespace {

TEST(EmbeddedPages, HoldTheSameBytesForWhoReadsThemAgain) {
  std::vector<std::string> before;
  for (const EmbeddedDatabase& database : builtin_databases())
    before.emplace_back(database.bytes.begin(), database.bytes.end());
  ASSERT_FALSE(before.empty());
  let_go_of_embedded_databases();
  std::vector<std::string> after;
  for (const EmbeddedDatabase& database : builtin_databases())
    after.emplace_back(database.bytes.begin(), database.bytes.end());
  EXPECT_TRUE(before == after);
}

}  // namespace
}  // namespace redactd::test
