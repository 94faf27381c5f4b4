# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator's vault changes passwords and keys on real hosts, and believes only what happened there."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, SUITES, why_unavailable

from senhasegura_simulator.server import Simulator

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
APP, KEY = 1, 3


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(SUITES) as hosts:
        yield hosts


@pytest.fixture(params=["4.0"])
def vault(request: pytest.FixtureRequest, hosts: Hosts, tmp_path: Path) -> Iterator[Simulator]:
    """The credential of `app` on host1, `app` on host2, and a key for `app` on both."""
    key = tmp_path / "old"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    for host in hosts:
        host.run("chpasswd", input=f"app:{PASSWORD}\n")
        host.authorize("app", f"# mine\n{hosts.public_key}\n{public}")
        host.forget_logins()
    accounts = [
        {"username": "app", "hostname": host.name, "password": PASSWORD, "automatic_change": True} for host in hosts
    ]
    seed = {
        "clients": [{"client_id": "c", "client_secret": "s"}],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "credentials": accounts,
        "keys": [
            {
                "username": "app",
                "hostname": "host1",
                "devices": ["host1", "host2"],
                "private_key": key.read_text(),
                "public_key": public,
                "automatic_change": True,
            }
        ],
    }
    # By name as root, and by address as a user with sudo.
    targets = {"host1": {**hosts[0].target(), "verify": True}, hosts[1].address: hosts[1].target("admin")}
    with Simulator(request.param, seed, targets=targets, key_rotation_on_release=True) as simulator:
        yield simulator


def change(vault: Simulator, ref: int, count: int = 1) -> dict[str, Any]:
    """Read and release it, as a client does, and wait for what the vault makes of it."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, vault.ca_path
        prefix = "/api" if vault.profile == "4.0" else "/iso"
        data = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
        token = session.post(f"{vault.url}{prefix}/oauth2/token", data=data, timeout=120).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        if vault.profile == "rest":
            kind = "sshkey" if ref == KEY else "credential"
            calls = [("POST", f"/api/pam/{kind}/{ref}/rotate")]
        else:
            kind = "key" if ref == KEY else "credential"
            calls = [("GET", f"{prefix}/pam/{kind}/{ref}"), ("DELETE", f"{prefix}/pam/credential/custody/{ref}")]
        for method, path in calls:
            answer = session.request(method, vault.url + path, timeout=120)
            assert answer.ok, answer.text
    return vault.control.wait_for_execution(ref, count=count)


@pytest.mark.parametrize("vault", ["3.32", "4.0", "rest"], indirect=True)
@pytest.mark.parametrize("number", [0, 1], ids=SUITES)
def test_password(vault: Simulator, hosts: Hosts, number: int) -> None:
    host, ref = hosts[number], number + 1
    before = host.run("grep -v ^app: /etc/shadow")
    done = change(vault, ref)
    assert (done["status"], done["message"]) == ("changed", "")
    assert vault.control.credential(ref)["password"] == done["password"] != PASSWORD
    assert host.accepts("app", done["password"])
    assert not host.accepts("app", PASSWORD)
    host.forget_failures("app")
    assert host.run("grep -v ^app: /etc/shadow") == before
    assert hosts[1 - number].accepts("app", PASSWORD)


def test_password_stays_when_the_host_cannot_be_reached(vault: Simulator, hosts: Hosts) -> None:
    host: Host = hosts[0]
    # OpenSSH gives up earlier by itself; a login on a busy machine may take some seconds.
    vault.control.settings(ssh_timeout=60)
    hash_ = host.shadow("app").hash
    change_before = vault.control.credential(APP)["change"]
    host.cut()
    try:
        assert change(vault, APP)["status"] == "failed"
    finally:
        host.restore()
    assert vault.control.credential(APP)["password"] == PASSWORD
    assert vault.control.credential(APP)["change"] == change_before
    assert host.shadow("app").hash == hash_
    with host.readonly():
        assert change(vault, APP, count=2)["status"] == "failed"
    assert vault.control.credential(APP)["password"] == PASSWORD
    assert host.accepts("app", PASSWORD)
    done = change(vault, APP, count=3)
    assert (done["status"], done["password"]) == ("changed", vault.control.credential(APP)["password"])
    assert host.accepts("app", done["password"])


@pytest.mark.parametrize("vault", ["4.0", "rest"], indirect=True)
def test_key_on_all_devices(vault: Simulator, hosts: Hosts, tmp_path: Path) -> None:
    old = tmp_path / "old"
    assert all(host.accepts("app", key=old) for host in hosts)
    done = change(vault, KEY)
    assert (done["status"], done["message"]) == ("changed", "")
    new = vault.control.credential(KEY)["private_key"]
    for host in hosts:
        assert host.enters("app", new)
        assert not host.accepts("app", key=old)
        expected = f"# mine\n{hosts.public_key}\n{done['public_key']}\n"
        assert host.read("/home/app/.ssh/authorized_keys") == expected
        assert host.run("stat -c '%U %a' /home/app/.ssh/authorized_keys") == "app 600\n"


@pytest.mark.parametrize("vault", ["rest"], indirect=True)
def test_key_stays_when_one_device_cannot_be_reached(vault: Simulator, hosts: Hosts, tmp_path: Path) -> None:
    # OpenSSH gives up earlier by itself; a login on a busy machine may take some seconds.
    vault.control.settings(ssh_timeout=60)
    before = hosts[0].read("/home/app/.ssh/authorized_keys")
    hosts[1].cut()
    try:
        assert change(vault, KEY)["status"] == "failed"
    finally:
        hosts[1].restore()
    assert [host.read("/home/app/.ssh/authorized_keys") for host in hosts] == [before, before]
    assert vault.control.credential(KEY)["private_key"] == (tmp_path / "old").read_text()
    assert all(host.accepts("app", key=tmp_path / "old") for host in hosts)
