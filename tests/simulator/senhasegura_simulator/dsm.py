# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DevOps Secret Manager: everything belongs to the application of the calling authorization."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .call import Call
from .crypto import encryption_pair
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import CREDENTIAL, Application, Client, Item, Secret
from .vault import may_use, split_tags
from .wire import console_time, flag, invalid, sensitive, text

Maps = list[dict[str, "str | None"]]
# An authorization for DSM can have these and no others.
RESOURCES = ("Application", "CI/CD", "Secret Management")
# Parameters of an application that are made and updated, and that no call shows.
UNSEEN = ("line_of_business", "application_type", "aws_arns", "cloud_profiles", "credential_profiles")
# Field of a credential -> the name under which it is read back when the writer gives no label.
NAMES = {"user": "username", "host": "hostname"}
SECTIONS = {"credentials": "credential", "access_keys": "access_key"}
RENEWAL = ("renew_cloud_time", "renew_credential_time", "renew_ephemeral_credential_time")
CLOUDS = ("aws", "azure", "gcp")


@dataclass
class Content:
    """What a secret is to hold: see `Secret.data` and `Secret.links`."""

    data: Maps = field(default_factory=list)
    links: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, part: dict[str, str | None], item: Item | None = None, password: str | None = None) -> None:
        """A map, and where its password comes from when that is the vault."""
        if not part and password is None:
            return
        if item is not None and password is not None:
            self.links[str(len(self.data))] = [item.id, password]
            part = {**part, password: None}
        self.data.append(part)


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
    content = None if encoded is None else _decode(call, encoded)
    console_time(call, text(params, "expiration_date") or "", "expiration_date")
    fields: dict[str, Any] = {n: text(params, n) for n in ("name", "engine", "description", "expiration_date")}
    fields |= _renewal(call)
    _upsert(call, application, identity, content, **fields)
    return reply(call, "Secret created successfully.", 201, application=_entity(call, application))


def _renewal(call: Call) -> dict[str, int | None]:
    """Minutes, or None to keep what there is. What is left out is kept by 3.32 and switched off by 4.0; an empty list
    switches off in both.
    """
    found: dict[str, int | None] = {}
    for name in RENEWAL:
        sent = call.params.get(name)
        try:
            found[name] = (0 if call.world.profile.modern else None) if sent is None else int(sent or 0)
        except (TypeError, ValueError) as error:
            raise invalid(name) from error
    return found


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
    application.authentication_method = (
        application.authentication_method if found else text(params, "authentication_method")
    )
    application.more |= {name: params[name] for name in UNSEEN if params.get(name) is not None}
    limits = _limits(call)
    world.store.save(application)
    known = world.store.first(Client, application=application.id)
    client = known or Client(
        client_id=secrets.token_hex(20),
        client_secret=secrets.token_hex(16),
        application=application.id,
        tenant=call.caller.tenant,
        **limits,
    )
    if not known and flag(params.get("encryption_enabled")):
        client.encryption_private_key, client.encryption_public_key = encryption_pair()
    world.store.save(client)
    message = (
        f"Application {'updated' if found else 'created'}: ({application.id}) {application.name}"
        f" | Authorization {'found' if known else 'created'}: ({client.id})"
    )
    # In clear whatever the caller's authorization says: it is the one copy that anybody gets.
    return reply(call, message, id=client.client_id, signature=client.client_secret)


def _limits(call: Call) -> dict[str, Any]:
    """What counts when an authorization is made; an update ignores it, but nonsense is refused in both."""
    incoming, params = call.incoming, call.params
    resources = incoming.listed("authorized_resources") or list(RESOURCES)
    if set(resources) - set(RESOURCES):
        raise invalid("authorized_resources")
    addresses = incoming.listed("allowed_ips") or ["*"]
    for address in addresses:
        try:
            address == "*" or ipaddress.ip_network(address, strict=False)
        except ValueError as error:
            raise invalid("allowed_ips") from error
    return {
        "resources": resources,
        "allowed_ips": addresses,
        "allowed_referers": incoming.listed("allowed_http_referers") or ["*"],
        "expires": console_time(call, text(params, "expiration_date") or "", "expiration_date"),
    }


