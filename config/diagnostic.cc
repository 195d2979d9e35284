#include "config/diagnostic.h"

#include <algorithm>
#include <iostream>
#include <numeric>
#include <tuple>

namespace redactd {
namespace {

/// Levenshtein distance.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

/// On one line, and without what a terminal obeys.
std::string printable(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      (result += "\\x") += {kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      result += c;
    }
  }
  return result;
}

/// A folder's name may end with one.
std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

std::string Diagnostic::text() const {
  std::string result = location.file;
  if (location.line != 0) {
    result += ':' + std::to_string(location.line) + ':' + std::to_string(location.column);
  }
  if (!result.empty()) result += ": ";
  if (!path.empty()) result += path + ": ";
  return printable(result + message);
}

void Diagnostics::name(const std::string& file, Place place) {
  place.location.file = shown(place.location.file);
  named_.insert_or_assign(without_slash(file), std::move(place));
}

std::string Diagnostics::shown(const std::string& file) const {
  if (auto itself = named_.find(without_slash(file)); itself != named_.end())
    return itself->second.shown(file);
  for (auto named = named_.rbegin(); named != named_.rend(); ++named) {  // the innermost first
    const auto& [folder, place] = *named;
    if (file.starts_with(folder + '/'))
      return without_slash(place.shown(folder)) + file.substr(folder.size());
  }
  return file;
}

/// What concerns a file as a whole is an error of the place that names it.
Diagnostic Diagnostics::placed(Location location, std::string path, std::string message) const {
  auto named = named_.find(without_slash(location.file));
  std::string file = shown(location.file);
  if (named == named_.end() || location.line != 0) {
    location.file = std::move(file);
    return {std::move(location), std::move(path), std::move(message)};
  }
  const Place& place = named->second;
  return {place.location, place.path, file.append(": ").append(message)};
}

void Diagnostics::add(Location location, std::string path, std::string message) {
  all_.push_back(placed(std::move(location), std::move(path), std::move(message)));
}

void Diagnostics::add_once(Location location, std::string path, std::string message) {
  Diagnostic error = placed(std::move(location), std::move(path), std::move(message));
  if (std::find(all_.begin(), all_.end(), error) == all_.end()) all_.push_back(std::move(error));
}

void Diagnostics::warn(Location location, std::string path, std::string message) {
  warnings_.push_back(placed(std::move(location), std::move(path), std::move(message)));
}

std::string Diagnostics::text() const {
  std::vector<std::string_view> files;  // in the order in which they were read
  auto rank = [&files](const Diagnostic& diagnostic) {
    return std::find(files.begin(), files.end(), diagnostic.location.file) - files.begin();
  };
  for (const Diagnostic& diagnostic : all_) {
    if (rank(diagnostic) == std::ssize(files)) files.emplace_back(diagnostic.location.file);
  }
  std::vector<Diagnostic> sorted = all_;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    return std::tuple(rank(a), a.location.line, a.location.column) <
           std::tuple(rank(b), b.location.line, b.location.column);
  });
  std::string result;
  for (const Diagnostic& diagnostic : sorted) result += diagnostic.text() + '\n';
  return result;
}

void report(const Diagnostics& diagnostics) {
  for (const Diagnostic& warning : diagnostics.warnings())
    std::cerr << "warning: " << warning.text() << '\n';
  size_t count = diagnostics.all().size();
  if (count == 0) return;
  std::cerr << diagnostics.text() << "redactd: " << count << (count == 1 ? " error" : " errors")
            << ", nothing was done\n";
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  size_t least = 3;  // two typing errors at most
  for (std::string_view candidate : known) {
    size_t d = distance(word, candidate);
    if (d < least && d < candidate.size()) {
      least = d;
      best = candidate;
    }
  }
  return best.empty() ? std::string() : ", did you mean '" + std::string(best) + "'?";
}

}  // namespace redactd
