"""What bench/tcp.py measured, as Markdown and plots (Python standard library only)."""
from statistics import median

import plot
from figures import mb_s, seconds, spread, table
from tcp import WAYS, way_of

SLOW = ("syslog-ng", "rsyslog", "otelcol")


def per_round(a, b, column):
    """Ratios of what ran in the same round → (median, least, most)."""
    ratios = sorted(x / y for x, y in zip(a[column], b[column]))
    return median(ratios), ratios[0], ratios[-1]


def times_as_fast(a, b):
    ratio, least, most = per_round(dict(x=seconds(b)), dict(x=seconds(a)), "x")
    scale = a["bytes"] / b["bytes"]
    return ratio * scale, least * scale, most * scale


def cells(report, rate, connections):
    return {run["program"]: run for run in report.runs
            if run["section"] == "tcp" and run["rate"] == rate and run["connections"] == connections}


def settings(report):
    """Rates and connections in the order in which they ran."""
    return list(dict.fromkeys((run["rate"], run["connections"]) for run in report.runs if run["section"] == "tcp"))


def throughput(report):
    if not settings(report):
        return
    checks = {run["program"]: run for run in report.runs if run["section"] == "tcp-check"}
    rows = []
    for rate, connections in settings(report):
        programs = cells(report, rate, connections)
        for name, run in programs.items():
            check = checks.get(name)
            gigabytes = run["bytes"] / 1e9
            rows.append([connections, rate + " %", "`%s`" % name, figure(mb_s(run)), against_haproxy(programs, name),
                         "%.2f" % (median(run["cpu"]) / gigabytes), "%.2f" % (median(run["load_cpu"]) / gigabytes),
                         "%.1f" % run["peak_mib"] if run["peak_mib"] else "–", run["connections_out"],
                         "%d of %d" % (check["left"], check["planted"]) if check and rate == "1" else "–", "%.2f" % spread(run)])
    report.text.append(
        "## Syslog over TCP\n\nOctet-counted RFC 5424 records over loopback from `tcp_load` through a relay and back to `tcp_load`, from the first byte sent to the last "
        "record received. Sender, relay and receiver share the machine's processors, nothing is pinned; `direct` is the load without a relay. HAProxy relays in TCP "
        "mode and looks at nothing, with Debian's defaults and with larger buffers. *TLS*: the relay takes TLS 1.3 with AES-128-GCM and sends plain; the ratio is to "
        "HAProxy doing so. *newline*: lines instead of counted records. `bare_relay` reads, scans with the built-in rules' compiled expressions and sends, and does nothing else: it looks for no record and masks nothing. redactd scans with its built-in rules, or with the 100 expressions that rsyslog "
        "(`re_extract`, `replace`), syslog-ng (`subst`) and an OpenTelemetry Collector (`otelcol`: syslog receiver, redaction processor, syslog exporter) are given as well; these three also run "
        "without any rule. The slow ones get less to do. *Ratio* is the median of "
        "the rounds' ratios, with the least and the greatest. CPU seconds are for a gigabyte, of the relay and of the load; peak memory is the relay's resident set. "
        "*Out* counts connections to the receiver. No expression covers a private key over several records, which is what the 100 rules leave. Fluent Bit is neither in Debian 12 nor in a registry of packages, and was not measured.\n")
    report.text.append(table(["connections", "secrets", "program", "MB/s", "ratio to HAProxy", "CPU s/GB", "load's CPU s/GB", "peak MiB", "out", "left", "spread"], rows))
    report.text.append("![Throughput of relays by connections](tcp.svg)\n")
    throughput_goals(report, checks)


def figure(value):
    return "%.1f" % value if value < 100 else "%.0f" % value


def haproxy_beside(name):
    return "haproxy" + way_of(name)


def against_haproxy(programs, name):
    beside = haproxy_beside(name)
    if name == beside or beside not in programs:
        return "–"
    ratio, least, most = times_as_fast(programs[name], programs[beside])
    return "%.2f (%.2f–%.2f)" % (ratio, least, most) if ratio > 0.1 else "%.3f" % ratio


