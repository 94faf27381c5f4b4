# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write and remove a folder with one file for each value. A marker names those that are ours; others are left alone.

Runs where private_files.py does.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import private_files

# Names the files of a folder that are ours. It has no secret in it.
MARKER = ".senhasegura-files"


def write_all(
    above: int,
    name: str,
    path: str,
    content: dict[str, str],
    request: dict[str, t.Any],
    owner: tuple[int, int],
) -> bool:
    """Make the files of a folder those of content, and remove those of an earlier run. Others are left alone."""
    info = private_files.entry(above, name)
    if info is None:
        if request["dry"]:
            return True
        os.mkdir(name, 0o700, dir_fd=above)
        private_files.sync(above)
    with _own_folder(above, name, path) as folder:
        before = _marked(folder, path)
        strangers = [each for each in content if each not in before and private_files.entry(folder, each) is not None]
        if strangers:
            raise private_files.FileRefused(
                os.path.join(path, strangers[0]) + " was not written by this module: remove it, or give another path"
            )
        if not request["dry"] and set(before) != set(content):
            # Before the files: whatever happens, a later run knows which are ours.
            _mark(folder, sorted({*before, *content}))
        changed = info is None
        for each, text in content.items():
            below = os.path.join(path, each)
            changed |= private_files.replace(
                folder, each, below, text.encode("utf-8"), request["mode"], owner, request["dry"]
            )
        for each in before:
            if each not in content:
                changed |= private_files.remove_file(folder, each, os.path.join(path, each), request["dry"])
        if not request["dry"]:
            if set(before) != set(content):
                _mark(folder, sorted(content))
            changed |= _set_folder(folder, request["mode"], owner)
        return changed


def _set_folder(folder: int, mode: int, owner: tuple[int, int]) -> bool:
    """Let those enter the folder who may read its files."""
    wanted = 0o750 if mode & stat.S_IRGRP else 0o700
    info = os.fstat(folder)
    if stat.S_IMODE(info.st_mode) == wanted and private_files.is_owned(info, owner):
        return False
    if owner != (private_files.SAME, private_files.SAME):
        os.fchown(folder, *owner)
    os.fchmod(folder, wanted)
    return True


@contextlib.contextmanager
def _own_folder(above: int, name: str, path: str) -> t.Iterator[int]:
    info = private_files.entry(above, name)
    if info is None or not stat.S_ISDIR(info.st_mode):
        raise private_files.FileRefused(path + " is no folder: give the path of one")
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    try:
        if os.fstat(folder).st_mode & stat.S_IWOTH:
            raise private_files.FileRefused(
                "everybody may write to the folder " + path + ": take that right away (chmod o-w)"
            )
        yield folder
    finally:
        os.close(folder)


def _marked(folder: int, path: str) -> list[str]:
    """Return the names of the files in a folder that are ours."""
    if private_files.entry(folder, MARKER) is None:
        return []
    try:
        names = json.loads(private_files.read(folder, MARKER, os.path.join(path, MARKER)).decode("utf-8"))
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(each, str) and "/" not in each for each in names):
        raise private_files.FileRefused(
            os.path.join(path, MARKER) + " is damaged: remove the folder, and run this again"
        )
    return names


def _mark(folder: int, names: list[str]) -> None:
    private_files.put(folder, MARKER, json.dumps(names).encode(), 0o600, (private_files.SAME, private_files.SAME))


def remove_all(above: int, name: str, path: str, dry: bool) -> bool:
    """Remove the files of a folder that are ours, and the folder if nothing else is in it."""
    with _own_folder(above, name, path) as folder:
        if private_files.entry(folder, MARKER) is None:
            raise private_files.FileRefused(
                path + " is a folder that this module has not made: give the path of a file"
            )
        for each in _marked(folder, path):
            private_files.remove_file(folder, each, os.path.join(path, each), dry)
            if not dry:
                private_files.sweep(folder, each)
        if dry:
            return True
        private_files.sweep(folder, MARKER)
        # Last: whoever is killed before it can go on.
        os.unlink(MARKER, dir_fd=folder)
    with contextlib.suppress(OSError):
        # What others have put there stays, and so does the folder then.
        os.rmdir(name, dir_fd=above)
    return True
