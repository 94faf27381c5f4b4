# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that cannot be decrypted or decoded, as the lookups return them: they hide nothing but themselves."""

from __future__ import annotations

import base64
import pathlib
import typing as t

import pytest

pytest.importorskip("cryptography")
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import Client, client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    InvalidRequest,
    SenhaseguraError,
    UnexpectedResponse,
)
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import look_up
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    Scripted,
    answer,
    entry,
    settings,
    success,
)

TOO_LONG = "An error occurred while encrypting the text"
OPTIONS: dict[str, t.Any] = {
    "field": None,
    "on_missing": "error",
    "on_denied": "error",
    "return_format": "value",
    "duplicates": "error",
    "release": False,
    "allow_vault_rotation": False,
    "check_mode": "read",
    "include_password": True,
}
DIALECTS = pytest.mark.parametrize("dialect", ["iso", "api", "rest"])


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, t.Callable[[str], str]]:
    """The file of a key, and what encrypts for it as the server does."""
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    return path, lambda text: base64.b64encode(key.public_key().encrypt(text.encode(), oaep)).decode()


def client(dialect: str, replies: dict[str, t.Any], path: pathlib.Path | None) -> Client:
    known = settings(dialect=dialect, decryption_key=str(path) if path else None)
    return client_over(DirectApi(known, transport=Scripted(replies)))


def dsm(dialect: str, secrets: list[dict[str, t.Any]], path: pathlib.Path | None = None) -> Client:
    if dialect == "rest":
        items = [{**secret, "identifier": secret["identity"], "id": "1"} for secret in secrets]
        document = {"response": {"status": 200, "error": False, "secrets": items}}
        one = {
            f"GET /api/dsm/secret/{item['identity']}": answer({"response": {**document["response"], "secret": item}})
            for item in items
        }
        return client(dialect, {"GET /api/dsm/secret": answer(document), **one}, path)
    return client(dialect, {"GET /iso/dapp/application": success(application={"secrets": secrets})}, path)


def ask(name: str, client: Client, *terms: str, **options: t.Any) -> list[t.Any]:
    return look_up(name, client, terms, {**OPTIONS, **options})[0]


@DIALECTS
@pytest.mark.parametrize("encrypted", [True, False])
def test_secrets(pem: t.Any, dialect: str, encrypted: bool) -> None:
    path, encrypt = pem if encrypted else (None, str)
    secrets = [
        {"identity": "long", "data": [{"CERT": TOO_LONG, "USER": encrypt("app"), "EMPTY": ""}]},
        {"identity": "null", "data": None},
        {"identity": "flag", "data": [{"A": True}]},
        {"identity": "good", "data": [{"K": encrypt("v"), "EMPTY": "", "NONE": None}]},
    ]
    reader = dsm(dialect, secrets, path)
    assert ask("secret", reader, "good") == [{"K": "v", "EMPTY": "", "NONE": None}]
    assert ask("secret", reader, "missing", "good", default="fallback") == [
        "fallback",
        {"K": "v", "EMPTY": "", "NONE": None},
    ]
    assert ask("secret", reader, "long", field="USER") == ["app"]
    assert ask("secret", reader, "long", field="EMPTY") == [""]
    asked: list[tuple[str, dict[str, t.Any], str]] = [
        ("long", {"field": "CERT"}, "value of CERT in DSM secret long"),
        ("long", {"field": "CERT", "default": "x"}, "value of CERT in DSM secret long"),
        ("long", {}, "value of CERT in DSM secret long"),
        ("long", {"return_format": "dict"}, "value of CERT in DSM secret long"),
        ("long", {"return_format": "raw"}, "value of CERT in DSM secret long"),
        ("null", {"field": "K"}, "data in DSM secret null"),
        ("flag", {}, "value of A in DSM secret flag"),
    ]
    for term, options, words in asked:
        with pytest.raises(UnexpectedResponse, match=words) as caught:
            ask("secret", reader, term, **options)
        assert caught.value.hint


