#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "filters/rule.h"
#include "filters/spans/span.h"
#include "filters/spans/value/key.h"
#include "filters/spans/value/value_check.h"
#include "filters/spans/value/value_opening.h"

namespace redactd {

/// Collects the spans of one anchor: the value behind a key, by the form of its rule. Lives as long
/// as that takes, and its arguments longer.
class ValueResolver {
 public:
  ValueResolver(const RecordView& record, const ValueRule& value, size_t anchor_end,
                std::vector<Span>& spans, KeyName name = {})
      : text_(record.text),
        name_(name),
        record_(record),
        rule_(value.rule),
        rule_number_(value.number),
        fixed_mask_(value.fixed_mask),
        anchor_end_(anchor_end),
        spans_(spans) {}

  /// Adds what it finds to the spans. What comes back says that it did, or why there is nothing.
  Verdict resolve(const Opening& opening);

 private:
  static constexpr size_t kMostElements = 4096;  // of an array, a cookie header or a row

  // value_resolver.cc
  Verdict resolve_one(const Opening& opening);
  Verdict assign(const Opening& opening);
  bool is_code_rule() const;
  size_t brace_end(size_t at) const;
  size_t end_with_blanks(size_t at, const Opening& opening) const;
  Verdict add_word(size_t begin, size_t end, const Opening& opening);
  bool is_code_in_sentence(const Opening& opening) const;
  bool is_masked_already(size_t begin, size_t end) const;
  bool is_long_and_plain(size_t begin, size_t end) const;
  Verdict add(size_t begin, size_t end, const Opening& opening, Strength strength);

  // value_end.cc
  size_t value_end(const Opening& opening) const;
  size_t bare_value_end(size_t at, const Opening& opening) const;
  size_t phrase_end(const Opening& opening) const;
  size_t header_end(const Opening& opening) const;
  size_t line_end(const Opening& opening) const;
  bool line_break_at(size_t at) const;

  // further_values.cc
  std::optional<Verdict> array(size_t at, const Opening& opening);
  void further_values(size_t at, size_t end, const Opening& opening, bool masked);
  void next_words(size_t at, size_t end, const Opening& opening);
  void changed_value(size_t begin, size_t end, const Opening& opening);
  size_t compared_value(size_t begin, size_t at) const;
  void changed_word(size_t at, size_t end, const Opening& opening);
  void fallback_of_code(size_t at, size_t end);

  // ordinary_value.cc
  bool is_name(size_t begin, size_t end, const Opening& opening) const;
  bool is_ordinary(size_t begin, size_t end, const Opening& opening) const;
  size_t key_end() const { return end_of_key(text_, anchor_end_); }
  bool is_whole(size_t end) const;
  bool stands_in_mask() const;

  // header_value.cc
  Verdict authorization(const Opening& opening);
  Verdict header_list(size_t at);
  static bool is_known_scheme(std::string_view name);
  size_t credential_end(size_t at, size_t end) const;
  Verdict cookie(const Opening& opening);
  bool walked_before(const Opening& opening, size_t at, size_t end) const;
  void remember_walk(const Opening& opening, size_t last, size_t end) const;
  static bool is_cookie_name_byte(char c);
  static bool is_cookie_setting(std::string_view name, std::string_view value);
  static bool is_cookie_attribute(std::string_view name);
  Verdict credentials(const Opening& opening);

  // member_values.cc
  Verdict object(const Opening& opening);
  size_t object_begin() const;
  Verdict members();
  static std::optional<Strength> column_strength(std::string_view name);
  Verdict columns();
  size_t row_of(size_t at, const std::vector<std::optional<Strength>>& secret, Verdict& result);
  Verdict piped(const Opening& opening);

  // code_before.cc
  Verdict before();

  std::string_view text_;
  KeyName name_;
  const RecordView& record_;
  const Rule& rule_;
  uint32_t rule_number_;
  std::string_view fixed_mask_;
  size_t anchor_end_;
  std::vector<Span>& spans_;
};

}  // namespace redactd
