# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the calls of a protocol, within its deadline, and lets a signal end it between two of them."""

from __future__ import annotations

import collections
import contextlib
import contextvars
import queue
import signal
import threading
import time
import typing as t

from ...module_utils.errors import SenhaseguraError
from ...module_utils.retry import is_not_applied
from .protocol.effects import (
    CallFailed,
    Effect,
    Listing,
    ListRecords,
    Login,
    Lost,
    NotDone,
    OnHost,
    Outcome,
    Protocol,
    ReadRecord,
    Sleep,
    Steps,
    StoredSecret,
    Together,
    WriteRecord,
)
from .protocol.run import RotationRun

_NAP = 0.2
# Seconds between two lines of progress, and those that a call has beyond its own limit until nobody waits for it.
_PROGRESS, _BEYOND = 5.0, 1.0
# Commands on hosts that change no secret.
_HARMLESS = ("lock", "unlock", "look", "judge", "look_keys")


class Records(t.Protocol):
    """The records of the vault, by name."""

    def list(self, machine: str | None) -> Listing:
        """See ListRecords."""

    def read(self, name: str) -> StoredSecret:
        """See ReadRecord."""

    def write(self, name: str, secret: t.Any, note: t.Mapping[str, str]) -> None:
        """See WriteRecord. Sends it once at most."""


class Environment(t.Protocol):
    """Everything outside of the protocol: vault, hosts, logins and the user."""

    @property
    def records(self) -> Records:
        """Return the records of the secret."""

    def on_host(self, call: OnHost, seconds: float) -> t.Mapping[str, t.Any]:
        """Carry out a command within so many seconds. Raises NotDone or Lost."""

    def login(self, call: Login, seconds: float) -> t.Any:
        """Try to log in once, within so many seconds."""

    def report_progress(self, text: str) -> None:
        """Tell the user what is waited for."""


class Interrupt:
    """Notes the signals that would end this process, so that it ends between two calls instead of in one."""

    def __init__(self) -> None:
        self.received = False
        self.why = ""

    @contextlib.contextmanager
    def held(self) -> t.Iterator[Interrupt]:
        """Note SIGINT, SIGTERM and SIGHUP meanwhile, and nothing else: the run ends by itself, and Ansible after it.

        The same goes for SIGALRM, by which Ansible ends a task that takes longer than its keyword timeout: the run has
        a result then.
        """
        previous = {
            number: signal.signal(number, self._note)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
        }
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _note(self, number: int, _frame: t.Any) -> None:
        self.received = True
        self.why = "the timeout of the task is over" if number == signal.SIGALRM else "the run was told to stop"


