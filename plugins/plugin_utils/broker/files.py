# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private keys under paths, for programs that take nothing else. What is there is memory of the broker and never on a
disk: it is gone with the broker, which ends with the run, however either of them ends.
"""

from __future__ import annotations

import hashlib
import os
import threading
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client
from ansible_collections.community.senhasegura.plugins.module_utils.client.lookups import PLACEHOLDER, look_up
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError


class Files:
    """The keys that were handed out; each has one path for the whole run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paths: dict[bytes, str] = {}

    def look_up(
        self, name: str, client: Client, terms: t.Iterable[str], options: t.Mapping[str, t.Any]
    ) -> tuple[list[t.Any], list[str], list[str]]:
        """As C(look_up) of the client, with paths instead of private keys. What is no key (a default) stays."""
        found, warnings, secrets = look_up(name, client, terms, {**options, "return_format": "dict"})
        return [self._of(value) for value in found], warnings, secrets

    def _of(self, value: t.Any) -> t.Any:
        if not isinstance(value, dict) or "private_key" not in value:
            return value
        if value["private_key"] == PLACEHOLDER:
            return PLACEHOLDER
        # Here, because cryptography takes 35 ms to import, for which every run would wait.
        from ansible_collections.community.senhasegura.plugins.module_utils import keypair

        return self.path(keypair.without_passphrase(value["private_key"], value["passphrase"]))

    def path(self, text: str) -> str:
        """A path under which this process's user, and nobody else, reads the text."""
        data = text.encode()
        digest = hashlib.sha256(data).digest()
        with self._lock:
            if digest not in self._paths:
                self._paths[digest] = f"/proc/{os.getpid()}/fd/{_in_memory(data)}"
            return self._paths[digest]


def _in_memory(data: bytes) -> int:
    try:
        descriptor = os.memfd_create("senhasegura-key", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        raise ConfigError("this system has no files in memory, so as_file cannot be used") from None
    # As ssh wants it.
    os.fchmod(descriptor, 0o600)
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    return descriptor
