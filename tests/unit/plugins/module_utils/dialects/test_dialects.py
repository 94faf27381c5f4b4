# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialects as data: which calls there are, what they send, and what they make of good answers."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects import dsm, guide, vendor
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import (
    BY_NAME,
    CREATE_SSH_KEY,
    ROTATE_SSH_KEY,
    UPDATE_SSH_KEY,
    named,
)
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_secrets import (
    DsmSecret,
    DsmSecretWrite,
    Renewal,
    SecretBlock,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    InvalidRequest,
    UnexpectedResponse,
    Unsupported,
)
from ansible_collections.community.senhasegura.plugins.module_utils.models import (
    Credential,
    CredentialInfo,
    CredentialWrite,
    SshKey,
    SshKeyWrite,
    Stored,
)
from ansible_collections.community.senhasegura.plugins.module_utils.mysafe_models import (
    MySafeApiSecretWrite,
    MySafeNoteWrite,
    MySafePasswordWrite,
    MySafeShare,
)
from ansible_collections.community.senhasegura.plugins.module_utils.retry import Replay
from ansible_collections.community.senhasegura.plugins.module_utils.settings.options import DIALECT_NAMES

CALLS = [(d.name, operation.name) for d in DIALECTS.values() for operation in d.calls]
PATHS = {
    "iso": {
        "token": "/iso/oauth2/token",
        "credential.list": "GET /iso/pam/credential",
        "credential.read": "GET /iso/pam/credential/{ref}",
        "credential.create": "POST /iso/pam/credential",
        "credential.update": "POST /iso/pam/credential",
        "credential.enable": "PUT /iso/pam/credential/{ref}",
        "credential.disable": "DELETE /iso/pam/credential/{ref}",
        "credential.release": "DELETE /iso/pam/credential/custody/{ref}",
        "key.read": "GET /iso/pam/key/{ref}",
        "key.create": "POST /iso/pam/key",
        "key.update": "POST /iso/pam/key",
        "key.enable": "PUT /iso/pam/key/{ref}",
        "key.disable": "DELETE /iso/pam/key/{ref}",
        "key.release": "DELETE /iso/pam/credential/custody/{ref}",
        "device.list": "GET /iso/pam/device",
        "device.read": "GET /iso/pam/device/{ref}",
        "device.create": "POST /iso/pam/device",
        "device.update": "POST /iso/pam/device",
        "device.enable": "PUT /iso/pam/device/{ref}",
        "device.disable": "DELETE /iso/pam/device/{ref}",
        "scim_user.list": "GET /iso/scim/v2/Users",
        "scim_user.read": "GET /iso/scim/v2/Users/{ref}",
        "scim_user.create": "POST /iso/scim/v2/Users",
        "scim_user.update": "PATCH /iso/scim/v2/Users/{ref}",
        "scim_user.delete": "DELETE /iso/scim/v2/Users/{ref}",
        "related_user.list": "GET /iso/user/related",
        "related_user.create": "POST /iso/user/related",
        "related_user.update": "PUT /iso/user/related/{ref}",
        "related_user.disable": "DELETE /iso/user/related/{ref}",
        "session.list": "GET /api/session/remotesessions",
        "session.read": "GET /api/session/remotesessions/{ref}",
        "session.delete": "DELETE /iso/session/drop/{ref}",
        "session.create": "POST /iso/remote/session",
        "protected_information.read": "GET /iso/pam/info/{ref}",
        "protected_information.create": "POST /iso/pam/info",
        "protected_information.disable": "DELETE /iso/pam/info/{ref}",
        "secret.list": "GET /iso/dapp/application",
        "secret.create": "POST /iso/sctm/secret",
        "secret.update": "POST /iso/sctm/secret",
        "application.read": "GET /iso/dapp/application",
        "application.create": "POST /iso/dapp/application",
        "application.disable": "DELETE /iso/dapp/application/authorization",
        "variables.create": "POST /iso/cicd/variables",
        "ephemeral_credential.create": "POST /iso/coe/dapp/provision",
        "ephemeral_credential.release": "POST /iso/coe/dapp/deprovision",
        "automation.list": "GET /iso/sctm/automations",
        "automation.create": "POST /iso/sctm/automation",
        "automation.update": "PUT /iso/sctm/automation/{ref}",
        "automation.delete": "DELETE /iso/sctm/automation/{ref}",
        "encryption_key.list": "GET /iso/sctm/encryption/key",
        "encryption_key.create": "POST /iso/sctm/encryption/key",
        "encryption_key.update": "PUT /iso/sctm/encryption/key/{ref}",
        "encryption_key.disable": "DELETE /iso/sctm/encryption/key/{ref}",
        "encryption_key.encrypt": "POST /iso/sctm/encryption/encrypt",
        "encryption_key.decrypt": "POST /iso/sctm/encryption/decrypt",
        # In all releases that have it.
        **{
            f"{area}.{verb}": f"{method} /api/mysafe/{path}{below}"
            for area, path in {
                "mysafe_password": "password",
                "mysafe_note": "note",
                "mysafe_api_secret": "secretapi",
            }.items()
            for verb, method, below in (
                ("list", "GET", ""),
                ("read", "GET", "/{ref}"),
                ("create", "POST", ""),
                ("update", "PUT", "/update/{ref}"),
                ("enable", "POST", "/active/{ref}"),
                ("disable", "POST", "/inactive/{ref}"),
            )
        },
    },
    "rest": {
        "token": "/iso/oauth2/token",
        "credential.list": "GET /api/pam/credential",
        "credential.read": "GET /iso/coe/senha",
        "credential.create": "POST /api/pam/credential",
        "credential.update": "PUT /api/pam/credential/{ref}",
        "credential.disable": "DELETE /api/pam/credential/{ref}",
        "credential.release": "DELETE /iso/pam/credential/custody/{ref}",
        "credential.rotate": "POST /api/pam/credential/{ref}/rotate",
        "key.list": "GET /api/pam/sshkey",
        "key.read": "GET /api/pam/sshkey/{ref}",
        "key.create": "POST /api/pam/sshkey",
        "key.update": "PUT /api/pam/sshkey/{ref}",
        "key.rotate": "POST /api/pam/sshkey/{ref}/rotate",
        "secret.list": "GET /api/dsm/secret",
        "secret.read": "GET /api/dsm/secret/{ref}",
        "secret.create": "POST /api/dsm/secret",
        "secret.update": "PUT /api/dsm/secret/{ref}",
        "secret.delete": "DELETE /api/dsm/secret/{ref}",
    },
}
# From 3.33 on everything but DSM, SCIM and protected information stands below /api.
PATHS["api"] = {
    operation: path
    if any(part in path for part in ("/dapp/", "/sctm/", "/cicd/", "/scim/", "/pam/info"))
    else path.replace("/iso/", "/api/")
    for operation, path in PATHS["iso"].items()
} | {
    "related_user.update": "PUT /api/user/related",
    "session.list": "GET /api/pam/session/remotesessions",
    "session.read": "GET /api/pam/session/remotesessions/{ref}",
    "session.delete": "DELETE /api/pam/session/drop/{ref}",
    "session.create": "POST /api/pam/remote/session",
}


