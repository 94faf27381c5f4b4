# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that speak as much of HashiCorp Vault and CyberArk Conjur as the lookups that we compare with ask for.

HTTPS by the same framework and the same kind of certificate as the simulator, each in a thread of this process.
They do less for a request than the simulator does, so the comparison does not favour us.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import secrets
import tempfile
import threading
import urllib.parse
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from senhasegura_simulator import tls


@dataclass
class Traffic:
    """What came in since the last reset."""

    tokens: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    connections: int = 0
    handshakes: int = 0
    errors: int = 0


class Connection(RequestHandler):
    """asyncio makes it when the TCP connection is accepted, and connects it when the TLS handshake is done."""

    __slots__ = ("_front",)

    def __init__(self, front: Front, **options: Any) -> None:
        super().__init__(front, **options)
        self._front = front
        front.service.traffic.connections += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._front.service.traffic.handshakes += 1


class Front(web.Server):
    def __init__(self, service: Service) -> None:
        super().__init__(self._handle)
        self.service = service

    def __call__(self) -> RequestHandler:
        return Connection(self, loop=self._loop, access_log=None)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        service = self.service
        service.traffic.requests += 1
        body = await request.read()
        if service.latency:
            await asyncio.sleep(service.latency)
        path = [urllib.parse.unquote(part) for part in request.raw_path.partition("?")[0].strip("/").split("/")]
        answer = service.answer(request, path, body)
        service.traffic.errors += answer.status >= 400
        return answer


class Service:
    """`with Vault(values) as vault:` serves it at vault.url, for clients that trust vault.ca_path."""

    url: str
    ca_path: str

    def __init__(self, values: dict[str, str]) -> None:
        self.values, self.latency, self.traffic = values, 0.0, Traffic()
        self._tokens: set[str] = set()
        self._failure: BaseException | None = None

    def answer(self, request: web.BaseRequest, path: list[str], body: bytes) -> web.Response:
        """What one request gets; ``path`` is in parts, decoded."""
        raise NotImplementedError

    def reset(self, latency: float = 0.0) -> None:
        self.latency, self.traffic = latency, Traffic()
        self._tokens.clear()

    def __enter__(self) -> Service:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name=type(self).__name__, daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=10)

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that started us
            self._failure = error
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        runner = web.ServerRunner(Front(self), shutdown_timeout=0.5)
        await runner.setup()
        with tempfile.TemporaryDirectory(prefix="senhasegura-bench-") as folder:
            certificates = tls.make(Path(folder))
            self.ca_path = str(certificates.ca_path)
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.context, backlog=1024).start()
            self.url = f"https://localhost:{runner.addresses[0][1]}"
            ready.set()
            await self._stop.wait()
            await runner.cleanup()

    def _new_token(self, text: str) -> str:
        self.traffic.tokens += 1
        self._tokens.add(text)
        return text

    def _read(self, name: str) -> str | None:
        if name in self.values:
            self.traffic.reads[name] += 1
        return self.values.get(name)


class Vault(Service):
    """HashiCorp Vault: AppRole login and version 2 of the KV engine at secret/."""

    role_id = "5f3b6a1c-bench-role"
    secret_id = "c0ffee00-bench-secret"

    def answer(self, request: web.BaseRequest, path: list[str], body: bytes) -> web.Response:
        if (request.method, path) == ("POST", ["v1", "auth", "approle", "login"]):
            return self._login(json.loads(body))
        if request.headers.get("X-Vault-Token") not in self._tokens:
            return web.json_response({"errors": ["permission denied"]}, status=403)
        if request.method == "GET" and path[:3] == ["v1", "secret", "data"]:
            value = self._read("/".join(path[3:]))
            if value is not None:
                return _vault_reply("kv", data={"data": {"password": value}, "metadata": _KV_METADATA})
        return web.json_response({"errors": []}, status=404)

    def _login(self, wanted: dict[str, Any]) -> web.Response:
        if (wanted.get("role_id"), wanted.get("secret_id")) != (self.role_id, self.secret_id):
            return web.json_response({"errors": ["invalid role or secret ID"]}, status=400)
        token = self._new_token(f"hvs.{secrets.token_urlsafe(68)}")
        return _vault_reply("", auth={"client_token": token, "accessor": secrets.token_urlsafe(18), **_VAULT_AUTH})


_KV_METADATA = {
    "created_time": "2026-01-10T08:15:00.123456789Z",
    "custom_metadata": None,
    "deletion_time": "",
    "destroyed": False,
    "version": 1,
}
_VAULT_AUTH = {
    "policies": ["bench", "default"],
    "token_policies": ["bench", "default"],
    "metadata": {"role_name": "bench"},
    "lease_duration": 3600,
    "renewable": True,
    "entity_id": "7d2e3179-f69b-450c-7179-ac8ee8bd8ca9",
    "token_type": "service",
    "orphan": True,
    "mfa_requirement": None,
    "num_uses": 0,
}


def _vault_reply(mount: str, *, data: Any = None, auth: Any = None) -> web.Response:
    frame = {"lease_id": "", "renewable": False, "lease_duration": 0, "wrap_info": None, "warnings": None}
    identifier = "0d5c5f8a-8a2b-4c5e-9a57-2f1f6f0d1a11"
    return web.json_response({"request_id": identifier, **frame, "data": data, "auth": auth, "mount_type": mount})


class Conjur(Service):
    """CyberArk Conjur: login of a host by its API key, and variables."""

    account = "bench"
    login = "host/bench"
    api_key = "3d9w2k1benchapikey"

    def answer(self, request: web.BaseRequest, path: list[str], body: bytes) -> web.Response:
        if (request.method, path) == ("POST", ["authn", self.account, self.login, "authenticate"]):
            return self._login(body)
        if not self._known(request.headers.get("Authorization", "")):
            return web.Response(status=401)
        if request.method == "GET" and path[:3] == ["secrets", self.account, "variable"]:
            value = self._read("/".join(path[3:]))
            if value is not None:
                return web.Response(text=value)
        return web.json_response({"error": {"code": "not_found", "message": "Variable not found"}}, status=404)

    def _login(self, key: bytes) -> web.Response:
        if not hmac.compare_digest(key, self.api_key.encode()):
            return web.Response(status=401)
        parts = {name: secrets.token_urlsafe(96) for name in ("protected", "payload", "signature")}
        return web.Response(text=self._new_token(json.dumps(parts)), content_type="application/json")

    def _known(self, header: str) -> bool:
        encoded = header.removeprefix('Token token="').removesuffix('"')
        try:
            return base64.b64decode(encoded, validate=True).decode() in self._tokens
        except ValueError:
            return False
