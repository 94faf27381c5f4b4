# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests in, answers out: the only network code. Built on urllib3, the library below requests.

The layer of requests itself would be closed anyway (security-and-rotation.md 2.1): no redirects (they re-send secrets),
no C(~/.netrc) (it replaces the token), no proxy or CA from the environment unless asked, no cookies. To import it takes
as long as all else that the broker imports from outside, and it doubles the time of a request. So it is there for what
only it has: proxies from the environment, and the signatures of OAuth 1.

What is ours: one deadline over the whole call (a socket's time-out starts anew with every byte), no compression, a size
limit, TLS 1.2 or newer with our own trust store only.
"""

from __future__ import annotations

import base64
import dataclasses
import os
import queue
import re
import socket
import ssl
import threading
import time
import typing as t
import urllib.parse

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.envelope import Answer
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AnswerLost,
    ConfigError,
    ConnectionFailed,
    SenhaseguraError,
    UnexpectedAnswer,
)
from ansible_collections.community.senhasegura.plugins.module_utils.options import FROM_ENVIRONMENT, Settings

try:
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
except ImportError:
    # The sanity tests import every file without third-party packages; Transport says what is missing.
    HAS_URLLIB3 = False
    HTTPConnection = HTTPSConnection = object  # type: ignore[misc, assignment]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[misc, assignment]
else:
    # urllib3 1 does not check the certificates of IP addresses with a context that asks for it.
    HAS_URLLIB3 = not getattr(urllib3, "__version__", "1.").startswith("1.")

MAX_BODY = 64 * 1024 * 1024
_CHUNK = 64 * 1024
# A server closes idle connections at some time. A write on one that is being closed is lost without a trace; a read is
# made again.
_MAX_IDLE, _MAX_IDLE_FOR_READS = 5.0, 30.0
# More than the broker allows itself; without it, as many threads as there are get one each.
_POOL_SIZE = 10
USER_AGENT = "community.senhasegura"
_LINE_BREAK = re.compile(r"[\r\n]")

Auth = t.Callable[[t.Any], t.Any]


class Deadline:
    """A point in monotonic time by which a whole operation must have ended."""

    def __init__(self, seconds: float, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        return self._end - self._clock()

    def require(self) -> float:
        """The seconds that are left. Raises TimeoutError when none are."""
        left = self.remaining()
        if left <= 0:
            raise TimeoutError("deadline")
        return left


class _Call(threading.local):
    """The call that runs in this thread. urllib3 offers no way to hand these to the sockets that it makes."""

    deadline: Deadline | None = None
    connected = False
    received = 0
    max_idle = _MAX_IDLE


_call = _Call()


def _time_left() -> float | None:
    return _call.deadline.require() if _call.deadline else None


def _count(size: int) -> None:
    """Limit what a call receives. Counted here, because HTTP libraries buffer, and believe in negative chunk sizes."""
    _call.received += size
    if _call.received > MAX_BODY:
        raise UnexpectedAnswer(f"the answer is larger than {MAX_BODY >> 20} MiB")


class _Limited:
    """Gives every operation of a socket the time that is left for the whole call, and limits what it receives."""

    def recv_into(self, *args: t.Any) -> int:
        self.settimeout(_time_left())  # type: ignore[attr-defined]
        size: int = super().recv_into(*args)  # type: ignore[misc]
        _count(size)
        return size

    def recv(self, *args: t.Any) -> bytes:
        self.settimeout(_time_left())  # type: ignore[attr-defined]
        data: bytes = super().recv(*args)  # type: ignore[misc]
        _count(len(data))
        return data

    def sendall(self, *args: t.Any) -> None:
        self.settimeout(_time_left())  # type: ignore[attr-defined]
        super().sendall(*args)  # type: ignore[misc]


class _Socket(_Limited, socket.socket):
    """A plain TCP socket with a deadline."""


class _TlsSocket(_Limited, ssl.SSLSocket):
    """The same for TLS. The handshake takes its time-out from the socket below, for the handshake as a whole."""


def _resolve(host: str, port: int) -> list[t.Any]:
    """Look the host up in a thread of its own: getaddrinfo has no time-out."""
    results: queue.Queue[t.Any] = queue.Queue()

    def look_up() -> None:
        try:
            results.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except UnicodeError:
            results.put(socket.gaierror("IDNA cannot encode the name"))
        except OSError as exc:
            results.put(exc)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        found = results.get(timeout=_time_left())
    except queue.Empty:
        raise TimeoutError("name resolution") from None
    if isinstance(found, OSError):
        raise found
    return t.cast("list[t.Any]", found)


def _connect(host: str, port: int) -> _Socket:
    """Connect to the first address that answers, IPv6 or IPv4. A silent one leaves time for the others."""
    addresses = _resolve(host, port)
    error: OSError = OSError("no address")
    for index, (family, kind, protocol, _name, address) in enumerate(addresses):
        left = _time_left()
        sock = None
        try:
            # Fails for addresses of a family that this kernel does not have.
            sock = _Socket(family, kind, protocol)
            sock.settimeout(None if left is None else left / (len(addresses) - index))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_time_left())
            return sock
        except OSError as exc:
            error = exc
            if sock is not None:
                sock.close()
    raise error


class _OwnSocket:
    """Lets an urllib3 connection use our sockets, and notes when it is connected: from then on a write may arrive."""

    idle_since = 0.0
    # Not http.client's own: with it, every request would be printed, passwords included.
    debuglevel = 0

    def _new_conn(self) -> socket.socket:
        _call.connected = False
        return _connect(self._dns_host, self.port)  # type: ignore[attr-defined]

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        _call.connected = True


class _IdleLimit:
    """Lets an urllib3 pool hand out no connection that was idle for too long."""

    def _get_conn(self, timeout: float | None = None) -> t.Any:
        return _fresh(super()._get_conn(timeout))  # type: ignore[misc]

    def _put_conn(self, conn: t.Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]


class _Connection(_OwnSocket, HTTPConnection):
    pass


class _TlsConnection(_OwnSocket, HTTPSConnection):
    pass


class _Pool(_IdleLimit, HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(_IdleLimit, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


def _fresh(connection: t.Any) -> t.Any:
    """Close a connection that was idle for too long or has something left over; urllib3 then connects it again.

    urllib3 itself looks at the socket, but not at what OpenSSL has decrypted already.
    """
    if connection.sock is not None:
        left_over = getattr(connection.sock, "pending", int)()
        if left_over or time.monotonic() - connection.idle_since > _call.max_idle:
            connection.close()
        else:
            _call.connected = True
    return connection


def tls_context(settings: Settings) -> ssl.SSLContext:
    """The TLS context: TLS 1.2 or newer, host name checked, only the trust store that the settings name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _TlsSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _load_trusted(context, settings.ca_path)
    if settings.client_cert:
        with _NamingOption("client_cert", "Give PEM files; the key must have no passphrase"):
            # Without the callback OpenSSL would ask for a passphrase on the terminal.
            context.load_cert_chain(settings.client_cert, settings.client_key, password=lambda: b"")
    return context


def _load_trusted(context: ssl.SSLContext, ca_path: str | None) -> None:
    if ca_path == FROM_ENVIRONMENT:
        ca_path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if ca_path:
        with _NamingOption("ca_path", "Give a file or directory with CA certificates in PEM form"):
            directory = os.path.isdir(ca_path)
            context.load_verify_locations(**{"capath" if directory else "cafile": ca_path})
        return
    # Not load_default_certs(): SSL_CERT_FILE and SSL_CERT_DIR in the environment would replace the system's store.
    defaults = ssl.get_default_verify_paths()
    cafile = defaults.openssl_cafile if os.path.isfile(defaults.openssl_cafile) else None
    capath = defaults.openssl_capath if os.path.isdir(defaults.openssl_capath) else None
    if not cafile and not capath:
        # It comes with requests. Here, because few systems are without, and it takes long to import.
        import certifi

        cafile = certifi.where()
    context.load_verify_locations(cafile=cafile, capath=capath)


class _NamingOption:
    """Turn what OpenSSL says of a file into an error that names the option."""

    def __init__(self, option: str, hint: str) -> None:
        self._option, self._hint = option, hint

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: t.Any, error: BaseException | None, trace: t.Any) -> None:
        if isinstance(error, (OSError, ValueError, TypeError)):
            reason = error.strerror if isinstance(error, FileNotFoundError) else "it is no usable PEM file"
            raise ConfigError(f"{self._option} cannot be loaded: {reason}", hint=self._hint).with_context(
                option=self._option
            ) from None


