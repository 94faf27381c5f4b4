# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the list of credentials with what is remembered of it, and say what is new. Pure: it is given the time.

What the list can tell (http-api.md 3.1.1): when a password was changed and viewed, and when it expires. Neither custody
nor a failed change is shown, so both are inferred: a password that was viewed and not changed since may be in custody,
and one that the vault changes by itself, and that has stayed beyond its expiration, was not changed.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import typing as t

from ..models import CredentialInfo
from ..times import moment
from .event_text import harmless
from .event_types import CHANGE_FAILED, CHANGED, CUSTODY_HELD, EXPIRED

# What is not listed any more is remembered for a while: it may be inactive, or the list was empty by a mistake.
_FORGET_AFTER = 30 * 86400
_MOST_UNLISTED = 10_000
_SHOWN = ("identifier", "username", "hostname", "ip", "type", "changed_at", "viewed_at", "expires_at")


@dataclasses.dataclass(frozen=True)
class WatchRules:
    """The options of a watch: see source_options.POLLING. Times are seconds."""

    types: t.Collection[str]
    expires_within: float = 0.0
    custody_after: float = 3600.0
    failed_after: float = 3600.0
    repeat_after: float = 86400.0
    remember_first: bool = False
    identifiers: t.Sequence[str] = ()
    hostnames: t.Sequence[str] = ()


@dataclasses.dataclass
class Remembered:
    """What is remembered of one entry. Times are Unix times of this machine, or texts of the server as they came.

    :ivar changed_at: when its password or key was changed, and C(key) a digest of the public key, as last reported
    :ivar viewed_at: the last view, and C(viewed_since) when it was first seen
    :ivar expired_at: the expiration that has passed, C(expired_change) the change before it
    :ivar reported: type of event -> for which value, and when, it was reported
    :ivar unlisted_since: when it was first missing in the list, or None
    """

    changed_at: str | None = None
    key: str | None = None
    viewed_at: str | None = None
    viewed_since: float = 0.0
    expired_at: str | None = None
    expired_change: str | None = None
    reported: dict[str, tuple[str, float]] = dataclasses.field(default_factory=dict)
    unlisted_since: float | None = None


@dataclasses.dataclass(frozen=True)
class Sighting:
    """One event, and what to remember when it was handed over.

    :ivar data: the event for the rules
    """

    id: str
    type: str
    value: str
    data: dict[str, t.Any]


