# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test hosts of tests/hosts are what other tests take them for, and leave nothing behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hosts.group import INSTANCES, Hosts, remove_leftovers
from hosts.host import BECOME, COLLECTIONS, Host, HostError, Login
from hosts.image import PASSWORD, SUITES, Unavailable, why_unavailable
from long_rows import rows
from workspace import ROOT, environment

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))


def test_without_root_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(Unavailable, match="run as root"), Hosts():
        pass


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(SUITES, sshd={"host2": {"PermitRootLogin": "prohibit-password"}}) as hosts:
        yield hosts


@pytest.fixture(params=rows(range(len(SUITES)), "trixie", ids=SUITES))
def host(request: pytest.FixtureRequest, hosts: Hosts) -> Host:
    found: Host = hosts[request.param]
    found.forget_logins()
    for user in ("app", "root"):
        found.forget_failures(user)
    return found


def traces(folder: Path) -> list[str]:
    """What there is on this machine of the hosts with this folder: processes, mounts, network, files."""
    processes = [
        f"{path} {line}"
        for path in Path("/proc").glob("[0-9]*/mountinfo")
        for line in _lines(path)
        if str(folder) in line
    ]
    return processes + [str(path) for path in folder.rglob("*")]


def cables() -> set[str]:
    return {path.name for path in Path("/sys/class/net").glob("shg*")}


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []


@pytest.mark.parametrize("user", ["root", "admin"])
def test_administrators_log_in_by_key(host: Host, user: str) -> None:
    done = host.ssh(user, "sudo id -u; env")
    assert done.stdout.startswith("0\n"), done.stdout
    assert "SECRET" not in done.stdout
    assert f"HOME={'/root' if user == 'root' else '/home/admin'}" in done.stdout
    assert host.logins() == [Login(user, "publickey", True)]


def test_releases_differ(hosts: Hosts) -> None:
    assert [host.run(". /etc/os-release; echo $VERSION_CODENAME").strip() for host in hosts] == list(SUITES)
    assert [host.run("hostname").strip() for host in hosts] == ["host1", "host2"]


def test_host_keys_are_their_own(hosts: Hosts) -> None:
    keys = {host.read("/etc/ssh/ssh_host_ed25519_key.pub") for host in hosts}
    assert len(keys) == len(hosts)


def test_environment_is_clean(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    # sshd, which inherits it, writes its title over its own.
    names = host.run("tr '\\0' '\\n' </proc/1/environ | cut -d= -f1").split()
    assert sorted(names) == ["HOME", "LANG", "PATH"]
    monkeypatch.setenv("SENHASEGURA_CLIENT_SECRET", "x")
    assert "SENHASEGURA" not in host.run("env")


def test_password_logins_count(host: Host) -> None:
    assert not host.accepts("app", "wrong")
    assert host.failures("app") == 1
    assert host.accepts("app", PASSWORD)
    assert host.logins("app", "password") == [Login("app", "password", False), Login("app", "password", True)]
    assert host.failures("app") == 0


def test_third_failure_locks(host: Host) -> None:
    for expected in (1, 2, 3):
        assert not host.accepts("app", "wrong")
        assert host.failures("app") == expected
    assert not host.accepts("app", PASSWORD)
    host.forget_failures("app")
    assert host.accepts("app", PASSWORD)


@pytest.mark.parametrize("user", ["locked", "expired", "mustchange", "nologin"])
def test_these_users_get_no_session(host: Host, user: str) -> None:
    assert not host.accepts(user, PASSWORD)
    assert host.shadow(user).locked == (user == "locked")


def test_settings_per_host(host: Host) -> None:
    assert host.accepts("root", PASSWORD) == (host.name == "host1")
    host.sshd("Match User app\n    PasswordAuthentication no\n    KbdInteractiveAuthentication no\n")
    assert not host.accepts("app", PASSWORD)
    host.sshd("")
    assert host.accepts("app", PASSWORD)


def test_more_users(host: Host, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    public = key.with_suffix(".pub").read_text()
    host.add_user("svc", "Other-Pass-2", authorized_keys=public, chage={"maxdays": "90"})
    assert host.accepts("svc", key=key)
    assert host.accepts("svc", "Other-Pass-2")
    assert host.shadow("svc").maximum == "90"
    host.authorize("svc", "")
    assert not host.accepts("svc", key=key)
    host.run("userdel -r svc 2>/dev/null")
    with pytest.raises(LookupError):
        host.shadow("svc")


def test_a_disk_that_is_full_or_read_only_changes_nothing(host: Host) -> None:
    before = host.run("find /etc -type f -exec sha256sum {} + | sort")
    with host.readonly():
        assert "Read-only" in host.run("passwd -l app 2>&1 || touch /etc/shadow- || true")
    with host.full():
        assert "No space" in host.run("chage -M 5 app || true")
    host.run("rm -f /etc/.pwd.lock /etc/*.lock /etc/shadow.[0-9]*; touch /etc/.pwd.lock")
    assert host.run("find /etc -type f -exec sha256sum {} + | sort") == before
    assert host.accepts("app", PASSWORD)
    host.cut()
    assert not host.answers()
    with pytest.raises(HostError):
        host.accepts("app", PASSWORD)
    host.restore()
    assert host.accepts("app", PASSWORD)


def test_orphans_are_reaped(host: Host) -> None:
    host.run("(sleep 0.05 &) ; sleep 0.2")
    assert "defunct" not in host.run("ps -e")


def test_ansible_finds_them(hosts: Hosts, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps(hosts.inventory("admin")))
    command = ["ansible", "all", "-i", str(inventory), "-b", "-m", "ansible.builtin.command", "-a", "id -u", "-o"]
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert done.stdout.count("(stdout) 0") == 2, done


@pytest.mark.parametrize("method", rows([name for name in BECOME if name != "root"], "own", "su"))
def test_ways_to_become_root(hosts: Hosts, tmp_path: Path, method: str) -> None:
    """Ansible gets in with the right password, and the hosts note that a wrong one was refused, and by whom."""
    own, inventory = "Own-Pass.word-3", tmp_path / "inventory.json"
    way = BECOME[method]
    owner = {"self": "app", "root": "root", "": "app"}[way.asks]
    for host in hosts:
        host.become(method)
        host.run("chpasswd", input=f"app:{own}\n")
        host.authorize("app", hosts.public_key)
        host.forget_failures(owner)

    def become(password: str) -> str:
        content = hosts.inventory("app")
        inventory.write_text(json.dumps(content))
        command = ["ansible", "all", "-i", str(inventory), "-m", "ansible.builtin.command", "-a", "id -u", "-o", "-b"]
        paths = os.pathsep.join([environment()["ANSIBLE_COLLECTIONS_PATH"], str(COLLECTIONS)])
        env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "ANSIBLE_NOCOLOR": "1"}
        env |= {"ANSIBLE_COLLECTIONS_PATH": paths, "ANSIBLE_BECOME_METHOD": way.method, "ANSIBLE_TIMEOUT": "20"}
        if password:
            env["ANSIBLE_BECOME_PASS"] = password
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)
        return done.stdout + done.stderr

    try:
        right = {"self": own, "root": PASSWORD, "": ""}[way.asks]
        assert (output := become(right)).count("(stdout) 0") == 2, output
        assert [host.refusals(owner) for host in hosts] == [[], []]
        if right:
            assert "(stdout) 0" not in become("wrong-one")
            program = way.method.rpartition(".")[2]
            assert [host.refusals(owner) for host in hosts] == [[program], [program]]
            # sudo asks again, and finds the end of what Ansible has sent: faillock counts that, though no password came.
            counted = 2 if program == "sudo" else 1
            assert [host.failures(owner) for host in hosts] == [counted, counted]
    finally:
        for host in hosts:
            host.forget_failures(owner)
            host.become("root")
            host.run("chpasswd", input=f"app:{PASSWORD}\n")
            host.authorize("app", "")


