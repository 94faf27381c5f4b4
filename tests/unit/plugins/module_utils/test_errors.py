# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What errors say: the server, the credential, the endpoint, the server's number and words, and what to do about it."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import re
import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils import errors
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects import error_codes
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    CREATE_CREDENTIAL,
    LIST_CREDENTIALS,
    LIST_RELATED_USERS,
    READ_CREDENTIAL,
    READ_SESSION,
    Operation,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.response import parse_response
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
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.client.test_direct_api import WRITE
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CANARY,
    CLIENT_SECRET,
    NO_ROUTE,
    Scripted,
    answer,
    failure,
    settings,
)

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, SenhaseguraError)]


def told(reply: t.Any, *, token: t.Any = None, **changes: t.Any) -> SenhaseguraError:
    """The error that a read of the credential web-root ends with."""
    server = Scripted({"GET /api/pam/credential/7": reply}, token=token)
    session = DirectApi(settings(**changes), transport=server)
    with pytest.raises(SenhaseguraError) as caught:
        session.call(READ_CREDENTIAL, ref="7", subject="credential web-root")
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
    context = Context(
        "credential.read", "GET /x/{ref}", "credential web-root", 400, 1007, "id", "https://pam:443", "1007: No such"
    )
    error = kind("something failed", hint="Do this", context=context)
    assert str(error) == (
        "something failed (credential web-root, https://pam:443, GET /x/{ref}, HTTP 400, server code 1007). "
        'The server says "1007: No such". Do this'
    )
    assert error.failure() == {
        "kind": kind.kind, "message": "something failed", "hint": "Do this", "operation": "credential.read",
        "endpoint": "GET /x/{ref}", "subject": "credential web-root", "status": 400, "code": 1007, "option": "id",
        "server": "https://pam:443", "server_message": "1007: No such",
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
    # What the message names already is not named again.
    assert str(NotFound("key k not there", context=Context(subject="key k"))) == "key k not there"
    assert str(UnexpectedResponse("odd")).startswith("odd. Check that url names a senhasegura server")


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
    1010: (InvalidRequest, "community.senhasegura.ssh_key"),
    1011: (NotFound, "community.senhasegura.device"),
    1013: (InvalidRequest, "option public_key"),
    1014: (InvalidRequest, "option private_key"),
    1015: (NotFound, "Check the id"),
    1016: (InvalidRequest, "community.senhasegura.password"),
    1017: (AlreadyDone, "Enable it"),
    1018: (AlreadyDone, "nothing to release"),
    1019: (InvalidRequest, "option site of the device"),
    1020: (InvalidRequest, "option model of the device"),
    1021: (InvalidRequest, "option vendor of the device"),
    1022: (InvalidRequest, "option type of the device"),
    1023: (NotFound, "Protected information"),
    1024: (AlreadyDone, "another identifier"),
    1026: (InvalidRequest, "option content"),
    1029: (InvalidRequest, "Register the domain"),
    1039: (Denied, "read and write"),
    1042: (InvalidRequest, "option username"),
    1043: (AlreadyDone, "nothing to do"),
    1044: (AlreadyDone, "nothing to do"),
    1045: (AlreadyDone, "nothing to do"),
    1046: (InvalidRequest, "change_plugin"),
    1047: (InvalidRequest, "template"),
    1052: (InvalidRequest, "identifier"),
    1053: (InvalidRequest, "letters, digits"),
    1105: (Denied, "referer"),
}


def test_the_table_of_numbers_is_complete() -> None:
    """Those of MySafe, whose numbers mean something else: client/test_mysafe.py."""
    numbers = {number for module, number in error_codes.CODES if module not in ("mysafe", "users", "session")}
    assert numbers | {1105} == set(NUMBERS)


