# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one login concludes about accounts of real hosts (sshd, PAM, shadow, faillock), and that it is one login."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hosts.group import Hosts
from hosts.host import Host
from hosts.image import PASSWORD, why_unavailable
from long_rows import rows
from traces import traces

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import password_hash, probe
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login.command import Target
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import LoginResult

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=str(why_unavailable()))

WRONG = "Wrong-pass.word-2"
INTERACTIVE, PLAIN, BOTH = (
    "PasswordAuthentication no\n",
    "KbdInteractiveAuthentication no\n",
    "",
)
METHODS = pytest.mark.parametrize("methods", [INTERACTIVE, PLAIN, BOTH], ids=["interactive", "plain", "both"])


def some_by_method(*values: str) -> pytest.MarkDecorator:
    """Give all values where sshd offers both methods, and of each single method every second one."""
    cases = [(BOTH, value) for value in values]
    cases += [((INTERACTIVE, PLAIN)[number % 2], value) for number, value in enumerate(values)]
    ids = {INTERACTIVE: "interactive", PLAIN: "plain", BOTH: "both"}
    return pytest.mark.parametrize(
        ("methods", "user"), cases, ids=[f"{user}-{ids[methods]}" for methods, user in cases]
    )


@pytest.fixture(scope="module")
def hosts() -> Iterator[Hosts]:
    with Hosts(["bookworm", "trixie"]) as running:
        yield running


@pytest.fixture(params=rows([0, 1], "trixie", ids=["bookworm", "trixie"]))
def host(hosts: Hosts, request: pytest.FixtureRequest) -> Iterator[Host]:
    found = hosts[request.param]
    for user in ("app", "locked", "expired", "mustchange", "nologin", "root"):
        found.forget_failures(user)
    found.forget_logins()
    yield found
    found.sshd("")


@pytest.fixture
def target(hosts: Hosts) -> Callable[..., Target]:
    def make(host: Host, user: str, **more: Any) -> Target:
        arguments = ("-F", "none", "-o", f"UserKnownHostsFile={hosts.known_hosts}", "-o", "GlobalKnownHostsFile=none")
        return Target(**{"address": host.address, "port": host.port, "user": user, "arguments": arguments, **more})

    return make


MakeTarget = Callable[..., Target]


def settled(host: Host, user: str) -> tuple[list[bool], int]:
    """Which logins sshd has noted (accepted or not), and how many failures faillock, once nothing more comes."""
    seen: list[tuple[list[bool], int]] = []
    # Not one pause, which a busy machine may outlast, but until several looks in a row show the same.
    while len(seen) < 4 or any(look != seen[-1] for look in seen[-4:]):
        time.sleep(0.2)
        seen.append(([entry.accepted for entry in host.logins(user)], host.failures(user)))
    return seen[-1]


@METHODS
def test_right_and_wrong(host: Host, target: MakeTarget, methods: str) -> None:
    host.sshd(methods)
    wrong = probe.by_password(target(host, "app"), WRONG)
    assert wrong.result is LoginResult.WRONG
    assert settled(host, "app") == ([False], 1)
    host.forget_logins()
    right = probe.by_password(target(host, "app"), PASSWORD)
    assert right.result is LoginResult.OK
    # The right password takes faillock's count back.
    assert settled(host, "app") == ([True], 0)


STATES = {
    "mustchange": LoginResult.MUST_CHANGE,
    "expired": LoginResult.EXPIRED,
    "nologin": LoginResult.NO_SHELL,
    # Nobody can tell from outside.
    "locked": LoginResult.WRONG,
}


@some_by_method(*STATES)
def test_accounts_in_other_states(host: Host, target: MakeTarget, methods: str, user: str) -> None:
    host.sshd(methods)
    verdict = probe.by_password(target(host, user), PASSWORD)
    assert verdict.result is STATES[user], verdict
    accepted, failures = settled(host, user)
    assert len(accepted) <= 1
    assert failures == (1 if user == "locked" else 0)


@some_by_method("expired", "mustchange", "nologin")
def test_a_wrong_password_of_such_accounts(host: Host, target: MakeTarget, methods: str, user: str) -> None:
    host.sshd(methods)
    assert probe.by_password(target(host, user), WRONG).result is LoginResult.WRONG
    assert settled(host, user) == ([False], 1)


@METHODS
def test_an_account_that_faillock_has_locked(host: Host, target: MakeTarget, methods: str) -> None:
    host.sshd(methods)
    for _number in range(3):
        assert probe.by_password(target(host, "app"), WRONG).result is LoginResult.WRONG
    assert host.failures("app") == 3
    verdict = probe.by_password(target(host, "app"), PASSWORD)
    # With the plain method sshd does not hand on what PAM says: only the host's own faillock can tell.
    assert verdict.result is (LoginResult.WRONG if methods == PLAIN else LoginResult.EXPIRED)
    assert not verdict.authenticated
    assert host.failures("app") == 3


