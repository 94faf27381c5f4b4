# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set-ups in which rotations have once lost a secret or locked an account, on real hosts: A4 to A8 and A14 of the
faults that tests/README.md lists. All of them with ROTATION_SETUPS=all, a sample without.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from faults.setups import (
    ALL,
    BY_NAME,
    SECRET,
    TWO,
    Setup,
    content,
    honest,
    killed_at_each_write,
    stage,
)
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, why_unavailable
from long_rows import rows

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))
kinds = pytest.mark.parametrize("kind", rows(TWO, "password"))


# --- A4, A5: Ansible's own way in needs the password that changes


# Those that are left out without ROTATION_SETUPS=all are the sample of test_rotation_become.py.
WAYS = ["login and sudo", "targetpw", "runaspw", "su", "doas", "login as root"] if ALL else []


@pytest.mark.parametrize("name", rows([*WAYS, "rootpw", "two hosts, su"], "two hosts, su"))
def test_become_with_the_password_that_changes(hosts: Hosts, name: str) -> None:
    """Twice, since a journal that is in use is read."""
    with stage(hosts, BY_NAME["password", name]) as scene:
        for _time in range(2):
            scene.forget_failures()
            done = scene.run()
            scene.check_failures()
            assert done.kinds() == ["changed"], done.told()
            scene.check()
        scene.check_settled()


@pytest.mark.long
def test_the_login_is_named_in_ssh_config_alone(hosts: Hosts) -> None:
    setup = BY_NAME["password", "login and sudo"]
    with stage(hosts, setup) as scene:
        config = scene.controller.folder / "ssh_config"
        config.write_text("Host *\n  User app\n")
        inventory = json.loads((scene.controller.folder / "inventory.json").read_text())
        for variables in inventory["all"]["hosts"].values():
            del variables["ansible_user"]
            variables["ansible_ssh_common_args"] += f" -F {config}"
        (scene.controller.folder / "inventory.json").write_text(json.dumps(inventory))
        scene.forget_failures()
        done = scene.run()
        scene.check_failures()
        assert done.kinds() == ["changed"], done.told()
        scene.check_settled()


@pytest.mark.long
@pytest.mark.parametrize("name", ["su", *(["login and sudo", "two hosts, login and sudo"] if ALL else [])])
def test_an_own_account_after_a_killed_run(hosts: Hosts, name: str) -> None:
    """The play has main's password, and the host another one."""
    with stage(hosts, BY_NAME["password", name]) as scene:
        for number in killed_at_each_write(scene, SECRET):
            options = {"state": "recovered"} if number % 3 == 2 else {}
            done = scene.run(**options)
            scene.check()
            scene.check_failures()
            honest(scene, done)
            assert done.code == 0, done.told()
            scene.check_settled()


# --- A6: the host changes after it was judged


@contextlib.contextmanager
def passwd_is_busy(host: Host) -> Iterator[Callable[[], None]]:
    """Another program has the lock of the password files, for which chpasswd waits. Yields what ends that."""
    script = "import fcntl, time\nf = open('/etc/.pwd.lock', 'w')\nfcntl.lockf(f, fcntl.LOCK_EX)\ntime.sleep(600)"
    holder = subprocess.Popen([*host.entrance, "python3", "-c", script])
    try:
        while host.execute("python3", "-c", script.replace("LOCK_EX", "LOCK_EX | fcntl.LOCK_NB")[:-16]).returncode == 0:
            time.sleep(0.05)

        def end() -> None:
            host.run("pkill -f '[/]etc/[.]pwd.lock' || true")

        yield end
    finally:
        host.run("pkill -f '[/]etc/[.]pwd.lock' || true")
        holder.wait()


@pytest.mark.long
def test_a_change_that_comes_after_the_session_has_died(hosts: Hosts) -> None:
    with stage(hosts, BY_NAME["password", "NOPASSWD"]) as scene:
        host = scene.hosts[0]
        with passwd_is_busy(host) as end:
            scene.start(deadline=60)

            def die() -> None:
                """The connection is lost while chpasswd waits; a while later it gets the lock."""
                for _try in range(600):
                    if host.execute("pgrep", "-x", "chpasswd").returncode == 0:
                        host.run("pkill -f '[s]shd.*: admin' || true")
                        time.sleep(3)
                        break
                    time.sleep(0.05)
                end()

            thread = threading.Thread(target=die)
            thread.start()
            done = scene.controller.wait()
            at_the_end = content(scene, host)
            thread.join()
            scene.quiet()
        scene.check()
        honest(scene, done)
        if done.kinds() != ["in_doubt"]:
            assert content(scene, host) == at_the_end, f"it has changed after that: {done.told()}"
        scene.end_leases()
        done = scene.run()
        assert done.kinds() == ["changed"], done.told()
        scene.check_settled()


