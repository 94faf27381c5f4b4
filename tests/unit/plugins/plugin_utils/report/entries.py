# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make entries of a history for tests."""

from __future__ import annotations

import random
import typing as t
from datetime import datetime, timedelta, timezone

from ansible_collections.community.senhasegura.plugins.plugin_utils.report.history import Entry

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
STATUSES = (
    "changed",
    "recovered",
    "unchanged",
    "failed",
    "refused",
    "busy",
    "drift",
    "pending",
    "in_doubt",
    "unreachable",
)


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="seconds")


def entry(host: str = "web1", status: str = "changed", days: float = 0.0, **fields: t.Any) -> Entry:
    values = {
        "time": ago(days),
        "host": host,
        "kind": "password",
        "user": "root",
        "credential": "linux-root",
        "mode": "ansible",
        "status": status,
        "message": "",
        "seconds": 4.2,
        "last_change": None,
        "run": "r1",
        "job": "77",
        "max_age_days": 30.0,
    }
    return Entry(**{**values, **fields})


def many(hosts: int, each: int, seed: int = 1) -> list[Entry]:
    """A believable history, in the order of its times."""
    chance = random.Random(seed)
    entries = []
    for number in range(each):
        days = float(each - 1 - number)
        for host in range(hosts):
            status = chance.choice(STATUSES) if chance.random() < 0.1 else "unchanged"
            age = ago(days + chance.expovariate(1 / 20))
            entries.append(
                entry(
                    f"host{host:03}.example.com", status, days, last_change=age, run=f"r{number}", message="a message"
                )
            )
    return entries
