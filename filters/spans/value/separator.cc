#include "filters/spans/value/separator.h"

#include <algorithm>

#include "filters/byte_class.h"
#include "filters/spans/extent.h"
#include "filters/spans/value/markup.h"
#include "filters/spans/value/quoted_key.h"
#include "filters/spans/word_list.h"
#include "filters/validators/validators.h"

namespace redactd {
namespace {

/// `?=` `::=` `:::=` `.=` `+=` `||=`: its length, else 0.
size_t compound_assignment(std::string_view rest) {
  for (std::string_view assignment : {"?=", "::=", ":::=", ".=", "+=", "||=", "?\?="}) {
    if (rest.starts_with(assignment)) return assignment.size();
  }
  return 0;
}

/// `var dbPassword string = "…"`, `let password: &str = "…"`: past the = behind the type's name,
/// else npos.
size_t typed_assignment(std::string_view text, size_t at) {
  static constexpr ByteClass kOfTypes = alnum_and(".");
  size_t type = at;
  if (type < text.size() && text[type] == '&') ++type;
  while (type < text.size() && type - at < 24 && kOfTypes.has(text[type])) ++type;
  if (type == at) return kNone;
  size_t equals = skip_blanks(text, type);
  if (equals == type || equals >= text.size() || text[equals] != '=') return kNone;
  size_t value = skip_blanks(text, equals + 1);
  return quote_at(text, value).none() ? kNone : equals + 1;
}

/// `.password("…")`, `setDbPassword("…")`, `set_password("…")`: a call that is given the value.
bool sets_value(std::string_view text, size_t name_begin, size_t key_begin) {
  if (key_begin > name_begin && text[key_begin - 1] == '_') --key_begin;
  size_t word = key_begin;
  while (word > name_begin && is_alnum(text[word - 1])) --word;
  std::string_view before = text.substr(word, key_begin - word);
  if (before.empty()) return key_begin > 0 && text[key_begin - 1] == '.';
  for (std::string_view verb : {"set", "with"}) {  // setDbPassword
    if (before.starts_with(verb) && (before == verb || is_upper(before[verb.size()]))) return true;
  }
  return false;
}

/// `|` or `>-` of YAML and the escaped line break behind it: where the value begins, else npos.
size_t spelt_block(std::string_view text, size_t at) {
  if (at >= text.size() || (text[at] != '|' && text[at] != '>')) return kNone;
  ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  const size_t value = skip_line_breaks(text, at);
  const bool spelt = value > at && (text[at] == '\\' || text[at] == '#');
  return spelt ? value : kNone;
}

/// `name: ` before the name.
bool is_name_of_member(std::string_view text, size_t name_begin) {
  size_t at = name_begin;
  while (at > 0 && text[at - 1] == ' ') --at;
  return at < name_begin && text.substr(0, at).ends_with("name:");
}

/// `name=` or `key=` before the name: logfmt has its value in the next pair.
bool is_named(std::string_view before) {
  return before.ends_with("name=") || before.ends_with("key=");
}

/// `Using --password via the CLI is insecure`, `use --token or --token-file`: a sentence about an
/// option, not what it is given.
bool prose_follows(std::string_view rest) {
  static constexpr std::string_view kWords[] = {"via ", "is ", "or ", "and ", "flag ", "option "};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [rest](std::string_view word) { return rest.starts_with(word); });
}

/// `Set API_KEY to …`, `setting the env variable API_KEY to …`, `Resetting password to …`,
/// `overriding db.password with …`: whether a verb stands near before the name.
bool is_set(std::string_view text, size_t name_begin, std::string_view preposition) {
  static constexpr std::string_view kTo[] = {"et ",      "ET ",        "etting ", "hanged ",
                                             "hanging ", "hange ",     "pdated ", "pdating ",
                                             "pdate ",   "verriding ", "esolved "};
  static constexpr std::string_view kWith[] = {"verriding ", "verride ", "eplacing ", "eplaced "};
  constexpr size_t kReach = 32;
  std::string_view before =
      text.substr(name_begin - std::min(name_begin, kReach), std::min(name_begin, kReach));
  while (before.ends_with(' ')) {  // past the words between
    const bool verb =
        std::any_of(preposition == "to " ? std::begin(kTo) : std::begin(kWith),
                    preposition == "to " ? std::end(kTo) : std::end(kWith),
                    [before](std::string_view word) { return before.ends_with(word); });
    if (verb) return true;
    before.remove_suffix(1);
    while (!before.empty() && is_letter(before.back())) before.remove_suffix(1);
  }
  return false;
}

/// `|`, `│` or `┃` between the cells of a table: its length, else 0.
size_t cell_bar(std::string_view rest) {
  if (rest[0] == '|') return 1;
  return rest.starts_with("\u2502") || rest.starts_with("\u2503") ? 3 : 0;
}

class SeparatorReader {
 public:
  SeparatorReader(std::string_view text, size_t key_end, const KeyPlace& key)
      : text_(text), key_end_(key_end), key_(key) {
    at_ = skip_colour(text, skip_blanks(text, skip_colour(text, key_end)));
    rest_ = text.substr(std::min(at_, text.size()));
    blank_before_ = at_ > key_end && is_blank(text[at_ - 1]);
  }

