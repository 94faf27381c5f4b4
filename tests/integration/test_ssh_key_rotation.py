# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that three real hosts share, changed by real plays over SSH."""

from __future__ import annotations

import json
import re
import subprocess
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
from rotation import faulty_ssh, real

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
FILE = "/home/app/.ssh/authorized_keys"
OPTIONS = 'from="10.0.0.0/8",no-pty'
ALL = ["host1", "host2", "host3"]
MODULE = "community.senhasegura.linux_ssh_key_rotate"
INFO = "community.senhasegura.rotation_info"
one_dialect = pytest.mark.parametrize("_server", [("4.0", "auto")], indirect=True, ids=["4.0"])
two_dialects = pytest.mark.parametrize(
    "_server", [("4.0", "auto"), ("rest", "rest")], indirect=True, ids=["4.0", "rest"]
)
WRAPPER = Path(faulty_ssh.__file__)
HAS_AGENT = tuple(map(int, __version__.split(".")[:2])) >= (2, 19)


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie", "bookworm"]) as hosts:
        yield hosts


class Key:
    """A key on the controller, for logins by the test itself."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.path)], check=True)
        self.private, self.public = self.path.read_text(), self.path.with_suffix(".pub").read_text().strip()


@pytest.fixture
def old(tmp_path: Path, hosts: Hosts) -> Key:
    """The key that app has on all hosts, among those of others."""
    key = Key(tmp_path, "old")
    for host in hosts:
        host.run("rm -rf /var/lib/senhasegura-rotation /etc/keys /home/app/.ssh")
        host.authorize("app", f"# mine\n{hosts.public_key}\n{OPTIONS} {key.public}\n\n# end")
        host.forget_logins()
    return key


def seed(hosts: Hosts, key: Key, **more: Any) -> dict[str, Any]:
    return {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "keys": [
            {
                "identifier": "app-key",
                "username": "app",
                "hostname": "host1",
                "devices": ALL,
                "private_key": key.private,
                "public_key": key.public,
                **more,
            }
        ],
    }


@pytest.fixture
def vault(serve: Callable[[Any], Any], hosts: Hosts, old: Key) -> Any:
    return serve(seed(hosts, old))


def rotate(name: str = "rotate", **options: Any) -> dict[str, Any]:
    return {"name": name, MODULE: {"ssh_key": "app-key", "hosts": ALL, **options}}


@pytest.fixture
def run(run_play: Any, hosts: Hosts, vault: Any, tmp_path: Path) -> Callable[..., Any]:
    """run(tasks, *arguments, on="host1") -> Run"""
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))

    def run(tasks: list[dict[str, Any]], *arguments: str, on: str = "host1", **more: Any) -> Any:
        env = {"ANSIBLE_TIMEOUT": "10", **more.pop("env", {})}
        plays = [{"hosts": on, "gather_facts": False, "become": True, "tasks": tasks, **more}]
        return run_play(vault, plays, "-i", str(inventory), *arguments, env=env)

    return run


def key_of(vault: Any, identifier: str = "app-key") -> dict[str, Any]:
    return dict(vault.control.credential(identifier))


def enters(host: Host, folder: Path, private_key: str) -> bool:
    path = folder / "try"
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(private_key.replace("\r\n", "\n"))
    return host.accepts("app", key=path)


def lines_of_others(host: Host, *keys: str) -> list[str]:
    blobs = [key.split()[1] for key in keys]
    return [line for line in host.read(FILE).splitlines() if not any(blob in line for blob in blobs)]


def test_all_hosts_and_the_vault_have_the_new_key(run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    others = [lines_of_others(host, old.public) for host in hosts]
    done = run([rotate()], "-vvv")
    assert done.rc == 0, str(done)
    rotation = done["rotate"]["rotation"]
    assert (rotation["result"], rotation["hosts"], rotation["absent"]) == ("changed", ALL, [])
    new, journal = key_of(vault), key_of(vault, "app-key--j0")
    assert new["public_key"].split()[1] == journal["public_key"].split()[1] != old.public.split()[1]
    assert new["public_key"].split()[2:] == ["old"]
    assert (journal["username"], journal["hostname"]) == ("app--rot-j0", "host1")
    for host, before in zip(hosts, others, strict=True):
        assert enters(host, tmp_path, new["private_key"])
        assert not host.accepts("app", key=old.path)
        assert lines_of_others(host, new["public_key"]) == before
        (line,) = (line for line in host.read(FILE).splitlines() if new["public_key"].split()[1] in line)
        assert (line.startswith(OPTIONS), line.endswith(" old")) == (True, True)
        assert host.run(f"stat -c '%U %a' {FILE}") == "app 600\n"
        found = host.run("find /var/lib/senhasegura-rotation -type f").split()
        assert found == ["/var/lib/senhasegura-rotation/app/guard"]
    secret = new["private_key"].splitlines()[1]
    assert secret not in str(done)


def info(name: str = "info", **options: Any) -> dict[str, Any]:
    return {"name": name, INFO: {"ssh_key": "app-key", "hosts": ALL, **options}}


def settled(vault: Any, hosts: Hosts, old: Key, folder: Path) -> str:
    """All hosts accept the key of main, and it alone of those that were made. Returns its fingerprint."""
    main = key_of(vault)
    blob = main["public_key"].split()[1]
    for host in hosts:
        assert enters(host, folder, main["private_key"]), host
        assert not host.accepts("app", key=old.path), host
        keys = [line for line in host.read(FILE).splitlines() if "ssh-" in line]
        assert [blob in key for key in keys] == [False, True], host.read(FILE)
        assert host.run("find /var/lib/senhasegura-rotation -name '*.json'") == ""
    return str(blob)


@one_dialect
def test_what_is_young_or_settled_is_left_alone(run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    ahead = run([rotate("ahead"), info("look ahead")], "--check")
    assert ahead["ahead"]["changed"]
    assert ahead["look ahead"]["rotation"]["status"] == "unknown"
    assert not vault.reads
    assert not vault.writes
    done = run([info("before"), rotate(), rotate("again", max_age=1), rotate("recover", state="recovered"), info()])
    assert done.rc == 0, str(done)
    results = [done[name]["rotation"]["result"] for name in ("rotate", "again", "recover")]
    assert results == ["changed", "unchanged", "unchanged"]
    assert [done[name]["changed"] for name in ("rotate", "again", "recover")] == [True, False, False]
    for name in ("before", "info"):
        assert done[name]["rotation"]["status"] == "clean"
        assert done[name]["rotation"]["hosts"] == dict.fromkeys(ALL, "clean")
    settled(vault, hosts, old, tmp_path)


def spoiled(folder: Path, at: int, kind: str) -> dict[str, str]:
    """The environment of a run in which something happens to one call of ssh."""
    plan, count = folder / "plan", folder / "count"
    count.touch()
    plan.write_text(json.dumps({"count": str(count), "at": at, "kind": kind}))
    return {"ANSIBLE_SSH_EXECUTABLE": str(WRAPPER), "FAULTY_SSH": str(plan)}


# Before the new key is added on host2, after it is on all, after the first login with it, after the old one has gone on host1.
@one_dialect
@pytest.mark.parametrize(
    ("at", "kind"), [(13, "killed before"), (14, "killed after"), (16, "killed before"), (18, "killed after")]
)
def test_the_next_run_settles_what_a_killed_one_has_left(
    run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path, at: int, kind: str
) -> None:
    killed = run([rotate(deadline=100, request_life=31)], env=spoiled(tmp_path, at, kind))
    assert killed.rc == -9, str(killed)
    records = [key_of(vault, name)["private_key"] for name in ("app-key", "app-key--j0")]
    for host in hosts:
        assert any(enters(host, tmp_path, key) for key in records)
        real.end_lease(host, "app")
    done = run([info("before", compare=True), rotate("settle", state="recovered", request_life=30.5), info()])
    assert done.rc == 0, str(done)
    assert done["before"]["rotation"]["status"] in ("pending", "in_doubt")
    assert done["settle"]["rotation"]["result"] == "recovered"
    assert done["info"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old, tmp_path)


@one_dialect
def test_a_host_that_is_away(run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    hosts[2].cut()
    try:
        done = run([{**rotate(), "ignore_errors": True}, rotate("go on", unreachable="debt")])
        assert done.rc == 0, str(done)
        assert done["rotate"]["failure"]["kind"] == "unreachable"
        assert "host3" in done["rotate"]["msg"]
        gone_on = done["go on"]
        assert (gone_on["rotation"]["result"], gone_on["rotation"]["absent"]) == ("changed", ["host3"])
        assert any("host3" in warning for warning in gone_on["warnings"])
        new = key_of(vault)["private_key"]
        assert key_of(vault, "app-key--j1")["private_key"].split() == old.private.split()
        for host in hosts[:2]:
            assert enters(host, tmp_path, new)
            assert not host.accepts("app", key=old.path)
        # It must not be lost, so nothing more is changed.
        more = run([{**rotate("more", unreachable="debt"), "ignore_errors": True}])
        assert more["more"]["failure"]["kind"] == "unreachable", str(more)
    finally:
        hosts[2].restore()
    assert hosts[2].accepts("app", key=old.path)
    done = run([rotate("settle", max_age=1), info()])
    assert done["settle"]["rotation"]["result"] == "recovered", str(done)
    assert done["info"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old, tmp_path)
    assert key_of(vault)["private_key"] == new


@one_dialect
def test_what_sshd_says_counts(run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    hosts[1].sshd("Match User app\n  AuthorizedKeysFile /etc/keys/%u\n")
    hosts[1].run("install -d /etc/keys && mv /home/app/.ssh/authorized_keys /etc/keys/app")
    hosts[2].sshd("AuthorizedKeysCommand /bin/true\nAuthorizedKeysCommandUser nobody\n")
    try:
        refused = run([{**rotate(), "ignore_errors": True}])
        assert refused["rotate"]["failure"]["kind"] == "refused"
        assert "host3" in refused["rotate"]["msg"]
        assert "AuthorizedKeysCommand" in refused["rotate"]["msg"]
        assert key_of(vault)["private_key"] == old.private
        assert not vault.reads
        done = run([rotate(hosts=ALL[:2])])
        assert done.rc == 0, str(done)
        for host in hosts[:2]:
            assert enters(host, tmp_path, key_of(vault)["private_key"])
            assert not host.accepts("app", key=old.path)
    finally:
        for host in hosts:
            host.sshd("")


@one_dialect
def test_a_part_of_the_hosts_is_refused_and_strangers_are_named(
    run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path
) -> None:
    done = run(
        [rotate(type="rsa", bits=2048, comment="of all"), {**rotate("part", hosts=ALL[:2]), "ignore_errors": True}]
    )
    assert done["part"]["failure"]["kind"] == "refused", str(done)
    assert "host3" in done["part"]["msg"]
    new = key_of(vault)
    assert new["public_key"].startswith("ssh-rsa")
    assert new["public_key"].endswith(" of all")
    hosts[2].authorize("app", "# nobody")
    done = run([{**rotate("stranger"), "ignore_errors": True}, rotate("reconcile", reconcile=True, max_age=1)])
    assert done["stranger"]["failure"]["kind"] == "drift"
    assert "host3" in done["stranger"]["msg"]
    assert done["reconcile"]["rotation"]["result"] == "recovered", str(done)
    assert all(enters(host, tmp_path, new["private_key"]) for host in hosts)


@two_dialects
def test_the_vault_changes_it(serve: Any, run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    vault.control.settings(
        targets={name: hosts[number].target() for number, name in enumerate(ALL)},
        key_rotation_on_release=True,
        change_delay=0.5,
    )
    vault.control.set_credential("app-key", automatic_change=True)
    done = run([{**rotate("ours"), "ignore_errors": True}, rotate(mode="vault", poll_interval=0.5, wait_timeout=60)])
    if vault.profile != "rest":
        assert done["ours"]["failure"]["kind"] == "refused"
    assert done.rc == 0, str(done)
    assert done["rotate"]["rotation"]["result"] == "changed"
    for host in hosts:
        assert enters(host, tmp_path, key_of(vault)["private_key"])
        assert not host.accepts("app", key=old.path)


@one_dialect
def test_the_playbook(run_command: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    inventory, report = tmp_path / "inventory.json", tmp_path / "report"
    inventory.write_text(json.dumps(hosts.inventory("admin")))
    (tmp_path / "hook.yml").write_text(
        "- name: Note\n  ansible.builtin.copy:\n    content: '{{ ssh_key_rotation_result | to_json }}'\n"
        f"    dest: {tmp_path}/note.json\n    mode: '0600'\n  delegate_to: localhost\n"
    )
    extra = {
        "ssh_key_rotation_key": "app-key",
        "ssh_key_rotation_report_dir": str(report),
        "ssh_key_rotation_notify": str(tmp_path / "hook.yml"),
        "ssh_key_rotation_max_age": 1,
    }
    vault.control.set_credential("app-key", change=time.time() - 40 * 86400)
    command = [
        "ansible-playbook",
        "community.senhasegura.ssh_key_rotation",
        "-i",
        str(inventory),
        "-e",
        json.dumps(extra),
    ]
    done = run_command(vault, *command)
    assert done.rc == 0, str(done)
    note = json.loads((tmp_path / "note.json").read_text())
    assert (note["ok"], note["result"], note["hosts"], note["ssh_key"]) == (True, "changed", ALL, "app-key")
    lines = [json.loads(line) for line in (report / "history.jsonl").read_text().splitlines()]
    assert [(line["host"], line["kind"], line["result"]) for line in lines] == [
        (name, "ssh_key", "changed") for name in ALL
    ]
    settled(vault, hosts, old, tmp_path)
    again = run_command(vault, *command)
    assert again.rc == 0, str(again)
    assert " changed=0 " in " ".join(again.stdout.split()) or "unchanged" in again.stdout


# Each kind of fault once, in the phases of a run: the journal, the commit, and the reading back of it in the vault; the new
# key, a login with it, and the removal of the old one on host2.
SAMPLE = (
    ("vault", 5, "late"),
    ("vault", 8, "garbled"),
    ("vault", 9, "killed before"),
    ("host", 13, "killed after"),
    ("host", 16, "lost, applied"),
    ("host", 22, "lost, not applied"),
)


def test_a_sample_of_the_crash_matrix(hosts: Hosts) -> None:
    """All of it: ./run crash real-keys."""
    with real.key_scene(hosts) as scene:
        for case in SAMPLE:
            scene.play(real.Case(case))


STATE = "community.senhasegura.rotation_state"


@one_dialect
def test_the_state(run_command: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))

    def state(*arguments: str) -> Any:
        return run_command(vault, "ansible-playbook", STATE, "-i", str(inventory), *arguments)

    key, password = ("-e", "ssh_key_rotation_key=app-key"), ("-e", "linux_password_change_user=app")
    nothing = state()
    assert nothing.rc == 2, str(nothing)
    assert "Set linux_password_change_credential" in nothing.stdout
    ahead = state(*key, "--check")
    assert (ahead.rc, vault.reads, ahead.stdout.count("unknown: ")) == (0, {}, 1), str(ahead)
    fine = state(*key)
    assert (fine.rc, fine.stdout.count("clean: the main record has the key of host1, host2, host3")) == (0, 1), str(
        fine
    )
    hosts[1].authorize("app", "# nobody")
    # There are no passwords, which does not hide what is wrong with the key.
    both = state(*key, *password)
    assert both.rc == 2, str(both)
    assert re.search("failed: .*app@host2", both.stdout), str(both)
    assert "drift: no record has a key that the user has on host2" in both.stdout


# The key with which Ansible itself logs in

IN_A_FILE = {"ansible_ssh_private_key_file": "{{ old_key }}"}
IN_MEMORY = {"ansible_ssh_private_key_file": "{{ lookup('community.senhasegura.ssh_key', 'app-key', as_file=true) }}"}
IN_AN_AGENT = {"ansible_ssh_private_key": "{{ lookup('community.senhasegura.ssh_key', 'app-key') }}"}
ONE_FOR_EACH = {"ANSIBLE_SSH_ARGS": "-C -o ControlMaster=no -o ControlPersist=no"}
# The line of the key says no-pty.
NO_TERMINAL = {"ANSIBLE_PIPELINING": "true", "ANSIBLE_TIMEOUT": "10"}
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


@one_dialect
@connections
@pytest.mark.parametrize(
    "variables",
    [
        pytest.param(IN_A_FILE, id="file"),
        pytest.param(IN_MEMORY, id="memory"),
        pytest.param(
            IN_AN_AGENT, id="agent", marks=pytest.mark.skipif(not HAS_AGENT, reason="this ansible-core has no agent")
        ),
    ],
)
def test_the_key_of_ansible_itself(
    as_app: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path, env: dict[str, str], variables: dict[str, str]
) -> None:
    after = [] if variables is IN_A_FILE else [info(), *WHO]
    done = as_app([rotate(), *after], env=env, **variables)
    assert done.rc == 0, str(done)
    assert (done["rotate"]["rotation"]["result"], done["rotate"]["rotation"]["own_account"]) == ("changed", True)
    assert "warnings" not in done["rotate"], str(done)
    if after:
        assert done["info"]["rotation"]["status"] == "clean"
        assert done["who"]["stdout"] == done["who then"]["stdout"] == "app"
    # The old key is refused once, when that is proven.
    assert [sum(not login.accepted for login in host.logins("app")) for host in hosts] == [1, 1, 1]
    settled(vault, hosts, old, tmp_path)


@one_dialect
def test_the_role_logs_in_anew(as_app: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    role = {
        "name": "Use the role",
        "ansible.builtin.include_role": {"name": "community.senhasegura.ssh_key_rotation"},
        "vars": {"ssh_key_rotation_key": "app-key"},
    }
    who = {"name": "who", "ansible.builtin.command": "id -un", "become": False}
    done = as_app([role, who], env={}, on="all", **IN_MEMORY)
    assert done.rc == 0, str(done)
    settled(vault, hosts, old, tmp_path)
    # Ansible with the old key, two proofs, Ansible with the new one; and those of settled().
    assert [sum(login.accepted for login in host.logins("app")) for host in hosts] == [5, 5, 5]


# After it is added on host2, after the old one is removed on host1, before that is proven on host2, before host2 is unlocked.
@one_dialect
@pytest.mark.parametrize(
    ("at", "kind", "variables"),
    [
        (13, "killed after", IN_MEMORY),
        (18, "killed after", IN_MEMORY),
        (18, "killed after", IN_A_FILE),
        (24, "killed before", IN_MEMORY),
        (31, "killed before", IN_A_FILE),
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
    killed = as_app([rotate()], env=spoiled(tmp_path, at, kind), **variables)
    assert killed.rc == -9, str(killed)
    for host in hosts:
        real.end_lease(host, "app")
    done = as_app([rotate("settle", state="recovered")], env={}, **variables)
    assert done.rc == 0, str(done)
    assert done["settle"]["rotation"]["result"] in ("recovered", "unchanged")
    assert "warnings" not in done["settle"], str(done)
    settled(vault, hosts, old, tmp_path)


@one_dialect
@connections
def test_a_host_that_has_the_old_key_alone(
    as_app: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path, env: dict[str, str]
) -> None:
    hosts[2].cut()
    try:
        done = as_app([rotate(unreachable="debt")], env=env, **IN_MEMORY)
        assert done["rotate"]["rotation"]["absent"] == ["host3"], str(done)
    finally:
        hosts[2].restore()
    # The main record has a key that host3 does not accept, and without reading it cannot be known which one it does.
    blind = {**info("blind", compare=False), "ignore_errors": True}
    tasks = [blind, info("before"), rotate("settle", max_age=1), info("after")]
    done = as_app(tasks, env=env, **IN_MEMORY)
    assert done.rc == 0, str(done)
    assert "host3: Ansible's own login to the host was refused" in done["blind"]["msg"]
    assert done["before"]["rotation"]["hosts"] == {"host1": "in_doubt", "host2": "in_doubt", "host3": "pending"}
    assert done["settle"]["rotation"]["result"] == "recovered"
    assert done["after"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old, tmp_path)
