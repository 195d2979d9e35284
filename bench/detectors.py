"""Programs that find secrets, told to look at a folder of files (Python standard library only).

Each detector has scan(folder) → {file name: [(begin, end)]}: the bytes of each file that it takes for secrets. Those that
the registries have are fetched into a folder, never installed.
"""
import json
import os
import subprocess
import sys

from measure import ENVIRONMENT, say

GITLEAKS = "8.30.1"
SECRETLINT = "12.0.0"
DETECT_SECRETS = "1.5.0"
PATIENCE = 300  # seconds, for a fetch or a scan


class LeftOut(Exception):
    """Why a program does not take part."""


def call(argv, accepted=(0,), **options):
    try:
        done = subprocess.run(argv, capture_output=True, timeout=PATIENCE, check=False, env=dict(ENVIRONMENT, **options.pop("environment", {})), **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LeftOut("%s: %s" % (argv[0], type(error).__name__)) from error
    if done.returncode not in accepted:
        raise LeftOut("%s ended with %d: %s" % (argv[0], done.returncode, done.stderr.decode(errors="replace").strip()[-200:]))
    return done.stdout


def read(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def line_starts(data):
    starts = [0]
    at = data.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = data.find(b"\n", at + 1)
    return starts


class Redactd:
    exact = True  # says which bytes

    def __init__(self, program, name="redactd", arguments=()):
        self.name = name
        self.program = program
        self.arguments = list(arguments)

    def version(self):
        return call([self.program, "--version"]).decode().split("\n")[0]

    def scan(self, folder):
        found, starts = {}, {}
        names = sorted(os.listdir(folder))
        for part in range(0, len(names), 1000):
            out = call([self.program, "scan", "--format", "json", *self.arguments, *names[part:part + 1000]], (0, 1), cwd=folder)
            for line in out.splitlines():
                entry = json.loads(line)
                name = entry["file"]
                if name not in starts:
                    starts[name] = line_starts(read(folder, name))
                begin = starts[name][entry["line"] - 1] + entry["column"] - 1
                found.setdefault(name, []).append((begin, begin + entry["bytes"]))
        return found


class Gitleaks:
    name = "gitleaks"
    exact = True

    def __init__(self, tools):
        self.program = os.path.join(tools, "bin", "gitleaks")
        if os.path.exists(self.program):
            return
        say("fetching gitleaks")
        go = os.path.join(tools, "go")
        call(["go", "install", "github.com/zricethezav/gitleaks/v8@v" + GITLEAKS],
             environment={"GOPATH": go, "GOBIN": os.path.dirname(self.program), "GOFLAGS": "-modcacherw", "GOCACHE": os.path.join(go, "cache")})

    def version(self):
        return GITLEAKS

    def scan(self, folder):
        report = folder.rstrip("/") + ".gitleaks.json"
        call([self.program, "dir", folder, "--no-banner", "--log-level", "error", "--ignore-gitleaks-allow", "-f", "json", "-r", report], (0, 1))
        found = {}
        with open(report, encoding="utf-8") as file:
            entries = json.load(file)
        for entry in entries:
            name = os.path.basename(entry["File"])
            data = read(folder, name)
            starts = line_starts(data)
            # Its columns count in a way of its own; the secret itself tells the bytes.
            begin = starts[min(entry["StartLine"], len(starts)) - 1]
            end = starts[entry["EndLine"]] if entry["EndLine"] < len(starts) else len(data)
            secret = entry["Secret"].encode()
            at = data.find(secret, begin, end) if secret else -1
            while at >= 0:
                found.setdefault(name, []).append((at, at + len(secret)))
                at = data.find(secret, at + len(secret), end)
        return found


class Secretlint:
    name = "secretlint"
    exact = True

    def __init__(self, tools):
        self.program = os.path.join(tools, "npm", "node_modules", ".bin", "secretlint")
        if not os.path.exists(self.program):
            say("fetching secretlint")
            call(["npm", "install", "--no-audit", "--no-fund", "--prefix", os.path.join(tools, "npm"), "secretlint@" + SECRETLINT,
                  "@secretlint/secretlint-rule-preset-recommend@" + SECRETLINT])
        self.config = os.path.join(tools, "npm", "secretlintrc.json")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}, file)

    def version(self):
        return call([self.program, "--version"]).decode().strip()

    def scan(self, folder):
        # Into a file: it ends before a pipe has taken all.
        report = folder.rstrip("/") + ".secretlint.json"
        call([self.program, "--secretlintrc", self.config, "--format", "json", "--output", report, os.path.join(folder, "**", "*")], (0, 1),
             cwd=os.path.dirname(self.config))
        found = {}
        with open(report, encoding="utf-8") as file:
            entries = json.loads(file.read() or "[]")
        for entry in entries:
            name = os.path.basename(entry["filePath"])
            text = read(folder, name).decode("utf-8", "replace") if entry["messages"] else ""
            for message in entry["messages"]:
                begin, end = message["range"]
                before = len(text[:begin].encode())
                found.setdefault(name, []).append((before, before + len(text[begin:end].encode())))
        return found


class DetectSecrets:
    name = "detect-secrets"
    exact = False  # says the line only

    def __init__(self, tools):
        self.program = os.path.join(tools, "venv", "bin", "detect-secrets")
        if os.path.exists(self.program):
            return
        say("fetching detect-secrets")
        call([sys.executable, "-m", "venv", os.path.join(tools, "venv")])
        call([os.path.join(tools, "venv", "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "detect-secrets==" + DETECT_SECRETS])

    def version(self):
        return call([self.program, "--version"]).decode().strip()

    def scan(self, folder):
        found = {}
        out = call([self.program, "-C", folder, "scan", "--all-files", "--no-verify", "."])
        for path, entries in json.loads(out)["results"].items():
            name = os.path.basename(path)
            data = read(folder, name)
            starts = line_starts(data) + [len(data)]
            for entry in entries:
                begin = starts[entry["line_number"] - 1]
                found.setdefault(name, []).append((begin, max(begin, starts[entry["line_number"]])))
        return found


def others(tools):
    """→ those that could be had, and why the rest could not."""
    detectors, missing = [], []
    for kind in (Gitleaks, Secretlint, DetectSecrets):
        try:
            detectors.append(kind(tools))
        except LeftOut as reason:
            say("%s is left out: %s" % (kind.name, reason))
            missing.append((kind.name, str(reason)))
    return detectors, missing


