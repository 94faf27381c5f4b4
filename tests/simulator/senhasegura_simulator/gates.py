# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gates hold a request until a test lets it go on, so that the client can be killed at that point."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

GO_ON, DROP, RESET = "continue", "drop", "reset"


@dataclass
class Gate:
    number: int
    when: str
    operation: str
    line: str
    client: str | None
    state: str = "waiting"
    decision: str = GO_ON
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    def as_dict(self) -> dict[str, Any]:
        names = ("number", "when", "operation", "line", "client", "state")
        return {name: getattr(self, name) for name in names}


class Gates:
    def __init__(self) -> None:
        self.all: list[Gate] = []

    @property
    def waiting(self) -> list[Gate]:
        return [gate for gate in self.all if gate.state == "waiting"]

    async def hold(self, when: str, operation: str, line: str, client: str | None, timeout: float) -> str:
        gate = Gate(len(self.all) + 1, when, operation, line, client)
        self.all.append(gate)
        try:
            await asyncio.wait_for(gate.opened.wait(), timeout)
            gate.state = "released"
        except asyncio.TimeoutError:
            gate.state = "timed out"
        return gate.decision

    def release(self, number: int, decision: str = GO_ON) -> Gate:
        if decision not in (GO_ON, DROP, RESET):
            raise ValueError(f"a gate is released to {GO_ON}, {DROP} or {RESET}, not {decision!r}")
        gate = next((g for g in self.all if g.number == number), None)
        if gate is None or gate.state != "waiting":
            raise ValueError(f"no request waits at gate {number}")
        gate.decision, gate.state = decision, "released"
        gate.opened.set()
        return gate

    def release_all(self, decision: str = GO_ON) -> None:
        for gate in self.waiting:
            self.release(gate.number, decision)
