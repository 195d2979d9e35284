"""Syslog messages of every kind that is met in the field, well formed and not, with and without a secret."""

import random

from harness import secret

PASSWORD_MASK = b"[REDACTED:password]"
TOKEN_MASK = b"[REDACTED:github-token]"


class Message:
    def __init__(self, text, planted=b"", mask=b""):
        self.text = text
        self.planted = planted  # the secret in it, if any
        self.mask = mask

    def masked(self, field):
        """What a field that was parsed from the original is to be behind redactd."""
        return field.replace(self.planted.decode("latin-1"), self.mask.decode()) if self.planted else field


PRIORITIES = [b"<34>", b"<0>", b"<191>", b"<13>", b"<165>"]
TIMES = [b"2003-10-11T22:14:15.003Z", b"2026-08-24T05:14:15.000003-07:00", b"2026-01-02T03:04:05Z", b"2026-02-28T23:59:59.999999+05:30"]
HOSTS = [b"mymachine.example.com", b"192.0.2.1", b"2001:db8::1", b"-", b"h" * 255]
PROGRAMS = [b"su", b"evntslog", b"-", b"a" * 48, b"app/web.1"]
PROCESSES = [b"-", b"8710", b"p" * 128]
IDENTIFIERS = [b"-", b"ID47", b"m" * 32]
STRUCTURED = [
    b"-",
    b'[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"]',
    b'[exampleSDID@32473 iut="3"][examplePriority@32473 class="high"]',
    b'[empty@32473]',
    b'[empty@32473 value=""]',
    b'[escapes@32473 quote="say \\"hi\\"" slash="C:\\\\Temp" bracket="[x\\]"]',
    b'[odd@32473 other="a\\nb" text="\xc3\xa1rv\xc3\xadzt\xc5\xb1r\xc5\x91"]',
    b'[timeQuality tzKnown="1" isSynced="1" syncAccuracy="60000000"][meta sequenceId="29"]',
]
BODIES = [
    b"'su root' failed for lonvick on /dev/pts/8",
    b"\xef\xbb\xbf'su root' failed, with a byte order mark",
    b"\xef\xbb\xbf\xc3\xa1rv\xc3\xadzt\xc5\xb1r\xc5\x91 t\xc3\xbck\xc3\xb6rf\xc3\xbar\xc3\xb3g\xc3\xa9p \xe2\x80\x8b\xf0\x9f\x94\x91",
    b"Latin-1: caf\xe9, a lone \xff, an overlong \xc0\xaf, cut off \xf0\x28\x8c\xbc",
    b"\x1b[31mred\x1b[0m and a tab\there, a bell\a",
    b'{"level":"info","msg":"caf\\u00e9 \\"quoted\\"","n":1.5e3,"list":[1,2,{"a":null}]}',
    b"GET /search?q=a%20b&lang=en HTTP/1.1\" 200 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\"",
    b"brackets ] [ ]] and quotes \" ' ` and slashes \\ // and %d%s%n",
    b"trailing blanks   ",
    b"long " + b"0123456789abcdef " * 480,
    b"",
]
OLD_HEADERS = [
    b"Oct 11 22:14:15 mymachine su: ", b"Oct  1 22:14:15 mymachine su[77]: ", b"Oct 11 22:14:15 su: ", b"Oct 11 22:14:15 ",
    b"Oct 11 2026 22:14:15 mymachine su: ", b"AUG 10 22:18:24 host tag: ", b"Aug 10 22:18:24 2001:db8::7 " + b"t" * 40 + b": ",
    b"2026-08-24T05:14:15.000003-07:00 host app[1]: ", b"Oct 11 22:14:15.123 host kernel: [12.5] ", b"app: ", b"", b" ",
]
ODD = [
    b"no priority at all", b"Oct 11 22:14:15 mymachine su: no priority", b"<999>too large", b"<-1>negative", b"<>empty", b"<1",
    b"<4294967297>wraps", b"<13", b"<13>", b"<13> ", b"<34>1", b"<34>1 ", b"<34>1 2026-01-02T03:04:05Z", b"<34>1 - - - - -",
    b"<34>1 - - - - - -", b"<34>1 - - - - - - ", b"<34>2 2026-01-02T03:04:05Z host app - - - version 2", b"<034>1 - h a - - - leading zero",
    b"<34>1 2026-13-41T25:61:61Z host app - - - no such time", b"<34>1 2026-01-02T03:04:05Z host app - - [open@1 a=\"b\" never closed",
    b"<34>1 2026-01-02T03:04:05Z host app - - [] empty element", b"<34>1 2026-01-02T03:04:05Z host app - - [ ] blank element",
    b"<34>1 2026-01-02T03:04:05Z host app - - [" + b"i" * 40 + b'@1 a="b"] long name', b"<14>Aug 30 23:00:05", b"<14>Aug 30 23:00:05 ",
    b"<34>1  2026-01-02T03:04:05Z host  app - - - two blanks", b"<189>123: *Mar  1 00:01:02.345: %SYS-5-CONFIG_I: Configured from console",
    b"<13>last message repeated 3 times", b"<13>Jan 32 99:99:99 host app: no such day", b"just\ttabs\t", b"\xff\xfe\xfd", b"-", b"[]", b"{}",
]


def _message(source, head, body):
    """Plants a secret in one of three."""
    kind = source.randrange(6)
    if kind == 0:
        planted = secret("gh" + "p_", 36, source.random()).encode()
        return Message(head + b"pushing with " + planted + b" " + body, planted, TOKEN_MASK)
    if kind == 1:
        planted = secret("", 18, source.random()).encode()
        return Message(head + b"login user=bob password=" + planted + b" ok " + body, planted, PASSWORD_MASK)
    return Message(head + body)


def _structured(source):
    """Structured data, in one of four with a secret in a value."""
    data = source.choice(STRUCTURED)
    if source.randrange(4):
        return data, b""
    planted = secret("gh" + "p_", 36, source.random()).encode()
    own = b'[login@32473 user="bob" token="' + planted + b'" after="1"]'
    return (own if data == b"-" else source.choice([own + data, data + own])), planted


def diverse(count=500, line_feeds=False, nuls=True):
    """`line_feeds`: also messages with line feeds inside, which only counted frames can carry."""
    source = random.Random("diverse")
    bodies = BODIES + ([b"a stack trace\n  at line 1\n  at line 2", b"ends with one\n"] if line_feeds else []) \
        + ([b"zeros \0 inside\0"] if nuls else [])
    made = [Message(text) for text in ODD]
    while len(made) < count:
        body = source.choice(bodies)
        if source.randrange(3) == 0:
            made.append(_message(source, source.choice(PRIORITIES) + source.choice(OLD_HEADERS), body))
            continue
        structured, planted = _structured(source)
        head = b"%s1 %s %s %s %s %s %s" % (source.choice(PRIORITIES), source.choice(TIMES), source.choice(HOSTS), source.choice(PROGRAMS),
                                           source.choice(PROCESSES), source.choice(IDENTIFIERS), structured)
        if planted:
            made.append(Message(head + b" " + body, planted, TOKEN_MASK))
        else:
            made.append(_message(source, head + b" ", body))
    source.shuffle(made)
    return made
