# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every interleaving of two runs on one record, up to the last step of both, with the real code.

A state is what the world is like and which answers each run has got: the protocols are pure, so that is all there is.
From each state either run makes its next call; where that is wanted, either one is killed, with what it was about to send
lost or still under way; what is under way arrives; or so much time passes that a lock is about to end, or has ended.
States are visited once each, and the interleavings that lead through them are counted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from faults.code import Code, Edit
from faults.keys import KeyScene, KeyWorld, texts
from faults.world import LIMITS, Scene, Violation, World

from ansible_collections.community.senhasegura.plugins.module_utils.keypair import checked_pair

_ALMOST, _OVER = LIMITS["deadline"] - 1, 2.0
# How long after it was sent something may arrive.
_LIFE = LIMITS["late_write_window"] - 1
# The parts of the world on which a call depends, if it is not on a host.
_VAULT, _ALL, _NONE = "the vault", "everything", "nothing"
_HARMLESS = ("list", "read", "look", "look_keys", "judge", "login")


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two runs, by what start() of a scene takes, and where they begin. ``both`` are the hosts of the clean run after them."""

    make: Callable[[Code], Any]
    first: Mapping[str, Any]
    second: Mapping[str, Any]
    both: tuple[str, ...] = ("web01",)
    # Whether one of them may be killed, and time pass.
    killed: bool = False


@dataclasses.dataclass(frozen=True)
class _Answer:
    """What a call was answered, the time then, and the time at which the run came to the call."""

    came: float
    at: float
    value: Any
    failure: BaseException | None
    records: Mapping[str, Any]
    failures: int


@dataclasses.dataclass(frozen=True)
class _Side:
    """A run: what it was answered so far, its next call ("" before the first), and how it ended. ``key`` stands for the
    answers and what it knows of the records, without the times of the answers: of these only its deadlines and its next
    call depend.
    """

    past: tuple[_Answer, ...] = ()
    key: int = 0
    deadlines: tuple[float, ...] = ()
    next: str = "start"
    end: str = ""


class _Shared(NamedTuple):
    """The files of the hosts, the records of the vault with how often each was changed, and what tells each part apart."""

    hosts: Mapping[str, Mapping[str, bytes]]
    vault: tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Any]]
    # By the name of a host, or _VAULT.
    keys: Mapping[str, int]

    @property
    def key(self) -> tuple[int, ...]:
        return tuple(self.keys.values())


class _Effect(NamedTuple):
    """What a call has done: the part of the world that it may have changed, as it is then, and how the run goes on."""

    call: str
    part: str
    content: Any
    key: Any
    side: _Side
    now: float


@dataclasses.dataclass(frozen=True)
class _State:
    world: _Shared
    now: float
    sides: tuple[_Side, _Side]
    # The number of a killed run whose last request is still under way, and until when.
    flying: tuple[int, float] | None = None
    passed: int = 0
    kills: int = 0

    def key(self) -> Any:
        """What tells states apart. What a run was answered matters no more when it is over and nothing of it under way."""
        flying = self.flying[0] if self.flying else None
        sides = tuple(
            (side.key, side.deadlines, side.next, side.end) if number == flying or not side.end else side.end
            for number, side in enumerate(self.sides)
        )
        return self.world.key, self.now, sides, self.flying, self.passed, self.kills


class _Pause(BaseException):
    """The run has come to the call after the one that it was let do."""


class _Again:
    """A world in which a run gets the answers again that it had, and then does one call more."""

    past: tuple[_Answer, ...]
    # When it comes to that call, which is the time at which it looks at its deadline, and when the call is made.
    came: float
    now: float
    done: _Answer | None
    next: str
    landing = False
    # Whether it has looked for the last time at the lease, and at main. What it tells is as true as it was then: from
    # there on others may begin, and what they change it cannot know.
    left = False
    # Whether it has looked at main then, but late: others may have changed its hosts, of which it hears when it gives the
    # locks back. A host accepts a new key beside the old one until main has it.
    late = False

    def write(self: Any, name: str, secret: Any, note: Mapping[str, str]) -> None:
        if len(self.trace) < len(self.past):
            self._faulty(f"write {name}", None, lost=None)
        else:
            super().write(name, secret, note)  # type: ignore[misc]

    def _faulty(self: Any, name: str, work: Any, **more: Any) -> Any:
        clock = self._scene.clock
        if len(self.trace) < len(self.past):
            return self._answered(name)
        self._end_here(name)
        clock.now = self.now
        if self.landing:
            # It was sent in time.
            self._run.ends = float("inf")
        value, failure = None, None
        try:
            value = super()._faulty(name, work, **more)  # type: ignore[misc]
        except Exception as exc:
            failure = exc
        self.done = _Answer(self.came, self.now, value, failure, _copied(self._records), self.failures)
        if failure is not None:
            raise failure
        self._leave(name, value, self.now)
        return value

    def _leave(self: Any, name: str, value: Any, at: float) -> None:
        run = self._run
        if name == "read main" and run.leaving:
            self.late = at >= run.ends and not isinstance(self, KeyWorld)
            self.left = not self.late
        elif name == "read lease" and run.leaving and run.main_secret is None:
            self.left = self.left or value.note.get("run") == run.id

    def sleep(self: Any, seconds: float) -> None:
        """A call as well: meanwhile the other run goes on."""
        name, clock = f"sleep {seconds:.0f}", self._scene.clock
        if len(self.trace) < len(self.past):
            self._answered(name)
            return
        self._end_here(name)
        woken = max(self.now, clock.now + seconds)
        self.done = _Answer(clock.now, woken, None, None, _copied(self._records), self.failures)
        self.trace.append(name)
        clock.now = woken

    def _answered(self: Any, name: str) -> Any:
        """What the call was answered. Time goes on to when the run came to the next one."""
        self.trace.append(name)
        answer = self.past[len(self.trace) - 1]
        following = self.past[len(self.trace) : len(self.trace) + 1]
        self._scene.clock.now = following[0].came if following else self.came
        self.failures = answer.failures
        if answer.failure is not None:
            raise answer.failure
        self._leave(name, answer.value, answer.at)
        return answer.value

    def _end_here(self: Any, name: str) -> None:
        if self.done is not None or len(self.trace) > len(self.past):
            self.next = name
            raise _Pause


class _PasswordAgain(_Again, World):
    pass


class _KeyAgain(_Again, KeyWorld):
    pass


def _copied(records: Any) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in vars(records).items()}


def _put_back(records: Any, kept: Mapping[str, Any]) -> None:
    for name, value in kept.items():
        if isinstance(value, dict):
            present = getattr(records, name)
            present.clear()
            present.update(value)
        else:
            setattr(records, name, value)


def _plain(value: Any) -> Any:
    """What tells values apart, though their texts hide secrets."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, *(_plain(getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, Mapping):
        return tuple(sorted((key, _plain(one)) for key, one in value.items()))
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, BaseException):
        return type(value).__name__, str(value)
    return value if isinstance(value, (str, int, float, bytes, type(None))) else repr(value)


