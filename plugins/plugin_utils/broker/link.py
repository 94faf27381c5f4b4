# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The worker's end of the line to the broker of this run.

Every worker that evaluates a lookup imports this file, and Ansible compiles it anew each time: it is short, and imports
nothing that Ansible has not imported already.
"""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import pickle
import typing as t

from ansible import constants


def authentication_key() -> bytes:
    """32 random bytes that all workers of a run inherit from its main process, and that are never on disk."""
    return bytes(multiprocessing.current_process().authkey)


def address() -> str:
    """Where the broker listens: in the folder for temporary files that belongs to this run alone."""
    return os.path.join(constants.DEFAULT_LOCAL_TMP, "senhasegura")


def controller() -> int:
    """The process whose end is the end of the run: the parent of a worker, or the main process itself."""
    parent = multiprocessing.parent_process()
    return os.getpid() if parent is None or parent.pid is None else parent.pid


def run_is_over() -> bool:
    """Whether this worker has outlived the run, because its main process was killed."""
    return controller() not in (os.getpid(), os.getppid())


class Link:
    """One connection to the broker. Raises OSError or EOFError when there is none (any more)."""

    def __init__(self) -> None:
        # A path in AF_UNIX has 107 bytes at most; through /proc, the folder counts for few of them.
        self._folder = os.open(os.path.dirname(address()), os.O_PATH | os.O_DIRECTORY)
        try:
            short = f"/proc/self/fd/{self._folder}/{os.path.basename(address())}"
            self._line = multiprocessing.connection.Client(short, family="AF_UNIX", authkey=authentication_key())
        except multiprocessing.AuthenticationError:
            raise ConnectionRefusedError("the broker belongs to another run") from None
        finally:
            os.close(self._folder)

    def ask(self, *request: t.Any) -> t.Any:
        """Send plain data and return the answer's."""
        self._line.send_bytes(json.dumps(request).encode())
        return json.loads(self._line.recv_bytes())

    def call(self, *request: t.Any) -> t.Any:
        """Send a call of a session (see remote.py) and return its result, or raise its error."""
        self._line.send_bytes(json.dumps(["call"]).encode())
        # Both ends belong to the same user and have proved that they know the key, so pickle is no risk.
        self._line.send(request)
        error, result = pickle.loads(self._line.recv_bytes())  # noqa: S301
        if error is not None:
            raise error
        return result

    def close(self) -> None:
        self._line.close()
