# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Broken ways to the server, each a real one: sockets, certificates and proxies of this machine."""

from __future__ import annotations

import contextlib
import pathlib
import socket
import ssl
import threading
import time
import typing as t
import warnings

import pytest

pytest.importorskip("requests")
pytest.importorskip("cryptography")

from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.certificates import (
    DAY,
    Certificate,
    make,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.doctor.examining import (
    SLACK,
    TIMEOUT,
    examine,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import (
    LONG,
    Proxy,
    Received,
    Wire,
    http,
    until_gone,
)

ADDRESS = "127.0.0.1"


class Pki(t.NamedTuple):
    folder: pathlib.Path
    ca: Certificate
    ca_path: str

    def server(self, certificate: Certificate | None = None) -> ssl.SSLContext:
        certificate = certificate or make(self.ca, "localhost", ADDRESS, "::1", until=90 * DAY)
        return certificate.server_context(self.folder, "server")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder, ca = tmp_path_factory.mktemp("pki"), make(ca=True, until=90 * DAY)
    return Pki(folder, ca, ca.files(folder, "ca")[0])


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def unknown(request: Received, sock: socket.socket) -> bytes:
    return http({"message": "no Route matched with those values"}, 404)


@contextlib.contextmanager
def closed_port() -> t.Iterator[int]:
    """A port of this machine at which nobody listens, and which nobody else gets."""
    with socket.socket() as sock:
        sock.bind((ADDRESS, 0))
        yield sock.getsockname()[1]


# --- certificates and TLS --------------------------------------------------------------------------------------------


def test_wrong_ca(pki: Pki, tmp_path: pathlib.Path) -> None:
    other = make(ca=True).files(tmp_path, "other")[0]
    with Wire(unknown, tls=pki.server()) as server:
        found = examine(server.url(), ca_path=other)
    assert found.failed == ["certificate"]
    assert "not trusted" in found["certificate"]["verdict"]
    assert "ca_path" in found["certificate"]["fix"]
    assert found["tls"]["status"] == "ok"
    assert found["hostname"]["status"] == found["login"]["status"] == "skipped"
    assert server.requests == []


def test_expired_certificate(pki: Pki) -> None:
    with Wire(unknown, tls=pki.server(make(pki.ca, "localhost", since=-3 * DAY, until=-DAY))) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["certificate"]
    assert "has expired" in found["certificate"]["verdict"]
    assert "Renew" in found["certificate"]["fix"]


def test_wrong_name(pki: Pki) -> None:
    with Wire(unknown, tls=pki.server(make(pki.ca, "other.example", until=90 * DAY))) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["hostname"]
    assert "mismatch" in found["hostname"]["verdict"]
    assert "host name of the certificate" in found["hostname"]["fix"]
    assert found["certificate"]["status"] == "ok"
    assert server.requests == []


def test_wrong_name_and_expired(pki: Pki) -> None:
    """Both are said, so that nobody renews a certificate with the wrong name."""
    with Wire(unknown, tls=pki.server(make(pki.ca, "other.example", since=-3 * DAY, until=-DAY))) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["certificate", "hostname"]
    assert "expired" in found["certificate"]["verdict"]
    assert "mismatch" in found["hostname"]["verdict"]


def test_certificate_that_expires_soon(pki: Pki) -> None:
    with Wire(unknown, tls=pki.server(make(pki.ca, "localhost", until=5.5 * DAY))) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found["certificate"]["status"] == "warning"
    assert "expires in 5 days" in found["certificate"]["verdict"]


def test_nobody_checks_the_certificate(pki: Pki) -> None:
    with Wire(unknown, tls=pki.server()) as server:
        found = examine(server.url(), validate_certs=False)
    assert found["certificate"]["status"] == "warning"
    assert "validate_certs" in found["certificate"]["fix"]
    assert found["hostname"]["status"] == "skipped"


def test_tls_1_1_only(pki: Pki) -> None:
    context = pki.server()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with Wire(unknown, tls=context) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["tls"]
    assert "TLS 1.2 or newer" in found["tls"]["fix"]
    assert found["tcp"]["status"] == "ok"


def test_no_tls_at_this_port(pki: Pki) -> None:
    with Wire(unknown, accepted=lambda sock: sock.sendall(http(b"", 400))) as server:
        found = examine(f"https://localhost:{server.port}", ca_path=pki.ca_path)
    assert found.failed == ["tls"]
    assert "TLS connection could not be made" in found["tls"]["verdict"]


def test_client_certificate_wanted(pki: Pki) -> None:
    context = pki.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(pki.ca_path)
    for newest, check in ((ssl.TLSVersion.TLSv1_2, "tls"), (ssl.TLSVersion.TLSv1_3, "login")):
        context.maximum_version = newest
        with Wire(unknown, tls=context) as server:
            found = examine(server.url(), ca_path=pki.ca_path)
        # With TLS 1.3, the server tells after the handshake.
        assert found.failed == [check]
        assert "client certificate" in found[check]["verdict"] + found[check]["fix"]
        assert "client_cert" in found[check]["fix"]


# --- connections -----------------------------------------------------------------------------------------------------


def test_refused_port() -> None:
    with closed_port() as port:
        found = examine(f"https://{ADDRESS}:{port}")
    assert found.failed == ["tcp"]
    assert "refuses the connection" in found["tcp"]["verdict"]
    assert "port of url" in found["tcp"]["fix"]
    assert "nothing to look up" in found["dns"]["verdict"]
    assert found["proxy"]["status"] == "ok"
    assert found["login"]["verdict"] == "not examined: tcp has failed"


def test_black_hole() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind((ADDRESS, 0))
        listener.listen(0)
        # The queue of the listener is full after these, and the kernel drops what comes next.
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        time.sleep(0.1)
        found = examine(f"https://{ADDRESS}:{listener.getsockname()[1]}")
    assert found.failed == ["tcp"]
    assert "could not be reached in time" in found["tcp"]["verdict"]
    assert "firewall" in found["tcp"]["fix"]
    assert TIMEOUT <= found.seconds < TIMEOUT + SLACK


def test_server_that_says_nothing() -> None:
    with Wire(unknown, accepted=until_gone) as server:
        found = examine(f"https://localhost:{server.port}")
    assert found.failed == ["tls"]
    assert "in time" in found["tls"]["verdict"]
    assert found.seconds < TIMEOUT + SLACK


def test_server_that_never_answers(pki: Pki) -> None:
    def silent(request: Received, sock: socket.socket) -> None:
        until_gone(sock)

    with Wire(silent, tls=pki.server()) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["login"]
    assert "did not come in time" in found["login"]["verdict"]
    assert found.seconds < TIMEOUT + SLACK


def test_unknown_host() -> None:
    found = examine("https://pam.invalid")
    assert found.failed == ["dns"]
    assert "cannot be resolved" in found["dns"]["verdict"]
    assert "name service" in found["dns"]["fix"]


def test_name_service_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: released.wait(LONG) and [])
    found = examine("https://pam.example.com")
    released.set()
    assert found.failed == ["dns"]
    assert found.seconds < TIMEOUT + SLACK


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **k: [one for a in addresses for one in real(a, port, **k)]
    )


