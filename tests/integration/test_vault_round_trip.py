# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Export, import, drift and onboarding, by their playbooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench.onboarding import broken, measure

COLLECTION = "community.senhasegura"
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
SETTINGS = {"domains": ["corp.example"]}
HOSTILE = "{{ lookup('pipe', 'touch owned') }}"
NEW = {"type": "Server", "vendor": "Debian", "model": "Debian 13", "site": "DC1"}
SEED = {
    "clients": [CLIENT],
    "settings": SETTINGS,
    "devices": [
        {"hostname": "web01", "ip": "192.0.2.10", **NEW, "device_tags": "web,linux", "device_domain": "corp.example"},
        {"hostname": "web02", "ip": "192.0.2.11", **NEW, "connectivities": "SSH:2222,HTTPS:443"},
        {"hostname": HOSTILE, "ip": "192.0.2.12", **NEW, "site": HOSTILE, "session_remote_config": HOSTILE},
        {"hostname": "gone", "ip": "192.0.2.13", **NEW, "active": False},
    ],
    "credentials": [
        {"identifier": "web01-root", "username": "root", "hostname": "web01", "password": "Canary-1"},
        {"identifier": "web01-app", "username": "app", "hostname": "web01", "password": "Canary-2"}
        | {"automatic_change": True, "type": "Application", "tags": ["a"]},
        {"identifier": "web02-root", "username": "root", "hostname": "web02", "password": "Canary-3"},
        {"identifier": "hostile", "username": HOSTILE, "hostname": HOSTILE, "password": "Canary-4"},
        {"identifier": "old", "username": "old", "hostname": "web02", "password": "Canary-5", "active": False},
    ],
    "keys": [{"identifier": "deploy", "username": "deploy", "hostname": "web02", "generate": "ed25519"}],
}
on_40 = pytest.mark.parametrize("_server", [("4.0", "auto")], ids=["4.0"], indirect=True)


@pytest.fixture
def playbook(run_command: Any) -> Any:
    """playbook(server, name, *arguments) runs one of the collection."""

    def run(server: Any, name: str, *arguments: str, **options: Any) -> Any:
        done = run_command(server, "ansible-playbook", f"{COLLECTION}.{name}", *arguments, **options)
        assert "[WARNING]" not in done.stderr, done
        return done

    return run


def export(server: Any, run_play: Any, path: Path, *arguments: str) -> Any:
    task = {"name": "export", f"{COLLECTION}.vault_export": {"dest": str(path)}}
    done = run_play(server, [task], *arguments)
    assert (done.rc, done.stderr) == (0, ""), done
    return done["export"]


@on_40
def test_export_import_export_are_equal_and_a_manual_change_is_one_difference(
    serve: Any, run_play: Any, playbook: Any, tmp_path: Path
) -> None:
    source, target = serve(SEED), serve({"clients": [CLIENT], "settings": SETTINGS})
    first, second = tmp_path / "vault.yml", tmp_path / "second.yml"
    shown = export(source, run_play, first, "--check", "--diff")["diff"]
    assert (shown["before"], shown["after"].count("senhasegura_vault:")) == ("", 1)
    assert not first.exists()
    assert export(source, run_play, first)["changed"]
    assert not export(source, run_play, first)["changed"]
    assert "Canary" not in first.read_text()
    assert (source.reads, source.writes) == ({}, [])

    key = next(item for item in source.control.state()["items"] if item["identifier"] == "deploy")["private_key"]
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"vault_import_private_keys": {"deploy": key}}))
    done = playbook(target, "vault_import", "-e", f"@{first}", "-e", f"@{keys}", "-vvv")
    assert done.rc == 0, done
    assert key.splitlines()[1] not in done.stdout
    assert not list(tmp_path.rglob("owned"))
    # Each object takes a request; the key is looked for before it is written.
    assert [line for line in target.writes if "custody" not in line].count("POST /api/pam/device") == 3
    assert [line for line in target.writes if "custody" not in line].count("POST /api/pam/credential") == 4
    export(target, run_play, second)
    assert second.read_text() == first.read_text()
    again = playbook(target, "vault_import", "-e", f"@{first}", "-e", f"@{keys}")
    assert "changed=0" in again.stdout, again

    quiet = playbook(target, "drift", "-e", f"@{first}")
    assert quiet.rc == 0, quiet
    assert quiet["Compare"]["differences"] == []
    target.control.set_credential("web01-root", automatic_change=True)
    loud = playbook(target, "drift", "-e", f"@{first}")
    assert loud.rc == 2, loud
    (found,) = loud["Compare"]["differences"]
    assert found["text"] == "credential web01-root (root@web01): automatic_change was false and is true"
    assert loud["Show the differences"]["msg"] == [found["text"]]
    assert playbook(target, "drift", "-e", f"@{first}", "-e", "drift_fail=false").rc == 0
    assert target.reads == {}


