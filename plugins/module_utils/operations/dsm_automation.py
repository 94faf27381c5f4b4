# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create, update or delete a DSM automation (facts-dsm.md 6)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..client.connect import Client
from ..dsm_models import Automation, AutomationWrite
from ..errors import NotFound, UnexpectedResponse
from ..plan import make_plan
from ..settings.options import argument_spec
from ..specs import UPDATE
from .apply import TaskOutcome, apply
from .parameters import joinable, numeric_id
from .results import Params, Result

NOUN = "automation"
TRIGGERS = [
    f"When {thing} is {what}"
    for thing in ("a secret", "an authorization")
    for what in ("created", "updated", "inactivated", "activated")
]
_LIST = {"type": "list", "elements": "str"}
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "id": {"type": "str"},
    "name": {"type": "str"},
    "tags": _LIST,
    "enabled": {"type": "bool"},
    "description": {"type": "str"},
    "triggers": {**_LIST, "choices": TRIGGERS},
    "applications": _LIST,
    "secrets": {**_LIST, "no_log": False},
    "plugin": {"type": "str"},
    "template": {"type": "str"},
    "devices": {
        "type": "list",
        "elements": "dict",
        "options": {
            "hostname": {"type": "str", "required": True},
            "credential": {"type": "str", "required": True, "no_log": False},
        },
    },
    "update_attributes": UPDATE,
}
RULES: dict[str, t.Any] = {
    "required_one_of": [("id", "name")],
    "required_if": [("state", "present", ("name",))],
}
_VISIBLE = ("name", "tags", "plugin", "template", "applications", "secrets", "devices")
# The server takes them and never shows them. Of devices it shows the host names.
_HIDDEN = ("enabled", "description", "triggers")
_LISTS = ("triggers", "applications", "secrets", "devices")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Bring about the state of the task and return its result."""
    id_ = numeric_id(params["id"])
    held = client.automations.find(id=id_, name=params["name"])
    if params["state"] == "absent":
        return _absent(client, held, params, check_mode)
    if held is None and id_ is not None:
        raise NotFound(f"automation {id_} not found", hint="Check the id, or leave it out to create one by its name")
    wanted = _desired(params)
    hidden = [name for name in _HIDDEN if getattr(wanted, name) is not None]
    if held is not None and params["update_attributes"] == "on_create":
        hidden = []
    plan = make_plan("present", _shown(held), _shown_of(wanted), hidden=hidden)
    shown = {"id": held.id if held else None, **{name: plan.after.get(name) for name in _VISIBLE}}
    predicted = TaskOutcome(plan, shown, [])
    sent = _whole(wanted, held)

    def store() -> TaskOutcome:
        made = client.automations.store(sent, held)
        if held is not None:
            _require_devices(client, wanted, held)
        return dataclasses.replace(predicted, shown={**shown, "id": made or shown["id"]})

    return apply(predicted, lambda: client.automations.check(plan.action, sent), store, check_mode).result("automation")


def _whole(wanted: AutomationWrite, held: Automation | None) -> AutomationWrite:
    """Return the write with what is known of the automation, since nothing says that an update keeps the rest.

    But for devices, of which the server does not show the credentials.
    """
    if held is None:
        return wanted
    known = {name: getattr(held, name) for name in _VISIBLE if name != "devices"}
    return dataclasses.replace(wanted, **{name: known[name] for name in known if getattr(wanted, name) is None})


def _require_devices(client: Client, wanted: AutomationWrite, held: Automation) -> None:
    """Raise UnexpectedResponse if an update without devices has lost them."""
    if wanted.devices is not None or not held.devices:
        return
    now = client.automations.find(id=held.id, name=None)
    if now is not None and set(now.devices) != set(held.devices):
        raise UnexpectedResponse(
            f"the server did not keep the devices of automation {held.name}: {', '.join(held.devices)}",
            hint="Set devices, with the credential of each, in the task",
        ).with_context(subject=f"automation {held.name}")


def _absent(client: Client, held: Automation | None, params: Params, check_mode: bool) -> Result:
    plan = make_plan("absent", _shown(held), {})
    shown = {"id": held.id if held else params["id"], "name": held.name if held else params["name"]}
    predicted = TaskOutcome(plan, shown, [])

    def delete() -> TaskOutcome:
        return dataclasses.replace(predicted, changed=client.automations.delete(held) if held else False)

    return apply(predicted, lambda: client.automations.check("delete"), delete, check_mode).result("automation")


def _shown(held: Automation | None) -> dict[str, t.Any] | None:
    """Return what can be compared. The order of a list has no meaning."""
    if held is None:
        return None
    return {name: _sorted(getattr(held, name)) for name in _VISIBLE}


def _shown_of(wanted: AutomationWrite) -> dict[str, t.Any]:
    shown = {name: _sorted(getattr(wanted, name)) for name in _VISIBLE}
    if wanted.devices is not None:
        shown["devices"] = sorted(device["hostname"] for device in wanted.devices)
    return shown


def _sorted(value: t.Any) -> t.Any:
    return sorted(value) if isinstance(value, tuple) and all(isinstance(item, str) for item in value) else value


def _desired(params: Params) -> AutomationWrite:
    fields = {field.name: params[field.name] for field in dataclasses.fields(AutomationWrite)}
    for name in _LISTS:
        fields[name] = None if fields[name] is None else tuple(fields[name])
    fields["tags"] = joinable(params["tags"], "tags")
    return AutomationWrite(**fields)
