# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of users of real hosts, changed by real plays over SSH."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from controlled import brokers_end
from faults import real
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, why_unavailable
from long_rows import rows

from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
each_release = pytest.mark.parametrize("host", [0, 1], ids=["bookworm", "trixie"], indirect=True)
CLIENT = {"client_id": "demo", "client_secret": "demo-secret-0123456789abcdef"}
USERS = {"app": "app", "locked": "locked", "expired": "expired", "mustchange": "mustchange"}


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"]) as hosts:
        yield hosts


@pytest.fixture
def host(hosts: Hosts, request: pytest.FixtureRequest) -> Host:
    """A host whose user app has the password again that the vault has: of the first release, or of a parameter."""
    host = hosts[getattr(request, "param", 0)]
    host.run(f"rm -rf /var/lib/senhasegura-rotation; echo 'app:{PASSWORD}' | chpasswd")
    host.forget_failures("app")
    host.forget_logins()
    return host


def seed(hosts: Hosts, **more: Any) -> dict[str, Any]:
    return {
        "clients": [CLIENT],
        "devices": [{"hostname": host.name, "ip": host.address} for host in hosts],
        "credentials": [
            {"identifier": f"{host.name}-{user}", "username": user, "hostname": host.name, "password": PASSWORD, **more}
            for host in hosts
            for user in USERS
        ],
    }


@pytest.fixture
def vault(serve_profile: Any, hosts: Hosts) -> Any:
    return serve_profile("4.0", seed(hosts))


def play(hosts: Hosts, tasks: list[dict[str, Any]], on: str, **keys: Any) -> list[dict[str, Any]]:
    return [{"hosts": on, "gather_facts": False, "become": True, "tasks": tasks, **keys}]


def rotate(name: str = "rotate", credential: str = "{{ inventory_hostname }}-app", **options: Any) -> dict[str, Any]:
    options = {"credential": credential, **options}
    return {"name": name, "community.senhasegura.linux_password_change": options}


@pytest.fixture
def inventory(hosts: Hosts, tmp_path: Path) -> str:
    path = tmp_path / "inventory.json"
    path.write_text(json.dumps(hosts.inventory("admin")))
    return str(path)


@pytest.fixture
def run(run_play: Any, hosts: Hosts, host: Host, vault: Any, inventory: str) -> Callable[..., Any]:
    """run(tasks, *arguments, env=None, on=name of the host, **keys of the play) -> Run"""

    def run(tasks: list[dict[str, Any]], *arguments: str, on: str = "", **keys: Any) -> Any:
        env, server = keys.pop("env", {}), keys.pop("server", vault)
        return run_play(server, play(hosts, tasks, on or host.name, **keys), "-i", inventory, *arguments, env=env)

    return run


def password_of(vault: Any, identifier: str) -> str:
    return str(vault.control.credential(identifier)["password"])


def others(host: Host) -> list[str]:
    return [line for line in host.read("/etc/shadow").splitlines() if not line.startswith("app:")]


def files(host: Host) -> list[str]:
    return sorted(host.run("cd /var/lib/senhasegura-rotation && find . -type f").split())


def journal_of(host: Host, slot: str) -> str:
    """The identifier of a record of the journal, which has the token that the host has given itself."""
    token = json.loads(host.read("/var/lib/senhasegura-rotation/machine.json"))["token"]
    return f"{main_of(host)}--{token}-{slot}"


def main_of(host: Host) -> str:
    return f"{host.name}-app"


@each_release
def test_host_vault_and_journal_have_the_new_password(run: Any, vault: Any, host: Host) -> None:
    before = others(host)
    done = run([rotate(chage={"max_days": 60})], "-v")
    assert done.rc == 0, str(done)
    assert done["rotate"]["rotation"]["status"] == "changed"
    assert done["rotate"]["rotation"]["seconds"] > 0
    new = password_of(vault, main_of(host))
    assert new != PASSWORD
    # The old one was written first.
    assert [password_of(vault, journal_of(host, slot)) for slot in ("j0", "j1")] == [PASSWORD, new]
    assert host.accepts("app", new)
    assert host.shadow("app").maximum == "60"
    assert others(host) == before
    assert files(host) == ["./app/guard", "./machine.guard", "./machine.json"]
    # The old password proves the way, the new one itself: nobody was refused.
    assert [login.accepted for login in host.logins("app")] == [True, True, True]
    assert host.failures("app") == 0
    assert new not in str(done)
    assert PASSWORD not in str(done)
    assert host.shadow("app").hash not in str(done)


@pytest.mark.parametrize("profile", ["3.32", "rest"])
def test_other_dialects(run: Any, hosts: Hosts, host: Host, serve_profile: Any, profile: str) -> None:
    server = serve_profile(profile, seed(hosts))
    for _time in range(2):
        done = run([rotate()], server=server)
        assert done.rc == 0, str(done)
        assert host.accepts("app", password_of(server, main_of(host)))
    assert done["rotate"]["rotation"]["status"] == "changed"