  Separator read() const {
    Separator found = read_any();
    found.of_name = !rest_.empty() && (rest_[0] == '=' || rest_[0] == ':');
    return found;
  }

 private:
  Separator read_any() const {
    if (rest_.empty()) return {};
    if (rest_[0] == '=') return equals();
    if (rest_[0] == ':' && !rest_.starts_with("::")) return colon();
    if (rest_[0] == '!') return unequal();
    if (size_t value = behind_or(); value != kNone) return ends(value);
    if (size_t bar = cell_bar(rest_); bar != 0) return next_cell(bar);
    if (size_t length = compound_assignment(rest_); length != 0) return ends(at_ + length);
    if (rest_[0] == ':') return colon();
    if (rest_[0] == '<') return assigned() ? ends(at_ + 3) : markup(next_element(text_, at_));
    if (size_t value = behind_tag(); value != kNone) return markup(value, rest_[0] != '>');
    if (blank_before_ && rest_.starts_with("-> ")) return sentence(at_ + 3);
    if (blank_before_ && rest_.starts_with("\u2192 ")) return sentence(at_ + 4);  // →
    if (size_t value = behind_spelt_tag(text_, key_.key_begin, at_); value != kNone)
      return markup(value);
    if (Separator escaped = encoded(); escaped.end != kNone) return escaped;
    return key_.quote.none() ? behind_name() : behind_quoted_name();
  }

  static Separator ends(size_t end) {
    Separator found;
    found.end = end;
    return found;
  }

  static Separator sentence(size_t end) {
    Separator found = ends(end);
    found.sentence = true;
    return found;
  }

  static Separator markup(size_t end, bool doubt = true) {
    Separator found = ends(end);
    found.markup = true;
    found.doubt = doubt;
    return found;
  }

  static Separator doubtful(size_t end) {
    Separator found = ends(end);
    found.doubt = true;
    return found;
  }

  /// `=` `==` `=>` `=~`
  Separator equals() const {
    static constexpr ByteClass kMore = ByteClass::of("=>~");
    size_t end = at_ + 1;
    if (rest_.starts_with("=&gt;")) return ends(at_ + 5);
    while (end < text_.size() && end < at_ + 3 && kMore.has(text_[end])) ++end;
    // `["password"]=>\n  string(12) "…"` of PHP, in a string
    if (rest_.starts_with("=>\\")) {
      size_t value = skip_line_breaks(text_, end);
      if (text_.substr(value).starts_with("string(")) return ends(value);
    }
    bool compared = rest_.starts_with("== ") && blank_before_;
    return compared ? sentence(end) : ends(end);  // token == expected_token
  }

