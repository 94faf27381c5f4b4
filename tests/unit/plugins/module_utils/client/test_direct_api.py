# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The session: one login, one renewal, the dialect, retries; with a scripted server and a clock that stands still."""

from __future__ import annotations

import base64
import contextlib
import copy
import datetime
import email.utils
import re
import threading
import time
import types
import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils import dsm_models, dsm_secrets, models
from ansible_collections.community.senhasegura.plugins.module_utils.client import auth, hints
from ansible_collections.community.senhasegura.plugins.module_utils.client import direct_api as module
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import AUTO_ORDER, DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    CREATE_CREDENTIAL,
    CREATE_SECRET,
    CREATE_SSH_KEY,
    LIST_CREDENTIALS,
    LIST_SECRETS,
    READ_CREDENTIAL,
    RELEASE_CREDENTIAL,
    ROTATE_CREDENTIAL,
    UPDATE_CREDENTIAL,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    ConnectionFailed,
    ConnectionsBusy,
    Context,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    ResponseLost,
    SenhaseguraError,
    ServerBusy,
    ServerFailed,
    TokenRefused,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.redaction import KnownSecrets
from ansible_collections.community.senhasegura.plugins.module_utils.settings import settings as settings_module
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CANARY,
    CLIENT_ID,
    CLIENT_SECRET,
    NO_ROUTE,
    OAUTH1,
    FakeTime,
    Scripted,
    Sent,
    answer,
    entry,
    failure,
    settings,
    success,
    token_answer,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_hostile_names import write_model

LIST = success(credentials=[entry(7, "web-root")])
READ = success(credential={"id": "7", "identifier": "web-root", "password": "pw-Example-1"})
STORED = success(status=201, credential={"id": "7", "identifier": "web-root"})
WRITE = models.CredentialWrite("root", "web01", "192.0.2.10", identifier="web-root", password="pw-Example-2")
REFUSED = answer({"error": "invalid_client", "message": "Client authentication failed"}, 401)
EXPIRED = failure(None, "Unauthorized", 401)
REPLIES = {
    "GET /api/pam/credential": LIST,
    "GET /api/pam/credential/7": READ,
    "POST /api/pam/credential": STORED,
    "GET /iso/dapp/application": success(application={"secrets": []}),
}


class Setup(t.NamedTuple):
    session: DirectApi
    server: Scripted
    time: FakeTime


def setup(replies: dict[str, t.Any] | None = None, *, token: t.Any = None, **changes: t.Any) -> Setup:
    server, clock = Scripted(REPLIES if replies is None else replies, token=token), FakeTime()
    session = DirectApi(settings(**changes), transport=server, clock=clock.clock, sleep=clock.sleep)
    return Setup(session, server, clock)


def together(count: int, work: t.Callable[[int], t.Any]) -> list[t.Any]:
    """Run ``work`` in so many threads, started at the same moment; what each returned or raised."""
    results: list[t.Any] = [None] * count
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        try:
            results[number] = work(number)
        except SenhaseguraError as exc:
            results[number] = exc

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


# --- the token -------------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_it_is_needed() -> None:
    assert setup().server.sent == []
    DirectApi(settings())  # nor is a server needed to make one


def test_one_token_for_many_calls() -> None:
    session, server, _time = setup()
    for _again in range(10):
        session.call(LIST_CREDENTIALS)
        session.call(READ_CREDENTIAL, ref="7")
        session.call(UPDATE_CREDENTIAL, ref="7", model=WRITE)
    assert server.logins == 1
    assert {r.headers["Authorization"] for r in server.sent[1:]} == {"Bearer eyTokenQ1w2E3r4T5y6"}


@pytest.mark.parametrize(
    ("expires_in", "usable"),
    [
        (3600, 2880), (100, 80), (1, 0.8), (604800, 483840),
        (None, 48), (0, 48), (-5, 48), ("3600", 2880), ("x", 48), (3600.0, 48), (True, 48), (604801, 48), (10**12, 48), ([], 48),
    ],
)  # fmt: skip
def test_the_token_is_renewed_after_four_fifths_of_its_life_time(expires_in: t.Any, usable: float) -> None:
    session, server, clock = setup(token=token_answer(expires_in=expires_in))
    session.call(LIST_CREDENTIALS)
    clock.now += usable - 0.01
    session.call(LIST_CREDENTIALS)
    assert server.logins == 1
    clock.now += 0.02
    session.call(LIST_CREDENTIALS)
    assert server.logins == 2


def test_the_wall_clock_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    session, server, _time = setup()
    for year in (-1, 0, 1):
        monkeypatch.setattr(module.time, "time", lambda y=year: 1.79e9 + y * 365 * 86400)
        session.call(LIST_CREDENTIALS)
    assert server.logins == 1


@pytest.mark.parametrize("operation", ["credential.list", "credential.read", "credential.update"])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(operation: str) -> None:
    session, server, clock = setup(token=[token_answer("first"), token_answer("second")])
    session.call(LIST_CREDENTIALS)
    for place in REPLIES:
        server.on(place, [EXPIRED, REPLIES[place]])
    model = WRITE if operation.endswith("update") else None
    assert session.call(named(operation), ref="7", model=model)
    assert server.logins == 2
    assert [r.headers["Authorization"] for r in server.sent[-1:]] == ["Bearer second"]
    assert server.sent[-3].body == server.sent[-1].body
    assert clock.slept == []


def test_a_second_refusal_fails() -> None:
    session, server, _time = setup({"GET /api/pam/credential": EXPIRED}, retries=3)
    with pytest.raises(TokenRefused) as caught:
        session.call(LIST_CREDENTIALS, subject="all credentials")
    assert len(server.lines) == 2
    assert server.logins == 2
    assert caught.value.context.subject == "all credentials"
    # The second token is not used either.
    server.on("GET /api/pam/credential", LIST)
    session.call(LIST_CREDENTIALS)
    assert server.logins == 3