def delete_authorization(call: Call) -> Reply:
    client = call.caller
    client.enabled = False
    call.world.store.save(client)
    return reply(call, "Authorization deleted successfully.")


def write_variables(call: Call) -> Reply:
    """Lines `KEY=VALUE` and a mapping, each in the URL-safe base64 of the vendor's tool.

    The tool sends its whole environment, bytes that are no UTF-8 included, and without a mapping file an empty `map`.
    """
    params = call.params
    application = own_application(call)
    if not text(params, "env"):
        raise numbered(1001, "env")
    lines = _url_base64(text(params, "env") or "", "env").decode("utf-8", "replace").split("\n")
    application.variables = {k: v for k, sep, v in (line.partition("=") for line in lines) if sep}
    application.mapping = {}
    if sent := text(params, "map"):
        try:
            application.mapping = _json_object(_url_base64(sent, "map").decode(), "map")
        except UnicodeDecodeError as error:
            raise invalid("map") from error
    mapped = _mapped(call, application)
    call.world.store.save(application)
    for identity, content in mapped.items():
        _upsert(call, application, identity, content)
    return reply(call, "Variables registered successfully.")


def _mapped(call: Call, application: Application) -> dict[str, Content]:
    """One secret for each `name` of the mapping, with the variables that it names and that were sent.

    A credential that the vault has is recorded as such, everything else as key and value, so nothing fails for that.
    Values are read back under the names of their variables.
    """
    variables = application.variables
    found: dict[str, Content] = {}
    for section in (*SECTIONS, "key_value"):
        for entry in _entries(application.mapping.get(section), "map"):
            name, fields = entry.get("name"), entry.get("fields")
            if not isinstance(name, str) or not name or not isinstance(fields, (list, dict)):
                raise invalid("map")
            if section == "access_keys" and entry.get("type") not in CLOUDS:
                raise invalid("map")
            wanted = [str(v) for v in (fields.values() if isinstance(fields, dict) else fields)]
            part: dict[str, str | None] = {v: variables[v] for v in wanted if v in variables}
            content = found.setdefault(name, Content())
            if section == "credentials" and isinstance(fields, dict):
                sent = {field: variables.get(str(v)) for field, v in fields.items()}
                item = _in_vault(call, sent.get("user"), sent.get("host"))
                password = str(fields["password"]) if item and "password" in fields else None
                content.add({**part, "ip": item.ip} if item else part, item, password)
            else:
                content.add(part)
    return {name: content for name, content in found.items() if content.data}


def own_application(call: Call) -> Application:
    application = call.world.store.first(Application, id=call.caller.application)
    if application is None or call.caller.application is None:
        raise Problem("Application not found", 404, error_code=4)
    return application


def delivered(call: Call, application: Application) -> list[Secret]:
    """The secrets of an application that may be read now."""
    found = call.world.store.all(Secret, application=application.id)
    return [secret for secret in found if not expired(call, secret)]


def expired(call: Call, secret: Secret) -> bool:
    ends = console_time(call, str(secret.expiration_date or ""), "expiration_date")
    return ends is not None and ends <= call.world.now() and not call.world.settings.deliver_expired


def values(call: Call, secret: Secret) -> Maps:
    """The data as a reader gets it: what is linked is filled in as the vault has it now, encrypted if that is on."""
    maps = [dict(part) for part in secret.data]
    for index, (item_id, name) in secret.links.items():
        item = call.world.store.first(Item, id=item_id)
        maps[int(index)][name] = item.password if item and item.active else None
    return [{name: sensitive(call, value) for name, value in part.items()} for part in maps]