def test_a_secret_that_another_key_encrypts(pem: t.Any) -> None:
    path, encrypt = pem
    other = base64.b64encode(b"x" * 256).decode()
    reader = dsm("api", [{"identity": "db", "data": [{"A": other, "B": encrypt("b")}]}], path)
    assert ask("secret", reader, "db", field="B") == ["b"]
    with pytest.raises(UnexpectedResponse, match="value of A in DSM secret db.*decryption_key"):
        ask("secret", reader, "db", field="A")


def record(dialect: str, kind: str, value: str) -> Client:
    """A server with one credential or key, whose secret part is ``value``."""
    listed = entry(7, "web", type="SSH Key" if kind == "key" else "Local User")
    fields = {"id": "7", "identifier": "web", "username": "root", "hostname": "web01", "public_key": "ssh-ed25519 AAAA"}
    part = {"private_key": value, "devices": [{"hostname": "web02"}]} if kind == "key" else {"password": value}
    prefix = f"/{dialect}/pam"
    if dialect != "rest":
        replies = {
            f"GET {prefix}/credential": success(credentials=[listed]),
            f"GET {prefix}/{kind}/7": success(**{kind: {**fields, **part}}),
        }
    else:
        name = "sshkey" if kind == "key" else "credential"
        path = "/api/pam/sshkey" if kind == "key" else "/api/pam/credential"
        read = "/api/pam/sshkey/7" if kind == "key" else "/iso/coe/senha"
        replies = {
            f"GET {path}": answer({"response": {"status": 200, f"{name}s": [{**listed, **fields}]}}),
            f"GET {read}": answer({"response": {"status": 200, name: {**fields, **part}}}),
        }
    return client(dialect, replies, None)


@DIALECTS
@pytest.mark.parametrize("value", [TOO_LONG, ""])
def test_a_key_whose_private_part_cannot_be_read(dialect: str, value: str) -> None:
    reader = record(dialect, "key", value)
    assert ask("ssh_key", reader, "web", field="public_key") == ["ssh-ed25519 AAAA"]
    assert ask("ssh_key", reader, "web", field="username") == ["root"]
    for options in ({}, {"field": "private_key"}, {"return_format": "dict"}, {"return_format": "raw"}):
        with pytest.raises(UnexpectedResponse, match="value of private_key in SSH key web"):
            ask("ssh_key", reader, "web", **options)


@DIALECTS
@pytest.mark.parametrize("value", [TOO_LONG, ""])
def test_a_credential_whose_password_cannot_be_read(dialect: str, value: str) -> None:
    reader = record(dialect, "credential", value)
    assert ask("credential", reader, "web", field="username") == ["root"]
    for name in ("credential", "password"):
        with pytest.raises(UnexpectedResponse, match="value of password in credential web"):
            ask(name, reader, "web", return_format="dict")
    with pytest.raises(UnexpectedResponse, match="value of password in credential web"):
        ask("password", reader, "web", default="x")


def test_an_identity_is_nothing_else() -> None:
    for identity in ("7", "id:7", "identifier:x", "a@b"):
        reader = dsm("api", [{"identity": identity, "data": [{"K": "v"}]}])
        assert ask("secret", reader, identity) == [{"K": "v"}]


@pytest.mark.parametrize("name", ["password", "credential"])
@pytest.mark.parametrize("check_mode", ["read", "placeholder"])
def test_a_number_that_may_be_both_takes_no_custody(name: str, check_mode: str) -> None:
    server = Scripted(
        {"GET /api/pam/credential": success(credentials=[entry(7, "123"), entry(123, "other", hostname="web09")])}
    )
    reader = client_over(DirectApi(settings(dialect="api"), transport=server))
    with pytest.raises(InvalidRequest, match="id:123 or identifier:123"):
        ask(name, reader, "123", default="x", check_mode=check_mode)
    assert server.lines == ["GET /api/pam/credential"]
    server.on("GET /api/pam/credential/7", success(credential={"id": "7", "password": "pw"}))
    assert ask(name, reader, "identifier:123", field="password") == ["pw"]
    with pytest.raises(SenhaseguraError):
        ask(name, reader, "identifier:99")
    assert not [line for line in server.lines if line.endswith(("/99", "/123"))]
