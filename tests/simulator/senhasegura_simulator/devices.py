# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices in the vendor's dialect: POST is an upsert by host name."""

from __future__ import annotations

from typing import Any

from . import vault
from .call import Call
from .envelope import Reply
from .errors import numbered
from .pam import reply
from .store import Device, Item
from .wire import text

REQUIRED = (("hostname", 1004), ("ip", 1005), ("site", 1019), ("model", 1020), ("vendor", 1021), ("type", 1022))
OPTIONAL = ("device_domain", "device_tags", "connectivities", "session_remote_config")


def list_devices(call: Call) -> Reply:
    inactive_too = call.world.settings.list_inactive
    rows = [_row(device) for device in call.world.store.all(Device) if device.active or inactive_too]
    return reply(call, f"{len(rows)} device{'' if len(rows) == 1 else 's'} found", devices=rows)


def read_device(call: Call) -> Reply:
    device = _find(call)
    return reply(call, f"Device {device.id}", device=_entity(device))


def write_device(call: Call) -> Reply:
    vault.need_write(call.caller)
    params = call.params
    for name, number in REQUIRED:
        if not text(params, name):
            raise numbered(number)
    domains = (text(params, "device_domain") or "").split(",")
    if any(domain and domain not in call.world.settings.domains for domain in domains):
        raise numbered(1029)
    found = call.world.store.first(Device, hostname=text(params, "hostname"))
    device = found or Device()
    for name in (*(name for name, _number in REQUIRED), *OPTIONAL):
        value = text(params, name)
        setattr(device, name, getattr(device, name) if value is None else value)
    call.world.store.save(device)
    message = "Device updated successfully!" if found else "Device successfully registered!"
    return reply(call, message, 201, device=_entity(device))


def enable_device(call: Call) -> Reply:
    device = _find(call)
    vault.need_write(call.caller)
    if device.active:
        raise numbered(1044)
    device.active = True
    call.world.store.save(device)
    return reply(call, "Device successfully activated")


def disable_device(call: Call) -> Reply:
    """Suspends the credentials of the device too; enabling it does not bring them back.

    The vendor's own module takes a 400 here for "deactivated or not found"; no number of its own is documented.
    """
    device = _find(call)
    vault.need_write(call.caller)
    if not device.active:
        raise numbered(1011)
    device.active = False
    call.world.store.save(device)
    for item in call.world.store.all(Item, hostname=device.hostname):
        item.active = False
        call.world.store.save(item)
    return reply(call, "Device successfully deactivated")


def _find(call: Call) -> Device:
    ref, store = call.args["ref"], call.world.store
    found = store.first(Device, id=int(ref)) if ref.isascii() and ref.isdigit() and len(ref) < 19 else None
    found = found or store.first(Device, hostname=ref)
    if found is None:
        raise numbered(1011)
    return found


def _row(device: Device) -> dict[str, Any]:
    names = ("hostname", "ip", "model", "type", "vendor", "site")
    return {"id": str(device.id), **{n: getattr(device, n) for n in names}, "tags": device.device_tags}


def _entity(device: Device) -> dict[str, Any]:
    names = (*(name for name, _number in REQUIRED), *OPTIONAL)
    return {"id": str(device.id), **{name: getattr(device, name) for name in names}}
