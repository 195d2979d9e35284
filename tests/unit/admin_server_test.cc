// The admin endpoint's connections: peers that are slow, many, rude or speak TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/null_sink.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <future>
#include <optional>
#include <thread>

#include "daemon/admin/admin.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temp_dir.h"

namespace redactd::test {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::beast::error_code;
using testing::HasSubstr;

AdminConfig on_free_port() {
  AdminConfig config;
  config.listen.port = "0";
  return config;
}

/// A running endpoint.
class Admin {
 public:
  explicit Admin(const AdminConfig& config = on_free_port(), const AdminServer::Limits& limits = {})
      : server_(std::make_unique<AdminServer>(context_, config, hooks(), log_, limits)),
        thread_([this] { context_.run(); }) {}
  ~Admin() {
    asio::post(context_, [this] {
      server_.reset();
      if (reloading_) reloading_->cancel();
    });
    thread_.join();  // nothing keeps the context at work once the server is gone
  }

  tcp::endpoint endpoint() const { return server_->endpoint(); }
  void reload(const AdminConfig& config) {
    std::promise<void> done;
    asio::post(context_, [&] {
      try {
        server_->reload(config);
        done.set_value();
      } catch (...) {
        done.set_exception(std::current_exception());
      }
    });
    done.get_future().get();
  }

  std::chrono::milliseconds reload_takes = 0ms;
  std::string metrics = "redactd_x_total 1\n";

 private:
  AdminHooks hooks() {
    return {
        [this] { return metrics; }, [] { return std::vector<std::string>(); },
        [] { return std::vector<std::string>(); },
        [this](AdminHooks::Reloaded reloaded) {
          if (reload_takes == 0ms) return reloaded({"a.yaml:1:1: sinks: none", ""});
          reloading_.emplace(context_, reload_takes);
          reloading_->async_wait([reloaded = std::move(reloaded)](error_code) { reloaded({}); });
        }};
  }

