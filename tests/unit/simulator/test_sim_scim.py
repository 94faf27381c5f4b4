# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCIM 2.0 as the vendor's page has it. The whole of it is checked by scim2-tester: ./run scim"""

from __future__ import annotations

import pytest

USERS = "/iso/scim/v2/Users"
JANE = {
    "userName": "jdoe",
    "externalId": "4711",
    "name": {"formatted": "Jane Doe"},
    "emails": [{"value": "jane@example.com", "primary": True}],
    "entitlements": [{"value": "Operator"}],
    "groups": [{"value": "Linux"}],
    "password": "never shown",
}
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def create(vault, number="", **more):
    names = {"userName": f"jdoe{number}", "externalId": f"4711{number}"}
    status, body = vault.call("POST", USERS, json={**JANE, **names, **more})
    assert status == 201, body
    return body


def change(vault, id_, *operations):
    return vault.call("PATCH", f"{USERS}/{id_}", json={"schemas": [PATCH_OP], "Operations": list(operations)})


@pytest.mark.parametrize("profile", ["3.32", "4.0", "all"])
def test_life_of_a_user(start, profile):
    vault = start(profile)
    answer = vault.raw("POST", USERS, json=JANE)
    created = answer.json()
    kind = "application/json" if profile == "3.32" else "application/scim+json"
    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (201, kind)
    assert answer.headers["Location"] == created["meta"]["location"]
    assert "password" not in created
    assert created["active"] is True
    assert vault.call("GET", f"{USERS}/{created['id']}") == (200, created)
    assert vault.call("POST", USERS, json={**JANE, "externalId": "x", "userName": "JDOE"})[0] == 409
    status, body = change(vault, created["id"], {"op": "Replace", "path": "active", "value": "False"})
    assert (status, body["active"]) == (200, False)
    answer = vault.raw("DELETE", f"{USERS}/{created['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    status, body = vault.call("GET", f"{USERS}/{created['id']}")
    assert (status, body["status"]) == (404, "404")
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_the_guide_has_none(start):
    assert start("rest").call("GET", USERS)[0] == 404


@pytest.mark.parametrize("missing", ["userName", "externalId", "name", "emails"])
def test_what_the_table_requires(start, missing):
    vault = start("4.0")
    status, body = vault.call("POST", USERS, json={name: value for name, value in JANE.items() if name != missing})
    assert (status, body["scimType"], missing in body["detail"]) == (400, "invalidValue", True)
    user = create(vault)
    assert change(vault, user["id"], {"op": "remove", "path": missing})[0] == 400


def test_names_that_are_not_registered(start):
    vault = start("4.0", roles=["Operator"], access_groups=["Linux"])
    user = create(vault)
    for path in ("entitlements", "groups"):
        status, body = change(vault, user["id"], {"op": "add", "path": path, "value": [{"value": "Other"}]})
        assert (status, path in body["detail"]) == (400, True)


@pytest.mark.parametrize(
    ("operation", "name", "value"),
    [
        ({"op": "replace", "value": {"active": False}}, "active", False),
        ({"op": "replace", "value": {"name.formatted": "J"}}, "name", {"formatted": "J"}),
        ({"op": "add", "path": "name.givenName", "value": "J"}, "name", {"formatted": "Jane Doe", "givenName": "J"}),
        ({"op": "replace", "path": "name", "value": {"formatted": "J"}}, "name", {"formatted": "J"}),
        ({"op": "add", "path": "groups", "value": [{"value": "B"}]}, "groups", [{"value": "Linux"}, {"value": "B"}]),
        ({"op": "add", "path": "groups", "value": [{"value": "Linux"}]}, "groups", [{"value": "Linux"}]),
        ({"op": "replace", "path": "groups", "value": [{"value": "B"}]}, "groups", [{"value": "B"}]),
        ({"op": "remove", "path": "groups"}, "groups", None),
        ({"op": "remove", "path": 'groups[value eq "Linux"]'}, "groups", None),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@example.com"},
            "emails",
            [{"value": "jane@example.com", "primary": True}, {"type": "work", "value": "w@example.com"}],
        ),
    ],
)
def test_patch(start, operation, name, value):
    vault = start("4.0")
    user = create(vault)
    status, body = change(vault, user["id"], operation)
    assert (status, body.get(name)) == (200, value)
    assert vault.call("GET", f"{USERS}/{user['id']}")[1] == body


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ({"op": "move", "path": "active"}, "invalidSyntax"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "value": 1}, "invalidValue"),
        ({"op": "replace", "path": "colour", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": "a b", "value": 1}, "invalidPath"),
        ({"op": "replace", "path": "password", "value": "x"}, "mutability"),
        ("x", "invalidSyntax"),
    ],
)
def test_patch_that_is_none(start, operation, kind):
    vault = start("4.0")
    user = create(vault)
    status, body = change(vault, user["id"], operation)
    assert (status, body["scimType"]) == (400, kind)
    assert vault.call("GET", f"{USERS}/{user['id']}")[1] == user


