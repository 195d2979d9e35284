#include "filters/known/known_escapes.h"

#include <algorithm>
#include <cstdint>

#include "filters/byte_class.h"

namespace redactd {
namespace {

// Characters, for the encoders that write code points.

constexpr uint32_t kNoText = 0xffffffff;  // a byte that is part of no UTF-8 sequence

struct Character {
  std::string_view bytes;
  uint32_t code = 0;
};

/// The first character of `text`, which is not empty.
Character first_character(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  uint32_t lead = byte(0);
  if (lead < 0x80) return {text.substr(0, 1), lead};
  size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {text.substr(0, 1), kNoText};
  uint32_t code = lead & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {text.substr(0, 1), kNoText};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  return {text.substr(0, size), code};
}

/// Every character of `value` through `write(character, out)`.
template <typename Write>
SecretText rewritten(std::string_view value, Write write) {
  SecretText out;
  out.reserve(value.size() * 2);
  while (!value.empty()) {
    Character character = first_character(value);
    write(character, out);
    value.remove_prefix(character.bytes.size());
  }
  return out;
}

/// `number` with at least `width` digits.
void append_number(SecretText& out, uint32_t number, uint32_t base, size_t width,
                   std::string_view digits = kLowerDigits) {
  char text[16];
  size_t size = 0;
  for (; number != 0 || size < width; number /= base) text[size++] = digits[number % base];
  while (size > 0) out += text[--size];
}

bool is_ascii_alnum(const Character& character) {
  return character.code < 0x80 && is_alnum(static_cast<char>(character.code));
}

bool is_one_of(const Character& character, std::string_view set) {
  return character.bytes.size() == 1 && set.find(character.bytes[0]) != std::string_view::npos;
}

// JSON.

enum class Unicode { needed, non_ascii, punctuation, all };  // which characters are written \uXXXX

struct JsonStyle {
  std::string_view escaped = {};  // ASCII characters written \u00XX too
  bool slash = false;             // `/` as `\/`
  Unicode unicode = Unicode::needed;
  std::string_view digits = kLowerDigits;
};
constexpr JsonStyle kJsonStyles[] = {
    {},                                                     // JavaScript, Rust, jq
    {"", true},                                             //
    {"", false, Unicode::non_ascii},                        // Python
    {"", false, Unicode::non_ascii, kUpperDigits},          //
    {"", true, Unicode::non_ascii},                         // PHP
    {"<>&"},                                                // Go, Ruby on Rails
    {"<>&", true, Unicode::non_ascii},                      //
    {"<>&='"},                                              // Gson
    {"<>&'", false, Unicode::non_ascii},                    // Flask
    {"<>&", false, Unicode::non_ascii, kUpperDigits},       // Django
    {"<>&'\"", true, Unicode::non_ascii, kUpperDigits},     // PHP's HEX options
    {"<>&'\"+`", false, Unicode::non_ascii, kUpperDigits},  // .NET
    {"", false, Unicode::punctuation},                      //
    {"", false, Unicode::punctuation, kUpperDigits},        //
};
constexpr JsonStyle kOuterJsonStyles[] = {  // of a string that holds JSON
    {},
    {"", true},
    {"", false, Unicode::non_ascii},
    {"", true, Unicode::non_ascii},
    {"<>&"}};
constexpr JsonStyle kAllUnicode[] = {{"", false, Unicode::all},
                                     {"", false, Unicode::all, kUpperDigits}};

void append_unicode(SecretText& out, uint32_t code, std::string_view digits) {
  auto unit = [&](uint32_t number) {
    out += "\\u";
    append_number(out, number, 16, 4, digits);
  };
  if (code < 0x10000) return unit(code);
  unit(0xd800 + ((code - 0x10000) >> 10));
  unit(0xdc00 + ((code - 0x10000) & 0x3ff));
}

bool wants_unicode(const Character& character, const JsonStyle& style) {
  if (character.code == kNoText) return false;
  switch (style.unicode) {
    case Unicode::all:
      return true;
    case Unicode::punctuation:
      return !is_ascii_alnum(character);
    case Unicode::non_ascii:
      return character.code >= 0x7f || is_one_of(character, style.escaped);
    case Unicode::needed:
      return is_one_of(character, style.escaped);
  }
  return false;
}

SecretText json_escaped(std::string_view value, const JsonStyle& style) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    static constexpr std::string_view kShort = "\b\f\n\r\t";
    // NOLINTNEXTLINE(bugprone-branch-clone): the order of the branches decides
    if (wants_unicode(character, style)) {
      append_unicode(out, character.code, style.digits);
    } else if (character.code == '"' || character.code == '\\' ||
               (character.code == '/' && style.slash)) {
      (out += '\\') += character.bytes;
    } else if (is_one_of(character, kShort)) {
      (out += '\\') += "bfnrt"[kShort.find(character.bytes[0])];
    } else if (character.code < 0x20) {
      append_unicode(out, character.code, style.digits);
    } else {
      out += character.bytes;
    }
  });
}

