# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices: what the modules change and claim, and the inventory of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from bench.inventory import broken, compare

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


HOSTILE = "{{ lookup('pipe', 'touch owned') }}"
SECRETS = {"web01-ansible": "Canary-'\"{{ 6 * 7 }}é-77c1", "demo": "demo-secret-0123456789abcdef"}
SEED = {
    "clients": [{"client_id": "demo", "client_secret": SECRETS["demo"]}],
    "devices": [
        {
            **dict.fromkeys(("type", "vendor", "model"), "x"),
            "site": site,
            "hostname": name,
            "ip": ip,
            "device_tags": tags,
        }
        for name, ip, site, tags in (
            ("web01", "192.0.2.10", "DC1", "web,linux"),
            ("web02", "192.0.2.11", "DC2", HOSTILE.replace(",", "")),
            (HOSTILE, "192.0.2.12", HOSTILE, ""),
        )
    ],
    "credentials": [
        {
            "identifier": "web01-ansible",
            "username": "ansible",
            "hostname": "web01",
            "password": SECRETS["web01-ansible"],
        },
        {"identifier": "web01-root", "username": "root", "hostname": "web01", "password": "Canary-root-51aa"},
        {"identifier": "hostile", "username": HOSTILE, "hostname": HOSTILE, "password": "Canary-hostile-51aa"},
    ],
    "keys": [
        {"identifier": "k", "username": "deploy", "hostname": "web02", "generate": "ed25519", "devices": ["web02"]}
    ],
}
FILE = {
    "plugin": f"{COLLECTION}.devices",
    "client_secret": "{{ lookup('ansible.builtin.env', 'SENHASEGURA_CLIENT_SECRET') }}",
    "credentials": [{"username": "ansible"}, {"type": "SSH Key"}, {}],
    "keyed_groups": [{"key": f"senhasegura_device.{key}", "prefix": key} for key in ("site", "tags")],
    "compose": {"upper_name": "senhasegura_device.hostname | upper"},
    "cache": True,
    "cache_plugin": "ansible.builtin.jsonfile",
}
PLAY = [
    {
        "hosts": "senhasegura",
        "gather_facts": False,
        "vars": {"ansible_connection": "local"},
        "tasks": [
            {
                "name": "names",
                "ansible.builtin.debug": {"msg": "{{ [senhasegura_device.hostname, upper_name, ansible_user] }}"},
            },
            {
                "name": "password",
                "ansible.builtin.assert": {"that": "ansible_password == lookup('ansible.builtin.env', 'PW')"},
                "when": "inventory_hostname == 'web01'",
            },
            {
                "name": "key",
                "ansible.builtin.assert": {"that": "'PRIVATE KEY' in lookup('file', ansible_ssh_private_key_file)"},
                "when": "inventory_hostname == 'web02'",
            },
        ],
    }
]


@pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)
def test_inventory(serve: Any, run_play: Any, run_command: Any, tmp_path: Any) -> None:
    """Nothing of the server is evaluated, no secret is read before it is used, and none is shown or kept."""
    server = serve(SEED)
    key = next(item for item in server.control.state()["items"] if item["identifier"] == "k")["private_key"]
    cache, source = tmp_path / "cache", tmp_path / "hosts.senhasegura.yml"
    source.write_text(yaml.safe_dump({**FILE, "cache_connection": str(cache)}))
    runs = [run_command(server, "ansible-inventory", "-vvv", "-i", str(source), mode) for mode in ("--list", "--graph")]
    counters = server.control.counters()
    assert [run.rc for run in runs] == [0, 0], runs
    # The second run had the cache.
    assert counters["requests"] == {
        "POST /api/oauth2/token": 1,
        "GET /api/pam/device": 1,
        "GET /api/pam/credential": 1,
    }
    listed = json.loads(runs[0].stdout[runs[0].stdout.index("{\n") :])
    assert set(listed["_meta"]["hostvars"]) == set(listed["senhasegura"]["hosts"]) >= {"web01", "web02"}
    password = "{{ lookup('community.senhasegura.password', 'id:1', check_mode='read') }}"
    assert listed["_meta"]["hostvars"]["web01"]["ansible_password"] == password
    assert "|  |--web01" in runs[1].stdout
    play = run_play(server, PLAY, "-i", str(source), "-vvv", env={"PW": SECRETS["web01-ansible"]})
    assert play.rc == 0, play
    shown = {entry["host"]: entry["result"]["msg"] for entry in play.results if entry["task"] == "names"}
    assert [HOSTILE, HOSTILE.upper(), HOSTILE] in shown.values()
    assert shown["web01"] == ["web01", "WEB01", "ansible"]
    # Ansible evaluates them with the first task of a host, whatever that does.
    assert server.reads == {"1": 1, "3": 1, "4": 1}
    # Without the cache, and with a secret where it does not belong.
    wrong = tmp_path / "wrong.senhasegura.yml"
    wrong.write_text(
        yaml.safe_dump({**FILE, "cache": False, "timeout": SECRETS["demo"], "validate_certs": SECRETS["demo"]})
    )
    runs += [play, run_command(server, "ansible-inventory", "-vvvvv", "-i", str(wrong), "--list")]
    assert "wrong type" in runs[-1].stderr
    kept = [path.read_text() for path in cache.iterdir()]
    assert kept
    for text in (*kept, *(run.stdout + run.stderr for run in runs)):
        assert "Canary" not in text
        assert SECRETS["demo"] not in text
        assert key.splitlines()[1] not in text
    assert not list(tmp_path.rglob("owned"))


def test_sample_of_the_benchmark() -> None:
    """All of it: ./run inventory"""
    found = compare(40, 1, ["keyed"])
    assert broken(found) == []
    assert [row["devices"] for row in found] == [40]
