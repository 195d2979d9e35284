"""The applications: each writes numbered records, at its own pace, and goes on after redactd was gone."""

import collections
import os
import select
import shutil
import socket
import threading
import time

from relp import parse
from wire import frames

BEAT = 0.05  # seconds between bursts
SEND_BUFFER = 32 << 10
# What is on its way to the disk when redactd is killed: a fraction of a second's records, more on a machine that is busy; where
# something stood still before, all that buffers hold: SO_SNDBUF and SO_RCVBUF (twice what is asked for), the read buffer, and a
# sink's queue at three places (docs/delivery.md).
SECONDS_IN_MEMORY = 5.0
MOST_IN_MEMORY = (2 * SEND_BUFFER + 2 * (64 << 10) + (256 << 10) + 3 * (64 << 10)) // 90  # records
STANDSTILL = 1.0  # seconds


class Stream(threading.Thread):
    """`sent`: numbers below it have left the application, or were lost with its connection."""

    loses_nothing = True

    def __init__(self, name, records, rate):
        super().__init__(daemon=True)
        self.name = name
        self.label = name.encode()
        self.records = records
        self.burst = max(1, int(rate * BEAT))
        self.sent = 0
        self.failure = None
        self._ended = threading.Event()

    def run(self):
        try:
            while not self._ended.wait(BEAT):
                self.write_burst()
            self.finish()
        except Exception as error:  # told by the laws' check
            self.failure = error

    def end(self):
        self._ended.set()

    def next_records(self):
        now = time.monotonic_ns()
        return [self.records.make(self.label, number, now) for number in range(self.sent, self.sent + self.burst)]

    def finish(self):
        pass

    def may_be_lost(self, number):
        """With what redactd had in memory when it was killed: no sink can help that."""
        return False


class Connected(Stream):
    """Over a stream socket without acknowledgements."""

    loses_nothing = False

    def __init__(self, name, records, rate, address, framing):
        super().__init__(name, records, rate)
        self._lost = []  # with a connection: the numbers that may be, from, to
        self._history = collections.deque(maxlen=int(60 / BEAT))  # (when, number, seconds that writing took)
        self.address = address
        self.framing = framing
        self.socket = None

    def write_burst(self):
        if not self._connect():
            return
        data = frames(self.framing, self.next_records())
        begun = time.monotonic()
        try:
            while data:
                if select.select([self.socket], [self.socket], [], 0.2)[0]:
                    raise ConnectionError  # redactd says nothing, so it has closed
                if self._ended.is_set() and not select.select([], [self.socket], [], 20)[1]:
                    raise ConnectionError
                try:
                    data = data[self.socket.send(data):]
                except BlockingIOError:
                    pass
            self.sent += self.burst
            self._history.append((begun, self.sent, time.monotonic() - begun))
        except OSError:
            self._disconnect()

    def _connect(self):
        if self.socket:
            return True
        family = socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET
        tried = socket.socket(family, socket.SOCK_STREAM)
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        tried.settimeout(5)
        try:
            tried.connect(self.address)
        except OSError:
            tried.close()
            return False
        tried.setblocking(False)
        self.socket = tried
        return True

    def _disconnect(self):
        since = time.monotonic() - SECONDS_IN_MEMORY
        first = next((number for when, number, _ in reversed(self._history) if when < since), 0)
        if any(took > STANDSTILL for _, _, took in self._history):
            first = min(first, self.sent - MOST_IN_MEMORY)
        self.sent += self.burst  # in doubt: not sent again
        self._lost.append((first, self.sent))
        self.socket.close()
        self.socket = None

    def may_be_lost(self, number):
        return any(first <= number < last for first, last in self._lost)

    def finish(self):
        if self.socket:
            self.socket.close()


class Relp(Stream):
    """Keeps each record until it is acknowledged, and sends it again otherwise."""

    WINDOW = 200

    def __init__(self, name, records, rate, port):
        super().__init__(name, records, rate)
        self.port = port
        self.socket = None
        self.unanswered = collections.deque()  # (command, record)
        self._command = 0
        self._rest = b""

    def write_burst(self):
        try:
            if not self.socket:
                self._open()
            self._read(0)
            if len(self.unanswered) < self.WINDOW:
                some = self.next_records()
                self.sent += self.burst
                self._send(some)
        except OSError:
            self._lose()

    def _open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), 5)
        self.socket.settimeout(20)
        self._rest, self._command = b"", 1
        offer = b"relp_version=0\nrelp_software=soak\ncommands=syslog"
        self.socket.sendall(b"1 open %d %s\n" % (len(offer), offer))
        again = [record for _, record in self.unanswered]
        self.unanswered.clear()
        self._send(again)

    def _send(self, records):
        data = []
        for record in records:
            self._command += 1
            self.unanswered.append((self._command, record))
            data.append(b"%d syslog %d %s\n" % (self._command, len(record), record))
        self.socket.sendall(b"".join(data))

    def _read(self, seconds):
        while select.select([self.socket], [], [], seconds)[0]:
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError
            answers, self._rest = parse(self._rest + data)
            for number, command, text in answers:
                if command == "serverclose":
                    raise ConnectionError
                if number > 1 and command == "rsp":
                    if not text.startswith(b"200") or not self.unanswered or self.unanswered[0][0] != number:
                        raise AssertionError(f"answer {number} {text[:20]}, out of order or a refusal")
                    self.unanswered.popleft()

    def _lose(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def finish(self):
        deadline = time.monotonic() + 60
        while self.unanswered and time.monotonic() < deadline:
            try:
                if not self.socket:
                    self._open()
                self._read(0.2)
            except OSError:
                self._lose()
                time.sleep(BEAT)
        if self.unanswered:
            raise AssertionError(f"{len(self.unanswered)} records without an answer at the end")
        self._lose()


class Log(Stream):
    """A log file that is rotated."""

    KEPT = 4

    def __init__(self, name, records, rate, path):
        super().__init__(name, records, rate)
        self.path = path
        self._lock = threading.Lock()
        self._file = open(path, "ab", buffering=0)
        self._last = {}  # rotated file's number: the first number that is not in it

    def write_burst(self):
        with self._lock:
            self._file.write(frames("newline", self.next_records()))
            self.sent += self.burst

    def rotate(self, arrived, copy=False):
        """By renaming, or by copying and truncating. `arrived`: numbers below it are at the sinks; no file goes before."""
        with self._lock:
            if self._last.get(self.KEPT, 0) > arrived:
                return
            for number in range(self.KEPT - 1, 0, -1):
                if number in self._last:
                    os.replace(f"{self.path}.{number}", f"{self.path}.{number + 1}")
                    self._last[number + 1] = self._last[number]
            self._last[1] = self.sent
            if copy:
                shutil.copyfile(self.path, self.path + ".1")
                self._file.truncate(0)
                return
            os.replace(self.path, self.path + ".1")
            self._file.close()
            self._file = open(self.path, "ab", buffering=0)

    def finish(self):
        self._file.close()
