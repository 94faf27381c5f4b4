# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Data about remote sessions, plain and frozen. No wire names here: the dialects translate.

Secrets have C(repr=False).
"""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class RemoteSession:
    """A session that the proxy of the server has recorded. Times are zone-less ones of the appliance.

    ``session_id`` is the hash by which it is terminated, and ``device`` is C(HOST:PORT). ``prevent_purge`` is None
    where the server does not tell it.
    """

    id: str
    session_id: str
    user: str = ""
    origin_ip: str = ""
    credential: str = ""
    device: str = ""
    protocol: str = ""
    proxy: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    duration: str | None = None
    prevent_purge: bool | None = None
    request: str | None = None
    itsm: str | None = None

    @property
    def running(self) -> bool:
        """Return whether it has not ended."""
        return self.ended_at is None

    @property
    def host(self) -> str:
        """Return the device without its port. An IPv6 address may come with brackets."""
        host, _colon, port = self.device.rpartition(":")
        alone = host if port.isdigit() and (":" not in host or host.endswith("]")) else self.device
        return alone.strip("[]")

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name, and whether it is running."""
        return {**vars(self), "running": self.running}


@dataclasses.dataclass(frozen=True)
class WebSessionWrite:
    """What a web session is asked for. ``credential`` is the user name of one, ``device`` a host name or address."""

    user: str
    credential: str
    device: str
    protocol: str
    remote_device: str | None = None
    remote_address: str | None = None
    port: int | None = None
    remote_app: int | None = None
    screen_size: str | None = None


@dataclasses.dataclass(frozen=True)
class WebSession:
    """A URL that lets whoever opens it into a session, once and for some 30 seconds."""

    url: str = dataclasses.field(repr=False)
    token: str = dataclasses.field(repr=False)
