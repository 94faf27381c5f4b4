# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take the locks of the hosts and the lease of the record, and give them back.

The locks carry the proof that nothing is lost (rule 1 in phases.py); the lease does not: see lease.py.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .effects import (
    LEASE,
    MAIN,
    CallFailed,
    Lost,
    NotDone,
    Protocol,
    ReadRecord,
    Sleep,
    Status,
    Steps,
    Stopped,
    StoredSecret,
    WriteRecord,
)
from .host_calls import ask_present, raise_first, side_by_side
from .lease import Lease
from .record_calls import list_records, read
from .run import RotationRun

_LOCK_POLL = 5.0


def holding_the_lock(run: RotationRun, work: t.Callable[[], Protocol]) -> Protocol:
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


def _acquire(run: RotationRun) -> Steps:
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


def _wait_for_lock(run: RotationRun, host: str) -> Steps:
    """Return what the host has answered that has given the lock, or None if it gives no answer and is spared. C(ends)
    is added: when the lock ends at the earliest, however long its answer was on the way.
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


def _lock(run: RotationRun, host: str) -> Steps:
    limits = run.limits
    request = {"lease": limits.deadline, "late_write_window": limits.late_write_window, "break": run.breaks}
    answer = yield from ask_present(run, host, "lock", **request)
    if answer is not None and answer.get("broken"):
        run.broken = answer["broken"]
        run.warnings.append(f"the lock of run {answer['broken']} on {host} was broken")
    return answer


def _renew(run: RotationRun) -> Steps:
    """Hold the locks for a whole deadline from now on. Stops if one was lost while others were waited for."""
    run.ends = run.clock() + run.limits.deadline
    answers = yield from side_by_side(run, "locking", {host: _lock(run, host) for host in run.machines})
    raise_first(answers)
    for host, answer in answers.items():
        if answer is not None and not answer["mine"]:
            raise _busy_host(host, answer)


def _busy_host(host: str, answer: t.Mapping[str, t.Any]) -> Stopped:
    return Stopped(
        Status.BUSY,
        f"another run ({answer['run']}) works on {host}, for {answer['remaining']:.0f} seconds at most",
        f"Nothing was changed. Wait for it, or set lock_wait; if that run is dead, break_lock={answer['run']} takes "
        f"its lock, {answer['path']} on {host}",
    )


def claim(run: RotationRun) -> Steps:
    """Become the one that rotates this secret, and return what the vault lists then. Stops if it is another run.

    Nothing is safe because of this: see lease.py.
    """
    label = run.labels[LEASE]
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
        yield Sleep(min(_LOCK_POLL, remaining + 0.1), f"another run rotates {run.labels[MAIN]} for {held.host}")
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
        raise Stopped(
            Status.FAILED, f"whether {label} was written is not known: {exc}", "Nothing was changed"
        ) from None
    except NotDone as exc:
        raise Stopped(Status.FAILED, f"{label} cannot be written: {exc}", "Nothing was changed") from None
    run.lease = lease
    yield from require_lease(run, Status.BUSY, "Nothing was changed. Run it again when that one is over")
    # Another one may have come to its end since the first list.
    return (yield from list_records(run))


def _refuse_other_user(run: RotationRun, held: Lease) -> None:
    """Stop if main has the secret of another user: the journal of a machine keeps those of one user only."""
    if held.serves_user and run.user and held.serves_user != run.user:
        raise Stopped(
            Status.REFUSED,
            f"{run.labels[MAIN]} was last rotated for the user {held.serves_user}, not for {run.user}",
            f"Nothing was changed. Give each user a credential of its own; if {held.serves_user} is gone, remove "
            f"{run.labels[LEASE]} from the vault",
        )


def _busy_record(run: RotationRun, held: Lease, remaining: float) -> Stopped:
    return Stopped(
        Status.BUSY,
        f"another run ({held.run}) rotates {run.labels[MAIN]} for {held.host}, for {remaining:.0f} seconds at most",
        f"Nothing was changed. Wait for it, or set lock_wait; if that run is dead, break_lock={held.run}",
    )


def require_lease(run: RotationRun, result: Status, hint: str) -> Steps:
    """Stop with this result if the lease is not that of this run any more, or nobody knows."""
    label = run.labels[LEASE]
    try:
        held: StoredSecret = yield ReadRecord(LEASE)
    except CallFailed as exc:
        raise Stopped(
            Status.FAILED if result == Status.BUSY else result, f"{label} cannot be read: {exc}", hint
        ) from None
    now = Lease.of(held.note)
    if now.run != run.id:
        run.lease = None
        run.forget_main()
        raise Stopped(
            result,
            f"run {now.run or 'unknown'} has taken over {run.labels[MAIN]} for {now.host or 'an unknown host'}",
            hint,
        )


def _give_back(run: RotationRun) -> Steps:
    run.leaving = True
    late = run.clock() >= run.ends
    # Where an answer is missing the vault is not asked again, but by a run that is late: others may have begun.
    ours = (not run.unanswered or late) and (yield from _is_still_ours(run))
    if run.unanswered:
        run.warnings.append(
            f"a request to the vault had no answer: the lock stays for {run.limits.deadline:.0f} seconds, so that the "
            "next run begins when the request is over"
        )
        return
    if ours and run.lease is not None and not run.unsure:
        try:
            yield WriteRecord(LEASE, None, dataclasses.replace(run.lease, state="free").note())
        except CallFailed:
            _leave_the_lease(run)
    yield from side_by_side(run, "unlocking", {host: _unlock(run, host) for host in run.machines})


def _is_still_ours(run: RotationRun) -> Steps:
    """Return whether the lease is still that of this run. If another one has taken over, what was compared with main
    is forgotten.
    """
    if run.lease is None:
        return False
    try:
        held: StoredSecret = yield ReadRecord(LEASE)
    except CallFailed:
        # A run in doubt would have kept it anyway.
        if not run.unsure and not run.unanswered:
            _leave_the_lease(run)
        return False
    if Lease.of(held.note).run == run.id:
        yield from _see_main(run)
        return True
    run.forget_main()
    run.warnings.append(f"another run has rotated {run.labels[MAIN]} meanwhile")
    return False


def _leave_the_lease(run: RotationRun) -> None:
    run.warnings.append(f"{run.labels[LEASE]} could not be given back: it ends by itself")


def _see_main(run: RotationRun) -> Steps:
    """See that main still has the secret of which this run tells that it logs in. A run whose lease was taken over
    before it had looked at it may write main later than this one.
    """
    if run.main_secret is not None:
        try:
            held: StoredSecret = yield ReadRecord(MAIN)
        except CallFailed:
            # It was read back when it was written.
            return
        if held.secret != run.main_secret:
            # And it may have changed the hosts, where this one was late.
            run.works.clear()
            run.warnings.append(f"{run.labels[MAIN]} has changed meanwhile: run rotation_info to see what logs in")


def _unlock(run: RotationRun, host: str) -> Steps:
    try:
        answer = yield run.on(host, "unlock")
        if not answer["mine"] and host not in run.gave_back:
            # Whatever was found out here, somebody else may have changed it by now.
            run.works.pop(host, None)
            run.warnings.append(f"another run has worked on {host} meanwhile: run rotation_info to see what logs in")
    except CallFailed:
        run.warnings.append(f"the lock of {host} could not be given back: it ends by itself")
