# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What errors say: the credential, the endpoint, the HTTP status, the server's number and what to do about it."""

from __future__ import annotations

import copy
import json
import pickle
import re
import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils import errors
from ansible_collections.community.senhasegura.plugins.module_utils.client.session import Session
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import codes
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.envelope import parse_answer
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    AuthenticationFailed,
    ConfigError,
    Context,
    Denied,
    InvalidRequest,
    NoRoute,
    NotFound,
    SenhaseguraError,
    ServerBusy,
    ServerFailed,
    TokenRefused,
    UnexpectedAnswer,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CANARY,
    NO_ROUTE,
    Scripted,
    answer,
    failure,
    settings,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_session import WRITE

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, SenhaseguraError)]


def told(reply: t.Any, *, token: t.Any = None, **changes: t.Any) -> SenhaseguraError:
    """The error that a read of the credential web-root ends with."""
    server = Scripted({"GET /api/pam/credential/7": reply}, token=token)
    session = Session(settings(**changes), transport=server)
    with pytest.raises(SenhaseguraError) as caught:
        session.call("credential.read", ref="7", subject="credential web-root")
    return caught.value


# --- the classes -----------------------------------------------------------------------------------------------------


def test_every_class_has_a_kind_of_its_own() -> None:
    kinds = [c.kind for c in CLASSES]
    assert len(CLASSES) >= 16
    assert len(set(kinds)) == len(kinds)
    assert all(re.fullmatch("[a-z_]+", kind) for kind in kinds)
    assert all(c.__doc__ for c in CLASSES)


@pytest.mark.parametrize("kind", CLASSES)
def test_text_and_data(kind: type[SenhaseguraError]) -> None:
    context = Context("credential.read", "GET /x/{ref}", "credential web-root", 400, 1007, "id")
    error = kind("something failed", hint="Do this", context=context)
    assert str(error) == ("something failed (credential web-root, GET /x/{ref}, HTTP 400, server code 1007). Do this")
    assert error.failure() == {
        "kind": kind.kind, "message": "something failed", "hint": "Do this", "operation": "credential.read",
        "endpoint": "GET /x/{ref}", "subject": "credential web-root", "status": 400, "code": 1007, "option": "id",
    }  # fmt: skip
    assert json.loads(json.dumps(error.failure())) == error.failure()


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_are_copied_and_pickled_whole(kind: type[SenhaseguraError]) -> None:
    """The broker sends them to other processes."""
    error = kind("m", hint="h", context=Context(subject="s", status=429))
    if isinstance(error, ServerBusy):
        error.retry_after = 7.0
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert twin.__class__ is kind
        assert (str(twin), twin.failure(), vars(twin)) == (str(error), error.failure(), vars(error))
    copy.copy(error).with_context(operation="o")
    assert error.context.operation == ""


def test_with_context_fills_gaps_only() -> None:
    error = InvalidRequest("m", context=Context(subject="first", status=0))
    assert error.with_context(subject="second", status=400, operation="o", code=None) is error
    assert error.context == Context(operation="o", subject="first", status=0)


def test_a_text_without_context_or_hint() -> None:
    assert str(NotFound("not there")) == "not there"
    assert str(NotFound("not there", hint="Look")) == "not there. Look"
    assert str(NotFound("not there", context=Context(status=404))) == "not there (HTTP 404)"
    assert str(UnexpectedAnswer("odd")).startswith("odd. Check that url names a senhasegura server")


@pytest.mark.parametrize(
    "name", ["web\x1b[31m", "a\r\nb", "::set-output name=x::y", "##vso[task.complete]x", "\u202egpj", "half \ud800"]
)
def test_names_cannot_steer_a_terminal_or_a_log_reader(name: str) -> None:
    error = NotFound(
        f"{name} not found", hint=f"Check {name}", context=Context(subject=f"credential {name}", option=name)
    )
    for text in (str(error), *(value for value in error.failure().values() if isinstance(value, str))):
        assert text.isprintable()
        assert "::" not in text
        assert "##vso" not in text
        text.encode()


# --- the server's numbers --------------------------------------------------------------------------------------------

