# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The broker on systems that lack something, and when it is killed or stopped: what the user sees, and the server."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from controlled import Controller, Server, until
from long_rows import rows
from portable import PORTABLE, TAKEN_AWAY, python_with
from workspace import ROOT, environment

from senhasegura_simulator.server import Simulator

DEMO = "demo"
HOSTS = 4
# The program that reads the key is started by the worker, as ssh is: a module would take three times as long.
EVERYTHING = """
- hosts: all
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.debug:
        msg: "{{ lookup('community.senhasegura.password', 'web-root', 'db-app') | length }}"
    - ansible.builtin.debug:
        msg: "{{ lookup('community.senhasegura.secret', 'shop-db') | length }}"
    - community.senhasegura.credential_info:
    - ansible.builtin.debug:
        msg: >-
          {{ lookup('ansible.builtin.pipe',
                    'ssh-keygen -y -f ' ~ (lookup('community.senhasegura.ssh_key', 'deploy-key', as_file=true) | quote)) }}
    - ansible.builtin.debug:
        msg: "path {{ lookup('community.senhasegura.ssh_key', 'deploy-key', as_file=true) }} path"
    - community.senhasegura.credential:
        username: svc
        hostname: web01
        ip: 192.0.2.10
        identifier: svc
        password: made-by-the-test
      run_once: true
"""
# What a test may let such a play wait for: the second file. The first one says that the play waits.
GATE = """
    - ansible.builtin.debug:
        msg: "{{ lookup('ansible.builtin.pipe', 'touch %s; timeout 60 sh -c \\"until [ -e %s ]; do sleep 0.1; done\\"') }}"
      run_once: true
"""
# A Python in FIPS mode refuses these; it has SHA-1, but nothing of ours needs it.
FIPS = """
import hashlib, sys

def refuse(*_args, **_kwargs):
    raise ValueError("[digital envelope routines] unsupported")

def refuse_us(*args, **kwargs):
    if "senhasegura" in str(sys._getframe(1).f_code.co_filename):
        refuse()
    return sha1(*args, **kwargs)

sha1, new = hashlib.sha1, hashlib.new
for name in ("blake2b", "blake2s", "md5"):
    setattr(hashlib, name, refuse)
hashlib.sha1 = refuse_us
hashlib.new = lambda name, *args, **kwargs: refuse() if "blake" in name or "md5" in name.lower() else new(name, *args, **kwargs)
sys.modules["_blake2"] = sys.modules["_md5"] = None
"""
NO_INODES = """
import errno, socket
def full(self, *_args):
    raise OSError(errno.ENOSPC, "No space left on device")
socket.socket.bind = full
"""


@pytest.fixture
def vault() -> Iterator[Server]:
    with Simulator(profile="4.0", seed=DEMO) as simulator:
        yield Server("4.0", "auto", simulator)


def system(folder: Path, code: str, *, controller: bool = True) -> dict[str, str]:
    """The environment in which the broker, and the controller as well, run on a system that ``code`` makes."""
    folder.mkdir()
    python = python_with(code, folder)
    (folder / "sitecustomize.py").write_text(
        f"import sys\nsys.executable = {str(python)!r}\n{code if controller else ''}"
    )
    return {"PYTHONPATH": f"{folder}:{environment()['PYTHONPATH']}"}


def warnings(output: str) -> list[str]:
    return [" ".join(found.split()) for found in re.findall(r"\[WARNING\](?:.+\n)+", output)]


def ledgers(controller: Controller) -> list[Path]:
    return sorted(controller.local.glob("senhasegura-custody-*"))


def one_login(vault: Server, controller: Controller) -> str:
    """The output of a run that needs one login, warns of nothing, and leaves nothing behind."""
    output = controller.finish()
    assert warnings(output) == []
    assert vault.control.counters()["tokens"] == 1
    assert set(vault.control.counters()["reads"].values()) == {1}
    assert until(lambda: not controller.brokers() and not controller.leftovers(), 5)
    return output


