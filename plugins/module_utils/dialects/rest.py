# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialect C(rest): paths, verbs, names and nesting of the integration guide. Entities stand inside C(response).

The vendor documents none of this (http-api.md 4), so C(auto) never picks it. Where the guide shows no answer, the
simulator's README says what the project chose.
"""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import vendor
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.base import Call, Dialect, Json, Unseal
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.envelope import (
    attempt,
    entities,
    entity,
    integer,
    required_id,
    required_secret,
    text,
    text_or_none,
    truth,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import SenhaseguraError
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    Credential,
    CredentialInfo,
    CredentialWrite,
    DsmSecret,
    DsmSecretWrite,
    Entries,
    SshKey,
    SshKeyWrite,
    Stored,
    key_text,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import safe_name
from ansible_collections.community.senhasegura.plugins.module_utils.retry import Replay


def _inside(document: Json) -> Json:
    return t.cast(Json, entity(document, "response", dict))


def decode_list(document: Json, unseal: Unseal) -> Entries:
    return vendor.decode_list(_inside(document), unseal)


def decode_password(document: Json, unseal: Unseal) -> Credential:
    item = entity(_inside(document), "credential", dict)
    unreadable: dict[str, SenhaseguraError] = {}
    password = attempt(unreadable, "password", lambda: unseal(required_secret(item, "password")))
    return Credential(
        id=required_id(item),
        password=password,
        expiration=text_or_none(item, "expiration"),
        raw={**item, "password": password},
        unreadable=unreadable,
    )


def encode_reference(reference: str) -> Json:
    return {"credentialId": safe_name(reference)}


def decode_stored(name: str) -> t.Callable[[Json, Unseal], Stored]:
    def decode(document: Json, unseal: Unseal) -> Stored:
        item = entity(_inside(document), name, dict)
        return Stored(
            id=required_id(item),
            identifier=text_or_none(item, "identifier"),
            public_key=text_or_none(item, "public_key"),
        )

    return decode


def encode_credential(model: CredentialWrite) -> Json:
    fields = {
        "identifier": model.identifier,
        "username": model.username,
        "password": model.password,
        "hostname": model.hostname,
        "ip": model.ip,
        "type": model.type,
        "additional_info": model.additional,
        "tags": None if model.tags is None else list(model.tags),
    }
    return {name: value for name, value in fields.items() if value is not None}


def decode_keys(document: Json, unseal: Unseal) -> Entries:
    return Entries(
        CredentialInfo(
            id=required_id(item),
            identifier=text_or_none(item, "identifier"),
            username=text(item, "username"),
            hostname=text(item, "hostname"),
            type=SSH_KEY_TYPE,
            automatic_change=truth(item.get("auto_rotate")),
            public_key=text_or_none(item, "public_key"),
            rotation_days=integer(item.get("rotation_days")),
        )
        for item in entities(_inside(document), "sshkeys")
    )


def decode_key(document: Json, unseal: Unseal) -> SshKey:
    item = entity(_inside(document), "sshkey", dict)
    unreadable: dict[str, SenhaseguraError] = {}
    private_key = attempt(unreadable, "private_key", lambda: key_text(unseal(required_secret(item, "private_key"))))
    sealed = text(item, "passphrase")
    passphrase = attempt(unreadable, "passphrase", lambda: unseal(sealed)) if sealed else None
    return SshKey(
        id=required_id(item),
        private_key=private_key,
        public_key=text(item, "public_key").strip(),
        identifier=text_or_none(item, "identifier"),
        username=text(item, "username"),
        hostname=text(item, "hostname"),
        passphrase=passphrase,
        raw={**item, "private_key": private_key, "passphrase": passphrase},
        unreadable=unreadable,
    )


def encode_key(model: SshKeyWrite) -> Json:
    fields = {
        "identifier": model.identifier,
        "username": model.username,
        "hostname": model.hostname,
        "public_key": model.public_key,
        "private_key": model.private_key,
        "passphrase": model.passphrase,
        "auto_rotate": model.auto_rotate,
        "rotation_days": model.rotation_days,
    }
    return {name: value for name, value in fields.items() if value is not None}


def decode_secrets(document: Json, unseal: Unseal) -> tuple[DsmSecret, ...]:
    return tuple(vendor.decode_secret_item(item, unseal) for item in entities(_inside(document), "secrets"))


def decode_secret(document: Json, unseal: Unseal) -> DsmSecret:
    return vendor.decode_secret_item(entity(_inside(document), "secret", dict), unseal)


def encode_secret(model: DsmSecretWrite) -> Json:
    fields = {
        "identifier": model.identity,
        "name": model.name,
        "engine": model.engine,
        "description": model.description,
        "expiration_date": model.expiration_date,
        "data": list(model.flat()) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


_CREDENTIAL, _KEY, _SECRET = "/api/pam/credential", "/api/pam/sshkey", "/api/dsm/secret"
_SAFE = Replay.SAFE
_NO_SWITCH = "The guide has no call to enable it: use the console, or another dialect"

REST = Dialect(
    "rest",
    "/iso/oauth2/token",
    {
        "credential.list": Call("GET", _CREDENTIAL, decode_list, replay=_SAFE, lists=True),
        "credential.read": Call("GET", "/iso/coe/senha", decode_password, encode_reference, "query", _SAFE),
        "credential.create": Call("POST", _CREDENTIAL, decode_stored("credential"), encode_credential),
        "credential.update": Call("PUT", _CREDENTIAL + "/{ref}", decode_stored("credential"), encode_credential),
        "credential.disable": Call("DELETE", _CREDENTIAL + "/{ref}", vendor.decode_nothing),
        "credential.release": Call(
            "DELETE", "/iso/pam/credential/custody/{ref}", vendor.decode_nothing, replay=Replay.REPEATABLE
        ),
        "credential.rotate": Call("POST", _CREDENTIAL + "/{ref}/rotate", decode_stored("credential")),
        "key.list": Call("GET", _KEY, decode_keys, replay=_SAFE, lists=True),
        "key.read": Call("GET", _KEY + "/{ref}", decode_key, replay=_SAFE),
        "key.create": Call("POST", _KEY, decode_stored("sshkey"), encode_key),
        "key.update": Call("PUT", _KEY + "/{ref}", decode_stored("sshkey"), encode_key),
        "key.rotate": Call("POST", _KEY + "/{ref}/rotate", decode_stored("sshkey")),
        "secret.list": Call("GET", _SECRET, decode_secrets, replay=_SAFE, module="dsm"),
        "secret.read": Call("GET", _SECRET + "/{ref}", decode_secret, replay=_SAFE, module="dsm"),
        "secret.create": Call("POST", _SECRET, decode_secret, encode_secret, module="dsm"),
        "secret.update": Call("PUT", _SECRET + "/{ref}", decode_secret, encode_secret, module="dsm"),
        "secret.delete": Call("DELETE", _SECRET + "/{ref}", vendor.decode_nothing, module="dsm"),
    },
    missing={
        "credential.enable": _NO_SWITCH,
        "key.enable": _NO_SWITCH,
        "key.disable": "The guide has no call to disable a key: use the console, or another dialect",
        "key.release": "Keys have no custody in this dialect",
    },
    unwritable={
        "credential": frozenset({"domain", "parent", "automatic_change", "connectivities", "settings"})
        | {f"device_{name}" for name in ("type", "vendor", "model", "site", "domain", "tags")},
        "key": frozenset({"key_name", "devices", "tags", "enabled"}),
    },
    required={"key.create": {"private_key": "Set the option private_key"}},
    bare_read=True,
)
