"""Known values: their files, what is measured, and the table (Python standard library only)."""
import os
import random
import string
from statistics import median

import measure
from figures import spread, table

SETTINGS = ((0, True), (100, True), (1000, True), (10000, True), (100000, False))  # values; with their encodings
GOALS = {1000: 0.7, 10000: 0.4}
LETTERS = string.ascii_letters + string.digits
PUNCTUATION = "!#$%&*/+?=\"'<>\\-_."


def made_up_values(count, seed=1):
    """As machines hold them: letters and digits, passwords with punctuation, hexadecimal; 8 to 40 characters."""
    source = random.Random(seed)
    for number in range(count):
        size = source.randrange(8, 41)
        alphabet = (LETTERS, LETTERS + PUNCTUATION, "0123456789abcdef", LETTERS + "-_")[number % 4]
        yield "".join(source.choices(alphabet, k=32 if number % 4 == 2 else size)) + source.choice(LETTERS)


def config(folder, count, encodings):
    """→ path of a configuration file with so many known values."""
    name = os.path.join(folder, "known-%d" % count)
    with open(name, "w", encoding="ascii") as file:
        file.writelines(value + "\n" for value in made_up_values(count))
    with open(name + ".yaml", "w", encoding="utf-8") as file:
        if count:
            file.write("known:\n  files: [%s]\n  encodings: %s\n" % (name, "true" if encodings else "false"))
    return name + ".yaml"


def measured(folder, redactd, log, rounds):
    """→ runs as results.json holds them. `idle` is the CPU time of a run without input: what is compiled before."""
    jobs, argvs = {}, {}
    for count, encodings in SETTINGS:
        argvs[count] = [redactd, "--config", config(folder, count, encodings)]
        jobs[count, "log"] = lambda a=argvs[count]: measure.run([a], log)
        jobs[count, "idle"] = lambda a=argvs[count]: measure.run([a], os.devnull)
    timed = measure.interleaved(jobs, rounds)
    runs = []
    for count, encodings in SETTINGS:
        measure.say("%d known values" % count)
        peak = measure.run_to_file(argvs[count], log, os.path.join(folder, "known.out"))
        samples = timed[count, "log"]
        runs.append(dict(section="known", program="redactd", values=count, encodings=encodings, bytes=os.path.getsize(log), peak_mib=peak,
                         idle=[t["cpu"] for t in timed[count, "idle"]], **{key: [t[key] for t in samples] for key in ("seconds", "cpu", "start")}))
    return runs


def cpu(run):
    """Of the data alone, each round."""
    idle = median(run["idle"])
    return [whole - idle for whole in run["cpu"]]


def section(report):
    runs = [run for run in report.runs if run["section"] == "known"]
    if not runs:
        return
    rows = []
    for run in runs:
        ratio = median(cpu(runs[0])) / median(cpu(run))
        rows.append([run["values"], "yes" if run["encodings"] else "no", "%.0f" % (run["bytes"] / 1e6 / median(cpu(run))), "%.2f" % ratio,
                     "%.2f" % median(run["idle"]), "%.1f" % run["peak_mib"], "%.2f" % spread(run)])
        if goal := GOALS.get(run["values"]):
            report.goal("%d known values with their encodings, of none" % run["values"], "≥ %.1f" % goal, "%.2f" % ratio, ratio >= goal)
    report.text.append("## Known values\n\nClean logs and the built-in rules, with values of 8 to 41 characters in a file. MB/s is by the CPU time of the data; "
                       "what is compiled before is *start*, CPU seconds of a run without input.\n")
    report.text.append(table(["values", "encodings", "MB per CPU s", "of none", "start s", "peak MiB", "spread"], rows))
