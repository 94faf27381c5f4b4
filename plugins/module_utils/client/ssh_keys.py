# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH keys: what the server can do with them, in terms of the models."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from ..ciphertext import looks_encrypted
from ..dialects.operations import (
    CREATE_SSH_KEY,
    DISABLE_SSH_KEY,
    ENABLE_SSH_KEY,
    LIST_CREDENTIALS,
    LIST_SSH_KEYS,
    READ_SSH_KEY,
    RELEASE_SSH_KEY,
    ROTATE_SSH_KEY,
    UPDATE_SSH_KEY,
    Area,
    Operation,
    Verb,
    operation_of,
)
from ..errors import AlreadyDone, InvalidRequest, NotFound, Refused, SenhaseguraError, UnexpectedResponse
from ..models import CredentialInfo, Entries, KeyRotation, SshKey, SshKeyWrite, Stored, require_readable
from ..plan import Action
from ..queries import ById, ByIdentifier, Find, Matching, OfKind, Query, Require, wanted_name, wrong_kind
from ..references import Reference
from .activation import says_inactive, switched
from .api import Api
from .changes import wait_for_change
from .custody_rules import OnReleaseFailure, after_read, fail, naming_custody, refuse_stale_read

if t.TYPE_CHECKING:
    from ..keypair import KeyPair

PREVIOUS = "--previous"
_Answer = t.TypeVar("_Answer")


