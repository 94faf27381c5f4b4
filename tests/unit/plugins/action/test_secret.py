# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the data of a secret counts as the same, and what secret sends."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import (
    DsmSecret,
    DsmSecretWrite,
    Renewal,
    SecretBlock,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    Refused,
    Unsupported,
)

USER = SecretBlock({"user": "app", "password": "pw"}, {"user": "USERNAME", "password": "PASSWORD"})
OTHER = SecretBlock({"user": "ops", "password": "pw"}, {"user": "USERNAME", "password": "PASSWORD"})
ACCESS = SecretBlock({"access_key_id": "AK"}, {"access_key_id": "AWS_ACCESS_KEY_ID"}, "aws")
APP = {"USERNAME": "app", "PASSWORD": "pw"}
OPS = {"USERNAME": "ops", "PASSWORD": "pw"}
A, AB = {"A": "1"}, {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("wanted", "held", "same"),
    [
        ({"key_value": A}, [A], True),
        ({"key_value": A}, [A, {"TTL": None}], True),
        ({"key_value": A}, [{**A, "B": None}], True),
        ({"key_value": A}, [AB], False),  # a key was taken out
        ({"key_value": AB}, [A], False),
        ({"key_value": A}, [{"A": "2"}], False),
        ({"key_value": A}, [], False),
        ({"key_value": A}, [A, APP], False),  # the account was taken out
        ({"key_value": A}, [A, A], False),
        ({"credentials": (USER,)}, [{**APP, "ip": "192.0.2.1"}], True),
        ({"credentials": (USER,)}, [{**APP, "PASSWORD": "old"}], False),
        ({"credentials": (USER,)}, [APP, A], False),
        ({"credentials": (USER, OTHER)}, [OPS, APP], True),
        ({"credentials": (USER, OTHER)}, [APP], False),
        ({"credentials": (USER, USER)}, [APP, OPS], False),
        ({"credentials": (USER,), "access_keys": (ACCESS,)}, [APP, {"AWS_ACCESS_KEY_ID": "AK", "TTL": None}], True),
        (
            {"credentials": (USER,), "access_keys": (ACCESS,), "key_value": A},
            [A, {"AWS_ACCESS_KEY_ID": "AK"}, APP],
            True,
        ),
        # The first fit must not take the map that another one needs.
        ({"credentials": (SecretBlock(A), SecretBlock(AB))}, [AB, {**A, "C": "3"}], True),
        ({"credentials": (SecretBlock(A), SecretBlock(AB))}, [{**A, "C": "3"}, A], False),
        ({"credentials": (USER,) * 12}, [APP] * 11 + [OPS], False),
    ],
)
def test_same_data(wanted: Any, held: Any, same: bool) -> None:
    assert DsmSecretWrite("x", **wanted).same_data(held) is same


def held(*data: dict[str, str], **fields: Any) -> DsmSecret:
    return DsmSecret("12", "shop", tuple(data), "Shop", "Generic", **fields)


def test_create(make_api: Any, work: Any) -> None:
    api = make_api("api")
    account = {"user": "app", "password": "pw", "labels": {"user": "LOGIN"}}
    access = {"access_key_id": "AK", "secret_access_key": "SK"}
    values = {"PORT": "5432", "URL": "https://x", 7: "seven"}
    result = work(api, "secret", identifier="shop", key_value=values, credentials=[account], access_keys=[access])
    ((operation, _ref, model),) = api.calls
    assert operation == "secret.create"
    assert model.engine == "Generic"
    assert model.flat() == (
        {"LOGIN": "app", "PASSWORD": "pw"},
        {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "SK"},
        {"PORT": "5432", "URL": "https://x", "7": "seven"},
    )
    assert model.access_keys[0].type == "aws"
    assert result["diff"]["after"]["data"] == "(hidden)"
    assert not {"pw", "SK", "5432", "seven"} & set(str(result).replace("'", " ").split())


@pytest.mark.parametrize(
    ("there", "options", "after"),
    [
        (held(A), {"key_value": A}, {}),
        (held(A), {"key_value": AB}, {"key_names": ["A", "B"], "data": "(hidden)"}),
        (held(A), {"key_value": {"A": "2"}}, {"data": "(hidden)"}),
        (held(A), {"key_value": {}, "credentials": []}, {}),
        (held(A), {"name": "Shop", "engine": "Generic", "expires_at": ""}, {}),
        (held(A), {"name": "New"}, {"name": "New"}),
        (held(A), {"expires_at": "2027-01-01 00:00:00"}, {"expires_at": "2027-01-01 00:00:00"}),
        (held(A, expires_at="2027-01-01 00:00:00"), {"expires_at": ""}, {"expires_at": ""}),
        (held(A, description="x"), {"description": "y"}, {"description": "y"}),
        (held(A, description=""), {"description": "y"}, {"description": "y"}),
        # Not told by this dialect, so it cannot be compared.
        (held(A, description=None), {"description": "y"}, {}),
    ],
)
def test_update(make_api: Any, work: Any, there: DsmSecret, options: Any, after: Any) -> None:
    api = make_api("api")
    api.secrets = [there]
    predicted = work(api, "secret", check_mode=True, identifier="shop", **options)
    assert api.calls == []
    result = work(api, "secret", identifier="shop", **options)
    assert predicted == result
    assert (result["changed"], result["diff"]["after"]) == (bool(after), after)
    assert [operation for operation, *_rest in api.calls] == (["secret.update"] if after else [])


