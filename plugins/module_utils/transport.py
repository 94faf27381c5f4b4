# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests in, answers out: the only network code. Built on what http.client makes of the bytes of an answer.

Not on requests or urllib3: most of what they add would be closed again (security-and-rotation.md 2.1): redirects (they
re-send secrets), C(~/.netrc) (it replaces the token), proxies and CAs from the environment unless asked, cookies. And
they take long to import, at the start of each run. They are there for what only they have: requests for proxies from
the environment and the signatures of OAuth 1, urllib3 for TLS inside of TLS.

What is ours: one deadline over the whole call (a socket's time-out starts anew with every byte), no compression, a size
limit, TLS 1.2 or newer with our own trust store only, and a few connections that are kept open.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import http.client
import io
import os
import re
import select
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
    UnknownHost,
    missing_library,
)
from ansible_collections.community.senhasegura.plugins.module_utils.options import FROM_ENVIRONMENT, Settings
from ansible_collections.community.senhasegura.plugins.module_utils.pem import is_pem
from ansible_collections.community.senhasegura.plugins.module_utils.secrecy import Hidden

# The list of 50,000 credentials takes some 25 MiB. What is read of it is limited further when it is parsed.
MAX_BODY = 48 * 1024 * 1024
_CHUNK = 64 * 1024
# A server closes idle connections at some time. A write on one that is being closed is lost without a trace; a read is
# made again.
_MAX_IDLE, _MAX_IDLE_FOR_READS = 5.0, 30.0
# More than the broker allows itself; without it, as many threads as there are get one each.
_POOL_SIZE = 10
# What goes wrong on the way. What makes no sense in an answer is a ValueError at some places of http.client.
_ERRORS = (OSError, ValueError, http.client.HTTPException)
USER_AGENT = "community.senhasegura"
# What no value of a header may have: line breaks and other control characters, and what is not in Latin-1.
_UNFIT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
# What may stand in the target of a request as it is (RFC 3986), with the % of what is quoted already.
_TARGET = "!$&'()*+,;=:@/?%"
_EXPECT_BODY = ("POST", "PUT", "PATCH")

Auth = t.Callable[[t.Any], t.Any]
# Makes a socket with TLS of a context, a socket and the keyword server_hostname.
_Wrap = t.Callable[..., t.Any]


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
    """The call that runs in this thread. The sockets look here, whatever library stands between them and the call."""

    deadline: Deadline | None = None
    received = 0


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
    results: list[t.Any] = []

    def look_up() -> None:
        try:
            results.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except UnicodeError:
            results.append(socket.gaierror("IDNA cannot encode the name"))
        except OSError as exc:
            results.append(exc)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(_time_left())
    if not results:
        raise TimeoutError("name resolution")
    if isinstance(results[0], OSError):
        raise results[0]
    return t.cast("list[t.Any]", results[0])


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


@dataclasses.dataclass(frozen=True)
class _Peer:
    """The server, or a proxy on the way to it. ``context`` is there if it speaks TLS."""

    host: str
    port: int
    context: ssl.SSLContext | None

    @property
    def name(self) -> str:
        """The host as servers and certificates know it: a last dot or an IPv6 zone only helps to find it from here."""
        return self.host.partition("%")[0].rstrip(".")

    @property
    def address(self) -> str:
        """Host and port, as in the target of CONNECT."""
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"

    @property
    def authority(self) -> str:
        """The same as in the Host header, which leaves the usual port out."""
        return self.address.removesuffix(":443" if self.context else ":80")


def _peer(url: str, settings: Settings) -> _Peer:
    """Whom a URL names. Raises ValueError."""
    parts = urllib.parse.urlsplit(url)
    # RFC 6874 quotes the % before an IPv6 zone.
    host = (parts.hostname or "").replace("%25", "%")
    tls = parts.scheme == "https"
    return _Peer(host, parts.port or (443 if tls else 80), tls_context(settings) if tls else None)


class _ProxyFailed(OSError):
    """The proxy at ``address`` (host:port) cannot be used, or refuses: then ``status`` is its answer to CONNECT.

    ``reason`` says why it cannot be used, if that is known.
    """

    def __init__(self, address: str, status: int = 0, reason: str = "") -> None:
        super().__init__("proxy")
        self.address, self.status, self.reason = address, status, reason


