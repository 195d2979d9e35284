"""Framing as the specifications, and the field, have it. Each row of the table goes over a real socket whole, cut in two at
every byte, and byte by byte; the records that come out must be the same each time. The names are those of the cases in
the collection that they were taken from: OC octet counting, LF lines, P parsing, TL other protocols."""

import concurrent.futures
import socket
import time
import unittest

import certificates
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, sink_to, token
from wire import Client, free_port, wait_until

OCTET, LINES, NUL, AUTO = "octet-counting", "newline", "nul", "auto"
TOKEN = token().encode()
MASK = TOKEN_MASK.encode()
M = 1024  # max_record, as low as it can be
ACROSS = b"#" * (M - 21) + b" " + TOKEN + b" behind the bound"  # a secret across the bound is masked whole
TLS_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(range(197))


class Row:
    def __init__(self, name, framing, data, records, error=None, incomplete=False, truncated=0, empty=0, max_frame=None):
        self.name = name
        self.framing = framing
        self.data = data
        self.records = records
        self.error = error  # the kind of framing error that closes the connection
        self.incomplete = incomplete  # the last record is what there was of it
        self.truncated = truncated  # records cut to max_record
        self.empty = empty  # records skipped because nothing is in them
        self.max_frame = max_frame


def opaque(name, text, planted=b""):
    """A message that is passed on as it came, but for the secret: in a frame, and in a line."""
    masked = text.replace(planted, MASK) if planted else text
    return [Row(f"{name}-counted", AUTO, b"%d %s" % (len(text), text), [masked]), Row(f"{name}-line", LINES, text + b"\n", [masked])]


