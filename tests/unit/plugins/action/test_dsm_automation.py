# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM automations: what can be compared, and what an update must not lose."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import Automation
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    UnexpectedResponse,
    Unsupported,
)

HELD = Automation("3", "restart", ("b", "a"), "SSH", "t", ("shop",), ("db",), ("web01",))
DEVICE = {"hostname": "web01", "credential": "deploy"}


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.listed = [HELD]
    return made


def test_create(api: Any, work: Any) -> None:
    options = {"name": "new", "triggers": ["When a secret is updated"], "enabled": True, "devices": [DEVICE]}
    predicted = work(api, "dsm_automation", True, **options)
    assert api.calls == []
    result = work(api, "dsm_automation", **options)
    assert predicted["diff"] == result["diff"]
    assert result["diff"]["after"] == {
        "name": "new",
        "devices": ["web01"],
        "triggers": "(hidden)",
        "enabled": "(hidden)",
    }
    assert result["automation"]["id"] == "77"
    ((operation, _ref, model),) = api.calls
    assert (operation, model.devices, model.enabled) == ("automation.create", (DEVICE,), True)


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({}, {}),
        ({"tags": ["a", "b"], "plugin": "SSH", "secrets": ["db"], "devices": [DEVICE]}, {}),
        ({"enabled": False, "description": "d"}, {}),
        ({"enabled": False, "update_attributes": "always"}, {"enabled": "(hidden)"}),
        ({"template": "u"}, {"template": "u"}),
        ({"tags": []}, {"tags": []}),
        ({"id": "3", "name": "renamed"}, {"name": "renamed"}),
    ],
)
def test_update(api: Any, work: Any, options: Any, after: Any) -> None:
    options = {"name": "restart", **options}
    assert work(api, "dsm_automation", True, **options)["diff"]["after"] == after
    assert api.calls == []
    result = work(api, "dsm_automation", **options)
    assert (result["changed"], result["diff"]["after"]) == (bool(after), after)
    if after:
        ((operation, ref, model),) = api.calls
        assert (operation, ref) == ("automation.update", "3")
        # All that is known is sent, but for devices without their credentials.
        assert (model.applications, model.secrets) == (("shop",), ("db",))
        assert model.devices is None
        assert model.tags == (() if "tags" in after else ("b", "a"))


def test_lost_devices_are_told(api: Any, work: Any) -> None:
    class Forgetful(type(api)):  # type: ignore[misc]
        def call(self, operation: Any, **more: Any) -> Any:
            result = super().call(operation, **more)
            if operation.name == "automation.update":
                self.listed = [Automation("3", "restart")]
            return result

    api.__class__ = Forgetful
    with pytest.raises(UnexpectedResponse, match="did not keep the devices of automation restart: web01"):
        work(api, "dsm_automation", name="restart", template="u")


def test_delete(api: Any, work: Any) -> None:
    for options in ({"name": "restart"}, {"id": "3"}):
        assert work(api, "dsm_automation", True, state="absent", **options)["changed"]
    assert api.calls == []
    assert work(api, "dsm_automation", state="absent", name="restart")["changed"]
    assert api.calls == [("automation.delete", "3", None)]
    assert not work(api, "dsm_automation", state="absent", name="other")["changed"]


def test_names_are_not_unique(api: Any, work: Any) -> None:
    api.listed.append(Automation("4", "restart"))
    with pytest.raises(InvalidRequest, match="the ids 3, 4"):
        work(api, "dsm_automation", True, name="restart")
    assert not work(api, "dsm_automation", id="4", name="restart")["changed"]
    assert len(work(api, "dsm_automation_info", name="restart")["automations"]) == 2
    assert work(api, "dsm_automation_info", id="3")["automations"] == [HELD.public()]
    assert work(api, "dsm_automation_info", id="9")["automations"] == []


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"id": "9", "name": "x"}, NotFound),
        ({"id": "x", "name": "x"}, ConfigError),
        ({"id": "3"}, ConfigError),
        ({"name": "x", "tags": ["a,b"]}, ConfigError),
        ({"name": "x", "triggers": ["Always"]}, ConfigError),
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any, kind: Any) -> None:
    with pytest.raises(kind):
        work(api, "dsm_automation", True, **options)


@pytest.mark.parametrize("module", ["dsm_automation", "dsm_automation_info"])
def test_the_guide_has_none(make_api: Any, work: Any, module: str) -> None:
    with pytest.raises(Unsupported, match="no call for automation.list"):
        work(make_api("rest"), module, name="x")
