"""The worst that input can do: lines made for each kind of rule, as one line and as many (Python standard library only)."""
import os
from statistics import median
from typing import NamedTuple

import known
import measure
import plot
from figures import table

GOAL = 0.05  # of clean logs
MEGABYTES = (1, 4, 16)
SHORT_LINE = 450  # bytes: below the work that every record may cost
KNOWN_VALUES = 1000


class Input(NamedTuple):
    kind: str  # of the rules that look at it
    unit: bytes


FIRST_KNOWN = next(known.made_up_values(1)).encode()
INPUTS = {
    "keys": Input("value", b"password="),
    "weak keys": Input("value", b"key="),
    "quoted keys": Input("value", b'"password":"'),
    "empty values": Input("value", b'pwd=" '),
    "keys and blanks": Input("value", b"token: "),
    "options": Input("value", b"--password "),
    "keys of several rules": Input("value", b"dd_app_key: "),
    "keys that end in another": Input("value", b"api_key: "),
    "numbered keys in paths": Input("value", b"/Token1:"),
    "keys and escaped signs": Input("value", b"token%3D"),
    "lists behind keys": Input("value", b'auth:["a","'),
    "passwords for": Input("value", b"password for "),
    "codes": Input("value", b"otp: ("),
    "keys and spelt line breaks": Input("value", b"token:\\n"),
    "spelt line breaks and variables": Input("value", b"api_key:\\n${"),
    "keys and their verb": Input("value", b"api_key is a\\"),
    "keys in paths": Input("value", b"/token:"),
    "paths": Input("value", b"/reset"),
    "user and password": Input("value", b"userpwd:"),
    "quoted words": Input("value", b'password to "'),
    "commands": Input("value", b"echo "),
    "headers": Input("value", b"Authorization: Bearer "),
    "cookies": Input("value", b"Cookie:a="),
    "lists of cookies": Input("value", b"Cookie:a=b;"),
    "user info": Input("userinfo", b"://a:b@"),
    "token prefixes": Input("token", b"gh" + b"p_"),
    "near misses of a token": Input("token", b"BB" + b"DC-"),
    "near misses among escapes": Input("token", b"s%62" + b"p_"),
    "prefixes with an escape": Input("token", b"%65k_" + b"live_"),
    "JWT beginnings": Input("token", b"eyJ"),
    "JWT headers": Input("token", b"eyJ" + b"-"),
    "base64": Input("token", b"QUJDREVGR0hJSktM"),
    "token prefixes in base64": Input("token", b"Z2" + b"hwX"),
    "token prefixes in hexadecimal": Input("token", b"67" + b"68705f"),
    "hexadecimal": Input("token", b"deadbeef"),
    "one letter in hexadecimal": Input("token", b"41"),
    "one letter": Input("token", b"A"),
    "one letter in base64": Input("token", b"QUFB"),
    "one letter in wrapped base64": Input("token", b"QUFBQUFBQUFBQUFBQUFBQUFBQUFBIA\\n"),
    "refused tokens in base64": Input("token", b"bnZh" + b"cGkt"),
    "refused tokens in wrapped base64": Input("token", b"bnZh" + b"cGkt" + b"bnZh" + b"cGkt" + b"bnZh" + b"cGkt\\n"),
    "refused tokens in hexadecimal": Input("token", b"7068" + b"635f"),
    "near misses with a long tail": Input("token", b"KE" + b"Y_"),
    "percent escapes": Input("token", b"%41"),
    "unicode escapes": Input("token", b"\\u0041"),
    "keys and percent escapes": Input("value", b"%25252525password%25253D"),
    "key markers": Input("block", b"-----BEGIN RSA PRIVATE KEY-----"),
    "masks": Input("value", b"[REDACTED:"),
    "brackets": Input("value", b"[{("),
    "matches of a regex": Input("regex", b"acme:1 "),
    "looks of a regex at the rest": Input("regex", b"acme=1 "),
    "near misses of a regex": Input("regex", b"acme-a"),
    "known values": Input("known", FIRST_KNOWN + b" "),
    "near misses of a known value": Input("known", FIRST_KNOWN[:-1] + b" "),
}
# One is sure of its matches at once, one looks at all that is left of the record, one at all of a word.
REGEX_PACK = """rules:
  - id: worst-match
    title: Is sure at once
    kind: regex
    severity: high
    pattern: 'acme:(?P<secret>[0-9]+)'
    examples: ['acme:«{digits:4}» end']
  - id: worst-rest
    title: Looks at the rest of the record
    kind: regex
    severity: high
    pattern: 'acme=(?P<secret>[0-9]+)(?:.*;)?'
    examples: ['acme=«{digits:4}» end']
  - id: worst-word
    title: Looks at the rest of the word
    kind: regex
    severity: high
    pattern: 'acme-(?P<secret>[a-z-]+[0-9])'
    examples: ['acme-«x{digits:1}» end']
"""