def test_ipv6_only_and_no_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is of those for documentation: no network leads there."""
    resolving(monkeypatch, "2001:db8::1")
    found = examine("https://pam.example.com")
    assert found.failed == ["tcp"]
    assert "[2001:db8:0:0:0:0:0:1]" in found["dns"]["verdict"]
    assert "IPv6 addresses only" in found["tcp"]["fix"]


@pytest.fixture
def on_ipv6(pki: Pki) -> t.Iterator[Wire]:
    try:
        server = Wire(unknown, tls=pki.server(), family=socket.AF_INET6).__enter__()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    yield server
    server.__exit__()


def test_server_on_ipv6_only(on_ipv6: Wire, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "::1")
    found = examine(on_ipv6.url(), ca_path=pki.ca_path)
    assert found["tcp"]["status"] == found["certificate"]["status"] == "ok"


def test_one_address_of_two_does_not_answer(on_ipv6: Wire, pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, ADDRESS, "::1")
    found = examine(on_ipv6.url(), ca_path=pki.ca_path)
    assert found["tcp"]["status"] == "warning"
    assert f"not at {ADDRESS}: the server refuses" in found["tcp"]["verdict"]
    assert found["certificate"]["status"] == "ok"


# --- proxies ---------------------------------------------------------------------------------------------------------


def test_proxy_needed(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is reached through the proxy only, which stands in the environment and not in the options."""
    with Wire(unknown, tls=pki.server()) as server, Through(server.port) as proxy, closed_port() as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:Proxy-pass-1@{ADDRESS}:{proxy.port}")
        url = f"https://localhost:{port}"
        found = examine(url, ca_path=pki.ca_path)
        assert found.failed == ["tcp"]
        assert "proxy=environment" in found["tcp"]["fix"]
        assert f"({ADDRESS}:{proxy.port}) is ignored" in found["proxy"]["verdict"]
        assert "Proxy-pass-1" not in str(found.result)
        cured = examine(url, ca_path=pki.ca_path, proxy="environment")
        assert cured["proxy"]["status"] == cured["certificate"]["status"] == "ok"


