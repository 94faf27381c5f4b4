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
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from controlled import brokers_of
from faults.faulty_ssh import KINDS as HOST_KINDS
from faults.faulty_ssh import LATE_SECONDS, LOGIN_KINDS
from faults.world import Violation
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from senhasegura_simulator.server import Simulator

WRITE_KINDS = ("killed before", "killed after", "lost, not applied", "lost, applied", "late", "garbled")
# What reads changes nothing, so that it cannot be late.
READ_KINDS = tuple(kind for kind in WRITE_KINDS if kind != "late")
LIST_KINDS = (*READ_KINDS[:-1], "cut off")
# A play that takes longer hangs.
_PLAY_SECONDS = 180
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
STATE = "/var/lib/senhasegura-rotation"
_WRAPPER = Path(__file__).with_name("faulty_ssh.py")
# The wait for the lease of a killed run is cut short below; a deadline must not be over where the machine is busy.
_OPTIONS = {"deadline": 120, "late_write_window": 5, "timeout": 4, "lock_wait": 60}


class Case(tuple[str, int, str]):
    """("vault" or "host", number of the call there, kind)"""

    __slots__ = ()

    def __str__(self) -> str:
        return f"{self[0]} call {self[1]} {self[2]}"


class RealScene:
    """One user of one host, and the vault that has the password."""

    operations: tuple[str, ...] = ("credential.list", "credential.read", "credential.write")
    # What becomes of a secret that is garbled: in the vault by a write, in the answer by a read.
    garbled: Mapping[str, Any] = {
        "store": {"password": {"append": "~"}},
        "answer": {"credential.password": {"append": "~"}},
    }

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
        self.struck = True

    def task(self) -> dict[str, Any]:
        task = {"credential": f"{self.host.name}-{self.user}", **_OPTIONS}
        return {"community.senhasegura.linux_password_change": task}

    def _lines_of_others(self) -> list[str]:
        return [line for line in self.host.read("/etc/shadow").splitlines() if not line.startswith(f"{self.user}:")]

    def start(self, case: Case | None = None, *, counting: bool = False) -> subprocess.Popen[str]:
        """Begin the play, with a fault of a call to the host if there is one, or to count those calls."""
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
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"),
            "ANSIBLE_SSH_EXTRA_ARGS": "",
            "ANSIBLE_NOCOLOR": "true",
            "FAULTY_SSH": str(plan),
            "SENHASEGURA_URL": self.simulator.url,
            "SENHASEGURA_CA_PATH": self.simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
            "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
        }
        if counting or (case and case[0] == "host"):
            env["ANSIBLE_SSH_EXECUTABLE"] = str(_WRAPPER)
        return subprocess.Popen(
            ["ansible-playbook", "-i", str(self._inventory), str(self._playbook)],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, case: Case | None = None, *, counting: bool = False) -> str:
        """Run the play with this fault. Returns its output."""
        if case and case[0] == "vault":
            self._spoil(case)
        play = self.start(case, counting=counting)
        killer = None
        if case and case[0] == "vault" and case[2].startswith("killed"):
            killer = threading.Thread(target=self._kill_at_gate, args=(play, case[2] == "killed after"))
            killer.start()
        try:
            output, _rest = play.communicate(timeout=_PLAY_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(play)
            raise Violation(f"{case or 'clean run'}: the play hangs: {play.communicate()[0]}") from None
        if killer:
            killer.join()
        self.struck = self._has_struck(case)
        self.control.clear_faults()
        result = re.search(r'"result": "(\w+)"', output) or re.search(r"changed=1", output)
        self.story.append(f"{case or 'clean run'}: rc {play.returncode}, {result[0] if result else 'no result'}")
        return output

    def lose_the_broker(self, write: int, *, applied: bool) -> tuple[int, str]:
        """Kill the broker of a play while that write is under way. Returns how the play has ended, and its output.

        :param write: the number of the write, from 0
        :param applied: whether the server carries it out nevertheless
        """
        self.control.fault("gate", operation=self.operations[-1], skip=write, times=1)
        play = self.start()
        gate = self.control.wait_for_gate()
        (broker,) = brokers_of(self.folder)
        os.kill(broker, signal.SIGKILL)
        self.control.release_gate(gate["number"], "continue" if applied else "drop")
        output, _nothing = play.communicate(timeout=600)
        return play.returncode, output

    def _has_struck(self, case: Case | None) -> bool:
        """Whether the run came to the call that is spoiled."""
        if case and case[0] == "host":
            return len((self.folder / "count").read_text().splitlines()) > case[1]
        return all(rule["used"] for rule in self.control.faults())

    def _spoil(self, case: Case) -> None:
        _where, at, kind = case
        rule: dict[str, Any] = {
            "killed before": {"kind": "gate"},
            "killed after": {"kind": "gate"},
            "lost, not applied": {"kind": "drop", "when": "before"},
            "lost, applied": {"kind": "drop", "when": "after"},
            "late": {"kind": "late", "seconds": LATE_SECONDS, "answer": "drop"},
            "garbled": {"kind": "mangle", **self.garbled},
            "cut off": {"kind": "truncate"},
        }[kind]
        self.control.fault(operation=list(self.operations), skip=at, times=1, **rule)

    def _kill_at_gate(self, play: subprocess.Popen[str], applied: bool) -> None:
        try:
            gate = self.control.wait_for_gate()
        except (LookupError, ValueError, TimeoutError):
            return
        _kill(play)
        self.control.release_gate(gate["number"], "continue" if applied else "drop")

    def records(self) -> dict[str, str]:
        """The passwords of the main record and of the journal."""
        name = f"{self.host.name}-{self.user}"
        items = self.control.state()["items"]
        return {i["identifier"]: i["password"] for i in items if str(i["identifier"]).startswith(name)}

    def check(self) -> None:
        """Some record has the password of the host, by its real hash; and nobody else was touched."""
        crypted = self.host.shadow(self.user).hash
        if not any(password_hash.matches(password, crypted) for password in self.records().values()):
            raise Violation("lost: no record has the password of the host")
        if self._lines_of_others() != self._others:
            raise Violation("the line of another user was changed")
        if (failures := self.host.failures(self.user)) > 1:
            raise Violation(f"{failures} failed logins are counted")

    def time_passes(self, case: Case | None = None) -> None:
        """What may come late has come, and the lease of a killed run is over."""
        if case is None or case[2] == "late":
            time.sleep(LATE_SECONDS + 0.5)
            self.check()
        self._end_leases()

    def _end_leases(self) -> None:
        end_lease(self.host)

    def play(self, *cases: Case) -> None:
        """Runs with faults, and a clean one that puts everything right. Raises Violation with the story."""
        self.story = []
        self.begin()
        try:
            for case in cases:
                self.host.forget_failures(self.user)
                self.run(case)
                # One fault may keep the next one from happening.
                if not self.struck and len(cases) == 1:
                    raise Violation("the run did not come to this call")
                self.check()
                self.time_passes(case)
            self.host.forget_failures(self.user)
            self.clean()
        except Violation as exc:
            raise Violation("\n  ".join([*map(str, self.story), str(exc)])) from None

    def clean(self) -> None:
        """A run that puts everything right."""
        output = self.run()
        self.check()
        if "failed=0" not in output or "changed=1" not in output:
            raise Violation(f"the clean run has failed: {output}")
        self.check_settled()

    def begin(self) -> None:
        """Note what is to be compared with later."""

    def warm_up(self) -> None:
        """Rotate until both records of the journal are in use, as they are ever after: a run reads them all then."""
        for _record in range(2):
            self.run()

    def check_settled(self) -> None:
        """After a clean run, all is as it shall be."""
        main = self.records()[f"{self.host.name}-{self.user}"]
        if not self.host.accepts(self.user, main):
            raise Violation("the password of the main record does not log in")
        if left := left_on(self.host):
            raise Violation(f"left behind: {left}")


class RealKeyScene(RealScene):
    """One key of a user that several hosts share, and the vault that has it."""

    operations = ("credential.list", "key.read", "key.write")
    garbled: Mapping[str, Any] = {
        "store": {"private_key": {"truncate": 200}},
        "answer": {"key.private_key": {"truncate": 200}},
    }

    def __init__(self, folder: Path, hosts: Hosts, simulator: Simulator, user: str) -> None:
        self.hosts = list(hosts)
        super().__init__(folder, hosts, self.hosts[0], simulator, user)
        self.begin()

    def task(self) -> dict[str, Any]:
        # A run that has settled what another has left does not change the key once more, which could hide a mistake.
        task = {"ssh_key": "the-key", "hosts": [host.name for host in self.hosts], "max_age_days": 0, **_OPTIONS}
        return {"community.senhasegura.linux_ssh_key_rotation": task}

    def warm_up(self) -> None:
        super().warm_up()
        self.begin()

    def _at_once(self, work: Callable[[Host], Any]) -> list[Any]:
        """Do this for all hosts at the same time."""
        # Unlike multiprocessing.pool, it hands a Violation on, which is a BaseException.
        with ThreadPoolExecutor(len(self.hosts)) as pool:
            return list(pool.map(work, self.hosts))

    def _lines(self, host: Host) -> list[str]:
        return host.read(f"/home/{self.user}/.ssh/authorized_keys").splitlines()

    def _lines_of_others(self, files: list[list[str]] | None = None) -> list[str]:
        return [line for lines in files or self._at_once(self._lines) for line in lines if "no-pty" not in line]

    def _stored(self) -> dict[str, dict[str, Any]]:
        items = self.control.state()["items"]
        return {i["identifier"]: i for i in items if str(i["identifier"]).startswith("the-key")}

    def records(self) -> dict[str, str]:
        """The keys of the main record, which comes first, and of the journal."""
        return {name: item["private_key"] for name, item in sorted(self._stored().items())}

    def begin(self) -> None:
        """The key that hosts may lose only when main has another one; and what was asked of the vault till now."""
        self._old, self._asked = _blob(self._stored()["the-key"]), len(self.control.log())

    def check(self) -> None:
        keys = self.records().values()
        entered = self._at_once(lambda host: any(host.enters(self.user, key) for key in keys))
        if lost := [host.name for host, enters in zip(self.hosts, entered, strict=True) if not enters]:
            raise Violation(f"lost: no record has a key of {', '.join(lost)}")
        files = self._at_once(self._lines)
        if self._lines_of_others(files) != self._others:
            raise Violation("the line of another key was changed")
        self._check_order(files)

    def _check_order(self, files: list[list[str]]) -> None:
        """The old key goes only after main was written and read back, and where the new one is."""
        record = self._stored()["the-key"]
        main = _blob(record)
        without = [lines for lines in files if not any(self._old in line for line in lines)]
        if not without:
            return
        if main == self._old or not all(any(main in line for line in lines) for lines in without):
            raise Violation("the old key has gone from a host that has not the one of the main record")
        log = [entry for entry in self.control.log()[self._asked :] if f"item:{record['id']}" in entry["writes"]]
        # Backwards: a read that was answered comes before the last write.
        for entry in reversed(log):
            if entry["operation"] == "key.read" and entry["status"] == 200:
                return
            if entry["operation"] == "key.write":
                break
        raise Violation("the old key has gone before main was read back")

    def _end_leases(self) -> None:
        self._at_once(end_lease)

    def clean(self) -> None:
        """Where the fault has left nothing, not even a lock, the next case begins with what would be done here."""
        if self.story and self._is_settled():
            self.story.append("settled")
        else:
            super().clean()

    def _is_settled(self) -> bool:
        try:
            self.check_settled()
        except Violation:
            return False
        return True

    def check_settled(self) -> None:
        main = self.records()["the-key"]
        self._at_once(lambda host: self._check_host(host, main))

    def _check_host(self, host: Host, main: str) -> None:
        if left := left_on(host):
            raise Violation(f"left behind on {host.name}: {left}")
        if len([line for line in self._lines(host) if "no-pty" in line]) != 1:
            raise Violation(f"{host.name} accepts another key as well")
        if not host.enters(self.user, main):
            raise Violation(f"the key of the main record does not log in to {host.name}")


def end_lease(host: Host) -> None:
    """Let the time of the locks that killed runs have left be over, and of all that they had sent to the vault."""
    script = (
        "import glob, json\n"
        f"for path in glob.glob('{STATE}/**/lock*.json', recursive=True):\n"
        "    with open(path) as file:\n"
        "        lock = json.load(file)\n"
        "    lock.update(at=lock['at'] - 1e6, up=lock['up'] - 1e6)\n"
        "    with open(path, 'w') as file:\n"
        "        json.dump(lock, file)\n"
    )
    host.run("python3 -", input=script)


def left_on(host: Host) -> str:
    """What a rotation has left on a host, but for what it knows of itself for good."""
    return host.run(f"test ! -e {STATE} || find {STATE} -name '*.json*' ! -name machine.json")


def _blob(record: Mapping[str, Any]) -> str:
    return str(record["public_key"].split()[1])


def _kill(play: subprocess.Popen[str]) -> None:
    # Found before any of them ends: its children get another parent then, and a worker would go on.
    for pid in [play.pid, *descendants(play.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
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
    """Every single fault of a run that finds all records of the journal in use."""
    scene.warm_up()
    before = len(scene.control.log())
    scene.run(counting=True)
    operations = [entry["operation"] for entry in scene.control.log()[before:]]
    asked = [operation for operation in operations if operation in scene.operations]
    called = (scene.folder / "count").read_text().splitlines()
    vault = [Case(("vault", at, kind)) for at, operation in enumerate(asked) for kind in _vault_kinds(operation)]
    host_kinds = {"login": LOGIN_KINDS, "command": HOST_KINDS}
    return vault + [Case(("host", at, kind)) for at, what in enumerate(called) for kind in host_kinds[what]]


def _vault_kinds(operation: str) -> tuple[str, ...]:
    return {"list": LIST_KINDS, "read": READ_KINDS, "write": WRITE_KINDS}[operation.rpartition(".")[2]]