def throughput_goals(report, checks):
    for rate, connections in settings(report):
        programs = cells(report, rate, connections)
        where = "at %d connection%s" % (connections, "" if connections == 1 else "s")
        for way in ["", *WAYS]:
            name = "redactd" + way
            if name in programs and haproxy_beside(name) in programs:
                ratio = times_as_fast(programs[name], programs[haproxy_beside(name)])[0]
                report.goal("TCP%s, of HAProxy, %s, secrets in %s %%" % (way, where, rate), "≥ 0.70", "%.2f" % ratio, ratio >= 0.7)
        mine = programs.get("redactd, 100 rules")
        rivals = [programs[name + ", 100 rules"] for name in SLOW if name + ", 100 rules" in programs]
        if mine and rivals:
            ratio = min(times_as_fast(mine, rival)[0] for rival in rivals)
            report.goal("TCP, 100 rules, of the fastest of %s, %s" % (", ".join(SLOW), where), "≥ 30×", "%.0f×" % ratio, ratio >= 30)
    own = [run for run in report.runs if run["section"] == "tcp" and run["program"] == "redactd"]
    if own:
        peak = max(run["peak_mib"] for run in own)
        report.goal("TCP, peak resident memory, up to %d connections" % max(run["connections"] for run in own), "≤ 48 MiB", "%.1f MiB" % peak, peak <= 48)
        left = checks["redactd"]["left"]
        report.goal("TCP, planted secrets left", "0", "%d" % left, left == 0)


def latency(report):
    runs = {run["program"]: run for run in report.runs if run["section"] == "tcp-latency"}
    if not runs:
        return
    direct = runs["direct"]
    rows = []
    for name, run in runs.items():
        rows.append(["`%s`" % name] + [microseconds(median(run[p])) for p in ("p50_us", "p90_us", "p99_us", "p999_us", "max_us")] +
                    [added(run, direct, "p50_us"), added(run, direct, "p99_us"), added(run, direct, "p999_us")])
    report.text.append(
        "## Latency over TCP\n\n%d records a second over one connection, in an open loop: each record has a time at which it is due, fixed before the run, and its latency counts from "
        "then until it was received, however late the sender or the relay is. Secrets in 1 %% of the records. Medians of the rounds' percentiles, in µs; *added* is the "
        "difference to `direct` in the same round, median (least to most). *reloads*: other rules are loaded twice a second.\n" % direct["rate"])
    report.text.append(table(["program", "p50", "p90", "p99", "p99.9", "most", "added p50", "added p99", "added p99.9"], rows))
    report.text.append("![Latency of relays](tcp-latency.svg)\n")
    if "redactd" in runs:
        for percentile, goal in (("p50", 100), ("p99", 1000), ("p99.9", 5000)):
            value = median(differences(runs["redactd"], direct, percentile.replace(".", "") + "_us"))
            report.goal("TCP, added latency at %d records/s, %s" % (direct["rate"], percentile), "≤ %d µs" % goal, "%.0f µs" % value, value <= goal)


def microseconds(value):
    return "%.0f" % value


def differences(run, direct, column):
    return sorted(a - b for a, b in zip(run[column], direct[column]))


def added(run, direct, column):
    if run is direct:
        return "–"
    values = differences(run, direct, column)
    return "%.0f (%.0f to %.0f)" % (median(values), values[0], values[-1])


def plots(report):
    made = {}
    machine = report.results["machine"]
    counts = [connections for rate, connections in settings(report) if rate == "1"]
    if counts:
        programs = {c: cells(report, "1", c) for c in counts}
        series = {name: [mb_s(programs[c][name]) for c in counts] for name in programs[counts[0]]
                  if name in ("haproxy", "redactd", "redactd, 100 rules", *(slow + ", 100 rules" for slow in SLOW))}
        made["tcp.svg"] = plot.bars("Syslog over TCP, in and out (logarithmic scale)", machine, [str(c) for c in counts], series, "connections", "MB/s", log=True)
    runs = [run for run in report.runs if run["section"] == "tcp-latency"]
    if runs:
        series = {run["program"]: [(bound, 100 * count / sum(n for _, n in run["histogram"])) for bound, count in run["histogram"]] for run in runs}
        made["tcp-latency.svg"] = plot.histogram("Latency at %d records a second" % runs[0]["rate"], machine, series, "µs (logarithmic scale)", "% of the records")
    return made
