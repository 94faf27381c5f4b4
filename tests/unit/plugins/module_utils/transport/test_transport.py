# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport against servers that misbehave, over plain TCP."""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import gc
import gzip
import itertools
import logging
import os
import pathlib
import resource
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import typing as t
import zlib

import pytest

requests = pytest.importorskip("requests")
from workspace import environment  # noqa: E402

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import Response  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (  # noqa: E402
    ConfigError,
    ConnectionFailed,
    ResponseLost,
    SenhaseguraError,
    UnexpectedResponse,
    UnknownHost,
)
from ansible_collections.community.senhasegura.plugins.module_utils.transport import deadline as deadline_module  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.transport.deadline import Deadline, TcpSocket  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.transport.route import Peer  # noqa: E402
from ansible_collections.community.senhasegura.plugins.module_utils.transport.session import Transport  # noqa: E402
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import (  # noqa: E402
    LONG,
    Close,
    Proxy,
    Received,
    Wire,
    chunked,
    http,
    slowly,
    until_gone,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import CANARY, settings  # noqa: E402

module_name = deadline_module.__name__.rpartition(".")[0]
# How long the slow servers get, and by how much that may be exceeded.
# The servers go on for longer than both together, so the slack is for busy machines and hides nothing.
SHORT, SLACK = 1.5, 10.0


def transport(url: str, **changes: t.Any) -> Transport:
    return Transport(settings(url=url, allow_http=True, **changes))


def send(
    client: Transport, method: str = "GET", path: str = "/x", *, timeout: float = 5.0, **details: t.Any
) -> Response:
    return client.send(method, path, deadline=Deadline(timeout), headers=details.pop("headers", {}), **details)


def until(condition: t.Callable[[], bool]) -> bool:
    """Wait for what another thread does, and say whether it did."""
    for _again in range(int(LONG / 0.02)):
        if condition():
            return True
        time.sleep(0.02)
    return False


def fixed(answer: bytes) -> t.Callable[[Received, socket.socket], bytes]:
    return lambda request, sock: answer


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_sends_these_headers_and_no_others() -> None:
    with Wire(fixed(http({"a": 1}))) as server:
        answer = send(transport(server.url()), headers={"Authorization": "Bearer T"})
    assert (answer.status, answer.content_type, answer.body) == (200, "application/json", b'{"a": 1}')
    (request,) = server.requests
    assert request.line == "GET /x HTTP/1.1"
    assert dict(request.headers) == {
        "host": f"localhost:{server.port}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "community.senhasegura",
        "authorization": "Bearer T",
    }
    assert len(request.headers) == 5


def test_sends_query_and_body() -> None:
    with Wire(fixed(http({}))) as server:
        send(
            transport(server.url()),
            "POST",
            query={"a": "é&="},
            body=b'{"b": 1}',
            headers={"Content-Type": "application/json"},
        )
    (request,) = server.requests
    assert request.line == "POST /x?a=%C3%A9%26%3D HTTP/1.1"
    assert (request.body, request.header("content-length")) == (b'{"b": 1}', "8")


def test_a_path_of_the_base_url_stays_in_front() -> None:
    with Wire(fixed(http({}))) as server:
        send(transport(server.url() + "/pam"), path="/iso/x")
    assert server.lines == ["GET /pam/iso/x HTTP/1.1"]


@pytest.mark.parametrize(
    ("base", "path", "target"),
    [
        ("/a[b]", "/x", "/a%5Bb%5D/x"),
        ("", "/a b\r\nX: 1", "/a%20b%0D%0AX:%201"),
        ("", "/é%C3%A9%2F", "/%C3%A9%C3%A9%2F"),
        ("", "/x?a=b&c=%20+d/?:@", "/x?a=b&c=%20+d/?:@"),
    ],
)
def test_what_may_not_stand_in_a_target_is_quoted(base: str, path: str, target: str, no_proxies: None) -> None:
    with Wire(fixed(http({}))) as server, Proxy() as proxy:
        send(transport(server.url() + base), path=path)
        send(transport(server.url() + base, proxy=f"http://127.0.0.1:{proxy.port}"), path=path)
    assert server.lines == [f"GET {target} HTTP/1.1"]
    assert proxy.lines == [f"GET {server.url()}{target} HTTP/1.1"]


@pytest.mark.parametrize(
    ("url", "authority", "address"),
    [
        ("https://pam.example.com", "pam.example.com", "pam.example.com:443"),
        ("https://pam.example.com:443/x", "pam.example.com", "pam.example.com:443"),
        ("https://pam.example.com.:8443", "pam.example.com:8443", "pam.example.com:8443"),
        ("http://pam.example.com.", "pam.example.com", "pam.example.com:80"),
        ("http://pam.example.com:443", "pam.example.com:443", "pam.example.com:443"),
        ("https://[::1]", "[::1]", "[::1]:443"),
        ("http://[fe80::1%eth0]:81", "[fe80::1]:81", "[fe80::1]:81"),
        ("http://[fe80::1%25eth0]:81", "[fe80::1]:81", "[fe80::1]:81"),
        ("https://192.0.2.1:444", "192.0.2.1:444", "192.0.2.1:444"),
    ],
)
def test_what_the_server_is_called(url: str, authority: str, address: str) -> None:
    peer = Peer.of(url, settings())
    assert (peer.authority, peer.address) == (authority, address)
    assert peer.host in ("pam.example.com", "pam.example.com.", "::1", "fe80::1%eth0", "192.0.2.1")


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("GET", None, []), ("DELETE", None, []), ("POST", None, ["0"]), ("PUT", b"", ["0"]), ("DELETE", b"xy", ["2"])],
)
def test_length_of_the_body(method: str, body: bytes | None, length: list[str]) -> None:
    with Wire(fixed(http({}))) as server:
        send(transport(server.url()), method, body=body)
    assert server.requests[0].all("content-length") == length