  /// `process.env.DB_PASSWORD || '…'`, `?? '…'`, `?: "…"`: what is taken when nothing is set.
  size_t behind_or() const {
    if (!blank_before_) return kNone;
    for (std::string_view mark : {"|| ", "?? ", "?: "}) {
      if (rest_.starts_with(mark) && !quote_at(text_, at_ + mark.size()).none())
        return at_ + mark.size();
    }
    return kNone;
  }

  /// `password <- "…"` of R.
  bool assigned() const {
    return blank_before_ && rest_.starts_with("<- ") && !quote_at(text_, at_ + 3).none();
  }

  /// `!= "…"`, `!== "…"`: what something is compared with.
  Separator unequal() const {
    if (!rest_.starts_with("!=")) return {};
    size_t end = at_ + (rest_.starts_with("!==") ? 3 : 2);
    return quote_at(text_, skip_blanks(text_, end)).none() ? Separator{} : ends(end);
  }

  /// `| password | … |`: the next cell of a table.
  Separator next_cell(size_t bar) const {
    size_t before = key_.name_begin - std::min(key_.name_begin, key_.quote.size());
    while (before > 0 && is_blank(text_[before - 1])) --before;
    const bool first = blank_before_ && (before == 0 || is_only_cell(bar));
    if (!first && !text_.substr(0, before).ends_with(rest_.substr(0, bar))) return {};
    return doubtful_sentence(at_ + bar);
  }

  /// `password | …`, as psql prints a record, behind the header of a log or in a string.
  bool is_only_cell(size_t bar) const {
    constexpr size_t kReach = 256;
    constexpr size_t kHeader = 128;
    const size_t begin = key_.name_begin;
    const size_t from = begin - std::min(begin, kHeader);
    std::string_view header = text_.substr(from, begin - from);
    const bool starts = header.ends_with("  ") || header.ends_with(": ") ||
                        header.ends_with("] ") || header.ends_with("- ") ||
                        header.ends_with("F ") || header.ends_with('"') || header.ends_with("\\n");
    std::string_view mark = rest_.substr(0, bar);
    return starts && key_.quote.none() && header.find(mark) == kNone &&
           rest_.substr(bar, kReach).find(mark) == kNone;
  }

  Separator colon() const {
    if (rest_.starts_with("::")) {  // a scope, or base64 of LDIF
      bool ldif = rest_.starts_with(":: ") && !blank_before_ && key_.quote.none();
      return ldif ? doubtful(at_ + 3) : Separator{};
    }
    if (rest_.starts_with(":?") && text_.substr(0, key_.name_begin).ends_with("${"))
      return {};  // ${DB_PASSWORD:?must be set}
    Separator found = ends(at_ + (rest_.starts_with(":=") ? 2 : 1));
    const size_t next = skip_blanks(text_, found.end);
    if (size_t typed = typed_assignment(text_, next); typed != kNone)
      return ends(typed);  // let password: string = "…"
    if (size_t block = spelt_block(text_, next); block != kNone) return ends(block);
    found.colon = true;
    if (size_t value = behind_emphasis(found.end); value != kNone) return doubtful_sentence(value);
    found.sentence = (key_.quote.none() || blank_before_) && found.end < text_.size() &&
                     is_blank(text_[found.end]);
    return found;
  }

  /// `**Password:** …` of Markdown, `<b>Password:</b> …` of HTML, also `</th><td>`: where the value
  /// begins, else npos.
  size_t behind_emphasis(size_t at) const {
    constexpr size_t kLongestTag = 16;
    constexpr size_t kMostTags = 4;
    if (!key_.quote.none() || at >= text_.size()) return kNone;
    for (std::string_view mark : {"** ", "__ ", "* "}) {
      if (text_.substr(at).starts_with(mark)) return at + mark.size();
    }
    if (text_.substr(at, 2) != "</") return kNone;
    for (size_t i = 0; i < kMostTags && at < text_.size() && text_[at] == '<'; ++i) {
      const size_t close = text_.substr(at, kLongestTag).find('>');
      if (close == kNone) return kNone;
      at += close + 1;
    }
    return skip_blanks(text_, at);
  }

