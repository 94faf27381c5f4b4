# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations of modules in the broker: what comes back, what the worker hears, and what happens when a broker is lost."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import keypair
from ansible_collections.community.senhasegura.plugins.module_utils.client.api import Api
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    LIST_CREDENTIALS,
    READ_SSH_KEY,
    RELEASE_CREDENTIAL,
    UPDATE_SSH_KEY,
    Operation,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConnectionFailed,
    NotFound,
    ResponseLost,
    SenhaseguraError,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    SshKey,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations import (
    credential,
    credential_info,
    credential_rotate,
    custody,
    onboarding,
    ssh_key_info,
    ssh_key_rotate,
)
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils import vault_action as module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import protocol
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import NotSent
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service
from ansible_collections.community.senhasegura.plugins.plugin_utils.plugin_options import validate
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.fake_api import FakeApi
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import (
    InProcess,
    Worker,
)

SETTINGS = Settings("https://pam", timeout=5.0)
WEB = CredentialInfo("1", "web-root", "root", "web01", "192.0.2.10", "Local User", True, "2026-01-01 00:00:00")
ACCOUNT = {"username": "svc", "hostname": "web01", "ip": "192.0.2.10", "identifier": "svc", "password": "new-secret"}
Lose = t.Callable[[], None]


class Lost(BaseException):
    """The broker is killed at this point."""


class Vault(FakeApi):
    """A server of which a call may be the end of the broker."""

    def __init__(self) -> None:
        super().__init__(entries=[WEB])
        # The call that the broker does not survive: before it reaches the server, or after it.
        self.before: set[str] = set()
        self.after: set[str] = set()

    def call(self, operation: Operation[t.Any], **more: t.Any) -> t.Any:
        if operation.name in self.before:
            self.before.remove(operation.name)
            raise Lost
        result = super().call(operation, **more)
        if operation.name in self.after:
            self.after.remove(operation.name)
            raise Lost
        return result

    def apply(self, operation: Operation[t.Any], ref: str, model: t.Any) -> t.Any:
        if operation == READ_SSH_KEY:
            return SshKey(ref, "private-secret", "ssh-ed25519 AAAA", "deploy", "deploy", hostname="web01")
        if operation == RELEASE_CREDENTIAL:
            self.entries[0] = CredentialInfo(*[*list(vars(WEB).values())[:7], "2026-02-02 00:00:00"])
        return super().apply(operation, ref, model)


class One(CachedApis):
    """All have the same server."""

    def __init__(self, vault: Vault) -> None:
        super().__init__()
        self.vault, self.ends = vault, []  # type: ignore[var-annotated]

    def api(self, settings: Settings, policy: CachePolicy, until: t.Any = lambda: math.inf) -> Api:
        self.ends.append(until)
        return self.vault


class Brokered(InProcess):
    """A connection to a broker of its own, in which the operation runs for real. It may be lost."""

    def __init__(self, vault: Vault) -> None:
        self.apis = One(vault)
        super().__init__(Service(self.apis, Files("", b"")).handler())

    def ask(self, request: protocol.Message, heard: t.Any = None) -> protocol.Message:
        try:
            return super().ask(request, heard)
        except Lost:
            raise EOFError from None


def run(
    operation: t.Any,
    vault: Vault,
    check_mode: bool = False,
    reached: t.Any = None,
    wrote: t.Callable[[t.Any], None] = lambda _result: None,
    **options: t.Any,
) -> t.Any:
    params = {**validate(options, operation.SPEC, operation.RULES), "on_ciphertext": "warn"}
    ways = iter(reached or [Brokered(vault) for _number in range(9)])
    policy = CachePolicy()
    return module.run_operation(operation, params, check_mode, SETTINGS, policy, lambda _until: next(ways), wrote)


@pytest.fixture
def vault() -> Vault:
    return Vault()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(module, "register", found.extend)
    return found


CASES: list[tuple[t.Any, dict[str, t.Any]]] = [
    (credential, ACCOUNT),
    (credential, {"identifier": "web-root", "state": "absent"}),
    (credential_info, {"include_ssh_keys": True}),
    (credential_rotate, {"credential": "web-root", "wait": False}),
    (custody, {"credential": "web-root", "allow_vault_rotation": True}),
]


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize(("operation", "options"), CASES)
def test_the_same_comes_back_with_and_without_a_broker(operation: t.Any, options: t.Any, check_mode: bool) -> None:
    through, alone = Vault(), Vault()
    result = run(operation, through, check_mode, **options)
    assert result == run(operation, alone, check_mode, [alone], **options)
    assert through.operations == alone.operations
    assert not check_mode or set(through.operations) <= {"credential.list"}


