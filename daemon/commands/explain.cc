#include "daemon/commands/explain.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "daemon/exit_code.h"
#include "filters/redactor.h"
#include "filters/utf16_lines.h"

namespace redactd {
namespace {

class Explainer {
 public:
  Explainer(std::shared_ptr<const RuleSet> rules, const Options& options)
      : rules_(std::move(rules)),
        options_(options),
        redactor_(rules_, scratch_, Limits{options.settings.max_record}) {
    redactor_.trace(&decisions_);
  }

  void explain_line(const std::string& line, size_t number) {
    decisions_.clear();
    uint64_t start = redactor_.counters().bytes_in;
    std::string record = line + '\n';
    std::span<char> room = redactor_.prepare(record.size());
    std::copy(record.begin(), record.end(), room.begin());
    redactor_.commit(record.size());
    collect(line, start);
    options_.json ? print_json(number) : print_text(number);
  }

 private:
  struct Masked {
    std::string rule;
    size_t begin = 0;
    size_t end = 0;
    std::string secret;       // only with --reveal
    std::string fingerprint;  // only with a key
  };
  struct Kept {
    std::string rule;
    size_t at = 0;
    std::string reason;
    friend bool operator==(const Kept&, const Kept&) = default;
  };

  void collect(const std::string& line, uint64_t start) {
    masked_.clear();
    kept_.clear();
    for (const Finding& finding : redactor_.findings()) {
      if (finding.begin < start) continue;
      size_t begin = static_cast<size_t>(finding.begin - start);
      size_t end = std::min(line.size(), begin + static_cast<size_t>(finding.size));
      std::string secret = line.substr(begin, end - begin);
      const std::string& rule = rules_->rules()[finding.rule].id;
      const FingerprintKey& key = rules_->masker().key();
      std::string name = key.secret.empty() ? "" : fingerprint(key, rule, secret).text();
      masked_.push_back({rule, begin, end, options_.reveal ? std::move(secret) : "", name});
    }
    for (const Decision& decision : decisions_) {
      if (decision.verdict == Verdict::masked) continue;
      Kept kept{rules_->rules()[decision.rule].id, decision.anchor_end,
                std::string(redactd::explain(decision.verdict))};
      if (std::find(kept_.begin(), kept_.end(), kept) == kept_.end()) kept_.push_back(kept);
    }
  }

  void print_text(size_t number) const {
    if (masked_.empty() && kept_.empty()) {
      std::cout << "line " << number << ": nothing that looks like a secret\n";
      return;
    }
    std::cout << "line " << number << ": " << masked_.size() << " masked, " << kept_.size()
              << (kept_.size() == 1 ? " near miss\n" : " near misses\n");
    for (const Masked& masked : masked_) {
      std::cout << "  masked  " << masked.rule << "  bytes " << masked.begin + 1 << "-"
                << masked.end << " (" << masked.end - masked.begin << ")";
      if (!masked.fingerprint.empty()) std::cout << "  " << masked.fingerprint;
      if (options_.reveal) std::cout << "  " << masked.secret;
      std::cout << '\n';
    }
    for (const Kept& kept : kept_) {
      std::cout << "  kept    " << kept.rule << "  at byte " << kept.at << ": " << kept.reason
                << '\n';
    }
  }

  void print_json(size_t number) const {
    nlohmann::ordered_json out = {{"line", number}};
    out["masked"] = nlohmann::ordered_json::array();
    for (const Masked& masked : masked_) {
      nlohmann::ordered_json entry = {
          {"rule", masked.rule}, {"begin", masked.begin + 1}, {"end", masked.end}};
      if (!masked.fingerprint.empty()) entry["fingerprint"] = masked.fingerprint;
      if (options_.reveal) entry["secret"] = masked.secret;
      out["masked"].push_back(entry);
    }
    out["kept"] = nlohmann::ordered_json::array();
    for (const Kept& kept : kept_) {
      out["kept"].push_back({{"rule", kept.rule}, {"at", kept.at}, {"reason", kept.reason}});
    }
    std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
  }

  std::shared_ptr<const RuleSet> rules_;
  const Options& options_;
  MatchScratch scratch_;
  std::vector<Decision> decisions_;
  Redactor redactor_;
  std::vector<Masked> masked_;
  std::vector<Kept> kept_;
};

/// All of it, as UTF-8 if it is UTF-16.
std::string all_text(std::istream& in) {
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  in.peek();  // its end, which the iterators do not note
  const auto order = utf16_order(bytes);
  if (!order) return bytes;
  Utf16Text utf16(*order);
  std::string text(utf16.decode(bytes));
  return text += utf16.finish();
}

}  // namespace

int explain(std::shared_ptr<const RuleSet> rules, const Options& options) {
  Explainer explainer(std::move(rules), options);
  size_t number = 0;
  auto explain_lines = [&](std::istream& lines) {
    for (std::string line; std::getline(lines, line);) explainer.explain_line(line, ++number);
  };
  auto explain_all = [&](std::istream& in, const std::string& from) {
    const int first = in.peek();
    if (first == 0xff || first == 0xfe) {  // may be UTF-16
      std::istringstream text(all_text(in));
      explain_lines(text);
    } else {
      explain_lines(in);
    }
    if (in.eof()) return true;
    std::cout.flush();
    std::cerr << "redactd: cannot read " << from << ": " << std::strerror(errno) << '\n';
    return false;
  };
  if (options.arguments.empty() && !explain_all(std::cin, "standard input")) return kRuntimeError;
  for (const std::string& path : options.arguments) {
    std::ifstream file(path, std::ios::binary);
    if (!explain_all(file, path)) return kRuntimeError;
  }
  return kDone;
}

}  // namespace redactd
