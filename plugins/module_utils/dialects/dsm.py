# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of DSM secrets in the vendor's dialects, the same in all releases (facts-dsm.md 1 and 3)."""

from __future__ import annotations

import base64
import json
import typing as t

from ..dsm_secrets import DsmSecret, DsmSecretWrite, Renewal, SecretBlock, SecretValue
from ..errors import SenhaseguraError, UnexpectedResponse
from .dialect import Unseal
from .entities import echoed_text, entities, entity, given, integer, text, text_or_none
from .strict_json import Json

_LOOK = "Look at the secret in the console of the server"


def decode_application(document: Json, unseal: Unseal) -> tuple[DsmSecret, ...]:
    """Decode the application of the token with all its secrets (facts-dsm.md 1)."""
    application = entity(document, "application")
    # All secrets are of the one application that the token belongs to.
    owner = {"application": application.get("name"), **{n: application.get(n) for n in ("system", "environment")}}
    return tuple(decode_secret_item(item, unseal, owner) for item in entities(application, "secrets"))


def decode_stored_secret(document: Json, unseal: Unseal) -> tuple[DsmSecret, ...] | None:
    """Return the secrets that the response to a write shows (facts-dsm.md 3), or None: it is written in any case."""
    try:
        return decode_application(document, unseal)
    except UnexpectedResponse:
        return None


def decode_secret_item(item: Json, unseal: Unseal, owner: Json | None = None) -> DsmSecret:
    """Decode one secret. What cannot be read of its data is kept as the reason, so that it hides nothing else.

    :param owner: application, system and environment, if they are not part of the item
    """
    data = item.get("data")
    # An array of flat maps; one sample has a plain object.
    blocks = [data] if isinstance(data, dict) else data
    problem = None
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        problem = UnexpectedResponse(
            "the server sends null" if data is None else "it is not a list of maps", hint=_LOOK
        )
        blocks = []
    opened = tuple({str(key): _value(block, key, unseal) for key in block} for block in blocks)
    return DsmSecret(
        id=text(item, "secret_id", "id"),
        identifier=text(item, "identity", "identifier"),
        data=opened,
        name=text(item, "secret_name", "name"),
        engine=text(item, "engine"),
        description=text(item, "description") if "description" in item else None,
        version=text(item, "version"),
        expires_at=text_or_none(item, "expiration_date"),
        application=echoed_text(owner or item, "application"),
        system=echoed_text(owner or item, "system"),
        environment=echoed_text(owner or item, "environment"),
        renewal=_renewal(item),
        raw={**item, "data": [dict(block) for block in opened]},
        problem=problem,
        as_one=isinstance(data, dict),
    )


# The field of the write model -> that of the server. A page of 4.0 has a slip of the pen in the last one.
_RENEWAL = {
    "access_keys": ("renew_cloud_time",),
    "credentials": ("renew_credential_time",),
    "ephemeral_credentials": ("renew_ephemeral_credential_time", "renew_efemeral_credential_time"),
}


def _renewal(item: Json) -> Renewal | None:
    """Return after how many minutes the server renews, or None where it does not tell all of them."""
    minutes: dict[str, t.Any] = {}
    for field, names in _RENEWAL.items():
        found = [item[name] for name in names if name in item]
        # "Never" is false, an empty text, an empty list or null.
        value = 0 if found and not found[0] else integer(found[0]) if found else None
        if value is None:
            return None
        minutes[field] = value
    return Renewal(**minutes)


def _value(block: Json, key: str, unseal: Unseal) -> SecretValue:
    # An empty value is not encrypted, and stays empty.
    if block[key] is None or block[key] == "":
        empty: SecretValue = block[key]
        return empty
    try:
        if isinstance(block[key], bool):
            # Elsewhere the server says false for "none"; here it would be a value that nobody has stored.
            raise UnexpectedResponse("it is not text", hint=_LOOK)
        return unseal(text(block, key))
    except SenhaseguraError as exc:
        return exc.with_traceback(None)


def encode_secret(model: DsmSecretWrite) -> Json:
    """Encode a DSM secret, whose data is base64 of JSON (facts-dsm.md 3)."""
    data = given(
        access_keys=[{"access_key": {"type": b.type, "fields": _labelled(b)}} for b in model.access_keys] or None,
        credentials=[{"credential": {"fields": _labelled(b)}} for b in model.credentials] or None,
        key_value={"fields": dict(model.key_value)} if model.key_value else None,
    )
    return given(
        identity=model.identifier,
        name=model.name,
        engine=model.engine,
        description=model.description,
        expiration_date=model.expires_at,
        **(_encoded_renewal(model.renewal) if model.renewal else {}),
        data=base64.b64encode(json.dumps(data).encode()).decode() if data else None,
    )


def _encoded_renewal(renewal: Renewal) -> Json:
    """Encode all three times, since the releases do not agree about what is left out (facts-dsm.md 3)."""
    off: list[str] | None = [] if renewal.off == "empty" else None
    return {names[0]: getattr(renewal, field) or off for field, names in _RENEWAL.items()}


def _labelled(block: SecretBlock) -> dict[str, str]:
    return {**block.fields, **{f"{name}_label": label for name, label in block.labels.items()}}
