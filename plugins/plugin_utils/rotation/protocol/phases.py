# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The phases that rotations of passwords and of SSH keys share: journal, proof that main can be written, commit.

Six rules carry the proof that nothing is lost (tests/faults/model.py holds it):
1. a record of the journal is written only under the lock of the machine that it is named after, so each host's secret
   is in main or in a record that no other run can write;
2. the journal before the host, and read back before the host: what the host has, and what it shall have;
3. the host is the judge: nothing is inferred from exit codes or lost answers;
4. after a commit was tried, only forward, unless the vault has refused each try and main still is what it was;
5. a value once journalled is used again, never replaced by a fresh one, until the host is known not to hold it;
6. the record that holds what the host accepts is never overwritten.
The lock is in locking.py. The lease is no part of the proof: see lease.py.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .effects import (
    MAIN,
    CallFailed,
    Listing,
    ListRecords,
    Lost,
    NotDone,
    Status,
    Steps,
    Stopped,
    StoredSecret,
    WriteRecord,
)
from .locking import require_lease
from .record_calls import list_records, read, try_read
from .run import SETTLE, RotationRun

_COMMIT_TRIES = 3


class MainRefused(Exception):
    """Each try to write main was refused for certain, and main still is what it was."""


def journal(run: RotationRun, slot: str, secret: t.Any, note: t.Mapping[str, str]) -> Steps:
    """Write a secret into the own journal and make sure that the vault has kept it exactly."""
    label = run.labels[slot]
    try:
        yield WriteRecord(slot, secret, note)
    except Lost as exc:
        run.unanswered = True
        raise Stopped(
            Status.FAILED, f"whether {label} was written is not known: {exc}", "No host was changed"
        ) from None
    except NotDone as exc:
        raise Stopped(Status.FAILED, f"{label} cannot be written: {exc}", "No host was changed") from None
    held = yield from read(run, slot)
    if held.secret != secret:
        raise Stopped(
            Status.FAILED,
            f"the vault does not give back what was written to {label}",
            "No host was changed. Look for a length limit, or for encrypted values (decryption_key)",
        )


def prove_main(run: RotationRun, secret: t.Any, seen: Listing) -> Steps:
    """Write what main has into main, so that a vault which refuses that is found out before a host has changed.

    :param seen: what the vault has listed when main was read
    :return: what it lists now
    """
    label = run.labels[MAIN]
    if not _same_version(seen, (yield from list_records(run))):
        run.forget_main()
        raise Stopped(
            Status.FAILED, f"somebody else has changed {label} meanwhile", "No host was changed. Run it again"
        )
    try:
        yield WriteRecord(MAIN, secret)
    except Lost as exc:
        run.unanswered = True
        raise Stopped(
            Status.FAILED, f"whether {label} can be written is not known: {exc}", "No host was changed"
        ) from None
    except NotDone as exc:
        raise Stopped(
            Status.REFUSED, f"{label} cannot be written: {exc}", "No host was changed. Find out who may write it"
        ) from None
    held = yield from read(run, MAIN)
    if held.secret != secret:
        run.forget_main()
        raise Stopped(Status.PENDING, f"the vault does not give back what was written to {label}", SETTLE)
    return (yield from list_records(run))


def commit(run: RotationRun, secret: t.Any, seen: Listing, before: t.Any) -> Steps:
    """Make the main record what the hosts accept already, and read it back. Only forward from here.

    Raises MainRefused if nothing but going back is left.

    :param seen: what the vault has listed when main was read
    :param before: what main had then
    """
    label = run.labels[MAIN]
    yield from require_lease(run, Status.PENDING, SETTLE)
    try:
        listed: Listing = yield ListRecords(run.machine)
        held: StoredSecret = yield from try_read(run, MAIN)
    except CallFailed as exc:
        raise Stopped(Status.PENDING, f"what {label} is now is not known before the commit: {exc}", SETTLE) from None
    if not _same_version(seen, listed) or held.secret not in (before, secret):
        run.forget_main()
        raise Stopped(Status.PENDING, f"somebody else has changed {label} meanwhile", SETTLE)
    if run.ends - run.clock() < run.limits.commit_margin:
        raise Stopped(Status.PENDING, "too little of the deadline is left for the commit", f"{SETTLE}. Raise deadline")
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
            held = yield from try_read(run, MAIN)
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
    raise Stopped(Status.IN_DOUBT, f"whether {label} was written is not certain: {reason}", SETTLE)


def _same_version(seen: Listing, now: Listing) -> bool:
    """Return whether nobody has written to main, as far as the dialect tells, nor turned its automatic change on."""
    was, main = seen[MAIN], now[MAIN]
    if was is None or main is None or main.automatic_change:
        return False
    return (was.changed_at, was.public_key) == (main.changed_at, main.public_key)