# The numbers of http-api.md 2.4 that belong to calls of this collection.
NUMBERS: dict[int, tuple[type[SenhaseguraError], str]] = {
    1003: (InvalidRequest, "Check the id"),
    1004: (InvalidRequest, "option hostname"),
    1005: (InvalidRequest, "option ip"),
    1007: (NotFound, "Check the id"),
    1008: (AlreadyDone, "state=enabled"),
    1009: (Denied, "A2A authorization"),
    1010: (InvalidRequest, "ssh_key lookup"),
    1011: (NotFound, "Register the device"),
    1013: (InvalidRequest, "option public_key"),
    1014: (InvalidRequest, "option private_key"),
    1015: (NotFound, "Check the id"),
    1016: (InvalidRequest, "password lookup"),
    1017: (AlreadyDone, "Enable it"),
    1018: (AlreadyDone, "Nothing to release"),
    1029: (InvalidRequest, "Register it"),
    1039: (Denied, "read and write"),
    1042: (InvalidRequest, "option username"),
    1043: (AlreadyDone, "Nothing to do"),
    1045: (AlreadyDone, "Nothing to do"),
    1046: (InvalidRequest, "change_plugin"),
    1047: (InvalidRequest, "template"),
    1052: (InvalidRequest, "identifier"),
    1053: (InvalidRequest, "letters, digits"),
    1105: (Denied, "referer"),
}


def test_the_table_of_numbers_is_complete() -> None:
    assert {number for _module, number in codes.CODES} | {1105} == set(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number(number: int) -> None:
    kind, fix = NUMBERS[number]
    said = "Mensagem do servidor"
    block = {"status": 400, "message": said, "error": True, "error_code": 1}
    documents: list[dict[str, t.Any]] = [
        {"response": block, "exception": {"code": number, "message": said, "detail": None}},
        {"response": block, "exception": {"code": str(number)}},
        {"response": {**block, "message": f"{number}: {said}"}},
        {"response": {**block, "message": f"{number}:{said}"}},
        {"response": {"status": 400, "mensagem": f" {number}: {said}", "erro": True, "cod_erro": 1}},
        {"response": {**block, "error_code": number}},
        {"response": {**block, "error_code": None, "cod_erro": str(number)}},
        {"response": block, "exception": None, "error_code": number} | {"response": {**block, "error_code": 0}},
    ]
    for document in documents:
        error = told(answer(document, 400))
        assert error.__class__ is kind
        for part in ("credential web-root", "GET /api/pam/credential/{ref}", "HTTP 400", f"server code {number}", fix):
            assert part in str(error)
        # Our own words, since the server's may be Portuguese or say more than they should.
        assert said not in str(error)


def test_numbers_belong_to_a_module() -> None:
    """1001 is OK for certificates, and 1005 another thing in MySafe: DSM must not inherit the meaning of PAM."""
    for number in NUMBERS:
        reply = failure(number, "Something")
        with pytest.raises(SenhaseguraError) as caught:
            parse_answer(reply, module="dsm", secrets=list, now=0)
        assert (caught.value.__class__ is InvalidRequest) is (number != 1105)
        assert caught.value.context.code == number


# --- the troubleshooting table of the integration guide -------------------------------------------------------------

INVALID_CLIENT = answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
IP_REFUSED = failure(None, "The IP is not allowed", 403)
GUIDE: dict[str, tuple[dict[str, t.Any], type[SenhaseguraError], tuple[str, ...]]] = {
    "401 unauthorized": (
        {"reply": failure(None, "Unauthorized", 401)}, TokenRefused,
        ("HTTP 401", "token", "enabled and not expired", "client_id and client_secret", "GET /api/pam/credential/{ref}"),
    ),
    "403 forbidden": (
        {"reply": failure(None, "Forbidden", 403)}, Denied, ("HTTP 403", "A2A authorization", "permission", "allowed IPs"),
    ),
    "invalid_client": (
        {"reply": NO_ROUTE, "token": INVALID_CLIENT}, AuthenticationFailed,
        ("HTTP 401", "client_id and client_secret", "A2A > Applications", "tenant", "POST /api/oauth2/token"),
    ),
    "ip not allowed at the login": (
        {"reply": NO_ROUTE, "token": IP_REFUSED}, AuthenticationFailed, ("HTTP 403", "address of this controller"),
    ),
    "ip not allowed": ({"reply": IP_REFUSED}, Denied, ("HTTP 403", "allowed IPs", "IP is not allowed")),
    "ip not allowed, as the vendor may say it": (
        {"reply": failure(None, "The IP is not allowed", 500)}, Denied,
        ("HTTP 500", "address of this controller", "allowed IPs"),
    ),
    "400 bad request": (
        {"reply": failure(None, "Bad request", 400)}, InvalidRequest, ("HTTP 400", "Bad request", "option values"),
    ),
    "400 at the login": (
        {"reply": NO_ROUTE, "token": answer({"error": "unsupported_grant_type"}, 400)}, AuthenticationFailed,
        ("HTTP 400", "oauth2_basic"),
    ),
    "404 not found": (
        {"reply": answer({"response": {"status": 404, "message": "x", "error": True, "error_code": 404}}, 404)}, NotFound,
        ("HTTP 404", "Check the id"),
    ),
    "404 no route": ({"reply": NO_ROUTE}, NoRoute, ("HTTP 404", "dialect", "url")),
    "429 rate limited": ({"reply": answer({}, 429)}, ServerBusy, ("HTTP 429", "rate", "fewer forks")),
    "500 server error": ({"reply": answer({}, 500)}, ServerFailed, ("HTTP 500", "system error log")),
    "500 not authorised": (
        {"reply": failure(None, "You are not authorized to access this resource.", 500)}, Denied,
        ("HTTP 500", "PAM Core", "Secret Management", "A2A authorization"),
    ),
    "502": ({"reply": answer({}, 502)}, ServerBusy, ("HTTP 502", "gateway", "Try again later")),
    "503": ({"reply": answer({}, 503)}, ServerBusy, ("HTTP 503", "not available")),
    "504": ({"reply": answer({}, 504)}, ServerBusy, ("HTTP 504", "too slow")),
    "redirect": ({"reply": answer({}, 302)}, UnexpectedAnswer, ("HTTP 302", "redirect", "Set url")),
    "html": (
        {"reply": answer(None, 200, body=b"<html>", content_type="text/html")}, UnexpectedAnswer,
        ("HTTP 200", "an HTML page, not JSON", "text/html", "6 bytes", "login page", "url"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GUIDE)
def test_troubleshooting(case: str) -> None:
    details, kind, parts = GUIDE[case]
    error = told(details["reply"], token=details.get("token"))
    assert error.__class__ is kind
    for part in ("credential web-root", *parts):
        assert part in str(error)
    assert error.hint


def test_the_servers_own_text_is_quoted_where_no_number_says_more() -> None:
    error = told(failure(None, "Valor inválido\x1b[31m::x", 400))
    assert "saying: Valor inválido x" in str(error)
    long = told(failure(None, "x" * 500, 400))
    assert "x" * 199 + "…" in str(long)
    assert "x" * 200 not in str(long)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"response": {"message": "one", "mensagem": "two", "Message": "three"}}, "one"),
        ({"response": {"message": "", "mensagem": "two"}}, "two"),
        ({"response": {"message": None, "Message": "three"}, "exception": {"message": "four"}}, "three"),
        ({"response": {}, "exception": {"message": "four"}, "message": "five"}, "four"),
        ({"message": "five", "error_description": "six", "error": "seven"}, "five"),
        ({"error_description": "six", "error": "seven"}, "six"),
        ({"error": "seven"}, "seven"),
        ({"response": {"error": "eight"}}, "eight"),
        ({"response": {"message": {"a": 1}}, "message": 7, "error": "seven"}, "seven"),
    ],
)
def test_where_the_message_stands(document: dict[str, t.Any], said: str) -> None:
    assert f"saying: {said} (" in str(told(answer(document, 400)))


