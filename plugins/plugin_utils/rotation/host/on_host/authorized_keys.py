# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carry out one request on the public keys of a user: look for keys, add a key, remove keys.

Runs on the managed host, with its Python (3.6 or later) and the files of this directory. It sees public keys and never
a private one.
"""

from __future__ import annotations

import base64
import contextlib
import os
import stat
import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import key_lines
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.key_lines import (
    blobs,
    fingerprint,
    parse,
    public_key,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.safe_file import change, read
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.sshd_settings import (
    KeyOwner,
    Located,
    account,
    locate,
    sshd_config,
)


def perform(request: dict[str, t.Any], owned: t.Callable[[str], bool] | None = None) -> dict[str, t.Any]:
    """Do what a request says, without any locking, and return plain data. Raises HostError.

    All requests have `do` and `user`, and may have `address`, `host` and `sshd` (see sshd_config). A key is given as a
    fingerprint or a public key.

    - look: which of the `keys` are where, and what stands against a change: `files`, `present`, `refused`, `warnings`.
    - add: the public key `new` beside each of the keys in `old`, with the `comment` if there is one. With `append` it
      goes to the end of the first file if no file has one of them. Where only the new key is, there is nothing to do.
    - remove: the keys in `old` from all files. With `keep` only if that key is there.

    The last two have `run`, and write only while owned(run) is true.
    """
    actions = {"look": (_look, ()), "add": (_add, ("old", "new")), "remove": (_remove, ("old",))}
    if request.get("do") not in actions:
        raise HostError("invalid", f"there is no such operation: {request.get('do')!r}")
    action, needed = actions[request["do"]]
    missing = [name for name in ("user", *needed, *(["run"] if needed and owned else [])) if name not in request]
    if missing:
        raise HostError("invalid", f"the request to {request['do']} lacks {', '.join(missing)}")
    whose = account(request["user"])

    def permit() -> None:
        if owned is not None and not owned(request["run"]):
            raise HostError("lost", f"the lock on this host is not (or no longer) that of run {request['run']}")

    return action(request, whose, permit)


def _places(request: dict[str, t.Any], whose: KeyOwner) -> Located:
    config = sshd_config(whose.name, request.get("address"), request.get("host"), request.get("sshd"))
    return locate(whose, config)


def _wanted(keys: t.Iterable[str]) -> set[str]:
    return {key if key.startswith("SHA256:") else fingerprint(public_key(key).blob) for key in keys}


def _look(request: dict[str, t.Any], whose: KeyOwner, _permit: t.Callable[[], None]) -> dict[str, t.Any]:
    present: dict[str, list[dict[str, t.Any]]] = {key: [] for key in sorted(_wanted(request.get("keys", ())))}
    files: list[dict[str, t.Any]] = []
    result = {"user": whose.name, "home": whose.home, "files": files, "present": present, "refused": [], "warnings": []}
    try:
        located = _places(request, whose)
    except HostError as error:
        return {**result, "refused": [{"kind": error.kind, "text": str(error)}]}
    for path in located.paths:
        entry: dict[str, t.Any] = {"path": path, "exists": os.path.lexists(path), "lines": 0, "problem": None}
        files.append(entry)
        with contextlib.suppress(OSError):
            info = os.stat(path)
            entry.update(mode=f"{stat.S_IMODE(info.st_mode):04o}", uid=info.st_uid, gid=info.st_gid)
        try:
            content = read(path, whose) or b""
        except HostError as error:
            entry["problem"] = {"kind": error.kind, "text": str(error)}
            continue
        entry["lines"] = len(key_lines.LINES.findall(content))
        for number, kind, key in blobs(content):
            if key in present:
                present[key].append({"path": path, "line": number, "type": kind})
    return {**result, "warnings": located.warnings}


def _add(request: dict[str, t.Any], whose: KeyOwner, permit: t.Callable[[], None]) -> dict[str, t.Any]:
    new = public_key(request["new"])
    text = new.type.encode() + b" " + base64.b64encode(new.blob)
    comment = request.get("comment")
    remark = None if comment is None else comment.encode("utf-8", "surrogateescape")
    old = _wanted(request["old"])
    located = _places(request, whose)

    def edit(content: bytes) -> bytes:
        for blob in _blobs_of(content, old):
            content = key_lines.add(content, blob, text, remark)
        return content

    def append(content: bytes) -> bytes:
        return key_lines.add(content, b"", text, remark, append=True)

    # All files are looked at before the first is changed.
    contents = {path: read(path, whose) for path in located.paths}
    present = [path for path, content in contents.items() if content and _blobs_of(content, old)]
    changed = [path for path in present if change(path, whose, edit, permit=permit)]
    if not present and not any(_blobs_of(content or b"", {fingerprint(new.blob)}) for content in contents.values()):
        if not request.get("append"):
            raise HostError(
                "not_found",
                f"none of the keys {', '.join(sorted(old))} is in {' or '.join(located.paths)} of {whose.name}: "
                "see whether the vault has the key that this host knows",
            )
        changed += [path for path in located.paths[:1] if change(path, whose, append, create=True, permit=permit)]
    return {"changed": bool(changed), "paths": changed, "warnings": located.warnings}


def _remove(request: dict[str, t.Any], whose: KeyOwner, permit: t.Callable[[], None]) -> dict[str, t.Any]:
    old = _wanted(request["old"])
    located = _places(request, whose)

    def edit(content: bytes) -> bytes:
        for blob in _blobs_of(content, old):
            content = key_lines.remove(content, blob)
        return content

    contents = {path: read(path, whose) for path in located.paths}
    if request.get("keep"):
        keep = _wanted([request["keep"]])
        if keep & old or not any(_blobs_of(content or b"", keep) for content in contents.values()):
            raise HostError(
                "unsafe",
                f"the old key of {whose.name} stays, because the new one, {', '.join(keep)}, is not in "
                f"{' or '.join(located.paths)}",
            )
    present = [path for path, content in contents.items() if content and _blobs_of(content, old)]
    changed = [path for path in present if change(path, whose, edit, permit=permit)]
    return {"changed": bool(changed), "paths": changed, "warnings": located.warnings}


def _blobs_of(content: bytes, keys: set[str]) -> list[bytes]:
    """Return the blobs with these fingerprints, in the order of the file."""
    lines = map(parse, key_lines.LINES.findall(content))
    return list(dict.fromkeys(line.blob for line in lines if line and fingerprint(line.blob) in keys))
