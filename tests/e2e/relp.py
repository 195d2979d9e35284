"""The far ends of RELP: a server that acknowledges when it is told to, and a client that counts what was acknowledged."""

import contextlib
import re
import select
import socket
import threading
import time

from wire import PATIENCE, QUIET, free_port, wait_until


def parse(data):
    """The whole frames in `data`, as (number, command, data), and what is left of it."""
    frames = []
    while True:
        head = re.match(rb"(\d+) ([A-Za-z]+) (\d+)([ \n])", data)
        if not head:
            return frames, data
        size = int(head[3])
        end = head.end() + (size + 1 if head[4] == b" " else 0)
        if len(data) < end:
            return frames, data
        frames.append((int(head[1]), head[2].decode(), data[head.end():head.end() + size] if head[4] == b" " else b""))
        data = data[end:]


class RelpServer:
    framing = "octet-counting"  # what sink_to() writes is left out for RELP

    def __init__(self, test, tls=None, answer=b"200 OK"):
        self.tls = tls
        self.port = free_port()
        self.answer = answer
        self.records = []  # all that came, also what was not acknowledged
        self.acknowledged = []
        self.answering = threading.Event()
        self.answering.set()
        self.most_unanswered = 0
        self._open = []
        self._threads = []  # one for each connection
        self._last = 0  # when something came
        self._listener = None
        self.listen()
        test.far_ends.append(self)
        test.addCleanup(self.go_away)

    @property
    def url(self):
        return f"{'tls' if self.tls else 'tcp'}://localhost:{self.port}" if self.tls else f"tcp://127.0.0.1:{self.port}"

    def listen(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def go_away(self):
        """As if killed: what was not answered is lost here."""
        self.stop_listening()
        self.drop_connections()

    def stop_listening(self):
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def drop_connections(self):
        opened, self._open = self._open, []
        for connection in opened:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def settle(self):
        """When a sender has ended: waits until what it sent is here. Other connections may stay."""
        wait_until(lambda: not any(thread.is_alive() for thread in self._threads) or time.monotonic() - self._last > QUIET,
                   "all that was sent is read")

    def keep(self, record):
        self.records.append(record)

    def acknowledge(self, records):
        self.acknowledged.extend(records)

    def wait_for(self, count):
        wait_until(lambda: len(self.acknowledged) >= count, lambda: f"{count} records ({len(self.acknowledged)} came)")
        return list(self.acknowledged)

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
            except OSError:
                if self._listener is not listener:
                    return
                continue
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection):
        rest = b""
        waiting = []  # commands without an answer yet
        connection.settimeout(0.02)
        try:
            while True:
                try:
                    data = connection.recv(1 << 16)
                    if not data:
                        break
                    self._last = time.monotonic()
                    frames, rest = parse(rest + data)
                except TimeoutError:
                    frames = []
                for number, command, record in frames:
                    if command == "open":
                        offer = b"200 OK\nrelp_version=0\nrelp_software=test\ncommands=syslog"
                        connection.sendall(b"%d rsp %d %s\n" % (number, len(offer), offer))
                    elif command == "syslog":
                        self.keep(record)
                        waiting.append((number, record))
                        self.most_unanswered = max(self.most_unanswered, len(waiting))
                    elif command == "close":
                        connection.sendall(b"%d rsp 0\n0 serverclose 0\n" % number)
                if self.answering.is_set() and waiting:
                    connection.sendall(b"".join(b"%d rsp %d %s\n" % (number, len(self.answer), self.answer) for number, _ in waiting))
                    if self.answer.startswith(b"200"):
                        self.acknowledge([record for _, record in waiting])
                    waiting = []
        except OSError:
            pass
        finally:
            connection.close()


class RelpClient:
    """Sends records as fast as they are taken; `acknowledged` of them have an answer."""

    def __init__(self, port, tls=None):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.number = 0
        self.answers = []
        self.acknowledged = 0
        self.ended = False
        # Python's TLS must not be used by two threads at once; a plain socket may.
        self._turn = threading.Lock() if tls else contextlib.nullcontext()
        self.command("open", b"relp_version=0\nrelp_software=test\ncommands=syslog")
        threading.Thread(target=self._read, daemon=True).start()
        wait_until(lambda: self.answers or self.ended, "the session is open")
        self.acknowledged = 0  # of records

    def command(self, name, data=b""):
        self.number += 1
        with self._turn:
            self.socket.sendall(b"%d %s %d%s\n" % (self.number, name.encode(), len(data), b" " + data if data else b""))

    def send(self, records):
        for record in records:
            self.command("syslog", record)

    def wait_for_answers(self, count):
        wait_until(lambda: self.acknowledged >= count, lambda: f"{count} answers ({self.acknowledged} came)")

    def _read(self):
        rest = b""
        try:
            while data := self._receive():
                frames, rest = parse(rest + data)
                for number, command, answer in frames:
                    self.answers.append((number, command, answer))
                    self.acknowledged += command == "rsp" and answer.startswith(b"200")
        except OSError:
            pass
        self.ended = True

    def _receive(self):
        readable = select.poll()
        readable.register(self.socket, select.POLLIN)
        while True:
            readable.poll()
            with self._turn:
                if readable.poll(0):
                    return self.socket.recv(1 << 16)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