@dataclasses.dataclass
class Found:
    """What exploring has found: numbers, how the runs ended, and the story of each loss and each untrue message."""

    states: int = 0
    interleavings: int = 0
    ends: set[tuple[str, str]] = dataclasses.field(default_factory=set)
    losses: list[str] = dataclasses.field(default_factory=list)
    untrue: list[str] = dataclasses.field(default_factory=list)


class _Explorer:
    def __init__(self, code: Code, pair: Pair, most: int) -> None:
        # A run sleeps as long as it wants in one go.
        self.code = code.edited(Edit("driver", "_NAP = 0.2\n", "_NAP = 1e9\n"))
        self._pair, self._most = pair, most
        self._settled: set[Any] = set()
        # What calls have done, by the run, its past and the part of the world that they depend on; and the worlds in
        # which the invariant was looked at. Runs on two hosts cross in many ways that differ in the order alone.
        self._effects: dict[Any, _Effect] = {}
        self._calls: dict[Any, str] = {}
        self._checked: set[Any] = set()
        # What is on the hosts now, where that is known.
        self._files: Mapping[str, Mapping[str, bytes]] = {}
        self._untrue = ""
        self.found = Found()

    def explore(self) -> Found:
        with self._begin() as start:
            self._visit(start)
        return self.found

    def replay(self, way: Iterable[tuple[int, int]]) -> Found:
        with self._begin() as state:
            came: dict[Any, tuple[Any, str] | None] = {state.key(): None}
            turns = (str(number) for number, times in way for _time in range(times))
            for turn in itertools.chain(turns, itertools.repeat("")):
                key = state.key()
                steps = (step for step in self._following(state, key, came) if step[0].startswith(turn))
                step = next(steps, None)
                if step is not None:
                    came.setdefault(step[1].key(), (key, step[0]))
                    state = step[1]
                elif not turn:
                    break
        return self.found

    @contextlib.contextmanager
    def _begin(self) -> Iterator[_State]:
        with self._pair.make(self.code) as scene:
            self._scene = scene
            scene.prepare()
            scene.tick = 0.0
            # Of runs that cross, either may have written main last.
            scene.one_at_a_time = False
            self._begun = scene.clock.now
            yield _State(self._world(), scene.clock.now, (_Side(), _Side()))

    def _visit(self, start: _State) -> None:
        """Depth first, so that each state is counted when all that follow it were."""
        ways: dict[Any, int] = {}
        came: dict[Any, tuple[Any, str] | None] = {start.key(): None}
        todo: list[tuple[_State, Any, Iterator[tuple[str, _State]], list[Any]]] = []

        def push(state: _State, key: Any) -> None:
            todo.append((state, key, self._following(state, key, came), []))

        push(start, start.key())
        while todo and len(self.found.losses) < self._most:
            _state, key, following, children = todo[-1]
            step = next(following, None)
            if step is None:
                ways[key] = sum(ways.get(child, 0) for child in children) or 1
                todo.pop()
                continue
            how, after = step
            child = after.key()
            children.append(child)
            if child not in came:
                came[child] = key, how
                push(after, child)
        self.found.states = len(came)
        self.found.interleavings = ways.get(start.key(), 0)

    # What may happen

    def _following(self, state: _State, key: Any, came: Any) -> Iterator[tuple[str, _State]]:
        running = [number for number, side in enumerate(state.sides) if not side.end]
        steps: list[tuple[str, Callable[[], _State]]] = [
            (f"{number}: {state.sides[number].next}", functools.partial(self._step, state, number))
            for number in running
        ]
        if self._pair.killed and running:
            steps += self._harm(state, running)
        if state.flying and state.now <= state.flying[1]:
            steps.append((f"{state.flying[0]}: it arrives", lambda: self._land(state)))
        for how, do in steps:
            try:
                after = do()
            except Violation as exc:
                self._tell(self.found.losses, came, key, how, str(exc))
                continue
            if self._untrue:
                self._tell(self.found.untrue, came, key, how, self._untrue)
                self._untrue = ""
            yield how, after
        if not running:
            self._settle(state, key, came)

    def _harm(self, state: _State, running: list[int]) -> list[tuple[str, Callable[[], _State]]]:
        steps: list[tuple[str, Callable[[], _State]]] = []
        if not state.kills:
            for number in running:
                side = state.sides[number]
                if not side.past:
                    continue
                killed = dataclasses.replace(
                    self._with(state, number, dataclasses.replace(side, end="killed")), kills=1
                )
                steps.append((f"{number}: killed before {side.next}", lambda killed=killed: killed))
                if not side.next.endswith(_HARMLESS) and not side.next.startswith(_HARMLESS):
                    flying = dataclasses.replace(killed, flying=(number, state.now + _LIFE))
                    steps.append((f"{number}: killed during {side.next}", lambda flying=flying: flying))
        if state.passed < 2:
            seconds = (_ALMOST, _OVER)[state.passed]
            later = dataclasses.replace(state, now=state.now + seconds, passed=state.passed + 1)
            steps.append((f"{seconds:.0f} seconds pass", lambda: later))
        return steps

    def _with(self, state: _State, number: int, side: _Side) -> _State:
        sides = [*state.sides]
        sides[number] = side
        return dataclasses.replace(state, sides=(sides[0], sides[1]))

    def _step(self, state: _State, number: int) -> _State:
        side = state.sides[number]
        run = number, side.key, side.deadlines, side.next, self._came(state, number), state.now
        effect = self._known(run, state.world)
        if effect is None:
            after, call, told = self._carry_out(state, number)
            # When it begins, it looks at the list as well.
            if side.past and not self._untrue:
                self._remember(run, call, _ALL if told else self._part(call), state.world, after, number)
            return after
        self._scene.clock.now = effect.now
        world = self._changed(state.world, effect)
        side = dataclasses.replace(effect.side, past=(*side.past, effect.side.past[-1]))
        return dataclasses.replace(self._with(state, number, side), world=world, now=effect.now)

    def _known(self, run: Any, world: _Shared) -> _Effect | None:
        if run not in self._calls:
            return None
        part = self._part(self._calls[run])
        return self._effects.get((*run, part, self._key_of(world, part))) or self._effects.get((*run, _ALL, world.key))

    def _remember(self, run: Any, call: str, part: str, before: _Shared, after: _State, number: int) -> None:
        """``call`` is what the run has really done: where its deadline is over meanwhile, not what it was about to do."""
        self._calls[run] = call
        world, content = after.world, {_ALL: after.world, _VAULT: after.world.vault}
        changed = content[part] if part in content else world.hosts.get(part)
        key = self._key_of(world, part)
        self._effects[(*run, part, self._key_of(before, part))] = _Effect(
            call, part, changed, key, after.sides[number], after.now
        )

    def _part(self, call: str) -> str:
        """On which part of the world the effect and the answer of a call depend. Any write is compared with all hosts."""
        word = call.partition(" ")[0]
        if word in self._scene.hosts:
            return word
        if word in ("list", "read"):
            return _VAULT
        if word in ("", "write"):
            return _ALL
        return _NONE if word == "sleep" else next(iter(self._scene.hosts))

    def _key_of(self, world: _Shared, part: str) -> Any:
        if part == _ALL:
            return world.key
        return 0 if part == _NONE else world.keys[part]

    def _changed(self, world: _Shared, effect: _Effect) -> _Shared:
        """The world after a call whose effect is known."""
        part = effect.part
        if part == _ALL:
            # It was looked at when the call was carried out.
            return effect.content
        if part != _NONE and world.keys[part] != effect.key:
            keys = {**world.keys, part: effect.key}
            if part == _VAULT:
                world = world._replace(vault=effect.content, keys=keys)
            else:
                world = world._replace(hosts={**world.hosts, part: effect.content}, keys=keys)
        if world.key not in self._checked:
            self._put_back(world)
            self._scene.check(f"after {effect.call}")
            self._checked.add(world.key)
        return world

    def _carry_out(self, state: _State, number: int) -> tuple[_State, str, bool]:
        """The state after the next call of a run, the call ("" for none), and whether the run has told something.

        Whether that is true depends on all of the world.
        """
        side, world = state.sides[number], self._again(state, number)
        self._files = {}
        drive = self.code.driver.drive
        end = ""
        told: list[Any] = []
        try:
            outcome = drive(self._protocol, world, self._run, self.code.driver.Interrupt(), sleep=world.sleep)
            end, told = outcome.status, [outcome.message, "", outcome]
        except _Pause:
            pass
        except self.code.effects.Stopped as stop:
            end, told = stop.status, [stop.message, stop.hint, stop]
        past, key = side.past, side.key
        if world.done is not None:
            past = (*past, world.done)
            done = world.done
            key = hash((key, *map(_plain, (done.value, done.failure, done.records))))
        if world.failures > self._scene.most_failures:
            raise Violation(f"{world.failures} failed logins in one run")
        # Code of 55b64b2 waits for nobody.
        deadlines = self._run.ends, getattr(self._run, "give_up", 0.0)
        after = self._with(state, number, _Side(past, key, deadlines, world.next, end))
        after = dataclasses.replace(after, world=self._world(), now=max(self._scene.clock.now, state.now))
        call = next(iter(world.trace[len(side.past) :]), "")
        leaves = world.left and call in ("read lease", "read main")
        if tells := leaves or bool(end and not world.left):
            self._scene.told.clear()
            self._scene.note(self._run, end or "that it is over", *(told or ("", "", None)))
            main = self._scene.vault.records[self._scene.main]
            kept = dict(main)
            if world.late:
                main["password"] = self._run.main_secret
            try:
                self._scene.check_truth()
            except Violation as exc:
                self._untrue = f"{exc} ({told[0] if told else call})"
            main.update(kept)
        return after, call, tells

    def _land(self, state: _State) -> _State:
        assert state.flying
        number, until = state.flying
        side = state.sides[number]
        run = "landing", number, side.key, side.deadlines, side.next, until, state.now
        if effect := self._known(run, state.world):
            return dataclasses.replace(state, world=self._changed(state.world, effect), flying=None)
        world = self._again(state, number)
        world.landing, world.came = True, until - _LIFE
        self._files = {}
        try:
            self.code.driver.drive(self._protocol, world, self._run, self.code.driver.Interrupt(), sleep=world.sleep)
        except (_Pause, self.code.effects.Stopped):
            pass
        after = dataclasses.replace(state, world=self._world(), flying=None)
        call = next(iter(world.trace[len(side.past) :]), "")
        self._remember(run, call, self._part(call), state.world, after, number)
        return after

    def _again(self, state: _State, number: int) -> Any:
        """The run as it was, in the world as it is."""
        scene = self._scene
        self._put_back(state.world)
        scene.clock.now = self._begun
        keys = isinstance(scene, KeyScene)
        given = dict((self._pair.first, self._pair.second)[number])
        names = itertools.count(1)

        def generate() -> Any:
            if not keys:
                return f"secret {next(names)} of run {number}"
            made = texts(100 * (number + 1) + next(names))
            pair = checked_pair(made.private_key, made.public_key)
            scene.made[pair.fingerprint] = pair
            return pair

        world, self._run, self._protocol = scene.start(
            world=_KeyAgain if keys else _PasswordAgain, run_id=f"run{number}", generate=generate, **given
        )
        side = state.sides[number]
        past = side.past
        world.past, world.now, world.done, world.next = past, state.now, None, ""
        world.came = self._came(state, number)
        if past:
            # What it knows of the records only grows.
            _put_back(world._records, past[-1].records)
        return world

    @staticmethod
    def _came(state: _State, number: int) -> float:
        """When a run came to its next call, and looked at its deadline."""
        side = state.sides[number]
        return side.past[-1].at if side.past and side.next.startswith("sleep") else state.now

    def _world(self) -> _Shared:
        """The world as it is, in which the invariant was looked at."""
        hosts = self._files = {name: host.tree() for name, host in self._scene.hosts.items()}
        records, changes = self._scene.vault.records, self._scene.vault.changes
        vault = {ref: dict(record) for ref, record in records.items()}, dict(changes)
        keys = {name: hash(_plain(tree)) for name, tree in hosts.items()}
        world = _Shared(hosts, vault, {**keys, _VAULT: hash(_plain(vault))})
        self._checked.add(world.key)
        return world

    def _put_back(self, world: _Shared) -> None:
        for name, tree in world.hosts.items():
            self._scene.hosts[name].put_back(tree, self._files.get(name))
        self._files = world.hosts
        vault, (records, changes) = self._scene.vault, world.vault
        vault.records.clear()
        vault.records.update((ref, dict(record)) for ref, record in records.items())
        vault.changes.clear()
        vault.changes.update(changes)

    # The end

    def _settle(self, state: _State, key: Any, came: Any) -> None:
        """When both are over, one clean run puts everything right."""
        self.found.ends.add((state.sides[0].end, state.sides[1].end))
        settled = state.world.key, state.now
        if settled in self._settled:
            return
        self._settled.add(settled)
        scene = self._scene
        self._put_back(state.world)
        scene.clock.now = state.now + sum(LIMITS.values())
        scene.told.clear()
        self._files = {}
        try:
            scene.check("when both are over")
            scene.settle(hosts=self._pair.both)
        except Violation as exc:
            self._tell(self.found.losses, came, key, "both are over", str(exc))

    def _tell(self, stories: list[str], came: Any, key: Any, how: str, what: str) -> None:
        if len(stories) >= self._most:
            return
        way = [how]
        while step := came[key]:
            key, before = step
            way.insert(0, before)
        stories.append(f"{what}\n  after {'; '.join(way)}")


