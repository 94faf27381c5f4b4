# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set-ups that people really have, on real hosts: who logs in, how root is reached, who shares what. And what must be
true of them whatever happens, found out without any code of the rotation but the comparison of a password with a hash.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from controlled import brokers_of
from faults.real import CLIENT, STATE, descendants, end_lease, left_on
from faults.world import Violation
from hosts.group import Hosts
from hosts.host import BECOME, COLLECTIONS, Host
from hosts.image import PASSWORD
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash
from senhasegura_simulator.server import Simulator

_CALLBACKS = Path(__file__).parents[1] / "integration" / "callback_plugins"
# A play that takes longer hangs.
PLAY_SECONDS = 300
OPTIONS: dict[str, Any] = {"deadline": 90, "late_write_window": 5, "timeout": 4, "lock_wait": 180}
SECRET = "the-secret"


@dataclasses.dataclass(frozen=True)
class Setup:
    """Who logs in to rotate what.

    :ivar kind: "password" or "key", what is rotated, of the account ``user``
    :ivar login: the account with which Ansible logs in
    :ivar by: what it logs in with: "key" (of the group of hosts, never rotated), "secret" (what is rotated)
    :ivar become: how it becomes root, one of BECOME
    :ivar hosts: how many hosts have the same secret
    :ivar twins: whether the account has another key, of another record, which is rotated too
    """

    name: str
    kind: str
    user: str = "app"
    login: str = "admin"
    by: str = "key"
    become: str = "nopasswd"
    hosts: int = 1
    twins: bool = False

    @property
    def records(self) -> tuple[str, ...]:
        return (SECRET, f"{SECRET}-2") if self.twins else (SECRET,)


PASSWORDS = (
    Setup("NOPASSWD", "password"),
    Setup("sudo", "password", login="app", become="own"),
    Setup("login and sudo", "password", login="app", by="secret", become="own"),
    Setup("targetpw", "password", user="root", login="app", become="targetpw"),
    Setup("rootpw", "password", user="root", login="app", become="rootpw"),
    Setup("runaspw", "password", user="root", login="app", become="runaspw"),
    Setup("su", "password", user="root", login="app", become="su"),
    Setup("doas", "password", login="app", become="doas"),
    Setup("login as root", "password", user="root", login="root", by="secret", become="root"),
    Setup("two hosts", "password", hosts=2),
    Setup("two hosts, login and sudo", "password", login="app", by="secret", become="own", hosts=2),
    Setup("two hosts, su", "password", user="root", login="app", become="su", hosts=2),
)
KEYS = (
    Setup("NOPASSWD", "key"),
    Setup("sudo", "key", login="app", become="own"),
    Setup("targetpw", "key", login="app", become="targetpw"),
    Setup("su", "key", login="app", become="su"),
    Setup("doas", "key", login="app", become="doas"),
    Setup("root's key", "key", user="root", login="root", by="secret", become="root"),
    Setup("the key of the login", "key", login="app", by="secret"),
    Setup("three hosts", "key", hosts=3),
    Setup("two hosts, the key of the login", "key", login="app", by="secret", hosts=2),
    Setup("two keys", "key", twins=True),
    Setup("two keys, two hosts", "key", twins=True, hosts=2),
)


@dataclasses.dataclass
class Ended:
    """A play that has ended. ``result`` is that of its last task on a host, by host."""

    code: int
    output: str
    results: dict[str, dict[str, Any]]
    seconds: float

    def told(self) -> str:
        """What the tasks have said that failed, or the end of the output."""
        failed = {host: result for host, result in self.results.items() if result.get("failed") or "failure" in result}
        texts = [f"{host}: {str(result.get('msg'))[:600]}" for host, result in failed.items()]
        return "\n".join(texts) or self.output[-1500:]

    def kinds(self) -> list[str]:
        """How the rotation has ended: a result as "changed", or a kind of failure as "busy"."""
        return [
            str((result.get("rotation") or {}).get("status") or (result.get("failure") or {}).get("kind") or "?")
            for result in self.results.values()
        ]


