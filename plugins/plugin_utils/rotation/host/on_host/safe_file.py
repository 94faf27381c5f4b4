# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read and replace a file in the home directory of somebody else, as root, without being tricked by its owner.

Runs on the managed host, with its Python (3.6 or later) and the files of this directory.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.sshd_settings import KeyOwner

ATTEMPTS = 5
# Nobody's authorized_keys is larger, and what is larger is no such file.
LARGEST = 64 * 1024 * 1024
HARDENED = "sshd refuses it too (StrictModes)"


def read(path: str, whose: KeyOwner) -> bytes | None:
    """Return the content of a file that is safe to change; None if there is no such file."""
    with _explained(path, whose), _folder(path, whose) as (folder, name):
        if folder is None:
            return None
        with _opened(folder, name, path, whose) as file:
            return None if file is None else _content(file, path)


def change(
    path: str,
    whose: KeyOwner,
    edit: t.Callable[[bytes], bytes],
    create: bool = False,
    permit: t.Callable[[], None] = lambda: None,
) -> bool:
    """Replace the content of a file by what edit() makes of it, in one step, and say whether that is something else.

    Owner, mode, ACL, SELinux label and other extended attributes stay. permit is called at the last moment, and may
    raise. Wherever this is killed, the old or the new file is in place; a temporary file that is left then goes
    with the next change. What others write to the file meanwhile is kept, but for the instant between look and rename.
    """
    for _attempt in range(ATTEMPTS):
        with _explained(path, whose), _folder(path, whose) as (folder, name):
            if folder is None:
                raise FileNotFoundError
            temporary = f".senhasegura-{whose.uid}-{name}"[:200]
            _sweep(folder, temporary, path)
            with _opened(folder, name, path, whose) as file:
                if file is None and not create:
                    raise FileNotFoundError
                old = b"" if file is None else _content(file, path)
                new = edit(old)
                if new == old:
                    return False
                # Somebody else's attempt to write is tried again with what they wrote.
                if _replace(folder, name, temporary, file, old, new, whose, path, permit):
                    return True
    raise HostError(
        "busy", f"{path} of {whose.name} keeps changing while it is being edited: find out who writes to it"
    )


@contextlib.contextmanager
def _explained(path: str, whose: KeyOwner) -> t.Iterator[None]:
    """Raise HostError, in its words, for what the operating system says meanwhile."""
    try:
        yield
    except FileNotFoundError:
        raise HostError("not_found", f"{path} of {whose.name} does not exist") from None
    except OSError as error:
        reason = error.strerror or str(error)
        hint = ""
        if error.errno in (errno.EACCES, errno.EPERM):
            hint = (
                ": on NFS root is nobody (root_squash), and elsewhere the file may be immutable (lsattr)"
                if os.geteuid() == 0
                else f": become root or {whose.name}"
            )
        elif error.errno in (errno.ENOTDIR, errno.ELOOP):
            hint = ": its folders were changed meanwhile"
        raise HostError("io", f"{path} of {whose.name} cannot be read or written: {reason}{hint}") from error


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@contextlib.contextmanager
def _folder(path: str, whose: KeyOwner) -> t.Iterator[tuple[int | None, str]]:
    """Yield the folder of a file, opened, and the file's name in it; None if there is no such folder.

    Symbolic links count where they stay inside the home folder, or in the file's own folder elsewhere. From then on no
    link is followed, and each folder is checked as sshd checks it, so that only the user and root can exchange one.
    """
    home = os.path.realpath(whose.home)
    real = os.path.realpath(path)
    at_home = _within(os.path.normpath(path), os.path.normpath(whose.home))
    inside = home if at_home else os.path.realpath(os.path.dirname(path))
    if not _within(real, inside):
        raise HostError(
            "unsafe", f"{path} of {whose.name} is a symbolic link that leads out of {inside}, to {real}: make it a file"
        )
    checked = home if _within(real, home) else "/"
    folders, name = os.path.split(real)
    # The folders above need not be readable.
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
    at = "/"
    opened = os.open(at, flags)
    try:
        for part in ["", *filter(None, folders.split("/"))]:
            if part:
                at = os.path.join(at, part)
                try:
                    below = os.open(part, flags, dir_fd=opened)
                except FileNotFoundError:
                    yield None, name
                    return
                os.close(opened)
                opened = below
            if _within(at, checked):
                _trusted(opened, at, whose)
        # What is open as a path only cannot be synced.
        below = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=opened)
        os.close(opened)
        opened = below
        yield opened, name
    finally:
        os.close(opened)


def _trusted(opened: int, where: str, whose: KeyOwner) -> None:
    """Refuse what somebody else than the user and root may write to, as secure_filename() of OpenSSH does."""
    info = os.fstat(opened)
    what = "folder" if stat.S_ISDIR(info.st_mode) else "file"
    if info.st_uid not in (0, whose.uid):
        raise HostError(
            "unsafe",
            f"the {what} {where} belongs to user id {info.st_uid}, neither to {whose.name} nor to root; {HARDENED}: "
            "give it its owner back (chown)",
        )
    others = info.st_mode & 0o002 or (info.st_mode & 0o020 and not _own_group(opened, info.st_gid, whose))
    if others:
        raise HostError(
            "unsafe",
            f"others than {whose.name} may write to the {what} {where} (mode {stat.S_IMODE(info.st_mode):04o}); "
            f"{HARDENED}: take that right away (chmod go-w)",
        )


