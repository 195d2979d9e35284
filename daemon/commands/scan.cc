#include "daemon/commands/scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>

#include "daemon/commands/line_counter.h"
#include "daemon/exit_code.h"
#include "filters/redactor.h"
#include "filters/utf16_lines.h"

namespace redactd {
namespace {

constexpr size_t kReadBytes = 128 * 1024;

struct Place {
  std::string file;
  uint64_t line = 0;
  uint64_t column = 0;  // in bytes, from 1
  uint64_t offset = 0;
  uint64_t size = 0;
  const Rule* rule = nullptr;
};

const char* sarif_level(Severity severity) {
  switch (severity) {
    case Severity::critical:
    case Severity::high:
      return "error";
    case Severity::medium:
      return "warning";
    case Severity::low:
      return "note";
  }
  return "none";
}

class Report {
 public:
  explicit Report(ReportFormat format) : format_(format) {}

  void add(const Place& place) {
    ++count_;
    switch (format_) {
      case ReportFormat::text:
        std::cout << place.file << ':' << place.line << ':' << place.column << ": "
                  << to_string(place.rule->severity) << ": " << place.rule->id << ": "
                  << place.rule->title << " (" << place.size << " bytes)\n";
        break;
      case ReportFormat::json:
        std::cout << nlohmann::ordered_json{{"file", place.file},
                                            {"line", place.line},
                                            {"column", place.column},
                                            {"bytes", place.size},
                                            {"rule", place.rule->id},
                                            {"severity", to_string(place.rule->severity)},
                                            {"title", place.rule->title}}
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << '\n';
        break;
      case ReportFormat::sarif:
        results_.push_back(sarif_result(place));
        rules_.insert(place.rule);
        break;
    }
  }

  void finish() {
    if (format_ == ReportFormat::sarif) {
      std::cout << sarif().dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    } else if (format_ == ReportFormat::text) {
      std::cerr << "redactd: " << count_ << (count_ == 1 ? " secret" : " secrets") << " found\n";
    }
  }

  size_t count() const { return count_; }

 private:
  static nlohmann::ordered_json sarif_result(const Place& place) {
    nlohmann::ordered_json region = {{"startLine", place.line},
                                     {"startColumn", place.column},
                                     {"endColumn", place.column + place.size},
                                     {"byteOffset", place.offset},
                                     {"byteLength", place.size}};
    return {{"ruleId", place.rule->id},
            {"level", sarif_level(place.rule->severity)},
            {"message", {{"text", place.rule->title + " found; revoke and rotate it."}}},
            {"locations",
             {{{"physicalLocation",
                {{"artifactLocation", {{"uri", place.file}}}, {"region", region}}}}}}};
  }

  /// SARIF 2.1.0 §3.13
  nlohmann::ordered_json sarif() const {
    nlohmann::ordered_json rules = nlohmann::ordered_json::array();
    for (const Rule* rule : rules_) {
      nlohmann::ordered_json entry = {{"id", rule->id},
                                      {"shortDescription", {{"text", rule->title}}}};
      if (!rule->reference.empty()) entry["helpUri"] = rule->reference;
      rules.push_back(entry);
    }
    nlohmann::ordered_json driver = {
        {"name", "redactd"}, {"version", REDACTD_VERSION}, {"rules", rules}};
    return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", {{{"tool", {{"driver", driver}}}, {"results", results_}}}}};
  }

  ReportFormat format_;
  size_t count_ = 0;
  nlohmann::ordered_json results_ = nlohmann::ordered_json::array();
  struct ById {
    bool operator()(const Rule* a, const Rule* b) const { return a->id < b->id; }
  };
  std::set<const Rule*, ById> rules_;
};

/// As read(2), but at least two bytes where there are as many: they tell whether it is UTF-16.
ssize_t read_enough(int descriptor, std::span<char> room, bool first) {
  size_t size = 0;
  while (size < (first ? 2 : 1)) {
    const ssize_t more = read(descriptor, room.data() + size, room.size() - size);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return more;
    if (more == 0) break;
    size += static_cast<size_t>(more);
  }
  return static_cast<ssize_t>(size);
}

/// Returns errno. Places in UTF-16 count the bytes that it has as UTF-8.
int scan_file(int descriptor, const std::string& name, const std::shared_ptr<const RuleSet>& rules,
              MatchScratch& scratch, Limits limits, Report& report) {
  Redactor redactor(rules, scratch, limits);
  LineCounter lines;
  auto add_findings = [&] {
    for (const Finding& finding : redactor.findings()) {
      LineCounter::Place at = lines.locate(finding.begin);
      report.add(
          {name, at.line, at.column, finding.begin, finding.size, &rules->rules()[finding.rule]});
    }
  };
  std::optional<Utf16Text> utf16;
  for (bool first = true;; first = false) {
    std::span<char> room = redactor.prepare(kReadBytes).first(kReadBytes);
    const ssize_t got = read_enough(descriptor, room, first);
    if (got < 0) return errno;
    size_t size = static_cast<size_t>(got);
    if (first)
      if (const auto order = utf16_order({room.data(), size})) utf16.emplace(*order);
    if (utf16) {
      const std::string_view text = got != 0 ? utf16->decode({room.data(), size}) : utf16->finish();
      size = text.size();
      room = redactor.prepare(size);
      std::copy(text.begin(), text.end(), room.begin());
    }
    lines.feed({room.data(), size});
    redactor.commit(size);
    add_findings();
    if (got == 0) break;
  }
  redactor.finish();
  add_findings();
  return 0;
}

std::string why(int error) {
  std::string text = std::strerror(error);
  if (error == EISDIR) text += "; for all of its files: find … -type f -exec redactd scan {} +";
  return text;
}

}  // namespace

int scan_files(const std::shared_ptr<const RuleSet>& rules, const Options& options) {
  MatchScratch scratch;
  Report report(options.format);
  bool failed = false;
  for (const std::string& path : options.arguments) {
    bool standard_input = path == "-";
    int descriptor = standard_input ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int error = descriptor < 0 ? errno
                               : scan_file(descriptor, standard_input ? "<stdin>" : path, rules,
                                           scratch, Limits{options.settings.max_record}, report);
    if (error != 0) {
      std::cerr << "redactd: cannot read " << path << ": " << why(error) << '\n';
      failed = true;
    }
    if (descriptor > STDIN_FILENO) close(descriptor);
  }
  report.finish();
  std::cout.flush();
  if (failed || !std::cout) return kRuntimeError;
  return report.count() == 0 ? kDone : kFindings;
}

}  // namespace redactd
