# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send requests of the caller's own making, with the login, the deadline and the retries of all others."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import time
import typing as t
import urllib.parse

from ._core.client.auth import FORM, Token
from ._core.client.direct_api import DirectApi
from ._core.client.hints import oauth1_hint
from ._core.dialects.envelope import says_error
from ._core.dialects.response import Response, parse_response
from ._core.errors import ConfigError, SenhaseguraError, TokenRefused
from ._core.models import texts
from ._core.redaction import KnownSecrets
from ._core.retry import Replay
from ._core.settings.settings import Settings
from ._core.transport.deadline import Deadline
from ._core.transport.session import Transport

# What a gateway answers with while the server is away. Where that is safe, the request is sent again.
_BUSY = (429, 502, 503, 504)
# Headers of a request that are not the caller's.
_OURS = ("Authorization", "Content-Length", "Content-Type", "Host")
# Names of fields whose values must not be shown.
_SECRET_NAME = re.compile(r"pass|secret|senha|token|key|content", re.IGNORECASE)
Values = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ApiResponse:
    """The response to a request of the caller's own. Its repr shows no body, which may be a secret."""

    method: str
    path: str
    status_code: int
    headers: t.Mapping[str, str]
    content: bytes = dataclasses.field(repr=False)
    server: str = ""
    known: KnownSecrets = dataclasses.field(default_factory=KnownSecrets, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Return whether ``raise_for_status`` raises nothing."""
        try:
            self.raise_for_status()
        except SenhaseguraError:
            return False
        return True

    @property
    def text(self) -> str:
        """Return the body as text. What is not UTF-8 in it is replaced."""
        return self.content.decode("utf-8-sig", "replace")

    def json(self) -> t.Any:
        """Return the JSON document in the body. Raises ValueError."""
        return json.loads(self.content.decode("utf-8-sig"))

    def raise_for_status(self) -> None:
        """Raise the APIError that the response reports, by its status or, with 200, by its document."""
        if 200 <= self.status_code < 300:
            try:
                document = self.json()
            except (ValueError, RecursionError):
                return
            if not isinstance(document, dict) or not says_error(document):
                return
        self._parse()

    def _parse(self) -> None:
        """Raise what the response means."""
        response = Response(self.status_code, self.headers, self.content)
        module = "dsm" if "/dsm/" in self.path or "/sctm/" in self.path or "/dapp/" in self.path else "pam"
        try:
            parse_response(response, module=module, secrets=self.known.texts, now=time.time())
        except SenhaseguraError as exc:
            place = self.path.partition("?")[0]
            raise exc.with_context(server=self.server, endpoint=f"{self.method} {place}") from None


class RawApi(DirectApi):
    """The API of one server, with requests of the caller's own beside those that the dialects know."""

    def __init__(self, settings: Settings) -> None:
        self._http = Transport(settings)
        super().__init__(settings, transport=self._http, known=KnownSecrets())

    def close(self) -> None:
        """Close the connections. Nothing can be sent any more."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Values | None = None,
        json: t.Any = None,
        data: Values | None = None,
        headers: t.Mapping[str, str] | None = None,
    ) -> ApiResponse:
        """Send a request, and return its response, whatever its status is but 401, 429, 502, 503 and 504.

        After 401 the token is renewed once. A GET is sent again when no response came; others only where the server
        has certainly not got them. Raises APIError.

        :param path: below base_url; it begins with a slash
        :param params: the query; a value of None is left out
        :param json: the body as a JSON document
        :param data: the body as a form
        """
        if not path.startswith("/") or not path.isprintable():
            raise ConfigError("path must begin with a slash", hint="Give the path alone: base_url has the rest")
        body, content_type = _body(json, data)
        # The server may quote in an error what it has just got.
        self._known.add(_secrets(json if data is None else data))
        sent = {name: value for name, value in (headers or {}).items() if name.title() not in _OURS} | content_type
        query = {name: str(value) for name, value in (params or {}).items() if value is not None}
        deadline, renewed = self.deadline(), False
        replay = Replay.SAFE if method == "GET" else Replay.ONCE
        while True:
            try:
                token = None if self._signer else self._valid_token(deadline)
                send = functools.partial(self._send_raw, method, path, query, body, sent, token, deadline)
                response: ApiResponse = self._attempts.run(send, replay, deadline)
                return response
            except TokenRefused:
                if self._signer or renewed:
                    raise
                # A refused request was not applied, so writes are sent again as well.
                renewed = True
            except SenhaseguraError as exc:
                raise exc.with_context(server=self.server, endpoint=f"{method} {path.partition('?')[0]}") from None

    def _send_raw(
        self,
        method: str,
        path: str,
        query: dict[str, str],
        body: bytes | None,
        headers: dict[str, str],
        token: Token | None,
        deadline: Deadline,
    ) -> ApiResponse:
        answer = self._transport.send(
            method,
            path,
            deadline=deadline,
            headers={**headers, **(token.header() if token else {})},
            query=query or None,
            body=body,
            auth=self._signer,
        )
        response = ApiResponse(method, path, answer.status, answer.headers, answer.body, self.server, self._known)
        try:
            if answer.status == 401 or answer.status in _BUSY:
                response.raise_for_status()
        except TokenRefused as exc:
            if token:
                self._drop(token)
            else:
                exc.message, exc.hint = "the server does not accept the signature", oauth1_hint(answer)
            raise
        return response


def _body(document: t.Any, data: Values | None) -> tuple[bytes | None, dict[str, str]]:
    """Return the body of a request, and the header that says what it is. Raises ConfigError."""
    if document is not None and data is not None:
        raise ConfigError("json and data exclude each other", hint="Give one of them")
    if data is not None:
        return urllib.parse.urlencode(data).encode(), {"Content-Type": FORM}
    if document is None:
        return None, {}
    try:
        return json.dumps(document, allow_nan=False).encode(), {"Content-Type": "application/json"}
    except (TypeError, ValueError):
        # The text of the error shows the value.
        raise ConfigError("json has a value that JSON has no form for", hint="Make it a text") from None


def _secrets(value: t.Any) -> list[str]:
    """Return the texts in a document under names that say that they are secret."""
    if isinstance(value, t.Mapping):
        named = [texts(part) for name, part in value.items() if _SECRET_NAME.search(str(name))]
        return [text for found in (*named, *map(_secrets, value.values())) for text in found]
    return [text for part in value for text in _secrets(part)] if isinstance(value, (list, tuple)) else []
