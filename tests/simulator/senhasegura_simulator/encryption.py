# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DSM encryption keys, with AES-GCM. 3.32 and 4.0 differ in names, times and booleans."""

from __future__ import annotations

import base64
import binascii
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .call import Call
from .dsm import own_application
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .store import EncryptionKey
from .wire import console_time, invalid, iso_utc, naive, text

BYTES = {"aes128-gcm96": 16, "aes256-gcm96": 32}
NONCE = 12


def list_keys(call: Call) -> Reply:
    own = own_application(call)
    keys = call.world.store.all(EncryptionKey, application=own.id)
    return reply(call, "Encryption keys list", encryption_keys=[_entity(call, key) for key in keys])


def read_key(call: Call) -> Reply:
    return reply(call, "Encryption key retrieved successfully", encryption_key=_entity(call, _by_id(call)))


def create_key(call: Call) -> Reply:
    params = call.params
    for name in ("name", "algorithm"):
        if not text(params, name):
            raise numbered(1001, name)
    algorithm = text(params, "algorithm") or ""
    if algorithm not in BYTES:
        raise invalid("algorithm")
    own = own_application(call)
    if call.world.store.first(EncryptionKey, application=own.id, name=text(params, "name")):
        raise Problem("Encryption key already exists")
    material = base64.b64encode(secrets.token_bytes(BYTES[algorithm])).decode()
    key = _store(call, EncryptionKey(application=own.id or 0, algorithm=algorithm, material=material))
    return reply(call, "Encryption key created successfully", id=str(key.id))


def update_key(call: Call) -> Reply:
    """The algorithm belongs to the material and stays."""
    key = _store(call, _by_id(call))
    return reply(call, "Encryption key updated successfully", encryption_key=_entity(call, key))


def disable_key(call: Call) -> Reply:
    key = _by_id(call)
    key.enabled = False
    call.world.store.save(key)
    word = "disabled" if call.world.profile.modern else "deleted"
    return reply(call, f"Encryption key {word} successfully")


def encrypt_text(call: Call) -> Reply:
    cipher, value = _cipher(call)
    nonce = secrets.token_bytes(NONCE)
    sealed = base64.b64encode(nonce + cipher.encrypt(nonce, value.encode(), None)).decode()
    return reply(call, "Value encrypted successfully", encrypted_value=sealed)


def decrypt_text(call: Call) -> Reply:
    """The sample of 3.32 has the clear text under the name of the encrypted one."""
    cipher, value = _cipher(call)
    try:
        sealed = base64.b64decode(value, validate=True)
        opened = cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except (binascii.Error, InvalidTag, ValueError) as error:
        raise invalid("value") from error
    modern = call.world.profile.modern
    shown = base64.b64encode(opened).decode() if call.world.settings.base64_decrypted else opened.decode()
    entity: dict[str, Any] = {"decrypted_value" if modern else "encrypted_value": shown}
    return reply(call, "Value decrypted successfully", **entity)


def _cipher(call: Call) -> tuple[AESGCM, str]:
    params, own = call.params, own_application(call)
    field = "key_id" if call.world.profile.modern else "key"
    for name in (field, "value"):
        if not text(params, name):
            raise numbered(1001, name)
    ref = text(params, field) or ""
    store = call.world.store
    key = store.first(EncryptionKey, id=int(ref), application=own.id) if ref.isdecimal() else None
    if key is None and field == "key":
        key = store.first(EncryptionKey, name=ref, application=own.id)
    if key is None:
        raise _unknown()
    if not key.enabled or (key.expires is not None and key.expires <= call.world.now()):
        raise Problem("Encryption key is disabled")
    if text(params, "version") not in (None, "1"):
        raise invalid("version")
    return AESGCM(base64.b64decode(key.material)), text(params, "value") or ""


def _store(call: Call, key: EncryptionKey) -> EncryptionKey:
    """What is left out stays as it is."""
    for name in ("name", "description"):
        if (value := text(call.params, name)) is not None:
            setattr(key, name, value)
    ends = text(call.params, "expiration_date")
    if ends is not None:
        key.expires = console_time(call, ends, "expiration_date")
    return call.world.store.save(key)


def _by_id(call: Call) -> EncryptionKey:
    ref = call.args["ref"]
    number = int(ref) if ref.isdecimal() else 0
    key = call.world.store.first(EncryptionKey, id=number, application=own_application(call).id)
    if key is None:
        raise _unknown()
    return key


def _unknown() -> Problem:
    return Problem("Encryption key not found", 404, error_code=404)


def _entity(call: Call, key: EncryptionKey) -> dict[str, Any]:
    ends = iso_utc(key.expires)
    if not call.world.profile.modern:
        local = naive(call, key.expires)
        ends = f"{local[5:7]}/{local[8:10]}/{local[:4]}{local[10:]}" if local else ""
    return {
        "id": str(key.id),
        "name": key.name,
        "description": key.description,
        "algorithm": key.algorithm,
        "expiration_date": ends,
        "enabled": call.world.profile.flag(key.enabled),
    }
