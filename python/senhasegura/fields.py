# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read one field of a credential, an SSH key or a DevOps secret as text. Custody is taken only for what needs it."""

from __future__ import annotations

import typing as t

from ._core.models import Credential, CredentialInfo, SshKey, fields_of
from .a2a import A2A
from .exceptions import FieldNotFound

# What can be read, with the field that is meant when none is named. A DevOps secret has the keys that it was given.
CREDENTIAL, SSH_KEY, SECRET = "credential", "ssh_key", "secret"
NOUNS = {CREDENTIAL: "credential", SSH_KEY: "SSH key"}
MAIN_FIELD = {CREDENTIAL: "password", SSH_KEY: "private_key"}
# Servers list the public key or not.
_LISTED = tuple(name for name in fields_of(CredentialInfo) if name != "public_key")
_MODELS: dict[str, type[Credential | SshKey]] = {CREDENTIAL: Credential, SSH_KEY: SshKey}


def fields_of_kind(kind: str) -> list[str]:
    """Return the names of all fields that a credential or SSH key has."""
    return list(dict.fromkeys([MAIN_FIELD[kind], *fields_of(_MODELS[kind]), *_LISTED]))


def read_field(
    client: A2A, kind: str, name: str, field: str, *, release: bool = False, allow_vault_rotation: bool = False
) -> str:
    """Return one field as text. Raises APIError, and FieldNotFound for a field that there is not, or that is empty.

    :param kind: credential, ssh_key or secret
    :param name: id, identifier or username@hostname; of a DevOps secret the identifier
    :param release: give custody back at once, if it was taken
    """
    if kind == SECRET:
        return client.get_secret_value(name, field)
    if field not in fields_of_kind(kind):
        hint = f"Fields are: {', '.join(fields_of_kind(kind))}"
        raise FieldNotFound(f"{NOUNS[kind]} {name} has no field {field}", hint=hint).with_context(option="field")
    if field in _LISTED:
        info = client.credential_info(name) if kind == CREDENTIAL else client.ssh_key_info(name)
        value = getattr(info, field)
    else:
        read = client.get_credential if kind == CREDENTIAL else client.get_ssh_key
        value = getattr(read(name, release=release, allow_vault_rotation=allow_vault_rotation), field)
    if value in (None, "", ()):
        hint = "Set it on the server, or ask for another field"
        raise FieldNotFound(f"{NOUNS[kind]} {name} has no value for {field}", hint=hint)
    return as_text(value)


def as_text(value: t.Any) -> str:
    """Return a value of a field as text: lists joined by commas, booleans as true and false."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