def test_a_change_may_have_the_fields_of_a_user(start):
    """As the vendor's table has it."""
    vault = start("4.0")
    user = create(vault)
    fields = {"name": {"givenName": "J"}, "entitlements": [], "phoneNumbers": [{"value": "1"}], "unknown": 1}
    status, body = vault.call("PATCH", f"{USERS}/{user['id']}", json=fields)
    assert (status, body["name"]) == (200, {"formatted": "Jane Doe", "givenName": "J"})
    assert "entitlements" not in body
    assert body["phoneNumbers"] == [{"value": "1"}]


def test_a_list_comes_in_parts(start):
    vault = start("4.0")
    ids = [create(vault, number)["id"] for number in range(30)]
    status, first = vault.call("GET", USERS)
    assert (status, first["totalResults"], first["itemsPerPage"], first["startIndex"]) == (200, 30, 25, 1)
    second = vault.call("GET", f"{USERS}?startIndex=26&count=100")[1]
    assert [user["id"] for user in first["Resources"] + second["Resources"]] == ids
    assert vault.call("GET", f"{USERS}?startIndex=31")[1]["Resources"] == []
    assert vault.call("GET", f"{USERS}?startIndex=0&count=x")[1]["Resources"] == first["Resources"]
    found = vault.call("GET", USERS + '?filter=userName eq "JDOE7"')[1]
    assert (found["totalResults"], found["Resources"][0]["id"]) == (1, ids[7])
    assert vault.call("GET", USERS + "?filter=title pr")[0] == 400


@pytest.mark.parametrize(
    ("profile", "settings", "true"), [("3.32", {}, False), ("4.0", {}, True), ("3.32", {"scim_true_ids": True}, True)]
)
def test_ids_of_lists_before_4_0_are_those_of_others(start, profile, settings, true):
    vault = start(profile, **settings)
    one, other = create(vault, 1), create(vault, 2)
    listed = vault.call("GET", USERS)[1]["Resources"]
    assert listed[0]["userName"] == "jdoe1"
    assert listed[0]["id"] == (one["id"] if true else other["id"])


def test_delete_may_disable(start):
    vault = start("4.0", scim_delete="disable")
    user = create(vault)
    vault.raw("DELETE", f"{USERS}/{user['id']}")
    assert vault.call("GET", f"{USERS}/{user['id']}")[1]["active"] is False


def test_discovery(start):
    vault = start("4.0")
    base = "/iso/scim/v2"
    assert vault.call("GET", f"{base}/ServiceProviderConfig")[1]["patch"] == {"supported": True}
    assert [one["id"] for one in vault.call("GET", f"{base}/ResourceTypes")[1]["Resources"]] == ["User"]
    name = vault.call("GET", f"{base}/ResourceTypes/User")[1]["schema"]
    assert vault.call("GET", f"{base}/Schemas/{name}")[1] == vault.call("GET", f"{base}/Schemas")[1]["Resources"][0]
    for path in ("Schemas/x", "ResourceTypes/Group", "Groups"):
        assert vault.call("GET", f"{base}/{path}")[1]["status"] == "404"
    assert vault.call("PUT", f"{base}/Users/1", json=JANE)[1]["status"] == "405"


def test_refusals_have_the_form_of_scim(start):
    vault = start("4.0")
    vault.session.headers["Authorization"] = "Bearer no"
    status, body = vault.call("GET", USERS)
    assert (status, body["status"]) == (401, "401")
    client = {"client_id": "a2a", "client_secret": "s", "resources": ["PAM Core"]}
    vault = start("4.0", seed={"clients": [client], "users": [JANE]}, login=False).login("a2a", "s")
    assert vault.call("GET", USERS)[1]["detail"] == "You are not authorized to access this resource."


def test_users_of_the_seed(start):
    client = {"client_id": "idp", "client_secret": "s"}
    vault = start("4.0", seed={"clients": [client], "users": [JANE]}, login=False).login("idp", "s")
    (user,) = vault.call("GET", USERS)[1]["Resources"]
    assert "password" not in user
    assert (user["userName"], user["active"], user["groups"]) == ("jdoe", True, [{"value": "Linux"}])
    with pytest.raises(ValueError, match="externalId"):
        start("4.0", seed={"users": [{"userName": "x"}]})
