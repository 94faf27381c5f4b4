# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide event_driven, without rules: from its syslog line to a rotated password, and a short soak. ./run eda has the rest."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from eda.process import Process, source, wait_until
from eda.soak import soak
from workspace import ROOT

from ansible_collections.community.senhasegura.plugins.module_utils.events.frames import Frame
from ansible_collections.community.senhasegura.plugins.module_utils.events.syslog_event import syslog_event

GUIDE = (ROOT / "docs/docsite/rst/event_driven.rst").read_text(encoding="utf-8")
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
ENTRY = {"username": "root", "hostname": "web01", "password": "Old-Passw0rd", "change": "2026-01-01T00:00:00"}
SEED = {
    "clients": [CLIENT],
    "devices": [{"hostname": "web01", "ip": "192.0.2.1"}],
    "credentials": [{**ENTRY, "id": 7, "identifier": "web-root", "automatic_change": True}],
    "keys": [{"id": 9, "username": "app", "hostname": "web01", "identifier": "app-key", "generate": "ed25519"}],
}


def block(language: str, indent: int) -> str:
    """The one block of the guide in that language."""
    (found,) = re.findall(
        rf"^ {{{indent}}}\.\. code-block:: {language}\n\n((?: {{{indent + 3}}}.*\n|\n)+)", GUIDE, re.MULTILINE
    )
    return str(found)


def state(vault: Any) -> dict[str, Any]:
    return dict(vault.control.credential(7))


def test_the_event_of_the_guide_is_that_of_its_line() -> None:
    line = re.search(r"'(<13>CEF.*)' >", block("bash", 3))
    assert line is not None
    assert syslog_event(Frame(line[1].encode()), "127.0.0.1") == json.loads(block("json", 3))


def test_from_the_line_of_the_guide_to_a_rotated_password(serve_profile: Any, run_command: Any, tmp_path: Path) -> None:
    vault = serve_profile("4.0", SEED)
    vault.control.set_credential(7, expiration=time.time() - 60)
    variables = yaml.safe_load(block("yaml", 3))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {name.removeprefix("senhasegura_syslog_"): value for name, value in variables.items()}
    assert set(options) == {"host", "port", "senders"}
    options = {**options, "port": port, "senders": ["127.0.0.1"]}
    process = Process(source("senhasegura_syslog", json.dumps(options)), tmp_path / "log", {})

    def sent() -> bool:
        command = block("bash", 3).replace("1514", str(port))
        return subprocess.run(["bash", "-c", command], stderr=subprocess.DEVNULL, check=False).returncode == 0

    try:
        wait_until("the line is sent", sent, process)
        wait_until("the event comes", lambda: "SEEN expired 7" in process.text(), process)
    finally:
        assert process.end() < 10
    run = run_command(vault, "ansible-playbook", "community.senhasegura.rotate_expired", "-e", "rotate_expired_id=7")
    assert run.rc == 0, run
    assert state(vault)["password"] != "Old-Passw0rd"


@pytest.mark.parametrize(
    ("id_", "expires", "more", "rc"),
    [
        # The vault says that it is valid for another hour: the event was wrong, or made up.
        ("7", 3600, {}, 0),
        ("7", None, {}, 0),
        ("8", None, {}, 0),
        ("web-root", -60, {}, 2),
        ("7\n", -60, {}, 2),
    ],
)
def test_what_the_vault_does_not_confirm_is_not_rotated(
    serve_profile: Any, run_command: Any, id_: str, expires: float | None, more: dict[str, Any], rc: int
) -> None:
    vault = serve_profile("4.0", SEED)
    vault.control.set_credential(7, expiration=None if expires is None else time.time() + expires)
    variables = json.dumps({"rotate_expired_id": id_, **more})
    run = run_command(vault, "ansible-playbook", "community.senhasegura.rotate_expired", "-e", variables)
    assert run.rc == rc, run
    assert state(vault)["password"] == "Old-Passw0rd"


def test_what_expires_soon_is_rotated_if_that_is_asked_for(serve_profile: Any, run_command: Any) -> None:
    vault = serve_profile("4.0", SEED)
    vault.control.set_credential(7, expiration=time.time() + 3600)
    variables = json.dumps({"rotate_expired_id": 7, "rotate_expired_within": 7200})
    run = run_command(vault, "ansible-playbook", "community.senhasegura.rotate_expired", "-e", variables)
    assert run.rc == 0, run
    assert state(vault)["password"] != "Old-Passw0rd"


def test_an_ssh_key_that_has_expired_is_rotated(serve_profile: Any, run_command: Any) -> None:
    vault = serve_profile("4.0", SEED, key_rotation_on_release=True)
    vault.control.set_credential(9, expiration=time.time() - 60, automatic_change=True)
    before = vault.control.credential(9)["public_key"]
    run = run_command(vault, "ansible-playbook", "community.senhasegura.rotate_expired", "-e", "rotate_expired_id=9")
    assert run.rc == 0, run
    assert vault.control.credential(9)["public_key"] != before


@pytest.mark.parametrize(("rotates", "released"), [(True, True), (False, False)])
def test_custody_is_given_back_with_the_change_that_this_means_or_not_at_all(
    serve_profile: Any, run_command: Any, rotates: bool, released: bool
) -> None:
    vault = serve_profile("4.0", SEED)
    client = vault.control.state()["clients"][0]["id"]
    now = time.time()
    vault.control.set_credential(7, view=now, custody_client=client, custody_until=now + 3600)
    variables = json.dumps({"release_custody_id": "7", "release_custody_rotates": rotates})
    run = run_command(vault, "ansible-playbook", "community.senhasegura.release_custody", "-e", variables)
    assert run.rc == 0, run
    assert (state(vault)["custody_client"] is None) is released
    assert (state(vault)["password"] != "Old-Passw0rd") is released


def test_custody_of_nobody_is_left_alone(serve_profile: Any, run_command: Any) -> None:
    vault = serve_profile("4.0", SEED)
    run = run_command(vault, "ansible-playbook", "community.senhasegura.release_custody", "-e", "release_custody_id=7")
    assert run.rc == 0, run
    assert state(vault)["password"] == "Old-Passw0rd"


@pytest.mark.long
def test_no_event_is_lost_in_a_short_soak(tmp_path: Path) -> None:
    """./run eda soak has ten minutes, under ansible-rulebook."""
    result = soak(tmp_path, seconds=20, random_seed=1, every=4)
    assert result.problems == [], str(result)
    assert result.restarts and result.kills, str(result)
