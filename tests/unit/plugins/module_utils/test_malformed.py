# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every operation of every dialect gets every malformed answer there is, over the wire: a precise error, and no body in it."""

from __future__ import annotations

import copy
import email.utils
import gzip
import json
import socket
import time
import typing as t

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    LIST_CREDENTIALS,
    LIST_SECRETS,
    READ_CREDENTIAL,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AuthenticationFailed,
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
)
from ansible_collections.community.senhasegura.plugins.module_utils.retry import Replay
from ansible_collections.community.senhasegura.plugins.module_utils.transport import deadline
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import (
    Received,
    Wire,
    chunked,
    http,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    CANARY,
    TOKEN,
    entry,
    settings,
)
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.test_hostile_names import write_model

Document = dict[str, t.Any]
Case = tuple[bytes, type[SenhaseguraError]]
CALLS = [(dialect.name, operation.name) for dialect in DIALECTS.values() for operation in dialect.calls]
HEAD = {"status": 200, "message": "OK", "error": False, "error_code": 0, "detail": CANARY}

# --- good answers, from which most of the bad ones are made -----------------------------------------------------------

CREDENTIAL = {"id": "7", "identifier": "web-root", "username": "root", "hostname": "web01", "password": CANARY}
KEY = {"id": "7", "identifier": "key", "private_key": CANARY, "public_key": "ssh-ed25519 AAAA", "username": "root"}
SECRET = {"secret_id": "7", "identity": "db", "data": [{"PASSWORD": CANARY}, {"TTL": None}]}
# operation -> the entity of its answer in the vendor's dialects and in rest: its name, and a good value.
ENTITIES: dict[str, tuple[tuple[str, t.Any] | None, tuple[str, t.Any] | None]] = {
    "credential.list": (("credentials", [entry(7, CANARY)]),) * 2,
    "credential.read": (("credential", CREDENTIAL),) * 2,
    "credential.create": (("credential", CREDENTIAL),) * 2,
    "credential.update": (("credential", CREDENTIAL),) * 2,
    "credential.rotate": (None, ("credential", CREDENTIAL)),
    "key.list": (None, ("sshkeys", [{**KEY, "auto_rotate": True, "rotation_days": 30}])),
    "key.read": (("key", KEY), ("sshkey", KEY)),
    "key.create": (("key", {**KEY, "devices_error": [{"hostname": "web02"}]}), ("sshkey", KEY)),
    "key.update": (("key", KEY), ("sshkey", KEY)),
    "key.rotate": (None, ("sshkey", KEY)),
    "device.list": (("devices", [{"id": "7", "hostname": CANARY, "ip": "192.0.2.10", "tags": "a,b"}]), None),
    "device.read": (("device", {"id": "7", "hostname": CANARY, "session_remote_config": ""}), None),
    "device.create": (("device", {"id": "7"}), None),
    "device.update": (("device", {"id": "7"}), None),
    "protected_information.read": (("info", {"id": "7", "tag": "x", "type": "Text", "content": CANARY}), None),
    "protected_information.create": (("info", {"identifier": "7", "content": CANARY}), None),
    "related_user.list": (("relatedUsers", [{"id": "7", "name": CANARY, "username": "x"}]), None),
    "related_user.create": (("relatedUsers", {"id": "7"}), None),
    "related_user.update": (("relatedUsers", {"id": "7"}), None),
    "session.list": (("remote_sessions", [{"id": "7", "session_id": "ab12", "user": CANARY}]), None),
    "session.create": (("session", {"session_url": CANARY, "token": CANARY}), None),
    "secret.list": (("application", {"secrets": [SECRET]}), ("secrets", [SECRET])),
    "secret.read": (None, ("secret", SECRET)),
    "secret.create": (None, ("secret", SECRET)),
    "secret.update": (None, ("secret", SECRET)),
    "application.read": (("application", {"name": "shop", "tags": ["a"], "secrets": [SECRET]}), None),
    "application.create": (("signature", CANARY), None),
    "ephemeral_credential.create": (("secret", SECRET), None),
    "automation.list": (("automations", [{"id": "7", "name": CANARY, "tags": "a,b", "devices": ["web01"]}]), None),
    "automation.create": (("automation", {"id": "7"}), None),
    "encryption_key.list": (("encryption_keys", [{"id": "7", "name": CANARY, "enabled": "1"}]), None),
    "encryption_key.encrypt": (("encrypted_value", "AAAA"), None),
    "encryption_key.decrypt": (("decrypted_value", CANARY), None),
    "mysafe_password.list": (("password_on_list", [{"identifier": "7", "name": CANARY, "tags": "a", "url": ""}]), None),
    "mysafe_password.read": (("password_entity", {"identifier": "7", "name": CANARY, "password": CANARY}), None),
    "mysafe_password.create": (("password_entity", {"identifier": "7"}), None),
    "mysafe_password.update": (("password_entity", {"identifier": "7"}), None),
    "mysafe_note.list": (("note_on_list", [{"identifier": "7", "name": CANARY, "tags": "a"}]), None),
    "mysafe_note.read": (("note_entity", {"identifier": "7", "name": CANARY, "note": CANARY}), None),
    "mysafe_note.create": (("note_entity", {"identifier": "7"}), None),
    "mysafe_note.update": (("note_entity", {"identifier": "7"}), None),
    "mysafe_api_secret.list": (("api_secret_on_list", [{"identifier": "7", "name": CANARY}]), None),
    "mysafe_api_secret.read": (("api_secret_entity", {"identifier": "7", "name": CANARY, "client_id": CANARY}), None),
    "mysafe_api_secret.create": (("api_entity", {"identifier": "7", "client_secret": CANARY}), None),
    "mysafe_api_secret.update": (("api_entity", {"identifier": "7", "client_secret": CANARY}), None),
}
NO_ENTITY: tuple[None, None] = (None, None)