# --- the tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PATHS)
def test_each_dialect_has_the_documented_paths(name: str) -> None:
    dialect = DIALECTS[name]
    found = {operation.name: f"{call.method} {call.path}" for operation, call in dialect.calls.items()}
    assert {"token": dialect.token_path, **found} == PATHS[name]


def test_the_dialects_have_the_same_names_for_the_same_things() -> None:
    everything = {named(name) for _dialect, name in CALLS}
    assert everything == set(BY_NAME.values())
    for dialect in DIALECTS.values():
        for operation in everything - set(dialect.calls):
            assert not dialect.supports(operation)
            with pytest.raises(
                Unsupported, match=f"the dialect {dialect.name} has no call for {operation.name}"
            ) as caught:
                dialect.call(operation)
            assert caught.value.hint
            assert caught.value.context.operation == operation.name
        assert not set(dialect.missing) & set(dialect.calls)


@pytest.mark.parametrize(("name", "operation"), CALLS)
def test_only_reads_may_be_repeated(name: str, operation: str) -> None:
    call = DIALECTS[name].calls[named(operation)]
    assert (named(operation).replay is Replay.SAFE) == (call.method == "GET") == operation.endswith(("read", "list"))
    area, _dot, verb = operation.partition(".")
    modules = {"credential": "pam", "key": "pam", "device": "pam", "scim_user": "scim"}
    modules |= {"related_user": "users", "session": "session", "protected_information": "pam"}
    modules |= dict.fromkeys(("mysafe_password", "mysafe_note", "mysafe_api_secret"), "mysafe")
    assert call.module == modules.get(area, "dsm")
    sends = verb in ("create", "update", "encrypt", "decrypt") or operation == "ephemeral_credential.release"
    assert (call.encode is not None) == (sends or call.body == "query")


