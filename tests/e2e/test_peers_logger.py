"""util-linux logger, as scripts call it."""

import os
import re
import unittest

import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, token
from wire import free_port


class LoggerSends(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)
        self.planted = self.plant(token())

    def assert_arrives(self, listen, *arguments, header, **source):
        daemon = self.start_daemon([{"listen": listen, **source}], [{"endpoints": [self.aggregator.url], "framing": "octet-counting"}])
        peers.logger(*arguments, "--tag", "backup", message=f"one token {self.planted} end")
        peers.logger(*arguments, "--tag", "backup", lines=[b"two", f"push {self.planted}".encode(), b"three"])
        records = [record.decode() for record in self.aggregator.wait_for(4)]
        daemon.stop()
        self.assertEqual(self.aggregator.count(), 4)
        for record in records:
            self.assertRegex(record, header)
        self.assertEqual(sorted(re.sub(header, "", record) for record in records),
                         sorted([f"one token {TOKEN_MASK} end", "two", f"push {TOKEN_MASK}", "three"]))

    def over_ip(self, kind, *arguments):
        port = free_port()
        return (f"{kind}://127.0.0.1:{port}", f"--{kind}", "--server", "127.0.0.1", "--port", str(port), *arguments)

    NEW = r"\A<13>1 \S+ \S+ backup - - \[timeQuality [^]]*\] "
    OLD = r"\A<13>\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ backup: "

    def test_tcp_in_lines(self):
        self.assert_arrives(*self.over_ip("tcp", "--rfc5424"), header=self.NEW)

    def test_tcp_in_counted_frames(self):
        self.assert_arrives(*self.over_ip("tcp", "--rfc5424", "--octet-count"), header=self.NEW)

    def test_tcp_in_the_old_form(self):
        self.assert_arrives(*self.over_ip("tcp", "--rfc3164"), header=self.OLD)

    def test_udp(self):
        self.assert_arrives(*self.over_ip("udp", "--rfc5424"), header=self.NEW)

    def test_udp_in_the_old_form(self):
        self.assert_arrives(*self.over_ip("udp", "--rfc3164"), header=self.OLD)

    def test_a_socket_in_place_of_dev_log(self):
        path = os.path.join(self.folder, "log")
        self.assert_arrives(f"unixgram://{path}", "--socket", path, header=r"\A<13>\w{3} [ \d]\d \d\d:\d\d:\d\d backup: ")

    def test_structured_data_of_ones_own(self):
        daemon, port = self.start_between(self.aggregator)
        peers.logger("--tcp", "--server", "127.0.0.1", "--port", str(port), "--octet-count", "--rfc5424=notq,notime,nohost", "--tag", "backup",
                     "--msgid", "ID7", "--sd-id", "login@32473", "--sd-param", f'token="{self.planted}"', "--sd-param", 'user="bob"', message="ok")
        record, = self.aggregator.wait_for(1)
        daemon.stop()
        mask = TOKEN_MASK.replace("]", r"\]")  # as RFC 5424 has it inside a value
        self.assertEqual(record.decode(), f'<13>1 - - backup - ID7 [login@32473 token="{mask}" user="bob"] ok')


if __name__ == "__main__":
    unittest.main()