def drive(
    protocol: Protocol,
    environment: Environment,
    run: RotationRun,
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
        if interrupt.received and interrupt.why not in run.warnings:
            run.warnings.append(interrupt.why)
        try:
            answer = _carry_out(call, environment, run, interrupt, sleep)
        except Exception as exc:  # noqa: BLE001 (whatever it is, the protocol has to give back what it holds)
            failure = _failure(call, exc)


def _failure(call: Effect, exc: Exception) -> Exception:
    """Return the error that a protocol gets for an answer. The text of an unexpected one may quote what was sent."""
    if isinstance(exc, CallFailed) or not _changes(call):
        return exc
    return Lost(f"unexpected {type(exc).__name__}")


def _changes(call: Effect) -> bool:
    """Return whether somebody has to find out what has become of a call that has failed."""
    return isinstance(call, WriteRecord) or (isinstance(call, OnHost) and call.do not in _HARMLESS)


def _carry_out(
    call: Effect, environment: Environment, run: RotationRun, interrupt: Interrupt, sleep: t.Callable[[float], None]
) -> t.Any:
    if isinstance(call, Sleep):
        return _wait(call, environment, run, interrupt, sleep)
    if isinstance(call, Together):
        return _SideBySide(call, environment, run, interrupt, sleep).results()
    # Until the lock is held, only a single call is limited.
    remaining = min(run.ends - run.clock(), run.limits.deadline)
    if run.leaving:
        # Even a run that is out of time gives back what it holds.
        remaining = max(remaining, run.limits.late_write_window)
    elif interrupt.received:
        raise NotDone(interrupt.why)
    if remaining <= 0:
        # A run that was paused may have lost its lock to another one by now.
        raise NotDone(f"the deadline of {run.limits.deadline:.0f} seconds is over")
    if isinstance(call, OnHost):
        return environment.on_host(call, min(remaining, run.limits.on_host))
    if isinstance(call, Login):
        return environment.login(call, min(remaining, run.limits.on_host))
    return _in_vault(call, environment.records)


def _wait(
    call: Sleep, environment: Environment, run: RotationRun, interrupt: Interrupt, sleep: t.Callable[[float], None]
) -> None:
    """Wait, unless the run is over anyway."""
    environment.report_progress(f"{call.reason}: waiting {call.seconds:.0f} seconds")
    end = min(run.clock() + call.seconds, run.ends)
    while not interrupt.received and (remaining := end - run.clock()) > 0:
        sleep(min(_NAP, remaining))


class _SideBySide:
    """Carries out a Together: each call in a thread of its own, so that no host waits for another.

    A thread cannot be ended. One whose call does not end in time is left to itself, which is as if its answer was lost;
    it ends with the process.
    """

    def __init__(
        self,
        together: Together,
        environment: Environment,
        run: RotationRun,
        interrupt: Interrupt,
        sleep: t.Callable[[float], None],
    ) -> None:
        self._together, self._environment, self._run, self._interrupt, self._sleep = (
            together,
            environment,
            run,
            interrupt,
            sleep,
        )
        self._waiting = collections.deque(together.works.items())
        self._results: dict[str, t.Any] = {}
        # For each host that is worked on: the number of its call, the time at which nobody waits for that any more, and
        # what there is then.
        self._calls: dict[str, tuple[int, float, CallFailed | None]] = {}
        self._number = 0
        self._answers: queue.SimpleQueue[tuple[str, int, t.Any, Exception | None]] = queue.SimpleQueue()
        self._told = time.monotonic()
        self._reasons: set[str] = set()

    def results(self) -> dict[str, t.Any]:
        """Return what each work has returned or raised, by host."""
        while self._waiting or self._calls:
            while self._waiting and len(self._calls) < self._together.most:
                self._go_on(self._waiting.popleft()[0], None, None)
            self._take_answers()
            self._tell()
        return {host: self._results[host] for host in self._together.works}

    def _go_on(self, host: str, answer: t.Any, failure: Exception | None) -> None:
        """Take a work to its next call, and begin that."""
        work: Steps = self._together.works[host]
        try:
            call: Effect = work.send(answer) if failure is None else work.throw(failure)
        except StopIteration as end:
            self._results[host] = end.value
            self._calls.pop(host, None)
            return
        except Exception as exc:  # noqa: BLE001 (whatever it is: the work of another host goes on)
            self._results[host] = exc
            self._calls.pop(host, None)
            return
        self._number += 1
        now, run = self._run.clock(), self._run
        if isinstance(call, Sleep):
            if call.reason not in self._reasons:
                self._reasons.add(call.reason)
                self._environment.report_progress(f"{call.reason}: waiting")
            self._calls[host] = self._number, now if self._interrupt.received else now + call.seconds, None
            return
        limit = min(run.limits.on_host, run.limits.deadline)
        if not run.leaving:
            limit = min(limit, max(run.ends - now, 0.0))
        late = Lost(f"no answer within {limit:.3g} seconds")
        self._calls[host] = self._number, now + limit + _BEYOND, late
        threading.Thread(
            target=contextvars.copy_context().run, args=(self._answer, host, self._number, call), daemon=True
        ).start()

    def _answer(self, host: str, number: int, call: Effect) -> None:
        try:
            answer = _carry_out(call, self._environment, self._run, self._interrupt, self._sleep)
        except Exception as exc:  # noqa: BLE001 (it goes to the work, which knows what it means)
            self._answers.put((host, number, None, _failure(call, exc)))
        else:
            self._answers.put((host, number, answer, None))

    def _take_answers(self) -> None:
        with contextlib.suppress(queue.Empty):
            host, number, answer, failure = self._answers.get(timeout=_NAP)
            # What comes when nobody waits for it any more is not looked at.
            if self._calls.get(host, (0,))[0] == number:
                self._go_on(host, answer, failure)
        now = self._run.clock()
        for host, (_number, end, then) in list(self._calls.items()):
            if now >= end:
                self._go_on(host, None, then)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= _PROGRESS:
            self._told = now
            total = len(self._together.works)
            self._environment.report_progress(f"{self._together.what}: {len(self._results)} of {total} hosts are done")


def _in_vault(call: ListRecords | ReadRecord | WriteRecord, records: Records) -> t.Any:
    try:
        if isinstance(call, ListRecords):
            return records.list(call.machine)
        if isinstance(call, ReadRecord):
            return records.read(call.name)
        return records.write(call.name, call.secret, call.note)
    except SenhaseguraError as exc:
        kind = NotDone if is_not_applied(exc) else Lost
        raise kind(str(exc)) from None
