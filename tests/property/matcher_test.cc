// L1, of the matcher itself: releases of libhs have missed matches, at some alignments, on some
// instruction sets, over some seams. Debian's libhs has every instruction set's code under a name
// of its own, so one machine can try all that its processor has.

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <hs.h>
#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <set>

#include "filters/matcher/matcher.h"
#include "tests/testing/pattern_sampler.h"
#include "tests/testing/redact.h"

namespace redactd::test {
namespace {

using Matches = std::set<std::pair<uint64_t, uint32_t>>;  // end, expression

constexpr size_t kSamples = 3;  // of each expression
constexpr size_t kAlignments = 64;
constexpr size_t kPad = kScanPadding;

/// The scanning functions of one instruction set.
struct Variant {
  std::string name;
  MatchTarget target = MatchTarget::generic;
  decltype(&hs_open_stream) open = nullptr;
  decltype(&hs_scan_stream) scan = nullptr;
  decltype(&hs_close_stream) close = nullptr;
  decltype(&hs_scan) block = nullptr;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

template <typename Function>
void look_up(Function& function, const std::string& name) {
  function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name.c_str()));
}

/// The library's own choice, and every instruction set that library and processor have.
std::vector<Variant> variants() {
  std::vector<Variant> all = {
      {"chosen", best_match_target(), hs_open_stream, hs_scan_stream, hs_close_stream, hs_scan}};
  auto add = [&all](const char* name, MatchTarget target, bool supported) {
    Variant variant{name, target};
    std::string prefix = std::string(name) + "_hs_";
    look_up(variant.open, prefix + "open_stream");
    look_up(variant.scan, prefix + "scan_stream");
    look_up(variant.close, prefix + "close_stream");
    look_up(variant.block, prefix + "scan");
    if (supported && variant.open != nullptr && variant.scan != nullptr &&
        variant.close != nullptr && variant.block != nullptr)
      all.push_back(variant);
  };
  add("core2", MatchTarget::generic, true);
  add("corei7", MatchTarget::generic, __builtin_cpu_supports("sse4.2") != 0);
  add("avx2", MatchTarget::avx2, __builtin_cpu_supports("avx2") != 0);
  add("avx512", MatchTarget::avx512, __builtin_cpu_supports("avx512bw") != 0);
  add("avx512vbmi", MatchTarget::avx512, __builtin_cpu_supports("avx512vbmi") != 0);
  return all;
}

struct FreeScratch {
  void operator()(hs_scratch* scratch) const { hs_free_scratch(scratch); }
};
struct FreeDatabase {
  void operator()(hs_database* database) const { hs_free_database(database); }
};

int on_match(unsigned id, unsigned long long, unsigned long long to, unsigned, void* context) {
  static_cast<Matches*>(context)->emplace(to, id);
  return 0;
}

/// A database and what is needed to scan with it by one variant's code.
class Scanner {
 public:
  Scanner(const Variant& variant, const hs_database* database)
      : variant_(variant), database_(database) {
    hs_scratch_t* scratch = nullptr;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) throw std::bad_alloc();
    scratch_.reset(scratch);
  }

  /// `text` as a stream, cut before each offset in `cuts` (rising).
  Matches stream(std::string_view text, const std::vector<size_t>& cuts = {}) const {
    Matches matches;
    hs_stream_t* stream = nullptr;
    EXPECT_EQ(variant_.open(database_, 0, &stream), HS_SUCCESS);
    size_t from = 0;
    auto part = [&](size_t to) {
      EXPECT_EQ(variant_.scan(stream, text.data() + from, static_cast<unsigned>(to - from), 0,
                              scratch_.get(), on_match, &matches),
                HS_SUCCESS);
      from = to;
    };
    for (size_t cut : cuts) part(cut);
    part(text.size());
    variant_.close(stream, scratch_.get(), on_match, &matches);
    return matches;
  }

  Matches block(std::string_view text) const {
    Matches matches;
    EXPECT_EQ(variant_.block(database_, text.data(), static_cast<unsigned>(text.size()), 0,
                             scratch_.get(), on_match, &matches),
              HS_SUCCESS);
    return matches;
  }

