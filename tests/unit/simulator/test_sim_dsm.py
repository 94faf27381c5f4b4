# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DevOps Secret Manager in the vendor's dialect."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

CONTENT = {
    "access_keys": [
        {
            "access_key": {
                "type": "aws",
                "fields": {
                    "access_key_id": "AKIA",
                    "access_key_id_label": "AWS_ACCESS_KEY_ID",
                    "secret_access_key": "s",
                    "secret_access_key_label": "AWS_SECRET_ACCESS_KEY",
                },
            }
        }
    ],
    "credentials": [
        {"credential": {"fields": {"user": "app", "user_label": "USERNAME", "password": "pw", "password_label": "P"}}}
    ],
    "key_value": {"fields": {"API_KEY": "abc"}},
}


def encode(content):
    return base64.b64encode(json.dumps(content).encode()).decode()


def url_base64(text):
    """As the vendor's command line tool writes it."""
    raw = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(raw).decode().translate(str.maketrans("+/=", "-_,"))


NEVER = {"renew_cloud_time": False, "renew_credential_time": False, "renew_efemeral_credential_time": False}


def secrets(vault):
    return {s["identity"]: s for s in vault.call("GET", "/iso/dapp/application")[1]["application"]["secrets"]}


@pytest.mark.parametrize("profile", ["3.32", "4.0", "all"])
def test_an_application_reads_its_secrets(start, profile):
    vault = start(profile)
    status, body = vault.call("GET", "/iso/dapp/application")
    application = body["application"]
    assert status == 200
    assert application["name"] == "shop"
    assert application["system"] == "shop"
    assert application["secrets"] == [
        {
            "secret_id": "1",
            "secret_name": "db",
            "identity": "shop-db",
            "version": "1",
            "expiration_date": "",
            "engine": "Generic",
            **({} if profile == "3.32" else NEVER),
            "data": [{"HOSTNAME": "db01", "USERNAME": "app", "PASSWORD": "pw-Db-1"}, {"API_KEY": "abc"}],
        }
    ]
    assert vault.call("GET", "/iso/dapp/Application")[1] == body
    assert vault.call("GET", "/iso/sctm/secret")[1]["secrets"] == application["secrets"]


@pytest.mark.parametrize("how", ["json", "form", "multipart", "form labelled as JSON"])
def test_a_secret_is_created_from_any_form_of_body(start, how):
    vault = start()
    fields = {"identity": "new", "name": "New", "engine": "Generic", "expiration_date": "", "data": encode(CONTENT)}
    more = {
        "json": {"json": fields},
        "form": {"data": fields},
        "multipart": {"files": {k: (None, v) for k, v in fields.items()}},
        "form labelled as JSON": {"data": fields, "headers": {"Content-Type": "application/json"}},
    }[how]
    status, body = vault.call("POST", "/iso/sctm/secret", **more)
    assert (status, body["response"]["message"]) == (201, "Secret created successfully.")
    assert secrets(vault)["new"]["data"] == [
        {"USERNAME": "app", "P": "pw"},
        {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "TTL": None},
        {"API_KEY": "abc"},
    ]
    vault.call(
        "POST", "/iso/sctm/secret", data={"identity": "new", "data": encode({"key_value": {"fields": {"A": "b"}}})}
    )
    assert (secrets(vault)["new"]["version"], secrets(vault)["new"]["data"]) == ("2", [{"A": "b"}])
    vault.call("POST", "/iso/sctm/secret", data={"identity": "new", "name": "renamed"})
    assert (secrets(vault)["new"]["version"], secrets(vault)["new"]["data"]) == ("3", [{"A": "b"}])