@pytest.mark.parametrize(
    ("operation", "path", "number", "kind", "fix"),
    [
        (READ_SESSION, "/api/pam/session/remotesessions/7", 1002, NotFound, "session_info"),
        (READ_SESSION, "/api/pam/session/remotesessions/7", 1039, Denied, "read and write"),
        (LIST_RELATED_USERS, "/api/user/related", 1001, InvalidRequest, "Set name and username"),
        (LIST_RELATED_USERS, "/api/user/related", 1005, NotFound, "id that of a related user"),
    ],
)
def test_each_number_of_sessions_and_related_users(
    operation: Operation[t.Any], path: str, number: int, kind: type[SenhaseguraError], fix: str
) -> None:
    block = {"status": 400, "message": "Mensagem", "error": True, "error_code": 1}
    server = Scripted({f"GET {path}": answer({"response": block, "exception": {"code": number}}, 400)})
    with pytest.raises(SenhaseguraError) as caught:
        DirectApi(settings(), transport=server).call(operation, ref="7")
    assert caught.value.__class__ is kind
    assert fix in str(caught.value)
    assert f"server code {number}" in str(caught.value)


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
        # Our own words lead, since the server's may be Portuguese.
        assert error.message == error_codes.CODES.get(("pam", number), error_codes.REFERER).text
        assert (f'The server says "{error.context.server_message}"' in str(error)) is (said in json.dumps(document))


def test_numbers_belong_to_a_module() -> None:
    """1001 is OK for certificates, and 1005 another thing in MySafe: DSM must not inherit the meaning of PAM."""
    for number in NUMBERS:
        reply = failure(number, "Something")
        with pytest.raises(SenhaseguraError) as caught:
            parse_response(reply, module="dsm", secrets=list, now=0)
        assert (caught.value.__class__ is InvalidRequest) is (number != 1105)
        assert caught.value.context.code == number


# --- the troubleshooting table of the integration guide -------------------------------------------------------------

INVALID_CLIENT = answer({"error": "invalid_client", "error_description": "Client authentication failed"}, 401)
IP_REFUSED = failure(None, "The IP is not allowed", 403)
GUIDE: dict[str, tuple[dict[str, t.Any], type[SenhaseguraError], tuple[str, ...]]] = {
    "401 unauthorized": (
        {"reply": failure(None, "Unauthorized", 401)}, TokenRefused,
        ("HTTP 401", "token", "enabled and not expired", "client_id and client_secret", "GET /api/pam/credential/{ref}",
         'says "Unauthorized"', "https://pam.example.com:443"),
    ),
    "403 forbidden": (
        {"reply": failure(None, "Forbidden", 403)}, Denied, ("HTTP 403", "A2A authorization", "permission", "allowed IPs", 'says "Forbidden"'),
    ),
    "invalid_client": (
        {"reply": NO_ROUTE, "token": INVALID_CLIENT}, AuthenticationFailed,
        ("HTTP 401", "client_id and client_secret", "A2A > Applications", "tenant", "POST /api/oauth2/token",
         "auth_method=oauth2_basic", "HTTP Basic", 'says "invalid_client: Client authentication failed"'),
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
        {"reply": failure(None, "Bad request", 400)}, InvalidRequest, ("HTTP 400", 'says "Bad request"', "Correct the option"),
    ),
    "400 at the login": (
        {"reply": NO_ROUTE, "token": answer({"error": "unsupported_grant_type"}, 400)}, AuthenticationFailed,
        ("HTTP 400", "oauth2_basic"),
    ),
    "404 not found": (
        {"reply": answer({"response": {"status": 404, "message": "x", "error": True, "error_code": 404}}, 404)}, NotFound,
        ("HTTP 404", "Check the id", 'says "x"'),
    ),
    "404 no route": ({"reply": NO_ROUTE}, NoRoute, ("HTTP 404", "dialect", "url", 'says "no Route matched with those values"')),
    "429 rate limited": ({"reply": answer({}, 429)}, ServerBusy, ("HTTP 429", "rate", "fewer forks")),
    "500 server error": ({"reply": answer({}, 500)}, ServerFailed, ("HTTP 500", "system error log")),
    "500 not authorised": (
        {"reply": failure(None, "You are not authorized to access this resource.", 500)}, Denied,
        ("HTTP 500", "PAM Core", "A2A authorization", 'says "You are not authorized to access this resource"'),
    ),
    "502": ({"reply": answer({}, 502)}, ServerBusy, ("HTTP 502", "gateway", "Try again later")),
    "503": ({"reply": answer({}, 503)}, ServerBusy, ("HTTP 503", "not available")),
    "504": ({"reply": answer({}, 504)}, ServerBusy, ("HTTP 504", "too slow")),
    "redirect": ({"reply": answer({}, 302)}, UnexpectedResponse, ("HTTP 302", "redirect", "Set url")),
    "html": (
        {"reply": answer(None, 200, body=b"<html>", content_type="text/html")}, UnexpectedResponse,
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
    assert 'The server says "Valor inválido x"' in str(error)
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
        ({"message": "", "mensagem": "recusado"}, "recusado"),
        ({"error_description": "six", "error": "seven"}, "six"),
        ({"error": "seven"}, "seven"),
        ({"error": "invalid_request", "error_description": "six"}, "invalid_request: six"),
        (
            {"error": "invalid_request", "message": "an invalid_request, indeed"},
            "invalid_request: an invalid_request, indeed",
        ),
        ({"error": {"code": 7, "message": "within"}}, "within"),
        ({"reason": "nine"}, "nine"),
        ({"title": "Bad Request", "detail": "ten", "status": 400}, "ten"),
        ({"response": "eleven"}, "eleven"),
        ({"errors": ["twelve", {"message": "more"}, 7, "fourth"]}, "twelve; more"),
        ({"response": {"status": 400, "errors": [{"message": "thirteen"}]}}, "thirteen"),
        ({"response": {"status": 400, "detail": "fourteen"}}, "fourteen"),
        ({"message": ["fifteen"]}, "fifteen"),
        ({"response": {"error": "eight"}}, "eight"),
        ({"response": {"message": {"a": 1}}, "message": 7, "error": "seven"}, "seven"),
    ],
)
def test_where_the_message_stands(document: dict[str, t.Any], said: str) -> None:
    assert f'The server says "{said}". ' in str(told(answer(document, 400)))