def test_an_inactive_password(host: Host, target: MakeTarget) -> None:
    host.add_user("sleeper", PASSWORD, chage={"lastday": "2020-01-01", "maxdays": "1", "inactive": "1"})
    assert probe.by_password(target(host, "sleeper"), PASSWORD).result is LoginResult.EXPIRED


def test_the_last_try_that_sshd_allows(host: Host, target: MakeTarget) -> None:
    host.sshd("MaxAuthTries 1\n")
    verdict = probe.by_password(target(host, "app"), WRONG)
    assert verdict.result is LoginResult.WRONG, verdict
    assert settled(host, "app") == ([False], 1)


def test_methods_that_are_not_offered(host: Host, target: MakeTarget, hosts: Hosts) -> None:
    host.sshd("PasswordAuthentication no\nKbdInteractiveAuthentication no\n")
    assert probe.by_password(target(host, "app"), PASSWORD).result is LoginResult.NOT_OFFERED
    host.sshd("PubkeyAuthentication no\n")
    assert probe.by_key(target(host, "root"), hosts.private_key.read_text()).result is LoginResult.NOT_OFFERED
    # Offered, and refused whatever the password is: only the same with the old password can tell.
    host.sshd("PermitRootLogin prohibit-password\n")
    assert probe.by_password(target(host, "root"), PASSWORD).result is LoginResult.WRONG


def test_two_factors(host: Host, target: MakeTarget, hosts: Hosts) -> None:
    host.sshd("AuthenticationMethods publickey,password\n")
    assert probe.by_key(target(host, "root"), hosts.private_key.read_text()).result is LoginResult.MFA
    host.sshd("AuthenticationMethods password,publickey\n")
    assert probe.by_password(target(host, "app"), PASSWORD).result is LoginResult.MFA
    assert probe.by_password(target(host, "app"), WRONG).result is LoginResult.WRONG


@pytest.mark.parametrize(
    "password", ["a\x03b\x04c\x15d\x16e\x7ff\x11\x13", "tab\tinside", " blanks ", "é€😀", "x" * 500, "a:b"], ids=ascii
)
def test_a_password_arrives_as_it_is(host: Host, target: MakeTarget, password: str) -> None:
    """By a hash that this machine has made in the host's scheme: both sides agree on the bytes."""
    if "odd" not in host.read("/etc/passwd"):
        host.add_user("odd", "x")
    made = password_hash.hash_password(password, host.shadow("odd").hash)
    host.run("chpasswd -e", input=f"odd:{made}\n")
    assert host.shadow("odd").hash == made
    verdict = probe.by_password(target(host, "odd"), password)
    assert verdict.result is LoginResult.OK, verdict


def test_a_hash_made_by_the_host(host: Host) -> None:
    assert password_hash.matches(PASSWORD, host.shadow("app").hash)
    assert not password_hash.matches(WRONG, host.shadow("app").hash)
    lock, rest = password_hash.split_lock(host.shadow("locked").hash)
    assert lock == "!"
    assert password_hash.matches(PASSWORD, rest)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_login_with_a_key_proves_that_key_and_no_other(host: Host, target: MakeTarget, kind: str) -> None:
    bits = 2048 if kind == "rsa" else None
    first, second = (keypair.generate(kind, bits=bits, passphrase=phrase) for phrase in (None, "Pass phrase"))
    host.authorize("app", first.public_key)
    assert probe.by_key(target(host, "app"), first.private_key).result is LoginResult.OK
    assert probe.by_key(target(host, "app"), second.private_key, passphrase="Pass phrase").result is LoginResult.WRONG
    host.authorize("app", second.public_key)
    assert probe.by_key(target(host, "app"), first.private_key).result is LoginResult.WRONG
    assert probe.by_key(target(host, "app"), second.private_key, passphrase="Pass phrase").result is LoginResult.OK
    host.authorize("app", f'command="/usr/bin/touch /tmp/forced-command" {first.public_key}')
    assert probe.by_key(target(host, "app"), first.private_key).result is LoginResult.OK
    assert settled(host, "app")[1] == 0
    # No session, so nothing is started.
    assert host.run("ls /tmp/forced-command 2>/dev/null || true") == ""
    host.enters("app", first.private_key)
    assert "forced-command" in host.run("ls /tmp")
    host.run("rm /tmp/forced-command")
    host.authorize("app", "")


def test_a_key_of_accounts_in_other_states(host: Host, target: MakeTarget) -> None:
    key = keypair.generate()
    for user, results in {
        # What the account may do in a session is not asked: the key is right.
        "mustchange": {LoginResult.OK},
        "nologin": {LoginResult.OK},
        "expired": {LoginResult.EXPIRED},
        "locked": {LoginResult.OK},
    }.items():
        host.authorize(user, key.public_key)
        verdict = probe.by_key(target(host, user), key.private_key)
        assert verdict.result in results, (user, verdict)
        host.authorize(user, "")