class _Route:
    """How to come to the server: directly, or through a proxy."""

    def __init__(self, settings: Settings, proxy: str | None) -> None:
        self.server = _peer(settings.url, settings)
        # The client certificate is for the server, and no business of a proxy.
        self._proxy = _peer(proxy, dataclasses.replace(settings, client_cert=None)) if proxy else None
        self._proxy_headers = _proxy_headers(proxy) if proxy else {}
        # A proxy forwards requests for http, and for https lets us talk to the server ourselves.
        self.forwarded = self._proxy is not None and self.server.context is None
        # What is to be added to each request.
        self.headers = {"Host": self.server.authority, **(self._proxy_headers if self.forwarded else {})}
        self._wrap: _Wrap = ssl.SSLContext.wrap_socket
        if self._proxy and self._proxy.context and self.server.context:
            self._wrap = _tls_in_tls()

    def connect(self) -> t.Any:
        """A new connection, over which requests can be sent."""
        sock = self._through(self._proxy) if self._proxy else _connect(self.server.host, self.server.port)
        return _tls(sock, self.server, self._wrap) if self.server.context else sock

    def _through(self, proxy: _Peer) -> t.Any:
        try:
            sock = _connect(proxy.host, proxy.port)
            secure = _tls(sock, proxy, ssl.SSLContext.wrap_socket) if proxy.context else sock
        except (OSError, ValueError) as exc:
            reason = next(text for kind, text in _PROXY_REASONS if isinstance(exc, kind))
            raise _ProxyFailed(proxy.address, reason=reason) from exc
        if not self.forwarded:
            _tunnel(secure, proxy.address, self.server.address, self._proxy_headers)
        return secure


def _tls(sock: t.Any, peer: _Peer, wrap: _Wrap) -> t.Any:
    """Shake hands, in the time that is left."""
    with _closing_on_error(sock):
        sock.settimeout(_time_left())
        return wrap(peer.context, sock, server_hostname=peer.name)


@contextlib.contextmanager
def _closing_on_error(sock: t.Any) -> t.Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise


def _tls_in_tls() -> _Wrap:
    """For sockets that have TLS already: the ssl module itself wraps none but those of the system."""
    try:
        from urllib3.util.ssltransport import SSLTransport
    except ImportError:
        raise _missing("urllib3", "a proxy with https:// in front of a server with https://") from None

    class Inner(SSLTransport):
        def pending(self) -> int:
            """What came already and was not read yet, in any of the layers."""
            below = t.cast(ssl.SSLSocket, self.socket)
            return self.sslobj.pending() + self.incoming.pending + below.pending()

    def wrap(context: ssl.SSLContext, sock: ssl.SSLSocket, *, server_hostname: str) -> Inner:
        return Inner(sock, context, server_hostname=server_hostname)

    return wrap


def _tunnel(sock: socket.socket, proxy: str, address: str, headers: dict[str, str]) -> None:
    """Have a proxy connect us to the server. http.client can do that too, but differently in each Python.

    :param proxy: host and port of the proxy, for errors
    :param address: host and port of the server
    """
    reader = _Reader(sock)
    with _closing_on_error(sock):
        try:
            sock.sendall(_head("CONNECT", address, {"Host": address, **headers}))
            response = _begin(reader, "CONNECT")
            response.close()
        except TimeoutError:
            # The proxy answers when it has reached the server, so this is as without a proxy.
            raise
        except _ERRORS as exc:
            raise _ProxyFailed(proxy) from exc
        if not 200 <= response.status < 300:
            raise _ProxyFailed(proxy, response.status)
        if reader.left_over:
            # It would be missing in the handshake, and came before that had begun.
            raise _ProxyFailed(proxy)


class _Source(io.RawIOBase):
    """What comes from a socket, as a file, until ``ended`` is set."""

    def __init__(self, sock: t.Any) -> None:
        self._sock, self.ended = sock, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int | None:
        return None if self.ended else self._sock.recv_into(buffer)