def words(reply: t.Any, **details: t.Any) -> str:
    """The server's own words in the error that a read, or with ``token`` a login, ends with."""
    error = told(NO_ROUTE, token=reply, **details) if details.pop("login", False) else told(reply, **details)
    said = error.context.server_message
    assert (f'The server says "{said}". ' in str(error)) is bool(said)
    assert error.failure()["server_message"] == said
    return said


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 418, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("login", [False, True])
def test_no_status_drops_the_servers_words(status: int, login: bool) -> None:
    envelope = {"response": {"status": status, "mensagem": "Fora de serviço", "erro": True, "cod_erro": 1}}
    page = (
        b"<!DOCTYPE html>\n<html><head><TITLE lang='en'>\n Gateway &amp; more</TITLE></head><body>secret</body></html>"
    )
    for reply, said in (
        (answer(envelope, status, body=json.dumps(envelope, ensure_ascii=False).encode("latin-1")), "Fora de serviço"),
        (answer(envelope, status, body=json.dumps(envelope, ensure_ascii=False).encode()), "Fora de serviço"),
        (answer(None, status, body="<title>Página</title>".encode("latin-1"), content_type="text/html"), "Página"),
        (answer({"exception": {"code": 0, "message": "Only here"}}, status), "Only here"),
        (answer({"message": 'say "no"\r\n::error::x'}, status), "say 'no' error x"),
        (answer("just a text", status), "just a text"),
        (answer(None, status, body=b"upstream connect error", content_type="text/plain"), "upstream connect error"),
        (answer(None, status, body=page, content_type="text/html"), "Gateway & more"),
        (answer(None, status, body=b"<html><body>no title</body></html>", content_type="text/html"), ""),
        (answer(None, status, body=b"x" * 3000, content_type="text/plain"), ""),
        (answer(None, status, body=b'{"message": "cut', content_type="application/json"), ""),
        (answer(["a list"], status), ""),
        (answer({}, status), ""),
    ):  # fmt: skip
        assert words(reply, login=login) == said, reply


