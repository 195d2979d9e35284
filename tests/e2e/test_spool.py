"""The spool: what happens to records when the aggregator, the process or the disk fails. Records are numbered and carry secrets."""

import glob
import os
import random
import resource
import threading
import time
import unittest

from aggregator import Aggregator
from daemon import TOKEN_MASK, Daemon, DaemonTest, named, sink_to, token
from wire import PATIENCE, Client, frames, free_port, wait_until

KILLS = int(os.environ.get("REDACTD_SPOOL_KILLS", "8"))  # 200 take some minutes
OCTET = "octet-counting"


def number_of(record):
    return int(record.split(b" ")[1])


class SpoolTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.spool = os.path.join(self.folder, "spool")
        self.aggregator = Aggregator(self)
        self.secret = self.plant(token()).encode()
        self.counted = 0  # of the records of the aggregator, by add_numbers()

    def config(self, source=None, **spool):
        self.port = free_port()
        settings = {"directory": self.spool, "segment_size": "64KiB", "max_size": "64MiB", "fsync": "always", **spool}
        return {"sources": [named("in", 0, source or {"listen": f"tcp://127.0.0.1:{self.port}"})],
                "sinks": [named("out", 0, sink_to(self.aggregator, spool=settings, reconnect_min="10ms", reconnect_max="50ms"))]}

    def start(self, config=None, **options):
        return Daemon(self, config or self.config(), **options)

    def record(self, number, size=40):
        return b"<13>record %d %s %s" % (number, self.secret, b"x" * size)

    def masked(self, number, size=40):
        return self.record(number, size).replace(self.secret, TOKEN_MASK.encode())

    def send(self, first, last, size=40):
        with Client(self.port) as client:
            client.send(frames(OCTET, [self.record(number, size) for number in range(first, last)]))

    def lose_aggregator(self, daemon):
        """It goes away, and redactd has noticed: what is sent before that is the lost connection's."""
        self.aggregator.go_away()
        wait_until(lambda: daemon.metric("redactd_sink_connected", sink="out") == 0, "the lost connection is noticed")

    def fill(self, daemon, first, last):
        """Records that stay in the spool, for nobody takes them."""
        self.lose_aggregator(daemon)
        self.send(first, last)
        daemon.wait_for_metric(last - first, "redactd_sink_spool_records", sink="out")

    def segments(self):
        return sorted(glob.glob(os.path.join(self.spool, "*.segment")))

    def assert_spool_is_clean(self):
        for name in os.listdir(self.spool):
            with open(os.path.join(self.spool, name), "rb") as file:
                self.assert_no_canary(file.read(), f"the spool ({name})")


class Restarts(SpoolTest):
    def test_what_a_dead_aggregator_did_not_take_is_sent_in_order_after_a_restart(self):
        daemon = self.start()
        self.fill(daemon, 0, 2000)
        self.assertEqual(daemon.metric("redactd_sink_dropped_records_total"), 0)
        daemon.stop()
        self.assertGreaterEqual(len(self.segments()), 2)
        self.assert_spool_is_clean()
        again = self.start()
        self.send(2000, 2100)
        self.aggregator.listen()
        self.assertEqual(self.aggregator.wait_for(2100), [self.masked(number) for number in range(2100)])
        again.wait_for_metric(2000, "redactd_sink_spool_replayed_records_total", sink="out")
        wait_until(lambda: again.metric("redactd_sink_spool_records", sink="out") == 0, "the spool is empty")
        again.stop()
        self.assertEqual(self.segments(), [])

    def test_kill_9_loses_nothing_that_the_spool_had(self):
        daemon = self.start()
        self.fill(daemon, 0, 2000)
        daemon.process.kill()
        daemon.process.wait()
        self.assert_spool_is_clean()
        again = self.start()
        self.aggregator.listen()
        self.assertEqual(self.aggregator.wait_for(2000), [self.masked(number) for number in range(2000)])
        again.stop()

    def test_kill_9_at_any_time_loses_nothing_of_a_file(self):
        """The file's position follows the spool's fsync: what a kill takes from memory is read again."""
        log = os.path.join(self.folder, "app.log")
        source = {"type": "file", "path": log, "position_file": os.path.join(self.folder, "position"), "poll_interval": "10ms"}
        config = self.config(source)
        written, ended = 0, threading.Event()

        def write():
            nonlocal written
            with open(log, "ab", buffering=0) as file:
                while not ended.is_set():
                    file.write(b"".join(self.record(written + at) + b"\n" for at in range(20)))
                    written += 20
                    time.sleep(0.001)

        writer = threading.Thread(target=write)
        writer.start()
        chance = random.Random(7)
        try:
            for round in range(KILLS):
                daemon = self.start(config, wait=False)
                if round % 3 == 1:
                    self.aggregator.go_away()
                wait_until(lambda: self.listening(daemon), "it starts")
                time.sleep(chance.uniform(0, 0.3))
                daemon.process.kill()
                daemon.process.wait()
                if round % 3 == 1:
                    self.aggregator.listen()
                self.assert_spool_is_clean()
        finally:
            ended.set()
            writer.join()
        daemon = self.start(config)
        seen = set()
        wait_until(lambda: self.add_numbers(seen) >= written, lambda: f"{written} records ({len(seen)} came)")
        firsts, known = [], set()
        for record in self.aggregator.records:
            number = number_of(record)
            self.assertEqual(record, self.masked(number))
            if number not in known:
                known.add(number)
                firsts.append(number)
        self.assertEqual(firsts, list(range(written)), "lost, or out of order")
        self.assertEqual(daemon.metric("redactd_sink_spool_damaged_records_total"), 0)
        daemon.stop()

    def listening(self, daemon):
        return daemon.process.poll() is not None or daemon.is_ready()

    def add_numbers(self, seen):
        until = len(self.aggregator.records)
        seen.update(number_of(record) for record in self.aggregator.records[self.counted:until])
        self.counted = until
        return len(seen)

    def test_a_reload_that_names_another_aggregator_takes_the_records_along(self):
        config = self.config()
        daemon = self.start(config)
        self.fill(daemon, 0, 1000)
        other = Aggregator(self)
        config["sinks"][0]["endpoints"] = [other.url]
        daemon.configure(config)
        daemon.reload()
        self.send(1000, 1100)
        self.assertEqual(other.wait_for(1100), [self.masked(number) for number in range(1100)])
        daemon.stop()


