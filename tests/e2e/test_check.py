"""redactd check: every error at once and nothing started; and what config/redactd.schema.json says of the same documents."""

import json
import os
import resource
import socket
import subprocess
import unittest

import jsonschema
import yaml

from harness import BINARY, CANARIES, RedactdTest, secret

ROOT = os.path.join(os.path.dirname(__file__), "../..")
BAD_CONFIGS = os.path.join(ROOT, "tests/data/bad_configs")

SOURCE = {"name": "in", "type": "syslog", "listen": "tcp://127.0.0.1:5514"}
SINK = {"name": "out", "type": "stdout"}


def daemon(**more):
    return {"sources": [SOURCE], "sinks": [SINK], **more}


def source(**more):
    return daemon(sources=[{**SOURCE, **more}])


def sink(**more):
    return daemon(sinks=[{"name": "out", **more}])


class Check(RedactdTest):
    def check(self, text, **options):
        return self.run_redactd("check", "--config", self.write("redactd.yaml", text), **options)

    def test_says_what_is_in_a_good_file(self):
        run = self.check(json.dumps(daemon()))
        self.assertRegex(run.out.decode(), r"^\S+/redactd\.yaml: ok: 1 source, 1 sink, \d+ rules\n$")
        self.assertEqual((run.code, run.err), (0, ""))
        run = self.check("rules: {disable: [cookie]}\n")
        self.assertRegex(run.out.decode(), r"^\S+/redactd\.yaml: ok: \d+ rules; no sources: .*\n$")
        self.assertEqual((run.code, run.err), (0, ""))

    def test_tells_all_errors_of_configuration_and_rules(self):
        pack = self.write("pack.yaml", "rules:\n  - {id: x, title: X, kind: token, pattern: '(', severity: high, examples: ['«(»']}\n")
        run = self.check(f"sources: [{{name: in, type: sdtin}}]\nsinks: []\nrules: {{files: [{pack}]}}\n")
        self.assertEqual((run.code, run.out), (2, b""))
        lines = run.err.splitlines()
        self.assertRegex(lines[2], r"pack\.yaml:2:\d+: rules\[0\]\.pattern: ")
        self.assertRegex(lines[0], r"redactd\.yaml:1:1: sinks: is missing")
        self.assertRegex(lines[1], r"redactd\.yaml:1:28: sources\[0\]\.type: is none of syslog, tcp, stdin, file, kubernetes, relp, did you mean 'stdin'\?")
        self.assertEqual(lines[3], "redactd: 3 errors, nothing was done")

    def test_a_daemon_that_would_mask_nothing_is_refused(self):
        config = daemon(rules={"disable": ["all"]})
        run = self.check(json.dumps(config))
        self.assertEqual(run.code, 2)
        self.assertIn("rules: none is active", run.err)
        started = self.run_redactd("--config", self.write("redactd.yaml", json.dumps(config)))
        self.assertEqual((started.code, "none is active" in started.err), (2, True), started.err)
        config["known_values"] = {"environment": ["*_PASSWORD"]}  # these alone are a reason to run it
        self.assertEqual(self.check(json.dumps(config)).code, 0)

    def test_warns_of_what_is_allowed_but_open(self):
        run = self.check(json.dumps(daemon(admin={"listen": "tcp://0.0.0.0:9600", "allow_remote": True})))
        self.assertEqual(run.code, 0)
        self.assertRegex(run.err, r"^warning: \S+redactd\.yaml:1:\d+: admin\.listen: others than this machine")

    def test_reads_variables_and_files_and_shows_neither(self):
        hidden = secret("hunter", 20)
        self.write("token", hidden + "\n")
        text = json.dumps(source(idle_timeout="${TIMEOUT}", max_connections="${LIMIT}", framing="${file:token}"))
        run = self.check(text, env={**os.environ, "TIMEOUT": "5m", "LIMIT": hidden})
        self.assertEqual(run.code, 2)
        self.assertEqual(len(run.err.splitlines()), 3, run.err)
        self.assertNotIn(hidden, run.err)

    def test_goes_by_the_file_alone(self):
        path = self.write("redactd.yaml", json.dumps(daemon()))
        for option in (["--stats"], ["--observe"], ["--disable", "cookie"], ["--mask", "length"], ["--max-record", "2MiB"]):
            for command in (["check"], []):
                run = self.run_redactd(*command, "--config", path, *option)
                self.assertEqual(run.code, 2, option)
                self.assertIn(option[0] + ": ", run.err)
        self.assertEqual(self.run_redactd("check").code, 2)
        run = self.run_redactd("check", path)
        self.assertEqual((run.code, run.err.splitlines()[0]),
                         (2, f"redactd: the file stands behind --config: redactd check --config {path}"))
        self.assertEqual(self.run_redactd("check", "--config", "/nonexistent.yaml").code, 2)

    def test_a_pipe_is_no_place_for_a_daemons_configuration(self):
        path = self.write("redactd.yaml", json.dumps(daemon()))
        done = subprocess.run(["bash", "-c", f"'{BINARY}' check --config <(cat '{path}')"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"^/dev/fd/\d+: is a pipe; .* name a file\n")

    def test_what_never_ends_is_no_configuration_and_no_pack(self):
        pipe = os.path.join(self.folder, "pipe.yaml")
        os.mkfifo(pipe)
        for arguments in (["--config", pipe], ["--rules", pipe], ["check", "--config", pipe]):
            run = self.run_redactd(*arguments)
            self.assertEqual((run.code, run.out), (2, b""))
            self.assertTrue(run.err.startswith(f"{pipe}: is a named pipe; name a file\n"), run.err)
        run = self.check(json.dumps({**daemon(), "rules": {"files": [pipe]}}))
        self.assertEqual((run.code, run.out), (2, b""))
        self.assertIn("is a named pipe; name a file\n", run.err)
        for arguments in (["--config", "/dev/zero"], ["check", "--config", "/dev/zero"], ["--rules", "/dev/zero"]):
            run = self.run_redactd(*arguments)
            self.assertEqual((run.code, run.out), (2, b""))
            self.assertTrue(run.err.startswith("/dev/zero: is larger than 64 MiB; name another file\n"), run.err)

    def test_the_daemon_refuses_what_check_refuses(self):
        path = self.write("redactd.yaml", json.dumps({**source(max_record="lots", nosuch=1), "rules": {"disable": ["nosuch"]}}))
        checked, started = self.run_redactd("check", "--config", path), self.run_redactd("--config", path)
        self.assertEqual((checked.code, started.code), (2, 2))
        self.assertEqual(len(checked.err.splitlines()), 4, checked.err)
        self.assertEqual(checked.err, started.err)

    def test_what_shows_only_at_the_start_has_its_place_and_shows_nothing_that_was_put_in(self):
        hidden = secret("hunter", 20)
        environment = {**os.environ, "HIDDEN": os.path.join(self.folder, hidden), "NAME": hidden}
        off = {"admin": {"enabled": False}}
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
            for config, error in (
                    (daemon(sinks=[{"name": "${NAME}", "type": "file", "path": "${HIDDEN}/log"}], **off),
                     r"redactd\.yaml:1:\d+: sinks\[0\]\.path: cannot open \$\{HIDDEN\}/log: No such file"),
                    (daemon(sources=[{**SOURCE, "listen": "unix://${HIDDEN}/a"}], **off),
                     r"redactd\.yaml:1:\d+: sources\[0\]\.listen: .*: No such file or directory; make the folder of the socket first"),
                    (daemon(sources=[{**SOURCE, "name": "${NAME}", "listen": address}], **off),
                     rf"redactd\.yaml:1:\d+: sources\[0\]\.listen: {address}: Address already in use; stop what listens there"),
                    (daemon(sources=[SOURCE], admin={"listen": address}),
                     r"redactd\.yaml:1:\d+: admin\.listen: .*Address already in use")):
                run = self.run_redactd("--config", self.write("redactd.yaml", json.dumps(config)), env=environment)
                self.assertEqual(run.code, 3, run.err)
                self.assertRegex(run.err, error)
                self.assertNotIn(hidden, run.err)
                self.assertNotIn("boost", run.err)

    def test_a_socket_in_a_folder_of_somebody_else_is_no_matter_of_its_port(self):
        folder = os.path.join(self.folder, "theirs")
        os.mkdir(folder, 0o555)
        os.chmod(self.folder, 0o711)
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for scheme in ("unix", "unixgram"):
            config = daemon(sources=[{**SOURCE, "listen": f"{scheme}://{folder}/log"}], admin={"enabled": False})
            run = self.run_redactd("--config", self.write("redactd.yaml", json.dumps(config)), **nobody)
            self.assertEqual(run.code, 3, run.err)
            self.assertIn("Permission denied; let redactd's user write to the folder of the socket", run.err)

    def test_other_commands_take_the_rules_of_a_daemons_file(self):
        path = self.write("redactd.yaml", json.dumps(daemon(rules={"disable": ["password"]})))
        self.assertEqual(self.run_redactd("scan", "--config", path, self.write("a.log", "password=hunter2hunter2\n")).code, 0)

    def test_the_reference(self):
        run = self.run_redactd("check", "--config", os.path.join(ROOT, "config/redactd.yaml"))
        self.assertEqual((run.code, run.err), (0, ""))


GOOD = {
    "least": daemon(),
    "filter": {"rules": {"files": "packs", "enable": ["x"], "disable": []}, "mask": {"style": "partial", "keep": 2}, "max_record": 4096},
    "nothing in maps": daemon(known_values=None, admin=None, log=None, rules=None),
    "numbers": source(max_connections=5, receive_buffer=0, max_record=4096),
    "texts of numbers": source(max_connections="5", receive_buffer="1MiB", max_record="4096B"),
    "zero durations": source(idle_timeout=0),
    "units": source(idle_timeout="1500ms", max_record="10kB", max_frame="1MiB"),
    "variables": source(max_connections="${X:-5}", framing="${X:-newline}", idle_timeout="${X:-5m}", rate={"burst": "${X:-1MiB}"}),
    "one sink as text": source(sinks="out"),
    "udp": source(listen="udp://[::1]:514", receive_buffer="4MiB"),
    "unix": source(listen="unix:///run/x.sock", unix_mode="0660", max_frame="16MiB"),
    "systemd": source(type="tcp", listen="systemd://", framing="nul"),
    "file": daemon(sources=[{"name": "a", "type": "file", "path": "/x", "position_file": "y", "start_at": "end", "poll_interval": "1s"}]),
    "stdin": daemon(sources=[{"name": "a", "type": "stdin", "max_record": "64KiB"}]),
    "aggregator": sink(type="syslog", endpoints=["tcp://h:514", "tcp://[::1]:514"], balance="round_robin", framing="newline", keepalive=0),
    "tls": sink(type="tcp", endpoints="tls://h:6514", tls={"verify": False, "min_version": 1.2}),
    "datagrams out": sink(type="unix", endpoints=["unixgram:///dev/log"]),
    "wrap": sink(type="stdout", wrap={"enabled": "on", "facility": 3, "severity": "err", "hostname": "h"}),
    "known values": daemon(known_values={"environment": ["*_TOKEN"], "files": ["a", {"path": "b", "format": "dotenv", "names": ["*"]}],
                                         "exec": [{"name": "a", "command": ["a", "b"]}], "socket": "/x", "socket_mode": "600"}),
    "admin": daemon(admin={"enabled": False, "listen": "tcp://[::1]:1", "token": "t" * 16}),
    "numbers for texts": daemon(sources=[{"name": 5, "type": "file", "path": 5, "position_file": 1.5}],
                                known_values={"socket": 6, "environment": [5], "files": [5, {"path": 1.5, "format": "dotenv", "names": 5}]},
                                sinks=[{"name": 1.5, "type": "stdout", "wrap": {"enabled": "on", "hostname": 5, "app_name": 5}}]),
    "numbers for texts of the filter": {"mask": {"style": "fixed", "text": 5}, "allow": [{"record": 5}, {"secret": [1.5]}]},
    "lists without a value": daemon(allow=None, known_values={"environment": None, "files": None, "exec": None}),
    "lists of rules without a value": {"rules": {"files": None, "gitleaks": None, "enable": None, "disable": None}},
    "patterns without a value": daemon(sources=[{"name": "a", "type": "kubernetes", "position_file": "/y", "include": None,
                                                 "exclude": None}]),
    "switch": daemon(self_check=False, workers=0, log={"level": "trace", "format": "json"}),
}

BAD = {
    "unknown key": daemon(nosuch=1),
    "no sinks": {"sources": [SOURCE]},
    "empty sources": daemon(sources=[]),
    "sinks of a source without a value": daemon(sources=[{**SOURCE, "sinks": None}]),
    "sinks alone": {"sinks": [SINK]},
    "log alone": {"log": {"level": "info"}},
    "no name": daemon(sources=[{"type": "stdin"}]),
    "no type": daemon(sinks=[{"name": "x"}]),
    "bad name": source(name="a b"),
    "type": source(type="gelf"),
    "no listen": daemon(sources=[{"name": "a", "type": "syslog"}]),
    "no scheme": source(listen="0.0.0.0:514"),
    "no port": source(listen="tcp://h"),
    "relative socket": source(listen="unix://x"),
    "bare duration": source(idle_timeout=10),
    "bare duration as text": source(idle_timeout="10"),
    "half a second": source(idle_timeout="0.5s"),
    "half a byte": source(max_record="1.5MiB"),
    "negative": source(max_connections=-1),
    "no connections": source(max_connections=0),
    "mode": source(listen="unix:///x", unix_mode="rw"),
    "framing": source(framing="octet_counting"),
    "framing of datagrams": source(listen="udp://h:1", framing="newline"),
    "tls on tcp": source(tls={"certificate": "a", "key": "b"}),
    "tls without": source(listen="tls://h:1"),
    "tls without key": source(listen="tls://h:1", tls={"certificate": "a"}),
    "mode of tcp": source(unix_mode="0660"),
    "receive buffer of unix": source(listen="unix:///x", receive_buffer="1MiB"),
    "receive buffer of systemd": source(listen="systemd://x", receive_buffer="1MiB"),
    "datagrams of tcp": source(type="tcp", listen="udp://h:1"),
    "octets of tcp": source(type="tcp", framing="octet-counting"),
    "frames of tcp": source(type="tcp", max_frame="1MiB"),
    "path of syslog": source(path="/x"),
    "listen of stdin": source(type="stdin"),
    "file without path": daemon(sources=[{"name": "a", "type": "file"}]),
    "endpoints missing": sink(type="syslog"),
    "endpoints of stdout": sink(type="stdout", endpoints=["tcp://h:1"]),
    "udp sink": sink(type="syslog", endpoints=["udp://h:1"]),
    "any host": sink(type="syslog", endpoints=["tcp://*:1"]),
    "mixed": sink(type="syslog", endpoints=["tcp://h:1", "tls://h:2"]),
    "twice": sink(type="syslog", endpoints=["tcp://h:1", "tcp://h:1"]),
    "network of unix": sink(type="unix", endpoints=["tcp://h:1"]),
    "auto": sink(type="tcp", endpoints=["tcp://h:1"], framing="auto"),
    "octets of stdout": sink(type="stdout", framing="octet-counting"),
    "framing of a datagram sink": sink(type="unix", endpoints=["unixgram:///x"], framing="nul"),
    "tls of tcp endpoints": sink(type="tcp", endpoints=["tcp://h:1"], tls={}),
    "keepalive of unix": sink(type="unix", endpoints=["unix:///x"], keepalive="1s"),
    "severity": sink(type="stdout", wrap={"severity": 8}),
    "facility": sink(type="stdout", wrap={"facility": "local9"}),
    "full": sink(type="stdout", when_full="drop"),
    "no path": sink(type="file"),
    "everything in the environment": daemon(known_values={"environment": ["*"]}),
    "a command line": daemon(known_values={"exec": [{"name": "a", "command": "a b"}]}),
    "names of lines": daemon(known_values={"files": [{"path": "a", "format": "lines", "names": ["b"]}]}),
    "short token": daemon(admin={"token": "short"}),
    "admin socket": daemon(admin={"listen": "unix:///x"}),
    "admin tls on tcp": daemon(admin={"tls": {"certificate": "a", "key": "b"}}),
    "level": daemon(log={"level": "warn"}),
    "yes": daemon(self_check="yes"),
    "too many workers": daemon(workers=5000),
    "mask": {"mask": {"style": "lable"}},
    "mask text": {"mask": {"style": "label", "text": "x"}},
    "keep": {"mask": {"style": "partial", "keep": 17}},
    "names of nobody": sink(type="tcp", endpoints=["tls://h:1"], tls={"peer_names": []}),
    "allow of no rule": {"allow": [{"rules": [], "secret": "x"}]},
    "keys of a Kubernetes source with the type relp": {
        "sources": [{"name": "in", "type": "relp", "listen": "tcp://127.0.0.1:2514", "include": {"pods": "x"}}],
        "sinks": [{"name": "out", "type": "stdout"}]},
    "allow without its condition": {"allow": [{"secret": [], "record": "x"}]},
}

# Files of bad_configs whose mistakes are beyond a schema: they lie between values, in files, or in numbers' texts.
BEYOND = {"dangling_references", "duplicate_names", "only_one_of_a_kind", "same_address", "same_path", "records_in_a_circle",
          "limits_that_do_not_fit", "keys_given_twice", "merge_keys", "mask_key_without_file", "mask_key_without_id",
          "mask_without_key", "no_rule_is_active"}


class Schema(RedactdTest):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(ROOT, "config/redactd.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.validator = jsonschema.Draft202012Validator(schema)

    def errors(self, document):
        return [f"{error.json_path}: {error.message}" for error in self.validator.iter_errors(document)]

    def check(self, document):
        return self.run_redactd("check", "--config", self.write("redactd.yaml", json.dumps(document)))

    def test_good_documents_are_good_to_both(self):
        self.write("x", "")
        for name, document in GOOD.items():
            with self.subTest(name):
                self.assertEqual(self.errors(document), [])
                run = self.check({key: value for key, value in document.items() if key != "rules"})
                self.assertEqual((run.code, "\n".join(line for line in run.err.splitlines() if not line.startswith("warning: "))), (0, ""))

    def test_bad_documents_are_bad_to_both(self):
        for name, document in BAD.items():
            with self.subTest(name):
                self.assertNotEqual(self.errors(document), [])
                self.assertEqual(self.check(document).code, 2)

    def test_bad_files_are_bad_as_far_as_a_schema_can_say(self):
        # That redactd refuses them all is tested by unit/bad_config_test.cc.
        for name in sorted(os.listdir(BAD_CONFIGS)):
            with self.subTest(name):
                path = os.path.join(BAD_CONFIGS, name)
                with open(path, encoding="utf-8") as file:
                    try:
                        errors = self.errors(yaml.safe_load(file))
                    except yaml.YAMLError as error:
                        errors = [str(error)]
                self.assertEqual(errors == [], name.removesuffix(".yaml") in BEYOND, errors)

    def test_the_reference_is_good_to_both(self):
        with open(os.path.join(ROOT, "config/redactd.yaml"), encoding="utf-8") as file:
            self.assertEqual(self.errors(yaml.safe_load(file)), [])

    def test_the_schemas_defaults_are_the_references(self):
        with open(os.path.join(ROOT, "config/redactd.yaml"), encoding="utf-8") as file:
            shown = yaml.safe_load(file)
        compared = 0

        def compare(schema, value, path):
            nonlocal compared
            schema = self.validator.schema["$defs"][schema["$ref"].rsplit("/", 1)[1]] if set(schema) == {"$ref"} else schema
            if isinstance(value, dict) and "properties" in schema:
                for key, below in value.items():
                    compare(schema["properties"][key], below, f"{path}.{key}")
            elif isinstance(value, list) and value and isinstance(value[0], dict):
                for entry in value:
                    compare(schema["items"], entry, f"{path}[]")
            elif "default" in schema:
                compared += 1
                self.assertEqual(schema["default"], value, path)

        compare(self.validator.schema, shown, "")
        self.assertGreater(compared, 20)


class OpenToOthers(RedactdTest):
    """A key that everybody may read is told, with what to do; it keeps nothing from starting."""

    def check(self, mode, name):
        key = self.write("mask.key", "k" * 40)
        text = "sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout}]\nmask: {style: fingerprint}\n" \
               f"mask_key: {{id: k1, file: {key}}}\n"
        config = self.write("open.yaml", text)
        os.chmod(key, 0o600)
        os.chmod(config, 0o644)
        os.chmod(key if name == "key" else config, mode)
        done = self.run_redactd("check", "--config", config)
        self.assertEqual(done.code, 0, done.err)
        return done.err

    def test_a_key_that_everybody_may_read(self):
        said = self.check(0o644, "key")
        self.assertEqual(said.count("chmod 0600 it"), 1, said)
        self.assertIn("mask_key.file: can be read by every user", said)

    def test_a_key_that_others_may_write(self):
        self.assertEqual(self.check(0o660, "key").count("can be written by others"), 1)

    def test_a_configuration_that_others_may_write(self):
        self.assertEqual(self.check(0o664, "config").count("who could switch redaction off"), 1)

    def test_a_token_in_a_file_that_everybody_may_read(self):
        token = self.write("token", "t" * 40)
        config = self.write("token.yaml", "sources: [{name: in, type: stdin}]\nsinks: [{name: out, type: stdout}]\n"
                                          "admin: {token: '${file:token}'}\n")
        os.chmod(config, 0o600)
        for mode, count in ((0o644, 1), (0o640, 0), (0o600, 0)):
            os.chmod(token, mode)
            done = self.run_redactd("check", "--config", config)
            self.assertEqual(done.code, 0, done.err)
            self.assertEqual(done.err.count("admin.token: the file "), count, done.err)

    def test_a_key_that_cannot_be_locked_in_memory(self):
        if os.geteuid() != 0:
            self.skipTest("only root may lock memory whatever the limit, and give that up")
        key = self.write("mask.key", "k" * 40)
        os.chmod(key, 0o644)
        os.chmod(self.folder, 0o755)

        def limit():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))

        arguments = ("--mask", "fingerprint", "--mask-key-file", key, "--mask-key-id", "k1")
        line = b"password=" + CANARIES[1].encode() + b"\n"
        done = self.run_redactd(*arguments, input=line, preexec_fn=limit, user=65534, group=65534, extra_groups=[])
        self.assertEqual(done.code, 0, done.err)
        self.assertIn(b"[REDACTED:password:k1:", done.out)
        self.assertEqual(done.err.count("cannot be locked in memory"), 1, done.err)
        self.assertIn("ulimit -l", done.err)
        self.assertEqual(self.run_redactd(*arguments, input=line).err, "")

    def test_what_is_closed_is_not_mentioned(self):
        for mode in (0o600, 0o640, 0o400):
            self.assertEqual(self.check(mode, "key"), "")


if __name__ == "__main__":
    unittest.main()