  /// `<password>` and `<Password Type="…">`: past it, else npos.
  size_t behind_tag() const {
    if (!key_.quote.none()) return kNone;
    const size_t open = tag_begin(text_, key_.name_begin);
    if (open == kNone) return kNone;
    if (blank_before_) {
      size_t value = tag_with_attributes(text_, at_);
      return value != kNone && opens_tag(text_, open, value) ? value : kNone;
    }
    bool tag = rest_.size() > 1 && rest_[0] == '>' && !is_blank(rest_[1]) &&
               opens_tag(text_, open, at_ + 1);
    return tag ? at_ + 1 : kNone;
  }

  /// `%3D`, also encoded twice, and `\u003d`.
  Separator encoded() const {
    if (rest_[0] == '&') {
      for (std::string_view entity : {"&#61;", "&#x3d;", "&equals;", "&#58;", "&colon;"}) {
        if (starts_with_ignoring_case(rest_, entity)) return ends(at_ + entity.size());
      }
      return {};
    }
    if (rest_[0] != '%' && rest_[0] != '\\') return {};
    for (std::string_view escaped : {"%253d", "%253a", "%25253d", "%3d", "%3a"}) {
      if (!starts_with_ignoring_case(rest_, escaped)) continue;
      Separator found = ends(spelt_blank(at_ + escaped.size()));
      found.percent = true;
      found.sentence = key_.quote.none() && found.end > at_ + escaped.size();
      return found;
    }
    for (std::string_view equals : {"\\=", "\\\\=", "\\x3d", "\\x3D", "\\x3a",
                                    "\\x3A"}) {  // of CEF, also in JSON; of JavaScript
      if (rest_.starts_with(equals)) return ends(at_ + equals.size());
    }
    bool json =
        starts_with_ignoring_case(rest_, "\\u003d") || starts_with_ignoring_case(rest_, "\\u003a");
    return json ? ends(at_ + 6) : Separator{};
  }

  /// Past the `%20` or `+` that json.dumps() has behind a colon, and the `%5B` of a list.
  size_t spelt_blank(size_t at) const {
    std::string_view rest = text_.substr(at);
    bool quote = rest.starts_with("+%22") || rest.starts_with("+%27");
    if (rest.starts_with("%20")) at += 3;
    if (quote) ++at;
    rest = text_.substr(at);
    bool list =
        starts_with_ignoring_case(rest, "%5b%22") || starts_with_ignoring_case(rest, "%5b%27");
    return list ? at + 3 : at;
  }

  /// `<<"password">>,<<"…">>` and `<<"password">> => <<"…">>` of Erlang: to the value, else npos.
  size_t behind_binary() const {
    const size_t quote = key_.name_begin - std::min(key_.name_begin, key_.quote.size());
    if (!rest_.starts_with(">>") || !text_.substr(0, quote).ends_with("<<")) return kNone;
    const size_t mark = skip_blanks(text_, at_ + 2);
    for (std::string_view separator : {",", "=>"}) {
      if (!text_.substr(mark).starts_with(separator)) continue;
      const size_t value = skip_blanks(text_, mark + separator.size());
      return text_.substr(value).starts_with("<<") ? value : kNone;
    }
    return kNone;
  }