class SshKeys:
    """The SSH keys that the authorization may see. They share the id space of the credentials."""

    noun = "SSH key"

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: SshKeyWrite | None = None) -> None:
        """Raise what create, update, enable or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.SSH_KEYS, Verb(action)), model)

    def writable(self, fields: t.Iterable[str]) -> tuple[str, ...]:
        """Return those fields of a write that the dialect can write."""
        return self._api.writable(Area.SSH_KEYS, fields)

    def select(self, query: Query[_Answer], *, subject: str = "the list of SSH keys", fresh: bool = False) -> _Answer:
        """Answer a query about all keys, without private keys and without taking custody.

        :param subject: what is looked for, as errors name it
        """
        return self._select(OfKind("keys", query), subject=subject, fresh=fresh)

    def _select(self, query: Query[_Answer], *, subject: str, fresh: bool = False) -> _Answer:
        """Answer it by the list that has the keys: that of the credentials where the dialect has no other."""
        return self._api.select(self._list(), query, subject=subject, fresh=fresh)

    def _list(self) -> Operation[Entries]:
        return LIST_SSH_KEYS if self._api.dialect().supports(LIST_SSH_KEYS) else LIST_CREDENTIALS

    def has_own_list(self) -> bool:
        """Return whether the list of credentials has no keys in it. Raises SenhaseguraError."""
        return self._list() is not LIST_CREDENTIALS

    def matching(self, wanted: t.Mapping[str, t.Any]) -> Entries:
        """Return the keys that have all the ``wanted`` values."""
        return self.select(Matching(wanted), subject=wanted_name("SSH keys", wanted))

    def info(self, ref: Reference) -> CredentialInfo:
        """Return what the list says of one key. Raises NotFound."""
        return self._select(Require(ref, "keys"), subject=f"SSH key {ref}")

    def find(self, ref: Reference, *, fresh: bool = False) -> CredentialInfo | None:
        """Return what the list says of one key, or None. Inactive ones may not be listed."""
        return self._select(Find(ref, "keys"), subject=f"SSH key {ref}", fresh=fresh)

    def listed(self, id_: str, *, fresh: bool = False) -> CredentialInfo | None:
        """Return the entry with this id, which may be a credential where the dialect has one list, or None."""
        return self._select(ById(id_), subject=f"SSH key {id_}", fresh=fresh)

    def match(self, identifier: str) -> CredentialInfo | None:
        """Return the key that a write with this identifier would hit. The server searches for keys by nothing else."""
        entry = self._select(ByIdentifier(identifier), subject=f"SSH key {identifier}")
        if entry is not None and not entry.is_key:
            error = wrong_kind(entry, "credentials")
            raise error.with_context(subject=f"SSH key {identifier}", **self._api.place(self._list()))
        return entry

    def is_inactive(self, identifier: str) -> bool:
        """Return whether the server knows an inactive key of this identifier: see C(Credentials.is_inactive)."""
        return says_inactive(self._api, Area.SSH_KEYS, [Reference(identifier, "identifier")])

    def read(
        self,
        ref: Reference,
        *,
        release: bool = False,
        allow_vault_rotation: bool = False,
        fresh: bool = False,
        partial: bool = False,
        on_release_failure: OnReleaseFailure = fail,
    ) -> SshKey:
        """Read a key pair. **Takes custody**, which ``release`` gives back after the read.

        Nothing is read before it is certain which key is meant.

        :param partial: return a key whose private part cannot be opened as well, with the reason
        :param on_release_failure: gets the error of a release that fails, which says whose custody is still held
        """
        if release:
            self._api.dialect().check(RELEASE_SSH_KEY)
        info = None
        if release or not ref.is_certain:
            # Only an id is a documented path, and an inactive key is not listed.
            info = self.find(ref) if ref.is_id and not release else self.info(ref)
        if info is not None and release:
            refuse_stale_read(info, allow_vault_rotation)
        key = self._read(info.id if info else ref.text, ref, fresh=fresh, partial=True)
        if release:
            after_read(lambda: self.release(key.id, ref), on_release_failure)
        if not partial:
            require_readable(key.unreadable, f"SSH key {ref}")
        return key

    def _read(self, key_id: str, ref: Reference, *, fresh: bool = False, partial: bool = False) -> SshKey:
        key = self._api.call(READ_SSH_KEY, ref=key_id, subject=f"SSH key {ref}", fresh=fresh)
        if key.id != key_id:
            raise UnexpectedResponse(
                f"the answer is about SSH key {key.id} instead of {key_id}",
                hint="Compare both in the console; a proxy or cache in front of the server may mix answers up",
            ).with_context(subject=f"SSH key {ref}", **self._api.place(READ_SSH_KEY))
        if not partial:
            require_readable(key.unreadable, f"SSH key {ref}")
        return key

    def release(self, key_id: str, ref: Reference) -> bool:
        """Give the custody of a key back. Returns whether this client had it."""
        with naming_custody(f"SSH key {ref}", read=True):
            try:
                self._api.call(RELEASE_SSH_KEY, ref=key_id, subject=f"SSH key {ref}")
            except AlreadyDone:
                return False
        return True

    def store(self, wanted: SshKeyWrite, info: CredentialInfo | None) -> Stored:
        """Register the key, or update the one that ``info`` describes."""
        subject = f"SSH key {wanted.identifier}"
        if info is None:
            stored = self._api.call(CREATE_SSH_KEY, model=wanted, subject=subject)
            return stored if stored.id else self._listed_as(stored, wanted.identifier)
        stored = self._api.call(UPDATE_SSH_KEY, ref=info.id, model=wanted, subject=subject)
        if stored.id not in ("", info.id):
            raise UnexpectedResponse(
                f"the server wrote SSH key {stored.id} instead of {info.id}", hint="Compare both in the console"
            ).with_context(subject=subject, **self._api.place(UPDATE_SSH_KEY))
        return dataclasses.replace(stored, id=info.id, identifier=stored.identifier or wanted.identifier)

    def _listed_as(self, stored: Stored, identifier: str) -> Stored:
        """Return the receipt with the listed id, when the response has none. It is written, so nothing fails."""
        entry = None
        with contextlib.suppress(SenhaseguraError):
            entry = self._select(ByIdentifier(identifier), subject=f"SSH key {identifier}", fresh=True)
        return dataclasses.replace(stored, id=entry.id if entry else "", identifier=identifier)

    def enable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Activate a key (``info``: from ``find``). Returns whether it was inactive."""
        return self._switch(ENABLE_SSH_KEY, ref, info)

    def disable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Deactivate a key; the server erases nothing. Returns whether it was active."""
        return self._switch(DISABLE_SSH_KEY, ref, info)

    def _switch(self, operation: Operation[None], ref: Reference, info: CredentialInfo | None) -> bool:
        key_id = info.id if info else ref.text
        if info is None and not ref.is_id:
            raise NotFound(
                f"SSH key {ref} is not in the list of the server",
                hint="Check the name, and that the authorization may see it; an inactive one is found by its id only",
            ).with_context(**self._api.place(self._list()))
        return switched(self._api, operation, key_id, f"SSH key {ref}")

    def new_pair(self, make: t.Callable[[], KeyPair]) -> KeyPair:
        """Return the key pair that ``make`` makes, and the same again if the operation is repeated."""
        # Imported lazily: cryptography takes 20 ms to import, and hardly any run makes a key.
        from .. import keypair

        return keypair.KeyPair(**self._api.remember(lambda: dataclasses.asdict(make())))

    def server_rotates(self) -> bool:
        """Return whether the dialect has a call that makes the server rotate a key."""
        return self._api.dialect().supports(ROTATE_SSH_KEY)

    def rotatable(self, ref: Reference, *, by_server: bool) -> CredentialInfo:
        """Return the entry of a key that the server, or else this client, can replace. Raises Refused."""
        info = self.info(ref)
        problem, hint = "", ""
        if by_server:
            if not (self.server_rotates() or info.automatic_change):
                problem = "has no automatic change, so the server would not replace it"
                hint = "Configure automatic change for it in the console, or rotate with mode=client"
        elif info.automatic_change:
            problem, hint = "is changed by the vault, which would interfere", "Rotate with mode=vault"
        elif not info.identifier:
            problem, hint = "has no identifier, so the server cannot update it", "Register it anew with one"
        if problem:
            raise Refused(f"SSH key {ref} {problem}", hint=hint).with_context(subject=f"SSH key {ref}")
        return info

    def rotate_by_server(self, ref: Reference, *, wait: float, poll: float = 2.0) -> KeyRotation:
        """Have the server replace the key pair, and wait up to ``wait`` seconds until the list shows the change.

        Where the dialect has no call for it, custody is taken and released, which triggers the change that must be
        configured for the key.
        """
        before = self.rotatable(ref, by_server=True)
        if self.server_rotates():
            previous = before.public_key
            now = self._api.call(ROTATE_SSH_KEY, ref=before.id, subject=f"SSH key {ref}").public_key
        else:
            previous, now = self._read(before.id, ref, fresh=True, partial=True).public_key, None
            self.release(before.id, ref)
        if wait > 0 and now in (None, previous):
            find = functools.partial(self.find, fresh=True)
            now = wait_for_change(find, before, wait=wait, poll=poll).public_key
        return KeyRotation(before.id, before.identifier, None if now == previous else now, previous or None)

    def replace(self, ref: Reference, pair: KeyPair, *, keep_previous: bool) -> KeyRotation:
        """Register a new key pair in place of the old one, and read it back.

        The old pair is stored first, and read back, as ``<identifier>--previous``: hosts accept it until the new one
        is installed on them, and it would be lost otherwise.
        """
        info = self.rotatable(ref, by_server=False)
        # What was read earlier in this run may have been rotated since, and would be kept instead of the current pair.
        old = self._read(info.id, ref, fresh=True)
        if looks_encrypted(old.private_key):
            raise Refused(
                f"SSH key {ref} reads as ciphertext, which would be kept as the previous key",
                hint="Set decryption_key to the private key of this authorization",
            ).with_context(subject=f"SSH key {ref}")
        identifier = info.identifier or ""
        current = SshKeyWrite(
            identifier=identifier,
            username=old.username,
            hostname=old.hostname,
            ip=old.ip or info.ip,
            private_key=old.private_key,
            public_key=old.public_key,
            passphrase=old.passphrase,
            key_name=old.key_name or None,
            tags=old.tags or None,
            devices=old.devices or None,
        )
        kept = identifier + PREVIOUS if keep_previous else None
        if kept:
            # Another user name as well: the server may match records by user, host and address.
            copy = dataclasses.replace(
                current, identifier=kept, username=old.username + PREVIOUS, key_name=None, devices=None
            )
            self._store_and_check(copy, self.match(kept))
        new = dataclasses.replace(
            current, private_key=pair.private_key, public_key=pair.public_key, passphrase=pair.passphrase or ""
        )
        key = self._store_and_check(new, info)
        return KeyRotation(key.id, identifier, key.public_key, old.public_key or None, kept)

    def _store_and_check(self, wanted: SshKeyWrite, info: CredentialInfo | None) -> SshKey:
        # Imported lazily: cryptography takes 20 ms to import, and hardly any run replaces a key.
        from .. import keypair

        stored = self.store(wanted, info)
        ref = Reference(wanted.identifier, "identifier")
        key = self._read(stored.id or self.info(ref).id, ref, fresh=True)
        wanted_key = keypair.strip_comment(wanted.public_key or "")
        try:
            same = keypair.strip_comment(key.public_key) == wanted_key
            same = same and keypair.public_key_of(key.private_key, key.passphrase) == wanted_key
        except InvalidRequest:
            same = False
        if not same:
            raise UnexpectedResponse(
                f"the key that was stored as {wanted.identifier} reads back differently",
                hint=f"Compare it with {wanted.identifier} in the console before the old key is removed anywhere",
            ).with_context(subject=f"SSH key {ref}", **self._api.place(READ_SSH_KEY))
        return key