@on_40
def test_keys_without_a_private_key_are_named(serve: Any, run_play: Any, playbook: Any, tmp_path: Path) -> None:
    source, target = serve(SEED), serve({"clients": [CLIENT], "settings": SETTINGS})
    export(source, run_play, tmp_path / "vault.yml")
    done = playbook(target, "vault_import", "-e", f"@{tmp_path / 'vault.yml'}")
    assert done.rc == 0, done
    assert done["Show which SSH keys have no private key here"]["msg"] == ["deploy"]
    drift = playbook(target, "drift", "-e", f"@{tmp_path / 'vault.yml'}")
    assert [one["text"] for one in drift["Compare"]["differences"]] == [
        "SSH key deploy (deploy@web02) is not in the vault any more"
    ]


@pytest.mark.parametrize("_server", [("rest", "rest")], ids=["rest"], indirect=True)
def test_drift_in_the_dialect_of_the_guide(server: Any, run_play: Any, playbook: Any, tmp_path: Path) -> None:
    path = tmp_path / "vault.yml"
    include = {"dest": str(path), "include": ["credentials", "ssh_keys"]}
    assert run_play(server, [{"name": "export", f"{COLLECTION}.vault_export": include}]).rc == 0
    assert playbook(server, "drift", "-e", f"@{path}").rc == 0
    server.control.set_credential("deploy-key", rotation_days=7)
    assert playbook(server, "drift", "-e", f"@{path}").rc == 2


HOSTS = """
all:
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
    onboard_site: DC1
    onboard_tags: [linux]
  hosts:
    app01: {ansible_user: admin, onboard_ip: 192.0.2.21}
    app02:
      onboard_ip: 192.0.2.22
      onboard_model: Own
      onboard_credentials:
        - {hostname: app02, username: app, password: !unsafe "Canary-'\\"{{ 6 * 7 }}"}
    away: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
"""


@on_40
def test_hosts_become_devices_and_credentials(serve: Any, playbook: Any, tmp_path: Path) -> None:
    """By facts of this machine. What hosts say of themselves goes before, and a host that is away is left out."""
    vault = serve({"clients": [CLIENT]})
    inventory = tmp_path / "hosts.yml"
    inventory.write_text(HOSTS)
    runs = [playbook_run(playbook, vault, inventory, *more) for more in (["--check"], ["-vvv"], [])]
    assert [run["Register all of them"]["changed"] for run in runs] == [True, True, False]
    for run in runs:
        assert "Canary" not in run.stdout
        assert run["Show how it ended"]["msg"]["not_reached"] == ["away"]
    state = vault.control.state()
    devices = {device["hostname"]: device for device in state["devices"]}
    assert set(devices) == {"app01", "app02"}
    assert devices["app02"]["model"] == "Own"
    assert devices["app01"]["vendor"] in devices["app01"]["model"]
    assert (devices["app01"]["device_tags"], devices["app01"]["connectivities"]) == ("linux", "SSH:22")
    accounts = {item["hostname"]: (item["username"], item["identifier"], item["password"]) for item in state["items"]}
    assert accounts["app01"] == ("admin", "app01-admin", "-")
    assert accounts["app02"][::2] == ("app", "Canary-'\"{{ 6 * 7 }}")


def playbook_run(playbook: Any, vault: Any, inventory: Path, *arguments: str) -> Any:
    done = playbook(vault, "onboard", "-i", str(inventory), *arguments)
    # The host that is away.
    assert done.rc == 4, done
    return done


def test_sample_of_the_bound_on_requests() -> None:
    """All of it: ./run onboarding"""
    rows = measure(12, 1)
    assert broken(rows) == []
    assert [row["run"] for row in rows][:2] == ["first", "again"]
