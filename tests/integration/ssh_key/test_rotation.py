# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key that three real hosts share, changed by real plays over SSH."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from faults.shared_key import ALL, FILE, OPTIONS, Key, end_leases, info, journal_of, key_of, rotate, settled, spoiled
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import why_unavailable

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
STATE = "community.senhasegura.rotation_state"
one_dialect = pytest.mark.parametrize("_server", [("4.0", "auto")], indirect=True, ids=["4.0"])
two_dialects = pytest.mark.parametrize(
    "_server", [("4.0", "auto"), ("rest", "rest")], indirect=True, ids=["4.0", "rest"]
)


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


def lines_of_others(host: Host, *keys: str) -> list[str]:
    blobs = [key.split()[1] for key in keys]
    return [line for line in host.read(FILE).splitlines() if not any(blob in line for blob in blobs)]


def test_all_hosts_and_the_vault_have_the_new_key(run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    others = [lines_of_others(host, old.public) for host in hosts]
    done = run([rotate()], "-vvv")
    assert done.rc == 0, str(done)
    rotation = done["rotate"]["rotation"]
    assert (rotation["status"], rotation["hosts"], rotation["absent"]) == ("changed", ALL, [])
    # The old one was written first.
    new, journal = key_of(vault), journal_of(vault, hosts[0], "j1")
    assert new["public_key"].split()[1] == journal["public_key"].split()[1] != old.public.split()[1]
    assert new["public_key"].split()[2:] == ["old"]
    assert journal["username"] == f"app--rot-{journal['identifier'].removeprefix('app-key--')}"
    assert journal["hostname"] == "host1"
    assert journal_of(vault, hosts[0], "j0")["private_key"].split() == old.private.split()
    for host, before in zip(hosts, others, strict=True):
        assert host.enters("app", new["private_key"])
        assert not host.accepts("app", key=old.path)
        assert lines_of_others(host, new["public_key"]) == before
        (line,) = (line for line in host.read(FILE).splitlines() if new["public_key"].split()[1] in line)
        assert (line.startswith(OPTIONS), line.endswith(" old")) == (True, True)
        assert host.run(f"stat -c '%U %a' {FILE}") == "app 600\n"
        found = host.run("find /var/lib/senhasegura-rotation -type f").split()
        names = ("app/guard", "machine.guard", "machine.json")
        assert sorted(found) == [f"/var/lib/senhasegura-rotation/{name}" for name in names]
    secret = new["private_key"].splitlines()[1]
    assert secret not in str(done)


@pytest.mark.long
@one_dialect
def test_what_is_young_or_settled_is_left_alone(run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    ahead = run([rotate("ahead"), info("look ahead")], "--check")
    assert ahead["ahead"]["changed"]
    assert ahead["look ahead"]["rotation"]["status"] == "unknown"
    assert not vault.reads
    assert not vault.writes
    done = run(
        [info("before"), rotate(), rotate("again", max_age_days=1), rotate("recover", state="recovered"), info()]
    )
    assert done.rc == 0, str(done)
    results = [done[name]["rotation"]["status"] for name in ("rotate", "again", "recover")]
    assert results == ["changed", "unchanged", "unchanged"]
    assert [done[name]["changed"] for name in ("rotate", "again", "recover")] == [True, False, False]
    for name in ("before", "info"):
        assert done[name]["rotation"]["status"] == "clean"
        assert done[name]["rotation"]["hosts"] == dict.fromkeys(ALL, "clean")
    settled(vault, hosts, old)


# Before the new key is added on host2, after it is on all, after the first login with it, after the old one has gone on host1.
@one_dialect
@pytest.mark.parametrize(
    ("at", "kind"),
    [
        pytest.param(16, "killed before", marks=pytest.mark.long),
        pytest.param(17, "killed after", marks=pytest.mark.long),
        pytest.param(19, "killed before", marks=pytest.mark.long),
        (21, "killed after"),
    ],
)
def test_the_next_run_settles_what_a_killed_one_has_left(
    run: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path, at: int, kind: str
) -> None:
    killed = run([rotate(deadline=100, late_write_window=31, forks=1)], env=spoiled(tmp_path, at, kind))
    assert killed.rc == -9, str(killed)
    records = [record["private_key"] for record in (key_of(vault), journal_of(vault, hosts[0], "j1"))]
    for host in hosts:
        assert any(host.enters("app", key) for key in records)
    end_leases(vault, hosts)
    done = run([info("before", compare=True), rotate("settle", state="recovered", late_write_window=30.5), info()])
    assert done.rc == 0, str(done)
    assert done["before"]["rotation"]["status"] in ("pending", "in_doubt")
    assert done["settle"]["rotation"]["status"] == "recovered"
    assert done["info"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old)


@pytest.mark.long
@one_dialect
def test_a_host_that_is_away(run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    hosts[2].cut(noticed=True)
    try:
        done = run([{**rotate(), "ignore_errors": True}, rotate("go on", on_unreachable="defer")])
        assert done.rc == 0, str(done)
        assert done["rotate"]["failure"]["kind"] == "unreachable"
        assert "host3" in done["rotate"]["msg"]
        gone_on = done["go on"]
        assert (gone_on["rotation"]["status"], gone_on["rotation"]["absent"]) == ("changed", ["host3"])
        assert any("host3" in warning for warning in gone_on["warnings"])
        new = key_of(vault)["private_key"]
        assert journal_of(vault, hosts[0], "j0")["private_key"].split() == old.private.split()
        for host in hosts[:2]:
            assert host.enters("app", new)
            assert not host.accepts("app", key=old.path)
        # It must not be lost, so nothing more is changed.
        more = run([{**rotate("more", on_unreachable="defer"), "ignore_errors": True}])
        assert more["more"]["failure"]["kind"] == "unreachable", str(more)
    finally:
        hosts[2].restore()
    assert hosts[2].accepts("app", key=old.path)
    done = run([rotate("settle", max_age_days=1), info()])
    assert done["settle"]["rotation"]["status"] == "recovered", str(done)
    assert done["info"]["rotation"]["status"] == "clean"
    settled(vault, hosts, old)
    assert key_of(vault)["private_key"] == new


@one_dialect
def test_what_sshd_says_counts(run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
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
            assert host.enters("app", key_of(vault)["private_key"])
            assert not host.accepts("app", key=old.path)
    finally:
        for host in hosts:
            host.sshd("")


@pytest.mark.long
@one_dialect
def test_a_part_of_the_hosts_first_and_strangers_are_named(run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    done = run(
        [
            rotate("part", hosts=ALL[:2], shared_with=ALL),
            {**rotate("again", hosts=ALL[:2]), "ignore_errors": True},
        ]
    )
    assert (done["part"]["rotation"]["status"], done["part"]["rotation"]["outdated_hosts"]) == ("changed", ["host3"]), (
        str(done)
    )
    assert done["again"]["failure"]["kind"] == "refused", str(done)
    assert "host3" in done["again"]["msg"]
    # In the same play, it would have given host3 the key of the first task.
    done = run([rotate(type="rsa", bits=2048, comment="of all")])
    assert done["rotate"]["rotation"]["recovered_first"], str(done)
    new = key_of(vault)
    assert new["public_key"].startswith("ssh-rsa")
    assert new["public_key"].endswith(" of all")
    hosts[2].authorize("app", "# nobody")
    done = run([{**rotate("stranger"), "ignore_errors": True}, rotate("reconcile", reconcile=True, max_age_days=1)])
    assert done["stranger"]["failure"]["kind"] == "drift"
    assert "host3" in done["stranger"]["msg"]
    assert done["reconcile"]["rotation"]["status"] == "recovered", str(done)
    assert all(host.enters("app", new["private_key"]) for host in hosts)


@two_dialects
def test_the_vault_changes_it(serve: Any, run: Any, vault: Any, hosts: Hosts, old: Key) -> None:
    vault.control.settings(
        targets={name: hosts[number].target() for number, name in enumerate(ALL)},
        key_rotation_on_release=True,
        change_delay=0.5,
    )
    vault.control.set_credential("app-key", automatic_change=True)
    by_role = {
        "linux_ssh_key_rotation_key": "app-key",
        "linux_ssh_key_rotation_hosts": ALL,
        "linux_ssh_key_rotation_mode": "vault",
        "linux_ssh_key_rotation_poll_interval": 0.5,
        "linux_ssh_key_rotation_wait_timeout": 60,
    }
    role = {"ansible.builtin.include_role": {"name": "community.senhasegura.linux_ssh_key_rotation"}, "vars": by_role}
    done = run([{**rotate("ours"), "become": True, "ignore_errors": True}, role], become=False)
    if vault.profile != "rest":
        assert done["ours"]["failure"]["kind"] == "refused"
    assert done.rc == 0, str(done)
    (outcome,) = (entry for entry in done.results if entry["task"].endswith(" : Replace the key"))
    assert outcome["result"]["rotation"]["status"] == "changed"
    for host in hosts:
        assert host.enters("app", key_of(vault)["private_key"])
        assert not host.accepts("app", key=old.path)


@one_dialect
def test_the_playbook(run_command: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    inventory, report = tmp_path / "inventory.json", tmp_path / "report"
    inventory.write_text(json.dumps(hosts.inventory("admin")))
    (tmp_path / "hook.yml").write_text(
        "- name: Note\n  ansible.builtin.copy:\n    content: '{{ linux_ssh_key_rotation_result | to_json }}'\n"
        f"    dest: {tmp_path}/note.json\n    mode: '0600'\n  delegate_to: localhost\n  check_mode: false\n"
    )
    extra = {
        "linux_ssh_key_rotation_key": "app-key",
        "linux_ssh_key_rotation_report_dir": str(report),
        "linux_ssh_key_rotation_notify": str(tmp_path / "hook.yml"),
        "linux_ssh_key_rotation_max_age_days": 1,
    }
    vault.control.set_credential("app-key", change=time.time() - 40 * 86400)
    command = [
        "ansible-playbook",
        "community.senhasegura.linux_ssh_key_rotation",
        "-i",
        str(inventory),
        "-e",
        json.dumps(extra),
    ]

    def noted() -> tuple[Any, ...]:
        note = json.loads((tmp_path / "note.json").read_text())
        return note["ok"], note["status"], note["hosts"], note["ssh_key"]

    ahead = run_command(vault, *command, "--check")
    assert (ahead.rc, vault.reads, vault.writes, report.exists()) == (0, {}, [], False), str(ahead)
    assert noted() == (True, "changed", ALL, "app-key")
    assert key_of(vault)["private_key"] == old.private
    done = run_command(vault, *command)
    assert done.rc == 0, str(done)
    assert noted() == (True, "changed", ALL, "app-key")
    lines = [json.loads(line) for line in (report / "history.jsonl").read_text().splitlines()]
    assert [(line["host"], line["kind"], line["status"]) for line in lines] == [
        (name, "ssh_key", "changed") for name in ALL
    ]
    assert [item["host"] for item in json.loads((report / "report.json").read_text())["latest"]] == ALL
    settled(vault, hosts, old)
    again = run_command(vault, *command)
    assert again.rc == 0, str(again)
    assert noted() == (True, "unchanged", ALL, "app-key")
    changes = [entry["task"] for entry in again.results if entry["result"].get("changed")]
    # The report has the lines of this run as well.
    assert [task.rpartition(" : ")[2] for task in changes] == ["Note", "Make the report"], str(again)


@pytest.mark.long
@one_dialect
def test_the_state(run_command: Any, vault: Any, hosts: Hosts, old: Key, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))

    def state(*arguments: str) -> Any:
        return run_command(vault, "ansible-playbook", STATE, "-i", str(inventory), *arguments)

    key, password = ("-e", "linux_ssh_key_rotation_key=app-key"), ("-e", "linux_password_change_user=app")
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
