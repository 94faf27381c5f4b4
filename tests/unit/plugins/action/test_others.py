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


def listing(talk: Any, dialect: str, *entries: CredentialInfo, **answers: Any) -> Any:
    conversation = talk(dialect)
    conversation.entries, conversation.answers = list(entries), answers
    return conversation


def operations(conversation: Any) -> list[str]:
    return [operation for operation, *_rest in conversation.calls]


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
def test_credential(talk: Any, work: Any, options: Any, changed: Any) -> None:
    conversation = listing(talk, "api", WEB, KEY)
    predicted = work(conversation, "credential", check_mode=True, **options)
    assert conversation.calls == []
    result = work(conversation, "credential", **options)
    assert predicted == result
    assert (result["changed"], result["diff"]["after"]) == (bool(changed), changed)
    assert operations(conversation) == (["credential.update"] if changed else [])
    for _operation, _ref, model in conversation.calls:
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
def test_credential_by_id(talk: Any, work: Any, entry: Any, options: Any, hits: bool, check_mode: bool) -> None:
    conversation = listing(talk, "api", entry, KEY)
    if hits:
        assert work(conversation, "credential", check_mode, id="1", **options)["credential"]["id"] == "1"
        return
    with pytest.raises(Refused):
        work(conversation, "credential", check_mode, id="1", **options)
    assert conversation.calls == []


def test_credential_of_a_key(talk: Any, work: Any) -> None:
    with pytest.raises(InvalidRequest, match="is an SSH key"):
        work(listing(talk, "api", KEY), "credential", identifier="deploy-key", **ACCOUNT)


@pytest.mark.parametrize("check_mode", [True, False])
def test_credential_that_the_dialect_cannot_carry(talk: Any, work: Any, check_mode: bool) -> None:
    conversation = listing(talk, "rest")
    with pytest.raises(Unsupported, match="device_site"):
        work(conversation, "credential", check_mode, identifier="x", **ACCOUNT, device={"site": "DC1"})
    with pytest.raises(Unsupported):
        work(conversation, "credential", check_mode, identifier="x", state="enabled")
    assert conversation.calls == []


@pytest.mark.parametrize(("answer", "released"), [(None, True), (AlreadyDone("x"), False)])
def test_custody(talk: Any, work: Any, answer: Any, released: bool) -> None:
    conversation = listing(talk, "api", WEB, **{"credential.release": answer})
    assert work(conversation, "custody", check_mode=True, credential="web-root")["changed"]
    assert conversation.calls == []
    assert work(conversation, "custody", credential="root@web01")["changed"] is released
    assert conversation.calls == [("credential.release", "1", None)]


def test_custody_that_cannot_be_given_back_is_named(talk: Any, work: Any) -> None:
    conversation = listing(talk, "api", WEB, **{"credential.release": ResponseLost("no answer", hint="Raise timeout")})
    with pytest.raises(ResponseLost, match="custody of credential web-root .* may still be held: no answer"):
        work(conversation, "custody", credential="web-root")
    # What does not exist is in nobody's custody.
    conversation = listing(talk, "api", **{"credential.release": NotFound("nothing there")})
    with pytest.raises(NotFound) as caught:
        work(conversation, "custody", credential="7")
    assert "held" not in str(caught.value)


@pytest.mark.parametrize("error", [ResponseLost("no answer"), Denied("read-only")])
def test_a_rotation_whose_release_fails_names_the_custody(talk: Any, work: Any, error: Exception) -> None:
    """The password was read for nothing but the change that the release triggers."""
    conversation = listing(talk, "api", AUTO, **{**READ, "credential.release": error})
    with pytest.raises(type(error), match="custody of credential web-root .*still"):
        work(conversation, "credential_rotate", credential="web-root", wait=False)
    key = CredentialInfo("3", "deploy-key", "deploy", "web01", "192.0.2.10", SSH_KEY_TYPE, automatic_change=True)
    pair = SshKey("3", "private", "ssh-ed25519 AAAA", "deploy-key")
    conversation = listing(talk, "api", key, **{"key.read": pair, "key.release": error})
    with pytest.raises(type(error), match="custody of SSH key deploy-key"):
        work(conversation, "ssh_key_rotate", ssh_key="deploy-key", mode="vault")


