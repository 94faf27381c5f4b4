# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the rotation that is small enough to try everything that can happen.

A state is what survives a crash (the password of the host, the main record, the journal, the lock, requests that may
still be applied) and where each run stands. Every call may succeed, be applied without an answer, not be applied, be
applied at any time later, or store something else; a run may be killed before each call. All states that can be
reached so are visited. In each, some record must have the password of the host; and from each in which no run is under
way, a run without faults must end with the main record having it and the lock free.

The rules can be weakened one at a time. Those weakened ones that lose a password are what mutants.py does to the code.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

_State = TypeVar("_State")
OLD = "old"


@dataclasses.dataclass(frozen=True)
class Rules:
    """The protocol as it is; each field is one thing that makes it safe."""

    runs: int = 3
    # Records of the journal: that many which are used again, or 0 for a new one each run.
    slots: int = 2
    journal: bool = True
    own_record: bool = True  # of the journal, not one for all
    other_username: bool = True  # or the server takes the journal for the main record
    read_back: bool = True
    recovery: bool = True
    sweep_first: bool = False
    host_first: bool = True
    deleted: str = ""  # the journal: "at commit" or "before read-back"
    rollback_after_commit: bool = False
    takeover_while_alive: bool = True
    fence: bool = True
    deadline: bool = True
    # Whether a request to the vault may be applied even after the next run began: its wait for the lock excludes it.
    late_writes: bool = False
    other_writer: bool = False


RULES = Rules()
HOLDS = {
    "the protocol": RULES,
    "the protocol without takeover of living runs": dataclasses.replace(RULES, takeover_while_alive=False),
    "a new record each time, late writes at any time": dataclasses.replace(
        RULES, slots=0, late_writes=True, takeover_while_alive=False
    ),
    "M5 leftovers are ignored until the next commit": dataclasses.replace(RULES, recovery=False, slots=0),
    "M8 journal deleted at the commit, but late writes are waited for": dataclasses.replace(
        RULES, slots=0, deleted="at commit"
    ),
}
_UNBOUNDED = dataclasses.replace(RULES, slots=0, late_writes=True, takeover_while_alive=False)
BREAKS = {
    "two records, late writes at any time": dataclasses.replace(RULES, late_writes=True, takeover_while_alive=False),
    "M1": dataclasses.replace(RULES, journal=False, recovery=False, read_back=False),
    "M2": dataclasses.replace(RULES, journal=False, recovery=False, read_back=False, host_first=False),
    "M3": dataclasses.replace(_UNBOUNDED, own_record=False),
    "M4": dataclasses.replace(_UNBOUNDED, deleted="before read-back"),
    "M5b": dataclasses.replace(_UNBOUNDED, sweep_first=True),
    "M6": dataclasses.replace(_UNBOUNDED, rollback_after_commit=True, deleted="at commit"),
    "M7": dataclasses.replace(_UNBOUNDED, takeover_while_alive=True, fence=False),
    "M8": dataclasses.replace(_UNBOUNDED, deleted="at commit"),
    "M9": dataclasses.replace(_UNBOUNDED, read_back=False),
    "M10": dataclasses.replace(_UNBOUNDED, takeover_while_alive=True, deadline=False),
    "M11": dataclasses.replace(_UNBOUNDED, other_username=False),
    "another writer, as with automatic change": dataclasses.replace(_UNBOUNDED, other_writer=True),
}


class Run(NamedTuple):
    """Where a run stands: the name of the method of Model that does its next call."""

    at: str = "idle"
    old: str = ""
    slot: str = ""


class Late(NamedTuple):
    """A request that may still be applied, to a record or (by that run) to the host."""

    target: str
    value: str
    by: int


class State(NamedTuple):
    host: str
    main: str
    journal: frozenset[tuple[str, str]]
    lock: int | None
    late: frozenset[Late]
    runs: tuple[Run, ...]


class Finding(NamedTuple):
    """What visiting all states has found: how many, the way to a loss (empty if there is none), and how many of the
    states of rest a clean run does not put right.
    """

    states: int
    loss: tuple[str, ...]
    not_converging: int


_OVER = ("idle", "dead", "done", "stuck")


def safe(state: State) -> bool:
    return state.host == state.main or any(value == state.host for _slot, value in state.journal)


def recorded(journal: Iterable[tuple[str, str]], slot: str, value: str | None) -> frozenset[tuple[str, str]]:
    others = {entry for entry in journal if entry[0] != slot}
    return frozenset(others if value is None else others | {(slot, value)})


