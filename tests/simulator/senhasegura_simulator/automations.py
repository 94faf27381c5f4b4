# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DSM automations: what is run when a secret or an authorization changes. Nothing is run here."""

from __future__ import annotations

from typing import Any

from .call import Call
from .dsm import own_application
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import Automation
from .vault import split_tags
from .wire import flag, invalid, text

TRIGGERS = frozenset(
    f"When {thing} is {what}"
    for thing in ("a secret", "an authorization")
    for what in ("created", "updated", "inactivated", "activated")
)


def list_automations(call: Call) -> Reply:
    own = own_application(call)
    rows = [_entity(automation) for automation in call.world.store.all(Automation, application=own.id)]
    return reply(call, "Automations list", automations=rows)


def read_automation(call: Call) -> Reply:
    return reply(call, "Automation retrieved successfully", automation=_entity(_named(call)))


def create_automation(call: Call) -> Reply:
    if not text(call.params, "name"):
        raise numbered(1001, "name")
    automation = Automation(application=own_application(call).id or 0)
    return _store(call, automation, "Automation created successfully", 201)


def update_automation(call: Call) -> Reply:
    return _store(call, _named(call), "Automation updated successfully", 200)


def delete_automation(call: Call) -> Reply:
    call.world.store.delete(_named(call))
    return reply(call, "Automation deleted successfully")


def _store(call: Call, automation: Automation, message: str, status: int) -> Reply:
    """What is left out stays as it is."""
    params, incoming = call.params, call.incoming
    for name in ("name", "description", "plugin", "template"):
        if (value := text(params, name)) is not None:
            setattr(automation, name, value)
    for name in ("triggers", "applications", "secrets"):
        if (listed := incoming.listed(name)) is not None or params.get(name) == []:
            setattr(automation, name, listed or [])
    if set(automation.triggers) - TRIGGERS:
        raise invalid("triggers")
    if params.get("tags") is not None:
        automation.tags = split_tags(params["tags"])
    if params.get("enabled") is not None:
        automation.enabled = flag(params["enabled"])
    devices = params.get("devices")
    if devices is not None:
        if not isinstance(devices, list) or not all(isinstance(d, dict) and d.get("hostname") for d in devices):
            raise invalid("devices")
        automation.devices = devices
    call.world.store.save(automation)
    return reply(call, message, status, automation=_entity(automation))


def _named(call: Call) -> Automation:
    ref = call.args["ref"]
    number = int(ref) if ref.isdecimal() else 0
    found = call.world.store.first(Automation, id=number, application=own_application(call).id)
    if found is None:
        raise Problem("Automation not found", 404, error_code=404)
    return found


def _entity(automation: Automation) -> dict[str, Any]:
    """Neither `enabled` nor `description` nor `triggers`, and devices by name, as the pages show it."""
    return {
        "id": str(automation.id),
        "name": automation.name,
        "tags": ",".join(automation.tags) or None,
        "plugin": automation.plugin,
        "template": automation.template,
        "applications": automation.applications,
        "secrets": automation.secrets,
        "devices": [device["hostname"] for device in automation.devices],
    }
