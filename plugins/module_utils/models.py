# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server holds, as plain frozen data. No wire names here: the dialects translate.

C(None) in a write model means "not given: leave as it is". Secrets have C(repr=False).
"""

from __future__ import annotations

import dataclasses
import functools
import typing as t

SSH_KEY_TYPE = "SSH Key"
# What has a name, by that name. There may be several, or it would be no index but a promise of the server's.
Index = dict[t.Any, list["CredentialInfo"]]


def key_text(value: str) -> str:
    """Key text as ssh reads it: servers send CRLF, which sshd's tools reject, and may drop the last newline."""
    return value.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def hidden_fields(model: t.Any) -> dict[str, str]:
    """The secrets in a model that was read, by name: the texts in those fields that its repr hides."""
    names = [field.name for field in dataclasses.fields(model) if not field.repr and field.name != "raw"]
    return {name: value for name in names if isinstance(value := getattr(model, name), str)}


@dataclasses.dataclass(frozen=True)
class CredentialInfo:
    """One entry of the credential list: all that can be known without taking custody.

    ``change``, ``view`` are zone-less appliance times (YYYY-MM-DD HH:MM:SS); ``expiration`` is ISO 8601.
    ``automatic_change`` is None where the dialect does not tell.
    """

    id: str
    identifier: str | None = None
    username: str = ""
    hostname: str = ""
    ip: str = ""
    type: str = ""
    automatic_change: bool | None = None
    change: str | None = None
    view: str | None = None
    expiration: str | None = None
    device_type: str | None = None
    device_vendor: str | None = None
    device_model: str | None = None
    connectivity: str | None = None
    public_key: str | None = None
    rotation_days: int | None = None

    @property
    def is_key(self) -> bool:
        return self.type == SSH_KEY_TYPE

    def public(self) -> dict[str, t.Any]:
        return dataclasses.asdict(self)


class Entries(tuple[CredentialInfo, ...]):
    """The list of credentials and keys. It may have many thousand entries, and hundreds of hosts ask for one each."""

    @functools.cached_property
    def keys(self) -> Entries:
        return Entries(entry for entry in self if entry.is_key)

    @functools.cached_property
    def credentials(self) -> Entries:
        return Entries(entry for entry in self if not entry.is_key)

    @functools.cached_property
    def by_id(self) -> Index:
        return _index(self, lambda entry: entry.id)

    @functools.cached_property
    def by_identifier(self) -> Index:
        return _index(self, lambda entry: entry.identifier)

    @functools.cached_property
    def by_account(self) -> Index:
        """By username and hostname."""
        return _index(self, lambda entry: (entry.username, entry.hostname))

    def __reduce__(self) -> tuple[type[Entries], tuple[tuple[CredentialInfo, ...]]]:
        # Without the indexes, which whoever gets it makes if they are needed.
        return Entries, (tuple(self),)


def first(index: Index, name: t.Any) -> CredentialInfo | None:
    """The first entry of that name, or None."""
    return next(iter(index.get(name, ())), None)


def _index(entries: t.Iterable[CredentialInfo], key: t.Callable[[CredentialInfo], t.Any]) -> Index:
    index: Index = {}
    for entry in entries:
        index.setdefault(key(entry), []).append(entry)
    return index


@dataclasses.dataclass(frozen=True)
class Credential:
    """A credential with its password, as a read (which takes custody) gives it. ``raw`` is the server's own entity."""

    id: str
    password: str = dataclasses.field(repr=False)
    identifier: str | None = None
    username: str = ""
    hostname: str = ""
    ip: str = ""
    port: str = ""
    domain: str = ""
    additional: str = ""
    model: str = ""
    parent_id: str | None = None
    expiration: str | None = None
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """All fields for the user, the password included."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "raw"}


@dataclasses.dataclass(frozen=True)
class CredentialWrite:
    """What shall be true of a credential. ``settings`` are the server's nested blocks, sent as they are."""

    username: str
    hostname: str
    ip: str
    identifier: str | None = None
    password: str | None = dataclasses.field(default=None, repr=False)
    type: str | None = None
    additional: str | None = None
    tags: tuple[str, ...] | None = None
    domain: str | None = None
    parent: int | None = None
    device_type: str | None = None
    device_vendor: str | None = None
    device_model: str | None = None
    device_site: str | None = None
    device_domain: str | None = None
    device_tags: tuple[str, ...] | None = None
    connectivities: tuple[str, ...] | None = None
    automatic_change: bool | None = None
    settings: dict[str, dict[str, t.Any]] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class SshKey:
    """A key pair, as a read (which takes custody) gives it. Key texts have LF line ends and a final newline."""

    id: str
    private_key: str = dataclasses.field(repr=False)
    public_key: str
    identifier: str | None = None
    username: str = ""
    key_name: str = ""
    hostname: str = ""
    ip: str = ""
    passphrase: str | None = dataclasses.field(default=None, repr=False)
    tags: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    expiration: str | None = None
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """All fields for the user, private key and passphrase included."""
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "raw"}
        return {**fields, "tags": list(self.tags), "devices": list(self.devices)}


@dataclasses.dataclass(frozen=True)
class SshKeyWrite:
    """What shall be true of an SSH key. The key texts belong together: both or none of them."""

    identifier: str
    username: str
    hostname: str
    ip: str | None = None
    private_key: str | None = dataclasses.field(default=None, repr=False)
    public_key: str | None = None
    passphrase: str | None = dataclasses.field(default=None, repr=False)
    key_name: str | None = None
    devices: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    enabled: bool | None = None
    auto_rotate: bool | None = None
    rotation_days: int | None = None


