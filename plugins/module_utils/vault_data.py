# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vault without its secrets as plain data, and what differs between two of them. Pure.

The data is a map of three lists: C(devices), C(credentials) and C(ssh_keys). Each item has options of the module of
that name, so that a task can take it as it is. What is empty is left out. What no write can bring about is not part of
it: ids, times, and what the server decides. So is what nobody can read without taking custody (facts-platform.md 9).
"""

from __future__ import annotations

import dataclasses
import typing as t

from .device_models import Device
from .models import CredentialInfo, host_key

# Plain data of one device, credential or SSH key, by the name of the option.
Item = dict[str, t.Any]
VaultData = dict[str, list[Item]]
_DEVICE = ("hostname", "ip", "type", "vendor", "model", "site", "tags")
# What the list of devices does not show.
DETAILS = ("domains", "connectivities", "session_remote_config")
_ENTRY = ("identifier", "username", "hostname", "ip")
FIELDS: t.Mapping[str, tuple[str, ...]] = {
    "devices": (*_DEVICE, *DETAILS),
    "credentials": (*_ENTRY, "type", "automatic_change"),
    "ssh_keys": (*_ENTRY, "automatic_change", "rotation_days"),
}
NOUNS: t.Mapping[str, str] = {"devices": "device", "credentials": "credential", "ssh_keys": "SSH key"}
_LISTS = frozenset({"tags", "domains", "connectivities"})
_ADDRESSES = frozenset({"hostname", "ip"})
_TYPES: t.Mapping[str, dict[str, t.Any]] = {
    **{name: {"type": "list", "elements": "str"} for name in _LISTS},
    "automatic_change": {"type": "bool"},
    "rotation_days": {"type": "int"},
}


def spec_of(kind: str, required: t.Container[str] = (), **more: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the argument spec of a list of that kind. ``more`` has further options of each item."""
    options = {name: dict(_TYPES.get(name, {"type": "str"})) for name in FIELDS[kind]} | more
    for name, details in options.items():
        if name in required:
            details["required"] = True
    return {"type": "list", "elements": "dict", "no_log": False, "options": options}


def device_items(devices: t.Iterable[Device]) -> list[Item]:
    """Return devices as data, in the order of their host names. What was not read is not there, as what is empty."""
    found = [_filled({name: getattr(device, name) for name in FIELDS["devices"]}) for device in devices]
    return sorted(found, key=_host)


def entry_items(entries: t.Iterable[CredentialInfo], fields: t.Iterable[str]) -> list[Item]:
    """Return these fields of credentials or SSH keys as data, in the order of host and user."""
    names = tuple(fields)
    return sorted((_filled({name: getattr(entry, name) for name in names}) for entry in entries), key=_order)


def _order(item: Item) -> tuple[str, ...]:
    return (*_account(item), item.get("identifier") or "")


def _filled(item: Item) -> Item:
    """Return what is not empty, lists sorted: the order of tags, domains and connectivities has no meaning."""
    plain = {name: sorted(value) if name in _LISTS and value else value for name, value in item.items()}
    return {name: value for name, value in plain.items() if value not in (None, "", [], ())}


def _host(item: Item) -> str:
    return host_key(item.get("hostname") or "")


def _account(item: Item) -> tuple[str, str, str]:
    return (_host(item), item.get("username") or "", host_key(item.get("ip") or ""))


@dataclasses.dataclass(frozen=True)
class Difference:
    """One object that is not as expected. ``before`` has what was expected of it, ``after`` what was found.

    C(missing): expected, and not found. C(unexpected): found, and not expected. C(different): both have it, with other
    values in the fields of ``before`` and ``after``, where None stands for none.
    """

    kind: str
    name: str
    change: t.Literal["missing", "unexpected", "different"]
    before: Item
    after: Item

    @property
    def text(self) -> str:
        """Return it as a line for people."""
        noun = f"{NOUNS[self.kind]} {self.name}"
        if self.change == "missing":
            return f"{noun} is not in the vault any more"
        if self.change == "unexpected":
            return f"{noun} is new in the vault"
        parts = (f"{name} was {_shown(self.before[name])} and is {_shown(self.after[name])}" for name in self.before)
        return f"{noun}: {', '.join(parts)}"

    def public(self) -> dict[str, t.Any]:
        """Return it as plain data."""
        return {**vars(self), "text": self.text}


