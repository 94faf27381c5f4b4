# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps that rotations of passwords and of SSH keys share: lock and lease, the journal, and the commit.

Six rules carry the proof that nothing is lost (tests/faults/model.py holds it):
1. a record of the journal is written only under the lock of the machine that it is named after, so each host's secret
   is in main or in a record that no other run can write;
2. the journal before the host, and read back before the host: what the host has, and what it shall have;
3. the host is the judge: nothing is inferred from exit codes or lost answers;
4. after a commit was tried, only forward, unless the vault has refused each try and main still is what it was;
5. a value once journalled is used again, never replaced by a fresh one, until the host is known not to hold it;
6. the record that holds what the host accepts is never overwritten.
The lease is not among them: see lease.py.
"""

from __future__ import annotations

import dataclasses
import datetime
import time
import typing as t
import urllib.parse

from ....module_utils.models import CredentialInfo
from ..login.probe import Result, Verdict
from .effects import (
    LEASE,
    MAIN,
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
    Steps,
    Stopped,
    Together,
    WriteRecord,
)
from .lease import Lease

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


def _utc() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


@dataclasses.dataclass(frozen=True)
class Works:
    """The record that logs in to a host, or those of which one does. ``proved``: C(hash), C(login), or nothing."""

    records: tuple[str, ...]
    proved: str = ""


@dataclasses.dataclass
class Run:
    """One run, and what it has to remember of itself."""

    id: str
    hosts: tuple[str, ...]
    limits: Limits
    # How the records are called in messages: name -> identifier. It grows with each list of the vault.
    labels: t.Mapping[str, str]
    # The main record by its id, and the account whose secret it has.
    record: str = ""
    user: str = ""
    # The run whose lock and lease this one may break.
    breaks: str = ""
    # The one whose lock or lease it has broken.
    broken: str = ""
    clock: t.Callable[[], float] = time.monotonic
    now: t.Callable[[], datetime.datetime] = _utc
    # Whether the run goes on without a host that gives no answer, and those without which it does: host -> why.
    spares_absent: bool = False
    # How many hosts are worked on at the same time.
    forks: int = 1
    absent: dict[str, str] = dataclasses.field(default_factory=dict)
    # Monotonic: until when others are waited for; and after which driver.py makes no call but to give things back.
    give_up: float = 0.0
    ends: float = float("inf")
    leaving: bool = False
    # Whether a write to the vault had no answer: it may be applied later, so lock and lease have to outlive it.
    unanswered: bool = False
    # Whether a host does not tell what has become of it: then nobody else shall take the secret over at once.
    unsure: bool = False
    # The machines whose lock this run holds, by host; the first one gives the journal its name.
    machines: dict[str, str] = dataclasses.field(default_factory=dict)
    # The hosts whose lock this run has given back before its end.
    gave_back: set[str] = dataclasses.field(default_factory=set)
    # What this run has written, while that counts.
    lease: Lease | None = None
    works: dict[str, Works] = dataclasses.field(default_factory=dict)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def on(self, host: str, do: str, **request: t.Any) -> OnHost:
        return OnHost(host, do, {"run": self.id, "record": self.record, **request})

    def label(self, name: str) -> str:
        return self.labels[name]

    @property
    def present(self) -> tuple[str, ...]:
        """The hosts that have answered so far."""
        return tuple(host for host in self.hosts if host not in self.absent)

    @property
    def machine(self) -> str | None:
        return next(iter(self.machines.values()), None)

    def found(self, host: str, *records: str, proved: str = "") -> None:
        """Note which record logs in to a host; of several, one does."""
        self.works[host] = Works(records, proved)

    def forget_main(self) -> None:
        """Somebody else writes main, or has written it: what was compared with it may be wrong by now."""
        self.works = {host: works for host, works in self.works.items() if MAIN not in works.records}

    def works_and_proved(self) -> tuple[str, str]:
        """The record that logs in to each of the hosts, and how that is known; nothing if they differ."""
        if len(self.works) != len(self.hosts) or len({*self.works.values()}) != 1:
            return "", ""
        (works,) = {*self.works.values()}
        return self._named(works), works.proved

    def access(self, host: str) -> tuple[str, str, str]:
        """For one host: the record that logs in, how that is known, and both in words."""
        works = self.works.get(host)
        if works is None:
            return "", "", f"{host}: {self._says(None)}"
        return self._named(works), works.proved, f"{host}: {self._says(works)}"

    def login(self) -> str:
        """Which record logs in to each host, in words."""
        hosts: dict[Works | None, list[str]] = {}
        for host in self.hosts:
            hosts.setdefault(self.works.get(host), []).append(host)
        return ". ".join(f"{', '.join(some)}: {self._says(works)}" for works, some in hosts.items())

    def _says(self, works: Works | None) -> str:
        return says(self.user, self._named(works) if works else "", works.proved if works else "")

    def _named(self, works: Works) -> str:
        return " or ".join(map(self.label, works.records))


_PROOFS = {"hash": "proved by its hash in this run", "login": "proved by a login in this run", "": "not proved"}


def says(user: str, works: str, proved: str) -> str:
    """Which record logs a user in, and how that is known, in words."""
    if not works:
        return f"which record logs {user} in was not compared" if user else "which record logs in was not compared"
    return f"{user} logs in with {works} ({_PROOFS[proved]})"


class MainRefused(Exception):
    """Each try to write main was refused for certain, and main still is what it was."""


# What a run that has begun to change something says when it stops.
SETTLE = "Run it again with state=recovered"


def holding_the_lock(run: Run, work: t.Callable[[], Protocol]) -> Protocol:
    """Do the work while this run holds the lock of all its hosts, and the lease if it claims that."""
    run.give_up = run.clock() + run.limits.lock_wait
    try:
        yield from _acquire(run)
        outcome = yield from work()
    except Stopped as stop:
        yield from _give_back(run)
        stop.works, stop.proved = run.works_and_proved()
        stop.login = run.login()
        raise
    except Exception:
        yield from _give_back(run)
        raise
    yield from _give_back(run)
    works, proved = run.works_and_proved()
    return dataclasses.replace(
        outcome, warnings=(*outcome.warnings, *run.warnings), works=works, proved=proved, login=run.login()
    )


def _acquire(run: Run) -> Steps:
    quiet, ends = 0.0, float("inf")
    # The first host by itself: two runs for the same hosts meet there.
    for hosts in (run.hosts[:1], run.hosts[1:]):
        answers = yield from side_by_side(run, "locking", {host: _wait_for_lock(run, host) for host in hosts})
        for host, answer in answers.items():
            if isinstance(answer, dict):
                run.machines[host] = answer["machine"]
                quiet, ends = max(quiet, answer["quiet_in"]), min(ends, answer["ends"])
        raise_first(answers)
    if quiet:
        yield Sleep(quiet, "an interrupted run may still have requests under way to the vault")
    run.ends = ends
    if quiet or len(run.hosts) > 1:
        # The deadline begins when the work does.
        yield from _renew(run)


def _wait_for_lock(run: Run, host: str) -> Steps:
    """What the host has answered that has given the lock, or None if it gives no answer and is spared. C(ends) is
    added: when the lock ends at the earliest, however long its answer was on the way.
    """
    while True:
        asked = run.clock()
        answer = yield from _lock(run, host)
        if answer is None:
            return None
        if answer["mine"]:
            return {**answer, "ends": asked + run.limits.deadline}
        if run.clock() >= run.give_up:
            raise _busy_host(host, answer)
        yield Sleep(min(_LOCK_POLL, answer["remaining"] + 0.1), f"another run works on {host}")


def _lock(run: Run, host: str) -> Steps:
    limits = run.limits
    request = {"lease": limits.deadline, "request_life": limits.request_life, "break": run.breaks}
    answer = yield from ask_present(run, host, "lock", **request)
    if answer is not None and answer.get("broken"):
        run.broken = answer["broken"]
        run.warnings.append(f"the lock of run {answer['broken']} on {host} was broken")
    return answer


def _renew(run: Run) -> Steps:
    """Hold the locks for a whole deadline from now on. Stops if one was lost while others were waited for."""
    run.ends = run.clock() + run.limits.deadline
    answers = yield from side_by_side(run, "locking", {host: _lock(run, host) for host in run.machines})
    raise_first(answers)
    for host, answer in answers.items():
        if answer is not None and not answer["mine"]:
            raise _busy_host(host, answer)


def _busy_host(host: str, answer: t.Mapping[str, t.Any]) -> Stopped:
    return Stopped(
        "busy",
        f"another run ({answer['run']}) works on {host}, for {answer['remaining']:.0f} seconds at most",
        f"Nothing was changed. Wait for it, or set lock_wait; if that run is dead, break_lock={answer['run']} takes "
        f"its lock, {answer['path']} on {host}",
    )


def claim(run: Run) -> Steps:
    """Become the one that rotates this secret, and return what the vault lists then. Stops if it is another run.

    Nothing is safe because of this: see lease.py.
    """
    label = run.label(LEASE)
    while True:
        listed = yield from list_records(run)
        held = Lease.of((yield from read(run, LEASE)).note) if listed[LEASE] else Lease()
        # The lock of the host keeps the others of this machine and user away.
        ours = held.run == run.id or (held.machine, held.user) == (run.machine, run.user)
        remaining = 0.0 if ours else held.remaining(run.now())
        if not remaining:
            break
        if held.run == run.breaks:
            run.broken = held.run
            run.warnings.append(f"the lease of run {held.run} for {held.host} was broken")
            break
        if run.clock() >= run.give_up:
            raise _busy_record(run, held, remaining)
        yield Sleep(min(_LOCK_POLL, remaining + 0.1), f"another run rotates {run.label(MAIN)} for {held.host}")
        yield from _renew(run)
    _refuse_other_user(run, held)
    lease = dataclasses.replace(
        held,
        run=run.id,
        machine=run.machine or "",
        user=run.user,
        host=",".join(run.hosts),
        start=run.now().isoformat(),
        seconds=f"{run.limits.deadline:.0f}",
        state="held",
    )
    try:
        yield WriteRecord(LEASE, None, lease.note())
    except Lost as exc:
        # It may come late; then it is in the way of others for a while, and harms nothing.
        raise Stopped("failed", f"whether {label} was written is not known: {exc}", "Nothing was changed") from None
    except NotDone as exc:
        raise Stopped("failed", f"{label} cannot be written: {exc}", "Nothing was changed") from None
    run.lease = lease
    yield from require_lease(run, "busy", "Nothing was changed. Run it again when that one is over")
    # Another one may have come to its end since the first list.
    return (yield from list_records(run))


def _refuse_other_user(run: Run, held: Lease) -> None:
    """Stop if main has the secret of another user: the journal of a machine keeps those of one user only."""
    if held.serves_user and run.user and held.serves_user != run.user:
        raise Stopped(
            "refused",
            f"{run.label(MAIN)} was last rotated for the user {held.serves_user}, not for {run.user}",
            f"Nothing was changed. Give each user a credential of its own; if {held.serves_user} is gone, remove "
            f"{run.label(LEASE)} from the vault",
        )


def _busy_record(run: Run, held: Lease, remaining: float) -> Stopped:
    return Stopped(
        "busy",
        f"another run ({held.run}) rotates {run.label(MAIN)} for {held.host}, for {remaining:.0f} seconds at most",
        f"Nothing was changed. Wait for it, or set lock_wait; if that run is dead, break_lock={held.run}",
    )


def require_lease(run: Run, result: str, hint: str) -> Steps:
    """Stop with this result if the lease is not that of this run any more, or nobody knows."""
    label = run.label(LEASE)
    try:
        held: Held = yield ReadRecord(LEASE)
    except CallFailed as exc:
        raise Stopped("failed" if result == "busy" else result, f"{label} cannot be read: {exc}", hint) from None
    now = Lease.of(held.note)
    if now.run != run.id:
        run.lease = None
        run.forget_main()
        raise Stopped(
            result,
            f"run {now.run or 'unknown'} has taken over {run.label(MAIN)} for {now.host or 'an unknown host'}",
            hint,
        )


def _give_back(run: Run) -> Steps:
    run.leaving = True
    if run.unanswered:
        run.warnings.append(
            f"a request to the vault had no answer: the lock stays for {run.limits.deadline:.0f} seconds, so that the "
            "next run begins when the request is over"
        )
        return
    if run.lease is not None and not run.unsure:
        try:
            held: Held = yield ReadRecord(LEASE)
            if Lease.of(held.note).run == run.id:
                yield WriteRecord(LEASE, None, dataclasses.replace(run.lease, state="free").note())
            else:
                run.forget_main()
                run.warnings.append(f"another run has rotated {run.label(MAIN)} meanwhile")
        except CallFailed:
            run.warnings.append(f"{run.label(LEASE)} could not be given back: it ends by itself")
    yield from side_by_side(run, "unlocking", {host: _unlock(run, host) for host in run.machines})


def _unlock(run: Run, host: str) -> Steps:
    try:
        answer = yield run.on(host, "unlock")
        if not answer["mine"] and host not in run.gave_back:
            # Whatever was found out here, somebody else may have changed it by now.
            run.works.pop(host, None)
            run.warnings.append(f"another run has worked on {host} meanwhile: run rotation_info to see what logs in")
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


def raise_first(results: t.Mapping[str, t.Any]) -> None:
    """Raise what the work of a host has raised; what nobody has foreseen comes first."""
    stops = [result for result in results.values() if isinstance(result, Exception)]
    if stops:
        raise min(stops, key=lambda stop: isinstance(stop, Stopped))


def log_in(host: str, secret: t.Any) -> Steps:
    """One login that judges the secret; those in which nobody has judged it are tried again."""
    for attempt in range(_LOGINS):
        if attempt:
            yield Sleep(_LOGIN_PAUSE, f"{host} cannot be reached for a login")
        try:
            verdict: Verdict = yield Login(host, secret)
        except CallFailed as exc:
            verdict = Verdict(Result.NETWORK, str(exc))
        # A host that does not answer may have counted a password as wrong.
        if verdict.result != Result.NETWORK or (verdict.sent and isinstance(secret, str)):
            break
    return verdict


def list_records(run: Run) -> Steps:
    """What the vault lists; stops when the main record must not be changed from here."""
    try:
        listed: Listed = yield ListRecords(run.machine)
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
    """Write a secret into the own journal and make sure that the vault has kept it exactly."""
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


def prove_main(run: Run, secret: t.Any, seen: Listed) -> Steps:
    """Write what main has into main, so that a vault which refuses that is found out before a host has changed.

    :param seen: what the vault has listed when main was read
    :return: what it lists now
    """
    label = run.label(MAIN)
    if not _same_version(seen, (yield from list_records(run))):
        run.forget_main()
        raise Stopped("failed", f"somebody else has changed {label} meanwhile", "No host was changed. Run it again")
    try:
        yield WriteRecord(MAIN, secret)
    except Lost as exc:
        run.unanswered = True
        raise Stopped("failed", f"whether {label} can be written is not known: {exc}", "No host was changed") from None
    except NotDone as exc:
        raise Stopped(
            "refused", f"{label} cannot be written: {exc}", "No host was changed. Look who may write it"
        ) from None
    held = yield from read(run, MAIN)
    if held.secret != secret:
        run.forget_main()
        raise Stopped("pending", f"the vault does not give back what was written to {label}", SETTLE)
    return (yield from list_records(run))


def commit(run: Run, secret: t.Any, seen: Listed, before: t.Any) -> Steps:
    """Make the main record what the hosts accept already, and read it back. Only forward from here.

    Raises MainRefused if nothing but going back is left.

    :param seen: what the vault has listed when main was read
    :param before: what main had then
    """
    label = run.label(MAIN)
    yield from require_lease(run, "pending", SETTLE)
    try:
        listed: Listed = yield ListRecords(run.machine)
        held: Held = yield ReadRecord(MAIN)
    except CallFailed as exc:
        raise Stopped("pending", f"what {label} is now is not known before the commit: {exc}", SETTLE) from None
    if not _same_version(seen, listed) or held.secret not in (before, secret):
        run.forget_main()
        raise Stopped("pending", f"somebody else has changed {label} meanwhile", SETTLE)
    if run.ends - run.clock() < run.limits.commit_margin:
        raise Stopped("pending", "too little of the deadline is left for the commit", f"{SETTLE}. Raise deadline")
    reason, refused = "the vault gives back something else", True
    for _attempt in range(_COMMIT_TRIES):
        try:
            yield WriteRecord(MAIN, secret)
            refused = False
        except Lost as exc:
            run.unanswered, refused, reason = True, False, str(exc)
        except NotDone as exc:
            reason = str(exc)
        try:
            held = yield ReadRecord(MAIN)
        except CallFailed as exc:
            refused, reason = False, str(exc)
            continue
        if held.secret == secret:
            if run.lease is not None:
                run.lease = dataclasses.replace(
                    run.lease,
                    serves=",".join(run.machines.values()),
                    serves_host=run.lease.host,
                    serves_user=run.user,
                )
            return
        refused = refused and held.secret == before
    if refused:
        raise MainRefused(reason)
    raise Stopped("in_doubt", f"whether {label} was written is not certain: {reason}", SETTLE)


def _same_version(seen: Listed, now: Listed) -> bool:
    """Whether nobody has written to main, as far as the dialect tells, nor turned its automatic change on."""
    was, main = seen[MAIN], now[MAIN]
    if was is None or main is None or main.automatic_change:
        return False
    return (was.change, was.public_key) == (main.change, main.public_key)


def names(hosts: t.Iterable[str]) -> str:
    """Names of hosts as a note of the journal has them."""
    return ",".join(urllib.parse.quote(host, safe="") for host in sorted(hosts))


def named(note: str) -> set[str]:
    return {urllib.parse.unquote(name) for name in note.split(",") if name}


def done(result: str, message: str, **details: t.Any) -> Outcome:
    return Outcome(result, message, details=details)
