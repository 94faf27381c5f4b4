# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key with which Ansible itself logs in, changed by real plays over SSH on three hosts that share it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__
from faults.shared_key import Key, end_leases, info, rotate, settled, spoiled
from hosts.group import Hosts
from hosts.image import why_unavailable

pytestmark = [
    pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable())),
    pytest.mark.parametrize("_server", [("4.0", "auto")], indirect=True, ids=["4.0"]),
]
HAS_AGENT = tuple(map(int, __version__.split(".")[:2])) >= (2, 19)
IN_A_FILE = {"ansible_ssh_private_key_file": "{{ old_key }}"}
IN_MEMORY = {"ansible_ssh_private_key_file": "{{ lookup('community.senhasegura.ssh_key', 'app-key', as_file=true) }}"}
IN_AN_AGENT = {"ansible_ssh_private_key": "{{ lookup('community.senhasegura.ssh_key', 'app-key') }}"}
ONE_FOR_EACH = {"ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no -o ControlPersist=no"}
# The line of the key says no-pty.
NO_TERMINAL = {"ANSIBLE_PIPELINING": "true", "ANSIBLE_TIMEOUT": "10"}
needs_agent = pytest.mark.skipif(not HAS_AGENT, reason="this ansible-core has no agent")
connections = pytest.mark.parametrize("env", [{}, ONE_FOR_EACH], ids=["one connection", "one for each command"])