  Separator behind_quoted_name() const {
    if (size_t value = behind_binary(); value != kNone) return ends(value);
    bool attribute = key_.name_begin >= key_.quote.size() &&
                     has_attribute_before(text_, key_.name_begin - key_.quote.size());
    if (attribute && rest_.size() > 1 && rest_[0] == '>' &&
        (rest_[1] != '<' || is_value_tag(text_, at_ + 1)))
      return markup(at_ + 1);          // <property name="password">…, also with <value> in it
    if (attribute && blank_before_) {  // <setting name="Password" serializeAs="String"><value>…
      const size_t tag = tag_with_attributes(text_, at_);
      const size_t value = tag == kNone ? kNone : skip_line_breaks(text_, tag);
      if (value != kNone && text_.substr(value).starts_with("<value>")) return markup(value);
    }
    if (blank_before_ && !attribute && rest_[0] != ',') {
      const size_t quote = key_.name_begin - std::min(key_.name_begin, key_.quote.size());
      if (rest_.starts_with("changed from ")) return doubtful(at_ + 13);
      if (size_t value = behind_with_value(); value != kNone) return set_to(value);
      const bool to = rest_.starts_with("to ") || rest_.starts_with("TO ");
      if (to && is_set(text_, quote, "to ")) return set_to(at_ + 3);
      if (size_t value = said_anew(); value != kNone) return set_to(value);
    }
    Separator found = ends(quoted_separator(text_, at_, key_.name_begin, key_.quote));
    found.colon = found.end != kNone && text_[found.end - 1] == ':' && rest_[0] != ';';
    return found;
  }

  Separator behind_name() const {
    const char c = rest_[0];
    const char before = key_.name_begin > 0 ? text_[key_.name_begin - 1] : '\0';
    bool quoted_next = !quote_at(text_, at_ + (c == '(' || c == ',' ? 1 : 0)).none();
    if (quoted_next && c == ',' && before == '{') return ends(at_ + 1);  // {password,"…"} of Erlang
    if (rest_.starts_with(",<<\"") || rest_.starts_with(",<<\\"))
      return ends(at_ + 1);  // password,<<"…">>
    if (size_t member = behind_value_name(c); member != kNone) return ends(member);
    if (quoted_next && c == '(' && !blank_before_ &&
        sets_value(text_, key_.name_begin, key_.key_begin))
      return doubtful(at_ + 1);
    if (c == '(' && !blank_before_ && key_.name_begin == key_.key_begin && random_argument())
      return doubtful(at_ + 1);  // password("…"), token(…)
    if (quoted_next && blank_before_ && before == ':') return ends(at_);  // {:password "…"}
    if (c == ',' && !blank_before_ && lists_value()) return doubtful(at_ + 1);
    // More than a blank: the column of a help text.
    if (at_ == key_end_ + 1 && is_option(text_, key_.name_begin))
      return prose_follows(rest_) ? Separator{} : ends(at_);
    return blank_before_ ? behind_blank() : Separator{};
  }

  /// Whether what stands in the parentheses looks random: the key may be a function's name.
  bool random_argument() const {
    constexpr size_t kShortest = 8;
    constexpr size_t kLongest = 256;
    const Quote quote = quote_at(text_, at_ + 1);
    const size_t begin = at_ + 1 + quote.size();
    std::string_view near = text_.substr(0, std::min(text_.size(), begin + kLongest));
    const size_t end =
        quote.none() ? near.find_first_of(")( \t", begin) : quoted_end(near, begin, quote);
    if (end >= near.size() || end - begin < kShortest) return false;
    std::string_view value = near.substr(begin, end - begin);
    return (!quote.none() || near[end] == ')') && value.find(' ') == kNone && is_scrambled(value);
  }

  /// `[--user, bob, --password, …]` as Java prints a list, `(password,…)` as Scala prints a pair.
  bool lists_value() const {
    if (is_option(text_, key_.name_begin)) return true;
    const size_t open = key_.name_begin - std::min<size_t>(key_.name_begin, 1);
    if (text_.substr(open, 1) != "(" || key_.name_begin == 0) return false;
    if (at_ + 1 < text_.size() && is_blank(text_[at_ + 1])) return false;  // of other languages
    return open == 0 || std::string_view(" (,[").find(text_[open - 1]) != kNone;  // no call
  }