def good(dialect: str, operation: str, **head: t.Any) -> Document:
    """A good answer, or one with other fields in ``response``."""
    rest = dialect == "rest"
    entity = ENTITIES.get(operation, NO_ENTITY)[rest]
    entities = dict([copy.deepcopy(entity)]) if entity else {}
    if operation == "application.create":
        entities["id"] = "id-7"
    if operation.startswith("scim_user"):
        # These have no envelope. Its fields are tested here, and theirs in dialects/test_scim.py.
        user = {"id": "7", "userName": CANARY}
        entities |= {**user, "totalResults": 1, "Resources": [user]}
    if operation == "session.read":
        # A list of one.
        entities["remote_session"] = [{"id": "7", "session_id": "ab12", "user": CANARY}]
    if rest:
        return {"response": {**HEAD, **entities, **head}}
    return {"code": 200, "response": {**HEAD, **head}, "tenant": CANARY, **entities}


# --- malformed whatever the operation is --------------------------------------------------------------------------------

HTML = f"<!DOCTYPE html><html><head><title>Sign in</title></head><body>{CANARY}</body></html>".encode()
PAGE = {"content_type": "text/html; charset=utf-8"}


def latin(document: str) -> str:
    """A document with a character whose Latin-1 is no UTF-8."""
    return document.replace('"OK"', '"Usuário"')


def nested(depth: int) -> str:
    return "[" * depth + f'"{CANARY}"' + "]" * depth


def refused(status: int | str, code: int | None = None, **head: t.Any) -> Document:
    """An error document that says nothing in its message."""
    block = {"status": status, "message": "Refused", "error": True, "error_code": 1, "detail": CANARY, **head}
    number = {"exception": {"code": code, "message": "Refused", "detail": CANARY}} if code else {}
    return {"code": status, "response": block, "tenant": CANARY, CANARY: CANARY, **number}


