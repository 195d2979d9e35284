"""Standard input through the redact() of logredactor's logging filter: logredactor_lines.py RULES.json MASK

A rule is [expression, flags] with a group before the secret and one behind it. Latin-1 keeps every byte as it is.
"""
import json
import re
import sys

import logredactor

with open(sys.argv[1], encoding="utf-8") as file:
    rules = [re.compile(expression, re.ASCII | (re.IGNORECASE if "i" in flags else 0)) for expression, flags in json.load(file)]
redact = logredactor.RedactingFilter(rules, default_mask=r"\1%s\2" % sys.argv[2]).redact
with open(0, encoding="latin-1", newline="\n") as lines, open(1, "w", encoding="latin-1", newline="\n") as out:
    out.writelines(map(redact, lines))
