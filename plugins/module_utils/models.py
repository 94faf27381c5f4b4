# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data of the server, plain and frozen. No wire names here: the dialects translate.

C(None) in a write model means "not given: leave as it is". Secrets have C(repr=False).
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import typing as t

from .errors import SenhaseguraError, UnexpectedResponse

SSH_KEY_TYPE = "SSH Key"
# Entries by some name. The server does not guarantee unique names, hence lists.
Index = dict[t.Any, list["CredentialInfo"]]


def key_text(value: str) -> str:
    """Return key text as ssh reads it: servers send CRLF, which sshd's tools reject, and may drop the last newline."""
    return value.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


def host_key(host: str) -> str:
    """Return a host name or address in the form in which it is compared: lower case, and IPv6 compressed."""
    # Letters beyond ASCII that lower() takes for others stay what they are.
    key = host.lower() if host.isascii() else host
    if ":" in key:
        # Imported lazily: hardly any host is named so.
        import ipaddress

        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(key.strip("[]")).compressed
    return key


def require_readable(
    unreadable: t.Mapping[str, SenhaseguraError], subject: str, names: t.Container[str] | None = None
) -> None:
    """Raise UnexpectedResponse if one of the values that are asked for could not be read.

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
    """Return the secrets of a model that was read, by name: the strings in those fields that its repr hides."""
    names = [field.name for field in dataclasses.fields(model) if not field.repr and field.name != "raw"]
    return {name: value for name in names if isinstance(value := getattr(model, name), str)}


def secret_leaves(value: t.Any) -> list[str]:
    """Return all strings in the fields that the repr of a model hides; of several models if they are in a container.

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
    """Return the strings that a value consists of, but for the keys of maps and empty ones."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, t.Mapping):
        return [text for part in value.values() for text in texts(part)]
    return [text for part in value for text in texts(part)] if isinstance(value, (list, tuple)) else []


@dataclasses.dataclass(frozen=True)
class CredentialInfo:
    """One entry of the credential list: all that can be known without taking custody.

    ``changed_at``, ``viewed_at`` are zone-less appliance times (YYYY-MM-DD HH:MM:SS); ``expires_at`` is ISO 8601.
    ``automatic_change`` is None where the dialect does not return it.
    """

    id: str
    identifier: str | None = None
    username: str = ""
    hostname: str = ""
    ip: str = ""
    type: str = ""
    automatic_change: bool | None = None
    changed_at: str | None = None
    viewed_at: str | None = None
    expires_at: str | None = None
    device_type: str | None = None
    device_vendor: str | None = None
    device_model: str | None = None
    connectivity: str | None = None
    public_key: str | None = None
    rotation_days: int | None = None

    @property
    def is_key(self) -> bool:
        """Return whether this is an SSH key."""
        return self.type == SSH_KEY_TYPE

    def public(self) -> dict[str, t.Any]:
        """Return all fields by name. None of them is secret."""
        return dataclasses.asdict(self)


class Entries(tuple[CredentialInfo, ...]):
    """The list of credentials and keys.

    Indexed, because it may hold thousands of entries and hundreds of hosts each look one up.
    """

    @functools.cached_property
    def keys(self) -> Entries:
        """Return the SSH keys."""
        return Entries(entry for entry in self if entry.is_key)

    @functools.cached_property
    def credentials(self) -> Entries:
        """Return the entries that are no SSH keys."""
        return Entries(entry for entry in self if not entry.is_key)

    @functools.cached_property
    def by_id(self) -> Index:
        """Return the entries by id."""
        return _index(self, lambda entry: entry.id)

    @functools.cached_property
    def by_identifier(self) -> Index:
        """Return the entries by identifier."""
        return _index(self, lambda entry: entry.identifier)

    @functools.cached_property
    def by_account(self) -> Index:
        """Return the entries by username and hostname, in the form of C(host_key)."""
        return _index(self, lambda entry: (entry.username, host_key(entry.hostname)))

    @functools.cached_property
    def by_address(self) -> Index:
        """Return the entries by username and address, in the form of C(host_key)."""
        return _index(self, lambda entry: (entry.username, host_key(entry.ip)))

    def of_account(self, username: str, host: str, ip: str | None = None) -> list[CredentialInfo]:
        """Return the entries of a user on a host. This is the one rule by which accounts are matched.

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
    """Return the first entry of that name, or None."""
    return next(iter(index.get(name, ())), None)


def _index(entries: t.Iterable[CredentialInfo], key: t.Callable[[CredentialInfo], t.Any]) -> Index:
    index: Index = {}
    for entry in entries:
        index.setdefault(key(entry), []).append(entry)
    return index


def fields_of(model: type[t.Any]) -> list[str]:
    """Return the names of the fields of a credential or SSH key that users may ask for."""
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
    expires_at: str | None = None
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    unreadable: dict[str, SenhaseguraError] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """Return all fields for the user, the password included; those that could not be opened are None."""
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
    expires_at: str | None = None
    raw: dict[str, t.Any] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    unreadable: dict[str, SenhaseguraError] = dataclasses.field(default_factory=dict, repr=False, compare=False)

    def values(self) -> dict[str, t.Any]:
        """Return all fields for the user, private key and passphrase included; None for unreadable ones."""
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
    automatic_change: bool | None = None
    rotation_days: int | None = None


@dataclasses.dataclass(frozen=True)
class Stored:
    """The server's receipt for a write. ``devices_error`` names devices that could not be linked to a key, and
    ``unshared`` users and groups that an item of MySafe could not be shared with.

    ``id`` is empty if the response does not have it. ``updated`` is True if its words say that there was
    something already; None if they are unknown.
    """

    id: str
    identifier: str | None = None
    devices_error: tuple[str, ...] = ()
    public_key: str | None = None
    updated: bool | None = None
    unshared: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class KeyRotation:
    """How a key pair was replaced. Public keys are None where the dialect does not return them.

    ``previous_identifier`` is the name under which the old pair is kept.
    """

    id: str
    identifier: str | None
    public_key: str | None = None
    previous_public_key: str | None = None
    previous_identifier: str | None = None


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
