"""Looks at redactd twice a second: memory, descriptors, throughput, latency, and what its metrics say."""

import re
import threading
import time
from dataclasses import dataclass

from daemon import SANITIZED

MEMORY_ABOVE_BASE = 96 << 20  # a reload holds two sets of rules for a moment
GROWTH = 1.05  # of one process between the second quarter of the run and the last, each by its median
FILES_ABOVE_BASE = 400  # connections that a fault opens
ALWAYS_ZERO = ("redactd_unscanned_bytes_total", "redactd_canary_escapes_total", "redactd_sink_dropped_records_total",
               "redactd_sink_spool_damaged_records_total", "redactd_engine_errors_total")


@dataclass
class Sample:
    at: float  # seconds since the beginning
    resident: int  # bytes
    files: int
    records: float  # a second, at both sinks
    half: float  # of the latencies were shorter, in seconds
    most: float  # 99 of 100 were


def share(ordered, part):
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


class Watch(threading.Thread):
    def __init__(self, run):
        super().__init__(daemon=True)
        self.run_watched = run
        self.pause = max(0.5, run.options.seconds / 2000)
        self.samples = []
        self.base = None
        self.broken = None
        self.begun = time.monotonic()
        self._latencies = []
        self._ended = threading.Event()
        self.start()

    def take_base(self):
        self.base = self._sample(0, 1)

    def end(self):
        self._ended.set()
        self.join()

    def run(self):
        count, last = 0, time.monotonic()
        while not self._ended.wait(self.pause):
            now = time.monotonic()
            try:
                sample = self._sample(count, now - last)
                self._look_for_secrets(len(self.samples))
            except (OSError, TypeError, ValueError):  # it is being restarted, or stands still
                sample = None
            except AssertionError as error:
                self.broken = error
                return
            if sample:
                count, last = self._count(), now
                self.samples.append(sample)
            for ledger in self.run_watched.ledgers:
                ledger.note()

    def _count(self):
        return sum(ledger.count for ledger in self.run_watched.ledgers)

    def _sample(self, count, seconds):
        daemon = self.run_watched.daemon
        latencies = sorted(one for ledger in self.run_watched.ledgers for one in ledger.latencies())
        sample = Sample(time.monotonic() - self.begun, daemon.resident(), daemon.open_files(), (self._count() - count) / seconds,
                        share(latencies, 0.5), share(latencies, 0.99))
        if self.base:
            over = sample.resident - self.base.resident
            assert SANITIZED or over < MEMORY_ABOVE_BASE, f"{over} bytes of memory more than at the beginning"
            assert sample.files < self.base.files + FILES_ABOVE_BASE, f"{sample.files} open files"
        return sample

    def _look_for_secrets(self, number):
        run = self.run_watched
        page = run.daemon.ask("/metrics")[1]
        run.assert_no_canary(page.encode(), "the metrics")
        for name in ALWAYS_ZERO:
            values = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", page, re.MULTILINE)
            assert values and not any(float(value) for value in values), f"{name} is {values}"
        if number % 20 == 0:
            run.daemon.look_for_secrets()
            run.assert_spools_are_clean()

    def memory_by_quarters(self):
        """The medians, in MiB: of a process that lives that long, and of many otherwise."""
        size = max(1, len(self.samples) // 4)
        return [share(sorted(sample.resident / 2**20 for sample in self.samples[at:at + size]), 0.5)
                for at in range(0, 4 * size, size) if self.samples[at:at + size]]

    def require_flat_memory(self):
        quarters = self.memory_by_quarters()
        assert quarters[-1] < GROWTH * quarters[1], f"memory grows: {quarters} MiB"

    def summary(self):
        resident = sorted(sample.resident / 2**20 for sample in self.samples)
        files = sorted(sample.files for sample in self.samples)
        rates = sorted(sample.records for sample in self.samples)
        half = sorted(sample.half for sample in self.samples)
        quarters = ", ".join(f"{quarter:.0f}" for quarter in self.memory_by_quarters())
        return (f"memory {share(resident, 0.5):.0f} MiB (by quarters of the time {quarters}), at most {resident[-1]:.0f}, "
                f"{self.base.resident / 2**20:.0f} at the beginning; "
                f"open files {share(files, 0.5)}, at most {files[-1]}; {share(rates, 0.5):.0f} records/s at the sinks; "
                f"latency {share(half, 0.5) * 1000:.0f} ms")
