# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write and remove files that hold secrets, so that nobody else can read them and each is the old or the new one whole.

Runs in the worker for files of the controller. For those of a managed host it is sent there over standard input, and
runs with its Python (3.6 or later) and nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import os
import pwd
import secrets
import stat
import typing as t

# Between the name of a file and the random end of its temporary one.
_TEMPORARY = ".senhasegura-"
# Bytes. No secrets file is larger.
_LARGEST = 64 * 1024 * 1024
_LONGEST_NAME = 200
# os.chown() takes it for "as it is".
SAME = -1


class FileRefused(Exception):
    """What is refused or cannot be done, in words for a person, without anything of the content."""


@contextlib.contextmanager
def explained(path: str) -> t.Iterator[None]:
    """Turn what the operating system says into FileRefused, in words of its own."""
    try:
        yield
    except FileNotFoundError:
        raise FileRefused("the folder of " + path + " does not exist: make it first") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        hint = ": become its owner or root" if error.errno in (errno.EACCES, errno.EPERM) else ""
        raise FileRefused(path + " cannot be written or removed: " + reason + hint) from None


@contextlib.contextmanager
def opened_folder(path: str) -> t.Iterator[int]:
    """Yield a folder, opened. Its path is resolved once; from then on, no link is followed."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
    opened = os.open("/", flags)
    try:
        for part in filter(None, os.path.realpath(path).split("/")):
            below = os.open(part, flags, dir_fd=opened)
            os.close(opened)
            opened = below
        # What is open as a path only cannot be listed and synced.
        below = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=opened)
        os.close(opened)
        opened = below
        mode = os.fstat(opened).st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise FileRefused(
                "everybody may exchange files in the folder " + path + ": take that right away (chmod o-w)"
            )
        yield opened
    finally:
        os.close(opened)


def split(path: str) -> tuple[str, str]:
    """Return folder and name of an absolute path."""
    folder, name = os.path.split(path)
    if not os.path.isabs(path) or name in ("", ".", ".."):
        raise FileRefused("path must be absolute and name a file")
    return folder, name


def entry(folder: int, name: str) -> os.stat_result | None:
    """Return what is there under a name, without following a link; None if nothing is."""
    try:
        return os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return None


def owner_ids(request: dict[str, t.Any]) -> tuple[int, int]:
    """Return the user and group ids that files get; -1 for that of the process."""
    try:
        user = pwd.getpwnam(request["owner"]).pw_uid if request["owner"] else SAME
    except KeyError:
        raise FileRefused("there is no user of the name in owner") from None
    try:
        return user, grp.getgrnam(request["group"]).gr_gid if request["group"] else SAME
    except KeyError:
        raise FileRefused("there is no group of the name in group") from None


def replace(
    folder: int,
    name: str,
    path: str,
    new: bytes,
    mode: int,
    owner: tuple[int, int],
    dry: bool,
) -> bool:
    """Put a new file in the place of the old one, if it differs. Say whether it does."""
    if not dry:
        sweep(folder, name)
    old = entry(folder, name)
    if old is not None:
        _refuse_unfit(old, path)
        same = stat.S_IMODE(old.st_mode) == mode and is_owned(old, owner)
        if same and old.st_size == len(new) and read(folder, name, path) == new:
            return False
    if not dry:
        put(folder, name, new, mode, owner)
    return True


def is_owned(info: os.stat_result, owner: tuple[int, int]) -> bool:
    """Return whether a file belongs to whom it should."""
    user = os.geteuid() if owner[0] == SAME else owner[0]
    return info.st_uid == user and owner[1] in (SAME, info.st_gid)


def _refuse_unfit(info: os.stat_result, path: str) -> None:
    """Refuse to replace what is no file, or a file that others share or own."""
    if not stat.S_ISREG(info.st_mode):
        what = "a symbolic link" if stat.S_ISLNK(info.st_mode) else "no regular file"
        raise FileRefused(path + " is " + what + ": give the path of a file")
    if info.st_nlink > 1:
        raise FileRefused(path + " has several names (hard links), of which one would change: remove it first")
    if os.geteuid() not in (0, info.st_uid):
        raise FileRefused(path + " belongs to another user: remove it, or become its owner")


def read(folder: int, name: str, path: str) -> bytes:
    """Return the content of a regular file."""
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    with open(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise FileRefused(path + " is no regular file: give the path of a file")
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise FileRefused(path + " is larger than any secrets file: give another path")
    return content


def put(
    folder: int,
    name: str,
    new: bytes,
    mode: int,
    owner: tuple[int, int],
    permit: t.Callable[[], None] = lambda: None,
) -> None:
    """Write a temporary file that nobody else can read, and give it the name. permit may raise at the last moment."""
    made, temporary = _temporary(folder, name)
    try:
        try:
            _strip_access_list(made)
            left = memoryview(new)
            while left:
                left = left[os.write(made, left) :]
            if owner != (SAME, SAME):
                os.fchown(made, *owner)
            os.fchmod(made, mode)
            os.fsync(made)
            permit()
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        finally:
            os.close(made)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    sync(folder)


def _temporary(folder: int, name: str) -> tuple[int, str]:
    """Make a temporary file, and hold it as long as this process lives: see sweep()."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    while True:
        temporary = "." + name[:_LONGEST_NAME] + _TEMPORARY + secrets.token_hex(8)
        made = os.open(temporary, flags, 0o600, dir_fd=folder)
        fcntl.flock(made, fcntl.LOCK_EX)
        if entry(folder, temporary) is not None:
            return made, temporary
        # Another process has swept it away before it was held.
        os.close(made)


