# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List DSM encryption keys."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from .parameters import numeric_id
from .results import Params, Result

NOUN = "encryption key"
SPEC: dict[str, t.Any] = {**argument_spec(), "id": {"type": "str"}, "name": {"type": "str"}}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the encryption keys that fit. Their material never leaves the server."""
    wanted = {"id": numeric_id(params["id"]), "name": params["name"]}
    found = [one.public() for one in client.encryption_keys.list()]
    fitting = [one for one in found if all(value in (None, one[name]) for name, value in wanted.items())]
    return {"changed": False, "encryption_keys": fitting}
