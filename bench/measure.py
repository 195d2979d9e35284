"""Runs programs and measures them from outside (Python standard library only, Linux)."""
import os
import re
import subprocess
import sys
import time

ENVIRONMENT = dict(os.environ, LC_ALL="C")


# rg ends with 1 when nothing matched.
ACCEPTED = {"rg": (0, 1)}


class Failed(Exception):
    """A program ended with an error: its figures would mean nothing."""


def say(text):
    print("bench/run: " + text, file=sys.stderr, flush=True)


def start_all(stages, source, sink):
    """Starts programs as a pipe from the open file `source` to `sink`."""
    processes, previous = [], source
    for i, argv in enumerate(stages):
        last = i + 1 == len(stages)
        process = subprocess.Popen(argv, stdin=previous, stdout=sink if last else subprocess.PIPE, stderr=subprocess.PIPE if last and len(stages) == 1
                                   else subprocess.DEVNULL, env=ENVIRONMENT)
        if i > 0:
            previous.close()
        previous = process.stdout
        processes.append(process)
    return processes


def wait_all(stages, processes):
    """→ CPU seconds of all of them."""
    cpu = 0.0
    for argv, process in zip(stages, processes):
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.stderr:
            process.stderr.close()
        if process.returncode not in ACCEPTED.get(argv[0], (0,)):
            raise Failed("%s ended with %d: %s" % (argv[0], process.returncode, said.decode(errors="replace")[:2000]))
        cpu += usage.ru_utime + usage.ru_stime
    return cpu


def run(stages, source_path):
    """One run with the output thrown away → {seconds, cpu, start}. `start` is the time until the first byte was read:
    the file's offset is shared with the program, so it can be watched from here."""
    with open(source_path, "rb", buffering=0) as source, open(os.devnull, "wb") as sink:
        begin = time.perf_counter()
        processes = start_all(stages, source, sink)
        while source.seekable() and source.tell() == 0 and os.waitid(os.P_PID, processes[0].pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
            time.sleep(0.0002)
        start = time.perf_counter() - begin
        cpu = wait_all(stages, processes)
        return {"seconds": time.perf_counter() - begin, "cpu": cpu, "start": start}


def peak_kib(pid):
    try:
        with open("/proc/%d/status" % pid) as status:
            found = re.search(r"VmHWM:\s+(\d+)", status.read())
    except OSError:
        return 0
    return int(found[1]) if found else 0


def run_to_file(argv, source_path, out_path):
    """An untimed run that keeps the output → peak resident MiB. The peak is read while the program runs: what wait4
    reports includes the memory of whoever started it."""
    with open(source_path, "rb") as source, open(out_path, "wb") as sink:
        process = subprocess.Popen(argv, stdin=source, stdout=sink, stderr=subprocess.PIPE, env=ENVIRONMENT)
        peak = 0
        while process.poll() is None:
            peak = max(peak, peak_kib(process.pid))
            time.sleep(0.0003)
        said = process.stderr.read()
        process.stderr.close()
        if process.returncode not in ACCEPTED.get(argv[0], (0,)):
            raise Failed("%s ended with %d: %s" % (argv[0], process.returncode, said.decode(errors="replace")[:2000]))
        return peak / 1024


def first_byte(argv):
    """Seconds from before the start to the first byte out, for one line in and standard input still open."""
    start = time.perf_counter()
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    process.stdin.write(b"2026-03-03T09:14:00Z INFO started\n")
    process.stdin.flush()
    byte = os.read(process.stdout.fileno(), 1)
    seconds = time.perf_counter() - start
    process.stdin.close()
    process.stdout.read()
    process.stdout.close()
    if process.wait() != 0 or not byte:
        raise Failed("%s gave nothing for one line" % argv[0])
    return seconds


def whole_run(argv):
    start = time.perf_counter()
    subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, env=ENVIRONMENT)
    return time.perf_counter() - start


def drop_from_cache(program):
    """Asks the kernel to forget the program's file and the libraries it alone uses."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for path in [program] + re.findall(r"(/\S+) \(0x", listed):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def interleaved(jobs, rounds):
    """Runs every job once a round, each round beginning with another one → {name: [what it returned]}."""
    names = list(jobs)
    results = {name: [] for name in names}
    for i in range(rounds):
        turn = i % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(jobs[name]())
    return results


def secrets_left(truth, out_path, lines_in=None):
    """Planted secrets that stand in the output, as {kind and carrier: count}. `truth`: [(line, kind, carrier, secret)].
    Of a program that makes one line of several, `lines_in` tells how far up a line may have moved."""
    with open(out_path, "rb") as file:
        text = file.read()
    ends = [match.end() for match in re.finditer(b"\n", text)] + [len(text)]
    moved = max(0, (lines_in or 0) - len(ends))
    left = {}
    for line, kind, carrier, secret in truth:
        begin = ends[line - 2 - moved] if line - 2 - moved >= 0 else 0
        if line - moved <= len(ends) and text.find(secret, begin, ends[min(line, len(ends)) - 1]) >= 0:
            name = "%s (%s)" % (kind, carrier)
            left[name] = left.get(name, 0) + 1
    return left


def read_truth(path, lines=None):
    """The planted secrets of a corpus, or of its first `lines` lines."""
    truth = []
    with open(path, "rb") as file:
        for row in file:
            line, kind, carrier, secret = row.rstrip(b"\n").split(b"\t")
            if lines is None or int(line) <= lines:
                truth.append((int(line), kind.decode(), carrier.decode(), secret))
    return truth
