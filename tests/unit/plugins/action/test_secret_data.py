# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Data of DSM secrets that must not get lost: merged, not read, or dropped by the server."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    Refused,
    UnexpectedResponse,
)

DIALECTS = pytest.mark.parametrize("dialect", ["iso", "api", "rest"])
ACCOUNT = {"USERNAME": "app", "PASSWORD": "pw-1", "ip": "192.0.2.30"}
USER = {"user": "app", "password": "pw-1"}
BROKEN = UnexpectedResponse("the server could not encrypt this value", hint="Switch it off")


def held(*data: dict[str, Any], **fields: Any) -> DsmSecret:
    return DsmSecret("12", "shop", data, "Shop", "Generic", **fields)


def dsm(make_api: Any, dialect: str, *secrets: DsmSecret, **answers: Any) -> Any:
    api = make_api(dialect)
    api.secrets, api.answers = list(secrets), answers
    return api


# --- merge ------------------------------------------------------------------------------------------------------------


@DIALECTS
@pytest.mark.parametrize(
    ("there", "options", "after", "names"),
    [
        ([{"A": "1", "B": "2"}], {"key_value": {"B": "3"}}, [{"A": "1", "B": "3"}], ["A", "B"]),
        ([{"A": "1"}], {"key_value": {"B": "2"}}, [{"A": "1", "B": "2"}], ["A", "B"]),
        ([{"A": "1", "B": "2"}], {"key_value": {"B": None}}, [{"A": "1"}], ["A"]),
        ([{"A": "1", "B": "2"}], {"key_value": {"B": None, "C": "3"}}, [{"A": "1", "C": "3"}], ["A", "C"]),
        ([{"A": "1", "B": BROKEN}], {"key_value": {"B": "3"}}, [{"A": "1", "B": "3"}], ["A", "B"]),
        ([{"A": "1", "B": BROKEN}], {"key_value": {"B": None}}, [{"A": "1"}], ["A"]),
        ([{"A": "1", "E": ""}], {"key_value": {"B": "2"}}, [{"A": "1", "E": "", "B": "2"}], ["A", "B", "E"]),
        ([], {"key_value": {"A": "1", "B": None}}, [{"A": "1"}], ["A"]),
        (
            [ACCOUNT, {"A": "1"}], {"credentials": [USER], "key_value": {"B": "2"}},
            [{"USERNAME": "app", "PASSWORD": "pw-1"}, {"A": "1", "B": "2"}], ["A", "B", "PASSWORD", "USERNAME"],
        ),
        # The map that has more than an account is none of the account that is given.
        (
            [{"USERNAME": "app", "PASSWORD": "pw-1", "TOKEN": "t"}], {"credentials": [USER], "key_value": {"B": "2"}},
            [
                {"USERNAME": "app", "PASSWORD": "pw-1"},
                {"USERNAME": "app", "PASSWORD": "pw-1", "TOKEN": "t", "B": "2"},
            ], ["B", "PASSWORD", "TOKEN", "USERNAME"],
        ),
        ([{"ACCESS_TOKEN": "x", "PRIVATE_KEY": "y"}], {"key_value": {"IP": "z"}}, None, ["ACCESS_TOKEN", "IP", "PRIVATE_KEY"]),
    ],
)  # fmt: skip
def test_merge(
    make_api: Any, work: Any, dialect: str, there: list[Any], options: Any, after: list[Any] | None, names: list[str]
) -> None:
    api = dsm(make_api, dialect, held(*there))
    options = {"identifier": "shop", "data_mode": "merge", **options}
    predicted = work(api, "secret", check_mode=True, **options)
    assert api.calls == []
    result = work(api, "secret", **options)
    assert result == predicted or any(value is BROKEN for block in there for value in block.values())
    assert result["changed"]
    assert result["secret"]["key_names"] == names
    assert result["diff"]["after"]["data"] == "(hidden)"
    if after is not None:
        assert [block for block in api.calls[-1][2].flat() if block] == after
    assert {"secret.list", "secret.read"} & set(api.fresh)
    # The second run has nothing to do.
    assert not work(api, "secret", **options)["changed"]
    assert len(api.calls) == 1


@DIALECTS
def test_merge_into_nothing(make_api: Any, work: Any, dialect: str) -> None:
    api = dsm(make_api, dialect)
    assert work(api, "secret", identifier="shop", data_mode="merge", key_value={"A": "1", "B": None})["changed"]
    assert api.calls[0][2].flat() == ({"A": "1"},)


def test_merge_of_data_that_comes_as_one_object(make_api: Any, work: Any) -> None:
    api = dsm(make_api, "iso", held({**ACCOUNT, "A": "1"}, as_one=True))
    work(api, "secret", identifier="shop", data_mode="merge", credentials=[USER], key_value={"B": "2"})
    assert api.calls[0][2].key_value == {"A": "1", "B": "2"}
    with pytest.raises(Refused, match="may belong to a credential"):
        work(dsm(make_api, "iso", held({**ACCOUNT, "A": "1"}, as_one=True)), "secret", identifier="shop", data_mode="merge", key_value={"B": "2"})  # fmt: skip


