"""Records of which half is there: time and memory against their number (Python standard library only)."""
import http.client
import os
import random
import re
import resource
import selectors
import socket
import string
import time
from statistics import median
from typing import NamedTuple

import measure
import plot
import relays
from figures import table

COUNTS = (100, 1000, 10000)
QUICK_COUNTS = (10, 100)
ROUNDS = 3
WARM = 50  # records that are sent before: what the first ones cost once
SIZE = 4096  # bytes of a record
MASK = b"[REDACTED:github-token]"
GOAL_TIME = 1.5  # of a record of the most, against one of fewer
GOAL_MEMORY = 16  # KiB a record, with its connection
PATIENCE = 60
LETTERS = (string.ascii_letters + string.digits).encode()


class Record(NamedTuple):
    """One with a secret across its middle."""
    first: bytes  # with the octet count in front
    rest: bytes
    masked: bytes  # as it has to come out, counted anew


def records(count, seed=1):
    source = random.Random(seed)
    for number in range(count):
        before = b"<14>1 2026-03-03T09:14:00.000000Z node-1 shop %d - - " % number
        before += b"waiting " * ((SIZE // 2 - 20 - len(before)) // 8)
        secret = b"gh" + b"p_" + bytes(source.choices(LETTERS, k=36))
        after = b" waited" * ((SIZE - len(before) - len(secret)) // 7)
        whole = before + secret + after
        yield Record(counted(whole)[:SIZE // 2], counted(whole)[SIZE // 2:], counted(before + MASK + after))


def counted(record):
    return b"%d %s" % (len(record), record)


def allow_open_files(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
        except (ValueError, OSError):
            raise measure.Failed("half-sent records need %d open files, and only %d are allowed: ulimit -n" % (count, hard)) from None


class FarEnd:
    """Receives what the daemon passes on, by however many connections."""

    def __init__(self, port):
        self.ready = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.ready.register(self.listener, selectors.EVENT_READ)
        self.received = {}  # by connection

    def receive(self, size):
        """→ the records that are in so many bytes, without their order."""
        while sum(map(len, self.received.values())) < size:
            events = self.ready.select(PATIENCE)
            if not events:
                raise measure.Failed("of %d bytes %d came out" % (size, sum(map(len, self.received.values()))))
            for key, _ in events:
                self.take(key.fileobj)
        found = sorted(record for stream in self.received.values() for record in split(bytes(stream)))
        for stream in self.received.values():
            stream.clear()
        return found

    def take(self, ready):
        if ready is self.listener:
            connection = ready.accept()[0]
            self.received[connection] = bytearray()
            self.ready.register(connection, selectors.EVENT_READ)
        elif data := ready.recv(1 << 20):
            self.received[ready] += data
        else:
            self.ready.unregister(ready)

    def close(self):
        self.ready.close()
        for connection in (self.listener, *self.received):
            connection.close()


def split(stream):
    """Octet-counted records, with their counts."""
    at = 0
    while at < len(stream):
        space = stream.index(b" ", at)
        end = space + 1 + int(stream[at:space])
        yield stream[at:end]
        at = end


class Daemon:
    def __init__(self, folder, redactd):
        self.port, sink, self.admin = relays.free_ports(3)
        self.far_end = FarEnd(sink)
        self.connections = []
        self.relay = relays.Relay(redactd, self.config, lambda _, path: ["--config", path])
        self.relay.start(folder, self.port, sink)

    def config(self, _, port, sink):
        return ("sources: [{name: in, type: syslog, listen: 'tcp://127.0.0.1:%d', framing: octet-counting, max_connections: %d}]\n"
                "sinks: [{name: out, type: syslog, endpoints: ['tcp://127.0.0.1:%d'], framing: octet-counting}]\n"
                "admin: {listen: 'tcp://127.0.0.1:%d'}\n" % (port, 2 * max(COUNTS), sink, self.admin))

    def stop(self):
        for connection in self.connections:
            connection.close()
        self.relay.stop()
        self.far_end.close()

    def connect(self):
        self.connections.append(socket.create_connection(("127.0.0.1", self.port)))
        return self.connections[-1]

    def received(self):
        """Bytes that it has read from its source."""
        asked = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=PATIENCE)
        try:
            asked.request("GET", "/metrics")
            return int(re.search(rb"^redactd_source_received_bytes_total\{.*\} (\d+)", asked.getresponse().read(), re.MULTILINE)[1])
        finally:
            asked.close()

    def listens(self):
        try:
            self.connect()
            return self.received() == 0
        except OSError:
            return False

    def wait_until(self, condition):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise measure.Failed(self.relay.says())
            time.sleep(0.005)

    def cpu(self):
        """To the nanosecond: what /proc tells is too coarse for a hundred records."""
        return time.clock_gettime(~self.relay.process.pid << 3 | 2)  # clock_getcpuclockid(3)

    def resident(self):
        with open("/proc/%d/statm" % self.relay.process.pid, encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    def timed(self, action, *arguments):
        """→ (what it returned, seconds, the daemon's CPU seconds)"""
        cpu, begin = self.cpu(), time.perf_counter()
        result = action(self, *arguments)
        return result, time.perf_counter() - begin, self.cpu() - cpu


def send_halves(daemon, made):
    """→ [(connection, record)], once the daemon has them."""
    wanted = daemon.received() + sum(len(record.first) for record in made)
    waiting = []
    for record in made:
        waiting.append((daemon.connect(), record))
        waiting[-1][0].sendall(record.first)
    daemon.wait_until(lambda: daemon.received() == wanted)
    return waiting


def send_rest(daemon, waiting):
    """Until all are out, whole and masked."""
    for connection, record in waiting:
        connection.sendall(record.rest)
    wanted = sorted(record.masked for _, record in waiting)
    came = daemon.far_end.receive(sum(map(len, wanted)))
    if came != wanted:
        raise measure.Failed("of %d half-sent records %d came out whole and masked" % (len(wanted), len(set(came) & set(wanted))))


def one_run(folder, redactd, count):
    """→ {hold_seconds, hold_cpu, kib_each, pass_seconds, pass_cpu}: until all halves are taken, and until all records are out."""
    allow_open_files(count + 500)
    daemon = Daemon(os.path.join(folder, "half"), redactd)
    try:
        daemon.wait_until(daemon.listens)
        send_rest(daemon, send_halves(daemon, list(records(WARM, seed=2))))
        made, resident = list(records(count)), daemon.resident()
        waiting, hold_seconds, hold_cpu = daemon.timed(send_halves, made)
        kib_each = (daemon.resident() - resident) / 1024 / count
        _, pass_seconds, pass_cpu = daemon.timed(send_rest, waiting)
        return dict(hold_seconds=hold_seconds, hold_cpu=hold_cpu, kib_each=kib_each, pass_seconds=pass_seconds, pass_cpu=pass_cpu)
    finally:
        daemon.stop()


def measured(folder, redactd, quick):
    """→ runs as results.json holds them."""
    measure.say("half-sent records")
    jobs = {count: (lambda c=count: one_run(folder, redactd, c)) for count in (QUICK_COUNTS if quick else COUNTS)}
    return [dict(section="half", program="redactd", records=count, **{key: [t[key] for t in taken] for key in taken[0]})
            for count, taken in measure.interleaved(jobs, ROUNDS).items()]


def each(run, *columns):
    """Seconds of a record."""
    return sum(median(run[column]) for column in columns) / run["records"]


def section(report):
    runs = [run for run in report.runs if run["section"] == "half"]
    if not runs:
        return
    rows = [[run["records"]] + ["%.3g" % value for value in (median(run["hold_seconds"]), each(run, "hold_cpu") * 1e6, median(run["kib_each"]),
                                                            median(run["pass_seconds"]), each(run, "pass_cpu") * 1e6)] for run in runs]
    cheapest = min(runs[:-1], key=lambda run: each(run, "hold_cpu", "pass_cpu"))
    growth = each(runs[-1], "hold_cpu", "pass_cpu") / each(cheapest, "hold_cpu", "pass_cpu")
    kib = median(runs[-1]["kib_each"])
    report.goal("%d half-sent records, CPU time of each, of %d" % (runs[-1]["records"], cheapest["records"]), "≤ %.1f" % GOAL_TIME, "%.2f" % growth, growth <= GOAL_TIME)
    report.goal("%d half-sent records, memory of each with its connection" % runs[-1]["records"], "≤ %d KiB" % GOAL_MEMORY, "%.1f KiB" % kib, kib <= GOAL_MEMORY)
    report.text.append("## Half-sent records\n\nOctet-counted records of %d bytes, one on each of so many connections, with a secret across the middle. First a half of each is "
                       "sent, and *held* is when the daemon has read them all, from the first connection on; then the other halves, and *out* is when all have arrived, "
                       "whole and masked, or the run fails. CPU time and resident memory are the daemon's.\n" % SIZE)
    report.text.append(table(["records", "held s", "CPU µs each", "KiB each", "out s", "CPU µs each"], rows))
    report.text.append("![Time against the number of half-sent records](half.svg)\n\n![Memory against the number of half-sent records](half-memory.svg)\n")


def plots(report, machine):
    runs = [run for run in report.runs if run["section"] == "half"]
    if not runs:
        return {}
    counts = [run["records"] for run in runs]
    times = {name: [median(run[column]) for run in runs] for name, column in (("held", "hold_seconds"), ("held, CPU", "hold_cpu"),
                                                                              ("out", "pass_seconds"), ("out, CPU", "pass_cpu"))}
    memory = {"held": [median(run["kib_each"]) * run["records"] / 1024 for run in runs]}
    return {"half.svg": plot.lines("Half-sent records: time against their number", machine, counts, times, "records of which half is there", "seconds",
                                   log_x=True, log_y=True),
            "half-memory.svg": plot.lines("Half-sent records: memory against their number", machine, counts, memory, "records of which half is there",
                                          "MiB more", log_x=True, log_y=True)}