 private:
  const Variant& variant_;
  const hs_database* database_;
  std::unique_ptr<hs_scratch, FreeScratch> scratch_;
};

/// A database for blocks, which redactd has no use for.
std::unique_ptr<hs_database, FreeDatabase> compile_block(const std::vector<Expression>& expressions,
                                                         unsigned flags = HS_FLAG_MULTILINE) {
  std::vector<const char*> patterns;
  std::vector<unsigned> all_flags(expressions.size(), flags);
  std::vector<unsigned> ids;
  for (const Expression& expression : expressions) {
    ids.push_back(static_cast<unsigned>(patterns.size()));
    patterns.push_back(expression.pattern.c_str());
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  EXPECT_EQ(hs_compile_multi(patterns.data(), all_flags.data(), ids.data(),
                             static_cast<unsigned>(patterns.size()), HS_MODE_BLOCK, nullptr,
                             &database, &error),
            HS_SUCCESS);
  return std::unique_ptr<hs_database, FreeDatabase>(database);
}

/// A string that expression `expression` matches to its end.
struct Sample {
  uint32_t expression = 0;
  std::string text;
};

/// RE2's word on whether a match of an expression ends just before byte `end`.
class Reference {
 public:
  explicit Reference(const std::string& pattern)
      : expression_("(?s:.*)(?:" + pattern + ")", options()) {}
  bool ok() const { return expression_.ok(); }
  bool ends_at(std::string_view text, size_t end) const {
    return expression_.Match(re2::StringPiece(text.data(), text.size()), 0, end, RE2::ANCHOR_BOTH,
                             nullptr, 0);
  }

 private:
  static RE2::Options options() {
    RE2::Options options;
    options.set_encoding(RE2::Options::EncodingLatin1);
    options.set_log_errors(false);
    options.set_max_mem(int64_t{256} << 20);
    return options;
  }
  RE2 expression_;
};

std::string embed(const Sample& sample, size_t lead, size_t tail = 3) {
  return std::string(kPad, '\0') + std::string(lead, ' ') + sample.text + std::string(tail, ' ') +
         std::string(kPad, '\0');
}
std::string_view inside(const std::string& embedded) {
  return std::string_view(embedded).substr(kPad, embedded.size() - 2 * kPad);
}

const std::vector<Expression>& expressions() { return builtin()->expressions(); }

/// Of every expression, with RE2's consent; drawn once.
const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::mt19937 random(20);
    std::vector<Sample> drawn;
    for (uint32_t number = 0; number < expressions().size(); ++number) {
      const std::string& pattern = expressions()[number].pattern;
      Reference reference(pattern);
      EXPECT_TRUE(reference.ok()) << pattern;
      size_t good = 0;
      for (size_t attempt = 0; attempt < 50 && good < kSamples; ++attempt) {
        Sample one{number, sample(pattern, random)};
        std::string text = " " + one.text + " ";
        if (!reference.ends_at(text, one.text.size() + 1)) continue;
        drawn.push_back(std::move(one));
        ++good;
      }
      EXPECT_EQ(good, kSamples) << "cannot draw matches of " << pattern;
    }
    return drawn;
  }();
  return all;
}

const MatchDatabase& database_for(MatchTarget target) {
  static std::map<MatchTarget, MatchDatabase> all;
  auto found = all.find(target);
  if (found == all.end())
    found = all.emplace(target, MatchDatabase::compile_for(expressions(), target)).first;
  return found->second;
}

class EveryInstructionSet : public testing::TestWithParam<Variant> {
 protected:
  Scanner scanner_{GetParam(), database_for(GetParam().target).get()};
};

TEST_P(EveryInstructionSet, FindsEachMatchAtEachAlignment) {
  size_t missed = 0;
  for (const Sample& sample : samples()) {
    for (size_t lead = 1; lead <= kAlignments; ++lead) {
      std::string text = embed(sample, lead);
      if (scanner_.stream(inside(text)).count({lead + sample.text.size(), sample.expression}) == 0)
        ++missed;
    }
    ASSERT_EQ(missed, 0u) << expressions()[sample.expression].pattern;
  }
}