def anywhere(document: Document) -> dict[str, Case]:
    """Answers that no operation may take, made from its good one."""
    text = json.dumps(document)
    raw = text.encode()
    bad = UnexpectedResponse
    portuguese = {"response": {"status": 400, "mensagem": "Recusado", "erro": True, "cod_erro": 1, "detalhe": CANARY}}
    moved = {"Location": f"https://evil.example/{CANARY}", "Set-Cookie": CANARY}
    now = email.utils.formatdate(time.time() + 5, usegmt=True)
    return {
        # Bodies that are no JSON object of UTF-8.
        "html": (http(HTML, **PAGE), bad),
        "html that says json": (http(HTML), bad),
        "xml": (http(f"<?xml version='1.0'?><a>{CANARY}</a>", content_type="application/xml"), bad),
        "text": (http(CANARY, content_type="text/plain"), bad),
        "html without a type": (http(HTML, content_type=None), bad),
        "another object that says html": (http({"status": "ok", "token": CANARY}, **PAGE), bad),
        "another object without a type": (http({CANARY: CANARY}, content_type=None), bad),
        "empty object that says text": (http({}, content_type="text/plain"), bad),
        "empty": (http(b""), bad),
        "blank": (http(b" \r\n"), bad),
        "cut at the end": (http(raw[:-1]), bad),
        "cut in half": (http(raw[: len(raw) // 2]), bad),
        "garbage behind": (http(raw + CANARY.encode()), bad),
        "twice": (http(raw + raw), bad),
        "two byte order marks": (http(b"\xef\xbb\xbf" * 2 + raw), bad),
        "utf-16": (http(text.encode("utf-16")), bad),
        "utf-16 without a mark": (http(text.encode("utf-16-le")), bad),
        "utf-32": (http(text.encode("utf-32")), bad),
        "latin-1": (http(latin(text).encode("latin-1")), bad),
        "latin-1 that says utf-8": (http(latin(text).encode("latin-1"), content_type="application/json; charset=utf-8"), bad),
        "latin-1 that says nothing known": (http(latin(text).encode("latin-1"), content_type=f"text/html; charset={CANARY}"), bad),
        "overlong utf-8": (http(raw.replace(b"OK", b"\xc0\xaf")), bad),
        "surrogates in utf-8": (http(raw.replace(b"OK", b"\xed\xa0\x80")), bad),
        "null byte": (http(raw + b"\0"), bad),
        "control character in a text": (http(raw.replace(b"OK", b"O\nK")), bad),
        "NaN": (http(raw.replace(b'"OK"', b"NaN")), bad),
        "Infinity": (http(raw.replace(b'"OK"', b"Infinity")), bad),
        "-Infinity": (http(raw.replace(b'"OK"', b"-Infinity")), bad),
        "endless number": (http(raw.replace(b'"OK"', b"9" * 5000)), bad),
        "nested deeply": (http(raw.replace(b'"OK"', nested(80).encode())), bad),
        "nested more deeply than Python": (http(raw.replace(b'"OK"', nested(20_000).encode())), bad),
        "nested without an end": (http(b'{"response":' * 20_000), bad),
        "key twice": (http(raw[:-1] + b', "response": {"status": 200}}'), bad),
        "key twice inside": (http(raw.replace(b'"message"', b'"status": 200, "message"')), bad),
        "single quotes": (http(str(document)), bad),
        "comma behind": (http(raw[:-1] + b",}"), bad),
        "comment": (http(raw + b"// x"), bad),
        "call of a function": (http(b"callback(" + raw + b")"), bad),
        "escaped as a text": (http(json.dumps(text)), bad),
        "list": (http(b"[" + raw + b"]"), bad),
        "empty list": (http(b"[]"), bad),
        "string": (http(json.dumps(CANARY)), bad),
        "number": (http(b"7"), bad),
        "true": (http(b"true"), bad),
        "null": (http(b"null"), bad),
        # Success outside, failure inside.
        "error with 200": (http({**document, **refused(200)}), InvalidRequest),
        "error as text with 200": (http({**document, **refused(200, error="true")}), InvalidRequest),
        "error as number with 200": (http({**document, **refused(200, error="1")}), InvalidRequest),
        "inner 400 with 200": (http({**document, **refused(400, error=False)}), InvalidRequest),
        "inner 400 as text": (http({**document, **refused("400", error=False)}), InvalidRequest),
        "inner 404 with 200": (http({**document, **refused(404)}), NotFound),
        "inner 403 with 200": (http({**document, **refused(403)}), Denied),
        "inner 500 with 200": (http({**document, **refused(500)}), ServerFailed),
        "inner 401 with 200": (http({**document, **refused(401)}), TokenRefused),
        "portuguese with 200": (http({**document, **portuguese}), InvalidRequest),
        "portuguese without a status, with 200": (http({**document, "response": {"mensagem": "Recusado", "erro": True}}), InvalidRequest),
        "error text on top": (http({**document, "error": "Refused"}), InvalidRequest),
        "error on top": (http({**document, "error": True, "message": "Refused"}), InvalidRequest),
        "referer with 200": (http({**document, **refused(200, 1105)}), Denied),
        # Statuses.
        "200 without content": (http(b"", content_type=None), bad),
        **{f"{status}": (http(HTML, status, moved, **PAGE), bad) for status in (300, 301, 302, 303, 305, 306, 307, 308)},
        "304": (http(b"", 304, content_type=None), bad),
        "302 with a good body": (http(raw, 302, moved), bad),
        "400 html": (http(HTML, 400, **PAGE), InvalidRequest),
        "400 empty": (http(b"", 400), InvalidRequest),
        "400 list": (http(json.dumps([CANARY]), 400), InvalidRequest),
        "400 portuguese": (http(portuguese, 400), InvalidRequest),
        "400 with a number of nobody": (http(refused(400, 1999), 400), InvalidRequest),
        "400 good body": (http(raw, 400), InvalidRequest),
        "401": (http(refused(401), 401), TokenRefused),
        "401 html": (http(HTML, 401, {"WWW-Authenticate": f'Basic realm="{CANARY}"'}, **PAGE), TokenRefused),
        "401 empty": (http(b"", 401, content_type=None), TokenRefused),
        "403": (http(refused(403), 403), Denied),
        "403 html": (http(HTML, 403, **PAGE), Denied),
        "404 html": (http(HTML, 404, **PAGE), NoRoute),
        "404 of the gateway": (http({"message": "no Route matched with those values"}, 404), NoRoute),
        "404 of the product": (http(refused(404, message="Resource sub not found", error_code=4), 404), NoRoute),
        "404 empty": (http(b"", 404), NoRoute),
        "404 utf-16": (http(text.encode("utf-16"), 404), NoRoute),
        "405": (http(HTML, 405, **PAGE), InvalidRequest),
        "407": (http(HTML, 407, **PAGE), InvalidRequest),
        "418": (http(HTML, 418, **PAGE), InvalidRequest),
        "429": (http(HTML, 429, {"Retry-After": "7"}, **PAGE), ServerBusy),
        "500 html": (http(HTML, 500, **PAGE), ServerFailed),
        "500 latin-1": (http('{"message": "N\xe3o"}'.encode("latin-1"), 500), ServerFailed),
        "500 nested": (http(nested(20_000), 500), ServerFailed),
        "500 unexpected error": (http(refused(500, message="Unexpected error"), 500), ServerFailed),
        "500 not authorised": (
            http(refused(500, message="You are not authorized to access this resource."), 500), Denied,
        ),
        "500 referer": (http(refused(500, 1105), 500), Denied),
        "501": (http(HTML, 501, **PAGE), ServerFailed),
        "502 html": (http(HTML, 502, **PAGE), ServerBusy),
        "503": (http(refused(503), 503, {"Retry-After": "7"}), ServerBusy),
        "503 until a date": (http(HTML, 503, {"Retry-After": now}, **PAGE), ServerBusy),
        "503 until nonsense": (http(HTML, 503, {"Retry-After": CANARY}, **PAGE), ServerBusy),
        "504": (http({"message": "The upstream server is timing out"}, 504), ServerBusy),
        "599": (http(HTML, 599, **PAGE), ServerFailed),
        "200 in a strange protocol": (b"HTTP/9.9" + http(raw)[8:], ResponseLost),
        # The way it is sent.
        "gzip": (http(gzip.compress(raw), headers={"Content-Encoding": "gzip"}), bad),
        "gzip that says nothing": (http(gzip.compress(raw)), bad),
        "deflate that is none": (http(raw, headers={"Content-Encoding": "deflate"}), bad),
        "huge": (http(b"x" * 1_200_000), bad),
        "length too small": (http(raw, length=len(raw) - 5), bad),
        "length too large": (http(raw, length=len(raw) + 5), ResponseLost),
        "chunks without an end": (
            http(chunked(raw)[:-5], headers={"Transfer-Encoding": "chunked"}, length=-1), ResponseLost,
        ),
        "no answer": (b"", ResponseLost),
        "no http": (CANARY.encode() + b"\r\n\r\n", ResponseLost),
        "half a status line": (b"HTTP/1.1 2", ResponseLost),
        "many headers": (http(raw, headers={f"X-{i}": CANARY for i in range(200)}), ResponseLost),
    }  # fmt: skip


def odd_but_good(document: Document) -> dict[str, bytes]:
    """Answers that have all that is needed, and come in another way than the documents show."""
    text = json.dumps(document)
    raw = text.encode()
    types = {
        "html": PAGE["content_type"],
        "text": "text/plain",
        "text/json": "text/json",
        "none": None,
        "empty": "",
        "of its own": f"application/{CANARY}",
        "two": "application/json, text/html",
        "binary": "application/octet-stream",
    }
    mark = b"\xef\xbb\xbf"
    return {
        **{f"type {name}": http(raw, content_type=kind) for name, kind in types.items()},
        "byte order mark": http(mark + raw),
        "byte order mark in html": http(mark + raw, **PAGE),
        **{
            f"charset {name}": http(latin(text).encode(codec), content_type=f"text/html; charset={name}")
            for name, codec in (("ISO-8859-1", "latin-1"), ('"latin1"', "latin-1"), ("windows-1252", "cp1252"))
        },
        "charset latin-1, but UTF-8": http(latin(text).encode(), content_type="application/json; charset=latin-1"),
        "a field that nobody knows": http({**document, CANARY: [None, {"a": 1.5}]}),
        "line ends around": http(b"\r\n" + raw + b"\r\n\r\n"),
    }


# --- malformed entities -------------------------------------------------------------------------------------------------

NO_ID: dict[str, t.Any] = {
    "null": None, "empty": "", "blank": " ", "true": True, "false": False, "float": 7.5, "whole float": 7.0, "negative": -7,
    "negative text": "-7", "text": CANARY, "hex": "0x7", "list": ["7"], "object": {"id": "7"}, "other digits": "٣", "exponent": "1e3",
    "too long": "7" * 300, "path": "7/../8", "minus zero": -0.0,
}  # fmt: skip
NO_SECRET: dict[str, t.Any] = {
    "null": None, "empty": "", "zero": 0, "number": 12345, "true": True, "false": False, "list": [CANARY], "object": {"a": CANARY},
    "error sentence": "An error occurred while encrypting the text",
}  # fmt: skip
NO_OBJECT: dict[str, t.Any] = {"null": None, "text": CANARY, "number": 7, "true": True, "false": False, "float": 0.5}
NO_TEXT: dict[str, t.Any] = {"list": [CANARY], "object": {"a": CANARY}}
NO_DATA: dict[str, t.Any] = {
    **NO_OBJECT, "list of texts": [CANARY], "list of lists": [[CANARY]], "list of nulls": [None],
    "nested": [{"A": {"B": CANARY}}], "list inside": [{"A": [CANARY]}], "true inside": [{"A": True}], "false inside": [{"A": False}],
    "error sentence": [{"A": "An error occurred while encrypting the text."}],
}  # fmt: skip
MISSING = object()


def changed(value: t.Any, place: tuple[t.Any, ...], new: t.Any) -> t.Any:
    """A copy in which what stands at ``place`` is replaced or, with MISSING, left out."""
    result = copy.deepcopy(value)
    target = result
    for step in place[:-1]:
        target = target[step]
    if new is MISSING:
        del target[place[-1]]
    else:
        target[place[-1]] = new
    return result


def in_entity(dialect: str, operation: str) -> dict[str, Case]:
    """Answers whose entity is not what the operation needs."""
    document = good(dialect, operation)
    entity = ENTITIES.get(operation, NO_ENTITY)[dialect == "rest"]
    if entity is None or named(operation).replay is not Replay.SAFE:
        return {}
    name, value = entity
    place: tuple[t.Any, ...] = ("response", name) if dialect == "rest" else (name,)
    changes: dict[str, tuple[tuple[t.Any, ...], t.Any]] = {"entity missing": (place, MISSING)}
    if dialect == "rest":
        changes |= {f"response is {kind}": (("response",), new) for kind, new in {**NO_OBJECT, "list": []}.items()}
        changes["response missing"] = (("response",), MISSING)
    if name == "application":
        changes |= {f"entity is {kind}": (place, new) for kind, new in {**NO_OBJECT, "list": []}.items()}
        place, value = (*place, "secrets"), value["secrets"]
        changes["list missing"] = (place, MISSING)
    if isinstance(value, list):
        wrong = {**NO_OBJECT, "object": {"0": value[0]}}
        changes |= {f"list has {kind}": ((*place, 0), new) for kind, new in {**NO_OBJECT, "list": value}.items()}
    else:
        wrong = {**NO_OBJECT, "list": [value], "empty list": [], "empty object": {}}
    changes |= {f"entity is {kind}": (place, new) for kind, new in wrong.items()}
    item = (*place, 0) if isinstance(value, list) else place
    if operation == "application.read":
        # The data of its secrets is not looked at.
        fields: dict[str, dict[str, t.Any]] = {"identity": NO_TEXT, "secret_id": NO_TEXT}
    elif operation.startswith("secret."):
        # The id of a secret is shown only; its identity is what it is found by.
        fields = {"identity": NO_TEXT, "secret_id": NO_TEXT, "data": NO_DATA}
    elif operation == "mysafe_api_secret.read":
        fields = {"identifier": NO_ID, "client_id": NO_TEXT, "client_secret": NO_TEXT}
        # Null is nobody.
        fields["users_allowed"] = {kind: new for kind, new in NO_DATA.items() if kind != "null"}
    elif operation.startswith("mysafe"):
        fields = {"identifier": NO_ID, "name": NO_TEXT}
        if operation.endswith("read"):
            fields |= {operation.removeprefix("mysafe_").removesuffix(".read"): NO_SECRET}
    elif operation == "device.read":
        fields = {"id": NO_ID, "hostname": NO_TEXT, "session_remote_config": NO_TEXT}
    elif operation == "protected_information.read":
        fields = {"id": NO_ID, "content": NO_SECRET, "type": NO_TEXT}
    elif operation.endswith("read"):
        fields = {"id": NO_ID, ("private_key" if "key" in operation else "password"): NO_SECRET}
    else:
        fields = {"id": NO_ID}
    if operation in ("automation.list", "encryption_key.list"):
        fields["name"] = NO_TEXT
    elif operation == "device.list":
        fields["hostname"] = NO_TEXT
    elif operation.endswith("list") and "secret" not in operation and not operation.startswith("mysafe"):
        fields["user" if operation == "session.list" else "username"] = NO_TEXT
    for field, values in fields.items():
        if values is not NO_TEXT and field in (value[0] if isinstance(value, list) else value):
            changes[f"{field} missing"] = ((*item, field), MISSING)
        changes |= {f"{field} is {kind}": ((*item, field), new) for kind, new in values.items()}
    answers = {case: http(changed(document, *change)) for case, change in changes.items()}
    if dialect == "rest" and operation == "credential.read":
        answers["no entity at all"] = http({"response": HEAD})
    if (dialect, operation) == ("rest", "secret.list"):
        # A list without values: each is then read by its own path.
        del answers["data missing"], answers["data is null"]
    return {case: (wire, UnexpectedResponse) for case, wire in answers.items()}


def cases(dialect: str, operation: str) -> dict[str, Case]:
    found = {**anywhere(good(dialect, operation)), **in_entity(dialect, operation)}
    call = DIALECTS[dialect].calls[named(operation)]
    if named(operation).replay is Replay.SAFE:
        found["no content (204)"] = (http(b"", 204, content_type=None), UnexpectedResponse)
    if call.names_object:
        # Whatever says so, but for the words for a path that leads nowhere.
        for name in ("404 html", "404 empty", "404 utf-16"):
            found[name] = (found[name][0], NotFound)
        found["404 with words"] = (http({"message": "Secret not found"}, 404), NotFound)
        found["404 with a small number"] = (http(refused(404, error_code=1), 404), NotFound)
    return found


# --- the tests ----------------------------------------------------------------------------------------------------------


class Server:
    """Gives out tokens, and to everything else the answer that is set."""

    def __init__(self) -> None:
        self.answer = b""
        self.login = http({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600})

    def __call__(self, request: Received, sock: socket.socket) -> bytes | None:
        answer = self.login if "/oauth2/token" in request.line else self.answer
        if answer.startswith(b"HTTP/1.1") and not self._needs_end(answer):
            return answer
        if answer:
            sock.sendall(answer)
        return b""

    @staticmethod
    def _needs_end(answer: bytes) -> bool:
        """Whether the client would wait for more."""
        head, _blank, body = answer.partition(b"\r\n\r\n")
        length = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        return not length or int(length) > len(body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[tuple[Wire, Server]]:
    monkeypatch.setattr(deadline, "MAX_BODY", 1_000_000)
    behaviour = Server()
    with Wire(behaviour) as wire:
        yield wire, behaviour


def test_there_are_enough_cases() -> None:
    assert len(CALLS) >= 40
    numbers = {call: len(cases(*call)) for call in CALLS}
    assert min(numbers.values()) >= 100
    assert {len(cases(*call)) for call in CALLS if call[1].endswith("read")} & set(range(120, 300))


@pytest.mark.parametrize(("dialect", "operation"), CALLS)
def test_good_answers_are_taken(server: tuple[Wire, Server], dialect: str, operation: str) -> None:
    """Otherwise the tests below would show nothing."""
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect=dialect))
    for status in (200, 201, 202):
        behaviour.answer = http(good(dialect, operation, status=status), status)
        session.call(named(operation), ref="7", model=write_model(operation))
    for content_type in ("application/json; charset=UTF-8", "Application/JSON", "application/problem+json"):
        behaviour.answer = http(good(dialect, operation), content_type=content_type)
        session.call(named(operation), ref="7", model=write_model(operation))


@pytest.mark.parametrize(("dialect", "operation"), CALLS)
def test_the_body_decides_and_not_its_type(server: tuple[Wire, Server], dialect: str, operation: str) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect=dialect))
    behaviour.answer = http(good(dialect, operation))
    expected = session.call(named(operation), ref="7", model=write_model(operation))
    for name, behaviour.answer in odd_but_good(good(dialect, operation)).items():
        assert session.call(named(operation), ref="7", model=write_model(operation)) == expected, name


