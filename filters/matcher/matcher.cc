#include "filters/matcher/matcher.h"

#include <hs.h>
#include <malloc.h>
#include <string.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "filters/byte_class.h"

namespace redactd {
namespace {

/// The state of a stream holds its last bytes.
void free_wiped(void* state) {
  if (state != nullptr) explicit_bzero(state, malloc_usable_size(state));
  std::free(state);
}
const hs_error_t kStreamsAreWiped = hs_set_stream_allocator(std::malloc, free_wiped);

constexpr size_t kRemembered = 16;  // databases that a scratch fits: those of a few rule sets
constexpr unsigned kMode = HS_MODE_STREAM;
constexpr unsigned kFlags =
    HS_FLAG_MULTILINE;  // ^ and $ stand at the ends of records, not of the stream

hs_platform_info platform_of(MatchTarget target) {
  hs_platform_info platform{};
  if (target == MatchTarget::avx512) {
    platform.cpu_features = HS_CPU_FEATURES_AVX2 | HS_CPU_FEATURES_AVX512;
  } else if (target == MatchTarget::avx2) {
    platform.cpu_features = HS_CPU_FEATURES_AVX2;
  }
  return platform;
}

void check(hs_error_t error, const char* what) {
  if (error != HS_SUCCESS) {
    throw MatchError(std::string(what) + " failed with libhs error " + std::to_string(error));
  }
}

std::string take_message(hs_compile_error_t* error, int& expression) {
  std::string message = error != nullptr ? error->message : "unknown compile error";
  expression = error != nullptr ? error->expression : -1;
  hs_free_compile_error(error);
  return message;
}

int on_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  // The callback is C and must not throw: a failed allocation stops the scan, which fails closed.
  try {
    static_cast<std::vector<Match>*>(context)->push_back({to, id});
  } catch (...) {
    return 1;
  }
  return 0;
}

}  // namespace

std::string escape_expression(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (is_alnum(c)) {
      result += c;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      result += code;
    }
  }
  return result;
}

ExpressionWidth expression_width(const std::string& pattern) {
  hs_expr_info_t* info = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_expression_info(pattern.c_str(), kFlags, &info, &error) != HS_SUCCESS) {
    int expression = -1;
    throw MatchError(take_message(error, expression), expression);
  }
  ExpressionWidth width;
  width.min = info->min_width;
  width.max = info->max_width == std::numeric_limits<unsigned>::max()
                  ? std::numeric_limits<size_t>::max()
                  : info->max_width;
  std::free(info);
  return width;
}

MatchTarget best_match_target() {
  hs_platform_info here{};
  check(hs_populate_platform(&here), "hs_populate_platform");
  if ((here.cpu_features & HS_CPU_FEATURES_AVX512) != 0) return MatchTarget::avx512;
  if ((here.cpu_features & HS_CPU_FEATURES_AVX2) != 0) return MatchTarget::avx2;
  return MatchTarget::generic;
}

MatchDatabase::MatchDatabase(hs_database* database) : database_(database) {
  static std::atomic<uint64_t> databases{0};
  number_ = databases.fetch_add(1, std::memory_order_relaxed);
}

MatchDatabase MatchDatabase::compile(const std::vector<Expression>& expressions) {
  return compile_for(expressions, best_match_target());
}

MatchDatabase MatchDatabase::compile_for(const std::vector<Expression>& expressions,
                                         MatchTarget target) {
  std::vector<const char*> patterns;
  std::vector<unsigned> flags(expressions.size(), kFlags);
  std::vector<unsigned> ids;
  for (const Expression& expression : expressions) {
    ids.push_back(static_cast<unsigned>(patterns.size()));
    patterns.push_back(expression.pattern.c_str());
  }
  hs_platform_info platform = platform_of(target);
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_multi(patterns.data(), flags.data(), ids.data(),
                       static_cast<unsigned>(patterns.size()), kMode, &platform, &database,
                       &error) != HS_SUCCESS) {
    int expression = -1;
    std::string message = take_message(error, expression);
    throw MatchError(message, expression);
  }
  return MatchDatabase(database);
}

