# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The export of a vault: what it asks for, what it leaves out, and what it compares."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Unsupported
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo

PLAIN = ("Server", "Debian", "Debian 13", "DC1", ("linux",))
ENTRIES = [
    CredentialInfo("3", "deploy", "deploy", "web02", "192.0.2.11", SSH_KEY_TYPE, True, rotation_days=30),
    CredentialInfo("1", "web01-root", "root", "web01", "192.0.2.10", "Local User", False),
]
ROOT = {"identifier": "web01-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10", "type": "Local User"}
DEPLOY = {"identifier": "deploy", "username": "deploy", "hostname": "web02", "ip": "192.0.2.11"}


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api", entries=ENTRIES)
    made.devices = [
        Device(str(number), f"web{number:02}", f"192.0.2.{number}", *PLAIN, ("corp",), ("SSH:22",), "")
        for number in range(12, 0, -1)
    ]
    return made


def test_lists_and_one_read_for_each_device(api: Any, work: Any) -> None:
    vault = work(api, "vault_export")["vault"]
    assert [device["hostname"] for device in vault["devices"]] == [f"web{number:02}" for number in range(1, 13)]
    assert vault["devices"][0] == {
        "hostname": "web01",
        "ip": "192.0.2.1",
        "type": "Server",
        "vendor": "Debian",
        "model": "Debian 13",
        "site": "DC1",
        "tags": ["linux"],
        "domains": ["corp"],
        "connectivities": ["SSH:22"],
    }
    # The vendor has no call that writes the two more fields of a key.
    assert vault["credentials"] == [{**ROOT, "automatic_change": False}]
    assert vault["ssh_keys"] == [DEPLOY]
    assert sorted(set(api.operations)) == ["credential.list", "device.list", "device.read"]
    assert api.operations.count("device.read") == 12
    assert api.calls == []


def test_without_details_there_are_lists_alone(api: Any, work: Any) -> None:
    result = work(api, "vault_export", details=False)
    assert set(api.operations) == {"device.list", "credential.list"}
    assert "connectivities" not in result["vault"]["devices"][0]
    # What was exported with details is not different for that.
    whole = work(api, "vault_export")["vault"]
    assert work(api, "vault_export", details=False, expected=whole)["differences"] == []


def test_only_what_is_asked_for(api: Any, work: Any) -> None:
    assert set(work(api, "vault_export", include=["ssh_keys", "credentials"])["vault"]) == {"credentials", "ssh_keys"}
    assert "device.list" not in api.operations
    with pytest.raises(ConfigError, match="include"):
        work(api, "vault_export", include=["secrets"])


def test_the_guide_has_no_devices_and_other_fields(make_api: Any, work: Any) -> None:
    rest = make_api("rest", entries=ENTRIES)
    with pytest.raises(Unsupported, match=r"rest has no call for device\.list"):
        work(rest, "vault_export")
    vault = work(rest, "vault_export", include=["credentials", "ssh_keys"])["vault"]
    assert vault == {
        "credentials": [ROOT],
        "ssh_keys": [{**DEPLOY, "automatic_change": True, "rotation_days": 30}],
    }


def test_a_manual_change_is_one_difference(api: Any, work: Any) -> None:
    before = work(api, "vault_export")["vault"]
    assert work(api, "vault_export", expected=before)["differences"] == []
    api.entries[1] = CredentialInfo("1", "web01-root", "root", "web01", "192.0.2.10", "Local User", True)
    (found,) = work(api, "vault_export", expected=before)["differences"]
    assert (found["kind"], found["name"], found["change"]) == ("credentials", "web01-root (root@web01)", "different")
    assert (found["before"], found["after"]) == ({"automatic_change": False}, {"automatic_change": True})
    # What the earlier export has no list of is not compared.
    assert work(api, "vault_export", expected={"devices": before["devices"]})["differences"] == []
    assert "differences" not in work(api, "vault_export")


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"devices": [{"hostnames": "web01"}]}, "hostnames"),
        ({"hosts": []}, "hosts"),
        ({"credentials": "web01"}, "credentials"),
    ],
)
def test_what_is_no_export_is_refused(api: Any, work: Any, expected: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        work(api, "vault_export", expected=expected)
    assert api.operations == []
