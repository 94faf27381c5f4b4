# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: what the server can do with them, in terms of the models. No paths and no wire names."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from ..dialects.operations import (
    CREATE_CREDENTIAL,
    DISABLE_CREDENTIAL,
    ENABLE_CREDENTIAL,
    LIST_CREDENTIALS,
    READ_CREDENTIAL,
    RELEASE_CREDENTIAL,
    ROTATE_CREDENTIAL,
    UPDATE_CREDENTIAL,
    Area,
    Operation,
    Verb,
    operation_of,
)
from ..errors import (
    AlreadyDone,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    ResponseLost,
    SenhaseguraError,
    UnexpectedResponse,
)
from ..models import Credential, CredentialInfo, CredentialWrite, Entries, Stored, require_readable
from ..plan import Action
from ..queries import (
    ById,
    ByIdentifier,
    Find,
    Matching,
    OfKind,
    OnAccount,
    OnDevice,
    Query,
    Require,
    UpsertTarget,
    wanted_name,
)
from ..references import Reference
from .activation import says_inactive, switched
from .api import Api
from .changes import wait_for_change
from .custody_rules import OnReleaseFailure, after_read, fail, naming_custody, refuse_stale_read, refuse_vault_rotation

_Answer = t.TypeVar("_Answer")
_UNEXPECTED_IDENTIFIER = 1003


