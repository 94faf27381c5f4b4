# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that three hosts share: what real plays are told to do with it, and what must be true then."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from faults import faulty_ssh
from faults.real import CLIENT, end_lease, left_on
from hosts.group import Hosts
from hosts.host import Host

OPTIONS = 'from="10.0.0.0/8",no-pty'
FILE = "/home/app/.ssh/authorized_keys"
ALL = ["host1", "host2", "host3"]


class Key:
    """A key on the controller, for logins by the test itself."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.path)], check=True)
        self.private, self.public = self.path.read_text(), self.path.with_suffix(".pub").read_text().strip()


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


def key_of(vault: Any, identifier: str = "app-key") -> dict[str, Any]:
    return dict(vault.control.credential(identifier))


def journal_of(vault: Any, host: Host, slot: str) -> dict[str, Any]:
    """A record of the journal of this machine, by the token that it has given itself."""
    token = json.loads(host.read("/var/lib/senhasegura-rotation/machine.json"))["token"]
    return key_of(vault, f"app-key--{token}-{slot}")


def rotate(name: str = "rotate", **options: Any) -> dict[str, Any]:
    return {
        "name": name,
        "community.senhasegura.linux_ssh_key_rotation": {"ssh_key": "app-key", "hosts": ALL, **options},
    }


def info(name: str = "info", **options: Any) -> dict[str, Any]:
    return {"name": name, "community.senhasegura.rotation_info": {"ssh_key": "app-key", "hosts": ALL, **options}}


def spoiled(folder: Path, at: int, kind: str) -> dict[str, str]:
    """The environment of a run in which something happens to one call of ssh."""
    plan, count = folder / "plan", folder / "count"
    count.touch()
    plan.write_text(json.dumps({"count": str(count), "at": at, "kind": kind}))
    return {"ANSIBLE_SSH_EXECUTABLE": faulty_ssh.__file__, "FAULTY_SSH": str(plan)}


def end_leases(vault: Any, hosts: Hosts) -> None:
    """Let the time of a killed run be over, on the hosts and in the vault."""
    for host in hosts:
        end_lease(host)
    lease = key_of(vault, "app-key--lease")
    (start,) = re.findall(r"start=(\S+)", lease["public_key"])
    long_ago = quote((datetime.fromisoformat(unquote(start)) - timedelta(days=1)).isoformat())
    vault.control.set_credential("app-key--lease", public_key=lease["public_key"].replace(start, long_ago))


def settled(vault: Any, hosts: Hosts, old: Key) -> None:
    """All hosts accept the key of main, and it alone of those that were made."""
    main = key_of(vault)
    blob = main["public_key"].split()[1]
    for host in hosts:
        assert host.enters("app", main["private_key"]), host
        assert not host.accepts("app", key=old.path), host
        keys = [line for line in host.read(FILE).splitlines() if "ssh-" in line]
        assert [blob in key for key in keys] == [False, True], host.read(FILE)
        left = left_on(host)
        assert not left, f"{host}: {left}"
