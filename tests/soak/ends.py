"""The far ends. What they get goes into a ledger and is not kept."""

import fcntl
import socket
import struct
import termios

from aggregator import Aggregator
from relp import RelpServer

RECEIVE_BUFFER = 64 << 10


class Kernel(Aggregator):
    """Behind TCP, without acknowledgements of its own: level L1."""

    def __init__(self, test, ledger):
        self.ledger = ledger
        super().__init__(test, receive_buffer=RECEIVE_BUFFER)

    def keep(self, data, records, mine):
        self.ledger.take(data, records)

    def leave(self):
        """As a program that is stopped in good order: takes no connection, and reads the old ones to their end."""
        with self._lock:
            self._gone.append(self._listener)
            opened = list(self._open)
        self.stop_listening()
        for connection in opened:
            try:
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass

    def reset(self):
        """What it has not read is lost with its connections, and L1 does not promise more."""
        with self._lock:
            opened = list(self._open)
        for connection in opened:
            try:
                unread = struct.unpack("i", fcntl.ioctl(connection, termios.FIONREAD, b"\0" * 4))[0]
                self.ledger.died_with_peer += unread + RECEIVE_BUFFER // 4  # which comes in this moment
            except OSError:
                pass
        self.drop_connections(reset=True)


class Program(RelpServer):
    """Acknowledges what it has taken: level L2."""

    def __init__(self, test, ledger):
        self.ledger = ledger
        super().__init__(test)

    def keep(self, record):
        self.ledger.take(record, [record])

    def acknowledge(self, records):
        pass
