# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Related users in the vendor's dialect. From 3.33 on, the id of an update is in the body."""

from __future__ import annotations

import re
from typing import Any

from .call import Call
from .envelope import Reply
from .errors import Problem, numbered
from .pam import reply
from .platform_records import RelatedUser
from .wire import text


def list_related_users(call: Call) -> Reply:
    inactive_too = call.world.settings.list_inactive
    rows = [_row(user) for user in call.world.store.all(RelatedUser) if user.active or inactive_too]
    return reply(call, f"{len(rows)} related user{'' if len(rows) == 1 else 's'} found", relatedUsers=rows)


def read_related_user(call: Call) -> Reply:
    user = _find(call, call.args["ref"])
    return reply(call, f"Related user {user.id}", relatedUsers=_row(user))


def create_related_user(call: Call) -> Reply:
    user = RelatedUser()
    _take(call, user)
    return reply(call, "Related user successfully registered!", relatedUsers=_row(call.world.store.save(user)))


def update_related_user(call: Call) -> Reply:
    """3.32 has the id in the path, 4.0 in the body, and the profile `all` takes both."""
    in_path = "ref" in call.args
    if call.world.profile.name != "all" and in_path is call.world.profile.modern:
        raise Problem("Resource sub not found", 404)
    ref = call.args["ref"] if in_path else text(call.params, "id")
    if not ref:
        raise numbered(1001, "id")
    user = _find(call, ref)
    _take(call, user)
    call.world.store.save(user)
    return reply(call, "Related user successfully updated!", 200, 201, relatedUsers=_row(user))


def disable_related_user(call: Call) -> Reply:
    user = _find(call, call.args["ref"])
    if not user.active:
        return reply(call, "Related user has already been deactivated")
    user.active = False
    call.world.store.save(user)
    return reply(call, "Related user successfully deactivated")


def _take(call: Call, user: RelatedUser) -> None:
    for name in ("username", "name"):
        value = text(call.params, name)
        if not value:
            raise numbered(1001, name)
        setattr(user, name, value)
    known = call.world.settings.users
    if known and user.username not in known:
        raise numbered(1005, text="User does not exist")


def _find(call: Call, ref: str) -> RelatedUser:
    found = call.world.store.first(RelatedUser, id=int(ref)) if re.fullmatch("[0-9]{1,18}", ref) else None
    if found is None:
        raise numbered(1005, text="User does not exist")
    return found


def _row(user: RelatedUser) -> dict[str, Any]:
    return {"id": str(user.id), "name": user.name, "username": user.username}
