# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM encryption keys, and texts that the server encrypts and decrypts with them (facts-dsm.md 7)."""

from __future__ import annotations

import dataclasses
import typing as t

from ..dialects.operations import (
    CREATE_ENCRYPTION_KEY,
    DECRYPT,
    DISABLE_ENCRYPTION_KEY,
    ENCRYPT,
    LIST_ENCRYPTION_KEYS,
    UPDATE_ENCRYPTION_KEY,
    Area,
    Operation,
    Verb,
    operation_of,
)
from ..dsm_models import DecryptWrite, EncryptionKey, EncryptionKeyWrite, EncryptWrite
from ..errors import AlreadyDone, NotFound
from ..plan import Action
from ..references import Reference
from .api import Api
from .named import one_named

_Text = t.TypeVar("_Text")


class EncryptionKeys:
    """The DSM encryption keys."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: EncryptionKeyWrite | None = None) -> None:
        """Raise what create, update or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.ENCRYPTION_KEYS, Verb(action)), model)

    def list(self) -> tuple[EncryptionKey, ...]:
        """Return all encryption keys, those that are disabled as well."""
        return self._api.call(LIST_ENCRYPTION_KEYS, subject="the list of encryption keys")

    def find(self, *, id: str | None, name: str | None) -> EncryptionKey | None:  # noqa: A002
        """Return the key with this id, or else this name, or None. Raises InvalidRequest if several fit."""
        return one_named(self.list(), id, name, "encryption key")

    def store(self, wanted: EncryptionKeyWrite, held: EncryptionKey | None) -> str:
        """Create a key or update ``held``. Returns its id, or "" if the server does not tell."""
        subject = f"encryption key {wanted.name}"
        if held is None:
            return self._api.call(CREATE_ENCRYPTION_KEY, model=wanted, subject=subject)
        return self._api.call(UPDATE_ENCRYPTION_KEY, ref=held.id, model=wanted, subject=subject) or held.id

    def disable(self, held: EncryptionKey) -> bool:
        """Disable a key. Returns whether it was enabled."""
        try:
            self._api.call(DISABLE_ENCRYPTION_KEY, ref=held.id, subject=f"encryption key {held.name}")
        except (AlreadyDone, NotFound):
            return False
        return True

    def encrypt(self, key: str, value: str, version: str) -> str:
        """Return a text encrypted with a version of the key of this id or name."""
        return self._converted(ENCRYPT, EncryptWrite(self._id_of(key), value, version), key).value

    def decrypt(self, key: str, value: str, version: str) -> str:
        """Return the text that was encrypted with a version of the key of this id or name."""
        return self._converted(DECRYPT, DecryptWrite(self._id_of(key), value, version), key).value

    def _converted(self, operation: Operation[_Text], model: EncryptWrite | DecryptWrite, key: str) -> _Text:
        """Have the server encrypt or decrypt a text. Raises NotFound, which says what to look at."""
        try:
            return self._api.call(operation, model=model, subject=f"encryption key {key}")
        except NotFound as exc:
            raise _not_found(key).with_context(**dataclasses.asdict(exc.context)) from None

    def _id_of(self, key: str) -> str:
        """Return the id of a key that is named by id or name. Raises NotFound or InvalidRequest."""
        if Reference(key).is_id:
            return key
        # Before the list: what this dialect cannot do makes no request.
        self._api.dialect().call(ENCRYPT)
        found = self.find(id=None, name=key)
        if found is None:
            raise _not_found(key).with_context(**self._api.place(LIST_ENCRYPTION_KEYS))
        return found.id


def _not_found(key: str) -> NotFound:
    return NotFound(
        f"encryption key {key} not found",
        hint="Check id or name, and that the key is assigned to the DSM authorization of this client (console: DevOps "
        "Secret Manager, its application > Authorizations, tab Encryption Keys)",
    ).with_context(subject=f"encryption key {key}")
