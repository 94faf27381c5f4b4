# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: what the server can do with them, in terms of the models. No paths and no wire names."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client import listing
from ansible_collections.community.senhasegura.plugins.module_utils.client.conversation import Conversation, Pick
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AnswerLost,
    ChangeNotSeen,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    SenhaseguraError,
    UnexpectedAnswer,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    CredentialWrite,
    Entries,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.retry import may_be_applied

# Gets the error of a release that has failed after a read that was not in vain.
OnReleaseFailure = t.Callable[[SenhaseguraError], None]


def fail(error: SenhaseguraError) -> None:
    """Let a read fail whose release has failed."""
    raise error


def after_read(release: t.Callable[[], object], on_failure: OnReleaseFailure) -> None:
    """Give custody back after a read, and leave it to ``on_failure`` what a failure means."""
    try:
        release()
    except SenhaseguraError as exc:
        on_failure(exc)


@contextlib.contextmanager
def naming_custody(subject: str, *, read: bool) -> t.Iterator[None]:
    """Make the error of a release say whose custody is still held, and how to give it back.

    :param read: whether custody was taken just before; otherwise, what does not exist has none
    """
    try:
        yield
    except SenhaseguraError as exc:
        if isinstance(exc, NotFound) and not read:
            raise
        held = "may still be held" if may_be_applied(exc) else "is still held"
        exc.message = f"the custody of {subject} could not be given back and {held}: {exc.message}"
        exc.hint = (
            "Give it back with community.senhasegura.custody (an SSH key: by a read with release=true), or in the "
            f"console. {exc.hint}"
        )
        raise


