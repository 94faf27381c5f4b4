# Copyright: (c) 2026, community.senhasegura contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The integration guide's dialect."""

from __future__ import annotations

import pytest

NEW = {"identifier": "svc-1", "username": "svc", "password": "pw-1", "hostname": "app.example", "ip": "192.0.2.50"}


@pytest.fixture
def vault(start):
    return start("rest")


def ok(answer):
    status, body = answer
    response = body["response"]
    assert status == response["status"] < 300
    assert response["error"] is False
    assert response["error_code"] == 0
    assert set(body) == {"response"}
    return response


def bad(answer):
    status, body = answer
    response = body["response"]
    assert status == response["status"]
    assert response["error"] is True
    assert response["error_code"].__class__ is int
    return status, response["error_code"]


def test_list_and_info(vault):
    rows = ok(vault.call("GET", "/api/pam/credential"))["credentials"]
    assert rows[0] == {
        "id": "1", "identifier": "web-root", "username": "root", "hostname": "web01", "ip": "192.0.2.10",
        "type": "Local User",
    }  # fmt: skip
    assert [r["identifier"] for r in rows] == ["web-root", "db-app"]
    entity = ok(vault.call("GET", "/api/pam/credential/1"))["credential"]
    assert entity == {**rows[0], "additional_info": "", "tags": ["web"]}
    assert vault.stored(1)["custody_client"] is None
    assert vault.control.counters()["reads"] == {}


@pytest.mark.parametrize("more", [{"params": {"credentialId": 1}}, {"data": {"credentialId": 1}},
                                  {"json": {"credentialId": 1}}])  # fmt: skip
def test_password(vault, more):
    entity = ok(vault.call("GET", "/iso/coe/senha", **more))["credential"]
    assert set(entity) == {"id", "password", "expiration"}
    assert entity["expiration"].endswith("Z")
    assert (entity["id"], entity["password"]) == ("1", "pw-Root-1")
    assert vault.stored(1)["custody_client"] == 1
    ok(vault.call("DELETE", "/iso/pam/credential/custody/1"))
    assert bad(vault.call("DELETE", "/iso/pam/credential/custody/1")) == (400, 1018)


def test_create_update_disable(vault):
    more = {"type": "Local User", "additional_info": "note", "tags": ["production", "critical"]}
    response = ok(vault.call("POST", "/api/pam/credential", json={**NEW, **more}))
    assert response["status"] == 201
    whole = {"id": "5", **{n: NEW[n] for n in NEW if n != "password"}, **more}
    assert response["credential"] == whole
    stored = vault.stored(5)
    assert (stored["password"], stored["tags"], stored["additional"]) == ("pw-1", more["tags"], "note")
    assert bad(vault.call("POST", "/api/pam/credential", json={**NEW, "username": "x"}))[0] == 400
    assert bad(vault.call("POST", "/api/pam/credential", json={**NEW, "identifier": "y"})) == (400, 1052)
    assert ok(vault.call("PUT", "/api/pam/credential/5", json={"password": "pw-2"}))["credential"] == whole
    assert {**vault.stored(5), "change": 0} == {**stored, "password": "pw-2", "change": 0}
    ok(vault.call("DELETE", "/api/pam/credential/5"))
    assert vault.stored(5)["active"] is False
    assert bad(vault.call("DELETE", "/api/pam/credential/5")) == (400, 1008)
    assert bad(vault.call("PUT", "/api/pam/credential/5", json={"password": "z"})) == (400, 1008)


def test_minimal_create_of_the_sdk_sample(vault):
    body = {n: NEW[n] for n in ("identifier", "username", "password", "hostname")}
    assert ok(vault.call("POST", "/api/pam/credential", json=body))["credential"]["id"] == "5"


