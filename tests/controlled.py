# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook against a simulator, with its broker in sight: for tests that disturb either of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workspace import environment

from senhasegura_simulator.server import Simulator


class Server:
    """A simulator of its own, and the environment of its client."""

    def __init__(self, profile: str, dialect: str, simulator: Simulator) -> None:
        self.profile, self.control = profile, simulator.control
        self.env = {
            "SENHASEGURA_URL": simulator.url,
            "SENHASEGURA_CA_PATH": simulator.ca_path,
            "SENHASEGURA_CLIENT_ID": "demo",
            "SENHASEGURA_CLIENT_SECRET": "demo-secret-0123456789abcdef",
            "SENHASEGURA_DIALECT": dialect,
        }


class Controller:
    """ansible-playbook in a session of its own, with its own temporary folders."""

    def __init__(self, server: Server, folder: Path, play: str, hosts: int = 12, **variables: str) -> None:
        self.folder = folder
        self.local = folder / "local"
        self.local.mkdir(parents=True, exist_ok=True)
        (folder / "play.yml").write_text(textwrap.dedent(play))
        (folder / "hosts").write_text("\n".join(f"host{number}" for number in range(hosts)))
        home = {"HOME": str(folder), "ANSIBLE_LOCAL_TEMP": str(self.local), "ANSIBLE_FORKS": "10"}
        home["ANSIBLE_PYTHON_INTERPRETER"] = "auto_silent"
        binary = Path(sys.executable).parent / "ansible-playbook"
        self.process = subprocess.Popen(
            [sys.executable, str(binary), "-i", str(folder / "hosts"), str(folder / "play.yml")],
            env={**os.environ, **environment(), **home, **server.env, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # nohup, below which the tests may run, lets its children ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        )

    def finish(self) -> str:
        output, _errors = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, output
        return output

    def stop(self, number: signal.Signals) -> None:
        """Send a signal to the controller; Ctrl-C reaches all processes of the terminal, until it helps."""
        # Again after longer and longer: a busy machine needs its time.
        for seconds in (3, 3, 5, 10, 20, 40):
            if number is signal.SIGINT:
                os.killpg(self.process.pid, number)
            else:
                self.process.send_signal(number)
            try:
                self.process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                # Ansible's main process may lose the exception of the first one.
                continue
        os.killpg(self.process.pid, signal.SIGKILL)
        raise AssertionError(f"the controller does not end:\n{self.said()}")

    def said(self) -> str:
        """What a stopped controller has printed so far; a worker of it may still hold the pipe."""
        assert self.process.stdout
        descriptor = self.process.stdout.fileno()
        os.set_blocking(descriptor, False)
        try:
            return os.read(descriptor, 2**20).decode(errors="replace")
        except BlockingIOError:
            return ""

    def brokers(self) -> list[int]:
        """The broker processes of this run: they keep its HOME in their environment."""
        return brokers_of(self.folder)

    def leftovers(self) -> list[str]:
        return [str(path) for path in self.local.rglob("*")]


def brokers_of(home: Path) -> list[int]:
    """The broker processes of the runs whose HOME this is."""
    wanted = f"HOME={home}".encode()
    return [pid for pid in _brokers() if wanted in _read(pid, "environ").split(b"\0")]


def brokers_end(home: Path, seconds: float = 60) -> bool:
    """Whether the brokers of the runs whose HOME this is end in time. A run does not wait for its own."""
    deadline = time.monotonic() + seconds
    while brokers_of(home):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _brokers() -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if b"broker/server.py" in _read(pid, "cmdline")]


def until(condition: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())
