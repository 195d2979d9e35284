// The conformance table of RFC 6587's two framings and of what senders make of them, each case
// under every cut; and the bounds of a Framer.

#include "daemon/framing/framer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <random>
#include <string>

#include "tests/testing/framed.h"

namespace {
size_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
// GCC takes the two for strangers where it inlines one of them.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace redactd::test {
namespace {

using namespace std::string_literals;

constexpr size_t kM = 64;  // max_record of the table

Framer::Options options(Framing framing, size_t max_record = kM) {
  Framer::Options options;
  options.framing = framing;
  options.max_record = max_record;
  return options;
}

/// What a case delivers. Bodies that were cut or skipped tell how much of them.
struct Expected {
  std::vector<FramedRecord> records;
  FrameError error = FrameError::none;
  uint64_t empty_records = 0;
};

struct Case {
  std::string id;
  Framing framing;
  std::string bytes;
  Expected expected;
  size_t max_record = kM;
  size_t max_frame = 16 << 20;
  size_t look_ahead = Framer::kLookAhead;
  bool keep_empty = false;
};

FramedRecord whole(std::string body) { return {std::move(body), 0, 0, false}; }

Expected records(std::initializer_list<const char*> bodies) {
  Expected expected;
  for (const char* body : bodies) expected.records.push_back(whole(body));
  return expected;
}

Expected error(FrameError kind, std::vector<FramedRecord> before = {}) {
  return {std::move(before), kind, 0};
}

std::string describe(const Framed& framed) {
  std::string text;
  for (const FramedRecord& record : framed.records) {
    text += testing::PrintToString(record.body.substr(0, 80)) + " cut " +
            std::to_string(record.cut) + " skipped " + std::to_string(record.skipped) +
            (record.incomplete ? " incomplete\n" : "\n");
  }
  return text + "error " + std::string(to_string(framed.error)) + ", " +
         std::to_string(framed.empty_records) + " empty";
}

/// Whether the bytes give the same under this cut as whole; reports where not.
bool same_under(const std::vector<size_t>& cuts, std::string_view bytes,
                const Framer::Options& with, const Framed& as_whole) {
  std::string broken;
  Framed framed = frame(bytes, cuts, with, broken);
  EXPECT_EQ(broken, "");
  EXPECT_TRUE(framed == as_whole) << "cut at " << testing::PrintToString(cuts) << ":\n"
                                  << describe(framed) << "\nwhole:\n"
                                  << describe(as_whole);
  return broken.empty() && framed == as_whole;
}

std::vector<size_t> some_cuts(std::mt19937& random, size_t size) {
  std::vector<size_t> cuts(random() % 12 + 1);
  for (size_t& cut : cuts) cut = random() % (size + 1);
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

/// Whole, in two reads at every byte, in reads of one byte with empty ones between, and in 200
/// random sets of reads. Returns what came out whole.
Framed frame_under_every_cut(std::string_view bytes, const Framer::Options& with) {
  std::string broken;
  Framed as_whole = frame(bytes, {}, with, broken);
  EXPECT_EQ(broken, "");
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    if (!same_under({cut}, bytes, with, as_whole)) return as_whole;
  }
  std::vector<size_t> each;
  for (size_t at = 0; at < bytes.size(); ++at) each.insert(each.end(), {at, at});
  if (!same_under(each, bytes, with, as_whole)) return as_whole;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    if (!same_under(some_cuts(random, bytes.size()), bytes, with, as_whole)) break;
  }
  return as_whole;
}

std::string digits(size_t count) {
  std::string text;
  while (text.size() < count) text += "0123456789";
  return text.substr(0, count);
}

std::string counted(const std::string& body) { return std::to_string(body.size()) + ' ' + body; }

std::vector<Case> octet_counting_cases() {
  const Framing octet = Framing::octet_counting;
  const std::string line = "0123456789ABCDE\n";
  const std::string smuggled = "thisshouldbeskipped3 xyz3 abcdef";
  const std::string latin2 = "\xe1rv\xedzt\xfbr\xf5t\xfck\xf6rf\xfar\xf3g\xe9p";
  const std::string ucs4 = "\0\0\0\xe1\0\0\0r\0\0\0\n\0\0\1\x71"s;
  return {
      {"OC01 the LF inside the count stays", octet, "7 foobar\n", records({"foobar\n"})},
      {"OC02 two frames", octet, "16 " + line + "16 " + line,
       records({"0123456789ABCDE\n", "0123456789ABCDE\n"})},
      {"OC03 no separator is needed", octet, "2 ab16 0123456789ABCDEF",
       records({"ab", "0123456789ABCDEF"})},
      {"OC04 a read ends behind a count", octet, "6 01234\n4 123\n", records({"01234\n", "123\n"})},
      {"OC05 a read ends inside a count", octet, "7 012345\n4 123\n",
       records({"012345\n", "123\n"})},
      {"OC06 digits in a body are no count", octet, "28 abcdefghijklm3 nopqrstuvwxyz",
       records({"abcdefghijklm3 nopqrstuvwxyz"})},
      {"OC07 what is beyond the limit is never read as a count",
       octet,
       counted(smuggled) + "3 abc",
       {{{smuggled.substr(0, 8), 0, smuggled.size() - 8, false}, whole("abc")}},
       8,
       16 << 20,
       0},
      {"OC08 both LFs are counted", octet, "10 01234567\n\n", records({"01234567\n\n"})},
      {"OC09 NULs are data", octet, "10 01234567\0\0"s, {{whole("01234567\0\0"s)}}},
      {"OC10 zero", octet, "0 <13>x", error(FrameError::zero_count)},
      {"OC11 zeros before the count", octet, "007 foobar\n", error(FrameError::leading_zero)},
      {"OC12 a thousand zeros", octet, std::string(1000, '0') + "200000 <120>x",
       error(FrameError::leading_zero)},
      {"OC13 twelve digits", octet, "214000000000 <120>x", error(FrameError::count_too_large)},
      {"OC13 ten digits", octet, "2000000010 <120>x", error(FrameError::count_too_large)},
      {"OC13 the tenth digit is enough", octet, "1234567890", error(FrameError::count_too_large)},
      {"OC13 beyond 31 bits", octet, "4000000000 <120>x", error(FrameError::count_too_large)},
      {"OC14 near 64 bits", octet, "1844674407370955161 x", error(FrameError::count_too_large)},
      {"OC14 beyond 64 bits", octet, "18446744073709551616 x", error(FrameError::count_too_large)},
      {"OC15 no wrap at 32 bits", octet, "4294967301 hello", error(FrameError::count_too_large)},
      {"OC16 above max_frame", octet, "100000000 too long\n", error(FrameError::count_too_large)},
      {"OC16 one above max_frame", octet, "65 x", error(FrameError::count_too_large), kM, kM},
      {"OC16 max_frame itself", octet, counted(digits(64)), {{whole(digits(64))}}, kM, kM},
      {"OC16 behind a good frame", octet, "1 a65 x",
       error(FrameError::count_too_large, {whole("a")}), kM, kM},
      {"OC17 a letter behind the digit", octet, "1q 0123456789", error(FrameError::bad_count)},
      {"OC18 a tab for the space", octet, "12\t<13>abcdefgh", error(FrameError::bad_count)},
      {"OC18 no space", octet, "12<13>abcdefgh", error(FrameError::bad_count)},
      {"OC19 no skipping to the next space", octet, "232>1 zork", error(FrameError::bad_count)},
      {"OC20 a count that is too small", octet, "1 <23>4\n1 <23>4\n",
       error(FrameError::bad_count, {whole("<")})},
      {"OC21 cut at 32",
       octet,
       counted(digits(48)) + "2 ok",
       {{{digits(32), 16, 0, false}, whole("ok")}},
       32},
      {"OC21 cut at 32, seen to 40",
       octet,
       counted(digits(48)) + "2 ok",
       {{{digits(32), 8, 8, false}, whole("ok")}},
       32,
       16 << 20,
       8},
      {"OC21 cut at 32 at the end of the stream",
       octet,
       "2 ok" + counted(digits(48)),
       {{whole("ok"), {digits(32), 16, 0, false}}},
       32},
      {"OC22 cut between frames of one byte",
       octet,
       "1 07 1abcdef1 2",
       {{whole("0"), {"1a", 5, 0, false}, whole("2")}},
       2},
      {"OC22 seen one byte further",
       octet,
       "1 07 1abcdef1 2",
       {{whole("0"), {"1a", 1, 4, false}, whole("2")}},
       2,
       16 << 20,
       1},
      {"OC23 one byte below the limit", octet, counted(digits(63)), {{whole(digits(63))}}},
      {"OC23 the limit", octet, counted(digits(64)), {{whole(digits(64))}}},
      {"OC23 one byte above the limit", octet, counted(digits(65)), {{{digits(64), 1, 0, false}}}},
      {"OC23 one byte above what is seen",
       octet,
       counted(digits(68)),
       {{{digits(64), 3, 1, false}}},
       kM,
       16 << 20,
       3},
      {"OC24 the space is not counted", octet,
       "43 <6>1 - - - - - - hello, this is a message!!43 <6>1 - - - - - - hello, this is a "
       "message!!",
       records({"<6>1 - - - - - - hello, this is a message!!",
                "<6>1 - - - - - - hello, this is a message!!"})},
      {"OC25 an LF behind the frame", octet, "5 hello\n5 world\n", records({"hello", "world"})},
      {"OC25 only one LF", octet, "5 hello\n\n5 world\n",
       error(FrameError::bad_count, {whole("hello")})},
      {"OC25 no LF before the first frame", octet, "\n5 hello", error(FrameError::bad_count)},
      {"OC26 the LF in a read of its own", octet, "5 hello\n5 world", records({"hello", "world"})},
      {"OC27 CR LF behind the frame", octet, "5 hello\r\n5 world\r\n", records({"hello", "world"})},
      {"OC27 a CR alone", octet, "5 hello\r5 world",
       error(FrameError::bad_count, {whole("hello")})},
      {"OC27 two CRs", octet, "5 hello\r\r\n5 world",
       error(FrameError::bad_count, {whole("hello")})},
      {"OC27 the stream ends behind the CR", octet, "5 hello\r", records({"hello"})},
      {"OC28 the stream ends inside a body", octet, "5 hel", {{{"hel", 0, 0, true}}}},
      {"OC29 the same behind a whole frame",
       octet,
       "2 ok\n5 hel",
       {{whole("ok"), {"hel", 0, 0, true}}}},
      {"OC28 beyond the limit", octet, "99 " + digits(80), {{{digits(64), 16, 0, true}}}},
      {"OC28 beyond what is seen",
       octet,
       "99 " + digits(80),
       {{{digits(64), 4, 12, true}}},
       kM,
       16 << 20,
       4},
      {"OC28 inside a count", octet, "2 ok12", records({"ok"})},
      {"OC28 behind a count", octet, "2 ok12 ", records({"ok"})},
      {"OC28 at once", octet, "", {}},
      {"OC30 no UTF-8", octet, "4 \xf0\x28\x8c\xbc", records({"\xf0\x28\x8c\xbc"})},
      {"OC31 UTF-8", octet, counted("árvíztűrőtükörfúrógép"), records({"árvíztűrőtükörfúrógép"})},
      {"OC31 ISO-8859-2", octet, counted(latin2), {{whole(latin2)}}},
      {"OC31 UCS-4", octet, counted(ucs4) + "2 ok", {{whole(ucs4), whole("ok")}}},
      {"OC33 an LF inside the body ends nothing", octet, counted("<13>a\nkey=value\nb") + "1 c",
       records({"<13>a\nkey=value\nb", "c"})},
      {"OC a space first", octet, " 5 hello", error(FrameError::bad_count)},
      {"OC two spaces", octet, "5  hello", {{whole(" hell")}, FrameError::bad_count}},
      {"OC a sign", octet, "+5 hello", error(FrameError::bad_count)},
      {"OC a line where a count is due", octet, "<13>hello\n", error(FrameError::bad_count)},
      {"OC one zero and the end", octet, "0", records({})},
      {"OC a zero and a letter", octet, "0x1 hello", error(FrameError::bad_count)},
  };
}

std::vector<Case> line_cases() {
  const Framing lf = Framing::newline;
  const Framing automatic = Framing::automatic;
  std::string numbers;
  Expected twenty;
  for (int i = 0; i < 20; ++i) {
    numbers += std::to_string(i) + "\n";
    twenty.records.push_back(whole(std::to_string(i)));
  }
  const std::string before = "<13>" + std::string(kM - 4, 'x');
  return {
      {"LF01 two lines", lf, "<13>a\n<13>b\n", records({"<13>a", "<13>b"})},
      {"LF02 the last line without LF", lf, "<165>1 - a\n<165>1 - last",
       records({"<165>1 - a", "<165>1 - last"})},
      {"LF03 the CR stays", lf, "01234567\r\nab\r\r\n", records({"01234567\r", "ab\r\r"})},
      {"LF04 a NUL before the LF", lf, "01234567\0\n"s, {{whole("01234567\0"s)}}},
      {"LF04 a NUL behind the LF", lf, "01234567\n\0"s, {{whole("01234567"), whole("\0"s)}}},
      {"LF05 NUL ends the record", Framing::nul, "a\0b\0"s, records({"a", "b"})},
      {"LF05 an LF inside is data",
       Framing::nul,
       "a\nb\0\0c\r\n\0d"s,
       {{whole("a\nb"), whole("c\r\n"), whole("d")}, FrameError::none, 1}},
      {"LF05 cut",
       Framing::nul,
       digits(48) + "\0ok\0"s,
       {{{digits(32), 3, 13, false}, whole("ok")}},
       32,
       16 << 20,
       3},
      {"LF05 a CR alone is data", Framing::nul, "\r\0a\0"s, records({"\r", "a"})},
      {"LF07 empty lines are counted",
       lf,
       "\n\n\n<13>a\n",
       {{whole("<13>a")}, FrameError::none, 3}},
      {"LF07 also between and at the end",
       lf,
       "a\n\nb\n\n\n",
       {{whole("a"), whole("b")}, FrameError::none, 3}},
      {"LF07 a CR alone is empty",
       lf,
       "a\r\n\r\n\rb\r\n\r\n\r",
       {{whole("a\r"), whole("\rb\r")}, FrameError::none, 3}},
      {"LF07 empty lines are kept on demand", lf, "\n\na\n\r\n\n\r",
       records({"", "", "a", "\r", "", "\r"}), kM, 16 << 20, Framer::kLookAhead, true},
      {"LF07 empty records of nul too", Framing::nul, "\0a\0\0"s, records({"", "a", ""}), kM,
       16 << 20, Framer::kLookAhead, true},
      {"LF08 no byte of a long line is left over",
       lf,
       before + digits(40) + "\n<13>next\n",
       {{{before, 40, 0, false}, whole("<13>next")}}},
      {"LF08 nothing is seen of what is beyond",
       lf,
       before + digits(40) + "\n<13>next\n",
       {{{before, 0, 40, false}, whole("<13>next")}},
       kM,
       16 << 20,
       0},
      {"LF08 the last line", lf, before + digits(40), {{{before, 8, 32, false}}}, kM, 16 << 20, 8},
      {"LF08 exactly the limit",
       lf,
       before + "\n" + before + "\n",
       {{whole(before), whole(before)}}},
      {"LF09 digits at the limit are no count",
       automatic,
       before + "9876543210 abc\n<13>b\n",
       {{{before, 14, 0, false}, whole("<13>b")}}},
      {"LF09 nor with nothing seen beyond",
       automatic,
       before + "9 876543210 abc\n<13>b\n",
       {{{before, 0, 15, false}, whole("<13>b")}},
       kM,
       16 << 20,
       0},
      {"LF12 digits are text", lf, numbers, twenty},
      {"LF13 a date is no count", automatic, "2020-07-13,15:20:17,x\n",
       error(FrameError::bad_count)},
      {"LF13 and text in lines", lf, "2020-07-13,15:20:17,x\n", records({"2020-07-13,15:20:17,x"})},
      {"LF13 a time in seconds is no count", automatic, "1700000000 x\n",
       error(FrameError::count_too_large)},
      {"LF16 lines stay lines",
       automatic,
       "<55> abc\n01234567\n5 hello\n01234567\0abcdef"s,
       {{whole("<55> abc"), whole("01234567"), whole("5 hello"), whole("01234567\0abcdef"s)}}},
      {"LF17 a count stays a count",
       automatic,
       "32 " + digits(32) + "5 <13>a",
       {{whole(digits(32)), whole("<13>a")}}},
      {"LF17 a zero is text", automatic, "0 a\n7 b\n", records({"0 a", "7 b"})},
      {"LF17 nothing comes", automatic, "", {}},
      {"LF19 PROXY 1", automatic, "PROXY TCP4 192.0.2.1 192.0.2.2 5555 514\r\n<13>a\n",
       error(FrameError::proxy_header)},
      {"LF19 PROXY 1 over IPv6", lf, "PROXY TCP6 ::1 ::1 5555 514\r\n<13>a\n",
       error(FrameError::proxy_header)},
      {"LF19 PROXY 1 of unknown kind", lf, "PROXY UNKNOWN\r\n<13>a\n",
       error(FrameError::proxy_header)},
      {"LF19 PROXY 1 before counts", Framing::octet_counting,
       "PROXY TCP4 192.0.2.1 192.0.2.2 5555 514\r\n5 <13>a", error(FrameError::proxy_header)},
      {"LF19 PROXY 1 before NULs", Framing::nul, "PROXY TCP4 192.0.2.1 192.0.2.2 5555 514\r\na\0"s,
       error(FrameError::proxy_header)},
      {"LF19 PROXY 2",
       automatic,
       "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c<13>a\n"s,
       {{}, FrameError::proxy_header, 2}},
      {"LF19 PROXY 2 before counts", Framing::octet_counting, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"s,
       error(FrameError::proxy_header)},
      {"LF19 PROXY 2 before NULs", Framing::nul, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"s,
       error(FrameError::proxy_header)},
      {"LF19 almost PROXY", lf, "PROXY TCP5 x\nPROXY TCP4 x\n",
       records({"PROXY TCP5 x", "PROXY TCP4 x"})},
      {"LF19 the begin of PROXY and the end", lf, "PROXY TC", records({"PROXY TC"})},
      {"LF19 the begin of PROXY and a line", lf, "PROXY\nb\n", records({"PROXY", "b"})},
      {"LF19 the begin of PROXY before counts", Framing::octet_counting, "PROXY", records({})},
      {"LF19 almost PROXY before counts", Framing::octet_counting, "PR5 hello",
       error(FrameError::bad_count)},
      {"LF19 empty lines are no PROXY 2",
       lf,
       "\r\n\r\n<13>a\n",
       {{whole("<13>a")}, FrameError::none, 2}},
      {"TL02 TLS on a plain port", automatic, "\x16\x03\x01\x02\0\x01\0\x01\xfc"s,
       error(FrameError::tls_handshake)},
      {"TL02 TLS where counts are due", Framing::octet_counting, "\x16\x03\x03"s,
       error(FrameError::tls_handshake)},
      {"TL02 one such byte is text", lf, "\x16x\n\x16\x03\n", records({"\x16x", "\x16\x03"})},
      {"P03 structured data that never closes", lf, "<13>1 - - - - - [x a=\"b\n[]\n",
       records({"<13>1 - - - - - [x a=\"b", "[]"})},
      {"P04 no priority", automatic, "<999>x\n<-1>x\n<>x\n<1",
       records({"<999>x", "<-1>x", "<>x", "<1"})},
      {"P07 the sizes every receiver must take",
       Framing::octet_counting,
       counted(digits(480)) + counted(digits(2048)),
       {{whole(digits(480)), whole(digits(2048))}},
       8192},
  };
}

void check(const Case& test) {
  SCOPED_TRACE(test.id);
  Framer::Options with = options(test.framing, test.max_record);
  with.max_frame = test.max_frame;
  with.look_ahead = test.look_ahead;
  with.keep_empty = test.keep_empty;
  Framed framed = frame_under_every_cut(test.bytes, with);
  Framed expected{test.expected.records, test.expected.error, test.expected.empty_records,
                  framed.framing};
  EXPECT_TRUE(framed == expected) << describe(framed) << "\nexpected:\n" << describe(expected);
}

TEST(Conformance, OfOctetCounting) {
  for (const Case& test : octet_counting_cases()) check(test);
}

TEST(Conformance, OfLines) {
  for (const Case& test : line_cases()) check(test);
}

TEST(Framer, SaysWhatAutomaticBecame) {
  for (auto [first, framing] : {std::pair{"1", Framing::octet_counting},
                                {"9", Framing::octet_counting},
                                {":", Framing::newline},
                                {"<", Framing::newline},
                                {"0", Framing::newline},
                                {"", Framing::automatic}}) {
    std::string broken;
    EXPECT_EQ(frame(first, {}, options(Framing::automatic), broken).framing, framing) << first;
  }
}

TEST(Framer, LooksForOtherProtocolsOnlyOnTheNetwork) {
  Framer::Options file = options(Framing::newline);
  file.network = false;
  file.keep_empty = true;
  for (const std::string& line :
       {"PROXY TCP4 is what it said"s, "\x16\x03"s, "\r"s, "PROXY UNKNOWN"s}) {
    Framed framed = frame_under_every_cut(line + "\n", file);
    EXPECT_EQ(framed.error, FrameError::none);
    ASSERT_EQ(framed.records.size(), 1u);
    EXPECT_EQ(framed.records[0].body, line);
  }
}

TEST(Framer, TakesNothingAfterAnError) {
  Framer framer(options(Framing::octet_counting));
  std::vector<char> room(100);
  std::vector<RecordEnd> ends;
  EXPECT_EQ(framer.feed("x", room, ends).error, FrameError::bad_count);
  Framer::Fed fed = framer.feed("5 hello", room, ends);
  EXPECT_EQ(fed.error, FrameError::bad_count) << "it stays";
  EXPECT_EQ(fed.size, 0u);
  framer.finish(ends);
  EXPECT_TRUE(ends.empty());
}

TEST(Framer, NamesEveryError) {
  std::vector<std::string_view> names;
  for (size_t i = 0; i < kFrameErrors; ++i) {
    names.push_back(to_string(static_cast<FrameError>(i)));
    EXPECT_EQ(std::count(names.begin(), names.end(), names.back()), 1) << names.back();
  }
}

/// OC07 and LF08 with the look-ahead that is used: far more bytes than the table's.
TEST(Framer, SkipsWhatIsBeyondTheLookAhead) {
  const size_t size = kM + Framer::kLookAhead + 1000;
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = "3 abc 12 x"[i % 10];
  const FramedRecord cut{body.substr(0, kM), Framer::kLookAhead, 1000, false};
  for (Framing framing : {Framing::octet_counting, Framing::newline, Framing::nul}) {
    std::string bytes = framing == Framing::newline ? body + "\n<13>b\n"
                        : framing == Framing::nul   ? body + "\0<13>b\0"s
                                                    : counted(body) + "5 <13>b";
    std::string broken;
    const Framed as_whole = frame(bytes, {}, options(framing), broken);
    EXPECT_EQ(as_whole.records, (std::vector{cut, whole("<13>b")})) << describe(as_whole);
    std::mt19937 random(3);
    for (int round = 0; round < 100; ++round) {
      same_under(some_cuts(random, bytes.size()), bytes, options(framing), as_whole);
    }
    for (size_t near : {kM, kM + Framer::kLookAhead, size}) {
      for (size_t cut_at = near - 10; cut_at < near + 10; ++cut_at) {
        same_under({cut_at}, bytes, options(framing), as_whole);
      }
    }
  }
}

/// OC32.
TEST(Framer, KeepsTheOrderOfManyLargeFrames) {
  constexpr size_t kLargest = 100000;
  std::mt19937 random(32);
  std::string pattern(2 * kLargest, '\0');
  for (char& c : pattern) c = static_cast<char>(random());
  Framer framer(options(Framing::octet_counting, kLargest));
  std::vector<size_t> sizes;
  std::string pending, out;
  std::vector<char> room(70000);
  std::vector<RecordEnd> ends;
  size_t seen = 0;
  bool right = true;
  auto read = [&](size_t size) {
    ends.clear();
    Framer::Fed fed = framer.feed(std::string_view(pending).substr(0, size), room, ends);
    pending.erase(0, size);
    size_t from = 0;
    for (const RecordEnd& end : ends) {
      out.append(room.data() + from, end.offset - from);
      from = end.offset;
      right = right && out.size() == sizes[seen] + 1 &&
              std::memcmp(out.data(), pattern.data() + seen % kLargest, sizes[seen]) == 0;
      out.clear();
      ++seen;
    }
    out.append(room.data() + from, fed.size - from);
  };
  for (size_t frame = 0; frame < 20000; ++frame) {
    sizes.push_back(random() % kLargest + 1);
    pending += counted(pattern.substr(frame % kLargest, sizes.back()));
    while (pending.size() > 69000) read(random() % 69000 + 1);
  }
  read(pending.size());
  EXPECT_EQ(seen, 20000u);
  EXPECT_TRUE(right);
}

/// LF10.
TEST(Framer, HoldsNothingOfAnEndlessLine) {
  const std::string read(64 * 1024, 'x');
  std::vector<char> room(read.size() + 1);
  std::vector<RecordEnd> ends;
  ends.reserve(1);
  Framer framer(options(Framing::newline));
  size_t put_out = 0;
  const size_t before = allocations;
  for (size_t size = 0; size < size_t{1} << 30; size += read.size()) {
    put_out += framer.feed(read, room, ends).size;
    ASSERT_TRUE(ends.empty());
  }
  put_out += framer.feed("\n", room, ends).size;
  EXPECT_EQ(allocations, before);
  ASSERT_EQ(ends.size(), 1u) << "it is delivered once";
  EXPECT_EQ(ends[0].cut, Framer::kLookAhead);
  EXPECT_EQ(put_out, kM + Framer::kLookAhead + 1);
  EXPECT_EQ(ends[0].skipped, (uint64_t{1} << 30) - kM - Framer::kLookAhead);
  EXPECT_FALSE(framer.in_record());
}

TEST(Framer, AllocatesNothingOnceItsEndsHaveRoom) {
  for (Framing framing : {Framing::octet_counting, Framing::newline, Framing::nul}) {
    std::string read;
    while (read.size() < 60000) {
      read += framing == Framing::octet_counting ? counted(digits(200))
              : framing == Framing::newline      ? digits(200) + "\n\n"
                                                 : digits(200) + "\0"s;
    }
    std::vector<char> room(read.size() + 1);
    std::vector<RecordEnd> ends;
    Framer framer(options(framing));
    framer.feed(read, room, ends);
    const size_t before = allocations;
    for (int i = 0; i < 10; ++i) {
      ends.clear();
      framer.feed(read, room, ends);
    }
    EXPECT_EQ(allocations, before);
  }
}

TEST(Framer, PutsOutEveryBodyWithOneLineFeed) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    size_t bodies = 0;
    size_t count = random() % 20;
    for (size_t i = 0; i < count; ++i) {
      size_t size = random() % 100 + 1;
      bodies += std::min(size, kM + 10);
      bytes += counted(digits(size));
    }
    Framer::Options with = options(Framing::octet_counting);
    with.look_ahead = 10;
    Framer framer(with);
    std::vector<char> room(bytes.size() + 1);
    std::vector<RecordEnd> ends;
    EXPECT_EQ(framer.feed(bytes, room, ends).size, bodies + count);
    EXPECT_EQ(ends.size(), count);
    EXPECT_TRUE(count == 0 || ends.back().offset == bodies + count);
  }
}

}  // namespace
}  // namespace redactd::test
