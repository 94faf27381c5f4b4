# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that the vault makes on hosts, with a program in the place of ssh that writes down what it is told."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TARGET = {"address": "192.0.2.11", "private_key": "/keys/admin", "known_hosts": "/keys/known"}
FAKE = """#!{python}
import json, os, sys, time
folder = os.path.dirname(os.path.abspath(__file__))
told = {{"arguments": sys.argv[1:], "input": sys.stdin.read(), "environment": dict(os.environ), "pid": os.getpid()}}
with open(folder + "/calls", "a") as file:
    file.write(json.dumps(told) + "\\n")
for line in open(folder + "/script"):
    part, how, code = line.split()
    if part in " ".join(sys.argv):
        while how == "held" and not os.path.exists(folder + "/go"):
            time.sleep(0.01)
        if code != "0":
            sys.exit("Permission denied (fake)" if code == "255" else int(code))
"""


NOW, HELD = "now", "held"
LONG = 120  # seconds, when something is wrong; nothing here depends on how fast the machine is


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class Ssh:
    """``script``: if the arguments contain this, wait for ``go`` when it says HELD, then end with this code."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.program = folder, folder / "ssh"
        self.program.write_text(FAKE.format(python=sys.executable))
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)
        (folder / "calls").touch()
        self.script()

    def script(self, *lines: tuple[str, str, int]) -> None:
        (self.folder / "script").write_text("".join(f"{part} {how} {code}\n" for part, how, code in lines))

    def go(self) -> None:
        """Whoever is held goes on."""
        (self.folder / "go").touch()

    def wait_for_call(self) -> dict[str, Any]:
        """The first program that was started; it looks at no control API, so nothing is hurried by it."""
        wait_until(lambda: self.calls)
        return self.calls[0]

    @property
    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]


@pytest.fixture
def ssh(tmp_path: Path) -> Ssh:
    return Ssh(tmp_path)


@pytest.fixture
def vault(ssh: Ssh, start: Callable[..., Any], demo_seed: str) -> Any:
    return start("rest", demo_seed, targets={"web02": TARGET}, ssh_program=str(ssh.program))


def release(vault: Any) -> None:
    assert vault.call("GET", "/iso/coe/senha?credentialId=2")[0] == 200
    assert vault.call("DELETE", "/iso/pam/credential/custody/2")[0] == 200


def rotate(vault: Any, ref: int = 2) -> None:
    path = f"/api/pam/sshkey/{ref}/rotate" if ref == 3 else f"/api/pam/credential/{ref}/rotate"
    assert vault.call("POST", path)[0] == 200


@pytest.mark.parametrize("cause", [release, rotate])
def test_host_comes_first(vault: Any, ssh: Ssh, cause: Callable[[Any], None]) -> None:
    before = vault.stored(2)
    ssh.script(("chpasswd", HELD, 0))
    cause(vault)
    ssh.wait_for_call()
    assert vault.control.executions(2)[0]["status"] == "running"
    assert vault.stored(2)["password"] == before["password"]
    ssh.go()
    done = vault.control.wait_for_execution(2)
    after = vault.stored(2)
    assert (done["status"], done["password"], done["hosts"]) == ("changed", after["password"], ["web02"])
    assert after["password"] != before["password"]
    assert after["change"] > before["change"]
    (call,) = ssh.calls
    assert call["input"] == f"app:{after['password']}\n"
    assert call["arguments"][-2:] == ["root@192.0.2.11", "sh -c 'set -e\nchpasswd'"]
    assert "StrictHostKeyChecking=yes" in call["arguments"]
    assert {"UserKnownHostsFile=/keys/known", "IdentityFile=/keys/admin"} <= set(call["arguments"])
    assert set(call["environment"]) <= {"PATH", "LC_CTYPE", "PWD", "SHLVL", "_"}


@pytest.mark.parametrize(("code", "text"), [(255, "Permission denied"), (1, "ended with 1")])
def test_failure_leaves_the_vault_alone(vault: Any, ssh: Ssh, code: int, text: str) -> None:
    ssh.script(("chpasswd", NOW, code))
    release(vault)
    before = vault.stored(2)
    done = vault.control.wait_for_execution(2)
    assert done["status"] == "failed"
    assert text in done["message"]
    assert done["password"] not in done["message"]
    assert vault.stored(2) == before
    ssh.script()
    rotate(vault)
    assert vault.control.wait_for_execution(2, count=2)["status"] == "changed"
    assert [entry["status"] for entry in vault.control.executions()] == ["failed", "changed"]


def test_timeout(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(ssh_timeout=0.2)
    ssh.script(("chpasswd", HELD, 0))
    rotate(vault)
    assert "no end after 0.2 seconds" in vault.control.wait_for_execution(2)["message"]


def test_program_that_is_not_there(vault: Any) -> None:
    vault.control.settings(ssh_program="/no/such/ssh")
    rotate(vault)
    assert "/no/such/ssh" in vault.control.wait_for_execution(2)["message"]


def test_delay_needs_no_request(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(change_delay=3600)
    rotate(vault)
    assert vault.control.executions() == []
    assert not ssh.calls
    vault.control.advance(3600)
    ssh.wait_for_call()
    assert vault.control.wait_for_execution(2)["status"] == "changed"
    assert len(ssh.calls) == 1


def test_sudo_chage_and_login_test(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(
        targets={"192.0.2.11": {**TARGET, "user": "admin", "port": 2222, "chage": ["-M", "90"], "verify": True}}
    )
    rotate(vault)
    done = vault.control.wait_for_execution(2)
    change, login = ssh.calls
    assert change["arguments"][-1] == "sudo -n sh -c 'set -e\nchage -M 90 -- app </dev/null\nchpasswd'"
    assert login["arguments"][-2:] == ["app@192.0.2.11", "true"]
    assert "2222" in login["arguments"]
    assert login["environment"]["SIMULATOR_PASSWORD"] == done["password"]
    assert not any(done["password"] in argument for call in ssh.calls for argument in call["arguments"])
    before = vault.stored(2)["password"]
    ssh.script(("app@", NOW, 255))
    rotate(vault)
    assert vault.control.wait_for_execution(2, count=2)["status"] == "failed"
    assert vault.stored(2)["password"] == before


def test_hosts_that_are_no_targets_change_in_the_vault_only(vault: Any, ssh: Ssh) -> None:
    before = vault.stored(1)["password"]
    rotate(vault, 1)
    (done,) = vault.control.executions(1)
    assert (done["status"], done["hosts"]) == ("changed", [])
    assert vault.stored(1)["password"] != before
    assert not ssh.calls


def test_change_result_fails(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(change_result="fails")
    rotate(vault)
    assert vault.control.executions(2)[0]["status"] == "failed"
    assert not ssh.calls


def test_changes_of_one_credential_run_in_turn(vault: Any, ssh: Ssh) -> None:
    ssh.script(("chpasswd", HELD, 0))
    rotate(vault)
    rotate(vault)
    ssh.wait_for_call()
    assert [execution["status"] for execution in vault.control.executions(2)] == ["running", "pending"]
    ssh.go()
    last = vault.control.wait_for_execution(2, count=2)
    assert vault.stored(2)["password"] == last["password"] == ssh.calls[-1]["input"][4:-1]
    first, second = vault.control.executions(2)
    assert first["finished"] <= second["started"]


def test_what_is_rolled_back_reaches_no_host(vault: Any, ssh: Ssh) -> None:
    vault.control.fault("late", operation="credential.rotate", requests=2)
    rotate(vault)
    assert vault.control.executions() == []
    for _unused in range(2):
        vault.call("GET", "/api/pam/credential")
    assert vault.control.wait_for_execution(2)["status"] == "changed"
    assert len(ssh.calls) == 1


def test_reset_forgets_what_is_running(vault: Any, ssh: Ssh) -> None:
    ssh.script(("chpasswd", HELD, 0))
    rotate(vault)
    running = ssh.wait_for_call()["pid"]
    vault.control.reset()
    before = vault.stored(2)
    wait_until(lambda: not alive(running))
    assert vault.control.executions() == []
    assert vault.stored(2) == before


def test_key_goes_to_all_devices_and_the_old_one_leaves(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(targets={"web01": {**TARGET, "address": "192.0.2.10"}, "web02": TARGET})
    before = vault.stored(3)
    rotate(vault, 3)
    done = vault.control.wait_for_execution(3)
    after = vault.stored(3)
    assert (done["status"], done["message"], done["hosts"]) == ("changed", "", ["web01", "web02"])
    assert after["public_key"] == done["public_key"] != before["public_key"]
    steps = [(call["arguments"][-2], call["arguments"][-1]) for call in ssh.calls]
    assert [step[0] for step in steps] == ["root@192.0.2.10", "root@192.0.2.11"] * 2
    assert all(after["public_key"] in step[1] for step in steps[:2])
    assert all(before["public_key"].split()[1] in step[1] for step in steps[2:])


def test_key_that_does_not_reach_all_devices_is_taken_back(vault: Any, ssh: Ssh) -> None:
    vault.control.settings(targets={"web01": {**TARGET, "address": "192.0.2.10"}, "web02": TARGET})
    ssh.script(("192.0.2.11", NOW, 255))
    before = vault.stored(3)
    rotate(vault, 3)
    done = vault.control.wait_for_execution(3)
    assert done["status"] == "failed"
    assert vault.stored(3) == before
    last = ssh.calls[-1]["arguments"]
    assert last[-2] == "root@192.0.2.10"
    assert f"grep -vF -- {done['public_key'].split()[1]}" in last[-1]


def test_old_key_that_stays_is_told(vault: Any, ssh: Ssh) -> None:
    ssh.script(("grep", NOW, 1))
    rotate(vault, 3)
    done = vault.control.wait_for_execution(3)
    assert done["status"] == "changed"
    assert "the old key is still there" in done["message"]


def test_restart_says_what_was_interrupted(ssh: Ssh, start: Callable[..., Any], demo_seed: str, tmp_path: Path) -> None:
    from senhasegura_simulator.server import Simulator

    settings = {"targets": {"web02": TARGET}, "ssh_program": str(ssh.program), "state": tmp_path / "state"}
    ssh.script(("chpasswd", HELD, 0))
    with Simulator("4.0", demo_seed, **settings) as sim:
        sim.control.set_credential(2, change_due=0)
        ssh.wait_for_call()
        assert sim.control.executions(2)[-1]["status"] == "running"
        before = sim.control.credential(2)
    with Simulator("4.0", demo_seed, **settings) as sim:
        done = sim.control.wait_for_execution(2)
        assert (done["status"], done["message"][:11]) == ("failed", "interrupted")
        assert sim.control.credential(2) == before


@pytest.mark.parametrize(
    "targets", [[], {"a": 1}, {"a": {"address": "x"}}, {"a": {**TARGET, "passwort": "x"}}], ids=str
)
def test_settings_that_make_no_sense(vault: Any, targets: Any) -> None:
    with pytest.raises(ValueError, match="target"):
        vault.control.settings(targets=targets)


@pytest.mark.parametrize("ending", ["\n", ""])
def test_other_keys_stay(tmp_path: Path, ending: str) -> None:
    """The scripts that a host would run, on a file of our own."""
    from senhasegura_simulator import targets

    home, blob = tmp_path / "home", "AAAAC3NzaC1lZDI1NTE5AAAAold"
    (home / ".ssh").mkdir(parents=True)
    file = home / ".ssh" / "authorized_keys"
    others = 'from="10.0.0.0/8",command="a b" ssh-ed25519 AAAAother one\r\n# comment\n'
    file.write_bytes(f"ssh-ed25519 {blob} x\n{others}ssh-ed25519 AAAAlast{ending}".encode())
    file.chmod(0o640)
    user = subprocess.run(["id", "-un"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    fake = f"getent() {{ echo 'u:x:1:1::{home}:/bin/sh'; }}\n"
    for script in (
        targets.add_key(user, "ssh-ed25519 AAAAnew y"),
        targets.remove_key(user, f"ssh-ed25519 {blob} other"),
    ):
        subprocess.run(["sh", "-c", fake + script], check=True)
    assert file.read_bytes().decode() == f"{others}ssh-ed25519 AAAAlast\nssh-ed25519 AAAAnew y\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["authorized_keys"]
