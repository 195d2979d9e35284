"""What holds all the time: nothing in clear, every record whole and redacted, none lost or doubled beyond the promise."""

import collections
import threading
import time

from records import TOLD_BY

# Behind redactd: what its socket and the window of RELP hold without an answer, in records, and how old the positions of files and
# spools may be, on a machine that is busy.
UNANSWERED = 1000
SECONDS_TWICE = 6.0


class Broken(AssertionError):
    """A law is."""


class Account:
    """One stream's records at one sink."""

    def __init__(self):
        self.next = 0  # numbers below it have come, but for the missing ones
        self.missing = set()
        self.late = 0
        self.doubles = 0
        self.history = collections.deque(maxlen=4000)  # (time, next)
        self.allowed_from = []  # after a disturbance: (doubles from this number on, to below that one)

    def take(self, number):
        """False for a double that no disturbance accounts for."""
        if number >= self.next:
            self.missing.update(range(self.next, number))
            self.next = number + 1
            return True
        if number in self.missing:
            self.missing.discard(number)
            self.late += 1
            return True
        self.doubles += 1
        return any(first <= number < last for first, last in self.allowed_from)

    def disturb(self, now):
        horizon = next((number for when, number in reversed(self.history) if when < now - SECONDS_TWICE), 0)
        self.allowed_from.append((min(horizon, self.next - UNANSWERED), self.next + UNANSWERED))
        del self.allowed_from[:-20]


class Ledger:
    """Of one sink. Its far end tells it what has come, from its own threads."""

    def __init__(self, name, records, streams):
        self.name = name
        self.records = records
        self.streams = {stream.label: stream for stream in streams}
        self.accounts = {stream.label: Account() for stream in streams}
        self.count = 0
        self.bytes = 0
        self.broken = None
        self.died_with_peer = 0  # bytes that the peer's kernel had taken and its program had not read, when it died
        self._latest = dict.fromkeys(self.streams, 0)  # when the newest record that came was sent
        self._latencies = []
        self._lock = threading.Lock()

    def take(self, data, records):
        """`data`: the bytes that they came in, where those are at hand."""
        try:
            self._take(data, records)
        except Broken as broken:
            self.broken = self.broken or broken

    def _take(self, data, records):
        if self.records.canary in data:
            raise Broken(f"a secret in clear at {self.name}")
        now = time.monotonic_ns()
        with self._lock:
            self.bytes += len(data)
            for record in records:
                if self.records.canary in record:
                    raise Broken(f"a secret in clear at {self.name}")
                told = TOLD_BY.match(record)
                if told:
                    self.count += 1
                    self._take_record(told, record[told.end():], now)

    def _take_record(self, told, body, now):
        label, number, sent = told[1], int(told[2]), int(told[3])
        stream = self.streams.get(label)
        if not stream:
            return
        if body != self.records.masked(label, number):
            raise Broken(f"{self.name}: record {number} of {stream.name} is not what the filter makes of it: {body[:100]}")
        if number >= stream.sent + stream.burst:
            raise Broken(f"{self.name}: record {number} of {stream.name} was never sent")
        if not self.accounts[label].take(number):
            raise Broken(f"{self.name}: record {number} of {stream.name} came twice, without a cause")
        self._latest[label] = max(self._latest[label], sent)
        self._latencies.append((now - sent) / 1e9)

    def note(self):
        """Now and then, so that a disturbance can tell what came lately."""
        now = time.monotonic()
        with self._lock:
            for account in self.accounts.values():
                account.history.append((now, account.next))

    def disturb(self, label=None):
        """From here on records may come twice that came shortly before: of all streams, or of one."""
        now = time.monotonic()
        with self._lock:
            for name, account in self.accounts.items():
                if label in (None, name):
                    account.disturb(now)

    def latencies(self):
        """Since the last call, sorted."""
        with self._lock:
            taken, self._latencies = self._latencies, []
        return sorted(taken)

    def has_all_since(self, moment):
        """Whether of every stream a record has come that was sent after `moment` (time.monotonic_ns)."""
        with self._lock:
            return all(latest > moment for latest in self._latest.values())

    def is_behind(self, label):
        """The number that has not come yet of what was sent."""
        with self._lock:
            return self.accounts[label].next

    def missing(self, stream):
        with self._lock:
            account = self.accounts[stream.label]
            return sorted(account.missing) + list(range(account.next, stream.sent))

    def lost(self, stream):
        """How many are lost, within the promise. To be asked when all has come that will come."""
        missing = self.missing(stream)
        for number in missing:
            if stream.may_be_lost(number):
                continue
            self.died_with_peer -= len(self.records.masked(stream.label, number))
            if self.died_with_peer < 0:
                raise Broken(f"{self.name}: record {number} of {stream.name} is lost, one of {len(missing)}, and no fault accounts for it")
        return len(missing)
