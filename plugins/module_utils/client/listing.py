# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find one entry in what the server lists. Pure: shared by credentials and SSH keys."""

from __future__ import annotations

from ansible_collections.community.senhasegura.plugins.module_utils.errors import InvalidRequest, NotFound
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo, Entries
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
