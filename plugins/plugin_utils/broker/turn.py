# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One worker at a time on the way to the broker, until it is there.

The first task of a play begins in several workers at once. What they would all import and work out to start the same
broker, one of them does; meanwhile the others wait, and then find the broker.
"""

from __future__ import annotations

import contextlib
import fcntl
import os

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import (
    Link,
    address,
    open_if_there,
    run_is_over,
)

# What the note holds when there is no broker to wait for. Another text is why none can be started.
_DO_NOT_WAIT = "\n"


def wait_for_broker() -> tuple[Link | None, Turn | None]:
    """A link, if another worker has started the broker meanwhile, or the right to start it. Neither: see Turn."""
    try:
        turn = Turn()
    except OSError:
        return None, None
    link = open_if_there()
    if link is None:
        return None, turn
    turn.started()
    return link, None


class Turn:
    """The right to start the broker. Waits for it, unless an earlier worker has found that none is to be started.

    The lock is on the folder: a file for it would stay behind when a worker is killed before there is a broker, which
    removes what is in the folder. A worker that comes back without a broker leaves a note there for the others.
    Raises OSError when there is no such folder.
    """

    def __init__(self) -> None:
        self._place = os.open(os.path.dirname(address()), os.O_DIRECTORY | os.O_CLOEXEC)
        self._over = False
        if not _note():
            self._wait()
            if _note():
                fcntl.flock(self._place, fcntl.LOCK_UN)

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_details: object) -> None:
        """Let the others come, who need not wait any more if the broker has not been started."""
        if not self._over:
            if not _note():
                _leave_note(_DO_NOT_WAIT)
            self.started()

    def is_first(self) -> bool:
        """Whether no earlier worker has come back without having started the broker."""
        return not _note()

    def insist(self) -> str:
        """Wait in any case, to start the broker. Returns why it cannot be started, if somebody has found out."""
        self._wait()
        return _note().strip()

    def failed(self, reason: str) -> None:
        """The broker cannot be started, and nobody shall try again."""
        _leave_note(reason)

    def started(self) -> None:
        """The broker is there."""
        if not self._over:
            self._over = True
            os.close(self._place)

    def _wait(self) -> None:
        try:
            fcntl.flock(self._place, fcntl.LOCK_EX)
        except OSError:
            # A file system of the network may lock files only.
            os.close(self._place)
            self._place = _private(_note_path(), os.O_RDWR | os.O_CREAT)
            fcntl.flock(self._place, fcntl.LOCK_EX)


def _note_path() -> str:
    return f"{address()}.note"


def _note() -> str:
    try:
        with open(_note_path(), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _leave_note(text: str) -> None:
    # There is nobody to read it, nor to remove it, when the run is over.
    if not run_is_over():
        with contextlib.suppress(OSError), open(_note_path(), "a", encoding="utf-8", opener=_private) as file:
            file.write(text)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