def explore(code: Code, pair: Pair, most: int = 1) -> Found:
    """Visit all states of two runs, until so many losses were found."""
    return _Explorer(code, pair, most).explore()


def replay(code: Code, pair: Pair, way: Iterable[tuple[int, int]]) -> Found:
    """Go one way only, and then let the runs come to their ends, one after the other.

    :param way: which run makes how many calls, in turns, if it has so many left; or how many seconds pass
    """
    return _Explorer(code, pair, 1).replay(way)


def _interrupted(scene: Any) -> None:
    """The very first run, on all hosts, was killed when they had changed, and main had not."""
    hosts = tuple(scene.hosts)
    with Scene(scene.code, hosts=hosts) as other:
        at = max(number for number, call in enumerate(other.run(hosts=hosts)[1].trace) if call == "write main")
    scene.run({at: "killed before"}, hosts=hosts)
    scene.clock.pass_(sum(LIMITS.values()))


def _passwords(*hosts: str, prepare: Callable[[Any], object] = lambda scene: None) -> Callable[[Code], Any]:
    return lambda code: Scene(code, prepare, hosts=hosts)


def _keys(*hosts: str, prepare: Callable[[Any], object] = lambda scene: None) -> Callable[[Code], Any]:
    return lambda code: KeyScene(code, prepare, hosts=hosts)


