"""The run as curves: memory, open files, throughput and latency, with a line for each fault."""

import plot

MOST_POINTS = 400
MOST_MARKS = 200  # more would be a surface


def draw(path, title, samples, faults):
    samples = samples[::max(1, len(samples) // MOST_POINTS)]
    marks = [at for at, _ in faults if samples[0].at <= at <= samples[-1].at] if len(faults) <= MOST_MARKS else []
    text = plot.panels(
        title, f"{len(faults)} faults" + (", a vertical line for each" if marks else ""), [sample.at for sample in samples], {
            "resident memory, MiB": {"": [sample.resident / 2**20 for sample in samples]},
            "open files": {"": [sample.files for sample in samples]},
            "records/s at both sinks": {"": [sample.records for sample in samples]},
            "latency, s": {"half of the records": [sample.half for sample in samples], "99 of 100": [sample.most for sample in samples]},
        }, "seconds", marks)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
