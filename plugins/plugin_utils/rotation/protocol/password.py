# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol that changes the password of a Linux user, on one or several hosts and in the vault, and may be killed
anywhere.

At every moment the main record or one of the own journal holds the password that each host accepts. Hosts get it one
after another, and the main record when all have it. Pure: see calls.py.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ..login import password_hash
from ..login.probe import Result, Verdict
from . import accounts, phases
from .effects import (
    BEFORE,
    LEASE,
    MAIN,
    NEW,
    SLOTS,
    CallFailed,
    Held,
    Lost,
    Outcome,
    Protocol,
    Sleep,
    Steps,
    Stopped,
    foreign_slots,
)
from .lease import Lease

Account = t.Mapping[str, t.Any]
# Times that a host is asked after a change whose result is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 4, 2.0
# Characters that a note may have for names of hosts.
_LONGEST_NAMES = 1500


@dataclasses.dataclass(frozen=True)
class Job:
    """What is wanted. ``accept`` holds those of C(locked), C(expired), C(must_change), C(other_host) that may be so."""

    user: str
    generate: t.Callable[[], str]
    verify_login: bool = True
    accept: frozenset[str] = frozenset()
    recover_only: bool = False
    reconcile: bool = False
    max_age: float | None = None
    chage: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    # The host's own scheme; tests put a cheap one in its place.
    matches: t.Callable[[str, str], bool] = password_hash.matches
    make_hash: t.Callable[[str, str], str] = password_hash.make


