# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export a vault without its secrets, and tell what differs from an earlier export. No custody is taken."""

from __future__ import annotations

import typing as t

from ..client.connect import Client
from ..settings.options import argument_spec
from ..vault_data import DETAILS, FIELDS, Item, VaultData, device_items, differences, entry_items, spec_of
from .results import Params, Result

NOUN = "device"
_KINDS = list(FIELDS)
SPEC: dict[str, t.Any] = {
    **argument_spec(),
    "include": {"type": "list", "elements": "str", "choices": _KINDS, "default": _KINDS},
    "details": {"type": "bool", "default": True},
    "dest": {"type": "path"},
    "expected": {"type": "dict", "options": {kind: spec_of(kind) for kind in FIELDS}},
}
RULES: dict[str, t.Any] = {}


def run(client: Client, params: Params, check_mode: bool) -> Result:
    """Return the vault as data. The lists take no custody, so check mode makes no difference here."""
    kinds = [kind for kind in _KINDS if kind in params["include"]]
    vault: VaultData = {kind: _read(client, kind, params["details"]) for kind in kinds}
    result: Result = {"changed": False, "vault": vault}
    if params["expected"] is not None:
        expected = {kind: items for kind, items in params["expected"].items() if items is not None}
        ignored = () if params["details"] else DETAILS
        result["differences"] = [one.public() for one in differences(expected, vault, ignored)]
    return result


def _read(client: Client, kind: str, details: bool) -> list[Item]:
    if kind == "devices":
        devices = client.devices.list()
        return device_items(client.devices.read_all(devices) if details else devices)
    area = client.ssh_keys if kind == "ssh_keys" else client.credentials
    return entry_items(area.matching({}), area.writable(FIELDS[kind]))
