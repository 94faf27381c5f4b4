# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of what is beside the vault: users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class User:
    """A user of the server, as SCIM keeps it. `document` has the attributes under their names of RFC 7643."""

    id: int | None = None
    username: str = ""  # as in the document, in lower case
    external_id: str | None = None
    document: dict[str, Any] = field(default_factory=dict)
    password: str | None = None
    created: float = 0
    modified: float = 0
