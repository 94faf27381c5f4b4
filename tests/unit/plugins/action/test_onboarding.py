# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Onboarding: how few requests it makes, what it leaves alone, and what one failure does to the others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    Context,
    Denied,
    InvalidRequest,
    NotFound,
    ResponseLost,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Stored,
)

NEW = {"type": "Server", "vendor": "Debian", "model": "Debian 13", "site": "DC1"}
INACTIVE = AlreadyDone("x", context=Context(code=1008))


def device(number: int, **more: Any) -> dict[str, Any]:
    return {"hostname": f"web{number:02}", "ip": f"192.0.2.{number}", **NEW, **more}


def root(number: int, **more: Any) -> dict[str, Any]:
    return {"identifier": f"web{number:02}-root", "username": "root", "hostname": f"web{number:02}", **more}


def hosts(*numbers: int) -> dict[str, Any]:
    return {"devices": [device(n) for n in numbers], "credentials": [root(n) for n in numbers]}


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.answers["device.create"] = Stored("5", updated=False)
    return made


def writes(api: Any) -> list[tuple[str, str]]:
    """What was written, and where."""
    return [(operation, model.hostname if model else ref) for operation, ref, model in api.calls]


def test_two_lists_and_two_requests_for_each_new_host(api: Any, work: Any) -> None:
    options = hosts(*range(1, 41))
    predicted = work(api, "onboarding", True, **options)
    assert api.operations == ["device.list", "credential.list"]
    result = work(api, "onboarding", **options)
    assert api.operations[2:4] == ["device.list", "credential.list"]
    assert api.operations[4:] == ["device.create", "credential.create"] * 40
    assert [name for _call, name in writes(api)][:4] == ["web01", "web01", "web02", "web02"]
    # The address of a credential is that of its device.
    assert api.calls[1][2].ip == "192.0.2.1"
    assert result["created"] == predicted["created"]
    assert result["created"]["credentials"][0] == "web01-root (root@web01)"
    assert (result["changed"], predicted["changed"], result["failures"]) == (True, True, [])
    assert result["diff"] == predicted["diff"] == {"before": {}, "after": result["created"]}


def test_what_is_there_is_left_alone_and_asked_for_by_lists_alone(api: Any, work: Any) -> None:
    api.devices = [Device("1", "WEB01", "192.0.2.1", "Server", "Debian", "Debian 13", "DC1")]
    api.entries = [CredentialInfo("1", "web01-root", "root", "WEB01", "192.0.2.1", "Local User", False)]
    result = work(api, "onboarding", **hosts(1))
    assert (result["changed"], result["present"]) == (False, {"devices": 1, "credentials": 1})
    assert (result["warnings"], result["differing"], result["diff"]["after"]) == ([], [], {})
    assert api.operations == ["device.list", "credential.list"]
    options = {"devices": [device(1, site="DC2", tags=["a"])], "credentials": [root(1, type="Other", password="p")]}
    result = work(api, "onboarding", **options)
    assert api.calls == []
    assert not result["changed"]
    assert result["differing"] == [
        {
            "object": "device",
            "name": "web01",
            "given": {"site": "DC2", "tags": ["a"]},
            "listed": {"site": "DC1", "tags": []},
        },
        {
            "object": "credential",
            "name": "web01-root (root@web01)",
            "given": {"type": "Other"},
            "listed": {"type": "Local User"},
        },
    ]
    assert "left as they are: web01 (site, tags), web01-root (root@web01) (type)" in result["warnings"][0]


def test_it_goes_on_where_it_was_killed(api: Any, work: Any) -> None:
    """Between the device and the credential of web02. The credential is on a device that this run has not made."""
    api.devices = [Device(str(n), f"web{n:02}", f"192.0.2.{n}", *NEW.values()) for n in (1, 2)]
    api.entries = [CredentialInfo("1", "web01-root", "root", "web01", "192.0.2.1", "Local User")]
    assert work(api, "onboarding", **hosts(1, 2, 3))["changed"]
    assert writes(api) == [
        ("credential.release", "root@web02"),
        ("credential.create", "web02"),
        ("device.create", "web03"),
        ("credential.create", "web03"),
    ]


def test_an_inactive_device_gets_no_credentials(api: Any, work: Any) -> None:
    api.answers["device.create"] = Stored("5", updated=True)
    result = work(api, "onboarding", **hosts(1))
    assert writes(api) == [("device.create", "web01")]
    assert result["failed"]
    assert "it is inactive" in result["failures"][0]["message"]
    assert result["failure"]["kind"] == "refused"


def test_an_inactive_credential_is_not_overwritten(api: Any, work: Any) -> None:
    api.devices = [Device("1", "web01", "192.0.2.1", *NEW.values())]
    api.answers["credential.release"] = INACTIVE
    result = work(api, "onboarding", credentials=[root(1, password="p")])
    assert writes(api) == [("credential.release", "root@web01")]
    assert "is there and inactive, so that nothing was written" in result["msg"]


