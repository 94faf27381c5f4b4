# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What polling reports: each of the four types, once, again after a while, and never lost before it was handed over."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.events.watch import (
    Remembered,
    Sighting,
    Watch,
    WatchRules,
    unix_time,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo

ALL = ("expired", "changed", "custody_held", "change_failed")
NOW = 1_800_000_000.0
PAST, FUTURE = "2027-01-15T04:59:00-03:00", "2027-01-16T05:00:00-03:00"
ENTRY = CredentialInfo("7", "web-root", "root", "web01", "192.0.2.10", "Local User", changed_at="2027-01-10 08:00:00")


def watch(**rules: t.Any) -> Watch:
    return Watch(WatchRules(**{"types": ALL, **rules}), {}, is_first=True)


def look(watch: Watch, now: float, *entries: CredentialInfo, hand_over: bool = True) -> list[Sighting]:
    found = watch.look(entries, now)
    for sighting in found if hand_over else ():
        watch.handed_over(sighting, now)
    return found


def changed(entry: CredentialInfo = ENTRY, **fields: t.Any) -> CredentialInfo:
    return dataclasses.replace(entry, **fields)


def types(found: list[Sighting]) -> list[str]:
    return [sighting.type for sighting in found]


def test_nothing_is_new_at_first_sight() -> None:
    assert look(watch(), NOW, ENTRY) == []


def test_a_change_is_reported_once_with_both_times() -> None:
    seen = watch()
    look(seen, NOW, ENTRY)
    (found,) = look(seen, NOW, changed(changed_at="2027-01-15 05:00:00"))
    assert found.data == {
        "source": "poll",
        "type": "changed",
        "id": "7",
        "kind": "credential",
        "identifier": "web-root",
        "username": "root",
        "hostname": "web01",
        "ip": "192.0.2.10",
        "account_type": "Local User",
        "changed_at": "2027-01-15 05:00:00",
        "previous_changed_at": "2027-01-10 08:00:00",
    }
    assert look(seen, NOW, changed(changed_at="2027-01-15 05:00:00")) == []


def test_another_public_key_is_a_change() -> None:
    seen, key = watch(), changed(type=SSH_KEY_TYPE, public_key="ssh-ed25519 AAAA")
    look(seen, NOW, key)
    (found,) = look(seen, NOW, changed(key, public_key="ssh-ed25519 BBBB"))
    assert (found.type, found.data["kind"]) == ("changed", "ssh_key")
    assert look(seen, NOW, changed(key, public_key="ssh-ed25519 BBBB")) == []


def test_what_was_not_handed_over_is_reported_again() -> None:
    seen = watch()
    look(seen, NOW, ENTRY)
    for _number in range(3):
        assert types(look(seen, NOW, changed(changed_at="2027-01-15 05:00:00", expires_at=PAST), hand_over=False)) == [
            "changed",
            "expired",
        ]


def test_an_expiration() -> None:
    seen = watch(repeat_after=100)
    assert look(seen, NOW, changed(expires_at=FUTURE)) == []
    (found,) = look(seen, NOW, changed(expires_at=PAST))
    assert (found.type, found.data["expires_at"], found.data["repeated"]) == ("expired", PAST, False)
    assert look(seen, NOW + 99, changed(expires_at=PAST)) == []
    (found,) = look(seen, NOW + 100, changed(expires_at=PAST))
    assert found.data["repeated"]
    # Another expiration is another event, at once.
    assert types(look(seen, NOW + 101, changed(expires_at="2027-01-15T04:59:30-03:00"))) == ["expired"]


def test_without_repetition_an_expiration_is_reported_once() -> None:
    seen = watch(repeat_after=0)
    look(seen, NOW, changed(expires_at=PAST))
    assert look(seen, NOW + 1e9, changed(expires_at=PAST)) == []


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    seen = watch(repeat_after=100)
    look(seen, NOW, changed(expires_at=PAST))
    seen.memory["7"].reported["expired"] = (PAST, NOW + 1e6)
    assert types(look(seen, NOW, changed(expires_at=PAST))) == ["expired"]


def test_before_it_expires() -> None:
    assert types(look(watch(expires_within=2 * 86400), NOW, changed(expires_at=FUTURE))) == ["expired"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["change_failed"]),
        ({"automatic_change": False}, []),
        ({"automatic_change": None}, []),
        # The vault has changed it, and shows the old expiration.
        ({"changed_at": "2027-01-15 05:30:00"}, ["changed"]),
        ({"expires_at": FUTURE}, []),
    ],
)
def test_a_change_that_the_vault_owes(fields: dict[str, t.Any], expected: list[str]) -> None:
    seen, entry = watch(failed_after=600), changed(expires_at=PAST, automatic_change=True)
    assert types(look(seen, NOW, entry)) == ["expired"]
    assert look(seen, NOW + 300, entry) == []
    assert types(look(seen, NOW + 600, changed(entry, **fields))) == expected


