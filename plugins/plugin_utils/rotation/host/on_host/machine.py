# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managed host itself: its clocks, programs and flags, files that are written whole, and its name in journals.

Runs on the managed host, with its Python (3.6 or later) and nothing else. Everything is below
/var/lib/senhasegura-rotation, readable for root alone. It is on disk, since a restart of the host must not shorten the
wait for late writes to the vault. machine.json names the machine itself.
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
_TOKEN = re.compile(r"[0-9a-f]{12}")
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
        """Return the host's own clock. Somebody may set it, so it counts only where there is nothing better."""
        return time.time()

    def boot(self) -> tuple[str, float]:
        """Return the id of this start of the kernel, and the seconds since then, which nobody can set. ("", 0.0):
        unknown.
        """
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
        """Return whether the kernel lets this process write there: mode, mount, flags, SELinux. Nothing is opened."""
        return os.access(path, os.W_OK)

    def flags(self, path: str) -> int:
        """Return what chattr(1) has set; 0 where the file system has no such flags."""
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
        """Return the file system that a path is on."""
        return os.statvfs(path)

    def marks(self) -> Json:
        """Return what tells this machine from its clones: machine-id, product_uuid, and the addresses of its network
        cards.
        """
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
    """Return a file of one line, or nothing if it cannot be read."""
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
    """Return what was saved there, or None. Raises HostError if it cannot be read, ValueError if it makes no sense."""
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
    """Return the name by which the journals in the vault know this machine: 12 hexadecimal digits. None if there is
    none yet.

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
    """Return the content of machine.json, if it is of this machine."""
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
