# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talk to one server without the broker: find its dialect, log in, and make calls with their retries."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import json
import math
import threading
import time
import typing as t
import urllib.parse

from ..dialects.catalog import AUTO_ORDER, DIALECTS
from ..dialects.dialect import Call, Dialect
from ..dialects.operations import MYSAFE, Operation
from ..dialects.response import Response, parse_response
from ..dialects.strict_json import Json
from ..errors import (
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    NoRoute,
    SenhaseguraError,
    TokenRefused,
    UnexpectedResponse,
)
from ..models import Stored, secret_leaves
from ..redaction import KnownSecrets, redact
from ..references import fill_path
from ..retry import Replay
from ..settings.settings import Settings
from ..transport.deadline import Deadline
from ..transport.session import Transport
from . import auth
from .api import Api
from .attempts import Attempts
from .decrypt import decrypter
from .hints import DIALECT_HINTS, explain, no_route_hint, oauth1_hint, say_for_mysafe

_Result = t.TypeVar("_Result")


class Sender(t.Protocol):
    """What a session needs of a transport. Tests put a table of answers in its place."""

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: Deadline,
        headers: t.Mapping[str, str],
        query: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        auth: t.Any = None,
    ) -> Response:
        """Send one request and read its whole answer."""


class DirectApi(Api):
    """The API of one server over HTTP. Thread-safe: threads share one login."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Sender | None = None,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Callable[[float], None] = time.sleep,
        login_pause: float = 30.0,
        known: KnownSecrets | None = None,
        until: t.Callable[[], float] = lambda: math.inf,
        spent: float = 0.0,
    ) -> None:
        """Make an API. Nothing is sent before the first call.

        :param login_pause: seconds to wait after a rejected login, so that many hosts cannot lock the client out
        :param known: also redact these from server messages, which may echo a value just returned; shared by a run
        :param until: returns the monotonic time after which no write is sent, and nothing is sent again
        :param spent: how many seconds of the timeout of the first operation the way here has taken
        """
        self._settings = settings
        self._transport = transport or Transport(settings)
        self._clock = clock
        self._login_pause = login_pause
        self._until, self._spent = until, spent
        self._decrypt = decrypter(settings.decryption_key.reveal() if settings.decryption_key else None)
        self._known = known or KnownSecrets()
        self._known.add(settings.secrets())
        self._signer = auth.oauth1_signer(settings) if settings.auth_method == "oauth1" else None
        self._lock = threading.RLock()
        self._attempts = Attempts(settings, clock, sleep)
        self._token: auth.Token | None = None
        self._refusal: tuple[float, AuthenticationFailed] | None = None
        # What the login that is under way has met so far.
        self._login_problem: SenhaseguraError | None = None
        self._guessing = settings.dialect == "auto"
        # With OAuth 1 there is no token call to tell the dialect by: the first PAM call does.
        named = AUTO_ORDER[0] if self._guessing else settings.dialect
        self._dialect: Dialect | None = DIALECTS[named] if self._signer or not self._guessing else None

    @property
    def server(self) -> str:
        return self._settings.server

    def deadline(self, timeout: float | None = None) -> Deadline:
        """Return the deadline of an operation that begins now: ``timeout`` seconds, or the setting if that is less."""
        longest, self._spent = self._settings.timeout - self._spent, 0.0
        return Deadline(longest if timeout is None else min(timeout, longest), self._clock)

    def dialect(self, deadline: Deadline | None = None) -> Dialect:
        """Return the dialect of the server. With C(auto), the login finds it out. Raises SenhaseguraError."""
        return self._known_dialect(deadline or self.deadline())

    def log_in(self) -> Dialect:
        """Log in, where that has a call of its own (OAuth 2), and return the dialect as far as it is known then.

        Raises SenhaseguraError.
        """
        deadline = self.deadline()
        if not self._signer:
            self._valid_token(deadline)
        return self._known_dialect(deadline)

    def call(
        self,
        operation: Operation[_Result],
        *,
        ref: str = "",
        model: t.Any = None,
        subject: str = "",
        fresh: bool = False,
        deadline: Deadline | None = None,
        not_after: float = math.inf,
    ) -> _Result:
        """Carry out an operation of the dialect and return what it decodes.

        :param ref: the id or name that goes into the path
        :param model: the write model that the operation encodes
        :param subject: what to call the object in errors, such as C(credential web-root)
        :param deadline: that of the operation which this is a part of
        :param not_after: monotonic time after which no write is sent, and nothing is sent again
        """
        deadline, not_after = deadline or self.deadline(), min(not_after, self._until())
        self._known.add(secret_leaves(model))
        context = {"operation": operation.name, "subject": subject, "server": self.server}
        renewed, replay = False, operation.replay
        try:
            dialect = self._known_dialect(deadline)
            while True:
                call = dialect.call(operation)
                if model is not None:
                    dialect.check_writable(operation, model)
                context["endpoint"] = call.endpoint
                try:
                    # Outside of the retries of the call: logging in has its own.
                    token = None if self._signer else self._valid_token(deadline)
                    if replay is not Replay.SAFE and self._clock() >= not_after:
                        # Logging in has taken so long that others may have gone on since.
                        raise ConnectionFailed("the deadline of the task is over", hint="Nothing was sent")
                    send = functools.partial(self._once, call, ref, model, token, deadline)
                    result: _Result = self._attempts.run(send, replay, deadline, not_after)
                    return self._without_secrets(result)
                except TokenRefused:
                    if self._signer or renewed:
                        raise
                    # A refused request was not applied, so writes are sent again as well.
                    renewed = True
                except NoRoute as exc:
                    # No such path: nothing was applied.
                    following = self._next_dialect(dialect, call)
                    if following is dialect:
                        exc.hint = no_route_hint(dialect, call)
                        raise
                    dialect = following
                except UnexpectedResponse as exc:
                    if dialect.name == "rest" and exc.hint == exc.default_hint:
                        exc.hint = DIALECT_HINTS["rest"]
                    raise
        except SenhaseguraError as exc:
            # Not for a failed login, which has an operation of its own.
            if not exc.context.operation:
                explain(exc, operation)
            if operation.area in MYSAFE:
                say_for_mysafe(exc)
            raise exc.with_context(**context) from None

    def _next_dialect(self, used: Dialect, call: Call[t.Any]) -> Dialect:
        """Return what to try when ``used`` has no such path on this server. Releases before 3.33 may have /api for the
        token only. It is the same dialect if there is nothing else to try.
        """
        with self._lock:
            if self._guessing and used.name == AUTO_ORDER[0] and call.module == "pam":
                self._dialect, self._guessing = DIALECTS[AUTO_ORDER[1]], False
            # Another thread may have settled it already.
            return self._dialect or used

    def _once(
        self, call: Call[_Result], ref: str, model: t.Any, token: auth.Token | None, deadline: Deadline
    ) -> _Result:
        """Send a call once and decode its answer."""
        fields: Json = call.encode(ref if model is None else model) if call.encode else {}
        path = fill_path(call.path, ref=ref) if "{ref}" in call.path else call.path
        headers = token.header() if token else {}
        query, body = None, None
        if call.body == "query":
            query = {name: str(value) for name, value in fields.items()}
        elif fields:
            body, headers["Content-Type"] = _encode(fields, call.body)
        answer = self._transport.send(
            call.method, path, deadline=deadline, headers=headers, query=query, body=body, auth=self._signer
        )
        try:
            document = parse_response(
                answer,
                module=call.module,
                secrets=self._known.texts,
                now=time.time(),
                lists=call.lists,
                names_object=call.names_object,
            )
        except TokenRefused as exc:
            if token:
                self._drop(token)
            else:
                exc.message, exc.hint = "the server does not accept the signature", oauth1_hint(answer)
            raise
        if call.module == "pam":
            self._guessing = False
        return call.decode(document, self._unseal)

    def _without_secrets(self, result: _Result) -> _Result:
        """Return the result with secrets redacted in what warnings quote of it: names that the server sends."""
        if not isinstance(result, Stored) or not (result.devices_error or result.unshared):
            return result
        known = self._known.texts()
        devices, unshared = (
            tuple(redact(name, known) for name in names) for names in (result.devices_error, result.unshared)
        )
        return dataclasses.replace(result, devices_error=devices, unshared=unshared)

    def _unseal(self, value: str) -> str:
        opened = self._decrypt(value)
        self._known.add([opened])
        return opened

    @contextlib.contextmanager
    def _logging_in(self, deadline: Deadline) -> t.Iterator[None]:
        """Let one thread log in at a time. The others wait no longer than their own deadlines allow."""
        if not self._lock.acquire(timeout=max(0.0, deadline.remaining())):
            problem = self._login_problem
            if problem is not None:
                raise copy.copy(problem)
            raise ConnectionFailed(
                "the server has not answered the login of another task in time", hint="Raise timeout"
            )
        try:
            yield
        finally:
            self._lock.release()

    def _known_dialect(self, deadline: Deadline) -> Dialect:
        if self._dialect:
            return self._dialect
        with self._logging_in(deadline):
            # Another thread may have found it out while this one waited.
            return self._dialect or self._log_in(deadline)

    def _valid_token(self, deadline: Deadline) -> auth.Token:
        with self._logging_in(deadline):
            if self._token is None or self._clock() >= self._token.renew_at:
                self._log_in(deadline)
            if self._token is None:
                raise AssertionError("unreachable: a login that does not raise sets it")
            return self._token

    def _drop(self, token: auth.Token) -> None:
        with self._lock:
            # Another thread may have renewed it already.
            if self._token is token:
                self._token = None

    def _log_in(self, deadline: Deadline) -> Dialect:
        """Get a token, and with C(auto) find out the dialect: the first whose token path exists."""
        with self._logging_in(deadline):
            if self._refusal and self._clock() < self._refusal[0]:
                raise copy.copy(self._refusal[1])
            names = AUTO_ORDER if self._dialect is None else (self._dialect.name,)
            headers, body = auth.token_request(self._settings)
            for name in names:
                path = DIALECTS[name].token_path
                context = {"operation": "token", "endpoint": f"POST {path}", "server": self.server}
                try:
                    send = functools.partial(self._token_answer, path, headers, body, deadline)
                    answer = self._attempts.run(send, Replay.SAFE, deadline)
                    self._token = auth.parse_token(answer, now=self._clock())
                    self._known.add([self._token.value.reveal()])
                except NoRoute as exc:
                    if name == names[-1]:
                        exc.hint = (
                            "Check url (scheme, host, port and path): neither form of the API answers there"
                            if len(names) > 1
                            else DIALECT_HINTS[name]
                        )
                        raise exc.with_context(**context) from None
                except AuthenticationFailed as exc:
                    # Copied before it gets the context of the call that it stops, here and above.
                    self._refusal = (self._clock() + self._login_pause, copy.copy(exc.with_context(**context)))
                    raise
                except SenhaseguraError as exc:
                    raise exc.with_context(**context) from None
                else:
                    self._dialect = self._dialect or DIALECTS[name]
                    return self._dialect
            raise AssertionError("unreachable: the last name returns or raises")

    def _token_answer(self, path: str, headers: dict[str, str], body: bytes, deadline: Deadline) -> Json:
        try:
            answer = self._transport.send("POST", path, deadline=deadline, headers=headers, body=body)
            document = parse_response(answer, module="login", secrets=self._known.texts, now=time.time())
        except SenhaseguraError as exc:
            # For those who wait, with its own place: theirs would be that of their calls.
            self._login_problem = copy.copy(exc).with_context(operation="token", endpoint=f"POST {path}")
            raise
        self._login_problem = None
        return document


def _encode(fields: Json, form: str) -> tuple[bytes, str]:
    try:
        # DSM takes both, and a form has no lists (facts-dsm.md 1).
        if form == "form" and not any(isinstance(value, (list, dict)) for value in fields.values()):
            return urllib.parse.urlencode(fields).encode(), auth.FORM
        # YAML makes dates of some texts, and the server takes texts.
        document = json.dumps(fields, ensure_ascii=False, allow_nan=False, default=str)
        return document.encode(), "application/scim+json" if form == "scim" else "application/json"
    except (ValueError, TypeError):
        raise ConfigError(
            "a value cannot be sent as text (NaN, Infinity, or bytes that are not UTF-8)",
            hint="Correct it; encode binary values, for example in base64",
        ) from None