TEST_P(EveryInstructionSet, FindsEachMatchHoweverItIsCut) {
  for (const Sample& sample : samples()) {
    size_t lead = 1 + sample.expression % kAlignments;
    std::string text = embed(sample, lead);
    size_t end = lead + sample.text.size();
    for (size_t cut = lead; cut <= end; ++cut) {
      std::vector<size_t> cuts = {cut};
      if (cut % 3 == 0 && cut + 1 < end) cuts.push_back(cut + 1);
      ASSERT_EQ(scanner_.stream(inside(text), cuts).count({end, sample.expression}), 1u)
          << expressions()[sample.expression].pattern << " cut at " << cut - lead;
    }
  }
}

TEST_P(EveryInstructionSet, FindsEachMatchAtTheEndOfBuffersOfEachSize) {
  size_t number = 0;
  for (const Sample& sample : samples()) {
    for (size_t lead : {size_t{1}, number % 130, 130 + number % 70, size_t{4096}}) {
      if (lead == 0) continue;
      std::string text = embed(sample, lead, 0);
      ASSERT_EQ(scanner_.stream(inside(text)).count({lead + sample.text.size(), sample.expression}),
                1u)
          << expressions()[sample.expression].pattern << " behind " << lead << " bytes";
    }
    ++number;
  }
}

/// Long texts of samples and noise, of which block mode is the judge.
std::string mixture(std::mt19937& random, size_t size) {
  std::string text;
  while (text.size() < size) {
    text += samples()[random() % samples().size()].text;
    for (size_t noise = random() % 40; noise > 0; --noise)
      text += static_cast<char>(random() % 8 == 0 ? random() % 256 : ' ' + random() % 95);
    if (random() % 4 == 0) text += '\n';
  }
  return text;
}

TEST_P(EveryInstructionSet, StreamsReportWhatBlocksDoWhereverTheyAreCut) {
  static const auto block = compile_block(expressions());
  const Variant chosen = variants().front();
  Scanner judge(chosen, block.get());
  std::mt19937 random(31);
  for (size_t round = 0; round < 40; ++round) {
    std::string text = std::string(kPad, '\0') + mixture(random, 4096) + std::string(kPad, '\0');
    Matches expected = judge.block(inside(text));
    ASSERT_GT(expected.size(), 20u);
    std::vector<size_t> cuts;
    for (size_t cut = random() % 64; cut < inside(text).size();
         cut += 1 + random() % (8 << round % 8))
      cuts.push_back(cut);
    ASSERT_EQ(scanner_.stream(inside(text), cuts), expected) << "round " << round;
    ASSERT_EQ(scanner_.stream(inside(text)), expected) << "round " << round << ", not cut";
  }
}

INSTANTIATE_TEST_SUITE_P(Matcher, EveryInstructionSet, testing::ValuesIn(variants()),
                         [](const auto& variant) { return variant.param.name; });

TEST(Matcher, AgreesWithRe2OnWhereEachMatchEnds) {
  const Variant chosen = variants().front();
  Scanner scanner(chosen, database_for(chosen.target).get());
  std::mt19937 random(5);
  for (const Sample& sample : samples()) {
    // Not only where a match is, but where none is: the sample, one byte of it another.
    std::string text = embed(sample, 2);
    text[kPad + 2 + random() % sample.text.size()] = static_cast<char>(' ' + random() % 95);
    Reference reference(expressions()[sample.expression].pattern);
    Matches found = scanner.stream(inside(text));
    for (size_t end = 1; end <= inside(text).size(); ++end) {
      ASSERT_EQ(found.count({end, sample.expression}) != 0, reference.ends_at(inside(text), end))
          << expressions()[sample.expression].pattern << " at " << end;
    }
  }
}

/// What published reports say that a release missed: an input and the expression that has to be
/// found in it, among others.
struct Report {
  const char* name;
  std::vector<Expression> expressions;
  unsigned flags;
  std::vector<std::string> inputs;
  uint32_t expected;  // the number of the expression
};

