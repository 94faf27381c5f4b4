# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request, the call it makes, and the answer it will get: what handlers, faults and gates work on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from .call import Call
from .envelope import Reply
from .errors import Problem
from .store import Rollback
from .world import Postponed

GOODBYE_SECONDS = 0.5  # what was written may still be on its way to a slow reader
JSON = {"Content-Type": "application/json"}
REASONS = {200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 500: "Server Error"}


@dataclass
class Exchange:
    request: web.BaseRequest
    call: Call
    entry: dict[str, Any]
    reply: Reply | None = None
    repeat: int = 1
    late: Postponed | None = None
    late_answer: str = "reply"  # or drop, timeout
    hung_up: bool = False
    guide: bool = False  # refusals in the guide's form

    def run(self, handler: Callable[[Call], Reply]) -> Reply:
        """The handler's change and answer, as often and as soon as the faults say."""
        if self.late is not None:
            return self._postpone(handler, self.late)
        store, reply = self.call.world.store, None
        for _turn in range(self.repeat):
            try:
                with store.transaction():
                    again = handler(self.call)
                reply = reply or again
            except Problem:
                if reply is None:
                    raise
        if reply is None:
            raise RuntimeError("a handler has to run at least once")
        return reply

    def _postpone(self, handler: Callable[[Call], Reply], late: Postponed) -> Reply:
        """Answer as if the change had been made, and make it when it is due."""
        world, call = self.call.world, self.call
        answers: list[Reply] = []
        try:
            with world.store.transaction():
                answers.append(handler(call))
                raise Rollback
        except Rollback:
            pass

        def apply() -> None:
            try:
                with world.store.transaction():
                    handler(call)
            except Problem:
                return  # by then the world has moved on, and nobody waits for this refusal

        late.apply = apply
        if late.due is not None or late.requests_left is not None:
            world.postponed.append(late)
        return answers[0]

    def payload(self) -> bytes:
        return self.reply.payload() if self.reply else b'{"response": {"status": 200, "error": false}}'

    @property
    def status(self) -> int:
        return self.reply.status if self.reply else 200

    def response(self, payload: bytes | None = None, **headers: str) -> web.Response:
        body = self.payload() if payload is None else payload
        return web.Response(status=self.status, body=body, headers={**self.headers(), **headers})

    def head(self, length: int, headers: Mapping[str, str] | None = None) -> bytes:
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Status')}"]
        lines += [f"{name}: {value}" for name, value in (self.headers() if headers is None else headers).items()]
        return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()

    def headers(self) -> CIMultiDict[str]:
        return CIMultiDict({**JSON, **(self.reply.headers if self.reply else {})})

    async def write_raw(self, pieces: Iterable[tuple[float, bytes]]) -> web.Response:
        """Past the framework, byte for byte, pausing before each piece; then the connection is closed."""
        async for data in _paced(pieces):
            transport = self.request.transport
            if transport is None or transport.is_closing():
                break
            transport.write(data)
        return self.hang_up()

    def hang_up(self, reset: bool = False) -> web.Response:
        transport, self.hung_up = self.request.transport, True
        if transport is not None:
            if reset:
                sock = transport.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
            else:
                transport.close()
                asyncio.get_running_loop().call_later(GOODBYE_SECONDS, abort, transport)
        return web.Response()  # the framework wants one; it cannot be written any more


def abort(transport: asyncio.WriteTransport) -> None:
    """End a connection, if it has not ended yet: asyncio of Python 3.11 fails where the client was faster."""
    with contextlib.suppress(AttributeError):
        transport.abort()


async def write_ahead(request: web.BaseRequest, data: bytes) -> None:
    """Something on the wire before the answer, which the framework does not know of."""
    await request.writer.write(data)
    request.writer.output_size = 0


async def _paced(pieces: Iterable[tuple[float, bytes]]) -> AsyncIterator[bytes]:
    for pause, data in pieces:
        if pause:
            await asyncio.sleep(pause)
        yield data
