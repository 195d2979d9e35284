#include "daemon/sinks/name_lookup.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <future>

#include "daemon/or_end.h"

namespace redactd::test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using namespace std::chrono_literals;

TcpAddresses addresses(const char* text) {
  return {asio::ip::tcp::endpoint(asio::ip::make_address(text), 514)};
}

/// A resolver that keeps each question until the test answers it, in the order they come.
class Resolver {
 public:
  NameLookup lookup() {
    return NameLookup([this](const Address&, TcpAddresses& found) {
      Answer answer = answers_.at(asked_++).get_future().get();
      found = answer.addresses;
      return answer.error;
    });
  }
  void answers(size_t question, const TcpAddresses& found) {
    answers_.at(question).set_value({{}, found});
  }
  void fails(size_t question) {
    answers_.at(question).set_value({asio::error::host_not_found, {}});
  }
  size_t asked() const { return asked_; }

 private:
  struct Answer {
    error_code error;
    TcpAddresses addresses;
  };
  std::array<std::promise<Answer>, 4> answers_;
  std::atomic<size_t> asked_{0};
};

class Names : public ::testing::Test {
 protected:
  struct Found {
    error_code error;
    TcpAddresses addresses;
  };

  Found find(Milliseconds time, const std::string& host = "name.test") {
    Found found;
    const Address endpoint{Address::Transport::tcp, host, "514", ""};
    asio::co_spawn(home_, find(endpoint, time, found), kOrEnd);
    home_.restart();
    home_.run();
    return found;
  }

  Resolver resolver_;
  asio::io_context home_;
  NameLookup lookup_ = resolver_.lookup();

 private:
  Awaitable<> find(const Address& endpoint, Milliseconds time, Found& found) {
    found.error = co_await lookup_.find(endpoint, time, home_.get_executor(), found.addresses);
  }
};

TEST_F(Names, AreAskedForAnewEachTime) {
  resolver_.answers(0, addresses("192.0.2.1"));
  resolver_.answers(1, addresses("2001:db8::1"));
  EXPECT_EQ(find(1min).addresses, addresses("192.0.2.1"));
  EXPECT_EQ(find(1min).addresses, addresses("2001:db8::1"));
}

TEST_F(Names, ThatAreNumbersAreNotAskedFor) {
  EXPECT_EQ(find(1min, "192.0.2.7").addresses, addresses("192.0.2.7"));
  EXPECT_EQ(resolver_.asked(), 0U);
}

TEST_F(Names, HaveTheirLastAddressesWhenTheAnswerIsAnError) {
  resolver_.answers(0, addresses("192.0.2.1"));
  resolver_.fails(1);
  find(1min);
  Found second = find(1min);
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.addresses, addresses("192.0.2.1"));
}

TEST_F(Names, WithoutAnyAnswerAreAnError) {
  resolver_.fails(0);
  EXPECT_EQ(find(1min).error, asio::error::host_not_found);
}

TEST_F(Names, WhoseAnswerComesTooLateHaveItTheNextTimeAndAreNotAskedForTwice) {
  EXPECT_EQ(find(1ms).error, asio::error::timed_out);
  EXPECT_EQ(find(1ms).error, asio::error::timed_out);
  resolver_.answers(0, addresses("192.0.2.1"));
  EXPECT_EQ(find(1min).addresses, addresses("192.0.2.1"));
  EXPECT_EQ(resolver_.asked(), 1U);
}

TEST(Name, WithoutAnAnswerKeepsNobodyFromGoing) {
  auto forgotten = std::make_shared<std::promise<void>>();
  std::future<void> answered = forgotten->get_future();
  std::promise<void> go;
  {
    asio::io_context home;
    NameLookup lookup([forgotten, wait = go.get_future().share()](const Address&, TcpAddresses&) {
      wait.wait();
      forgotten->set_value();
      return error_code();
    });
    const Address endpoint{Address::Transport::tcp, "name.test", "514", ""};
    TcpAddresses found;
    asio::co_spawn(
        home,
        [&]() -> Awaitable<> { co_await lookup.find(endpoint, 1ms, home.get_executor(), found); },
        kOrEnd);
    home.run();
  }
  go.set_value();
  EXPECT_EQ(answered.wait_for(1min), std::future_status::ready);
}

}  // namespace
}  // namespace redactd::test
