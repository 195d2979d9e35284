"""TLS, from both sides: who is let in, whom redactd believes, and what a bad handshake does to nobody else."""

import re
import signal
import socket
import ssl
import subprocess
import time
import unittest

import certificates
import peers
from aggregator import Aggregator
from daemon import TOKEN_MASK, DaemonTest, token
from wire import PATIENCE, Client, frames, send_records, wait_until


def server_settings(**more):
    server = certificates.server()
    return {"certificate": server.certificate, "key": server.key, **more}


class TlsTest(DaemonTest):
    def setUp(self):
        super().setUp()
        self.aggregator = Aggregator(self)

    def start(self, tls, **source):
        self.daemon, self.port = self.start_between(self.aggregator, tls=tls, source=source)

    def assert_still_serves(self, client=None):
        """A good client is served, after all that was done to the listener."""
        before = self.aggregator.count()
        send_records(self.port, "octet-counting", [b"<13>good"], certificates.client_context(client))
        self.assertEqual(self.aggregator.wait_for(before + 1)[before:], [b"<13>good"])

    def failures(self):
        return self.daemon.metric("redactd_source_handshake_failures_total", source="in")


class OpensslClient(TlsTest):
    def run_openssl(self, *arguments, data=b""):
        return subprocess.run([peers.find("openssl", "the package openssl"), "s_client", "-connect", f"127.0.0.1:{self.port}", "-servername",
                               "localhost", "-CAfile", certificates.authority().certificate, "-verify_return_error", *arguments],
                              input=data, capture_output=True, timeout=PATIENCE)

    def test_what_it_sends_arrives_masked(self):
        self.start(server_settings())
        planted = self.plant(token()).encode()
        records = [b"<13>one", b"<13>token " + planted + b" end", b"<13>three\nlines\nhere"]
        for version in ("-tls1_2", "-tls1_3"):
            self.run_openssl(version, "-quiet", "-no_ign_eof", data=frames("octet-counting", records))
        received = self.aggregator.wait_for(6)
        self.daemon.stop()
        self.assertEqual(sorted(received), sorted(2 * [record.replace(planted, TOKEN_MASK.encode()) for record in records]))

    def test_old_versions_are_refused(self):
        self.start(server_settings())
        for number, version in enumerate(("-tls1", "-tls1_1"), 1):
            done = self.run_openssl(version, "-cipher", "ALL:@SECLEVEL=0", data=b"5 hello")
            self.assertNotEqual(done.returncode, 0)
            self.daemon.wait_for_metric(number, "redactd_source_handshake_failures_total", source="in")
        self.assert_still_serves()
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 1)

    def test_only_the_newest_version_where_that_is_asked_for(self):
        self.start(server_settings(min_version="1.3"))
        self.assertNotEqual(self.run_openssl("-tls1_2", data=b"5 hello").returncode, 0)
        self.run_openssl("-tls1_3", "-quiet", "-no_ign_eof", data=b"5 hello")
        self.aggregator.wait_for(1)
        self.assertEqual(self.failures(), 1)
        self.daemon.stop()

    def test_new_keys_in_the_middle_of_a_record(self):
        self.start(server_settings())
        path = self.write("stderr", "")
        with open(path, "wb") as errors:
            process = subprocess.Popen([peers.find("openssl"), "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_3", "-CAfile",
                                        certificates.authority().certificate], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=errors)

        def type_in(text):
            process.stdin.write(text)
            process.stdin.flush()

        def says():
            with open(path, encoding="ascii", errors="replace") as file:
                return file.read()

        try:
            type_in(b"28 <13>begins and\n")
            self.daemon.wait_for_metric(1, "redactd_source_received_bytes_total", source="in")
            # What s_client reads and finds to begin with `K` makes it ask for new keys, of both sides, and is not sent.
            type_in(b"K\n")
            wait_until(lambda: "KEYUPDATE" in says(), says)
            type_in(b"goes on here\n")
            self.assertEqual(self.aggregator.wait_for(1), [b"<13>begins and\ngoes on here\n"])
        finally:
            process.kill()
            process.communicate()
        self.daemon.stop()