std::vector<Report> reports() {
  std::vector<std::string> hosts;
  for (size_t length = 1; length <= 100; ++length)
    hosts.push_back("curl http://" + std::string(length, 'x') + ":8000/ 2>&1 | python");
  return {
      {"VectorCamp/vectorscan#358",
       {{"<%[\\s\\S]+%>"},
        {"<[^<>]+:(include|forward|invoke|doBody|getProperty|setProperty|useBean|plugin|element|"
         "attribute|body|fallback|params|param|output|root)"},
        {"[\\$#]{[\\s\\S]+\\([\\s\\S]*\\)[\\s\\S]*}"}},
       HS_FLAG_DOTALL,
       {"<%out.print();int a%>"},
       0},
      {"VectorCamp/vectorscan#382", {{"curl.*\\|\\s*python"}}, HS_FLAG_DOTALL, hosts, 0},
      {"gliwka/hyperscan-java#231",
       {{"^.*TAPIOCA.*EX.*$"},
        {"^.*BOBA.*GUY.*$"},
        {"^.*PAYPAL.*JACQUES.*MARI.*$"},
        {"^GUCCI FRANCE.*$"},
        {"^PAYPAL \\*YVESSAINTL.*$"},
        {"^DD.*FIREHO 855-973-1040$"},
        {"^.*XING.*FU.*TAN.*$"}},
       HS_FLAG_CASELESS,
       {"TAPIOCA HOUSE TUXTLA GUTIER MEX"},
       0},
  };
}

TEST(Matcher, FindsWhatOtherReleasesAreKnownToMiss) {
  for (const Report& report : reports()) {
    auto block = compile_block(report.expressions, report.flags);
    for (const Variant& variant : variants()) {
      if (variant.target == MatchTarget::generic && best_match_target() != MatchTarget::generic)
        continue;  // the database is made for the best
      Scanner scanner(variant, block.get());
      for (const std::string& input : report.inputs) {
        for (size_t lead = 0; lead < kAlignments; ++lead) {
          // Its place in memory moves, not in the text: some of the expressions begin with ^.
          std::string text = std::string(kPad + lead, '\0') + input + std::string(kPad, '\0');
          Matches found = scanner.block(std::string_view(text).substr(kPad + lead, input.size()));
          bool any = std::any_of(found.begin(), found.end(), [&](const auto& match) {
            return match.second == report.expected;
          });
          ASSERT_TRUE(any) << report.name << ", " << variant.name << ": " << input;
        }
      }
    }
  }
}

TEST(Matcher, PairsOfBytesAreFoundOverEverySeam) {
  // VectorCamp/vectorscan#402: lost when two bytes that stand for the rest lie on both sides.
  std::vector<Expression> pairs = {
      {"ab[^\\n]*yz"}, {"[xq]k.{3}"}, {"[^a-z]k[0-9]{2}"}, {"z\\.[a-f]+9"}};
  MatchDatabase database = MatchDatabase::compile(pairs);
  auto block = compile_block(pairs);
  const Variant chosen = variants().front();
  Scanner streams(chosen, database.get());
  Scanner blocks(chosen, block.get());
  std::mt19937 random(402);
  for (size_t round = 0; round < 300; ++round) {
    std::string body(40 + random() % 200, '.');
    for (size_t i = 0; i < 6; ++i) {
      static const char* kParts[] = {"ab", "yz", "xk123", "qk", "0k77", "z.abc9"};
      std::string_view part = kParts[random() % 6];
      body.replace(random() % (body.size() - 8), part.size(), part);
    }
    std::string text = std::string(kPad, '\0') + body + std::string(kPad, '\0');
    Matches expected = blocks.block(inside(text));
    for (size_t cut = 1; cut < body.size(); ++cut)
      ASSERT_EQ(streams.stream(inside(text), {cut}), expected) << body << " cut at " << cut;
  }
}

}  // namespace
}  // namespace redactd::test