class Credentials:
    """The credentials that the authorization may see."""

    def __init__(self, session: Conversation) -> None:
        self._session = session

    def check(self, operation: str, model: CredentialWrite | None = None) -> None:
        """Raise what create, update, enable or disable would raise before it asks the server."""
        self._session.dialect().check(f"credential.{operation}", model)

    def select(self, pick: Pick, *, fresh: bool = False) -> t.Any:
        """What ``pick`` takes of all credentials and SSH keys, without secrets and without taking custody."""
        return self._session.select("credential.list", pick, subject="all credentials", fresh=fresh)

    def matching(self, wanted: t.Mapping[str, t.Any]) -> Entries:
        """The credentials that have all the ``wanted`` values. No SSH keys."""
        pick = functools.partial(listing.matching, wanted=wanted)
        return t.cast(Entries, self.select(functools.partial(listing.among, kind="credentials", pick=pick)))

    def info(self, ref: Reference) -> CredentialInfo:
        """What the list says of one credential. Raises NotFound."""
        return _no_key(self.select(functools.partial(listing.require, ref=ref, what="credential")))

    def find(self, ref: Reference, *, fresh: bool = False) -> CredentialInfo | None:
        """What the list says of one credential, or None. Inactive ones may not be listed."""
        entry = self.select(functools.partial(listing.find, ref=ref), fresh=fresh)
        return _no_key(entry) if entry else None

    def match(self, wanted: CredentialWrite, ref: Reference | None = None) -> CredentialInfo | None:
        """The credential that a write would hit: by ``ref``, by identifier, or by user name, host name and address.

        This is the server's own upsert rule (http-api.md 3.1.3), applied beforehand so that nothing is overwritten
        by surprise. Raises Refused when the one that ``ref`` names is not the one that would be hit.
        """
        pick = functools.partial(hit, identifier=wanted.identifier, account=_account(wanted), ref=ref)
        return t.cast("CredentialInfo | None", self.select(pick))

    def read(
        self,
        ref: Reference,
        *,
        release: bool = False,
        allow_vault_rotation: bool = False,
        fresh: bool = False,
        on_release_failure: OnReleaseFailure = fail,
    ) -> Credential:
        """Read a credential with its password. **Takes custody**, which ``release`` gives back after the read.

        Release is refused before anything is read if it would, or might, make the vault change the password.

        :param on_release_failure: gets the error of a release that fails, which says whose custody is still held
        """
        info: CredentialInfo | None = None
        bare = self._session.dialect().bare_read
        # An id and username@hostname are documented paths; anything else is looked up first.
        direct = ref.path_safe and (ref.is_id or ref.account is not None)
        if release or bare or not direct:
            info = self.find(ref)
        if info is not None and release:
            refuse_stale_read(info, allow_vault_rotation)
        if info is None and release and not allow_vault_rotation:
            raise _missing(ref)
        if info is None and bare and not ref.is_id:
            raise _missing(ref)
        try:
            credential = self._read(info.id if info else ref.text, ref, fresh=fresh)
        except (NoRoute, InvalidRequest):
            if info or direct:
                raise
            # Only some releases take an identifier in the path; this one does not.
            raise _missing(ref) from None
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
        return credential

    def _read(self, name: str, ref: Reference, *, fresh: bool = False) -> Credential:
        if not Reference(name).path_safe:
            raise _missing(ref)
        answer = self._session.call("credential.read", ref=name, subject=f"credential {ref}", fresh=fresh)
        credential = t.cast(Credential, answer)
        if name.isdigit() and credential.id != name:
            raise UnexpectedAnswer("the answer is about another credential").with_context(subject=f"credential {ref}")
        return credential

    def store(self, wanted: CredentialWrite, info: CredentialInfo | None, *, repeat: bool = True) -> Stored:
        """Create the credential, or update the one that ``info`` (from ``match``) describes.

        :param repeat: whether to create it again when no answer came back and it is not in the list
        """
        subject = f"credential {wanted.identifier or f'{wanted.username}@{wanted.hostname}'}"
        if info is None:
            return self._create(wanted, subject, repeat=repeat)
        if wanted.identifier is None:
            wanted = dataclasses.replace(wanted, identifier=info.identifier)
        stored = t.cast(Stored, self._session.call("credential.update", ref=info.id, model=wanted, subject=subject))
        if stored.id not in ("", info.id):
            raise UnexpectedAnswer(
                f"the server wrote credential {stored.id} instead of {info.id}", hint="Compare both in the console"
            ).with_context(subject=subject)
        return dataclasses.replace(stored, id=info.id, identifier=stored.identifier or wanted.identifier)

    def _create(self, wanted: CredentialWrite, subject: str, *, repeat: bool) -> Stored:
        def create() -> Stored:
            return t.cast(Stored, self._session.call("credential.create", model=wanted, subject=subject))

        try:
            stored = create()
        except AnswerLost:
            # Repeating could overwrite what somebody else made meanwhile; the list says whether the first one landed.
            if wanted.identifier is None or not repeat:
                raise
            landed = self.select(functools.partial(listing.identified, identifier=wanted.identifier))
            return Stored(landed.id, landed.identifier) if landed else create()
        return stored if stored.id else self._listed_as(wanted)

    def _listed_as(self, wanted: CredentialWrite) -> Stored:
        """What was written, by the list, when the answer does not tell. It is written, so nothing fails here."""
        pick = functools.partial(hit, identifier=wanted.identifier, account=_account(wanted))
        with contextlib.suppress(SenhaseguraError):
            if entry := self.select(pick, fresh=True):
                return Stored(entry.id, entry.identifier)
        return Stored("", wanted.identifier)

    def enable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Activate a credential (``info``: from ``find``). Returns whether it was inactive."""
        return self._switch("credential.enable", ref, info)

    def disable(self, ref: Reference, info: CredentialInfo | None) -> bool:
        """Deactivate a credential; the server erases nothing. Returns whether it was active."""
        return self._switch("credential.disable", ref, info)

    def _switch(self, operation: str, ref: Reference, info: CredentialInfo | None) -> bool:
        # What is not listed may still be there and inactive; some releases find it by its identifier.
        name = info.id if info else ref.text
        if not Reference(name).path_safe:
            raise _missing(ref)
        try:
            self._session.call(operation, ref=name, subject=f"credential {ref}")
        except AlreadyDone:
            return False
        except (NoRoute, InvalidRequest):
            if info or ref.is_id:
                raise
            raise _missing(ref) from None
        return True

    def release(self, ref: Reference, *, allow_vault_rotation: bool = False) -> bool:
        """Give custody back. Returns whether this client had it.

        Releasing a credential that changes automatically makes the vault change its password, so that is refused
        unless allowed.
        """
        info = self.releasable(ref, allow_vault_rotation=allow_vault_rotation)
        return self._release(info.id if info else ref.text, ref)

    def releasable(self, ref: Reference, *, allow_vault_rotation: bool = False) -> CredentialInfo | None:
        """The entry of a credential that may be released, or None if it is not listed. Raises Refused."""
        info = self.find(ref)
        if info is not None:
            refuse_vault_rotation(info, allow_vault_rotation)
        return info

    def _release(self, name: str, ref: Reference, *, read: bool = False) -> bool:
        with naming_custody(f"credential {ref}", read=read):
            try:
                self._session.call("credential.release", ref=name, subject=f"credential {ref}")
            except AlreadyDone:
                return False
        return True

    def rotatable(self, ref: Reference) -> CredentialInfo:
        """The entry of a credential whose password the server can change. Raises Refused."""
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
            self._session.call("credential.rotate", ref=before.id, subject=f"credential {ref}")
            return before
        self._read(before.id, ref, fresh=True)
        self._release(before.id, ref, read=True)
        return wait_for_change(functools.partial(self.find, fresh=True), before, wait=wait, poll=poll)

    def _server_rotates(self) -> bool:
        return self._session.dialect().supports("credential.rotate")


def wait_for_change(
    find: t.Callable[[Reference], CredentialInfo | None],
    before: CredentialInfo,
    *,
    wait: float,
    poll: float,
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> CredentialInfo:
    """Poll the list until the time of change or the public key of an entry differs. ``wait`` 0 means: do not wait."""
    end = clock() + wait
    while True:
        now = find(Reference(before.id))
        if now is not None and (now.change, now.public_key) != (before.change, before.public_key):
            return now
        if wait <= 0:
            return now or before
        remaining = end - clock()
        if remaining <= 0:
            raise ChangeNotSeen(
                f"the server has not changed {before.identifier or before.id} within {wait:.0f} seconds",
                hint="Look at Executions in the console; raise wait_timeout if the server is only slow",
            )
        sleep(min(poll, remaining))


def refuse_vault_rotation(info: CredentialInfo, allowed: bool) -> None:
    if info.automatic_change and not allowed:
        raise Refused(
            f"releasing {info.identifier or info.id} would make the vault change its password",
            hint="Set allow_vault_rotation=true if that is wanted, or do not release it",
        ).with_context(subject=f"credential {info.identifier or info.id}")


def refuse_stale_read(info: CredentialInfo, allowed: bool) -> None:
    """Refuse a read with release after which the value might not be valid any more."""
    refuse_vault_rotation(info, allowed)
    if info.automatic_change is None and not allowed:
        raise Refused(
            f"this dialect does not tell whether releasing {info.identifier or info.id} would make the vault change it",
            hint="Set allow_vault_rotation=true if you know that, or do not release it",
        ).with_context(subject=f"credential {info.identifier or info.id}")


def hit(
    entries: Entries, identifier: str | None, account: tuple[str, str, str], ref: Reference | None = None
) -> CredentialInfo | None:
    """Which entry a write of these values would hit: see C(Credentials.match)."""
    by_identifier = entries.by_identifier.get(identifier, []) if identifier else []
    if ref is not None:
        info = _no_key(listing.require(entries, ref, "credential"))
        return _sure_to_hit(info, identifier, account, by_identifier)
    if by_identifier:
        return _no_key(by_identifier[0])
    same = like(entries, account)
    if len(same) > 1:
        raise InvalidRequest(
            f"several credentials have this user name, host name and ip: the ids {', '.join(e.id for e in same)}",
            hint="Give the id or the identifier",
        )
    return same[0] if same else None


def like(entries: Entries, account: tuple[str, str, str]) -> list[CredentialInfo]:
    """The credentials with this user name, host name and address."""
    username, hostname, ip = account
    return [entry for entry in entries.by_account.get((username, hostname), ()) if entry.ip == ip and not entry.is_key]


def _account(credential: CredentialInfo | CredentialWrite) -> tuple[str, str, str]:
    return (credential.username, credential.hostname, credential.ip)


def _sure_to_hit(
    info: CredentialInfo,
    identifier: str | None,
    account: tuple[str, str, str],
    by_identifier: t.Sequence[CredentialInfo],
) -> CredentialInfo:
    keeps_identifier = info.identifier is not None and identifier in (None, info.identifier)
    others = [entry for entry in by_identifier if entry.id != info.id]
    if others or not (keeps_identifier or _account(info) == account):
        raise Refused(
            f"the server would not recognise credential {info.id} by these values, and write another one",
            hint="Keep its identifier or, to change that, its present username, hostname and ip",
        ).with_context(subject=f"credential {info.id}")
    return info


def _no_key(info: CredentialInfo) -> CredentialInfo:
    if info.is_key:
        raise InvalidRequest(
            f"{info.identifier or info.id} is an SSH key, not a credential", hint="Use the ssh_key lookup and modules"
        )
    return info


def _missing(ref: Reference) -> NotFound:
    return NotFound(
        f"credential {ref} not found",
        hint="Check the name, and that the authorization may see it; an inactive one may be found by its id only",
    )
