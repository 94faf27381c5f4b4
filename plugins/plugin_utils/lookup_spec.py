# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the lookups, and one call of a lookup: for workers that the broker cannot answer at once."""

from __future__ import annotations

import typing as t

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
Variables = t.Mapping[str, t.Any]
Arguments = t.Mapping[str, t.Any]
# Evaluates the value of a variable.
Template = t.Callable[[t.Any], t.Any]
# "lookup", the digest of all options, and the terms.
Question = tuple[str, str, list[str]]

CHECK_MODES = ["placeholder", "read"]
CHECK_MODE_VARIABLE = "senhasegura_check_mode"
_COMMON: Spec = {
    "field": {"type": "str"},
    "default": {"type": "raw"},
    "on_missing": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "on_denied": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "return_format": {"type": "str", "choices": ["value", "dict", "raw"], "default": "value"},
    "fresh": {"type": "bool", "default": False},
}
_CUSTODY: Spec = {
    **_COMMON,
    "release": {"type": "bool", "default": False},
    "allow_vault_rotation": {"type": "bool", "default": False},
    "on_release_failure": {"type": "str", "choices": ["warn", "error"], "default": "warn"},
    "check_mode": {"type": "str", "choices": CHECK_MODES},
}
# The options of each lookup beyond those of the connection.
SPECS: t.Mapping[str, Spec] = {
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
}


class Request(t.NamedTuple):
    """One call of a lookup. The terms hold no lists any more. ``values`` are those of the variables of options."""

    name: str
    terms: list[t.Any]
    variables: Variables
    arguments: Arguments
    values: t.Mapping[str, t.Any]
