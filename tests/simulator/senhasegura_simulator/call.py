# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request on its way through the simulator: as it arrived, and as the handlers see it."""

from __future__ import annotations

import json
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
    form: dict[str, Any] = field(default_factory=dict)  # parts of a multipart body, parsed by the web framework

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
        return {**self.query, **self.form, **self._body_params()}

    def _body_params(self) -> dict[str, Any]:
        if self.form or not self.body:
            return {}
        text = self.body.decode("utf-8", "replace")
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            try:
                parsed = json.loads(text)
                json.dumps(parsed, ensure_ascii=False).encode()  # half a surrogate pair is no JSON to PHP either
            except (ValueError, RecursionError):
                parsed = None  # clients exist that label a form body as JSON
            if parsed is not None:
                return parsed if isinstance(parsed, dict) else {}
        return dict(parse_qsl(text, keep_blank_values=True))


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
