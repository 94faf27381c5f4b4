# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The history report of rotations: what was done to which password or key, for people and for programs.

A folder holds C(history.jsonl), to which each host adds a line, and two files made from it: C(report.json) and
C(report.html). All workers of a run write at the same time; each waits for at most one rendering besides its own.
"""

from __future__ import annotations

import datetime
import json
import os

from ...module_utils.errors import ConfigError
from .history import (
    Entry,
    append,
    has_expired,
    lock,
    lock_if_free,
    parse,
    prune,
    read,
    replace,
)

__all__ = ["Entry", "record", "render"]

_NEXT = ".next.lock"
_RENDER = ".render.lock"


def record(folder: str, entry: Entry, *, keep_days: float | None = None) -> None:
    """Add ``entry`` to the history in ``folder`` (created if need be), and see to it that the report shows it.

    ``keep_days`` drops lines older than that; the newest of each password or key stays. Raises ConfigError if the
    folder cannot be used. The line may be in the history nevertheless, and the rotation itself is what it was.
    """
    try:
        append(folder, entry)
        _render_in_turn(folder, keep_days)
    except OSError as exc:
        raise ConfigError(
            f"the report of rotations in {folder} cannot be written: {exc.strerror or type(exc).__name__}",
            hint="Name a folder on the controller that this user may create or write, with space left",
        ) from None


def _render_in_turn(folder: str, keep_days: float | None) -> None:
    """Render, unless a worker waits for its turn that has not read the history yet, and so will see our line.

    At any time at most one worker renders and one waits. Whoever waits gives up the place in the queue before it reads,
    so a line that was written before somebody found that place taken is always in what the one in it reads.
    """
    waiting = lock_if_free(folder, _NEXT)
    if waiting is None:
        return
    try:
        rendering = lock(folder, _RENDER)
    finally:
        os.close(waiting)
    try:
        render(folder, keep_days)
    finally:
        os.close(rendering)


def render(folder: str, keep_days: float | None = None) -> None:
    """Write C(report.json) and C(report.html) anew, each in one step. Only one may do so at a time."""
    # Compiled anew in each worker of Ansible, so not before it is known that this one renders.
    from .page import page
    from .state import document, fold

    now = datetime.datetime.now(datetime.timezone.utc)
    entries, unreadable = parse(read(folder))
    if keep_days is not None and has_expired(entries, keep_days, now):
        entries, unreadable = parse(prune(folder, keep_days, now))
    state = fold(entries, unreadable)
    for name, text in (
        ("report.json", json.dumps(document(state, now), indent=1) + "\n"),
        ("report.html", page(state, now)),
    ):
        replace(os.path.join(folder, name), text.encode("utf-8", "replace"))