@pytest.mark.parametrize("check_mode", [True, False])
def test_custody_is_kept_when_the_vault_would_rotate(talk: Any, work: Any, check_mode: bool) -> None:
    conversation = listing(talk, "api", AUTO)
    with pytest.raises(Refused, match="allow_vault_rotation"):
        work(conversation, "custody", check_mode, credential="1")
    assert conversation.calls == []
    assert work(conversation, "custody", check_mode, credential="1", allow_vault_rotation=True)["changed"]


def test_custody_of_what_is_not_listed(talk: Any, work: Any) -> None:
    assert not work(listing(talk, "api"), "custody", check_mode=True, credential="nope")["changed"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_rotation_is_refused_without_automatic_change(talk: Any, work: Any, check_mode: bool) -> None:
    conversation = listing(talk, "api", WEB, **READ)
    with pytest.raises(Refused, match="automatic change"):
        work(conversation, "credential_rotate", check_mode, credential="1")
    with pytest.raises(NotFound):
        work(conversation, "credential_rotate", check_mode, credential="2")
    assert conversation.calls == []


def test_rotation(talk: Any, work: Any) -> None:
    conversation = listing(talk, "api", AUTO, **READ)
    assert work(conversation, "credential_rotate", check_mode=True, credential="web-root")["changed"]
    assert conversation.calls == []
    result = work(conversation, "credential_rotate", credential="web-root", wait=False)
    assert operations(conversation) == ["credential.read", "credential.release"]
    # A read that is answered from memory takes no custody, and such a list shows no change.
    assert conversation.fresh == ["credential.read", "credential.list"]
    assert (result["changed"], result["credential"]["changed_at"]) == (True, None)
    assert result["credential"]["previous_changed_at"] == AUTO.changed_at
    assert "pw" not in str(result)


def test_rotation_by_the_server(talk: Any, work: Any) -> None:
    conversation = listing(talk, "rest", dataclasses.replace(WEB, automatic_change=None, changed_at=None))
    assert work(conversation, "credential_rotate", credential="web-root")["changed"]
    assert operations(conversation) == ["credential.rotate"]


def test_lists(talk: Any, work: Any) -> None:
    conversation = listing(talk, "api", WEB, KEY)
    assert [c["id"] for c in work(conversation, "credential_info")["credentials"]] == ["1"]
    assert [c["id"] for c in work(conversation, "credential_info", include_ssh_keys=True)["credentials"]] == ["1", "3"]
    assert [k["id"] for k in work(conversation, "ssh_key_info")["ssh_keys"]] == ["3"]
    assert work(conversation, "ssh_key_info", username="x")["ssh_keys"] == []
    assert conversation.calls == []


SEALED = base64.b64encode(bytes(range(256))).decode()


def test_modules_that_return_values_name_ciphertext(talk: Any, work: Any) -> None:
    conversation = talk("api")
    conversation.secrets = [DsmSecret("1", "a", ({"K": SEALED, "U": "u"},)), DsmSecret("2", "b", ({"K": "v"},))]
    (warning,) = work(conversation, "secret_info", include_data=True)["warnings"]
    assert "K of DSM secret a looks like ciphertext" in warning and SEALED not in warning
    # Nobody is told of what nobody has asked for.
    assert not work(conversation, "secret_info").get("warnings")
    assert not work(conversation, "secret_info", identifier="b", include_data=True)["warnings"]
    # It differs each time it is read, so the module would write it at each run.
    (warning,) = work(conversation, "secret", True, identifier="a", key_value={"K": "v"})["warnings"]
    assert "K of DSM secret a looks like ciphertext" in warning
    assert not work(conversation, "secret", True, identifier="a", name="N")["warnings"]
    conversation = listing(talk, "api", KEY, **{"key.read": SshKey("3", SEALED + "\n", "public", "deploy-key")})
    (warning,) = work(conversation, "ssh_key_info", identifier="deploy-key", include_key=True)["warnings"]
    assert "private_key of SSH key deploy-key looks like ciphertext" in warning and SEALED not in warning


def test_in_rest_secrets_are_read_by_their_path_where_the_list_has_no_values(talk: Any, work: Any) -> None:
    class Bare(type(talk("rest"))):  # type: ignore[misc]
        def call(self, operation: Operation[Any], **details: Any) -> Any:
            found = super().call(operation, **details)
            if operation != LIST_SECRETS:
                return found
            return tuple(dataclasses.replace(secret, data=(), incomplete=True) for secret in found)

    conversation = Bare("rest")
    conversation.secrets = [DsmSecret("1", "a", ({"K": "v"},)), DsmSecret("2", "b", ({"L": "w"},))]
    assert [s["key_names"] for s in work(conversation, "secret_info")["secrets"]] == [None, None]
    assert [s["key_names"] for s in work(conversation, "secret_info", identifier="b")["secrets"]] == [["L"]]
    assert work(conversation, "secret_info", identifier="c")["secrets"] == []
    whole = work(conversation, "secret_info", include_data=True)["secrets"]
    assert [(s["identifier"], s["data"], s["key_names"]) for s in whole] == [
        ("a", [{"K": "v"}], ["K"]),
        ("b", [{"L": "w"}], ["L"]),
    ]
    assert not work(conversation, "secret", identifier="a", key_value={"K": "v"})["changed"]
    assert work(conversation, "secret", True, identifier="a", key_value={"K": "x"})["changed"]


def test_a_credential_whose_new_id_nobody_tells(talk: Any, work: Any) -> None:
    conversation = listing(talk, "rest", **{"credential.create": Stored("")})
    account = {"username": "new", "hostname": "web09", "ip": "192.0.2.9", "identifier": "new"}
    result = work(conversation, "credential", **account)
    assert (result["changed"], result["credential"]["id"], result["credential"]["identifier"]) == (True, None, "new")


def test_key_pairs_are_read_when_asked(talk: Any, work: Any) -> None:
    conversation = listing(talk, "api", KEY, **{"key.read": SshKey("3", "private", "public", devices=("x",))})
    result = work(conversation, "ssh_key_info", identifier="deploy-key", include_key=True)
    (key,) = result["ssh_keys"]
    assert (key["private_key"], key["public_key"], key["devices"]) == ("private", "public", ["x"])
    assert (key["identifier"], key["hostname"], key["passphrase"]) == ("deploy-key", "web01", None)
    assert result["_ansible_no_log"] is True
    predicted = work(conversation, "ssh_key_info", check_mode=True, identifier="deploy-key", include_key=True)
    assert "private_key" not in predicted["ssh_keys"][0]
    assert predicted["warnings"]
    assert "_ansible_no_log" not in predicted
    assert operations(conversation) == ["key.read"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_secret_data_is_returned_when_asked(talk: Any, work: Any, check_mode: bool) -> None:
    conversation = talk("api")
    conversation.secrets = [DsmSecret("1", "a", ({"K": "v"},)), DsmSecret("2", "b", ())]
    assert [s["identifier"] for s in work(conversation, "secret_info", check_mode)["secrets"]] == ["a", "b"]
    assert "'v'" not in str(work(conversation, "secret_info", check_mode, identifier="a"))
    result = work(conversation, "secret_info", check_mode, identifier="a", include_data=True)
    assert result["secrets"][0]["data"] == [{"K": "v"}]
    assert result["_ansible_no_log"] is True
