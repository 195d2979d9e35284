#!/usr/bin/env python3
"""Rule packs for the benchmarks (Python standard library only).

    make_rules.py rules100.tsv > pack.yaml         every expression as a `regex` rule
    make_rules.py --count 500 [--seed 1] > pack.yaml   made-up `token` and `value` rules

A line of the TSV is an id, a tab and a PCRE with one capturing group, the secret. The loader wants an example for each
rule, so one is drawn from the expression itself.
"""
import argparse
import random
import re
import string
import sys

try:
    from re import _parser as sre_parser  # Python 3.11 and later
except ImportError:
    import sre_parse as sre_parser

ALNUM = string.ascii_letters + string.digits
PRINTABLE = "".join(map(chr, range(0x21, 0x7f)))
CATEGORIES = {"CATEGORY_DIGIT": string.digits, "CATEGORY_WORD": ALNUM + "_", "CATEGORY_SPACE": " ",
              "CATEGORY_NOT_SPACE": PRINTABLE, "CATEGORY_NOT_DIGIT": string.ascii_letters}
ATTEMPTS = 200


class NoExample(Exception):
    """The expression uses something that the sampler does not know, or no sample fits."""


def split_group(expression):
    """The expression's only capturing group → (case does not matter, before, inside, after)."""
    ignore_case = expression.startswith("(?i)")
    if ignore_case:
        expression = expression[4:]
    opened, in_class, start, found = [], False, 0, None
    i = 0
    while i < len(expression):
        c = expression[i]
        if c == "\\":
            i += 1
        elif in_class:
            in_class = c != "]" or i <= start
        elif c == "[":
            in_class, start = True, i + (2 if expression[i + 1:i + 2] == "^" else 1)
        elif c == "(":
            opened.append((i, expression[i + 1:i + 2] != "?"))
        elif c == ")":
            begin, captures = opened.pop()
            if captures and found:
                raise ValueError("more than one group")
            if captures:
                found = (begin, i)
        i += 1
    if not found:
        raise ValueError("no group")
    return ignore_case, expression[:found[0]], expression[found[0] + 1:found[1]], expression[found[1] + 1:]


def read_rules(path):
    """→ [(id, expression)]"""
    with open(path, encoding="utf-8") as file:
        return [tuple(line.rstrip("\n").split("\t", 1)) for line in file if "\t" in line]


class Sampler:
    """Draws a string that an expression matches."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def sample(self, expression):
        self.group = {}
        text = self.sequence(sre_parser.parse(expression), "")
        return text, self.group.get(1)

    def sequence(self, parsed, text):
        for kind, value in parsed:
            text = self.one(str(kind), value, text)
        return text

    def one(self, kind, value, text):
        if kind == "LITERAL":
            return text + chr(value)
        if kind in ("IN", "NOT_LITERAL", "ANY"):
            return text + self.member(kind, value)
        if kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = value
            # Optional parts are left out; an open run gets a little more than its least.
            count = int(least) if int(least) == 0 or int(most) == int(least) else min(int(most), int(least) + 2)
            for _ in range(count):
                text = self.sequence(inner, text)
            return text
        if kind == "SUBPATTERN":
            number, begin = value[0], len(text)
            text = self.sequence(value[3], text)
            if number is not None:
                self.group[number] = (begin, len(text))
            return text
        if kind == "BRANCH":
            return self.sequence(self.random.choice(value[1]), text)
        if kind == "AT":
            return text
        raise NoExample(kind)

    def member(self, kind, value):
        if kind == "ANY":
            return self.random.choice(ALNUM)
        if kind == "NOT_LITERAL":
            return self.random.choice(ALNUM.replace(chr(value), ""))
        allowed, negated = set(), False
        for what, which in value:
            what = str(what)
            if what == "NEGATE":
                negated = True
            elif what == "LITERAL":
                allowed.add(chr(which))
            elif what == "RANGE":
                allowed.update(map(chr, range(which[0], which[1] + 1)))
            elif what == "CATEGORY" and str(which) in CATEGORIES:
                allowed.update(CATEGORIES[str(which)])
            else:
                raise NoExample(what)
        if negated:
            allowed = set(PRINTABLE) - allowed
        # Letters and digits where there are any: no quotes and braces in the middle of an example.
        return self.random.choice(sorted(allowed & set(ALNUM)) or sorted(allowed))


def example_of(name, expression):
    """A line that the expression matches, the secret between « and »."""
    for attempt in range(ATTEMPTS):
        text, group = Sampler("%s %d" % (name, attempt)).sample(expression)
        line = "note " + text + " end"
        found = re.search(expression, line)
        begin, end = group[0] + 5, group[1] + 5
        if found and found.span(1) == (begin, end) and not set("{}«»") & set(line):
            return line[:begin] + "«" + line[begin:end] + "»" + line[end:]
    raise NoExample("no example found in %d attempts" % ATTEMPTS)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def regex_pack(rules):
    out = ["rules:"]
    for name, expression in rules:
        ignore_case, before, secret, after = split_group(expression)
        pattern = ("(?i)" if ignore_case else "") + before + "(?P<secret>" + secret + ")" + after
        out += ["  - id: %s" % ("bench-" + name), "    title: %s" % quoted(name), "    kind: regex", "    severity: high",
                "    pattern: %s" % quoted(pattern), "    examples: [%s]" % quoted(example_of(name, expression))]
    return "\n".join(out) + "\n"


def made_up_pack(count, seed):
    """Like real packs: mostly `token` rules with a prefix each, every fifth a `value` rule with a key of its own."""
    r = random.Random(seed)
    words = set()
    while len(words) < count:
        words.add("".join(r.choices(string.ascii_lowercase, k=r.randrange(5, 10))))
    out = ["rules:"]
    for i, word in enumerate(sorted(words)):
        out += ["  - id: made-up-%d" % i, "    title: Made-up rule %d" % i, "    severity: high"]
        if i % 5 == 0:
            out += ["    kind: value", "    keys: [%s_key]" % word, "    examples: ['note %s_key=«{alnum:40}» end']" % word]
            continue
        members, template = r.choice((("A-Za-z0-9", "alnum"), ("a-f0-9", "hex"), ("A-Z0-9", "UPPERNUM")))
        prefix = word + r.choice("_-")
        out += ["    kind: token", "    pattern: '%s[%s]{%d}'" % (prefix, members, r.randrange(8, 16)),
                "    extend: '%s'" % members, "    examples: ['note «%s{%s:40}» end']" % (prefix, template)]
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tsv", nargs="?")
    parser.add_argument("--count", type=int, help="made-up rules instead, so many")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if (arguments.tsv is None) == (arguments.count is None):
        parser.error("name a TSV file or give --count")
    sys.stdout.write(made_up_pack(arguments.count, arguments.seed) if arguments.count else regex_pack(read_rules(arguments.tsv)))


if __name__ == "__main__":
    main()
