# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables of tests of which `./run test` runs some rows, and `./run long` the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def rows(table: Iterable[Any], *kept: str, ids: Iterable[str] | None = None) -> list[Any]:
    """Return the rows of a table for parametrize, or for a fixture. `./run test` runs those that are ``kept``.

    :param table: a value for each row, or a tuple of values
    :param kept: some of the ids
    :param ids: a name for each row: the value as text if they are not given
    """
    values = list(table)
    names = list(ids) if ids else [str(value) for value in values]
    if unknown := set(kept) - set(names):
        raise ValueError(f"there are no rows {sorted(unknown)} among {names}")
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), id=name, marks=() if name in kept else pytest.mark.long
        )
        for value, name in zip(values, names, strict=True)
    ]