def _shown(value: t.Any) -> str:
    if isinstance(value, list):
        value = ",".join(value)
    return "empty" if value in (None, "") else str(value).lower() if isinstance(value, bool) else str(value)


def differences(expected: VaultData, found: VaultData, ignored: t.Container[str] = ()) -> list[Difference]:
    """Return what of ``found`` is not as expected, by kind and name.

    :param expected: kinds that are not in it are not compared
    :param ignored: fields that are not compared
    """
    return [
        difference
        for kind in FIELDS
        if kind in expected and kind in found
        for difference in _compared(kind, expected[kind], found[kind], ignored)
    ]


def _compared(kind: str, expected: list[Item], found: list[Item], ignored: t.Container[str]) -> list[Difference]:
    before = [_filled(item) for item in expected]
    pairs = _pairs(kind, before, found)
    result = []
    for old, new in pairs:
        if old is None or new is None:
            item = t.cast(Item, old or new)
            change: t.Literal["missing", "unexpected"] = "unexpected" if old is None else "missing"
            result.append(Difference(kind, name_of(kind, item), change, old or {}, new or {}))
            continue
        names = [name for name in differing_fields(kind, old, new) if name not in ignored]
        if names:
            was, now = ({name: item.get(name) for name in names} for item in (old, new))
            result.append(Difference(kind, name_of(kind, old), "different", was, now))
    return sorted(result, key=lambda one: (one.name, one.change))


def differing_fields(kind: str, one: t.Mapping[str, t.Any], other: t.Mapping[str, t.Any]) -> list[str]:
    """Return the fields in which two items differ. What is not there is empty, and so is None."""
    first, second = (_filled({name: item.get(name) for name in FIELDS[kind]}) for item in (one, other))
    return [name for name in FIELDS[kind] if _differ(name, first.get(name), second.get(name))]


def _differ(name: str, old: t.Any, new: t.Any) -> bool:
    if name in _ADDRESSES:
        return host_key(old or "") != host_key(new or "")
    return bool(old != new)


def name_of(kind: str, item: t.Mapping[str, t.Any]) -> str:
    """Return an item as people name it: its host name, or its identifier and account."""
    if kind == "devices":
        return str(item.get("hostname") or "")
    account = f"{item.get('username') or ''}@{item.get('hostname') or ''}"
    return f"{item['identifier']} ({account})" if item.get("identifier") else account


def _pairs(kind: str, old: list[Item], new: list[Item]) -> list[tuple[Item | None, Item | None]]:
    """Return which item is which: by host name, or else by identifier and then, of what is left, by account.

    So one that got another identifier, or that moved to another host, is one difference and not two.
    """
    keys: list[t.Callable[[Item], t.Any]] = [_host]
    if kind != "devices":
        keys = [lambda item: item.get("identifier"), _account, lambda item: _account(item)[:2]]
    pairs: list[tuple[Item | None, Item | None]] = []
    for key in keys:
        waiting: dict[t.Any, list[Item]] = {}
        for item in new:
            if key(item) is not None:
                waiting.setdefault(key(item), []).append(item)
        rest = []
        for item in old:
            # Two of the same name are told apart by their order.
            same = waiting.get(key(item), []) if key(item) is not None else []
            if same:
                pairs.append((item, same.pop(0)))
            else:
                rest.append(item)
        old, new = rest, [item for items in waiting.values() for item in items] + [i for i in new if key(i) is None]
    return [*pairs, *((item, None) for item in old), *((None, item) for item in new)]