class Controller:
    """A machine that runs Ansible: a home, an inventory, and a broker of its own."""

    def __init__(self, folder: Path, inventory: Mapping[str, Any], simulator: Simulator) -> None:
        self.folder = folder
        # It must be short: sockets are in it.
        folder.mkdir(exist_ok=True)
        (folder / "inventory.json").write_text(json.dumps(inventory))
        paths = environment()
        paths["ANSIBLE_COLLECTIONS_PATH"] += f"{os.pathsep}{COLLECTIONS}"
        self._env = {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            **paths,
            "HOME": str(folder),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "cp"),
            "ANSIBLE_CALLBACK_PLUGINS": str(_CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "recorder",
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_TIMEOUT": "20",
            "SENHASEGURA_URL": simulator.url,
            "SENHASEGURA_CA_PATH": simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": CLIENT["client_id"],
            "SENHASEGURA_CLIENT_SECRET": CLIENT["client_secret"],
        }
        self._process: subprocess.Popen[str] | None = None
        self._started = 0.0

    def start(self, tasks: Sequence[Mapping[str, Any]], on: str, *arguments: str, become: bool = True) -> None:
        """Begin a play in a process group of its own."""
        play = {"hosts": on, "gather_facts": False, "become": become, "tasks": list(tasks)}
        (self.folder / "play.yml").write_text(yaml.safe_dump([play]))
        (self.folder / "results").write_text("")
        self._started = time.monotonic()
        # Not a pipe: who outlives the play would keep it open.
        with (self.folder / "output").open("w") as output:
            self._process = subprocess.Popen(
                [
                    "ansible-playbook",
                    "-i",
                    str(self.folder / "inventory.json"),
                    str(self.folder / "play.yml"),
                    *arguments,
                ],
                cwd=self.folder,
                env={**self._env, "RECORDER_PATH": str(self.folder / "results")},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> bool:
        assert self._process
        return self._process.poll() is not None

    def wait(self) -> Ended:
        assert self._process
        try:
            code = self._process.wait(PLAY_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill("tree")
            raise Violation(f"the play hangs: {(self.folder / 'output').read_text()}") from None
        seconds = time.monotonic() - self._started
        lines = [json.loads(line) for line in (self.folder / "results").read_text().splitlines()]
        results = {line["host"]: line["result"] for line in lines}
        return Ended(code, (self.folder / "output").read_text(errors="replace"), results, seconds)

    def run(self, tasks: Sequence[Mapping[str, Any]], on: str, *arguments: str, become: bool = True) -> Ended:
        self.start(tasks, on, *arguments, become=become)
        return self.wait()

    def kill(self, how: str) -> None:
        """SIGKILL for the process group, and wait for what goes on without it.

        :param how: "group": workers, which ansible-core puts into sessions of their own, go on until they are done;
            "tree": they and their ssh end too, and the broker does when it sees that; "broker": it is killed as well
        """
        assert self._process
        below = descendants(self._process.pid)
        victims = [self._process.pid] if how == "group" else [self._process.pid, *below]
        if how == "broker":
            victims += brokers_of(self.folder)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        _wait_for(lambda: not any(map(_lives, below)), "a worker of a killed play does not end")


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _wait_for(condition: Any, complaint: str, seconds: float = PLAY_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(complaint)
        time.sleep(0.05)


class Stage:
    """A set-up on hosts, as it is after some rotations, and a vault that has the secret."""

    def __init__(self, folder: Path, hosts: Hosts, setup: Setup, some: Sequence[Host], simulator: Simulator) -> None:
        self.setup, self.hosts, self.simulator = setup, list(some), simulator
        self.control = simulator.control
        self._folder, self._group = folder, hosts
        self._others = {host.name: self._lines_of_others(host) for host in self.hosts}
        self.controller = self.another("c1")

    def another(self, name: str) -> Controller:
        """One more controller."""
        return Controller(self._folder / name, self._inventory(), self.simulator)

    def _inventory(self) -> dict[str, Any]:
        return {"all": {"hosts": {host.name: self._variables(host) for host in self.hosts}}}

    def _variables(self, host: Host) -> dict[str, Any]:
        setup, way = self.setup, BECOME[self.setup.become]
        variables: dict[str, Any] = dict(host.inventory(setup.login))
        password = f"{{{{ lookup('community.senhasegura.password', '{SECRET}') }}}}"
        if setup.by == "secret":
            del variables["ansible_ssh_private_key_file"]
            if setup.kind == "password":
                variables["ansible_password"] = password
                variables["ansible_ssh_common_args"] += " -o PubkeyAuthentication=no"
            else:
                key = f"{{{{ lookup('community.senhasegura.ssh_key', '{SECRET}', as_file=true) }}}}"
                variables["ansible_ssh_private_key_file"] = key
        if way.method:
            variables["ansible_become_method"] = way.method
        if way.asks:
            whose = setup.login if way.asks == "self" else way.asks
            is_rotated = setup.kind == "password" and whose == setup.user
            variables["ansible_become_password"] = password if is_rotated else PASSWORD
        return variables

    def task(self, record: str = SECRET, **options: Any) -> dict[str, Any]:
        """A rotation of this record."""
        # The vault takes two records with the same user and host for one.
        options = {**OPTIONS, **({} if record == SECRET else {"user": self.setup.user}), **options}
        names = [host.name for host in self.hosts]
        if self.setup.kind == "key":
            return {
                "name": "rotate",
                "community.senhasegura.linux_ssh_key_rotation": {"ssh_key": record, "hosts": names, **options},
            }
        if len(names) > 1:
            options.setdefault("hosts", names)
        return {"name": "rotate", "community.senhasegura.linux_password_change": {"credential": record, **options}}

    def start(self, record: str = SECRET, controller: Controller | None = None, **options: Any) -> None:
        become = bool(BECOME[self.setup.become].method)
        (controller or self.controller).start([self.task(record, **options)], self.hosts[0].name, become=become)

    def run(self, record: str = SECRET, **options: Any) -> Ended:
        self.start(record, **options)
        return self.controller.wait()

    def items(self, record: str) -> dict[str, dict[str, Any]]:
        """The records of this secret by identifier, the main one first."""
        found = {str(item["identifier"]): item for item in self.control.state()["items"]}
        return {name: found[name] for name in sorted(found) if name == record or name.startswith(f"{record}--")}

    def holders(self, host: Host, record: str, *, first: bool = True) -> list[str]:
        """The records that log in to the host now: the first that is found, or all."""
        names = []
        for name, item in self.items(record).items():
            if self._fits(host, item):
                names.append(name)
                if first:
                    break
        return names

    def _fits(self, host: Host, item: Mapping[str, Any]) -> bool:
        if self.setup.kind == "password":
            return _matches(item["password"], host.shadow(self.setup.user).hash)
        blob = _blob(item)
        if not blob or not any(blob in line for line in self._lines(host)):
            return False
        return host.enters(self.setup.user, item["private_key"])

    def _lines(self, host: Host) -> list[str]:
        home = "/root" if self.setup.user == "root" else f"/home/{self.setup.user}"
        return [line for line in host.read(f"{home}/.ssh/authorized_keys").splitlines() if line]

    def _lines_of_others(self, host: Host) -> list[str]:
        user = self.setup.user if self.setup.kind == "password" else ""
        return [line for line in host.read("/etc/shadow").splitlines() if not line.startswith(f"{user}:")]

    def quiet(self) -> None:
        """Wait until nothing is under way: no request to the vault, no command on a host."""
        _wait_for(
            lambda: all(entry["status"] is not None for entry in self.control.log()[-20:]) or _broker_is_gone(self),
            "a request to the vault does not end",
        )
        # Not what asks for it.
        busy = "pgrep -f '[p]ython3 .*-I -$|[c]hpasswd' >/dev/null"
        for host in self.hosts:
            _wait_for(functools.partial(_fails, host, busy), f"{host} is not done")

    def check(self) -> None:
        """Raises Violation when a host accepts no secret of a record, or something of others has changed."""
        for host in self.hosts:
            for record in self.setup.records:
                if not self.holders(host, record):
                    raise Violation(f"lost: {record} has nothing that logs in to {host.name} as {self.setup.user}")
            if self._lines_of_others(host) != self._others[host.name]:
                raise Violation(f"{host.name}: the password of another user was changed")
            if self.setup.kind == "key" and not any(self._group.public_key in line for line in self._lines(host)):
                raise Violation(f"{host.name}: the key of somebody else has gone")

    def check_settled(self) -> None:
        """Raises Violation unless the main records log in to all hosts, and nothing else of theirs does."""
        for host in self.hosts:
            mains = [self.items(record)[record] for record in self.setup.records]
            if self.setup.kind == "key":
                known = [*map(_blob, mains), self._group.public_key.split()[1]]
                strange = [line for line in self._lines(host) if "ssh-" in line and not any(k in line for k in known)]
                if strange:
                    raise Violation(f"{host.name} accepts another key as well: {strange[0][:60]}")
                ok = all(host.enters(self.setup.user, item["private_key"]) for item in mains)
            else:
                ok = host.accepts(self.setup.user, mains[0]["password"])
            if not ok:
                raise Violation(f"the main record does not log in to {host.name} as {self.setup.user}")
            if left := left_on(host):
                raise Violation(f"left behind on {host.name}: {left}")

    def forget_failures(self) -> None:
        for host in self.hosts:
            host.run("faillock --reset --user app; faillock --reset --user root; : >/var/log/failures")
            host.forget_logins()

    def check_failures(self, runs: int = 1, killed: int = 0) -> None:
        """Raises Violation when more authentications of an account were refused since forget_failures than there were
        runs that have changed something. faillock also counts a prompt at which one of these runs was ``killed``.
        """
        for host in self.hosts:
            for user in ("app", "root", "admin"):
                refused = host.refusals(user)
                refused += [login.method for login in host.logins(user, "publickey") if not login.accepted]
                if len(refused) > runs:
                    raise Violation(
                        f"{user} was refused more often than there were runs on {host.name}: {', '.join(refused)}"
                    )
                if (counted := host.failures(user)) > runs + killed:
                    raise Violation(f"faillock counts {counted} failures of {user} on {host.name}")

    def end_leases(self) -> None:
        """End the locks of killed runs, as if the time had come."""
        for host in self.hosts:
            end_lease(host)

    def claimed(self, result: Mapping[str, Any]) -> set[str]:
        """The records of which a result says, or lets one think, that they log in."""
        # What was so before the change is said of then.
        text = re.sub(r"\S+ was accepted", "", json.dumps(result))
        known = [name for record in self.setup.records for name in self.items(record) if not name.endswith("--lease")]
        found = {name for name in known if "--" in name and re.search(rf"{re.escape(name)}(?![\w-])", text)}
        found |= {name for name in known if re.search(rf"logs in with {re.escape(name)}(?![\w-])", text)}
        works = [(result.get(part) or {}).get("works") for part in ("rotation", "failure")]
        return found | {str(name) for name in works if name}

    def false_claims(self, result: Mapping[str, Any]) -> list[str]:
        """The records that a result names and that log in to none of the hosts."""
        stored = {name: item for record in self.setup.records for name, item in self.items(record).items()}
        return [
            name
            for name in sorted(self.claimed(result))
            if name not in stored or not any(self._fits(host, stored[name]) for host in self.hosts)
        ]


def _fails(host: Host, script: str) -> bool:
    return host.execute("sh", "-c", script).returncode != 0


def _broker_is_gone(stage: Stage) -> bool:
    return not brokers_of(stage.controller.folder)


def _matches(password: Any, crypted: str) -> bool:
    with contextlib.suppress(Exception):
        return bool(password) and password_hash.matches(str(password), crypted)
    return False


def _blob(item: Mapping[str, Any]) -> str:
    return "".join(str(item.get("public_key") or "").split()[1:2])


def own(host: Host) -> str:
    """The record that is for one host alone, where others share one."""
    return f"{host.name}-app"


@contextlib.contextmanager
def stage(hosts: Hosts, setup: Setup, number: int = 0) -> Iterator[Stage]:
    """The hosts of this set-up from ``number`` on, all of them as new, and a vault."""
    some = [hosts[(number + at) % len(hosts)] for at in range(setup.hosts)]
    with tempfile.TemporaryDirectory(prefix="s-", ignore_cleanup_errors=True) as folder:
        pairs = {record: keypair.generate("ed25519", comment=record) for record in setup.records}
        for host in some:
            host.run(f"rm -rf {STATE}; : >/var/log/failures")
            host.run("chpasswd", input=f"app:{PASSWORD}\nroot:{PASSWORD}\n")
            host.become(setup.become, setup.login)
            lines = [f"# others\n{hosts.public_key}"]
            if setup.kind == "key":
                lines += [f"no-agent-forwarding {pair.public_key}" for pair in pairs.values()]
            host.authorize("root", hosts.public_key)
            host.authorize(setup.user, "\n".join(lines))
            if setup.login not in (setup.user, "root"):
                host.authorize(setup.login, hosts.public_key)
        seed: dict[str, Any] = {
            "clients": [CLIENT],
            "devices": [{"hostname": host.name, "ip": host.address} for host in some],
        }
        of_record = {"username": setup.user, "hostname": some[0].name}
        if setup.kind == "password":
            seed["credentials"] = [{"identifier": SECRET, **of_record, "password": PASSWORD}]
            # And one for each host, which no set-up uses.
            seed["credentials"] += [
                {"identifier": own(host), "username": "app", "hostname": f"of-{host.name}", "password": PASSWORD}
                for host in some
            ]
            seed["devices"] += [{"hostname": f"of-{host.name}", "ip": host.address} for host in some]
        else:
            names = [host.name for host in some]
            seed["keys"] = [
                {
                    "identifier": record,
                    **of_record,
                    "username": setup.user if record == SECRET else f"{setup.user}-2",
                    "devices": names,
                    "private_key": pair.private_key,
                    "public_key": pair.public_key,
                }
                for record, pair in pairs.items()
            ]
        with Simulator(profile="4.0", seed=seed) as simulator:
            yield Stage(Path(folder), hosts, setup, some, simulator)


# Whether the tests shall go through all set-ups, and not through a sample.
ALL = os.environ.get("ROTATION_SETUPS") == "all"
# By kind and name.
BY_NAME = {(setup.kind, setup.name): setup for setup in (*PASSWORDS, *KEYS)}
TWO = {kind: Setup("two hosts", kind, hosts=2) for kind in ("password", "key")}


def alone(scene: Stage, **options: Any) -> dict[str, Any]:
    """A task that says nothing of other hosts."""
    module, option = {
        "password": ("linux_password_change", "credential"),
        "key": ("linux_ssh_key_rotation", "ssh_key"),
    }[scene.setup.kind]
    return {"name": "rotate", f"community.senhasegura.{module}": {option: SECRET, "timeout": 4, **options}}


def honest(scene: Stage, done: Ended) -> None:
    """No result names a record as what logs in that does not."""
    for result in done.results.values():
        assert not scene.false_claims(result), result


def content(scene: Stage, host: Host) -> str:
    """What decides about logins of the account whose secret is rotated."""
    user = scene.setup.user
    if scene.setup.kind == "password":
        return host.shadow(user).hash
    return host.run(f"stat -c '%Y %i' /home/{user}/.ssh/authorized_keys") + "\n".join(scene._lines(host))


def killed_at_each_write(scene: Stage, record: str) -> Iterator[int]:
    """Kill a run when it asks for its first write to the vault, the next one when it asks for its second, and so on."""
    operation = {"password": "credential.write", "key": "key.write"}[scene.setup.kind]
    for number in range(30):
        scene.control.fault("gate", operation=operation, skip=number, times=1)
        scene.forget_failures()
        scene.start(record)
        gate = reached(scene)
        if gate is None:
            scene.control.clear_faults()
            return
        scene.controller.kill("broker")
        scene.control.release_gate(gate["number"], "drop" if number % 2 else "continue")
        scene.control.clear_faults()
        scene.quiet()
        scene.check()
        scene.check_failures()
        scene.end_leases()
        scene.forget_failures()
        yield number
    raise AssertionError("a run that writes so often is not to be expected")


def reached(scene: Stage) -> dict[str, Any] | None:
    """The request that is held, or None when the run has ended without."""
    while True:
        over = scene.controller.ended()
        if waiting := [gate for gate in scene.control.gates() if gate["state"] == "waiting"]:
            return dict(waiting[0])
        if over:
            return None
        time.sleep(0.05)
