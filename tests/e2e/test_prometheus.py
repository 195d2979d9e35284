"""Prometheus scrapes redactd."""

import json
import os
import unittest

import peers
from aggregator import Aggregator
from daemon import DaemonTest, token
from wire import send_records, wait_until


def dashboard():
    """(panel, expression) of each query, as Grafana would send it."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy/grafana/redactd.json")
    with open(path, encoding="utf-8") as file:
        panels = json.load(file)["panels"]
    for panel in panels:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m").replace("$job", ".*").replace("$instance", ".*")
            yield panel["title"], expression


class PrometheusScrapes(DaemonTest):
    def test_it_is_up_and_its_figures_are_there(self):
        aggregator = Aggregator(self)
        daemon, port = self.start_between(aggregator)
        prometheus = peers.Prometheus(self, daemon.admin)
        planted = self.plant(token())
        send_records(port, "octet-counting", [b"<13>token " + planted.encode()] * 300 + [b"<13>plain"] * 700)
        aggregator.wait_for(1000)

        def series(expression, value):
            prometheus.wait_until(lambda: [found for _, found in prometheus.query(expression)] == [value])

        series('up{job="redactd"}', 1)
        series('redactd_source_received_records_total{source="in"}', 1000)
        series('redactd_sink_sent_records_total{sink="out"}', 1000)
        series('redactd_redactions_total{rule="github-token"}', 300)
        series("redactd_unscanned_bytes_total", 0)
        series('redactd_source_open_connections{source="in"}', 0)
        series("sum(redactd_sink_latency_seconds_count)", 1000)
        series("histogram_quantile(0.5, sum by (le) (redactd_sink_latency_seconds_bucket)) < bool 5", 1)
        wait_until(lambda: prometheus.query("redactd_build_info"), "build info")
        # The dashboard asks for nothing that is not there.
        for panel, expression in dashboard():
            if "spool" in expression:  # there is none
                self.assertEqual(prometheus.query(expression), [])
            else:
                wait_until(lambda: prometheus.query(expression), f"{panel}: {expression}", pause=0.2)
        # Labels come from the configuration and from enums, never from what was logged.
        labels = {label for metric, _ in prometheus.query('{__name__=~"redactd_.*"}') for label in metric}
        self.assertLessEqual(labels, {"__name__", "instance", "job", "source", "sink", "rule", "le", "kind", "reason", "result", "cause",
                                      "version", "worker", "cpu", "matcher"})
        daemon.stop()

    def test_promtool_finds_nothing_to_better(self):
        aggregator = Aggregator(self)
        daemon, port = self.start_between(aggregator)
        send_records(port, "newline", [b"<13>token " + self.plant(token()).encode()])
        aggregator.wait_for(1)
        self.assertEqual(peers.promtool_check(daemon.ask("/metrics")[1]), "")
        daemon.stop()


if __name__ == "__main__":
    unittest.main()
