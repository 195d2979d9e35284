#include "filters/known.h"

#include <algorithm>
#include <cstdio>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr size_t kShortestEncoded = 8;

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The base64 digits that depend on `value` alone when `before` bytes (0, 1 or 2) stand before it
/// in its group.
std::string base64_interior(std::string_view value, size_t before, std::string_view digits) {
  std::string result;
  size_t bits = value.size() * 8;
  size_t offset = before * 8;  // of value's first bit within its group
  size_t first = (offset + 5) / 6;
  size_t last = (offset + bits) / 6;  // digits [first, last) lie within the value
  for (size_t digit = first; digit < last; ++digit) {
    unsigned index = 0;
    for (size_t bit = digit * 6 - offset; bit < digit * 6 - offset + 6; ++bit) {
      auto byte = static_cast<unsigned char>(value[bit / 8]);
      index = (index << 1) | ((byte >> (7 - bit % 8)) & 1u);
    }
    result += digits[index];
  }
  return result;
}

std::string hex(std::string_view value, const char* format) {
  std::string result;
  for (char c : value) {
    char digits[4];
    std::snprintf(digits, sizeof digits, format, static_cast<unsigned char>(c));
    result += digits;
  }
  return result;
}

std::string percent_encoded(std::string_view value, const char* format, bool plus_for_space) {
  std::string result;
  for (char c : value) {
    if (is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~') {
      result += c;
    } else if (c == ' ' && plus_for_space) {
      result += '+';
    } else {
      char digits[8];
      std::snprintf(digits, sizeof digits, format, static_cast<unsigned char>(c));
      result += digits;
    }
  }
  return result;
}

std::string json_escaped(std::string_view value, bool escape_slash, bool escape_markup) {
  std::string result;
  for (char c : value) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '/':
        result += escape_slash ? "\\/" : "/";
        break;
      case '\t':
        result += "\\t";
        break;
      case '<':
        result += escape_markup ? "\\u003c" : "<";
        break;
      case '>':
        result += escape_markup ? "\\u003e" : ">";
        break;
      case '&':
        result += escape_markup ? "\\u0026" : "&";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string markup_escaped(std::string_view value) {
  std::string result;
  for (char c : value) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace

std::vector<std::string> spellings_of(std::string_view value) {
  std::vector<std::string> all{std::string(value)};
  if (value.size() >= kShortestEncoded) {
    for (size_t before = 0; before < 3; ++before) {
      all.push_back(base64_interior(value, before, kBase64));
      all.push_back(base64_interior(value, before, kBase64Url));
    }
    all.push_back(hex(value, "%02x"));
    all.push_back(hex(value, "%02X"));
  }
  all.push_back(percent_encoded(value, "%%%02X", false));
  all.push_back(percent_encoded(value, "%%%02x", false));
  all.push_back(percent_encoded(value, "%%%02X", true));
  std::string json = json_escaped(value, false, false);
  all.push_back(json_escaped(json, false, false));
  all.push_back(json);
  all.push_back(json_escaped(value, true, false));
  all.push_back(json_escaped(value, false, true));
  all.push_back(markup_escaped(value));
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

std::vector<std::string> known_lines(std::string_view value) {
  std::vector<std::string> lines;
  while (!value.empty()) {
    size_t end = value.find_first_of("\r\n");
    std::string_view line = value.substr(0, end);
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
    if (!line.empty()) lines.emplace_back(line);
    if (end == std::string_view::npos) break;
    value.remove_prefix(end + 1);
  }
  return lines;
}

std::string escape_expression(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (is_alnum(c)) {
      result += c;
    } else {
      char code[8];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      result += code;
    }
  }
  return result;
}

}  // namespace redactd
