// The laws on tables whose header names a secret, on private keys that begin within their rows, and
// on other logs between them.

#include <gtest/gtest.h>

#include <array>
#include <iterator>

#include "tests/testing/all_splits.h"
#include "tests/testing/corpus.h"

namespace redactd::test {
namespace {

constexpr const char* kBeginKey =
    "-----BEGIN RSA PRIVATE"
    " KEY-----";
constexpr const char* kEndKey =
    "-----END RSA PRIVATE"
    " KEY-----";

class TableWriter {
 public:
  explicit TableWriter(unsigned seed) : random_(seed), logs_(seed, 0.5) {}

  /// Tables as programs print them, with their secrets.
  PlantedLine tables() {
    PlantedLine text;
    for (size_t i = 1 + below(3); i > 0; --i) {
      if (below(2) == 0) add(text, logs_.next());
      if (below(4) == 0) add_key(text, "");
      add_table(text);
    }
    if (below(2) == 0) add(text, logs_.next());
    return text;
  }

  /// What comes to stand in one another's place: cells of every kind in rows of any length.
  std::string anything() {
    std::string text;
    for (size_t tables = 1 + below(6); tables > 0; --tables) {
      const std::string delimiter = pick(kDelimiters);
      const size_t columns = 1 + below(6);
      add_row(text, delimiter, columns, kHeads);
      if (below(2) == 0) text += std::string(pick(kRules)) + '\n';
      for (size_t rows = below(7); rows > 0; --rows)
        add_row(text, delimiter, below(10) == 0 ? columns + 1 : columns, kCells);
      if (below(3) == 0) text += std::string(pick(kTails)) + '\n';
    }
    if (below(3) == 0) text.pop_back();
    return text;
  }

 private:
  static constexpr std::array kDelimiters{"|", ",", ";", "\t", " | ", "; "};
  static constexpr std::array kRules{"|---|---|", "----+----", "+--+--+"};
  static constexpr std::array kTails{"done", "", "password:", "(2 rows)", kEndKey, kBeginKey};
  static constexpr std::array kHeads{
      "user", "password", "api_key", "`password`", "\"password\"",  "id", "**token**",
      "host", "Passwd",   "secret",  "role",       "password hash", "",   "note(s)"};
  static constexpr std::array kCells{"{alnum:10}",
                                     "{hex:32}",
                                     "bob",
                                     "",
                                     "\"a,{alnum:8}\"",
                                     "a|{alnum:6}",
                                     "{base64:40}",
                                     kBeginKey,
                                     kEndKey,
                                     "password={alnum:7}",
                                     "[REDACTED:password]",
                                     "\xc3\xa9\xe2\x82\xac",
                                     "\"",
                                     "``",
                                     "ann@example.org",
                                     "{\"token\":\"{alnum:20}\"}",
                                     "\xff"};

  size_t below(size_t bound) { return random_() % bound; }
  template <size_t n>
  std::string pick(const std::array<const char*, n>& texts) {
    return texts[below(n)];
  }
  std::string filled(const std::string& source) {
    return fill(source, std::to_string(random_())).text;
  }

  static void add(PlantedLine& text, const PlantedLine& line) {
    text.text += line.text + '\n';
    text.secrets.insert(text.secrets.end(), line.secrets.begin(), line.secrets.end());
  }

  template <size_t n>
  void add_row(std::string& text, const std::string& delimiter, size_t cells,
               const std::array<const char*, n>& of) {
    std::string row;
    for (size_t i = 0; i < cells; ++i)
      row += (i > 0 ? delimiter : "") + (&of[0] == &kCells[0] ? filled(pick(of)) : pick(of));
    const bool bars = delimiter.find('|') != std::string::npos && below(3) > 0;
    text += (bars ? "| " + row + " |" : row) + (below(5) == 0 ? "\r\n" : "\n");
  }

  /// Upper, lower case and a digit, for a secret by its looks.
  std::string secret() { return filled("Kx7{alnum:15}q2"); }

  void add_key(PlantedLine& text, const std::string& before) {
    text.text += before + kBeginKey + '\n';
    for (const char* size : {"64", "64", "28"}) {
      text.secrets.push_back(filled("{base64:" + std::string(size) + "}"));
      text.text += text.secrets.back() + '\n';
    }
    text.text += std::string(kEndKey) + '\n';
  }

  void add_table(PlantedLine& text) {
    static constexpr std::array kSecret{"password", "api_key", "Passwd", "\"password\""};
    static constexpr std::array kOthers{"user", "host", "role", "comment"};
    static constexpr std::array kPlain{"bob", "db-1", "reader", ""};
    static constexpr std::array kOfTables{"|", ",", ";", "\t", " | "};
    const std::string delimiter = pick(kOfTables);
    const bool bar = delimiter.find('|') != std::string::npos;
    const bool bars = bar && below(2) == 0;
    const size_t columns = 2 + below(3);
    // Before a bar or a semicolon without a blank no key ends.
    const bool tight = delimiter == "|" || delimiter == ";";
    const size_t column = tight ? columns - 1 : below(columns);
    auto line = [&](const std::vector<std::string>& cells) {
      std::string row;
      for (size_t i = 0; i < cells.size(); ++i) row += (i > 0 ? delimiter : "") + cells[i];
      text.text += (bars ? "| " + row + " |" : row) + '\n';
    };
    std::vector<std::string> cells;
    for (size_t i = 0; i < columns; ++i) cells.push_back(kOthers[i]);
    cells[column] = bar ? pick(kSecret) : std::string("password");
    line(cells);
    if (bar && below(2) == 0) text.text += "|---|---|\n";
    for (size_t rows = 1 + below(5); rows > 0; --rows) {
      for (std::string& cell : cells) cell = pick(kPlain);
      text.secrets.push_back(cells[column] = secret());
      if (below(4) == 0) cells[column == 0 ? 1 : 0] = "postgres://app:" + secret() + "@db/app";
      line(cells);
    }
    if (below(3) == 0) add_key(text, "bob" + delimiter);
    text.text += "done\n";  // else the next header would be a row
  }

  std::mt19937 random_;
  LogWriter logs_;
};

TEST(Tables, NoPlantedSecretSurvives) {
  for (unsigned seed = 0; seed < 600; ++seed) {
    const PlantedLine text = TableWriter(seed).tables();
    const std::string redacted = redact(text.text);
    for (const std::string& secret : text.secrets) {
      ASSERT_EQ(redacted.find(secret), std::string::npos)
          << "seed " << seed << ": " << secret << " of\n"
          << text.text << "\n  in\n"
          << redacted;
    }
    EXPECT_EQ(count_of(redacted, "\n"), count_of(text.text, "\n")) << text.text;
  }
}

TEST(Tables, AreTheSameHoweverTheyAreCut) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    TableWriter writer(seed);
    expect_same_under_random_cuts(writer.tables().text, builtin(), {}, 9, seed);
    const std::string text = writer.anything();
    if (text.size() < 1200) expect_same_under_every_cut(text);
    expect_same_under_random_cuts(text, builtin(), {}, 9, seed);
  }
}

TEST(Tables, TwiceIsOnce) {
  for (unsigned seed = 0; seed < 1500; ++seed) {
    TableWriter writer(seed);
    for (const std::string& text : {writer.tables().text, writer.anything()}) {
      const std::string once = redact(text);
      EXPECT_EQ(first_difference(once, redact(once)), "") << "seed " << seed << ": " << text;
    }
  }
}

}  // namespace
}  // namespace redactd::test
