# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""model.py for one record that two hosts share, whose runs know nothing of each other: there is no lease at all in it.

So what is safe here is so whatever the lease says. Each host has a lock of its own, and a journal of its own. A state in
which no record has the password of a host is a loss; all states that can be reached are visited.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import NamedTuple

from faults.model import Finding, explore

OLD = "old"


@dataclasses.dataclass(frozen=True)
class Rules:
    """The protocol as it is; each field is one thing that makes it safe."""

    # The host of each run, in the order in which they may begin.
    hosts: tuple[int, ...] = (0, 1, 0)
    own_journal: bool = True
    keep_old: bool = True
    copy_foreign: bool = True
    keep_holder: bool = True
    read_back: bool = True
    wait_for_late: bool = True
    # Whether what each host has is in its own journal already: a run of it that was turned away has left it there.
    known: bool = True
    # Where it begins: the first host has rotated, and the second one has what only the journal of the first still has.
    # The run of that one (the first of the two) has looked when the other begins.
    left_behind: bool = False


RULES = Rules()
_FIRST = dataclasses.replace(RULES, hosts=(0, 1), known=False)
_LEFT = dataclasses.replace(RULES, hosts=(1, 0), left_behind=True)
HOLDS = {
    "two hosts, two runs on one of them": RULES,
    "two hosts, two runs on the other one": dataclasses.replace(RULES, hosts=(0, 1, 1)),
    "two hosts, the first run of each": _FIRST,
    "a host that only the journal of the other one knows": _LEFT,
}
BREAKS = {
    "N1 a journal for each record, not for each machine": dataclasses.replace(RULES, own_journal=False),
    "N2 what the host has is not journalled": dataclasses.replace(_FIRST, keep_old=False),
    "N3 a value in the journal of another machine is relied on": dataclasses.replace(_LEFT, copy_foreign=False),
    "N4 the record that holds what the host accepts is overwritten": dataclasses.replace(RULES, keep_holder=False),
    "N5 the journal is not read back": dataclasses.replace(RULES, read_back=False),
    "N6 the lock is taken over while a write may still arrive": dataclasses.replace(RULES, wait_for_late=False),
    "N7 a host whose runs were all turned away, and left nothing": dataclasses.replace(RULES, known=False),
}


class Run(NamedTuple):
    """Where a run stands, and what it remembers: main as it was, what its host had, and which slots are for what."""

    at: str = "idle"
    main: str = ""
    old: str = ""
    slot: int = 0


class State(NamedTuple):
    hosts: tuple[str, ...]
    main: str
    slots: tuple[str, ...]
    locks: tuple[int | None, ...]
    late: frozenset[tuple[int, str, int, str]]
    runs: tuple[Run, ...]


def _put(items: tuple[str, ...], at: int, value: str) -> tuple[str, ...]:
    return (*items[:at], value, *items[at + 1 :])


