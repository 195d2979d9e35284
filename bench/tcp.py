"""Syslog over TCP through relays, measured (Python standard library only). bench/tcp_load.cc sends and receives."""
import json
import os
import subprocess

import make_corpus
import make_rules
import measure
import relays

HEADER = b"<14>1 2026-03-03T09:14:00.000000Z node-1 shop 0000000000 - - "  # the zeros: room for tcp_load's sequence number
CONNECTIONS = (1, 8, 256)
RATE = 50000
# What ends a relay's name, and what the load does then.
WAYS = {", TLS": ["--tls"], ", newline": ["--framing", "newline"]}
HERE = os.path.dirname(os.path.abspath(__file__))
# Megabytes of records that each gets: a second or more for each of them.
MEGABYTES = {"syslog-ng, 100 rules": 8, "rsyslog, 100 rules": 3, "otelcol, 100 rules": 1, "syslog-ng": 40, "rsyslog": 100, "otelcol": 30}
FAST_MEGABYTES = 1200


class Tcp:
    """`runs` are filled as results.json holds them."""

    def __init__(self, folder, redactd, load, bare_relay, rounds, quick, samples, fetched):
        """`fetched`: programs that redactors.relays() found."""
        self.folder, self.load, self.rounds, self.quick = folder, load, rounds, quick
        self.runs, self.lines, self.truth = [], {}, {}
        os.makedirs(folder, exist_ok=True)
        megabytes = 4 if quick else 16
        measure.say("writing records of %d MB" % megabytes)
        corpora = make_corpus.write_corpora(folder, megabytes, 1, ("0", "1"), samples)
        for rate, (log, truth) in corpora.items():
            self.lines[rate] = self.wrapped(log, "records-" + rate)
            self.truth[rate] = measure.read_truth(truth)
        rules = make_rules.read_rules(os.path.join(HERE, "rules100.tsv"))
        pack = os.path.join(folder, "rules100.yaml")
        with open(pack, "w", encoding="utf-8") as file:
            file.write(make_rules.regex_pack(rules))
        every = {
            "direct": None,
            "haproxy": relays.haproxy(),
            "haproxy, 256 KiB buffers": relays.haproxy(256 * 1024),
            "haproxy, TLS": relays.haproxy(tls=True),
            "redactd": relays.redactd(redactd),
            "redactd, TLS": relays.redactd(redactd, tls=True),
            "bare_relay": relays.bare_relay(bare_relay),
            "haproxy, newline": relays.haproxy(),
            "redactd, newline": relays.redactd(redactd, framing="newline"),
            "redactd, 100 rules": relays.redactd(redactd, pack),
            "redactd, reloads": relays.redactd(redactd, reloads=True),
            "syslog-ng": relays.syslog_ng(None),
            "syslog-ng, 100 rules": relays.syslog_ng(rules),
            "rsyslog": relays.rsyslog(None),
            "rsyslog, 100 rules": relays.rsyslog(rules),
            "otelcol": relays.otelcol(fetched.get("otelcol", "otelcol"), None),
            "otelcol, 100 rules": relays.otelcol(fetched.get("otelcol", "otelcol"), rules),
        }
        self.relays = {name: relay for name, relay in every.items() if relay is None or relay.program}
        if missing := sorted(every.keys() - self.relays.keys()):
            measure.say("left out, for they are not installed (tests/peers.sh gets them, or a run that is not quick): " + "; ".join(missing))

    def wrapped(self, log, name):
        """Every line as an RFC 5424 record → path of a file with a record a line."""
        path = os.path.join(self.folder, name)
        with open(log, "rb") as source, open(path, "wb") as out:
            for line in source:
                out.write(HEADER + line)
        return path

    def cut(self, megabytes):
        """The first records → path."""
        path = os.path.join(self.folder, "records-1-%d" % megabytes)
        if not os.path.exists(path):
            with open(self.lines["1"], "rb") as file:
                text = file.read(int(megabytes * 1e6))
            with open(path, "wb") as file:
                file.write(text[:text.rindex(b"\n") + 1])
        return path

    def through(self, name, mode, arguments, file):
        """One run of the load through a freshly started relay → what tcp_load says, with the relay's CPU and memory."""
        relay = self.relays[name]
        port, sink = relays.free_ports(2)
        if relay is None:
            port = sink
        argv = [self.load, mode, "--listen", str(sink), "--to", str(port)] + WAYS.get(way_of(name), []) + arguments + [file]
        load = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        load.stdout.readline()  # it listens
        if relay:
            relay.start(os.path.join(self.folder, name), port, sink)
        said, complained = load.stdout.read(), load.stderr.read()
        load.wait()
        used = relay.stop() if relay else {"cpu": 0.0, "peak_mib": 0.0}
        if load.returncode != 0:
            raise measure.Failed("%s: %s\n%s" % (name, complained, relay.says() if relay else ""))
        result = json.loads(said)
        result["load_cpu"] = result.pop("cpu")
        return dict(result, **used)

    def input_of(self, name, rate):
        """→ (file, how often it is sent)"""
        if name not in MEGABYTES:
            file, megabytes = self.lines[rate], FAST_MEGABYTES
        else:
            file, megabytes = self.cut(min(MEGABYTES[name], 16)), MEGABYTES[name]
        share = 0.1 if self.quick else 1
        return file, max(1, round(megabytes * share * 1e6 / os.path.getsize(file)))

    def throughput(self):
        for rate, connections in [("1", c) for c in CONNECTIONS] + [("0", c) for c in CONNECTIONS[:2]]:
            measure.say("tcp, %d connections, %s %% of the records with a secret" % (connections, rate))
            names = [n for n in self.relays if n != "redactd, reloads" and (rate == "1" or n not in MEGABYTES)]
            jobs = {}
            for name in names:
                file, repeat = self.input_of(name, rate)
                arguments = ["--connections", str(connections), "--repeat", str(repeat)]
                jobs[name] = lambda n=name, a=arguments, f=file: self.through(n, "throughput", a, f)
            for name, results in measure.interleaved(jobs, self.rounds).items():
                self.add("tcp", name, results, ("seconds", "cpu", "load_cpu"), rate=rate, connections=connections, bytes=results[0]["bytes"],
                         connections_out=max(r["connections_received"] for r in results))

    def add(self, section, program, results, columns, **more):
        run = dict(section=section, program=program, **more, peak_mib=max(r["peak_mib"] for r in results))
        run.update({column: [r[column] for r in results] for column in columns})
        self.runs.append(run)

    def check(self):
        """An untimed run that keeps what came out: are the records all there, in order, and what is left in them?"""
        measure.say("tcp, secrets left")
        for name in self.relays:
            file = self.lines["1"] if name not in MEGABYTES else self.cut(min(MEGABYTES[name], 16))
            kept = os.path.join(self.folder, "kept")
            result = self.through(name, "throughput", ["--keep", kept], file)
            with open(file, "rb") as lines:
                count = sum(1 for _ in lines)
            if not name.endswith(", newline"):
                as_lines(kept)
            truth = [t for t in self.truth["1"] if t[0] <= count]
            left = measure.secrets_left(truth, kept)
            self.runs.append(dict(section="tcp-check", program=name, records=result["records"], planted=len(truth), left=sum(left.values()),
                                  left_by_kind=left if name.startswith("redactd") else {}))

    def latency(self):
        measure.say("tcp, latency at %d records a second" % RATE)
        names = [n for n in ("direct", "haproxy", "redactd", "redactd, 100 rules", "redactd, reloads") if n in self.relays]
        arguments = ["--rate", str(RATE), "--seconds", "2" if self.quick else "10"]
        jobs = {name: (lambda n=name: self.through(n, "latency", arguments, self.lines["1"])) for name in names}
        for name, results in measure.interleaved(jobs, self.rounds).items():
            histogram = {}
            for bound, count in (bucket for r in results for bucket in r["histogram"]):
                histogram[bound] = histogram.get(bound, 0) + count
            self.add("tcp-latency", name, results, ("p50_us", "p90_us", "p99_us", "p999_us", "max_us", "cpu", "load_cpu"), rate=RATE,
                     records=results[0]["records"], histogram=sorted(histogram.items()))


def way_of(name):
    """One of WAYS, or nothing: octet-counted and plain."""
    return next((way for way in WAYS if name.endswith(way)), "")


def as_lines(path):
    """Octet-counted records → one a line."""
    with open(path, "rb") as file:
        bytes_in = file.read()
    at, out = 0, []
    while at < len(bytes_in):
        space = bytes_in.index(b" ", at)
        end = space + 1 + int(bytes_in[at:space])
        out.append(bytes_in[space + 1:end].rstrip(b"\n"))  # rsyslog and syslog-ng count an LF to the record
        at = end
    with open(path, "wb") as file:
        file.write(b"\n".join(out) + b"\n")
