# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything one running simulator knows: profile, settings, records, counters, and what is due."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .faults import FaultBook
from .profiles import Profile
from .seed import Seed, plant
from .settings import Settings
from .store import Item, Store


@dataclass
class Traffic:
    """What tests count. The control API is not part of it."""

    tokens: int = 0
    reads: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    tcp_connections: int = 0
    tls_handshakes: int = 0
    open_connections: int = 0
    malformed: int = 0
    log: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "tokens": self.tokens,
            "reads": dict(self.reads),
            "requests": dict(self.requests),
            "requests_total": len(self.log),
            "tcp_connections": self.tcp_connections,
            "tls_handshakes": self.tls_handshakes,
            "open_connections": self.open_connections,
            "malformed": self.malformed,
        }


@dataclass
class Postponed:
    """A change that a `late` fault holds back until a time or a number of further requests."""

    apply: Callable[[], object]
    due: float | None = None
    requests_left: int | None = None


class World:
    def __init__(self, profile: Profile, seed: Seed, overrides: dict[str, Any], store: Store) -> None:
        self.profile = profile
        self.seed = seed
        self.store = store
        self.traffic = Traffic()
        self.faults = FaultBook()
        self.postponed: list[Postponed] = []
        self.generation = 0  # rises with each reset
        self.ahead = 0.0  # seconds by which the vault's clock is ahead: see Control.advance
        self._overrides = overrides
        self.settings = self._fresh_settings()
        if store.empty:
            self._plant()

    def now(self) -> float:
        return time.time() + self.ahead

    def reset(self) -> None:
        with self.store.transaction():
            self.store.wipe()
            self._plant()
        self.generation += 1
        self.ahead = 0.0
        self.settings = self._fresh_settings()
        self.faults.clear()
        self.postponed.clear()
        # Connections that are open now stay counted as open, and as nothing else.
        self.traffic = Traffic(open_connections=self.traffic.open_connections)

    def identifier_in_path(self) -> bool:
        chosen, profile = self.settings.identifier_in_path, self.profile
        if chosen is not None:
            return chosen
        return profile.identifier_in_path or (bool(profile.legacy) and self.settings.legacy_paths)

    def _fresh_settings(self) -> Settings:
        settings = Settings()
        settings.update(self.seed.settings)
        settings.update(self._overrides)
        return settings

    def _plant(self) -> None:
        plant(self.seed, self.store, self.now())
        self.store.touched.clear()


def changed_at(item: Item, now: float) -> float:
    """`change` has whole seconds on the wire: two changes in one second must still look different to a poller."""
    return now if item.change is None else max(now, int(item.change) + 1)
