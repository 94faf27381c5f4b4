# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remote sessions, in terms of the models. No paths and no wire names."""

from __future__ import annotations

from ..dialects.operations import CREATE_WEB_SESSION, DELETE_SESSION, LIST_SESSIONS, READ_SESSION, Operation
from ..errors import NotFound
from ..session_models import RemoteSession, WebSession, WebSessionWrite
from .api import Api
from .named import other_one


class RemoteSessions:
    """The sessions that the authorization may see."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def list(self) -> tuple[RemoteSession, ...]:
        """Return all sessions, running and ended. That may take minutes."""
        return self._api.call(LIST_SESSIONS, subject="the list of sessions")

    def find(self, *, id: str | None, session_id: str | None) -> RemoteSession | None:  # noqa: A002
        """Return the session with this id or, without one, with this hash; None if there is none.

        One with an id is read alone, anything else needs the list.
        """
        if id is None:
            return next((session for session in self.list() if session.session_id == session_id), None)
        subject = f"session {id}"
        try:
            found = self._api.call(READ_SESSION, ref=id, subject=subject)
        except NotFound:
            return None
        if found.id != id:
            raise other_one("session", found.id, id).with_context(subject=subject, **self._api.place(READ_SESSION))
        return found

    def check_terminate(self) -> None:
        """Raise what C(terminate) would raise before it asks the server."""
        self._check(DELETE_SESSION)

    def terminate(self, session: RemoteSession) -> bool:
        """End a session, and return whether the server knew it."""
        try:
            self._api.call(DELETE_SESSION, ref=session.session_id, subject=f"session {session.id}")
        except NotFound:
            return False
        return True

    def check_start(self, wanted: WebSessionWrite) -> None:
        """Raise what C(start) would raise before it asks the server."""
        self._check(CREATE_WEB_SESSION, wanted)

    def start(self, wanted: WebSessionWrite) -> WebSession:
        """Make a URL that starts a web session."""
        subject = f"web session of {wanted.user} on {wanted.device}"
        return self._api.call(CREATE_WEB_SESSION, model=wanted, subject=subject)

    def _check(self, operation: Operation[None] | Operation[WebSession], model: WebSessionWrite | None = None) -> None:
        self._api.dialect().check(operation, model)
