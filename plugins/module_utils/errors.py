# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of the collection: one root, one class for each thing that a caller handles differently.

An error says what failed, for which credential, at which server and endpoint, what the server said, and what to do
about it. It never holds a value: from ansible-core 2.19 on, ``no_log`` does not hide failure text.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .redaction import printable

_Error = t.TypeVar("_Error", bound="SenhaseguraError")


@dataclasses.dataclass(frozen=True)
class Context:
    """Where an error happened. Every field is safe to print.

    ``server`` is the base URL with its port and without user and password. ``server_message`` holds the server's own
    words, which have no secrets any more (see ``redaction.redact``). ``code`` is the error number of the server.
    """

    operation: str = ""
    endpoint: str = ""
    subject: str = ""
    status: int | None = None
    code: int | None = None
    option: str = ""
    server: str = ""
    server_message: str = ""

    def place(self, message: str = "") -> str:
        """Return subject, server, endpoint and numbers in one text. The subject is left out if ``message`` names it."""
        parts = (
            "" if self.subject in message else self.subject,
            self.server,
            self.endpoint,
            f"HTTP {self.status}" if self.status is not None else "",
            f"server code {self.code}" if self.code is not None else "",
        )
        return ", ".join(part for part in parts if part)


class SenhaseguraError(Exception):
    """Root of all errors. ``hint`` is the sentence that tells the reader what to do."""

    kind = "error"
    default_hint = ""

    def __init__(self, message: str, *, hint: str = "", context: Context | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.context = context or Context()

    @property
    def status_code(self) -> int | None:
        """Return the HTTP status of the response, or None if there was none. Users of the Python library read it."""
        return self.context.status

    def with_context(self: _Error, **fields: t.Any) -> _Error:
        """Fill in those fields of the context that are still empty, and return the error itself."""
        missing = {name: value for name, value in fields.items() if getattr(self.context, name) in ("", None)}
        self.context = dataclasses.replace(self.context, **missing)
        return self

    def __str__(self) -> str:
        place = self.context.place(self.message)
        said = self.context.server_message
        sentences = (
            f"{self.message} ({place})" if place else self.message,
            f'The server says "{said.rstrip(".")}"' if said else "",
            self.hint,
        )
        # Names come from users and servers, and may hold what a terminal or a log reader obeys.
        return printable(". ".join(sentence for sentence in sentences if sentence))

    def failure(self) -> dict[str, t.Any]:
        """Return the error as data, for the C(failure) key of a task result."""
        data = {"kind": self.kind, "message": self.message, "hint": self.hint, **dataclasses.asdict(self.context)}
        return {name: printable(value) if isinstance(value, str) else value for name, value in data.items()}


class ConfigError(SenhaseguraError):
    """An option is missing or has an unusable value. Nothing was sent."""

    kind = "configuration"


class ConnectionFailed(SenhaseguraError):
    """The server was not reached: the request has certainly not been applied."""

    kind = "connection"


class ConnectionsBusy(ConnectionFailed):
    """Other requests of this run have kept all connections busy. It says nothing of the server."""

    kind = "connections_busy"


class UnknownHost(ConnectionFailed):
    """The host name does not exist, so that trying again is of no use."""

    kind = "unknown_host"


class ResponseLost(SenhaseguraError):
    """The request was sent and no complete answer came back: it may or may not have been applied."""

    kind = "response_lost"


class UnexpectedResponse(SenhaseguraError):
    """A response came back that this dialect does not describe."""

    kind = "unexpected_response"
    default_hint = (
        "Check that url names a senhasegura server and that dialect (auto, api, iso or rest) fits its version"
    )


class NoRoute(UnexpectedResponse):
    """The gateway knows no such path: the request was not applied."""

    kind = "no_route"


class AuthenticationFailed(SenhaseguraError):
    """The server does not accept the client."""

    kind = "authentication"


class TokenRefused(AuthenticationFailed):
    """401 on a call: the token is expired or revoked, and renewing it may help."""

    kind = "token_refused"


class NotFound(SenhaseguraError):
    """The credential, key or secret does not exist, or the authorization may not see it."""

    kind = "not_found"


class Denied(SenhaseguraError):
    """The authorization may not do this."""

    kind = "denied"


class AlreadyDone(SenhaseguraError):
    """The server refuses because the object is already in that state (inactive, active, not in custody)."""

    kind = "already_done"


class InvalidRequest(SenhaseguraError):
    """The server refuses the values that were sent."""

    kind = "invalid_request"


class CustodyHeld(SenhaseguraError):
    """Something was read, and its custody could not be given back afterwards."""

    kind = "custody_held"


class ServerBusy(SenhaseguraError):
    """429, 502, 503 or 504. ``retry_after`` is what the server asked for, in seconds, or None."""

    kind = "server_busy"

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: t.Any) -> None:
        super().__init__(message, **kwargs)
        self.retry_after = retry_after


class ServerFailed(SenhaseguraError):
    """The server reports an error of its own."""

    kind = "server"


class Refused(SenhaseguraError):
    """This collection refuses: the request would lose something that cannot be had back."""

    kind = "refused"


class Unsupported(SenhaseguraError):
    """The dialect has no call for this, and none can be composed."""

    kind = "unsupported"


class ChangeNotSeen(SenhaseguraError):
    """A rotation was asked for and the server did not report a change in time."""

    kind = "change_not_seen"


# After these a request was certainly not applied: it did not reach the server, or was refused by it or before.
NOT_APPLIED = (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    Unsupported,
)


def missing_library(message: str, library: str) -> ConfigError:
    """Make the error for a missing Python library. ``message`` says what needs it."""
    return ConfigError(message, hint=f"Install it with the Python that runs this: python -m pip install {library}")