class Transport:
    """A pool of connections to one server. Safe for threads; not to be used after a fork."""

    def __init__(self, settings: Settings) -> None:
        if not HAS_URLLIB3:
            raise _missing()
        self._url = settings.url
        proxy = _proxy(settings)
        try:
            self._pool = _pool(settings, proxy)
        except urllib3.exceptions.HTTPError as exc:
            raise _failure(exc, connected=False) from None
        # A proxy for http wants the whole URL in the request line, the server only what comes after its name.
        base = urllib.parse.urlsplit(settings.url)
        self._base = settings.url if proxy and base.scheme == "http" else base.path

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        headers: t.Mapping[str, str],
        query: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        auth: Auth | None = None,
    ) -> Answer:
        """Send one request and read its whole answer, once.

        Raises ConnectionFailed (certainly not applied) or AnswerLost (perhaps applied).
        """
        if query:
            path = f"{path}?{urllib.parse.urlencode(query)}"
        # These headers are all that is sent, but for Host and Content-Length.
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        headers = {**common, **headers}
        if auth is not None:
            headers = _signed(method, self._url + path, headers, body, auth)
        _refuse_line_breaks(headers)
        _call.deadline, _call.connected, _call.received = deadline, False, 0
        _call.max_idle = _MAX_IDLE_FOR_READS if method == "GET" else _MAX_IDLE
        try:
            left = deadline.require()
            response = self._pool.request(
                method,
                self._base + path,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=left, read=left),
                preload_content=False,
                decode_content=False,
            )
            try:
                return _read(response, deadline)
            finally:
                # Does nothing to a connection whose answer was read to its end: that is in the pool again.
                response.close()
                response.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as exc:
            raise _failure(exc, _call.connected) from None
        finally:
            _call.deadline = None

    def close(self) -> None:
        """Close the connections that are open and idle. Nothing can be sent any more."""
        self._pool.close()


