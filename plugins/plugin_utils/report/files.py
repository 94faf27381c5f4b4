# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock, read and replace the files of a report folder, which several processes use at the same time."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import typing as t

from ...module_utils.errors import ConfigError

# A file of its own, as pruning puts another history in the place of this one.
_LOCK = ".history.lock"


@contextlib.contextmanager
def locked(folder: str, *, create: bool = True) -> t.Iterator[None]:
    """Hold the one lock of a report folder. It also ends with the process.

    :param create: if false, write nothing: readers share the lock, and there is none before the first line is written
    Raises OSError.
    """
    flags, kind = (os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX) if create else (os.O_RDONLY, fcntl.LOCK_SH)
    try:
        descriptor = open_private(os.path.join(folder, _LOCK), flags)
    except FileNotFoundError:
        if create:
            raise
        yield
        return
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def read(path: str) -> bytes | None:
    """Return the content of a file, or None if there is no such file. Raises OSError, also for a link."""
    try:
        with open(path, "rb", opener=open_private) as file:
            return file.read()
    except FileNotFoundError:
        return None


def replace(path: str, data: bytes) -> None:
    """Write a file so that at any time there is the old one or the new one, also after a loss of power.

    The caller holds the lock, so the temporary file has a fixed name: what a killed process left there is overwritten.
    Raises OSError.
    """
    with open(f"{path}.new", "wb", buffering=0, opener=open_private) as file:
        write(file, data)
        os.fsync(file.fileno())
    os.replace(f"{path}.new", path)
    sync_folder(os.path.dirname(path))


def write(file: t.BinaryIO, data: bytes) -> None:
    """Write all of ``data``, which one call to the system need not do. Raises OSError."""
    while data:
        data = data[file.write(data) :]


def open_private(path: str, flags: int) -> int:
    """Open a file, or create one that others can neither read nor write. Raises OSError, also for a link."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)


def sync_folder(folder: str) -> None:
    """Make sure that new names in the folder outlast a loss of power. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def error_of(exc: OSError, what: str, path: str) -> ConfigError:
    """Turn an OSError into the error of the option C(report_dir), which names the file and what to do.

    :param what: what failed, for example "the history of rotations cannot be written"
    :param path: what is named if the error itself names no file
    """
    if exc.errno == errno.ELOOP:
        reason, hint = "it is a link", "Put a file in its place: links are not followed"
    else:
        reason = exc.strerror or type(exc).__name__
        hint = "Set report_dir to a folder on the controller that this user may create or write, with space left"
    return ConfigError(f"{what}: {exc.filename or path}: {reason}", hint=hint).with_context(option="report_dir")
