# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of a vault: what counts as a finding, and what is only not known."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.audit import FINDINGS, Known, audit
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo
from ansible_collections.community.senhasegura.plugins.module_utils.times import moment

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.timezone.utc)
EARLY, LATE = "2026-11-01 08:00:00", "2026-11-02 08:00:00"


def entry(id_: int, **fields: Any) -> CredentialInfo:
    """One of which there is nothing to say, but for ``fields``."""
    well = {"identifier": f"c{id_}", "username": "root", "hostname": f"web{id_:02}", "type": "Local User"}
    return CredentialInfo(str(id_), **{**well, "automatic_change": True, "changed_at": LATE, **fields})


def findings(*entries: CredentialInfo, **known: Any) -> dict[str, list[dict[str, Any]]]:
    """What is found of these, without what has nothing."""
    found = audit(entries, [], Known(**known), NOW, "https://pam:443")["findings"]
    assert tuple(found) == FINDINGS
    return {name: items for name, items in found.items() if items}


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({}, []),
        ({"viewed_at": EARLY}, []),
        # A release that makes the vault change it.
        ({"viewed_at": LATE}, []),
        ({"viewed_at": "2026-11-02 08:00:01"}, ["in_custody"]),
        ({"viewed_at": EARLY, "changed_at": None}, ["in_custody", "never_changed"]),
        ({"changed_at": None}, ["never_changed"]),
        ({"expires_at": "2026-11-30T08:59:59-03:00"}, ["expired"]),
        ({"expires_at": "2026-11-30T12:00:00Z"}, ["expired"]),
        ({"expires_at": "2026-11-30T12:00:00"}, ["expired"]),
        ({"expires_at": "2026-11-30T09:00:01-03:00"}, []),
        ({"expires_at": "soon"}, []),
        ({"automatic_change": False}, ["not_automatic"]),
        ({"automatic_change": None}, []),
        ({"type": "Domain User"}, ["shared"]),
        ({"type": SSH_KEY_TYPE, "public_key": "ssh-ed25519 AAAA me"}, []),
    ],
)
def test_findings(fields: Any, names: list[str]) -> None:
    assert list(findings(entry(1, **fields))) == names


def test_who_has_custody_is_told_where_it_is_known() -> None:
    seen = entry(1, viewed_at="2026-11-03 08:00:00")
    found = findings(seen, entry(2), holders={"c1": [("alice", "")], "2": [("bob", "2026-11-24"), ("eve", "")]})
    assert [(one["id"], one["holders"], one["viewed_since_change"]) for one in found["in_custody"]] == [
        ("1", [{"user": "alice", "since": ""}], True),
        ("2", [{"user": "bob", "since": "2026-11-24"}, {"user": "eve", "since": ""}], False),
    ]
    assert findings(seen)["in_custody"][0]["holders"] == []


def test_what_is_shared_and_with_which_hosts() -> None:
    key = {"type": SSH_KEY_TYPE, "public_key": "ssh-ed25519 AAAA"}
    entries = [
        entry(1, **key),
        entry(2, **{**key, "public_key": "ssh-ed25519 AAAA other comment"}),
        entry(3),
        entry(4),
    ]
    found = findings(*entries, usage={"c3": ["a", "b"], "4": ["a", "A"]})["shared"]
    assert [(one["id"], one["reasons"], one["hosts"]) for one in found] == [
        ("1", ["same_key"], ["web01", "web02"]),
        ("2", ["same_key"], ["web01", "web02"]),
        ("3", ["used_on"], ["a", "b"]),
    ]
    # Two users of one host.
    assert findings(entry(1, **key), entry(2, **{**key, "hostname": "WEB01"})) == {}


def test_devices_without_a_credential() -> None:
    devices = [Device("1", "WEB01", "192.0.2.1"), Device("2", "bare", "192.0.2.2", "Server", site="DC1")]
    report = audit([entry(1)], devices, Known(), NOW, "s")
    bare = {"id": "2", "hostname": "bare", "ip": "192.0.2.2", "type": "Server", "site": "DC1"}
    assert report["findings"]["without_credential"] == [bare]
    assert report["summary"]["devices"] == 2


def test_the_numbers() -> None:
    entries = [
        entry(1, viewed_at="2027", automatic_change=False, expires_at="x"),
        entry(2, type=SSH_KEY_TYPE, automatic_change=None),
        entry(3),
    ]
    report = audit(entries, None, Known({"nobody": [("a", "")]}, {"c1": ["x"]}), NOW, "https://pam:443")
    assert (report["generated"], report["server"]) == ("2026-11-30T12:00:00Z", "https://pam:443")
    assert report["summary"] == {
        "credentials": 2,
        "ssh_keys": 1,
        "devices": None,
        "with_findings": 1,
        "findings": {**dict.fromkeys(FINDINGS, 0), "in_custody": 1, "not_automatic": 1},
        "holders_unknown": 1,
        "automatic_change_unknown": 1,
        "expiration_unreadable": 1,
        "not_found": ["nobody"],
    }


@pytest.mark.parametrize("text", ["", None, "soon", "2026-13-01", "0"])
def test_what_is_no_time(text: Any) -> None:
    assert moment(text) is None
