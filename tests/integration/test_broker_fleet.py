# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many hosts and forks: what the server sees of them, and what becomes of them when the broker is killed and stopped.

A sample. `./run fleet` runs the whole: 500 hosts at 100 forks undisturbed, 300 hosts at 100 forks disturbed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from controlled import Controller, Server, until
from long_rows import rows
from workspace import ROOT

from senhasegura_simulator.server import Simulator

CREDENTIALS = 12
TIMEOUT = 30.0
# Seconds, for what Ansible itself does before and after the lookup or module, on a machine that has other things to do.
RESERVE = 5.0
CLEAR = (
    "broker of this run was started several times, and killed or stopped each time",
    "broker of this run was killed or did not answer, and no other one was ready within the option timeout",
)
# A callback that notes when each host begins and ends each task, and with what.
CALLBACK = '''
DOCUMENTATION = """
name: stopwatch
type: aggregate
short_description: Times tasks
description: Times tasks.
"""
import json, os, time
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "stopwatch"

    def __init__(self):
        super().__init__()
        self.begun = {}

    def v2_runner_on_start(self, host, task):
        self.begun[host.get_name(), task._uuid] = time.monotonic()

    def _note(self, status, result):
        host, task = result._host.get_name(), result._task
        took = time.monotonic() - self.begun.get((host, task._uuid), time.monotonic())
        line = [host, task.get_name(), status, took, str(result._result.get("msg", ""))]
        with open(os.environ["STOPWATCH"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\\n")

    def v2_runner_on_ok(self, result):
        self._note("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._note("failed", result)
'''
PLAY = """
- hosts: all
  gather_facts: false
  connection: local
  vars:
    own: "{{ 'c%02d' % ((inventory_hostname | regex_search('[0-9]+') | int) % COUNT) }}"
  tasks:
    - name: One password
      ansible.builtin.debug:
        msg: "{{ lookup('community.senhasegura.password', own) }}"
    - name: Two passwords
      ansible.builtin.debug:
        msg: "{{ lookup('community.senhasegura.password', 'c00', own) }}"
    - name: A module
      community.senhasegura.credential_info:
        username: c01
    - name: Once more
      ansible.builtin.debug:
        msg: "{{ lookup('community.senhasegura.password', own) }}"
""".replace("COUNT", str(CREDENTIALS))
TASKS = ("One password", "Two passwords", "A module", "Once more")


def size(default: str) -> tuple[int, int]:
    """Hosts and forks."""
    hosts, _x, forks = os.environ.get("SENHASEGURA_TEST_FLEET", default).partition("x")
    return int(hosts), int(forks)


