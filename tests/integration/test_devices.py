# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: what the modules change and claim, and the inventory of them."""

from __future__ import annotations

from typing import Any

import pytest

COLLECTION = "community.senhasegura"
WEB03 = {"hostname": "web03", "ip": "192.0.2.12", "type": "Server", "vendor": "Debian", "model": "Debian 13"}
WEB03 |= {"site": "DC1", "tags": ["web", "linux"], "connectivities": ["SSH:2222"], "domains": ["corp.example"]}


def step(task: str, module: str, *, check: bool = False, **args: Any) -> Any:
    content = {"name": task, f"{COLLECTION}.{module}": args, "register": "last"}
    return {**content, **({"check_mode": True} if check else {})}


TASKS = [
    step("predict", "device", check=True, **WEB03),
    step("create", "device", **WEB03),
    step("again", "device", **{**WEB03, "hostname": "WEB03", "tags": ["linux", "web"]}),
    step("move", "device", hostname="web03", site="DC2"),
    step("its credential", "credential", identifier="web03-root", username="root", hostname="web03", ip="192.0.2.12"),
    step("predict disable", "device", check=True, hostname="web03", state="disabled"),
    step("disable", "device", hostname="web03", state="disabled"),
    step("disable again", "device", hostname="web03", state="disabled"),
    step("not listed", "credential_info", identifier="web03-root"),
    step("enable", "device", id="3", state="enabled"),
    step("enable again", "device", hostname="web03", state="enabled"),
    step("enable its credential", "credential", identifier="web03-root", state="enabled"),
    step("listed", "device_info", domain="corp.example"),
]


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_modules(server: Any, run_play: Any) -> None:
    """The guide has none of these calls, and 3.32 other paths alone, which unit tests hold."""
    server.control.settings(domains=["corp.example"])
    run = run_play(server, TASKS, "--diff")
    assert run.rc == 0, run
    assert {entry["task"]: entry["result"]["changed"] for entry in run.results} == {
        "predict": True,
        "create": True,
        "again": False,
        "move": True,
        "its credential": True,
        "predict disable": True,
        "disable": True,
        "disable again": False,
        "not listed": False,
        "enable": True,
        "enable again": False,
        # What the warning says.
        "enable its credential": True,
        "listed": False,
    }
    assert run["predict"]["diff"] == run["create"]["diff"]
    assert run["create"]["device"]["id"] == "3"
    assert run["move"]["diff"] == {"before": {"site": "DC1"}, "after": {"site": "DC2"}}
    (lost,) = run["disable"]["suspended_credentials"]
    assert lost["identifier"] == "web03-root"
    assert run["predict disable"]["suspended_credentials"] == [lost]
    assert "(1 listed: web03-root), and enabling the device does not bring them back" in run["disable"]["warnings"][0]
    assert "stay so" in run["enable"]["warnings"][0]
    assert run["not listed"]["credentials"] == []
    (shown,) = run["listed"]["devices"]
    assert shown == {**WEB03, "id": "3", "site": "DC2", "session_remote_config": ""}
