# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Go the way to a server step by step, for those who want to know where it ends. Each step is that of a request."""

from __future__ import annotations

import contextlib
import dataclasses
import ssl
import typing as t

from ..errors import SenhaseguraError
from ..settings.settings import Settings
from ..settings.url import shown_host
from .connection import ERRORS, Address, open_address, resolve
from .deadline import CALL, Deadline
from .failures import NAME_CODES, ProxyFailed, failure
from .route import Peer, Route, environment_proxy, shake_hands

# Seconds. An address that gets less time has no chance.
_SHORTEST = 0.1


@dataclasses.dataclass(frozen=True)
class Handshake:
    """What a TLS handshake has shown.

    ``expires_at`` is when the certificate of the server expires (Unix time), if it was checked. ``problem`` is why the
    certificate is not accepted, and ``is_about_name`` whether that is the host name alone.
    """

    version: str = ""
    expires_at: float | None = None
    problem: SenhaseguraError | None = None
    is_about_name: bool = False


class Way:
    """The way to the server of the settings. All its steps open connections of their own, and close them."""

    def __init__(self, settings: Settings) -> None:
        """Read the certificates. Raises ConfigError."""
        self._settings = settings
        self._route = self._new_route()
        self._first: Peer = self._route.proxy or self._route.server

    @property
    def proxy(self) -> str:
        """Return host and port of the proxy that is used, or ""."""
        return self._route.proxy.address if self._route.proxy else ""

    @property
    def unused_proxy(self) -> str:
        """Return host and port of the proxy that the environment names and that is not used, or ""."""
        url = None if self._route.proxy else environment_proxy(self._settings.url)
        try:
            return Peer.of(url, dataclasses.replace(self._settings, client_cert=None)).address if url else ""
        except ValueError:
            return ""

    @property
    def first_host(self) -> str:
        """Return the host to which connections are opened: that of the proxy, or of the server."""
        return shown_host(self._first.host)

    def addresses(self, seconds: float) -> list[Address]:
        """Look the first host up. Raises ConnectionFailed."""
        with self._step(seconds):
            return resolve(self._first.host, self._first.port)

    def connect(self, addresses: t.Sequence[Address], seconds: float) -> list[tuple[Address, SenhaseguraError]]:
        """Open a connection to each address, and return those where that was not possible, with the reason.

        :param seconds: for all of them; a silent address leaves time for the others
        """
        deadline = Deadline(seconds)
        wrong: list[tuple[Address, SenhaseguraError]] = []
        for index, address in enumerate(addresses):
            share = max(_SHORTEST, deadline.remaining() / (len(addresses) - index))
            try:
                with self._step(share):
                    open_address(address, share).close()
            except SenhaseguraError as exc:
                wrong.append((address, exc))
        return wrong

    def reach(self, seconds: float) -> None:
        """Go as far as the server, through the proxy if there is one. Raises ConnectionFailed."""
        with self._step(seconds, by_proxy=False):
            self._route.reach().close()

    def shake_hands(self, seconds: float, *, check_name: bool = True) -> Handshake:
        """Speak TLS with the server. Raises ConnectionFailed, or ConfigError if it wants a client certificate.

        :param check_name: whether the certificate must be for the host name of the server
        """
        route = self._new_route()
        context = route.server.context
        if context is None:
            raise ValueError("the url of the server is not https")
        context.check_hostname = context.check_hostname and check_name
        with self._step(seconds, by_proxy=False):
            sock = route.reach()
            try:
                secure = shake_hands(sock, route.server)
            except ssl.SSLCertVerificationError as exc:
                return Handshake(problem=failure(exc, sent=False), is_about_name=exc.verify_code in NAME_CODES)
            with contextlib.closing(secure):
                # Empty where nobody has checked it.
                certificate = secure.getpeercert() or {}
                end = certificate.get("notAfter")
                return Handshake(secure.version() or "", ssl.cert_time_to_seconds(end) if end else None)

    def _new_route(self) -> Route:
        try:
            return Route(self._settings)
        except ValueError as exc:
            raise failure(exc, sent=False) from None

    @contextlib.contextmanager
    def _step(self, seconds: float, *, by_proxy: bool = True) -> t.Iterator[None]:
        """Hold a step to its time, and turn what goes wrong into an error of ours.

        :param by_proxy: whether it is about the proxy alone, if there is one
        """
        with CALL.until(Deadline(seconds)):
            try:
                yield
            except ERRORS as exc:
                about_proxy = by_proxy and self._route.proxy is not None
                cause = ProxyFailed(self.proxy, cause=exc) if about_proxy else exc
                raise failure(cause, sent=False) from None