def test_fips(vault: Server, tmp_path: Path) -> None:
    assert "path /proc/" in one_login(
        vault, Controller(vault, tmp_path, EVERYTHING, HOSTS, **system(tmp_path / "s", FIPS))
    )


def test_fips_without_the_broker(vault: Server, tmp_path: Path) -> None:
    env = {**system(tmp_path / "s", FIPS), "SENHASEGURA_BROKER": "false"}
    assert warnings(Controller(vault, tmp_path, EVERYTHING, HOSTS, **env).finish()) == []


PLACES = [
    "ansible_collections/{}",
    "a/ansible_collections/community/senhasegura/plugins/{}",
    "with 'quotes' and \"blanks\" {} ção ☃ `id` $(id) #%&",
]


@pytest.mark.parametrize("place", rows(PLACES, PLACES[-1]))
def test_below_any_path(vault: Server, tmp_path: Path, place: str) -> None:
    above = tmp_path / place.format("x")
    link = above / "ansible_collections" / "community" / "senhasegura"
    link.parent.mkdir(parents=True)
    link.symlink_to(ROOT)
    env = {"ANSIBLE_COLLECTIONS_PATH": str(above), "PYTHONPATH": ""}
    one_login(vault, Controller(vault, tmp_path, EVERYTHING, HOSTS, **env))


# What takes the key out of the memory of the broker.
NEEDED_FOR_MEMORY = ("no memfd", "no proc")


@pytest.mark.parametrize("missing", rows(TAKEN_AWAY, "no proc", "no pidfd"))
def test_a_system_that_lacks_one_thing(vault: Server, tmp_path: Path, missing: str) -> None:
    controller = Controller(vault, tmp_path, EVERYTHING, HOSTS, **system(tmp_path / "s", TAKEN_AWAY[missing]))
    place = controller.local if missing in NEEDED_FOR_MEMORY else "/proc"
    assert f"path {place}/" in one_login(vault, controller)


@pytest.mark.parametrize("length", [0, 150], ids=["short", "long"])
@pytest.mark.parametrize("code", rows(["", PORTABLE], "no Linux", ids=["Linux", "no Linux"]))
def test_any_system_and_any_temporary_path(vault: Server, tmp_path: Path, code: str, length: int) -> None:
    with tempfile.TemporaryDirectory(prefix="t") as short:
        # What a long path needs is made below TMPDIR, and gone in the end.
        folder = Path(short) / "run" / ("l" * length)
        other = Path(short) / "tmp"
        other.mkdir()
        env = {**system(tmp_path / "s", code), "TMPDIR": str(other)}
        controller = Controller(vault, folder, EVERYTHING, HOSTS, **env)
        assert ("path /proc/" if not code else f"path {controller.local}/") in one_login(vault, controller)
        assert list(other.iterdir()) == []


@pytest.mark.parametrize("way", rows([signal.SIGKILL, signal.SIGTERM], "SIGKILL", ids=["SIGKILL", "SIGTERM"]))
def test_on_any_system_it_ends_with_the_run(vault: Server, tmp_path: Path, way: signal.Signals) -> None:
    gate = tmp_path / "gate"
    env = {**system(tmp_path / "s", PORTABLE), "SENHASEGURA_CUSTODY": "release_at_end"}
    controller = Controller(vault, tmp_path, EVERYTHING + GATE % (tmp_path / "reached", gate), HOSTS, **env)
    assert until(lambda: "svc" in str(vault.control.state()), 60)
    controller.stop(way)
    # What Ansible itself leaves behind is its own.
    ours = [name for name in controller.leftovers() if "senhasegura" in name]
    assert any("senhasegura-key-" in name for name in ours)
    assert until(lambda: not controller.brokers() and not any(map(os.path.lexists, ours)), 10)
    assert in_custody(vault) == {"db-app"}


