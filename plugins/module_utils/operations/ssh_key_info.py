# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List SSH keys, with their key pairs if the task asks for them."""

from __future__ import annotations

import typing as t

from ..ciphertext import judge
from ..client.connect import Client
from ..models import CredentialInfo, Entries, SshKey, hidden_fields
from ..references import Reference
from ..settings.options import argument_spec
from ..specs import NAMES
from .apply import do_or_predict
from .parameters import passed
from .results import NO_LOG, Params, Result, unread

NOUN = "SSH key"
_FILTERS = (*NAMES, "ip")
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    **{name: {"type": "str"} for name in _FILTERS},
    "include_key": {"type": "bool", "default": False, "no_log": False},
}
RULES: dict[str, t.Any] = {"required_if": [("include_key", True, _FILTERS, True)]}
_NOT_READ = "include_key is left out in check mode, since a read takes custody"


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the keys that fit all filters. Reading their key pairs takes custody, so that check mode leaves it out."""
    entries = client.ssh_keys.matching(passed(params, _FILTERS))
    if not params["include_key"]:
        return _listed(entries)
    return do_or_predict(
        check_mode,
        lambda: _read(client, entries, params["on_ciphertext"]),
        lambda: _listed(entries, _NOT_READ),
    )


def _listed(entries: Entries, *warnings: str) -> Result:
    return {"changed": False, "ssh_keys": [entry.public() for entry in entries], "warnings": list(warnings)}


def _read(client: Client, entries: Entries, on_ciphertext: str) -> Result:
    keys = [client.ssh_keys.read(Reference(entry.id, "id"), partial=True) for entry in entries]
    found = [_with_key(entry, key) for entry, key in zip(entries, keys, strict=True)]
    warnings: list[str] = []
    for key in keys:
        noun = f"SSH key {key.identifier or key.id}"
        warnings += [*unread(key.unreadable, noun), *judge(hidden_fields(key).items(), noun, on_ciphertext)]
    return {"changed": False, "ssh_keys": found, "warnings": warnings, **NO_LOG}


def _with_key(entry: CredentialInfo, key: SshKey) -> dict[str, t.Any]:
    listed, read = entry.public(), key.values()
    # A read may leave out what the list shows.
    fields = {name: value for name, value in read.items() if value or name not in listed}
    return {**listed, **fields, "unreadable": sorted(key.unreadable)}