def test_errors_have_the_status_and_number_of_the_guide(vault):
    assert bad(vault.call("GET", "/api/pam/credential/99")) == (404, 1007)
    assert bad(vault.call("GET", "/api/pam/credential/4")) == (404, 1010)
    assert bad(vault.call("GET", "/iso/coe/senha?credentialId=99")) == (404, 1007)
    assert bad(vault.call("GET", "/iso/coe/senha"))[0] == 400
    assert bad(vault.call("POST", "/api/pam/credential", json={"username": "x"}))[0] == 400
    assert bad(vault.call("GET", "/api/dsm/secret/none"))[0] == 404
    assert bad(vault.call("GET", "/api/pam/other"))[0] == 404
    assert vault.call("GET", "/iso/dapp/application")[1] == {"message": "no Route matched with those values"}
    reader = vault.other("reader", "reader-secret")
    assert bad(reader.call("POST", "/api/pam/credential/1/rotate")) == (403, 1039)
    assert bad(vault.other("limited", "limited-secret").call("GET", "/api/pam/credential/2")) == (403, 1009)
    assert bad(vault.other("dsm-only", "dsm-secret").call("GET", "/api/pam/credential"))[0] == 403
    assert bad(vault.other("elsewhere", "elsewhere-secret").call("GET", "/api/pam/credential"))[0] == 403
    vault.control.expire_tokens()
    assert bad(vault.call("GET", "/api/pam/credential"))[0] == 401


def test_a_rotation_changes_the_password_and_when_it_is_due(vault):
    ok(vault.call("POST", "/api/pam/credential/1/rotate"))
    first = vault.stored(1)["password"]
    assert first != "pw-Root-1"
    vault.control.settings(change_delay=60)
    ok(vault.call("POST", "/api/pam/credential/1/rotate"))
    assert vault.stored(1)["password"] == first
    assert vault.stored(1)["change_due"]


def test_keys_are_listed_and_read(vault):
    rows = ok(vault.call("GET", "/api/pam/sshkey"))["sshkeys"]
    assert set(rows[0]) == {
        "id", "identifier", "username", "hostname", "public_key", "auto_rotate", "rotation_days",
    }  # fmt: skip
    entity = ok(vault.call("GET", "/api/pam/sshkey/4"))["sshkey"]
    assert entity["private_key"].startswith("-----BEGIN OPENSSH")
    assert entity["passphrase"] is None
    new = {
        "identifier": "k1", "username": "deploy", "hostname": "*.prod.example", "public_key": "ssh-ed25519 AAAA",
        "private_key": "KEY", "passphrase": "secret", "auto_rotate": True, "rotation_days": 90,
    }  # fmt: skip
    whole = {"id": "5", **{n: new[n] for n in new if n not in ("private_key", "passphrase")}}
    assert ok(vault.call("POST", "/api/pam/sshkey", json=new))["sshkey"] == whole
    entity = ok(vault.call("GET", "/api/pam/sshkey/5"))["sshkey"]
    assert {n: entity[n] for n in new} == new
    answer = ok(vault.call("PUT", "/api/pam/sshkey/5", json={"rotation_days": 30}))
    assert answer["sshkey"] == {**whole, "rotation_days": 30}
    assert vault.stored(5)["rotation_days"] == 30
    assert vault.stored(5)["private_key"] == "KEY"
    assert bad(vault.call("POST", "/api/pam/sshkey", json=new))[0] == 400
    assert bad(vault.call("GET", "/api/pam/sshkey/1")) == (404, 1016)


def test_key_rotation_makes_a_real_pair(vault):
    from cryptography.hazmat.primitives import serialization

    before = vault.stored(4)["public_key"]
    answer = ok(vault.call("POST", "/api/pam/sshkey/4/rotate"))["sshkey"]
    assert answer["public_key"] != before
    assert answer["identifier"] == "deploy-key"
    private = serialization.load_ssh_private_key(vault.stored(4)["private_key"].encode(), None)
    public = private.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert answer["public_key"].startswith(public.decode())


