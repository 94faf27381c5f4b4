# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long it takes to rotate a password of each of many real hosts, and a key that they share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from faults import setups
from faults.setups import Setup, stage
from faults.world import Violation
from hosts.group import Hosts


def rows(counts: Sequence[int], kinds: Sequence[str], forks: int) -> Iterator[tuple[str, int, float, str]]:
    """Yields what was rotated, on how many hosts, in how many seconds, and what went wrong."""
    with Hosts([("bookworm", "trixie")[number % 2] for number in range(max(counts))]) as hosts:
        for count in counts:
            for kind in kinds:
                seconds, wrong = _rotate(hosts, count, kind, forks)
                yield kind, count, seconds, wrong


def _rotate(hosts: Hosts, count: int, kind: str, forks: int) -> tuple[float, str]:
    """Each with a password of its own, or all with one key."""
    with stage(hosts, Setup("fleet", kind, hosts=count)) as scene:
        tasks: list[dict[str, Any]]
        if kind == "password":
            options = {**setups.OPTIONS, "credential": "{{ inventory_hostname }}-app", "deadline": 600}
            tasks = [{"name": "rotate", "community.senhasegura.linux_password_change": options}]
            on = "all"
        else:
            tasks, on = [scene.task(deadline=600)], scene.hosts[0].name
        begun = time.monotonic()
        done = scene.controller.run(tasks, on, "--forks", str(forks))
        seconds = time.monotonic() - begun
        wrong = "" if done.code == 0 else done.told()[:600]
        try:
            if kind == "key":
                scene.check_settled()
            else:
                for host in scene.hosts:
                    if not scene.holders(host, setups.own(host)):
                        raise Violation(f"lost: no record logs in to {host.name}")
        except Violation as exc:
            wrong = str(exc)
        return seconds, wrong
