# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls of SCIM 2.0, which are below /iso in all releases (http-api.md 3.10, facts-platform.md 3, RFC 7643, 7644).

Roles are the C(entitlements) of a user and access groups its C(groups), both by name.
"""

from __future__ import annotations

import typing as t

from ..errors import UnexpectedResponse
from ..references import Reference, safe_name
from ..user_models import ScimPage, ScimUser, ScimUserWrite
from .dialect import Call, Row, Unseal, row
from .entities import decode_nothing, entities, given, integer, text, truth
from .operations import CREATE_SCIM_USER, DELETE_SCIM_USER, LIST_SCIM_USERS, READ_SCIM_USER, UPDATE_SCIM_USER
from .strict_json import Json

_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# The sample of the vendor has 25 for a page, its ServiceProviderConfig 200 at most. The server decides.
_PAGE_SIZE = 100
# What a PatchOp calls the fields of the write model.
_PATHS = {
    "external_id": "externalId",
    "full_name": "name.formatted",
    "given_name": "name.givenName",
    "family_name": "name.familyName",
    "email": "emails",
    "phone": "phoneNumbers",
    "active": "active",
    "entitlements": "entitlements",
    "groups": "groups",
}


def encode_page(first: str) -> Json:
    """Encode which part of the list is asked for. The first user has the number 1."""
    return {"startIndex": safe_name(first), "count": _PAGE_SIZE}


def decode_page(document: Json, unseal: Unseal) -> ScimPage:
    """Decode a part of the list. An empty list may have no C(Resources)."""
    total = integer(document.get("totalResults"))
    if total is None or total < 0:
        raise UnexpectedResponse("'totalResults' in the answer must be a number")
    items = entities(document, "Resources") if "Resources" in document or total else []
    return ScimPage(tuple(decode_user(item, unseal) for item in items), total)


def decode_user(document: Json, unseal: Unseal) -> ScimUser:
    """Decode one user. What has no value may be missing (RFC 7643, 2.5)."""
    names = document.get("name")
    name = names if isinstance(names, dict) else {}
    id_, username = text(document, "id"), text(document, "userName")
    # Digits, but a UUID in one sample.
    if not Reference(id_).path_safe:
        raise UnexpectedResponse("'id' in the answer must be a number or a UUID")
    if not username:
        raise UnexpectedResponse("'userName' in the answer must not be empty")
    return ScimUser(
        id=id_,
        username=username,
        external_id=text(document, "externalId"),
        full_name=text(name, "formatted"),
        given_name=text(name, "givenName"),
        family_name=text(name, "familyName"),
        email=_preferred(document, "emails"),
        phone=_preferred(document, "phoneNumbers"),
        active=truth(document.get("active")),
        entitlements=tuple(value for value, _primary in _values(document, "entitlements")),
        groups=tuple(value for value, _primary in _values(document, "groups")),
    )


def decode_created(document: Json, unseal: Unseal) -> str:
    """Return the id of a user that was created, or "": it is written, whatever the response shows."""
    value = document.get("id")
    id_ = str(value) if isinstance(value, (str, int)) else ""
    return id_ if Reference(id_).path_safe else ""


def _values(document: Json, name: str) -> list[tuple[str, bool]]:
    """Return the values of an attribute that may have several, each with whether it is the preferred one."""
    items = document.get(name)
    if items is None:
        return []
    if not isinstance(items, list):
        raise UnexpectedResponse(f"{name!r} in the answer must be a list")
    pairs = [(text(item, "value"), truth(item.get("primary")) is True) for item in items if isinstance(item, dict)]
    pairs += [(item, False) for item in items if isinstance(item, str)]
    return [(value, primary) for value, primary in pairs if value]


def _preferred(document: Json, name: str) -> str:
    found = sorted(_values(document, name), key=lambda pair: not pair[1])
    return found[0][0] if found else ""


def encode_user(model: ScimUserWrite) -> Json:
    """Encode a user as a whole. None is left out."""
    name = given(formatted=model.full_name, givenName=model.given_name, familyName=model.family_name)
    return given(
        schemas=[_USER],
        userName=model.username,
        externalId=model.external_id,
        name=name or None,
        active=model.active,
        password=model.password,
        **{wire: _encoded(model, field) for field, wire in _PATHS.items() if field in _SEVERAL},
    )


_SEVERAL = ("email", "phone", "entitlements", "groups")


def _encoded(model: ScimUserWrite, field: str) -> t.Any:
    """Return the value of a field in the form of SCIM. None stays None."""
    value = getattr(model, field)
    if field in ("entitlements", "groups"):
        return None if value is None else [{"value": name} for name in value]
    if field in ("email", "phone") and value is not None:
        # One of each: facts-platform.md 3.
        return [{"value": value, "type": "work", "primary": True}] if value else []
    return value


def encode_change(model: ScimUserWrite) -> Json:
    """Encode an update: what is new as a PatchOp, or the whole user where that is wanted.

    The documentation of PATCH has the fields of a User and no PatchOp, which is what Okta and Entra send.
    """
    if model.style == "user":
        return encode_user(model)
    return {
        "schemas": [_PATCH_OP],
        "Operations": [_change(_PATHS[name], _encoded(model, name)) for name in model.changes],
    }


def _change(path: str, value: t.Any) -> Json:
    return {"op": "remove", "path": path} if value == [] else {"op": "replace", "path": path, "value": value}


def scim_calls() -> tuple[Row, ...]:
    """Return the rows of the table, which are the same in all releases."""
    path = "/iso/scim/v2/Users"
    one = path + "/{ref}"
    return (
        row(LIST_SCIM_USERS, Call("GET", path, decode_page, encode_page, "query", module="scim", lists=True)),
        row(READ_SCIM_USER, Call("GET", one, decode_user, module="scim")),
        row(CREATE_SCIM_USER, Call("POST", path, decode_created, encode_user, "scim", module="scim")),
        row(UPDATE_SCIM_USER, Call("PATCH", one, decode_nothing, encode_change, "scim", module="scim")),
        row(DELETE_SCIM_USER, Call("DELETE", one, decode_nothing, module="scim")),
    )
