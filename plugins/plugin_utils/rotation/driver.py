# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the calls of a protocol, within its deadline, and lets a signal end it between two of them."""

from __future__ import annotations

import contextlib
import signal
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    SenhaseguraError,
    ServerBusy,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import (
    Call,
    CallFailed,
    Held,
    ListRecords,
    Login,
    Lost,
    NotDone,
    OnHost,
    Outcome,
    Protocol,
    ReadRecord,
    Sleep,
    WriteRecord,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.steps import Listed, Run

# After these a write was certainly not applied. Whatever else happens, nobody knows.
_NOT_APPLIED = (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    Unsupported,
)
_TOO_MANY_REQUESTS = 429
_NAP = 0.2
# Commands on hosts that change no secret.
_HARMLESS = ("lock", "unlock", "look", "judge", "look_keys")


class Records(t.Protocol):
    """The records of the vault, by name."""

    def list(self, machine: str | None) -> Listed:
        """See ListRecords."""

    def read(self, name: str) -> Held:
        """See ReadRecord."""

    def write(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        """See WriteRecord. Sends it once at most."""


class World(t.Protocol):
    """Everything outside of the protocol."""

    @property
    def records(self) -> Records:
        """The records of the secret."""

    def on_host(self, call: OnHost, seconds: float) -> t.Mapping[str, t.Any]:
        """Carry out a command within so many seconds. Raises NotDone or Lost."""

    def login(self, call: Login, seconds: float) -> t.Any:
        """Try to log in once, within so many seconds."""

    def say(self, text: str) -> None:
        """Tell the user what is waited for."""


class Interrupt:
    """Notes the signals that would end this process, so that it ends between two calls instead of in one."""

    def __init__(self) -> None:
        self.received = False

    @contextlib.contextmanager
    def held(self) -> t.Iterator[Interrupt]:
        """Meanwhile, SIGINT, SIGTERM and SIGHUP are only noted: the run ends by itself, and Ansible after it."""
        previous = {
            number: signal.signal(number, self._note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _note(self, _number: int, _frame: t.Any) -> None:
        self.received = True


def drive(
    protocol: Protocol,
    world: World,
    run: Run,
    interrupt: Interrupt,
    sleep: t.Callable[[float], None] = time.sleep,
) -> Outcome:
    """Run a protocol to its end. Raises Stopped, as the protocol does."""
    answer: t.Any = None
    failure: Exception | None = None
    while True:
        try:
            call = protocol.send(answer) if failure is None else protocol.throw(failure)
        except StopIteration as end:
            return t.cast(Outcome, end.value)
        answer, failure = None, None
        try:
            answer = _carry_out(call, world, run, interrupt, sleep)
        except CallFailed as exc:
            failure = exc
        except Exception as exc:  # noqa: BLE001
            # Whatever it is, the protocol has to give back what it holds. The text of an error that nobody expects may
            # quote what was sent.
            failure = Lost(f"unexpected {type(exc).__name__}") if _changes(call) else exc


def _changes(call: Call) -> bool:
    """Whether somebody has to find out what has become of a call that has failed."""
    return isinstance(call, WriteRecord) or (isinstance(call, OnHost) and call.do not in _HARMLESS)


def _carry_out(call: Call, world: World, run: Run, interrupt: Interrupt, sleep: t.Callable[[float], None]) -> t.Any:
    if isinstance(call, Sleep):
        return _wait(call, world, run, interrupt, sleep)
    # Until the lock is held, only a single call is limited.
    remaining = min(run.ends - run.clock(), run.limits.deadline)
    if run.leaving:
        # Even a run that is out of time gives back what it holds.
        remaining = max(remaining, run.limits.request_life)
    elif interrupt.received:
        raise NotDone("the run was told to stop")
    if remaining <= 0:
        # A run that was paused may have lost its lock to another one by now.
        raise NotDone(f"the deadline of {run.limits.deadline:.0f} seconds is over")
    if isinstance(call, OnHost):
        return world.on_host(call, remaining)
    if isinstance(call, Login):
        return world.login(call, remaining)
    return _in_vault(call, world.records)


def _wait(call: Sleep, world: World, run: Run, interrupt: Interrupt, sleep: t.Callable[[float], None]) -> None:
    """Wait, unless the run is over anyway."""
    world.say(f"{call.reason}: waiting {call.seconds:.0f} seconds")
    end = min(run.clock() + call.seconds, run.ends)
    while not interrupt.received and (remaining := end - run.clock()) > 0:
        sleep(min(_NAP, remaining))


def _in_vault(call: ListRecords | ReadRecord | WriteRecord, records: Records) -> t.Any:
    try:
        if isinstance(call, ListRecords):
            return records.list(call.machine)
        if isinstance(call, ReadRecord):
            return records.read(call.name)
        return records.write(call.name, call.secret, call.note)
    except SenhaseguraError as exc:
        turned_away = isinstance(exc, ServerBusy) and exc.context.status == _TOO_MANY_REQUESTS
        kind = NotDone if turned_away or isinstance(exc, _NOT_APPLIED) else Lost
        raise kind(str(exc)) from None
