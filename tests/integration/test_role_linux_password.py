# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role and the playbook linux_password_change, run as AWX and people run them, on 20 real hosts."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible.release import __version__
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, why_unavailable
from leaks import canaries
from long_rows import rows

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
# The dialect matters where the server does the work; for the rest, test_linux_password.py has all of them.
API, REST = ("4.0", "auto"), ("rest", "rest")
one_dialect = pytest.mark.parametrize("_server", [API], indirect=True, ids=["4.0"])
two_dialects = pytest.mark.parametrize("_server", rows([(API,), (REST,)], "4.0", ids=["4.0", "rest"]), indirect=True)
ROLE = PLAYBOOK = "community.senhasegura.linux_password_change"
STATE = "community.senhasegura.rotation_state"
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
HOOK = """
- name: Note the result
  ansible.builtin.copy:
    content: "{{ linux_password_change_result | to_json }}"
    dest: "{{ notes }}/{{ inventory_hostname }}.json"
    mode: "0600"
  delegate_to: localhost
  check_mode: false
"""
FAILING_HOOK = """
- name: Fail while notifying
  ansible.builtin.fail:
    msg: no mail server
"""


@pytest.fixture(scope="module")
def all_hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"] * 10) as hosts:
        yield hosts


@pytest.fixture
def hosts(all_hosts: Hosts, request: pytest.FixtureRequest) -> list[Host]:
    """Three hosts (or as many as the test says) whose user app has the password that the vault has."""
    hosts = list(all_hosts[: getattr(request, "param", 3)])
    reset = (
        "rm -rf /var/lib/senhasegura-rotation /etc/sudoers.d/app; usermod -U app; chage -d -1 app; chage -d today app"
    )
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda host: host.run(f"{reset}; echo 'app:{PASSWORD}' | chpasswd; faillock --user app --reset"), hosts
            )
        )
    for host in hosts:
        host.forget_logins()
    return hosts


def seed(hosts: Sequence[Host], settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "clients": [CLIENT],
        "settings": settings,
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "credentials": [
            {"identifier": f"{host.name}-app", "username": "app", "hostname": host.name, "password": PASSWORD, **more}
            for host in hosts
        ],
    }


class Site:
    """Some hosts, their vault, and a folder with inventory, hook, notes and report."""

    def __init__(self, hosts: Sequence[Host], vault: Any, folder: Path, run: Callable[..., Any]) -> None:
        self.hosts, self.vault, self._run, self.folder = hosts, vault, run, folder
        self.variables: dict[str, Any] = {"all": {"hosts": {host.name: host.inventory("admin") for host in hosts}}}
        self.notes, self.report = folder / "notes", folder / "report"
        self.notes.mkdir()
        self.hook(HOOK)

    def hook(self, tasks: str) -> None:
        (self.folder / "hook.yml").write_text(tasks)

    def change(self, *arguments: str, env: dict[str, str] | None = None, **variables: Any) -> Any:
        """Run the playbook as AWX does, with its variables as extra variables."""
        return self.command(PLAYBOOK, *arguments, env=env, **variables)

    def play(self, role: dict[str, Any], *arguments: str, tasks: Sequence[Any] = (), **keys: Any) -> Any:
        """Run a play of one's own that uses the role and then has other tasks."""
        name = {"name": "Use the role", "ansible.builtin.include_role": {"name": ROLE}, "vars": role}
        play = {"hosts": "all", "gather_facts": False, "tasks": [name, *tasks], **keys}
        path = self.folder / "own.yml"
        path.write_text(json.dumps([play]))
        return self.command(str(path), *arguments)

    def command(self, playbook: str, *arguments: str, env: dict[str, str] | None = None, **variables: Any) -> Any:
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps(self.variables))
        given = {
            "linux_password_change_user": "app",
            "linux_password_change_notify": str(self.folder / "hook.yml"),
            "linux_password_change_report_dir": str(self.report),
            "notes": str(self.notes),
            **variables,
        }
        extra = {name: value for name, value in given.items() if value is not None}
        command = ["ansible-playbook", playbook, "-i", str(inventory), "-e", json.dumps(extra), *arguments]
        return self._run(self.vault, *command, env=env)

    def noted(self) -> dict[str, Any]:
        """What the hook was told, by host; and forgets it."""
        found = {path.stem: json.loads(path.read_text()) for path in sorted(self.notes.iterdir())}
        shutil.rmtree(self.notes)
        self.notes.mkdir()
        return found

    def password(self, host: Host) -> str:
        return str(self.vault.control.credential(f"{host.name}-app")["password"])

    def changed(self) -> list[str]:
        """The hosts whose vault has a new password. Whatever it has must log in, and nobody has failed to."""
        with ThreadPoolExecutor(4) as pool:
            fine = pool.map(
                lambda host: host.accepts("app", self.password(host)) and not host.failures("app"), self.hosts
            )
        assert all(fine)
        return [host.name for host in self.hosts if self.password(host) != PASSWORD]


