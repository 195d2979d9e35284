#pragma once

// Numbers of persons and accounts, told from other numbers by their own check digits.

#include <string_view>

namespace redactd {

/// A payment card's number, blanks and dashes aside: an issuer's range with its length (ISO/IEC
/// 7812-1, the issuers' published ranges), and the Luhn check.
bool is_card(std::string_view text);

/// An international bank account number, blanks aside: its country's length and mod 97 (ISO 13616).
bool is_iban(std::string_view text);

}  // namespace redactd