MANY = {
    "devices": [
        {"hostname": f"h{n}", "ip": "192.0.2.9", "type": "T", "vendor": "V", "model": "M", "site": "S"}
        for n in range(3)
    ],
    "credentials": [{"hostname": f"h{n}", "username": "root"} for n in range(3)],
}


@pytest.mark.parametrize("broker", [True, False])
def test_each_write_is_heard_of_while_the_operation_goes_on(vault: Vault, broker: bool) -> None:
    heard: list[t.Any] = []
    run(onboarding, vault, False, None if broker else [vault], heard.append, **MANY)
    assert heard == [Stored("77")] * 6
    run(credential_info, vault, False, None if broker else [vault], heard.append)
    assert len(heard) == 6


@pytest.mark.parametrize("next_one", ["broker", "alone"])
def test_a_lost_broker_does_not_count_a_write_twice(vault: Vault, next_one: str) -> None:
    heard: list[t.Any] = []
    vault.before = {"credential.create"}
    reached = [Brokered(vault), Brokered(vault) if next_one == "broker" else vault]
    result = run(onboarding, vault, False, reached, heard.append, **MANY)
    assert [one["name"] for one in result["failures"]] == ["root@h0"]
    assert len(heard) == 5
    assert vault.operations.count("device.create") == 3


def test_errors_come_back_as_they_are(vault: Vault) -> None:
    vault.error = NotFound("gone", hint="Look").with_context(subject="x")
    with pytest.raises(NotFound) as caught:
        run(credential_info, vault)
    assert caught.value.failure() == vault.error.failure()