// Languages and shells.

/// What strings of C's family do with characters beyond ASCII.
enum class Beyond { raw, code_points, short_code_points, bytes, octal };

SecretText c_escaped(std::string_view value, char quote, Beyond beyond) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    static constexpr std::string_view kShort = "\a\b\f\n\r\t\v";
    // NOLINTNEXTLINE(bugprone-branch-clone): the order of the branches decides
    if (character.code == '\\' || is_one_of(character, {&quote, 1})) {
      (out += '\\') += character.bytes;
    } else if (is_one_of(character, kShort)) {
      (out += '\\') += "abfnrtv"[kShort.find(character.bytes[0])];
    } else if (character.code >= 0x20 && character.code < 0x7f) {  // NOLINT(bugprone-branch-clone)
      out += character.bytes;
    } else if (beyond == Beyond::octal && character.code == 0x1b) {
      out += "\\E";
    } else if (beyond == Beyond::raw && character.code > 0x7f && character.code != kNoText) {
      out += character.bytes;
    } else if (beyond == Beyond::short_code_points && character.code < 0x100) {
      out += "\\x";
      append_number(out, character.code, 16, 2);
    } else if ((beyond == Beyond::code_points || beyond == Beyond::short_code_points) &&
               character.code > 0x7f && character.code != kNoText) {
      out += character.code < 0x10000 ? "\\u" : "\\U";
      append_number(out, character.code, 16, character.code < 0x10000 ? 4 : 8);
    } else {
      for (char c : character.bytes) {
        bool octal = beyond == Beyond::octal;
        out += octal ? "\\" : "\\x";
        append_number(out, static_cast<unsigned char>(c), octal ? 8 : 16, octal ? 3 : 2);
      }
    }
  });
}

/// Inside of quotes or without any: what stands in `special` gets a backslash.
SecretText backslashed(std::string_view value, std::string_view special) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    if (is_one_of(character, special)) out += '\\';
    out += character.bytes;
  });
}

/// As Perl's quotemeta writes what it does not know to be UTF-8.
SecretText quotemeta_of_bytes(std::string_view value) {
  SecretText out;
  out.reserve(value.size() * 2);
  for (char c : value) {
    if (!is_alnum(c) && c != '_') out += '\\';
    out += c;
  }
  return out;
}

/// As bash's printf %q writes it behind the character `before`.
SecretText as_shell_word(std::string_view value, char before) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    bool starts_word = before == ' ';
    bool special = is_one_of(character, " \t!\"$&'()*,;<>?[\\]^`{|}") ||
                   (character.code == '#' && starts_word) ||
                   (character.code == '~' && (starts_word || before == '=' || before == ':'));
    if (special) out += '\\';
    out += character.bytes;
    before = character.bytes[0] == ' ' ? 'x' : character.bytes[0];  // only the first one starts it
  });
}

/// As rsyslog writes what it has received, tabs too.
SecretText control_bytes_as_numbers(std::string_view value) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    if (character.code >= 0x20 && character.code != 0x7f) {
      out += character.bytes;
    } else {
      out += '#';
      append_number(out, character.code, 8, 3);
    }
  });
}

SecretText with_quote_as(std::string_view value, char quote, std::string_view spelling) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    out += is_one_of(character, {&quote, 1}) ? spelling : character.bytes;
  });
}

// XML and HTML.

struct Entity {
  char character;
  std::string_view text;
};
enum class Numeric { none, decimal, hexadecimal, upper };  // for what has no name