@pytest.fixture
def site(hosts: list[Host], serve: Any, run_command: Any, tmp_path: Path) -> Site:
    return Site(hosts, serve(seed(hosts, {})), tmp_path, run_command)


def machine_of(host: Host) -> str:
    """What the host calls itself in the names of its journal."""
    return str(json.loads(host.run("cat /var/lib/senhasegura-rotation/machine.json"))["token"])


def failed(done: Any) -> list[tuple[str, str]]:
    """Host and task of all that failed, ignored or not."""
    return [
        (entry["host"], entry["task"].removeprefix(f"{ROLE} : "))
        for entry in done.results
        if entry["status"] == "failed"
    ]


LAST = "Fail where the password was not changed"
REPORT = "Make the report"


def names(hosts: Sequence[Host]) -> list[str]:
    return [host.name for host in hosts]


def results(site: Site) -> dict[str, str]:
    return {host: note["status"] for host, note in site.noted().items()}


@one_dialect
def test_check_then_change_then_nothing(site: Site) -> None:
    hashes = [host.shadow("app").hash for host in site.hosts]
    at_once: dict[str, Any] = {"linux_password_change_serial": [3]}
    done = site.change("--check", **at_once)
    assert done.rc == 0, str(done)
    assert results(site) == dict.fromkeys(names(site.hosts), "changed")
    assert (site.vault.reads, site.vault.writes) == ({}, [])
    assert [host.shadow("app").hash for host in site.hosts] == hashes
    assert not site.report.exists()
    assert site.changed() == []

    done = site.change(**at_once)
    assert done.rc == 0, str(done)
    assert site.changed() == names(site.hosts)
    notes = site.noted()
    assert {name: (note["ok"], note["status"], note["credential"], note["user"]) for name, note in notes.items()} == {
        host.name: (True, "changed", f"{host.name}-app", "app") for host in site.hosts
    }
    values = [PASSWORD, *map(site.password, site.hosts), *(host.shadow("app").hash for host in site.hosts)]
    told = json.dumps(notes) + str(done) + (site.report / "history.jsonl").read_text()
    assert [value for value in values if value in told] == []

    done = site.change(**at_once, linux_password_change_max_age_days=1)
    assert done.rc == 0, str(done)
    assert results(site) == dict.fromkeys(names(site.hosts), "unchanged")
    assert [entry["task"] for entry in done.results if entry["result"].get("changed")] == [
        *[f"{ROLE} : Note the result"] * 3,
        REPORT,
    ]

    # Neither the rotation nor Ansible's own modules have left a file on a host.
    kept = "-not -name guard -not -name machine.guard -not -name machine.json"
    ours = r"\( -path '/var/lib/*' -o -path '*/.ansible/*' \)"
    left = f"find /var/lib/senhasegura-rotation /home/admin /root -type f {ours} {kept}"
    assert {host.name: host.run(left) for host in site.hosts} == dict.fromkeys(names(site.hosts), "")

    lines = [json.loads(line) for line in (site.report / "history.jsonl").read_text().splitlines()]
    assert sorted((line["status"], line["host"]) for line in lines) == [
        *(("changed", name) for name in names(site.hosts)),
        *(("unchanged", name) for name in names(site.hosts)),
    ]
    page = (site.report / "report.html").read_text()
    assert all(name in page and name in (site.report / "report.json").read_text() for name in names(site.hosts))


@one_dialect
def test_a_bad_first_host_stops_before_all_others(site: Site) -> None:
    site.hosts[0].run("usermod -L app")
    done = site.change()
    assert done.rc == 2, str(done)
    assert results(site) == {"host1": "refused"}
    site.hosts[0].run("usermod -U app")
    assert site.changed() == []
    assert site.vault.reads == {}


