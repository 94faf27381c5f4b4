# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations on real hosts, killed at random moments: nothing is lost, at most one authentication of a run is refused, and
one clean run puts everything right.
"""

from __future__ import annotations

import collections
import contextlib
import random
import time
from collections.abc import Iterator
from subprocess import SubprocessError

from faults.setups import Setup, Stage, stage
from faults.world import Violation
from hosts.group import Hosts

# Workers of ansible-core have sessions of their own: what kills the group may leave them, or not.
_WAYS = ("tree", "tree", "broker", "group")
# Of ten locks that killed runs have left, one is waited for; the others are ended by hand, to save time.
_PATIENCE = 0.1
_GOOD = ("changed", "recovered")


class Tally:
    """What was done, and what went wrong."""

    def __init__(self) -> None:
        self.kills: collections.Counter[str] = collections.Counter()
        self.losses: list[str] = []
        self.clean = 0
        self.longest = 0.0


def play(hosts: Hosts, setup: Setup, kills: int, seed: str, number: int, tally: Tally) -> None:
    """Kill so many runs of this set-up, some of them one after another, and end with a clean one.

    :param seed: decides about everything that is left to chance, but for what takes how long
    :param number: the first of the hosts
    """
    chance = random.Random(seed)
    left = kills
    while left > 0:
        story: list[str] = []
        # Where something was lost, the next one begins anew.
        with stage(hosts, setup, number) as scene:
            try:
                seconds = _clean(scene, chance, tally, story)
                while left > 0:
                    patient = chance.random() < _PATIENCE
                    if _kill(scene, chance, seconds, story):
                        left -= 1
                        tally.kills[setup.name] += 1
                    if not patient:
                        scene.end_leases()
                    if chance.random() < 0.6:
                        took = _clean(scene, chance, tally, story)
                        # Not the time that the next run waits for the lock.
                        seconds = seconds if patient else took
                _clean(scene, chance, tally, story)
            # A host that does not answer the harness is no loss, but must not end the thread unseen.
            except (Violation, RuntimeError, OSError, SubprocessError) as exc:
                left -= 1
                tail = "\n    ".join(story[-6:])
                tally.losses.append(f"{setup.kind} {setup.name} (seed {seed}): {exc!r}\n    {tail}")
                print(f"LOST {tally.losses[-1]}", flush=True)
            finally:
                print(f"{setup.kind} {setup.name} on {scene.hosts[0].suite}: {' | '.join(story)}", flush=True)


def _kill(scene: Stage, chance: random.Random, seconds: float, story: list[str]) -> bool:
    """Kill a run at a moment of the time that the last one took. Returns whether it ran still."""
    record, moment, way = (
        chance.choice(scene.setup.records),
        chance.uniform(0.0, seconds),
        chance.choice(_WAYS),
    )
    scene.forget_failures()
    scene.start(record)
    time.sleep(moment)
    ran = not scene.controller.ended()
    scene.controller.kill(way)
    story.append(f"{record} killed ({way}) after {moment:.2f} of {seconds:.2f} s" if ran else "(had ended)")
    scene.quiet()
    scene.check()
    scene.check_failures(killed=1)
    return ran


def _clean(scene: Stage, chance: random.Random, tally: Tally, story: list[str]) -> float:
    """Let one run for each record go to its end. Returns how long one took."""
    seconds = []
    left = chance.sample(scene.setup.records, len(scene.setup.records))
    given_way: set[str] = set()
    while left:
        record = left.pop(0)
        scene.forget_failures()
        done = scene.run(record)
        story.append(f"{record} {done.kinds()} in {done.seconds:.2f} s")
        scene.check()
        scene.check_failures()
        for result in done.results.values():
            if false := scene.false_claims(result):
                raise Violation(f"named as what logs in, and does not: {false}: {result}")
        # It says that a run for the other key of the account was interrupted: that one settles it.
        if done.kinds() == ["pending"] and left and not given_way:
            given_way.add(record)
            left.append(record)
            continue
        if done.code or done.kinds()[:1] not in ([kind] for kind in _GOOD):
            raise Violation(f"the clean run has failed: {done.told()}")
        seconds.append(done.seconds)
        tally.clean += 1
    scene.check_settled()
    tally.longest = max(tally.longest, *seconds)
    return max(seconds)


def shares(setups: tuple[Setup, ...], count: int) -> list[int]:
    """How often each of them is killed, to come to this count."""
    return [count // len(setups) + (number < count % len(setups)) for number in range(len(setups))]


@contextlib.contextmanager
def groups(jobs: int) -> Iterator[list[Hosts]]:
    """So many groups of three hosts."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Hosts(["bookworm", "trixie", "bookworm"])) for _job in range(jobs)]