@pytest.mark.parametrize(
    "change",
    [
        {"identity": ""},
        {"data": "%%%"},
        {"data": encode([1])},
        {"data": "YWJj"},
        {"data": "/w=="},
        {"engine": "Other"},
        {"expiration_date": "tomorrow"},
        # What is in none of the sections would be lost without a word.
        {"data": encode({"value": "pw"})},
        {"data": encode({"value": "pw", **CONTENT})},
        {"data": encode({"key_value": {"A": "b"}})},
        {"data": encode({"key_value": "A"})},
        {"data": encode({"credentials": [{"fields": {"user": "app"}}]})},
        {"data": encode({"access_keys": ["AKIA"]})},
    ],
    ids=str,
)
def test_write_refusals(start, change):
    vault = start()
    status, body = vault.call("POST", "/iso/sctm/secret", json={"identity": "x", "data": encode(CONTENT), **change})
    assert status == 400
    assert body["response"]["error"] is True
    assert list(secrets(vault)) == ["shop-db"]


def test_client_without_application(start):
    status, body = start().other("limited", "limited-secret").call("GET", "/iso/dapp/application")
    assert (status, body["response"]["error_code"]) == (404, 4)


def test_application_and_authorization(start):
    vault = start()
    fields = {"application": "cli", "system": "s", "environment": "e"}
    status, body = vault.call("POST", "/iso/dapp/application", data=fields)
    assert status == 200
    assert body["response"]["message"].startswith("Application created: (2) cli | Authorization")
    again = vault.call("POST", "/iso/dapp/application", json=fields)[1]
    assert again["id"] == body["id"]
    assert "Application updated: (2) cli | Authorization found" in str(again)
    assert vault.call("POST", "/iso/dapp/application", data={"application": "x"})[0] == 400
    made = vault.other(body["id"], body["signature"])
    assert made.call("GET", "/iso/dapp/application")[1]["application"]["name"] == "cli"
    status, answer = made.call("DELETE", "/iso/dapp/application/authorization", data="a=b",
                               headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer["response"]["message"] == "Authorization deleted successfully."
    status, answer = made.call("DELETE", "/iso/dapp/application/authorization")
    assert (status, answer["response"]["message"]) == (401, "Inactive authorization")


def made_client(vault, **fields):
    """The authorization that POST application makes; a form, with lists as the caller gives them."""
    names = {"application": "cli", "system": "s", "environment": "e"}
    how = {"data": [*names.items(), *fields.pop("form")]} if "form" in fields else {"json": {**names, **fields}}
    status, body = vault.call("POST", "/iso/dapp/application", **how)
    assert status == 200, body
    clients = {client["client_id"]: client for client in vault.control.state()["clients"]}
    return clients[body["id"]], body


LISTS = {
    "json": {"authorized_resources": ["Application", "CI/CD"], "allowed_ips": ["192.0.2.0/24", "127.0.0.1"]},
    "text": {"authorized_resources": "Application, CI/CD", "allowed_ips": "192.0.2.0/24,127.0.0.1"},
    "repeated": {
        "form": [
            ("authorized_resources", "Application"),
            ("authorized_resources", "CI/CD"),
            ("allowed_ips", "192.0.2.0/24"),
            ("allowed_ips", "127.0.0.1"),
        ]
    },
    "brackets": {
        "form": [
            ("authorized_resources[]", "Application"),
            ("authorized_resources[]", "CI/CD"),
            ("allowed_ips[0]", "192.0.2.0/24"),
            ("allowed_ips[1]", "127.0.0.1"),
        ]
    },
}


@pytest.mark.parametrize("how", LISTS)
def test_limits_of_a_new_authorization(start, how):
    vault = start()
    client, _body = made_client(vault, **LISTS[how])
    assert client["resources"] == ["Application", "CI/CD"]
    assert client["allowed_ips"] == ["192.0.2.0/24", "127.0.0.1"]
    again, _body = made_client(vault, authorized_resources=["Application"], allowed_ips=["203.0.113.1"])
    assert again == client  # limits count when the authorization is made, and an update ignores them


def test_limits_of_a_new_authorization_take_effect(start):
    vault = start()
    client, body = made_client(
        vault,
        authorized_resources=["Application"],
        allowed_http_referers=["https://portal.example/*"],
        expiration_date="2099-01-01 00:00:00",
    )
    own = vault.other(body["id"], body["signature"])
    referer = {"Referer": "https://portal.example/x"}
    assert own.call("GET", "/iso/dapp/application")[1]["exception"]["code"] == 1105
    assert own.call("GET", "/iso/dapp/application", headers=referer)[0] == 200
    assert own.call("GET", "/iso/sctm/secret", headers=referer)[0] == 500
    assert own.call("GET", "/pam/credential", headers=referer)[0] == 500
    vault.control.advance(client["expires"] - vault.control.advance(0))
    assert vault.token(body["id"], body["signature"]).status_code == 401


def test_address_of_a_new_authorization(start):
    vault = start()
    _client, body = made_client(vault, allowed_ips=["192.0.2.1"])
    answer = vault.other(body["id"], body["signature"]).call("GET", "/iso/dapp/application")[1]
    assert answer["response"]["message"] == "The IP is not allowed"


@pytest.mark.parametrize(
    "change",
    [{"authorized_resources": ["PAM Core"]}, {"allowed_ips": ["web01"]}, {"expiration_date": "tomorrow"}],
    ids=str,
)
def test_limits_that_make_no_sense(start, change):
    vault = start()
    fields = {"application": "cli", "system": "s", "environment": "e", **change}
    status, body = vault.call("POST", "/iso/dapp/application", json=fields)
    assert (status, body["response"]["message"]) == (400, f"Parameter '{next(iter(change))}' is invalid!")
    assert len(vault.control.state()["applications"]) == 1


def test_encrypted_authorization_and_the_signature_in_clear(start, many_seed):
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding

    vault = start()
    client, body = made_client(vault, encryption_enabled=True)
    key = serialization.load_pem_private_key(client["encryption_private_key"].encode(), None)
    own = vault.other(body["id"], body["signature"])
    own.call("POST", "/iso/sctm/secret", json={"identity": "new", "data": encode(CONTENT)})
    value = secrets(own)["new"]["data"][-1]["API_KEY"]
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    assert key.decrypt(base64.b64decode(value), oaep) == b"abc"
    # A caller whose own values are encrypted gets the secret of an authorization as it is.
    _client, again = made_client(own)
    assert again["signature"] == body["signature"]


@pytest.mark.parametrize("password", [None, ""], ids=str)
def test_a_credential_without_password_is_filled_from_the_vault(start, password):
    vault = start()
    fields = {"user": "app", "host": "web02", "password_label": "DB_PASSWORD"}
    fields |= {} if password is None else {"password": password}
    for host, identity in (("web02", "by-name"), ("192.0.2.11", "by-address")):
        content = {"credentials": [{"credential": {"fields": {**fields, "host": host}}}]}
        vault.call("POST", "/iso/sctm/secret", json={"identity": identity, "data": encode(content)})
        assert secrets(vault)[identity]["data"] == [
            {"username": "app", "hostname": host, "DB_PASSWORD": "pw-App-1", "ip": "192.0.2.11"}
        ]
    # It is a link and no copy: the vault's own change shows.
    vault.control.set_credential(2, password="pw-App-2")
    assert secrets(vault)["by-name"]["data"][0]["DB_PASSWORD"] == "pw-App-2"
    vault.control.set_credential(2, active=False)
    assert secrets(vault)["by-name"]["data"][0]["DB_PASSWORD"] is None
    # Written again with a password, it is that password.
    content = {"credentials": [{"credential": {"fields": {**fields, "password": "own"}}}]}
    vault.call("POST", "/iso/sctm/secret", json={"identity": "by-name", "data": encode(content)})
    assert secrets(vault)["by-name"]["data"][0]["DB_PASSWORD"] == "own"


def test_credentials_that_the_vault_has_not_stay_as_sent(start):
    vault = start()
    for fields in ({"user": "nobody", "host": "web02"}, {"user": "app"}, {"user": "old", "host": "web02"}):
        content = {"credentials": [{"credential": {"fields": fields}}]}
        vault.call("POST", "/iso/sctm/secret", json={"identity": "x", "data": encode(content)})
        (part,) = secrets(vault)["x"]["data"]
        assert part == {{"user": "username", "host": "hostname"}[name]: value for name, value in fields.items()}


def test_names_without_labels_are_those_of_the_samples(start):
    vault = start()
    content = {
        "credentials": [
            {"credential": {"fields": {"user": "u", "host": "h", "password": "p", "additional_information": "i"}}}
        ],
        "access_keys": [{"access_key": {"type": "aws", "fields": {"access_key_id": "A", "secret_access_key": "s"}}}],
    }
    vault.call("POST", "/iso/sctm/secret", json={"identity": "x", "data": encode(content)})
    assert secrets(vault)["x"]["data"] == [
        {"username": "u", "hostname": "h", "password": "p", "additional_information": "i"},
        {"access_key_id": "A", "secret_access_key": "s", "TTL": None},
    ]


def test_expired_secrets_are_not_delivered(start):
    vault = start(utc_offset_hours=-3)
    write = {"identity": "new", "data": encode(CONTENT)}
    vault.call("POST", "/iso/sctm/secret", json={**write, "expiration_date": "2020-01-01 00:00:00"})
    assert list(secrets(vault)) == ["shop-db"]
    assert [s["identity"] for s in vault.call("GET", "/iso/sctm/secret")[1]["secrets"]] == ["shop-db"]
    vault.control.settings(deliver_expired=True)
    assert list(secrets(vault)) == ["shop-db", "new"]
    vault.control.settings(deliver_expired=False)
    # Three hours west of UTC, this is the end of 2098-12-31 21:00 there.
    vault.call("POST", "/iso/sctm/secret", json={**write, "expiration_date": "2098-12-31 21:00:00"})
    assert secrets(vault)["new"]["version"] == "2"
    end = datetime(2099, 1, 1, tzinfo=timezone.utc).timestamp()
    vault.control.advance(end - 10 - vault.control.advance(0))
    assert "new" in secrets(vault.login())
    vault.control.advance(10)
    assert "new" not in secrets(vault)


def test_expiry_in_a_seed(start, many_seed):
    seed = yaml.safe_load(Path(many_seed).read_text())
    entry = seed["applications"][0]["secrets"][0]
    seed["applications"][0]["secrets"] = [
        {**entry, "identity": "gone", "expiration_date": yaml.safe_load("2020-01-01 00:00:00")},
        {**entry, "identity": "here", "expiration_date": "2099-01-01 00:00:00"},
    ]
    assert list(secrets(start(seed=seed))) == ["here"]


def test_variables(start):
    vault = start()
    mapping = {"key_value": [{"name": "n", "fields": ["A"]}]}
    fields = {"env": url_base64("A=1=2\nB=>>>???\n"), "map": url_base64(json.dumps(mapping))}
    status, body = vault.call("POST", "/iso/cicd/variables", data=fields)
    assert status == 200
    assert set(body) == {"code", "response", "tenant"}
    application = vault.control.state()["applications"][0]
    assert (application["variables"], application["mapping"]) == ({"A": "1=2", "B": ">>>???"}, mapping)
    assert secrets(vault)["n"]["data"] == [{"A": "1=2"}]
    for wrong in ("%", url_base64("[]"), url_base64(b"\xff"), url_base64('{"key_value": [{"fields": ["A"]}]}')):
        assert vault.call("POST", "/iso/cicd/variables", data={**fields, "map": wrong})[0] == 400
    assert vault.call("POST", "/iso/cicd/variables", data={"map": fields["map"]})[0] == 400


@pytest.mark.parametrize("mapping", [{"map": ""}, {}], ids=str)
def test_variables_without_a_mapping(start, mapping):
    """The vendor's tool without a mapping file: its normal use."""
    vault = start()
    fields = {"env": url_base64(b"HOME=/root\nODD=\xff\xfe\nCR=a\rb\x0bc\n=::=::\nnone"), **mapping}
    assert vault.call("POST", "/iso/cicd/variables", data=fields)[0] == 200
    application = vault.control.state()["applications"][0]
    # A byte that is no UTF-8 costs only itself, and nothing but LF ends a line.
    odd = {"HOME": "/root", "ODD": "\ufffd\ufffd", "CR": "a\rb\x0bc", "": "::=::"}
    assert (application["variables"], application["mapping"]) == (odd, {})
    assert list(secrets(vault)) == ["shop-db"]


def test_mapped_variables_become_secrets(start):
    vault = start()
    mapping = {
        "access_keys": [
            {"name": "AWS", "type": "aws", "fields": {"access_key_id": "AWS_ID", "secret_access_key": "AWS_SECRET"}}
        ],
        "credentials": [
            {"name": "DATABASE", "fields": {"user": "DB_USER", "password": "DB_PASSWORD", "host": "DB_HOST"}},
            {"name": "OTHER", "fields": {"user": "X_USER", "password": "X_PASSWORD", "host": "X_HOST"}},
        ],
        "key_value": [{"name": "TOKENS", "fields": ["A", "B", "C"]}, {"name": "NOTHING", "fields": ["NONE"]}],
    }
    env = "AWS_ID=AKIA\nAWS_SECRET=s\nDB_USER=app\nDB_PASSWORD=mine\nDB_HOST=web02\nA=1\nB=2=3\n"
    env += "X_USER=nobody\nX_PASSWORD=x\nX_HOST=nowhere\nSECRET_OF_THE_TOOL=never\n"
    fields = {"env": url_base64(env), "map": url_base64(json.dumps(mapping))}
    assert vault.call("POST", "/iso/cicd/variables", data=fields)[0] == 200
    found = {name: secret["data"] for name, secret in secrets(vault).items() if name != "shop-db"}
    assert found == {
        "AWS": [{"AWS_ID": "AKIA", "AWS_SECRET": "s"}],
        # The vault has this one, so it is recorded as that credential: with the vault's password.
        "DATABASE": [{"DB_USER": "app", "DB_PASSWORD": "pw-App-1", "DB_HOST": "web02", "ip": "192.0.2.11"}],
        "OTHER": [{"X_USER": "nobody", "X_PASSWORD": "x", "X_HOST": "nowhere"}],
        "TOKENS": [{"A": "1", "B": "2=3"}],
    }
    vault.call("POST", "/iso/cicd/variables", data=fields)
    assert {s["version"] for name, s in secrets(vault).items() if name != "shop-db"} == {"2"}
    mapping["access_keys"][0]["type"] = "other"
    fields["map"] = url_base64(json.dumps(mapping))
    assert vault.call("POST", "/iso/cicd/variables", data=fields)[0] == 400
    assert secrets(vault)["TOKENS"]["version"] == "2"


@pytest.mark.parametrize("profile", ["3.32", "4.0"])
def test_renewal_is_kept_or_switched_off_as_the_page_of_the_release_says(start, profile):
    vault = start(profile)
    names = ("renew_cloud_time", "renew_credential_time", "renew_ephemeral_credential_time")

    def write(**fields):
        assert vault.call("POST", "/iso/sctm/secret", json={"identity": "shop-db", **fields})[0] == 201
        (stored,) = [s for s in vault.sim.control.state()["secrets"] if s["identity"] == "shop-db"]
        return tuple(stored[name] for name in names)

    assert write(**dict(zip(names, (5, "1440", 60), strict=True))) == (5, 1440, 60)
    left_out = (5, 1440, 60) if profile == "3.32" else (0, 0, 0)
    assert write(name="x") == left_out
    write(**dict(zip(names, (5, 1440, 60), strict=True)))
    assert write(renew_cloud_time=5, renew_credential_time=[], renew_ephemeral_credential_time=60) == (5, 0, 60)
    if profile == "4.0":
        shown = secrets(vault)["shop-db"]
        assert (shown["renew_cloud_time"], shown["renew_credential_time"]) == (5, False)
        assert shown["renew_efemeral_credential_time"] == 60
    status, body = vault.call("POST", "/iso/sctm/secret", json={"identity": "shop-db", "renew_cloud_time": "soon"})
    assert (status, "renew_cloud_time" in body["response"]["message"]) == (400, True)
