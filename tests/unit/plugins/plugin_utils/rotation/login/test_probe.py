# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One login by the real ssh client, against a server that behaves as each test wants: what is concluded, and that the
server is asked once."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from traces import traces

pytest.importorskip("asyncssh")
if shutil.which("ssh") is None:
    pytest.skip("needs the OpenSSH client", allow_module_level=True)

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.errors import ConfigError, InvalidRequest
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login import probe, processes
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login.command import Target
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.login.transcript import Transcript
from ansible_collections.community.senhasegura.plugins.plugin_utils.rotation.protocol.verdict import (
    LoginResult,
    Verdict,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.rotation.sshd import PASSWORD, USER, Sshd

# The server runs in a thread of this process, and forks here are followed by nothing that needs it.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")

WRONG = "Wrong-pass.word-2"
BOTH = ("keyboard-interactive", "password")
TIMEOUT = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    running = Sshd(tmp_path_factory.mktemp("sshd"))
    yield running
    running.close()


@dataclass
class Client:
    """Logs in to the server. ``config`` is the ssh_config in use."""

    sshd: Sshd
    config: Path
    known_hosts: Path

    def target(self, *arguments: str, **changes: Any) -> Target:
        given = ("-F", str(self.config), "-o", f"UserKnownHostsFile={self.known_hosts}", *arguments)
        return Target(**{"address": "127.0.0.1", "user": USER, "port": self.sshd.port, "arguments": given, **changes})

    def password(self, password: str = PASSWORD, *arguments: str, timeout: float = TIMEOUT, **changes: Any) -> Verdict:
        return probe.by_password(self.target(*arguments, **changes), password, timeout=timeout)

    def key(self, key: keypair.KeyPair, *arguments: str, **changes: Any) -> Verdict:
        target = self.target(*arguments, **changes)
        return probe.by_key(target, key.private_key, passphrase=key.passphrase, timeout=TIMEOUT)


@pytest.fixture
def sshd(server: Sshd) -> Sshd:
    server.__dict__.update(behaviour=type(server.behaviour)(), seen=type(server.seen)())
    return server


@pytest.fixture
def client(sshd: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    config = tmp_path / "ssh_config"
    config.write_text("")
    config.chmod(0o600)
    # An agent of the user's must not be asked.
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent")
    return Client(sshd, config, sshd.known_hosts())


@pytest.fixture(scope="module")
def key() -> keypair.KeyPair:
    return keypair.generate()


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.fixture(autouse=True)
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process, no zombie, no open file, no file in the run's folder or below TMPDIR."""
    with tempfile.TemporaryDirectory() as run, tempfile.TemporaryDirectory() as other:
        monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", run)
        monkeypatch.setattr(tempfile, "tempdir", other)
        before, descriptors = children(), open_files()
        yield
        # The server's own connections end a little later.
        deadline = time.monotonic() + 60
        while open_files() > descriptors and time.monotonic() < deadline:
            time.sleep(0.05)
        assert children() - before == set()
        assert os.listdir(run) + os.listdir(other) == []
        # The server may have opened its listening socket anew, and the first subprocess a watcher.
        assert open_files() <= descriptors + 2


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("methods", [("password",), ("keyboard-interactive",), BOTH], ids="+".join)
def test_the_right_password(sshd: Sshd, client: Client, methods: tuple[str, ...]) -> None:
    sshd.behaviour.methods = methods
    verdict = client.password()
    assert verdict.result is LoginResult.OK
    assert verdict.ok
    assert verdict.authenticated
    assert (sshd.seen.connections, sshd.seen.attempts, len(sshd.seen.sessions)) == (1, 1, 1)


@pytest.mark.parametrize("methods", [("password",), ("keyboard-interactive",), BOTH], ids="+".join)
def test_a_wrong_password_is_tried_once(sshd: Sshd, client: Client, methods: tuple[str, ...]) -> None:
    sshd.behaviour.methods = methods
    verdict = client.password(WRONG)
    assert verdict.result is LoginResult.WRONG
    assert not verdict.authenticated
    assert (sshd.seen.connections, sshd.seen.attempts, sshd.seen.sessions) == (1, 1, [])


@pytest.mark.parametrize(
    "password",
    # No control characters here, which asyncssh refuses: the tests with a real sshd have them.
    [" blanks ", "é€", "x" * 512, "$(id)`'\"\\", "-oProxyCommand=false"],
    ids=lambda text: repr(text[:12]),
)
def test_a_password_arrives_as_it_is(sshd: Sshd, client: Client, password: str) -> None:
    sshd.behaviour.password = password
    assert client.password(password).result is LoginResult.OK
    assert sshd.seen.passwords == [password]


@pytest.mark.parametrize("password", ["a\nb", "a\rb", "a\0b", "\ud800", "x" * 1001], ids=ascii)
def test_what_cannot_be_typed(sshd: Sshd, client: Client, password: str) -> None:
    with pytest.raises(InvalidRequest):
        client.password(password)
    assert sshd.seen.connections == 0


@pytest.mark.parametrize(
    ("prompt", "result"),
    [
        ("Verification code: ", LoginResult.MFA),
        ("One-time password (OATH) for `alice': ", LoginResult.MFA),
        (
            "Duo two-factor login for alice\n\nEnter a passcode or select one:\n 1. Push\n\nPasscode or option (1-1): ",
            LoginResult.MFA,
        ),
        ("Something else", LoginResult.MFA),
        ("Current password: ", LoginResult.MUST_CHANGE),
        ("(current) UNIX password: ", LoginResult.MUST_CHANGE),
        ("New password: ", LoginResult.MUST_CHANGE),
        ("LDAP Password: ", LoginResult.WRONG),
    ],
)
@pytest.mark.parametrize("methods", [("keyboard-interactive",), BOTH], ids="+".join)
def test_a_second_question_is_not_answered(
    sshd: Sshd, client: Client, prompt: str, result: LoginResult, methods: tuple[str, ...]
) -> None:
    sshd.behaviour.methods = methods
    sshd.behaviour.dialogue.append((prompt, "x"))
    assert client.password().result is result
    assert (sshd.seen.attempts, sshd.seen.connections) == (1, 1)


@pytest.mark.parametrize(
    ("prompt", "result", "attempts"),
    [
        ("Verification code: ", LoginResult.MFA, 0),
        ("Token_Response: ", LoginResult.MFA, 0),
        ("alice's Password: ", LoginResult.OK, 1),
        ("Password for alice@EXAMPLE.COM: ", LoginResult.OK, 1),
        ("Senha: ", LoginResult.OK, 1),
        ("Enter your password", LoginResult.OK, 1),
    ],
)
def test_the_first_question(sshd: Sshd, client: Client, prompt: str, result: LoginResult, attempts: int) -> None:
    sshd.behaviour.methods = ("keyboard-interactive",)
    sshd.behaviour.dialogue = [(prompt, PASSWORD)]
    assert client.password().result is result
    assert sshd.seen.attempts == attempts


def test_a_password_that_must_be_changed(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.must_change = True
    assert client.password().result is LoginResult.MUST_CHANGE
    assert sshd.seen.attempts == 1


@pytest.mark.parametrize(
    ("shell", "result"),
    [
        (
            ("WARNING: Your password has expired.\nPassword change required but no TTY available.\n", 1),
            LoginResult.MUST_CHANGE,
        ),
        (
            ("You are required to change your password immediately (administrator enforced).\n", 1),
            LoginResult.MUST_CHANGE,
        ),
        (("This account is currently not available.\n", 1), LoginResult.NO_SHELL),
        (("", 0), LoginResult.NO_SHELL),
        (("not allowed: {command}\n", 0), LoginResult.NO_SHELL),
        (("logged-in\n", 0), LoginResult.NO_SHELL),
    ],
)
def test_no_command_runs(sshd: Sshd, client: Client, shell: tuple[str, int], result: LoginResult) -> None:
    sshd.behaviour.shell = shell
    verdict = client.password()
    assert verdict.result is result
    assert verdict.authenticated is (result is LoginResult.NO_SHELL)
    assert sshd.seen.attempts == 1


def test_a_warning_changes_nothing(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.banner = "Your account has expired? Then your password has expired too.\r\ndebug1: x\r\n"
    assert client.password().result is LoginResult.OK
    assert client.password(WRONG).result is LoginResult.WRONG


def test_a_warning_that_is_read_late_changes_nothing(
    sshd: Sshd, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes between the look at it and the look at the log, which a busy machine makes likely."""
    sshd.behaviour.banner = "Your account has expired? Then your password has expired too.\r\n"
    read, began = probe._read, False
    late: dict[int, bytes] = {}

    def slow(fd: int) -> bytes | None:
        nonlocal began
        data = late.pop(fd) if began and fd in late else read(fd)
        if data and not began and (b"account has expired" in data or b"password:" in data):
            late[fd] = data
            return None
        began = began or b"Next authentication method" in (data or b"")
        return data

    monkeypatch.setattr(probe, "_read", slow)
    assert client.password().result is LoginResult.OK
    assert began
    assert not late


def test_a_reason_that_comes_with_the_log_is_kept() -> None:
    """All of it is there at once, on a busy machine: the reason is no banner, which comes before authentication."""
    log = [
        "debug1: Next authentication method: publickey",
        "debug1: Offering public key: key ED25519 SHA256:x explicit",
        "debug1: Server accepts key: key ED25519 SHA256:x explicit",
    ]
    for lines, result in ((log, LoginResult.EXPIRED), (log[:2], LoginResult.NETWORK)):
        transcript = Transcript(None, "SHA256:x")
        transcript.other("Your account has expired; please contact your system administrator.\n")
        transcript.log("".join(f"{line}\r\n" for line in lines))
        assert transcript.verdict(in_time=True).result is result


@pytest.mark.parametrize("methods", [("password",), ("keyboard-interactive",)], ids="+".join)
def test_an_expired_account(sshd: Sshd, client: Client, methods: tuple[str, ...]) -> None:
    sshd.behaviour.methods = methods
    sshd.behaviour.drop_after_password = "Your account has expired; please contact your system administrator.\n"
    assert client.password().result is LoginResult.EXPIRED


def test_a_locked_account_gets_no_attempt(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.methods = BOTH
    sshd.behaviour.instruction = "The account is locked due to 3 failed logins.\n(10 minutes left to unlock)"
    assert client.password().result is LoginResult.EXPIRED
    assert sshd.seen.attempts == 0


def test_dropped_after_the_password(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.drop_after_password = ""
    verdict = client.password()
    assert verdict.result is LoginResult.NETWORK
    assert "may refuse the account" in verdict.explanation


def test_only_keys(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.methods = ("publickey",)
    assert client.password().result is LoginResult.NOT_OFFERED
    assert sshd.seen.attempts == 0


def test_an_account_without_password(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.open_door = True
    assert client.password().result is LoginResult.NOT_OFFERED
    assert client.key(key).result is LoginResult.NOT_OFFERED


def test_a_new_host_key(sshd: Sshd, client: Client) -> None:
    sshd.new_host_key()
    assert client.password().result is LoginResult.HOST_KEY
    # Without the check the client refuses to send a password to such a host, and that is no refusal of the account.
    assert client.password(host_key_checking=False).result is LoginResult.HOST_KEY
    sshd.known_hosts()
    assert sshd.seen.attempts == 0
    assert client.password().result is LoginResult.OK


def test_an_unknown_host_key(sshd: Sshd, client: Client) -> None:
    client.known_hosts.write_text("")
    assert client.password().result is LoginResult.HOST_KEY
    assert client.password(PASSWORD, "-o", "StrictHostKeyChecking=ask").result is LoginResult.HOST_KEY
    assert sshd.seen.attempts == 0
    assert client.password(host_key_checking=False).result is LoginResult.OK


def test_settings_of_ansible_for_the_host_key(sshd: Sshd, client: Client) -> None:
    client.known_hosts.write_text("")
    assert client.password(PASSWORD, "-o", "StrictHostKeyChecking=no").result is LoginResult.OK


def test_a_setting_of_ssh_config_for_the_host_key_does_not_count(sshd: Sshd, client: Client) -> None:
    client.known_hosts.write_text("")
    client.config.write_text("StrictHostKeyChecking no\n")
    assert client.password().result is LoginResult.HOST_KEY


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_nobody_listens(client: Client) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        verdict = client.password(port=unused.getsockname()[1])
    assert verdict == Verdict(LoginResult.NETWORK, "the host refuses the connection")


def test_a_host_that_says_nothing(client: Client, silent_port: int) -> None:
    started = time.monotonic()
    # Each limit by itself, beside one that is far beyond what this test takes on a busy machine.
    assert client.password(port=silent_port, timeout=1, connect_timeout=3600).result is LoginResult.NETWORK
    assert client.password(port=silent_port, timeout=3600, connect_timeout=1).result is LoginResult.NETWORK
    assert time.monotonic() - started < 300


def test_a_slow_host(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.delay = 3
    verdict = client.password(timeout=1)
    assert verdict == Verdict(LoginResult.NETWORK, "the login took too long")
    assert client.password().result is LoginResult.OK


def test_a_host_that_drops(sshd: Sshd, client: Client) -> None:
    sshd.behaviour.drop_at_start = True
    assert client.password().result is LoginResult.NETWORK


def test_a_name_that_is_not_there(client: Client) -> None:
    verdict = client.password(address="no-such-host.invalid")
    assert verdict == Verdict(LoginResult.NETWORK, "the name of the host cannot be resolved")


def test_a_way_that_leads_nowhere(client: Client) -> None:
    verdict = client.password(PASSWORD, "-o", "ProxyCommand=false")
    assert verdict == Verdict(LoginResult.NETWORK, "the jump host or the proxy command gives no connection to the host")


def test_without_an_ssh_client(client: Client) -> None:
    with pytest.raises(ConfigError) as caught:
        client.password(executable="/no/such/ssh")
    assert "Install the OpenSSH client" in str(caught.value)


def test_options_that_ssh_does_not_know(client: Client) -> None:
    with pytest.raises(ConfigError) as caught:
        client.password(PASSWORD, "-o", "NoSuchOption=1")
    assert "ansible_ssh_common_args" in str(caught.value)
    client.config.write_text("NoSuchOption 1\n")
    with pytest.raises(ConfigError):
        client.password()


def test_user_settings_that_would_disturb(sshd: Sshd, client: Client, tmp_path: Path) -> None:
    sshd.behaviour.methods = BOTH
    client.config.write_text(
        "BatchMode yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPreferredAuthentications publickey\n"
        "RemoteCommand false\nRequestTTY force\nLogLevel QUIET\nNumberOfPasswordPrompts 5\nForwardAgent yes\n"
        f"ControlMaster auto\nControlPath {tmp_path}/control\nControlPersist 60\nLocalForward 1 127.0.0.1:2\n"
    )
    arguments = ("-vvv", "-q", "-A", "-tt", "-N", "-oControlMaster=auto", f"-oControlPath={tmp_path}/c", "-l", "bob")
    assert client.password(PASSWORD, *arguments).result is LoginResult.OK
    assert client.password(WRONG, *arguments).result is LoginResult.WRONG
    assert (sshd.seen.connections, sshd.seen.attempts) == (2, 2)
    assert not list(tmp_path.glob("c*l"))


def test_through_a_jump_host(sshd: Sshd, client: Client, key: keypair.KeyPair, tmp_path: Path) -> None:
    """The way of the guide's users: ProxyCommand. What asks on the way gets no password."""
    through = f"ProxyCommand={sys.executable} {tmp_path}/relay.py %h %p"
    (tmp_path / "relay.py").write_text(
        "import asyncio, os, sys\n"
        "if os.path.exists(__file__ + '.ask'):\n"
        "    with open('/dev/tty', 'r+b', buffering=0) as tty:\n"
        '        tty.write(b"alice@jump\'s password: ")\n'
        "        tty.read(1)\n"
        "    raise SystemExit\n"
        "async def main():\n"
        "    reader, writer = await asyncio.open_connection(sys.argv[1], sys.argv[2])\n"
        "    async def out():\n"
        "        while data := await reader.read(9999): os.write(1, data)\n"
        "    task = asyncio.ensure_future(out())\n"
        "    loop = asyncio.get_running_loop()\n"
        "    while data := await loop.run_in_executor(None, os.read, 0, 9999):\n"
        "        writer.write(data)\n"
        "asyncio.run(main())\n"
    )
    assert client.password(PASSWORD, "-o", through).result is LoginResult.OK
    assert client.password(WRONG, "-o", through).result is LoginResult.WRONG
    (tmp_path / "relay.py.ask").write_text("")
    sshd.seen.passwords.clear()
    verdict = client.password(PASSWORD, "-o", through)
    assert verdict.result is LoginResult.NETWORK
    assert "asks a question" in verdict.explanation
    assert sshd.seen.passwords == []


def kinds() -> dict[str, keypair.KeyPair]:
    return {
        "ed25519": keypair.generate("ed25519"),
        "ecdsa": keypair.generate("ecdsa"),
        "rsa": keypair.generate("rsa", bits=2048),
        "passphrase": keypair.generate("ed25519", passphrase="Pass phrase"),
    }


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa", "passphrase"])
def test_the_right_key(sshd: Sshd, client: Client, kind: str) -> None:
    key = kinds()[kind]
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey", *BOTH), (key.public_key,)
    assert client.key(key).result is LoginResult.OK
    assert set(sshd.seen.offered_keys) == {key.public_key}
    assert (sshd.seen.connections, sshd.seen.attempts) == (1, 0)


@pytest.mark.parametrize("length", [71, 72, 73, 76, 77, 80, 81, 200])
@pytest.mark.parametrize("long", [("run",), ("run", "TMPDIR")], ids="+".join)
def test_the_path_of_the_run_may_be_of_any_length(
    sshd: Sshd,
    client: Client,
    key: keypair.KeyPair,
    monkeypatch: pytest.MonkeyPatch,
    long: tuple[str, ...],
    length: int,
) -> None:
    """It has the home of the user and a process id in it, and an address of AF_UNIX 108 bytes on Linux, 104 on macOS."""
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey",), (key.public_key,)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        place = Path(folder, "r" * (length - len(folder) - 1))
        place.mkdir()
        assert len(str(place)) == length
        monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(place))
        if "TMPDIR" in long:
            monkeypatch.setattr(tempfile, "tempdir", str(place))
        with processes.key_files() as files:
            assert len(files.agent) <= 103
            assert files.agent.startswith(f"{place}/") == (length <= 72)
        assert client.key(key).result is LoginResult.OK
        assert list(place.iterdir()) == []


def test_a_key_that_is_refused(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.methods = ("publickey", *BOTH)
    assert client.key(key).result is LoginResult.WRONG
    assert sshd.seen.offered_keys == [key.public_key]
    assert (sshd.seen.connections, sshd.seen.attempts) == (1, 0)


def test_no_keys_wanted(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.methods = BOTH
    assert client.key(key).result is LoginResult.NOT_OFFERED


def test_a_key_for_one_command(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey",), (key.public_key,)
    sshd.behaviour.shell = ("rsync\n", 0)
    assert client.key(key).result is LoginResult.OK
    # The key is proved without a session: the command of its line did not run.
    assert sshd.seen.sessions == []


def test_a_key_with_line_ends_of_windows(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey",), (key.public_key,)
    odd = keypair.KeyPair(key.private_key.replace("\n", "\r\n").rstrip(), key.public_key)
    assert client.key(odd).result is LoginResult.OK


def test_no_key_of_ssh_config_logs_in_instead(sshd: Sshd, client: Client, key: keypair.KeyPair, tmp_path: Path) -> None:
    """The key that a rotation removes is often the one that ssh_config names."""
    other = keypair.generate()
    (tmp_path / "id_other").write_text(other.private_key)
    (tmp_path / "id_other").chmod(0o600)
    client.config.write_text(f"Host *\n  IdentityFile {tmp_path}/id_other\n  HostName 127.0.0.1\n  Port {sshd.port}\n")
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey", *BOTH), (other.public_key,)
    # Which of them is given by arguments does not matter either.
    for arguments in ((), ("-i", f"{tmp_path}/id_other"), ("-o", f"IdentityFile={tmp_path}/id_other")):
        assert client.key(key, *arguments).result is LoginResult.WRONG
    assert set(sshd.seen.offered_keys) == {key.public_key}
    sshd.behaviour.keys = (key.public_key,)
    assert client.key(key, address="alias", port=None).result is LoginResult.OK
    assert set(sshd.seen.offered_keys) == {key.public_key}


def test_an_unreadable_key(client: Client, key: keypair.KeyPair) -> None:
    locked = keypair.generate(passphrase="Pass phrase")
    for private, phrase in (("no key", None), (locked.private_key, "other"), (locked.private_key, None)):
        with pytest.raises(InvalidRequest):
            probe.by_key(client.target(), private, passphrase=phrase, timeout=TIMEOUT)


def test_in_a_forked_worker(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    """As Ansible's workers are: forked, and at the head of a session of their own."""
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey", *BOTH), (key.public_key,)
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.setsid()
            right = client.password().ok and client.key(key).ok and client.password(WRONG).result is LoginResult.WRONG
            status = 0 if right else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_no_process_and_no_file_holds_the_secret(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    sshd.behaviour.methods, sshd.behaviour.keys = ("publickey", "password"), (key.public_key,)
    sshd.behaviour.delay = 1
    needles = (PASSWORD.encode(), key.private_key.splitlines()[2][:40].encode())
    with ThreadPoolExecutor(1) as thread:
        for run in (client.password, functools.partial(client.key, key)):
            # On a busy machine a login is over after a few rounds.
            rounds = 0
            while rounds <= 3:
                running = thread.submit(run)
                while not running.done():
                    assert traces(needles, ["senhasegura-key-*/*"]) == []
                    rounds += 1
                assert running.result().ok


def test_nothing_survives_a_killed_worker(sshd: Sshd, client: Client, key: keypair.KeyPair) -> None:
    """Not even the agent: its terminal hangs up."""
    sshd.behaviour.methods, sshd.behaviour.delay = ("publickey",), 600
    pid = os.fork()
    if not pid:
        client.key(key)
        os._exit(0)
    deadline = time.monotonic() + 60
    while sshd.seen.connections == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    assert len(started) == 2

    def alive(child: str) -> bool:
        try:
            return "State:\tZ" not in Path(f"/proc/{child}/status").read_text()
        except OSError:
            return False

    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(alive, started))
    # What stays in the run's folder, which Ansible removes, is public.
    for folder in (constants.DEFAULT_LOCAL_TMP, tempfile.gettempdir()):
        for left in Path(folder).glob("senhasegura-key-*") if os.path.isdir(folder) else ():
            assert {path.name for path in left.iterdir()} <= {"key.pub", "agent"}
            shutil.rmtree(left)


@pytest.mark.parametrize(
    ("methods", "offers", "result"),
    [
        ("publickey,password", True, LoginResult.WRONG),
        # The agent that holds the key has not answered in time: nothing is known of the key.
        ("publickey,password", False, LoginResult.NETWORK),
        ("password", False, LoginResult.NOT_OFFERED),
    ],
)
def test_a_key_that_was_not_offered_is_not_taken_for_a_refused_one(
    methods: str, offers: bool, result: LoginResult
) -> None:
    transcript = Transcript(None, "SHA256:x")
    again = f"debug1: Authentications that can continue: {methods}\r\n"
    offer = f"debug1: Offering public key: /key ED25519 SHA256:x agent\r\n{again}" if offers else ""
    transcript.log(f"{again}{offer}app@192.0.2.1: Permission denied ({methods}).\r\n")
    assert transcript.verdict(in_time=True).result is result
