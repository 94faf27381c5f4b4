# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List users by SCIM."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from ..user_models import ScimUser
from .parameters import passed, path_id
from .results import Params, Result

NOUN = "SCIM user"
_FILTERS = ("external_id", "email", "active")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **{name: {"type": "str"} for name in ("id", "username", "external_id", "email", "entitlement", "group")},
    "active": {"type": "bool"},
    "details": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {"mutually_exclusive": [("id", "username")]}
# What the sample of the list leaves out (http-api.md 3.10), so that only a read of each user tells it.
_NOT_LISTED = ("email", "active", "entitlement", "group")


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the users that fit all filters."""
    area = client.scim_users
    id_ = path_id(params["id"], "username")
    found: list[tuple[ScimUser, bool | None]]
    if id_ is not None:
        user = area.read(id_)
        found = [(user, True)] if user else []
    else:
        found = [(user, None) for user in area.list() if _is_named(user, params["username"])]
        if params["details"] or any(params[name] is not None for name in ("username", *_NOT_LISTED)):
            found = [_verified(client, user) for user, _known in found]
    users = [{**user.public(), "id_verified": known} for user, known in found if _fits(user, params)]
    return {"changed": False, "scim_users": users}


def _verified(client: Client, listed: ScimUser) -> tuple[ScimUser, bool | None]:
    """Return a user as its own read shows it, or as it is listed if the server has somebody else under that id."""
    user, _told = client.scim_users.verified(listed)
    return (listed, False) if user is None else (user, True)


def _is_named(user: ScimUser, username: str | None) -> bool:
    return username is None or user.username.casefold() == username.casefold()


def _fits(user: ScimUser, params: Params) -> bool:
    wanted = passed(params, _FILTERS)
    return (
        all(getattr(user, name) == value for name, value in wanted.items())
        and params["entitlement"] in (None, *user.entitlements)
        and params["group"] in (None, *user.groups)
    )
