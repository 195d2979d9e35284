"""Certificates made by openssl when they are needed: none lies in the repository."""

import datetime
import functools
import os
import shutil
import ssl
import subprocess
import tempfile
import atexit

CA_CONFIG = """
[ca]
default_ca = main
[main]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
default_crl_days = 30
[any]
commonName = optional
[req]
distinguished_name = name
[name]
"""


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Certificate:
    """Paths of the certificate and its key."""

    def __init__(self, certificate, key, authority):
        self.certificate = certificate
        self.key = key
        self.authority = authority  # the CA's certificate


class Authority:
    """A certificate authority in a folder of its own."""

    def __init__(self, name):
        self.folder = os.path.join(_folder(), name)
        os.mkdir(self.folder)
        for file, text in (("index.txt", ""), ("serial", "1000"), ("ca.cnf", CA_CONFIG.format(folder=self.folder))):
            with open(os.path.join(self.folder, file), "w", encoding="ascii") as out:
                out.write(text)
        self.config = os.path.join(self.folder, "ca.cnf")
        self.key = os.path.join(self.folder, "ca.key")
        self.certificate = os.path.join(self.folder, "ca.pem")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                 "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate,
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    @functools.lru_cache(maxsize=None)
    def issue(self, name, alternative="DNS:localhost,IP:127.0.0.1", usage="serverAuth,clientAuth", first_day=-1, last_day=30):
        """`first_day`, `last_day`: of its validity, counted from today. `alternative`: empty for none."""
        request, key, certificate = (os.path.join(self.folder, name + end) for end in (".csr", ".key", ".pem"))
        extensions = ["-addext", f"extendedKeyUsage={usage}"]
        if alternative:
            extensions += ["-addext", f"subjectAltName={alternative}"]
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request, "-config", self.config, *extensions)
        _openssl("ca", "-batch", "-notext", "-config", self.config, "-cert", self.certificate, "-keyfile", self.key,
                 "-startdate", _day(first_day), "-enddate", _day(last_day), "-in", request, "-out", certificate)
        return Certificate(certificate, key, self.certificate)

    def revoke(self, issued):
        """The path of a new list of revoked certificates that names it."""
        crl = issued.certificate + ".crl"
        common = ("-config", self.config, "-cert", self.certificate, "-keyfile", self.key)
        _openssl("ca", *common, "-revoke", issued.certificate)
        _openssl("ca", *common, "-gencrl", "-out", crl)
        return crl


def _day(offset):
    return (datetime.datetime.utcnow() + datetime.timedelta(days=offset)).strftime("%y%m%d%H%M%SZ")


@functools.lru_cache(maxsize=None)
def _folder():
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)
    return folder


@functools.lru_cache(maxsize=None)
def authority(name="authority"):
    return Authority(name)


def server():
    return authority().issue("server")


def client():
    return authority().issue("client", "DNS:client.example.org")


def client_context(issued=None, trusted=None):
    """For a TLS client that presents `issued` and trusts the authority."""
    context = ssl.create_default_context(cafile=trusted or authority().certificate)
    if issued:
        context.load_cert_chain(issued.certificate, issued.key)
    return context


def server_context(issued=None, ask_for_client=False):
    issued = issued or server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    if ask_for_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(authority().certificate)
    return context
