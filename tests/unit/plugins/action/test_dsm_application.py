# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM applications: what is known of them, what is written, and what a task claims."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import DsmApplication, DsmAuthorization
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, Refused, Unsupported

OWN = DsmApplication("shop", "web", "prod", "The shop", ("b", "a"), ("shop-db",))
NAMES = {"application": "shop", "system": "web", "environment": "prod"}
OTHER = {**NAMES, "application": "billing"}
ONLY_NEW = {
    "authorized_resources": ["Application"],
    "expires_at": "2027-01-01 00:00:00",
    "encryption_enabled": True,
    "allowed_ips": ["192.0.2.1"],
    "allowed_http_referers": ["x"],
    "certificate_fingerprint": "AA",
}


def found(application_made: bool | None, authorization_made: bool | None) -> DsmAuthorization:
    return DsmAuthorization("id-1", "secret-1", application_made, authorization_made)


@pytest.fixture
def own(make_api: Any) -> Any:
    api = make_api("api")
    api.own = OWN
    return api


@pytest.mark.parametrize(
    ("options", "after", "sent"),
    [
        ({}, {}, None),
        ({"description": "The shop", "tags": ["a", "b"]}, {}, None),
        ({"description": "New"}, {"description": "New"}, {"description": "New"}),
        ({"tags": ["a"]}, {"tags": ["a"]}, {"tags": ("a",)}),
        ({"line_of_business": "retail"}, {}, None),
        (
            {"line_of_business": "retail", "update_attributes": "always"},
            {"line_of_business": "(hidden)"},
            {"line_of_business": "retail"},
        ),
    ],
)
def test_the_application_of_the_client_is_compared(own: Any, work: Any, options: Any, after: Any, sent: Any) -> None:
    own.answers["application.create"] = found(False, False)
    predicted = work(own, "dsm_application", True, **NAMES, **options)
    assert own.calls == []
    result = work(own, "dsm_application", **NAMES, **options)
    assert (predicted["changed"], predicted["diff"]) == (result["changed"], result["diff"])
    assert (result["changed"], result["diff"]["after"]) == (bool(after), after)
    assert result["warnings"] == []
    if sent is None:
        assert own.calls == []
        assert result["authorization"] is None
        assert "_ansible_no_log" not in result
    else:
        ((_operation, _ref, model),) = own.calls
        assert {name: getattr(model, name) for name in sent} == sent
        assert result["authorization"] == {"client_id": "id-1", "client_secret": "secret-1"}
        assert result["_ansible_no_log"]


def test_options_that_count_for_something_new_only_warn_and_are_no_change(own: Any, work: Any) -> None:
    result = work(own, "dsm_application", **NAMES, **ONLY_NEW, authentication_method="OAuth 2.0")
    assert not result["changed"]
    assert own.calls == []
    application, authorization = result["warnings"]
    assert "authentication_method" in application
    assert all(name in authorization for name in ONLY_NEW)


@pytest.mark.parametrize(
    ("reply", "options", "changed", "writes", "warned"),
    [
        (found(True, True), {}, True, 1, 0),
        (found(True, True), {"description": "d", **ONLY_NEW}, True, 2, 0),
        (found(False, True), {"description": "d", **ONLY_NEW}, True, 1, 0),
        (found(False, True), {"authentication_method": "OAuth 2.0"}, True, 1, 1),
        (found(False, False), {}, False, 1, 0),
        (found(False, False), {"description": "d", "tags": ["x"]}, False, 1, 0),
        (found(False, False), {"description": "d", "update_attributes": "always"}, True, 2, 0),
        (found(False, False), ONLY_NEW, False, 1, 1),
        # Words that nobody knows.
        (found(None, None), {"description": "d"}, True, 2, 1),
    ],
)
def test_another_application_is_made_or_found_by_its_names_alone(
    own: Any, work: Any, reply: Any, options: Any, changed: bool, writes: int, warned: int
) -> None:
    own.answers["application.create"] = reply
    assert work(own, "dsm_application", True, **OTHER, **options)["changed"]
    assert own.calls == []
    result = work(own, "dsm_application", **OTHER, **options)
    assert (result["changed"], len(own.calls), len(result["warnings"])) == (changed, writes, warned)
    assert result["authorization"] == {"client_id": "id-1", "client_secret": "secret-1"}
    first = own.calls[0][2]
    assert first.description is None
    assert first.encryption_enabled == options.get("encryption_enabled")
    if writes == 2:
        second = own.calls[1][2]
        assert (second.description, second.encryption_enabled, second.allowed_ips) == ("d", None, None)


def test_a_client_without_application_may_make_one(make_api: Any, work: Any) -> None:
    api = make_api("iso")
    api.answers["application.create"] = found(True, True)
    assert work(api, "dsm_application", application="shop", unique_key="k")["changed"]
    assert api.calls[0][2].unique_key == "k"
    assert work(api, "dsm_application_info") == {"changed": False, "application": None}


def test_a_unique_key_may_stand_for_another_authorization(own: Any, work: Any) -> None:
    own.answers["application.create"] = found(False, True)
    assert work(own, "dsm_application", **NAMES, unique_key="k")["changed"]


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"application": "shop", "system": "web"}, "environment"),
        ({"application": "shop"}, "system"),
        ({**NAMES, "expires_at": "soon"}, "expires_at"),
    ],
)
def test_wrong_options(own: Any, work: Any, options: Any, option: str) -> None:
    with pytest.raises(ConfigError) as caught:
        work(own, "dsm_application", True, **options)
    assert caught.value.context.option == option


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (NAMES, "may remove all secrets"),
        ({**OTHER, "allow_deprovision": True}, "belongs to shop / web / prod"),
        ({**NAMES, "environment": "test", "allow_deprovision": True}, "belongs to shop / web / prod"),
    ],
)
def test_an_authorization_is_not_deactivated_by_chance(own: Any, work: Any, options: Any, said: str) -> None:
    for check_mode in (True, False):
        with pytest.raises(Refused, match=said):
            work(own, "dsm_application", check_mode, state="absent", **options)
    assert own.calls == []


def test_the_authorization_of_the_client_is_deactivated(own: Any, work: Any) -> None:
    options = {"state": "absent", "application": "shop", "allow_deprovision": True}
    predicted = work(own, "dsm_application", True, **options)
    assert own.calls == []
    assert work(own, "dsm_application", **options) == predicted
    assert predicted["diff"] == {"before": {"active": True}, "after": {"active": False}}
    assert own.calls == [("application.disable", "", None)]
    own.own = None
    with pytest.raises(Refused, match="belongs to none"):
        work(own, "dsm_application", **options)


def test_what_is_shown(own: Any, work: Any) -> None:
    assert work(own, "dsm_application_info")["application"] == {
        "name": "shop",
        "system": "web",
        "environment": "prod",
        "description": "The shop",
        "tags": ["b", "a"],
        "secrets": ["shop-db"],
    }


@pytest.mark.parametrize("module", ["dsm_application", "dsm_application_info"])
def test_the_guide_has_no_applications(make_api: Any, work: Any, module: str) -> None:
    options = NAMES if module == "dsm_application" else {}
    with pytest.raises(Unsupported, match="no call for application.read") as caught:
        work(make_api("rest"), module, **options)
    assert "dialect api or iso" in caught.value.hint
