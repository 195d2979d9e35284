"""Known values of a running daemon: where they come from, how soon they are masked, and that they are seen nowhere."""

import json
import os
import signal
import socket
import subprocess
import threading
import time

from aggregator import Aggregator
from daemon import DaemonTest
from harness import BINARY, secret
from wire import PATIENCE, Client, frames, wait_until


def mask(name):
    return f"[REDACTED:known:{name}]"


class KnownValuesTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.socket = os.path.join(self.folder, "known.sock")
        self.sent = 0

    def start(self, **known_values):
        self.environment = known_values.pop("variables", {})
        self.settings = {"known_values": {"socket": self.socket, **known_values}, "drain_timeout": "50s"}
        self.daemon, self.port = self.start_between(self.aggregator, environment=self.environment, **self.settings)
        self.client = Client(self.port)

    def value(self, name):
        """A secret without a shape: only who knows it can mask it."""
        return secret("", 20, name)

    def say(self, text):
        """What becomes of a record on its way."""
        self.client.send(frames("octet-counting", [f"<13>{text}".encode()]))
        self.sent += 1
        return self.aggregator.wait_for(self.sent)[self.sent - 1].decode()[len("<13>"):]

    def assert_masked(self, value, name):
        self.assertEqual(self.say(f"a {value} b"), f"a {mask(name)} b")

    def wait_until_masked(self, value, name):
        """How many seconds it took. Records until then are in clear, and not to be held against it."""
        start = time.monotonic()
        wait_until(lambda: self.say(f"a {value} b") == f"a {mask(name)} b", f"{name} masked")
        return time.monotonic() - start

    def known(self, *arguments, value=b""):
        return subprocess.run([BINARY, "known", *arguments, "--socket", self.socket], input=value, capture_output=True,
                              timeout=PATIENCE)

    def doomed_reload(self):
        """A reload that takes known values a second from now, and fails then. Returns a thread that waits for its answer."""
        if not hasattr(self, "began"):
            self.began = os.path.join(self.folder, "began")
            with open(self.daemon.path, encoding="utf-8") as file:
                doomed = json.load(file)
            doomed["sinks"].append({"name": "nowhere", "type": "file", "path": self.folder})
            doomed["known_values"]["exec"] = [{"name": "slow", "command": ["sh", "-c", f": > {self.began}; sleep 1; echo put-out-late"]}]
            self.daemon.configure(doomed)
        answer = threading.Thread(target=self.daemon.ask, args=("/-/reload", "POST"))
        answer.start()
        wait_until(lambda: os.path.exists(self.began), "the reload is under way")
        return answer

    def assert_never_told(self, *values):
        """Neither the daemon's log nor its metrics, nor what it leaves on disk."""
        for value in values:
            self.plant(value)
        self.daemon.stop()