def test_a_signature_covers_what_is_sent() -> None:
    def sign(request: t.Any) -> t.Any:
        request.headers["Authorization"] = f"Signed {request.method} {request.url}"
        return request

    with Wire(fixed(http({}))) as server:
        send(transport(server.url() + "/a"), "POST", query={"b": "é"}, body=b"xy", auth=sign)
    (request,) = server.requests
    assert request.all("authorization") == [f"Signed POST {server.url()}/a/x?b=%C3%A9"]
    assert (request.line, request.all("content-length")) == ("POST /a/x?b=%C3%A9 HTTP/1.1", ["2"])


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\rb", "\nab", "a\r\n\r\nGET / HTTP/1.1"])
@pytest.mark.parametrize("name", ["Authorization", "Content-Type"])
def test_header_injection_is_refused(name: str, value: str) -> None:
    with Wire(fixed(http({}))) as server, pytest.raises(ConfigError, match="line breaks"):
        send(transport(server.url()), headers={name: value})
    assert server.requests == []


@pytest.mark.parametrize("value", ["a\0b", "a\x1bb", "a\x7fb", "\u043a\u043b\u044e\u0447", "\ud800"])
def test_what_cannot_stand_in_a_header_is_refused(value: str) -> None:
    with Wire(fixed(http({}))) as server, pytest.raises(ConfigError, match="cannot be sent"):
        send(transport(server.url()), headers={"Authorization": value})
    assert server.requests == []


