# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users by SCIM: what is compared, whose id is believed, and what the server does not show after a write."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    Denied,
    InvalidRequest,
    NotFound,
    Refused,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.user_models import ScimUser

JANE = ScimUser("12", "JDoe", "4711", "Jane Doe", "Jane", "Doe", "j@example.com", "1", True, ("b", "a"), ("Linux",))
OTHERS = [
    ScimUser(str(n), f"user{n}", f"x{n}", f"User {n}", email=f"{n}@example.com", active=n % 2 == 0) for n in range(4)
]
NEW = {"username": "new", "external_id": "1", "full_name": "New User", "email": "new@example.com"}


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("iso")
    made.users = [*OTHERS, JANE]
    return made


def test_create(api: Any, work: Any) -> None:
    options = {**NEW, "entitlements": ["b", "a", "b"], "password": "pw-1"}
    predicted = work(api, "scim_user", True, **options)
    assert api.calls == []
    assert (predicted["scim_user"]["id"], predicted["scim_user"]["entitlements"]) == (None, ["a", "b"])
    result = work(api, "scim_user", **options)
    after = {**NEW, "entitlements": ["a", "b"], "password": "(hidden)"}
    assert predicted["diff"] == result["diff"] == {"before": {}, "after": after}
    assert (result["scim_user"]["id"], result["scim_user"]["active"], result["warnings"]) == ("77", True, [])
    ((operation, _ref, model),) = api.calls
    assert (operation, model.password, model.active, model.groups) == ("scim_user.create", "pw-1", None, None)
    # The password of a user that is there is not changed by SCIM.
    assert not work(api, "scim_user", **options)["changed"]
    assert "pw-1" not in str(result)


@pytest.mark.parametrize("missing", ["external_id", "full_name", "email"])
def test_a_new_user_must_be_complete(api: Any, work: Any, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"SCIM user new is not complete: {missing} must be set") as caught:
        work(api, "scim_user", True, **{**NEW, missing: None})
    assert caught.value.context.option == missing


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({}, {}),
        ({"entitlements": ["a", "b"], "groups": ["Linux"], "email": "j@example.com", "phone": "1"}, {}),
        ({"entitlements": ["a", "c"]}, {"entitlements": ["a", "c"]}),
        ({"groups": []}, {"groups": []}),
        ({"phone": "", "full_name": "J. Doe"}, {"phone": "", "full_name": "J. Doe"}),
    ],
)
@pytest.mark.parametrize("names", [{"username": "jdoe"}, {"id": "12"}, {"id": "12", "username": "JDOE"}])
def test_update(api: Any, work: Any, names: Any, options: Any, after: Any) -> None:
    assert work(api, "scim_user", True, **names, **options)["diff"]["after"] == after
    assert api.calls == []
    result = work(api, "scim_user", **names, **options)
    assert (result["changed"], result["diff"]["after"], result["warnings"]) == (bool(after), after, [])
    if after:
        ((operation, ref, model),) = api.calls
        assert (operation, ref, set(model.changes)) == ("scim_user.update", "12", set(after))
        # All of the user, for the form that sends all.
        assert (model.username, model.external_id, model.style) == ("JDoe", "4711", "patch_op")
        assert not work(api, "scim_user", **names, **options)["changed"]


def test_the_server_does_not_show_what_it_took(api: Any, work: Any) -> None:
    api.answers["scim_user.update"] = None
    (warning,) = work(api, "scim_user", username="jdoe", entitlements=["c"], groups=["g"], patch_style="user")[
        "warnings"
    ]
    assert "(id 12) and shows other values of entitlements, groups now" in warning
    assert api.calls[0][2].style == "user"
    api.answers["scim_user.create"] = ""
    (warning,) = work(api, "scim_user", **NEW)["warnings"]
    assert "cannot be asked for it now" in warning


@pytest.mark.parametrize("state", ["enabled", "disabled"])
def test_switch(api: Any, work: Any, state: str) -> None:
    active = state == "enabled"
    api.users[-1] = dataclasses.replace(JANE, active=not active)
    assert work(api, "scim_user", True, username="jdoe", state=state)["changed"]
    assert api.calls == []
    result = work(api, "scim_user", username="jdoe", state=state)
    assert result["diff"] == {"before": {"active": not active}, "after": {"active": active}}
    assert (result["scim_user"]["active"], result["warnings"], api.calls[0][2].changes) == (active, [], ("active",))
    assert not work(api, "scim_user", username="jdoe", state=state)["changed"]
    # Somebody of whom the server does not tell it is switched each time.
    api.users[-1] = dataclasses.replace(JANE, active=None)
    assert work(api, "scim_user", username="jdoe", state=state)["changed"]


def test_switch_who_is_not_there(api: Any, work: Any) -> None:
    result = work(api, "scim_user", username="nobody", state="disabled")
    assert (result["changed"], result["warnings"]) == (False, ["the server has no user of this name: nobody"])
    with pytest.raises(NotFound, match="SCIM user 99 not found"):
        work(api, "scim_user", id="99", state="enabled")
    with pytest.raises(NotFound, match="SCIM user 99 not found"):
        work(api, "scim_user", id="99", **NEW)
    assert api.calls == []


