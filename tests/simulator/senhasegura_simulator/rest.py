# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration guide's dialect. Where the guide is silent the behaviour is this project's choice (see README)."""

from __future__ import annotations

import re
from typing import Any

from . import vault
from .call import Call
from .dsm import delivered, expired, own_application, string, values
from .envelope import Reply, guide_success
from .errors import Problem
from .store import CREDENTIAL, KEY, Application, Device, Item, Secret
from .wire import console_time, flag, iso_utc, sensitive, text

CREDENTIAL_FIELDS = (
    ("identifier", "identifier"),
    ("username", "username"),
    ("hostname", "hostname"),
    ("ip", "ip"),
    ("type", "type"),
    ("additional_info", "additional"),
)
KEY_FIELDS = (("identifier", "identifier"), ("username", "username"), ("hostname", "hostname"))
KEY_SECRETS = (("public_key", "public_key"), ("private_key", "private_key"), ("passphrase", "password"))
SECRET_FIELDS = ("name", "engine", "description", "expiration_date")
FILED = ("application", "system", "environment")


def list_credentials(call: Call) -> Reply:
    rows = [_credential(item) for item in vault.visible(call.world, call.caller, CREDENTIAL)]
    return guide_success("Credentials found", credentials=rows)


def read_credential(call: Call) -> Reply:
    """What is known about a credential, without its password and so without custody."""
    item = _active(call, _own_credential(call))
    return guide_success("Credential found", credential=_whole(item))


def read_password(call: Call) -> Reply:
    ref = text(call.params, "credentialId")
    if not ref:
        raise Problem("credentialId is required")
    item = vault.credential(call.world, call.caller, vault.by_id(call.world, ref))
    _active(call, item)
    vault.take_custody(call.world, call.caller, item)
    entity = {
        "id": str(item.id),
        "password": sensitive(call, item.password),
        "expiration": iso_utc(item.custody_until),
    }
    return guide_success("Credential found", credential=entity)


def create_credential(call: Call) -> Reply:
    params = call.params
    vault.need_write(call.caller)
    _required(params, "username", "hostname")
    item = Item(created_by=call.caller.id, password="-")
    _fill(call, item, params, CREDENTIAL_FIELDS, (("password", "password"),))
    _register(call, item, text(params, "identifier") or "")
    return guide_success("Credential created", 201, credential=_whole(item))


def update_credential(call: Call) -> Reply:
    item = _own_credential(call)
    vault.need_write(call.caller)
    _active(call, item)
    _fill(call, item, call.params, CREDENTIAL_FIELDS, (("password", "password"),))
    _change(call, item)
    return guide_success("Credential updated", credential=_whole(item))


def disable_credential(call: Call) -> Reply:
    item = _own_credential(call)
    vault.need_write(call.caller)
    _active(call, item).active = False
    call.world.store.save(item)
    return guide_success("Credential disabled", credential={"id": str(item.id)})


def rotate_credential(call: Call) -> Reply:
    item = _own_credential(call)
    vault.need_write(call.caller)
    vault.request_change(call.world, _active(call, item))
    return guide_success("Credential rotation requested", credential={"id": str(item.id)})


def release_custody(call: Call) -> Reply:
    world, client = call.world, call.caller
    item = vault.by_id(world, call.args["ref"])
    item = vault.key(world, client, item) if item and item.kind == KEY else vault.credential(world, client, item)
    vault.need_write(client)
    vault.release_custody(world, client, item)
    return guide_success(f"Credential custody {item.id} released")


def list_keys(call: Call) -> Reply:
    rows = [_key(item) for item in vault.visible(call.world, call.caller, KEY)]
    return guide_success("SSH keys found", sshkeys=rows)


def read_key(call: Call) -> Reply:
    item = _active(call, _own_key(call))
    vault.take_custody(call.world, call.caller, item)
    entity = {
        **_key(item),
        "private_key": sensitive(call, item.private_key),
        "passphrase": sensitive(call, item.password),
    }
    return guide_success("SSH key found", sshkey=entity)


def create_key(call: Call) -> Reply:
    params = call.params
    vault.need_write(call.caller)
    _required(params, "username", "hostname", "public_key", "private_key")
    item = Item(kind=KEY, type="SSH Key", created_by=call.caller.id)
    _fill_key(call, item, params)
    _register(call, item, text(params, "identifier") or "")
    return guide_success("SSH key created", 201, sshkey=_key(item))


def update_key(call: Call) -> Reply:
    item = _own_key(call)
    vault.need_write(call.caller)
    _active(call, item)
    _fill_key(call, item, call.params)
    _change(call, item)
    return guide_success("SSH key updated", sshkey=_key(item))


def rotate_key(call: Call) -> Reply:
    item = _own_key(call)
    vault.need_write(call.caller)
    vault.request_change(call.world, _active(call, item))
    return guide_success("SSH key rotated", sshkey=_key(item))


def list_secrets(call: Call) -> Reply:
    application, params = own_application(call), call.params
    wanted = {name: value for name in FILED if (value := text(params, name))}
    rows = [_secret(call, secret) for secret in delivered(call, application)]
    rows = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return guide_success("Secrets found", secrets=rows)


def read_secret(call: Call) -> Reply:
    secret = _own_secret(call)
    if expired(call, secret):
        raise Problem("Secret not found", 404)
    return guide_success("Secret found", secret=_secret(call, secret))


