#include "daemon/sources/pod_logs.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/no_descriptors.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

/// `shop/web-0/app` of each log that is found.
std::vector<std::string> found(const SourceConfig& config, const std::string& own_pod = "") {
  std::vector<std::string> names;
  for (const PodLog& log : find_pod_logs(config, own_pod).found) {
    std::string file = std::filesystem::path(log.path).filename().string();
    names.push_back(log.name_space + "/" + log.pod + "/" + log.container + "/" + file);
  }
  return names;
}

class PodLogsTest : public testing::Test {
 protected:
  PodLogsTest() {
    config_.path = dir_.path();
    for (const char* file :
         {"shop_web-0_1234-5678/app/0.log", "shop_web-0_1234-5678/app/0.log.20260102-030405",
          "shop_web-0_1234-5678/app/1.log", "shop_web-0_1234-5678/proxy/0.log",
          "shop_web-0_1234-5678/app/0.log.20260101-030405.gz", "kube-system_dns-abc_99/dns/12.log",
          "no-pod/app/0.log", "shop_web-0_1234-5678/app/x.log"})
      dir_.write(file, "");
  }

  TempDir dir_;
  SourceConfig config_;
};

TEST_F(PodLogsTest, AreFoundByTheNamesThatKubeletGives) {
  EXPECT_EQ(found(config_),
            (std::vector<std::string>{"kube-system/dns-abc/dns/12.log", "shop/web-0/app/0.log",
                                      "shop/web-0/app/1.log", "shop/web-0/proxy/0.log"}));
}

TEST_F(PodLogsTest, AreChosenByShellPatterns) {
  config_.include.namespaces = {"sh?p"};
  config_.exclude.push_back({{}, {"web-*"}, {"proxy"}});
  EXPECT_EQ(found(config_),
            (std::vector<std::string>{"shop/web-0/app/0.log", "shop/web-0/app/1.log"}));
}

TEST_F(PodLogsTest, AnExclusionHoldsInAllThatItSays) {
  config_.exclude.push_back({{"kube-system"}, {"web-*"}, {}});
  EXPECT_EQ(found(config_).size(), 4u);
}

TEST_F(PodLogsTest, TheOwnOnesAreNeverRead) {
  EXPECT_EQ(found(config_, "web-0"), std::vector<std::string>{"kube-system/dns-abc/dns/12.log"});
}

TEST_F(PodLogsTest, OfAFolderThatIsNotThereThereAreNone) {
  config_.path = "/nonexistent";
  EXPECT_TRUE(found(config_).empty());
}

TEST_F(PodLogsTest, MayBeThereWhereAFolderCannotBeListed) {
  const std::string log = dir_.path("shop_web-0_1234-5678/app/0.log");
  EXPECT_FALSE(find_pod_logs(config_, "").may_hide(log));
  const NoDescriptors none;
  PodLogs without = find_pod_logs(config_, "");
  EXPECT_TRUE(without.found.empty());
  EXPECT_TRUE(without.may_hide(log));
}

TEST_F(PodLogsTest, AreGoneWithTheirFolder) {
  const std::string log = dir_.path("shop_web-0_1234-5678/app/0.log");
  std::filesystem::remove_all(dir_.path("shop_web-0_1234-5678"));
  EXPECT_FALSE(find_pod_logs(config_, "").may_hide(log));
  std::filesystem::remove_all(dir_.path());
  EXPECT_FALSE(find_pod_logs(config_, "").may_hide(log));
}

}  // namespace
}  // namespace redactd::test
