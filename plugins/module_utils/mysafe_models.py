# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Items of MySafe, plain and frozen: passwords, notes and API secrets, and whom they are shared with.

The facts are those of facts-platform.md 2. C(None) means "not known" in what was read, and "not given: leave as it is"
in a write model. Secrets have C(repr=False).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .errors import SenhaseguraError

# The most characters that the server takes for a note.
LONGEST_NOTE = 900
# What a list tells of an item, and a read does not.
LISTED_ONLY = ("need_justify", "need_approval", "can_view", "can_write")


@dataclasses.dataclass(frozen=True)
class MySafeShare:
    """A user or group that an item is shared with. ``can_edit`` is False for those who may only see it."""

    name: str
    can_edit: bool = False


@dataclasses.dataclass(frozen=True)
class MySafeItem:
    """What all kinds of items have. A list shows id, name and the four flags, and of some kinds a little more.

    ``users`` and ``groups`` are None as long as only the list is known. ``unreadable`` says for each value that could
    not be opened why; the value itself is empty then. ``raw`` is the server's own entity.
    """

    id: str
    name: str = ""
    tags: tuple[str, ...] | None = None
    need_justify: bool | None = None
    need_approval: bool | None = None
    can_view: bool | None = None
    can_write: bool | None = None
    users: tuple[MySafeShare, ...] | None = None
    groups: tuple[MySafeShare, ...] | None = None
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    unreadable: dict[str, SenhaseguraError] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def public(self) -> dict[str, t.Any]:
        """Return all fields that may be shown, by name, as plain data."""
        return {
            field.name: _plain(getattr(self, field.name), field.name)
            for field in dataclasses.fields(self)
            if field.repr
        }

    def values(self) -> dict[str, t.Any]:
        """Return all fields, secrets included; None for those that could not be opened."""
        hidden = {name: getattr(self, name) for name in secret_fields(type(self))}
        return {**self.public(), **{name: None if name in self.unreadable else hidden[name] for name in hidden}}


@dataclasses.dataclass(frozen=True)
class MySafePassword(MySafeItem):
    """A password. ``totp`` is the code that is valid now, and ``totp_seed`` what it is made of (base32)."""

    target_url: str | None = None
    username: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    totp: str | None = dataclasses.field(default=None, repr=False)
    totp_seed: str | None = dataclasses.field(default=None, repr=False)
    notes: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class MySafeNote(MySafeItem):
    """A note, of which the text is the secret."""

    note: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class MySafeApiSecret(MySafeItem):
    """A secret of an API. ``identifier`` is unique for each user; no list shows it."""

    target_url: str | None = None
    identifier: str | None = None
    method: str | None = None
    api_client_id: str | None = dataclasses.field(default=None, repr=False)
    api_client_secret: str | None = dataclasses.field(default=None, repr=False)
    notes: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class MySafePasswordWrite:
    """What shall be true of a password."""

    name: str | None = None
    target_url: str | None = None
    username: str | None = None
    tags: tuple[str, ...] | None = None
    users: tuple[MySafeShare, ...] | None = None
    groups: tuple[MySafeShare, ...] | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    totp_seed: str | None = dataclasses.field(default=None, repr=False)
    notes: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class MySafeNoteWrite:
    """What shall be true of a note."""

    name: str | None = None
    tags: tuple[str, ...] | None = None
    users: tuple[MySafeShare, ...] | None = None
    groups: tuple[MySafeShare, ...] | None = None
    note: str | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class MySafeApiSecretWrite:
    """What shall be true of an API secret."""

    name: str | None = None
    target_url: str | None = None
    identifier: str | None = None
    method: str | None = None
    tags: tuple[str, ...] | None = None
    users: tuple[MySafeShare, ...] | None = None
    groups: tuple[MySafeShare, ...] | None = None
    api_client_id: str | None = dataclasses.field(default=None, repr=False)
    api_client_secret: str | None = dataclasses.field(default=None, repr=False)
    notes: str | None = dataclasses.field(default=None, repr=False)


def item_fields(model: type[MySafeItem]) -> list[str]:
    """Return the names of the fields of an item that users of the lookup may ask for: those that a read tells."""
    others = (*LISTED_ONLY, "raw", "unreadable")
    return [field.name for field in dataclasses.fields(model) if field.name not in others]


def secret_fields(model: type[t.Any]) -> list[str]:
    """Return the names of the fields of an item, or of a write of one, that are secret."""
    return [
        field.name for field in dataclasses.fields(model) if not field.repr and field.name not in ("raw", "unreadable")
    ]


def shown_shares(shares: t.Iterable[MySafeShare], name: str) -> list[dict[str, t.Any]]:
    """Return whom an item is shared with, as options and results have it, in the order of the names.

    :param name: the field that it is, users or groups
    """
    key = "username" if name == "users" else "name"
    return [
        {key: share.name, "can_edit": share.can_edit}
        for share in sorted(shares, key=lambda share: (share.name, share.can_edit))
    ]


def _plain(value: t.Any, name: str) -> t.Any:
    if name in ("users", "groups"):
        return None if value is None else shown_shares(value, name)
    return list(value) if isinstance(value, tuple) else value