def create_secret(call: Call) -> Reply:
    params = call.params
    vault.need_write(call.caller)
    application = own_application(call)
    identifier = text(params, "identifier") or ""
    if not vault.IDENTIFIER.fullmatch(identifier):
        raise Problem("identifier is required and may hold letters, digits, _, - and . only")
    if call.world.store.first(Secret, application=application.id, identity=identifier):
        raise Problem("A secret with this identifier exists already")
    secret = Secret(application=application.id or 0, identity=identifier, name=identifier)
    _fill_secret(call, secret, params)
    return guide_success("Secret created", 201, secret=_secret(call, call.world.store.save(secret)))


def update_secret(call: Call) -> Reply:
    secret = _own_secret(call)
    vault.need_write(call.caller)
    _fill_secret(call, secret, call.params)
    secret.version += 1
    return guide_success("Secret updated", secret=_secret(call, call.world.store.save(secret)))


def delete_secret(call: Call) -> Reply:
    secret = _own_secret(call)
    vault.need_write(call.caller)
    call.world.store.delete(secret)
    return guide_success("Secret deleted", secret={"id": str(secret.id), "identifier": secret.identity})


def _own_credential(call: Call) -> Item:
    return vault.credential(call.world, call.caller, vault.by_id(call.world, call.args["ref"]))


def _own_key(call: Call) -> Item:
    return vault.key(call.world, call.caller, vault.by_id(call.world, call.args["ref"]))


def _own_secret(call: Call) -> Secret:
    where = {"application": own_application(call).id, "identity": call.args["ref"]}
    secret = call.world.store.first(Secret, **where)
    if secret is None:
        raise Problem("Secret not found", 404)
    return secret


def _active(call: Call, item: Item) -> Item:
    vault.need_active(call.world, item)
    return item


def _required(params: dict[str, Any], *names: str) -> None:
    missing = [name for name in names if not text(params, name)]
    if missing:
        raise Problem(f"Missing: {', '.join(missing)}")


def _fill(
    call: Call,
    item: Item,
    params: dict[str, Any],
    plain: tuple[tuple[str, str], ...],
    secret: tuple[tuple[str, str], ...],
) -> None:
    """Only what was sent changes."""
    for name, attribute in plain:
        value = text(params, name)
        if value is not None:
            setattr(item, attribute, value)
    vault.set_secret(call.world, item, **{a: text(params, n) for n, a in secret if params.get(n) is not None})
    if params.get("tags") is not None:
        item.tags = vault.split_tags(params["tags"])


def _fill_key(call: Call, item: Item, params: dict[str, Any]) -> None:
    _fill(call, item, params, KEY_FIELDS, KEY_SECRETS)
    if params.get("auto_rotate") is not None:
        item.automatic_change = flag(params["auto_rotate"])
    days = text(params, "rotation_days")
    if days is not None:
        if not re.fullmatch(r"[0-9]{1,5}", days):
            raise Problem("rotation_days must be a whole number")
        item.rotation_days = int(days)


def _fill_secret(call: Call, secret: Secret, params: dict[str, Any]) -> None:
    for name in SECRET_FIELDS:
        value = text(params, name)
        setattr(secret, name, getattr(secret, name) if value is None else value)
    if secret.engine not in call.world.settings.engines:
        raise Problem("Engine not found")
    console_time(call, secret.expiration_date, "expiration_date")
    secret.filed = {**secret.filed, **{name: value for name in FILED if (value := text(params, name)) is not None}}
    data = params.get("data")
    if data is None:
        return
    maps = [data] if isinstance(data, dict) else data
    if not isinstance(maps, list) or not all(isinstance(part, dict) for part in maps):
        raise Problem("data must be a map or a list of maps")
    secret.data, secret.links = [{str(k): string(v) for k, v in part.items()} for part in maps], {}


def _register(call: Call, item: Item, identifier: str) -> None:
    item.identifier = vault.new_identifier(call.world, identifier)
    _change(call, item)


def _change(call: Call, item: Item) -> None:
    """Checks what must hold for every stored item, then stores it."""
    if item.identifier:
        vault.check_identifier(item.identifier)
        same = call.world.store.first(Item, identifier=item.identifier)
        if same is not None and same.id != item.id:
            raise Problem("This identifier exists already")
    if item.kind == CREDENTIAL:
        device = call.world.store.first(Device, hostname=item.hostname)
        item.ip = item.ip or (device.ip if device else "")
        vault.check_unique(call.world, item)
    call.world.store.save(item)


def _name(item: Item) -> dict[str, Any]:
    return {"id": str(item.id), "identifier": item.identifier}


def _credential(item: Item) -> dict[str, Any]:
    names = ("username", "hostname", "ip", "type")
    return {**_name(item), **{name: getattr(item, name) for name in names}}


def _whole(item: Item) -> dict[str, Any]:
    """All but the password: what the guide author's own client reads from the answer to a write."""
    return {**_credential(item), "additional_info": item.additional, "tags": item.tags}


def _key(item: Item) -> dict[str, Any]:
    return {
        **_name(item),
        "username": item.username,
        "hostname": item.hostname,
        "public_key": item.public_key,
        "auto_rotate": item.automatic_change,
        "rotation_days": item.rotation_days,
    }


def _secret(call: Call, secret: Secret) -> dict[str, Any]:
    application = call.world.store.first(Application, id=secret.application) or Application()
    own = {"application": application.name, "system": application.system, "environment": application.environment}
    return {
        "id": str(secret.id),
        "identifier": secret.identity,
        "name": secret.name,
        "engine": secret.engine,
        "description": secret.description,
        "version": str(secret.version),
        "expiration_date": secret.expiration_date,
        **own,
        **secret.filed,
        "data": values(call, secret),
    }
