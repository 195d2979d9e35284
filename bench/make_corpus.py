#!/usr/bin/env python3
"""Seeded corpora of mixed logs with planted secrets (Python standard library only).

    make_corpus.py --out DIR [--mb 60] [--seed 1] [--rates 0,1,10,100] [--loghub DIR]

Writes corpus-RATE.log and truth-RATE.tsv (line, kind, carrier, secret) for each rate: the percentage of records that
carry a secret. The records are the same in every corpus, and a record that carries a secret at a low rate carries the
same one at the higher rates. 60 % of the records are text, 40 % JSON. With sample logs (*_2k.log of
github.com/logpai/loghub, in --loghub or ../shared/logs beside the project) two thirds of the text records are theirs.

Every secret is drawn at random in the shape of a token; none was ever valid.
"""
import argparse
import base64
import json
import os
import random
import re
import string
import sys

RATES = ("0", "1", "10", "100")  # percent of the records that carry a secret

LOWER = string.ascii_lowercase
ALNUM = string.ascii_letters + string.digits
UPPERNUM = string.ascii_uppercase + string.digits
HEX = "0123456789abcdef"
BASE32 = string.ascii_uppercase + "234567"
BASE64 = ALNUM + "+/"
URLSAFE = ALNUM + "_-"
PASSWORD = ALNUM + "!#^*_-+.~"

WORDS = ("timeout while waiting for shard %d|accepted connection %d from pool|flushed %d rows to segment|retrying in %d ms|"
         "GC pause of %d us|lease renewed for node-%d|checkpoint %d complete|slow statement: SELECT * FROM items WHERE id = %d|"
         "dropping stale replica %d|queue depth is %d|health probe ok|config reloaded, generation %d|user %d signed in|"
         "password policy unchanged|token bucket has %d left|rotated signing key kid=%d|upstream closed the stream after %d bytes|"
         "rendered template invoice_%d.html|cache hit ratio 0.%d|index rebuild at %d percent").split("|")
SERVICES = "cart billing stock edge login notify find advise ledger export".split()
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0|curl/8.8.0|kube-probe/1.31|okhttp/4.12.0|"
          "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15").split("|")
