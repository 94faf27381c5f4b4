# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create or deactivate protected information."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..errors import ConfigError, Refused
from ..information_models import InformationWrite, ProtectedInformation
from ..plan import HIDDEN, Plan
from ..references import Reference
from ..settings.options import argument_spec
from .apply import TaskOutcome, apply
from .parameters import numeric_id
from .results import Params, Result

NOUN = "protected information"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    **{name: {"type": "str"} for name in ("id", "identifier", "name", "type")},
    "content": {"type": "str", "no_log": True},
}
RULES: dict[str, t.Any] = {
    "mutually_exclusive": [("id", "identifier")],
    "required_if": [("state", "present", ("content",)), ("state", "absent", ("id", "identifier"), True)],
}
_UNSEEN = "check mode reads no protected information, so nobody knows whether this is there already"
_NO_ID = "the server does not tell the id of what it has made: see the console, since it is read and removed by that"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    return (_absent if params["state"] == "absent" else _present)(client, params, check_mode)


def _present(client: Client, params: Params, check_mode: bool) -> Result:
    if params["id"] is not None:
        raise ConfigError(
            "id cannot be given with state=present", hint="The server gives the id, and changes nothing. Use identifier"
        ).with_context(option="id")
    if not params["content"]:
        raise ConfigError("content must not be empty", hint="Set content").with_context(option="content")
    wanted = InformationWrite(**{name: params[name] for name in ("content", "identifier", "name", "type")})
    named = {name: params[name] for name in ("identifier", "name", "type") if params[name] is not None}
    shown = {"id": None, **{name: params[name] for name in ("identifier", "name", "type")}}
    predicted = TaskOutcome(
        Plan("create", {}, {**named, "content": HIDDEN}), shown, [_UNSEEN] if wanted.identifier else []
    )

    def store() -> TaskOutcome:
        held = client.information.find(Reference(wanted.identifier, "identifier")) if wanted.identifier else None
        if held is not None:
            _require_same(held, wanted)
            return TaskOutcome(Plan("none", {}, {}), {**shown, "id": held.id, "type": held.type}, [])
        identifier = client.information.create(wanted) or wanted.identifier
        # The response has no id, and there is no list.
        made = client.information.find(Reference(identifier, "identifier")) if identifier else None
        id_ = made.id if made else None
        warnings = [] if made else [_NO_ID]
        return dataclasses.replace(predicted, shown={**shown, "id": id_, "identifier": identifier}, warnings=warnings)

    return apply(predicted, lambda: client.information.check_create(wanted), store, check_mode).result(
        "protected_information"
    )


def _require_same(held: ProtectedInformation, wanted: InformationWrite) -> None:
    """Refuse what would need a call that the server does not have. Its name is not shown, so it is not compared."""
    given = {"content": wanted.content, "type": wanted.type}
    differing = [name for name, value in given.items() if value not in (None, getattr(held, name))]
    if differing:
        raise Refused(
            f"protected information {held.identifier} (id {held.id}) has another {' and '.join(differing)}, and the "
            "server has no call that changes it",
            hint="Give another identifier, and remove this one with state=absent",
        )


def _absent(client: Client, params: Params, check_mode: bool) -> Result:
    """Deactivate. Nothing tells beforehand whether it is there."""
    id_ = numeric_id(params["id"])
    ref = Reference(id_, "id") if id_ else Reference(params["identifier"], "identifier")
    if not ref.path_safe:
        raise ConfigError(
            "the server cannot be asked for protected information by this identifier", hint="Give the id"
        ).with_context(option="identifier")
    predicted = TaskOutcome(
        Plan("disable", {"active": True}, {"active": False}), {"id": id_, "identifier": params["identifier"]}, []
    )

    def disable() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=client.information.disable(ref))

    return apply(predicted, client.information.check_disable, disable, check_mode).result("protected_information")
