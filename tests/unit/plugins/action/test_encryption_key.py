# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DSM encryption keys, and texts that are encrypted and decrypted with them."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import (
    Ciphertext,
    Cleartext,
    EncryptionKey,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    ConfigError,
    InvalidRequest,
    NotFound,
    Refused,
    UnexpectedResponse,
    Unsupported,
)

HELD = EncryptionKey("2", "backup", "d", "aes128-gcm96", "2030-01-01 00:00:00", True)


@pytest.fixture
def api(make_api: Any) -> Any:
    made = make_api("api")
    made.listed = [HELD]
    return made


def test_create(api: Any, work: Any) -> None:
    options = {"name": "new", "expires_at": "2031-01-01 00:00:00"}
    predicted = work(api, "encryption_key", True, **options)
    assert api.calls == []
    result = work(api, "encryption_key", **options)
    assert predicted["diff"] == result["diff"]
    assert result["encryption_key"] == {
        "id": "77",
        "name": "new",
        "description": None,
        "algorithm": "aes256-gcm96",
        "expires_at": "2031-01-01 00:00:00",
        "enabled": True,
    }
    assert api.calls[0][0] == "encryption_key.create"


@pytest.mark.parametrize(
    ("options", "after"),
    [
        ({}, {}),
        ({"description": "d", "algorithm": "aes128-gcm96", "expires_at": "2030-01-01 00:00:00"}, {}),
        ({"description": "e"}, {"description": "e"}),
        ({"expires_at": ""}, {"expires_at": ""}),
        ({"id": "2", "name": "renamed"}, {"name": "renamed"}),
    ],
)
def test_update(api: Any, work: Any, options: Any, after: Any) -> None:
    options = {"name": "backup", **options}
    assert work(api, "encryption_key", True, **options)["diff"]["after"] == after
    assert api.calls == []
    result = work(api, "encryption_key", **options)
    assert (result["changed"], result["diff"]["after"], result["warnings"]) == (bool(after), after, [])
    if after:
        ((operation, ref, model),) = api.calls
        assert (operation, ref, model.algorithm) == ("encryption_key.update", "2", "aes128-gcm96")
        assert model.description == after.get("description", "d")


def test_a_key_has_one_algorithm_for_life_and_is_not_enabled_again(api: Any, work: Any) -> None:
    with pytest.raises(Refused, match="aes128-gcm96"):
        work(api, "encryption_key", True, name="backup", algorithm="aes256-gcm96")
    api.listed = [EncryptionKey("2", "backup", enabled=False)]
    (warning,) = work(api, "encryption_key", name="backup")["warnings"]
    assert "no call that enables it" in warning


def test_disable(api: Any, work: Any) -> None:
    predicted = work(api, "encryption_key", True, name="backup", state="disabled")
    assert api.calls == []
    result = work(api, "encryption_key", name="backup", state="disabled")
    assert result["diff"] == predicted["diff"] == {"before": {"enabled": True}, "after": {"enabled": False}}
    assert result["encryption_key"] == predicted["encryption_key"]
    assert (result["encryption_key"]["name"], result["encryption_key"]["enabled"]) == ("backup", False)
    assert api.calls == [("encryption_key.disable", "2", None)]
    api.listed = [EncryptionKey("2", "backup", enabled=False)]
    assert not work(api, "encryption_key", id="2", state="disabled")["changed"]
    with pytest.raises(NotFound, match="nothing not found"):
        work(api, "encryption_key", name="nothing", state="disabled")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"id": "9", "name": "x"}, NotFound),
        ({"id": "x", "name": "x"}, ConfigError),
        ({"id": "2"}, ConfigError),
        ({"name": "x", "expires_at": "2030-02-30 00:00:00"}, ConfigError),
    ],
)
def test_wrong_options(api: Any, work: Any, options: Any, kind: Any) -> None:
    with pytest.raises(kind):
        work(api, "encryption_key", True, **options)


def test_keys_are_listed(api: Any, work: Any) -> None:
    assert work(api, "encryption_key_info")["encryption_keys"] == [HELD.public()]
    assert work(api, "encryption_key_info", id="2", name="other")["encryption_keys"] == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_texts_are_encrypted_and_decrypted_in_check_mode_too(api: Any, work: Any, check_mode: bool) -> None:
    api.answers = {
        "encryption_key.encrypt": Ciphertext("sealed"),
        "encryption_key.decrypt": Cleartext("clear-secret"),
    }
    sealed = work(api, "encrypt", check_mode, key="backup", value="clear-secret")
    assert sealed == {"changed": False, "encrypted_value": "sealed"}
    opened = work(api, "decrypt", check_mode, key="7", value="sealed", version="2")
    assert opened == {"changed": False, "value": "clear-secret", "_ansible_no_log": True}
    (_first, _ref, encrypted), (_second, _ref2, decrypted) = api.calls
    # A name is looked up, and digits are an id.
    assert (encrypted.key, encrypted.version) == ("2", "1")
    assert (decrypted.key, decrypted.version) == ("7", "2")
    assert "clear-secret" not in repr((encrypted, Cleartext("clear-secret")))


def test_base64_is_decoded_if_asked_for(api: Any, work: Any) -> None:
    api.answers["encryption_key.decrypt"] = Cleartext(base64.b64encode("Grüße".encode()).decode())
    assert work(api, "decrypt", key="2", value="x", decode_base64=True)["value"] == "Grüße"
    for text in ("no base64", base64.b64encode(b"\xff").decode()):
        api.answers["encryption_key.decrypt"] = Cleartext(text)
        with pytest.raises(UnexpectedResponse, match="must be text in base64") as caught:
            work(api, "decrypt", key="2", value="x", decode_base64=True)
        assert text not in str(caught.value)


def test_which_key_is_meant(api: Any, work: Any) -> None:
    with pytest.raises(NotFound, match="encryption key other not found"):
        work(api, "encrypt", key="other", value="x")
    api.listed.append(EncryptionKey("3", "backup"))
    with pytest.raises(InvalidRequest, match="the ids 2, 3"):
        work(api, "encrypt", key="backup", value="x")


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("encryption_key", {"name": "x"}),
        ("encryption_key_info", {}),
        ("encrypt", {"key": "x", "value": "y"}),
        ("decrypt", {"key": "1", "value": "y"}),
    ],
)
def test_the_guide_has_none(make_api: Any, work: Any, module: str, options: Any) -> None:
    with pytest.raises(Unsupported, match="no call for encryption_key"):
        work(make_api("rest"), module, **options)
