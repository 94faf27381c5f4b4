# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Have the server encrypt a text with a DSM encryption key."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from .results import Params, Result

NOUN = "encryption key"
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "key": {"type": "str", "required": True, "no_log": False},
    "version": {"type": "str", "default": "1"},
    "value": {"type": "str", "required": True, "no_log": True},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the encrypted text. Nothing is stored, so check mode makes no difference."""
    sealed = client.encryption_keys.encrypt(params["key"], params["value"], params["version"])
    return {"changed": False, "encrypted_value": sealed}
