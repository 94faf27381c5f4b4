# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set the password of a user on hosts, prove it, and put the old one back."""

from __future__ import annotations

import dataclasses

from . import host_calls
from .accounts import AccountFacts, split_lock
from .effects import CallFailed, Lost, Sleep, Status, Steps, Stopped
from .password_job import PasswordJob, proofs_of
from .run import SETTLE, RotationRun
from .verdict import LoginResult, Verdict

# Times that a host is asked after a change whose result is not known, and seconds between them.
_LOOKS, _LOOK_PAUSE = 4, 2.0


class PasswordHosts:
    """The hosts of one run under the lock: what they have, and how one is given another password.

    ``_accounts`` is what the hosts say, ``_holders`` the record that each host accepts, or None, and ``_changed`` the
    hosts that this run has given another password that is not in main yet, with the one that they had.
    """

    def __init__(self, run: RotationRun, job: PasswordJob) -> None:
        self._run, self._job = run, job
        self._accounts: dict[str, AccountFacts] = {}
        self._holders: dict[str, str | None] = {}
        self._changed: dict[str, tuple[AccountFacts, str | None]] = {}

    def _hash(self, host: str, secret: str) -> str:
        locked, bare = split_lock(self._accounts[host]["hash"])
        return locked + self._job.make_hash(secret, bare)

    def _verifies(self, host: str) -> bool:
        return self._job.verify_login and not split_lock(self._accounts[host]["hash"])[0]

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
                raise Stopped(Status.PENDING, f"{host} has the new password, but gave its lock back", SETTLE)
        if now == account["hash"]:
            self._note_found(host, before)
            raise Stopped(Status.FAILED, f"{host} has kept its password: {reason}", "Run it again")
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
            Status.DRIFT,
            f"somebody else has changed the password of {self._job.user} on {host} meanwhile",
            "Find out who changed it; reconcile=true assigns a new one",
        )

    def _prove_method(self, host: str, current: str) -> Steps:
        """Stop unless the way to verify works with the present password: else it would prove nothing of the new one."""
        verdict = yield from host_calls.log_in(host, current)
        if verdict.result == LoginResult.NETWORK:
            raise Stopped(
                Status.UNREACHABLE,
                f"{host} cannot be reached for a login: {verdict.explanation}",
                "Nothing was changed",
            )
        if not (self._fine(verdict) or verdict.result in proofs_of(self._accounts[host])):
            raise Stopped(
                Status.REFUSED,
                f"{self._job.user} cannot log in to {host} with the present password, although it is right: "
                f"{verdict.explanation}",
                "Nothing was changed. Allow password logins there, or set verify to hash_only",
            )

    def _judge(self, host: str) -> Steps:
        """Return the hash that a host has, when no change is under way there any more."""
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
        return Stopped(Status.IN_DOUBT, f"{host} does not tell which password it has now: {reason}", SETTLE)

    def _judge_for_good(self, host: str) -> Steps:
        """Return the hash after a change without an answer. It may arrive only now: without the lock it is refused."""
        # Even if no answer says so.
        self._run.gave_back.add(host)
        try:
            yield self._run.on(host, "unlock")
        except CallFailed as exc:
            raise self._in_doubt(host, str(exc)) from None
        return (yield from self._judge(host))

    def _verify(self, host: str, new: str, slot: str) -> Steps:
        verdict = yield from host_calls.log_in(host, new)
        if self._fine(verdict):
            self._run.found(host, slot, proved="login")
            return
        if verdict.result in (LoginResult.WRONG, LoginResult.MUST_CHANGE):
            why = f"{host} refuses a login with the new password ({verdict.explanation})"
            if (yield from self._put_back(host, slot)):
                raise Stopped(
                    Status.FAILED,
                    f"{why}, so the old one was put back",
                    "Compare the options of the policy with the host's",
                )
            raise Stopped(Status.PENDING, f"{why}, and the old one could not be put back", SETTLE)
        raise Stopped(
            Status.PENDING,
            f"{host} has the new password, but no login could prove it: {verdict.explanation}",
            SETTLE,
        )

    def _fine(self, verdict: Verdict) -> bool:
        expected = {LoginResult.MUST_CHANGE: "must_change", LoginResult.EXPIRED: "expired"}
        return verdict.result == LoginResult.OK or expected.get(verdict.result) in self._job.accept

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
        """Put the old password back, as certainly no commit was made. Return the hosts that still have the new one."""
        left = []
        for host in list(self._changed):
            try:
                if not (yield from self._put_back(host, slot)):
                    left.append(host)
            except Stopped:
                # What is known of it, and what is not, is told in words.
                left.append(host)
        return left

    def _finish(self) -> Steps:
        run = self._run
        request = {"chage": dict(self._job.chage)}
        for host in run.hosts:
            try:
                yield run.on(host, "finish", **request)
            except Lost as exc:
                run.warnings.append(f"the password ageing may not have been set on {host}: {exc}")
            except CallFailed as exc:
                run.warnings.append(f"the password ageing could not be set on {host}: {exc}")