  /// `Name:DB_PASSWORD Value:…`, `Name:DB_PASSWORD,Value:…` as Go prints a struct,
  /// `ParameterKey=DbPassword,ParameterValue=…` and `env[0].name=DB_PASSWORD,env[0].value=…` of
  /// command lines, `{name: DB_PASSWORD, value: …}` and `name: DB_PASSWORD\n value: …` of YAML.
  size_t behind_value_name(char c) const {
    constexpr size_t kLongest = 40;
    constexpr std::string_view kValue = "value";
    size_t name = at_;
    if (c == ',') name = skip_blanks(text_, at_ + 1);
    if ((c == '\\' || c == '#') && is_name_of_member(text_, key_.name_begin))
      name = skip_line_breaks(text_, at_);
    if (name == at_) {
      if (!blank_before_) return kNone;
      const bool named = is_named(text_.substr(0, key_.name_begin));
      return rest_.starts_with("Value:") || (named && rest_.starts_with("value=")) ? at_ + 6
                                                                                   : kNone;
    }
    const size_t limit = std::min(text_.size(), name + kLongest);
    size_t end = name;
    while (end < limit && (is_name_byte(text_[end]) || text_[end] == '[' || text_[end] == ']'))
      ++end;
    if (end == limit || end - name < kValue.size()) return kNone;
    std::string_view word = text_.substr(name, end - name);
    if (!equals_ignoring_case(word.substr(word.size() - kValue.size()), kValue)) return kNone;
    bool pair = key_.name_begin > 0 && text_[key_.name_begin - 1] == '=' && text_[end] == '=';
    return pair || (word.size() == kValue.size() && text_[end] == ':') ? end + 1 : kNone;
  }

  /// `is now …`, `is now set to …`, `has been changed to …`, `reset to …`: where the value begins,
  /// else npos.
  size_t said_anew() const {
    size_t at = at_;
    const bool now = skip(at, {"is now "});
    if (!now) skip(at, {"has been ", "was "});
    if (skip(at, {"set to ", "changed to ", "reset to ", "updated to ", "resolved to "})) return at;
    return now ? at : kNone;
  }

  Separator behind_blank() const {
    static constexpr ByteClass kFirsts = ByteClass::of("ihwscru");
    if (size_t typed = typed_assignment(text_, at_); typed != kNone) return ends(typed);
    if (kFirsts.has(rest_[0])) {
      if (size_t value = said_anew(); value != kNone) return set_to(value);
    }
    for (std::string_view made : {"issued: ", "generated: "}) {
      if (rest_.starts_with(made)) return doubtful_sentence(at_ + made.size());
    }
    for (std::string_view is : {"is: ", "is : ", "is "}) {
      if (starts_with_ignoring_case(rest_, is)) return sentence(at_ + is.size());
    }
    if (starts_with_ignoring_case(rest_, "was ")) return doubtful_sentence(at_ + 4);
    for (std::string_view preposition : {"to ", "with "}) {
      if (rest_.starts_with(preposition) && is_set(text_, key_.name_begin, preposition))
        return set_to(at_ + preposition.size());
    }
    if (size_t value = behind_remark(); value != kNone) return doubtful_sentence(value);
    if (size_t value = behind_with_value(); value != kNone) return set_to(value);
    if (starts_with_ignoring_case(rest_, "from ") && is_set(text_, key_.name_begin, "to "))
      return set_to(at_ + 5);  // changed password from … to …
    return behind_owner();
  }

