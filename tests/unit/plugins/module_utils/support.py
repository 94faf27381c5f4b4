# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the client share: settings, answers, a scripted server without a network, and a clock."""

from __future__ import annotations

import copy
import json
import threading
import typing as t
import urllib.parse

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import Response
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import SecretStr
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings

CLIENT_ID = "id-4f1c2b9e8d7a6f5c"
CLIENT_SECRET = "Sq-9f8e7d6c5b4a-Qx"
TOKEN = "eyTokenQ1w2E3r4T5y6"
# Stands for everything that a server may send and nobody may see.
CANARY = "Kanarienvogel-7Zq4Xv9Lm2"
OAUTH1 = {
    "auth_method": "oauth1",
    "consumer_key": SecretStr("demo-consumer"),
    "consumer_secret": SecretStr("demo-consumer-secret"),
    "token_key": SecretStr("demo-token"),
    "token_secret": SecretStr("demo-token-secret"),
    "client_id": None,
    "client_secret": None,
}
TOKEN_PATHS = {"api": "/api/oauth2/token", "iso": "/iso/oauth2/token", "rest": "/iso/oauth2/token"}


def settings(**changes: t.Any) -> Settings:
    """Settings for a server that does not exist; ``changes`` are fields of Settings, secrets also as plain text."""
    known: dict[str, t.Any] = {
        "url": "https://pam.example.com",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "dialect": "api",
        "timeout": 5.0,
        "retries": 0,
        **changes,
    }
    for name in ("client_id", "client_secret", "proxy", "decryption_key", "client_cert", "client_key"):
        if isinstance(known.get(name), str):
            known[name] = SecretStr(known[name])
    return Settings(**known)


def answer(document: t.Any = None, status: int = 200, *, body: bytes | None = None, **headers: str) -> Response:
    """An answer with a JSON document, or with a body as it is. Header names are given with underscores."""
    content = json.dumps(document).encode() if body is None else body
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json", **names}, content)


def success(message: str = "OK", status: int = 200, **entities: t.Any) -> Response:
    """A vendor's success: the entity is a sibling of ``response``."""
    block = {"status": status, "message": message, "error": False, "error_code": 0}
    return answer({"code": status, "response": block, "tenant": "acme", **entities}, status)


def failure(code: int | None, message: str = "", status: int = 400) -> Response:
    """A vendor's error, with the number in ``exception`` as the documents show it."""
    text = f"{code}: {message}" if code else message
    block = {"status": status, "message": text, "error": True, "error_code": 1, "mensagem": text, "erro": True}
    exception = {"exception": {"code": code, "message": text, "detail": None}} if code else {}
    return answer({"code": status, "response": block, **exception}, status)


def token_answer(value: str = TOKEN, **changes: t.Any) -> Response:
    return answer({"token_type": "Bearer", "expires_in": 3600, "access_token": value, **changes})


NO_ROUTE = answer({"message": "no Route matched with those values"}, 404)


class Sent(t.NamedTuple):
    """One request as the transport was asked to send it."""

    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes

    @property
    def document(self) -> t.Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(urllib.parse.parse_qsl(self.body.decode(), keep_blank_values=True))


Reply = t.Union[Response, Exception, t.Callable[[Sent], t.Any]]  # noqa: UP007


class Scripted:
    """Takes the place of the transport. For each path prefix a list of replies, of which the last one stays.

    A reply is a Response, an exception to raise, or a function of the request. Unknown paths have no route.
    """

    def __init__(
        self, replies: t.Mapping[str, Reply | list[t.Any]] | None = None, *, token: Reply | None = None
    ) -> None:
        self.replies: dict[str, list[t.Any]] = {}
        for place, reply in {
            "POST /api/oauth2/token": token,
            "POST /iso/oauth2/token": token,
            **(replies or {}),
        }.items():
            self.on(place, token_answer() if reply is None else reply)
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def on(self, place: str, reply: t.Any) -> None:
        self.replies[place] = list(reply) if isinstance(reply, list) else [reply]

    def send(
        self,
        method: str,
        path: str,
        *,
        deadline: t.Any,
        headers: t.Mapping[str, str],
        query: t.Mapping[str, str] | None = None,
        body: bytes | None = None,
        auth: t.Any = None,
    ) -> Response:
        request = Sent(method, path, dict(headers), dict(query or {}), body or b"")
        with self._lock:
            self.sent.append(request)
            queue = next((q for place, q in self.replies.items() if place == f"{method} {path}"), [NO_ROUTE])
            reply = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(reply):
            reply = reply(request)
        if isinstance(reply, Exception):
            # A copy, since errors collect their context on the way up.
            raise copy.copy(reply)
        return reply

    def count(self, method: str, part: str) -> int:
        return sum(1 for request in self.sent if request.method == method and part in request.path)

    @property
    def logins(self) -> int:
        return self.count("POST", "/oauth2/token")

    @property
    def lines(self) -> list[str]:
        """Method and path of all requests but logins."""
        return [f"{r.method} {r.path}" for r in self.sent if "/oauth2/token" not in r.path]


class FakeTime:
    """A monotonic clock that only moves when somebody sleeps or the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def entry(id_: int | str, identifier: str | None = None, **fields: t.Any) -> dict[str, t.Any]:
    """An entry of the vendor's credential list."""
    known = {
        "id": str(id_),
        "identifier": identifier,
        "username": "root",
        "hostname": "web01",
        "management_ip": "192.0.2.10",
        "type": "Local User",
        "automatic_change": False,
        "change": "2026-01-10 08:15:00",
    }
    return {**known, **fields}