def test_put_never_updates_credentials_keys_and_secrets_in_the_vendors_dialects() -> None:
    for name in ("iso", "api"):
        puts = {operation.name for operation, call in DIALECTS[name].calls.items() if call.method == "PUT"}
        assert puts == {
            "credential.enable",
            "key.enable",
            "device.enable",
            "automation.update",
            "encryption_key.update",
            "mysafe_password.update",
            "mysafe_note.update",
            "mysafe_api_secret.update",
            "related_user.update",
        }


def test_the_option_knows_the_names() -> None:
    assert tuple(DIALECTS) == DIALECT_NAMES


@pytest.mark.parametrize("name", DIALECTS)
def test_each_field_of_a_write_model_is_sent_or_refused(name: str) -> None:
    """Nothing is dropped silently."""
    dialect = DIALECTS[name]
    samples: dict[str, dict[str, t.Any]] = {
        "credential": {"parent": 9, "automatic_change": True, "settings": {"jit_settings": {"mark": "x"}}},
        "key": {"enabled": True, "automatic_change": True, "rotation_days": 9},
        "secret": {"key_value": {"K": "mark"}, "renewal": Renewal(1, 2, 3)},
    }
    shares = (MySafeShare("bob", True),)
    blocks = (SecretBlock({"user": "mark"}, {"user": "MARK"}, "aws"),)
    models: dict[str, t.Any] = {"credential": CredentialWrite, "key": SshKeyWrite, "secret": DsmSecretWrite}
    if name != "rest":
        models |= {
            "mysafe_password": MySafePasswordWrite,
            "mysafe_note": MySafeNoteWrite,
            "mysafe_api_secret": MySafeApiSecretWrite,
        }
    for area, model in models.items():
        needed = {
            f.name: "" for f in dataclasses.fields(model) if f.default is f.default_factory is dataclasses.MISSING
        }
        if area == "key":
            needed |= {"private_key": "k", "public_key": "p", "ip": "1"}
        operation = named(f"{area}.create")
        call = dialect.call(operation)
        assert call.encode
        empty = call.encode(model(**needed))
        for field in dataclasses.fields(model):
            value: t.Any = samples.get(area, {}).get(field.name, "mark")
            if "tuple" in str(field.type):
                value = next(
                    (v for k, v in {"SecretBlock": blocks, "Share": shares}.items() if k in field.type), ("m",)
                )
            wanted = model(**{**needed, field.name: value})
            try:
                dialect.check(operation, wanted)
            except Unsupported as exc:
                assert field.name in str(exc)
                assert exc.hint
            else:
                # Keys of the guide have a device, which the host name tells already.
                if (name, area, field.name) == ("rest", "key", "ip"):
                    continue
                assert call.encode(wanted) != empty, f"{area}.{field.name}"


