"""The benchmarks' inputs are what they say they are. What they measure takes too long to be a test."""

import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

import wire
from harness import BINARY, RedactdTest, secret

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "bench"))

import half_sent  # noqa: E402  (needs the path)
import long_line  # noqa: E402
import make_rules  # noqa: E402
import measure  # noqa: E402
import own_rules  # noqa: E402
import redactors  # noqa: E402
import relays  # noqa: E402
import report  # noqa: E402
import worst  # noqa: E402


def kinds_of_rules():
    with open(os.path.join(ROOT, "docs/rules.md"), encoding="utf-8") as file:
        named = re.search(r"kind: \w+ +# (.*)", file.read()).group(1)
    return set(named.split(" | "))


class WorstInputs(RedactdTest):
    def test_there_are_some_for_every_kind_of_rule(self):
        self.assertEqual({made_for.kind for made_for in worst.INPUTS.values()}, kinds_of_rules())

    def test_redactd_takes_the_rules_that_they_are_made_for(self):
        for name, (kind, unit) in worst.INPUTS.items():
            text = worst.text(unit, 1000, 200)
            run = self.run_redactd(*worst.arguments(self.folder, kind), input=text)
            self.assertEqual(run.code, 0, f"{name}: {run.err}")
            self.assertEqual(run.out.count(b"\n"), text.count(b"\n"), name)

    def test_matches_of_user_rules_are_matches(self):
        for name, made_up in (("matches of a regex", b"worst-match"), ("known values", b"known")):
            kind, unit = worst.INPUTS[name]
            run = self.run_redactd(*worst.arguments(self.folder, kind), input=worst.text(unit, 1000, 200))
            self.assertEqual(run.out.count(b"[REDACTED:" + made_up + b"]"), run.out.count(b"REDACTED"), name)
            self.assertGreater(run.out.count(b"REDACTED"), 2, name)

    def test_near_misses_of_user_rules_are_none(self):
        for name, of in (("near misses of a regex", "regex"), ("near misses of a known value", "known")):
            kind, unit = worst.INPUTS[name]
            self.assertEqual(kind, of)
            text = worst.text(unit, 1000, 200)
            self.assertEqual(self.run_redactd(*worst.arguments(self.folder, kind), input=text).out, text, name)

    def test_records_of_looks_at_the_rest_are_masked_whole(self):
        kind, unit = worst.INPUTS["looks of a regex at the rest"]
        text = worst.text(unit, 1000, 200)
        run = self.run_redactd(*worst.arguments(self.folder, kind), input=text)
        self.assertEqual(run.out, b"[REDACTED:unscannable-record]\n" * text.count(b"\n"))


def goals_and_plots(section, runs):
    """→ (whether each goal is reached, names of the plots)"""
    made = report.Report({"runs": runs, "machine": ""})
    section.section(made)
    return [goal[-1] == "reached" for goal in made.goals], set(section.plots(made, ""))


class LinesWithoutAnEnd(RedactdTest):
    def setUp(self):
        super().setUp()
        self.corpora = long_line.write_corpora(self.folder, 0.2, ())
        self.lines = long_line.lines(self.corpora)

    def test_are_one_line_as_long_as_was_asked_for(self):
        for name, line in self.lines.items():
            pipe = io.BytesIO()
            self.assertEqual(long_line.write_line(pipe, line, 5000001), 5000002, name)
            text = pipe.getvalue()
            self.assertEqual((len(text), text.index(b"\n")), (5000002, 5000001), name)
            self.assertTrue(text.startswith(line.head + line.block[:1000]), name)

    def test_pass_if_they_are_ordinary(self):
        text = self.lines[long_line.ORDINARY].block + b"\n"
        self.assertEqual(self.run_redactd(input=text).out, text)

    def test_hold_secrets_that_are_looked_for_in_what_comes_of_them(self):
        planted, left = long_line.secrets_left(self.folder, BINARY, self.lines[long_line.SECRETS], 1 << 20, self.corpora["10"][1])
        self.assertGreater(planted, 10)
        self.assertEqual(left, 0)
        _, passed = long_line.secrets_left(self.folder, "/bin/cat", self.lines[long_line.SECRETS], 1 << 20, self.corpora["10"][1])
        self.assertEqual(passed, planted)

    def test_miss_the_goals_if_time_or_memory_grows_faster_than_they_do(self):
        def runs(seconds, peak, left):
            return [dict(section="long", input=name, mib=mib, seconds=[1], cpu=[seconds(mib)], idle=[0], peak_mib=peak(mib), planted=9, left=left)
                    for name in self.lines for mib in (64, 1024)]

        plots = {"long.svg", "long-memory.svg"}
        self.assertEqual(goals_and_plots(long_line, runs(lambda mib: mib, lambda mib: 30, 0)), ([True] * 3, plots))
        self.assertEqual(goals_and_plots(long_line, runs(lambda mib: mib * mib, lambda mib: mib, 1)), ([False] * 3, plots))


