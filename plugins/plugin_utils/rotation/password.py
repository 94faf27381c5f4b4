# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol that changes the password of a Linux user, on the host and in the vault, and may be killed anywhere.

At every moment the main record or one of the journal holds the password that the host accepts. Pure: see calls.py.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import hashing, steps
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.calls import (
    MAIN,
    SLOTS,
    CallFailed,
    Lost,
    OnHost,
    Protocol,
    Sleep,
    Steps,
    Stopped,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import Result, Verdict

Account = t.Mapping[str, t.Any]
Secrets = t.Mapping[str, str]
# Times that the host is looked at after a change whose result is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 4, 2.0


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
    matches: t.Callable[[str, str], bool] = hashing.matches
    make_hash: t.Callable[[str, str], str] = hashing.make


def rotate(run: steps.Run, job: Job) -> Protocol:
    """Change the password, after an interrupted run was settled; with C(recover_only) nothing but the latter."""
    (host,) = run.hosts
    return (yield from steps.holding_the_lock(run, lambda: _Rotation(run, job, host).work()))


class _Rotation:
    """The work under the lock. ``_seen`` is the list as it was at first, ``_held`` what the records hold, and
    ``_started`` when the runs that wrote them began.
    """

    def __init__(self, run: steps.Run, job: Job, host: str) -> None:
        self._run, self._job, self._host = run, job, host
        self._seen: steps.Listed = {}
        self._held: dict[str, str] = {}
        self._started: dict[str, str] = {}

    def work(self) -> Protocol:
        job = self._job
        self._seen = yield from steps.list_records(self._run)
        looked = yield from steps.ask_host(self._run, self._host, "look")
        account: Account = looked["account"]
        refuse(account, job)
        if not looked["saved"] and is_young(account, job):
            return steps.done("unchanged", "the password is younger than max_age", **_age(account))
        yield from self._read(account)
        holder = holder_of(self._held, account, job)
        recovered = False
        if holder is not None and holder != MAIN:
            recovered = True
            yield from self._commit(self._held[holder], holder, account["hash"])
            self._seen = yield from steps.list_records(self._run)
        if holder is None and not job.reconcile:
            raise Stopped(
                "drift",
                f"no record of the vault has the password of {job.user} on {self._host}",
                "Somebody has changed it there. Set reconcile=true to give it a new one",
            )
        if job.recover_only or (recovered and job.max_age is not None):
            if holder is not None:
                yield from self._finish()
            return steps.done(
                "recovered" if recovered else "unchanged",
                "the password of an interrupted run is in the main record now"
                if recovered
                else "the main record has the password of the host",
                **_age(account),
            )
        current = None if holder is None else self._held[holder]
        return (yield from self._change(account, current, recovered))

    def _read(self, account: Account) -> Steps:
        for name in (MAIN, *SLOTS):
            if self._seen[name] is None:
                continue
            held = yield from steps.read(self._run, name)
            self._held[name] = held.secret
            self._started[name] = held.note.get("start", "0")
            other = held.note.get("host")
            if name in SLOTS and other not in (None, account["identity"]) and "other_host" not in self._job.accept:
                raise Stopped(
                    "refused",
                    f"{self._run.label(MAIN)} was last rotated for another machine, and one record serves one host",
                    "Give each host a credential of its own; if it was installed anew, set accept to other_host",
                )

    def _change(self, account: Account, current: str | None, recovered: bool) -> Protocol:
        job, run = self._job, self._run
        locked, old = hashing.split_lock(account["hash"])
        verify = job.verify_login and not locked
        if verify and current is not None:
            yield from self._prove_method(current, account)
        new = job.generate()
        slot = self._free_slot(old)
        yield from steps.journal(run, slot, new, {"host": account["identity"]})
        wanted = locked + job.make_hash(new, old)
        try:
            yield run.on(self._host, "set", old=account["hash"], new=wanted, timeout=max(1.0, run.ends - run.clock()))
            reason = ""
        except CallFailed as exc:
            reason = str(exc)
        yield from self._compare(account["hash"], wanted, slot, reason)
        if verify:
            yield from self._verify(new, account, slot)
        yield from self._commit(new, slot, wanted)
        yield from self._finish()
        return steps.done("changed", "the host and the main record have the new password", recovered_first=recovered)

    def _prove_method(self, current: str, account: Account) -> Steps:
        """The way to verify must work with the present password, or it would prove nothing about the new one."""
        verdict = yield from steps.log_in(self._host, current)
        if verdict.result == Result.NETWORK:
            raise Stopped(
                "unreachable",
                f"{self._host} cannot be reached for a login: {verdict.explanation}",
                "Nothing was changed",
            )
        if not (self._fine(verdict) or verdict.result in _proofs(account)):
            raise Stopped(
                "refused",
                f"{self._job.user} cannot log in to {self._host} with the present password, although it is right: "
                f"{verdict.explanation}",
                "Nothing was changed. Allow password logins there, or set verify to hash_only",
            )

    def _free_slot(self, old: str) -> str:
        """The record of the journal that does not hold what the host accepts, and rather the older one."""
        free = [slot for slot in SLOTS if slot not in self._held or not self._job.matches(self._held[slot], old)]
        # Where both hold it, main does too.
        return min(free or SLOTS, key=lambda slot: self._started.get(slot, ""))

    def _compare(self, old: str, wanted: str, slot: str, reason: str) -> Steps:
        """The host is the judge of whether its password was set."""
        now = yield from self._hash_now(slot)
        if now == wanted:
            return
        if now == old:
            raise Stopped("failed", f"{self._host} has kept its password: {reason or 'it was not set'}", "Run it again")
        raise Stopped(
            "drift",
            f"somebody else has changed the password of {self._job.user} on {self._host} meanwhile",
            "Look who did; reconcile=true gives it a new one",
        )

    def _hash_now(self, slot: str) -> Steps:
        reason: CallFailed | None = None
        for _look in range(_LOOKS):
            try:
                looked = yield OnHost(self._host, "look")
                return looked["account"].get("hash")
            except CallFailed as exc:
                reason = exc
            yield Sleep(_LOOK_PAUSE, f"{self._host} does not answer")
        raise Stopped(
            "in_doubt",
            f"{self._host} does not tell which password it has now: {reason}",
            f"{self._run.label(MAIN)} or {self._run.label(slot)} has it; run state=recovered",
        )

    def _verify(self, new: str, account: Account, slot: str) -> Steps:
        verdict = yield from steps.log_in(self._host, new)
        if self._fine(verdict):
            return
        if verdict.result in (Result.WRONG, Result.MUST_CHANGE):
            yield from self._restore(account["hash"], slot, verdict.explanation)
        raise Stopped(
            "pending",
            f"{self._host} has the new password, but no login could prove it: {verdict.explanation}",
            f"{self._run.label(slot)} has it; run state=recovered",
        )

    def _restore(self, old: str, slot: str, why: str) -> Steps:
        """Only before a commit was tried: afterwards it goes forward alone."""
        with contextlib.suppress(CallFailed):
            yield self._run.on(self._host, "restore", timeout=max(1.0, self._run.ends - self._run.clock()))
        if (yield from self._hash_now(slot)) == old:
            raise Stopped(
                "failed",
                f"{self._host} refuses a login with the new password ({why}), so the old one was put back",
                f"{self._run.label(MAIN)} has the one that works. Compare the options of the policy with the host's",
            )
        raise Stopped(
            "pending",
            f"{self._host} refuses a login with the new password ({why}), and the old one could not be put back",
            f"{self._run.label(slot)} has the present one; run state=recovered",
        )

    def _fine(self, verdict: Verdict) -> bool:
        expected = {Result.MUST_CHANGE: "must_change", Result.EXPIRED: "expired"}
        return verdict.result == Result.OK or expected.get(verdict.result) in self._job.accept

    def _commit(self, secret: str, holder: str, expected: str) -> Steps:
        yield from steps.commit(self._run, secret, self._seen, holder)
        if (yield from self._hash_now(holder)) != expected:
            raise Stopped(
                "drift",
                f"somebody else has changed the password of {self._job.user} on {self._host} meanwhile",
                "Look who did; reconcile=true gives it a new one",
            )

    def _finish(self) -> Steps:
        request = {"chage": dict(self._job.chage), "keep_must_change": "must_change" in self._job.accept}
        try:
            yield self._run.on(self._host, "finish", **request)
        except Lost as exc:
            self._run.warnings.append(f"whether {self._host} has the wanted ages of the password is not known: {exc}")
        except CallFailed as exc:
            self._run.warnings.append(f"{self._host} has not the wanted ages of the password: {exc}")


def _age(account: Account) -> dict[str, str]:
    """When the host says that the password was changed last."""
    if not account["last_change"]:
        return {}
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=account["last_change"])
    return {"last_change": day.isoformat()}


