"""Numbered records with planted secrets, made from templates by a seed, and what each has to be behind redactd."""

import random
import re
import subprocess

from harness import BINARY, secret

BODIES = 1000
TOLD_BY = re.compile(rb"<13>1 - soak app - - - stream=(\w+) number=(\d+) at=(\d+) ")
# A secret ends with the canary, so that one that is cut off has none of it. S stands for the secret.
TEMPLATES = [
    ("gh" + "p_", 28, "pushing with S to origin"),
    ("", 12, "login user=bob password=S ok"),
    ("", 12, '{"user":"bob","password":"S","n":1}'),
    ("xox" + "b-", 34, "slack says S is bad"),
    ("gh" + "p_", 28, "Authorization: token S"),
    ("", 12, "connecting to postgres://app:S@db.internal:5432/orders"),
]
ORDINARY = [
    "GET /index.html 200 1532 0.012",
    "started worker 7 of 8, queue empty",
    '{"level":"info","msg":"caf\\u00e9 opened","n":1.5e3,"list":[1,2,3]}',
    "java.lang.IllegalStateException: no such order at com.example.Orders.find(Orders.java:77)",
    "x" * 700,
    "",
]


class Records:
    def __init__(self, seed):
        chance = random.Random(f"records {seed}")
        self.canary = secret("", 8, f"canary {seed}").encode()
        self._bodies = [self._body(chance, number) for number in range(BODIES)]
        done = subprocess.run([BINARY], input=b"".join(self._head(b"s", 0, 1) + body + b"\n" for body in self._bodies),
                              capture_output=True, timeout=60, check=True)
        if self.canary in done.stdout:
            raise AssertionError("the filter leaves a planted secret in clear")
        self._masked = [TOLD_BY.sub(b"", line) for line in done.stdout.split(b"\n")[:-1]]
        if len(self._masked) != BODIES:
            raise AssertionError("the filter gives more lines, or fewer, than it gets")

    def _body(self, chance, number):
        if chance.random() < 0.5:
            return chance.choice(ORDINARY).encode()
        prefix, size, template = chance.choice(TEMPLATES)
        return template.encode().replace(b"S", secret(prefix, size, (number, chance.random())).encode() + self.canary)

    def _head(self, stream, number, at):
        return b"<13>1 - soak app - - - stream=%s number=%d at=%d " % (stream, number, at)

    def _index(self, stream, number):
        return (number * 7919 + len(stream) * 131 + stream[0]) % BODIES

    def make(self, stream, number, at):
        return self._head(stream, number, at) + self._bodies[self._index(stream, number)]

    def masked(self, stream, number):
        """Behind the head."""
        return self._masked[self._index(stream, number)]

    def planted(self):
        """Some text with a secret in it."""
        return next(body for body in self._bodies if self.canary in body)