struct MarkupStyle {
  std::string_view named;  // of `<>&"'`
  std::string_view double_quote = "&quot;";
  std::string_view single_quote = "&apos;";
  std::string_view numbered = {};  // ASCII characters written as hexadecimal numbers: `/`, =
};
constexpr MarkupStyle kMarkupStyles[] = {
    {""},
    {"<>&"},
    {"<&"},
    {"<>&\""},
    {"<>&\"'"},
    {"<>&\"'", "&quot;", "&#39;"},
    {"<>&\"'", "&quot;", "&#039;"},
    {"<>&\"'", "&#34;", "&#39;"},
    {"<>&\"'", "&quot;", "&#x27;"},
    {"<>&\"'", "&quot;", "&#x27;", "/"},
    {"<>&\"'", "&quot;", "&#x27;", "/`="},
    {"<>&\"'", "&quot;", "&#39;", "/`="},
};

void append_entity(SecretText& out, uint32_t code, Numeric numeric) {
  out += numeric == Numeric::decimal ? "&#" : "&#x";
  append_number(out, code, numeric == Numeric::decimal ? 10 : 16, 1,
                numeric == Numeric::upper ? kUpperDigits : kLowerDigits);
  out += ';';
}

SecretText markup_escaped(std::string_view value, const MarkupStyle& style, Numeric beyond_ascii) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    if (is_one_of(character, style.named)) {
      switch (character.code) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += style.double_quote;
          break;
        default:
          out += style.single_quote;
      }
    } else if (is_one_of(character, style.numbered)) {
      append_entity(out, character.code, Numeric::upper);
    } else if (character.code > 0x7f && character.code != kNoText &&
               beyond_ascii != Numeric::none) {
      append_entity(out, character.code, beyond_ascii);
    } else {
      out += character.bytes;
    }
  });
}

/// As numbers: what means something in markup and, with `all`, everything but letters and digits.
SecretText numeric_entities(std::string_view value, Numeric numeric, bool all) {
  return rewritten(value, [&](const Character& character, SecretText& out) {
    bool plain = all ? is_ascii_alnum(character) : !is_one_of(character, "<>&\"'");
    if (plain || character.code == kNoText) {
      out += character.bytes;
    } else {
      append_entity(out, character.code, numeric);
    }
  });
}

}  // namespace

void add_unicode(std::string_view value, SecretTexts& all) {
  for (const JsonStyle& style : kAllUnicode) all.push_back(json_escaped(value, style));
}

void add_json(std::string_view value, SecretTexts& all) {
  for (const JsonStyle& style : kJsonStyles) {
    SecretText once = json_escaped(value, style);
    for (const JsonStyle& outer : kOuterJsonStyles) all.push_back(json_escaped(once, outer));
    all.push_back(std::move(once));
  }
}

void add_quoted(std::string_view value, SecretTexts& all) {
  all.push_back(with_quote_as(value, '\'', "'\\''"));
  all.push_back(with_quote_as(value, '\'', "'\"'\"'"));
  all.push_back(with_quote_as(value, '\'', "''"));   // SQL, YAML
  all.push_back(with_quote_as(value, '"', "\"\""));  // CSV
  all.push_back(control_bytes_as_numbers(value));
  all.push_back(backslashed(value, "\"\\]"));  // structured data of syslog
  all.push_back(backslashed(value, "$\"\\`"));
  all.push_back(backslashed(value, "$\"\\`!"));
  all.push_back(as_shell_word(value, ' '));
  all.push_back(as_shell_word(value, 'x'));
  all.push_back(backslashed(value, " \t!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"));  // Perl's quotemeta
  all.push_back(backslashed(value, " \t!\"#$%&'()*;<=>?[\\]^`{|}~"));         // Ruby's Shellwords
  all.push_back(quotemeta_of_bytes(value));
  for (char quote : {'"', '\''}) {
    for (Beyond beyond : {Beyond::raw, Beyond::code_points, Beyond::short_code_points,
                          Beyond::bytes, Beyond::octal})
      all.push_back(c_escaped(value, quote, beyond));
  }
}

void add_markup(std::string_view value, SecretTexts& all) {
  bool ascii = std::all_of(value.begin(), value.end(),
                           [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  for (Numeric numeric : {Numeric::none, Numeric::decimal, Numeric::hexadecimal, Numeric::upper}) {
    if (numeric != Numeric::none) {
      all.push_back(numeric_entities(value, numeric, true));
      all.push_back(numeric_entities(value, numeric, false));
    }
    if (numeric != Numeric::none && ascii) continue;
    for (const MarkupStyle& style : kMarkupStyles)
      all.push_back(markup_escaped(value, style, numeric));
  }
}

}  // namespace redactd
