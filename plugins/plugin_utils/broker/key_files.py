# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hand out private keys under paths, for programs that take nothing else.

Where the system can do it, what is there is memory of the broker and never on a disk: it is gone with the broker, which
ends with the run, however either of them ends. Elsewhere, and without a broker, it is a file in the run's own temporary
folder, which Ansible removes when it ends, and the broker if Ansible cannot.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import threading
import typing as t

from ...module_utils.client.connect import Client
from ...module_utils.errors import ConfigError
from ...module_utils.operations.lookup import PLACEHOLDER, check, look_up


class Files:
    """Keep the keys that were handed out; each has one path for the whole run.

    :param folder: the run's own temporary folder
    :param key: the key of the run, from which names of files are made that say nothing of what is in them
    :param memory: whether this process stays until nobody needs the paths any more, so that they may be its memory
    """

    def __init__(self, folder: str, key: bytes, *, memory: bool = True) -> None:
        self._folder, self._key, self._memory = folder, key, memory
        self._lock = threading.Lock()
        self._paths: dict[bytes, str] = {}

    def look_up(
        self, name: str, client: Client, terms: t.Iterable[str], options: t.Mapping[str, t.Any]
    ) -> tuple[list[t.Any], list[str], list[str]]:
        """Look up keys, and return paths instead of private keys. A default stays as it is."""
        check(name, options)
        whole = {**options, "return_format": "dict", "as_file": False}
        found, warnings, secrets = look_up(name, client, terms, whole)
        return [self._of(value) for value in found], warnings, secrets

    def _of(self, value: t.Any) -> t.Any:
        if not isinstance(value, dict) or "private_key" not in value:
            return value
        if value["private_key"] == PLACEHOLDER:
            return PLACEHOLDER
        # Imported lazily: cryptography takes 35 ms, for which every run would wait.
        from ...module_utils import keypair

        return self.path(keypair.decrypted(value["private_key"], value["passphrase"]))

    def path(self, text: str) -> str:
        """Return a path under which this process's user, and nobody else, reads the text."""
        data = text.encode()
        name = hmac.digest(self._key, data, "sha256")
        with self._lock:
            if name not in self._paths:
                in_memory = _in_memory(data) if self._memory else ""
                self._paths[name] = in_memory or self._on_disk(name.hex(), data)
            return self._paths[name]

    def _on_disk(self, name: str, data: bytes) -> str:
        path = os.path.join(self._folder, f"senhasegura-key-{name[:32]}")
        # Each process writes a file of its own: nobody sees half of a key.
        mine = f"{path}.{os.getpid()}"
        try:
            with open(mine, "xb", opener=_private) as file:
                # As ssh wants it, whatever the umask is.
                os.fchmod(file.fileno(), 0o600)
                file.write(data)
            os.replace(mine, path)
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.unlink(mine)
            raise ConfigError(
                f"as_file cannot write to the temporary folder of the run, {self._folder} ({exc.strerror})",
                hint="Make room there, or set ANSIBLE_LOCAL_TEMP to another folder",
            ).with_context(option="as_file") from None
        return path


def _in_memory(data: bytes) -> str:
    """Return a path to memory of this process, or '' where the system has none (it needs memfd and /proc)."""
    try:
        descriptor = os.memfd_create("senhasegura-key", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        return ""
    path = f"/proc/{os.getpid()}/fd/{descriptor}"
    try:
        # As ssh wants it.
        os.fchmod(descriptor, 0o600)
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        usable = os.path.exists(path)
    except OSError:
        usable = False
    if not usable:
        os.close(descriptor)
        return ""
    return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
