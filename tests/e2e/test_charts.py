"""The Helm chart and the manifests. No cluster is here: they are rendered by helm and kubectl, validated against the schemas of
Kubernetes, and their configurations are run by redactd with the addresses and paths of this machine."""

import base64
import copy
import glob
import json
import os
import re
import shutil
import subprocess
import unittest

import yaml

import peers
from aggregator import Aggregator
from certificates import Authority
from daemon import DaemonTest, TOKEN_MASK, sink_to, token
from harness import RedactdTest, TIME_LIMIT
from wire import free_port, wait_until

DEPLOY = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy"))
CHART = os.path.join(DEPLOY, "helm/redactd")
SIDECARS = sorted(glob.glob(os.path.join(DEPLOY, "kubernetes/sidecars/*.yaml")))
OF_PROMETHEUS_OPERATOR = {"PodMonitor", "ServiceMonitor", "PrometheusRule"}  # whose schemas are not here

EVERYTHING = {
    "reload": "live",
    "maskKey": {"create": True},
    "tls": {"existingSecret": "redactd-tls"},
    "adminToken": {"existingSecret": "redactd-token"},
    "user": 65532,
    "config": {
        "max_record": 10485760,
        "mask": {"style": "fingerprint"},
        "admin": {"listen": "tls://*:9601", "tls": {"certificate": "tls.crt", "key": "tls.key"}},
        "sinks": [{"name": "aggregator", "type": "syslog", "endpoints": ["tls://aggregator.logging:6514"], "tls": {"ca": "ca.crt"},
                   "spool": {"directory": "/var/lib/redactd/spool"}}],
    },
    "rules": {"acme.yaml": """rules:
  - id: acme-token
    title: Acme API token
    kind: token
    pattern: 'acme_[A-Za-z0-9]{8}'
    extend: 'A-Za-z0-9'
    severity: high
    examples: ['with «acme_{alnum:32}» now']
"""},
    "podDisruptionBudget": {"enabled": True},
    "monitor": {"kind": "ServiceMonitor", "labels": {"release": "prometheus"}, "interval": "30s"},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "podAnnotations": {"example.org/team": "logging"},
    "podLabels": {"team": "logging"},
    "extraEnv": [{"name": "LOG_HOST", "value": "aggregator"}],
}


