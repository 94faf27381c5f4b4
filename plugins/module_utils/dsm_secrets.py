# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DevOps secrets (DSM) as plain frozen data: what was read, and what shall be written."""

from __future__ import annotations

import dataclasses
import typing as t

from .errors import ConfigError, SenhaseguraError
from .models import require_readable
from .redaction import redact

# A value of a DSM secret: text, null, or why it could not be read.
SecretValue = t.Union[str, SenhaseguraError, None]  # noqa: UP007
# What the server adds by itself to the blocks of credentials and access keys (facts-dsm.md 1 and 3).
ADDED = frozenset({"ip", "TTL", "private_key", "public_key"})


@dataclasses.dataclass(frozen=True)
class Renewal:
    """After how many minutes the server renews what a secret hands out (facts-dsm.md 3). 0 stands for never.

    ``off`` says how a request tells "never": C(empty) sends an empty list, as release 3.32 wants it, and C(omit) sends
    nothing, as 4.0 does.
    """

    access_keys: int
    credentials: int
    ephemeral_credentials: int
    off: str = dataclasses.field(default="omit", compare=False)

    def public(self) -> dict[str, int]:
        """Return the minutes by name."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "off"}


@dataclasses.dataclass(frozen=True)
class DsmSecret:
    """A DevOps secret. ``data`` is the server's list of flat maps, in its order; a key may occur in several.

    ``description``, ``application``, ``system``, ``environment`` and ``renewal`` are None where the server does not
    return them.
    ``problem`` is why there is no data at all, if so.
    """

    id: str
    identifier: str
    data: tuple[dict[str, SecretValue], ...] = dataclasses.field(repr=False)
    name: str = ""
    engine: str = ""
    description: str | None = None
    version: str = ""
    expires_at: str | None = None
    application: str | None = None
    system: str | None = None
    environment: str | None = None
    renewal: Renewal | None = None
    # Whether it comes from a list without values, so that nothing is known of its data.
    incomplete: bool = False
    # Whether all blocks of the data are put together as one.
    as_one: bool = dataclasses.field(default=False, compare=False)
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    problem: SenhaseguraError | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Return whether there is no value in the data."""
        return not self.unreadable and all(value is None for _name, value in self.values())

    def hidden(self) -> list[str]:
        """Return all values: only the user knows which of them are secret."""
        return [value for _name, value in self.values() if value]

    def values(self) -> list[tuple[str, str | None]]:
        """Return names and values of all maps in the data, without those that could not be read."""
        items = [item for block in self.data for item in block.items()]
        return [(name, value) for name, value in items if not isinstance(value, SenhaseguraError)]

    @property
    def unreadable(self) -> dict[str, SenhaseguraError]:
        """Return key -> why its value could not be read. C(data) stands for all of it."""
        found = {"data": self.problem} if self.problem else {}
        for block in self.data:
            found.update({key: value for key, value in block.items() if isinstance(value, SenhaseguraError)})
        return found

    def require_readable(self, key: str | None = None) -> None:
        """Raise UnexpectedResponse, which names this secret and the key, if a value cannot be read.

        :param key: the only key that is asked for, or None for all
        """
        require_readable(self.unreadable, f"DSM secret {self.identifier}", None if key is None else ("data", key))

    def public(self) -> dict[str, t.Any]:
        """Return everything but values; C(key_names) are the keys of the data, or None if they are not known."""
        hidden = ("raw", "data", "problem", "incomplete", "as_one", "renewal")
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in hidden}
        names = None if self.incomplete else sorted({key for block in self.data for key in block})
        renewal = self.renewal.public() if self.renewal else None
        return {**fields, "renewal_minutes": renewal, "key_names": names}

    def kept_in(self, data: t.Iterable[t.Mapping[str, SecretValue]]) -> bool:
        """Return whether ``data``, which the server shows later, still has all that this secret has, in any order."""
        rest = [dict(block) for block in data]
        for block in self.data:
            fitting = next((other for other in rest if _same_values(block, other)), None)
            if fitting is None:
                return False
            rest.remove(fitting)
        return True

    def as_key_value(self) -> dict[str, str] | None:
        """Return the data if it is one map of names and values; None if it may be that of an account or access key.

        The server hands out those without their structure, so that they cannot be written back.
        """
        if len(self.data) != 1 or self.problem or self.unreadable:
            return None
        texts = {key: value for key, value in self.data[0].items() if isinstance(value, str)}
        return None if len(texts) < len(self.data[0]) or ADDED & texts.keys() else texts


def _same_values(one: t.Mapping[str, SecretValue], other: t.Mapping[str, SecretValue]) -> bool:
    """Return whether two maps are equal as far as both can be read."""
    return one.keys() == other.keys() and all(
        one[key] == other[key] or isinstance(one[key], SenhaseguraError) or isinstance(other[key], SenhaseguraError)
        for key in one
    )


