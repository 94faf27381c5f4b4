# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Related users, in terms of the models. No paths and no wire names."""

from __future__ import annotations

from ..dialects.operations import (
    CREATE_RELATED_USER,
    DISABLE_RELATED_USER,
    LIST_RELATED_USERS,
    UPDATE_RELATED_USER,
    Area,
    Verb,
    operation_of,
)
from ..errors import NotFound
from ..plan import Action
from ..user_models import RelatedUser, RelatedUserWrite
from .api import Api
from .named import one_named


class RelatedUsers:
    """The related users that the authorization may see."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: RelatedUserWrite | None = None) -> None:
        """Raise what create, update or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.RELATED_USERS, Verb(action)), model)

    def find(self, *, id: str | None, name: str | None) -> RelatedUser | None:  # noqa: A002
        """Return the related user with this id or, without one, with this name; None if there is none.

        Raises InvalidRequest if several have the name.
        """
        listed = self._api.call(LIST_RELATED_USERS, subject="the list of related users")
        return one_named(listed, id, name, "related user")

    def store(self, wanted: RelatedUserWrite) -> str:
        """Create a related user or, with an id, update it. Returns its id, or "" if the server does not tell it."""
        subject = f"related user {wanted.name}"
        if wanted.id is None:
            return self._api.call(CREATE_RELATED_USER, model=wanted, subject=subject)
        return self._api.call(UPDATE_RELATED_USER, ref=wanted.id, model=wanted, subject=subject) or wanted.id

    def disable(self, id_: str) -> bool:
        """Deactivate a related user, and return whether it was active."""
        try:
            return self._api.call(DISABLE_RELATED_USER, ref=id_, subject=f"related user {id_}")
        except NotFound:
            return False
