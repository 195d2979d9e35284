#include "filters/spans/value/value_object.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "filters/spans/extent.h"
#include "filters/spans/value/quoted_key.h"
#include "filters/spans/value/separator.h"
#include "filters/spans/value/value_opening.h"

namespace redactd {
namespace {

/// `"S":` of DynamoDB and `"stringValue":` of Firestore, whose values tell their type, `"String":`
/// of Go's sql.NullString, `"#text":` of XML in JSON.
constexpr std::string_view kTypes[] = {"S",  "stringValue", "String",    "#text",    "_text",
                                       "$t", "plain",       "plaintext", "cleartext"};
/// Of changes and of queries.
constexpr std::string_view kChanges[] = {"from", "old", "before", "oldValue", "old_value",
                                         "to",   "new", "after",  "newValue", "previous",
                                         "set",  "raw", "$eq",    "$ne"};

/// `"S":` and its like: where the string begins, else npos.
size_t typed_string(std::string_view text, size_t at, const Quote& quote,
                    std::span<const std::string_view> types) {
  at = std::min(at + quote.size(), text.size());  // the object may be cut off
  for (std::string_view type : types) {
    if (text.substr(at, type.size()) != type) continue;
    Quote closing = quote_at(text, at + type.size());
    if (closing.none()) continue;
    const size_t colon = skip_blanks(text, at + type.size() + closing.size());
    return text.substr(colon, 1) == ":" ? colon + 1 : kNone;
  }
  return kNone;
}

/// `"sensitive":true,"type":"string",` that Terraform has before the value of an output, and
/// `"type":"SecureString",` that Azure has: where the next member begins; `at` when there is none.
size_t skip_output_type(std::string_view text, size_t at) {
  constexpr size_t kLongest = 64;  // of each
  size_t next = at;
  for (std::string_view name : {"sensitive", "type"}) {
    if (next >= text.size()) break;  // cut off
    const size_t word = std::min(next + quote_at(text, next).size(), text.size());
    if (text.substr(word, name.size()) != name || quote_at(text, word + name.size()).none())
      continue;
    const size_t comma = text.substr(0, std::min(text.size(), next + kLongest)).find(',', next);
    if (comma == kNone || text.substr(next, comma - next).find_first_of("{}[]") != kNone) return at;
    // {"type":"Identifier","value":…} is a token of a parser
    if (next == at && name == "type" && text.substr(next, comma - next).find("Secure") == kNone)
      return at;
    next = skip_line_breaks(text, comma + 1);
  }
  return next;
}

}  // namespace

std::optional<Opening> value_in_object(const RecordView& record, size_t at,
                                       const Opening& opening) {
  std::string_view text = record.text;
  if (!opening.bare.json || text.substr(at, 1) != "{") return std::nullopt;
  size_t name = skip_line_breaks(text, at + 1);
  Quote quote = quote_at(text, name);
  if (quote.none()) return std::nullopt;
  name = skip_output_type(text, name);
  size_t value = value_member(text, name, quote);
  if (value == kNone) value = typed_string(text, name, quote, kTypes);
  const bool change = value == kNone;
  if (change) value = typed_string(text, name, quote, kChanges);
  if (value == kNone) return std::nullopt;
  Opening member = open_value_at(record, value);
  member.doubt = change;
  if (member.quote.none()) return std::nullopt;
  member.bare.json = true;
  return member;
}

}  // namespace redactd
