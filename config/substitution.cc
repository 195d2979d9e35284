#include "config/substitution.h"

#include <algorithm>
#include <filesystem>

#include "filters/byte_class.h"

namespace redactd {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kDefault = ":-";

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_';
  });
}

constexpr const char* kNested =
    "${…} stands in another ${…}; neither defaults nor paths can hold one (try a default that is a "
    "plain text)";

std::string path_of(std::string_view name, const std::string& folder) {
  return (std::filesystem::path(folder) / name).string();
}

std::optional<std::string> file_value(std::string_view name, const std::string& folder,
                                      const Surroundings& surroundings, std::string& error) {
  if (name.empty()) {
    error = "${file:} names no file";
    return std::nullopt;
  }
  std::string path = path_of(name, folder);
  std::string why;
  std::optional<std::string> value = surroundings.read_file(path, why);
  if (!value) {
    error = "the file of ${file:" + std::string(name) + "} cannot be read: " + why;
    return std::nullopt;
  }
  if (value->ends_with('\n')) {
    value->pop_back();
    if (value->ends_with('\r')) value->pop_back();
  }
  return value;
}

std::optional<std::string> variable_value(std::string_view inside, const Surroundings& surroundings,
                                          std::string& error) {
  size_t default_at = inside.find(kDefault);
  std::string name(inside.substr(0, default_at));
  if (!is_variable_name(name)) {
    error =
        "${ is followed by no variable's name; write ${NAME}, ${NAME:-default} or ${file:/path}, "
        "and $$ for a dollar";
    return std::nullopt;
  }
  std::optional<std::string> value = surroundings.environment(name);
  bool has_default = default_at != std::string_view::npos;
  if (has_default && (!value || value->empty()))
    return std::string(inside.substr(default_at + kDefault.size()));
  if (!value) error = "the environment variable " + name + " is not set";
  return value;
}

}  // namespace

std::optional<std::string> substitute(std::string_view text, const std::string& folder,
                                      const Surroundings& surroundings, std::string& error) {
  std::string result;
  while (true) {
    size_t dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return result;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    size_t close = text.find('}');
    if (!text.starts_with('{') || close == std::string_view::npos) {
      error = text.starts_with('{') ? "${ is not closed by a }"
                                    : "a $ stands alone; write ${NAME}, or $$ for a dollar";
      return std::nullopt;
    }
    std::string_view inside = text.substr(1, close - 1);
    if (inside.find("${") != std::string_view::npos) {
      error = kNested;
      return std::nullopt;
    }
    std::optional<std::string> value =
        inside.starts_with(kFile)
            ? file_value(inside.substr(kFile.size()), folder, surroundings, error)
            : variable_value(inside, surroundings, error);
    if (!value) return std::nullopt;
    result += *value;
    text.remove_prefix(close + 1);
  }
}

bool substitutes(std::string_view text) {
  for (size_t at = 0; (at = text.find('$', at)) != std::string_view::npos; at += 2) {
    if (text.substr(at + 1, 1) != "$") return true;
  }
  return false;
}

std::vector<std::string> substituted_files(std::string_view text, const std::string& folder) {
  std::vector<std::string> files;
  const std::string begin = "${" + std::string(kFile);
  for (size_t at = 0; (at = text.find('$', at)) != std::string_view::npos;) {
    size_t close = text.find('}', at);
    if (text.substr(at + 1, 1) == "$") {
      at += 2;
    } else if (close == std::string_view::npos) {
      break;
    } else {
      if (text.substr(at).starts_with(begin))
        files.push_back(path_of(text.substr(at + begin.size(), close - at - begin.size()), folder));
      at = close + 1;
    }
  }
  return files;
}

}  // namespace redactd
