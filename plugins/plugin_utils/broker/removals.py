# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remove files of the controller when the run ends, however it ends: those that tasks wrote secrets to for its time."""

from __future__ import annotations

import contextlib
import json
import os
import threading

from ..secrets_file.on_host import file_commands


class Removals:
    """Keep the paths, in memory and in a list on the disk, from which a broker that takes over goes on.

    :param path: the list, in the run's own temporary folder; '' for none
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._paths: list[str] = []
        with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
            for line in file:
                # A broker may have been killed within the last line: then it had not written there yet.
                with contextlib.suppress(ValueError):
                    self._paths.append(str(json.loads(line)))

    def add(self, path: str) -> None:
        """Remove this path at the end. Called before anything is written there."""
        with self._lock:
            if path in self._paths:
                return
            self._paths.append(path)
            if self._path:
                with open(self._path, "ab", opener=_private) as file:
                    file.write(json.dumps(path).encode() + b"\n")

    def remove_all(self) -> list[str]:
        """Remove them, and return what could not be removed, in words."""
        with self._lock:
            answers = [file_commands.answer({"do": "remove", "path": path, "dry": False}) for path in self._paths]
        return [str(answer["text"]) for answer in answers if "error" in answer]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
