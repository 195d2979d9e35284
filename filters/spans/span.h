#pragma once

// The types that the span resolvers share. A resolver is told where an anchor ended and says how
// far the secret extends, looking at the original bytes of one record only.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/byte_gap.h"

namespace redactd {

/// Where a value without quotes stands: it decides what ends it.
struct BareContext {
  bool query : 1 = false;    // after ? or &: & ends it
  bool percent : 1 = false;  // percent-encoded text: %26 and %22 end it
  bool json : 1 = false;     // after a quoted key and a colon: , } ] end it
  bool escapes : 1 = false;  // quotes are about: \n and \" are escapes that end it
  bool markup : 1 = false;   // <key>value</key>: < ends it
  bool single_quote_ends : 1 = true;

  friend bool operator==(const BareContext&, const BareContext&) = default;
};

/// Quotes in URLs, in markup and in JSON's escapes.
inline constexpr std::string_view kEncodedQuotes[] = {
    "%22",   "%27",   "&quot;", "&#34;",  "&#39;",     "\\u0022",   "\\u0027", "&apos;",
    "\\x22", "\\x27", "&#x22;", "&#x27;", "\\\\u0022", "\\\\u0027", "\\\\x22", "\\\\x27"};

/// What closes a quoted value: `"` `'` or a backtick behind so many backslashes, the doubled quote
/// of CSV, or an encoded quote (`%22`, `&quot;`, `\u0022`, `\x22`).
struct Quote {
  char mark = 0;            // 0: not quoted
  uint8_t backslashes = 0;  // before the mark: 1 in JSON inside JSON, 3 one level deeper
  bool doubled = false;
  uint8_t spelling = 0;  // 1 and up: in kEncodedQuotes

