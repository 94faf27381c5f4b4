# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM 2.0 (RFC 7643, 7644) as far as the vendor's page goes: discovery, and users with roles and access groups."""

from __future__ import annotations

import json
import re
from typing import Any

from .call import Call
from .envelope import Reply, scim_media_type
from .errors import Problem, ScimProblem
from .platform_records import User
from .wire import flag, iso_utc

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"
RESOURCE_TYPE = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PAGE, LARGEST_PAGE = 25, 200
# Sub-attributes of the attributes that users have; none: a plain one.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "userName": (),
    "externalId": (),
    "active": (),
    "name": ("formatted", "familyName", "givenName"),
    "emails": ("value", "type", "primary"),
    "phoneNumbers": ("value", "type", "primary"),
    "entitlements": ("value",),
    "groups": ("value",),
}
MULTIPLE = ("emails", "phoneNumbers", "entitlements", "groups")
BY_LOWER = {name.lower(): name for name in ATTRIBUTES}
PATH = re.compile(r'(?P<name>\w+)(?:\[(?P<key>\w+) eq "?(?P<value>[^"\]]*)"?\])?(?:\.(?P<part>\w+))?', re.IGNORECASE)
FILTER = re.compile(r'\s*(userName|externalId|id)\s+eq\s+"((?:[^"\\]|\\.)*)"\s*', re.IGNORECASE)


def service_provider_config(call: Call) -> Reply:
    """The vendor's sample, word for word: much of it is that of the RFC, and not what the server can do."""
    switches = {name: {"supported": True} for name in ("patch", "sort", "etag")}
    bearer = {
        "name": "OAuth Bearer Token",
        "description": "Authentication scheme using the OAuth Bearer Token Standard",
    }
    bearer |= {"specUri": "http://www.rfc-editor.org/info/rfc6750", "type": "oauthbearertoken"}
    document = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "http://example.com/help/scim.html",
        **switches,
        "bulk": {"supported": True, "maxOperations": 1000, "maxPayloadSize": 1048576},
        "filter": {"supported": True, "maxResults": LARGEST_PAGE},
        "changePassword": {"supported": False},
        "authenticationSchemes": [{**bearer, "primary": True}],
        "meta": {"location": _location(call, "ServiceProviderConfig"), "resourceType": "ServiceProviderConfig"},
    }
    return _reply(call, document)


def list_resource_types(call: Call) -> Reply:
    return _reply(call, _listed([_resource_type(call)]))


def read_resource_type(call: Call) -> Reply:
    if call.args["ref"] != "User":
        raise _not_found(call.args["ref"])
    return _reply(call, _resource_type(call))


def list_schemas(call: Call) -> Reply:
    return _reply(call, _listed([_schema(call)]))


def read_schema(call: Call) -> Reply:
    if call.args["ref"] != USER:
        raise _not_found(call.args["ref"])
    return _reply(call, _schema(call))


def list_users(call: Call) -> Reply:
    query = call.incoming.query
    users = call.world.store.all(User)
    if query.get("filter"):
        found = FILTER.fullmatch(query["filter"])
        if found is None:
            raise ScimProblem("Filter not supported", scim_type="invalidFilter")
        name, value = found[1].lower(), json.loads(f'"{found[2]}"')
        users = [user for user in users if _matches(user, name, value)]
    first = max(1, _number(query.get("startIndex"), 1))
    count = min(max(0, _number(query.get("count"), PAGE)), LARGEST_PAGE)
    page = users[first - 1 : first - 1 + count]
    true_ids = _true_ids(call)
    # Before 4.0, the ids of lists are not those of operations (SSGR-3702): here, each is that of the next user.
    items = [_shown(call, user, (user.id or 0) if true_ids else (user.id or 0) + 1) for user in page]
    return _reply(call, {**_listed(items), "totalResults": len(users), "itemsPerPage": count, "startIndex": first})


def read_user(call: Call) -> Reply:
    user = _find(call)
    return _reply(call, _shown(call, user, user.id or 0))


def create_user(call: Call) -> Reply:
    user = User(document={"active": True}, created=call.world.now())
    _take(user, _body(call))
    # An id, as the store gives it, goes into the location.
    call.world.store.save(_checked(call, user))
    shown = _shown(call, user, user.id or 0)
    return _reply(call, shown, 201, {"Location": shown["meta"]["location"]})


def change_user(call: Call) -> Reply:
    """A PatchOp, as identity providers send it, or the fields of a User, as the vendor's table has them."""
    user, body = _find(call), _body(call)
    operations = body.get("Operations", body.get("operations"))
    if operations is None:
        _take(user, body)
    elif not isinstance(operations, list) or not operations:
        raise ScimProblem("Operations must be a list", scim_type="invalidSyntax")
    else:
        for operation in operations:
            _patch(user, operation)
    call.world.store.save(_checked(call, user))
    return _reply(call, _shown(call, user, user.id or 0))


