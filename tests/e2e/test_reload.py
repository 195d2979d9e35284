"""Reloads: rules, masks, known values and sinks change under load; no record is lost, doubled or let through in clear."""

import os
import signal
import threading
import time
import unittest

from aggregator import Aggregator
from daemon import SANITIZED, TOKEN_MASK, Daemon, DaemonTest, sink_to, token
from harness import secret
from wire import Client, frame, free_port, wait_until

OCTET = "octet-counting"


def pack(*rules):
    """A rule pack: name and prefix of each."""
    text = "rules:\n"
    for name, prefix in rules:
        text += f"""  - id: {name}
    title: {name}
    kind: token
    pattern: '{prefix}_[A-Za-z0-9]{{8}}'
    extend: 'A-Za-z0-9'
    severity: high
    examples: ['a «{prefix}_{{alnum:24}}» b']
"""
    return text


class Sender(threading.Thread):
    """Numbered records on one connection until it is told to stop, as fast as they are taken, or nearly."""

    def __init__(self, port, connection, words):
        super().__init__(daemon=True)
        self.port = port
        self.connection = connection
        self.words = words
        self.count = 0
        self.failed = None
        self._finished = threading.Event()
        self.start()

    def run(self):
        try:
            with Client(self.port) as client:
                while not self._finished.is_set():
                    client.send(b"".join(frame(OCTET, b"<13>1 - h app - - - %d %d %s end" % (self.connection, number, self.words))
                                         for number in range(self.count, self.count + 10)))
                    self.count += 10
                    time.sleep(0.005)
        except OSError as error:
            self.failed = error

    def finish(self):
        self._finished.set()
        self.join()
        return self.count


class ReloadTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.port = free_port()

    def config(self, **more):
        return {"sources": [{"name": "in", "type": "syslog", "listen": f"tcp://127.0.0.1:{self.port}"}],
                "sinks": [{"name": "out", "type": "syslog", **sink_to(self.aggregator)}], **more}

    def start(self, **more):
        config = self.config(**more)
        self.daemon = self.start_daemon(config.pop("sources"), config.pop("sinks"), **config)

    def send(self, text):
        """What comes out of it."""
        before = self.aggregator.count()
        with Client(self.port) as client:
            client.send(frame(OCTET, text.encode()))
            return self.aggregator.wait_for(before + 1)[before].decode()

    def assert_all_there_in_order(self, senders, counts):
        self.assertEqual([sender.failed for sender in senders], [None] * len(senders))
        seen = {}
        for record in (record for connection in self.aggregator.connections for record in connection):
            words = record.split()
            connection, number = int(words[7]), int(words[8])
            self.assertEqual(number, seen.get(connection, 0), f"connection {connection}")
            seen[connection] = number + 1
        self.assertEqual(seen, {sender.connection: count for sender, count in zip(senders, counts)})