@pytest.mark.parametrize(
    ("code", "reason"),
    rows(
        [
            (NO_INODES, "OSError: [Errno 28] No space left on device"),
            ("import sys; sys.modules['ssl'] = None", "the Python module ssl cannot be imported"),
        ],
        "no inodes",
        ids=["no inodes", "Python without ssl"],
    ),
)
def test_where_it_cannot_start_the_run_goes_on_with_one_warning(
    vault: Server, tmp_path: Path, code: str, reason: str
) -> None:
    controller = Controller(vault, tmp_path, EVERYTHING, HOSTS, **system(tmp_path / "s", code, controller=False))
    output = controller.finish()
    assert len(warnings(output)) == 1, output
    assert f"the broker of this run cannot be used: it cannot be started: {reason}" in warnings(output)[0]
    assert "each lookup and task logs in and reads by itself" in warnings(output)[0]
    assert f"path {controller.local}/" in output
    assert controller.leftovers() == []


def test_as_file_without_a_broker(vault: Server, tmp_path: Path) -> None:
    controller = Controller(vault, tmp_path, EVERYTHING, HOSTS, SENHASEGURA_BROKER="false")
    output = controller.finish()
    assert f"path {controller.local}/" in output
    assert warnings(output) == []
    assert controller.leftovers() == []


def test_a_failed_start_is_tried_again(vault: Server, tmp_path: Path) -> None:
    """The first attempt fails; after the pause, one login does for all hosts and tasks."""
    first = f"import os\ntry:\n    os.mkdir({str(tmp_path / 'tried')!r})\n    os._exit(1)\nexcept FileExistsError:\n    pass\n"
    task = (
        "    - ansible.builtin.debug: {msg: \"{{ lookup('community.senhasegura.password', 'web-root') | length }}\"}\n"
    )
    head = "- hosts: all\n  gather_facts: false\n  connection: local\n  tasks:\n"
    play = head + task + "    - ansible.builtin.pause: {seconds: 11}\n" + task * 3
    controller = Controller(vault, tmp_path, play, HOSTS, **system(tmp_path / "s", first, controller=False))
    output = controller.finish()
    assert len(warnings(output)) == 1, output
    # Those of the first task, and at most those that did not wait for the second attempt; without it, 4 * HOSTS.
    assert HOSTS + 1 <= vault.control.counters()["tokens"] <= 2 * HOSTS
    assert until(lambda: not controller.brokers() and not controller.leftovers(), 5)


def in_custody(vault: Server) -> set[str]:
    names = ("web-root", "db-app", "deploy-key")
    return {name for name in names if vault.control.credential(name)["custody_client"] is not None}


class Held:
    """A run that waits at a gate while the test disturbs its broker."""

    def __init__(self, vault: Server, folder: Path, before: str, after: str, **variables: str) -> None:
        head = "- hosts: localhost\n  gather_facts: false\n  connection: local\n  tasks:\n"
        self._gate = folder / "gate"
        self._reached = folder / "reached"
        play = head + before + GATE % (self._reached, self._gate) + after
        self.controller = Controller(vault, folder, play, 1, **variables)

    def broker(self) -> int:
        assert until(lambda: self._reached.exists() and self.controller.brokers(), 60)
        return self.controller.brokers()[0]

    def open(self) -> None:
        self._gate.touch()

    def finish(self) -> str:
        self.open()
        return self.controller.finish()


READ = """
    - name: read
      ansible.builtin.debug: {msg: "{{ lookup('community.senhasegura.password', 'web-root') | length }}"}
"""
LIST = """
    - name: list
      community.senhasegura.credential_info: {cache_ttl: 0.01}
"""