class Scanned(TlsTest):
    """As a scanner would: hellos written by hand, for what no client of today offers any more."""

    REFUSED = {
        "no encryption": (0x0001, 0x0002, 0x003B, 0xC006, 0xC010, 0xC015),
        "export": (0x0003, 0x0006, 0x0008, 0x000B, 0x000E, 0x0011, 0x0014, 0x0017, 0x0019, 0x0062, 0x0064),
        "RC4": (0x0004, 0x0005, 0x0018, 0xC002, 0xC007, 0xC00C, 0xC011, 0xC016),
        "DES": (0x0009, 0x000C, 0x000F, 0x0012, 0x0015, 0x001A),
        "3DES": (0x000A, 0x000D, 0x0010, 0x0013, 0x0016, 0x001B, 0xC003, 0xC008, 0xC00D, 0xC012, 0xC017),
        "nobody's certificate": (0x0034, 0x003A, 0x006C, 0x006D, 0x00A6, 0x00A7, 0xC018, 0xC019),
        "IDEA, SEED": (0x0007, 0x0096, 0x0099, 0x009A, 0x009B),
        "a shared key or password": (0x008A, 0x008B, 0x008C, 0x008D, 0x00A8, 0x00A9, 0xC01D, 0xC020, 0xC035, 0xC036),
    }
    GOOD = (0xC02B, 0xC02C, 0xC02F, 0xC030, 0xCCA8, 0xCCA9)

    def answer(self, suites, version=0x0303, compression=(0,)):
        """What the server says first to this hello: type and body of its first TLS record."""
        def vector(size, data):
            return len(data).to_bytes(size, "big") + data

        def extension(number, data):
            return number.to_bytes(2, "big") + vector(2, data)

        groups = b"".join(group.to_bytes(2, "big") for group in (29, 23, 24))
        algorithms = b"".join(each.to_bytes(2, "big") for each in (0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0203, 0x0201))
        extensions = (extension(10, vector(2, groups)) + extension(11, vector(1, b"\0")) + extension(13, vector(2, algorithms)) +
                      extension(0xFF01, b"\0") + extension(35, b""))
        hello = (version.to_bytes(2, "big") + bytes(32) + b"\0" + vector(2, b"".join(suite.to_bytes(2, "big") for suite in suites)) +
                 vector(1, bytes(compression)) + vector(2, extensions))
        with Client(self.port) as client:
            client.send(b"\x16" + min(version, 0x0301).to_bytes(2, "big") + vector(2, b"\x01" + vector(3, hello)))
            data = b""
            while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
                more = client.socket.recv(65536)
                if not more:
                    break
                data += more
        return data[0] if data else None, data[5:]

    def assert_refused(self, answer, what):
        kind, body = answer
        self.assertIn(kind, (0x15, None), f"{what} is accepted")
        if kind == 0x15:
            self.assertEqual(body[0], 2, f"{what}: a fatal alert")

    def setUp(self):
        super().setUp()
        self.start(server_settings())

    def test_weak_ciphers_are_refused(self):
        for name, suites in self.REFUSED.items():
            self.assert_refused(self.answer(suites), name)
            for suite in suites:
                self.assert_refused(self.answer((suite,)), f"{name} ({suite:#06x})")
        self.assertEqual(self.answer(self.GOOD)[0], 0x16, "the hello itself is in order")
        self.assert_still_serves()
        self.daemon.stop()

    def test_of_weak_and_good_ciphers_it_takes_a_good_one(self):
        weak = tuple(suite for suites in self.REFUSED.values() for suite in suites)
        kind, body = self.answer(weak + self.GOOD)
        self.assertEqual(kind, 0x16)
        self.assertIn(int.from_bytes(body[39 + body[38]:41 + body[38]], "big"), self.GOOD)
        self.daemon.stop()

    def test_versions_before_1_2_are_refused(self):
        for version in (0x0300, 0x0301, 0x0302):
            self.assert_refused(self.answer(self.GOOD + (0x002F, 0x0035, 0xC009, 0xC013), version), f"version {version:#06x}")
        self.daemon.stop()

    def test_nothing_is_compressed(self):
        kind, body = self.answer(self.GOOD, compression=(1, 64, 0))
        self.assertEqual(kind, 0x16)
        self.assertEqual(body[41 + body[38]], 0, "the method that the server took")
        self.daemon.stop()

    def test_there_is_no_renegotiation_no_ticket_and_no_early_data(self):
        command = [peers.find("openssl", "the package openssl"), "s_client", "-connect", f"127.0.0.1:{self.port}",
                   "-CAfile", certificates.authority().certificate]
        said = subprocess.run([*command, "-tls1_2", "-no_ign_eof"], input=b"R\n", capture_output=True, timeout=PATIENCE)
        self.assertIn(b"Secure Renegotiation IS supported", said.stdout, "what keeps an insecure one out")
        self.assertIn(b"Compression: NONE", said.stdout)
        self.assertRegex(said.stderr, b"(?i)no.renegotiation")
        self.assertNotIn(b"TLS session ticket", said.stdout)
        said = subprocess.run([*command, "-tls1_3"], input=b"Q\n", capture_output=True, timeout=PATIENCE)
        self.assertNotIn(b"New Session Ticket arrived", said.stdout)
        self.assertNotIn(b"Early data was accepted", said.stdout)
        self.assert_still_serves()
        self.daemon.stop()


