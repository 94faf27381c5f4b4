# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One running test host, seen from the machine that it runs on."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .image import PASSWORD

PORT = 22
SSHD_LOG = "/var/log/sshd.log"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LOGIN = re.compile(r"^(Accepted|Failed) (\S+) for (?:invalid user )?(\S+) from ", re.MULTILINE)


class HostError(RuntimeError):
    """A command on a host failed, or a host did not start."""


@dataclass(frozen=True)
class Shadow:
    """A user's line in /etc/shadow; times are in days."""

    user: str
    hash: str
    changed: str
    minimum: str
    maximum: str
    warning: str
    inactive: str
    expires: str
    reserved: str

    @property
    def locked(self) -> bool:
        return self.hash.startswith("!")


@dataclass(frozen=True)
class Login:
    """An attempt to log in, from sshd's log; method as sshd names it: password, publickey, keyboard-interactive/pam."""

    user: str
    method: str
    accepted: bool


@dataclass(frozen=True)
class Become:
    """A way to become root: what Ansible must be told, whose password it takes, and the files that allow it.

    :ivar method: Ansible's become_method, "" for a login as root
    :ivar asks: whose password is asked for: "self" of who has logged in, "root", or "" for nobody's
    :ivar sudoers, doas: lines of /etc/sudoers.d and /etc/doas.conf, with {user}
    """

    method: str
    asks: str
    sudoers: str = ""
    doas: str = ""


_ALL = "{user} ALL=(ALL:ALL) ALL\n"
BECOME = {
    "nopasswd": Become("sudo", "", "{user} ALL=(ALL:ALL) NOPASSWD: ALL\n"),
    "own": Become("sudo", "self", _ALL),
    # As SUSE has it.
    "targetpw": Become("sudo", "root", f"Defaults:{{user}} targetpw\n{_ALL}"),
    "rootpw": Become("sudo", "root", f"Defaults:{{user}} rootpw\n{_ALL}"),
    "runaspw": Become("sudo", "root", f"Defaults:{{user}} runaspw\n{_ALL}"),
    "su": Become("su", "root"),
    "doas": Become("community.general.doas", "self", doas="permit {user} as root\n"),
    "doas-nopass": Become("community.general.doas", "", doas="permit nopass {user} as root\n"),
    "root": Become("", ""),
}
# Where Ansible finds community.general.doas: to be added to ANSIBLE_COLLECTIONS_PATH.
COLLECTIONS = Path(__file__).with_name("collections")