def delete_user(call: Call) -> Reply:
    user = _find(call)
    if call.world.settings.scim_delete == "disable":
        user.document["active"] = False
        call.world.store.save(user)
    else:
        call.world.store.delete(user)
    return Reply(204, {})


def problem_of(problem: Problem) -> Problem:
    """A refusal of what is in front of the calls (login, resource, path) in the form of SCIM."""
    return problem if isinstance(problem, ScimProblem) else ScimProblem(problem.message, problem.status)


# --- what comes in ---------------------------------------------------------------------------------------------------


def _body(call: Call) -> dict[str, Any]:
    try:
        body = json.loads(call.incoming.body.decode())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ScimProblem("The body is no JSON object", scim_type="invalidSyntax")
    return body


def _take(user: User, given: dict[str, Any]) -> None:
    """Set the attributes that are given. Unknown ones are ignored, as RFC 7644 (3.3) allows."""
    for name, value in given.items():
        if name.lower() == "password":
            user.password = None if value is None else str(value)
        elif known := BY_LOWER.get(name.lower()):
            _set(user, known, value, merge=known == "name")


def _patch(user: User, operation: Any) -> None:
    if not isinstance(operation, dict):
        raise ScimProblem("An operation must be an object", scim_type="invalidSyntax")
    op, path, value = str(operation.get("op", "")).lower(), operation.get("path"), operation.get("value")
    if op not in ("add", "replace", "remove"):
        raise ScimProblem("op must be add, replace or remove", scim_type="invalidSyntax")
    if not path:
        if op == "remove":
            raise ScimProblem("remove needs a path", scim_type="noTarget")
        if not isinstance(value, dict):
            raise ScimProblem("Without a path, value must be an object", scim_type="invalidValue")
        for name, part in value.items():
            _patch(user, {"op": op, "path": name, "value": part})
        return
    _patch_path(user, op, str(path), value)


def _patch_path(user: User, op: str, path: str, value: Any) -> None:
    found = PATH.fullmatch(path.removeprefix(f"{USER}:"))
    if found is None:
        raise ScimProblem(f"The path {path} is not valid", scim_type="invalidPath")
    if found["name"].lower() == "password":
        raise ScimProblem("Passwords are not changed", scim_type="mutability")
    name, part = BY_LOWER.get(found["name"].lower()), found["part"]
    if name is None or (part and part not in ATTRIBUTES[name]):
        raise ScimProblem(f"There is no attribute {path}", scim_type="invalidPath")
    if found["key"]:
        _patch_items(user, op, name, (found["key"], found["value"]), part, value)
    elif part and name in MULTIPLE:
        user.document[name] = [{**item, part: value} for item in user.document.get(name, [{}])]
    elif part:
        names = {**user.document.get(name, {}), part: value}
        user.document[name] = {key: one for key, one in names.items() if not (op == "remove" and key == part)}
    elif op == "remove":
        user.document.pop(name, None)
    elif op == "add" and name in MULTIPLE:
        known = user.document.get(name, [])
        _set(user, name, [*known, *(one for one in _items(name, value) if one not in known)])
    else:
        _set(user, name, value, merge=name == "name")


def _patch_items(user: User, op: str, name: str, key: tuple[str, str], part: str | None, value: Any) -> None:
    """Change the values that a filter names, as `emails[type eq "work"].value` does; there is one after it."""
    items = user.document.get(name, [])
    hit = [item for item in items if str(item.get(key[0], "")).lower() == key[1].lower()]
    others = [item for item in items if item not in hit]
    if op == "remove":
        left = [{k: v for k, v in item.items() if k != part} for item in hit] if part else []
        user.document[name] = [*others, *left]
        return
    new = {part: value} if part else dict(value)
    user.document[name] = [*others, *({**item, **new} for item in hit or [{key[0]: key[1]}])]


def _set(user: User, name: str, value: Any, merge: bool = False) -> None:
    if value is None:
        user.document.pop(name, None)
    elif name in MULTIPLE:
        user.document[name] = _items(name, value)
    elif name == "name":
        if not isinstance(value, dict):
            raise ScimProblem("name must be an object", scim_type="invalidValue")
        parts = {part: str(value[part]) for part in ATTRIBUTES[name] if value.get(part) is not None}
        user.document[name] = {**(user.document.get(name, {}) if merge else {}), **parts}
    elif name == "active":
        # Entra sends a text.
        user.document[name] = value if isinstance(value, bool) else flag(value)
    else:
        user.document[name] = str(value)


