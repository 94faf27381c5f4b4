# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys in the vendor's dialect, in one id space with the credentials."""

from __future__ import annotations

from typing import Any

from . import vault
from .call import Call
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import KEY, Device, Item
from .wire import crlf, flag, iso_naive, sensitive, text


def write_key(call: Call) -> Reply:
    """Found by identifier only. 3.32 asks just for what changes on update; 4.0 wants address and both keys again."""
    world, client, params = call.world, call.caller, call.params
    vault.need_write(client)
    identifier = text(params, "identifier") or ""
    found = world.store.first(Item, identifier=identifier) if identifier else None
    if found is not None:
        found = vault.key(world, client, found)
    _check_required(params, found is not None and not world.profile.modern)
    if identifier and world.profile.modern:
        vault.check_identifier(identifier)
    item = found or Item(
        kind=KEY,
        type="SSH Key",
        username="usr",
        created_by=client.id,
        identifier=vault.new_identifier(world, identifier),
    )
    _apply(call, item, params)
    if world.store.first(Device, hostname=item.hostname) is None:
        raise numbered(1011)
    unknown = _link(call, item, params)
    world.store.save(item)
    entity = {
        "id": str(item.id),
        world.profile.identifier_key: item.identifier,
        "devices": _devices(call, item),
        "devices_error": unknown,
    }
    message = "Key updated successfully!" if found else "Key successfully registered!"
    # 3.32 prints the outer status the other way round: 200 on create, 201 on update.
    outer = 201 if world.profile.modern or found else 200
    return reply(call, message, 201, outer, key=entity)


def read_key(call: Call) -> Reply:
    world, client = call.world, call.caller
    item = _own(call)
    vault.need_active(world, item)
    vault.take_custody(world, client, item)
    return reply(call, f"Key {item.id}", key=_entity(call, item))


def read_key_without_id(call: Call) -> Reply:
    raise Problem("Unexpected error", 500)


def enable_key(call: Call) -> Reply:
    vault.enable(call.world, call.caller, _own(call))
    return reply(call, "Key successfully activated")


def disable_key(call: Call) -> Reply:
    vault.disable(call.world, call.caller, _own(call))
    return reply(call, "Key successfully deactivated")


def _own(call: Call) -> Item:
    return vault.key(call.world, call.caller, vault.by_id(call.world, call.args["ref"]))


def _check_required(params: dict[str, Any], changed_fields_only: bool) -> None:
    for name, number in (("hostname", 1004), ("ip", 1005), ("public_key", 1013), ("private_key", 1014)):
        missing_is_fine = changed_fields_only and params.get(name) is None
        if not text(params, name) and not missing_is_fine:
            raise numbered(number)


def _apply(call: Call, item: Item, params: dict[str, Any]) -> None:
    item.identifier = text(params, "identifier") or item.identifier
    for name in ("username", "hostname", "ip", "key_name"):
        value = text(params, name)
        if value is not None:
            setattr(item, name, value)
    item.username = item.username or "usr"
    sent = {
        attribute: value
        for name, attribute in (("private_key", "private_key"), ("public_key", "public_key"), ("password", "password"))
        if (value := text(params, name)) is not None
    }
    vault.set_secret(call.world, item, **sent)
    if params.get("tags") is not None:
        item.tags = vault.split_tags(params["tags"])
    if params.get("enabled") is not None:
        item.active = flag(params["enabled"])


def _link(call: Call, item: Item, params: dict[str, Any]) -> list[dict[str, str]]:
    """Take the registered ones of `devices`, hand back the others: overall it is a success."""
    sent = params.get("devices")
    if not isinstance(sent, list):
        return []
    names = [str(d.get("hostname", "")) if isinstance(d, dict) else str(d) for d in sent]
    known = {name: call.world.store.first(Device, hostname=name) is not None for name in names}
    item.devices = [name for name, registered in known.items() if registered]
    return [{"hostname": name} for name, registered in known.items() if not registered]


def _devices(call: Call, item: Item) -> list[dict[str, str]]:
    found = (call.world.store.first(Device, hostname=name) for name in item.devices)
    return [{"hostname": device.hostname, "ip": device.ip} for device in found if device]


def _entity(call: Call, item: Item) -> dict[str, Any]:
    return {
        "id": str(item.id),
        call.world.profile.identifier_key: item.identifier,
        "username": item.username,
        "key_name": item.key_name,
        "hostname": item.hostname,
        "ip": item.ip,
        "private_key": sensitive(call, crlf(item.private_key)),
        "public_key": item.public_key,
        "password": sensitive(call, item.password),
        "tags": item.tags,
        "devices": _devices(call, item),
        "expiration_time": iso_naive(call, item.custody_until),
    }
