# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DevOps secrets (DSM): those of the application that the token belongs to. Reading them takes no custody."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ..dialects.operations import (
    CREATE_SECRET,
    DELETE_SECRET,
    LIST_SECRETS,
    READ_SECRET,
    UPDATE_SECRET,
    Area,
    Verb,
    operation_of,
)
from ..dsm_secrets import DsmSecret, DsmSecretWrite
from ..errors import Context, NotFound, ResponseLost, SenhaseguraError, UnexpectedResponse
from ..plan import Action
from ..queries import ByIdentities, Query
from ..references import Reference
from .api import Api

_Answer = t.TypeVar("_Answer")

_HINT = (
    "Check the identity, and that the secret is assigned to the DSM authorization of this client "
    "(console: DevOps Secret Manager, its application > Authorizations, tab Secrets)"
)


class Secrets:
    """The DevOps secrets of the application."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: DsmSecretWrite | None = None) -> None:
        """Raise what create, update or delete would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.SECRETS, Verb(action)), model)

    def select(
        self, query: Query[_Answer], *, subject: str = "the list of DSM secrets", fresh: bool = False
    ) -> _Answer:
        """Answer a query about all secrets.

        :param subject: what is looked for, as errors name it
        """
        return self._api.select(LIST_SECRETS, query, subject=subject, fresh=fresh)

    def list(self) -> tuple[DsmSecret, ...]:
        """Return all secrets, with their values unless C(incomplete) says otherwise (see C(complete))."""
        return self._api.call(LIST_SECRETS, subject="the list of DSM secrets")

    def several(self, identities: t.Sequence[str]) -> dict[str, DsmSecret | None]:
        """Return the secrets with these identities, None for one that does not exist. It makes one request."""
        return self.select(ByIdentities(tuple(identities)), subject=f"DSM secret {', '.join(identities)}")

    def find(self, identity: str, *, fresh: bool = False) -> DsmSecret | None:
        """Return the secret with this identity, or None."""
        try:
            return self.read(identity, fresh=fresh)
        except NotFound:
            return None

    def read(self, identity: str, *, fresh: bool = False) -> DsmSecret:
        """Return the secret with this identity: by its own path where the dialect has one, else from the list.

        Raises NotFound.
        """
        subject = f"DSM secret {identity}"
        unreadable: UnexpectedResponse | None = None
        if self._has_path(identity):
            try:
                secret = self._api.call(READ_SECRET, ref=identity, subject=subject, fresh=fresh)
            except NotFound as exc:
                raise self._not_found(identity, exc.context) from None
            except UnexpectedResponse as exc:
                # Perhaps the list is there all the same.
                unreadable = exc
            else:
                # The path may take an id as well, and find another secret by it.
                if secret.identifier == identity:
                    return secret
        listed = self.select(ByIdentities((identity,)), subject=subject, fresh=fresh)
        secret = self.require(listed[identity], identity)
        if secret.incomplete:
            raise unreadable or UnexpectedResponse(
                f"the server lists {subject} without its data", hint="Give it an identity that can be part of a path"
            ).with_context(subject=subject, **self._api.place(LIST_SECRETS))
        return secret

    def complete(self, secret: DsmSecret) -> DsmSecret:
        """Return the secret with its data, which is read by its path where the list has come without."""
        has_more = secret.incomplete or (secret.is_empty and self._has_path(secret.identifier))
        return self.read(secret.identifier) if has_more else secret

    def reader(self, identities: t.Sequence[str]) -> t.Callable[[str], DsmSecret]:
        """Return a function that reads these secrets with few requests: one by its path, several by one list."""
        if len(identities) == 1:
            return self.read
        listed = functools.cache(functools.partial(self.several, identities))
        return lambda identity: self.complete(self.require(listed()[identity], identity))

    def _has_path(self, identity: str) -> bool:
        return self._api.dialect().supports(READ_SECRET) and Reference(identity).path_safe

    def require(self, secret: DsmSecret | None, identity: str) -> DsmSecret:
        """Return the secret. Raises NotFound if there is none."""
        if secret is None:
            raise self._not_found(identity)
        return secret

    def _not_found(self, identity: str, context: Context | None = None) -> NotFound:
        error = NotFound(f"DSM secret {identity} not found", hint=_HINT, context=context)
        return error.with_context(subject=f"DSM secret {identity}", **self._api.place(LIST_SECRETS))

    def store(self, wanted: DsmSecretWrite, current: DsmSecret | None) -> DsmSecret | None:
        """Create the secret or update ``current``; what the write model leaves out is kept.

        Returns what the server shows of it afterwards, or None if a new one is not listed. Where it cannot be looked
        at, C(problem) of the result says why: it is written all the same. Raises UnexpectedResponse when an update that
        sends no data has lost the data, which is written back first where that is possible.
        """
        now = self._store(wanted, current)
        known = now is None or now.problem is None
        if current is not None and not wanted.flat() and known and not (now and current.kept_in(now.data)):
            self._restore(wanted, current, now)
        return now

    def _store(self, wanted: DsmSecretWrite, current: DsmSecret | None) -> DsmSecret | None:
        """Write, and return what the server shows of the secret afterwards, if anything."""
        operation = CREATE_SECRET if current is None else UPDATE_SECRET

        def store() -> tuple[DsmSecret, ...] | None:
            subject = f"DSM secret {wanted.identifier}"
            return self._api.call(operation, ref=wanted.identifier, model=wanted, subject=subject)

        try:
            answer = store()
        except ResponseLost:
            now = self.find(wanted.identifier, fresh=True)
            # The version rises with every write: the same one means that ours has not landed.
            answer = store() if (now.version if now else None) == (current.version if current else None) else None
        # The vendor responds with the whole application, the guide with the secret; some with nothing but "done".
        found = next((secret for secret in answer or () if secret.identifier == wanted.identifier), None)
        if found is None or found.problem is not None or found.incomplete:
            try:
                found = self.find(wanted.identifier, fresh=True)
            except SenhaseguraError as exc:
                found = DsmSecret("", wanted.identifier, (), problem=exc)
        return found

    def _restore(self, wanted: DsmSecretWrite, current: DsmSecret, now: DsmSecret | None) -> t.NoReturn:
        """Write back the data that an update without data has lost, and raise UnexpectedResponse in any case."""
        lost = current.public()["key_names"] or []
        left = (now.public()["key_names"] if now else None) or []
        known = f"It had the keys {', '.join(lost)}, and has {', '.join(left) or 'none'} now"
        fix = "Give key_value, credentials and access_keys whenever another option changes"
        values = current.as_key_value()
        if values is None:
            hint = f"{known}. Write the data again with key_value, credentials and access_keys. {fix}"
        else:
            try:
                again = self._store(dataclasses.replace(wanted, key_value=values), now)
                restored = again is not None and current.kept_in(again.data)
            except SenhaseguraError:
                restored = False
            hint = f"{'It was written back' if restored else known + '. Write it again with key_value'}. {fix}"
        raise UnexpectedResponse(
            f"the server did not keep the data of DSM secret {wanted.identifier} at an update that sent none", hint=hint
        ).with_context(subject=f"DSM secret {wanted.identifier}")

    def delete(self, identity: str) -> bool:
        """Delete the secret. Returns whether it was there. Raises Unsupported where the dialect has no call for it."""
        try:
            self._api.call(DELETE_SECRET, ref=identity, subject=f"DSM secret {identity}")
        except NotFound:
            return False
        return True
