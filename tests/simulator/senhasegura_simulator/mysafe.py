# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySafe: passwords, notes and API secrets of the user who owns an access key, and what others share with that user."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Callable
from typing import Any

from .call import Call
from .envelope import Reply, success
from .errors import Problem
from .store import MySafeItem
from .vault import split_tags
from .wire import flag, sensitive, text

PASSWORD, NOTE, API_SECRET = "password", "note", "secretapi"
LONGEST_NOTE = 900
# What the pages call the list, the entity of a read, that of a write, and the item in messages.
LISTS = {PASSWORD: "password_on_list", NOTE: "note_on_list", API_SECRET: "api_secret_on_list"}
READ = {PASSWORD: "password_entity", NOTE: "note_entity", API_SECRET: "api_secret_entity"}
WRITTEN = {PASSWORD: "password_entity", NOTE: "note_entity", API_SECRET: "api_entity"}
NOUNS = {PASSWORD: "Password", NOTE: "Note", API_SECRET: "Api secret"}
REQUIRED = {
    PASSWORD: ("name", "username", "password"),
    NOTE: ("name", "note"),
    API_SECRET: ("name", "url", "client_id"),
}
PLAIN = ("name", "url", "username", "password", "secret_key", "client_id", "client_secret", "identifier_code", "method")
FILTERS = {PASSWORD: ("name", "username", "url"), NOTE: ("name",), API_SECRET: ("identifier_code",)}
UPDATED = {PASSWORD: "Password successfully updated", NOTE: "Note successfully update"}
Handler = Callable[[Call], Reply]


def handlers(kind: str) -> dict[str, Handler]:
    """The handlers of one kind of items, by the verb of their operation."""
    return {
        "list": lambda call: _list(call, kind),
        "read": lambda call: _read(call, kind),
        "create": lambda call: _create(call, kind),
        "update": lambda call: _update(call, kind),
        "enable": lambda call: _switch(call, kind, True),
        "disable": lambda call: _switch(call, kind, False),
    }


def _reply(call: Call, message: str, status: int, entities: dict[str, Any]) -> Reply:
    return success(call.world.profile, call.tenant, message, status, None, **entities)


def _list(call: Call, kind: str) -> Reply:
    inactive_too = call.world.settings.list_inactive
    items = [item for item in _visible(call, kind) if item.active or inactive_too]
    for name in FILTERS[kind]:
        wanted = text(call.params, name)
        if wanted:
            items = [item for item in items if wanted.lower() in getattr(item, name).lower()]
    tag = text(call.params, "tag")
    if tag:
        items = [item for item in items if tag in item.tags]
    return _reply(call, "", 200, {LISTS[kind]: [_row(call, item) for item in items]})


def _read(call: Call, kind: str) -> Reply:
    item = _active(call, kind)
    if item.need_justify or item.need_approval:
        raise _refused(1006, "User does not have access")
    return _reply(call, "Success", 200, {READ[kind]: _whole(call, item)})


def _create(call: Call, kind: str) -> Reply:
    for name in REQUIRED[kind]:
        if not text(call.params, name):
            raise _refused(1001, f"Parameter '{name}' was not informed!")
    item = MySafeItem(kind=kind, owner=_user(call))
    unshared = _store(call, item)
    message = f"{NOUNS[kind]} successfully registered"
    return _reply(call, message, 201, {WRITTEN[kind]: _echo(item), "shared_error": unshared})


def _update(call: Call, kind: str) -> Reply:
    """What is left out stays as it is."""
    item = _active(call, kind)
    _need_write(call, item)
    unshared = _store(call, item)
    # The page of API secrets prints that of a creation.
    status, message = (200, UPDATED[kind]) if kind in UPDATED else (201, f"{NOUNS[kind]} successfully registered")
    return _reply(call, message, status, {WRITTEN[kind]: _echo(item), "shared_error": unshared})


def _switch(call: Call, kind: str, active: bool) -> Reply:
    item = _named(call, kind)
    _need_write(call, item)
    already = " already" if item.active == active else ""
    item.active = active
    call.world.store.save(item)
    return _reply(call, f"{NOUNS[kind]} has{already} been {'activated' if active else 'inactivated'}", 200, {})


def _store(call: Call, item: MySafeItem) -> list[dict[str, str]]:
    """Store what was sent, and return with whom the item could not be shared."""
    params = call.params
    for name in PLAIN:
        if (value := text(params, name)) is not None:
            setattr(item, name, value)
    for name in ("note", "notes"):
        if (value := text(params, name)) is not None:
            item.notes = value
    if item.kind == NOTE and len(item.notes) > LONGEST_NOTE:
        raise _refused(1001, f"Parameter note limited to {LONGEST_NOTE} characters")
    code, store = item.identifier_code, call.world.store
    taken = store.first(MySafeItem, kind=item.kind, owner=item.owner, identifier_code=code) if code else None
    if taken and taken.id != item.id:
        raise _refused(1001, "Identifier already found in another API key of this user")
    if params.get("tags") is not None:
        item.tags = split_tags(params["tags"])
    unshared: list[dict[str, str]] = []
    settings = call.world.settings
    for name, key, known in (
        ("users_allowed", "username", settings.mysafe_users),
        ("groups_allowed", "name", list(settings.mysafe_groups)),
    ):
        if isinstance(params.get(name), list):
            wanted = [entry for entry in params[name] if isinstance(entry, dict) and entry.get(key)]
            unknown = [entry for entry in wanted if known and entry[key] not in known]
            shares = [{key: entry[key], "can_edit": flag(entry.get("can_edit"))} for entry in wanted]
            setattr(item, name, [share for share in shares if not known or share[key] in known])
            unshared += [{key: entry[key], "message": "1005: User does not exist"} for entry in unknown]
    call.world.store.save(item)
    return unshared


