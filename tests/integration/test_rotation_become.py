# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password that changes is the one with which Ansible gets to the host or becomes root there, in each way in which
that can be; hosts count what they refuse. All combinations with ROTATION_BECOME=all, a handful without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hosts.group import Hosts
from hosts.host import BECOME, COLLECTIONS, Become, Host
from hosts.image import PASSWORD, why_unavailable
from long_rows import rows
from workspace import environment

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
SUITES = ["bookworm", "trixie"]
# Of somebody whose password does not change.
OTHERS = "Somebody-Elses.7"
_ALL = [f"{method}-{login}-{suite}" for method in BECOME for login in ("password", "key") for suite in SUITES]
_FEW = [
    "own-password-trixie",
    "targetpw-key-bookworm",
    "runaspw-password-trixie",
    "su-key-trixie",
    "doas-password-bookworm",
    "root-password-bookworm",
]
CASES = _ALL if os.environ.get("ROTATION_BECOME") == "all" else _FEW
# No connection stays open: each command logs in again, and Ansible tries again what has failed.
EAGER = {"ANSIBLE_SSH_ARGS": "-o ControlMaster=no -o ControlPath=none", "ANSIBLE_SSH_RETRIES": "4"}


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(SUITES) as hosts:
        yield hosts


class Scene:
    """A host, the way to it, the account whose password changes, and the vault that has that."""

    def __init__(self, hosts: Hosts, host: Host, method: str, login: str, run_play: Any, serve: Any, folder: Path):
        self.host, self.login, self._run_play, self._folder = host, login, run_play, folder
        self.way: Become = host.become(method)
        self.login_user = "root" if method == "root" else "app"
        self.user = self.login_user if self.way.asks in ("self", "") else self.way.asks
        self.name = f"{host.name}-{self.user}"
        host.run("rm -rf /var/lib/senhasegura-rotation", input="")
        host.run("chpasswd", input=f"app:{PASSWORD}\nroot:{PASSWORD}\n")
        if self.user != self.login_user:
            host.run("chpasswd", input=f"{self.login_user}:{OTHERS}\n")
        # The key of root stays: hosts.inventory has it for root and admin.
        host.authorize("app", hosts.public_key)
        for user in ("app", "root"):
            host.forget_failures(user)
        host.forget_logins()
        self.vault = serve(
            "4.0",
            {
                "clients": [CLIENT],
                "devices": [{"hostname": host.name, "ip": host.address}],
                "credentials": [
                    {"identifier": self.name, "username": self.user, "hostname": host.name, "password": PASSWORD}
                ],
            },
        )
        self._hosts = hosts

    def present(self, name: str = "") -> str:
        return str(self.vault.control.credential(name or self.name)["password"])

    def records(self) -> dict[str, str]:
        items = self.vault.control.state()["items"]
        return {i["identifier"]: i["password"] for i in items if i["identifier"].startswith(self.name)}

    def variables(self, *, from_ssh_config: bool = False) -> dict[str, Any]:
        """What the inventory says: passwords come from the vault, as users have it."""
        lookup = "{{ lookup('community.senhasegura.credential', '" + self.name + "').password }}"
        found = dict(self._hosts.inventory(self.login_user)["all"]["hosts"][self.host.name])  # type: ignore[index]
        if self.login == "password":
            found.pop("ansible_ssh_private_key_file")
            found["ansible_password"] = lookup if self.user == self.login_user else OTHERS
            found["ansible_ssh_common_args"] = found.get("ansible_ssh_common_args", "") + " -o IdentityAgent=none"
        if self.way.method:
            found.update(ansible_become=True, ansible_become_method=self.way.method)
        if self.way.asks:
            found["ansible_become_password"] = lookup
        if from_ssh_config:
            config = self._folder / "ssh_config"
            config.write_text(f"Host *\n  User {self.login_user}\n")
            del found["ansible_user"]
            found["ansible_ssh_common_args"] = f"-F {config} " + found.get("ansible_ssh_common_args", "")
        return found

    def rotate(self, *, env: dict[str, str] | None = None, **options: Any) -> Any:
        from_ssh_config = options.pop("from_ssh_config", False)
        inventory = {"all": {"hosts": {self.host.name: self.variables(from_ssh_config=from_ssh_config)}}}
        path = self._folder / "inventory.json"
        path.write_text(json.dumps(inventory))
        task = options.pop("task", {})
        arguments = {"credential": self.name, "late_write_window": 5, "timeout": 4, "lock_wait": 60, **options}
        tasks = [{"name": "rotate", "community.senhasegura.linux_password_change": arguments, **task}]
        paths = os.pathsep.join([environment()["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)])
        return self._run_play(
            self.vault,
            [{"hosts": self.host.name, "gather_facts": False, "tasks": tasks}],
            "-i",
            str(path),
            env={"ANSIBLE_COLLECTIONS_PATH": paths, "ANSIBLE_TIMEOUT": "20", **(env or {})},
        )

    def refusals(self) -> dict[str, list[str]]:
        return {user: found for user in ("app", "root") if (found := self.host.refusals(user))}

    def as_if_killed_before_main(self) -> str:
        """Let the host have what the journal has, and main something older. Returns the name of the former record."""
        records = self.records()
        newest = next(name for name, secret in records.items() if secret == records[self.name] and name != self.name)
        self.vault.control.set_credential(self.name, password="Before-Killed.5")
        return newest


@pytest.fixture
def scene(
    hosts: Hosts, run_play: Any, serve_profile: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Scene]]:
    """scene("<way to become root>-<password or key>-<release>")"""

    def make(case: str) -> Scene:
        method, login, suite = case.rsplit("-", 2)
        return Scene(hosts, hosts[SUITES.index(suite)], method, login, run_play, serve_profile, tmp_path)

    yield make
    for host in hosts:
        host.become("root")
        host.authorize("app", "")
        host.run("chpasswd", input=f"app:{PASSWORD}\nroot:{PASSWORD}\n")


@pytest.mark.parametrize("case", rows(CASES, "own-password-trixie", "su-key-trixie"))
def test_the_password_of_the_way_in_changes(scene: Any, case: str) -> None:
    """Nothing is refused meanwhile. What a run that was killed between host and vault has left costs one refusal."""
    here = scene(case)
    done = here.rotate(env=EAGER)
    assert done.rc == 0, str(done)
    assert done["rotate"]["rotation"]["status"] == "changed"
    assert here.refusals() == {}
    newest = here.as_if_killed_before_main()
    done = here.rotate(env=EAGER)
    assert done.rc == 0, str(done)
    assert done["rotate"]["rotation"]["recovered_first"] is True
    needed = bool(here.way.asks) or here.login == "password"
    assert [len(found) for found in here.refusals().values()] == ([1] if needed else [])
    assert here.host.failures(here.user) <= 1
    if needed:
        assert f"that of {newest} was accepted" in str(done["rotate"]["warnings"])
    assert here.host.accepts(here.user, here.present())


@pytest.mark.parametrize("case", [pytest.param("own-password-bookworm", marks=pytest.mark.long), "su-password-trixie"])
def test_user_from_ssh_config(scene: Any, case: str) -> None:
    """Ansible knows no name of the user then."""
    here = scene(case)
    done = here.rotate(from_ssh_config=True)
    assert done["rotate"]["rotation"]["status"] == "changed", str(done)
    assert here.refusals() == {}


@pytest.mark.parametrize(
    "case",
    [
        "own-password-bookworm",
        pytest.param("own-key-trixie", marks=pytest.mark.long),
        pytest.param("targetpw-key-bookworm", marks=pytest.mark.long),
        "doas-key-trixie",
    ],
)
def test_a_password_that_no_record_has_is_sent_once(scene: Any, case: str) -> None:
    """Somebody has changed it on the host: each run is refused once, and says what is not proved."""
    here = scene(case)
    here.host.run("chpasswd", input=f"{here.user}:Changed-By-Hand.3\n")
    for number in (1, 2):
        done = here.rotate(env=EAGER)
        assert done["rotate"].get("failure", {}).get("kind") == "refused", str(done)
        assert "password is refused: that of" in done["rotate"]["msg"]
        assert here.host.failures(here.user) == number
    assert "Incorrect" not in done["rotate"]["msg"]


def test_the_same_password_of_another_account(scene: Any) -> None:
    """All accounts have got the same first password: that of sudo is root's (targetpw), and stays when app's changes."""
    here = scene("targetpw-key-trixie")
    here.host.run("chpasswd", input=f"app:{PASSWORD}\n")
    here.vault.control.set_credential(here.name, username="app")
    here.user = "app"
    done = here.rotate(env=EAGER)
    assert done["rotate"]["rotation"]["status"] == "changed", str(done)
    assert here.refusals() == {}
    assert here.host.accepts("root", PASSWORD)


@pytest.mark.parametrize("case", [pytest.param("nopasswd-key-bookworm", marks=pytest.mark.long), "own-key-trixie"])
def test_sudo_that_wants_a_terminal(scene: Any, case: str) -> None:
    here = scene(case)
    here.host.run("sed -i '1i Defaults requiretty' /etc/sudoers.d/00-test")
    done = here.rotate()
    assert done["rotate"]["rotation"]["status"] == "changed", str(done)


def test_the_timeout_of_a_task(scene: Any) -> None:
    """It strikes while the vault does not answer: there is a result, and the lock is given back."""
    here = scene("nopasswd-key-bookworm")
    here.vault.control.fault("gate", operation="credential.read")
    # Long enough for a slow machine to get to the vault.
    done = here.rotate(task={"timeout": 10}, timeout=25, late_write_window=25)
    here.vault.control.clear_faults()
    assert done.rc == 2
    assert done["rotate"]["failure"]["kind"] == "failed", str(done)
    assert "the timeout of the task is over" in str(done["rotate"]["warnings"]), str(done)
    assert here.present() == PASSWORD
    done = here.rotate(lock_wait=0)
    assert done["rotate"]["rotation"]["status"] == "changed", str(done)