class UnderLoad(ReloadTest):
    def test_a_hundred_reloads_lose_double_and_reveal_nothing(self):
        # Both configurations mask all of these, each in its own way; bad files come between.
        words = [self.plant(word) for word in (token(), secret("acme" + "_", 24), secret("", 20, "in a list"))]
        known = [self.write(f"known{number}", words[2] + "\n" + "".join(secret("", 16, number * 1000 + at) + "\n" for at in range(20 * number)))
                 for number in (0, 1)]
        rules = [self.write("first.yaml", pack(("acme-one", "acme"))),
                 self.write("second.yaml", pack(("beta", "beta"), ("acme-two", "acme"), ("gamma", "gamma")))]
        configs = [{"rules": {"files": [rules[number]]}, "known": {"files": [known[number]]}} for number in (0, 1)]
        bad_rules = self.write("bad.yaml", "rules:\n  - id: x\n")
        bad = [{"rules": {"files": [bad_rules]}}, {"rules": {"files": ["/nonexistent.yaml"]}}, {"nosuch": 1}, "sources: [\n", ""]
        self.start(**configs[0])
        senders = [Sender(self.port, number, " ".join(words).encode()) for number in range(4)]
        wait_until(lambda: self.aggregator.count() > 100, "records flow")
        good, refused = 0, 0
        for number in range(100):
            if number % 5 == 3:
                wrong = bad[number // 5 % len(bad)]
                self.daemon.configure(self.config(**wrong) if isinstance(wrong, dict) else wrong)
                refused += 1
            else:
                self.daemon.configure(self.config(**configs[number % 2]))
                good += 1
            self.daemon.reload()
        counts = [sender.finish() for sender in senders]
        self.assertEqual(self.daemon.metric("redactd_reloads_total", result="ok"), good)
        self.assertEqual(self.daemon.metric("redactd_reloads_total", result="failed"), refused)
        self.assertEqual(self.daemon.metric("redactd_source_connections_total", source="in"), 4)
        self.aggregator.wait_for(sum(counts))
        self.daemon.stop()
        self.assert_all_there_in_order(senders, counts)
        masks = {record.split()[10] for record in self.aggregator.records}
        self.assertEqual(masks, {b"[REDACTED:acme-one]", b"[REDACTED:acme-two]"}, "both configurations were in force")
        for record in self.aggregator.records:
            self.assert_no_canary(record, "a record")
        print(f"\n100 reloads during {sum(counts)} records on 4 connections", flush=True)

    def test_memory_does_not_grow_with_reloads(self):
        self.start()
        sender = Sender(self.port, 0, b"word")
        for _ in range(15):
            self.daemon.reload()
        before = self.daemon.resident()
        for _ in range(40):
            self.daemon.reload()
        grown = self.daemon.resident() - before
        count = sender.finish()
        self.aggregator.wait_for(count)
        self.daemon.stop()
        if not SANITIZED:
            self.assertLess(grown, 6 << 20, "memory grows with reloads")


class WhatChanges(ReloadTest):
    def test_rules_come_and_go(self):
        self.start()
        word = secret("acme" + "_", 24)
        self.assertIn(word, self.send(f"<13>calling {word}"))
        path = self.write("acme.yaml", pack(("acme-token", "acme")))
        self.daemon.configure(self.config(rules={"files": [path]}))
        self.daemon.reload()
        self.assertEqual(self.send(f"<13>calling {word}"), "<13>calling [REDACTED:acme-token]")
        self.daemon.configure(self.config())
        self.daemon.reload()
        self.assertIn(word, self.send(f"<13>calling {word}"))
        self.daemon.stop()

    def test_an_open_connection_gets_the_new_rules_and_stays_open(self):
        self.start()
        word = secret("acme" + "_", 24)
        with Client(self.port) as client:
            client.send(frame(OCTET, f"<13>calling {word}".encode()))
            self.aggregator.wait_for(1)
            half = frame(OCTET, f"<13>calling {word} again".encode())
            client.send(half[:20])  # a record that is open while the rules change
            self.daemon.configure(self.config(rules={"files": [self.write("acme.yaml", pack(("acme-token", "acme")))]}))
            self.daemon.reload()
            client.send(half[20:])
            client.send(frame(OCTET, f"<13>calling {word} once more".encode()))
            records = self.aggregator.wait_for(3)
        self.assertEqual(records[0], f"<13>calling {word}".encode())
        self.assertEqual(records[2], b"<13>calling [REDACTED:acme-token] once more")
        self.daemon.stop()

    def test_the_masks(self):
        self.start()
        planted = self.plant(token())
        self.assertEqual(self.send(f"<13>token {planted}"), f"<13>token {TOKEN_MASK}")
        self.daemon.configure(self.config(mask={"style": "fixed", "text": "***"}))
        self.daemon.reload()
        self.assertEqual(self.send(f"<13>token {planted}"), "<13>token ***")
        self.daemon.stop()

    def test_what_may_pass(self):
        self.start()
        self.assertIn("password=[REDACTED:password]", self.send("<13>1 - h app - - - password=example-12345678"))
        self.daemon.configure(self.config(allow=[{"secret": "^example-"}]))
        self.daemon.reload()
        out = self.send("<13>1 - h app - - - password=example-12345678 password=other-12345678")
        self.assertIn("password=example-12345678 password=[REDACTED:password]", out)
        self.daemon.stop()

    def test_the_rules_of_gitleaks(self):
        self.start()
        rules = self.write("g.toml", '[[rules]]\nid = "acme"\nregex = "acme-([a-z]{8})"\n')
        self.daemon.configure(self.config(rules={"gitleaks": [rules]}))
        self.daemon.reload()
        self.assertIn("acme-[REDACTED:gitleaks-acme] x", self.send("<13>1 - h app - - - acme-abcdefgh x"))
        self.daemon.stop()

    def test_the_sinks(self):
        self.start()
        self.send("<13>one")
        other = Aggregator(self, "newline")
        config = self.config()
        config["sinks"] = [{"name": "other", "type": "syslog", **sink_to(other)}]
        with Client(self.port) as client:
            client.send(b"8 <13>open")
            self.aggregator.wait_for(2)
            self.daemon.configure(config)
            self.daemon.reload()
            client.send(b"9 <13>moved")
            self.assertEqual(other.wait_for(1), [b"<13>moved"])
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 2)

    def test_what_the_sandbox_has_closed_takes_a_restart(self):
        """Refused as a whole and with the reason, rather than found out when the first record cannot be written."""
        folder = os.path.join(self.folder, "named")
        other = os.path.join(self.folder, "other")
        os.mkdir(folder)
        os.mkdir(other)
        config = {"sources": [{"name": "in", "type": "tcp", "listen": f"tcp://127.0.0.1:{free_port()}"}],
                  "sinks": [{"name": "out", "type": "file", "path": folder + "/log"}]}
        daemon = Daemon(self, config)
        elsewhere = {**config, "sinks": [{"name": "out", "type": "file", "path": other + "/log"}]}
        commands = {**config, "known_values": {"exec": [{"name": "it", "command": ["true"]}]}}
        for changed, option in ((elsewhere, r"redactd\.yaml:\d+:\d+: sinks\[0\]\.path: \S+/other/log lies in no folder"),
                                (commands, r"redactd\.yaml:\d+:\d+: known_values\.exec\[0\]\.name: ")):
            if SANITIZED and changed is commands:
                continue
            daemon.configure(changed)
            status, said = daemon.ask("/-/reload", "POST")
            self.assertNotEqual(status, 200, said)
            self.assertRegex(said, option)
            self.assertIn("restart it", said)
        daemon.configure({**config, "sinks": [{"name": "out", "type": "file", "path": folder + "/log2"}]})
        self.assertEqual(daemon.ask("/-/reload", "POST")[0], 200)
        daemon.stop()
        self.assertEqual(sorted(os.listdir(folder)), ["log", "log2"])
        self.assertEqual(os.listdir(other), [])

    def test_a_bad_file_changes_nothing_and_is_told_over_http(self):
        self.start()
        generation = self.daemon.metric("redactd_config_generation")
        planted = self.plant(token())
        self.daemon.configure("sources: []\nnosuch: 1\nsinks: 7\nrules: {disable: [nosuchrule]}\n")
        status, text = self.daemon.ask("/-/reload", "POST")
        self.assertGreaterEqual(status, 400)
        self.assertRegex(text, r"redactd\.yaml:2:\d+: nosuch")
        self.assertRegex(text, r"redactd\.yaml:3:\d+: sinks")
        self.assertRegex(text, r"redactd\.yaml:4:\d+: rules\.disable\[0\]: 'nosuchrule' is no rule")
        self.assertEqual(self.daemon.metric("redactd_config_last_reload_successful"), 0)
        self.assertEqual(self.daemon.metric("redactd_config_generation"), generation)
        self.assertIn("nosuch", self.daemon.says())
        self.assertEqual(self.send(f"<13>token {planted}"), f"<13>token {TOKEN_MASK}")
        self.daemon.configure(self.config())
        self.assertEqual(self.daemon.ask("/-/reload", "POST")[0], 200)
        self.assertEqual(self.daemon.metric("redactd_config_last_reload_successful"), 1)
        self.assertGreater(self.daemon.metric("redactd_config_generation"), generation)
        self.assertEqual(self.daemon.ask("/-/reload", "GET")[0], 405)
        self.daemon.stop()

    def test_what_takes_a_restart_is_told_over_http(self):
        self.start(workers=1)
        answer = "The new configuration is in force.\n"
        self.assertEqual(self.daemon.ask("/-/reload", "POST"), (200, answer))
        more = self.config()["sources"] + [{"name": "more", "type": "syslog", "listen": f"tcp://127.0.0.1:{free_port()}"}]
        self.daemon.configure(self.config(workers=2, sandbox=False, sources=more, admin={"listen": f"tcp://127.0.0.1:{free_port()}"}))
        for _ in range(2):  # it stays so
            status, said = self.daemon.ask("/-/reload", "POST")
            self.assertEqual(status, 200)
            self.assertEqual(said, answer + "".join(f"{what}: that takes a restart\n" for what in
                                                    ("source 'more' is new", "sandbox has changed", "workers has changed",
                                                     "admin.listen has changed")))
            for line in said.splitlines()[1:]:
                self.assertIn(line, self.daemon.says())
        self.daemon.configure(self.config(workers=1))
        self.assertEqual(self.daemon.ask("/-/reload", "POST"), (200, answer))
        self.daemon.stop()

    def test_a_file_that_was_rotated_is_opened_anew_also_when_the_configuration_is_wrong(self):
        path = os.path.join(self.folder, "out.log")
        port = free_port()
        daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{port}"}], [{"type": "file", "path": path}])
        daemon.configure("nosuch: 1\n")
        os.rename(path, path + ".1")
        daemon.signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(path), "the file that is reopened")
        with Client(port) as client:
            client.send(b"<13>behind the rotation\n")
            wait_until(lambda: os.path.getsize(path) > 0, "the record in it")
        self.assertEqual(os.path.getsize(path + ".1"), 0)
        daemon.stop()