@pytest.fixture
def vault() -> Iterator[Server]:
    names = [f"c{number:02d}" for number in range(CREDENTIALS)]
    seed = {
        "clients": [{"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}],
        "devices": [{"hostname": "web01", "ip": "192.0.2.10"}],
        "credentials": [
            {"identifier": name, "username": name, "hostname": "web01", "password": f"password-of-{name}"}
            for name in names
        ],
    }
    with Simulator(profile="4.0", seed=seed) as simulator:
        yield Server("4.0", "auto", simulator)


class Fleet:
    """A run on many hosts, and what came of each task on each of them."""

    def __init__(self, vault: Server, folder: Path, hosts: int, forks: int, **variables: str) -> None:
        self.vault, self.hosts = vault, hosts
        plugins = folder / "callbacks"
        plugins.mkdir()
        (plugins / "stopwatch.py").write_text(CALLBACK)
        self._record = folder / "stopwatch.jsonl"
        self._record.touch()
        env = {
            "ANSIBLE_FORKS": str(forks),
            "ANSIBLE_CALLBACK_PLUGINS": str(plugins),
            "ANSIBLE_CALLBACKS_ENABLED": "stopwatch",
            "STOPWATCH": str(self._record),
            "SENHASEGURA_TIMEOUT": str(TIMEOUT),
            **variables,
        }
        self.controller = Controller(vault, folder, PLAY, hosts=hosts, **env)

    def results(self) -> list[tuple[str, str, str, float, str]]:
        return [tuple(json.loads(line)) for line in self._record.read_text().splitlines()]

    def finish(self) -> str:
        output, _errors = self.controller.process.communicate(timeout=1200)
        return output


def expected(host: str, task: str) -> str:
    own = f"password-of-c{int(host.removeprefix('host')) % CREDENTIALS:02d}"
    return {"Two passwords": f"password-of-c00,{own}", "A module": ""}.get(task, own)


def test_a_fleet_makes_one_login_and_few_connections(vault: Server, tmp_path: Path) -> None:
    hosts, forks = size("60x30")
    fleet = Fleet(vault, tmp_path, hosts, forks)
    opened: list[int] = []

    def look() -> None:
        while fleet.controller.process.poll() is None:
            opened.append(vault.control.counters()["open_connections"])
            time.sleep(0.02)

    looking = threading.Thread(target=look)
    looking.start()
    output = fleet.finish()
    looking.join()
    results = fleet.results()
    assert "WARNING" not in output
    assert len(results) == hosts * len(TASKS), output
    assert {(status, message == expected(host, task)) for host, task, status, _took, message in results} == {
        ("ok", True)
    }
    count = vault.control.counters()
    assert count["tokens"] == 1
    assert 1 <= max(opened) <= 4
    assert set(count["reads"].values()) == {1}
    assert len(count["reads"]) == CREDENTIALS
    # No herd: all requests are the login, a list that modules read anew after some seconds, and the reads.
    # Nor are connections opened anew all the time: only after a pause.
    lists = [entry for entry in vault.control.log() if entry["operation"] == "credential.list"]
    seconds = vault.control.log()[-1]["time"] - vault.control.log()[0]["time"]
    assert len(vault.control.log()) <= 2 + CREDENTIALS + len(lists)
    assert len(lists) <= 2 + seconds / 5
    assert count["tcp_connections"] <= 4 + seconds / 5


class Trouble:
    """Kills and stops the brokers of a run at random moments, at most so often."""

    def __init__(self, controller: Controller, chance: random.Random, most: int) -> None:
        self._controller, self._chance, self._most = controller, chance, most
        self.done: list[str] = []
        self._stopped: set[int] = set()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Trouble:
        self._thread.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._thread.join()
        for pid in self._stopped:
            # Those that nobody has replaced, since nobody has noticed: they belong to no run any more.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _work(self) -> None:
        while self._controller.process.poll() is None and len(self.done) < self._most:
            time.sleep(self._chance.uniform(0.1, 4.0))
            for pid in set(self._controller.brokers()) - self._stopped:
                number = self._chance.choice([signal.SIGKILL, signal.SIGSTOP])
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                    self.done.append(number.name)
                    if number is signal.SIGSTOP:
                        self._stopped.add(pid)


def custody_without_a_word(vault: Server, controller: Controller) -> set[str]:
    """The ids of what is still in custody, and is named nowhere."""
    names = [f"c{number:02d}" for number in range(CREDENTIALS)]
    held = {str(item["id"]) for item in map(vault.control.credential, names) if item["custody_client"] is not None}
    ledgers = "".join(path.read_text() for path in controller.local.glob("senhasegura-custody-*"))
    owed: dict[str, bool] = {}
    for line in map(json.loads, ledgers.splitlines()):
        owed[(line.get("owed") or line["settled"])[1]] = "owed" in line
    return {name for name in held if not owed.get(name)}


# Few: the broker is started again each time. Many: more often than that.
@pytest.mark.parametrize("most", rows([3, 1000], "many", ids=["few", "many"]))
def test_every_host_gets_its_value_or_a_clear_error(vault: Server, tmp_path: Path, most: int) -> None:
    hosts, forks = size("40x20")
    vault.control.settings(latency=0.05)
    seed = int(os.environ.get("SENHASEGURA_TEST_SEED", random.randrange(10**6)))
    fleet = Fleet(vault, tmp_path, hosts, forks, SENHASEGURA_CUSTODY="release_at_end")
    with Trouble(fleet.controller, random.Random(seed), most) as trouble:
        output = fleet.finish()
    warnings = re.findall(r"\[WARNING\](?:.+\n)+", output)
    told = f"seed {seed}, {trouble.done}\n{''.join(warnings)}"
    results = fleet.results()
    ends = Counter((status, text(message)) for _host, _task, status, _took, message in results)
    print(f"seed {seed}: {trouble.done}, longest {max(took for *_r, took, _m in results):.1f} s, {ends}")
    # A host that has failed does no more tasks.
    assert {host for host, *_rest in results} == {f"host{number}" for number in range(hosts)}, told
    for host, task, status, took, message in results:
        if status == "ok":
            assert message == expected(host, task), told
        else:
            assert most > 3, f"{message}\n{told}"
            assert any(text in message for text in CLEAR), f"{message}\n{told}"
        assert took < TIMEOUT + RESERVE, f"{took}\n{told}"
    assert vault.control.counters()["tokens"] <= 4, told
    assert until(lambda: not custody_without_a_word(vault, fleet.controller), 15), told
    if trouble.done:
        assert "started again" in output or not trouble_was_noticed(results, output), told


def text(message: str) -> str:
    return re.sub("password-of-c[0-9]+", "PASSWORD", message)[:90]


def trouble_was_noticed(results: list[Any], output: str) -> bool:
    """Whether a task came after the first disturbance: the last one may be after the last task."""
    return "WARNING" in output or any(status == "failed" for _host, _task, status, *_rest in results)


def test_no_connection_is_shared_after_a_fork(vault: Server, tmp_path: Path) -> None:
    """No forked process has a socket of its parent that leads to the server or to the broker.

    The main process evaluates lookups as well: those in the header of a play.
    """
    port = int(str(vault.env["SENHASEGURA_URL"]).rpartition(":")[2])
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        f"""
import os, socket

def look():
    for name in os.listdir("/proc/self/fd"):
        try:
            if not os.readlink(f"/proc/self/fd/{{name}}").startswith("socket:"):
                continue
            line = socket.socket(fileno=os.dup(int(name)))
            peer = line.getpeername()
            line.close()
        except OSError:
            continue
        ours = peer[1] == {port} if isinstance(peer, tuple) else str(peer).endswith("/senhasegura")
        with open({str(tmp_path / "seen")!r}, "a") as file:
            file.write(f"{{'shared' if ours else 'other'}} {{peer}}\\n")
    with open({str(tmp_path / "seen")!r}, "a") as file:
        file.write("fork\\n")

os.register_at_fork(after_in_child=look)
"""
    )
    play = """
    - hosts: "{{ 'all' if lookup('community.senhasegura.password', 'c00', %s) else 'none' }}"
      gather_facts: false
      connection: local
      vars: {x: "{{ lookup('community.senhasegura.password', 'c01', %s) }}"}
      tasks:
        - ansible.builtin.command: "true"
          when: x != ''
        - community.senhasegura.credential_info: {%s}
    """
    path = f"{site}:{ROOT / '.cache' / 'collections'}"
    for options in ("broker=true", "broker=false"):
        module = f"broker: {options.rpartition('=')[2]}"
        text = play % (options, options, module)
        controller = Controller(vault, tmp_path / options, text, hosts=6, PYTHONPATH=path)
        controller.finish()
    seen = (tmp_path / "seen").read_text().splitlines()
    assert seen.count("fork") > 20
    assert [line for line in seen if line.startswith("shared")] == []
