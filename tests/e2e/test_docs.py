"""What the pages show is what happens: their console blocks are run."""

import os
import re
import subprocess
import unittest

from harness import BINARY, TIME_LIMIT, RedactdTest

DOCS = os.path.join(os.path.dirname(__file__), "../../docs")


def console_blocks(page):
    """(line number, [(command, what it prints)])"""
    with open(os.path.join(DOCS, page), encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        steps = []
        for line in found[1].splitlines(keepends=True):
            if line.startswith("$ "):
                steps.append([line[2:], ""])
            elif line.startswith("> "):  # goes on
                steps[-1][0] += line[2:]
            else:
                steps[-1][1] += line
        yield text.count("\n", 0, found.start()) + 1, steps


class Pages(RedactdTest):
    def setUp(self):
        super().setUp()
        bin_folder = os.path.join(self.folder, "bin")
        os.mkdir(bin_folder)
        os.symlink(os.path.abspath(BINARY), os.path.join(bin_folder, "redactd"))
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home)
        self.environment = {"PATH": bin_folder + ":" + os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8", "TERM": "xterm"}

    def run_page(self, page):
        """All blocks of a page in one shell, as a reader types them one after the other."""
        steps = [(line, command, printed) for line, block in console_blocks(page) for command, printed in block]
        self.assertTrue(steps, f"{page} shows nothing")
        mark = "--next--"
        # `$?` of the next step is that of this one.
        script = "".join(f"{command.rstrip()}\nstatus=$?; echo {mark}; (exit $status)\n" for _, command, _ in steps)
        done = subprocess.run(["bash", "-c", "exec 2>&1\n" + script], capture_output=True, timeout=TIME_LIMIT, cwd=self.home, env=self.environment,
                              stdin=subprocess.DEVNULL)
        outputs = done.stdout.decode(errors="replace").split(mark + "\n")
        for (line, command, printed), output in zip(steps, outputs):
            self.assertEqual(output, printed, f"docs/{page}, block at line {line}: {command}")

    def test_run(self):
        self.run_page("run.md")


if __name__ == "__main__":
    unittest.main()
