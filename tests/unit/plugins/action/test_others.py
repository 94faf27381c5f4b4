# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials, custody, rotation and lists."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import LIST_SECRETS, Operation
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import DsmSecret
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    AlreadyDone,
    Denied,
    InvalidRequest,
    NotFound,
    Refused,
    ResponseLost,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    SSH_KEY_TYPE,
    Credential,
    CredentialInfo,
    SshKey,
    Stored,
)

ACCOUNT = {"username": "root", "hostname": "web01", "ip": "192.0.2.10"}
WEB = CredentialInfo(
    "1", "web-root", **ACCOUNT, type="Local User", automatic_change=False, changed_at="2026-01-01 00:00:00"
)
AUTO = dataclasses.replace(WEB, automatic_change=True)
KEY = CredentialInfo("3", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE)
READ = {"credential.read": Credential("1", "pw"), "credential.release": None}


def listing(make_api: Any, dialect: str, *entries: CredentialInfo, **answers: Any) -> Any:
    api = make_api(dialect)
    api.entries, api.answers = list(entries), answers
    return api


def operations(api: Any) -> list[str]:
    return [operation for operation, *_rest in api.calls]


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"identifier": "web-root", **ACCOUNT}, {}),
        (ACCOUNT, {}),
        ({"identifier": "web-root", **ACCOUNT, "type": "Domain User"}, {"type": "Domain User"}),
        ({"identifier": "new", **ACCOUNT}, {"identifier": "new"}),
        ({**ACCOUNT, "password": "pw"}, {}),
        ({**ACCOUNT, "password": "pw", "type": "Domain User"}, {"type": "Domain User"}),
        ({**ACCOUNT, "password": "pw", "update_password": "always"}, {"password": "(hidden)"}),
        ({**ACCOUNT, "tags": ["a"], "jit_settings": {"jit": True}}, {}),
        (
            {**ACCOUNT, "tags": [], "jit_settings": {"jit": True}, "update_attributes": "always"},
            {"tags": "(hidden)", "settings": "(hidden)"},
        ),
        ({**ACCOUNT, "device": {"type": "Router", "site": "DC2"}}, {}),  # the list does not tell the type here
    ],
)
def test_credential(make_api: Any, work: Any, options: Any, changed: Any) -> None:
    api = listing(make_api, "api", WEB, KEY)
    predicted = work(api, "credential", check_mode=True, **options)
    assert api.calls == []
    result = work(api, "credential", **options)
    assert predicted == result
    assert (result["changed"], result["diff"]["after"]) == (bool(changed), changed)
    assert operations(api) == (["credential.update"] if changed else [])
    for _operation, _ref, model in api.calls:
        assert model.password == ("pw" if "password" in changed else None)


