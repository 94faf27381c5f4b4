# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The caches that a run shares, with a scripted server and a clock that moves only when somebody sleeps."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    CREATE_CREDENTIAL,
    CREATE_SECRET,
    DELETE_SESSION,
    DISABLE_CREDENTIAL,
    LIST_CREDENTIALS,
    LIST_SECRETS,
    READ_APPLICATION,
    READ_CREDENTIAL,
    READ_SESSION,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecretWrite
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConnectionFailed,
    InvalidRequest,
    SenhaseguraError,
    ServerBusy,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import CredentialWrite
from ansible_collections.community.senhasegura.plugins.module_utils.transport.deadline import Deadline
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import cache as module
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import cached_apis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import ServerCache
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.shared_transport import SharedTransport
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CANARY,
    FakeTime,
    Scripted,
    answer,
    entry,
    failure,
    settings,
    success,
    token_answer,
)

LIST = success(credentials=[entry(7, "web-root"), entry(8, "db-app")])


def read(number: int, password: str = "pw-Example-1") -> Any:
    return success(credential={"id": str(number), "password": password})


class Setup:
    """A transport that is shared, over a server that answers what the test says."""

    def __init__(self, timeout: float, *replies: Any) -> None:
        self.time = FakeTime()
        self.server = Scripted({"GET /x": list(replies)})
        self.shared = SharedTransport(self.server, self.time.clock, self.time.sleep, timeout)
        self.timeout = timeout

    def send(self, timeout: float | None = None) -> int:
        deadline = Deadline(timeout or self.timeout, self.time.clock)
        return self.shared.send("GET", "/x", deadline=deadline, headers={}).status


@pytest.mark.parametrize(("timeout", "longest"), [(30.0, 10.0), (300.0, 10.0), (6.0, 2.0)])
@pytest.mark.parametrize("after", ["86400", "301", "9999999"])
def test_a_pause_that_nobody_can_wait_for_is_short_for_the_others(timeout: float, longest: float, after: str) -> None:
    """All others waited their whole time-out, and were told that the server cannot be reached."""
    setup = Setup(timeout, answer({}, 503, retry_after=after), answer({}))
    assert setup.send() == 503
    assert [setup.send() for _host in range(5)] == [200] * 5
    assert setup.time.slept == [longest]


def test_a_pause_that_one_can_wait_for_is_kept_by_all() -> None:
    setup = Setup(30.0, answer({}, 429, retry_after="20"), answer({}))
    assert setup.send() == 429
    assert setup.send() == 200
    assert setup.time.slept == [20.0]


@pytest.mark.parametrize("status", [429, 503])
def test_who_cannot_wait_for_the_pause_hears_of_it_at_once(status: int) -> None:
    setup = Setup(30.0, answer({}, status, retry_after="20"), answer({}))
    setup.send()
    with pytest.raises(ServerBusy) as caught:
        setup.send(timeout=15.0)
    assert caught.value.retry_after == 20.0
    assert caught.value.context.status == status
    assert setup.time.slept == []
    assert len(setup.server.sent) == 1


