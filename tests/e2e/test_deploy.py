"""What deploy/ ships: systemd units, the image's files, alert rules. No service manager and no container engine runs here, so it is
looked at with their own tools: systemd-analyze, promtool. Of Kubernetes: test_charts.py."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest

import yaml

import peers
from daemon import SANITIZED, TOKEN_MASK, DaemonTest, token
from harness import BINARY, RedactdTest
from wire import free_port, wait_until

DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy")
MOST_EXPOSED = 1.5  # by the measure of systemd-analyze, where 10 is bare


def needs(test, program):
    path = shutil.which(program)
    if path:
        return path
    if os.environ.get("REDACTD_REQUIRE_PEERS"):
        raise AssertionError(f"{program} is not here; deploy/install-dependencies.sh installs it")
    return test.skipTest(f"{program} is not here")


def run(*command, check=True):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class SystemdUnits(DaemonTest):
    UNITS = ("redactd.service", "redactd@.service")

    def setUp(self):
        super().setUp()
        self.analyze = needs(self, "systemd-analyze")
        self.units = tempfile.mkdtemp(dir=self.folder)
        for name in os.listdir(os.path.join(DEPLOY, "systemd")):
            with open(os.path.join(DEPLOY, "systemd", name), encoding="utf-8") as file:
                text = file.read()
            with open(os.path.join(self.units, name.replace("@.", "@node.")), "w", encoding="utf-8") as file:
                # The manual page and the program are not installed here.
                text = re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
                file.write(text.replace("/usr/bin/redactd", os.path.realpath(BINARY)))

    def unit(self, name):
        return os.path.join(self.units, name.replace("@.", "@node."))

    def test_systemd_has_nothing_to_say_against_them(self):
        for name in (*self.UNITS, "redactd.socket"):
            self.assertEqual(run(self.analyze, "verify", self.unit(name)), "", name)

    def test_they_never_give_it_up(self):
        """A cause that lasts a while, such as an address that comes late, is no reason to be without a log for good."""
        for name in self.UNITS:
            with open(self.unit(name), encoding="utf-8") as file:
                text = file.read()
            self.assertIn("\nStartLimitIntervalSec=0\n", text[:text.index("[Service]")], name)
            self.assertIn("\nRestart=on-failure\n", text, name)

    def test_they_leave_redactd_little_to_reach(self):
        for name in self.UNITS:
            said = run(self.analyze, "security", "--offline=true", self.unit(name))
            level = float(re.search(r"Overall exposure level for \S+: (\d+\.\d)", said)[1])
            self.assertLessEqual(level, MOST_EXPOSED, name)

    def allowed(self, name):
        """The system calls of SystemCallFilter, its groups resolved; later lines change earlier ones."""
        with open(self.unit(name), encoding="utf-8") as file:
            lines = re.findall(r"^SystemCallFilter=(~?)(.*)$", file.read(), re.MULTILINE)
        calls = set()
        for without, words in lines:
            named = {call for word in words.split() for call in self.members(word)}
            calls = calls - named if without else calls | named
        return calls

    def members(self, word):
        if not word.startswith("@"):
            return {word}
        said = run(self.analyze, "syscall-filter", word)
        names = {line.strip() for line in said.splitlines() if line.startswith("    ") and not line.strip().startswith("#")}
        return {call for name in names for call in self.members(name)}

    def test_what_redactd_asks_of_the_kernel_is_allowed(self):
        strace = needs(self, "strace")
        trace = os.path.join(self.folder, "trace")
        log = self.write("followed.log", b"one\n")
        port = free_port()
        daemon = self.start_daemon(
            [{"listen": f"tcp://127.0.0.1:{port}"}, {"listen": f"udp://127.0.0.1:{free_port()}"},
             {"listen": f"unix://{self.folder}/sock"}, {"type": "file", "path": log, "position_file": self.folder + "/position"},
             {"type": "kubernetes", "path": self.folder}],
            [{"type": "file", "path": self.folder + "/out.log"}, {"type": "tcp", "endpoints": ["tcp://localhost:9"],
                                                               "spool": {"directory": self.folder + "/spool"}}],
            command=(strace, "-f", "-qq", "-o", trace, "-e", "signal=none", BINARY), wait=False)
        wait_until(lambda: "ready" in daemon.says(), daemon.says)
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"<14>hello\n")
        wait_until(lambda: daemon.ask("/healthz")[0] == 200 and os.path.exists(self.folder + "/out.log"), "an answer")
        client.close()
        self.assertEqual(daemon.ask("/-/reload", "POST")[0], 200)  # a signal would go to strace
        with open(f"/proc/{daemon.pid}/task/{daemon.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), 15)
        daemon.process.wait(60)
        with open(trace, encoding="utf-8", errors="replace") as file:
            calls = re.findall(r"^\d+ +([a-z_0-9]+)\((.*)$", file.read(), re.MULTILINE)
        called = {call for call, _ in calls}
        self.assertGreater(len(called), 30)
        for name in self.UNITS:
            self.assertEqual(called - self.allowed(name) - {"execve"}, set(), name)
        if SANITIZED:
            return
        confined = max(at for at, (call, rest) in enumerate(calls) if call == "seccomp" and rest.endswith("= 0"))
        self.assertLess(confined, len(calls) / 2)
        self.assertEqual({call for call, _ in calls[confined + 1:]} - self.confined() - {"clone3"}, set())
        self.assertEqual([call for call, rest in calls[confined + 1:] if " EPERM " in rest], [])

    def confined(self):
        """What redactd allows itself, by docs/sandbox.md, which a unit test holds to the program."""
        with open(os.path.join(DEPLOY, "../docs/sandbox.md"), encoding="utf-8") as file:
            rows = re.findall(r"^\| \w+ \| (?:all|daemon) \| .* \| ((?:`\w+` ?)+) \|$", file.read(), re.MULTILINE)
        return {call for row in rows for call in re.findall(r"`(\w+)`", row)}

    def test_redactd_allows_itself_nothing_that_they_refuse(self):
        self.assertGreater(len(self.confined()), 100)
        for name in self.UNITS:
            self.assertEqual(self.confined() - self.allowed(name), set(), name)


class ImageRoot(DaemonTest):
    """The files of the container image, in a root of their own, as its user, with no network: no container engine is here."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("needs root, for chroot")
        self.root = os.path.join(self.folder, "root")
        run(os.path.join(DEPLOY, "assemble-root.sh"), BINARY, self.root)
        os.chmod(self.folder, 0o711)

    def inside(self, *arguments, **options):
        alone = ["unshare", "--net", "--pid", "--fork", "chroot", "--userspec=65532:65532", self.root, "/usr/bin/redactd"]
        return subprocess.run([*alone, *arguments], capture_output=True, timeout=60, check=False, **options)

    def test_masks_in_a_pipe(self):
        secret = self.plant(token())
        done = self.inside(input=f"with {secret} end\n".encode())
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"with {TOKEN_MASK} end\n".encode(), b""))

    def test_checks_a_configuration(self):
        with open(os.path.join(self.root, "etc/redactd/redactd.yaml"), "w", encoding="utf-8") as file:
            file.write("sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout}]\nadmin: {enabled: false}\n")
        done = self.inside("--config", "/etc/redactd/redactd.yaml", input=f"with {self.plant(token())} end\n".encode())
        self.assertEqual((done.returncode, done.stdout), (0, f"with {TOKEN_MASK} end\n".encode()), done.stderr)

    def test_holds_a_program_and_libraries_only(self):
        programs = [name for folder, _, names in os.walk(self.root) for name in names
                    if os.access(os.path.join(folder, name), os.X_OK) and ".so" not in name]
        self.assertEqual(programs, ["redactd"])


