#pragma once

// Hyperscan, behind four small types. matcher.cc is the only file that includes hs.h.
//
// Three lifetimes: a MatchDatabase is immutable and shared by all threads; a MatchScratch belongs
// to one thread; a MatchStream belongs to one byte stream. Only streaming mode is used, without
// start-of-match, UTF-8, single-match, prefilter or literal flags: each of them has been seen to
// miss matches or to refuse useful patterns (DECISIONS.md).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct hs_database;
struct hs_scratch;
struct hs_stream;

namespace redactd {

/// Bytes that must be readable before and after every scanned buffer: the matcher has been seen to
/// read past the end near page ends (intel/hyperscan#457).
inline constexpr size_t kScanPadding = 64;

/// One expression for the matcher: Hyperscan syntax, matched on bytes, case sensitive unless it
/// says `(?i)`.
struct Expression {
  std::string pattern;
};

/// The end of a match: expression `expression` ended just before byte `end` of the stream.
struct Match {
  uint64_t end = 0;
  uint32_t expression = 0;

  friend auto operator<=>(const Match&, const Match&) = default;
};

/// The matcher refused a pattern, or failed while scanning. Never holds scanned bytes.
class MatchError : public std::runtime_error {
 public:
  explicit MatchError(const std::string& what, int expression = -1)
      : std::runtime_error(what), expression_(expression) {}
  /// Index of the expression at fault, -1 when it is none of them.
  int expression() const { return expression_; }

 private:
  int expression_;
};

struct ExpressionWidth {
  size_t min = 0;
  size_t max = 0;  // SIZE_MAX: unbounded
};

/// `text` as an expression that matches just these bytes.
std::string escape_expression(std::string_view text);

/// Throws MatchError with the library's reason when the pattern cannot be used.
ExpressionWidth expression_width(const std::string& pattern);

/// Instruction sets a database can be compiled for, the best this machine has first.
enum class MatchTarget { avx512, avx2, generic };
MatchTarget best_match_target();

class MatchDatabase {
 public:
  /// Compiles for this machine (or for `target`). Throws MatchError.
  static MatchDatabase compile(const std::vector<Expression>& expressions);
  static MatchDatabase compile_for(const std::vector<Expression>& expressions, MatchTarget target);
  /// Only for bytes that came out of serialise() at build time and are part of this binary:
  /// deserialising untrusted bytes is not memory safe. Throws MatchError when version or processor
  /// do not fit.
  static MatchDatabase load_embedded(std::string_view bytes);
  std::string serialise() const;

  const hs_database* get() const { return database_.get(); }
  /// Bytes of memory.
  size_t bytes() const;
  /// Bytes of state that each open stream holds.
  size_t stream_bytes() const;
  /// Of no other database in this process, now or later.
  uint64_t number() const { return number_; }

 private:
  struct Free {
    void operator()(hs_database* database) const;
  };
  explicit MatchDatabase(hs_database* database);
  std::unique_ptr<hs_database, Free> database_;
  uint64_t number_ = 0;
};

/// Working memory for scans; one per thread, never used by two scans at once.
class MatchScratch {
 public:
  MatchScratch() = default;
  /// Fits the same databases, without the look at all their bytes that fit() costs. No scan may use
  /// the other one meanwhile. Throws MatchError.
  MatchScratch(const MatchScratch& other);
  MatchScratch& operator=(const MatchScratch&) = delete;
  /// Grows the scratch so that it fits `database` too. Throws MatchError. Cheap for one of the last
  /// that it was made to fit.
  void fit(const MatchDatabase& database);
  hs_scratch* get() const { return scratch_.get(); }

 private:
  struct Free {
    void operator()(hs_scratch* scratch) const;
  };
  std::unique_ptr<hs_scratch, Free> scratch_;
  std::deque<uint64_t> fits_;  // numbers of databases
};

/// The matcher's memory of one byte stream. The database must outlive it.
class MatchStream {
 public:
  explicit MatchStream(const MatchDatabase& database);
  ~MatchStream();
  MatchStream(MatchStream&& other) noexcept : stream_(other.stream_) { other.stream_ = nullptr; }
  MatchStream& operator=(MatchStream&&) = delete;

  /// Scans the next bytes and appends the matches that end in them. `bytes` needs kScanPadding
  /// readable bytes on both sides. Throws MatchError; the stream is then of no further use.
  void scan(std::string_view bytes, MatchScratch& scratch, std::vector<Match>& matches);

 private:
  hs_stream* stream_ = nullptr;
};

struct MatcherInfo {
  std::string version;  // as the library reports it
  std::string cpu;      // avx512 | avx2 | generic
};
MatcherInfo matcher_info();

/// Empty when the linked library is fit for use; else why it is refused and what to install.
/// Vectorscan before 5.4.13 misses matches on AVX2 and AVX-512 machines, and a missed match is a
/// leaked secret.
std::string refuse_matcher(std::string_view version);

}  // namespace redactd
