#pragma once

// Log lines with planted secrets and the truth about them, from a seed: the same lines on every
// machine.

#include <random>
#include <string>
#include <vector>

namespace redactd::test {

struct PlantedLine {
  std::string text;                  // without a terminator
  std::vector<std::string> secrets;  // parts of text that may not survive, as they are spelt there
  std::string rule;                  // whose example was planted; empty: none
  bool json = false;                 // text is one JSON document
};

/// Makes lines of an ordinary service: plain, logfmt, JSON, JSON inside JSON, access logs,
/// container runtime lines.
class LogWriter {
 public:
  explicit LogWriter(unsigned seed, double share_with_secrets = 0.5)
      : random_(seed), share_(share_with_secrets) {}

  PlantedLine next();
  /// So many lines, each ended by a line feed, with all their secrets.
  PlantedLine lines(size_t count);

 private:
  struct Message {
    std::string text;
    std::vector<std::string> secrets;
    std::string rule;
  };
  Message message();
  PlantedLine wrap(const Message& message);
  std::string words(size_t most);
  std::string time();
  size_t below(size_t bound) { return random_() % bound; }

  std::mt19937 random_;
  double share_;
};

/// Every example of the built-in packs, filled: rule id, text, secrets.
const std::vector<PlantedLine>& builtin_examples();
/// Every line that the built-in packs promise to keep.
const std::vector<PlantedLine>& builtin_keeps();

}  // namespace redactd::test