class ClientCertificates(TlsTest):
    """client_certificate: required."""

    def start(self, **more):
        super().start(server_settings(ca=certificates.authority().certificate, client_certificate="required", **more))

    def assert_refused(self, issued, count):
        """No record of a client with this certificate is taken. (In TLS 1.3 a client learns of it after its first write.)"""
        try:
            with Client(self.port, certificates.client_context(issued)) as client:
                client.send(b"13 <13>forbidden")
                self.assertTrue(client.is_closed_by_peer())
        except OSError:
            pass
        self.daemon.wait_for_metric(count, "redactd_source_handshake_failures_total", source="in")
        self.assertEqual(self.aggregator.count(), 0)

    def test_others_are_refused(self):
        self.start(peer_names=["*.example.org"])
        authority = certificates.authority()
        refused = {
            "none": (None, "no_certificate", "did not return a certificate"),
            "of another authority": (certificates.authority("others").issue("client", "DNS:client.example.org"), "unknown_ca",
                                     "issuer certificate"),
            "expired": (authority.issue("expired", "DNS:client.example.org", first_day=-20, last_day=-2), "expired", "certificate has expired"),
            "not yet valid": (authority.issue("early", "DNS:client.example.org", first_day=2, last_day=20), "not_yet_valid",
                              "certificate is not yet valid"),
            "for servers": (authority.issue("for-servers", "DNS:client.example.org", usage="serverAuth"), "wrong_purpose", "purpose"),
            "of another name": (authority.issue("other-name", "DNS:client.example.com,IP:192.0.2.7"), "wrong_name",
                                'names="DNS:client.example.com, IP:192.0.2.7"'),
            "with a name below": (authority.issue("deep-name", "DNS:a.b.example.org"), "wrong_name", "names=DNS:a.b.example.org"),
            "with the name in CN only": (authority.issue("cn.example.org", "DNS:client.example.com"), "wrong_name",
                                         "names=DNS:client.example.com\n"),
            "with no alternative name": (authority.issue("alone.example.org", ""), "wrong_name", "names=none"),
        }
        for count, (what, (issued, cause, said)) in enumerate(refused.items(), 1):
            with self.subTest(what):
                before = self.daemon.metric("redactd_source_handshake_failures_total", source="in", cause=cause)
                self.assert_refused(issued, count)
                self.assertEqual(self.daemon.metric("redactd_source_handshake_failures_total", source="in", cause=cause), before + 1)
                self.assertIn(said, self.daemon.says())
        self.assert_still_serves(certificates.client())
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 1)

    def test_a_revoked_one_is_refused(self):
        authority = certificates.authority("with-revocations")
        revoked = authority.issue("revoked", "DNS:client.example.org")
        good = authority.issue("good", "DNS:client.example.org")
        TlsTest.start(self, server_settings(ca=authority.certificate, client_certificate="required", crl=authority.revoke(revoked)))
        self.assert_refused(revoked, 1)
        self.assert_still_serves(good)
        self.daemon.stop()

    def test_an_optional_one_may_be_missing_but_not_wrong(self):
        super().start(server_settings(ca=certificates.authority().certificate, client_certificate="optional"))
        self.assert_refused(certificates.authority("others").issue("client", "DNS:client.example.org"), 1)
        self.assert_still_serves()
        self.assert_still_serves(certificates.client())
        self.daemon.stop()