class Model:
    """The steps of a run under some rules. A step yields the states to which its call may lead."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def start(self) -> State:
        runs = tuple(Run() for _host in self._rules.hosts)
        if self._rules.left_behind:
            return State(("a", OLD), "a", (OLD, "a", "", ""), (None, None), frozenset(), runs)
        return State(
            (OLD, OLD),
            OLD,
            (OLD, "", OLD, "") if self._rules.known else ("", "", "", ""),
            (None, None),
            frozenset(),
            runs,
        )

    def _go(self, state: State, run: int, at: str, **fields: str | int) -> State:
        runs = list(state.runs)
        runs[run] = runs[run]._replace(at=at, **fields)  # type: ignore[arg-type]
        return state._replace(runs=tuple(runs))

    def _own(self, run: int) -> tuple[int, int]:
        """The slots that a run may write to."""
        host = self._rules.hosts[run] if self._rules.own_journal else 0
        return 2 * host, 2 * host + 1

    def _write(self, state: State, run: int, target: str, slot: int, value: str, then: str) -> Iterator[State]:
        def applied(stored: str) -> State:
            if target == "main":
                return state._replace(main=stored)
            return state._replace(slots=_put(state.slots, slot, stored))

        yield self._go(applied(value), run, then)
        # No answer: applied, or not, or later.
        yield self._go(applied(value), run, "dead")
        yield self._go(state, run, "dead")
        if len(state.late) < 2:
            yield self._go(state._replace(late=state.late | {(run, target, slot, value)}), run, "dead")
        if target == "slot":
            yield self._go(applied(f"{value}~"), run, then)

    def idle(self, state: State, run: int) -> Iterator[State]:
        if self._rules.left_behind and run and not self._has_looked(state):
            return
        host = self._rules.hosts[run]
        holder = state.locks[host]
        free = holder is None or state.runs[holder].at == "dead"
        quiet = not self._rules.wait_for_late or not any(late[0] == holder for late in state.late)
        if free and quiet:
            locks = tuple(run if number == host else lock for number, lock in enumerate(state.locks))
            yield self._go(state._replace(locks=locks), run, "look")

    def _has_looked(self, state: State) -> bool:
        if state.runs[0].at in ("idle", "look", "write_old", "read_old", "dead"):
            return any(state.slots[slot] == state.hosts[self._rules.hosts[0]] for slot in self._own(0))
        return True

    def look(self, state: State, run: int) -> Iterator[State]:
        has, rules = state.hosts[self._rules.hosts[run]], self._rules
        own = self._own(run)
        in_main, in_own = state.main == has, any(state.slots[slot] == has for slot in own)
        if not in_main and has not in state.slots:
            yield self._go(state, run, "dead")
            return
        copied = in_own or not (rules.keep_old if in_main else rules.copy_foreign)
        if copied:
            yield from self._choose(state, run, "write_new", has)
        else:
            yield from self._choose(state, run, "write_old", has)

    def _choose(self, state: State, run: int, then: str, has: str) -> Iterator[State]:
        """Take one of the own slots that do not hold what the host has."""
        for slot in self._own(run):
            if state.slots[slot] != has or not self._rules.keep_holder:
                yield self._go(state, run, then, main=state.main, old=has, slot=slot)

    def write_old(self, state: State, run: int) -> Iterator[State]:
        me = state.runs[run]
        yield from self._write(state, run, "slot", me.slot, me.old, "read_old")

    def read_old(self, state: State, run: int) -> Iterator[State]:
        me = state.runs[run]
        if self._rules.read_back and state.slots[me.slot] != me.old:
            yield self._go(state, run, "dead")
            return
        (other,) = {*self._own(run)} - {me.slot}
        yield self._go(state, run, "write_new", slot=other)

    def write_new(self, state: State, run: int) -> Iterator[State]:
        yield from self._write(state, run, "slot", state.runs[run].slot, f"new {run}", "read_new")

    def read_new(self, state: State, run: int) -> Iterator[State]:
        kept = state.slots[state.runs[run].slot] == f"new {run}" or not self._rules.read_back
        yield self._go(state, run, "prove" if kept else "dead")

    def prove(self, state: State, run: int) -> Iterator[State]:
        yield from self._write(state, run, "main", 0, state.runs[run].main, "set")

    def set(self, state: State, run: int) -> Iterator[State]:
        host = self._rules.hosts[run]
        if state.locks[host] == run:
            yield self._go(state._replace(hosts=_put(state.hosts, host, f"new {run}")), run, "commit")
        yield self._go(state, run, "dead")

    def commit(self, state: State, run: int) -> Iterator[State]:
        yield from self._write(state, run, "main", 0, f"new {run}", "unlock")
        # Refused for certain: back.
        yield self._go(state, run, "restore")

    def restore(self, state: State, run: int) -> Iterator[State]:
        host = self._rules.hosts[run]
        if state.locks[host] == run:
            yield self._go(state._replace(hosts=_put(state.hosts, host, state.runs[run].old)), run, "unlock")
        yield self._go(state, run, "dead")

    def unlock(self, state: State, run: int) -> Iterator[State]:
        locks = tuple(None if lock == run else lock for lock in state.locks)
        yield self._go(state._replace(locks=locks), run, "done")

    def next(self, state: State) -> Iterator[tuple[State, str]]:
        for number, run in enumerate(state.runs):
            if run.at in ("dead", "done"):
                continue
            for after in getattr(self, run.at)(state, number):
                yield after, f"run {number} on host {self._rules.hosts[number]}: {run.at}"
            if run.at != "idle":
                yield self._go(state, number, "dead"), f"run {number} is killed before {run.at}"
        for late in state.late:
            rest = state._replace(late=state.late - {late})
            _run, target, slot, value = late
            yield rest, "a request is lost"
            if target == "main":
                yield rest._replace(main=value), f"late: main = {value}"
            else:
                yield rest._replace(slots=_put(rest.slots, slot, value)), f"late: slot {slot} = {value}"


def safe(state: State) -> bool:
    return {*state.hosts} <= {state.main, *state.slots}


def visit(rules: Rules) -> Finding:
    """Return what visiting all states under some rules finds."""
    model = Model(rules)
    states, loss = explore(model.start(), model.next, safe)
    return Finding(len(states), loss, 0)


if __name__ == "__main__":
    for name, rules in {**HOLDS, **BREAKS}.items():
        found = visit(rules)
        print(
            f"{name}: {found.states:,} states, {'LOSES after: ' + ' -> '.join(found.loss) if found.loss else 'holds'}"
        )
