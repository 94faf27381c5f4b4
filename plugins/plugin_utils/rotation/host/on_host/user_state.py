# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a rotation, and what it keeps: the directory /var/lib/senhasegura-rotation/<user>.

Runs on the managed host, with its Python (3.6 or later) and the files of this directory.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import (
    GUARD_WAIT,
    HostError,
    Json,
    Machine,
    guarded,
    load,
    machine_token,
    save,
    sync,
)

# As shadow-utils allow them, plus what directories make of them; nothing that a path or a line of shadow could obey.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?")
# Of runs and records. They go into messages and file names.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
# In seconds. No run has a longer deadline, whatever its lock says; and what counts for a lock that says nothing usable.
_LONGEST, _UNKNOWN_LEASE, _UNKNOWN_LIFE = 86400.0, 300.0, 120.0


class _Lock(t.NamedTuple):
    """A lock that is there, in seconds. It began ``elapsed`` ago; ``certain`` if no clock that can be set says so."""

    run: str
    record: str
    lease: float
    late_write_window: float
    quiet: float
    elapsed: float
    certain: bool

    @property
    def remaining(self) -> float:
        return self.lease - self.elapsed


class UserState:
    """The folder of one user, held against other commands for as long as this object is in use."""

    def __init__(self, machine: Machine, user: str, wait: float = GUARD_WAIT) -> None:
        if not _USER.fullmatch(user):
            raise HostError("refused", "this is no name of a local user")
        self.machine = machine
        self.user = user
        self.folder = os.path.join(machine.base, user)
        self._wait = wait
        self._guards = contextlib.ExitStack()
        # The guard, while this command has it. A program that changes the account keeps it open, and so the guard
        # holds for as long as the program runs, even if this process is killed.
        self.guard: tuple[int, ...] = ()

    def __enter__(self) -> UserState:
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            os.chmod(self.machine.base, 0o700)
            self.guard = (self._guards.enter_context(guarded(self.path("guard"), self._wait)),)
        except OSError as error:
            raise HostError(
                "io", f"{self.folder} cannot be used ({error}): it needs root, and a disk that can be written"
            ) from None
        return self

    def __exit__(self, *_error: t.Any) -> None:
        self.guard = ()
        self._guards.close()

    def path(self, name: str) -> str:
        """Return the path of what is saved under a name."""
        return os.path.join(self.folder, name)

    def load(self, name: str) -> Json | None:
        """Return what was saved under this name, or None."""
        try:
            saved = load(self.path(name))
        except ValueError:
            raise HostError("io", f"{self.path(name)} makes no sense: look at it, and remove it") from None
        return t.cast(Json, saved)

    def save(self, name: str, content: Json) -> None:
        """Write it whole or not at all, and to the disk before this returns."""
        save(self.path(name), content)

    def remove(self, name: str) -> None:
        """Remove what is saved under a name, if there is anything. Raises HostError."""
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise HostError("io", f"{self.path(name)} cannot be removed: {error.strerror}") from None
        sync(self.folder)

    def lock(self, run: str, record: str, lease: float, late_write_window: float, breaks: str | None = None) -> Json:
        """Take the lock for ``lease`` seconds, renew it, or take it over from a run whose lease is over.

        ``breaks`` is a run whose lock is taken whether its lease is over or not; the log of the host is told.

        Returns {"mine": True, "machine": token, "quiet_in": seconds} or {"mine": False, "run": ..., "record": ...,
        "remaining": seconds, "path": of the lock}. For C(quiet_in) seconds, writes to the vault that the last holder
        had sent may still be applied. After C(breaks), "broken" is the run and "logged" whether the log was told.
        """
        if not (_ID.fullmatch(run) and 0 < lease <= _LONGEST and 0 <= late_write_window <= _LONGEST):
            raise HostError("invalid", "the request to lock has an id or a time that makes no sense")
        held = self._held()
        quiet = 0.0
        more: Json = {}
        if held is not None and held.run == run:
            quiet = held.quiet - held.elapsed
        elif held is not None:
            if held.remaining > 0 and held.run != breaks:
                if not held.certain:
                    # From now on it is measured by a clock that nobody can set.
                    self._save_lock(held)
                return {
                    "mine": False,
                    "run": held.run,
                    "record": held.record,
                    "remaining": held.remaining,
                    "path": self.path("lock.json"),
                }
            if held.remaining > 0:
                more = {"broken": held.run}
            # What the other run has sent so far may still be under way.
            life = max(late_write_window, held.late_write_window)
            quiet = max(held.quiet - held.elapsed, min(held.remaining, 0.0) + life)
        quiet = max(0.0, quiet)
        machine = machine_token(self.machine, make=True)
        self._save_lock(_Lock(run, record, lease, late_write_window, quiet, 0.0, True))
        if more:
            more["logged"] = self.machine.log(
                f"run {run} has broken the lock of run {more['broken']} for the account {self.user}"
            )
        return {"mine": True, "machine": machine, "quiet_in": quiet, **more}

    def _held(self) -> _Lock | None:
        """Return the lock, whatever its file says. A clock may have been wrong, then or now: no lock outlasts its
        lease.
        """
        try:
            held = load(self.path("lock.json"))
        except ValueError:
            held = {}
        if held is None:
            return None
        run = held.get("run") if isinstance(held, dict) else None
        run = run if isinstance(run, str) and _ID.fullmatch(run) else "unknown"
        try:
            lease, life, quiet = (min(max(0.0, float(held[name])), _LONGEST) for name in ("lease", "life", "quiet"))
            record, boot = str(held["record"]), str(held["boot"])
            began, up = float(held["at"]), float(held["up"])
        except (KeyError, TypeError, ValueError):
            # Of another version, or damaged: as if it had been taken just now.
            return _Lock(run, "", _UNKNOWN_LEASE, _UNKNOWN_LIFE, 0.0, 0.0, False)
        present, seconds = self.machine.boot()
        certain = bool(present) and present == boot and up <= seconds
        elapsed = seconds - up if certain else self.machine.now() - began
        return _Lock(run, record, lease, life, quiet, max(0.0, elapsed), certain)

    def _save_lock(self, held: _Lock) -> None:
        boot, seconds = self.machine.boot()
        content = {"run": held.run, "record": held.record, "lease": held.lease, "life": held.late_write_window}
        content.update(quiet=held.quiet, at=self.machine.now() - held.elapsed, boot=boot, up=seconds - held.elapsed)
        self.save("lock.json", content)

    def holder(self) -> Json:
        """Return who holds the lock: {"run": None} or {"run": ..., "remaining": seconds}, 0 if the lease is over."""
        held = self._held()
        if held is None:
            return {"run": None, "remaining": 0.0}
        return {"run": held.run, "remaining": max(0.0, held.remaining), "path": self.path("lock.json")}

    def require(self, run: str) -> None:
        """Raise HostError if a run has lost the lock. Whatever changes the host calls this first: it is the fence."""
        if self.holder()["run"] != run:
            raise HostError("fenced", "the lock of this host belongs to another run by now")

    def unlock(self, run: str) -> Json:
        """Give the lock back, if it is still ours."""
        mine = self.holder()["run"] == run
        if mine:
            self.remove("lock.json")
        return {"mine": mine}
