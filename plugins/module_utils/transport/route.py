# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the way to the server: directly, or through an HTTP proxy.

requests and urllib3 could do that too. But http.client, on which they stand, sends another CONNECT in each Python,
takes an informational answer of the proxy for a refusal, gives the status of a refusal as text only, and drops what a
proxy sends before TLS has begun.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import ssl
import typing as t
import urllib.parse

from ..errors import ConfigError
from ..settings.options import FROM_ENVIRONMENT
from ..settings.settings import Settings
from .connection import ERRORS, FinalResponse, open_socket
from .deadline import CALL, Watched
from .failures import ProxyFailed
from .tls import tls_context

try:
    from requests import utils
    from urllib3.util.ssltransport import SSLTransport
except ImportError:
    # Transport says so. ansible-test imports this file without any library.
    SSLTransport = object  # type: ignore[assignment,misc]


@dataclasses.dataclass(frozen=True)
class Peer:
    """Name the server, or a proxy on the way to it. ``context`` is there if it speaks TLS."""

    host: str
    port: int
    context: ssl.SSLContext | None

    @classmethod
    def of(cls, url: str, settings: Settings) -> Peer:
        """Return whom a URL names. Raises ValueError, or ConfigError for the certificates in ``settings``."""
        parts = urllib.parse.urlsplit(url)
        # RFC 6874 quotes the % before an IPv6 zone.
        host = (parts.hostname or "").replace("%25", "%")
        tls = parts.scheme == "https"
        return cls(host, parts.port or (443 if tls else 80), tls_context(settings) if tls else None)

    @property
    def name(self) -> str:
        """Return the host as servers and certificates know it: without a last dot or IPv6 zone."""
        return self.host.partition("%")[0].rstrip(".")

    @property
    def address(self) -> str:
        """Return host and port, as in the target of CONNECT (RFC 9110 9.3.6)."""
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"

    @property
    def authority(self) -> str:
        """Return host and port as in the Host header, which leaves the usual port out."""
        return self.address.removesuffix(":443" if self.context else ":80")

    @property
    def origin(self) -> str:
        """Return scheme and authority, with which a URL begins."""
        return f"{'https' if self.context else 'http'}://{self.authority}"


class Route:
    """Connect to the server of the settings, through their proxy if they have one."""

    def __init__(self, settings: Settings) -> None:
        """Read the certificates. Raises ConfigError and ValueError."""
        self.server = Peer.of(settings.url, settings)
        proxy = _proxy_url(settings)
        # The client certificate is for the server, and no business of a proxy.
        self.proxy = Peer.of(proxy, dataclasses.replace(settings, client_cert=None)) if proxy else None
        self._proxy_headers = _proxy_headers(proxy) if proxy else {}
        # A proxy forwards requests for http, and for https lets us talk to the server ourselves.
        self.is_forwarded = self.proxy is not None and self.server.context is None
        # What is to be added to each request.
        self.headers = {"Host": self.server.authority, **(self._proxy_headers if self.is_forwarded else {})}

    def connect(self) -> Watched:
        """Return a new connected socket, over which requests can be sent. Raises OSError and ValueError."""
        sock: Watched = self.reach()
        if self.server.context:
            sock = shake_hands(sock, self.server)
        return sock

    def reach(self) -> t.Any:
        """Return a new socket that leads to the server, without TLS to it. Raises OSError and ValueError."""
        return self._through(self.proxy) if self.proxy else open_socket(self.server.host, self.server.port)

    def _through(self, proxy: Peer) -> t.Any:
        try:
            sock = open_socket(proxy.host, proxy.port)
            secure = shake_hands(sock, proxy) if proxy.context else sock
        except (OSError, ValueError) as exc:
            raise ProxyFailed(proxy.address, cause=exc) from exc
        if not self.is_forwarded:
            with _closing_on_error(secure):
                _ask_for_tunnel(secure, proxy.address, self.server.address, self._proxy_headers)
        return secure


class _InnerTls(Watched, SSLTransport):
    """Speak TLS inside of TLS, which the ssl module does not do."""

    def pending(self) -> int:
        """Return how many bytes came already and were not read yet, in any of the layers."""
        below = t.cast(ssl.SSLSocket, self.socket)
        return self.sslobj.pending() + self.incoming.pending + below.pending()


def shake_hands(sock: t.Any, peer: Peer) -> t.Any:
    """Return a socket with TLS to ``peer`` over ``sock``, in the time that is left."""
    context = t.cast(ssl.SSLContext, peer.context)
    with _closing_on_error(sock):
        sock.settimeout(CALL.time_left())
        if isinstance(sock, ssl.SSLSocket):
            return _InnerTls(sock, context, server_hostname=peer.name)
        return context.wrap_socket(sock, server_hostname=peer.name)


@contextlib.contextmanager
def _closing_on_error(sock: t.Any) -> t.Iterator[None]:
    try:
        yield
    except BaseException:
        sock.close()
        raise


def _ask_for_tunnel(sock: t.Any, proxy: str, address: str, headers: dict[str, str]) -> None:
    """Have a proxy connect us to the server (RFC 9110 9.3.6).

    :param proxy: host and port of the proxy, for errors
    :param address: host and port of the server
    :raises TimeoutError: as without a proxy, because the proxy answers when it has reached the server
    :raises ProxyFailed: the proxy refuses, or makes no sense
    """
    lines = [
        f"CONNECT {address} HTTP/1.1",
        f"Host: {address}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    try:
        sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        with FinalResponse(sock, method="CONNECT") as response:
            response.begin()
    except TimeoutError:
        raise
    except ERRORS as exc:
        raise ProxyFailed(proxy) from exc
    if not 200 <= response.status < 300:
        raise ProxyFailed(proxy, response.status)
    if sock.left_over:
        # It would be missing in the handshake, and came before that had begun.
        raise ProxyFailed(proxy)


def _proxy_headers(proxy: str) -> dict[str, str]:
    """Return the header with user and password of a proxy's URL, in UTF-8 (RFC 7617), for the proxy alone."""
    user = urllib.parse.unquote(urllib.parse.urlsplit(proxy).netloc.rpartition("@")[0])
    return {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"} if user else {}


def environment_proxy(url: str) -> str | None:
    """Return the URL of the proxy that HTTPS_PROXY and its like, less NO_PROXY, name for a server, or None."""
    proxy = utils.select_proxy(url, utils.get_environ_proxies(url, no_proxy=None))
    return str(utils.prepend_scheme_if_needed(proxy, "http")) if proxy else None


def _proxy_url(settings: Settings) -> str | None:
    """Return the URL of the proxy for this server, if there is to be one. Raises ConfigError."""
    if settings.proxy is None:
        return None
    proxy: str | None = settings.proxy.reveal()
    if proxy == FROM_ENVIRONMENT:
        proxy = environment_proxy(settings.url)
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