def test_nothing_is_left_and_instances_do_not_collide() -> None:
    with Hosts(["bookworm"]) as first, Hosts(["bookworm", "trixie"]) as second:
        addresses = [host.address for host in (*first, *second)]
        assert len(set(addresses)) == 3
        assert addresses[1].rpartition(".")[0] == addresses[2].rpartition(".")[0] != addresses[0].rpartition(".")[0]
        assert all(host.answers() for host in (*first, *second))
        assert cables() >= {host.cable for host in (*first, *second)}
        folders = [first.folder, second.folder]
        remove_leftovers()
        assert all(map(traces, folders))
        gone = {host.cable for host in (*first, *second)}
    assert [traces(folder) for folder in folders] == [[], []]
    assert not cables() & gone


@pytest.mark.parametrize("number", rows([signal.SIGKILL, signal.SIGINT, signal.SIGTERM], str(signal.SIGKILL)))
def test_killed_runs_leave_nothing(number: signal.Signals) -> None:
    # What runs below nohup or in the background of a shell is told to ignore them.
    script = "\n".join(
        (
            "import signal, time",
            "from hosts.group import Hosts",
            "signal.signal(signal.SIGINT, signal.default_int_handler)",
            "with Hosts(['trixie']) as h:",
            "    print(h.folder, h[0].cable, flush=True)",
            "    time.sleep(3600)",
        )
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        folder, cable = process.stdout.readline().split()
        assert traces(Path(folder))
        assert cable in cables()
        process.send_signal(number)
        process.wait(120)
    end = time.monotonic() + 120
    while (cable in cables() or any("mountinfo" in trace for trace in traces(Path(folder)))) and time.monotonic() < end:
        time.sleep(0.05)
    remove_leftovers()
    assert traces(Path(folder)) == []
    assert cable not in cables()
    assert Path(folder).parent == INSTANCES


def kill(pid: int) -> None:
    """Kill a process, and wait until it has ended, which takes its time on a slow machine."""
    process = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert select.select([process], [], [], 60)[0]
    os.close(process)


def test_hosts_can_be_started_and_stopped_by_hand(tmp_path: Path) -> None:
    def call(*arguments: str) -> str:
        command = [sys.executable, "-m", "tests.hosts", *arguments, "--state", str(tmp_path / "state")]
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60, check=True).stdout

    inventory = json.loads(call("up", "--count", "2"))
    try:
        assert sorted(inventory["all"]["hosts"]) == ["host1", "host2"]
        assert json.loads(call("up", "--count", "2")) == inventory
        assert call("run", "host2", "hostname") == "host2\n"
        kill(int((tmp_path / "state" / "keeper").read_text()))
        inventory = json.loads(call("up", "--count", "1", "--suite", "trixie", "--user", "admin"))
        assert call("run", "host1", ". /etc/os-release; echo $VERSION_CODENAME") == "trixie\n"
        assert inventory["all"]["hosts"]["host1"]["ansible_user"] == "admin"
        known = inventory["all"]["hosts"]["host1"]["ansible_ssh_common_args"].split("UserKnownHostsFile=")[1].split()[0]
        assert traces(Path(known).parent)
    finally:
        call("down")
    assert traces(Path(known).parent) == []
    call("down")
