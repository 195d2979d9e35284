"""Containers' logs on a node, as kubelet keeps them: pieces of records, rotation, restarts, pods that come and go, kill -9."""

import json
import os
import random
import re
import resource
import shutil
import signal
import time
import unittest

from daemon import SANITIZED, TOKEN_MASK, Daemon, DaemonTest, token
from harness import secret
from wire import wait_until

PODS = 200
PIECE = 16 * 1024  # bytes after which a runtime splits a record


def time_of(number):
    return f"2026-01-02T03:04:05.{number:09d}Z"


def cri(stream, text, number=0, piece=PIECE):
    """A record as containerd writes it."""
    pieces = [text[i:i + piece] for i in range(0, len(text), piece)] or [""]
    return "".join(f"{time_of(number)} {stream} {'F' if i == len(pieces) - 1 else 'P'} {part}\n" for i, part in enumerate(pieces))


def docker(stream, text, number=0, piece=PIECE):
    parts = [text[i:i + piece] for i in range(0, len(text), piece)] or [""]
    parts[-1] += "\n"
    return "".join(json.dumps({"log": part, "stream": stream, "time": time_of(number)}, separators=(",", ":")) + "\n" for part in parts)


class KubernetesTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.secret = self.plant(token())
        self.pods = os.path.join(self.folder, "pods")
        self.out = os.path.join(self.folder, "out.log")
        os.mkdir(self.pods)

    def config(self, **source):
        return {"sources": [{"name": "pods", "type": "kubernetes", "path": self.pods, "poll_interval": "20ms",
                             "position_file": os.path.join(self.folder, "positions"), **source}],
                "sinks": [{"name": "out", "type": "file", "path": self.out}], "self_check": False}

    def follow(self, config, **more):
        return Daemon(self, config, **more)

    def log(self, pod="web-0", container="app", restart=0, namespace="shop"):
        folder = os.path.join(self.pods, f"{namespace}_{pod}_0b5c-uid", container)
        os.makedirs(folder, exist_ok=True)
        return os.path.join(folder, f"{restart}.log")

    def append(self, path, text):
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)

    def written(self):
        if not os.path.exists(self.out):
            return ""
        with open(self.out, encoding="utf-8", errors="surrogateescape") as file:  # a character may be half written
            return file.read()

    def wait_for(self, text):
        wait_until(lambda: text in self.written(), lambda: f"{text} in {self.written()[-2000:]}")


