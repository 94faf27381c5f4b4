# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of fault does. An action may give the final answer; None lets the request go on."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any, Optional

from aiohttp import web

from . import auth
from .envelope import Reply, block, failure
from .errors import numbered
from .exchange import JSON, Exchange, write_ahead
from .faults import Rule
from .gates import GO_ON, RESET, Gates
from .records import quoted
from .world import Postponed

Action = Callable[[Exchange, Rule, Gates], Awaitable[Optional[web.StreamResponse]]]  # noqa: UP045
CHUNK = 64 * 1024
DELETE = {"delete": True}


async def strike(exchange: Exchange, rules: list[Rule], when: str, gates: Gates) -> web.StreamResponse | None:
    for rule in rules:
        if rule.when == when:
            exchange.entry["faults"].append(rule.kind)
            answer = await ACTIONS[rule.kind](exchange, rule, gates)
            if answer is not None:
                return answer
    return None


def _injected(exchange: Exchange, fields: dict[str, Any], message: str, headers: dict[str, str]) -> web.Response:
    body = fields["body"]
    if body is None:
        code = fields.get("error_code", 1)
        said = quoted(exchange.call, message)
        body = {"response": block(fields["status"], said, code if fields["status"] >= 400 else 0)}
    text = quoted(exchange.call, body if isinstance(body, str) else json.dumps(body))
    return web.Response(status=fields["status"], body=text.encode(), headers={**JSON, **headers, **fields["headers"]})


