# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Terminate a remote session, or make a URL that starts one in a browser."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..errors import ConfigError
from ..plan import Plan
from ..session_models import WebSessionWrite
from ..settings.options import argument_spec
from .apply import TaskOutcome, apply
from .parameters import numeric_id
from .results import NO_LOG, Params, Result

NOUN = "session"
_WANTED = ("user", "credential", "device", "protocol")
_MORE = ("remote_device", "remote_address", "screen_size")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["terminated", "started"], "required": True},
    **{name: {"type": "str"} for name in ("id", "session_id", *_WANTED, *_MORE)},
    "credential": {"type": "str", "no_log": False},
    "port": {"type": "int"},
    "remote_app": {"type": "int"},
}
_NOT_SEEN = "is not in the list of the server: it is not there, or the authorization may not see it"
RULES: dict[str, t.Any] = {
    "required_if": [("state", "terminated", ("id", "session_id"), True), ("state", "started", _WANTED)],
    "mutually_exclusive": [("id", "session_id")],
}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    return (_terminate if params["state"] == "terminated" else _start)(client, params, check_mode)


def _terminate(client: Client, params: Params, check_mode: bool) -> Result:
    id_, area = numeric_id(params["id"]), client.sessions
    area.check_terminate()
    held = area.find(id=id_, session_id=params["session_id"])
    if held is None:
        name = id_ or params["session_id"]
        shown = {"id": id_, "session_id": params["session_id"]}
        warnings = [f"session {name} {_NOT_SEEN}"]
        return TaskOutcome(Plan("none", {}, {}), shown, warnings).result("session")
    plan = Plan("delete" if held.running else "none", {"running": held.running}, {"running": False})
    predicted = TaskOutcome(plan, {**held.public(), "running": False}, [])

    def terminate() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=area.terminate(held))

    return apply(predicted, area.check_terminate, terminate, check_mode).result("session")


def _start(client: Client, params: Params, check_mode: bool) -> Result:
    """Ask for a URL. Each is another one, so this changes something every time."""
    area = client.sessions
    empty = [name for name in _WANTED if not params[name]]
    if empty:
        raise ConfigError(f"{empty[0]} must not be empty", hint=f"Set {empty[0]}").with_context(option=empty[0])
    named = {name: params[name] for name in (*_WANTED, *_MORE, "port", "remote_app") if params[name] is not None}
    wanted = WebSessionWrite(**named)
    predicted = TaskOutcome(Plan("create", {}, named), {**named, "url": None, "token": None}, [])

    def start() -> TaskOutcome:
        made = area.start(wanted)
        return dataclasses.replace(predicted, shown={**named, "url": made.url, "token": made.token}, more=NO_LOG)

    return apply(predicted, lambda: area.check_start(wanted), start, check_mode).result("session")
