#pragma once

// A large read, redacted by its worker together with others that have nothing to do:
//
//     | the stream's redactor | part | part | … | the stream's redactor again |
//
// Parts are whole records. Each is redacted as if no private key were open before it, by whoever
// comes to it first; so a helper that is late, or busy after all, holds nobody up.

#include <boost/asio/io_context.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/pipeline/part_redactor.h"

namespace redactd {

/// Belongs to a worker, and is used on its thread.
class ScanShare {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr size_t kPartBytes = 32 * 1024;  // about; from here on the matcher is at its best
  static constexpr size_t kMostParts = 15;

 private:
  struct Slot : PartRedactor {
    using PartRedactor::PartRedactor;
    std::string_view records;
    std::string_view view;
    std::exception_ptr error;
    bool taken = false;
    std::atomic<bool> done{false};
  };
  /// What a Read and who was asked have in common. Outlives the Read: he may come too late.
  struct Round {
    std::array<std::shared_ptr<Slot>, kMostParts> slots = {};
    size_t count = 0;
    std::atomic<size_t> next{0};
    std::atomic<size_t> by_others{0};
  };

 public:
  /// `context` is the worker's own.
  explicit ScanShare(boost::asio::io_context& context) : context_(context) {}

  /// Whom to ask. Before any thread runs; they outlive it.
  void ask(std::vector<ScanShare*> others) { others_ = std::move(others); }

  /// Whether others did a good part of the last read: then larger ones are worth while.
  bool helped() const { return helped_; }
  /// The worker is about to redact so many bytes: whether others could help. Who has had much to
  /// redact by himself of late is not asked.
  bool worth(size_t bytes, Time now);

  /// One read that is redacted together. Ends before the next one begins.
  class Read {
   public:
    /// Asks for help with the parts, at most kMostParts of complete records with kScanPadding
    /// readable bytes around them, which stay where they are until this ends. `of` is the stream's
    /// redactor, which goes on with its own part meanwhile.
    Read(ScanShare& share, const Redactor& of, std::span<const std::string_view> parts);
    ~Read() { finish(); }
    Read(const Read&) = delete;

    struct Redacted {
      Redactor& redactor;  // which has just committed the part
      std::string_view view;
    };
    /// The part of that number, once it is redacted. Throws what its redactor threw.
    Redacted take(size_t part);
    /// Waits until nobody looks at a part any more. What nobody has taken is forgotten.
    void finish();

   private:
    ScanShare& share_;
    std::shared_ptr<Round> round_;  // null: finished
  };

  /// Gives back the memory, and takes nobody's help for granted: for now and then.
  void forget();

 private:
  ScanShare* idle(Time now) const;
  static bool redact_next(Round& round);
  void help(const std::shared_ptr<Round>& round);

  boost::asio::io_context& context_;
  std::vector<ScanShare*> others_;
  std::atomic<Time> last_large_{Time::min()};  // read of the worker's own
  ScanShare* helper_ = nullptr;                // for the read at hand
  bool helped_ = false;
  std::vector<std::shared_ptr<Slot>> slots_;
};

}  // namespace redactd