def is_young(account: Account, job: Job) -> bool:
    """Whether the password need not be changed yet."""
    if job.max_age is None or job.recover_only or not account["last_change"]:
        return False
    return bool(account["today"] - account["last_change"] < job.max_age)


def holder_of(held: Secrets, account: Account, job: Job) -> str | None:
    """The record that has the password which the host accepts."""
    _prefix, bare = hashing.split_lock(account["hash"])
    return next((name for name, secret in held.items() if job.matches(secret, bare)), None)


def _proofs(account: Account) -> set[Result]:
    """What else than a success proves that logins judge the password: it is too old, which the change will mend."""
    if not account["last_change"] or account["max_days"] is None:
        return set()
    over = account["today"] - account["last_change"] - account["max_days"]
    if over <= 0:
        return set()
    inactive = account["inactive_days"]
    return {Result.MUST_CHANGE} | ({Result.EXPIRED} if inactive is not None and over > inactive else set())


def refuse(account: Account, job: Job) -> None:
    """Stop before anything is changed, or read, if the account is not one whose password can be changed."""
    problem = _problem(account, job)
    if problem:
        text, hint = problem
        raise Stopped("refused", f"{job.user}: {text}", f"Nothing was changed. {hint}")


def _problem(account: Account, job: Job) -> tuple[str, str] | None:
    if not account["local"]:
        return "is no local user of the host", "Users of a directory are changed there"
    if not account["in_shadow"]:
        return "has no line in /etc/shadow", "Only hosts with shadow passwords can be changed"
    if not account["chpasswd"]:
        return "cannot be changed: the host has no chpasswd", "Install the package passwd or shadow-utils"
    if not account["writable"]:
        return "cannot be changed: /etc is read-only or full", "Mend the host first"
    locked, bare = hashing.split_lock(account["hash"])
    if not bare:
        return "has no password at all", "Give it one first"
    if locked and "locked" not in job.accept:
        return "is locked", "Unlock it, or set accept to locked: it is changed then and stays locked"
    if (account["expire_day"] or account["today"] + 1) <= account["today"] and "expired" not in job.accept:
        return "has expired", "Set accept to expired: it is changed then and stays expired"
    if account["last_change"] == 0 and "must_change" not in job.accept:
        return "must change the password at the next login", "Set accept to must_change: it still must afterwards"
    return None


