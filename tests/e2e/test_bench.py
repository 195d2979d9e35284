"""The benchmarks' inputs are what they say they are. What they measure takes too long to be a test."""

import io
import os
import re
import sys

from harness import BINARY, RedactdTest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "bench"))

import half_sent  # noqa: E402  (needs the path)
import long_line  # noqa: E402
import measure  # noqa: E402
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
            near_miss_kind, near_miss = worst.INPUTS["near misses of a " + name.removeprefix("matches of a ").rstrip("s")]
            self.assertEqual(near_miss_kind, kind)
            text = worst.text(near_miss, 1000, 200)
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