@pytest.fixture
def as_app(run_play: Any, hosts: Hosts, vault: Any, old: Key, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """as_app(tasks, *arguments, env={}, on="host1", **variables) -> Run: app itself logs in, and may use sudo."""
    for host in hosts:
        host.run("echo 'app ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/app; chmod 0440 /etc/sudoers.d/app")

    def run(
        tasks: list[dict[str, Any]], *arguments: str, env: dict[str, str], on: str = "host1", **variables: Any
    ) -> Any:
        inventory: dict[str, Any] = {host.name: host.inventory("app") for host in hosts}
        for of_host in inventory.values():
            del of_host["ansible_ssh_private_key_file"]
            of_host.update(variables, old_key=str(old.path))
        path = tmp_path / "as_app.json"
        path.write_text(json.dumps({"all": {"hosts": inventory}}))
        plays = [{"hosts": on, "gather_facts": False, "become": True, "tasks": tasks}]
        # The socket of ansible-core's own agent is there, and its path must be short.
        with tempfile.TemporaryDirectory(prefix="k-") as short:
            more = {"ANSIBLE_SSH_AGENT": "auto", "ANSIBLE_LOCAL_TEMP": short, **NO_TERMINAL}
            return run_play(vault, plays, "-i", str(path), *arguments, env={**more, **env})

    yield run
    for host in hosts:
        host.run("rm /etc/sudoers.d/app")


WHO = [
    {"name": "who", "ansible.builtin.command": "id -un", "become": False},
    {"name": "close", "ansible.builtin.meta": "reset_connection"},
    {"name": "who then", "ansible.builtin.command": "id -un", "become": False},
]


@pytest.mark.parametrize(
    ("variables", "env"),
    [
        pytest.param(IN_A_FILE, {}, id="file-one connection", marks=pytest.mark.long),
        pytest.param(IN_A_FILE, ONE_FOR_EACH, id="file-one for each command", marks=pytest.mark.long),
        pytest.param(IN_MEMORY, {}, id="memory-one connection", marks=pytest.mark.long),
        pytest.param(IN_MEMORY, ONE_FOR_EACH, id="memory-one for each command"),
        pytest.param(IN_AN_AGENT, {}, id="agent-one connection", marks=[needs_agent, pytest.mark.long]),
        pytest.param(IN_AN_AGENT, ONE_FOR_EACH, id="agent-one for each command", marks=[needs_agent, pytest.mark.long]),
    ],
)
def test_the_key_of_ansible_itself(
    as_app: Any, vault: Any, hosts: Hosts, old: Key, env: dict[str, str], variables: dict[str, str]
) -> None:
    after = [] if variables is IN_A_FILE else [info(), *WHO]
    done = as_app([rotate(), *after], env=env, **variables)
    assert done.rc == 0, str(done)
    assert (done["rotate"]["rotation"]["status"], done["rotate"]["rotation"]["own_account"]) == ("changed", True)
    assert "warnings" not in done["rotate"], str(done)
    if after:
        assert done["info"]["rotation"]["status"] == "clean"
        assert done["who"]["stdout"] == done["who then"]["stdout"] == "app"
    # The old key is refused once, when that is proven.
    assert [sum(not login.accepted for login in host.logins("app")) for host in hosts] == [1, 1, 1]
    settled(vault, hosts, old)


@pytest.mark.long
def test_the_role_logs_in_anew(as_app: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    role = {
        "name": "Use the role",
        "ansible.builtin.include_role": {"name": "community.senhasegura.linux_ssh_key_rotation"},
        "vars": {"linux_ssh_key_rotation_key": "app-key"},
    }
    who = {"name": "who", "ansible.builtin.command": "id -un", "become": False}
    done = as_app([role, who], env={}, on="all", **IN_MEMORY)
    assert done.rc == 0, str(done)
    settled(vault, hosts, old)
    # Ansible with the old key, the proofs of the way in, of the new key and of that alone, Ansible with the new one; and
    # that of settled().
    assert [sum(login.accepted for login in host.logins("app")) for host in hosts] == [6, 6, 6]


# After it is added on host2, after the old one is removed on host1, before that is proven on host2, before host2 is unlocked.
@pytest.mark.parametrize(
    ("at", "kind", "variables"),
    [
        pytest.param(16, "killed after", IN_MEMORY, marks=pytest.mark.long),
        pytest.param(21, "killed after", IN_MEMORY, marks=pytest.mark.long),
        pytest.param(21, "killed after", IN_A_FILE, marks=pytest.mark.long),
        pytest.param(27, "killed before", IN_MEMORY, marks=pytest.mark.long),
        (34, "killed before", IN_A_FILE),
    ],
)
def test_the_next_run_gets_in_after_a_killed_one(
    as_app: Any,
    vault: Any,
    hosts: Hosts,
    old: Key,
    tmp_path: Path,
    at: int,
    kind: str,
    variables: dict[str, str],
) -> None:
    killed = as_app([rotate(forks=1)], env=spoiled(tmp_path, at, kind), **variables)
    assert killed.rc == -9, str(killed)
    end_leases(vault, hosts)
    done = as_app([rotate("settle", state="recovered")], env={}, **variables)
    assert done.rc == 0, str(done)
    assert done["settle"]["rotation"]["status"] in ("recovered", "unchanged")
    assert "warnings" not in done["settle"], str(done)
    settled(vault, hosts, old)


@pytest.mark.long
@connections
def test_a_host_that_has_the_old_key_alone(
    as_app: Any, vault: Any, hosts: Hosts, old: Key, env: dict[str, str]
) -> None:
    hosts[2].cut(noticed=True)
    try:
        done = as_app([rotate(on_unreachable="defer")], env=env, **IN_MEMORY)
        assert done["rotate"]["rotation"]["absent"] == ["host3"], str(done)
    finally:
        hosts[2].restore()
    # The main record has a key that host3 does not accept, and without reading it cannot be known which one it does.
    blind = {**info("blind", compare=False), "ignore_errors": True}
    tasks = [blind, info("before"), rotate("settle", max_age_days=1), info("after")]
    done = as_app(tasks, env=env, **IN_MEMORY)
    assert done.rc == 0, str(done)
    assert "host3: Ansible's own login to the host was refused" in done["blind"]["msg"]
    assert done["before"]["rotation"]["hosts"] == {"host1": "clean", "host2": "clean", "host3": "pending"}
    assert done["before"]["rotation"]["status"] == "pending"
    assert done["settle"]["rotation"]["status"] == "recovered"
    assert done["after"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old)