  /// `Password (plaintext): …`, `Password [bob]: …`: where the value begins, else npos.
  size_t behind_remark() const {
    constexpr size_t kLongest = 32;
    if (rest_[0] != '(' && rest_[0] != '[') return kNone;
    if (mask_at(rest_, 0) != 0) return kNone;  // of what stood there without brackets
    const size_t close = rest_.substr(0, kLongest).find(rest_[0] == '(' ? "): " : "]: ");
    return close == kNone ? kNone : at_ + close + 3;
  }

  /// `with value …`, `from .env with value …`, `in PropertySource 'x' with type [String] and value
  /// …`: where the value begins, else npos.
  size_t behind_with_value() const {
    constexpr size_t kReach = 96;
    constexpr std::string_view kWith = "with value ";
    if (rest_.starts_with(kWith)) return past_type(at_ + kWith.size());
    if (!rest_.starts_with("from ") && !rest_.starts_with("in ")) return kNone;
    std::string_view near = rest_.substr(0, kReach);
    for (std::string_view words : {" with value ", " and value "}) {
      if (size_t at = near.find(words); at != kNone) return past_type(at_ + at + words.size());
    }
    return kNone;
  }

  /// Past the `of type String: ` that Spring has before a value.
  size_t past_type(size_t at) const {
    constexpr size_t kLongest = 40;
    if (!text_.substr(at).starts_with("of type ")) return at;
    const size_t colon = text_.substr(at, kLongest).find(": ");
    return colon == kNone ? kNone : at + colon + 2;
  }

  /// Quotes prove more than a word in a sentence.
  Separator set_to(size_t at) const {
    Separator found = doubtful_sentence(at);
    found.sentence = quote_at(text_, at).none();
    return found;
  }

  /// `changed from …`, `for user bob: …`, `for user bob is …`, `of bob was …`, `for bob set to …`
  Separator behind_owner() const {
    constexpr size_t kLongest = 64;
    if (rest_[0] != 'f' && rest_[0] != 'o' && rest_[0] != 'c') return {};
    size_t at = at_;
    if (skip(at, {"changed from "})) return doubtful_sentence(at);
    if (!skip(at, {"for ", "of ", "für "})) return {};
    while (skip(at, {"the ", "user ", "account "})) {
    }
    size_t end = text_.substr(0, std::min(text_.size(), at + kLongest)).find_first_of(" \t:=", at);
    if (end == kNone || end == at) return {};
    if (text_[end] == ':' && text_.substr(end + 1, 1) == " ") return doubtful_sentence(end + 2);
    if (text_[end] != ' ') return {};
    at = end + 1;
    if (!skip(at, {"is: ", "is ", "was ", "set to ", "changed to ", "= ", ": "})) return {};
    return doubtful_sentence(at);
  }

  static Separator doubtful_sentence(size_t end) {
    Separator found = sentence(end);
    found.doubt = true;
    return found;
  }

  bool skip(size_t& at, std::initializer_list<std::string_view> words) const {
    for (std::string_view word : words) {
      if (!text_.substr(at).starts_with(word)) continue;
      at += word.size();
      return true;
    }
    return false;
  }

  std::string_view text_;
  size_t key_end_;
  const KeyPlace& key_;
  size_t at_ = 0;
  std::string_view rest_;
  bool blank_before_ = false;
};

}  // namespace

Separator separator_at(std::string_view text, size_t at, const KeyPlace& key) {
  return SeparatorReader(text, at, key).read();
}

size_t skip_line_breaks(std::string_view text, size_t at) {
  while (at < text.size()) {
    size_t letter = text.find_first_not_of('\\', at);
    if (is_blank(text[at])) {
      ++at;
    } else if (letter != kNone && letter > at &&
               (text[letter] == 'n' || text[letter] == 'r' || text[letter] == 't')) {
      at = letter + 1;
    } else if (text.substr(at, 3) == "#01" && at + 3 < text.size() && text[at + 3] <= '5') {
      at += 4;  // as syslog daemons print it
    } else {
      break;
    }
  }
  return at;
}

}  // namespace redactd