class AlertRules(RedactdTest):
    def test_prometheus_takes_them_and_their_cases_hold(self):
        promtool = peers.find("promtool")
        run(promtool, "check", "rules", os.path.join(DEPLOY, "prometheus/redactd.rules.yaml"))
        run(promtool, "test", "rules", os.path.join(DEPLOY, "prometheus/redactd.rules.test.yaml"))

    def test_they_ask_for_metrics_that_exist(self):
        with open(os.path.join(DEPLOY, "../docs/metrics.md"), encoding="utf-8") as file:
            documented = set(re.findall(r"`(redactd_[a-z_]+)`", file.read()))
        with open(os.path.join(DEPLOY, "prometheus/redactd.rules.yaml"), encoding="utf-8") as file:
            groups = yaml.safe_load(file)["groups"]
        records = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
        for group in groups:
            for rule in group["rules"]:
                for name in re.findall(r"\bredactd[_:][a-z_:]+", rule["expr"]):
                    known = name in documented or re.sub(r"_(bucket|sum|count)$", "", name) in documented or name in records
                    self.assertTrue(known, f"{name} in {rule}")


class Dashboard(RedactdTest):
    """Its queries are asked of a Prometheus in test_prometheus.py."""

    def test_its_panels_have_places_titles_and_queries_of_their_own(self):
        with open(os.path.join(DEPLOY, "grafana/redactd.json"), encoding="utf-8") as file:
            dashboard = json.load(file)
        taken = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, f"{panel['title']} lies on another panel")
            taken |= cells
            self.assertTrue(panel["targets"] and all(target["expr"] for target in panel["targets"]), panel["title"])
        self.assertEqual(len({panel["title"] for panel in dashboard["panels"]}), len(dashboard["panels"]))
        self.assertEqual(len({panel["id"] for panel in dashboard["panels"]}), len(dashboard["panels"]))


if __name__ == "__main__":
    unittest.main()
