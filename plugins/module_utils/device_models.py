# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data about devices. None of it is secret. No wire names here: the dialects translate."""

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class Device:
    """One device. ``domains``, ``connectivities`` and ``session_remote_config`` are None as long as only the list is
    known, which does not show them (http-api.md 3.3).

    ``connectivities`` are texts such as C(SSH:22).
    """

    id: str
    hostname: str
    ip: str = ""
    type: str = ""
    vendor: str = ""
    model: str = ""
    site: str = ""
    tags: tuple[str, ...] = ()
    domains: tuple[str, ...] | None = None
    connectivities: tuple[str, ...] | None = None
    session_remote_config: str | None = None

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name, tuples as lists."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


@dataclasses.dataclass(frozen=True)
class DeviceWrite:
    """What shall be true of a device. None means "not given: leave as it is"."""

    hostname: str
    ip: str | None = None
    type: str | None = None
    vendor: str | None = None
    model: str | None = None
    site: str | None = None
    tags: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    connectivities: tuple[str, ...] | None = None
    session_remote_config: str | None = None
