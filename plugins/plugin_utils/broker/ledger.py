# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record what a run owes, custody and ephemeral credentials, in a file that outlives the run and a killed broker.

It has no secret in it: the URL of the server, what was read by its id or name, and a keyed digest of the settings, from
which a broker that takes over sees whether a client is the same one. It stands beside the run's own folder, which
Ansible removes, and is removed as soon as nothing is owed any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import hmac
import json
import os
import threading
import time
import typing as t

if t.TYPE_CHECKING:
    from ...module_utils.settings.settings import Settings

_PREFIX = "senhasegura-custody-"
# Seconds. A broker that is stopped holds its ledger for ever; the run is over nevertheless.
_RELEASED_WITHIN = 600.0
# The area of what is removed instead of released. Its value is that of Area.EPHEMERAL, which takes long to import.
EPHEMERAL = "ephemeral_credential"
# Area (credential, key or ephemeral_credential) and id or name.
Item = tuple[str, str]


class Owed(t.NamedTuple):
    """Custody that was taken, or perhaps taken, and not given back."""

    digest: str
    server: str
    item: Item
    # Whether a change by the vault is acceptable.
    allowed: bool = False
    # Why it could not be given back, if that was tried.
    problem: str = ""

    def __str__(self) -> str:
        what = f"{self.item[0]} {self.item[1]} at {self.server}"
        return f"{what} ({self.problem})" if self.problem else what


def path_for(folder: str) -> str:
    """Return the path of the ledger of the run whose own folder this is."""
    return os.path.join(os.path.dirname(folder), f"{_PREFIX}{os.path.basename(folder)}.jsonl")


class Ledger:
    """Keep the ledger of a run. Each line of the file is a JSON object: see C(_replay). Safe for threads.

    Without a path it is kept in memory only. C(problem) says why it cannot be written, or is ''.
    """

    def __init__(self, path: str = "", key: bytes = b"", run: int = 0) -> None:
        self._path, self._key, self._run = path, key, run
        self._lock = threading.Lock()
        self._file: t.BinaryIO | None = None
        self._owed: dict[tuple[str, Item], Owed] = {}
        self.problem = ""
        if path and os.path.exists(path):
            self._owed = _replay(path)
            self._open()

    def account(self, settings: Settings) -> ClientLedger:
        """Return the part of the ledger that belongs to one client of one server."""
        state = json.dumps(settings.state(), sort_keys=True).encode("utf-8", "surrogatepass")
        return ClientLedger(self, hmac.digest(self._key, state, "sha256").hex(), settings.url)

    def owed(self, digest: str = "") -> list[Owed]:
        """Return what is owed, by one client or by all."""
        with self._lock:
            return [owed for owed in self._owed.values() if digest in ("", owed.digest)]

    def note(self, owed: Owed) -> None:
        """Owe this, from before the read on."""
        with self._lock:
            if self._owed.get((owed.digest, owed.item)) == owed:
                return
            self._owed[owed.digest, owed.item] = owed
            area, name = owed.item
            entry = {"owed": [area, name], "server": owed.server, "settings": owed.digest, "allowed": owed.allowed}
            self._write({**entry, **({"problem": owed.problem} if owed.problem else {})})

    def settle(self, digest: str, item: Item) -> None:
        """Owe this no longer."""
        with self._lock:
            if self._owed.pop((digest, item), None) is not None:
                self._write({"settled": list(item), "settings": digest})

    def close(self) -> None:
        """Remove the file if nothing is owed, at the end of the run."""
        with self._lock:
            if self._file is not None and not self._owed:
                with contextlib.suppress(OSError):
                    os.unlink(self._path)

    def _write(self, entry: dict[str, t.Any]) -> None:
        if not self._path or self.problem:
            return
        try:
            if self._file is None:
                self._open()
            if self._file is not None:
                # In one call, so that no line is torn when the broker is killed.
                self._file.write(json.dumps({"time": round(time.time()), "run": self._run, **entry}).encode() + b"\n")
        except OSError as exc:
            self.problem = exc.strerror or type(exc).__name__

    def _open(self) -> None:
        try:
            self._file = open(self._path, "ab", buffering=0, opener=_private)  # noqa: SIM115
            # So that other runs see that somebody takes care of it. A predecessor that is still ending may have it.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        except OSError as exc:
            self.problem = exc.strerror or type(exc).__name__


class ClientLedger:
    """Record the custody that one client of one server owes."""

    def __init__(self, ledger: Ledger, digest: str, server: str) -> None:
        self._ledger, self._digest, self._server = ledger, digest, server

    def items(self) -> dict[Item, bool]:
        """Return what is owed, and for each whether a change by the vault is acceptable."""
        return {owed.item: owed.allowed for owed in self._ledger.owed(self._digest)}

    def owe(self, item: Item, allowed: bool, problem: str = "") -> None:
        """Owe this. What was allowed once stays allowed."""
        allowed = allowed or self.items().get(item, False)
        self._ledger.note(Owed(self._digest, self._server, item, allowed, problem))

    def settle(self, item: Item) -> None:
        """Owe this no longer."""
        self._ledger.settle(self._digest, item)


def left_behind(folder: str) -> list[tuple[str, list[Owed]]]:
    """Return the ledgers of runs that are over and still owe something, beside this run's folder: path and entries."""
    beside = os.path.dirname(folder)
    found = []
    try:
        names = sorted(os.listdir(beside))
    except OSError:
        return []
    for name in names:
        path = os.path.join(beside, name)
        if name.startswith(_PREFIX) and path != path_for(folder):
            with contextlib.suppress(OSError):
                if _is_over(path) and (owed := list(_replay(path).values())):
                    found.append((path, owed))
    return found


def _replay(path: str) -> dict[tuple[str, Item], Owed]:
    """Return what the lines of a ledger add up to. One that cannot be parsed, such as half of one, is skipped."""
    owed: dict[tuple[str, Item], Owed] = {}
    for _run, entry in _entries(path):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            area, name = entry.get("owed") or entry["settled"]
            key = (str(entry["settings"]), (str(area), str(name)))
            if "owed" in entry:
                owed[key] = Owed(key[0], str(entry["server"]), key[1], bool(entry["allowed"]), entry.get("problem", ""))
            else:
                owed.pop(key, None)
    return owed


def _entries(path: str) -> t.Iterator[tuple[int, dict[str, t.Any]]]:
    """Yield the run (the process id of its main process) and the content of each line."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            with contextlib.suppress(KeyError, TypeError, ValueError):
                entry = json.loads(line)
                yield int(entry["run"]), entry


def _is_over(path: str) -> bool:
    """Return whether the run of a ledger is over, and nobody gives back any more what it owes. Raises OSError."""
    run = next((run for run, _entry in _entries(path)), 0)
    if run:
        try:
            os.kill(run, 0)
            return False
        except ProcessLookupError:
            pass
        except PermissionError:
            # Another user's process: the id was given out again.
            pass
    with open(path, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return time.time() - os.fstat(file.fileno()).st_mtime > _RELEASED_WITHIN
    return True


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
