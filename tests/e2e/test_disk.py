"""The calls by which a spool is written, each in its turn: redactd ends there as by kill -9, or the call fails. What it has
acknowledged to a RELP client by then reaches the aggregator."""

import errno
import os
import re
import struct
import threading
import time
import unittest

from daemon import SANITIZED, TOKEN_MASK, Daemon, DaemonTest, named, token
from relp import RelpClient, RelpServer
from wire import free_port, wait_until

DISK = os.environ.get("REDACTD_FAILING_DISK")  # tests/testing/failing_disk.cc
POINTS = ["nowhere", "before creation", "created", "names synced", "before the write", "half written", "written", "before the sync",
          "synced", "before the removal", "removed", "before the position", "half of the position", "position written"]
DIE = 0
HALF = -1  # of a write
CALLS = ["before creation", "names synced", "before the write", "before the sync", "before the removal", "before the position"]
FAILURES = {errno.EIO: CALLS, errno.ENOSPC: CALLS, errno.EINTR: ["before the write"], HALF: ["before the write", "before the position"]}


def number_of(record):
    return int(re.search(rb"record (\d+)", record).group(1))


@unittest.skipIf(SANITIZED, "a sanitizer has to be the first that is loaded")
@unittest.skipUnless(DISK, "the library that makes a disk fail is not built; ctest names it")
class DiskTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.secret = self.plant(token()).encode()
        self.spool = os.path.join(self.folder, "spool")
        self.orders = self.write("orders", struct.pack("qqq", 0, 0, 0))
        self.server = RelpServer(self)
        self.sent = 0
        self.promised = set()  # numbers that were acknowledged
        self.lock = threading.Lock()

    def order(self, point, times, error):
        with open(self.orders, "r+b") as file:
            file.write(struct.pack("qqq", POINTS.index(point), times, error))

    def carried_out(self):
        with open(self.orders, "rb") as file:
            return struct.unpack("qqq", file.read())[0] == 0

    def start(self):
        self.port = free_port()
        spool = {"directory": self.spool, "segment_size": "64KiB", "fsync": "always"}
        self.daemon = Daemon(self, {
            "sources": [named("in", 0, {"type": "relp", "listen": f"tcp://127.0.0.1:{self.port}"})],
            "sinks": [named("out", 0, {"type": "relp", "endpoints": [self.server.url], "spool": spool, "reconnect_min": "10ms",
                                       "reconnect_max": "50ms"})]},
            environment={"LD_PRELOAD": DISK, "FAILING_DISK": self.orders})

    def record(self, number):
        return b"<13>record %d %s %s" % (number, self.secret, b"x" * 1000)

    def load_until(self, condition):
        """One client after the other sends numbered records, and goes on with the first that has no answer."""
        while not condition():
            first = self.sent
            try:
                client = RelpClient(self.port)
            except OSError:
                return
            with client:
                try:
                    while not condition() and not client.ended:
                        if self.sent - first - client.acknowledged < 100:
                            client.send([self.record(self.sent)])
                            self.sent += 1
                        else:
                            time.sleep(0.001)
                    if not client.ended:
                        wait_until(lambda: client.acknowledged == self.sent - first or client.ended, "answers", seconds=20)
                except (OSError, AssertionError):
                    pass
                self.promised.update(range(first, first + client.acknowledged))
                self.sent = first + client.acknowledged

    def assert_kept(self, what):
        """All that was acknowledged has come, masked; in order, but for what came again."""
        wait_until(lambda: self.promised <= {number_of(record) for record in list(self.server.acknowledged)},
                   lambda: f"{what}: records {sorted(self.promised - set(map(number_of, self.server.acknowledged)))[:5]} are lost")
        firsts, known = [], set()
        for record in list(self.server.acknowledged):
            number = number_of(record)
            self.assertEqual(record, self.record(number).replace(self.secret, TOKEN_MASK.encode()))
            if number not in known:
                known.add(number)
                firsts.append(number)
        self.assertEqual(firsts, sorted(firsts), f"{what}: out of order")

    def assert_spool_is_clean(self):
        for name in os.listdir(self.spool):
            with open(os.path.join(self.spool, name), "rb") as file:
                self.assert_no_canary(file.read(), f"the spool ({name})")

    def test_killed_at_each_point_it_loses_nothing_that_it_has_acknowledged(self):
        for point in POINTS[1:]:
            self.order("nowhere", 0, DIE)
            self.start()
            self.order(point, 2, DIE)
            self.load_until(lambda: self.daemon.process.poll() is not None)
            self.assertEqual(self.daemon.process.wait(), -9, point)
            self.assert_spool_is_clean()
        self.order("nowhere", 0, DIE)
        self.start()
        self.assert_kept("killed")
        self.assertEqual(self.daemon.metric("redactd_sink_spool_damaged_records_total"), 0)
        self.daemon.stop()

    def test_each_call_that_fails_holds_up_records_for_a_moment_and_loses_none(self):
        self.start()
        for error, points in FAILURES.items():
            for point in points:
                what = f"{point}: {error}"
                self.order(point, 2, error)
                self.load_until(self.carried_out)
                before = len(self.promised)
                self.load_until(lambda: self.sent > before + 200)
                self.assertGreaterEqual(len(self.promised), before + 200, what)
                wait_until(self.daemon.is_ready, lambda: f"{what}: ready again, {self.daemon.says()[-1000:]}")
        self.assert_kept("with errors")
        self.assertEqual(self.daemon.metric("redactd_sink_spool_damaged_records_total"), 0)
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
