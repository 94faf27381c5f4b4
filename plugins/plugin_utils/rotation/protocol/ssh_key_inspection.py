# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the SSH key of a user, on hosts and in the vault, without changing either."""

from __future__ import annotations

import dataclasses
import typing as t

from ....module_utils.models import SshKeyPair
from . import host_calls, record_calls
from .effects import LEASE, MAIN, Outcome, Protocol, Status, Steps, Stopped, StoredSecret, done
from .lease import Lease
from .run import RotationRun
from .ssh_key_job import SshKeyJob, interrupted, is_young, keys_on, refuse, tell
from .ssh_key_journal import outdated_by, read_all


def predict(run: RotationRun, job: SshKeyJob) -> Protocol:
    """Return what C(rotate) would do, from what can be known without a secret: the list, and the state of the hosts."""
    listed = yield from record_calls.list_records(run)
    interrupted = False

    def one(host: str, looked: t.Mapping[str, t.Any]) -> None:
        nonlocal interrupted
        refuse(host, looked)
        if looked["lock"]["remaining"] and not run.limits.lock_wait:
            raise Stopped(
                Status.BUSY, f"another run ({looked['lock']['run']}) works on {host}", "Wait for it, or set lock_wait"
            )
        interrupted = interrupted or bool(looked["mark"])

    yield from _look_at(run, job, (), one)
    outdated = sorted(job.shared_with - set(run.present) - job.retired_hosts)
    warnings = (
        *run.absent.values(),
        *([f"{tell(outdated)} would keep the previous key for now"] if outdated else []),
    )
    if interrupted:
        outcome = done(Status.RECOVERED, "an interrupted run, or a host that was not there, would be settled")
    elif job.recover_only:
        outcome = done(Status.UNCHANGED, "no run was interrupted on the hosts")
    elif is_young(listed, job, run.now()):
        outcome = done(Status.UNCHANGED, "the key is younger than max_age_days")
    else:
        outcome = done(Status.CHANGED, "the key would be changed", outdated_hosts=outdated)
    return dataclasses.replace(outcome, warnings=warnings)


def _look_at(
    run: RotationRun,
    job: SshKeyJob,
    keys: t.Sequence[str],
    told: t.Callable[[str, t.Mapping[str, t.Any]], None],
) -> Steps:
    """Look at all hosts side by side, and hand on what each says. Raises what that raises, of the first host."""

    def one(host: str) -> Steps:
        return (yield from host_calls.ask_present(run, host, "look_keys", keys=keys, address=job.source_address))

    answers = yield from host_calls.side_by_side(run, "looking at the keys", {host: one(host) for host in run.hosts})
    host_calls.raise_first(answers)
    for host, looked in answers.items():
        if looked is not None:
            told(host, looked)


