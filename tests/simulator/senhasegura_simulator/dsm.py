# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DevOps Secret Manager: everything belongs to the application of the calling authorization."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from typing import Any

from .call import Call
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import Application, Client, Secret
from .vault import split_tags
from .wire import sensitive, text

Maps = list[dict[str, "str | None"]]


def read_application(call: Call) -> Reply:
    application = own_application(call)
    return reply(call, f"Application {application.id}", application=_entity(call, application))


def list_secrets(call: Call) -> Reply:
    application = own_application(call)
    rows = _secrets(call, application)
    return reply(call, f"{len(rows)} secrets found", secrets=rows)


def write_secret(call: Call) -> Reply:
    """Upsert by identity; the version rises with every write."""
    world, params = call.world, call.params
    application = own_application(call)
    identity = text(params, "identity") or ""
    if not identity:
        raise numbered(1001, "identity")
    engine = text(params, "engine")
    if engine and engine not in world.settings.engines:
        raise Problem("Engine not found")
    encoded = text(params, "data")
    data = None if encoded is None else _decode(encoded)
    found = world.store.first(Secret, application=application.id, identity=identity)
    secret = found or Secret(application=application.id or 0, identity=identity, version=0)
    for name in ("name", "engine", "description", "expiration_date"):
        value = text(params, name)
        setattr(secret, name, getattr(secret, name) if value is None else value)
    secret.name = secret.name or identity
    secret.data = secret.data if data is None else data
    secret.version += 1
    world.store.save(secret)
    return reply(call, "Secret created successfully.", 201, application=_entity(call, application))


def write_application(call: Call) -> Reply:
    """Creates or finds an application and its authorization; the reply carries the authorization's secret."""
    world, params = call.world, call.params
    key = text(params, "unique_key")
    if not text(params, "application"):
        raise numbered(1001, "application")
    for name in () if key else ("system", "environment"):
        if not text(params, name):
            raise numbered(1001, name)
    where = {"unique_key": key} if key else {n: text(params, n) for n in ("system", "environment")}
    found = world.store.first(Application, name=text(params, "application"), **where)
    application = found or Application(name=text(params, "application") or "", unique_key=key)
    application.system = text(params, "system") or application.system
    application.environment = text(params, "environment") or application.environment
    application.description = text(params, "description") or application.description
    application.tags = split_tags(params["tags"]) if params.get("tags") is not None else application.tags
    world.store.save(application)
    known = world.store.first(Client, application=application.id)
    resources = params.get("authorized_resources")
    client = known or world.store.save(
        Client(
            client_id=secrets.token_hex(20),
            client_secret=secrets.token_hex(16),
            application=application.id,
            tenant=call.caller.tenant,
            resources=[str(r) for r in resources] if isinstance(resources, list) else None,
        )
    )
    message = (
        f"Application {'updated' if found else 'created'}: ({application.id}) {application.name}"
        f" | Authorization {'found' if known else 'created'}: ({client.id})"
    )
    return reply(call, message, id=client.client_id, signature=sensitive(call, client.client_secret))


def delete_authorization(call: Call) -> Reply:
    client = call.caller
    client.enabled = False
    call.world.store.save(client)
    return reply(call, "Authorization deleted successfully.")


def write_variables(call: Call) -> Reply:
    """Lines `KEY=VALUE` and a mapping, each in the URL-safe base64 of the vendor's tool."""
    params = call.params
    application = own_application(call)
    for name in ("env", "map"):
        if not text(params, name):
            raise numbered(1001, name)
    lines = _url_base64(text(params, "env") or "", "env").splitlines()
    application.variables = {k: v for k, sep, v in (line.partition("=") for line in lines) if sep}
    application.mapping = _json_object(_url_base64(text(params, "map") or "", "map"), "map")
    call.world.store.save(application)
    return reply(call, "Variables registered successfully.")


def own_application(call: Call) -> Application:
    application = call.world.store.first(Application, id=call.caller.application)
    if application is None or call.caller.application is None:
        raise Problem("Application not found", 404, error_code=4)
    return application


def encrypted(call: Call, data: Maps) -> Maps:
    return [{name: sensitive(call, value) for name, value in part.items()} for part in data]


def _entity(call: Call, application: Application) -> dict[str, Any]:
    return {
        "name": application.name,
        "description": application.description,
        "tags": application.tags or [""],
        "system": application.system,
        "environment": application.environment,
        "secrets": _secrets(call, application),
    }


def _secrets(call: Call, application: Application) -> list[dict[str, Any]]:
    return [
        {
            "secret_id": str(secret.id),
            "secret_name": secret.name,
            "identity": secret.identity,
            "version": str(secret.version),
            "expiration_date": secret.expiration_date,
            "engine": secret.engine,
            "data": encrypted(call, secret.data),
        }
        for secret in call.world.store.all(Secret, application=application.id)
    ]


def _decode(encoded: str) -> Maps:
    try:
        content = _json_object(base64.b64decode(encoded, validate=True).decode(), "data")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _bad("data") from error
    maps: Maps = []
    for plural, single in (("credentials", "credential"), ("access_keys", "access_key")):
        for entry in _objects(content.get(plural)):
            inner = entry.get(single)
            maps.append(_labelled(inner if isinstance(inner, dict) else {}, single == "access_key"))
    for entry in _objects(content.get("key_value")):
        fields = entry.get("fields")
        maps.append({str(k): _string(v) for k, v in fields.items()} if isinstance(fields, dict) else {})
    return [part for part in maps if part]


def _labelled(entry: dict[str, Any], ttl: bool) -> dict[str, str | None]:
    """`user` + `user_label: USERNAME` becomes `USERNAME: user`; a field without label keeps its name in capitals."""
    fields = entry.get("fields")
    fields = fields if isinstance(fields, dict) else {}
    prefix = "AWS_" if ttl else ""
    flat = {
        str(fields.get(f"{name}_label") or f"{prefix}{name.upper()}"): _string(value)
        for name, value in fields.items()
        if not name.endswith("_label")
    }
    return {**flat, "TTL": None} if ttl and flat else flat


def _objects(value: Any) -> list[dict[str, Any]]:
    parts = value if isinstance(value, list) else [value]
    return [part for part in parts if isinstance(part, dict)]


def _string(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _url_base64(value: str, name: str) -> str:
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/").replace(",", "="), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise _bad(name) from error


def _json_object(value: str, name: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise _bad(name) from error
    if not isinstance(parsed, dict):
        raise _bad(name)
    return parsed


def _bad(name: str) -> Problem:
    return Problem(f"Parameter '{name}' is invalid!")