class Model:
    """The steps of a run under some rules. A step yields the states to which its call may lead."""

    def __init__(self, rules: Rules, faults: bool = True) -> None:
        self._rules, self._faults = rules, faults

    # Calls

    def _write(self, state: State, target: str, value: str | None, run: int) -> Iterator[tuple[State, bool]]:
        """A write to the vault: (state, whether it was answered)."""

        def applied(stored: str | None) -> State:
            if target == "main":
                return state._replace(main=stored or "")
            return state._replace(journal=recorded(state.journal, target, stored))

        yield applied(value), True
        if not self._faults:
            return
        yield applied(value), False
        yield state, False
        if self._rules.late_writes and len(state.late) < 2 and value is not None:
            yield state._replace(late=state.late | {Late(target, value, run)}), False
        if value is not None:
            yield applied(f"{value}~"), True

    def _set(self, state: State, value: str, run: int) -> Iterator[State]:
        allowed = not self._rules.fence or state.lock == run
        yield state._replace(host=value) if allowed else state
        if self._faults:
            yield state
            if len(state.late) < 2:
                yield state._replace(late=state.late | {Late("host", value, run)})

    def _go(self, state: State, run: int, at: str, **fields: str) -> State:
        runs = list(state.runs)
        runs[run] = runs[run]._replace(at=at, **fields)
        return state._replace(runs=tuple(runs))

    def _free(self, state: State, run: int) -> list[str]:
        if not self._rules.own_record:
            return ["shared"]
        if not self._rules.slots:
            return [f"of run {run}"]
        slots = [f"j{number}" for number in range(self._rules.slots)]
        return [slot for slot in slots if (slot, state.host) not in state.journal]

    # Steps

    def idle(self, state: State, run: int) -> Iterator[State]:
        held = state.lock
        if held is None or (held != run and state.runs[held].at == "dead"):
            yield self._go(state._replace(lock=run), run, "look")
        elif held != run and self._rules.takeover_while_alive and state.runs[held].at not in ("done", "idle"):
            # Its lease is over. With a deadline, it does nothing any more.
            other = self._go(state, held, "dead") if self._rules.deadline else state
            yield self._go(other._replace(lock=run), run, "look")

    def look(self, state: State, run: int) -> Iterator[State]:
        if self._rules.sweep_first and state.journal:
            slot = min(state.journal)[0]
            for after, answered in self._write(state, slot, None, run):
                yield self._go(after, run, "look" if answered else "fail")
        elif self._rules.recovery and state.main != state.host:
            known = any(value == state.host for _slot, value in state.journal)
            yield self._go(state, run, "roll_forward" if known else "stuck")
        else:
            first = "write_journal" if self._rules.journal else ("set" if self._rules.host_first else "write_first")
            for slot in self._free(state, run):
                yield self._go(state, run, first, old=state.host, slot=slot)

    def roll_forward(self, state: State, run: int) -> Iterator[State]:
        for after, _answered in self._write(state, "main", state.host, run):
            yield self._go(after, run, "read_forward")

    def read_forward(self, state: State, run: int) -> Iterator[State]:
        if state.main != state.host:
            yield self._go(state, run, "fail")
            return
        for slot in self._free(state, run):
            yield self._go(state, run, "write_journal", old=state.host, slot=slot)

    def write_journal(self, state: State, run: int) -> Iterator[State]:
        target = state.runs[run].slot if self._rules.other_username else "main"
        for after, answered in self._write(state, target, f"new {run}", run):
            yield self._go(after, run, "read_journal" if answered else "fail")

    def read_journal(self, state: State, run: int) -> Iterator[State]:
        kept = (state.runs[run].slot, f"new {run}") in state.journal
        yield self._go(state, run, "set" if kept or not self._rules.read_back else "fail")

    def write_first(self, state: State, run: int) -> Iterator[State]:
        for after, answered in self._write(state, "main", f"new {run}", run):
            yield self._go(after, run, "set" if answered else "fail")

    def set(self, state: State, run: int) -> Iterator[State]:
        for after in self._set(state, f"new {run}", run):
            yield self._go(after, run, "compare")

    def compare(self, state: State, run: int) -> Iterator[State]:
        if not self._rules.host_first:
            yield self._go(state, run, "unlock")
        elif state.host == f"new {run}":
            yield self._go(state, run, "commit")
            if self._faults:
                # The host has the hash, and refuses a login with the password all the same.
                yield self._go(state, run, "restore")
        else:
            yield self._go(state, run, "fail")

    def restore(self, state: State, run: int) -> Iterator[State]:
        for after in self._set(state, state.runs[run].old, run):
            yield self._go(after, run, "fail")

    def commit(self, state: State, run: int) -> Iterator[State]:
        for after, _answered in self._write(state, "main", f"new {run}", run):
            if self._rules.deleted == "before read-back":
                after = after._replace(journal=recorded(after.journal, state.runs[run].slot, None))
            yield self._go(after, run, "read_main")

    def read_main(self, state: State, run: int) -> Iterator[State]:
        if not self._rules.journal or (self._rules.slots and not self._rules.deleted):
            kept = state.main == f"new {run}" or not self._rules.read_back or not self._rules.journal
            yield self._go(state, run, "unlock" if kept else "fail")
        elif not self._rules.read_back or state.main == f"new {run}":
            yield self._go(state, run, "sweep")
        else:
            yield self._go(state, run, "restore_late" if self._rules.rollback_after_commit else "fail")

    def restore_late(self, state: State, run: int) -> Iterator[State]:
        for after in self._set(state, state.runs[run].old, run):
            yield self._go(after, run, "sweep" if after.host == state.runs[run].old else "fail")

    def sweep(self, state: State, run: int) -> Iterator[State]:
        """Where each run has a record of its own, those of others go, and its own where the rules say so."""
        mine = state.runs[run].slot
        gone = sorted(slot for slot, _value in state.journal if slot != mine or self._rules.deleted)
        if not gone:
            yield self._go(state, run, "unlock")
            return
        for after, answered in self._write(state, gone[0], None, run):
            yield self._go(after, run, "sweep" if answered else "unlock")

    def unlock(self, state: State, run: int) -> Iterator[State]:
        yield self._go(state._replace(lock=None if state.lock == run else state.lock), run, "done")

    # Whatever happened: touch nothing more.
    fail = unlock

    # Everything that can happen

    def next(self, state: State) -> Iterator[tuple[State, str]]:
        for number, run in enumerate(state.runs):
            if run.at in ("dead", "done", "stuck"):
                continue
            if run.at == "idle" and number and state.runs[number - 1].at == "idle":
                # They are all alike, so they may as well begin in order.
                continue
            for after in getattr(self, run.at)(state, number):
                yield after, f"run {number}: {run.at}"
            if run.at != "idle":
                yield self._go(state, number, "dead"), f"run {number} is killed before {run.at}"
        for late in state.late:
            rest = state._replace(late=state.late - {late})
            if late.target == "host":
                allowed = not self._rules.fence or state.lock == late.by
                yield rest._replace(host=late.value) if allowed else rest, f"late: host = {late.value}"
            elif late.target == "main":
                yield rest._replace(main=late.value), f"late: main = {late.value}"
            else:
                journal = recorded(state.journal, late.target, late.value)
                yield rest._replace(journal=journal), f"late: {late.target} = {late.value}"
        if self._rules.other_writer and "theirs" not in (state.host, state.main):
            yield state._replace(host="theirs", main="theirs"), "another writer changes host and main record"


