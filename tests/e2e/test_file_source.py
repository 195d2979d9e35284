"""Files that are followed and standard input: rotations, restarts and kills; nothing lost, nothing in clear."""

import os
import random
import signal
import subprocess
import threading
import time
import unittest

from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, sink_to, token
from wire import wait_until

KILLS = 20


class Writer(threading.Thread):
    """An application that logs numbered lines with a secret in each, in pieces, and its log rotation, which begins when there is a
    position: what was rotated away before a file was ever followed is not read."""

    def __init__(self, path, secret, seed, position):
        super().__init__(daemon=True)
        self.path = path
        self.position = position
        self.secret = secret
        self.count = 0
        self._random = random.Random(seed)
        self._file = open(path, "ab", buffering=0)
        self._rotations = 0
        self._finished = threading.Event()
        self.start()

    def run(self):
        while not self._finished.is_set():
            for _ in range(self._random.randrange(1, 60)):
                self._write_line()
            time.sleep(self._random.random() * 0.02)
            chance = self._random.random()
            if not os.path.exists(self.position):
                continue
            if chance < 0.04:
                self._rename()
            if chance < 0.01:
                self._write_line()
                self._rename()
        self._file.close()

    def finish(self):
        self._finished.set()
        self.join()
        return self.count

    def _write_line(self):
        line = b"line %d %s end\n" % (self.count, self.secret.encode())
        cut = self._random.randrange(len(line))
        for piece in (line[:cut], line[cut:]):
            self._file.write(piece)
        self.count += 1

    def _rotated_name(self):
        time.sleep(0.01)  # the file system's clock ticks every few milliseconds
        self._rotations += 1
        return f"{self.path}.2026-{self._rotations}"

    def _rename(self):
        os.rename(self.path, self._rotated_name())
        if self._random.random() < 0.5:
            self._write_line()  # an application changes over late
        self._file.close()
        self._file = open(self.path, "ab", buffering=0)


class FollowingTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.secret = self.plant(token())
        self.path = os.path.join(self.folder, "app.log")
        self.position = os.path.join(self.folder, "position")

    def follow(self, start_at="beginning", **more):
        source = {"type": "file", "path": self.path, "position_file": self.position, "poll_interval": "50ms", "start_at": start_at}
        return self.start_daemon([source], [sink_to(self.aggregator)], **more)

    def line(self, number):
        return b"line %d %s end" % (number, TOKEN_MASK.encode())

    def numbers(self, records):
        """Of the lines; fails if one is not what was written, masked."""
        numbers = []
        for record in records:
            number = int(record.split(b" ")[1])
            self.assertEqual(record, self.line(number))
            numbers.append(number)
        return numbers

    def wait_for_all(self, count):
        wait_until(lambda: len(set(self.aggregator.records)) >= count,
                   lambda: f"{count} lines ({len(set(self.aggregator.records))} came)", 60)