class SelfChecks(ReloadTest):
    """A made-up secret goes through the pipeline; what an `allow` for everything lets through is an escape."""

    def seen(self):
        return tuple(self.daemon.metric(f"redactd_canary_{name}") for name in ("runs_total", "escapes_total", "ok"))

    def reload_with(self, **more):
        runs = self.daemon.metric("redactd_canary_runs_total")
        self.daemon.configure(self.config(**more))
        self.daemon.reload()
        if more.get("self_check", True):
            self.daemon.wait_for_metric(runs + 1, "redactd_canary_runs_total")

    def test_an_escape_counts_and_makes_it_not_ready_until_one_is_masked_again(self):
        self.start()
        self.assertEqual(self.seen(), (1, 0, 1))
        self.reload_with(allow=[{"record": "."}])
        self.daemon.wait_for_metric(1, "redactd_canary_escapes_total")
        self.assertEqual(self.daemon.ask("/readyz"), (503, "a self-check's secret was not masked\n"))
        self.assertEqual(self.seen(), (2, 1, 0))
        self.assertIn("self-check failed", self.daemon.says())
        self.reload_with()
        wait_until(lambda: self.daemon.ask("/readyz")[0] == 200, lambda: "ready")
        self.assertEqual(self.seen(), (3, 1, 1))
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 0, "the canary itself is sent on")

    def test_one_that_is_switched_off_says_nothing_against_it(self):
        self.start(self_check=False)
        self.assertEqual(self.seen(), (0, 0, 1), "an alert for redactd_canary_ok == 0 would fire")
        self.reload_with(allow=[{"record": "."}])
        wait_until(lambda: self.daemon.ask("/readyz")[0] == 503, lambda: "not ready")
        self.reload_with(self_check=False)
        wait_until(lambda: self.daemon.ask("/readyz")[0] == 200, lambda: "ready")
        self.assertEqual(self.seen(), (1, 1, 1))
        self.daemon.stop()


