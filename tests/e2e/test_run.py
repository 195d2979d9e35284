"""redactd run -- PROGRAM: its streams, its signals, its exit status, its terminal, and what never shows."""

import base64
import os
import re
import select
import signal
import subprocess
import sys
import time
import unittest

from harness import BINARY, CANARIES, TEXT, TIME_LIMIT, RedactdTest, secret
from pseudo_terminal import Terminal
from wire import wait_until

MASK = b"[REDACTED:known:DB_PASSWORD]"
PASSWORD = secret("", 24, "of the environment")
SANITIZED = "REDACTD_SANITIZED" in os.environ


def python(code, *arguments):
    return [sys.executable, "-c", code, *arguments]


def environment(**more):
    return {**os.environ, "DB_PASSWORD": PASSWORD, **more}


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class RunTest(RedactdTest):
    def run_program(self, *program, options=(), **more):
        run = self.run_redactd("run", *options, "--", *program, env=environment(), **more)
        self.assertNotIn(PASSWORD.encode(), run.out)
        self.assertNotIn(PASSWORD, run.err)
        return run

    def start_program(self, *program, options=(), **more):
        return self.start("run", *options, "--", *program, env=more.pop("env", environment()), **more)

    def read_until(self, stream, end, seconds=TIME_LIMIT):
        got = b""
        deadline = time.monotonic() + seconds
        while not got.endswith(end):
            ready, _, _ = select.select([stream], [], [], max(0, deadline - time.monotonic()))
            piece = os.read(stream.fileno(), 65536) if ready else b""
            self.assertTrue(piece, f"{got!r} instead of {end!r}")
            got += piece
        return got


class Status(RunTest):
    def test_is_that_of_the_program(self):
        for status in (0, 1, 3, 42, 255):
            run = self.run_program("sh", "-c", f"exit {status}")
            self.assertEqual((run.code, run.out, run.err), (status, b"", ""))

    def test_is_128_and_the_number_of_the_signal_that_ended_it(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGUSR1):
            self.assertEqual(self.run_program("sh", "-c", f"kill -{int(number)} $$").code, 128 + number)

    def test_is_127_for_a_program_that_is_not_there(self):
        run = self.run_program("no-such-program")
        self.assertEqual((run.code, run.out), (127, b""))
        self.assertEqual(run.err, "redactd: no-such-program: command not found\n")
        run = self.run_program("/nonexistent/program")
        self.assertEqual((run.code, run.err), (127, "redactd: /nonexistent/program: No such file or directory\n"))

    def test_is_126_for_one_that_cannot_be_run(self):
        path = self.write("data", "no program")
        run = self.run_program(path)
        self.assertEqual((run.code, run.err), (126, f"redactd: {path}: Permission denied\n"))
        self.assertEqual(self.run_program(self.folder).code, 126)

    def test_a_script_without_an_interpreter_is_run_by_sh(self):
        path = self.write("script", 'echo "script $1"; exit 5\n')
        os.chmod(path, 0o755)
        run = self.run_program(path, "argument")
        self.assertEqual((run.code, run.out), (5, b"script argument\n"))

    def test_wrong_usage_is_2_and_starts_nothing(self):
        path = os.path.join(self.folder, "started")
        for options in (["--nosuch"], ["--linger", "soon"], ["--rules", "/nonexistent"], ["--mask", "nosuch"]):
            run = self.run_redactd("run", *options, "--", "touch", path)
            self.assertEqual(run.code, 2, options)
            self.assertNotEqual(run.err, "")
        for arguments in ([], ["--"], ["--", ""], ["ls", "-l"]):
            run = self.run_redactd("run", *arguments)
            self.assertEqual(run.code, 2, arguments)
            self.assertIn("redactd run -- PROGRAM ARGUMENTS", run.err)
        self.assertFalse(os.path.exists(path))

    def test_the_words_of_the_program_are_its_own(self):
        run = self.run_program("echo", "--stats", "--", "run", "scan", "--help", "-x", "", "a  b")
        self.assertEqual(run.out, b"--stats -- run scan --help -x  a  b\n")
        self.assertEqual(run.err, "")


