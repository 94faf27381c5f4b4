# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out one request for files with secrets, and answer it.

Runs where private_files.py does.
"""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.secrets_file.on_host import (
    private_files,
    private_folders,
)

# Evaluated on the host, whose Python may be too old for dict[...].
Json = t.Dict[str, t.Any]  # noqa: UP006


def answer(request: Json) -> Json:
    """Answer {"ok": {"changed": ...}}, or {"error": kind, "text": ...}.

    Requests have C(do) and C(path), which is absolute. C(write) has C(content), a text, or for a folder a map of names
    and texts; C(mode), the permissions as a number; C(owner) and C(group), names or None; C(append), whether the file
    is somebody else's to whose end the text goes. With C(dry), nothing is changed.
    """
    try:
        path = request["path"]
        with private_files.explained(path):
            if request["do"] == "remove":
                return {"ok": {"changed": _remove(path, request["dry"])}}
            return {"ok": {"changed": _write(path, request)}}
    except private_files.FileRefused as error:
        return {"error": "refused", "text": str(error)}
    # Catch everything: the text of an unexpected exception may quote what was sent.
    except Exception as error:  # noqa: BLE001
        return {"error": "unexpected", "text": type(error).__name__}


def _write(path: str, request: Json) -> bool:
    above, name = private_files.split(path)
    content = request["content"]
    owner = private_files.owner_ids(request)
    with private_files.opened_folder(above) as folder:
        if isinstance(content, dict):
            return private_folders.write_all(folder, name, path, content, request, owner)
        if request["append"]:
            return private_files.append(folder, name, path, content.encode("utf-8"), request["dry"])
        return private_files.replace(
            folder, name, path, content.encode("utf-8"), request["mode"], owner, request["dry"]
        )


def _remove(path: str, dry: bool) -> bool:
    """Remove a file, or the files of a folder that are ours and the folder, and say whether there was something."""
    above, name = private_files.split(path)
    if not os.path.isdir(above):
        return False
    with private_files.opened_folder(above) as folder:
        info = private_files.entry(folder, name)
        if info is not None and stat.S_ISDIR(info.st_mode):
            return private_folders.remove_all(folder, name, path, dry)
        removed = private_files.remove_file(folder, name, path, dry)
        swept = not dry and private_files.sweep(folder, name)
        return swept or removed