def test_check_mode_predicts_and_reads_nothing(run: Any, vault: Any, host: Host) -> None:
    before = host.shadow("app")
    done = run([rotate(), rotate("young", max_age_days=1)], "--check", "--diff")
    assert done.rc == 0, str(done)
    assert done["rotate"]["changed"] is True
    assert done["young"]["changed"] is False
    assert vault.reads == {}
    assert vault.writes == []
    assert host.shadow("app") == before
    assert "senhasegura-rotation" not in host.run("ls /var/lib")


def test_a_young_password_stays_and_nothing_is_read(run: Any, vault: Any, host: Host) -> None:
    done = run([rotate(max_age_days=1)])
    assert done["rotate"]["rotation"]["status"] == "unchanged"
    assert not done["rotate"]["changed"]
    assert vault.reads == {}


@pytest.mark.long
def test_state_is_told(run: Any, vault: Any, host: Host) -> None:
    def info(name: str, **options: Any) -> dict[str, Any]:
        return {
            "name": name,
            "community.senhasegura.rotation_info": {"credential": "{{ inventory_hostname }}-app", **options},
        }

    done = run([info("clean"), info("unknown", compare=False)])
    assert done["clean"]["rotation"]["status"] == "clean", str(done)
    assert done["unknown"]["rotation"]["status"] == "unknown"
    host.run("echo app:somebody-elses | chpasswd")
    done = run([info("drift"), {**rotate(), "ignore_errors": True}, rotate("reconcile", reconcile=True), info("then")])
    assert done["drift"]["rotation"]["status"] == "drift"
    assert done["rotate"]["failure"]["kind"] == "drift"
    assert "reconcile=true" in done["rotate"]["msg"]
    assert done["reconcile"]["rotation"]["status"] == "changed"
    assert done["then"]["rotation"]["status"] == "clean"


@pytest.mark.parametrize("user", rows(["locked", "expired", "mustchange"], "mustchange"))
def test_accounts_that_are_refused_until_accepted(run: Any, vault: Any, host: Host, user: str) -> None:
    host.run("rm -rf /var/lib/senhasegura-rotation")
    before = host.read("/etc/shadow")
    credential, accept = f"{{{{ inventory_hostname }}}}-{user}", {"mustchange": "must_change"}.get(user, user)
    done = run([rotate(credential=credential)])
    assert done.rc == 2
    assert done["rotate"]["failure"]["kind"] == "refused"
    assert host.read("/etc/shadow") == before
    assert vault.reads == {}
    was = host.shadow(user)
    done = run([rotate(credential=credential, accept=[accept])])
    assert done.rc == 0, str(done)
    now = host.shadow(user)
    assert now.hash != was.hash
    assert now.locked == was.locked
    assert now.expires == was.expires
    assert (now.changed == "0") == (user == "mustchange")
    bare = now.hash.lstrip("!")
    assert password_hash.matches(password_of(vault, f"{host.name}-{user}"), bare)
    host.run(f"usermod -p '{was.hash}' {user}")
    if user == "mustchange":
        host.run("chage -d 0 mustchange")


def test_sshd_without_passwords(run: Any, host: Host) -> None:
    host.sshd("PasswordAuthentication no\nKbdInteractiveAuthentication no")
    try:
        before = host.shadow("app")
        done = run([{**rotate(), "ignore_errors": True}, rotate("hash only", verify="hash_only")])
        assert done["rotate"]["failure"]["kind"] == "refused"
        assert "hash_only" in done["rotate"]["msg"]
        assert done["hash only"]["rotation"]["status"] == "changed"
        assert host.shadow("app") != before
        assert host.failures("app") == 0
    finally:
        host.sshd("")


@pytest.mark.parametrize(
    ("trouble", "told"),
    rows([("readonly", "is mounted read-only"), ("full", "is full")], "full", ids=["readonly", "full"]),
)
def test_a_disk_that_cannot_be_written(run: Any, vault: Any, host: Host, trouble: str, told: str) -> None:
    before = host.read("/etc/shadow")
    with getattr(host, trouble)("/etc"):
        done = run([rotate()])
    assert done["rotate"]["failure"]["kind"] == "refused"
    assert told in done["rotate"]["msg"], str(done)
    assert host.read("/etc/shadow") == before
    assert password_of(vault, main_of(host)) == PASSWORD


def test_a_host_that_is_not_there(run: Any, vault: Any, host: Host) -> None:
    host.cut()
    try:
        done = run([rotate()], env={"ANSIBLE_TIMEOUT": "3"})
    finally:
        host.restore()
    assert done["rotate"]["failure"]["kind"] == "unreachable"
    assert vault.reads == {}
    assert password_of(vault, main_of(host)) == PASSWORD


def test_no_root_no_change(run: Any, host: Host) -> None:
    done = run([rotate()], become=False)
    assert done.rc == 2
    assert "needs root" in done["rotate"]["msg"], str(done)


