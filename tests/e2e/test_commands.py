"""scan, explain, rules: what they print, how they exit, and that none shows a secret."""

import json
import os
import subprocess
import unittest

from harness import BINARY, CANARIES, TEXT, RedactdTest


class Scan(RedactdTest):
    def test_exit_status_tells_whether_there_are_findings(self):
        self.assertEqual(self.run_redactd("scan", self.write("clean.log", "nothing here\n")).code, 0)
        self.assertEqual(self.run_redactd("scan", self.write("dirty.log", TEXT)).code, 1)
        self.assertEqual(self.run_redactd("scan", "-", input=TEXT).code, 1)
        self.assertEqual(self.run_redactd("scan", "/nonexistent.log").code, 3)
        self.assertEqual(self.run_redactd("scan").code, 2)

    def test_text_names_file_line_column_and_rule(self):
        path = self.write("dirty.log", TEXT)
        lines = self.run_redactd("scan", path).out.decode().splitlines()
        self.assertEqual(len(lines), 3)
        self.assertTrue(lines[0].startswith(f"{path}:1:{TEXT.index(CANARIES[0].encode()) + 1}: "), lines[0])
        self.assertTrue(lines[1].startswith(f"{path}:2:"), lines[1])
        self.assertIn("password", lines[1])

    def test_json_lines(self):
        run = self.run_redactd("scan", "--format", "json", self.write("dirty.log", TEXT))
        found = [json.loads(line) for line in run.out.splitlines()]
        self.assertEqual([entry["line"] for entry in found], [1, 2, 3])
        self.assertEqual(found[0]["bytes"], len(CANARIES[0]))
        self.assertEqual(run.code, 1)

    def test_sarif(self):
        run = self.run_redactd("scan", "--format", "sarif", self.write("dirty.log", TEXT))
        report = json.loads(run.out)
        self.assertEqual(report["version"], "2.1.0")
        results = report["runs"][0]["results"]
        self.assertEqual(len(results), 3)
        ids = {rule["id"] for rule in report["runs"][0]["tool"]["driver"]["rules"]}
        self.assertTrue(all(result["ruleId"] in ids for result in results))
        clean = self.run_redactd("scan", "--format", "sarif", self.write("clean.log", "nothing\n"))
        self.assertEqual(json.loads(clean.out)["runs"][0]["results"], [])
        self.assertEqual(clean.code, 0)

    def test_several_files(self):
        one, two = self.write("1.log", TEXT), self.write("2.log", TEXT)
        out = self.run_redactd("scan", one, two).out.decode()
        self.assertEqual(out.count(one), 3)
        self.assertEqual(out.count(two), 3)

    def test_lines_far_into_a_file_and_in_long_lines(self):
        path = self.write("big.log", b"an ordinary line\n" * 100000 + b"x" * 2000000 + b" password=" + CANARIES[1].encode() + b"\n")
        out = self.run_redactd("scan", path).out.decode()
        self.assertIn(f"{path}:100001:2000011: ", out)

    def test_options_may_follow(self):
        path = self.write("dirty.log", TEXT)
        self.assertEqual(self.run_redactd("scan", "--disable", "password", path).out.count(b"\n"), 2)
        self.assertEqual(self.run_redactd("scan", path, "--disable", "password").out.count(b"\n"), 2)


class Explain(RedactdTest):
    def test_tells_rule_and_bytes_but_not_the_secret(self):
        run = self.run_redactd("explain", input=TEXT)
        text = run.out.decode()
        self.assertEqual(run.code, 0)
        begin = TEXT.index(CANARIES[0].encode()) + 1
        self.assertIn(f"{begin}-{begin + len(CANARIES[0]) - 1}", text)
        self.assertIn("line 2", text)
        self.assertIn("line 4", text)

    def test_tells_why_a_near_miss_stays(self):
        self.assertIn(b"placeholder", self.run_redactd("explain", input=b"password=${DB_PASSWORD}\n").out)

    def test_shows_the_secret_only_when_asked(self):
        run = self.run_redactd("explain", "--reveal", input=TEXT, reveals=True)
        for canary in CANARIES:
            self.assertIn(canary.encode(), run.out)

    def test_json(self):
        run = self.run_redactd("explain", "--json", input=TEXT)
        lines = [json.loads(line) for line in run.out.splitlines()]
        self.assertEqual([line["line"] for line in lines], [1, 2, 3, 4])
        self.assertEqual(lines[3]["masked"], [])
        masked = lines[1]["masked"][0]
        begin = TEXT.splitlines()[1].index(CANARIES[1].encode()) + 1
        self.assertEqual((masked["begin"], masked["end"]), (begin, begin + len(CANARIES[1]) - 1))
        revealed = self.run_redactd("explain", "--json", "--reveal", input=TEXT, reveals=True)
        self.assertEqual(json.loads(revealed.out.splitlines()[1])["masked"][0]["secret"], CANARIES[1])

    def test_reads_files(self):
        self.assertIn(b"line 3", self.run_redactd("explain", self.write("in.log", TEXT)).out)
        self.assertEqual(self.run_redactd("explain", "/nonexistent").code, 3)

    def test_bytes_that_are_no_text(self):
        run = self.run_redactd("explain", "--json", input=b"\xff\xfe password=" + CANARIES[1].encode() + b"\xff\n\0\n")
        self.assertEqual(run.code, 0)
        for line in run.out.splitlines():
            json.loads(line)