def test_nothing_is_printed_when_others_debug(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("http.client.HTTPConnection.debuglevel", 1)
    with Wire(fixed(http({}))) as server:
        send(transport(server.url()), "POST", body=CANARY.encode(), headers={"Authorization": CANARY})
    assert capfd.readouterr() == ("", "")


def test_nothing_of_an_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 warns of headers that it cannot parse, and quotes them. Without a handler that goes to stderr."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nno colon {CANARY}\r\nX-Next: {CANARY}\r\n\r\n"
    with Wire(fixed(answer.encode())) as server:
        client = transport(server.url())
        with caplog.at_level(logging.DEBUG):
            send(client, path=f"/{CANARY}")
    assert caplog.text == ""


def test_cookies_are_not_sent_back() -> None:
    cookies = {"Set-Cookie": "sid=1; Path=/; Domain=localhost"}
    with Wire(fixed(http({}, headers=cookies))) as server:
        client = transport(server.url())
        for _again in range(2):
            send(client)
    assert [request.all("cookie") + request.all("referer") for request in server.requests] == [[], []]


NETRC = "machine localhost login netrc-user password netrc-password\ndefault login netrc-user password netrc-password\n"


@pytest.mark.parametrize("place", ["home", "variable"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer T"}])
def test_netrc_is_ignored(
    place: str, headers: dict[str, str], tmp_path: pathlib.Path, no_proxies: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".netrc"
    file.write_text(NETRC)
    file.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    if place == "variable":
        monkeypatch.setenv("NETRC", str(file))
    with Wire(fixed(http({}))) as server:
        send(transport(server.url()), headers=headers)
        # The trap works: without our precautions the file would be used.
        requests.get(server.url() + "/trap", timeout=5)
    assert server.requests[0].header("authorization") == headers.get("Authorization", "")
    assert server.requests[1].header("authorization").startswith("Basic ")


# --- redirects -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_are_not_followed(status: int, method: str) -> None:
    with Wire(fixed(http({}))) as other:
        away = http(b"", status, {"Location": f"{other.url('127.0.0.1')}/steal"})
        with Wire(fixed(away)) as server:
            answer = send(
                transport(server.url()), method, body=b"client_secret=s" if method == "POST" else None,
                headers={"Authorization": "Bearer T"},
            )  # fmt: skip
    assert answer.status == status
    assert len(server.requests) == 1
    assert (other.connections, other.requests) == (0, [])


@pytest.mark.parametrize("location", ["/elsewhere", "http://[", "http://\xff", "", "ftp://x", "//evil.example"])
def test_a_redirect_is_an_answer_whatever_it_says(location: str) -> None:
    with Wire(fixed(http({"a": 1}, 302, {"Location": location}))) as server:
        client = transport(server.url())
        for _again in range(2):
            assert (send(client).status, server.connections) == (302, 1)


def test_a_redirect_is_not_unpacked() -> None:
    """requests would read it to the end, in order to use the connection again."""
    bomb = http(BOMB, 302, {"Content-Encoding": "gzip", "Location": "/"})
    with Wire(fixed(bomb)) as server:
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedResponse, match="compressed"):
                send(transport(server.url()))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2_000_000


# --- proxies ---------------------------------------------------------------------------------------------------------


VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", VARIABLES)
def test_proxies_of_the_environment_are_ignored(name: str, no_proxies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(fixed(http({}))) as server, Proxy() as trap:
        monkeypatch.setenv(name, f"http://u:{CANARY}@127.0.0.1:{trap.port}")
        send(transport(server.url()))
        assert (len(server.requests), trap.connections) == (1, 0)


def test_proxy_of_the_environment_is_used_when_asked(no_proxies: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(fixed(http({}))) as server, Proxy() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert b"proxied" in send(transport(server.url(), proxy="environment")).body
        monkeypatch.setenv("no_proxy", "localhost")
        send(transport(server.url(), proxy="environment"))
        assert (len(server.requests), len(proxy.requests)) == (1, 1)


def test_proxy_is_used_and_gets_its_password(no_proxies: None) -> None:
    with Wire(fixed(http({}))) as server, Proxy() as proxy:
        url = f"http://user:p%40ss@127.0.0.1:{proxy.port}"
        answer = send(transport(server.url(), proxy=url), headers={"Authorization": "Bearer T"})
    assert b"proxied" in answer.body
    assert server.requests == []
    (request,) = proxy.requests
    assert request.line == f"GET http://localhost:{server.port}/x HTTP/1.1"
    assert request.all("authorization") == ["Bearer T"]
    assert request.all("proxy-authorization") == ["Basic dXNlcjpwQHNz"]  # user:p@ss


@pytest.mark.parametrize(
    "proxy",
    [
        f"socks5://u:{CANARY}@h:1",
        f"ftp://{CANARY}@h",
        f"h:3128/{CANARY}",
        f"u:{CANARY}@h:3128",
        f"http://u:{CANARY}@[::bad:9",
        f"http://u:{CANARY}@",
        f"http://u:{CANARY}@127.0.0.1:99999",
        f"http://u:{CANARY}@127.0.0.1:0",
        f"http://u:{CANARY}@127.0.0.1:port",
    ],
)
def test_other_kinds_of_proxy_are_refused(proxy: str) -> None:
    with pytest.raises(ConfigError, match="must be the URL of an HTTP proxy") as caught:
        transport("http://localhost:9", proxy=proxy)
    assert CANARY not in f"{caught.value} {caught.value.failure()}"


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://u:{CANARY}@127.0.0.1:9",
        f"http://u:{CANARY}@no-such-host.invalid:9",
        f"http://u:{CANARY}@{'x' * 70}.example:9",
        f"http://u:{CANARY}@exa mple:9",
    ],
)
def test_a_dead_proxy_is_named_without_its_password(proxy: str, no_proxies: None) -> None:
    with pytest.raises(ConnectionFailed, match="proxy") as caught:
        send(transport("http://localhost:9", proxy=proxy))
    assert CANARY not in f"{caught.value} {caught.value.failure()}"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("https://[2001:db8:0:0:0:0:0:1]", "[2001:db8:0:0:0:0:0:1]:443"),
        ("https://pam.example.com./a", "pam.example.com:443"),
    ],
)
def test_the_target_of_connect(url: str, address: str) -> None:
    with Proxy(refuse=403) as proxy, pytest.raises(ConnectionFailed, match="HTTP 403"):
        send(transport(url, proxy=f"http://user:p%40ss@127.0.0.1:{proxy.port}"))
    assert proxy.requests == [
        Received(f"CONNECT {address} HTTP/1.1", (("host", address), ("proxy-authorization", "Basic dXNlcjpwQHNz")), b"")
    ]


NO_TUNNEL = {
    "end": b"",
    "garbage": b"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n",
    "flood": b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 1000 + b"\r\n",
    "more than an answer": b"HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03",
    "a body": http({"error": CANARY}),
}


@pytest.mark.parametrize("kind", NO_TUNNEL)
def test_a_proxy_that_makes_no_sense(kind: str) -> None:
    with Wire(fixed(NO_TUNNEL[kind])) as proxy, pytest.raises(ConnectionFailed, match="proxy [^ ]+ cannot be used"):
        send(transport("https://localhost:9", proxy=f"http://127.0.0.1:{proxy.port}"))


@pytest.mark.parametrize("status", [101, 301, 407, 500])
def test_a_proxy_that_does_not_connect_us(status: int) -> None:
    with Wire(fixed(http({}, status))) as proxy, pytest.raises(ConnectionFailed, match=f"refuses .*HTTP {status}"):
        send(transport("https://localhost:9", proxy=f"http://127.0.0.1:{proxy.port}"))


def test_informational_answers_of_a_proxy_are_skipped() -> None:
    """What follows is no TLS, which says that the tunnel was there."""

    def handler(request: Received, sock: socket.socket) -> bytes:
        sock.sendall(informational(103))
        time.sleep(0.05)
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        sock.recv(10)
        return b"no TLS"

    with Wire(handler) as proxy, pytest.raises(ConnectionFailed, match="TLS connection could not be made"):
        send(transport("https://localhost:9", proxy=f"http://127.0.0.1:{proxy.port}"))


# --- deadlines -------------------------------------------------------------------------------------------------------


def _head_trickle(request: Received, sock: socket.socket) -> None:
    slowly(sock, http({"a": "b" * 1000}), every=0.02)


def _body_trickle(request: Received, sock: socket.socket) -> None:
    data = http({"a": "b" * 1000})
    sock.sendall(data[:-1000])
    slowly(sock, data[-1000:], every=0.02)


def _informational_trickle(request: Received, sock: socket.socket) -> None:
    slowly(sock, informational(103) * 1000, every=0.01, step=25)


def _chunk_trickle(request: Received, sock: socket.socket) -> None:
    sock.sendall(http(b"", headers={"Transfer-Encoding": "chunked"}, length=-1))
    slowly(sock, chunked(*[b"x"] * 5000), every=0.02, step=6)


def _endless_chunk_header(request: Received, sock: socket.socket) -> None:
    sock.sendall(http(b"", headers={"Transfer-Encoding": "chunked"}, length=-1))
    slowly(sock, b"0" * 5000, every=0.02)


def _endless_trailers(request: Received, sock: socket.socket) -> None:
    sock.sendall(http(b"1\r\nx\r\n0\r\n", headers={"Transfer-Encoding": "chunked"}, length=-1))
    slowly(sock, b"X-Trailer: 1\r\n" * 5000, every=0.02, step=14)


def _endless_continue(request: Received, sock: socket.socket) -> None:
    slowly(sock, b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, every=0.01, step=25)


def _silence(request: Received, sock: socket.socket) -> None:
    until_gone(sock)


def _half_a_body(request: Received, sock: socket.socket) -> None:
    sock.sendall(http(b'{"a": ', length=1000))
    until_gone(sock)


def _no_end(request: Received, sock: socket.socket) -> None:
    sock.sendall(http(b'{"a": ', length=-1))
    until_gone(sock)


SLOW = [
    _head_trickle, _body_trickle, _chunk_trickle, _endless_chunk_header, _endless_trailers, _endless_continue,
    _informational_trickle,
    _silence, _half_a_body, _no_end,
]  # fmt: skip


class Timer:
    """Checks that a block took as long as the time-out, and ended then."""

    def __enter__(self) -> None:
        self._start = time.monotonic()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            assert SHORT * 0.9 <= time.monotonic() - self._start <= SHORT + SLACK


@pytest.mark.parametrize("handler", SLOW, ids=lambda handler: handler.__name__.strip("_"))
def test_slow_answers_end_at_the_deadline(handler: t.Callable[[Received, socket.socket], None]) -> None:
    with Wire(handler) as server, Timer(), pytest.raises(ResponseLost, match="in time"):
        send(transport(server.url()), timeout=SHORT)


@pytest.mark.parametrize("handler", [_head_trickle, _body_trickle])
def test_slow_answers_through_a_proxy_end_at_the_deadline(
    handler: t.Callable[[Received, socket.socket], None], no_proxies: None
) -> None:
    with Wire(handler) as proxy, Timer(), pytest.raises(ResponseLost):
        send(transport("http://localhost:9", proxy=f"http://127.0.0.1:{proxy.port}"), timeout=SHORT)


def test_a_black_hole_ends_at_the_deadline() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # The queue of the listener is full after these, and the kernel drops what comes next.
        for sock in (first, second):
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        time.sleep(0.1)
        with Timer(), pytest.raises(ConnectionFailed, match="in time"):
            send(transport(f"http://127.0.0.1:{listener.getsockname()[1]}"), timeout=SHORT)


def test_a_slow_name_service_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: released.wait(LONG) and [])
    with Timer(), pytest.raises(ConnectionFailed, match="in time"):
        send(transport("http://localhost:9"), timeout=SHORT)
    released.set()


