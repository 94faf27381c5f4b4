# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of a worker, which talks to the server through the broker: what goes over the socket."""

from __future__ import annotations

import math
import time
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    LIST_CREDENTIALS,
    READ_CREDENTIAL,
    UPDATE_CREDENTIAL,
    Operation,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConnectionFailed,
    InvalidRequest,
    NotFound,
    ResponseLost,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    CredentialInfo,
    CredentialWrite,
    Entries,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.plugins.module_utils.settings.settings import Settings
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker import protocol
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.brokered_api import BrokeredApi
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache import CachedApi
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cache_policy import CachePolicy
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.cached_apis import CachedApis
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.client import BrokerConnection, NotSent
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.key_files import Files
from ansible_collections.community.senhasegura.plugins.plugin_utils.broker.service import Service
from ansible_collections.community.senhasegura.tests.unit.plugins.plugin_utils.broker.brokers import InProcess

ENTRIES = Entries(
    [
        *(
            CredentialInfo(str(number), f"name-{number}", f"user{number}", "host", "192.0.2.1")
            for number in range(5000)
        ),
        CredentialInfo("9001", "twin", "same", "host", "192.0.2.1"),
        CredentialInfo("9002", "other", "same", "host", "192.0.2.1"),
        CredentialInfo("9003", "deploy", "deploy", "host", type=SSH_KEY_TYPE),
    ]
)
# One entry, or an error, with what names it; the whole list takes 300 KiB.
MOST_BYTES = 1500


class Shared:
    """A cache that has read the list."""

    server = "https://pam:443"

    def dialect(self) -> t.Any:
        return DIALECTS["api"]

    def call(self, operation: Operation[t.Any], **_details: t.Any) -> Entries:
        assert operation == LIST_CREDENTIALS
        return ENTRIES


class Known(CachedApis):
    """Has one cache only."""

    def api(self, settings: Settings, policy: CachePolicy, until: t.Any = lambda: math.inf) -> CachedApi:
        return CachedApi(Shared(), policy, until)  # type: ignore[arg-type]


def never(_seconds: float) -> t.Any:
    raise AssertionError("the broker is there")


@pytest.fixture
def connection() -> InProcess:
    return InProcess(Service(Known(), Files("", b"")).handler())


@pytest.fixture
def client(connection: InProcess) -> Client:
    return client_over(BrokeredApi(connection, Settings("https://pam"), CachePolicy(), reconnect=never))


def write(username: str, identifier: str | None = None) -> CredentialWrite:
    return CredentialWrite(username, "host", "192.0.2.1", identifier, password="secret-that-stays-here")


@pytest.mark.parametrize(
    ("ask", "id_"),
    [
        (lambda client: client.credentials.find(Reference("name-4000")), "4000"),
        (lambda client: client.credentials.find(Reference("nothing")), None),
        (lambda client: client.credentials.find(Reference("4001"), fresh=True), "4001"),
        (lambda client: client.credentials.info(Reference("user17@host")), "17"),
        (lambda client: client.credentials.match(write("user17")), "17"),
        (lambda client: client.credentials.match(write("new", "name-18")), "18"),
        (lambda client: client.credentials.match(write("new", "name-18"), Reference("18")), "18"),
        (lambda client: client.credentials.match(write("new")), None),
        (lambda client: next(iter(client.credentials.matching({"username": "user5"}))), "5"),
        (lambda client: client.ssh_keys.find(Reference("deploy")), "9003"),
        (lambda client: client.ssh_keys.info(Reference("9003")), "9003"),
        (lambda client: client.ssh_keys.match("deploy"), "9003"),
        (lambda client: next(iter(client.ssh_keys.matching({}))), "9003"),
    ],
)
def test_no_more_than_what_is_wanted_of_a_list(
    client: Client, connection: InProcess, ask: t.Any, id_: str | None
) -> None:
    found = ask(client)
    assert (found.id if found else None) == id_
    assert max(connection.sizes) < MOST_BYTES


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda client: client.credentials.find(Reference("same@host")), InvalidRequest),
        (lambda client: client.credentials.match(write("same")), InvalidRequest),
        (lambda client: client.credentials.info(Reference("deploy")), InvalidRequest),
        (lambda client: client.credentials.info(Reference("nothing")), NotFound),
        (lambda client: client.ssh_keys.info(Reference("name-1")), InvalidRequest),
        (lambda client: client.ssh_keys.match("name-1"), InvalidRequest),
    ],
)
def test_errors_are_those_of_a_client_without_a_broker(
    client: Client, connection: InProcess, ask: t.Any, error: t.Any
) -> None:
    with pytest.raises(error) as here:
        ask(client)
    with pytest.raises(error) as there:
        ask(client_over(CachedApi(Shared(), CachePolicy())))  # type: ignore[arg-type]
    assert str(here.value) == str(there.value)
    assert here.value.failure() == there.value.failure()
    assert max(connection.sizes) < MOST_BYTES


