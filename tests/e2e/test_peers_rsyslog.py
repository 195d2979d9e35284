"""rsyslog as a client of redactd, and as the aggregator that reads what redactd makes of it."""

import re
import unittest

import certificates
import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, token
from messages import diverse
from field_by_field import assert_equal_fields

COUNT = 20000


class RsyslogSends(DaemonTest):
    """Twenty thousand lines of a file, forwarded by omfwd; every tenth holds a secret."""

    def lines(self):
        planted = [self.plant(token(number)) for number in range(20)]
        return [f"line {number} token {planted[number // 10 % 20]} end" if number % 10 == 0 else f"line {number} is plain"
                for number in range(COUNT)]

    def assert_passes(self, framing, client=None, tls=None):
        aggregator = Aggregator(self)
        daemon, port = self.start_between(aggregator, tls=tls)
        lines = self.lines()
        trusted = certificates.authority().certificate if tls else None
        rsyslog = peers.rsyslog_sending(self, [line.encode() for line in lines], port, framing, tls=trusted, certificate=client)
        aggregator.wait_for(COUNT)
        rsyslog.stop()
        daemon.stop()
        self.assertEqual(aggregator.count(), COUNT)
        for line, record in zip(lines, aggregator.records):
            expected = re.sub(r"token \S+", f"token {TOKEN_MASK}", line)
            self.assertRegex(record.decode(), r"\A<\d+>1 \S+ \S+ app - - - " + re.escape(expected) + r"\n?\Z")

    def test_lines(self):
        self.assert_passes("newline")

    def test_counted_frames(self):
        self.assert_passes("octet-counting")

    def test_tls(self):
        server = certificates.server()
        self.assert_passes("octet-counting", tls={"certificate": server.certificate, "key": server.key})

    def test_tls_with_a_client_certificate(self):
        server = certificates.server()
        self.assert_passes("octet-counting", client=certificates.client(),
                           tls={"certificate": server.certificate, "key": server.key, "ca": server.authority,
                                "client_certificate": "required", "peer_names": ["*.example.org"]})


class RsyslogParses(DaemonTest):
    def assert_fields_are_equal(self, framing, messages):
        """The same messages, straight to one port and through redactd to the other."""
        assert_equal_fields(self, peers.rsyslog_parsing(self), framing, messages)

    def test_counted_frames_field_by_field(self):
        self.assert_fields_are_equal("octet-counting", diverse(line_feeds=True))

    def test_lines_field_by_field(self):
        # imtcp takes a line that starts with a digit for a counted frame.
        self.assert_fields_are_equal("newline", [message for message in diverse() if not message.text[:1].isdigit()])


if __name__ == "__main__":
    unittest.main()
