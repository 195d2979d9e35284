"""What the pages show is what happens: their console blocks are run."""

import os
import re
import shutil
import subprocess
import unittest

from harness import BINARY, CANARIES, TIME_LIMIT, RedactdTest

DOCS = os.path.join(os.path.dirname(__file__), "../../docs")


def console_blocks(page):
    """(line number, [(command, what it prints)])"""
    with open(os.path.join(DOCS, page), encoding="utf-8") as file:
        text = file.read()
    for found in re.finditer(r"^( *)```console\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        steps = []
        for line in found[2].splitlines(keepends=True):
            line = line.removeprefix(found[1])  # of a list's item
            if line.startswith("$ "):
                steps.append([line[2:], ""])
            elif line.startswith("> "):  # goes on
                steps[-1][0] += line[2:]
            else:
                steps[-1][1] += line
        yield text.count("\n", 0, found.start()) + 1, steps


class DocsTest(RedactdTest):
    def setUp(self):
        super().setUp()
        bin_folder = os.path.join(self.folder, "bin")
        os.mkdir(bin_folder)
        os.symlink(os.path.abspath(BINARY), os.path.join(bin_folder, "redactd"))
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home)
        self.environment = {"PATH": bin_folder + ":" + os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8", "TERM": "xterm"}


class Pages(DocsTest):
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

    @unittest.skipUnless(shutil.which("git"), "needs git")
    def test_repositories(self):
        self.run_page("repositories.md")

    def test_fingerprints(self):
        self.run_page("fingerprints.md")

    def test_known(self):
        self.run_page("known.md")

    def test_pipe(self):
        self.run_page("pipe.md")

    def test_run(self):
        self.run_page("run.md")

    def test_troubleshooting(self):
        self.run_page("troubleshooting.md")

    def test_upgrading(self):
        self.run_page("upgrading.md")

    def test_the_readme(self):
        self.run_page("../README.md")

    def test_every_page_that_shows_something_is_run(self):
        shown = {page.removesuffix(".md") for page in os.listdir(DOCS) if page.endswith(".md") and list(console_blocks(page))}
        self.assertEqual(shown, {name.removeprefix("test_") for name in dir(self) if name.startswith("test_")} - {
            "every_page_that_shows_something_is_run", "the_readme", "the_readme_lists_every_page_once"})

    def test_the_readme_lists_every_page_once(self):
        with open(os.path.join(DOCS, "../README.md"), encoding="utf-8") as file:
            index = re.search(r"^## Documentation\n(.*?)^## ", file.read(), re.MULTILINE | re.DOTALL)[1]
        listed = re.findall(r"\]\(docs/([^)#]*\.md)\)", index)
        self.assertEqual(sorted(listed), sorted(page for page in os.listdir(DOCS) if page.endswith(".md")))


class PreCommit(DocsTest):
    """The hook of .pre-commit-hooks.yaml, run by pre-commit itself."""

    @unittest.skipUnless(shutil.which("git") and shutil.which("pre-commit"), "needs pre-commit")
    def test_refuses_a_commit_with_a_secret(self):
        hooks = os.path.join(self.folder, "hooks")
        project = os.path.join(self.folder, "project")
        self.environment["PRE_COMMIT_HOME"] = os.path.join(self.folder, "cache")
        for repository, files in ((hooks, {}), (project, {"settings.py": f'password = "{CANARIES[1]}"\n', "hello.txt": "hello\n"})):
            os.mkdir(repository)
            if repository == hooks:
                shutil.copy(os.path.join(DOCS, "../.pre-commit-hooks.yaml"), hooks)
            for name, text in files.items():
                with open(os.path.join(repository, name), "w", encoding="utf-8") as file:
                    file.write(text)
            for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "first"]):
                subprocess.run(["git", *command], cwd=repository, env=self.environment, check=True)
        done = self.check_files(project, hooks)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(b"settings.py:1:", done.stdout)
        self.assert_no_canary(done.stdout, "the report")
        subprocess.run(["git", "rm", "-q", "settings.py"], cwd=project, env=self.environment, check=True)
        done = self.check_files(project, hooks)
        self.assertEqual(done.returncode, 0, done.stdout)

    def check_files(self, project, hooks):
        return subprocess.run(["pre-commit", "try-repo", hooks, "redactd-scan", "--all-files"], cwd=project, env=self.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIME_LIMIT, check=False)


if __name__ == "__main__":
    unittest.main()