ROUTES = "/v1/items/%d|/v2/carts/%d/lines|/ready|/assets/main.%d.js|/find?q=lamp&page=%d|/login|/export/%d.csv".split("|")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class Draw:
    """A seeded generator of the small things that log lines are made of."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self, alphabet, size):
        """Ends in a letter or digit, so that a token does not lose its last byte to a word boundary."""
        return "".join(self.random.choices(alphabet, k=size - 1)) + self.random.choice([c for c in alphabet if c.isalnum()])

    def number(self, most):
        return self.random.randrange(most)

    def one(self, choices):
        return self.random.choice(choices)

    def phrase(self, phrases=WORDS):
        phrase = self.one(phrases)
        return phrase % self.number(10 ** 6) if "%d" in phrase else phrase

    def hex(self, size):
        return "%0*x" % (size, self.random.getrandbits(4 * size))

    def uuid(self):
        digits = self.hex(32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def address(self):
        return "10.%d.%d.%d" % (self.number(256), self.number(256), 1 + self.number(254))

    def clock(self):
        return "%02d:%02d:%02d" % (self.number(24), self.number(60), self.number(60))

    def time(self):
        return "2026-%02d-%02dT%s.%03dZ" % (1 + self.number(12), 1 + self.number(28), self.clock(), self.number(1000))

    def level(self):
        return self.one(("info", "info", "info", "debug", "warn", "error"))


# ---------------------------------------------------------------- records without secrets

def access_log(d):
    return '%s - - [%02d/%s/2026:%s +0000] "%s %s HTTP/1.1" %d %d "-" "%s"' % (
        d.address(), 1 + d.number(28), d.one(MONTHS), d.clock(), d.one(("GET", "GET", "POST", "PUT")), d.phrase(ROUTES),
        d.one((200, 200, 200, 304, 404, 502)), d.number(90000), d.one(AGENTS))


def logback(d):
    return "%s %-5s [http-%d] c.e.%s.Handler - %s" % (
        d.time(), d.level().upper(), d.number(64), d.one(SERVICES), d.phrase())


def klog(d):
    return "%s%02d%02d %s.%06d %7d %s.go:%d] %s" % (
        d.one("IIIWE"), 1 + d.number(12), 1 + d.number(28), d.clock(), d.number(10 ** 6), d.number(99999),
        d.one(("kubelet", "reflector", "scheduler")), d.number(2000), d.phrase())


def logfmt(d):
    return 'time=%s level=%s svc=%s span=%s msg="%s" took=%dms' % (
        d.time(), d.level(), d.one(SERVICES), d.hex(16), d.phrase(), d.number(900))


def syslog(d):
    return "%s %2d %s node-%d %s[%d]: %s" % (
        d.one(MONTHS), 1 + d.number(28), d.clock(), d.number(40), d.one(SERVICES), d.number(65536), d.phrase())


def python_log(d):
    return "[%s: %s/%s] %s" % (d.time().replace("T", " ")[:-1], d.level().upper(), d.one(SERVICES), d.phrase())


def sql_log(d):
    return "%s UTC [%d] LOG:  duration: %d.%03d ms  statement: UPDATE stock SET amount = %d WHERE item = %d" % (
        d.time().replace("T", " ")[:-1], d.number(99999), d.number(900), d.number(1000), d.number(500), d.number(10 ** 6))


TEXT_RECORDS = (access_log, logback, klog, logfmt, syslog, python_log, sql_log)


def dump(value):
    return json.dumps(value, separators=(",", ":"))


def container_json(d):
    return dump({"log": logback(d) + "\n", "stream": d.one(("stdout", "stderr")), "time": d.time()})


def bunyan_json(d):
    return dump({"name": d.one(SERVICES), "hostname": "pod-" + d.hex(8), "pid": d.number(65536), "level": d.one((20, 30, 40, 50)),
                 "req": {"method": "GET", "url": d.phrase(ROUTES), "headers": {"host": "shop.example", "user-agent": d.one(AGENTS),
                         "x-request-id": d.uuid()}, "remoteAddress": d.address()}, "msg": d.phrase(), "time": d.time(), "v": 0})


def zap_json(d):
    return dump({"level": d.level(), "ts": 1.79e9 + d.number(10 ** 6) / 7, "caller": "sync/loop.go:%d" % d.number(900), "msg": d.phrase(),
                 "namespace": d.one(SERVICES), "trace_id": d.hex(32), "span_id": d.hex(16)})


def access_json(d):
    return dump({"time": d.time(), "remote_addr": d.address(), "method": "GET", "uri": d.phrase(ROUTES), "status": d.one((200, 304, 500)),
                 "bytes": d.number(50000), "request_time": round(d.random.random(), 3), "agent": d.one(AGENTS), "request_id": d.hex(32)})


def audit_json(d):
    return dump({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": d.uuid(), "stage": "ResponseComplete",
                 "verb": d.one(("get", "list", "watch")), "requestURI": "/api/v1/namespaces/%s/pods/p-%d" % (d.one(SERVICES), d.number(999)),
                 "user": {"username": "system:serviceaccount:%s:default" % d.one(SERVICES), "uid": d.uuid(),
                          "groups": ["system:authenticated"]}, "sourceIPs": [d.address()],
                 "objectRef": {"resource": "pods", "namespace": d.one(SERVICES), "apiVersion": "v1"},
                 "responseStatus": {"metadata": {}, "code": 200}, "stageTimestamp": d.time()})


def otlp_json(d):
    return dump({"timeUnixNano": str(1790 * 10 ** 15 + d.random.getrandbits(50)), "severityText": d.level().upper(), "body": d.phrase(),
                 "traceId": d.hex(32), "spanId": d.hex(16), "resource": {"service.name": d.one(SERVICES), "k8s.namespace.name": "prod"},
                 "attributes": {"http.route": d.phrase(ROUTES), "http.status_code": 200}})


def journal_json(d):
    return dump({"_HOSTNAME": "node-%d" % d.number(40), "PRIORITY": "6", "_SYSTEMD_UNIT": "kubelet.service", "_PID": str(d.number(65536)),
                 "MESSAGE": klog(d)})


def logstash_json(d):
    return dump({"@timestamp": d.time(), "@version": "1", "message": d.phrase(), "logger_name": "org.example.%s.Main" % d.one(SERVICES),
                 "thread_name": "worker-%d" % d.number(32), "level": d.level().upper(), "level_value": 20000})


JSON_RECORDS = (container_json, bunyan_json, zap_json, access_json, audit_json, otlp_json, journal_json, logstash_json)


# ---------------------------------------------------------------- secrets

def jwt(d):
    def part(value):
        return base64.urlsafe_b64encode(dump(value).encode()).decode().rstrip("=")
    return ".".join((part({"alg": "HS256", "typ": "JWT"}), part({"sub": d.hex(12), "iat": 1790000000 + d.number(10 ** 6)}),
                     d.text(URLSAFE, 43)))


def basic(d):
    return base64.b64encode((d.text(LOWER, 6) + ":" + d.text(ALNUM, 14)).encode()).decode()


# kind → (secret, carriers in text, names of a JSON field that may hold it)
KINDS = {
    "aws-access-key-id": (lambda d: d.one(("AKIA", "ASIA")) + d.text(BASE32, 16), ("aws_access_key_id={}", "signed with {}"), ("accessKeyId",)),
    "aws-secret-key": (lambda d: d.text(BASE64, 40), ("aws_secret_access_key={}", "AWS_SECRET_ACCESS_KEY: {}"), ("aws_secret_access_key",)),
    "github-token": (lambda d: d.one(("ghp_", "gho_", "ghs_")) + d.text(ALNUM, 36), ("GITHUB_TOKEN={}", "push with {} accepted"), ("gh",)),
    "github-fine-grained": (lambda d: "github_pat_" + d.text(ALNUM, 22) + "_" + d.text(ALNUM, 59), ("gh uses {} now",), ("pat",)),
    "gitlab-token": (lambda d: "glpat-" + d.text(URLSAFE, 20), ("PRIVATE-TOKEN: {}", "mirror with {}"), ("gitlab",)),
    "jwt": (jwt, ("session {} verified", "id_jwt {}"), ("idToken",)),
    "slack-token": (lambda d: "xoxb-%d-%d-%s" % (10 ** 11 + d.number(10 ** 11), 10 ** 12 + d.number(10 ** 12), d.text(ALNUM, 24)),
                    ("slack client {} joined",), ("slack",)),
    "bearer": (lambda d: d.text(ALNUM + "._~-", 24 + d.number(40)), ("Authorization: Bearer {}", "header authorization='bearer {}'"), ()),
    "basic-auth": (basic, ("Authorization: Basic {}",), ()),
    "database-url": (lambda d: d.text(ALNUM + "!^*_-+.~", 8 + d.number(16)), ("dialing postgres://app:{}@db-2.internal:5432/shop",
                     "DATABASE_URL=mysql://root:{}@10.2.3.4/shop", "redis://:{}@cache-0:6379/0 is up"), ()),
    "password": (lambda d: d.text(PASSWORD, 8 + d.number(16)), ("user=bob password={}", "DB_PASSWORD='{}'", "passwd: {}"), ("password", "secret")),
    "stripe-key": (lambda d: "sk_" + "live_" + d.text(ALNUM, 24), ("charged with {}", "STRIPE={}"), ("stripe",)),
    "google-api-key": (lambda d: "AI" + "za" + d.text(URLSAFE, 35), ("GET https://maps.example/json?key={} 200", "maps {}"), ("gcp",)),
    "sendgrid": (lambda d: "SG." + d.text(URLSAFE, 22) + "." + d.text(URLSAFE, 43), ("relay {} queued",), ("sendgrid",)),
    "npm-token": (lambda d: "npm_" + d.text(ALNUM, 36), ("//npm.example/:_authToken={}", "npm whoami {}"), ("npm",)),
    "openai-key": (lambda d: "sk-proj-" + d.text(URLSAFE, 96), ("completion with {} failed",), ("openai",)),
    "anthropic-key": (lambda d: "sk-ant-api03-" + d.text(URLSAFE, 93), ("message with {} done",), ("anthropic",)),
    "vault-token": (lambda d: "hvs." + d.text(URLSAFE, 90), ("vault lookup {}",), ("vault",)),
    "digitalocean": (lambda d: "dop_v1_" + d.text(HEX, 64), ("doctl with {}",), ("do",)),
    "azure-storage-key": (lambda d: d.text(BASE64, 86) + "==", ("DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=x",), ()),
    "session-cookie": (lambda d: d.text(HEX, 40), ("Cookie: session={}; lang=en", "Set-Cookie: sid={}; Path=/"), ()),
    "query-token": (lambda d: d.text(ALNUM + "._~-", 32), ("GET /v1/me?access_token={}&v=2 HTTP/1.1",), ()),
    "client-secret": (lambda d: d.text(ALNUM + "_.~-", 34), ("grant_type=client_credentials&client_secret={}&scope=all",), ("client_secret",)),
    "datadog-key": (lambda d: d.text(HEX, 32), ("DD_API_KEY={}",), ("dd_api_key",)),
    "private-key": (None, (), ("tls.key", "signingKey")),
}


def key_body(d):
    return [d.text(BASE64, 64) for _ in range(d.one((3, 6, 12)))] + [d.text(BASE64, 40) + "=="]


def with_secret(record, is_json, seed):
    """The record with a secret in it → (lines, [(offset, kind, carrier, secret)])."""
    d = Draw(seed)
    kind = d.one(tuple(KINDS))
    secret, carriers, fields = KINDS[kind]
    if kind == "private-key":
        marker = d.one(("RSA ", "EC ", "", "OPENSSH ")) + "PRIVATE KEY"
        body = key_body(d)
        if is_json:
            text = "\\n".join(["-----BEGIN %s-----" % marker] + body + ["-----END %s-----" % marker])
            return [record[:-1] + ',"%s":"%s"}' % (d.one(fields), text)], [(0, kind, "json-field", b) for b in body]
        lines = [record, "-----BEGIN %s-----" % marker] + body + ["-----END %s-----" % marker]
        return lines, [(2 + i, kind, "lines", b) for i, b in enumerate(body)]
    value = secret(d)
    if is_json:
        if fields and d.number(10) < 7:
            return [record[:-1] + ',"%s":"%s"}' % (d.one(fields), value)], [(0, kind, "json-field", value)]
        text = d.one(carriers).format(value)
        return [record[:-1] + ',"detail":"%s"}' % text], [(0, kind, "json-text", value)]
    text = d.one(carriers).format(value)
    middle = record.find(" ", len(record) // 3)
    if middle < 0 or d.number(10) < 7:
        return [record + " " + text], [(0, kind, "end", value)]
    return [record[:middle] + " " + text + record[middle:]], [(0, kind, "middle", value)]


# ---------------------------------------------------------------- corpora

def sample_lines(folder):
    lines = []
    for name in sorted(os.listdir(folder)) if folder and os.path.isdir(folder) else []:
        if name.endswith("_2k.log"):
            with open(os.path.join(folder, name), encoding="latin-1") as file:
                lines += [line for line in file.read().splitlines() if line]
    return lines


def records(size, seed, samples):
    """Records of `size` bytes in all → (record, is it JSON, when it carries a secret, seed of that secret)."""
    d = Draw(seed)
    digits = re.compile("[0-9]{5,}")
    total = 0
    while total < size:
        is_json = d.random.random() < 0.4
        if is_json:
            record = d.one(JSON_RECORDS)(d)
        elif samples and d.number(3) < 2:
            record = digits.sub(lambda m: d.text(string.digits, len(m[0])), d.one(samples))
        else:
            record = d.one(TEXT_RECORDS)(d)
        total += len(record) + 1
        yield record, is_json, d.random.random(), d.random.getrandbits(64)


def write_corpora(folder, megabytes, seed=1, rates=RATES, samples=()):
    """Writes the files; → {rate: (path of the log, path of the truth)}."""
    paths = {rate: (os.path.join(folder, "corpus-%s.log" % rate), os.path.join(folder, "truth-%s.tsv" % rate)) for rate in rates}
    outs = {rate: [open(p, "w", encoding="latin-1", newline="\n") for p in both] + [0] for rate, both in paths.items()}
    for record, is_json, chance, secret_seed in records(megabytes * 1e6, seed, samples):
        planted = None
        for rate, out in outs.items():
            if chance * 100 >= float(rate):
                out[0].write(record + "\n")
                out[2] += 1
                continue
            planted = planted or with_secret(record, is_json, secret_seed)
            for offset, kind, carrier, secret in planted[1]:
                out[1].write("%d\t%s\t%s\t%s\n" % (out[2] + offset + 1, kind, carrier, secret))
            out[0].write("\n".join(planted[0]) + "\n")
            out[2] += len(planted[0])
    for log, truth, _ in outs.values():
        log.close()
        truth.close()
    return paths


def default_samples():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.join(here, "..", "..", "shared", "logs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", required=True, help="folder for the files")
    parser.add_argument("--mb", type=float, default=60, help="size of each corpus without its secrets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rates", default=",".join(RATES), help="percent of the records with a secret")
    parser.add_argument("--loghub", default=default_samples(), help="folder with *_2k.log samples")
    arguments = parser.parse_args()
    samples = sample_lines(arguments.loghub)
    os.makedirs(arguments.out, exist_ok=True)
    for rate, (log, truth) in write_corpora(arguments.out, arguments.mb, arguments.seed, arguments.rates.split(","), samples).items():
        print("%s %% of the records: %s (%d bytes), %s" % (rate, log, os.path.getsize(log), truth))
    print("sample lines used: %s" % (len(samples) or "none"), file=sys.stderr)


if __name__ == "__main__":
    main()
