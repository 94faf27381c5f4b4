# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials and custody in the vendor's dialect: POST is an upsert, PUT activates, DELETE deactivates."""

from __future__ import annotations

from typing import Any

from . import vault
from .call import Call
from .envelope import Reply, success
from .errors import Problem, numbered
from .store import CREDENTIAL, KEY, Device, Item
from .wire import flag, iso_naive, iso_offset, naive, section, sensitive, text

DEVICE_FIELDS = ("type", "vendor", "model", "site")
BLOCKS = ("execution_settings", "session_settings", "additional_settings", "jit_settings")
# Parameters that are stored as they come: (parameter, attribute).
PLAIN = (("additional", "additional"), ("credential_type", "type"), ("domain", "domain"))
TYPE_CODES = {"Local User": "1", "Domain User": "2", "SSH Key": "3"}


def reply(call: Call, message: str, status: int = 200, outer: int | None = None, **entities: Any) -> Reply:
    return success(call.world.profile, call.tenant, message, status, outer, **entities)


def list_credentials(call: Call) -> Reply:
    items = vault.visible(call.world, call.caller)
    devices = {device.hostname: device for device in call.world.store.all(Device)}
    noun = "credential" if len(items) == 1 else "credentials"
    rows = [_row(call, item, devices.get(item.hostname) or _nowhere(item)) for item in items]
    return reply(call, f"{len(items)} {noun} found", credentials=rows)


def read_credential(call: Call) -> Reply:
    world, client = call.world, call.caller
    item = vault.credential(world, client, vault.by_reference(world, call.args["ref"]))
    vault.need_active(world, item)
    vault.take_custody(world, client, item)
    return reply(call, f"Credential {item.id}", credential=_entity(call, item))


def write_credential(call: Call) -> Reply:
    world, client, params = call.world, call.caller, call.params
    vault.need_write(client)
    username, hostname, ip = (text(params, name) for name in ("username", "hostname", "ip"))
    if not hostname:
        raise numbered(1004)
    if not ip:
        raise numbered(1005)
    if username is None:
        raise numbered(1042)
    identifier = text(params, "identifier") or ""
    if identifier and world.profile.modern:
        vault.check_identifier(identifier)
    username = username or "usr"
    found = _match(call, identifier, username, hostname, ip)
    _check_references(call, params)
    _ensure_device(call, params, hostname, ip)
    item = found or Item(password="-", created_by=client.id, identifier=vault.new_identifier(world, identifier))
    item.username, item.hostname, item.ip = username, hostname, ip
    item.identifier = identifier or item.identifier
    _apply(call, item, params)
    vault.check_unique(world, item)
    world.store.save(item)
    message = "Credential updated successfully!" if found else "Credential successfully registered!"
    entity = {"id": str(item.id), world.profile.identifier_key: item.identifier}
    return reply(call, message, 201, credential=entity)


def enable_credential(call: Call) -> Reply:
    vault.enable(call.world, call.caller, _own(call))
    return reply(call, "Credential successfully activated")


def disable_credential(call: Call) -> Reply:
    vault.disable(call.world, call.caller, _own(call))
    return reply(call, "Credential successfully deactivated")


def release_custody(call: Call) -> Reply:
    """Also takes the id of an SSH key, for which no call of its own is documented."""
    world, client = call.world, call.caller
    item = vault.by_reference(world, call.args["ref"])
    item = vault.key(world, client, item) if item and item.kind == KEY else vault.credential(world, client, item)
    vault.need_write(client)
    vault.need_active(world, item)
    vault.release_custody(world, client, item)
    return reply(call, f"Credential custody {item.id} released")


def read_legacy(call: Call) -> Reply:
    """GET /iso/coe/senha/{id}: the same read in Portuguese."""
    world, client = call.world, call.caller
    item = vault.credential(world, client, vault.by_id(world, call.args["ref"]))
    vault.need_active(world, item)
    vault.take_custody(world, client, item)
    password = sensitive(call, item.password)
    entity = {
        "id": str(item.id),
        "tag": item.identifier,
        "username": item.username,
        "senha": password,
        "conteudo": password,
        "hostname": item.hostname,
        "senha_pai_cod": None if item.parent is None else str(item.parent),
        "senha_pai": None,
        "adicional": item.additional,
        "dominio": item.domain or None,
        "ip": item.ip,
        "porta": "22",
        "modelo": _device(call, item).model,
        "datahora_expiracao": iso_naive(call, item.custody_until),
    }
    answer = reply(call, f"Password {item.id}", senha=entity)
    answer.body["response"]["mensagem"] = f"Senha {item.id}"
    return answer


