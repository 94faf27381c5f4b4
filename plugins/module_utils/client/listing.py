# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find entries in what the server lists. Pure: for credentials and SSH keys, and carried out where the list is."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import InvalidRequest, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    CredentialInfo,
    Entries,
    first,
    host_key,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference

Kind = t.Literal["credentials", "keys"]
_NOUNS: t.Mapping[Kind, str] = {"credentials": "credential", "keys": "SSH key"}
_TO_USE: t.Mapping[Kind, str] = {
    "credentials": "Use the password lookup and the modules for credentials",
    "keys": "Use the ssh_key lookup and modules",
}


def find(entries: Entries, ref: Reference) -> CredentialInfo | None:
    """Return the entry that ``ref`` names, or None. Raises InvalidRequest if it may mean more than one."""
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


def find_kind(entries: Entries, ref: Reference, kind: Kind) -> CredentialInfo | None:
    """Return the credential (or key) that ``ref`` names, or None. Raises InvalidRequest if it names the other kind.

    A user may have both on a host, so an account alone names no other kind.
    """
    found = find(getattr(entries, kind), ref)
    if found is None:
        other: Kind = "keys" if kind == "credentials" else "credentials"
        others: Entries = getattr(entries, other)
        wrong = (ref.is_id and first(others.by_id, ref.text)) or (
            ref.may_be_identifier and first(others.by_identifier, ref.text)
        )
        if wrong:
            raise wrong_kind(wrong, other)
    return found


def wrong_kind(entry: CredentialInfo, kind: Kind) -> InvalidRequest:
    """Make the error for an entry of this kind that is given where the other kind is wanted."""
    article, wanted = ("an", "a credential") if kind == "keys" else ("a", "an SSH key")
    return InvalidRequest(
        f"{entry.identifier or entry.id} is {article} {_NOUNS[kind]}, not {wanted}", hint=_TO_USE[kind]
    )


def require(entries: Entries, ref: Reference, kind: Kind) -> CredentialInfo:
    """As ``find_kind``, but raises NotFound."""
    entry = find_kind(entries, ref, kind)
    if entry is None:
        raise NotFound(
            f"{_NOUNS[kind]} {ref} is not in the list of the server",
            hint="Check the name, that it is active, and that the authorization may see it",
        )
    return entry


def matching(entries: Entries, wanted: t.Mapping[str, t.Any]) -> Entries:
    """Return the entries that have all the ``wanted`` values. A host name fits in any case, or as the address."""
    return Entries(entry for entry in entries if all(_fits(entry, name, wanted[name]) for name in wanted))


def _fits(entry: CredentialInfo, name: str, value: t.Any) -> bool:
    if name == "hostname":
        return host_key(value) in (host_key(entry.hostname), host_key(entry.ip))
    if name == "ip":
        return host_key(value) == host_key(entry.ip)
    return bool(getattr(entry, name) == value)


def wanted_name(what: str, wanted: t.Mapping[str, t.Any]) -> str:
    """What is looked for by these values, as errors name it. Only for values that are not secret."""
    values = ", ".join(f"{name}={value}" for name, value in wanted.items())
    return f"{what} with {values}" if values else f"the list of {what}"


def identified(entries: Entries, identifier: str) -> CredentialInfo | None:
    """Return the first entry with this identifier, or None."""
    return first(entries.by_identifier, identifier)


def beginning(entries: Entries, identifier: str) -> list[CredentialInfo]:
    """Return the entries whose identifier begins so."""
    return [entry for entry in entries if (entry.identifier or "").startswith(identifier)]


def with_id(entries: Entries, id_: str) -> CredentialInfo | None:
    """Return the entry with this id, of whatever kind, or None."""
    return first(entries.by_id, id_)


def of_device(entries: Entries, hostname: str) -> CredentialInfo | None:
    """Return an entry of the device with this host name that tells its attributes, or None."""
    key = host_key(hostname)
    return next((entry for entry in entries if host_key(entry.hostname) == key and entry.device_type), None)


def on_account(entries: Entries, username: str, host: str) -> CredentialInfo | None:
    """Return an entry of this user on this host, of whatever kind and address, or None."""
    return next(iter(entries.of_account(username, host)), None)


def each(entries: Entries, picks: t.Mapping[str, t.Callable[[Entries], t.Any]]) -> dict[str, t.Any]:
    """Return what several functions take of the same list, under their names."""
    return {name: pick(entries) for name, pick in picks.items()}


def among(entries: Entries, kind: Kind, pick: t.Callable[[Entries], t.Any]) -> t.Any:
    """Return what a function takes of the SSH keys, or of all others."""
    return pick(getattr(entries, kind))