def test_no_custody_is_given_back_of_what_is_listed(api: Any, work: Any) -> None:
    """Of the same user on this host, with another address."""
    api.devices = [Device("1", "web01", "192.0.2.1", *NEW.values())]
    api.entries = [CredentialInfo("9", "other", "root", "web01", "198.51.100.1", "Local User")]
    assert work(api, "onboarding", credentials=[root(1)])["changed"]
    assert writes(api) == [("credential.create", "web01")]


def test_names_are_sent_as_the_vault_has_them(api: Any, work: Any) -> None:
    api.devices = [Device("1", "Web01", "192.0.2.1", *NEW.values())]
    work(api, "onboarding", credentials=[root(1)])
    assert (api.calls[-1][2].hostname, api.calls[-1][2].ip) == ("Web01", "192.0.2.1")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"devices": [device(1), device(1, hostname="WEB01")]}, "devices has WEB01 twice"),
        (
            {"credentials": [root(1), root(2, identifier="web01-root")]},
            r"credentials has web01-root \(root@web02\) twice",
        ),
        ({"credentials": [root(1), root(1, identifier="b")]}, r"credentials has b \(root@web01\) twice"),
        ({"devices": [{"ip": "192.0.2.1"}]}, "hostname"),
        ({"credentials": [root(1, pass_word="p")]}, "pass_word"),
    ],
)
def test_nothing_is_asked_for_with_wrong_options(api: Any, work: Any, options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        work(api, "onboarding", **options)
    assert api.operations == []


def test_one_that_cannot_be_created_does_not_stop_the_others(api: Any, work: Any) -> None:
    options = hosts(1, 2, 3)
    del options["devices"][0]["site"]
    options["devices"][1]["tags"] = ["a,b"]
    options["credentials"].append({"username": "app", "hostname": "nowhere"})
    predicted = work(api, "onboarding", True, **options)
    result = work(api, "onboarding", **options)
    assert writes(api) == [("device.create", "web03"), ("credential.create", "web03")]
    assert predicted["failures"] == result["failures"]
    assert [(one["object"], one["name"]) for one in result["failures"]] == [
        ("device", "web01"),
        ("device", "web02"),
        ("credential", "app@nowhere"),
    ]
    assert "device web01 is not complete: site must be set" in result["msg"]
    assert "and 2 more" in result["msg"]
    assert (result["failed"], result["changed"]) == (True, True)


def test_refusals_of_the_server_are_noted(api: Any, work: Any) -> None:
    api.answers["credential.create"] = InvalidRequest("1053: wrong identifier")
    result = work(api, "onboarding", **hosts(1, 2))
    assert [one["name"] for one in result["failures"]] == ["web01-root (root@web01)", "web02-root (root@web02)"]
    assert result["created"] == {"devices": ["web01", "web02"], "credentials": []}


@pytest.mark.parametrize(
    ("error", "tried"),
    [
        (AuthenticationFailed("x"), 1),
        (ConnectionFailed("x"), 1),
        # A client that may not write: each is refused.
        (Denied("x"), 5),
        (ResponseLost("x"), 5),
    ],
)
def test_it_stops_where_the_next_one_would_fail_too(api: Any, work: Any, error: Exception, tried: int) -> None:
    api.answers["device.create"] = error
    result = work(api, "onboarding", **hosts(*range(1, 21)))
    assert len(api.calls) == len(result["failures"]) == tried
    assert f"{20 - tried} hosts were not tried after that" in result["msg"]


def test_an_ssh_key_of_the_account(api: Any, work: Any) -> None:
    api.devices = [Device("1", "web01", "192.0.2.1", *NEW.values())]
    api.entries = [CredentialInfo("1", "key", "root", "web01", "192.0.2.1", SSH_KEY_TYPE)]
    assert "allow_shared_account=true" in work(api, "onboarding", credentials=[root(1)])["msg"]
    assert work(api, "onboarding", credentials=[root(1)], allow_shared_account=True)["changed"]


def test_a_credential_that_was_there_unlisted_is_told(api: Any, work: Any) -> None:
    api.answers["credential.create"] = Stored("7", updated=True)
    assert "which it does not list" in work(api, "onboarding", **hosts(1))["warnings"][0]


def test_the_guide_takes_credentials_alone(make_api: Any, work: Any) -> None:
    rest = make_api("rest")
    assert work(rest, "onboarding", credentials=[root(1, ip="192.0.2.1")])["changed"]
    with pytest.raises(Unsupported):
        work(rest, "onboarding", **hosts(2))


def test_an_error_of_the_lists_is_one_of_the_task(api: Any, work: Any) -> None:
    api.error = NotFound("x")
    with pytest.raises(NotFound):
        work(api, "onboarding", **hosts(1))