def _missing() -> ConfigError:
    return ConfigError(
        "the Python library requests, or urllib3 2 or newer below it, is missing on the controller",
        hint="For the Python that runs Ansible: python -m pip install 'requests>=2.31' 'urllib3>=2'",
    )


def _refuse_line_breaks(headers: t.Mapping[str, str]) -> None:
    if any(_LINE_BREAK.search(value) for value in headers.values()):
        raise ConfigError("a value that goes into a header has line breaks", hint="Check client_id and client_secret")


def _signed(method: str, url: str, headers: dict[str, str], body: bytes | None, auth: Auth) -> dict[str, str]:
    """The headers with the signature, which OAuth 1 makes of requests' own objects."""
    import requests

    signed = requests.Request(method, url, headers=headers, data=body, auth=auth).prepare().headers
    return {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in signed.items()}


def _pool(settings: Settings, proxy: str | None) -> t.Any:
    """The connections to the server, with our sockets and contexts."""
    context = tls_context(settings) if settings.url.startswith("https:") else None
    manager: urllib3.PoolManager
    if proxy:
        manager = urllib3.ProxyManager(
            proxy,
            proxy_headers=_proxy_headers(proxy),
            # The client certificate is for the server, and no business of a proxy.
            proxy_ssl_context=tls_context(dataclasses.replace(settings, client_cert=None)),
            ssl_context=context,
            maxsize=_POOL_SIZE,
        )
    else:
        manager = urllib3.PoolManager(ssl_context=context, maxsize=_POOL_SIZE)
    manager.pool_classes_by_scheme = _POOLS
    return manager.connection_from_url(settings.url)


def _proxy_headers(proxy: str) -> dict[str, str]:
    """The user and password that may be in the URL of a proxy, for the proxy alone."""
    user = urllib.parse.unquote(urllib3.util.parse_url(proxy).auth or "")
    return {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if user else {}


def _proxy(settings: Settings) -> str | None:
    """The URL of the proxy for this server, if there is to be one."""
    if settings.proxy is None:
        return None
    named = settings.proxy.reveal()
    proxy = _environment_proxy(settings.url) if named == FROM_ENVIRONMENT else named
    if proxy is None:
        return None
    try:
        parts = urllib.parse.urlsplit(proxy)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "proxy is no URL of an HTTP proxy", hint="Give proxy as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT"
        ).with_context(option="proxy")
    return proxy


