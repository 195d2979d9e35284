#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "filters/matcher/token_cores.h"
#include "filters/rule.h"
#include "filters/spans/decoded_text.h"
#include "filters/spans/encoded_digits.h"
#include "filters/spans/marker_expressions.h"
#include "filters/spans/span.h"

namespace redactd {

/// What the resolver of encoded text knows of the rules.
struct EncodedRules {
  const std::vector<Rule>& rules;
  const TokenCores& cores;
  const MarkerExpressions& markers;
};

/// What is kept between looks at encoded text, so that none allocates.
struct EncodedScratch {
  SecretText spaced;
  std::vector<const TokenCores::Core*> cores;
  std::vector<Span> spans;

  void trim();
};

/// What has been decoded of one record.
struct EncodedMemo {
  EncodedDigits base64;
  EncodedDigits hex;
  DecodedText escapes;  // those at hand
  EncodedScratch scratch;

  /// Another record comes.
  void forget() {
    base64.forget();
    hex.forget();
  }
  void trim() {
    base64.trim();
    hex.trim();
    escapes.trim();
    scratch.trim();
  }
};

/// A token, or a private key, in an encoding: what the matcher found of it ended at `anchor_end`.
/// The bytes around are decoded and the rule is applied to them as if they stood there in clear.
///
/// Base64 and hexadecimal are masked as far as they stand for text on both sides of the secret, a
/// key as far as its digits go: nobody can read what is left of them. Of escapes only those of the
/// secret go. Appends spans, or says why not. Not to be asked where is_looked_at().
Verdict resolve_encoded(const RecordView& record, const EncodedRules& rules, TextEncoding encoding,
                        size_t anchor_end, EncodedMemo& memo, std::vector<Span>& spans);

/// Whether all that such an anchor tells of has been looked at, with one before it.
inline bool is_looked_at(const RecordView& record, TextEncoding encoding, size_t anchor_end) {
  if (encoding == TextEncoding::escapes) return anchor_end <= record.escapes_until;
  return anchor_end <=
         std::max(record.encoded_until, record.clear_until[static_cast<size_t>(encoding)]);
}

/// Where base64 or hexadecimal that begins before `from` ends.
size_t encoded_end(std::string_view text, size_t from);

}  // namespace redactd
