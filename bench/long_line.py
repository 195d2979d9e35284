"""A line that does not end: time and memory against its length, up to 1 GiB (Python standard library only)."""
import contextlib
import os
import subprocess
import time
from statistics import median
from typing import NamedTuple

import make_corpus
import measure
import plot
import worst
from figures import table

MEBIBYTES = (64, 256, 1024)
QUICK_MEBIBYTES = (1, 4, 16)
ROUNDS = 3
GOAL_TIME = 1.5  # of a MiB of the longest, against one of the shortest
GOAL_MEMORY = 48  # MiB
BLOCK_MEGABYTES = 4  # that are written again and again
ORDINARY, SECRETS = "clean logs", "logs, 10 % with a secret"


class Line(NamedTuple):
    head: bytes
    block: bytes  # repeated behind it, until the line is as long as it is to be


def without_line_feeds(log):
    with open(log, "rb") as file:
        return file.read().replace(b"\n", b" ")


def repeated(unit):
    return unit * (BLOCK_MEGABYTES * 1000000 // len(unit))


def write_corpora(folder, megabytes, samples):
    """→ {rate: (log, the secrets in it)}, as make_corpus has them."""
    inside = os.path.join(folder, "long")
    os.makedirs(inside, exist_ok=True)
    return make_corpus.write_corpora(inside, megabytes, 1, ("0", "10"), samples)


def lines(corpora):
    return {
        ORDINARY: Line(b"", without_line_feeds(corpora["0"][0])),
        SECRETS: Line(b"", without_line_feeds(corpora["10"][0])),
        "one value": Line(b"password=", repeated(b"Zk3vQ9xT")),
        "keys": Line(b"", repeated(worst.INPUTS["keys"].unit)),
    }


def fed(argv, line, size, out=os.devnull):
    """One run that reads the line from a pipe, as it is made → {bytes, seconds, cpu, peak_mib}. Without a size it reads nothing."""
    with open(out, "wb") as sink:
        begin = time.perf_counter()
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=sink, env=measure.ENVIRONMENT)
        written = peak = 0
        with contextlib.suppress(BrokenPipeError):  # wait_all tells how it ended
            written = write_line(process.stdin, line, size) if size else 0
            peak = measure.peak_kib(process.pid)
            process.stdin.close()
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            peak = max(peak, measure.peak_kib(process.pid))
            time.sleep(0.0003)
        cpu = measure.wait_all([argv], [process])
        return {"bytes": written, "seconds": time.perf_counter() - begin, "cpu": cpu, "peak_mib": peak / 1024}


def write_line(pipe, line, size):
    pipe.write(line.head)
    written = len(line.head)
    while written < size:
        piece = line.block[:size - written]
        pipe.write(piece)
        written += len(piece)
    pipe.write(b"\n")
    pipe.flush()
    return written + 1


def secrets_left(folder, redactd, line, size, truth):
    """→ (how many were planted in the block, how many stand in what comes of the line)"""
    out = os.path.join(folder, "long.out")
    fed([redactd], line, size, out)
    with open(out, "rb") as file:
        text = file.read()
    planted = [secret for _, _, _, secret in measure.read_truth(truth)]
    return len(planted), sum(secret in text for secret in planted)


def measured(folder, redactd, samples, quick):
    """→ runs as results.json holds them. `idle` is the CPU time of a run without input."""
    runs = []
    sizes = QUICK_MEBIBYTES if quick else MEBIBYTES
    corpora = write_corpora(folder, BLOCK_MEGABYTES, samples)
    for name, line in lines(corpora).items():
        measure.say("long, " + name)
        jobs = {size: (lambda s=size: fed([redactd], line, s << 20)) for size in (0, *sizes)}
        timed = measure.interleaved(jobs, ROUNDS)
        for size in sizes:
            runs.append(dict(section="long", program="redactd", input=name, mib=size, bytes=timed[size][0]["bytes"],
                             idle=[t["cpu"] for t in timed[0]], peak_mib=max(t["peak_mib"] for t in timed[size]),
                             **{key: [t[key] for t in timed[size]] for key in ("seconds", "cpu")}))
        if name == SECRETS:
            runs[-1]["planted"], runs[-1]["left"] = secrets_left(folder, redactd, line, sizes[0] << 20, corpora["10"][1])
    return runs


def cpu(run):
    return max(median(run["cpu"]) - median(run["idle"]), 1e-4)


def by_input(report):
    runs = {}
    for run in report.runs:
        if run["section"] == "long":
            runs.setdefault(run["input"], []).append(run)
    return runs


def growth(of_one):
    """Time of a MiB of the longest line, against one of the shortest."""
    return (cpu(of_one[-1]) / of_one[-1]["mib"]) / (cpu(of_one[0]) / of_one[0]["mib"])


def section(report):
    runs = by_input(report)
    if not runs:
        return
    rows = [[name, run["mib"], "%.2f" % median(run["seconds"]), "%.2f" % cpu(run), "%.2f" % (cpu(run) / run["mib"] * 1e3), "%.1f" % run["peak_mib"]]
            for name, of_one in runs.items() for run in of_one]
    longest = runs[ORDINARY][-1]["mib"]
    steepest = max(runs, key=lambda name: growth(runs[name]))
    peak = max(run["peak_mib"] for of_one in runs.values() for run in of_one)
    checked = runs[SECRETS][-1]
    report.goal("a line of %d MiB (%s), time a MiB, of one of %d MiB" % (longest, steepest, runs[ORDINARY][0]["mib"]), "≤ %.1f" % GOAL_TIME,
                "%.2f" % growth(runs[steepest]), growth(runs[steepest]) <= GOAL_TIME)
    report.goal("a line of %d MiB, peak resident memory" % longest, "≤ %d MiB" % GOAL_MEMORY, "%.1f MiB" % peak, peak <= GOAL_MEMORY)
    report.goal("a line without an end, planted secrets left", "0", "%d" % checked["left"], checked["left"] == 0)
    report.text.append("## A line without an end\n\nOne line through a pipe, made as it is written, with one line feed at its end: logs whose line feeds are blanks, "
                       "`password=` before nothing but its value, and nothing but `password=`. CPU seconds are those of redactd without its start. %d secrets were "
                       "planted in what the second repeats; %d stand in what comes of it.\n" % (checked["planted"], checked["left"]))
    report.text.append(table(["input", "MiB", "s", "CPU s", "CPU ms a MiB", "peak MiB"], rows))
    report.text.append("![Time against the length of a line](long.svg)\n\n![Memory against the length of a line](long-memory.svg)\n")


def plots(report, machine):
    runs = by_input(report)
    if not runs:
        return {}
    sizes = [run["mib"] for run in runs[ORDINARY]]
    times = {name: [cpu(run) for run in of_one] for name, of_one in runs.items()}
    peaks = {name: [run["peak_mib"] for run in of_one] for name, of_one in runs.items()}
    return {"long.svg": plot.lines("A line without an end: time against its length", machine, sizes, times, "MiB in one line", "CPU seconds",
                                   log_x=True, log_y=True),
            "long-memory.svg": plot.lines("A line without an end: memory against its length", machine, sizes, peaks, "MiB in one line", "peak resident MiB",
                                          log_x=True)}
