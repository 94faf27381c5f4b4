# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MySafe: passwords, notes and API secrets, in terms of the models. No paths and no wire names.

MySafe has no custody. Each read is noted in the history of the item, which its owner can see.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ..dialects.operations import Area, Verb, operation_of
from ..errors import AlreadyDone, ConfigError, Denied, InvalidRequest, NotFound, SenhaseguraError
from ..models import Stored
from ..mysafe_models import LISTED_ONLY, MySafeApiSecret, MySafeItem, MySafeNote, MySafePassword
from ..plan import Action
from ..queries import MatchingItems, wanted_name
from ..references import Reference
from .api import Api
from .hints import say_for_mysafe
from .named import other_one

# "Inactive password", "inactive note", "inactive api secret" (facts-platform.md 2).
_INACTIVE = 1009
_Item = t.TypeVar("_Item", bound=MySafeItem)


class MySafeItems(t.Generic[_Item]):
    """The items of one kind that the owner of the access key has, or that are shared with them."""

    def __init__(self, api: Api, area: Area, noun: str) -> None:
        self._api, self._area, self.noun = api, area, noun

    def check(self, action: Action, model: t.Any = None) -> None:
        """Raise what create, update, enable or disable would raise before it asks the server."""
        self._api.dialect().check(operation_of(self._area, Verb(action)), model)

    def list(self) -> tuple[_Item, ...]:
        """Return all items as the list shows them."""
        operation = operation_of(self._area, Verb.LIST)
        found: tuple[_Item, ...] = self._api.call(operation, subject=f"the list of {self.noun}s")
        return found

    def matching(self, wanted: t.Mapping[str, t.Any]) -> tuple[_Item, ...]:
        """Return the items that have all the ``wanted`` values, as the list shows them.

        An C(identifier) is no value of the list: the server is asked for it, and those that it names are read.
        """
        wanted = dict(wanted)
        identifier = wanted.pop("identifier", None)
        if identifier is None:
            operation = operation_of(self._area, Verb.LIST)
            found = self._api.select(operation, MatchingItems(wanted), subject=wanted_name(f"{self.noun}s", wanted))
            return t.cast("tuple[_Item, ...]", found)
        return tuple(
            item
            for item in self._filtered(identifier)
            if all(getattr(item, name) == value for name, value in wanted.items())
        )

    def find(self, wanted: t.Mapping[str, t.Any]) -> _Item | None:
        """Return the one item that has all the ``wanted`` values, or None. Raises InvalidRequest if several have."""
        found = self.matching(wanted)
        if len(found) > 1:
            name = wanted_name(f"{self.noun}s", wanted)
            raise InvalidRequest(
                f"there are several {name}: the ids {', '.join(item.id for item in found)}", hint="Give the id"
            ).with_context(subject=name, **self._api.place(operation_of(self._area, Verb.LIST)))
        return found[0] if found else None

    def _filtered(self, identifier: str) -> t.Iterator[_Item]:
        """Yield the items with this identifier. Nothing says whether the filter of the server takes parts as well."""
        if not Reference(identifier).path_safe:
            raise ConfigError(
                "identifier must consist of letters, digits, '_', '-' and '.'",
                hint="Use id, or name alone",
            ).with_context(option="identifier")
        operation, subject = operation_of(self._area, Verb.LIST), f"{self.noun} {identifier}"
        listed = self._api.call(operation, ref=identifier, subject=subject)
        # An answer that says "none" may be an old one.
        for entry in listed or self._api.call(operation, ref=identifier, subject=subject, fresh=True):
            item = self.read(entry)
            if getattr(item, "identifier", None) == identifier:
                yield item

    def read(self, entry: MySafeItem, *, fresh: bool = False) -> _Item:
        """Return an item with all that the server tells of it, and with what only the list tells.

        :param entry: its entry of the list, or one with nothing but its id
        :param fresh: ask the server, even if it has answered the same before
        """
        if entry.can_view is False:
            raise Denied(
                f"{self.noun} {entry.name or entry.id} may not be read by this access key",
                hint="Ask its owner to share it with the owner of the access key",
            ).with_context(**self._place(entry, Verb.READ))
        operation = operation_of(self._area, Verb.READ)
        found: _Item = self._api.call(operation, ref=entry.id, subject=self._subject(entry), fresh=fresh)
        if found.id != entry.id:
            raise other_one(self.noun, found.id, entry.id).with_context(**self._place(entry, Verb.READ))
        for problem in found.unreadable.values():
            say_for_mysafe(problem)
        # The answer does not have them.
        return dataclasses.replace(found, **{name: getattr(entry, name) for name in LISTED_ONLY})

    def is_active(self, entry: MySafeItem) -> bool | None:
        """Return whether an item is active, or None if this access key may not find it out. Raises NotFound.

        Nothing but a read tells (facts-platform.md 2).
        """
        try:
            self.read(entry, fresh=True)
        except AlreadyDone as exc:
            if exc.context.code == _INACTIVE:
                return False
            raise
        except Denied:
            return None
        return True

    def store(self, wanted: t.Any, held: MySafeItem | None) -> Stored:
        """Create an item, or update ``held``. The server keeps what the write model leaves out."""
        if held is None:
            operation = operation_of(self._area, Verb.CREATE)
            made: Stored = self._api.call(operation, model=wanted, subject=f"{self.noun} {wanted.name}")
            return made
        operation = operation_of(self._area, Verb.UPDATE)
        stored: Stored = self._api.call(operation, ref=held.id, model=wanted, subject=self._subject(held))
        if stored.id not in ("", held.id):
            raise other_one(self.noun, stored.id, held.id, "the server wrote").with_context(
                **self._place(held, Verb.UPDATE)
            )
        return stored

    def switch(self, entry: MySafeItem, action: t.Literal["enable", "disable"]) -> bool:
        """Enable or disable an item. Returns whether the server says that it was so already."""
        operation = operation_of(self._area, Verb(action))
        already: bool = self._api.call(operation, ref=entry.id, subject=self._subject(entry))
        return already

    def not_found(self, name: str) -> SenhaseguraError:
        """Make the error for an item that is not there."""
        return NotFound(
            f"{self.noun} {name} is not in the list of the server",
            hint="Check the name, that it is active, and that the owner of the access key has it or shares it. An "
            "inactive one may be found by its id only",
        ).with_context(subject=f"{self.noun} {name}", **self._api.place(operation_of(self._area, Verb.LIST)))

    def _subject(self, entry: MySafeItem) -> str:
        return f"{self.noun} {entry.name or entry.id}"

    def _place(self, entry: MySafeItem, verb: Verb) -> dict[str, str]:
        return {"subject": self._subject(entry), **self._api.place(operation_of(self._area, verb))}


class MySafe:
    """What an access key reaches: items of three kinds."""

    def __init__(self, api: Api) -> None:
        self.passwords = MySafeItems[MySafePassword](api, Area.MYSAFE_PASSWORDS, "MySafe password")
        self.notes = MySafeItems[MySafeNote](api, Area.MYSAFE_NOTES, "MySafe note")
        self.api_secrets = MySafeItems[MySafeApiSecret](api, Area.MYSAFE_API_SECRETS, "MySafe API secret")
