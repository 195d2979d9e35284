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

    def test_of_a_folder_scan_says_how_its_files_are_scanned(self):
        run = self.run_redactd("scan", self.folder)
        self.assertEqual(run.code, 3)
        self.assertIn("Is a directory; for all of its files: find … -type f -exec redactd scan {} +", run.err)

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


    def test_utf16_is_looked_into(self):
        path = self.write("errorlog", ("\ufeffstarted\r\n  password=" + CANARIES[1] + "\r\n").encode("utf-16-le"))
        run = self.run_redactd("scan", path)
        self.assertEqual(run.code, 1)
        self.assertIn(b"errorlog:2:12: high: password: ", run.out)
        self.assertEqual(run.out.count(b"\n"), 1)
        with open(path, "ab") as file:
            file.write(b"appended\r\npassword=" + CANARIES[1].encode())
        run = self.run_redactd("scan", path)
        self.assertIn(b"errorlog:4:10: high: password: ", run.out)
        self.assertEqual(run.out.count(b"\n"), 2)


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

    def test_understands_utf16(self):
        path = self.write("errorlog", ("\ufeffstarted\r\n  password=" + CANARIES[1] + "\r\n").encode("utf-16-le"))
        self.assertIn(b"line 2: 1 masked", self.run_redactd("explain", path).out)

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
        for path, why in (("/nonexistent", "No such file or directory"), ("/", "Is a directory")):
            run = self.run_redactd("explain", path)
            self.assertEqual((run.code, run.err), (3, f"redactd: cannot read {path}: {why}\n"))

    def test_bytes_that_are_no_text(self):
        run = self.run_redactd("explain", "--json", input=b"\xfe\xfa password=" + CANARIES[1].encode() + b"\xff\n\0\n")
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


PACK = """rules:
  - id: acme
    title: Acme token
    kind: token
    pattern: 'acme_[a-z]{8}'
    extend: 'a-z'
    severity: high
    examples: ['«acme_{lower:8}»']
    keep: ['acme_token']
"""


