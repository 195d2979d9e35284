#include "daemon/known/command_loops.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "daemon/await.h"
#include "daemon/or_end.h"

namespace redactd {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds kFirstRetry{1000};  // doubles up to the command's refresh interval

asio::awaitable<void> run_into(const KnownValuesConfig::Command& command, CommandResult& result) {
  result = co_await run_command(command.argv, command.timeout);
}

}  // namespace

std::string CommandLoops::key_of(const Command& command) {
  std::string key = command.name;
  for (const std::string& word : command.argv) key += '\0' + word;
  return key;
}

void CommandLoops::run_now(const std::vector<Command>& commands) {
  asio::io_context context;
  std::vector<CommandResult> results(commands.size());
  for (size_t i = 0; i < results.size(); ++i)
    asio::co_spawn(context, run_into(commands[i], results[i]), kOrEnd);
  context.run();
  for (size_t i = 0; i < results.size(); ++i) take(commands[i], results[i]);
}

void CommandLoops::take(const Command& command, const CommandResult& result) {
  if (result.failure.empty()) {
    failing_.erase(key_of(command));
  } else {
    failing_.insert(key_of(command));
  }
  took_(command, result);
}

void CommandLoops::start(const std::vector<Command>& commands) {
  for (const Command& command : commands)
    start_one(command, is_failing(command) ? kFirstRetry : command.refresh, nullptr);
}

void CommandLoops::replace(const std::vector<Command>& commands,
                           const std::function<bool(const std::string& key)>& has_value,
                           const std::shared_ptr<void>& first_runs) {
  std::map<std::string, std::shared_ptr<Loop>> old;
  old.swap(loops_);
  for (const Command& command : commands) {
    auto before = old.find(key_of(command));
    if (before != old.end() && before->second->command == command) {
      loops_.insert(old.extract(before));
    } else if (has_value(key_of(command)) && !is_failing(command)) {
      start_one(command, command.refresh, nullptr);
    } else {
      start_one(command, Milliseconds(0), first_runs);
    }
  }
  for (const auto& [key, loop] : old) end_one(*loop);
}

void CommandLoops::stop() {
  for (const auto& [key, loop] : loops_) end_one(*loop);
  loops_.clear();
}

void CommandLoops::start_one(const Command& command, Milliseconds delay,
                             std::shared_ptr<void> first_run) {
  auto loop = std::make_shared<Loop>(command);
  loop->first_run = std::move(first_run);
  loops_[key_of(command)] = loop;
  asio::co_spawn(control_, run_again(loop, delay),
                 asio::bind_cancellation_slot(loop->end.slot(), kOrEnd));
}

void CommandLoops::end_one(Loop& loop) {
  loop.ended = true;
  loop.first_run = nullptr;
  loop.end.emit(asio::cancellation_type::terminal);
}

/// May outlive the CommandLoops: it is there as long as the loop has not ended.
asio::awaitable<void> CommandLoops::run_again(std::shared_ptr<Loop> loop, Milliseconds delay) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  Milliseconds retry = kFirstRetry;
  for (;;) {
    timer.expires_after(delay);
    co_await timer.async_wait(kAwaitAny);
    if (loop->ended) co_return;
    CommandResult result = co_await run_command(loop->command.argv, loop->command.timeout);
    if (loop->ended) co_return;
    take(loop->command, result);
    loop->first_run = nullptr;
    const Milliseconds refresh = loop->command.refresh;
    const bool well = result.failure.empty();
    delay = well ? refresh : std::min(retry, refresh);
    retry = well ? kFirstRetry : std::min(retry * 2, refresh);
  }
}

}  // namespace redactd