class Following(FollowingTest):
    def test_killed_again_and_again_it_loses_nothing(self):
        writer = Writer(self.path, self.secret, 1, self.position)
        delays = random.Random(2)
        for _ in range(KILLS):
            daemon = self.follow(wait=delays.random() < 0.7)
            time.sleep(delays.random() * 1.5)
            daemon.process.kill()
            daemon.wait(-signal.SIGKILL)
        daemon = self.follow()
        count = writer.finish()
        self.wait_for_all(count)
        daemon.stop()
        self.assertEqual(set(self.numbers(self.aggregator.records)), set(range(count)))
        for records in self.aggregator.connections:
            numbers = self.numbers(records)
            if not numbers:  # killed before it had sent any
                continue
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "one run doubles or leaves out")
        with open(self.position, "rb") as file:
            self.assert_no_canary(file.read(), "the position file")

    def test_stopped_in_good_order_it_doubles_nothing(self):
        writer = Writer(self.path, self.secret, 3, self.position)
        for _ in range(5):
            daemon = self.follow()
            seen = self.aggregator.count()
            self.aggregator.wait_for(seen + 50)
            daemon.stop()
        count = writer.finish()
        daemon = self.follow()
        self.wait_for_all(count)
        daemon.stop()
        self.assertEqual(self.numbers(self.aggregator.records), list(range(count)))

    def write_lines(self, first, last):
        with open(self.path, "ab") as file:
            file.write(b"".join(b"line %d %s end\n" % (number, self.secret.encode()) for number in range(first, last)))

    def follow_until_killed(self, **more):
        """Until there is a position."""
        daemon = self.follow(**more)
        wait_until(lambda: os.path.exists(self.position), lambda: f"a position; it says:\n{daemon.says()}")
        daemon.process.kill()
        daemon.wait(-signal.SIGKILL)

    def test_killed_before_a_line_came_it_has_its_place_at_the_end(self):
        self.write_lines(0, 10)
        self.follow_until_killed(start_at="end")
        self.write_lines(10, 20)
        daemon = self.follow(start_at="end")
        self.wait_for_all(10)
        daemon.stop()
        self.assertEqual(self.numbers(self.aggregator.records), list(range(10, 20)))

    def test_killed_before_a_line_was_taken_it_reads_the_file_that_was_rotated_meanwhile(self):
        self.aggregator.stop_listening()
        self.write_lines(0, 10)
        self.follow_until_killed(wait=False)
        os.rename(self.path, self.path + ".1")
        self.write_lines(10, 20)
        self.aggregator.listen()
        daemon = self.follow()
        self.wait_for_all(20)
        daemon.stop()
        self.assertEqual(self.numbers(self.aggregator.records), list(range(20)))

    def test_what_the_aggregator_has_not_taken_is_sent_after_the_restart(self):
        self.aggregator.stall()
        with open(self.path, "wb") as file:
            file.write(b"".join(b"line %d %s end\n" % (number, self.secret.encode()) for number in range(50_000)))
        daemon = self.follow(drain_timeout="300ms")
        daemon.wait_for_metric(1000, "redactd_source_received_records_total", source="in")
        daemon.signal(signal.SIGTERM)
        daemon.wait(3)  # records were left
        self.aggregator.drop_connections(reset=True)
        self.aggregator.resume()
        daemon = self.follow()
        self.wait_for_all(50_000)
        daemon.stop()
        self.assertEqual(set(self.numbers(self.aggregator.records)), set(range(50_000)))

    def test_a_damaged_position_file_is_set_aside_and_said_so(self):
        with open(self.path, "wb") as file:
            file.write(b"".join(b"line %d %s end\n" % (number, self.secret.encode()) for number in range(10)))
        daemon = self.follow()
        self.wait_for_all(10)
        daemon.stop()
        with open(self.position, "r+b") as file:
            file.truncate(40)
        daemon = self.follow()
        wait_until(lambda: len(self.aggregator.records) == 20, "all of it again")
        self.assertEqual(daemon.metric("redactd_source_damaged_positions_total", source="in"), 1)
        self.assertRegex(daemon.says(), r"error the position file was damaged .* set_aside=\S+\.damaged\n")
        daemon.stop()
        self.assertEqual(self.numbers(self.aggregator.records), list(range(10)) * 2)
        self.assertTrue(os.path.exists(self.position + ".damaged"))
        daemon = self.follow()
        daemon.stop()
        self.assertNotIn("damaged", daemon.says())
        self.assertEqual(self.aggregator.count(), 20)

    def test_a_second_process_with_the_same_position_file_refuses_to_start(self):
        """Their positions would take each other's place: a restart would go on behind what one of them has not delivered."""
        first = self.follow()
        second = self.follow(wait=False)
        second.wait(3)
        self.assertIn("position file " + self.position + ": is in use by another redactd", second.says())
        first.stop()
        self.follow().stop()

    def test_a_position_file_that_is_none_is_an_error_at_the_start(self):
        with open(self.position, "w", encoding="ascii") as file:
            file.write(f"a log line with {self.secret}\n")
        daemon = self.follow(wait=False)
        daemon.wait(daemon.process.wait(30))
        self.assertNotEqual(daemon.process.returncode, 0)
        self.assertIn("none that redactd has written", daemon.says())


class StandardInput(FollowingTest):
    def test_its_end_ends_redactd_once_everything_is_sent(self):
        self.aggregator.stall()
        daemon = self.start_daemon([{"type": "stdin"}], [sink_to(self.aggregator)], drain_timeout="200ms",
                                   stdin=subprocess.PIPE)
        count = 20_000
        daemon.process.stdin.write(b"".join(b"line %d %s end\n" % (number, self.secret.encode()) for number in range(count)))
        daemon.process.stdin.close()
        daemon.wait_for_metric(count, "redactd_source_received_records_total", source="in")
        time.sleep(0.5)  # longer than drain_timeout: the end of input is no reason to drop anything
        self.assertIsNone(daemon.process.poll(), "it did not wait for the aggregator")
        self.aggregator.resume()
        daemon.wait()
        self.assertEqual(self.numbers(self.aggregator.wait_for(count)), list(range(count)))

    def test_one_that_cannot_be_read_is_no_end_in_good_order(self):
        folder = os.open(self.folder, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        daemon = self.start_daemon([{"type": "stdin"}], [sink_to(self.aggregator)], stdin=folder, wait=False)
        daemon.wait(3)
        self.assertIn("standard input cannot be read", daemon.says())


if __name__ == "__main__":
    unittest.main()
