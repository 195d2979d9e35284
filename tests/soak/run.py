"""One run: streams, redactd with two spooled sinks, faults, and somebody who watches."""

import collections
import os
import signal
import threading
import time

import picture
from daemon import SANITIZED, Daemon, DaemonTest
from ends import Kernel, Program
from faults import ENDS_REDACTD, Faults
from laws import Broken, Ledger
from records import Records
from streams import Connected, Log, Relp
from watch import Watch
from wire import PATIENCE, free_port, wait_until

EXTRA_RULE = """rules:
  - id: soak
    title: soak
    kind: token
    pattern: 'soakrule_[A-Za-z0-9]{8}'
    extend: 'A-Za-z0-9'
    severity: high
    examples: ['a «soakrule_{alnum:24}» b']
"""


class Soak(DaemonTest):
    def __init__(self, options):
        super().__init__("soak")
        self.options = options

    def soak(self):
        self.set_up()
        began = time.monotonic()
        while time.monotonic() < began + self.options.seconds:
            time.sleep(self.faults.chance.uniform(0.1, 1))
            self.faults.deal()
            self.recover()
        self.end_streams()
        lost = {(ledger.name, stream.name): ledger.lost(stream) for ledger in self.ledgers for stream in self.streams}
        self.check()
        self.daemon.stop()
        self.assert_spools_are_clean()
        self.watch.end()
        self.report(time.monotonic() - began, lost)
        if self.options.one_process:
            self.watch.require_flat_memory()

    # ---- What takes part

    def set_up(self):
        seed = self.options.seed
        self.records = Records(seed)
        self.plant(self.records.canary.decode())
        self.port, self.lines_port, self.relp_port = free_port(), free_port(), free_port()
        self.local = os.path.join(self.folder, "local.sock")
        rate = self.options.rate / 5
        self.log = Log("file", self.records, rate, os.path.join(self.folder, "app.log"))
        self.streams = [Connected("counted", self.records, rate, ("127.0.0.1", self.port), "octet-counting"),
                        Connected("lines", self.records, rate, ("127.0.0.1", self.lines_port), "newline"),
                        Connected("local", self.records, rate, self.local, "newline"),
                        Relp("relp", self.records, rate, self.relp_port), self.log]
        self.kernel, self.program = (Ledger(name, self.records, self.streams) for name in ("L1", "L2"))
        self.ledgers = (self.kernel, self.program)
        self.aggregator = Kernel(self, self.kernel)
        self.relp = Program(self, self.program)
        self.variant = 0
        with open(os.path.join(self.folder, "extra.yaml"), "w", encoding="utf-8") as file:
            file.write(EXTRA_RULE)
        self.daemons = 0
        self.daemon = self.start_redactd()
        self.faults = Faults(self, seed, ENDS_REDACTD if self.options.one_process else ())
        for stream in self.streams:
            stream.start()
        self.addCleanup(lambda: [stream.end() for stream in self.streams])
        self.slowest = 0  # recovery, in seconds
        self.watch = Watch(self)
        self.recover()
        self.watch.take_base()

    def config(self):
        def sink(name, kind, url, fsync, **more):
            return {"name": name, "type": kind, "endpoints": [url], "reconnect_min": "20ms", "reconnect_max": "200ms",
                    "queue_bytes": "64KiB", "send_buffer": "64KiB", "spool": {
                        "directory": os.path.join(self.folder, f"spool-{name}"), "segment_size": "256KiB", "max_size": "64MiB",
                        "fsync": fsync}, **more}

        def stream(name, kind, listen, **more):
            buffer = {} if listen.startswith("unix") else {"receive_buffer": "64KiB"}
            return {"name": name, "type": kind, "listen": listen, "max_record": "64KiB", **buffer, **more}
        return {
            "sources": [
                stream("counted", "syslog", f"tcp://127.0.0.1:{self.port}", framing="octet-counting"),
                stream("lines", "tcp", f"tcp://127.0.0.1:{self.lines_port}"),
                stream("local", "syslog", f"unix://{self.local}", framing="newline"),
                {"name": "relp", "type": "relp", "listen": f"tcp://127.0.0.1:{self.relp_port}"},
                {"name": "file", "type": "file", "path": self.log.path, "position_file": self.log.path + ".position",
                 "poll_interval": "50ms"}],
            "sinks": [sink("kernel", "syslog", self.aggregator.url, "interval", framing="octet-counting",
                           keepalive=("30s", "20s")[self.variant % 2]),
                      sink("program", "relp", self.relp.url, "always")],
            "rules": {"files": [os.path.join(self.folder, "extra.yaml")] if self.variant % 3 == 1 else []},
            "drain_timeout": "20s"}  # more than a full disk lasts, on a machine that is busy too

    def start_redactd(self):
        self.daemons += 1
        return Daemon(self, self.config())

    # ---- For faults

    def restart(self, how):
        for ledger in self.ledgers:
            ledger.disturb()
        self.daemon.signal(how)
        self.assertEqual(self.daemon.process.wait(PATIENCE), -how if how == signal.SIGKILL else 0, self.daemon.says()[-2000:])
        for ledger in self.ledgers:
            ledger.disturb()
        self.daemon.look_for_secrets()
        self.assert_spools_are_clean()
        self.daemon = self.start_redactd()

    def rotate(self, copy):
        label = self.log.label
        if copy:  # what was read already is read again, where the copy stands beside it
            for ledger in self.ledgers:
                ledger.disturb(label)
        self.log.rotate(min(ledger.is_behind(label) for ledger in self.ledgers), copy)

    # ---- The laws

    def recover(self):
        """Of each stream something new comes to each sink, and nothing else is left of the fault. A busy machine may take its
        time, but no stream may stand still."""
        since, begun = time.monotonic_ns(), time.monotonic()
        came = {}
        while not all(ledger.has_all_since(since) for ledger in self.ledgers):
            self.check()
            for ledger in self.ledgers:
                for label in ledger.streams:
                    number, when = ledger.is_behind(label), time.monotonic()
                    if came.setdefault((ledger, label), (number, when))[0] != number:
                        came[ledger, label] = number, when
                    elif when - came[ledger, label][1] > PATIENCE:
                        raise Broken(f"{ledger.name}: nothing of {label.decode()} comes for {PATIENCE} s; {self.what_is_late()}")
            time.sleep(0.02)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        wait_until(lambda: self.watch.base is None or self.daemon.open_files() <= self.watch.base.files + 10,
                   lambda: f"{self.daemon.open_files()} open files, {self.watch.base.files} at the beginning")

    def what_is_late(self):
        behind = [f"{ledger.name}/{stream.name} {ledger.is_behind(stream.label)} of {stream.sent}"
                  for ledger in self.ledgers for stream in self.streams]
        return f"records of every stream; {', '.join(behind)}; {self.history()}; it says:\n{self.daemon.says()[-2000:]}"

    def history(self):
        return "the last faults: " + ", ".join(name for _, name in self.faults.told[-8:])

    def check(self):
        for broken in (self.kernel.broken, self.program.broken, self.watch.broken, *(stream.failure for stream in self.streams)):
            if broken:
                raise Broken(f"{broken}; {self.history()}; it says:\n{self.daemon.says()[-2000:]}") from broken
        return True

    def assert_spools_are_clean(self):
        for name in ("kernel", "program"):
            folder = os.path.join(self.folder, f"spool-{name}")
            for file in os.listdir(folder):
                try:
                    with open(os.path.join(folder, file), "rb") as opened:
                        self.assert_no_canary(opened.read(), f"the spool ({file})")
                except FileNotFoundError:  # done with
                    pass

    def end_streams(self):
        """And waits until everything has come that will come."""
        for stream in self.streams:
            stream.end()
        for stream in self.streams:
            stream.join(2 * PATIENCE)
        wait_until(lambda: self.check() and all(not ledger.missing(stream) for ledger in self.ledgers for stream in self.streams
                                                if stream.loses_nothing and not ledger.died_with_peer),
                   self.what_is_late)
        for name in ("kernel", "program"):
            wait_until(lambda: self.daemon.metric("redactd_sink_spool_records", sink=name) == 0, f"the spool of {name} is empty")
        before = None
        while before != (before := [ledger.count for ledger in self.ledgers]):
            time.sleep(1)

    def report(self, seconds, lost):
        doubles = {ledger.name: sum(account.doubles for account in ledger.accounts.values()) for ledger in self.ledgers}
        kinds = collections.Counter(name for _, name in self.faults.told)
        acknowledged = sum(count for (_, stream), count in lost.items() if stream in ("relp", "file"))
        summary = (f"soak: {seconds:.0f} s, seed {self.options.seed}, {sum(stream.sent for stream in self.streams)} records, "
                   f"{len(self.faults.told)} faults of {len(kinds)} kinds, {self.daemons - 1} restarts; in clear 0; "
                   f"lost at L2 of relp and file {lost['L2', 'relp'] + lost['L2', 'file']}, at L1 {lost['L1', 'relp'] + lost['L1', 'file']}; "
                   f"of tcp and unix, with redactd's memory, {sum(lost.values()) - acknowledged}; "
                   f"twice {doubles['L1']} at L1, {doubles['L2']} at L2; {self.watch.summary()}; slowest recovery {self.slowest:.1f} s\n"
                   f"faults: {', '.join(f'{name} {count}' for name, count in sorted(kinds.items()))}")
        picture.draw(self.options.picture, f"soak, seed {self.options.seed}", self.watch.samples,
                     [(at - self.watch.begun, name) for at, name in self.faults.told])
        print(f"\n{summary}\n{os.path.abspath(self.options.picture)}", flush=True)