def _own(call: Call) -> Item:
    return vault.credential(call.world, call.caller, vault.by_reference(call.world, call.args["ref"]))


def _match(call: Call, identifier: str, username: str, hostname: str, ip: str) -> Item | None:
    """The documented search: by identifier, else by hostname + ip + username."""
    world, client = call.world, call.caller
    named = world.store.first(Item, identifier=identifier) if identifier else None
    if named is not None:
        return vault.credential(world, client, named)
    same = world.store.first(Item, kind=CREDENTIAL, username=username, hostname=hostname, ip=ip)
    return None if same is None else vault.credential(world, client, same)


def _check_references(call: Call, params: dict[str, Any]) -> None:
    """Everything a credential may point to must be registered already."""
    settings = call.world.settings
    named = [text(params, "domain") or "", *(text(params, "device_domain") or "").split(",")]
    if any(domain and domain not in settings.domains for domain in named):
        raise numbered(1029)
    parent = text(params, "parent_password")
    if parent and vault.by_id(call.world, parent) is None:
        raise numbered(1007)
    owner = section(params, "additional_settings").get("user_credential_owner")
    if owner and owner not in settings.users:
        raise Problem("Unexpected error", 500)
    blocks = {**section(params, "execution_settings"), **section(params, "jit_settings")}
    for suffix, known, number in (("plugin", settings.plugins, 1046), ("template", settings.templates, 1047)):
        if any(name.endswith(suffix) and value and value not in known for name, value in blocks.items()):
            raise numbered(number)


def _ensure_device(call: Call, params: dict[str, Any], hostname: str, ip: str) -> None:
    sent = {name: value for name in DEVICE_FIELDS if (value := text(params, name))}
    device = call.world.store.first(Device, hostname=hostname)
    if device is None:
        if len(sent) < len(DEVICE_FIELDS):
            raise numbered(1011)
        device = Device(hostname=hostname, ip=ip)
    for name, value in sent.items():
        setattr(device, name, value)
    for name in ("device_domain", "device_tags", "session_remote_config", "connectivities"):
        value = text(params, name)
        setattr(device, name, getattr(device, name) if value is None else value)
    call.world.store.save(device)


def _apply(call: Call, item: Item, params: dict[str, Any]) -> None:
    for name, attribute in PLAIN:
        value = text(params, name)
        if value is not None:
            setattr(item, attribute, value)
    if params.get("tags") is not None:
        item.tags = vault.split_tags(params["tags"])
    if parent := text(params, "parent_password"):
        item.parent = int(parent)
    content = text(params, "content")
    if content is not None:
        vault.set_secret(call.world, item, password=content)
    for name in BLOCKS:
        if sent := section(params, name):
            item.blocks = {**item.blocks, name: {**item.blocks.get(name, {}), **sent}}
    execution = section(params, "execution_settings")
    if "automatic_change" in execution:
        item.automatic_change = flag(execution["automatic_change"])


def _device(call: Call, item: Item) -> Device:
    return call.world.store.first(Device, hostname=item.hostname) or _nowhere(item)


def _nowhere(item: Item) -> Device:
    """What replies say about the device of an item whose host name is not registered (the guide needs none)."""
    return Device(hostname=item.hostname, ip=item.ip)


def _row(call: Call, item: Item, device: Device) -> dict[str, Any]:
    profile = call.world.profile
    connectivity = (device.connectivities or "SSH:22").partition(":")[0]
    return {
        "id": str(item.id),
        profile.identifier_key: item.identifier,
        "username": item.username,
        "expiration": iso_offset(call, item.expiration),
        "change": naive(call, item.change),
        "view": naive(call, item.view),
        "hostname": item.hostname,
        "management_ip": item.ip,
        "type": item.type,
        "type_code": TYPE_CODES.get(item.type, "9"),
        "device_model": device.model,
        "device_type": device.type,
        "device_vendor": device.vendor,
        "automatic_change": profile.flag(item.automatic_change),
        "connectivity": connectivity,
        "connectivity_code": "1",
    }


def _entity(call: Call, item: Item) -> dict[str, Any]:
    password = sensitive(call, item.password)
    parent = vault.by_id(call.world, str(item.parent)) if item.parent else None
    return {
        "id": str(item.id),
        call.world.profile.identifier_key: item.identifier,
        "username": item.username,
        "password": password,
        "content": password,
        "hostname": item.hostname,
        "parent_credential_cod": str(parent.id) if parent else None,
        "parent_credential": parent.username if parent else None,
        "additional": item.additional,
        "domain": item.domain,
        "ip": item.ip,
        "port": "22",
        "model": _device(call, item).model,
        "expiration_time": iso_naive(call, item.custody_until),
    }
