# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API: what tests ask and tell the simulator, as Python methods and over plain HTTP."""

from __future__ import annotations

import asyncio
import concurrent.futures
import dataclasses
import hmac
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aiohttp import web

from .faults import MATCHERS
from .front import Front
from .gates import GO_ON
from .store import PENDING, RUNNING, Client, Execution, Item, Token
from .vault import catch_up

T = TypeVar("T")
KEY_HEADER = "X-Control-Key"


class Control:
    """Every method may be called from any thread: the work is done in the simulator's event loop."""

    def __init__(self, front: Front, loop: asyncio.AbstractEventLoop) -> None:
        self._front, self._loop, self._thread = front, loop, threading.get_ident()

    def counters(self) -> dict[str, Any]:
        """tokens, reads (by credential id), requests (by "METHOD template"), connections."""
        return self._run(self._front.world.traffic.as_dict)

    def log(self) -> list[dict[str, Any]]:
        """Each request in order of arrival; `line` is the raw request line. Never a body."""
        return self._run(lambda: [entry.copy() for entry in self._front.world.traffic.log])

    def state(self) -> dict[str, Any]:
        """All records, passwords included, and the settings."""
        return self._run(self._state)

    def credential(self, ref: int | str) -> dict[str, Any]:
        """One credential or key as stored, by id or identifier; LookupError when there is none."""
        return self._run(lambda: dataclasses.asdict(self._item(ref)))

    def reset(self) -> None:
        """Seed again; counters zeroed, log and faults gone, gates opened, settings as at the start."""
        self._run(self._reset)

    def fault(self, kind: str, match: Mapping[str, Any] | None = None, **fields: Any) -> int:
        """Add a rule; its number is what `clear_faults` takes. Matchers may be given as fields too."""
        spec: dict[str, Any] = {"kind": kind, "match": dict(match or {})}
        for name, value in fields.items():
            (spec["match"] if name in MATCHERS else spec)[name] = value
        return self._run(lambda: self._front.world.faults.add(spec).number)

    def add_fault(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Add a rule in the form that the HTTP side takes."""
        return self._run(lambda: self._front.world.faults.add(spec).as_dict())

    def faults(self) -> list[dict[str, Any]]:
        return self._run(lambda: [rule.as_dict() for rule in self._front.world.faults.rules])

    def clear_faults(self, number: int | None = None) -> None:
        self._run(lambda: self._front.world.faults.clear(number))

    def settings(self, values: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Change settings by name; the answer is all of them."""
        return self._run(lambda: self._settings({**(values or {}), **more}))

    def expire_tokens(self, client_id: str | None = None) -> int:
        """Make the tokens of one client (or of all) invalid now; the answer is how many."""
        return self._run(lambda: self._expire_tokens(client_id))

    def disable_client(self, client_id: str, enabled: bool = False) -> None:
        self._run(lambda: self.set_client(client_id, enabled=enabled))

    def set_client(self, client_id: str, **values: Any) -> dict[str, Any]:
        """Change an authorization: read_only, credentials, allowed_ips, allowed_referers, resources, ..."""
        return self._run(lambda: self._change(self._client(client_id), values))

    def set_credential(self, ref: int | str, **values: Any) -> dict[str, Any]:
        """Change a credential or key behind the client's back, by id or identifier."""
        return self._run(lambda: self._change(self._item(ref), values))

    def advance(self, seconds: float) -> float:
        """Put the vault's clock ahead, so that tokens, custody and delays end now; the answer is its time.

        What is due is done at the next request, control call, or turn of the executions, not by this call.
        """
        return self._run(lambda: self._advance(seconds))

    def executions(self, ref: int | str | None = None) -> list[dict[str, Any]]:
        """Changes that the vault made or tried by itself, the last one last; of one credential or key, or of all."""
        return self._run(lambda: [dataclasses.asdict(execution) for execution in self._executions(ref)])

    def wait_for_execution(self, ref: int | str, timeout: float = 120.0, count: int = 1) -> dict[str, Any]:
        """The newest change of this credential or key, when there are `count` of them and all are finished."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.executions(ref)
            if len(found) >= count and not any(e["status"] in (PENDING, RUNNING) for e in found):
                return found[-1]
            time.sleep(0.02)
        raise TimeoutError(f"the vault has not finished {count} change(s) of {ref}: {self.executions(ref)}")

    def gates(self) -> list[dict[str, Any]]:
        return self._run(lambda: [gate.as_dict() for gate in self._front.gates.all])

    def wait_for_gate(self, timeout: float = 120.0) -> dict[str, Any]:
        """The first request that waits at a gate. Not for use inside the simulator's own loop."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            waiting = [gate for gate in self.gates() if gate["state"] == "waiting"]
            if waiting:
                return waiting[0]
            time.sleep(0.01)
        raise TimeoutError("no request reached a gate")

    def release_gate(self, number: int, decision: str = GO_ON) -> dict[str, Any]:
        """decision: continue, drop (close without answer; before: without applying), reset."""
        return self._run(lambda: self._front.gates.release(number, decision).as_dict())

    def _run(self, work: Callable[[], T]) -> T:
        if threading.get_ident() == self._thread:
            return self._now(work)
        result: concurrent.futures.Future[T] = concurrent.futures.Future()

        def job() -> None:
            try:
                result.set_result(self._now(work))
            except Exception as error:  # noqa: BLE001 - handed to the thread that asked
                result.set_exception(error)

        self._loop.call_soon_threadsafe(job)
        return result.result(timeout=120)

    def _now(self, work: Callable[[], T]) -> T:
        catch_up(self._front.world)
        return work()

    def _state(self) -> dict[str, Any]:
        world = self._front.world
        return {"profile": world.profile.name, "settings": world.settings.as_dict(), **world.store.dump()}

    def _reset(self) -> None:
        self._front.gates.release_all("drop")
        self._front.gates.all.clear()
        self._front.world.reset()

    def _settings(self, values: Mapping[str, Any]) -> dict[str, Any]:
        settings = self._front.world.settings
        settings.update(values)
        return settings.as_dict()

    def _advance(self, seconds: float) -> float:
        if seconds < 0:
            raise ValueError("seconds must not be negative: the clock goes ahead only")
        self._front.world.ahead += seconds
        return self._front.world.now()

    def _expire_tokens(self, client_id: str | None) -> int:
        store = self._front.world.store
        where = {} if client_id is None else {"client": self._client(client_id).id}
        tokens = store.all(Token, **where)
        for token in tokens:
            store.delete(token)
        return len(tokens)

    def _client(self, client_id: str) -> Client:
        client = self._front.world.store.first(Client, client_id=client_id)
        if client is None:
            raise LookupError(f"no client {client_id!r}")
        return client

    def _item(self, ref: int | str) -> Item:
        store = self._front.world.store
        found = store.first(Item, id=int(ref)) if str(ref).isdigit() else None
        found = found or store.first(Item, identifier=str(ref))
        if found is None:
            raise LookupError(f"no credential or key {ref!r}")
        return found

    def _executions(self, ref: int | str | None) -> list[Execution]:
        where = {} if ref is None else {"item": self._item(ref).id}
        return self._front.world.store.all(Execution, **where)

    def _change(self, record: Client | Item, values: Mapping[str, Any]) -> dict[str, Any]:
        if unknown := set(values) - set(vars(record)) or set(values) & {"id"}:
            raise ValueError(f"cannot set {', '.join(sorted(unknown))}; known: {', '.join(sorted(vars(record)))}")
        for name, value in values.items():
            setattr(record, name, value)
        self._front.world.store.save(record)
        return dataclasses.asdict(record)


Entry = Callable[[Control, "dict[str, str]", Any], Any]
API: tuple[tuple[str, str, Entry], ...] = (
    ("GET", "/counters", lambda c, a, b: c.counters()),
    ("GET", "/log", lambda c, a, b: c.log()),
    ("GET", "/state", lambda c, a, b: c.state()),
    ("POST", "/reset", lambda c, a, b: c.reset()),
    ("GET", "/faults", lambda c, a, b: c.faults()),
    ("POST", "/faults", lambda c, a, b: [c.add_fault(spec) for spec in (b if isinstance(b, list) else [b])]),
    ("DELETE", "/faults", lambda c, a, b: c.clear_faults()),
    ("DELETE", "/faults/{n}", lambda c, a, b: c.clear_faults(int(a["n"]))),
    ("POST", "/settings", lambda c, a, b: c.settings(b)),
    ("POST", "/advance", lambda c, a, b: {"now": c.advance(b["seconds"])}),
    ("POST", "/expire-tokens", lambda c, a, b: {"expired": c.expire_tokens(b.get("client_id"))}),
    ("POST", "/disable-client", lambda c, a, b: c.disable_client(b["client_id"], b.get("enabled", False))),
    ("POST", "/client/{n}", lambda c, a, b: c.set_client(a["n"], **b)),
    ("GET", "/credential/{n}", lambda c, a, b: c.credential(a["n"])),
    ("POST", "/credential/{n}", lambda c, a, b: c.set_credential(a["n"], **b)),
    ("GET", "/executions", lambda c, a, b: c.executions()),
    ("GET", "/executions/{n}", lambda c, a, b: c.executions(a["n"])),
    ("GET", "/gates", lambda c, a, b: c.gates()),
    ("POST", "/gates/{n}/release", lambda c, a, b: c.release_gate(int(a["n"]), b.get("decision", GO_ON))),
)


def http_server(control: Control, key: str) -> web.Server:
    """Errors are JSON too: 403 without the key, 404 for an unknown path or record, 400 for a wrong request."""
    table = [(method, re.compile(re.sub(r"\{n\}", "(?P<n>[^/]+)", path)), entry) for method, path, entry in API]

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get(KEY_HEADER, "").encode(), key.encode()):
            return web.json_response({"error": f"{KEY_HEADER} is missing or wrong"}, status=403)
        for method, pattern, entry in table:
            found = pattern.fullmatch(request.path)
            if found and method == request.method:
                return await _call(entry, found.groupdict(), request)
        return web.json_response({"error": "unknown call"}, status=404)

    async def _call(entry: Entry, args: dict[str, str], request: web.BaseRequest) -> web.StreamResponse:
        try:
            text = await request.text()
            result = entry(control, args, json.loads(text) if text else {})
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except (ValueError, TypeError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"ok": True} if result is None else result)

    return web.Server(handle, access_log=None)
