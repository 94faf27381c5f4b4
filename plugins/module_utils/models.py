# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the server holds, as plain frozen data. No wire names here: the dialects translate.

C(None) in a write model means "not given: leave as it is". Secrets have C(repr=False).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from .errors import SenhaseguraError, UnexpectedResponse

SSH_KEY_TYPE = "SSH Key"
# What has a name, by that name. There may be several, or it would be no index but a promise of the server's.
Index = dict[t.Any, list["CredentialInfo"]]


def key_text(value: str) -> str:
    """Key text as ssh reads it: servers send CRLF, which sshd's tools reject, and may drop the last newline."""
    return value.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def host_key(host: str) -> str:
    """A host name or address in the form in which it is compared: case does not count, nor how IPv6 is written."""
    # Letters beyond ASCII that lower() takes for others stay what they are.
    key = host.lower() if host.isascii() else host
    if ":" in key:
        # Here, because hardly any host is named so.
        import ipaddress

        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(key.strip("[]")).compressed
    return key


def require_readable(
    unreadable: t.Mapping[str, SenhaseguraError], subject: str, names: t.Container[str] | None = None
) -> None:
    """Raise UnexpectedAnswer if one of the values that are asked for could not be read.

    :param unreadable: name of a value -> why it could not be read
    :param subject: what has the values, such as C(SSH key 9)
    :param names: the values that are asked for; None stands for all
    """
    for name, problem in unreadable.items():
        if names is None or name in names:
            raise UnexpectedResponse(
                f"the value of {name} in {subject} cannot be read: {problem.message}", hint=problem.hint
            ).with_context(subject=subject)


def hidden_fields(model: t.Any) -> dict[str, str]:
    """The secrets in a model that was read, by name: the texts in those fields that its repr hides."""
    names = [field.name for field in dataclasses.fields(model) if not field.repr and field.name != "raw"]
    return {name: value for name in names if isinstance(value := getattr(model, name), str)}


def secret_leaves(value: t.Any) -> list[str]:
    """All texts in the fields that the repr of a model hides; of several models if they are in a container.

    What the server answered as a whole (C(raw)) is left out: it is not made of secrets only.
    """
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in secret_leaves(part)]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in secret_leaves(part)]
    if not dataclasses.is_dataclass(value):
        return []
    leaves: list[str] = []
    for field in dataclasses.fields(value):
        part = getattr(value, field.name)
        if field.repr:
            leaves += secret_leaves(part)
        elif field.name != "raw":
            leaves += texts(part)
    return leaves


def texts(value: t.Any) -> list[str]:
    """The texts that a value consists of, but for the keys of maps and empty ones."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, t.Mapping):
        return [text for part in value.values() for text in texts(part)]
    return [text for part in value for text in texts(part)] if isinstance(value, (list, tuple)) else []


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
        """By username and hostname, in the form of C(host_key)."""
        return _index(self, lambda entry: (entry.username, host_key(entry.hostname)))

    @functools.cached_property
    def by_address(self) -> Index:
        """By username and address, in the form of C(host_key)."""
        return _index(self, lambda entry: (entry.username, host_key(entry.ip)))

    def of_account(self, username: str, host: str, ip: str | None = None) -> list[CredentialInfo]:
        """The entries of a user on a host. This is the one rule by which accounts are matched.

        :param host: host name, whose case does not count, or address; a host name goes before an address
        :param ip: the address of the device, or None for any
        """
        key = (username, host_key(host))
        found = self.by_account.get(key) or self.by_address.get(key) or []
        return [entry for entry in found if ip is None or host_key(entry.ip) == host_key(ip)]

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


def fields_of(model: type[t.Any]) -> list[str]:
    """The names of the fields of a credential or SSH key that users may ask for."""
    return [field.name for field in dataclasses.fields(model) if field.name not in ("raw", "unreadable")]


def _values(model: Credential | SshKey) -> dict[str, t.Any]:
    return {name: None if name in model.unreadable else getattr(model, name) for name in fields_of(type(model))}


@dataclasses.dataclass(frozen=True)
class Credential:
    """A credential with its password, as a read (which takes custody) gives it. ``raw`` is the server's own entity.

    ``unreadable`` says for each field that could not be opened why; the field itself is empty then.
    """

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
    unreadable: dict[str, SenhaseguraError] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """All fields for the user, the password included; those that could not be opened are None."""
        return _values(self)


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
    """A key pair, as a read (which takes custody) gives it. Key texts have LF line ends and a final newline.

    ``unreadable`` is that of a Credential.
    """

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
    unreadable: dict[str, SenhaseguraError] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """All fields for the user, private key and passphrase included; those that could not be opened are None."""
        return {**_values(self), "tags": list(self.tags), "devices": list(self.devices)}


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

    ``id`` is empty if the answer does not tell it. ``updated`` is whether the words of the answer say that something
    was there already; None if they do not tell.
    """

    id: str
    identifier: str | None = None
    devices_error: tuple[str, ...] = ()
    public_key: str | None = None
    updated: bool | None = None


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