# --- hints to other options ------------------------------------------------------------------------------------------


def test_no_error_without_a_hint() -> None:
    """Whatever the status is, with and without a document."""
    for status in range(300, 600):
        for reply in (answer({}, status), answer(None, status, body=b"<x>", content_type="text/html")):
            for login in (False, True):
                error = told(NO_ROUTE, token=reply) if login else told(reply)
                assert error.hint, status
                assert error.context.status == status
                assert f"HTTP {status}" in str(error)


def test_a_body_is_described_and_not_shown() -> None:
    reply = answer(None, 200, body=CANARY.encode(), content_type=f"text/{CANARY}")
    error = told(reply)
    assert CANARY not in str(error)
    assert f"content type unknown, {len(CANARY)} bytes" in str(error)
    assert "content type not given" in str(told(answer(None, 200, body=b"x", content_type="")))


def test_a_write_names_what_it_writes() -> None:
    server = Scripted({"POST /api/pam/credential": failure(1011)})
    with pytest.raises(NotFound) as caught:
        Session(settings(), transport=server).call("credential.create", model=WRITE, subject="credential root@web01")
    assert "root@web01" in str(caught.value)
    assert WRITE.password
    assert WRITE.password not in str(caught.value)


def test_configuration_errors_name_the_option() -> None:
    error = ConfigError("config_file does not exist", hint="Give an absolute path").with_context(option="config_file")
    assert error.failure()["option"] == "config_file"
    assert str(error) == "config_file does not exist. Give an absolute path"