def _upsert(call: Call, application: Application, identity: str, content: Content | None, **fields: Any) -> None:
    store = call.world.store
    found = store.first(Secret, application=application.id, identity=identity)
    secret = found or Secret(application=application.id or 0, identity=identity, version=0)
    for name, value in fields.items():
        setattr(secret, name, getattr(secret, name) if value is None else value)
    secret.name = secret.name or identity
    if content is not None:
        secret.data, secret.links = content.data, content.links
    secret.version += 1
    store.save(secret)


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
    return [secret_entity(call, secret) for secret in delivered(call, application)]


def secret_entity(call: Call, secret: Secret) -> dict[str, Any]:
    return {
        "secret_id": str(secret.id),
        "secret_name": secret.name,
        "identity": secret.identity,
        "version": str(secret.version),
        "expiration_date": secret.expiration_date,
        "engine": secret.engine,
        **(_renewal_shown(secret) if call.world.profile.modern else {}),
        "data": values(call, secret),
    }


def _renewal_shown(secret: Secret) -> dict[str, Any]:
    """As 4.0's page of the application shows them, with its spelling of the last one; false is never."""
    shown = {name: getattr(secret, name) or False for name in RENEWAL}
    return {name.replace("ephemeral", "efemeral"): value for name, value in shown.items()}


def _decode(call: Call, encoded: str) -> Content:
    """Base64 of `{"credentials": [...], "access_keys": [...], "key_value": {...}}`; anything else is refused."""
    try:
        sent = _json_object(base64.b64decode(encoded, validate=True).decode(), "data")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise invalid("data") from error
    if set(sent) - {*SECTIONS, "key_value"}:
        raise invalid("data")
    content = Content()
    for plural, single in SECTIONS.items():
        for entry in _entries(sent.get(plural), "data"):
            fields = _fields(entry.get(single))
            if plural == "credentials":
                _add_credential(call, content, fields)
            elif part := _labelled(fields):
                content.add({**part, "TTL": None})
    for entry in _entries(sent.get("key_value"), "data"):
        content.add({str(k): string(v) for k, v in _fields(entry).items()})
    return content


def _add_credential(call: Call, content: Content, fields: dict[str, Any]) -> None:
    """A credential that the vault has gets its address and, when none was sent, its password."""
    part = _labelled(fields)
    item = _in_vault(call, text(fields, "user"), text(fields, "host"))
    if item is None:
        content.add(part)
    elif text(fields, "password"):
        content.add({**part, "ip": item.ip})
    else:
        content.add({**part, "ip": item.ip}, item, str(fields.get("password_label") or "password"))


def _in_vault(call: Call, user: str | None, host: str | None) -> Item | None:
    """The active credential of this user on this host (its name or address) that the caller may use."""
    if not user or not host:
        return None
    same = call.world.store.all(Item, kind=CREDENTIAL, username=user)
    fitting = (i for i in same if host in (i.hostname, i.ip) and i.active and may_use(call.caller, i))
    return next(fitting, None)


def _labelled(fields: dict[str, Any]) -> dict[str, str | None]:
    """`user` + `user_label: USERNAME` becomes `USERNAME: user`; without label the names are those of the samples."""
    return {
        str(fields.get(f"{name}_label") or NAMES.get(name, name)): string(value)
        for name, value in fields.items()
        if not name.endswith("_label")
    }


def _fields(entry: Any) -> dict[str, Any]:
    fields = entry.get("fields") if isinstance(entry, dict) else None
    if not isinstance(fields, dict):
        raise invalid("data")
    return fields


def _entries(value: Any, name: str) -> Iterable[dict[str, Any]]:
    """The objects of a section, which may be one object as well; null and nothing are no objects."""
    parts = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(part, dict) for part in parts):
        raise invalid(name)
    return parts


def string(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _url_base64(value: str, name: str) -> bytes:
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/").replace(",", "="), validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(name) from error


def _json_object(value: str, name: str) -> dict[str, Any]:
    try:
        parsed = json.loads(value)
    except ValueError as error:
        raise invalid(name) from error
    if not isinstance(parsed, dict):
        raise invalid(name)
    return parsed
