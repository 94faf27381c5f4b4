# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List and read the records of the vault, at a time when nothing has been changed."""

from __future__ import annotations

from .effects import MAIN, CallFailed, Listing, ListRecords, ReadRecord, Status, Steps, Stopped, StoredSecret
from .run import RotationRun


def list_records(run: RotationRun) -> Steps:
    """Return what the vault lists; stops when the main record must not be changed from here."""
    try:
        listed: Listing = yield ListRecords(run.machine)
    except CallFailed as exc:
        raise Stopped(Status.FAILED, f"what the vault lists is not known: {exc}", "Nothing was changed") from None
    refuse_second_writer(run, listed)
    return listed


def refuse_second_writer(run: RotationRun, listed: Listing) -> None:
    """Stop if the main record is not listed, or if the vault changes it by itself."""
    main = listed[MAIN]
    if main is None:
        raise Stopped(
            Status.REFUSED, f"{run.labels[MAIN]} is not in the list of the server", "Check its name and state"
        )
    if main.automatic_change:
        raise Stopped(
            Status.REFUSED,
            f"the vault changes {run.labels[MAIN]} by itself, and two writers would lose a secret",
            "Turn its automatic change off, or set mode to vault",
        )


def read(run: RotationRun, name: str) -> Steps:
    """Return a record, at a time when nothing has been changed."""
    try:
        return (yield from try_read(run, name))
    except CallFailed as exc:
        raise Stopped(Status.FAILED, f"{run.labels[name]} cannot be read: {exc}", "Nothing was changed") from None


def try_read(run: RotationRun, name: str) -> Steps:
    """Return a record, and note what main has. Raises CallFailed."""
    held: StoredSecret = yield ReadRecord(name)
    if name == MAIN:
        run.main_secret = held.secret
    return held
