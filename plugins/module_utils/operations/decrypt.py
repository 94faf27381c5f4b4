# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have the server decrypt a text with a DSM encryption key."""

from __future__ import annotations

import base64
import binascii
import typing as t

from ..client.connect import Client
from ..errors import UnexpectedResponse
from ..settings.options import argument_spec
from .results import NO_LOG, Params, Result

NOUN = "encryption key"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "key": {"type": "str", "required": True, "no_log": False},
    "version": {"type": "str", "default": "1"},
    "value": {"type": "str", "required": True},
    "decode_base64": {"type": "bool", "default": False},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the clear text. Nothing is stored, so check mode makes no difference."""
    opened = client.encryption_keys.decrypt(params["key"], params["value"], params["version"])
    if params["decode_base64"]:
        opened = _decoded(opened, params["key"])
    return {"changed": False, "value": opened, **NO_LOG}


def _decoded(text: str, key: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise UnexpectedResponse(
            "what the server has decrypted must be text in base64", hint="Set decode_base64=false"
        ).with_context(subject=f"encryption key {key}") from None
