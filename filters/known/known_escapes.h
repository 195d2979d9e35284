#pragma once

// A known value as strings of data formats, languages and shells have it: what they escape of it,
// character by character. Each function adds every spelling that it knows; some may be the same.

#include <string_view>

#include "filters/known/known_spellings.h"

namespace redactd {

inline constexpr std::string_view kLowerDigits = "0123456789abcdef";
inline constexpr std::string_view kUpperDigits = "0123456789ABCDEF";

/// JSON's strings in which every character is written \uXXXX.
void add_unicode(std::string_view value, SecretTexts& all);
/// JSON's strings with every habit of escaping, and JSON's strings inside JSON's strings.
void add_json(std::string_view value, SecretTexts& all);
/// Quoted for shells, Go, C, Python, Perl, SQL, CSV and syslog's structured data.
void add_quoted(std::string_view value, SecretTexts& all);
/// XML and HTML with named, decimal and hexadecimal entities.
void add_markup(std::string_view value, SecretTexts& all);

}  // namespace redactd
