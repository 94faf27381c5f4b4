# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that rotations of passwords and of SSH keys share: the lock of the hosts, the journal, and the commit.

Five rules carry the proof that nothing is lost (tests/model holds it):
1. the journal before the host, and read back before the host;
2. the host is the judge: nothing is inferred from exit codes or lost answers;
3. after a commit was tried, only forward;
4. a value once journalled is used again, never replaced by a fresh one, until the host is known not to hold it;
5. the record that holds what the host accepts is never overwritten.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import (
    MAIN,
    CallFailed,
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
    Stopped,
    Together,
    WriteRecord,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Result, Verdict

Listed = t.Mapping[str, CredentialInfo | None]
_COMMIT_TRIES = 3
_LOCK_POLL = 5.0
# Times that a login is tried again for which nobody has judged the secret.
_LOGINS, _LOGIN_PAUSE = 3, 2.0


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds. ``deadline`` is for the whole run; ``request_life`` is how long after it was sent a request to the vault
    may still be applied; ``lock_wait`` is how long to wait for another run on the same host.
    """

    deadline: float = 300.0
    request_life: float = 120.0
    lock_wait: float = 0.0
    # For one call on one host, so that a host that hangs does not use up the time of all.
    on_host: float = float("inf")

    @property
    def commit_margin(self) -> float:
        """What must be left of the deadline for a commit to begin."""
        return min(60.0, self.deadline / 5)


@dataclasses.dataclass
class Run:
    """One run, and what it has to remember of itself."""

    id: str
    hosts: tuple[str, ...]
    limits: Limits
    # How the records are called in messages: "main", "j0", "j1" -> identifier.
    labels: t.Mapping[str, str]
    clock: t.Callable[[], float] = time.monotonic
    # Whether the run goes on without a host that gives no answer, and those without which it does: host -> why.
    spares_absent: bool = False
    # How many hosts are worked on at the same time.
    forks: int = 1
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    # Monotonic; driver.py makes no call after it.
    ends: float = float("inf")
    # Whether a write to the vault had no answer: it may be applied later, so the lock has to outlive it.
    unanswered: bool = False
    locked: list[str] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def on(self, host: str, do: str, **request: t.Any) -> OnHost:
        return OnHost(host, do, {"run": self.id, **request})

    def label(self, name: str) -> str:
        return self.labels[name]

    @property
    def present(self) -> tuple[str, ...]:
        """The hosts that have answered so far."""
        return tuple(host for host in self.hosts if host not in self.absent)


def holding_the_lock(run: Run, work: t.Callable[[], Protocol]) -> Protocol:
    """Do the work while this run holds the lock of all its hosts."""
    try:
        yield from _acquire(run)
        outcome = yield from work()
    except Stopped:
        yield from _give_back(run)
        raise
    yield from _give_back(run)
    return dataclasses.replace(outcome, warnings=(*outcome.warnings, *run.warnings))


def _acquire(run: Run) -> Steps:
    limits = run.limits
    give_up = run.clock() + limits.lock_wait
    quiet = 0.0
    for host in run.hosts:
        while True:
            answer = yield from ask_present(run, host, "lock", lease=limits.deadline, request_life=limits.request_life)
            if answer is None or answer["mine"]:
                break
            if run.clock() >= give_up:
                raise Stopped(
                    "busy",
                    f"another run ({answer['run']}) works on {host}, for {answer['remaining']:.0f} seconds at most",
                    "Wait for it, or set lock_wait",
                )
            yield Sleep(min(_LOCK_POLL, answer["remaining"] + 0.1), f"another run works on {host}")
        if answer is None:
            continue
        run.locked.append(host)
        quiet = max(quiet, answer["quiet_in"])
    if quiet:
        yield Sleep(quiet, "an interrupted run may still have requests under way to the vault")
    run.ends = run.clock() + limits.deadline
    if quiet or len(run.hosts) > 1:
        # The lease begins when the work does.
        for host in run.present:
            yield from ask_present(run, host, "lock", lease=limits.deadline, request_life=limits.request_life)


def _give_back(run: Run) -> Steps:
    if run.unanswered:
        run.warnings.append(
            f"a request to the vault had no answer: the lock stays for {run.limits.deadline:.0f} seconds, so that the "
            "next run begins when the request is over"
        )
        return
    for host in run.locked:
        try:
            yield run.on(host, "unlock")
        except CallFailed:
            run.warnings.append(f"the lock of {host} could not be given back: it ends by itself")


def ask_host(run: Run, host: str, do: str, **request: t.Any) -> Steps:
    """A command on which all depends that follows, at a time when nothing has been changed."""
    try:
        return (yield run.on(host, do, **request))
    except Lost as exc:
        raise Stopped("unreachable", f"{host} gave no answer: {exc}", "Nothing was changed") from None
    except NotDone as exc:
        raise Stopped("refused", f"{host}: {exc}", "Nothing was changed") from None


def ask_present(run: Run, host: str, do: str, **request: t.Any) -> Steps:
    """The same, of one of several hosts: None if it gives no answer and the run may go on without it."""
    try:
        return (yield from ask_host(run, host, do, **request))
    except Stopped as stop:
        if stop.result != "unreachable" or not run.spares_absent:
            raise
        run.absent[host] = stop.message
        if not run.present:
            raise Stopped("unreachable", "no host gives an answer", "Nothing was changed") from None
        return None


def side_by_side(run: Run, what: str, works: t.Mapping[str, Steps]) -> Steps:
    """Do the works of several hosts: what each has returned, or the Stopped or other exception that it has raised."""
    if run.forks > 1:
        return (yield Together(what, works, run.forks))
    results = {}
    for host, work in works.items():
        try:
            results[host] = yield from work
        except Exception as exc:  # noqa: BLE001 (whatever it is: the work of another host goes on)
            results[host] = exc
    return results


def log_in(host: str, secret: t.Any) -> Steps:
    """One login that judges the secret; those in which nobody has judged it are tried again."""
    for attempt in range(_LOGINS):
        if attempt:
            yield Sleep(_LOGIN_PAUSE, f"{host} cannot be reached for a login")
        try:
            verdict: Verdict = yield Login(host, secret)
        except CallFailed as exc:
            verdict = Verdict(Result.NETWORK, str(exc))
        if verdict.result != Result.NETWORK:
            break
    return verdict


def list_records(run: Run) -> Steps:
    """What the vault lists; stops when the main record must not be changed from here."""
    try:
        listed: Listed = yield ListRecords()
    except CallFailed as exc:
        raise Stopped("failed", f"what the vault lists is not known: {exc}", "Nothing was changed") from None
    refuse_second_writer(run, listed)
    return listed


def refuse_second_writer(run: Run, listed: Listed) -> None:
    main = listed[MAIN]
    if main is None:
        raise Stopped("refused", f"{run.label(MAIN)} is not in the list of the server", "Check its name and state")
    if main.automatic_change:
        raise Stopped(
            "refused",
            f"the vault changes {run.label(MAIN)} by itself, and two writers would lose a secret",
            "Turn its automatic change off, or set mode to vault",
        )


def read(run: Run, name: str) -> Steps:
    """A record, at a time when nothing has been changed."""
    try:
        return (yield ReadRecord(name))
    except CallFailed as exc:
        raise Stopped("failed", f"{run.label(name)} cannot be read: {exc}", "Nothing was changed") from None


def journal(run: Run, slot: str, secret: t.Any, note: t.Mapping[str, str]) -> Steps:
    """Write the new secret into the journal and make sure that the vault has kept it exactly."""
    label = run.label(slot)
    try:
        yield WriteRecord(slot, secret, note)
    except Lost as exc:
        run.unanswered = True
        raise Stopped("failed", f"whether {label} was written is not known: {exc}", "No host was changed") from None
    except NotDone as exc:
        raise Stopped("failed", f"{label} cannot be written: {exc}", "No host was changed") from None
    held = yield from read(run, slot)
    if held.secret != secret:
        raise Stopped(
            "failed",
            f"the vault does not give back what was written to {label}",
            "No host was changed. Look for a length limit, or for encrypted values (decryption_key)",
        )


def commit(run: Run, secret: t.Any, seen: Listed, holder: str) -> Steps:
    """Make the main record what the hosts accept already, and read it back. Only forward from here.

    :param seen: the list as it was when the run began
    :param holder: the record of the journal that has the secret
    """
    where = f"{run.label(holder)} has the one that works; run state=recovered"
    try:
        listed: Listed = yield ListRecords()
    except CallFailed as exc:
        raise Stopped("pending", f"what the vault lists is not known before the commit: {exc}", where) from None
    was, now = seen[MAIN], listed[MAIN]
    if was is None or now is None or now.automatic_change or _version(now) != _version(was):
        raise Stopped("pending", f"somebody else has changed {run.label(MAIN)} meanwhile", where)
    if run.ends - run.clock() < run.limits.commit_margin:
        raise Stopped("pending", "too little of the deadline is left for the commit", f"{where}. Raise deadline")
    reason = "the vault gives back something else"
    for _attempt in range(_COMMIT_TRIES):
        try:
            yield WriteRecord(MAIN, secret)
        except Lost as exc:
            run.unanswered = True
            reason = str(exc)
        except NotDone as exc:
            reason = str(exc)
        try:
            held = yield ReadRecord(MAIN)
        except CallFailed as exc:
            reason = str(exc)
            continue
        if held.secret == secret:
            return
    raise Stopped("in_doubt", f"whether {run.label(MAIN)} was written is not certain: {reason}", where)


def _version(entry: CredentialInfo) -> tuple[str | None, str | None]:
    """What differs after somebody has written to a record, as far as the dialect tells."""
    return entry.change, entry.public_key


def done(result: str, message: str, **details: t.Any) -> Outcome:
    return Outcome(result, message, details=details)
