# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the calls of DSM send, and what they make of the samples of both releases (facts-dsm.md 2 and 4 to 7)."""

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t

import pytest

from ansible_collections.community.senhasegura.plugins.module_utils.dialects.catalog import DIALECTS
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.dialect import Call
from ansible_collections.community.senhasegura.plugins.module_utils.dialects.operations import named
from ansible_collections.community.senhasegura.plugins.module_utils.dsm_models import (
    Automation,
    AutomationWrite,
    DecryptWrite,
    DsmApplication,
    DsmApplicationWrite,
    DsmAuthorization,
    EncryptionKey,
    EncryptionKeyWrite,
    EncryptWrite,
    EphemeralWrite,
    VariablesUpload,
)
from ansible_collections.community.senhasegura.plugins.module_utils.errors import (
    InvalidRequest,
    UnexpectedResponse,
    Unsupported,
)

NO = "opened nothing"


def call(operation: str, dialect: str = "api") -> Call[t.Any]:
    return DIALECTS[dialect].call(named(operation))


def sent(operation: str, model: t.Any, dialect: str = "api") -> t.Any:
    encode = call(operation, dialect).encode
    assert encode
    return encode(model)


def decoded(operation: str, document: t.Any, dialect: str = "api") -> t.Any:
    return call(operation, dialect).decode(document, lambda value: value)


def reply(message: str, **entities: t.Any) -> t.Any:
    return {"response": {"status": 200, "message": message, "error": False}, **entities}


@pytest.mark.parametrize(
    ("message", "made"),
    [
        ("Application updated: (4) shop | Authorization found: (6)", (False, False)),
        ("Application created: (4) shop | Authorization created: (6)", (True, True)),
        ("Application updated: (4) shop | Authorization created: (6)", (False, True)),
        # The name of an application says nothing.
        ("Application created: (4) updated | found | Authorization created: (6)", (True, True)),
        ("Done.", (None, None)),
        ("Application created", (True, None)),
    ],
)
def test_the_words_say_what_was_made(message: str, made: tuple[bool | None, bool | None]) -> None:
    found = decoded("application.create", reply(message, id="4d18", signature="s-secret"))
    assert found == DsmAuthorization("4d18", "s-secret", *made)
    assert "s-secret" not in repr(found)


def test_every_field_of_an_application_is_sent() -> None:
    fields = {field.name: f"v-{field.name}" for field in dataclasses.fields(DsmApplicationWrite)}
    wanted = DsmApplicationWrite(**fields)  # type: ignore[arg-type]
    names = {"expires_at": "expiration_date"}
    expected = {names.get(name, name): value for name, value in fields.items()}
    lists = ("tags", "aws_arns", "authorized_resources", "allowed_ips", "allowed_http_referers", "cloud_profiles")
    for name in (*lists, "credential_profiles"):
        expected[name] = list(fields[name])  # type: ignore[assignment]
    assert sent("application.create", wanted) == expected
    assert sent("application.create", DsmApplicationWrite("a")) == {"application": "a"}


def test_the_application_of_the_client_is_read_without_values() -> None:
    item = {"name": "shop", "description": None, "tags": ["web", ""], "system": "s", "environment": "e"}
    document = {"application": {**item, "secrets": [{"identity": "db", "data": [{"P": "secret"}]}]}}
    assert decoded("application.read", document) == DsmApplication("shop", "s", "e", None, ("web",), ("db",))
    with pytest.raises(UnexpectedResponse):
        decoded("application.read", {"application": item})


def test_variables_are_sent_as_the_vendors_tool_sends_them() -> None:
    values = {"A": "a b=c\r", "B": "??>>~~", "C": "\udcff"}
    mapping = {"key_value": [{"name": "n", "fields": ["A", "B", "C"]}]}
    fields = sent("variables.create", VariablesUpload(values, mapping))
    assert not set("+/=") & set(fields["env"] + fields["map"])

    def plain(name: str) -> bytes:
        return base64.b64decode(fields[name].translate(str.maketrans("-_,", "+/=")), validate=True)

    assert plain("env") == b"A=a b=c\r\nB=??>>~~\nC=\xff"
    assert json.loads(plain("map")) == mapping
    assert "??" not in repr(VariablesUpload(values, mapping))


POD = EphemeralWrite(pod_name="p", deploy="d", namespace="n")


def test_what_an_ephemeral_credential_is_for() -> None:
    pod = {"pod_name": "p", "deploy": "d", "namespace": "n"}
    whole = dataclasses.replace(POD, secret_id="12", at_end=True)
    for dialect in ("iso", "api"):
        assert sent("ephemeral_credential.create", dataclasses.replace(POD, at_end=True), dialect) == pod
        assert sent("ephemeral_credential.release", whole, dialect) == {**pod, "secret_id": "12"}
        DIALECTS[dialect].check(named("ephemeral_credential.release"), whole)
        with pytest.raises(InvalidRequest, match="needs secret_id"):
            DIALECTS[dialect].check(named("ephemeral_credential.release"), POD)
    identity = EphemeralWrite("job")
    assert sent("ephemeral_credential.create", identity) == {"identity": "job"}
    with pytest.raises((Unsupported, InvalidRequest)):
        DIALECTS["iso"].check(named("ephemeral_credential.create"), identity)