def test_what_a_dialect_needs() -> None:
    key = SshKeyWrite("i", "u", "h")
    with pytest.raises(InvalidRequest, match="needs private_key") as caught:
        DIALECTS["rest"].check(CREATE_SSH_KEY, key)
    assert caught.value.context.option == "private_key"
    DIALECTS["rest"].check(UPDATE_SSH_KEY, key)
    DIALECTS["rest"].check(ROTATE_SSH_KEY)


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_vendor_credential() -> None:
    whole = CredentialWrite(
        "root", "web01", "192.0.2.10", identifier="web-root", password="pw", type="Local User", additional="note",
        tags=("a", "b"), domain="corp", parent=5, device_type="Server", device_vendor="Canonical", device_model="Ubuntu",
        device_site="DC1", device_domain="corp.example", device_tags=("x",), connectivities=("SSH:22", "RDP:3389"),
        automatic_change=True, settings={"execution_settings": {"status": True}, "jit_settings": {"jit": False}},
    )  # fmt: skip
    assert vendor.encode_credential(whole) == {
        "username": "root", "hostname": "web01", "ip": "192.0.2.10", "identifier": "web-root", "content": "pw",
        "credential_type": "Local User", "additional": "note", "tags": "a,b", "domain": "corp", "parent_password": 5,
        "type": "Server", "vendor": "Canonical", "model": "Ubuntu", "site": "DC1", "device_domain": "corp.example",
        "device_tags": "x", "connectivities": "SSH:22,RDP:3389",
        "execution_settings": {"status": True, "automatic_change": True}, "jit_settings": {"jit": False},
    }  # fmt: skip
    assert whole.settings["execution_settings"] == {"status": True}


def test_vendor_credential_with_little() -> None:
    """The user name is always sent; ``type`` would be the type of the device."""
    assert vendor.encode_credential(CredentialWrite("", "h", "1")) == {"username": "", "hostname": "h", "ip": "1"}
    assert "type" not in vendor.encode_credential(CredentialWrite("u", "h", "1", type="Local User"))
    empty = vendor.encode_credential(CredentialWrite("u", "h", "1", tags=(), additional="", automatic_change=False))
    assert empty["tags"] == empty["additional"] == ""
    assert empty["execution_settings"] == {"automatic_change": False}


def test_vendor_key() -> None:
    key = SshKeyWrite(
        "deploy", "root", "web01", "1", "PRIVATE", "PUBLIC", passphrase="pp", key_name="n", devices=("a", "b"), tags=("t",),
        enabled=False,
    )  # fmt: skip
    assert vendor.encode_key(key) == {
        "identifier": "deploy", "username": "root", "hostname": "web01", "ip": "1", "private_key": "PRIVATE",
        "public_key": "PUBLIC", "password": "pp", "key_name": "n", "devices": [{"hostname": "a"}, {"hostname": "b"}],
        "tags": "t", "enabled": False,
    }  # fmt: skip
    assert vendor.encode_key(SshKeyWrite("i", "u", "h", "1", "k", "p", devices=(), passphrase=""))["devices"] == []


def test_vendor_secret() -> None:
    wanted = DsmSecretWrite(
        "shop-db", name="n", engine="Generic", description="d", expires_at="2027-01-01 00:00:00",
        access_keys=(SecretBlock({"access_key_id": "AKIA"}, {"access_key_id": "AWS_ID"}, "aws"),),
        credentials=(SecretBlock({"user": "app", "password": "pw"}, {"password": "PASSWORD"}),),
        key_value={"API_KEY": "é"},
    )  # fmt: skip
    sent = dsm.encode_secret(wanted)
    data = json.loads(base64.b64decode(sent.pop("data"), validate=True))
    assert sent == {
        "identity": "shop-db", "name": "n", "engine": "Generic", "description": "d", "expiration_date": "2027-01-01 00:00:00",
    }  # fmt: skip
    assert data == {
        "access_keys": [
            {"access_key": {"type": "aws", "fields": {"access_key_id": "AKIA", "access_key_id_label": "AWS_ID"}}}
        ],
        "credentials": [{"credential": {"fields": {"user": "app", "password": "pw", "password_label": "PASSWORD"}}}],
        "key_value": {"fields": {"API_KEY": "é"}},
    }
    assert dsm.encode_secret(DsmSecretWrite("i")) == {"identity": "i"}