def rotate(run: phases.Run, job: Job) -> Protocol:
    """Change the password, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    return (yield from phases.holding_the_lock(run, lambda: _Rotation(run, job).work()))


class _Rotation:
    """The work under the lock.

    ``_seen`` is what the vault has listed when main was read, ``_held`` what the records hold, ``_accounts`` what the
    hosts say, ``_holders`` the record that each host accepts, or None, and ``_changed`` the hosts that this run has
    given another password that is not in main yet, with the one that they had.
    """

    def __init__(self, run: phases.Run, job: Job) -> None:
        self._run, self._job = run, job
        self._seen: phases.Listed = {}
        self._held: dict[str, Held] = {}
        self._accounts: dict[str, Account] = {}
        self._holders: dict[str, str | None] = {}
        self._changed: dict[str, tuple[Account, str | None]] = {}

    def work(self) -> Protocol:
        job, run = self._job, self._run
        yield from phases.list_records(run)
        interrupted = yield from self._look()
        if not interrupted and all(is_young(account, job) for account in self._accounts.values()):
            return phases.done("unchanged", "the password is younger than max_age", **_age(self._accounts))
        self._seen = yield from phases.claim(run)
        yield from self._find_holders()
        yield from self._refuse_others()
        strangers = [host for host, holder in self._holders.items() if holder is None]
        if strangers and (job.recover_only or not job.reconcile):
            raise Stopped("drift", self._drift(strangers), "Set reconcile=true to give it a new one")
        recovered = yield from self._settle()
        if job.recover_only or (recovered and job.max_age is not None and not strangers):
            yield from self._finish()
            if recovered:
                message = "the password of an interrupted run is in the main record now"
            else:
                message = f"the main record has the password of {_the_hosts(run)}"
            return phases.done("recovered" if recovered else "unchanged", message, **_age(self._accounts))
        yield from self._change(proved=recovered)
        return phases.done(
            "changed", f"{_the_hosts(run)} and the main record have the new password", recovered_first=recovered
        )

    # What is known

    def _look(self) -> Steps:
        """What the hosts say of the account. Returns whether a run on this record did not end in order there."""
        run, interrupted = self._run, False
        for host in run.hosts:
            looked = yield from phases.ask_host(run, host, "look")
            refuse(host, looked, run, self._job)
            self._accounts[host] = looked["account"]
            interrupted = interrupted or bool(looked["saved"])
        if len({*run.machines.values()}) < len(run.hosts):
            raise Stopped("refused", f"some of {', '.join(run.hosts)} are the same machine", "Name each machine once")
        if len(phases.names(run.hosts)) > _LONGEST_NAMES:
            raise Stopped("refused", "these are too many hosts for one credential", "Give some of them another one")
        return interrupted

    def _find_holders(self) -> Steps:
        """Read the records, and find out which one each host accepts: a journal of another machine only if no other."""
        run = self._run
        yield from self._read((MAIN, *SLOTS))
        if None in self._holders.values():
            yield from self._read(foreign_slots(self._seen))
        for host, holder in self._holders.items():
            if holder is not None:
                run.found(host, holder, proved="hash")

    def _read(self, records: t.Iterable[str]) -> Steps:
        for name in records:
            if self._seen[name] is not None:
                self._held[name] = yield from phases.read(self._run, name)
        for host, account in self._accounts.items():
            self._holders[host] = holder_of(self._held, account, self._job)

    def _refuse_others(self) -> Steps:
        """Stop if the secret is that of a machine which this run would leave without it."""
        run, main = self._run, self._run.label(MAIN)
        if "other_host" in self._job.accept:
            return
        ours = {*run.machines.values()}
        served, names = self._served()
        if served and not served & ours:
            yield from self._keep_all()
            raise Stopped(
                "refused",
                f"{main} was last rotated for another machine, {', '.join(sorted(names))} "
                f"({', '.join(sorted(served))}); {', '.join(run.hosts)} is {', '.join(run.machines.values())}",
                "No host was changed. Give each host a credential of its own, or name all of them in hosts; if it was "
                "installed anew, set accept to other_host",
            )
        newest = self._newest(SLOTS)
        left = phases.named(self._held[newest].note.get("hosts", "")) if newest else set()
        if served - ours:
            left |= names
        left -= {*run.hosts}
        if left:
            raise Stopped(
                "refused",
                f"{', '.join(sorted(left))} got this password as well, and would be left with the old one",
                "No host was changed. Name all its hosts in hosts; if they are gone, set accept to other_host",
            )

    def _served(self) -> tuple[set[str], set[str]]:
        """The machines for which main was rotated last, and the names of their hosts. Journals go before the lease."""
        for name in (*SLOTS, *foreign_slots(self._held)):
            if name in self._held and self._held[name].secret == self._held[MAIN].secret:
                ours = name in SLOTS
                machines = {*self._run.machines.values()} if ours else {name.partition("-")[0]}
                return machines, set() if ours else phases.named(self._held[name].note.get("hosts", ""))
        lease = self._run.lease or Lease()
        return {*lease.serves.split(",")} - {""}, {*lease.serves_host.split(",")}

    def _keep_all(self) -> Steps:
        """Put what the hosts have into the own journal: nobody else keeps it for them."""
        for host, holder in self._holders.items():
            if holder is not None and holder not in SLOTS:
                slot = yield from self._keep(self._held[holder].secret, self._free(), BEFORE)
                self._run.found(host, slot, proved="hash")

    def _newest(self, records: t.Iterable[str]) -> str:
        """The one of these records that the latest run has written as the new one, or nothing."""

        def age(name: str) -> tuple[str, bool]:
            note = self._held[name].note
            return note.get("start", ""), note.get("holds") != BEFORE

        return max((name for name in records if name in self._held), key=age, default="")

    def _drift(self, strangers: t.Sequence[str]) -> str:
        text = f"no record of the vault has the password of {self._job.user} on {', '.join(strangers)}"
        bad = {self._run.label(name): why for name, held in self._held.items() if (why := unusable(held.secret))}
        return "; ".join([text, *(f"{label} {why}" for label, why in bad.items())])

    # The journal

    def _taken(self) -> list[str]:
        """The records of the own journal that hold what a host accepts."""
        held = {name: self._held[name] for name in SLOTS if name in self._held}
        return [
            name
            for name, one in held.items()
            if any(holder_of({name: one}, account, self._job) for account in self._accounts.values())
        ]

    def _free(self) -> list[str]:
        """The other records of the own journal, the oldest first."""
        taken, newest = self._taken(), self._newest(SLOTS)
        return sorted((name for name in SLOTS if name not in taken), key=lambda name: (name == newest, name))

    def _keep(self, secret: str, free: list[str], holds: str) -> Steps:
        """Put a secret into the first of the free records of the journal, and return which one that is."""
        run = self._run
        if not free:
            raise Stopped(
                "refused",
                f"the hosts of {run.label(MAIN)} have too many different passwords",
                "Nothing was changed. Settle them one by one: hosts with one name, and accept with other_host",
            )
        slot, note = free[0], {"hosts": phases.names(run.hosts), "holds": holds}
        yield from phases.journal(run, slot, secret, note)
        # Later than all that was written by others.
        self._held[slot] = Held(secret, {**note, "start": "~"})
        return slot

    # What an interrupted run has left

    def _settle(self) -> Steps:
        """Bring all hosts to what an interrupted run was about to make the main record, and make it that."""
        run = self._run
        found = {holder for holder in self._holders.values() if holder not in (None, MAIN)}
        if not found:
            return False
        for name in sorted(found - {*SLOTS}):
            slot = yield from self._keep(self._held[name].secret, self._free(), BEFORE)
            for host, holder in self._holders.items():
                if holder == name:
                    self._holders[host] = slot
                    run.found(host, slot, proved="hash")
        target = self._newest(self._taken())
        secret = self._held[target].secret
        others = [
            host for host, holder in self._holders.items() if holder is not None and self._held[holder].secret != secret
        ]
        hashes = {host: self._hash(host, secret) for host in others}
        if others:
            yield from self._prove_main()
        yield from self._give(hashes, secret, target)
        yield from self._commit(secret, target)
        return True

    # A new password

    def _change(self, *, proved: bool) -> Steps:
        """Give all hosts a new password. ``proved`` says that this run has written main already."""
        job = self._job
        current = next((self._held[MAIN].secret for holder in self._holders.values() if holder == MAIN), None)
        for host, holder in self._holders.items():
            if holder is not None and self._verifies(host):
                yield from self._prove_method(host, self._held[holder].secret)
        new = job.generate()
        hashes = {host: self._hash(host, new) for host in self._run.hosts}
        free = self._free()
        if current is not None and len(free) == len(SLOTS):
            # What the hosts have now outlives main: a host may get it back from a snapshot.
            yield from self._keep(current, free, BEFORE)
            free = free[1:]
        slot = yield from self._keep(new, free, NEW)
        if proved:
            self._seen = yield from phases.list_records(self._run)
        else:
            yield from self._prove_main()
        yield from self._give(hashes, new, slot)
        yield from self._commit(new, slot)
        yield from self._finish()

    def _prove_main(self) -> Steps:
        yield from phases.require_lease(self._run, "busy", "No host was changed. Run it again when that one is over")
        main = self._held[MAIN].secret
        # There is no way to prove it with what cannot be written; then a refused commit is made up for.
        if unusable(main):
            return
        try:
            self._seen = yield from phases.prove_main(self._run, main, self._seen)
        except Stopped as stop:
            # Main may have been spoiled by that; the journal has the same.
            kept = next((name for name in SLOTS if name in self._held and self._held[name].secret == main), MAIN)
            if stop.result == "pending":
                for host, holder in self._holders.items():
                    if holder == MAIN:
                        self._run.found(host, kept, proved="hash")
            raise

    def _hash(self, host: str, secret: str) -> str:
        locked, bare = password_hash.split_lock(self._accounts[host]["hash"])
        return locked + self._job.make_hash(secret, bare)

    def _verifies(self, host: str) -> bool:
        return self._job.verify_login and not password_hash.split_lock(self._accounts[host]["hash"])[0]

    def _give(self, hashes: t.Mapping[str, str], secret: str, slot: str) -> Steps:
        """Set the hash of a secret of the journal on hosts, one after another. If one fails, the others go back."""
        for host, wanted in hashes.items():
            try:
                yield from self._set(host, wanted, slot)
                if self._verifies(host):
                    yield from self._verify(host, secret, slot)
            except Stopped:
                self._changed.pop(host, None)
                yield from self._put_all_back(slot)
                raise

    def _set(self, host: str, wanted: str, slot: str) -> Steps:
        """Set the hash. The host is the judge of whether that was done."""
        run, account, before = self._run, self._accounts[host], self._holders[host]
        reason, lost = "it was not set", False
        try:
            yield run.on(host, "set", old=account["hash"], new=wanted, timeout=self._timeout())
        except CallFailed as exc:
            reason, lost = str(exc), isinstance(exc, Lost)
        run.found(host, *([before] if before else []), slot)
        now = yield from self._judge(host)
        if lost and now == account["hash"]:
            now = yield from self._judge_for_good(host)
            if now == wanted:
                run.found(host, slot, proved="hash")
                raise Stopped("pending", f"{host} has the new password, but gave its lock back", phases.SETTLE)
        if now == account["hash"]:
            self._note_found(host, before)
            raise Stopped("failed", f"{host} has kept its password: {reason}", "Run it again")
        if now != wanted:
            raise self._changed_by_others(host)
        self._changed[host] = account, before
        self._accounts[host] = {**account, "hash": wanted}
        self._holders[host] = slot
        run.found(host, slot, proved="hash")

    def _timeout(self) -> float:
        return max(1.0, self._run.ends - self._run.clock())

    def _note_found(self, host: str, holder: str | None) -> None:
        if holder is None:
            self._run.works.pop(host, None)
        else:
            self._run.found(host, holder, proved="hash")

    def _changed_by_others(self, host: str) -> Stopped:
        self._run.works.pop(host, None)
        return Stopped(
            "drift",
            f"somebody else has changed the password of {self._job.user} on {host} meanwhile",
            "Look who did; reconcile=true gives it a new one",
        )

    def _prove_method(self, host: str, current: str) -> Steps:
        """The way to verify must work with the present password, or it would prove nothing about the new one."""
        verdict = yield from phases.log_in(host, current)
        if verdict.result == Result.NETWORK:
            raise Stopped(
                "unreachable",
                f"{host} cannot be reached for a login: {verdict.explanation}",
                "Nothing was changed",
            )
        if not (self._fine(verdict) or verdict.result in _proofs(self._accounts[host])):
            raise Stopped(
                "refused",
                f"{self._job.user} cannot log in to {host} with the present password, although it is right: "
                f"{verdict.explanation}",
                "Nothing was changed. Allow password logins there, or set verify to hash_only",
            )

    def _judge(self, host: str) -> Steps:
        """The hash that a host has, when no change is under way there any more."""
        run, reason = self._run, ""
        for _look in range(_LOOKS):
            try:
                looked = yield run.on(host, "judge")
                return looked["account"].get("hash")
            except CallFailed as exc:
                reason = str(exc)
            yield Sleep(_LOOK_PAUSE, f"{host} does not tell what it has")
        raise self._in_doubt(host, reason)

    def _in_doubt(self, host: str, reason: str) -> Stopped:
        run = self._run
        run.unsure = True
        if host in run.works:
            run.works[host] = dataclasses.replace(run.works[host], proved="")
        return Stopped("in_doubt", f"{host} does not tell which password it has now: {reason}", phases.SETTLE)

    def _judge_for_good(self, host: str) -> Steps:
        """The same when no answer came to a change, which may arrive only now: without the lock, it is refused."""
        # Even if no answer says so.
        self._run.gave_back.add(host)
        try:
            yield self._run.on(host, "unlock")
        except CallFailed as exc:
            raise self._in_doubt(host, str(exc)) from None
        return (yield from self._judge(host))

    def _verify(self, host: str, new: str, slot: str) -> Steps:
        verdict = yield from phases.log_in(host, new)
        if self._fine(verdict):
            self._run.found(host, slot, proved="login")
            return
        if verdict.result in (Result.WRONG, Result.MUST_CHANGE):
            why = f"{host} refuses a login with the new password ({verdict.explanation})"
            if (yield from self._put_back(host, slot)):
                raise Stopped(
                    "failed",
                    f"{why}, so the old one was put back",
                    "Compare the options of the policy with the host's",
                )
            raise Stopped("pending", f"{why}, and the old one could not be put back", phases.SETTLE)
        raise Stopped(
            "pending",
            f"{host} has the new password, but no login could prove it: {verdict.explanation}",
            phases.SETTLE,
        )

    def _fine(self, verdict: Verdict) -> bool:
        expected = {Result.MUST_CHANGE: "must_change", Result.EXPIRED: "expired"}
        return verdict.result == Result.OK or expected.get(verdict.result) in self._job.accept

    def _put_back(self, host: str, slot: str) -> Steps:
        """Give a host the password again that it had. Returns whether it has it."""
        run, (account, before) = self._run, self._changed[host]
        lost = False
        try:
            yield run.on(host, "restore", old=account["hash"], timeout=self._timeout())
        except CallFailed as exc:
            lost = isinstance(exc, Lost)
        run.found(host, *([before] if before else []), slot)
        now = yield from self._judge(host)
        if lost and now != account["hash"]:
            now = yield from self._judge_for_good(host)
        if now == account["hash"]:
            self._note_found(host, before)
            return True
        if now != self._accounts[host]["hash"]:
            raise self._changed_by_others(host)
        run.found(host, slot, proved="hash")
        return False

    def _put_all_back(self, slot: str) -> Steps:
        """Before a commit, or after one that was refused for certain. Returns the hosts that have the new password."""
        left = []
        for host in list(self._changed):
            try:
                if not (yield from self._put_back(host, slot)):
                    left.append(host)
            except Stopped:
                # What is known of it, and what is not, is told in words.
                left.append(host)
        return left

    def _commit(self, secret: str, slot: str) -> Steps:
        """Put what the hosts have into main, and see that they still have it."""
        run, main = self._run, self._run.label(MAIN)
        try:
            yield from phases.commit(run, secret, self._seen, self._held[MAIN].secret)
        except phases.MainRefused as exc:
            changed = bool(self._changed)
            left = yield from self._put_all_back(slot)
            if left or not changed:
                raise Stopped("pending", f"{main} cannot be written: {exc}", phases.SETTLE) from None
            raise Stopped(
                "failed", f"{main} cannot be written ({exc}), so the old password was put back", "Look who may write it"
            ) from None
        self._held[MAIN] = Held(secret)
        self._changed.clear()
        for host, account in self._accounts.items():
            if self._holders[host] is None:
                continue
            if (yield from self._judge(host)) != account["hash"]:
                raise self._changed_by_others(host)
            self._holders[host] = MAIN
            run.found(host, MAIN, proved=run.works[host].proved)

    def _finish(self) -> Steps:
        run = self._run
        request = {"chage": dict(self._job.chage)}
        for host in run.hosts:
            try:
                yield run.on(host, "finish", **request)
            except Lost as exc:
                run.warnings.append(f"whether {host} has the wanted ages of the password is not known: {exc}")
            except CallFailed as exc:
                run.warnings.append(f"{host} has not the wanted ages of the password: {exc}")


def _the_hosts(run: phases.Run) -> str:
    return "the host" if len(run.hosts) == 1 else "the hosts"


def _age(accounts: t.Mapping[str, Account]) -> dict[str, str]:
    """When the hosts say that the password was changed last: the longest time ago."""
    days = [account["last_change"] for account in accounts.values()]
    if not all(days):
        return {}
    return {"last_change": (datetime.date(1970, 1, 1) + datetime.timedelta(days=min(days))).isoformat()}


def is_young(account: Account, job: Job) -> bool:
    """Whether the password need not be changed yet."""
    if job.max_age is None or job.recover_only or not account["last_change"]:
        return False
    return bool(account["today"] - account["last_change"] < job.max_age)


def unusable(secret: str) -> str:
    """Why no host can have this password, or nothing."""
    if not secret:
        return "is empty"
    if any(character in secret for character in "\n\r\0"):
        return "has a line break or a NUL, which no password has"
    return ""


def holder_of(held: t.Mapping[str, Held], account: Account, job: Job) -> str | None:
    """The record that has the password which the host accepts."""
    _prefix, bare = password_hash.split_lock(account["hash"])
    fitting = (name for name, one in held.items() if not unusable(one.secret) and job.matches(one.secret, bare))
    return next(fitting, None)


def _proofs(account: Account) -> set[Result]:
    """What else than a success proves that logins judge the password: it is too old, which the change will mend."""
    if not account["last_change"] or account["max_days"] is None:
        return set()
    over = account["today"] - account["last_change"] - account["max_days"]
    if over <= 0:
        return set()
    inactive = account["inactive_days"]
    return {Result.MUST_CHANGE} | ({Result.EXPIRED} if inactive is not None and over > inactive else set())


def refuse(host: str, looked: t.Mapping[str, t.Any], run: phases.Run, job: Job) -> None:
    """Stop before anything is changed, or read, if the account is not one whose password can be changed."""
    problem = accounts.problem(looked["account"], job.accept, job.chage)
    if problem:
        text, hint = problem
        raise Stopped("refused", f"{host}: {job.user} {text}", f"Nothing was changed. {hint}")
    other = looked["pending"]
    if other:
        stop = Stopped(
            "pending",
            f"{host}: a run for another record, the one with the id {other}, has not ended in order for {job.user}",
            f"Nothing was changed. Settle that one first: credential=id:{other}, state=recovered",
        )
        stop.settles = f"id:{other}"
        raise stop


def predict(run: phases.Run, job: Job) -> Protocol:
    """What C(rotate) would do, from what can be known without a secret: the list, and the state of the hosts."""
    yield from phases.list_records(run)
    interrupted, young = False, True
    for host in run.hosts:
        looked = yield from phases.ask_host(run, host, "look")
        refuse(host, looked, run, job)
        if looked["lock"]["remaining"] and not run.limits.lock_wait:
            raise Stopped(
                "busy", f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait"
            )
        interrupted = interrupted or bool(looked["saved"])
        young = young and is_young(looked["account"], job)
    if interrupted:
        return phases.done("recovered", "an interrupted run would be settled")
    if job.recover_only:
        return phases.done("unchanged", "no run was interrupted on the host")
    if young:
        return phases.done("unchanged", "the password is younger than max_age")
    return phases.done("changed", "the password would be changed")


def inspect(run: phases.Run, job: Job, *, compare: bool, login: bool = False) -> Protocol:
    """How the hosts and the records stand to each other, without changing either: an Outcome whose result is one of
    C(clean), C(pending), C(drift), C(in_doubt), C(no_login), C(busy), C(unreachable), or C(unknown) when nothing may be
    read.

    :param login: log in to each host that has the password of the main record, once
    """
    yield from phases.list_records(run)
    looks: dict[str, t.Any] = {}
    for host in run.hosts:
        looked = yield from phases.ask_present(run, host, "look")
        if looked is None:
            continue
        if looked["lock"]["remaining"]:
            return phases.done("busy", f"run {looked['lock']['run']} works on {host}")
        if not looked["account"].get("hash"):
            raise Stopped("refused", f"{job.user} is no local user of {host} with a password", "Look at the host")
        looks[host] = looked
        if looked["machine"]:
            run.machines[host] = looked["machine"]
    if not compare:
        return phases.done("unknown", "nothing was read, so the password of the host was not compared")
    listed = yield from phases.list_records(run)
    lease = Lease.of((yield from phases.read(run, LEASE)).note) if listed[LEASE] else Lease()
    if lease.remaining(run.now()):
        return phases.done("busy", f"run {lease.run} rotates {run.label(MAIN)} for {lease.host}")
    held: dict[str, Held] = {}
    for name in (MAIN, *SLOTS, *foreign_slots(listed)):
        missing = any(holder_of(held, looked["account"], job) is None for looked in looks.values())
        if listed[name] is not None and (missing or name in SLOTS):
            held[name] = yield from phases.read(run, name)
    found = dict.fromkeys(run.absent, "unreachable")
    found.update({host: _status(run, job, host, looked, held) for host, looked in looks.items()})
    refused: list[str] = []
    if login:
        for host, looked in looks.items():
            if found[host] in ("clean", "in_doubt") and not password_hash.split_lock(looked["account"]["hash"])[0]:
                verdict = yield from phases.log_in(host, held[MAIN].secret)
                if verdict.ok:
                    run.found(host, MAIN, proved="login")
                else:
                    found[host] = "no_login"
                    refused.append(f"{host}: {verdict.explanation}")
    others = {host: str(looked["pending"]) for host, looked in looks.items() if looked["pending"]}
    works, proved = run.works_and_proved()
    status = min(found.values(), key=[*_STATES].index)
    some = [host for host, its in found.items() if its == status]
    message = "; ".join([_STATES[status].format(user=job.user, hosts=", ".join(some)), *refused])
    if status in ("clean", "in_doubt", "unreachable") and others:
        status, message = "pending", _of_others(others, job)
    elif others:
        message += f"; {_of_others(others, job)}"
    if lease.state == "held":
        message += f"; run {lease.run} for {lease.host} has not given the lease back"
    return Outcome(
        status,
        message,
        details={"hosts": found, "absent": sorted(run.absent)},
        works=works,
        proved=proved,
        login=run.login(),
        settles=f"id:{min(others.values())}" if others and {*found.values()} <= {"clean", "in_doubt"} else "",
    )


def _of_others(others: t.Mapping[str, str], job: Job) -> str:
    named = ", ".join(f"{host}: id {record}" for host, record in others.items())
    return f"a run for another record has not ended in order for {job.user} ({named}): settle that one first"


# The worst comes first.
_STATES = {
    "drift": "no record has the password of {user} on {hosts}",
    "pending": "a record of the journal has the password of {user} on {hosts}, not the main record",
    "no_login": "the main record has the password of {user} on {hosts}, but no login could prove it",
    "in_doubt": "the main record has the password of {user} on {hosts}, but a run did not end in order",
    "unreachable": "{hosts} cannot be reached",
    "clean": "the main record has the password of {user} on {hosts}",
}


def _status(run: phases.Run, job: Job, host: str, looked: t.Mapping[str, t.Any], held: t.Mapping[str, Held]) -> str:
    holder = holder_of(held, looked["account"], job)
    if holder is None:
        return "drift"
    run.found(host, holder, proved="hash")
    if holder != MAIN:
        return "pending"
    # What another record has left there is told by itself.
    ours = looked["saved"] and not looked["pending"]
    return "in_doubt" if ours or looked["lock"]["run"] else "clean"
