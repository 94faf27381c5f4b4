# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialect C(rest): paths, verbs, names and nesting of the integration guide. Entities stand inside C(response).

The vendor documents none of this (http-api.md 4), so C(auto) never picks it. Where the guide shows no response, the
simulator's README says what the project chose.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..dsm_secrets import DsmSecret, DsmSecretWrite
from ..errors import InvalidRequest, SenhaseguraError, UnexpectedResponse
from ..models import (
    SSH_KEY_TYPE,
    Credential,
    CredentialInfo,
    CredentialWrite,
    Entries,
    SshKey,
    SshKeyWrite,
    Stored,
    key_text,
)
from ..redaction import redact
from ..references import safe_name
from . import vendor
from .dialect import Call, Dialect, Unseal, row
from .dsm import decode_secret_item
from .entities import (
    attempt,
    decode_nothing,
    echo,
    echoed_id,
    echoed_text,
    entities,
    entity,
    integer,
    required_id,
    required_secret,
    text,
    text_or_none,
    truth,
)
from .operations import (
    BY_NAME,
    CREATE_CREDENTIAL,
    CREATE_SECRET,
    CREATE_SSH_KEY,
    DELETE_SECRET,
    DISABLE_CREDENTIAL,
    DISABLE_SSH_KEY,
    DSM_ONLY,
    ENABLE_CREDENTIAL,
    ENABLE_SSH_KEY,
    LIST_CREDENTIALS,
    LIST_SECRETS,
    LIST_SSH_KEYS,
    MYSAFE,
    READ_CREDENTIAL,
    READ_SECRET,
    READ_SSH_KEY,
    RELEASE_CREDENTIAL,
    RELEASE_SSH_KEY,
    ROTATE_CREDENTIAL,
    ROTATE_SSH_KEY,
    UPDATE_CREDENTIAL,
    UPDATE_SECRET,
    UPDATE_SSH_KEY,
    Area,
)
from .strict_json import Json


def _inside(document: Json) -> Json:
    return entity(document, "response")


def decode_list(document: Json, unseal: Unseal) -> Entries:
    """Decode the list of credentials. The guide shows that of the vendor, inside C(response)."""
    return vendor.decode_list(_inside(document), unseal)


def decode_password(document: Json, unseal: Unseal) -> Credential:
    """Decode a read, which gives the password and nothing else but id and expiration."""
    item = entity(_inside(document), "credential")
    unreadable: dict[str, SenhaseguraError] = {}
    password = attempt(unreadable, "password", lambda: unseal(required_secret(item, "password")))
    return Credential(
        id=required_id(item),
        password=password,
        expires_at=text_or_none(item, "expiration"),
        raw={**item, "password": password},
        unreadable=unreadable,
    )


def encode_reference(reference: str) -> Json:
    """Encode what is to be read, which this dialect has in the query string. Raises ConfigError."""
    return {"credentialId": safe_name(reference)}


def decode_stored(name: str) -> t.Callable[[Json, Unseal], Stored]:
    """Return a decoder of the receipt for a write, whose entity has this name."""

    def decode(document: Json, unseal: Unseal) -> Stored:
        item = echo(echo(document, "response"), name)
        return Stored(
            id=echoed_id(item),
            identifier=echoed_text(item, "identifier"),
            public_key=echoed_text(item, "public_key"),
        )

    return decode


def encode_credential(model: CredentialWrite) -> Json:
    """Encode a credential. None is left out."""
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
    """Decode the list of SSH keys."""
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
    """Decode an SSH key pair."""
    item = entity(_inside(document), "sshkey")
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
    """Encode an SSH key. None is left out."""
    fields = {
        "identifier": model.identifier,
        "username": model.username,
        "hostname": model.hostname,
        "public_key": model.public_key,
        "private_key": model.private_key,
        "passphrase": model.passphrase,
        "auto_rotate": model.automatic_change,
        "rotation_days": model.rotation_days,
    }
    return {name: value for name, value in fields.items() if value is not None}


def decode_secrets(document: Json, unseal: Unseal) -> tuple[DsmSecret, ...]:
    """Decode the list of DSM secrets. It may be without values, which the path of each secret then gives."""
    return tuple(_listed_secret(item, unseal) for item in entities(_inside(document), "secrets"))


def _listed_secret(item: Json, unseal: Unseal) -> DsmSecret:
    if item.get("data") is not None:
        return _secret(item, unseal)
    return dataclasses.replace(decode_secret_item({**item, "data": []}, unseal), incomplete=True)


def _secret(item: Json, unseal: Unseal) -> DsmSecret:
    secret = decode_secret_item(item, unseal)
    # It was sent as one map, and comes back as that or as a list with that.
    return dataclasses.replace(secret, as_one=len(secret.data) == 1)


def decode_secret(document: Json, unseal: Unseal) -> DsmSecret:
    """Decode one DSM secret."""
    return _secret(entity(_inside(document), "secret"), unseal)


def decode_stored_secret(document: Json, unseal: Unseal) -> tuple[DsmSecret, ...] | None:
    """Return the secret that the response to a write shows, or None: the write is done in any case."""
    try:
        return (decode_secret(document, unseal),)
    except UnexpectedResponse:
        return None


