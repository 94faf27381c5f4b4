# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTPS side: connections and requests are counted here, raw lines recorded, faults struck, calls made."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from . import auth, scim
from .actions import strike
from .call import Call, Incoming
from .envelope import Reply, failure
from .errors import GatewayProblem, Problem
from .exchange import Exchange, abort, write_ahead
from .faults import AFTER, BEFORE, Subject
from .gates import Gates
from .profiles import GUIDE, SCIM, TOKEN
from .records import names
from .routes import Match, Router
from .vault import catch_up
from .world import World

LOG = logging.getLogger(__name__)
HEAD = 16 * 1024
GOODBYE_SECONDS = 0.1
MAX_BODY = 16 * 1024 * 1024
GATEWAY_TIMEOUT = {"message": "The upstream server is timing out"}


class Connection(RequestHandler):
    """asyncio makes the protocol when the TCP connection is accepted and connects it when the TLS handshake is done."""

    __slots__ = ("_head", "_world")

    def __init__(self, manager: Front, **options: Any) -> None:
        super().__init__(manager, **options)
        self._world, self._head = manager.world, b""
        manager.world.traffic.tcp_connections += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        traffic = self._world.traffic
        traffic.tls_handshakes += 1
        traffic.open_connections += 1

    def connection_lost(self, exc: BaseException | None) -> None:
        self._world.traffic.open_connections -= 1
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if b"\n" not in self._head:
            self._head = (self._head + data).lstrip(b"\r\n")[:HEAD]
        super().data_received(data)

    def force_close(self) -> None:
        """An idle client does not answer the TLS goodbye; a real server does not wait for that either."""
        transport = self.transport
        super().force_close()
        if transport is not None:
            self._loop.call_later(GOODBYE_SECONDS, abort, transport)

    def take_line(self) -> str:
        """The request line as it came over the wire, before the framework's parser made parts of it."""
        line, self._head = self._head.partition(b"\n")[0].rstrip(b"\r"), b"\n"
        return line.decode("utf-8", "surrogateescape")

    def next_request(self) -> None:
        """The answer is done: what comes now is a request line again."""
        self._head = b""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if status == 400:  # the framework could not parse the request, so no handler has seen it
            self._world.traffic.malformed += 1
            log_entry(self._world, self.take_line(), "malformed")["status"] = status
        return super().handle_error(request, status, exc, message)