def arguments(folder, kind):
    """What redactd is started with, for what is no built-in rule."""
    if kind == "known":
        return ["--config", known.config(folder, KNOWN_VALUES, True)]
    if kind != "regex":
        return []
    path = os.path.join(folder, "worst.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(REGEX_PACK)
    return ["--rules", path]


def text(unit, size, line=0):
    """`line`: bytes of a line; 0: all of it is one."""
    if not line:
        return unit * (size // len(unit)) + b"\n"
    one = unit * max(1, line // len(unit)) + b"\n"
    return one * (size // len(one))


def measured(folder, redactd, log, quick):
    runs = []
    path = os.path.join(folder, "worst")

    def add(name, argv, size, lines):
        samples = measure.interleaved({"log": lambda: measure.run([argv], path), "idle": lambda: measure.run([argv], os.devnull)}, 3)
        runs.append(dict(section="worst", program="redactd", input=name, lines=lines, bytes=size, idle=[t["cpu"] for t in samples["idle"]],
                         **{key: [t[key] for t in samples["log"]] for key in ("seconds", "cpu", "start")}))

    sizes = MEGABYTES[:1] if quick else MEGABYTES
    with open(log, "rb") as source, open(path, "wb") as out:
        out.write(source.read(sizes[-1] * 1000000))
    add("clean logs", [redactd], os.path.getsize(path), "many")
    for name, (kind, unit) in INPUTS.items():
        measure.say("worst, " + name)
        argv = [redactd] + arguments(folder, kind)
        for lines, line, wanted in (("one", 0, sizes), ("many", SHORT_LINE, sizes[-1:])):
            for megabytes in wanted:
                with open(path, "wb") as out:
                    out.write(text(unit, megabytes * 1000000, line))
                add(name, argv, os.path.getsize(path), lines)
    return runs


def speed(run):
    """MB per second of CPU, the start left out."""
    return run["bytes"] / 1e6 / max(median(run["cpu"]) - median(run["idle"]), 1e-4)


def measured_inputs(runs):
    """Kept results of an earlier run may lack what is new here."""
    return [name for name in INPUTS if any(run["input"] == name for run in runs)]


def section(report):
    runs = [run for run in report.runs if run["section"] == "worst"]
    if not runs:
        return
    clean = speed(runs[0])
    largest = max(run["bytes"] for run in runs[1:] if run["lines"] == "one") * 0.9
    rows, worst = [], (1e9, "")
    for name in measured_inputs(runs):
        row = [name, INPUTS[name].kind]
        for lines in ("one", "many"):
            run = next(r for r in runs if r["input"] == name and r["lines"] == lines and (lines == "many" or r["bytes"] > largest))
            row += ["%.0f" % speed(run), "%.3f" % (speed(run) / clean)]
            worst = min(worst, (speed(run) / clean, name))
        rows.append(row)
    report.goal("slowest input (%s), of clean logs" % worst[1], "≥ %.2f" % GOAL, "%.3f" % worst[0], worst[0] >= GOAL)
    report.text.append("## The worst input\n\nLines made of nothing but what a kind of rule looks at, MB per CPU second without the start, beside %.0f for clean logs: "
                       "all of it as one line, and as lines of %d bytes. Beside `regex` redactd has two rules of that kind, beside `known` %d values with their encodings. "
                       "Time grows with the bytes: see the plot.\n" % (clean, SHORT_LINE, KNOWN_VALUES))
    report.text.append(table(["input", "kind", "one line", "of clean", "short lines", "of clean"], rows))
    report.text.append("![Time against the length of one line](worst.svg)\n")


def plots(report, machine):
    runs = [run for run in report.runs if run["section"] == "worst" and run["lines"] == "one"]
    sizes = sorted({round(run["bytes"] / 1e6) for run in runs})
    if len(sizes) < 2:
        return {}
    series = {name: [median(r["cpu"]) - median(r["idle"]) for r in sorted((r for r in runs if r["input"] == name), key=lambda r: r["bytes"])]
              for name in measured_inputs(runs)}
    slowest = sorted(series, key=lambda name: -series[name][-1])[:6]
    return {"worst.svg": plot.lines("The six slowest inputs: time against the length of one line", machine, sizes, {n: series[n] for n in slowest},
                                    "MB in one line", "CPU seconds")}
