# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data about protected information, plain and frozen. Secrets have C(repr=False)."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class ProtectedInformation:
    """Protected information as a read gives it. ``raw`` is the server's own entity."""

    id: str
    identifier: str
    type: str
    content: str = dataclasses.field(repr=False)
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class InformationWrite:
    """Protected information that is to be made. None means "not given"."""

    content: str = dataclasses.field(repr=False)
    identifier: str | None = None
    name: str | None = None
    type: str | None = None
