# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vendor's calls for MySafe, the same in all releases that have it (http-api.md 3.8, facts-platform.md 2).

The pages disagree about the names of entities and lists, so each is looked for under all its names.
"""

from __future__ import annotations

import re
import typing as t

from ..ciphertext import looks_encrypted
from ..errors import SenhaseguraError, UnexpectedResponse
from ..models import Stored
from ..mysafe_models import (
    LISTED_ONLY,
    MySafeApiSecret,
    MySafeApiSecretWrite,
    MySafeItem,
    MySafeNote,
    MySafeNoteWrite,
    MySafePassword,
    MySafePasswordWrite,
    MySafeShare,
)
from ..references import safe_name
from .dialect import Call, Row, Unseal, row
from .entities import (
    attempt,
    echo,
    echoed_id,
    echoed_text,
    entities,
    entity,
    given,
    joined,
    required_id,
    required_secret,
    tag_list,
    text,
    text_or_none,
    truth,
)
from .envelope import server_message
from .operations import Area, Verb, operation_of
from .strict_json import Json

_TOTP_DIGITS = 6
_ALREADY = re.compile(r"\balready\b|\bj(á|a)\b", re.IGNORECASE)
_ENTITIES = {
    Area.MYSAFE_PASSWORDS: ("password_entity", "passwords_entity"),
    Area.MYSAFE_NOTES: ("note_entity", "notes_entity"),
    Area.MYSAFE_API_SECRETS: ("api_secret_entity", "api_entity", "api_secrets_entity"),
}


def _one_of(document: Json, names: t.Sequence[str]) -> str:
    """Return the first of the names that the document has, or the first of all."""
    return next((name for name in names if name in document), names[0])


def decode_passwords(document: Json, unseal: Unseal) -> tuple[MySafePassword, ...]:
    """Decode the list of passwords."""
    found = entities(document, _one_of(document, ("password_on_list", "passwords_on_list")))
    return tuple(
        MySafePassword(
            **_listed(item),
            tags=tag_list(item.get("tags")),
            target_url=text(item, "url"),
            username=text(item, "username"),
        )
        for item in found
    )


def decode_notes(document: Json, unseal: Unseal) -> tuple[MySafeNote, ...]:
    """Decode the list of notes."""
    found = entities(document, _one_of(document, ("note_on_list", "notes_on_list")))
    return tuple(MySafeNote(**_listed(item), tags=tag_list(item.get("tags"))) for item in found)


def decode_api_secrets(document: Json, unseal: Unseal) -> tuple[MySafeApiSecret, ...]:
    """Decode the list of API secrets, which shows neither url nor identifier nor tags."""
    found = entities(document, _one_of(document, ("api_secret_on_list", "api_secrets_on_list")))
    return tuple(MySafeApiSecret(**_listed(item)) for item in found)


def _listed(item: Json) -> dict[str, t.Any]:
    flags = {name: truth(item.get(name)) for name in LISTED_ONLY}
    return {"id": required_id(item, "identifier"), "name": text(item, "name"), **flags}


def decode_password(document: Json, unseal: Unseal) -> MySafePassword:
    """Decode one password. A value that cannot be opened is kept as the reason."""
    item = entity(document, _one_of(document, _ENTITIES[Area.MYSAFE_PASSWORDS]))
    unreadable: dict[str, SenhaseguraError] = {}
    password = attempt(unreadable, "password", lambda: unseal(required_secret(item, "password")))
    seed = attempt(unreadable, "totp_seed", lambda: _opened(text(item, "secret_key"), unseal))
    notes = attempt(unreadable, "notes", lambda: _opened(text(item, "notes", "note"), unseal))
    return MySafePassword(
        **_detailed(item),
        target_url=text(item, "url"),
        username=text(item, "username"),
        password=password,
        totp=_totp(item.get("token")),
        totp_seed=seed or None,
        notes=notes,
        raw={**item, "password": password, "secret_key": seed or None, "notes": notes},
        unreadable=unreadable,
    )


def decode_note(document: Json, unseal: Unseal) -> MySafeNote:
    """Decode one note. A text that cannot be opened is kept as the reason."""
    item = entity(document, _one_of(document, _ENTITIES[Area.MYSAFE_NOTES]))
    unreadable: dict[str, SenhaseguraError] = {}
    note = attempt(unreadable, "note", lambda: unseal(required_secret(item, "note", "notes")))
    return MySafeNote(**_detailed(item), note=note, raw={**item, "note": note}, unreadable=unreadable)


def decode_api_secret(document: Json, unseal: Unseal) -> MySafeApiSecret:
    """Decode one API secret. A value that cannot be opened is kept as the reason."""
    item = entity(document, _one_of(document, _ENTITIES[Area.MYSAFE_API_SECRETS]))
    unreadable: dict[str, SenhaseguraError] = {}
    secret = attempt(unreadable, "api_client_secret", lambda: _opened(text(item, "client_secret"), unseal))
    client = attempt(unreadable, "api_client_id", lambda: _opened(text(item, "client_id"), unseal))
    notes = attempt(unreadable, "notes", lambda: _opened(text(item, "notes", "note"), unseal))
    return MySafeApiSecret(
        **_detailed(item),
        target_url=text(item, "url"),
        identifier=text_or_none(item, "identifier_code"),
        method=text(item, "method"),
        api_client_id=client,
        api_client_secret=secret,
        notes=notes,
        raw={**item, "client_id": client, "client_secret": secret, "notes": notes},
        unreadable=unreadable,
    )


def _opened(value: str, unseal: Unseal) -> str:
    """Return a value that an access key encrypts, or perhaps does not: the pages name passwords and notes only."""
    return unseal(value) if looks_encrypted(value) else value


def _totp(value: t.Any) -> str | None:
    """Return the code as text. A number, as one sample has it, has lost the zeros in front."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:0{_TOTP_DIGITS}d}"
    return value if isinstance(value, str) and value else None


