# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's calls for DSM automations and encryption keys (facts-dsm.md 6 and 7).

Encryption has two forms on the wire: the page of 3.32 names a key by C(key), and that of 4.0 by C(key_id).
"""

from __future__ import annotations

import contextlib
import datetime
import typing as t

from ..dsm_models import (
    Automation,
    AutomationWrite,
    Ciphertext,
    Cleartext,
    DecryptWrite,
    EncryptionKey,
    EncryptionKeyWrite,
    EncryptWrite,
)
from ..errors import UnexpectedResponse
from .dialect import Call, Row, Unseal, row
from .entities import (
    as_list,
    decode_nothing,
    echo,
    echoed_id,
    entities,
    given,
    joined,
    required_id,
    tag_list,
    text,
    text_or_none,
    truth,
)
from .operations import (
    CREATE_AUTOMATION,
    CREATE_ENCRYPTION_KEY,
    DECRYPT,
    DELETE_AUTOMATION,
    DISABLE_ENCRYPTION_KEY,
    ENCRYPT,
    LIST_AUTOMATIONS,
    LIST_ENCRYPTION_KEYS,
    UPDATE_AUTOMATION,
    UPDATE_ENCRYPTION_KEY,
)
from .strict_json import Json

_TIME = "%Y-%m-%d %H:%M:%S"


def decode_automations(document: Json, unseal: Unseal) -> tuple[Automation, ...]:
    """Decode the list of automations, which shows neither description nor triggers nor whether one is enabled."""
    return tuple(
        Automation(
            id=required_id(item),
            name=text(item, "name"),
            tags=tag_list(item.get("tags")),
            plugin=text(item, "plugin"),
            template=text(item, "template"),
            applications=_names(item.get("applications")),
            secrets=_names(item.get("secrets")),
            devices=_names(item.get("devices")),
        )
        for item in entities(document, "automations")
    )


def _names(value: t.Any) -> tuple[str, ...]:
    """Return a list of names. Raises UnexpectedResponse for anything else, or a difference would be made up."""
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, (str, int)) for item in value):
        raise UnexpectedResponse("the applications, secrets and devices of an automation must be lists of names")
    return tuple(str(item) for item in value)


def encode_automation(model: AutomationWrite) -> Json:
    """Encode an automation. None is left out."""
    return given(
        name=model.name,
        tags=joined(model.tags),
        enabled=model.enabled,
        description=model.description,
        triggers=as_list(model.triggers),
        applications=as_list(model.applications),
        secrets=as_list(model.secrets),
        plugin=model.plugin,
        template=model.template,
        devices=as_list(model.devices),
    )


def decode_automation_id(document: Json, unseal: Unseal) -> str:
    """Return the id of an automation that was written, or ""."""
    return echoed_id(echo(document, "automation"))


def decode_keys(document: Json, unseal: Unseal) -> tuple[EncryptionKey, ...]:
    """Decode the list of encryption keys."""
    return tuple(
        EncryptionKey(
            id=required_id(item),
            name=text(item, "name"),
            description=text(item, "description"),
            algorithm=text(item, "algorithm"),
            expires_at=_read_time(text_or_none(item, "expiration_date")),
            enabled=truth(item.get("enabled")),
        )
        for item in entities(document, "encryption_keys")
    )


def _read_time(value: str | None) -> str | None:
    """Return a time as C(YYYY-MM-DD HH:MM:SS), from that, C(MM/DD/YYYY HH:MM:SS) or ISO 8601; else as it is."""
    for form in (_TIME, "%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        try:
            return datetime.datetime.strptime(value or "", form).strftime(_TIME)
        except ValueError:
            continue
    return value


def decode_key_id(document: Json, unseal: Unseal) -> str:
    """Return the id of an encryption key that was written, or "": it stands at the top, or in the entity."""
    return echoed_id(document) or echoed_id(echo(document, "encryption_key"))


def encode_key_with(form: str) -> t.Callable[[EncryptionKeyWrite], Json]:
    """Return an encoder of an encryption key, which writes times in this form of strftime."""

    def encode(model: EncryptionKeyWrite) -> Json:
        expires = model.expires_at
        if expires:
            # One that was read in an unknown form goes back as it is.
            with contextlib.suppress(ValueError):
                expires = datetime.datetime.strptime(expires, _TIME).strftime(form)
        return given(name=model.name, description=model.description, algorithm=model.algorithm, expiration_date=expires)

    return encode


def encode_text_by(field: str) -> t.Callable[[EncryptWrite | DecryptWrite], Json]:
    """Return an encoder of a text to encrypt or decrypt, which names the key in this field."""

    def encode(model: EncryptWrite | DecryptWrite) -> Json:
        return {field: model.key, "version": model.version, "value": model.value}

    return encode


def decode_ciphertext(document: Json, unseal: Unseal) -> Ciphertext:
    """Decode an encrypted text. Raises UnexpectedResponse if it is empty."""
    return Ciphertext(_converted(document, "encrypted_value"))


def decode_cleartext(document: Json, unseal: Unseal) -> Cleartext:
    """Decode a decrypted text. The page of 3.32 shows it under the name of the encrypted one."""
    return Cleartext(_converted(document, "decrypted_value", "encrypted_value"))


def _converted(document: Json, *names: str) -> str:
    value = next((document[name] for name in names if name in document), None)
    if not isinstance(value, str) or (not value and len(names) == 1):
        raise UnexpectedResponse(f"the answer does not have a {names[0]}")
    return value


def tool_calls(*, key_field: str, time_form: str) -> tuple[Row, ...]:
    """Return the rows of the table.

    :param key_field: the name of the field that names the key of an encryption
    :param time_form: how the end of an encryption key is written, as strftime takes it
    """
    automation, key = "/iso/sctm/automation", "/iso/sctm/encryption/key"
    write_key, convert = encode_key_with(time_form), encode_text_by(key_field)

    def call(method: str, path: str, decode: t.Any, encode: t.Any = None, **more: t.Any) -> Call[t.Any]:
        return Call(method, path, decode, encode, module="dsm", **more)

    return (
        row(LIST_AUTOMATIONS, call("GET", "/iso/sctm/automations", decode_automations, lists=True)),
        row(CREATE_AUTOMATION, call("POST", automation, decode_automation_id, encode_automation)),
        row(UPDATE_AUTOMATION, call("PUT", automation + "/{ref}", decode_automation_id, encode_automation)),
        row(DELETE_AUTOMATION, call("DELETE", automation + "/{ref}", decode_nothing)),
        row(LIST_ENCRYPTION_KEYS, call("GET", key, decode_keys, lists=True)),
        row(CREATE_ENCRYPTION_KEY, call("POST", key, decode_key_id, write_key)),
        row(UPDATE_ENCRYPTION_KEY, call("PUT", key + "/{ref}", decode_key_id, write_key)),
        row(DISABLE_ENCRYPTION_KEY, call("DELETE", key + "/{ref}", decode_nothing)),
        row(ENCRYPT, call("POST", "/iso/sctm/encryption/encrypt", decode_ciphertext, convert)),
        row(DECRYPT, call("POST", "/iso/sctm/encryption/decrypt", decode_cleartext, convert)),
    )