@pytest.mark.parametrize(
    ("renewal", "sent"),
    [
        (Renewal(5, 1440, 60), (5, 1440, 60)),
        (Renewal(0, 1440, 0, "empty"), ([], 1440, [])),
        (Renewal(0, 1440, 0, "omit"), (None, 1440, None)),
    ],
)
def test_all_times_of_renewal_are_sent_and_never_in_the_way_of_the_release(renewal: Renewal, sent: t.Any) -> None:
    fields = dsm.encode_secret(DsmSecretWrite("i", renewal=renewal))
    names = ("renew_cloud_time", "renew_credential_time", "renew_ephemeral_credential_time")
    assert tuple(fields.get(name) for name in names) == sent


@pytest.mark.parametrize(
    ("shown", "renewal"),
    [
        ({}, None),
        ({"renew_cloud_time": 5}, None),
        ({"renew_cloud_time": 5, "renew_credential_time": "x", "renew_ephemeral_credential_time": 1}, None),
        (
            {"renew_cloud_time": "5", "renew_credential_time": False, "renew_efemeral_credential_time": ""},
            Renewal(5, 0, 0),
        ),
        (
            {"renew_cloud_time": None, "renew_credential_time": [], "renew_ephemeral_credential_time": 7},
            Renewal(0, 0, 7),
        ),
    ],
)
def test_times_of_renewal_are_read_where_all_are_shown(shown: t.Any, renewal: Renewal | None) -> None:
    item = {"identity": "x", "data": [], **shown}
    (secret,) = dsm.decode_application({"application": {"secrets": [item]}}, str)
    assert secret.renewal == renewal


def test_rest_bodies() -> None:
    credential = CredentialWrite(
        "u", "h", "1", identifier="i", password="pw", type="t", additional="a", tags=("x", "y")
    )
    assert guide.encode_credential(credential) == {
        "identifier": "i", "username": "u", "password": "pw", "hostname": "h", "ip": "1", "type": "t",
        "additional_info": "a", "tags": ["x", "y"],
    }  # fmt: skip
    key = SshKeyWrite("i", "u", "h", "1", "k", "p", passphrase="pp", automatic_change=True, rotation_days=90)
    assert guide.encode_key(key) == {
        "identifier": "i", "username": "u", "hostname": "h", "public_key": "p", "private_key": "k", "passphrase": "pp",
        "auto_rotate": True, "rotation_days": 90,
    }  # fmt: skip
    secret = DsmSecretWrite(
        "i", name="n", credentials=(SecretBlock({"user": "a"}, {"user": "U"}),), key_value={"K": "v"}
    )
    assert guide.encode_secret(secret) == {"identifier": "i", "name": "n", "data": {"U": "a", "K": "v"}}
    assert guide.encode_secret(DsmSecretWrite("i")) == {"identifier": "i"}
    assert guide.encode_reference("7") == {"credentialId": "7"}


# --- what is made of answers -----------------------------------------------------------------------------------------


def opened(value: str) -> str:
    """Shows which values go through decryption."""
    return f"opened {value}"


ENTRY_40 = {
    "id": "7", "identifier": "web-root", "username": "root", "expiration": "2026-03-01T12:00:00-03:00",
    "change": "2026-01-10 08:15:00", "view": None, "hostname": "web01", "management_ip": "192.0.2.10",
    "type": "Local User", "type_code": "1", "device_model": "Ubuntu", "device_type": "Server", "device_vendor": "Canonical",
    "automatic_change": False, "connectivity": "SSH", "connectivity_code": "1",
}  # fmt: skip


