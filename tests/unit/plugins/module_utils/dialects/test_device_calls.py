# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the calls for devices send, and what they make of the documented samples (http-api.md 3.3)."""

from __future__ import annotations

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.device_models import Device, DeviceWrite
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import device_calls
from ansible_collections.community.senhasegura.plugins.module_utils.models import Stored

SHOWN = {"id": "14", "hostname": "web01", "ip": "192.0.2.10", "model": "Ubuntu", "type": "Server"}
SHOWN |= {"vendor": "Canonical", "site": "DC1"}
LISTED = Device("14", "web01", "192.0.2.10", "Server", "Canonical", "Ubuntu", "DC1", ("prod", "web"))


@pytest.mark.parametrize("tags", ["prod,web", " prod , web,", ["prod", "web"]])
def test_list(tags: object) -> None:
    assert device_calls.decode_devices({"devices": [{**SHOWN, "tags": tags}]}, str) == (LISTED,)
    assert device_calls.decode_devices({"devices": [{**SHOWN, "tags": ""}]}, str)[0].tags == ()
    assert device_calls.decode_devices({"devices": []}, str) == ()


def test_one() -> None:
    more = {"device_domain": "corp.example,lab", "connectivities": "HTTP:80, SSH:22", "session_remote_config": ""}
    found = device_calls.decode_device({"device": {**SHOWN, **more, "device_tags": "prod,web"}}, str)
    assert (found.domains, found.connectivities) == (("corp.example", "lab"), ("HTTP:80", "SSH:22"))
    assert (found.session_remote_config, found.tags) == ("", ("prod", "web"))
    assert found.public()["domains"] == ["corp.example", "lab"]


def test_write() -> None:
    model = DeviceWrite("h", "i", "t", "v", "m", "s", ("a", "b"), ("c", "d"), ("SSH:22", "RDP:3389"), "x")
    assert device_calls.encode_device(model) == {
        "hostname": "h",
        "ip": "i",
        "type": "t",
        "vendor": "v",
        "model": "m",
        "site": "s",
        "device_tags": "a,b",
        "device_domain": "c,d",
        "connectivities": "SSH:22,RDP:3389",
        "session_remote_config": "x",
    }
    assert device_calls.encode_device(DeviceWrite("h", tags=())) == {"hostname": "h", "device_tags": ""}


@pytest.mark.parametrize(
    ("message", "updated"), [("Device successfully registered!", False), ("Device updated successfully!", True)]
)
def test_receipt(message: str, updated: bool) -> None:
    document = {"response": {"message": message}, "device": {"id": "14"}}
    assert device_calls.decode_stored_device(document, str) == Stored("14", updated=updated)
    assert device_calls.decode_stored_device({"response": {"message": message}}, str).id == ""
