# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers for the tests of the transport: raw sockets, so that they can do what no web framework does."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import threading
import time
import typing as t

# For bodies that would otherwise be formatted for each request.
JSON = "application/json"
CRLF = b"\r\n"


class Received(t.NamedTuple):
    """One request as it came over the wire. Header names are lower case; repeated headers stay apart."""

    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def header(self, name: str) -> str:
        return ", ".join(self.all(name))


def http(
    body: bytes | str | dict[str, t.Any] = b"",
    status: int = 200,
    headers: t.Mapping[str, str] | None = None,
    *,
    length: int | None = None,
    content_type: str | None = JSON,
) -> bytes:
    """The bytes of an answer. ``length`` overrides Content-Length; -1 leaves it out."""
    content = body if isinstance(body, bytes) else (json.dumps(body) if isinstance(body, dict) else body).encode()
    names = {} if content_type is None else {"Content-Type": content_type}
    if length != -1:
        names["Content-Length"] = str(len(content) if length is None else length)
    names.update(headers or {})
    head = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in names.items())]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + content


def chunked(*parts: bytes) -> bytes:
    """A body in chunked transfer encoding."""
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


class Close(Exception):
    """Raised by a handler: close the connection without an answer. ``reset``: with a RST."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__()
        self.reset = reset


LONG = 120.0  # seconds until a test gives up: far more than anything takes that works, on a busy machine too
Handler = t.Callable[[Received, socket.socket], t.Any]


class Wire:
    """``with Wire(handler) as server``: a server on a free port, one thread for each connection.

    ``handler(request, sock)`` returns the bytes of the answer, or None when it has answered by itself; b"" or Close
    closes the connection. ``requests`` has everything that came, ``connections`` counts the TCP connections.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        tls: ssl.SSLContext | None = None,
        family: socket.AddressFamily = socket.AF_INET,
        accepted: t.Callable[[socket.socket], None] | None = None,
    ) -> None:
        self._handler, self._tls, self._family, self._accepted = handler, tls, family, accepted
        self.requests: list[Received] = []
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._stopping = False

    def __enter__(self) -> Wire:
        self._listener = socket.socket(self._family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("::1" if self._family == socket.AF_INET6 else "127.0.0.1", 0))
        self._listener.listen(256)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._stopping = True
        # A close alone does not wake up accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]

    def url(self, host: str = "localhost") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    def _serve(self) -> None:
        while not self._stopping:
            try:
                sock, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._connection, args=(sock,), daemon=True).start()

    def _connection(self, sock: socket.socket) -> None:
        self._open.add(sock)
        original = sock
        try:
            if self._accepted:
                self._accepted(sock)
            if self._tls:
                sock = self._shake_hands(sock)
                self._open.add(sock)
            while (request := receive(sock)) is not None:
                self.requests.append(request)
                answer = self._handler(request, sock)
                if answer == b"":
                    return
                if answer:
                    sock.sendall(answer)
        except Close as exc:
            if exc.reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        except (OSError, ValueError):
            pass  # the client went away, or did not trust us
        finally:
            self._open -= {sock, original}
            sock.close()

    def _shake_hands(self, plain: socket.socket) -> ssl.SSLSocket:
        spare = plain.dup()
        try:
            return self._tls.wrap_socket(plain, server_side=True)
        except ssl.SSLError:
            # Closing with something unread would send a RST, and the client would not see our alert.
            spare.shutdown(socket.SHUT_WR)
            spare.settimeout(LONG)
            while spare.recv(65536):
                pass
            raise
        finally:
            spare.close()


def receive(sock: socket.socket) -> Received | None:
    """Read one request, or None at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65536)
        if not part:
            return None
        data += part
    head, _blank, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = tuple((name.lower(), value.strip()) for name, _colon, value in (text.partition(":") for text in rest))
    length = int(dict(headers).get("content-length", "0"))
    while len(body) < length:
        part = sock.recv(65536)
        if not part:
            return None
        body += part
    return Received(line, headers, body)


def until_gone(sock: socket.socket) -> None:
    """Say nothing and read nothing until the other side has closed the connection."""
    poller = select.poll()
    poller.register(sock, select.POLLRDHUP)
    poller.poll(LONG * 1000)


def slowly(sock: socket.socket, data: bytes, *, every: float, step: int = 1) -> None:
    """Send data in small parts with a pause before each."""
    for start in range(0, len(data), step):
        time.sleep(every)
        sock.sendall(data[start : start + step])


class Proxy(Wire):
    """A forwarding proxy that knows CONNECT. ``refuse``: the status with which it answers everything."""

    def __init__(self, *, refuse: int = 0, **options: t.Any) -> None:
        super().__init__(self._proxy, **options)
        self._refuse = refuse

    def _proxy(self, request: Received, sock: socket.socket) -> bytes | None:
        if self._refuse:
            return http(b"<html>", self._refuse, {"Proxy-Authenticate": "Basic"}) if self._refuse else None
        method, target, _version = request.line.split(" ")
        if method != "CONNECT":
            return http({"proxied": target})
        host, _colon, port = target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=LONG) as upstream:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(sock, upstream)
        raise Close


def _relay(left: socket.socket, right: socket.socket) -> None:
    while True:
        for ready in select.select([left, right], [], [], 10)[0] or [None]:
            data = ready.recv(65536) if ready else b""
            if not data:
                return
            (right if ready is left else left).sendall(data)