def test_delete(api: Any, work: Any) -> None:
    predicted = work(api, "scim_user", True, username="jdoe", state="absent")
    assert (predicted["changed"], api.calls) == (True, [])
    result = work(api, "scim_user", username="jdoe", state="absent")
    assert result == predicted
    assert result["diff"] == {"before": {"username": "JDoe", "active": True}, "after": {}}
    assert not work(api, "scim_user", username="jdoe", state="absent")["changed"]
    assert [call[:2] for call in api.calls] == [("scim_user.delete", "12")]


def test_a_server_that_keeps_whom_it_deletes(api: Any, work: Any) -> None:
    def keep(*_: Any) -> None:
        api.users[-1] = dataclasses.replace(JANE, active=False)

    api.apply = keep
    first, second = (work(api, "scim_user", username="jdoe", state="absent") for _run in range(2))
    assert (first["changed"], second["changed"], second["diff"]["before"]) == (True, False, {})
    assert first["warnings"] == second["warnings"] == ["the server keeps SCIM user JDoe (id 12), inactive"]
    api.answers["scim_user.delete"] = NotFound("x")
    assert not work(api, "scim_user", id="12", state="absent")["changed"]


@pytest.mark.parametrize("options", [{"state": "absent"}, {"state": "disabled"}, {"groups": ["x"]}])
@pytest.mark.parametrize(("wrong", "who"), [("3", "the user user3"), ("99", "nobody")])
def test_a_wrong_id_in_the_list_is_not_used(api: Any, work: Any, options: Any, wrong: str, who: str) -> None:
    api.wrong_ids = {"12": wrong}
    with pytest.raises(UnexpectedResponse, match=f"the id {wrong}, under which the server has {who}") as caught:
        work(api, "scim_user", username="jdoe", **options)
    assert "Before release 4.0" in caught.value.hint
    assert api.calls == []
    assert work(api, "scim_user", id="12", **options)["changed"]


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, ConfigError),
        ({"id": "../x"}, ConfigError),
        ({"id": ""}, ConfigError),
        ({"username": ""}, ConfigError),
        ({"id": "12", "username": "user1"}, Refused),
        ({"id": "12", "username": "user1", "state": "absent"}, Refused),
        ({"username": "jdoe", "patch_style": "x"}, ConfigError),
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any, kind: Any) -> None:
    with pytest.raises(kind):
        work(api, "scim_user", **options)
    assert api.calls == []


def test_all_parts_of_the_list_are_read(api: Any, work: Any) -> None:
    result = work(api, "scim_user_info", True)
    assert [user["id"] for user in result["scim_users"]] == ["0", "1", "2", "3", "12"]
    assert [user["id_verified"] for user in result["scim_users"]] == [None] * 5
    assert api.operations == ["scim_user.list"] * 3
    api.users = []
    assert work(api, "scim_user_info")["scim_users"] == []


def test_a_list_that_is_not_complete_is_an_error(api: Any, work: Any, monkeypatch: Any) -> None:
    look = api._look
    # A server that does not look at the number of the first.
    monkeypatch.setattr(api, "_look", lambda operation, ref: look(operation, "1"))
    with pytest.raises(UnexpectedResponse, match="the server has 5 users, and shows 2"):
        work(api, "scim_user_info")


def test_users_of_one_name(api: Any, work: Any) -> None:
    api.users.append(dataclasses.replace(JANE, id="13", username="jdoe"))
    with pytest.raises(InvalidRequest, match="the ids 12, 13"):
        work(api, "scim_user", username="jdoe")
    assert not work(api, "scim_user", id="13")["changed"]


@pytest.mark.parametrize(
    ("options", "ids", "reads"),
    [
        ({"id": "12"}, ["12"], 1),
        ({"id": "99"}, [], 1),
        ({"username": "jdoe"}, ["12"], 1),
        ({"username": "nobody"}, [], 0),
        ({"external_id": "x1"}, ["1"], 0),
        ({"email": "2@example.com"}, ["2"], 5),
        ({"active": False}, ["1", "3"], 5),
        ({"active": True, "entitlement": "a"}, ["12"], 5),
        ({"group": "Linux"}, ["12"], 5),
        ({"details": True}, ["0", "1", "2", "3", "12"], 5),
    ],
)
def test_list(api: Any, work: Any, options: Any, ids: list[str], reads: int) -> None:
    result = work(api, "scim_user_info", True, **options)
    assert [user["id"] for user in result["scim_users"]] == ids
    assert api.operations.count("scim_user.read") == reads


def test_a_wrong_id_is_told(api: Any, work: Any) -> None:
    api.wrong_ids = {"12": "3"}
    (user,) = work(api, "scim_user_info", username="jdoe")["scim_users"]
    # What the list says of her, and nothing of the other user.
    assert (user["id"], user["id_verified"], user["full_name"]) == ("3", False, "Jane Doe")


def test_another_user_was_read(api: Any, work: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "_found", lambda _found: OTHERS[1])
    with pytest.raises(UnexpectedResponse, match="the answer is about SCIM user 1 instead of 12"):
        work(api, "scim_user", id="12")


def test_an_error_is_not_taken_for_nobody(api: Any, work: Any) -> None:
    api.error = Denied("x")
    for module in ("scim_user", "scim_user_info"):
        with pytest.raises(Denied):
            work(api, module, id="12")


@pytest.mark.parametrize("module", ["scim_user", "scim_user_info"])
def test_the_guide_has_none(make_api: Any, work: Any, module: str) -> None:
    with pytest.raises(Unsupported, match="no call for scim_user"):
        work(make_api("rest"), module, username="x")