def test_a_search_takes_no_password_along(client: Client, connection: InProcess) -> None:
    client.credentials.match(write("user17", "name-17"))
    assert connection.requests
    assert "secret-that-stays-here" not in str(connection.requests)


class Scripted(BrokerConnection):
    """A link without a broker: what comes of each call, in order. ``sent`` are the calls."""

    def __init__(self, *outcomes: t.Any) -> None:
        self.outcomes, self.sent, self.policies, self.until = list(outcomes), [], [], math.inf

    def ask(self, request: protocol.Message, _heard: t.Any = None) -> protocol.Message:
        self.sent.append(request["operation"])
        self.policies.append(request["policy"])
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return protocol.done(outcome)

    def close(self) -> None:
        pass


def api_over(*links: Scripted, without: t.Any = None, timeout: float = 5.0) -> BrokeredApi:
    following = [*links[1:], without]
    settings = Settings("https://pam", timeout=timeout)
    return BrokeredApi(links[0], settings, CachePolicy(), reconnect=lambda _seconds: following.pop(0))


LOST = [EOFError(), ConnectionResetError(), TimeoutError()]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: type(lost).__name__)
def test_a_read_is_repeated_by_the_next_broker(lost: BaseException) -> None:
    first, second = Scripted(lost), Scripted("found")
    assert api_over(first, second).call(READ_CREDENTIAL, ref="1") == "found"
    assert (first.sent, second.sent) == (["credential.read"], ["credential.read"])


@pytest.mark.parametrize("operation", ["credential.create", "credential.update", "key.create", "secret.update"])
@pytest.mark.parametrize("lost", LOST, ids=lambda lost: type(lost).__name__)
def test_a_write_whose_answer_did_not_come_is_not_repeated(operation: str, lost: BaseException) -> None:
    first, second = Scripted(lost), Scripted("stored")
    with pytest.raises(ResponseLost, match="Look whether it was"):
        api_over(first, second).call(named(operation), ref="1")
    assert second.sent == []


def test_a_write_that_has_certainly_not_arrived_is_sent_again() -> None:
    first, second = Scripted(NotSent()), Scripted("stored")
    assert api_over(first, second).call(UPDATE_CREDENTIAL, ref="1") == "stored"


def test_where_there_is_no_other_broker_it_goes_on_directly() -> None:
    done: list[str] = []

    class Direct:
        def call(self, operation: Operation[t.Any], **_details: t.Any) -> str:
            done.append(operation.name)
            return "found"

    api = api_over(Scripted(EOFError()), without=Direct())
    assert [api.call(READ_CREDENTIAL, ref="1") for _time in range(2)] == ["found"] * 2
    assert done == ["credential.read"] * 2


def test_nothing_is_sent_after_the_deadline_of_the_task() -> None:
    """By a broker that was stopped and goes on, when the task has failed already."""
    link = Scripted("stored")
    before = time.monotonic()
    api_over(link, timeout=3.0).call(UPDATE_CREDENTIAL, ref="1")
    assert before + 2.9 < link.policies[0]["not_after"] <= time.monotonic() + 3.0
    assert link.until > link.policies[0]["not_after"]


def test_the_way_to_the_broker_is_a_part_of_the_first_operation() -> None:
    """And of no other one: a rotation does many."""
    link, ends = Scripted("api", EOFError(), "found", "found"), []

    def again(until: float) -> t.Any:
        ends.append(until)
        return link

    settings = Settings("https://pam", timeout=1000.0)
    api = BrokeredApi(t.cast(t.Any, link), settings, CachePolicy(), reconnect=again, spent=900.0)
    before = time.monotonic()
    assert api.dialect().name == "api"
    assert link.policies[0]["not_after"] <= time.monotonic() + 100
    assert api.call(READ_CREDENTIAL, ref="1") == "found"
    assert all(policy["not_after"] >= before + 1000 for policy in link.policies[1:])
    # Looking for another broker has the same end as the operation.
    assert ends == [link.policies[1]["not_after"]]


def test_a_broker_that_is_lost_again_and_again_ends_with_the_deadline() -> None:
    links = [Scripted(*([TimeoutError()] * 5)) for _number in range(3)]
    api = api_over(*links, timeout=-1.0)
    with pytest.raises(ConnectionFailed, match="did not answer in time"):
        api.dialect()