def test_a_page_that_claims_success_is_known_by_its_title() -> None:
    page = f"<html><head><title>Sign in</title></head><body>{CANARY}</body></html>".encode()
    error = told(answer(None, 200, body=page, content_type="text/html"))
    assert error.context.server_message == "Sign in"
    assert "an HTML page" in str(error)
    # Any other body that claims success may be the secret itself.
    assert words(answer(None, 200, body=CANARY.encode(), content_type="text/plain")) == ""


def test_words_have_no_secrets() -> None:
    for secret in (CLIENT_SECRET, base64.b64encode(CLIENT_SECRET.encode()).decode()):
        page = f"<html><title>Who is {secret}</title></html>".encode()
        for reply in (
            answer({"message": f"Who is {secret}"}, 503),
            answer({"error": "invalid_client", "error_description": f"Who is {secret}"}, 401),
            answer(None, 404, body=page, content_type="text/html"),
            answer(None, 200, body=page, content_type="text/html"),
            answer(None, 429, body=f"Who is {secret}".encode(), content_type="text/plain"),
            answer({}, 302, location=f"https://{secret}.example.com/"),
        ):
            for login in (False, True):
                error = told(NO_ROUTE, token=reply) if login else told(reply)
                assert secret not in str(error) + json.dumps(error.failure())
                assert "********" in str(error)


def test_a_redirect_names_where_it_leads_without_its_query() -> None:
    for location, shown in (
        (f"https://login.example.com:8443/start?token={CANARY}", " to https://login.example.com:8443, "),
        (f"http://user:{CANARY}@evil.example/", None),
        ("/elsewhere", "redirects, which"),
        ("", "redirects, which"),
    ):
        error = told(answer({}, 302, location=location))
        assert CANARY not in str(error)
        assert shown is None or shown in str(error)


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [None, 0, 1, 4, 400, 999, 10_000, 10**30, -1007, True, "1", "x", 1.5, [1007]])
def test_a_number_that_means_nothing_is_not_shown(number: t.Any) -> None:
    for document in (
        {"response": {"status": 400, "message": "No", "error": True, "error_code": number}},
        {"response": {"status": 400, "mensagem": "No", "erro": True, "cod_erro": number}},
        {"response": {"message": "No"}, "exception": {"code": number, "message": "No"}},
        {"message": "No", "error_code": number},
    ):
        error = told(answer(document, 400))
        assert error.context.code is None
        assert "server code" not in str(error)


def test_a_number_that_nobody_knows_is_shown_with_the_servers_words() -> None:
    error = told(failure(1999, "Something new"))
    assert "server code 1999" in str(error)
    assert 'The server says "1999: Something new"' in str(error)


# --- logins ----------------------------------------------------------------------------------------------------------

LOGINS: dict[str, tuple[dict[str, t.Any], int, tuple[str, ...]]] = {
    "wrong secret with 400": ({"error": "invalid_client"}, 400, ("client_id or client_secret is wrong", "Compare")),
    "wrong secret with 200": ({"error": "invalid_client"}, 200, ("client_id or client_secret is wrong", "Compare")),
    "not for this grant": ({"error": "unauthorized_client"}, 400, ("client_id and client_secret alone", "OAuth 2.0")),
    "scope": ({"error": "invalid_scope", "error_description": "The scope is invalid"}, 400, ("resources", "PAM Core")),
    "grant type": ({"error": "unsupported_grant_type"}, 400, ("not read the body", "oauth2_basic")),
    "something missing": ({"error": "invalid_request", "message": "Check the `x` parameter"}, 400, ("Set tenant",)),
    "tenant": ({"error": "invalid_request", "message": "Unknown tenant"}, 400, ("does not accept the tenant", "subdomain")),
    "tenant in an envelope": ({"response": {"message": "Tenant not found", "error": True}}, 401, ("the tenant", "Set tenant")),
    "address": ({"response": {"message": "The IP 192.0.2.1 is not allowed", "error": True}}, 500, ("allowed IPs",)),
    "address with 401": ({"message": "IP not allowed"}, 401, ("address of this controller is not allowed", "allowed IPs")),
    "referer": ({"response": {"message": "The http referer is not allowed", "error_code": 1105}}, 500, ("referers",)),
    "expired": ({"message": "The authorization has expired"}, 401, ("has expired", "enabled and not expired")),
    "inactive": ({"response": {"message": "Inactive authorization", "error_code": 1}}, 401, ("is inactive", "enabled")),
    "denied": ({"error": "access_denied"}, 403, ("forbids this client to log in",)),
}  # fmt: skip