@one_dialect
def test_with_go_on_all_others_have_their_turn(site: Site) -> None:
    site.hosts[0].run("usermod -L app")
    # What is refused is not tried again.
    done = site.change(linux_password_change_go_on=True, linux_password_change_retries=3)
    assert done.rc == 2, str(done)
    site.hosts[0].run("usermod -U app")
    assert site.changed() == names(site.hosts[1:])
    lines = [json.loads(line) for line in (site.report / "history.jsonl").read_text().splitlines()]
    assert len(lines) == len(site.hosts)
    # One run of the playbook, in which each line says who logs in, and what settles the rest.
    assert len({line["run"] for line in lines}) == 1
    assert {line["host"]: bool(line["settle"]) for line in lines} == {
        name: name == "host1" for name in names(site.hosts)
    }
    assert all(line["proved"] == "login" for line in lines if line["host"] != "host1")


def made(done: Any) -> list[str]:
    """How each report of a run was made. What is skipped since more hosts follow does not count."""
    return [entry["status"] for entry in done.results if entry["task"] == REPORT and entry["status"] != "skipped"]


def in_report(site: Site) -> dict[str, str]:
    """The status of each host in the report, for programs and for people."""
    found = json.loads((site.report / "report.json").read_text())["latest"]
    page = (site.report / "report.html").read_text()
    assert [item["host"] for item in found if item["host"] not in page] == []
    return {item["host"]: item["status"] for item in found}


@one_dialect
def test_the_report_is_made_once_and_has_the_hosts_that_failed(site: Site) -> None:
    # The only host of the run fails, and the limit leaves localhost out.
    site.hosts[0].run("usermod -L app")
    done = site.change("--limit", "host1")
    assert (done.rc, made(done), in_report(site)) == (2, ["ok"], {"host1": "refused"}), str(done)
    # The first of three ends the run.
    done = site.change()
    assert (done.rc, made(done), in_report(site)) == (2, ["ok"], {"host1": "refused"}), str(done)
    # One fails, and one is not reached.
    site.variables["all"]["hosts"]["host3"]["ansible_port"] = 1
    done = site.change(linux_password_change_go_on=True)
    assert (done.rc, made(done)) == (2, ["ok"]), str(done)
    assert in_report(site) == {"host1": "refused", "host2": "changed", "host3": "unreachable"}
    # All goes well, in several batches.
    site.hosts[0].run("usermod -U app")
    site.variables["all"]["hosts"]["host3"]["ansible_port"] = site.hosts[2].inventory("admin").get("ansible_port", 22)
    done = site.change()
    assert (done.rc, made(done), in_report(site)) == (0, ["ok"], dict.fromkeys(names(site.hosts), "changed")), str(done)


@pytest.mark.long
@one_dialect
def test_a_report_that_cannot_be_written_stops_no_rotation(site: Site) -> None:
    site.report.mkdir()
    (site.report / "report.html").mkdir()
    done = site.change()
    assert (done.rc, made(done)) == (0, ["failed"]), str(done)
    assert f"{site.report}/report.html: Is a directory" in done.stdout + done.stderr
    assert site.changed() == names(site.hosts)


@one_dialect
def test_a_hook_that_fails_hides_nothing(site: Site) -> None:
    site.hook(FAILING_HOOK)
    site.hosts[2].run("usermod -L app")
    done = site.change(linux_password_change_serial=[3])
    assert done.rc == 2, str(done)
    site.hosts[2].run("usermod -U app")
    assert site.changed() == ["host1", "host2"]
    hook = "Fail while notifying"
    assert sorted(failed(done)) == [("host1", hook), ("host2", hook), ("host3", LAST), ("host3", hook)]
    assert next(entry for entry in done.results if entry["task"].endswith(LAST) and entry["status"] == "failed")[
        "result"
    ]["msg"].startswith("refused: host3: app is locked")


@one_dialect
def test_a_hook_that_is_not_there_stops_before_anything_is_changed(site: Site) -> None:
    done = site.change(linux_password_change_notify="nowhere.yml")
    assert done.rc == 2
    assert "There is no file nowhere.yml" in done.stdout
    assert site.changed() == []


@one_dialect
def test_hosts_that_share_a_credential_are_refused(site: Site) -> None:
    for name in ("host1", "host3"):
        site.variables["all"]["hosts"][name]["linux_password_change_credential"] = "host1-app"
    done = site.change()
    assert done.rc == 2, str(done)
    assert "One credential serves one host, but host1-app is that of host1, host3" in done.stdout
    assert site.changed() == []
    assert site.vault.reads == {}
    # By whatever name they call it, and whether they are in the play or not.
    found = str(site.vault.control.credential("host1-app")["id"])
    site.variables["all"]["hosts"]["host3"]["linux_password_change_credential"] = found
    done = site.change("--limit", "host1")
    assert done.rc == 2, str(done)
    assert "One credential serves one host, but host1-app is that of host1, host3" in done.stdout
    assert site.changed() == []
    # In a play of one's own, with one host at a time and no look ahead.
    done = site.play({}, serial=1)
    assert done.rc == 2, str(done)
    assert site.changed() == []


