# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions about what the server lists: data, which can be sent to the process that holds the list.

A list may have many thousand entries, and hundreds of hosts want one of them each. So a query goes to the list, and not
the list to whoever asks. Each class is one question, and C(answer) is the one function that answers them. Pure.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .device_models import Device
from .dsm_secrets import DsmSecret
from .errors import InvalidRequest, NotFound, Refused
from .models import CredentialInfo, Entries, first, host_key
from .mysafe_models import MySafeItem
from .references import Reference

EntryKind = t.Literal["credentials", "keys"]
# User name, host name and address.
AccountName = tuple[str, str, str]
_Found_co = t.TypeVar("_Found_co", covariant=True)
_Answer = t.TypeVar("_Answer")
_NOUNS: t.Mapping[EntryKind, str] = {"credentials": "credential", "keys": "SSH key"}
_TO_USE: t.Mapping[EntryKind, str] = {
    "credentials": "Use the password lookup and the modules for credentials",
    "keys": "Use the ssh_key lookup and modules",
}


class Query(t.Generic[_Found_co]):
    """A question about a list. Its type parameter is the type of the answer."""


@dataclasses.dataclass(frozen=True)
class Find(Query["CredentialInfo | None"]):
    """The entry that ``ref`` names, or None. Raises InvalidRequest if it may mean more than one.

    With a ``kind``, the credential (or key) of that name. Raises InvalidRequest if it names the other kind. A user may
    have both on a host, so an account alone names no other kind.
    """

    ref: Reference
    kind: EntryKind | None = None


@dataclasses.dataclass(frozen=True)
class Require(Query[CredentialInfo]):
    """As C(Find) with a kind, but raises NotFound."""

    ref: Reference
    kind: EntryKind


@dataclasses.dataclass(frozen=True)
class Matching(Query[Entries]):
    """The entries that have all the ``wanted`` values, by the name of the field.

    A host name fits in any case, or as the address.
    """

    wanted: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class ByIdentifier(Query["CredentialInfo | None"]):
    """The first entry with this identifier, or None."""

    identifier: str


@dataclasses.dataclass(frozen=True)
class ByPrefix(Query["list[CredentialInfo]"]):
    """The entries whose identifier begins with ``prefix``."""

    prefix: str


@dataclasses.dataclass(frozen=True)
class ById(Query["CredentialInfo | None"]):
    """The entry with this id, of whatever kind, or None."""

    id: str


@dataclasses.dataclass(frozen=True)
class OnDevice(Query["CredentialInfo | None"]):
    """An entry of the device with this host name that tells its attributes, or None."""

    hostname: str


@dataclasses.dataclass(frozen=True)
class OnAccount(Query["CredentialInfo | None"]):
    """An entry of this user on this host, of whatever kind and address, or None."""

    username: str
    hostname: str


@dataclasses.dataclass(frozen=True)
class SameAccount(Query["list[CredentialInfo]"]):
    """The credentials with this user name, host name and address."""

    account: AccountName


@dataclasses.dataclass(frozen=True)
class UpsertTarget(Query["CredentialInfo | None"]):
    """The credential that a write of these values would hit, or None: the server's own rule (http-api.md 3.1.3).

    Raises InvalidRequest if it may hit several, and Refused if the one that ``ref`` names is not the one that would be
    hit, or if only an SSH key has the account, unless ``shared_account``.
    """

    identifier: str | None
    account: AccountName
    ref: Reference | None = None
    shared_account: bool = False


@dataclasses.dataclass(frozen=True)
class OfKind(Query[_Found_co]):
    """The answer to a query about the SSH keys only, or about all other entries."""

    kind: EntryKind
    query: Query[_Found_co]


@dataclasses.dataclass(frozen=True)
class Several(Query["dict[str, t.Any]"]):
    """The answers to several queries about the same list, under their names."""

    queries: t.Mapping[str, Query[t.Any]]


@dataclasses.dataclass(frozen=True)
class ByIdentities(Query["dict[str, DsmSecret | None]"]):
    """The DSM secrets with these identities, None for one that does not exist."""

    identities: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class FindDevice(Query["Device | None"]):
    """The device with this id or, without one, with this host name; None if none is listed.

    The case of a host name does not count, unless several differ in it alone. Raises InvalidRequest if several fit.
    """

    id: str | None
    hostname: str | None


@dataclasses.dataclass(frozen=True)
class MatchingDevices(Query["tuple[Device, ...]"]):
    """The devices that have all the ``wanted`` values, by field. C(tags) are those that it must have."""

    wanted: t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class MatchingItems(Query["tuple[MySafeItem, ...]"]):
    """The items of MySafe that have all the ``wanted`` values, by field. C(tags) are those that it must have."""

    wanted: t.Mapping[str, t.Any]


