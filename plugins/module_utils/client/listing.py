# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find entries in what the server lists. Pure: for credentials and SSH keys, and carried out where the list is."""

from __future__ import annotations

import typing as t

from ansible_collections.community.senhasegura.plugins.module_utils.errors import InvalidRequest, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo, Entries, first
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference


def find(entries: Entries, ref: Reference) -> CredentialInfo | None:
    """The entry that ``ref`` names, or None. The id goes before the identifier, and that before username@hostname."""
    found = (
        (ref.is_id and entries.by_id.get(ref.text))
        or entries.by_identifier.get(ref.text)
        or (ref.account and entries.by_account.get(ref.account))
        or []
    )
    if len(found) > 1:
        raise InvalidRequest(
            f"{ref} fits several entries, with the ids {', '.join(entry.id for entry in found)}",
            hint="Use the id or the identifier",
        )
    return found[0] if found else None


def require(entries: Entries, ref: Reference, what: str) -> CredentialInfo:
    """As ``find``, but raises NotFound."""
    entry = find(entries, ref)
    if entry is None:
        raise NotFound(
            f"{what} {ref} is not in the list of the server",
            hint="Check the name, that it is active, and that the authorization may see it",
        )
    return entry


def matching(entries: Entries, wanted: t.Mapping[str, t.Any]) -> Entries:
    """The entries that have all the ``wanted`` values."""
    return Entries(entry for entry in entries if all(getattr(entry, name) == wanted[name] for name in wanted))


def wanted_name(what: str, wanted: t.Mapping[str, t.Any]) -> str:
    """What is looked for by these values, as errors name it. Only for values that are not secret."""
    values = ", ".join(f"{name}={value}" for name, value in wanted.items())
    return f"{what} with {values}" if values else f"the list of {what}"


def identified(entries: Entries, identifier: str) -> CredentialInfo | None:
    """The first entry with this identifier, or None."""
    return first(entries.by_identifier, identifier)


def each(entries: Entries, picks: t.Mapping[str, t.Callable[[Entries], t.Any]]) -> dict[str, t.Any]:
    """What several functions take of the same list, under their names."""
    return {name: pick(entries) for name, pick in picks.items()}


def among(entries: Entries, kind: t.Literal["keys", "credentials"], pick: t.Callable[[Entries], t.Any]) -> t.Any:
    """What a function takes of the SSH keys, or of all others."""
    return pick(getattr(entries, kind))