def encode_secret(model: DsmSecretWrite) -> Json:
    """Encode a DSM secret as the guide's author sends it: all names and values in one map (client-strictness.md 16)."""
    data: dict[str, str] = {}
    for block in model.flat():
        for name, value in block.items():
            if data.setdefault(name, value) != value:
                raise InvalidRequest(
                    f"the data has two values under the name {redact(name, [])}, and the dialect rest sends one map",
                    hint="Give one of them another label",
                ).with_context(subject=f"DSM secret {model.identifier}")
    fields = {
        "identifier": model.identifier,
        "name": model.name,
        "engine": model.engine,
        "description": model.description,
        "expiration_date": model.expires_at,
        "application": model.application,
        "system": model.system,
        "environment": model.environment,
        "data": data or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


_CREDENTIAL, _KEY, _SECRET = "/api/pam/credential", "/api/pam/sshkey", "/api/dsm/secret"
_CALLS = (
    row(LIST_CREDENTIALS, Call("GET", _CREDENTIAL, decode_list, lists=True)),
    row(READ_CREDENTIAL, Call("GET", "/iso/coe/senha", decode_password, encode_reference, "query")),
    row(CREATE_CREDENTIAL, Call("POST", _CREDENTIAL, decode_stored("credential"), encode_credential)),
    row(UPDATE_CREDENTIAL, Call("PUT", _CREDENTIAL + "/{ref}", decode_stored("credential"), encode_credential)),
    row(DISABLE_CREDENTIAL, Call("DELETE", _CREDENTIAL + "/{ref}", decode_nothing)),
    row(RELEASE_CREDENTIAL, Call("DELETE", "/iso/pam/credential/custody/{ref}", decode_nothing)),
    row(ROTATE_CREDENTIAL, Call("POST", _CREDENTIAL + "/{ref}/rotate", decode_stored("credential"))),
    row(LIST_SSH_KEYS, Call("GET", _KEY, decode_keys, lists=True)),
    row(READ_SSH_KEY, Call("GET", _KEY + "/{ref}", decode_key)),
    row(CREATE_SSH_KEY, Call("POST", _KEY, decode_stored("sshkey"), encode_key)),
    row(UPDATE_SSH_KEY, Call("PUT", _KEY + "/{ref}", decode_stored("sshkey"), encode_key)),
    row(ROTATE_SSH_KEY, Call("POST", _KEY + "/{ref}/rotate", decode_stored("sshkey"))),
    row(LIST_SECRETS, Call("GET", _SECRET, decode_secrets, module="dsm", lists=True)),
    row(READ_SECRET, Call("GET", _SECRET + "/{ref}", decode_secret, module="dsm")),
    row(CREATE_SECRET, Call("POST", _SECRET, decode_stored_secret, encode_secret, module="dsm")),
    row(UPDATE_SECRET, Call("PUT", _SECRET + "/{ref}", decode_stored_secret, encode_secret, module="dsm")),
    row(DELETE_SECRET, Call("DELETE", _SECRET + "/{ref}", decode_nothing, module="dsm")),
)
_NO_DSM = "The guide has calls for DSM secrets only: use the console, or the dialect api or iso"
_NO_MYSAFE = "The guide has no call for MySafe: use the console, or the plugins for MySafe with the vendor's server"
# What the guide has no call for at all.
_NONE_OF = {
    Area.DEVICES: "devices",
    Area.SCIM_USERS: "SCIM",
    Area.RELATED_USERS: "related users",
    Area.SESSIONS: "sessions",
    Area.INFORMATION: "protected information",
}
_NO_SWITCH = "The guide has no call to enable it: use the console, or another dialect"


def _with_meaning_of_404(call: Call[t.Any]) -> Call[t.Any]:
    """Set what 404 means: in the guide, an unknown object ("Verify resource ID"). The vendor has 400 and a number."""
    return dataclasses.replace(call, names_object="{ref}" in call.path or call.encode is encode_reference)


REST = Dialect(
    "rest",
    "/iso/oauth2/token",
    {operation: _with_meaning_of_404(call) for operation, call in _CALLS},
    missing={
        **{operation: _NO_DSM for operation in BY_NAME.values() if operation.area in DSM_ONLY},
        **{operation: _NO_MYSAFE for operation in BY_NAME.values() if operation.area in MYSAFE},
        **{
            one: f"The guide has no call for {_NONE_OF[one.area]}: use the console, or the dialect api or iso"
            for one in BY_NAME.values()
            if one.area in _NONE_OF
        },
        ENABLE_CREDENTIAL: _NO_SWITCH,
        ENABLE_SSH_KEY: _NO_SWITCH,
        DISABLE_SSH_KEY: "The guide has no call to disable a key: use the console, or another dialect",
        RELEASE_SSH_KEY: "Keys have no custody in this dialect",
    },
    unwritable={
        Area.CREDENTIALS: frozenset({"domain", "parent", "automatic_change", "connectivities", "settings"})
        | {f"device_{name}" for name in ("type", "vendor", "model", "site", "domain", "tags")},
        Area.SSH_KEYS: frozenset({"key_name", "devices", "tags", "enabled"}),
        Area.SECRETS: frozenset({"renewal"}),
    },
    required={CREATE_SSH_KEY: {"private_key": "Set the option private_key"}},
    bare_read=True,
)
