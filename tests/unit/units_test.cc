#include "config/units.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

using namespace std::chrono_literals;

TEST(Units, DurationsHaveOne) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("10s"), 10s);
  EXPECT_EQ(parse_duration("5m"), 5min);
  EXPECT_EQ(parse_duration("1h"), 1h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("0"), 0ms) << "nothing is nothing in every unit";
  EXPECT_EQ(parse_duration("0s"), 0ms);
  for (const char* bad : {"", "10", "s", "-1s", "1.5s", "1 s", "1S", "1w", "1h30m", "1us", "0x1s",
                          "99999999999999999999s", "18446744073709551615d", "4000d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Units, PermissionsAreOctal) {
  EXPECT_EQ(parse_mode("0660"), 0660u);
  EXPECT_EQ(parse_mode("600"), 0600u);
  EXPECT_EQ(parse_mode("0000"), 0u);
  for (const char* bad : {"", "0", "60", "0680", "rw-rw----", "1777", "04755", "0o660", "-660"})
    EXPECT_FALSE(parse_mode(bad)) << bad;
}

TEST(Units, AreWrittenAsLargeAsTheyGo) {
  EXPECT_EQ(bytes_text(0), "0B");
  EXPECT_EQ(bytes_text(1000), "1000B");
  EXPECT_EQ(bytes_text(65536), "64KiB");
  EXPECT_EQ(bytes_text(size_t{3} << 30), "3GiB");
  EXPECT_EQ(duration_text(0ms), "0");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(48h), "2d");
}

}  // namespace
}  // namespace redactd::test
