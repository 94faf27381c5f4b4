# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host: the steps of a rotation of SSH keys, each under the lock of its run.

A mark stays from the first change of a file until the run has ended in order. It tells the next run that something is
to be settled, and which key shall go: after the commit, the vault may not know the old one any more.
"""

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.on_host import authorized_keys
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.on_host.state import (
    HostError,
    Json,
    State,
)

MARK = "key.json"
# What of a request authorized_keys.py is to see.
_PASSED_ON = ("user", "address", "keys", "old", "new", "comment", "append", "keep", "run")


def look(state: State, request: Json) -> Json:
    """Which of the keys are where, and the mark of a run that has not ended in order."""
    return {"keys": _perform("look", request), "mark": state.load(MARK)}


def add(state: State, request: Json) -> Json:
    """Leave a mark, and add a public key beside those that it replaces."""
    state.require(request["run"])
    new = authorized_keys.fingerprint(authorized_keys.public_key(request["new"]).blob)
    mark = state.load(MARK) or {"old": []}
    old = sorted({*mark["old"], *request["old"]} - {new})
    state.save(MARK, {"run": request["run"], "old": old, "new": new})
    return _perform("add", request, state)


def remove(state: State, request: Json) -> Json:
    """Remove public keys, provided that the one to keep is there."""
    state.require(request["run"])
    return _perform("remove", request, state)


def finish(state: State, run: str) -> Json:
    """Take the mark away."""
    state.require(run)
    state.remove(MARK)
    return {}


def _perform(do: str, request: Json, state: State | None = None) -> Json:
    wanted = {name: request[name] for name in _PASSED_ON if request.get(name) is not None}

    def owned(run: str) -> bool:
        return state is not None and state.holder()["run"] == run

    try:
        return authorized_keys.perform({**wanted, "do": do}, owned)
    except OSError as error:
        raise HostError("io", f"the keys of {request['user']} cannot be looked at: {error.strerror}") from None
