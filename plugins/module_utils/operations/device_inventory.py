# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make the hosts of an inventory from devices and credentials. No secret is read, and no custody is taken.

Two lists say it all, but for ports and domains, which one request for each device tells (facts-platform.md 1).
"""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from ..client.connect import Client
from ..device_models import Device
from ..models import SSH_KEY_TYPE, host_key
from ..queries import Matching
from ..references import Reference
from ..settings.options import OPTIONS, argument_spec
from .results import Params, first_names

_LIST = {"type": "list", "elements": "str"}
_FILTERS = ("site", "type", "vendor", "model", "tag", "domain")
_RULE = ("username", "identifier", "type", "tag")
_SERVER = {option.name for option in OPTIONS}
SPEC: dict[str, t.Any] = {
    **{name: details for name, details in argument_spec().items() if name in _SERVER},
    "filters": {"type": "dict", "options": dict.fromkeys(_FILTERS, _LIST)},
    "credentials": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {name: {"type": "str"} for name in _RULE},
    },
    "connections": {"type": "dict", "default": {"SSH": "ssh"}},
    "details": {"type": "bool", "default": False},
    "group": {"type": "str", "default": "senhasegura"},
}
# Letters that mean something in patterns of hosts, in file names or to ssh become this one.
_UNUSABLE = re.compile(r"[^A-Za-z0-9_.-]")
# No option of ssh, no pattern, and no template. With the zone of an IPv6 address.
_ADDRESS = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:%\]-]*\Z")
_LONGEST_NAME = 250
# Names that mean something else to Ansible: the groups that it makes itself, and the controller.
_RESERVED = frozenset(("all", "ungrouped", "localhost", "127.0.0.1", "::1", "omit", "none", "_meta"))
# Plain data of a device, or a credential, by field.
Fields = dict[str, t.Any]
_CREDENTIAL_FIELDS = ("id", "identifier", "username", "hostname", "type", "connectivity")


@dataclasses.dataclass(frozen=True)
class InventoryHost:
    """One host. All texts but ``name`` and ``connection`` come from the server as they are.

    ``login`` is the kind and the id of what it logs in with: ("password", "7"), ("ssh_key", "9"), or None.
    ``connection`` is what the user has set for the connectivity, or "".
    """

    name: str
    address: str
    user: str
    port: int | None
    connection: str
    login: tuple[str, str] | None
    device: Fields
    credential: Fields | None


def read(client: Client, params: Params) -> dict[str, list[Fields]]:
    """Return the devices that fit the filters, and the credentials of them, as plain data without secrets.

    :param params: the options as SPEC has checked them
    """
    filters = {name: frozenset(values) for name, values in (params["filters"] or {}).items() if values}
    devices = [device for device in client.devices.list() if _fits(device, filters)]
    if params["details"] or "domain" in filters:
        devices = [*client.devices.read_all(devices)]
    if "domain" in filters:
        devices = [device for device in devices if filters["domain"] & set(device.domains or ())]
    wanted = {host_key(device.hostname) for device in devices}
    # One list has both.
    entries = client.credentials.select(Matching({}))
    return {
        "devices": [device.public() for device in devices],
        "credentials": [
            {name: getattr(entry, name) for name in _CREDENTIAL_FIELDS}
            for entry in entries
            if host_key(entry.hostname) in wanted
        ],
    }


def _fits(device: Device, filters: t.Mapping[str, frozenset[str]]) -> bool:
    return all(
        values & set(device.tags) if name == "tag" else getattr(device, name) in values
        for name, values in filters.items()
        if name != "domain"
    )


def hosts_of(
    data: t.Mapping[str, t.Sequence[Fields]], params: Params, taken: t.Container[str]
) -> tuple[list[InventoryHost], list[str]]:
    """Return the hosts, and warnings of what is missing or has another name than in the vault.

    :param data: what C(read) has returned
    :param taken: names that no host may have, such as those of groups
    """
    by_host: dict[str, list[Fields]] = {}
    for entry in data["credentials"]:
        by_host.setdefault(host_key(entry["hostname"]), []).append(entry)
    connections = {str(name).casefold(): str(value) for name, value in (params["connections"] or {}).items()}
    found: list[InventoryHost] = []
    unreachable: list[str] = []
    without: list[str] = []
    names = _names(data["devices"], taken)
    for device in data["devices"]:
        name = names[device["id"]]
        address = device["ip"] or device["hostname"]
        if not _ADDRESS.match(address):
            unreachable.append(name)
            continue
        credential = _chosen(by_host.get(host_key(device["hostname"]), ()), device, params["credentials"] or ())
        if credential is None and params["credentials"]:
            without.append(name)
        connectivity, port = _connectivity(device, credential, connections)
        found.append(
            InventoryHost(
                name,
                address,
                credential["username"] if credential else "",
                port,
                connections.get(connectivity.casefold(), ""),
                _login(credential),
                device,
                credential,
            )
        )
    renamed = [names[device["id"]] for device in data["devices"] if names[device["id"]] != device["hostname"]]
    return found, [
        *_told(unreachable, "left out, since its address is empty or cannot be one"),
        *_told(without, "without a login: no credential of it fits the rules in the option credentials"),
        *_told(renamed, "named otherwise than in the vault, since its host name cannot be used or is taken"),
    ]


def _told(names: list[str], what: str) -> list[str]:
    """Return one warning about several hosts, or none. The names are those of the inventory, so they can be printed."""
    return [f"each of these hosts is {what}: {first_names(names)}"] if names else []


def _names(devices: t.Iterable[Fields], taken: t.Container[str]) -> dict[str, str]:
    """Return the name in the inventory for the id of each device: no two alike, and the same in each run.

    A host name that can be used as it is belongs to the first device that has it. All others get their id appended.
    """
    names: dict[str, str] = {}
    used: set[str] = set()
    later: list[tuple[str, str]] = []

    def is_taken(name: str) -> bool:
        return name in taken or name.lower() in _RESERVED

    for device in devices:
        clean = _UNUSABLE.sub("_", device["hostname"])[:_LONGEST_NAME]
        if clean.startswith(("-", ".")) or not clean:
            clean = f"device{clean.replace('-', '_', 1)}"
        if clean != device["hostname"] or clean in used or is_taken(clean):
            later.append((device["id"], clean))
        else:
            used.add(clean)
            names[device["id"]] = clean
    for id_, clean in later:
        name = f"{clean}_{id_}" if clean in used or is_taken(clean) else clean
        while name in used or is_taken(name):
            name += "_"
        used.add(name)
        names[id_] = name
    return names


def _chosen(entries: t.Sequence[Fields], device: Fields, rules: t.Iterable[Fields]) -> Fields | None:
    """Return the first credential that the first rule fits which fits any."""
    usable = [entry for entry in entries if _is_user(entry["username"])]
    for rule in rules:
        if rule.get("tag") and rule["tag"] not in device["tags"]:
            continue
        patterns = [(name, rule[name]) for name in ("username", "identifier", "type") if rule.get(name)]
        for entry in usable:
            if all(fnmatch.fnmatchcase(entry[name] or "", pattern) for name, pattern in patterns):
                return entry
    return None


def _is_user(name: str) -> bool:
    """Return whether a text can be the name of a user: no option, no quote that ssh would end a value at."""
    return bool(name) and name.isprintable() and not name.startswith("-") and '"' not in name


def _connectivity(
    device: Fields, credential: Fields | None, connections: t.Mapping[str, str]
) -> tuple[str, int | None]:
    """Return how to connect, and the port if it is known: of the credential, or the first that a connection is set for.

    :param connections: names of connectivities in lower case
    """
    listed = [text.rpartition(":") for text in device["connectivities"] or ()]
    ports = {name.strip().casefold(): port for name, colon, port in listed if colon}
    wanted = (credential or {}).get("connectivity") or ""
    if not wanted or (ports and wanted.casefold() not in ports):
        wanted = next((name for name in ports if name in connections), wanted)
    port = ports.get(wanted.casefold(), "")
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0
    return wanted, number if 0 < number < 65536 else None


def _login(credential: Fields | None) -> tuple[str, str] | None:
    # It becomes a part of a template, and may come from a cache file.
    if credential is None or not Reference(credential["id"], "id").is_id:
        return None
    return ("ssh_key" if credential["type"] == SSH_KEY_TYPE else "password", credential["id"])
