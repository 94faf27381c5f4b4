# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the lookups.

They are apart from lookup.py because the first worker of a run needs them before it starts the broker, while all others
wait. It takes that worker 70 ms to import what lookup.py needs.
"""

from __future__ import annotations

import typing as t

from ..settings.options import argument_spec, mysafe_argument_spec

LookupSpec = t.Mapping[str, t.Mapping[str, t.Any]]

CHECK_MODES = ["placeholder", "read"]
CHECK_MODE_VARIABLE = "senhasegura_check_mode"
# The kinds of items in MySafe, which mysafe_items.py describes.
MYSAFE_KINDS = ("password", "note", "api_secret")
_COMMON: LookupSpec = {
    "field": {"type": "str"},
    "default": {"type": "raw"},
    "on_missing": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "on_denied": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "return_format": {"type": "str", "choices": ["value", "dict", "raw"], "default": "value"},
    "fresh": {"type": "bool", "default": False},
}
_CUSTODY: LookupSpec = {
    **_COMMON,
    "release": {"type": "bool", "default": False},
    "allow_vault_rotation": {"type": "bool", "default": False},
    "on_release_failure": {"type": "str", "choices": ["warn", "error"], "default": "warn"},
    "check_mode": {"type": "str", "choices": CHECK_MODES},
}
# The options of each lookup beyond those of the connection.
SPECS: t.Mapping[str, LookupSpec] = {
    "password": _CUSTODY,
    "ssh_key": {**_CUSTODY, "as_file": {"type": "bool", "default": False}},
    "credential": {
        **_CUSTODY,
        "include_password": {"type": "bool", "default": True, "no_log": False},
        "return_format": {**_COMMON["return_format"], "default": "dict"},
    },
    "secret": {
        **_COMMON,
        "duplicates": {"type": "str", "choices": ["error", "first", "last", "list"], "default": "error"},
    },
    "mysafe": {
        **_COMMON,
        "kind": {"type": "str", "choices": list(MYSAFE_KINDS), "default": "password"},
        "username": {"type": "str"},
        "target_url": {"type": "str"},
    },
    "protected_information": _COMMON,
}


def connection_spec(name: str) -> LookupSpec:
    """Return the connection options of a lookup as an argument spec."""
    return mysafe_argument_spec() if name == "mysafe" else argument_spec()