@pytest.mark.parametrize("after", [READ, LIST], ids=["lookup", "module"])
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_lost_broker_is_replaced(vault: Server, tmp_path: Path, number: signal.Signals, after: str) -> None:
    env = {"SENHASEGURA_TIMEOUT": "8", "SENHASEGURA_CUSTODY": "release_at_end"}
    held = Held(vault, tmp_path, READ, after + READ, **env)
    pid = held.broker()
    os.kill(pid, number)
    output = held.finish()
    (told,) = warnings(output)
    assert "killed or did not answer, and is started again (1 of at most 3 times)" in told
    assert vault.control.counters()["tokens"] == 2
    # Nobody is left behind: neither process nor file nor custody.
    assert until(lambda: not held.controller.brokers() and not held.controller.leftovers(), 5)
    assert in_custody(vault) == set()


def test_a_lost_broker_leaves_its_custody_to_the_next(vault: Server, tmp_path: Path) -> None:
    """Also what nobody reads again."""
    env = {"SENHASEGURA_CUSTODY": "release_at_end"}
    held = Held(vault, tmp_path, READ, LIST, **env)
    os.kill(held.broker(), signal.SIGKILL)
    assert in_custody(vault) == {"web-root"}
    held.finish()
    assert until(lambda: not in_custody(vault), 5)
    assert until(lambda: not held.controller.leftovers(), 5)


def test_where_nobody_notices_the_next_run_says_so(vault: Server, tmp_path: Path) -> None:
    env = {"SENHASEGURA_CUSTODY": "release_at_end"}
    held = Held(vault, tmp_path, READ, "", **env)
    os.kill(held.broker(), signal.SIGKILL)
    assert warnings(held.finish()) == []
    (ledger,) = ledgers(held.controller)
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert vault.env["SENHASEGURA_CLIENT_SECRET"] not in ledger.read_text()
    assert vault.control.credential("web-root")["password"] not in ledger.read_text()
    for _time in range(2):
        output = Controller(vault, tmp_path, "- hosts: localhost\n  gather_facts: false\n  tasks:\n" + LIST).finish()
        (told,) = warnings(output)
        assert f"custody of credential 1 at {vault.env['SENHASEGURA_URL']}" in told
        assert "community.senhasegura.custody" in told
        # Long paths are broken where the line ends.
        assert ledger.name.replace("-", "") in told.replace(" ", "").replace("-", "")
    ledger.unlink()
    output = Controller(vault, tmp_path, "- hosts: localhost\n  gather_facts: false\n  tasks:\n" + LIST).finish()
    assert warnings(output) == []


def test_a_refused_release_at_the_end_is_told_by_the_next_run(vault: Server, tmp_path: Path) -> None:
    vault.control.fault("status", operation="custody.release", status=500, times=None)
    head = "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
    env = {"SENHASEGURA_CUSTODY": "release_at_end", "SENHASEGURA_RETRIES": "0"}
    first = Controller(vault, tmp_path, head + READ, **env)
    assert warnings(first.finish()) == []
    assert until(lambda: not first.brokers() and ledgers(first), 5)
    (told,) = warnings(Controller(vault, tmp_path, head + LIST, **env).finish())
    assert "credential 1 at" in told
    assert "HTTP 500" in told


def test_the_list_of_another_run_that_goes_on_is_left_alone(vault: Server, tmp_path: Path) -> None:
    held = Held(vault, tmp_path / "a", READ, "", SENHASEGURA_CUSTODY="release_at_end")
    broker = held.broker()
    local = str(held.controller.local)
    head = "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
    for number in (0, signal.SIGKILL):
        os.kill(broker, number)
        # Ansible takes the last setting of its temporary folder.
        other = Controller(vault, tmp_path / f"b{number}", head + LIST, ANSIBLE_LOCAL_TEMP=local)
        assert warnings(other.finish()) == []
    held.finish()