class _Reader(io.BufferedReader):
    """The file from which http.client reads one answer. Closed, it tells whether more had come than that answer."""

    left_over = False

    def __init__(self, sock: t.Any) -> None:
        self._source = _Source(sock)
        super().__init__(self._source)

    def makefile(self, _mode: str) -> _Reader:
        """What http.client asks of a socket."""
        return self

    def close(self) -> None:
        if not self.closed:
            self._source.ended = True
            self.left_over = bool(self.peek())
        super().close()


class _Pool:
    """The connections that are open and idle. The one that was used last is the first to be used again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Each with the time since when it is idle.
        self._idle: list[tuple[t.Any, float]] = []
        self._closed = False
        self._owner = os.getpid()

    def take(self, max_idle: float) -> t.Any:
        """A connection that can be used, or None. Closes those that cannot."""
        while True:
            with self._lock:
                if self._closed:
                    raise OSError("closed")
                if self._owner != os.getpid():
                    # They belong to the process that this one was forked from, which goes on using them.
                    self._idle, self._owner = [], os.getpid()
                if not self._idle:
                    return None
                sock, since = self._idle.pop()
            if time.monotonic() - since <= max_idle and _silent(sock):
                return sock
            sock.close()

    def put(self, sock: t.Any) -> None:
        """Keep a connection, or close it if there are enough."""
        with self._lock:
            keep = not self._closed and len(self._idle) < _POOL_SIZE
            if keep:
                self._idle.append((sock, time.monotonic()))
        if not keep:
            sock.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle, self._closed = self._idle, [], True
        for sock, _since in idle:
            sock.close()

    def __del__(self) -> None:
        self.close()


def _silent(sock: t.Any) -> bool:
    """Whether nothing came on an idle connection: neither its end, nor what would be taken for the next answer."""
    # Not select(), which knows no descriptors above 1023.
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    # OpenSSL may have read and decrypted already what the system then knows nothing of.
    return not poll.poll(0) and not getattr(sock, "pending", int)()


def tls_context(settings: Settings) -> ssl.SSLContext:
    """The TLS context: TLS 1.2 or newer, host name checked, only the trust store that the settings name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _TlsSocket
    # Gateways with several protocols at one port go by this.
    context.set_alpn_protocols(["http/1.1"])
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    if not settings.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        _load_trusted(context, settings.ca_path)
    if settings.client_cert:
        with (
            _NamingOption("client_cert", "Give PEM files or text, also in client_key; the key must have no passphrase"),
            _file_of(settings.client_cert) as certificate,
            _file_of(settings.client_key) as key,
        ):
            # Without the callback OpenSSL would ask for a passphrase on the terminal.
            context.load_cert_chain(t.cast(str, certificate), key, password=lambda: b"")
    return context


@contextlib.contextmanager
def _file_of(option: Hidden | None) -> t.Iterator[str | None]:
    """A path for what OpenSSL takes from files only. PEM text is there for that time, for this user alone."""
    value = option.reveal() if option else None
    if value is None or not is_pem(value):
        yield value
        return
    with contextlib.ExitStack() as stack:
        yield _in_memory(value.encode(), stack) or _on_disk(value.encode(), stack)


