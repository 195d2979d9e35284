"""Programs with rules of their own beside redactd's built-in rules: what is measured, and the table (Python standard library only)."""
import os
from collections import Counter
from statistics import median

import measure
from figures import mb_s, spread, table
from make_corpus import RATES

# Megabytes of the corpus that each gets: most read all of it before they write, and redactcli's time grows with the square.
CUTS = {"leakguard": dict(zip(RATES, (10, 10, 10, 4))), **{name: dict.fromkeys(RATES, 2) for name in ("redactcli", "logveil", "promptcloak")}}


def read_lines(path):
    with open(path, "rb") as file:
        return file.read().split(b"\n")


def lines_changed(before, after):
    """Lines of one file that the other does not have as often."""
    return sum((Counter(read_lines(before)) - Counter(read_lines(after))).values())


def measured(bench, programs):
    """→ runs as results.json holds them."""
    share = 0.25 if bench.quick else 1
    runs = []
    for rate in RATES:
        measure.say("rules of their own, %s %% of the records with a secret" % rate)
        inputs = {name: bench.cut(rate, CUTS[name][rate] * share) for name in programs}
        inputs["redactd"] = (bench.long[rate], None)
        argvs = {"redactd": [bench.redactd], **programs}
        jobs = {name: (lambda a=argv, f=inputs[name][0]: measure.run([a], f)) for name, argv in argvs.items()}
        for name, samples in measure.interleaved(jobs, bench.rounds).items():
            log, lines = inputs[name] if name in programs else (bench.corpora[rate][0], None)
            out = bench.path("own.out")
            peak = measure.run_to_file(argvs[name], log, out)
            truth = measure.read_truth(bench.corpora[rate][1], lines)
            left = sum(measure.secrets_left(truth, out, len(read_lines(log))).values())
            more = {"changed": lines_changed(log, out), "lines": len(read_lines(log)) - 1} if rate == "0" else {}
            runs.append(dict(section="rivals-own", program=name, rate=rate, bytes=os.path.getsize(inputs[name][0]), peak_mib=peak, planted=len(truth), left=left,
                             **{key: [t[key] for t in samples] for key in ("seconds", "cpu", "start")}, **more))
    return runs


def section(report):
    runs = [run for run in report.runs if run["section"] == "rivals-own"]
    if len({run["program"] for run in runs}) < 2:
        return
    rows = []
    for run in runs:
        mine = report.find("rivals-own", "redactd", rate=run["rate"])
        times = mb_s(mine) / mb_s(run)
        rows.append([run["rate"] + " %", "`%s`" % run["program"], "%.3g" % mb_s(run) if mb_s(run) < 100 else "%.0f" % mb_s(run),
                     "–" if run is mine else "%.0f×" % times, "%.2f" % median(run["start"]), "%.2f" % median(run["cpu"]), "%.1f" % (run["bytes"] / 1e6),
                     "%.1f" % run["peak_mib"], "%d of %d" % (run["left"], run["planted"]) if run["planted"] else "–",
                     "%d of %d" % (run["changed"], run["lines"]) if "changed" in run else "–", "%.2f" % spread(run)])
    report.text.append(
        "### Programs with rules of their own\n\nThe same corpora and the same run. redactd has its built-in rules; leakguard, redactcli, logveil and promptcloak have theirs, and are told to leave "
        "addresses and personal data, where they have a setting for it. The planted secrets are of kinds that redactd's rules describe, and other programs may never have been meant to find some "
        "of them. *Changed* counts the lines of the corpus without secrets that came out otherwise: masks where there was nothing to mask. MB/s counts from the first byte read, as above; "
        "each got the first part of the corpus (*input*), and redactcli's time grows faster than its input. A line that was folded into another is looked for where it may have moved to.\n")
    report.text.append(table(["secrets", "program", "MB/s", "redactd is", "start s", "CPU s", "input MB", "peak MiB", "left", "changed", "spread"], rows))
