# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host: carries out one command and answers with one line of JSON."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.on_host import key, password
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.on_host.state import (
    HostError,
    Json,
    Machine,
    State,
)


def carry_out(machine: Machine, request: Json) -> Json:
    """Answer {"ok": result}, or {"error": kind, "text": ...}.

    What begins with C(look) changes nothing, not even the folder of the lock.
    """
    try:
        return {"ok": _carry_out(machine, request)}
    except HostError as error:
        return {"error": error.kind, "text": str(error)}
    # Whatever it is: its text may quote what was sent.
    except Exception as error:  # noqa: BLE001
        return {"error": "unexpected", "text": type(error).__name__}


def _carry_out(machine: Machine, request: Json) -> Json:
    state = State(machine, request["user"])
    do = request["do"]
    if do == "look":
        account = password.look(machine, state.user, bytes.fromhex(request["pad"]))
        return {"account": account, "lock": state.holder(), "saved": _saved(state)}
    if do == "look_keys":
        return {**key.look(state, request), "lock": state.holder()}
    with state:
        return _locked(state, do, request)


def _saved(state: State) -> bool:
    return state.load(password.SAVED) is not None


def _locked(state: State, do: str, request: Json) -> Json:
    run = request["run"]
    commands: dict[str, t.Callable[[], Json]] = {
        "lock": lambda: state.lock(run, request["lease"], request["request_life"]),
        "unlock": lambda: state.unlock(run),
        "set": lambda: password.set_hash(state, run, request["old"], request["new"], request["timeout"]),
        "restore": lambda: password.restore(state, run, request["timeout"]),
        "finish": lambda: password.finish(state, run, request["chage"], request["keep_must_change"]),
        "add_key": lambda: key.add(state, request),
        "remove_key": lambda: key.remove(state, request),
        "finish_key": lambda: key.finish(state, request),
    }
    return commands[do]()