def test_threads_with_an_expired_token_renew_it_once() -> None:
    session, server, _time = setup(token=[token_answer("first"), token_answer("second")])
    session.call(LIST_CREDENTIALS)

    def judge(request: Sent) -> t.Any:
        time.sleep(0.005)
        return EXPIRED if request.headers["Authorization"] == "Bearer first" else LIST

    server.on("GET /api/pam/credential", judge)
    results = together(30, lambda number: session.call(LIST_CREDENTIALS))
    assert all(len(result) == 1 for result in results)
    assert server.logins == 2


@pytest.mark.parametrize("dialect", ["auto", "api"])
def test_a_hundred_threads_log_in_once(dialect: str) -> None:
    def slow(request: Sent) -> t.Any:
        time.sleep(0.1)
        return token_answer()

    session, server, _time = setup(token=slow, dialect=dialect)
    results = together(100, lambda number: session.call(LIST_CREDENTIALS))
    assert all(len(result) == 1 for result in results)
    assert server.logins == 1


# --- failed logins ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("dialect", ["auto", "api", "iso", "rest"])
def test_a_refused_login_is_not_repeated_for_thirty_seconds(status: int, dialect: str) -> None:
    session, server, clock = setup(token=answer({"error": "invalid_client"}, status), dialect=dialect, retries=3)
    for seconds in (0, 1, 28.9):
        clock.now += seconds
        with pytest.raises(AuthenticationFailed):
            session.call(LIST_CREDENTIALS)
    assert server.logins == 1
    clock.now += 0.2
    with pytest.raises(AuthenticationFailed):
        session.call(LIST_CREDENTIALS)
    assert server.logins == 2
    server.on("POST /api/oauth2/token", token_answer())
    server.on("POST /iso/oauth2/token", token_answer())
    clock.now += 31
    assert session.dialect()


def test_a_hundred_threads_with_a_wrong_secret_try_it_once() -> None:
    session, server, _time = setup(token=REFUSED)
    results = together(100, lambda number: session.call(LIST_CREDENTIALS, subject=f"credential {number}"))
    assert {type(result) for result in results} == {AuthenticationFailed}
    assert server.logins == 1
    # Each error speaks of its own credential.
    assert [result.context.subject for result in results] == [f"credential {number}" for number in range(100)]


def test_a_remembered_refusal_says_what_the_first_one_said() -> None:
    session, _server, _time = setup(token=REFUSED)
    errors = []
    for name in ("one", "two"):
        with pytest.raises(AuthenticationFailed) as caught:
            session.call(READ_CREDENTIAL, ref="7", subject=name)
        errors.append(caught.value)
    first, second = (error.failure() for error in errors)
    assert (first.pop("subject"), second.pop("subject")) == ("one", "two")
    assert first == second
    assert first["endpoint"] == "POST /api/oauth2/token"
    assert first["status"] == 401


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("dialect", ["auto", "api"])
def test_a_busy_login_is_repeated_as_often_as_retries_say(status: int, dialect: str) -> None:
    session, server, clock = setup(token=answer({}, status), dialect=dialect, retries=3, timeout=100)
    with pytest.raises(ServerBusy) as caught:
        session.call(LIST_CREDENTIALS)
    assert server.logins == 4
    assert len(clock.slept) == 3
    assert caught.value.context.operation == "token"
    server.on("POST /api/oauth2/token", token_answer())
    assert session.call(LIST_CREDENTIALS)


@pytest.mark.parametrize("error", [ConnectionFailed("x", hint="y"), ResponseLost("x", hint="y")])
@pytest.mark.parametrize("operation", ["credential.list", "credential.update"])
def test_an_unreachable_server_is_tried_as_often_as_retries_say(error: SenhaseguraError, operation: str) -> None:
    """Logging in has retries of its own, and those of the call do not multiply them."""
    session, server, _time = setup(token=error, retries=3, timeout=100)
    with pytest.raises(type(error)):
        session.call(named(operation), ref="7", model=WRITE if operation.endswith("update") else None)
    assert server.logins == 4
    assert server.lines == []


# --- the dialect -----------------------------------------------------------------------------------------------------

SUB_NOT_FOUND = failure(None, "Resource sub not found", 404)
HTML_404 = answer(None, 404, body=b"<html>", content_type="text/html")
ISO = {place.replace("/api/", "/iso/"): reply for place, reply in REPLIES.items()}
NO_API = {"POST /api/oauth2/token": NO_ROUTE}


def test_auto_finds_api() -> None:
    session, server, _time = setup(dialect="auto")
    assert session.call(LIST_CREDENTIALS)
    assert session.dialect().name == "api"
    assert [r.path for r in server.sent] == ["/api/oauth2/token", "/api/pam/credential"]


@pytest.mark.parametrize("reply", [NO_ROUTE, SUB_NOT_FOUND, HTML_404])
def test_auto_finds_iso_by_the_token(reply: t.Any) -> None:
    session, server, clock = setup({**ISO, "POST /api/oauth2/token": reply}, dialect="auto")
    assert session.call(LIST_CREDENTIALS)
    assert session.dialect().name == "iso"
    clock.now += 3000
    session.call(LIST_CREDENTIALS)
    assert [r.path for r in server.sent] == [
        "/api/oauth2/token", "/iso/oauth2/token", "/iso/pam/credential", "/iso/oauth2/token", "/iso/pam/credential",
    ]  # fmt: skip


@pytest.mark.parametrize("reply", [NO_ROUTE, SUB_NOT_FOUND, HTML_404])
@pytest.mark.parametrize("operation", ["credential.list", "credential.update"])
def test_auto_finds_iso_by_the_first_call(reply: t.Any, operation: str) -> None:
    """3.32 has /api for the tokens of MySafe."""
    method, path = ("GET", "/pam/credential") if operation.endswith("list") else ("POST", "/pam/credential")
    session, server, clock = setup({**ISO, f"{method} /api{path}": reply}, dialect="auto")
    model = WRITE if operation.endswith("update") else None
    assert session.call(named(operation), ref="7", model=model)
    assert session.dialect().name == "iso"
    assert [r.path for r in server.sent] == ["/api/oauth2/token", f"/api{path}", f"/iso{path}"]
    clock.now += 3000
    session.call(named(operation), ref="7", model=model)
    assert [r.path for r in server.sent[3:]] == ["/iso/oauth2/token", f"/iso{path}"]