def _user(call: Call) -> str:
    return call.caller.mysafe_user or ""


def _share(call: Call, item: MySafeItem) -> bool | None:
    """Whether the user may edit an item (True), see it (False) or neither (None)."""
    user, groups = _user(call), call.world.settings.mysafe_groups
    if item.owner == user:
        return True
    found = [share["can_edit"] for share in item.users_allowed if share["username"] == user]
    found += [share["can_edit"] for share in item.groups_allowed if user in groups.get(share["name"], ())]
    return any(found) if found else None


def _visible(call: Call, kind: str) -> list[MySafeItem]:
    only = call.caller.mysafe_items
    items = call.world.store.all(MySafeItem, kind=kind)
    return [i for i in items if _share(call, i) is not None and (only is None or str(i.id) in only)]


def _named(call: Call, kind: str) -> MySafeItem:
    ref = call.args["ref"]
    if not (ref.isascii() and ref.isdigit() and len(ref) < 19):
        raise _refused(1010, "Unexpected identifier type")
    item = call.world.store.first(MySafeItem, id=int(ref), kind=kind)
    if item is None:
        raise _refused(1005, f"{NOUNS[kind]} not found")
    if item.id not in [visible.id for visible in _visible(call, kind)]:
        raise _refused(1006, "User does not have access")
    return item


def _active(call: Call, kind: str) -> MySafeItem:
    item = _named(call, kind)
    if not item.active:
        raise _refused(1009, f"Inactive {NOUNS[kind].lower()}")
    return item


def _need_write(call: Call, item: MySafeItem) -> None:
    if not _share(call, item):
        raise _refused(1006, "User does not have access")


def _refused(number: int, message: str) -> Problem:
    return Problem(f"{number}: {message}", number=number, error_code=0)


def _row(call: Call, item: MySafeItem) -> dict[str, Any]:
    more = {"url": item.url, "username": item.username} if item.kind == PASSWORD else {}
    tags = {} if item.kind == API_SECRET else {"tags": ",".join(item.tags)}
    return {
        "identifier": str(item.id),
        "name": item.name,
        **more,
        **tags,
        "need_justify": str(int(item.need_justify)),
        "need_approval": str(int(item.need_approval)),
        "can_view": True,
        "can_write": bool(_share(call, item)),
    }


def _whole(call: Call, item: MySafeItem) -> dict[str, Any]:
    """Of sensitive data, an access key that encrypts does so with passwords and notes."""
    users = item.users_allowed
    if item.kind == API_SECRET:
        users = [{"name": share["username"], "can_edit": share["can_edit"]} for share in users]
    shared = {"tags": ",".join(item.tags), "users_allowed": users, "groups_allowed": item.groups_allowed}
    head = {"identifier": str(item.id), "name": item.name}
    if item.kind == NOTE:
        return {**head, "note": sensitive(call, item.notes), **shared}
    if item.kind == API_SECRET:
        names = ("url", "client_secret", "client_id", "identifier_code", "method", "notes")
        return {**head, **{name: getattr(item, name) for name in names}, **shared}
    return {
        **head,
        "url": item.url,
        "username": item.username,
        "password": sensitive(call, item.password),
        "secret_key": item.secret_key or None,
        "token": totp(item.secret_key, call.world.now()),
        "notes": item.notes,
        **shared,
    }


def _echo(item: MySafeItem) -> dict[str, Any]:
    """What a write shows: of a password neither itself nor its seed, of a note not the text, of an API secret all."""
    shown: dict[str, Any] = {"identifier": str(item.id), "name": item.name, "tags": ",".join(item.tags)}
    shown |= {"users_allowed": item.users_allowed, "groups_allowed": item.groups_allowed}
    if item.kind == PASSWORD:
        return {**shown, "url": item.url, "username": item.username, "note": item.notes}
    if item.kind == API_SECRET:
        names = ("url", "client_secret", "client_id", "identifier_code", "method", "notes")
        return {**shown, **{name: getattr(item, name) for name in names}}
    return shown


def totp(seed: str, now: float) -> str | None:
    """The code of RFC 6238 (SHA-1, six digits, 30 seconds) for a seed in base32, or None without a good one."""
    try:
        key = base64.b32decode(seed.replace(" ", "").upper() + "=" * (-len(seed.replace(" ", "")) % 8))
    except ValueError:  # also what has other characters than base32
        return None
    if not key:
        return None
    digest = hmac.digest(key, struct.pack(">Q", int(now) // 30), hashlib.sha1)
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1000000:06d}"
