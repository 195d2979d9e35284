"""A token for every row of ../shared/providers.tsv whose shape is told, made up here, in the places where logs show tokens.

The list is not part of the project; without it there is nothing to test.
"""

import os
import random
import re
import string
import unittest

from harness import RedactdTest

LIST = os.path.join(os.path.dirname(__file__), "../../../shared/providers.tsv")
BETWEEN = "\n".join(["--- a line of words between two records ---"] * 20) + "\n"
ALNUM = string.ascii_letters + string.digits
CLASSES = {"alphanumeric": ALNUM, "any": ALNUM, "hex": string.digits + "abcdef", "a-z": string.ascii_lowercase,
           "A-Z": string.ascii_uppercase, "0-9": string.digits}

# Where a row's token stays, and why. The first reason whose expression is found in `provider | type | shape` counts.
NO_SECRET = [
    (r"^generic \| Generic 17|^aws \| (?:aws patterns|AWS cred file)|google patterns|^webex \|", "the row is the name of a key or an error"),
    (r"^redis \| REDIS_URL|^curl \||^redis \|", "the row is the name of a key or an option"),
    (r"hooks`?.*services`; total|api/webhooks`|privatelink|\.jfrog\.io|azconfig\.io|supabase\.co|couchbase\.com|calendar/embed|"
     r"com/b/|s3://|s3-`|arn:aws|organizations/`|mzn\.mws|salad|tenant|URL Credentials", "an address or an id, no secret"),
    (r"sip Value|sv Value|sas Query|sqlserver pattern|auth_provider_x509|`client_secret`, 1\+|auth\":", "a part of an object or of a URL, no value"),
    (r"^(?:slack|discord|zapierwebhook|tineswebhook) \|", "the address stays and the rest of it goes; ids of webhooks may stay"),
    (r"^(?:mongodb|sentry|azure|databaseurl|mysql|postgres|cloudinary) \|.*(?:://|sb:)", "the password in it goes, the rest stays"),
]
NOT_BY_ITSELF = [
    (r"`e`|`ey[`J]|jwt|`ey", "what is drawn here is no JSON in base64, as a true one is"),
    (r"either \(`blink`", "weak passwords are told by their key"),
    (r"`(?:[a-zA-Z0-9_]{1,2}[-._/]?|AAAA|EAAA|CAIS|[A-Z]{2,4}|0x|6l|key-|api_|sk[._-]|tk\.|v2/|MII?|private_|oauth-|3MVG9)`", "a short beginning, or a word"),
    (r"`, 0(?:-50|\+) of \[any\]", "the row holds what stands between a key and its value"),
    (r"needs a nearby|twitter|artifactory|codeclima|sauce|braintree|jdbc|Password Hash|Pkcs12|PEM|authress|imagekit|TlRMTVNT", "told by its key or its place"),
]
# Drawn with a first byte that true tokens do not have there.
UNLIKELY = (r"atlassian|apikey-v2|notion|netlify|figma|lichess|persona|pinterest|portainer|sendgrid|dropbox|jfrog|1password|wakatime|"
            r"freemius|razorpay|closecrm|ticket|newrelic|devcycle|stripe")
MOST_LEFT = 0.01  # of the lines behind a key: letters alone read like a word


class Unclear(Exception):
    """The shape is cut off or told in other words."""