def test_auto_never_finds_rest_and_tries_each_form_once() -> None:
    session, server, _time = setup({**NO_API, "POST /iso/oauth2/token": NO_ROUTE}, dialect="auto", retries=3)
    with pytest.raises(NoRoute, match="neither form") as caught:
        session.call(LIST_CREDENTIALS)
    assert [r.path for r in server.sent] == ["/api/oauth2/token", "/iso/oauth2/token"]
    assert "url" in caught.value.hint
    assert AUTO_ORDER == ("api", "iso")


def test_a_dialect_that_was_found_is_kept() -> None:
    session, server, _time = setup(dialect="auto")
    session.call(LIST_CREDENTIALS)
    server.on("GET /api/pam/credential", NO_ROUTE)
    with pytest.raises(NoRoute, match="3.33"):
        session.call(LIST_CREDENTIALS)
    assert not [r for r in server.sent if r.path.startswith("/iso/pam")]


def test_dsm_says_nothing_about_the_dialect() -> None:
    session, server, _time = setup({**ISO, "GET /iso/dapp/application": NO_ROUTE}, dialect="auto")
    with pytest.raises(NoRoute):
        session.call(LIST_SECRETS)
    assert session.dialect().name == "api"
    assert session.call(LIST_CREDENTIALS)
    assert session.dialect().name == "iso"
    assert server.logins == 1


def test_a_missing_object_says_nothing_about_the_dialect() -> None:
    session, _server, _time = setup({**ISO, "GET /api/pam/credential": failure(1007)}, dialect="auto")
    with pytest.raises(NotFound):
        session.call(LIST_CREDENTIALS)
    assert session.dialect().name == "api"


@pytest.mark.parametrize(
    ("dialect", "hint"), [("api", "dialect to auto"), ("iso", "dialect .*api.*rest"), ("rest", "dialect to auto")]
)
@pytest.mark.parametrize("where", ["token", "call"])
def test_a_named_dialect_is_not_left_and_the_error_says_what_to_set(dialect: str, hint: str, where: str) -> None:
    paths = {"POST /api/oauth2/token": NO_ROUTE, "POST /iso/oauth2/token": NO_ROUTE} if where == "token" else {}
    session, server, _time = setup(paths, dialect=dialect)
    with pytest.raises(NoRoute, match=hint):
        session.call(LIST_CREDENTIALS)
    assert len(server.sent) == (1 if where == "token" else 2)


def test_a_rest_client_of_a_vendor_server_is_told_so() -> None:
    """There the path exists, but the answer looks different."""
    session, _server, _time = setup(dialect="rest")
    with pytest.raises(UnexpectedResponse, match="set dialect to auto"):
        session.call(LIST_CREDENTIALS)


def test_a_hint_of_the_decoder_is_kept_in_rest() -> None:
    empty = answer({"response": {"status": 200, "credential": {"id": "7", "password": ""}}})
    session, _server, _time = setup({"GET /iso/coe/senha": empty}, dialect="rest")
    credential = session.call(READ_CREDENTIAL, ref="7")
    assert "does not have a password" in credential.unreadable["password"].message
    assert "Check in the console" in credential.unreadable["password"].hint


def test_threads_that_guess_end_with_one_dialect() -> None:
    def slow(request: Sent) -> t.Any:
        time.sleep(0.01)
        return NO_ROUTE

    session, server, _time = setup({**ISO, "GET /api/pam/credential": slow}, dialect="auto")
    results = together(30, lambda number: session.call(LIST_CREDENTIALS))
    assert all(isinstance(result, tuple) for result in results), results
    assert session.dialect().name == "iso"
    assert server.logins == 1


def test_unsupported_is_said_before_anything_is_sent() -> None:
    session, server, _time = setup(dialect="api")
    with pytest.raises(Unsupported, match="has no call for credential.rotate") as caught:
        session.call(ROTATE_CREDENTIAL, ref="7", subject="credential x")
    assert caught.value.context.subject == "credential x"
    with pytest.raises(Unsupported, match="cannot write automatic_change, rotation_days"):
        key = models.SshKeyWrite("i", "u", "h", "1", "k", "p", automatic_change=True, rotation_days=1)
        session.call(CREATE_SSH_KEY, model=key)
    assert server.sent == []


# --- retries ---------------------------------------------------------------------------------------------------------

PASSING = [ConnectionFailed("x", hint="y"), ResponseLost("x", hint="y"), *(answer({}, s) for s in (429, 502, 503, 504))]


def kind_of(reply: t.Any) -> type[SenhaseguraError]:
    return type(reply) if isinstance(reply, Exception) else ServerBusy


@pytest.mark.parametrize("reply", PASSING, ids=["refused", "lost", "429", "502", "503", "504"])
@pytest.mark.parametrize("retries", [0, 1, 3])
def test_reads_are_repeated(reply: t.Any, retries: int) -> None:
    session, server, clock = setup({"GET /api/pam/credential": reply}, retries=retries, timeout=1000)
    with pytest.raises(kind_of(reply)):
        session.call(LIST_CREDENTIALS)
    assert len(server.lines) == retries + 1
    assert len(clock.slept) == retries
    server.on("GET /api/pam/credential", [reply] * retries + [LIST])
    assert session.call(LIST_CREDENTIALS)


@pytest.mark.parametrize(
    ("reply", "repeated"), list(zip(PASSING, [True, False, True, False, False, False], strict=True)),
    ids=["refused", "lost", "429", "502", "503", "504"],
)  # fmt: skip
@pytest.mark.parametrize("operation", ["credential.create", "credential.update"])
def test_writes_are_repeated_only_if_they_were_not_applied(reply: t.Any, repeated: bool, operation: str) -> None:
    session, server, _time = setup({"POST /api/pam/credential": reply}, retries=2, timeout=1000)
    with pytest.raises(kind_of(reply)):
        session.call(named(operation), ref="7", model=WRITE)
    assert len(server.lines) == (3 if repeated else 1)