def _in_memory(data: bytes, stack: contextlib.ExitStack) -> str | None:
    """A path into the memory of this process, or None on systems that have none (macOS, or no /proc)."""
    try:
        descriptor = os.memfd_create("senhasegura-pem", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        return None
    stack.callback(os.close, descriptor)
    path = f"/proc/self/fd/{descriptor}"
    _write(descriptor, data)
    return path if os.path.exists(path) else None


def _on_disk(data: bytes, stack: contextlib.ExitStack) -> str:
    """A file that only this user can read, in a folder of its own; both are removed with the ``stack``."""
    # Here, because it takes long to import, and hardly any run needs it.
    import tempfile

    path = os.path.join(stack.enter_context(tempfile.TemporaryDirectory(prefix="senhasegura-")), "pem")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write(descriptor, data)
    finally:
        os.close(descriptor)
    return path


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _load_trusted(context: ssl.SSLContext, ca_path: str | None) -> None:
    if ca_path == FROM_ENVIRONMENT:
        ca_path = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    if ca_path:
        with _NamingOption("ca_path", "Give a file or directory with CA certificates in PEM form, or the PEM text"):
            kind = "cadata" if is_pem(ca_path) else "capath" if os.path.isdir(ca_path) else "cafile"
            context.load_verify_locations(**{kind: ca_path})
        return
    # Not load_default_certs(): SSL_CERT_FILE and SSL_CERT_DIR in the environment would replace the system's store.
    defaults = ssl.get_default_verify_paths()
    cafile = defaults.openssl_cafile if os.path.isfile(defaults.openssl_cafile) else None
    capath = defaults.openssl_capath if os.path.isdir(defaults.openssl_capath) else None
    if not cafile and not capath:
        # Here, because few systems are without.
        try:
            import certifi
        except ImportError:
            raise _missing("certifi", "a system without CA certificates, unless ca_path is set,") from None
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
            reason = error.strerror if isinstance(error, FileNotFoundError) else "it must be a usable PEM file or text"
            raise ConfigError(f"{self._option} cannot be loaded: {reason}", hint=self._hint).with_context(
                option=self._option
            ) from None


class Transport:
    """A pool of connections to one server. Safe for threads. After a fork, each process has its own connections."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.url
        try:
            self._route = _Route(settings, _proxy(settings))
        except ValueError as exc:
            raise _failure(exc, connected=False) from None
        self._pool = _Pool()
        self._base = urllib.parse.urlsplit(settings.url).path
        # A proxy that forwards wants the whole URL in the request line, the server only what comes after its name.
        self._origin = f"http://{self._route.server.authority}" if self._route.forwarded else ""

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
        # These headers are all that is sent, but for those of the route and Content-Length.
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        headers = {**common, **headers}
        if auth is not None:
            headers = _signed(method, self._url + path, headers, body, auth)
        _refuse_unfit(headers)
        sock, connected, reusable = None, False, False
        _call.deadline, _call.received = deadline, 0
        try:
            deadline.require()
            target = self._origin + urllib.parse.quote(self._base + path, safe=_TARGET)
            request = _head(method, target, {**self._route.headers, **_length(method, headers, body), **headers})
            sock = self._pool.take(_MAX_IDLE_FOR_READS if method == "GET" else _MAX_IDLE) or self._route.connect()
            # From now on a write may arrive.
            connected = True
            answer, reusable = _exchange(sock, method, request + (body or b""), deadline)
            return answer
        except _ERRORS as exc:
            raise _failure(exc, connected) from None
        finally:
            _call.deadline = None
            if sock is not None:
                if reusable:
                    self._pool.put(sock)
                else:
                    sock.close()

    def close(self) -> None:
        """Close the connections that are open and idle. Nothing can be sent any more."""
        self._pool.close()


def _missing(library: str, purpose: str) -> ConfigError:
    return missing_library(f"{purpose} needs the Python library {library}, which is missing on the controller", library)


def _refuse_unfit(headers: t.Mapping[str, str]) -> None:
    if any(_UNFIT.search(value) for value in headers.values()):
        raise ConfigError(
            "a value that goes into a header has line breaks or other characters that cannot be sent there",
            hint="Check client_id and client_secret",
        )


def _signed(method: str, url: str, headers: dict[str, str], body: bytes | None, auth: Auth) -> dict[str, str]:
    """The headers with the signature, which OAuth 1 makes of requests' own objects."""
    try:
        import requests
    except ImportError:
        raise _missing("requests", "auth_method oauth1") from None
    signed = requests.Request(method, url, headers=headers, data=body, auth=auth).prepare().headers
    return {name: value if isinstance(value, str) else value.decode("latin-1") for name, value in signed.items()}


def _length(method: str, headers: t.Mapping[str, str], body: bytes | None) -> dict[str, str]:
    """The header with the size of the body. With a signature, requests may have made it already."""
    if any(name.lower() == "content-length" for name in headers) or (body is None and method not in _EXPECT_BODY):
        return {}
    return {"Content-Length": str(len(body or b""))}


def _head(method: str, target: str, headers: t.Mapping[str, str]) -> bytes:
    """The request down to the blank line."""
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _proxy_headers(proxy: str) -> dict[str, str]:
    """The user and password that may be in the URL of a proxy, for the proxy alone."""
    user = urllib.parse.unquote(urllib.parse.urlsplit(proxy).netloc.rpartition("@")[0])
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
            "proxy must be the URL of an HTTP proxy",
            hint="Give proxy as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT",
        ).with_context(option="proxy")
    return proxy