MatchDatabase MatchDatabase::load_embedded(std::string_view bytes) {
  hs_database_t* database = nullptr;
  check(hs_deserialize_database(bytes.data(), bytes.size(), &database), "hs_deserialize_database");
  return MatchDatabase(database);
}

std::string MatchDatabase::serialise() const {
  char* bytes = nullptr;
  size_t size = 0;
  check(hs_serialize_database(database_.get(), &bytes, &size), "hs_serialize_database");
  std::string result(bytes, size);
  std::free(bytes);
  return result;
}

size_t MatchDatabase::bytes() const {
  size_t bytes = 0;
  check(hs_database_size(database_.get(), &bytes), "hs_database_size");
  return bytes;
}

size_t MatchDatabase::stream_bytes() const {
  size_t bytes = 0;
  check(hs_stream_size(database_.get(), &bytes), "hs_stream_size");
  return bytes;
}

void MatchDatabase::Free::operator()(hs_database* database) const { hs_free_database(database); }
void MatchScratch::Free::operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }

MatchScratch::MatchScratch(const MatchScratch& other) : fits_(other.fits_) {
  if (!other.scratch_) return;
  hs_scratch_t* copy = nullptr;
  check(hs_clone_scratch(other.get(), &copy), "hs_clone_scratch");
  scratch_.reset(copy);
}

/// hs_alloc_scratch() reads all of the database to see that it is whole, and each new stream asks.
void MatchScratch::fit(const MatchDatabase& database) {
  if (std::find(fits_.begin(), fits_.end(), database.number()) != fits_.end()) return;
  hs_scratch_t* scratch = scratch_.release();
  hs_error_t error = hs_alloc_scratch(database.get(), &scratch);
  scratch_.reset(scratch);
  if (error != HS_SUCCESS) fits_.clear();
  check(error, "hs_alloc_scratch");
  fits_.push_back(database.number());
  if (fits_.size() > kRemembered) fits_.pop_front();
}

MatchStream::MatchStream(const MatchDatabase& database) {
  check(kStreamsAreWiped, "hs_set_stream_allocator");
  check(hs_open_stream(database.get(), 0, &stream_), "hs_open_stream");
}

MatchStream::~MatchStream() {
  // Without a callback no end-of-data match is reported; no expression has any.
  if (stream_ != nullptr) hs_close_stream(stream_, nullptr, nullptr, nullptr);
}

void MatchStream::scan(std::string_view bytes, MatchScratch& scratch, std::vector<Match>& matches) {
  // hs takes an unsigned int length: cut far below where it would wrap.
  constexpr size_t kMost = size_t{1} << 30;
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, kMost);
    check(hs_scan_stream(stream_, part.data(), static_cast<unsigned>(part.size()), 0, scratch.get(),
                         on_match, &matches),
          "hs_scan_stream");
    bytes.remove_prefix(part.size());
  }
}

MatcherInfo matcher_info() {
  MatchTarget target = best_match_target();
  return {hs_version(), target == MatchTarget::avx512 ? "avx512"
                        : target == MatchTarget::avx2 ? "avx2"
                                                      : "generic"};
}

std::string refuse_matcher(std::string_view version) {
  if (hs_valid_platform() != HS_SUCCESS) {
    return "this processor lacks SSSE3, which libhs needs";
  }
  int major = 0;
  int minor = 0;
  int patch = 0;
  std::string text(version);
  if (std::sscanf(text.c_str(), "%d.%d.%d", &major, &minor, &patch) != 3) {
    return "libhs reports the version '" + text +
           "', which cannot be read; install Hyperscan 5.4.0";
  }
  // Hyperscan ended with 5.4.2; whatever calls itself 5.4.3 to 5.4.12 is a Vectorscan that misses
  // matches.
  bool hyperscan = major == 5 && minor == 4 && patch <= 2;
  bool sound_vectorscan = major > 5 || (major == 5 && (minor > 4 || (minor == 4 && patch >= 13)));
  if (hyperscan || sound_vectorscan) return {};
  text.erase(text.find_last_not_of(' ') + 1);
  return "libhs " + text +
         " is known to miss matches, so secrets would leak; install Hyperscan 5.4.0 to 5.4.2 "
         "(Debian: libhyperscan5) or Vectorscan 5.4.13 or newer";
}

}  // namespace redactd
