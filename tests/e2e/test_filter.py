"""app | redactd: bytes in, bytes out, and how it ends."""

import os
import select
import signal
import subprocess
import unittest

from harness import BINARY, CANARIES, TEXT, RedactdTest, secret
from pseudo_terminal import Terminal


def read_within(stream, seconds, size=65536):
    ready, _, _ = select.select([stream], [], [], seconds)
    return os.read(stream.fileno(), size) if ready else b""


class Filter(RedactdTest):
    def test_masks_with_the_built_in_rules(self):
        run = self.run_redactd(input=TEXT)
        self.assertEqual(run.code, 0)
        self.assertEqual(run.err, "")
        self.assertEqual(run.out.count(b"\n"), 4)
        self.assertEqual(run.out.count(b"[REDACTED:"), 3)
        self.assertTrue(run.out.endswith(b"an ordinary line\n"))

    def test_a_line_comes_out_as_soon_as_it_came_in(self):
        process = self.start()
        for number in range(5):
            process.stdin.write(b"line %d password=%s\n" % (number, CANARIES[1].encode()))
            process.stdin.flush()
            self.assertEqual(read_within(process.stdout, 60), b"line %d password=[REDACTED:password]\n" % number)
        process.stdin.write(b"no line yet")
        process.stdin.flush()
        self.assertEqual(read_within(process.stdout, 0.2), b"", "half a line was let out")
        process.stdin.close()
        self.assertEqual(read_within(process.stdout, 60), b"no line yet")
        self.assertEqual(process.wait(60), 0)

    def test_empty_input_gives_empty_output(self):
        run = self.run_redactd(input=b"")
        self.assertEqual((run.code, run.out, run.err), (0, b"", ""))

    def test_the_tail_without_a_line_feed_is_masked_and_none_is_added(self):
        run = self.run_redactd(input=b"tail password=" + CANARIES[1].encode())
        self.assertEqual((run.code, run.out), (0, b"tail password=[REDACTED:password]"))

    def test_a_token_cut_off_by_the_end_is_masked(self):
        run = self.run_redactd(input=b"tail " + CANARIES[0].encode()[:30])
        self.assertNotIn(CANARIES[0].encode()[:30], run.out)

    def test_bytes_that_are_no_text_pass(self):
        data = bytes(range(256)) * 100 + b"\r\n\0\xff\n\n"
        self.assertEqual(self.run_redactd(input=data).out, data)

    def test_utf16_is_masked_and_stays_utf16(self):
        """As Windows' PowerShell and SQL Server write it."""
        for codec in ("utf-16-le", "utf-16-be"):
            def encoded(text, codec=codec):
                return ("\ufeff" + text).encode(codec)
            text = encoded(f"schön \U0001f4a1\r\npassword={CANARIES[1]}\r\nlast")
            clean = encoded("schön \U0001f4a1\r\npassword=[REDACTED:password]\r\nlast")
            run = self.run_redactd("--stats", input=text)
            self.assertEqual(run.out, clean)
            self.assertIn(" 3 records, 1 masks", run.err)
            self.assertEqual(self.run_redactd("--observe", input=text).out, text)
            process = self.start()  # a byte now and then
            for at in range(len(text)):
                process.stdin.write(text[at:at + 1])
                process.stdin.flush()
            process.stdin.close()
            self.assertEqual(process.stdout.read(), clean)
            self.assertEqual(process.wait(60), 0)

    def test_bytes_behind_utf16_are_masked(self):
        """What PowerShell began, another program appends to."""
        def text(secret):
            return (f"\ufeffpassword={secret}\r\n".encode("utf-16-le") + f"password={secret}\r\n".encode() +
                    f"password={secret}\r\n".encode("utf-16-le"))
        run = self.run_redactd("--stats", input=text(CANARIES[1]))
        self.assertEqual(run.out, text("[REDACTED:password]"))
        self.assertIn(" 3 records, 3 masks", run.err)
        self.assertEqual(self.run_redactd("--observe", input=text(CANARIES[1]), reveals=True).out, text(CANARIES[1]))

    def test_half_a_mark_of_utf16_passes(self):
        for data in (b"\xff", b"\xfe", b"\xff\xfe", b"\xff\xfea", b"\xffa\n"):
            self.assertEqual(self.run_redactd(input=data).out, data)

    def test_a_file_and_a_pipe_give_the_same(self):
        path = self.write("in.log", TEXT * 1000)
        with open(path, "rb") as file:
            from_file = subprocess.run([BINARY], stdin=file, capture_output=True, timeout=60).stdout
        self.assertEqual(from_file, self.run_redactd(input=TEXT * 1000).out)

    def test_signals_flush_what_was_read(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start()
            process.stdin.write(b"one\ntail password=" + CANARIES[1].encode())
            process.stdin.flush()
            self.assertEqual(read_within(process.stdout, 60), b"one\n")
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
            self.assertEqual(out, b"tail password=[REDACTED:password]")
            self.assertEqual(err, b"")
            self.assertEqual(process.returncode, 0)

    def test_a_reader_that_is_gone_ends_it_quietly(self):
        process = self.start()
        process.stdout.close()
        try:
            for _ in range(1000):
                process.stdin.write(TEXT * 100)
                process.stdin.flush()
        except BrokenPipeError:
            pass
        process.wait(60)
        self.assertIn(process.returncode, (0, -signal.SIGPIPE))
        self.assertEqual(process.stderr.read(), b"")


class OnATerminal(RedactdTest):
    def test_prompts_and_progress_show_before_their_line_ends(self):
        terminal = Terminal(self, ["sh", "-c", f"(printf '10 %%\\r20 %%\\rContinue? '; read line; echo done) | '{BINARY}'"])
        terminal.wait_for(b"10 %\r20 %\rContinue? ")
        terminal.type(b"\r")
        self.assertEqual(terminal.wait(), 0)


class Failures(RedactdTest):
    """Exit status 3, a message, and nothing in clear."""

    def test_a_full_disk(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "wb") as full:
            process = self.start(stdout=full)
            _, err = process.communicate(TEXT, timeout=60)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"No space left", err)
        self.assert_no_canary(err, "standard error")

    def test_closed_standard_streams(self):
        for closed in ("<&-", ">&-"):
            done = subprocess.run(["sh", "-c", f"exec '{BINARY}' {closed}"], input=TEXT, capture_output=True, timeout=60)
            self.assertEqual(done.returncode, 3, closed)
            self.assertNotEqual(done.stderr, b"")
            self.assertEqual(done.stdout, b"")

    def test_an_input_that_cannot_be_read(self):
        descriptor = os.open(self.folder, os.O_RDONLY)  # a folder
        self.addCleanup(os.close, descriptor)
        process = self.start(stdin=descriptor)
        out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (3, b""))
        self.assertNotEqual(err, b"")

    def test_the_same_file_as_input_and_output(self):
        path = self.write("log", TEXT)
        done = subprocess.run(["sh", "-c", f"'{BINARY}' < {path} >> {path}"], capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 3)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), TEXT)

    def test_wrong_configuration_reads_no_byte(self):
        bad_rules = self.write("bad.yaml", "rules:\n  - id: x\n")
        no_yaml = self.write("no.yaml", "a: [\n")
        short_key = self.write("key", "short")
        for arguments in (["--rules", os.path.join(self.folder, "nosuch.yaml")], ["--rules", bad_rules], ["--rules", no_yaml], ["--config", no_yaml],
                          ["--config", "/nonexistent/redactd.yaml"], ["--known", "/nonexistent"], ["--mask", "fingerprint"],
                          ["--mask", "fingerprint", "--mask-key-file", short_key, "--mask-key-id", "k1"], ["--nosuch"], ["--disable", "nosuch"],
                          ["--disable", "all"], ["--mask-text", "a\"b"], ["--max-record", "1"]):
            run = self.run_redactd(*arguments, input=TEXT)
            self.assertEqual(run.code, 2, arguments)
            self.assertEqual(run.out, b"", arguments)
            self.assertNotEqual(run.err, "", arguments)


