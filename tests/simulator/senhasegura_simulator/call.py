# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through the simulator: as it arrived, and as the handlers see it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from .store import Client
from .world import World


@dataclass(frozen=True)
class Incoming:
    """The request as received. `target` is the raw request target, not normalised in any way."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    parts: tuple[tuple[str, str], ...] = ()  # of a multipart body, parsed by the web framework

    @property
    def line(self) -> str:
        return f"{self.method} {self.target} {self.version}"

    @property
    def path(self) -> str:
        return self.target.partition("#")[0].partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("#")[0].partition("?")[2], keep_blank_values=True))

    def params(self) -> dict[str, Any]:
        """The server side reads merged parameters: query, then form, multipart or JSON body."""
        return {**self.query, **dict(self.parts), **self._body_params()}

    def listed(self, name: str) -> list[str] | None:
        """A list parameter in each form in which clients send one; None when it was not sent.

        JSON array, `name[]=a&name[]=b`, `name[0]=a`, `name=a&name=b`, or a text with commas.
        """
        sent = self._json() or {}
        if name in sent:
            found = sent[name] if isinstance(sent[name], list) else [sent[name]]
        else:
            keys = re.compile(re.escape(name) + r"(\[[0-9]*\])?")
            found = [value for key, value in self._pairs() if keys.fullmatch(key)]
        parts = [part.strip() for value in found if value is not None for part in str(value).split(",")]
        return [part for part in parts if part] if found and found != [None] else None

    def _pairs(self) -> list[tuple[str, str]]:
        """Every parameter as often as it was sent."""
        query = parse_qsl(self.target.partition("#")[0].partition("?")[2], keep_blank_values=True)
        body = [] if self._json() is not None else parse_qsl(self._text(), keep_blank_values=True)
        return [*query, *self.parts, *body]

    def _body_params(self) -> dict[str, Any]:
        if self.parts or not self.body:
            return {}
        parsed = self._json()
        return dict(parse_qsl(self._text(), keep_blank_values=True)) if parsed is None else parsed

    def _text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def _json(self) -> dict[str, Any] | None:
        """The JSON body; None when it is none, whatever the label says: clients exist that label a form as JSON."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/x-www-form-urlencoded":
            return None
        try:
            parsed = json.loads(self._text())
            json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no JSON to PHP either
        except (ValueError, RecursionError):
            return None
        if parsed is None:
            return None
        return parsed if isinstance(parsed, dict) else {}


@dataclass
class Call:
    world: World
    incoming: Incoming
    operation: str = "unknown"
    template: str = ""
    args: dict[str, str] = field(default_factory=dict)
    client: Client | None = None

    @property
    def params(self) -> dict[str, Any]:
        return self.incoming.params()

    @property
    def caller(self) -> Client:
        if self.client is None:
            raise LookupError("the call has not been authenticated")
        return self.client

    @property
    def tenant(self) -> str:
        own = self.client.tenant if self.client else None
        return own or self.world.settings.tenant