@pytest.mark.parametrize("case", LOGINS)
def test_a_refused_login_says_what_to_check(case: str) -> None:
    document, status, parts = LOGINS[case]
    error = told(NO_ROUTE, token=answer(document, status))
    assert error.__class__ is AuthenticationFailed
    for part in (
        "credential web-root",
        "https://pam.example.com:443",
        "POST /api/oauth2/token",
        "The server says",
        *parts,
    ):
        assert part in str(error)
    assert ("HTTP Basic" in str(error)) is (case in ("grant type", "something missing"))


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ("<html><title>400 No required SSL certificate was sent</title></html>", "Set client_cert"),
        ("<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>", "Set url to https://"),
    ],
)
def test_what_a_gateway_says(said: str, fix: str) -> None:
    assert fix in str(told(answer(None, 400, body=said.encode(), content_type="text/html")))


# --- servers and lists -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://pam.example.com", "https://pam.example.com:443"),
        ("http://pam.example.com", "http://pam.example.com:80"),
        ("https://pam.example.com:8443/base", "https://pam.example.com:8443/base"),
        # Two colons in a row are a command to some log readers.
        ("https://[::1]", "https://[0:0:0:0:0:0:0:1]:443"),
        ("https://[2001:db8::7]:8443", "https://[2001:db8:0:0:0:0:0:7]:8443"),
        ("https://[fe80::1%eth0]:8443", "https://[fe80:0:0:0:0:0:0:1%eth0]:8443"),
        (f"https://user:{CANARY}@pam.example.com", "https://pam.example.com:443"),
    ],
)
def test_the_server_is_named_with_its_port_and_without_a_user(url: str, shown: str) -> None:
    error = told(answer({}, 503), url=url)
    assert error.context.server == error.failure()["server"] == shown
    assert f", {shown}, GET /api/pam/credential/{{ref}}, HTTP 503" in str(error)
    assert f", {shown}, POST /api/oauth2/token" in str(told(NO_ROUTE, token=answer({}, 503), url=url))


@pytest.mark.parametrize(
    ("operation", "path", "what"),
    [
        ("credential.list", "/api/pam/credential", "the list of credentials"),
        ("secret.list", "/iso/dapp/application", "the list of DSM secrets"),
    ],
)
def test_a_list_that_cannot_be_read_is_named_beside_the_object(operation: str, path: str, what: str) -> None:
    session = DirectApi(settings(), transport=Scripted({f"GET {path}": answer({}, 500)}))
    with pytest.raises(ServerFailed) as caught:
        session.call(named(operation), subject="thing web-root")
    assert str(caught.value).startswith(
        f"{what} could not be read: the server reports an error of its own (thing web-root, "
    )
    with pytest.raises(ServerFailed) as caught:
        session.call(named(operation), subject=what)
    assert str(caught.value).count(what) == 1


def test_a_failed_login_is_no_list_that_could_not_be_read() -> None:
    server = Scripted(token=answer({"error": "invalid_client"}, 401))
    with pytest.raises(AuthenticationFailed) as caught:
        DirectApi(settings(), transport=server).call(LIST_CREDENTIALS, subject="credential web-root")
    assert "could not be read" not in str(caught.value)


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
        DirectApi(settings(), transport=server).call(CREATE_CREDENTIAL, model=WRITE, subject="credential root@web01")
    assert "root@web01" in str(caught.value)
    assert WRITE.password
    assert WRITE.password not in str(caught.value)


def test_configuration_errors_name_the_option() -> None:
    error = ConfigError("config_file does not exist", hint="Give an absolute path").with_context(option="config_file")
    assert error.failure()["option"] == "config_file"
    assert str(error) == "config_file does not exist. Give an absolute path"
