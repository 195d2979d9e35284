#pragma once

// The value types that everyone shares: what a rule says. docs/rules.md tells a rule's author the
// same.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filters/byte_class.h"

namespace redactd {

enum class RuleKind { token, value, userinfo, block, known, regex };
enum class Severity { low, medium, high, critical };
enum class Boundary { word, none };
enum class ValueForm {
  assign,
  authorization,
  cookie,
  credentials,
  object,
  rest,
  members,
  columns,
  piped,
  spaced,
  before
};

/// Where the value has to stand to count: behind blanks or not, only in quotes, or right behind the
/// key.
enum class ValueStands { anywhere, in_quotes, at_once };
/// What stands between the markers of a block: key material, also on the markers' own lines; a
/// value on lines of its own; `name: value` lines; or hexadecimal.
enum class BlockBody { key_material, lines, pairs, hex };
enum class Strength { strong, medium, weak, random };
enum class MaskStyle { label, fixed, partial, fingerprint, length };

std::string_view to_string(RuleKind kind);
std::string_view to_string(Severity severity);
std::string_view to_string(MaskStyle style);

/// How a secret is replaced. `text` belongs to `fixed`, `keep` (bytes at each end) to `partial`.
struct MaskSpec {
  MaskStyle style = MaskStyle::label;
  std::string text = "[REDACTED]";
  size_t keep = 4;
};

/// A check that a candidate must pass; what each means stands in validators.h.
struct Validator {
  enum class Kind {
    entropy,
    mixed,
    jwt,
    base64,
    luhn,
    not_hash,
    userpass,
    scrambled,
    crc32,
    card,
    iban,
    bip39,
    wif,
    code,
    phrase
  };
  Kind kind = Kind::entropy;
  double threshold = 0;  // entropy: bits a character
};

/// A line with a template in it; `must_mask` are the parts of the text that may not survive.
struct Example {
  std::string source;  // as written in the pack, with « » and {alnum:36}
};

/// How many names a rule may have: their numbers fit into a span.
inline constexpr size_t kMostNames = 4096;
inline constexpr size_t kLongestProvider = 32;

/// Lets findings pass in clear that rules describe. All conditions that are given have to hold, or
/// one of them with `any`.
struct Allowance {
  // RE2 expressions, one of which has to be found
  std::vector<std::string> secret;  // in the secret
  std::vector<std::string> match;   // in all that a regex rule's expression matched
  std::vector<std::string> record;  // in the record
  std::vector<std::string> words;   // in lower case: the secret holds one of them in any case
  bool any = false;
};

struct Rule {
  std::string id;
  std::string title;
  RuleKind kind = RuleKind::token;
  Severity severity = Severity::high;
  std::vector<std::string> tags;
  std::string reference;
  std::vector<Validator> validators;
  std::optional<MaskSpec> mask;
  bool enabled_by_default = true;
  std::vector<Example> examples;
  std::vector<std::string> keep;
  std::vector<Allowance> allow;

  // token, value, userinfo, regex: what the matcher looks for.
  std::vector<std::string> patterns;
  std::string prefix;  // token: readable text before the secret
  std::optional<ByteClass> extend;
  size_t min = 0;  // bytes; 0: no bound
  size_t max = 0;
  Boundary boundary = Boundary::word;

  // value
  std::vector<std::string> keys;
  /// Words one of which has to stand in the key or before it; the mask says which. Sorted, lower
  /// case, at most kMostNames of them.
  std::vector<std::string> names;
  /// Those of the names that are ordinary words: they have to stand in the key itself, and the
  /// value has to look random. Sorted.
  std::vector<std::string> ordinary_names;
  ValueForm form = ValueForm::assign;
  Strength strength = Strength::strong;
  /// The same in a sentence (`pass: 42 of 43`) and for bare JSON numbers; nothing: no difference.
  std::optional<Strength> in_sentences;
  std::string required_text;  // the record must hold it
  ValueStands stands = ValueStands::anywhere;

  // regex
  /// The group that is the secret, 0: the first that is not empty. Nothing: the group named
  /// `secret`, else the only one, else the whole match.
  std::optional<size_t> secret_group;
  bool mask_match = false;            // the secret decides, but all that matched is masked
  std::vector<std::string> keywords;  // in lower case: the record has to hold one in any case
  double above_entropy = 0;           // bits a byte; 0: no bound

  // block
  std::string begin;
  std::string end;
  BlockBody body = BlockBody::key_material;
  size_t max_lines = 1000;
  size_t max_bytes = 256 * 1024;

  // known
  std::vector<std::string> values;
  bool encodings = true;  // false: only the values as they are
};

}  // namespace redactd
