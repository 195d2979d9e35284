#include "daemon/commands/scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/commands/line_counter.h"
#include "daemon/exit_code.h"
#include "filters/redactor.h"

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

/// Returns errno.
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
  while (true) {
    std::span<char> room = redactor.prepare(kReadBytes);
    ssize_t size = read(descriptor, room.data(), std::min(room.size(), kReadBytes));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    if (size == 0) break;
    lines.feed({room.data(), static_cast<size_t>(size)});
    redactor.commit(static_cast<size_t>(size));
    add_findings();
  }
  redactor.finish();
  add_findings();
  return 0;
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
      std::cerr << "redactd: cannot read " << path << ": " << std::strerror(error) << '\n';
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
