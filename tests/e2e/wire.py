"""Syslog on the wire: framing (RFC 6587), free ports, clients and waiting."""

import itertools
import random
import socket
import time

PATIENCE = 60  # seconds until a wait gives up; a busy machine is slow, a healthy one takes milliseconds
QUIET = 0.5  # seconds without a byte: no more comes of what is under way


def frame(framing, record):
    if framing == "octet-counting":
        return b"%d %s" % (len(record), record)
    return record + (b"\0" if framing == "nul" else b"\n")


def frames(framing, records):
    return b"".join(frame(framing, record) for record in records)


def unframe(framing, data):
    """The whole records in `data`, and what is left of it."""
    records = []
    if framing != "octet-counting":
        *records, rest = data.split(b"\0" if framing == "nul" else b"\n")
        return records, rest
    start = 0
    while True:
        space = data.find(b" ", start, start + 12)
        if space < 0:
            return records, data[start:]
        end = space + 1 + int(data[start:space])
        if end > len(data):
            return records, data[start:]
        records.append(data[space + 1:end])
        start = end


def wait_until(condition, what, seconds=PATIENCE, pause=0.003):
    """The condition's value as soon as it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)


# Stretches of ports below the range that the kernel takes clients' ports from.
_STRETCH = 50
_firsts = list(range(10000, 32000, _STRETCH))
random.shuffle(_firsts)


def _claimed_ports():
    for first in _firsts:
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            name.bind(f"\0redactd tests, ports from {first}")
        except OSError:
            name.close()
            continue
        name.detach()  # stays bound as long as this process lives, so that other tests keep off
        yield from range(first, first + _STRETCH)


# Who needs more than these begins again with the first.
_ports = itertools.cycle(itertools.islice(_claimed_ports(), 1000))


def free_port(kind=socket.SOCK_STREAM, host="127.0.0.1"):
    for port in _ports:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            try:
                probe.bind((host, port))
                return port
            except OSError:
                continue
    raise AssertionError("other tests have all ports")


def listens(port, host="127.0.0.1"):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


class Client:
    """A TCP, TLS or Unix stream client. Each send is one write."""

    def __init__(self, to, tls=None, name="localhost"):
        """`to`: a port of this machine, a (host, port) pair or a socket's path. `tls`: an ssl.SSLContext."""
        if isinstance(to, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(to)
        else:
            self.socket = socket.create_connection(to if isinstance(to, tuple) else ("127.0.0.1", to), PATIENCE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def is_closed_by_peer(self, seconds=PATIENCE):
        """Waits until the peer has closed the connection."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(4096):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:  # reset, or a TLS alert
            return True

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()

    __del__ = close  # of a test that failed

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def send_records(to, framing, records, tls=None):
    with Client(to, tls) as client:
        client.send(frames(framing, records))
        if tls:
            client.socket = client.socket.unwrap()
