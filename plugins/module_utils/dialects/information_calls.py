# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's calls for protected information, which are below /iso in all releases (http-api.md 3.4)."""

from __future__ import annotations

from ..ciphertext import may_be_sealed
from ..information_models import InformationWrite, ProtectedInformation
from .dialect import Call, Row, Unseal, row
from .entities import decode_nothing, echo, echoed_text, entity, given, required_id, required_secret, text
from .operations import CREATE_INFORMATION, DISABLE_INFORMATION, READ_INFORMATION
from .strict_json import Json


def decode_information(document: Json, unseal: Unseal) -> ProtectedInformation:
    """Decode protected information with its content.

    That is not among what an authorization encrypts (http-api.md 1.6), and is opened if it is encrypted all the same.

    What is the identifier of a write is called a tag here.
    """
    item = entity(document, "info")
    content = required_secret(item, "content")
    if may_be_sealed(content):
        content = unseal(content)
    return ProtectedInformation(
        id=required_id(item),
        identifier=text(item, "tag", "identifier"),
        type=text(item, "type"),
        content=content,
        raw={**item, "content": content},
    )


def decode_identifier(document: Json, unseal: Unseal) -> str:
    """Return the identifier of what was made, or "": the response has no id, but the content."""
    return echoed_text(echo(document, "info"), "identifier", "tag") or ""


def encode_information(model: InformationWrite) -> Json:
    """Encode protected information. None is left out."""
    return given(content=model.content, identifier=model.identifier, name=model.name, type=model.type)


def information_calls() -> tuple[Row, ...]:
    """Return the rows of the table, which are the same in all releases."""
    path = "/iso/pam/info"
    return (
        row(READ_INFORMATION, Call("GET", path + "/{ref}", decode_information)),
        row(CREATE_INFORMATION, Call("POST", path, decode_identifier, encode_information)),
        row(DISABLE_INFORMATION, Call("DELETE", path + "/{ref}", decode_nothing)),
    )