@pytest.mark.parametrize(
    "reply", [answer({}, s) for s in (400, 403, 404, 418, 500, 501)] + [failure(1009), failure(1007)]
)
def test_answers_are_not_repeated(reply: t.Any) -> None:
    session, server, clock = setup({"GET /api/pam/credential": reply}, retries=3)
    with pytest.raises((InvalidRequest, Denied, NotFound, NoRoute, ServerFailed)):
        session.call(LIST_CREDENTIALS)
    assert len(server.lines) == 1
    assert clock.slept == []


@pytest.mark.parametrize(
    ("value", "least"),
    [("2", 2.0), ("0", 0.1), ("-3", 0.1), ("soon", 0.1), ("9" * 30, 0.1), (None, 0.1), ("date", 3.0)],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(value: str | None, least: float, status: int) -> None:
    if value == "date":
        value = email.utils.format_datetime(
            datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=5), usegmt=True
        )
    busy = answer({}, status, **({"retry_after": value} if value else {}))
    session, server, clock = setup({"GET /api/pam/credential": [busy, LIST]}, retries=1, timeout=60)
    session.call(LIST_CREDENTIALS)
    (slept,) = clock.slept
    assert least <= slept <= max(5.0, least + 0.3)
    assert len(server.lines) == 2


def test_a_pause_beyond_the_deadline_ends_at_once() -> None:
    busy = answer({}, 429, retry_after="61")
    session, server, clock = setup({"GET /api/pam/credential": busy}, retries=5, timeout=60)
    with pytest.raises(ServerBusy) as caught:
        session.call(LIST_CREDENTIALS)
    assert len(server.lines) == 1
    assert clock.slept == []
    assert caught.value.retry_after == 61.0


def test_all_retries_together_stay_within_the_deadline() -> None:
    session, server, clock = setup({"GET /api/pam/credential": answer({}, 503, retry_after="4")}, retries=5, timeout=10)
    start = clock.now
    with pytest.raises(ServerBusy):
        session.call(LIST_CREDENTIALS)
    assert len(server.lines) == 3
    assert clock.now - start < 10


def test_what_came_before_is_a_part_of_the_first_operation() -> None:
    """As the wait for a broker that does not come. And of no other one."""
    server, clock = Scripted({"GET /api/pam/credential": answer({}, 503)}), FakeTime()
    session = DirectApi(
        settings(timeout=30, retries=None), transport=server, clock=clock.clock, sleep=clock.sleep, spent=24.0
    )
    start = clock.now
    with pytest.raises(ServerBusy):
        session.call(LIST_CREDENTIALS)
    assert 5 < clock.now - start < 6
    start = clock.now
    with pytest.raises(ServerBusy):
        session.call(LIST_CREDENTIALS)
    assert 29 < clock.now - start < 30


def test_a_server_that_stays_away_is_waited_for_once() -> None:
    """500 hosts would otherwise wait their whole timeout each."""
    session, server, clock = setup({**REPLIES}, timeout=30, retries=None)
    place = "GET /api/pam/credential/7"
    good, up = server.replies[place][0], False

    def reply(_request: Sent) -> t.Any:
        if up:
            return good
        raise ConnectionFailed("x")

    server.on(place, reply)
    start = clock.now
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7")
    assert clock.now - start > 15
    waited, tried = clock.now, server.lines.count(place)
    for _host in range(50):
        with pytest.raises(ConnectionFailed):
            session.call(READ_CREDENTIAL, ref="7")
    assert (clock.now, server.lines.count(place)) == (waited, tried + 50)
    up = True
    session.call(READ_CREDENTIAL, ref="7")
    # From then on it is waited for again.
    up = False
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7")
    assert clock.now - waited > 15


def _lease(session: DirectApi, clock: FakeTime) -> None:
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7", not_after=clock.now + 3)


def _short_deadline(session: DirectApi, _clock: FakeTime) -> None:
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7", deadline=session.deadline(5))


@pytest.mark.parametrize("ends", [_lease, _short_deadline])
def test_a_wait_that_was_not_the_whole_timeout_says_nothing_of_the_server(ends: t.Any) -> None:
    session, server, clock = setup({**REPLIES}, timeout=30, retries=None)
    session.call(LIST_CREDENTIALS)
    server.on("GET /api/pam/credential/7", ConnectionFailed("x"))
    ends(session, clock)
    # The next one waits as long as it may.
    start = clock.now
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7")
    assert clock.now - start > 25


@pytest.mark.parametrize(
    "other", [ConnectionsBusy("busy"), ServerBusy("x", context=Context(status=503)), ResponseLost("x")], ids=repr
)
def test_a_timeout_of_which_something_else_was_a_part_says_nothing_of_the_server(other: SenhaseguraError) -> None:
    """All connections were busy, or the server has answered, or begun to, at least once."""
    session, server, clock = setup({**REPLIES}, timeout=30, retries=None)
    session.call(LIST_CREDENTIALS)
    tries = 0

    def reply(_request: Sent) -> t.Any:
        nonlocal tries
        tries += 1
        raise copy.copy(other) if tries == 2 else ConnectionFailed("x")

    server.on("GET /api/pam/credential/7", reply)
    for _host in range(2):
        tries, start = 0, clock.now
        with pytest.raises(ConnectionFailed):
            session.call(READ_CREDENTIAL, ref="7")
        assert clock.now - start > 25


def test_busy_connections_do_not_bring_a_server_back() -> None:
    session, server, clock = setup({**REPLIES}, timeout=30, retries=None)
    session.call(LIST_CREDENTIALS)
    server.on("GET /api/pam/credential/7", ConnectionFailed("x"))
    with pytest.raises(ConnectionFailed):
        session.call(READ_CREDENTIAL, ref="7")
    for problem in (ConnectionsBusy("busy"), ConnectionFailed("x")):
        server.on("GET /api/pam/credential/7", problem)
        start = clock.now
        with pytest.raises(type(problem)):
            session.call(READ_CREDENTIAL, ref="7")
        assert clock.now == start