_ONE, _TWO, _BOTH = ("web01",), ("web02",), ("web01", "web02")
_ON_ONE, _ON_TWO, _ON_BOTH, _RECOVER = {"hosts": _ONE}, {"hosts": _TWO}, {"hosts": _BOTH}, {"recover_only": True}
# The whole inventory, of which a run for a key knows even where it reaches a part.
_SHARED = {"shared_with": frozenset(_BOTH)}
PAIRS: dict[str, Pair] = {
    "two passwords on one host": Pair(_passwords(*_ONE), {}, {}),
    "two passwords on one host, one killed": Pair(_passwords(*_ONE), {}, {}, killed=True),
    "two passwords on two hosts": Pair(_passwords(*_BOTH), _ON_ONE, _ON_TWO, both=_BOTH),
    "two passwords on two hosts, one killed": Pair(_passwords(*_BOTH), _ON_ONE, _ON_TWO, both=_BOTH, killed=True),
    "a password and a recovery on one host": Pair(_passwords(*_ONE, prepare=_interrupted), {}, _RECOVER),
    "a password and a recovery on one host, one killed": Pair(
        _passwords(*_ONE, prepare=_interrupted), {}, _RECOVER, killed=True
    ),
    "a password and a recovery on two hosts": Pair(
        _passwords(*_BOTH, prepare=_interrupted), _ON_BOTH, {**_ON_TWO, **_RECOVER}, both=_BOTH
    ),
    "a password and a recovery on two hosts, one killed": Pair(
        _passwords(*_BOTH, prepare=_interrupted), _ON_BOTH, {**_ON_TWO, **_RECOVER}, both=_BOTH, killed=True
    ),
    "a password on two hosts, and on one of them, one killed": Pair(
        _passwords(*_BOTH), {"hosts": _BOTH}, _ON_TWO, both=_BOTH, killed=True
    ),
    "two keys on one host": Pair(_keys(*_ONE), {}, {}),
    "two keys on one host, one killed": Pair(_keys(*_ONE), {}, {}, killed=True),
    "two keys on two hosts": Pair(_keys(*_BOTH), {**_ON_ONE, **_SHARED}, {**_ON_TWO, **_SHARED}, both=_BOTH),
    "two keys on two hosts, one killed": Pair(
        _keys(*_BOTH), {**_ON_ONE, **_SHARED}, {**_ON_TWO, **_SHARED}, both=_BOTH, killed=True
    ),
    "a key and a recovery on two hosts": Pair(
        _keys(*_BOTH), {**_ON_ONE, **_SHARED}, {**_ON_TWO, **_RECOVER, **_SHARED}, both=_BOTH
    ),
    "a key and a recovery on two hosts, one killed": Pair(
        _keys(*_BOTH), {**_ON_ONE, **_SHARED}, {**_ON_TWO, **_RECOVER, **_SHARED}, both=_BOTH, killed=True
    ),
}