ROWS = [
    Row("OC01", OCTET, b"7 foobar\n", [b"foobar\n"]),
    Row("OC02", OCTET, b"16 0123456789ABCDE\n" * 2, [b"0123456789ABCDE\n"] * 2),
    Row("OC03", OCTET, b"2 ab16 0123456789ABCDEF", [b"ab", b"0123456789ABCDEF"]),
    Row("OC04", OCTET, b"6 01234\n4 123\n", [b"01234\n", b"123\n"]),
    Row("OC05", OCTET, b"7 012345\n4 123\n", [b"012345\n", b"123\n"]),
    Row("OC06", OCTET, b"28 abcdefghijklm3 nopqrstuvwxyz", [b"abcdefghijklm3 nopqrstuvwxyz"[:28]]),
    Row("OC07", OCTET, b"%d %s 3 xyz 1234 3 abc3 abc" % (M + 17, b"c" * M), [b"c" * M, b"abc"], truncated=1),
    Row("OC08", OCTET, b"10 01234567\n\n", [b"01234567\n\n"]),
    Row("OC09", OCTET, b"10 01234567\0\0", [b"01234567\0\0"]),
    Row("OC10", OCTET, b"0 <13>x", [], error="zero_count"),
    Row("OC10-auto", AUTO, b"0 <13>x\n", [b"0 <13>x"]),
    Row("OC11", OCTET, b"007 foobar\n", [], error="leading_zero"),
    Row("OC12", OCTET, b"0" * 40 + b"200000 <120>1 2011-03-01T01:00:00Z h a - - - x", [], error="leading_zero"),
    Row("OC13a", OCTET, b"214000000000 <120>x", [], error="count_too_large"),
    Row("OC13b", AUTO, b"2000000010 <120>x", [], error="count_too_large"),
    Row("OC13c", AUTO, b"2 ok4000000000 <120>x", [b"ok"], error="count_too_large"),
    Row("OC14", OCTET, b"18446744073709551616 x", [], error="count_too_large"),
    Row("OC15", OCTET, b"4294967301 hello", [], error="count_too_large"),
    Row("OC16", AUTO, b"100000000 too long\n", [], error="count_too_large"),
    Row("OC16-bound", OCTET, b"%d %s%d y" % (M, b"x" * M, M + 1), [b"x" * M], error="count_too_large", max_frame=M),
    Row("OC17", OCTET, b"1q 0123456789ABCDE", [], error="bad_count"),
    Row("OC18a", OCTET, b"12\t<13>abcdefgh", [], error="bad_count"),
    Row("OC18b", AUTO, b"12<13>abcdefgh", [], error="bad_count"),
    Row("OC19", AUTO, b"232>1 zork", [], error="bad_count"),
    Row("OC20", OCTET, b"1 <23>4\n1 <23>4\n", [b"<"], error="bad_count"),
    Row("OC21", OCTET, b"%d %s%s3 abc" % (M + 16, b"a" * M, b"b" * 16), [b"a" * M, b"abc"], truncated=1),
    Row("OC22", OCTET, b"1 0%d 1%sbcdef1 2" % (M + 5, b"a" * (M - 1)), [b"0", b"1" + b"a" * (M - 1), b"2"], truncated=1),
    Row("OC23", OCTET, b"%d %s%d %s%d %s" % (M, b"m" * M, M + 1, b"n" * (M + 1), M - 1, b"o" * (M - 1)),
        [b"m" * M, b"n" * M, b"o" * (M - 1)], truncated=1),
    Row("OC24", OCTET, b"12 <6>one hello12 <6>two hello", [b"<6>one hello", b"<6>two hello"]),
    Row("OC25", OCTET, b"5 hello\n5 world\n", [b"hello", b"world"]),
    Row("OC27", OCTET, b"5 hello\r\n5 world\r\n", [b"hello", b"world"]),
    Row("OC28", OCTET, b"5 hel", [b"hel"], incomplete=True),
    Row("OC28-secret", OCTET, b"100 token " + TOKEN[:30], [b"token " + MASK], incomplete=True),
    Row("OC30", OCTET, b"4 \xf0\x28\x8c\xbc", [b"\xf0\x28\x8c\xbc"]),
    Row("OC31", OCTET, b"30 \xc3\xa1rv\xc3\xadzt\xc5\xb1r\xc5\x91t\xc3\xbck\xc3\xb6rf\xc3\xbar\xc3\xb3g\xc3\xa9p",
        [b"\xc3\xa1rv\xc3\xadzt\xc5\xb1r\xc5\x91t\xc3\xbck\xc3\xb6rf\xc3\xbar\xc3\xb3g\xc3\xa9p"]),
    Row("OC31-latin", OCTET, b"5 caf\xe9\xff", [b"caf\xe9\xff"]),
    Row("OC33", OCTET, b"%d <13>first\n%s\nlast" % (15 + len(TOKEN), TOKEN), [b"<13>first\n" + MASK + b"\nlast"]),
    Row("LF01", LINES, b"<13>a\n<13>b\n", [b"<13>a", b"<13>b"]),
    Row("LF02", AUTO, b"<165>1 - h a - - - first\n<165>1 - h a - - - last", [b"<165>1 - h a - - - first", b"<165>1 - h a - - - last"]),
    Row("LF02-secret", AUTO, b"<13>last token " + TOKEN, [b"<13>last token " + MASK]),
    Row("LF03", LINES, b"01234567\r\n<13>token %s\r\n" % TOKEN, [b"01234567\r", b"<13>token " + MASK + b"\r"]),
    Row("LF04", LINES, b"01234567\0\n01234567\n\0\nx\0" + TOKEN + b"\n", [b"01234567\0", b"01234567", b"\0", b"x\0" + MASK]),
    Row("LF05", NUL, b"<13>a\0<13>b\nc\0", [b"<13>a", b"<13>b\nc"]),
    Row("LF07", AUTO, b"\n\n\n<13>a\n", [b"<13>a"], empty=3),
    Row("LF08", AUTO, b"<13>" + b"x" * (M + 36) + b"\n<13>next\n", [b"<13>" + b"x" * (M - 4), b"<13>next"], truncated=1),
    Row("LF09", AUTO, b"<13>" + b"x" * (M - 4) + b"9876543210 5 rest\n<13>next\n", [b"<13>" + b"x" * (M - 4), b"<13>next"], truncated=1),
    Row("LF12", LINES, b"".join(b"%d\n" % number for number in range(20)), [b"%d" % number for number in range(20)]),
    Row("LF13", AUTO, b"2020-07-13,15:20:17,a,b\n", [], error="bad_count"),
    Row("LF13-lines", LINES, b"2020-07-13,15:20:17,a,b\n", [b"2020-07-13,15:20:17,a,b"]),
    Row("LF16", AUTO, b"<55> abc\n01234567\n01234567\0abcdef\n7 foobar\n", [b"<55> abc", b"01234567", b"01234567\0abcdef", b"7 foobar"]),
    Row("LF17", AUTO, b"32 0123456789ABCDEF0123456789ABCDE\n", [b"0123456789ABCDEF0123456789ABCDE\n"]),
    Row("LF19-v1", AUTO, b"PROXY TCP4 192.0.2.1 192.0.2.2 4711 514\r\n<13>x\n", [], error="proxy_header"),
    Row("LF19-v2", AUTO, b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12) + b"<13>x\n", [], error="proxy_header", empty=2),
    Row("TL02", AUTO, TLS_HELLO[:60], [], error="tls_handshake"),
    Row("TL02-counted", OCTET, TLS_HELLO[:60], [], error="tls_handshake"),
    Row("cut-secret", OCTET, b"%d %s" % (len(ACROSS), ACROSS), [ACROSS[:M - 20] + MASK], truncated=1),
    *opaque("P01", b"<34>1 2003-10-11T22:14:15.003Z h su - ID47 - \xef\xbb\xbf'su root' failed " + TOKEN, TOKEN),
    Row("P02", LINES, b'<34>1 - h a - - [x@1 a="pa\\"ss\\]wd\\\\" b="' + TOKEN + b'\\"c"] m\n',
        [b'<34>1 - h a - - [x@1 a="pa\\"ss\\]wd\\\\" b="' + MASK.replace(b"]", b"\\]") + b'\\"c"] m']),
    *opaque("P03a", b'<34>1 - h a - - [open@1 a="b never closed'),
    *opaque("P03b", b"<34>1 - h a - - [] x"),
    *opaque("P03c", b"<34>1 - h a - - [" + b"i" * 40 + b'@1 a="b"] x'),
    *opaque("P04a", b"<999>x " + TOKEN, TOKEN),
    *opaque("P04b", b"<4294967297>x"),
    *opaque("P04c", b"<1"),
    *opaque("P04d", b"<>x"),
    *opaque("P05a", b"<38>AUG 10 22:18:24 host tag: " + TOKEN, TOKEN),
    *opaque("P05b", b"<27>Oct 11 2026 22:14:15 host " + b"t" * 40 + b": x"),
    *opaque("P05c", b"Oct 11 22:14:15 no priority"),
    *opaque("P06", b"<14>Aug 30 23:00:05"),
    *opaque("P08", b"high \302\251 lone \xff overlong \xc0\xaf blank " + TOKEN + b"\xff end", TOKEN),
]
OVER_TLS = ["OC02", "OC07", "OC10", "OC15", "OC19", "OC25", "OC28", "OC33", "LF02", "LF04", "LF08", "LF16", "P01-counted"]


