# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the password of a user, on hosts and in the vault, without changing either."""

from __future__ import annotations

import typing as t

from . import host_calls, record_calls
from .accounts import split_lock
from .effects import LEASE, MAIN, SLOTS, Outcome, Protocol, Status, Stopped, StoredSecret, done, foreign_slots
from .lease import Lease
from .password_job import PasswordJob, holder_of, is_young, refuse
from .run import RotationRun


def predict(run: RotationRun, job: PasswordJob) -> Protocol:
    """Return what C(rotate) would do, from what can be known without a secret: the list, and the state of the hosts."""
    yield from record_calls.list_records(run)
    interrupted, young = False, True
    for host in run.hosts:
        looked = yield from host_calls.ask_host(run, host, "look")
        refuse(host, looked, run, job)
        if looked["lock"]["remaining"] and not run.limits.lock_wait:
            raise Stopped(
                Status.BUSY, f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait"
            )
        interrupted = interrupted or bool(looked["saved"])
        young = young and is_young(looked["account"], job)
    if interrupted:
        return done(Status.RECOVERED, "an interrupted run would be settled")
    if job.recover_only:
        return done(Status.UNCHANGED, "no run was interrupted on the host")
    if young:
        return done(Status.UNCHANGED, "the password is younger than max_age_days")
    return done(Status.CHANGED, "the password would be changed")


def inspect(run: RotationRun, job: PasswordJob, *, compare: bool, login: bool = False) -> Protocol:
    """Return how the hosts and the records stand to each other, without changing either: an Outcome whose result is
    one of C(clean), C(pending), C(drift), C(in_doubt), C(no_login), C(busy), C(unreachable), or C(unknown) when
    nothing may be read.

    :param login: log in to each host that has the password of the main record, once
    """
    yield from record_calls.list_records(run)
    looks: dict[str, t.Any] = {}
    for host in run.hosts:
        looked = yield from host_calls.ask_present(run, host, "look")
        if looked is None:
            continue
        if looked["lock"]["remaining"]:
            return done(Status.BUSY, f"run {looked['lock']['run']} works on {host}")
        if not looked["account"].get("hash"):
            raise Stopped(Status.REFUSED, f"{job.user} is no local user of {host} with a password", "Look at the host")
        looks[host] = looked
        if looked["machine"]:
            run.machines[host] = looked["machine"]
    if not compare:
        return done(Status.UNKNOWN, "nothing was read, so the password of the host was not compared")
    listed = yield from record_calls.list_records(run)
    lease = Lease.of((yield from record_calls.read(run, LEASE)).note) if listed[LEASE] else Lease()
    if lease.remaining(run.now()):
        return done(Status.BUSY, f"run {lease.run} rotates {run.labels[MAIN]} for {lease.host}")
    held: dict[str, StoredSecret] = {}
    for name in (MAIN, *SLOTS, *foreign_slots(listed)):
        missing = any(holder_of(held, looked["account"], job) is None for looked in looks.values())
        if listed[name] is not None and (missing or name in SLOTS):
            held[name] = yield from record_calls.read(run, name)
    found = dict.fromkeys(run.absent, Status.UNREACHABLE)
    found.update({host: _status(run, job, host, looked, held) for host, looked in looks.items()})
    refused: list[str] = []
    if login:
        for host, looked in looks.items():
            if found[host] in (Status.CLEAN, Status.IN_DOUBT) and not split_lock(looked["account"]["hash"])[0]:
                verdict = yield from host_calls.log_in(host, held[MAIN].secret)
                if verdict.ok:
                    run.found(host, MAIN, proved="login")
                else:
                    found[host] = Status.NO_LOGIN
                    refused.append(f"{host}: {verdict.explanation}")
    others = {host: str(looked["pending"]) for host, looked in looks.items() if looked["pending"]}
    works, proved = run.works_and_proved()
    status = min(found.values(), key=[*_STATES].index)
    some = [host for host, its in found.items() if its == status]
    message = "; ".join([_STATES[status].format(user=job.user, hosts=", ".join(some)), *refused])
    if status in (Status.CLEAN, Status.IN_DOUBT, Status.UNREACHABLE) and others:
        status, message = Status.PENDING, _of_others(others, job)
    elif others:
        message += f"; {_of_others(others, job)}"
    if lease.state == "held":
        message += f"; run {lease.run} for {lease.host} has not given the lease back"
    return Outcome(
        status,
        message,
        details={"hosts": {host: its.value for host, its in found.items()}, "absent": sorted(run.absent)},
        works=works,
        proved=proved,
        login=run.login(),
        settles=f"id:{min(others.values())}" if others and {*found.values()} <= {Status.CLEAN, Status.IN_DOUBT} else "",
    )


def _of_others(others: t.Mapping[str, str], job: PasswordJob) -> str:
    named = ", ".join(f"{host}: id {record}" for host, record in others.items())
    return f"a run for another record has not ended in order for {job.user} ({named}): settle that one first"


# The worst comes first.
_STATES = {
    Status.DRIFT: "no record has the password of {user} on {hosts}",
    Status.PENDING: "a record of the journal has the password of {user} on {hosts}, not the main record",
    Status.NO_LOGIN: "the main record has the password of {user} on {hosts}, but no login could prove it",
    Status.IN_DOUBT: "the main record has the password of {user} on {hosts}, but a run did not end in order",
    Status.UNREACHABLE: "{hosts} cannot be reached",
    Status.CLEAN: "the main record has the password of {user} on {hosts}",
}


def _status(
    run: RotationRun, job: PasswordJob, host: str, looked: t.Mapping[str, t.Any], held: t.Mapping[str, StoredSecret]
) -> Status:
    holder = holder_of(held, looked["account"], job)
    if holder is None:
        return Status.DRIFT
    run.found(host, holder, proved="hash")
    if holder != MAIN:
        return Status.PENDING
    # What another record has left there is told by itself.
    ours = looked["saved"] and not looked["pending"]
    return Status.IN_DOUBT if ours or looked["lock"]["run"] else Status.CLEAN