class Front(web.Server):
    def __init__(self, world: World) -> None:
        super().__init__(self._handle, request_factory=self._new_request)
        self.world = world
        self.router = Router(world.profile)
        self.gates = Gates()

    def __call__(self) -> RequestHandler:
        idle = self.world.settings.idle_timeout
        options: dict[str, Any] = {} if idle is None else {"keepalive_timeout": idle}
        return Connection(self, loop=self._loop, access_log=None, **options)

    def _new_request(self, *parts: Any) -> web.BaseRequest:
        message, payload, protocol, writer, task = parts
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=MAX_BODY)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        world = self.world
        entry = self._record(request)
        await _continue(request)
        call = Call(world, await _incoming(request))
        match = self.router.match(call.incoming.method, call.incoming.path, world.settings)
        if match is not None:
            call.operation, call.template, call.args = match.route.operation, match.template, match.args
        entry["operation"], entry["client"] = call.operation, auth.peek(world, call.incoming, call.operation)
        world.traffic.requests[f"{call.incoming.method} {call.template or '(no call)'}"] += 1
        catch_up(world, request=True)
        exchange = Exchange(request, call, entry)
        exchange.guide = world.profile.guide_errors or (match is not None and match.route.area == GUIDE)
        rules = world.faults.take(_subject(call, entry["client"]), world.now()) if world.faults.rules else []
        try:
            return await self._answer(exchange, match, rules)
        finally:
            entry["seconds"] = round(time.time() - entry["time"], 4)
            if isinstance(request.protocol, Connection):
                request.protocol.next_request()

    async def _answer(self, exchange: Exchange, match: Match | None, rules: list[Any]) -> web.StreamResponse:
        if self.world.settings.latency:
            await asyncio.sleep(self.world.settings.latency)
        answer = await strike(exchange, rules, BEFORE, self.gates)
        if answer is None:
            exchange.reply = self._perform(exchange, match)
            answer = await strike(exchange, rules, AFTER, self.gates) or self._late_answer(exchange)
        answer = answer or exchange.response()
        exchange.entry["status"] = None if exchange.hung_up else answer.status
        return answer

    def _late_answer(self, exchange: Exchange) -> web.StreamResponse | None:
        if exchange.late_answer == "drop":
            return exchange.hang_up()
        if exchange.late_answer == "timeout":
            exchange.reply = Reply(504, GATEWAY_TIMEOUT)
        return None

    def _perform(self, exchange: Exchange, match: Match | None) -> Reply:
        call, world = exchange.call, self.world
        world.store.touched.clear()
        try:
            return self._dispatch(exchange, match)
        except Problem as problem:
            if match is not None and match.route.area == SCIM and not isinstance(problem, GatewayProblem):
                problem = scim.problem_of(problem)
            return failure(world.profile, call.tenant, problem, exchange.guide)
        except Exception:
            LOG.exception("%s failed", call.operation)
            return failure(world.profile, call.tenant, Problem("Unexpected error", 500), exchange.guide)
        finally:
            exchange.entry["writes"] = sorted({f"{type(r).__name__.lower()}:{r.id}" for r in world.store.touched})
            exchange.entry["changed"] = bool(world.store.touched)

    def _dispatch(self, exchange: Exchange, match: Match | None) -> Reply:
        """Order of checks: gateway route, header, token, limits of the authorization, resource, then the call's own."""
        call, world = exchange.call, self.world
        if match is not None and match.route.area == TOKEN:
            return exchange.run(match.route.handler)
        if match is None:
            raise self._refusal(call)
        call.client = auth.authenticate(world, call.incoming)
        auth.need_resource(call.client, match.route.resource)
        return exchange.run(match.route.handler)

    def _refusal(self, call: Call) -> Problem:
        """The product, unlike the gateway, says only to those whom it knows that it has no such call."""
        refusal = self.router.refusal(call.incoming.path, self.world.settings)
        if not isinstance(refusal, GatewayProblem):
            call.client = auth.authenticate(self.world, call.incoming)
        return refusal

    def _record(self, request: web.BaseRequest) -> dict[str, Any]:
        """Before anything is normalised or refused."""
        parsed = f"{request.method} {request.raw_path} {_version(request)}"
        line = request.protocol.take_line() if isinstance(request.protocol, Connection) else parsed
        # Of a pipelined request the first bytes may have come with the request before it.
        return log_entry(self.world, line if line.split() == parsed.split() else parsed)


def _subject(call: Call, client: str | None) -> Subject:
    incoming = call.incoming
    return Subject(incoming.method, incoming.target, call.operation, client, names(call))


def log_entry(world: World, line: str, operation: str = "unknown") -> dict[str, Any]:
    entry: dict[str, Any] = {
        "number": len(world.traffic.log) + 1,
        "time": time.time(),
        "line": line,
        "operation": operation,
        "client": None,
        "status": None,
        "changed": False,
        "writes": [],
        "faults": [],
    }
    world.traffic.log.append(entry)
    return entry


async def _incoming(request: web.BaseRequest) -> Incoming:
    parts: tuple[tuple[str, str], ...] = ()
    body = b""
    if request.content_type.startswith("multipart/"):
        try:
            parts = tuple((name, _part(value)) for name, value in (await request.post()).items())
        except ValueError:
            LOG.warning("a multipart body could not be read")
    else:
        body = await request.read()
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return Incoming(
        request.method,
        request.raw_path,
        _version(request),
        request.headers,
        body,
        peer[0] if peer else "0.0.0.0",
        parts,
    )


def _version(request: web.BaseRequest) -> str:
    return f"HTTP/{request.version.major}.{request.version.minor}"


def _part(value: str | bytes | bytearray | web.FileField) -> str:
    raw = value.file.read() if isinstance(value, web.FileField) else value
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace")


async def _continue(request: web.BaseRequest) -> None:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await write_ahead(request, b"HTTP/1.1 100 Continue\r\n\r\n")