def test_the_text_of_another_charset_is_read_right(server: tuple[Wire, Server]) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect="api"))
    document = json.dumps({"response": HEAD, "credential": {**CREDENTIAL, "password": "pässword"}}, ensure_ascii=False)
    for codec in ("latin-1", "utf-8"):
        behaviour.answer = http(document.encode(codec), content_type="text/html; charset=iso-8859-1")
        assert session.call(READ_CREDENTIAL, ref="7").password == "pässword"


def test_numbers_stay_as_they_are_written(server: tuple[Wire, Server]) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect="api"))
    listed = json.dumps(good("api", "secret.list"))
    behaviour.answer = http(listed.replace(f'"{CANARY}"}}', '1.10, "BIG": 1e400, "INT": 70}'))
    (secret,) = session.call(LIST_SECRETS)
    assert secret.data[0] == {"PASSWORD": "1.10", "BIG": "1e400", "INT": "70"}


@pytest.mark.parametrize("operation", ["credential.disable", "key.create", "secret.update"])
def test_a_write_may_have_no_content(server: tuple[Wire, Server], operation: str) -> None:
    """204 says that it is done. Of a read, it says nothing that is needed: see the malformed answers."""
    wire, behaviour = server
    behaviour.answer = http(b"", 204, content_type=None)
    for dialect in DIALECTS:
        if DIALECTS[dialect].supports(named(operation)):
            DirectApi(settings(url=wire.url(), dialect=dialect)).call(
                named(operation), ref="7", model=write_model(operation)
            )