@dataclasses.dataclass(frozen=True)
class Stored:
    """The server's receipt for a write. ``devices_error`` names devices that could not be linked to a key.

    ``id`` is empty if the answer does not tell it.
    """

    id: str
    identifier: str | None = None
    devices_error: tuple[str, ...] = ()
    public_key: str | None = None


@dataclasses.dataclass(frozen=True)
class KeyRotation:
    """How a key pair was replaced. Public keys are None where the dialect does not tell them.

    ``previous_identifier`` is the name under which the old pair is kept.
    """

    id: str
    identifier: str | None
    public_key: str | None = None
    previous_public_key: str | None = None
    previous_identifier: str | None = None


# What the server adds by itself to the blocks of credentials and access keys (facts-dsm.md 1 and 3).
ADDED = frozenset({"ip", "TTL", "private_key", "public_key"})


@dataclasses.dataclass(frozen=True)
class DsmSecret:
    """A DevOps secret. ``data`` is the server's list of flat maps, in its order; a key may occur in several.

    ``description``, ``application``, ``system`` and ``environment`` are None where the dialect does not tell.
    """

    id: str
    identity: str
    data: tuple[dict[str, str | None], ...] = dataclasses.field(repr=False)
    name: str = ""
    engine: str = ""
    description: str | None = None
    version: str = ""
    expiration_date: str | None = None
    application: str | None = None
    system: str | None = None
    environment: str | None = None
    # Whether it comes from a list without values, so that nothing is known of its data.
    incomplete: bool = False
    # Whether all blocks of the data are put together as one.
    as_one: bool = dataclasses.field(default=False, compare=False)
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is no value in the data."""
        return all(value is None for _name, value in self.values())

    def hidden(self) -> list[str]:
        """All values: nobody but the user knows which of them are secret."""
        return [value for _name, value in self.values() if value]

    def values(self) -> list[tuple[str, str | None]]:
        """Names and values of all maps in the data."""
        return [item for block in self.data for item in block.items()]

    def public(self) -> dict[str, t.Any]:
        """Everything but values; C(key_names) are the names that the data holds, or None if nobody knows."""
        hidden = ("raw", "data", "incomplete", "as_one")
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in hidden}
        names = None if self.incomplete else sorted({key for block in self.data for key in block})
        return {**fields, "key_names": names}


@dataclasses.dataclass(frozen=True)
class SecretBlock:
    """One block of a secret to be written: the server's fields, and the label under which each is handed out."""

    fields: dict[str, str] = dataclasses.field(repr=False)
    labels: dict[str, str] = dataclasses.field(default_factory=dict)
    type: str = ""

    def flat(self) -> dict[str, str]:
        """label -> value, as the server will hand it out."""
        return {self.labels.get(name, name): value for name, value in self.fields.items()}


@dataclasses.dataclass(frozen=True)
class DsmSecretWrite:
    """What shall be true of a DevOps secret."""

    identity: str
    name: str | None = None
    engine: str | None = None
    description: str | None = None
    expiration_date: str | None = None
    application: str | None = None
    system: str | None = None
    environment: str | None = None
    access_keys: tuple[SecretBlock, ...] = ()
    credentials: tuple[SecretBlock, ...] = ()
    key_value: dict[str, str] = dataclasses.field(default_factory=dict, repr=False)

    def flat(self) -> tuple[dict[str, str], ...]:
        """The data as flat maps, in the order in which the server hands them out."""
        blocks = [block.flat() for block in (*self.credentials, *self.access_keys)]
        return (*blocks, *([dict(self.key_value)] if self.key_value else []))

    def same_data(self, data: t.Iterable[t.Mapping[str, str | None]], *, as_one: bool = False) -> bool:
        """Whether ``data`` is what the server hands out for this data, in any order.

        It may add to the blocks (ip, TTL), but not to key_value, so that a key that is no longer wanted is noticed.

        :param as_one: whether the server hands out all blocks put together as one
        """
        held = [{key: value for key, value in block.items() if value is not None} for block in data]
        held = [block for block in held if block]
        if as_one and len(held) == 1 and len(self.flat()) > 1:
            return self._same_as_one(held[0])
        if self.key_value:
            if self.key_value not in held:
                return False
            held.remove(self.key_value)
        return _covered([block.flat() for block in (*self.credentials, *self.access_keys)], held)

    def _same_as_one(self, held: t.Mapping[str, str]) -> bool:
        """The same where the data comes as one object. Of blocks with the same labels, it has the values of one."""
        wanted: dict[str, set[str | None]] = {}
        for block in self.flat():
            for key, value in block.items():
                wanted.setdefault(key, set()).add(value)
        more = {key for key in held if key not in wanted}
        return all(held.get(key) in values for key, values in wanted.items()) and more <= ADDED


def _covered(wanted: list[dict[str, str]], held: list[dict[str, str]]) -> bool:
    """Whether each wanted map is part of a map of its own among those that are held, and none of these is left."""
    if not wanted:
        return not held
    first, rest = wanted[0], wanted[1:]
    return any(
        first.items() <= block.items() and _covered(rest, held[:i] + held[i + 1 :])
        for i, block in enumerate(held)
        if block not in held[:i]
    )