def test_a_note_of_the_ledger_says_all_that_is_needed_to_give_it_back() -> None:
    whole = EphemeralWrite(None, "p&=%", "d é", "n", "12", at_end=True)
    assert EphemeralWrite.of_note(whole.note) == dataclasses.replace(whole, at_end=False)
    assert EphemeralWrite("job").note == "identifier=job"


def test_a_provisioned_secret_is_found_in_both_forms() -> None:
    item = {"secret_id": "42", "identity": "job", "data": [{"PASSWORD": "pw"}]}
    for shown in (
        {"secret": {**item, "renew_cloud_time": False}},
        # One object as data, and with all others of the application.
        {"application": {"secrets": [{"secret_id": "7"}, {**item, "data": {"PASSWORD": "pw"}}, {"secret_id": "9"}]}},
    ):
        secret = decoded("ephemeral_credential.create", shown)
        assert (secret.id, secret.identifier, secret.data) == ("42", "job", ({"PASSWORD": "pw"},))
    with pytest.raises(UnexpectedResponse, match="shows no secret"):
        decoded("ephemeral_credential.create", {"application": {"secrets": []}})


def test_automations() -> None:
    device = {"hostname": "web01", "credential": "root"}
    wanted = AutomationWrite(
        "n", ("a", "b"), True, "d", ("When a secret is created",), ("x",), ("y",), "p", "t", (device,)
    )
    assert sent("automation.create", wanted) == {
        "name": "n",
        "tags": "a,b",
        "enabled": True,
        "description": "d",
        "triggers": ["When a secret is created"],
        "applications": ["x"],
        "secrets": ["y"],
        "plugin": "p",
        "template": "t",
        "devices": [device],
    }
    assert sent("automation.update", AutomationWrite("n", tags=())) == {"name": "n", "tags": ""}
    item = {"id": "3", "name": "n", "tags": None, "plugin": "p", "template": "t", "applications": [], "secrets": ["y"]}
    assert decoded("automation.list", {"automations": [{**item, "devices": ["web01"]}]}) == (
        Automation("3", "n", (), "p", "t", (), ("y",), ("web01",)),
    )
    assert decoded("automation.create", {"automation": {"id": "3"}}) == "3"
    assert decoded("automation.create", {}) == ""
    for devices in ("web01", [device], [None]):
        with pytest.raises(UnexpectedResponse, match="lists of names"):
            decoded("automation.list", {"automations": [{**item, "devices": devices}]})


@pytest.mark.parametrize(
    ("dialect", "field", "written"),
    [("iso", "key", "2030-06-01 12:00:00"), ("api", "key_id", "2030-06-01T12:00:00Z")],
)
def test_the_two_forms_of_encryption(dialect: str, field: str, written: str) -> None:
    key = EncryptionKeyWrite("k", "d", "aes256-gcm96", "2030-06-01 12:00:00")
    expected = {"name": "k", "description": "d", "algorithm": "aes256-gcm96", "expiration_date": written}
    assert sent("encryption_key.create", key, dialect) == expected
    # What cannot be read goes back as it is.
    odd = EncryptionKeyWrite("k", expires_at="1 June")
    assert sent("encryption_key.update", odd, dialect) == {"name": "k", "expiration_date": "1 June"}
    assert sent("encryption_key.update", EncryptionKeyWrite("k", expires_at=""), dialect)["expiration_date"] == ""
    for operation, model in (("encrypt", EncryptWrite("7", "text")), ("decrypt", DecryptWrite("7", "text"))):
        fields = sent(f"encryption_key.{operation}", model, dialect)
        assert fields == {field: "7", "version": "1", "value": "text"}


@pytest.mark.parametrize(
    ("shown", "key"),
    [
        (
            {"expiration_date": "06/01/2030 12:00:00", "enabled": "1"},
            EncryptionKey("7", "k", "", "a", "2030-06-01 12:00:00", True),
        ),
        (
            {"expiration_date": "2030-06-01T12:00:00Z", "enabled": False},
            EncryptionKey("7", "k", "", "a", "2030-06-01 12:00:00", False),
        ),
        ({"expiration_date": "2030-06-01T12:00:00.000Z"}, EncryptionKey("7", "k", "", "a", "2030-06-01 12:00:00")),
        ({"expiration_date": "1 June", "enabled": "x"}, EncryptionKey("7", "k", "", "a", "1 June")),
        ({"expiration_date": None}, EncryptionKey("7", "k", "", "a")),
    ],
)
def test_keys_of_both_releases_are_read_alike(shown: t.Any, key: EncryptionKey) -> None:
    item = {"id": "7", "name": "k", "description": None, "algorithm": "a", **shown}
    assert decoded("encryption_key.list", {"encryption_keys": [item]}) == (key,)


def test_what_comes_of_encryption() -> None:
    assert decoded("encryption_key.create", {"id": "7"}) == "7"
    assert decoded("encryption_key.update", {"encryption_key": {"id": "7"}}) == "7"
    assert decoded("encryption_key.encrypt", {"encrypted_value": "x"}).value == "x"
    # A sample of 3.32 has the clear text under the name of the encrypted one.
    for document in ({"encrypted_value": "x"}, {"decrypted_value": "x", "encrypted_value": "y"}):
        assert decoded("encryption_key.decrypt", document, "iso").value == "x"
    assert decoded("encryption_key.decrypt", {"decrypted_value": ""}).value == ""
    with pytest.raises(UnexpectedResponse):
        decoded("encryption_key.encrypt", {"encrypted_value": ""})