  bool none() const { return mark == 0 && spelling == 0; }
  /// Static text; empty: the mark itself.
  std::string_view encoded() const {
    return spelling == 0 ? std::string_view() : kEncodedQuotes[spelling - 1u];
  }
  /// Bytes that the opening (and the closing) quote takes.
  size_t size() const {
    return spelling == 0 ? size_t{backslashes} + (doubled ? 2 : 1) : encoded().size();
  }
  friend bool operator==(const Quote&, const Quote&) = default;
};
inline constexpr size_t kMostBackslashes = 255;

/// Where a value begins, and what may end it.
struct Opening {
  size_t begin = 0;       // the value's first byte, past its opening quote
  Quote quote;            // what closes it; none: a bare value
  Quote outer;            // the quotes around the whole `key: value` (a header in a command line)
  BareContext bare;       // for a bare value
  bool sentence = false;  // see ValueSetting
  bool doubt = false;     // what stands between key and value proves less than an =
};

/// What a resolver sees: one record, or a window of one that is longer than the limit. A view;
/// valid while the resolver runs.
struct RecordView {
  std::string_view text;      // without the record's terminator
  bool starts_record = true;  // false: earlier bytes of the record stand before text
  bool ends_record = true;    // false: more bytes of the record follow text
  /// Bytes that the resolvers have looked at, kept by them for the resolver's budget.
  mutable size_t work = 0;
  /// The last header end that was looked for, so that a line full of headers is not looked through
  /// for each.
  struct HeaderMemo {
    size_t from = 1;
    size_t end = 0;  // less than from: nothing remembered
    bool escapes = false;
    bool single_quote_ends = false;
  };
  mutable HeaderMemo header = {};
  /// The last long bare value in which nothing depends on where it begins: another that begins
  /// inside it ends where it does.
  struct BareMemo {
    size_t from = 1;
    size_t end = 0;  // less than from: nothing remembered
    BareContext context;
  };
  mutable BareMemo bare = {};
  /// The pairs of the last cookie header that was walked through: a header among them meets those
  /// behind its first one again.
  struct PairsMemo {
    size_t begin = 0;
    size_t last = 0;        // where its last pair began; not behind begin: nothing remembered
    size_t header_end = 0;  // what it would not have gone beyond
    uint32_t rule = 0;
    Quote quote = {};
    BareContext bare = {};
    bool sentence = false;
  };
  mutable PairsMemo pairs = {};
  /// What most values do not stand among or behind.
  mutable ByteGap<'"'> double_quotes = {};
  mutable ByteGap<'\''> single_quotes = {};
  mutable ByteGap<'['> brackets = {};
  mutable ByteGap<'\\'> backslashes = {};
  mutable ByteGap<'#'> number_signs = {};
  mutable ByteGap<':'> colons = {};
  mutable Gap<BytesOf<kDigitsAndCapitals>> digits_and_capitals = {};
  mutable Gap<BytesOf<kCookieEnds>> cookie_ends = {};
  mutable Gap<BytesOf<kPathEnds>> path_ends = {};
  /// The key that was resolved last.
  struct Key {
    size_t begin = 0;
    size_t end = 0;  // 0: none
  };
  mutable Key key = {};
  /// What was asked for last of the key that ends there: the rules of one key ask for the same, and
  /// so do mostly those of a key that another one ends in.
  struct OpeningMemo {
    Key key = {};
    size_t name_begin = 0;  // of the whole name that the key ends
    bool of_name = false;   // the same for other keys that end the same name
    std::optional<Opening> opening = {};
  };
  mutable OpeningMemo opening = {};
  /// What stands behind the key that was asked for last, for all rules of the key.
  struct TailMemo {
    size_t key_end = static_cast<size_t>(-1);  // that: nothing remembered
    bool may_spell_break = false;              // a line break may be spelt out near
    bool separable = false;                    // see separator_may_follow()
  };
  mutable TailMemo tail = {};
  struct NoSecretMemo {
    size_t key_end = 0;  // 0: nothing remembered
    size_t begin = 0;    // of the longest name there that is none of a secret's
  };
  mutable NoSecretMemo no_secret = {};
  /// The last value that is masked whatever is found next, and the rule that found it.
  struct MaskedValue {
    size_t begin = 0;
    size_t end = 0;
    uint32_t rule = 0;
    Key key = {};  // that it was found behind, if it was the only one
  };
  mutable MaskedValue masked = {};
  /// The marks of one kind of quote between two places, so that they are not counted anew for each
  /// value.
  struct MarkMemo {
    size_t from = 0;
    size_t until = 0;
    size_t count = 0;
    char mark = 0;
    uint8_t backslashes = 0;
  };
  mutable MarkMemo marks = {};
  /// Up to where base64 and hexadecimal are masked, and up to where escapes have been looked at.
  mutable size_t encoded_until = 0;
  /// Up to where base64, and hexadecimal, hold nothing that a hit might tell of.
  mutable std::array<size_t, 2> clear_until = {};
  mutable size_t escapes_until = 0;
};

/// A secret still running where the window ends goes on in the next window in the same way.
struct Continuation {
  enum class How : uint8_t { none, run, quoted, bare, block, url, encoded };
  How how = How::none;
  Quote quote;
  BareContext bare;
};

/// Bytes [begin, end) of the record are a secret of rule number `rule`. Small, for a record may
/// hold very many.
struct Span {
  size_t begin = 0;
  size_t end = 0;
  uint32_t rule = 0;
  Continuation open = {};  // how != none only where end is the end of a window
  uint16_t name = 0;       // 1 and up: of the rule's names, for the mask; 0: none
};
static_assert(sizeof(Span) <= 32);

/// What became of an anchor.
enum class Verdict {
  masked,
  crosses_record,
  inside_word,
  inside_mask,
  too_short,
  too_long,
  no_separator,
  no_value,
  placeholder,
  plain_word,
  not_random,
  low_entropy,
  not_mixed,
  not_a_jwt,
  not_base64,
  not_userpass,
  not_scrambled,
  wrong_checksum,
  no_code,
  no_phrase,
  luhn_fails,
  looks_like_hash,
  no_password,
  port_number,
  required_text_missing,
  name_missing,
  allowed,
  no_match,
};

/// For people: why a near miss was kept.
std::string_view explain(Verdict verdict);

}  // namespace redactd