class Credentials:
    """The credentials that the authorization may see."""

    noun = "credential"

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: CredentialWrite | None = None) -> None:
        """Raise what create, update, enable or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.CREDENTIALS, Verb(action)), model)

    def writable(self, fields: t.Iterable[str]) -> tuple[str, ...]:
        """Return those fields of a write that the dialect can write."""
        return self._api.writable(Area.CREDENTIALS, fields)

    def select(
        self, query: Query[_Answer], *, subject: str = "the list of credentials", fresh: bool = False
    ) -> _Answer:
        """Answer a query about all credentials and SSH keys, without secrets and without taking custody.

        :param subject: what is looked for, as errors name it
        """
        return self._api.select(LIST_CREDENTIALS, query, subject=subject, fresh=fresh)

    def matching(self, wanted: t.Mapping[str, t.Any]) -> Entries:
        """Return the credentials that have all the ``wanted`` values. No SSH keys."""
        return self.select(OfKind("credentials", Matching(wanted)), subject=wanted_name("credentials", wanted))

    def info(self, ref: Reference) -> CredentialInfo:
        """Return what the list says of one credential. Raises NotFound."""
        return self.select(Require(ref, "credentials"), subject=f"credential {ref}")

    def find(self, ref: Reference, *, fresh: bool = False) -> CredentialInfo | None:
        """Return what the list says of one credential, or None. Inactive ones may not be listed."""
        return self.select(Find(ref, "credentials"), subject=f"credential {ref}", fresh=fresh)

    def listed(self, id_: str, *, fresh: bool = False) -> CredentialInfo | None:
        """Return the entry with this id, which may be an SSH key, or None."""
        return self.select(ById(id_), subject=f"credential {id_}", fresh=fresh)

    def on_device(self, hostname: str) -> CredentialInfo | None:
        """Return some entry of the device with this host name, or None if none is listed."""
        return self.select(OnDevice(hostname), subject=f"device {hostname}")

    def match(
        self, wanted: CredentialWrite, ref: Reference | None = None, *, shared_account: bool = False
    ) -> CredentialInfo | None:
        """Return the credential that a write would hit: by ``ref``, identifier, or user name, host name and address.

        This is the server's own upsert rule (http-api.md 3.1.3), applied beforehand so that nothing is overwritten
        by surprise. Raises Refused when the one that ``ref`` names is not the one that would be hit, and when only
        an SSH key has the account, unless ``shared_account``.
        """
        query = UpsertTarget(wanted.identifier, _account(wanted), ref, shared_account)
        return self.select(query, subject=f"credential {ref}" if ref else _name(wanted))

    def is_inactive(self, wanted: CredentialWrite) -> bool:
        """Return whether the server knows a credential of this name that is inactive, and so is not in its list.

        Only where that can be known: the server says so when it is asked to release custody (http-api.md 3.1.6),
        which does nothing to an inactive one. Some releases find nothing by its identifier. Call it for nothing that
        is listed.
        """
        names = [Reference(wanted.identifier, "identifier")] if wanted.identifier else []
        on_account = OnAccount(wanted.username, wanted.hostname)
        # With another address, such an account is listed and active: it must not lose its custody.
        if self.select(on_account, subject=_name(wanted)) is None:
            names.append(Reference(f"{wanted.username}@{wanted.hostname}", "account"))
        return says_inactive(self._api, Area.CREDENTIALS, names)

    def is_inactive_account(self, wanted: CredentialWrite) -> bool:
        """Return the same by the account alone, which takes one request. No list is asked for.

        Call it for nothing of which the user has something listed on this host: its custody would be given back.
        """
        account = Reference(f"{wanted.username}@{wanted.hostname}", "account")
        return says_inactive(self._api, Area.CREDENTIALS, [account])

    def read(
        self,
        ref: Reference,
        *,
        release: bool = False,
        allow_vault_rotation: bool = False,
        fresh: bool = False,
        partial: bool = False,
        on_release_failure: OnReleaseFailure = fail,
    ) -> Credential:
        """Read a credential with its password. **Takes custody**, which ``release`` gives back after the read.

        Nothing is read before it is certain which credential is meant. Release is refused before the read if it
        would, or might, make the vault change the password.

        :param partial: return a credential whose password cannot be opened as well, with the reason
        :param on_release_failure: gets the error of a release that fails, which says whose custody is still held
        """
        info: CredentialInfo | None = None
        bare = self._api.dialect().bare_read
        if release or bare or not ref.is_certain:
            info = self.find(ref)
        if info is not None and release:
            refuse_stale_read(info, allow_vault_rotation)
        if info is None and release and not allow_vault_rotation:
            raise self._not_found(ref)
        if info is None and bare and not ref.is_id:
            raise self._not_found(ref)
        try:
            credential = self._read(info.id if info else self._in_path(ref), ref, fresh=fresh)
        except (NoRoute, InvalidRequest) as exc:
            if info or ref.is_id or not _unknown_name(exc):
                raise
            # Only some releases take an identifier in the path; this one does not.
            raise self._not_found(ref, exc) from None
        if info is not None and bare:
            credential = dataclasses.replace(
                credential,
                identifier=info.identifier,
                username=info.username,
                hostname=info.hostname,
                ip=info.ip,
            )
        if release:
            after_read(lambda: self._release(credential.id, ref, read=True), on_release_failure)
        if not partial:
            require_readable(credential.unreadable, f"credential {ref}")
        return credential

    def _read(self, name: str, ref: Reference, *, fresh: bool = False) -> Credential:
        credential = self._api.call(READ_CREDENTIAL, ref=name, subject=f"credential {ref}", fresh=fresh)
        if name.isdigit() and credential.id != name:
            raise UnexpectedResponse(
                f"the answer is about credential {credential.id} instead of {name}",
                hint="Compare both in the console; a proxy or cache in front of the server may mix answers up",
            ).with_context(subject=f"credential {ref}", **self._api.place(READ_CREDENTIAL))
        return credential

    def store(self, wanted: CredentialWrite, info: CredentialInfo | None, *, repeat: bool = True) -> Stored:
        """Create the credential, or update the one that ``info`` (from ``match``) describes.

        :param repeat: whether to create it again when no response came back and it is not in the list
        """
        subject = _name(wanted)
        if info is None:
            return self._create(wanted, subject, repeat=repeat)
        if wanted.identifier is None:
            wanted = dataclasses.replace(wanted, identifier=info.identifier)
        stored = self._api.call(UPDATE_CREDENTIAL, ref=info.id, model=wanted, subject=subject)
        if stored.id not in ("", info.id):
            raise UnexpectedResponse(
                f"the server wrote credential {stored.id} instead of {info.id}", hint="Compare both in the console"
            ).with_context(subject=subject, **self._api.place(UPDATE_CREDENTIAL))
        return dataclasses.replace(stored, id=info.id, identifier=stored.identifier or wanted.identifier)

    def _create(self, wanted: CredentialWrite, subject: str, *, repeat: bool) -> Stored:
        def create() -> Stored:
            return self._api.call(CREATE_CREDENTIAL, model=wanted, subject=subject)

        try:
            stored = create()
        except ResponseLost:
            # Repeating could overwrite what somebody else made meanwhile; the list says whether the first one landed.
            if wanted.identifier is None or not repeat:
                raise
            landed = self.select(ByIdentifier(wanted.identifier), subject=subject)
            return Stored(landed.id, landed.identifier) if landed else create()
        return stored if stored.id else self._listed_as(wanted)

    def _listed_as(self, wanted: CredentialWrite) -> Stored:
        """Return what was written as it is listed, when the response has no id. It is written, so nothing fails."""
        with contextlib.suppress(SenhaseguraError):
            if entry := self.select(UpsertTarget(wanted.identifier, _account(wanted)), fresh=True):
                return Stored(entry.id, entry.identifier)
        return Stored("", wanted.identifier)

    def enable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Activate a credential (``info``: from ``find``). Returns whether it was inactive."""
        return self._switch(ENABLE_CREDENTIAL, ref, info)

    def disable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Deactivate a credential; the server erases nothing. Returns whether it was active."""
        return self._switch(DISABLE_CREDENTIAL, ref, info)

    def _switch(self, operation: Operation[None], ref: Reference, info: CredentialInfo | None) -> bool:
        # What is not listed may still be there and inactive; some releases find it by its identifier.
        name = info.id if info else self._in_path(ref)
        try:
            return switched(self._api, operation, name, f"credential {ref}")
        except (NoRoute, InvalidRequest) as exc:
            if info or ref.is_id or not _unknown_name(exc):
                raise
            raise self._not_found(ref, exc) from None

    def release(self, ref: Reference, *, allow_vault_rotation: bool = False) -> bool:
        """Give custody back. Returns whether this client had it.

        Releasing a credential that changes automatically makes the vault change its password, so that is refused
        unless allowed.
        """
        info = self.releasable(ref, allow_vault_rotation=allow_vault_rotation)
        return self._release(info.id if info else self._in_path(ref), ref)

    def releasable(self, ref: Reference, *, allow_vault_rotation: bool = False) -> CredentialInfo | None:
        """Return the entry of a credential that may be released, or None if it is not listed. Raises Refused."""
        info = self.find(ref)
        if info is not None:
            refuse_vault_rotation(info, allow_vault_rotation)
        return info

    def _release(self, name: str, ref: Reference, *, read: bool = False) -> bool:
        with naming_custody(f"credential {ref}", read=read):
            try:
                self._api.call(RELEASE_CREDENTIAL, ref=name, subject=f"credential {ref}")
            except AlreadyDone:
                return False
        return True

    def rotatable(self, ref: Reference) -> CredentialInfo:
        """Return the entry of a credential whose password the server can change. Raises Refused."""
        info = self.info(ref)
        if not (self._server_rotates() or info.automatic_change):
            raise Refused(
                f"credential {ref} has no automatic change, so the server would not change its password",
                hint="Configure automatic change for it (with plugin and template), or change it by role",
            ).with_context(subject=f"credential {ref}")
        return info

    def rotate(
        self, ref: Reference, *, wait: float, poll: float = 2.0, before: CredentialInfo | None = None
    ) -> CredentialInfo:
        """Have the server change the password, and wait up to ``wait`` seconds until the list shows the change.

        Where the dialect has no call for it, custody is taken and released, which triggers the automatic change that
        must be configured for the credential. Returns the entry as listed afterwards.

        :param before: what ``rotatable`` has returned, if that was called already
        """
        before = before or self.rotatable(ref)
        if self._server_rotates():
            self._api.call(ROTATE_CREDENTIAL, ref=before.id, subject=f"credential {ref}")
            return before
        self._read(before.id, ref, fresh=True)
        self._release(before.id, ref, read=True)
        return wait_for_change(functools.partial(self.find, fresh=True), before, wait=wait, poll=poll)

    def _in_path(self, ref: Reference) -> str:
        """Return the name, if the server can be asked for it by path. Raises NotFound."""
        if not ref.path_safe:
            raise self._not_found(ref)
        return ref.text

    def _not_found(self, ref: Reference, answer: SenhaseguraError | None = None) -> NotFound:
        """Make the error for what is not listed. ``answer``: the server's error when it was asked all the same."""
        return NotFound(
            f"credential {ref} not found",
            hint="Check the name, and that the authorization may see it; an inactive one may be found by its id only",
            context=answer.context if answer else None,
        ).with_context(subject=f"credential {ref}", **self._api.place(LIST_CREDENTIALS))

    def _server_rotates(self) -> bool:
        return self._api.dialect().supports(ROTATE_CREDENTIAL)


def _name(wanted: CredentialWrite) -> str:
    """Return a credential that is to be written, as errors name it."""
    return f"credential {wanted.identifier or f'{wanted.username}@{wanted.hostname}'}"


def _account(wanted: CredentialWrite) -> tuple[str, str, str]:
    return (wanted.username, wanted.hostname, wanted.ip)


def _unknown_name(error: NoRoute | InvalidRequest) -> bool:
    """Return whether an error says that this release finds nothing by such a name."""
    return isinstance(error, NoRoute) or error.context.code == _UNEXPECTED_IDENTIFIER
