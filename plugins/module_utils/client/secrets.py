# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DevOps secrets (DSM): those of the application that the token belongs to. Reading them takes no custody."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.conversation import Conversation
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AnswerLost,
    Context,
    NotFound,
    UnexpectedAnswer,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import DsmSecret, DsmSecretWrite
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference

_HINT = "Check the identity, and that the secret is assigned to the DSM application of this client"


class Secrets:
    """The DevOps secrets of the application."""

    def __init__(self, session: Conversation) -> None:
        self._session = session

    def check(self, operation: str, model: DsmSecretWrite | None = None) -> None:
        """Raise what create, update or delete would raise before it asks the server."""
        self._session.dialect().check(f"secret.{operation}", model)

    def list(self) -> tuple[DsmSecret, ...]:
        """All secrets, with their values unless C(incomplete) says otherwise (see C(complete))."""
        return t.cast("tuple[DsmSecret, ...]", self._session.call("secret.list", subject="all DSM secrets"))

    def find(self, identity: str) -> DsmSecret | None:
        """The secret with this identity, or None."""
        try:
            return self.read(identity)
        except NotFound:
            return None

    def read(self, identity: str) -> DsmSecret:
        """The secret with this identity: by its own path where the dialect has one, else from the list.

        Raises NotFound.
        """
        subject = f"DSM secret {identity}"
        unreadable: UnexpectedAnswer | None = None
        if self._has_path(identity):
            try:
                secret = t.cast(DsmSecret, self._session.call("secret.read", ref=identity, subject=subject))
            except NotFound as exc:
                raise _missing(identity, exc.context) from None
            except UnexpectedAnswer as exc:
                # Perhaps the list is there all the same.
                unreadable = exc
            else:
                # The path may take an id as well, and find another secret by it.
                if secret.identity == identity:
                    return secret
        secret = require(self.list(), identity)
        if secret.incomplete:
            raise unreadable or UnexpectedAnswer(
                f"the server lists {subject} without its data", hint="Give it an identity that can be part of a path"
            ).with_context(subject=subject)
        return secret

    def complete(self, secret: DsmSecret) -> DsmSecret:
        """The same secret with its data, which is read by its path where the list has come without."""
        has_more = secret.incomplete or (secret.is_empty and self._has_path(secret.identity))
        return self.read(secret.identity) if has_more else secret

    def reader(self, count: int) -> t.Callable[[str], DsmSecret]:
        """How to read ``count`` secrets with few requests: one by its path, several by one list."""
        if count == 1:
            return self.read
        listed = functools.cache(self.list)
        return lambda identity: self.complete(require(listed(), identity))

    def _has_path(self, identity: str) -> bool:
        return self._session.dialect().supports("secret.read") and Reference(identity).path_safe

    def store(self, wanted: DsmSecretWrite, present: DsmSecret | None) -> None:
        """Create the secret or update ``present``; what the write model leaves out is kept."""
        operation = "secret.create" if present is None else "secret.update"

        def store() -> None:
            self._session.call(operation, ref=wanted.identity, model=wanted, subject=f"DSM secret {wanted.identity}")

        try:
            store()
        except AnswerLost:
            now = self.find(wanted.identity)
            # The version rises with every write: the same one means that ours has not landed.
            if (now.version if now else None) == (present.version if present else None):
                store()

    def delete(self, identity: str) -> bool:
        """Delete the secret. Returns whether it was there. Raises Unsupported where the dialect has no call for it."""
        try:
            self._session.call("secret.delete", ref=identity, subject=f"DSM secret {identity}")
        except NotFound:
            return False
        return True


def require(secrets: t.Iterable[DsmSecret], identity: str) -> DsmSecret:
    """The one of them with this identity. Raises NotFound."""
    for secret in secrets:
        if secret.identity == identity:
            return secret
    raise _missing(identity)


def _missing(identity: str, context: Context | None = None) -> NotFound:
    error = NotFound(f"DSM secret {identity} not found", hint=_HINT, context=context)
    return error.with_context(subject=f"DSM secret {identity}")
