"""Known values, as real encoders write them into logs: nothing of the value may survive, whoever encoded it."""

import base64
import html
import json
import random
import re
import shlex
import shutil
import subprocess
import unittest
import urllib.parse
import xml.sax.saxutils

from harness import RedactdTest

ALPHABET = "abcXYZ0189" + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ " + "äßéж€😀"
MASK = b"[REDACTED:known]"


def made_up_values(count):
    """Of every punctuation character, some with characters beyond ASCII, some of letters and digits only."""
    source = random.Random(20261125)
    values = []
    for number in range(count):
        letters = (ALPHABET[:10], ALPHABET[:43], ALPHABET)[number % 3]
        value = "q7" + "".join(source.choice(letters) for _ in range(source.randrange(6, 40))) + "Z3"
        values.append(value)
    return values


def python_encoders():
    def in_base64(before, after, encode):
        return lambda v: encode(before + v.encode() + after).decode().rstrip("=")
    encoders = {
        "as it is": lambda v: v,
        "hex": lambda v: v.encode().hex(), "HEX": lambda v: v.encode().hex().upper(),
        "quote": urllib.parse.quote, "quote all": lambda v: urllib.parse.quote(v, safe=""),
        "quote_plus": urllib.parse.quote_plus, "urlencode": lambda v: urllib.parse.urlencode({"p": v})[2:],
        "json": lambda v: json.dumps(v)[1:-1], "json utf-8": lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
        "json in json": lambda v: json.dumps(json.dumps(v))[3:-3],
        "json in json utf-8": lambda v: json.dumps(json.dumps(v, ensure_ascii=False), ensure_ascii=False)[3:-3],
        "json in json, outer ascii": lambda v: json.dumps(json.dumps(v, ensure_ascii=False))[3:-3],
        "json \\/": lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
        "\\u all": lambda v: "".join("\\u%04x" % unit for unit in utf16(v)),
        "\\U all": lambda v: "".join("\\u%04X" % unit for unit in utf16(v)),
        "shlex": lambda v: shlex.quote(v).strip("'") if "'" not in v else shlex.quote(v)[1:-1],
        "html": html.escape, "html text": lambda v: html.escape(v, quote=False),
        "sax": xml.sax.saxutils.escape, "sax attribute": lambda v: xml.sax.saxutils.quoteattr(v)[1:-1],
        "character references": lambda v: html.escape(v).encode("ascii", "xmlcharrefreplace").decode(),
        "structured data": lambda v: re.sub(r'(["\\\]])', r"\\\1", v),
        "repr of bytes": lambda v: repr(v.encode())[2:-1],
        "quote twice": lambda v: urllib.parse.quote(urllib.parse.quote(v)),
        "quote all twice": lambda v: urllib.parse.quote(urllib.parse.quote(v, safe=""), safe=""),
        "urlencode twice": lambda v: urllib.parse.quote_plus(urllib.parse.quote_plus(v)),
        "SQL": lambda v: v.replace("'", "''"), "CSV": lambda v: v.replace('"', '""'),
        "decimal markup": lambda v: re.sub("[<>&\"']", lambda found: f"&#{ord(found[0])};", v),
        "hexadecimal markup": lambda v: re.sub("[<>&\"']", lambda found: f"&#x{ord(found[0]):x};", v),
        "HEXADECIMAL markup": lambda v: re.sub("[<>&\"']", lambda found: f"&#x{ord(found[0]):X};", v),
    }
    for before in (b"", b"u", b"u:", b"abc"):
        for after in (b"", b"x", b"@h", b"@ho"):
            name = "%r %r" % (before, after)
            encoders["base64 " + name] = in_base64(before, after, base64.b64encode)
            encoders["base64url " + name] = in_base64(before, after, base64.urlsafe_b64encode)
            for where, plus, slash in (("a query", "%2B", "%2F"), ("a Query", "%2b", "%2f"), ("Python's quote", "%2B", "/"), ("PHP's JSON", "+", "\\/"), (".NET's JSON", "\\u002B", "/")):
                encoders[f"base64 in {where} {name}"] = in_base64(
                    before, after, lambda v, plus=plus, slash=slash: base64.b64encode(v).replace(b"/", slash.encode()).replace(b"+", plus.encode()))
    return encoders


def utf16(text):
    raw = text.encode("utf-16-be")
    return [raw[i] << 8 | raw[i + 1] for i in range(0, len(raw), 2)]


