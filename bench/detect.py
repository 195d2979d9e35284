"""The section `detect`: what redactd finds of known secrets, beside other programs (Python standard library only).

The example secrets and the logs are not part of the project: without them (--shared) there is nothing to measure.
"""
import collections
import json
import os
import shutil
import subprocess
import sys

import detectors
from figures import table
from measure import say

LOG_RATES = ("0", "1", "10")
MOST_OF_A_RULE = 8  # examples: one corpus has the same value in two dozen surroundings


class Row:
    """An example of a corpus: a text, the secret in it, and whether it has to be found."""

    def __init__(self, entry):
        self.text = entry["text"].encode("utf-8", "surrogatepass")
        self.source = entry["source"]
        self.provider = entry.get("canon") or "?"
        self.rule = entry.get("rule")
        self.wanted = entry["expect"] == "mask"
        self.hard = entry.get("strength") == "hard"
        self.line_ok = str(entry.get("line_ok", True)) == "True"
        secret = entry["secret"] or ""
        if str(entry.get("loose", False)) == "True":
            secret = value_of(secret)
        self.secret = secret.encode("utf-8", "surrogatepass")


def value_of(secret):
    """For rows whose marked secret takes in its key or quotes: the value proper."""
    value = secret[max(secret.rfind(mark) for mark in "=: ") + 1:].strip("\"'`,;)}]([{")
    return value or secret


def is_gone(text, ranges, secret):
    """Of a secret over several lines every line has to go; a marker or a short rest is no secret."""
    masked = mask(text, ranges)
    if secret in masked:
        return False
    return not any(len(line) >= 40 and b"-----" not in line and line in masked for line in secret.split(b"\n")) or b"\n" not in secret


def mask(text, ranges):
    out, at = [], 0
    for begin, end in merged(ranges):
        out += [text[at:begin], b"[]"]
        at = end
    return b"".join(out) + text[at:]


def merged(ranges):
    result = []
    for begin, end in sorted(ranges):
        if result and begin <= result[-1][1]:
            result[-1][1] = max(result[-1][1], end)
        else:
            result.append([begin, end])
    return result


def size(ranges):
    return sum(end - begin for begin, end in merged(ranges))


def read_rows(folder):
    rows = collections.OrderedDict()
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".jsonl"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            entries = [json.loads(line) for line in file]
        kept = [Row(entry) for entry in entries if "expect" in entry and entry.get("class", "secret") == "secret"
                and (entry["expect"] == "keep" or isinstance(entry["secret"], str))]
        if kept:
            rows[name[:-6]] = thinned(kept)
    return rows


