# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One worker at a time on the way to the broker, until it is there.

The first task of a play begins in several workers at once. What they would all import and work out to start the same
broker, one of them does; meanwhile the others wait, and then find the broker.
"""

from __future__ import annotations

import fcntl
import os

from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.link import Link, address

# What the file of the lock holds when there is no broker to wait for. Another text is why none can be started.
_DO_NOT_WAIT = "\n"


def wait_for_broker() -> tuple[Link | None, Turn | None]:
    """A link, if another worker has started the broker meanwhile, or the right to start it. Neither: see Turn."""
    try:
        turn = Turn()
    except OSError:
        return None, None
    try:
        link = Link()
    except (OSError, EOFError):
        return None, turn
    turn.started()
    return link, None


class Turn:
    """The right to start the broker. Waits for it, unless an earlier worker has found that none is to be started.

    Raises OSError when there is no place for the file of the lock.
    """

    def __init__(self) -> None:
        self._file = open(f"{address()}.lock", "a+", opener=_private)  # noqa: SIM115
        if not self._text():
            fcntl.flock(self._file, fcntl.LOCK_EX)
        if self._text():
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> Turn:
        return self

    def __exit__(self, *_details: object) -> None:
        """Let the others come, who need not wait any more if the broker has not been started."""
        if not self._file.closed:
            if not self._text():
                self._file.write(_DO_NOT_WAIT)
            self._file.close()

    def is_first(self) -> bool:
        """Whether no earlier worker has come back without having started the broker."""
        return not self._text()

    def insist(self) -> str:
        """Wait in any case, to start the broker. Returns why it cannot be started, if somebody has found out."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return self._text().strip()

    def failed(self, reason: str) -> None:
        """The broker cannot be started, and nobody shall try again."""
        self._file.write(reason)

    def started(self) -> None:
        """The broker is there."""
        self._file.close()

    def _text(self) -> str:
        self._file.seek(0)
        return self._file.read()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