@pytest.mark.parametrize("place", ["call", "operation"])
def test_an_unexpected_error_says_nothing_of_secrets(vault: Vault, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    if place == "call":
        vault.error = ValueError("my-secret")
    else:
        monkeypatch.setattr(credential_info, "passed", lambda *_arguments: 1 / 0)
    with pytest.raises(SenhaseguraError, match="unexpected (ValueError|ZeroDivisionError)") as caught:
        run(credential_info, vault)
    assert "my-secret" not in str(caught.value)


def test_secrets_are_registered_before_the_result_is_there(vault: Vault, registered: list[str]) -> None:
    vault.entries.append(CredentialInfo("3", "deploy", "deploy", "web01", "", SSH_KEY_TYPE))
    run(ssh_key_info, vault, identifier="deploy", include_key=True)
    assert "private-secret" in registered
    registered.clear()
    vault.answers["credential.release"] = SenhaseguraError("no")
    with pytest.raises(SenhaseguraError):
        run(credential_rotate, vault, credential="web-root")
    assert "pw-1" in registered


def test_what_is_sent_has_no_option_of_the_connection(vault: Vault) -> None:
    connection = Brokered(vault)
    run(credential_info, vault, reached=[connection], url="https://pam", client_secret="x")
    (request,) = connection.requests
    assert {"url", "client_secret", "timeout"}.isdisjoint(request["params"])
    assert request["params"]["on_ciphertext"] == "warn"


# --- a broker that is lost -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hears", [True, False])
def test_nothing_is_written_until_the_worker_has_heard_that_it_will_be(vault: Vault, hears: bool) -> None:
    """A worker that takes the broker for lost before it has read of the write has it done by another one."""
    ours, theirs = socket.socketpair()
    params = {**validate(dict(ACCOUNT), credential.SPEC, credential.RULES), "on_ciphertext": "warn"}
    until = time.monotonic() + 9
    settings, policy = SETTINGS.state(), CachePolicy().state()
    request = protocol.run(settings, policy, "credential", params, False, until=until, journal=[], interrupted=False)

    def serve() -> None:
        with theirs, contextlib.suppress(OSError, EOFError):
            Service(One(vault), Files("", b"")).serve(protocol.Channel(theirs, b"key", protocol.BROKER), theirs)

    broker = threading.Thread(target=serve, daemon=True)
    broker.start()
    channel = protocol.Channel(ours, b"key", protocol.WORKER)
    channel.send(protocol.dump(request))
    assert protocol.load(channel.receive())["writing"]
    broker.join(0.2)
    assert set(vault.operations) == {"credential.list"}
    if hears:
        channel.send(protocol.dump(protocol.HEARD))
        assert not protocol.load(channel.receive())["writing"]
    ours.close()
    broker.join(9)
    assert len({*vault.operations} - {"credential.list"}) == hears


def test_reads_are_repeated(vault: Vault) -> None:
    vault.after = {"credential.list"}
    connections = [Brokered(vault), Brokered(vault)]
    assert run(credential_info, vault, reached=connections)["credentials"] == [WEB.public()]
    assert connections[1].requests[0]["journal"] == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direct", [False, True])
def test_a_write_within_which_the_broker_is_lost_is_not_repeated(when: str, direct: bool) -> None:
    """The list says whether it was applied."""
    vault = Vault()
    setattr(vault, when, {"credential.create"})
    result = run(credential, vault, reached=[Brokered(vault), vault if direct else Brokered(vault)], **ACCOUNT)
    assert result["changed"]
    assert result["credential"]["id"] == "77"
    assert vault.operations.count("credential.create") == 1


def test_where_nothing_tells_whether_it_was_applied_the_task_fails(vault: Vault) -> None:
    vault.after = {"credential.update"}
    with pytest.raises(ResponseLost, match="was lost before it said whether the request was applied"):
        run(credential, vault, **{**ACCOUNT, "username": "root", "identifier": "web-root"}, update_password="always")
    assert vault.operations.count("credential.update") == 1


def test_after_a_write_it_goes_on(vault: Vault) -> None:
    """Neither custody nor the change is asked for twice."""

    class Waiting(Vault):
        def call(self, operation: Operation[t.Any], **more: t.Any) -> t.Any:
            if operation == LIST_CREDENTIALS and "credential.release" in self.operations:
                self.before = {operation.name} if not self.operations.count("lost") else set()
                self.operations += ["lost"] if self.before else []
            return super().call(operation, **more)

    vault = Waiting()
    result = run(credential_rotate, vault, credential="web-root", wait_timeout=5)
    assert result["credential"]["changed_at"] == "2026-02-02 00:00:00"
    assert vault.operations.count("lost") == 1
    assert vault.operations.count("credential.read") == vault.operations.count("credential.release") == 1


def test_a_key_pair_is_made_once(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeated operation must not take the pair that it has stored for somebody else's."""
    made: list[t.Any] = []
    generate = keypair.generate
    first = generate("ed25519")
    monkeypatch.setattr(keypair, "generate", lambda *a, **k: made.append(generate(*a, **k)) or made[-1])

    class Keys(Vault):
        stored: t.Any = None

        def apply(self, operation: Operation[t.Any], ref: str, model: t.Any) -> t.Any:
            if operation == UPDATE_SSH_KEY:
                self.stored = model
            if operation == READ_SSH_KEY:
                pair = self.stored or first
                return SshKey("3", pair.private_key, pair.public_key, "deploy", "deploy", hostname="web01")
            return super().apply(operation, ref, model)

        def call(self, operation: Operation[t.Any], **more: t.Any) -> t.Any:
            if operation == READ_SSH_KEY and self.stored and "lost" not in self.operations:
                self.operations.append("lost")
                self.before = {operation.name}
            return super().call(operation, **more)

    keys = Keys()
    keys.entries = [CredentialInfo("3", "deploy", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE, False)]
    result = run(ssh_key_rotate, keys, ssh_key="deploy", keep_previous=False)
    assert result["ssh_key"]["public_key"] == made[0].public_key
    assert (len(made), keys.operations.count("key.update"), keys.operations.count("lost")) == (1, 1, 1)


def test_a_request_that_was_not_sent_is_sent_again(vault: Vault) -> None:
    class Broken(Brokered):
        def ask(self, request: protocol.Message, heard: t.Any = None) -> t.Any:
            raise NotSent

    assert run(
        custody, vault, reached=[Broken(vault), Brokered(vault)], credential="web-root", allow_vault_rotation=True
    )["changed"]


def test_a_broker_that_always_hangs_up_ends_with_the_deadline(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Brokered):
        def ask(self, request: protocol.Message, heard: t.Any = None) -> t.Any:
            raise EOFError

    now = iter(range(100))
    monkeypatch.setattr(module, "time", type("Clock", (), {"monotonic": staticmethod(lambda: float(next(now)))}))
    with pytest.raises(ConnectionFailed, match="did not answer in time"):
        run(credential_info, vault, reached=[Broken(vault)] * 99)


@pytest.mark.parametrize(("calls", "sent"), [(0, []), (1, ["credential.list"])])
def test_nothing_is_sent_for_a_worker_that_is_gone(vault: Vault, calls: int, sent: list[str]) -> None:
    """By a broker that was stopped and goes on, when the task has failed already."""
    connection = Brokered(vault)
    run(custody, vault, reached=[connection], credential="web-root", allow_vault_rotation=True)
    vault.operations.clear()
    reply = connection.handler.reply(connection.requests[0], Worker(gone_after=calls))
    assert "the task has ended" in reply["failure"]["fields"]["message"]
    assert vault.operations == sent


def test_each_call_has_a_deadline_and_the_first_that_of_the_way_to_the_broker(vault: Vault) -> None:
    connection, before = Brokered(vault), time.monotonic()
    run(credential_info, vault, reached=[connection])
    (until,) = connection.apis.ends
    assert before + 4.9 < connection.requests[0]["until"] <= time.monotonic() + 5
    # The table of this test does not ask for it.
    assert until() == connection.requests[0]["until"]
    assert until() > connection.requests[0]["until"]
