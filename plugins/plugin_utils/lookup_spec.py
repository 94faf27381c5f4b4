# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that lookups share, and the one call of a lookup. Each worker compiles this anew: it is short."""

from __future__ import annotations

import typing as t

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
Variables = t.Mapping[str, t.Any]
Arguments = t.Mapping[str, t.Any]
# "lookup", the digest of all options, and the terms.
Question = tuple[str, str, list[str]]

LOOKUP_SPEC: Spec = {
    "field": {"type": "str"},
    "default": {"type": "raw"},
    "on_missing": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "on_denied": {"type": "str", "choices": ["error", "warn", "skip"], "default": "error"},
    "return_format": {"type": "str", "choices": ["value", "dict", "raw"], "default": "value"},
    "fresh": {"type": "bool", "default": False},
}
CHECK_MODES = ["placeholder", "read"]
CHECK_MODE_VARIABLE = "senhasegura_check_mode"
CUSTODY_SPEC: Spec = {
    "release": {"type": "bool", "default": False},
    "allow_vault_rotation": {"type": "bool", "default": False},
    "check_mode": {"type": "str", "choices": CHECK_MODES},
}


class Request:
    """One call of a lookup. ``template`` evaluates the value of a variable.

    A plain class: to make a named tuple or a dataclass costs each worker a millisecond.
    """

    def __init__(
        self,
        name: str,
        spec: Spec,
        terms: list[t.Any],
        variables: Variables,
        arguments: Arguments,
        template: t.Callable[[t.Any], t.Any],
    ) -> None:
        self.name, self.spec = name, spec
        self.terms, self.variables, self.arguments = terms, variables, arguments
        self.template = template


def flat(terms: t.Iterable[t.Any]) -> t.Iterator[t.Any]:
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from flat(term)
        else:
            yield term