class Watch:
    """The memory of one server, and the comparisons with it."""

    def __init__(self, rules: WatchRules, memory: dict[str, Remembered], *, is_first: bool) -> None:
        """Begin with what an earlier run has remembered.

        :param memory: by the id of the entry
        :param is_first: whether there was no earlier run
        """
        self._rules, self.memory, self._is_first = rules, memory, is_first

    def look(self, entries: t.Iterable[CredentialInfo], now: float) -> list[Sighting]:
        """Return what is new in a list. It stays new until C(handed_over) is called for it.

        :param now: Unix time
        """
        found: list[Sighting] = []
        listed = set()
        for entry in entries:
            listed.add(entry.id)
            if self._fits(entry):
                found += self._compared(entry, now)
        self._forget(listed, now)
        if self._is_first and self._rules.remember_first:
            for sighting in found:
                self.handed_over(sighting, now)
            found = []
        self._is_first = False
        return [sighting for sighting in found if sighting.type in self._rules.types]

    def handed_over(self, sighting: Sighting, now: float) -> None:
        """Remember that an event was reported."""
        known = self.memory.get(sighting.id)
        if known is None:
            return
        if sighting.type == CHANGED:
            known.changed_at = sighting.data.get("changed_at") or None
            known.key = sighting.value.partition(" ")[0] or None
        else:
            known.reported[sighting.type] = (sighting.value, now)

    def _fits(self, entry: CredentialInfo) -> bool:
        return _matches(entry.identifier or "", self._rules.identifiers) and _matches(
            entry.hostname.lower(), [pattern.lower() for pattern in self._rules.hostnames]
        )

    def _compared(self, entry: CredentialInfo, now: float) -> t.Iterator[Sighting]:
        key = hashlib.sha256(entry.public_key.encode()).hexdigest()[:16] if entry.public_key else None
        known = self.memory.get(entry.id)
        if known is None:
            known = self.memory[entry.id] = Remembered(_kept(entry.changed_at), key)
        known.unlisted_since = None
        changed_at = _kept(entry.changed_at)
        if CHANGED not in self._rules.types:
            known.changed_at, known.key = changed_at, key
        elif (changed_at, key) != (known.changed_at, known.key):
            yield _sighting(CHANGED, f"{key or ''} {changed_at or ''}", entry, previous_changed_at=known.changed_at)
        if entry.viewed_at != known.viewed_at:
            known.viewed_at, known.viewed_since = entry.viewed_at, now
        yield from self._custody(entry, known, now)
        yield from self._expiration(entry, known, now)

    def _custody(self, entry: CredentialInfo, known: Remembered, now: float) -> t.Iterator[Sighting]:
        # Both times have the zone of the appliance and one form. In the same second, either may be the later one.
        viewed = entry.viewed_at and (entry.changed_at or "") <= entry.viewed_at
        if viewed and now - known.viewed_since >= self._rules.custody_after:
            yield from self._unless_reported(CUSTODY_HELD, entry.viewed_at or "", entry, known, now)

    def _expiration(self, entry: CredentialInfo, known: Remembered, now: float) -> t.Iterator[Sighting]:
        expires = unix_time(entry.expires_at)
        if expires is None or now < expires - self._rules.expires_within:
            return
        yield from self._unless_reported(EXPIRED, entry.expires_at or "", entry, known, now)
        if known.expired_at != entry.expires_at:
            known.expired_at, known.expired_change = entry.expires_at, entry.changed_at
        is_same = known.expired_change == entry.changed_at
        if entry.automatic_change and is_same and now >= expires + self._rules.failed_after:
            yield from self._unless_reported(CHANGE_FAILED, entry.expires_at or "", entry, known, now)

    def _unless_reported(
        self, type_: str, value: str, entry: CredentialInfo, known: Remembered, now: float
    ) -> t.Iterator[Sighting]:
        reported, when = known.reported.get(type_, ("", 0.0))
        repeat = self._rules.repeat_after
        # A clock that was set back must not silence it for long.
        if reported != value or (repeat and not 0 <= now - when < repeat):
            yield _sighting(type_, value, entry, repeated=reported == value)

    def _forget(self, listed: t.Container[str], now: float) -> None:
        for id_ in [id_ for id_, known in self.memory.items() if id_ not in listed]:
            known = self.memory[id_]
            known.unlisted_since = known.unlisted_since or now
            if now - known.unlisted_since > _FORGET_AFTER:
                del self.memory[id_]
        unlisted = [id_ for id_ in self.memory if id_ not in listed]
        unlisted.sort(key=lambda id_: self.memory[id_].unlisted_since or now)
        for id_ in unlisted[: max(0, len(unlisted) - _MOST_UNLISTED)]:
            del self.memory[id_]


def unix_time(text: str | None) -> float | None:
    """Return the Unix time of an ISO 8601 text, or None for none and for what is no time. Without a zone it is UTC."""
    found = moment(text)
    return found.timestamp() if found else None


def _matches(text: str, patterns: t.Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def _kept(text: str | None) -> str | None:
    """Return a time as it is shown in events, so that what is remembered can be compared with it."""
    return harmless(text) if text else None


def _sighting(type_: str, value: str, entry: CredentialInfo, **more: t.Any) -> Sighting:
    """Make an event of an entry. Names in the vault are anybody's who may name something there."""
    shown = {name: harmless(str(getattr(entry, name))) for name in _SHOWN if getattr(entry, name)}
    account_type = {"account_type": shown.pop("type")} if "type" in shown else {}
    data = {
        "source": "poll",
        "type": type_,
        "id": harmless(entry.id),
        "kind": "ssh_key" if entry.is_key else "credential",
        **shown,
        **account_type,
        **{name: value for name, value in more.items() if value is not None},
    }
    if entry.automatic_change is not None:
        data["automatic_change"] = entry.automatic_change
    return Sighting(entry.id, type_, value, data)
