"""Figures from runs, and tables of them (Python standard library only)."""
from statistics import median


def mb_s(run):
    """Of the whole process; with packs that are compiled at start, from the first byte read."""
    return run["bytes"] / 1e6 / median(seconds(run))


def seconds(run):
    if run["section"] in ("filter", "tcp"):
        return run["seconds"]
    return [whole - start for whole, start in zip(run["seconds"], run["start"])]


def spread(run):
    return max(seconds(run)) / min(seconds(run))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join(" --- " if i == 0 else " ---: " for i in range(len(head))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"