def test_the_wrong_host(hosts: Hosts, target: MakeTarget, host: Host, tmp_path: Path) -> None:
    other = next(other for other in hosts if other is not host)
    known = tmp_path / "known_hosts"
    lines = hosts.known_hosts.read_text().splitlines()
    stolen = [line.split(" ", 1)[1] for line in lines if other.address in line.split(" ", 1)[0]]
    known.write_text("".join(f"{host.address} {key}\n" for key in stolen))
    for arguments in (
        ("-F", "none", "-o", f"UserKnownHostsFile={known}"),
        ("-F", "none", "-o", f"UserKnownHostsFile={tmp_path}/none"),
    ):
        assert probe.by_password(target(host, "app", arguments=arguments), PASSWORD).result is LoginResult.HOST_KEY
    assert settled(host, "app") == ([], 0)


def test_the_network_goes(host: Host, target: MakeTarget) -> None:
    host.cut()
    try:
        started = time.monotonic()
        assert (
            probe.by_password(target(host, "app", connect_timeout=3600), PASSWORD, timeout=3).result
            is LoginResult.NETWORK
        )
        assert time.monotonic() - started < 300
    finally:
        host.restore()
    assert probe.by_password(target(host, "app"), PASSWORD).result is LoginResult.OK


@pytest.fixture
def relay(hosts: Hosts) -> Iterator[tuple[str, int]]:
    """An address of this machine behind which the second host answers: the hosts do not see each other."""
    here = hosts[0].address.rpartition(".")[0] + ".1"

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there = await asyncio.open_connection(hosts[1].address, hosts[1].port)
            await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(connect, here, 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield here, server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def test_through_a_jump_host(hosts: Hosts, target: MakeTarget, relay: tuple[str, int], tmp_path: Path) -> None:
    """The second host through the first one, both found in ssh_config; the password is the second one's alone."""
    jump, behind = hosts[0], hosts[1]
    config = tmp_path / "ssh_config"
    text = (
        f"Host jump\n  HostName {jump.address}\n  User admin\n  IdentityFile {hosts.private_key}\n"
        f"Host behind\n  HostName {relay[0]}\n  Port {relay[1]}\n  HostKeyAlias {behind.address}\n  ProxyJump jump\n"
        f"  IdentityFile {hosts.private_key}\n"
        f"Host *\n  UserKnownHostsFile {hosts.known_hosts}\n"
    )
    config.write_text(text)
    config.chmod(0o600)
    behind.forget_failures("app")
    behind.forget_logins()
    key = keypair.generate()
    behind.authorize("app", key.public_key)
    way = target(behind, "app", address="behind", port=None, arguments=("-F", str(config)))
    assert probe.by_password(way, PASSWORD).result is LoginResult.OK
    assert probe.by_password(way, WRONG).result is LoginResult.WRONG
    assert probe.by_key(way, key.private_key).result is LoginResult.OK
    assert probe.by_key(way, keypair.generate().private_key).result is LoginResult.WRONG
    # A jump host that asks for a password itself must not get that of the host behind it.
    jump.forget_failures("app")
    jump.forget_logins()
    config.write_text(text.replace("User admin\n", "User app\n  PubkeyAuthentication no\n"))
    assert probe.by_password(way, PASSWORD).result is LoginResult.NETWORK
    assert [entry for entry in jump.logins("app") if entry.accepted] == []
    assert jump.failures("app") == 0
    behind.authorize("app", "")


def samples(needles: tuple[bytes, ...]) -> list[str]:
    return traces(needles, ("*", "key*/*"))


def test_the_secret_is_nowhere(host: Host, target: MakeTarget) -> None:
    secret, key = "Canary-1234.secret", keypair.generate()
    host.add_user("canary", secret, authorized_keys=key.public_key)
    body = "".join(key.private_key.splitlines()[1:-1])[100:160]
    needles = (secret.encode(), body[:40].encode(), body[:40].encode()[::-1])
    # The samples would find it.
    (Path(tempfile.gettempdir()) / "canary-control").write_text(secret)
    assert samples(needles)
    (Path(tempfile.gettempdir()) / "canary-control").unlink()
    way = target(host, "canary")
    # A new process: in this one, servers and brokers of other tests open and close files and hold locks.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        for work, text in ((probe.by_password, secret), (probe.by_key, key.private_key)):
            assert process.submit(work, way, text).result().result is LoginResult.OK
            descriptors = process.submit(os.listdir, "/proc/self/fd").result()
            # On a busy machine a login is over after a few rounds.
            logins = rounds = 0
            while logins < 5 or rounds < 15:
                running = process.submit(work, way, text)
                while not running.done():
                    assert samples(needles) == []
                    rounds += 1
                assert running.result().result is LoginResult.OK
                logins += 1
            assert process.submit(os.listdir, "/proc/self/fd").result() == descriptors
    assert samples(needles) == []
