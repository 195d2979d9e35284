#include "config/rules/rule_parser.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <system_error>
#include <utility>

#include "config/rules/allow_reader.h"
#include "config/rules/mask_reader.h"
#include "filters/byte_class.h"

namespace redactd {
namespace {

const std::vector<std::string_view> kKinds = {"token", "value", "userinfo",
                                              "block", "known", "regex"};
const std::vector<std::string_view> kSeverities = {"low", "medium", "high", "critical"};
const std::vector<std::string_view> kBoundaries = {"word", "none"};
const std::vector<std::string_view> kForms = {"assign", "authorization", "cookie",  "credentials",
                                              "object", "rest",          "members", "columns",
                                              "piped",  "spaced",        "before"};
const std::vector<std::string_view> kStands = {"anywhere", "in_quotes", "at_once"};
const std::vector<std::string_view> kBodies = {"key-material", "lines", "pairs", "hex"};
constexpr int kMostSeparators = 8;  // of a value's key
const std::vector<std::string_view> kStrengths = {"strong", "medium", "weak", "random"};

/// The keys that every rule may have.
const std::vector<std::string_view> kCommonKeys = {"id",   "title",      "kind",      "severity",
                                                   "tags", "mask",       "reference", "examples",
                                                   "keep", "validators", "default",   "allow"};

/// The keys that belong to one kind.
std::vector<std::string_view> keys_of(RuleKind kind) {
  switch (kind) {
    case RuleKind::token:
      return {"pattern", "prefix", "extend", "min", "max", "boundary"};
    case RuleKind::value:
      return {"keys",         "names", "ordinary_names", "pattern",  "form",  "strength",
              "in_sentences", "min",   "boundary",       "requires", "stands"};
    case RuleKind::userinfo:
      return {"pattern"};
    case RuleKind::block:
      return {"begin", "end", "body", "max_lines", "max_bytes"};
    case RuleKind::known:
      return {"values", "file"};
    case RuleKind::regex:
      return {"pattern", "min"};
  }
  return {};
}

bool is_id(const std::string& id) {
  return !id.empty() && id.size() <= 64 && id.front() != '-' && id.back() != '-' &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

std::optional<Validator> parse_validator(const std::string& text) {
  static const std::vector<std::pair<std::string_view, Validator::Kind>> kNames = {
      {"mixed", Validator::Kind::mixed},         {"jwt", Validator::Kind::jwt},
      {"base64", Validator::Kind::base64},       {"luhn", Validator::Kind::luhn},
      {"not-hash", Validator::Kind::not_hash},   {"userpass", Validator::Kind::userpass},
      {"scrambled", Validator::Kind::scrambled}, {"crc32", Validator::Kind::crc32},
      {"card", Validator::Kind::card},           {"iban", Validator::Kind::iban},
      {"bip39", Validator::Kind::bip39},         {"wif", Validator::Kind::wif},
      {"code", Validator::Kind::code},           {"phrase", Validator::Kind::phrase}};
  for (const auto& [name, kind] : kNames) {
    if (text == name) return Validator{kind, 0};
  }
  constexpr std::string_view kEntropy = "entropy:";
  if (!text.starts_with(kEntropy)) return std::nullopt;
  double threshold = 0;
  const char* begin = text.data() + kEntropy.size();
  auto [end, error] = std::from_chars(begin, text.data() + text.size(), threshold);
  bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || threshold <= 0 || threshold >= 8) return std::nullopt;
  return Validator{Validator::Kind::entropy, threshold};
}

/// Reads one rule; goes on after each error.
class RuleParser {
 public:
  RuleParser(const YamlReader& reader, const PackFolder& folder, const FileReader& read_file)
      : reader_(reader), folder_(folder), read_file_(read_file) {}

  std::optional<LoadedRule> parse() {
    if (!check_keys()) return std::nullopt;
    loaded_.path = reader_.path();
    loaded_.location = reader_.location();
    read_common();
    read_kind();
    return std::move(loaded_);
  }

 private:
  bool check_keys() {
    std::vector<std::string_view> known = kCommonKeys;
    std::optional<size_t> kind;
    if (reader_.is_map() && reader_.has("kind")) kind = reader_["kind"].one_of(kKinds);
    if (kind) {
      rule_.kind = static_cast<RuleKind>(*kind);
      std::vector<std::string_view> own = keys_of(rule_.kind);
      known.insert(known.end(), own.begin(), own.end());
    } else {
      for (size_t i = 0; i < kKinds.size(); ++i) {
        std::vector<std::string_view> own = keys_of(static_cast<RuleKind>(i));
        known.insert(known.end(), own.begin(), own.end());
      }
    }
    if (!reader_.expect_map(known)) return false;
    if (!reader_.has("kind"))
      reader_.fail_missing("kind", "one of token, value, userinfo, block, known, regex");
    return true;
  }

