# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules and lookup of MySafe: which item is meant, what is compared, what is sent, and what nobody may compare."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    ConfigError,
    ConnectionFailed,
    Denied,
    InvalidRequest,
    NotFound,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import Stored
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import (
    MySafeApiSecret,
    MySafeNote,
    MySafePassword,
    MySafeShare,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations import lookup, lookup_options

PORTAL = MySafePassword(
    "4",
    "Portal",
    ("b", "a"),
    users=(MySafeShare("bob", True),),
    groups=(),
    target_url="https://portal.example",
    username="shop",
    password="p-1-secret",
    totp="012345",
    totp_seed="JBSWY3DPEHPK3PXP",
    notes="line 1\r\nline 2",
)
NOTE = MySafeNote("5", "Door", (), users=(), groups=(MySafeShare("Operations"),), note="1234-secret")
API_SECRET = MySafeApiSecret(
    *("6", "Payments", ()),
    users=(),
    groups=(),
    target_url="https://api.example",
    identifier="payments",
    method="POST",
    api_client_id="shop-client",
    api_client_secret="s-1-secret",
    notes="",
)
SECRETS = ("p-1-secret", "JBSWY3DPEHPK3PXP", "line 1", "1234-secret", "shop-client", "s-1-secret", "012345")
NEW: dict[str, dict[str, Any]] = {
    "mysafe_password": {"name": "New", "username": "u", "password": "secret-9"},
    "mysafe_note": {"name": "New", "note": "secret-9"},
    "mysafe_api_secret": {"name": "New", "target_url": "https://a", "api_client_id": "secret-9"},
}
NAMED: dict[str, dict[str, Any]] = {
    "mysafe_password": {"name": "Portal"},
    "mysafe_note": {"name": "Door"},
    "mysafe_api_secret": {"identifier": "payments"},
}
IDS = {"mysafe_password": "4", "mysafe_note": "5", "mysafe_api_secret": "6"}
each = pytest.mark.parametrize("module", NEW)


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.items = [PORTAL, NOTE, API_SECRET]
    return made


def writes(api: Any) -> list[Any]:
    return [call for call in api.calls if not call[0].endswith(".read")]


def reads(api: Any) -> int:
    return sum(call[0].endswith(".read") for call in api.calls)


# --- present ---------------------------------------------------------------------------------------------------------


@each
def test_a_new_item(api: Any, work: Any, module: str) -> None:
    options = {**NEW[module], "tags": ["b", "a"], "users": [{"username": "bob", "can_edit": True}], "groups": []}
    predicted = work(api, module, True, **options)
    assert api.calls == []
    result = work(api, module, **options)
    assert (predicted["changed"], predicted["diff"]) == (result["changed"], result["diff"]) == (True, predicted["diff"])
    assert (predicted[module]["id"], result[module]["id"]) == (None, "77")
    assert result["diff"]["before"] == {}
    after = result["diff"]["after"]
    assert (after["tags"], after["users"]) == (["a", "b"], [{"username": "bob", "can_edit": True}])
    assert "(hidden)" in after.values()
    assert "secret-9" not in str(result)
    ((operation, _ref, model),) = api.calls
    assert operation == f"{module}.create"
    assert (model.tags, model.users, model.groups) == (("b", "a"), (MySafeShare("bob", True),), ())


@each
def test_what_a_new_item_needs(api: Any, work: Any, module: str) -> None:
    with pytest.raises(ConfigError, match="needs") as caught:
        work(api, module, name="New")
    assert caught.value.context.option in NEW[module]
    assert api.calls == []


@each
def test_nothing_to_do_is_found_without_a_read_if_the_list_shows_all(api: Any, work: Any, module: str) -> None:
    result = work(api, module, id=IDS[module], name={"4": "Portal", "5": "Door", "6": "Payments"}[IDS[module]])
    assert (result["changed"], api.calls) == (False, [])


@pytest.mark.parametrize(
    ("module", "options", "after"),
    [
        ("mysafe_password", {"tags": ["a", "b"], "target_url": "https://portal.example"}, {}),
        ("mysafe_password", {"password": "p-1-secret", "notes": "line 1\nline 2"}, {}),
        ("mysafe_password", {"totp_seed": "jbsw y3dp ehpk 3pxp"}, {}),
        ("mysafe_password", {"users": [{"username": "bob", "can_edit": True}], "groups": []}, {}),
        ("mysafe_password", {"password": "p-2"}, {"password": "(hidden)"}),
        ("mysafe_password", {"notes": ""}, {"notes": "(hidden)"}),
        ("mysafe_password", {"totp_seed": "AAAA"}, {"totp_seed": "(hidden)"}),
        ("mysafe_password", {"users": []}, {"users": []}),
        ("mysafe_password", {"users": [{"username": "bob"}]}, {"users": [{"username": "bob", "can_edit": False}]}),
        ("mysafe_password", {"groups": [{"name": "g"}]}, {"groups": [{"name": "g", "can_edit": False}]}),
        ("mysafe_password", {"tags": []}, {"tags": []}),
        ("mysafe_password", {"id": "4", "name": "Renamed"}, {"name": "Renamed"}),
        ("mysafe_password", {"id": "4", "username": "other"}, {"username": "other"}),
        ("mysafe_note", {"note": "1234-secret"}, {}),
        ("mysafe_note", {"note": "other"}, {"note": "(hidden)"}),
        ("mysafe_note", {"groups": []}, {"groups": []}),
        ("mysafe_api_secret", {"method": "POST", "api_client_secret": "s-1-secret"}, {}),
        ("mysafe_api_secret", {"api_client_id": "other"}, {"api_client_id": "(hidden)"}),
        ("mysafe_api_secret", {"target_url": "https://b"}, {"target_url": "https://b"}),
        ("mysafe_api_secret", {"name": "Renamed"}, {"name": "Renamed"}),
        ("mysafe_api_secret", {"id": "6", "identifier": "other"}, {"identifier": "other"}),
    ],
)
def test_an_update_sends_what_differs_and_nothing_else(
    api: Any, work: Any, module: str, options: Any, after: Any
) -> None:
    options = {**NAMED[module], **options}
    predicted = work(api, module, True, **options)
    assert writes(api) == []
    result = work(api, module, **options)
    assert predicted["diff"] == result["diff"]
    assert (result["changed"], result["diff"]["after"]) == (bool(after), after)
    assert not any(secret in str(result) for secret in SECRETS)
    if after:
        ((operation, ref, model),) = writes(api)
        assert (operation, ref) == (f"{module}.update", IDS[module])
        sent = {f.name for f in dataclasses.fields(model) if getattr(model, f.name) is not None}
        assert sent == set(after)
    assert not work(api, module, **options)["changed"]


def test_a_password_is_the_one_with_all_that_the_task_names(api: Any, work: Any) -> None:
    api.items.append(dataclasses.replace(PORTAL, id="7", username="admin"))
    with pytest.raises(InvalidRequest, match="the ids 4, 7") as caught:
        work(api, "mysafe_password", name="Portal", password="p")
    assert caught.value.hint == "Give the id"
    assert not work(api, "mysafe_password", name="Portal", username="admin", password="p-1-secret")["changed"]
    # Another account on the same site is another password, and none of both is overwritten.
    work(api, "mysafe_password", name="Portal", username="third", password="p-3")
    assert [call[0] for call in writes(api)] == ["mysafe_password.create"]


@each
def test_an_id_that_is_not_listed_makes_nothing(api: Any, work: Any, module: str) -> None:
    with pytest.raises(NotFound, match="99 is not in the list"):
        work(api, module, **{**NEW[module], "id": "99"})
    with pytest.raises(ConfigError, match="id must be a number"):
        work(api, module, **{**NEW[module], "id": "x"})
    assert api.calls == []


def test_bad_options(api: Any, work: Any) -> None:
    with pytest.raises(ConfigError, match="note must have 900 characters at most"):
        work(api, "mysafe_note", name="n", note="x" * 901)
    with pytest.raises(ConfigError, match="an item of tags has a comma"):
        work(api, "mysafe_note", name="n", note="x", tags=["a,b"])
    with pytest.raises(ConfigError, match="users must name each only once"):
        work(api, "mysafe_note", name="n", note="x", users=[{"username": "a"}, {"username": "a", "can_edit": True}])
    with pytest.raises(ConfigError, match="identifier must consist of"):
        work(api, "mysafe_api_secret", identifier="a b", name="x")
    with pytest.raises(ConfigError, match="one of the following is required: id, name"):
        work(api, "mysafe_note", note="x")
    assert api.calls == []


def test_what_may_not_be_read_is_left_with_a_warning_unless_it_shall_be_written_each_time(api: Any, work: Any) -> None:
    api.denied = {"4"}
    options = {"name": "Portal", "password": "p-2", "users": [], "tags": ["new"]}
    result = work(api, "mysafe_password", **options)
    assert result["diff"]["after"] == {"tags": ["new"]}
    (warning,) = result["warnings"]
    assert "users, password of MySafe password Portal cannot be read" in warning
    assert "update_attributes=always" in warning
    result = work(api, "mysafe_password", **options, update_attributes="always")
    assert (result["diff"]["after"], result["warnings"]) == ({"password": "(hidden)", "users": "(hidden)"}, [])
    assert result["mysafe_password"]["users"] == []
    model = writes(api)[-1][2]
    assert (model.password, model.users, model.tags) == ("p-2", (), None)


def test_what_could_not_be_decrypted_is_not_compared(api: Any, work: Any) -> None:
    problem = UnexpectedResponse("it is sealed")
    api.items = [dataclasses.replace(PORTAL, password="", unreadable={"password": problem})]
    result = work(api, "mysafe_password", name="Portal", password="p-1-secret")
    assert (result["changed"], len(result["warnings"])) == (False, 1)
    assert work(api, "mysafe_password", name="Portal", password="x-9", update_attributes="always")["changed"]


@each
def test_what_is_shared_for_reading_only_is_refused(api: Any, work: Any, module: str) -> None:
    api.items = [dataclasses.replace(item, can_write=False) for item in api.items]
    for options in ({"tags": ["x"]}, {"state": "disabled"}):
        with pytest.raises(Denied, match="for reading only") as caught:
            work(api, module, True, id=IDS[module], **options)
        assert "can_edit" in caught.value.hint
    assert api.calls == []


def test_what_an_update_loses_is_told(api: Any, work: Any) -> None:
    class Forgetful(type(api)):  # type: ignore[misc]
        def _item(self, operation: Any, ref: str, model: Any) -> Any:
            result = super()._item(operation, ref, model)
            if model is not None:
                self.items = [dataclasses.replace(PORTAL, password=model.password, users=(), notes="")]
            return result

    api.__class__ = Forgetful
    with pytest.raises(UnexpectedResponse, match="did not keep users, notes of MySafe password Portal") as caught:
        work(api, "mysafe_password", name="Portal", password="p-2")
    assert "Give users, notes" in caught.value.hint


def test_a_write_that_cannot_be_looked_at_is_a_warning(api: Any, work: Any) -> None:
    class Lost(type(api)):  # type: ignore[misc]
        def _item(self, operation: Any, ref: str, model: Any) -> Any:
            done = any(call[0].endswith("update") for call in self.calls)
            return ConnectionFailed("gone") if done and model is None else super()._item(operation, ref, model)

    api.__class__ = Lost
    result = work(api, "mysafe_password", name="Portal", password="p-2")
    assert result["changed"]
    assert "could not be looked at afterwards: gone" in result["warnings"][0]


def test_with_whom_it_could_not_be_shared_is_told(api: Any, work: Any) -> None:
    api.answers["mysafe_note.create"] = Stored("8", unshared=("nobody",))
    result = work(api, "mysafe_note", name="New", note="x-9", users=[{"username": "nobody"}])
    assert result["warnings"] == [
        "the server did not share MySafe note New with nobody: it does not know them, or they may not use MySafe. "
        "Correct the names"
    ]


# --- enabled, disabled, absent ---------------------------------------------------------------------------------------


@each
@pytest.mark.parametrize("state", ["disabled", "absent"])
def test_disable_and_enable(api: Any, work: Any, module: str, state: str) -> None:
    id_ = IDS[module]
    predicted = work(api, module, True, **NAMED[module], state=state)
    assert writes(api) == []
    result = work(api, module, **NAMED[module], state=state)
    assert predicted["diff"] == result["diff"] == {"before": {"active": True}, "after": {"active": False}}
    # The list does not show it any more, so its id is needed.
    for check_mode in (True, False):
        again = work(api, module, check_mode, id=id_, state=state)
        assert (again["changed"], again["warnings"]) == (False, [])
    with pytest.raises(NotFound, match="may be found by its id only"):
        work(api, module, name="Portal", state="enabled") if module == "mysafe_password" else work(
            api, module, name="x", state="enabled"
        )
    assert work(api, module, id=id_, state="enabled")["changed"]
    assert not work(api, module, id=id_, state="enabled")["changed"]
    assert [call[0] for call in writes(api)] == [f"{module}.disable", f"{module}.enable"]


@each
def test_to_disable_what_is_not_there(api: Any, work: Any, module: str) -> None:
    for options in ({"name": "none"}, {"id": "99"}):
        gone = work(api, module, **options, state="absent")
        assert (gone["changed"], gone["warnings"]) == (False, [])
        warned = work(api, module, **options, state="disabled")
        assert not warned["changed"]
        assert "is not in the list of the server" in warned["warnings"][0]
    with pytest.raises(NotFound):
        work(api, module, id="99", state="enabled")
    assert writes(api) == []


def test_whether_it_was_so_is_told_by_the_server_where_it_may_not_be_read(api: Any, work: Any) -> None:
    api.denied = {"4"}
    assert work(api, "mysafe_password", id="4", state="enabled")["changed"] is False
    assert work(api, "mysafe_password", id="4", state="disabled")["changed"] is True


def test_an_update_of_an_inactive_item_says_what_to_do(api: Any, work: Any) -> None:
    api.inactive = {"5"}
    with pytest.raises(NotFound, match="5 is not in the list"):
        work(api, "mysafe_note", id="5", note="x")


# --- info ------------------------------------------------------------------------------------------------------------


@each
def test_lists_show_no_secret_and_read_nothing(api: Any, work: Any, module: str) -> None:
    result = work(api, f"{module}_info")
    (item,) = result[f"{module}s"]
    assert (item["id"], item["users"], api.calls) == (IDS[module], None, [])
    assert not any(secret in str(result) for secret in SECRETS)
    assert not {"password", "note", "api_client_secret"} & set(item)


@each
def test_details_are_read_and_show_no_secret(api: Any, work: Any, module: str) -> None:
    result = work(api, f"{module}_info", details=True)
    (item,) = result[f"{module}s"]
    assert item["users"] is not None
    assert reads(api) == 1
    assert not any(secret in str(result) for secret in SECRETS)
    assert "_ansible_no_log" not in result


@each
def test_secrets_are_returned_where_the_task_asks_for_them(api: Any, work: Any, module: str) -> None:
    result = work(api, f"{module}_info", include_secrets=True, **NAMED[module])
    (item,) = result[f"{module}s"]
    whole = next(one for one in api.items if one.id == IDS[module])
    assert item == whole.values()
    assert result["_ansible_no_log"] is True


@pytest.mark.parametrize(
    ("module", "options", "found"),
    [
        ("mysafe_password", {"name": "Portal", "username": "shop", "target_url": "https://portal.example"}, True),
        ("mysafe_password", {"name": "portal"}, False),
        ("mysafe_password", {"tags": ["a"]}, True),
        ("mysafe_password", {"tags": ["a", "c"]}, False),
        ("mysafe_password", {"id": "4"}, True),
        ("mysafe_note", {"name": "Door"}, True),
        ("mysafe_note", {"tags": ["a"]}, False),
        ("mysafe_api_secret", {"identifier": "payments"}, True),
        ("mysafe_api_secret", {"identifier": "payment"}, False),
        ("mysafe_api_secret", {"identifier": "payments", "name": "other"}, False),
    ],
)
def test_filters(api: Any, work: Any, module: str, options: Any, found: bool) -> None:
    assert len(work(api, f"{module}_info", **options)[f"{module}s"]) == found


@each
def test_what_may_not_be_read_is_shown_as_listed(api: Any, work: Any, module: str) -> None:
    api.denied = {IDS[module]}
    options = {"name": {"4": "Portal", "5": "Door", "6": "Payments"}[IDS[module]]}
    result = work(api, f"{module}_info", include_secrets=True, **options)
    (item,) = result[f"{module}s"]
    assert item["users"] is None
    assert f"(id {IDS[module]}) cannot be read" in result["warnings"][0]


def test_what_cannot_be_decrypted_is_null_with_a_warning(api: Any, work: Any) -> None:
    problem = UnexpectedResponse("it is sealed", hint="Set mysafe_decryption_key")
    api.items = [dataclasses.replace(NOTE, note="", unreadable={"note": problem})]
    result = work(api, "mysafe_note_info", include_secrets=True)
    assert result["mysafe_notes"][0]["note"] is None
    assert "the value of note in MySafe note Door (id 5) cannot be read and is null" in result["warnings"][0]


# --- lookup ----------------------------------------------------------------------------------------------------------


def options(**changed: Any) -> dict[str, Any]:
    defaults = {
        name: details.get("default") for name, details in lookup_options.SPECS["mysafe"].items() if name != "default"
    }
    return {**defaults, "on_ciphertext": "warn", **changed}


def look_up(api: Any, *terms: str, **changed: Any) -> list[Any]:
    lookup.check("mysafe", options(**changed))
    return lookup.look_up("mysafe", client_over(api), terms, options(**changed))[0]


@pytest.mark.parametrize(
    ("term", "changed", "value"),
    [
        ("Portal", {}, "p-1-secret"),
        ("4", {}, "p-1-secret"),
        ("id:4", {}, "p-1-secret"),
        ("Portal", {"field": "totp"}, "012345"),
        ("Portal", {"field": "username"}, "shop"),
        ("Portal", {"field": "users"}, [{"username": "bob", "can_edit": True}]),
        ("Portal", {"username": "shop", "target_url": "https://portal.example"}, "p-1-secret"),
        ("Door", {"kind": "note"}, "1234-secret"),
        ("payments", {"kind": "api_secret"}, "s-1-secret"),
        ("Payments", {"kind": "api_secret", "field": "api_client_id"}, "shop-client"),
    ],
)
def test_a_lookup(api: Any, term: str, changed: Any, value: Any) -> None:
    assert look_up(api, term, **changed) == [value]


def test_a_lookup_returns_all_fields_of_a_read_and_masks_what_is_secret(api: Any) -> None:
    values, _warnings, secrets = lookup.look_up("mysafe", client_over(api), ["4"], options(return_format="dict"))
    assert values[0]["password"] == "p-1-secret"
    assert "can_view" not in values[0]
    assert {"p-1-secret", "012345", "JBSWY3DPEHPK3PXP"} <= set(secrets)


def test_a_code_is_never_an_old_one(api: Any) -> None:
    look_up(api, "Portal")
    assert api.fresh == []
    look_up(api, "Portal", field="totp")
    assert api.fresh == ["mysafe_password.read"]


def test_what_a_lookup_does_not_find(api: Any) -> None:
    for term, changed in (
        ("nobody", {}),
        ("99", {}),
        ("identifier:4", {}),
        ("Portal", {"username": "x"}),
        ("a b", {"kind": "api_secret"}),
    ):
        with pytest.raises(NotFound):
            look_up(api, term, **changed)
        assert look_up(api, term, **changed, default="d") == ["d"]
    api.items = [dataclasses.replace(PORTAL, totp=None, totp_seed=None)]
    with pytest.raises(NotFound, match="MySafe password Portal has no totp"):
        look_up(api, "Portal", field="totp")


def test_what_a_lookup_may_not_read(api: Any) -> None:
    api.denied = {"4"}
    assert look_up(api, "Portal", "4", on_denied="skip") == []
    with pytest.raises(Denied):
        look_up(api, "Portal")
    api.denied = set()
    api.items = [dataclasses.replace(PORTAL, can_view=False)]
    with pytest.raises(Denied, match="may not be read by this access key"):
        look_up(api, "Portal")
    api.inactive = {"4"}
    with pytest.raises(AlreadyDone):
        look_up(api, "4")


def test_a_field_of_another_kind_is_refused_before_anything_is_read(api: Any) -> None:
    with pytest.raises(ConfigError, match="field must be the name of a field") as caught:
        look_up(api, "Door", kind="note", field="password")
    assert "note" in caught.value.hint
    assert api.operations == []


def test_the_dialect_of_the_guide_has_nothing_of_it(make_api: Any, work: Any) -> None:
    with pytest.raises(Unsupported, match="the dialect rest has no call for mysafe_note.list"):
        work(make_api("rest"), "mysafe_note_info")
