# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give requests connections that we open ourselves, and that are used again only where that is safe.

urllib3, below requests, keeps the pool, writes the request and reads the answer. It leaves open what is decided here:
its connections know no deadline, never grow too old, and take an informational answer for the answer. All of this is in
public methods (connect, request) and in response_class, so that it works with urllib3 1.26 and 2.
"""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
import typing as t

from .deadline import CALL, TcpSocket, Watched
from .failures import failure

# What goes wrong on the way. What makes no sense in an answer is a ValueError at some places of http.client.
ERRORS: tuple[type[Exception], ...] = (OSError, ValueError, http.client.HTTPException)

try:
    from requests.adapters import HTTPAdapter
    from urllib3 import Retry
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool
    from urllib3.exceptions import HTTPError

    # Those of requests are OSErrors.
    ERRORS += (HTTPError,)
except ImportError:
    # Transport says so. ansible-test imports this file without any library.
    HTTPAdapter = HTTPConnection = HTTPConnectionPool = object  # type: ignore[assignment,misc]

# Connections that are kept when they are idle. More than the broker allows itself; without it, as many threads as there
# are get one each.
_POOL_SIZE = 10
# Seconds. A server closes idle connections at some time. A write on a connection that is being closed is lost without
# a trace; a read is made again.
_MAX_IDLE, _MAX_IDLE_FOR_READS = 5.0, 30.0


class FinalResponse(http.client.HTTPResponse):
    """Read the head of the answer that counts: http.client skips 100 Continue only."""

    def begin(self) -> None:
        """Read heads up to that of the final answer, or of a switch to another protocol (RFC 9110 15.2)."""
        super().begin()
        while self.status < http.HTTPStatus.OK and self.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            # With headers, http.client takes its work for done.
            self.headers = self.msg = None  # type: ignore[assignment]
            super().begin()


class Connection(HTTPConnection):
    """Connect by a route of ours, and again where the connection that is there should not be used."""

    # Others may set that of http.client, which would then print passwords.
    debuglevel = 0
    response_class = FinalResponse

    def __init__(self, *args: t.Any, route: t.Callable[[], Watched], **options: t.Any) -> None:
        """Take what urllib3 gives.

        :param route: makes a connected socket, with TLS if the server speaks that
        """
        super().__init__(*args, **options)
        self._route = route
        self._owner = 0

    def connect(self) -> None:
        """Open the connection. Raises OSError, ValueError, or what the route raises."""
        self.sock, self._owner = self._route(), os.getpid()

    def request(self, method: str, url: str, *args: t.Any, **details: t.Any) -> None:
        """Send a request, over a new connection if need be.

        Raises ConnectionFailed or ConfigError if there can be none. They are ours already here, because urllib3 takes
        some errors of a socket for those of a server that answers early.
        """
        try:
            if self.sock is not None and not self._is_usable(method):
                self.close()
            if self.sock is None:
                self.connect()
        except ERRORS as exc:
            raise failure(exc, sent=False) from None
        CALL.sent = True
        super().request(method, url, *args, **details)

    def _is_usable(self, method: str) -> bool:
        sock = t.cast(Watched, self.sock)
        longest = _MAX_IDLE_FOR_READS if method == "GET" else _MAX_IDLE
        # After a fork, the connection belongs to the process that opened it.
        return self._owner == os.getpid() and time.monotonic() - sock.idle_since <= longest and sock.is_silent()


class Pool(HTTPConnectionPool):
    """Keep the connections to one server. The one that was used last is the first to be used again."""

    ConnectionCls = Connection

    def __init__(self, host: str, port: int, route: t.Callable[[], Watched]) -> None:
        """Make an empty pool. The rest is as for Connection."""
        super().__init__(host, port, maxsize=_POOL_SIZE, route=route)


class Adapter(HTTPAdapter):
    """Send everything over one pool, whose connections know the proxy and have the TLS context."""

    def __init__(self, pool: Pool, *, absolute: bool) -> None:
        """Take the pool.

        :param absolute: whether the request line has the whole URL, as a proxy that forwards wants it
        """
        # With False, urllib3 makes no second attempt and raises errors as they are.
        super().__init__(max_retries=Retry(False))
        self._pool, self._absolute = pool, absolute

    def get_connection_with_tls_context(self, *args: t.Any, **details: t.Any) -> Pool:
        """Return the pool. requests calls this from 2.32 on."""
        return self._pool

    def get_connection(self, *args: t.Any, **details: t.Any) -> Pool:
        """Return the pool. requests calls this before 2.32."""
        return self._pool

    def cert_verify(self, *args: t.Any, **details: t.Any) -> None:
        """Do nothing: requests would give the pool the CAs of its own bundle."""

    def request_url(self, request: t.Any, proxies: t.Any) -> str:
        """Return what stands in the request line."""
        return str(request.url if self._absolute else request.path_url)

    def close(self) -> None:
        """Close the connections that are idle. Nothing can be sent any more."""
        self._pool.close()


class Address(t.NamedTuple):
    """One address of a host, as getaddrinfo gives it."""

    family: int
    kind: int
    protocol: int
    name: str
    target: tuple[t.Any, ...]

    @property
    def is_ipv6(self) -> bool:
        """Return whether it is one of IPv6."""
        return self.family == socket.AF_INET6


def open_socket(host: str, port: int) -> TcpSocket:
    """Connect to the first address of ``host`` that answers, IPv6 or IPv4. Raises OSError.

    A silent address leaves time for the others.
    """
    addresses = resolve(host, port)
    error: OSError = OSError("no address")
    for index, address in enumerate(addresses):
        left = CALL.time_left()
        try:
            return open_address(address, None if left is None else left / (len(addresses) - index))
        except OSError as exc:
            error = exc
    raise error


def open_address(address: Address, seconds: float | None) -> TcpSocket:
    """Connect to one address within so many seconds, or without a limit. Raises OSError."""
    sock = None
    try:
        # Fails for addresses of a family that this kernel does not have.
        sock = TcpSocket(address.family, address.kind, address.protocol)
        sock.settimeout(seconds)
        sock.connect(address.target)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        if sock is not None:
            sock.close()
        raise
    return sock


def resolve(host: str, port: int) -> list[Address]:
    """Look up a host in a thread of its own, since getaddrinfo has no time-out. Raises OSError."""
    results: list[t.Any] = []

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            results.append([Address(*one) for one in found])
        except UnicodeError:
            results.append(socket.gaierror("IDNA cannot encode the name"))
        except OSError as exc:
            results.append(exc)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(CALL.time_left())
    if not results:
        raise TimeoutError("name resolution")
    if isinstance(results[0], OSError):
        raise results[0]
    return t.cast("list[Address]", results[0])
