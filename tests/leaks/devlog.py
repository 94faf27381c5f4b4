# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what a run writes to /dev/log. The run gets a /dev of its own, so that runs do not disturb each other.

Nothing in the machine's own /dev is touched, neither a /dev/log of a daemon nor a missing one.
"""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

_SCRIPT = Path(__file__).with_name("private_dev.sh")
_STOP = b""
_NAMESPACE = "/proc/self/ns/mnt"
# The two ways into a mount namespace of one's own: as root, and without being root. Then the run takes itself for root,
# since nobody else may mount there.
_WAYS = (("--mount",), ("--user", "--map-root-user", "--mount"))


class Devlog:
    """A collector for one run. ``wrap`` is put around its command, ``stop`` writes what came into ``file``."""

    def __init__(self, file: Path) -> None:
        self._file = file
        # Its path has to be short.
        self._folder = tempfile.TemporaryDirectory(prefix="leaks-log-")
        self._dev, path = Path(self._folder.name, "dev"), Path(self._folder.name, "log")
        self._dev.mkdir()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._path = str(path)
        self._came: list[bytes] = []
        # It has to read all the time: a sender waits where nobody does.
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wrap(self, command: list[str]) -> tuple[list[str], dict[str, str]]:
        """The command in a /dev of its own, and what has to be added to its environment."""
        way = _way()
        if way is None:
            return command, {}
        return [*way, str(_SCRIPT), str(self._dev), self._path, *command], {"LEAKS_MACHINE": os.readlink(_NAMESPACE)}

    def stop(self) -> None:
        """End it, when no process of the run is left that might write."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(_STOP, self._path)
        self._thread.join()
        self._socket.close()
        self._folder.cleanup()
        self._file.parent.mkdir(exist_ok=True)
        self._file.write_bytes(b"\n".join(self._came))

    def _read(self) -> None:
        while (message := self._socket.recv(1 << 20)) != _STOP:
            self._came.append(message)


def why_unavailable() -> str:
    """Why /dev/log cannot be collected on this machine, or an empty text."""
    return "" if _way() else "to collect /dev/log, run this as root, or allow user namespaces; it needs util-linux"


@functools.lru_cache
def _way() -> tuple[str, ...] | None:
    unshare = shutil.which("unshare")
    for options in _WAYS if unshare else ():
        with tempfile.TemporaryDirectory() as folder:
            command = [str(unshare), *options, str(_SCRIPT), folder, "/nowhere", "test", "-c", "/dev/null"]
            environment = {**os.environ, "LEAKS_MACHINE": os.readlink(_NAMESPACE)}
            if subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0:
                return (str(unshare), *options)
    return None