class HalfSentRecords(RedactdTest):
    def test_break_off_in_a_secret_that_redactd_masks(self):
        for record in half_sent.records(3):
            sent = record.first + record.rest
            self.assertEqual(len(record.first), half_sent.SIZE // 2)
            [whole], [masked] = ([r.partition(b" ")[2] for r in half_sent.split(text)] for text in (sent, record.masked))
            self.assertEqual(self.run_redactd(input=whole + b"\n").out, masked + b"\n")
            self.assertIn(b"gh" + b"p_", record.first[-100:])
            self.assertRegex(record.rest, rb"^[A-Za-z0-9]{10,} waited")

    def test_are_measured_and_come_out_whole(self):
        taken = half_sent.one_run(self.folder, BINARY, 5)
        self.assertEqual({name for name, figure in taken.items() if figure <= 0} - {"kib_each"}, set())

    def test_fail_the_run_if_one_is_not_masked(self):
        class Showing:
            def __init__(self):
                self.far_end = self

            def sendall(self, _):
                pass

            def receive(self, _):
                return [record.first + record.rest]

        [record] = half_sent.records(1)
        with self.assertRaisesRegex(measure.Failed, "of 1 half-sent records 0 came out whole"):
            half_sent.send_rest(Showing(), [(Showing(), record)])

    def test_miss_the_goals_if_time_or_memory_grows_faster_than_they_do(self):
        def runs(seconds, kib):
            return [dict(section="half", records=count, kib_each=[kib], **dict.fromkeys(("hold_seconds", "hold_cpu", "pass_seconds", "pass_cpu"), [seconds(count)]))
                    for count in half_sent.COUNTS]

        plots = {"half.svg", "half-memory.svg"}
        self.assertEqual(goals_and_plots(half_sent, runs(lambda count: count, 7)), ([True] * 2, plots))
        self.assertEqual(goals_and_plots(half_sent, runs(lambda count: count * count, 70)), ([False] * 2, plots))


TOOLS = os.path.join(ROOT, "build/rivals")
RULES = [("token", r"\b(tok_[a-z0-9]{8})\b"), ("key", r"(?i)\bkey=([^\s@]+)@host")]
LINES = b"one tok_a1b2c3d4\nKEY=a\xe9'$&b@host and tok_a1b2c3d4, tok_a1b2c3d4\nkey=x@other \xff\r\n\nthe end"
MASKED = b"one [REDACTED]\nKEY=[REDACTED]@host and [REDACTED], [REDACTED]\nkey=x@other \xff\r\n\nthe end"
# Made for the tests: what the drivers call of each library.
PYTHON_STUB = """import re
class RedactingFilter:
    def __init__(self, patterns, default_mask):
        self.patterns, self.mask = patterns, default_mask
    def redact(self, text):
        for pattern in self.patterns:
            text = re.sub(pattern, self.mask, text)
        return text
"""
NODE_STUBS = {
    "redact-pii/index.js": """exports.SyncRedactor = class {
  constructor({ builtInRedactors, customRedactors }) {
    if (builtInRedactors.names.enabled || builtInRedactors.digits.enabled) throw new Error('its own rules are on');
    this.rules = customRedactors.before;
  }
  redact(text) { return this.rules.reduce((all, rule) => all.replace(rule.regexpPattern, rule.replaceWith), text); }
};""",
    "redact-pii/lib/built-ins/simple-regexp-patterns.js": "exports.digits = /./;",
    "@hackylabs/deep-redact/index.js": """exports.DeepRedact = class {
  constructor({ stringTests }) { this.tests = stringTests; }
  redact(text) { return this.tests.reduce((all, test) => test.replacer(all, test.pattern), text); }
};""",
    "@logtape/redaction/index.js": """exports.redactByPattern = (formatter, patterns) => (record) =>
  patterns.reduce((all, { pattern, replacement }) => all.replaceAll(pattern, replacement), formatter(record));"""}


class OtherRedactors(RedactdTest):
    """None is fetched for the tests: where they are missing, what the drivers call is made up."""

    def commands(self, tools):
        rules = self.write("rules.json", redactors.numbered_groups(RULES))
        return {name: how(tools, rules, "[REDACTED]", source.package) for name, (source, how) in redactors.LIBRARIES.items()}

    def installed(self, wanted):
        found = [name for name, (source, _) in wanted.items() if source.there(TOOLS)]
        if not found:
            self.skipTest("bench/run rivals has fetched none of them")
        return found

    def masked(self, argv, **environment):
        done = subprocess.run(argv, input=LINES, capture_output=True, check=False, env={**measure.ENVIRONMENT, **environment})
        self.assertEqual((done.returncode, done.stderr), (0, b""), argv)
        return done.stdout

    def test_get_every_rule_with_a_group_on_either_side_of_the_secret(self):
        rules = make_rules.read_rules(os.path.join(ROOT, "bench/rules100.tsv"))
        groups = json.loads(redactors.numbered_groups(rules))
        self.assertEqual(len(groups), 100)
        for (name, whole), (expression, flags) in zip(rules, groups):
            self.assertEqual(re.compile(expression).groups, 2, name)
            self.assertEqual(flags == "i", whole.startswith("(?i)"), name)

    def test_are_given_each_line_byte_for_byte_in_python(self):
        stub = self.write("logredactor.py", PYTHON_STUB)
        _, *arguments = self.commands(self.folder)["logredactor"]
        self.assertEqual(self.masked([sys.executable, *arguments], PYTHONPATH=os.path.dirname(stub)), MASKED)

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_are_given_each_line_byte_for_byte_in_node(self):
        for path, text in NODE_STUBS.items():
            os.makedirs(os.path.dirname(os.path.join(self.folder, "npm/node_modules", path)), exist_ok=True)
            self.write(os.path.join("npm/node_modules", path), text)
        for name in ("redact-pii", "deep-redact", "logtape"):
            self.assertEqual(self.masked(self.commands(self.folder)[name]), MASKED, name)

    def test_mask_what_they_are_given_rules_for_where_they_are_installed(self):
        tools = self.installed(redactors.LIBRARIES)
        for name, argv in self.commands(TOOLS).items():
            if name in tools:
                # deep-redact leaves the second kind of secret of a line, as its report says.
                wanted = MASKED.replace(b"KEY=[REDACTED]", b"KEY=a\xe9'$&b") if name == "deep-redact" else MASKED
                self.assertEqual(self.masked(argv), wanted, name)

    def test_mask_by_rules_of_their_own_where_they_are_installed(self):
        token = secret("gh" + "p_").encode()
        for name in self.installed(redactors.PROGRAMS):
            _, [program, *arguments] = redactors.PROGRAMS[name]
            done = subprocess.run([os.path.join(TOOLS, program), *arguments], input=b"from 10.1.2.3\nsent " + token + b" to a\n", capture_output=True, check=True)
            clean, masked = done.stdout.splitlines()
            self.assertEqual(clean, b"from 10.1.2.3", name)
            self.assertRegex(masked, rb"^sent .+ to a$", name)
            self.assertNotIn(token, masked, name)

    def test_a_collector_masks_between_two_programs_that_speak_syslog_where_it_is_built(self):
        [name] = self.installed(redactors.RELAYS)
        token = secret("gh" + "p_").encode()
        record = b"<14>1 2026-03-03T09:14:00.000000Z node-1 shop 1 - - sent %s to a"
        port, sink = wire.free_port(), wire.free_port()
        collector = relays.otelcol(os.path.join(TOOLS, redactors.RELAYS[name][1]), [("github", "(" + "gh" + "p_[A-Za-z0-9]{36})")])
        with socket.create_server(("127.0.0.1", sink)) as aggregator:
            aggregator.settimeout(relays.PATIENCE)
            collector.start(self.folder, port, sink)
            self.addCleanup(collector.process.kill)
            wire.wait_until(lambda: wire.listens(port), "the collector listens")
            wire.send_records(("127.0.0.1", port), "octet-counting", [record % token])
            peer, _ = aggregator.accept()
            with peer:
                peer.settimeout(relays.PATIENCE)
                self.assertTrue(peer.recv(1000).endswith(b" sent **** to a\n"))  # it writes the header anew
            collector.stop()

    def test_a_collector_gets_every_rule(self):
        rules = make_rules.read_rules(os.path.join(ROOT, "bench/rules100.tsv"))
        config = json.loads(relays.otelcol("/otelcol", rules).config(self.folder, 1, 2))
        self.assertEqual(len(config["processors"]["redaction"]["blocked_values"]), 100)
        self.assertEqual(config["service"]["pipelines"]["logs"]["processors"], ["redaction"])
        self.assertEqual(json.loads(relays.otelcol("/otelcol", None).config(self.folder, 1, 2))["service"]["pipelines"]["logs"]["processors"], [])

    def test_are_left_out_with_a_word_if_they_cannot_be_had(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(redactors.with_own_rules(self.folder, False), {})
            self.assertEqual(redactors.with_rules(self.folder, False, "rules.json", "x"), {})
            self.assertEqual(redactors.relays(self.folder, False), {})
        for name in (*redactors.LIBRARIES, *redactors.PROGRAMS, *redactors.RELAYS):
            self.assertIn(f"{name} is left out", said.getvalue())

    def test_are_there_in_the_pinned_version_only(self):
        crate, package = redactors.FromCrates("made-up", "1.0.0"), redactors.FromNpm("made-up", "1.0.0")
        os.makedirs(os.path.join(self.folder, "cargo"))
        os.makedirs(os.path.join(self.folder, "npm/node_modules/made-up"))
        for version, there in (("1.0.1", False), ("1.0.0", True)):
            self.write("cargo/.crates.toml", '[v1]\n"made-up %s (somewhere)" = ["made-up"]\n' % version)
            self.write("npm/node_modules/made-up/package.json", json.dumps({"version": version}))
            self.assertEqual((crate.there(self.folder), package.there(self.folder)), (there, there), version)

    def test_keep_a_secret_that_moved_up_because_lines_were_folded(self):
        out = self.write("out", "[KEY]\nsecond s3cret\nlast\n")
        truth = [(2, "pem", "text", b"masked"), (4, "token", "text", b"s3cret"), (5, "token", "text", b"gone"), (5, "token", "json", b"[KEY]")]
        self.assertEqual(measure.secrets_left(truth, out, 6), {"token (text)": 1})
        self.assertEqual(measure.secrets_left([(2, "token", "text", b"s3cret"), (3, "token", "text", b"s3cret")], out), {"token (text)": 1})

    def test_change_lines_that_are_counted(self):
        before, after = self.write("before", "a\nb\nb\nc\n"), self.write("after", "a\nb\nx\nc\n")
        self.assertEqual(own_rules.lines_changed(before, after), 1)
        self.assertEqual(own_rules.lines_changed(before, before), 0)

    def test_stand_in_the_report(self):
        def run(program, seconds, **more):
            return dict(section="rivals-own", program=program, rate="1", bytes=10**6, seconds=[seconds], cpu=[1], start=[0], peak_mib=1, planted=7, left=2, **more)

        made = report.Report({"runs": [run("leakguard", 1, changed=3, lines=9), run("redactd", 0.25)], "machine": ""})
        own_rules.section(made)
        self.assertIn("| 1 % | `leakguard` | 1 | 4× | 0.00 | 1.00 | 1.0 | 1.0 | 2 of 7 | 3 of 9 | 1.00 |\n", made.text[-1])
        self.assertIn("| 1 % | `redactd` | 4 | – |", made.text[-1])
