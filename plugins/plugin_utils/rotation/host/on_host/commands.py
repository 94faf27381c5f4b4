# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the managed host: carries out one command and answers with one line of JSON."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host import (
    password_commands,
    ssh_key_commands,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.machine import (
    GUARD_WAIT,
    HostError,
    Json,
    Machine,
    machine_token,
)
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.host.on_host.user_state import UserState


def answer(request: Json) -> Json:
    """Carry out a request on this machine, and answer it."""
    return carry_out(Machine(), request)


def carry_out(machine: Machine, request: Json) -> Json:
    """Answer {"ok": result}, or {"error": kind, "text": ...}.

    Requests have C(do), C(user), C(run) and C(record), the id of the record of the vault that is rotated. What begins
    with C(look) changes nothing, not even the folder of the lock. C(judge) is C(look) when no other command is at work
    on the account any more, or the error C(busy) after C(wait) seconds: the only one that tells how a change ended.
    """
    try:
        return {"ok": _carry_out(machine, request)}
    except HostError as error:
        return {"error": error.kind, "text": str(error)}
    # Whatever it is: its text may quote what was sent.
    except Exception as error:  # noqa: BLE001
        return {"error": "unexpected", "text": type(error).__name__}


def _carry_out(machine: Machine, request: Json) -> Json:
    state = UserState(machine, request["user"], request.get("wait", GUARD_WAIT))
    do = request["do"]
    if do == "look":
        return _look(state, request)
    if do == "look_keys":
        return {**ssh_key_commands.look(state, request), **_state(state)}
    with state:
        return _locked(state, do, request)


def _look(state: UserState, request: Json) -> Json:
    account = password_commands.look(state.machine, state.user, bytes.fromhex(request["pad"]))
    saved = password_commands.saved(state)
    pending = saved["record"] if saved else ""
    if pending == request.get("record", ""):
        pending = ""
    return {"account": account, "saved": saved, "pending": pending or None, **_state(state)}


def _state(state: UserState) -> Json:
    return {"lock": state.holder(), "machine": machine_token(state.machine, make=False)}


def _locked(state: UserState, do: str, request: Json) -> Json:
    run, record = request["run"], request.get("record", "")
    commands: dict[str, t.Callable[[], Json]] = {
        "judge": lambda: _look(state, request),
        "lock": lambda: state.lock(run, record, request["lease"], request["late_write_window"], request.get("break")),
        "unlock": lambda: state.unlock(run),
        "set": lambda: password_commands.set_hash(
            state, run, record, request["old"], request["new"], request["timeout"]
        ),
        "restore": lambda: password_commands.restore(state, run, request["old"], request["timeout"]),
        "finish": lambda: password_commands.finish(state, run, record, request["chage"]),
        "add_key": lambda: ssh_key_commands.add(state, request),
        "remove_key": lambda: ssh_key_commands.remove(state, request),
        "finish_key": lambda: ssh_key_commands.finish(state, request),
    }
    return commands[do]()
