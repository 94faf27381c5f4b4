# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Protected information: what can be known of it before a write, and what cannot."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import information_calls
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    ConfigError,
    Context,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    Refused,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.information_models import (
    InformationWrite,
    ProtectedInformation,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import secret_leaves
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import check, look_up
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup_options import SPECS

WIFI = ProtectedInformation("28", "wifi", "Text", "Canary-1234", {"tag": "wifi"})
NEW = {"identifier": "new", "type": "Text", "name": "New", "content": "Canary-77"}
READ, CREATE, DISABLE = (f"protected_information.{verb}" for verb in ("read", "create", "disable"))


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.listed = [WIFI]
    return made


def calls(api: Any) -> list[tuple[str, str]]:
    return [call[:2] for call in api.calls]


def test_create(api: Any, work: Any) -> None:
    predicted = work(api, "protected_information", True, **NEW)
    # Nothing is read in check mode.
    assert (predicted["changed"], api.calls) == (True, [])
    assert "check mode reads no protected information" in predicted["warnings"][0]
    result = work(api, "protected_information", **NEW)
    assert predicted["diff"] == result["diff"] == {"before": {}, "after": {**NEW, "content": "(hidden)"}}
    assert result["protected_information"] == {"id": "77", "identifier": "new", "type": "Text", "name": "New"}
    assert result["warnings"] == []
    assert calls(api) == [(READ, "new"), (CREATE, ""), (READ, "new")]
    again = work(api, "protected_information", **NEW)
    assert (again["changed"], again["protected_information"]["id"], again["warnings"]) == (False, "77", [])
    assert "Canary" not in str([predicted, result, again])


def test_without_an_identifier_each_run_makes_one(api: Any, work: Any) -> None:
    for _run in range(2):
        assert work(api, "protected_information", content="x")["changed"]
    assert work(api, "protected_information", True, content="x")["warnings"] == []
    assert [call[0] for call in calls(api)] == [CREATE, READ] * 2


@pytest.mark.parametrize("options", [{"content": "other"}, {"content": "Canary-1234", "type": "Other"}])
def test_what_differs_cannot_be_changed(api: Any, work: Any, options: Any) -> None:
    with pytest.raises(
        Refused, match=r"wifi \(id 28\) has another (content|type), and the server has no call"
    ) as caught:
        work(api, "protected_information", identifier="wifi", **options)
    assert "Canary" not in str(caught.value)
    assert calls(api) == [(READ, "wifi")]
    # A type that is not given is not compared.
    assert not work(api, "protected_information", identifier="wifi", content="Canary-1234")["changed"]


@pytest.mark.parametrize("problem", [NotFound("x"), InvalidRequest("x"), NoRoute("x")])
def test_a_server_that_finds_no_identifier(api: Any, work: Any, problem: Exception) -> None:
    api.answers[READ] = problem
    result = work(api, "protected_information", **NEW)
    assert (result["changed"], result["protected_information"]["id"]) == (True, None)
    assert "the server does not tell the id" in result["warnings"][0]


def test_digits_are_not_asked_for_as_an_identifier(api: Any, work: Any) -> None:
    """The server would take them for an id."""
    result = work(api, "protected_information", identifier="28", content="x")
    assert (result["changed"], calls(api)) == (True, [(CREATE, "")])
    with pytest.raises(ConfigError, match="cannot be asked for"):
        work(api, "protected_information", identifier="28", state="absent")


@pytest.mark.parametrize("problem", [Denied("x"), AlreadyDone("x", context=Context(code=1024))])
def test_other_errors_stop_the_task(api: Any, work: Any, problem: Exception) -> None:
    api.answers[READ] = problem
    with pytest.raises(type(problem)):
        work(api, "protected_information", **NEW)
    assert calls(api) == [(READ, "new")]


@pytest.mark.parametrize("name", [{"id": "28"}, {"identifier": "wifi"}])
def test_absent(api: Any, work: Any, name: Any) -> None:
    predicted = work(api, "protected_information", True, state="absent", **name)
    assert (predicted["changed"], api.calls) == (True, [])
    assert work(api, "protected_information", state="absent", **name) == predicted
    assert not work(api, "protected_information", state="absent", **name)["changed"]
    api.answers[DISABLE] = AlreadyDone("x", context=Context(code=1024))
    assert not work(api, "protected_information", state="absent", **name)["changed"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"content": ""},
        {"content": "x", "id": "28"},
        {"state": "absent"},
        {"state": "absent", "id": "wifi"},
        {"state": "absent", "id": "28", "identifier": "wifi"},
        {"state": "absent", "identifier": "a/b"},
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any) -> None:
    with pytest.raises(ConfigError):
        work(api, "protected_information", **options)
    assert api.calls == []


def test_the_guide_has_none(make_api: Any, work: Any) -> None:
    for options in ({"content": "x"}, {"state": "absent", "id": "1"}):
        with pytest.raises(Unsupported, match="no call for protected_information"):
            work(make_api("rest"), "protected_information", True, **options)


def options(**given: Any) -> dict[str, Any]:
    defaults = {name: spec.get("default") for name, spec in SPECS["protected_information"].items() if name != "default"}
    return {**defaults, **given}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({}, "Canary-1234"),
        ({"field": "identifier"}, "wifi"),
        ({"return_format": "raw"}, {"tag": "wifi"}),
        ({"return_format": "dict"}, {"id": "28", "identifier": "wifi", "type": "Text", "content": "Canary-1234"}),
    ],
)
@pytest.mark.parametrize("term", ["28", "id:28", "wifi", "identifier:wifi"])
def test_lookup(api: Any, term: str, given: Any, value: Any) -> None:
    found = look_up("protected_information", client_over(api), [term], options(**given))
    assert found == ([value], [], ["Canary-1234"])


def test_lookup_of_nothing(api: Any) -> None:
    client = client_over(api)
    assert look_up("protected_information", client, ["99"], options(default="d")) == (["d"], [], [])
    values, warnings, _secrets = look_up("protected_information", client, ["99", "28"], options(on_missing="warn"))
    assert (values, len(warnings)) == (["Canary-1234"], 1)
    with pytest.raises(ConfigError, match="field must be"):
        check("protected_information", options(field="password"))
    # Digits that are meant to be an identifier, and a server that has somebody else under it.
    for term in ("identifier:28", "id:29"):
        api.answers[READ] = WIFI
        with pytest.raises(UnexpectedResponse, match="the answer is about protected information 28"):
            look_up("protected_information", client, [term], options())


def test_calls() -> None:
    """http-api.md 3.4"""
    item = {"id": "28", "tag": "wifi", "type": "Text", "content": "Canary-1234"}
    found = information_calls.decode_information({"info": item}, str)
    assert (found, found.raw) == (WIFI, item)
    assert "Canary" not in repr(found)
    assert secret_leaves(found) == ["Canary-1234"]
    sealed = base64.b64encode(bytes(range(256))).decode()
    opened = information_calls.decode_information({"info": {**item, "content": sealed}}, lambda _value: "opened")
    assert (opened.content, opened.raw["content"]) == ("opened", "opened")
    with pytest.raises(UnexpectedResponse):
        information_calls.decode_information({"info": {**item, "content": ""}}, str)
    assert information_calls.decode_identifier({"info": {"identifier": "i", "content": "x"}}, str) == "i"
    assert information_calls.decode_identifier({}, str) == ""
    assert information_calls.encode_information(InformationWrite("c")) == {"content": "c"}
    whole = {"content": "c", "identifier": "i", "name": "n", "type": "t"}
    assert information_calls.encode_information(InformationWrite("c", "i", "n", "t")) == whole
