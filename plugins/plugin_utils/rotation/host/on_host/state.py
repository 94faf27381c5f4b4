# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host, with its Python (3.6 or later) and nothing else: the lock of a rotation, and its files.

Everything is below /var/lib/senhasegura-rotation/<user>, readable for root alone. It is on disk, since a restart of the
host must not shorten the wait for late writes to the vault. machine.json beside it names the machine itself.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import struct
import subprocess
import time
import typing as t

# Evaluated on the host, whose Python may be too old for dict[...].
Json = t.Dict[str, t.Any]  # noqa: UP006
# As shadow-utils allow them, plus what directories make of them; nothing that a path or a line of shadow could obey.
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}\$?")
# Of runs and records. They go into messages and file names.
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_TOKEN = re.compile(r"[0-9a-f]{12}")
# In seconds. No run has a longer deadline, whatever its lock says; and what counts for a lock that says nothing usable.
_LONGEST, _UNKNOWN_LEASE, _UNKNOWN_LIFE = 86400.0, 300.0, 120.0
# How long a command waits for one that is at work on the same account, and how often it looks.
GUARD_WAIT = 30.0
_GUARD_POLL = 0.1
# linux/fs.h: _IOR('f', 1, long), and two of the flags that it reads.
_GET_FLAGS = 0x80000000 | (struct.calcsize("l") << 16) | (ord("f") << 8) | 1
IMMUTABLE, APPEND_ONLY = 0x10, 0x20
# linux/time.h; the name is new in Python 3.7.
_CLOCK_BOOTTIME = 7


class HostError(Exception):
    """What the host refuses or cannot do, in words for a person. C(kind) is a word for programs.

    refused: the account or file is not what it should be. unsupported: this sshd is set up in a way that cannot be
    served. unsafe: a file that nobody should write to as root. not_found: no such user, file or key. busy: somebody
    else keeps changing the file, or another command is still at work. fenced, lost: the lock is another run's.
    pending: a run of another record has not ended in order. invalid: the request makes no sense. failed, io: a program
    or the operating system said no.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Machine:
    """The host. Tests put folders of their own, another clock and other commands in its place."""

    etc = "/etc"
    # Where some distributions keep what /etc may override.
    usr_etc = "/usr/etc"
    sys = "/sys"
    proc = "/proc"
    base = "/var/lib/senhasegura-rotation"

    def now(self) -> float:
        """The host's own clock. Somebody may set it, so it counts only where there is nothing better."""
        return time.time()

    def boot(self) -> tuple[str, float]:
        """The id of this start of the kernel, and the seconds since then, which nobody can set. ("", 0.0): unknown."""
        try:
            with open(os.path.join(self.proc, "sys/kernel/random/boot_id"), encoding="ascii") as file:
                return file.read().strip(), time.clock_gettime(_CLOCK_BOOTTIME)
        except (OSError, ValueError):
            return "", 0.0

    def command(
        self, arguments: list[str], text: str = "", timeout: float = 60.0, keep: t.Sequence[int] = ()
    ) -> tuple[int, str]:
        """Run a program, and return its exit code and output. Secrets go in as ``text``, never as arguments.

        ``keep`` are descriptors that the program holds open as well: a lock on one of them lasts as long as it runs.
        """
        try:
            done = subprocess.run(
                arguments,
                input=text.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
                pass_fds=keep,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin", "LC_ALL": "C"},
            )
        except FileNotFoundError:
            return 127, f"{arguments[0]} is not installed"
        except OSError as error:
            return 126, f"{arguments[0]} cannot be started: {error.strerror}"
        except subprocess.TimeoutExpired:
            return 124, f"{arguments[0]} did not end in time"
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def log(self, text: str) -> bool:
        """Write a line to the log of the host. Returns whether that was possible."""
        return self.command(["logger", "-p", "auth.warning", "-t", "senhasegura-rotation", text])[0] == 0

    def may_write(self, path: str) -> bool:
        """Whether the kernel lets this process write there: mode, mount, flags, SELinux. Nothing is opened."""
        return os.access(path, os.W_OK)

    def flags(self, path: str) -> int:
        """What chattr(1) has set; 0 where the file system has no such flags."""
        try:
            opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return 0
        try:
            answer = fcntl.ioctl(opened, _GET_FLAGS, b"\0" * struct.calcsize("l"))
            # The kernel writes an int, whatever the number of the call says.
            return t.cast(int, struct.unpack("i", answer[: struct.calcsize("i")])[0])
        except OSError:
            return 0
        finally:
            os.close(opened)

    def disk(self, path: str) -> os.statvfs_result:
        """The file system that a path is on."""
        return os.statvfs(path)

    def marks(self) -> Json:
        """What tells this machine from its clones: machine-id, product_uuid, and the addresses of its network cards."""
        network = os.path.join(self.sys, "class/net")
        try:
            names = [name for name in sorted(os.listdir(network)) if name != "lo"]
        except OSError:
            names = []
        # Bridges and the like have addresses that are computed, and equal on many machines.
        cards = [name for name in names if os.path.exists(os.path.join(network, name, "device"))] or names
        addresses = {_text(os.path.join(network, name, "address")) for name in cards}
        return {
            "machine_id": _text(os.path.join(self.etc, "machine-id")),
            "product_uuid": _text(os.path.join(self.sys, "class/dmi/id/product_uuid")),
            "macs": sorted(address for address in addresses if address.strip("0:")),
        }