def run(*command, input=None):
    return subprocess.run(command, input=input, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(kind, among):
    found = [document for document in among if document["kind"] == kind]
    if len(found) != 1:
        raise AssertionError(f"{len(found)} of {kind}")
    return found[0]


def containers_of(workload):
    pod = workload["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


class KubernetesTest(RedactdTest):
    def assert_valid(self, what):
        """By the schemas of Kubernetes, strictly: a key that is unknown is a mistake."""
        kubeconform = peers.find("kubeconform", "tests/charts.sh")
        schemas = os.path.join(peers.FOLDER, "kubernetes-schemas", "{{ .ResourceKind }}{{ .KindSuffix }}.json")
        text = yaml.safe_dump_all(document for document in what if document["kind"] not in OF_PROMETHEUS_OPERATOR)
        done = run(kubeconform, "-strict", "-summary", "-schema-location", schemas, "-", input=text)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("Valid: 0", done.stdout)

    def assert_has_no_more_than_it_needs(self, workload, name="redactd"):
        pod = workload["spec"]["template"]["spec"]
        self.assertIs(pod["automountServiceAccountToken"], False)
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in containers_of(workload):
            self.assertLessEqual({mount["name"] for mount in container.get("volumeMounts", [])}, volumes, container["name"])
            context = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
            if container["name"] == "application":
                continue
            self.assertIs(context["readOnlyRootFilesystem"], True)
            self.assertIs(context["allowPrivilegeEscalation"], False)
            self.assertEqual(context["capabilities"]["drop"], ["ALL"])
            self.assertEqual(context["seccompProfile"], {"type": "RuntimeDefault"})
            self.assertIn("memory", container["resources"]["limits"])
            if container["name"] == name:
                for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                    self.assertIn(probe, container)
                    self.assertIn(container[probe]["httpGet"]["port"], [port["name"] for port in container["ports"]])

    def assert_is_a_configuration(self, text):
        checked = self.run_redactd("check", "--config", self.write("redactd.yaml", text))
        self.assertEqual(checked.code, 0, checked.err)
        for line in checked.err.splitlines():
            self.assertIn("can reach it without TLS and token", line, "a warning that nobody has explained")


class Chart(KubernetesTest):
    def template(self, values=None, *arguments):
        path = self.write("values.yaml", json.dumps(values or {}))
        return run(peers.find("helm", "tests/charts.sh"), "template", "redactd", CHART, "--namespace", "redactd", "--kube-version", "1.33",
                   "--values", path, *arguments)

    def render(self, values=None, *arguments):
        done = self.template(values, *arguments)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        return documents(done.stdout)

    def config(self, rendered, name="redactd"):
        maps = [document for document in rendered if document["kind"] == "ConfigMap" and document["metadata"]["name"] == name]
        return maps[0]["data"]["redactd.yaml"]

    def test_helm_has_nothing_to_say_against_it(self):
        for values in ({}, EVERYTHING):
            done = run(peers.find("helm", "tests/charts.sh"), "lint", "--strict", CHART, "--values",
                       self.write("values.yaml", json.dumps(values)))
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertNotIn("[WARNING]", done.stdout)

    def test_what_it_renders_is_valid(self):
        for values in ({}, EVERYTHING, {"monitor": {"kind": "PodMonitor"}, "maskKey": {"existingSecret": "key"}}):
            rendered = self.render(values)
            self.assert_valid(rendered)
            self.assert_has_no_more_than_it_needs(of_kind("DaemonSet", rendered))

    def test_its_default_is_the_plain_manifests(self):
        self.assertEqual(self.what_matters(self.render()), self.what_matters(plain_manifests()))

    def what_matters(self, of):
        """Without what helm and kustomize add, each in its own way: names, marks, and the order of the configuration's keys."""
        left = {}
        for document in copy.deepcopy(of):
            if document["kind"] == "Namespace":
                continue
            if document["kind"] == "ConfigMap":
                left["config"] = yaml.safe_load(document["data"]["redactd.yaml"])
                continue
            text = json.dumps(document["spec"], sort_keys=True)
            text = re.sub(r'"configMap": \{"name": "redactd[-0-9a-z]*"\}', '"configMap": {"name": "redactd"}', text)
            text = re.sub(r', "scheme": "HTTP"', "", text)
            spec = json.loads(text)
            selector = spec.get("selector", spec.get("podSelector"))["matchLabels"]
            selector.pop("app.kubernetes.io/instance", None)
            if document["kind"] == "DaemonSet":
                spec["template"]["metadata"]["labels"].pop("app.kubernetes.io/instance", None)
                spec["template"]["metadata"].pop("annotations", None)
                for container in spec["template"]["spec"]["containers"]:
                    container.pop("imagePullPolicy", None)
            left[document["kind"]] = spec
        return left

    def test_its_configurations_are_ones(self):
        self.assert_is_a_configuration(self.config(self.render()))
        rendered = self.render(EVERYTHING)
        for name, text in self.files_of(rendered).items():
            os.chmod(self.write(name, text), 0o440)  # the volume's defaultMode
        self.assert_is_a_configuration(self.config(rendered).replace("/etc/redactd/", self.folder + "/"))

    def test_its_secrets_are_nobody_elses_to_read(self):
        volumes = of_kind("DaemonSet", self.render(EVERYTHING))["spec"]["template"]["spec"]["volumes"]
        self.assertEqual([volume["projected"]["defaultMode"] for volume in volumes if volume["name"] == "config"], [0o440])

    def files_of(self, rendered):
        """What the pod has in /etc/redactd besides redactd.yaml."""
        certificate = Authority("chart").issue("server", "DNS:redactd.redactd.svc")
        chain, key, ca = (read(path) for path in (certificate.certificate, certificate.key, certificate.authority))
        secret = of_kind("Secret", rendered)
        secrets = {secret["metadata"]["name"]: {"key": base64.b64decode(secret["data"]["key"])},
                   "redactd-tls": {"tls.crt": chain, "tls.key": key, "ca.crt": ca}, "redactd-token": {"token": "t" * 32}}
        volumes = of_kind("DaemonSet", rendered)["spec"]["template"]["spec"]["volumes"]
        sources = [volume for volume in volumes if volume["name"] == "config"][0]["projected"]["sources"]
        files = dict(of_kind("ConfigMap", [d for d in rendered if d["metadata"]["name"] == "redactd"])["data"])
        del files["redactd.yaml"]
        for source in sources:
            if "secret" in source:
                of = secrets[source["secret"]["name"]]
                items = source["secret"].get("items", [{"key": key, "path": key} for key in of])
                files.update({item["path"]: of[item["key"]] for item in items})
        return files

    def test_another_configuration_rolls_the_pods_unless_they_take_it_live(self):
        def annotations(values):
            template = of_kind("DaemonSet", self.render(values))["spec"]["template"]
            return template["metadata"].get("annotations")
        other = {"config": {"max_record": "2MiB"}}
        self.assertNotEqual(annotations({}), annotations(other))
        self.assertEqual(annotations({}), annotations({"priorityClassName": "other"}))
        self.assertIsNone(annotations({"reload": "live"}))
        self.assertIs(yaml.safe_load(self.config(self.render({"reload": "live"})))["reload_on_change"], True)

    def test_the_key_of_fingerprints_is_made_once_and_stays(self):
        def key():
            secret = of_kind("Secret", self.render({"maskKey": {"create": True}}))
            self.assertEqual(secret["metadata"]["annotations"], {"helm.sh/resource-policy": "keep"})
            return base64.b64decode(secret["data"]["key"])
        self.assertGreaterEqual(len(key()), 32)
        self.assertNotEqual(key(), key())  # of a cluster that is asked, the one that is there: `lookup`

    def test_monitors_find_the_pods(self):
        for kind, endpoints in (("PodMonitor", "podMetricsEndpoints"), ("ServiceMonitor", "endpoints")):
            rendered = self.render({"monitor": {"kind": kind, "labels": {"release": "prometheus"}}})
            monitor = of_kind(kind, rendered)
            self.assertEqual(monitor["metadata"]["labels"]["release"], "prometheus")
            self.assertEqual(monitor["spec"][endpoints], [{"port": "admin", "path": "/metrics"}])
            pods = of_kind("DaemonSet", rendered)["spec"]["template"]
            self.assertIn("admin", [port["name"] for port in pods["spec"]["containers"][0]["ports"]])
            wanted = monitor["spec"]["selector"]["matchLabels"].items()
            if kind == "ServiceMonitor":
                service = of_kind("Service", rendered)
                self.assertLessEqual(wanted, service["metadata"]["labels"].items())
                self.assertEqual(service["spec"]["ports"][0]["name"], "admin")
                wanted = service["spec"]["selector"].items()
            self.assertLessEqual(wanted, pods["metadata"]["labels"].items())

    def test_monitors_bring_the_token_and_believe_the_certificate(self):
        endpoint = of_kind("ServiceMonitor", self.render(EVERYTHING))["spec"]["endpoints"][0]
        self.assertEqual(endpoint["scheme"], "https")
        self.assertEqual(endpoint["authorization"], {"credentials": {"name": "redactd-token", "key": "token"}})
        self.assertEqual(endpoint["tlsConfig"], {"ca": {"secret": {"name": "redactd-tls", "key": "ca.crt"}},
                                                 "serverName": "redactd.redactd.svc"})
        container = of_kind("DaemonSet", self.render(EVERYTHING))["spec"]["template"]["spec"]["containers"][0]
        self.assertEqual(container["livenessProbe"]["httpGet"]["scheme"], "HTTPS")
        self.assertEqual(container["ports"], [{"name": "admin", "containerPort": 9601}])

    def test_alerts_and_dashboard_are_the_ones_of_deploy(self):
        rendered = self.render({"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}})
        with open(os.path.join(DEPLOY, "prometheus/redactd.rules.yaml"), encoding="utf-8") as file:
            self.assertEqual(of_kind("PrometheusRule", rendered)["spec"], yaml.safe_load(file))
        with open(os.path.join(DEPLOY, "grafana/redactd.json"), encoding="utf-8") as file:
            dashboard = [document for document in rendered if document["metadata"]["name"] == "redactd-dashboard"][0]
            self.assertEqual(json.loads(dashboard["data"]["redactd.json"]), json.load(file))

    def test_wrong_values_are_refused_with_what_is_wrong(self):
        for values, said in (
                ({"kind": "Deployment"}, "kind"),
                ({"reload": "never"}, "reload"),
                ({"config": {"sinks": []}}, "sinks"),
                ({"config": {"admin": {"listen": "tcp://127.0.0.1:9600"}}}, "listen"),
                ({"config": {"admin": {"enabled": False}}}, "enabled"),
                ({"maskKey": {"create": True, "existingSecret": "mine"}}, "not both"),
                ({"maskKey": {"create": True}, "config": {"mask_key": {"id": "k", "file": "f"}}}, "config.mask_key"),
                ({"rules": {"redactd.yaml": "rules: []"}}, "rules"),
                ({"monitor": {"kind": "Pod"}}, "monitor")):
            done = self.template(values)
            self.assertNotEqual(done.returncode, 0, values)
            self.assertIn(said, done.stderr)

    def test_its_notes_tell_where_records_go_and_what_to_look_at(self):
        chart = os.path.join(self.folder, "chart")
        shutil.copytree(CHART, chart)
        # Helm shows them to an installation only, which takes a cluster: so they are made the contents of a ConfigMap.
        os.rename(os.path.join(chart, "templates/NOTES.txt"), os.path.join(chart, "NOTES.txt"))
        self.write("chart/templates/notes.yaml", 'kind: Notes\ntext: {{ tpl (.Files.Get "NOTES.txt") . | quote }}\n')
        done = run(peers.find("helm", "tests/charts.sh"), "template", "redactd", chart, "--namespace", "logs", "--kube-version", "1.33")
        notes = of_kind("Notes", documents(done.stdout))["text"]
        self.assertIn("aggregator: syslog tcp://aggregator.logging:6514", notes)
        self.assertIn("kubectl label namespace logs pod-security.kubernetes.io/enforce=privileged", notes)


def plain_manifests():
    done = run(peers.find("kubectl"), "kustomize", os.path.join(DEPLOY, "kubernetes/base"))
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return documents(done.stdout)


class PlainManifests(KubernetesTest):
    def test_are_valid_and_have_a_configuration(self):
        rendered = plain_manifests()
        self.assert_valid(rendered)
        self.assert_has_no_more_than_it_needs(of_kind("DaemonSet", rendered))
        self.assert_is_a_configuration(of_kind("ConfigMap", rendered)["data"]["redactd.yaml"])

    def test_the_pod_monitor_is_the_one_of_the_chart(self):
        with open(os.path.join(DEPLOY, "kubernetes/pod-monitor.yaml"), encoding="utf-8") as file:
            monitor = yaml.safe_load(file)
        labels = of_kind("DaemonSet", plain_manifests())["spec"]["template"]["metadata"]["labels"]
        self.assertLessEqual(monitor["spec"]["selector"]["matchLabels"].items(), labels.items())
        self.assertEqual(monitor["spec"]["podMetricsEndpoints"], [{"port": "admin", "path": "/metrics"}])


class WithoutRoot(DaemonTest):
    @unittest.skipUnless(os.geteuid() == 0, "needs root, for files of root")
    def test_the_group_0_is_enough_for_logs_as_containerd_makes_them(self):
        folder = os.path.join(self.folder, "pods", "shop_web_0", "nginx")
        os.makedirs(folder)
        state = peers.folder_for(self, "state")
        os.chown(state, 65532, 65532)
        os.chmod(self.folder, 0o711)
        with open(os.path.join(folder, "0.log"), "w", encoding="utf-8") as log:
            os.fchmod(log.fileno(), 0o640)
            log.write(f"2026-01-02T03:04:05.000000006Z stdout F with {self.plant(token())} end\n")
        aggregator = Aggregator(self)
        daemon = self.start_daemon([{"type": "kubernetes", "path": os.path.join(self.folder, "pods"),
                                     "position_file": os.path.join(state, "position"), "format": "rfc5424"}],
                                   [sink_to(aggregator)], user=65532, group=0, extra_groups=[])
        self.assertIn(f"with {TOKEN_MASK} end".encode(), aggregator.wait_for(1)[0])
        daemon.stop()
        self.assertTrue(os.path.exists(os.path.join(state, "position")))


# What each shipper listens to, and how: where it stands in its configuration.
SHIPPERS = {
    "fluent-bit": lambda at: (f"{at['pipeline']['inputs'][0]['listen']}:{at['pipeline']['inputs'][0]['port']}", "newline"),
    "vector": lambda at: (at["sources"]["clean"]["address"], "octet-counting"),
    "promtail": lambda at: (at["scrape_configs"][0]["syslog"]["listen_address"], "octet-counting"),
    "filebeat": lambda at: (at["filebeat.inputs"][0]["host"],
                            {"rfc6587": "octet-counting"}[at["filebeat.inputs"][0]["framing"]]),
}
HEADER = re.compile(rb"<\d{1,3}>1 \S+ \S+ (\S+) \S+ \S+ - (.*)", re.DOTALL)


class Sidecars(DaemonTest, KubernetesTest):
    def each(self):
        return [(os.path.basename(path).removesuffix(".yaml"), documents(read(path))) for path in SIDECARS]

    def test_there_is_one_for_each_shipper(self):
        self.assertEqual([os.path.basename(path) for path in SIDECARS],
                         ["alloy.yaml", "filebeat.yaml", "fluent-bit.yaml", "promtail.yaml", "stdout.yaml", "vector.yaml"])

    def test_are_valid_and_have_a_configuration(self):
        for name, manifests in self.each():
            with self.subTest(sidecar=name):
                self.assert_valid(manifests)
                self.assert_is_a_configuration(of_kind("ConfigMap", manifests)["data"]["redactd.yaml"])
                self.assert_has_no_more_than_it_needs(of_kind("Deployment", manifests))
                self.assertIs(of_kind("Deployment", manifests)["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"], True)

    def test_the_shipper_listens_where_redactd_sends(self):
        for name, manifests in self.each():
            with self.subTest(sidecar=name):
                if name == "stdout":
                    continue
                config = yaml.safe_load(of_kind("ConfigMap", manifests)["data"]["redactd.yaml"])["sinks"][0]
                address, framing = self.listens(name, of_kind("ConfigMap", manifests)["data"])
                self.assertEqual((config["endpoints"], config["framing"]), ([f"tcp://{address}"], framing))

    def listens(self, name, files):
        if name == "alloy":
            text = files["config.alloy"]
            self.assertEqual(text.count("{"), text.count("}"))
            return re.search(r'address\s*= "([^"]*)"', text)[1], "octet-counting"
        own = [text for file, text in files.items() if file != "redactd.yaml"]
        return SHIPPERS[name](yaml.safe_load(own[0]))

    def test_what_the_application_logs_reaches_the_shipper_masked(self):
        for name, manifests in self.each():
            with self.subTest(sidecar=name):
                files = of_kind("ConfigMap", manifests)["data"]
                secret = self.plant(token(len(name)))
                received = self.through(name, yaml.safe_load(files["redactd.yaml"]), secret)
                if name == "stdout":
                    self.assertEqual(received, f"login with {TOKEN_MASK} end".encode())
                    continue
                self.assertEqual(HEADER.fullmatch(received).groups(), (b"application", f"login with {TOKEN_MASK} end".encode()))
                if name == "fluent-bit":
                    regex = yaml.safe_load(files["fluent-bit.yaml"])["parsers"][0]["regex"].replace("(?<", "(?P<")
                    parsed = re.fullmatch(regex, received.decode())
                    self.assertEqual((parsed["ident"], parsed["message"]), ("application", f"login with {TOKEN_MASK} end"))

    def through(self, name, config, secret):
        """What comes out at its far end when the application logs a secret; paths and ports are this machine's."""
        sink = config["sinks"][0]
        aggregator = None
        if sink["type"] == "syslog":
            aggregator = Aggregator(self, framing=sink["framing"])
            sink["endpoints"] = [aggregator.url]
        folder = peers.folder_for(self, "logs")
        ports = {}
        for source in config["sources"]:
            if source["type"] == "file":
                source["path"] = source["path"].replace("/logs", folder)
                source["position_file"] = source["position_file"].replace("/logs", folder)
            else:
                ports[source["name"]] = free_port()
                source["listen"] = re.sub(r"\d+$", str(ports[source["name"]]), source["listen"])
        del config["admin"]
        output = open(os.path.join(folder, "stdout"), "wb+")
        self.addCleanup(output.close)
        daemon = self.start_daemon(config["sources"], config["sinks"], stdout=output)
        line = f"login with {secret} end"
        if ports:
            peers.logger("-n", "127.0.0.1", "-P", str(ports["tcp"]), "-T", "--rfc5424=notq", "-t", "application", message=line)
        else:
            with open(config["sources"][0]["path"], "w", encoding="utf-8") as log:
                log.write(line + "\n")
        if aggregator:
            return self.end(daemon, aggregator.wait_for(1)[0])
        with open(output.name, "rb") as written:
            return self.end(daemon, wait_until(lambda: written.seek(0) or written.read(), "the line").rstrip(b"\n"))

    def end(self, daemon, received):
        daemon.stop()
        return received


if __name__ == "__main__":
    unittest.main()