@pytest.mark.parametrize("seconds", [5, 10, 20, 25, 29])
@pytest.mark.parametrize("status", [429, 502, 503, 504, "refused", "lost"])
@pytest.mark.parametrize("where", ["token", "read", "release", "dsm"])
def test_a_server_that_is_away_for_a_while_fails_nobody(seconds: int, status: t.Any, where: str) -> None:
    """With three retries, all was over after two seconds."""
    down = {"refused": ConnectionFailed("x"), "lost": ResponseLost("x")}.get(status) or answer({}, status)
    session, server, clock = setup(
        {**REPLIES, "DELETE /api/pam/credential/custody/7": success()}, timeout=30, retries=None
    )
    back = clock.now + seconds
    place = {
        "token": "POST /api/oauth2/token",
        "read": "GET /api/pam/credential/7",
        "release": "DELETE /api/pam/credential/custody/7",
        "dsm": "GET /iso/dapp/application",
    }[where]
    good = server.replies[place][0]

    def reply(_request: Sent) -> t.Any:
        if clock.now >= back:
            return good
        if isinstance(down, Exception):
            raise copy.copy(down)
        return down

    server.on(place, reply)
    operation = {"release": "credential.release", "dsm": "secret.list"}.get(where, "credential.read")
    for _host in range(20):
        session.call(named(operation), ref="7")
    # Not at the same moment, and not all the time.
    assert len(server.sent) < 60
    assert len(set(clock.slept)) == len(clock.slept)


def test_a_server_that_stays_away_is_asked_until_shortly_before_the_deadline() -> None:
    session, server, clock = setup({"GET /api/pam/credential": answer({}, 503)}, timeout=30, retries=None)
    start = clock.now
    with pytest.raises(ServerBusy):
        session.call(LIST_CREDENTIALS)
    assert 29.5 < clock.now - start < 30
    assert len(server.lines) < 25


@pytest.mark.parametrize(("after", "said"), [("86400", "86400"), ("31", "31"), ("172800", "172800")])
@pytest.mark.parametrize("where", ["POST /api/oauth2/token", "GET /api/pam/credential", "POST /api/pam/credential"])
def test_a_pause_that_is_too_long_is_named(after: str, said: str, where: str) -> None:
    session, server, clock = setup({**REPLIES, where: answer({}, 429, retry_after=after)}, timeout=30, retries=None)
    write = where == "POST /api/pam/credential"
    with pytest.raises(ServerBusy, match=f"asks for a pause of {said} seconds") as caught:
        session.call(CREATE_CREDENTIAL if write else LIST_CREDENTIALS, model=WRITE if write else None)
    assert clock.slept == []
    assert len(server.sent) == (1 if "token" in where else 2)
    assert "after that time" in caught.value.hint


def test_nothing_is_sent_again_after_the_end_of_the_lease() -> None:
    session, server, clock = setup({"POST /api/pam/credential": answer({}, 429)}, timeout=30, retries=None)
    start = clock.now
    with pytest.raises(ServerBusy):
        session.call(CREATE_CREDENTIAL, model=WRITE, not_after=start + 3)
    assert clock.now - start < 3
    assert len(server.lines) > 1


def test_a_write_is_not_sent_when_the_login_has_outlasted_the_lease() -> None:
    def slow_login(_request: t.Any) -> t.Any:
        clock.sleep(4)
        return token_answer()

    session, server, clock = setup({"POST /api/oauth2/token": slow_login, "POST /api/pam/credential": success()})
    with pytest.raises(ConnectionFailed, match="the deadline of the task is over"):
        session.call(CREATE_CREDENTIAL, model=WRITE, not_after=clock.now + 3)
    assert server.lines == []


def test_a_session_of_its_own_knows_the_end_of_the_lease() -> None:
    """That of a rotation without the broker."""
    server, clock = Scripted({"POST /api/pam/credential": answer({}, 429)}), FakeTime()
    start = clock.now
    session = DirectApi(
        settings(timeout=30, retries=None),
        transport=server,
        clock=clock.clock,
        sleep=clock.sleep,
        until=lambda: start + 3,
    )
    with pytest.raises(ServerBusy):
        session.call(CREATE_CREDENTIAL, model=WRITE)
    assert clock.now - start < 3
    assert len(server.lines) > 1


@pytest.mark.parametrize("first", [answer({}, s) for s in (502, 503, 504)] + [ResponseLost("x")])
@pytest.mark.parametrize("operation", ["credential.release", "key.release"])
def test_a_release_is_repeated_and_the_second_may_find_it_done(first: t.Any, operation: str) -> None:
    place = "DELETE /api/pam/credential/custody/7"
    for second in (success(), failure(1018, "not in custody")):
        session, server, _time = setup({place: [first, second]}, timeout=30, retries=None)
        assert session.call(named(operation), ref="7") is None
        assert len(server.lines) == 2
    # Turned away, or not reached: then somebody else has given it back.
    for not_applied in (answer({}, 429), ConnectionFailed("x")):
        session, server, _time = setup({place: [not_applied, failure(1018)]}, timeout=30, retries=None)
        with pytest.raises(AlreadyDone):
            session.call(named(operation), ref="7")
    session, server, _time = setup({place: failure(1018)}, timeout=30, retries=None)
    with pytest.raises(AlreadyDone):
        session.call(named(operation), ref="7")


def test_a_release_in_rest_is_repeated() -> None:
    place = "DELETE /iso/pam/credential/custody/7"
    session, server, _time = setup({place: [answer({}, 502), failure(1018)]}, dialect="rest", timeout=30, retries=None)
    assert session.call(RELEASE_CREDENTIAL, ref="7") is None
    assert len(server.lines) == 2


def test_who_waits_for_the_login_of_another_does_so_until_its_own_deadline() -> None:
    """It waited without a limit, and was then told that the server cannot be reached."""
    release = threading.Event()

    def hang(_request: Sent) -> t.Any:
        release.wait(10)
        return token_answer()

    server = Scripted({**REPLIES, "POST /api/oauth2/token": [answer({}, 503), hang]})
    # The first retry comes at once.
    session = DirectApi(settings(timeout=0.5, retries=None), transport=server, sleep=lambda seconds: None)

    def work() -> None:
        with contextlib.suppress(SenhaseguraError):
            session.call(LIST_CREDENTIALS)

    first = threading.Thread(target=work)
    first.start()
    while server.logins < 2:
        time.sleep(0.01)
    with pytest.raises(ServerBusy) as caught:
        session.call(LIST_CREDENTIALS, subject="mine")
    assert (caught.value.context.subject, caught.value.context.endpoint) == ("mine", "POST /api/oauth2/token")
    release.set()
    first.join(5)


