# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host, with its Python (3.7 or later) and nothing else: the lock of a rotation, and its files.

Everything is below /var/lib/senhasegura-rotation/<user>, readable for root alone. It is on disk, since a restart of the
host must not shorten the wait for late writes to the vault.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import time
import typing as t

# Evaluated on the host, whose Python may be too old for dict[...].
Json = t.Dict[str, t.Any]  # noqa: UP006
# As shadow-utils allow them, plus what directories make of them; nothing that a path or a line of shadow could obey.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?")


class HostError(Exception):
    """What the host refuses or cannot do, in words for a person. C(kind) is a word for programs.

    refused: the account or file is not what it should be. unsupported: this sshd is set up in a way that cannot be
    served. unsafe: a file that nobody should write to as root. not_found: no such user, file or key. busy: somebody
    else keeps changing the file. fenced, lost: the lock is another run's. invalid: the request makes no sense.
    failed, io: a program or the operating system said no.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Machine:
    """The host. Tests put folders of their own, another clock and other commands in its place."""

    etc = "/etc"
    base = "/var/lib/senhasegura-rotation"

    def now(self) -> float:
        """The host's own clock: the lease of a lock is measured by it alone."""
        return time.time()

    def command(self, arguments: list[str], text: str = "", timeout: float = 60.0) -> tuple[int, str]:
        """Run a program, and return its exit code and output. Secrets go in as ``text``, never as arguments."""
        try:
            done = subprocess.run(
                arguments,
                input=text.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin", "LC_ALL": "C"},
            )
        except FileNotFoundError:
            return 127, f"{arguments[0]} is not installed"
        except subprocess.TimeoutExpired:
            return 124, f"{arguments[0]} did not end in time"
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def identity(self) -> str:
        """A name for this machine that its clones with another machine-id do not have."""
        try:
            with open(os.path.join(self.etc, "machine-id"), "rb") as file:
                seed = file.read().strip()
        except OSError:
            seed = b""
        return hashlib.sha256(seed or os.uname().nodename.encode()).hexdigest()[:16]


class State:
    """The folder of one user, held against other commands for as long as this object is in use."""

    def __init__(self, machine: Machine, user: str) -> None:
        if not _USER.fullmatch(user):
            raise HostError("refused", "this is no name of a local user")
        self.machine = machine
        self.user = user
        self.folder = os.path.join(machine.base, user)

    def __enter__(self) -> State:
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            os.chmod(self.machine.base, 0o700)
            self._guard = os.open(os.path.join(self.folder, "guard"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._guard, fcntl.LOCK_EX)
        except OSError as error:
            raise HostError(
                "io", f"{self.folder} cannot be used ({error}): it needs root, and a disk that can be written"
            ) from None
        return self

    def __exit__(self, *_error: t.Any) -> None:
        os.close(self._guard)

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def load(self, name: str) -> Json | None:
        """What was saved under this name, or None."""
        try:
            with open(self.path(name), encoding="utf-8") as file:
                saved = json.load(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise HostError("io", f"{self.path(name)} cannot be read: {type(error).__name__}") from None
        return t.cast(Json, saved)

    def save(self, name: str, content: Json) -> None:
        """Write it whole or not at all, and to the disk before this returns."""
        temporary = self.path(name + ".new")
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path(name))
            self._sync()
        except OSError as error:
            raise HostError("io", f"{self.path(name)} cannot be written: {error.strerror}") from None

    def remove(self, name: str) -> None:
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise HostError("io", f"{self.path(name)} cannot be removed: {error.strerror}") from None
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock(self, run: str, lease: float, request_life: float) -> Json:
        """Take the lock for ``lease`` seconds, renew it, or take it over from a run whose lease is over.

        Returns {"mine": True, "quiet_in": seconds} or {"mine": False, "run": ..., "remaining": seconds}. For
        C(quiet_in) seconds, writes to the vault that the last holder had sent may still be applied.
        """
        now = self.machine.now()
        held = self.load("lock.json")
        quiet_until = 0.0
        if held is not None:
            if held["run"] != run and held["ends"] > now:
                return {"mine": False, "run": held["run"], "remaining": held["ends"] - now}
            quiet_until = held["quiet_until"]
            if held["run"] != run:
                quiet_until = max(quiet_until, held["ends"] + request_life)
        self.save("lock.json", {"run": run, "ends": now + lease, "quiet_until": quiet_until})
        return {"mine": True, "quiet_in": max(0.0, quiet_until - now)}

    def holder(self) -> Json:
        """Who holds the lock: {"run": None} or {"run": ..., "remaining": seconds}, 0 if the lease is over."""
        held = self.load("lock.json")
        if held is None:
            return {"run": None, "remaining": 0.0}
        return {"run": held["run"], "remaining": max(0.0, held["ends"] - self.machine.now())}

    def require(self, run: str) -> None:
        """The fence: whatever changes the host calls this first, so that a run that lost its lock changes nothing."""
        if self.holder()["run"] != run:
            raise HostError("fenced", "the lock of this host belongs to another run by now")

    def unlock(self, run: str) -> Json:
        """Give the lock back, if it is still ours."""
        mine = self.holder()["run"] == run
        if mine:
            self.remove("lock.json")
        return {"mine": mine}
