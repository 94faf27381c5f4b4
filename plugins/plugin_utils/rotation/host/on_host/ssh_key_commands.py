# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host: the steps of a rotation of SSH keys, each under the lock of its run.

A mark stays from the first change of a file until the run has ended in order. It tells the next run that something is
to be settled, and which key shall go: after the commit, the vault may not know the old one any more.

A user may have the keys of several records of the vault, so each record has a mark of its own. Nobody acts on the mark
of another record: its keys are not for us to judge.
"""

from __future__ import annotations

import os
import re

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import (
    authorized_keys,
    key_lines,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import HostError, Json
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.user_state import UserState

_MARK = re.compile(r"key-([A-Za-z0-9_-]{1,64})\.json")
# What of a request authorized_keys.py is to see.
_PASSED_ON = ("user", "address", "keys", "old", "new", "comment", "append", "keep", "run")


def look(state: UserState, request: Json) -> Json:
    """Return which of the keys are where, the mark of a run of this record that has not ended in order, and those of
    others.

    C(others) are dicts with C(record), the id, and C(label), its name.
    """
    own = _mark(request)
    others = []
    for name in _names(state):
        found = _MARK.fullmatch(name)
        mark = state.load(name) if found and name != own else None
        if found and mark and not mark.get("ended"):
            others.append({"record": found[1], "label": mark["label"]})
    return {"keys": _perform("look", request), "mark": state.load(own), "others": others}


def add(state: UserState, request: Json) -> Json:
    """Leave a mark, and add a public key beside those that it replaces."""
    state.require(request["run"])
    name = _mark(request)
    new = key_lines.fingerprint(key_lines.public_key(request["new"]).blob)
    mark = state.load(name) or {"old": []}
    old = sorted({*mark["old"], *request["old"]} - {new})
    state.save(name, {"run": request["run"], "label": request["label"], "old": old, "new": new})
    return _perform("add", request, state)


def remove(state: UserState, request: Json) -> Json:
    """Remove public keys, provided that the one to keep is there."""
    state.require(request["run"])
    return _perform("remove", request, state)


def finish(state: UserState, request: Json) -> Json:
    """Take the mark of this record away, or with C(ended) say in it that this host is done."""
    state.require(request["run"])
    name = _mark(request)
    mark = state.load(name)
    if mark and request["ended"]:
        state.save(name, {**mark, "ended": True})
    else:
        state.remove(name)
    return {}


def _mark(request: Json) -> str:
    """Return the file of the mark of a record. Raises HostError for an id that would be another file."""
    name = f"key-{request['record']}.json"
    if not _MARK.fullmatch(name):
        raise HostError("invalid", "the id of the record is not made of letters, digits, - and _")
    return name


def _names(state: UserState) -> list[str]:
    try:
        return sorted(os.listdir(state.folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise HostError("io", f"{state.folder} cannot be read: {error.strerror}") from None


def _perform(do: str, request: Json, state: UserState | None = None) -> Json:
    wanted = {name: request[name] for name in _PASSED_ON if request.get(name) is not None}

    def owned(run: str) -> bool:
        return state is not None and state.holder()["run"] == run

    try:
        return authorized_keys.perform({**wanted, "do": do}, owned)
    except OSError as error:
        raise HostError("io", f"the keys of {request['user']} cannot be looked at: {error.strerror}") from None