def test_pauses_are_random() -> None:
    pauses = set()
    for _again in range(5):
        session, _server, clock = setup({"GET /api/pam/credential": answer({}, 503)}, retries=3, timeout=100)
        with pytest.raises(ServerBusy):
            session.call(LIST_CREDENTIALS)
        pauses.add(tuple(clock.slept))
    assert len(pauses) == 5


# --- how the client proves who it is ---------------------------------------------------------------------------------


def test_credentials_in_the_body() -> None:
    session, server, _time = setup(client_id="id &=é", client_secret="s+c %")
    session.call(LIST_CREDENTIALS)
    login = server.sent[0]
    assert login.form == {"grant_type": "client_credentials", "client_id": "id &=é", "client_secret": "s+c %"}
    assert login.headers == {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("client_id", "client_secret", "pair"),
    [
        ("id", "secret", "id:secret"),
        ("id", "se:cret:", "id:se:cret:"),
        ("i d", "s+&%é", "i d:s+&%é"),
        ("50%25", "a%2Fb+c=", "50%25:a%2Fb+c="),
    ],
)
def test_credentials_in_the_header(client_id: str, client_secret: str, pair: str) -> None:
    """As they are: the server's OAuth library decodes nothing, whatever RFC 6749 2.3.1 wants."""
    session, server, _time = setup(auth_method="oauth2_basic", client_id=client_id, client_secret=client_secret)
    session.call(LIST_CREDENTIALS)
    scheme, value = server.sent[0].headers["Authorization"].split()
    assert (scheme, base64.b64decode(value).decode()) == ("Basic", pair)
    assert server.sent[0].form == {"grant_type": "client_credentials"}


def test_a_client_id_with_a_colon_has_no_place_in_the_header() -> None:
    session, server, _time = setup(auth_method="oauth2_basic", client_id=f"a:{CANARY}")
    with pytest.raises(ConfigError, match="client_id has a colon") as caught:
        session.call(LIST_CREDENTIALS)
    assert "auth_method to oauth2" in caught.value.hint
    assert caught.value.context.option == "client_id"
    assert CANARY not in str(caught.value)
    assert server.sent == []
    assert setup(client_id="a:b").session.call(LIST_CREDENTIALS) is not None


def test_tenant() -> None:
    session, server, _time = setup(tenant="acme")
    session.call(LIST_CREDENTIALS)
    assert server.sent[0].form["tenant"] == "acme"


def test_no_secret_in_a_path_or_query() -> None:
    for changes in ({}, {"auth_method": "oauth2_basic"}, {"dialect": "rest"}):
        session, server, _time = setup(**changes)
        for operation, call in DIALECTS[changes.get("dialect", "api")].calls.items():
            if call.encode is None:
                with contextlib.suppress(SenhaseguraError):
                    session.call(operation, ref="8", model=write_model(operation.name))
        assert len(server.lines) >= 8
        for request in server.sent:
            texts = f"{request.path} {request.query}"
            assert CLIENT_SECRET not in texts
            assert CLIENT_ID not in texts
            assert "eyToken" not in texts


def test_aws_is_refused_with_a_reason() -> None:
    known = {"url": "https://h", "auth_method": "aws", "client_id": "a", "client_secret": "b"}
    source = settings_module.Source(lambda option: known.get(option.name), lambda option: option.name)
    with pytest.raises(ConfigError, match="publishes no wire format") as caught:
        settings_module.resolve([source])
    assert "oauth2" in caught.value.hint
    assert caught.value.context.option == "auth_method"


oauth1 = pytest.mark.skipif(not auth.HAS_OAUTH1, reason="requests-oauthlib is not installed")


@oauth1
def test_oauth1_needs_no_token() -> None:
    session, server, _time = setup(**OAUTH1)
    session.call(LIST_CREDENTIALS)
    assert server.logins == 0
    assert "Authorization" not in server.sent[0].headers


@oauth1
@pytest.mark.parametrize("reply", [NO_ROUTE, SUB_NOT_FOUND])
def test_oauth1_finds_the_dialect_by_the_first_call(reply: t.Any) -> None:
    session, server, _time = setup({**ISO, "GET /api/pam/credential": reply}, dialect="auto", **OAUTH1)
    session.call(LIST_CREDENTIALS)
    session.call(LIST_CREDENTIALS)
    assert server.lines == ["GET /api/pam/credential", "GET /iso/pam/credential", "GET /iso/pam/credential"]
    assert session.dialect().name == "iso"


@oauth1
@pytest.mark.parametrize(
    ("skew", "said"), [(0, False), (30, False), (300, True), (-300, True), (365 * 86400, True), (None, False)]
)
def test_oauth1_refusals_tell_of_clocks_that_differ(skew: float | None, said: bool) -> None:
    date = {} if skew is None else {"date": email.utils.formatdate(time.time() + skew, usegmt=True)}
    refused = answer({"response": {"status": 401, "message": "Invalid signature", "error": True}}, 401, **date)
    session, server, _time = setup({"GET /api/pam/credential": refused}, retries=3, **OAUTH1)
    with pytest.raises(TokenRefused, match="Invalid signature.*consumer_key, consumer_secret") as caught:
        session.call(LIST_CREDENTIALS)
    # Signing again would not help.
    assert len(server.lines) == 1
    assert ("clocks" in str(caught.value)) is said
    if said and skew:
        assert abs(int(str(caught.value).rpartition(" by ")[2].split()[0]) - abs(skew)) <= 2


