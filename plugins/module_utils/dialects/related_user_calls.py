# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's calls for related users (http-api.md 3.6)."""

from __future__ import annotations

import re

from ..user_models import RelatedUser, RelatedUserWrite
from .dialect import Call, Row, Unseal, row
from .entities import echo, echoed_id, entities, given, required_id, text
from .envelope import server_message
from .operations import CREATE_RELATED_USER, DISABLE_RELATED_USER, LIST_RELATED_USERS, UPDATE_RELATED_USER
from .strict_json import Json

# It answers 200 in both cases, and nothing but its sentence differs.
_ALREADY = re.compile(r"already|\bjá\b", re.IGNORECASE)


def decode_related_users(document: Json, unseal: Unseal) -> tuple[RelatedUser, ...]:
    """Decode the list of related users."""
    items = entities(document, "relatedUsers")
    return tuple(RelatedUser(required_id(item), text(item, "name"), text(item, "username")) for item in items)


def decode_written(document: Json, unseal: Unseal) -> str:
    """Return the id of what was written, or "": it is written, whatever the response shows."""
    return echoed_id(echo(document, "relatedUsers"))


def decode_deactivated(document: Json, unseal: Unseal) -> bool:
    """Return whether the user was active, as far as the words of the server tell."""
    return not _ALREADY.search(server_message(document))


def encode_related_user(model: RelatedUserWrite) -> Json:
    """Encode a related user. From 3.33 on, the id of an update is in the body, as a number."""
    return given(id=int(model.id) if model.id else None, username=model.username, name=model.name)


def related_user_calls(prefix: str, *, id_in_path: bool) -> tuple[Row, ...]:
    """Return the rows of the table, which begin with the prefix of the dialect."""
    path = f"{prefix}/user/related"
    changed = path + "/{ref}" if id_in_path else path
    return (
        row(LIST_RELATED_USERS, Call("GET", path, decode_related_users, module="users", lists=True)),
        row(CREATE_RELATED_USER, Call("POST", path, decode_written, encode_related_user, module="users")),
        row(UPDATE_RELATED_USER, Call("PUT", changed, decode_written, encode_related_user, module="users")),
        row(DISABLE_RELATED_USER, Call("DELETE", path + "/{ref}", decode_deactivated, module="users")),
    )