@DIALECTS
@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("there", "options", "error", "words"),
    [
        (held(ACCOUNT, {"A": "1"}), {"key_value": {"B": "2"}}, Refused, "keys A, PASSWORD, USERNAME, ip may belong"),
        (held(ACCOUNT), {"key_value": {"B": "2"}}, Refused, "credentials and access_keys"),
        (held({"KEY": "AK", "TTL": None}), {"key_value": {"B": "2"}}, Refused, "KEY, TTL"),
        (held({"A": "1", "C": BROKEN}), {"key_value": {"B": "2"}}, UnexpectedResponse, "value of C in DSM secret shop"),
        (held(problem=BROKEN), {"key_value": {"B": "2"}}, UnexpectedResponse, "value of data in DSM secret shop"),
        (held({"A": "1"}), {"key_value": {"A": None}}, Refused, "nothing would be left"),
    ],
)
def test_merge_loses_nothing(
    make_api: Any, work: Any, dialect: str, check_mode: bool, there: DsmSecret, options: Any, error: Any, words: str
) -> None:
    api = dsm(make_api, dialect, there)
    with pytest.raises(error, match=words) as caught:
        work(api, "secret", check_mode, identifier="shop", data_mode="merge", **options)
    assert caught.value.hint
    assert "pw-1" not in str(caught.value)
    assert api.calls == []


def test_null_removes_in_a_merge_only(make_api: Any, work: Any) -> None:
    with pytest.raises(ConfigError, match="data_mode=merge only"):
        work(dsm(make_api, "api", held({"A": "1"})), "secret", identifier="shop", key_value={"A": None})
    api = dsm(make_api, "api", held({"A": "1", "B": "2"}))
    work(api, "secret", identifier="shop", key_value={"A": "1"})
    assert api.calls[0][2].flat() == ({"A": "1"},)


# --- what the server keeps --------------------------------------------------------------------------------------------


def forgetful(api: Any, times: int, left: tuple[Any, ...] = ()) -> None:
    """Let the server drop the data at its next writes without data."""
    store = api._store_secret
    forgets = [None] * times

    def forget(model: Any) -> None:
        store(model)
        if forgets and not model.flat():
            forgets.pop()
            api.secrets = [dataclasses.replace(secret, data=left) for secret in api.secrets]

    api._store_secret = forget


@DIALECTS
def test_data_that_an_update_drops_is_written_back(make_api: Any, work: Any, dialect: str) -> None:
    api = dsm(make_api, dialect, held({"A": "1", "B": "2"}))
    forgetful(api, 1)
    with pytest.raises(UnexpectedResponse, match="did not keep the data of DSM secret shop.*It was written back"):
        work(api, "secret", identifier="shop", name="New")
    assert api.secrets[0].data == ({"A": "1", "B": "2"},)


@DIALECTS
@pytest.mark.parametrize("there", [(ACCOUNT, {"A": "1"}), ({"A": "1", "B": BROKEN},), ({"A": "1"}, {"A": "2"})])
def test_data_that_cannot_be_written_back_is_named(
    make_api: Any, work: Any, dialect: str, there: tuple[Any, ...]
) -> None:
    api = dsm(make_api, dialect, held(*there))
    forgetful(api, 1, ({"Z": "9"},))
    with pytest.raises(UnexpectedResponse, match=r"It had the keys A.* and has Z now") as caught:
        work(api, "secret", identifier="shop", expires_at="2027-01-01 00:00:00")
    assert "pw-1" not in str(caught.value)
    assert len(api.calls) == 1


@pytest.mark.parametrize("answer", [(), (held(),)])
def test_the_answer_counts_and_else_the_list(make_api: Any, work: Any, answer: Any) -> None:
    api = dsm(make_api, "api", held(ACCOUNT), **{"secret.update": answer})
    if answer:
        with pytest.raises(UnexpectedResponse, match="and has none now"):
            work(api, "secret", identifier="shop", name="New")
    else:
        assert work(api, "secret", identifier="shop", name="New")["changed"]
        assert {"secret.list", "secret.read"} & set(api.fresh)


def test_a_new_secret_that_is_not_listed_is_told(make_api: Any, work: Any) -> None:
    api = dsm(make_api, "api", **{"secret.create": None})
    result = work(api, "secret", identifier="shop", key_value={"A": "1"})
    assert result["changed"]
    assert "does not list it" in result["warnings"][0]


def test_other_data_than_what_was_sent_is_told(make_api: Any, work: Any) -> None:
    api = dsm(make_api, "api", held({"A": "1"}), **{"secret.update": (held({"A": "other"}),)})
    result = work(api, "secret", identifier="shop", key_value={"A": "2"})
    assert "shows other data" in result["warnings"][0]
    assert "other data for DSM secret shop" in result["warnings"][0]


# --- what cannot be read ----------------------------------------------------------------------------------------------


@DIALECTS
def test_one_that_cannot_be_read_hides_no_other(make_api: Any, work: Any, dialect: str) -> None:
    other = dataclasses.replace(held({"K": "v"}), identifier="other")
    api = dsm(
        make_api,
        dialect,
        held({"A": "1", "B": BROKEN}),
        other,
        dataclasses.replace(held(problem=BROKEN), identifier="null"),
    )
    shown = work(api, "secret_info")["secrets"]
    assert [secret["key_names"] for secret in shown] == [["A", "B"], ["K"], []]
    result = work(api, "secret_info", include_data=True)
    assert [secret["data"] for secret in result["secrets"]] == [[{"A": "1", "B": None}], [{"K": "v"}], []]
    assert [secret["unreadable"] for secret in result["secrets"]] == [["B"], [], ["data"]]
    assert len(result["warnings"]) == 2
    assert "value of B in DSM secret shop" in result["warnings"][0]
    assert not work(api, "secret", identifier="other", key_value={"K": "v"})["changed"]
    assert work(api, "secret", identifier="shop", name="New")["changed"]
    # It cannot be compared, so it is written, and that is told.
    result = work(api, "secret", identifier="shop", key_value={"A": "1", "B": "2"})
    assert result["changed"]
    assert "value of B in DSM secret shop cannot be compared" in result["warnings"][0]
    if dialect == "rest":
        assert work(api, "secret", identifier="null", state="absent")["changed"]