def explore(
    start: _State, following: Callable[[_State], Iterable[tuple[_State, str]]], is_safe: Callable[[_State], bool]
) -> tuple[set[_State], tuple[str, ...]]:
    """Visit all states that can be reached, up to the first loss.

    :param following: returns the states to which a state may lead, and how
    :return: the states, and the way to the loss (empty if there is none)
    """
    came: dict[_State, tuple[_State, str] | None] = {start: None}
    todo = deque([start])
    while todo:
        state = todo.popleft()
        for after, how in following(state):
            if after in came:
                continue
            came[after] = (state, how)
            if not is_safe(after):
                way, at = [], after
                while step := came[at]:
                    at, how = step
                    way.insert(0, how)
                return set(came), tuple(way)
            todo.append(after)
    return set(came), ()


def visit(rules: Rules) -> Finding:
    """Return what visiting all states under some rules finds."""
    start = State(OLD, OLD, frozenset(), None, frozenset(), (Run(),) * rules.runs)
    states, loss = explore(start, Model(rules).next, safe)
    if loss:
        return Finding(len(states), loss, 0)
    resting = (state for state in states if not state.late and all(run.at in _OVER for run in state.runs))
    return Finding(len(states), (), sum(not _converges(rules, state) for state in resting))


def _converges(rules: Rules, state: State) -> bool:
    """Whether one more run, to which nothing happens, puts everything right."""
    last = len(state.runs)
    state = state._replace(runs=(*(Run("dead") for _run in state.runs), Run()))
    model = Model(rules, faults=False)
    for _step in range(60):
        following = (
            next(getattr(model, state.runs[last].at)(state, last), None) if state.runs[last].at != "done" else None
        )
        if following is None:
            break
        state = following
    return state.host == state.main and state.lock is None and state.runs[last].at == "done"


def main() -> None:
    """Print what each set of rules leads to."""
    for name, rules in itertools.chain(HOLDS.items(), BREAKS.items()):
        found = visit(rules)
        verdict = (
            f"LOSES after: {' -> '.join(found.loss)}"
            if found.loss
            else f"holds, {found.not_converging} do not converge"
        )
        print(f"{name}: {found.states:,} states, {verdict}")


if __name__ == "__main__":
    main()