def _strip_access_list(opened: int) -> None:
    """Take away what a default list of the folder grants to others, which the permissions would let in."""
    if hasattr(os, "removexattr"):
        # There is none, nearly always, and not each file system knows them.
        with contextlib.suppress(OSError):
            os.removexattr(opened, "system.posix_acl_access")


def sync(folder: int) -> None:
    """Have the names in a folder on the disk before this returns."""
    try:
        os.fsync(folder)
    except OSError as error:
        # Not each file system can do that with a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def sweep(folder: int, name: str) -> bool:
    """Remove the temporary files that killed processes have left, and say whether there was one."""
    swept = False
    beginning = "." + name[:_LONGEST_NAME] + _TEMPORARY
    for left in os.listdir(folder):
        if not left.startswith(beginning):
            continue
        with contextlib.suppress(OSError):
            opened = os.open(left, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                # Whoever writes it still holds it.
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(left, dir_fd=folder)
                swept = True
            finally:
                os.close(opened)
    return swept


def append(folder: int, name: str, path: str, more: bytes, dry: bool) -> bool:
    """Put a text at the end of a file that is there. The file is replaced, so that no reader sees half of the text."""
    info = entry(folder, name)
    if info is None:
        raise FileRefused(path + " does not exist: the pipeline makes it for each step, so run this within one")
    _refuse_unfit(info, path)
    old = read(folder, name, path)
    if dry:
        return True
    sweep(folder, name)

    def permit() -> None:
        now = entry(folder, name)
        if now is None or (now.st_ino, now.st_size, now.st_mtime_ns) != (info.st_ino, info.st_size, info.st_mtime_ns):
            raise FileRefused(path + " was changed by another process at the same time: run it again")

    between = b"" if not old or old.endswith(b"\n") else b"\n"
    put(folder, name, old + between + more, 0o600, (info.st_uid, info.st_gid), permit)
    return True


def remove_file(folder: int, name: str, path: str, dry: bool) -> bool:
    """Remove a file, and say whether there was one."""
    info = entry(folder, name)
    if info is None:
        return False
    _refuse_unfit(info, path)
    if not dry:
        # Another process may be faster.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        sync(folder)
    return True