class Records(KubernetesTest):
    def test_a_secret_in_two_pieces_is_masked(self):
        text = "x" * (PIECE - 10) + f" {self.secret} end"
        self.append(self.log(), cri("stdout", text, 1) + cri("stderr", "short", 2))
        self.append(self.log("db-0"), docker("stdout", text, 3))
        daemon = self.follow(self.config())
        self.wait_for(time_of(2))
        self.wait_for(time_of(3))
        daemon.stop()
        lines = self.written().splitlines()
        self.assertIn(f"{time_of(1)} stdout F {'x' * (PIECE - 10)} {TOKEN_MASK} end", lines)
        self.assertIn(f"{time_of(2)} stderr F short", lines)
        docker_line = next(json.loads(line) for line in lines if line.startswith("{"))
        self.assertEqual(docker_line["log"], "x" * (PIECE - 10) + f" {TOKEN_MASK} end\n")

    def test_a_piece_waits_for_its_rest(self):
        daemon = self.follow(self.config())
        self.append(self.log(), cri("stdout", f"begin {self.secret}", 1, piece=20).splitlines()[0] + "\n")
        self.append(self.log("other"), cri("stdout", "marker", 2))
        self.wait_for("marker")
        time.sleep(0.2)
        self.assertNotIn("begin", self.written())
        self.append(self.log(), "".join(line + "\n" for line in cri("stdout", f"begin {self.secret}", 1, piece=20).splitlines()[1:]))
        self.wait_for(f"begin {TOKEN_MASK}")
        daemon.stop()

    def test_json_lines_say_whose_they_are(self):
        self.append(self.log(), cri("stderr", f'key "{self.secret}"', 7))
        daemon = self.follow(self.config(format="json"))
        self.wait_for("\n")
        daemon.stop()
        self.assertEqual(json.loads(self.written()), {
            "time": time_of(7), "stream": "stderr", "namespace": "shop", "pod": "web-0", "container": "app",
            "log": f'key "{TOKEN_MASK}"'})

    def test_a_record_that_is_cut_stays_json(self):
        for size in range(4096 - 100, 4096 + 40):
            self.append(self.log(), cri("stdout", "\u20ac\"" * (size // 4) + "x" * (size % 4) + self.secret, size))
        daemon = self.follow(self.config(format="json", max_record="4KiB"))
        self.wait_for(time_of(4096 + 39))
        daemon.stop()
        for line in self.written().splitlines():
            self.assertLess(len(line), 4096 + 60)
            self.assertTrue(json.loads(line)["log"].startswith("\u20ac"))

    def test_syslog_messages_say_whose_they_are(self):
        self.append(self.log(), cri("stdout", f"key {self.secret}", 7000))
        daemon = self.follow(self.config(format="rfc5424"), environment={"NODE_NAME": "node-7"})
        self.wait_for("\n")
        daemon.stop()
        self.assertEqual(self.written(), '<14>1 2026-01-02T03:04:05.000007Z node-7 app web-0 - [kubernetes@32473 namespace="shop" '
                                         f'pod="web-0" container="app" stream="stdout"] key {TOKEN_MASK}\n')

    def test_add_mask_lines_hold_in_each_runtimes_form_and_in_each_format(self):
        for format_ in ("as_is", "json", "rfc5424"):
            for write in (cri, docker):
                with self.subTest(format=format_, runtime=write.__name__):
                    value = self.plant(secret("", 20, f"{format_} {write.__name__}"))
                    path = self.log(f"{format_.replace('_', '-')}-{write.__name__}")
                    daemon = self.follow({**self.config(format=format_), "known_values": {"add_mask": True}})
                    self.append(path, write("stdout", f"::add-mask::{value}", 1) + write("stdout", f"used in {path}: {value}", 2))
                    self.wait_for(f"used in {path}: [REDACTED:known:add-mask]")
                    daemon.stop()
                    self.assert_no_canary(self.written().encode(), "what it wrote")

    def test_logs_behind_symbolic_links(self):
        real = os.path.join(self.folder, "abc-json.log")
        self.append(real, docker("stdout", f"one {self.secret}", 1))
        os.symlink(real, self.log())
        daemon = self.follow(self.config())
        self.wait_for(f"one {TOKEN_MASK}")
        os.rename(real, real + ".1")
        self.append(real, docker("stdout", "two", 2))
        self.wait_for("two")
        daemon.stop()


class Descriptors(KubernetesTest):
    @unittest.skipIf(SANITIZED, "a sanitizer that looks at a type opens a pipe for it, and takes the type for wrong when it cannot")
    def test_nothing_comes_twice_when_there_were_none_left(self):
        for pod in range(5):
            self.append(self.log(f"web-{pod}"), cri("stdout", f"pod {pod}", pod))
        daemon = self.follow(self.config())
        for pod in range(5):
            self.wait_for(f"pod {pod}")
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (3, hard))
        time.sleep(1.5)  # it looks for logs twice a second
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.append(self.log(), cri("stdout", "afterwards", 9))
        self.wait_for("afterwards")
        time.sleep(1.5)
        daemon.stop()
        self.assertEqual(sorted(line.split(" F ")[1] for line in self.written().splitlines()),
                         ["afterwards", *(f"pod {pod}" for pod in range(5))])


class ComeAndGo(KubernetesTest):
    def test_only_what_is_chosen_is_read(self):
        self.append(self.log("web-0"), cri("stdout", "wanted"))
        self.append(self.log("web-0", container="proxy"), cri("stdout", "unwanted container"))
        self.append(self.log("dns", namespace="kube-system"), cri("stdout", "unwanted namespace"))
        self.append(self.log(os.uname().nodename), cri("stdout", "its own"))
        daemon = self.follow(self.config(include={"namespaces": ["s*"]}, exclude=[{"containers": "proxy"}]))
        self.wait_for("wanted")
        time.sleep(0.3)
        daemon.stop()
        self.assertEqual(self.written(), cri("stdout", "wanted"))

    def test_pods_that_come_are_found_and_those_that_go_are_read_to_their_end(self):
        daemon = self.follow(self.config(start_at="end"))
        self.append(self.log("late"), cri("stdout", f"hello {self.secret}"))
        self.wait_for(f"hello {TOKEN_MASK}")
        files = daemon.open_files()
        self.append(self.log("late"), cri("stdout", "last") + cri("stdout", "never ended", 1, piece=6).splitlines()[0] + "\n")
        shutil.rmtree(os.path.dirname(os.path.dirname(self.log("late"))))
        self.wait_for("stdout F last")
        self.wait_for("stdout P never ")
        wait_until(lambda: daemon.open_files() < files, "its file is closed")
        daemon.stop()
        with open(os.path.join(self.folder, "positions"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["files"], {})

    def test_what_stood_there_before_is_left_out_with_start_at_end(self):
        self.append(self.log(), cri("stdout", "old"))
        daemon = self.follow(self.config(start_at="end"))
        wait_until(lambda: "following" in daemon.says(), "the log is followed")
        self.append(self.log(), cri("stdout", "new"))
        self.append(self.log(restart=1), cri("stdout", "of the next start"))
        self.wait_for("new")
        self.wait_for("of the next start")
        daemon.stop()
        self.assertNotIn("old", self.written())

    def test_a_second_process_with_the_same_position_file_refuses_to_start(self):
        first = self.follow(self.config())
        second = self.follow(self.config(), wait=False)
        second.wait(3)
        self.assertIn("is in use by another redactd", second.says())
        first.stop()

    def test_the_folder_may_come_later(self):
        os.rmdir(self.pods)
        daemon = self.follow(self.config())
        self.assertIn("the folder of the containers' logs is not there", daemon.says())
        self.append(self.log(), cri("stdout", "there"))
        self.wait_for("there")
        daemon.stop()


class Node(KubernetesTest):
    """A node with many pods that log, rotate and start again, while redactd is killed."""

    def write_some(self, random_source, numbers):
        for pod in random_source.sample(range(PODS), PODS // 3):
            restart = self.restarts[pod]
            path = self.log(f"pod-{pod}", restart=restart)
            text = ""
            for _ in range(random_source.randrange(1, 8)):
                number = next(numbers)
                self.planted.add(str(number))
                filler = "y" * random_source.choice((0, 10, 100, PIECE - random_source.randrange(60)))
                stream = random_source.choice(("stdout", "stderr"))
                text += cri(stream, f"{filler} n={number} {self.secret} end", number)
            self.append(path, text)
            chance = random_source.random()
            if chance < 0.1:
                os.rename(path, f"{path}.20260102-{next(numbers):06d}")
                self.append(path, "")
            elif chance < 0.15:
                self.restarts[pod] += 1

    def test_nothing_is_lost_and_nothing_is_in_clear_over_kills(self):
        random_source = random.Random(11)
        self.restarts, self.planted = [0] * PODS, set()
        numbers = iter(range(10**9))
        daemon = self.follow(self.config())
        for round_number in range(12):
            self.write_some(random_source, numbers)
            if round_number % 4 == 3:
                time.sleep(1.2 if round_number == 7 else 0.1)
                daemon.signal(signal.SIGKILL)
                daemon.process.wait()
                self.write_some(random_source, numbers)
                daemon = self.follow(self.config())
        total = len(self.planted)
        wait_until(lambda: len(set(self.numbers_out())) >= total, lambda: f"{len(set(self.numbers_out()))} of {total}", pause=0.2)
        resident = daemon.resident()
        daemon.stop()
        out = self.written()
        self.assertNotIn(self.secret[:10], out)
        for line in out.splitlines():
            if "n=" in line:
                self.assertRegex(line, rf"^\S+ std(out|err) F y* n=\d+ {re.escape(TOKEN_MASK)} end$")
        self.assertEqual(set(self.numbers_out()), self.planted)
        self.assertLess(len(self.numbers_out()), 2.5 * total, "only the tails that were not written come again")
        if not SANITIZED:
            self.assertLess(resident, 100 << 20)

    def numbers_out(self):
        return re.findall(r"n=(\d+) ", self.written())


if __name__ == "__main__":
    unittest.main()