def test_a_server_that_does_not_read_ends_at_the_deadline() -> None:
    with Wire(fixed(b""), accepted=until_gone) as server, Timer(), pytest.raises(ResponseLost):
        send(transport(server.url()), "POST", body=b"x" * 20_000_000, timeout=SHORT)


def test_no_time_left_sends_nothing() -> None:
    with Wire(fixed(http({}))) as server, pytest.raises(ConnectionFailed, match="in time"):
        send(transport(server.url()), timeout=-1)
    assert server.connections == 0


def test_the_deadline_covers_several_calls() -> None:
    with Wire(fixed(http({}))) as server:
        now = [0.0]
        client, deadline = transport(server.url()), Deadline(LONG, lambda: now[0])
        client.send("GET", "/x", deadline=deadline, headers={})
        now[0] = LONG
        with pytest.raises(ConnectionFailed):
            client.send("GET", "/x", deadline=deadline, headers={})
    assert len(server.requests) == 1


# --- size ------------------------------------------------------------------------------------------------------------


def _stream(head: bytes, part: bytes) -> t.Callable[[Received, socket.socket], None]:
    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(head)
        for _part in range(2000):
            sock.sendall(part)

    return handler


CHUNKED = http(b"", headers={"Transfer-Encoding": "chunked"}, length=-1)
BIG = {
    "length": _stream(http(b"", length=10**10), b"x" * 65536),
    "until close": _stream(http(b"", length=-1), b"x" * 65536),
    "chunks": _stream(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "tiny chunks": _stream(CHUNKED, b"1\r\nx\r\n" * 5000),
    "chunk extensions": _stream(CHUNKED, b"1;" + b"e" * 60000 + b"\r\nx\r\n"),
    "one huge chunk": _stream(CHUNKED + b"ffffffffffffffff\r\n", b"x" * 65536),
    # int("-1", 16) is a number, and read(-1) reads to the end.
    "negative chunk": _stream(CHUNKED + b"-1\r\n", b"x" * 65536),
    "trailers": _stream(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-T: 1\r\n" * 5000),
    "interim answers": _stream(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
}


@pytest.mark.parametrize("kind", BIG)
def test_too_much_is_cut_off(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_module, "MAX_BODY", 300_000)
    with Wire(BIG[kind]) as server:
        client = transport(server.url())
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedResponse, match="larger than"):
                send(client, timeout=30)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 3_000_000


def test_the_limit_holds_for_each_call_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline_module, "MAX_BODY", 100_000)
    with Wire(fixed(http({"a": "x" * 60_000}))) as server:
        client = transport(server.url())
        for _again in range(3):
            assert len(send(client).body) > 60_000
    assert server.connections == 1


HEADER_FLOODS = {
    "many": http({}, headers={f"X-{i}": "1" for i in range(100_000)}),
    "long": http({}, headers={"X-Long": "x" * 10_000_000}),
    "long status line": b"HTTP/1.1 200 " + b"x" * 10_000_000 + b"\r\n\r\n",
    "no colon": b"HTTP/1.1 200 OK\r\n" + b"x\r\n" * 100_000,
}


@pytest.mark.parametrize("kind", HEADER_FLOODS)
def test_header_floods(kind: str) -> None:
    with Wire(fixed(HEADER_FLOODS[kind])) as server:
        start = time.monotonic()
        with pytest.raises(SenhaseguraError):
            send(transport(server.url()))
        assert time.monotonic() - start < LONG


BOMB = gzip.compress(b"0" * 20_000_000)
COMPRESSED = {
    "gzip": BOMB,
    "GZip": BOMB,
    " gzip ": BOMB,
    "x-gzip": BOMB,
    "deflate": zlib.compress(b"0" * 20_000_000),
    "br": b"\x0b\x02\x80{}\x03",
    "zstd": b"(\xb5/\xfd\x04\x00\x11\x00\x00{}",
    "compress": b"\x1f\x9d\x90",
    "gzip, gzip": gzip.compress(BOMB),
    "identity, gzip": BOMB,
    "unknown": b"{}",
}


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_compressed_answers_are_refused(encoding: str) -> None:
    with Wire(fixed(http(COMPRESSED[encoding], headers={"Content-Encoding": encoding}))) as server:
        client = transport(server.url())
        tracemalloc.start()
        try:
            with pytest.raises(UnexpectedResponse, match="compressed"):
                send(client)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < 2_000_000


@pytest.mark.parametrize("encoding", ["identity", "", "Identity"])
def test_identity_is_no_compression(encoding: str) -> None:
    with Wire(fixed(http({"a": 1}, headers={"Content-Encoding": encoding}))) as server:
        assert send(transport(server.url())).body == b'{"a": 1}'


# --- broken answers --------------------------------------------------------------------------------------------------


BROKEN = {
    "nothing": b"",
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "text status": b"HTTP/1.1 OK OK\r\n\r\n",
    "shorter than its length": http({"a": "b"}, length=100),
    "no body at all": http(b"", length=100),
    "bad chunk size": CHUNKED + b"xyz\r\n{}\r\n0\r\n\r\n",
    "cut chunk": CHUNKED + b"10\r\n{}",
    "no last chunk": CHUNKED + b"2\r\n{}\r\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_answers_may_have_been_applied(kind: str) -> None:
    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(BROKEN[kind])
        raise Close

    with Wire(handler) as server, pytest.raises(ResponseLost) as caught:
        send(transport(server.url()), "POST", body=b"x")
    assert "broke" in str(caught.value) or "cut off" in str(caught.value)
    assert len(server.requests) == 1


def test_half_a_head_is_an_answer_without_a_body() -> None:
    """http.client does not mind; the decoders do, since an empty body is no JSON."""

    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: applica")
        raise Close

    with Wire(handler) as server:
        assert send(transport(server.url())).body == b""


@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_breaks_may_have_applied_the_request(reset: bool) -> None:
    def handler(request: Received, sock: socket.socket) -> None:
        raise Close(reset=reset)

    with Wire(handler) as server, pytest.raises(ResponseLost, match="broke"):
        send(transport(server.url()), "POST", body=b"x")
    assert len(server.requests) == 1


def test_an_error_that_is_being_handled_is_no_cause_of_the_next_one() -> None:
    """Custody is given back after a read that took too long, for example."""

    def handler(request: Received, sock: socket.socket) -> None:
        raise Close

    with Wire(handler) as server:
        client = transport(server.url())
        try:
            raise TimeoutError
        except TimeoutError:
            with pytest.raises(ResponseLost, match="broke"):
                send(client)


@pytest.mark.parametrize("length", ["²", "x", "-1", "1e3", "", "0x10", "9" * 30 + "x"])
def test_a_senseless_length_is_no_crash(length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode("latin-1")

    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(head + b'{"a": 1}')
        raise Close

    with Wire(handler) as server:
        try:
            assert send(transport(server.url())).body == b'{"a": 1}'
        except SenhaseguraError:
            pass


@pytest.mark.parametrize("size", [10, 20_000])
def test_what_is_left_over_is_no_part_of_the_next_answer(size: int) -> None:
    late = http({"evil": "x" * size})
    first = http({"a": 1}) + late
    answers = itertools.chain([first], itertools.repeat(http({"b": 2})))
    with Wire(lambda request, sock: next(answers)) as server:
        client = transport(server.url())
        assert send(client).body == b'{"a": 1}'
        assert send(client).body == b'{"b": 2}'
    assert server.connections == 2


def test_what_comes_late_is_no_part_of_the_next_answer() -> None:
    late, sent = threading.Event(), threading.Event()

    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(http({"a": 1}))
        late.wait(LONG)
        sock.sendall(http({"evil": 1}))
        sent.set()

    with Wire(handler) as server:
        client = transport(server.url())
        for _again in range(2):
            assert send(client).body == b'{"a": 1}'
            late.set()
            assert sent.wait(LONG)
            late.clear()
            sent.clear()
    assert server.connections == 2


def informational(status: int) -> bytes:
    return f"HTTP/1.1 {status} X\r\nLink: </a.css>; rel=preload\r\n\r\n".encode()


@pytest.mark.parametrize("statuses", [[100], [102], [103], [199], [103, 103], [100, 103, 102, 100]])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_informational_answers_are_skipped(statuses: list[int], method: str) -> None:
    """103 was called a redirect. The connection stays usable: what comes next is for the same request."""
    early = b"".join(map(informational, statuses))
    with Wire(fixed(early + http({"a": 1}))) as server:
        client = transport(server.url())
        for _again in range(2):
            assert send(client, method).body == b'{"a": 1}'
    assert server.connections == 1


def test_informational_answers_may_come_one_by_one() -> None:
    def handler(request: Received, sock: socket.socket) -> bytes:
        for _again in range(3):
            sock.sendall(informational(103))
            time.sleep(0.02)
        return http({"a": 1})

    with Wire(handler) as server:
        assert send(transport(server.url())).body == b'{"a": 1}'


def test_an_informational_answer_and_no_other_is_a_lost_one() -> None:
    def handler(request: Received, sock: socket.socket) -> bytes:
        sock.sendall(informational(103))
        return b""

    with Wire(handler) as server, pytest.raises(ResponseLost, match="broke"):
        send(transport(server.url()), "POST", body=b"x")


def test_another_protocol_is_refused() -> None:
    answers = itertools.chain([http(b"", 101)], itertools.repeat(http({"b": 2})))
    with Wire(lambda request, sock: next(answers)) as server:
        client = transport(server.url())
        with pytest.raises(UnexpectedResponse, match="another protocol"):
            send(client)
        assert send(client).body == b'{"b": 2}'
    assert server.connections == 2


def test_contradicting_lengths_are_a_broken_answer() -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 8\r\n\r\n{"a": 1}'
    with Wire(fixed(answer)) as server, pytest.raises(ResponseLost, match="broke"):
        send(transport(server.url()), "POST", body=b"x")


def test_an_answer_to_half_a_request_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server takes no more, as one does that finds a body too large."""
    sent: list[int] = []
    real = TcpSocket.sendall

    def sendall(sock: TcpSocket, data: bytes) -> None:
        sent.append(len(data))
        if len(data) == 1000:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        real(sock, data)

    monkeypatch.setattr(TcpSocket, "sendall", sendall)
    # It answers at once, and gets no more than the head.
    with Wire(fixed(b""), accepted=lambda sock: sock.sendall(http({"too": "large"}, 413))) as server:
        answer = send(transport(server.url()), "POST", body=b"x" * 1000)
    assert (answer.status, sent[-1]) == (413, 1000)


def test_headers_of_the_answer() -> None:
    head = "HTTP/1.1 200 OK\r\nX-One: a\r\nx-ONE: b\r\nX-Two: a\r\nX-Two: a\r\nX-Three: a\r\n \tb\r\nX-Four: é\r\n"
    with Wire(fixed(head.encode("latin-1") + b"Content-Length: 0\r\n\r\n")) as server:
        headers = send(transport(server.url())).headers
    assert headers == {"x-one": "a, b", "x-two": "a", "x-three": "a b", "x-four": "é", "content-length": "0"}


# --- connections -----------------------------------------------------------------------------------------------------


def test_two_calls_use_one_connection() -> None:
    with Wire(fixed(http({}))) as server:
        client = transport(server.url())
        send(client)
        send(client, "POST", body=b"x")
    assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize(("method", "limit"), [("GET", 30.0), ("POST", 5.0)])
def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch, method: str, limit: float) -> None:
    now = time.monotonic()
    with Wire(fixed(http({}))) as server:
        client = transport(server.url())
        send(client)
        for seconds, connections in ((limit - 0.1, 1), (2 * limit + 0.1, 2)):
            with monkeypatch.context() as patch:
                patch.setattr(time, "monotonic", lambda at=now + seconds: at)
                client.send(method, "/x", deadline=Deadline(5, lambda: 0.0), headers={})
            assert server.connections == connections


def test_a_connection_that_the_server_has_closed_is_replaced() -> None:
    def handler(request: Received, sock: socket.socket) -> None:
        sock.sendall(http({}))
        raise Close

    with Wire(handler) as server:
        client = transport(server.url())
        for _again in range(3):
            send(client, "POST", body=b"x")
            # The end of the connection has to arrive, else a write cannot know of it.
            assert until(lambda: not server._open)
            time.sleep(0.05)
    assert (server.connections, len(server.requests)) == (3, 3)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_stale_connection_loses_the_answer_and_sends_nothing_twice(method: str, reset: bool) -> None:
    seen: list[str] = []

    def handler(request: Received, sock: socket.socket) -> bytes:
        seen.append(request.line)
        if len(seen) == 2:
            raise Close(reset=reset)
        return http({})

    with Wire(handler) as server:
        client = transport(server.url())
        send(client)
        with pytest.raises(ResponseLost):
            send(client, method, body=b"x")
        send(client)
    assert len(seen) == 3
    assert server.connections == 2


def test_many_threads_each_get_their_own_answer() -> None:
    wrong: list[str] = []
    with Wire(lambda request, sock: http({"line": request.line})) as server:
        client = transport(server.url())

        def work(number: int) -> None:
            for again in range(5):
                path = f"/{number}/{again}"
                if path.encode() not in send(client, path=path).body:
                    wrong.append(path)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(server.requests) == 100


class Meeting:
    """A handler that answers none of the requests before ``number`` of them are there."""

    def __init__(self, number: int) -> None:
        self._barrier = threading.Barrier(number)
        self.alone: list[t.Any] = []

    def __call__(self, request: Received, sock: socket.socket) -> bytes:
        if " /meet " in request.line:
            self._barrier.wait(LONG)
        else:
            self.alone.append(sock.getpeername())
        return http({})


def at_once(client: Transport, number: int, method: str = "GET") -> None:
    def meet() -> None:
        # The clock of the test may stand still.
        client.send(method, "/meet", deadline=Deadline(LONG, lambda: 0.0), headers={})

    threads = [threading.Thread(target=meet) for _thread in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_more_threads_than_the_pool_has_room_for() -> None:
    number = 10 + 5
    meeting = Meeting(number)
    with Wire(meeting) as server:
        client = transport(server.url())
        at_once(client, number)
        assert (server.connections, len(server.requests)) == (number, number)
        # Ten of them were kept, and the others closed.
        assert until(lambda: len(server._open) == 10)
        at_once(client, number)
        assert (server.connections, len(server.requests)) == (number + 5, 2 * number)
        # One after the other, the same one is taken each time.
        for _again in range(3):
            send(client)
    assert server.connections == number + 5
    assert (len(meeting.alone), len(set(meeting.alone))) == (3, 1)


def test_stale_connections_are_never_used_for_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting(3)
    with Wire(meeting) as server:
        client = transport(server.url())
        at_once(client, 3)
        later = time.monotonic() + 6
        monkeypatch.setattr(time, "monotonic", lambda: later)
        # One after the other, and all at once.
        client.send("POST", "/x", deadline=Deadline(5, lambda: 0.0), headers={})
        assert (server.connections, len(meeting.alone)) == (4, 1)
        at_once(client, 3, "POST")
        assert server.connections == 6
        assert until(lambda: len(server._open) == 3)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_connection_is_not_kept_where_the_server_does_not(version: str) -> None:
    """It says that it will close, but has not done so yet."""
    answer = http({}, headers={"Connection": "close"}).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    with Wire(fixed(answer)) as server:
        client = transport(server.url())
        for _again in range(2):
            send(client)
    assert server.connections == 2


def test_a_failed_call_leaves_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(fixed(http({}, headers={"Content-Encoding": "gzip"}))) as server:
        client = transport(server.url())
        for _again in range(2):
            with pytest.raises(UnexpectedResponse):
                send(client)
            assert until(lambda: not server._open)
    assert server.connections == 2


def test_a_closed_transport_stays_closed() -> None:
    started, goes_on = threading.Event(), threading.Event()

    def handler(request: Received, sock: socket.socket) -> bytes:
        started.set()
        goes_on.wait(LONG)
        return http({"a": 1})

    with Wire(handler) as server:
        client = transport(server.url())
        answers: list[Response] = []
        thread = threading.Thread(target=lambda: answers.append(send(client)))
        thread.start()
        started.wait(LONG)
        client.close()
        goes_on.set()
        thread.join()
        # What is under way comes to its end.
        assert answers[0].body == b'{"a": 1}'
        assert until(lambda: not server._open)
        with pytest.raises(ConnectionFailed, match="could not be made"):
            send(client)
    assert len(server.requests) == 1


@pytest.mark.filterwarnings("error")
def test_a_transport_that_is_forgotten_closes_its_connections() -> None:
    with Wire(fixed(http({}))) as server:
        client = transport(server.url())
        send(client)
        assert len(server._open) == 1
        del client
        gc.collect()
        assert until(lambda: not server._open)


def test_connections_with_high_descriptors_are_looked_at() -> None:
    """select() would fail."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 1200:
        pytest.skip("no such descriptors")
    left, right = socket.socketpair()
    with left, right, TcpSocket(fileno=fcntl.fcntl(left, fcntl.F_DUPFD, 1100)) as high:
        assert high.is_silent()
        right.sendall(b"x")
        assert not high.is_silent()


def test_ipv6() -> None:
    try:
        server = Wire(fixed(http({})), family=socket.AF_INET6).__enter__()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with server:
        send(transport(server.url("[::1]")))
        send(transport(server.url("[0:0:0:0:0:0:0:1]")))
    assert server.requests[0].header("host") == f"[::1]:{server.port}"


def _addresses(*addresses: tuple[int, tuple[t.Any, ...]]) -> t.Callable[..., t.Any]:
    return lambda *a, **k: [(family, socket.SOCK_STREAM, 6, "", address) for family, address in addresses]


def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with Wire(fixed(http({}))) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        live = (socket.AF_INET, ("127.0.0.1", server.port))
        for dead in (
            (socket.AF_INET, closed.getsockname()),  # refused
            (12345, ("nowhere", 1)),  # a family that this kernel does not have
            (socket.AF_INET6, ("2001:db8::1", 1, 0, 0)),  # no route
        ):
            monkeypatch.setattr(socket, "getaddrinfo", _addresses(dead, live))
            send(transport("http://two-addresses.example"), timeout=1.0)
    assert len(server.requests) == 3


def test_no_address_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _addresses())
    with pytest.raises(ConnectionFailed, match="could not be made"):
        send(transport("http://none.example"))


def test_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailed, match="refuses the connection") as caught:
            send(transport(f"http://127.0.0.1:{closed.getsockname()[1]}"))
    assert "port of url" in caught.value.hint


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")])
def test_unknown_host(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: t.Any, **_options: t.Any) -> t.NoReturn:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(UnknownHost, match="cannot be resolved"):
        send(transport("http://no-such-host.invalid"))


def test_a_name_service_that_does_not_answer_may_do_so_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: t.Any, **_options: t.Any) -> t.NoReturn:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConnectionFailed, match="cannot be resolved") as caught:
        send(transport("http://some-host.invalid"))
    assert not isinstance(caught.value, UnknownHost)