def predict(run: steps.Run, job: Job) -> Protocol:
    """What C(rotate) would do, from what can be known without a secret: the list, and the state of the host."""
    (host,) = run.hosts
    yield from steps.list_records(run)
    looked = yield from steps.ask_host(run, host, "look")
    refuse(looked["account"], job)
    if looked["lock"]["remaining"] and not run.limits.lock_wait:
        raise Stopped("busy", f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait")
    if looked["saved"]:
        return steps.done("recovered", "an interrupted run would be settled")
    if job.recover_only:
        return steps.done("unchanged", "no run was interrupted on the host")
    if is_young(looked["account"], job):
        return steps.done("unchanged", "the password is younger than max_age")
    return steps.done("changed", "the password would be changed")


def inspect(run: steps.Run, job: Job, *, compare: bool) -> Protocol:
    """How the host and the records stand to each other, without changing either: an Outcome whose result is one of
    C(clean), C(pending), C(drift), C(in_doubt), C(busy), or C(unknown) when nothing may be read.
    """
    (host,) = run.hosts
    listed = yield from steps.list_records(run)
    looked = yield from steps.ask_host(run, host, "look")
    account = looked["account"]
    if looked["lock"]["remaining"]:
        return steps.done("busy", f"run {looked['lock']['run']} works on {host}")
    if not account.get("hash"):
        raise Stopped("refused", f"{job.user} is no local user of {host} with a password", "Look at the host")
    if not compare:
        return steps.done("unknown", "nothing was read, so the password of the host was not compared")
    held = {}
    for name in (MAIN, *SLOTS):
        if listed[name] is not None:
            record = yield from steps.read(run, name)
            held[name] = record.secret
    holder = holder_of(held, account, job)
    if holder is None:
        return steps.done("drift", f"no record has the password of {job.user} on {host}")
    if holder in SLOTS:
        return steps.done(
            "pending", f"{run.label(holder)} has the password of {job.user} on {host}, not the main record"
        )
    if looked["saved"] or looked["lock"]["run"]:
        return steps.done("in_doubt", "the main record has the password of the host, but a run did not end in order")
    return steps.done("clean", "the main record has the password of the host")