class Sources(KnownValuesTest):
    def test_what_is_there_at_the_start_is_masked_from_the_first_record_on(self):
        values = [self.plant(self.value(name)) for name in ("variable", "file", "dotenv", "command")]
        secrets = os.path.join(self.folder, "secrets")
        os.mkdir(secrets)
        self.write("secrets/db", values[1] + "\n")
        dotenv = self.write(".env", f"PORT=8080\nexport API_TOKEN='{values[2]}'\n")
        printed = self.write("printed", values[3])
        self.start(variables={"TEST_ONLY_PASSWORD": values[0]}, environment=["TEST_*_PASSWORD"], files=[secrets, dotenv],
                   exec=[{"name": "vault", "command": ["cat", printed]}])
        for value, name in zip(values, ("TEST_ONLY_PASSWORD", "db", "API_TOKEN", "vault")):
            self.assert_masked(value, name)
        self.assertEqual(self.say("port 8080"), "port 8080")
        self.assertEqual(self.daemon.metric("redactd_known_values"), 4)
        self.assert_never_told(*values)

    def test_a_mount_of_kubernetes_is_followed(self):
        mount = os.path.join(self.folder, "mount")

        def lay(version, value):
            os.mkdir(os.path.join(mount, ".." + version))
            self.write(f"mount/..{version}/password", value)
            os.symlink(".." + version, os.path.join(mount, "..data_tmp"))
            os.rename(os.path.join(mount, "..data_tmp"), os.path.join(mount, "..data"))

        os.mkdir(mount)
        old, new = self.value("old"), self.value("new")
        lay("one", old)
        os.symlink("..data/password", os.path.join(mount, "password"))
        self.start(files=[mount])
        self.assert_masked(old, "password")
        lay("two", new)
        print(f"\nmasked {self.wait_until_masked(new, 'password'):.2f} s after the swap", flush=True)
        self.assertEqual(self.say(f"a {old} b"), f"a {old} b", "the old one is no secret any more")
        self.assert_never_told(new, old)

    def test_files_may_come_later(self):
        value = self.value("later")
        self.start(files=[os.path.join(self.folder, "not", "there", "yet")])
        self.assertIn("No such file", self.daemon.says())
        os.makedirs(os.path.join(self.folder, "not/there"))
        self.write("not/there/yet", value)
        self.wait_until_masked(value, "yet")
        self.assert_never_told(value)

    def test_encodings_are_masked_too(self):
        value = self.value("encoded") + "/+&"
        self.start(files=[self.write("db", value)])
        self.assertEqual(self.say("a " + value.encode().hex() + " b"), f"a {mask('db')} b")
        self.assertNotIn("%2F%2B%26", self.say("a " + value.replace("/+&", "%2F%2B%26") + " b"))
        self.assert_never_told(value)