def test_who_only_asks_the_broker_does_not_pay_for_requests() -> None:
    """It takes some 100 ms to import, in each worker of a run."""
    names = (
        "module_utils.client.connect",
        "module_utils.operations.lookup",
        "plugin_utils.vault_action",
        "plugin_utils.broker.client",
        "plugin_utils.broker.brokered_api",
        "plugin_utils.vault_lookup",
        "plugin_utils.lookup_fallback",
    )
    package = module_name.partition(".module_utils")[0]
    script = f"""if True:
        import importlib, sys
        before = set(sys.modules)
        for name in {names}:
            importlib.import_module(f"{package}.{{name}}")
        print(sorted({{"requests", "urllib3", "charset_normalizer"}} & (set(sys.modules) - before)))
    """
    env = {**os.environ, **environment()}
    # Not -I, which ignores PYTHONPATH.
    run = subprocess.run([sys.executable, "-c", script], check=True, env=env, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("user", "sent"),
    [("", None), ("u:p%3a%25@", b"u:p:%"), ("u:p%C3%A4ss@", "u:päss".encode())],
)
def test_user_and_password_for_a_proxy(user: str, sent: bytes | None, no_proxies: None) -> None:
    with Proxy() as proxy:
        send(transport("http://pam.example.com", proxy=f"http://{user}127.0.0.1:{proxy.port}"))
    headers = proxy.requests[0].all("proxy-authorization")
    assert headers == ([] if sent is None else ["Basic " + base64.b64encode(sent).decode()])