class Host:
    """The host ends when its first process reads an end of file; ``cable`` is this machine's end of its network."""

    port = PORT

    def __init__(self, name: str, suite: str, folder: Path, process: subprocess.Popen[str]) -> None:
        self.name, self.suite = name, suite
        self.address = self.cable = ""
        self._folder = folder
        self.private_key = folder / "id_ed25519"
        self.known_hosts = folder / "known_hosts"
        self._process = process
        self._entrance: list[str] = []

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.suite} {self.address}>"

    def run(self, script: str, *, check: bool = True, input: str | None = None) -> str:  # noqa: A002
        """The output of a bash script that runs as root inside the host, without SSH; its errors are in it too."""
        done = self.execute("bash", "-euo", "pipefail", "-c", script, input=input)
        if check and done.returncode != 0:
            raise HostError(f"{self.name}: {script!r} failed ({done.returncode}): {done.stdout}")
        return done.stdout

    def execute(self, *command: str, input: str | None = None) -> subprocess.CompletedProcess[str]:  # noqa: A002
        """Run a program as root inside the host; it does not inherit this process's environment."""
        return subprocess.run(
            [*self.entrance, *command],
            input=input or "",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=120,
            check=False,
        )

    def read(self, path: str) -> str:
        return self.run(f"cat -- {shlex.quote(path)}")

    def write(self, path: str, content: str) -> None:
        """Owner and mode of a file that is there already stay."""
        self.run(f"cat >{shlex.quote(path)}", input=content)

    def shadow(self, user: str) -> Shadow:
        for line in self.read("/etc/shadow").splitlines():
            if line.startswith(f"{user}:"):
                return Shadow(*line.split(":"))
        raise LookupError(f"{self.name} has no user {user}")

    def add_user(
        self,
        name: str,
        password: str | None = PASSWORD,
        *,
        shell: str = "/bin/bash",
        authorized_keys: str | None = None,
        locked: bool = False,
        chage: Mapping[str, str] | None = None,
    ) -> None:
        """``chage``: long options with their values, as {"maxdays": "90"}; without a password none fits."""
        user = shlex.quote(name)
        script = [f"useradd --create-home --shell {shlex.quote(shell)} --password '*' {user}"]
        if password is not None:
            script.append("chpasswd")
        if locked:
            script.append(f"usermod --lock {user}")
        script += [f"chage --{option} {shlex.quote(value)} {user}" for option, value in (chage or {}).items()]
        self.run("\n".join(script), input=f"{name}:{password}\n")
        if authorized_keys is not None:
            self.authorize(name, authorized_keys)

    def authorize(self, user: str, lines: str) -> None:
        """Make this the content of the user's ~/.ssh/authorized_keys."""
        name = shlex.quote(user)
        self.run(
            f"home=$(getent passwd {name} | cut -d: -f6) owner=(-o {name} -g $(id -g {name}))\n"
            'install -d -m 700 "${owner[@]}" $home/.ssh\n'
            'install -m 600 "${owner[@]}" /dev/stdin $home/.ssh/authorized_keys',
            input=lines if lines.endswith("\n") or not lines else lines + "\n",
        )

    def logins(self, user: str | None = None, method: str | None = None) -> list[Login]:
        """All attempts in order; with ``user`` and ``method`` only those."""
        found = (Login(who, how, result == "Accepted") for result, how, who in _LOGIN.findall(self.read(SSHD_LOG)))
        return [login for login in found if user in (None, login.user) and method in (None, login.method)]

    def forget_logins(self) -> None:
        self.run(f": >{SSHD_LOG}")

    def failures(self, user: str) -> int:
        """How many failed logins faillock counts against the user; three lock the account for 15 minutes."""
        lines = self.run(f"faillock --user {shlex.quote(user)}").splitlines()
        return sum(line.split()[-1] == "V" for line in lines[2:])

    def refusals(self, user: str) -> list[str]:
        """The programs that have refused a password of this user, one for each time: sshd, sudo, su, doas."""
        lines = [line.split() for line in self.read("/var/log/failures").splitlines()]
        return [program for program, whose, _by in lines if whose == user]

    def forget_failures(self, user: str) -> None:
        name = shlex.quote(user)
        self.run(f"faillock --user {name} --reset; sed -i '/^[^ ]* '{name}' /d' /var/log/failures")

    def become(self, method: str, user: str = "app") -> Become:
        """Let this user become root in this way, one of BECOME, and in no other. Says what Ansible must be told."""
        way = BECOME[method]
        self.run(
            f"cat >/etc/sudoers.d/00-test; chmod 440 /etc/sudoers.d/00-test; visudo -cqf /etc/sudoers.d/00-test\n"
            f"printf '%s' {shlex.quote(way.doas.format(user=user))} >/etc/doas.conf; chmod 400 /etc/doas.conf",
            input=way.sudoers.format(user=user),
        )
        return way

    def sshd(self, config: str) -> None:
        """Let this configuration win over all other, also Match blocks; an empty one takes it back."""
        self.run("cat >/etc/ssh/sshd_config.d/00-test.conf && sshd -t", input=config)
        # It starts itself anew with other listening sockets, which takes some milliseconds.
        before = self._listening()
        self.run("kill -HUP $(cat /run/sshd.pid)")
        _wait(lambda: _all_new(before, self._listening()), f"{self.name}: sshd does not listen")

    def _listening(self) -> set[str]:
        """What tells the listening sockets of sshd (IPv4 and IPv6) from the next ones."""
        return set(re.findall(r"\bino:\d+", self.run(f"ss -Hltne 'sport = {PORT}'")))

    def cut(self, *, noticed: bool = False) -> None:
        """Pull the network cable. This machine asks for 3 seconds before it says so; if it is ``noticed``, for 0.3."""
        if noticed:
            self._ask_again_after(100)
        self.run("ip link set eth0 down")

    def restore(self) -> None:
        self._ask_again_after(1000)
        gateway = self.address.rpartition(".")[0] + ".1"
        self.run(f"ip link set eth0 up; ip route replace {gateway} dev eth0; ip route replace default via {gateway}")
        _wait(self.answers, f"{self.name} does not answer")

    def _ask_again_after(self, milliseconds: int) -> None:
        """How long this machine waits for the host to answer ARP, which it asks three times."""
        Path(f"/proc/sys/net/ipv4/neigh/{self.cable}/retrans_time_ms").write_text(str(milliseconds))

    @contextmanager
    def readonly(self, path: str = "/etc") -> Iterator[None]:
        """Nothing can be written below ``path``."""
        self.run(f"mount --bind {path} {path} && mount -o remount,bind,ro {path}")
        try:
            yield
        finally:
            self.run(f"umount {path}")

    @contextmanager
    def full(self, path: str = "/etc", spare: int = 0) -> Iterator[None]:
        """The file system of ``path`` has only ``spare`` KiB left. What is changed there meanwhile stays."""
        self.run(
            f"mkdir -p /run/full && mount -t tmpfs -o mode=755,size=32m tmpfs /run/full && cp -a {path}/. /run/full/\n"
            f"mount --bind /run/full {path} && umount /run/full\n"
            f"dd if=/dev/zero of={path}/.filler bs=4K status=none 2>/dev/null || true\n"
            f"truncate -s -{spare}K {path}/.filler"
        )
        try:
            yield
        finally:
            self.run(
                f"mount --bind {path} /run/full && umount {path} && rm /run/full/.filler\n"
                f"find {path} -mindepth 1 -delete && cp -a /run/full/. {path}/ && umount /run/full"
            )

    def answers(self) -> bool:
        """Whether sshd greets."""
        with suppress(OSError), socket.create_connection((self.address, PORT), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
        return False

    def ssh(
        self, user: str, command: str = "true", *, password: str | None = None, key: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Log in over SSH with one attempt, by password or with a private key (default: that of root and admin)."""
        arguments = ["ssh", "-F", "/dev/null", "-T", "-p", str(PORT), "-o", "ConnectTimeout=10", *self._ssh_options()]
        env = {"PATH": _PATH}
        if password is None:
            arguments += ["-i", str(key or self.private_key), "-o", "PreferredAuthentications=publickey"]
            arguments += ["-o", "BatchMode=yes"]
        else:
            askpass = self._folder / "askpass"
            if not askpass.exists():
                askpass.write_text('#!/bin/sh\nprintf "%s\\n" "$HOSTS_PASSWORD"\n')
                askpass.chmod(0o700)
            env |= {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force", "HOSTS_PASSWORD": password}
            arguments += ["-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"]
        return subprocess.run(
            [*arguments, f"{user}@{self.address}", command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def accepts(self, user: str, password: str | None = None, key: Path | None = None) -> bool:
        """Whether this user gets a session with it; a host that cannot be reached is an error."""
        done = self.ssh(user, "echo in", password=password, key=key)
        refusals = ("Permission denied", "Your account has expired")
        if done.returncode == 255 and not any(text in done.stdout for text in refusals):
            raise HostError(f"{self.name}: {done.stdout}")
        return done.returncode == 0 and done.stdout.endswith("in\n")

    def enters(self, user: str, private_key: str) -> bool:
        """Whether this user gets a session with the private key that this is, as a vault has it: also with CR LF."""
        # Nobody else may read the file, or ssh would not.
        with tempfile.NamedTemporaryFile("w", dir=self._folder) as file:
            file.write(private_key.replace("\r\n", "\n"))
            file.flush()
            return self.accepts(user, key=Path(file.name))

    def inventory(self, user: str = "root") -> dict[str, str | int]:
        """The host's variables for Ansible; ``user`` is root or admin, both log in by key."""
        return {
            "ansible_host": self.address,
            "ansible_port": PORT,
            "ansible_user": user,
            "ansible_ssh_private_key_file": str(self.private_key),
            "ansible_ssh_common_args": shlex.join(self._ssh_options()),
            "ansible_python_interpreter": "/usr/bin/python3",
        }

    def target(self, user: str = "root") -> dict[str, str | int]:
        """How the simulator's vault logs in to change passwords here: a value of its setting `targets`."""
        files = {"private_key": str(self.private_key), "known_hosts": str(self.known_hosts)}
        return {"address": self.address, "port": PORT, "user": user, **files}

    def _ssh_options(self) -> list[str]:
        """Nothing is taken from the caller's own keys and known hosts."""
        options = {
            "UserKnownHostsFile": self.known_hosts,
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
        }
        return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """The host loses its power; the kernel takes down its processes, mounts and network with it."""
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        # The kernel takes its time to do it.
        if self.cable:
            subprocess.run(["ip", "link", "delete", self.cable], stderr=subprocess.DEVNULL, check=False)

    @property
    def entrance(self) -> list[str]:
        """What to put before a command that shall run inside."""
        if not self._entrance:
            pid = self._process.pid
            init = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0]
            enter = ["nsenter", "--target", init, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
            self._entrance = [*enter, "env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8"]
        return self._entrance


def _all_new(before: set[str], now: set[str]) -> bool:
    """Whether as many sockets listen as before, and none of those: they are closed one after another."""
    return bool(now) and len(now) == len(before) and not now & before


def _wait(condition: Callable[[], bool], complaint: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise HostError(complaint)
        time.sleep(0.01)