def thinned(rows):
    """At most MOST_OF_A_RULE secrets of each rule, spread evenly; all texts without one."""
    by_rule = collections.OrderedDict()
    for row in rows:
        by_rule.setdefault(row.rule if row.wanted else row, []).append(row)
    return [group[i * len(group) // min(len(group), MOST_OF_A_RULE)] for group in by_rule.values() for i in range(min(len(group), MOST_OF_A_RULE))]


class Detect:
    def __init__(self, folder, redactd, tools, shared, megabytes):
        self.folder = folder
        self.shared = shared
        self.megabytes = megabytes
        ours = [detectors.Redactd(redactd)]
        gitleaks = os.path.join(shared, "gitleaks.toml")
        if os.path.exists(gitleaks):
            ours.append(detectors.Redactd(redactd, "redactd, gitleaks' rules only", ["--disable", "all", "--gitleaks", os.path.abspath(gitleaks)]))
        others, self.missing = detectors.others(tools)
        self.all = ours + others
        self.text = []

    def run(self):
        self.head()
        self.corpora()
        self.planted()
        self.real_logs()
        return "\n".join(self.text) + "\n"

    def scan(self, detector, folder):
        say("%s on %s" % (detector.name, os.path.basename(folder)))
        try:
            return detector.scan(folder)
        except detectors.LeftOut as reason:
            say("%s is left out here: %s" % (detector.name, reason))
            return None

    def head(self):
        self.text.append("# Detection\n\nWritten by `bench/run detect`; do not edit.\n")
        self.text += ["- %s: %s" % (detector.name, detector.version()) for detector in self.all]
        self.text += ["- %s: left out, %s" % pair for pair in self.missing]
        self.text.append("""
- *Recall* is the share of the secrets that are gone when what the program reports is masked; *in the line*: of those that can be seen
  in their own line. *By provider*: the mean over the providers, for a corpus may hold one provider's tokens many times over.
- *False* counts the texts without a secret in which something is reported; *precision* is the share of the texts with a secret among
  those in which something is reported rightly or falsely.
- *Masked* are the bytes that are reported, of all bytes of the texts with a secret.
- detect-secrets tells lines, not bytes: a secret counts as gone when its line is reported, and bytes are not counted.
- At most %d examples of each rule of a source, spread evenly.
- gitleaks with `--ignore-gitleaks-allow`; secretlint with its recommended rules; detect-secrets with its standard plugins.
""" % MOST_OF_A_RULE)

    def corpora(self):
        self.text.append("## Examples of public scanners\n")
        for name, rows in read_rows(os.path.join(self.shared, "corpus", "dev")).items():
            folder = os.path.join(self.folder, name)
            os.mkdir(folder)
            for number, row in enumerate(rows):
                with open(os.path.join(folder, "%05d.txt" % number), "wb") as file:
                    file.write(row.text)
            cells, misses = [], []
            for detector in self.all:
                found = self.scan(detector, folder)
                if detector is self.all[0] and found is not None:
                    misses = missed(rows, found)
                cells.append([detector.name] + (score(rows, found, detector.exact) if found is not None else ["–"] * 7))
            wanted = sum(row.wanted for row in rows)
            hard = sum(not row.wanted and row.hard for row in rows)
            self.text.append("**%s**: %d secrets, %d texts without one\n" % (name, wanted, hard))
            self.text.append(table(["program", "recall", "in the line", "by provider", "missed", "false", "precision", "masked"], cells))
            if misses:
                self.text.append("redactd misses: %s.\n" % ", ".join(misses))

    def planted(self):
        generator = os.path.join(self.shared, "gen_corpus.py")
        folder = os.path.join(self.folder, "seeded")
        os.mkdir(folder)
        subprocess.run([sys.executable, generator, "--out", folder, "--mb", str(self.megabytes)], check=True, stdout=subprocess.DEVNULL)
        self.text.append("## Seeded logs\n\n%g MB of records each, text and JSON, with secrets in 0, 1 and 10 %% of them. *False* are reports in lines "
                         "without a secret.\n" % self.megabytes)
        cells = []
        for rate in LOG_RATES:
            own = os.path.join(self.folder, "log-" + rate)
            os.mkdir(own)
            os.rename(os.path.join(folder, "corpus-%s.log" % rate), os.path.join(own, "app.log"))
            data = detectors.read(own, "app.log")
            truth = read_truth(os.path.join(folder, "truth-%s.tsv" % rate))
            for detector in self.all:
                found = self.scan(detector, own)
                cells.append([rate + " %", detector.name] + (score_log(data, truth, found.get("app.log", []), detector.exact) if found is not None else ["–"] * 5))
        self.text.append(table(["secrets", "program", "recall", "missed", "false", "precision", "masked"], cells))

    def real_logs(self):
        folder = os.path.join(self.folder, "real-logs")
        os.mkdir(folder)
        samples = os.path.join(self.shared, "logs")
        names = [name for name in os.listdir(samples) if name.endswith(".log")]
        for name in names:
            shutil.copy(os.path.join(samples, name), folder)
        lines = sum(detectors.read(folder, name).count(b"\n") for name in names)
        self.text.append("## Real logs\n\n%d lines of %d systems (loghub), without a secret that anybody knows of: every report is false.\n" % (lines, len(names)))
        cells = []
        for detector in self.all:
            found = self.scan(detector, folder)
            if found is not None:
                count = sum(len(merged(ranges)) for ranges in found.values())
                masked = sum(size(ranges) for ranges in found.values())
                cells.append([detector.name, count, masked if detector.exact else "–"])
        self.text.append(table(["program", "reports", "bytes"], cells))


def missed(rows, found):
    """→ the rules whose secrets are left, with how many."""
    left = collections.Counter()
    for number, row in enumerate(rows):
        if row.wanted and not is_gone(row.text, found.get("%05d.txt" % number, []), row.secret):
            left["%s%s" % (row.rule, "" if row.line_ok else " (key and secret on different lines)")] += 1
    return ["%s%s" % (rule, " ×%d" % count if count > 1 else "") for rule, count in sorted(left.items())]


def percent(part, whole):
    return "–" if whole == 0 else "%.1f %%" % (100.0 * part / whole)


def score(rows, found, exact):
    gone = lines = lines_gone = false = right = masked = 0
    providers = collections.defaultdict(list)
    for number, row in enumerate(rows):
        ranges = found.get("%05d.txt" % number, [])
        if not row.wanted:
            false += bool(row.hard and ranges)
            continue
        hit = is_gone(row.text, ranges, row.secret)
        gone += hit
        right += hit
        lines += row.line_ok
        lines_gone += row.line_ok and hit
        masked += size(ranges)
        providers[row.provider].append(hit)
    wanted = sum(row.wanted for row in rows)
    mean = sum(sum(hits) / len(hits) for hits in providers.values())
    texts = sum(len(row.text) for row in rows if row.wanted)
    return [percent(gone, wanted), percent(lines_gone, lines), percent(mean, len(providers)), wanted - gone, false, percent(right, right + false),
            percent(masked, texts) if exact else "–"]


def read_truth(path):
    """→ {line: [secret]}, lines from 1."""
    truth = collections.defaultdict(list)
    with open(path, encoding="latin-1", newline="\n") as file:
        for row in file:
            line, _, _, secret = row.rstrip("\n").split("\t", 3)
            truth[int(line)].append(secret.encode("latin-1"))
    return truth


def score_log(data, truth, ranges, exact):
    starts = detectors.line_starts(data)
    by_line = collections.defaultdict(list)
    at = 0
    for begin, end in merged(ranges):
        while at + 1 < len(starts) and starts[at + 1] <= begin:
            at += 1
        line = at
        while line < len(starts) and starts[line] < end:
            stop = starts[line + 1] if line + 1 < len(starts) else len(data)
            by_line[line + 1].append((max(begin, starts[line]) - starts[line], min(end, stop) - starts[line]))
            line += 1
    gone = wanted = 0
    for line, secrets in truth.items():
        stop = starts[line] if line < len(starts) else len(data)
        text = mask(data[starts[line - 1]:stop], by_line.get(line, []))
        wanted += len(secrets)
        gone += sum(secret not in text for secret in secrets)
    def planted(line):  # a key's marker lines belong to the key
        return line in truth or b"-----" in data[starts[line - 1]:starts[line] if line < len(starts) else len(data)]

    false = sum(len(merged(found)) for line, found in by_line.items() if not planted(line))
    right = sum(len(merged(found)) for line, found in by_line.items() if line in truth)
    return [percent(gone, wanted), wanted - gone, false, percent(right, right + false), percent(size(ranges), len(data)) if exact else "–"]
