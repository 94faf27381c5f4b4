# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two controllers that rotate the same record at the same time, on the same host or on different ones."""

from __future__ import annotations

import collections
import random
import time
from dataclasses import dataclass
from typing import Any

from faults.setups import OPTIONS, SECRET, Controller, Setup, Stage, stage
from faults.world import Violation
from hosts.group import Hosts

# How the second run may end besides "changed", which it may when it came after the first one.
_GIVES_WAY = {"busy", "refused", "pending", "unchanged", "recovered"}


@dataclass(frozen=True)
class Meeting:
    """``on``: the numbers of the hosts of each controller; ``says_hosts``: whether they name them in the option hosts."""

    name: str
    setup: Setup
    on: tuple[tuple[int, ...], tuple[int, ...]]
    by_id: bool = False
    says_hosts: bool = False
    wait: int = 0


_ONE, _ONE_KEY = Setup("one host", "password"), Setup("one host", "key")
_PASSWORD = Setup("two hosts", "password", hosts=2)
_KEY = Setup("two hosts", "key", hosts=2)
MEETINGS = (
    Meeting("password, same host", _ONE, ((0,), (0,))),
    Meeting("password, same host, one waits", _ONE, ((0,), (0,)), wait=60),
    Meeting("password, same host, by identifier and by id", _ONE, ((0,), (0,)), by_id=True),
    Meeting("password, different hosts", _PASSWORD, ((0,), (1,))),
    Meeting("password, different hosts, by identifier and by id", _PASSWORD, ((0,), (1,)), by_id=True),
    Meeting("password, both hosts", _PASSWORD, ((0, 1), (0, 1)), says_hosts=True),
    Meeting("password, both hosts, in another order", _PASSWORD, ((0, 1), (1, 0)), says_hosts=True, wait=60),
    Meeting("key, same host", _ONE_KEY, ((0,), (0,))),
    Meeting("key, different hosts", _KEY, ((0,), (1,))),
    Meeting("key, both hosts", _KEY, ((0, 1), (0, 1)), says_hosts=True),
    Meeting("key, both hosts, in another order", _KEY, ((0, 1), (1, 0)), says_hosts=True, by_id=True),
)


def play(hosts: Hosts, meeting: Meeting, rounds: int, seed: str, results: collections.Counter[str]) -> list[str]:
    """Let them meet so often, each time on new accounts. Returns what went wrong."""
    chance, wrong, seconds = random.Random(seed), [], 4.0
    for number in range(rounds):
        with stage(hosts, meeting.setup, number) as scene:
            try:
                seconds = _meet(scene, meeting, chance.uniform(-1.0, 1.0) * seconds, results)
            except (Violation, RuntimeError, OSError) as exc:
                wrong.append(f"{meeting.name}, round {number} (seed {seed}): {exc}")
                print(f"LOST {wrong[-1]}", flush=True)
    return wrong


def _meet(scene: Stage, meeting: Meeting, delay: float, results: collections.Counter[str]) -> float:
    """Start both, the second ``delay`` after the first (before it, if negative). Returns how long the longer one took."""
    controllers = [scene.controller, scene.another("c2")]
    references = [SECRET, scene.items(SECRET)[SECRET]["id"] if meeting.by_id else SECRET]
    order = [0, 1] if delay >= 0 else [1, 0]
    scene.forget_failures()
    for place, which in enumerate(order):
        if place:
            time.sleep(abs(delay))
        _start(scene, meeting, controllers[which], meeting.on[which], references[which])
    told: dict[int, tuple[str, list[str]]] = {}
    while len(told) < len(order):
        time.sleep(0.02)
        for which in order:
            if which not in told and controllers[which].ended():
                done = controllers[which].wait()
                # At once: what a message says must be so when it is read.
                false = [name for result in done.results.values() for name in scene.false_claims(result)]
                told[which] = (done.kinds()[0] if done.results else done.told(), false)
                longest = done.seconds
    scene.quiet()
    kinds = [told[which][0] for which in (0, 1)]
    results[f"{meeting.name}: {' and '.join(sorted(kinds))}"] += 1
    print(f"{meeting.name}, {delay:+.2f} s: {' and '.join(kinds)}", flush=True)
    scene.check()
    # Each run that has changed a key has shown that the old one is refused.
    scene.check_failures(max(1, kinds.count("changed")))
    if false := [name for _kind, names in told.values() for name in names]:
        raise Violation(f"named as what logs in, and does not: {false}")
    if "changed" not in kinds or not set(kinds) <= {"changed"} | _GIVES_WAY:
        raise Violation(f"one must work, and the other give way: {kinds}")
    return longest


def _start(scene: Stage, meeting: Meeting, controller: Controller, on: tuple[int, ...], reference: str) -> None:
    names = [scene.hosts[number].name for number in on]
    options: dict[str, Any] = {**OPTIONS, "lock_wait": meeting.wait}
    if meeting.says_hosts:
        options["hosts"] = names
    module, option = {
        "password": ("linux_password_change", "credential"),
        "key": ("linux_ssh_key_rotation", "ssh_key"),
    }[meeting.setup.kind]
    task = {"name": "rotate", f"community.senhasegura.{module}": {option: reference, **options}}
    controller.start([task], names[0])
