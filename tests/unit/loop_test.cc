// Sinks that write to where redactd reads, however their addresses are spelt.

#include "config/daemon/loop.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace redactd::test {
namespace {

bool leads_back(const std::string& endpoint, const std::string& listen) {
  std::string error;
  const std::optional<Address> to = parse_address(endpoint, error);
  EXPECT_TRUE(to) << endpoint << ' ' << error;
  SourceConfig source;
  source.listen = parse_address(listen, error).value();
  return redactd::leads_back(*to, source);
}

std::string own_name() {
  std::array<char, 256> name = {};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

TEST(Loop, AnAddressIsTheSameInEverySpelling) {
  for (const char* listen : {"tcp://127.0.0.1:514", "tcp://0.0.0.0:514", "tcp://*:514"}) {
    for (const char* endpoint : {"tcp://127.0.0.1:514", "tls://[::ffff:127.0.0.1]:514",
                                 "tcp://[::FFFF:7f00:1]:514", "tcp://LocalHost:514"})
      EXPECT_TRUE(leads_back(endpoint, listen)) << endpoint << " to " << listen;
    EXPECT_FALSE(leads_back("tcp://127.0.0.1:515", listen));
  }
  for (const char* listen : {"tls://[::1]:514", "tcp://[::]:514", "tcp://*:514"}) {
    for (const char* endpoint : {"tcp://[::1]:514", "tcp://[0:0::0:1]:514", "tcp://localhost:514"})
      EXPECT_TRUE(leads_back(endpoint, listen)) << endpoint << " to " << listen;
  }
  EXPECT_FALSE(leads_back("tcp://[::ffff:127.0.0.1]:514", "tcp://[::]:514"));
  EXPECT_FALSE(leads_back("tcp://127.0.0.1:514", "tcp://[::1]:514"));
}

TEST(Loop, AnAddressThatIsListenedAtIsOfThisMachine) {
  EXPECT_TRUE(leads_back("tcp://192.0.2.7:514", "tcp://192.0.2.7:514"));
  EXPECT_TRUE(leads_back("tcp://[2001:db8::7]:514", "tcp://[2001:DB8:0::7]:514"));
  EXPECT_TRUE(leads_back("tls://logs.example:514", "tls://Logs.example:514"));
  EXPECT_FALSE(leads_back("tcp://192.0.2.8:514", "tcp://192.0.2.7:514"));
  EXPECT_FALSE(leads_back("tcp://192.0.2.8:514", "tcp://*:514"));
  EXPECT_FALSE(leads_back("tcp://logs.example:514", "tcp://*:514"));
}

TEST(Loop, ThisMachineIsKnownByItsNameAndByItsAddresses) {
  EXPECT_TRUE(leads_back("tcp://" + own_name() + ":514", "tcp://*:514")) << own_name();
  EXPECT_TRUE(leads_back("tcp://" + own_name() + ":514", "tcp://0.0.0.0:514")) << own_name();
  EXPECT_FALSE(leads_back("tcp://" + own_name() + ":514", "tcp://*:515"));
  EXPECT_FALSE(leads_back("tcp://" + own_name() + ".example:514", "tcp://*:514"));
  ifaddrs* first = nullptr;
  ASSERT_EQ(getifaddrs(&first), 0);
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, freeifaddrs);
  size_t found = 0;
  for (const ifaddrs* each = first; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    std::array<char, INET_ADDRSTRLEN> text = {};
    inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size());
    const std::string host = text.data();
    EXPECT_TRUE(leads_back("tcp://" + host + ":514", "tcp://0.0.0.0:514")) << host;
    EXPECT_TRUE(leads_back("tcp://[::ffff:" + host + "]:514", "tls://*:514")) << host;
    EXPECT_FALSE(leads_back("tcp://" + host + ":514", "tcp://192.0.2.7:514")) << host;
    ++found;
  }
  EXPECT_GT(found, 0u);
}

}  // namespace
}  // namespace redactd::test
