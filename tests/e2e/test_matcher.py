"""A libhs that misses matches: the matcher's tests have to fail with it, and redactd must not start."""

import glob
import os
import socket
import subprocess
import unittest

import peers
from aggregator import Aggregator
from daemon import SANITIZED, DaemonTest, sink_to
from harness import BINARY, RedactdTest
from wire import PATIENCE, Client, free_port, wait_until

MISSING = os.environ.get("REDACTD_MISSING_MATCHES")  # tests/testing/missing_matches.cc
MATCHER_TESTS = os.path.join(os.path.dirname(BINARY), "tests/property_matcher")


def vectorscan():
    """An environment in which libhs is the Vectorscan 5.4.9 that tests/peers.sh unpacked."""
    found = glob.glob(os.path.join(peers.FOLDER, "vectorscan/usr/lib/*/libhs.so.5"))
    if not found:
        message = "libvectorscan5 is not here; tests/peers.sh gets it"
        if os.environ.get("REDACTD_REQUIRE_PEERS"):
            raise AssertionError(message)
        raise unittest.SkipTest(message)
    return {**os.environ, "LD_LIBRARY_PATH": os.path.dirname(found[0])}


def failed_tests(environment):
    run = subprocess.run([MATCHER_TESTS], env=environment, capture_output=True, timeout=300, check=False)
    return {line.split()[3].rstrip(",") for line in run.stdout.decode(errors="replace").splitlines()
            if line.startswith("[  FAILED  ]") and len(line.split()) > 3 and "." in line.split()[3]}


class AMatcherThatMisses(RedactdTest):
    def test_redactd_refuses_it(self):
        run = subprocess.run([BINARY], env=vectorscan(), input=b"x\n", capture_output=True, timeout=30, check=False)
        self.assertEqual((run.returncode, run.stdout), (3, b""))
        self.assertIn(b"libhs 5.4.9 is known to miss matches", run.stderr)

    def test_the_tests_of_the_matcher_find_it_out(self):
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            if "avx2" not in info.read():
                self.skipTest("it misses matches with AVX2 and AVX-512 only")
        failed = failed_tests(vectorscan())
        self.assertIn("Matcher.FindsWhatOtherReleasesAreKnownToMiss", failed)
        # Whether it misses any of the pack's expressions changes with the pack.
        self.assertEqual(failed_tests(dict(os.environ)), set())


@unittest.skipIf(SANITIZED, "a sanitizer has to be the first that is loaded")
@unittest.skipUnless(MISSING, "the library that misses matches is not built; ctest names it")
class AMatcherThatMissesNowAndThen(RedactdTest):
    """No version number tells of it: the rules' own examples have to."""

    def start_with(self, one_in):
        return subprocess.run([BINARY], env={**os.environ, "LD_PRELOAD": MISSING, "MISSING_MATCHES": str(one_in)}, input=b"x\n",
                              capture_output=True, timeout=60, check=False)

    def test_is_found_out_at_the_start(self):
        for one_in in (100, 10):
            run = self.start_with(one_in)
            self.assertEqual((run.returncode, run.stdout), (2, b""), one_in)
            self.assertIn(b"does not find its own example", run.stderr)

    def test_the_tests_with_the_packs_expressions_find_it_out(self):
        failed = failed_tests({**os.environ, "LD_PRELOAD": MISSING, "MISSING_MATCHES": "1000"})
        self.assertTrue(any(name.startswith("Matcher/EveryInstructionSet.") for name in failed), failed)

    def test_not_one_that_misses_nothing(self):
        run = self.start_with(0)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"x\n", b""))