def test_dsm(vault):
    secret = ok(vault.call("GET", "/api/dsm/secret"))["secrets"][0]
    assert (secret["id"], secret["identifier"], secret["version"]) == ("1", "shop-db", "1")
    assert ok(vault.call("GET", "/api/dsm/secret/shop-db"))["secret"] == secret
    new = {"identifier": "api", "name": "API", "engine": "Generic", "description": "d", "expiration_date": "",
           "data": [{"A": "1"}, {"B": "2"}]}  # fmt: skip
    made = ok(vault.call("POST", "/api/dsm/secret", json=new))["secret"]
    assert {n: made[n] for n in new} == new
    assert made["version"] == "1"
    assert bad(vault.call("POST", "/api/dsm/secret", json=new))[0] == 400
    changed = ok(vault.call("PUT", "/api/dsm/secret/api", json={"data": [{"A": "3"}]}))["secret"]
    assert (changed["data"], changed["version"], changed["name"]) == ([{"A": "3"}], "2", "API")
    ok(vault.call("DELETE", "/api/dsm/secret/api"))
    assert bad(vault.call("GET", "/api/dsm/secret/api"))[0] == 404


def test_dsm_as_the_guide_authors_own_client_sends_it(vault):
    """One map, filed under an application, and a list filtered by it."""
    filed = {"application": "my-application", "system": "production", "environment": "prod"}
    new = {"identifier": "api", "data": {"A": "1", "B": 2, "C": None, "D": {"e": True}}, **filed}
    made = ok(vault.call("POST", "/api/dsm/secret", json=new))["secret"]
    assert made["data"] == [{"A": "1", "B": "2", "C": None, "D": '{"e": true}'}]
    assert {n: made[n] for n in filed} == filed
    assert ok(vault.call("PUT", "/api/dsm/secret/api", json={"data": {"A": "9"}}))["secret"]["data"] == [{"A": "9"}]

    def listed(query):
        return [s["identifier"] for s in ok(vault.call("GET", f"/api/dsm/secret{query}"))["secrets"]]

    assert listed("") == ["shop-db", "api"]
    assert listed("?application=my-application") == listed("?system=production&environment=prod") == ["api"]
    assert listed("?application=shop") == ["shop-db"]
    assert listed("?application=none") == []
    assert ok(vault.call("GET", "/api/dsm/secret/shop-db"))["secret"]["application"] == "shop"


@pytest.mark.parametrize("data", ["text", 5, [1], [["a"]], ["a"]], ids=str)
def test_dsm_data_that_is_no_map(vault, data):
    assert bad(vault.call("POST", "/api/dsm/secret", json={"identifier": "api", "data": data}))[0] == 400
    assert bad(vault.call("GET", "/api/dsm/secret/api"))[0] == 404


def test_expired_secrets_can_be_prolonged(vault):
    ok(vault.call("PUT", "/api/dsm/secret/shop-db", json={"expiration_date": "2020-01-01 00:00:00"}))
    assert ok(vault.call("GET", "/api/dsm/secret"))["secrets"] == []
    assert bad(vault.call("GET", "/api/dsm/secret/shop-db"))[0] == 404
    assert bad(vault.call("PUT", "/api/dsm/secret/shop-db", json={"expiration_date": "soon"}))[0] == 400
    ok(vault.call("PUT", "/api/dsm/secret/shop-db", json={"expiration_date": ""}))
    assert ok(vault.call("GET", "/api/dsm/secret/shop-db"))["secret"]["data"][1] == {"API_KEY": "abc"}


def test_where_the_dialects_meet(start):
    """In `all` the vendor's meaning wins, and the guide's own calls work."""
    vault = start("all")
    assert vault.call("GET", "/api/pam/credential/1")[1]["credential"]["password"] == "pw-Root-1"
    ok(vault.call("GET", "/api/pam/sshkey"))
    ok(vault.call("GET", "/api/dsm/secret"))
    ok(vault.call("GET", "/iso/coe/senha?credentialId=1"))
    ok(vault.call("POST", "/api/pam/credential/1/rotate"))
    assert bad(vault.call("GET", "/api/pam/sshkey/99")) == (404, 1015)


def test_key_rotation_keeps_the_passphrase(vault):
    pytest.importorskip("bcrypt")
    from cryptography.hazmat.primitives import serialization

    vault.control.set_credential(4, password="phrase")
    ok(vault.call("POST", "/api/pam/sshkey/4/rotate"))
    text = vault.stored(4)["private_key"].encode()
    assert serialization.load_ssh_private_key(text, b"phrase")
    with pytest.raises(TypeError):
        serialization.load_ssh_private_key(text, None)