class Shape:
    """Reads `prefix`, 36 of [alphanumeric], … and draws a text of that shape."""

    def __init__(self, text, source):
        self.text = text
        self.at = 0
        self.source = source

    def draw(self):
        result = self.item()
        while self.take(", "):
            result += self.item()
        return result

    def take(self, word):
        found = self.text.startswith(word, self.at)
        self.at += len(word) if found else 0
        return found

    def match(self, expression):
        found = re.compile(expression).match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def literal(self):
        found = self.match(r"`([^`]+)`")
        if not found:
            raise Unclear
        return found[1]

    def members(self):
        found = self.match(r"\[([^\]]+)\]")
        if not found or "…" in found[1]:
            raise Unclear
        words = found[1].split(" ")
        return "".join(CLASSES.get(word, "".join(c for c in word if c not in "\"'")) for word in words) or ALNUM

    def group(self):
        if not self.take("("):
            raise Unclear
        result = self.draw()
        if not self.take(")"):
            raise Unclear
        return result

    def item(self):
        if self.take("optional "):
            result = self.group() if self.text.startswith("(", self.at) else self.item()
            return self.source.choice((result, ""))
        if self.take("either "):
            choices = [self.group()]
            while self.take(" or "):
                choices.append(self.group())
            return self.source.choice(choices)
        if self.take("one of [any]"):
            return "."
        if self.take("one of ["):
            self.at -= 1
            return self.source.choice(self.members())
        if self.take("one of "):
            choices = [self.literal()]
            while self.take("/"):
                choices.append(self.literal())
            return self.source.choice(choices)
        count = self.match(r"(\d+)(?:-(\d+)|(\+))? (of|x) ")
        return self.repeated(count) if count else self.literal()

    def repeated(self, count):
        least = max(int(count[1]), 1)
        most = max(least, 24) if count[3] else int(count[2] or least)
        size = self.source.randint(max(least, min(16, most)), min(most, max(least, 200)))
        if count[4] == "of":
            members = self.members()
            return "".join(self.source.choice(members) for _ in range(size))
        begin, result = self.at, ""
        for _ in range(least):
            self.at = begin
            result += self.group()
        return result


def rows():
    with open(LIST, encoding="utf-8") as file:
        for line in file:
            cells = line.rstrip("\n").split("\t")
            if len(cells) >= 7 and cells[3] == "secret":
                yield cells[0], cells[1], cells[2]


def token_of(provider, title, shape, number):
    source = random.Random(f"{provider} {title} {number}")
    shape = re.split(r"; (?:total length|self-ident|needs a|case-ins|tools dis)", shape)[0]
    token = Shape(shape, source).draw()
    if len(token) < 12 or re.search(r"[\s&]", token):
        raise Unclear
    return token


def lines_of(provider, title, token, distinctive):
    last = next((word for word in ("token", "secret", "password") if word in title.lower()), "api_key")
    key = f"{provider}_{last}"
    escaped = "".join(c if c in ALNUM + "-._~" else f"%{ord(c):02X}" for c in token)
    yield True, f"level=info msg=call {key}={token} status=200"
    yield True, '{"level":"info","%s":"%s","n":1}' % (key, token.replace("\\", "\\\\"))
    yield True, f'export {key.upper()}="{token}"'
    yield True, f"GET /v1/x?{key}={escaped}&n=1 200"
    yield True, f"X-{key.replace('_', '-').title()}: {token}"
    yield True, f"    {key}: {token}"
    if distinctive:
        yield False, f"request with {token} was refused"
        yield False, f'args=["run","{token}"]'


def reason(row, reasons):
    return next((why for expression, why in reasons if re.search(expression, row)), None)


class TokensOfProviders(RedactdTest):
    def setUp(self):
        super().setUp()
        if not os.path.exists(LIST):
            self.skipTest("../shared/providers.tsv is not here")

    def test_are_masked_behind_their_keys_and_by_themselves(self):
        cases, unclear = [], 0
        for provider, title, shape in rows():
            row = f"{provider} | {title} | {shape}"
            try:
                for number in range(2):
                    token = token_of(provider, title, shape, number)
                    cases += [(row, token, *line) for line in lines_of(provider, title, token, "self-identifying" in shape)]
            except Unclear:
                unclear += 1
        text = "".join(line + "\n" + BETWEEN for _, _, _, line in cases)
        out = self.run_redactd(input=text.encode()).out.decode().split("\n" + BETWEEN)
        left, behind_keys = [], 0
        for (row, token, behind_key, _), masked in zip(cases, out):
            behind_keys += behind_key
            if token not in masked and token[-16:] not in masked:
                continue
            if reason(row, NO_SECRET) is None and (behind_key or reason(row, NOT_BY_ITSELF) is None):
                left.append((behind_key, row, masked))
        self.assertGreater(len(cases), 20000)
        self.assertLess(unclear, 250)
        after_keys = [entry for entry in left if entry[0]]
        self.assertLess(len(after_keys), MOST_LEFT * behind_keys, after_keys[:10])
        alone = [entry for entry in left if not entry[0] and not re.search(UNLIKELY, entry[1])]
        self.assertEqual(alone, [])


if __name__ == "__main__":
    unittest.main()
