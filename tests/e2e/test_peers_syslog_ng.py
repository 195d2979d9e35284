"""syslog-ng and its load generator as clients of redactd, and syslog-ng as the aggregator behind it."""

import os
import unittest

import certificates
import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, token
from field_by_field import assert_equal_fields
from messages import diverse
from wire import free_port

COUNT = 10000


class LoggenSends(DaemonTest):
    """loggen sends a file of messages as they stand in it; every tenth holds a secret."""

    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        planted = [self.plant(token(number)) for number in range(20)]
        self.sent = [f"<13>1 2026-01-02T03:04:05Z host app - - - line {number} " +
                     (f"token {planted[number // 10 % 20]} end" if number % 10 == 0 else "is plain") for number in range(COUNT)]
        self.expected = [record.replace(planted[number // 10 % 20], TOKEN_MASK) for number, record in enumerate(self.sent)]

    def assert_passes(self, listen, *arguments, count=COUNT, rate=1000000, tls=None, **source):
        daemon = self.start_daemon([{"listen": listen, **source, **({"tls": tls} if tls else {})}],
                                   [{"endpoints": [self.aggregator.url], "framing": "octet-counting"}])
        path = self.write("messages", "".join(record + "\n" for record in self.sent[:count]))
        where = listen.partition("://")[2]
        target = [where] if where.startswith("/") else where.rsplit(":", 1)
        sent = peers.loggen("--read-file", path, "--dont-parse", "--number", str(count), "--rate", str(rate), *arguments, *target)
        self.assertEqual(sent, count)
        self.aggregator.wait_for(count)
        daemon.stop()
        self.assertEqual([record.decode().rstrip("\n") for record in self.aggregator.records], self.expected[:count])

    def test_counted_frames(self):
        self.assert_passes(f"tcp://127.0.0.1:{free_port()}", "--inet", "--stream", "--syslog-proto")

    def test_lines(self):
        self.assert_passes(f"tcp://127.0.0.1:{free_port()}", "--inet", "--stream")

    def test_rfc_5424_in_lines(self):
        self.assert_passes(f"tcp://127.0.0.1:{free_port()}", "--inet", "--stream", "--syslog-proto", "--no-framing")

    def test_tls(self):
        server = certificates.server()
        # What loggen reads from a file it sends in lines, whatever --syslog-proto says of framing.
        self.assert_passes(f"tls://127.0.0.1:{free_port()}", "--use-ssl", framing="newline",
                           tls={"certificate": server.certificate, "key": server.key})

    def test_udp(self):
        # As fast as no buffer runs over: UDP has no back-pressure.
        self.assert_passes(f"udp://127.0.0.1:{free_port()}", "--inet", "--dgram", count=2000, rate=20000, receive_buffer="4MiB")

    def test_unix_stream_socket(self):
        self.assert_passes(f"unix://{os.path.join(self.folder, 'log')}", "--unix", "--stream")

    def test_unix_datagram_socket(self):
        self.assert_passes(f"unixgram://{os.path.join(self.folder, 'log')}", "--unix", "--dgram")

    def test_many_connections_at_once(self):
        port = free_port()
        daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{port}"}],
                                   [{"endpoints": [self.aggregator.url], "framing": "octet-counting"}])
        sent = peers.loggen("--inet", "--stream", "--syslog-proto", "--active-connections", "20", "--idle-connections", "50",
                            "--number", "500", "--rate", "100000", "127.0.0.1", str(port))
        self.aggregator.wait_for(sent)
        daemon.stop()
        self.assertEqual(self.aggregator.count(), sent)
        self.assertEqual(sent, 20 * 500)


class SyslogNgSends(DaemonTest):
    def assert_passes(self, driver, options, tls=None):
        aggregator = Aggregator(self)
        daemon, port = self.start_between(aggregator, tls=tls)
        planted = self.plant(token())
        lines = [f"line {number} token {planted} end" if number % 10 == 0 else f"line {number} is plain" for number in range(COUNT)]
        peers.syslog_ng_sending(self, [line.encode() for line in lines], f'{driver}("127.0.0.1" port({port}) {options})')
        aggregator.wait_for(COUNT)
        daemon.stop()
        self.assertEqual(aggregator.count(), COUNT)
        for line, record in zip(lines, aggregator.records):
            self.assertTrue(record.decode().rstrip("\n").endswith(line.replace(planted, TOKEN_MASK)), (line, record))

    def test_network_destination_in_rfc_3164(self):
        self.assert_passes("network", 'transport("tcp")')

    def test_network_destination_in_rfc_5424(self):
        self.assert_passes("network", 'transport("tcp") flags(syslog-protocol)')

    def test_syslog_destination(self):
        self.assert_passes("syslog", 'transport("tcp")')

    def test_syslog_destination_over_tls_with_a_client_certificate(self):
        server, client = certificates.server(), certificates.client()
        self.assert_passes("syslog", f'transport("tls") tls(ca-file("{server.authority}") peer-verify(required-trusted) '
                           f'key-file("{client.key}") cert-file("{client.certificate}"))',
                           tls={"certificate": server.certificate, "key": server.key, "ca": server.authority,
                                "client_certificate": "required"})


class SyslogNgParses(DaemonTest):
    def test_counted_frames_field_by_field(self):
        framing = "octet-counting"
        assert_equal_fields(self, peers.syslog_ng_parsing(self, framing), framing, diverse(line_feeds=True))

    def test_lines_field_by_field(self):
        # In lines, syslog-ng takes a NUL for the end of one.
        framing = "newline"
        assert_equal_fields(self, peers.syslog_ng_parsing(self, framing), framing, diverse(nuls=False))


if __name__ == "__main__":
    unittest.main()
