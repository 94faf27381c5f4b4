# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List credentials without their passwords."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from ..specs import NAMES
from .parameters import passed
from .results import Params, Result

NOUN = "credential"
_FILTERS = (*NAMES, "ip", "type")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **{name: {"type": "str"} for name in _FILTERS},
    "include_ssh_keys": {"type": "bool", "default": False, "no_log": False},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the entries that fit all filters. The list takes no custody, so check mode makes no difference."""
    wanted = passed(params, _FILTERS)
    entries = [
        *client.credentials.matching(wanted),
        *(client.ssh_keys.matching(wanted) if params["include_ssh_keys"] else ()),
    ]
    return {"changed": False, "credentials": [entry.public() for entry in entries]}