def _text(path: str) -> str:
    """A file of one line, or nothing if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1000).strip()
    except OSError:
        return ""


def sync(path: str) -> None:
    """Have a file, or the names in a folder, on the disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Not each file system can do that with a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def load(path: str) -> t.Any:
    """What was saved there, or None. Raises HostError if it cannot be read, ValueError if it makes no sense."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError("io", f"{path} cannot be read: {error.strerror}") from None


def save(path: str, content: Json) -> None:
    """Write it whole or not at all, and to the disk before this returns."""
    temporary = path + ".new"
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync(os.path.dirname(path))
    except OSError as error:
        raise HostError("io", f"{path} cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def guarded(path: str, wait: float) -> t.Iterator[int]:
    """Hold a file against other commands; it is made if there is none. Raises HostError busy after ``wait`` seconds."""
    end = time.monotonic() + wait
    guard = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise HostError(
                        "busy", f"another command of a rotation is still at work on the host and holds {path}"
                    ) from None
            time.sleep(_GUARD_POLL)
        yield guard
    finally:
        os.close(guard)


def machine_token(machine: Machine, make: bool) -> str | None:
    """The name by which the journals in the vault know this machine: 12 hexadecimal digits. None if there is none yet.

    It is not that of a clone or of a disk that was put into another machine: there, ``make`` makes another one.
    """
    path = os.path.join(machine.base, "machine.json")
    marks = machine.marks()
    if not make:
        kept = _kept_token(path, marks)
        return t.cast(str, kept["token"]) if kept else None
    with guarded(os.path.join(machine.base, "machine.guard"), GUARD_WAIT):
        kept = _kept_token(path, marks)
        token = kept["token"] if kept else secrets.token_hex(6)
        wanted = {"token": token, **marks}
        if kept and not marks["macs"]:
            wanted["macs"] = kept["macs"]
        if kept != wanted:
            save(path, wanted)
    return token


def _kept_token(path: str, marks: Json) -> Json | None:
    """The content of machine.json, if it is of this machine."""
    try:
        kept = load(path)
        token, macs = kept["token"], set(kept["macs"])
        same = all(kept[name] == marks[name] for name in ("machine_id", "product_uuid"))
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not same:
        return None
    # Cards may be replaced, one after the other.
    return kept if not macs or not marks["macs"] or macs & set(marks["macs"]) else None


class _Held(t.NamedTuple):
    """A lock that is there, in seconds. It began ``elapsed`` ago; ``certain`` if no clock that can be set says so."""

    run: str
    record: str
    lease: float
    request_life: float
    quiet: float
    elapsed: float
    certain: bool

    @property
    def remaining(self) -> float:
        return self.lease - self.elapsed


class State:
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

    def __enter__(self) -> State:
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
        return os.path.join(self.folder, name)

    def load(self, name: str) -> Json | None:
        """What was saved under this name, or None."""
        try:
            saved = load(self.path(name))
        except ValueError:
            raise HostError("io", f"{self.path(name)} makes no sense: look at it, and remove it") from None
        return t.cast(Json, saved)

    def save(self, name: str, content: Json) -> None:
        """Write it whole or not at all, and to the disk before this returns."""
        save(self.path(name), content)

    def remove(self, name: str) -> None:
        try:
            os.unlink(self.path(name))
        except FileNotFoundError:
            return
        except OSError as error:
            raise HostError("io", f"{self.path(name)} cannot be removed: {error.strerror}") from None
        sync(self.folder)

    def lock(self, run: str, record: str, lease: float, request_life: float, breaks: str | None = None) -> Json:
        """Take the lock for ``lease`` seconds, renew it, or take it over from a run whose lease is over.

        ``breaks`` is a run whose lock is taken whether its lease is over or not; the log of the host is told.

        Returns {"mine": True, "machine": token, "quiet_in": seconds} or {"mine": False, "run": ..., "record": ...,
        "remaining": seconds, "path": of the lock}. For C(quiet_in) seconds, writes to the vault that the last holder
        had sent may still be applied. After C(breaks), "broken" is the run and "logged" whether the log was told.
        """
        if not (_ID.fullmatch(run) and 0 < lease <= _LONGEST and 0 <= request_life <= _LONGEST):
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
            life = max(request_life, held.request_life)
            quiet = max(held.quiet - held.elapsed, min(held.remaining, 0.0) + life)
        quiet = max(0.0, quiet)
        machine = machine_token(self.machine, make=True)
        self._save_lock(_Held(run, record, lease, request_life, quiet, 0.0, True))
        if more:
            more["logged"] = self.machine.log(
                f"run {run} has broken the lock of run {more['broken']} for the account {self.user}"
            )
        return {"mine": True, "machine": machine, "quiet_in": quiet, **more}

    def _held(self) -> _Held | None:
        """The lock, whatever its file says. A clock may have been wrong, then or now: no lock outlasts its lease."""
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
            return _Held(run, "", _UNKNOWN_LEASE, _UNKNOWN_LIFE, 0.0, 0.0, False)
        present, seconds = self.machine.boot()
        certain = bool(present) and present == boot and up <= seconds
        elapsed = seconds - up if certain else self.machine.now() - began
        return _Held(run, record, lease, life, quiet, max(0.0, elapsed), certain)

    def _save_lock(self, held: _Held) -> None:
        boot, seconds = self.machine.boot()
        content = {"run": held.run, "record": held.record, "lease": held.lease, "life": held.request_life}
        content.update(quiet=held.quiet, at=self.machine.now() - held.elapsed, boot=boot, up=seconds - held.elapsed)
        self.save("lock.json", content)

    def holder(self) -> Json:
        """Who holds the lock: {"run": None} or {"run": ..., "remaining": seconds}, 0 if the lease is over."""
        held = self._held()
        if held is None:
            return {"run": None, "remaining": 0.0}
        return {"run": held.run, "remaining": max(0.0, held.remaining), "path": self.path("lock.json")}

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