def run_lines(argv, values):
    """A program that gets JSON strings, one a line, and answers with a line of JSON strings for each."""
    text = "".join(json.dumps(value) + "\n" for value in values)
    done = subprocess.run(argv, input=text.encode(), capture_output=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


NODE = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(x => x);
for (const line of lines) {
  const v = JSON.parse(line);
  const url = new URL('http://h/'); url.username = v; const user = url.username;
  const query = new URL('http://h/?q=' + v.replace(/[#&]/g, '')).search.slice(3);
  const form = new URLSearchParams({p: v}).toString().slice(2);
  console.log(JSON.stringify([encodeURIComponent(v), encodeURI(v), user, form, JSON.stringify(v).slice(1, -1), /^[ -~]*$/.test(v) ? escape(v) : v,
    Buffer.from(v).toString('base64url'), Buffer.from(v).toString('hex')]));
}
"""
PERL = """
use strict; use warnings; use JSON::PP;
binmode(STDOUT);
my $json = JSON::PP->new->allow_nonref->utf8;
while (my $line = <STDIN>) {
  my $bytes = $json->decode($line); utf8::encode($bytes);
  my $quoted = quotemeta($bytes); utf8::decode($quoted);
  print $json->encode([$quoted]), "\\n";
}
"""


class KnownValuesTest(RedactdTest):
    @classmethod
    def setUpClass(cls):
        cls.values = made_up_values(60)

    def assert_all_masked(self, spelt, slack=0):
        """`spelt`: {encoder: [value's spelling]}. Beside the mask at most `slack` characters at each end stay."""
        known = self.write("known", "".join(value + "\n" for value in self.values))
        lines = [(name, text) for name, texts in spelt.items() for text in texts]
        text = "".join("before %s after\n" % text for _, text in lines).encode()
        # Only known values: what other rules make of a made-up value is not what this is about.
        run = self.run_redactd("--disable", "all", "--known", known, input=text)
        self.assertEqual(run.code, 0, run.err)
        out = run.out.split(b"\n")
        self.assertEqual(len(out), len(lines) + 1)
        for (name, spelling), line in zip(lines, out):
            room = len("before  after") + len(MASK) + 2 * slack
            with self.subTest(encoder=name, spelling=spelling):
                self.assertIn(MASK, line)
                self.assertLessEqual(len(line), room, line)

    def test_of_python(self):
        encoders = python_encoders()
        whole = {name: [encode(v) for v in self.values] for name, encode in encoders.items() if not name.startswith("base64")}
        self.assert_all_masked(whole)
        # Of base64, characters at both ends also depend on the neighbours, and there are neighbours.
        self.assert_all_masked({name: [encode(v) for v in self.values] for name, encode in encoders.items() if name.startswith("base64")}, slack=8)

    def test_of_bash(self):
        script = "while IFS= read -r line; do printf '%q\\n' \"$line\"; done"
        done = subprocess.run(["bash", "-c", script], input="".join(v + "\n" for v in self.values).encode(), capture_output=True, check=True,
                              env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
        quoted = [q[2:-1] if q.startswith("$'") else q for q in done.stdout.decode().splitlines()]
        traced = subprocess.run(["bash", "-xc", 'while IFS= read -r line; do : "$line"; done'], input="".join(v + "\n" for v in self.values).encode(),
                                capture_output=True, check=True, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "PS4": "+"})
        trace = [line[4:].strip("'") if line.count("'") == 2 else line[4:] for line in traced.stderr.decode().splitlines() if line.startswith("+ : ")]
        self.assertEqual(len(trace), len(self.values))
        self.assert_all_masked({"printf %q": quoted, "set -x": trace}, slack=1)

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_of_javascript(self):
        for spellings in run_lines(["node", "-e", NODE], self.values[1:2]):
            self.assertEqual(len(spellings), 8)
        by_value = run_lines(["node", "-e", NODE], self.values)
        self.assert_all_masked({"JavaScript": [text for spellings in by_value for text in spellings if len(text) > 5]}, slack=1)

    @unittest.skipUnless(shutil.which("perl"), "perl is not installed")
    def test_of_perl(self):
        self.assert_all_masked({"quotemeta": [s[0] for s in run_lines(["perl", "-e", PERL], [v for v in self.values if v.isascii()])]})

    @unittest.skipUnless(shutil.which("jq"), "jq is not installed")
    def test_of_jq(self):
        text = "".join(json.dumps(value) + "\n" for value in self.values).encode()
        for form in ("@json", "@uri", "@html", "@sh", "@base64"):
            done = subprocess.run(["jq", "-r", form], input=text, capture_output=True, check=True)
            spelt = [line[1:-1] if form in ("@json", "@sh") else line.rstrip("=") for line in done.stdout.decode().splitlines()]
            self.assert_all_masked({form: spelt}, slack=1)


if __name__ == "__main__":
    unittest.main()
