#include "daemon/reload/until_restart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace redactd::test {
namespace {

DaemonConfig some_config() {
  DaemonConfig config;
  config.sinks.resize(2);
  config.sinks[0].name = "a";
  config.sinks[1].name = "b";
  config.sources.resize(1);
  config.sources[0].name = "in";
  config.sources[0].listen.transport = Address::Transport::tcp;
  return config;
}

TEST(UntilRestart, ASourceTakesItsNewSinksAndCertificates) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  next.sources[0].sinks = {"b"};
  next.sources[0].tls.certificate = "new.pem";
  next.sources[0].max_record = 7;
  EXPECT_EQ(keep_until_restart(now, next), std::vector<std::string>());
  EXPECT_EQ(next.sources[0].sinks, std::vector<std::string>{"b"});
  EXPECT_EQ(next.sources[0].tls.certificate, "new.pem");
  EXPECT_EQ(next.sources[0].max_record, now.sources[0].max_record);
}

TEST(UntilRestart, APlainSourceDoesNotBeginToSpeakTls) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  next.sources[0].listen.transport = Address::Transport::tls;
  next.sources[0].tls.certificate = "new.pem";
  keep_until_restart(now, next);
  EXPECT_EQ(next.sources[0].tls.certificate, "");
}

TEST(UntilRestart, ASourceThatIsGoneKeepsTheSinksThatStay) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  next.sources[0].name = "other";
  next.sinks[0].name = "new";
  EXPECT_EQ(keep_until_restart(now, next), std::vector<std::string>());
  EXPECT_EQ(next.sources[0].name, "in");
  EXPECT_EQ(next.sources[0].sinks, std::vector<std::string>{"b"});
}

TEST(UntilRestart, ASourceThatIsGoneNeedsASink) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  next.sources[0].name = "other";
  next.sinks.resize(1);
  next.sinks[0].name = "new";
  EXPECT_EQ(keep_until_restart(now, next),
            std::vector<std::string>{
                "source 'in' goes on until a restart, and none of its sinks is left: a, b; keep "
                "one of them until then, or restart redactd"});
}

TEST(UntilRestart, NoSinkLeadsBackToASourceThatGoesOn) {
  DaemonConfig now = some_config();
  now.sources[0].listen.host = "0.0.0.0";
  now.sources[0].listen.port = "514";
  now.sources.emplace_back().name = "file";
  now.sources.back().path = "/var/log/in.log";
  DaemonConfig next = some_config();
  next.sources[0].listen.port = "515";
  keep_until_restart(now, next);
  EXPECT_EQ(loops_until_restart(next), std::vector<std::string>());
  next.sinks[0].endpoints = {{Address::Transport::tcp, "127.0.0.1", "514", ""}};
  next.sinks[1].path = "/var/log/../log/in.log";
  EXPECT_EQ(loops_until_restart(next),
            (std::vector<std::string>{
                "sink 'a' leads back to source 'in', which goes on until a restart: records would "
                "go round for ever; leave it out until then, or restart redactd",
                "sink 'b' leads back to source 'file', which goes on until a restart: records "
                "would go round for ever; leave it out until then, or restart redactd"}));
}

TEST(UntilRestart, AnEndpointThatIsToMoveKeepsItsToken) {
  DaemonConfig now = some_config();
  now.admin.listen.host = "192.0.2.1";
  now.admin.token = "let me in";
  DaemonConfig next = some_config();
  keep_until_restart(now, next);
  EXPECT_EQ(next.admin.listen, now.admin.listen);
  EXPECT_EQ(next.admin.token, now.admin.token);
  next.admin.token = "another";
  keep_until_restart(now, next);
  EXPECT_EQ(next.admin.token, "another");
}

/// Sources and sinks by the names that others of them have too.
DaemonConfig random_config(std::mt19937& random) {
  DaemonConfig config;
  auto some = [&random](std::vector<std::string> names) {
    std::shuffle(names.begin(), names.end(), random);
    names.resize(1 + random() % names.size());
    return names;
  };
  const std::vector<std::string> sinks = some({"a", "b", "c"});
  for (const std::string& name : sinks) config.sinks.emplace_back().name = name;
  for (const std::string& name : some({"in", "of", "on", "at"})) {
    SourceConfig& source = config.sources.emplace_back();
    source.name = name;
    source.max_record = 1 + random() % 2;
    if (random() % 2 == 0) source.sinks = some(sinks);
  }
  config.workers = random() % 3;
  return config;
}

TEST(UntilRestart, WhateverReloadsBringSourcesStayAndHaveSinks) {
  for (unsigned seed = 1; seed <= 2000; ++seed) {
    std::mt19937 random(seed);
    DaemonConfig now = random_config(random);
    for (int reload = 0; reload < 4; ++reload) {
      DaemonConfig next = random_config(random);
      if (!keep_until_restart(now, next).empty()) continue;  // refused: the old one stays
      ASSERT_EQ(next.sources.size(), now.sources.size()) << "seed " << seed;
      for (size_t i = 0; i < next.sources.size(); ++i) {
        const SourceConfig& source = next.sources[i];
        EXPECT_EQ(source.name, now.sources[i].name) << "seed " << seed;
        EXPECT_EQ(source.max_record, now.sources[i].max_record) << "seed " << seed;
        EXPECT_TRUE(
            std::any_of(next.sinks.begin(), next.sinks.end(),
                        [&](const SinkConfig& sink) { return writes_to(source, sink.name); }))
            << "seed " << seed;
      }
      EXPECT_TRUE(changes_until_restart(now, next).empty()) << "seed " << seed;
      DaemonConfig again = next;
      EXPECT_TRUE(keep_until_restart(next, again).empty()) << "seed " << seed;
      EXPECT_TRUE(again.sources == next.sources) << "seed " << seed;
      now = next;
    }
  }
}

TEST(UntilRestart, WhatTakesARestartIsToldUntilThen) {
  DaemonConfig now = some_config();
  now.sources.resize(3, now.sources[0]);
  now.sources[1].name = "old";
  now.sources[2].name = "same";
  DaemonConfig next = now;
  EXPECT_TRUE(changes_until_restart(now, next).empty());
  next.sources[0].max_record = 7;
  next.sources[1].name = "new";
  next.sources[2].sinks = {"b"};
  next.sandbox = !now.sandbox;
  next.workers = 7;
  next.admin.listen.port = "7";
  const std::vector<std::string> told = {"source 'in' has changed: that takes a restart",
                                         "source 'new' is new: that takes a restart",
                                         "source 'old' is gone: that takes a restart",
                                         "sandbox has changed: that takes a restart",
                                         "workers has changed: that takes a restart",
                                         "admin.listen has changed: that takes a restart"};
  EXPECT_EQ(changes_until_restart(now, next), told);
  DaemonConfig in_force = next;
  keep_until_restart(now, in_force);
  EXPECT_EQ(changes_until_restart(in_force, next), told);
}

TEST(UntilRestart, AnAdminEndpointThatIsSwitchedOffIsToldAsThat) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  next.admin.on = !now.admin.on;
  EXPECT_EQ(changes_until_restart(now, next),
            std::vector<std::string>{"admin.enabled has changed: that takes a restart"});
}

}  // namespace
}  // namespace redactd::test
