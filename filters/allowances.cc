#include "filters/allowances.h"

#include <re2/re2.h>

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/byte_options.h"

namespace redactd {
namespace {

using Expressions = std::vector<std::shared_ptr<const re2::RE2>>;

bool found_in(const RE2& expression, std::string_view text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression);
}

bool any_found_in(const Expressions& expressions, std::string_view text) {
  return std::any_of(expressions.begin(), expressions.end(),
                     [text](const auto& expression) { return found_in(*expression, text); });
}

/// An expression for any of the words, which are in lower case, in any case: of ASCII letters
/// alone, for the text need not be in Latin-1, which RE2 takes it for.
std::string expression_for(const std::vector<std::string>& words) {
  std::string expression;
  for (const std::string& word : words) {
    if (!expression.empty()) expression += '|';
    for (const char c : word) {
      if (is_lower(c))
        expression.append({'[', c, static_cast<char>(c - 'a' + 'A'), ']'});
      else
        expression += RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
  }
  return expression;
}

bool any_found_in_record(const Expressions& expressions, const RecordView& record,
                         Allowances::Memo& memo) {
  for (const std::shared_ptr<const RE2>& expression : expressions) {
    auto known = std::find_if(memo.begin(), memo.end(),
                              [&](const auto& entry) { return entry.first == expression.get(); });
    if (known == memo.end()) {
      record.work += record.text.size();
      memo.emplace_back(expression.get(), found_in(*expression, record.text));
      known = memo.end() - 1;
    }
    if (known->second) return true;
  }
  return false;
}

}  // namespace

struct Allowances::Compiled {
  Expressions secret;
  Expressions match;
  Expressions record;
  Expressions words;
  bool any = false;

  bool holds_for(const Candidate& candidate, const RecordView& view, Memo& memo) const {
    size_t conditions = 0;
    size_t met = 0;
    auto look = [&](bool given, auto&& check) {
      if (!given) return;
      ++conditions;
      // What is decided already need not be looked at.
      bool open = any ? met == 0 : met + 1 == conditions;
      if (open && check()) ++met;
    };
    look(!words.empty(), [&] { return any_found_in(words, candidate.secret); });
    look(!secret.empty(), [&] { return any_found_in(secret, candidate.secret); });
    look(!match.empty(), [&] { return any_found_in(match, candidate.match); });
    look(!record.empty(), [&] { return any_found_in_record(record, view, memo); });
    return any ? met > 0 : conditions > 0 && met == conditions;
  }
};

Allowances::Allowances() = default;
Allowances::~Allowances() = default;
Allowances::Allowances(Allowances&&) noexcept = default;
Allowances& Allowances::operator=(Allowances&&) noexcept = default;

std::shared_ptr<const re2::RE2> Allowances::compile(const std::string& expression,
                                                    std::string& error) {
  std::shared_ptr<const re2::RE2>& compiled = expressions_[expression];
  if (compiled) return compiled;
  auto fresh = std::make_shared<const RE2>(byte_expression(expression), byte_options());
  if (!fresh->ok()) error = "RE2 refuses it: " + fresh->error();
  compiled = std::move(fresh);
  return compiled;
}

void Allowances::set_fingerprints(FingerprintKey key,
                                  const std::vector<SecretFingerprint>& allowed) {
  key_ = std::move(key);
  for (const SecretFingerprint& one : allowed) fingerprints_[one.rule].insert(one.digits);
}

/// The rule in a fingerprint is a part of the secret's name: what another rule finds is compared
/// under the same name, so that a secret passes whoever finds it.
bool Allowances::has_fingerprint_of(std::string_view secret) const {
  return std::any_of(fingerprints_.begin(), fingerprints_.end(), [&](const auto& allowed) {
    return allowed.second.count(fingerprint(key_, allowed.first, secret).digits) != 0;
  });
}

std::string Allowances::add(uint32_t rule, const Allowance& allowance) {
  std::string error;
  auto compiled = std::make_shared<Compiled>();
  auto add_all = [&](const std::vector<std::string>& from, Expressions& to) {
    for (const std::string& expression : from) to.push_back(compile(expression, error));
  };
  add_all(allowance.secret, compiled->secret);
  add_all(allowance.match, compiled->match);
  add_all(allowance.record, compiled->record);
  if (!allowance.words.empty()) add_all({expression_for(allowance.words)}, compiled->words);
  compiled->any = allowance.any;
  if (rule >= by_rule_.size()) by_rule_.resize(rule + 1);
  by_rule_[rule].push_back(std::move(compiled));
  return error;
}

bool Allowances::let_pass(const Candidate& candidate, const RecordView& record, Memo& memo) const {
  if (empty() || !record.starts_record || !record.ends_record) return false;
  record.work += candidate.secret.size() + candidate.match.size();
  if (has_fingerprint_of(candidate.secret)) return true;
  if (candidate.rule >= by_rule_.size()) return false;
  const auto& allowances = by_rule_[candidate.rule];
  return std::any_of(allowances.begin(), allowances.end(), [&](const auto& allowance) {
    return allowance->holds_for(candidate, record, memo);
  });
}

}  // namespace redactd
