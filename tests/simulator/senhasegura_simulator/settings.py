# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches of a running simulator. Seeds, keyword arguments and the control API set them by name."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .targets import Target


@dataclass
class Settings:
    tenant: str = "acme"  # the only tenant that every client without one of its own belongs to
    tenant_required: bool = False  # a multi-tenant instance addressed by IP: the token call must name the tenant
    token_lifetime: float = 3600
    mysafe_token: bool = False  # 3.32 routes /api/oauth2/token for MySafe
    legacy_paths: bool = True  # 4.0 routes /iso/pam too and takes an identifier in the path
    oauth1_plaintext: bool = False
    oauth1_unsigned_query: bool = False
    oauth1_window: float = 600  # seconds by which an OAuth 1 timestamp may be off
    simultaneous_viewing: bool = True
    custody_lifetime: float = 86400
    change_delay: float = 0  # seconds between a release (or a rotate call) and the vault's change
    change_result: str = "changed"  # "changed" | "fails": the vault tries and the password stays
    key_rotation_on_release: bool = False
    targets: dict[str, Any] = field(default_factory=dict)  # host name or address: fields of Target
    ssh_program: str = "ssh"
    ssh_timeout: float = 30  # seconds for each login with its command
    list_inactive: bool = False
    identifier_in_path: bool | None = None  # None: as the profile says
    allow_duplicates: bool = False  # system parameter "Allow registry of duplicate credentials"
    utc_offset_hours: float = -3  # the appliance's zone, visible in naive times and in `expiration`
    latency: float = 0  # seconds added to every answer
    idle_timeout: float | None = None  # close idle keep-alive connections after so many seconds
    deliver_expired: bool = False  # DSM secrets are readable after their expiration_date
    base64_decrypted: bool = False  # what an encryption key decrypts comes in base64
    scim_true_ids: bool | None = None  # lists of SCIM users have the ids of operations; None: as the profile says
    scim_delete: str = "erase"  # or "disable"
    roles: list[str] | None = None  # known to SCIM; None: any name
    access_groups: list[str] | None = None
    engines: list[str] = field(default_factory=lambda: ["Generic"])
    domains: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)  # known to `user_credential_owner`
    mysafe_users: list[str] = field(default_factory=list)  # known to MySafe; none: every name is
    mysafe_groups: dict[str, Any] = field(default_factory=dict)  # name of a group: its users; none: every name is known
    plugins: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)

    def update(self, values: Mapping[str, Any]) -> None:
        hints = typing.get_type_hints(type(self))
        for name, value in values.items():
            if name not in hints:
                raise ValueError(f"unknown setting {name!r}; known: {', '.join(sorted(hints))}")
            if not _fits(value, hints[name]):
                raise ValueError(f"setting {name!r} must be {hints[name]}, not {value!r}")
        for host, fields in values.get("targets", {}).items():
            Target.of(host, fields)
        for name, value in values.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def _fits(value: Any, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, part) for part in typing.get_args(hint))
    if origin in (list, dict):
        return isinstance(value, origin)
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, hint)
