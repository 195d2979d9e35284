"""Runs the built program. Every run is checked for canaries: no planted secret may stand in what it says of itself."""

import os
import random
import string
import subprocess
import tempfile
import unittest

BINARY = os.path.abspath(os.environ.get("REDACTD_BIN") or os.path.join(os.path.dirname(__file__), "../../build/release/redactd"))
os.umask(0o022)  # whatever the user's is: other users run some of what is made here
TIME_LIMIT = 60  # seconds; nothing here takes more than a few


def secret(prefix="", size=36, seed=None):
    """A made-up secret: nothing in this file looks like one."""
    source = random.Random(f"{prefix}{size}{seed}")
    return prefix + "".join(source.choice(string.ascii_letters + string.digits) for _ in range(size))


CANARIES = [secret("gh" + "p_", 36), secret("", 18, "password"), secret("xox" + "b-", 40)]
LINES = [
    f"2026-01-02T03:04:05Z INFO pushing with {CANARIES[0]}",
    f'{{"user":"bob","password":"{CANARIES[1]}","n":1}}',
    f"slack says {CANARIES[2]} is bad",
    "an ordinary line",
]
TEXT = "".join(line + "\n" for line in LINES).encode()


class Run:
    def __init__(self, returncode, out, err):
        self.code = returncode
        self.out = out
        self.err = err.decode(errors="replace")


class RedactdTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def run_redactd(self, *arguments, input=b"", reveals=False, **options):
        done = subprocess.run([BINARY, *arguments], input=input, capture_output=True, timeout=TIME_LIMIT, **options)
        run = Run(done.returncode, done.stdout, done.stderr)
        self.assert_no_canary(run.err.encode(), "standard error")
        if not reveals:
            self.assert_no_canary(run.out, "standard output")
        return run

    def start(self, *arguments, **options):
        """With pipes; the caller ends it."""
        process = subprocess.Popen([BINARY, *arguments], stdin=options.pop("stdin", subprocess.PIPE),
                                   stdout=options.pop("stdout", subprocess.PIPE),
                                   stderr=subprocess.PIPE, **options)

        def end():
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    try:
                        stream.close()
                    except OSError:  # the reader is gone: what the test was about
                        pass
            process.wait(TIME_LIMIT)

        self.addCleanup(end)
        return process

    def assert_no_canary(self, data, where):
        for canary in CANARIES:
            self.assertNotIn(canary.encode(), data, f"a secret in {where}")