class Rules(RedactdTest):
    def test_list(self):
        lines = self.run_redactd("rules", "list").out.decode().splitlines()
        self.assertGreater(len(lines), 80)
        rules = json.loads(self.run_redactd("rules", "list", "--json").out)
        self.assertGreater(len(rules), 80)
        self.assertEqual({"id", "title", "kind", "severity", "enabled"} - set(rules[0]), set())
        off = json.loads(self.run_redactd("rules", "list", "--json", "--disable", "password").out)
        self.assertIn("password", [rule["id"] for rule in off if not rule["enabled"]])

    def test_show(self):
        run = self.run_redactd("rules", "show", "password")
        self.assertEqual(run.code, 0)
        self.assertIn(b"- id: password\n", run.out)
        self.assertEqual(run.out.count(b"- id:"), 1)
        self.assertEqual(json.loads(self.run_redactd("rules", "show", "password", "--json").out)[0]["id"], "password")
        missing = self.run_redactd("rules", "show", "pasword")
        self.assertEqual(missing.code, 2)
        self.assertIn("did you mean 'password'?", missing.err)

    def test_check(self):
        good = self.write("good.yaml", "rules:\n  - {id: acme, title: Acme, kind: token, pattern: 'acme_[a-z]{8}', severity: high, "
                                       "examples: ['«acme_{lower:8}»']}\n")
        self.assertEqual(self.run_redactd("rules", "check", good).code, 0)
        bad = self.write("bad.yaml", "rules:\n  - {id: acme, titel: Acme, kind: token, pattern: 'acme_[a-z]{8}', severity: hihg, "
                                     "examples: ['«acme_{lower:8}»']}\n")
        run = self.run_redactd("rules", "check", bad)
        self.assertEqual(run.code, 2)
        self.assertIn(f"{bad}:2:", run.err)
        self.assertIn("did you mean 'title'?", run.err)
        self.assertIn("did you mean 'high'?", run.err)

    def test_the_built_in_packs_pass_their_test(self):
        run = self.run_redactd("rules", "test")
        self.assertEqual(run.code, 0, run.err)
        self.assertIn(b" 0 failed", run.out)
        self.assertEqual(json.loads(self.run_redactd("rules", "test", "--json").out)["failures"], [])

    def test_the_folder_of_packs_checks_too(self):
        folder = os.path.join(os.path.dirname(__file__), "../../filters/rules")
        self.assertEqual(self.run_redactd("rules", "check", folder).code, 0)


class General(RedactdTest):
    def test_version_names_the_matcher_and_its_processor_path(self):
        run = self.run_redactd("--version")
        self.assertEqual(run.code, 0)
        self.assertRegex(run.out, rb"^redactd [0-9]+\.[0-9]+\.[0-9]+\n")
        self.assertRegex(run.out, rb"libhs 5\.")
        self.assertRegex(run.out, rb"avx512|avx2|generic")

    def test_help_names_options_and_exit_statuses(self):
        text = self.run_redactd("--help").out.decode()
        for word in ("--rules", "--enable", "--disable", "--config", "--stats", "--observe", "--max-record", "scan", "explain", "rules", "Exit status"):
            self.assertIn(word, text)
        for command in (["rules"], ["rules", "list"], ["scan"], ["explain"]):
            self.assertEqual(self.run_redactd(*command, "--help").code, 0)

    def test_output_to_a_full_disk_is_an_error_everywhere(self):
        path = self.write("dirty.log", TEXT)
        for arguments in (["scan", path], ["explain", path], ["rules", "list"], ["--version"], ["--help"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(done.returncode, 3, arguments)
            self.assert_no_canary(done.stderr, "standard error")


if __name__ == "__main__":
    unittest.main()