  asio::io_context context_{1};
  Log log_{{}, std::make_shared<spdlog::sinks::null_sink_mt>(), [] {
             return std::chrono::steady_clock::now();
           }};
  std::optional<asio::steady_timer> reloading_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

/// A peer that blocks, and gives up after a minute.
class Peer {
 public:
  explicit Peer(const Admin& admin) {
    socket_.connect(admin.endpoint());
    timeval patience = {60, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  void send(const std::string& bytes) {
    error_code ignored;  // the server may have closed already
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  /// The next answer; status 0: the connection was closed instead.
  AdminResponse answer() {
    http::response_parser<http::string_body> parser;
    error_code error;
    http::read(socket_, buffer_, parser, error);
    return error ? AdminResponse(http::status::unknown, 11) : parser.release();
  }
  int status() { return static_cast<int>(answer().result_int()); }
  /// Whether the server closes the connection, with nothing more sent.
  bool closed() {
    std::array<char, 1> byte = {};
    error_code error;
    size_t size = socket_.read_some(asio::buffer(byte), error);
    return size == 0 && error != asio::error::try_again;
  }
  void wait_for_bytes() { socket_.wait(tcp::socket::wait_read); }
  void half_close() { socket_.shutdown(tcp::socket::shutdown_send); }

 private:
  inline static asio::io_context context;  // one for all: each takes three descriptors
  tcp::socket socket_{context};
  boost::beast::flat_buffer buffer_;
};

const std::string kScrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";

TEST(AdminServer, AnswersManyRequestsOnAConnection) {
  Admin admin;
  Peer peer(admin);
  for (int i = 0; i < 50; ++i) {
    peer.send(kScrape);
    AdminResponse response = peer.answer();
    EXPECT_EQ(response.result_int(), 200u);
    EXPECT_EQ(response.body(), "redactd_x_total 1\n");
  }
}

TEST(AdminServer, AnswersRequestsSentAllAtOnceInTheirOrder) {
  Admin admin;
  Peer peer(admin);
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += i % 2 == 0 ? kScrape : "GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n";
  peer.send(all);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(peer.status(), i % 2 == 0 ? 200 : 404) << i;
}

TEST(AdminServer, TakesARequestByteByByte) {
  Admin admin;
  Peer peer(admin);
  for (char c : kScrape) peer.send(std::string(1, c));
  EXPECT_EQ(peer.status(), 200);
}

TEST(AdminServer, AnswersAPeerThatSendsNoMore) {
  Admin admin;
  Peer peer(admin);
  peer.send(kScrape);
  peer.half_close();
  EXPECT_EQ(peer.status(), 200);
  EXPECT_TRUE(peer.closed());
}

TEST(AdminServer, KeepsToWhatThePeerWantsOfTheConnection) {
  Admin admin;
  Peer old(admin);
  old.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.status(), 200);
  EXPECT_TRUE(old.closed());
  Peer once(admin);
  once.send("GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(once.status(), 200);
  EXPECT_TRUE(once.closed());
}

TEST(AdminServer, EndsAConnectionAfterItsShareOfRequests) {
  AdminServer::Limits limits;
  limits.requests = 3;
  Admin admin(on_free_port(), limits);
  Peer peer(admin);
  peer.send(kScrape + kScrape + kScrape + kScrape);
  EXPECT_EQ(peer.status(), 200);
  EXPECT_EQ(peer.status(), 200);
  EXPECT_FALSE(peer.answer().keep_alive());
  EXPECT_TRUE(peer.closed());
}

TEST(AdminServer, ALargeAnswerArrivesWhole) {
  Admin admin;
  admin.metrics = std::string(8 << 20, 'm');
  Peer peer(admin);
  peer.send(kScrape);
  EXPECT_EQ(peer.answer().body().size(), admin.metrics.size());
}

TEST(AdminServer, TooLargeAHeaderIsRefused) {
  Admin admin;
  Peer peer(admin);
  peer.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(100000, 'x') + "\r\n\r\n");
  EXPECT_EQ(peer.status(), 431);
  EXPECT_TRUE(peer.closed());
}

TEST(AdminServer, AHeaderThatNeverEndsIsRefused) {
  Admin admin;
  Peer peer(admin);
  peer.send("GET / HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 3000; ++i) peer.send("X-Header: value\r\n");
  EXPECT_EQ(peer.status(), 431);
}

TEST(AdminServer, TooLargeABodyIsRefused) {
  Admin admin;
  Peer sized(admin);
  sized.send("POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 4097\r\n\r\n" +
             std::string(4097, 'x'));
  EXPECT_EQ(sized.status(), 413);
  Peer chunked(admin);
  chunked.send("POST /-/reload HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" +
               std::string(5000, 'x'));
  EXPECT_EQ(chunked.status(), 413);
}

TEST(AdminServer, APeerThatAsksWhetherToSendItsBodyIsToldTo) {
  Admin admin;
  const std::string asks =
      "POST /-/reload HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ";
  Peer peer(admin);
  peer.send(asks + "5\r\n\r\n");
  ASSERT_EQ(peer.status(), 100);
  peer.send("hello");
  EXPECT_EQ(peer.status(), 500);  // the reload's
  Peer of_no_body(admin);
  of_no_body.send(asks + "0\r\n\r\n");
  EXPECT_EQ(of_no_body.status(), 500);
  Peer of_too_large_a_body(admin);
  of_too_large_a_body.send(asks + "4097\r\n\r\n");
  EXPECT_EQ(of_too_large_a_body.status(), 413);
}

TEST(AdminServer, GarbageIsRefusedAndHurtsNobody) {
  Admin admin;
  Peer good(admin);
  const std::string garbage[] = {
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
      "<13>a syslog line\n",
      std::string(1000, '\0'),
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"};
  for (const std::string& bytes : garbage) {
    Peer peer(admin);
    peer.send(bytes);
    EXPECT_EQ(peer.status(), 400) << bytes;
    EXPECT_TRUE(peer.closed());
  }
  good.send(kScrape);
  EXPECT_EQ(good.status(), 200);
}

TEST(AdminServer, APeerThatSendsNothingOrTooSlowlyIsCutOff) {
  AdminServer::Limits limits;
  limits.request = 150ms;
  Admin admin(on_free_port(), limits);
  Peer silent(admin);
  Peer slow(admin);
  slow.send("GET / HT");
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(slow.closed());
}

TEST(AdminServer, AConnectionIdlesOnlySoLongBetweenRequests) {
  AdminServer::Limits limits;
  limits.idle = 150ms;
  Admin admin(on_free_port(), limits);
  Peer peer(admin);
  peer.send(kScrape);
  EXPECT_EQ(peer.status(), 200);
  EXPECT_TRUE(peer.closed());
}

TEST(AdminServer, APeerThatDoesNotReadIsCutOff) {
  AdminServer::Limits limits;
  limits.request = 150ms;
  limits.connections = 1;  // so that another one is served when this one is gone, and not before
  Admin admin(on_free_port(), limits);
  admin.metrics = std::string(64 << 20, 'm');
  Peer peer(admin);
  peer.send(kScrape);
  peer.wait_for_bytes();  // and reads none
  auto serves_another = [&] {
    Peer another(admin);
    another.send("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n");
    return another.status() == 200;
  };
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (!serves_another() && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(peer.status(), 0);
}

TEST(AdminServer, OfTooManyConnectionsTheOneThatWaitsLongestGivesWay) {
  Admin admin;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 16; ++i) {
    peers.push_back(std::make_unique<Peer>(admin));
    peers.back()->send(i % 2 == 0 ? "GET / HT" : "");
  }
  Peer prometheus(admin);
  prometheus.send(kScrape);
  EXPECT_EQ(prometheus.status(), 200);
  EXPECT_TRUE(peers[0]->closed());
  peers[15]->send(kScrape);
  EXPECT_EQ(peers[15]->status(), 200);
}

TEST(AdminServer, HundredsOfSilentPeersKeepNobodyOut) {
  Admin admin;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 300; ++i) {
    peers.push_back(std::make_unique<Peer>(admin));
    if (i % 50 != 49) continue;
    Peer prometheus(admin);
    prometheus.send(kScrape);
    EXPECT_EQ(prometheus.status(), 200);
  }
}

TEST(AdminServer, RefusedPeersThatDoNotLeaveKeepNobodyOut) {
  Admin admin;
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 40; ++i) {
    peers.push_back(std::make_unique<Peer>(admin));
    peers.back()->send("garbage\r\n\r\n");
    EXPECT_EQ(peers.back()->status(), 400);
  }
  Peer prometheus(admin);
  prometheus.send(kScrape);
  EXPECT_EQ(prometheus.status(), 200);
}

TEST(AdminServer, ConnectionsAtWorkAreNotCutOffForNewOnes) {
  AdminServer::Limits limits;
  limits.connections = 1;
  limits.request = 100ms;  // shorter than the reload, which has no time-out
  Admin admin(on_free_port(), limits);
  admin.reload_takes = 300ms;
  Peer reloading(admin);
  reloading.send("POST /-/reload HTTP/1.1\r\nHost: h\r\n\r\n");
  Peer other(admin);
  EXPECT_TRUE(other.closed());
  EXPECT_EQ(reloading.status(), 200);
}

TEST(AdminServer, AReloadAnswersWithItsErrors) {
  Admin admin;
  Peer peer(admin);
  peer.send("POST /-/reload HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  AdminResponse response = peer.answer();
  EXPECT_EQ(response.result_int(), 500u);
  EXPECT_THAT(response.body(), HasSubstr("a.yaml:1:1: sinks: none"));
}

TEST(AdminServer, StopsWhileARequestAndAReloadAreUnderWay) {
  auto admin = std::make_unique<Admin>();
  admin->reload_takes = 1h;
  Peer half(*admin);
  half.send("GET /");
  Peer reloading(*admin);
  reloading.send("POST /-/reload HTTP/1.1\r\nHost: h\r\n\r\n");
  Peer asking(*admin);
  asking.send(kScrape);
  EXPECT_EQ(asking.status(), 200);
  admin.reset();
  EXPECT_TRUE(half.closed());
  EXPECT_TRUE(reloading.closed());
}

TEST(AdminServer, AnAddressThatIsTakenIsAClearError) {
  Admin admin;
  AdminConfig config;
  config.listen.port = std::to_string(admin.endpoint().port());
  try {
    Admin second(config);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("admin: cannot listen on 127.0.0.1:" + config.listen.port +
                                        ": Address already in use"));
    EXPECT_THAT(error.what(), HasSubstr("admin.listen"));
  }
}

TEST(AdminServer, AHostThatDoesNotResolveIsAClearError) {
  AdminConfig config = on_free_port();
  config.listen.host = "no-such-host.invalid";
  EXPECT_THROW(Admin second(config), std::runtime_error);
}

TEST(AdminServer, AStarIsEveryAddress) {
  AdminConfig config = on_free_port();
  config.listen.host = "*";
  Admin admin(config);
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    asio::io_context context;
    tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect({asio::ip::make_address(address), admin.endpoint().port()}, error);
    EXPECT_FALSE(error) << address << ": " << error.message();
  }
}

/// A client that trusts `authority`; nothing if the handshake fails.
std::string scrape_by_tls(const Admin& admin, const CertificateAuthority& authority,
                          int max_version, const CertificateAuthority::Files* own = nullptr) {
  asio::io_context context;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.load_verify_file(authority.path());
  tls.set_verify_mode(asio::ssl::verify_peer);
  SSL_CTX_set_max_proto_version(tls.native_handle(), max_version);
  if (own != nullptr) {
    tls.use_certificate_chain_file(own->certificate);
    tls.use_private_key_file(own->key, asio::ssl::context::pem);
  }
  asio::ssl::stream<tcp::socket> stream(context, tls);
  stream.lowest_layer().connect(admin.endpoint());
  error_code error;
  stream.handshake(asio::ssl::stream_base::client, error);
  if (error) return "";
  asio::write(stream, asio::buffer(kScrape), error);
  boost::beast::flat_buffer buffer;
  AdminResponse response;
  http::read(stream, buffer, response, error);
  return error ? "" : response.body();
}

AdminConfig with_tls(const CertificateAuthority::Files& files) {
  AdminConfig config = on_free_port();
  config.listen.transport = Address::Transport::tls;
  config.tls.certificate = files.certificate;
  config.tls.key = files.key;
  return config;
}

TEST(AdminServer, SpeaksTlsFromVersion12On) {
  TempDir folder;
  CertificateAuthority authority(folder);
  Admin admin(with_tls(authority.issue("127.0.0.1", "server")));
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION), "redactd_x_total 1\n");
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_2_VERSION), "redactd_x_total 1\n");
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_1_VERSION), "");
  Peer plain(admin);
  plain.send(kScrape);
  EXPECT_EQ(plain.status(), 0);
}

