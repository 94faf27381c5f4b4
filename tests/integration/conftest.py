# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A running simulator for each dialect, and real ansible-playbook and ansible runs against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hosts.group import Hosts
from workspace import environment

from senhasegura_simulator.server import Simulator

DEMO = "demo"
# Of the two dialects of the vendor one: they differ in paths and names alone, which the unit tests of the dialects hold.
# What runs on 3.32 as well says so: all lookups, all modules, the broker, a rotation; and the demo does.
DIALECTS = (("4.0", "auto"), ("rest", "rest"))


@dataclass
class Server:
    """A simulator, and what a client has to know of it. ``env`` holds the SENHASEGURA_* variables."""

    profile: str
    dialect: str
    simulator: Simulator
    env: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.url, self.ca_path, self.control = self.simulator.url, self.simulator.ca_path, self.simulator.control
        self.env = {
            "SENHASEGURA_URL": self.url,
            "SENHASEGURA_CA_PATH": self.ca_path,
            "SENHASEGURA_CLIENT_ID": "demo",
            "SENHASEGURA_CLIENT_SECRET": "demo-secret-0123456789abcdef",
            "SENHASEGURA_DIALECT": self.dialect,
            # Of an access key, which other plugins than those of MySafe do not see.
            "SENHASEGURA_MYSAFE_CLIENT_ID": "demo-mysafe",
            "SENHASEGURA_MYSAFE_CLIENT_SECRET": "demo-mysafe-0123456789abcdef",
        }

    @property
    def reads(self) -> dict[str, int]:
        """How often each credential and key was read with its secret, by id."""
        return dict(self.control.counters()["reads"])

    @property
    def writes(self) -> list[str]:
        """All requests so far that write something, as METHOD and path."""
        requests = (entry["line"].rsplit(" ", 1)[0] for entry in self.control.log())
        return [line for line in requests if not line.startswith("GET ") and "oauth2/token" not in line]


@dataclass
class Run:
    """A finished run. ``results``: task, host, status (ok, failed, skipped) and result, as callbacks see them."""

    rc: int
    stdout: str
    stderr: str
    results: list[dict[str, Any]]

    def __getitem__(self, task: str) -> dict[str, Any]:
        """The result of the one task with this name."""
        found = [entry for entry in self.results if entry["task"] == task]
        assert len(found) == 1, f"{len(found)} results of {task!r}\n{self}"
        return found[0]["result"]

    def __str__(self) -> str:
        return f"rc {self.rc}\n{self.stdout}\n{self.stderr}"


RunPlay = Callable[..., Run]


@pytest.fixture(scope="session", params=DIALECTS, ids=lambda param: param[0])
def _server(request: pytest.FixtureRequest) -> Iterator[Server]:
    profile, dialect = request.param
    with Simulator(profile=profile, seed=DEMO) as simulator:
        yield Server(profile, dialect, simulator)


@pytest.fixture
def server(_server: Server) -> Server:
    """A freshly seeded server of each dialect in turn."""
    _server.control.reset()
    return _server


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    """Three real hosts. Files that need others have a fixture of that name."""
    with Hosts(["bookworm", "trixie", "bookworm"]) as hosts:
        yield hosts


@pytest.fixture
def serve(_server: Server) -> Iterator[Callable[[Mapping[str, Any]], Server]]:
    """serve(seed) starts one more server, of the same dialect."""
    with ExitStack() as stack:

        def start(seed: Mapping[str, Any]) -> Server:
            simulator = stack.enter_context(Simulator(profile=_server.profile, seed=seed))
            return Server(_server.profile, _server.dialect, simulator)

        yield start


@pytest.fixture
def serve_profile() -> Iterator[Callable[[str, Mapping[str, Any]], Server]]:
    """serve_profile(profile, seed, **settings) starts a server of that profile."""
    with ExitStack() as stack:

        def start(profile: str, seed: Mapping[str, Any], **settings: Any) -> Server:
            simulator = stack.enter_context(Simulator(profile=profile, seed=seed, **settings))
            return Server(profile, "rest" if profile == "rest" else "auto", simulator)

        yield start


@pytest.fixture
def run_play(tmp_path: Path) -> RunPlay:
    """run_play(server, content, *arguments, env=None) -> Run. Content: tasks for localhost, or a whole playbook.

    It may be YAML or a list.
    """

    def run(server: Server | None, content: Any, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
        if isinstance(content, str):
            content = yaml.safe_load(textwrap.dedent(content))
        if "hosts" not in content[0]:
            content = [{"hosts": "localhost", "gather_facts": False, "tasks": content}]
        playbook = tmp_path / "playbook.yml"
        playbook.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
        return _run(tmp_path, server, ["ansible-playbook", str(playbook), *arguments], env)

    return run


@pytest.fixture
def run_command(tmp_path: Path) -> RunPlay:
    """run_command(server, *command, env=None) -> Run"""

    def run(server: Server | None, *command: str, env: Mapping[str, str] | None = None) -> Run:
        return _run(tmp_path, server, list(command), env)

    return run


@pytest.fixture
def run_adhoc(tmp_path: Path) -> RunPlay:
    """run_adhoc(server, module, arguments, *more, env=None) -> Run"""

    def run(server: Server | None, module: str, args: str, *more: str, env: Mapping[str, str] | None = None) -> Run:
        return _run(tmp_path, server, ["ansible", "localhost", "-m", module, "-a", args, *more], env)

    return run


def _run(folder: Path, server: Server | None, command: list[str], env: Mapping[str, str] | None) -> Run:
    """Nothing of the caller's environment or home is seen; a value of None in ``env`` takes a variable away."""
    record, home = folder / "results.jsonl", folder / "home"
    home.mkdir(exist_ok=True)
    record.write_text("")
    variables: dict[str, str | None] = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        **environment(),
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_REMOTE_TMP": str(home / "remote"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).with_name("callback_plugins")),
        "ANSIBLE_CALLBACKS_ENABLED": "recorder",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
        "ANSIBLE_NOCOLOR": "true",
        "RECORDER_PATH": str(record),
        **(server.env if server else {}),
        **(env or {}),
    }
    # The path of a socket has 107 bytes at most, and those of pytest are long.
    with tempfile.TemporaryDirectory(prefix="cp", ignore_cleanup_errors=True) as short:
        variables.setdefault("ANSIBLE_SSH_CONTROL_PATH_DIR", short)
        done = _finished(command, home, variables)
    results = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    return Run(done.returncode, done.stdout, done.stderr, results)


def _finished(command: list[str], home: Path, variables: Mapping[str, str | None]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=home,
        env={name: value for name, value in variables.items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
        check=False,
    )
