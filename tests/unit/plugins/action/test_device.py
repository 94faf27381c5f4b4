# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: what is compared, what an update must not lose, and what goes with a device that is disabled."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device
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
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    Stored,
)

HELD = Device(
    "14", "Web01", "192.0.2.10", "Server", "Debian", "Debian 13", "DC1", ("b", "a"), ("corp",), ("SSH:22",), "x"
)
NEW = {"hostname": "new", "ip": "192.0.2.9", "type": "Server", "vendor": "V", "model": "M", "site": "S"}
ENTRIES = [
    CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User"),
    CredentialInfo("2", None, "deploy", "WEB01", "192.0.2.10", SSH_KEY_TYPE),
    CredentialInfo("3", "other", "root", "web02", "192.0.2.11", "Local User"),
    # Its address is the name of the device.
    CredentialInfo("4", "by-address", "root", "web03", "Web01", "Local User"),
]
SUSPENDED = [
    {"id": "1", "identifier": "web-root", "username": "root", "type": "Local User"},
    {"id": "2", "identifier": None, "username": "deploy", "type": SSH_KEY_TYPE},
]


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api", entries=ENTRIES)
    made.devices = [HELD, Device("15", "api test", "192.0.2.11", "Router", "V", "M", "S")]
    return made


def test_create(api: Any, work: Any) -> None:
    options = {**NEW, "tags": ["x"], "domains": []}
    predicted = work(api, "device", True, **options)
    assert api.calls == []
    assert predicted["device"]["id"] is None
    result = work(api, "device", **options)
    assert predicted["diff"] == result["diff"] == {"before": {}, "after": {**NEW, "tags": ["x"], "domains": []}}
    assert (result["device"]["id"], result["warnings"]) == ("77", [])
    ((operation, _ref, model),) = api.calls
    assert (operation, model.tags, model.domains, model.connectivities) == ("device.create", ("x",), (), None)


@pytest.mark.parametrize("missing", ["ip", "type", "vendor", "model", "site"])
def test_a_new_device_must_be_complete(api: Any, work: Any, missing: str) -> None:
    with pytest.raises(ConfigError, match=f"device new is not complete: {missing} must be set") as caught:
        work(api, "device", True, **{**NEW, missing: None})
    assert caught.value.context.option == missing
    assert api.calls == []


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({}, {}),
        ({"tags": ["a", "b"], "connectivities": ["SSH:22"], "site": "DC1", "session_remote_config": "x"}, {}),
        ({"site": "DC2"}, {"site": "DC2"}),
        ({"tags": []}, {"tags": []}),
        ({"domains": ["corp", "lab"]}, {"domains": ["corp", "lab"]}),
        ({"session_remote_config": ""}, {"session_remote_config": ""}),
        ({"id": "14", "ip": "192.0.2.77"}, {"ip": "192.0.2.77"}),
    ],
)
def test_update(api: Any, work: Any, options: Any, after: Any) -> None:
    # The case of a host name does not count, and the server gets it as it knows it.
    options = {"hostname": "web01", **options}
    assert work(api, "device", True, **options)["diff"]["after"] == after
    assert api.calls == []
    result = work(api, "device", **options)
    assert (result["changed"], result["diff"]["after"], result["device"]["id"]) == (bool(after), after, "14")
    if after:
        ((operation, ref, model),) = api.calls
        assert (operation, ref, model.hostname, model.vendor) == ("device.update", "14", "Web01", "Debian")
        assert model.connectivities == ("SSH:22",)
        assert model.tags == (() if "tags" in after else ("b", "a"))
        assert model.session_remote_config == after.get("session_remote_config", "x")


def test_the_same_address_in_another_form(api: Any, work: Any) -> None:
    api.devices = [Device("16", "six", "2001:db8::1", "Server", "V", "M", "S", (), (), (), "")]
    assert not work(api, "device", hostname="six", ip="2001:0db8:0::1")["changed"]
    # What is empty is not sent, since nobody knows whether that clears a field.
    assert work(api, "device", hostname="six", site="T")["changed"]
    model = api.calls[0][2]
    assert (model.tags, model.domains, model.session_remote_config) == (None, None, None)


def test_another_device_was_written(api: Any, work: Any) -> None:
    api.answers["device.update"] = Stored("15")
    with pytest.raises(UnexpectedResponse, match="the server wrote device 15 instead of 14"):
        work(api, "device", hostname="Web01", site="DC2")


