#include "daemon/sinks/name_lookup.h"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "daemon/process/block_signals.h"

namespace redactd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

// What an answer that came too late is good for.
constexpr std::chrono::minutes kFresh{1};

bool numeric(const Address& to, TcpAddresses& found) {
  error_code error;
  asio::ip::address address = asio::ip::make_address(to.host, error);
  uint16_t port = 0;
  const char* end = to.port.data() + to.port.size();
  if (error || std::from_chars(to.port.data(), end, port).ptr != end) return false;
  found.assign(1, {address, port});
  return true;
}

error_code ask_system(const Address& to, TcpAddresses& found) {
  asio::io_context context;
  tcp::resolver resolver(context);
  error_code error;
  for (const auto& result : resolver.resolve(to.host, to.port, error))
    found.push_back(result.endpoint());
  return error;
}

}  // namespace

/// Shared with the thread, which may outlive all else.
struct NameLookup::Question {
  explicit Question(IoExecutor executor) : home(executor) {}

  void answer(error_code result, TcpAddresses found) {
    std::lock_guard lock(mutex);
    if (!home) return;
    error = result;
    addresses = std::move(found);
    answered = Clock::now();
    asio::post(*home, [self = self.lock()] {
      for (Timer* timer : self->waiting) timer->cancel();
    });
  }
  bool is_answered() {
    std::lock_guard lock(mutex);
    return answered.has_value();
  }
  bool is_stale() {
    std::lock_guard lock(mutex);
    return answered && Clock::now() - *answered > kFresh;
  }
  void leave() {
    std::lock_guard lock(mutex);
    home.reset();
  }

  std::mutex mutex;
  std::optional<IoExecutor> home;  // empty: nobody asks any more
  error_code error;
  TcpAddresses addresses;
  std::optional<Clock::time_point> answered;
  std::weak_ptr<Question> self;
  std::vector<Timer*> waiting;  // of the home thread alone
};

class NameLookup::Waiting {
 public:
  Waiting(std::shared_ptr<Question> question, Milliseconds time, const IoExecutor& home)
      : question_(std::move(question)), timer_(home) {
    timer_.expires_after(time);
    question_->waiting.push_back(&timer_);
  }
  ~Waiting() { std::erase(question_->waiting, &timer_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  Timer& timer() { return timer_; }

 private:
  std::shared_ptr<Question> question_;
  Timer timer_;
};

NameLookup::NameLookup() : NameLookup(ask_system) {}

NameLookup::NameLookup(Ask ask) : ask_(std::move(ask)) {}

NameLookup::~NameLookup() {
  if (question_) question_->leave();
}

Awaitable<error_code> NameLookup::find(const Address& to, Milliseconds time, IoExecutor home,
                                       TcpAddresses& found) {
  if (numeric(to, found)) co_return error_code();
  error_code error;
  if (!question_ || question_->is_stale()) error = begin(to, home);
  std::shared_ptr<Question> question = question_;
  if (question && !question->is_answered()) {
    Waiting waiting(question, time, home);
    co_await waiting.timer().async_wait(kAwait);
  }
  if (question) error = asio::error::timed_out;
  if (question && question->is_answered()) {
    error = question->error;
    if (!error) last_ = question->addresses;
    if (question_ == question) question_.reset();
  }
  found = last_;
  co_return last_.empty() ? error : error_code();
}

error_code NameLookup::begin(const Address& to, const IoExecutor& home) {
  question_ = std::make_shared<Question>(home);
  question_->self = question_;
  try {
    std::thread([question = question_, ask = ask_, to] {
      block_signals();
      TcpAddresses found;
      error_code error = ask(to, found);
      question->answer(error, std::move(found));
    }).detach();
  } catch (const std::system_error& error) {
    question_.reset();
    return {error.code().value(), boost::system::system_category()};
  }
  return {};
}

}  // namespace redactd
