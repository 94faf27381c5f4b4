# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of users of real hosts, changed by real plays over SSH."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
USERS = {"app": "app", "locked": "locked", "expired": "expired", "mustchange": "mustchange"}


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"]) as hosts:
        yield hosts


@pytest.fixture
def host(hosts: Hosts) -> Host:
    """A host whose user app has the password again that the vault has."""
    host = hosts[0]
    host.run(f"rm -rf /var/lib/senhasegura-rotation; echo 'app:{PASSWORD}' | chpasswd; faillock --user app --reset")
    host.forget_logins()
    return host


def seed(hosts: Hosts, **more: Any) -> dict[str, Any]:
    return {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "credentials": [
            {"identifier": f"{host.name}-{user}", "username": user, "hostname": host.name, "password": PASSWORD, **more}
            for host in hosts
            for user in USERS
        ],
    }


@pytest.fixture
def vault(serve: Callable[[Any], Any], hosts: Hosts) -> Any:
    return serve(seed(hosts))


def play(hosts: Hosts, tasks: list[dict[str, Any]], on: str = "host1", **keys: Any) -> list[dict[str, Any]]:
    return [{"hosts": on, "gather_facts": False, "become": True, "tasks": tasks, **keys}]


def rotate(name: str = "rotate", credential: str = "{{ inventory_hostname }}-app", **options: Any) -> dict[str, Any]:
    options = {"credential": credential, **options}
    return {"name": name, "community.senhasegura.linux_password_rotate": options}


@pytest.fixture
def run(run_play: Any, hosts: Hosts, vault: Any, tmp_path: Path) -> Callable[..., Any]:
    """run(tasks, *arguments, env=None, on="host1") -> Run"""
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))

    def run(tasks: list[dict[str, Any]], *arguments: str, on: str = "host1", **more: Any) -> Any:
        env = more.pop("env", {})
        return run_play(vault, play(hosts, tasks, on, **more), "-i", str(inventory), *arguments, env=env)

    return run


def password_of(vault: Any, identifier: str) -> str:
    return str(vault.control.credential(identifier)["password"])


def test_the_password_is_changed_on_the_host_and_in_the_vault(run: Any, vault: Any, host: Host) -> None:
    others = [line for line in host.read("/etc/shadow").splitlines() if not line.startswith("app:")]
    done = run([rotate()])
    assert done.rc == 0, str(done)
    assert done["rotate"]["rotation"]["result"] == "changed"
    new = password_of(vault, "host1-app")
    assert new != PASSWORD
    assert password_of(vault, "host1-app--j0") == new
    assert host.accepts("app", new)
    assert host.failures("app") == 0
    assert [line for line in host.read("/etc/shadow").splitlines() if not line.startswith("app:")] == others
    assert host.run("find /var/lib/senhasegura-rotation -type f").split() == ["/var/lib/senhasegura-rotation/app/guard"]
    assert new not in str(done)