@one_dialect
def test_hosts_that_share_a_credential_get_the_same_password_if_asked(site: Site) -> None:
    for name in ("host1", "host3"):
        site.variables["all"]["hosts"][name]["linux_password_change_credential"] = "host1-app"
    # Those that are not in the play get it as well.
    done = site.change("--limit", "host3", linux_password_change_share=True)
    assert done.rc == 0, str(done)
    new = site.password(site.hosts[0])
    assert new != PASSWORD
    assert [host.accepts("app", new) for host in site.hosts] == [True, False, True]
    assert site.noted()["host3"]["login"] == (
        "host1, host3: app logs in with host1-app (proved by a login in this run)"
    )
    # Without, each of them is refused, by the module as well: the task of one host names the other one.
    task = {
        "community.senhasegura.linux_password_change": {"credential": "host1-app", "user": "app"},
        "become": True,
    }
    (site.folder / "alone.yml").write_text(json.dumps([{"hosts": "host3", "gather_facts": False, "tasks": [task]}]))
    alone = site.command(str(site.folder / "alone.yml"))
    assert alone.rc == 2, str(alone)
    assert "host1 got this password as well" in alone.stdout
    assert site.password(site.hosts[0]) == new


@pytest.mark.long
@one_dialect
def test_keywords_and_tags_do_not_tear_it_apart(site: Site) -> None:
    site.hosts[1].run("usermod -L app")
    later = {"name": "Go on", "ansible.builtin.debug": {"msg": "{{ linux_password_change_result.status }}"}}
    done = site.play({}, tasks=[later], ignore_errors=True, strategy="free")
    assert done.rc == 0, str(done)
    assert results(site) == {"host1": "changed", "host2": "refused", "host3": "changed"}
    assert sorted(entry["host"] for entry in done.results if entry["task"] == "Go on") == names(site.hosts)
    before = site.vault.writes
    for arguments in (["--start-at-task", "Tell how it ended"], ["--tags", "other"], ["--skip-tags", "all"]):
        site.play({}, *arguments)
    assert site.vault.writes == before
    site.hosts[1].run("usermod -U app")
    assert site.changed() == ["host1", "host3"]


needs_password_logins = pytest.mark.skipif(
    tuple(map(int, __version__.split(".")[:2])) < (2, 19) and not shutil.which("sshpass"),
    reason="before ansible-core 2.19, password logins need sshpass",
)


def log_in_as_app(site: Site, sudo: str, credential: str) -> dict[str, Any]:
    """Let Ansible log in to host1 as the user app by the password of the credential; returns the host's variables."""
    site.hosts[0].run(f"echo 'app ALL=(ALL) {sudo}' > /etc/sudoers.d/app")
    own: dict[str, Any] = site.variables["all"]["hosts"]["host1"]
    del own["ansible_ssh_private_key_file"]
    own["ansible_user"] = "app"
    own["ansible_password"] = f"{{{{ lookup('community.senhasegura.password', '{credential}') }}}}"
    own["ansible_become_password"] = "{{ ansible_password }}"
    return own


@one_dialect
@needs_password_logins
@pytest.mark.parametrize("hosts", [1], indirect=True)
@pytest.mark.parametrize(
    ("persist", "sudo"),
    [
        pytest.param("60s", "NOPASSWD: ALL", marks=pytest.mark.long),
        ("60s", "ALL"),
        pytest.param("no", "ALL", marks=pytest.mark.long),
    ],
)
def test_the_account_of_ansible_itself(site: Site, sudo: str, persist: str) -> None:
    (host,) = site.hosts
    own = log_in_as_app(site, sudo, "host1-app")
    own["ansible_ssh_args"] = f"-o ControlMaster={'auto' if persist != 'no' else 'no'} -o ControlPersist={persist}"
    tasks = [
        {"name": "As myself", "ansible.builtin.raw": "whoami"},
        {"name": "As root", "ansible.builtin.raw": "whoami", "become": True},
    ]
    done = site.play({}, tasks=[*tasks], pre_tasks=[{"name": "Before", "ansible.builtin.raw": "true", "become": True}])
    assert done.rc == 0, str(done)
    assert results(site) == {"host1": "changed"}
    assert done["As myself"]["stdout"].strip() == "app"
    assert done["As root"]["stdout"].strip() == "root"
    assert site.changed() == ["host1"]
    # The journal, the main record before and after, and what the template asks for: not once for each task.
    assert PASSWORD not in str(done) and site.password(host) not in str(done)
    if persist != "no":
        accepted = host.logins("app")
        assert not [login for login in accepted if not login.accepted], accepted


