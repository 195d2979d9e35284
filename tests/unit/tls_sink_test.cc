// TLS towards an aggregator: who is believed, what is shown, how it ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "daemon/sinks/tls_client.h"
#include "daemon/tls/tls.h"
#include "tests/testing/certificates.h"
#include "tests/testing/sink_fixture.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using Kind = SinkEvent::Kind;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// An aggregator that speaks TLS.
class TlsAggregator {
 public:
  struct Client {
    Client(tcp::socket socket, ssl::context& context) : stream(std::move(socket), context) {}
    ssl::stream<tcp::socket> stream;
    std::string received;
    bool said_goodbye = false;  // with close_notify
    std::array<char, 65536> buffer{};
  };

  TlsAggregator(asio::io_context& home, const CertificateAuthority::Files& files)
      : acceptor_(home, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    context.use_certificate_chain_file(files.certificate);
    context.use_private_key_file(files.key, ssl::context::pem);
    accept();
  }

  Address address(const std::string& host = "127.0.0.1") const {
    return {Address::Transport::tls, host, std::to_string(acceptor_.local_endpoint().port()), ""};
  }
  const std::string& received(size_t i = 0) const {
    static const std::string kNothing;
    return i < clients.size() ? clients[i]->received : kNothing;
  }
  void reset(size_t i) {
    tcp::socket& socket = clients[i]->stream.next_layer();
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

  ssl::context context{ssl::context::tls_server};
  std::vector<std::shared_ptr<Client>> clients;  // that have shaken hands
  int refused = 0;                               // handshakes that failed

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return;
      auto client = std::make_shared<Client>(std::move(socket), context);
      client->stream.async_handshake(ssl::stream_base::server, [this, client](error_code failed) {
        if (failed == asio::error::operation_aborted) return;
        if (failed) {
          ++refused;
          return;
        }
        clients.push_back(client);
        read(client);
      });
      accept();
    });
  }
  static void read(const std::shared_ptr<Client>& client) {
    client->stream.async_read_some(asio::buffer(client->buffer),
                                   [client](error_code error, size_t size) {
                                     client->received.append(client->buffer.data(), size);
                                     client->said_goodbye = error == asio::error::eof;
                                     if (!error) return read(client);
                                     client->stream.next_layer().close(error);
                                   });
  }

  tcp::acceptor acceptor_;
};

struct TlsSinkTest : SinkTest {
  TlsSinkTest() { config.tls.ca = authority.path(); }
  ~TlsSinkTest() override {
    if (sink) close(milliseconds(0));
  }

  /// Starts a sink to an aggregator that shows this certificate.
  void start_with(const CertificateAuthority::Files& files, const std::string& host = "127.0.0.1") {
    aggregator = std::make_unique<TlsAggregator>(home, files);
    config.endpoints = {aggregator->address(host)};
    start();
    push({"one\n", "two\n"});
  }
  void expect_refused(const std::string& reason) {
    UNTIL(told(Kind::connect_failed));
    EXPECT_THAT(events.front().second, HasSubstr(reason));
    UNTIL(aggregator->refused > 0);
    EXPECT_EQ(counters.connected.get(), 0u);
    EXPECT_EQ(aggregator->received(), "");
    EXPECT_EQ(counters.queued_bytes.get(), 8u);
  }

  TempDir folder;
  CertificateAuthority authority{folder};
  std::unique_ptr<TlsAggregator> aggregator;
};

TEST_F(TlsSinkTest, BelievesACertificateForTheAddress) {
  start_with(authority.issue("127.0.0.1", "server"));
  UNTIL(aggregator->received() == "one\ntwo\n");
  UNTIL(counters.records.get() == 2);
  EXPECT_EQ(counters.unverified_tls.get(), 0u);
  EXPECT_FALSE(told(Kind::unverified));
}

TEST_F(TlsSinkTest, BelievesACertificateForTheName) {
  start_with(authority.issue("localhost", "server"), "localhost");
  UNTIL(aggregator->received() == "one\ntwo\n");
}

/// RFC 6066 §3.
TEST_F(TlsSinkTest, AsksForANameWithoutTheRootsDot) {
  TlsClient client(config.tls);
  auto stream = client.stream(StreamSocket(home.get_executor()), "logs.example.org.");
  EXPECT_STREQ(SSL_get_servername(stream->session.native_handle(), TLSEXT_NAMETYPE_host_name),
               "logs.example.org");
}