def test_the_vaults_own_change_is_not_mixed_with_ours(run: Any, vault: Any, host: Host) -> None:
    vault.control.set_credential(main_of(host), automatic_change=True)
    done = run([rotate()])
    assert done["rotate"]["failure"]["kind"] == "refused"
    assert "automatic change" in done["rotate"]["msg"]
    assert vault.reads == {}


def test_a_second_run_is_told_that_the_host_is_busy(run: Any, vault: Any, host: Host) -> None:
    """The first is held before it writes the journal."""
    vault.control.fault("gate", operation="credential.write")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(run, [rotate()])
        gate = vault.control.wait_for_gate()
        with tempfile.TemporaryDirectory() as folder:
            second = run([rotate("second")], env={"RECORDER_PATH": f"{folder}/second"})
            recorded = json.loads(Path(folder, "second").read_text())
        vault.control.release_gate(gate["number"])
        assert first.result(60)["rotate"]["rotation"]["status"] == "changed"
    assert second.rc == 2
    assert recorded["result"]["failure"]["kind"] == "busy"
    assert "Wait for it, or set lock_wait" in recorded["result"]["msg"]
    assert host.accepts("app", password_of(vault, main_of(host)))


def test_no_secret_in_arguments_environments_or_files(run: Any, vault: Any, host: Host, tmp_path: Path) -> None:
    """The hosts are namespaces of this machine, so their processes are in its /proc as well."""
    log, old = tmp_path / "log", "Canary-old-7x"
    host.run("chpasswd", input=f"app:{old}\n")
    vault.control.set_credential(main_of(host), password=old)
    with sampler() as seen:
        done = run([rotate()], "-vvvvv", "--diff", env={"ANSIBLE_LOG_PATH": str(log)})
    assert done.rc == 0, str(done)
    new, crypted = password_of(vault, main_of(host)), host.shadow("app").hash
    told = [
        str(done),
        log.read_text(),
        *(path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file()),
    ]
    for secret in (old, new, crypted, vault.env["SENHASEGURA_CLIENT_SECRET"]):
        assert not [text[max(0, (at := text.find(secret)) - 300) : at + 100] for text in told if secret in text]
        assert not [text for text in seen if secret in text and "SENHASEGURA_CLIENT_SECRET=" + secret not in text]
    assert len(seen) > 20
    # The hash of the old password is in passwd's own backup, and no password anywhere.
    for secret in (old, new):
        found = host.run(
            "grep -rlF -f - / --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev || true", input=f"{secret}\n"
        )
        assert found.split() == []


@contextlib.contextmanager
def sampler() -> Iterator[set[str]]:
    """The arguments and environments of all processes meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def sample() -> None:
        while not over.wait(0.003):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    with contextlib.suppress(OSError):
                        for name in ("cmdline", "environ"):
                            seen.add((entry / name).read_bytes().decode(errors="replace"))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("number", rows([signal.SIGINT, signal.SIGTERM], "SIGINT", ids=["SIGINT", "SIGTERM"]))
def test_a_signal_ends_it_in_order(hosts: Hosts, host: Host, number: int) -> None:
    """The lock is given back, and the next run goes on at once."""
    with real.scene(hosts, host) as scene:
        scene.control.fault("gate", operation="credential.write")
        play = scene.start()
        gate = scene.control.wait_for_gate()
        play.send_signal(number)
        time.sleep(0.3)
        scene.control.release_gate(gate["number"])
        play.communicate(timeout=60)
        assert play.returncode != 0
        for _try in range(1200):
            if (
                not [name for name in files(host) if name.endswith("lock.json")]
                or scene.control.log()[-1]["status"] is None
            ):
                break
            time.sleep(0.1)
        scene.check()
        scene.time_passes()
        scene.play()


# The writes of a run, in this order.
STEPS = ["lease", "old journal", "journal", "proof", "commit"]


@pytest.mark.parametrize(
    ("step", "applied"),
    [
        pytest.param("journal", True, id="journal-applied"),
        pytest.param("journal", False, id="journal-not_applied", marks=pytest.mark.long),
        pytest.param("proof", True, id="proof-applied", marks=pytest.mark.long),
        pytest.param("proof", False, id="proof-not_applied", marks=pytest.mark.long),
        pytest.param("commit", True, id="commit-applied", marks=pytest.mark.long),
        pytest.param("commit", False, id="commit-not_applied", marks=pytest.mark.long),
    ],
)
def test_a_broker_that_is_killed_during_a_write_costs_no_password(
    hosts: Hosts, host: Host, step: str, applied: bool
) -> None:
    """Nobody knows whether such a write was applied. The next broker reads that for the run."""
    with real.scene(hosts, host) as scene:
        code, output = scene.lose_the_broker(STEPS.index(step), applied=applied)
        # Before the host was changed it stops. Afterwards it goes forward.
        assert (code == 0) == (step == "commit"), output
        assert brokers_end(scene.folder)
        scene.check()
        scene.time_passes()
        scene.clean()
