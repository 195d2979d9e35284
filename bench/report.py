"""Results as Markdown and plots (Python standard library only)."""
import json
import os
from statistics import median

import half_sent
import known
import long_line
import own_rules
import plot
import tcp_report
import worst
from figures import mb_s, seconds, spread, table
from make_corpus import RATES

RIVALS = ("rg", "sed", "perl", "redact-pii", "deep-redact", "logtape", "logredactor")


class Report:
    def __init__(self, results):
        self.results = results
        self.runs = results["runs"]
        self.text = []
        self.goals = []

    def find(self, section, program, **more):
        for run in self.runs:
            if run["section"] == section and run["program"] == program and all(run.get(k) == v for k, v in more.items()):
                return run
        return None

    def ratio(self, a, b):
        return mb_s(a) / mb_s(b)

    def goal(self, what, goal, value, reached, unit=""):
        self.goals.append([what, goal, value + unit, "reached" if reached else "**missed**"])

    def head(self):
        r = self.results
        self.text.append("# Results\n\nWritten by `bench/run`%s; do not edit.\n" % (" --quick, which only shows that it works" if r["quick"] else ""))
        self.text.append("- Machine: %s" % r["machine"])
        self.text += ["- %s: %s" % (name, version) for name, version in r["versions"].items()]
        self.text.append("- Corpus: %s60 %% text and 40 %% JSON%s; secrets in 0, 1, 10 and 100 %% of the records" % (
            "%d MB of records, " % r["corpus_mb"] if "corpus_mb" in r else "",
            ", two thirds of the text from the loghub samples" if r["sample_lines"] else ", all of it made up"))
        rounds = sorted({len(run["cpu"]) for run in self.runs if "cpu" in run})
        self.text.append("- Medians of %s interleaved rounds; *spread* is the slowest run over the fastest. MB = 10⁶ bytes. "
                         "*Left* counts planted secrets that stand in the output.\n" % " or ".join(map(str, rounds)))

    def filter_section(self):
        clean = self.find("filter", "redactd", rate="0")
        if clean is None:
            return
        rows = []
        goals = {"0": 1, "1": 0.75, "10": 0.5, "100": 0.2}
        for rate in RATES:
            for program in ("redactd", "taskset -c 0 redactd", "bare_scan", "cat", "wc -l", "cat | redactd | cat", "cat | cat | cat",
                            "gzip -dc | redactd | cat", "gzip -dc | cat | cat"):
                run = self.find("filter", program, rate=rate)
                if run is None:
                    continue
                note = ""
                if program.endswith(" redactd") or program == "redactd":
                    note = "%.2f of bare_scan" % self.ratio(run, self.find("filter", "bare_scan", rate=rate))
                    if rate != "0":
                        note += "; %.2f of clean" % self.ratio(run, self.find("filter", program, rate="0"))
                elif program == "cat | redactd | cat":
                    note = "%.2f of the pipe of cats" % self.ratio(run, self.find("filter", "cat | cat | cat", rate=rate))
                elif program == "gzip -dc | redactd | cat":
                    note = "%.2f of `gzip -dc | cat | cat`" % self.ratio(run, self.find("filter", "gzip -dc | cat | cat", rate=rate))
                left = "%d of %d" % (run["left"], run["planted"]) if "left" in run else "–"
                rows.append([rate + " %", "`%s`" % program, "%.0f" % mb_s(run), note, "%.3f" % median(run["cpu"]),
                             "%.1f" % run["peak_mib"] if "peak_mib" in run else "–", left, "%.2f" % spread(run)])
        self.text.append("## The filter, built-in rules\n\nWhole processes, a file in and nothing out; the pipes begin with `cat FILE` and end in "
                         "`cat >/dev/null`; behind `gzip -dc` the scan is not the limit. The filter uses all processors while input waits, one with `taskset`. "
                         "`bare_scan` reads and scans the same bytes with the same compiled expressions and does nothing else.\n")
        self.text.append(table(["secrets", "program", "MB/s", "ratio", "CPU s", "peak MiB", "left", "spread"], rows))
        self.text.append("![Throughput by share of records with a secret](throughput-by-rate.svg)\n")
        ratio = self.ratio(clean, self.find("filter", "bare_scan", rate="0"))
        self.goal("clean logs, of a bare scan", "≥ 0.90", "%.2f" % ratio, ratio >= 0.9)
        ratio = self.ratio(self.find("filter", "cat | redactd | cat", rate="0"), self.find("filter", "cat | cat | cat", rate="0"))
        self.goal("clean logs between two cats, where the scan is the limit, of three", "≥ 0.80", "%.2f" % ratio, ratio >= 0.8)
        unpacked = self.find("filter", "gzip -dc | redactd | cat", rate="0")
        if unpacked:
            ratio = self.ratio(unpacked, self.find("filter", "gzip -dc | cat | cat", rate="0"))
            self.goal("clean logs behind `gzip -dc`, where it is not, of `cat`", "≥ 0.80", "%.2f" % ratio, ratio >= 0.8)
        for rate in RATES[1:]:
            ratio = self.ratio(self.find("filter", "redactd", rate=rate), clean)
            self.goal("secrets in %s %% of the records, of clean" % rate, "≥ %.2f" % goals[rate], "%.2f" % ratio, ratio >= goals[rate])
        left = sum(self.find("filter", "redactd", rate=rate)["left"] for rate in RATES)
        self.goal("planted secrets left", "0", "%d" % left, left == 0)
        if left:
            worst = {}
            for rate in RATES:
                worst.update(self.find("filter", "redactd", rate=rate)["left_by_kind"])
            self.text.append("Left by kind (at the highest rate): %s\n" % ", ".join("%s %d" % item for item in sorted(worst.items())))
        peak = max(self.find("filter", "redactd", rate=rate)["peak_mib"] for rate in RATES)
        self.goal("peak resident memory", "≤ 48 MiB", "%.1f MiB" % peak, peak <= 48)

    def rivals_section(self):
        if self.find("rivals", "redactd", rate="0") is None:
            return
        names = [n for n in ("redactd", "bare_scan", *RIVALS) if self.find("rivals", n, rate="0")]
        rows, worst = [], None
        for rate in RATES:
            mine = self.find("rivals", "redactd", rate=rate)
            fastest = max((mb_s(self.find("rivals", n, rate=rate)) for n in names if n in RIVALS), default=0)
            if fastest:
                times = mb_s(mine) / fastest
                worst = times if worst is None else min(worst, times)
            for name in names:
                run = self.find("rivals", name, rate=rate)
                left = "–"
                if "left" in run:
                    lines = sum(n for kind, n in run["left_by_kind"].items() if kind.endswith("(lines)"))
                    left = "%d of %d (%d in key lines)" % (run["left"], run["planted"], lines)
                same = {True: "yes", False: "**no**"}.get(run.get("same_as_redactd"), "–")
                rows.append([rate + " %", "`%s`" % name, "%.1f" % mb_s(run) if mb_s(run) < 100 else "%.0f" % mb_s(run),
                             "%.0f×" % (mb_s(mine) / mb_s(run)) if name in RIVALS else "–",
                             "%.2f" % median(run["start"]), "%.2f" % median(run["cpu"]), "%.1f" % (run["bytes"] / 1e6),
                             "%.1f" % run["peak_mib"] if "peak_mib" in run else "–", left, same, "%.2f" % spread(run)])
        self.text.append(
            "## The same 100 rules in other programs\n\nThe expressions of `bench/rules100.tsv`, each secret replaced by `[REDACTED]`. redactd: a pack of 100 "
            "`regex` rules. sed: 100 `s` commands (`-E`, `(?:` written as `(`). perl: 100 `s///g` in one `-p` script. rg: one alternation with named "
            "groups around each secret (`--passthru --replace`), the one pass that rg offers; Unicode left on and the DFA at 200 MB, its fastest setting here. "
            "Libraries that mask log text get the lines from a few lines of `bench/drivers`, all in ASCII or Latin-1: logredactor (Python) 100 compiled expressions to its filter's `redact()`; "
            "redact-pii (JavaScript) 100 custom expressions, its own off; deep-redact 100 string tests, of which it applies the first that matches and no other; logtape, that is "
            "`@logtape/redaction`, 100 patterns to `redactByPattern`. syslog-ng, rsyslog and an OpenTelemetry Collector have the same rules in *Syslog over TCP*, below. All with `LC_ALL=C`. The slow ones read "
            "the first part of the corpus (*input*). MB/s counts from the first byte read; what comes before (compiling the rules) is *start*, and is part of the CPU time. "
            "No expression covers a private key over several lines, so its lines are left by all. *Same* tells whether the output is redactd's byte for byte; rg's differs where "
            "two rules meet in one place, for an alternation takes the first only, and deep-redact's would where two rules match in one line.\n")
        self.text.append(table(["secrets", "program", "MB/s", "redactd is", "start s", "CPU s", "input MB", "peak MiB", "left", "same", "spread"], rows))
        self.text.append("![Throughput of the same rules](rivals.svg)\n")
        self.hits_of_regexes()
        if worst is not None:
            clean = mb_s(self.find("rivals", "redactd", rate="1")) / max(mb_s(self.find("rivals", n, rate="1")) for n in names if n in RIVALS)
            self.goal("100 rules, of the fastest of %s, at 1 %%" % listed(n for n in RIVALS if n in names), "≥ 50×", "%.0f×" % clean, clean >= 50)
            self.text.append("Against the fastest of them redactd is %.0f times as fast at 1 %% and %.0f times at the worst of the four rates.\n" % (clean, worst))

    def hits_of_regexes(self):
        none, all_of_them = (self.find("rivals", "redactd", rate=rate) for rate in ("0", "100"))
        if all_of_them is None:
            return
        ratio = self.ratio(all_of_them, none)
        self.goal("100 `regex` rules, secrets in 100 % of the records, of clean", "≥ 0.10", "%.3f" % ratio, ratio >= 0.1)

    def rules_section(self):
        runs = [run for run in self.runs if run["section"] == "rules" and run["program"] == "redactd"]
        if not runs:
            return
        base, rows = runs[0], []
        for run in runs:
            bare = self.find("rules", "bare_scan", rules=run["rules"])
            rows.append([run["rules"], "%.0f" % mb_s(run), "%.2f" % self.ratio(run, base), "%.0f" % mb_s(bare), "%.2f" % self.ratio(run, bare),
                         "%.2f" % median(run["start"]), "%.1f" % run["peak_mib"], "%.2f" % spread(run)])
            goal = {500: 0.75, 5000: 0.5}.get(run["rules"])
            if goal:
                ratio = self.ratio(run, base)
                self.goal("%d rules, of %d rules" % (run["rules"], base["rules"]), "≥ %.2f" % goal, "%.2f" % ratio, ratio >= goal)
        self.text.append("## Number of rules\n\nMade-up rules, four `token` rules with a prefix each to one `value` rule with a key of its own; secrets in 1 % of the records, none of which these rules "
                         "describe. MB/s counts from the first byte read; what comes before, checking and compiling the pack, is *start*.\n")
        self.text.append(table(["rules", "redactd MB/s", "of %d rules" % base["rules"], "bare_scan MB/s", "redactd of bare_scan", "start s", "peak MiB", "spread"], rows))
        self.text.append("![Throughput by number of rules](throughput-by-rules.svg)\n")

    def start_section(self):
        start = self.results["start"]
        if not start:
            return
        names = {"redactd": "`redactd`, first byte out, warm", "redactd cold": "`redactd`, first byte out, its files dropped from the page cache",
                 "cat": "`cat`, first byte out: what starting a process costs here", "redactd --version": "`redactd --version`, whole run"}
        rows = [[names[n], "%.1f" % (median(start[n]) * 1e3), "%.1f" % (min(start[n]) * 1e3), "%.1f" % (max(start[n]) * 1e3)] for n in names]
        self.text.append("## Start\n\nOne line in, standard input kept open, built-in rules.\n")
        self.text.append(table(["what", "median ms", "least", "most"], rows))
        warm, cold = median(start["redactd"]) * 1e3, median(start["redactd cold"]) * 1e3
        self.goal("start to first byte, warm", "≤ 50 ms", "%.0f ms" % warm, warm <= 50)
        self.goal("start to first byte, cold", "≤ 150 ms", "%.0f ms" % cold, cold <= 150)

    def parts_section(self):
        if not self.results["parts"]:
            return
        rows = [[p["name"], scaled(p["nanoseconds"]), "%.0f" % (p["bytes_per_second"] / 1e6) if p["bytes_per_second"] else "–"] for p in self.results["parts"]]
        self.text.append("## Parts\n\n`filters_bench`, CPU time of one iteration.\n")
        self.text.append(table(["part", "time", "MB/s"], rows))

    def markdown(self):
        self.head()
        at = len(self.text)
        self.filter_section()
        self.rivals_section()
        own_rules.section(self)
        self.rules_section()
        known.section(self)
        worst.section(self)
        long_line.section(self)
        half_sent.section(self)
        self.start_section()
        tcp_report.throughput(self)
        tcp_report.latency(self)
        self.parts_section()
        self.text.insert(at, "## Goals\n\n" + table(["what", "goal", "measured", ""], self.goals))
        return "\n".join(self.text)

    def plots(self):
        machine = self.results["machine"]
        made = {}
        if self.find("filter", "redactd", rate="0"):
            series = {n: [mb_s(self.find("filter", n, rate=r)) for r in RATES] for n in ("bare_scan", "redactd")}
            made["throughput-by-rate.svg"] = plot.bars("Built-in rules: throughput by share of records with a secret", machine, [r + " %" for r in RATES],
                                                       series, "records with a secret", "MB/s")
        names = [n for n in ("redactd", *RIVALS) if self.find("rivals", n, rate="0")]
        if len(names) > 1:
            series = {n: [mb_s(self.find("rivals", n, rate=r)) for r in RATES] for n in names}
            made["rivals.svg"] = plot.bars("The same 100 rules (logarithmic scale)", machine, [r + " %" for r in RATES], series,
                                           "records with a secret", "MB/s", log=True)
        counts = [run["rules"] for run in self.runs if run["section"] == "rules" and run["program"] == "redactd"]
        if counts:
            series = {n: [mb_s(self.find("rules", n, rules=c)) for c in counts] for n in ("bare_scan", "redactd")}
            made["throughput-by-rules.svg"] = plot.lines("Throughput by number of rules", machine, counts, series, "rules", "MB/s", log_x=True)
        return dict(made, **worst.plots(self, machine), **long_line.plots(self, machine), **half_sent.plots(self, machine), **tcp_report.plots(self))


def listed(names):
    *most, last = names
    return "%s and %s" % (", ".join(most), last) if most else last


def scaled(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return "%.3g %s" % (nanoseconds / size, unit)
    return "%.3g ns" % nanoseconds


def medians_of_parts(benchmarks, order):
    """Google Benchmark's JSON → [{name, nanoseconds, bytes_per_second}], medians of the repetitions."""
    units = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    grouped = {}
    for b in benchmarks:
        if b.get("run_type") != "aggregate":
            grouped.setdefault(b.get("run_name", b["name"]), []).append(b)
    return [{"name": name.removeprefix("BM_"), "nanoseconds": median(b["cpu_time"] * units[b["time_unit"]] for b in group),
             "bytes_per_second": median(b.get("bytes_per_second", 0) for b in group)} for name, group in sorted(grouped.items(), key=lambda item: order.index(item[0]))]


def write(results, folder):
    os.makedirs(folder, exist_ok=True)
    report = Report(results)
    files = {"results.json": json.dumps(results, indent=1) + "\n", "RESULTS.md": report.markdown(), **report.plots()}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