@pytest.mark.long
@one_dialect
@needs_password_logins
@pytest.mark.parametrize("hosts", [1], indirect=True)
def test_an_interrupted_run_on_the_account_of_ansible_itself(site: Site) -> None:
    """The password of the main record is refused, once for each run, and that of the journal is tried."""
    (host,) = site.hosts
    assert site.change().rc == 0
    new = site.password(host)
    # As if it had been killed before the main record was written.
    site.vault.control.set_credential("host1-app", password=PASSWORD)
    log_in_as_app(site, "ALL", "host1-app")
    host.forget_failures("app")
    slot = f"host1-app--{machine_of(host)}-j1"
    state = site.command(STATE)
    assert state.rc == 2, str(state)
    assert "pending: a record of the journal has the password of app on host1, not the main record" in state.stdout
    assert f"host1: app logs in with {slot} (proved by its hash in this run)" in state.stdout
    assert host.refusals("app") == ["sshd"]
    site.noted()
    done = site.change(linux_password_change_state="recovered")
    assert done.rc == 0, str(done)
    assert f"that of {slot} was accepted" in done.stderr + done.stdout
    assert host.refusals("app") == ["sshd"] * 2
    assert results(site) == {"host1": "recovered"}
    assert site.password(host) == new
    assert site.command(STATE).rc == 0
    assert host.accepts("app", new)


@pytest.fixture
def by_vault(hosts: list[Host], serve: Any, run_command: Any, tmp_path: Path) -> Site:
    """A site whose vault logs in to the hosts and changes passwords itself."""
    targets = {host.name: {**host.target(), "verify": True} for host in hosts}
    vault = serve(seed(hosts, {"targets": targets}, automatic_change=True))
    return Site(hosts, vault, tmp_path, run_command)


VAULT = {
    "linux_password_change_mode": "vault",
    "linux_password_change_poll_interval": 0.2,
    "linux_password_change_serial": [2],
}


@two_dialects
@pytest.mark.parametrize("hosts", [2], indirect=True)
def test_the_server_changes_it(by_vault: Site) -> None:
    site = by_vault
    done = site.change("--check", **VAULT)
    assert done.rc == 0, str(done)
    assert site.vault.control.executions() == []
    done = site.change(**VAULT)
    assert done.rc == 0, str(done)
    assert results(site) == {"host1": "changed", "host2": "changed"}
    assert site.changed() == names(site.hosts)
    assert {entry["status"] for entry in site.vault.control.executions()} == {"changed"}
    assert [json.loads(line)["mode"] for line in (site.report / "history.jsonl").read_text().splitlines()] == [
        "vault"
    ] * 2


