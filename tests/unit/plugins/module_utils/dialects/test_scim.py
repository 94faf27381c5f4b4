# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the calls of SCIM send, and what they make of the documented samples (http-api.md 3.10)."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import scim
from ansible_collections.community.senhasegura.plugins.module_utils.errors import UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import ScimPage, ScimUser, ScimUserWrite

JANE = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "id": "2",
    "externalId": "SCIM1",
    "userName": "Jane Doe",
    "name": {"familyName": "Doe", "givenName": "Jane", "honorificPrefix": "Mrs", "formatted": "Mrs Jane Doe MD"},
    "active": True,
    "emails": [{"type": "home", "value": "x@example.com"}, {"value": "jane.doe@example.com", "primary": True}],
    "phoneNumbers": [{"type": "work", "value": "+31 65"}],
    "entitlements": [{"value": "specialist"}, "change_manager", {"display": "nothing"}],
    "groups": [{"value": "Full access"}],
}
READ = ScimUser(
    *("2", "Jane Doe", "SCIM1", "Mrs Jane Doe MD", "Jane", "Doe", "jane.doe@example.com", "+31 65", True),
    ("specialist", "change_manager"),
    ("Full access",),
)
WHOLE = ScimUserWrite("jdoe", "1", "Jane Doe", None, "Doe", "j@example.com", "", True, ("a", "b"), (), "pw")


def test_read() -> None:
    assert scim.decode_user(JANE, str) == READ
    assert READ.public()["groups"] == ["Full access"]
    # The sample of a write has no more than this.
    least = scim.decode_user({"id": 7, "userName": "x"}, str)
    assert least == ScimUser("7", "x")


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"id": "../2"},
        {"id": {"a": 1}},
        {"userName": ""},
        {"groups": "a"},
        {"emails": [{"value": {}}]},
    ],
)
def test_what_is_no_user(change: dict[str, t.Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        scim.decode_user({**JANE, **change}, str)


def test_list() -> None:
    assert scim.encode_page("26") == {"startIndex": "26", "count": 100}
    assert scim.decode_page({"totalResults": 60, "Resources": [JANE]}, str) == ScimPage((READ,), 60)
    assert scim.decode_page({"totalResults": 0}, str) == ScimPage((), 0)


@pytest.mark.parametrize(
    "document", [{}, {"totalResults": -1}, {"totalResults": 1}, {"totalResults": 0, "Resources": {}}]
)
def test_what_is_no_list(document: dict[str, t.Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        scim.decode_page(document, str)


@pytest.mark.parametrize(
    ("document", "id_"), [({"id": "7"}, "7"), ({"id": 7}, "7"), ({}, ""), ({"id": "a/b"}, ""), ({"id": []}, "")]
)
def test_receipt(document: dict[str, t.Any], id_: str) -> None:
    assert scim.decode_created(document, str) == id_


def test_a_user_as_a_whole() -> None:
    assert scim.encode_user(WHOLE) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "jdoe",
        "externalId": "1",
        "name": {"formatted": "Jane Doe", "familyName": "Doe"},
        "active": True,
        "password": "pw",
        "emails": [{"value": "j@example.com", "type": "work", "primary": True}],
        "phoneNumbers": [],
        "entitlements": [{"value": "a"}, {"value": "b"}],
        "groups": [],
    }
    assert scim.encode_user(ScimUserWrite("x")) == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "x",
    }


def test_a_patch_has_what_is_new() -> None:
    changed = dataclasses.replace(WHOLE, changes=("active", "full_name", "email", "phone", "entitlements", "groups"))
    assert scim.encode_change(changed) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [
            {"op": "replace", "path": "active", "value": True},
            {"op": "replace", "path": "name.formatted", "value": "Jane Doe"},
            {"op": "replace", "path": "emails", "value": [{"value": "j@example.com", "type": "work", "primary": True}]},
            {"op": "remove", "path": "phoneNumbers"},
            {"op": "replace", "path": "entitlements", "value": [{"value": "a"}, {"value": "b"}]},
            {"op": "remove", "path": "groups"},
        ],
    }
    assert scim.encode_change(dataclasses.replace(changed, style="user")) == scim.encode_user(WHOLE)
