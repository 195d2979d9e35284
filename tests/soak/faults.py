"""What goes wrong, dealt from a deck that a seed shuffles. Each fault ends by itself; what it leaves behind is the laws' matter."""

import inspect
import os
import random
import resource
import signal
import socket
import threading
import time

from wire import Client

WHILE_IT_LASTS = 0.4  # the chance that a second fault comes on top of one that lasts
ON_TOP = ["connections_reset", "killed", "reloaded", "refused_file", "rotated", "vanishing_connections"]
ENDS_REDACTD = ("killed", "terminated")


class Faults:
    """Of one run (soak.Soak). A method whose docstring is not empty and that has no underscore is a fault."""

    def __init__(self, run, seed, left_out=()):
        self.run = run
        self.left_out = left_out
        self.chance = random.Random(f"faults {seed}")
        self.told = []  # (time, name)
        self._deck = []
        self._nested = False

    def deal(self):
        if not self._deck:
            self._deck = [name for name, method in inspect.getmembers(self, inspect.ismethod)
                          if method.__doc__ and not name.startswith("_") and name not in self.left_out]
            self.chance.shuffle(self._deck)
        name = self._deck.pop()
        self._tell(name)
        getattr(self, name)()

    def _tell(self, name):
        self.told.append((time.monotonic(), name))

    def _last(self):
        """Lets it last, now and then with another fault on top."""
        seconds = self.chance.uniform(0.3, 2)
        if self._nested or self.chance.random() > WHILE_IT_LASTS:
            time.sleep(seconds)
            return
        self._nested = True
        time.sleep(seconds / 2)
        name = self.chance.choice([name for name in ON_TOP if name not in self.left_out])
        self._tell(name)
        getattr(self, name)()
        time.sleep(seconds / 2)
        self._nested = False

    # ---- Aggregators

    def aggregator_down(self):
        "The one behind TCP reads to the end of its connections, which a stopped program does at best, and is away."
        self.run.kernel.disturb()
        self.run.aggregator.leave()
        self._last()
        self.run.aggregator.listen()

    def connections_reset(self):
        "RST, wherever in a record that may be."
        for ledger in self.run.ledgers:
            ledger.disturb()
        self.run.aggregator.reset()
        self.run.relp.drop_connections()

    def aggregator_reads_nothing(self):
        "It keeps its connections, and their buffers fill up."
        self.run.aggregator.stall()
        self._last()
        self.run.aggregator.resume()

    def aggregator_slow(self):
        "A little now and then."
        for _ in range(self.chance.randrange(3, 8)):
            self.run.aggregator.stall()
            time.sleep(0.25)
            self.run.aggregator.resume()
            time.sleep(0.02)

    def relp_killed(self):
        "What it had not answered is lost there."
        self.run.program.disturb()
        self.run.relp.go_away()
        self._last()
        self.run.relp.listen()

    def relp_mute(self):
        "It takes records and answers none, and dies so in half of the cases."
        self.run.relp.answering.clear()
        self._last()
        if self.chance.random() < 0.5:
            self.run.program.disturb()
            self.run.relp.drop_connections()
        self.run.relp.answering.set()

    # ---- redactd itself

    def killed(self):
        "kill -9, and started again."
        self.run.restart(signal.SIGKILL)

    def terminated(self):
        "SIGTERM under load, and started again."
        self.run.restart(signal.SIGTERM)

    def stopped(self):
        "A machine that stands still for a moment."
        self.run.daemon.signal(signal.SIGSTOP)
        time.sleep(self.chance.uniform(0.2, 1.5))
        self.run.daemon.signal(signal.SIGCONT)

    def reloaded(self):
        "SIGHUP, several in a row, with files that change rules and sinks."
        self.run.kernel.disturb()  # its sink is another one each time, which may have to leave a peer that does not read
        for _ in range(self.chance.randrange(1, 4)):
            self.run.variant += 1
            self.run.daemon.configure(self.run.config())
            self.run.daemon.reload()

    def refused_file(self):
        "SIGHUP with a file that is wrong: the old one stays in force."
        before = self.run.daemon.metric("redactd_config_generation")
        bad = self.chance.choice(["sources: [", "sources: []\nsinks: []\n", "sinks: [{name: out, type: nothing}]\n", "\0", ""])
        self.run.daemon.configure(bad)
        self.run.daemon.reload()
        self.run.assertEqual(self.run.daemon.metric("redactd_config_generation"), before)
        self.run.assertEqual(self.run.daemon.metric("redactd_config_last_reload_successful"), 0)
        self.run.daemon.configure(self.run.config())
        self.run.daemon.reload()
        self.run.assertEqual(self.run.daemon.metric("redactd_config_last_reload_successful"), 1)

    # ---- Its machine

    def disk_full(self):
        "No file can grow; sources wait."
        self._limit(resource.RLIMIT_FSIZE, 4096)

    def file_descriptors_used_up(self):
        "More connections than it may open."
        clients = []
        with self._limited(resource.RLIMIT_NOFILE, self.run.daemon.open_files() + 3):
            for _ in range(20):
                clients.append(socket.create_connection(("127.0.0.1", self.run.port), 5))
            time.sleep(self.chance.uniform(0.3, 1))
        for client in clients:
            client.close()

    def _limit(self, which, value):
        with self._limited(which, value):
            self._last()

    def _limited(self, which, value):
        return Limited(self.run, which, value)

    # ---- Clients

    def slow_loris(self):
        "Connections that say a byte now and then, and never finish."
        clients = [Client(self.run.port) for _ in range(30)]
        for byte in b"500 <13>1 ":
            for client in clients:
                try:
                    client.send(bytes([byte]))
                except OSError:
                    pass
            time.sleep(0.1)
        for client in clients:
            client.reset()

    def vanishing_connections(self):
        "They come, say half of something, and are gone."
        planted = b"%s <13>1 half a record with %s and" % (b"900", self.run.records.planted())
        for number in range(150):
            try:
                client = Client(self.run.port)
                client.send(planted if number % 3 else b"\x16\x03\x01\x02\x00\x01")
                client.reset() if number % 2 else client.close()
            except OSError:  # redactd is away
                pass

    def endless_line(self):
        "One line of megabytes, with secrets in it."
        piece = (self.run.records.planted() + b" " + b"x" * 3000 + b" ") * 20
        try:
            with Client(self.run.lines_port) as client:
                for _ in range(100):
                    client.send(piece)
                client.send(b"\n")
        except OSError:
            pass

    def rotated(self):
        "The followed file is renamed."
        self.run.rotate(copy=False)

    def copied_and_truncated(self):
        "The other way to rotate."
        self.run.rotate(copy=True)


class Limited:
    """A resource limit of redactd, for a while. A process that was started meanwhile has none."""

    def __init__(self, run, which, value):
        self._run, self._which, self._value = run, which, value

    def __enter__(self):
        self._pid = self._run.daemon.pid
        self._before = resource.prlimit(self._pid, self._which)
        resource.prlimit(self._pid, self._which, (self._value, self._before[1]))

    def __exit__(self, *_):
        if self._run.daemon.pid == self._pid:
            resource.prlimit(self._pid, self._which, self._before)
