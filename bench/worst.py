"""The worst that input can do: lines made for each kind of rule, as one line and as many (Python standard library only)."""
import os
from statistics import median

import measure
import plot
from figures import table

GOAL = 0.05  # of clean logs
MEGABYTES = (1, 4, 16)
SHORT_LINE = 450  # bytes: below the work that every record may cost
UNITS = {
    "keys": b"password=",
    "quoted keys": b'"password":"',
    "headers": b"Authorization: Bearer ",
    "user info": b"://a:b@",
    "token prefixes": b"gh" + b"p_",
    "JWT beginnings": b"eyJ",
    "base64": b"QUJDREVGR0hJSktM",
    "hexadecimal": b"deadbeef",
    "percent escapes": b"%41",
    "unicode escapes": b"\\u0041",
    "key markers": b"-----BEGIN RSA PRIVATE KEY-----",
    "masks": b"[REDACTED:",
    "brackets": b"[{(",
}


def text(unit, size, line=0):
    """`line`: bytes of a line; 0: all of it is one."""
    if not line:
        return unit * (size // len(unit)) + b"\n"
    one = unit * max(1, line // len(unit)) + b"\n"
    return one * (size // len(one))


def measured(folder, redactd, log, quick):
    runs = []
    path = os.path.join(folder, "worst")

    def add(name, size, lines):
        samples = measure.interleaved({"log": lambda: measure.run([[redactd]], path), "idle": lambda: measure.run([[redactd]], os.devnull)}, 3)
        runs.append(dict(section="worst", program="redactd", input=name, lines=lines, bytes=size, idle=[t["cpu"] for t in samples["idle"]],
                         **{key: [t[key] for t in samples["log"]] for key in ("seconds", "cpu", "start")}))

    sizes = MEGABYTES[:1] if quick else MEGABYTES
    with open(log, "rb") as source, open(path, "wb") as out:
        out.write(source.read(sizes[-1] * 1000000))
    add("clean logs", os.path.getsize(path), "many")
    for name, unit in UNITS.items():
        measure.say("worst, " + name)
        for lines, line, wanted in (("one", 0, sizes), ("many", SHORT_LINE, sizes[-1:])):
            for megabytes in wanted:
                with open(path, "wb") as out:
                    out.write(text(unit, megabytes * 1000000, line))
                add(name, os.path.getsize(path), lines)
    return runs


def speed(run):
    """MB per second of CPU, the start left out."""
    return run["bytes"] / 1e6 / max(median(run["cpu"]) - median(run["idle"]), 1e-4)


def section(report):
    runs = [run for run in report.runs if run["section"] == "worst"]
    if not runs:
        return
    clean = speed(runs[0])
    largest = max(run["bytes"] for run in runs[1:] if run["lines"] == "one") * 0.9
    rows, worst = [], (1e9, "")
    for name in UNITS:
        row = [name]
        for lines in ("one", "many"):
            run = next(r for r in runs if r["input"] == name and r["lines"] == lines and (lines == "many" or r["bytes"] > largest))
            row += ["%.0f" % speed(run), "%.3f" % (speed(run) / clean)]
            worst = min(worst, (speed(run) / clean, name))
        rows.append(row)
    report.goal("slowest input (%s), of clean logs" % worst[1], "≥ %.2f" % GOAL, "%.3f" % worst[0], worst[0] >= GOAL)
    report.text.append("## The worst input\n\nLines made of nothing but what a kind of rule looks at, MB per CPU second without the start, beside %.0f for clean logs: "
                       "all of it as one line, and as lines of %d bytes. Time grows with the bytes: see the plot.\n" % (clean, SHORT_LINE))
    report.text.append(table(["input", "one line", "of clean", "short lines", "of clean"], rows))
    report.text.append("![Time against the length of one line](worst.svg)\n")


def plots(report, machine):
    runs = [run for run in report.runs if run["section"] == "worst" and run["lines"] == "one"]
    sizes = sorted({round(run["bytes"] / 1e6) for run in runs})
    if len(sizes) < 2:
        return {}
    series = {name: [median(r["cpu"]) - median(r["idle"]) for r in sorted((r for r in runs if r["input"] == name), key=lambda r: r["bytes"])]
              for name in UNITS}
    slowest = sorted(series, key=lambda name: -series[name][-1])[:6]
    return {"worst.svg": plot.lines("The six slowest inputs: time against the length of one line", machine, sizes, {n: series[n] for n in slowest},
                                    "MB in one line", "CPU seconds")}