@pytest.mark.long
@two_dialects
@pytest.mark.parametrize("hosts", [2], indirect=True)
def test_the_server_fails_to_change_it(by_vault: Site) -> None:
    site = by_vault
    with site.hosts[0].readonly():
        done = site.change(**{**VAULT, "linux_password_change_serial": [1]}, linux_password_change_wait_timeout=4)
    assert done.rc == 2, str(done)
    assert results(site) == {"host1": "failed"}
    assert {entry["status"] for entry in site.vault.control.executions()} == {"failed"}
    assert failed(done) == [("host1", LAST)]
    assert "Executions" in done.stdout
    assert site.changed() == []


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder with a short path: ansible-core has a socket there."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.mark.long
@one_dialect
@pytest.mark.parametrize("hosts", [2], indirect=True)
def test_no_secret_gets_out(site: Site, temporary: Path) -> None:
    """One host works, one refuses the login that would prove the password: at -vvvvv, everywhere that can be looked at."""
    fine, broken = site.hosts
    known = {}
    for host in site.hosts:
        known[f"old {host}"] = secrets.token_urlsafe(18)
        host.run("chpasswd", input=f"app:{known[f'old {host}']}\n")
        site.vault.control.set_credential(f"{host.name}-app", password=known[f"old {host}"])
        known[f"old hash {host}"] = host.shadow("app").hash
    broken.sshd("Match User app\n    PasswordAuthentication no\n    KbdInteractiveAuthentication no\n")
    env = {
        "ANSIBLE_LOG_PATH": str(site.folder / "log"),
        "ANSIBLE_CALLBACKS_ENABLED": "recorder,junit",
        "JUNIT_OUTPUT_DIR": str(site.folder / "junit"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(site.folder / "cache"),
        "TMPDIR": str(temporary),
    }
    with Processes() as processes:
        done = [
            site.change("-vvvvv", "--diff", env=env, linux_password_change_serial=[2]),
            site.command(STATE, "-vvvvv", env=env),
        ]
    broken.sshd("")
    assert [run.rc for run in done] == [2, 0], "\n".join(map(str, done))
    assert results(site) == {"host1": "changed", "host2": "refused"}
    for host in site.hosts:
        known[f"new {host}"] = site.password(host)
        known[f"new hash {host}"] = host.shadow("app").hash
    known["journal"] = str(site.vault.control.credential(f"host1-app--{machine_of(fine)}-j1")["password"])
    assert known[f"new {fine}"] not in (known[f"old {fine}"], known[f"old {broken}"])
    assert known[f"new {broken}"] == known[f"old {broken}"]

    seen = {"processes": processes.seen}
    seen.update({f"run {number}": str(run).encode() for number, run in enumerate(done)})
    for path in (*site.folder.rglob("*"), *temporary.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            seen[str(path)] = path.read_bytes()
    assert {"log", "results.jsonl", "report.html", "history.jsonl"} <= {Path(name).name for name in seen}
    assert any("junit" in name for name in seen)
    hits = {name: hit for name, content in seen.items() for hit in canaries.find(content, known)[:1]}
    assert hits == {}
    # On the hosts, hashes belong into shadow, and its copy, alone. What the run itself keeps is gone.
    for host in site.hosts:
        words = "\n".join(known.values())
        found = host.run("grep -rlF -f - /etc /home /root /run /tmp /var || true", input=words)
        assert set(found.split()) <= {"/etc/shadow", "/etc/shadow-"}
        clear = "\n".join(value for name, value in known.items() if "hash" not in name)
        assert host.run("grep -rlF -f - /etc /home /root /run /tmp /var || true", input=clear) == ""
    with Processes() as control:
        subprocess.run(["sleep", "1"], env={"A": known["journal"]}, check=True)
    assert canaries.find(control.seen, known)


class Processes:
    """Reads command lines and environments of all processes of this machine, those of the hosts included."""

    def __enter__(self) -> Processes:
        self._seen: set[bytes] = set()
        self._on = True
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False
        self._thread.join()

    @property
    def seen(self) -> bytes:
        return b"\n".join(self._seen)

    def _watch(self) -> None:
        while self._on:
            for entry in os.scandir("/proc"):
                if entry.name.isdigit() and int(entry.name) != os.getpid():
                    for name in ("cmdline", "environ"):
                        with contextlib.suppress(OSError):
                            self._seen.add(Path(entry.path, name).read_bytes())
            time.sleep(0.01)


@one_dialect
@pytest.mark.long
@pytest.mark.parametrize("hosts", [20], indirect=True)
def test_many_hosts_in_one_play(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.hosts[2].run("usermod -L app")
    done = site.change()
    assert done.rc == 2, str(done)
    site.hosts[2].run("usermod -U app")
    # One host, then two at a time. Those who began come to their end, and are told of; no other begins.
    assert results(site) == {"host1": "changed", "host2": "changed", "host3": "refused"}
    assert failed(done) == [("host3", LAST)]
    assert "host3: app is locked" in done.stdout
    before = {host.name: site.password(host) for host in site.hosts}
    assert [name for name, password in before.items() if password != PASSWORD] == ["host1", "host2"]

    start = time.monotonic()
    done = site.change("--forks", "10", linux_password_change_serial=["100%"], linux_password_change_notify=None)
    seconds = time.monotonic() - start
    assert done.rc == 0, str(done)
    assert site.changed() == names(site.hosts)
    assert not set(before.values()) & {site.password(host) for host in site.hosts}
    each = [entry["result"]["rotation"]["seconds"] for entry in done.results if "rotation" in entry["result"]]
    assert len(each) == len(site.hosts)
    with capsys.disabled():
        print(
            f"\n{len(each)} hosts in one play: {seconds:.1f} s, {seconds / len(each):.2f} s for each; one host took {min(each):.1f} to "
            f"{max(each):.1f} s of them, with 10 forks on {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        )
