# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queries are data: frozen, comparable, without functions in them, and each has an answer."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import queries
from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.models import SSH_KEY_TYPE, CredentialInfo, Entries
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import MySafePassword
from ansible_collections.community.senhasegura.plugins.module_utils.queries import Query, answer
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference

WEB = CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User", device_type="Server")
KEY = CredentialInfo("3", "web-key", "root", "web01", "192.0.2.10", SSH_KEY_TYPE)
ENTRIES = Entries([WEB, KEY])
DEVICES = (
    Device("14", "web01", "192.0.2.10", "Server"),
    Device("15", "web02", "192.0.2.11", "Router", tags=("a", "b")),
)
SECRETS = (DsmSecret("1", "db", ()), DsmSecret("2", "db", ()))
ITEMS = (MySafePassword("1", "b", ("x",)), MySafePassword("2", "b", ("x", "y")))
KINDS: list[Any] = [
    c for c in vars(queries).values() if isinstance(c, type) and issubclass(c, Query) and c is not Query
]
CASES: list[tuple[Query[Any], Any]] = [
    (queries.Find(Reference("3")), KEY),
    (queries.Find(Reference("web-root"), "credentials"), WEB),
    (queries.Require(Reference("web-key"), "keys"), KEY),
    (queries.Matching({"hostname": "WEB01", "ip": "192.0.2.10"}), ENTRIES),
    (queries.ByIdentifier("web-key"), KEY),
    (queries.ByPrefix("web-"), [WEB, KEY]),
    (queries.ById("3"), KEY),
    (queries.OnDevice("WEB01"), WEB),
    (queries.OnAccount("root", "192.0.2.10"), WEB),
    (queries.SameAccount(("root", "web01", "192.0.2.10")), [WEB]),
    (queries.UpsertTarget(None, ("root", "web01", "192.0.2.10")), WEB),
    (queries.OfKind("keys", queries.Matching({})), Entries([KEY])),
    (queries.Several({"one": queries.ById("1"), "none": queries.ById("9")}), {"one": WEB, "none": None}),
    (queries.ByIdentities(("db", "none")), {"db": SECRETS[0], "none": None}),
    (queries.FindDevice(None, "WEB01"), DEVICES[0]),
    (queries.FindDevice("15", "other"), DEVICES[1]),
    (queries.FindDevice(None, "web03"), None),
    (queries.MatchingItems({"name": "b", "tags": ["y"]}), ITEMS[1:]),
    (queries.MatchingDevices({"type": "Router", "tags": ["b"], "ip": "192.0.2.11"}), DEVICES[1:]),
]
LISTS = {
    queries.ByIdentities: SECRETS,
    queries.FindDevice: DEVICES,
    queries.MatchingDevices: DEVICES,
    queries.MatchingItems: ITEMS,
}


@pytest.mark.parametrize(("query", "expected"), CASES, ids=lambda case: type(case).__name__)
def test_each_is_answered(query: Query[Any], expected: Any) -> None:
    assert answer(LISTS.get(type(query), ENTRIES), query) == expected


def test_all_are_in_the_table() -> None:
    assert len(KINDS) > 10
    assert {type(query) for query, _expected in CASES} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_frozen_data(kind: Any) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    # Nothing that could only be sent as code.
    assert not any("Callable" in str(field.type) for field in dataclasses.fields(kind))