def _environment_proxy(url: str) -> str | None:
    """What HTTPS_PROXY and its like, less NO_PROXY, say of a URL."""
    try:
        from requests import utils
    except ImportError:
        raise _missing() from None
    proxy = utils.select_proxy(url, utils.get_environ_proxies(url, no_proxy=None))
    return utils.prepend_scheme_if_needed(proxy, "http") if proxy else None


def _read(response: t.Any, deadline: Deadline) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnexpectedAnswer("the answer is compressed although the request forbids it")
    body = bytearray()
    while True:
        deadline.require()
        chunk = response.read(_CHUNK, decode_content=False)
        if not chunk:
            break
        body += chunk
    length = headers.get("content-length", "")
    if length.isascii() and length.isdigit() and len(body) < int(length):
        raise AnswerLost("the answer was cut off")
    return Answer(status=response.status, headers=headers, body=bytes(body))


# How http.client reports the answer of a proxy to CONNECT.
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
# What a server says in the TLS handshake about the certificate of the client.
_CLIENT_CERT_ALERT = re.compile(r".*_ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")
_LOST_HINT = "Look at the state on the server before repeating a write by hand; running the task again is safe"
# Why a connection was not made, the first that fits: kind of exception, what to say, what to do.
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        ssl.SSLError,
        "the TLS connection could not be made",
        "The server must speak TLS 1.2 or newer at this port; if it asks for a client certificate, set client_cert",
    ),
    (socket.gaierror, "the host name of url cannot be resolved", "Check url and the name service"),
    (ConnectionRefusedError, "the server refuses the connection", "Check host and port of url"),
    (TimeoutError, "the server could not be reached in time", "Check url, firewall and proxy, or raise timeout"),
    (Exception, "the connection could not be made", "Check url, firewall and proxy"),
)


def _failure(error: Exception, connected: bool) -> SenhaseguraError:
    """Say what happened in words of our own: the libraries' texts quote URLs, proxies and addresses."""
    causes = list(_causes(error))
    if any(_CLIENT_CERT_ALERT.match(cause.reason or "") for cause in causes if isinstance(cause, ssl.SSLError)):
        return ConfigError(
            "the server does not accept the client certificate, or misses one",
            hint="Set client_cert and client_key to a certificate of a CA that the server knows",
        )
    return _lost(causes) if connected else _not_connected(causes)


def _lost(causes: list[BaseException]) -> AnswerLost:
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return AnswerLost("the answer did not come in time", hint=f"Raise timeout. {_LOST_HINT}")
    return AnswerLost("the connection broke before the answer was complete", hint=_LOST_HINT)


def _not_connected(causes: list[BaseException]) -> SenhaseguraError:
    for cause in causes:
        if refused := _TUNNEL.match(str(cause)):
            return ConnectionFailed(
                f"the proxy refuses the connection (HTTP {refused[1]})",
                hint="Check user and password of proxy, and its rules",
            )
    # Before all others: what is wrong with a proxy is not wrong with url.
    if any(isinstance(cause, urllib3.exceptions.ProxyError) for cause in causes):
        return ConnectionFailed("the proxy cannot be used", hint="Check host, port, user and password of proxy")
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ConfigError(
                f"the certificate of the server is not trusted ({cause.verify_message.rstrip('.')})",
                hint="Set ca_path to the CA of the server (PEM); url must have the host name of the certificate",
            )
    return next(
        ConnectionFailed(text, hint=hint)
        for kind, text, hint in _REASONS
        if any(isinstance(cause, kind) for cause in causes)
    )


def _causes(error: BaseException | None) -> t.Iterator[BaseException]:
    """The exception and all that stand behind it: causes, contexts, and the C(reason) or arguments of urllib3."""
    seen: set[int] = set()
    todo: list[t.Any] = [error]
    while todo:
        item = todo.pop(0)
        if isinstance(item, BaseException) and id(item) not in seen:
            seen.add(id(item))
            yield item
            todo += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