def ways(data, every=1):
    """The data whole, cut in two, and byte by byte."""
    yield [data]
    for cut in range(1, len(data), every):
        # Of long ones: where counts, bounds and ends are, and some of the bytes between.
        if len(data) < 200 or cut % M < 40 or cut % M > M - 20 or cut > len(data) - 60 or cut % 31 == 0:
            yield [data[:cut], data[cut:]]
    yield [data[at:at + 1] for at in range(len(data))]


class Conformance(DaemonTest):
    def start(self, rows, **source):
        """One daemon, with a source and a sink for each row; the ports by the row's name."""
        self.aggregators, sources, sinks, ports = {}, [], [], {}
        for row in rows:
            ports[row.name] = free_port()
            self.aggregators[row.name] = Aggregator(self, OCTET)
            sources.append({"name": row.name, "listen": f"{'tls' if source else 'tcp'}://127.0.0.1:{ports[row.name]}",
                            "framing": row.framing, "max_record": M, "sinks": [row.name],
                            **({"max_frame": row.max_frame} if row.max_frame else {}), **source})
            sinks.append({**sink_to(self.aggregators[row.name]), "name": row.name})
        return self.start_daemon(sources, sinks), ports

    def send(self, row, port, pieces, tls):
        """On a connection of its own; returns when redactd has closed it."""
        client = Client(port, tls)
        try:
            for number, piece in enumerate(pieces):
                if number and len(pieces) == 2:
                    time.sleep(0.001)  # so that it arrives on its own; the result may not depend on it
                client.send(piece)
            if not row.error:
                if tls:
                    client.socket.unwrap()
                else:
                    client.socket.shutdown(socket.SHUT_WR)
        except OSError:  # closed already because of what came before
            if not row.error and not tls:
                raise
        closed = client.is_closed_by_peer()
        client.close()
        if not closed:
            raise AssertionError("the connection stays open")

    def run_row(self, row, port, tls, every):
        """How many connections it took; raises at the first that went another way."""
        aggregator = self.aggregators[row.name]
        done = 0
        for pieces in ways(row.data, every):
            self.send(row, port, pieces, tls)
            until = (done + 1) * len(row.records)
            aggregator.wait_for(until)
            done += 1
            self.assertEqual(aggregator.records[until - len(row.records):], row.records, (row.name, pieces))
        return done

    def run_rows(self, rows, client_tls=None, every=1, **source):
        daemon, ports = self.start(rows, **source)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            runs = {row: pool.submit(self.run_row, row, ports[row.name], client_tls, every) for row in rows}
        failures = {row.name: str(run.exception()) for row, run in runs.items() if run.exception()}
        self.assertEqual(failures, {}, f"{len(failures)} of {len(rows)} rows; redactd says:\n{daemon.says()[-2000:]}")

        def count(row, name, **labels):
            return daemon.metric(name, source=row.name, **labels)

        for row, run in runs.items():
            connections = run.result()
            with self.subTest(row=row.name):
                wait_until(lambda: count(row, "redactd_source_open_connections") == 0, "all connections are closed")
                self.assertEqual(count(row, "redactd_source_connections_total"), connections)
                self.assertEqual(count(row, "redactd_source_received_records_total"), connections * len(row.records))
                self.assertEqual(count(row, "redactd_source_frame_errors_total"), connections if row.error else 0)
                if row.error:
                    self.assertEqual(count(row, "redactd_source_frame_errors_total", kind=row.error), connections)
                self.assertEqual(count(row, "redactd_source_incomplete_records_total"), connections if row.incomplete else 0)
                self.assertEqual(count(row, "redactd_source_truncated_records_total"), connections * row.truncated)
                self.assertEqual(count(row, "redactd_source_empty_records_total"), connections * row.empty)
                self.assertEqual(count(row, "redactd_source_held_bytes"), 0)
        daemon.stop()
        for row, run in runs.items():
            self.assertEqual(self.aggregators[row.name].count(), run.result() * len(row.records), row.name)
        return sum(run.result() for run in runs.values())

    def test_over_tcp(self):
        self.assertGreaterEqual(len(ROWS), 60)
        self.run_rows(ROWS)

    def test_over_tls(self):
        server = certificates.server()
        self.run_rows([row for row in ROWS if row.name in OVER_TLS], client_tls=certificates.client_context(), every=5,
                      tls={"certificate": server.certificate, "key": server.key})


class Remedies(DaemonTest):
    def test_the_log_says_what_to_do_about_a_wrong_framing(self):
        daemon, port = self.start_between(Aggregator(self), source={"framing": OCTET})
        for data, remedy in ((b"hello\n", "set the framing that the client uses"), (TLS_HELLO, "let the source listen on tls://")):
            with Client(port) as client:
                client.send(data)
                self.assertTrue(client.is_closed_by_peer())
            wait_until(lambda: f'remedy="{remedy}' in daemon.says(), lambda: f"{remedy} in {daemon.says()}")
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