  /// The value of `key`; remembers where it stands.
  YamlReader at(std::string_view key) {
    YamlReader found = reader_[key];
    if (found.present()) loaded_.keys[std::string(key)] = found.location();
    return found;
  }

  void read_common() {
    if (std::optional<std::string> id = at("id").text()) {
      rule_.id = *id;
      if (!is_id(*id))
        reader_["id"].fail("must be 1 to 64 of a-z, 0-9 and -, not beginning or ending with -");
    } else {
      reader_.fail_missing("id", "a unique name of a-z, 0-9 and -");
    }
    rule_.title = at("title").text().value_or("");
    if (rule_.title.empty()) reader_.fail_missing("title", "a few words for people");
    if (reader_.has("severity")) {
      if (auto severity = at("severity").one_of(kSeverities))
        rule_.severity = static_cast<Severity>(*severity);
    } else {
      reader_.fail_missing("severity", "one of critical, high, medium, low");
    }
    rule_.tags = at("tags").texts();
    rule_.reference = at("reference").text().value_or("");
    rule_.enabled_by_default = at("default").boolean().value_or(true);
    rule_.allow = read_rule_allow(at("allow"));
    if (reader_.has("mask")) rule_.mask = parse_mask(at("mask"));
    for (const YamlReader& item : at("validators").items()) {
      std::optional<std::string> text = item.text();
      if (!text) continue;
      if (std::optional<Validator> validator = parse_validator(*text)) {
        rule_.validators.push_back(*validator);
      } else {
        item.fail(
            "is no validator; allowed: entropy:BITS (0 to 8), mixed, jwt, base64, luhn, not-hash, "
            "userpass, scrambled, crc32, card, iban, bip39, wif, code, phrase");
      }
    }
    size_t number = 0;
    for (const YamlReader& item : at("examples").items()) {
      loaded_.keys["examples[" + std::to_string(number++) + "]"] = item.location();
      if (std::optional<std::string> text = item.text()) rule_.examples.push_back({*text});
    }
    if (rule_.examples.empty() && rule_.kind != RuleKind::known) {
      reader_.fail_missing("examples", "at least one line, with the secret between « and »");
    }
    number = 0;
    for (const YamlReader& item : at("keep").items()) {
      loaded_.keys["keep[" + std::to_string(number++) + "]"] = item.location();
      if (std::optional<std::string> text = item.text()) rule_.keep.push_back(*text);
    }
  }

  void read_kind() {
    switch (rule_.kind) {
      case RuleKind::token:
        read_patterns(true);
        rule_.prefix = at("prefix").text().value_or("");
        read_extend();
        read_bounds();
        break;
      case RuleKind::value:
        read_value();
        break;
      case RuleKind::userinfo:
        read_patterns(true);
        break;
      case RuleKind::block:
        read_block();
        break;
      case RuleKind::known:
        read_known();
        break;
      case RuleKind::regex:
        read_patterns(true);
        rule_.min = at("min").count().value_or(0);
        break;
    }
  }

  void read_patterns(bool required) {
    size_t number = 0;
    YamlReader patterns = at("pattern");
    for (const YamlReader& item : patterns.items()) {
      loaded_.keys["pattern[" + std::to_string(number++) + "]"] = item.location();
      if (std::optional<std::string> text = item.text()) {
        if (text->empty()) item.fail("is empty");
        rule_.patterns.push_back(*text);
      }
    }
    if (required && rule_.patterns.empty())
      reader_.fail_missing("pattern", "an expression, or a list of them");
  }

  void read_extend() {
    YamlReader extend = at("extend");
    std::optional<std::string> text = extend.text();
    if (!text) return;
    rule_.extend = ByteClass::parse(*text);
    if (!rule_.extend || rule_.extend->empty()) {
      extend.fail("must be the inside of a bracket expression, such as A-Za-z0-9_-");
      rule_.extend.reset();
    } else if (rule_.extend->has(' ') || rule_.extend->has('\n') || rule_.extend->has('"')) {
      extend.fail("may not hold blanks or quotes: it would run past the secret");
    }
  }