def test_only_given_data_is_sent(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [held(A)]
    work(api, "secret", identifier="shop", name="New", key_value=A)
    assert api.calls[0][2].key_value == A
    work(api, "secret", identifier="shop", name="Newer")
    assert api.calls[1][2].flat() == ()


def test_the_application_of_a_secret(make_api: Any, work: Any) -> None:
    """rest takes it; the vendor's servers know no other than that of the client."""
    owner = {"application": "shop", "system": "web", "environment": "prod"}
    api = make_api("rest")
    result = work(api, "secret", identifier="shop", key_value=A, **owner)
    assert {name: result["secret"][name] for name in owner} == owner
    ((operation, _ref, model),) = api.calls
    assert (operation, model.application, model.system, model.environment) == ("secret.create", *owner.values())
    api.secrets = [held(A, **owner)]
    assert not work(api, "secret", identifier="shop", key_value=A, **owner)["changed"]
    moved = work(api, "secret", True, identifier="shop", **{**owner, "environment": "test"})
    assert moved["diff"] == {"before": {"environment": "prod"}, "after": {"environment": "test"}}
    for dialect in ("iso", "api"):
        api = make_api(dialect)
        with pytest.raises(Unsupported, match="cannot write application, environment, system"):
            work(api, "secret", True, identifier="shop", key_value=A, **owner)
        api.secrets = [held(A, **owner)]
        assert not work(api, "secret", identifier="shop", key_value=A, **owner)["changed"]


def test_two_values_under_one_name_are_refused_in_check_mode_too(make_api: Any, work: Any) -> None:
    accounts = [{"user": "app", "password": "s3cr3t-1"}, {"user": "app", "password": "s3cr3t-2"}]
    for check_mode in (True, False):
        api = make_api("rest")
        with pytest.raises(InvalidRequest, match="two values under the name PASSWORD") as caught:
            work(api, "secret", check_mode, identifier="shop", credentials=accounts)
        assert "s3cr3t" not in str(caught.value)
        assert api.calls == []
    assert work(make_api("api"), "secret", identifier="shop", credentials=accounts)["changed"]


def test_a_secret_that_is_gone_meanwhile_is_absent(make_api: Any, work: Any) -> None:
    api = make_api("rest")
    api.secrets = [held(A)]
    api.answers = {"secret.delete": NotFound("gone")}
    result = work(api, "secret", identifier="shop", state="absent")
    assert (result["changed"], result["diff"]) == (False, {"before": {}, "after": {}})


@pytest.mark.parametrize("check_mode", [True, False])
def test_absent(make_api: Any, work: Any, check_mode: bool) -> None:
    for dialect in ("iso", "api", "rest"):
        api = make_api(dialect)
        assert not work(api, "secret", check_mode, identifier="shop", state="absent")["changed"]
        api.secrets = [held(A)]
        if dialect == "rest":
            assert work(api, "secret", check_mode, identifier="shop", state="absent")["changed"]
            assert api.calls == ([] if check_mode else [("secret.delete", "shop", None)])
        else:
            with pytest.raises(Unsupported, match="expires_at"):
                work(api, "secret", check_mode, identifier="shop", state="absent")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"key_value": {"FLAG": True}}, "FLAG"),
        ({"key_value": {"RATIO": 1.10}}, "RATIO in key_value must be text: quote it"),
        ({"key_value": {"PORT": 5432}}, "PORT in key_value must be text: quote it"),
        ({"key_value": {"DAY": datetime.date(2026, 1, 2)}}, "key_value"),
        ({"credentials": [{"user": "a", "password": 12}]}, "option credentials.password must be text: quote it"),
        ({"credentials": [{"user": 7, "password": "x"}]}, "option credentials.user must be text: quote it"),
        ({"credentials": [{"user": "a", "host": 1.10}]}, "option credentials.host must be text: quote it"),
        ({"credentials": {"user": "a", "password": 1.5}}, "credentials"),
        (
            {"access_keys": [{"access_key_id": "a", "secret_access_key": True}]},
            "option access_keys.secret_access_key must be text: quote it",
        ),
        (
            {"access_keys": [{"access_key_id": "a", "secret_access_key": "x", "labels": {"access_key_id": 1}}]},
            "option access_keys.labels.access_key_id must be text: quote it",
        ),
        ({"key_value": {"MAP": {"s3cr3t": "s3cr3t"}}}, "MAP"),
        ({"key_value": {"LIST": ["s3cr3t"]}}, "LIST"),
        ({"key_value": {"NOTHING": None}}, "NOTHING"),
        ({"expires_at": "s3cr3t"}, "expires_at"),
        ({"expires_at": "2027-01-01"}, "expires_at"),
        ({"expires_at": "2027-01-01 00:00:00Z"}, "expires_at"),
        ({"expires_at": "2027-01-01 00:00:00\n"}, "expires_at"),
        ({"credentials": [{"password": "s3cr3t"}]}, "user"),
        ({"credentials": [{"user": "a", "passwd": "s3cr3t"}]}, "passwd"),
        ({"access_keys": [{"access_key_id": "s3cr3t"}]}, "secret_access_key"),
        ({"identifier": "a\nb"}, "identifier"),
    ],
)
def test_wrong_values_are_named_and_not_shown(make_api: Any, work: Any, options: Any, named: str) -> None:
    with pytest.raises(ConfigError) as error:
        work(make_api("api"), "secret", **{"identifier": "shop", **options})
    assert named in str(error.value)
    assert "s3cr3t" not in f"{error.value} {error.value.failure()}"