class Through(Proxy):
    """A proxy behind which everything is at one port of this machine."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def _proxy(self, request: Received, sock: socket.socket) -> bytes | None:
        return super()._proxy(request._replace(line=f"CONNECT {ADDRESS}:{self._port} HTTP/1.1"), sock)


@pytest.mark.parametrize(("status", "fix"), [(407, "USER:PASSWORD"), (403, "rules of the proxy"), (503, "check url")])
def test_proxy_that_refuses(status: int, fix: str) -> None:
    with Proxy(refuse=status) as proxy:
        found = examine("https://pam.example.com", proxy=f"http://user:Proxy-pass-1@{ADDRESS}:{proxy.port}")
    assert found.failed == ["proxy"]
    assert f"HTTP {status}" in found["proxy"]["verdict"]
    assert fix in found["proxy"]["fix"]


def test_proxy_that_is_not_there() -> None:
    with closed_port() as port:
        found = examine("https://pam.example.com", proxy=f"http://{ADDRESS}:{port}")
    assert found.failed == ["tcp"]
    assert f"the proxy {ADDRESS}:{port} cannot be used" in found["tcp"]["verdict"]
    assert "option proxy" in found["tcp"]["fix"]


# --- gateways --------------------------------------------------------------------------------------------------------

PAGE = b"<!DOCTYPE html><html><head><title>Company login</title></head></html>"
GATEWAYS = {
    "login page": (http(PAGE, content_type="text/html"), "HTML page", "Check url and proxy"),
    "502": (http(b"<html>", 502, content_type="text/html"), "no valid answer from the server behind", "gateway"),
    "redirect": (http(b"", 302, {"Location": "https://sso.example/?t=1"}), "redirects to https://sso.example", "url"),
    "other gateway": (unknown(t.cast("Received", None), t.cast("socket.socket", None)), "not know this path", "url"),
}


@pytest.mark.parametrize("kind", GATEWAYS)
def test_gateway_in_front(kind: str, pki: Pki) -> None:
    answer, verdict, fix = GATEWAYS[kind]
    with Wire(lambda request, sock: answer, tls=pki.server()) as server:
        found = examine(server.url(), ca_path=pki.ca_path)
    assert found.failed == ["login"]
    assert verdict in found["login"]["verdict"]
    assert fix in found["login"]["fix"]
    assert found["certificate"]["status"] == "ok"


def test_no_tls_wanted() -> None:
    with Wire(unknown) as server:
        found = examine(server.url(), allow_http=True)
    assert found["tls"]["status"] == "warning"
    assert found["certificate"]["status"] == found["hostname"]["status"] == "skipped"
    assert found.failed == ["login"]


@pytest.mark.parametrize("changes", [{"ca_path": "/nowhere"}, {"client_cert": "/nowhere"}, {"proxy": "socks5://x"}])
def test_settings_that_cannot_be_used(changes: dict[str, str]) -> None:
    found = examine("https://pam.example.com", **changes)
    assert found.failed == ["settings"]
    assert next(iter(changes)) in found["settings"]["verdict"]
    assert set(found.statuses("skipped").values()) == {"skipped"}
    assert len(found.statuses("skipped")) == len(found.result["checks"]) - 1
