"""Compares what a server parses from messages that came straight to it with what it parses behind redactd."""

import datetime
import json
import re

from daemon import Endpoint
from wire import send_records

# Where a message has no time that the server understands, it takes the time of arrival.
TIME_FIELDS = ("timereported:date-rfc3339", "DATE")


def assert_equal_fields(test, parsed, framing, messages):
    """`parsed` listens on two ports: the first gets the messages straight, the second what redactd makes of them."""
    straight, through = parsed.ports
    records = [message.text for message in messages]
    send_records(straight, framing, records)
    expected = parsed.fields(0, len(messages))
    daemon, port = test.start_between(Endpoint(f"tcp://127.0.0.1:{through}", framing), source={"framing": framing})
    send_records(port, framing, records)
    actual = parsed.fields(1, len(messages))
    daemon.stop()
    test.assertEqual((len(actual), len(expected)), (len(messages), len(messages)))
    arrived_now = _now()
    for message, before, after in zip(messages, expected, actual):
        if message.planted:
            test.assertNotIn(message.planted.decode(), str(after))
        for field in sorted(before.keys() | after.keys()):
            if field in TIME_FIELDS and str(before[field]).startswith(arrived_now):
                continue
            test.assertEqual(_unescaped(_text(after.get(field))), message.masked(_text(before.get(field))),
                             f"{field} of {message.text}")


def _now():
    return tuple((datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)).strftime(form)
                 for days in (0, 1) for form in ("%Y-%m-%dT", "%b %e"))


def _text(value):
    return json.dumps(value, sort_keys=True)


def _unescaped(text):
    """Inside structured data a mask's bracket is escaped, as RFC 5424 wants it; some servers show values as they came."""
    return re.sub(r"(\[REDACTED:[a-z-]+)\\+\]", r"\1]", text)