def _items(name: str, value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else [value]
    found = [item if isinstance(item, dict) else {"value": item} for item in items]
    return [{part: item[part] for part in ATTRIBUTES[name] if item.get(part) is not None} for item in found]


def _checked(call: Call, user: User) -> User:
    """The user, if it has what the vendor's table requires, and nobody else has its names."""
    document, settings = user.document, call.world.settings
    required = {
        "userName": document.get("userName"),
        "externalId": document.get("externalId"),
        "name.formatted": document.get("name", {}).get("formatted"),
        "emails.value": any(item.get("value") for item in document.get("emails", [])),
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise ScimProblem(f"Attribute {', '.join(missing)} is required", scim_type="invalidValue")
    for name, known in (("entitlements", settings.roles), ("groups", settings.access_groups)):
        unknown = [item.get("value") for item in document.get(name, []) if known is not None]
        if known is not None and any(value not in known for value in unknown):
            raise ScimProblem(f"{name} has a value that is not registered", scim_type="invalidValue")
    user.username, user.external_id = document["userName"].lower(), document["externalId"]
    for other in call.world.store.all(User):
        if other.id != user.id and (other.username == user.username or other.external_id == user.external_id):
            raise ScimProblem("The user exists already", 409, scim_type="uniqueness")
    user.modified = call.world.now()
    return user


def _find(call: Call) -> User:
    ref = call.args["ref"]
    found = call.world.store.first(User, id=int(ref)) if re.fullmatch("[0-9]{1,18}", ref) else None
    if found is None:
        raise _not_found(ref)
    return found


def _not_found(ref: str) -> ScimProblem:
    return ScimProblem(f"Resource {ref} not found", 404)


def _matches(user: User, name: str, value: str) -> bool:
    if name == "username":
        return user.username == value.lower()
    return value == (str(user.id) if name == "id" else user.external_id)


def _number(written: str | None, default: int) -> int:
    return int(written) if written and re.fullmatch("-?[0-9]{1,9}", written) else default


def _true_ids(call: Call) -> bool:
    chosen = call.world.settings.scim_true_ids
    return call.world.profile.modern if chosen is None else chosen


# --- what goes out ---------------------------------------------------------------------------------------------------


def _reply(call: Call, document: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, document, {**scim_media_type(call.world.profile), **(headers or {})})


def _listed(items: list[dict[str, Any]]) -> dict[str, Any]:
    numbers = {"totalResults": len(items), "itemsPerPage": len(items), "startIndex": 1}
    return {"schemas": [LIST], **numbers, "Resources": items}


def _shown(call: Call, user: User, id_: int) -> dict[str, Any]:
    times = {name: _time(when) for name, when in (("created", user.created), ("lastModified", user.modified))}
    meta = {"resourceType": "User", **times, "location": _location(call, f"Users/{id_}")}
    document = {name: value for name, value in user.document.items() if value not in ([], {})}
    return {"schemas": [USER], "id": str(id_), **document, "meta": meta}


def _time(when: float) -> str:

    return iso_utc(when) or ""


def _location(call: Call, path: str) -> str:
    return f"https://{call.incoming.headers.get('Host', '')}/iso/scim/v2/{path}"


def _resource_type(call: Call) -> dict[str, Any]:
    return {
        "schemas": [RESOURCE_TYPE],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "https://tools.ietf.org/html/rfc7643#section-8.7.1",
        "schema": USER,
        "meta": {"location": _location(call, "ResourceTypes/User"), "resourceType": "ResourceType"},
    }


def _schema(call: Call) -> dict[str, Any]:
    return {
        "schemas": [SCHEMA],
        "id": USER,
        "name": "User",
        "description": "User Schema",
        "attributes": [_attribute(name) for name in ATTRIBUTES],
        "meta": {"resourceType": "Schema", "location": _location(call, f"Schemas/{USER}")},
    }


def _attribute(name: str, parent: str = "") -> dict[str, Any]:
    parts = ATTRIBUTES.get(name, ()) if not parent else ()
    kind = "complex" if parts else "boolean" if name in ("active", "primary") else "string"
    described: dict[str, Any] = {
        "name": name,
        "type": kind,
        "multiValued": name in MULTIPLE,
        "description": name,
        "required": name in ("userName", "externalId", "name", "emails")
        or (parent, name) in (("name", "formatted"), ("emails", "value")),
        "mutability": "readWrite",
        "returned": "default",
    }
    if kind == "string":
        described |= {"caseExact": False, "uniqueness": "server" if name == "userName" else "none"}
    return {**described, "subAttributes": [_attribute(part, name) for part in parts]} if parts else described