def test_list_of_both_releases() -> None:
    old = {**ENTRY_40, "tag": "web-root", "automatic_change": "0", "id": 7}
    del old["identifier"]
    expected = CredentialInfo(
        "7", "web-root", "root", "web01", "192.0.2.10", "Local User", automatic_change=False,
        changed_at="2026-01-10 08:15:00", expires_at="2026-03-01T12:00:00-03:00", device_type="Server",
        device_vendor="Canonical", device_model="Ubuntu", connectivity="SSH",
    )  # fmt: skip
    assert vendor.decode_list({"credentials": [ENTRY_40, old]}, opened) == (expected, expected)
    assert vendor.decode_list({"credentials": []}, opened) == ()
    for value, truth in (("1", True), (True, True), ("Sim", True), (None, None), ("?", None)):
        (entry,) = vendor.decode_list({"credentials": [{**ENTRY_40, "automatic_change": value}]}, opened)
        assert entry.automatic_change is truth
    bare = vendor.decode_list(
        {"credentials": [{"id": "1", "identifier": None, "username": None, "type": "SSH Key"}]}, opened
    )
    assert bare == (CredentialInfo("1", type="SSH Key"),)
    assert bare[0].is_key
    assert "password" not in bare[0].public()


def test_credential() -> None:
    item = {
        "id": "7", "tag": "web-root", "username": "root", "password": "pw", "content": "pw", "hostname": "web01",
        "parent_credential_cod": 5, "additional": None, "domain": "", "ip": "192.0.2.10", "port": 22, "model": "Ubuntu",
        "expiration_time": "2026-01-16T17:31:39",
    }  # fmt: skip
    credential = vendor.decode_credential({"credential": item}, opened)
    assert credential == Credential(
        "7", "opened pw", "web-root", "root", "web01", "192.0.2.10", "22", model="Ubuntu", parent_id="5",
        expires_at="2026-01-16T17:31:39",
    )  # fmt: skip
    assert credential.raw == {**item, "password": "opened pw", "content": "opened pw"}
    assert credential.values()["password"] == "opened pw"
    assert "raw" not in credential.values()
    only = vendor.decode_credential({"credential": {"id": "7", "content": "pw"}}, str)
    assert only.password == "pw"


def test_rest_credential() -> None:
    item = {"id": 7, "password": "pw", "expiration": "2026-01-16T17:31:39Z"}
    credential = guide.decode_password({"response": {"credential": item}}, opened)
    assert credential == Credential("7", "opened pw", expires_at="2026-01-16T17:31:39Z")
    assert credential.raw["password"] == "opened pw"
    listed = guide.decode_list({"response": {"credentials": [{"id": "7", "ip": "1", "identifier": "i"}]}}, opened)
    assert listed == (CredentialInfo("7", "i", ip="1"),)


def test_an_ssh_key_is_decoded() -> None:
    item = {
        "id": "9", "identifier": "deploy", "username": "root", "key_name": "n", "hostname": "web01", "ip": "1",
        "private_key": "-----BEGIN\r\nAAAA\r\n-----END", "public_key": "ssh-ed25519 AAAA deploy\r\n", "password": "pp",
        "tags": ["prod", " ", "x "], "devices": [{"hostname": "web02", "ip": "2"}, "web03", {"ip": "3"}],
        "expiration_time": "2026-06-04T12:20:19",
    }  # fmt: skip
    key = vendor.decode_key({"key": item}, opened)
    assert key == SshKey(
        "9", "opened -----BEGIN\nAAAA\n-----END\n", "ssh-ed25519 AAAA deploy", "deploy", "root", "n", "web01", "1",
        "opened pp", ("prod", "x"), ("web02", "web03", "3"), "2026-06-04T12:20:19",
    )  # fmt: skip
    assert key.values()["tags"] == ["prod", "x"]
    assert key.raw["private_key"] == key.private_key
    assert key.raw["password"] == "opened pp"
    plain = vendor.decode_key({"key": {**item, "password": None, "tags": "a, b", "devices": None}}, str)
    assert (plain.passphrase, plain.tags, plain.devices) == (None, ("a", "b"), ())
    assert vendor.decode_key({"key": {**item, "tags": None, "password": ""}}, str).passphrase is None