class RulesOfTeams(RedactdTest):
    def test_test_names_every_rule_of_ones_own(self):
        run = self.run_redactd("rules", "test", self.write("pack.yaml", PACK))
        self.assertEqual(run.code, 0)
        self.assertEqual(run.out.decode().splitlines(),
                         ["ok      acme  1 to mask, 1 to keep", "1 rules, 1 examples to mask, 1 lines to keep: 0 failed"])

    def test_test_tells_which_rule_failed_and_where(self):
        path = self.write("pack.yaml", PACK.replace("'acme_token'", "'acme_abcdefgh'"))
        run = self.run_redactd("rules", "test", path)
        self.assertEqual(run.code, 2)
        self.assertIn(b"FAILED  acme", run.out)
        self.assertIn(f"{path}:9:12: rules[0].keep[0]: is changed by this rule", run.err)

    def test_lint_measures_each_rule(self):
        run = self.run_redactd("rules", "lint", "--json", self.write("pack.yaml", PACK))
        report = json.loads(run.out)
        self.assertEqual(run.code, 0)
        rule = report["rules"][0]
        self.assertEqual((rule["id"], rule["kind"], rule["hits_per_mb"], rule["masks"], rule["notes"]), ("acme", "token", 0, 0, []))
        self.assertGreater(rule["mb_per_second"], 1)
        self.assertGreater(rule["stream_bytes"], 0)
        self.assertGreater(report["together"]["database_bytes"], 0)

    def lint(self, pack, *more):
        report = json.loads(self.run_redactd("rules", "lint", "--json", *more, self.write("pack.yaml", pack)).out)
        return {rule["id"]: " ".join(rule["notes"]) for rule in report["rules"]}

    def test_lint_tells_what_is_odd(self):
        notes = self.lint("""rules:
  - {id: broad, title: x, kind: regex, pattern: '[0-9]{2}-[0-9]{2}x?', severity: low, examples: ['«12-34»']}
  - {id: long, title: x, kind: regex, pattern: 'acme=[a-z]+;', severity: low, examples: ['«acme=abc;»']}
  - {id: end, title: x, kind: regex, pattern: 'acme-[a-z]+', severity: low, examples: ['«acme-abc»']}
  - {id: first, title: x, kind: token, pattern: 'acmetoken_[a-z]{4}', severity: low, examples: ['«acmetoken_{lower:4}»']}
  - {id: second, title: x, kind: token, pattern: 'acmetoken_[a-z]{4}', severity: low, examples: ['«acmetoken_{lower:4}»']}
  - {id: hidden, title: x, kind: token, pattern: 'ghp_[A-Za-z0-9]{36}', severity: low, examples: ['«ghp_{alnum:36}»']}
""")
        self.assertIn("without a literal", notes["broad"])
        self.assertIn("masks", notes["broad"])
        self.assertIn("without a bound", notes["long"])
        self.assertNotIn("without a bound", notes["end"])  # the matcher does not look at the repeat
        self.assertIn("looks for the same as first", notes["second"])
        self.assertIn("every example is masked without it, by second", notes["first"])
        self.assertIn("every example is masked without it, by github-token", notes["hidden"])

    def test_lint_takes_a_sample_of_ones_own(self):
        sample = self.write("sample.log", "acme_abcdefgh and\n" * 1000)
        self.assertIn("masks 1000 times", self.lint(PACK, "--sample", sample)["acme"])
        self.assertEqual(self.run_redactd("rules", "lint", "--sample", "/nonexistent").code, 2)

    def test_diff_tells_places_and_rules_but_no_secret(self):
        log = self.write("some.log", f"an acme_abcdefghij\npassword={CANARIES[1]} acme_abcdefghij\n")
        pack = self.write("pack.yaml", PACK)
        config = self.write("redactd.yaml", "rules: {files: pack.yaml, disable: [password]}\n")
        run = self.run_redactd("rules", "diff", "built-in", config, log)
        self.assertEqual(run.code, 1)
        column = 9 + len(CANARIES[1]) + 2
        self.assertEqual(run.out.decode().splitlines(), [
            f"+ {log}:1:4: acme (15 bytes)", f"- {log}:2:10: password (18 bytes)", f"+ {log}:2:{column}: acme (15 bytes)"])
        self.assertIn("1 masked by A only (-), 2 by B only (+)", run.err)
        same = self.run_redactd("rules", "diff", pack, pack, log)
        self.assertEqual((same.code, same.out), (0, b""))
        other = self.write("other.yaml", PACK.replace("id: acme", "id: acme-two"))
        change = json.loads(self.run_redactd("rules", "diff", "--json", pack, other, log).out.splitlines()[0])
        self.assertEqual((change["change"], change["was"], change["rule"]), ("~", "acme", "acme-two"))

    def test_diff_refuses_what_is_wrong(self):
        log = self.write("some.log", "x\n")
        self.assertEqual(self.run_redactd("rules", "diff", "built-in", "/nonexistent.yaml", log).code, 2)
        self.assertEqual(self.run_redactd("rules", "diff", "built-in", "built-in").code, 2)
        self.assertEqual(self.run_redactd("rules", "diff", "built-in", "built-in", "/nonexistent.log").code, 3)

    GITLEAKS = """[[rules]]
id = "acme"
regex = "acme_key=([a-z]+)"
keywords = ["acme_key"]
[[rules]]
id = "paths"
path = "x"
"""

    def test_gitleaks_files_are_used_as_they_are(self):
        path = self.write("g.toml", self.GITLEAKS)
        line = b"acme_key=abcdefg # gitleaks:allow\n"
        self.assertEqual(self.run_redactd("--gitleaks", path, input=line).out, b"acme_key=[REDACTED:gitleaks-acme] # gitleaks:allow\n")
        config = self.write("redactd.yaml", "rules: {gitleaks: g.toml}\n")
        self.assertEqual(self.run_redactd("--config", config, input=line).out, b"acme_key=[REDACTED:gitleaks-acme] # gitleaks:allow\n")
        off = self.run_redactd("--gitleaks", path, "--disable", "gitleaks", input=line)
        self.assertEqual(off.out, line)
        self.assertIn(b"regex = ", self.run_redactd("rules", "show", "gitleaks-acme", "--gitleaks", path).out)

    def test_check_tells_what_became_of_gitleaks_rules(self):
        path = self.write("g.toml", self.GITLEAKS)
        lines = self.run_redactd("rules", "check", path).out.decode().splitlines()
        self.assertEqual(lines, [f"{path}:1:1: acme: exact", f"{path}:5:1: paths: refused: looks at paths only, and a stream has none",
                                 "2 gitleaks rules: 1 exact, 0 approximate, 1 refused", "1 rule is in order"])
        report = json.loads(self.run_redactd("rules", "check", "--json", path).out)["gitleaks"]
        self.assertEqual([(rule["id"], rule["verdict"]) for rule in report["rules"]], [("acme", "exact"), ("paths", "refused")])
        bad = self.run_redactd("rules", "check", self.write("bad.toml", self.GITLEAKS.replace("[a-z]", "[a-z")))
        self.assertEqual(bad.code, 2)
        self.assertIn("bad.toml:3:9: rules[0].regex: ", bad.err)

    def test_a_fingerprint_that_explain_shows_lets_its_secret_pass(self):
        self.write("key", "0123456789abcdef")
        config = self.write("redactd.yaml", "mask_key: {id: k1, file: key}\n")
        line = f"password={CANARIES[1]} password=x{CANARIES[1]}\n".encode()
        masked = json.loads(self.run_redactd("explain", "--json", "--config", config, input=line).out)["masked"][0]
        self.assertRegex(masked["fingerprint"], "^password:k1:[0-9a-f]{8}$")
        self.assertIn(masked["fingerprint"].encode(), self.run_redactd("explain", "--config", config, input=line).out)
        allowing = self.write("allow.yaml", f"mask_key: {{id: k1, file: key}}\nallow: [{{fingerprint: '{masked['fingerprint']}'}}]\n")
        out = self.run_redactd("--config", allowing, input=line, reveals=True).out
        self.assertEqual(out, f"password={CANARIES[1]} password=[REDACTED:password]\n".encode())
        self.assertIn(b"an allowance lets it pass", self.run_redactd("explain", "--config", allowing, input=line).out)


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

    def test_the_help_of_run_tells_the_exit_status_of_run(self):
        text = self.run_redactd("run", "--help").out.decode()
        self.assertIn("Exit status: the program's", text)
        self.assertNotIn("scan", text)

    def test_output_to_a_full_disk_is_an_error_everywhere(self):
        path = self.write("dirty.log", TEXT)
        for arguments in (["scan", path], ["explain", path], ["rules", "list"], ["--version"], ["--help"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(done.returncode, 3, arguments)
            self.assert_no_canary(done.stderr, "standard error")


if __name__ == "__main__":
    unittest.main()