ON, OFF = (
    {"access_keys": 5, "credentials": 1440, "ephemeral_credentials": 60},
    dict.fromkeys(Renewal(0, 0, 0).public(), 0),
)


@pytest.mark.parametrize(
    ("there", "options", "sent"),
    [
        # A new one has none, so that both releases agree about what is left out.
        (None, {"renewal_minutes": {**ON, "credentials": 0}}, Renewal(5, 0, 60, "omit")),
        (None, {}, None),
        (held(A), {"renewal_minutes": ON}, Renewal(5, 1440, 60)),
        # Off already, as the server shows.
        (held(A, renewal=Renewal(5, 0, 60)), {"renewal_minutes": {**ON, "credentials": 0}}, Renewal(5, 0, 60, "omit")),
        (
            held(A, renewal=Renewal(5, 7, 60)),
            {"renewal_minutes": OFF, "renewal_off": "empty"},
            Renewal(0, 0, 0, "empty"),
        ),
        (held(A, renewal=Renewal(5, 7, 60)), {"renewal_minutes": OFF, "renewal_off": "omit"}, Renewal(0, 0, 0, "omit")),
        # Release 4.0 would switch off what is left out.
        (held(A, renewal=Renewal(5, 0, 60)), {}, Renewal(5, 0, 60, "omit")),
        (held(A, renewal=Renewal(0, 0, 0)), {}, None),
    ],
)
def test_renewal_is_never_switched_off_by_chance(
    make_api: Any, work: Any, there: DsmSecret | None, options: Any, sent: Renewal | None
) -> None:
    api = make_api("api")
    api.secrets = [there] if there else []
    work(api, "secret", identifier="shop", name="New", key_value=A, **options)
    renewal = api.calls[0][2].renewal
    assert renewal == sent
    assert (renewal.off if renewal and not all(renewal.public().values()) else "") == (
        sent.off if sent and not all(sent.public().values()) else ""
    )


@pytest.mark.parametrize("known", [None, Renewal(5, 7, 60)])
def test_how_renewal_is_switched_off_is_not_guessed(make_api: Any, work: Any, known: Renewal | None) -> None:
    api = make_api("iso")
    api.secrets = [held(A, renewal=known)]
    with pytest.raises(Refused, match="contradict each other") as caught:
        work(api, "secret", True, identifier="shop", renewal_minutes={**ON, "credentials": 0})
    assert caught.value.context.option == "renewal_off"
    with pytest.raises(ConfigError, match="0 or more"):
        work(api, "secret", True, identifier="shop", renewal_minutes={**ON, "credentials": -1})
    assert api.calls == []


def test_attributes_that_are_not_shown_are_written_when_asked_for(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [held(A)]
    options = {"identifier": "shop", "description": "d", "renewal_minutes": ON}
    assert not work(api, "secret", **options)["changed"]
    result = work(api, "secret", update_attributes="always", **options)
    assert result["diff"]["after"] == {"description": "(hidden)", "renewal_minutes": "(hidden)"}
    assert (result["secret"]["description"], result["secret"]["renewal_minutes"]) == ("d", ON)
    assert api.calls[0][2].renewal == Renewal(**ON)
    # Shown, and so compared.
    api.secrets = [held(A, description="d", renewal=Renewal(**ON))]
    assert not work(api, "secret", update_attributes="always", **options)["changed"]
    with pytest.raises(Unsupported, match="cannot write renewal"):
        work(make_api("rest"), "secret", True, identifier="shop", key_value=A, renewal_minutes=ON)
