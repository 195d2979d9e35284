"""The same expressions for other programs (Python standard library only). Each mask is `[REDACTED]`."""
from make_rules import split_group

MASK = "[REDACTED]"


def capturing_groups(expression):
    """Capturing groups in an expression in which `(?:` has become `(`, as sed needs it."""
    count = i = 0
    in_class = False
    while i < len(expression):
        if expression[i] == "\\":
            i += 1
        elif in_class:
            in_class = expression[i] != "]"
        elif expression[i] == "[":
            in_class = True
            i += 1 if expression[i + 1:i + 2] == "]" else 0
        elif expression[i] == "(":
            count += 1
        i += 1
    return count


def to_extended(expression):
    """PCRE → POSIX extended with GNU's additions: no `(?:`, and inside brackets no escapes."""
    out, in_class, i = [], False, 0
    expression = expression.replace("(?:", "(")
    while i < len(expression):
        c = expression[i]
        if c == "\\" and in_class:
            i += 1
            out.append({"s": "[:space:]", "d": "0-9", "w": "[:alnum:]_"}.get(expression[i], expression[i]))
        elif c == "\\":
            i += 1
            out.append({"d": "[0-9]"}.get(expression[i], "\\" + expression[i]))
        else:
            in_class = c == "[" or (in_class and c != "]")
            out.append(c)
        i += 1
    return "".join(out)


def sed_script(rules):
    """One `s` command a rule, one after the other. For `sed -E -f`."""
    lines = []
    for _, expression in rules:
        ignore_case, before, secret, after = split_group(expression)
        before, secret, after = (to_extended(part) for part in (before, secret, after))
        tail = 1 + capturing_groups(before) + capturing_groups(secret) + 1
        text = "s\x01(%s)%s\x01\\1%s\x01g%s"
        if after:
            text = "s\x01(%s)%s(%s)\x01\\1%s\\%d\x01g%s"
            if tail > 9:
                raise ValueError("sed has nine groups at most: " + expression)
            lines.append(text % (before, secret, after, MASK, tail, "I" if ignore_case else ""))
        else:
            lines.append(text % (before, secret, MASK, "I" if ignore_case else ""))
    return "\n".join(lines) + "\n"


def perl_script(rules):
    """One `s///g` a rule, one after the other. For `perl -pf`."""
    lines = []
    for _, expression in rules:
        ignore_case, before, secret, after = split_group(expression)
        lines.append("s\x01(%s)(?:%s)(%s)\x01$1%s$2\x01g%s;" % (
            before.replace("@", "\\@"), secret.replace("@", "\\@"), after.replace("@", "\\@"), MASK.replace("[", "\\["),
            "i" if ignore_case else ""))
    return "\n".join(lines) + "\n"


def ripgrep_arguments(rules):
    """All rules as one alternation: a pattern and its replacement. What stands around the secret is put back from named groups."""
    branches, kept_before, kept_after = [], [], []
    for i, (_, expression) in enumerate(rules):
        ignore_case, before, secret, after = split_group(expression)
        name = "(?P<a%d>%s)%s(?P<b%d>%s)" % (i, before, secret, i, after)
        branches.append("(?i:%s)" % name if ignore_case else "(?:%s)" % name)
        kept_before.append("${a%d}" % i)
        kept_after.append("${b%d}" % i)
    return "|".join(branches), "".join(kept_before) + MASK + "".join(kept_after)