@oauth1
@pytest.mark.parametrize(
    "date", ["nonsense", "Mon, 01 Jan 0001 00:00:00 -0000", "Fri, 31 Dec 9999 23:59:59 +0000", ","]
)
def test_oauth1_with_a_senseless_date(date: str) -> None:
    session, _server, _time = setup({"GET /api/pam/credential": answer({}, 401, date=date)}, **OAUTH1)
    with pytest.raises(TokenRefused, match="consumer_key"):
        session.call(LIST_CREDENTIALS)


@pytest.mark.parametrize(("date", "named"), [("10:01:00", False), ("10:01:01", True), ("09:58:59", True)])
def test_clocks_that_differ_by_more_than_a_minute_are_named(
    monkeypatch: pytest.MonkeyPatch, date: str, named: bool
) -> None:
    ten = datetime.datetime(2026, 11, 24, 10, tzinfo=datetime.timezone.utc).timestamp()
    monkeypatch.setattr(hints, "time", types.SimpleNamespace(time=lambda: ten))
    reply = answer({}, 401, date=f"Tue, 24 Nov 2026 {date} GMT")
    assert ("clocks of server and controller differ by 61 seconds" in hints.oauth1_hint(reply)) == named


def test_oauth1_library_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "HAS_OAUTH1", False)
    with pytest.raises(ConfigError, match="requests-oauthlib") as caught:
        setup(**OAUTH1)
    assert "pip install requests-oauthlib" in caught.value.hint


# --- what is sent, and what errors say of it -------------------------------------------------------------------------


def test_bodies_and_queries() -> None:
    session, server, _time = setup()
    session.call(UPDATE_CREDENTIAL, ref="7", model=WRITE)
    request = server.sent[-1]
    assert request.headers["Content-Type"] == "application/json"
    assert request.document["content"] == "pw-Example-2"
    session.call(LIST_CREDENTIALS)
    assert server.sent[-1].body == b""
    assert "Content-Type" not in server.sent[-1].headers
    session, server, _time = setup({"POST /iso/sctm/secret": success(status=201)})
    session.call(CREATE_SECRET, model=dsm_secrets.DsmSecretWrite("db é", key_value={"A": "b"}))
    assert server.sent[-1].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert server.sent[-1].form["identity"] == "db é"


def test_texts_arrive_as_they_are() -> None:
    session, server, _time = setup()
    for text in ("é日本🔑", "a\r\nb\tc\x00", '"\\/', " trailing ", "{{ 7 * 7 }}", "x" * 65536):
        wanted = models.CredentialWrite("u", "h", "1", password=text, settings={"jit_settings": {"note": text}})
        session.call(CREATE_CREDENTIAL, model=wanted)
        assert server.sent[-1].document["content"] == text
        assert server.sent[-1].document["jit_settings"] == {"note": text}


def test_a_date_of_yaml_becomes_text() -> None:
    session, server, _time = setup()
    block = {"additional_settings": {"valid_until": datetime.date(2026, 11, 24)}}
    session.call(CREATE_CREDENTIAL, model=models.CredentialWrite("u", "h", "1", settings=block))
    assert server.sent[-1].document["additional_settings"] == {"valid_until": "2026-11-24"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {(1, 2): "x"}, f"{CANARY}\udcff"])
def test_what_cannot_be_sent(value: t.Any) -> None:
    session, server, _time = setup()
    wanted = models.CredentialWrite("u", "h", "1", settings={"additional_settings": {"notes": value}})
    with pytest.raises(ConfigError, match="cannot be sent as text") as caught:
        session.call(CREATE_CREDENTIAL, model=wanted)
    assert CANARY not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be sent as text"):
        session.call(CREATE_SECRET, model=dsm_secrets.DsmSecretWrite("\udcff"))
    assert server.lines == []


def test_errors_name_operation_endpoint_and_subject() -> None:
    session, _server, _time = setup({"GET /api/pam/credential/7": failure(1009, "No access")})
    with pytest.raises(Denied) as caught:
        session.call(READ_CREDENTIAL, ref="7", subject="credential web-root")
    assert caught.value.failure() == {
        "kind": "denied",
        "message": "this client has no access to the credential",
        "hint": caught.value.hint,
        "operation": "credential.read",
        "endpoint": "GET /api/pam/credential/{ref}",
        "subject": "credential web-root",
        "status": 400,
        "code": 1009,
        "option": "",
        "server": "https://pam.example.com:443",
        "server_message": "1009: No access",
    }


SECRETS: dict[str, tuple[str, t.Any]] = {
    "password": ("credential.create", models.CredentialWrite("u", "h", "1", password=CANARY)),
    "settings": (
        "credential.create",
        models.CredentialWrite("u", "h", "1", settings={"a": {"b": [{"secret_key": CANARY}], "c": True, "d": None}}),
    ),
    "private key": ("key.create", models.SshKeyWrite("i", "u", "h", "1", CANARY, "p")),
    "passphrase": ("key.create", models.SshKeyWrite("i", "u", "h", "1", "k", "p", passphrase=CANARY)),
    "key value": ("secret.create", dsm_secrets.DsmSecretWrite("i", key_value={"A": CANARY})),
    "credentials": (
        "secret.create",
        dsm_secrets.DsmSecretWrite("i", credentials=(dsm_secrets.SecretBlock({"password": CANARY}),)),
    ),
    "access keys": (
        "secret.create",
        dsm_secrets.DsmSecretWrite("i", access_keys=(dsm_secrets.SecretBlock({"k": CANARY}),)),
    ),
    "variables": ("variables.create", dsm_models.VariablesUpload({"A": CANARY}, {})),
    "text to encrypt": ("encryption_key.encrypt", dsm_models.EncryptWrite("7", CANARY)),
}


@pytest.mark.parametrize("place", SECRETS)
def test_a_server_that_echoes_what_was_written_is_not_quoted(place: str) -> None:
    operation, model = SECRETS[place]
    encoded = base64.b64encode(f'{{"x": "{CANARY}"}}'.encode()).decode()
    for echo in (CANARY, f"xx{CANARY}xx", encoded, CANARY[:12], CANARY[::-1]):
        refused = failure(None, f"Bad value {echo} here")
        paths = ("POST /api/pam/credential", "POST /api/pam/key", "POST /iso/sctm/secret")
        paths += ("POST /iso/cicd/variables", "POST /iso/sctm/encryption/encrypt")
        session, _server, _time = setup(dict.fromkeys(paths, refused))
        with pytest.raises(InvalidRequest, match='The server says "Bad value .* here"') as caught:
            session.call(named(operation), model=model)
        assert echo not in str(caught.value)
        assert "********" in str(caught.value)