WRITE = """
    - name: write
      community.senhasegura.credential: {%s, hostname: web01, ip: 192.0.2.10, password: made-by-the-test}
      register: written
      ignore_errors: true
    - ansible.builtin.debug: {msg: "{{ written.failure.kind | default('changed' if written.changed else 'ok') }}."}
"""
# Reading back proves that a new one is there, and cannot prove which password an old one has.
NEW, OLD = "username: late, identifier: late", "username: root, identifier: web-root, update_password: always"


@pytest.mark.parametrize(("names", "end"), [(NEW, "changed."), (OLD, "response_lost.")], ids=["new", "old"])
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_write_whose_answer_is_lost_is_not_repeated(
    vault: Server, tmp_path: Path, number: signal.Signals, names: str, end: str
) -> None:
    vault.control.fault("gate", operation="credential.write")
    held = Held(vault, tmp_path, READ, WRITE % names, SENHASEGURA_TIMEOUT="8")
    held.broker()
    held.open()
    waiting = vault.control.wait_for_gate(30)
    # Those that there are now: on a machine that is busy, another one may have taken the place of the first.
    for pid in held.controller.brokers():
        os.kill(pid, number)
    vault.control.release_gate(waiting["number"])
    output = " ".join(held.finish().split())
    assert f'"msg": "{end}"' in output
    assert ("was lost before it said whether the request was applied" in output) == (names == OLD)
    writes = [e for e in vault.control.log() if e["operation"] == "credential.write"]
    assert len(writes) == 1
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_a_stopped_broker_that_nobody_may_replace_costs_no_more_than_the_deadline(
    vault: Server, tmp_path: Path
) -> None:
    """As often as it is started it is stopped: the error says so, and no task waits much longer than its timeout."""
    held = Held(vault, tmp_path, READ, READ + READ.replace("read", "again"), SENHASEGURA_TIMEOUT="6")
    stopped: set[int] = set()
    held.broker()
    held.open()
    began = time.monotonic()
    while held.controller.process.poll() is None and time.monotonic() - began < 110:
        for pid in set(held.controller.brokers()) - stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                stopped.add(pid)
        time.sleep(0.01)
    output, _errors = held.controller.process.communicate(timeout=10)
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert vault.control.counters()["tokens"] <= 4
    assert len(stopped) <= 4
    # Either the last one allowed was stopped, or the time of the task ended before. Both say where to look.
    assert ("for example the out-of-memory killer" in " ".join(output.split())) == (
        held.controller.process.returncode != 0
    )


def documented() -> list[str]:
    """The ad hoc commands in what users read."""
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.rst"), *(ROOT / "plugins" / "modules").glob("*.py")]
    lines = [line for text in texts for line in re.findall(r"^ *ansible \S+ -m .+$", text.read_text(), re.MULTILINE)]
    return list(dict.fromkeys(line.strip() for line in lines))


def test_the_documented_commands_warn_of_nothing(
    vault: Server, tmp_path: Path, run_command: Callable[..., Any]
) -> None:
    commands = documented()
    assert commands
    server: Any = vault
    entry = {"time": "2026-11-24T12:00:00Z", "host": "web01", "kind": "password", "user": "app", "status": "changed"}
    (tmp_path / "history.jsonl").write_text(f"{json.dumps(entry)}\n")
    for command in commands:
        done = run_command(server, *shlex.split(command.replace("/var/lib/rotation", str(tmp_path))))
        assert done.rc == 0, str(done)
        assert done.stderr == ""
        assert "WARNING" not in done.stdout


MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*_info.py"))


def test_no_module_fails_to_load_by_name(vault: Server, run_play: Callable[..., Any]) -> None:
    """Whatever it says to this call: ansible-core must be able to find the file of each module."""
    server: Any = vault
    tasks = [
        {"name": name, f"community.senhasegura.{name}": {"identifier": "web-root"}, "ignore_errors": True}
        for name in MODULES
    ]
    done = run_play(server, tasks)
    assert "Error loading plugin" not in done.stderr + done.stdout
    assert [result["task"] for result in done.results] == MODULES