def answer(listed: t.Iterable[t.Any], query: Query[_Answer]) -> _Answer:
    """Answer a query about a list. Raises what its class says.

    :param listed: Entries for credentials and SSH keys; DsmSecrets for C(ByIdentities); Device for those of
        devices, and MySafeItem for those of MySafe
    """
    found: _Answer = _ANSWERS[type(query)](listed, query)
    return found


def fits(entry: CredentialInfo, wanted: t.Mapping[str, t.Any]) -> bool:
    """Return whether an entry has all these values: see C(Matching)."""
    return all(_has(entry, name, value) for name, value in wanted.items())


def wrong_kind(entry: CredentialInfo, kind: EntryKind) -> InvalidRequest:
    """Make the error for an entry of this kind that is given where the other kind is wanted."""
    article, wanted = ("an", "a credential") if kind == "keys" else ("a", "an SSH key")
    return InvalidRequest(
        f"{entry.identifier or entry.id} is {article} {_NOUNS[kind]}, not {wanted}", hint=_TO_USE[kind]
    )


def wanted_name(what: str, wanted: t.Mapping[str, t.Any]) -> str:
    """Return how errors name what is looked for by these values. Only for values that are not secret."""
    values = ", ".join(f"{name}={value}" for name, value in wanted.items())
    return f"{what} with {values}" if values else f"the list of {what}"


def _find(entries: Entries, query: Find) -> CredentialInfo | None:
    ref, kind = query.ref, query.kind
    if kind is None:
        return _named(entries, ref)
    found = _named(getattr(entries, kind), ref)
    if found is None:
        other: EntryKind = "keys" if kind == "credentials" else "credentials"
        others: Entries = getattr(entries, other)
        wrong = (ref.is_id and first(others.by_id, ref.text)) or (
            ref.may_be_identifier and first(others.by_identifier, ref.text)
        )
        if wrong:
            raise wrong_kind(wrong, other)
    return found


def _named(entries: Entries, ref: Reference) -> CredentialInfo | None:
    """Return the entry of that name, whatever kind it is of, or None."""
    fitting = [
        *(entries.by_id.get(ref.text, ()) if ref.is_id else ()),
        *(entries.by_identifier.get(ref.text, ()) if ref.may_be_identifier else ()),
        *(entries.of_account(*ref.account, ref.ip) if ref.account else ()),
    ]
    found = {entry.id: entry for entry in fitting}
    ids = ", ".join(found)
    if ref.is_id and not ref.is_certain and any(id_ != ref.text for id_ in found):
        # Also where no such id is listed: it may be there and inactive.
        raise InvalidRequest(
            f"{ref} may be the id {ref}, or the identifier of the entry with the id "
            f"{', '.join(id_ for id_ in found if id_ != ref.text)}",
            hint=f"Write id:{ref} or identifier:{ref}, or use the options id and identifier",
        )
    if len(found) > 1:
        raise InvalidRequest(
            f"{ref} fits several entries, with the ids {ids}",
            hint="Use the id or the identifier, or name the host by its address (username@address, or the option ip)",
        )
    return next(iter(found.values()), None)


def _require(entries: Entries, query: Require) -> CredentialInfo:
    entry = _find(entries, Find(query.ref, query.kind))
    if entry is None:
        raise NotFound(
            f"{_NOUNS[query.kind]} {query.ref} is not in the list of the server",
            hint="Check the name, that it is active, and that the authorization may see it",
        )
    return entry


def _matching(entries: Entries, query: Matching) -> Entries:
    wanted = query.wanted
    # Hundreds of hosts may ask, each for one entry of many thousands.
    if "id" in wanted:
        listed: t.Iterable[CredentialInfo] = entries.by_id.get(wanted["id"], ())
    elif "identifier" in wanted:
        listed = entries.by_identifier.get(wanted["identifier"], ())
    else:
        listed = entries
    return Entries(entry for entry in listed if fits(entry, wanted))


def _has(entry: CredentialInfo, name: str, value: t.Any) -> bool:
    if name == "hostname":
        return host_key(value) in (host_key(entry.hostname), host_key(entry.ip))
    if name == "ip":
        return host_key(value) == host_key(entry.ip)
    return bool(getattr(entry, name) == value)


def _on_device(entries: Entries, query: OnDevice) -> CredentialInfo | None:
    key = host_key(query.hostname)
    return next((entry for entry in entries if host_key(entry.hostname) == key and entry.device_type), None)


