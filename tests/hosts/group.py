# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test hosts that start and end together: ``with Hosts(["bookworm", "trixie"]) as hosts: hosts[0].run("id")``"""

from __future__ import annotations

import errno
import fcntl
import os
import selectors
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from .host import Host, HostError, _wait
from .image import CACHE, HERE, templates

NETWORK = "10.213"
INSTANCES = CACHE / "instances"
# sshd has these before anything that is in its configuration, so ``sshd`` of Hosts wins.
# The key exchange that withstands quantum computers takes an eighth of a second of each core, at both ends.
SSHD = {"PermitRootLogin": "yes", "KexAlgorithms": "curve25519-sha256"}


class Hosts(Sequence[Host]):
    """``suites``: the release of each host. ``sshd``: options of sshd, for all hosts or, with the host's name, for one.

    Hosts are called host1, host2, … and are in a network of their own, 10.213.N.0/24.
    """

    def __init__(
        self,
        suites: Sequence[str] = ("bookworm", "trixie", "bookworm"),
        *,
        sshd: Mapping[str, str | Mapping[str, str]] | None = None,
    ) -> None:
        if len(suites) > 200:
            raise ValueError("at most 200 hosts")
        self._suites = suites
        self._sshd = sshd or {}
        self._hosts: list[Host] = []
        self._lock: IO[str] | None = None

    def __enter__(self) -> Hosts:
        images = templates(self._suites)
        remove_leftovers()
        self._lock, self.folder = _instance()
        try:
            self._start(images)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __len__(self) -> int:
        return len(self._hosts)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        return self._hosts[index]

    def __iter__(self) -> Iterator[Host]:
        return iter(self._hosts)

    @property
    def private_key(self) -> Path:
        """Logs in to all hosts, as root and as admin."""
        return self.folder / "id_ed25519"

    @property
    def public_key(self) -> str:
        return self.private_key.with_suffix(".pub").read_text().strip()

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def inventory(self, user: str = "root") -> dict[str, object]:
        """An inventory for Ansible, in the form of a YAML inventory file (JSON is YAML)."""
        return {"all": {"hosts": {host.name: host.inventory(user) for host in self}}}

    def stop(self) -> None:
        while self._hosts:
            self._hosts.pop().stop()
        if self._lock:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._lock.close()
            self._lock = None

    def _start(self, images: Mapping[str, Path]) -> None:
        _keygen(self.private_key, "ed25519", "hosts")
        (self.folder / "mnt").mkdir()
        network = None
        for number, suite in enumerate(self._suites, 1):
            name = f"host{number}"
            process = _unshare()
            # In the list before anything else can go wrong, so that stop() finds it.
            host = Host(name, suite, self.folder, process)
            self._hosts.append(host)
            _expect(host, "new")
            network = _connect(process.pid, number, network)
            host.cable, host.address = f"shg{network}h{number}", f"{NETWORK}.{network}.{10 + number}"
            files = self._files(host)
            arguments = (images[suite], files, self.folder / "mnt", name, host.address, f"{NETWORK}.{network}.1")
            _send(process, "\n".join(map(str, arguments)))
        for host in self:
            _expect(host, "up")
        for host in self:
            _wait(host.answers, f"{host} does not answer")

    def _files(self, host: Host) -> Path:
        """What is this host's own: its names, keys and settings, and who may log in."""
        root = self.folder / "files" / host.name
        etc, ssh = root / "etc", root / "etc" / "ssh"
        (ssh / "sshd_config.d").mkdir(parents=True)
        etc.joinpath("hostname").write_text(f"{host.name}\n")
        etc.joinpath("hosts").write_text(f"127.0.0.1 localhost\n{host.address} {host.name}\n")
        # As each machine has it: what is made of it tells hosts apart.
        etc.joinpath("machine-id").write_text(f"{uuid.uuid4().hex}\n")
        options = {**SSHD, **{name: value for name, value in self._sshd.items() if isinstance(value, str)}}
        if isinstance(own := self._sshd.get(host.name), Mapping):
            options.update(own)
        ssh.joinpath("sshd_config.d", "10-hosts.conf").write_text(
            "".join(f"{name} {value}\n" for name, value in options.items())
        )
        for kind in ("ed25519", "ecdsa"):
            key = ssh / f"ssh_host_{kind}_key"
            _keygen(key, kind, f"root@{host.name}")
            with self.known_hosts.open("a") as file:
                file.write(f"{host.address} {key.with_suffix('.pub').read_text()}")
        for home in (root / "root" / ".ssh", root / "home" / "admin" / ".ssh"):
            home.mkdir(mode=0o700, parents=True)
            home.parent.chmod(0o700)
            home.joinpath("authorized_keys").write_text(f"{self.public_key}\n")
            home.joinpath("authorized_keys").chmod(0o600)
        return root


def remove_leftovers() -> None:
    """Folders of runs that were killed. Their hosts ended with them, and took mounts and networks along."""
    for folder in INSTANCES.glob("*"):
        with suppress(OSError), folder.joinpath("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)


def _instance() -> tuple[IO[str], Path]:
    """A folder that is known to be in use while this process lives, and its lock."""
    INSTANCES.mkdir(parents=True, exist_ok=True)
    while True:
        folder = Path(tempfile.mkdtemp(dir=INSTANCES))
        lock = None
        # Somebody else's remove_leftovers may take it away before it is locked.
        with suppress(OSError):
            lock = folder.joinpath("lock").open("a")
            fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.joinpath("lock").exists():
                return lock, folder
        if lock:
            lock.close()


def _unshare() -> subprocess.Popen[str]:
    """The first process of a host, in its new namespaces."""
    namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--fork", "--kill-child"]
    return subprocess.Popen(
        ["unshare", *namespaces, "bash", str(HERE / "boot.sh")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A Ctrl-C is for us, and the host ends in its own time.
        start_new_session=True,
    )


def _connect(pid: int, number: int, network: int | None) -> int:
    """Give the host a cable to this machine. The first takes the lowest network that is free: its name is the claim."""
    for candidate in range(256) if network is None else [network]:
        cable, gateway, address = (
            f"shg{candidate}h{number}",
            f"{NETWORK}.{candidate}.1",
            f"{NETWORK}.{candidate}.{10 + number}",
        )
        script = f"link add {cable} type veth peer name eth0 netns {pid}\n"
        done = subprocess.run(["ip", "-batch", "-"], input=script, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            if network is None and os.strerror(errno.EEXIST) in done.stderr:
                continue
            raise HostError(f"no network for test hosts: {done.stderr}")
        script = f"address add {gateway} peer {address} dev {cable}\nlink set {cable} up\n"
        subprocess.run(["ip", "-batch", "-"], input=script, capture_output=True, text=True, check=True)
        return candidate
    raise HostError("256 groups of test hosts run already")


def _send(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


def _expect(host: Host, word: str, seconds: float = 120) -> None:
    """Wait for a line of boot.sh; anything else is an error message."""
    output = host._process.stdout
    assert output
    end, seen = time.monotonic() + seconds, ""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(max(0, end - time.monotonic())):
            line = output.readline()
            if line.strip() == word:
                return
            seen += line
            if not line:
                break
    raise HostError(f"{host.name} did not start: {seen or 'nothing happened'}")


def _keygen(path: Path, kind: str, comment: str) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", comment, "-f", str(path)], check=True)
