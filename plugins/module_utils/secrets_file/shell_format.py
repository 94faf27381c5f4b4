# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a file that a POSIX shell can source: bash and dash read each value as it is."""

from __future__ import annotations

import shlex

from . import value_rules
from .value_rules import Entries


def check(name: str, value: str) -> str:
    """Say why the file cannot hold a value."""
    return value_rules.in_environment(name, value)


def render(entries: Entries) -> str:
    """Return the file: one C(export) for each value, in single quotes."""
    return "".join(f"export {name}={_quoted(value)}\n" for name, value in entries.items())


def _quoted(value: str) -> str:
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"
