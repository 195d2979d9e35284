#!/usr/bin/env python3
"""A long run under load and faults: checks all the time that nothing leaks, nothing is lost or doubled beyond the promise,
memory and file descriptors stay bounded, and that redactd recovers by itself. Python's standard library is enough.

    python3 tests/soak --seconds 3600 --seed 1 --picture soak.svg

The seed says which faults come in which order; REDACTD_BIN names the program.
"""

import argparse
import os
import sys
import unittest

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path[:0] = [os.path.join(TESTS, "e2e"), os.path.join(TESTS, "../bench")]

import run  # noqa: E402  (needs the path)


def main():
    parser = argparse.ArgumentParser(prog="tests/soak", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=3600, help="of load and faults (default 3600)")
    parser.add_argument("--seed", default="1", help="of faults and records (default 1)")
    parser.add_argument("--rate", type=int, default=1000, help="records a second, of all streams (default 1000)")
    parser.add_argument("--one-process", action="store_true", help="no fault ends redactd: is its memory the same at the end as before?")
    parser.add_argument("--picture", default="soak.svg", help="memory, descriptors, throughput and latency (default soak.svg)")
    result = unittest.TextTestRunner(verbosity=0).run(run.Soak(parser.parse_args()))
    sys.exit(0 if result.wasSuccessful() else 1)


if __name__ == "__main__":
    main()
