"""The far end: a server that takes what redactd sends on, and misbehaves when told to."""

import ctypes
import os
import select
import socket
import threading
import time

from wire import PATIENCE, QUIET, free_port, unframe, wait_until

CLONE_NEWNET = 0x40000000


def _listening_socket(host, port, namespace):
    """In another network namespace if one is named: a socket belongs to the one that it was made in."""
    made = []

    def make():
        try:
            if namespace:
                handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(handle, CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
                os.close(handle)
            made.append(socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                                             backlog=1024))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=make)  # setns() changes the thread that calls it
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _readable(sockets, milliseconds=0):
    poll = select.poll()
    for each in sockets:
        if each and each.fileno() >= 0:
            poll.register(each, select.POLLIN)
    return bool(poll.poll(milliseconds))


class Aggregator:
    """Listens on TCP, or TLS with an ssl.SSLContext. Records are kept in the order of their arrival, and by connection."""

    def __init__(self, test, framing="octet-counting", tls=None, host="127.0.0.1", port=0, namespace=None, receive_buffer=0):
        self.framing = framing
        self.tls = tls
        self.host = host
        self.port = port or free_port(host="127.0.0.1" if namespace else host)
        self.namespace = namespace
        self.receive_buffer = receive_buffer
        self.records = []
        self.connections = []  # the records of each
        self.bytes = 0
        self.rests = []  # bytes of unfinished records, of connections that have ended
        self.refused = 0  # TLS handshakes that failed
        self._lock = threading.Lock()
        self._reading = threading.Event()
        self._reading.set()
        self._open = []
        self._arriving = 0  # connections that are accepted and not yet among the open ones
        self._taking = 0  # connections whose bytes are read and not yet kept
        self._last = 0  # when something came
        self._gone = []  # listeners whose late connections are nobody's
        self._listener = None
        self.listen()
        test.far_ends.append(self)
        test.addCleanup(self.close)

    @property
    def url(self):
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'tls' if self.tls else 'tcp'}://{host}:{self.port}"

    def listen(self):
        self._listener = _listening_socket(self.host, self.port, self.namespace)
        if self.receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self._listener.settimeout(0)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop_listening(self):
        listener, self._listener = self._listener, None
        if listener:
            listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
            listener.close()

    def stall(self):
        """Reads no more; the socket's buffers fill up."""
        self._reading.clear()

    def resume(self):
        self._reading.set()

    def drop_connections(self, reset=False):
        with self._lock:
            dropped, self._open = self._open, []
        for connection in dropped:
            try:
                if reset:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connection.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)  # its thread closes it
            except OSError:
                pass

    def go_away(self, reset=True):
        with self._lock:
            self._gone.append(self._listener)
        self.stop_listening()
        self.drop_connections(reset)

    def close(self):
        self.stop_listening()
        self.resume()
        self.drop_connections()

    def keep(self, data, records, mine):
        """What has come by a connection: bytes, the records that are whole with them, and the connection's list of records."""
        with self._lock:
            self._last = time.monotonic()
            self.bytes += len(data)
            mine.extend(records)
            self.records.extend(records)

    def count(self):
        return len(self.records)

    def settle(self):
        """When a sender has ended: waits until all that it sent is here. Other connections may stay."""
        if self._reading.is_set():
            wait_until(self._is_settled, "all that was sent is read")

    def _is_settled(self):
        with self._lock:
            if self._arriving or self._taking or _readable([self._listener, *self._open]):
                return False
            return not self._open or time.monotonic() - self._last > QUIET

    def wait_for(self, count, seconds=PATIENCE):
        """The records, as soon as there are `count`."""
        wait_until(lambda: len(self.records) >= count, lambda: f"{count} records ({len(self.records)} came)", seconds)
        return list(self.records)

    def _accept(self, listener):
        while True:
            try:
                _readable([listener], 200)
                with self._lock:
                    connection, _ = listener.accept()
                    self._arriving += 1
            except BlockingIOError:
                continue
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, listener), daemon=True).start()

    def _serve(self, connection, listener):
        if self.tls:
            try:
                connection.settimeout(PATIENCE)
                connection = self.tls.wrap_socket(connection, server_side=True)
                connection.settimeout(None)
            except OSError:
                with self._lock:
                    self.refused += 1
                    self._arriving -= 1
                return
        mine = []
        with self._lock:
            self._arriving -= 1
            late = listener in self._gone
            if not late:
                self._open.append(connection)
                self.connections.append(mine)
        if late:
            connection.close()
            return
        rest = b""
        readable = select.poll()
        readable.register(connection, select.POLLIN)
        while True:
            self._reading.wait()
            try:
                # A look before the read, so that one that is stalled takes nothing more.
                if not (self.tls and connection.pending()) and not readable.poll(200):
                    continue
                if not self._reading.is_set():
                    continue
            except (OSError, ValueError):
                break
            with self._lock:
                self._taking += 1
            try:
                data = connection.recv(1 << 18)
            except (OSError, ValueError):
                data = b""
            try:
                records, rest = unframe(self.framing, rest + data)
                self.keep(data, records, mine)
            finally:
                with self._lock:
                    self._taking -= 1
            if not data:
                break
        with self._lock:
            if rest:
                self.rests.append(rest)
            if connection in self._open:
                self._open.remove(connection)
        connection.close()
