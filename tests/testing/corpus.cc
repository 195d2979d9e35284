#include "tests/testing/corpus.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "config/rules/rule_loader.h"
#include "config/settings.h"
#include "filters/example.h"

namespace redactd::test {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<LoadedRule>& packs() {
  static const std::vector<LoadedRule> rules = [] {
    Diagnostics diagnostics;
    std::vector<LoadedRule> all = parse_builtin_packs(diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
    return all;
  }();
  return rules;
}

constexpr std::array<const char*, 32> kWords = {
    "connection", "accepted", "from",      "worker", "request", "finished", "in",     "retrying",
    "queue",      "depth",    "shard",     "is",     "healthy", "user",     "alice",  "loaded",
    "config",     "cache",    "miss",      "for",    "order",   "4711",     "took",   "12ms",
    "node-7",     "started",  "listening", "on",     "port",    "8080",     "status", "ok"};

/// As it stands inside a JSON string.
std::string json_spelling(const std::string& text) {
  std::string dumped = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return dumped.substr(1, dumped.size() - 2);
}

}  // namespace

const std::vector<PlantedLine>& builtin_examples() {
  static const std::vector<PlantedLine> examples = [] {
    std::vector<PlantedLine> all;
    for (const LoadedRule& loaded : packs()) {
      if (!loaded.rule.enabled_by_default) continue;
      for (size_t i = 0; i < loaded.rule.examples.size(); ++i) {
        FilledExample filled =
            fill_example(loaded.rule.examples[i].source, loaded.rule.id + std::to_string(i));
        all.push_back({filled.text, filled.secrets, loaded.rule.id, false});
      }
    }
    return all;
  }();
  return examples;
}

const std::vector<PlantedLine>& builtin_keeps() {
  static const std::vector<PlantedLine> keeps = [] {
    std::vector<PlantedLine> all;
    for (const LoadedRule& loaded : packs()) {
      for (const std::string& keep : loaded.rule.keep) {
        all.push_back({fill_example(keep, loaded.rule.id).text, {}, loaded.rule.id, false});
      }
    }
    return all;
  }();
  return keeps;
}

std::string LogWriter::words(size_t most) {
  std::string text;
  for (size_t i = below(most) + 1; i > 0; --i) {
    if (!text.empty()) text += ' ';
    text += kWords[below(kWords.size())];
  }
  return text;
}

std::string LogWriter::time() {
  char text[40];
  std::snprintf(text, sizeof text, "2026-03-%02zuT%02zu:%02zu:%02zu.%03zuZ", below(28) + 1,
                below(24), below(60), below(60), below(1000));
  return text;
}

LogWriter::Message LogWriter::message() {
  Message message;
  message.text = words(8);
  bool planted = static_cast<double>(below(10000)) < share_ * 10000;
  if (!planted) return message;
  const PlantedLine& example = builtin_examples()[below(builtin_examples().size())];
  message.rule = example.rule;
  message.secrets = example.secrets;
  message.text += ' ' + example.text;
  if (below(2) == 0) message.text += ' ' + words(4);
  return message;
}

PlantedLine LogWriter::wrap(const Message& message) {
  PlantedLine line{message.text, message.secrets, message.rule, false};
  auto respell = [&line] {
    for (std::string& secret : line.secrets) secret = json_spelling(secret);
  };
  switch (below(6)) {
    case 0:
      line.text = time() + " INFO svc[" + std::to_string(below(9999)) + "]: " + message.text;
      break;
    case 1:
      line.text = "ts=" + time() + " level=info msg=\"" + json_spelling(message.text) +
                  "\" shard=" + std::to_string(below(64));
      respell();
      break;
    case 2:
      line.text = Json{
          {"ts", time()},
          {"level", "info"},
          {"msg", message.text},
          {"n", below(100)},
          {"ok",
           true}}.dump();
      line.json = true;
      respell();
      break;
    case 3: {
      // What is JSON in JSON already is no message in JSON again: seven escapes are the most.
      const bool nests = message.text.find(R"(\\")") == std::string::npos;
      std::string inner =
          nests ? Json{{"msg", message.text}, {"shard", below(64)}}.dump() : message.text;
      line.text = Json{{"log", inner + "\n"}, {"stream", "stdout"}, {"time", time()}}.dump();
      line.json = true;
      if (nests) respell();
      respell();
      break;
    }
    case 4:
      line.text = "10.0.0." + std::to_string(below(255)) + " - - [" + time() +
                  "] \"GET /v1/orders?page=" + std::to_string(below(50)) +
                  "&q=" + kWords[below(kWords.size())] + " HTTP/1.1\" 200 512 " + message.text;
      break;
    default:
      line.text = time() + " stdout F " + message.text;
  }
  return line;
}

PlantedLine LogWriter::next() { return wrap(message()); }

PlantedLine LogWriter::lines(size_t count) {
  PlantedLine all;
  for (size_t i = 0; i < count; ++i) {
    PlantedLine line = next();
    all.text += line.text + '\n';
    all.secrets.insert(all.secrets.end(), line.secrets.begin(), line.secrets.end());
  }
  return all;
}

}  // namespace redactd::test
