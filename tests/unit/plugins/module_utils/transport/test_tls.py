# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport over TLS: whom it trusts, what it shows of itself, and that its limits hold there too."""

from __future__ import annotations

import gc
import io
import itertools
import os
import pathlib
import shutil
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import typing as t
import warnings

import pytest

pytest.importorskip("requests")
pytest.importorskip("cryptography")

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import Response
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    ConnectionFailed,
    ResponseLost,
    SenhaseguraError,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.pem import whole_pem
from ansible_collections.community.senhasegura.plugins.module_utils.transport import deadline as deadline_module
from ansible_collections.community.senhasegura.plugins.module_utils.transport.deadline import Deadline
from ansible_collections.community.senhasegura.plugins.module_utils.transport.session import Transport
from ansible_collections.community.senhasegura.plugins.module_utils.transport.tls import tls_context
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils import certificates
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.certificates import (
    CLIENT,
    DAY,
    Certificate,
    make,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import (
    LONG,
    Proxy,
    Received,
    Wire,
    http,
    slowly,
    until_gone,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import CANARY, settings

# The servers go on for longer than both together, so the slack is for busy machines and hides nothing.
SHORT, SLACK = 1.5, 10.0
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Pki(t.NamedTuple):
    folder: pathlib.Path
    ca: Certificate
    ca_path: str
    good: Certificate
    context: ssl.SSLContext


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    ca = make(ca=True)
    good = make(ca, "localhost", "127.0.0.1", "::1")
    return Pki(folder, ca, ca.files(folder, "ca")[0], good, good.server_context(folder, "good"))


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def send(url: str, *, timeout: float = 5.0, **changes: t.Any) -> Response:
    client = Transport(settings(url=url, allow_http=True, **changes))
    return client.send("GET", "/x", deadline=Deadline(timeout), headers={"Authorization": "Bearer T"})


def ok(request: Received, sock: socket.socket) -> bytes:
    return http({"a": 1})


# --- whom it trusts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_named_ca_is_trusted(pki: Pki, host: str) -> None:
    with Wire(ok, tls=pki.context) as server:
        assert send(server.url(host), ca_path=pki.ca_path).status == 200


def test_a_directory_of_cas_is_trusted(pki: Pki, tmp_path: pathlib.Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the names of the files")
    shutil.copy(pki.ca_path, tmp_path / "ca.pem")
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    with Wire(ok, tls=pki.context) as server:
        assert send(server.url(), ca_path=str(tmp_path)).status == 200


def test_nothing_else_is_trusted_beside_the_named_ca(
    pki: Pki, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A public CA is played by the one that the system's store names; ca_path names another one."""
    system = ssl.get_default_verify_paths()._replace(openssl_cafile=pki.ca_path, openssl_capath="/nowhere")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: system)
    other = make(ca=True).files(tmp_path, "other")[0]
    with Wire(ok, tls=pki.context) as server:
        assert send(server.url()).status == 200
        with pytest.raises(ConfigError, match="not trusted"):
            send(server.url(), ca_path=other)
        assert len(server.requests) == 1


def test_requests_own_bundle_counts_only_where_the_system_has_none(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = ssl.get_default_verify_paths()._replace(openssl_cafile="/nowhere", openssl_capath="/nowhere")
    with Wire(ok, tls=pki.context) as server:
        monkeypatch.setattr("certifi.where", lambda: pki.ca_path)
        with pytest.raises(ConfigError, match="not trusted"):
            send(server.url())
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
        assert send(server.url()).status == 200


@pytest.mark.parametrize("name", VARIABLES)
def test_cas_of_the_environment_are_ignored(
    pki: Pki, name: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make(ca=True).files(tmp_path, "other")[0]
    monkeypatch.setenv(name, str(tmp_path) if name.endswith("DIR") else pki.ca_path)
    if name.endswith("DIR") and shutil.which("openssl"):
        shutil.copy(pki.ca_path, tmp_path / "ca.pem")
        subprocess.run(["openssl", "rehash", str(tmp_path)], check=True)
    with Wire(ok, tls=pki.context) as server:
        for ca_path in (None, other):
            with pytest.raises(ConfigError, match="not trusted"):
                send(server.url(), ca_path=ca_path)
        # Nor can a variable take trust away.
        monkeypatch.setenv(name, other)
        assert send(server.url(), ca_path=pki.ca_path).status == 200


def test_the_environment_cannot_weaken_in_a_fresh_process(pki: Pki, tmp_path: pathlib.Path) -> None:
    """OpenSSL reads some variables once, at its start."""
    code = (
        "import sys; from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils"
        ".transport.test_tls import send; send(sys.argv[1])"
    )
    with Wire(ok, tls=pki.context) as server:
        traps = dict.fromkeys(VARIABLES[:3], pki.ca_path) | {"PYTHONHTTPSVERIFY": "0", "SSL_CERT_DIR": str(pki.folder)}
        paths = os.pathsep.join(filter(None, sys.path))
        done = subprocess.run(
            [sys.executable, "-c", code, server.url()],
            env={**os.environ, **traps, "PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=False,
        )
    assert "ConfigError" in done.stderr and "not trusted" in done.stderr, done.stderr
    assert server.requests == []


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_ca_of_the_environment_when_asked(pki: Pki, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, pki.ca_path)
    with Wire(ok, tls=pki.context) as server:
        assert send(server.url(), ca_path="environment").status == 200


def test_asked_for_and_not_set_leaves_the_system(pki: Pki) -> None:
    with Wire(ok, tls=pki.context) as server, pytest.raises(ConfigError, match="not trusted"):
        send(server.url(), ca_path="environment")


BAD: dict[str, tuple[t.Callable[[Certificate], Certificate], str, str]] = {
    "expired": (lambda ca: make(ca, "localhost", since=-3 * DAY, until=-DAY), "localhost", "expired"),
    "not yet valid": (lambda ca: make(ca, "localhost", since=DAY, until=2 * DAY), "localhost", "not yet valid"),
    "wrong name": (lambda ca: make(ca, "other.example"), "localhost", "Hostname mismatch"),
    "name in the subject only": (lambda ca: make(ca, "localhost", san=False), "localhost", "mismatch"),
    "wrong address": (lambda ca: make(ca, "192.0.2.1", "localhost"), "127.0.0.1", "IP address mismatch"),
    "address as a name": (lambda ca: make(ca, "localhost"), "127.0.0.1", "IP address mismatch"),
    "self-signed": (lambda ca: make(None, "localhost"), "localhost", "self.signed certificate"),
    "unknown ca": (lambda ca: make(make(ca=True), "localhost"), "localhost", "self.signed certificate in"),
    "unknown ca, not sent": (lambda ca: make(make(ca=True), "localhost", chain=False), "localhost", "unable to get local issuer"),
    "for clients only": (lambda ca: make(ca, "localhost", usage=[CLIENT]), "localhost", "certificate purpose"),
    "issuer is no ca": (lambda ca: make(make(ca, "localhost"), "localhost"), "localhost", "invalid CA"),
    "intermediate missing": (lambda ca: make(make(ca, ca=True), "localhost", chain=False), "localhost", "unable to get local issuer"),
    "wildcard of another level": (lambda ca: make(ca, "*.example.localhost"), "localhost", "mismatch"),
    "wildcard over a dot": (lambda ca: make(ca, "*.localhost"), "a.b.localhost", "mismatch"),
}  # fmt: skip


@pytest.fixture
def any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host name leads to this machine."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, **k: real("127.0.0.1", port, **k))


@pytest.mark.parametrize("kind", BAD)
def test_bad_certificates_are_refused(pki: Pki, kind: str, tmp_path: pathlib.Path, any_name: None) -> None:
    build, host, reason = BAD[kind]
    with Wire(ok, tls=build(pki.ca).server_context(tmp_path)) as server:
        with pytest.raises(ConfigError, match=f"not trusted: .*{reason}") as caught:
            send(server.url(host), ca_path=pki.ca_path, retries=3)
        assert server.requests == []
        # Never retried: it will not get better.
        assert server.connections == 1
    fixes = {
        "expired": "Renew",
        "not yet valid": "clock",
        "mismatch": "host name",
        "purpose": "new one",
        "CA": "new one",
    }
    fix = next((fix for word, fix in fixes.items() if word in reason), "ca_path")
    assert fix in caught.value.hint


GOOD = {
    "intermediate": (lambda ca: make(make(ca, ca=True), "localhost"), "localhost"),
    "wildcard": (lambda ca: make(ca, "*.example.test"), "pam.example.test"),
    "international": (lambda ca: make(ca, "xn--mnchen-3ya.example"), "xn--mnchen-3ya.example"),
    "address": (lambda ca: make(ca, "127.0.0.1"), "127.0.0.1"),
    "second name": (lambda ca: make(ca, "a.example", "localhost"), "localhost"),
    "any usage": (lambda ca: make(ca, "localhost", usage=()), "localhost"),
    "both usages": (lambda ca: make(ca, "localhost", usage=(CLIENT, certificates.SERVER)), "localhost"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_good_certificates_are_accepted(pki: Pki, kind: str, tmp_path: pathlib.Path, any_name: None) -> None:
    build, host = GOOD[kind]
    names: list[str | None] = []
    context = build(pki.ca).server_context(tmp_path)
    context.sni_callback = lambda sock, name, ctx: names.append(name)
    with Wire(ok, tls=context) as server:
        assert send(server.url(host), ca_path=pki.ca_path).status == 200
    assert names == [None if host[0].isdigit() else host]


def test_ipv6(pki: Pki) -> None:
    try:
        server = Wire(ok, tls=pki.context, family=socket.AF_INET6).__enter__()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server:
        assert send(server.url("[::1]"), ca_path=pki.ca_path).status == 200


def test_validate_certs_false_takes_anything(tmp_path: pathlib.Path) -> None:
    bad = make(None, "other.example", until=-DAY, since=-2 * DAY)
    with Wire(ok, tls=bad.server_context(tmp_path)) as server:
        assert send(server.url(), validate_certs=False).status == 200
        assert send(server.url(), validate_certs=False, ca_path="/nowhere").status == 200


@pytest.mark.parametrize("newest", ["TLSv1", "TLSv1_1"])
@pytest.mark.parametrize("validate", [True, False])
def test_old_tls_is_refused(pki: Pki, newest: str, validate: bool, tmp_path: pathlib.Path) -> None:
    context = pki.good.server_context(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion[newest]
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Wire(ok, tls=context) as server, pytest.raises(ConnectionFailed, match="TLS connection") as caught:
        send(server.url(), ca_path=pki.ca_path, validate_certs=validate)
    assert "TLS 1.2" in caught.value.hint
    assert server.requests == []


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_present_tls_is_spoken(pki: Pki, version: str, tmp_path: pathlib.Path) -> None:
    context = pki.good.server_context(tmp_path)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with Wire(ok, tls=context) as server:
        assert send(server.url(), ca_path=pki.ca_path).status == 200


def test_weak_ciphers_are_refused(pki: Pki, tmp_path: pathlib.Path) -> None:
    context = pki.good.server_context(tmp_path)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("eNULL:aNULL:@SECLEVEL=0")
    with Wire(ok, tls=context) as server, pytest.raises(ConnectionFailed, match="TLS connection"):
        send(server.url(), ca_path=pki.ca_path)


def test_a_server_without_tls_is_named_so(pki: Pki) -> None:
    def accepted(sock: socket.socket) -> None:
        sock.sendall(http(b"", 400))

    with Wire(ok, accepted=accepted) as server, pytest.raises(ConnectionFailed, match="TLS connection"):
        send(server.url().replace("http:", "https:"), ca_path=pki.ca_path)


@pytest.mark.parametrize(
    "content", [None, b"", b"no PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_unusable_ca_path(content: bytes | None, tmp_path: pathlib.Path) -> None:
    file = tmp_path / f"{CANARY}.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match="ca_path cannot be loaded") as caught:
        send("https://localhost:9", ca_path=str(file))
    assert caught.value.context.option == "ca_path"
    assert CANARY not in str(caught.value)


def test_http_2_is_not_chosen(pki: Pki, tmp_path: pathlib.Path) -> None:
    context = pki.good.server_context(tmp_path)
    context.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[str | None] = []

    def handler(request: Received, sock: t.Any) -> bytes:
        chosen.append(sock.selected_alpn_protocol())
        return http({})

    with Wire(handler, tls=context) as server:
        send(server.url(), ca_path=pki.ca_path)
    assert chosen == ["http/1.1"]


def test_a_last_dot_is_no_part_of_the_name(pki: Pki, any_name: None) -> None:
    with Wire(ok, tls=pki.context) as server:
        assert send(server.url("localhost."), ca_path=pki.ca_path).status == 200
    assert server.requests[0].header("host") == f"localhost:{server.port}"


@pytest.mark.parametrize("host", ["." * 3, "." + "x" * 10, "x" * 70])
def test_a_host_that_tls_cannot_name(pki: Pki, host: str, any_name: None) -> None:
    with Wire(ok, tls=pki.context) as server, pytest.raises(ConnectionFailed, match="could not be made"):
        send(server.url(host), ca_path=pki.ca_path)


# --- client certificates ---------------------------------------------------------------------------------------------


@pytest.fixture
def demanding(pki: Pki, tmp_path: pathlib.Path) -> ssl.SSLContext:
    """A server that wants a certificate from its client."""
    context = pki.good.server_context(tmp_path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca_path)
    return context


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("together", [False, True])
def test_client_certificate(
    pki: Pki, demanding: ssl.SSLContext, together: bool, version: str, tmp_path: pathlib.Path
) -> None:
    demanding.maximum_version = ssl.TLSVersion[version]
    cert, key = make(pki.ca, "client", usage=[CLIENT]).files(tmp_path, "client")
    if together:
        joined = tmp_path / "joined.pem"
        joined.write_bytes(pathlib.Path(key).read_bytes() + pathlib.Path(cert).read_bytes())
        cert, key = str(joined), None
    with Wire(ok, tls=demanding) as server:
        assert send(server.url(), ca_path=pki.ca_path, client_cert=cert, client_key=key).status == 200


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_client_certificate_missing(pki: Pki, demanding: ssl.SSLContext, version: str) -> None:
    demanding.maximum_version = ssl.TLSVersion[version]
    with Wire(ok, tls=demanding) as server:
        with pytest.raises(SenhaseguraError) as caught:
            send(server.url(), ca_path=pki.ca_path)
        assert server.requests == []
    assert "client_cert" in str(caught.value)


def test_client_certificate_of_an_unknown_ca(pki: Pki, demanding: ssl.SSLContext, tmp_path: pathlib.Path) -> None:
    cert, key = make(make(ca=True), "client", usage=[CLIENT]).files(tmp_path, "client")
    with Wire(ok, tls=demanding) as server, pytest.raises(SenhaseguraError) as caught:
        send(server.url(), ca_path=pki.ca_path, client_cert=cert, client_key=key)
    assert "client_cert" in str(caught.value)


def test_an_encrypted_key_does_not_prompt(pki: Pki, tmp_path: pathlib.Path) -> None:
    cert, key = make(pki.ca, "client", usage=[CLIENT]).files(tmp_path, "client", passphrase=b"passphrase")
    code = (
        "import sys; from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils"
        ".transport.test_tls import send; send('https://localhost:9', client_cert=sys.argv[1], client_key=sys.argv[2])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, cert, key],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        start_new_session=True,
        check=False,
    )
    assert "client_cert cannot be loaded" in done.stderr, done.stderr
    assert "passphrase" in done.stderr and "Enter PEM" not in done.stdout + done.stderr


@pytest.mark.parametrize("case", ["no such file", "no such key", "another key", "no PEM"])
def test_unusable_client_cert(pki: Pki, case: str, tmp_path: pathlib.Path) -> None:
    cert, key = make(pki.ca, "client", usage=[CLIENT]).files(tmp_path, "client")
    if case == "no such file":
        cert = str(tmp_path / "none")
    elif case == "no such key":
        key = str(tmp_path / "none")
    elif case == "another key":
        key = make(pki.ca, "client").files(tmp_path, "another")[1]
    else:
        pathlib.Path(cert).write_text("no PEM")
    with pytest.raises(ConfigError, match="client_cert cannot be loaded") as caught:
        send("https://localhost:9", ca_path=pki.ca_path, client_cert=cert, client_key=key)
    assert caught.value.context.option == "client_cert"


# --- PEM text in place of files --------------------------------------------------------------------------------------


def test_the_ca_as_text(pki: Pki, tmp_path: pathlib.Path) -> None:
    other = make(ca=True).pem().decode()
    text = pathlib.Path(pki.ca_path).read_text()
    with Wire(ok, tls=pki.context) as server:
        for trusted in (text, other + text, whole_pem(text.replace("\n", "\\n"))):
            assert send(server.url(), ca_path=trusted).status == 200
        with pytest.raises(ConfigError, match="certificate of the server is not trusted"):
            send(server.url(), ca_path=other)


def test_text_that_is_no_certificate(pki: Pki) -> None:
    wrong = [pki.good.key_pem().decode(), "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"]
    for text in wrong:
        with pytest.raises(
            ConfigError, match="ca_path cannot be loaded: it must be a usable PEM file or text"
        ) as caught:
            send("https://localhost:9", ca_path=text)
        assert "BEGIN" not in str(caught.value)


@pytest.mark.parametrize("memory", [True, False], ids=["in memory", "no files in memory"])
@pytest.mark.parametrize("case", ["both", "together", "certificate", "key"])
def test_client_certificate_as_text(
    pki: Pki,
    demanding: ssl.SSLContext,
    case: str,
    memory: bool,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is text is in no file that another user can read, and in none at all afterwards."""
    (tmp_path / "own").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "own"))
    if not memory:
        monkeypatch.delattr(os, "memfd_create")
    client = make(pki.ca, "client", usage=[CLIENT])
    certificate, key = client.files(tmp_path, "client")
    texts = {"certificate": client.pem().decode(), "key": client.key_pem().decode()}
    cert_option = {"together": texts["certificate"] + texts["key"], "key": certificate}.get(case, texts["certificate"])
    key_option = {"together": None, "certificate": key}.get(case, texts["key"])
    seen: list[str] = []

    def load(context: ssl.SSLContext, certfile: t.Any, keyfile: t.Any = None, password: t.Any = None) -> None:
        for path in {certfile, keyfile} - {None, certificate, key}:
            seen.append(path)
            if not memory:
                assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
                assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert bool(list((tmp_path / "own").iterdir())) is not memory
        super(ssl.SSLContext, context).load_cert_chain(certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", load)
    # Sockets that other tests have left to the garbage collector would be closed meanwhile.
    gc.collect()
    before = set(os.listdir("/proc/self/fd"))
    tls_context(settings(ca_path=pki.ca_path, client_cert=cert_option, client_key=key_option))
    # The one that lists them is closed again.
    assert len(set(os.listdir("/proc/self/fd")) - before) <= 1
    with Wire(ok, tls=demanding) as server:
        assert send(server.url(), ca_path=pki.ca_path, client_cert=cert_option, client_key=key_option).status == 200
    assert seen
    # The number of a closed file may be in use again, for something else.
    assert not any(os.path.exists(path) and "memfd" in os.path.realpath(path) for path in seen)
    assert memory or not any(os.path.exists(path) for path in seen)
    assert list((tmp_path / "own").iterdir()) == []


@pytest.mark.parametrize("memory", [True, False])
@pytest.mark.parametrize("case", ["another key", "no key", "passphrase", "no certificate"])
def test_unusable_client_cert_as_text(
    pki: Pki, case: str, memory: bool, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    if not memory:
        monkeypatch.delattr(os, "memfd_create")
    client = make(pki.ca, "client", usage=[CLIENT])
    keys = {
        "another key": make(pki.ca, "client").key_pem(),
        "no key": None,
        "passphrase": client.key_pem(b"passphrase"),
        "no certificate": client.key_pem(),
    }
    key = keys[case]
    certificate = client.key_pem() if case == "no certificate" else client.pem()
    with pytest.raises(ConfigError, match="client_cert cannot be loaded") as caught:
        send(
            "https://localhost:9",
            ca_path=pki.ca_path,
            client_cert=certificate.decode(),
            client_key=key.decode() if key else None,
        )
    for text in (str(caught.value), repr(caught.value), str(caught.value.failure())):
        assert "BEGIN" not in text and "senhasegura-" not in text and "/proc" not in text
    assert caught.value.__suppress_context__
    assert list(tmp_path.iterdir()) == []


# --- limits ----------------------------------------------------------------------------------------------------------


class Timer:
    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            assert SHORT * 0.9 <= time.monotonic() - self._start <= SHORT + SLACK


def test_a_handshake_that_stalls_ends_at_the_deadline(pki: Pki) -> None:
    with Wire(ok, accepted=until_gone) as server, Timer():
        with pytest.raises(ConnectionFailed, match="in time"):
            send(server.url().replace("http:", "https:"), ca_path=pki.ca_path, timeout=SHORT)


def test_a_handshake_that_trickles_ends_at_the_deadline(pki: Pki) -> None:
    """A record header that announces much, and then a byte now and then."""

    def accepted(sock: socket.socket) -> None:
        slowly(sock, b"\x16\x03\x03\x3f\xff" + b"\x02" * 1000, every=0.05)

    with Wire(ok, accepted=accepted) as server, Timer(), pytest.raises(ConnectionFailed, match="in time"):
        send(server.url().replace("http:", "https:"), ca_path=pki.ca_path, timeout=SHORT)


@pytest.mark.parametrize("part", ["head", "body"])
def test_slow_answers_end_at_the_deadline(pki: Pki, part: str) -> None:
    def handler(request: Received, sock: socket.socket) -> None:
        data = http({"a": "b" * 1000})
        at_once = 0 if part == "head" else len(data) - 900
        sock.sendall(data[:at_once])
        slowly(sock, data[at_once:], every=0.02)

    with Wire(handler, tls=pki.context) as server, Timer(), pytest.raises(ResponseLost, match="in time"):
        send(server.url(), ca_path=pki.ca_path, timeout=SHORT)


def test_a_server_that_reads_slowly_ends_at_the_deadline(pki: Pki, tmp_path: pathlib.Path) -> None:
    """Every part that is taken must not start the time-out anew."""

    def accepted(sock: socket.socket) -> None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        tls = pki.context.wrap_socket(sock, server_side=True)
        for _part in range(400):
            time.sleep(0.1)
            tls.recv(65536)

    with Wire(ok, accepted=accepted) as server, Timer():
        client = Transport(settings(url=server.url().replace("http:", "https:"), ca_path=pki.ca_path))
        with pytest.raises(ResponseLost, match="in time"):
            client.send("POST", "/x", deadline=Deadline(SHORT), headers={}, body=b"x" * 20_000_000)


def test_too_much_is_cut_off(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_module, "MAX_BODY", 1_000_000)
    with Wire(lambda r, s: http(b"x" * 3_000_000), tls=pki.context) as server:
        with pytest.raises(UnexpectedResponse, match="larger than"):
            send(server.url(), ca_path=pki.ca_path)


def filling_a_buffer() -> bytes:
    """An answer that ends where the buffer does from which it is read: what follows is not in there."""
    empty = http(b"", length=10_000)
    return http(b"x" * (io.DEFAULT_BUFFER_SIZE - len(empty) + len("10000") - len(str(io.DEFAULT_BUFFER_SIZE))))


def test_what_only_openssl_has_is_no_part_of_the_next_answer(pki: Pki) -> None:
    first = filling_a_buffer()
    assert len(first) == io.DEFAULT_BUFFER_SIZE
    answers = itertools.chain([first + http({"evil": 1})], itertools.repeat(http({"b": 2})))
    with Wire(lambda request, sock: next(answers), tls=pki.context) as server:
        client = Transport(settings(url=server.url(), ca_path=pki.ca_path))
        bodies = [client.send("GET", "/x", deadline=Deadline(5), headers={}).body for _again in range(2)]
    assert bodies[1] == b'{"b": 2}'
    assert server.connections == 2


@pytest.mark.parametrize("size", [10, 15_000, 40_000])
def test_what_is_left_over_is_no_part_of_the_next_answer(pki: Pki, size: int) -> None:
    """What OpenSSL has decrypted already cannot be seen by a look at the socket."""
    first = http({"a": 1}) + http({"evil": "x" * size})
    answers = itertools.chain([first], itertools.repeat(http({"b": 2})))
    with Wire(lambda request, sock: next(answers), tls=pki.context) as server:
        client = Transport(settings(url=server.url(), ca_path=pki.ca_path))
        bodies = [client.send("GET", "/x", deadline=Deadline(5), headers={}).body for _again in range(2)]
    assert bodies == [b'{"a": 1}', b'{"b": 2}']
    assert server.connections == 2


def test_two_calls_use_one_connection(pki: Pki) -> None:
    with Wire(ok, tls=pki.context) as server:
        client = Transport(settings(url=server.url(), ca_path=pki.ca_path))
        for method in ("GET", "POST", "GET"):
            client.send(method, "/x", deadline=Deadline(5), headers={})
    assert (server.connections, len(server.requests)) == (1, 3)


# --- proxies ---------------------------------------------------------------------------------------------------------


def test_a_proxy_gets_connect_and_nothing_else(pki: Pki) -> None:
    with Wire(ok, tls=pki.context) as server, Proxy() as proxy:
        url = f"http://user:{CANARY}@127.0.0.1:{proxy.port}"
        assert send(server.url(), ca_path=pki.ca_path, proxy=url).status == 200
    (request,) = proxy.requests
    assert request.line.startswith(f"CONNECT localhost:{server.port} HTTP/1.")
    assert request.all("authorization") == []
    assert request.header("proxy-authorization").startswith("Basic ")
    assert server.requests[0].all("proxy-authorization") == []
    assert server.requests[0].all("authorization") == ["Bearer T"]


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses(pki: Pki, status: int) -> None:
    with Wire(ok, tls=pki.context) as server, Proxy(refuse=status) as proxy:
        with pytest.raises(ConnectionFailed, match=f"refuses to connect to the server, with HTTP {status}") as caught:
            send(server.url(), ca_path=pki.ca_path, proxy=f"http://u:{CANARY}@127.0.0.1:{proxy.port}")
    assert CANARY not in str(caught.value)
    assert server.connections == 0


def test_a_proxy_of_the_environment_is_ignored(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(ok, tls=pki.context) as server, Proxy() as trap:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
        assert send(server.url(), ca_path=pki.ca_path).status == 200
        assert trap.connections == 0
        assert send(server.url(), ca_path=pki.ca_path, proxy="environment").status == 200
        assert trap.connections == 1


def test_the_certificate_behind_a_proxy_is_checked(pki: Pki, tmp_path: pathlib.Path) -> None:
    with Wire(ok, tls=make(None, "localhost").server_context(tmp_path)) as server, Proxy() as proxy:
        with pytest.raises(ConfigError, match="certificate of the server is not trusted"):
            send(server.url(), ca_path=pki.ca_path, proxy=f"http://127.0.0.1:{proxy.port}")
    assert server.requests == []


def test_a_proxy_that_stalls_ends_at_the_deadline(pki: Pki) -> None:
    with Wire(lambda r, s: until_gone(s)) as proxy, Timer(), pytest.raises(ConnectionFailed, match="in time"):
        send("https://localhost:9", ca_path=pki.ca_path, proxy=f"http://127.0.0.1:{proxy.port}", timeout=SHORT)


def test_a_handshake_behind_a_slow_proxy_ends_at_the_deadline(pki: Pki) -> None:
    """By a clock of our own: what the proxy took is gone, and the handshake does not get the whole time again."""
    now = [0.0]

    def handler(request: Received, sock: socket.socket) -> None:
        now[0] = LONG - 0.2
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        until_gone(sock)

    with Wire(handler) as proxy:
        client = Transport(settings(url="https://localhost:9", ca_path=pki.ca_path, proxy=proxy.url()))
        start = time.monotonic()
        with pytest.raises(ConnectionFailed, match="in time"):
            client.send("GET", "/x", deadline=Deadline(LONG, lambda: now[0]), headers={})
        assert time.monotonic() - start < LONG / 2


def test_a_proxy_over_tls(pki: Pki) -> None:
    with Wire(ok, tls=pki.context) as server, Proxy(tls=pki.context) as proxy:
        url = f"https://user:secret@localhost:{proxy.port}"
        assert send(server.url(), ca_path=pki.ca_path, proxy=url).status == 200
    assert len(proxy.requests) == len(server.requests) == 1


def test_a_proxy_over_tls_that_forwards(pki: Pki) -> None:
    """The server itself is without TLS here."""
    with Proxy(tls=pki.context) as proxy:
        url = f"https://user:secret@localhost:{proxy.port}"
        assert b"proxied" in send("http://pam.example.com", ca_path=pki.ca_path, proxy=url).body
    (request,) = proxy.requests
    assert (request.line, request.header("host")) == ("GET http://pam.example.com/x HTTP/1.1", "pam.example.com")
    assert request.header("proxy-authorization").startswith("Basic ")


@pytest.mark.parametrize("tls", [False, True])
def test_connections_through_a_proxy_are_used_again(pki: Pki, tls: bool) -> None:
    last = filling_a_buffer() + http({"evil": 1})
    answers = itertools.chain([http({"a": 1})] * 2, [last], itertools.repeat(http({"b": 2})))
    with Wire(lambda r, s: next(answers), tls=pki.context) as server:
        with Proxy(tls=pki.context if tls else None) as proxy:
            client = Transport(settings(url=server.url(), ca_path=pki.ca_path, proxy=proxy.url()))
            bodies = [client.send("GET", "/x", deadline=Deadline(5), headers={}).body for _again in range(4)]
            assert bodies[:2] + bodies[3:] == [b'{"a": 1}'] * 2 + [b'{"b": 2}']
            assert proxy.connections == 2


@pytest.mark.parametrize("tls", [False, True])
def test_the_client_certificate_is_not_shown_to_a_proxy(
    pki: Pki, demanding: ssl.SSLContext, tls: bool, tmp_path: pathlib.Path
) -> None:
    cert, key = make(pki.ca, "client", usage=[CLIENT]).files(tmp_path, "client")
    asking = pki.good.server_context(tmp_path)
    asking.verify_mode = ssl.CERT_OPTIONAL
    asking.load_verify_locations(pki.ca_path)
    shown: list[t.Any] = []

    class Asking(Proxy):
        def _proxy(self, request: Received, sock: t.Any) -> bytes | None:
            shown.append(sock.getpeercert() if tls else None)
            return super()._proxy(request, sock)

    with Wire(ok, tls=demanding) as server, Asking(tls=asking if tls else None) as proxy:
        answer = send(server.url(), ca_path=pki.ca_path, client_cert=cert, client_key=key, proxy=proxy.url())
    assert answer.status == 200
    assert not any(shown) and len(shown) == 1


def test_a_proxy_over_tls_must_be_trusted(pki: Pki, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make(ca=True)
    monkeypatch.setenv("SSL_CERT_FILE", other.files(tmp_path, "other")[0])
    context = make(other, "localhost").server_context(tmp_path, "proxy")
    with Wire(ok, tls=pki.context) as server, Proxy(tls=context) as proxy:
        with pytest.raises(ConnectionFailed, match="proxy [^ ]+ cannot be used"):
            send(server.url(), ca_path=pki.ca_path, proxy=f"https://u:{CANARY}@localhost:{proxy.port}")
        assert proxy.requests == []
        assert send(server.url(), validate_certs=False, proxy=f"https://localhost:{proxy.port}").status == 200


def test_a_proxy_that_demands_a_certificate_cannot_be_used(pki: Pki, demanding: ssl.SSLContext) -> None:
    with Proxy(tls=demanding) as proxy, pytest.raises(ConnectionFailed, match="proxy [^ ]+ cannot be used"):
        send("https://localhost:9", ca_path=pki.ca_path, proxy=proxy.url())


def test_too_much_through_a_proxy_over_tls_is_cut_off(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_module, "MAX_BODY", 300_000)
    with Wire(lambda r, s: http(b"x" * 1_000_000), tls=pki.context) as server, Proxy(tls=pki.context) as proxy:
        with pytest.raises(UnexpectedResponse, match="larger than"):
            send(server.url(), ca_path=pki.ca_path, proxy=f"https://localhost:{proxy.port}")


def test_slow_answers_through_a_proxy_over_tls_end_at_the_deadline(pki: Pki) -> None:
    def handler(request: Received, sock: socket.socket) -> None:
        slowly(sock, http({"a": "b" * 1000}), every=0.02)

    with Wire(handler, tls=pki.context) as server, Proxy(tls=pki.context) as proxy, Timer():
        with pytest.raises(ResponseLost, match="in time"):
            send(server.url(), ca_path=pki.ca_path, proxy=f"https://localhost:{proxy.port}", timeout=SHORT)
