# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DevOps secrets (DSM): those of the application that the token belongs to. Reading them takes no custody."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.client.conversation import Conversation
from ansible_collections.community.senhasegura.plugins.module_utils.errors import AnswerLost, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import DsmSecret, DsmSecretWrite

_HINT = (
    "Check the identity, and that the secret is assigned to the DSM authorization of this client "
    "(console: DevOps Secret Manager, its application > Authorizations, tab Secrets)"
)


class Secrets:
    """The DevOps secrets of the application."""

    def __init__(self, session: Conversation) -> None:
        self._session = session

    def check(self, operation: str) -> None:
        """Raise what create, update or delete would raise before it asks the server."""
        self._session.dialect().check(f"secret.{operation}")

    def list(self, identity: str = "") -> tuple[DsmSecret, ...]:
        """All secrets, with their values: the server has no other list. ``identity``: what errors name, if one is
        looked for.
        """
        subject = f"DSM secret {identity}" if identity else "the list of DSM secrets"
        return t.cast("tuple[DsmSecret, ...]", self._session.call("secret.list", subject=subject))

    def find(self, identity: str) -> DsmSecret | None:
        """The secret with this identity, or None."""
        return next((secret for secret in self.list(identity) if secret.identity == identity), None)

    def read(self, identity: str) -> DsmSecret:
        """The secret with this identity. Raises NotFound."""
        return self.require(self.list(identity), identity)

    def require(self, secrets: t.Iterable[DsmSecret], identity: str) -> DsmSecret:
        """The one of the listed secrets with this identity. Raises NotFound."""
        for secret in secrets:
            if secret.identity == identity:
                return secret
        error = NotFound(f"DSM secret {identity} not found", hint=_HINT)
        raise error.with_context(subject=f"DSM secret {identity}", **self._session.place("secret.list"))

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

    def delete(self, identity: str) -> None:
        """Delete the secret. Raises Unsupported where the dialect has no call for it."""
        self._session.call("secret.delete", ref=identity, subject=f"DSM secret {identity}")