WRITES = [
    call
    for call in CALLS
    if ENTITIES.get(call[1], NO_ENTITY)[call[0] == "rest"] and call[1].endswith(("create", "update", "rotate"))
]
# What they are made for is in the answer.
NEEDED = (
    *("application.create", "ephemeral_credential.create", "encryption_key.encrypt", "encryption_key.decrypt"),
    "session.create",
)


@pytest.mark.parametrize("operation", NEEDED)
def test_what_an_answer_is_needed_for(server: tuple[Wire, Server], operation: str) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect="api"))
    name, _value = ENTITIES[operation][0]
    for new in (MISSING, None, [], 7, False):
        behaviour.answer = http(changed(good("api", operation), (name,), new))
        with pytest.raises(UnexpectedResponse) as caught:
            session.call(named(operation), ref="7", model=write_model(operation))
        assert check(caught.value, UnexpectedResponse) == ""


@pytest.mark.parametrize(("dialect", "operation"), [call for call in WRITES if call[1] not in NEEDED])
def test_a_write_is_done_whatever_the_answer_shows_of_it(
    server: tuple[Wire, Server], dialect: str, operation: str
) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect=dialect))
    name, value = ENTITIES[operation][dialect == "rest"]
    place: tuple[t.Any, ...] = ("response", name) if dialect == "rest" else (name,)
    for new in (
        MISSING,
        None,
        "",
        [],
        [value],
        {},
        7,
        *({**value, "id": id_, "secret_id": id_, "identifier": id_} for id_ in NO_ID.values()),
    ):
        behaviour.answer = http(changed(good(dialect, operation), place, new))
        stored = session.call(named(operation), ref="7", model=write_model(operation))
        # Protected information comes with its identifier, and without an id.
        named_otherwise = operation == "protected_information.create" and isinstance(new, dict) and new
        if not operation.startswith("secret.") and not named_otherwise:
            assert getattr(stored, "id", stored) == "", new
    behaviour.answer = http(good(dialect, operation))
    stored = session.call(named(operation), ref="7", model=write_model(operation))
    (shown,) = stored if isinstance(stored, tuple) else (stored,)
    assert getattr(shown, "id", shown) == "7"