@pytest.mark.parametrize(
    ("viewed_at", "expected"),
    [
        ("2027-01-15 05:00:00", ["custody_held"]),
        # In the same second: nobody knows which was first.
        ("2027-01-10 08:00:00", ["custody_held"]),
        ("2027-01-09 00:00:00", []),
        (None, []),
    ],
)
def test_custody_that_may_be_held(viewed_at: str | None, expected: list[str]) -> None:
    seen = watch(custody_after=600)
    assert look(seen, NOW, changed(viewed_at=viewed_at)) == []
    assert look(seen, NOW + 599, changed(viewed_at=viewed_at)) == []
    assert types(look(seen, NOW + 600, changed(viewed_at=viewed_at))) == expected
    assert look(seen, NOW + 601, changed(viewed_at=viewed_at)) == []


def test_another_view_begins_another_custody() -> None:
    seen = watch(custody_after=600)
    look(seen, NOW, changed(viewed_at="2027-01-15 05:00:00"))
    look(seen, NOW + 500, changed(viewed_at="2027-01-15 05:08:00"))
    assert look(seen, NOW + 1000, changed(viewed_at="2027-01-15 05:08:00")) == []
    assert types(look(seen, NOW + 1100, changed(viewed_at="2027-01-15 05:08:00"))) == ["custody_held"]


def test_a_first_poll_may_remember_only() -> None:
    seen = watch(remember_first=True)
    assert look(seen, NOW, changed(expires_at=PAST)) == []
    assert look(seen, NOW, changed(expires_at=PAST)) == []
    assert types(look(seen, NOW, changed(expires_at="2027-01-15T04:59:30-03:00"))) == ["expired"]


def test_only_the_types_that_are_asked_for() -> None:
    seen = watch(types=("expired",))
    look(seen, NOW, ENTRY)
    assert look(seen, NOW, changed(changed_at="2027-01-15 05:00:00")) == []


def test_only_the_entries_that_are_asked_for() -> None:
    seen = watch(identifiers=["web-*"], hostnames=["WEB*"])
    assert types(look(seen, NOW, changed(expires_at=PAST), changed(id="8", expires_at=PAST, identifier="db"))) == [
        "expired"
    ]
    assert look(seen, NOW, changed(id="9", expires_at=PAST, hostname="db01")) == []


def test_what_is_not_listed_for_a_while_loses_no_change() -> None:
    """An authorization that nothing is assigned to lists nothing, with HTTP 200."""
    seen = watch()
    look(seen, NOW, ENTRY)
    look(seen, NOW + 60)
    assert types(look(seen, NOW + 120, changed(changed_at="2027-01-15 05:00:00"))) == ["changed"]


def test_what_is_not_listed_for_long_is_forgotten() -> None:
    seen = watch()
    look(seen, NOW, ENTRY)
    look(seen, NOW + 60)
    look(seen, NOW + 31 * 86400)
    assert seen.memory == {}


def test_memory_of_what_is_not_listed_is_bounded() -> None:
    seen = watch()
    for start in range(0, 30_000, 10_000):
        look(seen, NOW + start, *(changed(id=str(id_)) for id_ in range(start, start + 10_000)))
    look(seen, NOW + 50_000)
    assert len(seen.memory) == 10_000
    # The newest are kept.
    assert "29999" in seen.memory and "0" not in seen.memory


def test_names_in_the_vault_are_no_templates() -> None:
    mark = "{{ lookup('pipe', 'id') }}"
    found = look(watch(), NOW, CredentialInfo("7", mark, mark, mark, mark, mark, viewed_at=mark, expires_at=PAST))
    assert "{{" not in json.dumps([sighting.data for sighting in found])
    assert types(found) == ["expired"]


def test_a_time_of_change_that_is_odd_is_reported_once() -> None:
    seen = watch()
    look(seen, NOW, ENTRY)
    odd = changed(changed_at="{{ 7 }}\x1b[0m")
    assert types(look(seen, NOW, odd)) == ["changed"]
    assert look(seen, NOW, odd) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T05:00:00-03:00", NOW),
        ("2027-01-15 08:00:00", NOW),
        ("", None),
        (None, None),
        ("never", None),
    ],
)
def test_times_of_expiration(text: str | None, expected: float | None) -> None:
    assert unix_time(text) == expected


def test_what_is_remembered_has_no_value() -> None:
    assert {field.name for field in dataclasses.fields(Remembered)} == {
        *(
            "changed_at",
            "key",
            "viewed_at",
            "viewed_since",
            "expired_at",
            "expired_change",
            "reported",
            "unlisted_since",
        )
    }
