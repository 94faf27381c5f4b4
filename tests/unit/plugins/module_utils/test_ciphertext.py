# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of an authorization that encrypts, read by a client that has no decryption_key."""

from __future__ import annotations

import base64
import random
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.ciphertext import judge, looks_encrypted
from ansible_collections.community.senhasegura.plugins.module_utils.client.connect import client_over
from ansible_collections.community.senhasegura.plugins.module_utils.client.direct_api import DirectApi
from ansible_collections.community.senhasegura.plugins.module_utils.errors import Refused, UnexpectedResponse
from ansible_collections.community.senhasegura.plugins.module_utils.keypair import generate
from ansible_collections.community.senhasegura.plugins.module_utils.operations.lookup import look_up
from ansible_collections.community.senhasegura.plugins.module_utils.references import Reference
from ansible_collections.community.senhasegura.tests.unit.plugins.module_utils.support import (
    Scripted,
    entry,
    settings,
    success,
)

# Seeded: processes of pytest-xdist must collect the same tests.
bytes_of = random.Random(1).randbytes


def sealed(size: int = 256) -> str:
    return base64.b64encode(bytes_of(size)).decode()


@pytest.mark.parametrize("size", [256, 384, 512])
def test_what_rsa_makes(size: int) -> None:
    text = sealed(size)
    for value in (text, f"{text}\n", "\n".join(text[i : i + 64] for i in range(0, len(text), 64)), f" {text}\r\n"):
        assert looks_encrypted(value)


@pytest.mark.parametrize(
    "value",
    [
        "pw-Example-1", "", None, 7, sealed(255), sealed(257), sealed(128), sealed(1024), sealed(256)[:-1], sealed(256) + "A",
        bytes_of(256).hex(), bytes_of(192).hex(), bytes_of(128).hex().upper(), "x" * 344, "1" * 512, "Ab-1" * 86,
        "ssh-ed25519 AAAA", base64.urlsafe_b64encode(b"\xff" * 384).decode(), f"{sealed(200)}.{sealed(50)}",
    ],
    ids=lambda value: f"{type(value).__name__} {str(value)[:12]}",
)  # fmt: skip
def test_what_rsa_does_not_make(value: t.Any) -> None:
    assert not looks_encrypted(value)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_keys_in_the_clear_are_no_ciphertext(kind: str) -> None:
    pair = generate(kind, bits=2048 if kind == "rsa" else None)
    assert not looks_encrypted(pair.private_key)
    # The vault keeps any text: keys also come as base64 of DER.
    assert not looks_encrypted("".join(pair.private_key.split("\n")[1:-2]))


def test_names_are_shown_and_values_are_not() -> None:
    secret = sealed()
    values = [("PASSWORD", secret), ("USER", "app"), ("::error::KEY\x1b[2J", sealed(512))]
    (warning,) = judge(values, "DSM secret db", "warn")
    assert "KEY, PASSWORD of DSM secret db looks like ciphertext" in warning
    assert "decryption_key" in warning and "on_ciphertext=ignore" in warning
    assert secret not in warning and "::" not in warning and "\x1b" not in warning
    with pytest.raises(UnexpectedResponse, match="PASSWORD of DSM secret db") as caught:
        judge(values, "DSM secret db", "error")
    assert caught.value.context.option == "on_ciphertext"
    assert judge(values, "DSM secret db", "ignore") == []
    assert judge([("USER", "app")], "DSM secret db", "error") == []


# --- through the lookups ---------------------------------------------------------------------------------------------

PASSWORD, PRIVATE = sealed(), sealed(512)
COMMON: dict[str, t.Any] = {
    "field": None, "return_format": "value", "on_missing": "error", "on_denied": "error", "fresh": False, "release": False,
    "allow_vault_rotation": False, "check_mode": "read", "duplicates": "error",
}  # fmt: skip
KEY = {"id": "9", "identifier": "deploy", "private_key": PRIVATE, "public_key": "ssh-ed25519 AAAA", "password": "pp"}
SECRETS = [
    {"secret_id": "1", "identity": "db", "data": [{"USER": "app", "PASSWORD": PASSWORD}]},
    {"secret_id": "2", "identity": "plain", "data": [{"TOKEN": "x"}]},
]


def ask(name: str, *terms: str, **options: t.Any) -> tuple[list[t.Any], list[str], list[str]]:
    server = Scripted(
        {
            "GET /api/pam/credential/7": success(credential={"id": "7", "password": PASSWORD, "username": "root"}),
            "GET /api/pam/credential/8": success(credential={"id": "8", "password": "pw", "username": "root"}),
            "GET /api/pam/key/9": success(key=KEY),
            "GET /iso/dapp/application": success(application={"secrets": SECRETS}),
        }
    )
    client = client_over(DirectApi(settings(), transport=server))
    return look_up(name, client, terms, {**COMMON, **options})


@pytest.mark.parametrize(
    ("name", "term", "named"),
    [
        ("password", "id:7", "password of credential 7"),
        ("credential", "id:7", "password of credential 7"),
        ("ssh_key", "id:9", "private_key of SSH key 9"),
        ("secret", "db", "PASSWORD of DSM secret db"),
    ],
)
def test_a_lookup_warns_of_ciphertext(name: str, term: str, named: str) -> None:
    whole = {"return_format": "dict"} if name == "credential" else {}
    for options in ({}, {"on_ciphertext": "warn"}):
        values, warnings, _secrets = ask(name, term, **whole, **options)
        assert len(values) == len(warnings) == 1
        assert named in warnings[0]
        assert PASSWORD not in warnings[0] and PRIVATE[:30] not in warnings[0]
    assert ask(name, term, **whole, on_ciphertext="ignore")[1] == []
    with pytest.raises(UnexpectedResponse, match=named):
        ask(name, term, **whole, on_ciphertext="error")


def test_only_what_is_asked_for_counts() -> None:
    assert ask("secret", "db", field="USER", on_ciphertext="error")[0] == ["app"]
    assert ask("ssh_key", "id:9", field="public_key", on_ciphertext="error")[0] == ["ssh-ed25519 AAAA"]
    assert ask("credential", "id:7", field="username", return_format="dict", on_ciphertext="error")[0] == ["root"]
    assert ask("secret", "plain", on_ciphertext="error")[1] == []
    assert len(ask("password", "id:7", "id:8")[1]) == 1


def test_a_key_that_reads_as_ciphertext_is_not_replaced() -> None:
    """Its present pair would be kept as ciphertext, and be lost."""
    listed = success(credentials=[entry(9, "deploy", type="SSH Key")])
    server = Scripted({"GET /api/pam/credential": listed, "GET /api/pam/key/9": success(key=KEY)})
    keys = client_over(DirectApi(settings(), transport=server)).ssh_keys
    with pytest.raises(Refused, match="reads as ciphertext") as caught:
        keys.replace(Reference("deploy"), generate(), keep_previous=True)
    assert "decryption_key" in caught.value.hint
    assert server.count("POST", "/pam/key") == 0