@dataclasses.dataclass(frozen=True)
class SecretBlock:
    """One block of a secret to be written: the server's fields, and the label under which each is handed out."""

    fields: dict[str, str] = dataclasses.field(repr=False)
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    type: str = ""

    def flat(self) -> dict[str, str]:
        """Return label -> value, as the server will hand it out."""
        return {self.labels.get(name, name): value for name, value in self.fields.items()}


@dataclasses.dataclass(frozen=True)
class DsmSecretWrite:
    """What shall be true of a DevOps secret."""

    identifier: str
    name: str | None = None
    engine: str | None = None
    description: str | None = None
    expires_at: str | None = None
    application: str | None = None
    system: str | None = None
    environment: str | None = None
    renewal: Renewal | None = None
    access_keys: tuple[SecretBlock, ...] = ()
    credentials: tuple[SecretBlock, ...] = ()
    key_value: dict[str, str] = dataclasses.field(default_factory=dict, repr=False)

    def flat(self) -> tuple[dict[str, str], ...]:
        """Return the data as flat maps, in the order in which the server hands them out."""
        blocks = [block.flat() for block in (*self.credentials, *self.access_keys)]
        return (*blocks, *([dict(self.key_value)] if self.key_value else []))

    def same_data(self, data: t.Iterable[t.Mapping[str, SecretValue]], *, as_one: bool = False) -> bool:
        """Return whether ``data`` is what the server hands out for this data, in any order.

        It may add to the blocks (ip, TTL), but not to key_value, so that a key that is no longer wanted is noticed.
        A value that cannot be read counts as different.

        :param as_one: whether the server hands out all blocks put together as one
        """
        held: list[dict[str, SecretValue]] = [
            {key: value for key, value in block.items() if value is not None} for block in data
        ]
        held = [block for block in held if block]
        blocks = [block.flat() for block in (*self.credentials, *self.access_keys)]
        if as_one and len(held) == 1 and len(self.flat()) > 1:
            return self._same_as_one(held[0])
        if self.key_value:
            if self.key_value not in held:
                return False
            held.remove(self.key_value)  # type: ignore[arg-type]
        return _covered(blocks, held)

    def _same_as_one(self, held: t.Mapping[str, SecretValue]) -> bool:
        """Return the same for data that comes as one object. Of blocks with the same labels, it has one's values."""
        wanted: dict[str, set[SecretValue]] = {}
        for block in self.flat():
            for key, value in block.items():
                wanted.setdefault(key, set()).add(value)
        more = {key for key in held if key not in wanted}
        return all(held.get(key) in values for key, values in wanted.items()) and more <= ADDED


def _covered(wanted: list[dict[str, str]], held: list[dict[str, SecretValue]]) -> bool:
    """Return whether each desired map is part of a stored one of its own, and no stored map is left."""
    if not wanted:
        return not held
    first, rest = wanted[0], wanted[1:]
    return any(
        first.items() <= block.items() and _covered(rest, held[:i] + held[i + 1 :])
        for i, block in enumerate(held)
        if block not in held[:i]
    )


def value_of(secret: DsmSecret, key: str, *, duplicates: str = "error") -> t.Any:
    """Return the value of a key, which may stand in several maps; a null does not count where there is a value.

    None if there is no value. Raises ConfigError.

    :param duplicates: what to do if there are several: error, first, last or list; with list, all values are returned
    """
    values = [block[key] for block in secret.data if block.get(key) is not None]
    if duplicates == "list":
        return values
    if duplicates == "error" and len(set(values)) > 1:
        raise ConfigError(
            f"DSM secret {secret.identifier} has several values for the key {redact(key, [])}",
            hint="Set duplicates to first, last or list, or use return_format=dict",
        ).with_context(option="duplicates")
    return values[-1 if duplicates == "last" else 0] if values else None


def with_news(listed: t.Iterable[DsmSecret], shown: t.Iterable[DsmSecret]) -> tuple[DsmSecret, ...] | None:
    """Return a list of secrets with what the response to a write shows of them, in the order of the list.

    None if it cannot be told which of two versions of a secret is newer, since the list has to be read again then.
    """
    known = {secret.identifier: secret for secret in listed}
    for new in shown:
        old = known.get(new.identifier)
        if new.incomplete or new.problem or not new.version.isdecimal():
            return None
        if old is not None and not old.version.isdecimal():
            return None
        # Responses may overtake each other, and the version rises with every write.
        if old is None or int(new.version) >= int(old.version):
            known[new.identifier] = new
    return tuple(known.values())