def _upsert_target(entries: Entries, query: UpsertTarget) -> CredentialInfo | None:
    by_identifier = entries.by_identifier.get(query.identifier, []) if query.identifier else []
    if query.ref is not None:
        info = _require(entries, Require(query.ref, "credentials"))
        return _require_same_target(info, query, by_identifier)
    if by_identifier:
        return _reject_ssh_key(by_identifier[0])
    same = entries.credentials.of_account(*query.account)
    if len(same) > 1:
        raise InvalidRequest(
            f"several credentials have this user name, host name and ip: the ids {', '.join(e.id for e in same)}",
            hint="Give the id or the identifier",
        )
    keys = [] if same or query.shared_account else entries.keys.of_account(*query.account)
    if keys:
        # Nothing says that the server's search keeps both kinds apart.
        raise Refused(
            f"the SSH key {keys[0].identifier or keys[0].id} has this user name, host name and ip, and the server "
            f"might overwrite it (id {keys[0].id}) instead of creating a credential",
            hint="Correct the account, or set allow_shared_account=true if the vault shall have both",
        )
    return same[0] if same else None


def _require_same_target(
    info: CredentialInfo, query: UpsertTarget, by_identifier: t.Sequence[CredentialInfo]
) -> CredentialInfo:
    """Return the entry, if a write of these values hits it and no other one. Raises Refused."""
    keeps_identifier = info.identifier is not None and query.identifier in (None, info.identifier)
    others = [entry for entry in by_identifier if entry.id != info.id]
    if others or not (keeps_identifier or _same_account(info, query.account)):
        raise Refused(
            f"the server would not recognise credential {info.id} by these values, and write another one",
            hint="Keep its identifier or, to change that, its present username, hostname and ip",
        ).with_context(subject=f"credential {info.id}")
    return info


def _same_account(info: CredentialInfo, account: AccountName) -> bool:
    own = (info.username, host_key(info.hostname), host_key(info.ip))
    return own == (account[0], host_key(account[1]), host_key(account[2]))


def _reject_ssh_key(info: CredentialInfo) -> CredentialInfo:
    if info.is_key:
        raise wrong_kind(info, "keys")
    return info


def _by_identities(secrets: t.Iterable[DsmSecret], query: ByIdentities) -> dict[str, DsmSecret | None]:
    # Of several with the same identity, the first counts.
    known = {secret.identifier: secret for secret in reversed(tuple(secrets))}
    return {identity: known.get(identity) for identity in query.identities}


def _find_device(devices: t.Iterable[Device], query: FindDevice) -> Device | None:
    if query.id is not None:
        return next((device for device in devices if device.id == query.id), None)
    key = host_key(query.hostname or "")
    found = [device for device in devices if host_key(device.hostname) == key]
    exact = [device for device in found if device.hostname == query.hostname] or found
    if len(exact) > 1:
        raise InvalidRequest(
            f"several devices have the host name {query.hostname}: the ids {', '.join(one.id for one in exact)}",
            hint="Give the id",
        ).with_context(option="hostname")
    return exact[0] if exact else None


def _device_fits(device: Device, wanted: t.Mapping[str, t.Any]) -> bool:
    for name, value in wanted.items():
        own = getattr(device, name)
        if name == "tags":
            same = set(value) <= set(own)
        elif name in ("hostname", "ip"):
            same = host_key(own) == host_key(value)
        else:
            same = own == value
        if not same:
            return False
    return True


def _item_fits(item: MySafeItem, wanted: t.Mapping[str, t.Any]) -> bool:
    return all(
        set(value) <= set(item.tags or ()) if name == "tags" else getattr(item, name) == value
        for name, value in wanted.items()
    )


_ANSWERS: t.Mapping[type[Query[t.Any]], t.Callable[[t.Any, t.Any], t.Any]] = {
    Find: _find,
    Require: _require,
    Matching: _matching,
    ByIdentifier: lambda entries, query: first(entries.by_identifier, query.identifier),
    ByPrefix: lambda entries, query: [e for e in entries if (e.identifier or "").startswith(query.prefix)],
    ById: lambda entries, query: first(entries.by_id, query.id),
    OnDevice: _on_device,
    OnAccount: lambda entries, query: next(iter(entries.of_account(query.username, query.hostname)), None),
    SameAccount: lambda entries, query: entries.credentials.of_account(*query.account),
    UpsertTarget: _upsert_target,
    OfKind: lambda entries, query: answer(getattr(entries, query.kind), query.query),
    Several: lambda entries, query: {name: answer(entries, part) for name, part in query.queries.items()},
    ByIdentities: _by_identities,
    FindDevice: _find_device,
    MatchingItems: lambda items, query: tuple(one for one in items if _item_fits(one, query.wanted)),
    MatchingDevices: lambda devices, query: tuple(one for one in devices if _device_fits(one, query.wanted)),
}
