# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One call of a lookup: for workers that the broker cannot answer at once."""

from __future__ import annotations

import typing as t

Variables = t.Mapping[str, t.Any]
Arguments = t.Mapping[str, t.Any]
# Evaluates the value of a variable.
Template = t.Callable[[t.Any], t.Any]
# The context, which is a digest of all options, and the terms: see protocol.py.
Question = tuple[str, list[str]]


class Request(t.NamedTuple):
    """One call of a lookup. The terms hold no lists any more. ``values`` are those of the variables of options."""

    name: str
    terms: list[t.Any]
    variables: Variables
    arguments: Arguments
    values: t.Mapping[str, t.Any]