def test_requests_is_missing(tmp_path: pathlib.Path) -> None:
    """In a process of its own: the files of the transport have to be imported without it."""
    script = f"""if True:
        import sys
        for name in ("requests", "urllib3", "certifi"):
            sys.modules[name] = None
        from {module_name}.session import Transport
        from {settings.__module__} import settings
        try:
            Transport(settings())
        except Exception as exc:
            print(type(exc).__name__, exc)
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run([sys.executable, "-c", script], check=True, env=env, capture_output=True, text=True)
    assert run.stdout.startswith("ConfigError the Python library requests is missing on the controller")
    assert "python -m pip install requests" in run.stdout


def test_no_exception_text_of_a_library_gets_through() -> None:
    """The libraries quote URLs, hosts and addresses; our errors have words of our own."""
    with pytest.raises(SenhaseguraError) as caught:
        send(transport("http://127.0.0.1:9"), path=f"/{CANARY}")
    assert CANARY not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own() -> None:
    peers: list[t.Any] = []

    def handler(request: Received, sock: socket.socket) -> bytes:
        peers.append(sock.getpeername())
        return http({})

    with Wire(handler) as server:
        client = transport(server.url())
        send(client)
        child = os.fork()
        if not child:
            status = 1
            with contextlib.suppress(Exception):
                send(client, "POST", body=b"x")
                send(client)
                status = 0
            os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        # The child did not shut down what this process goes on using.
        send(client, "POST", body=b"x")
    ours, theirs, theirs_again, ours_again = peers
    assert ours == ours_again != theirs == theirs_again
    assert server.connections == 2