class Streams(RunTest):
    def test_are_masked_and_stay_apart(self):
        run = self.run_program("sh", "-c", f'echo "out {CANARIES[0]}"; echo "err password={CANARIES[1]}" >&2; echo more')
        self.assertEqual(run.out, b"out [REDACTED:github-token]\nmore\n")
        self.assertEqual(run.err, "err password=[REDACTED:password]\n")

    def test_merged_they_keep_the_order_of_writing(self):
        code = "import os\nfor n in range(500): os.write(1 + n % 2, b'%d\\n' % n)"
        run = self.run_program(*python(code), options=["--merge"])
        self.assertEqual(run.out, b"".join(b"%d\n" % n for n in range(500)))
        self.assertEqual(run.err, "")

    def test_bytes_that_are_no_text_pass(self):
        data = bytes(range(256)) * 300 + b"\r\n\0\xff tail"
        path = self.write("data", data)
        self.assertEqual(self.run_program("cat", path).out, data)
        self.assertEqual(self.run_program("cat", path, options=["--pty"]).out, data)

    def test_standard_input_is_the_programs(self):
        run = self.run_program("cat", input=TEXT)
        self.assertEqual(run.out.count(b"[REDACTED:"), 3)
        code = "import os; print(os.fstat(0).st_ino)"
        path = self.write("input", "x")
        with open(path, "rb") as file:
            run = self.run_redactd("run", "--", *python(code), stdin=file, input=None)
        self.assertEqual(int(run.out), os.stat(path).st_ino)

    def test_a_line_comes_out_as_soon_as_it_was_written(self):
        process = self.start_program("sh", "-c", "while read line; do echo $line; done")
        for number in range(5):
            process.stdin.write(b"line %d %s\n" % (number, PASSWORD.encode()))
            process.stdin.flush()
            self.assertEqual(self.read_until(process.stdout, b"\n"), b"line %d %s\n" % (number, MASK))

    def test_much_output_is_complete_and_memory_stays_flat(self):
        megabytes = int(os.environ.get("REDACTD_RUN_MB", "64"))
        line = (b"%-99d\n" * 8) % tuple(range(8))
        code = (f"import os\nblock = {line!r} * 1311\nfor n in range({megabytes}): os.writev(1, [block[:1 << 20]])\n"
                "os.write(1, b'last\\n')")
        # The peak of the wrapper alone, read while it still lives: it reports the program's end last.
        process = self.start_program(*python(code))
        process.stdin.close()
        expected = (line * 1311)[: 1 << 20]
        peak = 0
        for _ in range(megabytes):
            block = process.stdout.read(1 << 20)
            self.assertEqual(len(block), len(expected))
            self.assertTrue(block == expected, "other bytes")
            peak = max(peak, resident(process.pid))
        self.assertEqual(process.stdout.read(), b"last\n")
        self.assertEqual(process.wait(TIME_LIMIT), 0)
        if not SANITIZED:
            self.assertLess(peak, 48 << 20)

    def test_a_reader_that_does_not_read_holds_up_neither_the_other_stream_nor_signals(self):
        code = ("import os, signal, threading\n"
                "signal.signal(signal.SIGTERM, lambda *_: (os.write(2, b'told\\n'), os._exit(7)))\n"
                "threading.Thread(target=lambda: os.write(1, b'x\\n' * (8 << 20)), daemon=True).start()\n"
                "os.write(2, b'ready\\n')\nwhile True: signal.pause()")
        process = self.start_program(*python(code))
        self.read_until(process.stderr, b"ready\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.read_until(process.stderr, b"told\n"), b"told\n")
        process.stdout.close()
        self.assertEqual(process.wait(TIME_LIMIT), 7)

    def test_a_program_that_closes_its_output_goes_on(self):
        code = "import os, time\nos.write(1, b'one\\n'); os.close(1)\nos.write(2, b'closed\\n')\ninput()\nraise SystemExit(4)"
        process = self.start_program(*python(code))
        self.assertEqual(process.stdout.readline(), b"one\n")
        self.read_until(process.stderr, b"closed\n")
        self.assertIsNone(process.poll())
        process.stdin.write(b"\n")
        process.stdin.flush()
        self.assertEqual(process.wait(TIME_LIMIT), 4)

    def test_a_reader_that_is_gone_is_gone_for_the_program_too(self):
        done = subprocess.run(["bash", "-c", f"set -o pipefail; '{BINARY}' run -- yes password={CANARIES[1]} | head -n 1"],
                              capture_output=True, timeout=TIME_LIMIT)
        self.assertEqual(done.stdout, b"password=[REDACTED:password]\n")
        self.assertEqual(done.stderr, b"")
        self.assertEqual(done.returncode, 128 + signal.SIGPIPE)

    def test_the_other_stream_goes_on_without_the_reader_of_one(self):
        code = ("import os, signal\nsignal.signal(signal.SIGPIPE, signal.SIG_IGN)\n"
                "try:\n    while True: os.write(1, b'x\\n' * 1000)\n"
                "except BrokenPipeError: os.write(2, b'the reader is gone\\n')")
        process = self.start_program(*python(code))
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(self.read_until(process.stderr, b"\n"), b"the reader is gone\n")
        self.assertEqual(process.wait(TIME_LIMIT), 0)

    def test_an_output_that_cannot_be_written_is_3_and_shows_nothing(self):
        with open("/dev/full", "wb") as full:
            process = self.start_program("yes", "password=" + CANARIES[1], stdout=full)
            _, err = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual(process.returncode, 3)
        self.assertIn(b"cannot write to standard output: No space left", err)
        self.assert_no_canary(err, "standard error")


    @unittest.skipIf(SANITIZED, "the address space is the sanitizer's")
    def test_an_engine_that_fails_is_3_and_the_program_loses_its_reader(self):
        code = (f"import os, sys\npiece = b'- ' * 500000\ntry:\n    os.write(1, b'password={CANARIES[1]} ')\n"
                "    for _ in range(1000): os.write(1, piece)\n"
                "except BrokenPipeError: sys.stderr.write('the reader is gone\\n')")
        # A record that may be held for ever, and no memory for it.
        script = f"ulimit -v 400000; exec '{BINARY}' run --max-record 1GiB -- '{sys.executable}' -c \"$0\""
        done = subprocess.run(["sh", "-c", script, code], capture_output=True, timeout=180, check=False)
        self.assertEqual((done.returncode, done.stdout), (3, b""))
        self.assertEqual(sorted(done.stderr.splitlines()),
                         [b"redactd: out of memory; nothing more is written to standard output", b"the reader is gone"])


def resident(pid):
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Secrets(RunTest):
    """What the environment holds never shows, whatever rules there are."""

    def test_of_the_environment_are_masked_by_the_names_of_their_variables(self):
        run = self.run_program("env")
        self.assertIn(b"DB_PASSWORD=" + MASK, run.out)
        run = self.run_program("sh", "-c", "echo on $DB_PASSWORD; echo $DB_PASSWORD >&2; printf %s $DB_PASSWORD", options=["--disable", "all"])
        self.assertEqual(run.out, b"on " + MASK + b"\n" + MASK)
        self.assertEqual(run.err.encode(), MASK + b"\n")

    def test_also_split_over_two_writes(self):
        code = ("import os, time\nvalue = os.environb[b'DB_PASSWORD'] + b'\\n'\nfor n in range(len(value)):\n"
                "    os.write(1, value[:n]); time.sleep(0.002); os.write(1, value[n:])")
        run = self.run_program(*python(code))
        self.assertEqual(run.out, (MASK + b"\n") * (len(PASSWORD) + 1))
        token = CANARIES[0].encode()
        code = f"import os, time\nos.write(1, {token[:9]!r}); time.sleep(0.05); os.write(1, {token[9:]!r})"
        self.assertEqual(self.run_program(*python(code)).out, b"[REDACTED:github-token]")

    def test_also_encoded(self):
        run = self.run_program("sh", "-c", "printf %s $DB_PASSWORD | base64; printf %s $DB_PASSWORD | od -An -tx1 | tr -d ' \\n'")
        self.assertNotIn(base64.b64encode(PASSWORD.encode())[:20], run.out)
        self.assertNotIn(PASSWORD.encode().hex()[:20].encode(), run.out)

    def test_also_the_password_of_a_url(self):
        url = f"postgres://app:{PASSWORD}@db.example.org/app"
        run = self.run_redactd("run", "--disable", "all", "--", "sh", "-c", 'echo "connecting with ${DATABASE_URL#*app:}"',
                               env={"PATH": os.environ["PATH"], "DATABASE_URL": url})
        self.assertNotIn(PASSWORD.encode(), run.out)

    def test_also_that_of_a_url_in_a_variable_of_any_name(self):
        for value in (f"amqp://app:{PASSWORD}@queue:5672/", f"http://me:{PASSWORD}@proxy:3128", f"redis://:{PASSWORD}@cache"):
            run = self.run_redactd("run", "--disable", "all", "--", "sh", "-c", 'echo "with ${WHERE#*:*:}"; echo "$ELSEWHERE"',
                                   env={"PATH": os.environ["PATH"], "WHERE": value, "ELSEWHERE": "https://example.org/a@b:c"})
            self.assertNotIn(PASSWORD.encode(), run.out)
            self.assertEqual(run.out.splitlines()[1], b"https://example.org/a@b:c")

    def test_also_of_variables_that_are_named(self):
        value = secret("", 20, "pin")
        variables = {"PATH": os.environ["PATH"], "MY_PIN": value, "SHORT_PIN": "ab"}
        run = self.run_redactd("run", "--", "sh", "-c", "echo $MY_PIN", env=variables)
        self.assertEqual(run.out, value.encode() + b"\n")
        run = self.run_redactd("run", "--env", "*_pin", "--", "sh", "-c", "echo $MY_PIN", env=variables)
        self.assertEqual(run.out, b"[REDACTED:known:MY_PIN]\n")
        self.assertIn("environment variable SHORT_PIN is not masked: it is shorter than 6 bytes", run.err)

    def test_a_variable_may_pass_by_name(self):
        run = self.run_redactd("run", "--disable", "known:DB_PASSWORD", "--", "printenv", "DB_PASSWORD", env=environment())
        self.assertEqual(run.out, PASSWORD.encode() + b"\n")

    def test_paths_of_secrets_are_none(self):
        run = self.run_redactd("run", "--", "printenv", "DB_PASSWORD_FILE",
                               env={"PATH": os.environ["PATH"], "DB_PASSWORD_FILE": "/run/secrets/database"})
        self.assertEqual(run.out, b"/run/secrets/database\n")

    def test_the_program_sees_its_environment_unchanged(self):
        code = f"import os; raise SystemExit(os.environ['DB_PASSWORD'] != {PASSWORD!r})"
        self.assertEqual(self.run_program(*python(code)).code, 0)


class Options(RunTest):
    """Those of the filter work with run in the same way."""

    def test_rules_and_masks(self):
        rules = self.write("mine.yaml", "rules:\n  - id: acme\n    title: Acme\n    kind: token\n    pattern: 'acme_[a-z]{6}'\n"
                                        "    severity: high\n    examples: ['«acme_{lower:6}»']\n")
        run = self.run_program("echo", "acme_abcdef", CANARIES[0], options=["--rules", rules, "--mask", "length"])
        self.assertEqual(run.out, b"*" * 11 + b" " + b"*" * 40 + b"\n")
        config = self.write("redactd.yaml", "rules: {files: [mine.yaml]}\nmask: {style: fixed, text: GONE}\n")
        run = self.run_program("echo", "acme_abcdef", options=["--config", config])
        self.assertEqual(run.out, b"GONE\n")
        known = self.write("known", secret("", 12, "listed"))
        run = self.run_program("echo", secret("", 12, "listed"), options=["--known", known])
        self.assertEqual(run.out, b"[REDACTED:known]\n")

    def test_stats_are_of_both_streams(self):
        run = self.run_program("sh", "-c", f"echo password={CANARIES[1]}; echo password={CANARIES[1]} >&2; echo plain", options=["--stats"])
        self.assertRegex(run.err, r"redactd: 62 bytes, 3 records, 2 masks in ")
        self.assertRegex(run.err, r"redactd: +2  password\n")

    def test_observe_masks_nothing_and_says_so(self):
        run = self.run_redactd("run", "--observe", "--", "echo", "password=" + CANARIES[1], reveals=True)
        self.assertEqual(run.out, b"password=" + CANARIES[1].encode() + b"\n")
        self.assertIn("OBSERVING ONLY", run.err)

    def test_long_records_go_in_windows(self):
        data = b"x " * (1 << 20) + b" password=" + CANARIES[1].encode() + b" y" * 100000
        path = self.write("long", data)
        run = self.run_program("cat", path, options=["--max-record", "64KiB"])
        self.assertEqual(run.out, data.replace(CANARIES[1].encode(), b"[REDACTED:password]"))


class Signals(RunTest):
    def test_are_passed_on(self):
        code = ("import os, signal\ndef told(number, _): os.write(1, b'%d\\n' % number)\n"
                "for name in ('HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'ALRM', 'WINCH'): signal.signal(getattr(signal, 'SIG' + name), told)\n"
                "signal.signal(signal.SIGRTMIN + 3, told)\n"
                "os.write(1, b'ready\\n')\ninput()")
        for options in ([], ["--pty"]):
            process = self.start_program(*python(code), options=options)
            self.read_until(process.stdout, b"ready\n")
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM,
                           signal.SIGWINCH, signal.SIGRTMIN + 3):
                process.send_signal(number)
                self.assertEqual(self.read_until(process.stdout, b"\n"), b"%d\n" % number)
            process.stdin.write(b"\n")
            process.stdin.close()
            self.assertEqual(process.wait(TIME_LIMIT), 0)

    def test_that_end_the_program_end_both(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = self.start_program("sh", "-c", "echo ready; exec sleep 60")
            self.read_until(process.stdout, b"ready\n")
            process.send_signal(number)
            self.assertEqual(process.wait(TIME_LIMIT), 128 + number)

    def test_what_the_program_says_at_its_end_is_masked_and_written(self):
        code = ("import os, signal, time\ndef end(*_):\n    os.write(1, b'ending ' + os.environb[b'DB_PASSWORD']); os._exit(9)\n"
                "signal.signal(signal.SIGTERM, end)\nos.write(1, b'ready\\n')\nwhile True: signal.pause()")
        process = self.start_program(*python(code))
        self.read_until(process.stdout, b"ready\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.stdout.read(), b"ending " + MASK)
        self.assertEqual(process.wait(TIME_LIMIT), 9)

    def test_stop_and_go_on(self):
        # In a group whose parent is in its session: an orphaned one is not stopped (POSIX, general concepts, 11.1.4).
        process = self.start_program("sh", "-c", "echo $$; exec sleep 60", start_new_session=False, preexec_fn=os.setpgrp)
        program = int(self.read_until(process.stdout, b"\n"))
        process.send_signal(signal.SIGTSTP)
        wait_until(lambda: state(program) == "T" and state(process.pid) == "T", "both stand still")
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: state(program) == "S" and state(process.pid) == "S", "both go on")
        process.terminate()
        self.assertEqual(process.wait(TIME_LIMIT), 128 + signal.SIGTERM)

    def test_are_for_the_program_as_they_were_for_redactd(self):
        ask = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"]
        own = 3 << 31  # the C library's, which it always ignores in what it starts
        here, under = ([int(word, 16) & ~own for word in out.split()[1::2]]
                       for out in (subprocess.run(ask, capture_output=True, check=True).stdout, self.run_program(*ask).out))
        self.assertEqual(under, here)
        done = subprocess.run(["sh", "-c", f"trap '' HUP; exec '{BINARY}' run -- grep SigIgn /proc/self/status"], capture_output=True, timeout=TIME_LIMIT)
        self.assertTrue(int(done.stdout.split()[1], 16) & 1, "what nohup asks for")


def state(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


class Surroundings(RunTest):
    """What the program gets besides."""

    def test_no_file_of_redactd_is_left_open_and_those_of_the_caller_are(self):
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        self.addCleanup(os.close, write)
        for options in ([], ["--pty"], ["--merge"]):
            run = self.run_program("ls", "/proc/self/fd", options=options, pass_fds=[write])
            # ls itself opens one: the lowest that is free.
            self.assertLessEqual({0, 1, 2, write}, {int(word) for word in run.out.split()})
            self.assertEqual(len(run.out.split()), 5, run.out)

    def test_it_can_be_dumped_and_debugged_and_redactd_cannot(self):
        code = "import ctypes, resource; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[1])"
        here = subprocess.run(python(code), capture_output=True, check=True).stdout
        self.assertEqual(self.run_program(*python(code)).out, here)
        if os.geteuid() != 0:
            process = self.start_program("sh", "-c", "echo ready; read line")
            self.read_until(process.stdout, b"ready\n")
            with self.assertRaises(PermissionError):
                with open(f"/proc/{process.pid}/environ", "rb") as file:
                    file.read()

    def test_standard_input_may_be_closed(self):
        for options in ("", "--pty"):
            done = subprocess.run(["sh", "-c", f"exec '{BINARY}' run {options} -- sh -c 'cat; echo end; exit 6' <&-"], capture_output=True, timeout=TIME_LIMIT)
            self.assertEqual((done.returncode, done.stdout), (6, b"end\n"), done.stderr)

    def test_standard_error_may_be_closed(self):
        done = subprocess.run(["sh", "-c", f"exec '{BINARY}' run -- sh -c 'echo out; echo err >&2; exit 6' 2>&-"], capture_output=True, timeout=TIME_LIMIT)
        self.assertEqual((done.returncode, done.stdout), (6, b"out\n"))


class LeftRunning(RunTest):
    """Processes that the program leaves behind."""

    def test_are_waited_for_while_they_hold_the_output(self):
        process = self.start_program("sh", "-c", "(read line < $0; echo late $DB_PASSWORD) & exit 5", self.fifo("go"))
        with open(self.fifo("go"), "w", encoding="ascii") as go:
            go.write("\n")
        self.assertEqual(process.stdout.read(), b"late " + MASK + b"\n")
        self.assertEqual(process.wait(TIME_LIMIT), 5)

    def fifo(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            os.mkfifo(path)
        return path

    def test_that_gave_their_output_away_are_not(self):
        process = self.start_program("sh", "-c", "sleep 60 > /dev/null 2>&1 & echo $!; exit 5")
        left = int(process.stdout.read())
        self.addCleanup(os.kill, left, signal.SIGKILL)
        self.assertEqual(process.wait(TIME_LIMIT), 5)
        self.assertTrue(alive(left))

    def test_that_stay_are_told_of_and_left_on_a_signal(self):
        process = self.start_program("sh", "-c", "sleep 60 & echo $!; exit 5")
        left = int(self.read_until(process.stdout, b"\n"))
        self.addCleanup(os.kill, left, signal.SIGKILL)
        told = self.read_until(process.stderr, b"\n")
        self.assertIn(b"the program has ended (status 5)", told)
        self.assertIsNone(process.poll())
        process.terminate()
        self.assertEqual(process.wait(TIME_LIMIT), 5)
        self.assertTrue(alive(left))

    def test_that_stay_are_left_after_the_time_given(self):
        process = self.start_program("sh", "-c", "sleep 60 & echo $!; printf 'tail %s' $DB_PASSWORD; exit 5", options=["--linger", "0s"])
        left, tail = process.stdout.read().split(b"\n")
        self.addCleanup(os.kill, int(left), signal.SIGKILL)
        self.assertEqual(tail, b"tail " + MASK, "what the program itself had written")
        self.assertEqual(process.wait(TIME_LIMIT), 5)
        self.assertEqual(process.stderr.read(), b"")


@unittest.skipUnless(os.geteuid() == 0, "needs root for a PID namespace")
class ProcessOne(RunTest):
    """In a PID namespace, as in a container."""

    def start_as_init(self, *program, options=()):
        process = subprocess.Popen(["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", BINARY, "run", *options, "--", *program],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())

        def end():
            process.kill()
            process.communicate(timeout=TIME_LIMIT)

        self.addCleanup(end)
        return process

    def test_passes_the_status_on(self):
        process = self.start_as_init("sh", "-c", "echo my parent is $PPID; exit 5")
        out, err = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual((process.returncode, out, err), (5, b"my parent is 1\n", b""))
        process = self.start_as_init("sh", "-c", "kill -TERM $$")
        process.communicate(timeout=TIME_LIMIT)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)

    def test_reaps_orphans(self):
        script = ("for n in 1 2 3 4 5 6 7 8; do (sh -c 'exit 3' & ); done; "
                  "while ps -e -o stat= | grep -q Z || [ $(ps -e -o pid= | wc -l) -gt 5 ]; do sleep 0.05; done; "
                  "echo no zombie; ps -e -o stat= | grep -c Z")
        process = self.start_as_init("sh", "-c", script)
        out, _ = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual(out, b"no zombie\n0\n")

    def test_passes_signals_on_though_one_of_that_number_ignores_them(self):
        process = self.start_as_init("sh", "-c", "trap 'echo told; exit 6' TERM; echo ready; while :; do sleep 0.05; done")
        self.read_until(process.stdout, b"ready\n")
        # unshare passes nothing on: the signal goes to its child.
        with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii") as file:
            os.kill(int(file.read().split()[0]), signal.SIGTERM)
        self.assertEqual(process.stdout.read(), b"told\n")
        self.assertEqual(process.wait(TIME_LIMIT), 6)

    def test_does_not_outlive_the_program_for_what_it_left_running(self):
        begun = time.monotonic()
        process = self.start_as_init("sh", "-c", "sleep 600 & echo done; exit 5")
        out, err = process.communicate(timeout=TIME_LIMIT)
        self.assertEqual((process.returncode, out, err), (5, b"done\n", b""))
        self.assertLess(time.monotonic() - begun, 60)


class InATerminal(RunTest):
    """--pty: the program has a terminal of its own, and the user's is as it was afterwards."""

    def test_the_program_has_a_terminal(self):
        run = self.run_program("sh", "-c", "test -t 0; echo in $?; test -t 1; echo out $?; test -t 2; echo err $? >&2", options=["--pty"])
        self.assertEqual(run.out, b"in 1\nout 0\n")
        self.assertEqual(run.err, "err 1\n")
        run = self.run_program("sh", "-c", "test -t 2; echo err $? >&2", options=["--pty", "--merge"])
        self.assertEqual(run.out, b"err 0\n")

    def test_colours_stay(self):
        os.mkdir(os.path.join(self.folder, "folder"))
        run = self.run_program("env", "TERM=xterm", "ls", "--color=auto", self.folder, options=["--pty"])
        self.assertIn(b"\x1b[", run.out)
        run = self.run_program("ls", "--color=auto", self.folder)
        self.assertEqual(run.out, b"folder\n")

    def test_output_comes_line_by_line(self):
        process = self.start_program(*python("import time\nprint('one')\ntime.sleep(60)"), options=["--pty"])
        self.assertEqual(self.read_until(process.stdout, b"\n"), b"one\n")
        process.terminate()

    def test_secrets_are_masked_also_what_is_written_to_the_terminal_itself(self):
        run = self.run_program("sh", "-c", "echo $DB_PASSWORD > /dev/tty; echo $DB_PASSWORD", options=["--pty"])
        self.assertEqual(run.out, (MASK + b"\n") * 2)

    def test_the_size_is_that_of_the_users_terminal_and_follows_it(self):
        terminal = Terminal(self, [BINARY, "run", "--pty", "--", "bash", "-c",
                                   "trap 'stty size' WINCH; stty size; until read -r -t 0.05 line; do :; done; exit 7"], size=(31, 97))
        terminal.wait_for(b"31 97\r\n")
        terminal.resize(17, 41)
        terminal.wait_for(b"17 41\r\n")
        terminal.type(b"\r")
        self.assertEqual(terminal.wait(), 7)

    def test_keys_reach_the_program_and_line_feeds_the_screen_once(self):
        terminal = Terminal(self, [BINARY, "run", "--pty", "--", "sh", "-c", "read line; echo got $line"])
        terminal.wait_until_raw()
        terminal.type(b"abc\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.output(), b"abc\r\ngot abc\r\n")

    def test_the_users_terminal_is_as_it_was_afterwards(self):
        for end in ("exit 3", "kill -9 $$", "kill -TERM $PPID; exec sleep 60"):
            terminal = Terminal(self, [BINARY, "run", "--pty", "--", "sh", "-c", "echo ready; read line; " + end])
            before = terminal.settings()
            terminal.wait_for(b"ready\r\n")
            terminal.wait_until_raw()
            terminal.type(b"\r")
            terminal.wait()
            self.assertEqual(terminal.settings(), before, end)

    def test_it_is_given_back_by_a_fault_too(self):
        terminal = Terminal(self, [BINARY, "run", "--pty", "--", "sh", "-c", "echo ready; exec sleep 60"])
        before = terminal.settings()
        terminal.wait_for(b"ready\r\n")
        terminal.wait_until_raw()
        os.kill(terminal.pid, signal.SIGSEGV)
        terminal.wait()
        self.assertEqual(terminal.settings(), before)

    def test_prompts_show_before_their_line_ends(self):
        code = "import getpass\nname = input('Your name: ')\nword = getpass.getpass('Password:')\nprint('hello', name, 'password=' + word)"
        terminal = Terminal(self, [BINARY, "run", "--pty", "--", *python(code)])
        terminal.wait_for(b"Your name: ")
        terminal.type(b"bob\r")
        terminal.wait_for(b"Password:")
        terminal.type(CANARIES[1].encode() + b"\r")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.output(), b"\r\nhello bob password=[REDACTED:password]\r\n")

    def test_progress_shows(self):
        terminal = Terminal(self, [BINARY, "run", "--", "sh", "-c", "printf '10 %%\\r20 %%\\r'; read line"])
        terminal.wait_for(b"10 %\r20 %\r")
        terminal.type(b"\r")
        self.assertEqual(terminal.wait(), 0)

    def test_half_a_secret_never_shows(self):
        token = CANARIES[0]
        terminal = Terminal(self, [BINARY, "run", "--pty", "--", "sh", "-c",
                                   f"printf 'got %s' {token[:20]}; sleep 0.3; echo {token[20:]} $DB_PASSWORD"], env=environment())
        terminal.wait_for(b"got ")
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(terminal.output(), b"[REDACTED:github-token] " + MASK + b"\r\n")

    def test_ctrl_c_interrupts_the_program_once(self):
        count = "import os, signal, time\ntold = []\ndef tell(*_):\n    os.write(1, b'told\\n')\n    told.append(time.monotonic())\n" \
                "signal.signal(signal.SIGINT, tell)\nprint('ready', flush=True)\n" \
                "while not told or time.monotonic() < told[0] + 0.5: time.sleep(0.05)\n"
        for options in ([], ["--pty"]):
            terminal = Terminal(self, [BINARY, "run", *options, "--", *python(count)])
            terminal.wait_for(b"ready\r\n")
            terminal.type(b"\x03")
            self.assertEqual(terminal.wait(), 0)
            self.assertEqual(terminal.output().count(b"told"), 1, options)

    def test_ctrl_c_ends_a_loop_of_the_shell(self):
        terminal = Terminal(self, ["bash", "-c", f"while :; do '{BINARY}' run -- sh -c 'echo ready; exec sleep 30'; done"])
        terminal.wait_for(b"ready\r\n")
        terminal.type(b"\x03")
        self.assertEqual(terminal.wait(), 128 + signal.SIGINT)

    def test_a_shell_can_suspend_it(self):
        terminal = Terminal(self, ["bash", "--norc", "-i"])
        terminal.type(b"PS1=; stty -echo\r")
        terminal.type(f"'{BINARY}' run -- sh -c 'echo rea''dy; exec sleep 30'\r".encode())
        terminal.wait_for(b"ready\r\n")
        terminal.type(b"\x1a")
        terminal.wait_for(b"Stopped")
        terminal.type(b"kill %1; fg; echo status $?\r")
        terminal.wait_for(b"status 143\r\n")
        terminal.type(b"exit\r")
        terminal.wait()


if __name__ == "__main__":
    unittest.main()
