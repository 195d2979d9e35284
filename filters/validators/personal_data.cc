#include "filters/validators/personal_data.h"

#include <array>

#include "filters/byte_class.h"
#include "filters/validators/validators.h"
#include "filters/wiping_allocator.h"

namespace redactd {
namespace {

struct CardRange {
  unsigned first = 0;  // of the first six digits
  unsigned last = 0;
  size_t shortest = 0;
  size_t longest = 0;
};

constexpr std::array<CardRange, 18> kCardRanges = {{
    {220000, 220499, 16, 19},  // Mir
    {222100, 272099, 16, 16},  // Mastercard
    {300000, 305999, 14, 19},  // Diners Club
    {309500, 309599, 14, 19},
    {340000, 349999, 15, 15},  // American Express
    {352800, 358999, 16, 19},  // JCB
    {360000, 369999, 14, 19},  // Diners Club
    {370000, 379999, 15, 15},  // American Express
    {380000, 399999, 14, 19},  // Diners Club
    {400000, 499999, 13, 19},  // Visa
    {500000, 509999, 12, 19},  // Maestro and others
    {510000, 559999, 16, 16},  // Mastercard
    {560000, 589999, 12, 19},  // Maestro
    {601100, 601199, 16, 19},  // Discover
    {620000, 629999, 16, 19},  // UnionPay
    {639000, 639099, 12, 19},  // Maestro
    {644000, 659999, 16, 19},  // Discover
    {670000, 679999, 12, 19},  // Maestro
}};

/// Digits of `text`; empty when it holds anything else but blanks and dashes.
SecretText digits_of(std::string_view text) {
  SecretText digits;
  for (char c : text) {
    if (is_digit(c)) {
      digits += c;
    } else if (c != ' ' && c != '-') {
      return {};
    }
  }
  return digits;
}

/// Country and length (ISO 13616's registry).
constexpr std::string_view kIbanLengths =
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 "
    "EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 "
    "IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 "
    "NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 "
    "TN24 TR26 UA29 VA22 VG24 XK20 SD18 BI27 DJ27 RU33 SO23 NI28 MN20 FK18 OM23 YE30 ";

size_t iban_length(std::string_view country) {
  for (size_t at = 0; at + 4 < kIbanLengths.size(); at += 5) {
    if (kIbanLengths.substr(at, 2) != country) continue;
    return static_cast<size_t>(kIbanLengths[at + 2] - '0') * 10 +
           static_cast<size_t>(kIbanLengths[at + 3] - '0');
  }
  return 0;
}

}  // namespace

bool is_card(std::string_view text) {
  SecretText digits = digits_of(text);
  if (digits.size() < 12 || digits.size() > 19 || !luhn(digits)) return false;
  unsigned head = 0;
  for (size_t i = 0; i < 6; ++i) head = head * 10 + static_cast<unsigned>(digits[i] - '0');
  for (const CardRange& range : kCardRanges) {
    if (head < range.first || head > range.last) continue;
    return digits.size() >= range.shortest && digits.size() <= range.longest;
  }
  return false;
}

bool is_iban(std::string_view text) {
  SecretText account;
  for (char c : text) {
    if (c == ' ') continue;
    if (!is_upper(c) && !is_digit(c)) return false;
    account += c;
  }
  if (account.size() < 15 || account.size() != iban_length(account.substr(0, 2))) return false;
  unsigned rest = 0;
  for (size_t i = 0; i < account.size(); ++i) {
    char c = account[(i + 4) % account.size()];
    rest = is_digit(c) ? rest * 10 + static_cast<unsigned>(c - '0')
                       : rest * 100 + static_cast<unsigned>(c - 'A' + 10);
    rest %= 97;
  }
  return rest == 1;
}

}  // namespace redactd
