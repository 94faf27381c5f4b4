# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted of a rotation of a password, and what follows from it about hosts and records."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from . import accounts
from .accounts import AccountFacts, HashProblem
from .effects import Status, Stopped, StoredSecret
from .run import RotationRun
from .verdict import LoginResult


@dataclasses.dataclass(frozen=True)
class PasswordJob:
    """What is wanted. ``accept`` holds those of C(locked), C(expired), C(must_change), C(other_host) that may be so."""

    user: str
    generate: t.Callable[[], str]
    matches: t.Callable[[str, str], bool]
    make_hash: t.Callable[[str, str], str]
    hash_problem: HashProblem
    verify_login: bool = True
    accept: frozenset[str] = frozenset()
    recover_only: bool = False
    reconcile: bool = False
    max_age_days: float | None = None
    chage: t.Mapping[str, int] = dataclasses.field(default_factory=dict)


def age_of(accounts: t.Mapping[str, AccountFacts]) -> dict[str, str]:
    """Return when the hosts say that the password was changed last: the longest time ago."""
    days = [account["last_change"] for account in accounts.values()]
    if not all(days):
        return {}
    return {"last_change": (datetime.date(1970, 1, 1) + datetime.timedelta(days=min(days))).isoformat()}


def is_young(account: AccountFacts, job: PasswordJob) -> bool:
    """Return whether the password need not be changed yet."""
    if job.max_age_days is None or job.recover_only or not account["last_change"]:
        return False
    return bool(account["today"] - account["last_change"] < job.max_age_days)


def unusable(secret: str) -> str:
    """Return why no host can have this password, or nothing."""
    if not secret:
        return "is empty"
    if any(character in secret for character in "\n\r\0"):
        return "has a line break or a NUL, which no password has"
    return ""


def holder_of(held: t.Mapping[str, StoredSecret], account: AccountFacts, job: PasswordJob) -> str | None:
    """Return the record that has the password which the host accepts."""
    _prefix, bare = accounts.split_lock(account["hash"])
    fitting = (name for name, one in held.items() if not unusable(one.secret) and job.matches(one.secret, bare))
    return next(fitting, None)


def proofs_of(account: AccountFacts) -> set[LoginResult]:
    """Return what else than a success proves that logins judge the password: it is too old, which the change will
    mend.
    """
    if not account["last_change"] or account["max_days"] is None:
        return set()
    over = account["today"] - account["last_change"] - account["max_days"]
    if over <= 0:
        return set()
    inactive = account["inactive_days"]
    return {LoginResult.MUST_CHANGE} | ({LoginResult.EXPIRED} if inactive is not None and over > inactive else set())


def refuse(host: str, looked: t.Mapping[str, t.Any], run: RotationRun, job: PasswordJob) -> None:
    """Stop before anything is changed, or read, if the account is not one whose password can be changed."""
    problem = accounts.problem(looked["account"], job.accept, job.chage, job.hash_problem)
    if problem:
        text, hint = problem
        raise Stopped(Status.REFUSED, f"{host}: {job.user} {text}", f"Nothing was changed. {hint}")
    other = looked["pending"]
    if other:
        stop = Stopped(
            Status.PENDING,
            f"{host}: a run for another record, the one with the id {other}, has not ended in order for {job.user}",
            f"Nothing was changed. Settle that one first: credential=id:{other}, state=recovered",
        )
        stop.settles = f"id:{other}"
        raise stop