def check(exc: SenhaseguraError, kind: type[SenhaseguraError]) -> str:
    """What is wrong with an error, or ''."""
    if exc.__class__ is not kind:
        return f"{type(exc).__name__} instead of {kind.__name__}: {exc}"
    if not exc.hint:
        return f"no hint: {exc}"
    texts = f"{exc} {exc!r} {json.dumps(exc.failure())}"
    if CANARY[:8] in texts or CANARY[-8:] in texts:
        return f"shows the body: {texts}"
    if exc.__cause__ is not None or (exc.__context__ is not None and not exc.__suppress_context__):
        return f"has a cause, which ansible-core prints: {exc.__cause__!r} {exc.__context__!r}"
    return ""


@pytest.mark.parametrize(("dialect", "operation"), CALLS)
def test_malformed_answers(server: tuple[Wire, Server], dialect: str, operation: str) -> None:
    wire, behaviour = server
    session = DirectApi(settings(url=wire.url(), dialect=dialect))
    problems = []
    call = DIALECTS[dialect].calls[named(operation)]
    for name, (behaviour.answer, kind) in cases(dialect, operation).items():
        try:
            result = session.call(named(operation), ref="7", model=write_model(operation), subject="credential X")
        except SenhaseguraError as exc:
            problem = check(exc, kind)
            context = exc.context
            if not problem and (context.operation, context.subject, context.endpoint) != (
                operation, "credential X", f"{call.method} {call.path}",
            ):  # fmt: skip
                problem = f"context {context}"
            if not problem and name[:3].isdigit() and kind is not ResponseLost and context.status != int(name[:3]):
                problem = f"status {context.status}"
            if not problem and name in ("429", "503") and exc.retry_after != 7.0:
                problem = "Retry-After is lost"
        except BaseException as exc:
            problem = f"{type(exc).__name__}: {exc}"
        else:
            # What cannot be read of something is told when it is asked for.
            unread = [exc for one in (result if isinstance(result, tuple) else [result]) for exc in reasons(one)]
            problem = check(unread[0], kind) if unread else "was taken"
        if problem:
            problems.append(f"{name}: {problem}")
    assert problems == []


