# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that three real hosts share, changed by real plays over SSH."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
FILE = "/home/app/.ssh/authorized_keys"
OPTIONS = 'from="10.0.0.0/8",no-pty'
ALL = ["host1", "host2", "host3"]
MODULE = "community.senhasegura.linux_ssh_key_rotate"


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie", "bookworm"]) as hosts:
        yield hosts


class Key:
    """A key on the controller, for logins by the test itself."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.path)], check=True)
        self.private, self.public = self.path.read_text(), self.path.with_suffix(".pub").read_text().strip()


@pytest.fixture
def old(tmp_path: Path, hosts: Hosts) -> Key:
    """The key that app has on all hosts, among those of others."""
    key = Key(tmp_path, "old")
    for host in hosts:
        host.run("rm -rf /var/lib/senhasegura-rotation")
        host.authorize("app", f"# mine\n{hosts.public_key}\n{OPTIONS} {key.public}\n\n# end")
        host.forget_logins()
    return key


def seed(hosts: Hosts, key: Key, **more: Any) -> dict[str, Any]:
    return {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "keys": [
            {
                "identifier": "app-key",
                "username": "app",
                "hostname": "host1",
                "devices": ALL,
                "private_key": key.private,
                "public_key": key.public,
                **more,
            }
        ],
    }


@pytest.fixture
def vault(serve: Callable[[Any], Any], hosts: Hosts, old: Key) -> Any:
    return serve(seed(hosts, old))


def rotate(name: str = "rotate", **options: Any) -> dict[str, Any]:
    return {"name": name, MODULE: {"ssh_key": "app-key", "hosts": ALL, **options}}


@pytest.fixture
def run(run_play: Any, hosts: Hosts, vault: Any, tmp_path: Path) -> Callable[..., Any]:
    """run(tasks, *arguments, on="host1") -> Run"""
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))

    def run(tasks: list[dict[str, Any]], *arguments: str, on: str = "host1", **more: Any) -> Any:
        env = {"ANSIBLE_TIMEOUT": "3", **more.pop("env", {})}
        plays = [{"hosts": on, "gather_facts": False, "become": True, "tasks": tasks, **more}]
        return run_play(vault, plays, "-i", str(inventory), *arguments, env=env)

    return run


def key_of(vault: Any, identifier: str = "app-key") -> dict[str, Any]:
    return dict(vault.control.credential(identifier))


def enters(host: Host, folder: Path, private_key: str) -> bool:
    path = folder / "try"
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(private_key.replace("\r\n", "\n"))
    return host.accepts("app", key=path)


def lines_of_others(host: Host, *keys: str) -> list[str]:
    blobs = [key.split()[1] for key in keys]
    return [line for line in host.read(FILE).splitlines() if not any(blob in line for blob in blobs)]


def test_all_hosts_and_the_vault_have_the_new_key(
    run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path
) -> None:
    others = [lines_of_others(host, old.public) for host in hosts]
    done = run([rotate()], "-vvv")
    assert done.rc == 0, str(done)
    rotation = done["rotate"]["rotation"]
    assert (rotation["result"], rotation["hosts"], rotation["absent"]) == ("changed", ALL, [])
    new, journal = key_of(vault), key_of(vault, "app-key--j0")
    assert new["public_key"].split()[1] == journal["public_key"].split()[1] != old.public.split()[1]
    assert new["public_key"].split()[2:] == ["old"]
    assert (journal["username"], journal["hostname"]) == ("app--rot-j0", "host1")
    for host, before in zip(hosts, others, strict=True):
        assert enters(host, tmp_path, new["private_key"])
        assert not host.accepts("app", key=old.path)
        assert lines_of_others(host, new["public_key"]) == before
        (line,) = (line for line in host.read(FILE).splitlines() if new["public_key"].split()[1] in line)
        assert (line.startswith(OPTIONS), line.endswith(" old")) == (True, True)
        assert host.run(f"stat -c '%U %a' {FILE}") == "app 600\n"
        found = host.run("find /var/lib/senhasegura-rotation -type f").split()
        assert found == ["/var/lib/senhasegura-rotation/app/guard"]
    secret = new["private_key"].splitlines()[1]
    assert secret not in str(done)
