"""Public redactors of log text that the registries have: fetched into a folder, never installed (Python standard library only).

Libraries that take expressions of one's own (LIBRARIES) get the same rules as redactd from a few lines in bench/drivers; programs with rules
of their own (PROGRAMS) run as they are; RELAYS stand between two programs that speak syslog.
"""
import json
import os
import sys

from detectors import LeftOut, call
from make_rules import split_group
from measure import say

DRIVERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "drivers")


def numbered_groups(rules):
    """→ JSON: [expression, flags] each, a group before the secret and one behind it."""
    out = []
    for _, expression in rules:
        ignore_case, before, secret, after = split_group(expression)
        out.append(["(%s)(?:%s)(%s)" % (before, secret, after), "i" if ignore_case else ""])
    return json.dumps(out)


class FromPyPI:
    def __init__(self, package, version):
        self.package, self.version = package, version

    def there(self, tools):
        name = "%s-%s.dist-info" % (self.package.replace("-", "_"), self.version)
        lib = os.path.join(tools, "venv", "lib")
        return os.path.isdir(lib) and any(os.path.isdir(os.path.join(lib, python, "site-packages", name)) for python in os.listdir(lib))

    def fetch(self, tools):
        venv = os.path.join(tools, "venv")
        if not os.path.exists(os.path.join(venv, "bin", "pip")):
            call([sys.executable, "-m", "venv", venv])
        call([os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check", "%s==%s" % (self.package, self.version)])


class FromNpm:
    def __init__(self, package, version):
        self.package, self.version = package, version

    def there(self, tools):
        try:
            with open(os.path.join(tools, "npm", "node_modules", self.package, "package.json"), encoding="utf-8") as file:
                return json.load(file)["version"] == self.version
        except OSError:
            return False

    def fetch(self, tools):
        call(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", os.path.join(tools, "npm"), "%s@%s" % (self.package, self.version)])


class FromCrates:
    def __init__(self, package, version):
        self.package, self.version = package, version

    def there(self, tools):
        try:
            with open(os.path.join(tools, "cargo", ".crates.toml"), encoding="utf-8") as file:
                return '"%s %s ' % (self.package, self.version) in file.read()
        except OSError:
            return False

    def fetch(self, tools):
        call(["cargo", "install", "--quiet", "--locked", "--root", os.path.join(tools, "cargo"), "--version", self.version, self.package])


class FromGo:
    """A module of bench/drivers that joins public parts, at the version that its go.mod has of `package`."""

    def __init__(self, module, package):
        self.folder, self.package = os.path.join(DRIVERS, module), package
        with open(os.path.join(self.folder, "go.mod"), encoding="utf-8") as file:
            self.version = next(line.split()[1] for line in file if line.split()[:1] == [package])
        self.program = "%s-%s" % (module, self.version)

    def there(self, tools):
        return os.access(os.path.join(tools, self.program), os.X_OK)

    def fetch(self, tools):
        call(["go", "build", "-o", os.path.abspath(os.path.join(tools, self.program)), "."], cwd=self.folder)


def in_python(tools, rules, mask, _package):
    return [os.path.join(tools, "venv", "bin", "python"), os.path.join(DRIVERS, "logredactor_lines.py"), rules, mask]


def in_node(tools, rules, mask, package):
    return ["node", os.path.join(DRIVERS, "redact_lines.cjs"), package, rules, mask, os.path.join(tools, "npm", "node_modules")]


LIBRARIES = {
    "logredactor": (FromPyPI("logredactor", "0.0.2"), in_python),
    "redact-pii": (FromNpm("redact-pii", "3.4.0"), in_node),
    "deep-redact": (FromNpm("@hackylabs/deep-redact", "3.0.5"), in_node),
    "logtape": (FromNpm("@logtape/redaction", "2.3.7"), in_node)}

# Secrets alone, as redactd's rules: those that mask addresses and personal data too are told to leave them.
PROGRAMS = {
    "leakguard": (FromCrates("leakguard", "1.0.0"), ["cargo/bin/leakguard", "--without", "email,credit_card,ipv4,ipv6,us_ssn,mac,phone,iban"]),
    "redactcli": (FromPyPI("redactcli", "0.1.0"), ["venv/bin/redactcli"]),
    "logveil": (FromPyPI("logveil-cli", "0.1.1"), ["venv/bin/logveil", "--keep-emails"]),
    "promptcloak": (FromPyPI("promptcloak", "0.1.0"), [
        "venv/bin/promptcloak", "--types", "PRIVATE_KEY,JWT,STRIPE_KEY,AWS_KEY,GITHUB_TOKEN,SLACK_TOKEN,GOOGLE_API_KEY,SENDGRID_KEY,TWILIO_KEY,NPM_TOKEN,"
        "DISCORD_TOKEN,OPENAI_KEY,URL_CREDENTIALS,BEARER_TOKEN,GENERIC_SECRET"])}

COLLECTOR = FromGo("otelcol", "github.com/open-telemetry/opentelemetry-collector-contrib/processor/redactionprocessor")
RELAYS = {"otelcol": (COLLECTOR, COLLECTOR.program)}


def present(wanted, tools, may_fetch):
    """Those of LIBRARIES, PROGRAMS or RELAYS that are there or can be fetched, in their pinned versions; says which are left out."""
    found = {}
    for name, (source, how) in wanted.items():
        try:
            if not source.there(tools):
                if not may_fetch:
                    raise LeftOut("not in %s, and a quick run fetches nothing" % os.path.relpath(tools))
                say("fetching %s %s" % (source.package, source.version))
                source.fetch(tools)
            found[name] = (source, how)
        except LeftOut as reason:
            say("%s is left out: %s" % (name, reason))
    return found


def with_rules(tools, may_fetch, rules, mask):
    """→ {name: argv} of the libraries; `rules` is the path of a file of numbered_groups()."""
    return {name: how(tools, rules, mask, source.package) for name, (source, how) in present(LIBRARIES, tools, may_fetch).items()}


def with_own_rules(tools, may_fetch):
    """→ {name: argv} of the programs."""
    return {name: [os.path.join(tools, program), *arguments] for name, (_, [program, *arguments]) in present(PROGRAMS, tools, may_fetch).items()}


def relays(tools, may_fetch):
    """→ {name: program}"""
    return {name: os.path.join(tools, program) for name, (_, program) in present(RELAYS, tools, may_fetch).items()}


def versions(tools):
    every = {**LIBRARIES, **PROGRAMS, **RELAYS}
    return {name: "%s %s" % (source.package, source.version) for name, (source, _) in every.items() if source.there(tools)}
