# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models: what they show, and the comparisons that they make."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils import dsm_secrets, models
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    SshKey,
    hidden_fields,
    key_text,
)


def test_models_are_frozen() -> None:
    for thing in (*vars(models).values(), *vars(dsm_secrets).values()):
        if isinstance(thing, type) and dataclasses.is_dataclass(thing):
            assert thing.__dataclass_params__.frozen
    with pytest.raises(dataclasses.FrozenInstanceError):
        CredentialInfo("7").id = "8"  # type: ignore[misc]


def test_what_the_list_tells_is_public() -> None:
    shown = CredentialInfo("7", "web-root", type="SSH Key", public_key="ssh-ed25519 AAAA").public()
    assert shown["public_key"] == "ssh-ed25519 AAAA"
    assert set(shown) == {field.name for field in dataclasses.fields(CredentialInfo)}
    assert not {"password", "private_key", "passphrase"} & set(shown)
    assert CredentialInfo("7", type="SSH Key").is_key
    assert not CredentialInfo("7", type="Local User").is_key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\r\n", "a\nb\n"), ("a\rb", "a\nb\n"), ("a\nb", "a\nb\n"), ("a\n\n\n", "a\n"), ("a\r\n\r\n", "a\n"), ("", "\n"),
        (" a \n b", " a \n b\n"),
    ],
)  # fmt: skip
def test_key_text(text: str, expected: str) -> None:
    assert key_text(text) == expected
    assert key_text(expected) == expected


def test_what_was_read_tells_what_is_secret_in_it() -> None:
    credential = Credential("7", "pw", username="root", raw={"password": "pw"})
    assert hidden_fields(credential) == {"password": "pw"}
    assert hidden_fields(SshKey("9", "private", "public", passphrase="pp")) == {
        "private_key": "private",
        "passphrase": "pp",
    }
    assert hidden_fields(SshKey("9", "private", "public")) == {"private_key": "private"}
    assert DsmSecret("1", "db", ({"B": "x", "A": None}, {"A": "y", "C": ""})).hidden() == ["x", "y"]