def test_a_pause_takes_no_connection() -> None:
    """Four that waited for it kept the others from hearing of it."""
    setup = Setup(30.0, answer({}, 429, retry_after="20"), answer({}))
    setup.send()
    waiting, go_on = threading.Semaphore(0), threading.Event()

    def sleep(seconds: float) -> None:
        waiting.release()
        go_on.wait(10)
        setup.time.now = 2000.0

    setup.shared._sleep = sleep
    threads = [threading.Thread(target=setup.send) for _host in range(20)]
    for thread in threads:
        thread.start()
    for _thread in threads:
        # All of them get so far.
        assert waiting.acquire(timeout=10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(setup.server.sent) == 21


def test_a_hundred_hosts_survive_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """503 for a while: 69 of 100 hosts failed."""
    back = time.monotonic() + 1.5
    replies = {
        f"GET /api/pam/credential/{number}": (
            lambda request: read(int(request.path.rpartition("/")[2])) if time.monotonic() >= back else answer({}, 503)
        )
        for number in range(100)
    }
    cache = ServerCache(settings(timeout=30.0, retries=None), transport=Scripted(replies))
    results: list[Any] = []

    def work(number: int) -> None:
        try:
            results.append(cache.call(READ_CREDENTIAL, policy=CachePolicy(), ref=str(number)).id)
        except SenhaseguraError as exc:
            results.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert sorted(results, key=str) == sorted(map(str, range(100)))


def test_a_call_has_one_deadline_with_its_login() -> None:
    """Finding the dialect out had a deadline of its own."""
    clock, left = FakeTime(), []

    def slow(_request: Any) -> Any:
        clock.now += 20
        return token_answer()

    class Watched(Scripted):
        def send(self, method: str, path: str, *, deadline: Deadline, **details: Any) -> Any:
            left.append(round(deadline.remaining()))
            return super().send(method, path, deadline=deadline, **details)

    server = Watched({"GET /api/pam/credential": LIST}, token=slow)
    cache = ServerCache(settings(timeout=30.0, dialect="auto"), transport=server, clock=clock.clock)
    cache.call(LIST_CREDENTIALS, policy=CachePolicy())
    assert left == [30, 10]


@pytest.mark.parametrize("names", [("root@web01", "7"), ("7", "root@web01")])
def test_custody_of_a_credential_is_taken_once_whatever_it_is_called(names: tuple[str, str]) -> None:
    """By its id and by username@hostname, it was read twice."""
    reply = success(credential={"id": "7", "password": "pw-1", "username": "root", "hostname": "web01"})
    server = Scripted(
        {f"GET /api/pam/credential/{name}": reply for name in (*names, "root%40web01")}
        | {"GET /api/pam/credential/8": read(8)}
    )
    cache = ServerCache(settings(), transport=server)

    def ask(name: str, **policy: Any) -> str:
        return str(cache.call(READ_CREDENTIAL, policy=CachePolicy(**policy), ref=name).id)

    assert [ask(name) for name in (*names, *names, "8")] == ["7", "7", "7", "7", "8"]
    assert server.count("GET", "credential/") == 2
    # Who wants it fresh gets it fresh.
    ask(names[1], fresh=True)
    assert server.count("GET", "credential/") == 3


def test_custody_is_taken_once_by_two_names_at_once() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(_request: Any) -> Any:
        started.set()
        go_on.wait(10)
        return success(credential={"id": "7", "password": "pw-1", "username": "root", "hostname": "web01"})

    server = Scripted({f"GET /api/pam/credential/{name}": slow for name in ("7", "root@web01", "root%40web01")})
    cache = ServerCache(settings(), transport=server)
    found: list[str] = []
    threads = [
        threading.Thread(
            target=lambda n=name: found.append(cache.call(READ_CREDENTIAL, policy=CachePolicy(), ref=n).id)
        )
        for name in ("7", "root@web01", "7", "root@web01")
    ]
    threads[0].start()
    assert started.wait(10)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert found == ["7"] * 4
    assert server.count("GET", "credential/") == 1


def test_no_write_is_sent_again_when_the_task_is_over() -> None:
    clock = FakeTime()
    server = Scripted({"POST /api/pam/credential": answer({}, 429)})
    cache = ServerCache(settings(timeout=30.0, retries=None), transport=server, clock=clock.clock)
    cache.direct._attempts._sleep = clock.sleep
    start = clock.now
    with pytest.raises(ServerBusy):
        cache.call(
            CREATE_CREDENTIAL,
            policy=CachePolicy(not_after=start + 2),
            model=CredentialWrite("u", "h", "1", password="pw-1"),
        )
    assert clock.now - start < 2


def cached(monkeypatch: pytest.MonkeyPatch, replies: dict[str, Any]) -> tuple[CachedApis, Scripted]:
    server = Scripted(replies)
    monkeypatch.setattr(module, "Transport", lambda _settings: server)
    return CachedApis(), server


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("how", ["sent", "received", "login"])
def test_what_the_run_has_seen_is_not_quoted_by_any_later_text(
    monkeypatch: pytest.MonkeyPatch, same: bool, how: str
) -> None:
    """Also of another task, and of another client of the server."""
    replies = {
        "GET /api/pam/credential/7": read(7, CANARY),
        "POST /api/pam/credential": success(credential={"id": "7"}),
        "GET /api/pam/credential": failure(None, f"Last was {CANARY} and xx{CANARY[:14]}."),
    }
    run, _server = cached(monkeypatch, replies)
    first = settings(client_secret=CANARY) if how == "login" else settings()
    one = run.api(first, CachePolicy())
    if how == "sent":
        one.call(CREATE_CREDENTIAL, model=CredentialWrite("u", "h", "1", password=CANARY))
    elif how == "received":
        one.call(READ_CREDENTIAL, ref="7")
    two = run.api(first if same else settings(client_id="another"), CachePolicy(ttl=1.0))
    with pytest.raises(InvalidRequest, match="Last was ") as caught:
        two.call(LIST_CREDENTIALS)
    assert CANARY[:8] not in f"{caught.value} {caught.value.failure()}"


def test_a_dead_server_does_not_keep_the_broker_for_hours_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime()
    replies: dict[str, Any] = {f"GET /api/pam/credential/{n}": read(n) for n in range(100)}
    server = Scripted({**replies, "GET /api/pam/credential": LIST})
    cache = ServerCache(settings(timeout=30.0, retries=None), transport=server, clock=clock.clock)
    cache.direct._attempts._sleep = clock.sleep
    for number in range(100):
        cache.call(READ_CREDENTIAL, policy=CachePolicy(release_at_end=True), ref=str(number))
    for number in range(100):
        server.on(f"DELETE /api/pam/credential/custody/{number}", ConnectionFailed("gone"))
    start = clock.now
    problems = cached_apis.release_all(cache)
    assert len(problems) == 100
    assert all("gone" in problem for problem in problems)
    assert clock.now - start < 30 + 100 * cached_apis._SHORT_TIMEOUT


def shop(*names: str, version: int = 1) -> dict[str, Any]:
    """An application with these secrets."""
    items = [{"identity": name, "version": str(version), "data": [{"V": f"{name}-{version}"}]} for name in names]
    return success(application={"name": "shop", "secrets": items})


def listed(cache: ServerCache) -> dict[str, Any]:
    return {secret.identifier: secret.data for secret in cache.call(LIST_SECRETS, policy=CachePolicy(ttl=5.0))}


def test_what_a_write_shows_spares_the_next_list_of_secrets() -> None:
    time = FakeTime()
    server = Scripted({"GET /iso/dapp/application": shop("a")})
    cache = ServerCache(settings(), transport=server, clock=time.clock)
    listed(cache)
    names = ["a"]
    for number in range(200):
        time.now += 1.0
        names.append(f"s{number}")
        server.on("POST /iso/sctm/secret", shop(*names))
        cache.call(CREATE_SECRET, policy=CachePolicy(), ref=names[-1], model=DsmSecretWrite(names[-1]))
        assert list(listed(cache)) == names
    assert server.count("GET", "/iso/dapp/application") == 1
    # The application names its secrets, and so it is read again.
    application = cache.call(READ_APPLICATION, policy=CachePolicy())
    assert application.secrets == ("a",)
    server.on("GET /iso/dapp/application", shop(*names))
    assert cache.call(READ_APPLICATION, policy=CachePolicy()) is application
    cache.call(CREATE_SECRET, policy=CachePolicy(), ref="a", model=DsmSecretWrite("a"))
    assert len(cache.call(READ_APPLICATION, policy=CachePolicy()).secrets) == 201
    server.on("GET /iso/dapp/application", shop("a"))
    server.sent.clear()
    # Only a part is shown: the rest gets older.
    server.on("POST /iso/sctm/secret", shop("a", version=2))
    cache.call(CREATE_SECRET, policy=CachePolicy(), ref="a", model=DsmSecretWrite("a"))
    assert listed(cache)["a"] == ({"V": "a-2"},)
    time.now += 6.0
    assert list(listed(cache)) == ["a"]
    assert server.count("GET", "/iso/dapp/application") == 1
    # Nothing is shown, or nobody knows whether it was applied.
    for reply in (success(), answer({}, 502)):
        server.on("POST /iso/sctm/secret", reply)
        with contextlib.suppress(ServerBusy):
            cache.call(CREATE_SECRET, policy=CachePolicy(), ref="a", model=DsmSecretWrite("a"))
        listed(cache)
    assert server.count("GET", "/iso/dapp/application") == 3


def test_what_is_written_by_another_name_is_read_again() -> None:
    """A session is terminated by its hash, and read by its id; it has ended for the next task of the run."""
    session = {"id": "53", "session_id": "aa11", "device": "web01:22"}
    server = Scripted(
        {
            "GET /api/pam/session/remotesessions/53": [
                success(remote_session=[{**session, "end": end}]) for end in (None, "2026-11-24 17:00:00")
            ],
            "DELETE /api/pam/session/drop/aa11": success(),
            "DELETE /api/pam/credential/aa11": success(),
        }
    )
    cache = ServerCache(settings(), transport=server)

    def running() -> bool:
        return cache.call(READ_SESSION, policy=CachePolicy(), ref="53").running

    assert [running(), running()] == [True, True]
    # Of another area.
    cache.call(DISABLE_CREDENTIAL, policy=CachePolicy(), ref="aa11")
    assert running()
    cache.call(DELETE_SESSION, policy=CachePolicy(), ref="aa11")
    assert not running()
    assert server.count("GET", "/remotesessions/") == 2