def reasons(model: t.Any) -> list[SenhaseguraError]:
    return list(getattr(model, "unreadable", {}).values())


# --- the reply to the token request -------------------------------------------------------------------------------------

LOGIN_KINDS: dict[type[SenhaseguraError], type[SenhaseguraError]] = {
    TokenRefused: AuthenticationFailed, Denied: AuthenticationFailed,
}  # fmt: skip
LOGIN_EXCEPT = {
    **dict.fromkeys(["400 html", "400 empty", "400 list", "400 portuguese", "400 with a number of nobody"], AuthenticationFailed),
    **dict.fromkeys(["403", "403 html", "inner 403 with 200", "400 good body"], AuthenticationFailed),
    **dict.fromkeys([name for name in anywhere({"response": HEAD}) if name.endswith("200") or "on top" in name], AuthenticationFailed),
    "inner 404 with 200": NotFound, "inner 500 with 200": ServerFailed, "referer with 200": AuthenticationFailed,
    "inner 400 as text": AuthenticationFailed,
}  # fmt: skip
NO_TOKEN: dict[str, t.Any] = {
    "missing": MISSING, "null": None, "empty": "", "blank": " ", "number": 7, "true": True, "list": [CANARY], "object": {CANARY: 1},
    "with a line break": f"{CANARY}\r\nX-Injected: 1", "with a blank": f"a {CANARY}", "not ascii": f"é{CANARY}", "nul": f"{CANARY}\0",
    "del": f"{CANARY}\x7f", "surrogate": f"{CANARY}\ud800",
}  # fmt: skip
NO_TYPE: dict[str, t.Any] = {"mac": "mac", "null": None, "number": 7, "empty": "", "list": ["Bearer"], "text": CANARY}


