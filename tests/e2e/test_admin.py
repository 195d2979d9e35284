"""The admin endpoint and those who mean it harm. What one connection can do: tests/unit/admin_server_test.cc."""

import socket
import time
import unittest

from daemon import DaemonTest
from wire import PATIENCE, free_port

HIDDEN = b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class AdminTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.daemon = self.start_daemon([{"listen": f"tcp://127.0.0.1:{free_port()}"}], [{"type": "stdout", "framing": "newline"}])

    def say(self, data):
        """What it answers until it closes the connection, or until there is no more for a second."""
        said = b""
        with socket.create_connection(("127.0.0.1", self.daemon.admin), PATIENCE) as peer:
            peer.sendall(data)
            peer.settimeout(1)
            try:
                while piece := peer.recv(65536):
                    said += piece
            except (TimeoutError, ConnectionError):
                pass
        return said

    def reloads(self):
        return self.daemon.metric("redactd_reloads_total")


class Smuggling(AdminTest):
    """One request to what stands before redactd, two to redactd, or the other way round."""

    def test_a_request_of_doubtful_length_ends_the_connection(self):
        size = str(len(HIDDEN)).encode()
        for headers in (b"Content-Length: 0\r\nContent-Length: " + size,
                        b"Content-Length: " + size + b"\r\nContent-Length: 0",
                        b"Content-Length: " + size + b"\r\nTransfer-Encoding: chunked",
                        b"Transfer-Encoding: chunked\r\nContent-Length: " + size,
                        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
                        b"Transfer-Encoding: identity, chunked",
                        b"Transfer-Encoding: xchunked\r\nContent-Length: 0",
                        b"Transfer-Encoding:\x0bchunked",
                        b"Transfer-Encoding : chunked",
                        b"Content-Length : " + size,
                        b"Content-Length: +" + size,
                        b"Content-Length: 0x10",
                        b"Content-Length: 0, " + size,
                        b"Content-Length: 18446744073709551617",
                        b"Content-Length: -1"):
            with self.subTest(headers=headers):
                before = self.reloads()
                said = self.say(b"POST /nothing HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n0\r\n\r\n" + HIDDEN)
                self.assertEqual(self.reloads(), before, f"the request that was hidden in another is obeyed: {said}")
                answers = said.count(b"HTTP/1.1 ")
                self.assertLessEqual(answers, 1, said)
                self.assertNotIn(b"HTTP/1.1 2", said)
        self.daemon.stop()

    def test_a_body_is_never_taken_for_a_request(self):
        size = str(len(HIDDEN)).encode()
        said = self.say(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: " + size + b"\r\n\r\n" + HIDDEN)
        self.assertLessEqual(said.count(b"HTTP/1.1 "), 1, said)
        self.assertEqual(self.reloads(), 0)
        self.daemon.stop()

    def test_a_request_names_one_host(self):
        for version, hosts, answer in ((b"1.1", b"", b"400"), (b"1.1", b"Host: x\r\nHost: y\r\n", b"400"), (b"1.0", b"", b"200"),
                                       (b"1.1", b"Host: x\r\nX: 1\r\nhost: x\r\n", b"400"), (b"1.1", b"Host: x\r\n", b"200")):
            with self.subTest(hosts=hosts, version=version):
                said = self.say(b"GET /healthz HTTP/" + version + b"\r\nConnection: close\r\n" + hosts + b"\r\n")
                self.assertEqual(said.split()[1], answer, said)
        self.daemon.stop()

    def test_lines_that_end_wrongly_hide_nothing(self):
        for data in (b"GET /healthz HTTP/1.1\nHost: x\nX: y\n\n" + HIDDEN, b"GET /healthz HTTP/1.1\r\nHost: x\r\n X: y\r\nA\r\n\r\n" + HIDDEN,
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rPOST /-/reload HTTP/1.1\r\n\r\n" + HIDDEN,
                     b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n" + HIDDEN):
            with self.subTest(data=data[:60]):
                before = self.reloads()
                said = self.say(data)
                self.assertTrue(self.reloads() == before or said.count(b"HTTP/1.1 ") == 2, said)
        self.daemon.stop()


class Exhaustion(AdminTest):
    def test_huge_headers_and_slow_peers_keep_nobody_out(self):
        slow = [socket.create_connection(("127.0.0.1", self.daemon.admin), PATIENCE) for _ in range(100)]
        for peer in slow:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        said = self.say(b"GET /metrics HTTP/1.1\r\nX: " + b"y" * (1 << 20))
        self.assertNotIn(b"HTTP/1.1 200", said)
        begun = time.monotonic()
        self.assertEqual(self.daemon.ask("/healthz")[0], 200)
        self.assertLess(time.monotonic() - begun, 5)
        for peer in slow:
            peer.close()
        self.daemon.stop()


if __name__ == "__main__":
    unittest.main()
