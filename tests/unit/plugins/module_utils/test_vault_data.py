# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A vault as data: what is part of it, and what counts as a difference."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.vault_data import (
    DETAILS,
    FIELDS,
    device_items,
    differences,
    entry_items,
)

WEB01 = {"hostname": "web01", "ip": "192.0.2.10", "site": "DC1", "tags": ["linux", "web"], "connectivities": ["SSH:22"]}
ROOT = {"identifier": "web01-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10", "type": "Local User"}
APP = {"username": "app", "hostname": "web01", "ip": "192.0.2.10", "automatic_change": False}
VAULT: dict[str, Any] = {"devices": [WEB01], "credentials": [APP, ROOT], "ssh_keys": []}


def changed(kind: str, number: int, **values: Any) -> dict[str, Any]:
    """The vault in which one object has other values; those that are None are not there."""
    vault = copy.deepcopy(VAULT)
    item = {**vault[kind][number], **values}
    vault[kind][number] = {name: value for name, value in item.items() if value is not None}
    return vault


def test_what_is_empty_is_left_out_and_order_does_not_count() -> None:
    devices = [
        Device("2", "web02", "192.0.2.11", "Server", tags=("b", "a"), domains=(), connectivities=("B:2", "A:1")),
        Device("1", "Web01", "192.0.2.10"),
    ]
    assert device_items(devices) == [
        {"hostname": "Web01", "ip": "192.0.2.10"},
        {
            "hostname": "web02",
            "ip": "192.0.2.11",
            "type": "Server",
            "tags": ["a", "b"],
            "connectivities": ["A:1", "B:2"],
        },
    ]


def test_neither_ids_nor_times_nor_public_keys_are_part_of_it() -> None:
    entry = CredentialInfo("7", "k", "root", "web01", "192.0.2.10", "SSH Key", False, "t", "t", "t", public_key="k")
    (item,) = entry_items([entry], FIELDS["ssh_keys"])
    assert item == {
        "identifier": "k",
        "username": "root",
        "hostname": "web01",
        "ip": "192.0.2.10",
        "automatic_change": False,
    }
    assert entry_items([entry], ("hostname",)) == [{"hostname": "web01"}]


def test_a_vault_does_not_differ_from_itself() -> None:
    other = {"devices": [{**WEB01, "hostname": "WEB01", "tags": ["web", "linux"], "domains": []}]}
    assert differences(VAULT, copy.deepcopy(VAULT)) == []
    assert differences(other, VAULT) == []


@pytest.mark.parametrize(
    ("kind", "number", "values", "name", "before", "after", "text"),
    [
        (
            "devices",
            0,
            {"site": "DC2"},
            "web01",
            {"site": "DC1"},
            {"site": "DC2"},
            "device web01: site was DC1 and is DC2",
        ),
        (
            "devices",
            0,
            {"tags": None},
            "web01",
            {"tags": ["linux", "web"]},
            {"tags": None},
            "device web01: tags was linux,web and is empty",
        ),
        (
            "credentials",
            0,
            {"automatic_change": True},
            "app@web01",
            {"automatic_change": False},
            {"automatic_change": True},
            "credential app@web01: automatic_change was false and is true",
        ),
        (
            "credentials",
            1,
            {"identifier": "other"},
            "web01-root (root@web01)",
            {"identifier": "web01-root"},
            {"identifier": "other"},
            "credential web01-root (root@web01): identifier was web01-root and is other",
        ),
        (
            "credentials",
            1,
            {"username": "admin", "hostname": "web02"},
            "web01-root (root@web01)",
            {"username": "root", "hostname": "web01"},
            {"username": "admin", "hostname": "web02"},
            "credential web01-root (root@web01): username was root and is admin, hostname was web01 and is web02",
        ),
        (
            "credentials",
            0,
            {"ip": "192.0.2.99"},
            "app@web01",
            {"ip": "192.0.2.10"},
            {"ip": "192.0.2.99"},
            "credential app@web01: ip was 192.0.2.10 and is 192.0.2.99",
        ),
    ],
)
def test_one_change_is_one_difference(
    kind: str, number: int, values: Any, name: str, before: Any, after: Any, text: str
) -> None:
    (found,) = differences(VAULT, changed(kind, number, **values))
    assert found.public() == {
        "kind": kind,
        "name": name,
        "change": "different",
        "before": before,
        "after": after,
        "text": text,
    }


def test_what_came_and_went() -> None:
    key = {"identifier": "deploy", "username": "deploy", "hostname": "web01"}
    found = differences(VAULT, {**VAULT, "credentials": [ROOT], "ssh_keys": [key]})
    assert [(one.text, one.change, one.before, one.after) for one in found] == [
        ("credential app@web01 is not in the vault any more", "missing", APP, {}),
        ("SSH key deploy (deploy@web01) is new in the vault", "unexpected", {}, key),
    ]


def test_two_of_the_same_name_are_two() -> None:
    twins = {"credentials": [APP, APP]}
    assert differences(twins, copy.deepcopy(twins)) == []
    assert [one.change for one in differences(twins, {"credentials": [APP]})] == ["missing"]


def test_kinds_and_fields_that_are_not_compared() -> None:
    assert differences({"devices": [WEB01]}, {"credentials": []}) == []
    without = {name: value for name, value in WEB01.items() if name not in DETAILS}
    assert differences(VAULT, {"devices": [without]}, DETAILS) == []
    assert len(differences(VAULT, {"devices": [without]})) == 1
