# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a hostile answer may cost: memory and time of a client in a process of its own (promise 38)."""

from __future__ import annotations

import json
import pathlib
import socket
import subprocess
import sys
import time
import typing as t

import pytest
from workspace import environment

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import response
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.entities import integer
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import Verb
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import parse_response
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    InvalidRequest,
    NoRoute,
    SenhaseguraError,
    ServerFailed,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import Received, Wire, http
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import Response, answer, entry

CLIENT = pathlib.Path(__file__).with_name("hostile_client.py")
MB = 1 << 20
# Seconds of the option timeout. The client may take one more, in time of the processor: the machine may be busy.
TIMEOUT, SLACK = 3.0, 1.0
MOST_RSS = 300
TOKEN = http({"token_type": "Bearer", "expires_in": 3600, "access_token": "abc"})
Behaviour = t.Callable[[socket.socket], t.Any]


def listing(items: bytes, size: int, name: bytes = b"credentials") -> bytes:
    """A list that is filled with ``items`` up to a size."""
    head = b'{"response": {"status": 200, "error": false}, "' + name + b'": ['
    return head + (items * (size // len(items)))[:-1] + b"]}"


def dsm(blocks: bytes) -> bytes:
    secret = b'{"secret_id": "1", "identity": "a", "data": [' + blocks + b"]}"
    return b'{"response": {"status": 200, "error": false}, "application": {"secrets": [' + secret + b"]}}"


def fixed_wire(data: bytes) -> Behaviour:
    return lambda sock: sock.sendall(data)


def fixed(body: bytes, status: int = 200) -> Behaviour:
    return fixed_wire(http(body, status))


def stream(head: bytes, part: bytes) -> Behaviour:
    """Sends without an end."""

    def send(sock: socket.socket) -> None:
        sock.sendall(head)
        while True:
            sock.sendall(part)

    return send


CHUNKED = http(b"", headers={"Transfer-Encoding": "chunked"}, length=-1)
# Made when they are needed: together they would take most of a gigabyte.
HOSTILE: dict[str, t.Callable[[], tuple[str, Behaviour]]] = {
    "lists": lambda: ("credential.list", fixed(listing(b"[],", 60 * MB))),
    "as many lists as a body may have": lambda: ("credential.list", fixed(listing(b"[],", 47 * MB))),
    "lists in a read": lambda: ("credential.read", fixed(listing(b"[],", 60 * MB))),
    "lists in a list of rest": lambda: ("rest:key.list", fixed(listing(b"[],", 40 * MB, b"sshkeys"))),
    "lists in an error": lambda: ("credential.list", fixed(listing(b"[],", 40 * MB), 400)),
    "lists in an error of the server": lambda: ("credential.read", fixed(listing(b"[],", 40 * MB), 500)),
    "just as many objects as are taken": lambda: ("credential.list", fixed(listing(b'{"id":1},', 119_000 * 9))),
    "objects": lambda: ("credential.list", fixed(listing(b'{"id":1},', 40 * MB))),
    "numbers": lambda: ("credential.list", fixed(listing(b"1.5,", 13 * MB))),
    "short texts": lambda: ("credential.list", fixed(listing('"é€",'.encode(), 23 * MB))),
    "wide texts": lambda: ("credential.list", fixed(listing(b'"' + "🔑".encode() * 100 + b'",', 47 * MB))),
    "escapes": lambda: ("credential.list", fixed(listing(b'"' + rb"\u4e00" * 1000 + b'",', 47 * MB))),
    "escapes, just as many as are taken": lambda: (
        "credential.list",
        fixed(listing(b'"' + rb"\u4e00" * 1000 + b'",', 40 * MB)),
    ),
    "one text": lambda: ("credential.list", fixed(listing(b'"' + b"x" * (47 * MB) + b'",', 47 * MB + 3))),
    "blocks of a secret": lambda: ("secret.list", fixed(dsm(b'{"A":"b"},' * 500_000 + b"{}"))),
    "values of a secret": lambda: (
        "secret.list",
        fixed(dsm(b"{" + b",".join(b'"A%d":"v"' % n for n in range(300_000)) + b"}")),
    ),
    "digits": lambda: ("credential.list", fixed(listing(b"1" * (40 * MB) + b",", 40 * MB + 1))),
    "digits in an error": lambda: ("credential.list", fixed(b'{"error_code": ' + b"1" * MB + b"}", 400)),
    "a fraction": lambda: ("credential.list", fixed(listing(b"1." + b"1" * (40 * MB) + b",", 40 * MB + 3))),
    "depth": lambda: ("credential.list", fixed(b"[" * (40 * MB))),
    "depth in an error": lambda: ("credential.list", fixed(b"[" * MB, 500)),
    "a gibibyte": lambda: ("credential.list", stream(http(b"", length=1 << 30), b"x" * 65536)),
    "no end": lambda: ("credential.list", stream(http(b"", length=-1), b"[],[],[]" * 8192)),
    "chunks": lambda: ("credential.list", stream(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n")),
    "tiny chunks": lambda: ("credential.list", stream(CHUNKED, b"1\r\nx\r\n" * 5000)),
    "chunk extensions": lambda: ("credential.list", stream(CHUNKED, b"1;" + b"e" * 60000 + b"\r\nx\r\n")),
    "one huge chunk": lambda: ("credential.list", stream(CHUNKED + b"ffffffffffffffff\r\n", b"x" * 65536)),
    "trailers": lambda: ("credential.list", stream(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-T: 1\r\n" * 5000)),
    "informational answers": lambda: (
        "credential.list",
        stream(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 2000),
    ),
    "a gigabyte of one header": lambda: ("credential.list", stream(b"HTTP/1.1 200 OK\r\nX: ", b"x" * 65536)),
    "a gigabyte of headers": lambda: (
        "credential.list",
        stream(b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 60000 + b"\r\n"),
    ),
    "100,000 headers": lambda: (
        "credential.list",
        fixed_wire(http({}, headers={f"X-{number}": "1" for number in range(100_000)})),
    ),
}


def run(operation: str, behave: Behaviour, timeout: float = TIMEOUT) -> dict[str, t.Any]:
    """What a client in a process of its own makes of an answer, and what that costs it."""

    def handle(request: Received, sock: socket.socket) -> bytes:
        if "oauth2" in request.line:
            return TOKEN
        behave(sock)
        return b""

    with Wire(handle) as server:
        done = subprocess.run(
            [sys.executable, CLIENT, server.url(), operation, str(timeout)],
            env=environment(), capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
    return t.cast("dict[str, t.Any]", json.loads(done.stdout))


@pytest.mark.no_cover
@pytest.mark.parametrize("kind", HOSTILE)
def test_memory_and_time_are_bounded(kind: str) -> None:
    cost = run(*HOSTILE[kind]())
    print(kind, cost)
    assert cost["rss"] <= MOST_RSS
    assert cost["cpu"] <= TIMEOUT + SLACK
    if "are taken" not in kind and kind != "values of a secret":
        assert issubclass(getattr(sys.modules[SenhaseguraError.__module__], cost["outcome"]), SenhaseguraError)
    assert len(cost["text"]) < 1000


ITEM = {
    **entry(7, "web-root"), "device_type": "Linux", "device_vendor": "Debian 🔑", "device_model": "13", "domain": None,
    "connectivity": "SSH, RDP", "view": "2026-01-01 00:00:00", "change": "2026-01-01 00:00:00", "tags": "a,b,c,d",
    "additional": "x" * 100, "expiration": "2026-01-01T00:00:00-03:00", "site": "default", "parent": None, "status": "1",
}  # fmt: skip


@pytest.mark.no_cover
@pytest.mark.parametrize("count", [5_000, 50_000])
@pytest.mark.parametrize("operation", ["credential.list", "rest:credential.list"])
def test_long_lists_are_taken(operation: str, count: int) -> None:
    item = json.dumps(ITEM, ensure_ascii=False).encode() + b","
    body = listing(item, len(item) * count)
    if operation.startswith("rest:"):
        body = b'{"response": ' + body.replace(b'"response": {"status": 200, "error": false}, ', b"") + b"}"
    cost = run(operation, fixed(body), timeout=60)
    print(cost)
    assert cost["outcome"] == str(count)
    assert cost["rss"] <= MOST_RSS


def parse(body: bytes, status: int = 200, **more: t.Any) -> t.Any:
    return parse_response(
        Response(status, {"content-type": "application/json"}, body), module="pam", secrets=list, now=0.0, **more
    )


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 70 + b"]" * 70,
        b'{"a": ' * 70 + b"1" + b"}" * 70,
        b"1" * 401,
        b"-" + b"1" * 401,
        b"1." + b"1" * 401,
        b"1e" + b"1" * 401,
    ],
)
def test_what_no_server_sends_is_refused(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse, match="nested too deeply|number that is too long"):
        parse(b'{"a": ' + body + b"}")


def test_what_is_too_large_says_how_much_there_is_room_for() -> None:
    with pytest.raises(UnexpectedResponse, match="too large") as caught:
        parse(listing(b"{},", 150_000), lists=False)
    assert "50,000 credentials" in caught.value.hint
    assert parse(listing(b"{},", 150_000), lists=True)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_error_documents_have_limits_of_their_own(status: int) -> None:
    kind = {400: InvalidRequest, 404: NoRoute, 500: ServerFailed}[status]
    for body in (
        listing(b"[],", 2 * MB),
        b'{"error_code": ' + b"1" * 5000 + b"}",
        b"[" * 100_000,
        b'{"message": "x", "a": NaN',
    ):
        with pytest.raises(kind):
            parse(body, status)


@pytest.mark.parametrize(
    "number", [10**9, -(10**9), 10**4000 - 1, "1" * 10, "1" * 5000, True, 1.5, None, "0x10", "１"]
)  # fmt: skip
def test_a_number_that_stands_for_nothing_is_none(number: t.Any) -> None:
    """A code of 4,000 digits was printed as a whole."""
    assert integer(number) is None


def test_a_code_of_many_digits_is_not_shown() -> None:
    for code in (10**300, 10**399):
        document = {
            "response": {"status": 400, "message": "Bad", "error": True, "error_code": code},
            "exception": {"code": code},
        }
        with pytest.raises(InvalidRequest) as caught:
            parse(json.dumps(document).encode(), 400)
        assert len(str(caught.value)) < 500
        assert caught.value.context.code is None


def test_a_long_message_takes_no_time() -> None:
    """Looking for "IP ... not allowed" in it took time with the square of its length."""
    start = time.process_time()
    with pytest.raises(ServerFailed) as caught:
        parse(json.dumps({"message": "IP " * 300_000}).encode(), 500)
    assert time.process_time() - start < 2
    assert len(str(caught.value)) < 1000


def test_lists_are_those_calls_that_list_everything() -> None:
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
    from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import READ_APPLICATION

    for dialect in DIALECTS.values():
        for operation, call in dialect.calls.items():
            # An application comes with all secrets that it may read.
            lists = operation.verb is Verb.LIST or operation == READ_APPLICATION
            assert call.lists == lists, (dialect.name, operation)


def test_answers_of_all_kinds_still_parse() -> None:
    document = {
        "response": {"status": 200, "error": False},
        "a": [1, -5, 1.5, 1e300, 10**300, "x\n\\é🔑", None, True, {}],
    }
    # Numbers with a fraction stay as they are written.
    parsed = {**document, "a": [1, -5, "1.5", "1e+300", *document["a"][4:]]}
    assert parse_response(answer(document), module="pam", secrets=list, now=0.0) == parsed
    assert response.integer("123456789") == 123456789


@pytest.mark.parametrize("status", [200, 403, 404, 502])
def test_a_page_of_comments_takes_no_time(status: int) -> None:
    """A pattern whose comments may end at several places would need years for it."""
    pages = [b"<!---->" * 20_000, b"<!--" * 20_000, b"<!-- x -->\n" * 20_000 + b"<html>"]
    for page in pages:
        before = time.process_time()
        with pytest.raises(SenhaseguraError):
            parse_response(Response(status, {}, page), module="pam", secrets=lambda: (), now=0.0)
        assert time.process_time() - before < 5


@pytest.mark.parametrize(
    "page", ["<html>", "<!-- a --> <!doctype html>", "<META x>", "<!-- -- --><title>", "\ufeff<head>"]
)
def test_a_page_is_told_whatever_its_status_is(page: str) -> None:
    for status in (200, 403, 404):
        with pytest.raises(SenhaseguraError, match="HTML page"):
            parse_response(Response(status, {}, page.encode()), module="pam", secrets=lambda: (), now=0.0)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_an_answer_that_reports_an_error_is_parsed_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    load = response.load
    monkeypatch.setattr(response, "load", lambda text, **hooks: (parsed.append(text), load(text, **hooks))[1])
    body = b'{"message": "no such thing"}'
    with pytest.raises(SenhaseguraError):
        parse_response(Response(status, {}, body), module="pam", secrets=lambda: (), now=0.0, names_object=True)
    assert len(parsed) == 1