@pytest.mark.parametrize("secret", [CLIENT_ID, CLIENT_SECRET, "eyTokenQ1w2E3r4T5y6"])
def test_a_server_that_echoes_login_data_is_not_quoted(secret: str) -> None:
    for text in (secret, base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()):
        replies = {"GET /api/pam/credential": failure(None, f"Header was Bearer {text}.")}
        session, _server, _time = setup(replies)
        with pytest.raises(InvalidRequest) as caught:
            session.call(LIST_CREDENTIALS)
        assert text not in str(caught.value)
    if secret != "eyTokenQ1w2E3r4T5y6":
        session, _server, _time = setup(token=answer({"error": "invalid_client", "message": f"no {secret}"}, 401))
        with pytest.raises(AuthenticationFailed, match=r'The server says "invalid_client: no \*{8}"') as caught:
            session.call(LIST_CREDENTIALS)


REFUSES_LIST = {"GET /api/pam/credential": failure(None, f"Last was {CANARY}.")}


def test_a_server_that_echoes_what_it_has_handed_out_is_not_quoted() -> None:
    replies = {"GET /api/pam/credential/7": READ, "GET /api/pam/credential": failure(None, "Last was pw-Example-1.")}
    session, _server, _time = setup(replies)
    session.call(READ_CREDENTIAL, ref="7")
    with pytest.raises(InvalidRequest, match=r"The server says .Last was \*{8}") as caught:
        session.call(LIST_CREDENTIALS)
    assert "pw-Example-1" not in str(caught.value)


@pytest.mark.parametrize("place", SECRETS)
def test_what_an_earlier_call_has_sent_is_not_quoted_later(place: str) -> None:
    """Only what the same call had sent was masked. Also what another session of the run has sent."""
    operation, model = SECRETS[place]
    known = KnownSecrets()
    texts = []
    for shared in (known, None):
        server = Scripted({**REPLIES, "POST /api/pam/key": STORED, "POST /iso/sctm/secret": STORED, **REFUSES_LIST})
        first = DirectApi(settings(), transport=server, known=shared)
        with contextlib.suppress(SenhaseguraError):
            first.call(named(operation), model=model)
        second = DirectApi(settings(client_id="another"), transport=server, known=known) if shared else first
        with pytest.raises(InvalidRequest, match=r"says .Last was \*{8}") as caught:
            second.call(LIST_CREDENTIALS)
        texts.append(f"{caught.value} {caught.value.failure()}")
    assert CANARY not in str(texts)


RECEIVED: dict[str, tuple[str, dict[str, t.Any]]] = {
    "password": ("credential.read", {"GET /api/pam/credential/7": success(credential={"id": "7", "password": CANARY})}),
    "private key": (
        "key.read",
        {"GET /api/pam/key/7": success(key={"id": "7", "private_key": CANARY, "public_key": "p"})},
    ),
    "passphrase": (
        "key.read",
        {
            "GET /api/pam/key/7": success(
                key={"id": "7", "private_key": "k-1234", "public_key": "p", "password": CANARY}
            )
        },
    ),
    "secret": (
        "secret.list",
        {"GET /iso/dapp/application": success(application={"secrets": [{"identity": "a", "data": [{"A": CANARY}]}]})},
    ),
    "token": ("credential.read", {"POST /api/oauth2/token": token_answer(CANARY), "GET /api/pam/credential/7": READ}),
}


@pytest.mark.parametrize("place", RECEIVED)
def test_what_one_session_has_received_no_other_quotes(place: str) -> None:
    operation, replies = RECEIVED[place]
    known = KnownSecrets()
    DirectApi(settings(), transport=Scripted({**REPLIES, **replies}), known=known).call(named(operation), ref="7")
    token = answer({"error": "invalid_client", "message": f"Last was {CANARY}."}, 401)
    for replies, operation in (
        (REFUSES_LIST, "credential.list"),
        ({"POST /api/oauth2/token": token}, "credential.read"),
    ):
        other = DirectApi(settings(client_id="another"), transport=Scripted({**REPLIES, **replies}), known=known)
        with pytest.raises(SenhaseguraError, match=r"says .*\*{8}") as caught:
            other.call(named(operation), ref="7")
        assert CANARY not in f"{caught.value} {caught.value.failure()}"


def test_the_login_data_of_another_session_is_not_quoted() -> None:
    known = KnownSecrets()
    DirectApi(settings(client_secret=CANARY), known=known)
    session = DirectApi(settings(), transport=Scripted({**REPLIES, **REFUSES_LIST}), known=known)
    with pytest.raises(InvalidRequest) as caught:
        session.call(LIST_CREDENTIALS)
    assert CANARY not in str(caught.value)


def test_names_of_devices_that_the_server_gives_back_are_masked_and_printable() -> None:
    """They go into a warning, where ESC and log commands did work."""
    names = ["web02", f"x{CANARY}", "\x1b[2J\r::error::gone", "##vso[task.setvariable variable=a]b", "h" * 5000]
    stored = success(status=201, key={"id": "7", "devices_error": [*names, {"hostname": CANARY}]})
    session, _server, _time = setup({"POST /api/pam/key": stored})
    wanted = models.SshKeyWrite("i", "u", "h", "1", f"{CANARY}-key", "p")
    first, *others = session.call(CREATE_SSH_KEY, model=wanted).devices_error
    assert first == "web02"
    assert len(others) == 5
    for text in others:
        assert text.isprintable()
        assert len(text) <= 200
        assert not re.search("::|##|" + CANARY, text)


def test_encrypted_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "decrypter", lambda path: lambda value: f"{path}:{value}")
    session, _server, _time = setup(decryption_key="/k")
    assert session.call(READ_CREDENTIAL, ref="7").password == "/k:pw-Example-1"
