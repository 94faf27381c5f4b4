# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of what is beside the vault: users, related users, sessions and protected information."""

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


@dataclass
class RelatedUser:
    id: int | None = None
    name: str = ""
    username: str = ""
    active: bool = True


@dataclass
class RemoteSession:
    """A session that the proxy has recorded; `device` is host:port, `ended` is None while it is running."""

    id: int | None = None
    session_id: str = ""
    user: str = ""
    origin_ip: str = ""
    credential: str = ""
    device: str = ""
    protocol: str = "ssh"
    proxy: str = "Web Proxy"
    started: float = 0
    ended: float | None = None


@dataclass
class WebUrl:
    """A URL that was asked for, with its token."""

    id: int | None = None
    user: str = ""
    credential: str = ""
    device: str = ""
    protocol: str = ""
    url: str = ""
    token: str = ""


@dataclass
class Information:
    """Protected information, which MySafe has replaced."""

    id: int | None = None
    identifier: str = ""
    name: str = ""
    type: str = ""
    service: str = ""
    url: str = ""
    content: str = ""
    users_allowed: str = ""
    active: bool = True