class Disk(SpoolTest):
    def test_a_disk_that_takes_nothing_makes_sources_wait_and_is_told(self):
        daemon = self.start()
        self.send(0, 10)
        self.aggregator.wait_for(10)
        limits = resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (16 * 1024, limits[1]))
        self.send(10, 40, size=20000)  # each of them alone is too much
        daemon.wait_for_metric(1, "redactd_sink_spool_failing", sink="out")
        status, body = daemon.ask("/readyz")
        self.assertEqual(status, 503)
        self.assertIn("spool", body)
        daemon.wait_for_metric(2, "redactd_sink_spool_errors_total", sink="out")
        self.assertIn("spool's disk fails", daemon.says())
        self.assertEqual(self.aggregator.count(), 10)
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, limits)
        records = self.aggregator.wait_for(40)
        self.assertEqual(records, [self.masked(number) for number in range(10)] + [self.masked(number, 20000) for number in range(10, 40)])
        wait_until(daemon.is_ready, "ready again")
        self.assert_spool_is_clean()
        daemon.stop()

    def test_a_spool_that_is_full_makes_sources_wait_until_the_aggregator_returns(self):
        config = self.config(max_size="256KiB")
        config["sinks"][0]["queue_bytes"] = "64KiB"
        daemon = self.start(config)
        self.lose_aggregator(daemon)
        count = 20000
        sender = threading.Thread(target=self.send, args=(0, count, 400))
        sender.start()
        daemon.wait_for_metric(1, "redactd_sink_spool_full", sink="out")
        daemon.wait_for_metric(1, "redactd_source_stalls_total", source="in")
        self.assertLessEqual(daemon.metric("redactd_sink_spool_bytes", sink="out"), 256 * 1024)
        self.assertIn("is full", daemon.ask("/readyz")[1])
        self.aggregator.listen()
        self.assertEqual(self.aggregator.wait_for(count), [self.masked(number, 400) for number in range(count)])
        sender.join()
        daemon.stop()

    def test_flipped_bytes_cost_their_batches_which_are_counted_and_never_sent(self):
        daemon = self.start()
        self.lose_aggregator(daemon)
        for first in range(0, 2000, 100):
            self.send(first, first + 100)
            daemon.wait_for_metric(first + 100, "redactd_sink_spool_records", sink="out")
        daemon.stop()
        chance = random.Random(3)
        for path in self.segments():
            with open(path, "r+b") as file:
                place = chance.randrange(os.path.getsize(path) // 2)
                file.seek(place)
                byte = file.read(1)
                file.seek(place)
                file.write(bytes([byte[0] ^ 0x10]))
        again = self.start()
        self.aggregator.listen()
        again.wait_for_metric(1, "redactd_sink_spool_damaged_records_total", sink="out")
        wait_until(lambda: again.metric("redactd_sink_spool_records", sink="out") == 0, "the spool is empty")
        damaged = again.metric("redactd_sink_spool_damaged_records_total", sink="out")
        records = self.aggregator.wait_for(2000 - damaged)
        self.assertEqual(len(records), 2000 - damaged)
        numbers = [number_of(record) for record in records]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(records, [self.masked(number) for number in numbers])
        self.assertIn("spool is damaged", again.says())
        again.stop()

    def test_a_second_process_on_the_same_directory_is_refused(self):
        first = self.start()
        port = self.port
        second = self.start(self.config(), wait=False)
        self.assertNotEqual(second.process.wait(PATIENCE), 0)
        self.assertIn(f"is in use by another redactd (process {first.pid})", second.says())
        self.port = port
        self.send(0, 1)
        self.assertEqual(self.aggregator.wait_for(1), [self.masked(0)])
        first.stop()

    def test_a_directory_that_others_may_write_to_is_refused(self):
        os.mkdir(self.spool)
        os.chmod(self.spool, 0o777)
        daemon = self.start(wait=False)
        self.assertNotEqual(daemon.process.wait(PATIENCE), 0)
        self.assertIn("chmod 0700", daemon.says())


if __name__ == "__main__":
    unittest.main()