def _own_group(opened: int, gid: int, whose: KeyOwner) -> bool:
    """Return whether a group is the user's own and has nobody else in it, which is enough for Debian's sshd."""
    with contextlib.suppress(OSError, AttributeError):
        # With an access control list, the bits of the group speak of everybody in it.
        if "system.posix_acl_access" in os.listxattr(f"/proc/self/fd/{opened}"):
            return False
    try:
        members = grp.getgrgid(gid).gr_mem
    except KeyError:
        return False
    return (
        gid == whose.gid
        and all(member == whose.name for member in members)
        and all(entry.pw_uid == whose.uid for entry in pwd.getpwall() if entry.pw_gid == gid)
    )


@contextlib.contextmanager
def _opened(folder: int, name: str, path: str, whose: KeyOwner) -> t.Iterator[int | None]:
    """Yield the file, opened for reading and found safe; None if there is none."""
    try:
        info = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        yield None
        return
    # Before opening it, which of a device or FIFO can do something.
    if not stat.S_ISREG(info.st_mode):
        raise HostError(
            "unsafe", f"{path} of {whose.name} is not a regular file: sshd does not read it; make it a file"
        )
    opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        info = os.fstat(opened)
        if not stat.S_ISREG(info.st_mode) or info.st_nlink > 1:
            raise HostError(
                "unsafe",
                f"{path} of {whose.name} has {info.st_nlink} names (hard links), of which one would change: "
                "make it a file of its own (cp, mv)",
            )
        _trusted(opened, path, whose)
        yield opened
    finally:
        os.close(opened)


def _content(opened: int, path: str) -> bytes:
    size = os.fstat(opened).st_size
    if size > LARGEST:
        raise HostError("unsafe", f"{path} has {size} bytes: that is no list of keys")
    content = b""
    while len(content) <= LARGEST:
        block = os.pread(opened, 1 << 20, len(content))
        if not block:
            break
        content += block
    return content


def _sweep(folder: int, temporary: str, path: str) -> None:
    """Remove what a killed run left."""
    try:
        info = os.lstat(temporary, dir_fd=folder)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(info.st_mode):
        raise HostError("unsafe", f"{temporary} in the folder of {path} is in the way: remove it")
    os.unlink(temporary, dir_fd=folder)


def _replace(
    folder: int,
    name: str,
    temporary: str,
    file: int | None,
    old: bytes,
    new: bytes,
    whose: KeyOwner,
    path: str,
    permit: t.Callable[[], None],
) -> bool:
    """Put a new file in the place of the old one. False, and nothing is done, if that has changed since it was read."""
    info = None if file is None else os.fstat(file)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    made = os.open(temporary, flags, 0o600, dir_fd=folder)
    try:
        try:
            left = memoryview(new)
            while left:
                left = left[os.write(made, left) :]
            if info is None:
                os.fchown(made, whose.uid, whose.gid)
            else:
                os.fchown(made, info.st_uid, info.st_gid)
                os.fchmod(made, stat.S_IMODE(info.st_mode))
            if file is not None:
                _carry_attributes(file, made, path)
            os.fsync(made)
        finally:
            os.close(made)
        permit()
        if not _unchanged(folder, name, file, info, old, path):
            os.unlink(temporary, dir_fd=folder)
            return False
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    try:
        os.fsync(folder)
    except OSError as error:
        # Not each file system can do that with a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    return True


def _unchanged(folder: int, name: str, file: int | None, info: os.stat_result | None, old: bytes, path: str) -> bool:
    try:
        now = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return file is None
    if file is None or info is None:
        return False

    def state(of: os.stat_result) -> tuple[int, ...]:
        return of.st_dev, of.st_ino, of.st_mtime_ns, of.st_ctime_ns, of.st_size, of.st_nlink

    # Clocks of file systems are coarse, so the content is compared as well.
    return state(now) == state(info) and _content(file, path) == old


def _carry_attributes(source: int, target: int, path: str) -> None:
    """Give the new file the access control list, SELinux label and other extended attributes of the old one."""
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted = {name: os.getxattr(source, name) for name in os.listxattr(source)}
        present = {name: os.getxattr(target, name) for name in os.listxattr(target)}
    except OSError as error:
        if error.errno in (errno.ENOTSUP, errno.ENOSYS):
            return
        raise
    # These sign the content, which is another one now.
    for name in ("security.ima", "security.evm"):
        wanted.pop(name, None)
        present.pop(name, None)
    try:
        for name, value in wanted.items():
            if present.get(name) != value:
                os.setxattr(target, name, value)
        # As from the default list of the folder.
        for name in present:
            if name not in wanted and name.startswith(("system.posix_acl", "user.")):
                os.removexattr(target, name)
    except OSError as error:
        raise HostError("io", f"{path} has the attribute {name}, which its new version cannot have: {error}") from error
