# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tell things apart that the server knows by id and name, where a name need not be unique."""

from __future__ import annotations

import typing as t

from ..errors import InvalidRequest, UnexpectedResponse


class Named(t.Protocol):
    """Something that the server lists."""

    @property
    def id(self) -> str:
        """Return its id, digits."""

    @property
    def name(self) -> str:
        """Return its name."""


_Thing = t.TypeVar("_Thing", bound=Named)


def one_named(things: t.Iterable[_Thing], id_: str | None, name: str | None, noun: str) -> _Thing | None:
    """Return the thing with this id or, without one, with this name; None if there is none.

    Raises InvalidRequest if several have the name: nothing says that names are unique (facts-dsm.md 6).
    """
    if id_ is not None:
        return next((thing for thing in things if thing.id == id_), None)
    found = [thing for thing in things if thing.name == name]
    if len(found) > 1:
        raise InvalidRequest(
            f"several {noun}s have the name {name}: the ids {', '.join(thing.id for thing in found)}",
            hint="Give the id",
        ).with_context(option="name")
    return found[0] if found else None


def other_one(noun: str, found: str, meant: str, what: str = "the answer is about") -> UnexpectedResponse:
    """Make the error for a server that has mixed up two things.

    :param found: the id that the server names
    :param meant: the id that the request had
    :param what: what the server did with the other one
    """
    return UnexpectedResponse(f"{what} {noun} {found} instead of {meant}", hint="Compare both in the console")