@pytest.mark.parametrize(
    ("entry", "options", "hits"),
    [
        (WEB, ACCOUNT, True),
        (WEB, {**ACCOUNT, "username": "admin"}, True),
        (WEB, {**ACCOUNT, "identifier": "new"}, True),
        (WEB, {**ACCOUNT, "username": "admin", "identifier": "web-root"}, True),
        (dataclasses.replace(WEB, identifier=None), ACCOUNT, True),
        # The server's upsert would find none of these by the values that are sent, or somebody else's.
        (WEB, {**ACCOUNT, "username": "admin", "identifier": "new"}, False),
        (WEB, {**ACCOUNT, "identifier": "deploy-key"}, False),
        (dataclasses.replace(WEB, identifier=None), {**ACCOUNT, "username": "admin"}, False),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_credential_by_id(make_api: Any, work: Any, entry: Any, options: Any, hits: bool, check_mode: bool) -> None:
    api = listing(make_api, "api", entry, KEY)
    if hits:
        assert work(api, "credential", check_mode, id="1", **options)["credential"]["id"] == "1"
        return
    with pytest.raises(Refused):
        work(api, "credential", check_mode, id="1", **options)
    assert api.calls == []


def test_credential_of_a_key(make_api: Any, work: Any) -> None:
    with pytest.raises(InvalidRequest, match="is an SSH key"):
        work(listing(make_api, "api", KEY), "credential", identifier="deploy-key", **ACCOUNT)


@pytest.mark.parametrize("check_mode", [True, False])
def test_credential_that_the_dialect_cannot_carry(make_api: Any, work: Any, check_mode: bool) -> None:
    api = listing(make_api, "rest")
    with pytest.raises(Unsupported, match="device_site"):
        work(api, "credential", check_mode, identifier="x", **ACCOUNT, device={"site": "DC1"})
    with pytest.raises(Unsupported):
        work(api, "credential", check_mode, identifier="x", state="enabled")
    assert api.calls == []


@pytest.mark.parametrize(("answer", "released"), [(None, True), (AlreadyDone("x"), False)])
def test_custody_is_given_back_once(make_api: Any, work: Any, answer: Any, released: bool) -> None:
    api = listing(make_api, "api", WEB, **{"credential.release": answer})
    assert work(api, "custody", check_mode=True, credential="web-root")["changed"]
    assert api.calls == []
    assert work(api, "custody", credential="root@web01")["changed"] is released
    assert api.calls == [("credential.release", "1", None)]


def test_custody_that_cannot_be_given_back_is_named(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", WEB, **{"credential.release": ResponseLost("no answer", hint="Raise timeout")})
    with pytest.raises(ResponseLost, match="custody of credential web-root .* may still be held: no answer"):
        work(api, "custody", credential="web-root")
    # What does not exist is in nobody's custody.
    api = listing(make_api, "api", **{"credential.release": NotFound("nothing there")})
    with pytest.raises(NotFound) as caught:
        work(api, "custody", credential="7")
    assert "held" not in str(caught.value)


@pytest.mark.parametrize("error", [ResponseLost("no answer"), Denied("read-only")])
def test_a_rotation_whose_release_fails_names_the_custody(make_api: Any, work: Any, error: Exception) -> None:
    """The password was read for nothing but the change that the release triggers."""
    api = listing(make_api, "api", AUTO, **{**READ, "credential.release": error})
    with pytest.raises(type(error), match="custody of credential web-root .*still"):
        work(api, "credential_rotate", credential="web-root", wait=False)
    key = CredentialInfo("3", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE, automatic_change=True)
    pair = SshKey("3", "private", "ssh-ed25519 AAAA", "deploy-key")
    api = listing(make_api, "api", key, **{"key.read": pair, "key.release": error})
    with pytest.raises(type(error), match="custody of SSH key deploy-key"):
        work(api, "ssh_key_rotate", ssh_key="deploy-key", mode="vault")


@pytest.mark.parametrize("check_mode", [True, False])
def test_custody_is_kept_when_the_vault_would_rotate(make_api: Any, work: Any, check_mode: bool) -> None:
    api = listing(make_api, "api", AUTO)
    with pytest.raises(Refused, match="allow_vault_rotation"):
        work(api, "custody", check_mode, credential="1")
    assert api.calls == []
    assert work(api, "custody", check_mode, credential="1", allow_vault_rotation=True)["changed"]


def test_custody_of_what_is_not_listed(make_api: Any, work: Any) -> None:
    assert not work(listing(make_api, "api"), "custody", check_mode=True, credential="nope")["changed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_rotation_is_refused_without_automatic_change(make_api: Any, work: Any, check_mode: bool) -> None:
    api = listing(make_api, "api", WEB, **READ)
    with pytest.raises(Refused, match="automatic change"):
        work(api, "credential_rotate", check_mode, credential="1")
    with pytest.raises(NotFound):
        work(api, "credential_rotate", check_mode, credential="2")
    assert api.calls == []


def test_rotation(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", AUTO, **READ)
    assert work(api, "credential_rotate", check_mode=True, credential="web-root")["changed"]
    assert api.calls == []
    result = work(api, "credential_rotate", credential="web-root", wait=False)
    assert operations(api) == ["credential.read", "credential.release"]
    # A read that is answered from memory takes no custody, and such a list shows no change.
    assert api.fresh == ["credential.read", "credential.list"]
    assert (result["changed"], result["credential"]["changed_at"]) == (True, None)
    assert result["credential"]["previous_changed_at"] == AUTO.changed_at
    assert "pw" not in str(result)


def test_rotation_by_the_server(make_api: Any, work: Any) -> None:
    api = listing(make_api, "rest", dataclasses.replace(WEB, automatic_change=None, changed_at=None))
    assert work(api, "credential_rotate", credential="web-root")["changed"]
    assert operations(api) == ["credential.rotate"]


def test_lists(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", WEB, KEY)
    assert [c["id"] for c in work(api, "credential_info")["credentials"]] == ["1"]
    assert [c["id"] for c in work(api, "credential_info", include_ssh_keys=True)["credentials"]] == ["1", "3"]
    assert [k["id"] for k in work(api, "ssh_key_info")["ssh_keys"]] == ["3"]
    assert work(api, "ssh_key_info", username="x")["ssh_keys"] == []
    assert api.calls == []


SEALED = base64.b64encode(bytes(range(256))).decode()


def test_modules_that_return_values_name_ciphertext(make_api: Any, work: Any) -> None:
    api = make_api("api")
    api.secrets = [DsmSecret("1", "a", ({"K": SEALED, "U": "u"},)), DsmSecret("2", "b", ({"K": "v"},))]
    (warning,) = work(api, "secret_info", include_data=True)["warnings"]
    assert "K of DSM secret a looks like ciphertext" in warning and SEALED not in warning
    # Nobody is told of what nobody has asked for.
    assert not work(api, "secret_info").get("warnings")
    assert not work(api, "secret_info", identifier="b", include_data=True)["warnings"]
    # It differs each time it is read, so the module would write it at each run.
    (warning,) = work(api, "secret", True, identifier="a", key_value={"K": "v"})["warnings"]
    assert "K of DSM secret a looks like ciphertext" in warning
    assert not work(api, "secret", True, identifier="a", name="N")["warnings"]
    api = listing(make_api, "api", KEY, **{"key.read": SshKey("3", SEALED + "\n", "public", "deploy-key")})
    (warning,) = work(api, "ssh_key_info", identifier="deploy-key", include_key=True)["warnings"]
    assert "private_key of SSH key deploy-key looks like ciphertext" in warning and SEALED not in warning


def test_in_rest_secrets_are_read_by_their_path_where_the_list_has_no_values(make_api: Any, work: Any) -> None:
    class Bare(type(make_api("rest"))):  # type: ignore[misc]
        def call(self, operation: Operation[Any], **details: Any) -> Any:
            found = super().call(operation, **details)
            if operation != LIST_SECRETS:
                return found
            return tuple(dataclasses.replace(secret, data=(), incomplete=True) for secret in found)

    api = Bare("rest")
    api.secrets = [DsmSecret("1", "a", ({"K": "v"},)), DsmSecret("2", "b", ({"L": "w"},))]
    assert [s["key_names"] for s in work(api, "secret_info")["secrets"]] == [None, None]
    assert [s["key_names"] for s in work(api, "secret_info", identifier="b")["secrets"]] == [["L"]]
    assert work(api, "secret_info", identifier="c")["secrets"] == []
    whole = work(api, "secret_info", include_data=True)["secrets"]
    assert [(s["identifier"], s["data"], s["key_names"]) for s in whole] == [
        ("a", [{"K": "v"}], ["K"]),
        ("b", [{"L": "w"}], ["L"]),
    ]
    assert not work(api, "secret", identifier="a", key_value={"K": "v"})["changed"]
    assert work(api, "secret", True, identifier="a", key_value={"K": "x"})["changed"]


def test_a_credential_whose_new_id_nobody_tells(make_api: Any, work: Any) -> None:
    api = listing(make_api, "rest", **{"credential.create": Stored("")})
    account = {"username": "new", "hostname": "web09", "ip": "192.0.2.9", "identifier": "new"}
    result = work(api, "credential", **account)
    assert (result["changed"], result["credential"]["id"], result["credential"]["identifier"]) == (True, None, "new")


def test_key_pairs_are_read_when_asked(make_api: Any, work: Any) -> None:
    api = listing(make_api, "api", KEY, **{"key.read": SshKey("3", "private", "public", devices=("x",))})
    result = work(api, "ssh_key_info", identifier="deploy-key", include_key=True)
    (key,) = result["ssh_keys"]
    assert (key["private_key"], key["public_key"], key["devices"]) == ("private", "public", ["x"])
    assert (key["identifier"], key["hostname"], key["passphrase"]) == ("deploy-key", "web01", None)
    assert result["_ansible_no_log"] is True
    predicted = work(api, "ssh_key_info", check_mode=True, identifier="deploy-key", include_key=True)
    assert "private_key" not in predicted["ssh_keys"][0]
    assert predicted["warnings"]
    assert "_ansible_no_log" not in predicted
    assert operations(api) == ["key.read"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_secret_data_is_returned_when_asked(make_api: Any, work: Any, check_mode: bool) -> None:
    api = make_api("api")
    api.secrets = [DsmSecret("1", "a", ({"K": "v"},)), DsmSecret("2", "b", ())]
    assert [s["identifier"] for s in work(api, "secret_info", check_mode)["secrets"]] == ["a", "b"]
    assert "'v'" not in str(work(api, "secret_info", check_mode, identifier="a"))
    result = work(api, "secret_info", check_mode, identifier="a", include_data=True)
    assert result["secrets"][0]["data"] == [{"K": "v"}]
    assert result["_ansible_no_log"] is True
