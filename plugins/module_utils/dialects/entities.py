# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the fields of an entity in the JSON of the server: texts, ids, booleans, secrets. Write those that are given."""

from __future__ import annotations

import typing as t

from ..errors import SenhaseguraError, UnexpectedResponse
from ..references import Reference
from .strict_json import Json

_TOO_BIG = 10**9


def integer(value: object) -> int | None:
    """Return a whole number of at most nine digits, also given as a string, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        # A longer one stands for nothing that is known here, and would fill a message.
        return value if abs(value) < _TOO_BIG else None
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10 else None


def truth(value: object) -> bool | None:
    """Return a boolean in any of the server's spellings (true, 1, "1", "Yes", "Sim" ...), or None."""
    text = str(value).strip().lower() if isinstance(value, (bool, int, str)) else ""
    return {"true": True, "1": True, "yes": True, "sim": True}.get(
        text, {"false": False, "0": False, "no": False, "não": False}.get(text)
    )


def entity(document: Json, name: str) -> Json:
    """Return the object ``name`` of a response. Raises UnexpectedResponse if there is no such object."""
    value = document.get(name)
    if not isinstance(value, dict):
        raise UnexpectedResponse(f"{name!r} in the answer must be an object")
    return value


def entities(document: Json, name: str) -> list[Json]:
    """Return the list ``name`` of a response. Raises UnexpectedResponse if it is no list of objects."""
    items = document.get(name)
    if not isinstance(items, list):
        raise UnexpectedResponse(f"{name!r} in the answer must be a list")
    if not all(isinstance(item, dict) for item in items):
        raise UnexpectedResponse(f"the list {name!r} in the answer must hold objects only")
    return items


def text(item: Json, *names: str) -> str:
    """Return the first of the members that is there, as a string; "" for none or null. Raises UnexpectedResponse."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if value is not None and not isinstance(value, bool):
            raise UnexpectedResponse(f"{name!r} in the answer must be text")
    return ""


def text_or_none(item: Json, *names: str) -> str | None:
    """Return the same, or None for none, null or an empty string. Raises UnexpectedResponse."""
    return text(item, *names) or None


def attempt(unreadable: dict[str, SenhaseguraError], name: str, read: t.Callable[[], str]) -> str:
    """Return what ``read`` returns. If it fails, note why under ``name`` and return "": the rest can still be used."""
    try:
        return read()
    except SenhaseguraError as exc:
        unreadable[name] = exc.with_traceback(None)
        return ""


def required_id(item: Json, *names: str) -> str:
    """Return the id of an object: digits, as a string. Raises UnexpectedResponse."""
    value = text(item, *(names or ("id",)))
    if not Reference(value).is_id:
        raise UnexpectedResponse(f"{(names or ('id',))[0]!r} in the answer must be a number")
    return value


def echo(document: Json, name: str) -> Json:
    """Return the entity in the response to a write, or {}: it is written, whatever the response shows."""
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def echoed_text(item: Json, *names: str) -> str | None:
    """Return the same as C(text_or_none), but None where that raises."""
    return text_or_none({name: value for name, value in item.items() if not isinstance(value, (dict, list))}, *names)


def echoed_id(item: Json, name: str = "id") -> str:
    """Return the id of what was written, or "" if the response does not have it."""
    value = echoed_text(item, name) or ""
    return value if Reference(value).is_id else ""


def required_secret(item: Json, *names: str) -> str:
    """Return a secret member. Raises UnexpectedResponse if it is empty: that must never be used as a password."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str) and value:
            return value
    raise UnexpectedResponse(
        f"the answer does not have a {names[0]}",
        hint="Check in the console that it has a value and that the authorization may see it",
    )


def given(**fields: t.Any) -> Json:
    """Return the fields that are not None: the server keeps what is left out."""
    return {name: value for name, value in fields.items() if value is not None}


def joined(items: tuple[str, ...] | None) -> str | None:
    """Return texts as one with commas, as the server takes them. None stays None."""
    return None if items is None else ",".join(items)


def as_list(items: tuple[t.Any, ...] | None) -> list[t.Any] | None:
    """Return a list, as the server takes it. None stays None."""
    return None if items is None else list(items)


def tag_list(value: t.Any) -> tuple[str, ...]:
    """Return tags, which are documented as a text with commas, and sampled as a list."""
    items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(str(item).strip() for item in items if str(item).strip())


def decode_nothing(document: Json, unseal: t.Callable[[str], str]) -> None:
    """Return None, for calls whose response tells nothing but success."""