TEST_F(TlsSinkTest, WritesManyRecordsInOrder) {
  start_with(authority.issue("127.0.0.1", "server"));
  std::string all = "one\ntwo\n";
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> records = {
        std::to_string(i) + "\n", std::string(static_cast<size_t>(i * 97 % 40'000), 'x') + "\n"};
    push(records);
    all += records[0] + records[1];
  }
  UNTIL(aggregator->received().size() == all.size());
  EXPECT_TRUE(aggregator->received() == all);
  UNTIL(counters.records.get() == 602);
  EXPECT_EQ(counters.bytes.get(), all.size());
}

TEST_F(TlsSinkTest, SaysGoodbyeWithCloseNotify) {
  start_with(authority.issue("127.0.0.1", "server"));
  close();
  UNTIL(aggregator->clients[0]->said_goodbye);
  EXPECT_EQ(aggregator->received(), "one\ntwo\n");
  EXPECT_EQ(counters.dropped_at_exit_records.get(), 0u);
}

TEST_F(TlsSinkTest, NoticesThePeersGoodbyeBeforeItSends) {
  start_with(authority.issue("127.0.0.1", "server"));
  UNTIL(aggregator->received() == "one\ntwo\n" && counters.records.get() == 2);
  aggregator->clients[0]->stream.async_shutdown([](error_code) {});
  UNTIL(told(Kind::disconnected));
  push({"three\n"});
  UNTIL(aggregator->received(1) == "three\n");
}

TEST_F(TlsSinkTest, ARecordCutByAResetComesAgainWhole) {
  const std::string large(3'000'000, 'x');
  config.send_buffer = 4096;
  start_with(authority.issue("127.0.0.1", "server"));
  push({large + "\n", "last\n"});
  UNTIL(aggregator->received().size() > 100'000);
  aggregator->reset(0);
  UNTIL(aggregator->received(1).ends_with("last\n"));
  EXPECT_TRUE(aggregator->received(1) == large + "\nlast\n");
}

TEST_F(TlsSinkTest, RefusesAnotherAuthority) {
  TempDir elsewhere;
  CertificateAuthority stranger(elsewhere);
  start_with(stranger.issue("127.0.0.1", "server"));
  expect_refused("certificate signature failure");  // the authorities have the same name
}

TEST_F(TlsSinkTest, RefusesASelfSignedCertificate) {
  start_with(authority.issue(Subject{"127.0.0.1", "IP:127.0.0.1", false, true}, "server"));
  expect_refused("self-signed certificate");
}

TEST_F(TlsSinkTest, RefusesAnExpiredCertificate) {
  start_with(authority.issue(Subject{"127.0.0.1", "IP:127.0.0.1", true}, "server"));
  expect_refused("certificate has expired");
}

TEST_F(TlsSinkTest, RefusesARevokedCertificate) {
  CertificateAuthority::Files files = authority.issue("127.0.0.1", "server");
  config.tls.crl = authority.revoke(files);
  start_with(files);
  expect_refused("certificate revoked");
}

TEST_F(TlsSinkTest, BelievesACertificateThatIsNotOnTheListOfRevokedOnes) {
  config.tls.crl = authority.revoke(authority.issue("127.0.0.1", "another"));
  start_with(authority.issue("127.0.0.1", "server"));
  UNTIL(aggregator->received() == "one\ntwo\n");
}

TEST_F(TlsSinkTest, RefusesAnotherName) {
  start_with(authority.issue("logs.example.org", "server"));
  expect_refused("hostname mismatch");
}

TEST_F(TlsSinkTest, TheCommonNameCountsForNothing) {
  start_with(authority.issue(Subject{"localhost", ""}, "server"), "localhost");
  expect_refused("hostname mismatch");
}

TEST_F(TlsSinkTest, PeerNamesTakeTheHostsPlace) {
  config.tls.peer_names = {"other.example.org", "*.example.net"};
  start_with(authority.issue("logs.example.net", "server"));
  UNTIL(aggregator->received() == "one\ntwo\n");
}

TEST_F(TlsSinkTest, WithPeerNamesTheHostCountsForNothing) {
  config.tls.peer_names = {"logs.example.org"};
  start_with(authority.issue("127.0.0.1", "server"));
  expect_refused("hostname mismatch");
}

TEST_F(TlsSinkTest, RefusesAnOldProtocol) {
  config.tls.min_version = TlsConfig::Version::tls1_3;
  aggregator = std::make_unique<TlsAggregator>(home, authority.issue("127.0.0.1", "server"));
  SSL_CTX_set_max_proto_version(aggregator->context.native_handle(), TLS1_2_VERSION);
  config.endpoints = {aggregator->address()};
  start();
  push({"one\n", "two\n"});
  expect_refused("TLS handshake");
}

TEST_F(TlsSinkTest, WithoutVerificationItIsLoudAtEveryConnection) {
  config.tls.verify = false;
  config.tls.ca = "";
  start_with(authority.issue(Subject{"stranger", "DNS:stranger.example", true, true}, "server"));
  UNTIL(aggregator->received() == "one\ntwo\n");
  UNTIL(times_told(Kind::unverified) == 1);
  EXPECT_EQ(counters.unverified_tls.get(), 1u);
  aggregator->reset(0);
  UNTIL(times_told(Kind::unverified) == 2);
}

TEST_F(TlsSinkTest, ShowsItsCertificate) {
  CertificateAuthority::Files own = authority.issue("client.example.org", "client");
  config.tls.certificate = own.certificate;
  config.tls.key = own.key;
  aggregator = std::make_unique<TlsAggregator>(home, authority.issue("127.0.0.1", "server"));
  aggregator->context.load_verify_file(authority.path());
  aggregator->context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  config.endpoints = {aggregator->address()};
  start();
  push({"one\n"});
  UNTIL(aggregator->received() == "one\n");
}

// In TLS 1.3 the client has finished before the server looks at its certificate.
TEST_F(TlsSinkTest, LosesNothingToAServerThatRefusesItsCertificate) {
  aggregator = std::make_unique<TlsAggregator>(home, authority.issue("127.0.0.1", "server"));
  aggregator->context.load_verify_file(authority.path());
  aggregator->context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  config.endpoints = {aggregator->address()};
  start();
  push({"one\n"});
  UNTIL(aggregator->refused >= 2);
  EXPECT_EQ(counters.records.get(), 0u);
  aggregator->context.set_verify_mode(ssl::verify_none);
  UNTIL(aggregator->received() == "one\n");
}

TEST_F(TlsSinkTest, DoesNotReturnToAServerThatRefusesItsCertificate) {
  aggregator = std::make_unique<TlsAggregator>(home, authority.issue("127.0.0.1", "server"));
  aggregator->context.load_verify_file(authority.path());
  aggregator->context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  TlsAggregator second(home, authority.issue("127.0.0.1", "server"));
  config.endpoints = {aggregator->address(), second.address()};
  config.return_interval = milliseconds(10);
  start();
  std::string pushed;
  while (aggregator->refused < 4) {  // again and again while records are on their way
    push({"record\n"});
    pushed += "record\n";
    size_t expected = pushed.size();
    UNTIL(second.received().size() == expected);
    home.run_for(milliseconds(20));
  }
  EXPECT_EQ(second.clients.size(), 1u);
  EXPECT_EQ(times_told(Kind::returned), 0u);
  aggregator->context.set_verify_mode(ssl::verify_none);
  UNTIL(told(Kind::returned));
  push({"last\n"});
  UNTIL(aggregator->received() == "last\n");
  EXPECT_EQ(second.received(), pushed);
}

TEST_F(TlsSinkTest, APeerThatNeverShakesHandsIsGivenUp) {
  Aggregator silent(home);
  config.endpoints = {silent.address()};
  config.endpoints[0].transport = Address::Transport::tls;
  config.connect_timeout = milliseconds(50);
  start();
  UNTIL(told(Kind::connect_failed));
  EXPECT_EQ(events.front().second, "TLS handshake: timed out");
}

TEST_F(TlsSinkTest, ReadsItsCertificatesAgain) {
  TempDir elsewhere;
  CertificateAuthority next(elsewhere);
  start_with(next.issue("127.0.0.1", "server"));
  UNTIL(told(Kind::connect_failed));
  std::filesystem::copy_file(next.path(), authority.path(),
                             std::filesystem::copy_options::overwrite_existing);
  sink->reopen();
  UNTIL(told(Kind::certificates_read));
  UNTIL(aggregator->received() == "one\ntwo\n");
  folder.write("ca.pem", "broken");
  sink->reopen();
  UNTIL(told(Kind::certificates_failed));
}

TEST_F(TlsSinkTest, SaysWhichFileCannotBeUsed) {
  config.endpoints = {{Address::Transport::tls, "127.0.0.1", "6514", ""}};
  config.tls.ca = folder.path("missing.pem");
  try {
    start();
    FAIL() << "started without the authority";
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing.pem: "));
  }
}

struct CertificateNames : testing::Test {
  bool has(const std::string& alternative_names, const std::string& name) {
    CertificateAuthority::Files files =
        authority.issue(Subject{"localhost", alternative_names}, "a");
    std::FILE* file = std::fopen(files.certificate.c_str(), "r");
    std::shared_ptr<X509> certificate(PEM_read_X509(file, nullptr, nullptr, nullptr), X509_free);
    std::fclose(file);
    return certificate_has_name(certificate.get(), name);
  }
  TempDir folder;
  CertificateAuthority authority{folder};
};

TEST_F(CertificateNames, AWildcardStandsForOneWholeLeftMostLabel) {
  EXPECT_TRUE(has("DNS:*.example.org", "logs.example.org"));
  EXPECT_TRUE(has("DNS:*.example.org", "LOGS.EXAMPLE.ORG"));
  EXPECT_FALSE(has("DNS:*.example.org", "example.org"));
  EXPECT_FALSE(has("DNS:*.example.org", "a.logs.example.org"));
  EXPECT_FALSE(has("DNS:logs.*.org", "logs.example.org"));
  EXPECT_FALSE(has("DNS:l*.example.org", "logs.example.org"));
  EXPECT_FALSE(has("DNS:l*s.example.org", "logs.example.org"));
  EXPECT_FALSE(has("DNS:*.org", "example.org"));
}

TEST_F(CertificateNames, APatternAllowsTheHostsOfOneDomain) {
  EXPECT_TRUE(has("DNS:logs.example.org", "*.example.org"));
  EXPECT_FALSE(has("DNS:example.org", "*.example.org"));
  EXPECT_FALSE(has("DNS:a.logs.example.org", "*.example.org"));
  EXPECT_FALSE(has("DNS:logs.example.net", "*.example.org"));
}

TEST_F(CertificateNames, TheRootsDotIsNotWrittenInThem) {
  EXPECT_TRUE(has("DNS:logs.example.org", "logs.example.org."));
  EXPECT_TRUE(has("DNS:*.example.org", "logs.example.org."));
  EXPECT_FALSE(has("DNS:logs.example.org", "logs.example.org.."));
}

TEST_F(CertificateNames, AddressesAreNoNames) {
  EXPECT_TRUE(has("IP:127.0.0.1", "127.0.0.1"));
  EXPECT_TRUE(has("IP:::1", "::1"));
  EXPECT_FALSE(has("IP:127.0.0.1", "127.0.0.2"));
  EXPECT_FALSE(has("DNS:127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(has("", "localhost"));  // only the common name
}

// CVE-2018-1000140: librelp wrote the names of a certificate behind one another into a buffer.
TEST_F(CertificateNames, AThousandOfThemAreLookedThrough) {
  std::string names;
  for (int i = 0; i < 1000; ++i) names += "DNS:host-" + std::to_string(i) + ".example.org,";
  names += "DNS:last.example.org";
  EXPECT_TRUE(has(names, "last.example.org"));
  EXPECT_FALSE(has(names, "host-1000.example.org"));
}

TEST(CertificateName, IsNotCutAtAZeroByte) {
  const std::string lie("logs.example.org\0.attacker.example", 34);
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* bytes = ASN1_IA5STRING_new();
  ASN1_STRING_set(bytes, lie.data(), static_cast<int>(lie.size()));
  GENERAL_NAME_set0_value(name, GEN_DNS, bytes);
  GENERAL_NAMES* names = GENERAL_NAMES_new();
  sk_GENERAL_NAME_push(names, name);
  ASSERT_EQ(X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names, 0, 0), 1);
  GENERAL_NAMES_free(names);
  EXPECT_FALSE(certificate_has_name(certificate.get(), "logs.example.org"));
  EXPECT_FALSE(certificate_has_name(certificate.get(), "*.example.org"));
  EXPECT_FALSE(certificate_has_name(certificate.get(), lie));
}

}  // namespace
}  // namespace redactd::test
