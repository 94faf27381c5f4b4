# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rulebooks under ansible-rulebook, from an event to what it is for on the simulator."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from eda.process import Process, wait_until
from workspace import ROOT

from senhasegura_simulator.server import Simulator

CLIENT = {"client_id": "eda", "client_secret": "eda-secret-0123456789abcdef"}
SEED = {
    "clients": [CLIENT],
    "devices": [{"hostname": "web01", "ip": "192.0.2.1"}],
    "credentials": [
        {
            "identifier": f"web-{name}",
            "username": name,
            "hostname": "web01",
            "password": f"Old-Passw0rd-{name}",
            "automatic_change": True,
            "change": "2026-01-01T00:00:00",
        }
        for name in ("root", "app", "idle")
    ],
}
EVIL = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


class Scene:
    """One rulebook and one vault."""

    def __init__(self, folder: Path, command: list[str], rulebook: str, **variables: Any) -> None:
        folder.mkdir()
        self.folder = folder
        self.vault = Simulator("4.0", SEED).__enter__()
        variables = {"senhasegura_interval": 1, "senhasegura_state_file": str(folder / "state.json"), **variables}
        (folder / "variables.yml").write_text(yaml.safe_dump(variables))
        env = {
            "SENHASEGURA_URL": self.vault.url,
            "SENHASEGURA_CA_PATH": self.vault.ca_path,
            "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
            "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "HOME": str(folder),
            # It holds sockets, whose paths must be short.
            "ANSIBLE_LOCAL_TEMP": "/tmp",
        }
        started = [*command, "--verbose", "--rulebook", rulebook, "-e", str(folder / "variables.yml")]
        self.process = Process(started, folder / "log", env)

    def password(self, name: str) -> str:
        return str(self.vault.control.credential(f"web-{name}")["password"])

    def wait(self, what: str, true: Callable[[], bool]) -> None:
        wait_until(what, true, self.process, 120)

    def wait_for_changed_password(self, name: str) -> None:
        self.wait(f"another password of {name}", lambda: self.password(name) != f"Old-Passw0rd-{name}")

    def close(self) -> float:
        """End it as a service manager does, and return how long that took."""
        took = self.process.end(signal.SIGTERM)
        text = self.process.text()
        self.vault.__exit__(None, None, None)
        assert not [secret for secret in ("Old-Passw0rd", CLIENT["client_secret"]) if secret in text], (
            "a secret is shown"
        )
        return took


def expire(scene: Scene, name: str) -> None:
    scene.vault.control.set_credential(f"web-{name}", expiration=time.time() - 60)


def rotates_on_expiry(folder: Path, command: list[str]) -> str:
    scene = Scene(folder / "polling", command, "community.senhasegura.rotate_on_expiry")
    scene.wait("the first poll", (scene.folder / "state.json").exists)
    start = time.monotonic()
    expire(scene, "root")
    scene.wait_for_changed_password("root")
    took = time.monotonic() - start
    assert scene.password("idle") == "Old-Passw0rd-idle"
    ended = scene.close()
    return f"rotate_on_expiry: a new password {took:.1f} s after the expiration, ended within {ended:.1f} s"


def rotates_on_a_syslog_line(folder: Path, command: list[str]) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    rulebook = "community.senhasegura.rotate_on_expiry_syslog"
    scene = Scene(folder / "syslog", command, rulebook, senhasegura_syslog_port=port)
    expire(scene, "app")

    def listens() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            return False
        return True

    scene.wait("it listens", listens)
    pwned = scene.folder / "PWNED"
    header = "<13>1 2026-01-01T00:00:00-03:00 vm-name senhasegura 1426 - - CEF:0|MT4|senhasegura|3.27.0-4|COSE.3"
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as sender:
        # It names a credential that has not expired: a lie, which the vault does not confirm. And it may run a command.
        evil = EVIL % pwned
        for line in (
            f"{header}|{evil}|9|duser={evil} duid=3 dhost={evil} msg={evil}",
            f"{header}|Password expired|9|duser={evil} duid=2",
        ):
            sender.sendall(f"{line}\n".encode())
    scene.wait_for_changed_password("app")
    took = time.monotonic() - start
    assert not pwned.exists(), "a line of syslog has run a command"
    assert scene.password("idle") == "Old-Passw0rd-idle", "a credential was rotated that has not expired"
    ended = scene.close()
    return f"rotate_on_expiry_syslog: a new password {took:.1f} s after the line, ended within {ended:.1f} s"


def gives_custody_back(folder: Path, command: list[str]) -> str:
    scene = Scene(folder / "custody", command, "community.senhasegura.give_back_custody", senhasegura_custody_after=3)
    scene.wait("the first poll", (scene.folder / "state.json").exists)
    # What a job leaves that has read a password.
    now = time.time()
    control = scene.vault.control
    client = next(one["id"] for one in control.state()["clients"] if one["client_id"] == CLIENT["client_id"])
    control.set_credential("web-root", view=now, custody_client=client, custody_until=now + 3600)
    start = time.monotonic()
    scene.wait("custody is given back", lambda: control.credential("web-root")["custody_client"] is None)
    took = time.monotonic() - start
    ended = scene.close()
    return f"give_back_custody: given back {took:.1f} s after the view, ended within {ended:.1f} s"


def compares_on_change(folder: Path, command: list[str]) -> str:
    if not (ROOT / "playbooks" / "drift.yml").exists():
        return "drift_on_change: left out, there is no playbook drift"
    scene = Scene(
        folder / "drift", command, "community.senhasegura.drift_on_change", senhasegura_vault={"credentials": []}
    )
    scene.wait("the first poll", (scene.folder / "state.json").exists)
    start = time.monotonic()
    scene.vault.control.set_credential("web-root", change=time.time())
    scene.wait("the comparison", lambda: "Compare the vault" in scene.process.text())
    took = time.monotonic() - start
    ended = scene.close()
    return f"drift_on_change: compared {took:.1f} s after the change, ended within {ended:.1f} s"


ALL: tuple[Callable[[Path, list[str]], str], ...] = (
    rotates_on_expiry,
    rotates_on_a_syslog_line,
    gives_custody_back,
    compares_on_change,
)
