#include "daemon/run/output.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <utility>

namespace redactd {
namespace {

bool complain(const std::string& what) {
  std::cerr << "redactd: " + what + '\n';
  return false;
}

}  // namespace

Output::Output(const char* name, const Copy& copy, int done, std::shared_ptr<const RuleSet> rules,
               const FilterOptions& options)
    : name_(name),
      copy_(copy),
      done_(done),
      redactor_(std::move(rules), scratch_, options.limits),
      stats_(options.stats || options.observe),
      thread_([this] { run(); }) {}

void Output::join() {
  if (thread_.joinable()) thread_.join();
}

void Output::run() {
  try {
    succeeded_ = copy();
  } catch (const std::bad_alloc&) {
    complain("out of memory; nothing more is written to " + std::string(name_));
  } catch (const std::exception& error) {
    complain(std::string(error.what()) + "; nothing more is written to " + name_);
  }
  ended_ = true;
  eventfd_write(done_, 1);
}

bool Output::copy() {
  CopyEnd end = copy_redacted(copy_, redactor_, stats_);
  if (end.write_error == EPIPE) return true;  // the reader has seen enough
  if (end.write_error != 0)
    return complain("cannot write to " + std::string(name_) + ": " +
                    std::strerror(end.write_error));
  bool hung_up = end.read_error == EIO && isatty(copy_.from) != 0;  // so a terminal's input ends
  if (end.read_error != 0 && !hung_up)
    return complain("cannot read what goes to " + std::string(name_) + ": " +
                    std::strerror(end.read_error));
  return true;
}

}  // namespace redactd
