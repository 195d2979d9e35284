#include "config/daemon/address.h"

#include <gtest/gtest.h>

namespace redactd::test {
namespace {

using Transport = Address::Transport;

Address address(std::string_view url) {
  std::string error;
  std::optional<Address> parsed = parse_address(url, error);
  EXPECT_TRUE(parsed) << url << ": " << error;
  return parsed.value_or(Address{});
}

TEST(AddressUrl, IsTakenApart) {
  EXPECT_EQ(address("tcp://0.0.0.0:514"), (Address{Transport::tcp, "0.0.0.0", "514", ""}));
  EXPECT_EQ(address("tls://[::1]:6514"), (Address{Transport::tls, "::1", "6514", ""}));
  EXPECT_EQ(address("udp://*:syslog"), (Address{Transport::udp, "*", "syslog", ""}));
  EXPECT_EQ(address("tcp://[fe80::1%eth0]:514"),
            (Address{Transport::tcp, "fe80::1%eth0", "514", ""}));
  EXPECT_EQ(address("tcp://[fec0::1]:514"), (Address{Transport::tcp, "fec0::1", "514", ""}));
  EXPECT_EQ(address("tcp://log_host.example.org:0"),
            (Address{Transport::tcp, "log_host.example.org", "0", ""}));
  EXPECT_EQ(address("unix:///run/x.sock"),
            (Address{Transport::unix_stream, "", "", "/run/x.sock"}));
  EXPECT_EQ(address("unixgram:///dev/log"),
            (Address{Transport::unix_datagram, "", "", "/dev/log"}));
  EXPECT_EQ(address("systemd://syslog"), (Address{Transport::systemd, "", "", "syslog"}));
  EXPECT_EQ(address("systemd://"), (Address{Transport::systemd, "", "", ""}));
}

TEST(AddressUrl, IsWrittenAsItWasRead) {
  for (const char* url : {"tcp://0.0.0.0:514", "tls://[::1]:6514", "udp://*:syslog",
                          "unix:///run/x.sock", "unixgram:///dev/log", "systemd://a", "systemd://"})
    EXPECT_EQ(to_string(address(url)), url);
}

TEST(AddressUrl, OfSpellingsThatMeanTheSameHasOne) {
  const std::pair<const char*, const char*> kSpellings[] = {
      {"tcp://[0:0:0:0:0:0:0:1]:514", "tcp://[::1]:514"},
      {"tcp://[2001:DB8::0:7]:514", "tcp://[2001:db8::7]:514"},
      {"tls://[::ffff:127.0.0.1]:514", "tls://127.0.0.1:514"},
      {"udp://[::FFFF:7f00:1]:514", "udp://127.0.0.1:514"},
      {"tcp://Logs.Example.ORG:514", "tcp://logs.example.org:514"},
      {"tcp://[fe80::1%Eth0]:514", "tcp://[fe80::1%Eth0]:514"}};
  for (const auto& [spelling, plain] : kSpellings)
    EXPECT_EQ(to_string(address(spelling)), plain) << spelling;
}

TEST(AddressUrl, IsRefusedWithAReasonThatDoesNotShowIt) {
  std::string long_path = "unix:///" + std::string(108, 'x');
  const std::pair<std::string, std::string> kRefused[] = {
      {"", "must begin with"},
      {"514", "must begin with"},
      {"0.0.0.0:514", "must begin with"},
      {"tpc://h:1", "did you mean 'tcp'?"},
      {"relp://h:1", "must begin with"},
      {"tcp://h", "names no port"},
      {"tcp://[::1]", "names no port"},
      {"tcp://:514", "names no host"},
      {"tcp://h:", "no valid port"},
      {"tcp://h:65536", "no valid port"},
      {"tcp://h:99999999999999999999", "no valid port"},
      {"tcp://h:0514", "no valid port"},
      {"tcp://h:-1", "no valid port"},
      {"tcp://h:5 14", "no valid port"},
      {"tcp://::1:514", "in brackets"},
      {"tcp://[::1:514", "[ without a ]"},
      {"tcp://[127.0.0.1]:514", "between the brackets"},
      {"tcp://[::1%]:514", "between the brackets"},
      {"tcp://[fe80::1]:514", "its interface"},
      {"udp://[FEBF:1::1]:514", "its interface"},
      {"tcp://300.1.1.1:514", "no valid IPv4"},
      {"tcp://1.2:514", "no valid IPv4"},
      {"tcp://a..b:514", "no valid host name"},
      {"tcp://a b:514", "no valid host name"},
      {"tcp://user:hunter2@h:514", "no user and no password"},
      {"tcp://h:514/", "must end after the port"},
      {"tcp://h:514?x=1", "must end after the port"},
      {"unix://run/x.sock", "absolute path"},
      {"unix://", "absolute path"},
      {"unix:///run/", "no valid path"},
      {long_path, "more than 107 bytes"},
      {"systemd://a/b", "FileDescriptorName"}};
  for (const auto& [url, reason] : kRefused) {
    std::string error;
    EXPECT_FALSE(parse_address(url, error)) << url;
    EXPECT_NE(error.find(reason), std::string::npos) << url << ": " << error;
    EXPECT_EQ(error.find("hunter2"), std::string::npos);
  }
}

TEST(Addresses, AreLoopbackByTheirText) {
  for (const char* url :
       {"tcp://127.0.0.1:1", "tcp://127.9.9.9:1", "tcp://[::1]:1", "tcp://[0:0::1]:1",
        "tcp://[::ffff:127.0.0.1]:1", "tcp://localhost:1", "tcp://LocalHost:1", "unix:///x"})
    EXPECT_TRUE(is_loopback(address(url))) << url;
  for (const char* url : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://[::]:1", "tcp://10.0.0.1:1",
                          "tcp://127.example.org:1", "tcp://localhost.example.org:1"})
    EXPECT_FALSE(is_loopback(address(url))) << url;
}

TEST(Addresses, CollideWhereOneSocketWouldTakeTheOthersPlace) {
  const std::pair<const char*, const char*> kCollide[] = {
      {"tcp://127.0.0.1:1", "tcp://127.0.0.1:1"},
      {"tcp://127.0.0.1:1", "tls://127.0.0.1:1"},
      {"tcp://*:1", "tcp://127.0.0.1:1"},
      {"tcp://*:1", "tcp://[::1]:1"},
      {"tcp://0.0.0.0:1", "tcp://127.0.0.1:1"},
      {"tcp://[::]:1", "tcp://[::1]:1"},
      {"tcp://*:1", "tcp://[::]:1"},
      {"udp://*:1", "udp://*:1"},
      {"unix:///x", "unixgram:///x"},
      {"systemd://a", "systemd://a"},
      {"systemd://", "systemd://a"},
      {"tcp://0.0.0.0:1", "tcp://host:1"}};
  for (const auto& [a, b] : kCollide) {
    EXPECT_TRUE(collide(address(a), address(b))) << a << ' ' << b;
    EXPECT_TRUE(collide(address(b), address(a))) << b << ' ' << a;
  }
  const std::pair<const char*, const char*> kFit[] = {
      {"tcp://*:1", "tcp://*:2"},           {"tcp://*:1", "udp://*:1"},
      {"tcp://0.0.0.0:1", "tcp://[::]:1"},  {"tcp://127.0.0.1:1", "tcp://127.0.0.2:1"},
      {"tcp://*:0", "tcp://*:0"},           {"unix:///x", "unix:///y"},
      {"systemd://a", "systemd://b"},       {"unix:///x", "systemd://"},
      {"tcp://0.0.0.0:1", "tcp://[::1]:1"}, {"tcp://h:1", "unix:///x"}};
  for (const auto& [a, b] : kFit) {
    EXPECT_FALSE(collide(address(a), address(b))) << a << ' ' << b;
    EXPECT_FALSE(collide(address(b), address(a))) << b << ' ' << a;
  }
}

}  // namespace
}  // namespace redactd::test
