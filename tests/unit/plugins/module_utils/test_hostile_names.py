# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile names leave the intended path with no operation of any dialect: looked at where it counts, on the wire."""

from __future__ import annotations

import re
import socket
import typing as t
import urllib.parse

import pytest

pytest.importorskip("requests")

from ansible_collections.community.senhasegura.plugins.module_utils import (
    device_models,
    dsm_models,
    dsm_secrets,
    information_models,
    keypair,
    models,
    mysafe_models,
    session_models,
    user_models,
)
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import Verb, named
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.hostile import NAMES
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.servers import Received, Wire, http
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    NO_ROUTE,
    Scripted,
    Sent,
    answer,
    entry,
    settings,
    success,
    token_answer,
)

NAMED = [
    (dialect.name, operation.name)
    for dialect in DIALECTS.values()
    for operation, call in dialect.calls.items()
    if "{ref}" in call.path or call.body == "query"
]
# Numbers belong to modules, this status to all of them.
NOT_FOUND = answer({"response": {"status": 404, "message": "Not found", "error": True, "error_code": 404}}, 404)
PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@-]*")


def write_model(operation: str, name: str = "web-root") -> t.Any:
    """A write model for the operations that need one."""
    area, _dot, action = operation.partition(".")
    if operation == "ephemeral_credential.release":
        return dsm_models.EphemeralWrite(None, name, "deploy", "ns", "12")
    if action in ("encrypt", "decrypt"):
        return (dsm_models.EncryptWrite if action == "encrypt" else dsm_models.DecryptWrite)("7", "text")
    if action not in ("create", "update"):
        return None
    return {
        "application": dsm_models.DsmApplicationWrite(name, "web", "prod"),
        "variables": dsm_models.VariablesUpload({"A": "value"}, {"key_value": [{"name": name, "fields": ["A"]}]}),
        "ephemeral_credential": dsm_models.EphemeralWrite(None, name, "deploy", "ns"),
        "protected_information": information_models.InformationWrite("text", name),
        "related_user": user_models.RelatedUserWrite(name, "jdoe", "6"),
        "session": session_models.WebSessionWrite("jdoe", "root", name, "ssh"),
        "scim_user": user_models.ScimUserWrite(name, "1", "Name", email="a@example.com", changes=("email",)),
        "device": device_models.DeviceWrite(name, "192.0.2.10", "Server", "Debian", "Debian 13", "DC1"),
        "automation": dsm_models.AutomationWrite(name),
        "encryption_key": dsm_models.EncryptionKeyWrite(name, expires_at="2027-01-01 00:00:00"),
        "credential": models.CredentialWrite("root", "web01", "192.0.2.10", identifier=name, password="new"),
        "key": models.SshKeyWrite(name, "root", "web01", "192.0.2.10", "private", "ssh-ed25519 AAAA"),
        "secret": dsm_secrets.DsmSecretWrite(name, key_value={"KEY": "value"}),
        "mysafe_password": mysafe_models.MySafePasswordWrite(name, username="root", password="new"),
        "mysafe_note": mysafe_models.MySafeNoteWrite(name, note="new"),
        "mysafe_api_secret": mysafe_models.MySafeApiSecretWrite(name, "https://a", api_client_id="c"),
    }[area]


def respond(request: Received, sock: socket.socket) -> bytes:
    if "/oauth2/token" in request.line:
        return http(token_answer().body)
    return http(NOT_FOUND.body, 404)


@pytest.fixture(scope="module")
def server() -> t.Iterator[Wire]:
    with Wire(respond) as wire:
        yield wire


def test_all_calls_with_a_name_are_looked_at() -> None:
    assert len(NAMED) >= 20
    assert len(NAMES) >= 300
    assert {name for name, _operation in NAMED} == {"iso", "api", "rest"}


def lines_of(template: str, method: str, name: str) -> t.Iterator[str]:
    """The request lines that are in order for this name: the name as it is, or quoted as one part."""
    for quoted in (name, urllib.parse.quote(name, safe="")):
        yield f"{method} {template.replace('{ref}', quoted)} HTTP/1.1"
    for query in ({"credentialId": name}, {"identifier_code": name}, {"startIndex": name, "count": 100}):
        yield f"{method} {template}?{urllib.parse.urlencode(query)} HTTP/1.1"


@pytest.mark.parametrize(("dialect", "operation"), NAMED)
def test_no_call_leaves_its_path(server: Wire, dialect: str, operation: str) -> None:
    """Straight into the session, below everything that looks names up first."""
    call = DIALECTS[dialect].calls[named(operation)]
    session = DirectApi(settings(url=server.url(), dialect=dialect, retries=0))
    sent = 0
    for name in NAMES:
        if not name and call.body == "query" and call.lists:
            # All that there is.
            continue
        before = len(server.requests)
        try:
            session.call(named(operation), ref=name, model=write_model(operation), subject="x")
        except ConfigError as exc:
            assert "part of a path" in str(exc)
            assert exc.hint
        except NotFound as exc:
            assert exc.context.status == 404
            sent += 1
        else:
            raise AssertionError(f"{name!r} was found")
        new = [request for request in server.requests[before:] if "/oauth2/token" not in request.line]
        assert len(new) <= 1
        for request in new:
            assert PART.fullmatch(name)
            assert request.line in lines_of(call.path, call.method, name)
            assert not [key for key, _value in request.headers if key.startswith("x-")]
    # Some are only strange, and the server may say that there is no such thing.
    assert 3 <= sent < len(NAMES) / 4


