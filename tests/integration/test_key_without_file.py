# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible logs in to a real host with a key from the vault, and the key is on no disk at any time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import why_unavailable
from long_rows import rows
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils import keypair

pytestmark = [
    pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable())),
    pytest.mark.parametrize("_server", [("4.0", "auto")], indirect=True, ids=["4.0"]),
]
HAS_AGENT = tuple(map(int, __version__.split(".")[:2])) >= (2, 19)
PASSPHRASE = "pass-phrase-of-a-key"
LOOKUP = "lookup('community.senhasegura.ssh_key', '{}', as_file=true)"


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Hosts(["trixie"]) as hosts:
        yield hosts[0]


@pytest.fixture
def pairs(host: Host) -> dict[str, keypair.KeyPair]:
    """Keys of the user app, one of them with a passphrase."""
    pairs = {"plain": keypair.generate(), "protected": keypair.generate(passphrase=PASSPHRASE)}
    host.authorize("app", "\n".join(pair.public_key for pair in pairs.values()))
    return pairs


@pytest.fixture
def vault(serve: Callable[[Any], Any], host: Host, pairs: dict[str, keypair.KeyPair]) -> Any:
    keys = [
        {
            "identifier": name,
            "username": "app",
            "hostname": host.name,
            "private_key": pair.private_key,
            "public_key": pair.public_key,
            **({"password": pair.passphrase} if pair.passphrase else {}),
        }
        for name, pair in pairs.items()
    ]
    client = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
    return serve({"clients": [client], "devices": [{"hostname": host.name, "ip": host.address}], "keys": keys})


@pytest.fixture
def inventory(host: Host, tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """inventory(variables) -> its path: the host without the key that it is usually reached with."""

    def write(variables: dict[str, Any]) -> Path:
        usual = host.inventory("app")
        del usual["ansible_ssh_private_key_file"]
        path = tmp_path / "inventory.json"
        path.write_text(json.dumps({"all": {"hosts": {host.name: {**usual, **variables}}}}))
        return path

    return write


def play(*more: dict[str, Any]) -> list[dict[str, Any]]:
    tasks = [{"name": "who", "ansible.builtin.command": "id -un"}, *more]
    return [{"hosts": "all", "gather_facts": False, "tasks": tasks}]


def is_gone(path: Path) -> bool:
    """Whether it goes, soon on an idle machine; how long a busy one takes is no matter here."""
    end = time.monotonic() + 120
    while path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    return not path.exists()


def on_disk(folder: Path, text: str) -> list[Path]:
    needle = text.splitlines()[2].encode()
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


@pytest.mark.parametrize("name", rows(["plain", "protected"], "protected"))
def test_a_path_to_memory(run_play: Any, vault: Any, inventory: Any, pairs: Any, tmp_path: Path, name: str) -> None:
    path = inventory({"ansible_ssh_private_key_file": "{{ " + LOOKUP.format(name) + " }}"})
    show = {"name": "show", "ansible.builtin.debug": {"msg": "{{ " + LOOKUP.format(name) + " }}"}}
    done = run_play(vault, play(show, {"name": "again", "ansible.builtin.command": "id -un"}), "-i", str(path), "-vvv")
    assert done.rc == 0, str(done)
    assert done["who"]["stdout"] == done["again"]["stdout"] == "app"
    assert done["show"]["msg"].startswith("/proc/")
    assert is_gone(Path(done["show"]["msg"]))
    assert sum(vault.reads.values()) == 1
    assert not on_disk(tmp_path / "home", pairs[name].private_key)
    assert pairs[name].private_key.splitlines()[2] not in str(done)


@pytest.mark.skipif(not HAS_AGENT, reason="this ansible-core has no agent of its own")
def test_no_path_at_all(run_play: Any, vault: Any, inventory: Any, pairs: Any, tmp_path: Path) -> None:
    key = "{{ lookup('community.senhasegura.ssh_key', 'plain') }}"
    path = inventory({"ansible_ssh_private_key": key})
    # The path of the agent's socket may have 107 bytes only.
    with tempfile.TemporaryDirectory(prefix="k-") as short:
        env = {"ANSIBLE_SSH_AGENT": "auto", "ANSIBLE_LOCAL_TEMP": short}
        done = run_play(vault, play(), "-i", str(path), env=env)
        assert done.rc == 0, str(done)
        assert done["who"]["stdout"] == "app"
        assert not on_disk(tmp_path / "home", pairs["plain"].private_key)
        assert not on_disk(Path(short), pairs["plain"].private_key)


def test_without_the_broker_it_is_a_file_of_the_run(run_play: Any, vault: Any, inventory: Any, tmp_path: Path) -> None:
    path = inventory({"ansible_ssh_private_key_file": "{{ " + LOOKUP.format("plain") + " }}"})
    done = run_play(vault, play(), "-i", str(path), env={"SENHASEGURA_BROKER": "false"})
    assert done.rc == 0, str(done)
    assert done["who"]["stdout"] == "app"
    assert not [left for left in tmp_path.rglob("*") if "senhasegura-key" in left.name]


@pytest.mark.parametrize(
    "number", rows([signal.SIGKILL, signal.SIGTERM, signal.SIGINT], "SIGKILL", ids=["SIGKILL", "SIGTERM", "SIGINT"])
)
def test_it_is_gone_when_the_run_is_killed(vault: Any, inventory: Any, pairs: Any, tmp_path: Path, number: int) -> None:
    inventory({"ansible_ssh_private_key_file": "{{ " + LOOKUP.format("plain") + " }}"})
    note = tmp_path / "note"
    tasks = [
        {
            "name": "show",
            "ansible.builtin.copy": {"content": "{{ " + LOOKUP.format("plain") + " }}", "dest": str(note)},
            "delegate_to": "localhost",
        },
        {"name": "wait", "ansible.builtin.command": "sleep 3600"},
    ]
    (tmp_path / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        **environment(),
        **vault.env,
        "HOME": str(home),
        "ANSIBLE_HOME": str(home / ".ansible"),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
    }
    command = ["ansible-playbook", "-i", str(tmp_path / "inventory.json"), str(tmp_path / "play.yml")]
    run = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        end = time.monotonic() + 120
        while not (note.exists() and note.read_text()) and time.monotonic() < end:
            time.sleep(0.05)
        path = Path(note.read_text())
        assert path.read_text() == pairs["plain"].private_key
        assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o600, os.getuid())
        run.send_signal(number)
        assert is_gone(path)
        assert not on_disk(home, pairs["plain"].private_key)
    finally:
        run.kill()
        run.wait()
