# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users of the server by SCIM, in terms of the models. No paths and no wire names."""

from __future__ import annotations

from ..dialects.operations import (
    CREATE_SCIM_USER,
    DELETE_SCIM_USER,
    LIST_SCIM_USERS,
    READ_SCIM_USER,
    UPDATE_SCIM_USER,
    Area,
    Verb,
    operation_of,
)
from ..errors import InvalidRequest, NotFound, UnexpectedResponse
from ..plan import Action
from ..user_models import ScimUser, ScimUserWrite
from .api import Api
from .named import other_one

_SUBJECT = "the list of SCIM users"


class ScimUsers:
    """The users that the identity provider of the client may see."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def check(self, action: Action, model: ScimUserWrite | None = None) -> None:
        """Raise what create, update or delete would raise before it asks the server."""
        self._api.dialect().check(operation_of(Area.SCIM_USERS, Verb(action)), model)

    def list(self) -> tuple[ScimUser, ...]:
        """Return all users as the list shows them, part by part. Raises UnexpectedResponse if some are missing."""
        # By name as well, since the ids may be wrong.
        found: dict[tuple[str, str], ScimUser] = {}
        total, first = 1, 1
        while first <= total:
            page = self._api.call(LIST_SCIM_USERS, ref=str(first), subject=_SUBJECT)
            total, known = page.total, len(found)
            found.update(((user.id, user.username), user) for user in page.users)
            if len(found) == known:
                # An empty part, or the same one again: the server does not look at the number of the first.
                break
            first += len(page.users)
        if len(found) < total:
            raise UnexpectedResponse(
                f"the list is not complete: the server has {total} users, and shows {len(found)}",
                hint="Run it again; if that does not help, name users by their id",
            ).with_context(subject=_SUBJECT, **self._api.place(LIST_SCIM_USERS))
        return tuple(found.values())

    def find(self, *, id: str | None, username: str | None) -> ScimUser | None:  # noqa: A002
        """Return the user with this id, or else this user name, with all that the server tells of it, or None.

        Raises UnexpectedResponse if the list gives a user an id that is not the one by which the server knows it:
        before release 4.0 it does (facts-platform.md 3).
        """
        if id is not None:
            return self.read(id)
        key = _key(username or "")
        listed = [user for user in self.list() if _key(user.username) == key]
        if len(listed) > 1:
            raise InvalidRequest(
                f"several users have the name {username}: the ids {', '.join(user.id for user in listed)}",
                hint="Give the id",
            ).with_context(option="username", **self._api.place(LIST_SCIM_USERS))
        if not listed:
            return None
        found, told = self.verified(listed[0])
        if found is None:
            raise UnexpectedResponse(
                f"the list gives SCIM user {username} the id {listed[0].id}, under which the server has {told}",
                hint="Before release 4.0 the ids in the list are wrong: give the option id, with the id that was "
                "returned when the user was created, or that the console shows",
            ).with_context(subject=f"SCIM user {username}", **self._api.place(READ_SCIM_USER))
        return found

    def verified(self, listed: ScimUser) -> tuple[ScimUser | None, str]:
        """Return the user that is listed as its own read shows it, or None with whom the server has under that id."""
        found = self.read(listed.id)
        if found is not None and _key(found.username) == _key(listed.username):
            return found, ""
        return None, f"the user {found.username}" if found else "nobody"

    def read(self, id_: str) -> ScimUser | None:
        """Return a user by its id, or None if there is none. Nothing is changed by that."""
        subject = f"SCIM user {id_}"
        try:
            found = self._api.call(READ_SCIM_USER, ref=id_, subject=subject)
        except NotFound:
            return None
        if found.id != id_:
            raise other_one("SCIM user", found.id, id_).with_context(subject=subject, **self._api.place(READ_SCIM_USER))
        return found

    def create(self, wanted: ScimUserWrite) -> str:
        """Create a user, and return its id, or "" if the server does not tell it."""
        return self._api.call(CREATE_SCIM_USER, model=wanted, subject=f"SCIM user {wanted.username}")

    def update(self, id_: str, wanted: ScimUserWrite) -> None:
        """Change what the model says of a user. Raises NotFound."""
        self._api.call(UPDATE_SCIM_USER, ref=id_, model=wanted, subject=f"SCIM user {wanted.username}")

    def delete(self, id_: str) -> None:
        """Delete a user. Whether that erases or disables it is not documented. Raises NotFound."""
        self._api.call(DELETE_SCIM_USER, ref=id_, subject=f"SCIM user {id_}")


def _key(username: str) -> str:
    """Return a user name in the form in which it is compared: its case does not count (RFC 7643, 4.1.1)."""
    return username.casefold()
