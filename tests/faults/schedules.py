# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several runs on one host at a time, in random order, with pauses that may be longer than a lease (as SIGSTOP makes
them) and with writes to the vault that are applied late.
"""

from __future__ import annotations

import random
import threading
from typing import Any

from faults.code import Code
from faults.world import LIMITS, Killed, Scene, Violation, World

_LATE = LIMITS["late_write_window"] - 1
_LEASE_IS_OVER = sum(LIMITS.values()) + 1


class _Turns:
    """Lets one thread run at a time; a thread gives the turn back before each of its calls."""

    def __init__(self) -> None:
        self._main = threading.Semaphore(0)
        self._waiting: dict[str, threading.Semaphore] = {}

    def start(self, name: str, work: Any) -> None:
        self._waiting[name] = threading.Semaphore(0)

        def run() -> None:
            self._waiting[name].acquire()
            try:
                work()
            finally:
                del self._waiting[name]
                self._main.release()

        threading.Thread(target=run, daemon=True).start()

    def names(self) -> list[str]:
        return sorted(self._waiting)

    def give(self, name: str) -> None:
        self._waiting[name].release()
        self._main.acquire()

    def wait(self, name: str) -> None:
        self._main.release()
        self._waiting[name].acquire()


class _Paused(World):
    """A world in which each call waits for its turn, which may come much later."""

    turns: _Turns
    chance: random.Random

    def _faulty(self, name: str, work: Any, **details: Any) -> Any:
        self.turns.wait(self._run.id)
        if self.chance.random() < 0.03:
            raise Killed
        if name.startswith("write") and self.chance.random() < 0.1:
            self.faults = {len(self.trace): "late, after the run"}
        if name == "host set" and self.chance.random() < 0.3:
            # It reaches the host much later, whoever holds the lock by then.
            for _turn in range(self.chance.randint(1, 20)):
                self.turns.wait(self._run.id)
        return super()._faulty(name, work, **details)


def play(code: Code, seed: int, runs: int = 4) -> list[str]:
    """Do a random schedule and a clean run. Returns how the runs ended. Raises Violation."""
    chance = random.Random(seed)
    results: list[str] = []
    with Scene(code) as scene:
        if seed % 2:
            # The journal has the present password already, so each run writes to the same record.
            scene.run()
        turns = _Turns()
        problems: list[Violation] = []

        def start() -> str:
            world, run, protocol = scene.start(world=_Paused)
            world.turns, world.chance = turns, chance

            def sleep(seconds: float) -> None:
                end = scene.clock() + seconds
                while scene.clock() < end:
                    turns.wait(run.id)

            def work() -> None:
                try:
                    result = code.driver.drive(protocol, world, run, code.driver.Interrupt(), sleep=sleep).status
                except code.effects.Stopped as stop:
                    result = stop.status
                except Killed:
                    result = "killed"
                except Violation as exc:
                    problems.append(exc)
                    result = "violation"
                results.append(result)
                scene.log.append(f"{run.id}: {result} after {', '.join(world.trace)}")

            turns.start(run.id, work)
            return str(run.id)

        waiting = runs
        frozen: dict[str, int] = {}
        while waiting or turns.names():
            if waiting and (not turns.names() or chance.random() < 0.15):
                waiting -= 1
                start()
                continue
            frozen = {name: left - 1 for name, left in frozen.items() if left > 1}
            if chance.random() < 0.06:
                # Somebody is paused, and often for longer than it holds the lock.
                frozen[chance.choice(turns.names())] = chance.randint(5, 60)
                scene.clock.pass_(chance.choice((1.0, 100.0, LIMITS["deadline"], _LEASE_IS_OVER, _LEASE_IS_OVER)))
            awake = [name for name in turns.names() if name not in frozen]
            if awake:
                turns.give(chance.choice(awake))
            scene.clock.pass_(0.1)
            if problems:
                break
        try:
            if problems:
                raise problems[0]
            scene.clock.pass_(_LATE)
            scene.settle()
        except Violation as exc:
            raise Violation("\n  ".join([f"schedule {seed}", *scene.log, str(exc)])) from None
    return results
