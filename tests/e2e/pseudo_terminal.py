"""A terminal with a program in it, as a user has it on the screen."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time

from wire import PATIENCE


class Terminal:
    """The program leads a session whose controlling terminal this is."""

    def __init__(self, test, command, size=(24, 80), env=None):
        self.test = test
        self.seen = b""
        self.status = None
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, env or os.environ)
        self.resize(*size)
        test.addCleanup(self.end)

    def end(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.screen)

    def resize(self, rows, columns):
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def settings(self):
        return termios.tcgetattr(self.screen)

    def wait_until_raw(self):
        deadline = time.monotonic() + PATIENCE
        while self.settings()[3] & termios.ICANON:
            self.test.assertLess(time.monotonic(), deadline, "it never took the terminal")
            time.sleep(0.01)

    def type(self, keys):
        os.write(self.screen, keys)

    def read(self, seconds):
        """Whether the screen is still there."""
        ready, _, _ = select.select([self.screen], [], [], seconds)
        if not ready:
            return True
        try:
            piece = os.read(self.screen, 65536)
        except OSError:
            return False
        self.seen += piece
        return bool(piece)

    def wait_for(self, text):
        """Reads until `text` is on the screen, and returns what stands before it since the last time."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            there = self.read(0.1)
            self.test.assertTrue(there and time.monotonic() < deadline, f"no {text!r} in {self.seen!r}")
        before, self.seen = self.seen.split(text, 1)
        return before

    def wait(self):
        """Its exit status as a shell tells it."""
        deadline = time.monotonic() + PATIENCE
        while self.status is None:
            self.read(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            self.test.assertLess(time.monotonic(), deadline, f"it does not end; on the screen: {self.seen!r}")
        while select.select([self.screen], [], [], 0)[0] and self.read(0):
            pass
        return self.status if self.status >= 0 else 128 - self.status

    def output(self):
        return self.seen