class Told(KnownValuesTest):
    def test_a_value_is_masked_when_add_returns(self):
        self.start()
        for number in range(5):
            value = self.plant(self.value(f"told {number}"))
            done = self.known("add", "--name", f"TOLD_{number}", value=value.encode() + b"\n")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
            self.assert_masked(value, f"TOLD_{number}")
        self.daemon.stop()
        self.assertFalse(os.path.exists(self.socket))

    def test_silent_peers_of_the_socket_keep_nobody_from_asking(self):
        self.start()
        silent = []
        for _ in range(100):
            peer = socket.socket(socket.AF_UNIX)
            self.addCleanup(peer.close)
            peer.connect(self.socket)
            silent.append(peer)
        start = time.monotonic()
        value = self.value("v")
        self.assertEqual(self.known("add", "--name", "NAME", value=value.encode()).returncode, 0)
        self.assertLess(time.monotonic() - start, 8)
        self.assert_masked(value, "NAME")

    def test_a_value_is_masked_when_add_returns_also_while_reloads_fail(self):
        value = self.value("FAILING")
        self.start(exec=[{"name": "quick", "command": ["echo", "put-out-soon"]}])
        reloads = [self.doomed_reload(), self.doomed_reload()]
        added = self.known("add", "--name", "FAILING", value=value.encode())
        self.assertEqual((added.returncode, added.stderr), (0, b""))
        self.assert_masked(value, "FAILING")
        for reload in reloads:
            reload.join()
        self.assertEqual(self.daemon.metric("redactd_config_last_reload_successful"), 0)
        self.assert_masked(value, "FAILING")
        self.assert_never_told(value)

    def test_values_are_listed_and_removed(self):
        self.start()
        value = self.value("removed")
        self.assertEqual(self.known("add", "--name", "GONE", "--ttl", "1h", value=value.encode()).returncode, 0)
        listed = json.loads(self.known("list-fingerprints", "--json").stdout)
        self.assertEqual([(one["name"], one["source"]) for one in listed], [("GONE", "control socket")])
        self.assertNotIn(value, json.dumps(listed))
        self.assertEqual(self.known("remove", "--fingerprint", listed[0]["fingerprint"]).returncode, 0)
        wait_until(lambda: self.say(f"a {value} b") == f"a {value} b", "in clear again")
        self.assertEqual(self.known("remove", "GONE").returncode, 3)
        self.assert_never_told(value)

    def test_values_that_change_make_no_other_configuration(self):
        self.start()
        before = self.daemon.metric("redactd_config_generation")
        self.assertEqual(self.known("add", "--name", "A", value=self.value("a").encode()).returncode, 0)
        self.assertEqual(self.daemon.metric("redactd_config_generation"), before)
        self.daemon.reload()
        self.assertEqual(self.daemon.metric("redactd_config_generation"), before + 1)
        self.assert_never_told(self.value("a"))

    def test_a_time_to_live_that_is_empty_is_refused(self):
        self.start()
        done = self.known("add", "--name", "A", "--ttl", "", value=self.value("a").encode())
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--ttl: must be a time", done.stderr)
        self.daemon.stop()

    def test_a_time_to_live_ends_by_itself(self):
        self.start()
        value = self.value("short-lived")
        self.assertEqual(self.known("add", "--name", "SHORT", "--ttl", "500ms", value=value.encode()).returncode, 0)
        wait_until(lambda: self.say(f"a {value} b") == f"a {value} b", "in clear again")
        self.assert_never_told(value)

    def test_ordinary_words_are_refused_and_not_shown(self):
        self.start()
        done = self.known("add", "--name", "PIN", value=b"4711")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"shorter than 6 bytes", done.stderr)
        self.assertNotIn(b"4711", done.stderr)
        self.assertEqual(self.daemon.metric("redactd_known_values_refused_total"), 1)

    def test_others_are_turned_away(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        self.start()
        os.chmod(self.folder, 0o711)
        os.chmod(self.socket, 0o666)  # as if the file system did not keep them away
        done = subprocess.run([BINARY, "known", "list-fingerprints", "--socket", self.socket], capture_output=True, timeout=PATIENCE,
                              user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"only root", done.stderr)

    def test_a_socket_that_cannot_be_opened_is_told_in_plain_words(self):
        self.socket = os.path.join(self.folder, "nowhere", "known.sock")
        self.start()
        self.assertIn(f'reason="cannot be opened: {self.socket}: No such file or directory"', self.daemon.says())
        self.daemon.stop()

    def test_a_reload_keeps_what_was_told_and_takes_other_sources(self):
        one, two, told = self.value("one"), self.value("two"), self.value("told")
        first, second = self.write("first", one), self.write("second", two)
        self.start(files=[first])
        self.assertEqual(self.known("add", "--name", "TOLD", value=told.encode()).returncode, 0)
        self.settings["known_values"]["files"] = [second]
        with open(self.daemon.path, encoding="utf-8") as file:
            config = json.load(file)
        config["known_values"]["files"] = [second]
        self.daemon.configure(config)
        self.daemon.reload()
        self.assert_masked(two, "second")
        self.assert_masked(told, "TOLD")
        self.assertEqual(self.say(f"a {one} b"), f"a {one} b")
        self.assert_never_told(one, two, told)


    def test_a_command_that_fails_is_told_also_beside_many_values_that_are_refused(self):
        words = ["primary", "1234", "zzzzzzzz", "2026-01-02", "-----x-----"]  # refused for different reasons
        folders = []
        for number in range(4):
            folders.append(os.path.join(self.folder, f"values{number}"))
            os.mkdir(folders[-1])
            for name, word in enumerate(words):
                self.write(os.path.join(folders[-1], f"V{name}"), word)
        self.start(files=folders, exec=[{"name": "vault", "command": [os.path.join(self.folder, "nowhere")]}])
        self.assertRegex(self.daemon.says(), r'source="command vault" reason="cannot be started: No such file')
        self.daemon.stop()

    def test_a_file_that_changes_right_before_a_reload_is_in_force_when_that_is_done(self):
        path = self.write("PIN", self.value("first"))
        self.start(files=[path])
        for number in range(5):
            value = self.plant(self.value(f"changed {number}"))
            self.write("PIN", value)
            self.assertEqual(self.daemon.ask("/-/reload", "POST")[0], 200)
            self.assert_masked(value, "PIN")
        self.daemon.stop()


class AddMask(KnownValuesTest):
    def test_add_mask_holds_from_the_next_line_on(self):
        self.start(add_mask=True)
        for number in range(20):  # all in one write
            value = self.value(f"in-one-write-{number}")
            client = Client(self.port)
            command = (b"add-mask", b"ADD-MASK", b"add-mask key=x")[number % 3]
            client.send(b"before\n::%s::%s\nafter %s\n" % (command, value.encode(), value.encode()))
            client.close()
        self.aggregator.wait_for(60)
        self.assertEqual(sorted(set(self.aggregator.records)), [b"::ADD-MASK::[REDACTED:add-mask]", b"::add-mask key=x::[REDACTED:add-mask]",
                                                                 b"::add-mask::[REDACTED:add-mask]", b"after [REDACTED:known:add-mask]", b"before"])
        self.assert_never_told(value)

    def test_a_line_of_the_log_registers_a_value(self):
        value = self.value("registered") + " and more"
        self.start(add_mask=True)
        self.assertEqual(self.say(f"::add-mask::{value}"), "::add-mask::[REDACTED:add-mask]")
        self.wait_until_masked(value, "add-mask")
        self.assert_never_told(value)

    def test_add_mask_holds_while_redactd_stops(self):
        self.start(add_mask=True)
        values = [self.value(f"of many {number}") for number in range(50)]
        self.client.send(b"".join(b"::add-mask::%s\nafter %s\n" % (value.encode(), value.encode()) for value in values))
        self.aggregator.wait_for(1)
        self.daemon.signal(signal.SIGTERM)
        self.daemon.wait()
        self.assertEqual(sorted(set(self.aggregator.records)), [b"::add-mask::[REDACTED:add-mask]", b"after [REDACTED:known:add-mask]"])
        self.assertEqual(self.aggregator.count(), 100)
        self.assert_never_told(*values)

    def test_add_mask_holds_while_a_reload_fails(self):
        self.start(add_mask=True, exec=[{"name": "quick", "command": ["echo", "put-out-soon"]}])
        reload = self.doomed_reload()
        value = self.value("meanwhile")
        client = Client(self.port)
        client.send(b"::add-mask::%s\nafter %s\n" % (value.encode(), value.encode()))
        client.close()
        self.assertEqual(self.aggregator.wait_for(2), [b"::add-mask::[REDACTED:add-mask]", b"after [REDACTED:known:add-mask]"])
        reload.join()
        self.assertEqual(self.daemon.metric("redactd_config_last_reload_successful"), 0)
        self.assert_never_told(value)

    def test_add_mask_holds_while_a_reload_waits_for_a_slow_command(self):
        self.start(add_mask=True, exec=[{"name": "quick", "command": ["echo", "put-out-soon"]}])
        began, go = (os.path.join(self.folder, name) for name in ("began", "go"))
        with open(self.daemon.path, encoding="utf-8") as file:
            config = json.load(file)
        config["known_values"]["exec"].append({"name": "slow", "command": ["sh", "-c", f": > {began}; until test -e {go}; do sleep 0.1; done; "
                                                                                      "echo put-out-at-last"]})
        self.daemon.configure(config)
        answers = []
        reload = threading.Thread(target=lambda: answers.append(self.daemon.ask("/-/reload", "POST")))
        reload.start()
        wait_until(lambda: os.path.exists(began), "the reload is under way")
        value, told = self.value("meanwhile"), self.value("told meanwhile")
        self.client.send(frames("octet-counting", [f"::add-mask::{value}".encode(), f"after {value}".encode()]))
        self.assertEqual(self.aggregator.wait_for(2), [b"::add-mask::[REDACTED:add-mask]", b"after [REDACTED:known:add-mask]"])
        self.sent = 2
        self.assertEqual(self.known("add", "--name", "TOLD", value=told.encode()).returncode, 0)
        self.assert_masked(told, "TOLD")
        self.assertEqual(self.daemon.metric("redactd_config_generation"), 1)
        self.write("go", "")
        reload.join()
        self.assertEqual(answers, [(200, "The new configuration is in force.\n")])
        self.assert_masked("put-out-at-last", "slow")
        self.assert_masked("put-out-soon", "quick")
        self.assert_never_told(value, told)

    def test_only_where_it_is_asked_for(self):
        value = self.value("not asked for")
        self.start()
        self.say(f"::add-mask::{value}")
        self.assertEqual(self.daemon.metric("redactd_known_values"), 0)
        self.assertEqual(self.say(f"a {value} b"), f"a {value} b")
