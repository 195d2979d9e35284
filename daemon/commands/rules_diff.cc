#include "daemon/commands/rules_diff.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "config/whole_file.h"
#include "config/yaml_reader.h"
#include "daemon/commands/line_counter.h"
#include "daemon/exit_code.h"
#include "filters/redactor.h"

namespace redactd {
namespace {

constexpr size_t kReadBytes = 128 * 1024;

/// A pack has a list of rules; a configuration says which rules there are.
bool is_pack(const std::string& path, Diagnostics& diagnostics) {
  if (std::filesystem::is_directory(path)) return true;
  std::optional<std::string> text = read_whole_file(path, diagnostics);
  if (!text) return false;
  Diagnostics ignored;  // whoever reads it reports them
  std::optional<YamlReader> document = YamlReader::parse(*text, path, ignored);
  return document && document->is_map() && (*document)["rules"].is_list();
}

/// What is compared: `built-in`, a configuration, or a pack or gitleaks file by itself.
std::shared_ptr<const RuleSet> rules_of(const std::string& what, Diagnostics& diagnostics) {
  Settings settings;
  if (what.ends_with(".toml")) {
    settings.gitleaks_files = {what};
    settings.disable = {"all"};
  } else if (what != "built-in" && is_pack(what, diagnostics)) {
    settings.rule_paths = {what};
    settings.disable = {"all"};
  } else if (what != "built-in" && diagnostics.empty()) {
    load_settings(what, settings, diagnostics);
  }
  if (!diagnostics.empty()) return nullptr;
  return build_rule_set(settings, diagnostics);
}

/// Rules at work on one file.
class Side {
 public:
  Side(std::shared_ptr<const RuleSet> rules, size_t max_record)
      : rules_(std::move(rules)), redactor_(rules_, scratch_, Limits{max_record}) {}

  void feed(std::string_view bytes) {
    std::span<char> room = redactor_.prepare(bytes.size());
    std::copy(bytes.begin(), bytes.end(), room.begin());
    redactor_.commit(bytes.size());
    take();
  }
  void finish() {
    redactor_.finish();
    take();
  }
  /// Bytes before it have all their findings.
  uint64_t settled() const { return redactor_.settled(); }
  /// Those before `end` that were not taken yet, in order.
  const Finding* next(uint64_t end) const {
    return at_ < findings_.size() && findings_[at_].begin < end ? &findings_[at_] : nullptr;
  }
  void drop() {
    if (++at_ < findings_.size()) return;
    findings_.clear();
    at_ = 0;
  }
  const std::string& rule(const Finding& finding) const { return rules_->rules()[finding.rule].id; }

 private:
  void take() {
    findings_.insert(findings_.end(), redactor_.findings().begin(), redactor_.findings().end());
  }

  std::shared_ptr<const RuleSet> rules_;
  MatchScratch scratch_;
  Redactor redactor_;
  std::vector<Finding> findings_;
  size_t at_ = 0;
};

struct Counts {
  size_t only_a = 0;
  size_t only_b = 0;
  size_t renamed = 0;
  size_t same = 0;
};

class Comparison {
 public:
  explicit Comparison(bool json) : json_(json) {}

  /// Reads the file once, through both.
  int compare(const std::string& path, Side a, Side b) {
    int descriptor = path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return errno;
    name_ = path == "-" ? "<stdin>" : path;
    lines_ = {};
    int error = 0;
    WipedBuffer bytes(kReadBytes);
    while (true) {
      ssize_t size = read(descriptor, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) error = errno;
      if (size <= 0) break;
      std::string_view read_bytes(bytes.data(), static_cast<size_t>(size));
      lines_.feed(read_bytes);
      a.feed(read_bytes);
      b.feed(read_bytes);
      settle(a, b, std::min(a.settled(), b.settled()));
    }
    a.finish();
    b.finish();
    settle(a, b, UINT64_MAX);
    if (descriptor != STDIN_FILENO) close(descriptor);
    return error;
  }

  const Counts& counts() const { return counts_; }

 private:
  void settle(Side& a, Side& b, uint64_t end) {
    while (true) {
      const Finding* in_a = a.next(end);
      const Finding* in_b = b.next(end);
      if (in_a == nullptr && in_b == nullptr) return;
      if (in_a != nullptr && in_b != nullptr && in_a->begin == in_b->begin &&
          in_a->size == in_b->size) {
        if (a.rule(*in_a) == b.rule(*in_b)) {
          ++counts_.same;
        } else {
          ++counts_.renamed;
          print('~', *in_a, b.rule(*in_b), a.rule(*in_a));
        }
        a.drop();
        b.drop();
      } else if (in_b == nullptr || (in_a != nullptr && in_a->begin <= in_b->begin)) {
        ++counts_.only_a;
        print('-', *in_a, a.rule(*in_a), "");
        a.drop();
      } else {
        ++counts_.only_b;
        print('+', *in_b, b.rule(*in_b), "");
        b.drop();
      }
    }
  }

  void print(char sign, const Finding& finding, const std::string& rule, const std::string& was) {
    LineCounter::Place at = lines_.locate(finding.begin);
    if (!json_) {
      std::cout << sign << ' ' << name_ << ':' << at.line << ':' << at.column << ": " << was
                << (was.empty() ? "" : " -> ") << rule << " (" << finding.size << " bytes)\n";
      return;
    }
    nlohmann::ordered_json entry = {
        {"change", std::string(1, sign)}, {"file", name_}, {"line", at.line}, {"column", at.column},
        {"bytes", finding.size},          {"rule", rule}};
    if (!was.empty()) entry["was"] = was;
    std::cout << entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  }

  bool json_;
  std::string name_;
  LineCounter lines_;
  Counts counts_;
};

}  // namespace

int diff_rules(const Options& options) {
  Diagnostics diagnostics;
  std::shared_ptr<const RuleSet> a = rules_of(options.arguments[0], diagnostics);
  Diagnostics of_b;
  std::shared_ptr<const RuleSet> b = rules_of(options.arguments[1], of_b);
  for (const Diagnostic& error : of_b.all())
    diagnostics.add_once(error.location, error.path, error.message);
  if (!a || !b) {
    report(diagnostics);
    return kUsage;
  }
  Comparison comparison(options.json);
  bool failed = false;
  for (size_t i = 2; i < options.arguments.size(); ++i) {
    const std::string& path = options.arguments[i];
    size_t max_record = options.settings.max_record;
    if (int error = comparison.compare(path, Side(a, max_record), Side(b, max_record))) {
      std::cerr << "redactd: cannot read " << path << ": " << std::strerror(error) << '\n';
      failed = true;
    }
  }
  const Counts& counts = comparison.counts();
  std::cerr << "redactd: " << counts.only_a << " masked by A only (-), " << counts.only_b
            << " by B only (+), " << counts.renamed << " by another rule (~), " << counts.same
            << " the same\n";
  if (failed) return kRuntimeError;
  return counts.only_a + counts.only_b + counts.renamed == 0 ? kDone : kFindings;
}

}  // namespace redactd
