# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send requests to one server and read its answers: the only network code, and requests does the work.

requests is made for the web. What it does on its own there is closed here (security-and-rotation.md 2.1): redirects
re-send secrets, C(~/.netrc) replaces the token, and the environment brings proxies and CAs. Cookies are not kept,
compressed answers are refused, and nothing is sent twice: what may be repeated, Session decides.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import io
import logging
import re
import sys
import typing as t
import urllib.parse
import weakref

from ..dialects.response import Response
from ..errors import ConfigError, UnexpectedResponse, missing_library
from ..settings.settings import Settings
from .connection import ERRORS, Adapter, Pool
from .deadline import CALL, Deadline
from .failures import failure
from .route import Route

try:
    import requests

    HAS_REQUESTS = True
    _Base: t.Any = requests.Session
except ImportError:
    HAS_REQUESTS = False
    _Base = object

_CHUNK = 64 * 1024
USER_AGENT = "community.senhasegura"
# What no value of a header may have: line breaks and other control characters, and what is not in Latin-1.
_UNFIT = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
# What may stand in the target of a request as it is (RFC 3986), with the % of what is quoted already.
_TARGET = "!$&'()*+,;=:@/?%"
_EXPECT_BODY = ("POST", "PUT", "PATCH")

Auth = t.Callable[[t.Any], t.Any]


class _Session(_Base):
    """Follow no redirect. requests would read and unpack the answer, only to tell where the redirect leads."""

    def get_redirect_target(self, resp: t.Any) -> None:
        """Return None: no answer is a redirect."""


class Transport:
    """Talk to one server. Safe for threads. After a fork, each process has its own connections."""

    def __init__(self, settings: Settings) -> None:
        """Make the session, without connecting. Raises ConfigError for what is wrong with the settings."""
        if not HAS_REQUESTS:
            raise missing_library("the Python library requests is missing on the controller", "requests")
        # urllib3 logs paths at DEBUG, and warns on stderr of headers (which it quotes) and of a full pool.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        try:
            self._route = Route(settings)
            server = self._route.server
            pool = Pool(server.name, server.port, route=self._route.connect)
        except ValueError as exc:
            raise failure(exc, sent=False) from None
        self._base = urllib.parse.urlsplit(settings.url).path
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        adapter = Adapter(pool, absolute=self._route.is_forwarded)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        weakref.finalize(self, self._session.close)

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
    ) -> Response:
        """Send one request and read its whole answer, once.

        :param path: below the path of the option url
        :param headers: besides Host, Accept, Accept-Encoding, User-Agent and Content-Length, which are all others
        :param auth: signs the request, as requests calls it
        :raises ConnectionFailed: the request was certainly not applied
        :raises ResponseLost: it was perhaps applied
        :raises UnexpectedResponse: the answer is too large, compressed, or a switch to another protocol
        :raises ConfigError: a header cannot be sent, or a certificate is not accepted
        """
        common = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT}
        headers = {**self._route.headers, **common, **headers}
        _refuse_unfit(headers)
        target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        url = self._route.server.origin + urllib.parse.quote(self._base + target, safe=_TARGET)
        outer = sys.exc_info()[1]
        with CALL.until(deadline):
            try:
                deadline.require()
                # Not by the session, which would add headers and cookies of its own.
                prepared = requests.Request(method, url, headers=headers, data=body, auth=auth).prepare()
                if body is None and method not in _EXPECT_BODY:
                    # requests sends a length of 0 with a DELETE (RFC 9110 8.6 does not want it).
                    prepared.headers.pop("Content-Length", None)
                with self._session.send(prepared, stream=True, allow_redirects=False) as response:
                    return _read(response, deadline)
            except ERRORS as exc:
                raise failure(exc, sent=CALL.sent, outer=outer) from None

    def close(self) -> None:
        """Close the connections that are open and idle. Nothing can be sent any more."""
        self._session.close()


def _refuse_unfit(headers: t.Mapping[str, str]) -> None:
    """Raise ConfigError for a value that would end its header, or cannot be sent."""
    if any(_UNFIT.search(value) for value in headers.values()):
        raise ConfigError(
            "a value that goes into a header has line breaks or other characters that cannot be sent there",
            hint="Check client_id and client_secret",
        )


def _read(response: t.Any, deadline: Deadline) -> Response:
    """Read the body of an answer. Not by ``response.content``, which unpacks what is compressed."""
    raw = response.raw
    if response.status_code == http.HTTPStatus.SWITCHING_PROTOCOLS:
        raise UnexpectedResponse("the server switches to another protocol, for which nobody has asked")
    headers = _headers(raw.headers.items())
    if headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise UnexpectedResponse("the answer is compressed although the request forbids it")
    # Gives its content away without a copy.
    body = io.BytesIO()
    while chunk := raw.read(_CHUNK, decode_content=False):
        body.write(chunk)
        deadline.require()
    # urllib3 1.26 counts down what it has read, but says nothing when that ends too early.
    if raw.length_remaining:
        raise http.client.IncompleteRead(b"", raw.length_remaining)
    return Response(status=response.status_code, headers=headers, body=body.getvalue())


def _headers(items: t.Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return names in lower case. Different values of one name are joined, and folded lines are one."""
    found: dict[str, list[str]] = {}
    for name, value in items:
        plain = " ".join(line.strip() for line in value.split("\n")) if "\n" in value else value
        found.setdefault(name.lower(), []).append(plain)
    return {name: ", ".join(dict.fromkeys(values)) for name, values in found.items()}
