#include "daemon/until_restart.h"

#include <gtest/gtest.h>

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

TEST(UntilRestart, WhatTakesARestartIsToldUntilThen) {
  const DaemonConfig now = some_config();
  DaemonConfig next = now;
  EXPECT_TRUE(changes_until_restart(now, next).empty());
  next.sources[0].max_record = 7;
  next.sandbox = !now.sandbox;
  next.workers = 7;
  next.admin.on = !now.admin.on;
  EXPECT_EQ(changes_until_restart(now, next).size(), 4u);
  DaemonConfig in_force = next;
  keep_until_restart(now, in_force);
  EXPECT_EQ(changes_until_restart(in_force, next).size(), 4u);
}

}  // namespace
}  // namespace redactd::test