# A value of a DSM secret: text, null, or why it could not be read.
SecretValue = t.Union[str, SenhaseguraError, None]  # noqa: UP007
# What the server adds by itself to the blocks of credentials and access keys (facts-dsm.md 1 and 3).
ADDED = frozenset({"ip", "TTL", "private_key", "public_key"})


@dataclasses.dataclass(frozen=True)
class DsmSecret:
    """A DevOps secret. ``data`` is the server's list of flat maps, in its order; a key may occur in several.

    ``description``, ``application``, ``system`` and ``environment`` are None where the dialect does not tell.
    ``problem`` is why there is no data at all, if so.
    """

    id: str
    identity: str
    data: tuple[dict[str, SecretValue], ...] = dataclasses.field(repr=False)
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
    problem: SenhaseguraError | None = dataclasses.field(default=None, repr=False, compare=False)

    @property
    def is_empty(self) -> bool:
        """Whether there is no value in the data."""
        return not self.unreadable and all(value is None for _name, value in self.values())

    def hidden(self) -> list[str]:
        """All values: nobody but the user knows which of them are secret."""
        return [value for _name, value in self.values() if value]

    def values(self) -> list[tuple[str, str | None]]:
        """Names and values of all maps in the data, without those that could not be read."""
        items = [item for block in self.data for item in block.items()]
        return [(name, value) for name, value in items if not isinstance(value, SenhaseguraError)]

    @property
    def unreadable(self) -> dict[str, SenhaseguraError]:
        """Key -> why its value could not be read. C(data) stands for all of it."""
        found = {"data": self.problem} if self.problem else {}
        for block in self.data:
            found.update({key: value for key, value in block.items() if isinstance(value, SenhaseguraError)})
        return found

    def require_readable(self, key: str | None = None) -> None:
        """Raise UnexpectedAnswer, which names this secret and the key, if a value cannot be read.

        :param key: the only key that is asked for, or None for all
        """
        require_readable(self.unreadable, f"DSM secret {self.identity}", None if key is None else ("data", key))

    def public(self) -> dict[str, t.Any]:
        """Everything but values; C(key_names) are the names that the data holds, or None if nobody knows."""
        hidden = ("raw", "data", "problem", "incomplete", "as_one")
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in hidden}
        names = None if self.incomplete else sorted({key for block in self.data for key in block})
        return {**fields, "key_names": names}

    def kept_in(self, data: t.Iterable[t.Mapping[str, SecretValue]]) -> bool:
        """Whether ``data``, which the server shows later, still has all that this secret has, in any order."""
        rest = [dict(block) for block in data]
        for block in self.data:
            fitting = next((other for other in rest if _same_values(block, other)), None)
            if fitting is None:
                return False
            rest.remove(fitting)
        return True

    def as_key_value(self) -> dict[str, str] | None:
        """The data, if it is one map of names and values; None if it may be that of an account or access key.

        The server hands out those without their structure, so that they cannot be written back.
        """
        if len(self.data) != 1 or self.problem or self.unreadable:
            return None
        texts = {key: value for key, value in self.data[0].items() if isinstance(value, str)}
        return None if len(texts) < len(self.data[0]) or ADDED & texts.keys() else texts


def _same_values(one: t.Mapping[str, SecretValue], other: t.Mapping[str, SecretValue]) -> bool:
    """Whether two maps are equal as far as both can be read."""
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

    def same_data(self, data: t.Iterable[t.Mapping[str, SecretValue]], *, as_one: bool = False) -> bool:
        """Whether ``data`` is what the server hands out for this data, in any order.

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
        """The same where the data comes as one object. Of blocks with the same labels, it has the values of one."""
        wanted: dict[str, set[SecretValue]] = {}
        for block in self.flat():
            for key, value in block.items():
                wanted.setdefault(key, set()).add(value)
        more = {key for key in held if key not in wanted}
        return all(held.get(key) in values for key, values in wanted.items()) and more <= ADDED


@dataclasses.dataclass(frozen=True)
class SshKeyPair:
    """An SSH key pair that was checked, as keypair.py makes it. Two of them are equal if they are the same key and both
    can be used, whatever their texts look like.
    """

    fingerprint: str
    # Whether the private key opens with the passphrase and belongs to the public key.
    usable: bool
    private_key: str = dataclasses.field(repr=False, compare=False)
    # Type and blob, without the comment.
    public_key: str = dataclasses.field(compare=False)
    passphrase: str | None = dataclasses.field(default=None, repr=False, compare=False)
    comment: str = dataclasses.field(default="", compare=False)

    def secret_texts(self) -> list[str]:
        """Return what must not be shown anywhere."""
        return [text for text in (self.private_key, self.passphrase) if text]


def _covered(wanted: list[dict[str, str]], held: list[dict[str, SecretValue]]) -> bool:
    """Whether each wanted map is part of a map of its own among those that are held, and none of these is left."""
    if not wanted:
        return not held
    first, rest = wanted[0], wanted[1:]
    return any(
        first.items() <= block.items() and _covered(rest, held[:i] + held[i + 1 :])
        for i, block in enumerate(held)
        if block not in held[:i]
    )
