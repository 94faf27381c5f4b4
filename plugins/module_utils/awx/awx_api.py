# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talk to the REST API of AWX and of the automation controller. It has its own transport, and no token is made."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import typing as t

from ..errors import (
    AuthenticationFailed,
    ConfigError,
    Context,
    Denied,
    InvalidRequest,
    NotFound,
    SenhaseguraError,
    ServerBusy,
    ServerFailed,
    UnexpectedResponse,
)
from ..redaction import redact
from ..settings.settings import Settings
from ..settings.url import check_url
from ..transport.deadline import Deadline
from ..transport.session import Transport

Json = dict[str, t.Any]
# The most that AWX gives by default.
_PAGE = 200
_API_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+\Z")
# Options of the transport, which its errors name; here they begin with awx_.
_OPTIONS = re.compile(r"\b(url|validate_certs|ca_path|timeout|allow_http)\b(?!/)")
_ERRORS: t.Mapping[int, tuple[type[SenhaseguraError], str, str]] = {
    400: (InvalidRequest, "AWX refuses the values", "Correct the fields of this object"),
    401: (AuthenticationFailed, "AWX does not accept the login", "Check awx_token, or awx_username and awx_password"),
    403: (
        Denied,
        "the user of AWX may not do this",
        "Use a user that administrates the organization; credential types need a system administrator",
    ),
    404: (NotFound, "AWX has no such object or path", "Check awx_url and awx_api_path"),
    409: (InvalidRequest, "AWX refuses this now, because the object is in use", "Run it again when no job uses it"),
}
_BUSY = (429, 502, 503, 504)


class AwxApi:
    """Read and write objects of one AWX. Not for threads."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        username: str | None = None,
        password: str | None = None,
        api_path: str = "/api/v2",
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: float = 30.0,
        allow_http: bool = False,
    ) -> None:
        """Make the transport, without connecting. Raises ConfigError for what is wrong with the arguments.

        :param token: a personal token; without it, user name and password are sent with each request
        :param timeout: seconds for each request
        :param allow_http: whether url may begin with http://
        """
        if not _API_PATH.match(api_path):
            raise ConfigError(
                "awx_api_path must be a path, such as /api/v2", hint="For an AAP with a gateway: /api/controller/v2"
            ).with_context(option="awx_api_path")
        with _OwnWords():
            settings = Settings(
                url=check_url(url, allow_http=allow_http),
                validate_certs=validate_certs,
                ca_path=ca_path,
                timeout=timeout,
                allow_http=allow_http,
            )
            self._transport = Transport(settings)
        self.server, self._path, self._timeout = settings.server, api_path, timeout
        login = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Bearer {token}" if token else login}
        self._secrets = [text for text in (token, password, None if token else login[6:]) if text]

    def hide(self, secrets: t.Iterable[str]) -> None:
        """Take secrets out of what the server is quoted with."""
        self._secrets += secrets

    def get(self, path: str) -> Json:
        """Return an object. Raises an error of ours if there is none."""
        return self._send("GET", path)

    def list(self, path: str, **filters: t.Any) -> list[Json]:
        """Return all objects of a list that have these values."""
        found: list[Json] = []
        number = 1
        while True:
            query = {**{name: str(value) for name, value in filters.items()}, "page_size": str(_PAGE)}
            page = self._send("GET", path, {**query, "page": str(number)})
            results = page.get("results")
            if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
                raise UnexpectedResponse("the answer is no list of AWX", hint="Check awx_url and awx_api_path")
            found += results
            if not page.get("next"):
                return found
            number += 1

    def post(self, path: str, body: Json) -> Json:
        """Create or start something, and return the answer; {} where it has no content."""
        return self._send("POST", path, body=body)

    def patch(self, path: str, body: Json) -> Json:
        """Change fields of an object, and return it."""
        return self._send("PATCH", path, body=body)

    def delete(self, path: str) -> None:
        """Delete an object."""
        self._send("DELETE", path)

    def _send(self, method: str, path: str, query: t.Mapping[str, str] | None = None, body: Json | None = None) -> Json:
        # With a slash at the end: AWX redirects otherwise, and a redirect is not followed.
        target = f"{self._path}/{path}/"
        content = None if body is None else json.dumps(body).encode()
        headers = self._headers if content is None else {**self._headers, "Content-Type": "application/json"}
        context = {"server": self.server, "endpoint": f"{method} {target}"}
        with _OwnWords(**context):
            answer = self._transport.send(
                method, target, deadline=Deadline(self._timeout), headers=headers, query=query, body=content
            )
        if not 200 <= answer.status < 300:
            raise self._refusal(answer.status, answer.body).with_context(**context, status=answer.status)
        if not answer.body:
            return {}
        document = _document(answer.body)
        if not isinstance(document, dict):
            raise UnexpectedResponse(
                "the answer is no JSON object", hint="Check that awx_url names an AWX, and awx_api_path its API"
            ).with_context(**context, status=answer.status)
        return document

    def _refusal(self, status: int, body: bytes) -> SenhaseguraError:
        """Return the error for a status that is not good, with the words of the server but without our secrets."""
        said = redact("; ".join(_words(_document(body))), self._secrets)
        context = Context(server_message=said)
        if status in _BUSY:
            return ServerBusy("AWX is too busy, or is being restarted", hint="Run it again later", context=context)
        if 300 <= status < 400:
            return UnexpectedResponse("AWX redirects", hint="Give awx_url as the redirect has it, with https://")
        kind, message, hint = _ERRORS.get(
            status, (ServerFailed, "AWX reports an error", "Look at the log of AWX (web and task)")
        )
        return kind(message, hint=hint, context=context)


class _OwnWords:
    """Give errors of the transport the option names of this API, and say where they happened."""

    def __init__(self, **context: str) -> None:
        self._context = context

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, SenhaseguraError):
            error.message, error.hint = (_OPTIONS.sub(r"awx_\1", text) for text in (error.message, error.hint))
            option = _OPTIONS.sub(r"awx_\1", error.context.option)
            error.context = dataclasses.replace(error.context, option=option)
            error.with_context(**self._context)


def _document(body: bytes) -> t.Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _words(document: t.Any, place: str = "") -> t.Iterator[str]:
    """Go through what AWX says about fields: {"field": ["sentence"]}, or {"detail": "sentence"}."""
    if isinstance(document, str):
        yield f"{place}: {document}" if place else document
    elif isinstance(document, list):
        for item in document:
            yield from _words(item, place)
    elif isinstance(document, dict):
        for name, value in document.items():
            yield from _words(value, place if name in ("detail", "error", "__all__") else str(name))
