// config/redactd.yaml documents every option with its default. Lines that begin with #key: are
// options that are not in force. What other pages show of configurations loads as well.

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "config/daemon/daemon_config.h"
#include "config/option_table.h"
#include "tests/testing/config.h"

namespace redactd::test {
namespace {

const std::string kReference = std::string(REDACTD_SOURCE_DIR) + "/config/redactd.yaml";

DaemonConfig everything() {
  Diagnostics ignored;  // see HasNoUnknownKey…
  return parse_config(reference_in_force(), ignored);
}

TEST(Reference, LoadsAsItIsShipped) {
  Diagnostics diagnostics;
  DaemonConfig config = load_daemon_config(kReference, diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics.text();
  EXPECT_TRUE(build_rule_set(config.settings, diagnostics)) << diagnostics.text();
  EXPECT_EQ(config.sources.size(), 1u);
  EXPECT_EQ(config.sinks.size(), 1u);
}

TEST(Reference, HasNoUnknownKeyAndNoWrongValueInWhatIsCommentedOut) {
  // What is left: options that go with another choice than the one that is shown.
  std::set<std::string> at_odds = {"mask.text",          "mask.keep",
                                   "admin.tls",          "sources[1].tls.ca",
                                   "sources[1].tls.crl", "sources[1].tls.peer_names"};
  Diagnostics diagnostics;
  parse_config(reference_in_force(), diagnostics);
  for (const Diagnostic& error : diagnostics.all()) {
    EXPECT_EQ(at_odds.erase(error.path), 1u) << error.text();
    EXPECT_TRUE(RE2::PartialMatch(error.message, "belongs to|set client_certificate"))
        << error.text();
  }
  EXPECT_TRUE(at_odds.empty()) << *at_odds.begin();
}

/// Adds the keys of `names` that some map at `path` has to `found`. `[]` stands for all entries.
void find_keys(const YamlReader& at, std::string_view path, const Words& names,
               std::set<std::string_view>& found) {
  if (path.empty()) {
    for (std::string_view name : names)
      if (at.names(name)) found.insert(name);
    return;
  }
  size_t end = std::min(path.find('.'), path.size());
  std::string_view step = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  bool all = step.ends_with("[]");
  YamlReader next = at[all ? step.substr(0, step.size() - 2) : step];
  if (!all) return find_keys(next, path, names, found);
  for (const YamlReader& item : next.items())
    if (item.is_map()) find_keys(item, path, names, found);
}

TEST(Reference, NamesEveryOptionOfTheLoader) {
  Diagnostics diagnostics;
  std::optional<YamlReader> document = YamlReader::parse(reference_in_force(), kReference,
                                                         diagnostics, &machine_with_certificates());
  ASSERT_TRUE(document) << diagnostics.text();
  for (const auto& [path, names] : option_table().keys) {
    std::set<std::string_view> found;
    find_keys(*document, path, names, found);
    for (std::string_view name : names) EXPECT_EQ(found.count(name), 1u) << path << '.' << name;
  }
}

TEST(Reference, NamesEveryWordOfTheLoader) {
  std::ifstream file(kReference);
  std::stringstream text;
  text << file.rdbuf();
  for (const auto& [path, words] : option_table().words) {
    if (words.size() > 8) continue;  // facilities: as a range
    for (std::string_view word : words) {
      if (path.ends_with("severity") && word != words.front() && word != words.back()) continue;
      EXPECT_TRUE(RE2::PartialMatch(text.str(), "\\b" + RE2::QuoteMeta(std::string(word)) + "\\b"))
          << path << ": " << word;
    }
  }
}

TEST(Reference, ShowsTheDefaultsOfSources) {
  DaemonConfig config = everything();
  ASSERT_EQ(config.sources.size(), 10u);
  for (SourceConfig source : config.sources) {
    SourceConfig standard;
    // What an example needs.
    standard.name = source.name;
    standard.type = source.type;
    standard.listen = source.listen;
    standard.path = source.path;
    standard.position_file = source.position_file;
    standard.include = source.include;
    standard.exclude = source.exclude;
    source.sinks.clear();
    source.idle_timeout.reset();
    if (source.type != SourceConfig::Type::syslog) standard.framing = Framing::newline;
    if (source.name == "secure" || source.type == SourceConfig::Type::relp)
      standard.framing = Framing::octet_counting;
    if (source.name == "datagrams") standard.receive_buffer = 4 << 20;
    TlsConfig tls;
    tls.certificate = source.tls.certificate;
    tls.key = source.tls.key;
    tls.ca = source.tls.ca;
    tls.crl = source.tls.crl;
    tls.peer_names = source.tls.peer_names;
    standard.tls = tls;
    EXPECT_EQ(source, standard) << source.name;
  }
}

TEST(Reference, ShowsTheDefaultsOfSinks) {
  DaemonConfig config = everything();
  ASSERT_EQ(config.sinks.size(), 6u);
  for (const SinkConfig& sink : config.sinks) {
    SinkConfig standard;
    standard.name = sink.name;
    standard.type = sink.type;
    standard.endpoints = sink.endpoints;
    standard.path = sink.path;
    standard.wrap.hostname = sink.wrap.hostname;
    standard.spool.directory = sink.spool.directory;
    if (sink.type == SinkConfig::Type::syslog || sink.type == SinkConfig::Type::relp)
      standard.framing = Framing::octet_counting;
    standard.tls.certificate = sink.tls.certificate;
    standard.tls.key = sink.tls.key;
    standard.tls.ca = sink.tls.ca;
    standard.tls.crl = sink.tls.crl;
    standard.tls.peer_names = sink.tls.peer_names;
    EXPECT_EQ(sink, standard) << sink.name;
  }
}

TEST(Reference, ShowsTheDefaultsOfTheRest) {
  DaemonConfig shown = everything();
  DaemonConfig standard;
  EXPECT_EQ(shown.known_values.socket_mode, standard.known_values.socket_mode);
  EXPECT_EQ(shown.known_values.add_mask, standard.known_values.add_mask);
  EXPECT_EQ(shown.known_values.max_values, standard.known_values.max_values);
  EXPECT_EQ(shown.known_values.encodings, standard.known_values.encodings);
  EXPECT_EQ(shown.known_values.environment, standard.known_values.environment);
  ASSERT_EQ(shown.known_values.exec.size(), 1u);
  EXPECT_EQ(shown.known_values.exec[0].refresh, KnownValuesConfig::Command{}.refresh);
  EXPECT_EQ(shown.known_values.exec[0].timeout, KnownValuesConfig::Command{}.timeout);
  ASSERT_EQ(shown.known_values.files.size(), 2u);
  EXPECT_EQ(shown.known_values.files[1].format, KnownValuesConfig::Path{}.format);
  EXPECT_EQ(shown.admin.on, standard.admin.on);
  EXPECT_EQ(shown.admin.listen, standard.admin.listen);
  EXPECT_EQ(shown.admin.allow_remote, standard.admin.allow_remote);
  EXPECT_EQ(shown.log.level, standard.log.level);
  EXPECT_EQ(shown.log.format, standard.log.format);
  EXPECT_EQ(shown.self_check, standard.self_check);
  EXPECT_EQ(shown.sandbox, standard.sandbox);
  EXPECT_EQ(shown.workers, standard.workers);
  EXPECT_EQ(shown.drain_timeout, standard.drain_timeout);
  EXPECT_EQ(shown.ready_grace, standard.ready_grace);
  EXPECT_EQ(shown.reload_on_change, standard.reload_on_change);
  EXPECT_EQ(shown.settings.rule_paths, standard.settings.rule_paths);
  EXPECT_EQ(shown.settings.enable, standard.settings.enable);
  EXPECT_EQ(shown.settings.disable, standard.settings.disable);
  EXPECT_EQ(shown.settings.known_files, standard.settings.known_files);
  EXPECT_EQ(shown.settings.mask.style, standard.settings.mask.style);
  EXPECT_EQ(shown.settings.mask.text, standard.settings.mask.text);
  EXPECT_EQ(shown.settings.mask.keep, standard.settings.mask.keep);
  EXPECT_EQ(shown.settings.max_record, standard.settings.max_record);
}

// ---- what the documentation shows

TEST(Documentation, ShowsConfigurationsThatLoad) {
  size_t shown = 0;
  for (const char* page :
       {"/README.md", "/docs/configuration.md", "/docs/delivery.md", "/docs/kubernetes.md"}) {
    std::stringstream text;
    text << std::ifstream(REDACTD_SOURCE_DIR + std::string(page)).rdbuf();
    std::string rest = text.str();
    re2::StringPiece blocks = rest;
    for (std::string block; RE2::FindAndConsume(&blocks, "(?s)```yaml\n(.*?)```", &block);) {
      if (!block.starts_with("sources:")) continue;
      EXPECT_EQ(errors_of_config(block), "") << page << ":\n" << block;
      ++shown;
    }
  }
  EXPECT_GE(shown, 6u);
}

}  // namespace
}  // namespace redactd::test