async def _status(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return _injected(exchange, rule.fields, rule.fields["message"], {})


async def _retry_after(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return _injected(exchange, rule.fields, "Too many requests", {"Retry-After": str(rule.fields["seconds"])})


async def _answer(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    fields = rule.fields
    if fields["wire_base64"] is not None:
        return await exchange.write_raw([(0, base64.b64decode(fields["wire_base64"]))])
    body = base64.b64decode(fields["body_base64"])
    return web.Response(status=fields["status"], body=body, headers=fields["headers"])


async def _html(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    headers = {"Content-Type": "text/html; charset=utf-8", **rule.fields["headers"]}
    body = quoted(exchange.call, rule.fields["body"])
    return web.Response(status=rule.fields["status"], body=body.encode(), headers=headers)


async def _empty(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return web.Response(status=rule.fields["status"], headers={**JSON, **rule.fields["headers"]})


async def _redirect(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return web.Response(status=rule.fields["status"], headers={"Location": rule.fields["location"]})


async def _huge(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    fields, start, end = rule.fields, b'{"response": {"status": 200, "message": "', b'"}}'
    response = web.StreamResponse(status=fields["status"], headers=JSON)
    padding = max(0, fields["size"] - len(start) - len(end))
    if fields["content_length"]:
        response.content_length = len(start) + padding + len(end)
    await response.prepare(exchange.request)
    await response.write(start)
    for sent in range(0, padding, CHUNK):
        await response.write(b"x" * min(CHUNK, padding - sent))
    await response.write(end)
    return response


async def _bomb(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    return web.Response(status=rule.fields["status"], body=_zeros(rule.fields["size"]), headers=headers)


@lru_cache(maxsize=4)
def _zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b"0" * min(CHUNK * 16, size - done)) for done in range(0, size, CHUNK * 16)]
    return b"".join([*parts, packer.flush()])


async def _reset(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return exchange.hang_up(reset=True)


async def _drop(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return exchange.hang_up()


async def _latency(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    await asyncio.sleep(rule.fields["seconds"])
    return None


async def _gate(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    entry = exchange.entry
    decision = await gates.hold(rule.when, entry["operation"], entry["line"], entry["client"], rule.fields["timeout"])
    return None if decision == GO_ON else exchange.hang_up(reset=decision == RESET)


async def _expired_token(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """The token really is gone: the product then answers as it always does."""
    world = exchange.call.world
    token = auth.bearer_token(world, exchange.call.incoming)
    if token is not None:
        world.store.delete(token)
    return None


async def _late(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    fields = rule.fields
    due = None if fields["seconds"] is None else exchange.call.world.now() + fields["seconds"]
    exchange.late = Postponed(_nothing, due, fields["requests"])
    exchange.late_answer = fields["answer"]
    return None


async def _accept_twice(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    exchange.repeat = 2
    return None


async def _refuse(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """A refusal of the product itself, in the form of the profile, which is how a policy shows."""
    number, message = rule.fields["number"], rule.fields["message"]
    said = None if message is None else quoted(exchange.call, message)
    problem = numbered(number, "", text=said, detail=rule.fields["detail"])
    exchange.reply = failure(exchange.call.world.profile, exchange.call.tenant, problem, exchange.guide)
    return exchange.response()


async def _informational(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """An answer before the answer, as 103 Early Hints: the client has to read on."""
    lines = [f"HTTP/1.1 {rule.fields['status']} Informational"]
    lines += [f"{name}: {value}" for name, value in rule.fields["headers"].items()]
    await write_ahead(exchange.request, "\r\n".join([*lines, "", ""]).encode())
    return None


async def _mangle(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """Something else is stored, or something else is answered, than was agreed."""
    store = exchange.call.world.store
    for record in list(store.touched):
        for path, value in rule.fields["store"].items():
            if hasattr(record, path.partition(".")[0]):
                _set(vars(record), path.split("."), value)
        store.save(record)
    if exchange.reply is not None:
        body = json.loads(exchange.reply.payload())
        for path, value in rule.fields["answer"].items():
            _set(body, path.split("."), value)
        exchange.reply = Reply(exchange.reply.status, body, exchange.reply.headers)
    return None


def _set(target: Any, path: list[str], value: Any) -> None:
    """Follow the path as far as it exists; `*` is each part, and the last step may be new in a mapping."""
    step, rest = path[0], path[1:]
    known = range(len(target)) if isinstance(target, list) else target.keys()
    if step == "*":
        keys = list(known)[::-1]  # from the end, so that deleting moves nothing that is still to come
    else:
        key: Any = int(step) if isinstance(target, list) else step
        new = not rest and isinstance(target, dict) and value != DELETE
        keys = [key] if key in known or new else []
    for key in keys:
        if not rest and value == DELETE:
            del target[key]
        elif not rest:
            target[key] = _edit(target[key] if key in known else None, value)
        elif isinstance(target[key], (list, dict)):
            _set(target[key], rest, value)


EDITS: dict[str, Callable[[str, Any], Any]] = {
    "truncate": lambda old, n: old[:n],
    "append": lambda old, more: old + more,
    "replace": lambda old, pair: old.replace(pair[0], pair[1]),
}


def _edit(old: Any, value: Any) -> Any:
    """A plain value replaces; `{"truncate": 3}`, `{"append": "x"}`, `{"replace": ["a", "b"]}` edit what is there."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(old, str):
        name, argument = next(iter(value.items()))
        if name in EDITS:
            return EDITS[name](old, argument)
    return value


async def _envelope(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """The true answer without what it is about: no entity beside the envelope (vendor) or in it (guide)."""
    if exchange.reply is not None:
        body = json.loads(exchange.reply.payload())
        kept = {name: body[name] for name in ("code", "response", "tenant") if name in body}
        if "response" in kept:
            words = set(block(200, ""))
            kept["response"] = {name: value for name, value in kept["response"].items() if name in words}
        exchange.reply = Reply(exchange.reply.status, kept, exchange.reply.headers)
    return None


async def _headers(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """The true answer under other headers; null leaves one out."""
    body, headers = exchange.payload(), exchange.headers()
    for name, value in rule.fields["set"].items():
        headers.pop(name, None)
        if value is not None:
            headers[name] = str(value)
    if "Content-Type" in headers:
        return web.Response(status=exchange.status, body=body, headers=headers)
    # The framework would put in a type of its own.
    headers["Connection"] = "close"
    return await exchange.write_raw([(0, exchange.head(len(body), headers) + body)])


async def _truncate(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    body, keep = exchange.payload(), rule.fields["keep"]
    length = int(len(body) * keep) if isinstance(keep, float) else keep
    return await exchange.write_raw([(0, exchange.head(len(body)) + body[:length])])


async def _trickle(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    body, fields = exchange.payload(), rule.fields
    head = exchange.head(len(body))
    at_once, slow = (b"", head + body) if fields["part"] == "headers" else (head, body)
    step = fields["chunk"]
    pieces = [(fields["interval"], slow[i : i + step]) for i in range(0, len(slow), step)]
    return await exchange.write_raw([(0, at_once), *pieces])


async def _slow_headers(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    body = exchange.payload()
    first, blank, rest = exchange.head(len(body)).partition(b"\r\n")
    return await exchange.write_raw([(0, first + blank), (rule.fields["seconds"], rest + body)])


async def _gzip(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    return exchange.response(gzip.compress(exchange.payload()), **{"Content-Encoding": "gzip"})


async def _duplicate_keys(exchange: Exchange, rule: Rule, gates: Gates) -> web.StreamResponse | None:
    """Every top-level key twice, or the given ones a second time with other values."""
    body, again = exchange.payload(), rule.fields["set"]
    more = body if again is None else json.dumps(again).encode()
    return exchange.response(body.rstrip()[:-1] + b", " + more.lstrip()[1:])


def _nothing() -> None:
    return None


ACTIONS: dict[str, Action] = {
    "status": _status,
    "retry_after": _retry_after,
    "answer": _answer,
    "html": _html,
    "empty": _empty,
    "redirect": _redirect,
    "huge": _huge,
    "bomb": _bomb,
    "reset": _reset,
    "drop": _drop,
    "latency": _latency,
    "gate": _gate,
    "expired_token": _expired_token,
    "late": _late,
    "accept_twice": _accept_twice,
    "refuse": _refuse,
    "informational": _informational,
    "mangle": _mangle,
    "envelope": _envelope,
    "headers": _headers,
    "truncate": _truncate,
    "trickle": _trickle,
    "slow_headers": _slow_headers,
    "gzip": _gzip,
    "duplicate_keys": _duplicate_keys,
}
