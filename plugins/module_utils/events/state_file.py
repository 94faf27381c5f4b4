# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the memory of a polling source in a file: mode 0600, replaced as a whole, and for one process at a time.

It has ids, times and digests of public keys, and no secret.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import json
import os
import typing as t

from ..errors import ConfigError
from ..settings.settings import Settings
from .watch import Remembered

_VERSION = 1
_FIELDS = {field.name for field in dataclasses.fields(Remembered)}


def default_path(settings: Settings, environ: t.Mapping[str, str]) -> str:
    """Return the path for a client of a server that names no file."""
    state = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "community.senhasegura", f"eda-{owner_of(settings)}.json")


def owner_of(settings: Settings) -> str:
    """Return a digest that is the same for the same client of the same server."""
    client = settings.client_id or settings.consumer_key
    text = "\0".join([settings.server, settings.tenant or "", client.reveal() if client else ""])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class StateFile:
    """One state file, locked until C(close)."""

    def __init__(self, path: str, owner: str) -> None:
        """Lock the file. Raises ConfigError if that is not possible, or another source has it.

        :param owner: as C(owner_of) returns it
        """
        self.path, self._owner = path, owner
        self._saved = ""
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            self._lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise self._unusable(exc) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ConfigError(
                f"another event source uses {path}", hint="Give each source a state_file of its own"
            ).with_context(option="state_file") from None

    def load(self) -> tuple[dict[str, Remembered], str]:
        """Return what is remembered by id, and a warning or "". Raises ConfigError.

        A file that makes no sense is put aside, so that what it had is not reported again without anybody knowing why.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            with open(descriptor, encoding="utf-8") as file:
                content = json.load(file)
            if content["version"] != _VERSION:
                raise ValueError("another version")
            owner = content["owner"]
            memory = {str(id_): _remembered(fields) for id_, fields in content["entries"].items()}
        except FileNotFoundError:
            return {}, ""
        except OSError as exc:
            raise self._unusable(exc) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            damaged = f"{self.path}.damaged"
            with contextlib.suppress(OSError):
                os.replace(self.path, damaged)
            return {}, f"the state file was damaged; it is {damaged} now, and all that is true is reported again"
        if owner != self._owner:
            raise ConfigError(
                f"{self.path} belongs to another server or client", hint="Give this source a state_file of its own"
            ).with_context(option="state_file")
        return memory, ""

    def exists(self) -> bool:
        """Return whether there is a file."""
        return os.path.lexists(self.path)

    def save(self, memory: t.Mapping[str, Remembered]) -> None:
        """Replace the file, unless it says the same. Raises ConfigError; the old one is there then."""
        entries = {id_: {name: value for name, value in vars(known).items() if value} for id_, known in memory.items()}
        text = json.dumps({"version": _VERSION, "owner": self._owner, "entries": entries}, separators=(",", ":"))
        if text == self._saved and self.exists():
            return
        # The lock is ours, so what is there under this name was left by a killed process.
        temporary = f"{self.path}.new"
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path)
        except OSError as exc:
            raise self._unusable(exc) from None
        self._saved = text

    def close(self) -> None:
        """Give the lock back."""
        os.close(self._lock)

    def _unusable(self, exc: OSError) -> ConfigError:
        reason = "it is a link" if exc.errno == errno.ELOOP else exc.strerror or type(exc).__name__
        return ConfigError(
            f"the state file {self.path} cannot be used: {reason}",
            hint="Set state_file to a file that this user may write, in a folder on a volume that stays",
        ).with_context(option="state_file")


def _remembered(fields: t.Mapping[str, t.Any]) -> Remembered:
    """Return what was saved of one entry. Raises ValueError, TypeError or AttributeError if it makes no sense."""
    known = Remembered(**{name: value for name, value in fields.items() if name in _FIELDS})
    known.reported = {str(type_): (str(value), float(when)) for type_, (value, when) in known.reported.items()}
    known.viewed_since = float(known.viewed_since)
    known.unlisted_since = None if known.unlisted_since is None else float(known.unlisted_since)
    return known
