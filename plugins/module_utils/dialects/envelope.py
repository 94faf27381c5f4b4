# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find status, error number and message in the server's JSON, which has several places for each (http-api.md 2.1)."""

from __future__ import annotations

import re
import typing as t

from .entities import integer, truth
from .strict_json import Json

_NUMBERED = re.compile(r"\s*(\d{4}):")
# Numbers that mean something. Below are 0, 1 and copies of the HTTP status, above nothing that is documented.
_NUMBERS = range(1000, 10_000)
# Numbers up to this one come with a path that leads nowhere (http-api.md 1.7).
_NO_SUCH_PATH = 4
# How many errors of a list are shown.
_MOST_ERRORS = 3
_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
# A longer body is not a sentence, and longer messages are cut before anything looks for something in them.
LONGEST_WORDS = 2000


def response_block(document: Json) -> Json:
    """Return the object C(response) of a document, or {}."""
    response = document.get("response")
    return response if isinstance(response, dict) else {}


def says_error(document: Json) -> bool:
    """Return whether a document reports an error, in any of the places for that."""
    response = response_block(document)
    status = integer(response.get("status"))
    top = document.get("error")
    return (
        truth(response.get("error")) is True
        or truth(response.get("erro")) is True
        or (status is not None and status >= 400)
        or top is True
        or (isinstance(top, str) and bool(top))
    )


def server_message(document: Json) -> str:
    """Return the server's own words, from the first of the places where they may be (http-api.md 2.1), or ""."""
    response = response_block(document)
    exception, error = document.get("exception"), document.get("error")
    candidates = [
        *(response.get(key) for key in ("message", "mensagem", "Message")),
        exception,
        *(document.get(key) for key in ("message", "mensagem", "error_description", "reason")),
        error,
        response.get("error"),
        *(document.get(key) for key in ("errors", "detail", "title")),
        *(response.get(key) for key in ("errors", "detail")),
        document.get("response"),
    ]
    return next((words for candidate in candidates if (words := _words_in(candidate))), "")[:LONGEST_WORDS]


def _words_in(value: t.Any) -> str:
    """Return a string, the string of its member C(message), or those of a list; "" for anything else."""
    if isinstance(value, dict):
        value = value.get("message")
    elif isinstance(value, list):
        value = "; ".join(filter(None, map(_words_in, value[:_MOST_ERRORS])))
    return value.strip() if isinstance(value, str) else ""


def about_an_object(document: Json) -> bool:
    """Return whether a 404 is about an object: it has an envelope with none of the numbers for an unknown path, or is
    an error of SCIM.
    """
    schemas = document.get("schemas")
    if isinstance(schemas, list) and _SCIM_ERROR in schemas:
        return True
    response = response_block(document)
    numbers = (integer(response.get(key)) for key in ("error_code", "cod_erro"))
    return error_number(document, server_message(document)) is not None or any(
        number and number > _NO_SUCH_PATH for number in numbers
    )


def error_number(document: Json, message: str) -> int | None:
    """Return the server's error number, or None: most of its places hold 0, 1 or the status."""
    exception, response = document.get("exception"), response_block(document)
    match = _NUMBERED.match(message)
    places = (
        exception.get("code") if isinstance(exception, dict) else None,
        match.group(1) if match else None,
        response.get("error_code"),
        response.get("cod_erro"),
        document.get("error_code"),
    )
    numbers = (integer(place) for place in places)
    return next((number for number in numbers if number is not None and number in _NUMBERS), None)


def says_updated(document: Json) -> bool | None:
    """Return whether a write says that something was there already, or None if its words are unknown.

    A PAM write answers 201 in both cases, and nothing but its sentence differs (http-api.md 3.1.3, 3.2). So this is
    good for a warning and for no decision.
    """
    words = server_message(document).lower()
    if re.search("updated|atualizad", words):
        return True
    return False if re.search("registered|created|cadastrad|registrad", words) else None