TEST(AdminServer, AsksForAClientCertificateWhereOneIsRequired) {
  TempDir folder;
  CertificateAuthority authority(folder);
  AdminConfig config = with_tls(authority.issue("127.0.0.1", "server"));
  config.tls.ca = authority.path();
  config.tls.client_certificate = TlsConfig::ClientCertificate::required;
  config.tls.peer_names = {"prometheus.example"};
  Admin admin(config);
  auto right = authority.issue("prometheus.example", "right");
  auto wrong = authority.issue("other.example", "wrong");
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION, &right), "redactd_x_total 1\n");
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION, &wrong), "");
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION), "");
}

TEST(AdminServer, AReloadTakesANewCertificateAndKeepsTheOldOneIfItIsBad) {
  TempDir folder;
  CertificateAuthority authority(folder);
  TempDir other_folder;
  CertificateAuthority other(other_folder);
  Admin admin(with_tls(authority.issue("127.0.0.1", "server")));
  AdminConfig bad = with_tls({folder.path("missing.pem"), folder.path("missing.key")});
  EXPECT_THROW(admin.reload(bad), std::runtime_error);
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION), "redactd_x_total 1\n");
  admin.reload(with_tls(other.issue("127.0.0.1", "server")));
  EXPECT_EQ(scrape_by_tls(admin, authority, TLS1_3_VERSION), "") << "signed by somebody else now";
  EXPECT_EQ(scrape_by_tls(admin, other, TLS1_3_VERSION), "redactd_x_total 1\n");
}

TEST(AdminServer, AReloadTakesANewToken) {
  Admin admin;
  AdminConfig config = on_free_port();
  config.token = "made-up-token";
  admin.reload(config);
  Peer peer(admin);
  peer.send(kScrape);
  EXPECT_EQ(peer.status(), 401);
  peer.send("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer made-up-token\r\n\r\n");
  EXPECT_EQ(peer.status(), 200);
}

}  // namespace
}  // namespace redactd::test