def test_another_device_was_read(api: Any, work: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(api, "_found", lambda _found: api.devices[1])
    with pytest.raises(UnexpectedResponse, match="the answer is about device 15 instead of 14"):
        work(api, "device", hostname="Web01")


def test_an_inactive_device_was_updated(api: Any, work: Any) -> None:
    api.answers["device.create"] = Stored("9", updated=True)
    (warning,) = work(api, "device", **NEW)["warnings"]
    assert "it is inactive (state=enabled activates it)" in warning


@pytest.mark.parametrize("state", ["disabled", "absent"])
def test_disable_tells_what_goes_with_it(api: Any, work: Any, state: str) -> None:
    predicted = work(api, "device", True, hostname="web01", state=state)
    assert api.calls == []
    result = work(api, "device", hostname="web01", state=state)
    assert api.calls == [("device.disable", "14", None)]
    assert predicted == result
    assert result["suspended_credentials"] == SUSPENDED
    assert result["changed"]
    assert (result["device"]["id"], result["device"]["hostname"], result["device"]["site"]) == ("14", "Web01", "DC1")
    (warning,) = result["warnings"]
    assert "(2 listed: web-root, deploy (id 2))" in warning
    assert "enabling the device does not bring them back" in warning


def test_many_credentials_make_no_long_warning(api: Any, work: Any) -> None:
    api.entries = [CredentialInfo(str(n), f"c{n}", "root", "web01") for n in range(300)]
    result = work(api, "device", True, hostname="web01", state="absent")
    assert "(300 listed: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, ...)" in result["warnings"][0]
    assert len(result["suspended_credentials"]) == 300


@pytest.mark.parametrize(("state", "warned"), [("disabled", True), ("absent", False)])
@pytest.mark.parametrize("problem", [NotFound("x"), NoRoute("x"), InvalidRequest("x")])
def test_disable_what_is_not_listed(api: Any, work: Any, state: str, warned: bool, problem: Exception) -> None:
    api.answers["device.disable"] = problem
    assert not work(api, "device", True, hostname="gone", state=state)["changed"]
    result = work(api, "device", hostname="gone", state=state)
    assert (result["changed"], result["suspended_credentials"]) == (False, [])
    assert [("not in the list" in text) for text in result["warnings"]] == [True] * warned
    # An error of another kind is one, and so is one about an id, which every server takes.
    api.answers["device.disable"] = Denied("x")
    with pytest.raises(Denied):
        work(api, "device", hostname="gone", state=state)
    api.answers["device.disable"] = InvalidRequest("x")
    with pytest.raises(InvalidRequest):
        work(api, "device", id="99", state=state)


def test_a_name_that_cannot_be_in_a_path_is_not_sent(api: Any, work: Any) -> None:
    assert not work(api, "device", hostname="not there", state="absent")["changed"]
    with pytest.raises(NotFound, match="device not there is not in the list"):
        work(api, "device", hostname="not there", state="enabled")
    assert api.calls == []
    # Listed with such a name, it has an id.
    assert work(api, "device", hostname="API test", state="absent")["changed"]
    assert api.calls == [("device.disable", "15", None)]


def test_enable(api: Any, work: Any) -> None:
    assert not work(api, "device", True, hostname="web01", state="enabled")["changed"]
    predicted = work(api, "device", True, id="99", state="enabled")
    assert api.calls == []
    result = work(api, "device", id="99", state="enabled")
    assert (predicted["changed"], predicted["warnings"]) == (result["changed"], result["warnings"])
    assert "credentials and SSH keys that were suspended with device 99 stay so" in result["warnings"][0]
    assert "suspended_credentials" not in result
    assert api.calls == [("device.enable", "99", None)]
    already = AlreadyDone("x", context=Context(code=1044))
    api.answers["device.enable"] = already
    result = work(api, "device", hostname="web01", state="enabled")
    assert (result["changed"], result["warnings"]) == (False, [])
    api.answers["device.enable"] = NotFound("x")
    with pytest.raises(NotFound):
        work(api, "device", id="99", state="enabled")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, ConfigError),
        ({"id": "x", "hostname": "web01"}, ConfigError),
        ({"id": "14"}, ConfigError),
        ({"id": "99", **NEW}, NotFound),
        ({"id": "14", "hostname": "web02"}, Refused),
        ({"id": "14", "hostname": "web02", "state": "absent"}, Refused),
        ({"hostname": "web01", "tags": ["a,b"]}, ConfigError),
        ({"hostname": "web01", "connectivities": ["SSH:22,RDP:3389"]}, ConfigError),
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any, kind: Any) -> None:
    with pytest.raises(kind):
        work(api, "device", **options)
    assert api.calls == []


def test_host_names_that_differ_in_their_case(api: Any, work: Any) -> None:
    api.devices.append(Device("17", "WEB01", "192.0.2.12", "Server", "V", "M", "S"))
    assert work(api, "device", True, hostname="WEB01", site="T")["device"]["id"] == "17"
    with pytest.raises(InvalidRequest, match="the ids 14, 17"):
        work(api, "device", True, hostname="web01")
    assert work(api, "device", True, id="14", hostname="web01")["device"]["id"] == "14"


@pytest.mark.parametrize(
    ("options", "ids", "reads"),
    [
        ({}, ["14", "15"], 0),
        ({"id": "15"}, ["15"], 0),
        ({"hostname": "WEB01"}, ["14"], 0),
        ({"ip": "192.0.2.11"}, ["15"], 0),
        ({"type": "Server", "tags": ["a"]}, ["14"], 0),
        ({"tags": ["a", "c"]}, [], 0),
        ({"site": "dc1"}, [], 0),
        ({"domain": "corp"}, ["14"], 2),
        ({"domain": "corp", "vendor": "V"}, [], 1),
        ({"details": True, "model": "M"}, ["15"], 1),
    ],
)
def test_list(api: Any, work: Any, options: Any, ids: list[str], reads: int) -> None:
    result = work(api, "device_info", True, **options)
    assert [device["id"] for device in result["devices"]] == ids
    assert api.operations == ["device.list", *["device.read"] * reads]
    shown = [device["connectivities"] is not None for device in result["devices"]]
    assert shown == [bool(reads) and device["id"] == "14" for device in result["devices"]]


@pytest.mark.parametrize("module", ["device", "device_info"])
def test_the_guide_has_none(make_api: Any, work: Any, module: str) -> None:
    with pytest.raises(Unsupported, match="no call for device.list"):
        work(make_api("rest"), module, hostname="x")