class OnChange(ReloadTest):
    """reload_on_change: nobody sends a signal."""

    def reloaded(self, result):
        before = self.daemon.metric("redactd_reloads_total", result=result)
        return lambda: self.daemon.wait_for_metric(before + 1, "redactd_reloads_total", result=result)

    def test_the_file_is_read_again_as_soon_as_it_changes(self):
        self.start(reload_on_change=True)
        done = self.reloaded("ok")
        self.daemon.configure(self.config(reload_on_change=True, mask={"style": "fixed", "text": "***"}))
        done()
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), "<13>with ***")
        self.daemon.stop()

    def test_a_bad_file_changes_nothing_and_a_good_one_after_it_does(self):
        self.start(reload_on_change=True)
        done = self.reloaded("failed")
        self.daemon.configure("sources: []\n")
        done()
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), f"<13>with {TOKEN_MASK}")
        done = self.reloaded("ok")
        self.daemon.configure(self.config(reload_on_change=True, mask={"style": "fixed", "text": "***"}))
        done()
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), "<13>with ***")
        self.daemon.stop()

    def test_packs_that_it_names_count_as_well_in_the_way_that_kubelet_changes_them(self):
        volume = os.path.join(self.folder, "volume")  # pack.yaml → ..data/pack.yaml, ..data → ..1
        self.fill(volume, "..1", pack(("one", "acme")))
        os.symlink("..data/pack.yaml", os.path.join(volume, "pack.yaml"))
        self.start(reload_on_change=True, rules={"files": [os.path.join(volume, "pack.yaml")]})
        planted = self.plant(secret("acme" + "_", 24))
        self.assertEqual(self.send(f"<13>with {planted}"), "<13>with [REDACTED:one]")
        done = self.reloaded("ok")
        self.fill(volume, "..2", pack(("two", "acme")))
        done()
        self.assertEqual(self.send(f"<13>with {planted}"), "<13>with [REDACTED:two]")
        done = self.reloaded("ok")
        self.fill(volume, "..3", pack(("three", "acme")))
        done()
        self.assertEqual(self.send(f"<13>with {planted}"), "<13>with [REDACTED:three]")
        self.daemon.stop()

    def test_files_whose_contents_are_put_in_count_as_well(self):
        text = self.write("text", "***\n")
        self.start(reload_on_change=True, mask={"style": "fixed", "text": f"${{file:{text}}}"})
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), "<13>with ***")
        done = self.reloaded("ok")
        self.write("text", "###\n")
        done()
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), "<13>with ###")
        self.daemon.stop()

    def fill(self, volume, name, text):
        os.makedirs(os.path.join(volume, name))
        with open(os.path.join(volume, name, "pack.yaml"), "w", encoding="utf-8") as file:
            file.write(text)
        os.symlink(name, os.path.join(volume, "..data_tmp"))
        os.replace(os.path.join(volume, "..data_tmp"), os.path.join(volume, "..data"))

    def test_without_it_a_signal_is_waited_for(self):
        self.start()
        self.daemon.configure(self.config(mask={"style": "fixed", "text": "***"}))
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), f"<13>with {TOKEN_MASK}")
        self.daemon.reload()
        self.assertEqual(self.daemon.metric("redactd_reloads_total"), 1)
        self.daemon.stop()

    def test_it_can_be_switched_on_by_a_reload_and_off_by_itself(self):
        self.start()
        self.daemon.configure(self.config(reload_on_change=True))
        self.daemon.reload()
        done = self.reloaded("ok")
        self.daemon.configure(self.config())
        done()
        self.daemon.configure(self.config(mask={"style": "fixed", "text": "***"}))
        self.assertEqual(self.send(f"<13>with {self.plant(token())}"), f"<13>with {TOKEN_MASK}")
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