class Options(RedactdTest):
    def test_observe_counts_and_says_loudly_that_it_masks_nothing(self):
        done = subprocess.run([BINARY, "--observe"], input=TEXT, capture_output=True, timeout=60)
        self.assertEqual(done.stdout, TEXT)
        self.assertIn(b"OBSERV", done.stderr)
        self.assertIn(b"3", done.stderr)
        self.assert_no_canary(done.stderr, "standard error")
        self.assertEqual(done.returncode, 0)

    def test_stats_at_the_end(self):
        run = self.run_redactd("--stats", input=TEXT)
        self.assertIn(f"{len(TEXT)} bytes, 4 records, 3 masks", run.err)
        self.assertIn("MB/s", run.err)
        self.assertIn("password", run.err)

    def test_masks(self):
        key = self.write("key", secret("", 40))
        line = b"password=" + CANARIES[1].encode() + b"\n"
        self.assertEqual(self.run_redactd("--mask", "length", input=line).out, b"password=" + b"*" * len(CANARIES[1]) + b"\n")
        self.assertEqual(self.run_redactd("--mask-text", "XX", input=line).out, b"password=XX\n")
        fingerprint = ["--mask", "fingerprint", "--mask-key-file", key, "--mask-key-id", "k1"]
        run = self.run_redactd(*fingerprint, input=line)
        self.assertRegex(run.out, rb"^password=\[REDACTED:password:k1:[0-9a-f]{8}\]\n$")
        self.assertEqual(self.run_redactd(*fingerprint, input=line).out, run.out)
        shown = self.run_redactd("--mask", "partial", "--mask-keep", "2", input=line).out
        self.assertEqual(len(shown), len(line))

    def test_known_values_and_own_rules(self):
        known = self.write("known", "my-very-own-value\n")
        pack = self.write("pack.yaml", "rules:\n  - {id: acme, title: Acme, kind: token, pattern: 'acme_[a-z]{8}', severity: high, "
                                       "examples: ['«acme_{lower:8}»']}\n")
        run = self.run_redactd("--known", known, "--rules", pack, input=b"my-very-own-value acme_abcdefgh\n")
        self.assertEqual(run.out, b"[REDACTED:known] [REDACTED:acme]\n")

    def test_the_configuration_file(self):
        self.write("pack.yaml", "rules:\n  - {id: acme, title: Acme, kind: token, pattern: 'acme_[a-z]{8}', severity: high, "
                                "examples: ['«acme_{lower:8}»']}\n")
        config = self.write("redactd.yaml", "rules: {files: pack.yaml, disable: [password]}\nmask: {style: fixed, text: GONE}\n")
        self.assertEqual(self.run_redactd("--config", config, input=b"acme_abcdefgh\n").out, b"GONE\n")

    def test_small_windows_give_the_same(self):
        line = (b"x" * 999 + b" password=" + CANARIES[1].encode() + b" ") * 300 + b"\n"
        self.assertEqual(self.run_redactd("--max-record", "1KiB", input=line).out, self.run_redactd(input=line).out)


class Memory(RedactdTest):
    @unittest.skipIf("san" in BINARY or os.environ.get("REDACTD_SANITIZED"), "a sanitizer needs more")
    def test_300_megabytes_without_a_line_feed_stay_in_48_mebibytes(self):
        script = ("import resource, subprocess, sys\n"
                  "p = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)\n"
                  "block = (b'request took 12 ms, status ok; ' * 40000)[:1000000]\n"
                  "for _ in range(300): p.stdin.write(block)\n"
                  "p.stdin.close()\n"
                  "assert p.wait() == 0\n"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n")
        done = subprocess.run(["python3", "-c", script, BINARY], capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLessEqual(int(done.stdout), 48 * 1024, "KiB")


if __name__ == "__main__":
    unittest.main()