def _environment_proxy(url: str) -> str | None:
    """What HTTPS_PROXY and its like, less NO_PROXY, say of a URL."""
    try:
        from requests import utils
    except ImportError:
        raise _missing("requests", "proxy environment") from None
    proxy = utils.select_proxy(url, utils.get_environ_proxies(url, no_proxy=None))
    return utils.prepend_scheme_if_needed(proxy, "http") if proxy else None


def _exchange(sock: t.Any, method: str, request: bytes, deadline: Deadline) -> tuple[Answer, bool]:
    """Send a request and read its answer. Also says whether the connection can be used for another one."""
    # A server may answer and close before it has read everything.
    with contextlib.suppress(BrokenPipeError):
        sock.sendall(request)
    reader = _Reader(sock)
    response = _begin(reader, method)
    try:
        if response.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            raise UnexpectedAnswer("the server switches to another protocol, for which nobody has asked")
        answer = _read(response, deadline)
    finally:
        response.close()
    return answer, not response.will_close and not reader.left_over


def _begin(reader: _Reader, method: str) -> http.client.HTTPResponse:
    """The head of the answer that counts. Informational ones before it (RFC 9110 15.2) say nothing that is needed."""
    while True:
        response = http.client.HTTPResponse(reader, method=method)  # type: ignore[arg-type]
        try:
            # Skips 100 by itself, and no other.
            response.begin()
        except BaseException:
            response.close()
            raise
        if response.status >= http.HTTPStatus.OK or response.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
            return response
        # Or the reader would be closed with it.
        response.fp = None  # type: ignore[assignment]


def _read(response: http.client.HTTPResponse, deadline: Deadline) -> Answer:
    headers = _headers(response.headers.items())
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnexpectedAnswer("the answer is compressed although the request forbids it")
    lengths = {length.strip() for length in headers.get("content-length", "").split(",")}
    if len(lengths) > 1 and not response.chunked:
        raise http.client.HTTPException("lengths that contradict each other")
    # Gives its content away without a copy.
    body = io.BytesIO()
    while True:
        deadline.require()
        chunk = response.read(_CHUNK)
        if not chunk:
            break
        body.write(chunk)
    # http.client counts down what it has read, but says nothing when that ends too early.
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return Answer(status=response.status, headers=headers, body=body.getvalue())