# --- A7: the vault refuses the main record, but takes the others


FAULTS = [{"kind": "refuse", "number": 1052}, {"kind": "status", "status": 403}]


@pytest.mark.parametrize(
    ("kind", "skip"),
    rows([(kind, skip) for kind in TWO for skip in range(3)] if ALL else [("password", 2), ("key", 1)], "('key', 1)"),
)
@pytest.mark.parametrize("fault", FAULTS if ALL else FAULTS[:1], ids=str)
def test_main_cannot_be_written(hosts: Hosts, kind: str, skip: int, fault: dict[str, Any]) -> None:
    """From the first write to it on, from the second, or the third."""
    with stage(hosts, TWO[kind]) as scene:
        before = [content(scene, host) for host in scene.hosts]
        match = {"record": SECRET, "operation": {"password": "credential.write", "key": "key.write"}[kind]}
        scene.control.fault(**fault, **match, skip=skip, times=None)
        done = scene.run()
        scene.check()
        honest(scene, done)
        if skip == 0:
            assert done.kinds() == ["refused"], done.told()
            assert [content(scene, host) for host in scene.hosts] == before
        assert done.kinds() != ["in_doubt"], done.told()
        if done.kinds() == ["failed"]:
            # Everything is as it was.
            assert all(scene.holders(host, SECRET)[0] == SECRET for host in scene.hosts)
        scene.end_leases()
        scene.control.clear_faults()
        done = scene.run()
        assert done.code == 0, done.told()
        scene.check_settled()


# --- A8: a host comes back from a snapshot


@kinds
def test_a_snapshot_of_before_the_first_rotation(hosts: Hosts, kind: str) -> None:
    with stage(hosts, Setup("one host", kind)) as scene:
        host = scene.hosts[0]
        path = {"password": "/etc/shadow", "key": "/home/app/.ssh/authorized_keys"}[kind]
        before = host.read(path)
        done = scene.run()
        assert done.kinds() == ["changed"], done.told()
        host.write(path, before)
        scene.check()
        done = scene.run()
        assert done.code == 0, done.told()
        scene.check_settled()


# --- A14: what a proof of a key runs, and what is found out too late


def test_a_forced_command_is_not_run(hosts: Hosts) -> None:
    with stage(hosts, BY_NAME["key", "NOPASSWD"]) as scene:
        host = scene.hosts[0]
        lines = "\n".join(scene._lines(host)).replace("no-agent-forwarding", 'command="echo >>/tmp/ran; echo in"')
        host.run("rm -f /tmp/ran")
        host.authorize("app", lines)
        done = scene.run()
        assert done.kinds() == ["changed"], done.told()
        assert not host.run("cat /tmp/ran 2>/dev/null || true"), "the forced command was run"
        assert 'command="echo' in "\n".join(scene._lines(host))


@pytest.mark.parametrize(
    ("options", "sshd"),
    rows(
        [
            ('from="192.0.2.1",no-pty', ""),
            ("", "AllowUsers root admin\n"),
            ("", "Match User app\n    AuthenticationMethods publickey,password\n"),
        ],
        "from",
        ids=["from", "AllowUsers", "AuthenticationMethods"],
    ),
)
def test_a_login_that_cannot_be_proved_is_found_out_before(hosts: Hosts, options: str, sshd: str) -> None:
    with stage(hosts, BY_NAME["key", "NOPASSWD"]) as scene:
        host = scene.hosts[0]
        if options:
            host.authorize("app", "\n".join(scene._lines(host)).replace("no-agent-forwarding", options))
        host.sshd(sshd)
        try:
            before = content(scene, host)
            done = scene.run()
            assert done.kinds() == ["refused"], done.told()
            assert content(scene, host) == before
            assert scene.items(SECRET).keys() <= {SECRET, f"{SECRET}--lease"}
        finally:
            host.sshd("")


# --- Others


@pytest.mark.long
def test_the_password_of_the_image_is_not_what_a_rotation_leaves(hosts: Hosts) -> None:
    """The stage itself: what it takes for a secret is what logs in."""
    with stage(hosts, BY_NAME["password", "NOPASSWD"]) as scene:
        assert scene.holders(scene.hosts[0], SECRET) == [SECRET]
        assert scene.run().kinds() == ["changed"]
        assert not scene.hosts[0].accepts("app", PASSWORD)
        scene.hosts[0].run("chpasswd", input="app:nobody-knows\n")
        assert scene.holders(scene.hosts[0], SECRET) == []
