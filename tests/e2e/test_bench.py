"""The benchmarks' inputs are what they say they are. What they measure takes too long to be a test."""

import os
import re
import sys

from harness import RedactdTest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
sys.path.insert(0, os.path.join(ROOT, "bench"))

import worst  # noqa: E402  (needs the path)


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
        for name, made_up in (("matches of a regex", b"worst-rest"), ("known values", b"known")):
            kind, unit = worst.INPUTS[name]
            run = self.run_redactd(*worst.arguments(self.folder, kind), input=worst.text(unit, 1000, 200))
            self.assertEqual(run.out.count(b"[REDACTED:" + made_up + b"]"), run.out.count(b"REDACTED"), name)
            self.assertGreater(run.out.count(b"REDACTED"), 2, name)
            near_miss_kind, near_miss = worst.INPUTS["near misses of a " + name.removeprefix("matches of a ").rstrip("s")]
            self.assertEqual(near_miss_kind, kind)
            text = worst.text(near_miss, 1000, 200)
            self.assertEqual(self.run_redactd(*worst.arguments(self.folder, kind), input=text).out, text, name)