  void read_bounds() {
    rule_.min = at("min").count().value_or(0);
    rule_.max = at("max").count().value_or(0);
    if (rule_.max != 0 && rule_.max < rule_.min) reader_["max"].fail("is less than min");
    if (auto boundary = at("boundary").one_of(kBoundaries))
      rule_.boundary = static_cast<Boundary>(*boundary);
  }

  void read_value() {
    read_patterns(false);
    for (const YamlReader& item : at("keys").items()) {
      std::optional<std::string> key = item.text();
      if (!key) continue;
      bool fit = key->size() >= 2 && key->front() != '_' && key->back() != '_' &&
                 std::all_of(key->begin(), key->end(),
                             [](char c) { return is_lower(c) || is_digit(c) || c == '_'; });
      if (!fit)
        item.fail(
            "must be a word of at least two of a-z, 0-9 and _ (for an optional separator inside)");
      if (std::count(key->begin(), key->end(), '_') > kMostSeparators)
        item.fail("has more than " + std::to_string(kMostSeparators) +
                  " optional separators (_), each of which doubles its spellings");
      rule_.keys.push_back(*key);
    }
    if (rule_.keys.empty() == rule_.patterns.empty()) {
      reader_.fail_missing("keys", "a value rule has either keys or a pattern");
    }
    read_names();
    if (auto form = at("form").one_of(kForms)) rule_.form = static_cast<ValueForm>(*form);
    if (auto strength = at("strength").one_of(kStrengths))
      rule_.strength = static_cast<Strength>(*strength);
    if (auto strength = at("in_sentences").one_of(kStrengths))
      rule_.in_sentences = static_cast<Strength>(*strength);
    rule_.required_text = at("requires").text().value_or("");
    if (auto stands = at("stands").one_of(kStands))
      rule_.stands = static_cast<ValueStands>(*stands);
    read_bounds();
  }

  void read_names() {
    read_names("names", rule_.names);
    read_names("ordinary_names", rule_.ordinary_names);
    rule_.names.insert(rule_.names.end(), rule_.ordinary_names.begin(), rule_.ordinary_names.end());
    for (std::vector<std::string>* names : {&rule_.names, &rule_.ordinary_names}) {
      std::sort(names->begin(), names->end());
      names->erase(std::unique(names->begin(), names->end()), names->end());
    }
    if (rule_.names.size() > kMostNames)
      reader_["names"].fail("are more than " + std::to_string(kMostNames));
    if (!rule_.names.empty() && rule_.keys.empty())
      reader_.fail_missing("keys", "names stand in or before a key");
  }

  void read_names(std::string_view key, std::vector<std::string>& names) {
    for (const YamlReader& item : at(key).items()) {
      std::optional<std::string> name = item.text();
      if (!name) continue;
      bool fit = name->size() >= 2 && name->size() <= kLongestProvider &&
                 std::all_of(name->begin(), name->end(),
                             [](char c) { return is_lower(c) || is_digit(c); });
      if (!fit) item.fail("must be 2 to 32 of a-z and 0-9; separators between them do not count");
      names.push_back(*name);
    }
  }

  void read_block() {
    rule_.begin = at("begin").text().value_or("");
    rule_.end = at("end").text().value_or("");
    if (rule_.begin.empty()) reader_.fail_missing("begin", "the expression of the first marker");
    if (rule_.end.empty()) reader_.fail_missing("end", "the expression of the last marker");
    if (auto body = at("body").one_of(kBodies)) rule_.body = static_cast<BlockBody>(*body);
    rule_.max_lines = at("max_lines").count().value_or(rule_.max_lines);
    rule_.max_bytes = at("max_bytes").bytes().value_or(rule_.max_bytes);
  }

  void read_known() {
    rule_.values = at("values").texts();
    YamlReader file = at("file");
    if (std::optional<std::string> name = file.text()) {
      std::optional<std::string> text = read_file_((folder_.path / *name).string());
      if (!text) {
        file.fail("cannot read " + (folder_.shown / *name).string());
        return;
      }
      std::istringstream lines(*text);
      for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (!line.empty()) rule_.values.push_back(line);
      }
    }
    if (rule_.values.empty())
      reader_.fail_missing("values", "a list of values, or a file with one a line");
  }

  const YamlReader& reader_;
  const PackFolder& folder_;
  const FileReader& read_file_;
  LoadedRule loaded_;
  Rule& rule_ = loaded_.rule;
};

}  // namespace

std::optional<LoadedRule> parse_rule(const YamlReader& reader, const PackFolder& folder,
                                     const FileReader& read_file) {
  return RuleParser(reader, folder, read_file).parse();
}

}  // namespace redactd