class BadHandshakes(TlsTest):
    def test_plain_text_on_the_tls_port(self):
        self.start(server_settings())
        with Client(self.port) as client:
            client.send(b"<13>in clear, on the wrong port\n")
            self.assertTrue(client.is_closed_by_peer())
        self.daemon.wait_for_metric(1, "redactd_source_handshake_failures_total", source="in", cause="no_tls")
        self.assert_still_serves()
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 1)

    def test_names_of_a_refused_peer_are_shown_in_part_and_without_control_bytes(self):
        names = ",".join(f"DNS:{number}{'x' * 200}.example.com" for number in range(20))
        issued = certificates.authority().issue("many-names", "email:a\x1b[31mb@example.com," + names)
        self.start(server_settings(ca=certificates.authority().certificate, client_certificate="required", peer_names=["*.example.org"]))
        try:
            with Client(self.port, certificates.client_context(issued)) as client:
                self.assertTrue(client.is_closed_by_peer())
        except OSError:
            pass
        self.daemon.wait_for_metric(1, "redactd_source_handshake_failures_total", source="in", cause="wrong_name")
        said = re.search(r'names="(.*)"\n', self.daemon.says())[1]
        self.assertIn("email:a?[31mb@example.com, DNS:0xxx", said)
        self.assertLess(len(said), 1000)
        self.daemon.stop()

    def test_tls_on_the_plain_port(self):
        self.start(None)
        with self.assertRaises(OSError):
            Client(self.port, certificates.client_context())
        self.daemon.wait_for_metric(1, "redactd_source_frame_errors_total", source="in", kind="tls_handshake")
        send_records(self.port, "newline", [b"<13>good"])
        self.assertEqual(self.aggregator.wait_for(1), [b"<13>good"])
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 1)

    def test_half_a_handshake_is_closed_in_time(self):
        self.start(server_settings(), handshake_timeout="500ms")
        hello = self.client_hello()
        silent, half, slow = Client(self.port), Client(self.port), Client(self.port)
        begun = time.monotonic()
        half.send(hello[:len(hello) // 2])
        try:
            for byte in hello[:20]:
                slow.send(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass
        for client in (silent, half, slow):
            self.assertTrue(client.is_closed_by_peer())
            client.close()
        self.assertLess(time.monotonic() - begun, 9, "that is the default's")
        self.daemon.wait_for_metric(3, "redactd_source_handshake_failures_total", source="in", cause="timeout")
        self.assertIn('error="handshake timed out"', self.daemon.says())
        wait_until(lambda: self.daemon.metric("redactd_source_open_connections", source="in") == 0, "their places are free")
        self.assert_still_serves()
        self.daemon.stop()

    @staticmethod
    def client_hello():
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = certificates.client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    def test_a_record_that_comes_with_the_handshakes_last_bytes_is_not_left_lying(self):
        self.start(server_settings())
        received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = certificates.client_context().wrap_bio(received, sent, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as wire:
            while True:
                try:
                    client.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    wire.sendall(sent.read())
                    received.write(wire.recv(65536))
            client.write(b"5 early")
            wire.sendall(sent.read())
            self.assertEqual(self.aggregator.wait_for(1), [b"early"])
        self.daemon.stop()

    def test_the_end_without_a_goodbye_keeps_what_came(self):
        self.start(server_settings())
        planted = self.plant(token()).encode()
        with Client(self.port, certificates.client_context()) as client:
            client.send(b"5 whole100 half token " + planted[:30])
            self.aggregator.wait_for(1)
            client.socket.shutdown(socket.SHUT_RDWR)  # of the connection, not of TLS
        self.assertEqual(self.aggregator.wait_for(2), [b"whole", b"half token " + TOKEN_MASK.encode()])
        self.assertEqual(self.daemon.metric("redactd_source_incomplete_records_total", source="in"), 1)
        self.daemon.stop()

    def test_clients_that_never_read_lose_nothing(self):
        # One that closes with session tickets unread in its socket sends a reset, which destroys what it wrote last.
        self.start(server_settings())
        records = [b"<13>record %d " % number + b"x" * 200 for number in range(2000)]
        for _ in range(10):
            client = Client(self.port, certificates.client_context())
            client.send(frames("octet-counting", records))
            client.close()
        self.aggregator.wait_for(20000)
        self.daemon.stop()
        self.assertEqual(self.aggregator.count(), 20000)


    def test_when_it_ends_it_takes_what_has_come_and_says_goodbye(self):
        self.start(server_settings())
        records = [b"<13>record %d " % number + b"x" * 500 for number in range(400)]
        with Client(self.port, certificates.client_context()) as client:
            client.send(b"5 first")
            self.aggregator.wait_for(1)
            self.daemon.signal(signal.SIGSTOP)
            client.socket.suppress_ragged_eofs = False
            for record in records:
                client.send(frames("octet-counting", [record]))
            self.daemon.signal(signal.SIGTERM)
            self.daemon.signal(signal.SIGCONT)
            self.daemon.wait()
            self.assertEqual(client.socket.recv(1), b"")  # close_notify, RFC 5425 §4.4; without it this throws
        self.assertEqual(self.aggregator.wait_for(401), [b"first", *records])


class TlsToTheAggregator(DaemonTest):
    """Its certificate is verified, unless that is switched off, which is loud."""

    def start(self, aggregator, **sink):
        self.daemon, self.port = self.start_between(aggregator, sink={"reconnect_min": "20ms", "reconnect_max": "100ms", **sink})

    def send(self):
        send_records(self.port, "newline", [b"<13>token " + self.plant(token()).encode()])

    def assert_served(self, aggregator):
        self.send()
        self.assertEqual(aggregator.wait_for(1), [b"<13>token " + TOKEN_MASK.encode()])
        self.daemon.stop()

    def assert_not_believed(self, issued, **tls):
        aggregator = Aggregator(self, tls=certificates.server_context(issued))
        self.start(aggregator, tls={"ca": certificates.authority().certificate, **tls})
        self.assert_nothing_goes_out(aggregator)

    def assert_nothing_goes_out(self, aggregator):
        self.send()
        self.daemon.wait_for_metric(3, "redactd_sink_connect_failures_total", sink="out")
        self.assertFalse([record for record in aggregator.records + aggregator.rests if b"<13>" in record])
        self.assertEqual(self.daemon.metric("redactd_sink_sent_records_total", sink="out"), 0)
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon.look_for_secrets()

    def test_one_with_the_right_name_is_believed(self):
        aggregator = Aggregator(self, tls=certificates.server_context())
        self.start(aggregator, tls={"ca": certificates.authority().certificate})
        self.assert_served(aggregator)

    def test_another_name_that_is_allowed(self):
        aggregator = Aggregator(self, tls=certificates.server_context(certificates.authority().issue("logs", "DNS:logs.example.org")))
        self.start(aggregator, tls={"ca": certificates.authority().certificate, "peer_names": ["logs.example.org"]})
        self.assert_served(aggregator)

    def test_it_asks_for_a_client_certificate(self):
        client = certificates.client()
        aggregator = Aggregator(self, tls=certificates.server_context(ask_for_client=True))
        self.start(aggregator, tls={"ca": client.authority, "certificate": client.certificate, "key": client.key})
        self.assert_served(aggregator)

    def test_one_of_another_authority(self):
        self.assert_not_believed(certificates.authority("others").issue("server"))

    def test_one_with_another_name(self):
        self.assert_not_believed(certificates.authority().issue("elsewhere", "DNS:elsewhere.example.org"))

    def test_an_expired_one(self):
        self.assert_not_believed(certificates.authority().issue("expired-server", first_day=-20, last_day=-2))

    def test_one_that_is_for_clients(self):
        self.assert_not_believed(certificates.authority().issue("for-clients", usage="clientAuth"))

    def test_a_plain_port(self):
        aggregator = Aggregator(self, "newline")
        self.start(aggregator, endpoints=[f"tls://127.0.0.1:{aggregator.port}"], connect_timeout="300ms",
                   tls={"ca": certificates.authority().certificate})
        self.assert_nothing_goes_out(aggregator)

    def test_verification_switched_off_is_loud(self):
        aggregator = Aggregator(self, tls=certificates.server_context(certificates.authority("others").issue("server")))
        self.start(aggregator, tls={"verify": False})
        self.daemon.wait_for_metric(1, "redactd_sink_tls_unverified", sink="out")
        self.assertRegex(self.daemon.says(), r"warning .*verify")
        self.assert_served(aggregator)


if __name__ == "__main__":
    unittest.main()