def test_rest_key() -> None:
    item = {"id": 9, "identifier": "k", "username": "u", "hostname": "h", "public_key": "p ", "private_key": "x\r\ny"}
    key = guide.decode_key({"response": {"sshkey": {**item, "passphrase": "pp"}}}, opened)
    assert (key.private_key, key.public_key, key.passphrase) == ("opened x\ny\n", "p", "opened pp")
    assert guide.decode_key({"response": {"sshkey": item}}, str).passphrase is None
    for days, known in ((30, 30), ("30", 30), (None, None), ("x", None), ("9" * 5000, None), (True, None), (1.5, None)):
        (entry,) = guide.decode_keys(
            {"response": {"sshkeys": [{**item, "auto_rotate": "1", "rotation_days": days}]}}, opened
        )
        assert entry.is_key
        assert (entry.automatic_change, entry.rotation_days, entry.public_key) == (True, known, "p ")


def test_receipts() -> None:
    assert vendor.decode_stored_credential({"credential": {"id": "7", "tag": None}}, opened) == Stored("7")
    assert vendor.decode_stored_credential({"credential": {"id": 7, "identifier": "i"}}, opened) == Stored("7", "i")
    key = {"id": "9", "identifier": "k", "devices_error": [{"hostname": "web09"}, "web10"]}
    assert vendor.decode_stored_key({"key": key}, opened) == Stored("9", "k", ("web09", "web10"))
    rotated = {"response": {"sshkey": {"id": "9", "identifier": "k", "public_key": "p"}}}
    assert guide.decode_stored("sshkey")(rotated, opened) == Stored("9", "k", public_key="p")
    assert vendor.decode_nothing({}, opened) is None


def test_secrets() -> None:
    item = {
        "secret_id": 12, "secret_name": "db", "identity": "shop-db", "version": 3, "expiration_date": "", "engine": "Generic",
        "data": [{"HOSTNAME": "db01", "PORT": 5432, "RATIO": 0.5}, {"TTL": None, "EMPTY": ""}],
    }  # fmt: skip
    document = {"application": {"name": "shop", "tags": [""], "secrets": [item]}}
    (secret,) = dsm.decode_application(document, opened)
    data = (
        {"HOSTNAME": "opened db01", "PORT": "opened 5432", "RATIO": "opened 0.5"},
        # What is empty was not encrypted, and stays empty.
        {"TTL": None, "EMPTY": ""},
    )
    assert (secret.id, secret.identifier, secret.name, secret.version, secret.expires_at) == (
        "12", "shop-db", "db", "3", None,
    )  # fmt: skip
    assert secret.data == data
    assert secret.raw == {**item, "data": list(data)}
    assert secret.public()["key_names"] == ["EMPTY", "HOSTNAME", "PORT", "RATIO", "TTL"]
    assert "opened" not in str(secret.public())
    (single,) = dsm.decode_application({"application": {"secrets": [{**item, "data": {"A": "b"}}]}}, str)
    assert single.data == ({"A": "b"},)
    (empty,) = dsm.decode_application({"application": {"secrets": [{"identity": "x", "data": []}]}}, str)
    assert (empty.id, empty.data) == ("", ())
    in_rest = {"response": {"secrets": [{"id": "1", "identifier": "i", "description": "d", "data": []}]}}
    assert guide.decode_secrets(in_rest, str) == (DsmSecret("1", "i", (), description="d"),)
    assert (
        guide.decode_secret({"response": {"secret": {"id": "1", "identifier": "i", "data": []}}}, str).identifier == "i"
    )


@pytest.mark.parametrize("value", [True, False])
def test_a_secret_with_a_boolean_is_no_empty_text(value: bool) -> None:
    document = {"application": {"secrets": [{"identity": "i", "data": [{"A": value}]}]}}
    (secret,) = dsm.decode_application(document, str)
    with pytest.raises(UnexpectedResponse, match="value of A in DSM secret i cannot be read: it is not text"):
        secret.require_readable()


def test_operations_are_named_alike() -> None:
    for _name, operation in CALLS:
        assert re.fullmatch(
            r"(credential|key|device|secret|application|variables|ephemeral_credential|automation|encryption_key"
            r"|mysafe_password|mysafe_note|mysafe_api_secret|scim_user|related_user|session|protected_information)"
            r"\.(list|read|create|update|enable|disable|release|rotate|delete|encrypt|decrypt)",
            operation,
        )
