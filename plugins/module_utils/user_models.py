# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data about users of the server, plain and frozen. No wire names here: the dialects translate.

C(None) in a write model means "not given: leave as it is". Secrets have C(repr=False).
"""

from __future__ import annotations

import dataclasses
import typing as t

PatchStyle = t.Literal["patch_op", "user"]


@dataclasses.dataclass(frozen=True)
class ScimUser:
    """One user, as SCIM shows it. ``entitlements`` are names of roles, ``groups`` those of access groups.

    ``active`` is None where the server does not tell it.
    """

    id: str
    username: str
    external_id: str = ""
    full_name: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str = ""
    active: bool | None = None
    entitlements: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name, tuples as lists."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


@dataclasses.dataclass(frozen=True)
class ScimPage:
    """A part of the list of users. ``total`` is how many the server says that there are in all parts."""

    users: tuple[ScimUser, ...]
    total: int


@dataclasses.dataclass(frozen=True)
class ScimUserWrite:
    """What shall be true of a user. For an update, all that is known of it, and in ``changes`` what is new of that.

    ``style`` is the form of an update: a PatchOp of RFC 7644, or a User as a whole.
    """

    username: str
    external_id: str | None = None
    full_name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    email: str | None = None
    phone: str | None = None
    active: bool | None = None
    entitlements: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    changes: tuple[str, ...] = ()
    style: PatchStyle = "patch_op"


@dataclasses.dataclass(frozen=True)
class RelatedUser:
    """A related user: a name for a user of the server."""

    id: str
    name: str
    username: str

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name."""
        return dict(vars(self))


@dataclasses.dataclass(frozen=True)
class RelatedUserWrite:
    """What shall be true of a related user. An update wants both, and the ``id``."""

    name: str
    username: str
    id: str | None = None