def inspect(run: RotationRun, job: SshKeyJob, *, compare: bool, login: bool = False) -> Protocol:
    """Return how the hosts and the records stand to each other, without changing either: an Outcome whose result is
    one of C(clean), C(pending), C(drift), C(in_doubt), C(no_login), C(busy), C(unreachable), or C(unknown) when
    nothing may be read.

    :param login: log in to each host that has the key of the main record, once
    """
    listed = yield from record_calls.list_records(run)
    lease = Lease()
    if compare and listed[LEASE] is not None:
        lease = Lease.of((yield from record_calls.read(run, LEASE)).note)
    if lease.remaining(run.now()):
        return done(Status.BUSY, f"run {lease.run} rotates {run.labels[MAIN]} for {lease.host}")
    held: dict[str, StoredSecret] = {}
    if compare:
        held = yield from read_all(run, listed)
    known = {name: t.cast(SshKeyPair, entry.secret) for name, entry in held.items() if entry.secret.usable}
    found: dict[str, Status] = dict.fromkeys(run.hosts, Status.UNREACHABLE)
    others: dict[str, t.Mapping[str, t.Any]] = {}

    def one(host: str, looked: t.Mapping[str, t.Any]) -> None:
        if looked["others"]:
            others[host] = looked["others"][0]
        else:
            refuse(host, looked)
        has = keys_on(looked)
        holder = next((name for name, pair in known.items() if pair.fingerprint in has), None)
        if holder is not None:
            run.found(host, holder)
        if looked["lock"]["remaining"]:
            found[host] = Status.BUSY
        elif host in others:
            found[host] = Status.PENDING
        elif compare:
            found[host] = _status(looked, known)
        else:
            del found[host]

    keys = sorted(pair.fingerprint for pair in known.values())
    yield from _look_at(run, job, keys, one)
    refused: list[str] = []
    if login:
        some = [host for host, its in found.items() if its in (Status.CLEAN, Status.IN_DOUBT)]
        works = {host: host_calls.log_in(host, known[MAIN]) for host in some}
        for host, verdict in (yield from host_calls.side_by_side(run, "logging in", works)).items():
            if isinstance(verdict, Exception):
                raise verdict
            if verdict.authenticated:
                run.found(host, MAIN, proved="login")
            else:
                found[host] = Status.NO_LOGIN
                refused.append(f"{host}: {verdict.explanation}")
    outdated = sorted(outdated_by(held) - {host for host, its in found.items() if its == Status.CLEAN})
    status, text = _worst(found, others, outdated)
    text = "; ".join([text, *refused])
    if lease.state == "held":
        text += f"; run {lease.run} for {lease.host} has not given the lease back"
    only_others = others and {*found.values()} <= {Status.PENDING, Status.CLEAN} and status == Status.PENDING
    record, proved = run.works_and_proved()
    return Outcome(
        status,
        text,
        details={
            "hosts": {host: its.value for host, its in found.items()},
            "outdated_hosts": outdated,
            "absent": sorted(run.absent),
        },
        works=record,
        proved=proved,
        login=run.login(),
        settles=f"id:{min(other['record'] for other in others.values())}" if only_others else "",
    )


def _worst(
    found: t.Mapping[str, Status],
    others: t.Mapping[str, t.Mapping[str, t.Any]],
    outdated: t.Sequence[str],
) -> tuple[Status, str]:
    """Return the worst status of the hosts, and what it means."""
    if others and set(found.values()) <= {Status.PENDING, Status.CLEAN}:
        named = "; ".join(f"{host}: {other['label']}" for host, other in others.items())
        text = f"a rotation of another SSH key of the user was interrupted ({named}). Run state=recovered for that one"
        return Status.PENDING, text
    for status, text in _STATES.items():
        some = [host for host, its in found.items() if its == status]
        if status == Status.PENDING and outdated and not some:
            return status, f"{tell(outdated)} may accept the previous key alone"
        if some:
            return status, text.format(tell(some))
    return Status.UNKNOWN, "nothing was read, so the keys of the hosts were not compared"


# The worst comes first.
_STATES = {
    Status.BUSY: "a run works on {}",
    Status.DRIFT: "no record has a key that the user has on {}",
    Status.PENDING: "the journal has the key of an interrupted run that is on {}, or an old one has stayed there",
    Status.NO_LOGIN: "the main record has the key of {}, but no login could prove it",
    Status.IN_DOUBT: "the main record has the key of {}, but a run did not end in order",
    Status.UNREACHABLE: "{} cannot be reached",
    Status.CLEAN: "the main record has the key of {}",
}


def _status(looked: t.Mapping[str, t.Any], known: t.Mapping[str, SshKeyPair]) -> Status:
    has = keys_on(looked)
    main = known.get(MAIN)
    if not has:
        return Status.DRIFT
    if main is None or has != {main.fingerprint}:
        return Status.PENDING
    return Status.IN_DOUBT if interrupted(looked["mark"]) or looked["lock"]["run"] else Status.CLEAN
