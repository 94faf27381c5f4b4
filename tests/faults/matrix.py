# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The crash matrix: every fault in every call of a run, and every pair of faults, in one run or in two.

After each of them some record has the password of the host, and one clean run puts everything right.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from faults import schedules
from faults.code import Code
from faults.keys import STARTS as KEY_STARTS
from faults.keys import KeyScene
from faults.world import LATE, LIMITS, Faults, Scene, Violation, faults

Prepare = Callable[[Scene], object]
# What was before: nothing, or a rotation that has left its password in the journal.
STARTS: dict[str, Prepare] = {"first": lambda scene: None, "second": lambda scene: scene.run()}


def scene_of(code: Code, start: str) -> Scene:
    """A scene as it is at this start, of a password or of a key."""
    if start in STARTS:
        return Scene(code, prepare=STARTS[start])
    return KeyScene(code, **KEY_STARTS[start])


def play(code: Code, start: str, *runs: Faults) -> None:
    """Do runs with faults one after the other, then a clean one. Raises Violation, which tells the whole story."""
    with scene_of(code, start) as scene:
        try:
            scene.prepare()
            for run in runs:
                one(scene, run)
            scene.settle()
        except Violation as exc:
            story = "\n  ".join([f"{start} rotation, faults {[dict(run) for run in runs]}", *scene.log, str(exc)])
            raise Violation(story) from None


def one(scene: Scene, run: Faults) -> int:
    """A run with faults, as soon as no other holds the lock. Returns how many calls it made."""
    result, world = scene.run(run)
    if result == "busy":
        scene.clock.pass_(LIMITS["deadline"])
        _result, world = scene.run(run)
    return len(world.trace)


def calls(code: Code, start: str, *runs: Faults) -> int:
    """The number of calls of the last of these runs."""
    with scene_of(code, start) as scene:
        scene.prepare()
        return [one(scene, run) for run in runs][-1]


def singles(code: Code, start: str) -> Iterator[tuple[Faults, ...]]:
    """Every fault in every call of a run."""
    for at, kind in faults(calls(code, start, {})):
        yield ({at: kind},)


def pairs_after(code: Code, start: str, first: Faults) -> Iterator[tuple[Faults, ...]]:
    """A fault in one run with another later in that run, and with each in the run that comes after it."""
    for later, second in faults(calls(code, start, first)):
        if later > max(first):
            yield ({**first, later: second},)
    for other, second in faults(calls(code, start, first, {})):
        yield first, {other: second}


def pauses(code: Code, start: str) -> Iterator[tuple[int, int]]:
    """Every call of a run at which it is paused, with every call at which another run is killed meanwhile."""
    number = calls(code, start, {})
    return itertools.product(range(number), range(number + 3))


def play_pause(code: Code, start: str, at: int, killed: int) -> None:
    """A run is paused in a call until another may take its lock, which is killed; then the first one goes on."""
    with scene_of(code, start) as scene:

        def meanwhile() -> None:
            scene.clock.pass_(sum(LIMITS.values()) + 1)
            scene.run({killed: "killed before"})

        try:
            scene.prepare()
            scene.run({at: meanwhile})
            scene.settle()
        except Violation as exc:
            story = [f"{start} rotation, paused at call {at}, the other killed at {killed}", *scene.log, str(exc)]
            raise Violation("\n  ".join(story)) from None


def play_part(code: Code, killed: int) -> None:
    """A run for a key is killed, and the next one is for the first of its hosts alone: what the others have to lose is
    in no record any more. Then comes a clean run for all.
    """
    with KeyScene(code) as scene:
        everywhere = {"shared_with": frozenset(scene.hosts)}
        try:
            scene.run({killed: "killed before"}, **everywhere)
            scene.clock.pass_(sum(LIMITS.values()))
            scene.run(hosts=scene.usual_hosts()[:1], **everywhere)
            scene.clock.pass_(sum(LIMITS.values()))
            scene.settle(**everywhere)
        except Violation as exc:
            story = [f"a run for a key, killed at call {killed}, then one for a part", *scene.log, str(exc)]
            raise Violation("\n  ".join(story)) from None


def play_no_new_key(code: Code, start: str) -> None:
    """A run for a key while no host lets a new one in, and a clean one when they do."""
    with scene_of(code, start) as scene:
        scene.prepare()
        for host in scene.hosts.values():
            host.lets_in = {*host.accepted()}
        scene.run()
        for host in scene.hosts.values():
            host.lets_in = None
        scene.settle()


def play_cut_short(code: Code, start: str) -> None:
    """A run for a key while the vault keeps the beginning of each, and a clean one when it keeps all."""
    with scene_of(code, start) as scene:
        scene.prepare()
        whole, scene.vault.alters = scene.vault.alters, lambda name, text: text[:-60]
        scene.run()
        scene.vault.alters = whole
        scene.settle()


def commits(code: Code, start: str) -> Iterator[tuple[Faults, ...]]:
    """Runs in which no attempt to write main, each of which is followed by a read, is answered."""
    with scene_of(code, start) as scene:
        scene.prepare()
        trace = scene.run()[1].trace
    first = len(trace) - 1 - trace[::-1].index("write main")
    for kinds in itertools.product((*LATE, "lost, not applied"), repeat=3):
        yield ({first + 2 * attempt: kind for attempt, kind in enumerate(kinds)},)


def writes_that_meet_the_next_run(code: Code, start: str) -> Iterator[tuple[Faults, ...]]:
    """A write to the vault that is applied after its run, and a next run at once, which is killed anywhere."""
    with scene_of(code, start) as scene:
        scene.prepare()
        trace = scene.run()[1].trace
    writes = [at for at, name in enumerate(trace) if name.startswith("write")]
    for at, killed in itertools.product(writes, range(trace.index("host set"), len(trace))):
        yield {at: "late, after the run"}, {killed: "killed before"}


Case = tuple[str, Callable[[], object]]


def from_start(code: Code, start: str, step: int = 1) -> Iterator[Case]:
    """All single faults, and of the pauses each ``step``-th one: (description, what raises Violation)."""
    for runs in singles(code, start):
        yield f"{start}: {runs}", partial(play, code, start, *runs)
    for at, killed in itertools.islice(pauses(code, start), 0, None, step):
        yield f"{start}: paused at {at}, other killed at {killed}", partial(play_pause, code, start, at, killed)


def in_random_order(code: Code, seeds: Iterable[int]) -> Iterator[Case]:
    for seed in seeds:
        yield f"schedule {seed}", partial(schedules.play, code, seed)


def fast(code: Code, seeds: Iterable[int]) -> Iterator[Case]:
    """What a mistake is looked for with, in that order."""
    for start in STARTS:
        for runs in (*commits(code, start), *writes_that_meet_the_next_run(code, start)):
            yield f"{start}: {runs}", partial(play, code, start, *runs)
        yield from from_start(code, start, 7)
    yield from in_random_order(code, seeds)


def first_violation(cases: Iterator[Case]) -> str | None:
    """The story of the first case that loses or harms something, or None."""
    try:
        for _description, work in cases:
            work()
    # A mistake may show as early as in a run without faults, from which the cases are made.
    except Violation as exc:
        return str(exc)
    return None