@unittest.skipIf(SANITIZED, "a sanitizer has to be the first that is loaded")
@unittest.skipUnless(MISSING, "the library that fails is not built; ctest names it")
class AMatcherThatFails(DaemonTest):
    """What it failed at stays in; where nobody can connect again, redactd says that it has to be restarted."""

    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self, "newline")
        self.tcp, self.udp = free_port(), free_port(socket.SOCK_DGRAM)
        self.log = os.path.join(self.folder, "app.log")
        self.write("app.log", "")
        listen = {"type": "tcp", "framing": "newline", "name": "tcp", "listen": f"tcp://127.0.0.1:{self.tcp}"}
        sources = [listen, {"type": "syslog", "name": "udp", "listen": f"udp://127.0.0.1:{self.udp}"},
                   {"type": "file", "name": "file", "path": self.log, "start_at": "beginning", "position_file": os.path.join(self.folder, "at")},
                   {"type": "stdin", "name": "stdin"}]
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.settimeout(PATIENCE)
        self.manager.bind(os.path.join(self.folder, "notify"))
        self.daemon = self.start_daemon(sources, [{"type": "tcp", "framing": "newline", **sink_to(self.aggregator)}], stdin=subprocess.PIPE,
                                        environment={"LD_PRELOAD": MISSING, "FAILING_SCANS": "breaks it",
                                                     "NOTIFY_SOCKET": self.manager.getsockname()})

        self.addCleanup(self.daemon.process.stdin.close)

    def send(self, source, text):
        line = text.encode() + b"\n"
        if source == "tcp":
            with Client(self.tcp) as client:
                client.send(line)
        elif source == "udp":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.sendto(b"<13>" + line, ("127.0.0.1", self.udp))
        elif source == "file":
            with open(self.log, "ab") as file:
                file.write(line)
        else:
            self.daemon.process.stdin.write(line)
            self.daemon.process.stdin.flush()

    def fail(self, source):
        before = self.daemon.metric("redactd_engine_errors_total")
        self.send(source, f"{source} breaks it")
        self.daemon.wait_for_metric(before + 1, "redactd_engine_errors_total")

    def test_ends_a_source_that_has_one_stream_and_says_so_until_a_restart(self):
        ended = []
        for source in ("udp", "file", "stdin"):
            self.assertEqual(self.daemon.metric("redactd_source_failed_streams", source=source), 0)
            self.fail(source)
            ended.append(source)
            self.assertEqual(self.daemon.metric("redactd_source_failed_streams", source=source), 1)
            reasons = "".join(f"source '{name}' has failed: what comes is not read before a restart\n"
                              for name in ("udp", "file", "stdin") if name in ended)
            for page in ("/healthz", "/readyz"):
                self.assertEqual(self.daemon.ask(page), (503, reasons))
            self.assertIn(f"source={source}", next(line for line in self.daemon.says().splitlines()[::-1] if "source ended" in line))
        self.send("tcp", "still here")
        self.aggregator.wait_for(1)
        self.daemon.stop()
        self.assertEqual(self.aggregator.records, [b"still here"])

    def test_shows_in_the_status_that_the_service_manager_has(self):
        self.fail("udp")
        while "STATUS=redacting; source 'udp' has failed: what comes is not read before a restart" not in self.manager.recv(4096).decode():
            pass
        self.daemon.stop()

    def test_ends_a_connection_and_takes_the_next(self):
        self.fail("tcp")
        self.send("tcp", "next one")
        self.aggregator.wait_for(1)
        self.assertEqual([self.daemon.ask(page)[0] for page in ("/healthz", "/readyz")], [200, 200])
        self.daemon.stop()
        self.assertEqual(self.aggregator.records, [b"next one"])


class TheBuild(RedactdTest):
    """Hyperscan, or a Vectorscan that finds every match: what pkg-config says of libhs decides. arm64 has the latter only."""

    def configured(self, version):
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
        self.write("libhs.pc", f"Name: libhs\nDescription: another one\nVersion: {version}\nLibs: -lhs\nCflags: -I/usr/include/hs\n")
        return subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", os.path.join(self.folder, version), "-DREDACTD_BUILD_TESTS=OFF",
                               "-DREDACTD_BUILD_BENCH=OFF"], env={**os.environ, "PKG_CONFIG_PATH": self.folder}, capture_output=True,
                              text=True, timeout=300, check=False)

    def test_refuses_what_misses_matches(self):
        for version in ("5.3.0", "5.4.9", "5.4.12"):
            done = self.configured(version)
            self.assertNotEqual(done.returncode, 0, version)
            self.assertIn(f"libhs {version} is known to miss matches", done.stderr)

    def test_takes_what_does_not(self):
        for version in ("5.4.0", "5.4.2", "5.4.13"):
            self.assertEqual(self.configured(version).returncode, 0, version)


if __name__ == "__main__":
    unittest.main()