def login_cases() -> dict[str, Case]:
    document = {"access_token": CANARY, "token_type": "Bearer", "expires_in": 3600, "response": HEAD}
    found = {
        name: (wire, LOGIN_EXCEPT.get(name, LOGIN_KINDS.get(kind, kind)))
        for name, (wire, kind) in anywhere(document).items()
        if "OK" in json.dumps(document)
    }
    for field, values in {"access_token": NO_TOKEN, "token_type": NO_TYPE}.items():
        found |= {
            f"{field} {kind}": (http(changed(document, (field,), new)), UnexpectedResponse)
            for kind, new in values.items()
        }
    return found


@pytest.mark.parametrize("dialect", ["auto", "api", "iso", "rest"])
def test_malformed_token_replies(server: tuple[Wire, Server], dialect: str) -> None:
    wire, behaviour = server
    problems = []
    assert len(login_cases()) >= 100
    for name, (behaviour.login, kind) in login_cases().items():
        session = DirectApi(settings(url=wire.url(), dialect=dialect))
        before = len(wire.requests)
        try:
            session.call(LIST_CREDENTIALS, subject="all credentials")
        except SenhaseguraError as exc:
            problem = check(exc, kind)
            if not problem and "oauth2/token" not in exc.context.endpoint:
                problem = f"endpoint {exc.context.endpoint}"
        except BaseException as exc:
            problem = f"{type(exc).__name__}: {exc}"
        else:
            problem = "was taken"
        if not problem and any("oauth2/token" not in line for line in wire.lines[before:]):
            problem = "something was sent without a token"
        if problem:
            problems.append(f"{name}: {problem}")
    assert problems == []


@pytest.mark.parametrize(
    "change",
    [
        {"token_type": "bearer"},
        {"token_type": "BEARER"},
        {"token_type": MISSING},
        {"expires_in": MISSING},
        {"expires_in": "x"},
    ],
)
def test_usable_token_replies(server: tuple[Wire, Server], change: Document) -> None:
    wire, behaviour = server
    ((field, value),) = change.items()
    document = {"access_token": "T", "token_type": "Bearer", "expires_in": 3600}
    behaviour.login, behaviour.answer = http(changed(document, (field,), value)), http(good("api", "credential.list"))
    assert len(DirectApi(settings(url=wire.url())).call(LIST_CREDENTIALS)) == 1
    assert wire.requests[-1].header("authorization") == "Bearer T"