# --- through the client ----------------------------------------------------------------------------------------------


def list_of(dialect: str) -> dict[str, t.Any]:
    entries = [entry(7, "web-root"), entry(9, "deploy-key", type="SSH Key", username="deploy")]
    return {"credentials": entries, "sshkeys": [entries[1]]}


def scripted(dialect: str) -> Scripted:
    """A server that has two things, and no others."""
    entities = list_of(dialect)
    inside = {"response": {"status": 200, "error": False, **entities, "secrets": []}}
    listed = answer(inside) if dialect == "rest" else success(**entities, application={"secrets": []})
    replies = {
        f"GET {call.path}": listed for operation, call in DIALECTS[dialect].calls.items() if operation.verb is Verb.LIST
    }

    class Server(Scripted):
        def send(self, method: str, path: str, **details: t.Any) -> t.Any:
            reply = super().send(method, path, **details)
            return NOT_FOUND if reply is NO_ROUTE else reply

    return Server(replies)


def _store(client: Client, name: str) -> t.Any:
    wanted = write_model("credential.create", name)
    return client.credentials.store(wanted, client.credentials.match(wanted))


def _store_key(client: Client, name: str) -> t.Any:
    return client.ssh_keys.store(write_model("key.create", name), client.ssh_keys.match(name))


def _replace(client: Client, name: str) -> t.Any:
    return client.ssh_keys.replace(Reference(name), keypair.KeyPair("private", "ssh-ed25519 AAAA"), keep_previous=True)


OPERATIONS: dict[str, t.Callable[[Client, str], t.Any]] = {
    "credentials.info": lambda c, n: c.credentials.info(Reference(n)),
    "credentials.find": lambda c, n: c.credentials.find(Reference(n)),
    "credentials.read": lambda c, n: c.credentials.read(Reference(n)),
    "credentials.read and release": lambda c, n: c.credentials.read(Reference(n), release=True),
    "credentials.release": lambda c, n: c.credentials.release(Reference(n)),
    "credentials.rotate": lambda c, n: c.credentials.rotate(Reference(n), wait=0),
    "credentials.enable": lambda c, n: c.credentials.enable(Reference(n), c.credentials.find(Reference(n))),
    "credentials.disable": lambda c, n: c.credentials.disable(Reference(n), c.credentials.find(Reference(n))),
    "credentials.store": _store,
    "ssh_keys.info": lambda c, n: c.ssh_keys.info(Reference(n)),
    "ssh_keys.read": lambda c, n: c.ssh_keys.read(Reference(n)),
    "ssh_keys.release": lambda c, n: c.ssh_keys.release(n, Reference(n)),
    "ssh_keys.enable": lambda c, n: c.ssh_keys.enable(Reference(n), c.ssh_keys.find(Reference(n))),
    "ssh_keys.disable": lambda c, n: c.ssh_keys.disable(Reference(n), c.ssh_keys.find(Reference(n))),
    "ssh_keys.rotate_by_server": lambda c, n: c.ssh_keys.rotate_by_server(Reference(n), wait=0),
    "ssh_keys.replace": _replace,
    "ssh_keys.store": _store_key,
    "secrets.find": lambda c, n: c.secrets.find(n),
    "secrets.read": lambda c, n: c.secrets.read(n),
    "secrets.create": lambda c, n: c.secrets.store(write_model("secret.create", n), None),
    "secrets.update": lambda c, n: c.secrets.store(
        write_model("secret.create", n), dsm_secrets.DsmSecret("1", n, ({"KEY": "old"},))
    ),
    "secrets.delete": lambda c, n: c.secrets.delete(n),
}


def in_order(request: Sent, dialect: str, name: str) -> bool:
    templates = [(call.method, call.path) for call in DIALECTS[dialect].calls.values()]
    if request.query:
        return (request.method, request.path) in templates and bool(PART.fullmatch(request.query["credentialId"]))
    known = {f"{method} {path.replace('{ref}', part)}" for method, path in templates for part in ("7", "9")}
    if PART.fullmatch(name):
        quoted = urllib.parse.quote(name, safe="")
        known |= {f"{method} {path.replace('{ref}', quoted)}" for method, path in templates}
    return f"{request.method} {request.path}" in known


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_operation_of_the_client_leaves_its_paths(operation: str, dialect: str) -> None:
    transport = scripted(dialect)
    client = client_over(DirectApi(settings(dialect=dialect), transport=transport))
    for name in NAMES:
        transport.sent.clear()
        try:
            OPERATIONS[operation](client, name)
        except (ConfigError, NotFound, Unsupported) as exc:
            assert exc.hint
        except InvalidRequest:
            raise AssertionError(f"{name!r} was taken for something else") from None
        else:
            # Asking whether it is there says no, and so does deleting; a write carries the name in its body.
            assert operation.endswith(("find", "store", "create", "update", "secrets.delete")), name
        for request in transport.sent:
            if "/oauth2/token" not in request.path:
                assert in_order(request, dialect, name), f"{name!r}: {request.method} {request.path}"