def _detailed(item: Json) -> dict[str, t.Any]:
    return {
        "id": required_id(item, "identifier"),
        "name": text(item, "name"),
        "tags": tag_list(item.get("tags")),
        "users": _shares(item, "users_allowed", "username", "name"),
        "groups": _shares(item, "groups_allowed", "name", "groupname"),
    }


def _shares(item: Json, name: str, *keys: str) -> tuple[MySafeShare, ...] | None:
    """Return whom an item is shared with, or None if it does not tell. Raises UnexpectedResponse."""
    value = item.get(name)
    if value is None:
        return () if name in item else None
    if not isinstance(value, list) or not all(isinstance(one, dict) and text(one, *keys) for one in value):
        raise UnexpectedResponse(f"{name!r} in the answer must be a list of objects with names")
    # Samples say can_edit, and the field tables of reads can_write.
    return tuple(
        MySafeShare(text(one, *keys), bool(truth(one["can_edit"] if "can_edit" in one else one.get("can_write"))))
        for one in value
    )


def decode_stored_item(area: Area) -> t.Callable[[Json, Unseal], Stored]:
    """Return the decoder of the receipt for a write in this area."""

    def decode(document: Json, unseal: Unseal) -> Stored:
        item = echo(document, _one_of(document, _ENTITIES[area]))
        unshared = document.get("shared_error", item.get("shared_error"))
        return Stored(echoed_id(item, "identifier"), unshared=_names(unshared))

    return decode


def _names(value: t.Any) -> tuple[str, ...]:
    """Return with whom an item could not be shared: names, or objects of an unknown shape with one."""
    items = value if isinstance(value, list) else [value] if isinstance(value, (str, dict)) else []
    found = (
        echoed_text(item, "username", "name", "user", "group", "message") or "?"
        if isinstance(item, dict)
        else str(item)
        for item in items
        if item is not None
    )
    return tuple(name for name in found if name)


def decode_switched(document: Json, unseal: Unseal) -> bool:
    """Return whether the server says that an item was in that state already: it answers 200 in both cases."""
    return bool(_ALREADY.search(server_message(document)))


def _encoded_shares(shares: tuple[MySafeShare, ...] | None, key: str) -> list[Json] | None:
    return None if shares is None else [{key: share.name, "can_edit": share.can_edit} for share in shares]


def _common(model: MySafePasswordWrite | MySafeNoteWrite | MySafeApiSecretWrite) -> Json:
    return {
        "name": model.name,
        "tags": joined(model.tags),
        "users_allowed": _encoded_shares(model.users, "username"),
        "groups_allowed": _encoded_shares(model.groups, "name"),
    }


def encode_password(model: MySafePasswordWrite) -> Json:
    """Encode a password. None is left out, and the server keeps it."""
    return given(
        **_common(model),
        url=model.target_url,
        username=model.username,
        password=model.password,
        secret_key=model.totp_seed,
        notes=model.notes,
    )


def encode_note(model: MySafeNoteWrite) -> Json:
    """Encode a note. None is left out, and the server keeps it."""
    return given(**_common(model), note=model.note)


def encode_api_secret(model: MySafeApiSecretWrite) -> Json:
    """Encode an API secret. None is left out, and the server keeps it."""
    return given(
        **_common(model),
        url=model.target_url,
        client_id=model.api_client_id,
        client_secret=model.api_client_secret,
        identifier_code=model.identifier,
        method=model.method,
        notes=model.notes,
    )


def encode_identifier(identifier: str) -> Json:
    """Encode the filter of the list of API secrets, or none. Raises ConfigError."""
    return {"identifier_code": safe_name(identifier)} if identifier else {}


def _item_calls(area: Area, path: str, listing: Call[t.Any], read: t.Any, encode: t.Any) -> tuple[Row, ...]:
    stored = decode_stored_item(area)

    def call(method: str, below: str, decode: t.Any, encoder: t.Any = None) -> Call[t.Any]:
        return Call(method, path + below, decode, encoder, module="mysafe")

    return (
        row(operation_of(area, Verb.LIST), listing),
        row(operation_of(area, Verb.READ), call("GET", "/{ref}", read)),
        row(operation_of(area, Verb.CREATE), call("POST", "", stored, encode)),
        row(operation_of(area, Verb.UPDATE), call("PUT", "/update/{ref}", stored, encode)),
        row(operation_of(area, Verb.ENABLE), call("POST", "/active/{ref}", decode_switched)),
        row(operation_of(area, Verb.DISABLE), call("POST", "/inactive/{ref}", decode_switched)),
    )


def mysafe_calls() -> tuple[Row, ...]:
    """Return the rows of the table, which are the same in all releases."""
    passwords, notes, api_secrets = (f"/api/mysafe/{name}" for name in ("password", "note", "secretapi"))
    list_api_secrets = Call[tuple[MySafeItem, ...]](
        "GET", api_secrets, decode_api_secrets, encode_identifier, body="query", module="mysafe", lists=True
    )
    return (
        *_item_calls(
            Area.MYSAFE_PASSWORDS,
            passwords,
            Call("GET", passwords, decode_passwords, module="mysafe", lists=True),
            decode_password,
            encode_password,
        ),
        *_item_calls(
            Area.MYSAFE_NOTES,
            notes,
            Call("GET", notes, decode_notes, module="mysafe", lists=True),
            decode_note,
            encode_note,
        ),
        *_item_calls(Area.MYSAFE_API_SECRETS, api_secrets, list_api_secrets, decode_api_secret, encode_api_secret),
    )
