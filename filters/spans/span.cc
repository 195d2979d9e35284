#include "filters/spans/span.h"

namespace redactd {

std::string_view explain(Verdict verdict) {
  switch (verdict) {
    case Verdict::masked:
      return "masked";
    case Verdict::crosses_record:
      return "it would cross the start of the record";
    case Verdict::inside_word:
      return "it stands inside a longer word";
    case Verdict::inside_mask:
      return "it is part of a mask";
    case Verdict::too_short:
      return "it is shorter than the rule's min";
    case Verdict::too_long:
      return "it is longer than the rule's max";
    case Verdict::no_separator:
      return "no separator follows the key";
    case Verdict::no_value:
      return "no value follows";
    case Verdict::placeholder:
      return "the value is a placeholder, not a secret";
    case Verdict::plain_word:
      return "the value is a plain word, number, path or address";
    case Verdict::not_random:
      return "the key proves little and the value does not look random";
    case Verdict::low_entropy:
      return "its entropy is below the rule's threshold";
    case Verdict::not_mixed:
      return "it does not mix letters and digits";
    case Verdict::not_a_jwt:
      return "its first part is no JWT header";
    case Verdict::not_base64:
      return "it is not base64";
    case Verdict::not_userpass:
      return "it does not decode to user:password";
    case Verdict::not_scrambled:
      return "it changes between cases and digits too rarely to be random";
    case Verdict::wrong_checksum:
      return "its checksum is wrong";
    case Verdict::no_code:
      return "it is no number of 3 to 10 digits";
    case Verdict::no_phrase:
      return "it is not made of twelve short words";
    case Verdict::luhn_fails:
      return "the Luhn check fails";
    case Verdict::looks_like_hash:
      return "it looks like a digest or a UUID";
    case Verdict::no_password:
      return "there is no password before the @";
    case Verdict::port_number:
      return "what follows the colon is a port number";
    case Verdict::required_text_missing:
      return "the record lacks the rule's required text";
    case Verdict::name_missing:
      return "none of the rule's names stands in the key or before it";
    case Verdict::allowed:
      return "an allowance lets it pass";
    case Verdict::no_match:
      return "the expression does not match the record";
  }
  return "";
}

}  // namespace redactd