def _headers(items: t.Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names in lower case. What is there several times with different values is joined, and folded lines are one."""
    found: dict[str, list[str]] = {}
    for name, value in items:
        plain = " ".join(line.strip() for line in value.split("\n")) if "\n" in value else value
        found.setdefault(name.lower(), []).append(plain)
    return {name: ", ".join(dict.fromkeys(values)) for name, values in found.items()}


# What a server says in the TLS handshake about the certificate of the client.
_CLIENT_CERT_ALERT = re.compile(r".*_ALERT_(.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)")
# Why a connection was not made, the first that fits: kind of exception, what to say, what to do.
_REASONS: tuple[tuple[type[Exception], str, str], ...] = (
    (
        ssl.SSLError,
        "the TLS connection could not be made",
        "The server must speak TLS 1.2 or newer at this port; if it asks for a client certificate, set client_cert",
    ),
    (
        ConnectionRefusedError,
        "the server refuses the connection",
        "Check host and port of url, that the server runs, and that no firewall rejects this controller",
    ),
    (
        TimeoutError,
        "the server could not be reached in time",
        "Check url, firewall and proxy, or raise timeout if the server is only slow",
    ),
    (Exception, "the connection could not be made", "Check url, and network, firewall and proxy of this controller"),
)
# The same for a proxy. What remains is the handshake, and what proxies do that are none.
_PROXY_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ssl.SSLCertVerificationError, "its certificate is not trusted"),
    (ssl.SSLError, "no TLS connection to it could be made"),
    (socket.gaierror, "its host name cannot be resolved"),
    (ConnectionRefusedError, "it refuses the connection"),
    (TimeoutError, "it could not be reached in time"),
    (Exception, "the connection to it could not be made"),
)
_PROXY_HINTS = {
    403: "The rules of the proxy forbid it: let them pass this controller to the server, or unset proxy",
    407: "Give proxy as http://USER:PASSWORD@HOST:PORT with a user that the proxy knows",
    502: "The proxy does not reach the server: check url, and the network behind the proxy",
    503: "The proxy does not reach the server: check url, and the network behind the proxy",
    504: "The proxy does not reach the server: check url, and the network behind the proxy",
}
# Numbers of OpenSSL (x509_vfy.h), each with what to do.
_CERTIFICATE_HINTS = {
    9: "Check the clock of this controller, and that of the server which made the certificate",
    10: "Renew the certificate of the server; if it is valid still, correct the clock of this controller",
    18: "Set ca_path to the certificate of the server (PEM), or have a CA sign it",
    19: "Set ca_path to the root certificate (PEM) of the CA that signed it",
    24: "The certificate is not fit for a server, have a CA make a new one: this one was not signed by a CA",
    26: "The certificate is not fit for a server, have a CA make a new one: this one is not for servers",
    62: "Use a host name of the certificate in url",
    64: "Use a host name of the certificate in url, or have the address added to the certificate",
    79: "The certificate is not fit for a server, have a CA make a new one: this one was not signed by a CA",
}
_UNTRUSTED_HINT = "Set ca_path to the CA of the server (PEM); the server must send all certificates between"
_OPENSSL_WORDS = re.compile(r"[A-Z0-9_]{1,60}\Z")


def _failure(error: Exception, connected: bool) -> SenhaseguraError:
    """Say what happened in words of our own: the libraries' texts quote URLs, proxies and addresses."""
    if isinstance(error, ssl.SSLError) and _CLIENT_CERT_ALERT.match(error.reason or ""):
        return ConfigError(
            "the server wants a client certificate, or does not accept the one that it got",
            hint="Set client_cert and client_key to a certificate of a CA that the server knows",
        )
    return _lost(error) if connected else _not_connected(error)


def _lost(error: Exception) -> AnswerLost:
    if isinstance(error, TimeoutError):
        return AnswerLost("the answer did not come in time", hint="Raise timeout, or find out why the server is slow")
    return AnswerLost(
        "the connection broke before the answer was complete",
        hint="Look at what stands between (firewall, proxy, gateway), and at the log of the server",
    )


def _not_connected(error: Exception) -> SenhaseguraError:
    if isinstance(error, _ProxyFailed):
        return _proxy_failed(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigError(
            f"the certificate of the server is not trusted: {error.verify_message.rstrip('.')}",
            hint=_CERTIFICATE_HINTS.get(error.verify_code, _UNTRUSTED_HINT),
        )
    if isinstance(error, socket.gaierror):
        # With EAI_AGAIN the name service does not answer now. Anything else will not change.
        kind = ConnectionFailed if error.errno == socket.EAI_AGAIN else UnknownHost
        hint = "Check the host name in url and the name service of this controller"
        return kind("the host name of url cannot be resolved", hint=hint)
    why = _cause(error)
    return next(
        ConnectionFailed(f"{text}{why and f': {why}'}", hint=hint)
        for kind, text, hint in _REASONS
        if isinstance(error, kind)
    )


def _cause(error: Exception) -> str:
    """What OpenSSL or the system calls it, in words that quote nothing: "" where our own words say as much."""
    if isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        return reason.replace("_", " ").lower() if _OPENSSL_WORDS.match(reason) else ""
    if isinstance(error, OSError) and not isinstance(error, (socket.gaierror, ConnectionRefusedError, TimeoutError)):
        return os.strerror(error.errno) if error.errno else ""
    return ""


def _proxy_failed(error: _ProxyFailed) -> ConnectionFailed:
    if error.status:
        return ConnectionFailed(
            f"the proxy {error.address} refuses to connect to the server, with HTTP {error.status}",
            hint=_PROXY_HINTS.get(error.status, "Check user and password in proxy, and the rules of the proxy"),
        )
    reason = error.reason or "it does not answer as an HTTP proxy"
    return ConnectionFailed(
        f"the proxy {error.address} cannot be used: {reason}", hint="Check host and port of the option proxy"
    )
