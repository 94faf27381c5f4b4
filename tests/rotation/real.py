# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The crash matrix in earnest: ansible-playbook, the simulator over HTTPS, and a host with sshd, PAM and shadow."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD
from rotation.faulty_ssh import KINDS as HOST_KINDS
from rotation.faulty_ssh import LATE_SECONDS
from rotation.world import Violation
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation import hashing
from senhasegura_simulator.server import Simulator

VAULT_KINDS = ("killed before", "killed after", "lost, not applied", "lost, applied", "late", "garbled")
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
_WRAPPER = Path(__file__).with_name("faulty_ssh.py")
# Short, since a killed run is waited for; the wait for the lock itself is cut short below.
_OPTIONS = {"deadline": 40, "request_life": 5, "timeout": 4, "lock_wait": 60}


class Case(tuple[str, int, str]):
    """("vault" or "host", number of the call there, kind)"""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self[0]} call {self[1]} {self[2]}"


class RealScene:
    """One user of one host, and the vault that has the password."""

    operations: tuple[str, ...] = ("credential.list", "credential.read", "credential.write")
    garbled: Mapping[str, Any] = {"password": {"append": "~"}}

    def __init__(self, folder: Path, hosts: Hosts, host: Host, simulator: Simulator, user: str) -> None:
        self.folder, self.host, self.simulator, self.user = folder, host, simulator, user
        self.control = simulator.control
        self._inventory = folder / "inventory.json"
        self._inventory.write_text(json.dumps(hosts.inventory("admin")))
        self._playbook = folder / "play.yml"
        play = {"hosts": host.name, "gather_facts": False, "become": True, "tasks": [{"name": "rotate", **self.task()}]}
        self._playbook.write_text(yaml.safe_dump([play]))
        self._others = self._lines_of_others()
        self.story: list[str] = []

    def task(self) -> dict[str, Any]:
        task = {"credential": f"{self.host.name}-{self.user}", **_OPTIONS}
        return {"community.senhasegura.linux_password_rotate": task}

    def _lines_of_others(self) -> list[str]:
        return [line for line in self.host.read("/etc/shadow").splitlines() if not line.startswith(f"{self.user}:")]

    def start(self, case: Case | None = None) -> subprocess.Popen[str]:
        count, plan = self.folder / "count", self.folder / "plan"
        count.write_text("")
        wanted: dict[str, Any] = {"count": str(count)}
        if case and case[0] == "host":
            wanted.update(at=case[1], kind=case[2])
        plan.write_text(json.dumps(wanted))
        env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **environment(),
            "HOME": str(self.folder),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "tmp"),
            "ANSIBLE_SSH_EXECUTABLE": str(_WRAPPER),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_SSH_EXTRA_ARGS": "",
            "ANSIBLE_NOCOLOR": "true",
            "FAULTY_SSH": str(plan),
            "SENHASEGURA_URL": self.simulator.url,
            "SENHASEGURA_CA_PATH": self.simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
            "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
        }
        return subprocess.Popen(
            ["ansible-playbook", "-i", str(self._inventory), str(self._playbook)],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, case: Case | None = None) -> str:
        """Run the play with this fault. Returns its output."""
        if case and case[0] == "vault":
            self._spoil(case)
        play = self.start(case)
        killer = None
        if case and case[0] == "vault" and case[2].startswith("killed"):
            killer = threading.Thread(target=self._kill_at_gate, args=(play, case[2] == "killed after"))
            killer.start()
        output, _rest = play.communicate(timeout=180)
        if killer:
            killer.join()
        self.control.clear_faults()
        result = re.search(r'"result": "(\w+)"', output) or re.search(r"changed=1", output)
        self.story.append(f"{case or 'clean run'}: rc {play.returncode}, {result[0] if result else 'no result'}")
        return output

    def _spoil(self, case: Case) -> None:
        _where, at, kind = case
        rule: dict[str, Any] = {
            "killed before": {"kind": "gate"},
            "killed after": {"kind": "gate"},
            "lost, not applied": {"kind": "drop", "when": "before"},
            "lost, applied": {"kind": "drop", "when": "after"},
            "late": {"kind": "late", "seconds": LATE_SECONDS, "answer": "drop"},
            "garbled": {"kind": "mangle", "store": dict(self.garbled)},
        }[kind]
        self.control.fault(operation=list(self.operations), skip=at, times=1, **rule)

    def _kill_at_gate(self, play: subprocess.Popen[str], applied: bool) -> None:
        try:
            gate = self.control.wait_for_gate(timeout=30)
        except (LookupError, ValueError, TimeoutError):
            return
        play.send_signal(signal.SIGKILL)
        for child in _descendants(play.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.control.release_gate(gate["number"], "continue" if applied else "drop")

    def records(self) -> dict[str, str]:
        """The passwords of the main record and of the journal."""
        name = f"{self.host.name}-{self.user}"
        items = self.control.state()["items"]
        return {i["identifier"]: i["password"] for i in items if str(i["identifier"]).startswith(name)}

    def check(self) -> None:
        """Some record has the password of the host, by its real hash; and nobody else was touched."""
        crypted = self.host.shadow(self.user).hash
        if not any(hashing.matches(password, crypted) for password in self.records().values()):
            raise Violation("lost: no record has the password of the host")
        if self._lines_of_others() != self._others:
            raise Violation("the line of another user was changed")
        if (failures := self.host.failures(self.user)) > 1:
            raise Violation(f"{failures} failed logins are counted")

    def time_passes(self) -> None:
        """What may come late has come, and the lease of a killed run is over."""
        time.sleep(LATE_SECONDS + 0.5)
        self._end_lease(self.host)

    def _end_lease(self, host: Host) -> None:
        lock = f"/var/lib/senhasegura-rotation/{self.user}/lock.json"
        host.run(
            f'test ! -e {lock} || python3 -c \'import json; p = "{lock}"; d = json.load(open(p)); '
            'd.update(ends=0, quiet_until=0); json.dump(d, open(p, "w"))\''
        )

    def play(self, *cases: Case) -> None:
        """Runs with faults, and a clean one that puts everything right. Raises Violation with the story."""
        self.story = []
        try:
            for case in cases:
                self.host.forget_failures(self.user)
                self.run(case)
                self.check()
                self.time_passes()
                self.check()
            self.host.forget_failures(self.user)
            output = self.run()
            self.check()
            if "failed=0" not in output or "changed=1" not in output:
                raise Violation(f"the clean run has failed: {output}")
            self.check_settled()
        except Violation as exc:
            raise Violation("\n  ".join([*map(str, self.story), str(exc)])) from None

    def check_settled(self) -> None:
        """After a clean run, all is as it shall be."""
        main = self.records()[f"{self.host.name}-{self.user}"]
        if not self.host.accepts(self.user, main):
            raise Violation("the password of the main record does not log in")
        if left := self.host.run("find /var/lib/senhasegura-rotation -name '*.json*'"):
            raise Violation(f"left behind: {left}")


class RealKeyScene(RealScene):
    """One key of a user that several hosts share, and the vault that has it."""

    operations = ("credential.list", "key.read", "key.write")
    garbled: Mapping[str, Any] = {"private_key": {"truncate": 200}}

    def __init__(self, folder: Path, hosts: Hosts, simulator: Simulator, user: str) -> None:
        self.hosts = list(hosts)
        super().__init__(folder, hosts, self.hosts[0], simulator, user)

    def task(self) -> dict[str, Any]:
        task = {"ssh_key": "the-key", "hosts": [host.name for host in self.hosts], **_OPTIONS}
        return {"community.senhasegura.linux_ssh_key_rotate": task}

    def _lines_of_others(self) -> list[str]:
        found = []
        for host in self.hosts:
            lines = host.read(f"/home/{self.user}/.ssh/authorized_keys").splitlines()
            found += [line for line in lines if "no-pty" not in line]
        return found

    def records(self) -> dict[str, str]:
        items = self.control.state()["items"]
        return {i["identifier"]: i["private_key"] for i in items if str(i["identifier"]).startswith("the-key")}

    def _enters(self, host: Host, private_key: str) -> bool:
        path = self.folder / "key"
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(private_key.replace("\r\n", "\n"))
        done = host.ssh(self.user, "true", key=path)
        return done.returncode == 0

    def check(self) -> None:
        for host in self.hosts:
            if not any(self._enters(host, key) for key in self.records().values()):
                raise Violation(f"lost: no record has a key of {host.name}")
        if self._lines_of_others() != self._others:
            raise Violation("the line of another key was changed")

    def time_passes(self) -> None:
        time.sleep(LATE_SECONDS + 0.5)
        for host in self.hosts:
            self._end_lease(host)

    def check_settled(self) -> None:
        main = self.records()["the-key"]
        for host in self.hosts:
            if not self._enters(host, main):
                raise Violation(f"the key of the main record does not log in to {host.name}")
            lines = host.read(f"/home/{self.user}/.ssh/authorized_keys").splitlines()
            if len([line for line in lines if "no-pty" in line]) != 1:
                raise Violation(f"{host.name} accepts another key as well")
            if left := host.run("find /var/lib/senhasegura-rotation -name '*.json*'"):
                raise Violation(f"left behind on {host.name}: {left}")


def _descendants(pid: int) -> list[int]:
    """The processes below this one, but for the broker, which ends by itself."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if b"broker/server" not in (entry / "cmdline").read_bytes():
                    children.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        for child in children.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found


@contextlib.contextmanager
def scene(hosts: Hosts, host: Host, user: str = "app") -> Iterator[RealScene]:
    seed = {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address}],
        "credentials": [
            {"identifier": f"{host.name}-{user}", "username": user, "hostname": host.name, "password": PASSWORD}
        ],
    }
    host.run(f"rm -rf /var/lib/senhasegura-rotation; echo '{user}:{PASSWORD}' | chpasswd")
    with tempfile.TemporaryDirectory(prefix="real-") as folder, Simulator(profile="4.0", seed=seed) as simulator:
        yield RealScene(Path(folder), hosts, host, simulator, user)


@contextlib.contextmanager
def key_scene(hosts: Hosts, user: str = "app") -> Iterator[RealKeyScene]:
    pair = keypair.generate("ed25519", comment="first")
    names = [host.name for host in hosts]
    seed = {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "keys": [
            {
                "identifier": "the-key",
                "username": user,
                "hostname": names[0],
                "devices": names,
                "private_key": pair.private_key,
                "public_key": pair.public_key,
            }
        ],
    }
    for host in hosts:
        host.run("rm -rf /var/lib/senhasegura-rotation")
        host.authorize(user, f"# others\n{hosts.public_key}\nno-pty {pair.public_key}\n")
    with tempfile.TemporaryDirectory(prefix="real-") as folder, Simulator(profile="4.0", seed=seed) as simulator:
        yield RealKeyScene(Path(folder), hosts, simulator, user)


def cases(scene: RealScene) -> list[Case]:
    """Every single fault of a run."""
    before = len(scene.control.log())
    scene.run()
    calls = [entry for entry in scene.control.log()[before:] if entry["operation"] in scene.operations]
    commands = (scene.folder / "count").read_text().splitlines()
    vault = [Case(("vault", at, kind)) for at in range(len(calls)) for kind in VAULT_KINDS]
    return vault + [Case(("host", at, kind)) for at in range(len(commands)) for kind in HOST_KINDS]
